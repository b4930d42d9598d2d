"""Want an account's bot to stop, and wait until it has."""

import time

from django.core.management.base import BaseCommand, CommandError

from bots import services
from bots.management.accounts import find_account
from bots.models import BotLease
from bots.selectors import bot_state, db_now


class Command(BaseCommand):
    help = "Disable the account and wait until its bot has stopped. Working orders are left to their rules' policy."

    def add_arguments(self, parser) -> None:
        parser.add_argument("account", help="id or nickname")
        parser.add_argument("--wait", type=float, default=20, help="seconds to wait for the stop")

    def handle(self, *args, **options) -> None:
        account = find_account(options["account"])
        services.stop_bot(account=account, confirm=account.nickname, by=None)
        deadline = time.monotonic() + options["wait"]
        while time.monotonic() < deadline:
            row = BotLease.objects.filter(pk=account.pk).first()
            if row is None or not bot_state(row, db_now())["running"]:
                self.stdout.write(f"{account.nickname}: 멈춤 / stopped")
                return
            time.sleep(0.2)
        raise CommandError(
            f"{account.nickname}의 봇이 {options['wait']:.0f}초 안에 멈추지 않았습니다. / "
            f"The bot of {account.nickname} did not stop within {options['wait']:.0f} s."
        )
