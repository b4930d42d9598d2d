"""Patterns of two candles. The words long, short, doji, near … are those of `pattern_catalogue.GLOSSARY`."""

from functools import partial

from rules.indicators.pattern_run import BEARISH, BULLISH, EITHER, RANGES, Pattern, pattern
from rules.indicators.ta_lib import talib

DOUBLE: tuple[Pattern, ...] = (
    pattern(
        "engulfing",
        ("장악형", "engulfing"),
        2,
        EITHER,
        talib.CDLENGULFING,
        (
            "둘째 몸통이 색이 다른 첫 몸통을 감쌈(한쪽 끝은 같아도 됨). 둘째가 양봉이면 +, 음봉이면 -.",
            "The second body holds the first, of the other colour, within it (one end may be the same). "
            "White second +, black -.",
        ),
        before=1,
    ),
    pattern(
        "harami",
        ("잉태형", "harami"),
        2,
        EITHER,
        talib.CDLHARAMI,
        (
            "긴 몸통 안에 다음의 짧은 몸통이 들어감(끝은 같아도 됨). 첫째가 음봉이면 +, 양봉이면 -.",
            "A short body lies within the long one before it (ends may be the same). Black first +, white -.",
        ),
    ),
    pattern(
        "harami_cross",
        ("잉태 십자형", "harami cross"),
        2,
        EITHER,
        talib.CDLHARAMICROSS,
        (
            "긴 몸통 안에 다음의 도지가 들어감(끝은 같아도 됨). 첫째가 음봉이면 +, 양봉이면 -.",
            "A doji lies within the long body before it (ends may be the same). Black first +, white -.",
        ),
    ),
    pattern(
        "piercing",
        ("관통형", "piercing line"),
        2,
        BULLISH,
        talib.CDLPIERCING,
        (
            "긴 음봉 다음 긴 양봉이 앞 저가 아래에서 시작해 앞 몸통의 절반을 넘되 그 시가 아래에서 마감.",
            "After a long black one, a long white one opens below its low and closes above the middle of its body, "
            "but below its open.",
        ),
    ),
    pattern(
        "dark_cloud_cover",
        ("먹구름형", "dark cloud cover"),
        2,
        BEARISH,
        partial(talib.CDLDARKCLOUDCOVER, penetration=0.5),
        (
            "긴 양봉 다음 음봉이 앞 고가 위에서 시작해 앞 몸통의 절반 아래로, 그 시가 위에서 마감.",
            "After a long white one, a black one opens above its high and closes below the middle of its body, "
            "but above its open.",
        ),
    ),
    pattern(
        "counterattack",
        ("반격형", "counterattack"),
        2,
        EITHER,
        talib.CDLCOUNTERATTACK,
        (
            "색이 다른 긴 봉 둘의 종가가 같음. 둘째가 양봉이면 +, 음봉이면 -.",
            "Two long candles of different colours with equal closes. White second +, black -.",
        ),
    ),
    pattern(
        "on_neck",
        ("목 위", "on neck"),
        2,
        BEARISH,
        talib.CDLONNECK,
        (
            "긴 음봉 다음 양봉이 앞 저가 아래에서 시작해 앞 저가와 같은 값에서 마감.",
            "After a long black one, a white one opens below its low and closes equal to its low.",
        ),
    ),
    pattern(
        "in_neck",
        ("목 안", "in neck"),
        2,
        BEARISH,
        talib.CDLINNECK,
        (
            "긴 음봉 다음 양봉이 앞 저가 아래에서 시작해 앞 종가와 같거나 아주 조금 위에서 마감.",
            "After a long black one, a white one opens below its low and closes at its close or a touch above.",
        ),
    ),
    pattern(
        "thrusting",
        ("밀어붙이기", "thrusting"),
        2,
        BEARISH,
        talib.CDLTHRUSTING,
        (
            "긴 음봉 다음 양봉이 앞 저가 아래에서 시작해 앞 종가보다는 위, 앞 몸통의 절반 이하에서 마감.",
            "After a long black one, a white one opens below its low and closes above its close (more than equal), "
            "not above the middle of its body.",
        ),
    ),
    pattern(
        "separating_lines",
        ("분리선", "separating lines"),
        2,
        EITHER,
        talib.CDLSEPARATINGLINES,
        (
            "색이 다른 두 봉의 시가가 같고, 둘째는 몸통이 길며 시가 쪽 그림자가 거의 없음. "
            "둘째가 양봉이면 +, 음봉이면 -.",
            "Two candles of different colours with equal opens; the second has a long body and no shadow to speak of "
            "at its open. White second +, black -.",
        ),
    ),
    pattern(
        "kicking",
        ("킥킹", "kicking"),
        2,
        EITHER,
        talib.CDLKICKING,
        (
            "색이 다른 두 장대봉(긴 몸통, 그림자 거의 없음) 사이에 고가·저가까지의 갭. 둘째가 양봉이면 +, 음봉이면 -.",
            "Two marubozu of different colours with a gap between their whole ranges. White second +, black -.",
        ),
    ),
    pattern(
        "kicking_by_length",
        ("길이 기준 킥킹", "kicking by length"),
        2,
        EITHER,
        talib.CDLKICKINGBYLENGTH,
        (
            "킥킹과 같되 부호는 두 몸통 가운데 긴 쪽(같으면 첫째)의 색: 양봉이면 +, 음봉이면 -.",
            "As kicking, but the sign is the colour of the longer of the two (the first, when equal): "
            "white +, black -.",
        ),
    ),
    pattern(
        "matching_low",
        ("일치 저가", "matching low"),
        2,
        BULLISH,
        talib.CDLMATCHINGLOW,
        ("종가가 같은 음봉 둘.", "Two black candles with equal closes."),
        before=RANGES,
    ),
    pattern(
        "homing_pigeon",
        ("귀소비둘기", "homing pigeon"),
        2,
        BULLISH,
        talib.CDLHOMINGPIGEON,
        (
            "긴 음봉의 몸통 안에 다음의 짧은 음봉의 몸통이 들어감.",
            "The body of a short black candle lies within that of the long black one before it.",
        ),
    ),
    pattern(
        "dojistar",
        ("도지별", "doji star"),
        2,
        EITHER,
        talib.CDLDOJISTAR,
        (
            "긴 봉 다음 도지가 그 방향으로 몸통 갭을 두고 나옴. 첫째가 음봉이면 +, 양봉이면 -.",
            "After a long candle, a doji whose body gaps on in the same direction. Black first +, white -.",
        ),
    ),
)
