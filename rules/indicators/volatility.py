"""Volatility (변동성)."""

import numpy

from market.errors import Text
from rules.indicators import exact
from rules.indicators.shapes import Array, Output, Unit, indicator, number, period, value
from rules.indicators.windows import true_range, variance

GROUP = "volatility"
MIDDLE = Output("middle", Text("중심선", "middle line"), Unit.PRICE)
UPPER = Output("upper", Text("상단", "upper band"), Unit.PRICE)
LOWER = Output("lower", Text("하단", "lower band"), Unit.PRICE)


def atr(high: Array, low: Array, close: Array, n: int) -> tuple[Array]:
    return (exact.mean((true_range(high, low, close),), n),)


def bollinger(close: Array, n: int, width: float) -> tuple[Array, Array, Array]:
    middle = exact.mean((close,), n)
    away = width * numpy.sqrt(variance(close, n))
    return middle, middle + away, middle - away


INDICATORS = (
    indicator(
        "atr",
        ("평균진폭 ATR(단순평균)", "average true range ATR (simple mean)"),
        (
            "진폭 max(고가, 전 종가) − min(저가, 전 종가)의 마지막 period개 산술평균. 공식 백테스터의 정의이며, "
            "Wilder 평활을 쓰는 흔한 ATR과 다름(그것은 natr).",
            "Arithmetic mean of the last `period` true ranges, max(high, close before) − min(low, close before). "
            "This is the official backtester's; the ATR smoothed as Wilder does is in natr.",
        ),
        parameters=(period(14),),
        outputs=value(Unit.PRICE, 0),
        group=GROUP,
        reads=("high", "low", "close"),
        formula=atr,
        reach=("period+1", lambda n: n + 1),
    ),
    indicator(
        "bollinger",
        ("볼린저 밴드", "Bollinger bands"),
        (
            "middle = SMA(period), upper와 lower = middle ± std·모표준편차(period개).",
            "middle = SMA(period); upper, lower = middle ± std · population standard deviation over `period`.",
        ),
        parameters=(period(20), number("std", 2.0, 0.1, 10, "표준편차의 배수", "standard deviations")),
        outputs=(MIDDLE, UPPER, LOWER),
        group=GROUP,
        reads=("close",),
        formula=bollinger,
        reach=("period", lambda n, std: n),
    ),
)
