"""Is everything there that the house needs to start?"""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from credentials.preflight import database_problems, problems


class Command(BaseCommand):
    help = "Check database, schema, migrations, Redis and sealed rows; one sentence for each problem, exit 1."
    requires_system_checks: list[str] = []  # what they would find is said here, in one sentence

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--database", action="store_true", help="only whether the database lets us in")

    def handle(self, *, database: bool = False, **_: Any) -> None:
        found = database_problems() if database else problems()
        for problem in found:
            self.stderr.write(str(problem))
        if found:
            raise SystemExit(1)
        self.stdout.write("이상 없음 / everything is in order")
