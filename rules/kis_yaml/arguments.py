"""The parameters of an indicator: numbers, directions, references; defaults put in where one is missing."""

from decimal import Decimal

from rules.indicators.registry import REGISTRY
from rules.kis_yaml.official import (
    OfficialIndicator,
    OfficialParam,
    limits,
    must_rise,
)
from rules.kis_yaml.params import Params
from rules.kis_yaml.remarks import Remarks, as_leaf, as_mapping, given, number_of, wrong
from rules.kis_yaml.yaml_tree import Leaf, Mapped, Tree
from rules.language.errors import nearest
from rules.language.nodes import Name, Negate, Node, Number, Param, Place, Word


class Arguments:
    def __init__(self, remarks: Remarks, params: Params) -> None:
        self.remarks = remarks
        self.params = params

    def read(self, item: Mapped, official: OfficialIndicator) -> tuple[Node, ...]:
        given_params = self.given_params(item)
        known = {param.name for param in official.params}
        for key, _ in given_params.items if given_params else ():
            if key.text not in known:
                close = nearest(key.text, known)
                self.remarks.lost(
                    key,
                    "unknown_param_of_indicator",
                    f"`{official.id}` 에는 `{key.text}` 이(가) 없어 옮기지 않았습니다."
                    + (f" 혹시 `{close}` 인가요?" if close else ""),
                    f"`{official.id}` has no parameter `{key.text}`: it was not carried over."
                    + (f" Did you mean `{close}`?" if close else ""),
                )
        found = tuple(self.argument(item, official, param, given_params) for param in official.params)
        self.must_rise(item, official, found)
        return (*found, *_benchmark(official, item))

    def given_params(self, item: Mapped) -> Mapped | None:
        key, value = item.key("params"), item.get("params")
        if value is None or key is None:
            return None
        if isinstance(value, Leaf) and value.is_null:
            self.remarks.warn(
                key,
                "null_params",
                "`params` 가 비어 있습니다. 공식 백테스터는 거절합니다: 지우거나 `params: {}` 로 적으세요.",
                "`params` has nothing under it. The official backtester refuses that: remove it or write `params: {}`.",
            )
            return None
        return as_mapping(value, "params", "params: {period: 20}")

    def argument(self, item: Mapped, official: OfficialIndicator, param: OfficialParam, params: Mapped | None) -> Node:
        value = given(params, param.name) if params else None
        if value is None:
            self.remarks.warn(
                item,
                "param_missing",
                f"`{official.id}` 에 `{param.name}` 이(가) 없어 기본값 {param.default} 을(를) 넣었습니다. "
                "공식 백테스터는 거절합니다.",
                f"`{official.id}` lacks `{param.name}`: its default {param.default} was put in. The official "
                "backtester refuses the file.",
            )
            return Word(param.default) if isinstance(param.default, str) else Number(param.default)
        leaf = as_leaf(value, param.name, f"값 하나, 예를 들어 {param.default}", f"a value such as {param.default}")
        name = self.params.reference(leaf)
        if name is not None:
            return self.referred(leaf, name, official, param)
        return self.word(leaf, param) if param.kind == "direction" else self.number(leaf, official, param)

    def referred(self, leaf: Leaf, name: str, official: OfficialIndicator, param: OfficialParam) -> Node:
        spec = self.params.resolve(leaf, name)
        self.params.tell_who_resolves(leaf)
        wants_word = param.kind == "direction"
        if isinstance(spec, str) or (spec.kind == "choice") is not wants_word:
            raise wrong(
                leaf,
                "bad_param_value",
                f"`{official.id}` 의 `{param.name}` 에 `${name}` 의 값을 쓸 수 없습니다.",
                f"`{param.name}` of `{official.id}` cannot take the value of `${name}`.",
                ("up 또는 down", "up or down") if wants_word else ("숫자인 매개변수", "a parameter that is a number"),
            )
        if isinstance(spec.default, Decimal):
            self.must_be_within(leaf, official, param, spec.default, whole=spec.default == int(spec.default))
        return Param(name, place=_place(leaf))

    def word(self, leaf: Leaf, param: OfficialParam) -> Node:
        if leaf.text.lower() not in ("up", "down"):
            raise wrong(
                leaf,
                "bad_param_value",
                f"`{param.name}` 에 `{leaf.text}` 을(를) 쓸 수 없습니다.",
                f"`{param.name}` cannot be `{leaf.text}`.",
                ("up 또는 down", "up or down"),
            )
        return Word(leaf.text.lower(), place=_place(leaf))

    def number(self, leaf: Leaf, official: OfficialIndicator, param: OfficialParam) -> Node:
        value = number_of(self.remarks, leaf, param.name)
        self.must_be_within(leaf, official, param, value, whole=leaf.text.strip().lstrip("+").isdigit())
        return signed(value, leaf)

    def must_be_within(
        self, leaf: Leaf, official: OfficialIndicator, param: OfficialParam, value: Decimal, *, whole: bool
    ) -> None:
        """Refuses a fraction for a whole number; says what the backtester would refuse."""
        if param.kind == "int" and value != value.to_integral_value():
            raise wrong(
                leaf,
                "not_whole",
                f"`{official.id}` 의 `{param.name}` 이(가) {value} 입니다.",
                f"`{param.name}` of `{official.id}` is {value}.",
                ("정수", "a whole number"),
            )
        quoted = not leaf.plain and not leaf.text.startswith("$")
        if (param.kind == "int" and not whole) or quoted:
            self.remarks.warn(
                leaf,
                "number_type",
                f"`{param.name}` 을(를) {value} 로 읽었습니다. 공식 백테스터는 `{leaf.text}` 의 꼴을 거절합니다: "
                f"따옴표도 "
                "소수점도 없이 적으세요.",
                f"`{param.name}` was read as {value}. The official backtester refuses `{leaf.text}` in this form: "
                "write it without quotes or a decimal point.",
            )
        bounds = limits(official.id, param.name)
        if bounds and not bounds[0] <= value <= bounds[1]:
            self.remarks.warn(
                leaf,
                "out_of_range",
                f"`{official.id}` 의 `{param.name}` {value} 은(는) 공식 백테스터의 범위 {bounds[0]}–{bounds[1]} "
                f"밖입니다.",
                f"`{param.name}` {value} of `{official.id}` is outside the official backtester's {bounds[0]} to "
                f"{bounds[1]}.",
            )

    def must_rise(self, item: Mapped, official: OfficialIndicator, args: tuple[Node, ...]) -> None:
        if not must_rise(official.id):
            return
        fast, slow = args[0], args[1]
        if isinstance(fast, Number) and isinstance(slow, Number) and fast.value >= slow.value:
            self.remarks.warn(
                item,
                "fast_not_below_slow",
                f"`{official.id}` 의 fast {fast.value} 가 slow {slow.value} 보다 작지 않아 공식 백테스터가 거절합니다.",
                f"`{official.id}`: fast {fast.value} is not below slow {slow.value}; the official backtester refuses.",
            )


def signed(value: Decimal, at: Tree) -> Node:
    place = _place(at)
    return Negate(Number(-value, place=place), place=place) if value < 0 else Number(value, place=place)


def _place(at: Tree) -> Place:
    return Place(at.line, at.column)


def _benchmark(official: OfficialIndicator, at: Tree) -> tuple[Node, ...]:
    """The symbol that ours wants to be told and the file cannot say: the usual one."""
    wanted = (p for p in REGISTRY[official.id].parameters if p.kind == "symbol")
    return tuple(Name(str(p.default).lower(), place=_place(at)) for p in wanted)
