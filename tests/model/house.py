"""Our side of the small world: the ways of orders/ as steps that may be interrupted, with the real decisions inside.

Each method says which function's transaction it is. What is decided there (the table, settling, reading rows, adopting,
reserving, the guards) is the code of orders/ itself; only reading and writing rows is the model's own.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from typing import Any

from market.data import SessionView
from market.orders import OrderIntent
from market.words import Environment, Exchange, Session, Side, TradingState
from orders import adopting, domain, facts, readings
from orders.cancel import CANCELLABLE
from orders.domain import FINAL, Event, State
from orders.reserving import hinted
from orders.risk import GUARDS, Limits, RiskFacts, assess
from orders.submit import JUDGED_AGAIN
from tests.model.look import Look, sign
from tests.model.states import (
    SYMBOL,
    Cancel,
    Held,
    Intent,
    Row,
    World,
    listed,
    moment,
    us_date,
    with_intent,
)

NOON = datetime(2026, 11, 24, 17, 0, tzinfo=UTC)
# The guards about shares and states; what the others judge (prices, seconds, dollars) is not in this world.
ASKED = {
    "house_switch", "account_switch", "rule_switch", "market_session", "max_position", "ownership", "holds_nothing",
    "one_working_order", "unsettled_buy", "identical_order",
} & set(GUARDS) | {"identical_order"}  # fmt: skip

Move = tuple[tuple, World, str]


class House:
    """`removed`: the names of safeguards that are switched off in this run; see safeguards.py."""

    def __init__(self, *, limit: int, has_rule: bool, removed: frozenset[str]) -> None:
        self.limit, self.has_rule, self.removed = limit, has_rule, removed
        self.allowed = cache(self._allowed)
        self.step = cache(lambda status, event: domain.step(State(status), Event(event)).value)
        self.reading = cache(self._reading)
        self.looks: dict[tuple, tuple[tuple[Intent, ...], int, bool]] = {}
        without = {g for g in ("identical_order", "unsettled_buy") if g in removed}
        self.asked = ASKED - without

    def on(self, safeguard: str) -> bool:
        return safeguard not in self.removed

    # --- what may be sent: orders.facts and orders.risk ------------------------------------------------------

    def room(self, world: World, side: str, asked: int, price: int, judged: Iterable[str], but: int = -1) -> int:
        """Shares that the guards let through (orders.submit._record_intent, and _to_submitting without `but`)."""
        flying = tuple(sorted(_flying(it) for i, it in enumerate(world.intents) if i != but))
        book = world.book
        if not self.on("notices never sellable"):
            book += sum(sign(it.side) * (it.possible - it.filled) for it in world.intents if it.possible > it.filled)
        return self.allowed(side, asked, price, world.day, world.closed, book, world.called, flying, frozenset(judged))

    def _allowed(
        self, side: str, asked: int, price: int, day: int, closed: bool, book: int, called: bool,
        flying: tuple[tuple, ...], judged: frozenset[str],
    ) -> int:  # fmt: skip
        rows = [_as_flying(*columns) for columns in flying]
        rule = 1 if self.has_rule else None
        air = facts._summed(rows, day=us_date(day), rule_id=rule, symbol=SYMBOL, read_at=None)
        ours: dict[str, Any] = {"has_rule": False}
        if self.has_rule:
            ours = {
                "rule_quantity": book,
                "rule_buys_in_flight": air.rule_buys,
                "rule_sells_in_flight": air.rule_sells,
                "rule_open_sides": frozenset(air.rule_sides),
            }
        known = RiskFacts(
            now=NOON,
            environment=Environment.PAPER,
            session=SessionView(None if closed else Session.REGULAR, us_date(day)),
            account_state=TradingState.REDUCING if called else TradingState.ACTIVE,
            account=Limits(max_position_qty=self.limit),
            book_quantity=book,
            buys_in_flight=air.buys.get(SYMBOL, 0),
            sells_in_flight=air.sells.get(SYMBOL, 0),
            unsettled=tuple(air.unsettled),
            trading_day=us_date(day),
            **ours,
        )
        wanted = OrderIntent("k", SYMBOL, Exchange.NASDAQ, Side(side), asked, Decimal(price), "")
        return assess(wanted, known, judged).quantity

    # --- a new order: orders.submit --------------------------------------------------------------------------

    def decide(self, world: World, by: int, side: str, asked: int, price: int) -> Iterator[Move]:
        """submit._record_intent: the guards and the row in one transaction."""
        quantity = self.room(world, side, asked, price, self.asked)
        if not quantity:
            return
        new = Intent(side, quantity, price, world.day, by=by)
        after = world._replace(intents=(*world.intents, new), decisions=world.decisions - 1)
        yield ("decide", by, side, quantity, price), after, ""

    def commit(self, world: World, i: int) -> Iterator[Move]:
        """submit._to_submitting: the fence and the guards again, and the compare-and-set to submitting."""
        it = world.intents[i]
        # who did nothing from one day to the next was stopped, and its lease has run out
        fenced = (it.by == world.holder and it.day == world.day) or not self.on("fencing")
        fits = fenced and self.room(world, it.side, it.qty, it.price, JUDGED_AGAIN, but=i) >= it.qty
        if it.status == State.INTENT and fits:
            after = it._replace(status=self.step(it.status, Event.SUBMIT), sent_day=world.day, at="committed")
            yield ("commit", i), with_intent(world, i, after), ""
        else:
            yield ("stopped", i, it.by), with_intent(world, i, self._not_written(it)), ""

    def write(self, world: World, i: int) -> Iterator[Move]:
        """submit._Sending._write: the bytes leave, or surely do not; past the deadline they never do."""
        it = world.intents[i]
        yield ("unreachable", i), with_intent(world, i, self._not_written(it)), ""
        if not self.late(world, it) or not self.on("deadline"):
            yield ("write", i), with_intent(world, i, it._replace(at="written", flying=True)), ""

    def answer(self, world: World, i: int) -> Iterator[Move]:
        """submit._record_answer. A clash is no failure: the order goes to unknown and a person is called."""
        it = world.intents[i]._replace(at="", answer="")
        if world.intents[i].answer == "refused":
            if it.status in adopting.WAIT_FOR_ANSWER:
                it = it._replace(status=self.step(it.status, Event.REFUSED))
            yield ("answered", i, "refused"), with_intent(world, i, it), ""
            return
        row = next(r for r in reversed(world.rows) if r.cause == i and r.kind == "new")
        day, number = row.day, row.number
        taken = self.key(day, number) in self.numbers(world, but=i)
        agrees = adopting.answer_agrees(str(number), {str(n) for n in it.numbers})
        # claiming.renumber: the answer outranks a row that was believed, while nothing is booked from it
        outranks = not agrees and State(it.status) not in FINAL and not it.filled
        if not taken and (it.status in adopting.WAIT_FOR_NUMBER or outranks):
            status = self.step(it.status, Event.ACCEPTED) if it.status in adopting.WAIT_FOR_NUMBER else it.status
            known = {"sent_day": day, "number": number, "first": number, "numbers": (number,)}
            it = it._replace(status=status, person=False, **known)
        elif taken or not agrees:
            if it.status in {State.SUBMITTING, State.WORKING, State.PARTIALLY_FILLED}:
                it = it._replace(status=self.step(it.status, Event.LOST))
            world, it = world._replace(called=True), it._replace(person=True)
        yield ("answered", i, number), with_intent(world, i, it), ""

    def give_up(self, world: World, i: int) -> Iterator[Move]:
        """No answer within its time: the outcome is unknown, and the request is never sent again."""
        it = world.intents[i]
        if not self.on("no second request") and not it.resent:
            again = it._replace(flying=True, answer="", resent=True)
            yield ("resent", i), with_intent(world, i, again), ""
            return
        yield ("no answer", i), with_intent(world, i, self._lost(it)), ""

    def _not_written(self, it: Intent) -> Intent:
        if it.status in {State.INTENT, *adopting.WAIT_FOR_ANSWER}:
            it = it._replace(status=self.step(it.status, Event.NOT_WRITTEN))
        return it._replace(at="", answer="")

    def _lost(self, it: Intent) -> Intent:
        if it.status in adopting.WAIT_FOR_ANSWER:
            it = it._replace(status=self.step(it.status, Event.LOST))
        return it._replace(at="", answer="")

    def late(self, world: World, it: Intent) -> bool:
        """Nobody else may start, and no day may end, before the deadline of what was committed has passed."""
        return it.by != world.holder or world.day > it.sent_day or world.closed

    # --- cancelling: orders.cancel ---------------------------------------------------------------------------

    def ask_cancel(self, world: World, i: int, by: int) -> Iterator[Move]:
        """cancel._to_pending."""
        it = world.intents[i]
        if by != world.holder and self.on("fencing"):
            return
        if it.status not in CANCELLABLE or not it.number or it.cancel.at:
            return
        asked = it.cancel._replace(at="committed", by=by, number=it.number)
        after = it._replace(status=self.step(it.status, Event.ASK_CANCEL), cancel=asked)
        yield ("cancel", i, it.number), with_intent(world, i, after)._replace(cancels=world.cancels - 1), ""

    def write_cancel(self, world: World, i: int) -> Iterator[Move]:
        it = world.intents[i]
        late = it.cancel.by != world.holder or world.day > it.sent_day or world.closed
        if late and self.on("deadline"):
            yield ("cancel not written", i), with_intent(world, i, self._cancel_ended(it)), ""
        else:
            sent = it._replace(cancel=it.cancel._replace(at="written", flying=True))
            yield ("cancel written", i), with_intent(world, i, sent), ""

    def cancel_answer(self, world: World, i: int) -> Iterator[Move]:
        """cancel._record: accepted means asked; refused means look."""
        it = world.intents[i]
        if it.cancel.answer == "refused":
            yield ("cancel answered", i, "refused"), with_intent(world, i, self._cancel_ended(it)), ""
            return
        number = next(r.number for r in reversed(world.rows) if r.kind == "cancel" and r.original == it.cancel.number)
        known = it._replace(cancel=Cancel(alive=True, own_number=number))
        yield ("cancel answered", i, "accepted"), with_intent(world, i, known), ""

    def cancel_lost(self, world: World, i: int) -> Iterator[Move]:
        it = world.intents[i]
        unknown = it._replace(cancel=it.cancel._replace(at="", by=0, answer="", alive=True))
        yield ("no answer to the cancel", i), with_intent(world, i, unknown), ""

    def _cancel_ended(self, it: Intent) -> Intent:
        """A refusal or a cancel never written; an earlier one may be what a refusal is about."""
        if it.status == State.PENDING_CANCEL and not it.cancel.alive:
            event = Event.REQUEST_ENDED_FILLED if it.filled else Event.REQUEST_ENDED
            it = it._replace(status=self.step(it.status, event))
        return it._replace(cancel=Cancel(alive=it.cancel.alive, own_number=it.cancel.own_number))

    # --- starting and dying ----------------------------------------------------------------------------------

    def die(self, world: World, by: int) -> World:
        """What a process was doing is gone; what it had written is not."""
        intents = tuple(_without(it, by) for it in world.intents)
        return world._replace(intents=intents, held=None if by == 1 else world.held)

    def recover(self, world: World) -> World:
        """recover.close_what_was_left, by a process that has just taken the lease."""
        return world._replace(intents=tuple(self.close(it) for it in world.intents))

    def close(self, it: Intent) -> Intent:
        event = adopting.LEFT_BEHIND.get(State(it.status))
        return it if event is None else it._replace(status=self.step(it.status, event))

    # --- one look at the list: orders.listing ----------------------------------------------------------------

    def look(self, world: World, rows: tuple[Row, ...], complete: bool) -> World:
        """listing.apply_listing. The same list beside the same orders says the same, whatever else is different."""
        key = (world.intents, rows, complete, world.day, world.closed, world.holder, world.called)
        if (known := self.looks.get(key)) is None:
            after = Look(self, world, rows, complete).run()
            known = self.looks[key] = (after.intents, after.book - world.book, after.called)
        intents, shares, called = known
        if intents == world.intents and called == world.called and not shares:
            return world
        return world._replace(intents=intents, book=world.book + shares, called=called)

    def hold(self, world: World, i: int, rows: tuple[Row, ...], complete: bool) -> Held | None:
        """booking.apply_reading as far as before its transaction, where a process may be paused."""
        look = Look(self, world, rows, complete)
        adopted = look.adopted(i)
        if adopted is None:
            return None
        (event, fill), quantity = adopted, world.intents[i].qty
        it = world.intents[i]
        cumulative = fill.cumulative_quantity if fill else it.filled
        return Held(i, it.status, it.filled, event.value, cumulative, quantity)

    def write_held(self, world: World) -> Iterator[Move]:
        """booking._book: only if nobody moved the order or booked a fill since it was read."""
        held = world.held
        assert held is not None
        it = world.intents[held.intent]
        world = world._replace(held=None)
        same = (it.status, it.filled) == (held.status, held.filled)
        if same or not self.on("compare-and-set"):
            shares = held.cumulative - held.filled
            status = self.step(it.status, held.event)
            world = world._replace(book=world.book + sign(it.side) * shares)
            world = with_intent(world, held.intent, it._replace(status=status, filled=held.cumulative))
        yield ("held is written", held.intent), world, ""

    def notice(self, world: World, i: int, shares: int) -> Iterator[Move]:
        """track._on_notice: a hint that raises what is possible, whatever is true."""
        it = world.intents[i]
        possible = hinted(it.qty, it.filled, it.possible, shares)
        if it.numbers and possible > it.possible:
            yield ("notice", i, shares), with_intent(world, i, it._replace(possible=possible)), ""

    def _reading(self, row: Row, requests: tuple[Row, ...], final: bool) -> readings.Reading:
        dated = self.on("date in the key")
        about = [listed(r, dated=dated) for r in requests]
        return readings.read_order(listed(row, dated=dated), about, day_over=final)

    def key(self, day: int, number: int) -> tuple[int, int]:
        return (day if self.on("date in the key") else 1), number

    def numbers(self, world: World, but: int = -1) -> set[tuple[int, int]]:
        """listing.claimed_numbers."""
        return {
            self.key(it.sent_day, n)
            for i, it in enumerate(world.intents)
            if i != but
            for n in (*it.numbers, it.cancel.own_number)
            if n
        }


def _without(it: Intent, by: int) -> Intent:
    if it.at and it.by == by:
        it = it._replace(at="", answer="")
    if it.cancel.at and it.cancel.by == by:
        it = it._replace(cancel=it.cancel._replace(at="", by=0, answer="", alive=True))
    return it


def _flying(it: Intent) -> tuple:
    return it.side, it.status, it.qty, it.price, it.filled, it.possible, it.day_read, it.day, it.number


def _as_flying(
    side: str, status: str, qty: int, price: int, filled: int, possible: int, day_read: bool, day: int, number: int
) -> facts.Flying:
    return facts.Flying(
        id=None,
        account_id=None,
        rule_id=1,
        symbol=SYMBOL,
        side=side,
        status=status,
        qty=qty,
        price=Decimal(price),
        filled_qty=filled,
        possible_filled_qty=possible,
        day_read_at=NOON if day_read else None,
        amend_qty=None,
        amend_price=None,
        trading_day=us_date(day),
        broker_order_id=str(number or ""),
        placed_at=moment(day),
        created_at=moment(day),
    )
