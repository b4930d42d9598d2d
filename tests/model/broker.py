"""The broker's order book, and the adversary between it and us. It knows the truth; the house never looks at it."""

from collections.abc import Iterator
from itertools import product

from orders.domain import FINAL, State
from tests.model.house import Move
from tests.model.look import sign
from tests.model.states import (
    BY_OTHER_PROGRAM,
    BY_PHONE,
    DONE,
    OURS,
    PHONE,
    REJECTED,
    SENT,
    Row,
    World,
    with_intent,
)


def next_number(world: World) -> int:
    """Numbers begin anew every day."""
    return 1 + sum(r.day == world.day for r in world.rows)


def new_row(world: World, side: str, qty: int, price: int, channel: str, cause: int) -> Row:
    return Row(world.day, next_number(world), 0, "new", side, qty, price, 0, qty, SENT, channel, cause)


def arrivals(world: World) -> Iterator[Move]:
    """A request arrives: perhaps long after its process gave up. The ledger may refuse it."""
    for i, it in enumerate(world.intents):
        if it.flying and not world.closed:
            waits = it.at == "written"
            row = new_row(world, it.side, it.qty, it.price, OURS, i)
            got = it._replace(flying=False, answer="accepted" if waits else "")
            yield ("arrives", i, row.number), with_intent(world, i, got)._replace(rows=(*world.rows, row)), ""
            if world.rejects:
                refused = it._replace(flying=False, answer="refused" if waits else "")
                yield ("refused", i), with_intent(world, i, refused)._replace(rejects=world.rejects - 1), ""
        if it.cancel.flying and not world.closed:
            yield from _cancel_arrives(world, i)


def _cancel_arrives(world: World, i: int) -> Iterator[Move]:
    it = world.intents[i]
    waits = it.cancel.at == "written"
    wanted = (world.day, it.cancel.number)
    at = next((n for n, r in enumerate(world.rows) if (r.day, r.number) == wanted and r.open), None)
    if at is None:
        refused = it._replace(cancel=it.cancel._replace(flying=False, answer="refused" if waits else ""))
        yield ("cancel refused", i), with_intent(world, i, refused), ""
        return
    row = world.rows[at]
    named = 0 if world.blank_cancels else row.open
    asked = Row(
        world.day, next_number(world), row.number, "cancel", row.side, named, row.price, 0, 0, SENT, OURS, row.cause
    )
    broken = "" if row.cause == i else "a cancel hit an order that it was not meant for"
    got = it._replace(cancel=it.cancel._replace(flying=False, answer="accepted" if waits else ""))
    after = with_intent(world, i, got)._replace(rows=(*world.rows, asked))
    if world.slow_cancels:
        yield ("cancel arrives", i, row.number), after, broken
    else:
        yield ("cancel takes effect", row.number), _cancelled(after, len(world.rows)), broken


def _cancelled(world: World, at: int) -> World:
    """The venue carries a cancel out, or finds nothing to cancel."""
    asked = world.rows[at]
    rows = list(world.rows)
    n = next(n for n, r in enumerate(rows) if (r.day, r.number) == (asked.day, asked.original))
    rows[at] = asked._replace(text=DONE if rows[n].open else REJECTED)
    rows[n] = rows[n]._replace(open=0, text=DONE)
    return world._replace(rows=tuple(rows))


def book_moves(world: World) -> Iterator[Move]:
    """What happens at the exchange, and what other people do with the account."""
    for n, row in enumerate(world.rows):
        if row.kind == "cancel" and row.text == SENT and row.day == world.day and not world.closed:
            yield ("cancel takes effect", row.original), _cancelled(world, n), ""
        if not row.open or row.day != world.day:
            continue

        def put(after: Row, *more: Row, n: int = n) -> tuple[Row, ...]:
            return (*world.rows[:n], after, *world.rows[n + 1 :], *more)

        left = row.open - 1
        filled = row._replace(filled=row.filled + 1, open=left, text=SENT if left else DONE)
        yield ("fill", row.number), world._replace(rows=put(filled)), ""
        if row.cause < 0:
            continue
        if world.rejects and not row.filled:
            rejected = put(row._replace(open=0, text=REJECTED))
            yield ("venue rejects", row.number), world._replace(rows=rejected, rejects=world.rejects - 1), ""
        # a venue takes no amend of an order that it is cancelling
        cancelling = any(r.original == row.number and r.day == row.day and r.text == SENT for r in world.rows)
        if world.amends and not cancelling:
            amend = Row(
                world.day, next_number(world), row.number, "amend", row.side, row.open, row.price, 0, row.open, SENT,
                PHONE, row.cause,
            )  # fmt: skip
            rows = put(row._replace(open=0, text=DONE), amend)
            yield ("amended by phone", row.number), world._replace(rows=rows, amends=world.amends - 1), ""


def strangers(world: World, wanted: list[tuple[str, int, int]]) -> Iterator[Move]:
    """Identical orders by phone and by another program with the same key."""
    if world.closed:
        return
    for side, qty, price in wanted:
        if world.phone:
            row = new_row(world, side, qty, price, PHONE, BY_PHONE)
            yield ("by phone", row.number), world._replace(rows=(*world.rows, row), phone=world.phone - 1), ""
        if world.program:
            row = new_row(world, side, qty, price, OURS, BY_OTHER_PROGRAM)
            after = world._replace(rows=(*world.rows, row), program=world.program - 1)
            yield ("by another program", row.number), after, ""


def close(world: World) -> World:
    """The day's last session ends: what is open expires, what still flies arrives never."""
    rows = tuple(_ended(r) for r in world.rows)
    intents = tuple(it._replace(flying=False, cancel=it.cancel._replace(flying=False)) for it in world.intents)
    return world._replace(closed=True, rows=rows, intents=intents)


def _ended(row: Row) -> Row:
    if row.kind == "cancel" and row.text == SENT:
        return row._replace(text=REJECTED)
    return row._replace(open=0, text=DONE) if row.open else row


def listings(world: World) -> Iterator[tuple[bool, tuple[Row, ...]]]:
    """Every list that the broker may show now: complete or not.

    While a day goes on each row may be missing or older than it is, each by itself; a page may be missing at any time.
    The complete list of a day that is over and has settled is the truth.
    """
    unread = [it.sent_day for it in world.intents if it.sent_day and not it.day_read]
    first = min([world.day, *unread])
    rows = [r for r in world.rows if r.day >= first]
    over = [r.day < world.day or world.closed for r in rows]
    for shown in product(*([r] if o else [r, None, *_older(r)] for r, o in zip(rows, over, strict=True))):
        yield True, tuple(r for r in shown if r)
    for shown in product(*([r, None] for r in rows)):
        yield False, tuple(r for r in shown if r)


def _older(row: Row) -> Iterator[Row]:
    if row.kind == "cancel":
        if row.text != SENT:
            yield row._replace(text=SENT)
        return
    for filled in range(row.filled + 1):
        before = row._replace(filled=filled, open=row.qty - filled, text=SENT)
        if filled < row.qty and before != row:
            yield before


# --- the judge -------------------------------------------------------------------------------------------------


def wrong_with(world: World, *, limit: int, start: int, alone: bool) -> Iterator[str]:
    """What must hold in every state. `alone`: nobody else sent an order that equals one of ours."""
    own = [r for r in world.rows if r.cause >= 0 and r.kind != "cancel"]
    exposed = start
    sold = 0
    for row in own:
        exposed += row.filled + row.open if row.side == "buy" else -row.filled
        sold += (row.filled + row.open) if row.side == "sell" else -row.filled
    if alone and exposed > limit:
        yield f"our exposure at the broker is {exposed} shares, the limit is {limit}"
    if alone and sold > start:
        yield "more is being sold than is owned"
    for i, it in enumerate(world.intents):
        caused = [r for r in own if r.cause == i and r.kind == "new"]
        if len(caused) > 1:
            yield "one intent has two orders at the broker"
        if alone and it.first and (it.sent_day, it.first) not in {(r.day, r.number) for r in caused}:
            yield "an order of ours claims a number that it did not cause"
        if alone and it.filled > sum(r.filled for r in own if r.cause == i):
            yield "more is booked for an order than was filled"
    if alone and (world.called or any(it.person for it in world.intents)):
        yield "a person is called though nobody else sent an order"
    if world.book != start + sum(sign(it.side) * it.filled for it in world.intents):
        yield "our book and the fills of our orders differ"


def wrong_at_the_end(world: World) -> str:
    """What must hold when the complete list of a day that is over was read."""
    day = world.day if world.closed else world.day - 1
    for it in world.intents:
        if it.day > day:
            continue
        if State(it.status) not in FINAL:
            return f"an intent of a day that is over is still {it.status}"
        claimed = next((r for r in world.rows if it.first and (r.day, r.number) == (it.sent_day, it.first)), None)
        whole = [] if claimed is None else [r for r in world.rows if r.cause == claimed.cause and r.kind != "cancel"]
        if it.filled != sum(r.filled for r in whole):
            return "a fill is lost"
    claimed_numbers = {(it.sent_day, it.first) for it in world.intents}
    for row in world.rows:
        theirs = row.channel != OURS or row.kind != "new" or row.day > day
        if not theirs and (row.day, row.number) not in claimed_numbers and not world.called:
            return "an order of ours at the broker belongs to no intent, and nobody is called"
    return ""
