"""`run`: one plan in, one result out. Pure; the only clock is the one that says how long it took."""

from time import perf_counter
from typing import Literal

from backtests.engine.fast import run_array
from backtests.engine.judges import judges_of
from backtests.engine.plan import Plan, PlanError
from backtests.engine.result import Result
from backtests.engine.step import Progress, run_step
from market.errors import Text
from market.words import EvaluateOn

Path = Literal["auto", "step", "array"]
ON_TICK = Text(
    "틱마다 판단하는 규칙을 봉이 닫힐 때마다 판단했습니다. 봉 안의 움직임은 자료에 없습니다.",
    "A rule that looks at every tick was replayed at the close of every bar: candles do not tell what lies between.",
)
NOT_REPRICED = Text(
    "체결되지 않은 주문을 다시 내거나 장 종료 전에 취소하는 일은 재생하지 않았습니다. 봉으로는 알 수 없습니다.",
    "Unfilled orders were neither priced again nor cancelled before the close: bars do not tell what they would meet.",
)


def run(plan: Plan, *, path: Path = "auto", progress: Progress | None = None) -> Result:
    """Replays the plan. "auto" takes arrays where they are provably the same, "step" the judge; "array" raises
    PlanError where arrays cannot do it."""
    began = perf_counter()
    judges = judges_of(plan)
    book = None if path == "step" else run_array(plan, judges)
    if book is None and path == "array":
        raise PlanError(
            "이 규칙과 선택은 배열로 계산할 수 없습니다. --path auto 로 하세요.",
            "This rule and these options cannot be run over arrays: use --path auto.",
        )
    used = "step" if book is None else "array"
    if book is None:
        book = run_step(plan, judges, progress)
    if progress:
        progress(1.0)
    notes = [ON_TICK] if any(rule.evaluate_on is EvaluateOn.TICK for rule in plan.rules) else []
    notes += [NOT_REPRICED] if any(rule.reprice_times or rule.at_close == "cancel" for rule in plan.rules) else []
    notes += [broke for judge in judges if (broke := getattr(judge, "broke", None)) is not None]
    return Result(plan, book, judges, used, perf_counter() - began, tuple(notes))
