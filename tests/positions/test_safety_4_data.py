"""safety.md 2.5 and 2.6: what a difference or a jump holds, and how a person lets go."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest

from instruments.models import Candle, TradingDay
from logs.models import ExecutionLog
from market.orders import Holding, Listing
from market.words import Exchange, Freshness
from positions.models import Position
from positions.reconciliation import InFlight
from positions.selectors import losses_of
from positions.services import (
    accept_broker_quantity,
    look_for_jumps,
    mark_to_market,
    reconcile_holdings,
    record_equity,
    release_symbol,
)
from rules.models import RuleState, TradeRule

pytestmark = pytest.mark.django_db
D = Decimal
BEFORE_OPEN = datetime(2026, 11, 25, 14, 0, tzinfo=UTC)  # 09:00 in New York, the day after `now`


def holding(symbol="NVDA", quantity=10, price="100", exchange=Exchange.NASDAQ):
    return Holding(symbol, exchange, quantity, quantity, D(price), D(price), None)


def listing(now, *rows):
    return Listing(tuple(rows), Freshness.FRESH if rows else Freshness.EMPTY, True, now)


@pytest.fixture
def days():
    """The regular sessions of Tuesday and Wednesday."""
    for day in (24, 25):
        TradingDay.objects.create(
            trading_day=date(2026, 11, day), session="regular", source="test",
            start=datetime(2026, 11, day, 14, 30, tzinfo=UTC), end=datetime(2026, 11, day, 21, 0, tzinfo=UTC),
        )  # fmt: skip


@pytest.fixture
def held(account, now, days):
    """Ten shares of NVDA, bought at 80, of which the last price of Tuesday was 100; cash of 1,000."""
    position = Position.objects.create(
        account=account, symbol="NVDA", exchange="nasdaq", qty=10, avg_price=D(80), last_price=D(90)
    )
    mark_to_market(account=account, prices={"NVDA": D(100)}, now=now)
    record_equity(account=account, now=now, cash=D(1_000))
    position.refresh_from_db()
    return position


@pytest.fixture
def rule_state(account):
    rule = TradeRule.objects.create(
        account=account, symbol="NVDA", exchange="nasdaq", buy_amount_usd=D(1000), max_position=100,
        entry_condition="price < 1",
    )  # fmt: skip
    return RuleState.objects.create(
        rule=rule, qty=7, avg_price=D(80), high_since_entry=D(110), opened_at=BEFORE_OPEN - timedelta(days=3)
    )


def look(account, close, *rows, now=BEFORE_OPEN, **options):
    return look_for_jumps(account, {"NVDA": D(close)} if close else {}, listing(now, *rows), now, **options)


class TestJumps:
    """2.6 "Before the open, previous close against our last close and broker quantity against ours are compared: a
    jump in either (split, ticker change, stock dividend) holds entries and price-derived exits of that symbol"."""

    def test_an_ordinary_morning_holds_nothing(self, account, held):
        assert look(account, "100.3", holding()) == frozenset()
        held.refresh_from_db()
        assert (held.held_because, held.judged_day) == (None, BEFORE_OPEN.date())

    def test_a_split_in_price_and_quantity_is_held_and_proposed(self, account, held):
        assert look(account, "50.1", holding(quantity=20, price="50")) == {"NVDA"}
        held.refresh_from_db()
        assert (held.held_because["kind"], held.held_because["ratio"]) == ("split", "2:1")
        assert held.held_because["evidence"] == {
            "our_qty": 10, "broker_qty": 20, "our_close": "100.00", "previous_close": "50.10",
        }  # fmt: skip
        assert ExecutionLog.objects.filter(ctx__event="symbol_hold", level="warning").count() == 1

    def test_a_jump_in_the_price_alone_is_held(self, account, held):
        assert look(account, "10", holding()) == {"NVDA"}
        held.refresh_from_db()
        assert (held.held_because["kind"], held.held_because["ratio"]) == ("price_jump", "10:1")

    def test_a_jump_in_the_quantity_alone_is_held(self, account, held):
        assert look(account, None, holding(quantity=15)) == {"NVDA"}
        held.refresh_from_db()
        assert (held.held_because["kind"], held.held_because["ratio"]) == ("quantity_jump", "3:2")

    def test_reconciling_at_start_sees_it_too(self, account, held, now):
        reconcile_holdings(account=account, listing=listing(now, holding(quantity=20)), now=now)
        held.refresh_from_db()
        assert (held.held_because["kind"], held.needs_person) == ("quantity_jump", True)

    def test_a_ticker_that_changed_is_recognised(self, account, held):
        assert look(account, None, holding("NVDX")) == {"NVDA"}
        held.refresh_from_db()
        assert (held.held_because["kind"], held.held_because["evidence"]["to"]) == ("symbol_change", "NVDX")

    def test_a_quantity_that_an_order_of_ours_explains_is_no_jump(self, account, held):
        flight = {"NVDA": InFlight(buys=10)}
        assert look(account, "100", holding(quantity=20), in_flight=flight) == frozenset()

    def test_a_listing_that_is_not_complete_proves_nothing_about_quantities(self, account, held):
        failed = Listing((), Freshness.FAILED, False, BEFORE_OPEN)
        assert look_for_jumps(account, {"NVDA": D(100)}, failed, BEFORE_OPEN) == frozenset()

    def test_our_stored_close_is_compared_to_the_cent(self, account, held):
        """A stock dividend of five per cent, which a price of noon would hide."""
        Candle.objects.create(
            symbol="NVDA", timeframe="1d", start=datetime(2026, 11, 24, 5, 0, tzinfo=UTC), open=D(1), high=D(100),
            low=D(1), close=D(100), volume=1, session="regular", source="kis",
        )  # fmt: skip
        Candle.objects.update(seen_at=datetime(2026, 11, 24, 21, 5, tzinfo=UTC))
        assert look(account, "95.24", holding()) == {"NVDA"}

    def test_a_held_symbol_makes_neither_a_peak_nor_a_drawdown(self, account, held):
        look(account, "1000", holding(quantity=1, price="1000"))
        mark_to_market(account=account, prices={"NVDA": D(1000)}, now=BEFORE_OPEN)
        assert record_equity(account=account, now=BEFORE_OPEN).equity == D(2_000)

    def test_a_first_price_like_a_split_is_not_believed_until_the_closes_are_compared(self, account, held):
        mark_to_market(account=account, prices={"NVDA": D("50.2")}, now=BEFORE_OPEN + timedelta(hours=1))
        held.refresh_from_db()
        assert (held.held_because["kind"], held.last_price) == ("price_jump", D(100))

    def test_a_crash_is_a_crash_when_close_and_quantity_are_as_they_were(self, account, held):
        """The previous close did not move: the stop-loss that the fall should cause is let out."""
        at = BEFORE_OPEN + timedelta(hours=1)
        mark_to_market(account=account, prices={"NVDA": D("50.2")}, now=at)
        assert look(account, "100", holding(), now=at) == frozenset()
        mark_to_market(account=account, prices={"NVDA": D("50.2")}, now=at)
        held.refresh_from_db()
        assert (held.held_because, held.last_price) == (None, D("50.2"))

    def test_within_a_day_no_fall_is_a_jump(self, account, held, now):
        mark_to_market(account=account, prices={"NVDA": D(50)}, now=now + timedelta(minutes=1))
        held.refresh_from_db()
        assert (held.held_because, held.last_price) == (None, D(50))


class TestRelease:
    """2.6 "... until position, stops, highs and bars are rescaled or a person decides"."""

    @pytest.fixture
    def split(self, account, held, rule_state):
        look(account, "50.1", holding(quantity=20, price="50"))
        held.refresh_from_db()
        return held

    def test_everything_is_turned_to_the_new_scale_together(self, split, rule_state, trader, account):
        freed = release_symbol(position=split, by=trader, now=BEFORE_OPEN, ratio=Fraction(2))
        assert (freed.qty, freed.avg_price, freed.last_price, freed.close_price) == (20, D(40), D(50), D(50))
        assert (freed.held_because, freed.rescaled_at) == (None, BEFORE_OPEN)
        rule_state.refresh_from_db()
        assert (rule_state.qty, rule_state.avg_price, rule_state.high_since_entry) == (14, D(40), D(55))
        assert losses_of(account.pk, BEFORE_OPEN.date()).drawdown_pct == 0
        assert record_equity(account=account, now=BEFORE_OPEN).equity == D(2_000)
        assert look(account, "50.1", holding(quantity=20, price="50")) == frozenset()

    def test_fractions_are_paid_out_and_rules_own_no_more_than_there_is(self, held, rule_state, trader, account):
        why = {"kind": "split", "ko": "병합", "en": "a reverse split"}
        Position.objects.filter(pk=held.pk).update(qty=7, broker_qty=3, held_because=why)
        record_equity(account=account, now=BEFORE_OPEN)
        before = losses_of(account.pk, BEFORE_OPEN.date())
        freed = release_symbol(position=held, by=trader, now=BEFORE_OPEN, ratio=Fraction(1, 2))
        rule_state.refresh_from_db()
        assert (freed.qty, rule_state.qty) == (3, 3)
        record_equity(account=account, now=BEFORE_OPEN)
        assert losses_of(account.pk, BEFORE_OPEN.date()) == before

    def test_a_person_may_say_that_it_was_no_split(self, split, trader, account):
        freed = release_symbol(position=split, by=trader, now=BEFORE_OPEN)
        assert (freed.qty, freed.held_because, freed.needs_person) == (10, None, True)
        reconcile_holdings(account=account, listing=listing(BEFORE_OPEN, holding(quantity=20)), now=BEFORE_OPEN)
        freed.refresh_from_db()
        assert freed.held_because is None  # decided for this day

    def test_shares_of_a_changed_ticker_go_on_under_the_new_one_and_belong_to_no_rule(
        self, account, held, rule_state, trader
    ):
        rows = listing(BEFORE_OPEN, holding("NVDX"))
        reconcile_holdings(account=account, listing=rows, now=BEFORE_OPEN)
        look(account, None, holding("NVDX"))
        held.refresh_from_db()
        release_symbol(position=held, by=trader, now=BEFORE_OPEN)
        rule_state.refresh_from_db()
        assert dict(Position.objects.values_list("symbol", "qty")) == {"NVDA": 0, "NVDX": 10}
        assert rule_state.qty == 0
        assert record_equity(account=account, now=BEFORE_OPEN).equity == D(2_000)
        assert losses_of(account.pk, BEFORE_OPEN.date()).drawdown_pct == 0


class TestDifferences:
    """2.5 "a person accepts the broker's figure as a journaled correction owned by no rule. It stops entries for that
    symbol, not exits of what is certain"."""

    def test_a_difference_like_no_split_needs_a_person_and_holds_nothing(self, account, held):
        reconcile_holdings(account=account, listing=listing(BEFORE_OPEN, holding(quantity=17)), now=BEFORE_OPEN)
        held.refresh_from_db()
        assert (held.needs_person, held.held_because) == (True, None)
        assert ExecutionLog.objects.filter(ctx__event="position_disputed").count() == 1

    def test_accepting_fewer_shares_leaves_no_rule_with_more_than_the_book(self, account, held, rule_state, trader):
        reconcile_holdings(account=account, listing=listing(BEFORE_OPEN, holding(quantity=4)), now=BEFORE_OPEN)
        accept_broker_quantity(position=held, by=trader, now=BEFORE_OPEN)
        rule_state.refresh_from_db()
        assert (Position.objects.get().qty, rule_state.qty) == (4, 4)

    def test_accepting_more_gives_them_to_no_rule_and_is_no_gain(self, account, held, rule_state, trader):
        reconcile_holdings(account=account, listing=listing(BEFORE_OPEN, holding(quantity=17)), now=BEFORE_OPEN)
        accept_broker_quantity(position=held, by=trader, now=BEFORE_OPEN)
        rule_state.refresh_from_db()
        assert (Position.objects.get().qty, rule_state.qty) == (17, 7)
        record_equity(account=account, now=BEFORE_OPEN)
        assert losses_of(account.pk, BEFORE_OPEN.date()).drawdown_pct == 0

    def test_the_exchange_is_that_of_the_brokers_row(self, account, held):
        """2.6 "An exit uses the exchange code of the broker's holding row"."""
        rows = listing(BEFORE_OPEN, holding(exchange=Exchange.NYSE))
        reconcile_holdings(account=account, listing=rows, now=BEFORE_OPEN)
        held.refresh_from_db()
        assert held.exchange == "nyse"


class TestOverTheApi:
    def test_a_person_releases_with_the_accounts_name_typed(self, account, held, as_, trader, viewer, other_trader):
        look(account, "50.1", holding(quantity=20, price="50"))
        url = f"/api/positions/{held.pk}:release"
        shown = as_(viewer).get("/api/positions").json()["results"][0]
        assert shown["held_because"]["ratio"] == "2:1"
        told = {"confirm": account.nickname, "ratio": "2:1"}
        assert as_(other_trader).post(url, told).status_code == 404
        assert as_(viewer).post(url, told).status_code == 403
        assert as_(trader).post(url, told | {"confirm": "?"}).json()["code"] == "confirmation_mismatch"
        assert as_(trader).post(url, told | {"ratio": "x"}).status_code == 400
        freed = as_(trader).post(url, told).json()
        assert (freed["qty"], freed["held_because"]) == (20, None)

    def test_the_quantity_alone_does_not_end_a_hold_for_a_price(self, account, held, as_, trader):
        """The rule's stop would be measured from a price of before the split."""
        look(account, "50.1", holding(quantity=20, price="50"))
        answer = as_(trader).post(f"/api/positions/{held.pk}:accept", {"confirm": account.nickname})
        assert (answer.status_code, answer.json()["code"]) == (409, "price_held")
        held.refresh_from_db()
        assert (held.qty, held.held_because["kind"]) == (10, "split")

    def test_the_same_split_told_twice_is_one_split(self, account, held, as_, trader):
        look(account, "50.1", holding(quantity=20, price="50"))
        url, told = f"/api/positions/{held.pk}:release", {"confirm": account.nickname, "ratio": "2:1"}
        assert as_(trader).post(url, told).status_code == 200
        again = as_(trader).post(url, told)
        assert (again.status_code, again.json()["code"]) == (409, "not_held")
        held.refresh_from_db()
        assert (held.qty, held.avg_price) == (20, D(40))

    def test_a_person_accepts_the_brokers_quantity(self, account, held, as_, trader):
        reconcile_holdings(account=account, listing=listing(BEFORE_OPEN, holding(quantity=17)), now=BEFORE_OPEN)
        answer = as_(trader).post(f"/api/positions/{held.pk}:accept", {"confirm": account.nickname})
        assert (answer.status_code, answer.json()["qty"], answer.json()["needs_person"]) == (200, 17, False)
