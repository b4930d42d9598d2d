"""Pieces of the page: titled parts, tables, cells."""

from collections.abc import Sequence
from html import escape

from backtests.report.words import TITLES, said


def section(name: str, language: str, body: str) -> str:
    """A titled part; nothing when it is empty."""
    return f"<section><h2>{escape(said(TITLES[name], language))}</h2>{body}</section>" if body else ""


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Cells are HTML already."""
    if not rows:
        return ""
    top = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in head)
    lines = "".join(f"<tr>{''.join(row)}</tr>" for row in rows)
    return f'<div class="scroll"><table><thead><tr>{top}</tr></thead><tbody>{lines}</tbody></table></div>'


def cell(text: str, kind: str = "") -> str:
    return f'<td class="{kind}">{escape(text)}</td>' if kind else f"<td>{escape(text)}</td>"


def direction(value: float | None) -> str:
    """The class of a gain or a loss; the sign says the same without colour."""
    return "" if not value else "up" if value > 0 else "down"
