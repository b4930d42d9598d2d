"""Where a bar made of live prices is another than the broker's: both are kept, and a person can read of it."""

from collections.abc import Sequence
from datetime import datetime

from accounts.models import BrokerageAccount
from bots.bars import Difference
from bots.series import Followed
from instruments.candles import newest, store_candles
from instruments.selectors import session_spans
from logs.services import record
from market.data import Bar
from market.errors import Text


def keep(account: BrokerageAccount, followed: Followed, found: Sequence[Difference], now: datetime) -> None:
    """Store ours as it was seen and theirs as its correction (safety.md 4.2); one line of the journal per bar."""
    symbol, timeframe = followed.key.symbol, followed.key.timeframe
    starts = [one.ours.start for one in found]
    spans = session_spans(now)
    known = {row.start for row in newest(symbol, timeframe, first=min(starts), last=max(starts))}
    ours = [one.ours for one in found if one.ours.start not in known]
    store_candles(symbol, timeframe, ours, spans=spans, source="ticks")
    store_candles(symbol, timeframe, [one.theirs for one in found], spans=spans, source="kis")
    for one in found:
        _journal(account, followed, one, now)


def _journal(account: BrokerageAccount, followed: Followed, one: Difference, now: datetime) -> None:
    symbol, timeframe = followed.key.symbol, followed.key.timeframe.value
    wrong = [name for name in _FIELDS if getattr(one.ours, name) != getattr(one.theirs, name)]
    what = ", ".join(f"{name} {getattr(one.ours, name)} → {getattr(one.theirs, name)}" for name in wrong)
    at = f"{one.ours.start:%Y-%m-%d %H:%M}Z"
    message = Text(
        f"{symbol} {timeframe} 봉({at})이 증권사의 봉과 달라 바로잡았습니다: {what}",
        f"The bar of {symbol} {timeframe} at {at} was another at the broker's and is corrected: {what}",
    )
    ctx = {"event": "bar_difference", "symbol": symbol, "timeframe": timeframe, "start": one.ours.start,
           "ours": _values(one.ours), "theirs": _values(one.theirs)}  # fmt: skip
    record(account=account, message=message, ctx=ctx, at=now)


_FIELDS = ("open", "high", "low", "close", "volume")


def _values(bar: Bar) -> dict[str, str]:
    return {name: str(getattr(bar, name)) for name in _FIELDS}
