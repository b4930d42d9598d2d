"""How much of each limit is used now: the very sums that the guards count, for people to look at."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db.models import Max, Sum

from accounts.models import BrokerageAccount
from instruments.selectors import session_spans
from market.sessions import NEW_YORK, session_at
from orders.facts import committed_by_all, in_the_air
from orders.known import A_MINUTE, NAMES
from orders.models import Order
from positions.models import DailyLedger, Position
from positions.selectors import house_realized, losses_of
from rules.models import RuleState

ZERO = Decimal(0)


def trading_day(now: datetime) -> date:
    """The day whose sums count now: of the session, or New York's date while the market is closed."""
    return session_at(now, session_spans(now)).trading_day or now.astimezone(NEW_YORK).date()


def used_by(account: BrokerageAccount, now: datetime) -> dict[str, Any]:
    """Of each limit of an account what is used, in the limit's unit; None where nothing adds up (an order's price).

    Of the limits per symbol the symbol that is nearest to them is told, with what is being bought.
    """
    day = trading_day(now)
    air = in_the_air(account_id=account.pk, day=day)
    losses = losses_of(account.pk, day)
    shares = {p.symbol: (p.qty, p.last_price or p.avg_price or ZERO) for p in _held(account)}
    whole = {s: shares.get(s, (0, ZERO))[0] + air.buys.get(s, 0) for s in shares.keys() | air.buys.keys()}
    return {
        **dict.fromkeys(NAMES),
        "daily_buy_usd": _bought(day, account) + air.reserved,
        "max_position_usd": max((n * shares.get(s, (0, ZERO))[1] for s, n in whole.items()), default=ZERO),
        "max_position_qty": max(whole.values(), default=0),
        "max_open_positions": sum(1 for n in whole.values() if n),
        "orders_per_minute": Order.objects.filter(account=account, created_at__gt=now - A_MINUTE).count(),
        "daily_loss_usd": max(-losses.realized_today, ZERO),
        "max_drawdown_pct": losses.drawdown_pct,
        "failure_streak": _refusals(account),
    }


def used_by_house(now: datetime) -> dict[str, Any]:
    """Of the limits that are sums over all accounts; the others hold for each account and are None here."""
    day = trading_day(now)
    return {
        **dict.fromkeys(NAMES),
        "daily_buy_usd": committed_by_all(day),
        "orders_per_minute": Order.objects.filter(created_at__gt=now - A_MINUTE).count(),
        "daily_loss_usd": max(-house_realized(day), ZERO),
    }


def _held(account: BrokerageAccount) -> list[Position]:
    return list(Position.objects.filter(account=account, qty__gt=0))


def _bought(day: date, account: BrokerageAccount) -> Decimal:
    rows = DailyLedger.objects.filter(trading_day=day, account=account)
    return rows.aggregate(total=Sum("bought_usd"))["total"] or ZERO


def _refusals(account: BrokerageAccount) -> int:
    return RuleState.objects.filter(rule__account=account).aggregate(most=Max("failure_streak"))["most"] or 0
