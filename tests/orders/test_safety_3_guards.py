"""safety.md section 3: guards that hold, and let out. Each test quotes the words that it shows."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from accounts.models import BrokerageAccount, HouseLimits, RiskLimits
from accounts.services import set_limits
from instruments.selectors import forget_sessions, session_spans
from instruments.services import import_trading_days
from market.errors import Text
from market.orders import BuyingPower
from market.sessions import SessionSpan
from market.words import MarginMode, Session, Side, TradingState
from orders.domain import State
from orders.facts import look_at
from orders.models import Order, Request
from orders.risk import GUARDS, AppliesTo
from orders.services import Seen, Vetoed, preview
from positions.models import AccountBook, DailyLedger, Position
from rules.models import RuleState, TradeRule

pytestmark = pytest.mark.django_db
D = Decimal


def vetoed(desk, call) -> set[str]:
    """The guards that voted against it."""
    with pytest.raises(Vetoed) as said:
        call()
    return {vote.guard for vote in said.value.verdict.vetoes}


def owns(desk, qty=10, rule=None, symbol="NVDA"):
    """The rule owns shares, bought yesterday."""
    Position.objects.update_or_create(
        account=desk.account, symbol=symbol,
        defaults={"exchange": "nasdaq", "qty": qty, "avg_price": D("100"), "last_price": D("100")},
    )  # fmt: skip
    RuleState.objects.filter(rule=rule or desk.rule).update(qty=qty, avg_price=D("100"), opened_at=desk.at)


class TestLetOut:
    """3.1: "A reducing order passes everything but ownership, session, tick, unsettled quantity, fencing and its own
    wider collar. The spread, drawdown or failure-streak guard never blocks the stop-loss it should cause."
    """

    def test_each_guard_says_whether_it_applies_to_orders_that_add_risk_or_reduce_it_or_both(self):
        assert all(isinstance(guard.applies_to, AppliesTo) for guard in GUARDS.values())

    def test_on_the_worst_day_the_stop_loss_goes_out(self, desk):
        """Limits used up, losses, refusals, an old quote, a dispute, holdings never compared: the exit is sent."""
        owns(desk)
        tight = {"daily_buy_usd": 0, "max_order_usd": 0, "max_position_usd": 0, "max_position_qty": 0,
                 "max_open_positions": 0, "max_spread_bps": 0, "max_slippage_bps": 0, "orders_per_minute": 0,
                 "daily_loss_usd": D("0.01"), "max_drawdown_pct": D("0.01"),
                 "no_entry_before_close_sec": 86_400}  # fmt: skip
        HouseLimits.objects.create(**tight)
        RiskLimits.objects.filter(account=desk.account).update(**tight)
        DailyLedger.objects.create(account=desk.account, trading_day=desk.at.date(), realized_pnl=D("-9999"))
        AccountBook.objects.create(account=desk.account, equity_alone=D(1), peak_equity=D(100))
        RuleState.objects.update(failure_streak=99, cooldown_until=desk.at + timedelta(days=1))
        RuleState.objects.update(last_entry_at=desk.at)
        TradeRule.objects.update(cooldown_sec=86_400)
        Position.objects.update(needs_person=True)
        desk.compares = False
        old = replace(desk.quote("100.00"), at=desk.at - timedelta(hours=1), bid=D("90"), ask=D("110"))

        order = desk.submit(desk.intent(Side.SELL, price="95.00"), quote=old)

        assert (order.status, order.qty) == (State.WORKING, 10)

    def test_the_same_day_no_entry_goes_out_and_every_vote_is_kept(self, desk):
        RiskLimits.objects.update(daily_loss_usd=D(100), orders_per_minute=5)
        DailyLedger.objects.create(account=desk.account, trading_day=desk.at.date(), realized_pnl=D("-100"))
        with pytest.raises(Vetoed) as said:
            desk.buy()
        votes = said.value.verdict.as_dict()["votes"]
        adding = {name for name, guard in GUARDS.items() if guard.applies_to.covers(Side.BUY)}
        # the broker is not even asked for the buying power of an order that others stop
        assert {vote["guard"] for vote in votes} == adding - {"buying_power"}
        assert {vote["guard"] for vote in votes if not vote["passed"]} == {"daily_loss"}

    def test_votes_are_kept_with_the_order_too(self, desk):
        kept = desk.buy().reason["guards"]["votes"]
        assert {vote["guard"] for vote in kept} == {n for n, g in GUARDS.items() if g.applies_to.covers(Side.BUY)}

    @pytest.mark.parametrize(
        ("what", "why"),
        [
            ({"quantity": 0}, "whole_quantity"),
            ({"price": "95.001"}, "tick_size"),
            ({"price": "89.99", "at": "100.00"}, "price_collar"),
        ],
    )
    def test_but_an_exit_is_still_a_valid_order_inside_its_wider_collar(self, desk, what, why):
        owns(desk)
        last = what.pop("at", None) or what.get("price", "100.00")
        intent = desk.intent(Side.SELL, **({"price": "100.00"} | what))
        assert why in vetoed(desk, lambda: desk.submit(intent, quote=desk.quote(last)))

    def test_unsettled_quantity_stays(self, desk):
        """What an unknown sell may have sold is not sold again; the rest goes out."""
        owns(desk, 10)
        desk.broker.next("lose_request")
        desk.sell(quantity=6, price="99.00")
        other = TradeRule.objects.create(
            account=desk.account, symbol="NVDA", exchange="nasdaq", buy_amount_usd=1, max_position=1,
            entry_condition="price > 0", enabled=True,
        )  # fmt: skip
        RuleState.objects.create(rule=other, qty=10)
        assert desk.submit(desk.intent(Side.SELL, 10, "99.00"), rule=other).qty == 4

    def test_a_held_symbol_stops_what_a_rule_decided_and_not_what_a_person_wants(self, desk):
        """2.6: after a split neither entries nor price-derived exits, "until … a person decides"."""
        owns(desk)
        split = {"kind": "split", "ko": "10대 1 분할", "en": "a split of 10 to 1", "at": desk.at.isoformat()}
        Position.objects.update(held_because=split)
        assert vetoed(desk, desk.sell) == {"symbol_hold"}
        by_person = replace(desk.intent(Side.SELL), by_person=True)
        assert desk.submit(by_person).status == State.WORKING


class TestStates:
    """3.2: "`active`, `reducing` (exits and cancels only), `halted` (nothing) … The state is read in the transaction
    that moves to `submitting`."
    """

    def set_state(self, desk, whose, state):
        if whose == "house":
            HouseLimits.objects.update_or_create(pk=1, defaults={"trading_state": state})
        elif whose == "account":
            BrokerageAccount.objects.filter(pk=desk.account.pk).update(trading_state=state)
        else:
            TradeRule.objects.filter(pk=desk.rule.pk).update(enabled=state is TradingState.ACTIVE)

    @pytest.mark.parametrize("whose", ["house", "account"])
    def test_reducing_lets_exits_out_and_halted_nothing(self, desk, whose):
        owns(desk)
        self.set_state(desk, whose, TradingState.REDUCING)
        assert f"{whose}_switch" in vetoed(desk, lambda: desk.buy(price="101.00"))
        self.set_state(desk, whose, TradingState.HALTED)
        assert vetoed(desk, desk.sell) == {f"{whose}_switch"}
        self.set_state(desk, whose, TradingState.REDUCING)
        assert desk.sell().status == State.WORKING

    def test_a_rule_that_was_switched_off_buys_nothing_and_a_sale_of_its_shares_still_goes_out(self, desk):
        self.set_state(desk, "rule", TradingState.REDUCING)
        assert "rule_switch" in vetoed(desk, desk.buy)
        owns(desk)
        assert desk.sell().status == State.WORKING

    @pytest.mark.parametrize("whose", ["house", "account", "rule"])
    def test_a_halt_between_the_intent_and_the_write_keeps_it_unsent(self, desk, whose):
        """The intent is committed, everything slow is done, then somebody presses the button."""
        from asgiref.sync import sync_to_async

        async def halt():
            await sync_to_async(self.set_state, thread_sensitive=True)(desk, whose, TradingState.HALTED)

        desk.broker.before_send = halt
        order = desk.buy()
        assert (order.status, desk.broker.rows) == (State.NOT_SENT, {})
        assert Request.objects.count() == 0

    def test_the_state_is_that_of_the_row_and_not_of_what_the_caller_has_in_hand(self, desk):
        self.set_state(desk, "account", TradingState.HALTED)
        assert desk.account.trading_state == TradingState.ACTIVE  # read an hour ago
        assert "account_switch" in vetoed(desk, desk.buy)

    def test_doubt_leads_to_reducing_which_still_lets_out(self, desk):
        from orders.moves import call_person

        owns(desk)
        call_person(desk.account, Text("의심", "a doubt"), at=desk.at)
        assert "account_switch" in vetoed(desk, lambda: desk.buy(price="101.00"))
        assert desk.sell().status == State.WORKING


class TestLimits:
    """3.3: "A quantity over a limit is reduced to fit, with the reason kept; zero is a veto. Limits are counted in
    PostgreSQL by trading day, with reservations at limit price plus fees for everything open, unknown or not_seen."
    """

    def limit(self, desk, **values):
        set_limits(account=desk.account, **values)

    def test_reduced_to_fit_with_the_reason_kept(self, desk):
        self.limit(desk, daily_buy_usd=D("501.25"))
        order = desk.buy()
        assert order.qty == 5
        reduced = next(v for v in order.reason["guards"]["votes"] if v["guard"] == "daily_buy_limit")
        assert reduced["quantity"] == 5 and "501.25" in reduced["reason"]["en"]

    def test_zero_is_a_veto(self, desk):
        self.limit(desk, daily_buy_usd=D("100.24"))
        assert vetoed(desk, desk.buy) == {"daily_buy_limit"}
        assert not Order.objects.exists()

    @pytest.mark.parametrize("outcome", ["accept", "lose_request", "lose_answer", "crash", "no_number"])
    def test_open_and_unknown_orders_keep_their_dollars_reserved(self, desk, new_rule, outcome):
        self.limit(desk, daily_buy_usd=D("1102.75"))  # one share more than the first order
        desk.broker.next(outcome)
        desk.buy()
        other = new_rule(desk.account, symbol="AAPL")
        assert desk.submit(desk.intent(symbol="AAPL"), rule=other).qty == 1

    @pytest.mark.parametrize("outcome", ["refuse"])
    def test_a_proved_end_frees_them_at_once(self, desk, outcome):
        self.limit(desk, daily_buy_usd=D("1002.50"))
        desk.broker.next(outcome)
        assert desk.buy().status == State.REJECTED
        assert desk.buy().qty == 10

    def test_silence_keeps_them_until_the_days_complete_list_was_read(self, desk, new_rule):
        self.limit(desk, daily_buy_usd=D("1002.50"))
        desk.broker.next("lose_request")
        desk.buy()
        Order.objects.update(status=State.NOT_SEEN, final_at=desk.at)
        other = new_rule(desk.account, symbol="AAPL")
        desk.later(minutes=1)
        assert "daily_buy_limit" in vetoed(desk, lambda: desk.submit(desk.intent(symbol="AAPL"), rule=other))
        Order.objects.update(day_read_at=desk.at)
        assert desk.submit(desk.intent(symbol="AAPL"), rule=other).qty == 10

    def test_a_new_trading_day_has_its_own_sum(self, desk, new_rule):
        self.limit(desk, daily_buy_usd=D("1002.50"))
        DailyLedger.objects.create(account=desk.account, trading_day=desk.at.date(), bought_usd=D("1002.50"))
        assert "daily_buy_limit" in vetoed(desk, desk.buy)
        desk.later(days=1)
        assert desk.buy().qty == 10

    def test_a_restart_forgets_nothing(self, desk, new_rule):
        self.limit(desk, daily_buy_usd=D("1002.50"), orders_per_minute=1)
        desk.buy()
        desk.recover()
        other = new_rule(desk.account, symbol="AAPL")
        again = vetoed(desk, lambda: desk.submit(desk.intent(symbol="AAPL"), rule=other))
        assert again >= {"daily_buy_limit", "order_rate"}

    def test_the_rate_counts_intents_of_the_last_minute_whatever_became_of_them(self, desk):
        self.limit(desk, orders_per_minute=2)
        for _ in range(2):
            desk.broker.next("refuse")
            desk.buy()
        assert "order_rate" in vetoed(desk, desk.buy)
        desk.later(seconds=59)
        assert "order_rate" in vetoed(desk, desk.buy)
        desk.later(seconds=2)
        assert desk.buy().status == State.WORKING

    def test_exits_are_counted_in_the_rate_and_never_stopped_by_it(self, desk, new_rule):
        owns(desk)
        self.limit(desk, orders_per_minute=1)
        other = new_rule(desk.account, symbol="AAPL")
        desk.submit(desk.intent(symbol="AAPL"), rule=other)
        assert desk.sell().status == State.WORKING

    def test_the_houses_sums_are_over_all_accounts(self, desk, foreign_account, new_rule):
        HouseLimits.objects.create(daily_buy_usd=D("1503.75"), orders_per_minute=5, daily_loss_usd=D(50))
        desk.buy()
        other = new_rule(foreign_account)
        desk.account = foreign_account
        assert desk.submit(desk.intent(), rule=other).qty == 5
        DailyLedger.objects.create(account=foreign_account, trading_day=desk.at.date(), realized_pnl=D("-50"))
        third = new_rule(foreign_account, symbol="AAPL")
        assert "daily_loss" in vetoed(desk, lambda: desk.submit(desk.intent(symbol="AAPL"), rule=third))

    @pytest.mark.parametrize(
        ("limit", "value", "name"),
        [
            ("max_position_qty", 4, "max_position"),
            ("max_position_usd", D("400"), "max_position"),
            ("max_order_usd", D("499.99"), "max_order_value"),
        ],
    )
    def test_the_tighter_of_house_and_account_wins(self, desk, limit, value, name):
        HouseLimits.objects.create(**{limit: value})
        self.limit(desk, **{limit: value * 2})
        order = desk.buy()
        assert order.qty == 4
        assert any(v["guard"] == name and v["quantity"] == 4 for v in order.reason["guards"]["votes"])

    def test_open_positions_count_what_is_being_bought(self, desk, new_rule):
        self.limit(desk, max_open_positions=1)
        desk.buy()
        other = new_rule(desk.account, symbol="AAPL")
        assert "max_open_positions" in vetoed(desk, lambda: desk.submit(desk.intent(symbol="AAPL"), rule=other))

    def test_adding_has_its_own_maximum(self, desk):
        """2.3: "adding is a setting of the rule, with its own maximum"."""
        TradeRule.objects.update(max_entries=2, cooldown_sec=0)
        desk.held(quantity=5)
        second = desk.buy(quantity=5, price="101.00")
        desk.broker.fill(second.broker_order_id, 5, "101.00")
        desk.later(seconds=1)
        desk.track()
        assert RuleState.objects.get().qty == 10
        assert "holds_nothing" in vetoed(desk, lambda: desk.buy(quantity=5, price="102.00"))

    def test_the_rest_of_a_partly_filled_entry_at_another_price_is_the_same_entry(self, desk):
        TradeRule.objects.update(cooldown_sec=600)
        first = desk.buy(key="noon")
        desk.broker.fill(first.broker_order_id, 4, "100.00")
        desk.track()
        desk.cancel(first)
        desk.later(seconds=30)
        desk.track()
        assert "holds_nothing" in vetoed(desk, lambda: desk.buy(quantity=6, price="100.10", key="another"))
        assert desk.buy(quantity=6, price="100.10", key="noon#1").status == State.WORKING

    def test_a_mark_in_the_key_alone_makes_no_entry_a_continuation(self, desk):
        desk.held(quantity=4)
        assert "holds_nothing" in vetoed(desk, lambda: desk.buy(key="event#1"))


class TestBuyingPower:
    """3.4: "the broker's figure for the account's `margin_mode` …, less our own orders not yet visible in it"."""

    def power(self, desk, usd, integrated):
        return BuyingPower(D(usd), D(integrated), 10**6, 10**6, None, desk.at)

    @pytest.mark.parametrize(("mode", "qty"), [(MarginMode.USD, 3), (MarginMode.INTEGRATED, 7)])
    def test_the_figure_of_the_margin_mode_counts(self, desk, mode, qty):
        BrokerageAccount.objects.filter(pk=desk.account.pk).update(margin_mode=mode)
        assert desk.submit(buying_power=self.power(desk, "300.75", "701.75")).qty == qty

    def test_our_own_orders_that_it_cannot_show_yet_are_taken_off(self, desk, new_rule):
        desk.buy(quantity=6)
        other = new_rule(desk.account, symbol="AAPL")
        seen = self.power(desk, "1002.50", "0")
        assert desk.submit(desk.intent(symbol="AAPL"), rule=other, buying_power=seen).qty == 4

    def test_a_filled_one_counts_too_while_the_figure_is_older_than_it(self, desk, new_rule):
        desk.held(quantity=6)
        other = new_rule(desk.account, symbol="AAPL")
        seen = self.power(desk, "1002.50", "0")
        assert desk.submit(desk.intent(symbol="AAPL"), rule=other, buying_power=seen).qty == 4


class TestLosses:
    """3.5: "daily loss and drawdown exclude external flows"."""

    def test_daily_loss_is_what_was_realised_in_this_trading_day(self, desk):
        set_limits(account=desk.account, daily_loss_usd=D("100"))
        ledger = DailyLedger.objects.create(account=desk.account, trading_day=desk.at.date(), realized_pnl=D("-100"))
        assert "daily_loss" in vetoed(desk, desk.buy)
        ledger.trading_day = desk.at.date() - timedelta(days=1)
        ledger.save()
        assert desk.buy().status == State.WORKING

    @pytest.mark.parametrize(("alone", "passes"), [("95.01", True), ("95.00", False), ("94.99", False)])
    def test_drawdown_is_of_the_equity_that_nobody_paid_into(self, desk, alone, passes):
        set_limits(account=desk.account, max_drawdown_pct=D(5))
        AccountBook.objects.create(account=desk.account, equity_alone=D(alone), peak_equity=D(100), external_net=D(-90))
        if passes:
            assert desk.buy().status == State.WORKING
        else:
            assert "drawdown" in vetoed(desk, desk.buy)


class TestRightData:
    """4.1, 4.2, 4.4 as far as guards care: freshness is the market's time, incomplete data never buys, and the
    sessions are those of the table.
    """

    @pytest.mark.parametrize(("age", "passes"), [(10, True), (10.5, False)])
    def test_a_quote_is_as_old_as_the_market_says(self, desk, age, passes):
        quote = replace(desk.quote(), at=desk.at - timedelta(seconds=age), received_at=desk.at)
        if passes:
            assert desk.submit(quote=quote).status == State.WORKING
        else:
            assert "fresh_quote" in vetoed(desk, lambda: desk.submit(quote=quote))

    def test_a_decision_on_bars_with_holes_buys_nothing(self, desk):
        holes = replace(desk.intent(), on_complete_data=False)
        assert "complete_data" in vetoed(desk, lambda: desk.submit(holes))
        owns(desk)
        assert desk.submit(replace(desk.intent(Side.SELL), on_complete_data=False)).status == State.WORKING

    def test_holdings_not_compared_for_ten_minutes_stop_entries(self, desk):
        desk.compares = False
        assert "position_reconciled" in vetoed(desk, desk.buy)
        desk.compared(at=desk.at - timedelta(seconds=601))
        assert "position_reconciled" in vetoed(desk, desk.buy)
        desk.reconcile()
        assert desk.buy().status == State.WORKING

    def test_an_early_close_is_a_close(self, desk):
        """The day after Thanksgiving ends at 13:00: the last five minutes begin at 12:55."""
        set_limits(account=desk.account, no_entry_before_close_sec=300)
        opens, closes = datetime(2026, 11, 27, 14, 30, tzinfo=UTC), datetime(2026, 11, 27, 18, 0, tzinfo=UTC)
        import_trading_days([SessionSpan(opens.date(), Session.REGULAR, opens, closes)], source="test")
        forget_sessions()
        desk.later(seconds=(closes - timedelta(seconds=300) - desk.at).total_seconds())
        assert "before_close" in vetoed(desk, desk.buy)
        owns(desk)
        assert desk.sell().status == State.WORKING
        desk.later(seconds=300)
        assert "market_session" in vetoed(desk, lambda: desk.sell(price="98.00"))


def test_a_look_leaves_no_trace(desk, django_assert_num_queries):
    """How guards would vote is asked by pages and previews: two questions, no lock, no row."""
    look_at(account_id=desk.account.pk, symbol="NVDA", exchange="nasdaq")
    intent = desk.intent()
    preview(account=desk.account, rule=desk.rule, intent=intent, seen=Seen(desk.quote()), now=desk.at)
    with django_assert_num_queries(3):  # a symbol that was never held: the account is read by itself
        preview(account=desk.account, rule=desk.rule, intent=intent, seen=Seen(desk.quote()), now=desk.at)
    assert not Position.objects.exists() and not Order.objects.exists()


class TestCost:
    """Each question to the database is a round trip while the market moves."""

    def counted(self, desk, side, django_assert_num_queries, most):
        from orders.submit import _record_intent

        desk.compared()
        session_spans(desk.at)  # a process reads them twice a minute
        seen = Seen(desk.quote(), BuyingPower(D(10**6), D(10**6), 10**6, 10**6, None, desk.at))
        intent = desk.intent(side)
        with django_assert_num_queries(most):
            _record_intent(desk.account, desk.rule, None, intent, seen, desk.at)

    def test_guards_and_intent_of_an_entry(self, desk, django_assert_num_queries):
        """House (is anything counted together?), account and position, all the rest; then two rows. Two more are the
        test's own savepoint, in the place of BEGIN and COMMIT."""
        owns(desk, 0)
        self.counted(desk, Side.BUY, django_assert_num_queries, 5 + 2)

    def test_with_every_limit_set_it_asks_twice_more(self, desk, django_assert_num_queries):
        owns(desk, 0)
        every = {"daily_buy_usd": 10**6, "max_order_usd": 10**6, "max_position_usd": 10**6, "max_position_qty": 10**6,
                 "max_open_positions": 99, "max_spread_bps": 999, "max_slippage_bps": 999, "orders_per_minute": 99,
                 "daily_loss_usd": 10**6, "max_drawdown_pct": 99, "no_entry_before_close_sec": 1}  # fmt: skip
        HouseLimits.objects.create(**every)
        set_limits(account=desk.account, **every)
        AccountBook.objects.create(account=desk.account, equity_alone=D(100), peak_equity=D(100))
        self.counted(desk, Side.BUY, django_assert_num_queries, 7 + 2)

    def test_guards_and_intent_of_an_exit(self, desk, django_assert_num_queries):
        owns(desk)
        self.counted(desk, Side.SELL, django_assert_num_queries, 4 + 2)

    def test_the_years_behind_cost_nothing(self, desk):
        """What may still fill is found by an index of its own, not by reading every order that ever was."""
        from django.db import connection

        from orders.models import MAY_FILL

        long_ago = desk.at - timedelta(days=300)
        Order.objects.bulk_create(
            Order(
                account=desk.account, decision_key=f"old-{n}", symbol="NVDA", exchange="nasdaq", side="buy", qty=1,
                price=1, status=State.FILLED, filled_qty=1, avg_fill_price=1, trading_day=long_ago.date(),
                created_at=long_ago, placed_at=long_ago, final_at=long_ago, broker_order_id=str(n + 1),
                us_order_date=long_ago.date(),
            )
            for n in range(2000)
        )  # fmt: skip
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE orders_order")
        assert "order_may_fill" in Order.objects.filter(MAY_FILL, account=desk.account).explain()
