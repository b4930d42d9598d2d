"""Keys and account numbers as people write them."""

import pytest

from kis.config import KisConfig, account_number
from market.errors import CredentialProblem
from market.words import Environment

ENV = {"KIS_APP_KEY": " key\n", "KIS_APP_SECRET": "secret", "KIS_ACCOUNT_NO": "12345678-01"}


@pytest.mark.parametrize("text", ["12345678", "1234567801", "12345678-01", " 12345678-01 "])
def test_an_account_number_is_read_as_8_10_or_8_and_2_digits(text):
    assert account_number(text) == "1234567801"


@pytest.mark.parametrize("text", ["", "9876543", "987654321", "98765432a", "１２３４５６７８"])
def test_another_account_number_is_refused_without_showing_it(text):
    with pytest.raises(ValueError, match="8 or 10 digits") as refused:
        account_number(text)
    assert not text or text not in str(refused.value)


def test_the_environment_decides_hosts_and_rate():
    real, paper = (KisConfig.from_env({**ENV, "KIS_USE_SANDBOX": word}) for word in ("false", "true"))
    assert (real.environment, real.rest_url, real.rate) == (
        Environment.REAL,
        "https://openapi.koreainvestment.com:9443",
        18,
    )
    assert (paper.ws_url, paper.rate) == ("ws://ops.koreainvestment.com:31000", 1)
    assert (real.app_key, real.cano, real.product_code) == ("key", "12345678", "01")


def test_the_hosts_can_be_pointed_elsewhere():
    config = KisConfig.from_env({**ENV, "KIS_REAL_REST_URL": "http://127.0.0.1:1/", "KIS_PAPER_REST_URL": "http://x"})
    assert config.rest_url == "http://127.0.0.1:1"


def test_what_is_missing_is_named():
    with pytest.raises(CredentialProblem, match="KIS_APP_SECRET"):
        KisConfig.from_env({"KIS_APP_KEY": "key"})


@pytest.mark.parametrize("secret", ["a b", "a\nb", "비밀", ""])
def test_a_secret_that_cannot_travel_in_a_header_is_refused_without_showing_it(secret):
    with pytest.raises(ValueError, match="printable ASCII") as refused:
        KisConfig(Environment.REAL, "key", secret)
    assert not secret or secret not in str(refused.value)


def test_a_config_shows_no_secret():
    config = KisConfig(Environment.REAL, "the-key", "the-secret", "1234567801", "hts")
    for secret in config.secrets:
        assert secret not in repr(config)
    assert config.masked_account == "****5678-01"


def test_a_key_without_an_account_can_read_prices_only():
    config = KisConfig(Environment.REAL, "key", "secret")
    with pytest.raises(CredentialProblem):
        _ = config.cano


def test_a_key_issued_lately_gets_three_a_second_on_real_only():
    real, paper = (
        KisConfig.from_env({**ENV, "KIS_USE_SANDBOX": word, "KIS_NEW_KEY": "true"}) for word in ("false", "true")
    )
    assert (real.rate, paper.rate) == (3, 1)


SIMULATED = {"rest_url": "http://127.0.0.1:1", "ws_url": "ws://127.0.0.1:2"}


def test_a_faster_market_has_a_faster_rate():
    assert KisConfig(Environment.REAL, "key", "secret", **SIMULATED, speed=6).rate == 108
    assert KisConfig.from_env({**ENV, "KIS_SPEED": ""}).speed == 1


@pytest.mark.parametrize(
    ("addresses", "speed"),
    [
        pytest.param({}, 6, id="KIS itself"),
        pytest.param(SIMULATED | {"ws_url": ""}, 2, id="KIS's socket"),
        pytest.param({"rest_url": "https://KoreaInvestment.com", "ws_url": "ws://x"}, 2, id="KIS by another spelling"),
        pytest.param(SIMULATED, 0, id="no speed"),
        pytest.param(SIMULATED, float("nan"), id="not a number"),
    ],
)
def test_a_speed_that_cannot_be_is_refused(addresses, speed):
    with pytest.raises(ValueError, match="speed"):
        KisConfig(Environment.REAL, "key", "secret", **addresses, speed=speed)


def test_a_speed_that_is_no_number_is_refused():
    with pytest.raises(ValueError, match="KIS_SPEED"):
        KisConfig.from_env({**ENV, "KIS_SPEED": "fast"})
