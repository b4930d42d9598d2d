"""Section 4.16: sliced orders by number, and the fills of one of them."""

from decimal import Decimal

import pytest

from kis.simulator.testing import start

TRADING = "/uapi/overseas-stock/v1/trading/"
FREE = {"rate_paper": 0, "rate_real": 0, "token_interval": 0.0}
ACCOUNT = {
    "environment": "real",
    "app_key": "r".ljust(36, "k"),
    "app_secret": "s".ljust(180, "s"),
    "account_no": "6000000101",
    "hts_id": "r1",
}
KEYS = {"CTX_AREA_FK200": "", "CTX_AREA_NK200": ""}


def evening(**switches):
    scenario = {"calendar": "nyse-hours", "start": "2026-03-12T14:00:00Z"}
    return start(scenario=scenario, accounts=[ACCOUNT], switches={**FREE, **switches})


def sliced(real, qty=120):
    real.dates = ("20260311", "20260313")
    body = {"ORD_DVSN": "35", "ALGO_ORD_TMD_DVSN_CD": "00", "START_TIME": "230100", "END_TIME": "233100"}
    answer = real.order("buy", "NVDA", qty, "300.00", **body).json()
    assert answer["rt_cd"] == "0", answer
    return answer["output"]["ODNO"]


def fills(real, number, **more):
    query = {**real.acct, "ORD_DT": "20260312", "ORD_GNO_BRNO": "", "ODNO": number, "TTLZ_ICLD_YN": "Y", **KEYS}
    return real.get(TRADING + "inquire-algo-ccnl", "TTTS6059R", {**query, **more}).json()


@pytest.fixture(scope="module")
def real(speak):
    with evening() as kis:
        yield speak.customer(kis, kis.accounts("real")[0])


@pytest.fixture(scope="module")
def number(real):
    number = sliced(real)
    real.kis.control.advance(12 * 60)
    return number


def test_the_day_lists_its_sliced_orders_and_no_others(real, number):
    real.accepted("buy", "NVDA", 1, "50.00")
    answer = real.get(TRADING + "algo-ordno", "TTTS6058R", {**real.acct, "TRAD_DT": "20260312", **KEYS}).json()
    (row,) = answer["output"]
    assert (row["odno"], row["pdno"], row["ft_ord_qty"]) == (number, "NVDA", "120")
    assert row["splt_buy_attr_name"] == "TWAP 230100~233100"
    assert len(answer["ctx_area_fk200"]) == 200
    other = real.get(TRADING + "algo-ordno", "TTTS6058R", {**real.acct, "TRAD_DT": "20260311", **KEYS}).json()
    assert other["output"] == []


def test_every_execution_is_a_row_and_their_sum_is_the_order(real, number):
    answer = fills(real, number)
    rows, (total,) = answer["output"], answer["output3"]
    assert len(rows) > 3 and int(total["ccld_cnt"]) == len(rows)
    assert sum(int(r["ft_ccld_qty"]) for r in rows) == int(total["ft_ccld_qty"]) < 120
    assert sum(Decimal(r["ft_ccld_amt3"]) for r in rows) == Decimal(total["ft_ccld_amt3"])
    assert [r["ccld_seq"] for r in rows] == [str(n) for n in range(1, len(rows) + 1)]
    assert all("230100" <= r["ccld_btwn"] < "233100" for r in rows)


def test_the_sum_comes_only_if_it_is_asked_for(real, number):
    assert set(fills(real, number, TTLZ_ICLD_YN="N")["output3"][0].values()) == {""}


def test_an_order_that_is_not_sliced_has_none(real):
    assert fills(real, real.accepted("buy", "NVDA", 1, "50.00"))["output"] == []


def test_a_switch_answers_in_the_workbooks_containers(speak):
    with evening(algo_containers="workbook") as kis:
        real = speak.customer(kis, kis.accounts("real")[0])
        answer = fills(real, sliced(real))
    assert "output" not in answer and (answer["output1"], answer["output2"]["pdno"]) == ([], "NVDA")
