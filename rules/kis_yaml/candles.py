"""Conditions that ask for a candle pattern."""

from rules.kis_yaml.declarations import Declarations
from rules.kis_yaml.official import ALL_CANDLESTICKS, PRICES
from rules.kis_yaml.remarks import Remarks, as_leaf, given, wrong
from rules.kis_yaml.telling import Telling
from rules.kis_yaml.yaml_tree import Leaf, Mapped, Tree
from rules.language.errors import nearest
from rules.language.nodes import (
    Node,
    Pattern,
    Place,
    Signal,
)

CONDITION_KEYS = ("indicator", "operator", "compare_to", "value", "output", "compare_output", "compare_scalar",
         "compare_operation", "candlestick", "signal", "event", "type")  # fmt: skip
_SIGNS = {"+": Signal.BULLISH, "-": Signal.BEARISH}


class Candles:
    def __init__(self, remarks: Remarks, declared: Declarations) -> None:
        self.remarks = remarks
        self.declared = declared

    def read(self, item: Mapped, leaf: Leaf) -> Node:
        id = self.declared.find_candle(leaf)
        if id is None:
            raise wrong(
                leaf,
                "unknown_candlestick",
                f"`{leaf.text}` 은(는) candlesticks 에도 캔들 패턴에도 없습니다.",
                f"`{leaf.text}` is neither in candlesticks nor a candle pattern.",
                ("candlesticks 의 별명 또는 패턴의 id", "an alias of candlesticks or a pattern's id"),
                suggestion=nearest(leaf.text, ALL_CANDLESTICKS),
            )
        for key, _ in item.items:
            if key.text in CONDITION_KEYS and key.text not in ("candlestick", "signal"):
                self.remarks.lost(
                    key,
                    "ignored_beside_candlestick",
                    f"`candlestick` 이 있는 조건에서 `{key.text}` 은(는) 아무 도구도 쓰지 않아 옮기지 않았습니다.",
                    f"Beside `candlestick` no tool uses `{key.text}`: it was not carried over.",
                )
        if leaf.text != id and leaf.text.rstrip("0123456789").rstrip("_") != id:
            self.remarks.warn(
                leaf,
                "candle_alias",
                f"별명 `{leaf.text}` 이(가) 패턴의 id 에서 오지 않아 공식 빌더에서는 참이 되지 않고 MCP 에서는 "
                f"오류입니다: "
                f"`{id}_1` 로 적으세요.",
                f"The alias `{leaf.text}` does not come from the pattern's id: in the official builder it is never "
                f"true, in MCP an error. Write `{id}_1`.",
            )
        Telling(self.remarks).candle(leaf, id)
        return self.pattern(item, leaf, id, self.signal(item))

    def signal(self, item: Mapped) -> Signal:
        value = given(item, "signal")
        if value is None:
            return Signal.DETECTED
        leaf = as_leaf(value, "signal", "bullish, bearish 또는 detected", "bullish, bearish or detected")
        if leaf.text in tuple(Signal):
            return Signal(leaf.text)
        self.remarks.warn(
            leaf,
            "unknown_signal",
            f"`signal: {leaf.text}` 을(를) 공식 백테스터처럼 detected 로 읽었습니다. bullish, bearish, detected "
            f"가운데 하나를 "
            "적으세요.",
            f"`signal: {leaf.text}` was read as detected, as the official backtester does. Write one of bullish, "
            "bearish, detected.",
        )
        return Signal.DETECTED

    def pattern(self, item: Mapped, leaf: Leaf, id: str, signal: Signal) -> Node:
        gives = _SIGNS.get(ALL_CANDLESTICKS[id])
        if gives and signal not in (gives, Signal.DETECTED):
            self.remarks.warn(
                leaf,
                "never_true",
                f"`{id}` 은(는) {gives.value} 신호만 내므로 {signal.value} 은(는) 참이 되지 않습니다.",
                f"`{id}` gives a {gives.value} signal only: {signal.value} is never true.",
            )
        return Pattern(signal, id, place=_place(item))

    def legacy(self, item: Mapped, left: Tree | None) -> Node | None:
        """`indicator:` naming a pattern: an older spelling that the builder still takes as detected."""
        if not isinstance(left, Leaf) or left.text in PRICES or self.declared.find(left):
            return None
        id = self.declared.find_candle(left)
        if id is None:
            return None
        self.remarks.warn(
            left,
            "legacy_candlestick",
            f"캔들 패턴 `{left.text}` 을(를) detected 로 읽었습니다. 공식 백테스터는 거절합니다: `candlestick: "
            f"{left.text}` 로 "
            "적으세요.",
            f"The candle pattern `{left.text}` was read as detected. The official backtester refuses it: write "
            f"`candlestick: {left.text}`.",
        )
        Telling(self.remarks).candle(left, id)
        return Pattern(Signal.DETECTED, id, place=_place(item))


def _place(at: Tree) -> Place:
    return Place(at.line, at.column)
