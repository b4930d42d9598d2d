"""A preview of a rule of minutes: its indicators see what a bot sees, its orders go out when a bot's may."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from backtests.preview import preview
from backtests.texts import RuleText
from instruments.candles import store_candles
from instruments.exchange_calendar import sessions_of
from instruments.models import Instrument, TradingDay
from instruments.selectors import forget_sessions
from market.data import Bar
from market.words import Exchange, Timeframe

pytestmark = pytest.mark.django_db
DAY = datetime(2026, 11, 18, tzinfo=UTC)
OPENS, CLOSES = DAY + timedelta(hours=14, minutes=30), DAY + timedelta(hours=21)
FIELDS = {
    "symbol": "AAPL",
    "timeframe": "1m",
    "buy_amount_usd": "10000",
    "max_position": 1000,
    "entry_condition": "close > sma(30) * 1.05",
    "exit_condition": "",
    "stop_loss_pct": 50,
}


@pytest.fixture(autouse=True)
def minutes() -> None:
    """From an hour before the open until an hour after the close; the price jumps at the open."""
    Instrument.objects.create(symbol="AAPL", exchange=Exchange.NASDAQ)
    spans = sessions_of(DAY.date(), OPENS, CLOSES)
    for span in spans:
        TradingDay.objects.create(
            market="US", trading_day=span.trading_day, session=span.session, start=span.start, end=span.end
        )
    forget_sessions()
    bars = []
    for k in range(-60, 450):
        price = Decimal(100 if k < 0 else 110)
        bars.append(Bar(OPENS + timedelta(minutes=k), price, price, price, price, 100_000))
    store_candles("AAPL", Timeframe.M1, bars, spans=spans, source="test")


def previewed(account, **fields) -> dict:
    text = RuleText.of({"rule_id": None, "version": 1, "fields": FIELDS | fields})
    found = preview(text=text, accounts=[account], replaces=None, sessions=1, now=DAY + timedelta(days=1, hours=3))
    return found["accounts"][0]


def test_indicators_see_the_pre_market_and_orders_go_out_in_the_regular_session(paper_account):
    (fill,) = previewed(paper_account)["fills"]
    assert fill["time"] == (OPENS + timedelta(minutes=1)).strftime("%Y-%m-%dT%H:%M:%SZ")


def test_nothing_goes_out_before_the_open(paper_account):
    found = previewed(paper_account, entry_condition="close < 105")  # true in the pre-market alone
    assert found["buys"] == 0
    assert {veto["guard"] for veto in found["vetoes"]} == {"market_session"}


def test_the_decision_now_is_of_the_newest_bar_at_which_the_rule_may_act(paper_account):
    now = previewed(paper_account)["now"]
    assert now["at"] == CLOSES
    assert now["decision"]["blocked"] is None and now["decision"]["verdict"] is False
