"""Which hooks are due when, by the sessions of New York's trading days. Pure: no clock, no database.

Daylight saving, holidays and early closes are in the sessions: nothing here knows an hour of the day.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby, pairwise
from uuid import UUID

from market.data import aware
from market.sessions import SessionSpan
from market.words import Session
from rules.rebalancing import Rhythm, is_day_for

BEFORE_OPEN, OPEN, CLOSE, END_OF_DAY = "before_open", "open", "close", "end_of_day"
REBALANCE = "rebalance:"

READS_AFTER = timedelta(minutes=1)  # beyond the time at which the broker's list is the whole truth of a day
CLOSE_WITHIN = timedelta(hours=1)
LAST_ENTRIES = timedelta(minutes=15)  # a plan for later than this before the close is carried out at this
LAST_TRADES = timedelta(minutes=5)  # a rebalancing is not begun any more
REPORT_WITHIN = timedelta(days=3)  # when no next trading day is known


@dataclass(frozen=True, slots=True)
class Offsets:
    """`before_open`: how long before the regular session; `settles`: the broker's list after a day's last session."""

    before_open: timedelta = timedelta(minutes=30)
    settles: timedelta = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Participant:
    """An account. `trades`: its bot is wanted; one that does not trade any more still has its days ended."""

    account_id: UUID
    trades: bool = True


@dataclass(frozen=True, slots=True)
class PlanTimes:
    """When a rebalancing plan is carried out. What was due before `since` (it was switched on) is not caught up."""

    plan_id: UUID
    account_id: UUID
    rhythm: Rhythm
    minutes_after_open: int = 30
    weekday: int = 0
    month_day: int = 1
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Due:
    """A hook that may be begun in [due_at, until)."""

    hook: str
    account_id: UUID
    trading_day: date
    due_at: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Day:
    """A trading day: its regular session, its first and last moment, and its neighbours if they are known."""

    trading_day: date
    opens: datetime
    closes: datetime
    begins: datetime
    ends: datetime
    before: date | None = None
    next_opens: datetime | None = None


def days_of(spans: Iterable[SessionSpan]) -> tuple[Day, ...]:
    """The trading days that have a regular session, oldest first."""
    by_day = groupby(sorted(spans, key=lambda s: (s.trading_day, s.start)), key=lambda s: s.trading_day)
    found = [day for key, sessions in by_day if (day := _day(key, list(sessions))) is not None]
    befores = [None, *(day.trading_day for day in found)]
    nexts = [*(b.opens for _, b in pairwise(found)), None]
    return tuple(
        Day(d.trading_day, d.opens, d.closes, d.begins, d.ends, before, after)
        for d, before, after in zip(found, befores, nexts, strict=False)
    )


def due(
    now: datetime,
    trading_days: Sequence[SessionSpan],
    accounts: Iterable[Participant],
    plans: Iterable[PlanTimes] = (),
    offsets: Offsets = Offsets(),
) -> tuple[Due, ...]:
    """Every hook that may be begun now, the one due first in front. What is done already the rows know.

    `trading_days`: sessions around now; a week back, for what may be late, and the next trading day.
    """
    aware(now)
    days = days_of(trading_days)
    accounts, plans = tuple(accounts), tuple(plans)
    found = [*_of_accounts(days, accounts, offsets), *_of_plans(days, plans)]
    open_now = (one for one in found if one.due_at <= now < one.until)
    return tuple(sorted(open_now, key=lambda one: (one.due_at, one.hook, str(one.account_id))))


def rebalance_window(day: Day, minutes_after_open: int = 0) -> tuple[datetime, datetime]:
    """From when until when a rebalancing may be begun on the day."""
    wanted = day.opens + timedelta(minutes=minutes_after_open)
    return max(day.opens, min(wanted, day.closes - LAST_ENTRIES)), day.closes - LAST_TRADES


def _day(trading_day: date, sessions: list[SessionSpan]) -> Day | None:
    regular = next((s for s in sessions if s.session is Session.REGULAR), None)
    if regular is None:
        return None
    ends = max(s.end for s in sessions)
    return Day(trading_day, regular.start, regular.end, min(s.start for s in sessions), ends)


def _of_accounts(days: Sequence[Day], accounts: Sequence[Participant], offsets: Offsets) -> Iterator[Due]:
    for day in days:
        report = day.ends + offsets.settles + READS_AFTER
        times = {
            BEFORE_OPEN: (day.opens - offsets.before_open, day.closes),
            OPEN: (day.opens, day.closes),
            CLOSE: (day.closes, max(day.ends, day.closes + CLOSE_WITHIN)),
            END_OF_DAY: (report, max(day.next_opens or report + REPORT_WITHIN, report + CLOSE_WITHIN)),
        }
        for account in accounts:
            for hook, (due_at, until) in times.items():
                if account.trades or hook == END_OF_DAY:
                    yield Due(hook, account.account_id, day.trading_day, due_at, until)


def _of_plans(days: Sequence[Day], plans: Sequence[PlanTimes]) -> Iterator[Due]:
    for day in days:
        for plan in plans:
            wanted = {"weekday": plan.weekday, "month_day": plan.month_day}
            if not is_day_for(plan.rhythm, day.trading_day, day.before, **wanted):
                continue
            due_at, until = rebalance_window(day, plan.minutes_after_open)
            if plan.since is None or due_at >= plan.since:
                yield Due(f"{REBALANCE}{plan.plan_id}", plan.account_id, day.trading_day, due_at, until)
