"""Answers about prices (sheet 4.17 to 4.19, 4.25), in the house's words. Bars are in `bar_answers`."""

from collections.abc import Collection
from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from kis import codes
from kis.wire.answers import Answer, Page, must, page, table
from kis.wire.values import NEW_YORK, SEOUL, Row, clock_time, moment, rows
from market.data import Quote
from market.prices import BookLevel, OrderBook, PriceDetail, PriceSnapshot, ScreenedStock, Trade
from market.words import Exchange, Freshness

LEVELS = 10
TRADABLE = "매매 가능"  # 4.18: nothing else means that it trades
SKEW = timedelta(minutes=5)  # how far ahead of ours the broker's clock may be


def positive(row: Row, *names: str) -> Decimal | None:
    """A price: blank and zero are none."""
    found = row.decimal(*names)
    return found if found is not None and found > 0 else None


def quote(answer: Answer, symbol: str, exchange: Exchange) -> Quote | None:
    """The last price (4.17), or None when it is blank: unknown symbol, or outside hours (Appendix E).

    The answer has no time: `at` is when it came and the freshness is STALE until its volume has moved.
    """
    row = next(rows(answer.body, "output"), Row({}))
    last = positive(row, "last")
    if last is None:
        return None
    return Quote(
        symbol=symbol,
        exchange=exchange,
        last=last,
        at=answer.received_at,
        received_at=answer.received_at,
        volume=row.integer("tvol"),
        freshness=Freshness.STALE,
        source="rest",
        raw=row.raw,
    )


def price_detail(answer: Answer, symbol: str, exchange: Exchange) -> PriceDetail | None:
    """Everything about a price (4.18), or None when the price is blank."""
    row = next(rows(answer.body, "output"), Row({}))
    last = positive(row, "last")
    if last is None:
        return None
    words = row.text("e_ordyn")
    return PriceDetail(
        symbol=symbol,
        exchange=exchange,
        last=last,
        read_at=answer.received_at,
        currency=row.text("curr"),
        decimals=row.integer("zdiv"),
        trading_unit=row.integer("vnit"),
        tick_size=positive(row, "e_hogau"),
        tradable=words == TRADABLE if words else None,
        tradable_text=words,
        open=positive(row, "open"),
        high=positive(row, "high"),
        low=positive(row, "low"),
        previous_close=positive(row, "base"),
        volume=row.integer("tvol"),
        amount=row.decimal("tamt"),
        previous_volume=row.integer("pvol"),
        previous_amount=row.decimal("pamt"),
        upper_limit=positive(row, "uplp"),
        lower_limit=positive(row, "dnlp"),
        high_52w=positive(row, "h52p"),
        high_52w_on=row.day("h52d"),
        low_52w=positive(row, "l52p"),
        low_52w_on=row.day("l52d"),
        per=row.decimal("perx"),
        pbr=row.decimal("pbrx"),
        eps=row.decimal("epsx"),
        bps=row.decimal("bpsx"),
        listed_shares=row.integer("shar"),
        capital=row.decimal("mcap"),
        market_cap=row.decimal("tomv"),
        par_value=row.decimal("e_parp"),
        sector=row.text("e_icod"),
        etp_class=row.text("etyp_nm"),
        last_krw=positive(row, "t_xprc"),
        fx_rate=positive(row, "t_rate"),
        previous_fx_rate=positive(row, "p_rate"),
        raw=row.raw,
    )


def order_book(answer: Answer, symbol: str, exchange: Exchange) -> OrderBook | None:
    """Bids and asks (4.19), levels as one object or spread over an array; None when there is nothing in it."""
    head = next(rows(answer.body, "output1"), Row({}))
    levels = _merged(answer)
    bids, asks = _side(levels, "bid"), _side(levels, "ask")
    last = positive(head, "last")
    if not bids and not asks and last is None:
        return None
    return OrderBook(
        symbol=symbol,
        exchange=exchange,
        at=moment(head.text("dymd"), head.text("dhms"), NEW_YORK),
        read_at=answer.received_at,
        bids=bids,
        asks=asks,
        last=last,
        open=positive(head, "open"),
        high=positive(head, "high"),
        low=positive(head, "low"),
        previous_close=positive(head, "base"),
        total_bid_size=head.integer("bvol"),
        total_ask_size=head.integer("avol"),
        raw=answer.body or {},
    )


def _merged(answer: Answer) -> Row:
    fields: dict[str, object] = {}
    for row in rows(answer.body, "output2"):
        fields |= {str(name).lower(): value for name, value in row.raw.items()}
    return Row(fields)


def _side(levels: Row, side: str) -> tuple[BookLevel, ...]:
    """Levels with a price; a size that is blank or negative is not known."""
    found = []
    for n in range(1, LEVELS + 1):
        price = positive(levels, f"p{side}{n}")
        if price is not None:
            size = levels.integer(f"v{side}{n}")
            found.append(BookLevel(price, size if size is None or size >= 0 else None, levels.integer(f"d{side}{n}")))
    return tuple(found)


def many_prices(answer: Answer, asked: Collection[tuple[str, Exchange]]) -> Page[PriceSnapshot]:
    """Prices of several symbols (4.25). Who has no price has no row; an answer shorter than asked counts as spoiled."""
    exchanges = dict(asked)
    found = list(rows(answer.body, "output2"))

    def read(row: Row) -> PriceSnapshot | None:
        last = positive(row, "last")
        if last is None:
            return None
        symbol = must(row.text("symb"), "symb")
        exchange = codes.EXCHANGE_OF.get(row.text("excd"), exchanges.get(symbol))
        return _snapshot(row, last, symbol, must(exchange, "excd"), answer.received_at)

    result: Page[PriceSnapshot] = page(found, read)
    return Page(result.rows, result.unreadable + max(0, len(asked) - len(found)))


def _snapshot(row: Row, last: Decimal, symbol: str, exchange: Exchange, received_at: datetime) -> PriceSnapshot:
    at = latest(row.text("xhms"), NEW_YORK, received_at)
    seen = Quote(
        symbol=symbol,
        exchange=exchange,
        last=last,
        at=at or received_at,
        received_at=received_at,
        bid=positive(row, "pbid"),
        ask=positive(row, "pask"),
        volume=row.integer("tvol"),
        freshness=Freshness.STALE,
        source="rest",
        raw=row.raw,
    )
    return PriceSnapshot(
        quote=seen,
        name_ko=row.text("knam"),
        currency=row.text("curr"),
        open=positive(row, "open"),
        high=positive(row, "high"),
        low=positive(row, "low"),
        previous_close=positive(row, "base"),
        previous_volume=row.integer("pvol"),
        amount=row.decimal("tamt"),
        bid_size=row.integer("vbid"),
        ask_size=row.integer("vask"),
        listed_shares=row.integer("shar"),
        market_cap=row.decimal("tomv"),
        high_52w=positive(row, "h52p"),
        high_52w_on=row.day("h52d"),
        low_52w=positive(row, "l52p"),
        low_52w_on=row.day("l52d"),
        raw=row.raw,
    )


def latest(clock: str, zone: ZoneInfo, received_at: datetime) -> datetime | None:
    """The last moment before `received_at` at which a clock in that zone showed HHMMSS."""
    today = received_at.astimezone(zone).date()
    for day in (today + timedelta(days=1), today, today - timedelta(days=1)):
        found = moment(f"{day:%Y%m%d}", clock, zone)
        if found is not None and found <= received_at + SKEW:
            return found
    return None


def trades(answer: Answer, *, on: date | None, today: bool) -> Page[Trade]:
    """The tick list (4.25), as it comes: newest first. `on`: the New York date of the trades, where it is known."""

    def read(row: Row) -> Trade | None:
        if not row.text("last", "khms"):
            return None
        clock = must(clock_time(row.text("khms")), "khms")
        return Trade(
            clock=clock,
            at=_when(row.text("khms"), on, today, answer.received_at),
            price=must(positive(row, "last"), "last"),
            size=row.must_integer("evol"),
            volume=row.integer("tvol"),
            bid=positive(row, "pbid"),
            ask=positive(row, "pask"),
            rate=row.decimal("rate"),
            strength=row.decimal("vpow"),
            market_type=row.text("mtyp"),
            raw=row.raw,
        )

    return table(answer, read, "output1")


def _when(clock: str, on: date | None, today: bool, received_at: datetime) -> datetime | None:
    """The rows carry a Korean time without a date."""
    if on is None:
        return latest(clock, SEOUL, received_at) if today else None
    for day in (on, on + timedelta(days=1)):
        found = moment(f"{day:%Y%m%d}", clock, SEOUL)
        if found is not None and found.astimezone(NEW_YORK).date() == on:
            return found
    return None


def screened(answer: Answer) -> Page[ScreenedStock]:
    """What a screen found (4.25). Its answer is hardly documented: a row needs a symbol and an exchange."""

    def read(row: Row) -> ScreenedStock | None:
        if row.blank:
            return None
        return ScreenedStock(
            symbol=must(row.text("symb"), "symb"),
            exchange=must(codes.EXCHANGE_OF.get(row.text("excd")), "excd"),
            name_ko=row.text("name", "knam"),
            name_en=row.text("ename", "enam"),
            last=positive(row, "last"),
            rate=row.decimal("rate"),
            open=positive(row, "popen", "open"),
            high=positive(row, "phigh", "high"),
            low=positive(row, "plow", "low"),
            volume=row.integer("tvol"),
            amount=row.decimal("avol", "tamt"),
            market_cap=row.decimal("valx", "tomv"),
            listed_shares=row.integer("shar"),
            eps=row.decimal("eps", "epsx"),
            per=row.decimal("per", "perx"),
            rank=row.integer("rank"),
            tradable_text=row.text("e_ordyn"),
            raw=row.raw,
        )

    return table(answer, read, "output2", "output")


def screen_total(answer: Answer) -> int | None:
    """How many stocks the whole screen found, where KIS says it."""
    return next(rows(answer.body, "output1"), Row({})).integer("trec")


def screen_position(answer: Answer) -> str:
    """The key of the next page, where KIS names one."""
    head = next(rows(answer.body, "output1"), Row({}))
    return head.text("keyb") or Row(answer.body or {}).text("keyb")
