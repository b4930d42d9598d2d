"""Text to tree, by descent. `parse` never guesses: what it cannot read it names, with its place."""

from collections.abc import Callable
from decimal import Decimal

from market.errors import Text
from market.words import Timeframe
from rules.language.errors import ConditionError, nearest
from rules.language.lexer import Token, tokens
from rules.language.names import NAMES
from rules.language.nodes import (
    DEEPEST,
    MOST_NODES,
    OWN,
    WORDS,
    All,
    AnyOf,
    Arithmetic,
    Between,
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
    Param,
    Pattern,
    Place,
    Series,
    Shift,
    Signal,
    Word,
    fits,
    is_symbol,
    number_is_sayable,
)
from rules.language.words import (
    COMPARATORS,
    FAMILIES,
    GROUPS,
    JOINTS,
    KEYWORDS,
    has_output,
    known_words,
    stands_bare,
)

FARTHEST_SHIFT = 500

_BEGIN_A_VALUE = GROUPS | {"true", "false"} | frozenset(Signal)
_VALUE = Text("숫자, 이름 또는 괄호", "a number, a name or a parenthesis")
_TIMEFRAMES = ", ".join(Timeframe)


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

    def is_sign_next(self, sign: str) -> bool:
        following = self.stream[self.at + 1 : self.at + 2]
        return bool(following) and following[0].kind == "sign" and following[0].text == sign

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
            raise self.unexpected(Text("비교나 and, or 또는 끝", "a comparison, and, or, or the end"), JOINTS)
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
        if self.is_word("between"):
            return self.between(left, place)
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

    def between(self, of: Node, place: Place) -> Node:
        self.take()
        low = self.sum()
        if not self.is_word("and"):
            raise self.unexpected(Text("`and` 와 위쪽 값", "`and` with the upper value"), frozenset({"and"}))
        self.take()
        return Between(of, low, self.sum(), place=place)

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
        if self.is_sign("-"):
            raise ConditionError(
                Text("아직 오지 않은 봉은 볼 수 없습니다.", "A bar that has not come yet cannot be seen."),
                code="look_ahead",
                place=self.now.place,
                expected=Text("앞의 봉은 `[1]` 처럼 양수", "a positive number, such as `[1]`, for the bar before"),
            )
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
        if token.kind == "param":
            return Param(self.take().text[1:], place=token.place)
        if token.kind == "quoted" or (token.kind == "word" and token.text.lower() not in KEYWORDS - _BEGIN_A_VALUE):
            return self.word()
        raise self.unexpected(_VALUE)

    def word(self) -> Node:
        """What begins with a word: a name, an indicator, a pattern, a group."""
        token = self.take()
        word = token.text.lower()
        if word in ("true", "false"):
            return Boolean(word == "true", place=token.place)
        if word in GROUPS:
            items = self.items(Text(f"`{word}(조건, 조건)`", f"`{word}(condition, condition)`"))
            return (All if word == "all" else AnyOf)(items, place=token.place)
        symbol, name, output = self.split(token)
        series = Series(symbol) if symbol else OWN
        if name in tuple(Signal):
            return self.pattern(Signal(name), series, token.place)
        if self.is_sign("("):
            return self.call(name, series, token.place)
        if output is not None or stands_bare(name):
            return Call(name, (), (), output, series, place=token.place)
        if series == OWN and name in WORDS:
            return Word(name, place=token.place)
        return Name(name, series, place=token.place)

    def split(self, token: Token) -> tuple[str | None, str, str | None]:
        """Symbol, name and output of a word with dots: `QQQ.close`, `position.qty`, `pivot.r1`, `"BRK/B".obv`."""
        if token.kind == "quoted":
            symbol, _, rest = token.text[1:].partition('".')
            first, *more = [symbol, *rest.lower().split(".")]
        else:
            first, *more = token.text.split(".")
            more = [part.lower() for part in more]
            if not more or first.lower() in FAMILIES:
                return None, token.text.lower(), None
            if len(more) == 1 and stands_bare(first.lower()) and has_output(first.lower(), more[0]):
                return None, first.lower(), more[0]
        if not is_symbol(first.upper()):
            raise ConditionError(
                Text(f"`{first}` 은(는) 종목 이름이 아닙니다.", f"`{first}` is no symbol."),
                code="bad_symbol",
                place=token.place,
                expected=Text('QQQ 나 "BRK/B" 같은 종목', 'a symbol such as QQQ or "BRK/B"'),
            )
        if len(more) == 1:
            return first.upper(), more[0], None
        if len(more) == 2 and stands_bare(more[0]):
            return first.upper(), more[0], more[1]
        raise ConditionError(
            Text(f"`{token.text}` 을(를) 읽을 수 없습니다.", f"`{token.text}` cannot be read."),
            code="unknown_name",
            place=token.place,
            expected=Text("`QQQ.close` 나 `QQQ.sma(20)`", "`QQQ.close` or `QQQ.sma(20)`"),
        )

    def pattern(self, signal: Signal, series: Series, place: Place) -> Node:
        wanted = Text(f"캔들 패턴, 예를 들어 `{signal}(engulfing)`", f"a candle pattern, such as `{signal}(engulfing)`")
        if not self.is_sign("("):
            raise self.unexpected(wanted)
        self.take()
        if self.now.kind != "word" or "." in self.now.text:
            raise self.unexpected(wanted)
        name = self.take().text.lower()
        if self.is_sign(","):
            self.take()
            if not (self.is_word("timeframe") and self.is_sign_next("=")):
                raise self.unexpected(Text("`timeframe=1d` 또는 `)`", "`timeframe=1d` or `)`"))
            series = self.with_timeframe(series)
        self.need(")")
        return Pattern(signal, name, series, place=place)

    def call(self, name: str, series: Series, place: Place) -> Node:
        """Arguments, and the output after them: `(20, std=2, timeframe=1d).upper`."""
        self.need("(")
        args: list[Node] = []
        named: dict[str, Node] = {}
        while not self.is_sign(")"):
            if self.now.kind == "word" and self.is_sign_next("="):
                series = self.named_argument(named, series)
            elif named or series.timeframe is not None:
                raise self.unexpected(Text("`이름=값`", "`name=value`"))
            else:
                args.append(self.deeper(self.either))
            if not self.is_sign(")"):
                if not self.is_sign(","):
                    raise self.unexpected(Text("`,` 또는 `)`", "`,` or `)`"))
                self.take()
                if self.is_sign(")"):
                    raise self.unexpected(_VALUE)
        self.need(")")
        if name in NAMES and not args and not named and series.timeframe is not None:
            return Name(name, series, place=place)
        return Call(name, tuple(args), tuple(named.items()), self.output(), series, place=place)

    def named_argument(self, named: dict[str, Node], series: Series) -> Series:
        token = self.now
        name = token.text.lower()
        if name in named or (name == "timeframe" and series.timeframe is not None):
            raise ConditionError(
                Text(f"{name} 이(가) 두 번 있습니다.", f"{name} is given twice."),
                code="wrong_arguments",
                place=token.place,
            )
        if name == "timeframe":
            return self.with_timeframe(series)
        if "." in name or name in KEYWORDS:
            raise self.unexpected(Text("`이름=값`", "`name=value`"))
        self.at += 2
        named[name] = self.deeper(self.either)
        return series

    def with_timeframe(self, series: Series) -> Series:
        """`timeframe=1d`, as a series."""
        self.at += 2
        token = self.now
        if token.text.lower() not in tuple(Timeframe):
            raise ConditionError(
                Text(f"{token.shown.ko} 은(는) 봉의 길이가 아닙니다.", f"{token.shown.en} is no length of a bar."),
                code="bad_timeframe",
                place=token.place,
                expected=Text(f"다음 가운데 하나: {_TIMEFRAMES}", f"one of {_TIMEFRAMES}"),
            )
        self.take()
        return Series(series.symbol, Timeframe(token.text.lower()))

    def output(self) -> str | None:
        if not self.is_sign("."):
            return None
        self.take()
        if self.now.kind != "word" or "." in self.now.text:
            raise self.unexpected(Text("`.signal` 같은 값 이름", "the name of an output, such as `.signal`"))
        return self.take().text.lower()

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

    def items(self, wanted: Text) -> tuple[Node, ...]:
        self.need("(")
        if self.is_sign(")"):
            raise self.unexpected(wanted)
        items = [self.deeper(self.either)]
        while self.is_sign(","):
            self.take()
            items.append(self.deeper(self.either))
        if not self.is_sign(")"):
            raise self.unexpected(Text("`,` 또는 `)`", "`,` or `)`"))
        self.take()
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
        if self.is_sign("="):
            return ConditionError(
                Text("`=` 은(는) 값을 이름에 줄 때만 씁니다.", "`=` only gives an argument its value."),
                code="bad_character",
                place=token.place,
                suggestion="==",
            )
        if token.kind == "span":
            return ConditionError(
                Text(f"`{token.text}` 은(는) 숫자로 읽을 수 없습니다.", f"`{token.text}` is not a number."),
                code="bad_number",
                place=token.place,
                expected=Text("30 이나 0.5 같은 숫자", "a number such as 30 or 0.5"),
            )
        suggestion = None
        if token.kind == "word" and token.text.lower() not in known_words():
            crosses = token.text.lower() in _CROSSES
            suggestion = self.which_side() if crosses else nearest(token.text, words)
            wanted = Text(*["crosses_above / crosses_below"] * 2) if crosses and suggestion is None else wanted
        return ConditionError(
            Text(f"여기에 {token.shown.ko} 이(가) 올 수 없습니다.", f"{token.shown.en} cannot stand here."),
            code="unexpected",
            place=token.place,
            expected=wanted,
            suggestion=suggestion,
        )

    def which_side(self) -> str | None:
        """What `crosses above` or `crosses under` means; never a guess, the other side is the opposite trade."""
        after = self.stream[self.at + 1].text.lower()
        return next((word for word, sides in _SIDES.items() if after in sides), None)


_CROSSES = frozenset({"cross", "crosses", "crossed", "crossing"})
_SIDES = {"crosses_above": {"above", "over", "up", "upwards"}, "crosses_below": {"below", "under", "down", "downwards"}}
