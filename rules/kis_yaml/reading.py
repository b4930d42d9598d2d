"""A `.kis.yaml` file to a strategy: the union of what the official tools accept, with the meaning intended.

What the two tools refuse or take differently, what had to be supplied and what could not be carried over is said in
notes, each with its line. What has no meaning, or two, is refused.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from rules.kis_yaml.conditions import Conditions
from rules.kis_yaml.declarations import Declarations
from rules.kis_yaml.params import Params
from rules.kis_yaml.remarks import Remarks, as_leaf, as_mapping, entries, given, text_of, wrong
from rules.kis_yaml.risk import read_risk
from rules.kis_yaml.strategy import Imported, Severity, Stops
from rules.kis_yaml.yaml_tree import Leaf, Listed, Mapped, Tree, read_tree
from rules.language.check import check
from rules.language.errors import ConditionError
from rules.language.nodes import (
    MOST_NODES,
    All,
    AnyOf,
    Boolean,
    Comparator,
    Comparison,
    Name,
    Node,
    Number,
    Place,
    fits,
)
from rules.language.params import bind_params

_TOP_KEYS = ("version", "metadata", "strategy", "risk")
_METADATA_KEYS = ("name", "description", "author", "tags", "created_at", "updated_at")
_STRATEGY_KEYS = ("id", "category", "params", "indicators", "candlesticks", "entry", "exit")
_GROUP_KEYS = ("logic", "conditions")
# How an exit by the stops alone is written, since a file must have a condition.
WRITTEN_NEVER = Comparison(Comparator.LT, Name("close"), Number(Decimal(0)))
_VERSION = re.compile(r"\d+(\.\d+)*")


def read(source: str | bytes) -> Imported:
    """The strategy that the file means. Raises KisYamlError with the line of the first thing that has no meaning."""
    return _Reader(read_tree(source)).read()


@dataclass(frozen=True, slots=True)
class _Group:
    """`parts`: every condition with the place it stands in."""

    at: Tree
    node: Node
    parts: tuple[tuple[Tree, Node], ...]


class _Reader:
    def __init__(self, tree: Tree) -> None:
        self.remarks = Remarks()
        self.root = self.top(tree)

    def top(self, tree: Tree) -> Mapped:
        if isinstance(tree, Mapped):
            return tree
        empty = isinstance(tree, Leaf) and tree.is_null
        raise wrong(
            tree,
            "empty" if empty else "not_a_mapping",
            "파일이 비어 있습니다." if empty else "파일이 `이름: 값` 의 묶음이 아닙니다.",
            "The file is empty." if empty else "The file is no mapping of names to values.",
            ("version, metadata, strategy, risk 가 있는 파일", "a file with version, metadata, strategy and risk"),
        )

    def read(self) -> Imported:
        self.remarks.unknown_keys(self.root, _TOP_KEYS, "the file", "파일")
        self.version()
        strategy = self.strategy()
        id = self.id(strategy)
        name, description, author, tags = self.metadata(id)
        params = Params(self.remarks, strategy)
        declared = Declarations(self.remarks, params, strategy)
        conditions = Conditions(self.remarks, params, declared)
        entry = self.group(strategy, "entry", conditions)
        exit = self.group(strategy, "exit", conditions)
        stops = read_risk(self.remarks, params, self.root)
        if exit is None:
            exit = self.never(strategy, bool(stops))
        elif stops and exit.node == WRITTEN_NEVER:
            exit = replace(exit, node=Boolean(False, place=exit.node.place), parts=())
        assert entry is not None
        declared.finish()
        self.tell_lost_stops(params, stops)
        specs = params.finish()
        self.tell_checks((entry, exit), {name: spec.default for name, spec in specs.items()})
        self.tell_bars(strategy)
        return Imported(
            name=name,
            description=description,
            author=author,
            tags=tags,
            id=id,
            category=self.category(strategy),
            params=specs,
            entry=entry.node,
            exit=exit.node,
            stops=stops,
            notes=self.remarks.in_order(),
        )

    # ---- what is around the conditions

    def version(self) -> None:
        value = given(self.root, "version")
        if value is None:
            return
        leaf = as_leaf(value, "version", '"1.0"', '"1.0"')
        if leaf.plain and not _is_plain_version(leaf.text):
            self.remarks.warn(
                leaf,
                "version_type",
                f'`version: {leaf.text}` 은(는) 글자가 아니라 공식 백테스터가 거절합니다: `"1.0"` 으로 적으세요.',
                f'`version: {leaf.text}` is no text and the official backtester refuses it: write `"1.0"`.',
            )
        elif not _VERSION.fullmatch(leaf.text):
            self.remarks.warn(
                leaf,
                "version_text",
                f'`version: {leaf.text}` 은(는) 숫자와 점이 아니라 공식 백테스터가 거절합니다: `"1.0"` 으로 적으세요.',
                f"`version: {leaf.text}` is not made of digits and dots and the official backtester refuses it: write "
                '`"1.0"`.',
            )

    def strategy(self) -> Mapped:
        value = given(self.root, "strategy")
        if value is None:
            raise wrong(
                self.root.key("strategy") or self.root,
                "strategy_missing",
                "`strategy` 가 없습니다.",
                "There is no `strategy`.",
                ("`strategy:` 아래에 indicators, entry, exit", "`strategy:` with indicators, entry and exit below it"),
            )
        found = as_mapping(value, "strategy", "strategy: {id: my_strategy, indicators: [], entry: …, exit: …}")
        self.remarks.unknown_keys(found, _STRATEGY_KEYS, "strategy")
        return found

    def id(self, strategy: Mapped) -> str:
        value = given(strategy, "id")
        if value is not None:
            return text_of(self.remarks, value, "strategy.id")
        self.remarks.warn(
            strategy,
            "id_missing",
            "`strategy.id` 가 없습니다. 공식 백테스터는 거절합니다.",
            "There is no `strategy.id`: the official backtester refuses the file.",
        )
        return ""

    def category(self, strategy: Mapped) -> str:
        value = given(strategy, "category")
        return "custom" if value is None else text_of(self.remarks, value, "strategy.category")

    def metadata(self, id: str) -> tuple[str, str, str, tuple[str, ...]]:
        value = given(self.root, "metadata")
        fallback = id or "imported_strategy"
        if value is None:
            self.remarks.warn(
                self.root.key("metadata") or self.root,
                "metadata_missing",
                f"`metadata` 가 없어 이름을 `{fallback}` (으)로 했습니다. 공식 백테스터는 거절합니다.",
                f"There is no `metadata`: the name is `{fallback}`. The official backtester refuses the file.",
            )
            return fallback, "", "user", ()
        found = as_mapping(value, "metadata", 'metadata: {name: "My strategy"}')
        self.remarks.unknown_keys(found, _METADATA_KEYS, "metadata")
        self.times(found)
        name = self.metadata_text(found, "name", "")
        if not name:
            self.remarks.warn(
                found.key("name") or found,
                "name_missing",
                f"`metadata.name` 이 없어 이름을 `{fallback}` (으)로 했습니다. 공식 백테스터는 거절합니다.",
                f"There is no `metadata.name`: the name is `{fallback}`. The official backtester refuses the file.",
            )
        description = self.metadata_text(found, "description", "")
        return name or fallback, description, self.metadata_text(found, "author", "user"), self.tags(found)

    def metadata_text(self, metadata: Mapped, key: str, default: str) -> str:
        value = metadata.get(key)
        if isinstance(value, Leaf) and value.is_null:
            if key != "name":
                self.remarks.warn(
                    metadata.key(key) or metadata,
                    "null_text",
                    f'`metadata.{key}` 이(가) 비어 있습니다. 공식 백테스터는 거절합니다: `""` 로 적거나 지우세요.',
                    f'`metadata.{key}` has nothing under it: the official backtester refuses that. Write `""` or '
                    "remove it.",
                )
            return default
        return default if value is None else text_of(self.remarks, value, f"metadata.{key}")

    def tags(self, metadata: Mapped) -> tuple[str, ...]:
        return tuple(text_of(self.remarks, item, "metadata.tags") for item in entries(self.remarks, metadata, "tags"))

    def times(self, metadata: Mapped) -> None:
        for key in ("created_at", "updated_at"):
            value = given(metadata, key)
            if value is not None and not (isinstance(value, Leaf) and _is_time(value.text)):
                self.remarks.warn(
                    value,
                    "bad_time",
                    f"`metadata.{key}` 을(를) 날짜로 읽을 수 없어 공식 백테스터가 거절합니다: 2026-07-09T09:00:00 "
                    f"처럼 적으세요.",
                    f"`metadata.{key}` is no date and the official backtester refuses it: write 2026-07-09T09:00:00.",
                )

    # ---- the two groups

    def group(self, strategy: Mapped, name: str, conditions: Conditions) -> _Group | None:
        """None when the exit has no conditions. Raises when the entry has none."""
        value = given(strategy, name)
        if value is None:
            self.must_not_be_entry(strategy.key(name) or strategy, name)
            return None
        if isinstance(value, Listed):
            raise wrong(
                value,
                "bare_list",
                f"`{name}` 이(가) 목록입니다. 공식 백테스터는 거절하고 공식 빌더는 조건을 모두 버립니다.",
                f"`{name}` is a list. The official backtester refuses it, the official builder loses all conditions.",
                (f"`{name}: {{logic: AND, conditions: [...]}}`", f"`{name}: {{logic: AND, conditions: [...]}}`"),
            )
        group = as_mapping(value, name, f"{name}: {{logic: AND, conditions: [...]}}")
        self.remarks.unknown_keys(group, _GROUP_KEYS, name)
        joined = self.logic(group, name)
        items = entries(self.remarks, group, "conditions")
        if not items:
            self.must_not_be_entry(group.key("conditions") or group, name)
            return None
        parts = tuple((item, conditions.read(item, name)) for item in items)
        node = _together(group, joined, [node for _, node in parts])
        if not fits(node):
            raise wrong(
                group,
                "too_large",
                f"`{name}` 의 조건이 {len(items)}개로 너무 많습니다.",
                f"`{name}` has too many conditions: {len(items)}.",
                (f"한 묶음에 마디 {MOST_NODES}개 이내", f"at most {MOST_NODES} parts in one group"),
            )
        return _Group(group, node, parts)

    def logic(self, group: Mapped, name: str) -> type[All] | type[AnyOf]:
        value = given(group, "logic")
        if value is None:
            return All
        leaf = as_leaf(value, f"{name}.logic", "AND 또는 OR", "AND or OR")
        word = leaf.text.strip().upper()
        if word not in ("AND", "OR"):
            raise wrong(
                leaf,
                "bad_logic",
                f"`{name}.logic` 의 `{leaf.text}` 은(는) 없는 말입니다.",
                f"`{name}.logic` cannot be `{leaf.text}`.",
                ("AND 또는 OR", "AND or OR"),
            )
        if leaf.text != word:
            self.remarks.warn(
                leaf,
                "logic_case",
                f"`logic: {leaf.text}` 을(를) {word} 로 읽었습니다. 공식 백테스터는 대문자만 받습니다.",
                f"`logic: {leaf.text}` was read as {word}. The official backtester takes capitals only.",
            )
        return All if word == "AND" else AnyOf

    def must_not_be_entry(self, at: Tree, name: str) -> None:
        if name == "entry":
            raise wrong(
                at,
                "no_entry",
                "entry 에 조건이 없습니다. 공식 도구는 거절하거나 봉마다 매수합니다.",
                "The entry has no conditions. The official tools refuse that, or buy on every bar.",
                ("조건 하나 이상", "at least one condition"),
            )

    def never(self, strategy: Mapped, has_stops: bool) -> _Group:
        at = strategy.key("exit") or strategy
        if not has_stops:
            raise wrong(
                at,
                "no_exit",
                "exit 에 조건이 없고 켜진 손절·익절도 없습니다. 공식 백테스터는 이것을 봉마다 파는 것으로, 공식 빌더는 "
                "close < open 으로 봅니다.",
                "The exit has no conditions and no stop is on. The official backtester would sell on every bar, the "
                "official builder at close < open.",
                ("exit 의 조건 하나 이상 또는 risk 의 stop_loss", "a condition in exit, or a stop_loss under risk"),
            )
        self.remarks.warn(
            at,
            "no_exit",
            "exit 에 조건이 없어 손절·익절로만 팝니다. 공식 백테스터는 봉마다 팔고, 공식 빌더는 close < open 으로 "
            "봅니다.",
            "The exit has no conditions: only the stops sell. The official backtester would sell on every bar, the "
            "official builder at close < open.",
        )
        return _Group(at, Boolean(False, place=_place(at)), ())

    def tell_lost_stops(self, params: Params, stops: Stops) -> None:
        """The backtester's export of its own presets keeps the parameter of a stop and loses the stop."""
        for name, percent in stops.items():
            spec = params.specs.get(name)
            if percent is None and spec is not None and name not in params.used:
                block = name.removesuffix("_pct")
                self.remarks.warn(
                    params.places[name],
                    "stop_not_in_risk",
                    f"매개변수 `{name}` {spec.default} 은(는) 있지만 risk 에 {block} 이(가) 없어 그 손절·익절은 "
                    f"없습니다. 공식 "
                    "백테스터의 내보내기는 이것을 잃습니다.",
                    f"There is a parameter `{name}` ({spec.default}) but no {block} under risk, so there is no such "
                    "stop. The official backtester's export loses it.",
                )

    # ---- what our own check says

    def tell_checks(self, groups: tuple[_Group, _Group], values: Mapping[str, Decimal | str]) -> None:
        """Each condition alone, so that its remarks stand at its line; then the group, for contradictions."""
        for group in groups:
            sound = True
            for at, node in group.parts:
                sound = self.tell_check(at, node, values) and sound
            if sound and len(group.parts) > 1:
                self.tell_check(group.at, group.node, values, only_errors=True)

    def tell_check(
        self, at: Tree, node: Node, values: Mapping[str, Decimal | str], *, only_errors: bool = False
    ) -> bool:
        try:
            checked = check(bind_params(node, values))
        except ConditionError as e:
            self.remarks.add(at, e.code, *_unplaced(e), Severity.WARNING)
            return False
        for warning in () if only_errors else checked.warnings:
            self.remarks.warn(at, warning.code, warning.text.ko, warning.text.en)
        return True

    def tell_bars(self, strategy: Mapped) -> None:
        self.remarks.info(
            strategy,
            "daily_bars",
            "파일에는 종목, 봉 주기, 금액이 없고 일봉을 뜻합니다. 공식 백테스터는 신호가 난 봉의 종가에 바로 "
            "사고팔고 모든 지표가 "
            "준비될 때까지 기다립니다. 여기서는 다음 봉에 체결됩니다.",
            "The file names no symbol, timeframe or amount; it means daily bars. The official backtester trades at the "
            "close of the very bar that gave the signal and waits until every indicator is ready. Here orders fill "
            "from the next bar on.",
        )


def _together(group: Mapped, joined: type[All] | type[AnyOf], nodes: list[Node]) -> Node:
    return nodes[0] if len(nodes) == 1 else joined(tuple(nodes), place=_place(group))


def _unplaced(error: ConditionError) -> tuple[str, str]:
    """The error's sentences without the place, which the note has."""

    def sentence(pick: Callable[[object], str]) -> Iterator[str]:
        yield pick(error.message)
        if error.expected:
            yield pick(error.expected)

    return " ".join(sentence(lambda t: t.ko)), " ".join(sentence(lambda t: t.en))  # type: ignore[attr-defined]


def _is_plain_version(text: str) -> bool:
    """`1.0.0` is text even without quotes; `1.0` and `1` are numbers."""
    return text.count(".") >= 2 or not re.fullmatch(r"\d+(\.\d*)?", text)


def _is_time(text: str) -> bool:
    try:
        datetime.fromisoformat(text.strip())
    except ValueError:
        return False
    return True


def _place(at: Tree) -> Place:
    return Place(at.line, at.column)
