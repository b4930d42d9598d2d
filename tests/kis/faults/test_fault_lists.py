"""Lists and rows on bad days: what is complete is a fact, and nothing else is (safety rules 1.10, 4.1)."""

from datetime import timedelta
from decimal import Decimal

import pytest

from kis.broker import KisBroker
from kis.simulator import testing
from market.errors import CredentialProblem
from market.words import Exchange, Freshness

LIST = "/uapi/overseas-stock/v1/trading/inquire-ccnl"
BALANCE = "/uapi/overseas-stock/v1/trading/inquire-balance"
BUYING_POWER = "/uapi/overseas-stock/v1/trading/inquire-psamount"


def by_phone(kis, client, count):
    """Orders of the same customer from another channel: quick to place."""
    for _ in range(count):
        kis.control.phone_order(client.config.account_no, "KO", "buy", 1, "20.00")


def numbers(orders):
    return {o["order_number"].lstrip("0") for o in orders.booked()}


class TestPages:
    @pytest.mark.fault("half_page", "tr_cont_lost", "page_key_repeats")
    async def test_a_list_whose_rest_cannot_be_had_is_partial(self, strike, kis, orders, fault):
        by_phone(kis, orders.client, 23)  # two pages
        strike(fault, path=LIST)

        listing = await orders.listing()

        assert (listing.complete, listing.freshness) == (False, Freshness.PARTIAL)
        assert {row.broker_order_id for row in listing.rows} < numbers(orders) or fault == "page_key_repeats"

    @pytest.mark.fault("half_page")
    async def test_half_of_the_holdings_is_partial(self, strike, broker):
        strike("half_page", path=BALANCE, count=1)
        holdings = await broker.holdings()
        assert (holdings.complete, holdings.freshness) == (False, Freshness.PARTIAL)

    @pytest.mark.fault("rate_limited", "maintenance_503")
    async def test_a_second_page_that_does_not_come_leaves_the_list_partial(self, strike, kis, orders, fault):
        by_phone(kis, orders.client, 23)
        assert (await orders.listing()).complete
        strike("page_key_repeats", path=LIST)
        strike(fault, path=LIST, probability=0.9)
        listing = await orders.listing()
        assert not listing.complete
        assert listing.freshness is not Freshness.EMPTY

    @pytest.mark.fault("row_repeated")
    async def test_one_row_in_the_place_of_all_is_partial(self, strike, kis, orders):
        by_phone(kis, orders.client, 3)
        strike("row_repeated", path=LIST)
        listing = await orders.listing()
        assert (listing.complete, listing.freshness) == (False, Freshness.PARTIAL)
        assert len(listing.rows) == 1

    @pytest.mark.fault("rows_doubled")
    async def test_holdings_that_come_twice_count_once(self, strike, broker):
        before = await broker.holdings()
        strike("rows_doubled", path=BALANCE)
        assert [(h.symbol, h.quantity) for h in (await broker.holdings()).rows] == [
            (h.symbol, h.quantity) for h in before.rows
        ]


class TestShapes:
    """Rows read by name, whatever is around them."""

    @pytest.mark.fault("blank_rows", "added_fields", "padded_fields", "bare_numbers", "signed_numbers")
    async def test_the_order_list_reads_the_same(self, strike, orders, fault):
        await orders.send()
        (before,) = (await orders.listing()).rows
        strike(fault, path=LIST)

        listing = await orders.listing()

        assert (listing.complete, listing.freshness) == (True, Freshness.FRESH)
        (row,) = listing.rows
        for name in ("broker_order_id", "symbol", "side", "quantity", "limit_price", "open_quantity", "placed_at"):
            assert getattr(row, name) == getattr(before, name), name

    @pytest.mark.fault("blank_rows", "added_fields", "padded_fields", "bare_numbers", "signed_numbers")
    async def test_holdings_read_the_same(self, strike, broker, fault):
        before = {h.symbol: (h.quantity, h.sellable_quantity, h.avg_price) for h in (await broker.holdings()).rows}
        strike(fault, path=BALANCE)
        found = await broker.holdings()
        assert found.complete
        assert {h.symbol: (h.quantity, h.sellable_quantity, h.avg_price) for h in found.rows} == before

    @pytest.mark.fault("padded_fields", "bare_numbers", "signed_numbers", "array_for_object", "added_fields")
    async def test_buying_power_reads_the_same(self, strike, broker, fault):
        ask = ("NVDA", Exchange.NASDAQ, Decimal("100"))
        before = await broker.buying_power(*ask)
        strike(fault, path=BUYING_POWER)
        found = await broker.buying_power(*ask)
        assert (found.usd, found.max_quantity_usd) == (before.usd, before.max_quantity_usd)

    @pytest.mark.fault("object_for_array")
    async def test_a_single_row_sent_as_an_object_is_a_row(self, strike, orders):
        await orders.send()
        strike("object_for_array", path=LIST)
        assert await orders.listed() == numbers(orders)

    @pytest.mark.fault("object_for_array")
    async def test_an_empty_object_is_no_row_and_the_list_is_known_to_be_empty(self, strike, orders, broker):
        strike("object_for_array", path=BALANCE, match={"side": "real"})
        orders.kis.control.phone_order(orders.client.config.account_no, "KO", "sell", 7, "1.00")
        for symbol, quantity in (("SPY", 5), ("IBM", 3), ("MSFT", 2)):
            orders.kis.control.phone_order(orders.client.config.account_no, symbol, "sell", quantity, "1.00")
        testing.wait_for(lambda: not orders.kis.control.account(orders.client.config.account_no)["holdings"])
        holdings = await broker.holdings()
        assert (holdings.complete, holdings.freshness, holdings.rows) == (True, Freshness.EMPTY, ())

    @pytest.mark.fault("missing_field")
    @pytest.mark.parametrize("field", ["odno", "ft_ccld_qty", "nccs_qty", "sll_buy_dvsn_cd", "ord_dt"])
    async def test_a_row_without_what_it_must_say_makes_the_list_partial(self, strike, orders, field):
        await orders.send()
        strike("missing_field", path=LIST, match={"field": field})
        listing = await orders.listing()
        assert (listing.complete, listing.freshness) == (False, Freshness.PARTIAL)

    @pytest.mark.fault("missing_field")
    @pytest.mark.parametrize("field", ["prdt_name", "loan_dt", "mdia_dvsn_name", "prcs_stat_name"])
    async def test_a_row_without_what_nobody_needs_is_read(self, strike, orders, field):
        await orders.send()
        strike("missing_field", path=LIST, match={"field": field})
        assert await orders.listed() == numbers(orders)

    @pytest.mark.fault("added_fields")
    async def test_fields_that_nobody_documented_are_told_at_most_once(self, strike, make_client, who):
        events = []
        client = make_client("real", index=who, on_event=events.append)
        strike("added_fields", path=BALANCE)
        for _ in range(3):
            await KisBroker(client).holdings()
        told = [(event["layout"], str(event["shape"])) for event in events if event["event"] == "kis.drift"]
        assert len(told) == len(set(told))


class TestOldNews:
    @pytest.mark.fault("list_lags")
    async def test_a_lagging_list_does_not_show_the_order_and_says_no_more_than_that(self, strike, kis, orders):
        accepted = await orders.send()
        strike("list_lags", seconds=300)
        assert await orders.listed() == set()  # what is absent proves nothing until the day is over (1.2)
        kis.control.clear_faults("list_lags")
        assert await orders.listed() == {accepted.broker_order_id}

    @pytest.mark.fault("stale_balance")
    async def test_holdings_may_lag_behind_the_order_list(self, strike, kis, orders, broker):
        kis.control.pin("NVDA", "100.00")
        await orders.send("101.00", 4)
        testing.wait_for(lambda: "NVDA" in kis.control.account(orders.client.config.account_no)["holdings"])
        strike("stale_balance", seconds=300)

        rows = (await orders.listing()).rows
        assert [row.filled_quantity for row in rows] == [4]
        assert "NVDA" not in {h.symbol for h in (await broker.holdings()).rows}
        power = await broker.buying_power("NVDA", Exchange.NASDAQ, Decimal("100"))
        kis.control.clear_faults("stale_balance")
        assert {h.symbol: h.quantity for h in (await broker.holdings()).rows}["NVDA"] == 4
        assert power.usd > (await broker.buying_power("NVDA", Exchange.NASDAQ, Decimal("100"))).usd


class TestReadAgain:
    """A question is asked again after what may be repeated, and typed when it stays unanswered."""

    @pytest.mark.fault(
        "rate_limited",
        "rate_limited_200",
        "rate_limited_429",
        "ledger_limited",
        "temporary_fault",
        "routing_fault",
        "backend_fault",
        "paper_delayed",
        "maintenance_503",
        "bad_gateway_502",
        "gateway_timeout_504",
        "garbage_json",
        "cut_answer",
        "empty_body",
        "closed_on_reuse",
        "token_expired",
        "token_expired_200",
    )
    async def test_once_is_a_hiccup(self, strike, orders, fault):
        accepted = await orders.send()
        strike(fault, path=LIST, count=1)
        assert await orders.listed() == {accepted.broker_order_id}

    @pytest.mark.fault("slow_answer", "dripped_answer", "keepalive_closed", "clock_skew")
    async def test_slow_or_odd_on_the_way_is_an_answer(self, strike, orders, fault):
        accepted = await orders.send()
        strike(fault, path=LIST, seconds=0.2)
        assert await orders.listed() == {accepted.broker_order_id}

    @pytest.mark.fault("rate_limited")
    async def test_throttled_to_the_end_is_not_empty(self, strike, orders):
        strike("rate_limited", path=LIST)
        listing = await orders.listing()
        assert (listing.complete, listing.freshness, listing.rows) == (False, Freshness.THROTTLED, ())

    @pytest.mark.fault("maintenance_503")
    async def test_failed_to_the_end_is_not_empty(self, strike, orders):
        strike("maintenance_503", path=LIST)
        listing = await orders.listing()
        assert (listing.complete, listing.freshness, listing.rows) == (False, Freshness.FAILED, ())

    @pytest.mark.fault("key_revoked", "secret_refused")
    async def test_a_key_that_is_not_valid_any_more_stops_at_once(self, strike, orders, broker, fault):
        await broker.holdings()
        strike(fault)
        with pytest.raises(CredentialProblem) as stopped:
            await broker.executions(*(orders.client.clock().date() - timedelta(days=n) for n in (1, 0)))
        assert stopped.value.message.ko
