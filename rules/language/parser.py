"""Text to tree, by descent. `parse` never guesses: what it cannot read it names, with its place."""

from collections.abc import Callable
from decimal import Decimal

from market.errors import Text
from rules.indicators import REGISTRY
from rules.language.errors import ConditionError, nearest
from rules.language.lexer import Token, tokens
from rules.language.names import NAMES
from rules.language.nodes import (
    DEEPEST,
    MOST_NODES,
    All,
    AnyOf,
    Arithmetic,
    Boolean,
    Call,
    Comparator,
    Comparison,
    Name,
    Negate,
    Node,
    Not,
    Number,
    Operator,
    Shift,
    fits,
    number_is_sayable,
)

FARTHEST_SHIFT = 500

KEYWORDS = frozenset({"and", "or", "not", "all", "any", "true", "false", "crosses_above", "crosses_below"})
COMPARATORS = {c.value: c for c in Comparator}
_JOINTS = frozenset({"and", "or", "crosses_above", "crosses_below"})
_VALUE = Text("숫자, 이름 또는 괄호", "a number, a name or a parenthesis")


def known_words() -> frozenset[str]:
    """All words of the language."""
    return KEYWORDS | frozenset(NAMES) | frozenset(REGISTRY)


def parse(text: str) -> Node:
    """The tree that the text spells.

    Raises ConditionError with line, column, what was expected and the nearest known word. Whether the names exist
    and the types fit is `check`'s question, except where a name stands in a place that needs an operator.
    """
    parser = _Parser(tokens(text))
    node = parser.whole()
    if not fits(node):
        raise parser.too_deep()
    return node


class _Parser:
    def __init__(self, stream: list[Token]) -> None:
        self.stream = stream
        self.at = 0
        self.depth = 0

    @property
    def now(self) -> Token:
        return self.stream[self.at]

    def take(self) -> Token:
        token = self.now
        self.at += 1
        return token

    def is_word(self, word: str) -> bool:
        return self.now.kind == "word" and self.now.text.lower() == word

    def is_sign(self, *signs: str) -> bool:
        return self.now.kind == "sign" and self.now.text in signs

    def need(self, sign: str) -> None:
        if not self.is_sign(sign):
            raise self.unexpected(Text(f"`{sign}`", f"`{sign}`"))
        self.take()

    # ---- from the loosest binding to the tightest

    def whole(self) -> Node:
        if self.now.kind == "end":
            raise ConditionError(
                Text("조건이 비어 있습니다.", "The condition is empty."),
                code="empty",
                place=self.now.place,
                expected=Text("`rsi(14) < 30` 같은 조건", "a condition such as `rsi(14) < 30`"),
            )
        node = self.either()
        if self.now.kind != "end":
            raise self.unexpected(Text("비교나 and, or 또는 끝", "a comparison, and, or, or the end"), _JOINTS)
        return node

    def either(self) -> Node:
        return self.chain("or", self.both, AnyOf)

    def both(self) -> Node:
        return self.chain("and", self.negation, All)

    def chain(self, word: str, part: Callable[[], Node], kind: type[All] | type[AnyOf]) -> Node:
        place, parts = self.now.place, [part()]
        while self.is_word(word):
            self.take()
            parts.append(part())
        return parts[0] if len(parts) == 1 else kind(tuple(parts), place=place)

    def negation(self) -> Node:
        if not self.is_word("not"):
            return self.comparison()
        place = self.take().place
        return Not(self.deeper(self.negation), place=place)

    def comparison(self) -> Node:
        place, left = self.now.place, self.sum()
        op = self.comparator()
        if op is None:
            return left
        self.take()
        right = self.sum()
        if self.comparator() is not None:
            raise ConditionError(
                Text("비교를 이어 쓸 수 없습니다.", "Comparisons cannot be chained."),
                code="chained",
                place=self.now.place,
                expected=Text(
                    "`1 < x and x < 2` 처럼 and 로 나눈 비교", "two comparisons joined by and: `1 < x and x < 2`"
                ),
            )
        return Comparison(op, left, right, place=place)

    def comparator(self) -> Comparator | None:
        return COMPARATORS.get(self.now.text.lower()) if self.now.kind != "end" else None

    def sum(self) -> Node:
        return self.arithmetic(self.product, "+", "-")

    def product(self) -> Node:
        return self.arithmetic(self.unary, "*", "/")

    def arithmetic(self, part: Callable[[], Node], *signs: str) -> Node:
        place, left = self.now.place, part()
        while self.is_sign(*signs):
            op = Operator(self.take().text)
            left = Arithmetic(op, left, part(), place=place)
        return left

    def unary(self) -> Node:
        if not self.is_sign("-"):
            return self.shifted()
        place = self.take().place
        return Negate(self.deeper(self.unary), place=place)

    def shifted(self) -> Node:
        place, node = self.now.place, self.value()
        while self.is_sign("["):
            self.take()
            node = Shift(node, self.bars(), place=place)
            self.need("]")
        return node

    def bars(self) -> int:
        text = self.now.text
        if self.now.kind != "number" or not text.isdigit() or int(text) > FARTHEST_SHIFT:
            raise self.unexpected(
                Text(f"몇 봉 앞인지 0에서 {FARTHEST_SHIFT} 사이의 정수", f"how many bars before: 0 to {FARTHEST_SHIFT}")
            )
        return int(self.take().text)

    def value(self) -> Node:
        token = self.now
        if token.kind == "number":
            return self.number()
        if self.is_sign("("):
            self.take()
            node = self.deeper(self.either)
            self.need(")")
            return node
        if token.kind != "word" or token.text.lower() in KEYWORDS - {"all", "any", "true", "false"}:
            raise self.unexpected(_VALUE)
        self.take()
        word = token.text.lower()
        if word in ("true", "false"):
            return Boolean(word == "true", place=token.place)
        if word in ("all", "any"):
            items = self.arguments(Text(f"`{word}(조건, 조건)`", f"`{word}(condition, condition)`"))
            return (All if word == "all" else AnyOf)(items, place=token.place)
        if self.is_sign("("):
            wanted = Text(f"{word}의 값, 예를 들어 `{word}(14)`", f"arguments of {word}, such as `{word}(14)`")
            return Call(word, self.arguments(wanted), place=token.place)
        return Name(word, place=token.place)

    def number(self) -> Number:
        token = self.take()
        value = Decimal(token.text)
        if not number_is_sayable(value):
            raise ConditionError(
                Text(
                    f"`{token.text}` 은(는) 너무 크거나 소수가 너무 깁니다.",
                    f"`{token.text}` is too large or too fine.",
                ),
                code="bad_number",
                place=token.place,
                expected=Text(
                    "10^15 보다 작고 소수 10자리 이내의 숫자", "a number below 10^15 with at most ten decimals"
                ),
            )
        return Number(value, place=token.place)

    def arguments(self, wanted: Text) -> tuple[Node, ...]:
        self.need("(")
        if self.is_sign(")"):
            raise self.unexpected(wanted)
        items = [self.deeper(self.either)]
        while self.is_sign(","):
            self.take()
            items.append(self.deeper(self.either))
        self.need(")")
        return tuple(items)

    # ---- limits and complaints

    def deeper(self, part: Callable[[], Node]) -> Node:
        self.depth += 1
        if self.depth > DEEPEST:
            raise self.too_deep()
        node = part()
        self.depth -= 1
        return node

    def too_deep(self) -> ConditionError:
        return ConditionError(
            Text(
                f"조건이 너무 큽니다. {DEEPEST}겹, {MOST_NODES}마디 안으로 나누어 주세요.",
                f"The condition is too large; keep it within {DEEPEST} levels and {MOST_NODES} parts.",
            ),
            code="too_deep",
            place=self.now.place,
        )

    def unexpected(self, wanted: Text, words: frozenset[str] = frozenset()) -> ConditionError:
        """`words`: those that could stand here, for a word that is none."""
        token = self.now
        suggestion = None
        if token.kind == "word" and token.text.lower() not in known_words():
            suggestion = nearest(token.text, words)
        return ConditionError(
            Text(f"여기에 {token.shown.ko} 이(가) 올 수 없습니다.", f"{token.shown.en} cannot stand here."),
            code="unexpected",
            place=token.place,
            expected=wanted,
            suggestion=suggestion,
        )
