"""Second factors at rest: which do not open, and all of them under the newest key."""

import base64
from collections.abc import Iterator

from allauth.mfa.models import Authenticator

from accounts.adapters import MFAAdapter
from accounts.keys import keyring
from sealing import SealingError

SECRETS = ("secret", "seed")  # of TOTP, of recovery codes


def _secrets() -> Iterator[tuple[Authenticator, str, str]]:
    for row in Authenticator.objects.order_by("pk"):
        for name in SECRETS:
            if name in row.data:
                yield row, name, row.data[name]


def unsealable() -> list[SealingError]:
    """Why second factors do not open; empty is how it should be."""
    found = []
    for _row, _name, text in _secrets():
        try:
            MFAAdapter().decrypt(text)
        except SealingError as why:
            found.append(why)
    return found


def reseal_all() -> int:
    """Every second factor under the newest key; how many were resealed. Raises sealing errors."""
    count = 0
    for row, name, text in _secrets():
        if keyring().is_newest(base64.b64decode(text)):
            continue
        fresh = row.data | {name: MFAAdapter().encrypt(MFAAdapter().decrypt(text))}
        # A code used meanwhile changes the row too; then it is left for the next run.
        count += Authenticator.objects.filter(pk=row.pk, data=row.data).update(data=fresh)
    return count
