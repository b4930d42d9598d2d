"""How many prices a key can bring: live ones over its socket, the rest by asking within its rate (safety.md 4.3)."""

from dataclasses import dataclass

from django.conf import settings

from credentials.models import ApiCredential, Purpose
from kis.codes import MAX_REGISTRATIONS
from kis.config import rate_of
from market.words import Environment

PRICE_SHARE = 0.5  # of the rate; the other half is for orders, their tracking, and the account


@dataclass(frozen=True, slots=True)
class Capacity:
    """`live`: symbols that its socket follows; `asked_per_second`: prices that may be asked for beside."""

    live: int
    asked_per_second: float

    def asked(self, within_sec: float) -> int:
        """How many symbols can each be asked for once in so many seconds."""
        return int(self.asked_per_second * within_sec + 1e-9)


def capacity_of(key: ApiCredential) -> Capacity:
    """Of this key. Paper has no prices on its socket (kis-protocol 1.3); notices take one registration (5.8)."""
    environment = Environment(key.environment)
    notices = key.purpose == Purpose.TRADE and key.hts_id is not None
    live = MAX_REGISTRATIONS - notices if environment is Environment.REAL else 0
    return Capacity(live, rate_of(environment, speed=settings.KIS_SPEED) * PRICE_SHARE)
