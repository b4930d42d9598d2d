"""Oscillators (오실레이터)."""

from market.errors import Text
from rules.indicators.recursive import ema, rises_and_falls
from rules.indicators.shapes import Array, Output, Unit, indicator, period, value, whole
from rules.indicators.windows import quotient

GROUP = "oscillator"


def rsi(close: Array, n: int) -> tuple[Array]:
    up, down = rises_and_falls(close, n)
    return (100.0 * quotient(up, up + down),)


def macd(close: Array, fast: int, slow: int, signal: int) -> tuple[Array, Array, Array]:
    line = ema(close, fast) - ema(close, slow)
    smooth = ema(line, signal)
    return line, smooth, line - smooth


INDICATORS = (
    indicator(
        "rsi",
        ("상대강도지수 RSI", "relative strength index RSI"),
        (
            "100·상승/(상승+하락). 상승·하락은 봉마다의 오름폭·내림폭의 Wilder 평균: 처음 period개 변화의 "
            "산술평균으로 시작해 차이의 1/period만큼 움직임. 내림이 없으면 100, 전혀 움직이지 않았으면 값이 없음.",
            "100·up/(up+down) of Wilder's averages of the rises and the falls: the mean of the first `period` changes, "
            "then moving by 1/period of the difference. 100 without a fall; no value if nothing has moved at all.",
        ),
        parameters=(period(14),),
        outputs=value(Unit.INDEX, 0, 100),
        group=GROUP,
        reads=("close",),
        formula=rsi,
        reach=("20*period", lambda n: 20 * n),
        first=("period+1", lambda n: n + 1),
    ),
    indicator(
        "macd",
        ("MACD", "moving average convergence divergence MACD"),
        (
            "value = EMA(fast) − EMA(slow), 각각 자기 길이의 산술평균으로 시작. signal = value의 EMA(signal), "
            "histogram = value − signal(둘은 signal−1개 봉 늦게 시작).",
            "value = EMA(fast) − EMA(slow), each begun with its own mean; signal = EMA(signal) of value; "
            "histogram = value − signal (both begin signal−1 bars later).",
        ),
        parameters=(
            whole("fast", 12, "빠른 평균의 봉 수", "bars of the fast average"),
            whole("slow", 26, "느린 평균의 봉 수", "bars of the slow average"),
            whole("signal", 9, "신호선의 봉 수", "bars of the signal line"),
        ),
        outputs=(
            Output("value", Text("MACD선", "MACD line"), Unit.PRICE),
            Output("signal", Text("신호선", "signal line"), Unit.PRICE),
            Output("histogram", Text("히스토그램", "histogram"), Unit.PRICE),
        ),
        group=GROUP,
        reads=("close",),
        formula=macd,
        reach=("10*(max(fast, slow)+signal)", lambda fast, slow, signal: 10 * (max(fast, slow) + signal)),
        first=("max(fast, slow)", lambda fast, slow, signal: max(fast, slow)),
    ),
)
