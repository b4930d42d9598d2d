"""Reasons to distrust a good figure: looking ahead, too few trades, one lucky trade, drained cash."""

from typing import TYPE_CHECKING

import numpy

from market.errors import Text

if TYPE_CHECKING:
    from backtests.engine.result import Result

FEW_TRADES = 30
LUCKY_SHARE = 0.5  # of all that was won


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


def sampled(n: int, most: int, seed: int = 0) -> numpy.ndarray:
    """Bars at which to cut: all when there are few, otherwise so many at random, the last among them; the same
    seed gives the same bars."""
    if n <= most:
        return numpy.arange(n)
    picked = numpy.random.default_rng(seed).choice(n - 1, size=most - 1, replace=False)
    return numpy.sort(numpy.append(picked, n - 1))
