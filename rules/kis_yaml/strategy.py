"""What a strategy file says, in our words: conditions, parameters, stops, and what reading it had to remark."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Any

from market.errors import Text
from market.words import Timeframe
from rules.language.codec import to_json
from rules.language.nodes import Node
from rules.language.printer import to_text

_LONGEST_TITLE = 200


class Severity(StrEnum):
    INFO = "info"  # good to know: some official tool reckons this a little differently
    WARNING = "warning"  # an official tool refuses it or makes something else of it
    LOST = "lost"  # it was in the file and is not in the rule


@dataclass(frozen=True, slots=True)
class Note:
    """One remark about one place of the file; `line` and `column` count from 1."""

    line: int
    column: int
    code: str
    text: Text
    severity: Severity

    def as_dict(self) -> dict[str, Any]:
        return {
            "line": self.line,
            "column": self.column,
            "code": self.code,
            "message": self.text.as_dict(),
            "severity": self.severity.value,
        }


@dataclass(frozen=True, slots=True)
class ParamSpec:
    """One entry of `params`. `kind`: int, number or choice; a choice's default is a word."""

    name: str
    kind: str
    default: Decimal | str
    least: Decimal | None = None
    most: Decimal | None = None
    step: Decimal | None = None
    description: str = ""
    choices: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """As a rule stores its parameters; the step of a slider has no place there."""
        found: dict[str, Any] = {"type": self.kind, "default": plain(self.default)}
        found |= {key: plain(v) for key, v in (("min", self.least), ("max", self.most)) if v is not None}
        if self.choices:
            found["choices"] = list(self.choices)
        if self.description:
            found["title"] = self.description[:_LONGEST_TITLE]
        return found


def plain(value: Decimal | str) -> int | float | str:
    if isinstance(value, str):
        return value
    return int(value) if value == value.to_integral_value() else float(value)


@dataclass(frozen=True, slots=True)
class Stops:
    """In percent, greater than zero; None is none."""

    stop_loss_pct: Decimal | None = None
    take_profit_pct: Decimal | None = None
    trailing_stop_pct: Decimal | None = None

    def as_dict(self) -> dict[str, str | None]:
        return {name: None if value is None else format(value, "f") for name, value in self.items()}

    def items(self) -> tuple[tuple[str, Decimal | None], ...]:
        return (
            ("stop_loss_pct", self.stop_loss_pct),
            ("take_profit_pct", self.take_profit_pct),
            ("trailing_stop_pct", self.trailing_stop_pct),
        )

    def __bool__(self) -> bool:
        return any(value is not None for _, value in self.items())


@dataclass(frozen=True, slots=True, kw_only=True)
class Strategy:
    """What a file can hold. `entry` and `exit` may name `params`; `timeframe` is that of the rule."""

    name: str
    entry: Node
    exit: Node
    description: str = ""
    author: str = "user"
    tags: tuple[str, ...] = ()
    id: str = ""
    category: str = "custom"
    params: Mapping[str, ParamSpec] = field(default_factory=dict)
    stops: Stops = field(default_factory=Stops)
    timeframe: Timeframe = Timeframe.D1

    @property
    def values(self) -> dict[str, Decimal | str]:
        """What every parameter is worth now: for `bind_params`."""
        return {name: spec.default for name, spec in self.params.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported(Strategy):
    """A file that was read, and what is to be said about it, in the order of its lines."""

    notes: tuple[Note, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """JSON-safe."""
        return {
            "name": self.name,
            "description": self.description,
            "author": self.author,
            "tags": list(self.tags),
            "id": self.id,
            "category": self.category,
            "params": {name: spec.as_dict() for name, spec in self.params.items()},
            "entry": {"text": to_text(self.entry), "json": to_json(self.entry)},
            "exit": {"text": to_text(self.exit), "json": to_json(self.exit)},
            **self.stops.as_dict(),
            "timeframe": self.timeframe.value,
            "notes": [note.as_dict() for note in self.notes],
        }
