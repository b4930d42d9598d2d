"""Rule files: YAML with the fields of a rule by name. Read without a database, and written back. Pure.

Only what differs from the defaults need be said. Numbers are read as they are written (no float in between), and a
word is a word: YAML's `on`, `yes`, `1:30` and `010` mean what a person reads. What is wrong is said by line.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import yaml

from market.errors import Text
from rules.domain import Rule
from rules.fields import DEFAULTS, READERS, missing, read_fields, with_defaults
from rules.problems import Problem, errors_of, warnings_of
from rules.whole import judge, rule_of

LONGEST_FILE = 40_000
MOST_NODES = 5_000
_PATH_STEP = re.compile(r"([^.\[\]]+)|\[(\d+)\]")


class RuleFileInvalid(ValueError):
    """What keeps the file from being a rule; every problem has its line when it has one."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(f"{p.field or 'file'}: {p.text.en}" for p in self.problems))

    @property
    def text(self) -> Text:
        """All of it, a line per problem and language."""
        return Text(self._lines("ko"), self._lines("en"))

    def _lines(self, language: str) -> str:
        return "\n".join(f"{p.field}: " * bool(p.field) + getattr(p.text, language) for p in self.problems)


@dataclass(frozen=True)
class RuleFile:
    """`given`: the fields that the file names; `fields`: all of them, defaults included, as the table stores them."""

    given: Mapping[str, Any]
    fields: Mapping[str, Any]
    rule: Rule
    warnings: tuple[Problem, ...] = ()


@dataclass(frozen=True)
class Document:
    """The entries of a file, and where each stands."""

    raw: Mapping[str, Any]
    node: yaml.MappingNode
    text: str

    def placed(self, problem: Problem) -> Problem:
        """The problem at its line and column of the file."""
        found = next((pair for pair in self.node.value if str(pair[0].value) == problem.field), None)
        if found is None:
            return problem
        key, value = found
        if problem.code == "unknown_field":
            return problem.placed(*_start(key))
        value = _below(value, problem.path)
        if problem.line is None or not isinstance(value, yaml.ScalarNode):
            return problem.placed(*_start(value))
        return problem.placed(*_inside(value, problem.line, problem.column or 1, self.text))


def read_rule(text: str) -> RuleFile:
    """The rule that a file describes. Raises RuleFileInvalid with everything that is wrong.

    A file belongs to no account: what only an account forbids is not said here.
    """
    document = read_document(text)
    given, problems = read_fields(document.raw)
    problems = [*missing(document.raw), *problems]
    wrong = {problem.field for problem in problems}
    whole = with_defaults(given)
    problems += [problem for problem in judge(whole).problems if problem.field not in wrong]
    problems = [document.placed(problem) for problem in problems]
    if errors_of(problems):
        raise RuleFileInvalid(errors_of(problems))
    return RuleFile(given, whole, rule_of(whole), tuple(warnings_of(problems)))


def read_document(text: str) -> Document:
    """The file's entries by name, not yet read as fields. Raises RuleFileInvalid."""
    if len(text) > LONGEST_FILE:
        too_long = Text(f"{LONGEST_FILE}자보다 깁니다.", f"It is longer than {LONGEST_FILE} characters.")
        raise _file_problem(too_long.ko, too_long.en, "too_long")
    try:
        loader = _Loader(text)
        node = loader.get_single_node()
        if not isinstance(node, yaml.MappingNode):
            raise _file_problem(
                "`symbol: AAPL` 같은 줄들이어야 합니다.",
                "It must be lines such as `symbol: AAPL`, one per field.",
                "not_a_mapping",
            )
        _must_be_plain(node)
        return Document(loader.construct_document(node), node, text)
    except yaml.MarkedYAMLError as e:
        mark = e.problem_mark or e.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (None, None)
        raise _file_problem("YAML 이 아닙니다.", "It is not YAML.", "not_yaml", line, column) from e
    except (yaml.YAMLError, ValueError, RecursionError) as e:
        if isinstance(e, RuleFileInvalid):
            raise
        raise _file_problem("YAML 이 아닙니다.", "It is not YAML.", "not_yaml") from e


def write_rule(fields: Mapping[str, Any]) -> str:
    """A rule file that reads back as these fields; what is as by default is left out.

    `fields`: as the table stores them; strangers are ignored.
    """
    usual = with_defaults({"order_price": fields["order_price"]} if "order_price" in fields else {})
    usual["order_price"] = DEFAULTS["order_price"]
    said = {name: fields[name] for name in READERS if name in fields and fields[name] != usual.get(name)}
    return yaml.dump(
        {name: _plain(value) for name, value in said.items()},
        Dumper=_Dumper,
        sort_keys=False,
        allow_unicode=True,
        default_flow_style=False,
        width=1_000_000,
    )


# --- reading ------------------------------------------------------------------------------------------------


class _Loader(yaml.SafeLoader):
    """YAML 1.2's plain meanings, numbers exact."""

    yaml_implicit_resolvers: dict = {}


def _number(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> Decimal | int:
    text = loader.construct_scalar(node)
    number = Decimal(text)
    return int(text) if re.fullmatch(r"[-+]?\d+", text) else number


for _tag, _pattern, _first in (
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("float", r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d{1,2})?", "-+.0123456789"),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(f"^(?:{_pattern})$"), list(_first))
_Loader.add_constructor("tag:yaml.org,2002:float", _number)


def _must_be_plain(node: yaml.MappingNode) -> None:
    """No key twice, and not so many entries that a small text unfolds into a large tree."""
    left = MOST_NODES
    todo: list[yaml.Node] = [node]
    while todo:
        left -= 1
        at = todo.pop()
        if left < 0:
            raise _file_problem(
                f"항목이 {MOST_NODES}개를 넘습니다.", f"It has more than {MOST_NODES} entries.", "too_large"
            )
        if isinstance(at, yaml.MappingNode):
            _must_be_single(at)
            todo += [part for pair in at.value for part in pair]
        elif isinstance(at, yaml.SequenceNode):
            todo += at.value


def _must_be_single(node: yaml.MappingNode) -> None:
    seen: dict[str, int] = {}
    for key, _ in node.value:
        name = str(key.value)
        line, column = _start(key)
        if name in seen:
            raise _file_problem(
                f"`{name}` 이(가) 두 번 나옵니다 (먼저 {seen[name]}행).",
                f"`{name}` appears twice (first in line {seen[name]}).",
                "twice",
                line,
                column,
            )
        seen[name] = line


def _file_problem(ko: str, en: str, code: str, line: int | None = None, column: int | None = None) -> RuleFileInvalid:
    return RuleFileInvalid([Problem("", Text(ko, en), code, line=line, column=column)])


# --- places -------------------------------------------------------------------------------------------------


def _start(node: yaml.Node) -> tuple[int, int]:
    return node.start_mark.line + 1, node.start_mark.column + 1


def _below(node: yaml.Node, path: str) -> yaml.Node:
    """The entry that the path names ("all[1].left", "fast.min"), or the last one on the way that is there."""
    for name, index in _PATH_STEP.findall(path):
        if isinstance(node, yaml.SequenceNode) and index and int(index) < len(node.value):
            node = node.value[int(index)]
        elif isinstance(node, yaml.MappingNode):
            found = next((value for key, value in node.value if str(key.value) == name), None)
            if found is None:
                break
            node = found
        else:
            break
    return node


def _inside(node: yaml.ScalarNode, line: int, column: int, text: str) -> tuple[int, int]:
    """Where a place of a scalar's own text stands in the file; a folded scalar is pointed at as a whole."""
    first_line, first_column = _start(node)
    lines = text.splitlines()
    if node.style == "|":
        body = next((at for at in range(first_line, len(lines)) if lines[at].strip()), first_line)
        if body >= len(lines):
            return first_line, first_column
        indent = len(lines[body]) - len(lines[body].lstrip(" "))
        # what a person sees as the first line of the text is its first line with something on it, in our code too
        return body + line, indent + column
    if line == 1 and node.start_mark.line == node.end_mark.line:
        return first_line, first_column + column - (0 if node.style else 1)
    return first_line, first_column


# --- writing ------------------------------------------------------------------------------------------------


class _Dumper(yaml.SafeDumper):
    """Texts of several lines as blocks; nothing is quoted that need not be."""


# A name that we would read as a number is quoted, too: YAML 1.1 calls 1e5 and 08 words.
for _first, _known in _Loader.yaml_implicit_resolvers.items():
    for _tag, _pattern in _known:
        _Dumper.add_implicit_resolver(_tag, _pattern, [_first])


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    style = "|" if "\n" in value else None
    if "\x85" in value:
        style = '"'  # elsewhere YAML reads it as the end of a line
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)


def _decimal(dumper: yaml.SafeDumper, value: Decimal) -> yaml.ScalarNode:
    whole = value == value.to_integral_value()
    text = format(value.quantize(Decimal(1)) if whole else value.normalize(), "f")
    return dumper.represent_scalar("tag:yaml.org,2002:int" if whole else "tag:yaml.org,2002:float", text)


_Dumper.add_representer(str, _text)
_Dumper.add_representer(Decimal, _decimal)


def _plain(value: Any) -> Any:
    """Without the enums that YAML does not know."""
    if isinstance(value, str):
        return str(value)
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list) else value
