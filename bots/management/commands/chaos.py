"""Kills bots at random. `manage.py` calls bots.chaos.command by itself, before Django; this is for `help`."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from bots.chaos import command


class Command(BaseCommand):
    help = "거래 경로를 무작위로 죽이고 시뮬레이터의 장부로 판정합니다 / Kill bots at random; the simulator judges."
    requires_system_checks: list[str] = []
    requires_migrations_checks = False

    def add_arguments(self, parser: CommandParser) -> None:
        command.add_arguments(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        raise CommandError(
            "manage.py chaos 로만 실행할 수 있습니다. 설정을 읽기 전에 자기 서버를 띄웁니다. / "
            "Run it as `manage.py chaos` alone: it starts its own servers before any settings are read."
        )
