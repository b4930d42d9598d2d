"""safety.md 3.5, in the pure: "Equity is our own ledger of fills, fees and external cash flows, reconciled to the
broker after settlement; daily loss and drawdown exclude external flows"."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from positions.equity import Gap, Standing, believed_at, drawdown_pct, marked, narrowed, paid, settled_after

D = Decimal
AT = datetime(2026, 11, 24, 17, 0, tzinfo=UTC)
SEOUL = ZoneInfo("Asia/Seoul")


def lost(standing: Standing) -> Decimal | None:
    return drawdown_pct(standing.alone, standing.peak)


@pytest.fixture
def at_peak():
    """An account of 10,000 dollars that never lost anything."""
    return marked(Standing(), D(10_000), AT)


class TestDrawdown:
    def test_nothing_is_known_before_the_worth_was(self):
        assert lost(Standing()) is None
        assert lost(marked(Standing(), D(0), AT)) is None

    def test_it_is_counted_from_the_peak(self, at_peak):
        higher = marked(at_peak, D(12_000), AT)
        assert lost(marked(higher, D(9_000), AT)) == D(25)
        assert lost(marked(marked(higher, D(9_000), AT), D(12_000), AT)) == 0

    def test_a_deposit_raises_no_peak(self, at_peak):
        after = marked(paid(at_peak, D(10_000), D(5_000), AT), D(15_000), AT)
        assert (after.peak, lost(after)) == (D(10_000), 0)

    def test_a_deposit_hides_no_loss(self, at_peak):
        losing = marked(at_peak, D(8_000), AT)
        assert lost(marked(paid(losing, D(8_000), D(92_000), AT), D(100_000), AT)) == D(20)

    def test_a_withdrawal_is_no_drawdown(self, at_peak):
        assert lost(marked(paid(at_peak, D(10_000), D(-9_000), AT), D(1_000), AT)) == 0

    def test_a_loss_weighs_as_much_as_it_does_beside_what_is_there_now(self, at_peak):
        """After paying in 90,000 a loss of 5,000 is one twentieth, though it is half of what was there first."""
        richer = paid(at_peak, D(10_000), D(90_000), AT)
        assert lost(marked(richer, D(95_000), AT)) == D(5)

    def test_an_account_that_was_emptied_goes_on_where_it_stood(self, at_peak):
        losing = marked(at_peak, D(9_000), AT)
        emptied = marked(paid(losing, D(9_000), D(-9_000), AT), D(0), AT)
        assert lost(emptied) == D(10)
        assert lost(marked(paid(emptied, D(0), D(700), AT), D(700), AT)) == D(10)

    def test_a_total_loss_is_a_hundred_and_no_deposit_hides_it(self, at_peak):
        ruined = marked(at_peak, D(-3), AT)
        assert lost(ruined) == D(100)
        assert lost(marked(paid(ruined, D(-3), D(5_000), AT), D(4_997), AT)) == D(100)


STEPS = st.lists(
    st.tuples(st.sampled_from(["trade", "pay"]), st.decimals("-50000", "50000", places=4)), min_size=1, max_size=40
)


@given(st.decimals("1", "1000000", places=4), STEPS)
def test_whatever_happens_it_stays_between_nothing_and_all_and_paying_moves_neither_it_nor_the_peak(start, steps):
    equity, standing = start, marked(Standing(), start, AT)
    for what, amount in steps:
        before = standing
        if what == "trade":
            equity += amount
            standing = marked(standing, equity, AT)
        else:
            standing = paid(standing, equity, amount, AT)
            equity += amount
            assert (standing.alone, standing.peak) == (before.alone, before.peak)
            again = marked(standing, equity, AT)
            if equity > D("1"):
                assert abs(lost(again) - lost(before)) <= D("0.01")
                standing = again
        assert 0 <= lost(standing) <= 100
        assert standing.peak >= standing.alone


@given(st.decimals("100", "1000000", places=4), st.lists(st.decimals("0.5", "1.5", places=3), max_size=20))
def test_without_anybody_paying_it_is_the_drawdown_of_the_equity_itself(start, moves):
    equity = peak = start
    standing = marked(Standing(), start, AT)
    for times in moves:
        equity = (equity * times).quantize(D("0.0001"))
        peak = max(peak, equity)
        standing = marked(standing, equity, AT)
        assert abs(lost(standing) - (peak - equity) / peak * 100) < D("0.01")


class TestCash:
    """Whether a difference to the broker's cash came from outside."""

    def test_to_the_cent_they_agree(self):
        assert narrowed(None, D("0.009"), AT) is None
        assert narrowed(Gap(D(5), AT), D(0), AT) is None

    def test_only_what_was_there_all_the_time_is_unexplained(self):
        gap = narrowed(Gap(D(1000), AT), D("999.87"), AT + timedelta(minutes=5))
        assert gap == Gap(D("999.87"), AT)
        assert narrowed(gap, D(1500), AT + timedelta(minutes=6)) == gap

    def test_a_difference_that_turns_is_another_one(self):
        later = AT + timedelta(minutes=5)
        assert narrowed(Gap(D(1000), AT), D(-3), later) == Gap(D(-3), later)

    def test_what_nothing_of_ours_explains_is_believed_within_minutes(self):
        assert believed_at(Gap(D(1000), AT), cash=D(5000), ours_moved=False) == AT + timedelta(minutes=10)

    def test_after_trades_of_ours_only_when_they_are_settled(self):
        """2026-11-24 is a Tuesday in New York: its trades settle on Wednesday, shown on Thursday morning in Seoul."""
        night = datetime(2026, 11, 25, 2, 0, tzinfo=SEOUL)
        assert believed_at(Gap(D(1000), night), cash=D(5000), ours_moved=True) == datetime(
            2026, 11, 26, 10, 40, tzinfo=SEOUL
        )

    def test_what_an_exchange_rate_may_do_waits_as_well(self):
        assert believed_at(Gap(D(30), AT), cash=D(5000), ours_moved=False) == settled_after(AT)

    def test_a_friday_settles_on_tuesday(self):
        friday_night = datetime(2026, 11, 28, 1, 0, tzinfo=SEOUL)
        assert settled_after(friday_night) == datetime(2026, 12, 1, 10, 40, tzinfo=SEOUL)
