"""Equity by our own ledger of fills, fees and cash from outside, and the broker's cash beside it (safety.md 3.5)."""

from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db import transaction

from accounts.models import BrokerageAccount, User
from api.problems import ApiError
from logs.services import record
from market.errors import Text
from positions.book import (
    cash_of,
    ledger_net,
    lock_book,
    lock_positions,
    mark_book,
    pay_into_book,
    trading_day_of,
    value_of,
)
from positions.equity import CENT, SMALL, Gap, believed_at, narrowed
from positions.models import AccountBook, CashFlow, DailyLedger, EquityPoint, FlowKind, FlowSource
from positions.shapes import cash_flow_shape, decimal_text

ZERO = Decimal(0)
SAME_MONEY_WITHIN = timedelta(days=4)  # a person tells of a deposit that the broker's cash already showed
WORDS = {
    FlowKind.DEPOSIT: ("입금", "paid in"),
    FlowKind.WITHDRAWAL: ("출금", "paid out"),
    FlowKind.DIVIDEND: ("배당", "dividend"),
    FlowKind.FEE: ("수수료", "fee"),
    FlowKind.CORRECTION: ("예수금 정정", "cash corrected"),
}
ABOVE_ZERO = {FlowKind.DEPOSIT: True, FlowKind.DIVIDEND: True, FlowKind.WITHDRAWAL: False, FlowKind.FEE: False}


class AlreadyBooked(ApiError):
    """The broker's cash has shown this flow before the person told of it."""

    def __init__(self, flow: CashFlow) -> None:
        amount = decimal_text(flow.amount_usd)
        text = Text(
            f"증권사 예수금에서 이미 같은 금액(${amount})을 기록했습니다. 다른 건이면 again을 true로 보내세요.",
            f"The same amount (${amount}) was already booked from the broker's cash. "
            "If this is another one, send again: true.",
        )
        super().__init__("already_booked", text, 409)


class WrongSign(ApiError):
    """Money that came is above zero, money that went below."""

    def __init__(self) -> None:
        text = Text(
            "입금·배당은 0보다 큰 금액, 출금·수수료는 0보다 작은 금액이어야 합니다.",
            "Deposits and dividends are above zero, withdrawals and fees below.",
        )
        super().__init__("wrong_sign", text, 400, {"amount_usd": [text]})


def record_equity(
    *, account: BrokerageAccount, now: datetime, cash: Decimal | None = None, trading_day: date | None = None
) -> EquityPoint | None:
    """One point of the equity curve, in dollars. None while the cash was never known: that is not zero.

    `cash`: the broker's figure, if nothing of ours was on its way when it was read; it is compared with our own and
    never put in its place. `trading_day`: New York's date when not given.
    """
    day = trading_day or trading_day_of(now)
    with transaction.atomic():
        # a fill changes its position and the ledger in one transaction: while the positions are locked both agree
        positions = [p for p in lock_positions(account.pk) if p.qty]
        book = lock_book(account.pk)
        if book.cash_base is None and cash is not None:
            book.cash_base = cash - ledger_net(account.pk) - book.external_net
        ours, value = cash_of(book), value_of(positions)
        if ours is None:
            return None
        mark_book(book, ours + value, now)
        if cash is not None:
            ours += _compare(account, book, ours, cash, value, day, now)
        book.save()
        ledger = DailyLedger.objects.filter(account=account, trading_day=day).first()
        figures = {
            "trading_day": day,
            "cash": ours,
            "positions_value": value,
            "equity": ours + value,
            "realized_today": ledger.realized_pnl if ledger else ZERO,
            "unrealized": sum((p.unrealized_pnl for p in positions), ZERO),
        }
        return EquityPoint.objects.update_or_create(account=account, at=now, defaults=figures)[0]


def record_cash_flow(
    *,
    account: BrokerageAccount,
    amount: Decimal,
    kind: FlowKind,
    by: User,
    now: datetime,
    at: datetime | None = None,
    note: str = "",
    again: bool = False,
) -> CashFlow:
    """A person tells of money that came (above zero) or went. Raises WrongSign, AlreadyBooked."""
    if not amount or ABOVE_ZERO.get(kind, amount > 0) != (amount > 0):
        raise WrongSign
    with transaction.atomic():
        positions = lock_positions(account.pk)
        book = lock_book(account.pk)
        if not again and (same := _same_money(account, amount, now)):
            raise AlreadyBooked(same)
        ours = cash_of(book)
        if ours is not None:
            pay_into_book(book, ours + value_of(positions), amount, now)
        flow = _write(account, book, amount, kind, FlowSource.PERSON, at or now, now, note, by)
        book.save()
    record_equity(account=account, now=now)
    return flow


def book_outside(
    *, account: BrokerageAccount, book: AccountBook, value_after: Decimal, shares: Decimal, cash: Decimal, now: datetime
) -> None:
    """Shares worth `shares` came without an order of ours (negative: went), and `cash` with them the other way.

    In the caller's transaction with positions and book locked; `value_after`: what all positions are worth with them.
    """
    ours = cash_of(book)
    if ours is not None:
        pay_into_book(book, ours + value_after - shares, shares + cash, now)
    if cash:
        note = "orders of other channels"
        _write(account, book, cash, FlowKind.CORRECTION, FlowSource.BROKER, now, now, note, None)


def book_shares(account: BrokerageAccount, value_before: Decimal, value_after: Decimal, now: datetime) -> None:
    """The worth of what is held changed by a correction: no gain, no loss. In the caller's transaction."""
    if value_after == value_before:
        return
    book = lock_book(account.pk)
    change = value_after - value_before
    book_outside(account=account, book=book, value_after=value_after, shares=change, cash=ZERO, now=now)
    book.save()


def _same_money(account: BrokerageAccount, amount: Decimal, now: datetime) -> CashFlow | None:
    told = CashFlow.objects.filter(account=account, source=FlowSource.BROKER, amount_usd=amount)
    return told.filter(at__gte=now - SAME_MONEY_WITHIN).first()


def _compare(
    account: BrokerageAccount,
    book: AccountBook,
    ours: Decimal,
    theirs: Decimal,
    value: Decimal,
    day: date,
    now: datetime,
) -> Decimal:
    """Look at the broker's cash beside ours; what has come from outside, 0 while that is not certain."""
    before = None if book.gap_usd is None or book.gap_since is None else Gap(book.gap_usd, book.gap_since)
    gap = narrowed(before, theirs - ours, now)
    ours_moved = book.agreed_cash != ours  # or they never agreed yet
    believed = gap is not None and now >= believed_at(gap, cash=ours, ours_moved=ours_moved)
    amount = gap.usd if gap is not None and believed else ZERO
    if amount:
        pay_into_book(book, ours + value, amount, now)
        kind = _kind(amount, ours, ours_moved)
        _write(account, book, amount, kind, FlowSource.BROKER, gap.since if gap else now, now, "", None)
        gap = narrowed(None, theirs - ours - amount, now)
    book.gap_usd, book.gap_since = (gap.usd, gap.since) if gap else (None, None)
    if gap is None:
        book.agreed_at, book.agreed_cash = now, ours + amount
    return amount


def _kind(amount: Decimal, cash: Decimal, ours_moved: bool) -> FlowKind:
    if ours_moved or abs(amount) < max(CENT, SMALL * abs(cash)):
        return FlowKind.CORRECTION
    return FlowKind.DEPOSIT if amount > 0 else FlowKind.WITHDRAWAL


def _write(
    account: BrokerageAccount,
    book: AccountBook,
    amount: Decimal,
    kind: FlowKind,
    source: FlowSource,
    at: datetime,
    now: datetime,
    note: str,
    by: User | None,
) -> CashFlow:
    book.external_net += amount
    flow = CashFlow.objects.create(
        account=account,
        trading_day=trading_day_of(at),
        at=at,
        amount_usd=amount,
        kind=kind,
        source=source,
        note=note,
        recorded_by=by,
    )
    ko, en = WORDS[kind]
    text = decimal_text(amount)
    who = Text(f"{by.email} 님이 기록", f"recorded by {by.email}") if by else Text("증권사 예수금", "the broker's cash")
    record(
        account=account,
        kind="account",
        message=Text(f"{ko} ${text} ({who.ko})", f"{en}: ${text} ({who.en})"),
        ctx={"event": "cash_flow", **cash_flow_shape(flow)},
        at=now,
    )
    return flow
