"""Show the schedule, and bring back what was lost or broken."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from bots.schedules import FAULTS, Condition, restore, standings
from bots.selectors import db_now
from market.sessions import SEOUL

SAYINGS = {
    Condition.AS_IT_COMES: "정상 / ok",
    Condition.CHANGED: "관리자가 바꿈 / changed by an admin",
    Condition.MISSING: "없음 / missing",
    Condition.OFF: "꺼짐 / switched off",
    Condition.BROKEN: "고장 / broken",
}


class Command(BaseCommand):
    help = "List the schedule with when each was sent last; --restore brings back what is missing, off or broken."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--restore", action="store_true", help="bring back what is missing, off or broken")
        parser.add_argument("--all", action="store_true", help="with --restore: also what an admin changed")

    def handle(self, *, all: bool, **options: Any) -> None:
        if options["restore"]:
            for name in restore(everything=all):
                self.stdout.write(f"되살림 / restored: {name}")
        now = db_now()
        faults = 0
        for found in standings():
            last = found.last_run_at
            told = f"{last.astimezone(SEOUL):%m-%d %H:%M}" if last else "-"
            late = "  늦음 / late" if found.late(now) else ""
            faults += found.condition in FAULTS
            self.stdout.write(f"{found.schedule.name:26} {told:12} {SAYINGS[found.condition]}{late}")
        if faults:
            self.stdout.write("고치려면 / to mend: manage.py schedules --restore")
