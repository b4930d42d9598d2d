"""Fill the table of instruments from the broker's master files."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from bots import master_files
from instruments.services import MOST_GONE, ImportRefused
from market.errors import TradingError


class Command(BaseCommand):
    help = "Import instruments: download KIS's master files (KIS_MASTER_URL), or read archives that you have."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--file", dest="files", action="append", type=Path, help="an archive; may be repeated")
        parser.add_argument(
            "--most-gone",
            type=float,
            default=MOST_GONE,
            help="with --file: the share of an exchange's instruments that may vanish at once (0 to 1)",
        )

    def handle(self, *, files: list[Path] | None, most_gone: float, **_: Any) -> None:
        now = timezone.now()
        try:
            if files:
                done = master_files.import_files(files, now=now, most_gone=most_gone)
            else:
                done = master_files.import_published(now=now)
        except (TradingError, ImportRefused) as problem:
            raise CommandError(str(problem.message)) from None
        except OSError as problem:
            raise CommandError(
                f"파일을 읽을 수 없습니다. 경로를 확인하세요. / The file cannot be read, check its path: {problem}"
            ) from None
        self.stdout.write(
            f"{done.told}종목: 새로 {done.added}, 바뀜 {done.changed}, 거래 불가로 {done.gone} / "
            f"{done.told} instruments: {done.added} new, {done.changed} changed, {done.gone} no longer tradable"
        )
