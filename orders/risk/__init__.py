"""The guards. Each is a small function that votes on an intent, given the facts; every vote is kept. Pure.

A guard says whether it applies to orders that add risk (buys), that reduce it (sells) or both, so that no guard
blocks the exit it should cause (safety.md 3.1). A quantity over a limit is reduced to fit; zero is a veto.

They are asked in the order of the modules below; docs/guards.md lists them all.
"""

# isort: off
# They are asked in this order.
from orders.risk import moment, prices, amounts, shares, pace  # noqa: F401

# isort: on
from orders.risk.facts import Limits, RiskFacts, Unsettled
from orders.risk.moment import SESSIONS_OF
from orders.risk.votes import GUARDS, AppliesTo, Entry, Opinion, Verdict, Vote, assess

__all__ = [
    "GUARDS",
    "SESSIONS_OF",
    "AppliesTo",
    "Entry",
    "Limits",
    "Opinion",
    "RiskFacts",
    "Unsettled",
    "Verdict",
    "Vote",
    "assess",
]
