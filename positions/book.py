"""Rows of the book under lock, turned into the domain's words and back; and their lines in the journal.

The house's order of locks: account, positions by symbol, then order, rule state, ledger, the account's book last.
"""

from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import F, Sum

from accounts.models import BrokerageAccount
from instruments.selectors import session_spans
from logs.services import record
from market.errors import Text
from market.sessions import NEW_YORK, session_at
from market.words import Exchange
from positions.domain import Book, unrealized
from positions.equity import MONEY_STEP, Standing, marked, paid
from positions.models import AccountBook, DailyLedger, Position
from positions.shapes import position_shape

ZERO = Decimal(0)


def lock_account(account_id: UUID) -> BrokerageAccount:
    """The account's row, under which its orders are judged, locked until the caller's transaction ends."""
    return BrokerageAccount.objects.select_for_update(no_key=True).get(pk=account_id)


def lock_position(*, account_id: UUID, symbol: str, exchange: Exchange | str) -> Position:
    """The row of the symbol, made when missing, locked until the caller's transaction ends."""
    rows = Position.objects.select_for_update(no_key=True).filter(account_id=account_id, symbol=symbol)
    if (found := rows.first()) is not None:
        return found
    Position.objects.bulk_create(
        [Position(account_id=account_id, symbol=symbol, exchange=exchange)], ignore_conflicts=True
    )
    return rows.get()


def lock_positions(account_id: UUID) -> list[Position]:
    """Every row of the account, locked in the house's order."""
    return list(Position.objects.select_for_update(no_key=True).filter(account_id=account_id).order_by("symbol"))


def lock_book(account_id: UUID) -> AccountBook:
    """The account's book, made when missing, locked until the caller's transaction ends. Lock positions first."""
    rows = AccountBook.objects.select_for_update(no_key=True).filter(account_id=account_id)
    if (found := rows.first()) is not None:
        return found
    AccountBook.objects.bulk_create([AccountBook(account_id=account_id)], ignore_conflicts=True)
    return rows.get()


def as_book(position: Position) -> Book:
    return Book(position.qty, position.avg_price, position.realized_pnl)


def keep(position: Position, book: Book) -> None:
    position.qty, position.avg_price, position.realized_pnl = book.quantity, book.avg_price, book.realized_pnl
    position.unrealized_pnl = unrealized(book, position.last_price)


def price_of(position: Position) -> Decimal:
    """What a share is reckoned at: the last price, else what it cost."""
    return position.last_price or position.avg_price or ZERO


def value_of(positions: Iterable[Position]) -> Decimal:
    """What they are worth, US dollars."""
    return sum((p.qty * price_of(p) for p in positions), ZERO).quantize(MONEY_STEP)


def ledger_net(account_id: UUID) -> Decimal:
    """What our fills have brought in all, fees paid: sold less bought."""
    sums = DailyLedger.objects.filter(account_id=account_id).aggregate(net=Sum(F("sold_usd") - F("bought_usd")))
    return sums["net"] or ZERO


def cash_of(book: AccountBook) -> Decimal | None:
    """Cash by our own ledger; None until the broker has said it once."""
    return None if book.cash_base is None else book.cash_base + ledger_net(book.account_id) + book.external_net


def mark_book(book: AccountBook, equity: Decimal, at: datetime) -> None:
    """Prices or fills made the equity this."""
    _put(book, marked(_standing(book), equity, at))


def pay_into_book(book: AccountBook, equity: Decimal, amount: Decimal, at: datetime) -> None:
    """Something worth `amount` came from outside while the equity was `equity`: no gain, no loss."""
    _put(book, paid(_standing(book), equity, amount, at))


def _standing(book: AccountBook) -> Standing:
    return Standing(book.units, book.equity_alone, book.peak_equity, book.peak_at)


def _put(book: AccountBook, standing: Standing) -> None:
    book.units, book.equity_alone = standing.units, standing.alone
    book.peak_equity, book.peak_at = standing.peak, standing.peak_at


def trading_day_of(now: datetime) -> date:
    """The trading day of the session that is on; New York's date while the market is closed."""
    return session_at(now, session_spans(now)).trading_day or now.astimezone(NEW_YORK).date()


def journal(
    account: BrokerageAccount,
    position: Position,
    message: Text,
    at: datetime,
    *,
    level: str = "info",
    rule_id: UUID | None = None,
    **more: Any,
) -> None:
    """A line of kind "position" that carries the position as the API shows it."""
    ctx = position_shape(position) | more
    record(account=account, rule_id=rule_id, kind="position", level=level, message=message, ctx=ctx, at=at)
