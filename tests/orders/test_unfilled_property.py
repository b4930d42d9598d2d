"""Pricing again, against every order of events: never more shares than wanted, never past the slippage limit.

The pure decisions are driven through a small exchange that fills whenever it likes, takes or loses cancels, and shows
its list late (a whole picture of an earlier moment, as the broker's list lags). One order works at a time, as the
guards hold live.
"""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from market.data import Quote
from market.ticks import is_on_tick
from market.words import Exchange, Freshness, Side
from orders.unfilled import Act, Chain, Policy, Working, bound, judge, next_limit, what_is_left

NOW = datetime(2026, 11, 24, 17, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Row:
    """An order as the list shows it."""

    quantity: int
    filled: int = 0
    open: bool = True


@dataclass
class World:
    side: Side
    wanted: int
    policy: Policy
    first_limit: Decimal
    now: datetime = NOW
    rows: list[Row] = field(default_factory=list)  # the exchange's truth
    limits: list[Decimal] = field(default_factory=list)
    pictures: list[tuple[Row, ...]] = field(default_factory=list)  # what the list may show
    known: list[Row] = field(default_factory=list)  # our book
    placed: list[datetime] = field(default_factory=list)
    ended: list[datetime | None] = field(default_factory=list)
    cancel_asked: bool = False

    def send(self, quantity: int, limit: Decimal) -> None:
        assert all(not row.open for row in self.rows), "two orders of one decision at work"
        self.rows.append(Row(quantity))
        self.limits.append(limit)
        self.known.append(Row(quantity))
        self.placed.append(self.now)
        self.ended.append(None)
        self.cancel_asked = False
        self.picture()

    def picture(self) -> None:
        self.pictures.append(tuple(self.rows))

    def fill(self, shares: int) -> None:
        row = self.rows[-1]
        if row.open:
            filled = min(row.quantity, row.filled + shares)
            self.rows[-1] = replace(row, filled=filled, open=filled < row.quantity)
            self.picture()

    def cancel_arrives(self) -> None:
        if self.cancel_asked and self.rows[-1].open:
            self.rows[-1] = replace(self.rows[-1], open=False)
            self.picture()

    def look(self, late: int) -> None:
        """The newest picture but `late`; quantities never fall, and an end is kept."""
        shown = self.pictures[max(0, len(self.pictures) - 1 - late)]
        for i, row in enumerate(shown):
            ours = self.known[i]
            if row.filled >= ours.filled and ours.open:
                self.known[i] = replace(ours, filled=row.filled, open=row.open)
                if not row.open:
                    self.ended[i] = self.now

    @property
    def chain(self) -> Chain:
        filled = sum(row.filled for row in self.known)
        return Chain(self.side, self.wanted, self.first_limit, self.placed[0], filled, 0, len(self.known) - 1)

    def decide(self, quote: Quote) -> None:
        chain, row = self.chain, self.known[-1]
        working = Working(self.limits[-1], row.quantity - row.filled, self.placed[-1])
        if row.open:
            verdict = judge(chain, working, self.policy, exited_at=None, quote=quote, now=self.now)
            self.cancel_asked |= verdict.act is not Act.LEAVE
            return
        ended_at = self.ended[-1]
        assert ended_at is not None
        left = what_is_left(chain, working, self.policy, ended_at=ended_at, exited_at=None, now=self.now)
        limit = next_limit(chain, self.policy, quote, self.now)
        if left and limit is not None:
            self.send(left, limit)


def quote(world: World, cents: int, stale: bool) -> Quote:
    last = Decimal(cents) / 100
    fresh = Freshness.STALE if stale and cents % 3 == 0 else Freshness.FRESH
    return Quote("NVDA", Exchange.NASDAQ, last, world.now, world.now, freshness=fresh)


prices = st.integers(9_000, 11_000).map(lambda cents: Decimal(cents) / 100)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("fill"), st.integers(1, 40)),
        st.tuples(st.just("cancel"), st.just(0)),
        st.tuples(st.just("look"), st.integers(0, 4)),
        st.tuples(st.just("decide"), st.integers(9_000, 11_000)),
        st.tuples(st.just("time"), st.integers(1, 40)),
        st.tuples(st.just("round"), st.integers(9_000, 11_000)),
    ),
    max_size=60,
)


@settings(max_examples=600, deadline=None)
@given(
    side=st.sampled_from(list(Side)),
    wanted=st.integers(1, 50),
    first=prices,
    times=st.integers(0, 5),
    slippage=st.none() | st.integers(0, 500),
    offset=st.integers(-100, 200),
    stale=st.booleans(),
    story=steps,
)
def test_never_more_than_wanted_and_never_past_the_slippage_limit(
    side, wanted, first, times, slippage, offset, stale, story
):
    policy = Policy(None, times, timedelta(seconds=5), slippage, offset_bps=offset)
    world = World(side, wanted, policy, first)
    world.send(wanted, first)
    for what, value in story:
        match what:
            case "fill":
                world.fill(value)
            case "cancel":
                world.cancel_arrives()
            case "look":
                world.look(value)
            case "time":
                world.now += timedelta(seconds=value)
            case "decide":
                world.decide(quote(world, value, stale))
            case "round":  # the ordinary way, with whatever came before it still under way
                world.now += timedelta(seconds=6)
                world.decide(quote(world, value, stale=False))
                world.fill(value % 7)
                world.cancel_arrives()
                world.look(value % 2)
                if not world.known[-1].open:
                    world.decide(quote(world, value, stale=False))
        exposed = sum(row.filled for row in world.rows) + sum(r.quantity - r.filled for r in world.rows if r.open)
        assert exposed <= wanted
    worst = bound(side, first, slippage)
    assert all(limit <= worst if side is Side.BUY else limit >= worst for limit in world.limits)
    assert all(is_on_tick(limit) for limit in world.limits)
    assert len(world.limits) <= times + 1
