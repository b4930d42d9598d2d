"""What people ask of the broker, carried out: cancel all, amend, an order, everything sold (safety.md 1.8, 5.3)."""

from datetime import timedelta
from decimal import Decimal

import pytest

from accounts.models import BrokerageAccount, RiskLimits
from logs.models import ExecutionLog
from market.words import Side, TradingState
from orders.domain import State
from orders.models import Instruction, Order, Wish, WishStatus
from orders.services import request_amend, request_cancel, request_cancel_all, request_order, request_sell_out
from positions.models import Position
from rules.models import RuleState

pytestmark = pytest.mark.django_db


def stands(instruction):
    instruction.refresh_from_db()
    return instruction.status


def said(instruction):
    instruction.refresh_from_db()
    return instruction.result["message"]


class TestClaims:
    def test_a_wish_that_a_newer_lease_has_claimed_is_not_done_by_an_older_one(self, desk, trader):
        order = desk.buy()
        asked = request_cancel(order=order, by=trader)
        Instruction.objects.update(claimed_by=8)  # desk's own token is 7
        assert desk.carry_out() == 0
        assert stands(asked) == WishStatus.PENDING

    def test_a_lost_lease_does_nothing(self, desk, trader):
        request_cancel(order=desk.buy(), by=trader)
        desk.lost_lease = RuntimeError("lost")
        with pytest.raises(RuntimeError, match="lost"):
            desk.carry_out()
        assert len(desk.broker.rows) == 1

    def test_a_wish_that_breaks_ends_failed_and_the_others_are_done(self, desk, trader):
        broken = request_order(account=desk.account, side=Side.BUY, symbol="NVDA", exchange="nasdaq", qty=1, by=trader)
        Instruction.objects.filter(pk=broken.pk).update(payload={"side": "sideways"})
        asked = request_cancel(order=desk.buy(), by=trader)
        desk.carry_out()
        assert (stands(broken), stands(asked)) == (WishStatus.FAILED, WishStatus.DONE)
        assert said(broken)["ko"] and said(broken)["en"]


class TestCancelAll:
    def test_every_open_order_is_cancelled_and_the_wish_ends_when_all_are(self, desk, trader, new_rule):
        desk.buy()
        desk.submit(desk.intent(symbol="AAPL"), rule=new_rule(desk.account, symbol="AAPL"))
        asked = request_cancel_all(account=desk.account, by=trader)
        desk.carry_out()
        desk.carry_out()
        desk.track()
        assert stands(asked) == WishStatus.DONE
        assert asked.result["cancelled"] == 2
        assert set(Order.objects.values_list("status", flat=True)) == {State.CANCELLED}

    def test_an_order_without_a_number_keeps_it_waiting(self, desk, trader):
        desk.broker.next("lose_answer")
        desk.buy()
        asked = request_cancel_all(account=desk.account, by=trader)
        desk.carry_out()
        assert stands(asked) == WishStatus.PENDING
        desk.track()
        desk.carry_out()
        desk.carry_out()
        assert stands(asked) == WishStatus.DONE


class TestAmend:
    def amended(self, desk, order, trader, qty=10, price="99.50"):
        asked = request_amend(order=order, qty=qty, price=Decimal(price), by=trader)
        desk.broker.prices["NVDA"] = Decimal("100.00")
        desk.heard = [desk.quote("100.00")]
        desk.compared()
        desk.carry_out()
        return asked

    def again(self, desk):
        desk.later(seconds=3)
        desk.track()
        desk.carry_out()

    def test_the_order_goes_on_under_its_new_number_quantity_and_price(self, desk, trader):
        order = desk.buy(quantity=10)
        asked = self.amended(desk, order, trader, qty=12)
        self.again(desk)
        order.refresh_from_db()
        assert (order.status, order.qty, order.price) == (State.WORKING, 12, Decimal("99.50"))
        assert (order.broker_order_id, order.amend_qty) == ("40002", None)
        assert stands(asked) == WishStatus.DONE

    def test_what_is_filled_is_part_of_the_quantity_asked_for(self, desk, trader):
        order = desk.buy(quantity=10)
        desk.broker.fill(order.broker_order_id, 4, "100.00")
        desk.track()
        self.amended(desk, order, trader, qty=8)
        assert desk.broker.rows[order.us_order_date, "40002"].quantity == 4

    def test_an_amend_of_unknown_outcome_is_never_sent_again_and_both_are_reserved(self, desk, trader):
        order = desk.buy(quantity=10)
        desk.broker.next("lose_request")
        asked = self.amended(desk, order, trader, qty=12)
        order.refresh_from_db()
        assert (order.status, order.amend_qty) == (State.PENDING_AMEND, 12)
        for _ in range(3):
            self.again(desk)
        assert stands(asked) == WishStatus.PENDING
        assert order.requests.filter(kind="amend").count() == 1
        assert len(desk.broker.rows) == 1

    def test_the_list_settles_an_amend_whose_answer_was_lost(self, desk, trader):
        order = desk.buy(quantity=10)
        desk.broker.next("lose_answer")
        asked = self.amended(desk, order, trader, qty=12)
        self.again(desk)
        order.refresh_from_db()
        assert (order.status, order.qty, stands(asked)) == (State.WORKING, 12, WishStatus.DONE)

    def test_a_refused_amend_leaves_the_order_as_it_was(self, desk, trader):
        order = desk.buy(quantity=10)
        desk.broker.next("refuse")
        asked = self.amended(desk, order, trader)
        order.refresh_from_db()
        assert (order.status, order.price, order.amend_qty) == (State.WORKING, Decimal("100.00"), None)
        assert stands(asked) == WishStatus.FAILED

    def test_refused_while_a_fill_may_be_in_flight(self, desk, trader):
        order = desk.buy(quantity=10)
        Order.objects.update(possible_filled_qty=4)
        asked = self.amended(desk, order, trader)
        assert stands(asked) == WishStatus.FAILED
        assert order.requests.filter(kind="amend").count() == 0

    def test_refused_while_another_request_about_it_is_unknown(self, desk, trader):
        order = desk.buy(quantity=10)
        order.requests.create(kind="cancel", outcome="unknown", committed_at=desk.at)
        assert stands(self.amended(desk, order, trader)) == WishStatus.FAILED

    def test_no_limit_is_passed_by_an_amend(self, desk, trader):
        RiskLimits.objects.filter(account=desk.account).update(max_order_usd=Decimal(1100))
        order = desk.buy(quantity=10)
        assert stands(self.amended(desk, order, trader, qty=20)) == WishStatus.FAILED
        assert order.requests.filter(kind="amend").count() == 0

    def test_a_sale_of_everything_may_change_its_price(self, desk, trader):
        desk.held(10)
        order = desk.sell(quantity=10, price="100.00")
        asked = self.amended(desk, order, trader, price="99.00")
        self.again(desk)
        assert stands(asked) == WishStatus.DONE


class TestAnOrder:
    def ask(self, desk, trader, **more):
        given = {"side": Side.BUY, "symbol": "NVDA", "exchange": "nasdaq", "qty": 3, "price": Decimal("100.00")}
        given |= {"until": desk.at + timedelta(minutes=1)} | more
        return request_order(account=desk.account, by=trader, now=desk.at, **given)

    def carried(self, desk):
        desk.broker.prices["NVDA"] = Decimal("100.00")
        desk.heard = [desk.quote("100.00")]
        desk.compared()
        return desk.carry_out()

    def test_it_becomes_one_order_of_no_rule(self, desk, trader):
        asked = self.ask(desk, trader)
        self.carried(desk)
        order = Order.objects.get()
        assert (order.rule, order.qty, order.status) == (None, 3, State.WORKING)
        assert stands(asked) == WishStatus.DONE
        assert asked.result["order_id"] == str(order.pk)

    def test_a_repeated_key_is_one_wish_and_one_order(self, desk, trader):
        first, second = (self.ask(desk, trader, key="webhook:17") for _ in range(2))
        assert first == second
        self.carried(desk)
        Instruction.objects.update(status=WishStatus.PENDING, done_at=None)  # the process died before it could say so
        self.carried(desk)
        assert Order.objects.get().decision_key == "webhook:17"
        assert stands(first) == WishStatus.DONE

    def test_guards_hold_for_people_too_and_say_why(self, desk, trader):
        RiskLimits.objects.filter(account=desk.account).update(daily_buy_usd=Decimal(50))
        asked = self.ask(desk, trader)
        self.carried(desk)
        assert stands(asked) == WishStatus.FAILED
        assert "50" in said(asked)["ko"] and "50" in said(asked)["en"]

    def test_what_could_not_be_sent_in_time_is_given_up(self, desk, trader):
        asked = self.ask(desk, trader)
        desk.later(minutes=2)
        self.carried(desk)
        assert (stands(asked), Order.objects.count()) == (WishStatus.FAILED, 0)

    def test_without_a_bot_a_buy_waits_for_a_price_that_moves(self, desk, trader):
        from asgiref.sync import async_to_sync

        from orders.services import Prices, carry_out_instructions

        asked = self.ask(desk, trader, price=None)
        desk.broker.prices["NVDA"] = Decimal("100.00")
        desk.compared()
        prices = Prices(desk.broker)
        given = {"account": desk.account, "broker": desk.broker, "fence": desk.fence, "prices": prices}
        async_to_sync(carry_out_instructions)(now=desk.at, **given)
        assert stands(asked) == WishStatus.PENDING
        prices._asked = {s: (0.0, quote) for s, (_, quote) in prices._asked.items()}  # a second later
        async_to_sync(carry_out_instructions)(now=desk.at, **given)
        assert stands(asked) == WishStatus.DONE
        assert Order.objects.get().price == Decimal("100.50")


class TestSellOut:
    def step(self, desk, seconds=2):
        desk.later(seconds=seconds)
        desk.broker.prices |= {"NVDA": Decimal("100.00"), "AAPL": Decimal("50.00")}
        desk.heard = [desk.quote("100.00"), desk.quote("50.00", "AAPL")]
        desk.carry_out()
        for order in Order.objects.filter(side=Side.SELL, status=State.WORKING):
            desk.broker.fill(order.broker_order_id, order.qty - order.filled_qty, str(order.price))
        desk.track()

    def test_working_buys_go_each_rule_sells_what_it_owns_then_the_rest_then_it_is_halted(self, desk, trader, new_rule):
        desk.held(10)
        other = new_rule(desk.account, symbol="AAPL")
        desk.submit(desk.intent(symbol="AAPL", price="50.00"), rule=other)
        Position.objects.filter(symbol="NVDA").update(qty=15)  # five were bought by phone
        asked = request_sell_out(account=desk.account, by=trader, now=desk.at)
        assert BrokerageAccount.objects.get().trading_state == TradingState.REDUCING
        for _ in range(4):
            self.step(desk)
        sells = {(o.rule, o.qty): o.status for o in Order.objects.filter(side=Side.SELL)}
        assert sells == {(desk.rule, 10): State.FILLED, (None, 5): State.FILLED}
        assert Order.objects.get(rule=other).status == State.CANCELLED
        assert RuleState.objects.get(rule=desk.rule).qty == 0
        assert stands(asked) == WishStatus.DONE
        assert BrokerageAccount.objects.get().trading_state == TradingState.HALTED
        assert ExecutionLog.objects.filter(ctx__event="halted").exists()

    def test_a_sale_that_rests_is_cancelled_and_sent_again_further_down(self, desk, trader):
        desk.held(10)
        request_sell_out(account=desk.account, by=trader, now=desk.at)
        for _ in range(9):
            desk.later(seconds=4)
            desk.heard = [desk.quote("100.00")]
            desk.carry_out()
            desk.track()
        prices = list(Order.objects.filter(side=Side.SELL).order_by("created_at").values_list("price", flat=True))
        assert prices[:2] == [Decimal("99.50"), Decimal("99.00")]
        assert Order.objects.filter(side=Side.SELL, status=State.WORKING).count() <= 1

    @pytest.mark.parametrize(("when_closed", "status"), [("wait", "pending"), ("end", "failed")])
    def test_a_closed_market_is_said_and_waited_for_or_not(self, desk, trader, when_closed, status):
        desk.held(10)
        desk.later(hours=8)
        asked = request_sell_out(account=desk.account, by=trader, when_closed=when_closed, now=desk.at)
        desk.carry_out()
        assert stands(asked) == status
        assert "장이 열려" in said(asked)["ko"] and "closed" in said(asked)["en"]
        assert BrokerageAccount.objects.get().trading_state == TradingState.REDUCING
        desk.at = desk.at.replace(hour=15) + timedelta(days=1)
        desk.broker.now = desk.at
        self.step(desk)
        self.step(desk)
        assert stands(asked) == ("done" if when_closed == "wait" else "failed")

    def test_who_trades_again_ends_it(self, desk, trader):
        desk.held(10)
        asked = request_sell_out(account=desk.account, by=trader, now=desk.at)
        BrokerageAccount.objects.update(trading_state=TradingState.ACTIVE)
        self.step(desk)
        assert stands(asked) == WishStatus.FAILED
        assert not Order.objects.filter(side=Side.SELL).exists()


class TestOverHttp:
    def test_amend(self, desk, as_, trader, viewer):
        order = desk.buy()
        url = f"/api/orders/{order.pk}:amend"
        assert as_(viewer).post(url, {"qty": 5, "price": "99.00"}).status_code == 403
        assert as_(trader).post(url, {"qty": 5, "price": "99.001"}).status_code == 400
        answer = as_(trader).post(url, {"qty": 5, "price": "99.00"})
        assert (answer.status_code, answer.json()["wish"]) == (202, "amend")
        assert as_(trader).post(url, {"qty": 6, "price": "99.00"}).status_code == 409

    @pytest.mark.parametrize("wish", ["cancel_all", "sell_out"])
    def test_cancel_all_and_sell_out_want_the_name_typed(self, desk, as_, trader, viewer, other_trader, wish):
        url = f"/api/accounts/{desk.account.pk}:{wish}"
        name = desk.account.nickname
        assert as_(viewer).post(url, {"confirm": name}).status_code == 403
        assert as_(other_trader).post(url, {"confirm": name}).status_code == 404
        assert as_(trader).post(url, {"confirm": "no"}).status_code == 409
        assert not Instruction.objects.exists()
        first, second = (as_(trader).post(url, {"confirm": name}) for _ in range(2))
        assert (first.status_code, first.json()["wish"]) == (202, wish)
        assert first.json()["id"] == second.json()["id"]


def test_every_wish_has_somebody_who_does_it():
    from orders.instructions import _HANDLERS

    assert set(_HANDLERS) == set(Wish)
