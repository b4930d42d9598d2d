"""Nothing secret reaches a journal row or a line on the terminal."""

import io
import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logs.formatting import LineFormatter
from logs.masking import HIDDEN, MaskingFilter, masked_text, plain

APP_KEY = "PSabcdefghijklmnopqrstuvwxyz01234567"
APP_SECRET = "aB3/" * 45
JWT = "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzUxMiJ9.eyJzdWIiOiJ0b2tlbiJ9.c2lnbmF0dXJlLW9mLWEtdG9rZW4"


@pytest.mark.parametrize("secret", [APP_KEY, APP_SECRET, JWT, "50000001-01"])
def test_what_has_the_shape_of_a_secret_is_hidden_in_a_sentence(secret):
    assert secret not in masked_text(f"the answer was {secret}, which is odd")


@pytest.mark.parametrize(
    "sentence",
    [
        "order 0030138295 of AAPL filled at 180.00",
        "2026-11-24 17:00:00",
        "rule 7d1f3d1e-33a5-4d0c-9f0c-0d4a0f5a5a11 entered",
    ],
)
def test_what_only_resembles_one_is_left_alone(sentence):
    assert masked_text(sentence) == sentence


@pytest.mark.parametrize(
    "name",
    ["app_key", "appKey", "APP-SECRET", "secretkey", "access_token", "X-Session-Token", "authorization", "hts_id"],
)
def test_what_has_the_name_of_a_secret_is_hidden_however_it_is_spelt(name):
    assert plain({"deep": [{name: "x1"}]}) == {"deep": [{name: HIDDEN}]}


def test_an_account_number_keeps_its_last_two_digits():
    assert plain({"account_no": "5000000101", "CANO": "50000001"}) == {"account_no": "******01", "CANO": "******01"}


json_like = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.decimals(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(json_like)
def test_masking_twice_is_masking_once(value):
    assert plain(plain(value)) == plain(value)


@pytest.fixture
def terminal():
    out = io.StringIO()
    handler = logging.StreamHandler(out)
    handler.setFormatter(LineFormatter())
    handler.addFilter(MaskingFilter())
    logger = logging.getLogger("test.masking")
    logger.addHandler(handler)
    yield logger, out
    logger.removeHandler(handler)


def test_a_line_hides_them_in_arguments_extras_and_traceback(terminal):
    logger, out = terminal
    try:
        raise RuntimeError(f"refused {APP_KEY}")
    except RuntimeError:
        logger.exception("called with %s", JWT, extra={"app_secret": APP_SECRET, "tr_id": "TTTT1002U"})

    line = out.getvalue()
    assert not [secret for secret in (APP_KEY, APP_SECRET, JWT) if secret in line]
    assert "TTTT1002U" in line
    assert "RuntimeError" in line
