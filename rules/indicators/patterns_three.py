"""Patterns of three candles. The words long, short, doji, near … are those of `pattern_catalogue.GLOSSARY`."""

from functools import partial

from rules.indicators.pattern_run import BEARISH, BODIES, BULLISH, EITHER, RANGES, Pattern, pattern
from rules.indicators.ta_lib import talib

STAR = 0.3  # of the first body, how far the last candle of a star or an abandoned baby comes back

THREE: tuple[Pattern, ...] = (
    pattern(
        "morning_star",
        ("샛별형", "morning star"),
        3,
        BULLISH,
        partial(talib.CDLMORNINGSTAR, penetration=STAR),
        (
            "긴 음봉, 몸통 갭 아래의 짧은 봉, 첫 몸통을 30% 넘게 되찾는 짧지 않은 양봉.",
            "Long black; a short one gapping down; a white one, not short, that closes more than 30% into the first.",
        ),
    ),
    pattern(
        "morning_doji_star",
        ("샛별 도지", "morning doji star"),
        3,
        BULLISH,
        partial(talib.CDLMORNINGDOJISTAR, penetration=STAR),
        ("가운데가 도지인 샛별형.", "A morning star whose middle candle is a doji."),
    ),
    pattern(
        "evening_star",
        ("저녁별형", "evening star"),
        3,
        BEARISH,
        partial(talib.CDLEVENINGSTAR, penetration=STAR),
        (
            "긴 양봉, 몸통 갭 위의 짧은 봉, 첫 몸통을 30% 넘게 되밀어 내는 짧지 않은 음봉.",
            "Long white; a short one gapping up; a black one, not short, that closes more than 30% into the first.",
        ),
    ),
    pattern(
        "evening_doji_star",
        ("저녁별 도지", "evening doji star"),
        3,
        BEARISH,
        partial(talib.CDLEVENINGDOJISTAR, penetration=STAR),
        ("가운데가 도지인 저녁별형.", "An evening star whose middle candle is a doji."),
    ),
    pattern(
        "three_white_soldiers",
        ("적삼병", "three white soldiers"),
        3,
        BULLISH,
        talib.CDL3WHITESOLDIERS,
        (
            "윗그림자가 거의 없는 양봉 셋. 종가가 차례로 높아지고, 시가는 앞 시가보다 높되 앞 몸통 안이거나 가까우며, "
            "몸통이 앞보다 훨씬 짧지 않고 셋째는 짧지 않음.",
            "Three white candles with no upper shadow to speak of and rising closes; each opens above the open before "
            "and within or near that body; none is far shorter than the one before, the third is not short.",
        ),
    ),
    pattern(
        "three_black_crows",
        ("흑삼병", "three black crows"),
        3,
        BEARISH,
        talib.CDL3BLACKCROWS,
        (
            "양봉 다음, 아랫그림자가 거의 없는 음봉 셋. 종가가 차례로 낮아지고 시가는 앞 몸통 안, 첫 종가는 앞 양봉의 "
            "고가 아래.",
            "After a white candle, three black ones with no lower shadow to speak of and falling closes; each opens "
            "within the body before; the first closes below the white one's high.",
        ),
        before=BODIES + 1,
    ),
    pattern(
        "three_inside",
        ("삼내형", "three inside"),
        3,
        EITHER,
        talib.CDL3INSIDE,
        (
            "잉태형(긴 몸통 안의 짧은 몸통) 다음, 첫째와 색이 다른 봉이 첫 시가를 넘어서 마감. 위로면 +, 아래로면 -.",
            "A harami (strictly within), then a candle of the colour opposite to the first closes beyond its open. "
            "Upward +, downward -.",
        ),
    ),
    pattern(
        "three_outside",
        ("삼외형", "three outside"),
        3,
        EITHER,
        talib.CDL3OUTSIDE,
        (
            "장악형(양 끝 모두 넘음) 다음, 셋째 종가가 같은 방향으로 더 나아감. 위로면 +, 아래로면 -.",
            "An engulfing (both ends beyond), then a close further in its direction. Upward +, downward -.",
        ),
        before=1,
    ),
    pattern(
        "abandoned_baby",
        ("버려진 아기", "abandoned baby"),
        3,
        EITHER,
        partial(talib.CDLABANDONEDBABY, penetration=STAR),
        (
            "긴 봉, 그림자까지 갭을 둔 도지, 반대쪽으로 다시 갭을 두고 첫 몸통을 30% 넘게 되돌리는 짧지 않은 봉. "
            "마지막이 양봉이면 +, 음봉이면 -.",
            "A long candle; a doji that gaps on, shadows included; a candle of the other colour, not short, that gaps "
            "back and closes more than 30% into the first. White last +, black -.",
        ),
    ),
    pattern(
        "three_stars_in_south",
        ("남쪽 삼성", "three stars in the south"),
        3,
        BULLISH,
        talib.CDL3STARSINSOUTH,
        (
            "음봉 셋: 긴 몸통과 그보다 긴 아랫그림자, 더 작고 앞 저가 위에 있으며 아랫그림자가 있는 봉, "
            "앞 봉의 범위 안에 든 그림자 없는 짧은 봉.",
            "Three black: a long body with a longer lower shadow; a smaller one that opens higher than that close, "
            "dips below it but not below its low; a short one without shadows inside the second's range.",
        ),
    ),
    pattern(
        "advance_block",
        ("진행 차단", "advance block"),
        3,
        BEARISH,
        talib.CDLADVANCEBLOCK,
        (
            "종가가 높아지고 앞 몸통 안(이나 가까이)에서 시작하는 양봉 셋, 첫째는 길고 윗그림자가 짧음. "
            "그 뒤 몸통이 줄거나 윗그림자가 길어져 힘이 빠짐.",
            "Three white with rising closes, each opening within or near the body before, the first long with a short "
            "upper shadow; then bodies shrink or upper shadows grow: the advance weakens.",
        ),
    ),
    pattern(
        "stalled_pattern",
        ("정체", "stalled pattern"),
        3,
        BEARISH,
        talib.CDLSTALLEDPATTERN,
        (
            "종가가 높아지는 양봉 셋: 긴 둘(둘째는 윗그림자가 거의 없음) 다음, 둘째의 종가에 얹힌 짧은 봉.",
            "Three white with rising closes: two long ones, the second with no upper shadow to speak of, then a short "
            "one that rides on the second's close.",
        ),
    ),
    pattern(
        "tasuki_gap",
        ("타스키 갭", "tasuki gap"),
        3,
        EITHER,
        talib.CDLTASUKIGAP,
        (
            "몸통 갭을 두고 나온 둘째와 색이 다른 셋째가 그 몸통 안에서 시작해 갭 안에서(다 메우지 않고) 마감. "
            "두 몸통의 크기가 비슷. 갭이 위면 +, 아래면 -.",
            "The second gaps away; the third, of the other colour and about the same size, opens within its body and "
            "closes inside the gap without filling it. Gap up +, gap down -.",
        ),
        before=RANGES,
    ),
    pattern(
        "upside_gap_two_crows",
        ("갭업 두 까마귀", "upside gap two crows"),
        3,
        BEARISH,
        talib.CDLUPSIDEGAP2CROWS,
        (
            "긴 양봉, 몸통 갭 위의 짧은 음봉, 그것을 감싸되 첫 종가 위에서 마감하는 음봉.",
            "Long white; a short black one gapping up; a black one that engulfs it and still closes above the first.",
        ),
    ),
    pattern(
        "unique_three_river",
        ("독특한 삼강", "unique three river"),
        3,
        BULLISH,
        talib.CDLUNIQUE3RIVER,
        (
            "긴 음봉, 저가만 더 낮고 몸통은 그 안에 든 음봉, 그 저가 위에서 시작하는 짧은 양봉.",
            "Long black; a black one within its body that makes a lower low; a short white one opening above that low.",
        ),
    ),
    pattern(
        "stick_sandwich",
        ("스틱 샌드위치", "stick sandwich"),
        3,
        BULLISH,
        talib.CDLSTICKSANDWICH,
        (
            "음봉, 저가가 그 종가 위인 양봉, 첫째와 같은 값에서 마감하는 음봉.",
            "Black; a white one whose low is above that close; a black one closing equal to the first.",
        ),
        before=RANGES,
    ),
    pattern(
        "tristar",
        ("삼성", "tristar"),
        3,
        EITHER,
        talib.CDLTRISTAR,
        (
            "도지 셋 가운데 둘째 몸통이 갭을 두고 떨어져 있고 셋째는 그만큼 나아가지 못함. 갭이 아래면 +, 위면 -. "
            "셋 다 첫째 앞의 평균으로 도지인지 봄.",
            "Three dojis, the second gapping away, the third not as far. Gap down +, gap up -. "
            "All three are measured by the average before the first.",
        ),
    ),
    pattern(
        "identical_three_crows",
        ("동일 흑삼병", "identical three crows"),
        3,
        BEARISH,
        talib.CDLIDENTICAL3CROWS,
        (
            "아랫그림자가 거의 없고 종가가 낮아지는 음봉 셋, 각각 앞 종가와 같은 값에서 시작.",
            "Three black with no lower shadow to speak of and falling closes, each opening equal to the close before.",
        ),
    ),
    pattern(
        "two_crows",
        ("두 까마귀", "two crows"),
        3,
        BEARISH,
        talib.CDL2CROWS,
        (
            "긴 양봉, 몸통 갭 위의 음봉, 그 몸통 안에서 시작해 첫 몸통 안에서 마감하는 음봉.",
            "Long white; a black one gapping up; a black one that opens within it and closes within the first.",
        ),
    ),
    pattern(
        "up_down_gap_three_methods",
        ("갭 삼법", "up/down gap three methods"),
        3,
        EITHER,
        talib.CDLXSIDEGAP3METHODS,
        (
            "같은 색 두 봉 사이의 몸통 갭을, 둘째 몸통 안에서 시작해 첫 몸통 안에서 마감하는 다른 색의 셋째가 메움. "
            "첫째가 양봉이면 +, 음봉이면 -.",
            "Two of one colour with a gap between the bodies; a third of the other colour opens within the second and "
            "closes within the first, filling it. White first +, black -.",
        ),
        before=0,
    ),
    pattern(
        "gap_side_by_side_white",
        ("갭 나란히", "gap side by side white"),
        3,
        EITHER,
        talib.CDLGAPSIDESIDEWHITE,
        (
            "앞 봉에서 같은 쪽으로 몸통 갭을 둔 양봉 둘이 시가가 같고 크기가 비슷. 갭이 위면 +, 아래면 -. "
            "공식 도구들은 2봉으로 적지만 갭의 기준이 되는 앞 봉까지 셋을 읽음.",
            "Two white candles, both gapping the same way from the one before, with equal opens and about the same "
            "size. Gap up +, gap down -. The official tools list two candles; with the one gapped from it is three.",
        ),
        before=RANGES,
    ),
)
