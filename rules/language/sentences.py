"""Sentences for people, in Korean and English, of the leaves that decided."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rules.language.reasons import Reason

# 영 일 삼 육 칠 팔 타임 end in a consonant: 이, 과, 을
_BATCHIM = (*"013678", "daytime")


def clause(leaf: "Reason", language: str) -> str:
    """One leaf, so that a consequence can follow: `RSI(14) 34.2 가 30 보다 커서`."""
    if leaf.kind == "boolean":
        return {"ko": f"조건이 늘 {leaf.text} 이어서", "en": f"the condition is always {leaf.text}"}[language]
    if leaf.unknown_because:
        return {
            "ko": f"{leaf.text} 을(를) 아직 알 수 없어서 ({leaf.unknown_because.ko})",
            "en": f"{leaf.text} is not known yet ({leaf.unknown_because.en})",
        }[language]
    if leaf.kind == "pattern":
        return _pattern(leaf, language)
    return _korean(leaf) if language == "ko" else _english(leaf)


def _pattern(leaf: "Reason", language: str) -> str:
    assert leaf.left and leaf.right
    if language == "ko":
        return f"{leaf.left.label.ko} {_SIGNALS[leaf.right.text]} {'있어서' if leaf.result else '없어서'}"
    there = "is there" if leaf.result else "is not there"
    signal = "" if leaf.right.text == "detected" else f"{leaf.right.text} "
    return f"{signal}{leaf.left.label.en} {there}"


_SIGNALS = {"bullish": "패턴의 상승 신호가", "bearish": "패턴의 하락 신호가", "detected": "패턴이"}


def _korean(leaf: "Reason") -> str:
    assert leaf.left and leaf.right
    left, right = leaf.left.shown("ko"), leaf.right.shown("ko")
    subject = f"{left} {_particle(left, '이', '가')}"
    if leaf.upper:
        ending = "사이여서" if leaf.result else "사이가 아니어서"
        return f"{subject} {right} {_particle(right, '과', '와')} {leaf.upper.shown('ko')} {ending}"
    if leaf.operator in ("crosses_above", "crosses_below"):
        way = "위로" if leaf.operator == "crosses_above" else "아래로"
        ending = "넘어서" if leaf.result else "넘지 않아서"
        return f"{subject} {right} {_particle(right, '을', '를')} {way} {ending}"
    order = _order(leaf)
    if order == 0:
        return f"{subject} {right} {_particle(right, '과', '와')} 같아서"
    if order is None:
        return f"{subject} {right} {_particle(right, '과', '와')} 달라서"
    return f"{subject} {right} 보다 {'커서' if order > 0 else '작아서'}"


def _english(leaf: "Reason") -> str:
    assert leaf.left and leaf.right
    left, right = leaf.left.shown("en"), leaf.right.shown("en")
    if leaf.upper:
        return f"{left} is {'' if leaf.result else 'not '}between {right} and {leaf.upper.shown('en')}"
    if leaf.operator in ("crosses_above", "crosses_below"):
        way = "above" if leaf.operator == "crosses_above" else "below"
        return f"{left} {'crossed' if leaf.result else 'did not cross'} {way} {right}"
    order = _order(leaf)
    if order is None:
        return f"{left} is not {right}"
    return f"{left} is {'equal to' if order == 0 else 'greater than' if order > 0 else 'less than'} {right}"


def _order(leaf: "Reason") -> int | None:
    """-1, 0, 1; None for words that differ, which have no order."""
    assert leaf.left and leaf.right
    left, right = leaf.left.value, leaf.right.value
    if isinstance(left, str) or isinstance(right, str):
        return 0 if left == right else None
    assert left is not None and right is not None
    if isinstance(left, float) or isinstance(right, float):
        left, right = float(left), float(right)
    return (left > right) - (left < right)


def _particle(text: str, after_consonant: str, after_vowel: str) -> str:
    """Which form the last sound, read aloud, asks for."""
    return after_consonant if text.endswith(_BATCHIM) else after_vowel
