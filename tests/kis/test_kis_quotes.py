"""Prices, the order book, trades, many prices at once and the screener: what is asked, and what is made of it."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kis import errors, overseas_quotes
from kis.wire import quote_answers, quote_calls, values
from kis.wire.answers import Answer
from market.errors import NotInPaper
from market.prices import Screen, Span
from market.words import Environment, Exchange, Freshness, Lane

NOW = datetime(2026, 3, 12, 14, 15, 9, tzinfo=UTC)  # 10:15:09 in New York, 23:15:09 in Seoul
REAL, PAPER = Environment.REAL, Environment.PAPER
NASDAQ, NYSE, AMEX = Exchange.NASDAQ, Exchange.NYSE, Exchange.AMEX


def answer(body: object, now: datetime = NOW, tr_cont: str = "") -> Answer:
    return Answer(200, values.json_object(json.dumps(body).encode()), tr_cont, now)


PRICE = {
    "rsym": "DNASNVDA",
    "zdiv": "4",
    "base": "183.0600",
    "pvol": "152331877",
    "last": "184.2400",
    "sign": "2",
    "diff": "1.1800",
    "rate": "+0.64",
    "tvol": "9812345",
    "tamt": "1803456789",
    "ordy": "매수가능",
}


class TestPrice:
    def test_quotes_use_their_own_family_of_exchange_codes(self):
        assert quote_calls.price(REAL, "SPY", AMEX).fields == {"AUTH": "", "EXCD": "AMS", "SYMB": "SPY"}
        assert quote_calls.price(REAL, "KO", NYSE, daytime=True).fields["EXCD"] == "BAY"

    def test_it_has_no_time_and_is_stale_until_its_volume_moves(self):
        quote = quote_answers.quote(answer({"output": PRICE}), "NVDA", NASDAQ)
        assert (quote.last, quote.volume, quote.freshness) == (Decimal("184.24"), 9812345, Freshness.STALE)
        assert quote.raw == PRICE

        moved = replace(quote, volume=9812346)
        assert overseas_quotes.freshened(moved, quote).freshness is Freshness.FRESH
        assert overseas_quotes.freshened(quote, quote).freshness is Freshness.STALE

    @pytest.mark.parametrize("last", ["", "0.0000", "-", None, "-1.00"])
    def test_a_blank_or_zero_price_is_no_price(self, last):
        assert quote_answers.quote(answer({"output": {"last": last}}), "NVDA", NASDAQ) is None


DETAIL = {
    **PRICE,
    "curr": "USD",
    "vnit": "1",
    "open": "183.1000",
    "high": "185.0200",
    "low": "182.4400",
    "pamt": "27890123456",
    "uplp": "0.0000",
    "dnlp": "0.0000",
    "h52p": "212.1900",
    "h52d": "20251103",
    "l52p": "86.6200",
    "l52d": "20250407",
    "perx": "45.47",
    "pbrx": "",
    "epsx": "-4.05",
    "bpsx": "4.90",
    "shar": "24300000000",
    "mcap": "24000",
    "tomv": "4477032000000",
    "t_xprc": "267574",
    "t_rate": "1452.30",
    "p_rate": "1450.10",
    "e_ordyn": "매매 가능",
    "e_hogau": "0.0100",
    "e_icod": "반도체",
    "e_parp": "0.0010",
    "etyp_nm": "",
}


class TestDetail:
    def test_every_field_has_its_type(self):
        found = quote_answers.price_detail(answer({"output": DETAIL}), "NVDA", NASDAQ)

        assert (found.last, found.previous_close) == (Decimal("184.24"), Decimal("183.06"))
        assert (found.open, found.high, found.low) == (Decimal("183.10"), Decimal("185.02"), Decimal("182.44"))
        assert (found.high_52w_on, found.low_52w_on) == (date(2025, 11, 3), date(2025, 4, 7))
        assert (found.eps, found.per, found.tick_size) == (Decimal("-4.05"), Decimal("45.47"), Decimal("0.01"))
        assert (found.listed_shares, found.trading_unit, found.decimals) == (24_300_000_000, 1, 4)
        assert (found.fx_rate, found.tradable, found.read_at) == (Decimal("1452.30"), True, NOW)
        assert found.raw == DETAIL

    def test_a_blank_is_none_and_the_limits_that_us_shares_lack_are_none(self):
        found = quote_answers.price_detail(answer({"output": DETAIL}), "NVDA", NASDAQ)
        assert (found.pbr, found.upper_limit, found.lower_limit) == (None, None, None)

    @pytest.mark.parametrize(("words", "tradable"), [("매매 가능", True), ("매매불가", False), ("", None)])
    def test_only_one_text_means_that_it_trades(self, words, tradable):
        found = quote_answers.price_detail(answer({"output": {**DETAIL, "e_ordyn": words}}), "NVDA", NASDAQ)
        assert found.tradable is tradable


HEAD = {"last": "184.2400", "base": "183.0600", "dymd": "20260312", "dhms": "101509", "bvol": "900", "avol": "1200"}
LEVELS: dict[str, str] = {}
for _n in range(1, 11):
    LEVELS |= {f"pbid{_n}": f"{184.24 - _n / 100:.4f}", f"pask{_n}": f"{184.24 + _n / 100:.4f}"}
    LEVELS |= {f"vbid{_n}": str(_n * 100), f"vask{_n}": str(_n * 10), f"dbid{_n}": "-5", f"dask{_n}": "+7"}


class TestOrderBook:
    def read(self, output2: Any, head: Mapping[str, Any] = HEAD) -> Any:
        return quote_answers.order_book(answer({"output1": head, "output2": output2}), "NVDA", NASDAQ)

    @pytest.mark.parametrize(
        "output2", [LEVELS, [LEVELS], [{k: v} for k, v in LEVELS.items()]], ids=["object", "array", "spread"]
    )
    def test_ten_levels_a_side_as_object_or_array(self, output2):
        book = self.read(output2)
        assert (len(book.bids), len(book.asks)) == (10, 10)
        assert (book.bids[0].price, book.bids[0].size, book.bids[0].change) == (Decimal("184.23"), 100, -5)
        assert (book.asks[9].price, book.asks[9].size, book.asks[9].change) == (Decimal("184.34"), 100, 7)

    def test_its_time_is_new_yorks(self):
        assert self.read(LEVELS).at == NOW
        assert self.read(LEVELS, {**HEAD, "dhms": ""}).at is None

    def test_other_countries_have_one_level_and_empty_ones_are_left_out(self):
        book = self.read({"pbid1": "10.00", "vbid1": "", "pask1": "0.0000", "vask1": "0"})
        assert [(level.price, level.size) for level in book.bids] == [(Decimal(10), None)]
        assert book.asks == ()

    def test_nothing_at_all_is_none(self):
        assert self.read({}, {}) is None


SNAPSHOT = {
    "rsym": "DNASNVDA",
    "excd": "NAS",
    "symb": "NVDA",
    "knam": "엔비디아",
    "last": "184.2400",
    "open": "183.1000",
    "base": "183.0600",
    "pbid": "184.2300",
    "pask": "184.2500",
    "vbid": "120",
    "vask": "300",
    "tvol": "9812345",
    "xhms": "101508",
    "khms": "231508",
    "curr": "USD",
}


class TestManyPrices:
    def test_ten_symbols_fit_into_a_request_and_every_documented_field_is_sent(self):
        fields = quote_calls.many_prices(REAL, [("NVDA", NASDAQ), ("KO", NYSE)]).fields
        assert (fields["NREC"], fields["EXCD_02"], fields["SYMB_02"]) == ("2", "NYS", "KO")
        assert (fields["EXCD_10"], fields["SYMB_10"]) == ("", "")
        with pytest.raises(ValueError, match="10"):
            quote_calls.many_prices(REAL, [(f"S{n}", NASDAQ) for n in range(11)])

    def test_a_clock_without_a_date_is_the_last_moment_it_can_have_been(self):
        (found,) = quote_answers.many_prices(answer({"output2": [SNAPSHOT]}), [("NVDA", NASDAQ)]).rows
        assert found.quote.at == NOW - timedelta(seconds=1)
        assert (found.quote.bid, found.quote.ask, found.bid_size) == (Decimal("184.23"), Decimal("184.25"), 120)
        assert found.quote.freshness is Freshness.STALE

        evening = {**SNAPSHOT, "xhms": "195900"}
        (found,) = quote_answers.many_prices(answer({"output2": [evening]}), [("NVDA", NASDAQ)]).rows
        assert found.quote.at == datetime(2026, 3, 11, 23, 59, tzinfo=UTC)

    def test_who_has_no_price_has_no_row_and_who_is_missing_spoils_the_answer(self):
        asked = [("NVDA", NASDAQ), ("NOSUCH", NYSE)]
        blank = dict.fromkeys(SNAPSHOT, "")
        both = quote_answers.many_prices(answer({"output2": [SNAPSHOT, blank]}), asked)
        assert (len(both.rows), both.unreadable) == (1, 0)
        short = quote_answers.many_prices(answer({"output2": [SNAPSHOT]}), asked)
        assert (len(short.rows), short.unreadable) == (1, 1)


class TestManyAtOnce:
    async def test_more_than_ten_are_asked_for_in_parts(self, told):
        def tell(call: Any) -> Answer:
            symbols = [call.fields[f"SYMB_{n:02}"] for n in range(1, int(call.fields["NREC"]) + 1)]
            return answer({"output2": [{**SNAPSHOT, "symb": symbol} for symbol in symbols]})

        client = told(tell)
        wanted = [(f"S{n}", NASDAQ) for n in range(23)]
        found = await overseas_quotes.read_prices([*wanted, wanted[0]], client=client, lane=Lane.SCAN)

        assert [row.quote.symbol for row in found.rows] == [symbol for symbol, _ in wanted]
        assert [call.fields["NREC"] for call in client.asked] == ["10", "10", "3"]
        assert found.complete

    async def test_one_part_that_fails_makes_all_partial(self, told):
        def tell(call: Any) -> Any:
            return errors.ReadFailed("no") if call.fields["SYMB_01"] == "S10" else answer({"output2": [SNAPSHOT] * 10})

        wanted = [(f"S{n}", NASDAQ) for n in range(12)]
        found = await overseas_quotes.read_prices(wanted, client=told(tell), lane=Lane.SCAN)
        assert (found.complete, found.freshness) == (False, Freshness.PARTIAL)
        with pytest.raises(errors.ReadFailed):
            await overseas_quotes.get_prices(wanted, client=told(tell))


TRADE = {
    "khms": "231500",
    "last": "184.2400",
    "sign": "2",
    "rate": "+0.64",
    "evol": "12",
    "tvol": "9812345",
    "mtyp": "1",
    "pbid": "184.2300",
    "pask": "184.2500",
    "vpow": "103.06",
}


class TestTrades:
    def read(self, row: Mapping[str, Any], *, on: date | None = None, today: bool = True) -> Any:
        return quote_answers.trades(answer({"output1": [row]}), on=on, today=today)

    def test_a_trade_has_price_size_and_a_korean_clock(self):
        (trade,) = self.read(TRADE).rows
        assert (trade.price, trade.size, trade.volume) == (Decimal("184.24"), 12, 9812345)
        assert (trade.at, trade.strength) == (datetime(2026, 3, 12, 14, 15, tzinfo=UTC), Decimal("103.06"))

    def test_without_a_date_the_day_before_has_no_moment(self):
        (trade,) = self.read(TRADE, today=False).rows
        assert trade.at is None
        (trade,) = self.read(TRADE, today=False, on=date(2026, 3, 10)).rows
        assert trade.at == datetime(2026, 3, 10, 14, 15, tzinfo=UTC)

    def test_the_korean_morning_belongs_to_the_american_day_before(self):
        (trade,) = self.read({**TRADE, "khms": "053000"}, on=date(2026, 3, 11)).rows
        assert trade.at == datetime(2026, 3, 11, 20, 30, tzinfo=UTC)

    @pytest.mark.parametrize("name", ["khms", "last", "evol"])
    def test_a_trade_without_time_price_or_size_is_counted_not_guessed(self, name):
        page = self.read({**TRADE, name: " "})
        assert (page.rows, page.unreadable) == ((), 1)


STOCK = {"symb": "NVDA", "excd": "NAS", "name": "엔비디아", "last": "184.2400", "rate": "+0.64", "valx": "4477032000"}


class TestScreen:
    def test_only_the_spans_that_matter_are_switched_on(self):
        wanted = Screen(price=Span(Decimal("100.00"), Decimal(200)), per=Span(Decimal("1E+1"), Decimal(20)))
        fields = quote_calls.screen(PAPER, NASDAQ, wanted).fields
        assert [fields[f"CO_{part}_PRICECUR"] for part in ("YN", "ST", "EN")] == ["1", "100", "200"]
        assert fields["CO_ST_PER"] == "10"
        assert [fields[f"CO_{part}_EPS"] for part in ("YN", "ST", "EN")] == ["", "", ""]
        assert fields["KEYB"] == ""

    @pytest.mark.parametrize(("low", "high"), [("2", "1"), ("NaN", "1"), ("0", "Infinity")])
    def test_a_span_goes_from_low_to_high(self, low, high):
        with pytest.raises(ValueError, match="span"):
            Span(Decimal(low), Decimal(high))

    def test_a_stock_needs_a_symbol_and_an_exchange_the_rest_may_be_blank(self):
        page = quote_answers.screened(answer({"output2": [STOCK, {**STOCK, "excd": "?"}, dict.fromkeys(STOCK, "")]}))
        (found,) = page.rows
        assert (found.symbol, found.exchange, found.last, found.eps) == ("NVDA", NASDAQ, Decimal("184.24"), None)
        assert (found.raw, page.unreadable) == (STOCK, 1)


class TestScreenPages:
    """KIS documents no more than a key: what it announces is followed, what it keeps back is not called complete."""

    def page(self, *symbols: str, tr_cont: str = "", **head: str) -> Answer:
        rows = [{**STOCK, "symb": symbol} for symbol in symbols]
        return answer({"output1": head, "output2": rows}, tr_cont=tr_cont)

    async def read(self, client: Any) -> Any:
        return await overseas_quotes.read_screen(NASDAQ, Screen(), client=client, lane=Lane.SCAN)

    async def test_a_key_leads_to_the_next_page(self, told):
        client = told(
            lambda call: self.page("C", trec="3") if call.fields["KEYB"] else self.page("A", "B", trec="3", keyb="k1")
        )
        found = await self.read(client)
        assert [row.symbol for row in found.rows] == ["A", "B", "C"]
        assert found.complete
        assert [(call.fields["KEYB"], call.tr_cont) for call in client.asked] == [("", ""), ("k1", "N")]

    async def test_the_header_alone_leads_there_too(self, told):
        client = told(lambda call: self.page("B") if call.tr_cont else self.page("A", tr_cont="M"))
        found = await self.read(client)
        assert ([row.symbol for row in found.rows], found.complete) == (["A", "B"], True)

    async def test_a_server_that_repeats_itself_is_left(self, told):
        found = await self.read(told(lambda _call: self.page("A", tr_cont="M")))
        assert (len(found.rows), found.complete, found.freshness) == (1, False, Freshness.PARTIAL)

    async def test_fewer_than_it_counted_are_partial(self, told):
        found = await self.read(told(lambda _call: self.page("A", trec="200")))
        assert (found.complete, found.freshness) == (False, Freshness.PARTIAL)

    async def test_nobody_found_is_a_fact(self, told):
        found = await self.read(told(lambda _call: self.page(trec="0")))
        assert (found.complete, found.freshness) == (True, Freshness.EMPTY)

    async def test_all_or_nothing(self, told):
        with pytest.raises(errors.ReadFailed):
            await overseas_quotes.get_screen(NASDAQ, Screen(), client=told(lambda _call: self.page("A", trec="2")))


words = st.one_of(
    st.none(),
    st.booleans(),
    st.text(max_size=12),
    st.sampled_from(["", " ", "+5.61", " 0.00", "-3", "1e9", "NaN", "20260312", "235959", "999999", "9" * 25, "NAS"]),
    st.lists(st.text(max_size=3), max_size=2),
    st.dictionaries(st.text(max_size=4), st.text(max_size=4), max_size=2),
)


@st.composite
def bent(draw: st.DrawFn, record: dict[str, str]) -> dict[str, Any]:
    """The record with fields dropped, padded, blanked, re-typed, shouted and added."""
    made: dict[str, Any] = {}
    for name, value in record.items():
        kind = draw(st.sampled_from("kkkkdpubr"))
        name = name.upper() if kind == "u" else name
        if kind != "d":
            made[name] = {"p": f"  {value} ", "b": "", "r": draw(words)}.get(kind, value)
    return made | draw(st.dictionaries(st.text(max_size=5), words, max_size=2))


def parts(record: dict[str, str]) -> st.SearchStrategy[Any]:
    return st.one_of(bent(record), st.lists(st.one_of(bent(record), words), max_size=3), words)


class TestWhateverArrives:
    @given(parts(PRICE))
    def test_prices(self, output):
        quote = quote_answers.quote(answer({"output": output}), "NVDA", NASDAQ)
        assert quote is None or quote.last > 0

    @given(parts(DETAIL))
    def test_details(self, output):
        detail = quote_answers.price_detail(answer({"output": output}), "NVDA", NASDAQ)
        assert detail is None or detail.last > 0

    @given(parts(HEAD), parts(LEVELS))
    def test_order_books(self, head, levels):
        book = quote_answers.order_book(answer({"output1": head, "output2": levels}), "NVDA", NASDAQ)
        assert book is None or all(level.price > 0 for level in (*book.bids, *book.asks))

    @given(parts(SNAPSHOT))
    def test_many_prices(self, rows):
        for found in quote_answers.many_prices(answer({"output2": rows}), [("NVDA", NASDAQ)]).rows:
            assert found.quote.last > 0
            assert found.quote.at <= NOW + quote_answers.SKEW

    @given(parts(TRADE), st.booleans(), st.sampled_from([None, date(2026, 3, 12), date(2026, 3, 8)]))
    def test_trades(self, rows, today, on):
        for trade in quote_answers.trades(answer({"output1": rows}), on=on, today=today).rows:
            assert trade.price > 0
            assert trade.size >= 0

    @given(parts(STOCK))
    def test_screens(self, rows):
        assert all(found.symbol for found in quote_answers.screened(answer({"output2": rows})).rows)


class TestAtTheSimulator:
    async def test_detail_and_book_agree_with_the_price(self, client):
        detail = await overseas_quotes.get_price_detail("KO", NYSE, client=client)
        book = await overseas_quotes.get_order_book("KO", NYSE, client=client)

        assert (detail.symbol, detail.currency, detail.tradable) == ("KO", "USD", True)
        assert detail.low <= detail.last <= detail.high
        assert len(book.bids) == len(book.asks) == 10
        assert book.bids[0].price < book.asks[0].price
        assert [level.price for level in book.bids] == sorted((level.price for level in book.bids), reverse=True)
        assert abs(book.read_at - book.at) < timedelta(minutes=1)

    async def test_an_unknown_symbol_has_no_price_in_any_form(self, client):
        for ask in (
            overseas_quotes.get_price,
            overseas_quotes.get_price_detail,
            overseas_quotes.get_order_book,
        ):
            with pytest.raises(errors.NoPrice, match="NOSUCH"):
                await ask("NOSUCH", NASDAQ, client=client)

    async def test_the_exchange_is_found_by_asking(self, client):
        assert (await overseas_quotes.find_price("KO", None, client=client)).exchange is NYSE

    async def test_what_paper_lacks_names_its_substitute_before_anything_is_sent(self, make_client):
        client = make_client("paper")
        with pytest.raises(NotInPaper, match="last price"):
            await overseas_quotes.get_price_detail("KO", NYSE, client=client)
        with pytest.raises(NotInPaper, match="last price"):
            await overseas_quotes.get_order_book("KO", NYSE, client=client)
        with pytest.raises(NotInPaper):
            await overseas_quotes.read_prices([("KO", NYSE)], client=client, lane=Lane.SCAN)
        with pytest.raises(NotInPaper):
            await overseas_quotes.read_trades("KO", NYSE, client=client, lane=Lane.SCAN)

    async def test_a_list_that_cannot_be_had_is_failed_not_empty(self, kis, client):
        kis.control.fault("maintenance_503")
        found = await overseas_quotes.read_prices([("KO", NYSE)], client=client, lane=Lane.SCAN)
        assert (found.rows, found.freshness, found.complete) == ((), Freshness.FAILED, False)

    async def test_many_prices_come_with_their_time_and_the_unknown_one_without_a_row(self, client):
        wanted = [("NVDA", NASDAQ), ("KO", NYSE), ("SPY", AMEX), ("NOSUCH", NASDAQ)]
        found = await overseas_quotes.read_prices(wanted, client=client, lane=Lane.SCAN)

        assert found.complete
        assert [(row.quote.symbol, row.quote.exchange) for row in found.rows] == wanted[:3]
        for row in found.rows:
            assert row.low <= row.quote.last <= row.high
            assert row.quote.bid < row.quote.ask
            assert abs(row.quote.received_at - row.quote.at) < timedelta(minutes=1)

    async def test_trades_are_newest_first_and_know_their_moment(self, client):
        trades = await overseas_quotes.get_trades("NVDA", NASDAQ, client=client)
        assert trades
        moments = [trade.at for trade in trades]
        assert moments == sorted(moments, reverse=True)
        assert abs(client.clock() - moments[0]) < timedelta(minutes=1)
        volumes = [trade.volume for trade in trades]
        assert volumes == sorted(volumes, reverse=True)

    async def test_trades_of_the_day_before_need_its_date(self, client):
        undated = await overseas_quotes.get_trades("NVDA", NASDAQ, today=False, client=client)
        assert {trade.at for trade in undated} == {None}
        day = client.clock().astimezone(values.NEW_YORK).date() - timedelta(days=1)
        dated = await overseas_quotes.get_trades("NVDA", NASDAQ, today=False, trading_day=day, client=client)
        assert {trade.at.astimezone(values.NEW_YORK).date() for trade in dated} == {day}

    @pytest.mark.parametrize("environment", ["real", "paper"])
    async def test_the_screener_finds_what_is_in_the_span_on_both_sides(self, make_client, environment):
        client = make_client(environment)
        everything = await overseas_quotes.get_screen(NASDAQ, Screen(), client=client)
        prices = sorted(stock.last for stock in everything)
        low, high = prices[0] + Decimal(1), prices[-1] - Decimal(1)

        some = await overseas_quotes.read_screen(NASDAQ, Screen(price=Span(low, high)), client=client, lane=Lane.SCAN)

        assert some.complete
        assert 0 < len(some.rows) < len(everything)
        assert all(low - 1 < stock.last < high + 1 and stock.exchange is NASDAQ for stock in some.rows)
        assert all(stock.market_cap and stock.listed_shares and stock.name_ko for stock in some.rows)

    async def test_a_span_with_nothing_in_it_is_empty(self, client):
        nothing = Screen(price=Span(Decimal("0.01"), Decimal("0.02")))
        found = await overseas_quotes.read_screen(AMEX, nothing, client=client, lane=Lane.SCAN)
        assert (found.rows, found.freshness, found.complete) == ((), Freshness.EMPTY, True)
