"""A condition that means something may still say nothing: never true, always true, or not what it seems to say."""

from collections.abc import Iterator
from dataclasses import replace

from market.errors import Text
from rules.language import mistakes
from rules.language.nodes import (
    All,
    AnyOf,
    Between,
    Boolean,
    Call,
    Comparator,
    Comparison,
    Name,
    Node,
    Not,
    Place,
    Shift,
    unshifted,
    walk,
)
from rules.language.printer import to_text
from rules.language.ranges import (
    Facts,
    always,
    difference_of,
    divides_by_zero,
    facts,
    holds_its_own_bar,
    joined,
    range_of,
)

Odd = tuple[str, Text, Place | None, str | None]  # code, text, place, suggestion


def warnings_of(node: Node) -> tuple[Odd, ...]:
    """What is odd about a condition whose types are right. Raises ConditionError where it can never be true."""
    odd: list[Odd] = []
    for part in walk(node):
        if divides_by_zero(part):
            raise mistakes.divides_by_zero(part)
        if isinstance(part, Comparison):
            odd += _compared(part)
        elif isinstance(part, Between):
            odd += _between(part)
    _must_agree(node, True)
    if not odd and not isinstance(node, Boolean) and facts(node, False) is None:
        odd.append(_always_true(node))
    return tuple(odd)


def _compared(node: Comparison) -> Iterator[Odd]:
    if _is_of_words(node):
        return
    answer = always(node)
    if answer is False:
        because, suggestion = _why_never(node)
        raise mistakes.never_true(node, because, suggestion)
    if answer is True:
        yield _always_true(node)
    else:
        yield from _own_bar(node)


def _between(node: Between) -> Iterator[Odd]:
    low, high = Comparison(Comparator.GE, node.of, node.low), Comparison(Comparator.LE, node.of, node.high)
    width = difference_of(node.high, node.low)
    if width.high is not None and width.high < 0:
        swapped = to_text(Between(node.of, node.high, node.low))
        raise mistakes.never_true(
            node, Text("아래쪽 값이 위쪽 값보다 큼", "the lower value is above the upper one"), swapped
        )
    if always(low) is False or always(high) is False or facts(node, True) is None:
        raise mistakes.never_true(node, _range_text(node.of))
    if always(low) and always(high):
        yield _always_true(node)


def _is_of_words(node: Comparison) -> bool:
    return any(isinstance(side, Name) and side.name == "session.phase" for side in (node.left, node.right))


def _why_never(node: Comparison) -> tuple[Text, str | None]:
    if node.left == node.right:
        return Text("양쪽이 같은 값임", "both sides are the same value"), None
    for extreme in (node.right, node.left):
        source, ago = unshifted(extreme)
        if holds_its_own_bar(source) and difference_of(node.left, node.right) != _plain(node):
            text = to_text(extreme)
            earlier = to_text(Shift(source, ago + 1))
            because = Text(f"`{text}` 은(는) 이 봉까지 든 구간의 값임", f"the window of `{text}` holds this very bar")
            return because, earlier
    if difference_of(node.left, node.right) != _plain(node):
        return Text("같은 봉 안의 값이라 순서가 정해져 있음", "within one bar their order is given"), None
    side = node.left if range_of(node.right).point is not None else node.right
    return _range_text(side), None


def _plain(node: Comparison) -> object:
    return range_of(node.left).plus(range_of(node.right).negated())


def _range_text(side: Node) -> Text:
    lies, text = range_of(side), to_text(side)
    if lies.point is not None:
        return Text("두 값이 모두 고정됨", "both values are fixed")
    if lies.low is not None and lies.high is not None:
        return Text(
            f"`{text}` 은(는) {lies.low:f}에서 {lies.high:f} 사이임",
            f"`{text}` lies between {lies.low:f} and {lies.high:f}",
        )
    if lies.low is not None:
        return Text(f"`{text}` 은(는) {lies.low:f} 이상임", f"`{text}` is never below {lies.low:f}")
    if lies.high is not None:
        return Text(f"`{text}` 은(는) {lies.high:f} 이하임", f"`{text}` is never above {lies.high:f}")
    return Text("두 값의 범위가 겹치지 않음", "the two ranges do not meet")


def _own_bar(node: Comparison) -> Iterator[Odd]:
    """`price > maximum(20)`: the newest bar is in the window that it is compared with."""
    for extreme, other in ((node.right, node.left), (node.left, node.right)):
        # While a bar forms its close is the price.
        of_bar = replace(other, name="close") if other == Name("price") else other
        held = difference_of(of_bar, extreme)
        if isinstance(extreme, Call) and holds_its_own_bar(extreme) and 0 in (held.low, held.high):
            text, earlier = to_text(extreme), to_text(Shift(extreme, 1))
            yield (
                "holds_own_bar",
                Text(
                    f"`{text}` 의 구간에는 가장 새로운 봉도 들어 있습니다. 그 앞까지는 `{earlier}` 입니다.",
                    f"The window of `{text}` holds the newest bar itself; `{earlier}` ends before it.",
                ),
                node.place,
                earlier,
            )
            return


def _must_agree(node: Node, wish: bool) -> None:
    """Raises ConditionError at the first part that cannot be true together with those before it."""
    match node:
        case Not(of=of):
            _must_agree(of, not wish)
        case All(of=items) | AnyOf(of=items):
            for item in items:
                _must_agree(item, wish)
            if isinstance(node, All) is wish:
                _agree(items, wish)
        case Comparison() | Between() if facts(node, wish) is None:
            text = to_text(node)
            raise mistakes.never_true(
                node if wish else Not(node, place=node.place),
                Text(f"`{text}` 은(는) 늘 참임", f"`{text}` is always true"),
            )


def _agree(items: tuple[Node, ...], wish: bool) -> None:
    known: Facts = {}
    for number, item in enumerate(items):
        more = facts(item, wish)
        both = None if more is None else joined(known, more)
        if both is None:
            earlier = next((e for e in items[:number] if not _fit(e, item, wish)), None)
            words = " and " if wish else " or "
            shown = to_text(earlier) if earlier else words.join(map(to_text, items[:number])) or to_text(item)
            raise mistakes.contradiction(item, shown)
        known = both


def _fit(one: Node, other: Node, wish: bool) -> bool:
    a, b = facts(one, wish), facts(other, wish)
    return a is not None and b is not None and joined(a, b) is not None


def _always_true(node: Node) -> Odd:
    text = to_text(node)
    return (
        "always_true",
        Text(f"`{text}` 은(는) 값을 알 수만 있으면 늘 참입니다.", f"`{text}` is true whenever it is known."),
        node.place,
        None,
    )
