"""What one reading of the broker's order list does to our orders. Synchronous; each order in its own transaction."""

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from uuid import UUID

from django.conf import settings
from django.db import DataError, IntegrityError, transaction
from django.db.models import Q, QuerySet

from accounts.models import BrokerageAccount
from instruments.selectors import session_spans
from market.errors import Text
from market.orders import ExecutionRow, Listing
from market.sessions import NEW_YORK
from market.words import Freshness, Side
from orders.adopting import LEFT_BEHIND, is_anothers, is_row_of
from orders.booking import apply_reading
from orders.claiming import claim
from orders.domain import OPEN, Event, State
from orders.evidence import keep_look, neighbours
from orders.models import LATE_FILLS, ForeignOrder, Order, Outcome, Request, RequestKind
from orders.moves import call_person, move
from orders.numbers import claimed_numbers, keep_numbers, redate
from orders.others import note_foreign
from orders.readings import read_order, root_of, shows_amend
from orders.settlement import (
    Finding,
    Number,
    Settlement,
    UnknownOrder,
    Window,
    answer_may_come,
    same_order_on_another_date,
    settle,
)
from orders.submit import PREPARE_WITHIN_SEC, broker_moment

NEVER_SENT = Text("보내기 전에 프로그램이 끝났습니다.", "the program ended before it was sent.")
READABLE = frozenset({Freshness.FRESH, Freshness.EMPTY, Freshness.PARTIAL, Freshness.STALE})
LAST_WORD = frozenset({Freshness.FRESH, Freshness.EMPTY})
OPEN_WORDS = sorted(s.value for s in OPEN)
# Ended, and yet a fill may come to light until the complete list of their day was read after that day's end.
LATE = Q(day_read_at=None, status__in=LATE_FILLS) & (~Q(broker_order_id="") | Q(status=State.NOT_SEEN))


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
    """US dates from the oldest order that is open or may yet show a fill, today at the latest, to tomorrow.

    (safety.md 1.10)
    """
    today = now.astimezone(NEW_YORK).date()
    dated = Order.objects.filter(account_id=account_id).exclude(us_order_date=None).order_by("us_order_date")
    days = dated.values_list("us_order_date", flat=True)
    oldest = [days.filter(status__in=OPEN_WORDS).first(), days.filter(LATE).first()]
    return min([today, *(day for day in oldest if day is not None)]), today + timedelta(days=1)


def apply_listing(
    account: BrokerageAccount,
    listing: Listing[ExecutionRow],
    now: datetime,
    *,
    dates: tuple[date, date] | None = None,
) -> TrackReport:
    """Book fills, move orders, settle unknown ones, note the orders of others.

    `dates`: the US dates that the list was asked for, both included; those of `dates_to_read` when not given.
    """
    report = TrackReport(read_at=listing.read_at)
    if listing.freshness not in READABLE:
        return report
    report.readable = True
    report.complete = listing.complete and listing.freshness in LAST_WORD
    look = _Look(account, listing, report, now, dates or dates_to_read(account.pk, now))
    look.give_up_waiting()
    look.read_known()
    look.settle_unknown()
    look.note_others()
    look.end_doubts()
    report.unsettled = Order.objects.filter(account=account, status=State.UNKNOWN).count()
    return report


class _Look:
    """One pass over one reading."""

    def __init__(
        self,
        account: BrokerageAccount,
        listing: Listing[ExecutionRow],
        report: TrackReport,
        now: datetime,
        asked: tuple[date, date],
    ) -> None:
        self.account, self.listing, self.report, self.now, self.asked = account, listing, report, now, asked
        self.rows, self.read_at = listing.rows, listing.read_at
        self.by_number = {(r.order_date, r.broker_order_id): r for r in self.rows}
        self.requests = [r for r in self.rows if r.original_id]  # amends and cancels: the only rows about another
        self.days: dict[date, datetime] = {}

    def give_up_waiting(self) -> None:
        """A request whose answer cannot come any more has an unknown outcome (its process was killed)."""
        since = self.now - answer_within()
        for order in self._orders(status=State.SUBMITTING, placed_at__lte=since):
            mark_lost(order, self.now)
        # recorded by a process that had lost its lease without knowing, after its successor had recovered: nobody
        # carries it any more, and its rule could not act on this side until the next start
        since -= timedelta(seconds=PREPARE_WITHIN_SEC)
        for order in self._orders(status=State.INTENT, created_at__lte=since):
            with transaction.atomic(durable=True):
                move(order, LEFT_BEHIND[State.INTENT], at=self.now, why=NEVER_SENT)

    def read_known(self) -> None:
        """Every order that has a number and whose day is in the list, ended ones too: late evidence counts."""
        first, last = self._dates()
        orders = self._orders(us_order_date__range=(first, last)).exclude(broker_order_id="")
        for order in orders.prefetch_related("requests"):
            self._read_one(order)

    def settle_unknown(self) -> None:
        """Orders without a number, those that silence has ended too: a row is better evidence (safety.md 1.2)."""
        first, last = self._dates()
        orders = self._orders(status__in=[State.UNKNOWN, State.NOT_SEEN], broker_order_id="")
        orders = orders.filter(Q(status=State.UNKNOWN) | Q(us_order_date__range=(first, last)))
        found = list(orders.order_by("placed_at", "created_at").prefetch_related("requests"))
        if not found:
            return
        coming = self._answers_may_come()
        claimed = claimed_numbers(self.account.pk, self._dates()) | self._declared()
        for order in found:
            number = self._settle_one(order, claimed, coming)
            if number is not None:
                claimed.add(number)

    def note_others(self) -> None:
        """Rows that belong to nobody here. One that may still turn out to be ours is left for later."""
        # in this order: an order that gets its number between the two questions is in the answer to both
        nameless = Q(status__in=[State.SUBMITTING, State.UNKNOWN]) | Q(status=State.NOT_SEEN, day_read_at=None)
        waiting = {(o.symbol, o.side, o.qty) for o in self._orders().filter(nameless)}
        ours = claimed_numbers(self.account.pk, self._dates())
        known = list(ForeignOrder.objects.filter(account=self.account, us_order_date__range=self._dates()))
        filled = {(f.us_order_date, f.broker_order_id): f.filled_qty for f in known}
        declared = {(f.us_order_date, f.broker_order_id) for f in known if f.declared}
        for row in self.rows:
            number = (row.order_date, row.broker_order_id)
            if filled.get(number, -1) >= row.filled_quantity:
                continue
            may_be_ours = set() if number in declared else waiting
            if is_anothers(row, ours=ours, waiting=may_be_ours, root=root_of(row, self.rows)):
                self._note_one(row)

    def end_doubts(self) -> None:
        """The complete list of their day was read after it: nothing of these orders can come any more."""
        ended = [order.pk for order in self._orders().filter(LATE) if self._list_is_final(order)]
        if ended:
            Order.objects.filter(LATE, pk__in=ended).update(day_read_at=self.now)

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
            keep_numbers(order, reading.numbers, row.order_date, self.now)
        complete = self.report.complete and self._was_asked(order)
        applied = apply_reading(order, reading, complete=complete, at=self.now, read_at=self.read_at)
        if order.broker_order_id == reading.broker_order_id:  # until it is what was asked for, both are reserved
            self._amend_seen(order, reading.numbers)
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
            return self._dated_otherwise(order, number)
        amended = any(r.kind == RequestKind.AMEND for r in order.requests.all())
        same = is_row_of(row, order, amended=amended)
        if same or order.needs_person:
            return row if same else None
        why = Text(
            f"주문번호 {number}의 증권사 내역이 다른 주문을 가리킵니다({row.symbol} {row.quantity}주).",
            f"Order number {number} is another order at the broker ({row.quantity} {row.symbol}).",
        )
        self._call_person(order, why)
        return None

    def _dated_otherwise(self, order: Order, number: str) -> ExecutionRow | None:
        """The row of an order that the broker dates by its trading day, and we by New York's calendar."""
        row = self.by_number.get((order.trading_day, number))
        if row is None or order.trading_day == order.us_order_date or order.status not in OPEN:
            return None
        if not same_order_on_another_date(row, _wanted(order), self._window(order, coming=False)):
            return None
        return row if redate(order, row.order_date, self.now) else None

    def _amend_seen(self, order: Order, numbers: tuple[str, ...]) -> None:
        """The list shows the amend that was under way: what it asked for is reserved no longer beside the order."""
        if order.amend_qty is None or not shows_amend(self.requests, numbers, order.amend_qty, order.amend_price):
            return
        filled = order.filled_qty > 0
        pending = order.status == State.PENDING_AMEND
        with transaction.atomic(durable=True):
            if pending:
                event = Event.REQUEST_ENDED_FILLED if filled else Event.REQUEST_ENDED
                move(order, event, at=self.now, amend_qty=None, amend_price=None)
            else:
                same = Order.objects.filter(pk=order.pk, amend_qty=order.amend_qty)
                same.update(amend_qty=None, amend_price=None)
                order.amend_qty = order.amend_price = None

    def _never_seen(self, order: Order) -> None:
        with transaction.atomic(durable=True):
            requests = order.requests.filter(outcome__in=[Outcome.UNKNOWN, Outcome.PENDING])
            if move(order, Event.NEVER_SEEN, at=self.now, day_read_at=self.now):
                requests.update(outcome=Outcome.UNKNOWN, answered_at=self.now)
                self.report.moved += 1

    def _settle_one(self, order: Order, claimed: set[Number], coming: set[UnknownOrder]) -> Number | None:
        window = self._window(order, coming=_wanted(order) in coming)
        found = settle(_wanted(order), self.rows, claimed, window)
        looks = self._keep_look(order, found)
        match found.finding:
            case Finding.CLAIM if found.row is not None:
                return self._claim(order, found.row)
            case Finding.AMBIGUOUS:
                self._ambiguous(order, len(found.candidates), looks)
            case Finding.NOT_SEEN if order.day_read_at is None:
                self._never_seen(order)
        return None

    def _keep_look(self, order: Order, found: Settlement) -> int:
        if order.day_read_at is not None and found.row is None:
            return 0  # its end stands: there is nothing to decide
        return keep_look(
            order,
            finding=found.finding,
            candidates=neighbours(order, self.rows, found.candidates),
            freshness=self.listing.freshness,
            complete=self.listing.complete,
            read_at=self.read_at,
            at=self.now,
        )

    def _claim(self, order: Order, row: ExecutionRow) -> Number | None:
        claimed = claim(order, row.order_date, row.broker_order_id, self.now)
        if not claimed:
            return None  # the number was taken meanwhile; the next look decides anew
        self.report.claimed += 1
        self._read_one(order)
        return row.order_date, row.broker_order_id

    def _ambiguous(self, order: Order, candidates: int, looks: int) -> None:
        self.report.ambiguous += 1
        if order.needs_person or looks < settings.ORDER_AMBIGUOUS_LOOKS:
            return
        why = Text(
            f"결과를 모르는 {order.symbol} 주문과 같은 것이 증권사에 {candidates}건 있습니다. 확인하세요.",
            f"The outcome of an order of {order.symbol} is unknown and the broker has {candidates} like it. "
            "Say which one it is.",
        )
        self._call_person(order, why)

    def _call_person(self, order: Order, why: Text) -> None:
        with transaction.atomic(durable=True):
            Order.objects.filter(pk=order.pk).update(needs_person=True)
            order.needs_person = True
            call_person(self.account, why, at=self.now, order_id=str(order.pk))

    def _note_one(self, row: ExecutionRow) -> None:
        try:
            self.report.foreign += note_foreign(self.account, row, self.now)
        except (IntegrityError, DataError):  # a row that no table of ours can hold must not stop the look
            why = Text(
                f"주문번호 {row.broker_order_id}의 내역을 저장할 수 없습니다. 증권사 주문 내역을 확인하세요.",
                f"The row of order number {row.broker_order_id} cannot be kept. Look at the broker's order list.",
            )
            with transaction.atomic(durable=True):
                call_person(self.account, why, at=self.now, broker_order_id=row.broker_order_id)

    # days

    def _orders(self, **conditions: object) -> QuerySet[Order]:
        return Order.objects.filter(account=self.account, **conditions).select_related("account")

    def _declared(self) -> set[Number]:
        """Numbers of which a person said that they are none of ours."""
        rows = ForeignOrder.objects.filter(account=self.account, declared=True, order=None)
        return set(rows.values_list("us_order_date", "broker_order_id"))

    def _answers_may_come(self) -> set[UnknownOrder]:
        """What is asked for by requests whose own answer is not yet out of the question; it outranks any row."""
        waiting = self._orders(status__in=[State.SUBMITTING, State.UNKNOWN, State.NOT_SEEN])
        young = waiting.filter(placed_at__gt=self.now - answer_within()).prefetch_related("requests")
        return {_wanted(order) for order in young if self._may_be_answered(order)}

    def _may_be_answered(self, order: Order) -> bool:
        sent = [r for r in order.requests.all() if r.kind == RequestKind.NEW]
        within = answer_within()
        return any(answer_may_come(r.committed_at, r.answered_at, self.now, within=within) for r in sent)

    def _window(self, order: Order, *, coming: bool) -> Window:
        return Window(
            committed_at=order.placed_at or order.created_at,
            ends_at=self._day_end(order),
            skew=measured_skew(self.account.pk),
            list_is_final=self._list_is_final(order),
            answer_may_come=coming,
        )

    def _dates(self) -> tuple[date, date]:
        first, last = dates_to_read(self.account.pk, self.now)
        listed = [r.order_date for r in self.rows]
        return min([first, *listed]), max([last, *listed])

    def _day_end(self, order: Order) -> datetime:
        if order.trading_day not in self.days:
            self.days[order.trading_day] = day_end(order.trading_day, self.now)
        return self.days[order.trading_day]

    def _was_asked(self, order: Order) -> bool:
        """Whether the list was asked for the order's own date, by either way of dating it."""
        first, last = self.asked
        days = {order.us_order_date or order.trading_day, order.trading_day}
        return all(first <= day <= last for day in days)

    def _list_is_final(self, order: Order) -> bool:
        settled = self._day_end(order) + timedelta(seconds=settings.ORDER_LIST_SETTLES_SEC)
        return self.report.complete and self._was_asked(order) and self.read_at >= settled


def _wanted(order: Order) -> UnknownOrder:
    return UnknownOrder(order.symbol, Side(order.side), order.qty, order.price)


def answer_within() -> timedelta:
    """How long after the commit before its write the answer to a request may come at most."""
    return timedelta(seconds=settings.ORDER_ANSWER_WITHIN_SEC + settings.BOT_SEND_WITHIN_SEC)


def day_end(day: date, now: datetime) -> datetime:
    """When a trading day ends: its last session, or New York's midnight where the table ends."""
    ends = [s.end for s in session_spans(now) if s.trading_day == day]
    return max(ends, default=datetime.combine(day + timedelta(days=1), time(), NEW_YORK))


def measured_skew(account_id: UUID) -> timedelta:
    """How far the broker's clock is from ours, by the newest answer that told its time; never below the setting."""
    least = timedelta(seconds=settings.ORDER_CLOCK_SKEW_SEC)
    rows = Request.objects.filter(order__account_id=account_id, outcome=Outcome.ACCEPTED, raw__has_key="broker_time")
    raw = rows.order_by("-committed_at").values_list("raw", flat=True).first()
    if not raw:
        return least
    received = datetime.fromisoformat(raw["received_at"])
    told = broker_moment(received, raw["broker_time"])
    return least + (abs(told - received) if told else timedelta(0))


def mark_lost(order: Order, now: datetime) -> bool:
    """submitting → unknown: whether the request arrived is not known, and it is never sent again."""
    with transaction.atomic(durable=True):
        order.requests.filter(outcome=Outcome.PENDING).update(outcome=Outcome.UNKNOWN)
        return move(order, Event.LOST, at=now)
