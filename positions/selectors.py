"""What the house reads of positions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Max, Sum
from django.utils import timezone

from accounts.models import BrokerageAccount
from market.sessions import NEW_YORK
from positions.equity import drawdown_pct
from positions.models import AccountBook, DailyLedger, EquityPoint, Position
from positions.shapes import decimal_text

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Losses:
    """What the limits on losses look at; neither moves when money is paid in or out (safety.md 3.5).

    `realized_today`: US dollars that the fills of a trading day realised, fees paid; below zero is a loss.
    `drawdown_pct`: how far below its peak the account is, in [0, 100]; None until its worth was known once.
    """

    realized_today: Decimal = ZERO
    drawdown_pct: Decimal | None = None


def losses_of(account_id: UUID, day: date) -> Losses:
    """The account's losses on this trading day."""
    realized = DailyLedger.objects.filter(account_id=account_id, trading_day=day).values_list("realized_pnl", flat=True)
    book = book_of(account_id)
    return Losses(realized.first() or ZERO, drawdown_pct(book.equity_alone, book.peak_equity))


def house_realized(day: date) -> Decimal:
    """What the fills of all accounts realised on this trading day, US dollars."""
    found = DailyLedger.objects.filter(trading_day=day).aggregate(total=Sum("realized_pnl"))
    return found["total"] or ZERO


def house_bought(day: date) -> Decimal:
    """What all accounts bought on this trading day, fees included, US dollars."""
    found = DailyLedger.objects.filter(trading_day=day).aggregate(total=Sum("bought_usd"))
    return found["total"] or ZERO


def scales_of(account_id: UUID) -> dict[str, datetime]:
    """Symbol to when its shares were last turned to another scale: bars that were read before are of the old one."""
    rows = Position.objects.filter(account_id=account_id, rescaled_at__isnull=False)
    return dict(rows.values_list("symbol", "rescaled_at"))


def book_of(account_id: UUID) -> AccountBook:
    """The account's book; an empty, unsaved one while nothing was reconciled or reckoned."""
    return AccountBook.objects.filter(account_id=account_id).first() or AccountBook(account_id=account_id)


def pnl_of(accounts: Sequence[BrokerageAccount]) -> Mapping[UUID, dict[str, Any]]:
    """Account id to its profit and loss of New York's day, for the account's card. Three queries for any number."""
    ids = [a.pk for a in accounts]
    today = timezone.now().astimezone(NEW_YORK).date()
    realized = dict(
        DailyLedger.objects.filter(account_id__in=ids, trading_day=today).values_list("account_id", "realized_pnl")
    )
    unrealized = dict(
        Position.objects.filter(account_id__in=ids)
        .values("account_id")
        .annotate(total=Sum("unrealized_pnl"))
        .values_list("account_id", "total")
    )
    equity = _latest_equity(ids)
    return {
        pk: {
            "realized_today": decimal_text(realized.get(pk, ZERO)),
            "unrealized": decimal_text(unrealized.get(pk, ZERO)),
            "equity": decimal_text(equity.get(pk)),
            "currency": "USD",
        }
        for pk in ids
    }


def _latest_equity(ids: Sequence[UUID]) -> dict[UUID, Decimal]:
    newest = EquityPoint.objects.filter(account_id__in=ids).values("account_id").annotate(at=Max("at"))
    moments = {row["account_id"]: row["at"] for row in newest}
    if not moments:
        return {}
    rows = EquityPoint.objects.filter(account_id__in=moments, at__in=moments.values())
    return {r.account_id: r.equity for r in rows if moments[r.account_id] == r.at}
