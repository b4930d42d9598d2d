"""A strategy to a `.kis.yaml` file that the official tools read as it is meant, or the reasons why there is none."""

import keyword
import re
from collections.abc import Iterator, Mapping
from decimal import Decimal

from market.words import Timeframe
from rules.kis_yaml import profiles as say
from rules.kis_yaml.declarations import TAKEN
from rules.kis_yaml.errors import NotExpressible, Reason
from rules.kis_yaml.expressing import Expresser
from rules.kis_yaml.official import CATEGORIES, WRITTEN
from rules.kis_yaml.profiles import (
    PROFILES,
    Candle,
    Compared,
    Group,
    Operand,
    Profile,
    Reference,
    Scalar,
    Setting,
)
from rules.kis_yaml.strategy import ParamSpec, Stops, Strategy
from rules.language.nodes import Operator

__all__ = ["PROFILES", "Profile", "write"]

_RISK = {"stop_loss_pct": "stop_loss", "take_profit_pct": "take_profit", "trailing_stop_pct": "trailing_stop"}
_LEAST, _MOST = Decimal("0.1"), Decimal(100)
_OPERATIONS = {Operator.MULTIPLY: "mul", Operator.DIVIDE: "div", Operator.ADD: "add", Operator.SUBTRACT: "sub"}
# Words that YAML 1.1 or 1.2 takes for something other than text.
_TYPED = re.compile(r"(?i)(true|false|yes|no|on|off|y|n|null|~|[-+.]?\d.*|\.inf|\.nan)?")
_HELPER = Operand("sma", params=(("period", Decimal(1)),))


def write(strategy: Strategy, profile: str = Profile.BOTH) -> str:
    """The file's text. Raises NotExpressible with every part that the profile has no words for.

    Quotation marks, backslashes and line breaks of the name and description, which the official builder's own export
    cannot carry, become other characters. For `both` parameters are written as their values; for `backtester` they
    stay, and `$name` with them, wherever it resolves them.
    """
    wanted = Profile(profile)
    expresser = Expresser(wanted, strategy.values, strategy.timeframe)
    entry = expresser.group(strategy.entry, may_never=False)
    exit = expresser.group(strategy.exit, may_never=bool(strategy.stops))
    reasons = [*_of_timeframe(strategy), *expresser.reasons, *_of_stops(strategy.stops)]
    if reasons:
        raise NotExpressible(tuple(dict.fromkeys(reasons)))
    return "\n".join(_Writer(strategy, wanted, entry, exit).lines()) + "\n"


def _of_timeframe(strategy: Strategy) -> Iterator[Reason]:
    if strategy.timeframe is not Timeframe.D1:
        yield Reason(strategy.timeframe.value, say.OTHER_TIMEFRAME, "other_timeframe")


def _of_stops(stops: Stops) -> Iterator[Reason]:
    for name, value in stops.items():
        if value is not None and not _LEAST <= value <= _MOST:
            yield Reason(name, say.PERCENT, "percent")


class _Writer:
    def __init__(self, strategy: Strategy, profile: Profile, entry: Group, exit: Group) -> None:
        self.strategy = strategy
        self.profile = profile
        self.entry = entry
        self.exit = exit
        self.aliases = _aliases(tuple(_operands(entry, exit)), strategy.values)

    def lines(self) -> Iterator[str]:
        strategy = self.strategy
        name = _one_line(strategy.name) or "strategy"
        yield 'version: "1.0"'
        yield "metadata:"
        yield f"  name: {_quoted(name)}"
        yield f"  description: {_quoted(_one_line(strategy.description))}"
        yield f"  author: {_quoted(_word(strategy.author) or 'user')}"
        tags = ", ".join(_quoted(tag) for tag in map(_word, strategy.tags) if tag)
        yield f"  tags: [{tags}]"
        yield "strategy:"
        yield f"  id: {_quoted(_identifier(strategy.id or name))}"
        yield f"  category: {strategy.category if strategy.category in CATEGORIES else 'custom'}"
        if self.profile is Profile.BACKTESTER and strategy.params:
            yield from _params(strategy.params)
        yield from self.indicators()
        yield from self.candlesticks()
        yield from self.group("entry", self.entry)
        yield from self.group("exit", self.exit)
        yield from _risk(strategy.stops)

    def indicators(self) -> Iterator[str]:
        yield "  indicators:"
        if not self.aliases:
            yield "    # used by no condition: the backtester's page wants at least one indicator"
            yield from _indicator("sma_1", _HELPER)
        for operand, alias in self.aliases.items():
            yield from _indicator(alias, operand)

    def candlesticks(self) -> Iterator[str]:
        found = dict.fromkeys(c.id for g in (self.entry, self.exit) for c in g.conditions if isinstance(c, Candle))
        if found:
            yield "  candlesticks:"
        for id in found:
            yield f"    - id: {id}"
            yield f"      alias: {id}_1"

    def group(self, name: str, group: Group) -> Iterator[str]:
        yield f"  {name}:"
        yield f"    logic: {group.logic}"
        yield "    conditions:"
        for condition in group.conditions:
            pairs = _candle(condition) if isinstance(condition, Candle) else self.compared(condition)
            for number, (key, value) in enumerate(pairs):
                yield f"      {'  ' if number else '- '}{key}: {value}"

    def compared(self, condition: Compared) -> Iterator[tuple[str, str]]:
        yield "indicator", self.named(condition.left)
        if condition.left.output:
            yield "output", condition.left.output
        yield "operator", WRITTEN[condition.op]
        right = condition.right
        if isinstance(right, Operand):
            yield "compare_to", self.named(right)
            if right.output:
                yield "compare_output", right.output
            if condition.scalar:
                yield from _scalar(condition.scalar)
        else:
            # The builder reads numbers in compare_to only; MCP in value only.
            yield "compare_to" if self.profile is Profile.BOTH else "value", _setting(right)

    def named(self, operand: Operand) -> str:
        return operand.name if operand.is_price else self.aliases[_declared(operand)]


# ---- pieces of the file


def _indicator(alias: str, operand: Operand) -> Iterator[str]:
    yield f"    - id: {operand.name}"
    yield f"      alias: {alias}"
    if not operand.params:
        yield "      params: {}"
        return
    yield "      params:"
    for name, value in operand.params:
        yield f"        {name}: {_setting(value)}"


def _candle(candle: Candle) -> Iterator[tuple[str, str]]:
    yield "candlestick", f"{candle.id}_1"
    yield "signal", candle.signal


def _scalar(scalar: Scalar) -> Iterator[tuple[str, str]]:
    yield "compare_scalar", _plain(scalar.size)
    yield "compare_operation", _OPERATIONS[scalar.op]


def _params(params: Mapping[str, ParamSpec]) -> Iterator[str]:
    yield "  params:"
    for name, spec in params.items():
        yield f"    {name}:"
        yield f"      default: {_setting(spec.default)}"
        for key, limit in (("min", spec.least), ("max", spec.most), ("step", spec.step)):
            if limit is not None:
                yield f"      {key}: {_plain(limit)}"
        if spec.kind != "choice":
            yield f"      type: {'int' if spec.kind == 'int' else 'float'}"
        if spec.description:
            yield f"      description: {_quoted(_one_line(spec.description))}"


def _risk(stops: Stops) -> Iterator[str]:
    if not stops:
        yield "risk: {}"
        return
    yield "risk:"
    for name, value in stops.items():
        if value is not None:
            yield f"  {_RISK[name]}:"
            yield "    enabled: true"
            yield f"    percent: {_plain(value)}"


def _setting(value: Setting) -> str:
    if isinstance(value, Reference):
        return f"${value.name}"
    return value if isinstance(value, str) else _plain(value)


def _plain(value: Decimal) -> str:
    text = format(value, "f")
    return (text.rstrip("0").rstrip(".") if "." in text else text) or "0"


# ---- words


def _operands(*groups: Group) -> Iterator[Operand]:
    for group in groups:
        for condition in group.conditions:
            if isinstance(condition, Compared):
                yield from (s for s in (condition.left, condition.right) if isinstance(s, Operand) and not s.is_price)


def _declared(operand: Operand) -> Operand:
    """One declaration serves every output of an indicator."""
    return Operand(operand.name, params=operand.params)


def _aliases(operands: tuple[Operand, ...], values: Mapping[str, Decimal | str]) -> dict[Operand, str]:
    """An alias for each indicator: identifiers, unique, none of them another one followed by an output's name."""
    found: dict[Operand, str] = {}
    for operand in dict.fromkeys(map(_declared, operands)):
        stem = _alias(operand)
        alias, number = stem, 2
        while not _is_free(alias, found.values(), operands):
            alias, number = f"{stem}_{number}", number + 1
        found[operand] = alias
    return found


def _alias(operand: Operand) -> str:
    parts = [operand.name, *(v.name if isinstance(v, Reference) else _setting(v) for _, v in operand.params)]
    return re.sub(r"[^A-Za-z0-9_]+", "_", "_".join(parts).replace("-", "minus_"))


def _is_free(alias: str, others: "object", operands: tuple[Operand, ...]) -> bool:
    taken = set(others)  # type: ignore[call-overload]
    outputs = {operand.output for operand in operands if operand.output}
    joined = {f"{other}_{output}" for other in taken for output in outputs}
    joins = {f"{alias}_{output}" for output in outputs}
    return alias not in taken | joined | TAKEN and not joins & taken and not keyword.iskeyword(alias)


def _quoted(text: str) -> str:
    """For text without quotation marks, backslashes and line breaks."""
    return f'"{text}"'


def _one_line(text: str) -> str:
    cleaned = "".join(" " if not char.isprintable() else {'"': "'", "\\": "/"}.get(char, char) for char in text)
    return " ".join(cleaned.split())


def _word(text: str) -> str:
    """Text that stays text when the official builder writes it again without quotes."""
    cleaned = " ".join(re.sub(r"[^\w\- ]+", " ", text).split()).strip("-_ ")
    return f"tag {cleaned}" if cleaned and _TYPED.fullmatch(cleaned) else cleaned


def _identifier(text: str) -> str:
    """ASCII snake_case that reads as text."""
    found = re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")
    return f"strategy_{found}".strip("_") if _TYPED.fullmatch(found) else found
