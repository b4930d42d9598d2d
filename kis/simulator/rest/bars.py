"""Sections 4.20 and 4.21: bars of days, weeks and months, and bars of minutes."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import zip_longest
from typing import Any

from kis.simulator import codes
from kis.simulator.calendar import Day, Session
from kis.simulator.clock import NEW_YORK, new_york_hms, new_york_ymd, seoul_hms, seoul_ymd, ymd
from kis.simulator.listing import Listing
from kis.simulator.market import DayBar, Market
from kis.simulator.market_path import TICKS_PER_MINUTE, Bar, tick_index, tick_time
from kis.simulator.rest import fields
from kis.simulator.rest.call import Answer, Call, Endpoint, bad_field, change, ok, price
from kis.simulator.rest.quotes import DONE, SYMBOL, exchange, rsym
from kis.simulator.rest.refusing import guarded
from kis.simulator.world import World


def _listed(world: World, call: Call) -> Listing | None:
    """The symbol, if that exchange has it; of the daytime session only what trades there. Raises BadField."""
    code, found = exchange(call), world.market.listings.get(call.params["SYMB"].strip())
    if found is None or code == found.market.quote:
        return found
    return found if code == found.market.daytime and found.daytime else None


DAILY_ROWS = 100


@guarded
def daily_price(world: World, call: Call) -> Answer:
    """Day, week or month bars, newest first, at most 100."""
    found = _listed(world, call)
    unit = fields.one_of(call, "GUBN", ("0", "1", "2"))
    until = call.params["BYMD"].strip()
    last = fields.day(call, "BYMD") if until else world.market.trading_day(call.now).date
    if found is None:
        return ok({"output1": {"rsym": "", "zdiv": "", "nrec": "0"}, "output2": []}, *DONE)
    days = {"0": 1, "1": 7, "2": 31}[unit] * DAILY_ROWS
    bars = daily(world.market, found, last, days + 1 if unit == "0" else days, call.now)
    bars = grouped(bars, unit)
    rows = [_daily_row(world, found, bar, before) for bar, before in zip_longest(bars, bars[1:])]
    rows = rows[:DAILY_ROWS]
    return ok({"output1": {"rsym": rsym(found), "zdiv": "4", "nrec": str(len(rows))}, "output2": rows}, *DONE)


def daily(market: Market, listing: Listing, last: date, rows: int, now: datetime) -> list[DayBar]:
    """Bars of days from `last` backwards, at most `rows` and none before the listing."""
    rows = min(rows, (last - listing.listed).days + 1)
    bars = market.daily(listing.symbol, last, rows, now) if rows > 0 else []
    return [b for b in bars if b.date >= listing.listed]


def grouped(bars: list[DayBar], unit: str) -> list[DayBar]:
    """Days (newest first) joined into weeks (1), months (2) or years (3), each dated by its newest day."""
    if unit == "0":
        return bars
    groups: dict[Any, list[DayBar]] = {}
    for bar in bars:
        year, month = bar.date.year, bar.date.month
        key = {"1": bar.date.isocalendar()[:2], "2": (year, month), "3": (year,)}[unit]
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
WIDEST = 240  # minutes a bar


@guarded
def minute_bars(world: World, call: Call) -> Answer:
    """Minute bars, newest first; the first may still be running. History: one month."""
    found = _listed(world, call)
    p = call.params
    width = fields.whole(call, "NMIN")
    if width > WIDEST:
        return bad_field("NMIN")
    rows = min(fields.whole(call, "NREC", zero=True) if p["NREC"].strip() else MINUTE_ROWS, MINUTE_ROWS)
    newest = _keyb(p["KEYB"].strip(), call.now)
    if newest is None:
        return bad_field("KEYB")
    if found is None:
        return ok({"output1": {"rsym": "", "zdiv": "", "nrec": "0"}, "output2": []}, *DONE)
    daytime = exchange(call) in codes.DAYTIME_MARKETS
    if daytime:
        bars = _daytime_minutes(world, found, width, newest, rows + 1, call.now)
    else:
        only = p["PINC"].strip() == "0"
        bars = world.market.minutes(found.symbol, width, newest, rows + 1, call.now, only_today=only)
    more = len(bars) > rows
    output2 = [_minute_row(*bar) for bar in bars[:rows]]
    output1 = {"rsym": rsym(found, daytime=daytime), **_hours(world, call.now, daytime), **_more(more, len(output2))}
    return ok({"output1": output1, "output2": output2}, *DONE)


def _keyb(text: str, now: datetime) -> datetime | None:
    """New York time of a continuation key; now without one; None when it is no time."""
    if not text:
        return now
    try:
        local = datetime.strptime(text, "%Y%m%d%H%M%S").replace(tzinfo=NEW_YORK)
        return min(local.astimezone(UTC), now)
    except (ValueError, OverflowError):
        return None


def _daytime_day(world: World, now: datetime) -> Day:
    """The day whose daytime session is on, or was the last: it has minutes of one day only (4.21)."""
    return world.market.calendar.daytime_at(now) or world.market.trading_day(now)


def _daytime_minutes(
    world: World, found: Listing, width: int, newest: datetime, rows: int, now: datetime
) -> list[tuple[Day, datetime, Bar, int]]:
    """Bars of the daytime session, newest first: (day, start, bar, volume)."""
    day, prices = _daytime_day(world, now), world.market.prices
    if day.daytime is None:
        return []
    first, step = tick_index(day.daytime.start), width * TICKS_PER_MINUTE
    end = min(tick_index(day.daytime.end) - 1, tick_index(now), tick_index(newest))
    bars: list[tuple[Day, datetime, Bar, int]] = []
    for start in range(first + max(end - first, -1) // step * step, first - 1, -step):
        stop = min(start + step, tick_index(now) + 1, tick_index(day.daytime.end))
        bar = prices.traded(found.symbol, start, stop)
        if bar is not None and len(bars) < rows:
            volume = prices.volume(found.symbol, first, stop - 1) - prices.volume(found.symbol, first, start - 1)
            bars.append((day, tick_time(start), bar, volume))
    return bars


def _hours(world: World, now: datetime, daytime: bool) -> dict[str, str]:
    sessions: tuple[Session, ...] = world.market.trading_day(now).sessions
    if daytime:
        sessions = tuple(s for s in [_daytime_day(world, now).daytime] if s) or sessions
    start, end = sessions[0].start, sessions[-1].end
    if end - start >= timedelta(hours=23):  # a clock text has no 24:00
        end -= timedelta(seconds=1)
    return {
        "zdiv": "4",
        "stim": new_york_hms(start),
        "etim": new_york_hms(end),
        "sktm": seoul_hms(start),
        "ektm": seoul_hms(end),
    }


def _more(more: bool, rows: int) -> dict[str, str]:
    return {"next": "1" if more else "0", "more": "1" if more else "0", "nrec": str(rows)}


def _minute_row(day: Day, start: datetime, bar: Bar, volume: int) -> dict[str, str]:
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


MINUTES = ("AUTH", *SYMBOL, "NMIN", "PINC", "NEXT", "NREC", "FILL", "KEYB")
ENDPOINTS = (
    Endpoint("GET", codes.QUOTES + "dailyprice", daily_price, ("AUTH", *SYMBOL, "GUBN", "BYMD", "MODP"), slow=True),
    Endpoint("GET", codes.QUOTES + "inquire-time-itemchartprice", minute_bars, MINUTES, slow=True),
)
