"""What the house reads of positions."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Max, Sum
from django.utils import timezone

from accounts.models import BrokerageAccount
from market.sessions import NEW_YORK
from positions.models import DailyLedger, EquityPoint, Position
from positions.shapes import decimal_text

ZERO = Decimal(0)


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
