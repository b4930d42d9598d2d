"""A trace as a person would tell it."""

from collections.abc import Sequence
from typing import Any

from tests.model.states import Row

PROCESS = {1: "the bot", 2: "its successor"}
OF_AN_ORDER = {
    "commit": "the right to send {0} is checked and {0} is committed as submitting",
    "unreachable": "no byte of {0} is written: not_sent",
    "write": "the request of {0} is written",
    "no answer": "no answer comes: {0} is unknown",
    "resent": "no answer comes: {0} is sent again",
    "refused": "the broker refuses {0}",
    "cancel written": "the cancel of {0} is written",
    "cancel not written": "the cancel of {0} is past its deadline and is not written",
    "no answer to the cancel": "no answer comes to the cancel of {0}",
    "cancel refused": "the broker refuses the cancel of {0}",
    "held is written": "the paused booking of {0} is written",
}
OF_A_NUMBER = {
    "fill": "a share of number {0} is filled",
    "venue rejects": "the venue rejects number {0}",
    "amended by phone": "number {0} is amended by phone",
    "cancel takes effect": "the cancel of number {0} takes effect",
    "by phone": "somebody places an identical order by phone: number {0}",
    "by another program": "another program places an identical order: number {0}",
}
OF_THE_DAY = {
    "successor": "the bot falls silent; its successor takes the lease and recovers",
    "starts again": "the successor is killed and starts again",
    "close": "the day ends",
    "next day": "the next day begins; numbers start anew",
}


def sentence(label: tuple[Any, ...], names: Sequence[str]) -> str:
    """`names`: what the orders are called, by their place in the state."""
    kind, *more = label
    if kind in OF_THE_DAY:
        return OF_THE_DAY[kind]
    if kind in OF_AN_ORDER:
        return OF_AN_ORDER[kind].format(names[more[0]])
    if kind in OF_A_NUMBER:
        return OF_A_NUMBER[kind].format(more[0])
    return _other(kind, more, names)


def _other(kind: str, more: list[Any], names: Sequence[str]) -> str:
    match kind, more:
        case "decide", [by, side, quantity, price]:
            return f"{PROCESS[by]} decides to {side} {quantity} at {price}: order {names[-1]}"
        case "stopped", [i, by]:
            return f"{PROCESS[by]} may not send {names[i]} any more"
        case "arrives", [i, number]:
            return f"{names[i]} arrives at the broker as number {number}"
        case "answered", [i, answer]:
            return f"the answer to {names[i]} comes: {answer}"
        case "cancel", [i, number]:
            return f"a cancel of {names[i]} (number {number}) is committed"
        case "cancel arrives", [i, number]:
            return f"the cancel of {names[i]} (number {number}) arrives and waits for the venue"
        case "cancel answered", [i, answer]:
            return f"the cancel of {names[i]} is {answer}"
        case "notice", [i, shares]:
            return f"a notice tells of {shares} shares of {names[i]} filled"
        case "dies", [by]:
            return f"{PROCESS[by]} is killed"
        case "look", [complete, rows]:
            return f"a list is read ({'complete' if complete else 'pages missing'}): {_shown(rows)}"
        case "held", [i, rows]:
            return f"a process reads {_shown(rows)}, and is paused before it books {names[i]}"
    raise ValueError(f"no words for {kind}")


def _shown(rows: tuple[Row, ...]) -> str:
    return "; ".join(_row(r) for r in rows) or "nothing"


def _row(row: Row) -> str:
    what = "" if row.kind == "new" else f" {row.kind} of {row.original},"
    return f"number {row.number}:{what} {row.filled} of {row.qty} filled, {row.open} open, by {row.channel}"
