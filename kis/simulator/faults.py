"""What can go wrong, by name. Each fault says which section of the sheet it comes from.

A fault acts at one of these points: `before` a call is handled, `after` it was handled (`accepted`:
only when it succeeded), on the order list, on a notice, on a socket, or at the venue. `GET /faults` at the
control server lists them.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from kis.simulator.codes import ORDER, REVISE, TRADING

LIST_PATHS = (TRADING + "inquire-ccnl", TRADING + "inquire-nccs")


@dataclass(frozen=True, slots=True)
class Kind:
    """One sort of fault: where it acts, which calls it is about unless told, and why it exists."""

    name: str
    point: str  # before after accepted list notice socket venue
    section: str
    what: str
    paths: tuple[str, ...] = ()  # empty: every call
    seconds: float = 0.0  # default of the parameter `seconds`


ORDERS = (ORDER, REVISE)
KINDS: dict[str, Kind] = {
    k.name: k
    for k in (
        Kind(
            "accept_then_timeout", "accepted", "6.3, 9 #25", "the order is accepted, the answer is never sent", ORDERS
        ),
        Kind("accept_then_reset", "accepted", "3.7, 6.3", "the order is accepted, the connection is reset", ORDERS),
        Kind(
            "egw00302_after_acceptance", "accepted", "6.3, 8.1", "the order is accepted, the answer is EGW00302", ORDERS
        ),
        Kind("late_reject", "venue", "4.1", "the order is accepted and rejected by the venue a moment later"),
        Kind("rate_limited", "before", "3.5", "EGW00201 with HTTP 500", ("/uapi/",)),
        Kind("rate_limited_200", "before", "3.5, E", "EGW00201 with HTTP 200", ("/uapi/",)),
        Kind("ledger_limited", "before", "3.5", "EGW00215 with HTTP 500", (TRADING,)),
        Kind("list_lags", "list", "4.11, 9 #26", "order lists hide orders younger than `seconds`", LIST_PATHS, 12.0),
        Kind("no_notices", "notice", "5.8", "execution notices are lost"),
        Kind("duplicate_notices", "notice", "5.8", "each execution notice comes twice"),
        Kind("notice_21_fields", "notice", "5.8, 9 #34", "notices carry 21 fields"),
        Kind("slow_answer", "after", "3.7", "the answer comes `seconds` late", (), 3.0),
        Kind("garbage_json", "after", "3.7, 8.4", "the call is handled, its answer is cut in half"),
        Kind("maintenance_503", "before", "3.7", "HTTP 503 with a page instead of JSON"),
        Kind("token_expired", "before", "8.1", "EGW00123 with HTTP 500", ("/uapi/",)),
        Kind("silent_socket", "socket", "5.1, 9 #41", "the socket stays open and says nothing more"),
        Kind("drop_sockets", "socket", "5.1, 9 #40", "the socket is cut without a close frame"),
    )
}


class BadFault(ValueError):
    """A fault that cannot be switched on; the message says what was expected."""


@dataclass(slots=True)
class Fault:
    """A fault switched on: it strikes with `probability`, at most `count` times if that is given."""

    kind: Kind
    probability: float = 1.0
    count: int | None = None
    match: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    struck: int = 0

    def fits(self, path: str, tr_id: str, account_no: str) -> bool:
        paths = (self.match["path"],) if "path" in self.match else self.kind.paths
        if paths and not any(_about(path, wanted) for wanted in paths):
            return False
        return self.match.get("tr_id", tr_id) == tr_id and self.match.get("account_no", account_no) == account_no

    def describe(self) -> dict[str, Any]:
        return {
            "name": self.kind.name,
            "probability": self.probability,
            "count": self.count,
            "match": self.match,
            "seconds": self.seconds,
            "struck": self.struck,
        }


def _about(path: str, wanted: str) -> bool:
    """`order` must not mean `order-rvsecncl`: a full path is itself, a part ends in a slash or is a word."""
    return path == wanted or (wanted.endswith("/") and path.startswith(wanted)) or path.endswith("/" + wanted)


class Faults:
    """The faults that are on now."""

    def __init__(self, seed: int, on_change: Callable[[Fault], None] = lambda fault: None) -> None:
        self._rng = random.Random(f"faults:{seed}")
        self.active: list[Fault] = []
        self._on_change = on_change

    def add(self, row: dict[str, Any]) -> Fault:
        """Switch one on; raises BadFault with a sentence for people."""
        fault = read(row)
        self.active.append(fault)
        self._on_change(fault)
        return fault

    def clear(self, name: str | None = None) -> int:
        """Switch off all, or all of one name. Returns how many."""
        before = len(self.active)
        self.active = [f for f in self.active if name is not None and f.kind.name != name]
        return before - len(self.active)

    def strike(
        self, point: str, path: str = "", tr_id: str = "", account_no: str = "", only: str | None = None
    ) -> Fault | None:
        """The first fault that strikes here and now, counted; None if all is well."""
        for fault in self.active:
            if fault.kind.point != point or only not in (None, fault.kind.name):
                continue
            if not fault.fits(path, tr_id, account_no) or fault.count == fault.struck:
                continue
            if fault.probability < 1 and self._rng.random() >= fault.probability:
                continue
            fault.struck += 1
            return fault
        return None


def read(row: Any) -> Fault:
    """`{"name", "probability" | "count", "match": {"path" | "tr_id" | "account_no"}, "seconds"}`."""
    if not isinstance(row, dict) or row.get("name") not in KINDS:
        raise BadFault("a fault needs a name, one of: " + ", ".join(KINDS))
    kind = KINDS[row["name"]]
    match = row.get("match") or {}
    if not isinstance(match, dict) or set(match) - {"path", "tr_id", "account_no"}:
        raise BadFault("match takes path, tr_id and account_no")
    try:
        probability = float(row.get("probability", 1.0))
        count = None if row.get("count") is None else int(row["count"])
        seconds = float(row.get("seconds", kind.seconds))
    except (TypeError, ValueError) as e:
        raise BadFault(f"probability, count and seconds are numbers: {e}") from e
    if not 0 < probability <= 1:
        raise BadFault("probability is more than 0 and at most 1")
    return Fault(kind, probability, count, {k: str(v) for k, v in match.items()}, seconds)
