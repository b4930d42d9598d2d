"""What the simulator says of an account: typed, dated, complete or not, and honest about when it lags."""

from datetime import UTC, date, datetime, time
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from kis import errors, overseas_balance
from market.errors import NotInPaper, Throttled
from market.words import Exchange, Freshness, Lane

SEOUL = ZoneInfo("Asia/Seoul")
TRADING = "/uapi/overseas-stock/v1/trading/"
FIRST, LAST = date(2026, 3, 2), date(2026, 3, 12)


def at(hour: int, minute: int = 0):
    """A clock that stands at this time of today in Korea."""
    today = datetime.now(SEOUL).date()
    return lambda: datetime.combine(today, time(hour, minute), SEOUL).astimezone(UTC)


class TestPresentBalance:
    async def test_on_real_it_has_holdings_cash_and_sums(self, kis, make_client, eventually):
        client = make_client("real", clock=at(12))
        kis.control.pin("NVDA", "100.00")
        kis.control.phone_order(client.config.account_no, "NVDA", "buy", 2, "120.00")

        async def held():
            found = await overseas_balance.get_present_balance(client=client)
            return found if found.holdings else None

        found = await eventually(held)
        (row,) = [row for row in found.holdings if row.symbol == "NVDA"]
        assert (row.exchange, row.currency) == (Exchange.NASDAQ, "USD")
        assert row.quantity == row.settled_quantity + row.bought_today - row.sold_today
        assert found.currencies[0].currency == "USD"
        assert found.sums.assets > 0
        assert (found.freshness, found.complete, found.doubt) == (Freshness.FRESH, True, None)

    async def test_on_paper_only_the_sums_mean_anything(self, make_client):
        found = await overseas_balance.get_present_balance(client=make_client("paper", clock=at(12)))
        assert (found.holdings, found.currencies) == (None, None)
        assert found.sums.assets > 0
        assert (found.freshness, found.complete) == (Freshness.FRESH, True)

    async def test_in_its_known_windows_it_is_stale_and_says_why(self, make_client):
        client = make_client("real", clock=at(20))
        found = await overseas_balance.get_present_balance(client=client)
        assert (found.freshness, found.complete) == (Freshness.STALE, True)
        assert "holdings" in found.doubt.en
        extended = await overseas_balance.get_present_balance(extended=True, client=client)
        assert extended.freshness is Freshness.FRESH

    async def test_what_cannot_be_read_is_failed_not_stale_and_not_empty(self, kis, make_client):
        client = make_client("real", clock=at(20))
        kis.control.fault("maintenance_503", match={"path": TRADING + "inquire-present-balance"})
        found = await overseas_balance.read_present_balance(client=client, lane=Lane.TRACKING)
        assert (found.freshness, found.complete, found.holdings, found.sums) == (Freshness.FAILED, False, None, None)
        with pytest.raises(errors.ReadFailed):
            await overseas_balance.get_present_balance(client=client)

    async def test_throttled_is_told_apart_from_failed(self, kis, make_client):
        client = make_client("real")
        kis.control.fault("rate_limited", match={"path": TRADING + "inquire-present-balance"})
        found = await overseas_balance.read_present_balance(client=client, lane=Lane.TRACKING)
        assert found.freshness is Freshness.THROTTLED
        with pytest.raises(Throttled):
            await overseas_balance.get_present_balance(client=client)


@pytest.mark.parametrize("environment", ["real", "paper"])
async def test_what_can_be_bought(make_client, environment):
    client = make_client(environment)
    power = await overseas_balance.get_buying_power("NVDA", Exchange.NASDAQ, Decimal("100.00"), client=client)
    assert power.usd > 0
    assert power.max_quantity_usd <= power.usd / 100
    assert power.raw["tr_crcy_cd"] == "USD"


class TestNotInPaper:
    @pytest.mark.parametrize(
        "read",
        [
            lambda c: overseas_balance.get_period_profit(FIRST, LAST, client=c),
            lambda c: overseas_balance.get_transactions(FIRST, LAST, client=c),
            lambda c: overseas_balance.get_settled_balance(LAST, client=c),
            lambda c: overseas_balance.get_margin(client=c),
        ],
    )
    async def test_it_is_said_before_anything_is_sent(self, make_client, read):
        events = []
        client = make_client("paper", on_event=events.append)
        with pytest.raises(NotInPaper, match="instead"):
            await read(client)
        assert events == []
