"""An account of a running simulator, for benchmarks."""

import asyncio

from kis.auth import ensure_token
from kis.client import KisClient
from kis.config import KisConfig
from kis.simulator.testing import Simulated
from kis.token_store import AccessToken
from market.words import Environment

__all__ = ["Simulated", "config_of", "token_of"]


def config_of(kis: Simulated, environment: Environment) -> KisConfig:
    """The first account of that side, at the simulator's addresses."""
    account, hosts = kis.accounts(environment.value)[0], kis.info[environment.value]
    return KisConfig(
        environment=environment,
        **{name: account[name] for name in ("app_key", "app_secret", "account_no", "hts_id")},
        rest_url=hosts["rest"],
        ws_url=hosts["ws"],
    )


def token_of(config: KisConfig) -> AccessToken:
    """A token, issued once, to be handed to all processes."""

    async def issue() -> AccessToken:
        async with KisClient(config) as client:
            return await ensure_token(client=client)

    return asyncio.run(issue())
