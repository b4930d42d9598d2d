"""Sections 4.20 to 4.22: how far bars go back, bars of the daytime, of indices and of the exchange rate."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from kis.simulator.testing import start

QUOTES = "/uapi/overseas-price/v1/quotations/"
FREE = {"rate_paper": 0, "rate_real": 0, "token_interval": 0.0}


def indices(customer, symbol, kind="N", period="D", first="20260101", last="20991231"):
    query = {
        "FID_COND_MRKT_DIV_CODE": kind,
        "FID_INPUT_ISCD": symbol,
        "FID_INPUT_DATE_1": first,
        "FID_INPUT_DATE_2": last,
        "FID_PERIOD_DIV_CODE": period,
    }
    return customer.get(QUOTES + "inquire-daily-chartprice", "FHKST03030100", query).json()


class TestIndices:
    @pytest.mark.parametrize(("kind", "symbol"), [("N", ".DJI"), ("N", "COMP"), ("N", "SPX"), ("X", "FX@KRW")])
    def test_a_series_on_either_side_newest_first(self, customer, kind, symbol):
        body = indices(customer, symbol, kind)
        head, rows = body["output1"], body["output2"]
        days = [r["stck_bsop_date"] for r in rows]
        assert len(days) == 100 and days == sorted(set(days), reverse=True)
        assert head["stck_shrn_iscd"] == symbol
        assert Decimal(head["ovrs_nmix_prpr"]) - Decimal(head["ovrs_nmix_prdy_clpr"]) == Decimal(
            head["ovrs_nmix_prdy_vrss"]
        )
        assert rows[1]["ovrs_nmix_prpr"] == head["ovrs_nmix_prdy_clpr"]
        for r in rows:
            low, high = Decimal(r["ovrs_nmix_lwpr"]), Decimal(r["ovrs_nmix_hgpr"])
            assert low <= Decimal(r["ovrs_nmix_oprc"]) <= high and low <= Decimal(r["ovrs_nmix_prpr"]) <= high

    def test_two_names_of_one_index(self, paper):
        assert indices(paper, ".IXIC", last="20260301")["output2"] == indices(paper, "COMP", last="20260301")["output2"]

    def test_only_between_the_dates_and_in_weeks_months_and_years(self, paper):
        days = [r["stck_bsop_date"] for r in indices(paper, "SPX", first="20260105", last="20260109")["output2"]]
        assert days == ["20260109", "20260108", "20260107", "20260106", "20260105"]
        months = indices(paper, "SPX", period="M", first="20250101", last="20251231")["output2"]
        assert [r["stck_bsop_date"][:6] for r in months] == [f"2025{m:02d}" for m in range(12, 0, -1)]
        assert len(indices(paper, "SPX", period="Y", first="20210101", last="20251231")["output2"]) == 5
        assert indices(paper, "SPX", first="20260109", last="20260105")["output2"] == []

    def test_stocks_only_if_a_big_index_has_them(self, paper):
        assert indices(paper, "AAPL")["output1"]["hts_kor_isnm"] == "애플"
        for symbol, kind in (("SNDL", "N"), ("ZZZZ", "N"), ("AAPL", "X"), ("FX@KRW", "N")):
            body = indices(paper, symbol, kind)
            assert body["output2"] == [] and set(body["output1"].values()) == {""}

    @pytest.mark.parametrize("change", [{"kind": "Q"}, {"period": "H"}, {"first": "2026"}])
    def test_a_bad_field_is_refused(self, paper, change):
        assert indices(paper, "SPX", **change)["msg_cd"] == "OPSQ2001"


class TestDepth:
    def test_days_go_back_to_the_listing_and_no_further(self, paper):
        query = {"AUTH": "", "EXCD": "NAS", "SYMB": "PLTR", "GUBN": "0", "MODP": "1", "BYMD": "20201010"}
        body = paper.get(QUOTES + "dailyprice", "HHDFS76240000", query).json()
        assert body["output2"][-1]["xymd"] == "20200930" and body["output1"]["nrec"] == "11"
        before = {**query, "BYMD": "20200929"}
        assert paper.get(QUOTES + "dailyprice", "HHDFS76240000", before).json()["output2"] == []


class TestDaytime:
    @pytest.fixture(scope="class")
    @classmethod
    def real(cls, speak):
        """12:00 in Korea."""
        scenario = {"calendar": "nyse-hours", "start": "2026-03-12T03:00:00Z"}
        with start(scenario=scenario, switches=FREE) as kis:
            yield speak.customer(kis, kis.accounts("real")[0])

    def test_prices_have_exchange_codes_of_their_own(self, real):
        assert real.price("NVDA", "BAQ")["rsym"] == "RBAQNVDA"
        assert set(real.price("SNDL", "BAQ").values()) == {""}
        assert set(real.price("KO", "BAQ").values()) == {""}

    def test_its_volume_is_its_own(self, real):
        assert 0 < int(real.price("NVDA", "BAQ")["tvol"]) < int(real.price("NVDA", "NAS")["tvol"])

    def test_minutes_since_ten_in_korea(self, real):
        query = {
            **{"AUTH": "", "EXCD": "BAQ", "SYMB": "NVDA", "NMIN": "1", "PINC": "1", "NEXT": "", "NREC": "120"},
            **{"FILL": "", "KEYB": ""},
        }
        body = real.get(QUOTES + "inquire-time-itemchartprice", "HHDFS76950200", query).json()
        assert (body["output1"]["sktm"], body["output1"]["rsym"]) == ("100000", "RBAQNVDA")
        assert body["output1"]["stim"] == "210000"  # summer time in New York
        first = {**query, "KEYB": body["output2"][-1]["xymd"] + body["output2"][-1]["xhms"]}
        rows = real.get(QUOTES + "inquire-time-itemchartprice", "HHDFS76950200", first).json()["output2"]
        assert rows[-1]["khms"] == "100000" and {r["tymd"] for r in rows} == {"20260312"}


def test_a_series_never_shows_days_to_come(paper):
    tomorrow = date.today() + timedelta(days=2)
    rows = indices(paper, "SPX", first=f"{tomorrow:%Y%m%d}")["output2"]
    assert rows == []
