"""What changes channels."""

from collections.abc import Collection
from datetime import datetime, time
from typing import Any

from django.conf import settings
from django.db import transaction

from accounts.models import BrokerageAccount, User
from accounts.sealed import opened, seal
from api.problems import ApiError
from logs.models import Channel, ChannelKind, Delivery, DeliveryStatus, Level
from logs.notifications.addresses import Address, BadAddress, Webhook, public_address, read
from logs.notifications.events import EVENTS
from logs.notifications.sending import NO_ANSWER, send
from logs.notifications.text import test_message
from logs.selectors import newest_seq
from market.errors import Text
from sealing import SealingError

MOST_CHANNELS = 20


class AddressRefused(ApiError):
    """The address is no such address, or lies in a private network."""

    def __init__(self, text: Text) -> None:
        super().__init__("bad_address", text, 400, {"url": [text]})


class TooManyChannels(ApiError):
    def __init__(self) -> None:
        text = Text(
            f"채널은 {MOST_CHANNELS}개까지입니다. 쓰지 않는 채널을 지우세요.",
            f"A person has at most {MOST_CHANNELS} channels. Delete one that is not used.",
        )
        super().__init__("too_many_channels", text, 409)


class NotDelivered(ApiError):
    def __init__(self, text: Text) -> None:
        super().__init__("not_delivered", text, 424)


def create_channel(
    *,
    user: User,
    kind: ChannelKind | str,
    url: str,
    name: str = "",
    accounts: Collection[BrokerageAccount] = (),
    events: Collection[str] = (),
    level: Level | str = Level.INFO,
    quiet_from: time | None = None,
    quiet_to: time | None = None,
    enabled: bool = True,
) -> Channel:
    """A channel that is told of what happens from now on. Raises AddressRefused, TooManyChannels."""
    address = _checked(kind, url)
    if Channel.objects.filter(user=user).count() >= MOST_CHANNELS:
        raise TooManyChannels
    with transaction.atomic():
        channel = Channel(
            user=user, kind=ChannelKind(kind), name=name, shown=address.shown, events=_known(events),
            level=Level(level), quiet_from=quiet_from, quiet_to=quiet_to, enabled=enabled, after_seq=newest_seq(),
        )  # fmt: skip
        channel.url = seal(channel.pk, "url", url.strip(), Channel)
        channel.save()
        channel.accounts.set(accounts)
    return channel


def update_channel(*, channel: Channel, **fields: Any) -> Channel:
    """Change what is named. Another address, or switching it on again, begins anew: nothing old is sent."""
    with transaction.atomic():
        channel = Channel.objects.select_for_update().get(pk=channel.pk)
        url = fields.pop("url", None)
        if "accounts" in fields:
            channel.accounts.set(fields.pop("accounts"))
        anew = url is not None or (fields.get("enabled") and not channel.enabled)
        if "events" in fields:
            fields["events"] = _known(fields["events"])
        for name, value in fields.items():
            setattr(channel, name, value)
        if url is not None:
            channel.shown = _checked(channel.kind, url).shown
            channel.url = seal(channel.pk, "url", url.strip(), Channel)
        if anew:
            _begin_anew(channel)
        channel.save()
    return channel


def delete_channel(*, channel: Channel) -> None:
    channel.delete()


def test_channel(*, channel: Channel, now: datetime) -> None:
    """Send one message now. Raises NotDelivered with the reason, which the channel shows too."""
    try:
        address = read(channel.kind, opened(channel, "url"), settings.NOTIFY_PRIVATE_HOSTS)
    except (SealingError, BadAddress) as bad:
        trouble: Text | None = bad.text if isinstance(bad, BadAddress) else NO_ANSWER
    else:
        trouble = send(address, test_message(channel.user.language))
    if trouble is None:
        Channel.objects.filter(pk=channel.pk).update(failures=0, trouble=None, retry_at=None, last_sent_at=now)
        return
    said = {**trouble.as_dict(), "at": now.isoformat().replace("+00:00", "Z")}
    Channel.objects.filter(pk=channel.pk).update(trouble=said)
    raise NotDelivered(trouble)


def _checked(kind: ChannelKind | str, url: str) -> Address:
    """The address in its parts, if it may be used."""
    try:
        address = read(kind, url, settings.NOTIFY_PRIVATE_HOSTS)
        if isinstance(address, Webhook):
            public_address(address.host, address.port, settings.NOTIFY_PRIVATE_HOSTS)
    except BadAddress as bad:
        raise AddressRefused(bad.text) from None
    return address


def _known(events: Collection[str]) -> list[str]:
    return sorted(set(events) & set(EVENTS))


def _begin_anew(channel: Channel) -> None:
    channel.after_seq, channel.failures = newest_seq(), 0
    channel.trouble = channel.retry_at = None
    Delivery.objects.filter(channel=channel, status=DeliveryStatus.PENDING).update(status=DeliveryStatus.FAILED)
