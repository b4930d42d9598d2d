"""Extremes, returns and whatever is none of the others (기타)."""

import math

import numpy

from market.errors import Text
from rules.indicators import exact
from rules.indicators.recursive import changes, filled
from rules.indicators.shapes import Array, Output, Parameter, Unit, indicator, period, value, whole
from rules.indicators.windows import ago, average, fold, highest, log_change, lowest, percent, quotient, variance

GROUP = "misc"
CONSECUTIVE_REACH = 60


def regression(values: Array, n: int) -> tuple[Array, Array, Array]:
    middle = (n + 1) / 2
    places = numpy.arange(1.0, n + 1) - middle
    slope = fold(lambda x, newest, w: (x - newest) * w, n, (values,), places, (values,)) / (places * places).sum()
    mean = average(values, n)
    return mean + slope * (n - middle), slope, mean - slope * middle


def pivot(high: Array, low: Array, left: int, right: int) -> tuple[Array, Array]:
    return _latest_peak(high, left, right), -_latest_peak(-low, left, right)


def _latest_peak(values: Array, left: int, right: int) -> Array:
    """The latest value above the `left` before it and not below the `right` after it, known once those are over."""
    found = numpy.full(len(values), numpy.nan)
    peak = ago(values, right)
    is_peak = (peak > ago(highest(values, left), right + 1)) & (peak >= highest(values, right))
    found[is_peak] = peak[is_peak]
    return filled(found)


def augen(close: Array, n: int) -> tuple[Array]:
    before = ago(close, 1)
    usual = ago(numpy.sqrt(variance(log_change(close, 1), n)), 1)
    return (quotient(close - before, before * usual),)


def consecutive(close: Array, direction: str) -> tuple[Array]:
    moves = changes(close)
    went = moves > 0 if direction == "up" else moves < 0
    places = numpy.arange(len(close))
    count = (places - numpy.maximum.accumulate(numpy.where(went, 0, places))).astype(numpy.float64)
    count[0] = math.nan
    return (count,)


def midpoint(close: Array, n: int) -> tuple[Array]:
    return ((highest(close, n) + lowest(close, n)) / 2,)


INDICATORS = (
    indicator(
        "maximum",
        ("최고 종가", "highest close"),
        (
            "마지막 period개 봉의 가장 높은 종가(고가가 아님). 지금 봉도 들어가므로 close > maximum은 일어나지 않음; "
            "돌파는 maximum(…)[1]과 견줌.",
            "The highest close (not high) of the last `period` bars, this one included: close > maximum cannot happen; "
            "a break-out compares with maximum(…)[1].",
        ),
        parameters=(period(20),),
        outputs=value(Unit.PRICE),
        group=GROUP,
        reads=("close",),
        formula=lambda close, n: (highest(close, n),),
        reach=("period", lambda n: n),
    ),
    indicator(
        "minimum",
        ("최저 종가", "lowest close"),
        (
            "마지막 period개 봉의 가장 낮은 종가(저가가 아님). 지금 봉도 들어감.",
            "The lowest close (not low) of the last `period` bars, this one included.",
        ),
        parameters=(period(20),),
        outputs=value(Unit.PRICE),
        group=GROUP,
        reads=("close",),
        formula=lambda close, n: (lowest(close, n),),
        reach=("period", lambda n: n),
    ),
    indicator(
        "midpoint",
        ("중간값", "midpoint"),
        ("(최고 종가 + 최저 종가)/2, period개.", "(highest close + lowest close)/2 over `period`."),
        parameters=(period(14),),
        outputs=value(Unit.PRICE),
        group=GROUP,
        reads=("close",),
        formula=midpoint,
        reach=("period", lambda n: n),
    ),
    indicator(
        "midprice",
        ("중간가격", "mid-price"),
        ("(최고가 + 최저가)/2, period개.", "(highest high + lowest low)/2 over `period`."),
        parameters=(period(14),),
        outputs=value(Unit.PRICE),
        group=GROUP,
        reads=("high", "low"),
        formula=lambda high, low, n: ((highest(high, n) + lowest(low, n)) / 2,),
        reach=("period", lambda n: n),
    ),
    indicator(
        "logr",
        ("로그 수익률", "log return"),
        ("ln(C/C[period]), 비율.", "ln(C/C[period]), as a fraction."),
        parameters=(period(1),),
        outputs=value(Unit.RATIO),
        group=GROUP,
        reads=("close",),
        formula=lambda close, n: (log_change(close, n),),
        reach=("period+1", lambda n: n + 1),
    ),
    indicator(
        "ibs",
        ("봉 안의 강도 IBS", "internal bar strength IBS"),
        ("(C − L)/(H − L), 폭이 없으면 0.5.", "(C − L)/(H − L), 0.5 without a range."),
        outputs=value(Unit.RATIO, 0, 1),
        group=GROUP,
        reads=("high", "low", "close"),
        formula=lambda high, low, close: (quotient(close - low, high - low, 0.5),),
        reach=("1", lambda: 1),
    ),
    indicator(
        "bop",
        ("힘의 균형 BOP", "balance of power BOP"),
        ("(C − O)/(H − L), 폭이 없으면 0.", "(C − O)/(H − L), 0 without a range."),
        outputs=value(Unit.RATIO, -1, 1),
        group=GROUP,
        reads=("open", "high", "low", "close"),
        formula=lambda open, high, low, close: (quotient(close - open, high - low, 0.0),),
        reach=("1", lambda: 1),
    ),
    indicator(
        "regression",
        ("선형 회귀", "linear regression"),
        (
            "x = 1…period에 대한 최소제곱 직선. value = 마지막 봉에서의 값, slope = 기울기(봉마다), intercept = "
            "x가 0일 때의 값.",
            "Least squares line over x = 1…period: value = at the last bar, slope per bar, intercept at x = 0.",
        ),
        parameters=(period(14, least=2),),
        outputs=(
            Output("value", Text("끝값", "end point"), Unit.PRICE),
            Output("slope", Text("기울기", "slope"), Unit.PRICE),
            Output("intercept", Text("절편", "intercept"), Unit.PRICE),
        ),
        group=GROUP,
        reads=("close",),
        formula=regression,
        reach=("period", lambda n: n),
    ),
    indicator(
        "pivot",
        ("피봇 고점과 저점", "pivot highs and lows"),
        (
            "high = 마지막으로 확인된 고점: 앞의 left_bars개 고가보다 높고 뒤의 right_bars개 고가보다 낮지 않은 "
            "봉의 고가. "
            "low는 저점으로 똑같이. 뒤의 봉이 다 지난 다음에야 알려지며, 하나도 없었으면 값이 없음.",
            "high = the latest confirmed peak: a bar's high above the left_bars before it and not below the right_bars "
            "after it; low likewise of troughs. Known only once the bars after it are over; no value before the first.",
        ),
        parameters=(
            whole("left_bars", 5, "앞의 봉 수", "bars before"),
            whole("right_bars", 5, "뒤의 봉 수", "bars after"),
        ),
        outputs=(
            Output("high", Text("피봇 고점", "pivot high"), Unit.PRICE),
            Output("low", Text("피봇 저점", "pivot low"), Unit.PRICE),
        ),
        group=GROUP,
        reads=("high", "low"),
        formula=pivot,
        reach=("10*(left_bars+right_bars+1)", lambda left, right: 10 * (left + right + 1)),
        first=("left_bars+right_bars+1", lambda left, right: left + right + 1),
    ),
    indicator(
        "augen",
        ("오겐 가격 스파이크", "Augen's price spike"),
        (
            "(C − 전 종가)/(전 종가·σ), σ는 앞 봉까지 period개 로그 수익률의 모표준편차, 0이면 값이 없음.",
            "(C − close before)/(close before·σ), σ the population deviation of the `period` log returns up to the bar "
            "before; no value if it is 0.",
        ),
        parameters=(period(3, least=2),),
        outputs=value(Unit.NUMBER),
        group=GROUP,
        reads=("close",),
        formula=augen,
        reach=("period+2", lambda n: n + 2),
    ),
    indicator(
        "consecutive",
        ("연속 상승/하락", "consecutive rises or falls"),
        (
            "direction으로 잇달아 오른(up) 또는 내린(down) 종가의 수, 아니면 0. 기준 봉부터 셈.",
            "How many closes in a row rose (up) or fell (down), 0 if the last did not; counted from the anchor.",
        ),
        parameters=(Parameter("direction", "choice", 0, 0, "up", Text("방향", "direction"), ("up", "down")),),
        outputs=value(Unit.COUNT, 0),
        group=GROUP,
        reads=("close",),
        formula=consecutive,
        reach=("60", lambda direction: CONSECUTIVE_REACH),
        first=("2", lambda direction: 2),
    ),
    indicator(
        "disparity",
        ("이격도(%)", "disparity (percent)"),
        ("100·C/SMA(period).", "100·C/SMA(period)."),
        parameters=(period(20),),
        outputs=value(Unit.PERCENT),
        group=GROUP,
        reads=("close",),
        formula=lambda close, n: (100.0 * quotient(close, exact.mean((close,), n)),),
        reach=("period", lambda n: n),
    ),
    indicator(
        "change",
        ("직전 봉 대비 등락률(%)", "change from the bar before (percent)"),
        ("100·(C − 전 종가)/전 종가.", "100·(C − close before)/close before."),
        outputs=value(Unit.PERCENT),
        group=GROUP,
        reads=("close",),
        formula=lambda close: (percent(close, 1),),
        reach=("2", lambda: 2),
    ),
    indicator(
        "returns",
        ("수익률(%)", "return (percent)"),
        (
            "period개 봉 전 값에 대한 변화, 퍼센트(5%는 5; 공식 백테스터는 500으로 읽음).",
            "Change over `period` bars in percent of the value then (5 % is 5; the official backtester reads 500).",
        ),
        parameters=(period(60),),
        outputs=value(Unit.PERCENT),
        group=GROUP,
        reads=("close",),
        formula=lambda close, n: (percent(close, n),),
        reach=("period+1", lambda n: n + 1),
    ),
)
