"""The market's clock: real, fast, frozen, stepped; and what goes by it."""

import json
import shutil
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from email.utils import parsedate_to_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kis.simulator.book import Account
from kis.simulator.clock import BadClock, Clock
from kis.simulator.exchange import NewOrder
from kis.simulator.journal import Journal
from kis.simulator.keys import Rates
from kis.simulator.market_path import tick_index
from kis.simulator.memory import Memory
from kis.simulator.passing import stride_of
from kis.simulator.restart import open_world
from kis.simulator.settings import BadScenario, read_scenario
from kis.simulator.testing import ControlError, start, wait_for

NOON = datetime(2026, 3, 12, 16, tzinfo=UTC)  # in New York
FREE = {"rate_paper": 0, "rate_real": 0, "token_interval": 0.0}


class Wall:
    """The machine's clock, as a test moves it."""

    def __init__(self):
        self.at = datetime(2030, 1, 1, tzinfo=UTC)

    def __call__(self):
        return self.at

    def pass_(self, seconds):
        self.at += timedelta(seconds=seconds)


class TestModes:
    def test_real_time_goes_on_from_the_start_as_the_machines_does(self):
        wall = Wall()
        clock = Clock(NOON, wall=wall)
        wall.pass_(90)
        assert clock.now() == NOON + timedelta(seconds=90)

    def test_without_a_start_it_is_now(self):
        wall = Wall()
        assert Clock(wall=wall).now() == wall.at

    def test_fast_time_goes_so_many_times_as_fast_from_the_start_moment(self):
        wall = Wall()
        clock = Clock(NOON, mode="fast", speed=60, wall=wall)
        wall.pass_(10)
        assert clock.now() == NOON + timedelta(minutes=10)

    @pytest.mark.parametrize("mode", ["frozen", "stepped"])
    def test_standing_time_moves_only_when_it_is_told(self, mode):
        wall = Wall()
        clock = Clock(NOON, mode=mode, wall=wall)
        wall.pass_(1000)
        assert clock.now() == NOON
        clock.advance(3.5)
        clock.set(NOON + timedelta(hours=1))
        wall.pass_(1000)
        assert clock.now() == NOON + timedelta(hours=1)

    def test_another_mode_goes_on_from_where_the_time_stands(self):
        wall = Wall()
        clock = Clock(NOON, wall=wall)
        wall.pass_(5)
        clock.turn("fast", 10)
        wall.pass_(5)
        clock.turn("frozen")
        wall.pass_(5)
        clock.turn("real")
        wall.pass_(5)
        assert clock.now() == NOON + timedelta(seconds=5 + 50 + 0 + 5)

    def test_a_standing_clock_that_is_turned_fast_again_has_its_speed_kept(self):
        clock = Clock(NOON, mode="fast", speed=60, wall=Wall())
        clock.turn("stepped")
        clock.turn("fast")
        assert clock.pace == 60

    def test_the_market_never_goes_back(self):
        clock = Clock(NOON, wall=Wall())
        with pytest.raises(BadClock, match="never goes back"):
            clock.set(NOON - timedelta(seconds=1))
        with pytest.raises(BadClock):
            clock.set(datetime(2026, 3, 13))

    @pytest.mark.parametrize(("mode", "speed"), [("slow", 1), ("fast", 0), ("fast", -1), ("fast", 10**6), ("real", 2)])
    def test_a_mode_or_speed_that_no_clock_has_is_refused(self, mode, speed):
        with pytest.raises(BadClock):
            Clock(NOON, mode=mode, speed=speed)

    @given(
        st.lists(
            st.one_of(
                st.tuples(st.just("pass"), st.floats(0, 1e5)),
                st.tuples(st.just("advance"), st.floats(0, 1e6)),
                st.tuples(st.sampled_from(["real", "fast", "frozen", "stepped"]), st.floats(0.1, 3600)),
            ),
            max_size=20,
        )
    )
    def test_whatever_is_done_to_it_time_never_goes_back_and_its_row_tells_all(self, steps):
        wall = Wall()
        clock, last = Clock(NOON, wall=wall), NOON
        for what, value in steps:
            if what == "pass":
                wall.pass_(value)
            elif what == "advance":
                clock.advance(value)
            else:
                clock.turn(what, 1 if what == "real" else value)
            assert clock.now() >= last
            last = clock.now()
            assert Clock.read(json.loads(json.dumps(clock.row())), wall).now() == last


class TestRates:
    def test_a_fast_market_lets_so_many_times_more_calls_through_in_one_of_our_seconds(self):
        wall = Wall()
        clock = Clock(NOON, mode="fast", speed=6, wall=wall)
        rates, taken = Rates(clock), 0
        for _ in range(1000):  # one second of the machine
            taken += rates.allow("key", 18, clock.now())
            wall.pass_(0.001)
        assert taken == 6 * 18

    def test_while_the_market_stands_still_calls_are_counted_by_our_seconds(self):
        wall = Wall()
        clock = Clock(NOON, mode="stepped", wall=wall)
        rates = Rates(clock)
        assert [rates.allow("key", 1, clock.now()) for _ in range(2)] == [True, False]
        wall.pass_(1)
        assert rates.allow("key", 1, clock.now())


def test_orders_meet_at_least_one_price_of_every_market_second_at_any_speed():
    assert [stride_of(s) for s in (1, 6, 60, 61, 120, 121, 3600)] == [1, 1, 1, 2, 2, 4, 4]


class TestScenario:
    @pytest.mark.parametrize(
        ("given", "found"),
        [
            ({"mode": "stepped"}, ("stepped", 1.0)),
            ({"mode": "fast", "speed": 60}, ("fast", 60.0)),
            ({"speed": 6}, ("fast", 6.0)),
            ({}, ("real", 1.0)),
            (None, None),
        ],
    )
    def test_a_clock_has_a_mode_and_a_speed(self, given, found):
        assert read_scenario({"clock": given}).clock == found

    @pytest.mark.parametrize(
        "given", ["fast", {"mode": "quick"}, {"speed": "6"}, {"pace": 6}, {"mode": "real", "speed": 2}]
    )
    def test_any_other_is_a_bad_scenario(self, given):
        with pytest.raises(BadScenario):
            read_scenario({"clock": given})


@pytest.fixture(scope="module")
def stepped():
    with start(clock="stepped", at=NOON.isoformat(), scenario={"calendar": "nyse-hours"}, switches=FREE) as kis:
        yield kis


@pytest.fixture
def paper(stepped, speak):
    return speak.customer(stepped, stepped.accounts("paper")[0])


class TestOverHttp:
    """One market for all of these: each moves it on."""

    def test_the_date_header_and_the_state_tell_the_markets_time(self, stepped, paper):
        before = stepped.control.now()
        assert parsedate_to_datetime(paper.issue().headers["Date"]) == before.replace(microsecond=0)
        assert stepped.control.state()["clock"]["mode"] == "stepped"
        assert datetime.fromisoformat(stepped.control.advance(90)["now"]) == before + timedelta(seconds=90)
        assert parsedate_to_datetime(paper.issue().headers["Date"]) == (before + timedelta(seconds=90))

    def test_an_order_fills_when_time_is_moved_on_and_not_before(self, stepped, paper):
        stepped.control.pin("NVDA", "100.00")
        number = paper.accepted("buy", "NVDA", 1, "101.00")
        assert [o["open"] for o in stepped.control.orders(paper.account_no)] == [1]
        stepped.control.advance(0.5)
        (order,) = stepped.control.orders(paper.account_no)
        assert (order["order_number"], order["filled"]) == (number, 1)

    def test_an_order_time_is_the_markets(self, stepped, paper):
        paper.accepted("buy", "NVDA", 1, "50.00")
        order = stepped.control.orders(paper.account_no)[-1]
        assert datetime.fromisoformat(order["received_at"]) == stepped.control.now()

    def test_a_token_lives_a_day_of_the_market_and_is_the_same_for_six_hours(self, stepped, speak):
        who = speak.customer(stepped, stepped.accounts("paper")[1])
        assert who.ccnl().json()["rt_cd"] == "0"
        stepped.control.advance(5 * 3600)
        assert who.issue().json()["access_token"] == who.token
        stepped.control.advance(2 * 3600)
        later = who.issue().json()
        assert later["access_token"] != who.token and later["expires_in"] == 86400
        stepped.control.advance(17 * 3600)
        assert who.ccnl().json()["msg_cd"] == "EGW00123"

    @pytest.mark.parametrize(
        "body",
        [
            {},
            {"mode": "quick"},
            {"advance": -1},
            {"advance": "soon"},
            {"advance": 1e12},
            {"set": "2020-01-01T00:00:00Z"},
            {"set": "noon"},
            {"set": "2099-01-01T00:00:00"},
            {"advance": 1, "set": "2099-01-01T00:00:00Z"},
            {"tempo": 3},
            {"mode": "fast", "speed": 0},
        ],
    )
    def test_what_a_clock_cannot_do_is_said_and_moves_nothing(self, stepped, body):
        before = stepped.control.now()
        with pytest.raises(ControlError) as caught:
            stepped.control.call("POST", "/clock", body)
        assert caught.value.status == 400
        assert stepped.control.now() == before

    def test_it_can_be_turned_fast_and_stopped_again(self, stepped):
        before = stepped.control.now()
        assert stepped.control.clock(mode="fast", speed=600)["speed"] == 600
        wait_for(lambda: stepped.control.now() > before + timedelta(minutes=1))
        stopped = stepped.control.clock(mode="frozen")
        assert stepped.control.state()["now"] == stopped["now"]
        stepped.control.clock(mode="stepped")


class TestSecondsOfTheMarket:
    def test_a_token_asked_for_twice_in_a_minute_of_the_market_is_refused(self, speak):
        with start(clock="stepped") as kis:
            who = speak.customer(kis, kis.accounts("paper")[0])
            assert who.issue().status_code == 200
            assert who.issue().json()["error_code"] == "EGW00133"
            kis.control.advance(60)
            assert who.issue().status_code == 200

    def test_at_speed_orders_fill_and_time_flies(self, speak):
        with start(speed=60, switches=FREE) as kis:
            before = kis.control.now()
            who = speak.customer(kis, kis.accounts("paper")[0])
            kis.control.pin("NVDA", "100.00")
            who.accepted("buy", "NVDA", 1, "101.00")
            wait_for(lambda: kis.control.orders(who.account_no)[0]["filled"])
            wait_for(lambda: kis.control.now() - before > timedelta(minutes=2))
            clock = kis.control.state()["clock"]
            assert (clock["mode"], clock["speed"]) == ("fast", 60)


class TestTheBook:
    def test_mode_and_moment_are_remembered_over_a_kill(self, tmp_path):
        book = tmp_path / "book.json"
        with start(book=book, clock="stepped", at=NOON.isoformat()) as kis:
            kis.control.advance(86400)
            kis.kill()
        with start(book=book) as kis:
            assert kis.control.state()["clock"] == {"now": "2026-03-13T16:00:00Z", "mode": "stepped", "speed": 1.0}
            kis.control.clock(mode="fast", speed=600)
            there = kis.control.now()
            kis.kill()
        with start(book=book) as kis:
            assert kis.control.now() > there
            assert kis.control.state()["clock"]["speed"] == 600

    def test_a_jump_that_is_killed_on_its_way_leaves_no_fill_in_the_future(self, tmp_path):
        scenario = read_scenario({"start": NOON.isoformat(), "clock": {"mode": "stepped"}})
        memory = Memory(tmp_path / "book.json")
        world = open_world(memory, scenario, None, own_seed=False)
        cents = world.market.prices.tick("NVDA", tick_index(NOON)).last
        new = NewOrder("NVDA", "NASD", "buy", 10, Decimal(cents - 60) / 100)
        world.place(world.accounts[0], new, world.now())

        def kill(event):
            raise KeyboardInterrupt

        world.on_event = kill
        with pytest.raises(KeyboardInterrupt):
            world.jump(NOON + timedelta(days=1))
        memory.close()
        memory = Memory(tmp_path / "book.json")
        again = open_world(memory, scenario, None, own_seed=False)
        memory.close()
        (order,) = again.accounts[0].orders
        assert order.fills and order.fills[-1].at <= again.now()

    def test_what_ended_while_it_was_away_holds_no_money_back_from_a_reservation(self, tmp_path):
        start_at = {"start": NOON.isoformat(), "clock": {"mode": "stepped"}, "calendar": "nyse-hours"}
        memory = Memory(tmp_path / "book.json")
        world = open_world(memory, read_scenario(start_at), None, own_seed=False)
        account = next(a for a in world.accounts if a.environment == "real")
        quantity = int(account.cash / 11)
        all_in = NewOrder("NVDA", "NASD", "buy", quantity, Decimal("10.00"))
        world.place(account, all_in, world.now())
        world.reservations.accept(account, all_in, world.now())
        world.keep()
        memory.close()
        memory = Memory(tmp_path / "book.json")
        late = {**start_at, "start": (NOON + timedelta(days=1)).isoformat()}
        again = open_world(memory, read_scenario(late), None, own_seed=False)
        memory.close()
        (reservation,) = again.reservations.of(account.account_no)
        assert (reservation.status, reservation.reason) == ("sent", "")

    def test_the_command_line_turns_the_clock_of_a_book_and_time_goes_on(self, tmp_path):
        book = tmp_path / "book.json"
        with start(book=book, clock="stepped", at=NOON.isoformat()) as kis:
            kis.control.advance(86400)
            kis.kill()
        with start(book=book, speed=60) as kis:
            assert NOON + timedelta(days=1) <= kis.control.now() < NOON + timedelta(days=2)
            assert kis.control.state()["clock"]["mode"] == "fast"

    def test_a_book_of_a_version_that_knew_only_an_offset_opens_with_its_time(self, tmp_path):
        old = old_book(tmp_path / "old.json", {"seed": 5, "start": None, "offset": -86400.0})
        memory = Memory(shutil.copy2(old, tmp_path / "copy.json"))
        world = open_world(memory, read_scenario(None), None, own_seed=False)
        memory.close()
        assert abs(world.now() - (datetime.now(UTC) - timedelta(days=1))) < timedelta(minutes=1)
        assert world.clock.mode == "real"
        (account,) = world.accounts
        assert (account.cash, account.deposit, account.won) == (900, 900, 0)  # what was under way has settled since
        assert account.orders[0].fills[0].tax == 0


def old_book(path, about):
    """Rows as the first version wrote them: an overnight deposit, no settlement, fills of four columns."""
    who = Account("paper", "k" * 36, "s" * 180, "5000000001", "paper1")
    identity = {n: getattr(who, n) for n in ("environment", "app_key", "app_secret", "account_no", "hts_id")}
    money = {
        "cash": "900", "deposit": "1000", "realised": "0", "bought_today": "100", "sold_today": "0",
        "day": "2026-03-12", "numbers": {}, "holdings": {"NVDA": [1, "99.75"]},
    }  # fmt: skip
    order = {
        "number": "0000001000", "account_no": who.account_no, "symbol": "NVDA", "exchange": "NASD", "side": "buy",
        "kind": "new", "quantity": 1, "channel": "OpenAPI", "original": "", "open": 0, "status": "filled",
        "reason": "", "doomed": "", "resting": False, "date": "2026-03-12", "price": "100",
        "received_at": "2026-03-12T15:00:00+00:00", "expires_at": "2026-03-12T20:00:00+00:00",
        "fills": [["2026-03-12T15:00:01+00:00", 1, "99.75", "0.25"]],
    }  # fmt: skip
    journal = Journal(path)
    journal.rewrite([{"book": [about]}, {"accounts": [{**identity, **money}]}, {"orders": [order]}])
    journal.close()
    return path
