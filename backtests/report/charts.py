"""Charts as SVG, drawn here: no script, no font, no file from elsewhere. Every chart carries its text beside it."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from math import floor, isfinite, log10

from backtests.report.words import day

WIDTH, LEFT, RIGHT, TOP, BOTTOM = 960, 64, 12, 10, 22
TICKS = 5


@dataclass(frozen=True)
class Line:
    """Values along the times of the chart; `kind` is its class in the style."""

    values: Sequence[float]
    kind: str
    filled: bool = False


@dataclass(frozen=True)
class Mark:
    """A point on the price: a trade. `said` is read out and shown under the pointer."""

    time: float
    value: float
    kind: str  # "buy" or "sell"
    said: str


def chart(times: Sequence[float], lines: Sequence[Line], *, label: str, height: int, marks: Sequence[Mark] = ()) -> str:
    """Lines over time, with marks. Empty without a value."""
    known = [v for line in lines for v in line.values if isfinite(v)] + [mark.value for mark in marks]
    if not times or not known:
        return ""
    frame = _Frame(times[0], times[-1], min(known), max(known), height)
    parts = [frame.grid(), *(frame.line(times, line) for line in lines), *(frame.mark(mark) for mark in marks)]
    return (
        f'<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{escape(label, quote=True)}" '
        f'preserveAspectRatio="none">{"".join(parts)}</svg>'
    )


@dataclass(frozen=True)
class _Frame:
    first: float
    last: float
    low: float
    high: float
    height: int

    def x(self, time: float) -> float:
        span = (self.last - self.first) or 1
        return LEFT + (time - self.first) / span * (WIDTH - LEFT - RIGHT)

    def y(self, value: float) -> float:
        span = (self.high - self.low) or 1
        return TOP + (self.high - value) / span * (self.height - TOP - BOTTOM)

    def grid(self) -> str:
        parts = []
        for value in _steps(self.low, self.high):
            y = self.y(value)
            parts.append(f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
            parts.append(f'<text class="axis" x="{LEFT - 6}" y="{y + 3:.1f}" text-anchor="end">{_short(value)}</text>')
        for k in range(TICKS):
            time = self.first + (self.last - self.first) * k / (TICKS - 1)
            anchor = "start" if k == 0 else "end" if k == TICKS - 1 else "middle"
            parts.append(
                f'<text class="axis" x="{self.x(time):.1f}" y="{self.height - 6}" text-anchor="{anchor}">'
                f"{day(time)}</text>"
            )
        return "".join(parts)

    def line(self, times: Sequence[float], line: Line) -> str:
        points = " ".join(
            f"{self.x(t):.1f},{self.y(v):.1f}" for t, v in zip(times, line.values, strict=True) if isfinite(v)
        )
        if not points:
            return ""
        if line.filled:
            base = self.y(min(max(0.0, self.low), self.high))
            area = f"{self.x(times[0]):.1f},{base:.1f} {points} {self.x(times[-1]):.1f},{base:.1f}"
            return f'<polygon class="{line.kind}" points="{area}"/>'
        return f'<polyline class="{line.kind}" points="{points}"/>'

    def mark(self, mark: Mark) -> str:
        x, y = self.x(mark.time), self.y(mark.value)
        way = 1 if mark.kind == "buy" else -1  # a buy points up from below, a sale down from above
        points = f"{x:.1f},{y + 3 * way:.1f} {x - 4:.1f},{y + 11 * way:.1f} {x + 4:.1f},{y + 11 * way:.1f}"
        return f'<polygon class="{mark.kind}" points="{points}"><title>{escape(mark.said)}</title></polygon>'


def _steps(low: float, high: float) -> list[float]:
    """Round values between the two."""
    span = high - low
    if span <= 0:
        return [low]
    rough = span / TICKS
    size = 10 ** floor(log10(rough))
    step = next(size * k for k in (1, 2, 5, 10) if size * k >= rough)
    value, found = floor(low / step) * step, []
    while value <= high + step / 2:
        if low <= value <= high:
            found.append(value)
        value += step
    return found


def _short(value: float) -> str:
    """As few characters as say it."""
    size = abs(value)
    if size >= 1e6:
        return f"{value / 1e6:,.4g}M"
    if size >= 1e4:
        return f"{value / 1e3:,.4g}k"
    return f"{value:,.4g}"
