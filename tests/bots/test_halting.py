"""Halt and resume: who may, what changes at once, what is asked of the broker."""

import threading

import pytest
from django.db import connection, transaction
from django.db.models.signals import pre_save

from accounts.models import BrokerageAccount, HouseLimits
from logs.models import ExecutionLog
from market.words import Exchange
from orders.facts import take_locks
from orders.models import Instruction, Wish, WishStatus
from positions.models import Position

pytestmark = pytest.mark.django_db


def state_of(account) -> str:
    return BrokerageAccount.objects.get(pk=account.pk).trading_state


def hold(account, symbol="AAPL", qty=10):
    return Position.objects.create(account=account, symbol=symbol, exchange=Exchange.NASDAQ, qty=qty, avg_price=100)


class TestWhoAndWhat:
    def test_a_trader_halts_what_they_operate_and_no_other(self, as_, trader, account, real_account, foreign_account):
        assert as_(trader).post("/api/bots:halt", {"reason": "점심"}).status_code == 200
        assert [state_of(a) for a in (account, real_account, foreign_account)] == ["halted", "halted", "active"]
        assert BrokerageAccount.objects.get(pk=account.pk).trading_state_reason["ko"] == "점심"

    def test_one_account(self, as_, trader, account, real_account):
        body = {"account_id": str(account.pk), "state": "reducing"}
        assert as_(trader).post("/api/bots:halt", body).status_code == 200
        assert [state_of(account), state_of(real_account)] == ["reducing", "active"]
        as_(trader).post("/api/bots:resume", {"account_id": str(account.pk)})
        assert state_of(account) == "active"

    def test_an_admin_halts_the_house_and_leaves_the_accounts_own_state(self, as_, admin, account):
        assert as_(admin).post("/api/bots:halt").json()["trading_state"] == "halted"
        assert state_of(account) == "active"
        assert as_(admin).post("/api/bots:resume").json()["trading_state"] == "active"

    def test_nobody_halts_what_is_not_theirs(self, as_, viewer, trader, foreign_account, account):
        assert as_(viewer).post("/api/bots:halt").status_code == 403
        assert as_(trader).post("/api/bots:halt", {"account_id": str(foreign_account.pk)}).status_code == 404
        assert as_(viewer).post("/api/bots:resume", {"account_id": str(account.pk)}).status_code == 403

    def test_the_journal_names_what_is_left_without_exits(self, as_, trader, account):
        hold(account)
        as_(trader).post("/api/bots:halt", {"account_id": str(account.pk)})
        row = ExecutionLog.objects.get(ctx__event="halted")
        assert "AAPL 10주" in row.message and "10 AAPL" in row.message_en and "without exits" in row.message_en
        as_(trader).post("/api/bots:resume")
        assert ExecutionLog.objects.filter(ctx__event="resumed", account=account).exists()


class TestSellOut:
    def test_without_the_words_nothing_changes(self, as_, trader, account, real_account):
        hold(account)
        body = {"sell_out": True, "confirm": account.nickname}  # for several accounts a name is not enough
        assert as_(trader).post("/api/bots:halt", body).status_code == 409
        assert (state_of(account), Instruction.objects.count()) == ("active", 0)

    def test_accounts_with_something_to_sell_are_reducing_and_the_others_halted(
        self, as_, trader, account, real_account
    ):
        hold(account)
        answer = as_(trader).post("/api/bots:halt", {"sell_out": True, "confirm": "전량 매도"}).json()
        asked = Instruction.objects.get()
        assert (asked.wish, asked.account) == (Wish.SELL_OUT, account)
        assert answer["instructions"] == [str(asked.pk)]
        assert [state_of(account), state_of(real_account)] == ["reducing", "halted"]

    def test_the_house_asks_every_account_and_its_resume_frees_them(self, as_, admin, account, foreign_account):
        hold(account)
        hold(foreign_account)
        as_(admin).post("/api/bots:halt", {"sell_out": True, "confirm": "SELL OUT"})
        assert HouseLimits.objects.get().trading_state == "reducing"
        assert Instruction.objects.filter(wish=Wish.SELL_OUT).count() == 2
        as_(admin).post("/api/bots:resume")
        assert [state_of(account), state_of(foreign_account)] == ["active", "active"]
        assert not Instruction.objects.filter(status=WishStatus.PENDING).exists()

    def test_what_the_house_stopped_its_traders_do_not_start_again(self, as_, admin, trader, account):
        hold(account)
        as_(admin).post("/api/bots:halt", {"sell_out": True, "confirm": "SELL OUT"})
        one = as_(trader).post("/api/bots:resume", {"account_id": str(account.pk)})
        assert (one.status_code, one.json()["code"]) == (409, "stopped_by_house")
        as_(trader).post("/api/bots:resume")
        assert state_of(account) == "reducing"
        assert Instruction.objects.filter(wish=Wish.SELL_OUT, status=WishStatus.PENDING).exists()

    def test_the_houses_resume_leaves_what_its_people_stopped(self, as_, admin, trader, account):
        as_(trader).post("/api/bots:halt")
        as_(admin).post("/api/bots:halt")
        as_(admin).post("/api/bots:resume")
        assert state_of(account) == "halted"


class TestInTheAdmin:
    URL = "/admin/accounts/brokerageaccount/"

    def post(self, client, action, accounts, **more):
        return client.post(self.URL, {"action": action, "_selected_action": [str(a.pk) for a in accounts], **more})

    def test_a_page_says_what_it_means_before_anything_is_done(self, client, admin, account):
        client.force_login(admin)
        hold(account)
        page = self.post(client, "halt_accounts", [account]).content.decode()
        assert "AAPL 10주" in page and "매도 조건 없이" in page
        assert state_of(account) == "active"
        assert self.post(client, "halt_accounts", [account], apply="yes").status_code == 302
        assert state_of(account) == "halted"
        self.post(client, "resume_accounts", [account], apply="yes")
        assert state_of(account) == "active"

    def test_cancel_all_is_asked_for(self, client, admin, account):
        client.force_login(admin)
        self.post(client, "cancel_all_orders", [account], apply="yes")
        assert (Instruction.objects.get().wish, Instruction.objects.get().requested_by) == (Wish.CANCEL_ALL, admin)

    def test_selling_everything_wants_the_name_typed(self, client, admin, account, real_account):
        client.force_login(admin)
        hold(account)
        for typed in ("", "no"):
            page = self.post(client, "sell_everything", [account], apply="yes", confirm=typed)
            assert page.status_code == 200 and not Instruction.objects.exists()
        self.post(client, "sell_everything", [account, real_account], apply="yes", confirm="SELL OUT")
        assert Instruction.objects.get().wish == Wish.SELL_OUT
        assert [state_of(account), state_of(real_account)] == ["reducing", "halted"]


def test_a_halt_that_comes_while_an_admin_saves_the_limits_is_not_undone(client, admin):
    HouseLimits.objects.create()
    client.force_login(admin)

    def halts(instance, **_):
        HouseLimits.objects.update(trading_state="halted")

    pre_save.connect(halts, sender=HouseLimits)
    try:
        answer = client.post("/admin/accounts/houselimits/1/change/", {"max_order_usd": "500"})
    finally:
        pre_save.disconnect(halts, sender=HouseLimits)
    assert answer.status_code == 302
    assert HouseLimits.objects.values_list("trading_state", "max_order_usd").get() == ("halted", 500)


@pytest.mark.django_db(transaction=True)
def test_the_answer_waits_for_a_submission_under_way_and_nothing_is_submitted_after_it(as_, admin, account):
    """Whoever moves an order to submitting holds its account's row; the halt takes all of them before it commits."""
    hold(account)
    holds, answered = threading.Event(), threading.Event()

    def halts():
        holds.wait(10)
        as_(admin).post("/api/bots:halt")
        answered.set()
        connection.close()

    thread = threading.Thread(target=halts)
    thread.start()
    with transaction.atomic():
        take_locks(account_id=account.pk, symbol="AAPL", exchange="nasdaq", house=False)
        holds.set()
        assert not answered.wait(0.7)
    assert answered.wait(10)
    thread.join()
