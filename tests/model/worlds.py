"""The small worlds: who is in them, and what the adversary may do there."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise

from orders.domain import IllegalTransition
from tests.model import broker
from tests.model.checker import Found, explore
from tests.model.house import House, Move
from tests.model.states import World
from tests.model.words import sentence


@dataclass(frozen=True, slots=True)
class Scenario:
    """One small world. Shares everywhere.

    `sides`: what the rule may decide; `asks`: how much each time; `prices`: at which limits. `start`: shares that the
    rule owns before. The rest is how often the adversary may do a thing, and `holds`: whether a process may be paused
    between computing a booking and writing it.
    """

    name: str
    says: str
    limit: int = 2
    start: int = 0
    decisions: int = 2
    asks: int = 1
    sides: tuple[str, ...] = ("buy",)
    prices: tuple[int, ...] = (10,)
    days: int = 1
    has_rule: bool = False
    successor: bool = True
    phone: int = 0
    program: int = 0
    amends: int = 0
    cancels: int = 0
    rejects: int = 0
    blank_cancels: bool = False
    slow_cancels: bool = False
    notices: bool = False
    holds: bool = False
    at_most: int = 3_000_000

    @property
    def alone(self) -> bool:
        """Whether nobody else sends an order through the API that equals one of ours."""
        return self.program == 0


@dataclass(slots=True)
class Exploration:
    scenario: Scenario
    removed: frozenset[str] = frozenset()
    looking_for: str = ""  # the judge says nothing of other losses
    house: House = field(init=False)

    def __post_init__(self) -> None:
        s = self.scenario
        self.house = House(limit=s.limit, has_rule=s.has_rule, removed=self.removed)

    def run(self) -> Found:
        return explore(self.start(), self.moves, self._wrong, at_most=self.scenario.at_most)

    def start(self) -> World:
        s = self.scenario
        return World(
            book=s.start, decisions=s.decisions, phone=s.phone, program=s.program, amends=s.amends, cancels=s.cancels,
            rejects=s.rejects, blank_cancels=s.blank_cancels, slow_cancels=s.slow_cancels,
        )  # fmt: skip

    def tell(self, found: Found) -> list[str]:
        """The trace in words; the orders are called A, B, C in the order in which they were decided."""
        world, names, told = self.start(), [], []
        for label in found.trace:
            after = next(w for other, w, _ in self._moves(world) if other == label)
            if len(after.intents) > len(names):
                names = [*names, "ABC"[len(names)]]
            told.append(sentence(label, names))
            order = _places(after)
            names = names if order is None else [names[i] for i in order]
            world = _merged(after)
        return [*told, f"so {found.loss}"] if found.loss else told

    def _wrong(self, world: World) -> str:
        s = self.scenario
        losses = broker.wrong_with(world, limit=s.limit, start=s.start, alone=s.alone)
        return next((loss for loss in losses if self.looking_for in loss), "")

    def moves(self, world: World) -> Iterator[Move]:
        for label, after, broken in self._moves(world):
            yield label, _merged(after), broken if self.looking_for in broken else ""

    def _moves(self, world: World) -> Iterator[Move]:
        yield from self._ours(world)
        yield from broker.arrivals(world)
        yield from broker.book_moves(world)
        s = self.scenario
        if (world.phone or world.program) and not world.closed:
            wanted = [(side, s.asks, price) for side in s.sides for price in s.prices]
            yield from broker.strangers(world, wanted)
        yield from self._looks(world)
        yield from self._time(world)

    def _ours(self, world: World) -> Iterator[Move]:
        house, s = self.house, self.scenario
        processes = {world.holder} | ({1} if world.old_alive else set())
        busy = {it.by for it in world.intents if it.at}
        if world.decisions and not world.closed:
            for by in processes - busy:
                for side in s.sides:
                    for price in s.prices:
                        yield from house.decide(world, by, side, s.asks, price)
        for i, it in enumerate(world.intents):
            match it.at:
                case "decided":
                    yield from house.commit(world, i)
                case "committed":
                    yield from house.write(world, i)
                case "written":
                    yield from house.give_up(world, i)
                    if it.answer:
                        yield from house.answer(world, i)
            match it.cancel.at:
                case "committed":
                    yield from house.write_cancel(world, i)
                case "written":
                    yield from house.cancel_lost(world, i)
                    if it.cancel.answer:
                        yield from house.cancel_answer(world, i)
                case _ if world.cancels and not world.closed:
                    for by in processes:
                        yield from house.ask_cancel(world, i, by)
            if s.notices:
                own = sum(r.filled for r in world.rows if r.cause == i)
                for shares in range(1, own + 1):
                    yield from house.notice(world, i, shares)

    def _looks(self, world: World) -> Iterator[Move]:
        house = self.house
        if world.held is not None:
            yield from house.write_held(world)
        seen = set()
        for complete, rows in broker.listings(world):
            try:
                after = house.look(world, rows, complete)
            except (ValueError, IllegalTransition) as error:
                yield ("look", complete, rows), world, f"the look fails: {error}"
                continue
            over = complete and (world.closed or world.day > 1)
            broken = broker.wrong_at_the_end(after) if over else ""
            if broken or (after is not world and after not in seen):
                seen.add(after)
                yield ("look", complete, rows), after, broken
            if self.scenario.holds and world.held is None and world.old_alive:
                for i, it in enumerate(world.intents):
                    held = house.hold(world, i, rows, complete) if it.first else None
                    if held is not None:
                        yield ("held", i, rows), world._replace(held=held), ""

    def _time(self, world: World) -> Iterator[Move]:
        house, s = self.house, self.scenario
        if world.old_alive:
            dead = house.die(world, 1)._replace(old_alive=False)
            yield ("dies", 1), dead, ""
            if world.holder == 1 and s.successor:
                yield ("successor",), house.recover(world._replace(holder=2)), ""
        elif world.holder == 1:
            yield ("successor",), house.recover(world._replace(holder=2)), ""
        if world.holder == 2:
            again = house.recover(house.die(world, 2))
            if again != world:
                yield ("starts again",), again, ""
        if not world.closed:
            yield ("close",), broker.close(world), ""
        elif world.day < s.days:
            yield ("next day",), world._replace(day=world.day + 1, closed=False), ""


def _merged(world: World) -> World:
    """Symmetric states are one: what the intents are called makes no difference."""
    order = _places(world)
    if order is None:
        return world
    place = {old: new for new, old in enumerate(order)}
    rows = tuple(r._replace(cause=place[r.cause]) if r.cause >= 0 else r for r in world.rows)
    return world._replace(intents=tuple(world.intents[i] for i in order), rows=rows)


def _places(world: World) -> list[int] | None:
    intents = world.intents
    if len(intents) < 2 or world.held is not None or all(a <= b for a, b in pairwise(intents)):
        return None
    return sorted(range(len(intents)), key=intents.__getitem__)
