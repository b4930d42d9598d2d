"""Each guard at its boundary, and that no guard blocks the exit it should cause."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.data import Quote, SessionView
from market.orders import OrderIntent
from market.words import Environment, Exchange, Freshness, Session, Side, TimeInForce, TradingState
from orders.pricing import cost
from orders.risk import GUARDS, AppliesTo, Limits, RiskFacts, Unsettled, assess

NOON = datetime(2026, 11, 24, 17, 0, tzinfo=UTC)
D = Decimal
BUY = OrderIntent("key", "NVDA", Exchange.NASDAQ, Side.BUY, 10, D("100.00"), "entry")
SELL = replace(BUY, side=Side.SELL, limit_price=D("99.00"))
QUOTE = Quote("NVDA", Exchange.NASDAQ, D("100.00"), NOON, NOON)
CALM = RiskFacts(
    now=NOON,
    environment=Environment.PAPER,
    session=SessionView(Session.REGULAR, NOON.date()),
    quote=QUOTE,
    rule_max_position=100,
    buying_power=D("1000000"),
)
HELD = replace(CALM, book_quantity=10, rule_quantity=10, broker_sellable=10)


def vote(name, intent, **facts):
    verdict = assess(intent, replace(HELD if intent.side is Side.SELL else CALM, **facts))
    return next(v for v in verdict.votes if v.guard == name), verdict


def test_on_a_calm_day_all_guards_let_an_entry_and_an_exit_through():
    assert assess(BUY, CALM).quantity == 10
    assert assess(SELL, HELD).quantity == 10


def test_every_vote_is_kept_with_its_reason_in_both_languages():
    votes = assess(BUY, CALM).as_dict()["votes"]
    adding = {name for name, (to, _) in GUARDS.items() if to.covers(Side.BUY)}
    assert {v["guard"] for v in votes} == adding | {"identical_order"}
    assert all(v["reason"]["ko"] and v["reason"]["en"] for v in votes)


STATES = {"house_state", "account_state", "rule_state"}


@pytest.mark.parametrize("whose", sorted(STATES))
def test_reducing_lets_exits_out_and_halted_nothing(whose):
    assert not vote("trading_state", BUY, **{whose: TradingState.REDUCING})[1].passed
    assert vote("trading_state", SELL, **{whose: TradingState.REDUCING})[1].passed
    assert not vote("trading_state", SELL, **{whose: TradingState.HALTED})[1].passed


ALWAYS_FOR_EXITS = {
    "trading_state", "market_session", "time_in_force", "tick_size", "whole_quantity", "price_collar", "ownership",
    "one_working_order",
}  # fmt: skip


def test_what_an_exit_must_pass_is_exactly_this():
    assert {name for name, (to, _) in GUARDS.items() if to is not AppliesTo.ADDING} == ALWAYS_FOR_EXITS


def test_a_bad_day_does_not_stop_the_stop_loss():
    worst = replace(
        HELD, quote=None, account=Limits(D(0), D(0), D(0), 0, 0), house=Limits(D(0), D(0)), buying_power=None,
        position_disputed=True, failure_streak=99, paused_until=NOON + timedelta(days=1),
        last_acted_at=NOON, cooldown=timedelta(days=1), house_committed=D("1e9"), account_committed=D("1e9"),
        unsettled=(Unsettled("NVDA", Side.BUY, 10, D("100.00")),),
    )  # fmt: skip
    assert assess(SELL, worst).quantity == 10


@pytest.mark.parametrize(
    ("session", "environment", "passes"),
    [
        (None, Environment.REAL, False),
        (Session.REGULAR, Environment.PAPER, True),
        (Session.PRE, Environment.PAPER, False),
        (Session.PRE, Environment.REAL, True),
        (Session.DAYTIME, Environment.REAL, False),
    ],
)
@pytest.mark.parametrize("intent", [BUY, SELL], ids=["entry", "exit"])
def test_the_market_is_in_a_session_in_which_the_broker_takes_orders(session, environment, passes, intent):
    found, _ = vote("market_session", intent, session=SessionView(session), environment=environment,
                    allowed_sessions=frozenset(Session))  # fmt: skip
    assert found.passed is passes


def test_a_rule_acts_in_its_own_sessions_only():
    pre = {"session": SessionView(Session.PRE), "environment": Environment.REAL}
    assert not vote("market_session", BUY, **pre)[0].passed
    assert vote("market_session", BUY, **pre, allowed_sessions=frozenset({Session.PRE}))[0].passed


def test_the_auctions_are_on_the_real_side_only():
    at_open = replace(BUY, time_in_force=TimeInForce.AT_OPEN)
    assert not vote("time_in_force", at_open)[0].passed
    assert vote("time_in_force", at_open, environment=Environment.REAL)[0].passed


@pytest.mark.parametrize(("price", "passes"), [("100.01", True), ("100.001", False), ("0.1234", True), ("0", False)])
def test_the_price_lies_on_a_tick(price, passes):
    assert vote("tick_size", replace(BUY, limit_price=D(price)))[0].passed is passes


@pytest.mark.parametrize(("quantity", "passes"), [(1, True), (0, False), (-1, False)])
def test_the_quantity_is_a_whole_share_or_more(quantity, passes):
    found, verdict = vote("whole_quantity", replace(BUY, quantity=quantity))
    assert found.passed is passes
    assert verdict.passed is passes


@pytest.mark.parametrize(
    ("intent", "price", "passes"),
    [(BUY, "102.00", True), (BUY, "102.01", False), (SELL, "90.00", True), (SELL, "89.99", False)],
)
def test_the_collar_of_an_exit_is_wider(intent, price, passes):
    assert vote("price_collar", replace(intent, limit_price=D(price)))[0].passed is passes


@pytest.mark.parametrize(
    ("quote", "passes"),
    [
        pytest.param(QUOTE, True, id="now"),
        pytest.param(replace(QUOTE, at=NOON - timedelta(seconds=10)), True, id="as old as allowed"),
        pytest.param(replace(QUOTE, at=NOON - timedelta(seconds=10.1)), False, id="older by the market's time"),
        pytest.param(replace(QUOTE, freshness=Freshness.STALE), False, id="typed stale"),
        pytest.param(None, False, id="none"),
    ],
)
def test_an_entry_needs_a_fresh_quote(quote, passes):
    assert vote("fresh_quote", BUY, quote=quote)[0].passed is passes


@pytest.mark.parametrize(
    ("limit", "committed", "quantity"),
    [
        pytest.param("1002.50", "0", 10, id="exactly enough, fees included"),
        pytest.param("1002.49", "0", 9, id="a cent short is a share short"),
        pytest.param("1002.50", "902.25", 1, id="what is left of the day"),
        pytest.param("1002.50", "902.26", 0, id="nothing left"),
        pytest.param("500.00", "600.00", 0, id="already past it"),
    ],
)
@pytest.mark.parametrize("whose", ["house", "account"])
def test_the_daily_limit_reduces_to_fit(limit, committed, quantity, whose):
    facts = {whose: Limits(daily_buy_usd=D(limit)), f"{whose}_committed": D(committed)}
    found, verdict = vote("daily_buy_limit", BUY, **facts)
    assert (found.quantity, found.passed, verdict.quantity) == (quantity, quantity > 0, quantity)


def test_of_house_and_account_the_tighter_wins():
    found, _ = vote("daily_buy_limit", BUY, house=Limits(daily_buy_usd=D("300")), account=Limits(D("900")))
    assert found.quantity == 2
    found, _ = vote(
        "max_order_value", BUY, house=Limits(max_order_usd=D("300")), account=Limits(max_order_usd=D("900"))
    )
    assert found.quantity == 3


@pytest.mark.parametrize(
    ("facts", "quantity"),
    [
        pytest.param({"rule_max_position": 10}, 10, id="the rule's maximum itself"),
        pytest.param({"rule_max_position": 9}, 9, id="one more than the rule may own"),
        pytest.param({"rule_buys_in_flight": 95}, 5, id="what is in flight counts"),
        pytest.param({"account": Limits(max_position_qty=12), "book_quantity": 8}, 4, id="shares in the account"),
        pytest.param({"account": Limits(max_position_usd=D("700"))}, 7, id="dollars in the account"),
        pytest.param({"account": Limits(max_position_qty=8), "book_quantity": 8}, 0, id="full"),
    ],
)
def test_the_maximum_position_reduces_to_fit(facts, quantity):
    assert vote("max_position", BUY, **facts)[1].quantity == quantity


def test_a_new_symbol_needs_room_among_the_open_positions():
    limit = {"account": Limits(max_open_positions=2), "open_positions": 2}
    assert not vote("max_open_positions", BUY, **limit)[0].passed
    assert vote("max_open_positions", BUY, **limit, book_quantity=1)[0].passed
    assert vote("max_open_positions", BUY, **(limit | {"open_positions": 1}))[0].passed


@pytest.mark.parametrize(("power", "quantity"), [("1002.50", 10), ("1002.49", 9), ("0", 0), (None, 0)])
def test_buying_power_not_known_buys_nothing(power, quantity):
    assert vote("buying_power", BUY, buying_power=power and D(power))[1].quantity == quantity


@pytest.mark.parametrize(
    ("facts", "quantity"),
    [
        pytest.param({}, 10, id="all that the rule owns"),
        pytest.param({"rule_quantity": 4}, 4, id="the account holds more than the rule owns"),
        pytest.param({"book_quantity": 7}, 7, id="the account holds less"),
        pytest.param({"broker_sellable": 3}, 3, id="the broker lets less be sold"),
        pytest.param({"broker_sellable": None}, 10, id="no fresh figure: our book"),
        pytest.param({"sells_in_flight": 6}, 4, id="other sells of the symbol"),
        pytest.param({"sells_in_flight": 10}, 0, id="an unknown sell of everything"),
        pytest.param({"rule_quantity": 0}, 0, id="shares that belong to no rule"),
        pytest.param({"rule_sells_in_flight": 8}, 2, id="its own earlier sell, not settled"),
    ],
)
def test_never_more_is_sold_than_is_owned_and_surely_there(facts, quantity):
    assert vote("ownership", SELL, **facts)[1].quantity == quantity


def test_entry_only_when_the_rule_holds_nothing_and_has_nothing_working():
    assert not vote("holds_nothing", BUY, rule_quantity=1)[0].passed
    assert not vote("holds_nothing", BUY, rule_open_sides=frozenset({Side.SELL}))[0].passed


def test_one_working_order_a_side():
    assert not vote("one_working_order", SELL, rule_open_sides=frozenset({Side.SELL}))[0].passed
    assert vote("one_working_order", SELL, rule_open_sides=frozenset({Side.BUY}))[0].passed


def test_an_unknown_buy_blocks_buys_of_its_symbol_and_no_other():
    doubt = Unsettled("NVDA", Side.BUY, 3, D("95.00"))
    assert not vote("unsettled_buy", BUY, unsettled=(doubt,))[0].passed
    assert vote("unsettled_buy", BUY, unsettled=(replace(doubt, symbol="TSLA"),))[0].passed


@pytest.mark.parametrize("intent", [BUY, SELL], ids=["entry", "exit"])
def test_no_order_identical_to_a_nameless_one_goes_out(intent):
    same = Unsettled("NVDA", intent.side, 10, intent.limit_price, unknown=False)
    assert not vote("identical_order", intent, unsettled=(same,))[1].passed
    assert vote("identical_order", intent, unsettled=(replace(same, price=D("98.99")),))[1].passed


def test_the_identical_order_is_looked_for_after_the_quantity_was_reduced():
    same = Unsettled("NVDA", Side.BUY, 9, D("100.00"), unknown=False)
    assert not vote("identical_order", BUY, unsettled=(same,), rule_max_position=9)[1].passed


def test_cooling_down_ends_at_its_second():
    pace = {"cooldown": timedelta(seconds=60)}
    assert not vote("cooldown", BUY, last_acted_at=NOON - timedelta(seconds=59), **pace)[0].passed
    assert vote("cooldown", BUY, last_acted_at=NOON - timedelta(seconds=60), **pace)[0].passed


def test_a_streak_of_refusals_pauses_then_lets_one_try():
    streak = {"failure_streak": 5, "failure_streak_limit": 5}
    assert not vote("failure_streak", BUY, **streak, paused_until=NOON + timedelta(seconds=1))[0].passed
    assert vote("failure_streak", BUY, **streak, paused_until=NOON)[0].passed
    assert vote("failure_streak", BUY, failure_streak=4, paused_until=NOON + timedelta(days=1))[0].passed


def test_a_disputed_position_stops_entries():
    assert not vote("position_agrees", BUY, position_disputed=True)[0].passed


@given(
    wishes=st.lists(st.tuples(st.integers(1, 40), st.decimals("1", "300", places=2)), max_size=20),
    house=st.decimals("0", "20000", places=2),
    own=st.decimals("0", "20000", places=2),
)
def test_no_sequence_of_decisions_passes_the_daily_limit(wishes, house, own):
    committed = D(0)
    for quantity, price in wishes:
        facts = replace(
            CALM, quote=replace(QUOTE, last=price), house=Limits(house), account=Limits(own),
            house_committed=committed, account_committed=committed,
        )  # fmt: skip
        allowed = assess(replace(BUY, quantity=quantity, limit_price=price), facts).quantity
        committed += cost(allowed, price, facts.fee_bps)
        assert committed <= min(house, own)


@given(
    own=st.integers(0, 50), book=st.integers(0, 50), sellable=st.none() | st.integers(0, 50),
    wishes=st.lists(st.integers(1, 60), max_size=10),
)  # fmt: skip
def test_no_sequence_of_exits_sells_more_than_is_there(own, book, sellable, wishes):
    sold = 0
    for quantity in wishes:
        facts = replace(HELD, rule_quantity=own, book_quantity=book, broker_sellable=sellable, sells_in_flight=sold,
                        rule_sells_in_flight=sold)  # fmt: skip
        sold += assess(replace(SELL, quantity=quantity), facts).quantity
    assert sold <= min(own, book, book if sellable is None else sellable)
