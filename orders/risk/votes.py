"""How guards are registered, asked and kept. Pure."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from typing import Any

from market.errors import Text
from market.orders import OrderIntent
from market.words import Side
from orders.risk.facts import RiskFacts


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


Opinion = tuple[bool, Text] | tuple[bool, Text, int]
Guard = Callable[[OrderIntent, RiskFacts], Opinion]


@dataclass(frozen=True, slots=True)
class Entry:
    """A guard as the registry knows it. `setting`: where a person sets it. `last`: it is asked about what the others
    have left of the quantity."""

    name: str
    applies_to: AppliesTo
    title: Text
    says: Text
    setting: Text
    function: Guard
    last: bool = False


GUARDS: dict[str, Entry] = {}
NO_SETTING = Text("없음(늘 적용)", "none: it always holds")


def guard(
    applies_to: AppliesTo, *, title: Text, says: Text, setting: Text = NO_SETTING, last: bool = False
) -> Callable[[Guard], Guard]:
    """Register a guard under its function's name, in the order in which they are written."""

    def register(function: Guard) -> Guard:
        name = function.__name__
        GUARDS[name] = Entry(name, applies_to, title, says, setting, function, last)
        return function

    return register


def assess(intent: OrderIntent, facts: RiskFacts, only: Collection[str] | None = None) -> Verdict:
    """Every guard that applies votes on the intent as asked; the last ones on what the others have left of it.

    `only`: the names of the guards to ask, all when None.
    """
    asked = [g for name, g in GUARDS.items() if g.applies_to.covers(intent.side) and (only is None or name in only)]
    votes = [_vote(g, intent, facts) for g in asked if not g.last]
    allowed = min([intent.quantity, *(v.quantity for v in votes if v.quantity is not None)])
    if allowed > 0:
        left = replace(intent, quantity=allowed)
        votes += [_vote(g, left, facts) for g in asked if g.last]
    passed = allowed > 0 and all(v.passed for v in votes)
    return Verdict(tuple(votes), intent.quantity, allowed if passed else 0)


def _vote(entry: Entry, intent: OrderIntent, facts: RiskFacts) -> Vote:
    passed, reason, *quantity = entry.function(intent, facts)
    return Vote(entry.name, entry.applies_to, passed, reason, quantity[0] if quantity else None)


def at_most(allowed: int, intent: OrderIntent, what: Text) -> Opinion:
    """Reduce to fit, with the reason kept; nothing left is a veto."""
    allowed = max(0, min(allowed, intent.quantity))
    return allowed > 0, what, allowed


def tighter[N: (int, Decimal)](*limits: N | None) -> N | None:
    """The smallest of the limits that are set."""
    return min((limit for limit in limits if limit is not None), default=None)


def limited(name: str) -> Text:
    """Where a limit is set that both the account's person and the admin have."""
    return Text(f"계좌 한도와 전체 한도의 `{name}`", f"`{name}` of the account's limits and the house's")
