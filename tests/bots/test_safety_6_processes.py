"""Safety rules 6.1 and 6.3: start is recovery, one start at a time, what fails is counted, and fails alone."""

import os
import signal
import sys
import time
from decimal import Decimal

import pytest
from django.conf import settings

from accounts.models import BrokerageAccount
from accounts.services import create_account
from bots import crashes, lease, services
from bots.lease import LONGEST_BACKOFF_SEC, START_EXPIRES_SEC, backoff_sec
from bots.models import BotCheckpoint, BotCrash, BotLease
from credentials.services import set_credentials
from logs.models import ExecutionLog
from market.errors import Text, Unreachable
from orders.models import Order
from rules.models import RuleState, TradeRule
from tests import processes

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(300)]

NEVER = "price > 1000000"


def events(name: str) -> list[ExecutionLog]:
    return list(ExecutionLog.objects.filter(ctx__event=name).order_by("seq"))


def fail(account, times: int = 1) -> None:
    for _ in range(times):
        crashes.note_crash(account.pk, ValueError("something broke"))


def state_of(account) -> str:
    return BrokerageAccount.objects.get(pk=account.pk).trading_state


class TestCrashes:
    """Issue: "counts crashes; backs off; after N crashes in M minutes the account is put to `reducing`"."""

    def test_each_crash_is_said_with_its_reason_and_waits_longer_than_the_one_before(self, paper_account):
        waits = []
        for _ in range(5):
            fail(paper_account)
            waits.append(backoff_sec(BotLease.objects.get().crashes))
            assert not lease.claim_start(paper_account.pk, 9) or waits[-1] == 0
        assert waits == sorted(waits)
        assert (waits[0], backoff_sec(50)) == (0, LONGEST_BACKOFF_SEC)
        assert "ValueError: something broke" in events("crash")[0].message_en

    def test_so_many_within_a_while_stop_entries_and_are_said_once(self, paper_account):
        fail(paper_account, settings.BOT_CRASH_LIMIT - 1)
        assert (state_of(paper_account), events("crash_limit")) == ("active", [])

        fail(paper_account, 3)

        assert state_of(paper_account) == "reducing"
        (said,) = events("crash_limit")
        assert (said.kind, said.level) == ("account", "error")
        reason = BrokerageAccount.objects.get().trading_state_reason
        assert "5번" in reason["ko"]
        assert "5 times within 10 min" in reason["en"]
        assert said.message_en == reason["en"]

    def test_crashes_of_long_ago_do_not_count_and_a_quiet_minute_does_not_forget_the_recent_ones(self, paper_account):
        fail(paper_account, settings.BOT_CRASH_LIMIT - 1)
        lease.note_quiet(lease.acquire(paper_account.pk, "h:1"))
        assert BotLease.objects.get().crashes == 0
        BotCrash.objects.update(at="2020-01-01T00:00:00Z")

        fail(paper_account)
        assert state_of(paper_account) == "active"

        fail(paper_account, settings.BOT_CRASH_LIMIT - 1)
        assert state_of(paper_account) == "reducing"

    def test_an_account_that_a_person_has_halted_stays_halted(self, paper_account):
        BrokerageAccount.objects.update(trading_state="halted")
        fail(paper_account, settings.BOT_CRASH_LIMIT + 1)
        assert state_of(paper_account) == "halted"
        assert events("crash_limit") == []

    def test_a_person_who_starts_the_bot_need_not_wait_for_what_its_crashes_made_it_wait(self, trading_account):
        fail(trading_account, 3)
        assert not services.ask_to_start(trading_account.pk)
        services.start_bot(account=trading_account, confirm=trading_account.nickname, by=None)
        assert BotLease.objects.get().start_asked_until is not None

    def test_a_trading_error_is_told_in_both_languages(self, paper_account):
        crashes.note_crash(paper_account.pk, ExceptionGroup("", [Unreachable(Text("닿지 않음", "no way there"))]))
        (said,) = events("crash")
        assert "닿지 않음" in said.message
        assert "no way there" in said.message_en

    def test_an_end_without_a_word_counts_as_a_crash_whoever_finds_it_and_once(self, paper_account):
        """SIGKILL, a segfault, no memory: the next start finds a lease whose holder never let go."""
        lease.acquire(paper_account.pk, "h:1")
        assert lease.fell_silent(paper_account.pk) is None
        run_out(paper_account)

        token, holder = lease.fell_silent(paper_account.pk)
        assert crashes.note_silent_end(paper_account.pk, token, holder)
        assert not crashes.note_silent_end(paper_account.pk, token, holder)

        assert [(c.token, c.holder) for c in BotCrash.objects.all()] == [(1, "h:1")]
        assert len(events("crash")) == 1

    def test_who_let_go_did_not_crash(self, paper_account):
        lease.release(lease.acquire(paper_account.pk, "h:1"))
        assert lease.fell_silent(paper_account.pk) is None

    def test_nobody_crashed_while_the_database_itself_was_away(self, paper_account):
        lease.acquire(paper_account.pk, "h:1")
        BotLease.objects.update(expires_at="2020-01-01T00:00:00Z")  # it ran out before this database started
        assert lease.fell_silent(paper_account.pk) is None


def run_out(account) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("UPDATE bots_botlease SET expires_at = clock_timestamp() - interval '1 second'")


class TestStarts:
    """6.1: "one pending start per account; bots wanted above free slots is an alarm, not a queue"."""

    def test_a_start_message_expires_before_the_next_is_due(self, paper_account):
        """The schedule turns every ten seconds."""
        assert START_EXPIRES_SEC < 10

    def test_prefetch_is_one(self):
        from infra.launch import services as launched

        argv = launched.bots({"BOT_SLOTS": "3"}).command.argv
        assert argv[argv.index("--prefetch-multiplier") + 1] == "1"
        assert settings.CELERY_WORKER_PREFETCH_MULTIPLIER == 1

    def test_starts_that_nobody_takes_are_an_alarm_said_once(self, trading_account):
        BrokerageAccount.objects.update(enabled=True)
        for _ in range(services.SHORT_AFTER + 2):
            services.ensure_bots()
            BotLease.objects.update(start_asked_until="2020-01-01T00:00:00Z")

        (said,) = events("slots_short")
        assert said.ctx["wanted"] == 1
        assert "BOT_SLOTS" in said.message_en
        account = BrokerageAccount.objects.get()
        assert (account.health_status, account.health_reason["en"]) == ("unhealthy", said.message_en)

    def test_a_start_that_was_taken_ends_the_alarm_and_the_next_shortage_is_news(self, trading_account):
        BrokerageAccount.objects.update(enabled=True)
        for _ in range(2):
            for _ in range(services.SHORT_AFTER + 1):
                services.ensure_bots()
                BotLease.objects.update(start_asked_until="2020-01-01T00:00:00Z")
            lease.note_arrival(trading_account.pk)
            assert BotLease.objects.get().starts_missed == 0
        assert len(events("slots_short")) == 2

    def test_of_three_bots_for_two_slots_two_run_and_the_third_is_the_alarm(
        self, kis, trading_account, trader, house_of_bots, eventually
    ):
        for number in (1, 2):
            another_account(kis, trader, number)
        BrokerageAccount.objects.update(enabled=True)
        _, turn = house_of_bots(slots=2)

        def short() -> bool:
            turn()
            return bool(events("slots_short"))

        eventually(short, 120)
        assert BotLease.objects.filter(holder__gt="").count() == 2
        (said,) = events("slots_short")
        assert (said.ctx["wanted"], said.ctx["running"]) == (3, 2)

    def test_a_killed_child_is_a_crash_and_its_account_trades_on_in_another(
        self, write_rule, trading_account, house_of_bots, eventually
    ):
        write_rule(entry="price > 0")
        TradeRule.objects.update(entry_condition=NEVER)
        BrokerageAccount.objects.update(enabled=True)
        _, turn = house_of_bots()
        turn()
        holder = eventually(lambda: BotLease.objects.filter(holder__gt="").values_list("holder", flat=True).first())
        os.kill(int(holder.rpartition(":")[2]), signal.SIGKILL)
        TradeRule.objects.update(entry_condition="price > 0", version=2)

        def back() -> bool:
            turn()
            return BotLease.objects.filter(token__gte=2, holder__gt="").exists()

        eventually(back, 90)
        eventually(lambda: Order.objects.filter(status="filled").exists(), 90)
        assert [c.holder for c in BotCrash.objects.all()] == [holder]


def another_account(kis, trader, number: int, **key: str) -> BrokerageAccount:
    """An account of its own at the simulator, with its own key; `key` replaces parts of that."""
    account = create_account(user=trader, nickname=f"모의 {number}", environment="paper", by=trader)
    given = kis.accounts("paper")[number]
    names = ("app_key", "app_secret", "account_no", "hts_id")
    set_credentials(account=account, by=trader, **{n: given[n] for n in names} | key)
    return account


class TestRecovery:
    """6.1: "Start is recovery"."""

    def test_nothing_is_traded_before_the_brokers_list_was_read(self, kis, write_rule, start_bot, eventually):
        write_rule()
        kis.control.fault("maintenance_503", probability=1, match={"path": "inquire-ccnl"})
        start_bot()
        eventually(lambda: sum(row["count"] for row in kis.control.calls() if "inquire-ccnl" in row["path"]) >= 2)
        assert not Order.objects.exists()

        kis.control.clear_faults()

        eventually(lambda: Order.objects.filter(status="filled").exists(), 90)

    @pytest.mark.parametrize("point", ["after_intent_commit", "after_answer_recorded", "before_checkpoint"])
    def test_killed_on_its_way_no_rule_acts_twice_on_the_same_bar(
        self, kis, write_rule, trading_account, start_bot, eventually, tmp_path, point
    ):
        """What is remembered of a decision is written when it is done; its key keeps it from being repeated."""
        rule = write_rule(entry="price > 0", exit="false", evaluate_on="bar_close", timeframe="1m")
        BrokerageAccount.objects.update(enabled=True)
        with (tmp_path / "dying.log").open("w") as log:
            env = processes.environment(
                DJANGO_SETTINGS_MODULE="config.settings", BOT_LEASE_SEC="6", BOT_SEND_WITHIN_SEC="1"
            )
            box = (sys.executable, "-m", "tests.bots.dying_box", str(trading_account.pk), point)
            dying = processes.Running(*box, log=log, env=env)
            assert dying.process.wait(timeout=150) == -signal.SIGKILL
        eventually(lambda: lease.fell_silent(trading_account.pk), 30)

        start_bot()

        eventually(lambda: Order.objects.filter(status="filled").exists(), 150)
        eventually(lambda: RuleState.objects.get(rule=rule).qty > 0)
        sent = [row for row in kis.control.orders(kis.accounts("paper")[0]["account_no"]) if row["kind"] == "new"]
        assert len(sent) == 1
        keys = list(Order.objects.values_list("decision_key", flat=True))
        assert len(keys) == len(set(keys)) <= 2  # an intent that never left may be followed by the next bar's


class TestDeploy:
    """Issue: "SIGTERM finishes the request in flight, checkpoints, releases the lease in ≤ 5 s"."""

    def test_a_broker_that_hangs_does_not_hold_up_a_deploy_and_the_order_is_found_by_the_next_bot(
        self, kis, write_rule, start_bot, trading_account, eventually
    ):
        rule = write_rule()
        kis.control.fault("accept_then_timeout", count=1, match={"path": "/uapi/overseas-stock/v1/trading/order"})
        bot = start_bot()
        eventually(lambda: Order.objects.filter(status="submitting").exists(), 90)

        asked_at = time.monotonic()
        bot.process.send_signal(signal.SIGTERM)
        eventually(lambda: not BotLease.objects.get().holder, 20)
        took = time.monotonic() - asked_at
        assert bot.process.wait(timeout=10) == 0
        assert took <= 5
        assert Order.objects.get().status in {"unknown", "submitting"}

        start_bot()  # at once: nothing to wait for

        eventually(lambda: Order.objects.get().status == "filled", 90)
        assert RuleState.objects.get(rule=rule).qty == Order.objects.get().qty
        assert BotCrash.objects.count() == 0

    def test_a_worker_that_is_told_to_stop_frees_every_account_within_five_seconds(
        self, kis, trading_account, trader, house_of_bots, eventually
    ):
        another_account(kis, trader, 1)
        BrokerageAccount.objects.update(enabled=True)
        worker, turn = house_of_bots()
        turn()
        eventually(lambda: BotLease.objects.filter(holder__gt="").count() == 2, 90)

        asked_at = time.monotonic()
        worker.process.send_signal(signal.SIGTERM)
        eventually(lambda: not BotLease.objects.filter(holder__gt="").exists(), 20)

        assert time.monotonic() - asked_at <= 5
        assert worker.process.wait(timeout=15) == 0
        assert BotCrash.objects.count() == 0

    def test_what_was_remembered_is_there_for_the_next_bot(self, write_rule, start_bot, eventually):
        rule = write_rule(buy_amount_usd=Decimal(1))  # not even one share
        bot = start_bot()
        eventually(lambda: BotCheckpoint.objects.filter(payload__rules__has_key=str(rule.pk)).exists(), 90)
        assert bot.stop() == 0
        remembered = BotCheckpoint.objects.get().payload["rules"][str(rule.pk)]
        assert remembered["wanted"] == "entry"


ENDLESS = "def decide(market, position, params):\n    while market.price > 0:\n        pass\n"
HUGE = "close > 0 and " + " and ".join(f"sma({n}) > 0" for n in range(300, 500, 20))


class TestPoisoned:
    """6.3: "One poisoned account leaves the others' timing unchanged" (how much: `./run bench bots`)."""

    @pytest.mark.parametrize("poison", ["bad credential", "exception", "endless python", "broken data", "huge history"])
    def test_the_others_go_on_trading(self, kis, write_rule, trader, house_of_bots, eventually, poison):
        other = another_account(kis, trader, 1, **({"app_secret": "x" * 180} if poison == "bad credential" else {}))
        poisoned = write_rule(account=other, symbol="MSFT")
        spoil(poisoned, poison)
        write_rule(entry="price > 0")
        BrokerageAccount.objects.update(enabled=True)
        worker, turn = house_of_bots()
        turn()

        eventually(lambda: Order.objects.filter(account__nickname="밤새 모의", status="filled").exists(), 120)
        assert worker.alive


def spoil(rule: TradeRule, poison: str) -> None:
    """Past all checks, as a defect of ours or of the data might."""
    rows = TradeRule.objects.filter(pk=rule.pk)
    match poison:
        case "exception":
            rows.update(entry_condition="price >")
        case "endless python":
            rows.update(mode="python", code=ENDLESS, entry_condition="", exit_condition="")
        case "broken data":
            RuleState.objects.filter(rule=rule).update(qty=5, avg_price=None, last_evaluation={"at": []})
            remembered = {"version": 1, "wanted": "nonsense"}
            BotCheckpoint.objects.create(account=rule.account, payload={"rules": {str(rule.pk): remembered}})
        case "huge history":
            rows.update(entry_condition=HUGE)
