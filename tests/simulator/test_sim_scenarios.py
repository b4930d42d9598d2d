"""Scenarios: market, accounts and faults over time, in a file; five of them ship."""

import subprocess
import sys
from datetime import UTC, datetime

import httpx
import pytest

from kis.simulator import accounts, listing, scenarios
from kis.simulator.faults import KINDS, Faults
from kis.simulator.market_path import Prices, tick_index
from kis.simulator.settings import BadScenario, load_yaml, read_scenario
from kis.simulator.testing import start, wait_for

FIVE = ["quiet-day", "volatile-day", "broker-outage", "ambiguous-orders", "worst-day"]
NOW = datetime(2026, 3, 12, 15, 0, tzinfo=UTC)


def shipped(name):
    return read_scenario(load_yaml(scenarios.find(name)))


def command(*options):
    return subprocess.run(
        [sys.executable, "-m", "kis.simulator", *options], capture_output=True, text=True, timeout=60, check=False
    )


class TestShipped:
    def test_there_are_five(self):
        assert scenarios.names() == FIVE

    @pytest.mark.parametrize("name", FIVE)
    def test_each_says_what_it_is_and_has_accounts_of_both_sides(self, name):
        found = shipped(name)
        assert len(scenarios.about(name)) > 50
        people = accounts.of(found.accounts, found.listings, found.seed)
        assert {a.environment for a in people} == {"paper", "real"}
        assert any(a.holdings for a in people)

    @pytest.mark.parametrize("name", FIVE)
    def test_each_of_its_faults_can_be_switched_on(self, name):
        faults = Faults(1)
        for row in shipped(name).faults:
            faults.add(row)
        assert bool(faults.active) == (name != "quiet-day")

    def test_the_worst_day_has_faults_of_nearly_every_point(self):
        points = {KINDS[row["name"]].point for row in shipped("worst-day").faults}
        assert len(points) >= 11

    def test_they_can_be_listed(self):
        listed = command("--list-scenarios")
        assert listed.returncode == 0
        assert [line.partition(":")[0] for line in listed.stdout.splitlines()] == FIVE

    def test_an_unknown_name_is_answered_with_those_that_ship(self):
        refused = command("--scenario", "sunny-day")
        assert refused.returncode == 2
        assert all(name in refused.stderr for name in FIVE)


class TestRun:
    """By the clock: stepped, so that an hour takes no time."""

    @pytest.mark.parametrize("name", ["quiet-day", "volatile-day", "ambiguous-orders", "worst-day"])
    def test_a_customer_can_trade_in_it(self, name, speak):
        with start(scenario=name, switches={"rate_paper": 0, "rate_real": 0}, clock={"speed": 4}) as kis:
            customer = speak.customer(kis, kis.accounts("real")[0])
            customer.http.timeout = httpx.Timeout(0.5)

            def struck():
                return sum(kind["struck"] for kind in kis.control.faults()["known"])

            def bought():
                try:
                    customer.order("buy", "NVDA", 1, "300.00")
                except (httpx.HTTPError, ValueError, KeyError):
                    customer._token = None
                orders = kis.control.orders(customer.account_no)
                return [o for o in orders if o["filled"]] and (name == "quiet-day" or struck())

            assert wait_for(bought, 30)
            assert bool(struck()) == (name != "quiet-day")

    def test_the_outage_comes_and_goes_by_the_clock(self, speak):
        with start(scenario="broker-outage", switches={"token_interval": 0}, clock="stepped") as kis:
            customer = speak.customer(kis, kis.accounts("real")[0])
            customer.http = httpx.Client(base_url=kis.info["real"]["rest"], timeout=0.5)

            def status():
                try:
                    return customer.issue().status_code
                except httpx.ConnectError:
                    return "refused"
                except httpx.HTTPError:
                    return "silent"

            seen = {}
            for moment, seconds in [("calm", 10), ("down", 490), ("gone", 230), ("back", 200), ("later", 2900)]:
                kis.control.advance(seconds)
                expected = {"calm": 200, "down": 503, "gone": "refused", "back": 200, "later": 200}[moment]
                seen[moment] = wait_for(lambda wanted=expected: status() == wanted)
            kis.control.advance(210)  # the second hour's maintenance is on
            assert wait_for(lambda: status() == 503)


class TestMarket:
    def spread(self, volatility, symbol="NVDA"):
        """Highest over lowest price of an hour."""
        found = read_scenario({"seed": 5, "volatility": volatility})
        first = tick_index(NOW)
        bar = Prices(5, found.listings).bar(symbol, first, first + 3600 * 4)
        return bar.high / bar.low - 1

    def test_volatility_is_how_far_prices_swing(self):
        assert self.spread(0.3) < self.spread(1) < self.spread(4)
        assert self.spread(4) > 3 * self.spread(1) * 0.7

    def test_bars_are_those_of_their_ticks_in_a_wild_market_too(self):
        found = read_scenario({"seed": 5, "volatility": 10})
        prices, first = Prices(5, found.listings), tick_index(NOW) // 240 * 240
        for symbol in ("NVDA", "SNDL"):
            ticks = [prices.tick(symbol, k).last for k in range(first, first + 30 * 240)]
            bar = prices.bar(symbol, first, first + 30 * 240)
            assert (bar.open, bar.high, bar.low, bar.close) == (ticks[0], max(ticks), min(ticks), ticks[-1])
            assert bar.low > 0

    def test_a_symbol_may_have_its_own(self):
        rows = [{"symbol": "A", "price": 50, "volatility": 5}, {"symbol": "B", "price": 50}]
        found = read_scenario({"symbols": rows, "volatility": 0.5})
        assert {item.symbol: item.volatility for item in found.listings} == {"A": 5.0, "B": 0.5}

    @pytest.mark.parametrize("wrong", [0, -1, 11, "high", True])
    def test_a_volatility_that_is_none_is_refused(self, wrong):
        with pytest.raises(BadScenario, match="volatility"):
            read_scenario({"volatility": wrong})


class TestAccounts:
    def test_what_is_left_out_is_made_from_the_seed(self):
        rows = [{"environment": "paper", "cash_usd": "5"}, {"environment": "real", "hts_id": "me"}]
        one, two = accounts.of(rows, listing.DEFAULT, 7)
        again, _ = accounts.of(rows, listing.DEFAULT, 7)
        other, _ = accounts.of(rows, listing.DEFAULT, 8)
        assert (str(one.cash), two.hts_id) == ("5", "me")
        assert (len(one.app_key), len(one.app_secret), len(one.account_no)) == (36, 180, 10)
        assert one.app_key == again.app_key != other.app_key

    @pytest.mark.parametrize("row", [{}, {"environment": "demo"}, "paper", {"environment": "real", "account_no": "1"}])
    def test_one_that_cannot_be_an_account_is_refused(self, row):
        with pytest.raises(BadScenario):
            accounts.of([row], listing.DEFAULT, 7)

    def test_two_with_one_number_are_refused(self):
        row = {"environment": "real", "account_no": "1234567801"}
        with pytest.raises(BadScenario, match="same account_no"):
            accounts.of([row, row], listing.DEFAULT, 7)
