"""Reasons to distrust a good figure: looking ahead, too few trades, one lucky trade, drained cash."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy

from backtests.engine.candles import spell_time
from backtests.engine.judges import judges_of
from backtests.engine.lane import Held, Lane
from backtests.engine.orders import exact
from backtests.engine.plan import Plan
from backtests.engine.step import new_book
from market.errors import Text
from market.words import Side

if TYPE_CHECKING:
    from backtests.engine.result import Result

FEW_TRADES = 30
LUCKY_SHARE = 0.5  # of all that was won
MOST_CUTS = 200  # bars at which a long series is cut
HELD_BARS = 5


def of_result(result: "Result") -> tuple[Text, ...]:
    """Every warning that the result itself gives."""
    found = (_few(result), _lucky(result), _costs(result), _starved(result), _short(result))
    return tuple(text for text in found if text is not None)


def _few(result: "Result") -> Text | None:
    closed = int(result.trades.closed.sum())
    if closed >= FEW_TRADES:
        return None
    return Text(
        f"끝난 거래가 {closed}건뿐입니다. {FEW_TRADES}건보다 적으면 우연과 구별할 수 없습니다.",
        f"Only {closed} trades were closed: fewer than {FEW_TRADES} cannot be told from luck.",
    )


def _lucky(result: "Result") -> Text | None:
    profit = result.trades.profit
    won = profit[profit > 0]
    if len(profit) < 2 or not len(won) or won.max() <= LUCKY_SHARE * won.sum():
        return None
    rest = float(profit.sum() - won.max())
    return Text(
        f"번 돈의 {won.max() / won.sum():.0%}가 거래 한 건에서 나왔습니다. 그 거래가 없으면 손익은 ${rest:,.2f}입니다.",
        f"{won.max() / won.sum():.0%} of all that was won comes from one trade; without it the result is ${rest:,.2f}.",
    )


def _costs(result: "Result") -> Text | None:
    costs, net = result.statistics["costs"], result.final_equity - float(result.plan.cash)
    gross = net + costs
    if gross <= 0 or costs < gross / 2:
        return None
    return Text(
        f"비용이 번 돈(${gross:,.2f})의 {costs / gross:.0%}입니다.",
        f"Costs take {costs / gross:.0%} of what was earned before them (${gross:,.2f}).",
    )


def _starved(result: "Result") -> Text | None:
    count = result.book.unfilled_count
    if not count:
        return None
    return Text(
        f"다 체결되지 않은 주문이 {count}건 있습니다(현금 부족, 만료, 마지막 봉 등).",
        f"{count} orders did not fill whole (not enough cash, expired, last bar …).",
    )


def _short(result: "Result") -> Text | None:
    firsts = [judge.replays for judge in result.judges if hasattr(judge, "replays")]
    late = [
        max(replay.first for replay in replays.values()) / max(len(columns), 1)
        for replays, columns in zip(firsts, result.plan.series, strict=False)
    ]
    if not late or max(late) < 0.5:
        return None
    return Text(
        f"봉의 {max(late):.0%}가 지표를 준비하는 데 쓰였습니다. 더 긴 자료가 필요합니다.",
        f"{max(late):.0%} of the bars pass before the indicators are known: a longer series is needed.",
    )


@dataclass(frozen=True, slots=True)
class Difference:
    """A bar at which the rule thought otherwise when it did not know what came later."""

    time: str
    side: Side
    whole: bool | None
    cut: bool | None


@dataclass(frozen=True, slots=True)
class LookAhead:
    """What became of the check: at how many bars it looked, and where the answers differ."""

    bars: int
    differences: tuple[Difference, ...]

    @property
    def ok(self) -> bool:
        return not self.differences

    @property
    def text(self) -> Text:
        if self.ok:
            return Text(
                f"봉 {self.bars}개에서 뒤의 자료를 지우고 다시 판단했고, 모두 같았습니다.",
                f"Judged again at {self.bars} bars without what came later: all the same.",
            )
        first = self.differences[0].time
        return Text(
            f"미래의 자료를 봅니다: 봉 {self.bars}개 중 {len(self.differences)}개에서 판단이 달랐습니다(처음 {first}).",
            f"It looks ahead: at {len(self.differences)} of {self.bars} bars it decides otherwise without what comes "
            f"later (first: {first}).",
        )

    def as_dict(self) -> dict[str, Any]:
        """JSON-safe."""
        rows = [
            {"time": each.time, "side": each.side.value, "whole": each.whole, "cut": each.cut}
            for each in self.differences
        ]
        return {"ok": self.ok, "bars": self.bars, "differences": rows, "text": self.text.as_dict()}


def look_ahead(
    plan: Plan, *, most: int = MOST_CUTS, seed: int = 0, progress: Callable[[float], None] | None = None
) -> LookAhead:
    """Decides at sampled bars on the series cut after them and on the whole: the answers must be the same.

    All bars are taken when there are at most `most`. A holding that the exit is asked about was bought five bars
    earlier, so that every exit is looked at.
    """
    found: list[Difference] = []
    looked = 0
    for number in range(len(plan.rules)):
        alone = replace(plan, rules=(plan.rules[number],), notes=())
        whole = Looker(alone)
        bars = sampled(len(whole.columns), most, seed)
        for k, bar in enumerate(bars.tolist()):
            cut = Looker(alone.until(bar + 1))
            found += [
                Difference(whole.time(bar), side, before, after)
                for side, (before, after) in {s: (whole.verdict(s, bar), cut.verdict(s, bar)) for s in Side}.items()
                if before is not after
            ]
            if progress:
                progress((number + (k + 1) / len(bars)) / len(plan.rules))
        looked += len(bars)
    return LookAhead(looked, tuple(found))


class Looker:
    """One rule on one series, asked about single bars."""

    def __init__(self, plan: Plan) -> None:
        self.columns = plan.series[0]
        self._judge = judges_of(plan)[0]
        self._lane = Lane(0, plan, new_book(plan), self._judge)
        self._judge.attach(self._lane)

    def verdict(self, side: Side, bar: int) -> bool | None:
        """What the rule wants on the close of the bar."""
        held = Held(self._lane)
        if side is Side.SELL:
            bought = max(bar - HELD_BARS, 0)
            held.qty, held.avg_price = 1, exact(self.columns.open[bought])
            held.opened_at = float(self.columns.start[bought])
            held.high_since_entry = float(self.columns.high[bought : bar + 1].max())
        wish = (self._judge.exit if side is Side.SELL else self._judge.entry)(bar, held)
        return wish if wish is None or isinstance(wish, bool) else bool(wish)

    def time(self, bar: int) -> str:
        return spell_time(int(self.columns.start[bar]), self.columns.timeframe)


def sampled(n: int, most: int, seed: int = 0) -> numpy.ndarray:
    """Bars at which to cut: all when there are few, otherwise so many at random, the last among them; the same
    seed gives the same bars."""
    if n <= most:
        return numpy.arange(n)
    picked = numpy.random.default_rng(seed).choice(n - 1, size=most - 1, replace=False)
    return numpy.sort(numpy.append(picked, n - 1))
