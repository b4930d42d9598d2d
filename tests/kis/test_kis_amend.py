"""Amends and cancels against the simulator: new numbers, what is left, every outcome, and never written twice."""

from datetime import timedelta
from decimal import Decimal

import pytest

from kis import errors, overseas_orders
from kis.broker import KisBroker
from market.errors import InvalidOrder, OutcomeUnknown, Refused, Throttled
from market.orders import AmendTicket, CancelTicket, OrderTicket, Slicing
from market.words import Exchange, Freshness, Lane, Side, SliceBy

REVISE = "/uapi/overseas-stock/v1/trading/order-rvsecncl"
NASDAQ = Exchange.NASDAQ


async def rest(client, quantity=5, price="20.00") -> str:
    """A buy far below the market that stays on the book; its number."""
    ticket = OrderTicket("NVDA", NASDAQ, Side.BUY, quantity, Decimal(price))
    prepared = await overseas_orders.prepare_order(ticket, client=client)
    return (await prepared.send(within=5)).broker_order_id


def to(number: str, quantity=4, price="21.50", **more) -> AmendTicket:
    return AmendTicket("NVDA", NASDAQ, number, quantity, Decimal(price), **more)


def phone(kis, client) -> str:
    """An order of the same customer by phone, far from the market; its number."""
    order = kis.control.phone_order(client.config.account_no, "KO", "buy", 1, "20.00")
    return order["order_number"].lstrip("0")


def booked(kis, client, kind: str) -> int:
    return sum(o["kind"] == kind for o in kis.control.orders(client.config.account_no))


async def rows(client):
    today = client.clock().date()
    first, last = today - timedelta(days=2), today + timedelta(days=1)
    return {r.broker_order_id: r for r in await overseas_orders.get_executions(first, last, client=client)}


@pytest.mark.parametrize("environment", ["real", "paper"])
class TestAmend:
    async def test_the_order_goes_on_under_a_new_number_with_the_new_quantity_and_price(self, make_client, environment):
        client = make_client(environment)
        old = await rest(client)

        prepared = await KisBroker(client).prepare_amend(to(old))
        new = (await prepared.send(within=5)).broker_order_id

        found = await rows(client)
        assert new != old
        assert (found[new].request_kind, found[new].original_id) == ("amend", old)
        assert (found[new].open_quantity, found[new].limit_price) == (4, Decimal("21.50"))
        assert found[old].open_quantity == 0

    async def test_only_the_new_number_is_open_and_can_be_cancelled(self, make_client, environment):
        client = make_client(environment)
        old = await rest(client)
        new = (await overseas_orders.amend_order(to(old), client=client)).broker_order_id

        numbers = {row.broker_order_id for row in await overseas_orders.get_open_orders(client=client)}
        assert (old in numbers, new in numbers) == (False, True)
        with pytest.raises(Refused):
            await overseas_orders.cancel_order(CancelTicket("NVDA", NASDAQ, old), client=client)
        await overseas_orders.cancel_order(CancelTicket("NVDA", NASDAQ, new), client=client)
        assert new not in {row.broker_order_id for row in await overseas_orders.get_open_orders(client=client)}

    async def test_a_cancel_of_some_leaves_the_rest_open(self, make_client, environment):
        client = make_client(environment)
        number = await rest(client, 5)
        await overseas_orders.cancel_order(CancelTicket("NVDA", NASDAQ, number, quantity=3), client=client)
        row = next(r for r in await overseas_orders.get_open_orders(client=client) if r.broker_order_id == number)
        assert row.open_quantity == 2

    async def test_an_amend_of_what_is_gone_is_refused(self, make_client, environment):
        client = make_client(environment)
        number = await rest(client)
        await overseas_orders.cancel_order(CancelTicket("NVDA", NASDAQ, number), client=client)
        with pytest.raises(Refused) as refused:
            await overseas_orders.amend_order(to(number), client=client)
        assert refused.value.code
        with pytest.raises(Refused):
            await overseas_orders.amend_order(to("999999"), client=client)


class TestOutcomes:
    @pytest.mark.parametrize(
        "fault",
        [
            "accept_then_timeout",
            "accept_then_reset",
            "egw00302_after_acceptance",
            "garbage_json",
            "accepted_without_number",
            "refusal_with_number",
        ],
    )
    async def test_an_amend_without_an_answer_is_unknown_and_was_written_once(self, kis, client, fault):
        number = await rest(client)
        before = booked(kis, client, "amend")
        prepared = await overseas_orders.prepare_amend(to(number), client=client)
        kis.control.fault(fault, count=5, match={"path": REVISE})
        with pytest.raises(OutcomeUnknown):
            await prepared.send(within=5)
        assert booked(kis, client, "amend") == before + 1
        with pytest.raises(RuntimeError):
            await prepared.send(within=5)

    @pytest.mark.parametrize("fault", ["rate_limited", "rate_limited_200", "ledger_limited", "token_expired"])
    async def test_a_proved_refusal_leaves_the_order_as_it_was(self, kis, client, fault):
        number = await rest(client)
        prepared = await overseas_orders.prepare_amend(to(number), client=client)
        kis.control.fault(fault, count=1, match={"path": REVISE})
        with pytest.raises(Throttled):
            await prepared.send(within=5)
        assert (await rows(client))[number].open_quantity == 5

    async def test_an_amend_that_cannot_be_paid_is_refused_and_leaves_the_order_as_it_was(self, client):
        number = await rest(client)
        with pytest.raises(Refused) as refused:
            await overseas_orders.amend_order(to(number, quantity=1_000_000), client=client)
        assert refused.value.code.startswith("APBK")
        assert (await rows(client))[number].open_quantity == 5

    async def test_without_its_hash_it_is_not_sent(self, kis, client):
        number = await rest(client)
        kis.control.fault("hash_down")
        with pytest.raises(errors.ReadFailed):
            await overseas_orders.prepare_amend(to(number), client=client)
        kis.control.clear_faults()
        assert (await rows(client))[number].open_quantity == 5

    async def test_what_kis_does_not_amend_is_refused_before_anything_is_sent(self, make_client):
        events = []
        client = make_client("real", on_event=events.append)
        with pytest.raises(InvalidOrder, match="cannot be amended"):
            await overseas_orders.prepare_amend(to("1", slicing=Slicing(SliceBy.TWAP)), client=client)
        assert events == []


NCCS = "/uapi/overseas-stock/v1/trading/inquire-nccs"


class TestOpenOrders:
    @pytest.mark.parametrize("environment", ["real", "paper"])
    async def test_they_are_read_to_the_last_page(self, kis, make_client, environment):
        client = make_client(environment, index=0 if environment == "real" else 1)
        placed = {phone(kis, client) for _ in range(45)}

        listing = await KisBroker(client).open_orders()

        assert (listing.complete, listing.freshness) == (True, Freshness.FRESH)
        assert placed <= {row.broker_order_id for row in listing.rows}
        assert all(row.open_quantity > 0 for row in listing.rows)

    @pytest.mark.parametrize("fault", ["half_page", "row_repeated", "page_key_repeats", "tr_cont_lost"])
    async def test_when_rows_may_be_missing_it_is_partial_not_short(self, kis, client, fault):
        for _ in range(45):
            phone(kis, client)
        kis.control.fault(fault, match={"path": NCCS})
        listing = await overseas_orders.read_open_orders(client=client, lane=Lane.TRACKING)
        assert (listing.complete, listing.freshness) == (False, Freshness.PARTIAL)
        with pytest.raises(errors.ReadFailed):
            await overseas_orders.get_open_orders(client=client)

    async def test_nothing_open_is_empty(self, make_client):
        client = make_client("paper", index=2)
        listing = await overseas_orders.read_open_orders(client=client, lane=Lane.TRACKING)
        assert (listing.rows, listing.freshness, listing.complete) == ((), Freshness.EMPTY, True)


@pytest.mark.parametrize("environment", ["real", "paper"])
async def test_the_order_list_can_be_narrowed_on_both_sides(kis, make_client, eventually, environment):
    client = make_client(environment)
    account = client.config.account_no
    kis.control.phone_order(account, "KO", "buy", 1, "20.00")
    kis.control.phone_order(account, "NVDA", "buy", 1, "20.00")
    today = client.clock().date()
    span = today - timedelta(days=2), today + timedelta(days=1)

    koala = await overseas_orders.get_executions(*span, symbol="KO", client=client)
    waiting = await overseas_orders.get_executions(*span, filled=False, client=client)
    sold = await overseas_orders.get_executions(*span, side=Side.SELL, client=client)

    assert koala
    assert {row.symbol for row in koala} == {"KO"}
    assert all(row.open_quantity > 0 for row in waiting)
    assert {"KO", "NVDA"} <= {row.symbol for row in waiting}
    assert all(row.side is Side.SELL for row in sold)
