"""Asking for a replay, giving it candles, calling it off. Nothing here sends an order."""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from accounts.models import BrokerageAccount, User
from api.problems import ApiError
from backtests.asked import Asked, Source, Wanted, earliest, series_of
from backtests.engine.candles import CandlesError, read_csv
from backtests.models import BacktestRun, GivenCandles, Kind, Status, Study
from backtests.texts import RuleText
from instruments.candles import coverage
from market.errors import Text
from market.words import Timeframe

MOST_OPEN = 5  # replays of one person that wait or run
SILENT = timedelta(minutes=3)  # a replay that says nothing for so long has lost its process
NEAR = timedelta(days=5)  # a long weekend may lie between the wanted first bar and the stored one


class TooMany(ApiError):
    def __init__(self) -> None:
        message = Text(
            f"기다리거나 도는 백테스트가 이미 {MOST_OPEN}개입니다. 끝나거나 취소한 뒤 다시 해 주세요.",
            f"{MOST_OPEN} backtests already wait or run. Try again when one has ended, or cancel one.",
        )
        super().__init__("too_many", message, 429)


class NoCandles(ApiError):
    """Nothing stored of a series that the rule reads."""

    def __init__(self, lacking: Sequence[Wanted]) -> None:
        names = ", ".join(f"{wanted.symbol} {wanted.timeframe}" for wanted in lacking)
        message = Text(
            f"저장된 봉이 없습니다: {names}. 증권사에서 받거나(source: broker) CSV 를 올려 주세요.",
            f"No bars are stored of {names}. Have them fetched (source: broker) or bring a CSV.",
        )
        super().__init__("no_candles", message, 409)


@dataclass(frozen=True)
class Csv:
    """A series that a person brings along."""

    symbol: str
    timeframe: Timeframe
    text: str


def start(
    *,
    person: User,
    texts: Sequence[RuleText],
    asked: Asked,
    account: BrokerageAccount | None = None,
    given: Sequence[Csv] = (),
    study: Study = Study.SINGLE,
    kind: Kind = Kind.BACKTEST,
    name: str = "",
    now: datetime,
) -> BacktestRun:
    """A run that waits for its turn, or first for its candles. Raises TooMany, NoCandles, ApiError for a bad CSV."""
    if BacktestRun.objects.filter(person=person, status__in=_OPEN).count() >= MOST_OPEN:
        raise TooMany
    for series in given:
        _must_be_candles(series)
    status = _first_status(texts, asked, given, now)
    with transaction.atomic():
        run = BacktestRun.objects.create(
            person=person,
            account=account,
            rule_id=texts[0].rule_id,
            kind=kind,
            study=study,
            name=name,
            rules=[text.as_dict() for text in texts],
            options=asked.as_dict(),
            status=status,
        )
        GivenCandles.objects.bulk_create(
            GivenCandles(
                run=run, symbol=series.symbol, timeframe=series.timeframe, csv=zlib.compress(series.text.encode())
            )
            for series in given
        )
    return run


def _first_status(texts: Sequence[RuleText], asked: Asked, given: Sequence[Csv], now: datetime) -> Status:
    brought = {(series.symbol, series.timeframe) for series in given}
    lacking = [wanted for wanted in _wanted(texts, asked, now) if (wanted.symbol, wanted.timeframe) not in brought]
    if asked.source is Source.BROKER:
        return Status.NEEDS_CANDLES if any(_outdated(wanted, now) for wanted in lacking) else Status.QUEUED
    own = {(text.rule.symbol, text.rule.timeframe) for text in texts}
    absent = [w for w in lacking if (w.symbol, w.timeframe) in own and coverage(w.symbol, w.timeframe) is None]
    if absent:
        raise NoCandles(absent)
    return Status.QUEUED


def _wanted(texts: Sequence[RuleText], asked: Asked, now: datetime) -> list[Wanted]:
    found = [
        wanted for text in texts for wanted in series_of(text.rule, asked, earliest(asked, text.rule.timeframe, now))
    ]
    return list(dict.fromkeys(found))


def _outdated(wanted: Wanted, now: datetime) -> bool:
    """Whether the stored bars do not reach from the wanted first one to about now."""
    there = coverage(wanted.symbol, wanted.timeframe)
    return there is None or there[0] > wanted.first + NEAR or there[1] < now - NEAR


def _must_be_candles(series: Csv) -> None:
    try:
        read_csv(series.text, series.timeframe)
    except CandlesError as error:
        raise ApiError("bad_candles", error.text, 400, {"candles": [error.text]}) from error


def waiting_for_candles(run: BacktestRun, now: datetime) -> list[Wanted]:
    """The series that must be fetched before the run can begin."""
    brought = set(run.given.values_list("symbol", "timeframe"))
    texts, asked = [RuleText.of(stored) for stored in run.rules], Asked.of(run.options)
    wanted = [w for w in _wanted(texts, asked, now) if (w.symbol, w.timeframe.value) not in brought]
    return [w for w in wanted if _outdated(w, now)]


def candles_came(*, run: BacktestRun) -> bool:
    """The run takes its place in the queue; False when somebody called it off meanwhile."""
    return _move(run, Status.NEEDS_CANDLES, Status.QUEUED)


def no_candles(*, run: BacktestRun, why: Text, now: datetime) -> bool:
    """The run ends here, and says why."""
    return _move(run, Status.NEEDS_CANDLES, Status.FAILED, problem=why.as_dict(), finished_at=now)


def cancel(*, run: BacktestRun, now: datetime) -> bool:
    """Call it off; a running one stops within seconds. False when it had ended already."""
    moved = BacktestRun.objects.filter(pk=run.pk, status__in=_OPEN).update(status=Status.CANCELLED, finished_at=now)
    run.refresh_from_db()
    return moved > 0


def end_silent(now: datetime) -> int:
    """Runs whose process is gone are said to have failed; how many."""
    why = Text(
        "계산하던 프로세스가 끝나 버렸습니다. 다시 시작해 주세요.",
        "The process that reckoned it is gone. Start it again.",
    )
    silent = BacktestRun.objects.filter(status=Status.RUNNING, beat_at__lt=now - SILENT)
    return silent.update(status=Status.FAILED, problem=why.as_dict(), finished_at=now)


def _move(run: BacktestRun, before: Status, after: Status, **changes: object) -> bool:
    moved = BacktestRun.objects.filter(pk=run.pk, status=before).update(status=after, **changes)
    return moved > 0


_OPEN = [status for status in Status if not status.final]
