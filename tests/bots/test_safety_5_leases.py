"""Safety rules 5.3 and 5.4: only the lease holder sends, and who lost the lease or the database stops in time."""

import os
import signal
import time
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection

from accounts.models import BrokerageAccount
from bots import lease, overseer
from bots.lease import Lease
from bots.models import BotCrash, BotLease
from bots.overseer import Child
from logs.models import ExecutionLog
from orders.models import Order
from rules.models import TradeRule
from tests import processes
from tests.bots.tap import Tap

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(300)]

SHORT = {"BOT_LEASE_SEC": "6", "BOT_SEND_WITHIN_SEC": "1"}
TO_AND_FRO = {"entry": "price > 0", "exit": "true", "cooldown_sec": 1, "buy_amount_usd": Decimal(1000)}


def asked(kis) -> int:
    """Everything that the broker was ever asked through the account's key and the key for prices."""
    return sum(row["count"] for row in kis.control.calls())


def sent(kis) -> int:
    return len(kis.control.orders(kis.accounts("paper")[0]["account_no"]))


def holder() -> BotLease:
    return BotLease.objects.get()


def beats(eventually) -> BotLease:
    """The bot runs; its lease."""
    return eventually(lambda: BotLease.objects.filter(holder__gt="").first())


def stays(look, seconds: float) -> None:
    """It is so all the time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        assert look()
        time.sleep(0.2)


class TestPaused:
    """5.4: "A bot that loses the database or the lease stops sending before another can start"."""

    def test_a_bot_paused_past_its_lease_asks_the_broker_for_nothing_more_and_ends(
        self, kis, write_rule, start_bot, trading_account, eventually
    ):
        write_rule(entry="price > 1000000")
        bot = start_bot(**SHORT)
        beats(eventually)
        bot.process.send_signal(signal.SIGSTOP)
        newer = eventually(lambda: lease.acquire(trading_account.pk, "other:1"), 30)
        TradeRule.objects.update(entry_condition="price > 0", version=2)  # it would buy, if it still could
        before = asked(kis)

        bot.process.send_signal(signal.SIGCONT)

        assert bot.process.wait(timeout=20) == 0
        assert (sent(kis), asked(kis)) == (0, before)
        assert holder().token == newer.token

    def test_while_it_slept_another_trades_and_every_order_carries_that_ones_token(
        self, kis, write_rule, start_bot, eventually
    ):
        rule = write_rule(entry="price > 1000000")
        first = start_bot(**SHORT)
        beats(eventually)
        first.process.send_signal(signal.SIGSTOP)
        eventually(lapsed, 30)
        TradeRule.objects.filter(pk=rule.pk).update(entry_condition="price > 0", version=2)
        start_bot(**SHORT)
        eventually(lambda: Order.objects.filter(status="filled").exists(), 90)

        first.process.send_signal(signal.SIGCONT)

        assert first.process.wait(timeout=20) == 0
        assert set(Order.objects.values_list("lease_token", flat=True)) == {2}
        assert sent(kis) == Order.objects.count() == 1

    def test_a_bot_paused_for_less_than_its_lease_goes_on(self, write_rule, start_bot, eventually):
        write_rule(entry="price > 1000000")
        bot = start_bot()
        token = beats(eventually).token
        bot.process.send_signal(signal.SIGSTOP)
        time.sleep(3)  # what is tested is a pause
        bot.process.send_signal(signal.SIGCONT)

        beat = holder().beat_at
        eventually(lambda: holder().beat_at > beat)
        assert (bot.alive, holder().token) == (True, token)


def lapsed() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT expires_at < clock_timestamp() FROM bots_botlease")
        return cursor.fetchone()[0]


class TestWithoutDatabase:
    """5.4, the other half: the database is away, and comes back."""

    @pytest.fixture
    def tap(self) -> Iterator[Tap]:
        at = connection.settings_dict
        tap = Tap(at["HOST"], int(at["PORT"]))
        yield tap
        tap.close()

    def through(self, tap: Tap) -> dict[str, str]:
        return {"SUPABASE_DB_URL": processes.database_url(HOST="127.0.0.1", PORT=tap.port)}

    def test_away_for_five_seconds_the_bot_keeps_its_lease_and_goes_on_trading(
        self, kis, write_rule, start_bot, eventually, tap
    ):
        write_rule(**TO_AND_FRO)
        bot = start_bot(**self.through(tap))
        eventually(lambda: Order.objects.filter(status="filled").exists(), 90)

        tap.cut()
        time.sleep(5)  # what is tested is a pause
        tap.mend()
        known = Order.objects.count()

        eventually(lambda: Order.objects.filter(status="filled").count() > known, 90)
        assert (bot.alive, holder().token, BotCrash.objects.count()) == (True, 1, 0)

    def test_away_past_the_lease_it_neither_sends_nor_crashes_and_takes_the_account_up_again(
        self, kis, write_rule, start_bot, eventually, tap
    ):
        write_rule(**TO_AND_FRO)
        bot = start_bot(**SHORT, **self.through(tap))
        eventually(lambda: Order.objects.filter(status="filled").exists(), 90)

        tap.cut()
        time.sleep(2)  # whatever was on its way has arrived
        before = sent(kis)
        stays(lambda: sent(kis) == before and bot.alive, 10)
        tap.mend()

        eventually(lambda: Order.objects.filter(status="filled", lease_token=2).exists(), 90)
        assert (bot.alive, BotCrash.objects.count()) == (True, 0)
        assert not Order.objects.filter(needs_person=True).exists()


class TestSupervisor:
    """5.4: the lease "names host and pid; the supervisor there kills a child that lost its lease"."""

    def test_a_child_that_hangs_past_its_lease_is_killed_when_another_has_the_account(
        self, write_rule, house_of_bots, trading_account, eventually
    ):
        write_rule(entry="price > 1000000")
        BrokerageAccount.objects.update(enabled=True)
        worker, turn = house_of_bots()
        turn()
        pid = int(beats(eventually).holder.rpartition(":")[2])
        os.kill(pid, signal.SIGSTOP)
        eventually(lambda: lease.acquire(trading_account.pk, "other:1"), 30)

        eventually(lambda: gone(pid), 30)
        assert worker.alive

    def test_a_child_that_still_holds_its_lease_or_knows_that_it_does_not_is_left_alone(self, paper_account):
        taken = lease.acquire(paper_account.pk, "h:1")
        child = Child(1, paper_account.pk, taken.token, until=100.0)
        late = 100 + overseer.PATIENCE_SEC + 0.1

        assert not overseer.overdue(child, 99.0, lambda _: False)  # it is sure of it
        assert not overseer.overdue(child, 100 + overseer.GRACE_SEC, lambda _: False)  # it is finding out
        assert overseer.overdue(child, 104.0, lambda _: False)  # somebody else has the account
        assert not overseer.overdue(child, 104.0, lambda _: True)
        assert not overseer.overdue(child, 104.0, lambda _: None)  # the database does not say
        assert overseer.overdue(child, late, lambda _: None)  # whatever it does, it is no use any more

    def test_what_a_worker_did_not_start_is_never_killed(self, paper_account):
        overseer._slots[0].account = paper_account.pk.hex.encode()
        overseer._slots[0].pid, overseer._slots[0].until = os.getpid(), 1.0
        try:
            assert overseer.look(ours=[], now=1e9) == []
        finally:
            overseer._slots[0].until = 0.0


def gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


class TestFence:
    """5.4: "The lease is in database time with a fencing token"."""

    def test_a_bot_knows_by_its_own_clock_when_its_lease_is_no_longer_sure(self, paper_account, settings):
        from bots.health import Pulse
        from bots.loop import AccountBot
        from orders.moves import uptime

        settings.BOT_LEASE = timedelta(seconds=6)
        mine = Lease(paper_account.pk, 1, "h:1")
        bot = AccountBot(paper_account, mine, None, None, None, None, lambda: False, Pulse(None))
        assert not bot.holds()
        bot.holds_since(uptime())
        assert bot.holds()
        bot.holds_since(uptime() - 6)
        assert not bot.holds()

    def test_a_start_that_finds_the_account_taken_changes_nothing(self, write_rule, start_bot, eventually):
        """A task delivered twice is harmless (6.1)."""
        write_rule(entry="price > 1000000")
        start_bot()
        before = beats(eventually)

        assert start_bot().process.wait(timeout=60) == 0

        assert (holder().token, holder().holder) == (before.token, before.holder)
        assert ExecutionLog.objects.filter(message_en="The bot has started.").count() == 1
