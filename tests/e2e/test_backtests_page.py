"""A person tries a rule on candles of their own: the form, the run, and its report."""

import math
import sys
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from tests.processes import Running

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]

FIRST = date(2024, 1, 2)
DAYS = 500


@pytest.fixture
def candles(tmp_path: Path) -> Path:
    """A file of days whose price swings, so that a crossing of means trades again and again."""
    rows = ["time,open,high,low,close,volume"]
    for k in range(DAYS):
        price = 100 + 20 * math.sin(k / 25) + k * 0.03
        prices = ",".join(f"{price + offset:.2f}" for offset in (0, 2, -2, 0.5))
        rows.append(f"{FIRST + timedelta(days=k)},{prices},5000000")
    path = tmp_path / "days.csv"
    path.write_text("\n".join(rows) + "\n")
    return path


@pytest.fixture
def reckoner(house, tmp_path: Path) -> Iterator[Running]:
    """The process that carries out what waits in the queue of backtests."""
    command = ("-m", "celery", "-A", "config.celery:app", "worker", "-Q", "backtests", "-P", "solo", "-l", "warning")
    with (tmp_path / "reckoner.log").open("w") as log:
        worker = Running(sys.executable, *command, "--without-gossip", "--without-mingle", log=log)
        yield worker
        worker.kill()


def sign_in(page, house, role: str) -> None:
    page.goto(f"{house.web}/login")
    page.fill('input[name="email"]', house.people[role]["email"])
    page.fill('input[name="password"]', house.people[role]["password"])
    page.click('[data-testid="sign-in"]')
    page.wait_for_url(lambda url: "/login" not in url)


def test_a_backtest_on_a_file_of_candles_is_started_followed_and_read(house, page, reckoner, candles):
    sign_in(page, house, "trader")
    page.goto(f"{house.web}/backtests")

    page.select_option('select[name="ready_id"]', "golden_cross")
    page.click('label:has(input[name="source"][value="csv"])')
    page.fill('input[name="cash"]', "12345")
    page.click('[data-testid="start-backtest"]')

    page.get_by_test_id("field-error").filter(has_text="파일").wait_for()
    assert page.input_value('input[name="cash"]') == "12345"  # nothing typed is lost

    page.set_input_files('input[name="csv"]', str(candles))
    page.click('[data-testid="start-backtest"]')

    page.wait_for_url(lambda url: "/backtests/" in url)
    page.get_by_test_id("report").wait_for()
    assert page.get_by_test_id("warnings").count() == 1  # few trades
    assert page.get_by_test_id("headline").count() == 0  # so no return is shown large
    assert page.get_by_test_id("trade-row").count() > 0
    page.locator('[data-testid="chart"] canvas').first.wait_for()
    assert page.get_by_test_id("chart").count() == 2

    report = page.request.get(house.web + page.get_by_test_id("html-report").get_attribute("href"))
    assert report.status == 200
    assert "sandbox" in report.headers["content-security-policy"]
    assert "먼저 읽을 것" in report.text()

    page.goto(f"{house.web}/backtests")
    page.locator('[data-testid="backtest-row"][data-status="done"]').wait_for()
