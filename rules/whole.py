"""What the fields of a rule mean together: the rule itself, or why it cannot be one. Pure.

Two answers are made here from the same fields: the `Rule` that the domain evaluates, and the problems (errors that
keep a rule from being saved, warnings that a person should read).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from uuid import UUID

from market.errors import Text
from market.words import Environment, EvaluateOn, Exchange, Session, Timeframe, TimeInForce
from rules.domain import Rule
from rules.fields import STOPS
from rules.language import (
    Checked,
    ConditionError,
    Node,
    Warning,
    bind_params,
    check_condition,
    params_of,
    read_condition,
)
from rules.language.errors import nearest
from rules.language.nodes import Boolean, Param, walk
from rules.params import values_of
from rules.problems import Problem, errors_of
from rules.reach import too_far
from rules.words import AtClose, Mode, OrderPrice

CONDITIONS = ("entry_condition", "exit_condition")
NEVER = Boolean(False)
NO_ID = UUID(int=0)
COLLAR_BPS = 200  # a buy's limit never goes further beyond the last price (orders.pricing)


@dataclass(frozen=True)
class Judged:
    """What is wrong with a whole rule, and what its conditions mean (only of those that mean something)."""

    problems: tuple[Problem, ...]
    conditions: Mapping[str, Node] = field(default_factory=dict)  # parameters bound
    checked: Mapping[str, Checked] = field(default_factory=dict)

    @property
    def errors(self) -> list[Problem]:
        return errors_of(self.problems)


def rule_of(fields: Mapping[str, Any], *, id: UUID = NO_ID, version: int = 1) -> Rule:
    """The rule that whole, faultless fields describe. Raises ConditionError when a condition cannot be read."""
    params = values_of(fields["params"])
    entry, exit = (read_condition(fields[name]) if fields[name] else NEVER for name in CONDITIONS)
    return Rule(
        id=id,
        version=version,
        symbol=fields["symbol"],
        exchange=Exchange(fields["exchange"]),
        timeframe=Timeframe(fields["timeframe"]),
        evaluate_on=EvaluateOn(fields["evaluate_on"]),
        entry=entry,
        exit=exit,
        buy_amount_usd=fields["buy_amount_usd"],
        max_position=fields["max_position"],
        time_in_force=TimeInForce(fields["time_in_force"]),
        cooldown_sec=fields["cooldown_sec"],
        sessions=tuple(Session(session) for session in fields["sessions"]),
        order_price=str(fields["order_price"]),
        price_offset_bps=fields["price_offset_bps"],
        price_offset_ticks=fields["price_offset_ticks"],
        cancel_after_sec=fields["cancel_after_sec"],
        reprice_times=fields["reprice_times"],
        reprice_after_sec=fields["reprice_after_sec"],
        max_slippage_bps=fields["max_slippage_bps"],
        at_close=str(fields["at_close"]),
        close_margin_sec=fields["close_margin_sec"],
        max_entries=fields["max_entries"],
        params=params,
        stop_loss_pct=fields["stop_loss_pct"],
        take_profit_pct=fields["take_profit_pct"],
        trailing_stop_pct=fields["trailing_stop_pct"],
        mode=str(fields["mode"]),
        program=_program(fields, params),
    )


def _program(fields: Mapping[str, Any], params: Mapping[str, Decimal | str]) -> Any:
    if fields["mode"] != Mode.PYTHON:
        return None
    from rules.sandbox import CagedProgram  # the cage is not loaded for those who never need it

    return CagedProgram(fields["code"], params)


def judge(fields: Mapping[str, Any], *, environment: Environment | str | None = None) -> Judged:
    """What is wrong with these whole fields (see `fields.with_defaults`), and what deserves a warning.

    `environment`: of the account that it is for; None for a rule that belongs to none.
    """
    problems = [*_timing(fields, environment), *_pricing(fields), *_unfilled(fields)]
    if fields["mode"] == Mode.PYTHON:
        return Judged((*problems, *_python(fields)))
    problems += _without_exit(fields)
    if fields["code"]:
        problems.append(_idle("code", "dsl", "python"))
    judged = _conditions(fields)
    found = [*problems, *judged.problems]
    if not judged.errors:
        found += _idle_params(fields)
        found += _same(judged)
        found += too_far(judged.checked, Timeframe(fields["timeframe"]), for_account=environment is not None)
    return Judged(tuple(found), judged.conditions, judged.checked)


# --- conditions ---------------------------------------------------------------------------------------------


def _conditions(fields: Mapping[str, Any]) -> Judged:
    problems: list[Problem] = []
    conditions: dict[str, Node] = {}
    checked: dict[str, Checked] = {}
    for name in CONDITIONS:
        if not fields[name]:
            continue
        try:
            node = read_condition(fields[name])
            problems += _unknown_params(name, node, fields["params"])
            if any(p.field == name for p in problems):
                continue
            conditions[name] = bind_params(node, values_of(fields["params"]))
            checked[name] = check_condition(conditions[name])
        except ConditionError as error:
            problems.append(Problem.of(name, error))
        else:
            problems += [warning_of(name, warning) for warning in checked[name].warnings]
    return Judged(tuple(problems), conditions, checked)


def warning_of(field: str, warning: Warning) -> Problem:
    """A warning of the language's, in this field."""
    line, column = (warning.place.line, warning.place.column) if warning.place else (None, None)
    return Problem(
        field, warning.text, warning.code, line=line, column=column, suggestion=warning.suggestion, warns=True
    )


def _same(judged: Judged) -> list[Problem]:
    entry, exit = (judged.conditions.get(name) for name in CONDITIONS)
    if entry is None or entry != exit or entry == NEVER:
        return []
    text = Text(
        "매수 조건과 같아서 산 것을 곧바로 팝니다.", "It is the same as the entry: what was bought is sold at once."
    )
    return [_warning("exit_condition", "same_condition", text)]


def _unknown_params(name: str, node: Node, params: Mapping[str, Any]) -> list[Problem]:
    return [
        Problem(
            name,
            Text(f"`${part.name}` 은(는) params 에 없습니다.", f"`${part.name}` is not among the params."),
            "unknown_param",
            line=part.place.line if part.place else None,
            column=part.place.column if part.place else None,
            expected=Text(f"params 에 `{part.name}: 값` 한 줄", f"a line `{part.name}: value` under params"),
            suggestion=(lambda near: near and f"${near}")(nearest(part.name, params)),
        )
        for part in walk(node)
        if isinstance(part, Param) and part.name not in params
    ]


def _idle_params(fields: Mapping[str, Any]) -> list[Problem]:
    said = [read_condition(fields[name]) for name in CONDITIONS if fields[name]]
    used = {name for node in said for name in params_of(node)}
    return [
        Problem(
            "params",
            Text(f"`{name}` 을(를) 쓰는 조건이 없습니다.", f"No condition uses `{name}`."),
            "unused_param",
            path=name,
            warns=True,
        )
        for name in fields["params"]
        if name not in used
    ]


def _without_exit(fields: Mapping[str, Any]) -> list[Problem]:
    """A rule that buys and never sells must be meant."""
    found = []
    if not fields["entry_condition"]:
        found.append(Problem("entry_condition", Text("필수 항목입니다.", "This field is required."), "required"))
    if not fields["exit_condition"] and all(fields[stop] is None for stop in STOPS):
        found.append(
            Problem(
                "exit_condition",
                Text("언제 팔지 정해지지 않았습니다.", "Nothing says when to sell."),
                "exit_missing",
                expected=Text(
                    "매도 조건이나 손절·익절·추적 손절; 팔지 않으려면 `false`",
                    "an exit condition or one of the stops; write `false` if it shall never sell",
                ),
            )
        )
    return found


# --- Python -------------------------------------------------------------------------------------------------


def _python(fields: Mapping[str, Any]) -> list[Problem]:
    found = [_idle(name, "python", "dsl") for name in CONDITIONS if fields[name]]
    if not fields["code"]:
        text = Text("decide 함수가 필요합니다.", "It needs a function `decide`.")
        wanted = Text("`def decide(market, position, params):`", "`def decide(market, position, params):`")
        return [*found, Problem("code", text, "required", expected=wanted)]
    from rules.sandbox import CageAway, check_code

    try:
        problems = check_code(fields["code"], values_of(fields["params"]))
    except CageAway as away:
        return [*found, Problem("code", away.text, "cage_away")]
    return [
        *found,
        *(
            Problem("code", p.message, "bad_code", line=p.line, column=p.column, suggestion=p.suggestion)
            for p in problems
        ),
    ]


def _idle(name: str, mode: str, other: str) -> Problem:
    """Written and never read: somebody believes otherwise."""
    return Problem(
        name,
        Text(f"mode 가 {mode} 이면 쓰이지 않습니다.", f"It is not used while mode is {mode}."),
        "not_used",
        expected=Text(f"비워 두거나 `mode: {other}`", f"nothing here, or `mode: {other}`"),
    )


# --- time and price -----------------------------------------------------------------------------------------


def _timing(fields: Mapping[str, Any], environment: Environment | str | None) -> list[Problem]:
    found = []
    auction = fields["time_in_force"] in (TimeInForce.AT_OPEN, TimeInForce.AT_CLOSE)
    if auction and environment == Environment.PAPER:
        text = Text(
            "모의투자에는 동시호가 주문이 없습니다. day 로 두세요.", "Paper accounts have no auction orders; use day."
        )
        found.append(Problem("time_in_force", text, "not_on_paper", suggestion="day"))
    if fields["timeframe"] == Timeframe.D1 and fields["evaluate_on"] == EvaluateOn.TICK:
        found.append(_warning("evaluate_on", "moving_day", _MOVING_DAY))
    if fields["timeframe"] == Timeframe.D1 and auction and fields["evaluate_on"] == EvaluateOn.BAR_CLOSE:
        found.append(_warning("time_in_force", "a_day_later", _A_DAY_LATER))
    beyond = [s for s in fields["sessions"] if s != Session.REGULAR]
    if beyond and environment == Environment.PAPER:
        text = Text(
            f"모의투자는 정규장에서만 주문을 받아 {', '.join(beyond)} 에는 아무것도 하지 않습니다.",
            f"Paper takes orders in the regular session only: nothing will happen in {', '.join(beyond)}.",
        )
        found.append(_warning("sessions", "not_on_paper", text))
    return found


_MOVING_DAY = Text(
    "오늘 일봉은 장이 끝날 때까지 계속 바뀌므로 조건도 하루에 여러 번 바뀔 수 있습니다.",
    "Today's bar moves until the market closes, so the condition may come and go many times a day.",
)
_A_DAY_LATER = Text(
    "일봉은 장이 끝나야 닫히므로 판단과 주문은 다음 거래일의 것입니다.",
    "A day's bar closes after the market has: the decision and its order belong to the next trading day.",
)


def _pricing(fields: Mapping[str, Any]) -> list[Problem]:
    found = []
    if fields["price_offset_bps"] > COLLAR_BPS:
        text = Text(
            f"매수 지정가는 현재가보다 {COLLAR_BPS} bps 넘게 높아지지 않습니다.",
            f"A buy's limit never goes more than {COLLAR_BPS} bps above the last price.",
        )
        found.append(_warning("price_offset_bps", "beyond_collar", text))
    against = fields["price_offset_bps"] > 0 or fields["price_offset_ticks"] > 0
    if fields["order_price"] == OrderPrice.PASSIVE and against:
        text = Text(
            "기다리는 주문인데 상대 호가 쪽으로 옮겨집니다. 바로 체결될 수 있습니다.",
            "A passive order is moved towards the other side here, and may be filled at once.",
        )
        found.append(_warning("order_price", "not_passive", text))
    waits = fields["order_price"] == OrderPrice.PASSIVE or fields["price_offset_bps"] < 0
    ends = fields["cancel_after_sec"] is not None or fields["at_close"] == AtClose.CANCEL or fields["reprice_times"]
    if waits and not ends:
        text = Text(
            "체결되지 않은 주문이 장 마감까지 남을 수 있습니다. cancel_after_sec 로 정할 수 있습니다.",
            "An unfilled order may rest until the day ends; cancel_after_sec would end it.",
        )
        found.append(_warning("cancel_after_sec", "may_rest", text))
    return found


def _unfilled(fields: Mapping[str, Any]) -> list[Problem]:
    """What becomes of orders that do not fill."""
    times, after, patience = fields["reprice_times"], fields["reprice_after_sec"], fields["cancel_after_sec"]
    if times and after is None:
        text = Text("몇 초 뒤에 다시 낼지 정해야 합니다.", "It must say after how many seconds.")
        wanted = Text("`reprice_after_sec: 10`, `reprice_times: 0`", "`reprice_after_sec: 10` or `reprice_times: 0`")
        return [Problem("reprice_after_sec", text, "required", expected=wanted)]
    found = []
    if after is not None and not times:
        text = Text("reprice_times 가 0 이면 쓰이지 않습니다.", "It is not used while reprice_times is 0.")
        found.append(_warning("reprice_after_sec", "not_used", text))
    if times and patience is not None and patience <= after:
        text = Text(
            "다시 내기 전에 취소됩니다. cancel_after_sec 는 첫 주문부터 셉니다.",
            "It is cancelled before it is priced again: cancel_after_sec counts from the first order.",
        )
        found.append(_warning("cancel_after_sec", "never_repriced", text))
    if times and fields["time_in_force"] != TimeInForce.DAY:
        text = Text("동시호가 주문은 값을 바꾸어 다시 내지 않습니다.", "An auction order is not priced again.")
        found.append(_warning("reprice_times", "not_at_auctions", text))
    return found


def _warning(field: str, code: str, text: Text) -> Problem:
    return Problem(field, text, code, warns=True)
