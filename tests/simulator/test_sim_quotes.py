"""Sections 4.17 to 4.21 and 4.24: quotations."""

from decimal import Decimal

import pytest

QUOTES = "/uapi/overseas-price/v1/quotations/"


def ask(customer, name, tr_id, market="NAS", symbol="AAPL", **more):
    return customer.get(QUOTES + name, tr_id, {"AUTH": "", "EXCD": market, "SYMB": symbol, **more})


class TestPrice:
    @pytest.mark.parametrize(("market", "symbol"), [("NAS", "TSLA"), ("NYS", "IBM"), ("AMS", "SPY")])
    def test_it_answers_on_both_sides_with_four_decimals(self, customer, market, symbol):
        output = customer.price(symbol, market)
        last, base = Decimal(output["last"]), Decimal(output["base"])
        assert output["rsym"] == f"D{market}{symbol}"
        assert last.as_tuple().exponent == -4
        assert Decimal(output["diff"]) == abs(last - base)
        assert output["sign"] == {1: "2", 0: "3", -1: "5"}[int(last > base) - int(last < base)]
        assert output["rate"][0] in "+- "

    def test_an_unknown_symbol_is_a_success_with_blanks(self, customer):
        assert set(customer.price("ZZZZ").values()) == {""}
        assert set(customer.price("IBM", "NAS").values()) == {""}

    def test_the_order_familys_exchange_code_is_refused(self, customer):
        assert ask(customer, "price", "HHDFS00000300", "NASD").json()["msg_cd"] == "OPSQ2001"

    def test_its_volume_moves_while_the_market_trades(self, paper, kis):
        from kis.simulator.testing import wait_for

        first = int(paper.price("AAPL")["tvol"])
        assert wait_for(lambda: int(paper.price("AAPL")["tvol"]) > first)

    def test_a_pinned_price_is_the_last_price(self, paper, kis):
        from kis.simulator.testing import wait_for

        kis.control.pin("AAPL", "123.45")
        assert wait_for(lambda: paper.price("AAPL")["last"] == "123.4500")


class TestDetail:
    def test_every_field_of_the_sheet_is_there_and_what_must_be_a_number_is_one(self, real):
        output = ask(real, "price-detail", "HHDFS76200200").json()["output"]
        numbers = "open high low last base pvol tvol tamt tomv uplp dnlp vnit e_hogau zdiv t_rate perx pbrx epsx bpsx"
        for name in (*numbers.split(), "h52p", "l52p"):
            Decimal(output[name])
        assert output["e_ordyn"] == "매매 가능"
        assert Decimal(output["low"]) <= Decimal(output["last"]) <= Decimal(output["high"])

    def test_the_book_has_ten_levels_in_one_object(self, real):
        body = real.get(QUOTES + "inquire-asking-price", "HHDFS76200100", {"EXCD": "NAS", "SYMB": "AAPL"}).json()
        bids = [Decimal(body["output2"][f"pbid{n}"]) for n in range(1, 11)]
        asks = [Decimal(body["output2"][f"pask{n}"]) for n in range(1, 11)]
        assert bids == sorted(bids, reverse=True) and asks == sorted(asks)
        assert asks[0] - bids[0] == Decimal("0.02")

    def test_instrument_facts_and_their_absence(self, real):
        found = real.get(QUOTES + "search-info", "CTPF1702R", {"PRDT_TYPE_CD": "512", "PDNO": "AAPL"}).json()
        assert (found["output"]["ovrs_excg_cd"], found["output"]["buy_unit_qty"]) == ("NASD", "1")
        missing = real.get(QUOTES + "search-info", "CTPF1702R", {"PRDT_TYPE_CD": "513", "PDNO": "AAPL"}).json()
        assert missing["rt_cd"] == "7"


class TestDaily:
    def bars(self, customer, **more):
        body = ask(customer, "dailyprice", "HHDFS76240000", **{"GUBN": "0", "BYMD": "", "MODP": "1", **more}).json()
        assert int(body["output1"]["nrec"]) == len(body["output2"])
        return body["output2"]

    def test_a_hundred_days_newest_first_on_either_side(self, customer):
        bars = self.bars(customer)
        days = [b["xymd"] for b in bars]
        assert len(days) == 100
        assert days == sorted(set(days), reverse=True)
        for bar in bars:
            low, high = Decimal(bar["low"]), Decimal(bar["high"])
            assert low <= Decimal(bar["open"]) <= high and low <= Decimal(bar["clos"]) <= high

    def test_older_days_follow_by_date(self, paper):
        newer = self.bars(paper)
        older = self.bars(paper, BYMD=str(int(newer[10]["xymd"])))
        assert older[0] == newer[10]

    def test_yesterdays_close_is_the_base_of_the_price(self, paper):
        assert self.bars(paper)[1]["clos"] == paper.price("AAPL")["base"]

    @pytest.mark.parametrize("unit", ["1", "2"])
    def test_weeks_and_months(self, paper, unit):
        days = [b["xymd"] for b in self.bars(paper, GUBN=unit)]
        assert days == sorted(set(days), reverse=True)
        assert len(days) >= 99


class TestMinutes:
    QUERY = {"NMIN": "1", "PINC": "1", "NEXT": "", "NREC": "120", "FILL": "", "KEYB": ""}

    def ask(self, real, **more):
        return ask(real, "inquire-time-itemchartprice", "HHDFS76950200", **{**self.QUERY, **more}).json()

    def test_newest_first_at_most_120_with_both_clocks(self, real):
        body = self.ask(real)
        times = [b["xymd"] + b["xhms"] for b in body["output2"]]
        assert len(times) == 120 == int(body["output1"]["nrec"])
        assert times == sorted(set(times), reverse=True)
        assert body["output1"]["next"] == "1"
        assert {"tymd", "kymd", "khms", "open", "high", "low", "last", "evol", "eamt"} <= set(body["output2"][0])

    def test_continuation_begins_where_the_page_ended(self, real):
        first = self.ask(real, NREC="30")["output2"]
        whole = self.ask(real, NREC="60")["output2"]
        second = self.ask(real, NREC="30", NEXT="1", KEYB=whole[30]["xymd"] + whole[30]["xhms"])["output2"]
        assert second[1:] == whole[31 : 31 + 29] or second[:29] == whole[30:59]
        assert first[1:] == whole[1:30]

    def test_an_unknown_symbol_has_no_bars(self, real):
        body = ask(real, "inquire-time-itemchartprice", "HHDFS76950200", symbol="ZZZZ", **self.QUERY).json()
        assert (body["rt_cd"], body["output2"]) == ("0", [])
