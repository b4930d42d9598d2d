"""Parts of an account's answer that higher apps know: they contribute a function, and no arrow points up."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

from accounts.models import BrokerageAccount

# Of many accounts at once, so that a list costs one query per part and not one per account.
Contribution = Callable[[Sequence[BrokerageAccount]], Mapping[UUID, dict[str, Any]]]

DEFAULTS: dict[str, dict[str, Any] | None] = {
    "bot": None,
    "pnl": {"realized_today": "0", "unrealized": "0", "equity": None, "currency": "USD"},
}
_contributions: dict[str, Contribution] = {}


def contribute(part: str, function: Contribution) -> None:
    """Let `function` fill `part` ("bot" or "pnl"); call it from an AppConfig's ready().

    `function(accounts)` answers account id to the part's dict; accounts that it leaves out get the default.
    """
    if part not in DEFAULTS:
        raise ValueError(f"an account has no part {part!r}: {', '.join(DEFAULTS)}")
    _contributions[part] = function


def parts_of(accounts: Sequence[BrokerageAccount]) -> dict[UUID, dict[str, Any]]:
    """Account id to all its parts."""
    filled = {name: _contributions[name](accounts) if name in _contributions else {} for name in DEFAULTS}
    return {a.pk: {name: filled[name].get(a.pk, DEFAULTS[name]) for name in DEFAULTS} for a in accounts}
