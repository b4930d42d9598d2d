"""The states of the small world: small tuples, so that hundreds of thousands of them fit and compare quickly."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import NamedTuple

from market.orders import ExecutionRow
from market.words import Exchange, Side
from orders.settlement import Window

SYMBOL = "NVDA"
PAID = Decimal(10)  # every fill's price: what is proved here is about shares
OURS, PHONE = "OpenAPI", "phone"
BY_PHONE, BY_OTHER_PROGRAM = -1, -2
REJECTED, SENT, DONE = "거부", "전송", "완료"


class Cancel(NamedTuple):
    """A cancel of an order on its way: what the process does, what flies, and what is known of earlier ones."""

    at: str = ""  # "", "committed" (the right to send is checked), "written"
    by: int = 0
    number: int = 0  # of the order that it names
    flying: bool = False
    answer: str = ""
    alive: bool = False  # one was accepted, or nobody knows
    own_number: int = 0


class Intent(NamedTuple):
    """One of our orders: the row in our database, the process that carries it, and the net between."""

    side: str
    qty: int
    price: int
    day: int  # its trading day
    status: str = "intent"
    filled: int = 0
    possible: int = 0
    sent_day: int = 0
    number: int = 0  # the newest
    first: int = 0
    numbers: tuple[int, ...] = ()
    person: bool = False
    day_read: bool = False
    at: str = "decided"  # where its process is: "decided", "committed", "written"; "" nowhere any more
    by: int = 1
    flying: bool = False
    answer: str = ""  # on its way to us: "", "accepted", "refused"
    cancel: Cancel = Cancel()
    resent: bool = False


class Row(NamedTuple):
    """One row of the broker's order book; `cause` is the truth that only the judge knows."""

    day: int
    number: int
    original: int
    kind: str
    side: str
    qty: int
    price: int
    filled: int
    open: int
    text: str
    channel: str
    cause: int


class Held(NamedTuple):
    """What a paused process has read and computed, and not yet written."""

    intent: int
    status: str
    filled: int
    event: str
    cumulative: int
    quantity: int


class World(NamedTuple):
    day: int = 1
    closed: bool = False  # the day's sessions are over, and its list has settled
    holder: int = 1  # whose lease it is: the bot's, or its successor's
    old_alive: bool = True  # the first process exists, perhaps paused
    intents: tuple[Intent, ...] = ()
    rows: tuple[Row, ...] = ()
    book: int = 0  # shares in our book
    called: bool = False  # a person was called, so the account is `reducing`
    decisions: int = 3  # how many are left, as are the adversary's acts below
    phone: int = 0
    program: int = 0
    amends: int = 0
    cancels: int = 0
    rejects: int = 0
    blank_cancels: bool = False  # the row of a cancel names no quantity
    slow_cancels: bool = False  # between arrival and effect fills may come
    held: Held | None = None


@cache
def us_date(day: int) -> date:
    return date(2026, 11, 23 + day)


@cache
def moment(day: int) -> datetime:
    """All of a day happens at one moment of the model: no row can be told from another by its time of day."""
    return datetime(2026, 11, 23 + day, 17, 0, tzinfo=UTC)


@cache
def window(day: int, *, final: bool, coming: bool) -> Window:
    return Window(moment(day), moment(day) + timedelta(hours=8), timedelta(seconds=5), final, coming)


@cache
def listed(row: Row, *, dated: bool = True) -> ExecutionRow:
    """The row as the broker's list shows it; `dated` False: as somebody reads it who forgets the date."""
    return ExecutionRow(
        order_date=us_date(row.day if dated else 1),
        broker_order_id=str(row.number),
        original_id=str(row.original) if row.original else "",
        request_kind=row.kind,
        symbol=SYMBOL,
        side=Side(row.side),
        exchange=Exchange.NASDAQ,
        quantity=row.qty,
        limit_price=Decimal(row.price),
        filled_quantity=row.filled,
        avg_fill_price=PAID if row.filled else None,
        open_quantity=row.open,
        status_text=row.text,
        reject_reason="",
        channel=row.channel,
        placed_at=moment(row.day),
    )


def with_intent(world: World, index: int, intent: Intent) -> World:
    intents = world.intents
    return world._replace(intents=(*intents[:index], intent, *intents[index + 1 :]))
