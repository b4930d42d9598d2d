"""Is the process alive; can it work."""

import pytest

from api import health


def test_alive_without_asking_anybody(client):
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"alive": True})


@pytest.mark.django_db
def test_ready_when_database_and_redis_answer(client):
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()) == (200, {"database": True, "redis": True})


@pytest.mark.django_db
def test_not_ready_while_redis_is_away(client, settings):
    settings.REDIS_URL = "redis://127.0.0.1:9/0"
    health._redis.cache_clear()
    try:
        answer = client.get("/readyz")
        assert (answer.status_code, answer.json()) == (503, {"database": True, "redis": False})
    finally:
        health._redis.cache_clear()
