"""`manage.py backtest`: replays a rule over candles. Needs no Django, database, Redis or network."""

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from decimal import Decimal, InvalidOperation
from pathlib import Path
from time import perf_counter
from typing import Any

from backtests import given, table
from backtests.engine import CandlesError, Costs, Options, Plan, PlanError, Result, bias, read_csv, run, studies
from backtests.report import html_of
from backtests.report.data import shown
from rules.files import RuleFileInvalid
from rules.language import ConditionError

MOST_REASONS = 1_000  # trades up to which the JSON says why each was made


def money(text: str) -> Decimal:
    """An amount or a rate of zero or more, as typed."""
    try:
        value = Decimal(text)
    except InvalidOperation:
        value = Decimal(-1)
    if not value.is_finite() or value < 0:
        raise argparse.ArgumentTypeError(f"'{text}': 0 이상의 숫자여야 합니다 / must be a number of 0 or more")
    return value


def add_arguments(parser: Any) -> None:
    """The options; those of the market's rules hold only when they are given."""
    parser.add_argument("--rule", action="append", required=True, metavar="FILE",
                        help="규칙 파일이나 .kis.yaml / a rule file or .kis.yaml; may be repeated")  # fmt: skip
    parser.add_argument("--candles", action="append", required=True, metavar="[SYMBOL[@1d]=]CSV",
                        help="time,open,high,low,close,volume; may be repeated: QQQ=q.csv, AAPL@1d=d.csv")  # fmt: skip
    parser.add_argument("--cash", type=money, default=Decimal(100_000), help="dollars at the start (100000)")
    parser.add_argument("--commission", type=money, metavar="PCT",
                        help="percent of every fill and no other fee; without it 0.25 and SEC/TAF fees")  # fmt: skip
    parser.add_argument("--slippage-bps", type=money, default=Decimal(0), help="against every marketable order (0)")
    parser.add_argument("--spread-bps", type=money, default=Decimal(0), help="distance of bid and ask (0)")
    parser.add_argument("--volume-limit", type=money, metavar="PCT", help="an order fills at most this share of a bar")
    parser.add_argument("--limit-orders", action="store_true", help="limit orders by the rule's price policy")
    parser.add_argument("--ticks", action="store_true", help="fills lie on a tick, rounded against us")
    parser.add_argument("--limits", metavar="FILE", help="YAML of limits (account, house): the guards of live trading")
    parser.add_argument("--sessions", nargs="?", const="", metavar="CSV",
                        help="only in the rule's sessions: New York's calendar, or a table of yours")  # fmt: skip
    parser.add_argument(
        "--settlement", type=int, default=0, metavar="DAYS", help="sales may be spent after so many days"
    )
    parser.add_argument("--symbol", help="for a .kis.yaml file, or instead of the rule's")
    parser.add_argument(
        "--buy-amount", type=money, metavar="USD", help="for a .kis.yaml file, or instead of the rule's"
    )
    parser.add_argument("--benchmark", metavar="CSV", help="candles of what to compare with, such as SPY")
    parser.add_argument("--path", choices=("auto", "step", "array"), default="auto", help="how it is reckoned (auto)")
    parser.add_argument("--check-look-ahead", action="store_true", help="decide again without what comes later")
    parser.add_argument("--grid", action="append", default=[], metavar="NAME=A:B:C", help="try every combination")
    parser.add_argument("--metric", default=studies.METRIC, choices=(*studies.SHOWN, "final_equity"),
                        help="by which a grid and a walk-forward choose")  # fmt: skip
    parser.add_argument(
        "--walk-forward", metavar="TRAIN:TEST", help="choose by the past (bars) again and again; needs --grid"
    )
    parser.add_argument("--monte-carlo", type=int, metavar="N", help="shuffle the trades so many times")
    parser.add_argument("--seed", type=int, default=0, help="of everything random (0)")
    parser.add_argument("--html", type=Path, metavar="FILE", help="보고서를 이 파일로 / write the report to this file")
    parser.add_argument("--language", choices=("ko", "en"), default="ko", help="of the report (ko)")
    parser.add_argument("--json", action="store_true", help="print one JSON object and nothing else")


def main(arguments: Sequence[str], say: Callable[[str], Any] = print) -> int:
    """Exit code of the command: 0, or 1 with one message on stderr."""
    parser = argparse.ArgumentParser(prog="backtest", description="규칙을 과거의 봉에 돌려 봅니다 / Replay a rule.")
    add_arguments(parser)
    return carried_out(parser.parse_args(list(arguments)), say, lambda text: print(text, file=sys.stderr))


def carried_out(options: argparse.Namespace, say: Callable[[str], Any], complain: Callable[[str], Any]) -> int:
    """Does what the options ask for. What a person could not know is said, not thrown."""
    try:
        result = outcome(options)
        if options.html:
            _write_report(result, options)
        say(json.dumps(_json(result)) if options.json else table.shown(result))
        return 0
    except (PlanError, CandlesError, ConditionError) as error:
        complain(str(error.text))
    except OSError as error:
        complain(f"{options.html}: 파일에 쓸 수 없습니다 / the file cannot be written: {error.strerror}")
    except RuleFileInvalid as error:
        complain(f"{', '.join(options.rule)}\n{error.text.ko}\n{error.text.en}")
    return 1


def _write_report(result: Result, options: argparse.Namespace) -> None:
    """The report beside what is printed."""
    found = shown(result)
    names = ("cash", "commission", "slippage_bps", "spread_bps", "volume_limit", "limit_orders", "ticks", "settlement")
    found["options"] = {name: getattr(options, name) for name in names if getattr(options, name) not in (None, False)}
    found["rules"] = [
        {"rule_id": None, "version": 1, "fields": {"rule": Path(path).read_text("utf-8")}} for path in options.rule
    ]
    title = ", ".join(Path(path).stem for path in options.rule)
    options.html.write_text(html_of(found, title=title, language=options.language), encoding="utf-8")


def outcome(options: argparse.Namespace) -> Result:
    """The replay and the studies, which are added to it."""
    began = perf_counter()
    plan = plan_of(options)
    read = perf_counter() - began
    result = run(plan, path=options.path)
    result.extra["read_seconds"] = read
    axes = _axes(options.grid)
    if options.check_look_ahead:
        report = bias.look_ahead(plan, seed=options.seed)
        result.extra["look_ahead"] = report.as_dict()
        if not report.ok:
            result.notes = (report.text, *result.notes)
    if axes and not options.walk_forward:
        result.extra["grid"] = studies.grid(plan, axes, metric=options.metric).as_dict()
    if options.walk_forward:
        train, test = _pair(options.walk_forward)
        study = studies.walk_forward(plan, axes, train_bars=train, test_bars=test, metric=options.metric)
        result.extra["walk_forward"] = study.as_dict()
    if options.monte_carlo:
        result.extra["monte_carlo"] = studies.monte_carlo(result, runs=options.monte_carlo, seed=options.seed).as_dict()
    return result


def plan_of(options: argparse.Namespace) -> Plan:
    """The plan that the options describe. Raises PlanError, CandlesError, RuleFileInvalid."""
    outranking = {"symbol": options.symbol, "buy_amount_usd": options.buy_amount}
    outranking = {name: value for name, value in outranking.items() if value is not None}
    rules = [given.read_strategy(Path(path), outranking) for path in options.rule]
    candles, rules = given.read_candles(options.candles, rules)
    sessions = None
    if options.sessions is not None or any(each.asks_for_sessions for each in rules):
        own = options.sessions
        sessions = given.read_sessions(Path(own)) if own else given.new_york_sessions(candles)
    return Plan(
        rules=tuple(each.rule for each in rules),
        candles=candles,
        cash=options.cash,
        costs=Costs() if options.commission is None else Costs.only(options.commission),
        options=Options(
            slippage_bps=options.slippage_bps,
            spread_bps=options.spread_bps,
            limit_orders=options.limit_orders or any(each.asks_for_limits for each in rules),
            ticks=options.ticks,
            volume_limit_pct=options.volume_limit,
            sessions=sessions,
            guards=given.read_limits(Path(options.limits)) if options.limits else None,
            settlement_days=options.settlement,
        ),
        benchmark=read_csv(Path(options.benchmark)) if options.benchmark else None,
        notes=tuple(note for each in rules for note in each.notes),
    )


def _axes(texts: Sequence[str]) -> dict[str, list[str]]:
    axes = {}
    for text in texts:
        name, equals, values = text.partition("=")
        if not equals or not values:
            raise PlanError(f"--grid {text}: 이름=값:값:값 으로 적으세요.", f"--grid {text}: write NAME=A:B:C.")
        axes[name.strip()] = [value.strip() for value in values.split(":")]
    return axes


def _pair(text: str) -> tuple[int, int]:
    train, _, test = text.partition(":")
    if not train.isdecimal() or not test.isdecimal():
        raise PlanError(
            f"--walk-forward {text}: 훈련 봉 수:시험 봉 수 로 적으세요.",
            f"--walk-forward {text}: write bars to train on:bars to test on.",
        )
    return int(train), int(test)


def _json(result: Result) -> dict[str, Any]:
    if len(result.trades) <= MOST_REASONS:
        return result.as_dict()
    result.let_go()  # very many trades are large enough by themselves
    return result.as_dict(reasons=False)


__all__ = ["add_arguments", "carried_out", "main", "outcome", "plan_of"]
