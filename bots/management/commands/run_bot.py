"""Want an account's bot to run, and wait for its first beat."""

import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.models import BrokerageAccount
from accounts.services import set_enabled
from bots import services
from bots.management.accounts import find_account
from bots.models import BotCrash, BotLease
from bots.selectors import bot_state, db_now
from bots.worker import run_account_bot
from credentials.selectors import trade_credential


class Command(BaseCommand):
    help = "Enable the account and wait until its bot beats. --foreground runs it in this process instead."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("account", help="id or nickname")
        parser.add_argument("--foreground", action="store_true", help="run the bot here until Ctrl-C")
        parser.add_argument("--wait", type=float, default=40, help="seconds to wait for the first beat")

    def handle(self, *, account: str, foreground: bool, wait: float, **_: Any) -> None:
        found = find_account(account)
        if trade_credential(found) is None:
            raise CommandError(
                f"{found.nickname} 계좌에 앱키가 없습니다. 먼저 앱키를 등록하세요. / "
                f"The account {found.nickname} has no app key. Enter one first."
            )
        if foreground:
            set_enabled(account=found, enabled=True, confirm=found.nickname)
            run_account_bot(str(found.pk))
            return
        asked_at = db_now()
        services.start_bot(account=found, confirm=found.nickname, by=None)
        deadline = time.monotonic() + wait
        while time.monotonic() < deadline:
            row = BotLease.objects.filter(pk=found.pk).first()
            if row is not None and bot_state(row, db_now())["running"]:
                self.stdout.write(f"{found.nickname}: {row.holder}")
                return
            time.sleep(0.3)
        raise CommandError(_why_not(found, wait, asked_at))


def _why_not(account: BrokerageAccount, wait: float, asked_at: Any) -> str:
    crash = BotCrash.objects.filter(account=account, at__gte=asked_at).order_by("-at").first()
    if crash is not None:
        return (
            f"{account.nickname}의 봇이 시작하다가 끝났습니다: {crash.error} / "
            f"The bot of {account.nickname} ended as it started: {crash.error}"
        )
    running = BotLease.objects.filter(expires_at__gt=asked_at).count()
    return (
        f"{account.nickname}의 봇이 {wait:.0f}초 안에 시작되지 않았습니다(지금 {running}개 실행 중). "
        "봇 작업자가 켜져 있고 BOT_SLOTS에 빈자리가 있는지 보세요. / "
        f"The bot of {account.nickname} did not beat within {wait:.0f} s ({running} run now). "
        "See that a bots worker runs and that BOT_SLOTS leaves a free slot."
    )
