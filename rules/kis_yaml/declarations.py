"""`indicators` and `candlesticks`: what an alias stands for, under the rules of both tools."""

import keyword
import re
from collections.abc import Iterable
from dataclasses import dataclass

from rules.kis_yaml.arguments import Arguments
from rules.kis_yaml.official import (
    ALL_CANDLESTICKS,
    INDICATORS,
    MEANT_PERHAPS,
    PRICES,
    SPELLED_OTHERWISE,
    OfficialIndicator,
)
from rules.kis_yaml.params import Params
from rules.kis_yaml.remarks import Remarks, as_leaf, as_mapping, entries, given, text_of, wrong
from rules.kis_yaml.telling import Telling
from rules.kis_yaml.yaml_tree import Leaf, Mapped, Tree
from rules.language.errors import nearest
from rules.language.nodes import Node

_INDICATOR_KEYS = ("id", "alias", "name", "params", "output")
_CANDLE_KEYS = ("id", "alias")
_GENERATED = re.compile(r"(.+?)_(\d+)")
# Names that the backtester's generated program uses for itself.
TAKEN = frozenset({"symbol", "bar", "price", "data", "holdings", *PRICES})


@dataclass(frozen=True, slots=True, eq=False)
class Indicator:
    """One entry: an official indicator with its arguments, or a price under another name."""

    at: Tree
    official: OfficialIndicator | None
    price: str | None
    alias: str | None
    args: tuple[Node, ...]
    output: Leaf | None

    @property
    def meaning(self) -> tuple[object, ...]:
        return (self.official, self.price, self.args, self.output.text if self.output else None)


@dataclass(frozen=True, slots=True, eq=False)
class Candle:
    at: Tree
    id: str
    alias: str | None


class Declarations:
    """The aliases of one file; remembers which of them a condition named."""

    def __init__(self, remarks: Remarks, params: Params, strategy: Mapped) -> None:
        self.remarks = remarks
        self.params = params
        self.indicators: list[Indicator] = []
        self.candles: list[Candle] = []
        self.used: set[int] = set()
        for item in entries(remarks, strategy, "indicators"):
            self.indicator(as_mapping(item, "indicators", "- id: sma"))
        for item in entries(remarks, strategy, "candlesticks"):
            self.candle(as_mapping(item, "candlesticks", "- id: doji"))
        self.must_be_unique()

    # ---- reading the entries

    def indicator(self, item: Mapped) -> None:
        self.remarks.unknown_keys(item, _INDICATOR_KEYS, "indicators")
        at, id = self.id(item, "indicators", "sma")
        if id in ALL_CANDLESTICKS:
            self.remarks.warn(
                at,
                "candle_as_indicator",
                f"`{id}` 은(는) 캔들 패턴입니다. 그렇게 읽었지만 공식 백테스터는 멈춥니다: candlesticks 로 옮기세요.",
                f"`{id}` is a candle pattern. It was read as one, but the official backtester stops here: move it to "
                "candlesticks.",
            )
            self.candles.append(Candle(item, id, self.alias(item)))
            return
        if id in PRICES:
            self.indicators.append(Indicator(item, None, id, self.alias(item), (), None))
            return
        official = self.official(at, id)
        output = given(item, "output")
        leaf = None if output is None else as_leaf(output, "output", "출력의 이름", "the name of an output")
        self.indicators.append(
            Indicator(
                item, official, None, self.alias(item), Arguments(self.remarks, self.params).read(item, official), leaf
            )
        )

    def id(self, item: Mapped, where: str, example: str) -> tuple[Tree, str]:
        value = given(item, "id")
        if value is None:
            raise wrong(
                item,
                "id_missing",
                f"{where} 의 항목에 id 가 없습니다.",
                f"An entry of {where} has no id.",
                (f"`id: {example}`", f"`id: {example}`"),
            )
        return value, text_of(self.remarks, value, "id")

    def official(self, at: Tree, id: str) -> OfficialIndicator:
        meant = SPELLED_OTHERWISE.get(id)
        if meant:
            self.remarks.warn(
                at,
                "id_spelling",
                f"`{id}` 을(를) `{meant}` 로 읽었습니다. 공식 백테스터는 `{id}` 을(를) 거절합니다.",
                f"`{id}` was read as `{meant}`. The official backtester refuses `{id}`.",
            )
        found = INDICATORS.get(meant or id)
        if found:
            return found
        raise wrong(
            at,
            "unknown_indicator",
            f"`{id}` 은(는) 공식 도구의 지표 80개에 없습니다.",
            f"`{id}` is none of the official tools' 80 indicators.",
            ("지표의 id, 예를 들어 sma, rsi, bollinger", "an indicator's id, such as sma, rsi, bollinger"),
            suggestion=MEANT_PERHAPS.get(id.lower()) or nearest(id, [*INDICATORS, *ALL_CANDLESTICKS]),
        )

    def alias(self, item: Mapped) -> str | None:
        value = given(item, "alias")
        if value is None:
            return None
        alias = text_of(self.remarks, value, "alias")
        if alias and not alias_is_safe(alias):
            self.remarks.warn(
                value,
                "alias_text",
                f"별명 `{alias}` 은(는) 공식 백테스터가 만드는 프로그램에서 문제가 됩니다: 영문자, 숫자, _ 로 된, "
                "값 이름도 파이썬 낱말도 아닌 별명을 쓰세요.",
                f"The alias `{alias}` is trouble in the program that the official backtester makes: use letters, "
                "digits and _, neither a price's name nor a word of Python.",
            )
        return alias or None

    def candle(self, item: Mapped) -> None:
        self.remarks.unknown_keys(item, _CANDLE_KEYS, "candlesticks")
        at, id = self.id(item, "candlesticks", "doji")
        if id not in ALL_CANDLESTICKS:
            raise wrong(
                at,
                "unknown_candlestick",
                f"`{id}` 은(는) 없는 캔들 패턴입니다.",
                f"There is no candle pattern `{id}`.",
                ("캔들 패턴의 id, 예를 들어 hammer, engulfing", "a pattern's id, such as hammer, engulfing"),
                suggestion=nearest(id, ALL_CANDLESTICKS),
            )
        self.candles.append(Candle(item, id, self.alias(item)))

    # ---- aliases

    def must_be_unique(self) -> None:
        seen: dict[str, Tree] = {}
        declared: list[Indicator | Candle] = [*self.indicators, *self.candles]
        for item in declared:
            if item.alias is None:
                continue
            if item.alias in seen:
                raise wrong(
                    item.at,
                    "duplicate_alias",
                    f"별명 `{item.alias}` 이(가) {seen[item.alias].line}행에 이미 있습니다. 공식 백테스터는 "
                    f"거절하고 공식 빌더는 "
                    "뒤의 것의 이름을 바꿉니다.",
                    f"The alias `{item.alias}` stands in line {seen[item.alias].line} already. The official "
                    "backtester refuses, the official builder renames the later one.",
                    ("서로 다른 별명", "aliases that differ"),
                )
            seen[item.alias] = item.at

    def find(self, leaf: Leaf) -> Indicator | None:
        """The indicator that the alias names, by the file's words or either tool's generated ones."""
        alias = leaf.text
        explicit = next((i for i in self.indicators if i.alias == alias), None)
        by_backtester = self.generated(_backtester_names(self.indicators), alias)
        by_builder = self.generated(_builder_names(self.indicators), alias)
        found = explicit or by_backtester or by_builder
        if found is None:
            return None
        self.used.add(id(found))
        if explicit is None:
            self.tell_generated(leaf, by_backtester, by_builder)
        elif by_backtester is not None:
            self.tell_collision(leaf, by_backtester)
        return found

    def generated(self, names: Iterable[tuple[str, Indicator]], alias: str) -> Indicator | None:
        return next((item for name, item in names if name == alias), None)

    def tell_generated(self, leaf: Leaf, by_backtester: Indicator | None, by_builder: Indicator | None) -> None:
        if by_backtester is by_builder:
            return
        if by_backtester is None or by_builder is None:
            only, other = ("백테스터", "빌더") if by_backtester else ("빌더", "백테스터")
            only_en, other_en = ("backtester", "builder") if by_backtester else ("builder", "backtester")
            self.remarks.warn(
                leaf,
                "generated_alias",
                f"`{leaf.text}` 은(는) 공식 {only}가 붙이는 별명이고 공식 {other}에는 없습니다. alias 를 적으세요.",
                f"`{leaf.text}` is an alias that the official {only_en} generates; the official {other_en} has none "
                "of that name. Write the alias.",
            )
            return
        if by_backtester.meaning == by_builder.meaning:
            return
        raise wrong(
            leaf,
            "ambiguous_alias",
            f"`{leaf.text}` 은(는) 공식 백테스터에서는 {by_backtester.at.line}행, 공식 빌더에서는 "
            f"{by_builder.at.line}행의 "
            "지표입니다.",
            f"`{leaf.text}` is the indicator of line {by_backtester.at.line} to the official backtester and that of "
            f"line {by_builder.at.line} to the official builder.",
            ("두 지표에 alias 를 적은 것", "an alias written at both indicators"),
        )

    def tell_collision(self, leaf: Leaf, generated: Indicator) -> None:
        self.remarks.warn(
            generated.at,
            "generated_alias",
            f"이 지표에 공식 백테스터가 붙일 별명이 이미 있는 `{leaf.text}` 과(와) 같아 백테스터가 파일을 거절합니다. "
            "alias 를 적으세요.",
            f"The alias that the official backtester would generate here is `{leaf.text}`, which exists: it refuses "
            "the file. Write the alias.",
        )

    def find_candle(self, leaf: Leaf) -> str | None:
        """The pattern's id: declared, generated, or recognisable from the alias itself."""
        alias = leaf.text
        for item in self.candles:
            if item.alias == alias:
                self.used.add(id(item))
                return item.id
        for names in (_backtester_names(self.candles), _builder_candle_names(self.candles)):
            for name, item in names:
                if name == alias:
                    self.used.add(id(item))
                    return item.id
        stem = _GENERATED.fullmatch(alias)
        return next((found for found in (alias, stem[1] if stem else "") if found in ALL_CANDLESTICKS), None)

    def aliases(self) -> list[str]:
        """Every name that a condition may use, for a message."""
        explicit = [item.alias for item in self.indicators if item.alias]
        return sorted({*explicit, *(name for name, _ in _backtester_names(self.indicators))})

    # ---- at the end

    def finish(self) -> None:
        for indicator in self.indicators:
            if id(indicator) not in self.used and indicator.official:
                self.remarks.warn(
                    indicator.at,
                    "unused_indicator",
                    f"`{indicator.alias or indicator.official.id}` 을(를) 쓰는 조건이 없어 옮기지 않았습니다. 공식 "
                    f"백테스터는 "
                    "이 지표도 준비될 때까지 기다립니다.",
                    f"No condition uses `{indicator.alias or indicator.official.id}`: it was not carried over. The "
                    "official backtester would still wait until it is ready.",
                )
            elif indicator.official:
                Telling(self.remarks).differences(indicator.at, indicator.official.id)
        for candle in self.candles:
            if id(candle) not in self.used:
                self.remarks.warn(
                    candle.at,
                    "unused_candlestick",
                    f"`{candle.alias or candle.id}` 을(를) 쓰는 조건이 없어 옮기지 않았습니다.",
                    f"No condition uses `{candle.alias or candle.id}`: it was not carried over.",
                )


def alias_is_safe(alias: str) -> bool:
    """Whether it stays itself in both tools."""
    return alias.isascii() and alias.isidentifier() and not keyword.iskeyword(alias) and alias not in TAKEN


def _id(item: Indicator | Candle) -> str:
    if isinstance(item, Candle):
        return item.id
    return item.price or (item.official.id if item.official else "")


def _backtester_names[Item: (Indicator, Candle)](items: list[Item]) -> list[tuple[str, Item]]:
    """`{id}_{n}`, n counting the entries of that id without an alias."""
    counts: dict[str, int] = {}
    found = []
    for item in items:
        if item.alias is None:
            counts[_id(item)] = counts.get(_id(item), 0) + 1
            found.append((f"{_id(item)}_{counts[_id(item)]}", item))
    return found


def _builder_names(items: list[Indicator]) -> list[tuple[str, Indicator]]:
    """`{id}_{n}`, n counting all entries of that id."""
    counts: dict[str, int] = {}
    found = []
    for item in items:
        counts[_id(item)] = counts.get(_id(item), 0) + 1
        if item.alias is None:
            found.append((f"{_id(item)}_{counts[_id(item)]}", item))
    return found


def _builder_candle_names(items: list[Candle]) -> list[tuple[str, Candle]]:
    """`{id}_{position in the list}`."""
    return [(f"{item.id}_{number}", item) for number, item in enumerate(items, 1) if item.alias is None]
