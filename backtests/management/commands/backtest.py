"""Replays a rule over candles. `manage.py` calls backtests.command by itself, without Django; this is for the rest."""

import argparse
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from backtests import command


class Command(BaseCommand):
    help = "규칙을 과거의 봉에 돌려 봅니다 / Replay a rule over candles."
    requires_system_checks: list[str] = []
    requires_migrations_checks = False

    def add_arguments(self, parser: CommandParser) -> None:
        command.add_arguments(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        code = command.carried_out(argparse.Namespace(**options), self.stdout.write, self.stderr.write)
        if code:
            raise SystemExit(code)
