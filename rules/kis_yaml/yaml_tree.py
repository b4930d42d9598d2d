"""YAML text to a small tree in which everything knows its line. Nothing is resolved: a scalar stays its text.

The official backtester reads YAML 1.1, the official builder YAML 1.2: `yes`, `010` or `1e3` are not the same in both.
So what a scalar means is decided by who asks for it, and can be said with its line.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

import yaml

from market.errors import Text
from rules.kis_yaml.errors import KisYamlError

MOST_BYTES = 65_536  # a strategy of the official tools has one to three thousand
MOST_NODES = 5_000
DEEPEST = 20

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_BOOLEANS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
_NUMBER = re.compile(r"[-+]?(\d+(\.\d*)?|\.\d+)([eE][-+]?\d{1,3})?")
_OCTAL_LOOK = re.compile(r"[-+]?0\d+")
_DATE = re.compile(r"\d{4}-\d\d?-\d\d?([Tt ].*)?")
_TAGS = frozenset(f"tag:yaml.org,2002:{kind}" for kind in ("str", "int", "float", "bool", "null", "map", "seq"))


@dataclass(frozen=True, slots=True)
class Leaf:
    """`plain`: written without quotes, so that YAML may take it for something other than text."""

    text: str
    plain: bool
    line: int
    column: int
    size: int = 1

    @property
    def is_null(self) -> bool:
        return self.plain and self.text in _NULLS

    @property
    def boolean(self) -> bool | None:
        """True or false in either dialect; quotes make it text."""
        return _BOOLEANS.get(self.text.lower()) if self.plain else None

    @property
    def number(self) -> Decimal | None:
        """Also in quotes: both tools take numeric text for a number somewhere."""
        text = self.text.strip()
        return Decimal(text) if _NUMBER.fullmatch(text) and not self.is_octal else None

    @property
    def is_octal(self) -> bool:
        """`010` is eight to the backtester and ten to the builder."""
        return self.plain and _OCTAL_LOOK.fullmatch(self.text) is not None

    @property
    def has_exponent(self) -> bool:
        """`1e3` without a point or sign is text in YAML 1.1."""
        return self.plain and "e" in self.text.lower() and self.number is not None

    @property
    def is_text(self) -> bool:
        """Text to both tools, not a number, date or yes to one of them."""
        if not self.plain:
            return True
        return not (self.is_null or self.boolean is not None or self.is_octal or self.looks_typed)

    @property
    def looks_typed(self) -> bool:
        return self.number is not None or _DATE.fullmatch(self.text) is not None


@dataclass(frozen=True, slots=True)
class Listed:
    items: "tuple[Tree, ...]"
    line: int
    column: int
    size: int


@dataclass(frozen=True, slots=True)
class Mapped:
    items: "tuple[tuple[Leaf, Tree], ...]"
    line: int
    column: int
    size: int

    def get(self, key: str) -> "Tree | None":
        return next((value for name, value in self.items if name.text == key), None)

    def key(self, key: str) -> Leaf | None:
        return next((name for name, _ in self.items if name.text == key), None)


Tree = Leaf | Listed | Mapped


def read_tree(source: str | bytes) -> Tree:
    """The file's one document. Raises KisYamlError; aliases are shared, never copied, and their size is counted."""
    text = _decoded(source)
    try:
        return _Composer(text).document()
    except yaml.YAMLError as e:
        raise _yaml_error(e, text) from e


def _decoded(source: str | bytes) -> str:
    if isinstance(source, str):
        try:
            data = source.encode()
        except UnicodeEncodeError as e:
            raise _not_utf8(source[: e.start].count("\n") + 1) from e
    else:
        data = source
    if len(data) > MOST_BYTES:
        raise KisYamlError(
            1,
            1,
            Text(f"파일이 {len(data):,} 바이트입니다.", f"The file has {len(data):,} bytes."),
            code="too_large",
            expected=Text(f"{MOST_BYTES:,} 바이트 이내의 전략 하나", f"one strategy of at most {MOST_BYTES:,} bytes"),
        )
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as e:
        raise _not_utf8(data[: e.start].count(b"\n") + 1) from e


def _not_utf8(line: int) -> KisYamlError:
    return KisYamlError(
        line,
        1,
        Text("UTF-8 로 저장된 파일이 아닙니다.", "The file is not UTF-8."),
        code="not_utf8",
        expected=Text("UTF-8 로 다시 저장한 파일", "the file saved again as UTF-8"),
    )


class _Composer:
    def __init__(self, text: str) -> None:
        self.events: Iterator[yaml.Event] = yaml.parse(text, Loader=_LOADER)
        self.anchors: dict[str, Tree] = {}
        self.count = 0

    def document(self) -> Tree:
        tree: Tree | None = None
        for event in self.events:
            if not isinstance(event, yaml.DocumentStartEvent):
                continue
            if tree is not None:
                raise _problem(
                    event,
                    "two_documents",
                    "파일에 둘째 문서(---)가 있습니다.",
                    "A second document (---) begins here.",
                    Text("문서 하나, 파일마다 전략 하나", "one document: one strategy to a file"),
                )
            tree = self.tree(next(self.events), 0)
        return Leaf("", True, 1, 1) if tree is None else tree

    def tree(self, event: yaml.Event, depth: int) -> Tree:
        if isinstance(event, yaml.AliasEvent):
            return self.counted(self.alias(event), event)
        self.must_be_plain_tag(event)
        if depth > DEEPEST:
            raise _problem(
                event,
                "too_deep",
                "너무 깊이 들어가 있습니다.",
                "This lies too deep.",
                Text(f"{DEEPEST}겹 이내", f"at most {DEEPEST} levels"),
            )
        made: Tree
        match event:
            case yaml.ScalarEvent():
                plain = event.style in (None, "") and event.tag != "tag:yaml.org,2002:str"
                made = Leaf(event.value, plain, *_place(event))
            case yaml.SequenceStartEvent():
                made = self.listed(event, depth)
            case _:
                made = self.mapped(event, depth)
        self.counted(made if isinstance(made, Leaf) else Leaf("", True, 1, 1), event)
        if event.anchor is not None:
            self.anchors[event.anchor] = made
        return made

    def alias(self, event: yaml.AliasEvent) -> Tree:
        if event.anchor not in self.anchors:
            raise _problem(
                event,
                "unknown_anchor",
                f"`*{event.anchor}` 이(가) 가리키는 것이 앞에 없습니다.",
                f"Nothing before this is called `&{event.anchor}`.",
                Text(f"먼저 적은 `&{event.anchor}`", f"`&{event.anchor}` earlier in the file"),
            )
        return self.anchors[event.anchor]

    def counted(self, tree: Tree, event: yaml.Event) -> Tree:
        self.count += tree.size
        if self.count > MOST_NODES:
            raise _problem(
                event,
                "too_large",
                "값이 너무 많습니다(별명 `*` 이 가리키는 것도 셉니다).",
                "There are too many values (what an alias `*` stands for is counted).",
                Text(f"값 {MOST_NODES:,}개 이내", f"at most {MOST_NODES:,} values"),
            )
        return tree

    def listed(self, start: yaml.Event, depth: int) -> Listed:
        items: list[Tree] = []
        while not isinstance(event := next(self.events), yaml.SequenceEndEvent):
            items.append(self.tree(event, depth + 1))
        return Listed(tuple(items), *_place(start), 1 + sum(item.size for item in items))

    def mapped(self, start: yaml.Event, depth: int) -> Mapped:
        items: list[tuple[Leaf, Tree]] = []
        merged: list[tuple[Leaf, Tree]] = []
        while not isinstance(event := next(self.events), yaml.MappingEndEvent):
            key, value = self.key(event, depth), self.tree(next(self.events), depth + 1)
            if key.plain and key.text == "<<":
                merged += self.merged(key, value)
                continue
            first = next((k for k, _ in items if k.text == key.text), None)
            if first is not None:
                raise _duplicate_key(key, first)
            items.append((key, value))
        own = {key.text for key, _ in items}
        items += [(key, value) for key, value in merged if key.text not in own]
        return Mapped(tuple(items), *_place(start), 1 + sum(1 + value.size for _, value in items))

    def key(self, event: yaml.Event, depth: int) -> Leaf:
        key = self.tree(event, depth + 1)
        if isinstance(key, Leaf):
            return key
        raise _problem(
            event,
            "bad_key",
            "항목 이름이 글자가 아닙니다.",
            "The key is no text.",
            Text("`이름: 값`", "`name: value`"),
        )

    def merged(self, key: Leaf, value: Tree) -> list[tuple[Leaf, Tree]]:
        """`<<: *base`: the entries of the mapping, which the mapping's own ones beat."""
        parts = value.items if isinstance(value, Listed) else (value,)
        if not all(isinstance(part, Mapped) for part in parts):
            raise KisYamlError(
                key.line,
                key.column,
                Text("`<<` 은 매핑만 합칠 수 있습니다.", "`<<` can merge mappings only."),
                code="bad_key",
                expected=Text("`<<: *이름`", "`<<: *name`"),
            )
        found: dict[str, tuple[Leaf, Tree]] = {}
        for part in parts:
            assert isinstance(part, Mapped)
            for name, item in part.items:
                found.setdefault(name.text, (name, item))
        return list(found.values())

    def must_be_plain_tag(self, event: yaml.Event) -> None:
        tag = getattr(event, "tag", None)
        if tag not in (None, "!") and tag not in _TAGS:
            raise _problem(
                event,
                "bad_tag",
                f"`{tag}` 꼬리표는 쓸 수 없습니다.",
                f"The tag `{tag}` cannot be used.",
                Text("꼬리표 없는 값", "a value without a tag"),
            )


def _place(event: yaml.Event) -> tuple[int, int]:
    return event.start_mark.line + 1, event.start_mark.column + 1


def _problem(event: yaml.Event, code: str, ko: str, en: str, expected: Text) -> KisYamlError:
    return KisYamlError(*_place(event), Text(ko, en), code=code, expected=expected)


def _duplicate_key(key: Leaf, first: Leaf) -> KisYamlError:
    return KisYamlError(
        key.line,
        key.column,
        Text(
            f"`{key.text}` 이(가) {first.line}행에 이미 있습니다. 공식 백테스터는 뒤의 것을 쓰고 공식 빌더는 "
            f"거절합니다.",
            f"`{key.text}` stands in line {first.line} already. The official backtester takes the later one, "
            "the official builder refuses.",
        ),
        code="duplicate_key",
        expected=Text("항목마다 한 번", "each key once"),
    )


# What the parser says, in the words of both languages. The first whose English text is found counts.
_YAML_PROBLEMS: tuple[tuple[str, Text, Text | None], ...] = (
    (
        "cannot start any token",
        Text("여기에 쓸 수 없는 글자입니다.", "This character cannot begin a value."),
        Text("따옴표로 감싼 값", "the value in quotes"),
    ),
    (
        "mapping values are not allowed",
        Text("여기에는 `:` 이 올 수 없습니다.", "A `:` cannot stand here."),
        Text("들여쓰기를 맞추거나 값을 따옴표로 감싼 것", "matching indentation, or the value in quotes"),
    ),
    (
        "could not find expected ':'",
        Text("`:` 이 빠졌습니다.", "A `:` is missing."),
        Text("`이름: 값`", "`name: value`"),
    ),
    (
        "did not find expected key",
        Text("들여쓰기가 맞지 않습니다.", "The indentation does not fit."),
        Text("위와 같은 들여쓰기의 `이름: 값`", "`name: value`, indented like the ones above"),
    ),
    (
        "did not find expected '-' indicator",
        Text("목록의 들여쓰기가 맞지 않습니다.", "The list's indentation does not fit."),
        Text("`- ` 로 시작하는 항목", "an entry that begins with `- `"),
    ),
    (
        "did not find expected ',' or",
        Text("괄호가 닫히지 않았습니다.", "A bracket is not closed."),
        Text("`,` 또는 닫는 괄호", "`,` or the closing bracket"),
    ),
    (
        "unexpected end of stream",
        Text("따옴표가 닫히지 않았습니다.", "A quotation is not closed."),
        Text("닫는 따옴표", "the closing quotation mark"),
    ),
    (
        "unknown escape character",
        Text("`\\` 뒤에 쓸 수 없는 글자입니다.", "This cannot follow a `\\`."),
        Text("`\\\\` 또는 작은따옴표", "`\\\\`, or single quotation marks"),
    ),
    (
        "control characters are not allowed",
        Text("제어 문자가 있습니다.", "There is a control character."),
        Text("글자와 줄바꿈만 있는 파일", "a file of text and line breaks only"),
    ),
    (
        "special characters are not allowed",
        Text("제어 문자가 있습니다.", "There is a control character."),
        Text("글자와 줄바꿈만 있는 파일", "a file of text and line breaks only"),
    ),
)


def _yaml_error(error: yaml.YAMLError, text: str) -> KisYamlError:
    line, column = _where(error, text)
    if _tab_indents(text, line):
        return KisYamlError(
            line,
            1,
            Text("들여쓰기에 탭이 있습니다.", "The indentation holds a tab."),
            code="tab",
            expected=Text("빈칸으로 한 들여쓰기", "indentation made of blanks"),
        )
    said = str(getattr(error, "problem", None) or getattr(error, "reason", None) or error)
    for english, message, expected in _YAML_PROBLEMS:
        if english in said:
            return KisYamlError(line, column, message, code="yaml", expected=expected)
    return KisYamlError(
        line,
        column,
        Text(f"YAML 문법에 맞지 않습니다({said}).", f"This is not YAML ({said})."),
        code="yaml",
        expected=Text("`이름: 값` 과 `- 항목` 으로 된 YAML", "YAML made of `name: value` and `- entry`"),
    )


def _where(error: yaml.YAMLError, text: str) -> tuple[int, int]:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    if mark is not None:
        return mark.line + 1, mark.column + 1
    before = text[: getattr(error, "position", 0) or 0]
    return before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1


def _tab_indents(text: str, line: int) -> bool:
    lines = text.splitlines()
    found = lines[line - 1] if 0 < line <= len(lines) else ""
    return "\t" in found[: len(found) - len(found.lstrip())]
