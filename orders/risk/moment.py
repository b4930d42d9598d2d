"""May anything be sent now: switches, sessions, the close, time in force."""

from datetime import timedelta

from market.errors import Text
from market.orders import OrderIntent
from market.words import Environment, Session, Side, TimeInForce, TradingState
from orders.risk.facts import RiskFacts
from orders.risk.votes import AppliesTo, Opinion, guard, limited

# Paper takes orders in the regular session only (kis-protocol 1.3); the daytime session needs orders of its own kind.
SESSIONS_OF = {
    Environment.PAPER: frozenset({Session.REGULAR}),
    Environment.REAL: frozenset({Session.PRE, Session.REGULAR, Session.AFTER}),
}
SESSIONS = {
    Session.DAYTIME: "주간거래",
    Session.PRE: "프리마켓",
    Session.REGULAR: "정규장",
    Session.AFTER: "애프터마켓",
}


def _switch(state: TradingState, side: Side, whose: Text) -> Opinion:
    """`reducing` lets exits out, `halted` lets nothing out."""
    if state is TradingState.HALTED:
        return False, Text(f"{whose.ko} 거래가 중지되어 있습니다.", f"Trading of {whose.en} is halted.")
    if state is TradingState.REDUCING and side is Side.BUY:
        return False, Text(f"{whose.ko}: 청산만 허용된 상태입니다.", f"Of {whose.en} only exits are allowed now.")
    return True, Text(
        f"{whose.ko}: 거래할 수 있는 상태입니다({state}).", f"Trading of {whose.en} is allowed ({state})."
    )


@guard(
    AppliesTo.BOTH,
    title=Text("전체 스위치", "the house's switch"),
    says=Text(
        "halted면 아무것도 보내지 않고, reducing이면 청산만 보냅니다.",
        "`halted` lets nothing out, `reducing` exits only.",
    ),
    setting=Text("전체 상태(관리자)", "the house's trading state (admins)"),
)
def house_switch(intent: OrderIntent, facts: RiskFacts) -> Opinion:
    return _switch(facts.house_state, intent.side, Text("전체", "the house"))


@guard(
    AppliesTo.BOTH,
    title=Text("계좌 스위치", "the account's switch"),
    says=Text(
        "halted면 아무것도 보내지 않고, reducing이면 청산만 보냅니다.",
        "`halted` lets nothing out, `reducing` exits only.",
    ),
    setting=Text("계좌 상태", "the account's trading state"),
)
def account_switch(intent: OrderIntent, facts: RiskFacts) -> Opinion:
    return _switch(facts.account_state, intent.side, Text("이 계좌", "this account"))


@guard(
    AppliesTo.BOTH,
    title=Text("규칙 스위치", "the rule's switch"),
    says=Text(
        "꺼진 규칙은 사지 않습니다. 이미 내기로 한 청산은 나갑니다.",
        "A rule that is switched off buys nothing; an exit that was decided before still goes out.",
    ),
    setting=Text("규칙의 `enabled`", "`enabled` of the rule"),
)
def rule_switch(intent: OrderIntent, facts: RiskFacts) -> Opinion:
    return _switch(facts.rule_state, intent.side, Text("이 규칙", "this rule"))


@guard(
    AppliesTo.BOTH,
    title=Text("장 시간", "market session"),
    says=Text(
        "증권사가 이 계좌의 주문을 받는 시간이고, 규칙이 쓰는 시간이어야 합니다.",
        "The broker takes this account's orders in this session, and the rule acts in it.",
    ),
    setting=Text("거래일 표, 규칙의 `sessions`", "the table of trading days, `sessions` of the rule"),
)
def market_session(intent: OrderIntent, facts: RiskFacts) -> Opinion:
    """What a person wants of a rule's shares may go out in any session that the broker has."""
    session = facts.session.session
    if session is None:
        return False, Text("장이 열려 있지 않습니다.", "The market is closed.")
    if session not in SESSIONS_OF[facts.environment]:
        return False, Text(
            f"{SESSIONS[session]} 시간에는 이 계좌로 주문할 수 없습니다.",
            f"The broker takes no orders of this account in the {session} session.",
        )
    if facts.has_rule and not intent.by_person and session not in facts.allowed_sessions:
        return False, Text(
            f"규칙이 {SESSIONS[session]} 시간을 쓰지 않습니다.", f"The rule does not act in the {session} session."
        )
    return True, Text(f"{SESSIONS[session]} 시간입니다.", f"The market is in its {session} session.")


@guard(
    AppliesTo.ADDING,
    title=Text("마감 전", "before the close"),
    says=Text(
        "장이 끝나기 전 마지막 N초에는 사지 않습니다. 조기 폐장도 거래일 표대로입니다.",
        "Nothing is bought in the last N seconds of the session; early closes are in the table of trading days.",
    ),
    setting=limited("no_entry_before_close_sec"),
)
def before_close(intent: OrderIntent, facts: RiskFacts) -> Opinion:
    wanted = (facts.house.no_entry_before_close_sec, facts.account.no_entry_before_close_sec)
    margin = max((sec for sec in wanted if sec is not None), default=None)
    closes = facts.session.closes_at
    if margin is None or closes is None:
        return True, Text("마감 전 매수 제한이 없습니다.", "No limit before the close.")
    left = closes - facts.now
    return left > timedelta(seconds=margin), Text(
        f"마감까지 {left.total_seconds():.0f}초, 마지막 {margin}초에는 사지 않습니다.",
        f"{left.total_seconds():.0f} s to the close; nothing is bought in the last {margin} s.",
    )


@guard(
    AppliesTo.BOTH,
    title=Text("주문 유효기간", "time in force"),
    says=Text(
        "당일 지정가는 어디서나, 시가·종가 주문은 실전에서만 됩니다.",
        "Day orders everywhere; the auctions are on the real side only.",
    ),
    setting=Text("규칙의 `time_in_force`", "`time_in_force` of the rule"),
)
def time_in_force(intent: OrderIntent, facts: RiskFacts) -> Opinion:
    """Kis-protocol 1.3."""
    if intent.time_in_force is TimeInForce.DAY or facts.environment is Environment.REAL:
        return True, Text(
            f"주문 유효기간 {intent.time_in_force}을(를) 쓸 수 있습니다.",
            f"The time in force {intent.time_in_force} is available.",
        )
    return False, Text(
        "모의투자에서는 당일 지정가만 됩니다. time_in_force를 day로 바꾸세요.",
        "Paper takes day orders only. Set time_in_force to day.",
    )
