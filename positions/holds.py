"""A symbol whose price or quantity jumped: its entries and price-derived exits wait for a person (safety.md 2.6).

The guard that makes them wait looks at `Position.held_because`. What rules own lies above and is told through
`owners`.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction
from typing import Any

from django.db import transaction

from accounts.models import BrokerageAccount, User
from api.problems import ApiError
from instruments.models import Candle
from instruments.selectors import session_spans
from market.errors import Text
from market.orders import Holding, Listing
from market.sessions import NEW_YORK
from market.words import Freshness, Timeframe
from positions import owners
from positions.book import (
    as_book,
    journal,
    keep,
    lock_account,
    lock_positions,
    trading_day_of,
    value_of,
)
from positions.cash import book_shares
from positions.domain import PRICE_STEP, Book
from positions.jumps import Jump, JumpKind, Seen, after_split, judge, ratio_text
from positions.models import Position
from positions.reconciliation import InFlight
from positions.shapes import decimal_text, time_text

NOTHING = InFlight()
SAME_DAY_SLACK = Decimal("0.2")  # our last price of that day, whenever the bot last looked, beside the official close
OLDER_SLACK = Decimal("0.33")  # our price is from days before
OFFICIAL_SLACK = Decimal("0.015")  # both are the close of the same day


class NotHeld(ApiError):
    """There is nothing to decide: somebody has released the symbol already, or nobody held it."""

    def __init__(self) -> None:
        text = Text(
            "보류된 종목이 아닙니다. 이미 풀었는지 보유 화면에서 확인하세요.",
            "The symbol is not on hold. See under positions whether it was released already.",
        )
        super().__init__("not_held", text, 409)


def hold_symbol(
    *, position: Position, jump: Jump, now: datetime, evidence: Mapping[str, Any] | None = None
) -> Position:
    """Hold entries and price-derived exits of the symbol until somebody decides. Holding twice is holding once."""
    with transaction.atomic():
        row = Position.objects.select_for_update(no_key=True).select_related("account").get(pk=position.pk)
        if row.held_because is not None and row.held_because["kind"] == jump.kind.value:
            return row
        why = _why(row.symbol, jump, evidence or {})
        row.held_because = {
            "kind": jump.kind.value,
            **why.as_dict(),
            "at": time_text(now),
            "ratio": ratio_text(jump.ratio),
            "evidence": dict(evidence or {}),
        }
        row.judged_day = None
        row.save(update_fields=["held_because", "judged_day", "updated_at"])
        journal(row.account, row, why, now, level="warning", event="symbol_hold")
    return row


def release_symbol(*, position: Position, by: User | None, now: datetime, ratio: Fraction | None = None) -> Position:
    """A person decided: trade the symbol again, after a split with everything rescaled.

    `ratio`: new shares for old ones; quantity, average price and last prices here, and what rules own and their
    highs through `owners`, are turned to the new scale together. Without it nothing was a split: all stays.
    A symbol that changed its ticker is closed here; its shares are under the new one and belong to no rule.
    Raises NotHeld: the same split told twice is one split.
    """
    with transaction.atomic():
        account = lock_account(position.account_id)
        held = lock_positions(account.pk)
        row = next(p for p in held if p.pk == position.pk)
        if row.held_because is None:
            raise NotHeld
        value_before = value_of(held)
        if ratio is not None:
            _rescale(row, ratio, now)
        elif row.held_because and row.held_because["kind"] == JumpKind.SYMBOL_CHANGE:
            keep(row, Book(0, None, row.realized_pnl))
        row.held_because, row.judged_day = None, trading_day_of(now)
        row.needs_person = row.broker_qty not in (None, row.qty)
        row.save()
        owners.lower(account, now)
        book_shares(account, value_before, value_of(held), now)
        journal(account, row, _released(row, by, ratio), now, level="warning", event="symbol_hold")
    return row


def look_for_jumps(
    account: BrokerageAccount,
    previous_closes: Mapping[str, Decimal],
    holdings: Listing[Holding],
    now: datetime,
    in_flight: Mapping[str, InFlight] | None = None,
) -> frozenset[str]:
    """Compare previous closes with our last ones and the broker's quantities with ours; symbols that are held now.

    `previous_closes`: symbol to the official close of the trading day before, as the broker says it today. Holdings
    that are not complete prove nothing about quantities. A hold that was only a suspicion is lifted when both are
    in order.
    """
    day = trading_day_of(now)
    usable = holdings.complete and holdings.freshness in {Freshness.FRESH, Freshness.EMPTY}
    with transaction.atomic():
        positions = [p for p in lock_positions(account.pk) if p.qty]
        ours = _our_closes(positions, previous_closes, day, now)
        held = _quantities(holdings) if usable else None
        renamed = _renamed(account, positions, held, in_flight or {}) if held is not None else {}
        for position in positions:
            flight = (in_flight or {}).get(position.symbol, NOTHING)
            seen = _seen(position, held, flight, ours.get(position.symbol), previous_closes.get(position.symbol))
            if seen.broker_qty not in (None, position.broker_qty):
                position.broker_qty = seen.broker_qty
                position.save(update_fields=["broker_qty", "updated_at"])
            _judge_one(position, seen, renamed.get(position.symbol), day, now)
        return frozenset(
            Position.objects.filter(account=account, held_because__isnull=False).values_list("symbol", flat=True)
        )


def _judge_one(position: Position, seen: Seen, renamed: str | None, day: date, now: datetime) -> None:
    if position.judged_day == day:
        return  # a person, or an earlier look, has judged this day
    evidence = _evidence(seen)
    if renamed is not None:
        hold_symbol(position=position, jump=Jump(JumpKind.SYMBOL_CHANGE), now=now, evidence=evidence | {"to": renamed})
    elif (jump := judge(seen)) is not None:
        hold_symbol(position=position, jump=jump, now=now, evidence=evidence)
    elif seen.our_close and seen.previous_close:
        _in_order(position, day, now)


def _in_order(position: Position, day: date, now: datetime) -> None:
    """Price and quantity are as they were: what was only suspected from a first price was a move of the market."""
    if position.held_because is not None:
        if not position.held_because.get("evidence", {}).get("first_price"):
            return
        position.held_because = None
        text = Text(
            f"{position.symbol}: 전일 종가와 수량이 그대로입니다. 다시 거래합니다.",
            f"{position.symbol}: the previous close and the quantity are as they were. It trades again.",
        )
        journal(position.account, position, text, now, event="symbol_hold")
    position.judged_day = day
    position.save(update_fields=["held_because", "judged_day", "updated_at"])


def _seen(
    position: Position,
    held: Mapping[str, int] | None,
    flight: InFlight,
    ours: tuple[Decimal, Decimal] | None,
    previous_close: Decimal | None,
) -> Seen:
    broker = None if held is None else held.get(position.symbol, 0)
    covered = broker is not None and (
        flight.covers(broker - position.qty) or flight.covers(broker - position.qty - flight.foreign)
    )
    seen = Seen(position.qty, broker, covered and broker != position.qty, previous_close=previous_close)
    return seen if ours is None else replace(seen, our_close=ours[0], slack=ours[1])


def _our_closes(
    positions: list[Position], wanted: Mapping[str, Decimal], day: date, now: datetime
) -> dict[str, tuple[Decimal, Decimal]]:
    """Symbol to our close of the trading day before, and how far it may be from the official one."""
    days = sorted({span.trading_day for span in session_spans(now) if span.trading_day < day})
    before = days[-1] if days else None
    candles = _daily_closes(list(wanted), before, day)
    found: dict[str, tuple[Decimal, Decimal]] = {}
    for position in positions:
        if (close := candles.get(position.symbol)) is not None:
            found[position.symbol] = close, OFFICIAL_SLACK
        elif position.close_price is not None and position.close_day is not None and position.close_day < day:
            found[position.symbol] = (
                position.close_price,
                SAME_DAY_SLACK if position.close_day == before else OLDER_SLACK,
            )
    return found


def _daily_closes(symbols: list[str], day: date | None, today: date) -> dict[str, Decimal]:
    """Our stored close of that day, if it was stored before today: what comes later may be on the new scale."""
    if day is None:
        return {}
    midnight = datetime(day.year, day.month, day.day, tzinfo=NEW_YORK)
    rows = Candle.objects.filter(
        symbol__in=symbols,
        timeframe=Timeframe.D1,
        start__gte=midnight,
        start__lt=midnight + timedelta(days=1),
        seen_at__lt=datetime(today.year, today.month, today.day, tzinfo=NEW_YORK),
    )
    return dict(rows.filter(complete=True).order_by("-version").values_list("symbol", "close"))


def _quantities(holdings: Listing[Holding]) -> dict[str, int]:
    found: dict[str, int] = {}
    for row in holdings.rows:
        found[row.symbol] = found.get(row.symbol, 0) + row.quantity
    return found


def _renamed(
    account: BrokerageAccount, positions: list[Position], held: Mapping[str, int], in_flight: Mapping[str, InFlight]
) -> dict[str, str]:
    """Symbols that are gone while one that we never traded shows the same quantity."""
    gone = [p for p in positions if not held.get(p.symbol) and not in_flight.get(p.symbol, NOTHING).covers(-p.qty)]
    ours = {p.symbol for p in positions}
    strangers = {symbol: quantity for symbol, quantity in held.items() if symbol not in ours}
    strangers |= _just_brought_in(account, held)
    found: dict[str, str] = {}
    for position in gone:
        same = [symbol for symbol, quantity in strangers.items() if quantity == position.qty]
        if len(same) == 1:
            found[position.symbol] = same[0]
    return found


def _just_brought_in(account: BrokerageAccount, held: Mapping[str, int]) -> dict[str, int]:
    """Symbols that came into the book from the broker's listing and never had a fill of ours."""
    rows = Position.objects.filter(account=account, symbol__in=held, close_day__isnull=True, realized_pnl=0)
    return {symbol: held[symbol] for symbol in rows.values_list("symbol", flat=True)}


def _rescale(row: Position, ratio: Fraction, now: datetime) -> None:
    """Everything of the row on the new scale; where the broker rounds otherwise by a share, its figure holds."""
    shares = after_split(row.qty, ratio)
    if row.broker_qty is not None and abs(row.broker_qty - shares) <= 1:
        shares = row.broker_qty
    row.last_price, row.close_price = _scaled(row.last_price, ratio), _scaled(row.close_price, ratio)
    book = as_book(row)
    keep(row, Book(shares, _scaled(book.avg_price, ratio) if shares else None, book.realized_pnl))
    row.rescaled_at = now
    owners.rescale(row.account_id, row.symbol, ratio, now)


def _scaled(price: Decimal | None, ratio: Fraction) -> Decimal | None:
    if price is None:
        return None
    return (price * ratio.denominator / ratio.numerator).quantize(PRICE_STEP, ROUND_HALF_EVEN)


def _evidence(seen: Seen) -> dict[str, Any]:
    """What a person needs to decide."""
    return {
        "our_qty": seen.our_qty,
        "broker_qty": seen.broker_qty,
        "our_close": decimal_text(seen.our_close),
        "previous_close": decimal_text(seen.previous_close),
    }


def _why(symbol: str, jump: Jump, evidence: Mapping[str, Any]) -> Text:
    ratio = ratio_text(jump.ratio)
    looks = Text(f" {ratio} 분할(병합)로 보입니다.", f" It looks like a split {ratio}.") if ratio else Text("", "")
    match jump.kind:
        case JumpKind.SYMBOL_CHANGE:
            what = Text(
                f"종목 코드가 {evidence.get('to')}(으)로 바뀐 듯합니다.", f"now called {evidence.get('to')}, it seems."
            )
        case JumpKind.QUANTITY_JUMP:
            what = Text(
                f"보유 수량이 {evidence.get('our_qty')}주에서 {evidence.get('broker_qty')}주로 바뀌었습니다.",
                f"the quantity went from {evidence.get('our_qty')} to {evidence.get('broker_qty')}.",
            )
        case _:
            what = Text(
                f"전일 종가가 ${evidence.get('our_close')}에서 ${evidence.get('previous_close')}(으)로 바뀌었습니다.",
                f"the previous close went from ${evidence.get('our_close')} to ${evidence.get('previous_close')}.",
            )
    return Text(
        f"{symbol}: {what.ko}{looks.ko} 확인할 때까지 매수와 가격 기준 매도를 멈춥니다.",
        f"{symbol}: {what.en}{looks.en} Entries and exits by price wait until somebody decides.",
    )


def _released(row: Position, by: User | None, ratio: Fraction | None) -> Text:
    who = by.email if by else "system"
    if ratio is None:
        return Text(f"{row.symbol} 보류를 풀었습니다({who}).", f"{row.symbol} was released by {who}.")
    said = ratio_text(ratio)
    return Text(
        f"{row.symbol}을(를) {said} 비율로 고치고 보류를 풀었습니다({who}): {row.qty}주.",
        f"{row.symbol} was rescaled {said} and released by {who}: {row.qty} shares.",
    )
