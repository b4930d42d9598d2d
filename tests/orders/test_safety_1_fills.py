"""safety.md section 1, rules 8 to 10: cancels and amends, fills as differences of readings, and orders across days."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from asgiref.sync import async_to_sync
from hypothesis import HealthCheck, Phase, example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from accounts.models import BrokerageAccount
from market.orders import ExecutionRow, Listing, Notice
from market.words import Exchange, Freshness, Side, TimeInForce, TradingState
from orders.booking import apply_reading
from orders.domain import FINAL, OPEN, Event, State, step
from orders.listing import apply_listing
from orders.models import Execution, ForeignOrder, Order, Request
from orders.readings import read_order
from orders.reserving import hint_holds
from orders.services import Vetoed, on_notice
from positions.models import DailyLedger, Position
from rules.models import RuleState

pytestmark = pytest.mark.django_db

CENT = Decimal("0.01")


def status(order: Order) -> str:
    order.refresh_from_db()
    return order.status


def tell(desk, shares=4, number="0000040001", kind="fill") -> None:
    notice = Notice("50000001-01", number, "", Side.BUY, kind, "NVDA", shares, Decimal("100"), desk.at)
    async_to_sync(on_notice)(account=desk.account, notice=notice, now=desk.at)


def end(desk, number="40001", **changes) -> None:
    key = next(k for k in desk.broker.rows if k[1] == number)
    desk.broker.rows[key] = replace(desk.broker.rows[key], open_quantity=0, status_text="완료", **changes)


class TestRule18:
    """A cancel of unknown outcome may be sent again; an amend may not, and reserves old plus new until settled."""

    def amending(self, desk, quantity=12, price="101.00") -> Order:
        """An amend of unknown outcome, as the part that sends it leaves it."""
        order = desk.buy()
        Order.objects.filter(pk=order.pk).update(
            status=State.PENDING_AMEND, amend_qty=quantity, amend_price=Decimal(price)
        )
        Request.objects.create(
            order=order, kind="amend", attempt=1, outcome="unknown", qty=quantity, price=Decimal(price),
            committed_at=desk.at, answered_at=desk.at,
        )  # fmt: skip
        order.refresh_from_db()
        return order

    def test_until_settled_old_and_new_are_reserved(self, desk, new_rule):
        from accounts.models import RiskLimits

        RiskLimits.objects.filter(account=desk.account).update(max_position_qty=25)
        self.amending(desk, quantity=12)
        order = desk.submit(desk.intent(price="99.00"), rule=new_rule(desk.account), quote=desk.quote("99.00"))
        assert order.qty == 3  # 25 less 10 less 12

    def test_the_row_of_the_amend_settles_it(self, desk):
        order = self.amending(desk, quantity=12)
        desk.broker.add("40002", "NVDA", Side.BUY, 12, Decimal("101.00"), original_id="40001", request_kind="amend")
        end(desk)
        desk.track()
        assert (status(order), order.qty, order.price) == (State.WORKING, 12, Decimal("101"))
        assert (order.broker_order_id, order.amend_qty, order.amend_price) == ("40002", None, None)
        assert order.requests.get(kind="amend").broker_order_id == "40002"  # the row that waited for a number

    def test_an_amend_by_phone_does_not_settle_ours(self, desk):
        order = self.amending(desk, quantity=12)
        desk.broker.add("40002", "NVDA", Side.BUY, 9, Decimal("98.00"), original_id="40001", request_kind="amend",
                        channel="모바일")  # fmt: skip
        end(desk)
        desk.track()
        assert (status(order), order.amend_qty) == (State.PENDING_AMEND, 12)

    def test_the_end_of_the_order_ends_what_was_asked_of_it(self, desk):
        order = self.amending(desk)
        desk.broker.fill("40001", 10, "100.00")
        desk.track()
        assert (status(order), order.amend_qty, order.amend_price) == (State.FILLED, None, None)

    def test_only_a_cancel_may_be_asked_for_twice(self):
        assert step(State.PENDING_CANCEL, Event.ASK_CANCEL) == State.PENDING_CANCEL
        with pytest.raises(Exception, match="knows no ask_amend"):
            step(State.PENDING_AMEND, Event.ASK_AMEND)


class TestRule19:
    """A notice is a hint; an Execution is the difference of two cumulative readings, by compare-and-set."""

    def test_a_notice_books_nothing_and_makes_nothing_sellable(self, desk):
        desk.buy()
        tell(desk, 10)
        assert not Execution.objects.exists()
        with pytest.raises(Vetoed):
            desk.sell()

    def test_after_an_end_a_hinted_fill_stays_counted(self, desk, new_rule):
        from accounts.models import RiskLimits

        RiskLimits.objects.filter(account=desk.account).update(max_position_qty=15)
        order = desk.buy()
        desk.cancel(order)
        tell(desk, 4)
        desk.track()
        assert (status(order), order.possible_filled_qty) == (State.CANCELLED, 4)
        other = desk.submit(desk.intent(price="99.00", quantity=15), rule=new_rule(desk.account))
        assert other.qty == 11

    def test_and_is_given_up_when_a_list_read_long_after_shows_no_more(self, desk):
        order = desk.buy()
        desk.cancel(order)
        tell(desk, 4)
        desk.later(minutes=6)
        desk.track()
        assert (status(order), order.possible_filled_qty) == (State.CANCELLED, 0)

    def test_a_notice_told_twice_never_leaves_shares_blocked_for_the_day(self, desk):
        """The exit of what is surely there must get out."""
        desk.held(quantity=10)
        sale = desk.sell(quantity=10, price="101.00")
        desk.broker.fill(sale.broker_order_id, 4, "101.00")
        tell(desk, 4, number=sale.broker_order_id)
        desk.track()
        tell(desk, 4, number=sale.broker_order_id)  # the same notice again, late
        desk.cancel(sale)
        desk.later(minutes=6)
        desk.track()
        assert (status(sale), sale.filled_qty, sale.possible_filled_qty) == (State.CANCELLED, 4, 4)
        assert desk.sell(quantity=10, price="99.00").qty == 6

    def test_how_long_a_hint_holds_is_a_pure_function(self, now):
        for_ = timedelta(minutes=5)
        assert hint_holds(now, now + timedelta(minutes=4), holds_for=for_)
        assert not hint_holds(now, now + timedelta(minutes=5), holds_for=for_)
        assert hint_holds(None, now, holds_for=for_)  # nobody knows since when: it holds until the day was read

    def test_two_readers_of_the_same_fill_book_it_once(self, desk):
        order = desk.buy()
        desk.broker.fill("40001", 4, "100.00")
        row = next(iter(desk.broker.rows.values()))
        stale = Order.objects.select_related("account").get(pk=order.pk)
        for reader in (order, stale):
            apply_reading(reader, read_order(row, []), complete=True, at=desk.at)
        assert Execution.objects.count() == 1
        assert RuleState.objects.get().qty == 4

    def test_fills_before_the_acknowledgement_after_a_cancel_and_after_expiry_are_ordinary_rows(self, desk):
        early = desk.buy()
        Order.objects.filter(pk=early.pk).update(status=State.UNKNOWN, broker_order_id="")
        early.requests.update(broker_order_id="", us_order_date=None, outcome="unknown")
        desk.broker.fill("40001", 4, "100.00")
        desk.track()
        assert (status(early), early.filled_qty) == (State.PARTIALLY_FILLED, 4)
        desk.cancel(early)
        desk.broker.fill("40001", 2, "100.00")
        desk.track()
        assert (status(early), early.filled_qty) == (State.CANCELLED, 6)

    def test_the_list_is_read_at_least_as_often_as_the_settings_say(self, settings):
        assert 0 < settings.ORDER_TRACK_BUSY_SEC <= settings.ORDER_TRACK_IDLE_SEC <= 10

    def test_a_row_without_a_quantity_loses_no_fill(self, desk):
        order = desk.buy()
        end(desk, filled_quantity=10, avg_fill_price=Decimal("100"))
        desk.broker.add("40002", "NVDA", Side.BUY, 0, Decimal("101.00"), original_id="40001", request_kind="amend",
                        channel="모바일", open_quantity=0)  # fmt: skip
        desk.track()
        assert (status(order), order.filled_qty) == (State.FILLED, 10)


class TestRule110:
    """Every US date from the oldest order not yet final to tomorrow; an end only from its own date's complete list."""

    def test_an_old_order_keeps_its_date_in_the_list_until_it_is_final(self, desk):
        order = desk.buy()
        desk.later(days=2)
        desk.track()
        assert desk.broker.asked_dates[-1] == (date(2026, 11, 24), date(2026, 11, 27))
        end(desk)
        desk.track()
        assert status(order) == State.EXPIRED
        desk.track()
        assert desk.broker.asked_dates[-1] == (date(2026, 11, 26), date(2026, 11, 27))

    def test_a_fill_that_came_after_the_cancel_is_found_though_nobody_looked_before_the_next_day(self, desk):
        order = desk.buy()
        desk.cancel(order)
        desk.track()
        assert status(order) == State.CANCELLED
        desk.broker.fill("40001", 4, "100.00")  # it was on its way; and then the process is down until tomorrow
        desk.later(days=1)
        desk.recover()
        assert desk.broker.asked_dates[-1][0] == date(2026, 11, 24)
        assert (status(order), order.filled_qty, RuleState.objects.get().qty) == (State.CANCELLED, 4, 4)
        desk.track()
        assert desk.broker.asked_dates[-1][0] == date(2026, 11, 25)

    @pytest.mark.parametrize("kind", ["cancelled", "rejected", "expired"])
    def test_an_end_from_a_list_with_a_page_missing_is_not_believed(self, desk, kind):
        order = desk.buy()
        match kind:
            case "cancelled":
                desk.broker.add("40050", "NVDA", Side.BUY, 10, Decimal(0), original_id="40001",
                                request_kind="cancel", open_quantity=0)  # fmt: skip
                end(desk)
            case "rejected":
                end(desk)
                key = next(iter(desk.broker.rows))
                desk.broker.rows[key] = replace(desk.broker.rows[key], status_text="거부")
            case "expired":
                end(desk, reject_reason="DFD 장종료로 취소")
        desk.broker.complete = False
        desk.track()
        assert status(order) in OPEN
        desk.broker.complete = True
        desk.track()
        assert status(order) == kind

    def test_nor_is_one_from_the_list_of_other_days(self, desk):
        order = desk.buy()
        end(desk, reject_reason="DFD 장종료로 취소")
        rows = tuple(desk.broker.rows.values())
        desk.later(days=1)
        listing = Listing(rows, Freshness.FRESH, True, desk.at)
        apply_listing(desk.account, listing, desk.at, dates=(date(2026, 11, 25), date(2026, 11, 26)))
        assert status(order) == State.WORKING
        apply_listing(desk.account, listing, desk.at, dates=(date(2026, 11, 24), date(2026, 11, 26)))
        assert status(order) == State.EXPIRED

    def test_silence_of_a_list_of_other_days_proves_nothing(self, desk):
        desk.broker.next("lose_request")
        order = desk.buy()
        desk.later(days=1)
        listing = Listing((), Freshness.EMPTY, True, desk.at)
        apply_listing(desk.account, listing, desk.at, dates=(date(2026, 11, 25), date(2026, 11, 26)))
        assert status(order) == State.UNKNOWN

    def test_a_fill_is_a_fact_from_any_list(self, desk):
        order = desk.buy()
        desk.broker.fill("40001", 10, "100.00")
        desk.broker.complete, desk.broker.freshness = False, Freshness.PARTIAL
        desk.track()
        assert status(order) == State.FILLED

    def test_what_the_broker_does_not_offer_is_refused_with_the_reason(self, desk):
        intent = replace(desk.intent(), time_in_force=TimeInForce.AT_CLOSE)
        with pytest.raises(Vetoed) as veto:
            desk.submit(intent)
        assert "time_in_force" in {v.guard for v in veto.value.verdict.vetoes}
        assert "day" in str(veto.value)


# --- the same book, whatever way the readings come ---------------------------------------------------------


@st.composite
def lives(draw):
    """What really happened to an order at the broker: fills in parts, an amend, an end; as lists, oldest first."""
    parts = draw(st.lists(st.tuples(st.integers(1, 40), st.decimals("90", "110", places=2)), min_size=1, max_size=6))
    total = sum(q for q, _ in parts)
    amended_after = draw(st.none() | st.integers(0, len(parts) - 1))
    rest = draw(st.integers(0, 30))
    return parts, total + rest, amended_after, rest


def story_of(life, at) -> list[tuple[ExecutionRow, ...]]:
    """The lists that a reader could have got: one after each thing that happened."""
    parts, quantity, amended_after, rest = life
    first = ExecutionRow(
        date(2026, 11, 24), "40001", "", "new", "NVDA", Side.BUY, Exchange.NASDAQ, quantity, Decimal("120.00"), 0, None,
        quantity, "전송", "", "OpenAPI", at,
    )  # fmt: skip
    done, rows = {}, [first]
    lists = [tuple(rows)]
    for n, (shares, price) in enumerate(parts):
        if n == amended_after:
            before = rows[-1]
            rows[-1] = replace(before, open_quantity=0)
            left = before.quantity - before.filled_quantity
            rows.append(replace(before, broker_order_id="40002", original_id="40001", request_kind="amend",
                                quantity=left, filled_quantity=0, avg_fill_price=None, open_quantity=left,
                                limit_price=Decimal("121.00")))  # fmt: skip
            lists.append(tuple(rows))
        row = rows[-1]
        amount = done.get(row.broker_order_id, Decimal(0)) + shares * price
        done[row.broker_order_id] = amount
        filled = row.filled_quantity + shares
        average = (amount / filled).quantize(Decimal("0.00000001"))
        rows[-1] = replace(row, filled_quantity=filled, avg_fill_price=average, open_quantity=row.quantity - filled)
        lists.append(tuple(rows))
    if rest:
        last = rows[-1]
        rows[-1] = replace(last, open_quantity=0)
        rows.append(replace(last, broker_order_id="40003", original_id=last.broker_order_id, request_kind="cancel",
                            quantity=0, filled_quantity=0, avg_fill_price=None, open_quantity=0))  # fmt: skip
        lists.append(tuple(rows))
    return lists


def forget(desk) -> None:
    """Every life begins with an empty book."""
    for table in (ForeignOrder, Execution, Order, Position, DailyLedger):
        table.objects.all().delete()
    RuleState.objects.update(
        qty=0, avg_price=None, opened_at=None, high_since_entry=None, entries=0, last_entry_at=None
    )
    BrokerageAccount.objects.update(trading_state=TradingState.ACTIVE)
    desk.broker.rows.clear()
    desk.broker.number = 40000


@hypothesis_settings(
    max_examples=20, deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.explicit, Phase.generate]
)
@example(life=([(1, Decimal("90.00"))], 2, None, 1), looks=[])
@given(life=lives(), looks=st.lists(st.tuples(st.integers(0, 12), st.booleans(), st.integers(0, 3)), max_size=8))
def test_in_whatever_order_lists_come_the_book_is_the_brokers_to_the_cent(desk, life, looks):
    """Lagging, repeated, out of order, or with a page missing: at the end the same shares, dollars and fees."""
    forget(desk)
    order = desk.buy(quantity=life[1], price="100.00")
    Order.objects.filter(pk=order.pk).update(qty=life[1])
    desk.broker.rows.clear()
    lists = story_of(life, order.placed_at)
    dates = (date(2026, 11, 24), date(2026, 11, 25))
    for which, whole, missing in looks:
        rows = lists[min(which, len(lists) - 1)]
        seen = rows if whole else rows[: max(0, len(rows) - missing)]
        freshness = Freshness.FRESH if whole else Freshness.PARTIAL
        apply_listing(desk.account, Listing(seen, freshness, whole, desk.at), desk.at, dates=dates)
    apply_listing(desk.account, Listing(lists[-1], Freshness.FRESH, True, desk.at), desk.at, dates=dates)

    shares = sum(q for q, _ in life[0])
    dollars = sum((q * p for q, p in life[0]), Decimal(0))
    fee = (dollars * Decimal("0.0025")).quantize(CENT)
    order.refresh_from_db()
    fills = list(order.executions.all())
    assert order.status == (State.CANCELLED if life[3] else State.FILLED)
    assert order.status in FINAL
    assert order.filled_qty == sum(f.qty for f in fills) == shares
    assert abs(sum((f.qty * f.price for f in fills), Decimal(0)) - dollars) < CENT / 2
    assert abs(order.fees - fee) <= CENT
    assert order.fees == sum(f.fee for f in fills)
    position, ledger, state = Position.objects.get(), DailyLedger.objects.get(), RuleState.objects.get()
    assert position.qty == state.qty == shares
    assert abs(position.qty * position.avg_price - dollars) < CENT
    assert abs(ledger.bought_usd - dollars - order.fees) < CENT
