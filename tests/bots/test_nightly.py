"""What the schedule brings in at night, and who looks after orders that no bot does."""

from datetime import timedelta
from decimal import Decimal

import pytest
from asgiref.sync import async_to_sync
from django.utils import timezone

from bots import nightly
from bots.hooks.tasks import import_trading_days, look_after
from instruments.candles import coverage
from instruments.models import Candle, TradingDay
from market.words import Timeframe
from orders.models import Order

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(240)]


def test_the_bars_that_rules_look_at_are_stored_and_the_next_night_only_what_is_new(trading_account, write_rule):
    trading_account.enabled = True
    trading_account.save()
    write_rule()
    now = timezone.now()

    assert async_to_sync(nightly.import_candles)(now) > 100
    assert coverage("AAPL", Timeframe.D1)
    assert coverage("AAPL", Timeframe.M1)
    days = Candle.objects.filter(timeframe=Timeframe.D1).count()

    async_to_sync(nightly.import_candles)(now)
    assert Candle.objects.filter(timeframe=Timeframe.D1).count() == days


def test_a_calendar_that_somebody_publishes_is_not_written_over(trading_account):
    before = list(TradingDay.objects.values_list("trading_day", "session", "start", "end"))

    assert import_trading_days() is False
    assert list(TradingDay.objects.values_list("trading_day", "session", "start", "end")) == before


def test_orders_of_an_account_whose_bot_is_off_get_their_end(trading_account, kis):
    day = timezone.now() - timedelta(hours=2)
    order = Order.objects.create(
        account=trading_account, decision_key="left behind", symbol="AAPL", exchange="nasdaq", side="buy", qty=1,
        price=Decimal(200), status="intent", trading_day=day.date(), created_at=day,
    )  # fmt: skip
    assert nightly.accounts_with_orders_left() == [trading_account.pk]

    look_after(str(trading_account.pk))

    order.refresh_from_db()
    assert order.status == "not_sent"
    assert nightly.accounts_with_orders_left() == []
