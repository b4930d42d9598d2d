"""Orders on bad days: what is proved, what is not, and that nothing is ever written twice (safety rules 1)."""

import asyncio
from decimal import Decimal

import pytest

from kis import errors
from kis.simulator import testing
from market.errors import CredentialProblem, OutcomeUnknown, Refused, Throttled, TradingError
from market.orders import CancelTicket
from market.words import Exchange

ORDER = "/uapi/overseas-stock/v1/trading/order"
CANCEL = "/uapi/overseas-stock/v1/trading/order-rvsecncl"


class TestTakenButNotToldSo:
    """The broker has the order, the client cannot know: unknown, written once, and the list finds it (1.6)."""

    @pytest.mark.fault(
        "accept_then_timeout",
        "accept_then_reset",
        "egw00300_after_acceptance",
        "egw00301_after_acceptance",
        "egw00302_after_acceptance",
        "opsq_after_acceptance",
        "delayed_after_acceptance",
        "bad_gateway_after_acceptance",
        "accepted_without_number",
        "refusal_with_number",
        "garbage_json",
        "cut_answer",
        "empty_body",
    )
    async def test_the_outcome_is_unknown_and_the_list_shows_one_order(self, strike, orders, fault):
        prepared = await orders.prepare()
        strike(fault, path=ORDER, count=5)

        with pytest.raises(OutcomeUnknown):
            await prepared.send(within=5)

        (order,) = orders.booked()
        assert order["status"] == "working"
        assert await orders.listed() == {order["order_number"].lstrip("0")}

    @pytest.mark.fault("accept_then_timeout", "accept_then_reset", "egw00302_after_acceptance", "cut_answer")
    async def test_so_it_is_with_a_cancel(self, strike, orders, client, broker, fault):
        accepted = await orders.send()
        ticket = CancelTicket("NVDA", Exchange.NASDAQ, accepted.broker_order_id)
        prepared = await broker.prepare_cancel(ticket)
        strike(fault, path=CANCEL, count=1)
        with pytest.raises(OutcomeUnknown):
            await prepared.send(within=5)
        assert [o["kind"] for o in orders.booked()] == ["new", "cancel"]
        with pytest.raises(Refused):  # a cancel may be sent again: the ledger says that nothing is left
            await (await broker.prepare_cancel(ticket)).send(within=5)


class TestNotTakenButNotProvedSo:
    """Nothing happened at the broker, and yet nothing proves it: silence and unlisted codes are no refusal (1.3)."""

    @pytest.mark.fault(
        "timeout_before_acceptance",
        "reset_before_acceptance",
        "closed_on_reuse",
        "temporary_fault",
        "routing_fault",
        "backend_fault",
        "paper_delayed",
        "igw00009",
        "secret_refused",
        "key_revoked",
        "maintenance_503",
        "bad_gateway_502",
        "gateway_timeout_504",
    )
    async def test_the_outcome_is_unknown_and_the_list_is_known_to_be_empty(self, strike, orders, fault):
        prepared = await orders.prepare()
        strike(fault, path=ORDER, count=1)

        with pytest.raises(OutcomeUnknown):
            await prepared.send(within=5)

        assert orders.booked() == []
        assert await orders.listed() == set()


class TestProvedRefusals:
    """One whitelist: refused for rate, for the token, or by the ledger. The order does not exist (1.3)."""

    @pytest.mark.fault("rate_limited", "rate_limited_200", "rate_limited_429", "ledger_limited")
    async def test_refused_for_rate(self, strike, orders, fault):
        prepared = await orders.prepare()
        strike(fault, path=ORDER, count=1)
        with pytest.raises(Throttled) as refused:
            await prepared.send(within=5)
        assert refused.value.retry_after
        assert orders.booked() == []
        await orders.send()
        assert len(orders.booked()) == 1

    @pytest.mark.fault("token_expired", "token_expired_200")
    async def test_refused_for_the_token_and_the_next_attempt_has_another_look(self, strike, orders, fault):
        prepared = await orders.prepare()
        strike(fault, path=ORDER, count=1)
        with pytest.raises(Throttled) as refused:
            await prepared.send(within=5)
        assert refused.value.code == "EGW00123"
        assert orders.booked() == []
        assert (await orders.send()).broker_order_id

    @pytest.mark.fault("account_not_enabled")
    async def test_an_account_that_may_not_trade_is_refused_in_plain_words(self, strike, orders):
        prepared = await orders.prepare()
        strike("account_not_enabled")
        with pytest.raises(TradingError) as refused:
            await prepared.send(within=5)
        assert not isinstance(refused.value, OutcomeUnknown)
        assert refused.value.code == "40910000"
        assert refused.value.message.ko != refused.value.message.en
        assert orders.booked() == []


class TestBeforeTheOrder:
    """What is slow comes first; when it fails, nothing of the order has been sent (1.5)."""

    @pytest.mark.fault("hash_down")
    async def test_without_the_hash_nothing_is_sent(self, strike, orders):
        strike("hash_down")
        with pytest.raises(errors.ReadFailed):
            await orders.prepare()
        assert orders.booked() == []

    @pytest.mark.fault("hash_down")
    async def test_a_hiccup_of_the_hash_is_asked_again(self, strike, orders):
        strike("hash_down", count=1)
        await orders.send()
        assert len(orders.booked()) == 1

    @pytest.mark.fault("secret_refused")
    async def test_a_refused_secret_stops_before_the_order(self, strike, orders):
        strike("secret_refused")
        with pytest.raises(CredentialProblem) as stopped:
            await orders.prepare()
        assert stopped.value.code == "EGW00304"
        assert orders.booked() == []


class TestOnTheWay:
    """Answers that travel badly are answers all the same."""

    @pytest.mark.fault(
        "slow_answer", "dripped_answer", "clock_skew", "keepalive_closed", "added_fields", "padded_fields"
    )
    async def test_the_order_is_known_to_be_taken(self, strike, orders, fault):
        prepared = await orders.prepare()
        strike(fault, path=ORDER, count=1, seconds=0.2)
        accepted = await prepared.send(within=5)
        (order,) = orders.booked()
        assert accepted.broker_order_id == order["order_number"].lstrip("0")
        assert abs((orders.client.clock() - accepted.received_at).total_seconds()) < 5

    @pytest.mark.fault("slow_answer")
    async def test_slower_than_our_patience_is_unknown(self, strike, orders):
        prepared = await orders.prepare()
        strike("slow_answer", path=ORDER, count=1, seconds=2)
        with pytest.raises(OutcomeUnknown):
            await prepared.send(within=5)
        assert await orders.listed() == {o["order_number"].lstrip("0") for o in orders.booked()}

    @pytest.mark.fault("closed_on_reuse", "keepalive_closed")
    async def test_the_next_order_has_a_new_connection(self, strike, orders, fault):
        await orders.send()
        strike(fault, path="/uapi/hashkey", count=1)
        await orders.send()
        assert len(orders.booked()) == 2

    @pytest.mark.fault("object_for_array", "array_for_object")
    async def test_an_answer_of_another_shape_still_names_the_order(self, strike, orders, fault):
        await orders.send()
        strike(fault, path=ORDER)
        strike(fault, path="inquire-ccnl")
        prepared = await orders.prepare() if fault == "array_for_object" else None
        if prepared is not None:
            assert (await prepared.send(within=5)).broker_order_id
        assert await orders.listed() == {o["order_number"].lstrip("0") for o in orders.booked()}


class TestLater:
    @pytest.mark.fault("late_reject")
    async def test_an_order_rejected_by_the_venue_shows_in_the_list(self, strike, kis, orders):
        strike("late_reject")
        await orders.send()

        await asyncio.to_thread(testing.wait_for, lambda: orders.booked()[0]["status"] == "rejected")

        (row,) = (await orders.listing()).rows
        assert (row.filled_quantity, row.open_quantity, row.status_text) == (0, 0, "거부")
        assert row.reject_reason

    @pytest.mark.fault("number_reused")
    async def test_a_number_means_nothing_without_its_date(self, strike, orders):
        strike("number_reused")
        accepted = await orders.send()

        listing = await orders.listing(days=3)

        assert listing.complete
        rows = sorted(listing.rows, key=lambda row: row.order_date)
        assert [row.broker_order_id for row in rows] == [accepted.broker_order_id] * 2
        assert [row.open_quantity for row in rows] == [0, 1]
        assert rows[0].limit_price == Decimal("20.00")
