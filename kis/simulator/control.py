"""The control server: what tests and the demo may see and turn. Plain JSON, no login, loopback only."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Awaitable, Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from aiohttp import web

from kis.simulator.book import Account, Order
from kis.simulator.calendar import Day
from kis.simulator.clock import FAST, REAL, BadClock, us_date, utc_text
from kis.simulator.exchange import NewOrder, Refused
from kis.simulator.faults import KINDS, BadFault
from kis.simulator.faults.doors import Doors
from kis.simulator.market_path import Print, tick_index
from kis.simulator.untrusted import read_json
from kis.simulator.world import World
from kis.simulator.ws import Sockets

PHONE = "모바일"
CALENDAR_DAYS, MOST_DAYS = 40, 1000
MOST_SECONDS = 10 * 366 * 86400
MOST_SHARES, MOST_USD = 10**10 - 1, 10**6  # as many digits as an order and a notice have room for


class BadRequest(ValueError):
    """What the caller sent cannot be used; the message says what was expected."""


def order_json(order: Order) -> dict[str, Any]:
    return {
        "order_number": order.number,
        "date": order.date.isoformat(),
        "account_no": order.account_no,
        "symbol": order.symbol,
        "exchange": order.exchange,
        "side": order.side,
        "kind": order.kind,
        "original": order.original,
        "qty": order.quantity,
        "price": str(order.price),
        "filled": order.filled,
        "average_price": str(order.average) if order.fills else None,
        "open": order.open,
        "status": order.status,
        "reason": order.reason,
        "channel": order.channel,
        "division": order.division,
        "daytime": order.daytime,
        "expires_at": utc_text(order.expires_at),
        "received_at": utc_text(order.received_at),
        "fills": [
            {"at": utc_text(f.at), "qty": f.quantity, "price": str(f.price), "fee": str(f.fee), "tax": str(f.tax)}
            for f in order.fills
        ],
    }


def account_json(account: Account) -> dict[str, Any]:
    return {
        "environment": account.environment,
        "account_no": account.account_no,
        "hts_id": account.hts_id,
        "cash": str(account.cash),
        "deposit": str(account.deposit),
        "won": str(account.won),
        "integrated_margin": account.integrated,
        "after_market_extension": account.extension,
        "realised": str(account.realised),
        "unsettled": [
            {"settles": str(u.settles), "symbol": u.symbol, "side": u.side, "qty": u.quantity, "amount": str(u.amount)}
            for u in account.unsettled
        ],
        "holdings": {
            s: {"qty": h.quantity, "average": str(round(h.average, 8))}
            for s, h in account.holdings.items()
            if h.quantity
        },
        "orders": [order_json(o) for o in account.orders],
    }


class Control:
    def __init__(self, world: World, sockets: Sockets, doors: Doors) -> None:
        self._world = world
        self._sockets = sockets
        self._doors = doors

    def app(self) -> web.Application:
        app = web.Application(middlewares=[_errors])
        app.add_routes(
            [
                web.get("/state", self.state),
                web.get("/orders", self.orders),
                web.get("/calls", self.calls),
                web.post("/orders", self.place),
                web.get("/calendar", self.calendar),
                web.post("/clock", self.clock),
                web.post("/ticks", self.ticks),
                web.post("/price", self.price),
                web.post("/unpin", self.unpin),
                web.post("/step", self.step),
                web.post("/pause", self.pause),
                web.get("/faults", self.faults),
                web.post("/faults", self.add_fault),
                web.delete("/faults", self.clear_faults),
            ]
        )
        return app

    def _account(self, number: Any) -> Account:
        found = self._world.exchange.accounts.get(str(number))
        if found is None:
            raise BadRequest("account_no must be one of " + ", ".join(self._world.exchange.accounts))
        return found

    def _symbol(self, body: dict[str, Any]) -> str:
        if str(body.get("symbol")) not in self._world.market.listings:
            raise BadRequest("symbol must be one of " + ", ".join(self._world.market.listings))
        return str(body["symbol"])

    async def state(self, request: web.Request) -> web.Response:
        world = self._world
        now = world.now()
        k = world.market.last_tick(now)
        prices = {s: str(Decimal(world.market.prices.tick(s, k).last) / 100) for s in world.market.listings}
        sessions = [
            {
                "environment": s.side,
                "account_no": s.account.account_no if s.account else None,
                "subscriptions": [list(pair) for pair in s.subscriptions],
            }
            for s in self._sockets.sessions
        ]
        return _json(
            {
                "now": utc_text(now),
                "clock": self._clock_json(),
                "paused": world.paused,
                "prices": prices,
                "sockets": sessions,
                "accounts": [account_json(a) for a in world.accounts],
            }
        )

    async def orders(self, request: web.Request) -> web.Response:
        number = request.query.get("account_no")
        accounts = [self._account(number)] if number else self._world.accounts
        return _json({"orders": [order_json(o) for a in accounts for o in a.orders]})

    async def calls(self, request: web.Request) -> web.Response:
        """How often each function answered what, since the start."""
        return _json({"calls": self._world.tally.rows()})

    async def place(self, request: web.Request) -> web.Response:
        """An order of the same customer from another channel, a phone unless said."""
        body = await _body(request)
        account = self._account(body.get("account_no"))
        symbol = self._symbol(body)
        if body.get("side") not in ("buy", "sell"):
            raise BadRequest("side must be buy or sell")
        try:
            quantity, price = int(body["qty"]), Decimal(str(body["price"]))
        except (KeyError, TypeError, ValueError, ArithmeticError):
            raise BadRequest("qty must be a whole number and price an amount") from None
        if not 1 <= quantity <= MOST_SHARES or not price.is_finite() or price > MOST_USD:
            raise BadRequest(f"qty is from 1 to {MOST_SHARES}, and price at most {MOST_USD}")
        exchange = self._world.market.listings[symbol].market.order
        channel = str(body.get("channel", PHONE))
        new = NewOrder(symbol, exchange, body["side"], quantity, price, channel)
        try:
            order = self._world.place(account, new, self._world.now())
        except Refused as e:
            return _json({"error": f"the exchange refused: {e.reason}", "reason": e.reason}, 409)
        return _json(order_json(order), 201)

    async def calendar(self, request: web.Request) -> web.Response:
        """Sessions of days, in UTC: from yesterday to 40 days ahead, unless `days`, or `from` and `to`, say other."""
        today = us_date(self._world.now())
        try:
            first = date.fromisoformat(request.query.get("from") or str(today - timedelta(days=1)))
            ahead = int(request.query.get("days") or CALENDAR_DAYS)
            last = date.fromisoformat(request.query.get("to") or str(max(first, today) + timedelta(days=ahead)))
        except (ValueError, OverflowError):
            raise BadRequest("days is a whole number, from and to are dates (2026-03-12)") from None
        if not 0 <= (last - first).days <= MOST_DAYS or first.year < 1900 or last.year > 9998:
            raise BadRequest(f"to lies at or behind from, at most {MOST_DAYS} days; the years are 1900 to 9998")
        days = (self._world.market.calendar.day(first + timedelta(days=n)) for n in range((last - first).days + 1))
        return _json({"days": [_day_json(day) for day in days]})

    async def clock(self, request: web.Request) -> web.Response:
        """`{"mode", "speed"}`, then `{"set": moment}` or `{"advance": seconds}`: what lies between is played."""
        body = await _body(request)
        if not body or set(body) - {"mode", "speed", "set", "advance"} or {"set", "advance"} <= set(body):
            raise BadRequest("the clock takes mode, speed, and set or advance")
        to = _moment(body["set"]) if "set" in body else None
        if to is not None and to < self._world.now():
            raise BadRequest("set is not past: the market never goes back")
        seconds = _seconds(body.get("advance", 0))
        if {"mode", "speed"} & set(body):
            mode = body.get("mode", FAST if body.get("speed", 1) != 1 else REAL)
            self._world.turn_clock(mode, body.get("speed"))
        if to is not None or "advance" in body:
            now = self._world.now()
            self._world.jump(max(to or now, now + timedelta(seconds=seconds)))
        return _json(self._clock_json())

    def _clock_json(self) -> dict[str, Any]:
        clock = self._world.clock
        return {"now": utc_text(clock.now()), "mode": clock.mode, "speed": clock.speed}

    async def ticks(self, request: web.Request) -> web.Response:
        """Push one trade: `price`, `size`; the quote around it, `bid`, `ask` and their sizes, if wished."""
        body, now = await _body(request), self._world.now()
        symbol, cents = self._symbol(body), _cents(body, "price")
        size = _shares(body, "size", 100)
        bid, ask = _cents(body, "bid", cents - 1), _cents(body, "ask", cents + 1)
        if not bid <= cents <= ask or bid >= ask:
            raise BadRequest("bid, price and ask must rise in this order")
        calendar = self._world.market.calendar
        if not (calendar.session_at(now) or calendar.daytime_at(now)):
            raise BadRequest("the market is closed: nothing trades now")
        sizes = _shares(body, "bid_size", size), _shares(body, "ask_size", size)
        self._world.push(symbol, Print(cents, bid, ask, size, *sizes), now)
        return _json({"symbol": symbol, "price": str(Decimal(cents) / 100), "size": size})

    async def price(self, request: web.Request) -> web.Response:
        """Hold a symbol's price from the next tick on."""
        body = await _body(request)
        symbol = self._symbol(body)
        cents = _cents(body, "price")
        self._world.market.prices.pin(symbol, cents, tick_index(self._world.now()) + 1)
        return _json({"symbol": symbol, "price": str(body["price"])})

    async def unpin(self, request: web.Request) -> web.Response:
        """Let one symbol, or all, follow its path again."""
        body = await _body(request)
        symbols = [self._symbol(body)] if body.get("symbol") else list(self._world.market.listings)
        for symbol in symbols:
            self._world.market.prices.unpin(symbol, tick_index(self._world.now()) + 1)
        return _json({"unpinned": symbols})

    async def pause(self, request: web.Request) -> web.Response:
        """Stop the trades (`{"paused": true}`) or let them go on; orders are still taken."""
        body = await _body(request)
        self._world.paused = bool(body.get("paused", True))
        return _json({"paused": self._world.paused})

    async def step(self, request: web.Request) -> web.Response:
        """Play the current tick `ticks` times: what rests and is reached fills, at once."""
        body = await _body(request)
        try:
            ticks = int(body.get("ticks", 1))
        except (TypeError, ValueError, OverflowError):
            raise BadRequest("ticks must be a whole number") from None
        for _ in range(min(ticks, 1000)):
            self._world.step(self._world.now())
        return _json({"ticks": ticks})

    async def faults(self, request: web.Request) -> web.Response:
        faults, now = self._world.faults, self._world.now()
        known = [
            {
                "name": k.name,
                "point": k.point,
                "section": k.section,
                "what": k.what,
                "seconds": k.seconds,
                "count": k.count,
                "struck": faults.struck[k.name],
            }
            for k in KINDS.values()
        ]
        return _json({"active": [f.describe(now) for f in faults.active], "known": known})

    async def add_fault(self, request: web.Request) -> web.Response:
        fault = self._world.faults.add(await _body(request))
        if fault.kind.point == "socket":
            self._sockets.strike_sockets()
        await self._doors.follow()
        return _json(fault.describe(self._world.now()), 201)

    async def clear_faults(self, request: web.Request) -> web.Response:
        cleared = self._world.faults.clear(request.query.get("name"))
        await self._doors.follow()
        return _json({"cleared": cleared})


def _day_json(day: Day) -> dict[str, Any]:
    sessions = (*([day.daytime] if day.daytime else []), *day.sessions)
    return {
        "date": day.date.isoformat(),
        "early_close": day.early_close,
        "sessions": [{"session": s.name, "start": utc_text(s.start), "end": utc_text(s.end)} for s in sessions],
    }


def _moment(value: Any) -> datetime:
    with contextlib.suppress(ValueError):
        moment = datetime.fromisoformat(str(value))
        if moment.tzinfo is not None:
            return moment
    raise BadRequest("set is an ISO moment with its zone, such as 2026-03-12T13:29:00Z")


def _seconds(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < MOST_SECONDS:
        raise BadRequest("advance is a number of seconds, not negative and less than ten years")
    return value


def _cents(body: dict[str, Any], name: str, default: int | None = None) -> int:
    if default is not None and name not in body:
        return default
    try:
        cents = Decimal(str(body[name])) * 100
        whole = int(cents) if cents <= MOST_USD * 100 else 0
    except (KeyError, ArithmeticError, ValueError):
        raise BadRequest(f"{name} must be an amount in USD") from None
    if cents != whole or cents < (1 if default is not None else 2):
        raise BadRequest(f"{name} must be whole cents, at least 0.02 and at most {MOST_USD}")
    return whole


def _shares(body: dict[str, Any], name: str, default: int) -> int:
    value = body.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MOST_SHARES:
        raise BadRequest(f"{name} must be a whole number of shares, from 1 to {MOST_SHARES}")
    return value


async def _body(request: web.Request) -> dict[str, Any]:
    raw = await request.read()
    try:
        body = read_json(raw) if raw.strip() else {}
    except ValueError:
        raise BadRequest("the body must be JSON") from None
    if not isinstance(body, dict):
        raise BadRequest("the body must be a JSON object")
    return body


def _json(value: Any, status: int = 200) -> web.Response:
    return web.json_response(value, status=status, dumps=lambda v: json.dumps(v, ensure_ascii=False))


@web.middleware
async def _errors(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    try:
        return await handler(request)
    except (BadRequest, BadFault, BadClock) as e:
        return _json({"error": str(e)}, 400)
