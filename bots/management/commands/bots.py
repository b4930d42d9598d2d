"""List the bots."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from bots.selectors import overview

COLUMNS = ("nickname", "environment", "wanted", "bot", "health", "trading", "crashes", "holder", "since", "id")


class Command(BaseCommand):
    help = "List every account with its bot: wanted, running, where, since when, health, crashes lately."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="one JSON list instead of a table")

    def handle(self, *, json: bool, **_: Any) -> None:
        rows = overview()
        if json:
            self.stdout.write(_dumped(rows))
            return
        if not rows:
            self.stdout.write("계좌가 없습니다. / There are no accounts.")
            return
        self._table([list(COLUMNS), *([_cell(row, name) for name in COLUMNS] for row in rows)])
        for row in rows:
            if row["last_error"]:
                self.stdout.write(f"{row['nickname']}: {row['last_error']}")

    def _table(self, lines: list[list[str]]) -> None:
        widths = [max(_width(line[n]) for line in lines) for n in range(len(COLUMNS))]
        for line in lines:
            cells = (cell + " " * (width - _width(cell)) for cell, width in zip(line, widths, strict=True))
            self.stdout.write("  ".join(cells).rstrip())


def _dumped(rows: list[dict[str, Any]]) -> str:
    return json.dumps(rows, ensure_ascii=False, default=str)


def _cell(row: dict[str, Any], name: str) -> str:
    value = row[name]
    if isinstance(value, bool):
        return "on" if value else "off"
    return "-" if value in (None, "") else f"{value:%F %T}Z" if name == "since" else str(value)


def _width(text: str) -> int:
    """In columns of a terminal: a Korean letter takes two."""
    return sum(2 if ord(letter) >= 0x1100 else 1 for letter in text)
