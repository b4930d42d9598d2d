"""The page docs/patterns.md: `python -m rules.indicators.pattern_catalogue > docs/patterns.md`."""

from collections.abc import Iterable

from market.errors import Text
from rules.indicators.patterns import PATTERNS, REACH, Pattern

GLOSSARY: tuple[tuple[Text, Text], ...] = (
    (
        Text("양봉, 음봉", "white, black"),
        Text("종가가 시가 이상이면 양봉, 아래면 음봉.", "White: the close is not below the open. Black: it is below."),
    ),
    (
        Text("몸통, 그림자", "body, shadow"),
        Text(
            "시가와 종가 사이, 그리고 그 위아래로 고가와 저가까지.",
            "From open to close; and from there up to the high and down to the low.",
        ),
    ),
    (
        Text("긴, 짧은 봉", "long, short"),
        Text(
            "몸통이 바로 앞 10개 봉의 몸통 평균보다 긺, 짧음. '짧지 않음'은 그 평균보다 긴 것.",
            "Body above, below the mean body of the ten bars before it. 'Not short' is above that mean.",
        ),
    ),
    (
        Text("도지", "doji"),
        Text(
            "몸통이 바로 앞 10개 봉의 고가-저가 평균의 10% 이하.",
            "Body at most 10% of the mean high-low range of the ten bars before it.",
        ),
    ),
    (
        Text("그림자가 거의 없음 / 있음", "no shadow to speak of / a shadow"),
        Text(
            "그 고가-저가 평균의 10%보다 짧음 / 긺. '짧은 윗그림자'는 앞 10개 봉의 그림자 하나 평균보다 짧은 것.",
            "Below / above 10% of that mean range. A 'short upper shadow' is below the mean single shadow of the ten "
            "bars before.",
        ),
    ),
    (
        Text("같음, 가까움, 훨씬", "equal, near, far"),
        Text(
            "차이가 앞 5개 봉의 고가-저가 평균의 5%, 20% 이내; 60% 넘게.",
            "Differing by at most 5%, at most 20%, more than 60% of the mean range of the five bars before.",
        ),
    ),
    (
        Text("몸통 갭", "gap"),
        Text("두 몸통이 겹치지도 닿지도 않음.", "The two bodies neither overlap nor touch."),
    ),
)

HEAD = f"""\
<!-- Made by `python -m rules.indicators.pattern_catalogue > docs/patterns.md`. -->
# 캔들 패턴 / Candle patterns

조건에서는 `bullish(engulfing)`, `bearish(engulfing)`, `detected(doji)`, `detected(doji, timeframe=1d)` 처럼 씁니다.
신호는 패턴을 완성하는 봉에서 +(상승), -(하락) 또는 없음입니다. `detected`는 부호를 묻지 않습니다. 한쪽 신호만 있는
패턴에 다른 쪽을 물으면 늘 거짓입니다.

In a condition: `bullish(engulfing)`, `bearish(engulfing)`, `detected(doji)`, `detected(doji, timeframe=1d)`. The signal
is + (bullish), - (bearish) or nothing, at the bar that completes the pattern; `detected` does not ask which. Of a
pattern with one signal the other is never true.

- 계산은 TA-Lib이 하고(집게 둘만 직접), 가격은 0.00000001 단위의 정수로 넣어 앞선 봉들의 반올림이 남지 않습니다.
  TA-Lib finds them (only the two tweezers are counted here), on prices as whole numbers of 0.00000001, so that no
  rounding of older bars is left.
- 추세는 보지 않습니다. 추세 끝에서 나온 것인지는 조건에 함께 적으세요: `bullish(hammer) and close < sma(20)`.
  None looks at the trend. Say it in the condition: `bullish(hammer) and close < sma(20)`.
- 읽는 봉: 패턴의 봉들과 그 앞 10개(같음·가까움만 쓰면 5개). 모자라면 신호가 없습니다. 계산은 적어도 {REACH}개 봉 앞의
  기준점에서 시작합니다.
  Bars read: those of the pattern and ten before (five where only equal and near are used); with fewer there is no
  signal. A run begins at an anchor at least {REACH} bars back.
- 시가·고가·저가·종가 가운데 하나라도 모르는 봉은 신호가 없고, 그 다음 봉부터 새로 셉니다.
  A bar lacking one of open, high, low and close has no signal, and counting begins anew after it.
"""


def page() -> str:
    """The whole page, Korean beside English."""
    official = [each for each in PATTERNS.values() if each.official]
    extra = [each for each in PATTERNS.values() if not each.official]
    return "\n".join(
        [
            HEAD,
            "## 말뜻 / Words\n",
            "| 말 | 뜻 | word | meaning |\n|---|---|---|---|",
            *(f"| {word.ko} | {meaning.ko} | {word.en} | {meaning.en} |" for word, meaning in GLOSSARY),
            "",
            f"## 공식 전략 빌더의 {len(official)}개 / The {len(official)} of the official strategy builder\n",
            *_table(official),
            "",
            f"## 그 밖의 {len(extra)}개 / {len(extra)} more\n",
            "공식 백테스터는 받지 않고 빌더의 신호 엔진만 압니다. / The official backtester refuses these; "
            "only the builder's signal engine knows them.\n",
            *_table(extra),
            "",
        ]
    )


def _table(patterns: Iterable[Pattern]) -> list[str]:
    head = (
        "| 이름 / id | 봉 / candles | 읽는 봉 / bars read | 신호 / signals | 정의 / definition |\n|---|---|---|---|---|"
    )
    return [head, *map(_row, patterns)]


def _row(each: Pattern) -> str:
    signals = {1: "+", -1: "-"}
    said = " ".join(signals[s] for s in sorted(each.signals, reverse=True))
    title, definition = f"{each.title.ko} / {each.title.en}", f"{each.definition.ko}<br>{each.definition.en}"
    return f"| `{each.name}` {title} | {each.candles} | {each.bars} | {said} | {definition} |"


if __name__ == "__main__":
    print(page(), end="")
