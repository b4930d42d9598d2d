"""What changes positions and the ledger of the day. US dollars as Decimal, whole shares."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from django.db import transaction
from django.db.models import F, Sum

from accounts.models import BrokerageAccount, User
from logs.services import record
from market.errors import Text
from market.orders import Holding, Listing
from market.sessions import NEW_YORK
from market.words import Exchange, Freshness, Side
from positions.domain import Book, after_fill, merged, unrealized
from positions.models import DailyLedger, EquityPoint, Position
from positions.reconciliation import Finding, InFlight, compare
from positions.shapes import position_shape

ZERO = Decimal(0)
NOTHING = InFlight()


def lock_position(*, account_id: UUID, symbol: str, exchange: Exchange | str) -> Position:
    """The row of the symbol, made when missing, locked until the caller's transaction ends."""
    rows = Position.objects.select_for_update(no_key=True).filter(account_id=account_id, symbol=symbol)
    if (found := rows.first()) is not None:
        return found
    Position.objects.bulk_create(
        [Position(account_id=account_id, symbol=symbol, exchange=exchange)], ignore_conflicts=True
    )
    return rows.get()


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
    booked = after_fill(_book(position), side, quantity, price, fee)
    _keep(position, booked.book)
    position.last_price = position.last_price or price
    position.unrealized_pnl = unrealized(booked.book, position.last_price)
    position.needs_person = position.needs_person or booked.beyond > 0
    position.save()
    _add_to_ledger(account.pk, trading_day, side, quantity * price, fee, booked.realized)
    message = Text(f"{symbol} 보유 {position.qty}주", f"{symbol}: {position.qty} shares held")
    if booked.beyond:
        message = Text(
            f"{symbol}을(를) 장부보다 {booked.beyond}주 더 팔았습니다. 증권사 잔고를 확인하세요.",
            f"{booked.beyond} more shares of {symbol} were sold than our book had. Check the broker's holdings.",
        )
    _journal(account, position, message, at, level="error" if booked.beyond else "info", rule_id=rule_id)
    return position


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
    with transaction.atomic():
        rows = Position.objects.select_for_update(no_key=True).filter(account=account).order_by("symbol")
        ours = {p.symbol: p for p in rows}
        for symbol in sorted(set(ours) | set(held)):
            flight = (in_flight or {}).get(symbol, NOTHING)
            findings[symbol] = _reconcile_one(account, ours.get(symbol), symbol, held.get(symbol), flight, listing, now)
    return Reconciliation(
        True,
        frozenset(s for s, f in findings.items() if f in {Finding.ADOPT_FOREIGN, Finding.BROUGHT_IN}),
        frozenset(s for s, f in findings.items() if f is Finding.DISPUTED),
    )


def accept_broker_quantity(*, position: Position, by: User | None, now: datetime) -> Position:
    """A person takes the broker's figure for ours: a journaled correction that belongs to no rule."""
    with transaction.atomic():
        row = Position.objects.select_for_update(no_key=True).get(pk=position.pk)
        if row.broker_qty is not None and row.broker_qty != row.qty:
            _keep(row, merged(_book(row), row.broker_qty - row.qty, row.last_price))
        row.needs_person = False
        row.unrealized_pnl = unrealized(_book(row), row.last_price)
        row.save()
        who = by.email if by else "system"
        message = Text(
            f"{row.symbol} 보유를 증권사 수량 {row.qty}주로 고쳤습니다({who}).",
            f"{row.symbol} was corrected to the broker's {row.qty} shares by {who}.",
        )
        _journal(row.account, row, message, now, level="warning")
    return row


def mark_to_market(*, account: BrokerageAccount, prices: Mapping[str, Decimal], now: datetime) -> None:
    """New last prices of symbols held; not journaled, the next journal row carries them."""
    for symbol, price in prices.items():
        if price <= 0:
            continue  # a zero is no price
        # in one statement, from the row's own figures: a fill booked meanwhile is not undone
        Position.objects.filter(account=account, symbol=symbol, avg_price__isnull=False).exclude(
            last_price=price
        ).update(last_price=price, unrealized_pnl=(price - F("avg_price")) * F("qty"), updated_at=now)


def record_equity(
    *, account: BrokerageAccount, now: datetime, cash: Decimal | None = None, trading_day: date | None = None
) -> EquityPoint | None:
    """One point of the equity curve, in dollars. None while the cash was never known: that is not zero.

    `cash`: the broker's figure, if nothing of ours was on its way when it was read. Otherwise None: the cash known
    last, moved by what our own fills have paid and earned since. `trading_day`: New York's date when not given.
    """
    day = trading_day or now.astimezone(NEW_YORK).date()
    with transaction.atomic():
        # a fill changes its position and the ledger in one transaction: while the positions are locked both agree
        rows = Position.objects.select_for_update(no_key=True).filter(account=account).order_by("symbol")
        positions = [p for p in rows if p.qty]
        net = _ledger_net(account)
        cash = cash if cash is not None else _cash_moved_on(account, net)
        if cash is None:
            return None
        ledger = DailyLedger.objects.filter(account=account, trading_day=day).first()
    value = sum((p.qty * (p.last_price or p.avg_price or ZERO) for p in positions), ZERO)
    figures = {
        "trading_day": day,
        "cash": cash,
        "ledger_net": net,
        "positions_value": value,
        "equity": value + cash,
        "realized_today": ledger.realized_pnl if ledger else ZERO,
        "unrealized": sum((p.unrealized_pnl for p in positions), ZERO),
    }
    return EquityPoint.objects.update_or_create(account=account, at=now, defaults=figures)[0]


def _ledger_net(account: BrokerageAccount) -> Decimal:
    """What our fills have brought in all, fees paid: sold less bought."""
    sums = DailyLedger.objects.filter(account=account).aggregate(net=Sum(F("sold_usd") - F("bought_usd")))
    return sums["net"] or ZERO


def _cash_moved_on(account: BrokerageAccount, net: Decimal) -> Decimal | None:
    last = EquityPoint.objects.filter(account=account).order_by("-at").first()
    return None if last is None else last.cash + net - last.ledger_net


def _book(position: Position) -> Book:
    return Book(position.qty, position.avg_price, position.realized_pnl)


def _keep(position: Position, book: Book) -> None:
    position.qty, position.avg_price, position.realized_pnl = book.quantity, book.avg_price, book.realized_pnl


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
) -> Finding:
    holding, quantity, sellable = held or (None, 0, 0)
    finding = compare(position.qty if position else None, quantity, flight)
    if position is None:
        if finding is Finding.COVERED or holding is None:
            return finding  # our own order is about to arrive; its fill makes the row
        position = lock_position(account_id=account.pk, symbol=symbol, exchange=holding.exchange)
    message = _judge(position, holding, quantity, flight, finding)
    position.broker_qty, position.broker_sellable_qty = quantity, sellable
    position.reconciled_at = listing.read_at
    if holding is not None:
        position.exchange = holding.exchange
        position.last_price = holding.last_price or position.last_price
    position.unrealized_pnl = unrealized(_book(position), position.last_price)
    position.save()
    if message:
        _journal(account, position, message, now, level="warning")
    return finding


def _judge(
    position: Position, holding: Holding | None, quantity: int, flight: InFlight, finding: Finding
) -> Text | None:
    """Change the position as the finding says; a sentence when a person should hear of it."""
    disputed_before = position.needs_person
    symbol = position.symbol
    match finding:
        case Finding.ADOPT_FOREIGN:
            _keep(position, merged(_book(position), flight.foreign, flight.foreign_price))
            return Text(
                f"{symbol}: 다른 채널의 주문으로 {flight.foreign:+d}주, 규칙에 속하지 않습니다.",
                f"{symbol}: {flight.foreign:+d} shares through another channel; they belong to no rule.",
            )
        case Finding.BROUGHT_IN:
            _keep(position, merged(_book(position), quantity - position.qty, holding.avg_price if holding else None))
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
            return Text(f"{symbol} 보유 수량이 다시 맞습니다.", f"{symbol}: our book and the broker's agree again.")
    return None


def _journal(
    account: BrokerageAccount,
    position: Position,
    message: Text,
    at: datetime,
    *,
    level: str = "info",
    rule_id: UUID | None = None,
) -> None:
    ctx = position_shape(position)
    record(account=account, rule_id=rule_id, kind="position", level=level, message=message, ctx=ctx, at=at)
