"""The WebSocket on bad days: it comes back, registers again, and tells of every gap (safety rules 4.1, 5.5, 5.6)."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from decimal import Decimal

import pytest
import pytest_asyncio

from kis.errors import NoRoom
from kis.realtime import RealtimeClient
from market.errors import CredentialProblem, TradingError
from market.words import Side


class Heard:
    def __init__(self, realtime):
        self.ticks, self.notices, self.gaps = [], [], []
        realtime.on_tick(self.ticks.append)
        realtime.on_notice(self.notices.append)
        realtime.on_gap(lambda: self.gaps.append(True))


@pytest_asyncio.fixture
async def live(client) -> AsyncIterator:
    """`live(silence_s=1)`: a realtime client of this customer and what its listeners hear."""
    async with AsyncExitStack() as closing:

        def make(**options):
            realtime = RealtimeClient(client.config, approval=client, **{"in_use_s": 0.3, **options})
            closing.push_async_callback(realtime.aclose)
            return realtime, Heard(realtime)

        yield make


@pytest.fixture
def mine(client):
    """Faults of this customer's sockets only."""
    return {"match": {"account_no": client.config.account_no}}


async def following(live, eventually, **options):
    """Connected, registered for NVDA, and trades are coming."""
    realtime, heard = live(**options)
    await realtime.connect()
    await realtime.subscribe("NVDA")
    await eventually(lambda: heard.ticks)
    return realtime, heard


async def trades_again(heard, eventually):
    heard.ticks.clear()
    await eventually(lambda: len(heard.ticks) > 1)


def rising(heard):
    volumes = [quote.volume for quote in heard.ticks]
    return volumes == sorted(set(volumes))


class TestGaps:
    @pytest.mark.fault("drop_sockets")
    async def test_after_a_cut_it_is_back_with_its_registrations_and_tells_of_the_gap(
        self, strike, mine, live, eventually
    ):
        realtime, heard = await following(live, eventually)
        strike("drop_sockets", count=1, **mine)
        await eventually(lambda: heard.gaps)
        await trades_again(heard, eventually)
        assert len(realtime.subscriptions) == 1
        assert heard.gaps == [True]

    @pytest.mark.fault("friday_cut")
    async def test_after_the_friday_cut_it_waits_for_its_slot_and_is_back(self, strike, mine, live, eventually):
        _, heard = await following(live, eventually)
        strike("friday_cut", seconds=0.5, **mine)
        await eventually(lambda: heard.gaps)
        await trades_again(heard, eventually)

    @pytest.mark.fault("slot_lingers")
    async def test_a_slot_that_is_still_taken_is_waited_for(self, strike, mine, live, eventually):
        strike("slot_lingers", seconds=0.5, **mine)
        first, _ = await following(live, eventually)
        await first.aclose()
        _, heard = await following(live, eventually, in_use_s=0.4)
        assert heard.ticks

    @pytest.mark.fault("silent_socket")
    async def test_a_silent_socket_is_given_up_and_made_anew(self, strike, mine, live, eventually):
        _, heard = await following(live, eventually, silence_s=0.8)
        strike("silent_socket", count=1, **mine)
        await eventually(lambda: heard.gaps)
        await trades_again(heard, eventually)

    @pytest.mark.fault("ticks_stop")
    async def test_a_symbol_that_falls_silent_on_a_living_socket_is_told_by_its_own_time(
        self, strike, live, eventually
    ):
        realtime, heard = await following(live, eventually, silence_s=0.8)
        await realtime.subscribe("AAPL")
        strike("ticks_stop", match={"symbol": "NVDA"})
        await asyncio.sleep(0.05)  # what was on its way
        last = realtime.last_tick_at["NVDA"]
        heard.ticks.clear()
        await eventually(lambda: len(heard.ticks) > 5)
        assert {quote.symbol for quote in heard.ticks} == {"AAPL"}
        assert realtime.connected
        assert realtime.last_tick_at["NVDA"] == last < realtime.last_tick_at["AAPL"]


class TestRegistrations:
    @pytest.mark.fault("key_in_use", "approval_forgotten", "subscribe_later")
    async def test_it_is_registered_in_the_end(self, strike, mine, live, eventually, fault):
        strike(fault, count=1, **mine)
        realtime, _ = await following(live, eventually)
        assert len(realtime.subscriptions) == 1

    @pytest.mark.fault("reply_lost")
    async def test_a_reply_that_never_comes_is_asked_for_again(self, strike, mine, live, eventually, monkeypatch):
        monkeypatch.setattr("kis.dialogue.REPLY_S", 0.4)
        strike("reply_lost", count=1, **mine)
        realtime, _ = await following(live, eventually)
        assert len(realtime.subscriptions) == 1

    @pytest.mark.fault("subscriptions_full")
    async def test_no_room_is_said_and_what_was_registered_goes_on(self, strike, mine, live, eventually):
        realtime, heard = await following(live, eventually)
        strike("subscriptions_full", **mine)
        with pytest.raises(NoRoom):
            await realtime.subscribe("AAPL")
        await trades_again(heard, eventually)
        assert len(realtime.subscriptions) == 1

    @pytest.mark.fault("notices_cut")
    async def test_two_cuts_at_notices_switch_them_off_and_leave_the_trades(
        self, strike, mine, live, eventually, client
    ):
        realtime, heard = await following(live, eventually)
        strike("notices_cut", **mine)
        with pytest.raises(CredentialProblem):
            await realtime.subscribe_notices(client.config.hts_id)
        assert realtime.notices_off
        await trades_again(heard, eventually)

    @pytest.mark.fault("approval_down")
    async def test_without_an_approval_key_connect_says_so(self, strike, mine, live):
        strike("approval_down", **mine)
        realtime, _ = live()
        with pytest.raises(TradingError):
            await realtime.connect()


class TestFrames:
    @pytest.mark.fault("fragmented_frames", "dripped_frames", "garbage_frames")
    async def test_trades_arrive_whatever_the_network_does_to_their_frames(self, strike, mine, live, eventually, fault):
        strike(fault, **mine)
        _, heard = await following(live, eventually)
        await eventually(lambda: len(heard.ticks) > 5)
        assert rising(heard)
        assert heard.gaps == []


class TestTicks:
    @pytest.mark.fault("several_records", "ticks_replayed", "ticks_out_of_order", "tick_25_fields", "tick_27_fields")
    async def test_each_trade_is_told_once_and_in_order(self, strike, live, eventually, fault):
        _, heard = await following(live, eventually)
        strike(fault, match={"symbol": "NVDA"})
        heard.ticks.clear()
        await eventually(lambda: len(heard.ticks) > 5)
        assert rising(heard)

    @pytest.mark.fault("wrong_count", "tick_blank_last")
    async def test_what_cannot_be_read_is_left_out_and_the_rest_goes_on(self, strike, kis, live, eventually, fault):
        realtime, heard = await following(live, eventually)
        await realtime.subscribe("AAPL")
        strike(fault, match={"symbol": "NVDA"})
        await asyncio.sleep(0.05)
        heard.ticks.clear()
        await eventually(lambda: len(heard.ticks) > 5)
        assert {quote.symbol for quote in heard.ticks} == {"AAPL"}
        kis.control.clear_faults(fault)
        await eventually(lambda: any(quote.symbol == "NVDA" for quote in heard.ticks))
        assert heard.gaps == []

    @pytest.mark.fault("stale_ticks")
    async def test_a_trade_whose_volume_stands_still_is_no_new_trade(self, strike, live, eventually):
        realtime, heard = await following(live, eventually)
        await realtime.subscribe("AAPL")
        strike("stale_ticks", match={"symbol": "NVDA"})
        await eventually(lambda: sum(quote.symbol == "AAPL" for quote in heard.ticks) > 2)
        heard.ticks.clear()
        await eventually(lambda: len(heard.ticks) > 5)
        assert {quote.symbol for quote in heard.ticks} == {"AAPL"}

    @pytest.mark.fault("tick_wrong_last")
    async def test_a_wrong_price_is_passed_on_as_it_came_beside_its_quotes(self, strike, kis, live, eventually):
        """The client cannot know; bid and ask travel with it, and the guards above compare (safety rules 3)."""
        _, heard = await following(live, eventually)
        strike("tick_wrong_last", match={"symbol": "NVDA"})
        wrong = await eventually(lambda: next((q for q in heard.ticks if q.bid and q.last > q.bid * 5), None))
        assert wrong.ask < wrong.last / 5


class TestNotices:
    """A notice is a hint to look at the list; it is believed only when encrypted and about this account (5.6, 1.9)."""

    @pytest.fixture
    def told(self, live, orders, mine, client, eventually):
        """Registered for notices; `await told(wanted)` sends an order and waits until `wanted` have come."""

        async def tell(wanted=1, price="20.00"):
            realtime, heard = live()
            await realtime.connect()
            await realtime.subscribe_notices(client.config.hts_id)
            accepted = await orders.send(price)
            await eventually(lambda: len(heard.notices) >= wanted)
            return accepted, heard

        return tell

    @pytest.mark.fault("notice_21_fields", "notice_23_fields", "notice_26_fields")
    async def test_notices_of_any_length_are_read(self, strike, mine, told, fault):
        strike(fault, **mine)
        accepted, heard = await told()
        (notice,) = heard.notices
        assert (notice.broker_order_id, notice.symbol, notice.side) == (accepted.broker_order_id, "NVDA", Side.BUY)
        assert (notice.quantity, notice.price) == (1, Decimal("20.00"))

    @pytest.mark.fault("duplicate_notices")
    async def test_a_notice_may_come_twice_and_says_the_same(self, strike, mine, told):
        strike("duplicate_notices", **mine)
        _, heard = await told(wanted=2)
        one, two = heard.notices
        assert (one.broker_order_id, one.kind, one.quantity) == (two.broker_order_id, two.kind, two.quantity)

    @pytest.mark.fault("late_notices")
    async def test_a_late_notice_comes_after_the_list_knows(self, strike, mine, told, orders):
        strike("late_notices", seconds=0.3, **mine)
        accepted, heard = await told()
        assert [n.broker_order_id for n in heard.notices] == [accepted.broker_order_id]

    @pytest.mark.fault("no_notices", "notice_unencrypted", "notice_of_another", "notice_garbled")
    async def test_what_does_not_come_or_cannot_be_believed_is_not_told_and_the_list_has_it_all(
        self, strike, mine, told, orders, eventually, fault
    ):
        strike(fault, count=1, **mine)
        _, heard = await told(wanted=0)
        second = await orders.send()
        await eventually(lambda: heard.notices)
        assert [n.broker_order_id for n in heard.notices] == [second.broker_order_id]
        assert len(await orders.listed()) == 2

    @pytest.mark.fault("notice_before_answer")
    async def test_a_notice_may_come_before_the_answer(self, strike, mine, live, orders, client, eventually):
        realtime, heard = live()
        await realtime.connect()
        await realtime.subscribe_notices(client.config.hts_id)
        prepared = await orders.prepare()
        strike("notice_before_answer", seconds=0.3, **mine)
        sending = asyncio.create_task(prepared.send(within=5))
        await eventually(lambda: heard.notices)
        assert not sending.done()
        assert (await sending).broker_order_id == heard.notices[0].broker_order_id
