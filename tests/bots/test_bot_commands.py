"""`manage.py run_bot`, `stop_bot` and `bots`: what an operator types, waits for, and is told."""

import json
from decimal import Decimal

import pytest
from django.core.management import CommandError, call_command

from accounts.models import BrokerageAccount
from bots import crashes, lease
from bots.models import BotLease
from orders.models import Order

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(300)]


def test_an_account_is_named_by_nickname_or_id_and_who_names_none_is_told_which_there_are(paper_account, capsys):
    with pytest.raises(CommandError, match=r"없습니다.*밤새 모의.*give an id or a nickname"):
        call_command("run_bot", "nobody")
    with pytest.raises(CommandError, match=r"앱키가 없습니다.*has no app key"):
        call_command("run_bot", str(paper_account.pk))
    with pytest.raises(CommandError, match="has no app key"):
        call_command("run_bot", "밤새 모의")
    assert not BrokerageAccount.objects.get().enabled


def test_without_a_worker_run_bot_says_after_a_while_what_to_look_at(trading_account):
    with pytest.raises(CommandError, match=r"BOT_SLOTS.*did not beat within 1 s \(0 run now\)"):
        call_command("run_bot", trading_account.nickname, "--wait", "1")


def test_a_bot_that_ends_as_it_starts_tells_why(trading_account):
    from bots.management.commands.run_bot import _why_not
    from bots.selectors import db_now

    asked_at = db_now()
    crashes.note_crash(trading_account.pk, ValueError("the database has no such table"))
    assert "ended as it started: ValueError: the database has no such table" in _why_not(trading_account, 1, asked_at)


def test_run_bot_waits_for_the_first_beat_and_names_the_holder(trading_account, capsys):
    lease.acquire(trading_account.pk, "elsewhere:7")
    call_command("run_bot", trading_account.nickname)
    assert capsys.readouterr().out.strip().endswith("밤새 모의: elsewhere:7")


def test_stop_bot_waits_for_the_stop(trading_account, capsys):
    call_command("stop_bot", trading_account.nickname)
    assert "멈춤 / stopped" in capsys.readouterr().out
    lease.acquire(trading_account.pk, "elsewhere:7")
    with pytest.raises(CommandError, match=r"멈추지 않았습니다.*sends nothing any more once its lease has run out"):
        call_command("stop_bot", trading_account.nickname, "--wait", "0.5")


def test_stop_bot_cancel_leaves_no_order_at_the_broker(kis, write_rule, start_bot, trading_account, eventually, capsys):
    kis.control.pin("AAPL", "200.00")
    write_rule(order_price="passive", price_offset_bps=-200, buy_amount_usd=Decimal(2000))  # too low to be filled
    bot = start_bot()
    eventually(lambda: Order.objects.filter(status="working").exists(), 90)

    call_command("stop_bot", trading_account.nickname, "--cancel", "--wait", "60")

    assert bot.process.wait(timeout=10) == 0
    assert "주문 1건 취소 / 1 orders cancelled" in capsys.readouterr().out
    assert Order.objects.get().status == "cancelled"
    account = kis.accounts("paper")[0]["account_no"]
    assert [row["kind"] for row in kis.control.orders(account)] == ["new", "cancel"]
    assert not BotLease.objects.get().holder


class TestBots:
    def test_a_table_for_people(self, paper_account, real_account, capsys):
        lease.acquire(paper_account.pk, "h:1")
        crashes.note_crash(real_account.pk, ValueError("something broke"))
        call_command("bots")
        lines = capsys.readouterr().out.splitlines()
        assert lines[0].split()[:4] == ["nickname", "environment", "wanted", "bot"]
        assert lines[1].split()[:6] == ["밤새", "모의", "paper", "off", "running", "unknown"]
        assert lines[2].split()[:7] == ["실전", "real", "off", "stopped", "unhealthy", "active", "1"]
        assert lines[-1] == "실전: ValueError: something broke"

    def test_json_for_programs(self, paper_account, capsys):
        lease.acquire(paper_account.pk, "h:1")
        call_command("bots", "--json")
        (row,) = json.loads(capsys.readouterr().out)
        assert row["id"] == str(paper_account.pk)
        assert (row["bot"], row["holder"], row["wanted"], row["crashes"]) == ("running", "h:1", False, 0)

    def test_nobody_yet(self, db, capsys):
        call_command("bots")
        assert capsys.readouterr().out == "계좌가 없습니다. / There are no accounts.\n"
