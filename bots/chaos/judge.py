"""The judge: the simulator's own book against ours. Pure.

The broker knows nothing of our decisions, and we send it no name of ours. What ties one of its orders to one of our
intents is the clock: both sides go by the same one here, and a process writes between the commit to `submitting` and
a deadline. So the intent of an order is the one that was being sent when the order came in.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

API_CHANNEL = "openapi"
CLOCKS_DIFFER = timedelta(seconds=0.25)  # the two clocks are set one after the other
# `placed_at` counts from the moment of the price that was decided on; on a busy machine the decision took a while.
DECIDED_WITHIN = timedelta(seconds=4)
CENT = Decimal("0.01")
ZERO = Decimal(0)

Number = tuple[date, str]


@dataclass(frozen=True, slots=True)
class Fill:
    at: datetime
    quantity: int
    price: Decimal
    fee: Decimal


@dataclass(frozen=True, slots=True)
class BrokerOrder:
    """A row of the simulator's book."""

    number: Number
    symbol: str
    side: str
    kind: str  # new, amend, cancel
    original: str
    quantity: int
    price: Decimal
    status: str
    channel: str
    received_at: datetime
    expires_at: datetime
    fills: tuple[Fill, ...]

    @classmethod
    def read(cls, row: Mapping[str, Any]) -> "BrokerOrder":
        fills = tuple(
            Fill(datetime.fromisoformat(f["at"]), f["qty"], Decimal(f["price"]), Decimal(f["fee"]))
            for f in row["fills"]
        )
        return cls(
            number=(date.fromisoformat(row["date"]), row["order_number"].lstrip("0")),
            symbol=row["symbol"],
            side=row["side"],
            kind=row["kind"],
            original=row["original"].lstrip("0"),
            quantity=row["qty"],
            price=Decimal(row["price"]),
            status=row["status"],
            channel=row["channel"],
            received_at=datetime.fromisoformat(row["received_at"]),
            expires_at=datetime.fromisoformat(row["expires_at"]),
            fills=fills,
        )

    @property
    def filled(self) -> int:
        return sum(f.quantity for f in self.fills)

    @property
    def amount(self) -> Decimal:
        return sum((f.quantity * f.price for f in self.fills), ZERO)

    @property
    def ours(self) -> bool:
        """Came through the API's channel."""
        return self.channel.replace(" ", "").casefold() == API_CHANNEL

    def __str__(self) -> str:
        day, number = self.number
        return f"{self.side} {self.quantity} {self.symbol} at {self.price} ({day} no. {number}, {self.status})"


@dataclass(frozen=True, slots=True)
class OurOrder:
    """A row of our book. `numbers`: every number that it ever had. `first`: that of the order itself."""

    id: UUID
    decision_key: str
    rule_id: UUID | None
    symbol: str
    side: str
    quantity: int
    price: Decimal
    status: str
    final: bool
    filled: int
    amount: Decimal
    executed: int
    placed_at: datetime | None
    first: Number | None
    numbers: frozenset[Number]
    needs_person: bool

    def __str__(self) -> str:
        number = self.first[1] if self.first else "none"
        return f"order {str(self.id)[:8]} ({self.side} {self.quantity} {self.symbol} {self.status}, number {number})"


@dataclass(frozen=True, slots=True)
class Books:
    """Both sides of one account at the end of a run."""

    broker: Sequence[BrokerOrder]
    holdings: Mapping[str, int]
    ours: Sequence[OurOrder]
    positions: Mapping[str, int]
    owned: Mapping[UUID, int]  # by rules
    max_position: Mapping[UUID, int]  # of rules
    max_quantity: int | None  # of the account, each symbol
    daily_buy_usd: Decimal | None
    foreign: frozenset[Number]  # what the harness placed itself
    calls_for_person: int
    send_within: timedelta


@dataclass(slots=True)
class Counts:
    orders: int = 0
    fills: int = 0
    duplicates: int = 0
    lost: int = 0
    unsettled: int = 0
    misattributed: int = 0
    oversold: int = 0
    limit_breaches: int = 0
    position_differences: int = 0
    needs_person: int = 0

    def add(self, other: "Counts") -> None:
        for each in fields(self):
            setattr(self, each.name, getattr(self, each.name) + getattr(other, each.name))

    @property
    def wrong(self) -> int:
        """How much must not have been."""
        return sum(getattr(self, each.name) for each in fields(self) if each.name not in {"orders", "fills"})


@dataclass(slots=True)
class Verdict:
    counts: Counts = field(default_factory=Counts)
    findings: list[str] = field(default_factory=list)

    def found(self, what: str, why: str) -> None:
        setattr(self.counts, what, getattr(self.counts, what) + 1)
        self.findings.append(f"{what}: {why}")


def judge(books: Books) -> Verdict:
    """Everything that is wrong with one account."""
    verdict = Verdict()
    mine = [o for o in books.broker if o.kind == "new" and o.ours and o.number not in books.foreign]
    verdict.counts.orders = len(mine)
    verdict.counts.fills = sum(len(o.fills) for o in mine)
    claims = _claims(books.ours)
    _each_has_its_intent(mine, claims, books, verdict)
    _fills_are_booked(mine, claims, books, verdict)
    for order in books.ours:
        if not order.final:
            verdict.found("unsettled", str(order))
    _nothing_oversold(mine, claims, books, verdict)
    _limits_held(mine, claims, books, verdict)
    _positions_agree(books, verdict)
    if not books.foreign and books.calls_for_person:
        verdict.found("needs_person", f"{books.calls_for_person} calls though nobody else touched the account")
    return verdict


def _claims(ours: Iterable[OurOrder]) -> dict[Number, list[OurOrder]]:
    claims: dict[Number, list[OurOrder]] = defaultdict(list)
    for order in ours:
        if order.first is not None:
            claims[order.first].append(order)
    return claims


def _sent_then(order: BrokerOrder, intent: OurOrder, books: Books) -> bool:
    """Whether the intent was being sent when the broker's order came in, and asked for just this."""
    if intent.placed_at is None or (intent.symbol, intent.side) != (order.symbol, order.side):
        return False
    latest = intent.placed_at + books.send_within + DECIDED_WITHIN
    return intent.placed_at - CLOCKS_DIFFER <= order.received_at <= latest


def _each_has_its_intent(
    mine: Sequence[BrokerOrder], claims: Mapping[Number, list[OurOrder]], books: Books, verdict: Verdict
) -> None:
    taken: dict[UUID, BrokerOrder] = {}
    for order in mine:
        holders = claims.get(order.number, [])
        if len(holders) > 1:
            verdict.found("misattributed", f"{order} is claimed by {len(holders)} intents")
        if not holders:
            _unclaimed(order, claims, books, verdict)
            continue
        intent = holders[0]
        if not _sent_then(order, intent, books) or intent.price != order.price or order.quantity != intent.quantity:
            verdict.found("misattributed", f"{order}, received {order.received_at}, has the number of {intent}")
        if intent.id in taken:
            verdict.found("duplicates", f"{order} and {taken[intent.id]} are of {intent}")
        taken[intent.id] = order
    known = {order.number for order in books.broker}
    for number, holders in claims.items():
        if number not in known:
            verdict.found("misattributed", f"{holders[0]} claims a number that the broker never gave")


def _unclaimed(order: BrokerOrder, claims: Mapping[Number, list[OurOrder]], books: Books, verdict: Verdict) -> None:
    """Nobody's order: a second one of an intent that has its own, or one that was lost."""
    senders = [intent for intent in books.ours if _sent_then(order, intent, books)]
    if any(intent.first is not None for intent in senders):
        verdict.found("duplicates", f"{order} is one more of {senders[0]}")
    else:
        verdict.found("lost", f"{order} is nobody's; sent then: {[str(i) for i in senders]}")


def _fills_are_booked(
    mine: Sequence[BrokerOrder], claims: Mapping[Number, list[OurOrder]], books: Books, verdict: Verdict
) -> None:
    filled = {order.number: order for order in mine}
    continued = {(o.number[0], o.original): o for o in books.broker if o.kind == "amend"}
    for intent in books.ours:
        order = filled.get(intent.first) if intent.first else None
        shares = order.filled if order else 0
        amount = order.amount if order else ZERO
        if order is not None and order.number in continued:
            continue  # amended by phone: the holdings tell
        if intent.executed != intent.filled or intent.filled != shares:
            verdict.found("lost", f"{intent}: {shares} filled there, {intent.filled} here, {intent.executed} executed")
        elif abs(intent.amount - amount) > CENT:
            verdict.found("lost", f"{intent}: filled for {amount} there, {intent.amount} here")


def _nothing_oversold(
    mine: Sequence[BrokerOrder], claims: Mapping[Number, list[OurOrder]], books: Books, verdict: Verdict
) -> None:
    """No rule ever sold more than its own orders had bought, by the broker's own times."""
    moves: dict[tuple[UUID | None, str], list[tuple[datetime, int]]] = defaultdict(list)
    for order in mine:
        if order.number not in claims:
            continue  # nobody's: told as such
        owner = claims[order.number][0].rule_id
        moves[owner, order.symbol] += [(f.at, f.quantity if order.side == "buy" else -f.quantity) for f in order.fills]
    for (owner, symbol), rows in moves.items():
        held = 0
        for _at, shares in sorted(rows, key=lambda row: (row[0], -row[1])):
            held += shares
            if held < 0:
                verdict.found("oversold", f"rule {str(owner)[:8]} sold {-held} {symbol} that it did not own")
                break


def _limits_held(
    mine: Sequence[BrokerOrder], claims: Mapping[Number, list[OurOrder]], books: Books, verdict: Verdict
) -> None:
    by_rule: dict[UUID, list[BrokerOrder]] = defaultdict(list)
    by_symbol: dict[str, list[BrokerOrder]] = defaultdict(list)
    for order in mine:
        by_symbol[order.symbol].append(order)
        if order.number in claims and claims[order.number][0].rule_id is not None:
            by_rule[claims[order.number][0].rule_id].append(order)  # type: ignore[index]
    for rule_id, orders in by_rule.items():
        allowed = books.max_position.get(rule_id)
        most = _exposure(orders, books.broker) - _sold_by_others(orders[0].symbol, books)
        if allowed is not None and most > allowed:
            verdict.found("limit_breaches", f"rule {str(rule_id)[:8]} reached {most} shares, {allowed} allowed")
    for symbol, orders in by_symbol.items():
        most = _exposure(orders, books.broker) - _sold_by_others(symbol, books)
        if books.max_quantity is not None and most > books.max_quantity:
            verdict.found("limit_breaches", f"{most} {symbol} in the account, {books.max_quantity} allowed")
    if books.daily_buy_usd is not None:
        for day, spent in _spent(mine).items():
            if spent > books.daily_buy_usd:
                verdict.found("limit_breaches", f"{spent} spent on {day}, {books.daily_buy_usd} allowed")


def _sold_by_others(symbol: str, books: Books) -> int:
    """Shares of ours that a phone may have sold: a rule may buy them anew."""
    return sum(o.filled for o in books.broker if o.number in books.foreign and o.symbol == symbol and o.side == "sell")


def _exposure(orders: Iterable[BrokerOrder], book: Iterable[BrokerOrder]) -> int:
    """The most that was held or could have been, at any moment: shares held and what open buys could still bring."""
    ended = {(o.number[0], o.original): o.received_at for o in book if o.kind == "cancel" and o.status != "rejected"}
    steps: list[tuple[datetime, int]] = []
    for order in orders:
        if order.status == "rejected":
            continue
        if order.side == "sell":
            steps += [(f.at, -f.quantity) for f in order.fills]
            continue
        steps.append((order.received_at, order.quantity))  # reserved from the first moment
        if order.filled < order.quantity:
            over = ended.get(order.number, order.expires_at)
            over = max([over, *(f.at for f in order.fills)])
            steps.append((over, order.filled - order.quantity))
    held = most = 0
    for _at, shares in sorted(steps):  # what goes down goes first within a moment
        held += shares
        most = max(most, held)
    return most


def _spent(mine: Iterable[BrokerOrder]) -> dict[date, Decimal]:
    spent: dict[date, Decimal] = defaultdict(Decimal)
    for order in mine:
        if order.side == "buy":
            spent[order.number[0]] += sum((f.price * f.quantity + f.fee for f in order.fills), ZERO)
    return spent


def _positions_agree(books: Books, verdict: Verdict) -> None:
    for symbol in sorted({*books.holdings, *books.positions}):
        there, here = books.holdings.get(symbol, 0), books.positions.get(symbol, 0)
        if there != here:
            verdict.found("position_differences", f"{symbol}: {there} there, {here} here")
    own: dict[UUID, int] = defaultdict(int)
    for intent in books.ours:
        if intent.rule_id is not None:
            own[intent.rule_id] += intent.executed if intent.side == "buy" else -intent.executed
    if not books.foreign:  # a sale by phone may take shares from rules
        for rule_id, shares in own.items():
            if books.owned.get(rule_id, 0) != shares:
                owned = books.owned.get(rule_id, 0)
                verdict.found("position_differences", f"rule {str(rule_id)[:8]} owns {owned}, its fills say {shares}")
