"""The tables of the documentation, made from the code: `python -m kis.simulator.catalogue docs/simulator.md`.

A page holds each between two marks, `<!-- faults -->` and `<!-- /faults -->`, likewise `switches`.
"""

from __future__ import annotations

import inspect
import re
import sys
from dataclasses import fields
from pathlib import Path

from kis.simulator.faults.kinds import KINDS
from kis.simulator.settings import Switches


def faults() -> str:
    """Every fault: its point, section, what it does and what its parameters are by themselves."""
    rows = ["| name | point | sheet | what happens | `seconds` | `count` |", "|---|---|---|---|---|---|"]
    for kind in KINDS.values():
        usual = (f"{kind.seconds:g}" if kind.seconds else "", str(kind.count or ""))
        rows.append("| " + " | ".join((f"`{kind.name}`", kind.point, kind.section, kind.what, *usual)) + " |")
    return "\n".join(rows)


def switches() -> str:
    """Every switch with its usual value; what it decides is the comment beside it in the code."""
    said = dict(re.findall(r"^    (\w+): .*?  # (.*)$", inspect.getsource(Switches), re.MULTILINE))
    usual = Switches()
    rows = [
        f"| `{one.name}` | `{_yaml(getattr(usual, one.name))}` | {said.get(one.name, '')} |" for one in fields(Switches)
    ]
    return "\n".join(["| switch | usual | what it decides |", "|---|---|---|", *rows])


def _yaml(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) else str(value)


TABLES = {"faults": faults, "switches": switches}


def with_tables(page: str) -> str:
    """The page with its tables made anew."""
    for name, table in TABLES.items():
        before, mark, rest = page.partition(f"<!-- {name} -->\n")
        _old, end, after = rest.partition(f"<!-- /{name} -->")
        page = f"{before}{mark}\n{table()}\n\n{end}{after}" if end else page
    return page


if __name__ == "__main__":
    file = Path(sys.argv[1])
    file.write_text(with_tables(file.read_text(encoding="utf-8")), encoding="utf-8")
