"""Orders left with the broker until the next regular opening (sections 4.3 to 4.5). Pure: `now` is an argument."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from kis.simulator import codes
from kis.simulator.book import Account, Order
from kis.simulator.calendar import Calendar
from kis.simulator.clock import NEW_YORK, SEOUL, us_date
from kis.simulator.exchange import Exchange, NewOrder, Refused
from kis.simulator.records import Row

OPENS, CLOSES = time(10), time(23, 20)  # Korean time; an hour earlier in US summer time (section 4.3)
PAUSE = time(16, 30), time(16, 45)
FIRST_NUMBER = 30_000_000


@dataclass(slots=True)
class Reservation:
    """`status`: waiting, sent, failed or cancelled. `due` is the opening at which it is to be sent."""

    number: str
    received_on: date  # Korean
    account_no: str
    symbol: str
    exchange: str
    side: str
    quantity: int
    price: Decimal
    division: str
    received_at: datetime
    due: datetime
    status: str = "waiting"
    sent_at: datetime | None = None
    order_number: str = ""
    order_date: date | None = None
    reason: str = ""  # why it was not sent

    @property
    def order(self) -> NewOrder:
        return NewOrder(
            self.symbol, self.exchange, self.side, self.quantity, self.price, division=self.division, reserved=True
        )


def window_open(now: datetime) -> bool:
    """Whether reservations are taken at this moment (section 4.3)."""
    here = now.astimezone(SEOUL)
    summer = bool(now.astimezone(NEW_YORK).dst())
    closes = (datetime.combine(here.date(), CLOSES) - timedelta(hours=1 if summer else 0)).time()
    return OPENS <= here.time() < closes and not PAUSE[0] <= here.time() < PAUSE[1]


def next_open(calendar: Calendar, now: datetime) -> datetime:
    """The next regular opening after `now`. A holiday has none, so what was meant for it moves on."""
    for ahead in range(40):
        regular = calendar.day(us_date(now) + timedelta(days=ahead)).regular()
        if regular is not None and regular.start > now:
            return regular.start
    raise ValueError(f"no regular session in the 40 days after {now}")


class Reservations:
    """The broker's drawer. `limited`: only inside the hours of section 4.3."""

    def __init__(self, exchange: Exchange, *, limited: bool = False) -> None:
        self._exchange = exchange
        self._limited = limited
        self._kept: dict[tuple[str, date, str], Reservation] = {}
        self._waiting: list[Reservation] = []
        self._changed: dict[tuple[str, date, str], Reservation] = {}

    def of(self, account_no: str) -> list[Reservation]:
        """An account's reservations, oldest first."""
        return [r for r in self._kept.values() if r.account_no == account_no]

    def accept(self, account: Account, new: NewOrder, now: datetime) -> Reservation:
        """Take one. Neither money nor shares are looked at (section 4.3). Raises Refused."""
        if self._limited and not window_open(now):
            raise Refused("reservations_closed")
        self._exchange.check(account, new)
        received = now.astimezone(SEOUL).date()
        count = sum(r.received_on == received for r in self.of(account.account_no))
        found = Reservation(
            number=f"{FIRST_NUMBER + count + 1:010d}",
            received_on=received,
            account_no=account.account_no,
            symbol=new.symbol,
            exchange=new.exchange,
            side=new.side,
            quantity=new.quantity,
            price=new.price,
            division=new.division,
            received_at=now,
            due=next_open(self._exchange.calendar, now),
        )
        self._keep(found)
        return found

    def cancel(self, account: Account, received: date, number: str) -> Reservation:
        """Take one back that has not been sent yet. Raises Refused."""
        wanted = number.strip().zfill(10)
        found = self._kept.get((account.account_no, received, wanted))
        if found is None:
            raise Refused("no_original")
        if found.status != "waiting":
            raise Refused("nothing_left")
        found.status = "cancelled"
        self._keep(found)
        return found

    def due(self, now: datetime) -> list[Reservation]:
        """Those whose opening has come, oldest first. Cheap when there are none."""
        return [r for r in self._waiting if r.due <= now]

    def late(self, reservation: Reservation, now: datetime) -> bool:
        """Whether its day is over: the broker was away, and it must not be sent on another day."""
        day = self._exchange.calendar.day(us_date(reservation.due))
        return not any(s.covers(now) for s in day.sessions)

    def sent(self, reservation: Reservation, order: Order, now: datetime) -> None:
        """It is an order now."""
        reservation.status, reservation.sent_at = "sent", now
        reservation.order_number, reservation.order_date = order.number, order.date
        self._keep(reservation)

    def failed(self, reservation: Reservation, reason: str, now: datetime) -> None:
        """It was not sent; `reason` is a text for the customer."""
        reservation.status, reservation.sent_at, reservation.reason = "failed", now, reason
        self._keep(reservation)

    def _keep(self, reservation: Reservation) -> None:
        key = (reservation.account_no, reservation.received_on, reservation.number)
        self._kept[key] = self._changed[key] = reservation
        self._waiting = [r for r in self._waiting if r is not reservation]
        if reservation.status == "waiting":
            self._waiting.append(reservation)

    # The book

    def take_changes(self) -> dict[str, list[Row]]:
        """Rows of the table reservations that changed since the last call."""
        changed, self._changed = self._changed, {}
        return {"reservations": [row_of(r) for r in changed.values()]} if changed else {}

    def restore(self, rows: Iterable[Row]) -> None:
        """Know again what `take_changes` told. Raises KeyError, TypeError, ValueError."""
        for row in rows:
            self._keep(reservation_of(row))
        self._changed = {}


TEXTS = (
    "number",
    "account_no",
    "symbol",
    "exchange",
    "side",
    "quantity",
    "division",
    "status",
    "order_number",
    "reason",
)


def row_of(found: Reservation) -> Row:
    """As the book's file keeps it."""
    return {
        **{name: getattr(found, name) for name in TEXTS},
        "date": found.received_on.isoformat(),
        "price": str(found.price),
        "received_at": found.received_at.isoformat(),
        "due": found.due.isoformat(),
        "sent_at": found.sent_at.isoformat() if found.sent_at else None,
        "order_date": found.order_date.isoformat() if found.order_date else None,
    }


def reservation_of(row: Row) -> Reservation:
    """Raises KeyError, TypeError, ValueError."""
    return Reservation(
        **{name: row[name] for name in TEXTS},
        received_on=date.fromisoformat(row["date"]),
        price=_price(row["price"]),
        received_at=datetime.fromisoformat(row["received_at"]),
        due=datetime.fromisoformat(row["due"]),
        sent_at=datetime.fromisoformat(row["sent_at"]) if row["sent_at"] else None,
        order_date=date.fromisoformat(row["order_date"]) if row["order_date"] else None,
    )


def _price(text: str) -> Decimal:
    try:
        return Decimal(text)
    except ArithmeticError as e:
        raise ValueError(f"{text!r} is not an amount") from e


def text_of(refused: Refused, environment: str) -> str:
    """Why a reservation could not be sent, as `nprc_rson_text` says it."""
    return codes.REFUSALS[refused.reason][environment][2]


def late_text(environment: str) -> str:
    """The same for one whose day is over."""
    return codes.REFUSALS["after_close"][environment][2]
