"""From the journal to people's channels: looked through by number, claimed, sent, recorded.

A row per channel and event is made together with the channel's place in the journal, so no event is missed and none
made twice. Who sends holds a claim in database time, so no two processes send one event. A process that dies while
sending leaves its claim to run out and the event is sent again: hearing twice is better than not at all, and that is
the only way to hear twice.
"""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q
from django.db.models.functions import Now

from accounts.sealed import opened
from logs import selectors
from logs.models import Channel, Delivery, DeliveryStatus, ExecutionLog, Level
from logs.notifications.addresses import Address, BadAddress, read
from logs.notifications.events import USUAL, event_of
from logs.notifications.sending import send
from logs.notifications.text import Message, Told, message_of
from market.errors import Text
from market.sessions import SEOUL
from sealing import SealingError

PAGES = 20  # of the journal that one turn looks through for one channel
MOST_AT_ONCE = 50  # events in one message
CLAIM = timedelta(seconds=60)  # longer than a send may take
ATTEMPTS = 8  # with the pauses below: about three hours
PAUSES = [timedelta(seconds=s) for s in (10, 30, 120, 600, 1800, 3600)]
SENDERS = 4  # at once: a channel that does not answer holds up no other
WAITING = [DeliveryStatus.PENDING, DeliveryStatus.SENDING]

DOES_NOT_OPEN = Text(
    "이 채널의 주소를 열 수 없습니다. 주소를 다시 입력하세요.", "This channel's address does not open. Enter it again."
)


@dataclass(frozen=True, slots=True)
class Job:
    """What one channel is sent now; `claim` is proof that it is ours to send."""

    channel_id: UUID
    claim: datetime
    deliveries: tuple[int, ...]
    address: Address | None
    message: Message
    events: tuple[Told, ...]
    trouble: Text | None = None


def deliver(now: datetime) -> int:
    """One turn: look through what is new, send what is due; how many events were delivered."""
    for channel_id in Channel.objects.filter(enabled=True, user__is_active=True).values_list("pk", flat=True):
        look_through(channel_id, now)
    jobs = [job for channel_id in _due(now) if (job := claim(channel_id, now)) is not None]
    if not jobs:
        return 0
    with ThreadPoolExecutor(min(SENDERS, len(jobs))) as senders:
        outcomes = list(senders.map(_try, jobs))
    return sum(record_outcome(job, trouble, now) for job, trouble in zip(jobs, outcomes, strict=True))


def look_through(channel_id: UUID, now: datetime) -> int:
    """Make a delivery of every new event that is for this channel; how many."""
    with transaction.atomic():
        rows = Channel.objects.select_for_update(skip_locked=True, of=("self",)).select_related("user")
        channel = rows.filter(pk=channel_id, enabled=True).first()
        if channel is None:
            return 0  # somebody else is looking, or it was just switched off
        made = 0
        for _ in range(PAGES):
            newest = selectors.newest_seq()
            found = _new_rows(channel)
            made += _make(channel, found, now)
            full = len(found) == selectors.PAGE
            channel.after_seq = found[-1].seq if full else max(channel.after_seq, newest)
            if not full:
                break
        Channel.objects.filter(pk=channel.pk).update(after_seq=channel.after_seq)
    return made


def claim(channel_id: UUID, now: datetime) -> Job | None:
    """Take what is due for the channel, so that nobody else sends it; None when nothing is or somebody has it."""
    with transaction.atomic():
        rows = Channel.objects.select_for_update(skip_locked=True, of=("self",)).select_related("user")
        free = rows.filter(Q(claimed_until__isnull=True) | Q(claimed_until__lt=Now()), pk=channel_id, enabled=True)
        channel = free.first()
        if channel is None:
            return None
        due = Delivery.objects.filter(channel=channel, status__in=WAITING)
        if is_quiet(channel.quiet_from, channel.quiet_to, now):
            due = due.filter(level=Level.ERROR)
        taken = list(due.order_by("seq")[:MOST_AT_ONCE])
        if not taken:
            return None
        Delivery.objects.filter(pk__in=[d.pk for d in taken]).update(
            status=DeliveryStatus.SENDING, attempts=F("attempts") + 1
        )
        Channel.objects.filter(pk=channel.pk).update(claimed_until=Now() + CLAIM)
        channel.refresh_from_db(fields=["claimed_until"])
        return _job(channel, taken)


def record_outcome(job: Job, trouble: Text | None, now: datetime) -> int:
    """What became of it; events delivered. Nothing, when the claim ran out and somebody else has it."""
    with transaction.atomic():
        ours = Channel.objects.select_for_update().filter(pk=job.channel_id, claimed_until=job.claim).first()
        if ours is None:
            return 0
        deliveries = Delivery.objects.filter(pk__in=job.deliveries, status=DeliveryStatus.SENDING)
        changes: dict[str, Any] = {"claimed_until": None}
        if trouble is None:
            sent = deliveries.update(status=DeliveryStatus.SENT, done_at=now)
            changes |= {"failures": 0, "trouble": None, "retry_at": None, "last_sent_at": now}
        else:
            sent = 0
            deliveries.filter(attempts__gte=ATTEMPTS).update(status=DeliveryStatus.FAILED, done_at=now)
            deliveries.update(status=DeliveryStatus.PENDING)
            pause = PAUSES[min(ours.failures, len(PAUSES) - 1)]
            said = {**trouble.as_dict(), "at": now.isoformat().replace("+00:00", "Z")}
            changes |= {"failures": ours.failures + 1, "trouble": said, "retry_at": now + pause}
        Channel.objects.filter(pk=ours.pk).update(**changes)
    return sent


def is_quiet(start: time | None, end: time | None, now: datetime) -> bool:
    """Quiet hours on the clock of Seoul, over midnight too; both the same: never."""
    if start is None or end is None or start == end:
        return False
    clock = now.astimezone(SEOUL).time()
    return start <= clock < end if start < end else clock >= start or clock < end


def told_of(row: ExecutionLog, event: str) -> Told:
    account = row.account
    return Told(
        row.seq or 0,
        event,
        row.level,
        Text(row.message, row.message_en),
        row.created_at,
        None if account is None else account.nickname,
        None if account is None else str(account.environment),
    )


def _due(now: datetime) -> list[UUID]:
    waiting = Delivery.objects.filter(status__in=WAITING, channel__enabled=True, channel__user__is_active=True)
    ready = waiting.filter(Q(channel__retry_at__isnull=True) | Q(channel__retry_at__lte=now))
    return list(ready.order_by().values_list("channel", flat=True).distinct())


def _new_rows(channel: Channel) -> list[ExecutionLog]:
    """What is new of what the person may read now, within what they asked for."""
    scope = selectors.scope_of(channel.user)
    wanted = set(channel.accounts.values_list("pk", flat=True))
    mine = scope.accounts & wanted if wanted else scope.accounts
    house = scope.house and not wanted
    return selectors.after(channel.after_seq, account_ids=mine, house=house, level=channel.level)


def _make(channel: Channel, rows: Iterable[ExecutionLog], now: datetime) -> int:
    asked = frozenset(channel.events) or USUAL
    found = [(row, event) for row in rows if (event := event_of(row.kind, row.level, row.ctx)) in asked]
    deliveries = [
        Delivery(channel=channel, seq=row.seq, event=event, level=row.level, created_at=now) for row, event in found
    ]
    return len(Delivery.objects.bulk_create(deliveries, ignore_conflicts=True))


def _job(channel: Channel, taken: list[Delivery]) -> Job:
    events = {d.seq: d.event for d in taken}
    rows = ExecutionLog.objects.filter(seq__in=events).select_related("account").order_by("seq")
    told = tuple(told_of(row, events[row.seq]) for row in rows)
    address, trouble = None, None
    try:
        address = read(channel.kind, opened(channel, "url"), settings.NOTIFY_PRIVATE_HOSTS)
    except SealingError:
        trouble = DOES_NOT_OPEN
    except BadAddress as bad:
        trouble = bad.text
    message = message_of(told, channel.user.language) if told else Message("", "")
    ids = tuple(d.pk for d in taken)
    return Job(channel.pk, channel.claimed_until, ids, address, message, told, trouble)


def _try(job: Job) -> Text | None:
    """In a thread, without the database. Rows that retention has deleted meanwhile leave nothing to say."""
    if job.address is None or not job.events:
        return job.trouble
    return send(job.address, job.message, job.events)
