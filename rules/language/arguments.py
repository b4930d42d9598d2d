"""What an indicator's call means: every parameter, the column it reads and the output it gives, with nothing unsaid."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from market.columns import FIELDS
from market.errors import Text
from rules.indicators.registry import REGISTRY, Family, Indicator, Output, Parameter
from rules.language.errors import ConditionError, nearest
from rules.language.nodes import OWN, Call, Name, Negate, Node, Number, Param, Series, Word, is_symbol
from rules.language.printer import to_text

Setting = int | float | str


@dataclass(frozen=True, slots=True)
class Reading:
    """One indicator with everything said: `sma(20)`, `sma(period=20)` and `sma(close, 20)` are the same one.

    `params` in the registry's order: int, float or text by the parameter's kind. `source` is the column in the
    place of the close.
    """

    name: str
    params: tuple[Setting, ...]
    output: str
    source: str = "close"
    series: Series = OWN

    @property
    def indicator(self) -> Indicator:
        return REGISTRY[self.name]

    @property
    def of_output(self) -> Output:
        return next(output for output in self.indicator.outputs if output.name == self.output)

    @property
    def reach(self) -> int:
        """Bars of the window, or for anchored ones the bars before the block in which they settle."""
        return self.indicator.reach(*self.params)

    @property
    def benchmark(self) -> Series | None:
        """The other series that it reads beside its own."""
        for parameter, value in zip(self.indicator.parameters, self.params, strict=True):
            if parameter.kind == "symbol":
                return Series(str(value), self.series.timeframe)
        return None

    @property
    def anchored(self) -> bool:
        return self.indicator.family is Family.ANCHORED


def reading_of(call: Call) -> Reading:
    """What the call reads. Raises ConditionError for an unknown indicator, output or argument."""
    indicator = REGISTRY.get(call.name)
    if indicator is None:
        raise KeyError(call.name)
    source, args, named = _source(call, indicator)
    if len(args) > len(indicator.parameters):
        raise _too_many(call, indicator)
    said = dict(zip((p.name for p in indicator.parameters), args, strict=False))
    for name, value in named.items():
        if name in said:
            raise _twice(call, name)
        if all(name != p.name for p in indicator.parameters):
            raise _unknown_argument(call, indicator, name)
        said[name] = value
    missing = [p for p in indicator.parameters if p.name not in said]
    if missing:
        raise _missing(call, indicator, missing)
    params = tuple(_setting(call, p, said[p.name]) for p in indicator.parameters)
    _must_be_ordered(call, indicator, params)
    return Reading(call.name, params, _output(call, indicator), source, call.series)


def spelled(indicator: Indicator) -> str:
    """How it is written: `macd(fast, slow, signal)`."""
    return f"{indicator.name}({', '.join(p.name for p in indicator.parameters)})"


def example(indicator: Indicator) -> str:
    """With its usual parameters: `macd(12, 26, 9)`."""
    return f"{indicator.name}({', '.join(str(p.default) for p in indicator.parameters)})"


def _source(call: Call, indicator: Indicator) -> tuple[str, Sequence[Node], dict[str, Node]]:
    """The column that is read, and the arguments without it."""
    args, named = call.args, dict(call.named)
    chosen = named.pop("source", None)
    if chosen is None and args and isinstance(args[0], Name) and not _takes_words(indicator, args[0].name):
        chosen, args = args[0], args[1:]
    if chosen is None:
        return "close", args, named
    if not isinstance(chosen, Name) or chosen.name not in FIELDS or chosen.series != OWN:
        raise _no_column(call, indicator, chosen)
    if not indicator.sourced:
        raise _not_sourced(call, indicator, chosen)
    return chosen.name, args, named


def _takes_words(indicator: Indicator, word: str) -> bool:
    return word not in FIELDS and any(p.kind in ("choice", "symbol") for p in indicator.parameters)


def _setting(call: Call, wanted: Parameter, node: Node) -> Setting:
    if isinstance(node, Param):
        raise undefined(node)
    if wanted.kind == "choice":
        if isinstance(node, Word | Name) and to_text(node) in wanted.choices:
            return to_text(node)
        raise _bad_choice(call, wanted, node)
    if wanted.kind == "symbol":
        if isinstance(node, Name) and node.series == OWN and is_symbol(node.name.upper()):
            return node.name.upper()
        raise _bad_symbol(call, wanted, node)
    value = literal(node)
    if value is None or not Decimal(str(wanted.least)) <= value <= Decimal(str(wanted.most)):
        raise _bad_number(call, wanted, node)
    if wanted.kind == "number":
        return float(value)
    if value != value.to_integral_value():
        raise _bad_number(call, wanted, node)
    return int(value)


def literal(node: Node) -> Decimal | None:
    """The number that a literal is, with its sign."""
    match node:
        case Number(value=value):
            return value
        case Negate(of=Number(value=value)):
            return -value
    return None


def _output(call: Call, indicator: Indicator) -> str:
    names = [output.name for output in indicator.outputs]
    if call.output is None:
        return names[0]
    if call.output in names:
        return call.output
    raise ConditionError(
        Text(
            f"`{call.name}` 에는 `{call.output}` 이라는 값이 없습니다.",
            f"`{call.name}` has no output `{call.output}`.",
        ),
        code="unknown_output",
        place=call.place,
        expected=Text(f"다음 가운데 하나: {', '.join(names)}", f"one of {', '.join(names)}"),
        suggestion=nearest(call.output, names),
    )


def _must_be_ordered(call: Call, indicator: Indicator, params: tuple[Setting, ...]) -> None:
    said = dict(zip((p.name for p in indicator.parameters), params, strict=True))
    fast, slow = said.get("fast"), said.get("slow")
    if isinstance(fast, int | float) and isinstance(slow, int | float) and fast >= slow:
        raise ConditionError(
            Text(
                f"`{call.name}` 의 fast({fast})는 slow({slow})보다 작아야 합니다.",
                f"In `{call.name}`, fast ({fast}) must be less than slow ({slow}).",
            ),
            code="bad_argument",
            place=call.place,
            suggestion=example(indicator),
        )


# ---- what is wrong


def undefined(node: Param) -> ConditionError:
    """A parameter that nobody gave a value."""
    return ConditionError(
        Text(f"`${node.name}` 의 값이 정해지지 않았습니다.", f"`${node.name}` has no value."),
        code="undefined_param",
        place=node.place,
        expected=Text(f"params 에 `{node.name}` 의 값", f"a value for `{node.name}` in params"),
    )


def _no_column(call: Call, indicator: Indicator, node: Node) -> ConditionError:
    if not indicator.sourced:
        return _not_sourced(call, indicator, node)
    return ConditionError(
        Text(
            f"`{call.name}` 이(가) 읽을 `{to_text(node)}` 은(는) 봉의 값이 아닙니다.",
            f"`{call.name}` cannot read `{to_text(node)}`, which is no value of a bar.",
        ),
        code="bad_argument",
        place=node.place,
        expected=Text(f"다음 가운데 하나: {', '.join(FIELDS)}", f"one of {', '.join(FIELDS)}"),
        suggestion=nearest(node.name, FIELDS) if isinstance(node, Name) else None,
    )


def _not_sourced(call: Call, indicator: Indicator, node: Node) -> ConditionError:
    reads = ", ".join(indicator.reads)
    return ConditionError(
        Text(
            f"`{call.name}` 은(는) 늘 {reads} 을(를) 읽으며 다른 값을 받지 않습니다.",
            f"`{call.name}` always reads {reads}; it takes no other value.",
        ),
        code="bad_argument",
        place=node.place,
        expected=Text(f"`{spelled(indicator)}`", f"`{spelled(indicator)}`"),
    )


def _bad_choice(call: Call, wanted: Parameter, node: Node) -> ConditionError:
    choices = ", ".join(wanted.choices)
    return ConditionError(
        Text(
            f"`{call.name}` 에 `{to_text(node)}` 을(를) 쓸 수 없습니다.",
            f"`{call.name}` cannot take `{to_text(node)}`.",
        ),
        code="bad_argument",
        place=node.place or call.place,
        expected=Text(f"{wanted.title.ko}: {choices} 가운데 하나", f"{wanted.title.en}: one of {choices}"),
        suggestion=nearest(to_text(node), wanted.choices),
    )


def _bad_symbol(call: Call, wanted: Parameter, node: Node) -> ConditionError:
    return ConditionError(
        Text(f"`{to_text(node)}` 은(는) 종목이 아닙니다.", f"`{to_text(node)}` is no symbol."),
        code="bad_argument",
        place=node.place or call.place,
        expected=Text(f"{wanted.title.ko}, 예를 들어 {wanted.default}", f"{wanted.title.en}, such as {wanted.default}"),
    )


def _bad_number(call: Call, wanted: Parameter, node: Node) -> ConditionError:
    limits = f"{wanted.least}–{wanted.most}"
    ko, en = ("정수", "a whole number") if wanted.kind == "int" else ("숫자", "a number")
    return ConditionError(
        Text(
            f"`{call.name}` 에 `{to_text(node)}` 을(를) 쓸 수 없습니다.",
            f"`{call.name}` cannot take `{to_text(node)}`.",
        ),
        code="bad_argument",
        place=node.place or call.place,
        expected=Text(f"{wanted.title.ko}: {limits} 의 {ko}", f"{wanted.title.en}: {en}, {limits}"),
    )


def _wrong(call: Call, indicator: Indicator, message: Text, suggestion: str | None = None) -> ConditionError:
    ways = [f"`{spelled(indicator)}`"]
    if indicator.sourced:
        ways.append(f"`{spelled(indicator).replace('(', '(volume, ', 1)}`")
    return ConditionError(
        message,
        code="wrong_arguments",
        place=call.place,
        expected=Text(" 또는 ".join(ways), " or ".join(ways)),
        suggestion=suggestion,
    )


def _too_many(call: Call, indicator: Indicator) -> ConditionError:
    given = len(call.args)
    return _wrong(
        call,
        indicator,
        Text(f"`{call.name}` 의 값이 {given}개입니다.", f"`{call.name}` was given {given} arguments."),
    )


def _missing(call: Call, indicator: Indicator, missing: list[Parameter]) -> ConditionError:
    ko = ", ".join(f"{p.name}({p.title.ko})" for p in missing)
    en = ", ".join(f"{p.name} ({p.title.en})" for p in missing)
    message = Text(f"`{call.name}` 에 {ko} 이(가) 없습니다.", f"`{call.name}` lacks {en}.")
    return _wrong(call, indicator, message, example(indicator) if not call.args and not call.named else None)


def _twice(call: Call, name: str) -> ConditionError:
    return ConditionError(
        Text(f"`{call.name}` 의 {name} 이(가) 두 번 있습니다.", f"`{call.name}` is given {name} twice."),
        code="wrong_arguments",
        place=call.place,
    )


def _unknown_argument(call: Call, indicator: Indicator, name: str) -> ConditionError:
    known = [p.name for p in indicator.parameters]
    return _wrong(
        call,
        indicator,
        Text(f"`{call.name}` 에는 {name} 이라는 값이 없습니다.", f"`{call.name}` has no argument {name}."),
        nearest(name, known),
    )
