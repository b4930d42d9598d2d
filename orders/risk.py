"""The guards. Each is a small function that votes on an intent, given the facts; every vote is kept. Pure.

A guard says whether it applies to orders that add risk (buys), that reduce it (sells) or both, so that no guard
blocks the exit it should cause (safety.md 3.1). A quantity over a limit is reduced to fit; zero is a veto.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any

from market.data import Quote, SessionView
from market.errors import Text
from market.orders import OrderIntent
from market.ticks import is_on_tick
from market.words import Environment, Freshness, Session, Side, TimeInForce, TradingState
from orders.pricing import affordable, collar

ZERO = Decimal(0)
# Paper takes orders in the regular session only (kis-protocol 1.3); the daytime session needs orders of its own kind.
SESSIONS_OF = {
    Environment.PAPER: frozenset({Session.REGULAR}),
    Environment.REAL: frozenset({Session.PRE, Session.REGULAR, Session.AFTER}),
}


class AppliesTo(StrEnum):
    ADDING = "adding"
    REDUCING = "reducing"
    BOTH = "both"

    def covers(self, side: Side) -> bool:
        return self is AppliesTo.BOTH or (self is AppliesTo.REDUCING) == (side is Side.SELL)


@dataclass(frozen=True, slots=True)
class Vote:
    """`quantity`: what the guard lets through, None when it has no opinion on quantity."""

    guard: str
    applies_to: AppliesTo
    passed: bool
    reason: Text
    quantity: int | None = None

    def as_dict(self) -> dict[str, Any]:
        return {
            "guard": self.guard,
            "applies_to": self.applies_to.value,
            "passed": self.passed,
            "quantity": self.quantity,
            "reason": self.reason.as_dict(),
        }


@dataclass(frozen=True, slots=True)
class Verdict:
    """`quantity` is what may be sent: 0 when any guard said no."""

    votes: tuple[Vote, ...]
    asked: int
    quantity: int

    @property
    def passed(self) -> bool:
        return self.quantity > 0

    @property
    def vetoes(self) -> tuple[Vote, ...]:
        return tuple(v for v in self.votes if not v.passed)

    @property
    def reductions(self) -> tuple[Vote, ...]:
        return tuple(v for v in self.votes if v.passed and v.quantity is not None and v.quantity < self.asked)

    def as_dict(self) -> dict[str, Any]:
        votes = [v.as_dict() for v in self.votes]
        return {"passed": self.passed, "asked": self.asked, "quantity": self.quantity, "votes": votes}


@dataclass(frozen=True, slots=True)
class Limits:
    """Somebody's limits; None is no limit. Dollars per trading day, dollars per order, dollars and shares held."""

    daily_buy_usd: Decimal | None = None
    max_order_usd: Decimal | None = None
    max_position_usd: Decimal | None = None
    max_position_qty: int | None = None
    max_open_positions: int | None = None


@dataclass(frozen=True, slots=True)
class Unsettled:
    """An order without a number of its own; `unknown`: nobody knows whether it exists at the broker."""

    symbol: str
    side: Side
    quantity: int
    price: Decimal
    unknown: bool = True


@dataclass(frozen=True, slots=True)
class RiskFacts:
    """All that the guards may know, read in one transaction. Money in US dollars, quantities in shares."""

    now: datetime
    environment: Environment
    session: SessionView
    allowed_sessions: frozenset[Session] = frozenset({Session.REGULAR})
    house_state: TradingState = TradingState.ACTIVE
    account_state: TradingState = TradingState.ACTIVE
    rule_state: TradingState = TradingState.ACTIVE
    quote: Quote | None = None
    quote_max_age: timedelta = timedelta(seconds=10)
    fee_bps: int = 25
    house: Limits = field(default_factory=Limits)
    account: Limits = field(default_factory=Limits)
    # bought and reserved (limit price plus fee) in this trading day
    house_committed: Decimal = ZERO
    account_committed: Decimal = ZERO
    # the account's symbol
    book_quantity: int = 0
    buys_in_flight: int = 0  # shares that open, unknown or doubtful buys may still bring
    sells_in_flight: int = 0
    broker_sellable: int | None = None  # fresh, with our own open sells added back; None: no fresh figure
    position_disputed: bool = False
    open_positions: int = 0  # other symbols held or being bought
    unsettled: tuple[Unsettled, ...] = ()
    # the rule; None for an order that a person wants
    has_rule: bool = True
    rule_max_position: int | None = None
    rule_quantity: int = 0
    rule_buys_in_flight: int = 0
    rule_sells_in_flight: int = 0
    rule_open_sides: frozenset[Side] = frozenset()
    last_acted_at: datetime | None = None
    cooldown: timedelta = timedelta(0)
    paused_until: datetime | None = None
    failure_streak: int = 0
    failure_streak_limit: int = 5
    # the broker's figure for the account's margin mode, less our own orders not visible in it; None: not known
    buying_power: Decimal | None = None
    buying_power_quantity: int | None = None
    trading_day: date | None = None


SESSIONS = {
    Session.DAYTIME: "주간거래",
    Session.PRE: "프리마켓",
    Session.REGULAR: "정규장",
    Session.AFTER: "애프터마켓",
}
Opinion = tuple[bool, Text] | tuple[bool, Text, int]
Guard = Callable[[OrderIntent, RiskFacts], Opinion]
GUARDS: dict[str, tuple[AppliesTo, Guard]] = {}


def guard(applies_to: AppliesTo) -> Callable[[Guard], Guard]:
    """Register a guard under its function's name, in the order in which they are written here."""

    def register(function: Guard) -> Guard:
        GUARDS[function.__name__] = (applies_to, function)
        return function

    return register


def assess(intent: OrderIntent, facts: RiskFacts, only: Collection[str] | None = None) -> Verdict:
    """Every guard that applies votes on the intent as asked; the one about identical orders on what is left.

    `only`: the names of the guards to ask, all when None.
    """
    asked = [name for name, (to, _) in GUARDS.items() if to.covers(intent.side) and (only is None or name in only)]
    votes = [_vote(name, intent, facts) for name in asked]
    allowed = min([intent.quantity, *(v.quantity for v in votes if v.quantity is not None)])
    if allowed > 0:
        votes.append(_same_order(replace(intent, quantity=allowed), facts))
    passed = allowed > 0 and all(v.passed for v in votes)
    return Verdict(tuple(votes), intent.quantity, allowed if passed else 0)


def _vote(name: str, intent: OrderIntent, facts: RiskFacts) -> Vote:
    applies_to, function = GUARDS[name]
    passed, reason, *quantity = function(intent, facts)
    return Vote(name, applies_to, passed, reason, quantity[0] if quantity else None)


def _at_most(allowed: int, intent: OrderIntent, what: Text) -> Opinion:
    """Reduce to fit, with the reason kept; nothing left is a veto."""
    allowed = max(0, min(allowed, intent.quantity))
    return allowed > 0, what, allowed


def _tighter(*limits: Decimal | None) -> Decimal | None:
    return min((limit for limit in limits if limit is not None), default=None)


# --- may anything be sent now ------------------------------------------------------------------------------


@guard(AppliesTo.BOTH)
def trading_state(intent: OrderIntent, facts: RiskFacts) -> Opinion:
    """House, account and rule: the strictest wins. `reducing` lets exits out, `halted` lets nothing out."""
    states = (facts.house_state, facts.account_state, facts.rule_state)
    if TradingState.HALTED in states:
        return False, Text("거래가 중지되어 있습니다.", "Trading is halted.")
    if TradingState.REDUCING in states and intent.side is Side.BUY:
        return False, Text("청산만 허용된 상태입니다.", "Only exits are allowed at the moment.")
    return True, Text("거래할 수 있는 상태입니다.", "Trading is allowed.")


@guard(AppliesTo.BOTH)
def market_session(intent: OrderIntent, facts: RiskFacts) -> Opinion:
    """The market is in a session in which the rule may act and the broker takes orders."""
    session = facts.session.session
    if session is None:
        return False, Text("장이 열려 있지 않습니다.", "The market is closed.")
    if session not in SESSIONS_OF[facts.environment]:
        return False, Text(
            f"{SESSIONS[session]} 시간에는 이 계좌로 주문할 수 없습니다.",
            f"The broker takes no orders of this account in the {session} session.",
        )
    if facts.has_rule and session not in facts.allowed_sessions:
        return False, Text(
            f"규칙이 {SESSIONS[session]} 시간을 쓰지 않습니다.", f"The rule does not act in the {session} session."
        )
    return True, Text(f"{SESSIONS[session]} 시간입니다.", f"The market is in its {session} session.")


@guard(AppliesTo.BOTH)
def time_in_force(intent: OrderIntent, facts: RiskFacts) -> Opinion:
    """Day orders everywhere; the auctions are on the real side only (kis-protocol 1.3)."""
    if intent.time_in_force is TimeInForce.DAY or facts.environment is Environment.REAL:
        return True, Text("주문 유효기간을 쓸 수 있습니다.", "The time in force is available.")
    return False, Text(
        "모의투자에서는 당일 지정가만 됩니다. time_in_force를 day로 바꾸세요.",
        "Paper takes day orders only. Set time_in_force to day.",
    )


# --- is the order itself valid -----------------------------------------------------------------------------


@guard(AppliesTo.BOTH)
def tick_size(intent: OrderIntent, facts: RiskFacts) -> Opinion:
    if intent.limit_price > 0 and is_on_tick(intent.limit_price):
        return True, Text("호가 단위에 맞습니다.", "The price lies on a tick.")
    return False, Text(
        f"가격 {intent.limit_price}이(가) 호가 단위(1달러 이상 0.01, 미만 0.0001)에 맞지 않습니다.",
        f"The price {intent.limit_price} is not on a tick ($0.01 from one dollar up, $0.0001 below).",
    )


@guard(AppliesTo.BOTH)
def whole_quantity(intent: OrderIntent, facts: RiskFacts) -> Opinion:
    if isinstance(intent.quantity, int) and intent.quantity >= 1:
        return True, Text("수량이 1주 이상의 정수입니다.", "The quantity is whole shares.")
    return False, Text("주문할 수량이 1주도 되지 않습니다.", "The quantity is below one whole share.")


@guard(AppliesTo.BOTH)
def price_collar(intent: OrderIntent, facts: RiskFacts) -> Opinion:
    """A buy at most 2 % above the last price, a sell at most 10 % below: an exit must get out."""
    if facts.quote is None:  # for a buy the quote guard says no; an exit goes at the limit it has
        return True, Text("비교할 시세가 없습니다.", "There is no quote to compare with.")
    bound = collar(intent.side, facts.quote.last)
    inside = intent.limit_price <= bound if intent.side is Side.BUY else intent.limit_price >= bound
    return inside, Text(
        f"지정가 {intent.limit_price}, 허용 한계 {bound}.", f"Limit {intent.limit_price}, the bound is {bound}."
    )


@guard(AppliesTo.ADDING)
def fresh_quote(intent: OrderIntent, facts: RiskFacts) -> Opinion:
    """The market's own time decides (safety.md 4.1)."""
    quote = facts.quote
    if quote is None:
        return False, Text("시세가 없습니다.", "There is no quote.")
    age = facts.now - quote.at
    if quote.freshness is not Freshness.FRESH or age > facts.quote_max_age:
        return False, Text(
            f"시세가 오래되었습니다({age.total_seconds():.1f}초 전, {quote.freshness}).",
            f"The quote is not fresh ({age.total_seconds():.1f} s old, {quote.freshness}).",
        )
    return True, Text("시세가 최신입니다.", "The quote is fresh.")


# --- limits ------------------------------------------------------------------------------------------------


@guard(AppliesTo.ADDING)
def daily_buy_limit(intent: OrderIntent, facts: RiskFacts) -> Opinion:
    """What was bought and what is reserved in this trading day, house and account; the tighter room counts."""
    rooms = [
        limit - committed
        for limit, committed in (
            (facts.house.daily_buy_usd, facts.house_committed),
            (facts.account.daily_buy_usd, facts.account_committed),
        )
        if limit is not None
    ]
    if not rooms:
        return True, Text("하루 매수 한도가 없습니다.", "There is no daily buy limit.")
    room = min(rooms)
    return _at_most(
        affordable(room, intent.limit_price, facts.fee_bps),
        intent,
        Text(f"오늘 더 살 수 있는 금액 ${max(room, ZERO):f}.", f"${max(room, ZERO):f} may still be bought today."),
    )


@guard(AppliesTo.ADDING)
def max_order_value(intent: OrderIntent, facts: RiskFacts) -> Opinion:
    limit = _tighter(facts.house.max_order_usd, facts.account.max_order_usd)
    if limit is None:
        return True, Text("주문당 한도가 없습니다.", "There is no limit per order.")
    return _at_most(
        affordable(limit, intent.limit_price, 0),
        intent,
        Text(f"주문당 한도 ${limit:f}.", f"An order may be worth at most ${limit:f}."),
    )


@guard(AppliesTo.ADDING)
def max_position(intent: OrderIntent, facts: RiskFacts) -> Opinion:
    """The rule's own maximum and the account's, with everything in flight counted as if it had arrived."""
    held = facts.book_quantity + facts.buys_in_flight
    rooms = []
    if facts.rule_max_position is not None:
        rooms.append(facts.rule_max_position - facts.rule_quantity - facts.rule_buys_in_flight)
    if facts.account.max_position_qty is not None:
        rooms.append(facts.account.max_position_qty - held)
    if facts.account.max_position_usd is not None:
        rooms.append(affordable(facts.account.max_position_usd, intent.limit_price, 0) - held)
    if not rooms:
        return True, Text("보유 한도가 없습니다.", "There is no position limit.")
    room = max(0, min(rooms))
    return _at_most(room, intent, Text(f"{room}주를 더 보유할 수 있습니다.", f"{room} more shares may be held."))


@guard(AppliesTo.ADDING)
def max_open_positions(intent: OrderIntent, facts: RiskFacts) -> Opinion:
    limit = facts.account.max_open_positions
    new = facts.book_quantity + facts.buys_in_flight == 0
    if limit is None or not new or facts.open_positions < limit:
        return True, Text("보유 종목 수에 여유가 있습니다.", "Another symbol may be held.")
    return False, Text(f"보유 종목 수 한도({limit})에 도달했습니다.", f"The limit of {limit} symbols held is reached.")


@guard(AppliesTo.ADDING)
def buying_power(intent: OrderIntent, facts: RiskFacts) -> Opinion:
    """The broker's figure for the account's margin mode; not known is not zero, and not enough to buy."""
    if facts.buying_power is None:
        return False, Text("매수 가능 금액을 확인하지 못했습니다.", "The buying power is not known.")
    fits = affordable(facts.buying_power, intent.limit_price, facts.fee_bps)
    if facts.buying_power_quantity is not None:
        fits = min(fits, facts.buying_power_quantity)
    return _at_most(
        fits,
        intent,
        Text(
            f"매수 가능 금액 ${facts.buying_power:f}, {fits}주.",
            f"Buying power ${facts.buying_power:f}: {fits} shares.",
        ),
    )


# --- whose shares ------------------------------------------------------------------------------------------


@guard(AppliesTo.REDUCING)
def ownership(intent: OrderIntent, facts: RiskFacts) -> Opinion:
    """Never more than the rule owns, and all sells together never more than is surely there (safety.md 2.1, 2.2)."""
    there = facts.book_quantity
    if facts.broker_sellable is not None:
        there = min(there, facts.broker_sellable)
    room = there - facts.sells_in_flight
    if facts.has_rule:
        room = min(room, facts.rule_quantity - facts.rule_sells_in_flight)
    room = max(0, room)
    return _at_most(room, intent, Text(f"{room}주를 팔 수 있습니다.", f"{room} shares may be sold."))


@guard(AppliesTo.ADDING)
def holds_nothing(intent: OrderIntent, facts: RiskFacts) -> Opinion:
    """Entry only when the rule holds nothing and has nothing working (safety.md 2.3)."""
    if not facts.has_rule or (facts.rule_quantity == 0 and not facts.rule_open_sides):
        return True, Text("규칙이 가진 것이 없습니다.", "The rule holds nothing and has nothing working.")
    return False, Text(
        f"규칙이 이미 {facts.rule_quantity}주를 가졌거나 주문 중입니다.",
        f"The rule already holds {facts.rule_quantity} shares or has an order working.",
    )


@guard(AppliesTo.BOTH)
def one_working_order(intent: OrderIntent, facts: RiskFacts) -> Opinion:
    if intent.side not in facts.rule_open_sides:
        return True, Text("같은 방향의 주문이 없습니다.", "The rule has no open order on this side.")
    return False, Text("같은 방향의 주문이 아직 열려 있습니다.", "The rule's order on this side is still open.")


@guard(AppliesTo.ADDING)
def position_agrees(intent: OrderIntent, facts: RiskFacts) -> Opinion:
    if not facts.position_disputed:
        return True, Text("보유 수량이 증권사와 같습니다.", "Our book and the broker's agree.")
    return False, Text(
        "보유 수량이 증권사와 다릅니다. 확인하기 전에는 사지 않습니다.",
        "Our book and the broker's differ on this symbol: nothing is bought until a person has looked.",
    )


@guard(AppliesTo.ADDING)
def unsettled_buy(intent: OrderIntent, facts: RiskFacts) -> Opinion:
    """An unknown buy blocks buys of its symbol (safety.md 2.4)."""
    doubt = [u for u in facts.unsettled if u.unknown and u.symbol == intent.symbol and u.side is Side.BUY]
    if not doubt:
        return True, Text("결과를 모르는 매수가 없습니다.", "No buy of this symbol is unsettled.")
    return False, Text(
        "결과를 모르는 같은 종목 매수 주문이 있습니다.", "A buy of this symbol is not settled yet: it may exist."
    )


# --- the rule's own pace -----------------------------------------------------------------------------------


@guard(AppliesTo.ADDING)
def cooldown(intent: OrderIntent, facts: RiskFacts) -> Opinion:
    if not facts.cooldown or facts.last_acted_at is None or facts.now - facts.last_acted_at >= facts.cooldown:
        return True, Text("대기 시간이 지났습니다.", "The rule has cooled down.")
    left = (facts.last_acted_at + facts.cooldown - facts.now).total_seconds()
    return False, Text(f"{left:.0f}초 더 기다립니다.", f"The rule cools down for another {left:.0f} s.")


@guard(AppliesTo.ADDING)
def failure_streak(intent: OrderIntent, facts: RiskFacts) -> Opinion:
    """After so many refusals in a row the rule pauses; then one order may try again."""
    paused = facts.paused_until is not None and facts.now < facts.paused_until
    if facts.failure_streak < facts.failure_streak_limit or not paused:
        return True, Text("거절이 이어지지 않았습니다.", "No streak of refusals.")
    return False, Text(
        f"주문이 {facts.failure_streak}번 연속 거절되어 쉬고 있습니다.",
        f"{facts.failure_streak} orders in a row were refused; the rule pauses.",
    )


def _same_order(intent: OrderIntent, facts: RiskFacts) -> Vote:
    """No second order with the same symbol, side, quantity and price while one is unsettled (safety.md 1.2)."""
    same = any(
        (u.symbol, u.side, u.quantity, u.price) == (intent.symbol, intent.side, intent.quantity, intent.limit_price)
        for u in facts.unsettled
    )
    reason = (
        Text("똑같은 주문의 결과를 아직 모릅니다.", "An identical order is not settled: they could not be told apart.")
        if same
        else Text("똑같은 주문이 없습니다.", "No identical order is unsettled.")
    )
    return Vote("identical_order", AppliesTo.BOTH, not same, reason)
