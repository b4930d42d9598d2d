"""One token and one approval key per app key for all processes: issued once, sealed, doubted by all alike."""

import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.db import connection
from django.db.models.functions import Now

from credentials.models import ApiCredential
from credentials.services import approval_store, set_credentials, token_store
from kis.approvals import ApprovalKey
from kis.simulator import testing
from kis.token_store import AccessToken, Doubt, Held
from market.errors import CredentialProblem, Text, Throttled
from sealing import SealBroken

ROOT = Path(__file__).resolve().parents[2]
EXPIRES = datetime(2026, 11, 25, 0, 0, tzinfo=UTC)
TOKEN = AccessToken("eyJ.first.token", EXPIRES)
NEWER = AccessToken("eyJ.second.token", EXPIRES + timedelta(hours=6))
NOTHING = Held()


class Seen:
    """A process's view of a store, without the awaiting."""

    def __init__(self, store: Any) -> None:
        self._store = store

    def __getattr__(self, name: str):
        return async_to_sync(getattr(self._store, name))

    def issue(self, token: AccessToken = TOKEN, doubt: Doubt = Doubt.NONE, quiet_s: float = 0) -> None:
        assert self.claim(self.read())
        self.put(token, doubt, quiet_s)


@pytest.fixture
def one(credential):
    return Seen(token_store(credential))


@pytest.fixture
def other(credential):
    return Seen(token_store(credential))


def the_claims_time_is_over(credential) -> None:
    ApiCredential.objects.filter(pk=credential.pk).update(token_claimed_until=Now() - timedelta(seconds=1))


@pytest.mark.django_db
class TestClaim:
    def test_one_process_issues_at_a_time(self, one, other):
        assert one.read() == other.read() == NOTHING
        assert (one.claim(NOTHING), other.claim(NOTHING)) == (True, False)

    def test_who_looked_before_another_issued_must_look_again(self, one, other):
        """Both saw no token; the slower one must not issue a second after the first has been stored."""
        before = other.read()
        one.issue()

        assert other.claim(before) is False
        assert other.read().token == TOKEN
        assert other.claim(other.read()) is True  # it may renew what it has seen

    def test_a_failed_issue_gives_the_right_back(self, one, other):
        one.claim(NOTHING)
        one.release()
        assert other.claim(NOTHING) is True

    def test_a_dead_process_loses_it_when_the_databases_clock_says_so(self, one, other, credential):
        one.claim(NOTHING)
        the_claims_time_is_over(credential)
        assert other.claim(NOTHING) is True

    def test_who_lost_the_claim_neither_stores_nor_releases(self, one, other, credential):
        one.claim(NOTHING)
        the_claims_time_is_over(credential)
        other.claim(NOTHING)
        one.put(TOKEN, Doubt.NONE, 0)
        one.release()

        assert one.read() == NOTHING
        assert Seen(token_store(credential)).claim(NOTHING) is False


@pytest.mark.django_db
class TestToken:
    def test_it_is_kept_sealed_with_its_end(self, one, credential):
        one.issue()
        credential.refresh_from_db()

        assert one.read().token == TOKEN
        assert TOKEN.value.encode() not in bytes(credential.access_token)
        assert credential.token_expire_at == EXPIRES
        assert credential.token_issued_at is not None

    def test_every_issue_has_a_number_of_its_own_even_of_the_same_token(self, one, other):
        one.issue()
        other.issue()
        assert (one.read().serial, one.read().token.serial) == (2, 2)

    def test_a_token_copied_from_another_row_does_not_open(self, one, credential, data_credential):
        one.issue()
        stolen = ApiCredential.objects.values_list("access_token", flat=True).get(pk=credential.pk)
        ApiCredential.objects.filter(pk=data_credential.pk).update(access_token=stolen, token_expire_at=EXPIRES)

        with pytest.raises(SealBroken):
            Seen(token_store(data_credential)).read()

    def test_its_repr_shows_nothing(self, one):
        one.issue()
        assert TOKEN.value not in repr(one._store)
        assert TOKEN.value not in repr(TOKEN)


@pytest.mark.django_db
class TestDoubt:
    def test_each_step_is_taken_once(self, one, other):
        one.issue()
        seen = one.read()
        assert one.mark(seen, Doubt.REFUSED)
        assert not other.mark(seen, Doubt.REFUSED)
        assert other.read().doubt is Doubt.REFUSED

    def test_it_does_not_touch_a_newer_issue(self, one, other):
        one.issue()
        seen = one.read()
        other.issue(NEWER)
        assert not one.mark(seen, Doubt.REFUSED)
        assert one.read().doubt is Doubt.NONE

    def test_one_of_all_may_try_a_dead_token_at_a_time(self, one, other):
        one.issue()
        one.mark(one.read(), Doubt.DEAD)
        seen = other.read()
        assert one.take_trial(seen, 60)
        assert not other.take_trial(seen, 60)
        assert 50 < other.read().quiet_s <= 60

    def test_why_an_issue_failed_is_known_to_all_while_it_lasts(self, one, other, credential):
        one.claim(NOTHING)
        one.fail(Throttled(Text("일 분에 한 번", "once a minute"), code="EGW00133", retry_after=61.0), 61)
        held = other.read()
        assert (type(held.problem), held.problem.code) == (Throttled, "EGW00133")
        assert held.problem.retry_after == 61.0
        assert not other.claim(held)

        ApiCredential.objects.filter(pk=credential.pk).update(token_quiet_until=Now() - timedelta(seconds=1))
        assert other.read().problem is None
        assert other.claim(other.read())


@pytest.mark.django_db
class TestApprovalKey:
    KEY = ApprovalKey("01234567-89ab-cdef-0123-456789abcdef", EXPIRES)

    @pytest.fixture
    def store(self, credential):
        return Seen(approval_store(credential))

    def test_one_process_asks_at_a_time_and_all_use_what_it_got(self, store, credential):
        second = Seen(approval_store(credential))
        assert store.read() is None
        assert (store.claim(), second.claim()) == (True, False)
        store.put(self.KEY)
        assert second.read() == self.KEY
        assert second.claim()

    def test_it_is_sealed(self, store, credential):
        store.claim()
        store.put(self.KEY)
        credential.refresh_from_db()
        assert self.KEY.value.encode() not in bytes(credential.approval_key)
        assert self.KEY.value not in repr(self.KEY)

    def test_a_refused_one_is_forgotten_but_not_a_newer_one(self, store):
        store.claim()
        store.put(self.KEY)
        store.invalidate("another")
        assert store.read() == self.KEY
        store.invalidate(self.KEY.value)
        assert store.read() is None
        store.invalidate(self.KEY.value)


@pytest.mark.django_db
class TestReplacedKey:
    """A process that opened the key before must not issue with it, and not store what it got in the new key's row."""

    @pytest.fixture
    def replaced(self, one, credential, paper_account):
        old = (one, Seen(approval_store(credential)))
        one.issue()
        set_credentials(
            account=paper_account, app_key="PSother" + "0" * 29, app_secret="s" * 180, account_no="50000001-01"
        )
        return old

    def test_it_learns_that_its_key_is_gone(self, replaced):
        for store in replaced:
            with pytest.raises(CredentialProblem, match="replaced"):
                store.read()

    def test_it_has_no_claim_and_stores_nothing(self, replaced, credential):
        tokens, approvals = replaced
        assert not tokens.claim(NOTHING)
        assert not approvals.claim()
        credential.refresh_from_db()
        assert Seen(token_store(credential)).read().token is None

    def test_so_it_does_of_a_deleted_one(self, one, credential):
        credential.delete()
        with pytest.raises(CredentialProblem, match="deleted"):
            one.read()


PROCESS = """
import asyncio, os, sys
import django; django.setup()
from credentials.models import ApiCredential
from credentials.services import approval_store, kis_config, token_store
from kis.auth import get_approval_key
from kis.broker import KisBroker
from kis.client import KisClient
from kis.throttle import LocalBudget
from market.errors import CredentialProblem
from market.words import Exchange

async def bot(credential):
    said = []
    stores = {"token_store": token_store(credential), "approval_store": approval_store(credential)}
    async with KisClient(kis_config(credential), budget=LocalBudget(500), **stores) as client:
        said.append("approval " + await get_approval_key(client=client))
        for _ in range(4):
            try:
                await KisBroker(client).quote("NVDA", Exchange.NASDAQ)
            except CredentialProblem as problem:
                said.append("problem " + problem.message.en)
            else:
                said.append("priced")
    print("\\n".join(said), flush=True)

async def main():
    credential = await ApiCredential.objects.aget()
    await asyncio.gather(*(bot(credential) for _ in range(4)))

print("ready", flush=True)
sys.stdin.readline()
asyncio.run(main())
"""


@pytest.fixture
def kis(settings) -> Iterator[Any]:
    with testing.start(switches={"rate_paper": 0, "rate_real": 0, "token_interval": 0.0}) as simulated:
        for side in ("real", "paper"):
            for kind in ("rest", "ws"):
                setattr(settings, f"KIS_{side}_{kind}_URL".upper(), simulated.info[side][kind])
        yield simulated


@pytest.fixture
def real_key(kis, paper_account, trader):
    """The key of a paper account at the simulator."""
    given = kis.accounts("paper")[0]
    names = ("app_key", "app_secret", "account_no", "hts_id")
    return set_credentials(account=paper_account, by=trader, **{name: given[name] for name in names})


def all_at_once(kis) -> list[str]:
    """Twelve holders of the key in three processes, begun together; what they said."""
    database = os.environ["SUPABASE_DB_URL"].rpartition("/")[0] + "/" + connection.settings_dict["NAME"]
    env = os.environ | {"SUPABASE_DB_URL": database, "DJANGO_SETTINGS_MODULE": "config.settings"}
    env |= {f"KIS_{s}_{k}_URL".upper(): kis.info[s][k] for s in ("real", "paper") for k in ("rest", "ws")}
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
        with ThreadPoolExecutor() as pool:
            heard = pool.map(lambda b: b.communicate("\n", timeout=90), bots)
            return [line for out, _ in heard for line in out.splitlines()]
    finally:
        for bot in bots:
            bot.kill()
            bot.wait()


def issued(kis, path: str = "/oauth2/tokenP") -> int:
    return sum(call["count"] for call in kis.control.calls() if call["path"] == path)


@pytest.mark.django_db(transaction=True)
@pytest.mark.timeout(180)
class TestManyProcesses:
    def test_one_issues_token_and_approval_key_and_all_use_what_it_got(self, kis, real_key):
        said = all_at_once(kis)

        assert said.count("priced") == 48
        assert len({line for line in said if line.startswith("approval")}) == 1
        assert issued(kis) == 1
        assert issued(kis, "/oauth2/Approval") == 1

    def test_a_dead_token_is_issued_anew_once_by_all_of_them_and_then_said_to_be_dead(self, kis, real_key):
        kis.control.fault("token_expired", match={"path": "/uapi/overseas-price/v1/quotations/price"})
        said = [line for line in all_at_once(kis) if not line.startswith("approval")]

        assert len(said) == 48
        assert all(line.startswith("problem") for line in said)
        assert sum("no orders or cancels possible until" in line for line in said) >= 36  # all but the first of each
        assert issued(kis) == 2
        real_key.refresh_from_db()
        assert real_key.token_doubt == Doubt.DEAD
