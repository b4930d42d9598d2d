"""What the text of a strategy says before it is run: what it needs, and what it may not do."""

import ast
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import lru_cache
from typing import Any

from market.errors import Text
from rules.sandbox.asking import BadQuestion, Question, read_question
from rules.sandbox.limits import LIMITS, USUAL_BARS
from rules.sandbox.view import COLUMNS, MARKET, POSITION
from rules.sandbox.words import clean

MODULES = (
    *("bisect", "collections", "copy", "dataclasses", "datetime", "decimal", "functools", "itertools", "json"),
    *("math", "random", "re", "typing"),
)
SIGNATURE = "def decide(market, position, params):"
# What Python has and the cage has not. What would run other text is refused by name, so that nothing hides in it.
_MISSING = frozenset(
    (
        *("exec", "eval", "compile", "open", "input", "globals", "locals", "vars", "dir", "super", "help"),
        *("breakpoint", "memoryview", "exit", "quit", "__import__", "__builtins__", "__loader__", "__spec__"),
    )
)


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with the code. Line and column count from 1; `suggestion` is text to write instead."""

    line: int
    column: int
    message: Text
    suggestion: str | None = None


@dataclass(frozen=True, slots=True)
class Param:
    """`params["fast"]` as an argument."""

    key: str


@dataclass(frozen=True, slots=True)
class Written:
    """An indicator() call as it stands in the code."""

    args: tuple[Any, ...]
    options: tuple[tuple[str, Any], ...] = ()

    @property
    def free(self) -> bool:
        return any(isinstance(value, Param) for value in (*self.args, *(value for _, value in self.options)))

    def filled(self, params: Mapping[str, Any]) -> "Written | None":
        """With the rule's parameters; None when one of them is not there."""
        try:
            return Written(
                tuple(_fill(value, params) for value in self.args),
                tuple((name, _fill(value, params)) for name, value in self.options),
            )
        except KeyError:
            return None

    def question(self) -> Question:
        """Raises BadQuestion."""
        return read_question(self.args, dict(self.options))


def _fill(value: Any, params: Mapping[str, Any]) -> Any:
    return params[value.key] if isinstance(value, Param) else value


@dataclass(frozen=True, slots=True)
class Reading:
    """`columns` of the market that the code can reach; `questions` are the indicator() calls whose every argument
    is written out or a parameter of the rule; `asks_freely`: there are others. `params` are the keys it reads."""

    problems: tuple[Problem, ...] = ()
    columns: tuple[str, ...] = COLUMNS
    bars: int = USUAL_BARS
    questions: tuple[Written, ...] = ()
    asks_freely: bool = False
    params: frozenset[str] = frozenset()
    names: tuple[str, str, str] = ("market", "position", "params")


@lru_cache(maxsize=256)
def read_code(code: str) -> Reading:
    """Never raises, whatever the text is."""
    if len(code) > LIMITS.code:
        return Reading((_at(None, _too_long(len(code))),))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(code)
    except SyntaxError as error:
        message = Text(
            f"파이썬 문법에 맞지 않습니다: {clean(error.msg, 120)}", f"This is no Python: {clean(error.msg, 120)}"
        )
        return Reading((Problem(error.lineno or 1, error.offset or 1, message),))
    except (ValueError, RecursionError, MemoryError):
        return Reading((_at(None, _TOO_DEEP),))
    return _Reader(tree).reading()


_FREE = object()
_TOO_DEEP = Text(
    "읽을 수 없는 글자가 있거나 식이 너무 깊이 겹쳐 있습니다.",
    "There are characters that cannot be read, or expressions are nested too deeply.",
)


def _too_long(length: int) -> Text:
    return Text(
        f"코드가 {length:,}자입니다. {LIMITS.code:,}자까지 쓸 수 있습니다.",
        f"The code has {length:,} characters; {LIMITS.code:,} are allowed.",
    )


def _at(node: ast.AST | None, message: Text, suggestion: str | None = None) -> Problem:
    return Problem(getattr(node, "lineno", 1), getattr(node, "col_offset", 0) + 1, message, suggestion)


@dataclass
class _Reader:
    tree: ast.Module
    problems: list[Problem] = field(default_factory=list)
    names: tuple[str, str, str] = ("market", "position", "params")

    def reading(self) -> Reading:
        decide = self._decide()
        if decide is not None:
            first, second, third = (argument.arg for argument in (*decide.args.posonlyargs, *decide.args.args))
            self.names = (first, second, third)
            self._check_attributes(decide)
        bars = self._bars()
        questions, freely = self._questions()
        for node in ast.walk(self.tree):
            self.problems += _refused(node)
        return Reading(
            tuple(sorted(self.problems, key=lambda problem: (problem.line, problem.column))),
            self._columns(),
            bars,
            questions,
            freely,
            frozenset(self._param_keys()),
            self.names,
        )

    def _decide(self) -> ast.FunctionDef | None:
        found = [
            node
            for node in self.tree.body
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name == "decide"
        ]
        if not found:
            self.problems.append(_at(None, _NO_DECIDE, SIGNATURE))
            return None
        decide = found[-1]
        given = decide.args
        plain = not (given.vararg or given.kwarg or given.kwonlyargs or given.defaults or decide.decorator_list)
        if isinstance(decide, ast.AsyncFunctionDef) or not plain or len(given.posonlyargs + given.args) != 3:
            self.problems.append(_at(decide, _WRONG_DECIDE, SIGNATURE))
            return None
        return decide

    def _check_attributes(self, decide: ast.FunctionDef) -> None:
        known = {self.names[0]: MARKET, self.names[1]: POSITION}
        for node in ast.walk(decide):
            match node:
                case ast.Attribute(value=ast.Name(id=owner), attr=name, ctx=ast.Load()) if owner in known:
                    if name not in known[owner]:
                        self.problems.append(_unknown_attribute(node, owner, known[owner]))

    def _bars(self) -> int:
        for node in self.tree.body:
            match node:
                case ast.Assign(targets=[ast.Name(id="BARS")], value=value):
                    match value:
                        case ast.Constant(value=int(bars)) if bars is not True and 1 <= bars <= LIMITS.bars:
                            return bars
                    self.problems.append(_at(value, _WRONG_BARS, f"BARS = {USUAL_BARS}"))
        return USUAL_BARS

    def _columns(self) -> tuple[str, ...]:
        words = set(_words(self.tree))
        return COLUMNS if "getattr" in words else tuple(name for name in COLUMNS if name in words)

    def _questions(self) -> tuple[tuple[Written, ...], bool]:
        if any(_binds(node, "indicator") for node in ast.walk(self.tree)):
            return (), True  # the name is the user's own, here or there
        found: dict[Written, None] = {}
        calls = list(_indicator_calls(self.tree))
        for call in calls:
            written = self._written(call)
            if written is not None:
                self.problems += _unanswerable(call, written)
                found[written] = None
        mentions = sum(1 for word in _words(self.tree) if word == "indicator")
        return tuple(found), len(calls) < mentions or any(self._written(call) is None for call in calls)

    def _written(self, call: ast.Call) -> Written | None:
        """None when an argument is only known while running."""
        args = tuple(self._argument(node) for node in call.args)
        options = tuple((each.arg or "", self._argument(each.value)) for each in call.keywords)
        if _FREE in args or any(not name or value is _FREE for name, value in options):
            return None
        return Written(args, options)

    def _argument(self, node: ast.expr) -> Any:
        match node:
            case ast.Constant(value=str() | int() | float() | None as value):
                return value
            case ast.Subscript(value=ast.Name(id=owner), slice=ast.Constant(value=str(key))) if owner == self.names[2]:
                return Param(key)
        return _FREE

    def _param_keys(self) -> Iterator[str]:
        name = self.names[2]
        for node in ast.walk(self.tree):
            match node:
                case ast.Subscript(value=ast.Name(id=owner), slice=ast.Constant(value=str(key))) if owner == name:
                    yield key


def _words(tree: ast.AST) -> Iterator[str]:
    """Every name, attribute and text constant."""
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=word) | ast.Attribute(attr=word) | ast.Constant(value=str(word)):
                yield word
            case ast.MatchClass(kwd_attrs=words):
                yield from words


def _binds(node: ast.AST, name: str) -> bool:
    match node:
        case ast.FunctionDef(name=bound) | ast.ClassDef(name=bound) | ast.arg(arg=bound):
            return bound == name
        case ast.Name(id=bound, ctx=ast.Store()):
            return bound == name
        case ast.alias(name=brought, asname=bound):
            return (bound or brought) == name
    return False


def _indicator_calls(tree: ast.AST) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name(id="indicator")):
                yield node


def _unanswerable(call: ast.Call, written: Written) -> list[Problem]:
    if written.free:
        return []
    try:
        written.question()
    except BadQuestion as error:
        return [
            _at(call, Text(f"indicator() 를 이렇게 부를 수 없습니다: {error}", f"indicator() cannot answer: {error}"))
        ]
    return []


def _unknown_attribute(node: ast.Attribute, owner: str, known: tuple[str, ...]) -> Problem:
    near = get_close_matches(node.attr, known, 1)
    return _at(
        node,
        Text(
            f"`{owner}.{clean(node.attr, 40)}` 은 없습니다. 있는 것: {', '.join(known)}",
            f"There is no `{owner}.{clean(node.attr, 40)}`; there are {', '.join(known)}",
        ),
        f"{owner}.{near[0]}" if near else None,
    )


_NO_DECIDE = Text(
    "`decide` 함수가 없습니다. 파일의 가장 바깥에 `def decide(market, position, params):` 를 쓰세요.",
    "There is no function `decide`: write `def decide(market, position, params):` at the outermost level.",
)
_WRONG_DECIDE = Text(
    "`decide` 는 인자 셋(market, position, params)을 받는 보통 함수여야 합니다.",
    "`decide` is a plain function of three arguments: market, position, params.",
)
_WRONG_BARS = Text(
    f"`BARS` 는 1 이상 {LIMITS.bars:,} 이하의 정수를 그대로 써야 합니다.",
    f"`BARS` is a whole number from 1 to {LIMITS.bars:,}, written out.",
)


def _refused(node: ast.AST) -> list[Problem]:
    match node:
        case ast.Import(names=names):
            return [problem for alias in names for problem in _module(node, alias.name)]
        case ast.ImportFrom(module=module, names=names, level=level):
            if level or any(alias.name == "*" for alias in names):
                return [_at(node, _PLAIN_IMPORT, "from math import sqrt")]
            return _module(node, module or "")
        case ast.Name(id=name) if name in _MISSING:
            return [_at(node, _not_there(f"`{name}`"))]
        case ast.Attribute(attr=name) if name.startswith("__") and name != "__name__":
            return [_at(node, _not_there(f"`.{clean(name, 40)}`"))]
    lacking = _lacking(node)
    return [_at(node, _not_there(lacking[0]), lacking[1])] if lacking else []


def _module(node: ast.AST, name: str) -> list[Problem]:
    if name in MODULES:
        return []
    near = get_close_matches(name, MODULES, 1)
    message = Text(
        f"`{clean(name, 40)}` 은 가져올 수 없습니다. 쓸 수 있는 모듈: {', '.join(MODULES)}",
        f"`{clean(name, 40)}` cannot be imported; there are {', '.join(MODULES)}",
    )
    return [_at(node, message, f"import {near[0]}" if near else None)]


_PLAIN_IMPORT = Text("이름을 하나씩 적어 가져와야 합니다.", "Imports name each thing that they bring.")


def _not_there(what: str) -> Text:
    return Text(f"전략 코드에서는 {what} 을(를) 쓸 수 없습니다.", f"A strategy cannot use {what}.")


def _lacking(node: ast.AST) -> tuple[str, str | None] | None:
    """A part of the language that the cage's interpreter has not, and what to write instead."""
    match node:
        case ast.Delete():
            return "`del`", "list.pop(), dict.pop()"
        case ast.Yield() | ast.YieldFrom():
            return "`yield`", "return [...]"
        case ast.AsyncFunctionDef() | ast.Await() | ast.AsyncFor() | ast.AsyncWith():
            return "`async`", None
        case ast.ClassDef(bases=bases, keywords=keywords) if bases or keywords:
            return "`class A(B)`", "class A:"
        case ast.ClassDef(body=body) if any(getattr(each, "decorator_list", None) for each in body):
            return "`@property`, `@staticmethod`", None
        case ast.TryStar():
            return "`except*`", "except"
        case ast.TypeAlias():
            return "`type X = …`", None
    return None


__all__ = ["MODULES", "SIGNATURE", "Problem", "Reading", "read_code"]
