"""Where the official tools reckon an indicator or a candle pattern otherwise than each other, or than we do.

Ours follow the official backtester's definitions, without its defects. Each text continues a sentence that names who
differs. A key with an output ("macd.histogram") is told only to those who use that output.
"""

from market.errors import Text

_SEED = Text(
    "지수이동평균을 받아온 첫 값에서 시작하고 준비 기간을 두지 않습니다",
    "begins its exponential averages with the first value fetched and waits for no warm-up",
)
_IGNORES_LATER = Text("기간 설정을 무시하고 기본값으로 계산합니다", "ignores the parameters and uses the defaults")
_SAMPLE = Text("모집단이 아니라 표본 편차를 씁니다", "uses the sample deviation, not the population's")

# How the builder's live signals differ from the official backtester and from us.
BUILDER: dict[str, Text] = {
    **dict.fromkeys(("ema", "dema", "tema", "trix", "force", "macd"), _SEED),
    "hma": Text("가중이 아니라 단순 평균을 쓰고 길이를 버림합니다", "uses simple means and cuts the lengths down"),
    "kama": Text("n번째 종가에서 시작합니다", "begins with the close of row n"),
    "alma": Text("sigma 와 offset 을 무시하고 6, 0.85 로 계산합니다", "ignores sigma and offset and uses 6 and 0.85"),
    "trima": Text("(n+1)/2 길이의 평균을 두 번 냅니다", "averages twice over (n+1)/2"),
    "t3": Text(
        "volume_factor 를 무시하고 Tillson 의 계수(0.7)를 씁니다",
        "ignores volume_factor and uses Tillson's coefficients (0.7)",
    ),
    "zlema": Text("지연을 (n-1)/2 에서 버림합니다", "cuts the lag (n-1)/2 down instead of rounding it"),
    "wma": Text("첫 값에서 시작하는 1/n 평활입니다", "smooths by 1/n from the first value fetched"),
    "frama": Text("종가와 상수 -4.6 으로 계산합니다", "works on closes with the constant -4.6"),
    "vidya": Text("CMO 를 단순 합으로 냅니다", "takes its CMO from plain sums"),
    "rsi": Text(
        "Wilder 평활이 아니라 지수이동평균(span n)을 써서 값이 뚜렷이 다릅니다",
        "uses an exponential average of span n instead of Wilder's: clearly different numbers",
    ),
    "stochastic": Text("d_period 를 무시하고 3 을 씁니다", "ignores d_period and uses 3"),
    "stochrsi": Text(
        "평활하지 않은 값 하나만 내고 k 와 d 가 같습니다", "gives one unsmoothed value, the same for k and d"
    ),
    "macd.histogram": Text("histogram 자리에 MACD 선을 냅니다", "returns the MACD line for the histogram"),
    "momentum": Text(
        "퍼센트가 아니라 가격 차이(C-C[n])를 냅니다", "gives a difference of prices (C-C[n]), not a percentage"
    ),
    **dict.fromkeys(("apo", "ao", "cho", "ultosc"), _IGNORES_LATER),
    "ppo": _IGNORES_LATER,
    "ppo.signal": Text("signal 자리에 0 을 냅니다", "returns 0 for the signal"),
    "ppo.histogram": Text("histogram 자리에 PPO 값을 냅니다", "returns the PPO itself for the histogram"),
    "aroon": Text(
        "down_period 를 무시하고, 같은 극값에서는 이른 것을 고릅니다",
        "ignores down_period and takes the earlier of two equal extremes",
    ),
    "aroon.value": Text("value 자리에 aroon_down 을 냅니다", "returns aroon_down for the value"),
    "cmo": Text("Wilder 평활 없이 단순 합으로 냅니다", "uses rolling plain sums without Wilder's smoothing"),
    "tsi": _IGNORES_LATER,
    "tsi.signal": Text("signal 자리에 0 을 냅니다", "returns 0 for the signal"),
    "dpo": Text(
        "C - SMA(n)[n/2+1] 로, 뺄셈의 지연이 반대쪽에 있습니다",
        "takes C - SMA(n)[n/2+1]: the delay is on the other side",
    ),
    "kvo": Text(
        "거래량 힘을 |2·dm/cm - 1| 로 내고 설정을 무시합니다",
        "takes the volume force as |2·dm/cm - 1| and ignores the parameters",
    ),
    "kvo.signal": Text("signal 자리에 0 을 냅니다", "returns 0 for the signal"),
    "adx": Text("Wilder 대신 지수이동평균(span n)을 씁니다", "uses exponential averages of span n instead of Wilder's"),
    "adx.plus_di": Text("plus_di 자리에 ADX 를 냅니다", "returns the ADX for plus_di"),
    "adx.minus_di": Text("minus_di 자리에 ADX 를 냅니다", "returns the ADX for minus_di"),
    "adxr": Text("n-1 이 아니라 n봉 앞의 ADX 와 평균합니다", "averages with the ADX of n bars ago, not n-1"),
    "ichimoku.senkou_a": Text("senkou_a 자리에 kijun 을 냅니다", "returns kijun for senkou_a"),
    "ichimoku.senkou_b": Text("senkou_b 자리에 kijun 을 냅니다", "returns kijun for senkou_b"),
    "ichimoku.chikou": Text("chikou 자리에 kijun 을 냅니다", "returns kijun for chikou"),
    "sar": Text(
        "설정을 무시하고 앞선 저가로 묶지 않습니다", "ignores the parameters and does not clamp to earlier lows"
    ),
    "kst": _IGNORES_LATER,
    "coppock": Text(
        "설정을 무시하고 가중평균 대신 EMA(10)을 씁니다", "ignores the parameters and uses EMA(10) as its average"
    ),
    "supertrend": Text(
        "가격 선이 아니라 방향 +1/-1 을 내고 multiplier 를 무시합니다",
        "gives the direction +1/-1, not the price line, and ignores multiplier",
    ),
    "mass_index": Text(
        "EMA 는 9 로 고정하고 ema_period 를 합의 길이로 씁니다", "fixes the EMA at 9 and takes ema_period for the sum"
    ),
    "schaff": Text("fast 10, slow 50 으로 고정하고 1/2 로 평활합니다", "fixes fast 10 and slow 50 and smooths by 1/2"),
    "fisher": Text("x 를 평활하지 않습니다", "does not smooth x"),
    "ad": Text("누적이 아니라 봉 하나의 값을 냅니다", "gives a single bar's value, not the cumulative one"),
    "vwap": Text(
        "기간을 무시하고 받아온 모든 봉을 누적하며 (H+L+C)/3 을 씁니다",
        "ignores the period, accumulates all bars fetched, and uses (H+L+C)/3",
    ),
    "eom": Text("scale 로 나누지 않습니다", "does not scale the volume"),
    "atr": Text(
        "True Range 의 단순 평균이 아니라 지수이동평균(span n)입니다",
        "takes an exponential average of span n of the true range, not the simple mean",
    ),
    "natr": Text("Wilder 대신 지수이동평균의 ATR 을 씁니다", "uses an exponential ATR instead of Wilder's"),
    "bollinger": _SAMPLE,
    "keltner": Text(
        "EMA(C, n) ± 2·EMA ATR(10) 로, multiplier 를 무시합니다",
        "takes EMA(C, n) ± 2·EMA-ATR(10) and ignores multiplier",
    ),
    "keltner.middle": Text("middle 자리에 lower 를 냅니다", "returns lower for middle"),
    "std": Text(
        "비교에서는 늘 0, 교차에서는 표본 편차입니다", "is always 0 in a comparison and the sample deviation in a cross"
    ),
    "variance": _SAMPLE,
    "accbands": Text("width 를 무시하고 2 를 씁니다", "ignores width and uses 2"),
    "accbands.middle": Text("middle 자리에 lower 를 냅니다", "returns lower for middle"),
    **dict.fromkeys(
        ("beta", "alpha"),
        Text("지원하지 않아 0 이거나 오류입니다", "does not support it: 0, or an error in a cross"),
    ),
    "volatility_ind": Text("n개가 다 모여야 값을 냅니다", "waits for all n values"),
    **dict.fromkeys(
        ("maximum", "minimum"),
        Text(
            "종가가 아니라 고가·저가의 극값을 정수로 잘라 쓰고, 교차에서는 오류가 납니다",
            "takes the extreme of highs or lows, cut to whole numbers, and fails in a cross",
        ),
    ),
    "logr": Text("기간을 무시하고 1 을 씁니다", "ignores the period and uses 1"),
    **dict.fromkeys(
        ("ibs", "consecutive", "change"), Text("교차에 쓰면 오류가 납니다", "fails when it is used in a cross")
    ),
    "bop": Text("고가와 저가가 같으면 값이 없습니다", "has no value when high and low are equal"),
    "regression": Text("모든 출력에 기울기를 냅니다", "returns the slope for every output"),
    "pivot": Text("두 출력 모두 (H+L+C)/3 입니다", "returns (H+L+C)/3 for both outputs"),
    "augen": Text("오늘을 포함한 표본 편차로 나눕니다", "divides by the sample deviation, today included"),
    "returns": Text(
        "비교에서는 퍼센트, 교차에서는 비율(0.05)입니다",
        "is a percentage in a comparison and a fraction (0.05) in a cross",
    ),
}

# Where the official backtester differs from us: defects that we do not repeat.
BACKTESTER: dict[str, Text] = {
    "returns": Text(
        "퍼센트에 100 을 한 번 더 곱합니다(5% 가 500). 여기서는 5 이므로 기준값을 확인하세요",
        "multiplies the percentage by 100 again (5% reads 500). Here it reads 5: check the threshold",
    ),
    "kst": Text(
        "인자의 순서가 틀려 ROC 와 SMA 의 짝이 다릅니다. 여기서는 바른 짝입니다",
        "passes the arguments in a wrong order, so ROC and SMA are paired otherwise. Here the pairs are right",
    ),
    "kst.signal": Text("signal 을 읽다가 실행이 멈춥니다", "stops with an error when it reads signal"),
    "ppo.signal": Text(
        "signal 을 퍼센트가 아닌 가격 단위로, 기간 slow 로 냅니다. 여기서는 PPO 자신의 EMA(9)입니다",
        "gives signal in units of price over the period slow. Here it is the EMA(9) of the PPO itself",
    ),
    "ppo.histogram": Text(
        "histogram 을 가격 단위로 냅니다. 여기서는 퍼센트입니다",
        "gives histogram in units of price. Here it is in percent",
    ),
    "pivot": Text(
        "high, low 를 읽다가 실행이 멈춥니다. 여기서는 확정된 피봇의 가격입니다",
        "stops with an error when it reads high or low. Here they are the prices of confirmed pivots",
    ),
    **dict.fromkeys(
        ("beta", "alpha"),
        Text(
            "KOSPI 지수에 견주고 지수 자료가 없으면 거래하지 않습니다. 여기서는 SPY 에 견주므로 기준값을 확인하세요",
            "measures against the KOSPI index and never trades without it. Here it is measured against SPY: check the "
            "threshold",
        ),
    ),
    "consecutive": Text(
        "검사가 시작된 봉부터 세기 시작합니다", "begins counting at the first bar that it evaluates"
    ),
    "change": Text("첫 봉에서 0 입니다. 여기서는 모름입니다", "is 0 on the first bar. Here it is unknown"),
    "volatility_ind": Text(
        "값 두 개부터 내고 첫 수익률을 0 으로 칩니다", "begins with two values and counts the first return as 0"
    ),
}  # fmt: skip

SMALL_IN_BACKTESTER = frozenset({"consecutive", "change", "volatility_ind"})

# What a condition without an output means to the backtester, by indicator.
NO_OUTPUT_IN_BACKTESTER: dict[str, Text] = {
    "bollinger": Text("종가 자체", "the close itself"),
    "ichimoku": Text("종가", "the close"),
    "keltner": Text("가운데 선", "the middle band"),
    "accbands": Text("가운데 선", "the middle band"),
    "donchian": Text("(upper+lower)/2", "(upper+lower)/2"),
    "stochastic": Text("평활하지 않은 %K", "the raw fast %K"),
    "stochrsi": Text("종가", "the close"),
    "vortex": Text("(VI⁺+VI⁻)/2", "(VI⁺+VI⁻)/2"),
    "pivot": Text("-1, 0, 1, 2 의 코드", "a code of -1, 0, 1 or 2"),
}
NO_OUTPUT_IN_BUILDER: dict[str, str] = {
    "bollinger": "middle",
    "keltner": "lower",
    "accbands": "lower",
    "donchian": "lower",
    "stochastic": "%K",
    "vortex": "VI⁻",
    "ichimoku": "kijun",
    "aroon": "aroon_down",
}

_STUB = Text(
    "봉 세 개의 어림 모양으로만 봅니다", "looks only for a rough shape of three candles"
)  # fmt: skip
CANDLES_IN_BUILDER: dict[str, Text] = {
    "gravestone_doji": Text(
        "약세(−)로 셉니다. 백테스터는 강세(+)입니다", "counts it as bearish, the backtester as bullish"
    ),
    **dict.fromkeys(("spinning_top", "high_wave"), Text("늘 강세(+)로 셉니다", "always counts it as bullish")),
    "kicking_by_length": Text("kicking 과 같게 봅니다", "treats it as kicking"),
    "gap_side_by_side_white": Text(
        "갭을 보지 않고 강세(+)로 셉니다", "does not look at the gap and counts it as bullish"
    ),
    "three_line_strike": Text(
        "마지막 봉의 방향을 신호로 삼아 백테스터와 반대입니다",
        "takes the striking candle's direction: the opposite of the backtester",
    ),
    "up_down_gap_three_methods": Text("tasuki_gap 과 같게 봅니다", "treats it as tasuki_gap"),
    **dict.fromkeys(
        [
            "three_stars_in_south",
            "advance_block",
            "stalled_pattern",
            "unique_three_river",
            "breakaway",
            "mat_hold",
            "rising_three_methods",
            "falling_three_methods",
            "ladder_bottom",
            "concealing_baby_swallow",
            "deliberation",
        ],
        _STUB,
    ),
}
