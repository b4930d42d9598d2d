"""Moving averages (이동평균)."""

from rules.indicators import exact, recursive
from rules.indicators.shapes import Array, Unit, indicator, period, value

GROUP = "moving_average"


def sma(close: Array, n: int) -> tuple[Array]:
    return (exact.mean((close,), n),)


def ema(close: Array, n: int) -> tuple[Array]:
    return (recursive.ema(close, n),)


INDICATORS = (
    indicator(
        "sma",
        ("단순이동평균", "simple moving average"),
        (
            "마지막 period개 봉 값(소수 여덟째 자리까지)의 산술평균. 합은 정수로 정확히 구해 한 번만 나눔.",
            "Arithmetic mean of the last `period` values (read to eight decimals), summed exactly and divided once.",
        ),
        parameters=(period(20),),
        outputs=value(Unit.PRICE),
        group=GROUP,
        reads=("close",),
        formula=sma,
        reach=("period", lambda n: n),
    ),
    indicator(
        "ema",
        ("지수이동평균", "exponential moving average"),
        (
            "처음 period개의 산술평균으로 시작해 봉마다 차이의 2/(period+1)만큼 움직임.",
            "Begins with the mean of the first `period` values, then moves by 2/(period+1) of the difference.",
        ),
        parameters=(period(20),),
        outputs=value(Unit.PRICE),
        group=GROUP,
        reads=("close",),
        formula=ema,
        reach=("10*period", lambda n: 10 * n),
        first=("period", lambda n: n),
    ),
)
