"""What a run reckons: one replay and what hangs on it, or one of the studies; as one JSON-safe result."""

from collections.abc import Callable, Sequence
from typing import Any

from backtests.asked import Asked
from backtests.engine import bias, run, studies
from backtests.engine.plan import Plan
from backtests.models import Study
from backtests.report.data import shown
from backtests.texts import RuleText

SEED = 1
FEW_CUTS = 25  # bars at which every replay is checked for looking ahead; the study of it takes more
Progress = Callable[[float], None]


def study(kind: str, plan: Plan, texts: Sequence[RuleText], asked: Asked, progress: Progress) -> dict[str, Any]:
    """The result as the API and the report give it. Raises PlanError for what cannot be."""
    whole = {"kind": kind, "options": asked.as_dict(), "rules": [text.as_dict() for text in texts]}
    if kind == Study.LOOK_AHEAD:
        return {**whole, **_looked(plan, progress)}
    if kind == Study.GRID:
        found = studies.grid(plan, asked.grid, progress=progress).as_dict()
        return {**whole, **_replayed(plan, asked, _at_end(progress)), "grid": found}
    if kind == Study.WALK_FORWARD:
        found = studies.walk_forward(
            plan, asked.grid, train_bars=asked.train_bars, test_bars=asked.test_bars, progress=progress
        ).as_dict()
        return {**whole, **_replayed(plan, asked, _at_end(progress)), "walk_forward": found}
    return {**whole, **_replayed(plan, asked, progress)}


def _replayed(plan: Plan, asked: Asked, progress: Progress) -> dict[str, Any]:
    result = run(plan, progress=progress)
    found = shown(result)
    if asked.benchmark:
        found["benchmark"] = asked.benchmark
    if asked.monte_carlo and len(result.trades) > 1:
        found["monte_carlo"] = studies.monte_carlo(result, runs=asked.monte_carlo, seed=SEED).as_dict()
    found["look_ahead"] = bias.look_ahead(plan, most=FEW_CUTS, progress=_at_end(progress)).as_dict()
    if not found["look_ahead"]["ok"]:
        found["warnings"].insert(0, found["look_ahead"]["text"])
    return found


def _at_end(progress: Progress) -> Progress:
    """What follows the long part: it goes no further, and is still alive."""
    return lambda share: progress(1.0)


def _looked(plan: Plan, progress: Progress) -> dict[str, Any]:
    found = bias.look_ahead(plan, progress=progress)
    return {"look_ahead": found.as_dict(), "bars": found.bars}
