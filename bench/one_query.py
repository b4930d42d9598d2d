"""The tasks of `./run bench tasks`, for a worker like the house's own."""

import os

from django.conf import settings
from redis import Redis

from config.celery import app

__all__ = ["app", "finish", "look"]

if reuse := os.environ.get("BENCH_DB_REUSE_MAX"):  # the baseline is Celery as it comes
    app.conf["CELERY_DB_REUSE_MAX"] = int(reuse)


@app.task(name="bench.look")
def look() -> int:
    """One query."""
    from accounts.models import HouseLimits

    return HouseLimits.objects.filter(pk=1).count()


@app.task(name="bench.finish")
def finish(key: str) -> None:
    """All that was sent before is done: the queue has one reader."""
    Redis.from_url(settings.REDIS_URL).set(key, 1, ex=60)
