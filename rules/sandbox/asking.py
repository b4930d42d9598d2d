"""The strategy's `indicator(…)`, answered outside the cage by the same values that the language reads."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from time import perf_counter
from typing import Any

from market.words import Timeframe
from rules.indicators import REGISTRY, SOURCES, Indicator, Parameter
from rules.indicators.values import Params, value_at
from rules.language.look import Look
from rules.language.nodes import OWN, Series
from rules.sandbox.limits import Limits
from rules.sandbox.words import clean

Asking = tuple[tuple[Any, ...], tuple[tuple[str, Any], ...]]  # the arguments and options of a call, as written
OPTIONS = ("output", "offset", "timeframe")
_LONGEST_OFFSET = 1000


class BadQuestion(ValueError):
    """An indicator() call that means nothing. Its words are seen inside the cage, in English."""


@dataclass(frozen=True, slots=True)
class Question:
    """One indicator, fully said. `timeframe` None is the rule's own."""

    name: str
    params: Params
    source: str = "close"
    output: str | None = None
    offset: int = 0
    timeframe: Timeframe | None = None


@dataclass(slots=True)
class Desk:
    """Answers during one call of a strategy, and counts what that costs. `spent` once a limit was broken."""

    look: Look
    limits: Limits
    calls: int = 0
    seconds: float = 0.0
    spent: bool = False
    known: dict[Question, float | None] = field(default_factory=dict)

    def opened(self) -> Callable[..., float | None]:
        """The answering, counted afresh: a second attempt at the same call is not a longer call."""
        self.calls, self.seconds, self.spent = 0, 0.0, False
        return self.ask

    def ask(self, *args: Any, **options: Any) -> float | None:
        """None while warming up. BadQuestion goes back into the cage."""
        self.calls += 1
        self.spent = self.spent or self.calls > self.limits.indicator_calls
        if self.spent or self.seconds > self.limits.indicator_seconds:
            self.spent = True
            raise BadQuestion("too many indicator() calls in one decision")
        question = read_question(args, options)
        if question not in self.known:
            self.known[question] = self._reckon(question)
        return self.known[question]

    def answers_to(self, questions: Mapping[Asking, Question]) -> dict[Asking, float | None]:
        """What is going to be asked, answered beforehand: every question from inside the cage costs a round trip."""
        self.known |= {question: self._reckon(question) for question in questions.values()}
        return {asking: self.known[question] for asking, question in questions.items()}

    def _reckon(self, question: Question) -> float | None:
        begun = perf_counter()
        try:
            return answer(question, self.look)
        except Exception:  # an indicator must not say anything of this process to the cage
            raise BadQuestion(f"{question.name} could not be reckoned") from None
        finally:
            self.seconds += perf_counter() - begun


def answer(question: Question, look: Look) -> float | None:
    """The value at the newest bar the rule may see; None when it cannot be known."""
    series = Series(None, question.timeframe) if question.timeframe else OWN
    columns = look.columns() if series == OWN else look.columns_of(series)
    if columns is None:
        return None
    return value_at(columns, question.name, question.params, question.output, question.source, question.offset)


def read_question(args: Sequence[Any], options: dict[str, Any]) -> Question:
    """What was asked, with the indicator's own defaults put in. Raises BadQuestion."""
    if not args or not isinstance(args[0], str):
        raise BadQuestion('the first argument of indicator() is a name, as in indicator("rsi", 14)')
    indicator = _indicator(args[0])
    unknown = [name for name in options if name not in OPTIONS and not _has(indicator, name)]
    if unknown:
        raise BadQuestion(f"{indicator.name} has no argument {clean(str(unknown[0]), 40)!r}")
    values = list(args[1:])
    source = values.pop(0) if indicator.sourced and values and values[0] in SOURCES else "close"
    return Question(
        indicator.name,
        _params(indicator, values, options),
        source,
        _output(indicator, options.get("output")),
        _offset(options.get("offset", 0)),
        _timeframe(options.get("timeframe")),
    )


def _indicator(word: str) -> Indicator:
    name = word[:60].lower()
    if name not in REGISTRY:
        near = get_close_matches(name, REGISTRY, 1)
        raise BadQuestion(
            f"there is no indicator {clean(name, 40)!r}" + (f"; do you mean {near[0]!r}?" if near else "")
        )
    if REGISTRY[name].benchmark:
        raise BadQuestion(f"{name} compares with another symbol, which a Python strategy does not see")
    return REGISTRY[name]


def _has(indicator: Indicator, name: str) -> bool:
    return any(parameter.name == name for parameter in indicator.parameters)


def _params(indicator: Indicator, values: list[Any], options: dict[str, Any]) -> Params:
    parameters = indicator.parameters
    if len(values) > len(parameters):
        raise BadQuestion(f"{indicator.name} takes at most {len(parameters)} parameters, not {len(values)}")
    given = dict(zip((parameter.name for parameter in parameters), values, strict=False))
    for parameter in parameters:
        if parameter.name in options:
            given[parameter.name] = options[parameter.name]
    return tuple(_param(indicator, parameter, given.get(parameter.name, parameter.default)) for parameter in parameters)


def _param(indicator: Indicator, parameter: Parameter, value: Any) -> int | float | str:
    if parameter.kind == "choice":
        if value in parameter.choices:
            return str(value)
        raise BadQuestion(f"{parameter.name} of {indicator.name} is one of {', '.join(parameter.choices)}")
    whole = parameter.kind == "int"
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise BadQuestion(f"{parameter.name} of {indicator.name} is a number")
    if not parameter.least <= value <= parameter.most or (whole and value != int(value)):
        kind = "a whole number" if whole else "a number"
        raise BadQuestion(
            f"{parameter.name} of {indicator.name} is {kind} from {parameter.least:g} to {parameter.most:g}"
        )
    return int(value) if whole else float(value)


def _output(indicator: Indicator, name: Any) -> str | None:
    names = [output.name for output in indicator.outputs]
    if name is None or name in names:
        return name
    raise BadQuestion(f"{indicator.name} has the outputs {', '.join(names)}")


def _offset(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= _LONGEST_OFFSET:
        raise BadQuestion(f"offset is a whole number of bars back, from 0 to {_LONGEST_OFFSET}")
    return value


def _timeframe(word: Any) -> Timeframe | None:
    if word is None:
        return None
    if isinstance(word, str) and word in Timeframe:
        return Timeframe(word)
    raise BadQuestion(f"timeframe is one of {', '.join(Timeframe)}")
