"""One account's bot: recover, then trade, until it is told to stop or loses its lease.

Everything that touches the database runs in short functions of their own; no request is made inside one.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cached_property, partial
from typing import Any, NamedTuple
from uuid import UUID

from asgiref.sync import sync_to_async
from django.conf import settings
from redis.asyncio import Redis

import orders.services as order_desk
from accounts.models import BrokerageAccount
from accounts.services import heartbeat
from bots import checkpoint, database, health, overseer, trading
from bots import lease as leases
from bots.bar_keeping import BarKeeper
from bots.feed import Feed
from bots.health import Pulse
from bots.lease import Lease, LostLease
from bots.notices import Notices
from bots.selectors import activity, is_asked
from bots.series import SeriesBook
from bots.sockets import SocketOwner
from bots.watch import BROKE_INSIDE, Watch, aged, follow, load, switch_off
from credentials.models import ApiCredential
from credentials.selectors import data_credential_for, trade_credential
from instruments.selectors import session_spans
from market.broker import Broker
from market.data import AccountView, Quote, SessionView
from market.errors import TradingError
from market.orders import BuyingPower, Notice, OrderIntent
from market.sessions import session_at
from market.words import Environment, MarginMode
from orders.moves import uptime
from positions.selectors import scales_of
from positions.services import mark_to_market, record_equity
from rules.domain import Decision, StrategyBroke, evaluate

log = logging.getLogger("bots")

BEAT_SEC = 2.0
RELOAD_SEC = 1.0
KEYS_SEC = 3.0
TEND_IDLE_SEC = 3.0  # while no order is open: what a cancel has ended may still be priced again
WORTH_SEC = 15.0
FINISH_SEC = 4.0  # a stop may take five
RECONCILE_EVERY = timedelta(seconds=45)


class Seen(NamedTuple):
    """One look of a rule: `evaluation` is what is stored of it, if it is due; `intent` the order that it means."""

    decision: Decision
    evaluation: dict[str, Any] | None
    intent: OrderIntent | None


class Stopped(Exception):
    """The bot was asked to stop."""


@dataclass
class AccountBot:
    account: BrokerageAccount
    lease: Lease
    key: ApiCredential
    broker: Broker
    redis: Redis
    data_key: ApiCredential | None
    asked_to_stop: Callable[[], bool]
    pulse: Pulse
    watches: dict[UUID, Watch] = field(default_factory=dict)
    series: SeriesBook = field(default_factory=SeriesBook)
    quotes: dict[str, Quote] = field(default_factory=dict)
    moved: set[str] = field(default_factory=set)  # symbols with a price not yet judged
    new_price: asyncio.Event = field(default_factory=asyncio.Event)
    look_now: asyncio.Event = field(default_factory=asyncio.Event)
    need_history: asyncio.Event = field(default_factory=asyncio.Event)
    view: AccountView = field(default_factory=lambda: AccountView(Environment.PAPER))
    session: SessionView = field(default_factory=lambda: SessionView(None))
    power: BuyingPower | None = None  # as the broker told it last
    open_orders: int = 0
    reconciled_at: datetime | None = None
    scales: dict[str, datetime] | None = None  # by symbol, when it was last rescaled; None before the first look
    sure_until: float = 0.0  # on `uptime`: nobody else can have the lease before
    tended_at: float = 0.0  # on `uptime`
    unsure: bool = False  # the database failed while something was on its way: recover before anything is sent
    acting: int = 0  # how much is on its way
    idle: asyncio.Event = field(default_factory=asyncio.Event)  # nothing is
    recovering: asyncio.Lock = field(default_factory=asyncio.Lock)

    @cached_property
    def prices(self) -> order_desk.Prices:
        """What it hears, for what people ask."""
        return order_desk.Prices(self.broker, self.quotes)

    async def run(self) -> None:
        """Recover, then trade. Returns when asked to stop; raises LostLease, or what broke."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._watch_for_stop())
                group.create_task(self._beat())
                await self._recover()
                for part in await self._parts():
                    group.create_task(part)
        except* Stopped:
            log.info("bot of %s stops", self.account.nickname)

    async def _parts(self) -> list[Coroutine[Any, Any, None]]:
        """What runs side by side once the broker's list has been read."""
        notices = Notices(self.account.pk, self.redis, self._on_notice, self.look_now.set)
        sockets = [SocketOwner(self.redis, key, self.lease.holder) for key in self._socket_keys()]
        feed = Feed(self.redis, self.data_key or self.key, self._on_quote, self._on_gap)
        feed.may_ask, feed.may_ask_alone = self.holds, self._owner_of_prices(sockets)
        bars = BarKeeper(self, may_read=lambda: not feed.deaf or feed.may_ask_alone())
        await self._insist(self._reload, feed)
        await self._insist(self._remember)
        return [
            feed.run(),
            notices.listen(),
            *(socket.run() for socket in sockets),
            self.every(RELOAD_SEC, self._reload, feed),
            self.every(KEYS_SEC, self._look_at_keys),
            self.every(0.3, self._carry_out),
            self.every(0.5, self._tend),
            self.every(WORTH_SEC, self._reckon),
            self._track(),
            self._trade(),
            bars.run(),
        ]

    async def _remember(self) -> None:
        await sync_to_async(checkpoint.restore)(self.account, self.watches.values())

    def _owner_of_prices(self, sockets: list[SocketOwner]) -> Callable[[], bool]:
        """Our own key is ours alone, as the account's lease is. Of a shared key the socket's owner is the one."""
        if self.data_key is None or self.data_key == self.key:
            return lambda: True
        return lambda: any(socket.owns for socket in sockets if socket.key == self.data_key)

    def _socket_keys(self) -> list[ApiCredential]:
        """Whose sockets this bot would own: that of its prices, and, if it can have notices, its own."""
        keys = {key.pk: key for key in (self.data_key, self.key) if key is not None}
        return [key for key in keys.values() if key == self.data_key or key.hts_id is not None]

    # --- parts, each a loop of its own ------------------------------------------------------------------

    async def _watch_for_stop(self) -> None:
        while True:
            if self.asked_to_stop():
                raise Stopped
            await asyncio.sleep(0.1)

    async def _beat(self) -> None:
        """Renew the lease and say how we are. A database that is away for a moment is not yet a lost lease."""
        quiet_since = _now()
        while True:
            try:
                await self._renew()
                await sync_to_async(self._show_health)(_now())
                if _now() - quiet_since > timedelta(seconds=60):
                    await sync_to_async(leases.note_quiet)(self.lease)
                    quiet_since = _now()
            except database.AWAY as e:
                await self._without_database(e)
            await asyncio.sleep(BEAT_SEC)

    async def _renew(self) -> None:
        """Raises LostLease, also when the lease ran out and nobody has taken it."""
        asked_at = uptime()
        await sync_to_async(leases.renew)(self.lease)
        self.holds_since(asked_at)

    def holds_since(self, moment: float) -> None:
        """The lease was taken or renewed by what was asked at this moment of `uptime`."""
        self.sure_until = moment + settings.BOT_LEASE.total_seconds()
        overseer.tell(self.lease, self.sure_until)

    def holds(self) -> bool:
        """Whether the lease is ours for certain, by our own clock; a process that was paused knows it at once."""
        return uptime() < self.sure_until

    async def _without_database(self, error: Exception) -> None:
        log.warning("%s: the database is away: %s", self.account.nickname, type(error).__name__)
        self.pulse.trouble = database.TROUBLE
        if not self.holds():
            overseer.tell_ended()  # we know, and send nothing
        await database.mend()

    def _show_health(self, now: datetime) -> None:
        status, reason = self.pulse.judge(
            now, market_open=self.session.session is not None, wants_prices=bool(self.watches)
        )
        heartbeat(account=self.account, now=now)
        health.show(self.account, status, reason, now)

    async def every(self, seconds: float, work: Callable, *args: object) -> None:
        while True:
            await self.survive(work, *args)
            await asyncio.sleep(seconds)

    async def survive(self, work: Callable, *args: object) -> bool:
        """Do it, if the lease is ours; trouble with the broker or the database is noted and the bot goes on.

        True when it went well.
        """
        try:
            if not self.holds():
                await self._renew()
            await work(*args)
        except LostLease:
            raise
        except TradingError as e:
            self.pulse.trouble = e.message
            log.warning("%s: %s", self.account.nickname, e.message.en, extra={"code": e.code})
            return False
        except database.AWAY as e:
            await self._without_database(e)
            return False
        return True

    async def _insist(self, work: Callable, *args: object) -> None:
        """Do it again and again until it went well."""
        while True:
            if await self.survive(work, *args):
                return
            await asyncio.sleep(database.AGAIN_SEC)

    @contextmanager
    def _on_its_way(self) -> Iterator[None]:
        """Around what may send. What a failing database left half recorded is recovered before more is sent."""
        self.acting += 1
        self.idle.clear()
        try:
            yield
        except database.AWAY:
            self.unsure = True
            raise
        finally:
            self.acting -= 1
            if not self.acting:
                self.idle.set()

    async def _be_sure(self) -> None:
        """After trouble with the database: nothing is sent before the broker's list was read again."""
        if not self.unsure:
            return
        async with self.recovering:
            await self.idle.wait()
            if self.unsure:
                await self._recover()
                self.unsure = False

    async def _reload(self, feed: Feed) -> None:
        await sync_to_async(self.account.refresh_from_db)()
        if not self.account.enabled:
            raise Stopped
        now = _now()
        self.session = session_at(now, await sync_to_async(session_spans)(now))
        await self._load()
        feed.wanted = self.series.symbols
        feed.held = frozenset(w.row.symbol for w in self.watches.values() if w.state.qty)
        feed.session = self.session

    async def _load(self) -> None:
        """The rules as they are now, and the bars that they look at."""
        before = set(self.watches)
        scales = await sync_to_async(scales_of)(self.account.pk)
        self.watches = await sync_to_async(load)(self.account.pk, self.watches, self.series)
        self._forget_other_scales(scales)
        if follow(self.series, self.watches) or set(self.watches) - before:
            self.need_history.set()

    def _forget_other_scales(self, scales: dict[str, datetime]) -> None:
        """After a split the bars are read anew; who follows them again does so before anybody looks."""
        for symbol in {s for s, at in scales.items() if self.scales is not None and self.scales.get(s) != at}:
            self.series.forget(symbol)
        self.scales = scales

    async def _look_at_keys(self) -> None:
        if not await sync_to_async(self._keys_hold)():
            raise Stopped

    def _keys_hold(self) -> bool:
        """Whether the keys are still those that we opened. If not, the next bot opens the new ones."""
        now = (trade_credential(self.account), data_credential_for(self.account))
        return [_identity(key) for key in now] == [_identity(key) for key in (self.key, self.data_key)]

    async def _carry_out(self) -> None:
        """What people asked."""
        if await sync_to_async(is_asked)(self.account):
            await self._do_for_orders(order_desk.carry_out_instructions)

    async def _tend(self) -> None:
        """What the rules want done with orders that do not fill; beside what people ask, which must not wait."""
        if not self.open_orders and uptime() < self.tended_at + TEND_IDLE_SEC:
            return
        self.tended_at = uptime()
        await self._do_for_orders(order_desk.tend_unfilled)

    async def _do_for_orders(self, work: Callable[..., Coroutine[Any, Any, int]]) -> None:
        await self._be_sure()
        with self._on_its_way():
            given = {"broker": self.broker, "fence": self.lease.fence, "now": _now(), "prices": self.prices}
            done = await to_the_end(work(account=self.account, **given))
        if done:
            self.look_now.set()

    async def _recover(self) -> None:
        """Start is recovery: nothing is traded before the broker's list has been read once."""
        while True:
            try:
                await order_desk.recover(account=self.account, broker=self.broker, fence=self.lease.fence, now=_now())
            except LostLease:
                raise
            except TradingError as e:
                self.pulse.trouble = e.message
            except database.AWAY as e:
                await self._without_database(e)
            else:
                break
            await asyncio.sleep(1)
        self.pulse.answered(_now())

    async def _track(self) -> None:
        while True:
            await self.survive(self._track_once)
            # the list is read at least this often, even with notices healthy (safety.md 1.9)
            wait = settings.ORDER_TRACK_BUSY_SEC if self.open_orders else settings.ORDER_TRACK_IDLE_SEC
            with suppress(TimeoutError):
                await asyncio.wait_for(self.look_now.wait(), wait)
            self.look_now.clear()

    async def _track_once(self) -> None:
        report = await order_desk.track(account=self.account, broker=self.broker, now=_now())
        self.open_orders = (await sync_to_async(activity)(self.account)).open_orders
        if not report.readable:
            return
        self.pulse.answered(_now())
        if report.fills:
            await self._load()
        if report.fills or self.reconciled_at is None or _now() - self.reconciled_at > RECONCILE_EVERY:
            self.reconciled_at = _now()
            await order_desk.reconcile(account=self.account, broker=self.broker, now=_now())

    async def _reckon(self) -> None:
        """What the account is worth, by the latest prices and what the broker would let us spend."""
        now = _now()
        prices = {symbol: quote.last for symbol, quote in self.quotes.items()}
        await sync_to_async(mark_to_market)(account=self.account, prices=prices, now=now)
        before = await sync_to_async(activity)(self.account)
        power = await self._ask_buying_power()
        # what we may spend is our cash only if nothing of ours was on its way meanwhile
        quiet = before.open_orders == 0 and before == await sync_to_async(activity)(self.account)
        worth = await sync_to_async(record_equity)(
            account=self.account, now=now, cash=power if quiet else None, trading_day=self.session.trading_day
        )
        equity, cash = (worth.equity, worth.cash) if worth else (None, None)
        self.view = AccountView(Environment(self.account.environment), power, equity, cash)

    async def _ask_buying_power(self) -> Decimal | None:
        """US dollars in the account's margin mode; None without a price to ask with."""
        quote = next(iter(self.quotes.values()), None)
        if quote is None:
            return None
        power = await self.broker.buying_power(quote.symbol, quote.exchange, quote.last)
        self.power = replace(power, symbol=quote.symbol)
        return power.usd if self.account.margin_mode == MarginMode.USD else power.integrated

    async def _trade(self) -> None:
        while True:
            await self.new_price.wait()
            self.new_price.clear()
            symbols, self.moved = self.moved, set()
            for watch in list(self.watches.values()):
                # while one was judged another may have been switched off, or changed into a new version
                if watch.row.symbol in symbols and self.watches.get(watch.row.pk) is watch:
                    await self.survive(self._judge, watch)

    async def _judge(self, watch: Watch) -> None:
        await self._be_sure()
        now = _now()
        quote = self.quotes.get(watch.row.symbol)
        quote = aged(quote, now, settings.BOT_QUOTE_MAX_AGE) if quote else None
        seen = await self._look(watch, quote, now)
        if seen is None:
            return
        decision, evaluation, intent = seen
        if quote is not None and trading.sets_high(watch, quote):
            await sync_to_async(trading.raise_high)(watch, quote.last)
        before = watch.remembered
        with self._on_its_way():
            sent = await to_the_end(
                trading.act(
                    account=self.account,
                    watch=watch,
                    decision=decision,
                    intent=intent,
                    quote=quote,
                    broker=self.broker,
                    lease=self.lease,
                    now=now,
                    power=self.power,
                )
            )
        if evaluation is not None:
            watch.stored_at = now
            await sync_to_async(trading.store_evaluation)(watch, evaluation, now)
        if watch.remembered != before:
            await sync_to_async(checkpoint.save)(self.account, list(self.watches.values()))
        if sent:
            self.open_orders += 1
            self.look_now.set()
            await self._load()

    async def _look(self, watch: Watch, quote: Quote | None, now: datetime) -> Seen | None:
        """What the rule wants, how that is told, and the order it means. None: the rule broke and is off, or is gone.

        What breaks here is the rule's own doing or ours in reading it, so it stops that rule and no other.
        """
        market = watch.market(now=now, quote=quote, account=self.view, session=self.session)
        try:
            if watch.rule.program is not None:  # a strategy may take its time; prices must go on coming in
                decision = await asyncio.to_thread(evaluate, watch.rule, market)
                if self.watches.get(watch.row.pk) is not watch:
                    return None  # meanwhile it was switched off, or changed into a new version
                self.pulse.strategy_trouble = decision.away  # the machine's fault: the rule stays on, asked again
            else:
                decision = evaluate(watch.rule, market)
            because = decision.broke
            seen = Seen(
                decision,
                watch.told(decision) if watch.due_to_store(decision, now) else None,
                trading.intent_for(watch, decision, quote),
            )
        except StrategyBroke as broke:
            because = broke.text
        except Exception:
            log.exception("rule %s broke", watch.row.pk)
            because = BROKE_INSIDE
        if because is None:
            return seen
        await sync_to_async(switch_off)(watch, because, now)
        if self.watches.get(watch.row.pk) is watch:
            del self.watches[watch.row.pk]
        return None

    # --- what comes in ----------------------------------------------------------------------------------

    def _on_quote(self, quote: Quote) -> None:
        self.quotes[quote.symbol] = quote
        self.pulse.priced(_now())
        if self.series.add(quote):
            self.need_history.set()
        self.moved.add(quote.symbol)
        self.new_price.set()

    def _on_gap(self) -> None:
        self.series.mark_gap()
        self.need_history.set()
        self.look_now.set()

    async def _on_notice(self, notice: Notice) -> None:
        """A hint: look at the list now."""
        await self.survive(partial(order_desk.on_notice, account=self.account, notice=notice, now=_now()))
        self.look_now.set()


def _identity(key: ApiCredential | None) -> tuple[UUID, int] | None:
    return (key.pk, key.key_version) if key else None


async def to_the_end[T](work: Coroutine[Any, Any, T]) -> T:
    """Await the work; who is told to stop meanwhile first lets a request in flight finish, for a few seconds."""
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait({task}, timeout=FINISH_SEC)
        task.cancel()  # what became of its order is then recorded as unknown
        await asyncio.gather(task, return_exceptions=True)
        raise


def _now() -> datetime:
    return datetime.now(UTC)
