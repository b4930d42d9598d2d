"""Secrets at rest: AES-256-GCM, a ring of keys, and where the keys come from. No Django."""

from sealing.errors import BadKeys, NoKeyOpens, SealBroken, SealingError
from sealing.keyring import Keyring
from sealing.providers import EnvironmentSecrets, KeyProvider, SecretsSource, SourcedKeys

__all__ = [
    "BadKeys",
    "EnvironmentSecrets",
    "KeyProvider",
    "Keyring",
    "NoKeyOpens",
    "SealBroken",
    "SealingError",
    "SecretsSource",
    "SourcedKeys",
]
