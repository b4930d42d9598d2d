"""What may be entered as an address, and where nobody is sent (a private network)."""

import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logs.notifications.addresses import BadAddress, Discord, Telegram, Webhook, public_address, read

TOKEN = "123456789:AAFakeTokenOfABotThatNobodyRuns12345"


@pytest.mark.parametrize(
    ("kind", "text", "address"),
    [
        ("telegram", f"tgram://{TOKEN}/-100987", Telegram(TOKEN, "-100987")),
        ("telegram", f" tgram://{TOKEN}/@bamsae_news/ ", Telegram(TOKEN, "@bamsae_news")),
        ("telegram", f"https://api.telegram.org/bot{TOKEN}/sendMessage?chat_id=4242", Telegram(TOKEN, "4242")),
        ("discord", "https://discord.com/api/webhooks/112233/" + "a" * 30, Discord("112233", "a" * 30)),
        ("discord", "https://discordapp.com/api/v10/webhooks/112233/" + "a" * 30, Discord("112233", "a" * 30)),
        ("webhook", "https://a.example/in?k=1", Webhook("https://a.example/in?k=1", "a.example", 443)),
        ("webhook", "https://Example.com:8443/", Webhook("https://Example.com:8443/", "example.com", 8443)),
    ],
)  # fmt: skip
def test_these_are_addresses(kind, text, address):
    assert read(kind, text) == address


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("telegram", "tgram://nonsense/1234"),
        ("telegram", f"tgram://{TOKEN}/"),
        ("telegram", f"https://evil.example/bot{TOKEN}/sendMessage?chat_id=4242"),
        ("discord", "https://example.com/api/webhooks/112233/" + "a" * 30),
        ("discord", "discord://112233/token?template=/etc/passwd"),
        ("discord", "https://discord.com/api/webhooks/112233/" + "a" * 30 + "/../../x"),
        ("webhook", "http://hooks.example.com/in"),
        ("webhook", "file:///etc/passwd"),
        ("webhook", "jsons://example.com"),
        ("webhook", "https://user:word@example.com/"),
        ("webhook", "https://"),
        ("webhook", "https://example.com:99999/"),
        ("webhook", "https://[::1/"),
        ("webhook", "https://example.com/\r\nX-Header: 1"),
        ("webhook", ""),
    ],
)
def test_these_are_not_and_the_answer_repeats_nothing_of_them(kind, text):
    with pytest.raises(BadAddress) as refused:
        read(kind, text)
    assert "112233" not in str(refused.value)


@pytest.mark.parametrize("kind", ["telegram", "discord", "webhook"])
@given(text=st.text(max_size=60))
def test_whatever_is_typed_is_an_address_or_a_sentence(kind, text):
    try:
        read(kind, text)
    except BadAddress as bad:
        assert bad.text.ko


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1", "localhost", "10.1.2.3", "192.168.0.1", "172.16.0.1", "169.254.169.254", "0.0.0.0", "100.64.0.1",
        "::1", "fd00::1", "fe80::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "224.0.0.1", "2130706433",
        "0x7f.1",
    ],
)  # fmt: skip
def test_a_private_network_is_refused(host):
    with pytest.raises(BadAddress):
        public_address(host, 443)


def test_an_admin_may_allow_one():
    assert public_address("127.0.0.1", 80, ["127.0.0.1"]) == "127.0.0.1"


def test_an_address_of_the_open_internet_is_the_one_that_is_connected_to():
    assert public_address("93.184.215.14", 443) == "93.184.215.14"


def test_a_name_with_a_private_address_among_others_is_refused(monkeypatch):
    """What a resolver says is the one thing that a test cannot arrange on every machine."""
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, 443)) for ip in ("93.184.215.14", "10.0.0.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    with pytest.raises(BadAddress):
        public_address("two.example", 443)
