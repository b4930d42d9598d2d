"""Sending one message to one address, through apprise. No database here: it may take seconds.

The library is loaded only where something is sent. Its plugins are built from parts, follow no redirects and have
their time limits; our own webhook connects to the very address that was checked.
"""

import html
import json
import logging
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings

from logs.notifications.addresses import Address, BadAddress, Discord, Telegram, Webhook, public_address
from logs.notifications.text import Message, Told
from market.errors import Text

log = logging.getLogger("notifications")

NO_ANSWER = Text(
    "보내지 못했습니다. 주소가 아직 맞는지, 서버가 응답하는지 확인하세요.",
    "It could not be delivered. Check that the address is still right and its server answers.",
)
SECONDS = 4.0  # to connect, and again to answer


def send(address: Address, message: Message, events: Sequence[Told] = ()) -> Text | None:
    """None when it was taken, else why not. Never raises, never says anything of the address."""
    try:
        return None if _send(address, message, events) else NO_ANSWER
    except BadAddress as bad:
        return bad.text
    except Exception as error:  # whatever a library does: one channel harms nothing
        log.warning("a notification could not be sent: %s", type(error).__name__)
        return NO_ANSWER


def _send(address: Address, message: Message, events: Sequence[Told]) -> bool:
    if isinstance(address, Webhook):
        return _post(address, message, events)
    from apprise import NotifyFormat

    # a name in a message is nobody to be called (@everyone)
    title, body = (text.replace("@", "@\u200b") for text in (message.title, message.body))
    how = NotifyFormat.TEXT
    if isinstance(address, Telegram):  # it is written in HTML there, and the library drops what looks like a tag
        title, body, how = html.escape(title), html.escape(body, quote=False), NotifyFormat.HTML
    return bool(_plugin(address).notify(title=title, body=body, body_format=how))


def _plugin(address: Telegram | Discord) -> Any:
    """Only the plugin that is needed; where it talks to is a setting, for those who run a relay of their own."""
    from apprise import AppriseAsset

    asset = AppriseAsset(app_id="Bamsae", app_desc="Bamsae", app_url="", async_mode=False)
    asset.http_redirects = False
    options = {"asset": asset, "rto": SECONDS, "cto": SECONDS, "redirect": False}
    if isinstance(address, Telegram):
        from apprise.plugins.telegram import NotifyTelegram

        bot = NotifyTelegram(address.token, targets=[address.chat], detect_owner=False, **options)
        bot.notify_url = f"{settings.TELEGRAM_API_URL}/bot"
        return bot
    from apprise.plugins.discord import NotifyDiscord

    hook = NotifyDiscord(address.webhook_id, address.token, avatar=False, footer=False, **options)
    hook.notify_url = f"{settings.DISCORD_API_URL}/api/webhooks"
    return hook


def _post(address: Webhook, message: Message, events: Sequence[Told]) -> bool:
    """A JSON object for programs. apprise's JSON plugin resolves the name once more when it connects, so this is
    our own request, over the library's HTTP, to the address that was found public."""
    import requests

    host = public_address(address.host, address.port, settings.NOTIFY_PRIVATE_HOSTS)
    body = {"title": message.title, "message": message.body, "events": [_as_json(event) for event in events]}
    with requests.Session() as session:
        session.trust_env = False  # a proxy of the environment would resolve the name anew
        session.mount(f"{urlsplit(address.url).scheme}://", _pinned(host, address.host))
        answer = session.post(
            address.url,
            data=json.dumps(body, ensure_ascii=False).encode(),
            headers={"Content-Type": "application/json", "User-Agent": "Bamsae", "Host": _host_header(address)},
            timeout=SECONDS,
            allow_redirects=False,
            stream=True,  # what it answers is not read
        )
        return 200 <= answer.status_code < 300


def _host_header(address: Webhook) -> str:
    return urlsplit(address.url).netloc


def _pinned(numeric: str, host: str) -> Any:
    """Connects to the numeric address and expects the certificate of the host."""
    from requests.adapters import HTTPAdapter

    class Pinned(HTTPAdapter):
        def build_connection_pool_key_attributes(
            self, request: Any, verify: Any, cert: Any = None
        ) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
            where, how = super().build_connection_pool_key_attributes(request, verify, cert)
            secure = {"server_hostname": host, "assert_hostname": host} if where["scheme"] == "https" else {}
            return {**where, "host": numeric}, {**how, **secure}

    return Pinned()


def _as_json(event: Told) -> dict[str, Any]:
    return {
        "id": event.seq,
        "event": event.event,
        "level": event.level,
        "account": event.account,
        "environment": event.environment,
        "message": event.message.as_dict(),
        "created_at": event.at.isoformat().replace("+00:00", "Z"),
    }
