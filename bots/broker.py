"""A broker client for a credential: its key, the vault's token, the key's shared budget."""

from django.conf import settings
from redis.asyncio import Redis

from credentials.models import ApiCredential
from credentials.services import kis_config, token_store
from kis.broker import KisBroker
from kis.client import KisClient
from kis.throttle import RedisBudget


def open_client(credential: ApiCredential, redis: Redis) -> KisClient:
    """A client on this key; requests are paced with every other process that uses it."""
    config = kis_config(credential)
    return KisClient(
        config,
        token_store=token_store(credential),
        budget=RedisBudget(redis, credential.key_fingerprint, config.rate),
        hashkey_required=not settings.KIS_HASHKEY_OPTIONAL,
    )


def open_broker(credential: ApiCredential, redis: Redis) -> KisBroker:
    return KisBroker(open_client(credential, redis))
