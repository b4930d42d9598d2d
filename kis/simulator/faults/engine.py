"""Which faults are on, when they are due, and whether one strikes here and now."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from kis.simulator.faults.kinds import KINDS, Kind

MATCHES = ("path", "tr_id", "account_no", "side", "symbol", "server", "field")
NUMBERS = ("probability", "count", "seconds", "every")
KEYS = ("name", "match", "after", "until", *NUMBERS)
BEGINNING = datetime.fromtimestamp(0, UTC)
MOST = 1e9  # seconds: thirty years, which no clock runs over


class BadFault(ValueError):
    """A fault that cannot be switched on; the message says what was expected."""


@dataclass(frozen=True, slots=True)
class About:
    """What a fault may strike: a call, a frame, a door. Blank is whatever does not apply."""

    path: str = ""
    tr_id: str = ""
    account_no: str = ""
    side: str = ""
    symbol: str = ""
    server: str = ""  # rest or ws
    reused: bool = False  # the connection has carried a call before
    notice: bool = False  # a registration of execution notices


@dataclass(slots=True)
class Fault:
    """A fault switched on at `since`: it strikes with `probability`, at most `count` times if that is given.

    `after` and `until` are seconds from `since` in the market's time; with `every` that window comes again every
    so many seconds, and `count` begins anew with it.
    """

    kind: Kind
    since: datetime = BEGINNING
    probability: float = 1.0
    count: int | None = None
    match: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    after: float = 0.0
    until: float | None = None
    every: float | None = None
    struck: int = 0
    memory: dict[str, Any] = field(default_factory=dict)  # what it must remember between strikes
    _window: int = 0
    _in_window: int = 0

    def fits(self, about: About) -> bool:
        """Whether it is about this call or frame."""
        paths = (self.match["path"],) if "path" in self.match else self.kind.paths
        if paths and not any(_about(about.path, wanted) for wanted in paths):
            return False
        if self.kind.needs and not getattr(about, self.kind.needs):
            return False
        return all(getattr(about, name) == self.match.get(name, getattr(about, name)) for name in MATCHES[1:-1])

    def due(self, now: datetime) -> bool:
        """Whether this is its time, and its count is not used up."""
        passed = (now - self.since).total_seconds()
        window, at = divmod(passed, self.every) if self.every else (0, passed)
        if window != self._window:
            self._window, self._in_window = int(window), 0
        in_time = self.after <= at and (self.until is None or at < self.until)
        return in_time and (self.count is None or self._in_window < self.count)

    def hit(self) -> None:
        self.struck += 1
        self._in_window += 1

    def describe(self, now: datetime) -> dict[str, Any]:
        """As the control server shows it."""
        names = ("probability", "count", "match", "seconds", "after", "until", "every", "struck")
        return {"name": self.kind.name, "due": self.due(now), **{name: getattr(self, name) for name in names}}


def _about(path: str, wanted: str) -> bool:
    """`order` must not mean `order-rvsecncl`: a full path is itself, a part ends in a slash or is a word."""
    return path == wanted or (wanted.endswith("/") and path.startswith(wanted)) or path.endswith("/" + wanted)


class Faults:
    """The faults that are on. `now` tells the market's time; probability is drawn from the seed."""

    def __init__(self, seed: int, now: Callable[[], datetime] = lambda: BEGINNING) -> None:
        self.rng = random.Random(f"faults:{seed}")
        self.active: list[Fault] = []
        self.struck: Counter[str] = Counter()  # by name, since the start
        self._now = now

    def add(self, row: dict[str, Any]) -> Fault:
        """Switch one on; raises BadFault with a sentence for people."""
        fault = read(row, self._now())
        self.active.append(fault)
        return fault

    def clear(self, name: str | None = None) -> int:
        """Switch off all, or all of one name. Returns how many."""
        before = len(self.active)
        self.active = [f for f in self.active if name is not None and f.kind.name != name]
        return before - len(self.active)

    def due(self, point: str, about: About | None = None) -> Iterator[Fault]:
        """Those that may strike here and now; the caller says which do (`draw`). `about` None: whatever it is."""
        for fault in self.active:
            if fault.kind.point == point and (about is None or fault.fits(about)) and fault.due(self._now()):
                yield fault

    def draw(self, fault: Fault) -> bool:
        """Whether it strikes this time; counted if so."""
        if fault.probability < 1 and self.rng.random() >= fault.probability:
            return False
        fault.hit()
        self.struck[fault.kind.name] += 1
        return True

    def strike(self, point: str, about: About | None = None, *, only: tuple[str, ...] = ()) -> Fault | None:
        """The first fault (of the names `only`, if given) that strikes here and now; None if all is well."""
        found = (f for f in self.due(point, about) if not only or f.kind.name in only)
        return next((f for f in found if self.draw(f)), None)

    def strikes(self, point: str, about: About) -> dict[str, Fault]:
        """All that strike here and now, by name."""
        return {f.kind.name: f for f in self.due(point, about) if self.draw(f)}


def read(row: Any, now: datetime) -> Fault:
    """One row of a scenario's `faults`, of `--faults` or of `POST /faults`. Raises BadFault."""
    if not isinstance(row, dict) or str(row.get("name")) not in KINDS:
        raise BadFault("a fault needs a name, one of: " + ", ".join(KINDS))
    if unknown := sorted(set(row) - set(KEYS)):
        raise BadFault(f"a fault does not know {unknown[0]!r}; known are: {', '.join(KEYS)}")
    kind = KINDS[str(row["name"])]
    match = row.get("match") or {}
    if not isinstance(match, dict) or set(match) - set(MATCHES):
        raise BadFault(f"match takes {', '.join(MATCHES)}")
    numbers = {name: _number(row, name) for name in NUMBERS}
    probability = 1.0 if numbers["probability"] is None else numbers["probability"]
    if not 0 < probability <= 1:
        raise BadFault("probability is more than 0 and at most 1")
    count = kind.count if "count" not in row else numbers["count"]
    fault = Fault(
        kind,
        now,
        probability,
        None if count is None else int(count),
        {name: str(value) for name, value in match.items()},
        kind.seconds if numbers["seconds"] is None else numbers["seconds"],
        _when(row, "after", now) or 0.0,
        _when(row, "until", now),
        numbers["every"],
    )
    _check_times(fault)
    return fault


def _check_times(fault: Fault) -> None:
    if fault.until is not None and fault.until <= fault.after:
        raise BadFault("until comes later than after")
    if fault.every is not None and fault.every < (fault.until or fault.after or 0.001):
        raise BadFault("every is at least as long as the window of after and until")


def _number(row: dict[str, Any], name: str) -> float | None:
    value = row.get(name)
    try:
        number = None if value is None else float(value)
    except (TypeError, ValueError, OverflowError) as e:
        raise BadFault(f"{', '.join(NUMBERS)} are numbers: {e}") from e
    if number is not None and not 0 <= number <= MOST:
        raise BadFault(f"{', '.join(NUMBERS)} are not negative, and at most {MOST:.0f}")
    return number


def _when(row: dict[str, Any], name: str, now: datetime) -> float | None:
    """Seconds from now: a number, or a moment with its zone."""
    value = row.get(name)
    if value is None:
        return None
    if isinstance(value, int | float):
        if not abs(value) <= MOST:
            raise BadFault(f"{name} is at most {MOST:.0f} seconds")
        return value
    try:
        moment = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    except ValueError:
        raise BadFault(f"{name} is a number of seconds, or a moment such as 2026-11-27T15:00:00+09:00") from None
    moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
    return (moment - now).total_seconds()
