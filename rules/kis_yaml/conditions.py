"""One entry of `conditions` to one node of our language."""

from rules.kis_yaml.candles import CONDITION_KEYS, Candles
from rules.kis_yaml.declarations import Declarations
from rules.kis_yaml.official import MEANT_OPERATOR, OPERATORS, Spelling
from rules.kis_yaml.params import Params
from rules.kis_yaml.remarks import Remarks, as_leaf, given, wrong
from rules.kis_yaml.sides import Sides
from rules.kis_yaml.yaml_tree import Leaf, Listed, Mapped, Tree
from rules.language.errors import nearest
from rules.language.nodes import (
    Call,
    Comparator,
    Comparison,
    Name,
    Negate,
    Node,
    Number,
    Place,
)

_GROUP_KEYS = ("conditions", "logic", "and", "or", "AND", "OR", "all", "any", "not")


# Prices, and means and extremes of nothing but prices.
_NEVER_NEGATIVE = {
    *("close", "open", "high", "low", "sma", "ema", "lwma", "trima", "wma", "vwma", "vwap"),
    *("maximum", "minimum", "midpoint", "midprice"),
}


class Conditions:
    """Reads the conditions of one file."""

    def __init__(self, remarks: Remarks, params: Params, declared: Declarations) -> None:
        self.remarks = remarks
        self.candles = Candles(remarks, declared)
        self.sides = Sides(remarks, params, declared)

    def read(self, item: Tree, where: str) -> Node:
        """Raises KisYamlError at the first thing that cannot be understood."""
        if not isinstance(item, Mapped):
            raise wrong(
                item,
                "not_a_condition",
                f"{where} 의 조건이 `이름: 값` 의 묶음이 아닙니다.",
                f"A condition of {where} is no mapping of names to values.",
                _EXAMPLE,
            )
        self.must_not_nest(item, where)
        self.remarks.unknown_keys(item, CONDITION_KEYS, f"{where}.conditions")
        candle = given(item, "candlestick")
        if candle is not None:
            return self.candles.read(item, as_leaf(candle, "candlestick", "패턴의 별명", "a pattern's alias"))
        left = given(item, "indicator")
        legacy = self.candles.legacy(item, left)
        return legacy or self.comparison(item, left)

    def must_not_nest(self, item: Mapped, where: str) -> None:
        for key, value in item.items:
            if key.text in _GROUP_KEYS and (key.text in ("conditions", "logic") or isinstance(value, Listed | Mapped)):
                raise wrong(
                    key,
                    "nested_group",
                    f"{where} 의 조건 안에 또 묶음(`{key.text}`)이 있습니다. 이 형식에는 겹친 묶음이 없고 공식 "
                    f"도구는 이것을 "
                    "버리거나 거절합니다.",
                    f"A condition of {where} holds another group (`{key.text}`). The format has no nested groups: the "
                    "official tools drop or refuse it.",
                    ("한 줄로 늘어놓은 조건들과 AND 또는 OR 하나", "a flat list of conditions under one AND or OR"),
                )

    # ---- comparisons

    def comparison(self, item: Mapped, left: Tree | None) -> Node:
        op = self.operator(item)
        if left is None:
            self.remarks.warn(
                item,
                "left_missing",
                "`indicator` 가 없어 공식 백테스터처럼 close 로 읽었습니다.",
                "There is no `indicator`: it was read as close, as the official backtester does.",
            )
            a: Node = Name("close", place=_place(item))
        else:
            leaf = as_leaf(left, "indicator", "별명 또는 값의 이름", "an alias or a price")
            a = self.sides.operand(leaf, given(item, "output"), "output")
        right = self.sides.right(item)
        made = Comparison(op, a, self.sides.scaled(item, op, right), place=_place(item))
        self.remark(item, made)
        return made

    def operator(self, item: Mapped) -> Comparator:
        for key in ("operator", "event", "type"):
            value = given(item, key)
            if value is None:
                continue
            if key != "operator":
                self.remarks.warn(
                    item.key(key) or item,
                    "operator_key",
                    f"`{key}` 을(를) operator 로 읽었습니다. 파일에서 공식 도구는 `{key}` 을(를) 무시하고 "
                    f"greater_than 으로 봅니다.",
                    f"`{key}` was read as the operator. In a file the official tools ignore `{key}` and take "
                    "greater_than.",
                )
            leaf = as_leaf(value, key, "연산자의 이름, 예를 들어 cross_above", "an operator, such as cross_above")
            return self.spelled(leaf)
        self.remarks.warn(
            item,
            "operator_missing",
            "`operator` 가 없어 공식 백테스터와 빌더처럼 greater_than 으로 읽었습니다. MCP 에서는 오류입니다.",
            "There is no `operator`: it was read as greater_than, as the official backtester and builder do. To MCP "
            "it is an error.",
        )
        return Comparator.GT

    def spelled(self, leaf: Leaf) -> Comparator:
        word = leaf.text.strip().lower()
        if word == "between":
            raise wrong(
                leaf,
                "between",
                "`between` 에는 둘째 값을 적을 곳이 없어, 공식 백테스터는 `>` 로 계산합니다.",
                "`between` has no place for its second bound: the official backtester reckons it as `>`.",
                ("greater_equal 과 less_equal 인 두 조건", "two conditions, greater_equal and less_equal"),
            )
        found = OPERATORS.get(word)
        if found is None:
            raise wrong(
                leaf,
                "unknown_operator",
                f"`{leaf.text}` 은(는) 없는 연산자입니다. 공식 빌더는 이것을 말없이 greater_than 으로 바꿉니다.",
                f"There is no operator `{leaf.text}`. The official builder silently makes it greater_than.",
                (
                    "greater_than, less_than, greater_equal, less_equal, cross_above, cross_below 가운데 하나",
                    "one of greater_than, less_than, greater_equal, less_equal, cross_above, cross_below",
                ),
                suggestion=MEANT_OPERATOR.get(word) or nearest(word, OPERATORS),
            )
        self.tell_operator(leaf, found)
        if word == "breaks":
            self.remarks.warn(
                leaf,
                "breaks",
                "`breaks` 는 교차가 아니라 단순한 `>` 입니다.",
                "`breaks` is no crossing but a plain `>`.",
            )
        return found.comparator

    def tell_operator(self, leaf: Leaf, found: Spelling) -> None:
        exact = leaf.text == leaf.text.strip().lower()
        if not found.in_backtester:
            self.remarks.warn(
                leaf,
                "backtester_refuses",
                f"공식 백테스터는 `{leaf.text}` 을(를) 거절합니다. 두 도구가 모두 읽는 `=` 의 이름은 없습니다.",
                f"The official backtester refuses `{leaf.text}`. No spelling of equality works in both tools.",
            )
        elif not found.in_builder or not exact:
            self.remarks.warn(
                leaf,
                "builder_misreads",
                f"공식 빌더는 `{leaf.text}` 을(를) 모르고 말없이 greater_than 으로 바꿉니다.",
                f"The official builder does not know `{leaf.text}` and silently makes it greater_than.",
            )

    # ---- what the tools make of it

    def remark(self, item: Mapped, made: Comparison) -> None:
        prices = {side.name for side in (made.left, made.right) if isinstance(side, Name)}
        if made.left == made.right:
            self.remarks.warn(
                item,
                "self_comparison",
                "같은 것을 자신과 비교합니다.",
                "It compares a thing with itself.",
            )
        self.tell_below_zero(item, made)
        if made.op.crosses:
            self.tell_cross(item, made)
        elif prices & {"high", "low"}:
            self.remarks.info(
                item,
                "high_low_in_builder",
                "공식 빌더의 실시간 신호는 비교에 쓴 high, low 를 최근 20일의 최고·최저로 계산합니다.",
                "In a comparison the official builder's live signals take high and low for the extremes of the last 20 "
                "days.",
            )
        if made.op in (Comparator.EQ, Comparator.NE):
            self.remarks.info(
                item,
                "exact_equality",
                "같음은 마지막 자리까지 봅니다.",
                "Equality is exact, to the last digit.",
            )

    def tell_below_zero(self, item: Mapped, made: Comparison) -> None:
        """No price is below zero: neither a bar's nor a mean or an extreme of them."""
        below = made.op in (Comparator.LT, Comparator.LE, Comparator.CROSSES_BELOW)
        level = made.right.value if isinstance(made.right, Number) else -1 if isinstance(made.right, Negate) else 1
        if below and level <= 0 and isinstance(made.left, Name | Call) and made.left.name in _NEVER_NEGATIVE:
            self.remarks.warn(
                item,
                "price_below_zero",
                "가격은 0 아래로 내려가지 않으므로 이 조건은 참이 되지 않습니다.",
                "No price falls below zero: this condition never comes true.",
            )

    def tell_cross(self, item: Mapped, made: Comparison) -> None:
        without_memory = sorted(
            side.name for side in (made.left, made.right) if isinstance(side, Name) and side.name != "close"
        )
        if without_memory:
            names = ", ".join(without_memory)
            self.remarks.warn(
                item,
                "cross_without_memory",
                f"공식 백테스터는 {names} 의 앞 봉 값을 늘 0 으로 보아 교차가 다르게 나옵니다. 여기서는 실제 앞 "
                f"봉입니다.",
                f"The official backtester takes 0 for {names} of the bar before, always: its crossings differ. Here it "
                "is the actual bar before.",
            )
        self.remarks.info(
            item,
            "cross",
            "공식 백테스터는 첫 봉에서 아직 없는 앞 봉의 값을 0 으로 보아 거짓 교차가 날 수 있고, 공식 빌더는 "
            "앞 봉에서 같았던 것을 교차로 치지 않습니다. 여기서는 첫 봉에 교차가 없고 같았던 것도 교차입니다.",
            "On its first bar the official backtester takes 0 for the earlier values that it lacks, so a false cross "
            "may fire; the official builder does not count a cross from equality. Here the first bar has no cross, "
            "and one from equality counts.",
        )


def _place(at: Tree) -> Place:
    return Place(at.line, at.column)


_EXAMPLE = (
    "`- indicator: fast` 와 operator, compare_to",
    "`- indicator: fast` with operator and compare_to",
)
