"""A broker client for a credential: its key, the vault's token, the key's shared budget."""

from django.conf import settings
from redis.asyncio import Redis

from credentials.models import ApiCredential
from credentials.services import approval_store, data_config, kis_config, token_store
from kis.broker import KisBroker
from kis.client import KisClient
from kis.config import rate_of
from kis.throttle import RedisBudget
from market.words import Environment


def shared_budget(credential: ApiCredential, redis: Redis) -> RedisBudget:
    """The key's budget, the same for every process. That KIS allows a new key less, its refusals teach."""
    environment, speed = Environment(credential.environment), settings.KIS_SPEED
    return RedisBudget(
        redis, credential.key_fingerprint, rate_of(environment, speed=speed), speed=speed, ledger=environment.value
    )


def open_client(credential: ApiCredential, redis: Redis, *, for_data: bool = False) -> KisClient:
    """A client on this key; requests are paced with every other process that uses it.

    `for_data`: for prices alone. It knows no account number, so there is no account for which it could order.
    """
    config = data_config(credential) if for_data else kis_config(credential)
    return KisClient(
        config,
        token_store=token_store(credential),
        approval_store=approval_store(credential),
        budget=shared_budget(credential, redis),
        hashkey_required=not settings.KIS_HASHKEY_OPTIONAL,
    )


def open_broker(credential: ApiCredential, redis: Redis, *, for_data: bool = False) -> KisBroker:
    """The same, as a broker."""
    return KisBroker(open_client(credential, redis, for_data=for_data))
