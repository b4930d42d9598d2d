"""The official sample's way of calling (Appendix A.1): what its code needs from every answer."""

import json
import keyword
from collections import namedtuple

import pytest

from kis.simulator.testing import start, wait_for

TRADING = "/uapi/overseas-stock/v1/trading/"
QUOTES = "/uapi/overseas-price/v1/quotations/"
NOTICES = {"paper": "H0GSCNI9", "real": "H0GSCNI0"}


@pytest.fixture
def old_paper(speak):
    """A paper customer of a broker that still answers the list of open orders there."""
    with start(switches={"rate_paper": 0, "token_interval": 0.0, "paper_nccs": True}) as kis:
        yield speak.customer(kis, kis.accounts("paper")[0])


class Sample:
    """The official sample's way (A.1): answers become named fields, TR ids of paper are made from the real ones."""

    MOST_PAGES = 10

    def __init__(self, customer):
        self.customer = customer

    def tr_id(self, real_id):
        return "V" + real_id[1:] if self.customer.side == "paper" and real_id[0] in "TJC" else real_id

    def fetch(self, path, real_id, params, tr_cont="", *, post=False):
        headers = {
            "Content-Type": "application/json",
            "Accept": "text/plain",
            "charset": "UTF-8",
            "authorization": f"Bearer {self.customer.token}",
            "appkey": self.customer.account["app_key"],
            "appsecret": self.customer.account["app_secret"],
            "tr_id": self.tr_id(real_id),
            "custtype": "P",
            "tr_cont": tr_cont,
        }
        http = self.customer.http
        answer = (
            http.post(path, content=json.dumps(params), headers=headers)
            if post
            else http.get(path, params=params, headers=headers)
        )
        names = {raw.decode(): value.decode() for raw, value in answer.headers.raw if raw.decode().islower()}
        body = answer.json()
        return namedtuple("Header", names)(**names), namedtuple("Body", body)(**body)

    def pages(self, path, real_id, params):
        """Rows of all pages, and how many there were."""
        rows, tr_cont = [], ""
        for count in range(1, self.MOST_PAGES + 1):
            header, body = self.fetch(path, real_id, params, tr_cont)
            rows += body.output
            if header.tr_cont not in ("M", "F"):
                return rows, count
            tr_cont = "N"
            params = {**params, "CTX_AREA_FK200": body.ctx_area_fk200, "CTX_AREA_NK200": body.ctx_area_nk200}
        raise AssertionError("the pages do not end")


class TestTheOfficialSamplesWay:
    def test_headers_and_bodies_can_become_named_fields(self, customer):
        """A lower-case header with a hyphen, or a key that is no name, would end the sample with an error (3.2)."""
        query = {"AUTH": "", "EXCD": "NAS", "SYMB": "NVDA"}
        header, body = Sample(customer).fetch(QUOTES + "price", "HHDFS00000300", query)
        assert {"tr_id", "tr_cont", "gt_uid"} <= set(header._fields)
        assert not any(keyword.iskeyword(name) or name.startswith("_") for name in body._fields)
        assert (body.rt_cd, bool(body.msg_cd), bool(body.msg1)) == ("0", True, True)

    def test_a_refusal_can_be_read_the_same_way(self, customer):
        header, body = Sample(customer).fetch(QUOTES + "price", "HHDFS00000300", {"AUTH": ""})
        assert header.tr_cont == ""
        assert body.rt_cd != "0"

    def test_a_token_is_read_by_its_two_names(self, customer):
        answer = customer.issue()
        assert answer.status_code == 200
        assert {"access_token", "access_token_token_expired"} <= set(answer.json())

    def order(self, customer, real_id, **more):
        body = customer.order_body("NVDA", 1, "100", CTAC_TLNO="", MGCO_APTM_ODNO="") | more
        return Sample(customer).fetch(TRADING + "order", real_id, body, post=True)[1]

    def test_it_buys_and_sells_on_both_sides(self, customer):
        """On paper its sell becomes VTTT1006U, which is taken unless a switch forbids it (1.4)."""
        bought = self.order(customer, "TTTT1002U")
        sold = self.order(customer, "TTTT1006U", PDNO="KO", OVRS_EXCG_CD="NYSE", OVRS_ORD_UNPR="500", SLL_TYPE="00")
        assert (bought.rt_cd, sold.rt_cd) == ("0", "0")
        assert customer.row(sold.output["ODNO"])["sll_buy_dvsn_cd"] == "01"

    def test_it_pages_through_orders_to_the_end(self, customer):
        numbers = [customer.accepted("buy", "NVDA", 1, "100") for _ in range(45)]
        query = customer.ccnl_query()
        rows, pages = Sample(customer).pages(TRADING + "inquire-ccnl", "TTTS3035R", query)
        assert [row["odno"] for row in rows] == numbers
        assert pages == 3

    @pytest.mark.parametrize(
        ("path", "real_id", "more"),
        [
            ("inquire-balance", "TTTS3012R", {"OVRS_EXCG_CD": "NASD", "TR_CRCY_CD": "USD"}),
            ("inquire-psamount", "TTTS3007R", {"OVRS_EXCG_CD": "NASD", "OVRS_ORD_UNPR": "100", "ITEM_CD": "NVDA"}),
            (
                "inquire-present-balance",
                "CTRP6504R",
                {"WCRC_FRCR_DVSN_CD": "02", "NATN_CD": "000", "TR_MKET_CD": "00", "INQR_DVSN_CD": "00"},
            ),
        ],
    )
    def test_its_made_up_paper_names_are_those_of_paper(self, customer, path, real_id, more):
        context = {"CTX_AREA_FK200": "", "CTX_AREA_NK200": ""}
        _, body = Sample(customer).fetch(TRADING + path, real_id, {**customer.acct, **more, **context})
        assert body.rt_cd == "0"

    def test_its_open_orders_on_paper_are_answered_where_the_switch_says_so(self, old_paper, paper):
        query = {**old_paper.acct, "OVRS_EXCG_CD": "NASD", "SORT_SQN": "DS", "CTX_AREA_FK200": "", "CTX_AREA_NK200": ""}
        number = old_paper.accepted("buy", "NVDA", 1, "100")
        rows, _ = Sample(old_paper).pages(TRADING + "inquire-nccs", "TTTS3018R", query)
        assert number in [row["odno"] for row in rows]
        _, refused = Sample(paper).fetch(TRADING + "inquire-nccs", "TTTS3018R", {**query, **paper.acct})
        assert refused.msg_cd == "OPSQ0002"

    async def test_it_reads_a_notice_by_the_key_of_the_tr(self, customer, speak):
        """It answers PINGPONG by a pong, keeps one key per TR id, and decrypts if the reply said Y."""
        tr_id = NOTICES[customer.side]
        async with customer.socket() as socket:
            reply = await speak.ask(socket, customer.registration(tr_id, customer.account["hts_id"]))
            assert reply["header"]["encrypt"] == "Y"
            number = customer.accepted("buy", "NVDA", 2, "100")
            fields = speak.decrypt(await speak.hear(socket, lambda t: t.startswith(f"1|{tr_id}|")), reply)
        assert (fields[2].lstrip("0"), fields[7], int(fields[8])) == (number.lstrip("0"), "NVDA", 2)

    def test_what_it_bought_is_in_the_balance(self, customer):
        customer.accepted("buy", "NVDA", 1, "500")
        held = wait_for(lambda: [r for r in customer.balance("NASD").json()["output1"] if r["ovrs_pdno"] == "NVDA"])
        assert held[0]["ovrs_cblc_qty"] == "1"
