"""Trend (추세)."""

import math

import numpy

from market.errors import Text
from rules.indicators.momentum import between, lengths
from rules.indicators.recursive import filled, plain_ema, wilder
from rules.indicators.shapes import Array, Output, Unit, indicator, number, period, value, whole
from rules.indicators.ta_lib import talib
from rules.indicators.windows import ago, highest, linear, log, lowest, percent, quotient, span, tidy, total, true_range

GROUP = "trend"
KST_MEANS = (10, 10, 10, 15)
KST_SIGNAL = 9
STC_SMOOTH = 3


def adx(high: Array, low: Array, close: Array, n: int) -> tuple[Array, Array, Array]:
    found = (talib.ADX(high, low, close, n), talib.PLUS_DI(high, low, close, n), talib.MINUS_DI(high, low, close, n))
    line, plus, minus = (numpy.clip(values, 0.0, 100.0) for values in found)
    return line, plus, minus


def adxr(high: Array, low: Array, close: Array, n: int) -> tuple[Array]:
    line = adx(high, low, close, n)[0]
    return ((line + ago(line, n - 1)) / 2,)


def ichimoku(high: Array, low: Array, close: Array, tenkan: int, kijun: int, senkou: int) -> tuple[Array, ...]:
    turning, base, wide = ((highest(high, n) + lowest(low, n)) / 2 for n in (tenkan, kijun, senkou))
    return turning, base, ago((turning + base) / 2, kijun), ago(wide, kijun), ago(close, kijun)


def sar(high: Array, low: Array, start: float, step: float, most: float) -> tuple[Array]:
    if len(high) < 2:
        return (numpy.full(len(high), numpy.nan),)
    one_way = (start, step, most)
    return (numpy.abs(talib.SAREXT(high, low, 0.0, 0.0, *one_way, *one_way)),)


def vortex(high: Array, low: Array, close: Array, n: int) -> tuple[Array, Array]:
    ranges = total(true_range(high, low, close), n)
    up, down = total(numpy.abs(high - ago(low, 1)), n), total(numpy.abs(low - ago(high, 1)), n)
    return quotient(up, ranges), quotient(down, ranges)


def chop(high: Array, low: Array, close: Array, n: int) -> tuple[Array]:
    ranges = total(true_range(high, low, close), n)
    return (100.0 * log(quotient(ranges, highest(high, n) - lowest(low, n))) / math.log(n),)


def kst(close: Array, *rocs: int) -> tuple[Array, Array]:
    means = [total(percent(close, roc), n) / n for roc, n in zip(rocs, KST_MEANS, strict=True)]
    line = means[0] + 2 * means[1] + 3 * means[2] + 4 * means[3]
    return line, total(line, KST_SIGNAL) / KST_SIGNAL


def kst_reach(*rocs: int) -> int:
    return max(roc + n for roc, n in zip(rocs, KST_MEANS, strict=True)) + KST_SIGNAL - 1


def coppock(close: Array, short: int, long: int, wma: int) -> tuple[Array]:
    return (linear(percent(close, short) + percent(close, long), wma),)


def supertrend(high: Array, low: Array, close: Array, n: int, multiplier: float) -> tuple[Array]:
    middles = (high + low) / 2
    away = multiplier * wilder(true_range(high, low, close), n)
    uppers, lowers, closes = (middles + away).tolist(), (middles - away).tolist(), close.tolist()
    found = numpy.full(len(close), numpy.nan)
    if len(closes) <= n:
        return (found,)
    upper, lower = uppers[n], lowers[n]
    rising = closes[n] >= middles[n]
    line = [lower if rising else upper]
    for i in range(n + 1, len(closes)):
        before = closes[i - 1]
        if uppers[i] < upper or before > upper:
            upper = uppers[i]
        if lowers[i] > lower or before < lower:
            lower = lowers[i]
        rising = closes[i] >= lower if rising else closes[i] > upper
        line.append(lower if rising else upper)
    found[n:] = line
    return (found,)


def mass_index(high: Array, low: Array, smooth: int, n: int) -> tuple[Array]:
    once = plain_ema(high - low, smooth)
    return (total(quotient(once, plain_ema(once, smooth)), n),)


def schaff(close: Array, cycle: int, fast: int, slow: int) -> tuple[Array]:
    line = between(close, fast, slow)
    place = _smooth_place(line, cycle, 1e-10 * numpy.abs(close))
    return (_smooth_place(place, cycle, 1e-9),)


def _smooth_place(values: Array, n: int, noise: Array | float) -> Array:
    """Where in its range of n the value stands, 0 to 100, smoothed; without a range it stands where it stood."""
    bottom, width = span(values, n, noise)
    place = filled(100.0 * quotient(values - bottom, width))
    return numpy.clip(plain_ema(place, STC_SMOOTH), 0.0, 100.0)


def fisher(high: Array, low: Array, n: int) -> tuple[Array]:
    middle = tidy(high + low) / 2
    bottom, width = span(middle, n, 0.0)
    place = quotient(middle - bottom, width, 0.5) - 0.5
    found = numpy.full(len(middle), numpy.nan)
    smooth, turned, line = 0.0, 0.0, []
    for raw in place[n - 1 :].tolist():
        smooth = min(max(0.66 * raw + 0.67 * smooth, -0.999), 0.999)
        turned = 0.5 * math.log((1 + smooth) / (1 - smooth)) + 0.5 * turned
        line.append(turned)
    found[n - 1 :] = line
    return (found,)


ROC_TITLES = (("첫째", "first"), ("둘째", "second"), ("셋째", "third"), ("넷째", "fourth"))

INDICATORS = (
    indicator(
        "adx",
        ("평균방향지수 ADX", "average directional index ADX"),
        (
            "plus_di, minus_di = 100·Wilder(±DM)/Wilder(TR), DX = 100·|차|/합, value = DX의 Wilder 평균. "
            "합은 처음 period−1개로 시작해 1/period씩 덜어 가고 DX는 처음 period개의 산술평균으로 시작(TA-Lib). "
            "움직임이 없으면 0. plus_di, minus_di는 period+1번째 봉부터.",
            "plus_di, minus_di = 100·Wilder(±DM)/Wilder(TR), DX = 100·|difference|/sum, value = Wilder's average of "
            "DX. The sums begin with period−1 bars, the average of DX with the mean of `period` (TA-Lib); "
            "0 if nothing has moved. plus_di and minus_di begin at bar period+1.",
        ),
        parameters=(period(14, least=2),),
        outputs=(
            Output("value", Text("ADX", "ADX"), Unit.INDEX, 0, 100),
            Output("plus_di", Text("+DI", "+DI"), Unit.INDEX, 0, 100),
            Output("minus_di", Text("−DI", "−DI"), Unit.INDEX, 0, 100),
        ),
        group=GROUP,
        reads=("high", "low", "close"),
        formula=adx,
        reach=("40*period", lambda n: 40 * n),
        first=("2*period", lambda n: 2 * n),
    ),
    indicator(
        "adxr",
        ("평균방향지수 평가 ADXR", "average directional movement rating ADXR"),
        (
            "(ADX + period−1개 봉 전의 ADX)/2. ADX는 adx와 같음.",
            "(ADX + ADX of period−1 bars before)/2, ADX as in adx.",
        ),
        parameters=(period(14, least=2),),
        outputs=value(Unit.INDEX, 0, 100),
        group=GROUP,
        reads=("high", "low", "close"),
        formula=adxr,
        reach=("41*period", lambda n: 41 * n),
        first=("3*period-1", lambda n: 3 * n - 1),
    ),
    indicator(
        "ichimoku",
        ("일목균형표", "Ichimoku cloud"),
        (
            "tenkan, kijun = 그 길이의 (최고가+최저가)/2. 구름은 오늘 자리에 그려진 것: senkou_a = kijun개 봉 전의 "
            "(tenkan+kijun)/2, senkou_b = kijun개 봉 전의 senkou_b개 봉 (최고가+최저가)/2. chikou = kijun개 봉 "
            "전의 종가"
            "(오늘 종가와 견줄 값). 공식 백테스터는 senkou_b를 늘 26개 봉 밀지만 여기서는 kijun만큼.",
            "tenkan, kijun = (highest high + lowest low)/2 over their lengths. The cloud as drawn at this bar: "
            "senkou_a = (tenkan+kijun)/2 of kijun bars ago, senkou_b = the middle of senkou_b bars, kijun bars ago. "
            "chikou = the close of kijun bars ago, to compare with today's. The official backtester always moves "
            "senkou_b by 26; here it is kijun.",
        ),
        parameters=(
            whole("tenkan", 9, "전환선의 봉 수", "bars of the conversion line"),
            whole("kijun", 26, "기준선의 봉 수", "bars of the base line"),
            whole("senkou_b", 52, "선행스팬 B의 봉 수", "bars of leading span B"),
        ),
        outputs=(
            Output("tenkan", Text("전환선", "conversion line"), Unit.PRICE),
            Output("kijun", Text("기준선", "base line"), Unit.PRICE),
            Output("senkou_a", Text("선행스팬 A", "leading span A"), Unit.PRICE),
            Output("senkou_b", Text("선행스팬 B", "leading span B"), Unit.PRICE),
            Output("chikou", Text("후행스팬", "lagging span"), Unit.PRICE),
        ),
        group=GROUP,
        reads=("high", "low", "close"),
        formula=ichimoku,
        reach=("kijun+max(tenkan, kijun, senkou_b)", lambda tenkan, kijun, senkou: kijun + max(tenkan, kijun, senkou)),
    ),
    indicator(
        "sar",
        ("파라볼릭 SAR", "parabolic SAR"),
        (
            "Wilder의 추적선. 가속은 af_start에서 새 극값마다 af_step씩 af_max까지; 앞 두 봉의 저가(고가)를 넘지 않음. "
            "첫 두 봉에서 −DM이 크면 하락으로, 아니면 상승으로 시작(TA-Lib).",
            "Wilder's trailing line: acceleration from af_start by af_step at every new extreme up to af_max, kept "
            "outside the two bars before. Begins falling if −DM is the larger over the first two bars, else rising "
            "(TA-Lib).",
        ),
        parameters=(
            number("af_start", 0.02, 0.001, 0.5, "처음 가속", "first acceleration"),
            number("af_step", 0.02, 0.001, 0.5, "가속의 걸음", "step of the acceleration"),
            number("af_max", 0.2, 0.01, 1, "가장 큰 가속", "largest acceleration"),
        ),
        outputs=value(Unit.PRICE),
        group=GROUP,
        reads=("high", "low"),
        formula=sar,
        reach=("200", lambda start, step, most: 200),
        first=("2", lambda start, step, most: 2),
    ),
    indicator(
        "vortex",
        ("볼텍스", "vortex indicator"),
        (
            "plus_vi = Σ|H − 전 저가|/Σ진폭, minus_vi = Σ|L − 전 고가|/Σ진폭, period개. 진폭의 합이 0이면 값이 없음.",
            "plus_vi = Σ|H − low before|/Σ true range, minus_vi = Σ|L − high before|/Σ true range over `period`; "
            "no value where the ranges sum to 0.",
        ),
        parameters=(period(14),),
        outputs=(
            Output("plus_vi", Text("+VI", "+VI"), Unit.RATIO, 0),
            Output("minus_vi", Text("−VI", "−VI"), Unit.RATIO, 0),
        ),
        group=GROUP,
        reads=("high", "low", "close"),
        formula=vortex,
        reach=("period+1", lambda n: n + 1),
    ),
    indicator(
        "chop",
        ("혼잡 지수", "choppiness index"),
        (
            "100·log(Σ진폭/(최고가 − 최저가))/log(period). 폭이 없으면 값이 없음.",
            "100·log(Σ true range/(highest high − lowest low))/log(period); no value without a range.",
        ),
        parameters=(period(14, least=2),),
        outputs=value(Unit.INDEX),
        group=GROUP,
        reads=("high", "low", "close"),
        formula=chop,
        reach=("period+1", lambda n: n + 1),
    ),
    indicator(
        "kst",
        ("KST", "know sure thing KST"),
        (
            "SMA(10)(ROC₁) + 2·SMA(10)(ROC₂) + 3·SMA(10)(ROC₃) + 4·SMA(15)(ROC₄), ROC는 퍼센트. signal = value의 "
            "SMA(9). "
            "공식 백테스터는 길이를 뒤섞어 넘기지만 여기서는 책의 짝.",
            "SMA(10) of ROC₁ + 2·SMA(10) of ROC₂ + 3·SMA(10) of ROC₃ + 4·SMA(15) of ROC₄ in percent; "
            "signal = SMA(9) of value. The official backtester mixes the lengths up; these are the textbook's pairs.",
        ),
        parameters=tuple(
            whole(f"roc{k}", n, f"{ko} 변화율의 봉 수", f"bars of the {en} rate of change")
            for k, n, (ko, en) in zip((1, 2, 3, 4), (10, 15, 20, 30), ROC_TITLES, strict=True)
        ),
        outputs=(
            Output("value", Text("KST", "KST"), Unit.PERCENT),
            Output("signal", Text("신호선", "signal line"), Unit.PERCENT),
        ),
        group=GROUP,
        reads=("close",),
        formula=kst,
        reach=("max(roc1+10, roc2+10, roc3+10, roc4+15)+8", kst_reach),
    ),
    indicator(
        "coppock",
        ("코폭 곡선", "Coppock curve"),
        (
            "ROC(short_roc) + ROC(long_roc)(퍼센트)의 LWMA(wma).",
            "LWMA(wma) of ROC(short_roc) + ROC(long_roc), in percent.",
        ),
        parameters=(
            whole("short_roc", 11, "짧은 변화율의 봉 수", "bars of the short rate of change"),
            whole("long_roc", 14, "긴 변화율의 봉 수", "bars of the long rate of change"),
            whole("wma", 10, "가중평균의 봉 수", "bars of the weighted mean"),
        ),
        outputs=value(Unit.PERCENT),
        group=GROUP,
        reads=("close",),
        formula=coppock,
        reach=("max(short_roc, long_roc)+wma", lambda short, long, wma: max(short, long) + wma),
    ),
    indicator(
        "supertrend",
        ("슈퍼트렌드(가격선)", "supertrend (the price line)"),
        (
            "(H+L)/2 ± multiplier·ATR의 추적선. 상단은 내려가기만, 하단은 올라가기만 하며 앞 종가가 넘으면 다시 놓임. "
            "종가가 하단 아래로 가면 상단, 상단 위로 가면 하단이 값. 첫 값은 종가가 (H+L)/2 이상이면 하단. "
            "ATR은 Wilder 평균(처음 period개 진폭의 산술평균).",
            "Trailing line at (H+L)/2 ± multiplier·ATR. The upper band only falls and the lower only rises, until the "
            "close before crosses it. The line is the lower band until a close below it, then the upper until a close "
            "above it; it begins as the lower where the close is at or above (H+L)/2. ATR is Wilder's, begun with the "
            "mean of `period` true ranges.",
        ),
        parameters=(period(10), number("multiplier", 3.0, 0.1, 10, "ATR의 배수", "multiple of the ATR")),
        outputs=value(Unit.PRICE),
        group=GROUP,
        reads=("high", "low", "close"),
        formula=supertrend,
        reach=("20*period+100", lambda n, multiplier: 20 * n + 100),
        first=("period+1", lambda n, multiplier: n + 1),
    ),
    indicator(
        "mass_index",
        ("매스 인덱스", "mass index"),
        (
            "EMA(H−L)/EMA(EMA(H−L))의 sum_period개 합. EMA의 길이는 ema_period, 산술평균으로 시작.",
            "Sum over sum_period of EMA(H−L)/EMA(EMA(H−L)), both of ema_period and begun with their means.",
        ),
        parameters=(
            whole("ema_period", 9, "EMA의 봉 수", "bars of the EMA"),
            whole("sum_period", 25, "합의 봉 수", "bars of the sum"),
        ),
        outputs=value(Unit.NUMBER, 0),
        group=GROUP,
        reads=("high", "low"),
        formula=mass_index,
        reach=("20*ema_period+sum_period", lambda e, s: 20 * e + s),
        first=("2*(ema_period-1)+sum_period", lambda e, s: 2 * (e - 1) + s),
    ),
    indicator(
        "schaff",
        ("샤프 추세 사이클", "Schaff trend cycle"),
        (
            "EMA(fast) − EMA(slow)가 cycle개 봉의 범위에서 차지하는 자리(0~100)의 EMA(3), 그것의 자리의 EMA(3). "
            "범위가 없으면(종가의 10⁻¹⁰, 자리는 10⁻⁹까지) 앞의 자리를 지킴. 첫 값은 범위가 생긴 뒤.",
            "Where EMA(fast) − EMA(slow) stands in its range of `cycle` bars, 0 to 100, smoothed by EMA(3); then the "
            "same of that. Without a range (up to 10⁻¹⁰ of the close, 10⁻⁹ of a place) the place before is kept; "
            "no value until there was one.",
        ),
        parameters=(whole("cycle", 10, "주기의 봉 수", "bars of the cycle"), *lengths(23, 50)),
        outputs=value(Unit.INDEX, 0, 100),
        group=GROUP,
        reads=("close",),
        formula=schaff,
        reach=(
            "10*max(fast, slow)+2*cycle+60",
            lambda cycle, fast, slow: 10 * max(fast, slow) + 2 * cycle + 60,
        ),
        first=("max(fast, slow)+2*cycle+2", lambda cycle, fast, slow: max(fast, slow) + 2 * cycle + 2),
    ),
    indicator(
        "fisher",
        ("피셔 변환", "Fisher transform"),
        (
            "P = (H+L)/2, x = 0.66·((P − 최저)/(최고 − 최저) − 0.5) + 0.67·앞의 x(±0.999까지, 폭이 없으면 첫 항 0), "
            "값 = 0.5·ln((1+x)/(1−x)) + 0.5·앞의 값. 앞의 x와 값은 0에서 시작.",
            "P = (H+L)/2, x = 0.66·((P − lowest)/(highest − lowest) − 0.5) + 0.67·x before, within ±0.999, the first "
            "term 0 without a range; value = 0.5·ln((1+x)/(1−x)) + 0.5·value before. Both begin from 0.",
        ),
        parameters=(period(10),),
        outputs=value(Unit.NUMBER),
        group=GROUP,
        reads=("high", "low"),
        formula=fisher,
        reach=("period+60", lambda n: n + 60),
        first=("period", lambda n: n),
    ),
)
