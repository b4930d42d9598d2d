"""Reckoning a run: its candles, its plan, its study; progress and the calling-off on the way."""

import logging
import time
import traceback
import zlib
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.utils import timezone

from accounts.models import BrokerageAccount
from accounts.selectors import house_limits, limits_of
from backtests.asked import Asked, Source, Wanted, earliest, series_of
from backtests.engine.candles import CandlesError, read_csv
from backtests.engine.plan import Guards, Options, Plan, PlanError, SessionTable
from backtests.models import BacktestRun, Status
from backtests.report.data import headline
from backtests.studying import study
from backtests.texts import RuleText
from instruments.candles import read_columns
from instruments.models import TradingDay
from market.columns import Columns
from market.errors import Text
from market.sessions import SessionSpan
from market.words import Environment, Session, Timeframe
from orders.facts import account_limits, whole_house_limits
from rules.language import ConditionError

log = logging.getLogger("backtests")
BEAT_SEC = 1.0


class CalledOff(Exception):
    """Somebody cancelled the run."""


def execute(run_id: UUID) -> Status | None:
    """Reckon the run if it is still queued; how it ended, None when it was somebody else's."""
    now = timezone.now()
    taken = BacktestRun.objects.filter(pk=run_id, status=Status.QUEUED)
    if not taken.update(status=Status.RUNNING, started_at=now, beat_at=now):
        return None
    run = BacktestRun.objects.select_related("account", "person").get(pk=run_id)
    try:
        result, bars = _reckon(run, now)
    except CalledOff:
        return Status.CANCELLED
    except (PlanError, CandlesError, ConditionError) as problem:
        return _failed(run, problem.text)
    except Exception:  # a defect of ours: the person hears of it, the log has the rest
        log.exception("backtest %s failed", run.pk)
        return _failed(run, _defect())
    return _done(run, result, bars)


def _reckon(run: BacktestRun, now: datetime) -> tuple[dict[str, Any], int]:
    asked = Asked.of(run.options)
    texts = [RuleText.of(stored) for stored in run.rules]
    plan = plan_of(run, texts, asked, now)
    started = time.perf_counter()
    result = study(run.study, plan, texts, asked, _Progress(run))
    bars = sum(len(series) for series in plan.series)
    return {**result, "seconds": round(time.perf_counter() - started, 3)}, bars


def plan_of(run: BacktestRun, texts: list[RuleText], asked: Asked, now: datetime) -> Plan:
    """What the engine is to replay. Raises PlanError when a series is missing, CandlesError for a bad file."""
    rules = tuple(text.rule for text in texts)
    brought = {(given.symbol, given.timeframe): given for given in run.given.all()}
    candles: dict[str, Columns] = {}
    for text in texts:
        for wanted in series_of(text.rule, asked, earliest(asked, text.rule.timeframe, now)):
            given = brought.get((wanted.symbol, wanted.timeframe.value))
            columns = _given(bytes(given.csv), wanted) if given else stored(wanted, asked, text.fields["sessions"])
            if len(columns):
                candles[wanted.name] = columns
    benchmark = candles.get(f"{asked.benchmark}@{Timeframe.D1}") if asked.benchmark else None
    options = options_of(asked, run.account, candles)
    return Plan(rules, candles, asked.cash, asked.costs, options, benchmark)


def _given(csv: bytes, wanted: Wanted) -> Columns:
    return read_csv(zlib.decompress(csv).decode(), wanted.timeframe)


def stored(wanted: Wanted, asked: Asked, sessions: list[str]) -> Columns:
    """The stored bars of every session, as a bot sees them, when the calendar says in which of them the rule may act.

    Otherwise every bar will be tradable, so those of the sessions in which it acts.
    """
    columns = _read(wanted, asked, Session)
    if len(columns) and wanted.timeframe is not Timeframe.D1 and not _by_calendar(asked, {wanted.name: columns}):
        columns = _read(wanted, asked, [Session(session) for session in sessions])
    return columns


def _read(wanted: Wanted, asked: Asked, sessions: Iterable[Session]) -> Columns:
    last = None
    if asked.last is not None:
        last = datetime.combine(asked.last + timedelta(days=1), datetime.min.time(), wanted.first.tzinfo)
    return read_columns(wanted.symbol, wanted.timeframe, first=wanted.first, last=last, sessions=sessions)


def options_of(asked: Asked, account: BrokerageAccount | None, candles: Mapping[str, Columns]) -> Options:
    """The market's rules that were asked for; sessions only where the calendar knows them."""
    return Options(
        slippage_bps=asked.slippage_bps,
        spread_bps=asked.spread_bps,
        limit_orders=asked.limit_orders,
        ticks=asked.ticks,
        volume_limit_pct=asked.volume_limit_pct,
        sessions=_by_calendar(asked, candles),
        guards=guards_of(account) if asked.guards else None,
        settlement_days=asked.settlement_days,
    )


def guards_of(account: BrokerageAccount | None) -> Guards:
    """The house's limits, and the account's where there is one."""
    limits = whole_house_limits(house_limits())
    if account is None:
        return Guards(house=limits)
    own = account_limits(limits_of(account))
    return Guards(house=limits, account=own, environment=Environment(account.environment))


def _by_calendar(asked: Asked, candles: Mapping[str, Columns]) -> SessionTable | None:
    return _sessions(candles) if asked.sessions and asked.source is not Source.CSV else None


def _sessions(candles: Mapping[str, Columns]) -> SessionTable | None:
    """The calendar's sessions around the candles; None when it does not reach back to their first bar.

    Bars of days lie outside every session: they need none.
    """
    intraday = [columns for columns in candles.values() if columns.timeframe is not Timeframe.D1]
    if not intraday:
        return None
    first, last = min(int(c.start[0]) for c in intraday), max(int(c.start[-1]) for c in intraday)
    begin, end = (datetime.fromtimestamp(moment, timezone.get_default_timezone()) for moment in (first, last))
    rows = TradingDay.objects.filter(market="US", end__gt=begin, start__lte=end).order_by("start")
    spans = tuple(
        SessionSpan(day, Session(session), start, over)
        for day, session, start, over in rows.values_list("trading_day", "session", "start", "end")
    )
    known = spans and spans[0].start <= begin
    return SessionTable(spans) if known else None


class _Progress:
    """Says how far a run is, once a second, and learns then whether it was called off."""

    def __init__(self, run: BacktestRun) -> None:
        self.run = run
        self.said = time.monotonic()

    def __call__(self, share: float) -> None:
        if time.monotonic() - self.said < BEAT_SEC:
            return
        self.said = time.monotonic()
        running = BacktestRun.objects.filter(pk=self.run.pk, status=Status.RUNNING)
        if not running.update(progress=min(max(share, 0.0), 1.0), beat_at=timezone.now()):
            raise CalledOff


def _done(run: BacktestRun, result: dict[str, Any], bars: int) -> Status:
    ended = {"result": result, "bars": bars, "seconds": result["seconds"], "progress": 1.0}
    ended["headline"] = headline(result)
    running = BacktestRun.objects.filter(pk=run.pk, status=Status.RUNNING)
    moved = running.update(status=Status.DONE, finished_at=timezone.now(), **ended)
    return Status.DONE if moved else Status.CANCELLED


def _failed(run: BacktestRun, why: Text) -> Status:
    running = BacktestRun.objects.filter(pk=run.pk, status=Status.RUNNING)
    moved = running.update(status=Status.FAILED, problem=why.as_dict(), finished_at=timezone.now())
    return Status.FAILED if moved else Status.CANCELLED


def _defect() -> Text:
    kind = traceback.format_exc(limit=0).strip().splitlines()[-1].split(":")[0]
    return Text(
        f"계산 중에 우리 쪽 오류가 났습니다 ({kind}). 기록에 남겼습니다.",
        f"A defect of ours ended it ({kind}). The log has the rest.",
    )
