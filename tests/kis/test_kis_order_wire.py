"""Requests and answers about orders, against the constructed examples of the protocol sheet. No socket anywhere."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kis import functions, overseas_orders
from kis.wire import calls, order_answers, order_calls
from market.errors import InvalidOrder, NotInPaper
from market.orders import AmendTicket, CancelTicket, Slicing
from market.words import Exchange, Side, SliceBy, TimeInForce
from tests.kis.samples import ACCOUNT, NOW, PAPER, REAL, answer, bent, containers, ticket

AT_OPEN, AT_CLOSE = TimeInForce.AT_OPEN, TimeInForce.AT_CLOSE
AMEND = AmendTicket("NVDA", Exchange.NASDAQ, "40901", 7, Decimal("185.1"))

ACCEPTED = {
    "rt_cd": "0",
    "msg_cd": "APBK0013",
    "msg1": "주문 전송 완료 되었습니다.",
    "output": {"KRX_FWDG_ORD_ORGNO": "01790", "ODNO": "0000040901", "ORD_TMD": "231502"},
}
ROW = {
    "ord_dt": "20260312",
    "ord_gno_brno": "01790",
    "odno": "0000040901",
    "orgn_odno": "",
    "sll_buy_dvsn_cd": "02",
    "rvse_cncl_dvsn": "00",
    "pdno": "NVDA",
    "ft_ord_qty": "10",
    "ft_ord_unpr3": "184.25000000",
    "ft_ccld_qty": "4",
    "ft_ccld_unpr3": "184.24000000",
    "ft_ccld_amt3": "736.96000",
    "nccs_qty": "6",
    "prcs_stat_name": "전송",
    "rjct_rson": "",
    "rjct_rson_name": "",
    "ord_tmd": "231502",
    "ovrs_excg_cd": "NASD",
    "dmst_ord_dt": "20260312",
    "thco_ord_tmd": "231502",
    "mdia_dvsn_name": "OpenAPI",
    "splt_buy_attr_name": "",
}
# 4.10: the open orders call some of it differently and leave some of it out
OPEN_ROW = {k: v for k, v in ROW.items() if k not in ("dmst_ord_dt", "thco_ord_tmd", "mdia_dvsn_name")}
OPEN_ROW["rvse_cncl_dvsn_cd"] = OPEN_ROW.pop("rvse_cncl_dvsn")
SLICED = {
    "odno": "0000040901",
    "trad_dvsn_name": "매수",
    "pdno": "NVDA",
    "item_name": "엔비디아",
    "ft_ord_qty": "10",
    "ft_ord_unpr3": "184.25000000",
    "splt_buy_attr_name": "TWAP 23:40~04:50",
    "ft_ccld_qty": "4",
    "ord_gno_brno": "01790",
}
SLICE = {
    "ccld_seq": "1",
    "ccld_btwn": "234501",
    "pdno": "NVDA",
    "item_name": "엔비디아",
    "ft_ccld_qty": "4",
    "ft_ccld_unpr3": "184.24000000",
    "ft_ccld_amt3": "736.96000",
}
SLICE_SUM = {**SLICED, "ord_tmd": "234000", "tr_crcy": "USD", "ft_ccld_unpr3": "184.24", "ccld_cnt": "1"}


class TestOrders:
    @pytest.mark.parametrize(
        ("config", "side", "tr_id"),
        [
            (REAL, Side.BUY, "TTTT1002U"),
            (REAL, Side.SELL, "TTTT1006U"),
            (PAPER, Side.BUY, "VTTT1002U"),
            (PAPER, Side.SELL, "VTTT1001U"),
        ],
    )
    def test_an_order_has_the_function_id_of_its_side_and_environment(self, config, side, tr_id):
        assert order_calls.order(config, ticket(side=side)).tr_id == tr_id

    def test_an_order_carries_every_mandatory_field_as_text(self):
        call = order_calls.order(REAL, ticket())

        assert (call.method, call.path) == ("POST", "/uapi/overseas-stock/v1/trading/order")
        assert call.fields == {
            **ACCOUNT,
            "OVRS_EXCG_CD": "NASD",
            "PDNO": "NVDA",
            "ORD_QTY": "10",
            "OVRS_ORD_UNPR": "184.25",
            "CTAC_TLNO": "",
            "MGCO_APTM_ODNO": "",
            "SLL_TYPE": "",
            "ORD_SVR_DVSN_CD": "0",
            "ORD_DVSN": "00",
        }

    def test_a_sell_says_so_twice(self):
        assert order_calls.order(REAL, ticket(side=Side.SELL)).fields["SLL_TYPE"] == "00"

    @pytest.mark.parametrize(
        ("price", "text"), [("184.2", "184.20"), ("1", "1.00"), ("0.1234", "0.1234"), ("1E+2", "100.00")]
    )
    def test_a_price_is_written_in_full(self, price, text):
        assert calls.price_text(Decimal(price)) == text

    @pytest.mark.parametrize("price", ["184.255", "0", "-1", "0.12345", "NaN", "Infinity"])
    def test_a_price_off_the_tick_is_refused_before_it_is_sent(self, price):
        with pytest.raises(InvalidOrder, match="tick"):
            order_calls.order(REAL, ticket(limit_price=Decimal(price)))

    def test_a_price_below_a_cent_is_refused_before_it_is_sent(self):
        with pytest.raises(InvalidOrder, match=r"below \$0.01"):
            order_calls.order(REAL, ticket(limit_price=Decimal("0.0099")))

    @pytest.mark.parametrize("quantity", [0, -1, 10**10, True, Decimal("1.5")])
    def test_a_quantity_is_whole_shares_at_least_one(self, quantity):
        with pytest.raises(InvalidOrder, match="one share"):
            order_calls.order(REAL, ticket(quantity=quantity))

    @pytest.mark.parametrize("symbol", ["", " NVDA", "NV\nDA", "엔비디아", "A" * 13])
    def test_what_is_no_symbol_is_refused_before_it_is_sent(self, symbol):
        with pytest.raises(InvalidOrder, match="not a symbol"):
            order_calls.order(REAL, ticket(symbol=symbol))

    def test_a_refusal_of_ours_is_a_value_error_in_both_languages(self):
        with pytest.raises(ValueError, match="호가 단위") as invalid:
            order_calls.order(REAL, ticket(limit_price=Decimal("1.005")))
        assert set(invalid.value.message.as_dict()) == {"ko", "en"}


class TestAuctions:
    @pytest.mark.parametrize(("when", "code"), [(AT_OPEN, "32"), (AT_CLOSE, "34")])
    @pytest.mark.parametrize("side", Side)
    def test_with_a_price_it_is_a_limit_at_the_auction_for_both_sides(self, when, code, side):
        fields = order_calls.order(REAL, ticket(time_in_force=when, side=side)).fields
        assert (fields["ORD_DVSN"], fields["OVRS_ORD_UNPR"]) == (code, "184.25")

    @pytest.mark.parametrize(("when", "code"), [(AT_OPEN, "31"), (AT_CLOSE, "33")])
    def test_without_a_price_a_sell_goes_at_the_market_of_the_auction(self, when, code):
        fields = order_calls.order(REAL, ticket(time_in_force=when, side=Side.SELL, limit_price=None)).fields
        assert (fields["ORD_DVSN"], fields["OVRS_ORD_UNPR"]) == (code, "0")

    @pytest.mark.parametrize("when", [AT_OPEN, AT_CLOSE])
    def test_nobody_buys_at_the_market_of_an_auction(self, when):
        with pytest.raises(InvalidOrder, match="sells only"):
            order_calls.order(REAL, ticket(time_in_force=when, limit_price=None))

    @pytest.mark.parametrize("side", Side)
    def test_there_is_no_market_order_in_the_session(self, side):
        with pytest.raises(InvalidOrder, match="no market order"):
            order_calls.order(REAL, ticket(limit_price=None, side=side))

    @pytest.mark.parametrize("when", [AT_OPEN, AT_CLOSE])
    @pytest.mark.parametrize("price", [Decimal("184.25"), None])
    def test_paper_has_no_auctions(self, when, price):
        with pytest.raises(NotInPaper, match="day limit orders only"):
            order_calls.order(PAPER, ticket(time_in_force=when, limit_price=price, side=Side.SELL))


def window(start_minutes: float, end_minutes: float) -> Slicing:
    return Slicing(SliceBy.TWAP, NOW + timedelta(minutes=start_minutes), NOW + timedelta(minutes=end_minutes))


class TestSlicedOrders:
    @pytest.mark.parametrize(("by", "code"), [(SliceBy.TWAP, "35"), (SliceBy.VWAP, "36")])
    def test_until_the_close_it_names_no_times(self, by, code):
        fields = order_calls.order(REAL, ticket(slicing=Slicing(by))).fields
        assert fields["ORD_DVSN"] == code
        assert (fields["START_TIME"], fields["END_TIME"], fields["ALGO_ORD_TMD_DVSN_CD"]) == ("", "", "02")
        assert fields["OVRS_ORD_UNPR"] == "184.25"

    def test_its_own_window_is_in_korean_time(self):
        fields = order_calls.order(REAL, ticket(slicing=window(5, 65))).fields
        assert (fields["START_TIME"], fields["END_TIME"], fields["ALGO_ORD_TMD_DVSN_CD"]) == ("232009", "002009", "00")

    @pytest.mark.parametrize("slicing", [Slicing(SliceBy.TWAP, NOW), Slicing(SliceBy.TWAP, None, NOW), window(5, 5)])
    def test_half_a_window_is_none(self, slicing):
        with pytest.raises(InvalidOrder, match="start and end"):
            order_calls.order(REAL, ticket(slicing=slicing))

    def test_a_window_without_a_zone_is_no_window(self):
        naive = NOW.replace(tzinfo=None)
        for slicing in (Slicing(SliceBy.TWAP, naive, NOW), Slicing(SliceBy.TWAP, naive, naive + timedelta(hours=1))):
            with pytest.raises(ValueError, match="zone"):
                order_calls.order(REAL, ticket(slicing=slicing))

    def test_it_is_a_limit_day_order_on_real(self):
        with pytest.raises(InvalidOrder, match="limit price"):
            order_calls.order(REAL, ticket(slicing=Slicing(SliceBy.TWAP), limit_price=None))
        with pytest.raises(InvalidOrder, match="day orders"):
            order_calls.order(REAL, ticket(slicing=Slicing(SliceBy.TWAP), time_in_force=AT_OPEN))
        with pytest.raises(NotInPaper):
            order_calls.order(PAPER, ticket(slicing=Slicing(SliceBy.TWAP)))

    @pytest.mark.parametrize(("start", "end"), [(1, 60), (1 / 60, 30), (60, 345 - 5.2)])
    def test_a_window_in_the_future_that_ends_before_the_close_is_taken(self, start, end):
        overseas_orders.check_window(window(start, end), NOW)

    @pytest.mark.parametrize(("start", "end"), [(0, 60), (-1, 60), (60, 24 * 60), (60, 345), (60, 341), (60, 1000)])
    def test_a_window_that_kis_does_not_take_is_refused_before_it_is_sent(self, start, end):
        with pytest.raises(InvalidOrder, match="window"):
            overseas_orders.check_window(window(start, end), NOW)

    def test_until_the_close_is_always_in_time(self):
        overseas_orders.check_window(Slicing(SliceBy.VWAP), NOW)


class TestAmendAndCancel:
    @pytest.mark.parametrize(("config", "tr_id"), [(REAL, "TTTT1004U"), (PAPER, "VTTT1004U")])
    def test_an_amend_gives_the_open_rest_another_quantity_and_price(self, config, tr_id):
        call = order_calls.amend(config, AMEND)
        assert call.tr_id == tr_id
        assert call.fields == {
            **ACCOUNT,
            "OVRS_EXCG_CD": "NASD",
            "PDNO": "NVDA",
            "ORGN_ODNO": "0000040901",
            "RVSE_CNCL_DVSN_CD": "01",
            "ORD_QTY": "7",
            "OVRS_ORD_UNPR": "185.10",
            "MGCO_APTM_ODNO": "",
            "ORD_SVR_DVSN_CD": "0",
        }

    @pytest.mark.parametrize(
        "changes",
        [
            {"quantity": 0},
            {"limit_price": Decimal("1.001")},
            {"limit_price": None},
            {"broker_order_id": ""},
            {"broker_order_id": "0000000000"},
            {"broker_order_id": "12345678901"},
        ],
    )
    def test_an_amend_to_what_cannot_be_is_refused_before_it_is_sent(self, changes):
        fields = {"symbol": "NVDA", "exchange": Exchange.NASDAQ, "broker_order_id": "40901", "quantity": 7}
        with pytest.raises(InvalidOrder):
            order_calls.amend(REAL, AmendTicket(**{**fields, "limit_price": Decimal(185), **changes}))

    def test_a_sliced_order_cannot_be_amended(self):
        with pytest.raises(InvalidOrder, match="cannot be amended"):
            order_calls.amend(REAL, AmendTicket("NVDA", Exchange.NASDAQ, "1", 7, Decimal(185), Slicing(SliceBy.VWAP)))

    def test_a_cancel_is_for_all_that_is_left(self):
        call = order_calls.cancel(PAPER, CancelTicket("KO", Exchange.NYSE, "40901"))

        assert call.tr_id == "VTTT1004U"
        assert call.fields["ORGN_ODNO"] == "0000040901"
        assert call.fields["RVSE_CNCL_DVSN_CD"] == "02"
        assert (call.fields["ORD_QTY"], call.fields["OVRS_ORD_UNPR"]) == ("0", "0")

    def test_or_for_some_of_it(self):
        fields = order_calls.cancel(REAL, CancelTicket("KO", Exchange.NYSE, "40901", quantity=3)).fields
        assert (fields["ORD_QTY"], fields["OVRS_ORD_UNPR"]) == ("3", "0")
        with pytest.raises(InvalidOrder):  # "0" would mean all
            order_calls.cancel(REAL, CancelTicket("KO", Exchange.NYSE, "40901", quantity=0))


class TestListsAsked:
    def test_the_order_list_of_paper_takes_its_fixed_filters_only(self):
        first, last = date(2026, 3, 11), date(2026, 3, 12)
        filters = {"symbol": "NVDA", "side": Side.SELL, "filled": True}
        real, paper = (order_calls.executions(c, first, last, **filters).fields for c in (REAL, PAPER))

        assert (real["PDNO"], real["SLL_BUY_DVSN"], real["CCLD_NCCS_DVSN"]) == ("NVDA", "01", "01")
        assert (paper["PDNO"], paper["SLL_BUY_DVSN"], paper["CCLD_NCCS_DVSN"]) == ("", "00", "00")
        assert (real["OVRS_EXCG_CD"], paper["OVRS_EXCG_CD"]) == ("NASD", "")
        assert (real["ORD_STRT_DT"], real["ORD_END_DT"]) == ("20260311", "20260312")

    def test_without_filters_everything_is_asked_for(self):
        fields = order_calls.executions(REAL, NOW.date(), NOW.date()).fields
        assert (fields["PDNO"], fields["SLL_BUY_DVSN"], fields["CCLD_NCCS_DVSN"]) == ("%", "00", "00")
        assert order_calls.executions(REAL, NOW.date(), NOW.date(), filled=False).fields["CCLD_NCCS_DVSN"] == "02"

    def test_open_orders_are_asked_for_in_all_of_the_us_and_paper_has_none(self):
        call = order_calls.open_orders(REAL)
        pages = {"CTX_AREA_FK200": "", "CTX_AREA_NK200": ""}
        assert call.fields == {**ACCOUNT, "OVRS_EXCG_CD": "NASD", "SORT_SQN": "DS", **pages}
        with pytest.raises(NotInPaper):
            order_calls.open_orders(PAPER)

    def test_sliced_orders_are_asked_for_by_day_and_their_fills_by_branch_and_number(self):
        assert order_calls.sliced_orders(REAL, date(2026, 3, 12)).fields["TRAD_DT"] == "20260312"
        fields = order_calls.slice_fills(REAL, date(2026, 3, 12), "01790", "40901").fields
        assert (fields["ORD_DT"], fields["ORD_GNO_BRNO"], fields["ODNO"]) == ("20260312", "01790", "0000040901")
        with pytest.raises(NotInPaper, match="order list"):
            order_calls.sliced_orders(PAPER, date(2026, 3, 12))


class TestAnswers:
    def test_an_accepted_order_is_read_with_its_number(self):
        accepted = order_answers.accepted(answer(ACCEPTED))
        assert accepted is not None
        assert (accepted.broker_order_id, accepted.branch, accepted.broker_time) == ("40901", "01790", "231502")

    @pytest.mark.parametrize(
        "output",
        [{}, {"ODNO": ""}, {"ODNO": "0000000000"}, {"ODNO": "?"}, None, [], "x", {"ODNO": None}],
    )
    def test_success_without_a_readable_number_proves_nothing(self, output):
        assert order_answers.accepted(answer({**ACCEPTED, "output": output})) is None

    def test_the_number_is_found_in_any_case_and_in_an_array(self):
        assert order_answers.accepted(answer({**ACCEPTED, "output": [{"odno": "7"}]})).broker_order_id == "7"

    @pytest.mark.parametrize("output", [{"ODNO": "7"}, [{"odno": "7"}], {"OVRS_RSVN_ODNO": "0000000007"}])
    def test_a_refusal_that_names_an_order_or_a_reservation_is_none(self, output):
        assert order_answers.carries_order_number(answer({"rt_cd": "1", "output": output}))

    def test_a_row_of_the_order_list(self):
        (row,) = order_answers.executions(answer({"rt_cd": "0", "output": [ROW]})).rows

        assert (row.order_date, row.broker_order_id, row.original_id) == (date(2026, 3, 12), "40901", "")
        assert (row.request_kind, row.symbol, row.side, row.exchange) == ("new", "NVDA", Side.BUY, Exchange.NASDAQ)
        assert (row.quantity, row.filled_quantity, row.open_quantity) == (10, 4, 6)
        assert (row.limit_price, row.avg_fill_price) == (Decimal("184.25"), Decimal("184.24"))
        assert row.placed_at == datetime(2026, 3, 12, 14, 15, 2, tzinfo=UTC)
        assert (row.channel, row.branch, row.filled_amount) == ("OpenAPI", "01790", Decimal("736.96"))
        assert row.raw == ROW

    def test_an_open_order_is_read_alike_and_has_no_moment_since_its_korean_date_is_not_told(self):
        (row,) = order_answers.executions(answer({"rt_cd": "0", "output": [OPEN_ROW]})).rows
        assert (row.broker_order_id, row.request_kind, row.open_quantity) == ("40901", "new", 6)
        assert (row.placed_at, row.channel) == (None, "")

    def test_a_cancel_is_a_row_of_its_own_about_another(self):
        cancel = {**ROW, "odno": "0000040902", "orgn_odno": "0000040901", "rvse_cncl_dvsn": "02", "nccs_qty": ""}
        (row,) = order_answers.executions(answer({"output": [cancel]})).rows
        assert (row.request_kind, row.original_id, row.open_quantity) == ("cancel", "40901", 0)

    @pytest.mark.parametrize("name", ["ft_ord_qty", "ft_ccld_qty", "nccs_qty"])
    def test_an_amended_order_lives_on_in_its_row_which_must_say_how_many(self, name):
        amend = {**ROW, "odno": "0000040902", "orgn_odno": "0000040901", "rvse_cncl_dvsn": "01"}
        assert order_answers.executions(answer({"output": [amend]})).unreadable == 0
        assert order_answers.executions(answer({"output": [{**amend, name: ""}]})).unreadable == 1

    @pytest.mark.parametrize("empty", [dict.fromkeys(ROW, ""), [], [dict.fromkeys(ROW, "")]])
    def test_an_object_of_blanks_is_an_empty_list(self, empty):
        page = order_answers.executions(answer({"rt_cd": "0", "output": empty}))
        assert (page.rows, page.unreadable) == ((), 0)

    @pytest.mark.parametrize("body", [{}, {"output": None}, {"output": "x"}, {"output": ["x"]}, {"output2": []}])
    def test_a_success_without_a_list_proves_no_empty_list(self, body):
        page = order_answers.executions(answer({"rt_cd": "0", "msg_cd": "KIOK0510", **body}))
        assert (page.rows, page.unreadable) == ((), 1)

    @pytest.mark.parametrize("code", ["KIOK0560", "70070000"])
    def test_it_is_empty_when_its_code_says_that_there_is_nothing(self, code):
        page = order_answers.executions(answer({"rt_cd": "0", "msg_cd": code}))
        assert (page.rows, page.unreadable) == ((), 0)

    def test_an_order_number_that_cannot_be_read_is_no_blank_row(self):
        page = order_answers.executions(answer({"output": [{**dict.fromkeys(ROW, ""), "odno": "A0001"}]}))
        assert page.unreadable == 1

    @pytest.mark.parametrize(
        "name", ["odno", "ord_dt", "sll_buy_dvsn_cd", "ft_ord_qty", "ft_ccld_qty", "nccs_qty", "ft_ord_unpr3"]
    )
    def test_a_row_without_what_it_must_have_is_counted_not_guessed(self, name):
        page = order_answers.executions(answer({"output": [ROW, {**ROW, name: " "}]}))
        assert (len(page.rows), page.unreadable) == (1, 1)

    def test_a_sliced_order_has_the_day_that_was_asked_for(self):
        ((row,), unreadable) = (
            (page := order_answers.sliced_orders(answer({"output": [SLICED]}), date(2026, 3, 12))).rows,
            page.unreadable,
        )
        assert (row.order_date, row.broker_order_id, row.branch) == (date(2026, 3, 12), "40901", "01790")
        assert (row.quantity, row.filled_quantity, row.slicing_text, unreadable) == (10, 4, "TWAP 23:40~04:50", 0)

    @pytest.mark.parametrize(
        "body",
        [
            {"output": [SLICE], "output3": [SLICE_SUM]},
            {"output": [SLICE], "output3": SLICE_SUM},
            {"output1": [SLICE], "output2": SLICE_SUM},
            {"output": SLICE_SUM, "output1": [SLICE]},
            {"OUTPUT": SLICE, "output2": [dict.fromkeys(SLICE_SUM, "")], "output3": SLICE_SUM},
        ],
    )
    def test_slices_and_their_sum_are_told_apart_by_content_whatever_the_containers_are_called(self, body):
        page, sums = order_answers.slice_fills(answer(body)), order_answers.slice_sums(answer(body))
        (fill,) = page.rows
        assert (fill.sequence, fill.quantity, fill.price) == (1, 4, Decimal("184.24"))
        assert (sums.broker_order_id, sums.quantity, sums.filled_quantity, sums.fills) == ("40901", 10, 4, 1)
        assert page.unreadable == 0


class TestWhateverArrives:
    """It is read, or it is counted as unreadable: never another error, and never a guess."""

    @given(containers(ROW))
    def test_order_lists(self, output):
        for row in order_answers.executions(answer({"output": output})).rows:
            assert min(row.quantity, row.filled_quantity, row.open_quantity) >= 0
            assert row.broker_order_id.isdigit()

    @given(containers(SLICED), containers(SLICE), containers(SLICE_SUM))
    def test_sliced_orders(self, orders, fills, sums):
        for row in order_answers.sliced_orders(answer({"output": orders}), NOW.date()).rows:
            assert row.quantity >= 0
        body = answer({"output": fills, "output3": sums})
        for fill in order_answers.slice_fills(body).rows:
            assert fill.quantity >= 0
        order_answers.slice_sums(body)

    @given(bent(ACCEPTED), st.sampled_from([200, 500, 404]))
    def test_order_answers(self, body, status):
        accepted = order_answers.accepted(answer(body, status))
        assert accepted is None or (status == 200 and accepted.broker_order_id != "")

    @given(
        st.builds(
            ticket,
            symbol=st.text(max_size=14),
            quantity=st.integers(-5, 10**11),
            limit_price=st.none() | st.decimals(allow_nan=True) | st.decimals(0, 1000, places=2),
            side=st.sampled_from(Side),
            time_in_force=st.sampled_from(TimeInForce),
            slicing=st.none() | st.builds(Slicing, st.sampled_from(SliceBy)),
        ),
        st.sampled_from([REAL, PAPER]),
        st.sampled_from([order_calls.order, order_calls.daytime_order]),
    )
    def test_an_order_is_made_in_full_or_refused(self, wanted, config, build):
        try:
            call = build(config, wanted)
        except (InvalidOrder, NotInPaper):
            return
        assert call.path in (functions.ORDER_BUY.path, functions.DAYTIME_BUY.path)
        assert int(call.fields["ORD_QTY"]) == wanted.quantity
        written = Decimal(call.fields["OVRS_ORD_UNPR"])
        assert written == (wanted.limit_price if wanted.limit_price is not None else 0)
        assert all(value.isascii() for value in call.fields.values())
