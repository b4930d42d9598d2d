"""What runs in a forked process: the real bot, or the short life of the cheap kind. It may die at any point."""

import asyncio
import ctypes
import functools
import importlib
import logging
import os
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from decimal import Decimal
from pathlib import Path as FilePath
from typing import Any
from uuid import UUID

import httpx
from asgiref.sync import sync_to_async
from django.db import connections
from httpx._transports import default

import orders.services as order_desk
from accounts.models import BrokerageAccount
from bots import checkpoint, desk, lease, trading, worker
from bots.chaos import clock
from bots.chaos.plan import End, Fate
from bots.series import SeriesBook
from bots.watch import Watch, follow, load
from instruments.selectors import forget_sessions, session_spans
from kis import client as kis_client
from kis import transport
from kis.simulator.listing import DEFAULT as LISTINGS
from kis.simulator.market_path import Path, tick_index
from kis.simulator.testing import Control
from market import points
from market.data import AccountView, Quote
from market.errors import TradingError
from market.sessions import session_at
from market.words import Environment, Exchange

ANSWER_WITHIN_SEC = 1.0  # a lost answer is waited for so long, and not the usual fifteen seconds
LOOKS, TRIES = (1, 1, 2), 5  # of a life of the cheap kind: how often it looks, and rules asked for an order each time

FIRST_REQUEST = ("anyio._backends._asyncio", "anyio.to_thread", "anyio.streams.tls", "anyio.streams.memory")

Sign = Any  # a float shared with the parent: when, on the monotonic clock; 0: not yet
Plant = Callable[[], None]  # puts a bug into the process: the judge must find it


def prepare() -> None:
    """Once, before the first fork: what every process would do for itself at its first request.

    Reading the machine's certificates alone takes longer than a life of the cheap kind, and here all is plain http.
    """
    for name in FIRST_REQUEST:
        with suppress(ImportError):
            importlib.import_module(name)
    default.create_ssl_context = functools.cache(default.create_ssl_context)
    httpx.AsyncHTTPTransport(trust_env=False)
    repr(worker.run_account_bot)  # a task is made when it is first looked at


def fork(work: Callable[[], None], log: FilePath, plant: Plant | None = None) -> int:
    """A child that does `work` and ends; it dies with us. Its pid."""
    sys.stdout.flush()
    parent = os.getpid()
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        _become_a_child(parent, log)
        if plant is not None:
            plant()
        work()
        code = 0
    except Exception:
        import traceback

        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)


def _become_a_child(parent: int, log: FilePath) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL, 0, 0, 0)  # PR_SET_PDEATHSIG
    if os.getppid() != parent:
        os._exit(1)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)
    out = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    for stream in (1, 2):
        os.dup2(out, stream)
    for inherited in connections.all(initialized_only=True):
        inherited.connection = None  # our parent's: whoever closes it here ends it there
    random.seed()
    forget_sessions()
    transport.READ_S = transport.CONNECT_S = 3.0
    kis_client.KisClient.__init__.__kwdefaults__["order_answer_s"] = ANSWER_WITHIN_SEC  # type: ignore[index]


def meet(end: End, sign: Sign | None = None) -> None:
    """From now on this process meets its end where it is told, and gives a sign when it makes its first order."""
    passed: Counter[str] = Counter()
    how = signal.SIGSTOP if end.fate is Fate.FREEZE_AT else signal.SIGKILL

    def hook(name: str) -> None:
        passed[name] += 1
        if sign is not None and name == "after_intent_commit":
            sign.value = sign.value or time.monotonic()
        if name == end.point and passed[name] == end.occurrence:
            os.kill(os.getpid(), how)

    points.listen(hook)


def bot(account_id: UUID, end: End, sign: Sign) -> None:
    """The real bot of the account, as a worker runs it."""
    meet(end, sign)
    with suppress(TradingError):
        worker.run_account_bot(str(account_id))


class Market:
    """The simulator's clock and prices, as a life of the cheap kind turns and reads them."""

    def __init__(self, control: Control, seed: int) -> None:
        self._control = control
        self._paths = {item.symbol: Path(seed, item) for item in LISTINGS}  # the simulator's own, so nobody is asked

    def advance(self, seconds: float) -> None:
        """Let the market's time go on."""
        clock.set_to(datetime.fromisoformat(self._control.advance(seconds)["now"]))

    def quote(self, symbol: str, exchange: Exchange, now: datetime) -> Quote:
        """The latest trade and the quote around it, a fresh one."""
        mid, last = self._paths[symbol].last_at(tick_index(now))
        bid, price, ask = (Decimal(cents) / 100 for cents in (mid - 1, last, mid + 1))
        return Quote(symbol, exchange, price, now, now, bid, ask)


def short(account_id: UUID, end: End, market: Market, rng: random.Random) -> None:
    """Recover, decide a few times, track; all that a bot does about orders, with nothing between."""
    meet(end)
    logging.getLogger("kis").setLevel(logging.WARNING)
    transport.BACKOFF_S = dict.fromkeys(Environment, 0.02)
    asyncio.run(_short(account_id, market, rng))


async def _short(account_id: UUID, market: Market, rng: random.Random) -> None:
    account = await BrokerageAccount.objects.aget(pk=account_id)
    async with desk.taken(account) as ours:
        if ours is None:
            return
        with suppress(TradingError):
            await order_desk.recover(account=account, broker=ours.broker, fence=ours.lease.fence, now=clock.now())
            await _trade(ours, market, rng)


async def _trade(ours: desk.Desk, market: Market, rng: random.Random) -> None:
    account, broker, fence = ours.account, ours.broker, ours.lease.fence
    watches: dict[UUID, Watch] = {}
    book = SeriesBook()
    for look in range(rng.choice(LOOKS)):
        market.advance(rng.uniform(1.0, 4.0))
        await sync_to_async(lease.renew)(ours.lease)
        watches = await sync_to_async(load)(account.pk, watches, book)
        follow(book, watches)
        if look == 0:
            await sync_to_async(checkpoint.restore)(account, watches.values())
        for watch in rng.sample(list(watches.values()), len(watches))[:TRIES]:
            if await _judge(ours, watch, market, list(watches.values())):
                break
        heard = {w.row.symbol: market.quote(w.row.symbol, w.rule.exchange, clock.now()) for w in watches.values()}
        given = {"broker": broker, "fence": fence, "prices": order_desk.Prices(broker, heard)}
        await order_desk.carry_out_instructions(account=account, now=clock.now(), **given)
        await order_desk.tend_unfilled(account=account, now=clock.now(), **given)
        market.advance(rng.uniform(0.4, 3.0))
        await order_desk.track(account=account, broker=broker, now=clock.now())
        if rng.random() < 0.2:
            await order_desk.reconcile(account=account, broker=broker, now=clock.now())


async def _judge(ours: desk.Desk, watch: Watch, market: Market, all_of_them: list[Watch]) -> bool:
    """One look of one rule, as `bots.loop` does it."""
    now = clock.now()
    quote = market.quote(watch.row.symbol, watch.rule.exchange, now)
    session = session_at(now, await sync_to_async(session_spans)(now))
    view = AccountView(Environment(ours.account.environment))
    decision = watch.look(now=now, quote=quote, account=view, session=session)
    before = watch.remembered
    sent = await trading.act(
        account=ours.account, watch=watch, decision=decision, intent=trading.intent_for(watch, decision, quote),
        quote=quote, broker=ours.broker, lease=ours.lease, now=now,
    )  # fmt: skip
    if watch.remembered != before:
        await sync_to_async(checkpoint.save)(ours.account, all_of_them)
    return sent


def settle(account_id: UUID, looks: int) -> None:
    """A healthy bot's work when the day is over: recover, then look until nothing moves."""
    asyncio.run(_settle(account_id, looks))


async def _settle(account_id: UUID, looks: int) -> None:
    account = await BrokerageAccount.objects.aget(pk=account_id)
    async with desk.taken(account) as ours:
        if ours is None:
            raise RuntimeError("the account's lease is not free")
        for look in range(looks):
            try:
                await sync_to_async(lease.renew)(ours.lease)
                await order_desk.recover(account=account, broker=ours.broker, fence=ours.lease.fence, now=clock.now())
            except TradingError:
                if look == looks - 1:
                    raise
                await asyncio.sleep(0.2)


__all__ = ["Market", "bot", "fork", "settle", "short"]
