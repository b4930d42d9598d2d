"""How much may be bought: in a day, an order, a symbol; how many symbols; with the money there is; after losses."""

from decimal import Decimal

from market.errors import Text
from market.orders import OrderIntent
from orders.pricing import affordable
from orders.risk.facts import ZERO, RiskFacts
from orders.risk.votes import AppliesTo, Opinion, at_most, guard, limited, tighter


@guard(
    AppliesTo.ADDING,
    title=Text("하루 매수 한도", "daily buy limit"),
    says=Text(
        "거래일에 산 금액과 예약된 금액(지정가와 수수료)의 합이 한도를 넘지 않게 수량을 줄입니다. "
        "전체 한도는 모든 계좌의 합입니다.",
        "What was bought and reserved (limit price and fee) in the trading day stays within the limit: the quantity is "
        "reduced to fit. The house's limit is over all accounts.",
    ),
    setting=limited("daily_buy_usd"),
)
def daily_buy_limit(intent: OrderIntent, facts: RiskFacts) -> Opinion:
    pairs = (
        (facts.house.daily_buy_usd, facts.house_committed),
        (facts.account.daily_buy_usd, facts.account_committed),
    )
    rooms = [(limit - committed, limit) for limit, committed in pairs if limit is not None]
    if not rooms:
        return True, Text("하루 매수 한도가 없습니다.", "There is no daily buy limit.")
    room, limit = min(rooms)
    left = max(room, ZERO)
    return at_most(
        affordable(room, intent.limit_price, facts.fee_bps),
        intent,
        Text(
            f"오늘 더 살 수 있는 금액 ${left:f}(한도 ${limit:f}).",
            f"${left:f} of ${limit:f} may still be bought today.",
        ),
    )


@guard(
    AppliesTo.ADDING,
    title=Text("주문당 한도", "maximum order value"),
    says=Text(
        "주문 하나의 금액이 한도를 넘지 않게 수량을 줄입니다.", "One order is reduced to be worth no more than this."
    ),
    setting=limited("max_order_usd"),
)
def max_order_value(intent: OrderIntent, facts: RiskFacts) -> Opinion:
    limit = tighter(facts.house.max_order_usd, facts.account.max_order_usd)
    if limit is None:
        return True, Text("주문당 한도가 없습니다.", "There is no limit per order.")
    return at_most(
        affordable(limit, intent.limit_price, 0),
        intent,
        Text(f"주문당 한도 ${limit:f}.", f"An order may be worth at most ${limit:f}."),
    )


@guard(
    AppliesTo.ADDING,
    title=Text("종목당 한도", "maximum position"),
    says=Text(
        "규칙의 최대 수량과 종목당 수량·금액 한도 안으로 수량을 줄입니다. 아직 체결되지 않은 매수도 셉니다.",
        "Reduced to the rule's maximum and the limits of shares and dollars per symbol, buys that may still fill "
        "counted as if they had.",
    ),
    setting=Text(
        "규칙의 `max_position`, 계좌 한도와 전체 한도의 `max_position_qty`, `max_position_usd`",
        "`max_position` of the rule; `max_position_qty` and `max_position_usd` of the account's limits and the house's",
    ),
)
def max_position(intent: OrderIntent, facts: RiskFacts) -> Opinion:
    held = facts.book_quantity + facts.buys_in_flight
    rooms = []
    if facts.rule_max_position is not None:
        rooms.append(facts.rule_max_position - facts.rule_quantity - facts.rule_buys_in_flight)
    if (shares := tighter(facts.house.max_position_qty, facts.account.max_position_qty)) is not None:
        rooms.append(shares - held)
    if (dollars := tighter(facts.house.max_position_usd, facts.account.max_position_usd)) is not None:
        rooms.append(affordable(dollars, intent.limit_price, 0) - held)
    if not rooms:
        return True, Text("보유 한도가 없습니다.", "There is no position limit.")
    room = max(0, min(rooms))
    return at_most(
        room,
        intent,
        Text(
            f"보유와 매수 중 {held}주, {room}주를 더 보유할 수 있습니다.",
            f"{held} shares are held or being bought; {room} more may be.",
        ),
    )


@guard(
    AppliesTo.ADDING,
    title=Text("보유 종목 수", "maximum open positions"),
    says=Text(
        "새 종목은 보유하거나 사는 중인 종목 수가 한도보다 적을 때만 삽니다.",
        "A new symbol is bought only while fewer than so many are held or being bought.",
    ),
    setting=limited("max_open_positions"),
)
def max_open_positions(intent: OrderIntent, facts: RiskFacts) -> Opinion:
    limit = tighter(facts.house.max_open_positions, facts.account.max_open_positions)
    if limit is None:
        return True, Text("보유 종목 수 한도가 없습니다.", "There is no limit of symbols held.")
    new = facts.book_quantity + facts.buys_in_flight == 0
    this = Text("새 종목", "new") if new else Text("이미 가진 종목", "held already")
    return not new or facts.open_positions < limit, Text(
        f"다른 보유 종목 {facts.open_positions}개(한도 {limit}), 이 종목은 {this.ko}입니다.",
        f"{facts.open_positions} other symbols are held, at most {limit} in all; this one is {this.en}.",
    )


@guard(
    AppliesTo.ADDING,
    title=Text("매수 가능 금액", "buying power"),
    says=Text(
        "증권사의 매수 가능 금액에서 아직 거기에 보이지 않는 우리 주문을 뺀 만큼만 삽니다. 모르면 사지 않습니다.",
        "Reduced to the broker's figure less our own orders that it does not show yet; not known buys nothing.",
    ),
    setting=Text("계좌의 `margin_mode`", "`margin_mode` of the account"),
)
def buying_power(intent: OrderIntent, facts: RiskFacts) -> Opinion:
    """Safety.md 3.4."""
    if facts.buying_power is None:
        return False, Text("매수 가능 금액을 확인하지 못했습니다.", "The buying power is not known.")
    fits = affordable(facts.buying_power, intent.limit_price, facts.fee_bps)
    if facts.buying_power_quantity is not None:
        fits = min(fits, facts.buying_power_quantity)
    return at_most(
        fits,
        intent,
        Text(
            f"매수 가능 금액 ${facts.buying_power:f}, {fits}주.",
            f"Buying power ${facts.buying_power:f}: {fits} shares.",
        ),
    )


@guard(
    AppliesTo.ADDING,
    title=Text("하루 손실", "daily loss"),
    says=Text(
        "거래일의 실현 손실이 한도에 닿으면 더 사지 않습니다. 전체 한도는 모든 계좌의 합입니다. 청산은 막지 않습니다.",
        "When the realised loss of the trading day reaches the limit nothing more is bought; the house's is over all "
        "accounts. Exits are not stopped.",
    ),
    setting=limited("daily_loss_usd"),
)
def daily_loss(intent: OrderIntent, facts: RiskFacts) -> Opinion:
    pairs = (
        (facts.house.daily_loss_usd, facts.house_realized),
        (facts.account.daily_loss_usd, facts.account_realized),
    )
    rooms = [(limit + realized, limit) for limit, realized in pairs if limit is not None]
    if not rooms:
        return True, Text("하루 손실 한도가 없습니다.", "There is no daily loss limit.")
    room, limit = min(rooms)
    lost = max(limit - room, ZERO)
    return room > 0, Text(
        f"오늘 실현 손실 ${lost:f}, 한도 ${limit:f}.", f"${lost:f} was lost today; entries stop at ${limit:f}."
    )


@guard(
    AppliesTo.ADDING,
    title=Text("고점 대비 하락", "drawdown"),
    says=Text(
        "평가금이 고점(입출금 제외)보다 이만큼(%) 낮아지면 더 사지 않습니다. 평가금을 모르면 사지 않습니다.",
        "When equity lies so many per cent below its peak (deposits and withdrawals left out) nothing more is bought; "
        "nor while the equity is not known.",
    ),
    setting=limited("max_drawdown_pct"),
)
def drawdown(intent: OrderIntent, facts: RiskFacts) -> Opinion:
    most: Decimal | None = tighter(facts.house.max_drawdown_pct, facts.account.max_drawdown_pct)
    if most is None:
        return True, Text("하락 한도가 없습니다.", "There is no drawdown limit.")
    if facts.drawdown_pct is None:
        return False, Text(
            "평가금을 아직 모릅니다. 예수금이 한 번 확인되면 풀립니다.",
            "The equity is not known yet: this ends when the cash has been read once.",
        )
    return facts.drawdown_pct < most, Text(
        f"고점 대비 {facts.drawdown_pct:.2f} % 하락, 한도 {most:f} %.",
        f"{facts.drawdown_pct:.2f} % below the peak; entries stop at {most:f} %.",
    )
