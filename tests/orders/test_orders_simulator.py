"""Our orders against the book of the simulator, over the wire, with the real client: never more there than here."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from asgiref.sync import async_to_sync, sync_to_async

from kis.broker import KisBroker
from kis.client import KisClient
from kis.config import KisConfig
from kis.simulator import testing
from kis.throttle import LocalBudget
from market.data import Quote
from market.orders import BuyingPower, OrderIntent
from market.sessions import SessionSpan
from market.words import Environment, Exchange, Session, Side
from orders import services
from orders.domain import State
from orders.models import Order
from positions.models import Position
from rules.models import RuleState

pytestmark = pytest.mark.django_db
ORDER = {"path": "/uapi/overseas-stock/v1/trading/order"}
PLENTY = Decimal("100000000")


OPEN_DOORS = {"rate_paper": 0, "token_interval": 0.0}
CUSTOMERS = [
    {"environment": "paper", "app_key": f"PV{n:034d}", "app_secret": f"{n:0179d}=", "account_no": f"5100{n:04d}01",
     "hts_id": f"paper{n}"}
    for n in range(1, 21)
]  # fmt: skip


@pytest.fixture(scope="module")
def running():
    with testing.start(switches=OPEN_DOORS, accounts=CUSTOMERS) as simulated:
        yield simulated, iter(simulated.accounts("paper"))


@pytest.fixture
def kis(running):
    """The simulator with no fault left behind and a quiet market."""
    simulated, _ = running
    simulated.control.clear_faults()
    simulated.control.pause(False)
    simulated.control.pin("NVDA", "100.00")
    simulated.control.step()
    return simulated


@pytest.fixture
def key(running):
    """A customer whom no other test has met: an order that nobody here made calls a person."""
    return next(running[1])


@pytest.fixture
def sessions(db, kis):
    """The simulator's own calendar, imported as the demo does."""
    from instruments.selectors import forget_sessions
    from instruments.services import import_trading_days

    def read(text: str) -> datetime:
        return datetime.fromisoformat(text.replace("Z", "+00:00"))

    spans = []
    for day in kis.control.calendar():
        for s in day["sessions"]:
            name = s.get("session") or s["name"]
            day_of = datetime.fromisoformat(day["date"]).date()
            spans.append(SessionSpan(day_of, Session(name), read(s["start"]), read(s["end"])))
    import_trading_days(spans, source="simulator")
    forget_sessions()
    yield
    forget_sessions()


class Story:
    """One account at the simulator, and what its bot does."""

    def __init__(self, account, rule, broker, simulated, number):
        self.account, self.rule, self.broker, self.kis, self.number = account, rule, broker, simulated, number
        self.keys = 0

    async def submit(self, side=Side.BUY, quantity=10, price="101.00", power=PLENTY) -> Order:
        self.keys += 1
        now = datetime.now(UTC)
        intent = OrderIntent(f"story-{self.keys}", "NVDA", Exchange.NASDAQ, side, quantity, Decimal(price), "a story")
        return await services.submit(
            account=self.account, rule=self.rule, decision=None, intent=intent, broker=self.broker,
            fence=lambda: 1, now=now, quote=Quote("NVDA", Exchange.NASDAQ, Decimal("100"), now, now),
            buying_power=BuyingPower(power, power, 10**6, 10**6, None, now - timedelta(minutes=1)),
        )  # fmt: skip

    async def track(self):
        return await services.track(account=self.account, broker=self.broker, now=datetime.now(UTC))

    async def track_until(self, true: Callable[[], bool]) -> None:
        for _ in range(100):
            await self.track()
            if await sync_to_async(true)():
                return
            self.kis.control.step()
        raise AssertionError("it did not become true")

    def book(self) -> list[dict]:
        """The broker's own rows of new orders."""
        return [o for o in self.kis.control.orders(self.number) if o["kind"] == "new"]


@pytest.fixture
def tell(account, kis, key, sessions, new_rule):
    """Run a story: `tell(story)` calls it with a Story and closes the client."""
    rule = new_rule(account)
    config = KisConfig(
        environment=Environment.PAPER, app_key=key["app_key"], app_secret=key["app_secret"],
        account_no=key["account_no"], hts_id=key["hts_id"], rest_url=kis.info["paper"]["rest"],
        ws_url=kis.info["paper"]["ws"],
    )  # fmt: skip

    def run(story):
        async def whole():
            async with KisClient(config, budget=LocalBudget(500), token_patience_s=2.0, order_answer_s=1.0) as client:
                broker = KisBroker(client)
                await services.recover(account=account, broker=broker, fence=lambda: 1, now=datetime.now(UTC))
                await story(Story(account, rule, broker, kis, key["account_no"]))

        async_to_sync(whole)()

    return run


def the_order() -> Order:
    return Order.objects.get()


LOST = ["accept_then_timeout", "accept_then_reset", "egw00302_after_acceptance", "garbage_json"]


@pytest.mark.parametrize("fault", LOST)
def test_a_lost_answer_is_settled_from_the_list_and_the_order_exists_once(tell, kis, fault):
    async def story(s):
        kis.control.pause()
        kis.control.fault(fault, count=1, match=ORDER)
        order = await s.submit()
        assert order.status == State.UNKNOWN

        kis.control.clear_faults()
        report = await s.track()
        assert report.claimed == 1
        await order.arefresh_from_db()
        assert order.status == State.WORKING
        assert [o["order_number"].lstrip("0") for o in s.book()] == [order.broker_order_id]

    tell(story)


def test_a_list_that_lags_leaves_the_order_unknown_until_it_shows(tell, kis):
    async def story(s):
        kis.control.pause()
        kis.control.fault("accept_then_reset", count=1, match=ORDER)
        kis.control.fault("list_lags", seconds=3600)
        order = await s.submit()
        for _ in range(3):
            assert (await s.track()).unsettled == 1
        kis.control.clear_faults()
        await s.track()
        await order.arefresh_from_db()
        assert order.status == State.WORKING
        assert len(s.book()) == 1

    tell(story)


def test_an_identical_order_by_phone_is_told_apart_by_its_channel(tell, kis):
    async def story(s):
        kis.control.pause()
        kis.control.phone_order(s.number, "NVDA", "buy", 10, "101.00")
        kis.control.fault("accept_then_reset", count=1, match=ORDER)
        order = await s.submit()
        await s.track()
        await order.arefresh_from_db()
        ours = [o for o in s.book() if o["order_number"].lstrip("0") == order.broker_order_id]
        assert [o["channel"] for o in ours] == ["OpenAPI"]

    tell(story)


def test_refused_by_the_ledger_is_rejected(tell):
    async def story(s):
        s.rule.max_position = 10_000_000
        await s.rule.asave()
        order = await s.submit(quantity=900_000)
        assert (order.status, s.book()) == (State.REJECTED, [])
        assert order.failure["code"] == "40250000"

    tell(story)


def test_turned_away_for_the_rate_every_time_is_not_sent(tell, kis):
    async def story(s):
        kis.control.fault("rate_limited", match=ORDER)
        order = await s.submit()
        assert (order.status, s.book()) == (State.NOT_SENT, [])

    tell(story)


def test_turned_away_once_is_sent_again_once(tell, kis):
    async def story(s):
        kis.control.pause()
        kis.control.fault("rate_limited", count=1, match=ORDER)
        order = await s.submit()
        assert order.status == State.WORKING
        assert len(s.book()) == 1

    tell(story)


def test_rejected_by_the_venue_after_it_was_accepted(tell, kis):
    async def story(s):
        kis.control.fault("late_reject", count=1)
        order = await s.submit()
        assert order.status == State.WORKING
        await s.track_until(lambda: the_order().status == State.REJECTED)

    tell(story)


def test_a_round_trip_leaves_rule_book_and_broker_agreeing(tell, kis):
    async def story(s):
        await s.submit()
        await s.track_until(lambda: the_order().status == State.FILLED)
        await services.reconcile(account=s.account, broker=s.broker, now=datetime.now(UTC))
        held = kis.control.account(s.number)["holdings"]
        position = await Position.objects.aget()
        assert position.qty == position.broker_qty == (await RuleState.objects.aget()).qty == 10
        assert "NVDA" in str(held)

        exit_order = await s.submit(Side.SELL, 10, "99.00")
        await s.track_until(lambda: Order.objects.get(pk=exit_order.pk).status == State.FILLED)
        await services.reconcile(account=s.account, broker=s.broker, now=datetime.now(UTC))
        position = await Position.objects.aget()
        assert (position.qty, position.broker_qty, position.needs_person) == (0, 0, False)
        assert len(s.book()) == 2

    tell(story)


def test_a_cancel_whose_answer_is_lost_is_settled_by_the_list(tell, kis):
    async def story(s):
        order = await s.submit(price="90.00")
        assert order.status == State.WORKING
        kis.control.fault("accept_then_reset", count=1)
        await services.cancel(order=order, broker=s.broker, fence=lambda: 1, now=datetime.now(UTC))
        assert order.status == State.PENDING_CANCEL
        kis.control.clear_faults()
        await s.track()
        await order.arefresh_from_db()
        assert (order.status, order.filled_qty) == (State.CANCELLED, 0)

    tell(story)


def test_a_process_that_died_after_the_write_finds_its_order_and_sends_nothing(tell, kis):
    async def story(s):
        kis.control.pause()
        order = await s.submit()
        # what a kill between the write and the record of its answer leaves behind
        longer_ago_than_an_answer_takes = order.placed_at - timedelta(seconds=70)
        await Order.objects.filter(pk=order.pk).aupdate(
            status=State.SUBMITTING, broker_order_id="", placed_at=longer_ago_than_an_answer_takes
        )
        await order.requests.aupdate(outcome="pending", broker_order_id="", answered_at=None)
        await services.recover(account=s.account, broker=s.broker, fence=lambda: 1, now=datetime.now(UTC))
        await order.arefresh_from_db()
        assert order.status == State.WORKING
        assert len(s.book()) == 1

    tell(story)


def test_unreachable_is_not_sent(tell, kis):
    """The last of this module: it switches the simulator off."""

    async def story(s):
        kis.stop()
        order = await s.submit()
        assert order.status == State.NOT_SENT
        report = await s.track()
        assert not report.readable

    tell(story)
