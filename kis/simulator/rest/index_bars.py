"""Section 4.22: bars of indices, of the exchange rate, and of the stocks in the big indices."""

from __future__ import annotations

from kis.simulator import codes, indices
from kis.simulator.clock import ymd
from kis.simulator.listing import Listing
from kis.simulator.market import DayBar, Market, View
from kis.simulator.rest import fields
from kis.simulator.rest.bars import daily, grouped
from kis.simulator.rest.call import Answer, Call, Endpoint, change, ok, price
from kis.simulator.rest.quotes import DONE
from kis.simulator.rest.refusing import guarded
from kis.simulator.world import World

ROWS = 100
PERIODS = {"D": "0", "W": "1", "M": "2", "Y": "3"}
DAYS = {"D": 1, "W": 7, "M": 31, "Y": 366}
HEAD = codes.words(
    "ovrs_nmix_prdy_vrss prdy_vrss_sign prdy_ctrt ovrs_nmix_prdy_clpr acml_vol hts_kor_isnm ovrs_nmix_prpr "
    "stck_shrn_iscd prdy_vol ovrs_prod_oprc ovrs_prod_hgpr ovrs_prod_lwpr"
)


@guarded
def index_bars(world: World, call: Call) -> Answer:
    """Bars between two dates, newest first. What is not known is a success with blanks."""
    kind = fields.one_of(call, "FID_COND_MRKT_DIV_CODE", ("N", "X", "I", "S"))
    period = fields.one_of(call, "FID_PERIOD_DIV_CODE", tuple(PERIODS))
    first, last = fields.day(call, "FID_INPUT_DATE_1"), fields.day(call, "FID_INPUT_DATE_2")
    found = _series(world, kind, call.params["FID_INPUT_ISCD"].strip())
    if found is None:
        return ok({"output1": dict.fromkeys(HEAD, ""), "output2": []}, *DONE)
    market, listing = found
    days = min((last - first).days + 1, ROWS * DAYS[period])
    bars = [b for b in daily(market, listing, last, days, call.now) if b.date >= first] if days > 0 else []
    rows = [_row(bar, listing) for bar in grouped(bars, PERIODS[period])[:ROWS]]
    return ok({"output1": _head(market.view(listing.symbol, call.now)), "output2": rows}, *DONE)


def _series(world: World, kind: str, symbol: str) -> tuple[Market, Listing] | None:
    """An index or a currency; a US stock only if one of the big indices has it."""
    symbol = indices.ALIASES.get(symbol, symbol)
    if indices.KINDS.get(symbol) == kind:
        return world.indices, world.indices.listings[symbol]
    stock = world.market.listings.get(symbol)
    return (world.market, stock) if stock and stock.constituent and kind == indices.INDEX else None


def _text(cents: int, listing: Listing) -> str:
    """Two decimals for what is no stock."""
    return price(cents, 2 if listing.symbol in indices.KINDS else 4)


def _head(view: View) -> dict[str, str]:
    listing, base, last = view.listing, view.previous.close, view.tick.last
    moved = change(last, base)
    return {
        "ovrs_nmix_prdy_vrss": _text(last - base, listing),
        "prdy_vrss_sign": moved["sign"],
        "prdy_ctrt": moved["rate"].strip().lstrip("+"),
        "ovrs_nmix_prdy_clpr": _text(base, listing),
        "acml_vol": str(view.day.volume),
        "hts_kor_isnm": listing.name,
        "ovrs_nmix_prpr": _text(last, listing),
        "stck_shrn_iscd": listing.symbol,
        "prdy_vol": str(view.previous.volume),
        "ovrs_prod_oprc": _text(view.day.open, listing),
        "ovrs_prod_hgpr": _text(view.day.high, listing),
        "ovrs_prod_lwpr": _text(view.day.low, listing),
    }


def _row(bar: DayBar, listing: Listing) -> dict[str, str]:
    return {
        "stck_bsop_date": ymd(bar.date),
        "ovrs_nmix_prpr": _text(bar.close, listing),
        "ovrs_nmix_oprc": _text(bar.open, listing),
        "ovrs_nmix_hgpr": _text(bar.high, listing),
        "ovrs_nmix_lwpr": _text(bar.low, listing),
        "acml_vol": str(bar.volume),
        "mod_yn": "N",
    }


QUERY = codes.words("FID_COND_MRKT_DIV_CODE FID_INPUT_ISCD FID_INPUT_DATE_1 FID_INPUT_DATE_2 FID_PERIOD_DIV_CODE")
ENDPOINTS = (Endpoint("GET", codes.QUOTES + "inquire-daily-chartprice", index_bars, QUERY, slow=True),)
