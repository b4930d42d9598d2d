"""Oscillators between bounds or about a middle (오실레이터). Those that measure momentum are in momentum.py."""

import numpy

from market.errors import Text
from rules.indicators.recursive import changes, ema, plain_ema, rises_and_falls
from rules.indicators.shapes import Array, Output, Unit, indicator, period, value, whole
from rules.indicators.ta_lib import talib
from rules.indicators.windows import ago, average, fold, highest, lowest, quotient, since, span, tidy, total, true_range

GROUP = "oscillator"
NOISE = 1e-9


def rsi(close: Array, n: int) -> tuple[Array]:
    if n == 1:
        return (_rsi(close, n),)
    found = talib.RSI(close, n)
    # TA-Lib says 0 too where moves are too small for it, or none: "oversold" of a market that merely stands still.
    nothing = found == 0.0
    if nothing.any():
        found[nothing] = _rsi(close, n)[nothing]
    return (found,)


def _rsi(close: Array, n: int) -> Array:
    up, down = rises_and_falls(close, n)
    return 100.0 * quotient(up, up + down)


def cmo(close: Array, n: int) -> tuple[Array]:
    up, down = rises_and_falls(close, n)
    return (100.0 * quotient(up - down, up + down, 0.0),)


def stochastic(high: Array, low: Array, close: Array, k: int, d: int) -> tuple[Array, Array]:
    top, bottom = highest(high, k), lowest(low, k)
    fast = 100.0 * quotient(close - bottom, top - bottom, 0.0)
    return fast, total(fast, d) / d


def stochrsi(close: Array, rsi_period: int, stoch: int, k: int, d: int) -> tuple[Array, Array]:
    (strength,) = rsi(close, rsi_period)
    bottom, width = span(strength, stoch, NOISE)  # where prices rest the RSI does too, but for its last bits
    smooth = total(100.0 * quotient(strength - bottom, width, 1.0), k) / k
    return smooth, total(smooth, d) / d


def cci(high: Array, low: Array, close: Array, n: int) -> tuple[Array]:
    typical = tidy(high + low + close) / 3
    middle = average(typical, n)
    deviation = fold(lambda x, mean: numpy.abs(x - mean), n, (typical,), near=(middle,)) / n
    return (quotient(typical - middle, 0.015 * deviation, 0.0),)


def williams_r(high: Array, low: Array, close: Array, n: int) -> tuple[Array]:
    top, bottom = highest(high, n), lowest(low, n)
    return (100.0 * quotient(close - top, top - bottom, 0.0),)


def aroon(high: Array, low: Array, up_period: int, down_period: int) -> tuple[Array, Array, Array]:
    up = 100.0 * (up_period - since(high, up_period + 1)) / up_period
    down = 100.0 * (down_period - since(-low, down_period + 1)) / down_period
    return up - down, up, down


def ultosc(high: Array, low: Array, close: Array, *periods: int) -> tuple[Array]:
    pressure, ranges = close - numpy.minimum(low, ago(close, 1)), true_range(high, low, close)
    short, middle, long = (quotient(total(pressure, n), total(ranges, n)) for n in periods)
    return (100.0 * ((4 * short + 2 * middle + long) / 7),)


def rvi(open: Array, high: Array, low: Array, close: Array, n: int) -> tuple[Array]:
    vigor, width = (_symmetric(values) for values in (close - open, high - low))
    return (quotient(total(vigor, n), total(width, n), 0.0),)


def _symmetric(values: Array) -> Array:
    return (values + 2 * ago(values, 1) + 2 * ago(values, 2) + ago(values, 3)) / 6


def tsi(close: Array, long: int, short: int, signal: int) -> tuple[Array, Array]:
    moves = changes(close)
    net, gross = (plain_ema(plain_ema(values, long), short) for values in (moves, numpy.abs(moves)))
    line = numpy.clip(100.0 * quotient(net, gross, 0.0), -100.0, 100.0)
    return line, ema(line, signal)


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
        "stochastic",
        ("스토캐스틱", "stochastic oscillator"),
        (
            "k = 100·(C − 최저가)/(최고가 − 최저가), k_period개 봉에서(고가=저가면 0, 늦추지 않음). "
            "d = k의 d_period개 산술평균.",
            "k = 100·(C − lowest low)/(highest high − lowest low) over k_period, 0 if there is no range, not slowed; "
            "d = mean of the last d_period k.",
        ),
        parameters=(
            whole("k_period", 14, "%K의 봉 수", "bars of %K"),
            whole("d_period", 3, "%D의 봉 수", "bars of %D"),
        ),
        outputs=(
            Output("k", Text("%K", "%K"), Unit.INDEX, 0, 100),
            Output("d", Text("%D", "%D"), Unit.INDEX, 0, 100),
        ),
        group=GROUP,
        reads=("high", "low", "close"),
        formula=stochastic,
        reach=("k_period+d_period-1", lambda k, d: k + d - 1),
    ),
    indicator(
        "stochrsi",
        ("스토캐스틱 RSI", "stochastic RSI"),
        (
            "RSI(rsi_period)의 stoch_period개에서의 100·(RSI − 최저)/(최고 − 최저), 폭이 없으면(10⁻⁹까지) 100. "
            "k = 그 k_period개 산술평균, d = k의 d_period개 산술평균. RSI는 rsi와 같음.",
            "100·(RSI − lowest)/(highest − lowest) of RSI(rsi_period) over stoch_period, 100 without a range (up to "
            "10⁻⁹); k = mean of its last k_period, d = mean of the last d_period k. The RSI is that of rsi.",
        ),
        parameters=(
            whole("rsi_period", 14, "RSI의 봉 수", "bars of the RSI"),
            whole("stoch_period", 14, "범위의 봉 수", "bars of the range"),
            whole("k_period", 3, "%K의 봉 수", "bars of %K"),
            whole("d_period", 3, "%D의 봉 수", "bars of %D"),
        ),
        outputs=(
            Output("k", Text("%K", "%K"), Unit.INDEX, 0, 100),
            Output("d", Text("%D", "%D"), Unit.INDEX, 0, 100),
        ),
        group=GROUP,
        reads=("close",),
        formula=stochrsi,
        reach=("20*rsi_period+stoch_period+k_period+d_period", lambda r, s, k, d: 20 * r + s + k + d),
        first=("rsi_period+stoch_period+k_period-1", lambda r, s, k, d: r + s + k - 1),
    ),
    indicator(
        "cci",
        ("상품채널지수 CCI", "commodity channel index CCI"),
        (
            "(TP − TP 평균)/(0.015·평균 절대 편차), TP = (H+L+C)/3(합은 소수 여덟째 자리까지), 편차가 0이면 0.",
            "(TP − mean TP)/(0.015 · mean absolute deviation), TP = (H+L+C)/3, the sum to eight "
            "decimals; 0 without deviation.",
        ),
        parameters=(period(20),),
        outputs=value(Unit.INDEX),
        group=GROUP,
        reads=("high", "low", "close"),
        formula=cci,
        reach=("period", lambda n: n),
    ),
    indicator(
        "williams_r",
        ("윌리엄스 %R", "Williams %R"),
        (
            "−100·(최고가 − C)/(최고가 − 최저가), 폭이 없으면 0.",
            "−100·(highest high − C)/(highest high − lowest low), 0 if there is no range.",
        ),
        parameters=(period(14),),
        outputs=value(Unit.INDEX, -100, 0),
        group=GROUP,
        reads=("high", "low", "close"),
        formula=williams_r,
        reach=("period", lambda n: n),
    ),
    indicator(
        "aroon",
        ("아룬", "Aroon oscillator"),
        (
            "aroon_up = 100·(n − 최고가 뒤 지난 봉 수)/n, n+1개 봉에서(n = up_period), 같으면 최근 것. "
            "aroon_down은 최저가로 down_period에서. value = up − down.",
            "aroon_up = 100·(n − bars since the highest high)/n over n+1 bars (n = up_period), the latest of equals; "
            "aroon_down likewise of the lowest low over down_period; value = up − down.",
        ),
        parameters=(
            whole("up_period", 25, "상승의 봉 수", "bars for the high"),
            whole("down_period", 25, "하락의 봉 수", "bars for the low"),
        ),
        outputs=(
            Output("value", Text("아룬 오실레이터", "oscillator"), Unit.INDEX, -100, 100),
            Output("aroon_up", Text("아룬 상승", "Aroon up"), Unit.INDEX, 0, 100),
            Output("aroon_down", Text("아룬 하락", "Aroon down"), Unit.INDEX, 0, 100),
        ),
        group=GROUP,
        reads=("high", "low"),
        formula=aroon,
        reach=("max(up_period, down_period)+1", lambda up, down: max(up, down) + 1),
    ),
    indicator(
        "cmo",
        ("찬드 모멘텀 CMO", "Chande momentum oscillator CMO"),
        (
            "100·(상승 − 하락)/(상승 + 하락), rsi와 같은 Wilder 평균(처음 period개는 산술평균), 움직임이 없으면 0.",
            "100·(up − down)/(up + down) of Wilder's averages as in rsi (the first is the plain mean of `period`); "
            "0 if nothing has moved.",
        ),
        parameters=(period(14),),
        outputs=value(Unit.INDEX, -100, 100),
        group=GROUP,
        reads=("close",),
        formula=cmo,
        reach=("20*period", lambda n: 20 * n),
        first=("period+1", lambda n: n + 1),
    ),
    indicator(
        "ultosc",
        ("궁극 오실레이터", "ultimate oscillator"),
        (
            "100·(4·A₁ + 2·A₂ + A₃)/7, A = Σ(C − min(L, 전 종가))/Σ진폭, 세 길이에서. 진폭의 합이 0이면 값이 없음.",
            "100·(4·A₁ + 2·A₂ + A₃)/7, A = Σ(C − min(L, close before))/Σ true range over the three lengths; "
            "no value where a sum of ranges is 0.",
        ),
        parameters=(
            whole("period1", 7, "짧은 길이", "short length"),
            whole("period2", 14, "중간 길이", "middle length"),
            whole("period3", 28, "긴 길이", "long length"),
        ),
        outputs=value(Unit.INDEX, 0, 100),
        group=GROUP,
        reads=("high", "low", "close"),
        formula=ultosc,
        reach=("max(period1, period2, period3)+1", lambda a, b, c: max(a, b, c) + 1),
    ),
    indicator(
        "tsi",
        ("진정 강도 지수 TSI", "true strength index TSI"),
        (
            "100·M/A. M은 종가 변화의, A는 그 절댓값의 EMA(long_period)의 EMA(short_period); 각각 산술평균으로 시작. "
            "움직임이 없으면 0. signal = value의 EMA(signal_period).",
            "100·M/A: EMA(short_period) of EMA(long_period) of the changes, and of their absolute values, each begun "
            "with its mean; 0 if nothing has moved. signal = EMA(signal_period) of value.",
        ),
        parameters=(
            whole("long_period", 25, "긴 길이", "long length"),
            whole("short_period", 13, "짧은 길이", "short length"),
            whole("signal_period", 7, "신호선의 봉 수", "bars of the signal line"),
        ),
        outputs=(
            Output("value", Text("TSI", "TSI"), Unit.INDEX, -100, 100),
            Output("signal", Text("신호선", "signal line"), Unit.INDEX, -100, 100),
        ),
        group=GROUP,
        reads=("close",),
        formula=tsi,
        reach=("10*(long_period+short_period+signal_period)", lambda a, b, c: 10 * (a + b + c)),
        first=("long_period+short_period", lambda a, b, c: a + b),
    ),
    indicator(
        "rvi",
        ("상대 활력 지수 RVI", "relative vigor index RVI"),
        (
            "Σv/Σr, period개. v는 C−O의, r은 H−L의 (1,2,2,1)/6 가중(이번 봉과 앞의 셋). Σr이 0이면 0.",
            "Σv/Σr over `period`: v of C−O and r of H−L, each weighted (1,2,2,1)/6 over this bar and three before; "
            "0 where Σr is 0.",
        ),
        parameters=(period(10),),
        outputs=value(Unit.RATIO),
        group=GROUP,
        reads=("open", "high", "low", "close"),
        formula=rvi,
        reach=("period+3", lambda n: n + 3),
    ),
)
