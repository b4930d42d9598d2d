"""What rules own follows a split: shares, average price and the highest price since entry (safety.md 2.6)."""

from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction
from uuid import UUID

from logs.services import record
from market.errors import Text
from positions.domain import PRICE_STEP
from positions.jumps import after_split, ratio_text
from rules.models import RuleState


def rescale_rules(account_id: UUID, symbol: str, ratio: Fraction, at: datetime) -> None:
    """Turn what the account's rules own of the symbol to the new scale; `ratio` is new shares for old ones.

    In the caller's transaction, which holds the position. Fractions of a share are paid out and belong to nobody.
    """
    states = RuleState.objects.select_for_update(of=("self",), no_key=True).filter(
        rule__account_id=account_id, rule__symbol=symbol, qty__gt=0
    )
    for state in states.select_related("rule__account").order_by("pk"):
        before = state.qty
        state.qty = after_split(before, ratio)
        state.avg_price, state.high_since_entry = (
            _scaled(state.avg_price, ratio),
            _scaled(state.high_since_entry, ratio),
        )
        if not state.qty:
            state.avg_price = state.opened_at = state.high_since_entry = None
        state.save(update_fields=["qty", "avg_price", "opened_at", "high_since_entry"])
        said = ratio_text(ratio)
        text = Text(
            f"{state.rule}: {symbol} {said} 비율로 {before}주가 {state.qty}주가 되었습니다.",
            f"{state.rule}: {before} shares of {symbol} became {state.qty}, {said}.",
        )
        record(account=state.rule.account, rule_id=state.rule_id, kind="position", message=text, at=at)


def _scaled(price: Decimal | None, ratio: Fraction) -> Decimal | None:
    if price is None:
        return None
    return (price * ratio.denominator / ratio.numerator).quantize(PRICE_STEP, ROUND_HALF_EVEN)
