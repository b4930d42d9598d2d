"""`manage.py backtest`, as a person and as a program use it."""

import json
import os
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import numpy
import pytest
from django.core.management import call_command

from backtests import command

ROOT = Path(__file__).resolve().parents[2]
RULE = """symbol: AAPL
timeframe: 1m
buy_amount_usd: 10000
entry_condition: sma($fast) crosses_above sma($slow)
exit_condition: sma($fast) crosses_below sma($slow)
params: {fast: 3, slow: 9}
"""


def csv_of(path: Path, n: int = 600, seed: int = 3, *, daily: bool = False) -> Path:
    random = numpy.random.default_rng(seed)
    close = numpy.round(100 * numpy.exp(numpy.cumsum(random.normal(0, 0.01, n))), 2)
    opened = numpy.append(close[:1], close[:-1])
    step = numpy.arange(n).astype("m8[D]" if daily else "m8[m]")
    first = numpy.datetime64("2020-01-01" if daily else "2024-01-02T14:30:00")
    times = [f"{time}{'' if daily else 'Z'}" for time in (first + step).astype(str).tolist()]
    rows = zip(times, opened, numpy.maximum(opened, close), numpy.minimum(opened, close), close, strict=True)
    lines = [",".join(map(str, (*row, 1000))) for row in rows]
    path.write_text("time,open,high,low,close,volume\n" + "\n".join(lines) + "\n")
    return path


@pytest.fixture
def files(tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rule.yaml").write_text(RULE)
    csv_of(tmp_path / "candles.csv")
    return tmp_path


def said(*arguments: str) -> tuple[int, list[str]]:
    lines: list[str] = []
    return command.main(["--rule", "rule.yaml", "--candles", "candles.csv", *arguments], lines.append), lines


def answer(*arguments: str) -> dict:
    code, lines = said("--json", *arguments)
    assert (code, len(lines)) == (0, 1)
    return json.loads(lines[0])


def test_json_is_one_object_with_the_promised_keys(files):
    found = answer("--commission", "0.25", "--slippage-bps", "0")
    assert {"fills", "final_equity", "bars", "seconds", "statistics"} <= set(found)
    assert found["bars"] == 600
    assert {"time", "symbol", "side", "quantity", "price", "commission"} <= set(found["fills"][0])
    assert found["fills"][0]["time"].endswith("Z")
    assert found["fills"][0]["side"] == "buy"


def test_fills_and_commissions_make_up_the_final_equity(files):
    found = answer("--commission", "0.25", "--cash", "50000")
    cash, held = Decimal(50_000), 0
    for fill in found["fills"]:
        sign = 1 if fill["side"] == "buy" else -1
        cash -= sign * fill["quantity"] * Decimal(str(fill["price"])) + Decimal(str(fill["commission"]))
        held += sign * fill["quantity"]
    last = Decimal(Path("candles.csv").read_text().splitlines()[-1].split(",")[4])
    assert float(cash + held * last) == pytest.approx(found["final_equity"], abs=1e-9)


def test_both_paths_print_the_same(files):
    step, fast = answer("--path", "step"), answer("--path", "array")
    different = {name for name in step if step[name] != fast[name]}
    assert different <= {"path", "seconds", "read_seconds"}


def test_a_trade_tells_why_in_both_languages(files):
    trade = answer()["trades"][0]
    assert "crossed above" in trade["entry_reason"]["en"]
    assert trade["exit_reason"]["ko"].endswith("매도함")


def test_people_get_a_table_with_warnings_first(files):
    csv_of(files / "candles.csv", 90)
    code, lines = said("--commission", "0")
    text = "\n".join(lines)
    assert code == 0
    assert text.index("!") < text.index("final equity") < text.index("latest trades")
    assert "Sharpe" in text
    assert "샤프" in text


def test_dates_stay_dates(files):
    csv_of(files / "candles.csv", daily=True)
    Path("rule.yaml").write_text(RULE.replace("1m", "1d"))
    assert answer()["fills"][0]["time"].startswith("2020-")
    assert len(answer()["fills"][0]["time"]) == 10


def test_longer_bars_than_the_rule_s_are_replayed_as_they_are_and_that_is_said(files):
    csv_of(files / "candles.csv", daily=True)
    found = answer()
    assert found["bars"] == 600
    assert any("1d bars" in warning["en"] for warning in found["warnings"])


def test_studies(files):
    found = answer("--grid", "fast=2:3", "--grid", "slow=8:9", "--monte-carlo", "50", "--check-look-ahead")
    assert len(found["grid"]["points"]) == 4
    assert found["monte_carlo"]["runs"] == 50
    assert found["look_ahead"]["ok"]
    assert answer("--grid", "fast=2:3", "--walk-forward", "200:100")["walk_forward"]["windows"]


def test_studies_have_their_tables(files):
    _, lines = said("--grid", "fast=2:3", "--walk-forward", "200:100", "--monte-carlo", "20", "--check-look-ahead")
    assert "walk-forward" in lines[0]
    assert "Monte Carlo" in lines[0]
    _, lines = said("--grid", "fast=2:3", "--grid", "slow=8:9")
    assert "best: fast=" in lines[0]


def test_the_rule_file_asks_for_limit_orders_and_sessions_by_naming_them(files):
    plain = command.plan_of(options())
    assert plain.options.plain
    Path("rule.yaml").write_text(RULE + "order_price: last\nsessions: [regular]\n")
    asked = command.plan_of(options())
    assert asked.options.limit_orders
    assert asked.options.sessions is not None
    assert asked.options.sessions.at(1704205800) is not None  # 2024-01-02 14:30 UTC


def options(*arguments: str):
    import argparse

    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    return parser.parse_args(["--rule", "rule.yaml", "--candles", "candles.csv", *arguments])


def test_limits_and_sessions_from_files(files):
    Path("limits.yaml").write_text("account:\n  max_order_usd: 500\n")
    Path("sessions.csv").write_text(
        "trading_day,session,start,end\n2024-01-02,regular,2024-01-02T14:30:00Z,2024-01-02T21:00:00Z\n"
    )
    found = answer("--limits", "limits.yaml", "--sessions", "sessions.csv")
    assert all(fill["quantity"] * fill["price"] < 510 for fill in found["fills"] if fill["side"] == "buy")


def test_several_rules_and_symbols(files):
    Path("other.yaml").write_text(RULE.replace("AAPL", "MSFT"))
    csv_of(files / "msft.csv", seed=9)
    lines: list[str] = []
    arguments = [
        "--rule",
        "rule.yaml",
        "--rule",
        "other.yaml",
        "--candles",
        "AAPL=candles.csv",
        "--candles",
        "MSFT=msft.csv",
    ]
    assert command.main([*arguments, "--json"], lines.append) == 0
    assert {fill["symbol"] for fill in json.loads(lines[0])["fills"]} == {"AAPL", "MSFT"}


def test_an_official_strategy_file_is_read_with_its_symbol_and_amount_given(files):
    Path("rule.yaml").write_text(OFFICIAL)
    csv_of(files / "candles.csv", daily=True)
    found = answer("--symbol", "AAPL", "--buy-amount", "10000")
    assert found["symbols"] == ["AAPL"]
    assert found["fills"]


OFFICIAL = """version: "1.0"
metadata:
  name: cross
strategy:
  id: cross
  indicators:
    - id: sma
      alias: fast
      params: {period: 3}
    - id: sma
      alias: slow
      params: {period: 9}
  entry:
    logic: AND
    conditions:
      - indicator: fast
        operator: cross_above
        compare_to: slow
  exit:
    logic: AND
    conditions:
      - indicator: fast
        operator: cross_below
        compare_to: slow
"""


@pytest.mark.parametrize(
    ("rule", "arguments", "expected"),
    [
        ("symbol: AAPL\n", (), "required"),
        (RULE.replace("sma($fast) crosses", "smaa($fast) crosses"), (), "smaa"),
        (RULE, ("--candles", "nowhere.csv"), "There is no file nowhere.csv"),
        (RULE.replace("sma($fast) crosses_above", "QQQ.sma($fast) crosses_above"), (), "bars of QQQ"),
        (RULE, ("--grid", "fast"), "write NAME=A:B:C"),
        (RULE, ("--path", "array", "--volume-limit", "5"), "cannot be run over arrays"),
    ],
)
def test_what_is_wrong_is_one_message_and_an_exit_code(files, capsys, rule, arguments, expected):
    Path("rule.yaml").write_text(rule)
    code, lines = said(*arguments)
    assert (code, lines) == (1, [])
    assert expected in capsys.readouterr().err


def test_django_calls_the_same(files, capsys):
    call_command("backtest", rule=["rule.yaml"], candles=["candles.csv"], json=True)
    assert json.loads(capsys.readouterr().out)["bars"] == 600


def test_needs_no_settings_no_servers_and_no_django(files):
    env = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    arguments = ["backtest", "--rule", "rule.yaml", "--candles", "candles.csv", "--json"]
    script = "import runpy, sys; sys.argv = ['manage.py', *sys.argv[2:]]; sys.path.insert(0, {root!r})\n"
    script += "try:\n    runpy.run_path({root!r} + '/manage.py', run_name='__main__')\nfinally:\n"
    script += "    print('django' in sys.modules, file=sys.stderr)"
    argv = [sys.executable, "-c", script.format(root=str(ROOT)), "-", *arguments]
    done = subprocess.run(argv, env=env, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)["bars"] == 600
    assert done.stderr.strip() == "False"


def test_the_report_is_written_beside_what_is_printed(files, capsys):
    code, lines = said("--html", "report.html", "--language", "en", "--json")
    assert code == 0 and json.loads(lines[0])["bars"] == 600
    html = Path("report.html").read_text()
    assert '<html lang="en">' in html and "crossed above" in html
    code, _ = said("--html", "no/such/folder/report.html")
    assert code == 1 and "cannot be written" in capsys.readouterr().err
