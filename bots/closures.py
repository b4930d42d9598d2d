"""Closures that no calendar knew of: entered by an admin, and suspected when nothing trades (safety.md 4.4)."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta

from asgiref.sync import sync_to_async
from django.conf import settings
from django.core.cache import cache
from django.db import IntegrityError, transaction
from redis.asyncio import Redis

from accounts.models import User
from api.problems import ApiError
from bots.broker import open_broker
from bots.models import HookRun, HookStatus
from credentials.models import ApiCredential, Purpose
from instruments.models import Closure
from instruments.selectors import exchanges_of, forget_sessions, session_spans
from logs.services import record
from market.data import Quote
from market.errors import Text
from market.sessions import NEW_YORK, session_at
from market.words import Environment, Session

SUSPECTED = "closure_suspected"
OPEN_FOR = timedelta(minutes=5)  # before that a slow opening is no news
BETWEEN_LOOKS = timedelta(minutes=4)  # liquid symbols trade every second: minutes without a share mean something
LOOK_KEPT_SEC = 1800


def enter_closure(
    *,
    trading_day: date,
    closed_from: datetime | None = None,
    closed_until: datetime | None = None,
    note: str = "",
    by: User | None,
    now: datetime,
) -> Closure:
    """Close the day, or its part from or until a moment. Every process knows it within half a minute.

    Raises ApiError for two moments at once, for a moment outside the day's sessions, and for a day closed already.
    """
    if closed_from is not None and closed_until is not None:
        text = Text("끝 시각과 시작 시각 가운데 하나만 적어 주세요.", "Give one of the two times, not both.")
        raise ApiError("invalid", text, 400, {"closed_until": [text]})
    for name, moment in (("closed_from", closed_from), ("closed_until", closed_until)):
        if moment is not None and moment.astimezone(NEW_YORK).date() != trading_day:
            text = Text("뉴욕 시각으로 그 거래일 안이어야 합니다.", "It lies outside that day in New York.")
            raise ApiError("invalid", text, 400, {name: [text]})
    try:
        with transaction.atomic():
            closure = Closure.objects.create(
                trading_day=trading_day, closed_from=closed_from, closed_until=closed_until, note=note, entered_by=by
            )
            _journal(closure, by, now, entered=True)
    except IntegrityError:
        text = Text("이 거래일의 휴장이 이미 입력되어 있습니다.", "A closure of this trading day is entered already.")
        raise ApiError("already_exists", text, 409, {"trading_day": [text]}) from None
    forget_sessions()
    return closure


def lift_closure(*, closure: Closure, by: User | None, now: datetime) -> None:
    """The calendar holds again."""
    with transaction.atomic():
        _journal(closure, by, now, entered=False)
        closure.delete()
    forget_sessions()


def _journal(closure: Closure, by: User | None, now: datetime, *, entered: bool) -> None:
    who = by.email if by else "system"
    day = closure.trading_day
    closed = Text(f"{who} 님이 {day} 휴장을 입력했습니다. {closure.note}".strip(),
                  f"{who} entered a closure of {day}. {closure.note}".strip())  # fmt: skip
    lifted = Text(f"{who} 님이 {day} 휴장을 지웠습니다.", f"{who} lifted the closure of {day}.")
    ctx = {
        "trading_day": day.isoformat(),
        "closed_from": closure.closed_from,
        "closed_until": closure.closed_until,
    }
    record(kind="log", level="warning", message=closed if entered else lifted, ctx=ctx, at=now)


# --- suspicion ----------------------------------------------------------------------------------------------


def nothing_trades(before: Mapping[str, int], after: Mapping[str, int]) -> bool:
    """Whether no reference symbol's volume of the day moved. Without two figures of a symbol it proves nothing."""
    both = before.keys() & after.keys()
    return bool(both) and all(before[symbol] == after[symbol] for symbol in both)


async def suspect(now: datetime) -> bool:
    """Look at the reference symbols while the regular session should be open; journal once a day that nothing trades.

    True when that is suspected. Raises what keeps the broker from answering.
    """
    session = session_at(now, await sync_to_async(session_spans)(now))
    opened = session.opens_at
    if session.session is not Session.REGULAR or opened is None or now - opened < OPEN_FOR:
        return False
    key = await sync_to_async(_reading_key)()
    if key is None:
        return False
    volumes = await _volumes(key)
    return await sync_to_async(_judge)(session.trading_day, volumes, now)


def _reading_key() -> ApiCredential | None:
    """Any key of the real side that reads prices; one that does nothing else is preferred."""
    rows = ApiCredential.objects.filter(environment=Environment.REAL)
    return rows.filter(purpose=Purpose.DATA).first() or rows.filter(account__enabled=True).first()


async def _volumes(key: ApiCredential) -> dict[str, int]:
    exchanges = await sync_to_async(exchanges_of)(settings.CLOSURE_SYMBOLS)
    redis = Redis.from_url(settings.REDIS_URL)
    broker = await sync_to_async(open_broker)(key, redis, for_data=True)
    try:
        quotes: list[Quote] = [await broker.quote(symbol, exchange) for symbol, exchange in exchanges.items()]
    finally:
        await broker.aclose()
        await redis.aclose()
    return {quote.symbol: quote.volume for quote in quotes if quote.volume is not None}


def _judge(trading_day: date | None, volumes: dict[str, int], now: datetime) -> bool:
    name = f"closures:{trading_day}"
    known = cache.get(name)
    if known is None:
        cache.set(name, (now, volumes), LOOK_KEPT_SEC)
        return False
    at, before = known
    if now - at < BETWEEN_LOOKS:
        return False
    cache.set(name, (now, volumes), LOOK_KEPT_SEC)
    if trading_day is None or not nothing_trades(before, volumes):
        return False
    _tell(trading_day, volumes, now)
    return True


def _tell(trading_day: date, volumes: dict[str, int], now: datetime) -> None:
    with transaction.atomic():
        defaults = {"due_at": now, "until": now, "status": HookStatus.DONE, "done_at": now, "result": volumes}
        _, new = HookRun.objects.get_or_create(hook=SUSPECTED, account=None, trading_day=trading_day, defaults=defaults)
        if not new:
            return
        names = ", ".join(sorted(volumes))
        message = Text(
            f"정규장인데 {names}의 거래가 없습니다. 예고 없는 휴장인지 확인하고, 맞으면 휴장을 입력하세요.",
            f"Nothing trades in {names} though the market should be open. If it is closed, enter the closure.",
        )
        ctx = {"event": SUSPECTED, "trading_day": trading_day.isoformat(), "volumes": volumes}
        record(kind="log", level="error", message=message, ctx=ctx, at=now)
