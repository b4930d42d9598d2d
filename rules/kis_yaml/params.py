"""`params` and what `$name` stands for."""

import re
from dataclasses import replace
from decimal import Decimal

from rules.kis_yaml.official import DIRECTIONS
from rules.kis_yaml.remarks import Remarks, as_leaf, as_mapping, given, number_of, wrong
from rules.kis_yaml.strategy import ParamSpec
from rules.kis_yaml.yaml_tree import Leaf, Listed, Mapped, Tree
from rules.language.errors import nearest

MOST_PARAMS = 50
_KEYS = ("default", "min", "max", "type", "step", "description", "label")
_KINDS = {"int": "int", "integer": "int", "float": "number", "number": "number"}
_REFERENCE = re.compile(r"\$([A-Za-z_][A-Za-z0-9_]*)")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,39}")


class Params:
    """The file's parameters; remembers which of them something referred to."""

    def __init__(self, remarks: Remarks, strategy: Mapped) -> None:
        self.remarks = remarks
        self.specs: dict[str, ParamSpec] = {}
        self.places: dict[str, Leaf] = {}
        self.words: dict[str, str] = {}  # defaults that are neither numbers nor words of the language: aliases
        self.used: set[str] = set()
        value = given(strategy, "params")
        if value is not None:
            self.read(as_mapping(value, "params", "params: {period: {default: 14, min: 2, max: 50}}"))

    def read(self, mapping: Mapped) -> None:
        if len(mapping.items) > MOST_PARAMS:
            raise wrong(
                mapping,
                "too_many",
                f"매개변수가 {len(mapping.items)}개입니다.",
                f"There are {len(mapping.items)} parameters.",
                (f"{MOST_PARAMS}개 이내", f"at most {MOST_PARAMS}"),
            )
        for key, value in mapping.items:
            if not _NAME.fullmatch(key.text):
                self.remarks.lost(
                    key,
                    "bad_param_name",
                    f"`${key.text}` 로 가리킬 수 없는 이름이라 매개변수를 옮기지 않았습니다(영문자, 숫자, _ 로 40자 "
                    f"이내).",
                    f"No `${key.text}` can refer to this name (letters, digits, _; at most 40): the parameter was "
                    "not carried over.",
                )
                continue
            self.places[key.text] = key
            self.param(key, value)

    def param(self, key: Leaf, value: Tree) -> None:
        if isinstance(value, Listed):
            raise wrong(
                value,
                "bad_param",
                f"매개변수 `{key.text}` 이(가) 목록입니다.",
                f"The parameter `{key.text}` is a list.",
                ("`{default: 14}`", "`{default: 14}`"),
            )
        if isinstance(value, Leaf) and not value.is_null:
            self.remarks.warn(
                value,
                "scalar_param",
                f"`{key.text}: {value.text}` 을(를) 기본값으로 읽었지만 공식 백테스터는 거절합니다: "
                f"`{key.text}: {{default: {value.text}}}` 로 적으세요.",
                f"`{key.text}: {value.text}` was read as the default, but the official backtester refuses it: write "
                f"`{key.text}: {{default: {value.text}}}`.",
            )
            self.keep(ParamSpec(key.text, *self.default(key.text, value, None)))
        elif isinstance(value, Mapped):
            self.mapping(key, value)

    def mapping(self, key: Leaf, value: Mapped) -> None:
        self.remarks.unknown_keys(value, _KEYS, f"params.{key.text}")
        default = given(value, "default")
        if default is None:
            return  # said where it is used, or as unused
        kind = given(value, "type")
        name = kind.text.lower() if isinstance(kind, Leaf) else ""
        if kind is not None and name not in (*_KINDS, "str", "string", "choice"):
            self.remarks.lost(
                kind,
                "param_type",
                f"`type: {name}` 은(는) 모르는 종류입니다. 기본값에 맞는 종류로 읽었습니다.",
                f"`type: {name}` is no known kind: it was taken from the default.",
            )
        spec = ParamSpec(key.text, *self.default(key.text, default, _KINDS.get(name)))
        if spec.kind != "choice":
            spec = self.limited(spec, value)
        self.keep(replace(spec, description=self.description(value)))

    def default(self, name: str, value: Tree, kind: str | None) -> tuple[str, Decimal | str]:
        leaf = as_leaf(value, f"{name}.default", "숫자", "a number")
        if leaf.number is None and not leaf.is_octal:
            if leaf.boolean is not None:
                raise wrong(
                    leaf,
                    "not_a_number",
                    f"매개변수 `{name}` 의 기본값 `{leaf.text}` 은(는) 참·거짓입니다.",
                    f"The default of `{name}`, `{leaf.text}`, is true or false.",
                    ("숫자", "a number"),
                )
            return "choice", leaf.text
        number = number_of(self.remarks, leaf, f"{name}.default")
        whole = number == number.to_integral_value()
        if kind == "int" and not whole:
            self.remarks.warn(
                leaf,
                "param_type",
                f"`type: int` 인데 기본값이 {leaf.text} 입니다. 소수로 읽었습니다.",
                f"The type is int but the default is {leaf.text}: it was read as a decimal number.",
            )
        if kind is None:
            kind = "int" if whole and "." not in leaf.text else "number"
        return ("int" if kind == "int" and whole else "number"), number

    def limited(self, spec: ParamSpec, value: Mapped) -> ParamSpec:
        found = {name: self.limit(spec, value, key) for name, key in (("least", "min"), ("most", "max"))}
        found["step"] = self.limit(spec, value, "step")
        least, most = found["least"], found["most"]
        assert isinstance(spec.default, Decimal)
        if (least is not None and spec.default < least) or (most is not None and spec.default > most):
            self.remarks.lost(
                value,
                "param_range",
                f"매개변수 `{spec.name}` 의 기본값 {spec.default} 이(가) min–max 밖입니다. 공식 도구는 이 범위를 "
                f"지키게 하지 "
                "않으므로 범위를 옮기지 않았습니다.",
                f"The default {spec.default} of `{spec.name}` lies outside min–max. The official tools do not enforce "
                "that range, so it was not carried over.",
            )
            least = most = None
        return replace(spec, least=least, most=most, step=found["step"])

    def limit(self, spec: ParamSpec, value: Mapped, key: str) -> Decimal | None:
        leaf = given(value, key)
        if leaf is None:
            return None
        if isinstance(leaf, Leaf) and leaf.number is not None:
            number = number_of(self.remarks, leaf, f"{spec.name}.{key}")
            if spec.kind != "int" or number == number.to_integral_value():
                return number
        self.remarks.lost(
            leaf,
            "param_range",
            f"매개변수 `{spec.name}` 의 `{key}` 을(를) 읽을 수 없어 옮기지 않았습니다.",
            f"`{key}` of the parameter `{spec.name}` cannot be read: it was not carried over.",
        )
        return None

    def description(self, value: Mapped) -> str:
        found = (given(value, key) for key in ("description", "label"))
        return next((leaf.text for leaf in found if isinstance(leaf, Leaf)), "")

    def keep(self, spec: ParamSpec) -> None:
        if isinstance(spec.default, Decimal):
            self.specs[spec.name] = spec
        elif spec.default.lower() in DIRECTIONS:
            self.specs[spec.name] = replace(spec, default=spec.default.lower(), choices=DIRECTIONS)
        else:
            self.words[spec.name] = spec.default

    # ---- references

    def reference(self, leaf: Leaf) -> str | None:
        """The name when the whole text is `$name`, else None."""
        found = _REFERENCE.fullmatch(leaf.text.strip())
        return found[1] if found else None

    def resolve(self, leaf: Leaf, name: str) -> ParamSpec | str:
        """The parameter, or the word that it stands for (an alias). Raises when there is none to take."""
        self.used.add(name)
        if name in self.specs:
            return self.specs[name]
        if name in self.words:
            return self.words[name]
        if name in self.places:
            raise wrong(
                leaf,
                "no_default",
                f"매개변수 `{name}` 에 기본값이 없습니다.",
                f"The parameter `{name}` has no default.",
                (f"{self.places[name].line}행의 `default`", f"`default` in line {self.places[name].line}"),
            )
        raise wrong(
            leaf,
            "unknown_param",
            f"`${name}` 이(가) params 에 없습니다.",
            f"`${name}` is not among the params.",
            (f"params 의 이름{_list(self.places)}", f"a name of the params{_list(self.places)}"),
            suggestion=_dollar(nearest(name, self.places)),
        )

    def finish(self) -> dict[str, ParamSpec]:
        """What is kept; whatever nothing refers to is named."""
        for name, place in self.places.items():
            if name in self.used:
                continue
            if name in self.specs:
                self.remarks.warn(
                    place,
                    "unused_param",
                    f"매개변수 `{name}` 을(를) 쓰는 곳이 없어, 바꾸어도 달라지는 것이 없습니다.",
                    f"Nothing refers to the parameter `{name}`: changing it changes nothing.",
                )
            else:
                self.remarks.lost(
                    place,
                    "unused_param",
                    f"기본값이 숫자가 아니고 쓰는 곳도 없는 매개변수 `{name}` 은(는) 옮기지 않았습니다.",
                    f"The parameter `{name}` has no number for its default and nothing refers to it: "
                    "it was not carried over.",
                )
        return self.specs

    def tell_who_resolves(self, leaf: Leaf) -> None:
        self.remarks.info(
            leaf,
            "reference",
            f"`{leaf.text}` 같은 참조는 백테스터의 웹과 REST 만 풉니다. 빌더와 MCP 에서는 동작하지 않습니다.",
            f"A reference such as `{leaf.text}` is resolved by the backtester's page and REST only, neither by the "
            "builder nor by MCP.",
        )


def _list(names: dict[str, Leaf]) -> str:
    return f" ({', '.join(names)})" if names else ""


def _dollar(name: str | None) -> str | None:
    return None if name is None else f"${name}"
