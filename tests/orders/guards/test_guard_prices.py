"""Guards: is the order valid, and is the price one that may be paid."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from market.words import Freshness, Side
from orders.risk import Limits

D = Decimal


class TestTickSize:
    @pytest.mark.parametrize(
        ("price", "passes"),
        [
            ("100.00", True), ("100.01", True), ("100.001", False), ("100.0099", False),
            ("1.00", True), ("1.01", True), ("1.0001", False), ("0.9999", True), ("0.99995", False),
            ("0.0001", True), ("0.00009", False), ("0", False), ("-1", False),
        ],
    )  # fmt: skip
    @pytest.mark.parametrize("side", Side)
    def test_a_cent_from_one_dollar_up_and_a_hundredth_of_a_cent_below(self, noon, price, passes, side):
        intent = replace(noon.buy if side is Side.BUY else noon.sell, limit_price=D(price))
        assert noon.ask("tick_size", intent).passed is passes


class TestWholeQuantity:
    @pytest.mark.parametrize(("quantity", "passes"), [(1, True), (2, True), (0, False), (-1, False), (1.5, False)])
    @pytest.mark.parametrize("side", Side)
    def test_one_share_or_more(self, noon, quantity, passes, side):
        intent = replace(noon.buy if side is Side.BUY else noon.sell, quantity=quantity)
        assert noon.ask("whole_quantity", intent).passed is passes


class TestPriceCollar:
    @pytest.mark.parametrize(
        ("side", "price", "passes"),
        [
            (Side.BUY, "102.00", True), (Side.BUY, "102.01", False), (Side.BUY, "1.00", True),
            (Side.SELL, "90.00", True), (Side.SELL, "89.99", False), (Side.SELL, "500.00", True),
        ],
    )  # fmt: skip
    def test_two_per_cent_for_a_buy_and_a_wider_ten_for_an_exit(self, noon, side, price, passes):
        intent = replace(noon.buy if side is Side.BUY else noon.sell, limit_price=D(price))
        assert noon.ask("price_collar", intent).passed is passes

    def test_without_a_quote_an_exit_goes_at_the_limit_it_has(self, noon):
        assert noon.ask("price_collar", replace(noon.sell, limit_price=D("1.00")), quote=None).passed


class TestFreshQuote:
    @pytest.mark.parametrize(("age", "passes"), [(0, True), (9.999, True), (10, True), (10.001, False), (3600, False)])
    def test_by_the_markets_time(self, noon, age, passes):
        quote = replace(noon.quote, at=noon.now - timedelta(seconds=age))
        assert noon.ask("fresh_quote", quote=quote).passed is passes

    def test_our_own_time_does_not_make_it_fresh(self, noon):
        old = replace(noon.quote, at=noon.now - timedelta(seconds=11), received_at=noon.now)
        assert not noon.ask("fresh_quote", quote=old).passed

    @pytest.mark.parametrize("freshness", [f for f in Freshness if f is not Freshness.FRESH])
    def test_what_is_typed_otherwise_is_not_fresh(self, noon, freshness):
        assert not noon.ask("fresh_quote", quote=replace(noon.quote, freshness=freshness)).passed

    def test_no_quote_is_no_fresh_quote(self, noon):
        assert not noon.ask("fresh_quote", quote=None).passed

    def test_is_not_asked_of_an_exit(self, noon):
        assert not noon.is_asked("fresh_quote", noon.sell)


class TestCompleteData:
    def test_an_entry_decided_with_bars_missing_stays(self, noon):
        assert noon.ask("complete_data", replace(noon.buy, on_complete_data=False)).lets == 0
        assert noon.ask("complete_data").lets == 10

    def test_is_not_asked_of_an_exit(self, noon):
        assert not noon.is_asked("complete_data", replace(noon.sell, on_complete_data=False))


class TestSlippage:
    """How far the limit lies above the ask."""

    def quoted(self, noon, ask):
        return replace(noon.quote, bid=D("99.00"), ask=D(ask))

    @pytest.mark.parametrize(("limit", "passes"), [("100.50", True), ("100.51", False), ("99.50", True)])
    @pytest.mark.parametrize("whose", ["house", "account"])
    def test_fifty_basis_points_of_an_ask_of_one_hundred(self, noon, limit, passes, whose):
        intent = replace(noon.buy, limit_price=D(limit))
        limits = {whose: Limits(max_slippage_bps=50)}
        assert noon.ask("slippage", intent, quote=self.quoted(noon, "100.00"), **limits).passed is passes

    def test_none_at_all_means_at_the_ask(self, noon):
        at_the_ask, a_cent_above = (replace(noon.buy, limit_price=D(p)) for p in ("100.00", "100.01"))
        none = {"account": Limits(max_slippage_bps=0), "quote": self.quoted(noon, "100.00")}
        assert noon.ask("slippage", at_the_ask, **none).passed
        assert not noon.ask("slippage", a_cent_above, **none).passed

    def test_the_tighter_wins(self, noon):
        both = {"house": Limits(max_slippage_bps=200), "account": Limits(max_slippage_bps=10)}
        intent = replace(noon.buy, limit_price=D("100.11"))
        assert not noon.ask("slippage", intent, quote=self.quoted(noon, "100.00"), **both).passed

    def test_where_no_ask_is_known_the_collar_is_the_bound(self, noon):
        assert noon.ask("slippage", account=Limits(max_slippage_bps=0)).passed

    def test_is_not_asked_of_an_exit(self, noon):
        assert not noon.is_asked("slippage", noon.sell)


class TestSpread:
    """How far bid and ask lie apart, measured by their middle."""

    @pytest.mark.parametrize(
        ("bid", "ask", "passes"),
        [
            pytest.param("99.90", "100.10", True, id="20 bps, just the limit"),
            pytest.param("99.89", "100.10", False, id="a cent wider"),
            pytest.param("99.91", "100.10", True, id="a cent narrower"),
            pytest.param("100.00", "100.00", True, id="none"),
            pytest.param("100.10", "100.00", True, id="crossed for a moment"),
        ],
    )
    @pytest.mark.parametrize("whose", ["house", "account"])
    def test_twenty_basis_points(self, noon, bid, ask, passes, whose):
        quote = replace(noon.quote, bid=D(bid), ask=D(ask))
        assert noon.ask("spread", quote=quote, **{whose: Limits(max_spread_bps=20)}).passed is passes

    def test_the_tighter_wins(self, noon):
        both = {"house": Limits(max_spread_bps=10), "account": Limits(max_spread_bps=50)}
        assert not noon.ask("spread", quote=replace(noon.quote, bid=D("99.90"), ask=D("100.10")), **both).passed

    @pytest.mark.parametrize(("bid", "ask"), [(None, "100.00"), ("100.00", None), (None, None)])
    def test_is_judged_where_both_are_known(self, noon, bid, ask):
        quote = replace(noon.quote, bid=bid and D(bid), ask=ask and D(ask))
        assert noon.ask("spread", quote=quote, account=Limits(max_spread_bps=0)).passed

    def test_is_not_asked_of_an_exit(self, noon):
        assert not noon.is_asked("spread", noon.sell)
