"""What a key's socket is wanted for: notices first, held symbols next, the rest by need; what has no room by REST."""

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import BrokerageAccount
from bots import wishes
from bots.wishes import Wishes
from credentials.services import lend_prices, set_credentials
from instruments.models import TradingDay
from instruments.selectors import forget_sessions
from instruments.services import ensure_instruments
from market.words import Exchange
from rules.models import RuleState, TradeRule
from rules.services import create_rule

SYMBOLS = ("AAPL", "MSFT", "NVDA", "KO")


def rule_on(account, symbol: str, *, holds: int = 0) -> TradeRule:
    rule = create_rule(
        account=account,
        by=account.user,
        symbol=symbol,
        timeframe="1m",
        entry_condition="price > 0",
        exit_condition="false",
        buy_amount_usd=Decimal(100),
        max_position=10,
        cooldown_sec=1,
    )
    TradeRule.objects.filter(pk=rule.pk).update(enabled=True)
    RuleState.objects.update_or_create(rule=rule, defaults={"qty": holds})
    return rule


@pytest.mark.django_db
class TestWishes:
    @pytest.fixture(autouse=True)
    def ready(self, paper_account, real_account):
        ensure_instruments()
        BrokerageAccount.objects.update(enabled=True)

    def test_symbols_that_a_rule_holds_come_first(self, paper_account, data_credential, now):
        rule_on(paper_account, "AAPL")
        rule_on(paper_account, "NVDA", holds=5)
        rule_on(paper_account, "MSFT")
        symbols = [symbol for symbol, _ in wishes.of(data_credential, now).trades]
        assert symbols == ["NVDA", "AAPL", "MSFT"]

    def test_a_symbol_of_two_rules_is_one_registration(self, paper_account, data_credential, now):
        rule_on(paper_account, "KO")
        rule_on(paper_account, "KO")
        assert wishes.of(data_credential, now).trades == (("KO", Exchange.NYSE),)

    def test_symbols_that_are_only_compared_with_come_after_all_that_are_traded(
        self, paper_account, data_credential, now
    ):
        TradeRule.objects.filter(pk=rule_on(paper_account, "AAPL").pk).update(
            exit_condition="NVDA.close < 1 or MSFT.sma(20, timeframe=1d) < 1"
        )
        rule_on(paper_account, "MSFT")
        symbols = [symbol for symbol, _ in wishes.of(data_credential, now).trades]
        assert symbols == ["AAPL", "MSFT", "NVDA"]

    def test_rules_of_others_and_of_accounts_that_are_off_want_nothing_here(
        self, paper_account, foreign_account, data_credential, now
    ):
        rule_on(foreign_account, "AAPL")
        rule_on(paper_account, "MSFT")
        BrokerageAccount.objects.filter(pk=paper_account.pk).update(enabled=False)
        assert wishes.of(data_credential, now) == Wishes()

    def test_the_keys_own_account_is_served_before_those_it_lends_prices_to(self, paper_account, real_account, now):
        own = set_credentials(
            account=real_account, app_key="P" * 36, app_secret="s" * 180, account_no="61000001-01", hts_id="me"
        )
        lend_prices(own, True)
        rule_on(paper_account, "AAPL")
        rule_on(real_account, "NVDA")
        found = wishes.of(own, now)
        assert found.notices
        assert [symbol for symbol, _ in found.trades] == ["NVDA", "AAPL"]

    def test_a_paper_key_is_wanted_for_notices_alone(self, paper_account, credential, now):
        rule_on(paper_account, "AAPL")
        assert wishes.of(credential, now) == Wishes(notices=True)

    def test_without_an_hts_id_or_with_the_account_off_no_notices_are_wanted(self, paper_account, credential, now):
        BrokerageAccount.objects.filter(pk=paper_account.pk).update(enabled=False)
        assert not wishes.of(credential, now).notices
        BrokerageAccount.objects.filter(pk=paper_account.pk).update(enabled=True)
        credential.hts_id = None
        assert not wishes.of(credential, now).notices

    def test_in_the_daytime_session_its_own_feed_is_followed(self, paper_account, data_credential, now):
        rule_on(paper_account, "AAPL")
        assert not wishes.of(data_credential, now).daytime
        TradingDay.objects.create(
            market="US",
            trading_day=now.date(),
            session="daytime",
            start=now - timedelta(hours=1),
            end=now + timedelta(hours=1),
        )
        forget_sessions()
        assert wishes.of(data_credential, now).daytime


followed = st.tuples(st.sampled_from(SYMBOLS), st.sampled_from(Exchange))


@given(st.lists(followed, unique=True), st.sets(followed), st.booleans(), st.integers(0, 12))
def test_never_more_than_there_is_room_and_never_a_book_before_a_trade(trades, books, notices, room):
    found, found_books = wishes.fitting(Wishes(notices, tuple(trades)), books, room)

    assert len(found) + len(found_books) + notices <= max(room, notices)
    assert found == trades[: len(found)]
    assert not found_books or len(found) == len(trades)
