"""Is everything there that the house needs to start?"""

from typing import Any

from django.core.management.base import BaseCommand

from credentials.preflight import problems


class Command(BaseCommand):
    help = "Check database, schema, migrations, Redis and sealed rows; one sentence for each problem, exit 1."
    requires_system_checks: list[str] = []  # what they would find is said here, in one sentence

    def handle(self, **_: Any) -> None:
        found = problems()
        for problem in found:
            self.stderr.write(str(problem))
        if found:
            raise SystemExit(1)
        self.stdout.write("이상 없음 / everything is in order")
