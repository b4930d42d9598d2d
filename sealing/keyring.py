"""AES-256-GCM under a ring of keys.

A sealed value is `version (1) | length of the key id (1) | key id | nonce (12) | ciphertext and tag`. Everything
before the nonce is bound in as associated data together with what the caller binds (row and column), so a value
that was moved, cut or relabelled does not open.
"""

import base64
import binascii
import hashlib
import hmac
import os
import re
from collections.abc import Mapping

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from sealing.errors import BadKeys, NoKeyOpens, SealBroken

VERSION = 1
NONCE = 12  # bytes, random for every value
TAG = 16
KEY = 32
KEY_ID = re.compile(r"[A-Za-z0-9_.-]{1,32}")
HASH_PURPOSE = b"bamsae keyed hash v1"


class Keyring:
    """The first key seals, all keys open. Its repr shows names only."""

    def __init__(self, keys: Mapping[str, bytes]) -> None:
        """`keys`: name to 32 bytes, the sealing key first. Raises BadKeys."""
        if not keys:
            raise BadKeys("the keyring is empty: give at least one key as name:base64")
        for name, key in keys.items():
            _check(name, key)
        self._keys = {name: AESGCM(key) for name, key in keys.items()}
        self._hash_keys = tuple(hmac.digest(key, HASH_PURPOSE, "sha256") for key in keys.values())
        self.names = tuple(keys)

    @classmethod
    def from_text(cls, text: str) -> "Keyring":
        """From `k2:<base64>,k1:<base64>`. Raises BadKeys, which names the key but never shows it."""
        keys: dict[str, bytes] = {}
        for part in filter(None, (part.strip() for part in text.split(","))):
            name, _, encoded = part.partition(":")
            if not encoded:
                raise BadKeys("each key is written name:base64, such as k1:… (44 characters)")
            if name in keys:
                raise BadKeys(f"the key {name!r} is given twice")
            keys[name] = _bytes(name, encoded)
        return cls(keys)

    def __repr__(self) -> str:
        return f"Keyring({', '.join(self.names)})"

    def seal(self, plain: bytes, *, aad: bytes) -> bytes:
        """Sealed under the first key; `aad` must be given again to open it."""
        name = self.names[0]
        header = bytes([VERSION, len(name)]) + name.encode()
        nonce = os.urandom(NONCE)
        return header + nonce + self._keys[name].encrypt(nonce, plain, header + aad)

    def open(self, blob: bytes, *, aad: bytes) -> bytes:
        """What was sealed. Raises NoKeyOpens when the ring lacks its key, SealBroken for anything else."""
        blob = bytes(blob)
        name = key_id(blob)
        if name not in self._keys:
            raise NoKeyOpens(name)
        end = 2 + len(name)
        header, nonce, body = blob[:end], blob[end : end + NONCE], blob[end + NONCE :]
        try:
            return self._keys[name].decrypt(nonce, body, header + aad)
        except InvalidTag:
            raise SealBroken("the sealed value was changed, or belongs to another row or column") from None

    def is_newest(self, blob: bytes) -> bool:
        """Was it sealed under the key that seals now?"""
        return key_id(bytes(blob)) == self.names[0]

    def keyed_hash(self, text: str) -> str:
        """64 hex digits by which a secret is found without being stored: HMAC-SHA256 under the newest key."""
        return self.keyed_hashes(text)[0]

    def keyed_hashes(self, text: str) -> tuple[str, ...]:
        """The hash under every key, newest first: what was written before a rotation is still found."""
        return tuple(hmac.new(key, text.encode(), hashlib.sha256).hexdigest() for key in self._hash_keys)


def key_id(blob: bytes) -> str:
    """The name of the key that sealed it. Raises SealBroken for what was never sealed here."""
    length = blob[1] if len(blob) > 1 else 0
    name = blob[2 : 2 + length].decode("ascii", "replace")
    if len(blob) < 2 + length + NONCE + TAG or blob[0] != VERSION or KEY_ID.fullmatch(name) is None:
        raise SealBroken("this is not a sealed value")
    return name


def _check(name: str, key: bytes) -> None:
    if KEY_ID.fullmatch(name) is None:
        raise BadKeys("a key's name is 1 to 32 of the letters A-Z a-z 0-9 . _ -")
    if len(key) != KEY:
        raise BadKeys(f"the key {name!r} has {len(key)} bytes; {KEY} are needed (openssl rand -base64 {KEY})")


def _bytes(name: str, encoded: str) -> bytes:
    try:
        return base64.b64decode(encoded.replace("-", "+").replace("_", "/"), validate=True)
    except (binascii.Error, ValueError):
        raise BadKeys(f"the key {name!r} is not base64 (openssl rand -base64 {KEY})") from None
