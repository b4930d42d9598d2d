"""Two connections at once: the last dollar, the last share, the same decision, the same fill."""

import asyncio
import threading
from decimal import Decimal

import pytest
from django.db import connection, transaction

from accounts.models import HouseLimits, RiskLimits
from market.words import Side
from orders.domain import State
from orders.facts import gather, reserved_by_all, take_locks
from orders.listing import apply_listing
from orders.models import Execution, Order
from orders.services import NotSubmitted, request_amend
from orders.submit import Seen, _record_intent
from positions.models import Position
from rules.models import RuleState

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*jobs):
    """Run the jobs on threads, and so on connections, of their own; what each returned or raised."""
    gate, found = threading.Barrier(len(jobs)), [None] * len(jobs)

    def run(i, job):
        try:
            gate.wait(10)
            found[i] = job()
        except NotSubmitted as e:
            found[i] = e
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(jobs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert not any(thread.is_alive() for thread in threads)
    return found


def decide(desk, rule, intent, account=None):
    """The transaction in which a decision becomes an intent."""
    desk.compared(account=account)
    power = asyncio.run(desk.broker.buying_power("NVDA", None, intent.limit_price))
    seen = Seen(desk.quote(str(intent.limit_price), intent.symbol), power)
    return lambda: _record_intent(account or desk.account, rule, None, intent, seen, desk.at)


def reserved() -> Decimal:
    return sum((o.qty * o.price * Decimal("1.0025") for o in Order.objects.filter(side=Side.BUY)), Decimal(0))


@pytest.mark.parametrize("limit", [Decimal("1100"), Decimal("2050")])
def test_rules_of_one_account_cannot_pass_its_daily_limit_together(desk, new_rule, limit):
    RiskLimits.objects.filter(account=desk.account).update(daily_buy_usd=limit)
    rules = [new_rule(desk.account, symbol=s) for s in ("AAPL", "TSLA", "MSFT", "AMZN")]
    at_once(*(decide(desk, r, desk.intent(symbol=r.symbol)) for r in rules))

    assert reserved() <= limit
    assert reserved() > limit - Decimal("101")  # and the last dollars were not left lying either


def test_accounts_cannot_pass_the_house_limit_together(desk, real_account, new_rule):
    HouseLimits.objects.create(daily_buy_usd=Decimal("1500"))
    jobs = []
    for account in (desk.account, real_account):
        for symbol in ("AAPL", "TSLA"):
            rule = new_rule(account, symbol=symbol)
            jobs.append(decide(desk, rule, desk.intent(symbol=symbol), account))
    at_once(*jobs)
    assert Decimal("1399") < reserved() <= Decimal("1500")


@pytest.mark.parametrize(
    ("limit", "value"),
    [("daily_buy_usd", Decimal("100.25")), ("orders_per_minute", 1), ("max_open_positions", 1)],
)
@pytest.mark.parametrize("whose", ["account", "house"])
def test_two_processes_cannot_both_use_the_last_of_a_limit(desk, new_rule, limit, value, whose):
    """One share, one order, one symbol is left, and four rules of the account want it in the same moment."""
    if whose == "house":
        HouseLimits.objects.create(**{limit: value})
    else:
        RiskLimits.objects.filter(account=desk.account).update(**{limit: value})
    rules = [new_rule(desk.account, symbol=s) for s in ("AAPL", "TSLA", "MSFT", "AMZN")]
    at_once(*(decide(desk, r, desk.intent(symbol=r.symbol, quantity=1)) for r in rules))
    assert Order.objects.count() == 1


@pytest.mark.parametrize(("limit", "value"), [("daily_buy_usd", Decimal("100.25")), ("orders_per_minute", 1)])
def test_two_accounts_cannot_both_use_the_last_of_the_houses_limit(desk, real_account, foreign_account, limit, value):
    HouseLimits.objects.create(**{limit: value})
    accounts = (desk.account, real_account, foreign_account)
    at_once(*(decide(desk, None, desk.intent(quantity=1), account) for account in accounts))
    assert Order.objects.count() == 1


@pytest.mark.parametrize(("limit", "value"), [("max_position_qty", 10), ("max_position_usd", Decimal("1000"))])
def test_two_rules_cannot_both_use_the_last_of_a_symbol(desk, new_rule, limit, value):
    RiskLimits.objects.filter(account=desk.account).update(**{limit: value})
    rules = [new_rule(desk.account) for _ in range(3)]
    at_once(*(decide(desk, r, desk.intent(quantity=6 + i)) for i, r in enumerate(rules)))
    assert sum(Order.objects.values_list("qty", flat=True)) == 10


@pytest.mark.parametrize("after", [1, 2, 3])
def test_a_fill_booked_while_the_house_is_counted_is_counted(desk, foreign_account, after):
    """At whichever moment it comes, it is reserved or bought, if not both."""
    HouseLimits.objects.create(daily_buy_usd=Decimal("1500"))
    order = decide(desk, None, desk.intent(symbol="AAPL"), foreign_account)()
    Order.objects.update(status=State.WORKING, broker_order_id="40001", us_order_date="2026-11-24", placed_at=desk.at)
    desk.broker.add("40001", "AAPL", Side.BUY, 10, Decimal("100.00"))
    desk.broker.fill("40001", 10, "100.00")
    listing = asyncio.run(desk.broker.executions(*[order.trading_day] * 2))
    statements = []

    def fill_between(execute, sql, params, many, context):
        found = execute(sql, params, many, context)
        statements.append(sql)
        if len(statements) == after:
            at_once(lambda: apply_listing(foreign_account, listing, desk.at))
        return found

    intent = desk.intent()
    with transaction.atomic():
        locked = take_locks(account_id=desk.account.pk, symbol="NVDA", exchange="nasdaq", house=True)
        with connection.execute_wrapper(fill_between):
            facts = gather(locked=locked, rule=desk.rule, intent=intent, seen=Seen(desk.quote()), now=desk.at)
    assert facts.house_committed >= Decimal("1002.50")


def test_what_an_amend_asks_for_is_reserved_until_the_order_is_that(desk, trader):
    """Whoever counts while the list is adopted finds the larger order, if not both."""
    desk.broker.prices["NVDA"], desk.heard = Decimal("100.00"), [desk.quote()]
    order = desk.buy(quantity=10)
    request_amend(order=order, qty=20, price=Decimal("100.00"), by=trader, now=desk.at)
    desk.carry_out()
    listing = asyncio.run(desk.broker.executions(*[order.trading_day] * 2))
    counted = []

    def count_after(execute, sql, params, many, context):
        found = execute(sql, params, many, context)
        counted.extend(at_once(lambda: reserved_by_all(order.trading_day)))
        return found

    with connection.execute_wrapper(count_after):
        apply_listing(desk.account, listing, desk.at)
    order.refresh_from_db()
    assert (order.qty, order.amend_qty) == (20, None)
    assert min(counted) == Decimal("2005")


def test_an_exit_waits_for_no_other_account_while_the_houses_limit_is_counted(desk, foreign_account):
    """Another process has stopped with the house's row in hand: a stop-loss goes out all the same."""
    HouseLimits.objects.create(daily_buy_usd=Decimal("1500"))
    Position.objects.create(account=desk.account, symbol="NVDA", exchange="nasdaq", qty=10, avg_price=Decimal("90"))
    RuleState.objects.update(qty=10, avg_price=Decimal("90"))
    held, done = threading.Event(), threading.Event()

    def hold():
        with transaction.atomic():
            HouseLimits.objects.select_for_update(no_key=True).get()
            held.set()
            done.wait(30)

    def leave():
        held.wait(10)
        try:
            return decide(desk, desk.rule, desk.intent(Side.SELL, 10, "99.00"))()
        finally:
            done.set()

    assert at_once(hold, leave)[1].qty == 10


def test_the_same_decision_twice_is_one_order(desk):
    found = at_once(*(decide(desk, desk.rule, desk.intent(key="noon")) for _ in range(4)))
    assert Order.objects.count() == 1
    assert sum(isinstance(f, Order) for f in found) == 1


def test_all_sells_of_a_symbol_together_never_exceed_what_is_there(desk, new_rule):
    Position.objects.create(account=desk.account, symbol="NVDA", exchange="nasdaq", qty=10, avg_price=Decimal("90"))
    rules = [new_rule(desk.account) for _ in range(4)]
    RuleState.objects.update(qty=6, avg_price=Decimal("90"))
    at_once(*(decide(desk, r, desk.intent(Side.SELL, 6, f"99.0{i}")) for i, r in enumerate(rules)))
    assert sum(Order.objects.values_list("qty", flat=True)) == 10


def test_a_fill_that_two_readers_see_is_booked_once(desk):
    desk.compared()
    seen = Seen(desk.quote(), asyncio.run(desk.broker.buying_power("NVDA", None, Decimal("100"))))
    order = _record_intent(desk.account, desk.rule, None, desk.intent(), seen, desk.at)
    Order.objects.update(status=State.WORKING, broker_order_id="40001", us_order_date="2026-11-24", placed_at=desk.at)
    desk.broker.add("40001", "NVDA", Side.BUY, 10, Decimal("100.00"))
    desk.broker.fill("40001", 10, "100.00")
    listing = asyncio.run(desk.broker.executions(*[next(iter(desk.broker.rows))[0]] * 2))
    at_once(*(lambda: apply_listing(desk.account, listing, desk.at) for _ in range(4)))

    order.refresh_from_db()
    assert (order.status, Execution.objects.count()) == (State.FILLED, 1)
    assert RuleState.objects.get().qty == Position.objects.get().qty == 10
