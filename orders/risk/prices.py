"""Is the order itself valid, and is the price one that may be paid: ticks, collar, data, slippage, spread."""

from decimal import Decimal

from market.errors import Text
from market.orders import OrderIntent
from market.ticks import is_on_tick
from market.words import Freshness, Side
from orders.pricing import bps_between, collar
from orders.risk.facts import RiskFacts
from orders.risk.votes import AppliesTo, Opinion, guard, limited, tighter

RULE = Text("규칙의 가격 정책", "the rule's price policy")


@guard(
    AppliesTo.BOTH,
    title=Text("호가 단위", "tick size"),
    says=Text("가격이 호가 단위에 맞아야 합니다.", "The price lies on a tick."),
)
def tick_size(intent: OrderIntent, facts: RiskFacts) -> Opinion:
    if intent.limit_price > 0 and is_on_tick(intent.limit_price):
        return True, Text(
            f"가격 {intent.limit_price}은(는) 호가 단위에 맞습니다.", f"The price {intent.limit_price} lies on a tick."
        )
    return False, Text(
        f"가격 {intent.limit_price}이(가) 호가 단위(1달러 이상 0.01, 미만 0.0001)에 맞지 않습니다.",
        f"The price {intent.limit_price} is not on a tick ($0.01 from one dollar up, $0.0001 below).",
    )


@guard(
    AppliesTo.BOTH,
    title=Text("정수 수량", "whole quantity"),
    says=Text("수량은 1주 이상의 정수입니다.", "The quantity is one whole share or more."),
)
def whole_quantity(intent: OrderIntent, facts: RiskFacts) -> Opinion:
    if isinstance(intent.quantity, int) and intent.quantity >= 1:
        return True, Text(
            f"수량 {intent.quantity}은(는) 1주 이상의 정수입니다.", f"The quantity {intent.quantity} is whole shares."
        )
    return False, Text("주문할 수량이 1주도 되지 않습니다.", "The quantity is below one whole share.")


@guard(
    AppliesTo.BOTH,
    title=Text("가격 범위", "price collar"),
    says=Text(
        "매수는 현재가보다 2 % 높은 값까지, 매도는 10 % 낮은 값까지만 냅니다. 청산은 나가야 하므로 더 넓습니다.",
        "A buy at most 2 % above the last price, a sell at most 10 % below it: an exit must get out.",
    ),
)
def price_collar(intent: OrderIntent, facts: RiskFacts) -> Opinion:
    if facts.quote is None:  # for a buy the quote guard says no; an exit goes at the limit it has
        return True, Text("비교할 시세가 없습니다.", "There is no quote to compare with.")
    bound = collar(intent.side, facts.quote.last)
    inside = intent.limit_price <= bound if intent.side is Side.BUY else intent.limit_price >= bound
    return inside, Text(
        f"지정가 {intent.limit_price}, 허용 한계 {bound}.", f"Limit {intent.limit_price}, the bound is {bound}."
    )


@guard(
    AppliesTo.ADDING,
    title=Text("최신 시세", "fresh quote"),
    says=Text(
        "시장의 시각으로 오래되지 않은 시세가 있어야 삽니다.",
        "Nothing is bought without a quote that is fresh by the market's own time.",
    ),
    setting=Text("환경 변수 `BOT_QUOTE_MAX_AGE_SEC`", "`BOT_QUOTE_MAX_AGE_SEC` in the environment"),
)
def fresh_quote(intent: OrderIntent, facts: RiskFacts) -> Opinion:
    """Safety.md 4.1."""
    quote = facts.quote
    if quote is None:
        return False, Text("시세가 없습니다.", "There is no quote.")
    age, most = (facts.now - quote.at).total_seconds(), facts.quote_max_age.total_seconds()
    if quote.freshness is not Freshness.FRESH or age > most:
        return False, Text(
            f"시세가 오래되었습니다({age:.1f}초 전, 허용 {most:g}초, {quote.freshness}).",
            f"The quote is not fresh ({age:.1f} s old, at most {most:g} s, {quote.freshness}).",
        )
    return True, Text(f"시세가 최신입니다({age:.1f}초 전).", f"The quote is fresh ({age:.1f} s old).")


@guard(
    AppliesTo.ADDING,
    title=Text("완전한 데이터", "complete data"),
    says=Text(
        "빠진 봉이 없는 데이터로 판단했을 때만 삽니다.",
        "Nothing is bought on a decision that was made with bars missing.",
    ),
)
def complete_data(intent: OrderIntent, facts: RiskFacts) -> Opinion:
    """Safety.md 4.2."""
    if intent.on_complete_data:
        return True, Text("빠진 데이터 없이 판단했습니다.", "The decision was made on complete data.")
    return False, Text(
        "빠진 봉이 있는 데이터로 판단했습니다. 채워질 때까지 사지 않습니다.",
        "The decision was made with bars missing: nothing is bought until they are there.",
    )


@guard(
    AppliesTo.ADDING,
    title=Text("슬리피지", "slippage"),
    says=Text(
        "지정가가 매도호가보다 이만큼(bps)까지만 높을 수 있습니다. 호가를 모르면 가격 범위가 막습니다.",
        "The limit lies at most so many basis points above the ask. Where no ask is known the collar bounds it.",
    ),
    setting=limited("max_slippage_bps"),
)
def slippage(intent: OrderIntent, facts: RiskFacts) -> Opinion:
    most = tighter(facts.house.max_slippage_bps, facts.account.max_slippage_bps)
    ask = facts.quote.ask if facts.quote else None
    if most is None or not ask:
        return True, _not_judged(most, Text("매도호가", "ask"))
    found = bps_between(ask, intent.limit_price)
    return found <= most, Text(
        f"지정가 {intent.limit_price}은(는) 매도호가 {ask}보다 {found:.1f} bps 높습니다(한도 {most}).",
        f"The limit {intent.limit_price} is {found:.1f} bps above the ask {ask}; at most {most}.",
    )


@guard(
    AppliesTo.ADDING,
    title=Text("호가 차이", "spread"),
    says=Text(
        "매도호가와 매수호가의 차이가 이만큼(bps)을 넘으면 사지 않습니다.",
        "Nothing is bought while ask and bid lie further apart than so many basis points of their middle.",
    ),
    setting=limited("max_spread_bps"),
)
def spread(intent: OrderIntent, facts: RiskFacts) -> Opinion:
    most = tighter(facts.house.max_spread_bps, facts.account.max_spread_bps)
    bid, ask = (facts.quote.bid, facts.quote.ask) if facts.quote else (None, None)
    if most is None or not bid or not ask:
        return True, _not_judged(most, Text("호가", "bid or ask"))
    found = bps_between((bid + ask) / 2, (bid + ask) / 2 + ask - bid)
    return found <= most, Text(
        f"매수 {bid}, 매도 {ask}: 차이 {found:.1f} bps(한도 {most}).",
        f"Bid {bid}, ask {ask}: {found:.1f} bps apart, at most {most}.",
    )


def _not_judged(most: int | Decimal | None, what: Text) -> Text:
    if most is None:
        return Text("한도가 없습니다.", "There is no limit.")
    return Text(f"한도 {most} bps, {what.ko}를 알 수 없습니다.", f"The limit is {most} bps; no {what.en} is known.")
