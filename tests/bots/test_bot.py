"""A bot from its start to its fills, through kills, stops and a silent broker. Real processes, the real wire."""

import signal
from decimal import Decimal

import pytest

from accounts.models import BrokerageAccount
from accounts.services import set_enabled
from bots import lease
from bots.models import BotCheckpoint, BotLease
from credentials.models import ApiCredential
from credentials.services import set_credentials
from logs.models import ExecutionLog
from orders.models import Execution, Order
from positions.models import Position
from rules.models import RuleState, RuleVersion, StrategySignal
from rules.services import update_rule

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(180)]


def orders_at_broker(kis) -> list[dict]:
    return [row for row in kis.control.orders(kis.accounts("paper")[0]["account_no"]) if row["kind"] == "new"]


def holding_at_broker(kis, symbol: str) -> int:
    held = kis.control.account(kis.accounts("paper")[0]["account_no"])["holdings"]
    return int(held.get(symbol, {"qty": 0})["qty"])


class TestTrading:
    def test_a_true_entry_becomes_one_filled_order_and_a_position_that_the_rule_owns(
        self, kis, write_rule, start_bot, eventually
    ):
        rule = write_rule(entry="price > 0", exit="false")
        start_bot()

        eventually(lambda: Execution.objects.exists())

        order = Order.objects.get()
        assert (order.side, order.status, order.rule_version) == ("buy", "filled", 1)
        assert RuleState.objects.get(rule=rule).qty == order.qty == holding_at_broker(kis, "AAPL")
        assert Position.objects.get().qty == order.qty
        assert [row["qty"] for row in orders_at_broker(kis)] == [order.qty]

    def test_it_sells_what_it_bought_when_the_exit_comes_true(self, kis, write_rule, start_bot, eventually):
        rule = write_rule(entry="position.qty == 0 and price > 0", exit="position.qty > 0", cooldown_sec=300)
        start_bot()

        eventually(lambda: Order.objects.filter(side="sell", status="filled").exists())

        eventually(lambda: RuleState.objects.get(rule=rule).qty == 0)
        eventually(lambda: holding_at_broker(kis, "AAPL") == 0)

    def test_bars_from_before_the_start_come_from_the_broker_so_indicators_know_their_past(
        self, write_rule, start_bot, eventually
    ):
        write_rule(entry="sma(30) > 0", exit="false")
        start_bot()

        assert eventually(lambda: Order.objects.first())

    def test_each_step_is_in_the_journal_and_the_signal_says_why(self, write_rule, start_bot, eventually):
        rule = write_rule()
        start_bot()
        eventually(lambda: Execution.objects.exists())

        kinds = list(ExecutionLog.objects.filter(rule_id=rule.pk).order_by("seq").values_list("kind", flat=True))
        assert kinds.count("fill") == 1
        assert kinds.index("order") < kinds.index("fill")
        signal_row = StrategySignal.objects.get(type="entry")
        assert signal_row.payload["reasons"]["operator"] == ">"

    def test_a_disabled_rule_does_nothing(self, write_rule, start_bot, trading_account, trader, eventually):
        from rules.services import set_rule_enabled

        rule = write_rule()
        set_rule_enabled(rule=rule, enabled=False, confirm=trading_account.nickname, by=trader)
        start_bot()
        eventually(lambda: BrokerageAccount.objects.get(pk=trading_account.pk).health_status == "healthy")

        assert not Order.objects.exists()

    def test_on_the_real_side_prices_and_notices_share_the_one_session_of_the_accounts_own_key(
        self, kis, write_rule, start_bot, eventually, trading_account, real_account, trader
    ):
        ApiCredential.objects.filter(purpose="data").delete()  # a key belongs to one account
        key = kis.accounts("real")[0]
        names = ("app_key", "app_secret", "account_no", "hts_id")
        set_credentials(account=real_account, by=trader, **{n: key[n] for n in names})
        write_rule(entry="price > 0", account=real_account)
        start_bot(real_account)

        eventually(lambda: Execution.objects.filter(account=real_account).exists())

        assert Order.objects.get().status == "filled"
        assert len(kis.control.orders(key["account_no"])) == 1


class TestStopping:
    def test_sigterm_ends_it_cleanly_and_frees_the_account_at_once(
        self, write_rule, start_bot, trading_account, eventually
    ):
        write_rule()
        bot = start_bot()
        eventually(lambda: Execution.objects.exists())

        assert bot.stop() == 0
        assert lease.acquire(trading_account.pk, "next:1") is not None

    def test_a_request_in_flight_is_finished_first(self, kis, write_rule, start_bot, eventually):
        write_rule()
        kis.control.fault("slow_answer", count=1, seconds=2, match={"path": "/uapi/overseas-stock/v1/trading/order"})
        bot = start_bot()
        eventually(lambda: Order.objects.filter(status="submitting").exists())

        assert bot.stop() == 0

        order = Order.objects.get()
        assert order.broker_order_id
        assert order.status == "working"

    def test_switching_the_account_off_stops_its_bot(self, write_rule, start_bot, trading_account, trader, eventually):
        write_rule(entry="price > 1000000")
        bot = start_bot()
        eventually(lambda: BotLease.objects.filter(holder__gt="").exists())
        trading_account.refresh_from_db()

        set_enabled(account=trading_account, enabled=False, confirm=trading_account.nickname, by=trader)

        assert bot.process.wait(timeout=15) == 0

    def test_a_second_bot_of_the_same_account_goes_away_without_a_trace(
        self, write_rule, start_bot, trading_account, eventually
    ):
        write_rule(entry="price > 1000000")
        start_bot()
        token = eventually(lambda: BotLease.objects.filter(holder__gt="").values_list("token", flat=True).first())

        second = start_bot()

        assert second.process.wait(timeout=30) == 0
        assert BotLease.objects.get().token == token


class TestKeysThatChange:
    def test_a_bot_whose_app_key_was_replaced_gives_way_to_one_with_the_new_key(
        self, kis, write_rule, start_bot, trading_account, trader, eventually
    ):
        write_rule(entry="price > 1000000")
        bot = start_bot()
        eventually(lambda: BrokerageAccount.objects.get(pk=trading_account.pk).health_status == "healthy")
        given = kis.accounts("paper")[0]

        set_credentials(
            account=trading_account,
            by=trader,
            app_key="PV" + "n" * 34,
            app_secret=given["app_secret"],
            account_no=given["account_no"],
        )

        assert bot.process.wait(timeout=20) == 0
        key = ApiCredential.objects.get(account=trading_account)
        assert (key.access_token, key.token_problem) == (None, None)  # it asked nothing with the old key for the new

    def test_a_bot_takes_up_a_better_key_for_prices_by_starting_anew(
        self, write_rule, start_bot, trading_account, eventually
    ):
        write_rule(entry="price > 1000000")
        bot = start_bot()
        eventually(lambda: BrokerageAccount.objects.get(pk=trading_account.pk).health_status == "healthy")

        ApiCredential.objects.filter(purpose="data").delete()

        assert bot.process.wait(timeout=20) == 0


class TestKilled:
    def test_the_next_bot_does_not_tell_the_same_news_again(self, write_rule, start_bot, eventually, trading_account):
        """An entry that goes on being true, and is held back, is one signal, restart or not."""
        rule = write_rule(entry="price > 0", buy_amount_usd=Decimal(1))  # not even one share
        first = start_bot()
        eventually(lambda: BotCheckpoint.objects.filter(payload__rules__has_key=str(rule.pk)).exists())
        first.stop()

        start_bot()
        evaluated = RuleState.objects.get(rule=rule).last_evaluated_at
        eventually(lambda: RuleState.objects.get(rule=rule).last_evaluated_at > evaluated)

        assert StrategySignal.objects.filter(type="entry").count() == 1

    def test_after_a_kill_the_next_bot_adopts_the_order_whose_answer_was_never_read(
        self, kis, write_rule, start_bot, eventually
    ):
        """The broker takes the order and says nothing; the bot dies waiting. Nothing is ever sent twice."""
        rule = write_rule(entry="price > 0", exit="false")
        kis.control.fault("accept_then_timeout", count=1, match={"path": "/uapi/overseas-stock/v1/trading/order"})
        first = start_bot()
        eventually(lambda: len(orders_at_broker(kis)) == 1)
        assert Order.objects.get().status == "submitting"
        first.kill()

        second = start_bot()
        eventually(lambda: not second.alive or BotLease.objects.get().token == 2, 40)
        if not second.alive:  # it came before the dead bot's lease ran out
            eventually(lambda: lease.claim_start(rule.account_id, 1), 20)
            start_bot()

        eventually(lambda: Order.objects.get().status == "filled", 60)
        assert len(orders_at_broker(kis)) == 1
        assert RuleState.objects.get(rule=rule).qty == holding_at_broker(kis, "AAPL") == Order.objects.get().qty

    def test_a_paused_bot_that_lost_its_lease_sends_nothing_when_it_wakes(
        self, kis, write_rule, start_bot, trading_account, eventually
    ):
        write_rule(entry="price > 1000000")
        bot = start_bot()
        eventually(lambda: BrokerageAccount.objects.get(pk=trading_account.pk).health_status == "healthy")
        bot.process.send_signal(signal.SIGSTOP)
        BotLease.objects.update(expires_at="2020-01-01T00:00:00Z")  # its time ran out while it slept
        newer = lease.acquire(trading_account.pk, "other:1")
        from rules.models import TradeRule

        TradeRule.objects.update(entry_condition="price > 0", version=2)

        bot.process.send_signal(signal.SIGCONT)

        assert bot.process.wait(timeout=20) == 0
        assert orders_at_broker(kis) == []
        held = BotLease.objects.get()
        assert (held.token, held.holder) == (newer.token, newer.holder)


class TestBadDays:
    def test_a_silent_broker_makes_the_account_unhealthy_and_an_answer_heals_it(
        self, kis, write_rule, start_bot, trading_account, eventually
    ):
        write_rule(entry="price > 1000000")
        bot = start_bot()

        def health() -> str:
            return BrokerageAccount.objects.get(pk=trading_account.pk).health_status

        eventually(lambda: health() == "healthy")
        kis.process.send_signal(signal.SIGSTOP)
        try:
            eventually(lambda: health() == "unhealthy", 40)
        finally:
            kis.process.send_signal(signal.SIGCONT)

        eventually(lambda: health() == "healthy", 40)
        assert bot.alive
        said = list(ExecutionLog.objects.filter(kind="account").order_by("seq").values_list("level", flat=True))
        assert "warning" in said

    def test_a_halted_house_sends_nothing(self, kis, write_rule, start_bot, admin, trading_account, eventually):
        from bots.services import halt

        halt(by=admin, reason=None)
        write_rule()
        start_bot()

        eventually(lambda: StrategySignal.objects.filter(type="veto").exists())
        assert orders_at_broker(kis) == []


class TestWhatARuleLooksAt:
    def test_other_timeframes_other_symbols_and_settled_indicators_are_known_from_the_start(
        self, write_rule, start_bot, eventually, trader
    ):
        """RSI(14) is known only once its anchor, days ago, is covered by the broker's history."""
        known = "rsi(14) < 101 and close(timeframe=5m) > 0 and sma(20, timeframe=1d) > 0"
        others = "MSFT.close > 0 and MSFT.sma(20, timeframe=1d) > 0"
        rule = write_rule(evaluate_on="bar_close")
        update_rule(rule=rule, by=trader, entry_condition=f"{known} and {others}")
        start_bot()

        order = eventually(lambda: Order.objects.first(), 150)

        text = RuleVersion.objects.get(rule=rule, version=order.rule_version).fields["entry_condition"]
        assert (order.rule_version, text) == (2, f"{known} and {others}")  # the order knows the text that made it

    def test_a_strategy_in_python_buys_what_it_names_and_a_broken_one_stops_alone(
        self, write_rule, start_bot, eventually
    ):
        buys = 'def decide(market, position, params):\n    return {"action": "enter", "quantity": 2}\n'
        breaks = (
            "def decide(market, position, params):\n"
            "    while market.price > 0 and len(market.close) > 1 and market.symbol == 'AAPL':\n"
            "        pass\n"
        )
        good = write_rule(entry="", exit="", mode="python", code=buys, symbol="MSFT", stop_loss_pct=50)
        bad = write_rule(
            entry="", exit="", mode="python", code="def decide(market, position, params):\n    return None\n"
        )
        RuleState.objects.get(rule=bad)
        type(bad).objects.filter(pk=bad.pk).update(code=breaks)  # what a check can miss, a limit holds
        start_bot()

        eventually(lambda: Order.objects.filter(rule=good, status="filled").exists())
        stopped = eventually(lambda: RuleState.objects.get(rule=bad).stopped_because)

        assert Order.objects.get(rule=good).qty == 2
        assert stopped["ko"] and stopped["en"]
        assert ExecutionLog.objects.filter(rule_id=bad.pk, level="error").count() == 1
        bad.refresh_from_db()
        good.refresh_from_db()
        assert (bad.enabled, good.enabled) == (False, True)
