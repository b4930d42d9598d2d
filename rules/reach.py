"""Whether a broker's history reaches as far back as a rule looks. Pure.

KIS keeps minute bars for about a month (kis-protocol 4.21) and daily bars for decades, a hundred a request (4.20).
"""

from collections.abc import Mapping

from market.errors import Text
from market.words import Timeframe
from rules.language import Checked
from rules.problems import Problem

# Of a month that always has them: twenty regular sessions of 390 minutes.
MINUTES_KEPT = 20 * 390
DAYS_KEPT = 2520  # ten years: twenty-six requests


def bars_kept(timeframe: Timeframe) -> int:
    """Bars of this length that the broker surely still has."""
    return DAYS_KEPT if timeframe is Timeframe.D1 else MINUTES_KEPT * 60 // timeframe.seconds


def too_far(checked: Mapping[str, Checked], own: Timeframe, *, for_account: bool) -> list[Problem]:
    """A condition that needs more bars than the broker has would never be known after a restart.

    For a rule that belongs to no account it is a warning: files of candles may reach further.
    """
    found = []
    for name, condition in checked.items():
        for series, need in condition.needs.items():
            timeframe = series.timeframe or own
            found += _series(name, timeframe, need.bars, need.anchored, for_account)
    return found


def _series(name: str, timeframe: Timeframe, bars: int, anchored: int | None, for_account: bool) -> list[Problem]:
    kept = bars_kept(timeframe)
    if bars > kept:
        return [_never(name, timeframe, bars, kept, warns=not for_account)]
    if anchored is not None and anchored > kept:
        return [_unsettled(name, timeframe, anchored, kept)]
    return []


def _never(name: str, timeframe: Timeframe, bars: int, kept: int, *, warns: bool) -> Problem:
    return Problem(
        name,
        Text(
            f"{timeframe} 봉 {bars}개가 필요한데 증권사는 약 {kept}개만 줍니다.",
            f"It needs {bars} bars of {timeframe}, and the broker has about {kept}.",
        ),
        "too_long_history",
        expected=Text(f"{kept}개 이내, 또는 더 긴 봉", f"at most {kept}, or a longer timeframe"),
        warns=warns,
    )


def _unsettled(name: str, timeframe: Timeframe, bars: int, kept: int) -> Problem:
    return Problem(
        name,
        Text(
            f"값이 자리 잡으려면 {timeframe} 봉 {bars}개가 앞서야 하는데 증권사는 약 {kept}개만 줍니다. "
            "실거래에서는 그 첫 봉부터 셈하므로 더 긴 기록의 백테스트와 값이 조금 다를 수 있습니다.",
            f"To settle it wants {bars} bars of {timeframe} before, and the broker has about {kept}. "
            "Live it is reckoned from the first of those, so a backtest over a longer record may differ a little.",
        ),
        "short_history",
        warns=True,
    )
