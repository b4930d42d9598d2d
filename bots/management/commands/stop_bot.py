"""Want an account's bot to stop, and wait until it has."""

import time
from argparse import ArgumentParser
from contextlib import suppress
from typing import Any

from asgiref.sync import async_to_sync
from django.core.management.base import BaseCommand, CommandError

from accounts.models import BrokerageAccount
from bots import errand, services
from bots.management.accounts import find_account
from bots.models import BotLease
from bots.selectors import bot_state, db_now
from market.errors import TradingError
from orders.domain import OPEN
from orders.models import Order
from orders.services import OrderFinal, request_cancel

AGAIN_SEC = 1.0


class Command(BaseCommand):
    help = "Disable the account and wait until its bot has stopped. Working orders are left to their rules' policy."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("account", help="id or nickname")
        parser.add_argument("--cancel", action="store_true", help="then cancel its working orders, and wait for that")
        parser.add_argument("--wait", type=float, default=20, help="seconds to wait for the stop, and for the cancels")

    def handle(self, *, account: str, cancel: bool, wait: float, **_: Any) -> None:
        found = find_account(account)
        services.stop_bot(account=found, confirm=found.nickname, by=None)
        if not _waited(lambda: not _running(found), wait):
            raise CommandError(
                f"{found.nickname}의 봇이 {wait:.0f}초 안에 멈추지 않았습니다. 실행 권한이 끝나면 아무것도 보내지 "
                f"못합니다. / The bot of {found.nickname} did not stop within {wait:.0f} s. It sends nothing any more "
                "once its lease has run out."
            )
        self.stdout.write(f"{found.nickname}: 멈춤 / stopped")
        if cancel:
            self._cancel(found, wait)

    def _cancel(self, account: BrokerageAccount, wait: float) -> None:
        """By an errand of our own: it takes the free lease, does what is asked, looks at the list and lets go."""
        asked = 0
        for order in _open(account):
            with suppress(OrderFinal):
                request_cancel(order=order, by=None)
                asked += 1
        problem = None
        deadline = time.monotonic() + wait
        while _open(account) and time.monotonic() < deadline:
            try:
                async_to_sync(errand.run)(account.pk)
            except TradingError as e:
                problem = e.message
            if _open(account):
                time.sleep(AGAIN_SEC)
        left = len(_open(account))
        if left:
            why = f" {problem}" if problem else ""
            raise CommandError(
                f"주문 {asked}건 중 {left}건이 {wait:.0f}초 안에 끝나지 않았습니다. 취소 요청은 남아 있어 계속 "
                f"처리됩니다. / {left} of {asked} orders did not end within {wait:.0f} s. "
                f"The cancels stay asked for and go on.{why}"
            )
        self.stdout.write(f"{account.nickname}: 주문 {asked}건 취소 / {asked} orders cancelled")


def _open(account: BrokerageAccount) -> list[Order]:
    return list(Order.objects.filter(account=account, status__in=[state.value for state in OPEN]))


def _running(account: BrokerageAccount) -> bool:
    row = BotLease.objects.filter(pk=account.pk).first()
    return row is not None and bool(bot_state(row, db_now())["running"])


def _waited(look: Any, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not look():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.2)
    return True
