"""Remarks about what an indicator or a candle pattern is to each tool."""

from rules.kis_yaml.differences import BACKTESTER, BUILDER, CANDLES_IN_BUILDER, SMALL_IN_BACKTESTER
from rules.kis_yaml.official import (
    CANDLESTICKS_OF_BUILDER_ONLY,
)
from rules.kis_yaml.remarks import Remarks
from rules.kis_yaml.yaml_tree import Leaf, Tree


class Telling:
    def __init__(self, remarks: Remarks) -> None:
        self.remarks = remarks

    def differences(self, at: Tree, key: str) -> None:
        """Who reckons this indicator (or this output of it) otherwise than we do."""
        builder, backtester = BUILDER.get(key), BACKTESTER.get(key)
        if builder:
            self.remarks.info(
                at,
                "builder_differs",
                f"`{key}`: 공식 빌더의 실시간 신호는 {builder.ko}.",
                f"`{key}`: in its live signals the official builder {builder.en}.",
            )
        if backtester:
            add = self.remarks.info if key in SMALL_IN_BACKTESTER else self.remarks.warn
            add(
                at,
                "backtester_differs",
                f"`{key}`: 공식 백테스터는 {backtester.ko}.",
                f"`{key}`: the official backtester {backtester.en}.",
            )
        if key == "wma":
            self.remarks.info(
                at,
                "wma_is_wilder",
                "`wma` 는 가중이동평균이 아니라 와일더 이동평균입니다. 가중이동평균은 `lwma` 입니다.",
                "`wma` is Wilder's moving average, not the weighted one, which is `lwma`.",
            )
        if key in ("maximum", "minimum"):
            self.remarks.warn(
                at,
                "includes_present_bar",
                f"`{key}` 에는 지금 봉이 들어갑니다: 종가는 자신을 포함한 극값을 넘을 수 없습니다. 앞 봉까지의 값은 "
                f"우리 언어로 `{key}(n)[1]` 입니다.",
                f"`{key}` includes the present bar: a close cannot pass an extreme that contains it. The value up to "
                f"the bar before is `{key}(n)[1]` in our language.",
            )

    def candle(self, leaf: Leaf, id: str) -> None:
        if id in CANDLESTICKS_OF_BUILDER_ONLY:
            self.remarks.warn(
                leaf,
                "backtester_refuses",
                f"공식 백테스터는 `{id}` 을(를) 지원하지 않습니다.",
                f"The official backtester does not support `{id}`.",
            )
        text = CANDLES_IN_BUILDER.get(id)
        if text:
            self.remarks.info(
                leaf,
                "builder_differs",
                f"`{id}`: 공식 빌더의 실시간 신호는 {text.ko}.",
                f"`{id}`: in its live signals the official builder {text.en}.",
            )
        self.remarks.info(
            leaf,
            "candle_ratios",
            "캔들 패턴: 공식 백테스터(와 여기)는 최근 봉들의 평균에 견주고, 공식 빌더는 고정된 비율(도지: 몸통이 "
            "10% 미만 등)로 "
            "봅니다.",
            "Candle patterns: the official backtester (and this program) compares with averages of recent bars, the "
            "official builder uses fixed ratios (a doji: a body below 10 %, and so on).",
        )
