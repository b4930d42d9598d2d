"""One intent, one order: whatever happens between the decision and the answer (safety.md 1)."""

import asyncio
from datetime import timedelta
from decimal import Decimal

import pytest
from asgiref.sync import async_to_sync

from accounts.models import BrokerageAccount, HouseLimits, RiskLimits
from logs.models import ExecutionLog
from market.errors import CredentialProblem, Throttled
from market.words import Side, TradingState
from orders.domain import State
from orders.models import Order, Outcome, Request
from orders.services import DuplicateDecision, Vetoed
from orders.submit import Seen, _record_intent, _to_submitting
from positions.models import Position
from rules.models import RuleState

pytestmark = pytest.mark.django_db


class LostLease(Exception):
    pass


def outcomes(order: Order) -> list[str]:
    return list(order.requests.order_by("attempt").values_list("outcome", flat=True))


class TestAnAnswer:
    def test_accepted_is_working_under_the_brokers_number_and_date(self, desk):
        order = desk.buy()

        assert (order.status, order.broker_order_id) == (State.WORKING, "40001")
        assert str(order.us_order_date) == "2026-11-24"
        assert order.lease_token == 7
        assert outcomes(order) == [Outcome.ACCEPTED]

    def test_refused_by_the_ledger_is_rejected_with_its_code(self, desk):
        desk.broker.next("refuse")
        order = desk.buy()

        assert (order.status, order.failure["code"]) == (State.REJECTED, "APBK0952")
        assert outcomes(order) == [Outcome.REFUSED]
        assert not desk.broker.rows

    @pytest.mark.parametrize("what", ["throttle", "unreachable"])
    def test_nothing_taken_is_tried_again_inside_the_deadline_then_not_sent(self, desk, what):
        desk.broker.next(what, what, what)
        order = desk.buy()

        assert order.status == State.NOT_SENT
        assert outcomes(order) == [Outcome.NOT_SENT] * 3
        assert not desk.broker.rows

    def test_a_repeat_after_a_proved_refusal_makes_one_order(self, desk):
        desk.broker.next("throttle")
        order = desk.buy()

        assert order.status == State.WORKING
        assert outcomes(order) == [Outcome.NOT_SENT, Outcome.ACCEPTED]
        assert len(desk.broker.originals()) == 1

    @pytest.mark.parametrize(
        ("what", "arrived"), [("lose_answer", 1), ("lose_request", 0), ("crash", 1), ("no_number", 1)]
    )
    def test_anything_that_proves_nothing_is_unknown_and_never_sent_again(self, desk, what, arrived):
        desk.broker.next(what)
        order = desk.buy()

        assert order.status == State.UNKNOWN
        assert outcomes(order) == [Outcome.UNKNOWN]
        assert len(desk.broker.originals()) == arrived

    def test_a_cancelled_task_leaves_the_order_unknown(self, desk):
        def cancelled(ticket):
            desk.broker.enter(ticket)
            raise asyncio.CancelledError

        desk.broker.take = cancelled
        with pytest.raises(asyncio.CancelledError):
            desk.buy()
        assert Order.objects.get().status == State.UNKNOWN

    def test_a_number_that_another_order_has_is_journaled_and_the_order_is_unknown(self, desk, new_rule):
        desk.buy()
        desk.broker.number -= 1  # the broker repeats itself
        order = desk.submit(desk.intent(price="90.00"), rule=new_rule(desk.account), quote=desk.quote("90.00"))

        order.refresh_from_db()
        assert (order.status, order.needs_person) == (State.UNKNOWN, True)
        assert BrokerageAccount.objects.get(pk=desk.account.pk).trading_state == TradingState.REDUCING
        assert ExecutionLog.objects.filter(level="error", kind="account").exists()


class TestBeforeTheWrite:
    def test_a_failing_preparation_is_not_sent(self, desk):
        desk.broker.fail_prepare = CredentialProblem("the token is dead", code="EGW00123")
        order = desk.buy()

        assert (order.status, order.failure["code"]) == (State.NOT_SENT, "EGW00123")
        assert not order.requests.exists()

    def test_a_lease_lost_between_preparing_and_the_commit_is_not_sent(self, desk):
        desk.lost_lease = LostLease()
        with pytest.raises(LostLease):
            desk.buy()

        order = Order.objects.get()
        assert (order.status, order.requests.count()) == (State.NOT_SENT, 0)
        assert not desk.broker.rows

    def test_a_halt_between_preparing_and_the_commit_is_not_sent(self, desk):
        async def halt():
            await BrokerageAccount.objects.filter(pk=desk.account.pk).aupdate(trading_state=TradingState.HALTED)

        desk.broker.before_send = halt
        order = desk.buy()

        assert order.status == State.NOT_SENT
        assert not desk.broker.rows

    def test_it_says_which_guard_kept_it_in(self, desk):
        async def halt():
            await BrokerageAccount.objects.filter(pk=desk.account.pk).aupdate(trading_state=TradingState.HALTED)

        desk.broker.before_send = halt
        failure = desk.buy().failure
        assert (failure["code"], failure["en"]) == ("vetoed", "Trading of this account is halted.")

    def test_it_says_so_when_shares_were_sold_elsewhere_meanwhile(self, desk):
        desk.held(10)

        async def sold_by_phone():
            await Position.objects.aupdate(qty=4)

        desk.broker.before_send = sold_by_phone
        order = desk.sell(quantity=10)
        assert (order.status, order.failure["code"]) == (State.NOT_SENT, "vetoed")
        assert "4 shares are surely there" in order.failure["en"]

    def test_a_decision_of_another_trading_day_is_not_sent(self, desk):
        """The machine slept through the night: the order is counted in limits of a day that is over."""
        desk.compared()
        intent = desk.intent()
        seen = Seen(desk.quote(), async_to_sync(desk.broker.buying_power)("NVDA", None, intent.limit_price))
        order = _record_intent(desk.account, desk.rule, None, intent, seen, desk.at)
        with pytest.raises(Vetoed, match="2026-11-24"):
            tomorrow = desk.at + timedelta(days=1)
            _to_submitting(order, desk.account, desk.rule, intent, seen, desk.fence, 1, tomorrow)

    def test_the_intent_is_committed_before_the_broker_is_asked_for_anything(self, desk):
        seen = []

        async def look():
            seen.append(await Order.objects.aget())

        desk.broker.before_send = look
        desk.buy()
        assert seen[0].status == State.INTENT

    def test_past_the_deadline_nothing_is_written(self, desk, settings):
        settings.BOT_SEND_WITHIN_SEC = 0.0
        order = desk.buy()
        assert order.status == State.NOT_SENT
        assert not desk.broker.rows


class TestADecision:
    def test_has_one_order_for_ever(self, desk):
        desk.broker.next("refuse")
        desk.submit(desk.intent(key="the bar of noon"))
        with pytest.raises(DuplicateDecision):
            desk.submit(desk.intent(key="the bar of noon"))
        assert Order.objects.count() == 1

    def test_that_the_guards_veto_leaves_no_row_and_asks_the_broker_nothing(self, desk):
        with pytest.raises(Vetoed) as veto:
            desk.submit(quote=None)
        assert [v.guard for v in veto.value.verdict.vetoes] == ["fresh_quote"]
        assert not Order.objects.exists()
        assert not desk.broker.rows

    def test_keeps_its_reason_and_every_vote(self, desk):
        RiskLimits.objects.filter(account=desk.account).update(max_order_usd=Decimal("300"))
        order = desk.buy()

        assert order.qty == 3
        assert order.reason["text"] == "a test"
        reduced = next(v for v in order.reason["guards"]["votes"] if v["guard"] == "max_order_value")
        assert reduced["quantity"] == 3
        assert "reduced from 10 to 3" in ExecutionLog.objects.filter(kind="order").order_by("id")[0].message_en

    def test_of_a_switched_off_rule_may_leave_and_not_enter(self, desk):
        desk.held()
        desk.rule.enabled = False
        desk.rule.save()
        assert desk.sell().status == State.WORKING
        with pytest.raises(Vetoed):
            desk.submit(desk.intent(), rule=desk.rule)


class TestLimits:
    def test_the_house_limit_is_counted_over_all_accounts(self, desk, real_account, new_rule):
        HouseLimits.objects.create(daily_buy_usd=Decimal("1500"))
        desk.buy(quantity=10)  # 1002.50 reserved
        other = new_rule(real_account)
        desk.account = real_account
        order = desk.submit(desk.intent(quantity=10), rule=other)
        assert order.qty == 4

    def test_what_was_rejected_frees_its_reservation_and_what_is_unknown_does_not(self, desk, new_rule):
        RiskLimits.objects.filter(account=desk.account).update(daily_buy_usd=Decimal("1100"))
        desk.broker.next("refuse", "lose_request")
        desk.buy(quantity=10)
        assert desk.buy(quantity=10).status == State.UNKNOWN
        with pytest.raises(Vetoed) as veto:
            desk.submit(desk.intent(symbol="TSLA"), rule=new_rule(desk.account, symbol="TSLA"))
        assert "daily_buy_limit" in {v.guard for v in veto.value.verdict.vetoes}

    def test_fills_count_at_their_price_and_the_next_day_begins_anew(self, desk):
        RiskLimits.objects.filter(account=desk.account).update(daily_buy_usd=Decimal("1100"))
        desk.held(quantity=10)
        desk.broker.fill(desk.sell().broker_order_id, 10, "100.00")
        desk.track()
        with pytest.raises(Vetoed):
            desk.buy(quantity=10)
        desk.later(days=1)
        assert desk.buy(quantity=10).status == State.WORKING

    def test_a_buying_power_from_before_our_own_order_is_reduced_by_it(self, desk, new_rule):
        power = async_to_sync(desk.broker.buying_power)("NVDA", None, Decimal("100"))
        object.__setattr__(power, "usd", Decimal("1500"))
        desk.submit(buying_power=power)
        order = desk.submit(desk.intent(symbol="TSLA"), rule=new_rule(desk.account, symbol="TSLA"), buying_power=power)
        assert order.qty == 4

    def test_refusals_in_a_row_make_the_rule_pause_and_an_acceptance_ends_the_streak(self, desk):
        RiskLimits.objects.filter(account=desk.account).update(failure_streak=2, failure_cooldown_sec=60)
        desk.broker.next("refuse", "refuse")
        desk.buy()
        desk.buy()
        with pytest.raises(Vetoed) as veto:
            desk.buy()
        assert [v.guard for v in veto.value.verdict.vetoes] == ["failure_streak"]
        desk.later(seconds=61)
        assert desk.buy().status == State.WORKING
        assert RuleState.objects.get().failure_streak == 0


class TestOwnership:
    def test_a_rule_sells_no_more_than_its_own_orders_bought(self, desk, new_rule):
        desk.held(quantity=10)
        other = new_rule(desk.account)
        with pytest.raises(Vetoed) as veto:
            desk.submit(desk.intent(Side.SELL), rule=other)
        assert [v.guard for v in veto.value.verdict.vetoes] == ["ownership"]
        assert desk.sell(quantity=99).qty == 10

    def test_an_unknown_sell_blocks_its_quantity(self, desk):
        desk.held(quantity=10)
        desk.broker.next("lose_request")
        assert desk.sell(quantity=4).status == State.UNKNOWN
        with pytest.raises(Vetoed):  # the rule's own sell is still open
            desk.sell(quantity=10, price="99.00")
        order = desk.submit(desk.intent(Side.SELL, 10, "99.00"), rule=None)
        assert order.qty == 6

    def test_an_unknown_buy_blocks_buys_of_its_symbol(self, desk, new_rule):
        desk.broker.next("lose_answer")
        desk.buy()
        with pytest.raises(Vetoed) as veto:
            desk.submit(desk.intent(price="90.00"), rule=new_rule(desk.account), quote=desk.quote("90.00"))
        assert [v.guard for v in veto.value.verdict.vetoes] == ["unsettled_buy"]


def test_each_move_is_one_journal_row_that_carries_the_order(desk):
    order = desk.buy()
    rows = ExecutionLog.objects.filter(kind="order").order_by("id")
    assert [r.ctx["status"] for r in rows] == ["intent", "submitting", "working"]
    assert {r.ctx["id"] for r in rows} == {str(order.pk)}
    assert rows[0].ctx["price"] == "100.00"


def test_a_throttled_preparation_is_not_sent_and_says_why(desk):
    desk.broker.fail_prepare = Throttled("slow down", code="EGW00201")
    assert desk.buy().failure["code"] == "EGW00201"
    assert Request.objects.count() == 0
