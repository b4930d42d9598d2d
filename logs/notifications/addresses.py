"""What a person typed, taken apart: nothing of it reaches the sending library as typed.

The library's own addresses may name files of this machine, headers and other services; ours name a bot and a chat, a
webhook of Discord, or an https address in the open internet. Hosts in a private network are refused, since anybody
who may trade may enter one (NOTIFY_PRIVATE_HOSTS makes exceptions).
"""

import ipaddress
import re
import socket
from collections.abc import Collection
from dataclasses import dataclass
from urllib.parse import parse_qs, unquote, urlsplit

from logs.models import ChannelKind
from market.errors import Text

TELEGRAM_TOKEN = re.compile(r"(\d{5,12}):[A-Za-z0-9_-]{30,60}")
TELEGRAM_CHAT = re.compile(r"-?\d{3,20}|@[A-Za-z][A-Za-z0-9_]{3,31}")
DISCORD = re.compile(r"/api(?:/v\d+)?/webhooks/(\d{5,25})/([A-Za-z0-9_-]{20,120})/?")
DISCORD_HOSTS = {"discord.com", "discordapp.com", "ptb.discord.com", "canary.discord.com"}
EMBEDS_IPV4 = (ipaddress.ip_network("64:ff9b::/96"), ipaddress.ip_network("64:ff9b:1::/48"))


class BadAddress(ValueError):
    """The address cannot be used; the message says what was expected and shows nothing of it."""

    def __init__(self, ko: str, en: str) -> None:
        self.text = Text(ko, en)
        super().__init__(en)


@dataclass(frozen=True, slots=True, repr=False)
class Telegram:
    token: str
    chat: str

    @property
    def shown(self) -> str:
        return f"bot {self.token.partition(':')[0]} → {self.chat}"


@dataclass(frozen=True, slots=True, repr=False)
class Discord:
    webhook_id: str
    token: str

    @property
    def shown(self) -> str:
        return f"discord webhook …{self.webhook_id[-4:]}"


@dataclass(frozen=True, slots=True, repr=False)
class Webhook:
    url: str
    host: str
    port: int

    @property
    def shown(self) -> str:
        return f"{self.url.partition(':')[0]}://{self.host}/…"


Address = Telegram | Discord | Webhook


def read(kind: ChannelKind | str, text: str, private_hosts: Collection[str] = ()) -> Address:
    """The address in its parts. Raises BadAddress. Nothing is asked of the network."""
    reader = {ChannelKind.TELEGRAM: _telegram, ChannelKind.DISCORD: _discord}.get(ChannelKind(kind))
    try:
        return reader(text.strip()) if reader else _webhook(text.strip(), private_hosts)
    except BadAddress:
        raise
    except ValueError:  # of a port or a bracket
        raise BadAddress("주소를 읽을 수 없습니다.", "The address cannot be read.") from None


def public_address(host: str, port: int, private_hosts: Collection[str] = ()) -> str:
    """The numeric address to connect to. Raises BadAddress when one of the host's is not in the open internet.

    Call it right before connecting and connect to what it says: a name may mean another address a moment later.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise BadAddress(
            "이 주소의 서버를 찾을 수 없습니다. 주소를 확인하세요.", "No such host is known. Check the address."
        ) from None
    found.sort(key=lambda entry: entry[0] != socket.AF_INET)  # many machines have no way out over IPv6
    addresses = [str(entry[4][0]) for entry in found]
    if host.lower() not in private_hosts and not all(map(_is_public, addresses)):
        raise BadAddress(
            "내부망 주소로는 보낼 수 없습니다. 관리자가 NOTIFY_PRIVATE_HOSTS에 넣으면 쓸 수 있습니다.",
            "Addresses of a private network are not allowed. An admin may add the host to NOTIFY_PRIVATE_HOSTS.",
        )
    return addresses[0]


def _is_public(text: str) -> bool:
    address = ipaddress.ip_address(text.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if inner is None and any(address in network for network in EMBEDS_IPV4):
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            address = inner
    return address.is_global and not address.is_multicast


def _telegram(text: str) -> Telegram:
    parts = urlsplit(text)
    if parts.scheme == "tgram":
        token, _, chat = text.removeprefix("tgram://").strip("/").partition("/")
    else:
        token = parts.path.removeprefix("/bot").partition("/")[0]
        chat = parse_qs(parts.query).get("chat_id", [""])[0]
        if parts.scheme != "https" or parts.hostname != "api.telegram.org" or not parts.path.startswith("/bot"):
            token = ""
    if not TELEGRAM_TOKEN.fullmatch(token) or not TELEGRAM_CHAT.fullmatch(unquote(chat)):
        raise BadAddress(
            "텔레그램 주소는 tgram://봇토큰/채팅ID 형식입니다. "
            "토큰은 @BotFather가, 채팅 ID는 봇의 getUpdates가 알려 줍니다.",
            "A Telegram address is tgram://BOT_TOKEN/CHAT_ID; "
            "@BotFather gives the token, the bot's getUpdates the chat.",
        )
    return Telegram(token, unquote(chat))


def _discord(text: str) -> Discord:
    parts = urlsplit(text)
    found = DISCORD.fullmatch(parts.path)
    if parts.scheme != "https" or parts.hostname not in DISCORD_HOSTS or found is None:
        raise BadAddress(
            "디스코드 주소는 https://discord.com/api/webhooks/번호/토큰 형식입니다. 채널 설정의 '연동'에서 복사하세요.",
            "A Discord address is https://discord.com/api/webhooks/ID/TOKEN; copy it from the channel's integrations.",
        )
    return Discord(*found.groups())


def _webhook(text: str, private_hosts: Collection[str]) -> Webhook:
    parts = urlsplit(text)
    host = (parts.hostname or "").lower()
    plain = parts.scheme == "http" and host in private_hosts
    if not host or (parts.scheme != "https" and not plain):
        raise BadAddress("웹훅 주소는 https://로 시작해야 합니다.", "A webhook's address begins with https://.")
    if parts.username or parts.password:
        raise BadAddress(
            "주소에 아이디와 비밀번호를 넣지 마세요. 경로에 비밀 값을 쓰세요.",
            "Put no user and password into the address; use a secret path.",
        )
    if any(ord(sign) <= 32 for sign in text):
        raise BadAddress("주소에 빈칸을 넣을 수 없습니다.", "An address has no blanks.")
    return Webhook(text, host, parts.port or (80 if plain else 443))
