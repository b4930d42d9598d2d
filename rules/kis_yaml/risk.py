"""The `risk` block: three stops in percent, and a position size that no tool uses."""

from decimal import Decimal

from rules.kis_yaml.params import Params
from rules.kis_yaml.remarks import Remarks, as_mapping, given, number_of, wrong
from rules.kis_yaml.strategy import Stops
from rules.kis_yaml.yaml_tree import Leaf, Mapped, Tree

_STOPS = {"stop_loss": "stop_loss_pct", "take_profit": "take_profit_pct", "trailing_stop": "trailing_stop_pct"}
_OTHER_SPELLINGS = ("stop_loss_pct", "take_profit_pct", "trailing_stop_pct", "max_position_pct")
_EXAMPLE = "{enabled: true, percent: 5}"


def read_risk(remarks: Remarks, params: Params, root: Mapped) -> Stops:
    """The stops that are on. Raises KisYamlError for what cannot be a stop."""
    value = root.get("risk")
    if value is None:
        remarks.warn(
            root,
            "risk_missing",
            "`risk` 가 없습니다. MCP 와 파일 불러오기가 멈추므로 `risk: {}` 를 적으세요.",
            "There is no `risk`: MCP and the file import stop without it. Write `risk: {}`.",
        )
        return Stops()
    if isinstance(value, Leaf) and value.is_null:
        return Stops()
    block = as_mapping(value, "risk", f"risk: {{stop_loss: {_EXAMPLE}}}")
    _tell_others(remarks, block)
    reader = _Reader(remarks, params)
    return Stops(**{field: reader.stop(block, name) for name, field in _STOPS.items()})


def _tell_others(remarks: Remarks, block: Mapped) -> None:
    remarks.unknown_keys(block, (*_STOPS, "max_position_size", *_OTHER_SPELLINGS), "risk")
    size = block.key("max_position_size")
    if size is not None and given(block, "max_position_size") is not None:
        remarks.lost(
            size,
            "position_size",
            "`max_position_size` 는 공식 도구에서 아무 효과가 없어 옮기지 않았습니다. 규칙의 매수 금액으로 정하세요.",
            "`max_position_size` has no effect in any official tool: it was not carried over. The rule's buy amount "
            "decides the size.",
        )
    for name in _OTHER_SPELLINGS:
        key = block.key(name)
        if key is not None:
            right = name.removesuffix("_pct")
            remarks.lost(
                key,
                "risk_spelling",
                f"파일의 `{name}` 은(는) 공식 도구가 읽지 않아 옮기지 않았습니다: `{right}: {_EXAMPLE}` 로 적으세요.",
                f"In a file no official tool reads `{name}`: it was not carried over. Write `{right}: {_EXAMPLE}`.",
            )


class _Reader:
    def __init__(self, remarks: Remarks, params: Params) -> None:
        self.remarks = remarks
        self.params = params

    def stop(self, block: Mapped, name: str) -> Decimal | None:
        value = given(block, name)
        if value is None:
            return None
        entry = as_mapping(value, f"risk.{name}", f"{name}: {_EXAMPLE}")
        self.remarks.unknown_keys(entry, ("enabled", "percent"), f"risk.{name}")
        percent = given(entry, "percent")
        if not self.is_on(entry, name, percent):
            return None
        if percent is None:
            self.remarks.lost(
                entry,
                "stop_without_percent",
                f"`{name}` 은(는) percent 가 없어 꺼 두었습니다. 공식 백테스터도 끄지만 공식 빌더는 기본값을 넣습니다.",
                f"`{name}` has no percent: it is off, as in the official backtester. The official builder puts in its "
                "default.",
            )
            return None
        return self.percent(entry, name, percent)

    def is_on(self, entry: Mapped, name: str, percent: Tree | None) -> bool:
        value = given(entry, "enabled")
        if value is None:
            if percent is not None:
                self.remarks.warn(
                    entry,
                    "stop_not_enabled",
                    f"`{name}` 에 `enabled: true` 가 없어 공식 도구처럼 꺼 두었습니다.",
                    f"`{name}` lacks `enabled: true`: it is off, as in the official tools.",
                )
            return False
        on = value.boolean if isinstance(value, Leaf) else None
        if on is None:
            shown = value.text if isinstance(value, Leaf) else "…"
            raise wrong(
                value,
                "not_a_boolean",
                f'`enabled` 의 `{shown}` 은(는) 참·거짓이 아닙니다. 따옴표로 감싼 "false" 도 공식 도구에서는 '
                f"켜짐입니다.",
                f'`enabled`: `{shown}` is neither true nor false. Even a quoted "false" counts as on in the tools.',
                ("따옴표 없는 true 또는 false", "true or false without quotes"),
            )
        if isinstance(value, Leaf) and value.text.lower() not in ("true", "false"):
            self.remarks.warn(
                value,
                "not_true_or_false",
                f"`{value.text}` 을(를) {'켜짐' if on else '꺼짐'} 으로 읽었습니다. 공식 빌더는 글자로 보아 늘 켭니다.",
                f"`{value.text}` was read as {'on' if on else 'off'}. To the official builder it is text, which is on.",
            )
        return on

    def percent(self, entry: Mapped, name: str, value: Tree) -> Decimal | None:
        size = self.size(name, value)
        if size < 0:
            raise wrong(
                value,
                "negative_percent",
                f"`{name}` 의 percent 가 음수입니다.",
                f"The percent of `{name}` is negative.",
                ("5 처럼 0 보다 큰 숫자", "a number above 0, such as 5"),
            )
        if size == 0:
            self.remarks.lost(
                value,
                "zero_percent",
                f"`{name}` 의 percent 0 은 옮기지 않았습니다. 공식 백테스터는 0 을 켜진 것으로 봅니다.",
                f"percent 0 of `{name}` was not carried over. The official backtester counts it as on.",
            )
            return None
        if size > 100:
            self.remarks.warn(
                value,
                "backtester_refuses",
                f"공식 백테스터는 100 이 넘는 percent {size} 을(를) 거절합니다.",
                f"The official backtester refuses a percent above 100 ({size}).",
            )
        self.tell_basis(entry, name)
        return size

    def size(self, name: str, value: Tree) -> Decimal:
        reference = self.params.reference(value) if isinstance(value, Leaf) else None
        if reference is None or not isinstance(value, Leaf):
            return number_of(self.remarks, value, f"risk.{name}.percent")
        spec = self.params.resolve(value, reference)
        if isinstance(spec, str) or not isinstance(spec.default, Decimal):
            raise wrong(
                value,
                "not_a_number",
                f"`${reference}` 은(는) 숫자가 아닙니다.",
                f"`${reference}` is no number.",
                ("숫자인 매개변수", "a parameter that is a number"),
            )
        self.remarks.lost(
            value,
            "stop_is_fixed",
            f"`${reference}` 의 값 {spec.default} 로 고정했습니다. 매개변수를 바꾸어도 이 값은 그대로이고, 공식 "
            f"도구는 여기의 "
            "참조를 거절합니다.",
            f"`${reference}` was fixed at its value, {spec.default}: changing the parameter will not change the stop. "
            "The official tools refuse a reference here.",
        )
        return spec.default

    def tell_basis(self, entry: Mapped, name: str) -> None:
        builder = "공식 빌더의 실시간 신호는 risk 를 무시합니다."
        builder_en = "The official builder's live signals ignore risk."
        if name == "trailing_stop":
            self.remarks.info(
                entry,
                "stop_basis",
                "공식 백테스터의 고점은 매수 뒤의 종가 가운데 가장 높은 것이고 하루 한 번 종가로 봅니다. 여기서는 "
                "매수 뒤 본 가장 "
                f"높은 가격이고 규칙이 볼 때마다 봅니다. {builder}",
                "The official backtester's peak is the highest close since entry, looked at once a day on the close. "
                f"Here it is the highest price seen since entry, looked at whenever the rule looks. {builder_en}",
            )
            return
        self.remarks.info(
            entry,
            "stop_basis",
            "공식 백테스터는 매수 신호가 난 봉의 종가를 기준으로 하루 한 번 종가로 봅니다. 여기서는 실제 평균 "
            "매수가를 기준으로 "
            f"규칙이 볼 때마다 봅니다. {builder}",
            "The official backtester reckons from the close of the bar that gave the signal, once a day on the close. "
            f"Here it is the average price really paid, looked at whenever the rule looks. {builder_en}",
        )
