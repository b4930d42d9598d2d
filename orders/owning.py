"""Whose shares are left when others sold some: rules own no more than the book has (safety.md 2.1)."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from accounts.models import BrokerageAccount
from logs.services import record
from market.errors import Text
from positions.models import Position
from rules.models import RuleState


@dataclass(frozen=True, slots=True)
class Owned:
    """What a rule owns of one symbol, in shares, and since when."""

    rule_id: UUID
    quantity: int
    since: datetime | None


def left_over(owners: Iterable[Owned], there: int) -> Mapping[UUID, int]:
    """What each rule that loses shares still owns of the `there` that are left: the newest owner loses first.

    An owner whose beginning is not known counts as the oldest. Pure.
    """
    first = sorted(owners, key=lambda o: (o.since is not None, o.since, str(o.rule_id)))
    left: dict[UUID, int] = {}
    for owner in first:
        keeps = min(owner.quantity, max(0, there))
        there -= owner.quantity
        if keeps < owner.quantity:
            left[owner.rule_id] = keeps
    return left


def give_up_what_is_gone(account: BrokerageAccount, now: datetime) -> int:
    """Lower what rules own to what our book has of each symbol; how many rules lost shares.

    Call it in the transaction that holds the account's row. Our own fills keep both in step, so a difference means
    that somebody sold by phone, or that a person took the broker's figure for ours.
    """
    states = RuleState.objects.select_for_update(of=("self",), no_key=True).filter(rule__account=account, qty__gt=0)
    by_symbol: dict[str, list[RuleState]] = defaultdict(list)
    for state in states.select_related("rule").order_by("pk"):
        by_symbol[state.rule.symbol].append(state)
    held = dict(Position.objects.filter(account=account, symbol__in=by_symbol).values_list("symbol", "qty"))
    lost = 0
    for symbol, owners in by_symbol.items():
        left = left_over([Owned(s.pk, s.qty, s.opened_at) for s in owners], held.get(symbol, 0))
        for state in owners:
            if state.pk in left:
                _lower(account, state, left[state.pk], now)
                lost += 1
    return lost


def _lower(account: BrokerageAccount, state: RuleState, quantity: int, now: datetime) -> None:
    before, symbol = state.qty, state.rule.symbol
    state.qty = quantity
    if quantity == 0:
        state.avg_price, state.opened_at, state.high_since_entry, state.entries = None, None, None, 0
    state.save(update_fields=["qty", "avg_price", "opened_at", "high_since_entry", "entries"])
    record(
        account=account,
        rule_id=state.rule_id,
        kind="position",
        level="warning",
        message=Text(
            f"{state.rule}: 다른 채널에서 판 {symbol} {before - quantity}주는 이 규칙의 것이었습니다. "
            f"이제 {quantity}주를 가집니다.",
            f"{state.rule}: {before - quantity} shares of {symbol} that this rule owned were sold elsewhere. "
            f"It owns {quantity} now.",
        ),
        ctx={"event": "position_disputed", "symbol": symbol, "rule_id": state.rule_id, "before": before,
             "qty": quantity},
        at=now,
    )  # fmt: skip
