"""How often: orders in a minute, refusals in a row, the rule's own cool-down."""

from market.errors import Text
from market.orders import OrderIntent
from orders.risk.facts import RiskFacts
from orders.risk.votes import AppliesTo, Opinion, guard, limited


@guard(
    AppliesTo.ADDING,
    title=Text("분당 주문 수", "order rate"),
    says=Text(
        "지난 60초의 주문 수가 한도에 닿으면 사지 않습니다. 전체 한도는 모든 계좌의 합입니다. "
        "청산은 세지만 막지 않습니다.",
        "Nothing is bought when the orders of the last 60 s have reached the limit; the house's is over all accounts. "
        "Exits are counted and never stopped.",
    ),
    setting=limited("orders_per_minute"),
)
def order_rate(intent: OrderIntent, facts: RiskFacts) -> Opinion:
    pairs = (
        (facts.house.orders_per_minute, facts.house_orders),
        (facts.account.orders_per_minute, facts.account_orders),
    )
    rooms = [(limit - orders, orders, limit) for limit, orders in pairs if limit is not None]
    if not rooms:
        return True, Text("분당 주문 수 한도가 없습니다.", "There is no limit of orders in a minute.")
    room, orders, limit = min(rooms)
    return room > 0, Text(
        f"지난 60초에 주문 {orders}건, 한도 {limit}건.", f"{orders} orders in the last 60 s, at most {limit}."
    )


@guard(
    AppliesTo.ADDING,
    title=Text("대기 시간", "cool-down"),
    says=Text(
        "규칙이 주문한 뒤 정한 시간이 지나야 다시 삽니다.",
        "So long after its last order a rule buys nothing new.",
    ),
    setting=Text("규칙의 `cooldown_sec`", "`cooldown_sec` of the rule"),
)
def cooldown(intent: OrderIntent, facts: RiskFacts) -> Opinion:
    """Going on with the same entry at another price is not a new decision."""
    if not facts.cooldown or facts.last_acted_at is None or facts.continues:
        return True, Text("기다릴 것이 없습니다.", "Nothing to wait for.")
    left = (facts.last_acted_at + facts.cooldown - facts.now).total_seconds()
    if left <= 0:
        return True, Text(
            f"대기 시간 {facts.cooldown.total_seconds():.0f}초가 지났습니다.",
            f"The rule has cooled down ({facts.cooldown.total_seconds():.0f} s).",
        )
    return False, Text(f"{left:.0f}초 더 기다립니다.", f"The rule cools down for another {left:.0f} s.")


@guard(
    AppliesTo.ADDING,
    title=Text("연속 거절", "failure streak"),
    says=Text(
        "거절이 이만큼 이어지면 정한 시간 동안 쉬고, 그 뒤 한 번 다시 해 봅니다.",
        "After so many refusals in a row the rule pauses for so long; then one order may try again.",
    ),
    setting=Text(
        "계좌 한도의 `failure_streak`, `failure_cooldown_sec`",
        "`failure_streak` and `failure_cooldown_sec` of the account's limits",
    ),
)
def failure_streak(intent: OrderIntent, facts: RiskFacts) -> Opinion:
    paused = facts.paused_until is not None and facts.now < facts.paused_until
    return facts.failure_streak < facts.failure_streak_limit or not paused, Text(
        f"연속 거절 {facts.failure_streak}번(한도 {facts.failure_streak_limit}번){', 쉬는 중' if paused else ''}.",
        f"{facts.failure_streak} refusals in a row, a pause after {facts.failure_streak_limit}"
        f"{'; the rule pauses' if paused else ''}.",
    )
