"""Reading the journal, always within what a person may see."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Max, Q, QuerySet

from accounts.models import BrokerageAccount, Role, User
from accounts.selectors import accounts_for
from logs.models import ExecutionLog, Level

PAGE = 100
ORDER_OF_LEVELS = list(Level)  # debug, info, warning, error


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose events a person may read. `house`: also those without an account."""

    accounts: frozenset[UUID]
    house: bool


def scope_of(user: User) -> Scope:
    """What this person may read now. Shares and roles change: ask again."""
    return Scope(frozenset(accounts_for(user).values_list("id", flat=True)), user.role == Role.ADMIN)


def everything_of(user: User) -> dict[str, Any]:
    """All that this person may read, as arguments for `events`."""
    scope = scope_of(user)
    return {"account_ids": scope.accounts, "house": scope.house}


def levels_from(level: Level | str) -> list[Level]:
    """This level and the graver ones."""
    return ORDER_OF_LEVELS[ORDER_OF_LEVELS.index(Level(level)) :]


def events(
    *,
    account_ids: Collection[UUID] | None,
    house: bool = False,
    kinds: Iterable[str] | None = None,
    level: Level | str | None = None,
    rule_id: UUID | None = None,
) -> QuerySet[ExecutionLog]:
    """Committed events of these accounts (None: of every account), with the house's own when `house`."""
    rows = ExecutionLog.objects.filter(seq__isnull=False)
    if account_ids is None:
        rows = rows if house else rows.filter(account__isnull=False)
    else:
        mine = Q(account_id__in=list(account_ids))
        rows = rows.filter(mine | Q(account__isnull=True) if house else mine)
    if kinds is not None:
        rows = rows.filter(kind__in=list(kinds))
    if level is not None and Level(level) is not Level.DEBUG:
        rows = rows.filter(level__in=levels_from(level))
    if rule_id is not None:
        rows = rows.filter(rule_id=rule_id)
    return rows


def after(
    seq: int,
    *,
    account_ids: Collection[UUID] | None,
    house: bool = False,
    kinds: Iterable[str] | None = None,
    level: Level | str | None = None,
    rule_id: UUID | None = None,
    up_to: int | None = None,
    limit: int = PAGE,
) -> list[ExecutionLog]:
    """The oldest events after `seq` (and not after `up_to`), in order of commit."""
    rows = events(account_ids=account_ids, house=house, kinds=kinds, level=level, rule_id=rule_id)
    rows = rows.filter(seq__gt=seq)
    if up_to is not None:
        rows = rows.filter(seq__lte=up_to)
    return list(rows.order_by("seq")[:limit])


def latest(*, before: int | None = None, limit: int = PAGE, **which: Any) -> list[ExecutionLog]:
    """The newest events (before `before`), newest first; `which` as for `events`."""
    rows = events(**which)
    if before is not None:
        rows = rows.filter(seq__lt=before)
    return list(rows.order_by("-seq")[:limit])


def newest_seq() -> int:
    """The place of the last committed event; 0 in an empty journal."""
    return ExecutionLog.objects.aggregate(newest=Max("seq"))["newest"] or 0


def known_accounts() -> set[UUID]:
    """Every account there is."""
    return set(BrokerageAccount.objects.values_list("id", flat=True))
