"""What a rule decides, and how it says why."""

import json
import math
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from market.data import Bars, RuleMemory, SeriesKey, SessionView
from market.words import Action, EvaluateOn, Freshness, Session, Side, Timeframe
from rules.domain import decision_key, evaluate, quantity_for

MINUTE = timedelta(minutes=1)
CLOSES = [100 + math.sin(i / 3) for i in range(200)]


class TestActions:
    def test_it_enters_when_the_entry_condition_is_true_and_it_holds_nothing(self, rule, market):
        decision = evaluate(rule("price < 101"), market((100,)))
        assert (decision.action, decision.side, decision.score) == (Action.ENTRY, Side.BUY, 1.0)

    def test_it_does_not_add_to_what_it_holds(self, rule, market):
        assert evaluate(rule("price < 101", "price > 500"), market((100,), held=5)).action is Action.NONE

    def test_it_does_not_exit_what_it_does_not_hold(self, rule, market):
        assert evaluate(rule("false", "true"), market((100,))).action is Action.NONE

    def test_with_both_conditions_true_it_exits_when_holding_and_else_enters(self, rule, market):
        assert evaluate(rule("true", "true"), market((100,), held=5)).action is Action.EXIT
        assert evaluate(rule("true", "true"), market((100,))).action is Action.ENTRY

    def test_unknown_never_acts(self, rule, market):
        decision = evaluate(rule("rsi(14) > 0", "not rsi(14) > 0"), market((100, 101)))
        assert (decision.action, decision.verdict, decision.looked) == (Action.NONE, None, True)
        assert evaluate(rule("true", "not rsi(14) > 0"), market((100, 101), held=1)).action is Action.NONE

    def test_a_stop_still_works_while_the_rest_is_warming_up(self, rule, market):
        stop = rule("true", "rsi(14) > 70 or position.return_pct <= -5")
        assert evaluate(stop, market((100, 94), held=5, paid="100")).action is Action.EXIT


class TestData:
    @pytest.mark.parametrize("freshness", [f for f in Freshness if f is not Freshness.FRESH])
    def test_only_a_fresh_quote_moves_money(self, rule, market, quote, freshness):
        data = market((100,), quote=quote(100, freshness=freshness))
        decision = evaluate(rule("true"), data)
        assert decision.action is Action.NONE
        assert decision.blocked and not decision.looked
        assert decision.judged_bar is None  # the bar may still be judged when a fresh quote comes

    def test_no_quote_and_a_price_of_zero_are_no_price(self, rule, market, quote):
        assert evaluate(rule("true"), market((100,), quote=None)).blocked.en == "There is no quote"
        zero = market((100,), quote=quote(100, last=Decimal(0)))
        assert evaluate(rule("true"), zero).action is Action.NONE

    def test_data_of_another_symbol_or_timeframe_is_a_mistake_of_the_caller(self, rule, market):
        with pytest.raises(ValueError, match="AAPL"):
            evaluate(rule("true"), market((100,), symbol="MSFT"))
        with pytest.raises(ValueError, match="1m"):
            evaluate(rule("true"), market((100,), bars=Bars(Timeframe.M5)))


class TestSessions:
    """A rule judges only while it may act, so that nothing it wants is lost to a closed door."""

    def test_outside_its_sessions_it_looks_at_nothing_and_the_bar_waits(self, rule, market):
        pre = replace(market((100,)), session=SessionView(Session.PRE))
        decision = evaluate(rule("true"), pre)
        assert (decision.action, decision.looked, decision.judged_bar) == (Action.NONE, False, None)
        assert "pre-market" in decision.explain("en") and "프리마켓" in decision.explain("ko")

    def test_it_judges_the_waiting_bar_when_its_session_opens(self, rule, market):
        regular = replace(market((100,)), session=SessionView(Session.REGULAR))
        assert evaluate(rule("true"), regular).action is Action.ENTRY

    def test_a_rule_may_name_other_sessions(self, rule, market):
        pre = replace(market((100,)), session=SessionView(Session.PRE))
        assert evaluate(replace(rule("true"), sessions=(Session.PRE, Session.REGULAR)), pre).action is Action.ENTRY


class TestBarClose:
    def test_a_bar_is_judged_once(self, rule, market):
        data = market((100,))
        first = evaluate(rule("true"), data)
        again = evaluate(rule("true"), replace(data, memory=RuleMemory(last_bar_at=first.judged_bar)))
        assert first.judged_bar == data.bars.rows[-1].start
        assert (again.action, again.looked) == (Action.NONE, False)

    def test_a_bar_that_a_gap_hides_is_judged_when_history_has_filled_it(self, rule, market):
        whole = market((100, 99, 102))
        holed = replace(whole, bars=replace(whole.bars, complete=False))
        crossing = rule("close crosses_above 100")

        during = evaluate(crossing, holed)
        assert (during.action, during.verdict, during.judged_bar) == (Action.NONE, None, None)
        assert evaluate(crossing, whole).action is Action.ENTRY

    def test_a_bar_waits_for_the_bars_of_another_symbol(self, rule, market, bars):
        data, other = market((100,)), rule("QQQ.close > 1")
        assert evaluate(other, data).judged_bar is None
        there = replace(data, others={SeriesKey("QQQ", Timeframe.M1): bars(data.now, (400,))})
        assert evaluate(other, there).action is Action.ENTRY

    def test_what_is_known_whatever_is_missing_is_judged(self, rule, market):
        holed = market((100,))
        holed = replace(holed, bars=replace(holed.bars, complete=False))
        assert evaluate(rule("price > 500 and rsi(14) < 30"), holed).judged_bar is not None
        assert (
            evaluate(
                rule("true", "price < 101 or rsi(14) > 70"), replace(holed, position=market(held=5).position)
            ).action
            is Action.EXIT
        )

    def test_warming_up_is_judged_once(self, rule, market):
        decision = evaluate(rule("rsi(14) > 0"), market((100, 101)))
        assert (decision.verdict, decision.judged_bar) == (None, decision.bar_at)

    def test_it_does_not_see_the_bar_that_is_forming(self, rule, market):
        data = market((100, 101))
        forming = replace(data.bars.rows[-1], start=data.now, close=Decimal(500), closed=False)
        seen = replace(data, now=data.now + 30 * MINUTE / 60, bars=replace(data.bars, rows=(*data.bars.rows, forming)))
        decision = evaluate(rule("close == 101"), seen)
        assert decision.action is Action.ENTRY

    def test_without_a_closed_bar_it_waits(self, rule, market):
        assert evaluate(rule("true"), market((100,), bars=Bars(Timeframe.M1))).blocked.en == "No bar has closed yet"

    def test_the_last_bar_of_another_session_is_not_acted_on(self, rule, market, quote):
        yesterday = market((100,))
        now = yesterday.now + timedelta(hours=21)
        opened = SessionView(yesterday.session.session, now.date(), now - MINUTE, now + 300 * MINUTE)
        today = replace(yesterday, now=now, quote=quote(100, now), session=opened)
        assert evaluate(rule("true"), today).action is Action.NONE

    def test_a_quiet_symbol_is_judged_on_its_newest_bar_however_long_ago_it_traded(self, rule, market, quote):
        data = market((100,))
        later = data.now + 10 * MINUTE
        assert evaluate(rule("true"), replace(data, now=later, quote=quote(100, later))).action is Action.ENTRY


class TestTick:
    def test_the_forming_bar_has_the_quotes_price_as_its_close(self, rule, market):
        data = market((100, 101), price=120)
        seen = rule("close == 120 and close[1] == 101", on=EvaluateOn.TICK)
        assert evaluate(seen, data).action is Action.ENTRY

    def test_a_forming_bar_that_the_series_carries_keeps_its_range(self, rule, market, quote):
        data = market((100, 101), price=120)
        forming = replace(data.bars.rows[-1], start=data.now, high=Decimal(110), low=Decimal(90), closed=False)
        data = replace(data, bars=replace(data.bars, rows=(*data.bars.rows, forming)))
        seen = rule("close == 120 and high == 120 and low == 90 and volume == 1001", on=EvaluateOn.TICK)
        assert evaluate(seen, data).action is Action.ENTRY

    def test_what_was_not_seen_of_a_forming_bar_is_unknown(self, rule, market):
        assert evaluate(rule("high > 0", on=EvaluateOn.TICK), market((100, 101))).verdict is None
        assert evaluate(rule("volume >= 0", on=EvaluateOn.TICK), market((100, 101))).verdict is None

    def test_bars_that_ended_some_time_ago_are_not_the_bars_before_this_price(self, rule, market, quote):
        data = market((100, 101))
        later = data.now + 5 * MINUTE
        late = replace(data, now=later, quote=quote(100, later))
        assert evaluate(rule("close[1] > 0", on=EvaluateOn.TICK), late).verdict is None
        assert evaluate(rule("price > 0", on=EvaluateOn.TICK), late).action is Action.ENTRY

    def test_the_first_bar_of_a_session_follows_the_last_of_the_one_before(self, rule, market, quote):
        data = market((100, 101))
        opens = data.now + timedelta(hours=16)
        session = SessionView(data.session.session, opens.date(), opens, opens + 390 * MINUTE)
        first = replace(data, now=opens, quote=quote(100, opens), session=session)
        assert evaluate(rule("close[1] == 101", on=EvaluateOn.TICK), first).action is Action.ENTRY


class TestKeys:
    def test_a_bar_rule_has_one_key_per_side_and_bar(self, rule, market):
        decision = evaluate(rule("true"), market((100,)))
        assert decision.key == "00000000-0000-0000-0000-000000000001:buy:2026-11-20T16:59:00Z"

    def test_a_tick_rule_has_one_key_per_cool_down(self, rule, market):
        tick = rule("true", on=EvaluateOn.TICK, cooldown_sec=300)
        now = market((100,)).now
        keys = [decision_key(tick, Side.BUY, bar_at=None, now=now + timedelta(seconds=s)) for s in (0, 299, 300)]
        assert keys[0] == keys[1] != keys[2]

    def test_a_long_cool_down_does_not_keep_a_refused_exit_from_trying_again(self, rule, market):
        tick = rule("true", on=EvaluateOn.TICK, cooldown_sec=3600)
        now = market((100,)).now
        keys = {decision_key(tick, Side.SELL, bar_at=None, now=now + timedelta(seconds=s)) for s in (0, 59, 60)}
        assert len(keys) == 2

    def test_no_action_has_no_key(self, rule, market):
        assert evaluate(rule("false"), market((100,))).key is None


class TestSizing:
    @pytest.mark.parametrize(
        ("price", "quantity"),
        [("1", 100), ("10", 100), ("10.01", 99), ("333.33", 3), ("333.34", 2), ("1000", 1), ("1000.01", 0)],
    )
    def test_whole_shares_for_the_amount_and_never_over_the_maximum(self, rule, price, quantity):
        assert quantity_for(rule(), Decimal(price)) == quantity

    def test_a_price_of_zero_is_refused(self, rule):
        with pytest.raises(ValueError, match="above zero"):
            quantity_for(rule(), Decimal(0))


ENTRIES = (
    "sma(3) crosses_above sma(8)",
    "rsi(3) < 50 and price > sma(5)",
    "ema(4) > close[2] or volume > 1100",
)


@given(cut=st.integers(60, 199), entry=st.sampled_from(ENTRIES), on=st.sampled_from(EvaluateOn))
@settings(max_examples=80, deadline=None)
def test_nobody_sees_the_future(rule, market, bars, quote, cut, entry, on):
    """A decision at t on the whole series is the decision on the series cut at t, to the last bit of its reasons."""
    whole = bars(market((1,)).now, CLOSES)
    now = whole.rows[cut].start
    known = market(
        (1,), now=now, quote=quote(whole.rows[cut - 1].close, now), bars=replace(whole, rows=whole.rows[:cut])
    )
    foreseen = replace(known, bars=whole)
    assert evaluate(rule(entry, on=on), known).as_dict() == evaluate(rule(entry, on=on), foreseen).as_dict()


class TestReasons:
    def test_the_tree_goes_down_to_the_values(self, rule, market):
        decision = evaluate(rule("price > 150 and (sma(2) < 200 or rsi(14) < 30)"), market((100, 102)))
        tree = decision.as_dict()["reasons"]
        assert tree["kind"] == "all" and tree["result"] is False
        price, either = tree["parts"]
        assert price["left"] == {"text": "price", "value": "102"}
        assert (price["operator"], price["right"]["value"], price["distance"]) == (">", "150", "48")
        mean, rsi = either["parts"]
        assert (mean["result"], mean["left"]["value"], mean["distance"]) == (True, "101.0", "99.0")
        assert (rsi["result"], rsi["unknown_because"]["en"]) == (None, "15 bars needed, 2 there")

    def test_a_decision_can_be_stored(self, rule, market):
        decision = evaluate(rule(ENTRIES[1]), market(CLOSES))
        stored = json.loads(json.dumps(decision.as_dict()))
        assert stored["rule_version"] == 3
        assert stored["inputs"]["quote_age_sec"] == 0
        assert stored["inputs"]["bar_at"] == "2026-11-20T16:59:00Z"

    @pytest.mark.parametrize(
        ("entry", "korean", "english"),
        [
            ("price < 90", "현재가 100.5 가 90 보다 커서 매수하지 않음",
             "price 100.5 is greater than 90, so it does not buy"),
            ("price < 101", "현재가 100.5 가 101 보다 작아서 매수함", "price 100.5 is less than 101, so it buys"),
            ("price != 100.5", "현재가 100.5 가 100.5 와 같아서 매수하지 않음",
             "price 100.5 is equal to 100.5, so it does not buy"),
            ("sma(2) > 200", "SMA(2) 100.25 가 200 보다 작아서 매수하지 않음",
             "SMA(2) 100.25 is less than 200, so it does not buy"),
            ("close crosses_above 103", "종가 100.5 가 103 을 위로 넘지 않아서 매수하지 않음",
             "close 100.5 did not cross above 103, so it does not buy"),
            ("price > 1 and price > 200 and price > 2", "현재가 100.5 가 200 보다 작아서 매수하지 않음",
             "price 100.5 is less than 200, so it does not buy"),
            ("rsi(14) < 30", "rsi(14) < 30 을(를) 아직 알 수 없어서 (봉 15개 필요, 2개 있음) 매수하지 않음",
             "rsi(14) < 30 is not known yet (15 bars needed, 2 there), so it does not buy"),
            ("not price > 1", "현재가 100.5 가 1 보다 커서 매수하지 않음",
             "price 100.5 is greater than 1, so it does not buy"),
            ("false", "조건이 늘 false 이어서 매수하지 않음", "the condition is always false, so it does not buy"),
        ],
    )  # fmt: skip
    def test_it_explains_itself_in_both_languages(self, rule, market, entry, korean, english):
        decision = evaluate(rule(entry), market((100, "100.5")))
        assert (decision.explain("ko"), decision.explain("en")) == (korean, english)

    def test_a_blocked_look_says_what_blocked_it(self, rule, market):
        decision = evaluate(rule("true"), market((100,), quote=None))
        assert decision.explain("ko") == "시세가 없어 매수하지 않음"
        assert decision.explain("en") == "There is no quote, so it does not buy"

    @pytest.mark.parametrize(
        ("entry", "score"),
        [
            ("price < 200", 1.0),
            ("price > 100", 0.99),  # at the line, but not over it
            ("price > 300", 0.495),
            ("rsi(14) < 30", 0.0),
            ("price < 200 and close > 300", 0.7475),
            ("price > 300 or price > 100", 0.99),
            ("not (price < 200 and close > 300)", 1.0),
            ("not price < 200", 0.66),
        ],
    )
    def test_the_score_says_how_near_it_was(self, rule, market, entry, score):
        assert evaluate(rule(entry), market((100,))).score == score

    @given(entry=st.sampled_from(ENTRIES), cut=st.integers(1, 200))
    @settings(max_examples=60, deadline=None)
    def test_the_score_is_one_exactly_when_the_condition_is_true(self, rule, market, entry, cut):
        decision = evaluate(rule(entry), market(CLOSES[:cut]))
        assert 0 <= decision.score <= 1
        assert (decision.score == 1) == (decision.verdict is True)
