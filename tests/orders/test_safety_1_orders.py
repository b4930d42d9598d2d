"""safety.md section 1, rules 1 to 5: one intent, one order; what proves a refusal; what silence keeps."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from asgiref.sync import async_to_sync
from django.db import IntegrityError, transaction

from accounts.models import RiskLimits
from market.errors import CredentialProblem, OutcomeUnknown, Refused, Throttled, Unreachable
from market.sessions import SessionSpan
from market.words import Session, Side
from orders.domain import FINAL, State
from orders.models import Instruction, Order, Outcome, Request, Wish
from orders.reserving import Commitment, may_still_cost, may_still_fill
from orders.services import DuplicateDecision, Vetoed
from orders.settling import settle_by_person
from rules.models import RuleState

pytestmark = pytest.mark.django_db

OVER = timedelta(hours=5)  # from the tests' noon to after the close, when the list has settled


def status(order: Order) -> str:
    order.refresh_from_db()
    return order.status


def silent(desk, **wanted) -> Order:
    """An order of which a person says in the middle of its day that it never arrived."""
    desk.broker.next("lose_request")
    order = desk.buy(**wanted)
    settle_by_person(order=order, decision="never_arrived", by=None, now=desk.at)
    assert order.status == State.NOT_SEEN
    return order


def why_not(desk, intent, **more) -> set[str]:
    with pytest.raises(Vetoed) as veto:
        desk.submit(intent, **more)
    return {v.guard for v in veto.value.verdict.vetoes}


class TestRule11:
    """The intent is committed before the request, and a request for a new order is written at most once."""

    def test_when_the_request_is_prepared_the_intent_stands_in_the_database(self, desk):
        seen = []

        async def look():
            seen.append(await Order.objects.aget())

        desk.broker.before_send = look
        desk.buy()
        assert [(o.status, o.placed_at) for o in seen] == [(State.INTENT, None)]

    @pytest.mark.parametrize("what", ["lose_answer", "lose_request", "crash", "no_number"])
    def test_nothing_that_happens_later_writes_it_a_second_time(self, desk, what):
        written = []
        take = desk.broker.take

        def counted(ticket):
            written.append(ticket)
            return take(ticket)

        desk.broker.take = counted
        desk.broker.next(what)
        desk.buy()
        for _ in range(3):
            desk.later(minutes=2)
            desk.track()
            desk.recover()
            desk.carry_out()
        desk.later(days=1)
        desk.track()
        assert len(written) == 1


class TestRule12:
    """`not_sent` is proved and frees everything at once; `not_seen` is silence and frees nothing until its day's
    complete list was read after that day's end."""

    def test_not_sent_frees_shares_dollars_and_the_rule_at_once(self, desk):
        RiskLimits.objects.filter(account=desk.account).update(daily_buy_usd=Decimal("1100"))
        desk.broker.next("unreachable", "unreachable", "unreachable")
        assert desk.buy(quantity=10).status == State.NOT_SENT
        assert desk.buy(quantity=10).status == State.WORKING

    def test_not_seen_keeps_its_dollars_counted(self, desk, new_rule):
        RiskLimits.objects.filter(account=desk.account).update(daily_buy_usd=Decimal("1100"))
        silent(desk, quantity=10)
        other = new_rule(desk.account, symbol="TSLA")
        assert "daily_buy_limit" in why_not(desk, desk.intent(symbol="TSLA"), rule=other)

    def test_not_seen_keeps_its_shares_counted(self, desk, new_rule):
        RiskLimits.objects.filter(account=desk.account).update(max_position_qty=15)
        silent(desk, quantity=10)
        order = desk.submit(desk.intent(price="99.00"), rule=new_rule(desk.account), quote=desk.quote("99.00"))
        assert order.qty == 5

    def test_a_sale_that_is_not_seen_keeps_its_shares(self, desk):
        desk.held(quantity=10)
        desk.broker.next("lose_request")
        order = desk.sell(quantity=4)
        settle_by_person(order=order, decision="never_arrived", by=None, now=desk.at)
        assert desk.sell(quantity=10, price="99.00").qty == 6

    def test_no_identical_order_goes_out_beside_it(self, desk, new_rule):
        silent(desk, quantity=10)
        assert "identical_order" in why_not(desk, desk.intent(quantity=10), rule=new_rule(desk.account))

    def test_midnight_ends_nothing_while_its_list_was_not_read(self, desk, new_rule):
        silent(desk, quantity=10)
        desk.later(days=1)
        assert "identical_order" in why_not(desk, desk.intent(quantity=10), rule=new_rule(desk.account))
        RiskLimits.objects.filter(account=desk.account).update(daily_buy_usd=Decimal("1100"))
        other = new_rule(desk.account, symbol="TSLA")
        assert "daily_buy_limit" in why_not(desk, desk.intent(symbol="TSLA"), rule=other)

    def test_the_complete_list_of_its_day_read_after_its_end_frees_it(self, desk):
        order = silent(desk, quantity=10)
        desk.later(hours=3)
        desk.track()
        assert not Order.objects.get(pk=order.pk).day_read_at  # the day is not over
        desk.later(hours=2)
        desk.broker.complete = False
        desk.track()
        assert not Order.objects.get(pk=order.pk).day_read_at  # nor was the list complete
        desk.broker.complete = True
        desk.track()
        assert Order.objects.get(pk=order.pk).day_read_at == desk.at
        desk.later(hours=19)
        assert desk.buy(quantity=10).status == State.WORKING

    def test_its_list_is_read_on_later_days_until_it_was_complete_once(self, desk):
        silent(desk)
        desk.later(days=2)
        desk.broker.complete = False
        desk.track()
        assert desk.broker.asked_dates[-1] == (date(2026, 11, 24), date(2026, 11, 27))
        desk.broker.complete = True
        desk.track()
        desk.track()
        assert desk.broker.asked_dates[-1] == (date(2026, 11, 26), date(2026, 11, 27))

    def test_a_year_ends_like_any_day(self, desk, new_rule):
        from instruments.selectors import forget_sessions
        from instruments.services import import_trading_days

        def regular(day: date) -> SessionSpan:
            opens = datetime(day.year, day.month, day.day, 14, 30, tzinfo=UTC)
            return SessionSpan(day, Session.REGULAR, opens, opens + timedelta(hours=6, minutes=30))

        import_trading_days([regular(date(2026, 12, 31)), regular(date(2027, 1, 4))], source="test")
        forget_sessions()
        desk.at = desk.broker.now = datetime(2026, 12, 31, 18, 0, tzinfo=UTC)
        order = silent(desk)
        assert order.trading_day == date(2026, 12, 31)

        desk.at = desk.broker.now = datetime(2027, 1, 4, 18, 0, tzinfo=UTC)
        assert "identical_order" in why_not(desk, desk.intent(quantity=10), rule=new_rule(desk.account))
        desk.track()
        assert desk.broker.asked_dates[-1] == (date(2026, 12, 31), date(2027, 1, 5))
        assert desk.buy(quantity=10).status == State.WORKING

    def test_a_row_that_comes_after_all_is_adopted_with_its_fills(self, desk):
        order = silent(desk, quantity=10)
        desk.broker.add("40123", "NVDA", Side.BUY, 10, Decimal("100.00"))
        desk.broker.fill("40123", 10, "100.00")
        desk.later(seconds=70)
        desk.track()
        assert (status(order), order.broker_order_id) == (State.FILLED, "40123")
        assert RuleState.objects.get().qty == 10

    def test_it_is_adopted_even_when_its_day_had_been_read(self, desk):
        desk.broker.next("lose_request")
        order = desk.buy()
        desk.later(hours=5)
        desk.track()
        assert (status(order), order.day_read_at) == (State.NOT_SEEN, desk.at)
        desk.broker.add("40123", "NVDA", Side.BUY, 10, Decimal("100.00"), placed_at=order.placed_at)
        desk.broker.fill("40123", 10, "100.00")
        desk.track()
        assert (status(order), RuleState.objects.get().qty) == (State.FILLED, 10)

    def test_beside_an_open_successor_it_stays_ended_under_its_number_and_its_fills_count(self, desk):
        order = silent(desk, quantity=10)
        assert desk.buy(quantity=7, price="99.00").status == State.WORKING  # the rule's only open order
        desk.broker.add("40123", "NVDA", Side.BUY, 10, Decimal("100.00"), placed_at=order.placed_at)
        desk.later(seconds=70)
        desk.track()
        assert (status(order), order.broker_order_id, order.needs_person) == (State.NOT_SEEN, "40123", True)
        assert may_still_fill(Commitment(State(order.status), order.qty, order.price)) == 10
        desk.broker.fill("40123", 10, "100.00")
        desk.track()
        assert (status(order), RuleState.objects.get().qty) == (State.FILLED, 10)

    @pytest.mark.parametrize("state", sorted(FINAL - {State.NOT_SENT}))
    def test_every_end_has_a_row_for_a_fill(self, state):
        from orders.domain import Event, step

        assert step(state, Event.SEEN_FILLED) == State.FILLED

    def test_the_reservation_is_a_pure_function(self):
        buy = {"quantity": 10, "price": Decimal("100")}
        assert may_still_fill(Commitment(State.NOT_SEEN, **buy)) == 10
        assert may_still_fill(Commitment(State.NOT_SEEN, **buy, day_read=True)) == 0
        assert may_still_fill(Commitment(State.CANCELLED, **buy, filled=2, possible=5)) == 3
        assert may_still_fill(Commitment(State.CANCELLED, **buy, filled=2, possible=5, day_read=True)) == 0
        amended = Commitment(State.PENDING_AMEND, **buy, filled=2, amend_quantity=20, amend_price=Decimal("101"))
        assert may_still_fill(amended) == 28
        assert may_still_cost(amended, 0) == 8 * Decimal(100) + 20 * Decimal(101)


class TestRule13:
    """One whitelist proves a refusal (tests/kis/test_kis_errors.py has the codes); all else is an unknown outcome."""

    @pytest.mark.parametrize(
        ("error", "end"),
        [
            (Refused("no", code="APBK0952"), State.REJECTED),
            (Throttled("slow", code="EGW00201", retry_after=99), State.NOT_SENT),
            (Unreachable("nobody"), State.NOT_SENT),
            (CredentialProblem("dead", code="EGW00123"), State.NOT_SENT),
            (OutcomeUnknown("reset"), State.UNKNOWN),
            (OutcomeUnknown("the gateway gave up", code="EGW00302"), State.UNKNOWN),
            (TimeoutError(), State.UNKNOWN),
            (ValueError("a mistake of ours"), State.UNKNOWN),
        ],
    )
    def test_what_each_kind_of_answer_ends_in(self, desk, error, end):
        def answer(ticket):
            raise error

        desk.broker.take = answer
        assert desk.buy().status == end

    def test_an_answer_without_a_readable_number_proves_nothing(self, desk):
        desk.broker.next("no_number")
        assert desk.buy().status == State.UNKNOWN


class TestRule14:
    """A decision has a key, unique on the intent row; an intent that was not sent is closed, never sent later."""

    @pytest.mark.parametrize("key", ["rule:buy:2026-11-24T17:00", "hook:open:2026-11-24:NVDA", "webhook:tv:17"])
    def test_the_same_key_makes_one_order_whoever_asks(self, desk, new_rule, key):
        desk.submit(desk.intent(key=key))
        for rule in (desk.rule, None, new_rule(desk.account)):
            with pytest.raises(DuplicateDecision):
                desk.submit(desk.intent(key=key, price="90.00"), rule=rule)
        assert Order.objects.filter(decision_key=key).count() == 1

    def test_the_database_itself_knows_the_key(self, desk):
        order = desk.buy(key="noon")
        order.pk, order.status, order.broker_order_id, order.placed_at = None, State.INTENT, "", None
        with pytest.raises(IntegrityError), transaction.atomic():
            order.save(force_insert=True)

    def test_a_repeated_call_of_a_person_or_a_webhook_is_one_instruction(self, desk):
        Instruction.objects.create(account=desk.account, wish=Wish.ORDER, key="webhook:tv:17")
        with pytest.raises(IntegrityError), transaction.atomic():
            Instruction.objects.create(account=desk.account, wish=Wish.ORDER, key="webhook:tv:17")
        for _ in range(2):
            Instruction.objects.create(account=desk.account, wish=Wish.HALT)  # no key: each call a row

    def test_a_key_is_used_up_by_an_intent_that_was_never_sent(self, desk):
        desk.broker.next("unreachable", "unreachable", "unreachable")
        assert desk.submit(desk.intent(key="noon")).status == State.NOT_SENT
        with pytest.raises(DuplicateDecision):
            desk.submit(desk.intent(key="noon"))

    def test_an_intent_left_by_a_crash_is_closed_and_its_key_stays_used(self, desk):
        desk.broker.fail_prepare = KeyboardInterrupt()  # the process dies while preparing
        with pytest.raises(KeyboardInterrupt):
            desk.submit(desk.intent(key="noon"))
        Order.objects.update(status=State.INTENT, final_at=None, failure=None)
        desk.broker.fail_prepare = None
        desk.recover()
        assert Order.objects.get().status == State.NOT_SENT
        assert not desk.broker.rows
        with pytest.raises(DuplicateDecision):
            desk.submit(desk.intent(key="noon"))


class TestRule15:
    """A repeat after a proved refusal is a new attempt with its own fencing check inside the original deadline."""

    def test_each_attempt_is_a_row_and_asks_for_the_lease_itself(self, desk):
        asked = []
        desk.fence = lambda: asked.append(1) or 7
        desk.broker.next("throttle", "throttle")
        order = desk.buy()
        assert order.status == State.WORKING
        assert list(order.requests.order_by("attempt").values_list("outcome", flat=True)) == [
            Outcome.NOT_SENT, Outcome.NOT_SENT, Outcome.ACCEPTED,
        ]  # fmt: skip
        assert len(asked) == 3

    def test_a_lease_lost_between_two_attempts_writes_no_second(self, desk):
        class LostLease(Exception):
            pass

        asked = []

        def fence():
            asked.append(1)
            if len(asked) == 2:
                raise LostLease
            return 7

        desk.fence = fence
        desk.broker.next("throttle")
        with pytest.raises(LostLease):
            desk.buy()
        order = Order.objects.get()
        assert (order.status, order.requests.count()) == (State.NOT_SENT, 1)
        assert not desk.broker.rows

    def test_a_halt_between_two_attempts_writes_no_second(self, desk):
        from accounts.models import BrokerageAccount
        from market.words import TradingState

        asked = []

        async def halt():
            asked.append(1)
            if len(asked) == 2:
                await BrokerageAccount.objects.filter(pk=desk.account.pk).aupdate(trading_state=TradingState.HALTED)

        desk.broker.before_send = halt
        desk.broker.next("throttle")
        order = desk.buy()
        assert (order.status, order.requests.count()) == (State.NOT_SENT, 1)
        assert not desk.broker.rows

    def test_past_the_original_deadline_it_ends_not_sent_and_the_rule_decides_anew(self, desk, settings):
        settings.BOT_SEND_WITHIN_SEC = 0.2

        def slow(ticket):
            raise Throttled("slow down", code="EGW00201", retry_after=5)

        desk.broker.take = slow
        order = desk.buy()
        assert (order.status, order.requests.count()) == (State.NOT_SENT, 1)
        del desk.broker.take
        assert desk.buy().status == State.WORKING

    def test_everything_slow_comes_before_the_commit_to_submitting(self, desk):
        desk.broker.fail_prepare = CredentialProblem("no token", code="EGW00123")
        order = desk.buy()
        assert (order.status, order.placed_at) == (State.NOT_SENT, None)
        assert not Request.objects.exists()

    def test_after_an_unknown_outcome_there_is_no_repeat(self, desk):
        desk.broker.next("lose_request")
        order = desk.buy()
        async_to_sync(order.arefresh_from_db)()
        assert (order.status, order.requests.count()) == (State.UNKNOWN, 1)
