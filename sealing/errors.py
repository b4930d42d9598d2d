"""Why a sealed value does not open."""


class SealingError(Exception):
    """Base of what can go wrong here. Messages never hold a secret."""


class BadKeys(SealingError, ValueError):
    """The text of the keyring is not one; the message says which key and what was expected."""


class SealBroken(SealingError):
    """The value was changed, or belongs to another row or column."""


class NoKeyOpens(SealingError):
    """It was sealed under a key that the ring does not hold."""

    def __init__(self, key_id: str) -> None:
        super().__init__(f"no key of the ring is called {key_id!r}")
        self.key_id = key_id
