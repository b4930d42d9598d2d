"""Volatility (변동성)."""

import numpy

from market.errors import Text
from rules.indicators import exact
from rules.indicators.recursive import wilder
from rules.indicators.shapes import Array, Output, Parameter, Unit, indicator, number, period, value
from rules.indicators.windows import ago, average, fold, highest, lowest, percent, quotient, true_range, variance

GROUP = "volatility"
MIDDLE = Output("middle", Text("중심선", "middle line"), Unit.PRICE)
UPPER = Output("upper", Text("상단", "upper band"), Unit.PRICE)
LOWER = Output("lower", Text("하단", "lower band"), Unit.PRICE)


def atr(high: Array, low: Array, close: Array, n: int) -> tuple[Array]:
    ranges = numpy.full(len(close), numpy.nan)
    ranges[1:] = exact.mean((true_range(high, low, close)[1:],), n)
    return (ranges,)


def natr(high: Array, low: Array, close: Array, n: int) -> tuple[Array]:
    return (100.0 * quotient(wilder(true_range(high, low, close), n), close),)


def bollinger(close: Array, n: int, width: float) -> tuple[Array, Array, Array]:
    return around(exact.mean((close,), n), width * numpy.sqrt(variance(close, n)))


def keltner(high: Array, low: Array, close: Array, n: int, multiplier: float) -> tuple[Array, Array, Array]:
    return around(exact.mean((high, low, close), n), multiplier * atr(high, low, close, n)[0])


def around(middle: Array, away: Array) -> tuple[Array, Array, Array]:
    return middle, middle + away, middle - away


def accbands(high: Array, low: Array, close: Array, n: int, width: float) -> tuple[Array, Array, Array]:
    spread = width * quotient(high - low, high + low, 0.0)
    return exact.mean((close,), n), average(high * (1 + spread), n), average(low * (1 - spread), n)


def returns(values: Array) -> Array:
    """From bar to bar, as fractions."""
    before = ago(values, 1)
    return quotient(values - before, before)


def volatility(close: Array, n: int) -> tuple[Array]:
    return (numpy.sqrt(variance(returns(close), n) * n / (n - 1)),)


def beta(close: Array, benchmark: Array, n: int, symbol: str) -> tuple[Array]:
    return (_beta(close, benchmark, n),)


def _beta(close: Array, benchmark: Array, n: int) -> Array:
    own, its = returns(close), returns(benchmark)
    together = fold(
        lambda x, y, mean_x, mean_y: (x - mean_x) * (y - mean_y), n, (own, its), near=(average(own, n), average(its, n))
    )
    return quotient(together / n, variance(its, n))


def alpha(close: Array, benchmark: Array, n: int, symbol: str) -> tuple[Array]:
    return (percent(close, n) - _beta(close, benchmark, n) * percent(benchmark, n),)


BENCHMARK = Parameter("symbol", "symbol", 0, 0, "SPY", Text("견줄 종목", "symbol to compare with"))

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
        "natr",
        ("정규화 평균진폭 NATR(%)", "normalised average true range NATR (percent)"),
        (
            "100·ATR/C. ATR은 진폭의 Wilder 평균: 처음 period개의 산술평균으로 시작해 차이의 1/period만큼 움직임.",
            "100·ATR/C, ATR Wilder's average of the true range: the mean of the first `period`, then moving by "
            "1/period of the difference.",
        ),
        parameters=(period(14),),
        outputs=value(Unit.PERCENT, 0),
        group=GROUP,
        reads=("high", "low", "close"),
        formula=natr,
        reach=("20*period", lambda n: 20 * n),
        first=("period+1", lambda n: n + 1),
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
    indicator(
        "keltner",
        ("켈트너 채널", "Keltner channel"),
        (
            "middle = (H+L+C)/3의 SMA(period), upper와 lower = middle ± multiplier·ATR(period), ATR은 atr과 같은 "
            "단순평균.",
            "middle = SMA(period) of (H+L+C)/3; upper, lower = middle ± multiplier·ATR(period), the simple "
            "mean of atr.",
        ),
        parameters=(period(20), number("multiplier", 2.0, 0.1, 10, "ATR의 배수", "multiple of the ATR")),
        outputs=(MIDDLE, UPPER, LOWER),
        group=GROUP,
        reads=("high", "low", "close"),
        formula=keltner,
        reach=("period+1", lambda n, multiplier: n + 1),
    ),
    indicator(
        "donchian",
        ("돈치안 채널", "Donchian channel"),
        (
            "마지막 period개 봉의 최고가와 최저가. 지금 봉도 들어가므로 close > upper는 일어나지 않음; "
            "돌파는 donchian(…).upper[1]과 견줌.",
            "Highest high and lowest low of the last `period` bars, this one included: close > upper cannot happen; "
            "a break-out compares with donchian(…).upper[1].",
        ),
        parameters=(period(20),),
        outputs=(UPPER, LOWER),
        group=GROUP,
        reads=("high", "low"),
        formula=lambda high, low, n: (highest(high, n), lowest(low, n)),
        reach=("period", lambda n: n),
    ),
    indicator(
        "std",
        ("표준편차", "standard deviation"),
        ("마지막 period개 값의 모표준편차.", "Population standard deviation of the last `period` values."),
        parameters=(period(20),),
        outputs=value(Unit.PRICE, 0),
        group=GROUP,
        reads=("close",),
        formula=lambda close, n: (numpy.sqrt(variance(close, n)),),
        reach=("period", lambda n: n),
    ),
    indicator(
        "variance",
        ("분산", "variance"),
        ("마지막 period개 값의 모분산.", "Population variance of the last `period` values."),
        parameters=(period(20),),
        outputs=value(Unit.NUMBER, 0),
        group=GROUP,
        reads=("close",),
        formula=lambda close, n: (variance(close, n),),
        reach=("period", lambda n: n),
    ),
    indicator(
        "accbands",
        ("가속 밴드", "acceleration bands"),
        (
            "middle = SMA(period), upper = H·(1 + w)의, lower = L·(1 − w)의 산술평균, w = width·(H−L)/(H+L).",
            "middle = SMA(period); upper, lower = means of H·(1 + w) and of L·(1 − w), w = width·(H−L)/(H+L).",
        ),
        parameters=(period(20), number("width", 4.0, 0.1, 10, "폭의 배수", "multiple of the width")),
        outputs=(MIDDLE, UPPER, LOWER),
        group=GROUP,
        reads=("high", "low", "close"),
        formula=accbands,
        reach=("period", lambda n, width: n),
    ),
    indicator(
        "beta",
        ("베타", "beta"),
        (
            "종가 수익률과 symbol의 종가 수익률의 공분산 / symbol 수익률의 분산, 마지막 period개. symbol의 같은 "
            "시각 봉이 "
            "모두 있어야 하며 분산이 0이면 값이 없음. 공식 백테스터는 KOSPI와 견줌.",
            "Covariance of the returns of the closes with those of `symbol` over the variance of the latter, the last "
            "`period`. Needs every bar of `symbol` at the same time; no value if its variance is 0. The official "
            "backtester compares with the KOSPI.",
        ),
        parameters=(period(252, least=2), BENCHMARK),
        outputs=value(Unit.RATIO),
        group=GROUP,
        reads=("close", "benchmark"),
        formula=beta,
        reach=("period+1", lambda n, symbol: n + 1),
    ),
    indicator(
        "alpha",
        ("알파(%)", "Jensen's alpha (percent)"),
        (
            "period개 봉 동안의 수익률 − beta(period)·symbol의 수익률, 퍼센트. 무위험 수익률은 0으로 봄.",
            "Return over `period` bars − beta(period)·return of `symbol`, in percent; the risk-free rate "
            "is taken as 0.",
        ),
        parameters=(period(252, least=2), BENCHMARK),
        outputs=value(Unit.PERCENT),
        group=GROUP,
        reads=("close", "benchmark"),
        formula=alpha,
        reach=("period+1", lambda n, symbol: n + 1),
    ),
    indicator(
        "volatility_ind",
        ("변동성(수익률의 표준편차)", "volatility (deviation of returns)"),
        (
            "마지막 period개 봉 수익률의 표본표준편차, 비율(0.02 = 2%).",
            "Sample standard deviation of the last `period` returns from bar to bar, as a fraction (0.02 = 2 %).",
        ),
        parameters=(period(10, least=2),),
        outputs=value(Unit.RATIO, 0),
        group=GROUP,
        reads=("close",),
        formula=volatility,
        reach=("period+1", lambda n: n + 1),
    ),
)
