"""What the broker does not forget: the newest row of everything, in memory and in a journal."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from kis.simulator import records
from kis.simulator.book import Account, Order
from kis.simulator.journal import BadBook, Entry, Journal, damaged
from kis.simulator.records import Row

# Table -> the columns that name a row. A later row replaces the columns that it has.
TABLES: dict[str, tuple[str, ...]] = {
    "book": (),
    "accounts": ("account_no",),
    "orders": ("account_no", "date", "number"),
    "logins": ("account_no",),
    "tokens": ("text",),
    "approvals": ("key",),
    "reservations": ("account_no", "date", "number"),
}
LINE = 200  # rows per line of a rewritten file
# What ended longer ago is left out when the file is written as a whole.
KEEP_ORDERS = timedelta(days=92)
KEEP_TOKENS = timedelta(days=7)
KEEP_APPROVALS = timedelta(days=30)
# The file is written as a whole at the start, and when it has doubled and this many bytes more were added.
GROWTH = 16_000_000


class Memory:
    """The book in its file. Raises BadBook when the file cannot be used, and leaves it as it is."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._journal = Journal(path)
        self._tables: dict[str, dict[tuple[Any, ...], Row]] = {name: {} for name in TABLES}
        entries, self._journal.entries = self._journal.entries, None
        self.new = entries is None
        try:
            for entry in entries or ():
                self._take(entry)
            if not self.new and not ("seed" in self.about and self._tables["accounts"]):
                raise ValueError("no beginning")
        except (KeyError, TypeError, ValueError, AttributeError) as e:
            raise damaged(path) from e

    def close(self) -> None:
        """Let another process, or another Memory, have the file."""
        self._journal.close()

    def _take(self, entry: Entry) -> None:
        for name, rows in entry.items():
            table, columns = self._tables[name], TABLES[name]
            for row in rows:
                table.setdefault(tuple(row[c] for c in columns), {}).update(row)

    @property
    def about(self) -> Row:
        """Of the whole book: `seed` of the market, and its clock (`start`, `offset` in seconds)."""
        return self._tables["book"].setdefault((), {})

    def rows(self, name: str) -> Iterable[Row]:
        """The newest rows of a table, in the order in which they came."""
        return self._tables[name].values()

    def accounts(self) -> list[Account]:
        """Every account with its orders. Raises BadBook."""
        try:
            found = {row["account_no"]: records.account_of(row) for row in self.rows("accounts")}
            for row in self.rows("orders"):
                order = records.order_of(row)
                found[order.account_no].orders.append(order)
        except (KeyError, TypeError, ValueError, AttributeError) as e:
            raise damaged(self.path) from e
        for account in found.values():
            account.live = [o for o in account.orders if o.alive]
        return list(found.values())

    def begin(self, accounts: Iterable[Account]) -> None:
        """A new book with these accounts; it is not yet in the file."""
        self._take({"accounts": [{**records.identity_row(a), **records.money_row(a)} for a in accounts]})

    def keep(self, accounts: Iterable[Account], orders: Iterable[Order], rest: Entry, now: datetime) -> None:
        """Write down changed accounts and orders, and rows of other tables: all of them, or none."""
        entry = {"accounts": [records.money_row(a) for a in accounts], "orders": [records.order_row(o) for o in orders]}
        entry = {name: rows for name, rows in {**entry, **rest}.items() if rows}
        if not entry:
            return
        self._journal.append(entry)
        self._take(entry)
        if self._journal.grown() > GROWTH:
            with contextlib.suppress(BadBook):  # the file as it is holds everything
                self.rewrite(now)

    def rewrite(self, now: datetime) -> None:
        """Write the file as a whole, without what is long over. Raises BadBook."""
        self._forget(now)
        self._journal.rewrite(self._entries())

    def _entries(self) -> Iterator[Entry]:
        for name, table in self._tables.items():
            rows = list(table.values())
            for start in range(0, len(rows), LINE):
                yield {name: rows[start : start + LINE]}

    def _forget(self, now: datetime) -> None:
        first = (now - KEEP_ORDERS).date()
        self._drop("orders", lambda row: not row["open"] and date.fromisoformat(row["date"]) < first)
        self._drop("reservations", lambda row: row["status"] != "waiting" and date.fromisoformat(row["date"]) < first)
        self._drop("tokens", lambda row: datetime.fromisoformat(row["expires_at"]) < now - KEEP_TOKENS)
        self._drop("approvals", lambda row: datetime.fromisoformat(row["at"]) < now - KEEP_APPROVALS)

    def _drop(self, name: str, over: Any) -> None:
        self._tables[name] = {key: row for key, row in self._tables[name].items() if not over(row)}
