"""Moving averages (이동평균)."""

import math

import numpy

from rules.indicators import exact
from rules.indicators.recursive import adaptive, ema, rises_and_falls, shifted, wilder
from rules.indicators.shapes import Array, Unit, indicator, number, period, value
from rules.indicators.ta_lib import talib
from rules.indicators.windows import ago, highest, linear, log, lowest, quotient, total, weighted

GROUP = "moving_average"
FAST, SLOW = 2 / 3, 2 / 31  # Kaufman's: an EMA of 2 and one of 30
FADING = 400  # bars after which an adaptive average of usual pace has forgotten where it began
FRACTAL_LONG = 198


def trima(close: Array, n: int) -> tuple[Array]:
    first, second = (n // 2, n // 2 + 1) if n % 2 == 0 else ((n + 1) // 2, (n + 1) // 2)
    return (weighted(close, numpy.convolve(numpy.ones(first), numpy.ones(second))),)


def dema(close: Array, n: int) -> tuple[Array]:
    once = ema(close, n)
    return (2 * once - ema(once, n),)


def tema(close: Array, n: int) -> tuple[Array]:
    once = ema(close, n)
    twice = ema(once, n)
    return (3 * once - 3 * twice + ema(twice, n),)


def t3(close: Array, n: int, volume_factor: float) -> tuple[Array]:
    if n == 1:  # refused by TA-Lib; every average of one value is the value
        return (close,)
    return (shifted(talib.T3, close, n, volume_factor),)


def hma(close: Array, n: int) -> tuple[Array]:
    return (linear(2 * linear(close, round(n / 2)) - linear(close, n), round(math.sqrt(n))),)


def alma(close: Array, n: int, sigma: float, offset: float) -> tuple[Array]:
    peak, width = math.floor(offset * (n - 1)), n / sigma
    weights = numpy.array([math.exp(-((k - peak) ** 2) / (2 * width * width)) for k in range(n)])
    return (weighted(close, weights),)


def lag(n: int) -> int:
    return round((n - 1) / 2)


def zlema(close: Array, n: int) -> tuple[Array]:
    return (ema(2 * close - ago(close, lag(n)), n),)


def kama(close: Array, n: int) -> tuple[Array]:
    moves = numpy.abs(close - ago(close, 1))
    efficiency = quotient(numpy.abs(close - ago(close, n)), total(moves, n), 1.0)
    pace = efficiency * (FAST - SLOW) + SLOW
    return (adaptive(close, pace * pace, n),)


def vidya(close: Array, n: int) -> tuple[Array]:
    up, down = rises_and_falls(close, n)
    return (adaptive(close, quotient(numpy.abs(up - down), up + down, 0.0) * (2 / (n + 1)), n),)


def frama(high: Array, low: Array, n: int) -> tuple[Array]:
    half = n // 2
    newer = (highest(high, half) - lowest(low, half)) / half
    both = (highest(high, 2 * half) - lowest(low, 2 * half)) / (2 * half)
    dimension = (log(newer + ago(newer, half)) - log(both)) / math.log(2)
    pace = math.log(2 / (FRACTAL_LONG + 1))
    alpha = [1.0 if math.isnan(d) else min(max(math.exp(pace * (d - 1)), 0.01), 1.0) for d in dimension.tolist()]
    return (adaptive((high + low) / 2, numpy.array(alpha), 2 * half),)


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
        formula=lambda close, n: (exact.mean((close,), n),),
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
        formula=lambda close, n: (ema(close, n),),
        reach=("10*period", lambda n: 10 * n),
        first=("period", lambda n: n),
    ),
    indicator(
        "dema",
        ("이중 지수이동평균", "double exponential moving average"),
        (
            "2·E₁ − E₂. E₁은 EMA(period), E₂는 E₁의 EMA(period); 각각 처음 period개의 산술평균으로 시작.",
            "2·E₁ − E₂, E₁ the EMA and E₂ the EMA of E₁, each begun with the mean of its first `period` values.",
        ),
        parameters=(period(20),),
        outputs=value(Unit.PRICE),
        group=GROUP,
        reads=("close",),
        formula=dema,
        reach=("20*period", lambda n: 20 * n),
        first=("2*period-1", lambda n: 2 * n - 1),
    ),
    indicator(
        "tema",
        ("삼중 지수이동평균", "triple exponential moving average"),
        (
            "3·E₁ − 3·E₂ + E₃. Eₖ는 EMA를 k번 거듭한 것; 각각 처음 period개의 산술평균으로 시작.",
            "3·E₁ − 3·E₂ + E₃, Eₖ the EMA taken k times, each begun with the mean of its first `period` values.",
        ),
        parameters=(period(20),),
        outputs=value(Unit.PRICE),
        group=GROUP,
        reads=("close",),
        formula=tema,
        reach=("30*period", lambda n: 30 * n),
        first=("3*period-2", lambda n: 3 * n - 2),
    ),
    indicator(
        "hma",
        ("헐 이동평균", "Hull moving average"),
        (
            "2·LWMA(period/2) − LWMA(period)의 LWMA(√period). 길이는 반올림(.5는 짝수로).",
            "LWMA(√period) of 2·LWMA(period/2) − LWMA(period); lengths are rounded, halves to the even number.",
        ),
        parameters=(period(20, least=2),),
        outputs=value(Unit.PRICE),
        group=GROUP,
        reads=("close",),
        formula=hma,
        reach=("period+round(sqrt(period))-1", lambda n: n + round(math.sqrt(n)) - 1),
    ),
    indicator(
        "kama",
        ("카우프만 적응형 이동평균", "Kaufman's adaptive moving average"),
        (
            "첫 값 바로 앞 봉의 값에서 시작해 차이의 (ER·(2/3 − 2/31) + 2/31)²만큼 움직임. "
            "ER = |period개 봉 동안의 변화| / 봉마다의 |변화|의 합, 움직임이 없으면 1. 방향이 없는 장에서는 시작 "
            "값이 천천히 사라짐.",
            "Begins from the value before its first bar and moves by (ER·(2/3 − 2/31) + 2/31)² of the difference; "
            "ER = |change over `period`| / sum of |changes|, 1 if nothing moved. Where a market has no direction "
            "the beginning fades slowly.",
        ),
        parameters=(period(10),),
        outputs=value(Unit.PRICE),
        group=GROUP,
        reads=("close",),
        formula=kama,
        reach=("period+400", lambda n: n + FADING),
        first=("period+1", lambda n: n + 1),
    ),
    indicator(
        "alma",
        ("아르노 르구 이동평균", "Arnaud Legoux moving average"),
        (
            "가중평균, k번째(오래된 것이 0) 무게 exp(−(k−m)²/2s²), m = floor(offset·(period−1)), s = period/sigma"
            "(공식 백테스터와 달리 sigma를 자르지 않음).",
            "Weighted mean; the k-th weight, the oldest being 0, is exp(−(k−m)²/2s²), m = floor(offset·(period−1)), "
            "s = period/sigma (sigma is not truncated as the official backtester does).",
        ),
        parameters=(
            period(9),
            number("sigma", 6.0, 0.1, 20, "폭을 나누는 수", "divisor of the width"),
            number("offset", 0.85, 0, 1, "꼭대기의 자리(1은 최신)", "place of the peak, 1 the newest"),
        ),
        outputs=value(Unit.PRICE),
        group=GROUP,
        reads=("close",),
        formula=alma,
        reach=("period", lambda n, sigma, offset: n),
    ),
    indicator(
        "lwma",
        ("선형 가중이동평균", "linearly weighted moving average"),
        (
            "무게 1(가장 오래된 봉)부터 period(최신 봉)까지의 가중평균. 흔히 WMA라 부르는 것.",
            "Mean weighted 1 (the oldest) to `period` (the newest). What is commonly called WMA.",
        ),
        parameters=(period(20),),
        outputs=value(Unit.PRICE),
        group=GROUP,
        reads=("close",),
        formula=lambda close, n: (linear(close, n),),
        reach=("period", lambda n: n),
    ),
    indicator(
        "trima",
        ("삼각 이동평균", "triangular moving average"),
        (
            "SMA의 SMA. period가 짝수면 길이 period/2와 period/2+1, 홀수면 (period+1)/2 두 번.",
            "SMA of an SMA: lengths period/2 and period/2+1 when even, (period+1)/2 twice when odd.",
        ),
        parameters=(period(20),),
        outputs=value(Unit.PRICE),
        group=GROUP,
        reads=("close",),
        formula=trima,
        reach=("period", lambda n: n),
    ),
    indicator(
        "t3",
        ("T3 이동평균", "Tillson's T3 moving average"),
        (
            "EMA를 여섯 번 거듭한 E₃…E₆의 −v³·E₆ + (3v²+3v³)·E₅ − (6v²+3v+3v³)·E₄ + (1+3v+3v²+v³)·E₃, "
            "v = volume_factor. 각 EMA는 처음 period개의 산술평균으로 시작(TA-Lib).",
            "−v³·E₆ + (3v²+3v³)·E₅ − (6v²+3v+3v³)·E₄ + (1+3v+3v²+v³)·E₃, Eₖ the EMA taken k times, "
            "v = volume_factor; each EMA begins with the mean of its first `period` values (TA-Lib).",
        ),
        parameters=(period(10), number("volume_factor", 0.7, 0, 1, "되돌림의 세기", "strength of the correction")),
        outputs=value(Unit.PRICE),
        group=GROUP,
        reads=("close",),
        formula=t3,
        reach=("60*period", lambda n, v: 60 * n),
        first=("6*period-5", lambda n, v: 6 * n - 5),
    ),
    indicator(
        "zlema",
        ("제로 래그 지수이동평균", "zero-lag exponential moving average"),
        (
            "2·C − C[lag]의 EMA(period), lag = (period−1)/2의 반올림(.5는 짝수로). 처음 period개의 산술평균으로 시작.",
            "EMA(period) of 2·C − C[lag], lag = (period−1)/2 rounded, halves to the even number; "
            "begins with the mean of its first `period` values.",
        ),
        parameters=(period(20),),
        outputs=value(Unit.PRICE),
        group=GROUP,
        reads=("close",),
        formula=zlema,
        reach=("10*period+round((period-1)/2)", lambda n: 10 * n + lag(n)),
        first=("period+round((period-1)/2)", lambda n: n + lag(n)),
    ),
    indicator(
        "wma",
        (
            "와일더 이동평균 — 가중이동평균(WMA)이 아님! 가중은 lwma",
            "WILDER's moving average — NOT the weighted one! That is lwma",
        ),
        (
            "공식 도구가 wma라 부르는 것은 Wilder의 평균: 처음 period개의 산술평균으로 시작해 봉마다 차이의 "
            "1/period만큼 움직임.",
            "What the official tools call wma is Wilder's average: begins with the mean of the first `period` values, "
            "then moves by 1/period of the difference.",
        ),
        parameters=(period(14),),
        outputs=value(Unit.PRICE),
        group=GROUP,
        reads=("close",),
        formula=lambda close, n: (shifted(wilder, close, n),),
        reach=("20*period", lambda n: 20 * n),
        first=("period", lambda n: n),
    ),
    indicator(
        "frama",
        ("프랙탈 적응형 이동평균", "fractal adaptive moving average"),
        (
            "(H+L)/2를 차이의 α만큼 따라감. α = exp(ln(2/199)·(D−1)), 0.01에서 1; D = (ln(N₁+N₂) − ln N₃)/ln 2, "
            "N은 최근 반, 앞의 반, 전체에서 (최고가−최저가)/봉 수, 정할 수 없으면 D = 1. 홀수 period는 하나 줄여 씀. "
            "첫 값 바로 앞 봉의 값에서 시작; D가 2에 가까우면 시작 값이 천천히 사라짐.",
            "Follows (H+L)/2 by α of the difference: α = exp(ln(2/199)·(D−1)), 0.01 to 1, "
            "D = (ln(N₁+N₂) − ln N₃)/ln 2, N = (highest − lowest)/bars of the newer half, the older half "
            "and the whole; "
            "D = 1 where undefined. An odd period is taken one shorter. Begins from the value before its first bar, "
            "which fades slowly while D is near 2.",
        ),
        parameters=(period(16, least=2),),
        outputs=value(Unit.PRICE),
        group=GROUP,
        reads=("high", "low"),
        formula=frama,
        reach=("period+400", lambda n: n + FADING),
        first=("2*(period//2)+1", lambda n: 2 * (n // 2) + 1),
    ),
    indicator(
        "vidya",
        ("변동 지수 동적 평균 VIDYA", "variable index dynamic average VIDYA"),
        (
            "첫 값 바로 앞 봉의 값에서 시작해 차이의 2/(period+1)·|CMO(period)|/100만큼 움직임. "
            "CMO는 Wilder 평균으로(cmo와 같음). 방향이 없는 장에서는 시작 값이 천천히 사라짐.",
            "Begins from the value before its first bar and moves by 2/(period+1)·|CMO(period)|/100 of the difference, "
            "CMO by Wilder's averages (as in cmo). Where a market has no direction the beginning fades slowly.",
        ),
        parameters=(period(14),),
        outputs=value(Unit.PRICE),
        group=GROUP,
        reads=("close",),
        formula=vidya,
        reach=("40*period", lambda n: 40 * n),
        first=("period+1", lambda n: n + 1),
    ),
)
