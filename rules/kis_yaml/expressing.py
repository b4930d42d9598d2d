"""A tree of our language to the flat list of conditions that the official file has, or the reasons why not.

Rewritten where the other form means the same: `not` is pushed inwards, `between` becomes two conditions, a number on
the left changes sides, `close < 0.9 * sma(20)` becomes `disparity(20) < 90` (or a scaled right side for the
backtester), `returns(n)` becomes `roc(n)`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from market.errors import Text
from market.words import Timeframe
from rules.kis_yaml import profiles as say
from rules.kis_yaml.errors import Reason
from rules.kis_yaml.official import (
    CANDLESTICKS,
    INDICATORS,
    PRICES,
    OfficialIndicator,
    OfficialParam,
    limits,
    must_rise,
)
from rules.kis_yaml.profiles import Candle, Compared, Condition, Group, Operand, Profile, Reference, Scalar, Setting
from rules.language.nodes import (
    MOST_DECIMALS,
    OWN,
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
    Series,
    Shift,
    Word,
)
from rules.language.printer import to_text

_OPPOSITE = {
    Comparator.LT: Comparator.GE,
    Comparator.LE: Comparator.GT,
    Comparator.GT: Comparator.LE,
    Comparator.GE: Comparator.LT,
    Comparator.EQ: Comparator.NE,
    Comparator.NE: Comparator.EQ,
}
_MIRRORED = {
    Comparator.LT: Comparator.GT,
    Comparator.LE: Comparator.GE,
    Comparator.GT: Comparator.LT,
    Comparator.GE: Comparator.LE,
    Comparator.EQ: Comparator.EQ,
    Comparator.NE: Comparator.NE,
    Comparator.CROSSES_ABOVE: Comparator.CROSSES_BELOW,
    Comparator.CROSSES_BELOW: Comparator.CROSSES_ABOVE,
}
_HUNDRED = Fraction(100)


class Inexpressible(Exception):
    """One part that the file has no words for."""

    def __init__(self, part: Node, text: Text, code: str) -> None:
        super().__init__(text.en)
        self.reason = Reason(to_text(part), text, code)


@dataclass(frozen=True, slots=True)
class _Sum:
    """`terms`: each operand with its factor; exact."""

    terms: tuple[tuple[Operand, Fraction], ...]
    constant: Fraction

    def plus(self, other: "_Sum", factor: int = 1) -> "_Sum":
        terms = dict(self.terms)
        for operand, size in other.terms:
            terms[operand] = terms.get(operand, Fraction(0)) + factor * size
        return _Sum(tuple(terms.items()), self.constant + factor * other.constant)

    def times(self, factor: Fraction) -> "_Sum":
        return _Sum(tuple((operand, size * factor) for operand, size in self.terms), self.constant * factor)


class Expresser:
    """`values`: what every parameter is worth. Collects reasons instead of stopping at the first."""

    def __init__(self, profile: Profile, values: Mapping[str, Decimal | str], timeframe: Timeframe) -> None:
        self.profile = profile
        self.values = values
        self.timeframe = timeframe
        self.reasons: list[Reason] = []

    def group(self, node: Node, *, may_never: bool) -> Group:
        """`may_never`: a condition that is never true may be written as one that cannot hold (an exit by stops)."""
        node = _folded(_pushed(node, negated=False))
        if isinstance(node, Boolean):
            return self.constant(node, may_never)
        logic = "OR" if isinstance(node, AnyOf) else "AND"
        items = node.of if isinstance(node, All | AnyOf) else (node,)
        made = [condition for item in items if (condition := self.tried(item)) is not None]
        return Group(logic, tuple(made))

    def constant(self, node: Boolean, may_never: bool) -> Group:
        if node.value or not may_never:
            self.reasons.append(Reason(to_text(node), say.CONSTANT if node.value else say.NEVER, "constant"))
        close = Operand("close", is_price=True)
        return Group("AND", (Compared(close, Comparator.LT, Decimal(0)),))

    def tried(self, node: Node) -> Condition | None:
        try:
            return self.condition(node)
        except Inexpressible as e:
            self.reasons.append(e.reason)
            return None

    def condition(self, node: Node) -> Condition:
        match node:
            case Pattern():
                return self.candle(node)
            case Comparison(op=op, left=left, right=right):
                return self.comparison(node, op, left, right)
            case All() | AnyOf():
                raise Inexpressible(node, say.NESTED, "nested")
            case Not():
                raise Inexpressible(node, say.NEGATED, "negated")
        raise Inexpressible(node, say.ARITHMETIC, "not_a_comparison")

    def candle(self, node: Pattern) -> Candle:
        self.must_be_own(node, node.series)
        if node.name not in CANDLESTICKS:
            raise Inexpressible(node, say.NO_PATTERN, "unsupported_pattern")
        return Candle(node.name, node.signal.value)

    # ---- comparisons

    def comparison(self, node: Node, op: Comparator, left: Node, right: Node) -> Compared:
        if op in (Comparator.EQ, Comparator.NE):
            self.must_speak_of_numbers(left, right)
            if self.profile is Profile.BOTH:
                raise Inexpressible(node, say.EQUALITY, "equality")
        as_it_is = self.as_it_is(op, left, right) or self.as_it_is(_MIRRORED[op], right, left)
        return self.allowed(node, as_it_is or self.solved(node, op, left, right))

    def must_speak_of_numbers(self, *sides: Node) -> None:
        if any(isinstance(side, Word | Boolean) for side in sides):
            for side in sides:
                if isinstance(side, Name):
                    self.price(side)

    def as_it_is(self, op: Comparator, left: Node, right: Node) -> Compared | None:
        """The shapes that a file has already: no reckoning."""
        if not isinstance(left, Name | Call):
            return None
        match right:
            case Name() | Call():
                return Compared(self.operand(left), op, self.operand(right))
            case Param(name=name) if self.profile is Profile.BACKTESTER and self.is_number(name):
                return Compared(self.operand(left), op, Reference(name))
            case Arithmetic(op=how, left=Name() | Call() as of, right=by) if self.profile is Profile.BACKTESTER:
                size = self.sum(by)
                if not size.terms and not op.crosses:
                    scalar = Scalar(how, self.spelled(right, size.constant))
                    return Compared(self.operand(left), op, self.operand(of), scalar)
        return None

    def is_number(self, name: str) -> bool:
        return isinstance(self.values.get(name), Decimal)

    def solved(self, node: Node, op: Comparator, left: Node, right: Node) -> Compared:
        """The first operand alone on the left."""
        whole = self.sum(left).plus(self.sum(right), -1)
        terms = [(operand, size) for operand, size in whole.terms if size]
        if not 1 <= len(terms) <= 2:
            raise Inexpressible(node, say.ARITHMETIC, "arithmetic")
        (first, size), others = terms[0], terms[1:]
        op = op if size > 0 else _MIRRORED[op]
        constant = -whole.constant / size
        if not others:
            return Compared(first, op, self.spelled(node, constant))
        second, factor = others[0][0], -others[0][1] / size
        return self.of_two(node, op, first, second, factor, constant)

    def of_two(
        self, node: Node, op: Comparator, first: Operand, second: Operand, factor: Fraction, constant: Fraction
    ) -> Compared:
        """first op factor · second + constant."""
        if factor == 1 and not constant:
            return Compared(first, op, second)
        if self.profile is Profile.BOTH or op.crosses:
            found = None if constant else self.disparity(node, op, first, second, factor)
            if found is None:
                raise Inexpressible(node, *((say.SCALED_CROSS, "scaled") if op.crosses else (say.SCALED, "scaled")))
            return found
        if factor == 1:
            return Compared(first, op, second, Scalar(Operator.ADD, self.spelled(node, constant)))
        if constant:
            raise Inexpressible(node, say.ARITHMETIC, "arithmetic")
        if factor and _exact(factor) is None and _exact(1 / factor) is not None:
            return Compared(first, op, second, Scalar(Operator.DIVIDE, self.spelled(node, 1 / factor)))
        return Compared(first, op, second, Scalar(Operator.MULTIPLY, self.spelled(node, factor)))

    def disparity(
        self, node: Node, op: Comparator, first: Operand, second: Operand, factor: Fraction
    ) -> Compared | None:
        """close against a multiple of its own average is a number for `disparity`."""
        if factor <= 0 or {first.name, second.name} != {"close", "sma"}:
            return None
        average = first if first.name == "sma" else second
        if average is first:
            op, factor = _MIRRORED[op], 1 / factor
        return Compared(Operand("disparity", params=average.params), op, self.spelled(node, factor * _HUNDRED))

    def allowed(self, node: Node, found: Compared) -> Compared:
        """What the tools would read otherwise."""
        prices = [side.name for side in (found.left, found.right) if isinstance(side, Operand) and side.is_price]
        if "volume" in prices and self.profile is Profile.BOTH:
            raise Inexpressible(node, say.VOLUME, "volume")
        if found.op.crosses and any(name != "close" for name in prices):
            raise Inexpressible(node, say.CROSS_PRICE, "cross_price")
        if found.scalar is not None and self.profile is Profile.BOTH:
            raise Inexpressible(node, say.SCALED, "scaled")
        return found

    # ---- values

    def sum(self, node: Node) -> _Sum:
        match node:
            case Number(value=value):
                return _Sum((), Fraction(value))
            case Param(name=name) if isinstance(worth := self.values.get(name), Decimal):
                return _Sum((), Fraction(worth))
            case Negate(of=of):
                return self.sum(of).times(Fraction(-1))
            case Name() | Call():
                return _Sum(((self.operand(node), Fraction(1)),), Fraction(0))
            case Arithmetic(op=op, left=left, right=right):
                return self.arithmetic(node, op, self.sum(left), self.sum(right))
            case Shift():
                raise Inexpressible(node, say.SHIFTED, "shifted")
        raise Inexpressible(node, say.ARITHMETIC, "arithmetic")

    def arithmetic(self, node: Node, op: Operator, left: _Sum, right: _Sum) -> _Sum:
        if op is Operator.ADD:
            return left.plus(right)
        if op is Operator.SUBTRACT:
            return left.plus(right, -1)
        if op is Operator.MULTIPLY and not left.terms:
            return right.times(left.constant)
        if op is Operator.MULTIPLY and not right.terms:
            return left.times(right.constant)
        if op is Operator.DIVIDE and not right.terms and right.constant:
            return left.times(1 / right.constant)
        ratio = self.ratio(left, right) if op is Operator.DIVIDE else None
        if ratio is None:
            raise Inexpressible(node, say.ARITHMETIC, "arithmetic")
        return ratio

    def ratio(self, left: _Sum, right: _Sum) -> _Sum | None:
        """close / sma(n) is disparity(n) / 100."""
        if left.constant or right.constant or len(left.terms) != 1 or len(right.terms) != 1:
            return None
        (above, a), (below, b) = left.terms[0], right.terms[0]
        if above.name != "close" or below.name != "sma":
            return None
        return _Sum(((Operand("disparity", params=below.params), a / b / _HUNDRED),), Fraction(0))

    def operand(self, node: Name | Call) -> Operand:
        self.must_be_own(node, node.series)
        return self.price(node) if isinstance(node, Name) else self.indicator(node)

    def must_be_own(self, node: Node, series: Series) -> None:
        if series == OWN:
            return
        if series.symbol is not None:
            raise Inexpressible(node, say.OTHER_SYMBOL, "other_symbol")
        if series.timeframe is not self.timeframe:
            raise Inexpressible(node, say.OTHER_TIMEFRAME, "other_timeframe")

    def price(self, node: Name) -> Operand:
        if node.name in PRICES:
            return Operand("close" if node.name == "price" else node.name, is_price=True)
        family = say.FAMILIES.get(node.name.split(".")[0], say.ONLY_NOW)
        raise Inexpressible(node, family, "not_in_the_file")

    def indicator(self, node: Call) -> Operand:
        official = INDICATORS.get(node.name)
        if official is None:
            raise Inexpressible(node, say.NO_INDICATOR, "no_indicator")
        output = node.output or official.outputs[0]
        unlike = say.NOT_AS_MEANT.get(node.name) or say.NOT_AS_MEANT.get(f"{node.name}.{output}")
        if unlike:
            raise Inexpressible(node, unlike, "not_as_meant")
        params = self.params(node, official)
        # The backtester's returns are a hundred times too large; its roc is what ours means.
        name = "roc" if official.id == "returns" else official.id
        return Operand(name, params=params, output=output if official.has_choice_of_outputs else None)

    def params(self, node: Call, official: OfficialIndicator) -> tuple[tuple[str, Setting], ...]:
        said = self.said(node, official)
        found = tuple((param.name, self.setting(node, official, param, said)) for param in official.params)
        fast, slow = (self.worth(dict(found).get(name)) for name in ("fast", "slow"))
        if must_rise(official.id) and isinstance(fast, Decimal) and isinstance(slow, Decimal) and fast >= slow:
            text = Text(
                "공식 백테스터는 fast 가 slow 보다 작기를 요구합니다.",
                "The official backtester wants fast below slow.",
            )
            raise Inexpressible(node, text, "out_of_range")
        return found

    def said(self, node: Call, official: OfficialIndicator) -> dict[str, Node]:
        named, args = dict(node.named), node.args
        source = named.pop("source", None)
        if source is None and args and isinstance(args[0], Name) and args[0].name not in ("up", "down"):
            source, args = args[0], args[1:]
        if source is not None and source != Name("close"):
            raise Inexpressible(node, say.NO_SOURCE, "source")
        return dict(zip((param.name for param in official.params), args, strict=False)) | named

    def setting(
        self, node: Call, official: OfficialIndicator, param: OfficialParam, said: Mapping[str, Node]
    ) -> Setting:
        given = said.get(param.name)
        if given is None:
            return param.default
        if isinstance(given, Param):
            setting: Setting = Reference(given.name)
        elif param.kind == "direction":
            setting = to_text(given)
        else:
            setting = self.spelled(node, self.sum(given).constant)
        worth = self.worth(setting)
        if not self.is_in_range(official, param, worth):
            text = Text(
                f"`{param.name}` {worth} 은(는) 공식 백테스터의 범위 밖입니다.",
                f"`{param.name}` {worth} is outside what the official backtester takes.",
            )
            raise Inexpressible(node, text, "out_of_range")
        return setting if self.profile is Profile.BACKTESTER or worth is None else worth

    def worth(self, setting: Setting | None) -> Decimal | str | None:
        return self.values.get(setting.name) if isinstance(setting, Reference) else setting

    def is_in_range(self, official: OfficialIndicator, param: OfficialParam, worth: Decimal | str | None) -> bool:
        if param.kind == "direction":
            return worth in ("up", "down")
        if not isinstance(worth, Decimal) or (param.kind == "int" and worth != worth.to_integral_value()):
            return False
        bounds = limits(official.id, param.name)
        odd = official.id == "frama" and worth % 2 == 1
        return not odd and (bounds is None or bounds[0] <= worth <= bounds[1])

    def spelled(self, node: Node, value: Fraction) -> Decimal:
        found = _exact(value)
        if found is None:
            raise Inexpressible(node, say.NOT_EXACT, "not_exact")
        return found


def _exact(value: Fraction) -> Decimal | None:
    """The decimal that is exactly it, if ten decimals hold it."""
    scaled = value * 10**MOST_DECIMALS
    if scaled.denominator != 1 or abs(value) >= 10**15:
        return None
    found = Decimal(scaled.numerator).scaleb(-MOST_DECIMALS)
    return Decimal(format(found.normalize(), "f")) if found else Decimal(0)


def _pushed(node: Node, *, negated: bool) -> Node:
    """`not` pushed to the leaves, `between` as two conditions. In three-valued logic too this changes nothing."""
    match node:
        case Not(of=of):
            return _pushed(of, negated=not negated)
        case All(of=items) | AnyOf(of=items):
            kind: type[All] | type[AnyOf] = All if isinstance(node, All) is not negated else AnyOf
            return kind(tuple(_pushed(item, negated=negated) for item in items))
        case Between(of=of, low=low, high=high):
            both = All((Comparison(Comparator.GE, of, low), Comparison(Comparator.LE, of, high)))
            return _pushed(both, negated=negated)
        case Boolean(value=value):
            return Boolean(value is not negated)
        case Comparison(op=op) if negated and op in _OPPOSITE:
            return Comparison(_OPPOSITE[op], node.left, node.right)
    return Not(node) if negated else node


def _folded(node: Node) -> Node:
    """Groups within their own kind opened, groups of one taken out, true and false reckoned."""
    if not isinstance(node, All | AnyOf):
        return node
    kind, settles = type(node), isinstance(node, AnyOf)
    items: list[Node] = []
    for item in (_folded(item) for item in node.of):
        if isinstance(item, Boolean):
            if item.value is settles:
                return Boolean(settles)
        elif isinstance(item, kind):
            items += item.of
        else:
            items.append(item)
    if not items:
        return Boolean(not settles)
    return items[0] if len(items) == 1 else kind(tuple(items))
