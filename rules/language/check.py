"""Whether a condition means anything: types, names, arguments; and how many bars it needs."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from market.errors import Text
from rules.indicators import REGISTRY, SOURCES, Indicator
from rules.language.errors import ConditionError, nearest
from rules.language.names import NAMES, History
from rules.language.nodes import (
    All,
    AnyOf,
    Arithmetic,
    Boolean,
    Call,
    Comparison,
    Name,
    Negate,
    Node,
    Not,
    Number,
    Shift,
    walk,
)
from rules.language.printer import to_text


class Kind(StrEnum):
    """`exact` numbers are Decimal (money, shares); `float` ones statistics. Both are numbers to the person."""

    BOOLEAN = "boolean"
    EXACT = "exact"
    FLOAT = "float"

    @property
    def is_number(self) -> bool:
        return self is not Kind.BOOLEAN


@dataclass(frozen=True, slots=True)
class Checked:
    """`look_back`: bars the condition must see, the newest included; 0 when it needs none."""

    kind: Kind
    look_back: int
    names: frozenset[str]
    indicators: frozenset[str]


MOST_BARS = 590  # a bot keeps 600 of every series, the forming bar among them

_KIND_NAMES = {True: Text("숫자", "a number"), False: Text("참·거짓", "true or false")}


def check(node: Node) -> Checked:
    """The condition's type and needs. Raises ConditionError at the first thing that means nothing."""
    kind, look_back = _Checker().visit(node, 0)
    if look_back > MOST_BARS:
        raise ConditionError(
            Text(f"봉 {look_back}개를 보아야 하는 조건입니다.", f"This condition must see {look_back} bars."),
            code="too_many_bars",
            place=node.place,
            expected=Text(f"{MOST_BARS}개 이내", f"at most {MOST_BARS}"),
        )
    found = tuple(walk(node))
    return Checked(
        kind,
        look_back,
        frozenset(n.name for n in found if isinstance(n, Name)),
        frozenset(n.name for n in found if isinstance(n, Call)),
    )


def check_condition(node: Node) -> Checked:
    """`check`, and the whole must be true or false: a number alone is no condition."""
    checked = check(node)
    if checked.kind.is_number:
        raise ConditionError(
            Text(
                f"`{to_text(node)}` 은(는) 조건이 아니라 숫자입니다.",
                f"`{to_text(node)}` is a number, not a condition.",
            ),
            code="not_a_condition",
            place=node.place,
            expected=Text("`rsi(14) < 30` 같은 비교", "a comparison such as `rsi(14) < 30`"),
        )
    return checked


class _Checker:
    """Each visit answers the node's kind and how many bars it reads when seen `offset` bars back."""

    def visit(self, node: Node, offset: int) -> tuple[Kind, int]:
        match node:
            case Number():
                return Kind.EXACT, 0
            case Boolean():
                return Kind.BOOLEAN, 0
            case Name():
                return self.name(node, offset)
            case Call():
                return self.call(node, offset)
            case Shift(of=of, bars=bars):
                self.must_have_history(of)
                return self.number(of, offset + bars)
            case Negate(of=of):
                return self.number(of, offset)
            case Arithmetic(left=left, right=right):
                return self.numbers(left, right, offset)
            case Comparison():
                return self.comparison(node, offset)
            case Not(of=of):
                return Kind.BOOLEAN, self.condition(of, offset)
            case All(of=items) | AnyOf(of=items):
                return Kind.BOOLEAN, max(self.condition(item, offset) for item in items)

    def name(self, node: Name, offset: int) -> tuple[Kind, int]:
        known = NAMES.get(node.name)
        if known is None:
            raise _unknown_name(node)
        return Kind.EXACT, known.bars + offset if known.bars else _bars_back(known.history, offset)

    def call(self, node: Call, offset: int) -> tuple[Kind, int]:
        indicator = REGISTRY.get(node.name)
        if indicator is None:
            raise _unknown_indicator(node)
        _source, parameters = arguments_of(node)
        return Kind.FLOAT, indicator.window(*parameters) + offset

    def comparison(self, node: Comparison, offset: int) -> tuple[Kind, int]:
        if not node.op.crosses:
            return Kind.BOOLEAN, self.numbers(node.left, node.right, offset)[1]
        for side in (node.left, node.right):
            self.must_have_history(side)
        if not any(_moves(side) for side in (node.left, node.right)):
            raise ConditionError(
                Text("움직이지 않는 두 값은 서로 넘을 수 없습니다.", "Two values that never move cannot cross."),
                code="nothing_moves",
                place=node.place,
                expected=Text(
                    "봉마다 바뀌는 값, 예를 들어 `close`", "a value that changes by the bar, such as `close`"
                ),
            )
        return Kind.BOOLEAN, self.numbers(node.left, node.right, offset + 1)[1]

    def numbers(self, left: Node, right: Node, offset: int) -> tuple[Kind, int]:
        (a, before), (b, after) = self.number(left, offset), self.number(right, offset)
        return (Kind.FLOAT if Kind.FLOAT in (a, b) else Kind.EXACT), max(before, after)

    def number(self, node: Node, offset: int) -> tuple[Kind, int]:
        kind, look_back = self.visit(node, offset)
        if not kind.is_number:
            raise _wrong_kind(node, wants_number=True)
        return kind, look_back

    def condition(self, node: Node, offset: int) -> int:
        kind, look_back = self.visit(node, offset)
        if kind.is_number:
            raise _wrong_kind(node, wants_number=False)
        return look_back

    def must_have_history(self, node: Node) -> None:
        for part in walk(node):
            known = NAMES.get(part.name) if isinstance(part, Name) else None
            if known and known.history is History.NONE:
                raise ConditionError(
                    Text(
                        f"`{known.name}` 은(는) 지금 값만 알려져, 봉을 거슬러 보거나 넘는지 볼 수 없습니다.",
                        f"Of `{known.name}` only the present value is known: it has no earlier bar and cannot cross.",
                    ),
                    code="no_history",
                    place=part.place,
                    expected=Text(
                        "close 나 지표처럼 봉마다 값이 있는 것",
                        "something with a value per bar, such as close or an indicator",
                    ),
                )


def arguments_of(node: Call) -> tuple[str, tuple[int, ...]]:
    """The source and the whole-number parameters of an indicator's call. Raises ConditionError."""
    indicator = REGISTRY[node.name]
    args: Sequence[Node] = node.args
    source = indicator.default_source
    if len(args) == len(indicator.parameters) + 1:
        source, args = _source(node, args[0]), args[1:]
    if len(args) != len(indicator.parameters):
        raise _bad_arguments(node, indicator)
    return source, tuple(_parameter(node, indicator, i, a) for i, a in enumerate(args))


def _source(call: Call, node: Node) -> str:
    if isinstance(node, Name) and node.name in SOURCES:
        return node.name
    raise ConditionError(
        Text(
            f"`{call.name}` 의 첫 값 `{to_text(node)}` 은(는) 봉의 값이 아닙니다.",
            f"The first argument of `{call.name}`, `{to_text(node)}`, is no value of a bar.",
        ),
        code="bad_argument",
        place=node.place,
        expected=Text(f"다음 가운데 하나: {', '.join(SOURCES)}", f"one of {', '.join(SOURCES)}"),
        suggestion=nearest(node.name, SOURCES) if isinstance(node, Name) else None,
    )


def _parameter(call: Call, indicator: Indicator, index: int, node: Node) -> int:
    wanted = indicator.parameters[index]
    whole = isinstance(node, Number) and node.value == node.value.to_integral_value()
    if isinstance(node, Number) and whole and wanted.least <= node.value <= wanted.most:
        return int(node.value)
    limits = f"{wanted.least}–{wanted.most}"
    raise ConditionError(
        Text(
            f"`{call.name}` 에 `{to_text(node)}` 을(를) 쓸 수 없습니다.",
            f"`{call.name}` cannot take `{to_text(node)}`.",
        ),
        code="bad_argument",
        place=node.place,
        expected=Text(f"{wanted.title.ko}: {limits} 의 정수", f"{wanted.title.en}: a whole number, {limits}"),
    )


def _bad_arguments(node: Call, indicator: Indicator) -> ConditionError:
    names = ", ".join(p.name for p in indicator.parameters)
    return ConditionError(
        Text(
            f"`{node.name}` 의 값이 {len(node.args)}개입니다.", f"`{node.name}` was given {len(node.args)} arguments."
        ),
        code="wrong_arguments",
        place=node.place,
        expected=Text(
            f"`{node.name}({names})` 또는 `{node.name}(volume, {names})`",
            f"`{node.name}({names})` or `{node.name}(volume, {names})`",
        ),
    )


def _bars_back(history: History, offset: int) -> int:
    """`price` needs no bar now, and one more for each step back."""
    return offset + 1 if offset and history is History.BARS else 0


def _moves(node: Node) -> bool:
    return any(
        isinstance(part, Call) or (isinstance(part, Name) and NAMES[part.name].history is History.BARS)
        for part in walk(node)
        if not isinstance(part, Name) or part.name in NAMES
    )


def _unknown_name(node: Name) -> ConditionError:
    if node.name in REGISTRY:
        return ConditionError(
            Text(f"`{node.name}` 에는 봉의 수가 필요합니다.", f"`{node.name}` needs a number of bars."),
            code="unknown_name",
            place=node.place,
            suggestion=f"{node.name}(14)",
        )
    return ConditionError(
        Text(f"`{node.name}` 은(는) 없는 이름입니다.", f"There is nothing called `{node.name}`."),
        code="unknown_name",
        place=node.place,
        suggestion=nearest(node.name, [*NAMES, *REGISTRY]),
    )


def _unknown_indicator(node: Call) -> ConditionError:
    if node.name in NAMES:
        return ConditionError(
            Text(f"`{node.name}` 은(는) 지표가 아니라 값입니다.", f"`{node.name}` is a value, not an indicator."),
            code="unknown_indicator",
            place=node.place,
            suggestion=node.name,
        )
    return ConditionError(
        Text(f"`{node.name}` 은(는) 없는 지표입니다.", f"There is no indicator `{node.name}`."),
        code="unknown_indicator",
        place=node.place,
        expected=Text(f"다음 가운데 하나: {', '.join(sorted(REGISTRY))}", f"one of {', '.join(sorted(REGISTRY))}"),
        suggestion=nearest(node.name, [*REGISTRY, "all", "any", "not"]),
    )


def _wrong_kind(node: Node, *, wants_number: bool) -> ConditionError:
    wanted, found = _KIND_NAMES[wants_number], _KIND_NAMES[not wants_number]
    return ConditionError(
        Text(f"`{to_text(node)}` 은(는) {found.ko}입니다.", f"`{to_text(node)}` is {found.en}."),
        code="wrong_kind",
        place=node.place,
        expected=wanted,
    )
