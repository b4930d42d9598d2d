"""Sections 4.1, 4.2, 4.10, 4.11 and Appendix E: orders on the wire, and the lists that tell of them."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

TRADING = "/uapi/overseas-stock/v1/trading/"
# fmt: off
CCNL_FIELDS = {
    "ord_dt", "ord_gno_brno", "odno", "orgn_odno", "sll_buy_dvsn_cd", "sll_buy_dvsn_cd_name", "rvse_cncl_dvsn",
    "rvse_cncl_dvsn_name", "pdno", "prdt_name", "ft_ord_qty", "ft_ord_unpr3", "ft_ccld_qty", "ft_ccld_unpr3",
    "ft_ccld_amt3", "nccs_qty", "prcs_stat_name", "rjct_rson", "rjct_rson_name", "ord_tmd", "tr_mket_name",
    "tr_natn", "tr_natn_name", "ovrs_excg_cd", "tr_crcy_cd", "dmst_ord_dt", "thco_ord_tmd", "loan_type_cd",
    "loan_dt", "mdia_dvsn_name", "usa_amk_exts_rqst_yn", "splt_buy_attr_name",
}
# fmt: on


class TestOrder:
    @pytest.mark.parametrize(
        ("side", "what", "code"),
        [
            ("paper", "buy", "40600000"),
            ("paper", "sell", "40590000"),
            ("real", "buy", "APBK0013"),
            ("real", "sell", "APBK0013"),
        ],
    )
    def test_an_accepted_order_answers_with_a_number_and_korean_time(self, request, side, what, code):
        customer = request.getfixturevalue(side)
        answer = customer.order(what, "KO", 1, "1.00" if what == "buy" else "500", "NYSE")
        body = answer.json()
        assert (answer.status_code, body["rt_cd"], body["msg_cd"]) == (200, "0", code)
        assert len(body["output"]["ODNO"]) == 10
        seoul = datetime.now(ZoneInfo("Asia/Seoul"))
        assert abs(int(body["output"]["ORD_TMD"][:2]) - seoul.hour) in (0, 1, 23)
        assert body["output"]["KRX_FWDG_ORD_ORGNO"] == {"paper": "00950", "real": "01790"}[side]

    def test_paper_takes_a_sell_under_the_official_samples_tr_id_too(self, paper):
        body = paper.order_body("KO", 1, "500", "NYSE")
        assert paper.post(TRADING + "order", "VTTT1006U", body).json()["rt_cd"] == "0"

    def test_a_marketable_order_fills_and_the_list_says_so(self, customer, kis):
        kis.control.pin("NVDA", "100.00")
        number = customer.accepted("buy", "NVDA", 10, "101.00")
        row = customer.row_when(number, ft_ccld_qty="10")
        assert set(row) == CCNL_FIELDS
        assert (row["nccs_qty"], row["prcs_stat_name"], row["rvse_cncl_dvsn"]) == ("0", "완료", "00")
        assert (row["ft_ord_unpr3"], row["ft_ccld_unpr3"]) == ("101.00000000", "100.01000000")
        assert (row["ft_ccld_amt3"], row["orgn_odno"], row["rjct_rson_name"]) == ("1000.10000", "", "")
        assert (row["mdia_dvsn_name"], row["ovrs_excg_cd"]) == ("OpenAPI", "NASD")

    def test_an_order_away_from_the_market_rests(self, customer):
        number = customer.accepted("buy", "NVDA", 10, "50.00")
        row = customer.row(number)
        assert (row["nccs_qty"], row["ft_ccld_qty"], row["prcs_stat_name"]) == ("10", "0", "전송")

    def test_the_order_date_is_new_yorks_and_the_order_time_koreas(self, paper):
        row = paper.row(paper.accepted("buy", "NVDA", 1, "50.00"))
        assert row["ord_dt"] == f"{datetime.now(ZoneInfo('America/New_York')):%Y%m%d}"
        assert row["dmst_ord_dt"] == f"{datetime.now(ZoneInfo('Asia/Seoul')):%Y%m%d}"
        assert row["ord_tmd"] == row["thco_ord_tmd"]

    @pytest.mark.parametrize(
        ("change", "paper_code", "real_code"),
        [
            pytest.param({"OVRS_EXCG_CD": "NYSE"}, "APBK0656", "APBK0656", id="wrong exchange"),
            pytest.param({"PDNO": "ZZZZ"}, "APBK0656", "APBK0656", id="unknown symbol"),
            pytest.param({"OVRS_EXCG_CD": "NAS"}, "OPSQ2001", "OPSQ2001", id="the quotation family's code"),
            pytest.param({"ORD_QTY": "100000"}, "40250000", "APBK0952", id="not enough money"),
            pytest.param({"OVRS_ORD_UNPR": "0"}, "APBK1507", "APBK1507", id="no price"),
            pytest.param({"OVRS_ORD_UNPR": "100.005"}, "APTR0057", "APTR0057", id="off tick"),
            pytest.param({"ORD_QTY": "0"}, "OPSQ2001", "OPSQ2001", id="no quantity"),
            pytest.param({"ORD_QTY": "1.5"}, "OPSQ2001", "OPSQ2001", id="a fraction"),
            pytest.param({"ORD_DVSN": "01"}, "90000000", "OPSQ2001", id="a market order"),
        ],
    )
    def test_a_refusal_comes_with_200_a_code_and_no_order(self, customer, kis, change, paper_code, real_code):
        answer = customer.order("buy", "NVDA", 10, "100.00", **change)
        assert (answer.status_code, answer.json()["msg_cd"]) == (
            200,
            {"paper": paper_code, "real": real_code}[customer.side],
        )
        assert answer.json()["rt_cd"] != "0"
        assert kis.control.orders(customer.account_no) == []

    def test_what_is_not_held_cannot_be_sold(self, customer):
        answer = customer.order("sell", "NVDA", 1, "100.00").json()
        assert answer["msg_cd"] == {"paper": "40240000", "real": "APBK0988"}[customer.side]

    def test_the_server_code_field_is_mandatory(self, paper):
        body = paper.order_body("NVDA", 1, "100.00")
        del body["ORD_SVR_DVSN_CD"]
        assert paper.post(TRADING + "order", "VTTT1002U", body).json()["msg_cd"] == "IGW00036"


class TestRevise:
    def test_a_cancel_has_a_number_of_its_own_and_a_row_of_its_own(self, customer):
        number = customer.accepted("buy", "NVDA", 10, "50.00")
        answer = customer.revise("cancel", number.lstrip("0"), "NVDA").json()
        row = customer.row(answer["output"]["ODNO"])
        assert answer["msg_cd"] == {"paper": "40630000", "real": "APBK0013"}[customer.side]
        assert (row["orgn_odno"], row["rvse_cncl_dvsn"]) == (number, "02")
        assert (row["ft_ord_unpr3"], row["ft_ccld_qty"], row["prcs_stat_name"]) == ("0.00000000", "0", "완료")
        original = customer.row(number)
        assert (original["nccs_qty"], original["ft_ccld_qty"]) == ("0", "0")

    def test_an_amend_gets_a_new_number_and_the_old_one_cannot_be_cancelled(self, paper):
        number = paper.accepted("buy", "NVDA", 10, "50.00")
        amended = paper.revise("amend", number, "NVDA", 5, "51.00").json()["output"]["ODNO"]
        row = paper.row(amended)
        assert (row["orgn_odno"], row["rvse_cncl_dvsn"], row["nccs_qty"]) == (number, "01", "5")
        assert paper.revise("cancel", number, "NVDA").json()["msg_cd"] == "40330000"
        assert paper.revise("cancel", amended, "NVDA").json()["rt_cd"] == "0"

    def test_a_number_that_never_was_is_refused(self, paper):
        assert paper.revise("cancel", "0099999999", "NVDA").json()["msg_cd"] == "40320000"

    def test_a_cancel_must_name_the_orders_own_symbol_and_exchange(self, paper):
        number = paper.accepted("buy", "NVDA", 1, "50.00")
        assert paper.revise("cancel", number, "NVDA", exchange="NYSE").json()["msg_cd"] == "APBK0656"

    def test_the_cancel_of_one_account_does_not_reach_anothers_order_of_the_same_number(self, paper, real):
        number = paper.accepted("buy", "NVDA", 1, "50.00")
        real.revise("cancel", number, "NVDA")
        assert paper.row(number)["nccs_qty"] == "1"


class TestExecutionList:
    def test_without_orders_the_output_is_one_object_of_blanks(self, customer):
        answer = customer.ccnl()
        output = answer.json()["output"]
        assert set(output) == CCNL_FIELDS and set(output.values()) == {""}
        assert answer.json()["rt_cd"] == "0"
        assert answer.json()["msg_cd"] == {"paper": "70070000", "real": "KIOK0560"}[customer.side]
        assert answer.headers["tr_cont"] == "D"

    @pytest.mark.parametrize(("side", "size"), [("paper", 15), ("real", 20)])
    def test_pages_follow_by_position_and_show_every_order_once(self, request, side, size):
        customer = request.getfixturevalue(side)
        numbers = [customer.accepted("buy", "KO", 1, "1.00", "NYSE") for _ in range(size * 2 + 3)]
        seen, conts, keys, tr_cont = [], [], {}, ""
        while tr_cont in ("", "F", "M"):
            answer = customer.ccnl("N" if keys else "", **keys)
            body, tr_cont = answer.json(), answer.headers["tr_cont"]
            seen += [r["odno"] for r in body["output"]]
            conts.append(tr_cont)
            keys = {"CTX_AREA_FK200": body["ctx_area_fk200"], "CTX_AREA_NK200": body["ctx_area_nk200"]}
            assert {len(v) for v in keys.values()} == {200}
        assert seen == numbers
        assert conts == ["F", "M", "E"]
        assert keys["CTX_AREA_NK200"].strip() == ""

    def test_an_order_placed_between_two_pages_shifts_nothing(self, paper):
        numbers = [paper.accepted("buy", "KO", 1, "1.00", "NYSE") for _ in range(20)]
        first = paper.ccnl().json()
        late = paper.accepted("buy", "KO", 1, "1.00", "NYSE")
        keys = {"CTX_AREA_FK200": first["ctx_area_fk200"], "CTX_AREA_NK200": first["ctx_area_nk200"]}
        second = paper.ccnl("N", **keys).json()
        assert [r["odno"] for r in first["output"] + second["output"]] == [*numbers, late]

    def test_an_order_that_ends_between_two_pages_of_open_ones_hides_none_of_the_others(self, real):
        numbers = [real.accepted("buy", "NVDA", 1, "50.00") for _ in range(22)]
        first = real.ccnl(CCLD_NCCS_DVSN="02").json()
        real.revise("cancel", first["output"][-1]["odno"], "NVDA")
        more = real.ccnl("N", CCLD_NCCS_DVSN="02", CTX_AREA_NK200=first["ctx_area_nk200"]).json()
        assert [row["odno"] for row in more["output"]] == numbers[20:]

    def test_continuation_keys_without_the_header_mean_the_first_page(self, paper):
        numbers = [paper.accepted("buy", "KO", 1, "1.00", "NYSE") for _ in range(16)]
        key = paper.ccnl().json()["ctx_area_nk200"]
        assert paper.ccnl(CTX_AREA_NK200=key).json()["output"][0]["odno"] == numbers[0]

    def test_messages_of_account_calls_are_padded_to_80_bytes(self, paper):
        assert len(paper.ccnl().json()["msg1"].encode("cp949")) == 80

    @pytest.mark.parametrize("field", ["PDNO", "OVRS_EXCG_CD"])
    def test_paper_takes_no_filters(self, paper, field):
        assert paper.ccnl(**{field: "NASD"}).json()["msg_cd"] == "OPSQ2001"

    def test_real_filters_by_symbol_side_state_exchange_and_order(self, real):
        ko = real.accepted("buy", "KO", 1, "1.00", "NYSE")
        sell = real.accepted("sell", "KO", 1, "500", "NYSE")
        nvda = real.accepted("buy", "NVDA", 1, "50.00")

        def found(**filters):
            output = real.ccnl(**filters).json()["output"]
            return [r["odno"] for r in output] if isinstance(output, list) else []

        assert found(PDNO="KO") == [ko, sell]
        assert found(SLL_BUY_DVSN="01") == [sell]
        assert found(OVRS_EXCG_CD="NYSE") == [ko, sell]
        assert found(OVRS_EXCG_CD="NASD") == [ko, sell, nvda]
        assert found(CCLD_NCCS_DVSN="01") == []
        assert found(CCLD_NCCS_DVSN="02") == [ko, sell, nvda]
        assert found(SORT_SQN="AS") == [nvda, sell, ko]

    @pytest.mark.parametrize("field", ["SLL_BUY_DVSN", "CCLD_NCCS_DVSN", "OVRS_EXCG_CD", "ORD_STRT_DT"])
    def test_a_filter_that_is_none_is_refused_by_its_name(self, real, field):
        answer = real.ccnl(**{field: "9999"}).json()
        assert (answer["msg_cd"], answer["msg1"]) == ("OPSQ2001", f"ERROR : INPUT INVALID_CHECK_{field}")

    def test_another_day_is_empty(self, paper):
        paper.accepted("buy", "KO", 1, "1.00", "NYSE")
        output = paper.ccnl(ORD_STRT_DT="20200101", ORD_END_DT="20200102").json()["output"]
        assert output["odno"] == ""

    def test_an_order_from_the_phone_is_listed_with_its_channel(self, paper, kis):
        order = kis.control.phone_order(paper.account_no, "NVDA", "buy", 3, "50.00")
        assert paper.row(order["order_number"])["mdia_dvsn_name"] == "모바일"


class TestUnfilled:
    def test_real_lists_what_is_still_open_with_its_own_field_names(self, real, kis):
        kis.control.pin("NVDA", "100.00")
        filled = real.accepted("buy", "NVDA", 1, "101.00")
        resting = real.accepted("buy", "NVDA", 2, "50.00")
        real.row_when(filled, ft_ccld_qty="1")
        query = {**real.acct, "OVRS_EXCG_CD": "NASD", "SORT_SQN": "DS", "CTX_AREA_FK200": "", "CTX_AREA_NK200": ""}
        answer = real.get(TRADING + "inquire-nccs", "TTTS3018R", query)
        (row,) = answer.json()["output"]
        assert (row["odno"], row["nccs_qty"], row["rvse_cncl_dvsn_cd"]) == (resting, "2", "00")
        assert row["natn_cd"] == "840"
        assert answer.headers["tr_cont"] == "D"

    def ask(self, real, tr_cont="", **more):
        query = {**real.acct, "OVRS_EXCG_CD": "NASD", "SORT_SQN": "DS", "CTX_AREA_FK200": "", "CTX_AREA_NK200": ""}
        return real.get(TRADING + "inquire-nccs", "TTTS3018R", {**query, **more}, tr_cont=tr_cont)

    @pytest.mark.parametrize("order", ["DS", ""])
    def test_the_last_of_a_page_may_end_before_the_next_is_asked_for(self, real, order):
        numbers = [real.accepted("buy", "NVDA", 1, "50.00") for _ in range(42)]
        first = self.ask(real, SORT_SQN=order).json()
        real.revise("cancel", first["output"][-1]["odno"], "NVDA")
        more = self.ask(real, "N", SORT_SQN=order, CTX_AREA_NK200=first["ctx_area_nk200"]).json()
        assert [row["odno"] for row in more["output"]] == (numbers[40:] if order else numbers[1::-1])

    def test_forty_rows_a_page_and_without_an_exchange_no_further_page(self, real):
        numbers = [real.accepted("buy", "KO", 1, "1.00", "NYSE") for _ in range(43)]
        first = self.ask(real)
        keys = {"CTX_AREA_FK200": first.json()["ctx_area_fk200"], "CTX_AREA_NK200": first.json()["ctx_area_nk200"]}
        second = self.ask(real, "N", **keys)
        assert (first.headers["tr_cont"], second.headers["tr_cont"]) == ("F", "E")
        assert [r["odno"] for a in (first, second) for r in a.json()["output"]] == numbers
        blank = self.ask(real, OVRS_EXCG_CD="")
        assert (blank.headers["tr_cont"], len(blank.json()["output"])) == ("D", 40)

    def test_any_other_sort_than_ds_is_newest_first(self, real):
        numbers = [real.accepted("buy", "KO", 1, "1.00", "NYSE") for _ in range(3)]
        assert [r["odno"] for r in self.ask(real, SORT_SQN="").json()["output"]] == numbers[::-1]

    def test_one_exchange_alone(self, real):
        nyse, nasdaq = real.accepted("buy", "KO", 1, "1.00", "NYSE"), real.accepted("buy", "NVDA", 1, "50.00")
        assert [r["odno"] for r in self.ask(real, OVRS_EXCG_CD="NYSE").json()["output"]] == [nyse]
        assert [r["odno"] for r in self.ask(real).json()["output"]] == [nyse, nasdaq]
