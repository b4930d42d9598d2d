"""The house's keyring, as the settings name it."""

from functools import lru_cache

from django.conf import settings

from sealing import EnvironmentSecrets, Keyring, SourcedKeys


@lru_cache(maxsize=4)
def _ring(text: str) -> Keyring:
    return SourcedKeys(EnvironmentSecrets({"CREDENTIAL_KEYS": text})).keyring()


def keyring() -> Keyring:
    """The ring of CREDENTIAL_KEYS. Raises sealing.BadKeys when the setting is not one."""
    return _ring(settings.CREDENTIAL_KEYS)
