"""Tokens, keys and approval keys on bad days (safety rules 5.7): no storm of issues, and a dead one is said at once."""

import pytest

from kis.auth import ensure_token, get_approval_key
from kis.broker import KisBroker
from market.errors import CredentialProblem, Throttled, TradingError
from market.words import Exchange

PRICE = "/uapi/overseas-price/v1/quotations/price"


class Issues:
    """Counts the requests for a token."""

    def __init__(self):
        self.count = 0

    def __call__(self, event):
        self.count += event.get("path") == "/oauth2/tokenP"


@pytest.fixture
def issues():
    return Issues()


@pytest.fixture
def client(make_client, who, issues):
    return make_client("real", index=who, on_event=issues, token_patience_s=0.2)


async def price(broker):
    return (await broker.quote("NVDA", Exchange.NASDAQ)).last


@pytest.mark.fault("token_killed")
async def test_a_token_killed_by_another_holder_is_issued_anew_once(strike, client, broker, issues):
    await price(broker)
    strike("token_killed", match={"account_no": client.config.account_no})
    assert await price(broker)
    assert await price(broker)
    assert issues.count == 2


@pytest.mark.fault("token_dead")
async def test_a_dead_token_that_is_issued_again_is_said_to_be_dead_and_not_asked_for_on_and_on(
    strike, client, broker, issues
):
    """Within its six hours KIS gives the same one: asking on would only bring messages to the customer's phone."""
    await price(broker)
    strike("token_dead", match={"account_no": client.config.account_no})
    for _ in range(4):
        with pytest.raises(CredentialProblem) as dead:
            await price(broker)
    assert issues.count == 2
    assert "no orders or cancels possible until" in dead.value.message.en


@pytest.mark.fault("token_dead")
async def test_with_a_dead_token_an_order_is_not_sent(strike, orders):
    await orders.send()
    strike("token_dead", match={"account_no": orders.client.config.account_no})
    for _ in range(2):  # the token, and the same one issued again
        with pytest.raises(TradingError):
            await orders.send()
    with pytest.raises(CredentialProblem):
        await orders.send()
    assert len(orders.booked()) == 1


@pytest.mark.fault("token_too_often")
async def test_asked_too_often_is_waited_for_and_not_repeated(strike, client, issues):
    strike("token_too_often", match={"account_no": client.config.account_no})
    for _ in range(3):
        with pytest.raises(Throttled) as throttled:
            await ensure_token(client=client)
        assert throttled.value.code == "EGW00133"
    assert issues.count == 1


@pytest.mark.fault("key_revoked")
async def test_a_key_that_kis_does_not_know_is_not_asked_for_again(strike, client, issues):
    strike("key_revoked", match={"account_no": client.config.account_no})
    for _ in range(3):
        with pytest.raises(CredentialProblem) as revoked:
            await ensure_token(client=client)
        assert revoked.value.code == "EGW00103"
    assert issues.count == 1


@pytest.mark.fault("maintenance_503", "garbage_json", "empty_body")
async def test_an_issue_without_a_token_is_no_token(strike, client, issues, fault):
    strike(fault, path="/oauth2/tokenP", count=1)
    with pytest.raises(TradingError):
        await ensure_token(client=client)
    assert issues.count == 1


@pytest.mark.fault("token_expired")
async def test_an_expired_token_is_issued_anew_and_the_question_asked_again(strike, client, broker, issues):
    await price(broker)
    strike("token_expired", path=PRICE, count=1)
    assert await price(broker)
    assert issues.count == 2


@pytest.mark.fault("approval_down")
async def test_without_an_approval_key_one_is_asked_for_later(strike, client):
    strike("approval_down", count=1, match={"account_no": client.config.account_no})
    with pytest.raises(TradingError) as failed:
        await get_approval_key(client=client)
    assert not isinstance(failed.value, CredentialProblem)
    assert await get_approval_key(client=client)


@pytest.mark.fault("secret_refused")
async def test_a_refused_secret_stops(strike, client):
    broker = KisBroker(client)
    await price(broker)
    strike("secret_refused", match={"account_no": client.config.account_no})
    with pytest.raises(CredentialProblem) as stopped:
        await price(broker)
    assert stopped.value.code == "EGW00304"
