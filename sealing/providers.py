"""Where the keys come from. A KMS takes over by one more class with `keyring()`."""

from collections.abc import Mapping
from typing import Protocol

from sealing.errors import BadKeys
from sealing.keyring import Keyring


class SecretsSource(Protocol):
    """Gives a secret by its name: the environment today, a vault service tomorrow."""

    def get(self, name: str) -> str | None:
        """The secret, or None when there is none by that name."""
        ...


class KeyProvider(Protocol):
    """Makes the keyring. A KMS provider unwraps its data keys here, once, when the process starts."""

    def keyring(self) -> Keyring:
        """The ring to seal and open with. Raises BadKeys."""
        ...


class EnvironmentSecrets:
    """Secrets from a mapping, such as the environment. Its repr shows nothing."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        self._variables = variables

    def get(self, name: str) -> str | None:
        return self._variables.get(name) or None


class SourcedKeys:
    """The keyring written as text in a secret, `CREDENTIAL_KEYS` unless told otherwise."""

    def __init__(self, source: SecretsSource, name: str = "CREDENTIAL_KEYS") -> None:
        self._source = source
        self._name = name

    def keyring(self) -> Keyring:
        text = self._source.get(self._name)
        if text is None:
            raise BadKeys(f"{self._name} is not set: give at least one key as name:base64")
        return Keyring.from_text(text)
