"""The token of a key that was replaced or deleted is revoked: after the transaction, patiently, never fatally."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.db import transaction
from django.db.models.functions import Now

from credentials import services
from credentials.models import ApiCredential, TokenRevocation
from credentials.tasks import revoke_tokens
from kis.auth import ensure_token
from kis.client import KisClient
from kis.simulator import testing
from logs.models import ExecutionLog

pytestmark = pytest.mark.django_db(transaction=True)

NAMES = ("app_key", "app_secret", "account_no", "hts_id")


@pytest.fixture(scope="module")
def simulated() -> Iterator[Any]:
    with testing.start(switches={"rate_paper": 0, "rate_real": 0, "token_interval": 0.0}) as running:
        yield running


@pytest.fixture
def kis(simulated, settings) -> Iterator[Any]:
    for side in ("real", "paper"):
        for kind in ("rest", "ws"):
            setattr(settings, f"KIS_{side}_{kind}_URL".upper(), simulated.info[side][kind])
    yield simulated
    simulated.control.clear_faults()


def keys_of(kis, index: int = 0) -> dict[str, str]:
    return {name: kis.accounts("paper")[index][name] for name in NAMES}


def issue(credential) -> str:
    async def ask() -> str:
        store = services.token_store(credential)
        async with KisClient(services.kis_config(credential), token_store=store) as client:
            return (await ensure_token(client=client)).value

    return async_to_sync(ask)()


@pytest.fixture
def in_use(kis, paper_account, trader):
    """A key with a token."""
    credential = services.set_credentials(account=paper_account, by=trader, **keys_of(kis))
    issue(credential)
    credential.refresh_from_db()
    return credential


@pytest.fixture
def replace(kis, paper_account, in_use):
    """`replace()`: another app key for the same account."""
    return lambda: services.set_credentials(
        account=paper_account, **keys_of(kis) | {name: keys_of(kis, 1)[name] for name in ("app_key", "app_secret")}
    )


def said() -> list[str]:
    return list(ExecutionLog.objects.order_by("seq").values_list("message_en", flat=True))


def revoked_at_broker(kis) -> int:
    return sum(c["count"] for c in kis.control.calls() if c["path"] == "/oauth2/revokeP" and c["status"] == 200)


class TestReplaced:
    def test_the_token_of_the_key_before_is_revoked_and_the_old_key_goes(self, kis, replace, in_use):
        old = services.kis_config(in_use)
        before = revoked_at_broker(kis)
        replace()
        assert TokenRevocation.objects.count() == 1

        assert revoke_tokens() == 1

        assert revoked_at_broker(kis) == before + 1
        assert not TokenRevocation.objects.exists()
        assert said()[-1] == "The token of the app key before was revoked."
        issue(services.set_credentials(account=in_use.account, **keys_of(kis)))  # the old key itself is still good
        assert old.app_key == keys_of(kis)["app_key"]

    def test_until_then_the_old_key_stays_sealed_in_a_row_that_opens_nowhere_else(self, replace, in_use):
        old = services.kis_config(in_use)
        replace()
        row = TokenRevocation.objects.values_list("app_key", "app_secret", "access_token").get()
        for secret in (old.app_key, old.app_secret):
            assert not any(secret.encode() in bytes(blob) for blob in row)
        assert services.unsealable() == []
        ApiCredential.objects.filter(pk=in_use.pk).update(app_key=row[0])
        assert [found.column for found in services.unsealable()] == ["app_key"]

    def test_nothing_is_asked_of_the_broker_inside_the_transaction(self, kis, replace):
        before = len(kis.control.calls())
        with transaction.atomic():
            replace()
            assert len(kis.control.calls()) == before
            transaction.set_rollback(True)
        assert not TokenRevocation.objects.exists()
        assert revoke_tokens() == 0

    def test_the_same_key_entered_again_keeps_its_token(self, kis, paper_account, in_use):
        again = services.set_credentials(account=paper_account, **keys_of(kis) | {"hts_id": "another"})
        again.refresh_from_db()
        assert bytes(again.access_token) == bytes(in_use.access_token)
        assert again.key_version == in_use.key_version
        assert services.kis_config(again).hts_id == "another"
        assert not TokenRevocation.objects.exists()

    def test_a_token_that_has_ended_need_not_be_revoked(self, replace, in_use):
        ApiCredential.objects.update(token_expire_at=datetime(2026, 1, 1, tzinfo=UTC))
        replace()
        assert not TokenRevocation.objects.exists()

    def test_a_token_that_does_not_open_keeps_nobody_from_a_new_key(self, replace, in_use):
        ApiCredential.objects.update(access_token=b"x")
        assert replace().key_version == in_use.key_version + 1
        assert not TokenRevocation.objects.exists()


class TestDeleted:
    def test_the_token_of_a_deleted_key_is_revoked_too(self, kis, in_use):
        before = revoked_at_broker(kis)
        in_use.delete()
        assert revoke_tokens() == 1
        assert revoked_at_broker(kis) == before + 1

    def test_also_when_it_goes_with_its_account(self, kis, in_use, paper_account):
        before = revoked_at_broker(kis)
        ApiCredential.objects.filter(account=paper_account).delete()
        assert revoke_tokens() == 1
        assert revoked_at_broker(kis) == before + 1


class TestTheSameKeyAgain:
    """KIS issues the same token for six hours: revoking it late would kill the one that is in use again."""

    def test_a_key_that_was_deleted_and_registered_again_keeps_its_token(self, kis, in_use, paper_account, trader):
        before = revoked_at_broker(kis)
        token = issue(in_use)
        in_use.delete()
        again = services.set_credentials(account=paper_account, by=trader, **keys_of(kis))
        assert issue(again) == token

        assert revoke_tokens() == 1

        assert revoked_at_broker(kis) == before
        assert not TokenRevocation.objects.exists()
        assert said()[-1] == "The same app key is registered again: its token stays."

    def test_also_when_only_its_secret_was_put_right(self, kis, in_use, paper_account):
        before = revoked_at_broker(kis)
        services.set_credentials(account=paper_account, **keys_of(kis) | {"app_secret": "s" * 180})
        assert revoke_tokens() == 1
        assert revoked_at_broker(kis) == before


class TestTrouble:
    def test_a_broker_that_is_away_is_asked_again_later_and_not_hammered(self, kis, replace, settings):
        replace()
        there, settings.KIS_PAPER_REST_URL = settings.KIS_PAPER_REST_URL, "http://127.0.0.1:1"
        assert revoke_tokens() == 0
        assert TokenRevocation.objects.get().attempts == 1
        assert revoke_tokens() == 0  # its time has not come
        assert TokenRevocation.objects.get().attempts == 1

        settings.KIS_PAPER_REST_URL = there
        TokenRevocation.objects.update(next_try_at=Now() - timedelta(seconds=1))
        assert revoke_tokens() == 1
        assert "was revoked" in said()[-1]

    def test_what_kis_refuses_is_journaled_and_given_up(self, replace):
        replace()
        revocation = TokenRevocation.objects.get()
        from credentials.sealed import seal

        TokenRevocation.objects.update(access_token=seal(revocation.pk, "access_token", "eyJ.no.such", TokenRevocation))
        assert revoke_tokens() == 1
        assert not TokenRevocation.objects.exists()
        assert "was not revoked; it ends by itself" in said()[-1]
        assert ExecutionLog.objects.order_by("seq").last().level == "warning"

    def test_when_the_token_has_ended_trying_ends(self, replace, settings):
        replace()
        settings.KIS_PAPER_REST_URL = "http://127.0.0.1:1"
        TokenRevocation.objects.update(token_expire_at=datetime(2026, 1, 1, tzinfo=UTC))
        assert revoke_tokens() == 1
        assert not TokenRevocation.objects.exists()

    def test_a_key_of_the_house_that_is_missing_makes_it_wait(self, replace, settings):
        replace()
        ring, settings.CREDENTIAL_KEYS = settings.CREDENTIAL_KEYS, "k9:" + "B" * 43 + "="
        assert revoke_tokens() == 0
        assert TokenRevocation.objects.exists()
        settings.CREDENTIAL_KEYS = ring

    def test_a_rotation_of_the_houses_keys_takes_it_along(self, kis, replace, settings):
        replace()
        settings.CREDENTIAL_KEYS = "k9:" + "B" * 43 + "=," + settings.CREDENTIAL_KEYS
        services.reseal_all()
        settings.CREDENTIAL_KEYS = "k9:" + "B" * 43 + "="
        assert revoke_tokens() == 1
        assert "was revoked" in said()[-1]
