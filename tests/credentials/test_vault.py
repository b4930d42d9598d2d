"""One token per key for all processes: issued once, sealed, forgotten only when it is the dead one."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from asgiref.sync import async_to_sync
from django.db import connection
from django.db.models.functions import Now

from credentials.models import ApiCredential
from credentials.services import token_store
from kis.auth import AccessToken
from sealing import SealBroken

ROOT = Path(__file__).resolve().parents[2]
EXPIRES = datetime(2026, 11, 25, 0, 0, tzinfo=UTC)
TOKEN = AccessToken("eyJ.first.token", EXPIRES)
NEWER = AccessToken("eyJ.second.token", EXPIRES + timedelta(hours=6))


class Vault:
    """A process's view of the vault, without the awaiting."""

    def __init__(self, credential: ApiCredential) -> None:
        self._store = token_store(credential)

    def __getattr__(self, name: str):
        return async_to_sync(getattr(self._store, name))


@pytest.fixture
def one(credential):
    return Vault(credential)


@pytest.fixture
def other(credential):
    return Vault(credential)


@pytest.mark.django_db
class TestClaim:
    def test_one_process_issues_at_a_time(self, one, other):
        assert one.get() is None
        assert other.get() is None
        assert (one.claim(), other.claim()) == (True, False)

    def test_who_looked_before_another_issued_must_look_again(self, one, other):
        """Both saw no token; the slower one must not issue a second after the first has been stored."""
        assert one.get() is None
        assert other.get() is None
        one.claim()
        one.put(TOKEN)

        assert other.claim() is False
        assert other.get() == TOKEN
        assert other.claim() is True  # it may renew what it has seen

    def test_a_failed_issue_gives_the_right_back(self, one, other):
        one.claim()
        one.release()
        assert other.claim() is True

    def test_a_dead_process_loses_it_when_the_databases_clock_says_so(self, one, other, credential):
        one.claim()
        ApiCredential.objects.filter(pk=credential.pk).update(token_claimed_until=Now() - timedelta(seconds=1))
        assert other.claim() is True

    def test_who_lost_the_claim_neither_stores_nor_releases(self, one, other, credential):
        one.claim()
        ApiCredential.objects.filter(pk=credential.pk).update(token_claimed_until=Now() - timedelta(seconds=1))
        other.claim()
        one.put(TOKEN)
        one.release()

        assert one.get() is None
        assert Vault(credential).claim() is False
        other.put(NEWER)
        assert one.get() == NEWER


@pytest.mark.django_db
class TestToken:
    def test_it_is_kept_sealed_with_its_end(self, one, credential):
        one.claim()
        one.put(TOKEN)
        credential.refresh_from_db()

        assert one.get() == TOKEN
        assert TOKEN.value.encode() not in bytes(credential.access_token)
        assert credential.token_expire_at == EXPIRES
        assert credential.token_issued_at is not None

    def test_a_refused_token_is_forgotten_but_a_newer_one_is_kept(self, one, other):
        one.claim()
        one.put(TOKEN)
        one.invalidate(NEWER.value)
        assert one.get() == TOKEN
        one.invalidate(TOKEN.value)
        assert other.get() is None
        other.invalidate(TOKEN.value)

    def test_a_token_copied_from_another_row_does_not_open(self, one, credential, data_credential):
        one.claim()
        one.put(TOKEN)
        stolen = ApiCredential.objects.values_list("access_token", flat=True).get(pk=credential.pk)
        ApiCredential.objects.filter(pk=data_credential.pk).update(access_token=stolen, token_expire_at=EXPIRES)

        with pytest.raises(SealBroken):
            Vault(data_credential).get()

    def test_its_repr_shows_nothing(self, one):
        one.claim()
        one.put(TOKEN)
        assert TOKEN.value not in repr(one._store)
        assert TOKEN.value not in repr(TOKEN)


PROCESS = """
import asyncio, os, sys
from datetime import UTC, datetime, timedelta
import django; django.setup()
from credentials.models import ApiCredential
from credentials.services import token_store
from kis.auth import AccessToken

async def bot(credential, name):
    store = token_store(credential)
    while (token := await store.get()) is None:
        if await store.claim():
            print("issued", flush=True)
            await asyncio.sleep(0.3)  # the request to the broker
            await store.put(AccessToken(f"token-of-{name}", datetime.now(UTC) + timedelta(hours=24)))
        else:
            await asyncio.sleep(0.02)
    print("uses", token.value, flush=True)

async def main():
    credential = await ApiCredential.objects.aget()
    await asyncio.gather(*(bot(credential, f"{os.getpid()}-{n}") for n in range(4)))

print("ready", flush=True)
sys.stdin.readline()
asyncio.run(main())
"""


@pytest.mark.django_db(transaction=True)
def test_of_many_processes_only_one_issues_and_all_use_what_it_got(credential):
    database = os.environ["SUPABASE_DB_URL"].rpartition("/")[0] + "/" + connection.settings_dict["NAME"]
    env = os.environ | {"SUPABASE_DB_URL": database, "DJANGO_SETTINGS_MODULE": "config.settings"}
    bots = [
        subprocess.Popen(
            [sys.executable, "-c", PROCESS],
            cwd=ROOT, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )
        for _ in range(3)
    ]  # fmt: skip
    try:
        for bot in bots:
            assert bot.stdout.readline() == "ready\n"
        with ThreadPoolExecutor() as pool:  # all at once
            said = [
                line for out, _ in pool.map(lambda b: b.communicate("\n", timeout=60), bots) for line in out.split("\n")
            ]
    finally:
        for bot in bots:
            bot.kill()
            bot.wait()

    assert said.count("issued") == 1
    assert len({line for line in said if line.startswith("uses")}) == 1
    assert sum(line.startswith("uses") for line in said) == 12
