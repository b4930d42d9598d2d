"""Volume (거래량)."""

import numpy

from rules.indicators.recursive import changes, ema
from rules.indicators.shapes import Array, Unit, indicator, number, period, value
from rules.indicators.windows import ago, fold, quotient, tidy, total

GROUP = "volume"


def flow(high: Array, low: Array, close: Array, volume: Array) -> Array:
    """Volume by where in its range the bar closed: all of it at the high, minus all at the low."""
    return volume * quotient((close - low) - (high - close), high - low, 0.0)


def accumulation(high: Array, low: Array, close: Array, volume: Array) -> Array:
    return numpy.cumsum(flow(high, low, close, volume))


def obv(close: Array, volume: Array) -> tuple[Array]:
    signed = volume.copy()
    signed[1:] *= numpy.sign(changes(close)[1:])
    return (numpy.cumsum(signed),)


def cmf(high: Array, low: Array, close: Array, volume: Array, n: int) -> tuple[Array]:
    return (quotient(total(flow(high, low, close, volume), n), total(volume, n)),)


def mfi(high: Array, low: Array, close: Array, volume: Array, n: int) -> tuple[Array]:
    typical = tidy(high + low + close) / 3
    moves = typical - ago(typical, 1)
    money = numpy.where(numpy.isnan(moves), numpy.nan, typical * volume)
    up = total(numpy.where(moves <= 0, 0.0, money), n)
    down = total(numpy.where(moves >= 0, 0.0, money), n)
    return (100.0 * quotient(up, up + down),)


def force(close: Array, volume: Array, n: int) -> tuple[Array]:
    return (ema(changes(close) * volume, n),)


def by_volume(price: Array, volume: Array, n: int) -> Array:
    """The mean price by volume, as a distance from the newest: where the price stands still it is that price."""
    away = fold(lambda p, v, newest: (p - newest) * v, n, (price, volume), near=(price,))
    return price + quotient(away, total(volume, n))


def vwap(open: Array, high: Array, low: Array, close: Array, volume: Array, n: int) -> tuple[Array]:
    return (by_volume((open + high + low + close) / 4, volume, n),)


def eom(high: Array, low: Array, volume: Array, n: int, scale: float) -> tuple[Array]:
    middle = (high + low) / 2
    ease = quotient((middle - ago(middle, 1)) * (high - low), volume / scale, 0.0)
    return (total(ease, n) / n,)


BARS = ("high", "low", "close", "volume")
LINE = (
    "V·((C−L)−(H−C))/(H−L)의 누적(폭이 없는 봉은 0). 높이는 기준 봉부터 센 것.",
    "Running sum of V·((C−L)−(H−C))/(H−L), 0 for a bar without range. Its level counts from the anchor.",
)

INDICATORS = (
    indicator(
        "obv",
        ("온밸런스 볼륨 OBV", "on-balance volume OBV"),
        (
            "첫 봉의 거래량에서 시작해 종가가 오르면 거래량을 더하고 내리면 뺌. 높이는 기준 봉부터 센 것.",
            "Begins with the first bar's volume; adds the volume of a bar that rose, takes that of one that fell. "
            "Its level counts from the anchor.",
        ),
        outputs=value(Unit.SHARES),
        group=GROUP,
        reads=("close", "volume"),
        formula=obv,
        reach=("0", lambda: 0),
        first=("1", lambda: 1),
    ),
    *(
        indicator(
            name,
            title,
            LINE,
            outputs=value(Unit.SHARES),
            group=GROUP,
            reads=BARS,
            formula=lambda *columns: (accumulation(*columns),),
            reach=("0", lambda: 0),
            first=("1", lambda: 1),
        )
        for name, title in (
            ("ad", ("누적/분산", "accumulation/distribution")),
            ("adl", ("누적/분산선(ad와 같음)", "accumulation/distribution line (the same as ad)")),
        )
    ),
    indicator(
        "cmf",
        ("채킨 자금흐름 CMF", "Chaikin money flow CMF"),
        (
            "V·((C−L)−(H−C))/(H−L)의 합 / V의 합, period개. 폭이 없는 봉은 0, 거래가 없으면 값이 없음.",
            "Sum of V·((C−L)−(H−C))/(H−L) over the sum of V, `period` bars; 0 for a bar without range, no value "
            "without volume.",
        ),
        parameters=(period(20),),
        outputs=value(Unit.RATIO),
        group=GROUP,
        reads=BARS,
        formula=cmf,
        reach=("period", lambda n: n),
    ),
    indicator(
        "mfi",
        ("자금흐름지수 MFI", "money flow index MFI"),
        (
            "100·상승/(상승+하락), TP = (H+L+C)/3가 앞 봉보다 오른(내린) 봉들의 TP·V의 합, period개. "
            "아무 흐름도 없으면 값이 없음.",
            "100·up/(up+down): sums of TP·V over `period` bars whose TP = (H+L+C)/3 rose (fell); "
            "no value where nothing flowed.",
        ),
        parameters=(period(14),),
        outputs=value(Unit.INDEX, 0, 100),
        group=GROUP,
        reads=BARS,
        formula=mfi,
        reach=("period+1", lambda n: n + 1),
    ),
    indicator(
        "force",
        ("포스 인덱스", "force index"),
        (
            "(C − 전 종가)·V의 EMA(period), 처음 period개의 산술평균으로 시작.",
            "EMA(period) of (C − close before)·V, begun with the mean of the first `period`.",
        ),
        parameters=(period(13),),
        outputs=value(Unit.NUMBER),
        group=GROUP,
        reads=("close", "volume"),
        formula=force,
        reach=("10*period", lambda n: 10 * n),
        first=("period+1", lambda n: n + 1),
    ),
    indicator(
        "vwap",
        ("거래량 가중 평균가 VWAP(마지막 period개)", "volume-weighted average price VWAP (rolling)"),
        (
            "마지막 period개 봉의 (O+H+L+C)/4를 거래량으로 가중한 평균. 하루의 시작부터 세지 않음. 거래가 없으면 "
            "값이 없음.",
            "Mean of (O+H+L+C)/4 of the last `period` bars by volume; not counted from the day's beginning. "
            "No value without volume.",
        ),
        parameters=(period(14),),
        outputs=value(Unit.PRICE),
        group=GROUP,
        reads=("open", "high", "low", "close", "volume"),
        formula=vwap,
        reach=("period", lambda n: n),
    ),
    indicator(
        "vwma",
        ("거래량 가중 이동평균 VWMA", "volume-weighted moving average VWMA"),
        (
            "마지막 period개 종가를 거래량으로 가중한 평균. 거래가 없으면 값이 없음.",
            "Mean of the last `period` closes by volume. No value without volume.",
        ),
        parameters=(period(20),),
        outputs=value(Unit.PRICE),
        group=GROUP,
        reads=("close", "volume"),
        formula=lambda close, volume, n: (by_volume(close, volume, n),),
        reach=("period", lambda n: n),
    ),
    indicator(
        "eom",
        ("움직임의 용이성 EOM", "ease of movement EOM"),
        (
            "(중간값의 변화)·(H−L)/(V/scale)의 period개 산술평균, 중간값 = (H+L)/2. 폭이나 거래가 없는 봉은 0.",
            "Mean over `period` of (change of the middle)·(H−L)/(V/scale), the middle being (H+L)/2; "
            "0 for a bar without range or volume.",
        ),
        parameters=(period(14), number("scale", 10000, 1, 100000, "거래량을 나누는 수", "divisor of the volume")),
        outputs=value(Unit.NUMBER),
        group=GROUP,
        reads=("high", "low", "volume"),
        formula=eom,
        reach=("period+1", lambda n, scale: n + 1),
    ),
)
