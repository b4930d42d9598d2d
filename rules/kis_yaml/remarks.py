"""Collecting what is to be said while a file is read, and the few ways to take a value out of the tree."""

from collections.abc import Iterable
from decimal import ROUND_HALF_EVEN, Decimal

from market.errors import Text
from rules.kis_yaml.errors import KisYamlError
from rules.kis_yaml.strategy import Note, Severity
from rules.kis_yaml.yaml_tree import Leaf, Listed, Mapped, Tree
from rules.language.errors import nearest
from rules.language.nodes import LARGEST, MOST_DECIMALS

_FINEST = Decimal(1).scaleb(-MOST_DECIMALS)


class Remarks:
    """The notes of one file; the same note about the same place is kept once."""

    def __init__(self) -> None:
        self._notes: dict[tuple[int, int, str, str], Note] = {}

    def add(self, at: Tree, code: str, ko: str, en: str, severity: Severity) -> None:
        self._notes.setdefault((at.line, at.column, code, en), Note(at.line, at.column, code, Text(ko, en), severity))

    def info(self, at: Tree, code: str, ko: str, en: str) -> None:
        self.add(at, code, ko, en, Severity.INFO)

    def warn(self, at: Tree, code: str, ko: str, en: str) -> None:
        self.add(at, code, ko, en, Severity.WARNING)

    def lost(self, at: Tree, code: str, ko: str, en: str) -> None:
        self.add(at, code, ko, en, Severity.LOST)

    def in_order(self) -> tuple[Note, ...]:
        return tuple(sorted(self._notes.values(), key=lambda note: (note.line, note.column)))

    def unknown_keys(self, mapping: Mapped, known: Iterable[str], where: str, where_ko: str = "") -> None:
        """Keys that no tool reads: they are listed, with the nearest that one does."""
        known = tuple(known)
        for key, _ in mapping.items:
            if key.text in known:
                continue
            close = nearest(key.text, known)
            ko = f" 혹시 `{close}` 인가요?" if close else ""
            en = f" Did you mean `{close}`?" if close else ""
            self.lost(
                key,
                "unknown_key",
                f"{where_ko or where} 의 `{key.text}` 은(는) 공식 도구가 읽지 않는 항목이라 옮기지 않았습니다.{ko}",
                f"No official tool reads `{key.text}` in {where}: it was not carried over.{en}",
            )


def wrong(
    at: Tree, code: str, ko: str, en: str, expected: tuple[str, str] | None = None, suggestion: str | None = None
) -> KisYamlError:
    """`expected`: Korean and English."""
    return KisYamlError(
        at.line,
        at.column,
        Text(ko, en),
        code=code,
        expected=Text(*expected) if expected else None,
        suggestion=suggestion,
    )


def given(mapping: Mapped, key: str) -> Tree | None:
    """The entry's value, or None when it is absent or null."""
    value = mapping.get(key)
    return None if isinstance(value, Leaf) and value.is_null else value


def as_mapping(value: Tree, name: str, example: str) -> Mapped:
    if isinstance(value, Mapped):
        return value
    raise wrong(
        value,
        "not_a_mapping",
        f"`{name}` 이(가) `이름: 값` 의 묶음이 아닙니다.",
        f"`{name}` is no mapping of names to values.",
        (f"`{example}`", f"`{example}`"),
    )


def as_leaf(value: Tree, name: str, ko: str, en: str) -> Leaf:
    """A single value. `ko`, `en`: what it should have been."""
    if isinstance(value, Leaf):
        return value
    raise wrong(
        value, "not_a_value", f"`{name}` 에 값 하나가 와야 합니다.", f"`{name}` takes a single value.", (ko, en)
    )


def entries(remarks: Remarks, mapping: Mapped, name: str) -> tuple[Tree, ...]:
    """The entries of a list; null is taken as empty, which the backtester refuses. Raises for anything else."""
    value = mapping.get(name)
    if value is None:
        return ()
    if isinstance(value, Listed):
        return value.items
    key = mapping.key(name) or value
    if isinstance(value, Leaf) and value.is_null:
        remarks.warn(
            key,
            "null_list",
            f"`{name}` 이(가) 비어 있습니다. 빈 목록으로 읽었지만 공식 백테스터는 거절합니다: `{name}: []` 로 "
            f"적으세요.",
            f"`{name}` has nothing under it. It was read as an empty list, but the official backtester refuses it: "
            f"write `{name}: []`.",
        )
        return ()
    raise wrong(
        value,
        "not_a_list",
        f"`{name}` 이(가) 목록이 아닙니다.",
        f"`{name}` is no list.",
        ("`- ` 로 시작하는 항목들, 또는 `[]`", "entries that begin with `- `, or `[]`"),
    )


def text_of(remarks: Remarks, value: Tree, name: str) -> str:
    """A text; what is not text to both tools is taken as it is spelled, with a warning."""
    leaf = as_leaf(value, name, "따옴표로 감싼 글자", "text in quotes")
    if not leaf.is_text:
        remarks.warn(
            leaf,
            "not_text",
            f"`{name}` 의 `{leaf.text}` 은(는) 따옴표가 없어 글자가 아닙니다. 글자로 읽었지만 공식 백테스터는 "
            f'거절합니다: `"{leaf.text}"` 로 적으세요.',
            f"`{name}`: without quotes `{leaf.text}` is no text. It was read as text, but the official backtester "
            f'refuses it: write `"{leaf.text}"`.',
        )
    return leaf.text


def number_of(remarks: Remarks, value: Tree, name: str) -> Decimal:
    """A finite number that the language can spell. Raises KisYamlError."""
    leaf = as_leaf(value, name, "숫자", "a number")
    number = leaf.number
    if leaf.is_octal:
        raise wrong(
            leaf,
            "octal",
            f"`{leaf.text}` 을(를) 백테스터는 8진수로, 빌더는 10진수로 읽습니다.",
            f"The backtester reads `{leaf.text}` as octal, the builder as decimal.",
            ("앞의 0 이 없는 숫자", "the number without the leading zero"),
        )
    if number is None or abs(number) >= LARGEST:
        raise wrong(
            leaf,
            "not_a_number",
            f"`{name}` 의 `{leaf.text}` 은(는) 숫자가 아니거나 너무 큽니다.",
            f"`{name}`: `{leaf.text}` is no number, or too large.",
            ("10^15 보다 작은 숫자, 예를 들어 30 또는 0.5", "a number below 10^15, such as 30 or 0.5"),
        )
    if leaf.has_exponent:
        remarks.warn(
            leaf,
            "exponent",
            f"`{leaf.text}` 을(를) 공식 백테스터는 글자로 읽을 수 있습니다: `{_spelled(number)}` 로 적으세요.",
            f"The official backtester may read `{leaf.text}` as text: write `{_spelled(number)}`.",
        )
    return rounded(remarks, leaf, number)


def rounded(remarks: Remarks, leaf: Leaf, number: Decimal) -> Decimal:
    """To the ten decimals of the language, without a negative zero or trailing noise."""
    exponent = number.as_tuple().exponent
    if isinstance(exponent, int) and exponent < -MOST_DECIMALS:
        number = number.quantize(_FINEST, rounding=ROUND_HALF_EVEN)
        remarks.info(
            leaf,
            "rounded",
            f"`{leaf.text}` 을(를) 소수 {MOST_DECIMALS}자리로 맞추어 {_spelled(number)} 로 읽었습니다.",
            f"`{leaf.text}` was rounded to {MOST_DECIMALS} decimals: {_spelled(number)}.",
        )
    return Decimal(_spelled(number))


def _spelled(number: Decimal) -> str:
    text = format(number, "f")
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text in ("-0", "") else text
