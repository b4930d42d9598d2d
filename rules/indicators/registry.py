"""Every indicator, what it means, and the exact number of bars it is computed over.

An exponential average over "all history" depends on where the history began, so live and backtest would differ.
Here the window is part of the definition: the value is computed over exactly the last `window(n)` bars, begun
afresh at the first of them, by the same call, wherever it is asked. The same bars give the same bits.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy

from market.errors import Text
from rules.indicators.ta_lib import talib

SOURCES = ("open", "high", "low", "close", "volume")
LONGEST = 500  # bars a person may ask an indicator to look at

# Warm-up, in lengths. What the first value still weighs at the end: ema (1 - 2/(n+1))^4n ≈ 0.03 %,
# rsi (1 - 1/n)^7n ≈ 0.09 %. rsi(14) and ema(20) then fit the 120 minute bars of one answer of the broker.
EMA_LENGTHS = 5
RSI_LENGTHS = 8


@dataclass(frozen=True, slots=True)
class Parameter:
    """A whole number of bars between `least` and `most`, both included."""

    name: str
    least: int
    most: int
    title: Text


@dataclass(frozen=True, slots=True)
class Indicator:
    """`window(*parameters)` is the number of bars read; `compute(values, *parameters)` gets exactly that many,
    oldest first, float64, none of them missing, and answers one finite number or None."""

    name: str
    title: Text
    definition: Text
    parameters: tuple[Parameter, ...]
    window: Callable[..., int]
    compute: Callable[..., float | None]
    default_source: str = "close"


def window_of(name: str, parameters: Sequence[int]) -> int:
    """How many bars the indicator reads with these parameters."""
    return REGISTRY[name].window(*parameters)


def _last(values: numpy.ndarray) -> float | None:
    value = float(values[-1])
    return value if numpy.isfinite(value) else None


def _sma(values: numpy.ndarray, n: int) -> float | None:
    # TA-Lib refuses a window of one; the mean of one value is the value.
    return _last(talib.SMA(values, n)) if n > 1 else _last(values)


def _ema(values: numpy.ndarray, n: int) -> float | None:
    return _last(talib.EMA(values, n)) if n > 1 else _last(values)


def _rsi(values: numpy.ndarray, n: int) -> float | None:
    # Rises divided by nothing: TA-Lib says 0, which reads "oversold", of a market that merely stands still.
    return None if values.min() == values.max() else _last(talib.RSI(values, n))


def _length(least: int) -> tuple[Parameter, ...]:
    return (Parameter("n", least, LONGEST, Text("봉의 수", "number of bars")),)


REGISTRY: dict[str, Indicator] = {
    indicator.name: indicator
    for indicator in (
        Indicator(
            "sma",
            Text("단순이동평균", "simple moving average"),
            Text(
                "마지막 n개 봉 값의 산술평균. 읽는 봉: n개.",
                "The arithmetic mean of the last n bars' values. Bars read: n.",
            ),
            _length(1),
            window=lambda n: n,
            compute=_sma,
        ),
        Indicator(
            "ema",
            Text("지수이동평균", "exponential moving average"),
            Text(
                f"마지막 {EMA_LENGTHS}n개 봉에서, 처음 n개의 산술평균으로 시작해 "
                f"2/(n+1)의 무게로 이어 간 지수이동평균. 읽는 봉: {EMA_LENGTHS}n개.",
                f"Over the last {EMA_LENGTHS}n bars: begins with the mean of the first n, then moves by 2/(n+1) "
                f"of the difference at each bar. Bars read: {EMA_LENGTHS}n.",
            ),
            _length(1),
            window=lambda n: EMA_LENGTHS * n,
            compute=_ema,
        ),
        Indicator(
            "rsi",
            Text("상대강도지수", "relative strength index"),
            Text(
                f"마지막 {RSI_LENGTHS}n개 봉에서 Wilder의 평활(무게 1/n)로 구한 상승폭과 하락폭의 비, 0에서 100. "
                f"처음 n개의 변화는 산술평균. 변화가 전혀 없으면 값이 없음(모름). 읽는 봉: {RSI_LENGTHS}n개.",
                f"Wilder's ratio of rises to all moves, 0 to 100, over the last {RSI_LENGTHS}n bars: the first n "
                f"moves are averaged plainly, later ones by 1/n. Without any move it has no value. "
                f"Bars read: {RSI_LENGTHS}n.",
            ),
            _length(2),
            window=lambda n: RSI_LENGTHS * n,
            compute=_rsi,
        ),
    )
}
