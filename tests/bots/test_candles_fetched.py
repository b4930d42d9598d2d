"""Candles that a replay waits for come from the broker, are stored, and the replay goes on."""

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest
from asgiref.sync import async_to_sync
from django.core.management import CommandError, call_command
from django.utils import timezone

from backtests import services
from backtests.asked import Asked, Source, Wanted
from backtests.execution import execute
from backtests.models import BacktestRun, Status
from backtests.selectors import runs_without_candles
from backtests.texts import asked_text
from bots.candles import fetch_for
from credentials.models import ApiCredential
from instruments.candles import coverage
from instruments.models import Candle
from market.words import Timeframe

RULE = {
    "symbol": "AAPL",
    "timeframe": "1d",
    "buy_amount_usd": "10000",
    "entry_condition": "close > close[1]",
    "exit_condition": "close < close[1]",
}


@pytest.fixture
def ask(trading_account, trader) -> Callable[..., BacktestRun]:
    """A run that wants candles of the broker's."""

    def make(days: int, **fields) -> BacktestRun:
        now = timezone.now()
        asked = Asked(source=Source.BROKER, first=(now - timedelta(days=days)).date())
        return services.start(
            person=trader, texts=[asked_text(trader, fields={**RULE, **fields})], asked=asked, now=now
        )

    return make


def fetch(run: BacktestRun) -> int:
    return async_to_sync(fetch_for)(run.pk, timezone.now())


def test_daily_candles_are_fetched_stored_and_replayed(ask) -> None:
    run = ask(200)
    assert run.status == Status.NEEDS_CANDLES
    assert runs_without_candles() == [run.pk]

    assert fetch(run) > 100

    assert runs_without_candles() == []
    assert coverage("AAPL", Timeframe.D1) is not None
    assert execute(run.pk) is Status.DONE
    run.refresh_from_db()
    assert run.result["fills"]


@pytest.mark.timeout(180)
def test_minute_candles_know_their_session(ask) -> None:
    run = ask(1, timeframe="5m")
    assert fetch(run) > 5
    assert set(Candle.objects.values_list("timeframe", flat=True)) == {"5m"}
    assert execute(run.pk) in (Status.DONE, Status.FAILED)


def test_what_is_stored_is_not_fetched_again(ask) -> None:
    fetch(ask(200))
    count = Candle.objects.count()
    assert ask(190).status == Status.QUEUED
    assert Candle.objects.count() == count


def test_without_a_key_the_run_ends_and_says_what_to_do(ask) -> None:
    run = ask(200)
    ApiCredential.objects.all().delete()
    assert fetch(run) == 0
    run.refresh_from_db()
    assert run.status == Status.FAILED
    assert "CSV" in run.problem["en"]


def test_a_broker_that_is_away_ends_the_run_with_a_reason(ask, kis) -> None:
    run = ask(200)
    kis.stop()
    fetch(run)
    run.refresh_from_db()
    assert run.status == Status.FAILED
    assert run.problem["ko"]


def test_a_run_called_off_meanwhile_stays_called_off(ask) -> None:
    run = ask(200)
    services.cancel(run=run, now=timezone.now())
    fetch(run)
    assert execute(UUID(str(run.pk))) is None
    run.refresh_from_db()
    assert run.status == Status.CANCELLED


def test_the_command_stores_bars(trading_account, trader, capsys) -> None:
    call_command("fetch_candles", "aapl", "--person", trader.email)
    assert "AAPL@1d" in capsys.readouterr().out
    assert services.coverage("AAPL", Timeframe.D1) is not None


def test_the_command_says_when_nobody_may_read_prices(db) -> None:
    with pytest.raises(CommandError, match="CSV"):
        call_command("fetch_candles", "AAPL")


def test_a_wanted_series_is_kept_as_json() -> None:
    wanted = Wanted("AAPL", Timeframe.M5, timezone.now())
    assert Wanted.of(wanted.as_dict()) == wanted
