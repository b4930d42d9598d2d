"""What changes positions and the ledger of the day. US dollars as Decimal, whole shares."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from uuid import UUID

from django.db import transaction
from django.db.models import F

from accounts.models import BrokerageAccount, User
from api.problems import ApiError
from instruments.selectors import session_spans
from market.errors import Text
from market.orders import Holding, Listing
from market.sessions import session_at
from market.words import Exchange, Freshness, Session, Side
from positions import owners
from positions.book import (
    as_book,
    journal,
    keep,
    lock_account,
    lock_book,
    lock_position,
    lock_positions,
    price_of,
    trading_day_of,
    value_of,
)
from positions.cash import book_outside, book_shares, record_cash_flow, record_equity
from positions.domain import after_fill, merged
from positions.holds import hold_symbol, look_for_jumps, release_symbol
from positions.jumps import REVERSE, SPLITS, Jump, JumpKind, ratio_of_prices, ratio_of_shares
from positions.models import DailyLedger, Position
from positions.reconciliation import Finding, InFlight, compare
from positions.shapes import decimal_text

__all__ = [
    "Reconciliation",
    "accept_broker_quantity",
    "book_fill",
    "hold_symbol",
    "lock_position",
    "look_for_jumps",
    "mark_to_market",
    "reconcile_holdings",
    "record_cash_flow",
    "record_equity",
    "release_symbol",
    "trading_day_of",
]

ZERO = Decimal(0)
NOTHING = InFlight()
PRICED = frozenset({JumpKind.SPLIT, JumpKind.PRICE_JUMP})
SUSPICIOUS = frozenset(ratio for ratio in SPLITS + REVERSE if not Fraction(2, 3) < ratio < Fraction(3, 2))
OVERNIGHT_SLACK = Decimal("0.03")  # a first price so near to a usual split of the last close is not simply believed


def book_fill(
    *,
    account: BrokerageAccount,
    rule_id: UUID | None,
    symbol: str,
    exchange: Exchange | str,
    side: Side,
    quantity: int,
    price: Decimal,
    fee: Decimal,
    at: datetime,
    trading_day: date,
) -> Position:
    """Book one fill into position and ledger, inside the caller's transaction.

    Never fails on a sale beyond the book: that is journaled and the position needs a person.
    """
    position = lock_position(account_id=account.pk, symbol=symbol, exchange=exchange)
    booked = after_fill(as_book(position), side, quantity, price, fee)
    position.last_price = position.last_price or price
    keep(position, booked.book)
    position.needs_person = position.needs_person or booked.beyond > 0
    position.save()
    _add_to_ledger(account.pk, trading_day, side, quantity * price, fee, booked.realized)
    message = Text(f"{symbol} 보유 {position.qty}주", f"{symbol}: {position.qty} shares held")
    if booked.beyond:
        message = Text(
            f"{symbol}을(를) 장부보다 {booked.beyond}주 더 팔았습니다. 증권사 잔고를 확인하세요.",
            f"{booked.beyond} more shares of {symbol} were sold than our book had. Check the broker's holdings.",
        )
    journal(account, position, message, at, level="error" if booked.beyond else "info", rule_id=rule_id)
    return position


class PriceHeld(ApiError):
    """The price jumped, too: the quantity alone would leave stops and highs on the old scale."""

    def __init__(self) -> None:
        text = Text(
            "가격도 뛰어 보류된 종목입니다. 먼저 분할 비율로 고쳐 풀거나, 분할이 아니면 그대로 푸세요.",
            "The symbol is on hold because its price jumped. Release it first: with the ratio of the split, or as it "
            "is if there was none.",
        )
        super().__init__("price_held", text, 409)


@dataclass(slots=True)
class Outside:
    """What one reconciliation brought in without an order of ours: shares by their worth, and the cash for them."""

    shares: Decimal = ZERO
    cash: Decimal = ZERO

    def add(self, quantity: int, price: Decimal) -> None:
        self.shares += quantity * price


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """`judged`: the listing was good enough to compare. The others are symbols."""

    judged: bool = False
    adopted: frozenset[str] = frozenset()  # foreign orders of these are in the book now
    disputed: frozenset[str] = frozenset()


def reconcile_holdings(
    *,
    account: BrokerageAccount,
    listing: Listing[Holding],
    now: datetime,
    in_flight: Mapping[str, InFlight] | None = None,
) -> Reconciliation:
    """Compare the broker's holdings with our book; only a complete answer is compared, and only that proves a zero.

    A difference that open or unknown orders cover clears by itself; one that orders of other channels explain is
    booked to no rule; any other needs a person and stops entries of the symbol.
    """
    if not listing.complete or listing.freshness not in {Freshness.FRESH, Freshness.EMPTY}:
        return Reconciliation()
    held = _by_symbol(listing.rows)
    findings: dict[str, Finding] = {}
    outside = Outside()
    with transaction.atomic():
        ours = {p.symbol: p for p in lock_positions(account.pk)}
        for symbol in sorted(set(ours) | set(held)):
            flight = (in_flight or {}).get(symbol, NOTHING)
            findings[symbol] = _reconcile_one(
                account, ours.get(symbol), symbol, held.get(symbol), flight, listing, now, outside
            )
        book = lock_book(account.pk)
        book.reconciled_at = listing.read_at
        if outside.shares or outside.cash:
            value = value_of(lock_positions(account.pk))
            book_outside(
                account=account, book=book, value_after=value, shares=outside.shares, cash=outside.cash, now=now
            )
        book.save()
    return Reconciliation(
        True,
        frozenset(s for s, f in findings.items() if f in {Finding.ADOPT_FOREIGN, Finding.BROUGHT_IN}),
        frozenset(s for s, f in findings.items() if f is Finding.DISPUTED),
    )


def accept_broker_quantity(*, position: Position, by: User | None, now: datetime) -> Position:
    """A person takes the broker's figure for ours: a journaled correction that belongs to no rule.

    Rules never own more than the book: what they own beyond a lower figure is taken from them. Raises PriceHeld.
    """
    with transaction.atomic():
        account = lock_account(position.account_id)
        held = lock_positions(account.pk)
        row = next(p for p in held if p.pk == position.pk)
        if row.held_because and row.held_because["kind"] in PRICED:
            raise PriceHeld
        before = value_of(held)
        if row.broker_qty is not None and row.broker_qty != row.qty:
            keep(row, merged(as_book(row), row.broker_qty - row.qty, row.last_price))
        row.needs_person, row.held_because = False, None
        row.save()
        owners.lower(account, now)
        book_shares(account, before, value_of(held), now)
        who = by.email if by else "system"
        message = Text(
            f"{row.symbol} 보유를 증권사 수량 {row.qty}주로 고쳤습니다({who}).",
            f"{row.symbol} was corrected to the broker's {row.qty} shares by {who}.",
        )
        journal(account, row, message, now, level="warning")
    return row


def mark_to_market(*, account: BrokerageAccount, prices: Mapping[str, Decimal], now: datetime) -> None:
    """New last prices of symbols held; not journaled, the next journal row carries them.

    A held symbol keeps the price from before its jump, so that a split makes neither a peak nor a drawdown. The
    first price of a day that is off by a usual split holds its symbol, until `look_for_jumps` knows better.
    """
    session = session_at(now, session_spans(now))
    rows = Position.objects.filter(account=account, symbol__in=prices, avg_price__isnull=False, qty__gt=0)
    for position in rows.filter(held_because__isnull=True):
        price = prices[position.symbol]
        if price <= 0:
            continue  # a zero is no price
        if session.trading_day and _jumped_overnight(position, price, session.trading_day):
            _suspect(position, price, now)
            continue
        seen = {"last_price": price}
        if session.session is Session.REGULAR:
            seen |= {"close_price": price, "close_day": session.trading_day}
        if any(getattr(position, name) != value for name, value in seen.items()):
            # in one statement, from the row's own figures: a fill booked meanwhile is not undone
            Position.objects.filter(pk=position.pk, avg_price__isnull=False, held_because__isnull=True).update(
                **seen, unrealized_pnl=(price - F("avg_price")) * F("qty"), updated_at=now
            )


def _jumped_overnight(position: Position, price: Decimal, day: date) -> bool:
    if position.close_price is None or position.close_day is None or position.judged_day == day:
        return False
    return position.close_day < day and ratio_of_prices(position.close_price, price, OVERNIGHT_SLACK) in SUSPICIOUS


def _suspect(position: Position, price: Decimal, now: datetime) -> None:
    ratio = ratio_of_prices(position.close_price or price, price, OVERNIGHT_SLACK)
    evidence = {
        "our_close": decimal_text(position.close_price),
        "previous_close": decimal_text(price),
        "first_price": True,
    }
    hold_symbol(position=position, jump=Jump(JumpKind.PRICE_JUMP, ratio), now=now, evidence=evidence)


def _add_to_ledger(account_id: UUID, day: date, side: Side, value: Decimal, fee: Decimal, realized: Decimal) -> None:
    DailyLedger.objects.bulk_create([DailyLedger(account_id=account_id, trading_day=day)], ignore_conflicts=True)
    bought, sold = (value + fee, ZERO) if side is Side.BUY else (ZERO, value - fee)
    DailyLedger.objects.filter(account_id=account_id, trading_day=day).update(
        bought_usd=F("bought_usd") + bought,
        sold_usd=F("sold_usd") + sold,
        fees_usd=F("fees_usd") + fee,
        realized_pnl=F("realized_pnl") + realized,
    )


def _by_symbol(rows: tuple[Holding, ...]) -> dict[str, tuple[Holding, int, int]]:
    """The first row of each symbol with quantity and sellable quantity over all its rows."""
    found: dict[str, tuple[Holding, int, int]] = {}
    for row in rows:
        first, quantity, sellable = found.get(row.symbol, (row, 0, 0))
        found[row.symbol] = first, quantity + row.quantity, sellable + row.sellable_quantity
    return found


def _reconcile_one(
    account: BrokerageAccount,
    position: Position | None,
    symbol: str,
    held: tuple[Holding, int, int] | None,
    flight: InFlight,
    listing: Listing[Holding],
    now: datetime,
    outside: Outside,
) -> Finding:
    holding, quantity, sellable = held or (None, 0, 0)
    finding = compare(position.qty if position else None, quantity, flight)
    if position is None:
        if finding is Finding.COVERED or holding is None:
            return finding  # our own order is about to arrive; its fill makes the row
        position = lock_position(account_id=account.pk, symbol=symbol, exchange=holding.exchange)
    before = position.qty
    message = _judge(position, holding, quantity, flight, finding)
    position.broker_qty, position.broker_sellable_qty = quantity, sellable
    position.reconciled_at = listing.read_at
    if holding is not None:
        position.exchange = holding.exchange
        if finding is not Finding.DISPUTED and position.held_because is None:
            position.last_price = holding.last_price or position.last_price
    keep(position, as_book(position))
    position.save()
    outside.add(position.qty - before, price_of(position))
    if finding is Finding.ADOPT_FOREIGN:
        outside.cash -= (position.qty - before) * (flight.foreign_price or price_of(position))
    if message:
        more = {"event": "position_disputed"} if finding is Finding.DISPUTED else {}
        journal(account, position, message, now, level="warning", **more)
    if finding is Finding.DISPUTED:
        _hold_if_split(position, quantity, now)
    return finding


def _hold_if_split(position: Position, quantity: int, now: datetime) -> None:
    """Shares that nothing explains and that a usual split would explain (safety.md 2.6)."""
    ratio = ratio_of_shares(position.qty, quantity)
    if ratio is None or position.held_because is not None or position.judged_day == trading_day_of(now):
        return
    evidence = {"our_qty": position.qty, "broker_qty": quantity}
    held = hold_symbol(position=position, jump=Jump(JumpKind.QUANTITY_JUMP, ratio), now=now, evidence=evidence)
    position.held_because = held.held_because


def _judge(
    position: Position, holding: Holding | None, quantity: int, flight: InFlight, finding: Finding
) -> Text | None:
    """Change the position as the finding says; a sentence when a person should hear of it."""
    disputed_before = position.needs_person
    symbol = position.symbol
    match finding:
        case Finding.ADOPT_FOREIGN:
            keep(position, merged(as_book(position), flight.foreign, flight.foreign_price))
            return Text(
                f"{symbol}: 다른 채널의 주문으로 {flight.foreign:+d}주, 규칙에 속하지 않습니다.",
                f"{symbol}: {flight.foreign:+d} shares through another channel; they belong to no rule.",
            )
        case Finding.BROUGHT_IN:
            keep(position, merged(as_book(position), quantity - position.qty, holding.avg_price if holding else None))
            return Text(
                f"{symbol} {quantity}주가 증권사에 있습니다. 규칙에 속하지 않습니다.",
                f"{quantity} shares of {symbol} are held at the broker; they belong to no rule.",
            )
        case Finding.DISPUTED:
            position.needs_person = True
            return (
                None
                if disputed_before
                else Text(
                    f"{symbol}: 장부 {position.qty}주, 증권사 {quantity}주. 확인할 때까지 사지 않습니다.",
                    f"{symbol}: our book has {position.qty}, the broker {quantity}. No entries until somebody looked.",
                )
            )
        case Finding.AGREES if disputed_before:
            position.needs_person = False
            if position.held_because and position.held_because["kind"] == JumpKind.QUANTITY_JUMP:
                position.held_because = None
            return Text(f"{symbol} 보유 수량이 다시 맞습니다.", f"{symbol}: our book and the broker's agree again.")
    return None
