"""Oscillators of momentum (오실레이터): differences of averages, rates of change, flows of volume."""

import numpy

from market.errors import Text
from rules.indicators import exact
from rules.indicators.recursive import ema
from rules.indicators.shapes import Array, Output, Parameter, Unit, indicator, period, value, whole
from rules.indicators.volume import accumulation
from rules.indicators.windows import ago, percent, quotient, tidy

GROUP = "oscillator"
PPO_SIGNAL = 9


def between(values: Array, fast: int, slow: int) -> Array:
    return ema(values, fast) - ema(values, slow)


def macd(close: Array, fast: int, slow: int, signal: int) -> tuple[Array, Array, Array]:
    line = between(close, fast, slow)
    smooth = ema(line, signal)
    return line, smooth, line - smooth


def ppo(close: Array, fast: int, slow: int) -> tuple[Array, Array, Array]:
    line = 100.0 * quotient(between(close, fast, slow), ema(close, slow))
    smooth = ema(line, PPO_SIGNAL)
    return line, smooth, line - smooth


def ao(high: Array, low: Array, fast: int, slow: int) -> tuple[Array]:
    return (exact.mean((high, low), fast) - exact.mean((high, low), slow),)


def trix(close: Array, n: int) -> tuple[Array]:
    return (percent(ema(ema(ema(close, n), n), n), 1),)


def dpo(close: Array, n: int) -> tuple[Array]:
    return (ago(close, n // 2 + 1) - exact.mean((close,), n),)


def kvo(high: Array, low: Array, close: Array, volume: Array, fast: int, slow: int, signal: int) -> tuple[Array, Array]:
    line = between(_volume_force(high, low, close, volume), fast, slow)
    return line, ema(line, signal)


def _volume_force(high: Array, low: Array, close: Array, volume: Array) -> Array:
    """Volume by how much of the range since the trend last turned is this bar's, signed by the trend."""
    levels, ranges = tidy(high + low + close).tolist(), (high - low).tolist()
    force = [numpy.nan]
    trend, measured = 0, 0.0
    for i, shares in enumerate(volume[1:].tolist(), 1):
        now = 1 if levels[i] > levels[i - 1] else -1
        measured = measured + ranges[i] if now == trend else ranges[i - 1] + ranges[i]
        trend = now
        force.append(shares * abs(2 * (ranges[i] / measured - 1)) * trend * 100 if measured else 0.0)
    return numpy.array(force)


def lengths(fast: int, slow: int) -> tuple[Parameter, Parameter]:
    return (
        whole("fast", fast, "빠른 평균의 봉 수", "bars of the fast average"),
        whole("slow", slow, "느린 평균의 봉 수", "bars of the slow average"),
    )


SIGNAL = whole("signal", 9, "신호선의 봉 수", "bars of the signal line")


def lines(unit: Unit) -> tuple[Output, Output, Output]:
    return (
        Output("value", Text("기본선", "line"), unit),
        Output("signal", Text("신호선", "signal line"), unit),
        Output("histogram", Text("히스토그램", "histogram"), unit),
    )


INDICATORS = (
    indicator(
        "macd",
        ("MACD", "moving average convergence divergence MACD"),
        (
            "value = EMA(fast) − EMA(slow), 각각 자기 길이의 산술평균으로 시작. signal = value의 EMA(signal), "
            "histogram = value − signal(둘은 signal−1개 봉 늦게 시작).",
            "value = EMA(fast) − EMA(slow), each begun with its own mean; signal = EMA(signal) of value; "
            "histogram = value − signal (both begin signal−1 bars later).",
        ),
        parameters=(*lengths(12, 26), SIGNAL),
        outputs=lines(Unit.PRICE),
        group=GROUP,
        reads=("close",),
        formula=macd,
        reach=("10*(max(fast, slow)+signal)", lambda fast, slow, signal: 10 * (max(fast, slow) + signal)),
        first=("max(fast, slow)", lambda fast, slow, signal: max(fast, slow)),
    ),
    indicator(
        "momentum",
        ("모멘텀(%)", "momentum (percent)"),
        (
            "period개 봉 전 값에 대한 변화, 퍼센트. roc와 같음(가격 차이가 아님).",
            "Change over `period` bars in percent of the value then. The same as roc; not a difference of prices.",
        ),
        parameters=(period(10),),
        outputs=value(Unit.PERCENT),
        group=GROUP,
        reads=("close",),
        formula=lambda close, n: (percent(close, n),),
        reach=("period+1", lambda n: n + 1),
    ),
    indicator(
        "roc",
        ("변화율 ROC(%)", "rate of change ROC (percent)"),
        ("period개 봉 전 값에 대한 변화, 퍼센트.", "Change over `period` bars in percent of the value then."),
        parameters=(period(10),),
        outputs=value(Unit.PERCENT),
        group=GROUP,
        reads=("close",),
        formula=lambda close, n: (percent(close, n),),
        reach=("period+1", lambda n: n + 1),
    ),
    indicator(
        "apo",
        ("절대 가격 오실레이터 APO", "absolute price oscillator APO"),
        (
            "EMA(fast) − EMA(slow), 각각 자기 길이의 산술평균으로 시작.",
            "EMA(fast) − EMA(slow), each begun with its own mean.",
        ),
        parameters=lengths(12, 26),
        outputs=value(Unit.PRICE),
        group=GROUP,
        reads=("close",),
        formula=lambda close, fast, slow: (between(close, fast, slow),),
        reach=("10*max(fast, slow)", lambda fast, slow: 10 * max(fast, slow)),
        first=("max(fast, slow)", lambda fast, slow: max(fast, slow)),
    ),
    indicator(
        "ppo",
        ("퍼센트 가격 오실레이터 PPO", "percentage price oscillator PPO"),
        (
            "value = 100·(EMA(fast) − EMA(slow))/EMA(slow). signal = value의 EMA(9), histogram = value − signal; "
            "모두 퍼센트(공식 백테스터의 signal은 가격 단위이고 길이가 slow임).",
            "value = 100·(EMA(fast) − EMA(slow))/EMA(slow); signal = EMA(9) of value, histogram = value − signal, "
            "all in percent (the official backtester's signal is in price units and as long as slow).",
        ),
        parameters=lengths(12, 26),
        outputs=lines(Unit.PERCENT),
        group=GROUP,
        reads=("close",),
        formula=ppo,
        reach=("10*(max(fast, slow)+9)", lambda fast, slow: 10 * (max(fast, slow) + PPO_SIGNAL)),
        first=("max(fast, slow)", lambda fast, slow: max(fast, slow)),
    ),
    indicator(
        "ao",
        ("어썸 오실레이터 AO", "awesome oscillator AO"),
        ("(H+L)/2의 SMA(fast) − SMA(slow).", "SMA(fast) − SMA(slow) of (H+L)/2."),
        parameters=lengths(5, 34),
        outputs=value(Unit.PRICE),
        group=GROUP,
        reads=("high", "low"),
        formula=ao,
        reach=("max(fast, slow)", lambda fast, slow: max(fast, slow)),
    ),
    indicator(
        "cho",
        ("채킨 오실레이터", "Chaikin oscillator"),
        (
            "누적/분산선(ad)의 EMA(fast) − EMA(slow), 각각 자기 길이의 산술평균으로 시작.",
            "EMA(fast) − EMA(slow) of the accumulation/distribution line (ad), each begun with its own mean.",
        ),
        parameters=lengths(3, 10),
        outputs=value(Unit.SHARES),
        group=GROUP,
        reads=("high", "low", "close", "volume"),
        formula=lambda high, low, close, volume, fast, slow: (
            between(accumulation(high, low, close, volume), fast, slow),
        ),
        reach=("10*max(fast, slow)", lambda fast, slow: 10 * max(fast, slow)),
        first=("max(fast, slow)", lambda fast, slow: max(fast, slow)),
    ),
    indicator(
        "trix",
        ("TRIX(%)", "TRIX (percent)"),
        (
            "EMA(period)를 세 번 거듭한 것의 한 봉 변화, 퍼센트. 각 EMA는 처음 period개의 산술평균으로 시작.",
            "Change over one bar, in percent, of the EMA taken three times; each begins with its mean.",
        ),
        parameters=(period(15),),
        outputs=value(Unit.PERCENT),
        group=GROUP,
        reads=("close",),
        formula=trix,
        reach=("30*period", lambda n: 30 * n),
        first=("3*period-1", lambda n: 3 * n - 1),
    ),
    indicator(
        "dpo",
        ("추세 제거 오실레이터 DPO", "detrended price oscillator DPO"),
        ("C[period//2+1] − SMA(period).", "C[period//2+1] − SMA(period)."),
        parameters=(period(20),),
        outputs=value(Unit.PRICE),
        group=GROUP,
        reads=("close",),
        formula=dpo,
        reach=("max(period, period//2+2)", lambda n: max(n, n // 2 + 2)),
    ),
    indicator(
        "kvo",
        ("클링거 거래량 오실레이터 KVO", "Klinger volume oscillator KVO"),
        (
            "거래량 힘 V·|2·(dm/cm − 1)|·추세·100의 EMA(fast) − EMA(slow). dm = H−L, 추세는 H+L+C가 앞 봉보다 크면 1, "
            "아니면 −1, cm은 추세가 이어지는 동안의 dm의 합(바뀌면 앞 봉의 dm + dm). signal = value의 EMA(signal).",
            "EMA(fast) − EMA(slow) of the volume force V·|2·(dm/cm − 1)|·trend·100: dm = H−L, trend 1 if H+L+C rose, "
            "else −1, cm the sum of dm while the trend lasts (dm before + dm when it turns). signal = EMA of value.",
        ),
        parameters=(*lengths(34, 55), whole("signal", 13, "신호선의 봉 수", "bars of the signal line")),
        outputs=lines(Unit.NUMBER)[:2],
        group=GROUP,
        reads=("high", "low", "close", "volume"),
        formula=kvo,
        reach=("10*(max(fast, slow)+signal)", lambda fast, slow, signal: 10 * (max(fast, slow) + signal)),
        first=("max(fast, slow)+1", lambda fast, slow, signal: max(fast, slow) + 1),
    ),
)
