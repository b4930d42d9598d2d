"""Sections 4.17 to 4.19: price, detail, order book."""

from __future__ import annotations

from datetime import datetime, timedelta

from kis.simulator import codes
from kis.simulator.clock import new_york_hms, new_york_ymd, ymd
from kis.simulator.company import Company
from kis.simulator.listing import Listing
from kis.simulator.market import View
from kis.simulator.rest.call import Answer, Call, Endpoint, change, num, ok, price
from kis.simulator.rest.fields import BadField
from kis.simulator.rest.refusing import guarded
from kis.simulator.world import World

DONE = ("MCA00000", "정상처리 되었습니다.")
PRICE_FIELDS = codes.words("rsym zdiv base pvol last sign diff rate tvol tamt ordy")


def rsym(listing: Listing, *, daytime: bool = False) -> str:
    """The realtime key, by which the daytime session has its own (5.2)."""
    market = listing.market
    return f"R{market.daytime}{listing.symbol}" if daytime else f"D{market.quote}{listing.symbol}"


def exchange(call: Call, name: str = "EXCD") -> str:
    """A code of the quotation family (4.0). Raises BadField."""
    code = call.params[name].strip()
    if code not in codes.MARKETS and code not in codes.DAYTIME_MARKETS | codes.OTHER_QUOTE_MARKETS:
        raise BadField(name)
    return code


def look(world: World, code: str, symbol: str, now: datetime) -> View | None:
    """What is to be seen of a symbol; None when that exchange, or the daytime session, does not have it now."""
    found = world.market.listings.get(symbol)
    if found is None or code not in (found.market.quote, found.market.daytime):
        return None
    if code == found.market.quote:
        return world.market.view(symbol, now)
    return world.market.daytime_view(symbol, now) if found.daytime else None


def _seen(world: World, call: Call) -> View | None:
    return look(world, exchange(call), call.params["SYMB"].strip(), call.now)


def key_of(view: View) -> str:
    return rsym(view.listing, daytime=view.session == "daytime")


def turnover(view: View) -> str:
    """In dollars, at the previous close: it only ever grows."""
    return str(view.day.volume * view.previous.close // 100)


def strength(volume: int) -> str:
    """체결강도: bought shares over sold ones, in percent, at the share of buys that the sockets tell, too."""
    sold = volume * 49 // 100
    return f"{(volume - sold) * 100 / max(sold, 1):.2f}"


@guarded
def current_price(world: World, call: Call) -> Answer:
    """No time stamp in this answer; an unknown symbol is a success with blanks."""
    view = _seen(world, call)
    if view is None:
        return ok({"output": dict.fromkeys(PRICE_FIELDS, "")}, *DONE)
    output = {
        "rsym": key_of(view),
        "zdiv": "4",
        "base": price(view.previous.close),
        "pvol": str(view.previous.volume),
        "last": price(view.tick.last),
        **change(view.tick.last, view.previous.close),
        "tvol": str(view.day.volume),
        "tamt": turnover(view),
        "ordy": "매수가능",
    }
    return ok({"output": output}, *DONE)


DETAIL_FIELDS = codes.words(
    "rsym zdiv curr vnit open high low last base pvol pamt uplp dnlp h52p h52d l52p l52d perx pbrx epsx bpsx shar "
    "mcap tomv t_xprc t_xdif t_xrat p_xprc p_xdif p_xrat t_rate p_rate t_xsgn p_xsng e_ordyn e_hogau e_icod e_parp "
    "tvol tamt etyp_nm"
)


@guarded
def price_detail(world: World, call: Call) -> Answer:
    view = _seen(world, call)
    if view is None:
        return ok({"output": dict.fromkeys(DETAIL_FIELDS, "")}, *DONE)
    output = {**_detail_prices(view), **_detail_company(view)}
    output |= _detail_won(view, float(world.switches.exchange_rate))
    return ok({"output": {f: output[f] for f in DETAIL_FIELDS}}, *DONE)


def _detail_prices(view: View) -> dict[str, str]:
    return {
        "rsym": key_of(view),
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
        "tamt": turnover(view),
        "e_ordyn": "매매 가능",
        "e_hogau": view.listing.tick,
    }


def _detail_company(view: View) -> dict[str, str]:
    listing = view.listing
    company = Company.of(listing)
    return {
        **year_of(view),
        "perx": num(company.per, 2),
        "pbrx": num(company.pbr, 2),
        "epsx": num(company.eps, 2),
        "bpsx": num(company.bps, 2),
        "shar": str(company.shares),
        "mcap": str(company.shares // 1000),
        "tomv": str(company.shares * view.tick.last // 100),
        "e_icod": company.sector,
        "e_parp": "0.0001",
        "etyp_nm": "ETF" if listing.etf else "",
    }


def year_of(view: View) -> dict[str, str]:
    """Highest and lowest price of 52 weeks: never inside the day's own range."""
    base, half_ago = view.listing.base_cents, ymd(view.day.date - timedelta(days=180))
    return {
        "h52p": price(max(base * 115 // 100, view.day.high)),
        "h52d": half_ago,
        "l52p": price(min(base * 85 // 100, view.day.low)),
        "l52d": half_ago,
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


BOOK_HEAD = codes.words(
    "rsym zdiv curr base open high low last dymd dhms bvol avol bdvl advl code ropen rhigh rlow rclose"
)
BOOK_LEVELS = tuple(f"{name}{n}" for n in range(1, 11) for name in ("pbid", "pask", "vbid", "vask", "dbid", "dask"))
BOOK_TAIL = codes.words("vstm vetm csbp cshi cslo iep iev")


@guarded
def asking_price(world: World, call: Call) -> Answer:
    """The order book; `output2` as an object, which every known client can read (4.19)."""
    view = _seen(world, call)
    if view is None:
        blank = {"output1": BOOK_HEAD, "output2": BOOK_LEVELS, "output3": BOOK_TAIL}
        return ok({name: dict.fromkeys(fields, "") for name, fields in blank.items()}, *DONE)
    levels = book_levels(view)
    output1 = {
        "rsym": key_of(view),
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
        "code": view.listing.symbol,
        **dict.fromkeys(("ropen", "rhigh", "rlow", "rclose"), ""),
    }
    output2: dict[str, str] = {}
    for n, (bid, ask, bid_size, ask_size) in enumerate(levels, 1):
        output2 |= {f"pbid{n}": price(bid), f"pask{n}": price(ask), f"vbid{n}": str(bid_size)}
        output2 |= {f"vask{n}": str(ask_size), f"dbid{n}": "0", f"dask{n}": "0"}
    return ok({"output1": output1, "output2": output2, "output3": dict.fromkeys(BOOK_TAIL, "")}, *DONE)


SYMBOL = ("EXCD", "SYMB")
ENDPOINTS = (
    Endpoint("GET", codes.QUOTES + "price", current_price, ("AUTH", *SYMBOL)),
    Endpoint("GET", codes.QUOTES + "price-detail", price_detail, ("AUTH", *SYMBOL)),
    # AUTH is left out: an existing client does not send it here (4.19).
    Endpoint("GET", codes.QUOTES + "inquire-asking-price", asking_price, SYMBOL),
)
