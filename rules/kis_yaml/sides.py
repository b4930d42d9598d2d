"""The two sides of a comparison: aliases, prices, numbers, references, a scaled right side."""

from dataclasses import dataclass
from decimal import Decimal

from rules.kis_yaml import differences
from rules.kis_yaml.arguments import signed
from rules.kis_yaml.declarations import Declarations, Indicator
from rules.kis_yaml.official import PRICES
from rules.kis_yaml.params import Params
from rules.kis_yaml.remarks import Remarks, as_leaf, given, number_of, wrong
from rules.kis_yaml.telling import Telling
from rules.kis_yaml.yaml_tree import Leaf, Mapped, Tree
from rules.language.errors import nearest
from rules.language.nodes import (
    Arithmetic,
    Call,
    Comparator,
    Name,
    Node,
    Operator,
    Param,
    Place,
)

_OPERATIONS = {
    "mul": Operator.MULTIPLY,
    "div": Operator.DIVIDE,
    "add": Operator.ADD,
    "sub": Operator.SUBTRACT,
}
_NOTHING = {Operator.MULTIPLY: Decimal(1), Operator.DIVIDE: Decimal(1),
            Operator.ADD: Decimal(0), Operator.SUBTRACT: Decimal(0)}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Right:
    """`from_indicator`: an indicator or price, which a scalar may scale."""

    node: Node
    from_indicator: bool


class Sides:
    def __init__(self, remarks: Remarks, params: Params, declared: Declarations) -> None:
        self.remarks = remarks
        self.params = params
        self.declared = declared

    def operand(self, leaf: Leaf, output: Tree | None, key: str) -> Node:
        """An alias or the name of a price, with its output. A price beats an alias of that name."""
        wanted = None if output is None else as_leaf(output, key, "출력의 이름", "the name of an output")
        if leaf.text in PRICES and not (leaf.text == "price" and self.declared.find(leaf)):
            self.tell_shadowed(leaf)
            return self.price(leaf, leaf.text, wanted)
        found = self.declared.find(leaf)
        if found is None:
            raise wrong(
                leaf,
                "unknown_alias",
                f"`{leaf.text}` 은(는) indicators 에 없는 별명입니다.",
                f"No indicator has the alias `{leaf.text}`.",
                (
                    f"다음 가운데 하나: {', '.join([*self.declared.aliases(), *PRICES])}",
                    f"one of {', '.join([*self.declared.aliases(), *PRICES])}",
                ),
                suggestion=nearest(leaf.text, [*self.declared.aliases(), *PRICES]),
            )
        if found.price:
            return self.price(leaf, found.price, wanted)
        return self.call(leaf, found, wanted)

    def tell_shadowed(self, leaf: Leaf) -> None:
        if any(item.alias == leaf.text and item.price != leaf.text for item in self.declared.indicators):
            self.remarks.warn(
                leaf,
                "alias_is_price",
                f"`{leaf.text}` 은(는) 지표의 별명이기도 하지만 값의 이름이 이깁니다.",
                f"`{leaf.text}` is an indicator's alias too, but the price of that name wins.",
            )

    def price(self, leaf: Leaf, name: str, output: Leaf | None) -> Node:
        if output is not None and output.text not in (name, "value", "close"):
            self.remarks.lost(
                output,
                "unknown_output",
                f"`{name}` 에는 출력 `{output.text}` 이(가) 없어 옮기지 않았습니다.",
                f"`{name}` has no output `{output.text}`: it was not carried over.",
            )
        if name in ("price", "volume"):
            self.remarks.warn(
                leaf,
                "builder_misreads",
                f"공식 빌더의 불러오기는 `{name}` 을(를) 지표의 별명으로 봅니다.",
                f"The official builder's importer takes `{name}` for an indicator's alias.",
            )
        return Name("close" if name == "price" else name, place=_place(leaf))

    def call(self, leaf: Leaf, found: Indicator, output: Leaf | None) -> Node:
        official = found.official
        assert official is not None
        chosen = output if output is not None and output.text != "value" else None
        if chosen is None and "value" in official.outputs:
            name = "value"
            self.tell_unused_output(leaf, found, output)
        elif chosen is None:
            name = self.default_output(leaf, found)
        elif chosen.text in official.outputs:
            name = chosen.text
        else:
            raise wrong(
                chosen,
                "unknown_output",
                f"`{official.id}` 에는 출력 `{chosen.text}` 이(가) 없습니다.",
                f"`{official.id}` has no output `{chosen.text}`.",
                (f"다음 가운데 하나: {', '.join(official.outputs)}", f"one of {', '.join(official.outputs)}"),
                suggestion=nearest(chosen.text, official.outputs),
            )
        if official.has_choice_of_outputs:
            Telling(self.remarks).differences(leaf, f"{official.id}.{name}")
        return Call(official.id, found.args, output=None if name == "value" else name, place=_place(leaf))

    def tell_unused_output(self, leaf: Leaf, found: Indicator, output: Leaf | None) -> None:
        own = found.output
        if output is None and own is not None and own.text != "value":
            self.remarks.warn(
                leaf,
                "output_not_inherited",
                f"지표에 적힌 `output: {own.text}` 은(는) 조건에 이어지지 않습니다. 공식 도구와 같이 value 를 씁니다.",
                f"`output: {own.text}` at the indicator does not pass on to the condition: value is taken, as the "
                "official tools do.",
            )

    def default_output(self, leaf: Leaf, found: Indicator) -> str:
        """Of an indicator without `value`: its own output, or the one the builder proposes."""
        official = found.official
        assert official is not None
        own = found.output.text if found.output is not None else None
        name = own if own in official.outputs else official.outputs[0]
        in_backtester = differences.NO_OUTPUT_IN_BACKTESTER[official.id]
        in_builder = differences.NO_OUTPUT_IN_BUILDER.get(official.id)
        ko = f", 공식 빌더의 실시간 신호는 {in_builder}" if in_builder else ""
        en = f", the official builder's live signals {in_builder}" if in_builder else ""
        self.remarks.warn(
            leaf,
            "output_missing",
            f"`{leaf.text}` 에 출력이 없어 {name} 로 읽었습니다. 공식 백테스터는 {in_backtester.ko}{ko} 을(를) 씁니다: "
            f"`output: {name}` 을 적으세요.",
            f"`{leaf.text}` names no output: {name} was taken. The official backtester takes {in_backtester.en}{en}: "
            f"write `output: {name}`.",
        )
        return name

    def right(self, item: Mapped) -> Right:
        """`value` if it is a number, else `compare_to`, else `value` as an alias."""
        value, other = given(item, "value"), given(item, "compare_to")
        if value is None and other is None:
            raise wrong(
                item,
                "right_missing",
                "비교할 오른쪽이 없습니다. 공식 도구는 거절하거나 0 과 비교합니다.",
                "The condition has no right side. The official tools refuse it or compare with 0.",
                ("`compare_to: 별명` 또는 `compare_to: 30`", "`compare_to: alias` or `compare_to: 30`"),
            )
        from_value = self.side(item, value, "value") if value is not None else None
        if from_value is not None and (other is None or not from_value.from_indicator):
            if other is not None:
                self.remarks.warn(
                    item.key("compare_to") or item,
                    "two_right_sides",
                    "숫자인 `value` 를 쓰고 `compare_to` 는 버렸습니다(공식 백테스터와 같음). 공식 빌더는 "
                    "`compare_to` 를 씁니다.",
                    "The numeric `value` was taken and `compare_to` dropped, as in the official backtester. The "
                    "official builder takes `compare_to`.",
                )
            else:
                self.tell_value(item)
            return from_value
        assert other is not None
        if value is not None:
            self.remarks.lost(
                item.key("value") or item,
                "two_right_sides",
                "`compare_to` 가 있어 숫자가 아닌 `value` 는 옮기지 않았습니다.",
                "There is a `compare_to`: the `value`, which is no number, was not carried over.",
            )
        return self.side(item, other, "compare_to")

    def tell_value(self, item: Mapped) -> None:
        self.remarks.warn(
            item.key("value") or item,
            "builder_ignores_value",
            "공식 빌더의 불러오기는 `value` 를 무시하고 0 과 비교합니다. 빌더에는 `compare_to` 로 적어야 합니다.",
            "The official builder's importer ignores `value` and compares with 0: for the builder write `compare_to`.",
        )

    def side(self, item: Mapped, value: Tree, key: str) -> Right:
        leaf = as_leaf(value, key, "숫자, 별명 또는 값의 이름", "a number, an alias or a price")
        name = self.params.reference(leaf)
        if name is not None:
            return self.referred(item, leaf, name, key)
        if leaf.number is not None or leaf.is_octal:
            return self.number(leaf, key)
        if leaf.boolean is not None:
            raise wrong(
                leaf,
                "not_a_number",
                f"`{key}` 의 `{leaf.text}` 은(는) 참·거짓입니다.",
                f"`{key}`: `{leaf.text}` is true or false.",
                ("숫자, 별명 또는 값의 이름", "a number, an alias or a price"),
            )
        return Right(self.operand(leaf, given(item, "compare_output"), "compare_output"), True)

    def number(self, leaf: Leaf, key: str) -> Right:
        if key == "compare_to":
            tool, tool_en = (
                ("MCP 는", "MCP refuses") if leaf.plain else ("공식 백테스터는", "The official backtester refuses")
            )
            self.remarks.warn(
                leaf,
                "number_in_compare_to",
                f"{tool} 이 꼴의 숫자 `compare_to: {leaf.text}` 을(를) 거절합니다.",
                f"{tool_en} a number in this form, `compare_to: {leaf.text}`.",
            )
        return Right(signed(number_of(self.remarks, leaf, key), leaf), False)

    def referred(self, item: Mapped, leaf: Leaf, name: str, key: str) -> Right:
        spec = self.params.resolve(leaf, name)
        self.params.tell_who_resolves(leaf)
        if not isinstance(spec, str) and isinstance(spec.default, Decimal):
            return Right(Param(name, place=_place(leaf)), False)
        word = spec if isinstance(spec, str) else str(spec.default)
        self.remarks.lost(
            leaf,
            "param_is_alias",
            f"`${name}` 의 기본값 `{word}` 은(는) 숫자가 아니라 별명입니다. 그 지표로 고정했고 매개변수로는 남지 "
            f"않습니다.",
            f"The default of `${name}`, `{word}`, is an alias, no number: the indicator was put in its place for good.",
        )
        alias = Leaf(word, False, leaf.line, leaf.column)
        return Right(self.operand(alias, given(item, "compare_output"), "compare_output"), True)

    # ---- a scaled right side

    def scaled(self, item: Mapped, op: Comparator, right: Right) -> Node:
        value = given(item, "compare_scalar")
        if value is None:
            return right.node
        leaf = as_leaf(value, "compare_scalar", "숫자", "a number")
        scalar, size = self.scalar(leaf)
        operation = self.operation(item)
        if not right.from_indicator or operation is None:
            self.remarks.lost(
                leaf,
                "scalar_ignored",
                "`compare_scalar` 는 지표에 mul, div, add, sub 로만 붙습니다. 공식 도구처럼 무시했습니다.",
                "`compare_scalar` applies to an indicator only, by mul, div, add or sub: it was ignored, as the "
                "official tools do.",
            )
            return right.node
        if operation is Operator.DIVIDE and size == 0:
            raise wrong(
                leaf,
                "division_by_zero",
                "0 으로 나눌 수 없습니다.",
                "Nothing can be divided by zero.",
                ("0 이 아닌 숫자", "a number other than zero"),
            )
        self.tell_scaled(leaf, op)
        if not isinstance(scalar, Param) and size == _NOTHING[operation]:
            return right.node
        return Arithmetic(operation, right.node, scalar, place=_place(leaf))

    def scalar(self, leaf: Leaf) -> tuple[Node, Decimal]:
        name = self.params.reference(leaf)
        if name is None:
            size = number_of(self.remarks, leaf, "compare_scalar")
            return signed(size, leaf), size
        spec = self.params.resolve(leaf, name)
        if isinstance(spec, str) or not isinstance(spec.default, Decimal):
            raise wrong(
                leaf,
                "not_a_number",
                f"`${name}` 은(는) 숫자가 아닙니다.",
                f"`${name}` is no number.",
                ("숫자인 매개변수", "a parameter that is a number"),
            )
        self.remarks.warn(
            leaf,
            "reference",
            f"`compare_scalar` 의 `${name}` 을(를) 읽었지만 공식 백테스터는 여기에서 참조를 거절합니다.",
            f"`${name}` was read, but the official backtester refuses a reference in `compare_scalar`.",
        )
        return Param(name, place=_place(leaf)), spec.default

    def operation(self, item: Mapped) -> Operator | None:
        value = given(item, "compare_operation")
        if value is None:
            return Operator.MULTIPLY
        return _OPERATIONS.get(as_leaf(value, "compare_operation", "mul, div, add, sub", "mul, div, add, sub").text)

    def tell_scaled(self, leaf: Leaf, op: Comparator) -> None:
        if op.crosses:
            self.remarks.warn(
                leaf,
                "scalar_in_cross",
                "교차에 붙은 `compare_scalar` 를 공식 도구는 모두 말없이 버립니다. 여기서는 적힌 대로 계산합니다.",
                "In a cross every official tool silently drops `compare_scalar`. Here it is reckoned as written.",
            )
        else:
            self.remarks.warn(
                leaf,
                "builder_drops_scalar",
                "공식 빌더는 `compare_scalar` 를 버립니다.",
                "The official builder drops `compare_scalar`.",
            )


def _place(at: Tree) -> Place:
    return Place(at.line, at.column)
