"""Patterns of one candle. The words long, short, doji, near … are those of `pattern_catalogue.GLOSSARY`."""

from rules.indicators.pattern_run import BEARISH, BODIES, BULLISH, EITHER, Pattern, pattern, turned
from rules.indicators.ta_lib import talib

SINGLE: tuple[Pattern, ...] = (
    pattern(
        "doji",
        ("도지", "doji"),
        1,
        BULLISH,
        talib.CDLDOJI,
        (
            "시가와 종가가 거의 같은 도지. 신호는 '있음'이라는 뜻의 +이며 상승을 뜻하지 않음.",
            "Open and close are almost the same. The signal + says that it is there, not that it is bullish.",
        ),
    ),
    pattern(
        "dragonfly_doji",
        ("잠자리 도지", "dragonfly doji"),
        1,
        BULLISH,
        talib.CDLDRAGONFLYDOJI,
        (
            "윗그림자가 거의 없고 아랫그림자는 있는 도지: 밀렸다가 제자리로 돌아온 봉.",
            "A doji with no upper shadow to speak of and a lower one: pushed down and back again.",
        ),
    ),
    pattern(
        "gravestone_doji",
        ("비석 도지", "gravestone doji"),
        1,
        BEARISH,
        turned(talib.CDLGRAVESTONEDOJI),
        (
            "아랫그림자가 거의 없고 윗그림자는 있는 도지: 올랐다가 되밀린 봉. 신호는 -. "
            "공식 백테스터는 같은 모양에 +를 주지만('있음'이라는 뜻), 약세 패턴이므로 공식 빌더처럼 -로 함.",
            "A doji with no lower shadow to speak of and an upper one: pushed up and back again. The signal is -. "
            "The official backtester gives + for the same shape, in the sense of 'found'; it is a bearish pattern, so "
            "here, as in the official builder, it is -.",
        ),
    ),
    pattern(
        "long_legged_doji",
        ("긴다리 도지", "long legged doji"),
        1,
        BULLISH,
        talib.CDLLONGLEGGEDDOJI,
        (
            "윗그림자나 아랫그림자 가운데 하나라도 몸통보다 긴 도지. 신호 +는 '있음'이라는 뜻.",
            "A doji with an upper or a lower shadow longer than its body. The signal + says that it is there.",
        ),
    ),
    pattern(
        "rickshaw_man",
        ("인력거꾼", "rickshaw man"),
        1,
        BULLISH,
        talib.CDLRICKSHAWMAN,
        (
            "두 그림자가 모두 몸통보다 길고 몸통이 봉의 한가운데 가까이 있는 도지. 신호 +는 '있음'이라는 뜻.",
            "A doji with both shadows longer than the body and the body near the middle of the candle. "
            "The signal + says that it is there.",
        ),
    ),
    pattern(
        "hammer",
        ("망치형", "hammer"),
        1,
        BULLISH,
        talib.CDLHAMMER,
        (
            "몸통이 짧고 아랫그림자가 몸통보다 길며 윗그림자가 거의 없고, "
            "몸통 아래끝이 앞 봉의 저가 이하이거나 가까움.",
            "Short body, lower shadow longer than the body, no upper shadow to speak of, and the foot of the body at, "
            "below or near the low of the candle before.",
        ),
        before=BODIES + 1,
    ),
    pattern(
        "hanging_man",
        ("교수형", "hanging man"),
        1,
        BEARISH,
        talib.CDLHANGINGMAN,
        (
            "망치형의 모양이 위에서 나옴: 몸통 아래끝이 앞 봉의 고가 이상이거나 가까움.",
            "The shape of the hammer high up: the foot of the body at, above or near the high of the candle before.",
        ),
        before=BODIES + 1,
    ),
    pattern(
        "inverted_hammer",
        ("역망치형", "inverted hammer"),
        1,
        BULLISH,
        talib.CDLINVERTEDHAMMER,
        (
            "몸통이 짧고 윗그림자가 몸통보다 길며 아랫그림자가 거의 없고, 몸통이 앞 몸통보다 아래에 갭을 두고 있음.",
            "Short body, upper shadow longer than the body, no lower shadow to speak of, and the body gaps down from "
            "the body before.",
        ),
        before=BODIES + 1,
    ),
    pattern(
        "shooting_star",
        ("유성형", "shooting star"),
        1,
        BEARISH,
        talib.CDLSHOOTINGSTAR,
        (
            "역망치형의 모양이 앞 몸통보다 위에 갭을 두고 있음.",
            "The shape of the inverted hammer, its body gapping up from the body before.",
        ),
        before=BODIES + 1,
    ),
    pattern(
        "marubozu",
        ("장대봉", "marubozu"),
        1,
        EITHER,
        talib.CDLMARUBOZU,
        (
            "몸통이 길고 두 그림자가 거의 없음. 양봉이면 +, 음봉이면 -.",
            "Long body, no shadows to speak of. White +, black -.",
        ),
    ),
    pattern(
        "closing_marubozu",
        ("종가 장대봉", "closing marubozu"),
        1,
        EITHER,
        talib.CDLCLOSINGMARUBOZU,
        (
            "몸통이 길고 종가 쪽 그림자(양봉은 위, 음봉은 아래)가 거의 없음. 양봉이면 +, 음봉이면 -.",
            "Long body, no shadow to speak of at the close (above a white, below a black one). White +, black -.",
        ),
    ),
    pattern(
        "spinning_top",
        ("팽이형", "spinning top"),
        1,
        EITHER,
        talib.CDLSPINNINGTOP,
        (
            "몸통이 짧고 두 그림자가 모두 몸통보다 긺. 부호는 몸통의 색일 뿐 방향의 예측이 아님.",
            "Short body, both shadows longer than it. The sign is only the colour of the body, not a forecast.",
        ),
    ),
    pattern(
        "belt_hold",
        ("띠 잡기", "belt hold"),
        1,
        EITHER,
        talib.CDLBELTHOLD,
        (
            "몸통이 길고 시가 쪽 그림자(양봉은 아래, 음봉은 위)가 거의 없음. 양봉이면 +, 음봉이면 -.",
            "Long body, no shadow to speak of at the open (below a white, above a black one). White +, black -.",
        ),
    ),
    pattern(
        "high_wave",
        ("큰 파도", "high wave"),
        1,
        EITHER,
        talib.CDLHIGHWAVE,
        (
            "몸통이 짧고 두 그림자가 모두 몸통의 두 배보다 긺. 부호는 몸통의 색일 뿐 방향의 예측이 아님.",
            "Short body, both shadows longer than twice the body. The sign is only the colour of the body.",
        ),
    ),
)
