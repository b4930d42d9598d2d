"""Sections 4.17 to 4.21 and 4.24: price, detail, order book, bars, instrument."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from kis.simulator import codes
from kis.simulator.clock import NEW_YORK, new_york_hms, new_york_ymd, seoul_hms, seoul_ymd, ymd
from kis.simulator.listing import Listing
from kis.simulator.market import DayBar, View
from kis.simulator.rest.balance import isin
from kis.simulator.rest.call import Answer, Call, Endpoint, bad_field, change, ok, price, refusal
from kis.simulator.world import World

DONE = ("MCA00000", "정상처리 되었습니다.")
PRICE_FIELDS = codes.words("rsym zdiv base pvol last sign diff rate tvol tamt ordy")


def rsym(listing: Listing) -> str:
    return f"D{listing.market.quote}{listing.symbol}"


def _find(world: World, call: Call) -> Listing | Answer | None:
    """The listing; None when the symbol is not on that exchange; an answer when the code is no exchange."""
    code = call.params["EXCD"].strip()
    if code not in codes.MARKETS and code not in codes.DAYTIME_MARKETS | codes.OTHER_QUOTE_MARKETS:
        return bad_field("EXCD")
    found = world.market.listings.get(call.params["SYMB"].strip())
    return found if found is not None and found.market.quote == code else None


def _amount(view: View) -> str:
    """Turnover in dollars, at the previous close: it only ever grows."""
    return str(view.day.volume * view.previous.close // 100)


def current_price(world: World, call: Call) -> Answer:
    """No time stamp in this answer; an unknown symbol is a success with blanks."""
    found = _find(world, call)
    if isinstance(found, Answer):
        return found
    if found is None:
        return ok({"output": dict.fromkeys(PRICE_FIELDS, "")}, *DONE)
    view = world.market.view(found.symbol, call.now)
    output = {
        "rsym": rsym(found),
        "zdiv": "4",
        "base": price(view.previous.close),
        "pvol": str(view.previous.volume),
        "last": price(view.tick.last),
        **change(view.tick.last, view.previous.close),
        "tvol": str(view.day.volume),
        "tamt": _amount(view),
        "ordy": "매수가능",
    }
    return ok({"output": output}, *DONE)


DETAIL_FIELDS = codes.words(
    "rsym zdiv curr vnit open high low last base pvol pamt uplp dnlp h52p h52d l52p l52d perx pbrx epsx bpsx shar "
    "mcap tomv t_xprc t_xdif t_xrat p_xprc p_xdif p_xrat t_rate p_rate t_xsgn p_xsng e_ordyn e_hogau e_icod e_parp "
    "tvol tamt etyp_nm"
)


def price_detail(world: World, call: Call) -> Answer:
    found = _find(world, call)
    if isinstance(found, Answer):
        return found
    if found is None:
        return ok({"output": dict.fromkeys(DETAIL_FIELDS, "")}, *DONE)
    view = world.market.view(found.symbol, call.now)
    output = {**_detail_prices(found, view), **_detail_company(found, view)}
    output |= _detail_won(view, float(world.switches.exchange_rate))
    return ok({"output": {f: output[f] for f in DETAIL_FIELDS}}, *DONE)


def _detail_prices(found: Listing, view: View) -> dict[str, str]:
    return {
        "rsym": rsym(found),
        "zdiv": "4",
        "curr": "USD",
        "vnit": "1",
        "open": price(view.day.open),
        "high": price(view.day.high),
        "low": price(view.day.low),
        "last": price(view.tick.last),
        "base": price(view.previous.close),
        "pvol": str(view.previous.volume),
        "pamt": str(view.previous.volume * view.previous.close // 100),
        "uplp": "0.0000",
        "dnlp": "0.0000",
        "tvol": str(view.day.volume),
        "tamt": _amount(view),
        "e_ordyn": "매매 가능",
        "e_hogau": "0.0100",
    }


def _detail_company(found: Listing, view: View) -> dict[str, str]:
    """Figures of the company are derived from the base price: plausible, and nobody's."""
    base, shares = found.base_cents, found.volume * 50_000_000
    year_ago = ymd(view.day.date - timedelta(days=180))
    return {
        "h52p": price(base * 115 // 100),
        "h52d": year_ago,
        "l52p": price(base * 85 // 100),
        "l52d": year_ago,
        "perx": "25.00",
        "pbrx": "5.00",
        "epsx": price(base // 25, 2),
        "bpsx": price(base // 5, 2),
        "shar": str(shares),
        "mcap": str(shares // 1000),
        "tomv": str(shares * view.tick.last // 100),
        "e_icod": "ETF" if found.etf else "기술",
        "e_parp": "0.0001",
        "etyp_nm": "ETF" if found.etf else "",
    }


def _detail_won(view: View, rate: float) -> dict[str, str]:
    last, base = view.tick.last / 100 * rate, view.previous.close / 100 * rate
    moved = change(view.tick.last, view.previous.close)
    return {
        "t_xprc": f"{last:.0f}",
        "t_xdif": f"{abs(last - base):.0f}",
        "t_xrat": moved["rate"],
        "p_xprc": f"{base:.0f}",
        "p_xdif": "0",
        "p_xrat": " 0.00",
        "t_rate": f"{rate:.2f}",
        "p_rate": f"{rate:.2f}",
        "t_xsgn": moved["sign"],
        "p_xsng": "3",
    }


def book_levels(view: View) -> list[tuple[int, int, int, int]]:
    """Ten levels of (bid, ask, bid size, ask size), prices in cents."""
    tick = view.tick
    return [(tick.bid - n, tick.ask + n, tick.bid_size + 20 * n, tick.ask_size + 15 * n) for n in range(10)]


def asking_price(world: World, call: Call) -> Answer:
    """The order book; `output2` as an object, which every known client can read (4.19)."""
    found = _find(world, call)
    if isinstance(found, Answer):
        return found
    if found is None:
        return ok({"output1": {}, "output2": {}, "output3": {}}, *DONE)
    view = world.market.view(found.symbol, call.now)
    levels = book_levels(view)
    output1 = {
        "rsym": rsym(found),
        "zdiv": "4",
        "curr": "USD",
        "base": price(view.previous.close),
        "open": price(view.day.open),
        "high": price(view.day.high),
        "low": price(view.day.low),
        "last": price(view.tick.last),
        "dymd": new_york_ymd(view.at),
        "dhms": new_york_hms(view.at),
        "bvol": str(sum(level[2] for level in levels)),
        "avol": str(sum(level[3] for level in levels)),
        "bdvl": "0",
        "advl": "0",
        "code": found.symbol,
        **dict.fromkeys(("ropen", "rhigh", "rlow", "rclose"), ""),
    }
    output2: dict[str, str] = {}
    for n, (bid, ask, bid_size, ask_size) in enumerate(levels, 1):
        output2 |= {f"pbid{n}": price(bid), f"pask{n}": price(ask), f"vbid{n}": str(bid_size)}
        output2 |= {f"vask{n}": str(ask_size), f"dbid{n}": "0", f"dask{n}": "0"}
    output3 = dict.fromkeys(("vstm", "vetm", "csbp", "cshi", "cslo", "iep", "iev"), "")
    return ok({"output1": output1, "output2": output2, "output3": output3}, *DONE)


DAILY_ROWS = 100


def daily_price(world: World, call: Call) -> Answer:
    """Day, week or month bars, newest first, at most 100."""
    found = _find(world, call)
    if isinstance(found, Answer):
        return found
    unit = call.params["GUBN"].strip()
    if unit not in ("0", "1", "2"):
        return bad_field("GUBN")
    until = call.params["BYMD"].strip()
    try:
        last = date.fromisoformat(until) if until else world.market.trading_day(call.now).date
    except ValueError:
        return bad_field("BYMD")
    if found is None:
        return ok({"output1": {"rsym": "", "zdiv": "", "nrec": "0"}, "output2": []}, *DONE)
    days = {"0": 1, "1": 7, "2": 31}[unit] * DAILY_ROWS
    bars = world.market.daily(found.symbol, last, days + 1 if unit == "0" else days, call.now)
    bars = _grouped(bars, unit)
    rows = [_daily_row(world, found, bar, before) for bar, before in zip(bars, [*bars[1:], None], strict=True)]
    rows = rows[:DAILY_ROWS]
    return ok({"output1": {"rsym": rsym(found), "zdiv": "4", "nrec": str(len(rows))}, "output2": rows}, *DONE)


def _grouped(bars: list[DayBar], unit: str) -> list[DayBar]:
    """Days (newest first) joined into weeks or months, each dated by its newest day."""
    if unit == "0":
        return bars
    groups: dict[Any, list[DayBar]] = {}
    for bar in bars:
        key = bar.date.isocalendar()[:2] if unit == "1" else (bar.date.year, bar.date.month)
        groups.setdefault(key, []).append(bar)
    return [
        DayBar(
            g[0].date,
            g[-1].open,
            max(b.high for b in g),
            min(b.low for b in g),
            g[0].close,
            sum(b.volume for b in g),
        )
        for g in groups.values()
    ]


def _daily_row(world: World, found: Listing, bar: DayBar, before: DayBar | None) -> dict[str, str]:
    base = before.close if before else bar.open
    return {
        "xymd": ymd(bar.date),
        "clos": price(bar.close),
        **change(bar.close, base),
        "open": price(bar.open),
        "high": price(bar.high),
        "low": price(bar.low),
        "tvol": str(bar.volume),
        "tamt": str(bar.volume * bar.close // 100),
        "pbid": price(bar.close - 1),
        "vbid": "100",
        "pask": price(bar.close + 1),
        "vask": "100",
    }


MINUTE_ROWS = 120


def minute_bars(world: World, call: Call) -> Answer:
    """Minute bars, newest first; the first may still be running. History: one month."""
    found = _find(world, call)
    if isinstance(found, Answer):
        return found
    p = call.params
    if not p["NMIN"].strip().isdigit() or not 1 <= int(p["NMIN"]) <= 240:
        return bad_field("NMIN")
    wanted = p["NREC"].strip()
    if wanted and not wanted.isdigit():
        return bad_field("NREC")
    rows = min(int(wanted or MINUTE_ROWS), MINUTE_ROWS)
    newest = _keyb(p["KEYB"].strip(), call.now)
    if newest is None:
        return bad_field("KEYB")
    if found is None:
        return ok({"output1": {"rsym": "", "zdiv": "", "nrec": "0"}, "output2": []}, *DONE)
    today_only = p["PINC"].strip() == "0"
    bars = world.market.minutes(found.symbol, int(p["NMIN"]), newest, rows + 1, call.now, only_today=today_only)
    more = len(bars) > rows
    output2 = [_minute_row(found, *bar) for bar in bars[:rows]]
    output1 = _minute_head(world, found, call.now, more, len(output2))
    return ok({"output1": output1, "output2": output2}, *DONE)


def _keyb(text: str, now: datetime) -> datetime | None:
    """New York time of a continuation key; now without one; None when it is no time."""
    if not text:
        return now
    try:
        local = datetime.strptime(text, "%Y%m%d%H%M%S").replace(tzinfo=NEW_YORK)
    except ValueError:
        return None
    return min(local.astimezone(UTC), now)


def _minute_head(world: World, found: Listing, now: datetime, more: bool, rows: int) -> dict[str, str]:
    sessions = world.market.trading_day(now).sessions
    start, end = sessions[0].start, sessions[-1].end
    if end - start >= timedelta(hours=23):  # a clock text has no 24:00
        end -= timedelta(seconds=1)
    return {
        "rsym": rsym(found),
        "zdiv": "4",
        "stim": new_york_hms(start),
        "etim": new_york_hms(end),
        "sktm": seoul_hms(start),
        "ektm": seoul_hms(end),
        "next": "1" if more else "0",
        "more": "1" if more else "0",
        "nrec": str(rows),
    }


def _minute_row(found: Listing, day: Any, start: datetime, bar: Any, volume: int) -> dict[str, str]:
    return {
        "tymd": ymd(day.date),
        "xymd": new_york_ymd(start),
        "xhms": new_york_hms(start),
        "kymd": seoul_ymd(start),
        "khms": seoul_hms(start),
        "open": price(bar.open),
        "high": price(bar.high),
        "low": price(bar.low),
        "last": price(bar.close),
        "evol": str(volume),
        "eamt": str(volume * bar.close // 100),
    }


def search_info(world: World, call: Call) -> Answer:
    """Instrument facts; no data is rt_cd 7 (4.24)."""
    found = world.market.listings.get(call.params["PDNO"].strip())
    if found is None or found.market.product_type != call.params["PRDT_TYPE_CD"].strip():
        return refusal("7", "KIOK0560", "조회할 자료가 없습니다")
    last = world.market.view(found.symbol, call.now).tick.last
    output = {
        "std_pdno": isin(found),
        "prdt_eng_name": found.english,
        "natn_cd": "840",
        "natn_name": "미국",
        "tr_mket_cd": {"NAS": "01", "NYS": "02", "AMS": "05"}[found.market.quote],
        "tr_mket_name": found.market.name,
        "ovrs_excg_cd": found.market.order,
        "ovrs_excg_name": found.market.name,
        "tr_crcy_cd": "USD",
        "ovrs_papr": "0.00010",
        "crcy_name": "미국 달러",
        "ovrs_stck_dvsn_cd": "03" if found.etf else "01",
        "sll_unit_qty": "1",
        "buy_unit_qty": "1",
        "tr_unit_amt": "0",
        "lstg_stck_num": str(found.volume * 50_000_000),
        "lstg_dt": "20000103",
        "ovrs_stck_tr_stop_dvsn_cd": "01",
        "lstg_abol_item_yn": "N",
        "lstg_yn": "Y",
        "tax_levy_yn": "N",
        "chng_bf_pdno": "",
        "ovrs_item_name": found.name,
        "prdt_name": found.name,
        "lstg_abol_dt": "",
        "ptp_item_yn": "Y" if found.ptp else "N",
        "dtm_tr_psbl_yn": "Y" if found.daytime else "N",
        "ovrs_now_pric1": price(last, 5),
        "last_rcvg_dtime": "",
    }
    return ok({"output": output}, "KIOK0530", "조회되었습니다")


SYMBOL = ("EXCD", "SYMB")
MINUTES = ("AUTH", *SYMBOL, "NMIN", "PINC", "NEXT", "NREC", "FILL", "KEYB")
ENDPOINTS = (
    Endpoint("GET", codes.QUOTES + "price", current_price, ("AUTH", *SYMBOL)),
    Endpoint("GET", codes.QUOTES + "price-detail", price_detail, ("AUTH", *SYMBOL)),
    # AUTH is left out: an existing client does not send it here (4.19).
    Endpoint("GET", codes.QUOTES + "inquire-asking-price", asking_price, SYMBOL),
    Endpoint("GET", codes.QUOTES + "dailyprice", daily_price, ("AUTH", *SYMBOL, "GUBN", "BYMD", "MODP"), slow=True),
    Endpoint("GET", codes.QUOTES + "inquire-time-itemchartprice", minute_bars, MINUTES, slow=True),
    Endpoint("GET", codes.QUOTES + "search-info", search_info, ("PRDT_TYPE_CD", "PDNO")),
)
