"""The bars that an account's rules look at: each series once, however many rules share it."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from bots.bars import KEEP, BarSeries
from market.data import Bars, Quote, SeriesKey
from market.words import Exchange, Timeframe
from rules.domain import Rule
from rules.indicators.values import anchor_of, anchored_bars
from rules.language.needs import Needs, SeriesNeed
from rules.language.nodes import OWN

STRATEGY_BARS = 500
_REGULAR_MINUTES = 390
_SPARE = 5  # the forming bar, and a few that come while history is read


def needs_of(rule: Rule) -> dict[SeriesKey, SeriesNeed]:
    """Every series that the rule looks at, by name; its own is always among them."""
    own = SeriesKey(rule.symbol, rule.timeframe)
    found = {own: SeriesNeed()}
    for series, need in (*rule.needs.items(), *_of_code(rule).items()):
        named = series.named(rule.symbol, rule.timeframe)
        key = SeriesKey(named.symbol or rule.symbol, named.timeframe or rule.timeframe)
        found[key] = found.get(key, SeriesNeed()).and_(need)
    return found


def _of_code(rule: Rule) -> Needs:
    """What a strategy is seen to look at; of one that does not tell, a good deal of its own bars."""
    if rule.program is None:
        return {}
    needs: Needs = getattr(rule.program, "needs", {OWN: SeriesNeed(STRATEGY_BARS)})
    return needs


def bars_to_keep(need: SeriesNeed, timeframe: Timeframe) -> int:
    """So many that anchors of today and of the day before stay among them."""
    anchored = 0 if need.anchored is None else anchored_bars(need.anchored, timeframe)
    return max(KEEP, need.bars + _SPARE, anchored + need.bars + _SPARE)


def bars_to_ask(need: SeriesNeed, timeframe: Timeframe, page: int) -> int:
    """A first guess of how far history must reach: the reach, and two days (months) of bars that usually trade."""
    a_day = 21 if timeframe is Timeframe.D1 else _REGULAR_MINUTES * 60 // timeframe.seconds + 1
    anchored = 0 if need.anchored is None else need.anchored + 2 * a_day
    return max(page, max(need.bars, anchored) + _SPARE)


def covered(bars: Bars, need: SeriesNeed) -> bool:
    """Whether what is needed can be reckoned from these bars: windows are whole, anchors lie inside."""
    columns = bars.columns
    if not len(columns):
        return False
    if columns.begins:
        return True
    anchored = need.anchored is None or anchor_of(columns, len(columns) - 1, need.anchored) is not None
    return anchored and len(columns) >= need.bars + 1  # the newest may be forming


@dataclass
class Followed:
    """A series that somebody looks at, and how much of it."""

    key: SeriesKey
    exchange: Exchange
    bars: BarSeries
    need: SeriesNeed = field(default_factory=SeriesNeed)


class SeriesBook:
    """All series of an account."""

    def __init__(self) -> None:
        self._followed: dict[SeriesKey, Followed] = {}

    def follow(self, rules: Iterable[Rule], exchanges: Mapping[str, Exchange]) -> bool:
        """Keep what these rules need and nothing else. True when history must be read for something.

        `exchanges`: where other symbols are listed; what is not among them is left out, and unknown.
        """
        wanted: dict[SeriesKey, SeriesNeed] = {}
        listed = dict(exchanges)
        for rule in rules:
            listed[rule.symbol] = rule.exchange
            for key, need in needs_of(rule).items():
                wanted[key] = wanted.get(key, SeriesNeed()).and_(need)
        before = self._followed
        lacked = {key for key, followed in before.items() if not followed.bars.has_history}
        self._followed = {
            key: self._kept(before.get(key), key, listed[key.symbol], need)
            for key, need in wanted.items()
            if key.symbol in listed
        }
        return any(not followed.bars.has_history and followed.key not in lacked for followed in self)

    def _kept(self, old: Followed | None, key: SeriesKey, exchange: Exchange, need: SeriesNeed) -> Followed:
        keep = bars_to_keep(need, key.timeframe)
        if old is None:
            return Followed(key, exchange, BarSeries(key.timeframe, keep, complete=False), need)
        old.exchange = exchange
        old.bars.keep_at_least(keep)
        if need != old.need:
            old.need = need
            if old.bars.has_history and not covered(old.bars.view(), need):
                old.bars.has_history = False
        return old

    def forget(self, symbol: str) -> None:
        """What is known of the symbol is of another scale: `follow` begins its series anew."""
        self._followed = {key: followed for key, followed in self._followed.items() if key.symbol != symbol}

    def __iter__(self) -> Iterator[Followed]:
        return iter(list(self._followed.values()))

    def __getitem__(self, key: SeriesKey) -> BarSeries:
        return self._followed[key].bars

    @property
    def symbols(self) -> dict[str, Exchange]:
        """Whose prices are needed."""
        return {followed.key.symbol: followed.exchange for followed in self}

    def add(self, quote: Quote) -> bool:
        """Take a price; True when a bar has closed in a series that lacks its history."""
        lacking = False
        for followed in self._followed.values():
            if followed.key.symbol == quote.symbol and followed.bars.add(quote):
                lacking |= not followed.bars.has_history
        return lacking

    def mark_gap(self) -> None:
        for followed in self._followed.values():
            followed.bars.mark_gap()

    def others(self, keys: Iterable[SeriesKey], now: datetime) -> Mapping[SeriesKey, Bars]:
        """What is known of these series at `now`, whatever is not there left out."""
        return {key: self._followed[key].bars.view_at(now) for key in keys if key in self._followed}
