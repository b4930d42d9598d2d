"""Want an account's bot to run, and wait for its first beat."""

import time

from django.core.management.base import BaseCommand, CommandError

from accounts.services import set_enabled
from bots import services
from bots.management.accounts import find_account
from bots.models import BotLease
from bots.selectors import bot_state, db_now
from bots.worker import run_account_bot


class Command(BaseCommand):
    help = "Enable the account and wait until its bot beats. --foreground runs it in this process instead."

    def add_arguments(self, parser) -> None:
        parser.add_argument("account", help="id or nickname")
        parser.add_argument("--foreground", action="store_true")
        parser.add_argument("--wait", type=float, default=40, help="seconds to wait for the first beat")

    def handle(self, *args, **options) -> None:
        account = find_account(options["account"])
        if options["foreground"]:
            set_enabled(account=account, enabled=True, confirm=account.nickname)
            run_account_bot(str(account.pk))
            return
        services.start_bot(account=account, confirm=account.nickname, by=None)
        deadline = time.monotonic() + options["wait"]
        while time.monotonic() < deadline:
            row = BotLease.objects.filter(pk=account.pk).first()
            if row is not None and bot_state(row, db_now())["running"]:
                self.stdout.write(f"{account.nickname}: {row.holder}")
                return
            time.sleep(0.3)
        raise CommandError(
            f"{account.nickname}의 봇이 {options['wait']:.0f}초 안에 시작되지 않았습니다. 봇 작업자를 확인하세요. / "
            f"The bot of {account.nickname} did not beat within {options['wait']:.0f} s. See that the bots worker runs."
        )
