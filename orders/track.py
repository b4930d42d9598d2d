"""Looking at the broker: the order list, the holdings, and hints that a look is due (safety.md 1.9)."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from asgiref.sync import sync_to_async
from django.db import transaction
from django.db.models import F, Sum

from accounts.models import BrokerageAccount
from market.broker import Broker
from market.orders import Holding, Listing, Notice
from market.sessions import NEW_YORK
from market.words import Lane, Side
from orders.domain import State
from orders.facts import in_the_air
from orders.listing import TrackReport, apply_listing, dates_to_read
from orders.models import Execution, ForeignOrder, Order, Request
from orders.owning import give_up_what_is_gone
from orders.reserving import hinted
from positions.reconciliation import InFlight
from positions.services import Reconciliation, reconcile_holdings

# The balance may lag behind the order list by minutes (kis-protocol Appendix E: a change proves, no change does not).
BALANCE_LAGS = timedelta(minutes=10)


def _db(function: Callable) -> Callable[..., Any]:
    return sync_to_async(function, thread_sensitive=True)


async def track(*, account: BrokerageAccount, broker: Broker, now: datetime) -> TrackReport:
    """Read the order list of every US date from the oldest open order to tomorrow, and adopt what it says.

    Rides in the exit lane while an order is unknown. Raises CredentialProblem; an unreadable list is a report that
    says so, and concludes nothing.
    """
    (first, last), unknown = await _db(_what_to_read)(account, now)
    listing = await broker.executions(first, last, lane=Lane.EXIT if unknown else Lane.TRACKING)
    # waiting for a turn takes time
    return await _db(apply_listing)(account, listing, max(now, listing.read_at), dates=(first, last))


def _what_to_read(account: BrokerageAccount, now: datetime) -> tuple[tuple, bool]:
    unknown = Order.objects.filter(account=account, status__in=[State.UNKNOWN, State.SUBMITTING]).exists()
    return dates_to_read(account.pk, now), unknown


async def reconcile(*, account: BrokerageAccount, broker: Broker, now: datetime) -> Reconciliation:
    """Compare the broker's holdings with our book; see positions.services.reconcile_holdings."""
    listing = await broker.holdings()
    return await _db(apply_holdings)(account, listing, max(now, listing.read_at))


def apply_holdings(account: BrokerageAccount, listing: Listing[Holding], now: datetime) -> Reconciliation:
    """One transaction: what explains a difference is read, judged and marked as used together."""
    with transaction.atomic(durable=True):
        # orders of this account are judged under the same row (orders.facts), so nothing moves in between
        BrokerageAccount.objects.select_for_update(no_key=True).get(pk=account.pk)
        found = reconcile_holdings(account=account, listing=listing, now=now, in_flight=in_flight(account, now))
        if found.adopted:
            rows = ForeignOrder.objects.filter(account=account, symbol__in=found.adopted)
            rows.exclude(adopted_qty=F("filled_qty")).update(adopted_qty=F("filled_qty"), updated_at=now)
        if found.judged:
            give_up_what_is_gone(account, now)
    return found


def in_flight(account: BrokerageAccount, now: datetime) -> Mapping[str, InFlight]:
    """Symbol to what may explain that the broker's holdings differ from our book."""
    air = in_the_air(account_id=account.pk, day=now.astimezone(NEW_YORK).date())
    recent: dict[tuple[str, str], int] = {}
    fills = Execution.objects.filter(account=account, at__gte=now - BALANCE_LAGS).values("symbol", "side")
    for row in fills.annotate(shares=Sum("qty")):
        recent[row["symbol"], row["side"]] = row["shares"]
    foreign = _foreign(account)
    symbols = {*air.buys, *air.sells, *foreign, *(symbol for symbol, _ in recent)}
    return {
        symbol: InFlight(
            buys=air.buys.get(symbol, 0),
            sells=air.sells.get(symbol, 0),
            recent_buys=recent.get((symbol, Side.BUY.value), 0),
            recent_sells=recent.get((symbol, Side.SELL.value), 0),
            foreign=foreign.get(symbol, (0, None))[0],
            foreign_price=foreign.get(symbol, (0, None))[1],
        )
        for symbol in symbols
    }


def _foreign(account: BrokerageAccount) -> dict[str, tuple[int, Decimal | None]]:
    """Symbol to shares that other channels bought less what they sold, not yet in our book, and a buying price."""
    found: dict[str, tuple[int, Decimal | None]] = {}
    for order in ForeignOrder.objects.filter(account=account).exclude(filled_qty=F("adopted_qty")):
        net, price = found.get(order.symbol, (0, None))
        shares = order.filled_qty - order.adopted_qty
        buying = order.side == Side.BUY
        found[order.symbol] = net + (shares if buying else -shares), order.avg_fill_price if buying else price
    return found


async def on_notice(*, account: BrokerageAccount, notice: Notice, now: datetime) -> bool:
    """An execution notice: a hint. True when a look at the order list is due.

    It may raise what is possibly filled, and so the exposure; it never books, and never makes shares sellable.
    """
    return await _db(_on_notice)(account, notice, now)


def _on_notice(account: BrokerageAccount, notice: Notice, now: datetime) -> bool:
    if notice.kind != "fill" or not notice.quantity:
        return True
    today = now.astimezone(NEW_YORK).date()
    days = (today - timedelta(days=1), today + timedelta(days=1))
    numbers = {n.strip().lstrip("0") for n in (notice.broker_order_id, notice.original_id)} - {""}
    requests = Request.objects.filter(
        order__account=account, us_order_date__range=days, broker_order_id__in=numbers, order__symbol=notice.symbol
    )
    order = Order.objects.filter(pk__in=requests.values("order_id")).order_by("-created_at").first()
    if order is not None:
        possible = hinted(order.qty, order.filled_qty, order.possible_filled_qty, notice.quantity)
        same = Order.objects.filter(pk=order.pk, qty__gte=possible, possible_filled_qty__lte=possible)
        same.update(possible_filled_qty=possible, hinted_at=now)
    return True
