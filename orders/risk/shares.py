"""Whose shares, and which order has priority: ownership, what is unsettled, what a person must look at first."""

from market.errors import Text
from market.orders import OrderIntent
from market.words import Side
from orders.risk.facts import RiskFacts
from orders.risk.votes import AppliesTo, Opinion, at_most, guard


@guard(
    AppliesTo.REDUCING,
    title=Text("소유", "ownership"),
    says=Text(
        "규칙은 자기가 산 것만 팔고, 한 종목의 매도를 모두 더해도 확실히 있는 수량을 넘지 않습니다.",
        "A rule sells only what it owns, and all sells of a symbol together never exceed what is surely there.",
    ),
)
def ownership(intent: OrderIntent, facts: RiskFacts) -> Opinion:
    """Safety.md 2.1, 2.2."""
    there = facts.book_quantity
    if facts.broker_sellable is not None:
        there = min(there, facts.broker_sellable)
    room = there - facts.sells_in_flight
    if facts.has_rule:
        room = min(room, facts.rule_quantity - facts.rule_sells_in_flight)
    room = max(0, room)
    return at_most(
        room,
        intent,
        Text(
            f"확실한 수량 {there}주, 매도 중 {facts.sells_in_flight}주: {room}주를 팔 수 있습니다.",
            f"{there} shares are surely there, {facts.sells_in_flight} being sold: {room} may be sold.",
        ),
    )


@guard(
    AppliesTo.ADDING,
    title=Text("이미 가진 규칙", "holds nothing"),
    says=Text(
        "규칙은 가진 것도 주문도 없을 때만 삽니다. 여러 번 사려면 규칙에서 횟수를 정합니다.",
        "A rule buys only while it holds nothing and has nothing working; how often it may add is its own setting.",
    ),
    setting=Text("규칙의 `max_entries`", "`max_entries` of the rule"),
)
def holds_nothing(intent: OrderIntent, facts: RiskFacts) -> Opinion:
    """Safety.md 2.3. Going on with a partly filled entry at another price is the same entry."""
    if not facts.has_rule:
        return True, Text("규칙의 주문이 아닙니다.", "It is no rule's order.")
    if facts.rule_open_sides:
        return False, Text("규칙의 주문이 아직 열려 있습니다.", "The rule has an order working.")
    # shares that a person assigned to the rule came by no entry of its own, and are held all the same
    given = facts.rule_quantity > 0 and not facts.continues
    entries = facts.rule_entries or int(given)
    return entries < facts.rule_max_entries, Text(
        f"규칙이 {facts.rule_quantity}주를 가졌고 {entries}번 샀습니다(최대 {facts.rule_max_entries}번).",
        f"The rule holds {facts.rule_quantity} shares of {entries} entries, at most {facts.rule_max_entries}.",
    )


@guard(
    AppliesTo.BOTH,
    title=Text("열린 주문 하나", "one working order"),
    says=Text("규칙마다 방향별로 열린 주문은 하나입니다.", "A rule has one open order on a side."),
)
def one_working_order(intent: OrderIntent, facts: RiskFacts) -> Opinion:
    if intent.side not in facts.rule_open_sides:
        return True, Text("같은 방향의 주문이 없습니다.", "The rule has no open order on this side.")
    return False, Text("같은 방향의 주문이 아직 열려 있습니다.", "The rule's order on this side is still open.")


@guard(
    AppliesTo.BOTH,
    title=Text("같은 결정", "duplicate intent"),
    says=Text("한 결정(규칙, 방향, 봉의 시각)은 주문을 한 번만 냅니다.", "A decision (rule, side, bar) has one order."),
)
def duplicate_intent(intent: OrderIntent, facts: RiskFacts) -> Opinion:
    """Safety.md 1.4; the database refuses it too."""
    if not facts.decision_taken:
        return True, Text("이 결정의 첫 주문입니다.", "It is the first order of this decision.")
    return False, Text(
        f"결정 {intent.decision_key}의 주문이 이미 있습니다.", f"The decision {intent.decision_key} has had its order."
    )


@guard(
    AppliesTo.ADDING,
    title=Text("모르는 매수", "unsettled buy"),
    says=Text(
        "결과를 모르는 매수가 있으면 그 종목을 더 사지 않습니다.",
        "While the outcome of a buy is unknown no more of its symbol is bought.",
    ),
)
def unsettled_buy(intent: OrderIntent, facts: RiskFacts) -> Opinion:
    """Safety.md 2.4."""
    doubt = [u for u in facts.unsettled if u.unknown and u.symbol == intent.symbol and u.side is Side.BUY]
    if not doubt:
        return True, Text("결과를 모르는 매수가 없습니다.", "No buy of this symbol is unsettled.")
    shares = sum(u.quantity for u in doubt)
    return False, Text(
        f"결과를 모르는 같은 종목 매수 주문이 {shares}주 있습니다.",
        f"A buy of {shares} shares of this symbol is not settled yet: it may exist.",
    )


@guard(
    AppliesTo.ADDING,
    title=Text("맞춰 본 보유", "position reconciled"),
    says=Text(
        "계좌의 보유를 10분 안에 증권사와 맞춰 봤고, 이 종목의 수량이 같을 때만 삽니다.",
        "The account's holdings were compared with the broker's within ten minutes, and agree on this symbol.",
    ),
)
def position_reconciled(intent: OrderIntent, facts: RiskFacts) -> Opinion:
    """Safety.md 2.5, 3.5."""
    if facts.position_disputed:
        return False, Text(
            "보유 수량이 증권사와 다릅니다. 확인하기 전에는 사지 않습니다.",
            "Our book and the broker's differ on this symbol: nothing is bought until a person has looked.",
        )
    if facts.reconciled_at is None:
        return False, Text("보유를 아직 증권사와 맞춰 보지 않았습니다.", "The holdings were never compared yet.")
    age, most = facts.now - facts.reconciled_at, facts.reconciled_max_age
    return age <= most, Text(
        f"보유를 {age.total_seconds():.0f}초 전에 맞춰 봤습니다(허용 {most.total_seconds():.0f}초).",
        f"The holdings were compared {age.total_seconds():.0f} s ago, at most {most.total_seconds():.0f} s.",
    )


@guard(
    AppliesTo.BOTH,
    title=Text("보류된 종목", "symbol hold"),
    says=Text(
        "분할 따위로 수량이나 가격이 뛴 종목은 사람이 확인할 때까지 규칙이 사고팔지 않습니다. 사람의 주문은 나갑니다.",
        "After a split or another jump no rule buys or sells the symbol until a person has looked; a person may.",
    ),
)
def symbol_hold(intent: OrderIntent, facts: RiskFacts) -> Opinion:
    """Safety.md 2.6: an exit derived from a price of before the split would sell everything for nothing."""
    because = facts.held_because
    if because is None:
        return True, Text("보류된 종목이 아닙니다.", "The symbol is not on hold.")
    if intent.by_person or not facts.has_rule:
        return True, Text(
            f"보류 중이나 사람의 주문입니다. {because.ko}", f"On hold, but a person wants it. {because.en}"
        )
    return False, Text(f"종목이 보류되었습니다. {because.ko}", f"The symbol is on hold. {because.en}")


@guard(
    AppliesTo.BOTH,
    title=Text("똑같은 주문", "identical order"),
    says=Text(
        "번호를 모르는 주문과 종목·방향·수량·가격이 같은 주문은 내지 않습니다. 둘을 구별할 수 없기 때문입니다.",
        "No order goes out that equals one without a known number in symbol, side, quantity and price: they could not "
        "be told apart.",
    ),
    last=True,
)
def identical_order(intent: OrderIntent, facts: RiskFacts) -> Opinion:
    """Safety.md 1.2."""
    wanted = (intent.symbol, intent.side, intent.quantity, intent.limit_price)
    if any((u.symbol, u.side, u.quantity, u.price) == wanted for u in facts.unsettled):
        return False, Text(
            f"똑같은 주문({intent.quantity}주 @ {intent.limit_price})의 결과를 아직 모릅니다.",
            f"An identical order ({intent.quantity} at {intent.limit_price}) is not settled: "
            "they could not be told apart.",
        )
    return True, Text("똑같은 주문이 없습니다.", "No identical order is unsettled.")
