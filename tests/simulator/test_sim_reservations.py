"""Sections 4.3 to 4.5: orders reserved for the next opening."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from kis.simulator.calendar import Calendar
from kis.simulator.reservations import next_open, window_open
from kis.simulator.testing import start

TRADING = "/uapi/overseas-stock/v1/trading/"
TR = {
    "paper": {"buy": "VTTT3014U", "sell": "VTTT3016U", "cancel": "VTTT3017U"},
    "real": {"buy": "TTTT3014U", "sell": "TTTT3016U", "cancel": "TTTT3017U"},
}
FREE = {"rate_paper": 0, "rate_real": 0, "token_interval": 0.0}
# fmt: off
FIELDS = {
    "cncl_yn", "rsvn_ord_rcit_dt", "ovrs_rsvn_odno", "ord_dt", "ord_gno_brno", "odno", "sll_buy_dvsn_cd",
    "sll_buy_dvsn_cd_name", "ovrs_rsvn_ord_stat_cd", "ovrs_rsvn_ord_stat_cd_name", "pdno", "prdt_type_cd",
    "prdt_name", "ord_rcit_tmd", "ord_fwdg_tmd", "tr_dvsn_name", "ovrs_excg_cd", "tr_mket_name", "ord_stfno",
    "ft_ord_qty", "ft_ord_unpr3", "ft_ccld_qty", "ft_ccld_unpr3", "nprc_rson_text", "splt_buy_attr_name",
}
# fmt: on


ACCOUNTS = [
    {
        "environment": side,
        "app_key": side.ljust(36, "k"),
        "app_secret": side.ljust(180, "s"),
        "account_no": f"{number}00000101",
        "hts_id": side,
    }
    for side, number in (("real", 60), ("paper", 50))
]


def reserve(customer, side, symbol, qty, price, exchange="NASD", **more):
    body = {
        **customer.acct,
        "PDNO": symbol,
        "OVRS_EXCG_CD": exchange,
        "FT_ORD_QTY": str(qty),
        "FT_ORD_UNPR3": str(price),
        "ORD_SVR_DVSN_CD": "0",
        "ORD_DVSN": "00",
        **more,
    }
    return customer.post(TRADING + "order-resv", TR[customer.side][side], body).json()


def reserved(customer, *order, **more):
    answer = reserve(customer, *order, **more)
    assert answer["rt_cd"] == "0", answer
    return answer["output"]["ODNO"]


def cancel(customer, number, day=None):
    body = {**customer.acct, "RSVN_ORD_RCIT_DT": day or today(), "OVRS_RSVN_ODNO": number}
    return customer.post(TRADING + "order-resv-ccnl", TR[customer.side]["cancel"], body).json()


def today():
    return f"{datetime.now(ZoneInfo('Asia/Seoul')):%Y%m%d}"


def listed(real, tr_cont="", **more):
    query = {
        **real.acct,
        "INQR_STRT_DT": "20200101",
        "INQR_END_DT": "20991231",
        **dict.fromkeys(("INQR_DVSN_CD", "PRDT_TYPE_CD", "OVRS_EXCG_CD", "CTX_AREA_FK200", "CTX_AREA_NK200"), ""),
        **more,
    }
    return real.get(TRADING + "order-resv-list", "TTTT3039R", query, tr_cont=tr_cont)


def row(real, number):
    return next(r for r in listed(real).json()["output"] if r["ovrs_rsvn_odno"] == number)


class TestAcceptance:
    def test_the_answer_is_a_reservation_number_and_no_order_exists_yet(self, customer, kis):
        answer = reserve(customer, "buy", "NVDA", 10, "100.00")
        assert set(answer["output"]) == {"ODNO"} and len(answer["output"]["ODNO"]) == 10
        assert kis.control.orders(customer.account_no) == []

    def test_neither_money_nor_shares_are_looked_at(self, customer):
        assert reserve(customer, "buy", "NVDA", 1_000_000, "100.00")["rt_cd"] == "0"
        assert reserve(customer, "sell", "NVDA", 1_000_000, "100.00")["rt_cd"] == "0"

    @pytest.mark.parametrize(
        ("change", "code"),
        [
            ({"PDNO": "ZZZZ"}, "APBK0656"),
            ({"OVRS_EXCG_CD": "NYSE"}, "APBK0656"),
            ({"OVRS_EXCG_CD": "NAS"}, "OPSQ2001"),
            ({"FT_ORD_UNPR3": "0"}, "APBK1507"),
            ({"FT_ORD_UNPR3": "100.005"}, "APTR0057"),
            ({"FT_ORD_QTY": "0"}, "OPSQ2001"),
        ],
    )
    def test_what_is_no_order_is_no_reservation(self, customer, change, code):
        assert reserve(customer, "buy", "NVDA", 1, "100.00", **change)["msg_cd"] == code

    def test_real_takes_the_types_of_the_table_and_paper_the_limit_alone(self, real, paper):
        sliced = {"ALGO_ORD_TMD_DVSN_CD": "02"}
        assert reserve(real, "sell", "KO", 1, "0", "NYSE", ORD_DVSN="31")["rt_cd"] == "0"
        assert reserve(real, "buy", "NVDA", 1, "0", ORD_DVSN="31")["msg_cd"] == "OPSQ2001"
        assert reserve(real, "buy", "NVDA", 1, "100", ORD_DVSN="32")["msg_cd"] == "OPSQ2001"
        assert reserve(real, "buy", "NVDA", 1, "100", ORD_DVSN="35", **sliced)["rt_cd"] == "0"
        assert reserve(real, "buy", "NVDA", 1, "100", ORD_DVSN="36")["msg_cd"] == "OPSQ2001"
        assert reserve(paper, "sell", "KO", 1, "0", "NYSE", ORD_DVSN="31")["msg_cd"] == "90000000"


class TestCancel:
    def test_a_cancel_names_date_and_number(self, customer):
        number = reserved(customer, "buy", "NVDA", 1, "100.00")
        assert cancel(customer, number, "20200101")["rt_cd"] != "0"
        answer = cancel(customer, number)
        assert (answer["msg_cd"], answer["output"]) == ("APBK1711", {"OVRS_RSVN_ODNO": number})
        again = cancel(customer, number)["msg_cd"]
        assert again == {"paper": "40330000", "real": "APBK0918"}[customer.side]

    def test_it_stays_in_the_list(self, real):
        number = reserved(real, "buy", "NVDA", 1, "100.00")
        assert row(real, number)["cncl_yn"] == "N"
        cancel(real, number.lstrip("0"))
        assert row(real, number)["cncl_yn"] == "Y"


class TestList:
    def test_a_row_has_the_sheets_fields(self, real):
        number = reserved(real, "buy", "NVDA", 3, "100.5")
        found = row(real, number)
        assert set(found) == FIELDS
        assert (found["pdno"], found["ft_ord_qty"], found["ft_ord_unpr3"]) == ("NVDA", "3", "100.50000000")
        assert (found["odno"], found["ord_dt"], found["ord_fwdg_tmd"], found["nprc_rson_text"]) == ("", "", "", "")
        assert (found["ovrs_rsvn_ord_stat_cd"], found["rsvn_ord_rcit_dt"]) == ("01", today())

    def test_filters(self, real):
        nvda, ko = reserved(real, "buy", "NVDA", 1, "100"), reserved(real, "sell", "KO", 1, "70", "NYSE")

        def numbers(**more):
            return [r["ovrs_rsvn_odno"] for r in listed(real, **more).json()["output"]]

        assert numbers() == [nvda, ko]
        assert numbers(PRDT_TYPE_CD="513") == numbers(OVRS_EXCG_CD="NYSE") == [ko]
        assert numbers(INQR_DVSN_CD="02") == numbers(INQR_END_DT="20200102") == []

    def test_pages(self, real):
        numbers = [reserved(real, "buy", "NVDA", 1, "100") for _ in range(25)]
        first = listed(real)
        keys = {"CTX_AREA_FK200": first.json()["ctx_area_fk200"], "CTX_AREA_NK200": first.json()["ctx_area_nk200"]}
        second = listed(real, "N", **keys)
        assert (first.headers["tr_cont"], second.headers["tr_cont"]) == ("F", "E")
        assert [r["ovrs_rsvn_odno"] for a in (first, second) for r in a.json()["output"]] == numbers

    def test_paper_has_no_list(self, paper):
        answer = paper.get(TRADING + "order-resv-list", "TTTT3039R", paper.acct)
        assert (answer.status_code, answer.json()["msg_cd"]) == (500, "EGW02006")
        assert paper.get(TRADING + "order-resv-list", "VTTT3039R", paper.acct).json()["msg_cd"] == "OPSQ0002"


class TestTransmission:
    def test_at_the_opening_they_become_orders_or_say_why_not(self, speak, tmp_path):
        scenario = {"calendar": "nyse-hours", "start": "2026-03-12T13:20:00Z"}
        book = tmp_path / "book.json"
        with start(scenario=scenario, switches=FREE, book=book) as kis:
            real = speak.customer(kis, kis.accounts("real")[0])
            good, poor, gone = (reserved(real, "buy", "NVDA", n, "101.00") for n in (2, 1_000_000, 3))
            cancel(real, gone, "20260312")
            kis.kill()  # what was reserved is on disk
        with start(scenario=scenario, switches=FREE, book=book) as kis:
            real = speak.customer(kis, real.account)
            kis.control.pin("NVDA", "100.00")
            kis.control.advance(11 * 60)
            sent, failed = row(real, good), row(real, poor)
            assert (sent["ord_dt"], sent["ord_fwdg_tmd"]) == ("20260312", "223000")
            assert (sent["ft_ccld_qty"], sent["ft_ccld_unpr3"]) == ("2", "100.01000000")
            assert (failed["odno"], failed["nprc_rson_text"]) == ("", "주문가능금액을 초과 했습니다")
            (order,) = kis.control.orders(real.account_no)
            assert (order["order_number"], order["filled"]) == (sent["odno"], 2)
            assert cancel(real, good, "20260312")["rt_cd"] != "0"

    @pytest.fixture(scope="class")
    @classmethod
    def opened(cls, speak):
        """Reserved on Wednesday evening, sent on Thursday, and now it is Friday."""
        scenario = {"calendar": "nyse-hours", "start": "2026-03-12T01:30:00Z"}
        accounts = [{**a, "holdings": {"KO": 100}} for a in ACCOUNTS]
        with start(scenario=scenario, accounts=accounts, switches=FREE) as kis:
            kis.control.pin("KO", "70.00")
            for side in ("real", "paper"):
                customer = speak.customer(kis, kis.accounts(side)[0])
                reserved(customer, "buy", "NVDA", 1, "50.00")
                if side == "real":
                    reserved(customer, "sell", "KO", 5, "0", "NYSE", ORD_DVSN="31")
            kis.control.advance(36 * 3600)
            yield kis

    def test_what_did_not_fill_ends_with_its_day(self, opened):
        for account in ACCOUNTS:
            order = opened.control.orders(account["account_no"])[0]
            assert (order["date"], order["open"], order["status"]) == ("2026-03-12", 0, "expired")

    def test_a_sell_at_the_opening_is_in_the_auction(self, opened):
        order = opened.control.orders(ACCOUNTS[0]["account_no"])[1]
        assert (order["filled"], order["average_price"]) == (5, "70")
        assert order["fills"][0]["at"].startswith("2026-03-12T13:30:00")


class TestHours:
    @pytest.mark.parametrize(
        ("moment", "open"),
        [
            ("2026-01-12T09:59:59+09:00", False),
            ("2026-01-12T10:00:00+09:00", True),
            ("2026-01-12T16:29:59+09:00", True),
            ("2026-01-12T16:30:00+09:00", False),
            ("2026-01-12T16:45:00+09:00", True),
            ("2026-01-12T23:19:59+09:00", True),
            ("2026-01-12T23:20:00+09:00", False),
            ("2026-07-13T22:19:59+09:00", True),
            ("2026-07-13T22:20:00+09:00", False),
        ],
    )
    def test_they_are_taken_from_ten_until_ten_minutes_before_the_opening(self, moment, open):
        assert window_open(datetime.fromisoformat(moment).astimezone(UTC)) is open

    def test_a_switch_holds_to_the_hours(self, speak):
        scenario = {"calendar": "nyse-hours", "start": "2026-03-12T00:30:00Z"}  # 09:30 in Korea
        with start(scenario=scenario, switches={**FREE, "reservation_window": True}) as kis:
            codes = [
                reserve(speak.customer(kis, kis.accounts(side)[0]), "buy", "NVDA", 1, "100")["msg_cd"]
                for side in ("real", "paper")
            ]
        assert codes == ["APBK0918", "40580000"]

    def test_on_a_holiday_they_wait_for_the_next_business_day(self):
        calendar = Calendar("nyse-hours", holidays=[date(2026, 11, 26)])
        thursday = datetime(2026, 11, 26, 5, tzinfo=UTC)  # 14:00 in Korea
        assert next_open(calendar, thursday) == datetime(2026, 11, 27, 14, 30, tzinfo=UTC)
        friday_evening = datetime(2026, 11, 27, 14, 30, tzinfo=UTC)
        assert next_open(calendar, friday_evening) == datetime(2026, 11, 30, 14, 30, tzinfo=UTC)
