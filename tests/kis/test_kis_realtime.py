"""The WebSocket against the simulator: trades, order books, notices, keep-alive, gaps, limits, shared keys."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
import pytest_asyncio

from kis import overseas_orders
from kis.auth import ApprovalKey, MemoryApprovalStore, get_approval_key
from kis.errors import NoRoom
from kis.realtime import RealtimeClient
from kis.simulator import testing
from market.errors import CredentialProblem, Refused, Throttled, Unreachable
from market.orders import OrderTicket
from market.words import Exchange, Freshness, Side
from tests.kis.listeners import Heard

NASDAQ = Exchange.NASDAQ
SWITCHES = {"rate_real": 0, "rate_paper": 0, "token_interval": 0.0, "ping_interval": 0.3, "ping_timeout": 1.0}


@pytest.fixture(scope="module")
def server() -> Iterator[Any]:
    with testing.start(switches={**SWITCHES, "records_per_frame": 3}) as simulated:
        yield simulated


@pytest.fixture
def live(server: Any) -> Iterator[Any]:
    """A simulator of its own, with three trades a frame and little patience; no fault is left behind."""
    yield server
    server.control.clear_faults()
    server.control.pause(False)
    server.control.unpin()


@pytest_asyncio.fixture
async def open_realtime(live: Any, config_of: Any, make_client: Any) -> AsyncIterator[Any]:
    async with AsyncExitStack() as closing:

        def make(
            environment: str = "real", client_options: dict[str, Any] | None = None, **options: Any
        ) -> tuple[RealtimeClient, Heard, Any]:
            client = make_client(config=config_of(live, environment), **client_options or {})
            realtime = RealtimeClient(client.config, approval=client, **{"in_use_s": 0.3, **options})
            closing.push_async_callback(realtime.aclose)
            return realtime, Heard(realtime), client

        yield make


@pytest.mark.parametrize("given", ["nothing", "a client"])
async def test_it_needs_no_more_than_the_environment_or_a_client(
    live, config_of, make_client, eventually, monkeypatch, given
):
    config = config_of(live, "real")
    own = {"APP_KEY": config.app_key, "APP_SECRET": config.app_secret, "USE_SANDBOX": "false"}
    for name, value in (own | {"REAL_REST_URL": config.rest_url, "REAL_WS_URL": config.ws_url}).items():
        monkeypatch.setenv(f"KIS_{name}", value)
    realtime = RealtimeClient(client=make_client(config=config)) if given == "a client" else RealtimeClient()
    heard = Heard(realtime)
    await realtime.connect()
    await realtime.subscribe("NVDA")
    await eventually(lambda: heard.ticks)
    await realtime.aclose()


async def test_trades_arrive_once_each_with_the_markets_time(live, open_realtime, eventually):
    realtime, heard, _ = open_realtime()
    await realtime.connect()
    await realtime.subscribe("NVDA", NASDAQ)
    await realtime.subscribe("KO", Exchange.NYSE)

    await eventually(lambda: {q.symbol for q in heard.ticks} == {"NVDA", "KO"} and len(heard.ticks) > 8)

    for symbol, exchange in (("NVDA", NASDAQ), ("KO", Exchange.NYSE)):
        volumes = [q.volume for q in heard.ticks if q.symbol == symbol]
        assert volumes == sorted(set(volumes))
        assert {q.exchange for q in heard.ticks if q.symbol == symbol} == {exchange}
    quote = heard.ticks[-1]
    assert quote.freshness is Freshness.FRESH
    assert quote.bid < quote.ask
    assert abs((quote.received_at - quote.at).total_seconds()) < 10
    assert realtime.last_tick_at["NVDA"] <= realtime.last_frame_at


async def test_an_unsubscribed_symbol_falls_silent(live, open_realtime, eventually):
    realtime, heard, _ = open_realtime()
    await realtime.connect()
    await realtime.subscribe("NVDA")
    await realtime.subscribe("AAPL")
    await realtime.unsubscribe("NVDA")
    await realtime.unsubscribe("MSFT")
    heard.ticks.clear()
    await eventually(lambda: len(heard.ticks) > 5)
    assert {q.symbol for q in heard.ticks} == {"AAPL"}


@pytest.mark.parametrize("environment", ["real", "paper"])
async def test_encrypted_notices_of_an_order_arrive(live, open_realtime, eventually, environment):
    realtime, heard, client = open_realtime(environment)
    live.control.pin("NVDA", "100.00")
    await realtime.connect()
    await realtime.subscribe_notices(client.config.hts_id)

    ticket = OrderTicket("NVDA", NASDAQ, Side.BUY, 2, Decimal("120.00"))
    prepared = await overseas_orders.prepare_order(ticket, client=client)
    accepted = await prepared.send(within=5)

    await eventually(lambda: {n.kind for n in heard.notices} >= {"accepted", "fill"})
    assert {n.broker_order_id for n in heard.notices} == {accepted.broker_order_id}
    assert {n.account_no for n in heard.notices} == {client.config.account_no}
    fill = next(n for n in heard.notices if n.kind == "fill")
    assert (fill.side, fill.symbol) == (Side.BUY, "NVDA")
    assert Decimal("1") < fill.price <= Decimal("120.00")


async def test_pingpong_keeps_the_connection_alive(live, open_realtime, eventually):
    """The simulator hangs up after a second without an answer."""
    realtime, heard, _ = open_realtime()
    live.control.pause()  # no trade: PINGPONG is all there is
    await realtime.connect()
    await realtime.subscribe("NVDA")
    opened = realtime.last_frame_at

    await eventually(lambda: (realtime.last_frame_at - opened).total_seconds() > 2.5)

    assert realtime.connected
    assert heard.gaps == []


async def test_after_a_cut_it_comes_back_registers_again_and_tells_of_the_gap(live, open_realtime, eventually):
    realtime, heard, client = open_realtime()
    await realtime.connect()
    await realtime.subscribe("NVDA")
    await realtime.subscribe_notices(client.config.hts_id)
    await eventually(lambda: heard.ticks)

    live.control.fault("drop_sockets", count=1)

    await eventually(lambda: heard.gaps)
    heard.ticks.clear()
    await eventually(lambda: heard.ticks)
    (session,) = [s for s in live.control.state()["sockets"] if s["environment"] == "real"]
    assert len(session["subscriptions"]) == 2
    assert heard.gaps == [True]


async def test_a_silent_connection_counts_as_dead(live, open_realtime, eventually):
    realtime, heard, _ = open_realtime(silence_s=1.0)
    await realtime.connect()
    await realtime.subscribe("NVDA")
    await eventually(lambda: heard.ticks)
    live.control.fault("silent_socket", count=1)
    await eventually(lambda: heard.gaps)
    heard.ticks.clear()
    await eventually(lambda: heard.ticks)


async def test_a_key_in_use_is_waited_for(live, open_realtime, eventually):
    first, _, _ = open_realtime()
    await first.connect()
    await first.subscribe("NVDA")
    events: list[dict[str, Any]] = []
    second, heard, _ = open_realtime(on_event=events.append)
    await second.connect()
    waiting = asyncio.create_task(second.subscribe("NVDA"))
    await eventually(lambda: any(e.get("msg_cd") == "OPSP8996" for e in events))
    await first.aclose()
    await waiting
    await eventually(lambda: heard.ticks)


async def test_a_wrong_hts_id_switches_notices_off_and_leaves_the_trades(live, open_realtime, eventually):
    realtime, heard, _ = open_realtime()
    await realtime.connect()
    await realtime.subscribe("NVDA")
    with pytest.raises(CredentialProblem, match="notices are off"):
        await realtime.subscribe_notices("nobody")
    assert realtime.notices_off
    heard.ticks.clear()
    await eventually(lambda: heard.ticks)


async def test_beyond_its_registrations_a_key_has_no_room(open_realtime):
    realtime, _, client = open_realtime(registrations=3)
    await realtime.connect()
    await realtime.subscribe_notices(client.config.hts_id)
    await realtime.subscribe("NVDA")
    await realtime.subscribe("AAPL")
    await realtime.subscribe("AAPL")  # registered already: costs nothing
    with pytest.raises(NoRoom):
        await realtime.subscribe("MSFT")
    await realtime.unsubscribe("AAPL")
    await realtime.subscribe("MSFT")


async def test_the_servers_own_limit_is_heeded(config_of, make_client):
    with testing.start(switches={**SWITCHES, "registrations": 1}) as narrow:
        client = make_client(config=config_of(narrow, "real"))
        realtime = RealtimeClient(client.config, approval=client)
        try:
            await realtime.connect()
            await realtime.subscribe("NVDA")
            with pytest.raises(NoRoom):
                await realtime.subscribe("AAPL")
            assert len(realtime.subscriptions) == 1
        finally:
            await realtime.aclose()


async def test_what_the_server_does_not_know_is_refused(open_realtime):
    realtime, _, _ = open_realtime()
    await realtime.connect()
    with pytest.raises(Refused):
        await realtime.subscribe("")
    assert realtime.subscriptions == ()


async def test_without_a_server_connect_says_so(live, open_realtime, make_client, config_of):
    client = make_client(config=config_of(live, "real"))
    away = RealtimeClient(
        config_of(live, "real", ws_url="ws://127.0.0.1:1"), approval=lambda: get_approval_key(client=client)
    )
    with pytest.raises(Unreachable):
        await away.connect()


async def test_a_listener_that_fails_harms_no_other(open_realtime, eventually):
    realtime, heard, _ = open_realtime()
    realtime._on_tick.insert(0, lambda quote: 1 / 0)
    await realtime.connect()
    await realtime.subscribe("NVDA")
    await eventually(lambda: len(heard.ticks) > 3)


async def test_run_connects_by_itself_and_ends_with_aclose(open_realtime, eventually):
    realtime, heard, _ = open_realtime()
    running = asyncio.create_task(realtime.run())
    await realtime.subscribe("NVDA")
    await eventually(lambda: heard.ticks)
    assert heard.gaps == []
    await realtime.aclose()
    await asyncio.wait_for(running, 2)


def connections(events: list[dict[str, Any]]) -> int:
    return sum(e["event"] == "kis.socket_open" for e in events)


class TestOrderBooks:
    async def test_ten_levels_a_side_arrive_beside_the_trades(self, open_realtime, eventually):
        realtime, heard, _ = open_realtime()
        await realtime.connect()
        await realtime.subscribe("NVDA")
        await realtime.subscribe_book("KO", Exchange.NYSE)

        await eventually(lambda: len(heard.books) > 2 and heard.ticks)

        book = heard.books[-1]
        assert (book.symbol, book.exchange) == ("KO", Exchange.NYSE)
        assert (len(book.bids), len(book.asks)) == (10, 10)
        assert book.bids[0].price < book.asks[0].price
        assert abs((book.read_at - book.at).total_seconds()) < 10
        assert {q.symbol for q in heard.ticks} == {"NVDA"}

    async def test_an_unsubscribed_book_falls_silent(self, open_realtime, eventually):
        realtime, heard, _ = open_realtime()
        await realtime.connect()
        await realtime.subscribe_book("KO", Exchange.NYSE)
        await realtime.subscribe("AAPL")
        await realtime.unsubscribe_book("KO", Exchange.NYSE)
        await eventually(lambda: len(realtime.subscriptions) == 1 and heard.ticks)
        heard.books.clear()
        heard.ticks.clear()
        await eventually(lambda: len(heard.ticks) > 5)
        assert heard.books == []


async def test_the_daytime_feed_is_a_registration_of_its_own(live, open_realtime):
    realtime, _, _ = open_realtime()
    await realtime.connect()
    await realtime.subscribe("NVDA")
    await realtime.subscribe("NVDA", daytime=True)
    assert [r.tr_key for r in realtime.subscriptions] == ["DNASNVDA", "RBAQNVDA"]
    await realtime.unsubscribe("NVDA")
    assert [r.tr_key for r in realtime.subscriptions] == ["RBAQNVDA"]


class TestRoom:
    async def test_notices_come_first_and_the_price_asked_for_last_makes_room(self, live, open_realtime, eventually):
        realtime, _, client = open_realtime(registrations=2)
        await realtime.connect()
        await realtime.subscribe("NVDA")
        await realtime.subscribe("AAPL")
        await realtime.subscribe_notices(client.config.hts_id)
        assert [r.tr_key for r in realtime.subscriptions] == ["DNASNVDA", client.config.hts_id]

        def at_kis() -> int:
            (session,) = [s for s in live.control.state()["sockets"] if s["environment"] == "real"]
            return len(session["subscriptions"])

        await eventually(lambda: at_kis() == 2)

    async def test_after_a_cut_notices_are_registered_first(self, live, open_realtime, eventually):
        events: list[dict[str, Any]] = []
        realtime, heard, client = open_realtime(on_event=events.append)
        await realtime.connect()
        await realtime.subscribe("NVDA")
        await realtime.subscribe_notices(client.config.hts_id)
        await asyncio.sleep(0)
        events.clear()
        live.control.fault("drop_sockets", count=1)
        await eventually(lambda: heard.gaps)
        asked = [e["tr_id"] for e in events if e["event"] == "kis.registration"]
        assert asked[0].startswith("H0GSCNI")

    async def test_a_limit_that_kis_tells_is_learned(self, live, open_realtime):
        realtime, _, _ = open_realtime()
        await realtime.connect()
        await realtime.subscribe("NVDA")
        live.control.fault("subscriptions_full", count=1)
        with pytest.raises(NoRoom):
            await realtime.subscribe("AAPL")
        with pytest.raises(NoRoom):  # without asking: the fault struck once
            await realtime.subscribe("MSFT")


class TestApprovalKeys:
    async def test_one_key_serves_every_connection_of_every_process(self, live, open_realtime, eventually):
        store = MemoryApprovalStore()
        events: list[dict[str, Any]] = []
        options = {"approval_store": store, "on_event": events.append}
        first, heard, _ = open_realtime(client_options=options)
        await first.connect()
        await first.subscribe("NVDA")
        live.control.fault("drop_sockets", count=1)
        await eventually(lambda: heard.gaps)
        await first.aclose()
        second, _, _ = open_realtime(client_options=options)
        await second.connect()
        await second.subscribe("NVDA")
        assert sum(e.get("path") == "/oauth2/Approval" for e in events) == 1

    async def test_one_that_kis_does_not_know_is_replaced_by_itself(self, open_realtime, eventually):
        store = MemoryApprovalStore()
        await store.put(ApprovalKey("00000000-0000-4000-8000-000000000000", datetime.now(UTC)))
        realtime, heard, _ = open_realtime(client_options={"approval_store": store})
        await realtime.connect()
        await realtime.subscribe("NVDA")
        await eventually(lambda: heard.ticks)


class TestKeyInUse:
    async def test_a_lingering_slot_is_waited_for_on_one_connection(self, live, open_realtime, eventually):
        """After a kill the dead session's slot stays taken for a while: asking again is enough, connecting is noise."""
        events: list[dict[str, Any]] = []
        realtime, heard, _ = open_realtime(on_event=events.append, in_use_s=2.0)
        live.control.fault("key_in_use", count=4)
        await realtime.connect()
        await realtime.subscribe("NVDA")
        await eventually(lambda: heard.ticks)
        assert connections(events) == 1
        waits = [e["wait_s"] for e in events if e["event"] == "kis.key_in_use"]
        assert len(waits) == 4
        assert waits == sorted(waits)

    async def test_what_kis_takes_later_is_asked_again_on_the_same_connection(self, live, open_realtime, eventually):
        events: list[dict[str, Any]] = []
        realtime, heard, _ = open_realtime(on_event=events.append)
        await realtime.connect()
        live.control.fault("subscribe_later", count=2)
        await realtime.subscribe("NVDA")
        await eventually(lambda: heard.ticks)
        assert connections(events) == 1

    async def test_who_waits_no_longer_does_not_want_it_any_more(self, live, open_realtime):
        realtime, _, _ = open_realtime(in_use_s=60.0)
        live.control.fault("key_in_use")
        await realtime.connect()
        with pytest.raises(Throttled):
            await realtime.subscribe("NVDA", patience_s=0.3)
        assert realtime.subscriptions == ()


async def test_life_is_judged_by_subscription_not_by_socket(live, open_realtime, eventually):
    realtime, heard, _ = open_realtime()
    await realtime.connect()
    await realtime.subscribe("NVDA")
    await realtime.subscribe("NVDA", daytime=True)  # nothing trades there now
    await eventually(lambda: len(heard.ticks) > 3)
    await eventually(lambda: [r.tr_key for r in realtime.silent(1.0)] == ["RBAQNVDA"])


async def test_a_steady_connection_that_is_cut_is_back_within_a_second(live, open_realtime, eventually):
    realtime, heard, _ = open_realtime()
    await realtime.connect()
    await realtime.subscribe("NVDA")
    await eventually(lambda: heard.ticks)
    heard.ticks.clear()
    live.control.fault("drop_sockets", count=1)
    await eventually(lambda: heard.gaps)
    await eventually(lambda: heard.ticks)
    assert (heard.ticks[0].received_at - realtime.last_tick_at["NVDA"]).total_seconds() < 2
