"""One look at the broker's list, as orders.listing takes it; what each row means is decided by the code of orders/."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from functools import cache
from types import SimpleNamespace
from typing import TYPE_CHECKING

from market.words import Side
from orders import adopting, readings, settlement
from orders.domain import FINAL, Event, State
from orders.settlement import Finding, UnknownOrder
from tests.model.states import PAID, SYMBOL, Intent, Row, World, listed, moment, us_date, window

if TYPE_CHECKING:
    from tests.model.house import House


def sign(side: str) -> int:
    return 1 if side == Side.BUY else -1


class Look:
    """listing._Look: one pass over one reading of the list."""

    def __init__(self, house: House, world: World, rows: tuple[Row, ...], complete: bool) -> None:
        self.house, self.world, self.rows = house, world, rows
        self.complete = complete
        self.by_number = {house.key(r.day, r.number): r for r in rows}
        self.requests = tuple(r for r in rows if r.original)
        self.intents = list(world.intents)
        self.book, self.called = world.book, world.called

    def run(self) -> World:
        for i, it in enumerate(self.intents):
            self._give_up_waiting(i, it)
        for i, it in enumerate(self.intents):
            if it.first:
                self._read_one(i)
        self._settle_unknown()
        self._note_others()
        self._day_is_read()
        return self.world._replace(intents=tuple(self.intents), book=self.book, called=self.called)

    def adopted(self, i: int) -> tuple[Event, readings.Fill | None] | None:
        it = self.intents[i]
        row = self.by_number.get(self.house.key(it.sent_day, it.first))
        if row is None:
            return None
        adoption = self._adoption(it, row)
        return None if adoption is None else (adoption.event, adoption.fill)

    def _give_up_waiting(self, i: int, it: Intent) -> None:
        if it.status == State.INTENT and not self.house.on("intents that nobody carries are closed"):
            return
        if it.status in adopting.LEFT_BEHIND and (not it.at or self.house.late(self.world, _as_sent(it))):
            self.intents[i] = self.house.close(it)

    def _read_one(self, i: int) -> None:
        it, house = self.intents[i], self.house
        row = self.by_number.get(house.key(it.sent_day, it.first))
        if row is None:
            if self._final(it) and State(it.status) not in FINAL:
                self._never_seen(i)
            return
        asked = SimpleNamespace(symbol=SYMBOL, side=it.side, qty=it.qty)
        if not adopting.is_row_of(listed(row), asked, amended=len(it.numbers) > 1):
            self._call(i)
            return
        reading = house.reading(row, self.requests, self._final(it))
        if len(reading.numbers) > 1:
            numbers = tuple(sorted({*it.numbers, *map(int, reading.numbers)}))
            self.intents[i] = it = it._replace(numbers=numbers)
        adoption = self._adoption(it, row)
        if adoption is None:
            return
        quantity = max(reading.quantity, reading.filled_quantity)
        self.intents[i] = it._replace(qty=quantity, number=int(reading.broker_order_id))
        self._move(i, adoption.event)
        if adoption.fill is not None:
            self.intents[i] = self.intents[i]._replace(filled=adoption.fill.cumulative_quantity)
            self.book += sign(it.side) * adoption.fill.quantity

    def _adoption(self, it: Intent, row: Row) -> adopting.Adoption | None:
        reading = self.house.reading(row, self.requests, self._final(it))
        believed = self.complete or not self.house.on("complete list for ends")
        return adopting.adopt(it.filled, it.filled * PAID, reading, complete=believed)

    def _settle_unknown(self) -> None:
        house = self.house
        claimed = house.numbers(self.world._replace(intents=tuple(self.intents)))
        for i, it in enumerate(self.intents):
            if it.status not in {State.UNKNOWN, State.NOT_SEEN} or it.number:
                continue
            known = claimed if house.on("claimed set") else set()
            found = house_settle(it, self.rows, known, self._final(it), self._coming(it), house.on("date in the key"))
            if found.finding is Finding.CLAIM and found.row is not None:
                number = int(found.row.broker_order_id)
                day = 1 if found.row.placed_at == moment(1) else 2
                if house.key(day, number) in claimed and house.on("number once in the database"):
                    continue  # the database refuses it; the next look decides anew
                claimed.add(house.key(day, number))
                self._claim(i, day, number)
            elif found.finding is Finding.AMBIGUOUS:
                self._call(i)
            elif found.finding is Finding.NOT_SEEN and not it.day_read:
                self._never_seen(i)

    def _claim(self, i: int, day: int, number: int) -> None:
        self._move(i, Event.ACCEPTED)
        it = self.intents[i]
        self.intents[i] = it._replace(sent_day=day, number=number, first=number, numbers=(number,), person=False)
        self._read_one(i)

    def _note_others(self) -> None:
        """A row of the API channel that no intent explains calls a person; who waits may still turn out to be it."""
        house = self.house
        ours = house.numbers(self.world._replace(intents=tuple(self.intents)))
        numbers = {(us_date(d), str(n)) for d, n in ours}
        dated = house.on("date in the key")
        shown = [listed(r, dated=dated) for r in self.rows]
        waiting = {(SYMBOL, it.side, it.qty) for it in self.intents if _is_waiting(it)}
        if not house.on("parking"):
            waiting = set()
        for row in shown:
            root = readings.root_of(row, shown)
            if not adopting.is_anothers(row, ours=numbers, waiting=waiting, root=root):
                continue
            if readings.is_ours(row) and readings.is_original(row):
                self.called = True

    def _day_is_read(self) -> None:
        """listing.end_doubts: the complete list of a day that is over ends every doubt about its orders."""
        for i, it in enumerate(self.intents):
            if self._final(it) and _is_doubtful(it):
                self.intents[i] = it._replace(day_read=True)

    def _final(self, it: Intent) -> bool:
        complete = self.complete or not self.house.on("complete list for ends")
        over = it.day < self.world.day or self.world.closed
        return complete and (over or not self.house.on("silence is no proof before the day is over"))

    def _move(self, i: int, event: Event) -> None:
        it = self.intents[i]
        self.intents[i] = it._replace(status=self.house.step(it.status, event.value))

    def _never_seen(self, i: int) -> None:
        self._move(i, Event.NEVER_SEEN)
        self.intents[i] = self.intents[i]._replace(day_read=True)

    def _coming(self, it: Intent) -> bool:
        """listing._answers_may_come: requests for the same whose own answer is not yet out of the question."""
        return any(
            o.at in {"committed", "written"}
            and (o.side, o.qty, o.price) == (it.side, it.qty, it.price)
            and not self.house.late(self.world, o)
            for o in self.intents
        )

    def _call(self, i: int) -> None:
        self.intents[i], self.called = self.intents[i]._replace(person=True), True


@cache
def _settled(
    side: str, qty: int, price: int, day: int, rows: tuple[Row, ...], claimed: frozenset, final: bool, coming: bool,
    dated: bool, settle: Callable[..., settlement.Settlement], filters: tuple,
) -> settlement.Settlement:  # fmt: skip
    wanted = UnknownOrder(SYMBOL, Side(side), qty, Decimal(price))
    numbers = {(us_date(d), str(n)) for d, n in claimed}
    return settle(wanted, [listed(r, dated=dated) for r in rows], numbers, window(day, final=final, coming=coming))


def house_settle(
    it: Intent, rows: tuple[Row, ...], claimed: set, final: bool, coming: bool, dated: bool
) -> settlement.Settlement:
    """The real settle; what it was asked before is remembered, for as long as its filters are the same."""
    filters = (settlement.is_ours, settlement.is_original)
    day = it.sent_day
    known = frozenset(claimed)
    return _settled(it.side, it.qty, it.price, day, rows, known, final, coming, dated, settlement.settle, filters)


def _is_waiting(it: Intent) -> bool:
    """listing.note_others: an order without a number that a row may still turn out to be."""
    silent = it.status == State.NOT_SEEN and not it.day_read
    return it.status in adopting.WAIT_FOR_ANSWER or silent


def _is_doubtful(it: Intent) -> bool:
    """listing.DOUBTFUL."""
    ended = State(it.status) in FINAL
    return ended and not it.day_read and (it.status == State.NOT_SEEN or it.possible > it.filled)


def _as_sent(it: Intent) -> Intent:
    return it if it.sent_day else it._replace(sent_day=it.day)
