"""What every bot would load for itself after the fork is loaded before it, and shared; see `./run bench bots`."""

import importlib
import logging
from functools import cache

from django.db import DatabaseError, connections

from bots.selectors import wanted
from kis.transport import tls

log = logging.getLogger("bots")

# Imported only when they are first used: the transport of HTTP, and the cage of strategies.
LATE = ("anyio._backends._asyncio", "anyio.streams.tls", "h11", "httpcore", "pydantic_monty", "rules.sandbox.program")


@cache
def load() -> None:
    """Once a process. It starts no thread and keeps no connection, since forks follow."""
    for name in LATE:
        importlib.import_module(name)
    tls()
    try:
        wanted()
    except DatabaseError:
        log.warning("the database is away: bots will be loaded without it")
    finally:
        connections.close_all()
