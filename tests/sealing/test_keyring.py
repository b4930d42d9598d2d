"""What is sealed opens in its own place, under a key of the ring, unchanged; and nowhere else."""

import base64

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from sealing import BadKeys, EnvironmentSecrets, Keyring, NoKeyOpens, SealBroken, SourcedKeys

K1 = "k1:" + base64.b64encode(b"1" * 32).decode()
K2 = "k2:" + base64.b64encode(b"2" * 32).decode()
RING = Keyring.from_text(K1)
ROW = b"credentials.ApiCredential.app_key:row-1"


@given(st.binary(max_size=300), st.binary(max_size=80))
def test_what_was_sealed_opens_again(plain, aad):
    assert RING.open(RING.seal(plain, aad=aad), aad=aad) == plain


@given(st.binary(max_size=64), st.binary(max_size=40), st.binary(max_size=40))
def test_a_value_moved_to_another_row_or_column_does_not_open(plain, here, there):
    assume(here != there)
    with pytest.raises(SealBroken):
        RING.open(RING.seal(plain, aad=here), aad=there)


@given(st.data(), st.binary(max_size=64))
def test_one_flipped_bit_anywhere_is_noticed(data, plain):
    blob = bytearray(RING.seal(plain, aad=ROW))
    bit = data.draw(st.integers(0, len(blob) * 8 - 1))
    blob[bit // 8] ^= 1 << bit % 8

    with pytest.raises((SealBroken, NoKeyOpens)):
        RING.open(bytes(blob), aad=ROW)


@given(st.binary(max_size=64))
def test_another_key_of_the_same_name_does_not_open_it(plain):
    other = Keyring({"k1": b"x" * 32})
    with pytest.raises(SealBroken):
        other.open(RING.seal(plain, aad=ROW), aad=ROW)


@given(st.binary(max_size=120))
def test_what_was_never_sealed_is_refused_and_nothing_else_is_raised(junk):
    with pytest.raises((SealBroken, NoKeyOpens)):
        RING.open(junk, aad=ROW)


def test_a_value_cut_short_is_refused():
    blob = RING.seal(b"secret", aad=ROW)
    for end in range(len(blob)):
        with pytest.raises((SealBroken, NoKeyOpens)):
            RING.open(blob[:end], aad=ROW)


def test_the_first_key_seals_and_all_keys_open():
    both = Keyring.from_text(f"{K2},{K1}")
    old, new = RING.seal(b"secret", aad=ROW), both.seal(b"secret", aad=ROW)

    assert both.open(old, aad=ROW) == both.open(new, aad=ROW) == b"secret"
    assert (both.is_newest(old), both.is_newest(new)) == (False, True)
    with pytest.raises(NoKeyOpens, match="k2"):
        RING.open(new, aad=ROW)


def test_the_same_secret_never_looks_the_same_twice():
    assert RING.seal(b"secret", aad=ROW) != RING.seal(b"secret", aad=ROW)


def test_a_keyed_hash_finds_the_same_text_and_depends_on_the_key():
    both = Keyring.from_text(f"{K2},{K1}")

    assert RING.keyed_hash("12345678") == RING.keyed_hash("12345678") != RING.keyed_hash("12345679")
    assert both.keyed_hash("12345678") != RING.keyed_hash("12345678")
    assert both.keyed_hashes("12345678")[1] == RING.keyed_hash("12345678")
    assert len(RING.keyed_hash("")) == 64


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("", "empty", id="no key at all"),
        pytest.param("k1", "name:base64", id="no key after the name"),
        pytest.param("k1:c2hvcnQ=", "'k1' has 5 bytes; 32 are needed", id="a short key"),
        pytest.param("k1:not base64!", "'k1' is not base64", id="no base64"),
        pytest.param(f"{K1},{K1}", "twice", id="a name given twice"),
        pytest.param("한:" + "A" * 44, "name", id="a name that is no name"),
    ],
)
def test_a_keyring_that_is_not_one_is_refused_with_a_sentence(text, said):
    with pytest.raises(BadKeys, match=said):
        Keyring.from_text(text)


def test_neither_repr_nor_error_shows_a_key():
    ring, secret = Keyring.from_text(K1), base64.b64encode(b"1" * 31).decode()

    assert repr(ring) == "Keyring(k1)"
    with pytest.raises(BadKeys) as refusal:
        Keyring.from_text(f"k1:{secret}")
    assert secret not in str(refusal.value)


def test_keys_come_from_whatever_source_has_them():
    assert SourcedKeys(EnvironmentSecrets({"CREDENTIAL_KEYS": K2})).keyring().names == ("k2",)
    with pytest.raises(BadKeys, match="CREDENTIAL_KEYS is not set"):
        SourcedKeys(EnvironmentSecrets({})).keyring()
