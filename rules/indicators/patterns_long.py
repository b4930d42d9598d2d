"""Patterns of four and five candles. The words long, short … are those of `pattern_catalogue.GLOSSARY`."""

from functools import partial

from rules.indicators.pattern_run import BEARISH, BULLISH, EITHER, RANGES, Pattern, falling, pattern, rising
from rules.indicators.ta_lib import talib

LONG: tuple[Pattern, ...] = (
    pattern(
        "three_line_strike",
        ("삼선 타격", "three line strike"),
        4,
        EITHER,
        talib.CDL3LINESTRIKE,
        (
            "같은 색으로 나아간 세 봉(시가는 앞 몸통 안이나 가까이) 다음, 더 나간 곳에서 시작해 첫 시가를 넘어 되돌린 "
            "다른 색의 봉. 부호는 앞 세 봉의 방향: 양봉 셋이면 +, 음봉 셋이면 -. 공식 빌더는 마지막 봉의 색을 부호로 "
            "쓰므로 반대이고, 공식 백테스터는 여기와 같음.",
            "Three of one colour advancing, each opening within or near the body before; the fourth, of the other "
            "colour, opens beyond and closes past the first open. The sign is that of the three: white +, black -. "
            "The official builder takes the colour of the fourth, the opposite; the official backtester does as here.",
        ),
        before=RANGES,
    ),
    pattern(
        "concealing_baby_swallow",
        ("숨긴 아기 제비", "concealing baby swallow"),
        4,
        BULLISH,
        talib.CDLCONCEALBABYSWALL,
        (
            "음봉 넷: 그림자 없는 둘, 몸통 갭 아래에서 시작해 앞 종가 위까지 윗그림자를 낸 봉, "
            "그 봉을 그림자까지 감싸는 봉.",
            "Four black: two without shadows; one that gaps down but whose upper shadow reaches above the close before;"
            " one that engulfs it, shadows included.",
        ),
    ),
    pattern(
        "breakaway",
        ("이탈형", "breakaway"),
        5,
        EITHER,
        talib.CDLBREAKAWAY,
        (
            "긴 봉, 같은 색으로 몸통 갭을 두고 나간 봉, 고가와 저가가 더 나간 봉 둘(뒤의 것은 같은 색), 갭 안에서 "
            "마감하는 다른 색의 봉. 마지막이 양봉이면 +, 음봉이면 -.",
            "A long candle; one of its colour gapping on; two with further highs and lows, the latter of that colour; "
            "one of the other colour closing inside the gap. White last +, black -.",
        ),
    ),
    pattern(
        "mat_hold",
        ("매트 홀드", "mat hold"),
        5,
        BULLISH,
        partial(talib.CDLMATHOLD, penetration=0.5),
        (
            "긴 양봉, 몸통 갭 위의 짧은 음봉, 첫 몸통의 절반 위에서 내려앉는 짧은 봉 둘, 앞 종가 위에서 시작해 "
            "쉬던 세 봉의 고가를 넘는 양봉.",
            "Long white; a short black one gapping up; two short ones sinking but staying above the middle of the "
            "first body; a white one that opens above the last close and closes above the highs of the three.",
        ),
    ),
    pattern(
        "rising_three_methods",
        ("상승 삼법", "rising three methods"),
        5,
        BULLISH,
        rising(talib.CDLRISEFALL3METHODS),
        (
            "긴 양봉, 그 범위 안에서 종가가 낮아지는 짧은 음봉 셋, 앞 종가 위에서 시작해 첫 종가를 넘는 긴 양봉. "
            "공식 백테스터는 하락 삼법과 한 함수를 써서 여기에도 -를 주지만, 상승 삼법은 +만 냄.",
            "Long white; three short black ones with falling closes within its range; a long white one opening above "
            "the last close and closing above the first. The official backtester shares one function with the falling "
            "pattern and gives - here too; a rising one is only +.",
        ),
    ),
    pattern(
        "falling_three_methods",
        ("하락 삼법", "falling three methods"),
        5,
        BEARISH,
        falling(talib.CDLRISEFALL3METHODS),
        (
            "긴 음봉, 그 범위 안에서 종가가 높아지는 짧은 양봉 셋, 앞 종가 아래에서 시작해 첫 종가를 밑도는 긴 음봉. "
            "공식 백테스터는 상승 삼법과 한 함수를 써서 여기에도 +를 주지만, 하락 삼법은 -만 냄.",
            "Long black; three short white ones with rising closes within its range; a long black one opening below "
            "the last close and closing below the first. The official backtester shares one function with the rising "
            "pattern and gives + here too; a falling one is only -.",
        ),
    ),
    pattern(
        "ladder_bottom",
        ("사다리 바닥", "ladder bottom"),
        5,
        BULLISH,
        talib.CDLLADDERBOTTOM,
        (
            "시가와 종가가 차례로 낮아지는 음봉 셋, 윗그림자가 있는 음봉, 그 시가 위에서 시작해 그 고가 위에서 "
            "마감하는 양봉.",
            "Three black with falling opens and closes; a black one with an upper shadow; a white one opening above "
            "its open and closing above its high.",
        ),
    ),
)
