"""The start stops at a keyring that is not one, before anything needs it."""

from typing import Any

from django.core.checks import CheckMessage, Error, register

from accounts.keys import keyring
from sealing import BadKeys


@register()
def keyring_is_readable(app_configs: Any, **_: Any) -> list[CheckMessage]:
    """CREDENTIAL_KEYS holds keys of 32 bytes."""
    try:
        keyring()
    except BadKeys as error:
        hint = "CREDENTIAL_KEYS=k1:$(openssl rand -base64 32)"
        return [Error(f"CREDENTIAL_KEYS: {error}", hint=hint, id="accounts.E001")]
    return []
