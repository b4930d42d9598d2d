"""A calm noon on which every guard lets a buy and a sale of ten shares through; each test changes one thing."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from market.data import Quote, SessionView
from market.orders import OrderIntent
from market.words import Environment, Exchange, Session, Side
from orders.risk import GUARDS, RiskFacts, Verdict, Vote, assess

NOON = datetime(2026, 11, 24, 17, 0, tzinfo=UTC)
QUOTE = Quote("NVDA", Exchange.NASDAQ, Decimal("100.00"), NOON, NOON)
BUY = OrderIntent("key", "NVDA", Exchange.NASDAQ, Side.BUY, 10, Decimal("100.00"), "entry")
SELL = replace(BUY, side=Side.SELL, limit_price=Decimal("99.00"))
CALM = RiskFacts(
    now=NOON,
    environment=Environment.PAPER,
    session=SessionView(Session.REGULAR, NOON.date()),
    quote=QUOTE,
    rule_max_position=100,
    buying_power=Decimal("1000000"),
    reconciled_at=NOON,
)
HELD = replace(CALM, book_quantity=10, rule_quantity=10, broker_sellable=10)


@dataclass(frozen=True)
class Asked:
    """One guard's vote, and what all of them together let through."""

    vote: Vote
    verdict: Verdict

    @property
    def passed(self) -> bool:
        return self.vote.passed

    @property
    def lets(self) -> int:
        """Shares, with only this guard in the way."""
        assert all(v.passed for v in self.verdict.votes if v.guard != self.vote.guard), self.verdict.vetoes
        return self.verdict.quantity


class Noon:
    """`noon.ask("spread", noon.buy, quote=…)`: one guard about one intent, with these facts changed."""

    now, quote, buy, sell, calm, held = NOON, QUOTE, BUY, SELL, CALM, HELD

    def facts(self, intent: OrderIntent, **changes) -> RiskFacts:
        return replace(HELD if intent.side is Side.SELL else CALM, **changes)

    def ask(self, guard: str, intent: OrderIntent = BUY, **changes) -> Asked:
        assert guard in GUARDS
        verdict = assess(intent, self.facts(intent, **changes))
        return Asked(next(v for v in verdict.votes if v.guard == guard), verdict)

    def is_asked(self, guard: str, intent: OrderIntent) -> bool:
        return any(v.guard == guard for v in assess(intent, self.facts(intent)).votes)


@pytest.fixture
def noon() -> Noon:
    return Noon()
