"""Guards: may anything be sent now."""

from dataclasses import replace
from datetime import timedelta

import pytest

from market.data import SessionView
from market.words import Environment, Session, Side, TimeInForce, TradingState
from orders.risk import Limits, assess


@pytest.mark.parametrize("whose", ["house", "account", "rule"])
class TestTheThreeSwitches:
    """house_switch, account_switch, rule_switch: `active`, `reducing` (exits and cancels only), `halted` (nothing)."""

    @pytest.mark.parametrize(
        ("state", "side", "passes"),
        [
            (TradingState.ACTIVE, Side.BUY, True),
            (TradingState.ACTIVE, Side.SELL, True),
            (TradingState.REDUCING, Side.BUY, False),
            (TradingState.REDUCING, Side.SELL, True),
            (TradingState.HALTED, Side.BUY, False),
            (TradingState.HALTED, Side.SELL, False),
        ],
    )
    def test_lets_through(self, noon, whose, state, side, passes):
        intent = noon.buy if side is Side.BUY else noon.sell
        asked = noon.ask(f"{whose}_switch", intent, **{f"{whose}_state": state})
        assert asked.passed is passes
        assert asked.lets == (10 if passes else 0)

    def test_is_the_only_one_that_votes_against(self, noon, whose):
        vetoes = assess(noon.buy, replace(noon.calm, **{f"{whose}_state": TradingState.HALTED})).vetoes
        assert [vote.guard for vote in vetoes] == [f"{whose}_switch"]

    def test_holds_for_what_a_person_wants_too(self, noon, whose):
        by_person = replace(noon.sell, by_person=True)
        assert not noon.ask(f"{whose}_switch", by_person, **{f"{whose}_state": TradingState.HALTED}).passed


class TestMarketSession:
    @pytest.mark.parametrize(
        ("session", "environment", "passes"),
        [
            (None, Environment.REAL, False),
            (None, Environment.PAPER, False),
            (Session.REGULAR, Environment.PAPER, True),
            (Session.PRE, Environment.PAPER, False),
            (Session.AFTER, Environment.PAPER, False),
            (Session.PRE, Environment.REAL, True),
            (Session.REGULAR, Environment.REAL, True),
            (Session.AFTER, Environment.REAL, True),
            (Session.DAYTIME, Environment.REAL, False),
        ],
    )
    @pytest.mark.parametrize("side", Side)
    def test_the_broker_must_take_orders(self, noon, session, environment, passes, side):
        intent = noon.buy if side is Side.BUY else noon.sell
        everywhere = frozenset(Session)
        asked = noon.ask("market_session", intent, session=SessionView(session), environment=environment,
                         allowed_sessions=everywhere)  # fmt: skip
        assert asked.passed is passes

    @pytest.mark.parametrize("side", Side)
    def test_a_rule_acts_in_its_own_sessions_only(self, noon, side):
        intent = noon.buy if side is Side.BUY else noon.sell
        pre = {"session": SessionView(Session.PRE), "environment": Environment.REAL}
        assert not noon.ask("market_session", intent, **pre).passed
        assert noon.ask("market_session", intent, **pre, allowed_sessions=frozenset({Session.PRE})).passed

    def test_a_person_may_sell_a_rules_shares_in_any_session_that_the_broker_has(self, noon):
        pre = {"session": SessionView(Session.PRE), "environment": Environment.REAL}
        assert noon.ask("market_session", replace(noon.sell, by_person=True), **pre).passed
        assert not noon.ask("market_session", replace(noon.sell, by_person=True), session=SessionView(None)).passed


class TestBeforeClose:
    """No entry in the last N seconds of the session; the session ends when the table says, early closes included."""

    def closing_in(self, noon, **left):
        return replace(noon.calm.session, closes_at=noon.now + timedelta(**left))

    @pytest.mark.parametrize(("left", "passes"), [(301, True), (300.001, True), (300, False), (299, False), (1, False)])
    @pytest.mark.parametrize("whose", ["house", "account"])
    def test_the_last_five_minutes(self, noon, left, passes, whose):
        limits = {whose: Limits(no_entry_before_close_sec=300)}
        asked = noon.ask("before_close", session=self.closing_in(noon, seconds=left), **limits)
        assert asked.passed is passes

    def test_of_house_and_account_the_longer_wins(self, noon):
        limits = {"house": Limits(no_entry_before_close_sec=60), "account": Limits(no_entry_before_close_sec=120)}
        assert not noon.ask("before_close", session=self.closing_in(noon, seconds=90), **limits).passed
        assert noon.ask("before_close", session=self.closing_in(noon, seconds=121), **limits).passed

    def test_without_a_limit_or_with_zero_until_the_last_second(self, noon):
        session = self.closing_in(noon, seconds=1)
        assert noon.ask("before_close", session=session).passed
        assert noon.ask("before_close", session=session, account=Limits(no_entry_before_close_sec=0)).passed

    def test_is_not_asked_of_an_exit(self, noon):
        assert not noon.is_asked("before_close", noon.sell)


class TestTimeInForce:
    @pytest.mark.parametrize("time_in_force", [TimeInForce.AT_OPEN, TimeInForce.AT_CLOSE])
    @pytest.mark.parametrize("side", Side)
    def test_the_auctions_are_on_the_real_side_only(self, noon, time_in_force, side):
        intent = replace(noon.buy if side is Side.BUY else noon.sell, time_in_force=time_in_force)
        assert not noon.ask("time_in_force", intent).passed
        assert noon.ask("time_in_force", intent, environment=Environment.REAL).passed

    def test_day_orders_go_everywhere(self, noon):
        assert noon.ask("time_in_force").passed
        assert noon.ask("time_in_force", environment=Environment.REAL).passed
