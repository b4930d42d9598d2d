"""The guards as a whole: who is asked about what, that every vote is kept, that none can be skipped."""

import json
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from market.errors import Text
from market.words import Side
from orders.risk import GUARDS, AppliesTo, Limits, RiskFacts, Unsettled, assess

# The names that stand in votes, in the order in which they are asked.
ALL = [
    "house_switch", "account_switch", "rule_switch", "market_session", "before_close", "time_in_force",
    "tick_size", "whole_quantity", "price_collar", "fresh_quote", "complete_data", "slippage", "spread",
    "daily_buy_limit", "max_order_value", "max_position", "max_open_positions", "buying_power", "daily_loss",
    "drawdown", "ownership", "holds_nothing", "one_working_order", "duplicate_intent", "unsettled_buy",
    "position_reconciled", "symbol_hold", "identical_order", "order_rate", "cooldown", "failure_streak",
]  # fmt: skip
MUST_PASS_TO_GET_OUT = {
    "house_switch", "account_switch", "rule_switch", "market_session", "time_in_force", "tick_size", "whole_quantity",
    "price_collar", "ownership", "one_working_order", "duplicate_intent", "identical_order", "symbol_hold",
}  # fmt: skip


def test_the_guards_are_these():
    assert list(GUARDS) == ALL


def test_on_a_calm_day_all_let_an_entry_and_an_exit_through(noon):
    assert assess(noon.buy, noon.calm).quantity == assess(noon.sell, noon.held).quantity == 10


def test_what_an_exit_must_pass_is_exactly_this():
    assert {name for name, guard in GUARDS.items() if guard.applies_to is not AppliesTo.ADDING} == MUST_PASS_TO_GET_OUT


def test_only_ownership_is_asked_of_exits_alone():
    assert {name for name, guard in GUARDS.items() if guard.applies_to is AppliesTo.REDUCING} == {"ownership"}


@pytest.mark.parametrize("side", Side)
def test_every_guard_that_applies_is_asked_once_and_its_vote_kept(noon, side):
    intent = noon.buy if side is Side.BUY else noon.sell
    asked = [vote.guard for vote in assess(intent, noon.facts(intent)).votes]
    assert sorted(asked) == sorted(name for name, guard in GUARDS.items() if guard.applies_to.covers(side))


def test_a_veto_does_not_keep_the_others_from_being_asked(noon):
    votes = assess(noon.buy, replace(noon.calm, buying_power=None, quote=None)).votes
    adding = {name for name, guard in GUARDS.items() if guard.applies_to.covers(Side.BUY)}
    assert {vote.guard for vote in votes} == adding


def test_a_guard_that_breaks_lets_nothing_through(noon):
    with pytest.raises(TypeError):
        assess(noon.buy, replace(noon.calm, account_committed=None, account=Limits(daily_buy_usd=Decimal(1))))


@pytest.mark.parametrize("name", ALL)
def test_every_guard_says_in_both_languages_what_it_does(name):
    guard = GUARDS[name]
    for text in (guard.title, guard.says, guard.setting):
        assert text.ko and text.en and text.ko != text.en


@pytest.mark.parametrize("side", Side)
def test_every_vote_has_its_reason_in_both_languages_and_can_be_stored(noon, side):
    intent = noon.buy if side is Side.BUY else noon.sell
    stored = json.loads(json.dumps(assess(intent, noon.facts(intent)).as_dict()))
    assert (stored["passed"], stored["asked"], stored["quantity"]) == (True, 10, 10)
    assert all(vote["reason"]["ko"] and vote["reason"]["en"] for vote in stored["votes"])


NUMBERS = {
    "before_close": {"account": Limits(no_entry_before_close_sec=77)},
    "fresh_quote": {},
    "price_collar": {},
    "daily_buy_limit": {"account": Limits(daily_buy_usd=Decimal(77))},
    "max_order_value": {"account": Limits(max_order_usd=Decimal(77))},
    "max_position": {},
    "max_open_positions": {"account": Limits(max_open_positions=77)},
    "buying_power": {},
    "daily_loss": {"account": Limits(daily_loss_usd=Decimal(77))},
    "drawdown": {"account": Limits(max_drawdown_pct=Decimal(77)), "drawdown_pct": Decimal(1)},
    "order_rate": {"account": Limits(orders_per_minute=77)},
    "failure_streak": {},
    "holds_nothing": {},
    "position_reconciled": {},
}


@pytest.mark.parametrize("name", NUMBERS)
def test_a_reason_has_its_numbers(noon, name):
    session = replace(noon.calm.session, closes_at=noon.now + timedelta(hours=1))
    reason = noon.ask(name, session=session, **NUMBERS[name]).vote.reason
    assert any(c.isdigit() for c in reason.ko) and any(c.isdigit() for c in reason.en)


def test_a_bad_day_does_not_stop_the_stop_loss(noon):
    """Everything that stops an entry at once, and the exit goes out whole."""
    none = Limits(*[Decimal(0)] * 3, 0, 0, 0, 0, 0, Decimal("0.01"), Decimal("0.01"), 10**6)
    worst = replace(
        noon.held, account=none, house=none, buying_power=None, position_disputed=True, reconciled_at=None,
        failure_streak=99, paused_until=noon.now + timedelta(days=1), last_acted_at=noon.now,
        cooldown=timedelta(days=1),
        house_committed=Decimal("1e9"), account_committed=Decimal("1e9"), account_realized=Decimal("-1e9"),
        house_realized=Decimal("-1e9"), drawdown_pct=Decimal(99), account_orders=999, house_orders=999,
        unsettled=(Unsettled("NVDA", Side.BUY, 10, Decimal("100.00")),), rule_entries=99,
        quote=replace(noon.quote, bid=Decimal("1.00"), ask=Decimal("200.00"), at=noon.now - timedelta(days=1)),
    )  # fmt: skip
    assert assess(noon.sell, worst).quantity == 10
    assert assess(replace(noon.sell, on_complete_data=False), replace(worst, quote=None)).quantity == 10
    closing = replace(worst.session, closes_at=noon.now + timedelta(hours=1))
    entry = assess(replace(noon.buy, on_complete_data=False), replace(worst, session=closing))
    adding = {name for name, guard in GUARDS.items() if guard.applies_to is AppliesTo.ADDING}
    # of two kinds of bad day each has one: the limit lies below that ask, and the symbol is held already
    assert {vote.guard for vote in entry.vetoes} >= adding - {"slippage", "max_open_positions"}


def test_facts_that_nobody_read_let_no_entry_through(noon):
    """No buying power, no quote, nothing compared: not known is not zero, and not enough."""
    unread = RiskFacts(now=noon.now, environment=noon.calm.environment, session=noon.calm.session)
    vetoes = {vote.guard for vote in assess(noon.buy, unread).vetoes}
    assert vetoes == {"fresh_quote", "buying_power", "position_reconciled"}


def test_the_quantity_is_the_smallest_that_any_guard_allows(noon):
    limits = Limits(max_order_usd=Decimal(700), max_position_qty=4)
    verdict = assess(noon.buy, replace(noon.calm, account=limits, buying_power=Decimal("601.50")))
    assert verdict.quantity == 4
    assert {(v.guard, v.quantity) for v in verdict.reductions} == {
        ("max_order_value", 7), ("max_position", 4), ("buying_power", 6),
    }  # fmt: skip


def test_a_reason_is_a_sentence_in_two_languages():
    assert all(isinstance(guard.says, Text) for guard in GUARDS.values())
