"""Sheet 2: the token, the approval key, the hash of a body."""

from datetime import timedelta

from kis.auth import ensure_token, get_access_token, get_approval_key
from kis.hashkey import sign_order_async


async def test_a_token_is_good_for_at_most_a_day_and_is_handed_out_again(client):
    token = await ensure_token(client=client)
    left = token.expires_at - client.clock()
    assert timedelta(0) < left <= timedelta(hours=24, minutes=1)
    assert await get_access_token(client=client) == token


async def test_a_token_fits_into_a_header(client):
    value = (await ensure_token(client=client)).value
    assert value.isascii()
    assert 20 <= len(value) <= 350


async def test_an_approval_key_is_given_for_the_secret_by_its_other_name(client):
    key = await get_approval_key(client=client)
    assert len(key) == 36


async def test_the_hash_of_a_body_is_sixty_four_hex_digits_and_the_same_again(client):
    body = {"CANO": client.config.cano, "PDNO": "AAPL"}
    first, again = [await sign_order_async(body, client=client) for _ in range(2)]
    assert first == again
    assert len(bytes.fromhex(first)) == 32
