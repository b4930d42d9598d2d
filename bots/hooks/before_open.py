"""Before the open: is the account fit for the night? What was found is one journal row."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from asgiref.sync import sync_to_async
from django.conf import settings
from redis.asyncio import Redis

from accounts.models import BrokerageAccount
from accounts.selectors import house_limits
from bots.broker import open_broker, open_client
from bots.budgets import budgets_of
from bots.hooks.days import day_of
from bots.hooks.planning import Day
from bots.models import HookRun
from bots.selectors import bot_states
from credentials.models import ApiCredential
from credentials.selectors import data_credential_for, trade_credential
from instruments.candles import store_candles
from instruments.selectors import exchanges_of
from kis.errors import ReadFailed
from logs.services import record
from market.broker import Broker
from market.data import Bar
from market.errors import Text, TradingError
from market.orders import Holding, Listing
from market.sessions import SEOUL
from market.words import Exchange, Timeframe, TradingState
from orders.track import in_flight
from positions.models import Position
from positions.services import look_for_jumps
from rules.models import RebalancePlan, TradeRule

DAYS = 100  # one page of daily bars (kis-protocol 4.20)
INSISTS = 2  # attempts that failed before the state is said with what is missing

NO_KEY = Text("앱키가 없습니다.", "It has no app key.")


@dataclass
class Readiness:
    """What was found; `problems` are what a person should know, `trouble` what kept us from finding out."""

    problems: list[Text] = field(default_factory=list)
    trouble: TradingError | None = None
    facts: dict[str, Any] = field(default_factory=dict)

    def cannot(self, error: TradingError) -> None:
        self.trouble = self.trouble or error
        self.problems.append(error.message)


async def before_open(run: HookRun, now: datetime) -> dict[str, Any]:
    """Token, history, jumps of positions, budget and states. Raises what kept the broker from answering, twice."""
    account = run.account
    assert account is not None
    day = await sync_to_async(day_of)(run.trading_day, now)
    key = await sync_to_async(trade_credential)(account)
    found = Readiness()
    redis = Redis.from_url(settings.REDIS_URL)
    try:
        if key is None:
            found.problems.append(NO_KEY)
        else:
            await _token(key, redis, day, found)
            await _book(account, key, redis, found, now)
            await sync_to_async(_budget)(key, found)
    finally:
        await redis.aclose()
    if found.trouble is not None and run.attempts < INSISTS:
        raise found.trouble
    return await sync_to_async(_say)(account, day, found, now)


async def _token(key: ApiCredential, redis: Redis, day: Day, found: Readiness) -> None:
    """A token that lasts through the regular session; renewed when it would not and can be."""
    client = await sync_to_async(open_client)(key, redis, for_data=True)
    try:
        token = await client.tokens.ensure()
        if token.expires_at < day.closes:
            token = await client.tokens.renew(day.closes)
    except TradingError as e:
        found.cannot(e)
        return
    finally:
        await client.aclose()
    found.facts["token_expires_at"] = token.expires_at.isoformat()
    if token.expires_at < day.closes:
        at = token.expires_at.astimezone(SEOUL)
        found.problems.append(
            Text(
                f"접근토큰이 장중 {at:%H:%M}(한국)에 끝나며 그때 새로 받습니다.",
                f"The access token ends within the session, at {at:%H:%M} in Seoul, and is renewed then.",
            )
        )


async def _book(account: BrokerageAccount, key: ApiCredential, redis: Redis, found: Readiness, now: datetime) -> None:
    """Daily bars of what the account trades and holds; the holdings beside our book; jumps in either."""
    symbols = await sync_to_async(symbols_of)(account)
    broker = await sync_to_async(open_broker)(key, redis)
    data = await sync_to_async(data_credential_for)(account)
    reader = await sync_to_async(open_broker)(data, redis, for_data=True) if data else broker
    try:
        bars = await _days(reader, symbols, found)
        holdings = await broker.holdings()
    except TradingError as e:
        found.cannot(e)
        return
    finally:
        await broker.aclose()
        if reader is not broker:
            await reader.aclose()
    closes = {s: rows[-1].close for s, rows in bars.items()}
    await sync_to_async(_jumps)(account, closes, holdings, now)
    await sync_to_async(_store)(bars)
    found.facts |= {
        "symbols": sorted(symbols),
        "history": sorted(bars),
        "holdings_complete": holdings.complete,
    }
    if not holdings.complete:
        found.cannot(ReadFailed(Text("보유 종목을 다 읽지 못했습니다.", "Not all holdings could be read.")))


def _jumps(account: BrokerageAccount, closes: Mapping[str, Decimal], holdings: Listing[Holding], now: datetime) -> None:
    look_for_jumps(
        account=account, previous_closes=closes, holdings=holdings, now=now, in_flight=in_flight(account, now)
    )


async def _days(reader: Broker, symbols: dict[str, Exchange], found: Readiness) -> dict[str, tuple[Bar, ...]]:
    read: dict[str, tuple[Bar, ...]] = {}
    for symbol, exchange in symbols.items():
        listing = await reader.daily_bars(symbol, exchange, count=DAYS)
        closed = tuple(bar for bar in listing.rows if bar.closed)
        if listing.complete and closed:
            read[symbol] = closed
        else:
            found.problems.append(Text(f"{symbol} 일봉을 읽지 못했습니다.", f"No daily bars of {symbol}."))
    return read


def symbols_of(account: BrokerageAccount) -> dict[str, Exchange]:
    """What the account trades or holds, with the exchange of each."""
    rules = TradeRule.objects.filter(account=account, enabled=True).values_list("symbol", flat=True)
    held = Position.objects.filter(account=account, qty__gt=0).values_list("symbol", flat=True)
    plans = RebalancePlan.objects.filter(account=account, enabled=True).values_list("weights", flat=True)
    return exchanges_of({*rules, *held, *(symbol for weights in plans for symbol in weights)})


def _store(bars: dict[str, tuple[Bar, ...]]) -> None:
    for symbol, rows in bars.items():
        store_candles(symbol, Timeframe.D1, rows, source="kis")


def _budget(key: ApiCredential, found: Readiness) -> None:
    budget = budgets_of([key])[0]
    found.facts["allowed_per_second"] = budget.allowed
    if budget.usage is None:
        found.problems.append(Text("Redis가 응답하지 않습니다.", "Redis does not answer."))
    elif budget.usage.learned < budget.allowed:
        learned = f"{budget.usage.learned:.1f}/{budget.allowed:g}"
        found.problems.append(
            Text(f"호출 한도가 초당 {learned}회로 줄어 있습니다.", f"The rate budget is down to {learned} a second.")
        )


def _say(account: BrokerageAccount, day: Day, found: Readiness, now: datetime) -> dict[str, Any]:
    """One row: how the account stands before the night."""
    account.refresh_from_db()
    running = bot_states([account]).get(account.pk)
    rules = TradeRule.objects.filter(account=account, enabled=True).count()
    disputed = sorted(Position.objects.filter(account=account, needs_person=True).values_list("symbol", flat=True))
    held_back = Position.objects.filter(account=account, held_because__isnull=False)
    holds = sorted(held_back.values_list("symbol", flat=True))
    house = TradingState(house_limits().trading_state)
    found.problems += _states(house, TradingState(account.trading_state))
    if not (running and running["running"]):
        found.problems.append(Text("봇이 아직 돌지 않습니다.", "The bot does not run yet."))
    for symbols, ko, en in (
        (disputed, "장부와 증권사 수량이 다름", "our book and the broker's differ"),
        (holds, "주식 변동 확인 필요", "a change of the shares is to be judged"),
    ):
        if symbols:
            found.problems.append(Text(f"{', '.join(symbols)}: {ko}.", f"{', '.join(symbols)}: {en}."))
    facts = found.facts | {
        "hook": "before_open",
        "trading_day": day.trading_day.isoformat(),
        "trading_state": str(account.trading_state),
        "house_state": str(house),
        "rules": rules,
        "disputed": disputed,
        "held_back": holds,
        "problems": [problem.as_dict() for problem in found.problems],
    }
    record(
        account=account,
        kind="account",
        level="warning" if found.problems else "info",
        message=_sentence(day, rules, found.problems),
        ctx=facts,
        at=now,
    )
    return facts


def _states(house: TradingState, own: TradingState) -> list[Text]:
    found = []
    if house is not TradingState.ACTIVE:
        found.append(Text(f"전체 상태가 {house}입니다.", f"The house is {house}."))
    if own is not TradingState.ACTIVE:
        found.append(Text(f"계좌 상태가 {own}입니다.", f"The account is {own}."))
    return found


def _sentence(day: Day, rules: int, problems: Iterable[Text]) -> Text:
    opens = day.opens.astimezone(SEOUL)
    said = list(problems)
    if not said:
        return Text(
            f"개장 준비를 마쳤습니다({opens:%H:%M} 개장, 규칙 {rules}개).",
            f"Ready for the open at {opens:%H:%M} in Seoul, with {rules} rules.",
        )
    ko, en = (" ".join(getattr(problem, language) for problem in said) for language in ("ko", "en"))
    return Text(
        f"개장 준비({opens:%H:%M} 개장, 규칙 {rules}개): {ko}", f"Before the open at {opens:%H:%M} in Seoul: {en}"
    )
