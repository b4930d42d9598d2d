"""What the command line names: rule files, official strategy files, candles, limits, sessions."""

import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml

from backtests.engine import Guards, PlanError, SessionTable, read_csv
from market.columns import Columns
from market.errors import Text
from market.sessions import SessionSpan
from market.words import Session, Timeframe
from orders.risk import Limits
from rules.domain import Rule
from rules.fields import missing, read_fields, with_defaults
from rules.files import RuleFileInvalid, read_rule
from rules.problems import errors_of
from rules.whole import judge, rule_of

PRICE_FIELDS = frozenset(("order_price", "price_offset_bps", "price_offset_ticks"))
_OFFICIAL = re.compile(r"^(strategy|metadata)\s*:", re.MULTILINE)
_SERIES = re.compile(r"([A-Za-z][A-Za-z0-9./-]{0,15})(?:@(\d+[mhd]))?=(.+)")


@dataclass(frozen=True)
class Given:
    """A rule, the fields that its file names, and what is to be said about it."""

    rule: Rule
    fields: frozenset[str]
    notes: tuple[Text, ...] = ()

    @property
    def asks_for_limits(self) -> bool:
        """The file says at what price to order."""
        return bool(self.fields & PRICE_FIELDS)

    @property
    def asks_for_sessions(self) -> bool:
        return "sessions" in self.fields


def text_of(path: Path) -> str:
    """The file's text. Raises PlanError when it cannot be read."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise PlanError(f"{path}을(를) 읽을 수 없습니다: {error}", f"{path} cannot be read: {error}") from error


def read_strategy(path: Path, given: Mapping[str, Any]) -> Given:
    """A rule file or an official `.kis.yaml`; `given` fields (symbol, buy_amount_usd) outrank the file's.

    Raises RuleFileInvalid or PlanError.
    """
    text = text_of(path)
    if _OFFICIAL.search(text):
        return _official(text, given)
    file = read_rule(_outranked(text, given))
    notes = tuple(problem.text for problem in file.warnings)
    return Given(file.rule, frozenset(file.given) - frozenset(given), notes)


def _outranked(text: str, given: Mapping[str, Any]) -> str:
    """The file with other lines for what is given on the command line."""
    for name, value in given.items():
        text = re.sub(rf"^{name}\s*:.*$", "", text, flags=re.MULTILINE)
        text = text.rstrip("\n") + f"\n{name}: {value}\n"
    return text


def _official(text: str, given: Mapping[str, Any]) -> Given:
    from rules.official import read_official  # which most replays never need

    official, notes = read_official(text)
    said = {**official, **given}
    fields, problems = read_fields(said)
    problems = [*missing(said), *problems]
    whole = with_defaults(fields)
    if not problems:
        problems = errors_of(judge(whole).problems)
    if problems:
        raise RuleFileInvalid(problems)
    return Given(rule_of(whole), frozenset(), tuple(_remark(note) for note in notes))


def _remark(note: Any) -> Text:
    return Text(f"{note.line}번째 줄: {note.text.ko}", f"Line {note.line}: {note.text.en}")


def read_candles(named: list[str], rules: list[Given]) -> tuple[dict[str, Columns], list[Given]]:
    """Every series by its name, and the rules in the length of bar that their own file has when that is longer.

    Raises PlanError and CandlesError.
    """
    symbols = list(dict.fromkeys(given.rule.symbol for given in rules))
    candles: dict[str, Columns] = {}
    for text in named:
        name, timeframe, path = _named(text, symbols)
        if not path.is_file():
            raise PlanError(f"{path} 파일이 없습니다.", f"There is no file {path}.")
        candles[name] = read_csv(path, timeframe)
    return candles, [_fitted(given, candles) for given in rules]


def _named(text: str, symbols: list[str]) -> tuple[str, Timeframe | None, Path]:
    found = None if Path(text).is_file() else _SERIES.fullmatch(text)
    if found is None:
        if len(symbols) > 1:
            raise PlanError(
                f"규칙이 여러 종목이라 어느 종목의 봉인지 알 수 없습니다. {symbols[0]}={text} 처럼 적으세요.",
                f"The rules are about several symbols: write {symbols[0]}={text}.",
            )
        return symbols[0], None, Path(text)
    symbol, length, path = found.groups()
    if length is None:
        return symbol.upper(), None, Path(path)
    if length not in set(Timeframe):
        raise PlanError(
            f"'{length}' 봉은 없습니다. 있는 것: {', '.join(Timeframe)}.",
            f"There are no '{length}' bars; there are {', '.join(Timeframe)}.",
        )
    return f"{symbol.upper()}@{length}", Timeframe(length), Path(path)


def _fitted(given: Given, candles: Mapping[str, Columns]) -> Given:
    """A file of longer bars than the rule's is replayed in its own."""
    rule, columns = given.rule, candles.get(given.rule.symbol)
    exact = f"{rule.symbol}@{rule.timeframe}" in candles
    if columns is None or exact or columns.timeframe.seconds <= rule.timeframe.seconds:
        return given
    note = Text(
        f"규칙은 {rule.timeframe} 봉을 쓰지만 파일이 {columns.timeframe} 봉이라 그 봉으로 계산했습니다.",
        f"The rule is of {rule.timeframe} bars, the file has {columns.timeframe} bars: replayed on those.",
    )
    return replace(given, rule=replace(rule, timeframe=columns.timeframe), notes=(*given.notes, note))


def read_limits(path: Path) -> Guards:
    """YAML with `account` and `house`, each with any of the names of orders.risk.Limits. Raises PlanError."""
    try:
        found = yaml.safe_load(text_of(path)) or {}
    except yaml.YAMLError as error:
        raise PlanError(f"{path}은(는) YAML이 아닙니다.", f"{path} is not YAML.") from error
    if not isinstance(found, dict) or not set(found) <= {"account", "house"}:
        raise PlanError(
            f"{path}: account와 house 아래에 한도를 적으세요.", f"{path}: write the limits under account and house."
        )
    house, account = (_limits(found.get(whose) or {}, path) for whose in ("house", "account"))
    return Guards(house, account)


def _limits(raw: Mapping[str, Any], path: Path) -> Limits:
    known = set(Limits.__dataclass_fields__)
    if not isinstance(raw, dict) or not set(raw) <= known:
        names = ", ".join(sorted(known))
        raise PlanError(f"{path}: 있는 한도는 {names} 입니다.", f"{path}: the limits are {names}.")
    values: dict[str, Any] = {
        name: Decimal(str(v)) if name.endswith(("usd", "pct")) else int(v) for name, v in raw.items()
    }
    return Limits(**values)


def read_sessions(path: Path) -> SessionTable:
    """CSV with `trading_day,session,start,end`, times in ISO 8601 with zone. Raises PlanError with the line."""
    spans = []
    for number, row in enumerate(csv.DictReader(text_of(path).splitlines()), 2):
        try:
            start, end = (datetime.fromisoformat(row[name]).astimezone(UTC) for name in ("start", "end"))
            spans.append(SessionSpan(date.fromisoformat(row["trading_day"]), Session(row["session"]), start, end))
        except (KeyError, TypeError, ValueError) as error:
            raise PlanError(
                f"{path} {number}번째 줄: trading_day,session,start,end 가 아닙니다.",
                f"{path}, line {number}: it must be trading_day,session,start,end.",
            ) from error
    return SessionTable(tuple(spans))


def new_york_sessions(candles: Mapping[str, Columns]) -> SessionTable:
    """The exchange's published sessions of the days that the candles cover."""
    from instruments.exchange_calendar import new_york_spans

    first = min(int(columns.start[0]) for columns in candles.values())
    last = max(int(columns.start[-1]) for columns in candles.values())
    days = (datetime.fromtimestamp(moment, UTC).date() for moment in (first - 86_400, last + 86_400))
    return SessionTable(tuple(new_york_spans(*days)))
