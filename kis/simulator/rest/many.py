"""Section 4.25: the latest trades of a symbol, the prices of ten symbols, the screener."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal, InvalidOperation

from kis.simulator import codes
from kis.simulator.clock import new_york_hms, seoul_hms
from kis.simulator.company import Company
from kis.simulator.frames import PHASES
from kis.simulator.market import View
from kis.simulator.market_path import tick_index, tick_time
from kis.simulator.rest import fields
from kis.simulator.rest.call import Answer, Call, Endpoint, change, missing_field, num, ok, price
from kis.simulator.rest.fields import BadField
from kis.simulator.rest.quotes import DONE, book_levels, exchange, key_of, look, rsym, strength, turnover, year_of
from kis.simulator.rest.refusing import Declined, guarded
from kis.simulator.world import World

TICKS = 100  # the sheet does not say how many
SYMBOLS = 10


@guarded
def ticks(world: World, call: Call) -> Answer:
    """The newest trades of today (TDAY 1) or of the day before (0), newest first."""
    today = fields.one_of(call, "TDAY", ("0", "1")) == "1"
    symbol, market = call.params["SYMB"].strip(), world.market
    listing = market.listings.get(symbol)
    if listing is None or listing.market.quote != exchange(call):
        return _latest(world, "", [])
    day = market.trading_day(call.now)
    if not today:
        day = market.calendar.last_open_day(day.date - timedelta(days=1))
    first = tick_index(day.sessions[0].start)
    newest = min(market.last_tick(call.now), tick_index(day.sessions[-1].end) - 1)
    base = market.previous_day(symbol, day.date).close
    shown = range(newest, max(first, newest - TICKS + 1) - 1, -1)
    return _latest(world, rsym(listing), [_tick_row(world, symbol, k, first, base) for k in shown])


def _latest(world: World, key: str, rows: list[dict[str, str]]) -> Answer:
    """The trades where the sheet has them, or where some clients look for them."""
    if world.switches.tick_list == "output1":
        return ok({"output1": rows}, *DONE)
    return ok({"output1": {"rsym": key, "zdiv": "4" if key else "", "nrec": str(len(rows))}, "output2": rows}, *DONE)


@guarded
def many_prices(world: World, call: Call) -> Answer:
    """Up to ten symbols at once, with a time stamp; one that is not known is a row of blanks."""
    count = fields.whole(call, "NREC")
    if count > SYMBOLS:
        raise BadField("NREC")
    rows = []
    for n in range(1, count + 1):
        names = f"EXCD_{n:02d}", f"SYMB_{n:02d}"
        if missing := next((name for name in names if name not in call.params), None):
            raise Declined(missing_field(missing))
        code, symbol = exchange(call, names[0]), call.params[names[1]].strip()
        view = look(world, code, symbol, call.now)
        row = _row(world, view) if view else dict.fromkeys(MANY_FIELDS, "")
        rows.append({**row, "excd": code, "symb": symbol})
    return ok({"output": {"nrec": str(len(rows))}, "output2": rows}, *DONE)


MANY_FIELDS = codes.words(
    "rsym excd symb knam exnm nnam stat1 stat2 zdiv last sign diff rate open high low pbid pask vbid vask bvol avol "
    "evol tvol tamt powx xhms khms curr base pvol pamt popen phigh plow shar mcap tomv h52p l52p h52d l52d hanp lanp "
    "hand land bnit t_xprc"
)


def _row(world: World, view: View) -> dict[str, str]:
    listing, company, year = view.listing, Company.of(view.listing), year_of(view)
    row = {
        **_now(view),
        **_before(view),
        **year,
        "rsym": key_of(view),
        "knam": listing.name,
        "exnm": listing.market.name,
        "nnam": "미국",
        "stat1": "",
        "stat2": "",
        "zdiv": "4",
        "curr": "USD",
        "shar": str(company.shares),
        "mcap": str(company.shares // 1000),
        "tomv": str(company.shares * view.tick.last // 100),
        "hanp": year["h52p"],
        "lanp": year["l52p"],
        "hand": year["h52d"],
        "land": year["l52d"],
        "bnit": "1",
        "t_xprc": num(Decimal(view.tick.last) / 100 * Decimal(world.switches.exchange_rate), 0),
    }
    return {name: row.get(name, "") for name in MANY_FIELDS}


def _now(view: View) -> dict[str, str]:
    tick, levels = view.tick, book_levels(view)
    return {
        "last": price(tick.last),
        **change(tick.last, view.previous.close),
        "open": price(view.day.open),
        "high": price(view.day.high),
        "low": price(view.day.low),
        "pbid": price(tick.bid),
        "pask": price(tick.ask),
        "vbid": str(tick.bid_size),
        "vask": str(tick.ask_size),
        "bvol": str(sum(level[2] for level in levels)),
        "avol": str(sum(level[3] for level in levels)),
        "evol": str(tick.size),
        "tvol": str(view.day.volume),
        "tamt": turnover(view),
        "powx": strength(view.day.volume),
        "xhms": new_york_hms(view.at),
        "khms": seoul_hms(view.at),
    }


def _before(view: View) -> dict[str, str]:
    day = view.previous
    return {
        "base": price(day.close),
        "pvol": str(day.volume),
        "pamt": str(day.volume * day.close // 100),
        "popen": price(day.open),
        "phigh": price(day.high),
        "plow": price(day.low),
    }


def _tick_row(world: World, symbol: str, k: int, first: int, base: int) -> dict[str, str]:
    prices, at = world.market.prices, tick_time(k)
    tick, volume = prices.tick(symbol, k), prices.volume(symbol, first, k)
    session = world.market.calendar.session_at(at)
    return {
        "khms": seoul_hms(at),
        "last": price(tick.last),
        **change(tick.last, base),
        "evol": str(tick.size),
        "tvol": str(volume),
        "mtyp": PHASES.get(session.name if session else "", "1"),
        "pbid": price(tick.bid),
        "pask": price(tick.ask),
        "vpow": strength(volume),
    }


# The conditions of the screener: what they measure, in the units of the call (thousands where so said).
THOUSAND = Decimal(1000)
CONDITIONS: dict[str, Callable[[View, Company], Decimal]] = {
    "PRICECUR": lambda view, company: Decimal(view.tick.last) / 100,
    "RATE": lambda view, company: Decimal(change(view.tick.last, view.previous.close)["rate"].strip()),
    "VALX": lambda view, company: company.shares * Decimal(view.tick.last) / 100 / THOUSAND,
    "SHAR": lambda view, company: company.shares / THOUSAND,
    "VOLUME": lambda view, company: Decimal(view.day.volume),
    "AMT": lambda view, company: Decimal(turnover(view)) / THOUSAND,
    "EPS": lambda view, company: company.eps,
    "PER": lambda view, company: company.per,
}
FOUND = 100


@guarded
def screener(world: World, call: Call) -> Answer:
    """Symbols of one exchange within the ranges that are switched on, the largest company first."""
    code, ranges = exchange(call), _ranges(call)
    views = [world.market.view(s, call.now) for s, item in world.market.listings.items() if item.market.quote == code]
    found = [(view, Company.of(view.listing)) for view in views]
    found = [pair for pair in found if all(low <= CONDITIONS[n](*pair) <= high for n, (low, high) in ranges.items())]
    found.sort(key=lambda pair: -CONDITIONS["VALX"](*pair))
    rows = [_found_row(*pair, rank) for rank, pair in enumerate(found[:FOUND], 1)]
    number = str(len(rows))
    output1 = {"zdiv": "4", "stat": "", "crec": number, "trec": str(len(found)), "nrec": number}
    return ok({"output1": output1, "output2": rows}, *DONE)


def _ranges(call: Call) -> dict[str, tuple[Decimal, Decimal]]:
    """The conditions with CO_YN 1, and their bounds; a condition that is not used may be left out. Raises BadField."""
    used = [name for name in CONDITIONS if call.params.get(f"CO_YN_{name}", "").strip() == "1"]
    return {
        name: (_bound(call, f"CO_ST_{name}", "-Infinity"), _bound(call, f"CO_EN_{name}", "Infinity")) for name in used
    }


def _bound(call: Call, name: str, none: str) -> Decimal:
    try:
        value = Decimal(call.params.get(name, "").strip() or none)
    except InvalidOperation:
        raise BadField(name) from None
    if value.is_nan():
        raise BadField(name)
    return value


def _found_row(view: View, company: Company, rank: int) -> dict[str, str]:
    listing = view.listing
    return {
        "rsym": key_of(view),
        "excd": listing.market.quote,
        "symb": listing.symbol,
        "name": listing.name,
        "last": price(view.tick.last),
        "shar": num(CONDITIONS["SHAR"](view, company), 0),
        "valx": num(CONDITIONS["VALX"](view, company), 0),
        "plow": price(view.day.low),
        "phigh": price(view.day.high),
        "popen": price(view.day.open),
        "tvol": str(view.day.volume),
        **change(view.tick.last, view.previous.close),
        "avol": num(CONDITIONS["AMT"](view, company), 0),
        "eps": num(company.eps, 2),
        "per": num(company.per, 2),
        "rank": str(rank),
        "ename": listing.english,
        "e_ordyn": "매매 가능",
    }


ENDPOINTS = (
    Endpoint("GET", codes.QUOTES + "inquire-ccnl", ticks, ("EXCD", "TDAY", "SYMB", "AUTH", "KEYB")),
    Endpoint("GET", codes.QUOTES + "multprice", many_prices, ("AUTH", "NREC"), slow=True),
    Endpoint("GET", codes.QUOTES + "inquire-search", screener, ("EXCD",), slow=True),
)
