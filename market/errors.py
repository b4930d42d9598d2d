"""What can go wrong with a broker, by what to do next.

TradingError
├── Refused            the broker said no, provably    do not send again
├── Throttled          the broker did not look at it   wait, send again
├── Unreachable        no byte was written             wait, send again
├── OutcomeUnknown     it may have arrived             ask before doing anything else
├── CredentialProblem  the key is not good             stop, call a person
└── NotInPaper         paper has no such function      use what the message names
"""

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Text:
    """One sentence for a person, in both languages."""

    ko: str
    en: str

    def __str__(self) -> str:
        return f"{self.ko} / {self.en}"

    def as_dict(self) -> dict[str, str]:
        return {"ko": self.ko, "en": self.en}


class Next(StrEnum):
    GIVE_UP = "give_up"
    WAIT = "wait"
    RECONCILE = "reconcile"
    STOP = "stop"


class TradingError(Exception):
    next = Next.GIVE_UP

    def __init__(self, message: Text | str, *, code: str = "", retry_after: float | None = None) -> None:
        super().__init__(str(message))
        self.message = message if isinstance(message, Text) else Text(message, message)
        self.code = code  # the broker's own code, for searching
        self.retry_after = retry_after  # seconds, when the broker or the budget said how long


class Refused(TradingError):
    """On the whitelist of safety.md 1.3: the order surely does not exist."""


class NotInPaper(Refused):
    """The paper environment lacks this function."""


class Throttled(TradingError):
    next = Next.WAIT


class Unreachable(TradingError):
    """Nothing was written: the request surely did not arrive."""

    next = Next.WAIT


class OutcomeUnknown(TradingError):
    next = Next.RECONCILE


class CredentialProblem(TradingError):
    next = Next.STOP


class InvalidOrder(ValueError):
    """What is asked for cannot be an order at this broker: found before anything was sent."""

    def __init__(self, message: Text) -> None:
        super().__init__(str(message))
        self.message = message
