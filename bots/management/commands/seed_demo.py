"""Fill the demo: people, paper accounts with sealed keys, one real-side data key, and rules."""

import json
from pathlib import Path

from django.core.management.base import BaseCommand
from django.utils import timezone

from bots import demo


class Command(BaseCommand):
    help = "Make the demo's people, accounts and rules; prints one JSON line with the sign-ins."

    def add_arguments(self, parser) -> None:
        parser.add_argument("--simulator", required=True, help="file with the line that ./run simulator printed")

    def handle(self, *args, **options) -> None:
        simulator = json.loads(Path(options["simulator"]).read_text())
        self.stdout.write(json.dumps({"people": demo.seed(simulator, now=timezone.now())}, ensure_ascii=False))
