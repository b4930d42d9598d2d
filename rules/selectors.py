"""Which rules and signals a person may see, and what a stored rule is to the domain."""

from contextlib import suppress
from functools import lru_cache
from uuid import UUID

from django.db.models import QuerySet

from accounts.models import User
from accounts.selectors import accounts_for, operable_account
from rules.language import ConditionError, read_condition
from rules.language.nodes import OWN, walk
from rules.models import RuleState, RuleVersion, StrategySignal, TradeRule


def rules_for(user: User) -> QuerySet[TradeRule]:
    """Rules of every account that the person may read, with their states and accounts."""
    return TradeRule.objects.filter(account__in=accounts_for(user)).select_related("state", "account")


def readable_rule(user: User, rule_id: UUID | str) -> TradeRule | None:
    """The rule, or None: what is not yours to see does not exist."""
    return rules_for(user).filter(pk=rule_id).first()


def operable_rule(user: User, rule_id: UUID | str) -> TradeRule | None:
    """The rule, for changing it. None when it may not be seen; raises PermissionDenied when only that."""
    rule = readable_rule(user, rule_id)
    if rule is not None:
        operable_account(user, rule.account_id)
    return rule


def signals_for(user: User, rule_id: UUID | None = None) -> QuerySet[StrategySignal]:
    """Signals of the rules that the person may read."""
    found = StrategySignal.objects.filter(rule__account__in=accounts_for(user))
    return found if rule_id is None else found.filter(rule_id=rule_id)


def versions_of(rule: TradeRule) -> list[RuleVersion]:
    """Every version, newest first, with who made it."""
    return list(rule.versions.select_related("changed_by").order_by("-version"))


@lru_cache(maxsize=4096)
def other_symbols(entry: str, exit: str) -> frozenset[str]:
    """Symbols besides its own that a rule with these conditions looks at; none of a condition that cannot be read."""
    found: set[str] = set()
    for text in (entry, exit):
        with suppress(ConditionError):
            parts = walk(read_condition(text)) if text else ()
            found |= {symbol for part in parts if (symbol := getattr(part, "series", OWN).symbol)}
    return frozenset(found)


def state_of(rule: TradeRule) -> RuleState:
    """What the rule owns and remembers; a new rule's empty state, unsaved, when there is none yet."""
    return rule.state if hasattr(rule, "state") else RuleState(rule=rule)


def holds_or_works(rule: TradeRule) -> bool:
    """Whether the rule owns shares or an order of its is not yet final.

    Orders lie above rules, so they are reached through the reverse side of their own foreign key.
    """
    owned = RuleState.objects.filter(rule=rule, qty__gt=0).exists()
    return owned or rule.orders.filter(final_at__isnull=True).exists()
