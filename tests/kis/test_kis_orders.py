"""Orders against the simulator: every outcome class, and never written twice."""

import asyncio
from datetime import timedelta
from decimal import Decimal

import pytest

from kis import errors, overseas_orders, overseas_quotes
from kis.broker import KisBroker
from kis.client import default_client
from kis.simulator import testing
from kis.throttle import LocalBudget
from market.broker import Broker
from market.errors import OutcomeUnknown, Refused, Throttled, Unreachable
from market.orders import CancelTicket, OrderTicket
from market.words import Exchange, Freshness, Lane, Side

ORDER = "/uapi/overseas-stock/v1/trading/order"
CANCEL = "/uapi/overseas-stock/v1/trading/order-rvsecncl"
LIST = "/uapi/overseas-stock/v1/trading/inquire-ccnl"
NASDAQ = Exchange.NASDAQ


def resting(quantity: int = 1, **changes: object) -> OrderTicket:
    """A buy far below the market: it stays on the book."""
    fields = {"symbol": "NVDA", "exchange": NASDAQ, "side": Side.BUY, "limit_price": Decimal("20.00")}
    return OrderTicket(**{**fields, "quantity": quantity, **changes})


async def send(client, ticket, *, within=5.0):
    prepared = await overseas_orders.prepare_order(ticket, client=client)
    return await prepared.send(within=within)


@pytest.fixture
def broker(client) -> Broker:
    return KisBroker(client)


def days(client):
    today = client.clock().date()
    return today - timedelta(days=2), today + timedelta(days=1)


def sent(kis, client) -> int:
    """How many requests for new orders the broker has in its book."""
    return sum(o["kind"] == "new" for o in kis.control.orders(client.config.account_no))


@pytest.mark.parametrize("environment", ["real", "paper"])
class TestRoundTrip:
    async def test_an_order_fills_and_shows_in_list_and_holdings(self, kis, make_client, eventually, environment):
        client = make_client(environment)
        broker = KisBroker(client)
        kis.control.pin("NVDA", "100.00")

        accepted = await send(client, resting(3, limit_price=Decimal("101.00")))

        async def filled():
            listing = await broker.executions(*days(client))
            assert listing.complete
            row = next(r for r in listing.rows if r.broker_order_id == accepted.broker_order_id)
            return row if row.filled_quantity == 3 else None

        row = await eventually(filled)
        assert (row.symbol, row.side, row.quantity, row.open_quantity) == ("NVDA", Side.BUY, 3, 0)
        assert row.avg_fill_price <= Decimal("101.00")
        assert abs((row.placed_at - accepted.received_at).total_seconds()) < 60
        holdings = await broker.holdings()
        assert (holdings.freshness, holdings.complete) == (Freshness.FRESH, True)
        assert next(h for h in holdings.rows if h.symbol == "NVDA").quantity >= 3

    async def test_a_cancel_has_a_number_of_its_own_and_ends_the_order(self, kis, make_client, eventually, environment):
        client = make_client(environment)
        accepted = await send(client, resting(2))
        prepared = await overseas_orders.prepare_cancel(
            CancelTicket("NVDA", NASDAQ, accepted.broker_order_id), client=client
        )
        cancelled = await prepared.send(within=5)

        async def rows():
            found = {r.broker_order_id: r for r in await overseas_orders.get_executions(*days(client), client=client)}
            return found if found[accepted.broker_order_id].open_quantity == 0 else None

        found = await eventually(rows)
        assert found[cancelled.broker_order_id].original_id == accepted.broker_order_id
        assert found[cancelled.broker_order_id].request_kind == "cancel"

    async def test_the_list_is_read_to_its_last_page(self, kis, make_client, environment):
        client = make_client(environment, index=0 if environment == "real" else 1)
        for _ in range(23):
            kis.control.phone_order(client.config.account_no, "KO", "buy", 1, "20.00")

        listing = await KisBroker(client).executions(*days(client))

        assert (listing.complete, listing.freshness) == (True, Freshness.FRESH)
        numbers = {o["order_number"].lstrip("0") for o in kis.control.orders(client.config.account_no)}
        assert {row.broker_order_id for row in listing.rows} == numbers


class TestOutcomes:
    @pytest.mark.parametrize(
        "fault", ["accept_then_timeout", "accept_then_reset", "egw00302_after_acceptance", "garbage_json"]
    )
    async def test_a_lost_answer_is_unknown_and_the_order_was_written_once(self, kis, client, fault):
        before = sent(kis, client)
        prepared = await overseas_orders.prepare_order(resting(), client=client)
        kis.control.fault(fault, count=5, match={"path": ORDER})

        with pytest.raises(OutcomeUnknown):
            await prepared.send(within=5)

        assert sent(kis, client) == before + 1

    @pytest.mark.parametrize("fault", ["accept_then_reset", "egw00302_after_acceptance"])
    async def test_a_cancel_without_an_answer_is_unknown_too(self, kis, client, fault):
        accepted = await send(client, resting())
        prepared = await overseas_orders.prepare_cancel(
            CancelTicket("NVDA", NASDAQ, accepted.broker_order_id), client=client
        )
        kis.control.fault(fault, count=1, match={"path": CANCEL})
        with pytest.raises(OutcomeUnknown):
            await prepared.send(within=5)

    async def test_a_maintenance_page_is_unknown_though_nothing_was_booked(self, kis, client):
        before = sent(kis, client)
        prepared = await overseas_orders.prepare_order(resting(), client=client)
        kis.control.fault("maintenance_503", count=1, match={"path": ORDER})
        with pytest.raises(OutcomeUnknown):
            await prepared.send(within=5)
        assert sent(kis, client) == before

    @pytest.mark.parametrize("fault", ["rate_limited", "rate_limited_200", "ledger_limited"])
    async def test_a_rate_limit_is_a_proved_refusal_and_not_repeated_here(self, kis, client, fault):
        before = sent(kis, client)
        prepared = await overseas_orders.prepare_order(resting(), client=client)
        kis.control.fault(fault, count=1, match={"path": ORDER})
        with pytest.raises(Throttled) as throttled:
            await prepared.send(within=5)
        assert throttled.value.retry_after
        assert sent(kis, client) == before

    async def test_an_expired_token_is_a_proved_refusal_and_the_next_attempt_has_a_new_one(self, kis, client):
        prepared = await overseas_orders.prepare_order(resting(), client=client)
        kis.control.fault("token_expired", count=1, match={"path": ORDER})
        with pytest.raises(Throttled) as refused:
            await prepared.send(within=5)
        assert refused.value.code == "EGW00123"
        assert (await send(client, resting())).broker_order_id

    async def test_the_ledgers_no_is_refused(self, client):
        with pytest.raises(Refused) as refused:
            await send(client, resting(100_000))
        assert refused.value.code.startswith("APBK")

    async def test_a_cancel_of_an_unknown_order_is_refused(self, make_client):
        prepared = await overseas_orders.prepare_cancel(
            CancelTicket("NVDA", NASDAQ, "999999"), client=make_client("paper")
        )
        with pytest.raises(Refused) as refused:
            await prepared.send(within=5)
        assert refused.value.code == "40320000"


class TestPrepared:
    async def test_past_its_deadline_it_is_not_written(self, kis, client):
        before = sent(kis, client)
        for within in (0.0, -1.0, 1e-9):
            prepared = await overseas_orders.prepare_order(resting(), client=client)
            with pytest.raises(Unreachable, match="not sent"):
                await prepared.send(within=within)
        assert sent(kis, client) == before

    async def test_the_deadline_is_looked_at_right_before_the_first_byte(self, kis, client):
        """Something between send and the wire took longer than allowed: no byte of the request goes out."""
        before = sent(kis, client)
        prepared = await overseas_orders.prepare_order(resting(), client=client)

        async def dawdle(_request):
            await asyncio.sleep(0.05)

        prepared._line.http.event_hooks = {"request": [dawdle]}
        with pytest.raises(Unreachable, match="not sent"):
            await prepared.send(within=0.03)
        assert sent(kis, client) == before

    async def test_it_is_sent_once_only(self, client):
        prepared = await overseas_orders.prepare_order(resting(), client=client)
        await prepared.send(within=5)
        with pytest.raises(RuntimeError):
            await prepared.send(within=5)

    async def test_discarded_it_cannot_be_sent(self, kis, client):
        before = sent(kis, client)
        prepared = await overseas_orders.prepare_order(resting(), client=client)
        await prepared.discard()
        await prepared.discard()
        with pytest.raises(RuntimeError):
            await prepared.send(within=5)
        assert sent(kis, client) == before

    @pytest.mark.parametrize("hashkey_required", [True, False])
    async def test_the_connection_is_open_before_the_send(self, make_client, hashkey_required):
        client = make_client("real", hashkey_required=hashkey_required)
        prepared = await overseas_orders.prepare_order(resting(), client=client)
        (connection,) = prepared._line.http._transport._pool.connections
        assert connection.is_idle()
        assert not connection.has_expired()
        await prepared.send(within=5)
        assert prepared._line.http._transport._pool.connections == [connection]

    async def test_the_hash_goes_first_and_costs_a_slot_of_its_own(self, make_client):
        events, taken = [], []

        class Counting(LocalBudget):
            async def take(self, lane, **about):
                taken.append(lane)
                return await super().take(lane, **about)

        client = make_client("real", on_event=events.append, budget=Counting(500))
        prepared = await overseas_orders.prepare_cancel(CancelTicket("NVDA", NASDAQ, "1"), client=client)
        assert taken == [Lane.EXIT, Lane.EXIT]
        assert events[-1]["path"] == "/uapi/hashkey"
        await prepared.discard()

    async def test_with_nobody_left_at_the_other_end_it_is_unreachable(self, config_of, make_client):
        with testing.start(switches={"rate_real": 0}) as leaving:
            client = make_client(config=config_of(leaving, "real"))
            prepared = await overseas_orders.prepare_order(resting(), client=client)
        with pytest.raises(Unreachable):
            await prepared.send(within=5)


class TestQuestions:
    async def test_a_question_is_asked_again_after_what_may_be_repeated(self, kis, client):
        for fault in ("maintenance_503", "rate_limited", "rate_limited_200", "garbage_json"):
            kis.control.fault(fault, count=1, match={"path": LIST})
            listing = await KisBroker(client).executions(*days(client))
            assert listing.complete, fault

    async def test_an_expired_token_is_renewed_once_and_the_question_answered(self, kis, client):
        kis.control.fault("token_expired", count=1, match={"path": LIST})
        assert (await KisBroker(client).executions(*days(client))).complete

    async def test_a_list_that_cannot_be_read_is_failed_not_empty(self, kis, client):
        kis.control.fault("maintenance_503", match={"path": LIST})
        listing = await KisBroker(client).executions(*days(client))
        assert (listing.rows, listing.freshness, listing.complete) == ((), Freshness.FAILED, False)
        with pytest.raises(errors.ReadFailed):
            await overseas_orders.get_executions(client=client)

    async def test_a_throttled_list_says_so(self, kis, client):
        kis.control.fault("rate_limited", match={"path": LIST})
        assert (await KisBroker(client).executions(*days(client))).freshness is Freshness.THROTTLED

    async def test_an_empty_list_is_a_fact(self, kis, make_client):
        client = make_client("paper", index=2)
        listing = await KisBroker(client).executions(*days(client))
        assert (listing.rows, listing.freshness, listing.complete) == ((), Freshness.EMPTY, True)
        assert await overseas_orders.get_positions(client=client) == []

    async def test_buying_power_is_in_dollars(self, broker):
        power = await broker.buying_power("NVDA", NASDAQ, Decimal("100.00"))
        assert 0 < power.max_quantity_usd <= power.usd / 100

    async def test_an_unknown_symbol_has_no_price(self, broker):
        with pytest.raises(errors.NoPrice):
            await broker.quote("NOSUCH", NASDAQ)

    async def test_a_price_becomes_fresh_when_its_volume_moves(self, broker, eventually):
        first = await broker.quote("NVDA", NASDAQ)
        assert first.freshness is Freshness.STALE

        async def moved():
            seen = overseas_quotes.freshened(await broker.quote("NVDA", NASDAQ), first)
            return seen.freshness is Freshness.FRESH

        await eventually(moved)


class TestPlaceOrder:
    async def test_without_a_price_it_is_a_limit_with_a_collar_on_the_exchange_that_lists_it(
        self, kis, client, eventually
    ):
        kis.control.pin("KO", "60.00")
        await eventually(lambda: Decimal(kis.control.state()["prices"]["KO"]) == 60)

        accepted = await overseas_orders.place_order("KO", "BUY", 2, None, client=client)

        row = next(
            o
            for o in kis.control.orders(client.config.account_no)
            if o["order_number"].lstrip("0") == accepted.broker_order_id
        )
        assert (row["exchange"], row["qty"], Decimal(row["price"])) == ("NYSE", 2, Decimal("61.80"))

    async def test_the_default_client_is_that_of_the_environment(self, config_of, kis, monkeypatch):
        config = config_of(kis, "paper")
        variables = {
            "KIS_APP_KEY": config.app_key,
            "KIS_APP_SECRET": config.app_secret,
            "KIS_ACCOUNT_NO": f"{config.cano}-{config.product_code}",
            "KIS_USE_SANDBOX": "true",
            "KIS_PAPER_REST_URL": config.rest_url,
            "KIS_HASHKEY_OPTIONAL": "true",
        }
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        accepted = await overseas_orders.place_order("NVDA", "BUY", 1, Decimal("20.00"), exchange=NASDAQ)
        found = await overseas_orders.get_executions(accepted.received_at.date() - timedelta(days=1))
        await default_client().aclose()
        assert accepted.broker_order_id in {row.broker_order_id for row in found}

    async def test_either_case_of_side_and_a_float_price_are_taken(self, client):
        assert await overseas_orders.place_order("NVDA", "buy", 1, 20.05, exchange=NASDAQ, client=client)

    @pytest.mark.parametrize(
        ("side", "last", "limit"),
        [(Side.BUY, "33.33", "34.32"), (Side.SELL, "33.33", "32.34"), (Side.SELL, "1", ".97")],
    )
    def test_the_collar_ends_on_a_tick_inside_it(self, side, last, limit):
        assert overseas_orders.marketable_limit(Decimal(last), side) == Decimal(limit)
