"""Section 4.25: the latest trades, the prices of ten symbols, the screener."""

from decimal import Decimal
from itertools import pairwise

import pytest

QUOTES = "/uapi/overseas-price/v1/quotations/"
# fmt: off
MANY_FIELDS = {
    "rsym", "excd", "symb", "knam", "exnm", "nnam", "stat1", "stat2", "zdiv", "last", "sign", "diff", "rate", "open",
    "high", "low", "pbid", "pask", "vbid", "vask", "bvol", "avol", "evol", "tvol", "tamt", "powx", "xhms", "khms",
    "curr", "base", "pvol", "pamt", "popen", "phigh", "plow", "shar", "mcap", "tomv", "h52p", "l52p", "h52d", "l52d",
    "hanp", "lanp", "hand", "land", "bnit", "t_xprc",
}
# fmt: on


class TestTicks:
    def ask(self, real, **more):
        query = {"EXCD": "NAS", "TDAY": "1", "SYMB": "AAPL", "AUTH": "", "KEYB": "", **more}
        return real.get(QUOTES + "inquire-ccnl", "HHDFS76200300", query).json()

    def test_the_newest_trade_comes_first_and_volume_adds_up(self, real):
        rows = self.ask(real)["output1"]
        assert set(rows[0]) == {
            *("khms", "last", "sign", "diff", "rate", "evol", "tvol", "mtyp", "pbid", "pask", "vpow"),
        }
        for newer, older in pairwise(rows):
            assert int(newer["tvol"]) - int(older["tvol"]) == int(newer["evol"])
        assert Decimal(rows[0]["pbid"]) < Decimal(rows[0]["pask"])

    def test_the_day_before_ends_at_its_close(self, real):
        row = self.ask(real, TDAY="0")["output1"][0]
        assert row["last"] == real.price("AAPL")["base"]

    def test_no_symbol_no_trades(self, real):
        assert self.ask(real, SYMB="ZZZZ")["output1"] == self.ask(real, EXCD="NYS")["output1"] == []
        assert self.ask(real, TDAY="2")["msg_cd"] == "OPSQ2001"


class TestManyPrices:
    def ask(self, customer, *pairs, **more):
        query = {"AUTH": "", "NREC": str(len(pairs))}
        for n, (market, symbol) in enumerate(pairs, 1):
            query |= {f"EXCD_{n:02d}": market, f"SYMB_{n:02d}": symbol}
        return customer.get(QUOTES + "multprice", "HHDFS76220000", {**query, **more})

    def test_a_row_for_each_symbol_in_the_order_asked(self, real, kis):
        kis.control.pin("AAPL", "123.45")
        body = self.ask(real, ("NYS", "BRK/B"), ("NAS", "AAPL"), ("NAS", "ZZZZ")).json()
        assert body["output"] == {"nrec": "3"}
        assert [r["symb"] for r in body["output2"]] == ["BRK/B", "AAPL", "ZZZZ"]
        assert all(set(r) == MANY_FIELDS for r in body["output2"])
        assert (body["output2"][0]["rsym"], body["output2"][2]["last"]) == ("DNYSBRK/B", "")
        assert len(body["output2"][1]["xhms"]) == 6

    def test_ten_at_the_most_and_every_pair_must_be_there(self, real):
        pairs = [("NAS", "AAPL")] * 11
        assert self.ask(real, *pairs).json()["msg_cd"] == "OPSQ2001"
        assert len(self.ask(real, *pairs[:10]).json()["output2"]) == 10
        missing = self.ask(real, ("NAS", "AAPL"), NREC="2").json()
        assert missing["msg1"] == "ERROR : INPUT_FIELD_NAME EXCD_02"

    def test_paper_has_it_not(self, paper):
        assert self.ask(paper, ("NAS", "AAPL")).json()["msg_cd"] == "EGW02006"


class TestScreener:
    def ask(self, customer, **conditions):
        query = {"AUTH": "", "EXCD": "NAS", "KEYB": ""}
        for name, (low, high) in conditions.items():
            query |= {f"CO_YN_{name}": "1", f"CO_ST_{name}": low, f"CO_EN_{name}": high}
        return customer.get(QUOTES + "inquire-search", "HHDFS76410000", query).json()

    def test_without_conditions_it_lists_the_exchange_largest_first(self, customer):
        body = self.ask(customer)
        rows = body["output2"]
        assert {"AAPL", "SNDL"} <= {r["symb"] for r in rows} and "KO" not in {r["symb"] for r in rows}
        values = [int(r["valx"]) for r in rows]
        assert values == sorted(values, reverse=True)
        assert body["output1"]["nrec"] == body["output1"]["trec"] == str(len(rows))

    @pytest.mark.parametrize(
        ("condition", "field"),
        [("PRICECUR", "last"), ("VOLUME", "tvol"), ("SHAR", "shar"), ("PER", "per"), ("EPS", "eps"), ("VALX", "valx")],
    )
    def test_a_range_holds_for_every_row(self, paper, condition, field):
        values = sorted(Decimal(r[field]) for r in self.ask(paper)["output2"])
        low, high = values[len(values) // 3], values[-2]
        rows = self.ask(paper, **{condition: (str(low), str(high))})["output2"]
        assert 0 < len(rows) < len(values)
        if condition not in ("PRICECUR", "VOLUME", "VALX"):  # these move between two calls
            assert all(low <= Decimal(r[field]) <= high for r in rows)

    def test_a_bound_that_is_no_number_is_refused(self, paper):
        assert self.ask(paper, PRICECUR=("cheap", ""))["msg_cd"] == "OPSQ2001"
        assert len(self.ask(paper, PRICECUR=("", "1"))["output2"]) == 1  # the one below a dollar
