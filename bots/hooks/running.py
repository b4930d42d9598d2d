"""A hook is a row that whoever is alive executes once (safety.md 6.2): claimed by compare-and-set in database time."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from asgiref.sync import async_to_sync
from django.conf import settings
from django.db import connection
from django.db.models import F, Q

from accounts.models import BrokerageAccount
from bots.hooks.planning import (
    BEFORE_OPEN,
    CLOSE,
    END_OF_DAY,
    OPEN,
    REBALANCE,
    Due,
    Offsets,
    Participant,
    PlanTimes,
    due,
)
from bots.lease import me
from bots.models import HookRun, HookStatus
from bots.selectors import db_now
from instruments.selectors import session_spans
from logs.services import record
from market.errors import Text, TradingError
from orders.domain import OPEN as OPEN_STATES
from orders.models import Order
from positions.models import Position
from rules.models import RebalancePlan
from rules.rebalancing import Rhythm

log = logging.getLogger("bots")

ATTEMPTS = 5
CLAIM_SEC = 240  # longer than a run may take: a run that is claimed for longer has lost its process
WITHIN_SEC = 200
RETRY_SEC = 20  # doubled with each attempt
LOOK_BACK_DAYS = 8
RECENT = timedelta(days=5)

Work = Callable[[HookRun, datetime], Awaitable[dict[str, Any]]]


class NotYet(Exception):
    """The hook waits for somebody else, such as the account's bot; looked at again soon, which is no failure."""

    def __init__(self, why: Text, *, after_sec: float = 10) -> None:
        super().__init__(why.en)
        self.why = why
        self.after_sec = after_sec


def run_due(now: datetime) -> list[int]:
    """The runs that may be tried now, rows made where they are missing; those that came too late are closed.

    Whoever gets one calls `run_one`; two who get the same one do it once.
    """
    close_overdue(now)
    open_now = due(now, session_spans(now, days=LOOK_BACK_DAYS), participants(now), plans(), offsets())
    _make_rows(open_now)
    ready = Q(not_before__isnull=True) | Q(not_before__lte=db_now())
    states = [HookStatus.PENDING, HookStatus.FAILED, HookStatus.RUNNING]
    rows = HookRun.objects.filter(ready, status__in=states, due_at__lte=now, until__gt=now, attempts__lt=ATTEMPTS)
    return list(rows.order_by("due_at", "pk").values_list("pk", flat=True))


def run_one(pk: int, now: datetime, work: Work) -> bool:
    """Claim the run and do it. False when somebody else has it, it is done, or it may not be tried now.

    What goes wrong is journaled and kept; the run is tried again while attempts and time are left.
    """
    turn = f"{me()}:{uuid4().hex[:8]}"
    if not claim(pk, turn, now):
        return False
    run = HookRun.objects.select_related("account__user").get(pk=pk)
    try:
        result = async_to_sync(_within)(work, run, now)
    except NotYet as later:
        waiting = {"waiting": later.why.as_dict(), "since": waits_since(run).isoformat()}
        _end(run, turn, HookStatus.PENDING, waiting, later.after_sec)
    except Exception as problem:
        _failed(run, turn, problem)
    else:
        _end(run, turn, HookStatus.DONE, result)
    return True


def waits_since(run: HookRun) -> datetime:
    """When the run was first tried and told to wait; now, if it was not."""
    told = (run.result or {}).get("since")
    return datetime.fromisoformat(told) if told else db_now()


async def _within(work: Work, run: HookRun, now: datetime) -> dict[str, Any]:
    async with asyncio.timeout(WITHIN_SEC):
        return await work(run, now)


def claim(pk: int, turn: str, now: datetime) -> bool:
    """Take the run for one holder. A run whose holder fell silent may be taken over, which counts as an attempt."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE bots_hookrun SET status = 'running', holder = %s, started_at = clock_timestamp(),"
            " attempts = attempts + CASE WHEN status = 'running' THEN 1 ELSE 0 END,"
            " not_before = clock_timestamp() + make_interval(secs => %s)"
            " WHERE id = %s AND status IN ('pending', 'failed', 'running') AND attempts < %s AND until > %s"
            " AND (not_before IS NULL OR not_before <= clock_timestamp())",
            [turn, CLAIM_SEC, pk, ATTEMPTS, now],
        )
        return cursor.rowcount == 1


def _end(run: HookRun, turn: str, status: HookStatus, result: dict[str, Any], after_sec: float | None = None) -> bool:
    """Write the end of a turn, if the run is still that turn's."""
    at = db_now()
    later = None if after_sec is None else at + timedelta(seconds=after_sec)
    done = at if status in (HookStatus.DONE, HookStatus.GIVEN_UP) else None
    mine = HookRun.objects.filter(pk=run.pk, holder=turn, status=HookStatus.RUNNING)
    return bool(mine.update(status=status, result=result, not_before=later, done_at=done))


def _failed(run: HookRun, turn: str, problem: Exception) -> None:
    why = _sentence(problem)
    if not isinstance(problem, TradingError | TimeoutError):
        log.error("hook %s broke", run, exc_info=problem)
    attempts = run.attempts + 1
    HookRun.objects.filter(pk=run.pk, holder=turn).update(attempts=F("attempts") + 1)
    last, since = attempts >= ATTEMPTS, waits_since(run).isoformat()
    status = HookStatus.GIVEN_UP if last else HookStatus.FAILED
    if _end(
        run, turn, status, {"failure": why.as_dict(), "since": since}, None if last else RETRY_SEC * 2 ** (attempts - 1)
    ):
        _journal_failure(run, why, last=last)


def _sentence(problem: Exception) -> Text:
    if isinstance(problem, TradingError):
        return problem.message
    if isinstance(problem, TimeoutError):
        return Text("제시간에 끝나지 않았습니다.", "It did not end in time.")
    name = type(problem).__name__
    return Text(f"예상하지 못한 오류: {name}", f"unexpected error: {name}")


def close_overdue(now: datetime) -> int:
    """Runs that may not be begun any more, or were taken over too often; each is journaled. How many."""
    waiting = HookRun.objects.filter(status__in=[HookStatus.PENDING, HookStatus.FAILED, HookStatus.RUNNING])
    abandoned = ~Q(status=HookStatus.RUNNING) | Q(not_before__lte=db_now())
    closed = 0
    for run in waiting.filter(abandoned, Q(until__lte=now) | Q(attempts__gte=ATTEMPTS)).select_related("account"):
        status = HookStatus.MISSED if run.attempts < ATTEMPTS else HookStatus.GIVEN_UP
        same = HookRun.objects.filter(pk=run.pk, status=run.status, holder=run.holder, attempts=run.attempts)
        if same.update(status=status, done_at=db_now()):
            closed += 1
            late = Text("할 수 있는 시간이 지났습니다.", "Its time is over.")
            often = Text("여러 번 중단되었습니다.", "It was cut off too often.")
            _journal_failure(run, late if status is HookStatus.MISSED else often, last=True)
    return closed


NAMES = {
    BEFORE_OPEN: Text("개장 준비", "Preparation before the open"),
    OPEN: Text("개장 작업", "Work at the open"),
    CLOSE: Text("마감 작업", "Work at the close"),
    END_OF_DAY: Text("일일 결산", "End of day"),
}
_AGAIN = Text("다시 시도합니다.", "It is tried again.")
_NOT_AGAIN = Text("더 시도하지 않습니다.", "It is not tried again.")
REBALANCING = Text("리밸런싱", "Rebalancing")


def name_of(hook: str) -> Text:
    """The hook as a person would say it."""
    return REBALANCING if hook.startswith(REBALANCE) else NAMES.get(hook, Text(hook, hook))


def _journal_failure(run: HookRun, why: Text, *, last: bool) -> None:
    named = name_of(run.hook)
    again = _NOT_AGAIN if last else _AGAIN
    record(
        account=run.account,
        kind="account" if run.account else "log",
        level="error" if last else "warning",
        message=Text(
            f"{named.ko} 실패({run.trading_day}). {why.ko} {again.ko}",
            f"{named.en} failed ({run.trading_day}). {why.en} {again.en}",
        ),
        ctx={"event": "hook_failed", "hook": run.hook, "trading_day": run.trading_day.isoformat(), "last": last},
        at=db_now(),
    )


# --- who takes part -----------------------------------------------------------------------------------------


def offsets() -> Offsets:
    return Offsets(
        before_open=timedelta(minutes=settings.HOOK_BEFORE_OPEN_MIN),
        settles=timedelta(seconds=settings.ORDER_LIST_SETTLES_SEC),
    )


def participants(now: datetime) -> list[Participant]:
    """Accounts with a key: those whose bot is wanted, and those that hold, wait for or did something lately."""
    keyed = BrokerageAccount.objects.filter(credential__isnull=False)
    recent = Order.objects.filter(
        Q(status__in=[s.value for s in OPEN_STATES]) | Q(trading_day__gte=(now - RECENT).date())
    ).values("account_id")
    held = Position.objects.filter(qty__gt=0).values("account_id")
    rows = keyed.filter(Q(enabled=True) | Q(pk__in=recent) | Q(pk__in=held)).values_list("pk", "enabled")
    return [Participant(pk, enabled) for pk, enabled in rows]


def plans() -> list[PlanTimes]:
    """The rebalancing plans that are carried out by themselves."""
    rows = RebalancePlan.objects.filter(enabled=True, account__credential__isnull=False)
    return [
        PlanTimes(
            row.pk, row.account_id, Rhythm(row.schedule), row.minutes_after_open, row.weekday, row.month_day,
            row.enabled_at,
        )
        for row in rows.exclude(schedule=Rhythm.MANUAL)
    ]  # fmt: skip


def _make_rows(found: tuple[Due, ...]) -> None:
    days = {one.trading_day for one in found}
    known = set(HookRun.objects.filter(trading_day__in=days).values_list("hook", "account_id", "trading_day"))
    fresh = [one for one in found if (one.hook, one.account_id, one.trading_day) not in known]
    HookRun.objects.bulk_create(
        [
            HookRun(
                hook=one.hook,
                account_id=one.account_id,
                trading_day=one.trading_day,
                due_at=one.due_at,
                until=one.until,
            )
            for one in fresh
        ],
        ignore_conflicts=True,  # another beat may make them at the same moment
    )
