"""The words of the official tools: 80 indicators, 66 candle patterns, operators, and the limits they check."""

from dataclasses import dataclass
from decimal import Decimal

from rules.language.nodes import Comparator

PRICES = ("close", "open", "high", "low", "price", "volume")
CATEGORIES = ("trend", "momentum", "mean_reversion", "volatility", "volume", "oscillator", "composite", "custom")
DIRECTIONS = ("up", "down")

_FRACTIONS = frozenset(
    {"std", "multiplier", "offset", "sigma", "volume_factor", "af_start", "af_step", "af_max", "width", "scale"}
)


@dataclass(frozen=True, slots=True)
class OfficialParam:
    """`kind`: int, number or direction."""

    name: str
    kind: str
    default: Decimal | str


@dataclass(frozen=True, slots=True)
class OfficialIndicator:
    """`outputs`: the one the builder takes by default first."""

    id: str
    params: tuple[OfficialParam, ...]
    outputs: tuple[str, ...]

    @property
    def has_choice_of_outputs(self) -> bool:
        return len(self.outputs) > 1


def _of(id: str, outputs: str = "value", **params: int | str) -> OfficialIndicator:
    return OfficialIndicator(id, tuple(_param(name, value) for name, value in params.items()), tuple(outputs.split()))


def _param(name: str, value: int | str) -> OfficialParam:
    if name == "direction":
        return OfficialParam(name, "direction", str(value))
    return OfficialParam(name, "number" if name in _FRACTIONS else "int", Decimal(value))


INDICATORS: dict[str, OfficialIndicator] = {
    indicator.id: indicator
    for indicator in (
        *(_of(id, period=20) for id in ("sma", "ema", "dema", "tema", "hma", "lwma", "trima", "zlema")),
        _of("kama", period=10),
        _of("alma", period=9, sigma=6, offset="0.85"),
        _of("t3", period=10, volume_factor="0.7"),
        _of("wma", period=14),
        _of("frama", period=16),
        _of("vidya", period=14),
        _of("rsi", period=14),
        _of("stochastic", "k d", k_period=14, d_period=3),
        _of("stochrsi", "k d", rsi_period=14, stoch_period=14, k_period=3, d_period=3),
        _of("macd", "value signal histogram", fast=12, slow=26, signal=9),
        _of("cci", period=20),
        _of("williams_r", period=14),
        _of("momentum", period=10),
        _of("roc", period=10),
        _of("apo", fast=12, slow=26),
        _of("ppo", "value signal histogram", fast=12, slow=26),
        _of("aroon", "value aroon_up aroon_down", up_period=25, down_period=25),
        _of("cmo", period=14),
        _of("ao", fast=5, slow=34),
        _of("cho", fast=3, slow=10),
        _of("ultosc", period1=7, period2=14, period3=28),
        _of("trix", period=15),
        _of("tsi", "value signal", long_period=25, short_period=13, signal_period=7),
        _of("rvi", period=10),
        _of("dpo", period=20),
        _of("kvo", "value signal", fast=34, slow=55, signal=13),
        _of("adx", "value plus_di minus_di", period=14),
        _of("adxr", period=14),
        _of("ichimoku", "tenkan kijun senkou_a senkou_b chikou", tenkan=9, kijun=26, senkou_b=52),
        _of("sar", af_start="0.02", af_step="0.02", af_max="0.2"),
        _of("vortex", "plus_vi minus_vi", period=14),
        _of("chop", period=14),
        _of("kst", "value signal", roc1=10, roc2=15, roc3=20, roc4=30),
        _of("coppock", short_roc=11, long_roc=14, wma=10),
        _of("supertrend", period=10, multiplier=3),
        _of("mass_index", ema_period=9, sum_period=25),
        _of("schaff", cycle=10, fast=23, slow=50),
        _of("fisher", period=10),
        _of("obv"),
        _of("ad"),
        _of("adl"),
        _of("cmf", period=20),
        _of("mfi", period=14),
        _of("force", period=13),
        _of("vwap", period=14),
        _of("vwma", period=20),
        _of("eom", period=14, scale=10000),
        _of("atr", period=14),
        _of("natr", period=14),
        _of("bollinger", "middle upper lower", period=20, std=2),
        _of("keltner", "middle upper lower", period=20, multiplier=2),
        _of("donchian", "upper lower", period=20),
        _of("std", period=20),
        _of("variance", period=20),
        _of("accbands", "middle upper lower", period=20, width=4),
        _of("beta", period=252),
        _of("alpha", period=252),
        _of("volatility_ind", period=10),
        _of("maximum", period=20),
        _of("minimum", period=20),
        _of("midpoint", period=14),
        _of("midprice", period=14),
        _of("logr", period=1),
        _of("ibs"),
        _of("bop"),
        _of("regression", "value slope intercept", period=14),
        _of("pivot", "high low", left_bars=5, right_bars=5),
        _of("augen", period=3),
        _of("consecutive", direction="up"),
        _of("disparity", period=20),
        _of("change"),
        _of("returns", period=60),
    )
}

SPELLED_OTHERWISE = {"max": "maximum", "min": "minimum"}  # in two shipped templates; the backtester refuses them
MEANT_PERHAPS = {
    "bb": "bollinger",
    "bbands": "bollinger",
    "ma": "sma",
    "volume_ma": "vwma",
    "returns_pct": "returns",
    "stoch": "stochastic",
    "willr": "williams_r",
}

# ---- candle patterns: "+" bullish only, "-" bearish only, "±" both

CANDLESTICKS: dict[str, str] = {
    **dict.fromkeys(
        [
            "doji",
            "dragonfly_doji",
            "gravestone_doji",
            "long_legged_doji",
            "hammer",
            "inverted_hammer",
            "rickshaw_man",
            "piercing",
            "matching_low",
            "morning_star",
            "morning_doji_star",
            "three_white_soldiers",
            "three_stars_in_south",
            "unique_three_river",
            "mat_hold",
            "ladder_bottom",
            "concealing_baby_swallow",
            "stick_sandwich",
            "homing_pigeon",
        ],
        "+",
    ),
    **dict.fromkeys(
        [
            "hanging_man",
            "shooting_star",
            "dark_cloud_cover",
            "on_neck",
            "in_neck",
            "thrusting",
            "evening_star",
            "evening_doji_star",
            "three_black_crows",
            "advance_block",
            "stalled_pattern",
            "upside_gap_two_crows",
            "identical_three_crows",
            "two_crows",
        ],
        "-",
    ),
    **dict.fromkeys(
        [
            "marubozu",
            "closing_marubozu",
            "spinning_top",
            "belt_hold",
            "high_wave",
            "engulfing",
            "harami",
            "harami_cross",
            "counterattack",
            "separating_lines",
            "kicking",
            "kicking_by_length",
            "gap_side_by_side_white",
            "dojistar",
            "three_inside",
            "three_outside",
            "abandoned_baby",
            "tasuki_gap",
            "three_line_strike",
            "breakaway",
            "rising_three_methods",
            "falling_three_methods",
            "tristar",
            "up_down_gap_three_methods",
        ],
        "±",
    ),
}

# Known to both tools, refused by the backtester ("unsupported by Lean").
CANDLESTICKS_OF_BUILDER_ONLY: dict[str, str] = {
    "opening_marubozu": "±",
    "tweezer_top": "-",
    "tweezer_bottom": "+",
    "meeting_lines": "±",
    "matching_high": "-",
    "deliberation": "-",
    "downside_tasuki_gap": "-",
    "upside_tasuki_gap": "+",
    "side_by_side_white_lines": "+",
}
ALL_CANDLESTICKS = CANDLESTICKS | CANDLESTICKS_OF_BUILDER_ONLY

# ---- operators


@dataclass(frozen=True, slots=True)
class Spelling:
    """Which tool understands the word. The backtester also in capitals, the builder in exactly these letters."""

    comparator: Comparator
    in_backtester: bool
    in_builder: bool


def _spelled(comparator: Comparator, both: str = "", backtester: str = "", builder: str = "") -> dict[str, Spelling]:
    return {
        **{word: Spelling(comparator, True, True) for word in both.split()},
        **{word: Spelling(comparator, True, False) for word in backtester.split()},
        **{word: Spelling(comparator, False, True) for word in builder.split()},
    }


OPERATORS: dict[str, Spelling] = {
    **_spelled(Comparator.GT, "greater_than gt", "> breaks"),
    **_spelled(Comparator.LT, "less_than lt", "<"),
    **_spelled(Comparator.GE, "greater_equal gte", ">="),
    **_spelled(Comparator.LE, "less_equal lte", "<="),
    **_spelled(Comparator.EQ, "", "equal ==", "equals eq"),
    **_spelled(Comparator.NE, "", "not_equal !="),
    **_spelled(Comparator.CROSSES_ABOVE, "cross_above crosses_above", "crossover indicator_cross_above"),
    **_spelled(Comparator.CROSSES_BELOW, "cross_below crosses_below", "crossunder indicator_cross_below"),
}
WRITTEN = {
    Comparator.GT: "greater_than",
    Comparator.LT: "less_than",
    Comparator.GE: "greater_equal",
    Comparator.LE: "less_equal",
    Comparator.EQ: "equal",
    Comparator.NE: "not_equal",
    Comparator.CROSSES_ABOVE: "cross_above",
    Comparator.CROSSES_BELOW: "cross_below",
}
MEANT_OPERATOR = {
    "above": "greater_than",
    "below": "less_than",
    "greater_than_or_equal": "greater_equal",
    "less_than_or_equal": "less_equal",
    "neq": "not_equal",
    "ne": "not_equal",
    "=": "equal",
    "golden_cross": "cross_above",
    "dead_cross": "cross_below",
}

# ---- limits that the backtester checks by the parameter's name, whatever the indicator

_LIMITS: dict[str, tuple[Decimal, Decimal]] = {
    "period": (Decimal(1), Decimal(1000)),
    **dict.fromkeys(("fast", "slow"), (Decimal(1), Decimal(500))),
    **dict.fromkeys(("signal", "k_period", "d_period"), (Decimal(1), Decimal(100))),
    **dict.fromkeys(("std", "multiplier"), (Decimal("0.1"), Decimal(10))),
}
_LEAST_PERIOD = {"hma": 2, "augen": 3}


def limits(indicator: str, param: str) -> tuple[Decimal, Decimal] | None:
    """The least and greatest value that the backtester takes; None when it looks at none."""
    found = _LIMITS.get(param)
    if found and param == "period" and indicator in _LEAST_PERIOD:
        return Decimal(_LEAST_PERIOD[indicator]), found[1]
    return (Decimal(0), Decimal(1)) if param in ("offset", "volume_factor") else found


def must_rise(indicator: str) -> bool:
    """Whether `fast` must be below `slow`."""
    return indicator in ("macd", "apo", "ppo")
