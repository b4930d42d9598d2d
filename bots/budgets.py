"""How much of each key's rate is in use, for people and for collectors. Read from Redis, never from KIS."""

from collections.abc import Iterable
from dataclasses import dataclass

import redis.exceptions
from asgiref.sync import async_to_sync
from django.conf import settings
from django.db.models import Q, QuerySet
from redis.asyncio import Redis

from accounts.models import Role, User
from accounts.selectors import accounts_owned_by
from bots.broker import shared_budget
from credentials.models import ApiCredential, Purpose
from kis.config import rate_of
from kis.messages import MESSAGES
from kis.throttle import Usage
from market.errors import Text
from market.words import Environment


@dataclass(frozen=True, slots=True)
class KeyBudget:
    """A key and its use; `usage` None: Redis does not answer. `allowed` is requests per second."""

    credential: ApiCredential
    allowed: float
    usage: Usage | None

    @property
    def throttled_text(self) -> Text | None:
        """Why KIS refused last, for a person."""
        if self.usage is None or not self.usage.throttled_code:
            return None
        return MESSAGES.get(self.usage.throttled_code, MESSAGES["EGW00201"])


def credentials_of(user: User) -> QuerySet[ApiCredential]:
    """The keys that a person may see: those of their own accounts, and their own data keys; an admin all."""
    owned = accounts_owned_by(user)
    mine = Q(account__in=owned) | Q(purpose=Purpose.DATA, owner=user)
    seen = ApiCredential.objects.all() if user.role == Role.ADMIN else ApiCredential.objects.filter(mine)
    return seen.select_related("account", "owner").order_by("environment", "created_at")


def budgets_of(credentials: Iterable[ApiCredential]) -> list[KeyBudget]:
    """Blocking. What Redis does not answer within a second stays unknown, for all keys."""
    rows = list(credentials)
    usages = async_to_sync(_usages)(rows)
    return [
        KeyBudget(row, rate_of(Environment(row.environment), speed=settings.KIS_SPEED), usage)
        for row, usage in zip(rows, usages, strict=True)
    ]


async def _usages(rows: list[ApiCredential]) -> list[Usage | None]:
    found: list[Usage | None] = []
    async with Redis.from_url(settings.REDIS_URL) as connection:
        for row in rows:
            try:
                usage = await shared_budget(row, connection).usage()
            except (redis.exceptions.RedisError, OSError, TimeoutError):
                break  # away for one is away for all
            found.append(usage)
    return found + [None] * (len(rows) - len(found))
