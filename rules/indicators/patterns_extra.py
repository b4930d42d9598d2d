"""The nine that only the official builder's signal engine knows. Where TA-Lib has the shape by another name or as a
part, its function serves; only the tweezers are counted here, by the same averages."""

import numpy
from numpy.typing import NDArray

from rules.indicators.pattern_run import BEARISH, BULLISH, EITHER, RANGES, Pattern, falling, mirrored, pattern, rising
from rules.indicators.ta_lib import talib

Prices = NDArray[numpy.float64]
Found = NDArray[numpy.int32]

EQUAL_SHARE, EQUAL_BARS = 0.05, 5  # TA-Lib's "equal": within 5 % of the mean range of the five bars before


def _opening_marubozu(opened: Prices, high: Prices, low: Prices, close: Prices) -> Found:
    belt = talib.CDLBELTHOLD(opened, high, low, close)
    return numpy.where(talib.CDLMARUBOZU(opened, high, low, close) == 0, belt, 0)


def _equal_to_the_one_before(extreme: Prices, high: Prices, low: Prices) -> NDArray[numpy.bool_]:
    """Whether this bar's `extreme` is equal to the last one's, by the five bars before that one; False until then."""
    equal = numpy.zeros(len(extreme), numpy.bool_)
    pairs = len(extreme) - EQUAL_BARS - 1
    if pairs > 0:
        ranges = high - low
        total = sum(ranges[k : k + pairs] for k in range(EQUAL_BARS))
        equal[-pairs:] = numpy.abs(numpy.diff(extreme[EQUAL_BARS:])) <= EQUAL_SHARE * (total / EQUAL_BARS)
    return equal


def _turns_black(opened: Prices, close: Prices) -> NDArray[numpy.bool_]:
    """A black candle after a white one (white: not closing below its open)."""
    black = close < opened
    return black & ~numpy.concatenate(([True], black))[:-1]


def _turns_white(opened: Prices, close: Prices) -> NDArray[numpy.bool_]:
    black = close < opened
    return ~black & numpy.concatenate(([False], black))[:-1]


def _tweezer_top(opened: Prices, high: Prices, low: Prices, close: Prices) -> Found:
    there = _equal_to_the_one_before(high, high, low) & _turns_black(opened, close)
    return -there.astype(numpy.int32)


def _tweezer_bottom(opened: Prices, high: Prices, low: Prices, close: Prices) -> Found:
    there = _equal_to_the_one_before(low, high, low) & _turns_white(opened, close)
    return there.astype(numpy.int32)


EXTRA: tuple[Pattern, ...] = (
    pattern(
        "opening_marubozu",
        ("시가 장대봉", "opening marubozu"),
        1,
        EITHER,
        _opening_marubozu,
        (
            "몸통이 길고 시가 쪽 그림자는 거의 없으나 종가 쪽 그림자는 있음(둘 다 없으면 장대봉). "
            "양봉이면 +, 음봉이면 -.",
            "Long body, no shadow to speak of at the open but one at the close (with neither it is a marubozu). "
            "White +, black -.",
        ),
        official=False,
    ),
    pattern(
        "tweezer_top",
        ("집게 천장", "tweezer top"),
        2,
        BEARISH,
        _tweezer_top,
        ("고가가 같은 양봉과 음봉.", "A white candle, then a black one with an equal high."),
        official=False,
        before=RANGES,
    ),
    pattern(
        "tweezer_bottom",
        ("집게 바닥", "tweezer bottom"),
        2,
        BULLISH,
        _tweezer_bottom,
        ("저가가 같은 음봉과 양봉.", "A black candle, then a white one with an equal low."),
        official=False,
        before=RANGES,
    ),
    pattern(
        "meeting_lines",
        ("만남선", "meeting lines"),
        2,
        EITHER,
        talib.CDLCOUNTERATTACK,
        (
            "반격형의 다른 이름: 색이 다른 긴 봉 둘의 종가가 같음. 둘째가 양봉이면 +, 음봉이면 -.",
            "Another name of the counterattack: two long candles of different colours with equal closes. "
            "White second +, black -.",
        ),
        official=False,
    ),
    pattern(
        "matching_high",
        ("일치 고가", "matching high"),
        2,
        BEARISH,
        mirrored(talib.CDLMATCHINGLOW),
        (
            "종가가 같은 양봉 둘(시가와 종가가 똑같은 봉은 양봉으로 치지 않음): 일치 저가를 뒤집은 것.",
            "Two white candles (closing truly above their opens) with equal closes: matching low upside down.",
        ),
        official=False,
        before=RANGES,
    ),
    pattern(
        "deliberation",
        ("심사숙고", "deliberation"),
        3,
        BEARISH,
        talib.CDLSTALLEDPATTERN,
        (
            "정체(stalled pattern)의 다른 이름: 긴 양봉 둘 다음, 둘째의 종가에 얹힌 짧은 양봉.",
            "Another name of the stalled pattern: two long white candles, then a short white one riding on the "
            "second's close.",
        ),
        official=False,
    ),
    pattern(
        "downside_tasuki_gap",
        ("하락 타스키 갭", "downside tasuki gap"),
        3,
        BEARISH,
        falling(talib.CDLTASUKIGAP),
        ("타스키 갭 가운데 갭이 아래인 것.", "The tasuki gap whose gap is down."),
        official=False,
        before=RANGES,
    ),
    pattern(
        "upside_tasuki_gap",
        ("상승 타스키 갭", "upside tasuki gap"),
        3,
        BULLISH,
        rising(talib.CDLTASUKIGAP),
        ("타스키 갭 가운데 갭이 위인 것.", "The tasuki gap whose gap is up."),
        official=False,
        before=RANGES,
    ),
    pattern(
        "side_by_side_white_lines",
        ("나란한 양봉", "side by side white lines"),
        3,
        BULLISH,
        rising(talib.CDLGAPSIDESIDEWHITE),
        (
            "갭 나란히 가운데 갭이 위인 것: 앞 봉 위로 몸통 갭을 둔, 시가가 같고 크기가 비슷한 양봉 둘.",
            "The upward half of gap side by side white: two white candles gapping up from the one before, with equal "
            "opens and about the same size.",
        ),
        official=False,
        before=RANGES,
    ),
)
