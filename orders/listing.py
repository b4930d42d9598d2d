"""What one reading of the broker's order list does to our orders. Synchronous; each order in its own transaction."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction

from accounts.models import BrokerageAccount
from instruments.selectors import session_spans
from logs.services import record
from market import points
from market.errors import Text
from market.orders import ExecutionRow, Listing
from market.sessions import NEW_YORK
from market.words import Freshness, Side
from orders.adopting import is_anothers, is_row_of
from orders.booking import apply_reading
from orders.domain import OPEN, Event, State
from orders.models import ForeignOrder, Order, Outcome, Request, RequestKind
from orders.moves import call_person, move
from orders.readings import is_original, is_ours, read_order
from orders.settlement import Finding, Number, UnknownOrder, Window, settle
from orders.submit import broker_moment

READABLE = frozenset({Freshness.FRESH, Freshness.EMPTY, Freshness.PARTIAL, Freshness.STALE})
LAST_WORD = frozenset({Freshness.FRESH, Freshness.EMPTY})
# After the last session the list may lag by minutes (kis-protocol 4.11): only then is it the whole truth of a day.
LIST_SETTLES = timedelta(minutes=15)
CLOCK_SKEW = timedelta(seconds=5)
# An answer cannot come any more: the write has a deadline, the answer a timeout, both far shorter.
ANSWER_WITHIN = timedelta(seconds=60)


@dataclass(slots=True)
class TrackReport:
    """What a look at the broker's list brought. `readable` False: it could not be read, nothing was concluded."""

    readable: bool = False
    complete: bool = False
    fills: int = 0
    moved: int = 0
    claimed: int = 0
    ambiguous: int = 0
    unsettled: int = 0
    foreign: int = 0
    read_at: datetime | None = None
    symbols_filled: set[str] = field(default_factory=set)


def dates_to_read(account_id: UUID, now: datetime) -> tuple[date, date]:
    """US dates from the oldest order that is not final, today at the latest, to tomorrow (safety.md 1.10)."""
    today = now.astimezone(NEW_YORK).date()
    open_orders = Order.objects.filter(account_id=account_id, status__in=[s.value for s in OPEN])
    oldest = open_orders.exclude(us_order_date=None).order_by("us_order_date").values_list("us_order_date", flat=True)
    return min(oldest.first() or today, today), today + timedelta(days=1)


def apply_listing(account: BrokerageAccount, listing: Listing[ExecutionRow], now: datetime) -> TrackReport:
    """Book fills, move orders, settle unknown ones, note the orders of others."""
    report = TrackReport(read_at=listing.read_at)
    if listing.freshness not in READABLE:
        return report
    report.readable = True
    report.complete = listing.complete and listing.freshness in LAST_WORD
    look = _Look(account, listing.rows, report, listing.read_at, now)
    look.give_up_waiting()
    look.read_known()
    look.settle_unknown()
    look.note_others()
    report.unsettled = Order.objects.filter(account=account, status=State.UNKNOWN).count()
    return report


class _Look:
    """One pass over one reading."""

    def __init__(
        self,
        account: BrokerageAccount,
        rows: Sequence[ExecutionRow],
        report: TrackReport,
        read_at: datetime,
        now: datetime,
    ) -> None:
        self.account, self.rows, self.report, self.read_at, self.now = account, rows, report, read_at, now
        self.by_number = {(r.order_date, r.broker_order_id): r for r in rows}
        self.requests = [r for r in rows if r.original_id]  # amends and cancels: the only rows about another
        self.days: dict[date, datetime] = {}

    def give_up_waiting(self) -> None:
        """A request whose answer cannot come any more has an unknown outcome (its process was killed)."""
        since = self.now - ANSWER_WITHIN - timedelta(seconds=settings.BOT_SEND_WITHIN_SEC)
        for order in self._orders(status=State.SUBMITTING, placed_at__lt=since):
            mark_lost(order, self.now)

    def read_known(self) -> None:
        """Every order that has a number and whose day is in the list, ended ones too: late evidence counts."""
        first, last = self._dates()
        orders = self._orders(us_order_date__range=(first, last)).exclude(broker_order_id="")
        for order in orders.prefetch_related("requests"):
            self._read_one(order)

    def settle_unknown(self) -> None:
        orders = list(self._orders(status=State.UNKNOWN, broker_order_id="").order_by("placed_at", "created_at"))
        if not orders:
            return
        claimed = claimed_numbers(self.account.pk, self._dates())
        skew = measured_skew(self.account.pk)
        for order in orders:
            number = self._settle_one(order, claimed, skew)
            if number is not None:
                claimed.add(number)

    def note_others(self) -> None:
        """Rows that belong to nobody here. One that may still turn out to be ours is left for later."""
        ours = claimed_numbers(self.account.pk, self._dates())
        continued = {(r.order_date, r.original_id) for r in self.requests}
        known = ForeignOrder.objects.filter(account=self.account, us_order_date__range=self._dates())
        filled = {(f.us_order_date, f.broker_order_id): f.filled_qty for f in known}
        waiting = self._orders(status__in=[State.SUBMITTING, State.UNKNOWN])
        parked = {(o.symbol, o.side, o.qty) for o in waiting}
        for row in self.rows:
            number = (row.order_date, row.broker_order_id)
            known = filled.get(number, -1) >= row.filled_quantity
            if not known and is_anothers(row, ours=ours, continued=continued, waiting=parked):
                self._note_one(row)

    # one order

    def _read_one(self, order: Order) -> None:
        row = self._root_row(order)
        final = self._list_is_final(order)
        if row is None:
            if final and order.status in OPEN:
                self._never_seen(order)
            return
        reading = read_order(row, self.requests, day_over=final)
        if len(reading.numbers) > 1:
            _keep_numbers(order, reading.numbers, row.order_date, self.now)
        applied = apply_reading(order, reading, complete=self.report.complete, at=self.now)
        self.report.moved += applied.moved
        self.report.fills += bool(applied.filled)
        if applied.filled:
            self.report.symbols_filled.add(order.symbol)

    def _root_row(self, order: Order) -> ExecutionRow | None:
        """The row of the order's first number. A row of another symbol, side or quantity is not this order."""
        first = [r for r in order.requests.all() if r.kind == RequestKind.NEW and r.broker_order_id]
        number = first[0].broker_order_id if first else order.broker_order_id
        row = self.by_number.get((order.us_order_date, number))
        if row is None:
            return None
        amended = any(r.kind == RequestKind.AMEND for r in order.requests.all())
        same = is_row_of(row, order, amended=amended)
        if same or order.needs_person:
            return row if same else None
        with transaction.atomic(durable=True):
            Order.objects.filter(pk=order.pk).update(needs_person=True)
            order.needs_person = True
            why = Text(
                f"주문번호 {number}의 증권사 내역이 다른 주문을 가리킵니다({row.symbol} {row.quantity}주).",
                f"Order number {number} is another order at the broker ({row.quantity} {row.symbol}).",
            )
            call_person(self.account, why, at=self.now, order_id=str(order.pk))
        return None

    def _never_seen(self, order: Order) -> None:
        with transaction.atomic(durable=True):
            requests = order.requests.filter(outcome__in=[Outcome.UNKNOWN, Outcome.PENDING])
            if move(order, Event.NEVER_SEEN, at=self.now):
                requests.update(answered_at=self.now)
                self.report.moved += 1

    def _settle_one(self, order: Order, claimed: set[Number], skew: timedelta) -> Number | None:
        window = Window(
            committed_at=order.placed_at or order.created_at,
            ends_at=self._day_end(order),
            skew=skew,
            list_is_final=self._list_is_final(order),
        )
        wanted = UnknownOrder(order.symbol, Side(order.side), order.qty, order.price)
        found = settle(wanted, self.rows, claimed, window)
        match found.finding:
            case Finding.CLAIM if found.row is not None:
                return self._claim(order, found.row)
            case Finding.AMBIGUOUS:
                self._ambiguous(order, len(found.candidates))
            case Finding.NOT_SEEN:
                self._never_seen(order)
        return None

    def _claim(self, order: Order, row: ExecutionRow) -> Number | None:
        try:
            with transaction.atomic(durable=True):
                why = Text(
                    f"주문 내역에서 찾았습니다. 주문번호 {row.broker_order_id}.",
                    f"found in the order list as number {row.broker_order_id}.",
                )
                moved = move(
                    order, Event.ACCEPTED, at=self.now, why=why, broker_order_id=row.broker_order_id,
                    us_order_date=row.order_date, needs_person=False,
                )  # fmt: skip
                if not moved:
                    return None
                newest = order.requests.filter(kind=RequestKind.NEW).order_by("-attempt").first()
                if newest is not None:
                    newest.broker_order_id, newest.us_order_date = row.broker_order_id, row.order_date
                    newest.answered_at = newest.answered_at or self.now
                    newest.save(update_fields=["broker_order_id", "us_order_date", "answered_at"])
                points.at("in_settling")
        except IntegrityError:
            order.refresh_from_db()
            return None  # the number was taken meanwhile; the next look decides anew
        self.report.claimed += 1
        self._read_one(order)
        return row.order_date, row.broker_order_id

    def _ambiguous(self, order: Order, candidates: int) -> None:
        self.report.ambiguous += 1
        if order.needs_person:
            return
        with transaction.atomic(durable=True):
            Order.objects.filter(pk=order.pk).update(needs_person=True)
            order.needs_person = True
            why = Text(
                f"결과를 모르는 {order.symbol} 주문과 같은 것이 증권사에 {candidates}건 있습니다. 확인하세요.",
                f"The outcome of an order of {order.symbol} is unknown and the broker has {candidates} like it. "
                "Say which one it is.",
            )
            call_person(self.account, why, at=self.now, order_id=str(order.pk))

    def _note_one(self, row: ExecutionRow) -> None:
        """An order of somebody else. One through the API channel has no intent that explains it: a person is called."""
        with transaction.atomic(durable=True):
            figures = {"filled_qty": row.filled_quantity, "avg_fill_price": row.avg_fill_price}
            seen, new = ForeignOrder.objects.select_for_update().get_or_create(
                account=self.account,
                us_order_date=row.order_date,
                broker_order_id=row.broker_order_id,
                defaults={
                    "symbol": row.symbol, "side": row.side, "qty": row.quantity, "price": row.limit_price,
                    "channel": row.channel[:40], "seen_at": self.now, **figures,
                },
            )  # fmt: skip
            if not new and row.filled_quantity > seen.filled_qty:
                ForeignOrder.objects.filter(pk=seen.pk).update(**figures, updated_at=self.now)
            if not new:
                return
            self.report.foreign += 1
            text = Text(
                f"밤새가 내지 않은 주문({row.channel}): {row.side} {row.quantity} {row.symbol}, {row.broker_order_id}",
                f"An order that Bamsae did not make: {row.side} {row.quantity} {row.symbol} through {row.channel}, "
                f"number {row.broker_order_id}",
            )
            if is_ours(row) and is_original(row):
                call_person(self.account, text, at=self.now, broker_order_id=row.broker_order_id)
            else:
                record(account=self.account, kind="log", level="info", message=text, at=self.now)

    # days

    def _orders(self, **conditions: object):
        return Order.objects.filter(account=self.account, **conditions).select_related("account")

    def _dates(self) -> tuple[date, date]:
        first, last = dates_to_read(self.account.pk, self.now)
        listed = [r.order_date for r in self.rows]
        return min([first, *listed]), max([last, *listed])

    def _day_end(self, order: Order) -> datetime:
        """When the order's trading day ends: its last session, or New York's midnight where the table ends."""
        day = order.trading_day
        if day not in self.days:
            ends = [s.end for s in session_spans(self.now) if s.trading_day == day]
            midnight = datetime.combine(day + timedelta(days=1), time(), NEW_YORK)
            self.days[day] = max(ends, default=midnight)
        return self.days[day]

    def _list_is_final(self, order: Order) -> bool:
        return self.report.complete and self.read_at >= self._day_end(order) + LIST_SETTLES


def claimed_numbers(account_id: UUID, days: tuple[date, date]) -> set[Number]:
    """Every number that one of our orders or requests has on these US dates, both included."""
    dated = {"us_order_date__range": days}
    of_orders = Order.objects.filter(account_id=account_id, **dated).exclude(broker_order_id="")
    of_requests = Request.objects.filter(order__account_id=account_id, **dated).exclude(broker_order_id="")
    names = ("us_order_date", "broker_order_id")
    return set(of_orders.values_list(*names)) | set(of_requests.values_list(*names))


def measured_skew(account_id: UUID) -> timedelta:
    """How far the broker's clock is from ours, by the newest answer that told its time; never below a few seconds."""
    rows = Request.objects.filter(order__account_id=account_id, outcome=Outcome.ACCEPTED, raw__has_key="broker_time")
    raw = rows.order_by("-committed_at").values_list("raw", flat=True).first()
    if not raw:
        return CLOCK_SKEW
    received = datetime.fromisoformat(raw["received_at"])
    told = broker_moment(received, raw["broker_time"])
    return CLOCK_SKEW + (abs(told - received) if told else timedelta(0))


def mark_lost(order: Order, now: datetime) -> bool:
    """submitting → unknown: whether the request arrived is not known, and it is never sent again."""
    with transaction.atomic(durable=True):
        order.requests.filter(outcome=Outcome.PENDING).update(outcome=Outcome.UNKNOWN)
        return move(order, Event.LOST, at=now)


def _keep_numbers(order: Order, numbers: Sequence[str], day: date, now: datetime) -> None:
    """Numbers that an amend by phone gave to our order (safety.md 1.7)."""
    known = {r.broker_order_id for r in order.requests.all()}
    new = [n for n in numbers if n not in known]
    if not new:
        return
    attempts = order.requests.filter(kind=RequestKind.AMEND).count()
    for i, number in enumerate(new, start=attempts + 1):
        Request.objects.create(
            order=order, kind=RequestKind.AMEND, attempt=i, outcome=Outcome.ACCEPTED, broker_order_id=number,
            us_order_date=day, committed_at=now, answered_at=now,
        )  # fmt: skip
