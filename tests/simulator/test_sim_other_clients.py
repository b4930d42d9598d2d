"""What clients that others wrote send, and what they need to find in an answer (Appendix A).

Each request is built here as such clients shape it; each claim is named by the need. The switches that some of them
need (21 fields in a notice, retired TR ids and more) have a simulator of their own.
"""

import io
import json
import zipfile

import httpx
import pytest
from websockets.exceptions import ConnectionClosed

from kis.simulator.testing import start

TRADING = "/uapi/overseas-stock/v1/trading/"
QUOTES = "/uapi/overseas-price/v1/quotations/"
KOREAN = "/uapi/domestic-stock/v1/"
NOTICES = {"paper": "H0GSCNI9", "real": "H0GSCNI0"}
KOREAN_NOTICES = {"paper": "H0STCNI9", "real": "H0STCNI0"}
LENIENT = {
    "rate_paper": 0,
    "rate_real": 0,
    "token_interval": 0.0,
    "notice_fields": 21,
    "order_notice_fields": 21,
    "paper_refuses_filters": False,
    "old_tr_ids": True,
    "tick_list": "output2",
    "algo_names": "upper",
    "ping_interval": 0.2,
    "ping_timeout": 1.0,
}


@pytest.fixture(scope="module")
def lenient():
    """A simulator set up for clients of other years."""
    with start(switches=LENIENT) as kis:
        yield kis


@pytest.fixture
def old_paper(lenient, speak):
    return speak.customer(lenient, lenient.accounts("paper")[0])


@pytest.fixture
def old_real(lenient, speak):
    return speak.customer(lenient, lenient.accounts("real")[0])


def order_tr(customer, side="buy"):
    return {"paper": {"buy": "VTTT1002U", "sell": "VTTT1001U"}, "real": {"buy": "TTTT1002U", "sell": "TTTT1006U"}}[
        customer.side
    ][side]


def plain_headers(customer, tr_id, **more):
    """The least that any client sends: no custtype, no tr_cont, names in mixed case."""
    return {
        "Content-Type": "application/json",
        "Authorization": f"Bearer {customer.token}",
        "appKey": customer.account["app_key"],
        "appSecret": customer.account["app_secret"],
        "tr_id": tr_id,
        **more,
    }


def post(customer, path, tr_id, body, **headers):
    text = json.dumps(body)
    return customer.http.post(path, content=text, headers=plain_headers(customer, tr_id, **headers)).json()


def smallest_order(customer, qty=1, price="100"):
    """The fields that no client leaves out."""
    return {
        **customer.acct,
        "OVRS_EXCG_CD": "NASD",
        "PDNO": "NVDA",
        "ORD_QTY": str(qty),
        "OVRS_ORD_UNPR": price,
        "ORD_SVR_DVSN_CD": "0",
        "ORD_DVSN": "00",
    }


class TestRequestHeaders:
    def test_the_least_headers_are_enough(self, customer):
        answer = customer.http.get(
            QUOTES + "price",
            params={"AUTH": "", "EXCD": "NAS", "SYMB": "NVDA"},
            headers=plain_headers(customer, "HHDFS00000300"),
        )
        assert float(answer.json()["output"]["last"]) > 0

    @pytest.mark.parametrize(
        "kind", ["application/json", "application/json; charset=utf-8", "application/json;charset=UTF-8"]
    )
    def test_a_body_is_taken_with_and_without_its_charset(self, customer, kind):
        answer = post(
            customer, TRADING + "order", order_tr(customer), smallest_order(customer), **{"Content-Type": kind}
        )
        assert answer["rt_cd"] == "0"

    def test_headers_of_the_client_s_own_do_no_harm(self, customer):
        extra = {
            "custtype": "P",
            "tr_cont": "",
            "personalseckey": "1",
            "seq_no": "",
            "mac_address": "",
            "charset": "UTF-8",
        }
        extra |= {"Accept": "text/plain", "User-Agent": "Mozilla/5.0"}
        answer = post(customer, TRADING + "order", order_tr(customer), smallest_order(customer), **extra)
        assert answer["rt_cd"] == "0"

    def test_a_host_that_ends_in_a_slash_may_be_joined_with_a_path_that_begins_with_one(self, customer):
        url = customer.kis.info[customer.side]["rest"] + "/" + QUOTES + "price"
        answer = httpx.get(
            url,
            params={"AUTH": "", "EXCD": "NAS", "SYMB": "NVDA"},
            headers=plain_headers(customer, "HHDFS00000300"),
            timeout=20,
        )
        assert answer.json()["rt_cd"] == "0"


class TestQueries:
    def test_query_names_may_be_written_in_lower_case(self, real):
        query = {name.lower(): value for name, value in {**real.acct, "OVRS_EXCG_CD": "", "TR_CRCY_CD": ""}.items()}
        query |= {"ctx_area_fk200": "", "ctx_area_nk200": ""}
        answer = real.http.get(
            TRADING + "inquire-balance", params=query, headers=plain_headers(real, "TTTS3012R")
        ).json()
        assert {row["ovrs_pdno"] for row in answer["output1"]} == {"KO", "SPY"}

    def test_an_exchange_is_found_by_asking_one_after_the_other(self, customer):
        """A symbol that is not there is a success whose `last` is empty; the next exchange is asked then."""
        found = [market for market in ("NAS", "NYS", "AMS") if customer.price("KO", market)["last"]]
        assert found == ["NYS"]

    @pytest.mark.parametrize(
        ("exchange", "currency"), [("SEHK", "HKD"), ("SHAA", "CNY"), ("TKSE", "JPY"), ("VNSE", "VND")]
    )
    def test_other_countries_hold_nothing_in_their_currencies(self, customer, exchange, currency):
        answer = customer.balance(exchange, TR_CRCY_CD=currency).json()
        assert (answer["rt_cd"], answer["output1"]) == ("0", [])

    def test_the_order_book_may_be_asked_without_auth(self, real):
        answer = real.get(QUOTES + "inquire-asking-price", "HHDFS76200100", {"EXCD": "NAS", "SYMB": "NVDA"}).json()
        assert {f"{side}{n}" for side in ("pbid", "pask", "vbid", "vask") for n in range(1, 11)} <= set(
            answer["output2"]
        )

    def test_a_book_that_is_not_there_has_every_field_and_nothing_in_it(self, real):
        answer = real.get(QUOTES + "inquire-asking-price", "HHDFS76200100", {"EXCD": "NAS", "SYMB": "NOSUCH"}).json()
        assert (answer["rt_cd"], answer["output1"]["rsym"]) == ("0", "")
        assert set(answer["output2"].values()) == {""}

    def test_the_latest_trades_are_found_where_the_switch_puts_them(self, real, old_real):
        query = {"AUTH": "", "EXCD": "NAS", "SYMB": "NVDA", "TDAY": "1", "KEYB": ""}
        usual, other = (c.get(QUOTES + "inquire-ccnl", "HHDFS76200300", query).json() for c in (real, old_real))
        assert usual["output1"][0]["khms"]
        assert (int(other["output1"]["nrec"]), bool(other["output2"][0]["khms"])) == (len(other["output2"]), True)

    def test_a_single_page_says_that_it_is_the_last_and_bears_both_contexts(self, customer):
        answer = customer.balance("NYSE")
        assert answer.headers["tr_cont"] in ("D", "E")
        assert {"ctx_area_fk200", "ctx_area_nk200"} <= set(answer.json())


class TestOrders:
    @pytest.mark.parametrize("price", ["100", "100.0", "100.00", "100.0000", "100.00000000"])
    def test_a_price_may_have_up_to_eight_decimals(self, customer, price):
        answer = post(customer, TRADING + "order", order_tr(customer), smallest_order(customer, price=price))
        assert answer["rt_cd"] == "0"
        assert customer.row(answer["output"]["ODNO"])["ft_ord_unpr3"] == "100.00000000"

    @pytest.mark.parametrize(
        "more",
        [
            pytest.param({}, id="nothing more"),
            pytest.param({"SLL_TYPE": "00"}, id="with SLL_TYPE"),
            pytest.param({"CTAC_TLNO": "", "MGCO_APTM_ODNO": "", "SLL_TYPE": "00"}, id="with all that is optional"),
            pytest.param({"NOBODY_KNOWS": "1"}, id="with a field nobody knows"),
        ],
    )
    def test_a_sell_needs_no_optional_field(self, customer, more):
        body = {**smallest_order(customer, price="500"), "PDNO": "KO", "OVRS_EXCG_CD": "NYSE", **more}
        assert post(customer, TRADING + "order", order_tr(customer, "sell"), body)["rt_cd"] == "0"

    def test_a_compact_body_is_a_body(self, customer):
        body = json.dumps(smallest_order(customer), separators=(",", ":"))
        headers = plain_headers(customer, order_tr(customer))
        assert customer.http.post(TRADING + "order", content=body, headers=headers).json()["rt_cd"] == "0"

    def test_a_hash_of_the_same_body_is_taken(self, customer):
        body = json.dumps(smallest_order(customer))
        pair = {"appKey": customer.account["app_key"], "appSecret": customer.account["app_secret"]}
        signed = customer.http.post(
            "/uapi/hashkey",
            content=body,
            headers={"content-type": "application/json", "User-Agent": "Mozilla/5.0", **pair},
        ).json()["HASH"]
        headers = plain_headers(customer, order_tr(customer), hashkey=signed)
        assert customer.http.post(TRADING + "order", content=body, headers=headers).json()["rt_cd"] == "0"

    def test_an_order_number_may_lose_its_zeros(self, customer):
        number = customer.accepted("buy", "NVDA", 3, "100")
        changed = customer.revise("amend", number.lstrip("0"), "NVDA", 3, "101").json()
        assert changed["rt_cd"] == "0"
        assert customer.revise("cancel", changed["output"]["ODNO"].lstrip("0"), "NVDA").json()["rt_cd"] == "0"

    def test_an_amend_needs_neither_server_code_nor_telephone(self, customer):
        number = customer.accepted("buy", "NVDA", 3, "100")
        body = {**smallest_order(customer, 3, "101.0000"), "ORGN_ODNO": number, "RVSE_CNCL_DVSN_CD": "01"}
        del body["ORD_SVR_DVSN_CD"], body["ORD_DVSN"]
        tr_id = {"paper": "VTTT1004U", "real": "TTTT1004U"}[customer.side]
        assert post(customer, TRADING + "order-rvsecncl", tr_id, body)["rt_cd"] == "0"

    def test_a_list_names_the_exchange_as_orders_do_and_the_time_in_six_digits(self, customer):
        row = customer.row(customer.accepted("buy", "NVDA", 1, "100"))
        assert row["ovrs_excg_cd"] == "NASD"
        assert len(row["ord_tmd"]) == 6
        assert row["ord_tmd"].isdigit()


class TestSlicedOrders:
    @pytest.mark.parametrize(("who", "name"), [("real", "odno"), ("old_real", "ODNO")])
    def test_their_lists_name_the_fields_as_the_client_reads_them(self, request, who, name):
        customer = request.getfixturevalue(who)
        body = {**smallest_order(customer, 10), "ORD_DVSN": "35", "ALGO_ORD_TMD_DVSN_CD": "02"}
        number = post(customer, TRADING + "order", "TTTT1002U", body)["output"]["ODNO"]
        day = customer.row(number)["ord_dt"]
        rows = customer.get(TRADING + "algo-ordno", "TTTS6058R", {**customer.acct, "TRAD_DT": day}).json()["output"]
        assert number in [row[name] for row in rows]
        query = {**customer.acct, "ORD_DT": day, "ORD_GNO_BRNO": "", "ODNO": number, "TTLZ_ICLD_YN": "Y"}
        sums = customer.get(TRADING + "inquire-algo-ccnl", "TTTS6059R", query).json()["output3"]
        assert sums[0][name] == number


class TestFiltersOnPaper:
    FILTERS = ({"PDNO": "KO"}, {"OVRS_EXCG_CD": "NYSE"}, {"SLL_BUY_DVSN": "01"}, {"CCLD_NCCS_DVSN": "01"})

    @pytest.mark.parametrize("filters", FILTERS, ids=lambda f: next(iter(f)))
    def test_with_the_switch_they_filter_nothing(self, old_paper, filters):
        """Clients that send the filters of the real side read all rows and choose for themselves."""
        number = old_paper.accepted("buy", "NVDA", 1, "100")
        assert number in [row["odno"] for row in old_paper.ccnl(**filters).json()["output"]]


class TestKoreanCallsOnTheWay:
    def korean_price(self, customer, **query):
        return customer.get(KOREAN + "quotations/inquire-price", "FHKST01010100", query).json()

    def test_a_us_symbol_has_no_korean_price(self, customer):
        """A success with a price of zero: the client goes on to the exchanges of the US."""
        answer = self.korean_price(customer, FID_COND_MRKT_DIV_CODE="J", FID_INPUT_ISCD="NVDA")
        assert (answer["rt_cd"], int(answer["output"]["stck_prpr"])) == ("0", 0)

    def test_its_query_may_be_written_in_lower_case(self, customer):
        assert self.korean_price(customer, fid_cond_mrkt_div_code="J", fid_input_iscd="005930")["rt_cd"] == "0"

    def product(self, real, symbol, kind):
        query = {"PDNO": symbol, "PRDT_TYPE_CD": kind}
        return real.get(KOREAN + "quotations/search-info", "CTPF1604R", query).json()

    @pytest.mark.parametrize(("symbol", "kind"), [("NVDA", "512"), ("KO", "513"), ("SPY", "529")])
    def test_a_product_has_its_names_under_the_code_of_its_exchange(self, real, symbol, kind):
        output = self.product(real, symbol, kind)["output"]
        assert (output["shtn_pdno"], output["prdt_type_cd"]) == (symbol, kind)
        names = ("std_pdno", "prdt_abrv_name", "prdt_name120", "prdt_eng_abrv_name", "prdt_eng_name120")
        assert all(output[name] for name in names)

    @pytest.mark.parametrize(("symbol", "kind"), [("NVDA", "513"), ("NVDA", "300"), ("NOSUCH", "512")])
    def test_a_product_that_is_not_there_is_rt_cd_7(self, real, symbol, kind):
        assert self.product(real, symbol, kind)["rt_cd"] == "7"

    EMPTY = (
        ("real", "inquire-balance", "TTTC8434R", "output1"),
        ("paper", "inquire-balance", "VTTC8434R", "output1"),
        ("real", "inquire-daily-ccld", "TTTC8001R", "output1"),
        ("paper", "inquire-daily-ccld", "VTTC8001R", "output1"),
        ("real", "inquire-psbl-rvsecncl", "TTTC8036R", "output"),
        ("real", "inquire-period-trade-profit", "TTTC8715R", "output1"),
    )

    @pytest.mark.parametrize(("side", "path", "tr_id", "container"), EMPTY, ids=[" ".join(row[:2]) for row in EMPTY])
    def test_lists_are_empty_and_complete(self, request, side, path, tr_id, container):
        customer = request.getfixturevalue(side)
        query = {**customer.acct, "CTX_AREA_FK100": "", "CTX_AREA_NK100": ""}
        answer = customer.get(KOREAN + "trading/" + path, tr_id, query)
        body = answer.json()
        assert (body["rt_cd"], body[container], answer.headers["tr_cont"]) == ("0", [], "D")
        assert len(body["ctx_area_fk100"]) == len(body["ctx_area_nk100"]) == 100

    def test_no_bond_is_held(self, real):
        query = {**real.acct, "INQR_CNDT": "00", "PDNO": "", "BUY_DT": "", "CTX_AREA_FK200": "", "CTX_AREA_NK200": ""}
        answer = real.get("/uapi/domestic-bond/v1/trading/inquire-balance", "CTSC8407R", query)
        assert (answer.json()["rt_cd"], answer.json()["output"], answer.headers["tr_cont"]) == ("0", [], "D")

    def test_nothing_is_reserved_in_asia(self, real):
        query = {"INQR_STRT_DT": "20260101", "INQR_END_DT": "20261231", "INQR_DVSN_CD": "00", "PRDT_TYPE_CD": "515"}
        query |= {**real.acct, "OVRS_EXCG_CD": "", "CTX_AREA_FK200": "", "CTX_AREA_NK200": ""}
        answer = real.get(TRADING + "order-resv-list", "TTTS3014R", query).json()
        assert (answer["rt_cd"], answer["output"]) == ("0", [])

    def test_the_won_of_a_balance_can_be_added_up(self, customer):
        tr_id = {"real": "TTTC8434R", "paper": "VTTC8434R"}[customer.side]
        query = {**customer.acct, "CTX_AREA_FK100": "", "CTX_AREA_NK100": ""}
        (sums,) = customer.get(KOREAN + "trading/inquire-balance", tr_id, query).json()["output2"]
        assert int(sums["dnca_tot_amt"]) == 0

    def test_no_won_can_be_spent(self, customer):
        tr_id = {"real": "TTTC8908R", "paper": "VTTC8908R"}[customer.side]
        output = customer.get(KOREAN + "trading/inquire-psbl-order", tr_id, customer.acct).json()["output"]
        assert (output["ord_psbl_cash"], output["max_buy_qty"]) == ("0", "0")

    def test_what_paper_does_not_offer_is_refused_there_too(self, paper):
        query = {**paper.acct, "CTX_AREA_FK100": "", "CTX_AREA_NK100": ""}
        answer = paper.get(KOREAN + "trading/inquire-psbl-rvsecncl", "TTTC8036R", query).json()
        assert answer["msg_cd"] == "EGW02006"


class TestMasters:
    @pytest.mark.parametrize("market", ["hks", "tse", "shs", "szs", "hsx", "hnx", "shi", "szi"])
    def test_the_archives_of_other_countries_are_there_and_empty(self, kis, market):
        answer = httpx.get(f"{kis.info['real']['rest']}/common/master/{market}mst.cod.zip", timeout=20)
        with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
            assert archive.read(f"{market}mst.cod") == b""


class TestRetiredTrIds:
    """Clients of earlier years say JTTT…; the live server refuses them (8.1), a switch takes them."""

    def test_a_retired_order_is_refused_as_the_live_server_does(self, real):
        assert post(real, TRADING + "order", "JTTT1002U", smallest_order(real))["msg_cd"] == "EGW00356"

    @pytest.mark.parametrize("tr_id", ["JTTT1002U", "TTTT1002U"])
    def test_with_the_switch_both_names_buy(self, old_real, tr_id):
        assert post(old_real, TRADING + "order", tr_id, smallest_order(old_real))["rt_cd"] == "0"

    def test_the_answer_repeats_the_name_that_was_asked(self, old_real):
        assert old_real.balance("").headers["tr_id"] == "TTTS3012R"
        query = {**old_real.acct, "OVRS_EXCG_CD": "", "TR_CRCY_CD": "", "CTX_AREA_FK200": "", "CTX_AREA_NK200": ""}
        answer = old_real.get(TRADING + "inquire-balance", "JTTT3012R", query)
        assert (answer.headers["tr_id"], answer.json()["rt_cd"]) == ("JTTT3012R", "0")

    def test_the_question_for_the_ledger_of_the_hour_has_an_answer(self, old_real, real):
        answer = old_real.get(TRADING + "dayornight", "JTTT3010R", {}).json()
        assert answer["output"] == {"PSBL_YN": "N"}
        assert real.get(TRADING + "dayornight", "JTTT3010R", {}).json()["msg_cd"] == "EGW00356"


class TestSocket:
    @pytest.mark.parametrize("tail", ["/", "/tryitout", "/tryitout/H0GSCNI0", "/tryitout/HDFSCNT0"])
    async def test_the_path_restricts_nothing(self, customer, speak, tail):
        tr_id = NOTICES[customer.side]
        async with customer.socket(tail) as socket:
            reply = await speak.ask(socket, customer.registration(tr_id, customer.account["hts_id"]))
        assert (reply["body"]["msg_cd"], reply["header"]["encrypt"]) == ("OPSP0000", "Y")

    async def test_each_message_may_bear_an_approval_key_of_its_own(self, real, speak):
        async with real.socket() as socket:
            first = await speak.ask(socket, real.registration("HDFSCNT0", "DNASNVDA", key=real.approve()))
            second = await speak.ask(socket, real.registration("HDFSASP0", "DNASNVDA", key=real.approve()))
            end = await speak.ask(socket, real.registration("HDFSCNT0", "DNASNVDA", "2", key=real.approve()))
        assert [r["body"]["msg_cd"] for r in (first, second, end)] == ["OPSP0000", "OPSP0000", "OPSP0001"]

    async def test_the_real_key_is_approved_by_the_paper_host_and_opens_the_real_socket(self, kis, real, speak):
        pair = {"appkey": real.account["app_key"], "secretkey": real.account["app_secret"]}
        async with httpx.AsyncClient(base_url=kis.info["paper"]["rest"]) as http:
            answer = await http.post("/oauth2/Approval", json={"grant_type": "client_credentials", **pair})
        key = answer.json()["approval_key"]
        async with real.socket() as socket:
            reply = await speak.ask(socket, real.registration("HDFSCNT0", "DNASNVDA", key=key))
        assert reply["body"]["msg_cd"] == "OPSP0000"

    async def test_the_approval_may_come_with_the_headers_of_every_call(self, real):
        pair = {"appkey": real.account["app_key"], "secretkey": real.account["app_secret"]}
        answer = real.http.post(
            "/oauth2/Approval",
            content=json.dumps({"grant_type": "client_credentials", **pair}),
            headers=real.headers("", **{"Accept": "text/plain", "charset": "UTF-8"}),
        )
        assert len(answer.json()["approval_key"]) == 36

    async def test_notices_of_both_countries_are_registered_and_fills_come_for_the_us(self, customer, speak):
        name = customer.account["hts_id"]
        async with customer.socket() as socket:
            korean = await speak.ask(socket, customer.registration(KOREAN_NOTICES[customer.side], name))
            abroad = await speak.ask(socket, customer.registration(NOTICES[customer.side], name))
            number = customer.accepted("buy", "NVDA", 1, "100")
            frame = await speak.hear(socket, lambda t: t[:1] in "01")
        assert (korean["body"]["msg_cd"], abroad["body"]["msg_cd"]) == ("OPSP0000", "OPSP0000")
        assert frame.split("|")[1] == NOTICES[customer.side]
        assert speak.decrypt(frame, abroad)[2].lstrip("0") == number.lstrip("0")

    async def test_a_registration_may_carry_fields_of_its_own(self, real, speak):
        message = json.loads(real.registration("HDFSCNT0", "DNASNVDA"))
        message["header"]["personalseckey"] = "1"
        async with real.socket() as socket:
            reply = await speak.ask(socket, json.dumps(message))
        assert reply["body"]["msg_cd"] == "OPSP0000"

    async def test_every_reply_has_what_clients_read_without_asking(self, real, speak):
        async with real.socket() as socket:
            for message in (
                real.registration("HDFSCNT0", "DNASNVDA"),
                real.registration("NOSUCH00", "DNASNVDA"),
                real.registration("HDFSCNT0", "DNASNVDA", "2"),
            ):
                reply = await speak.ask(socket, message)
                assert {"tr_id", "tr_key", "encrypt"} <= set(reply["header"])
                assert {"rt_cd", "msg_cd", "msg1"} <= set(reply["body"])
                assert set(reply["body"].get("output", {})) in (set(), {"iv", "key"})


class TestKeepAlive:
    """PINGPONG comes five times a second here, and silence is borne for one second."""

    async def stays(self, socket, answer):
        for _ in range(10):  # twice as long as silence is borne
            text = await socket.recv()
            while "PINGPONG" not in text:
                text = await socket.recv()
            assert len(text.encode()) <= 125
            await answer(text)
        return True

    async def test_a_pong_frame_with_the_text_keeps_the_session(self, old_real):
        async with old_real.socket() as socket:
            assert await self.stays(socket, socket.pong)

    async def test_the_text_sent_back_keeps_the_session(self, old_real):
        async with old_real.socket() as socket:
            assert await self.stays(socket, socket.send)

    async def test_the_text_written_anew_keeps_the_session(self, old_real):
        async with old_real.socket() as socket:
            assert await self.stays(socket, lambda text: socket.send(json.dumps(json.loads(text))))

    async def test_silence_ends_the_session(self, old_real):
        async with old_real.socket() as socket:
            with pytest.raises(ConnectionClosed):
                while True:
                    await socket.recv()


class TestNoticesOf21Fields:
    async def test_every_notice_has_a_multiple_of_21_fields(self, old_paper, speak):
        heard = []
        async with old_paper.socket() as socket:
            reply = await speak.ask(socket, old_paper.registration("H0GSCNI9", old_paper.account["hts_id"]))
            old_paper.accepted("buy", "NVDA", 2, "500")
            while not heard or heard[-1][12] != "2":
                heard.append(speak.decrypt(await speak.hear(socket, lambda t: t.startswith("1|")), reply))
                await socket.pong()
        assert [len(fields) % 21 for fields in heard] == [0] * len(heard)
        accepted, filled = heard[0], heard[-1]
        assert (accepted[12], accepted[13], accepted[15]) == ("1", "1", "")
        assert (int(filled[8]), int(filled[15]), filled[6], filled[18]) == (2, 2, "2", "6")
        assert len(filled[1]) == 10
