"""Keys of the broker: sealed in their place, masked in every answer, one row per key and account."""

import logging
from datetime import datetime, timedelta
from io import StringIO

import pytest
from auditlog.models import LogEntry
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from django_celery_beat.models import PeriodicTask

from accounts.models import BrokerageAccount
from accounts.services import heartbeat
from api.problems import ApiError
from credentials import selectors, services
from credentials.models import ApiCredential
from market.errors import CredentialProblem
from market.words import Environment
from sealing import NoKeyOpens, SealBroken

pytestmark = pytest.mark.django_db

SECRETS = {
    "app_key": "PSkey00000000000000000000000000abcd",
    "app_secret": "a-very-secret-" + "z" * 160,
    "account_no": "50000001-01",
    "hts_id": "nightbird",
}
NEW_RING = "k9:" + "B" * 43 + "="


def url(account) -> str:
    return f"/api/accounts/{account.pk}/credentials"


def everything_in_the_database() -> str:
    """The text of every column of every table that a secret could have reached."""
    with connection.cursor() as cursor:
        tables = ("credentials_apicredential", "auditlog_logentry", "logs_executionlog", "accounts_brokerageaccount")
        said = []
        for table in tables:
            cursor.execute(f"SELECT row_to_json(t)::text, t.* FROM {table} t")
            for row in cursor.fetchall():
                said += [bytes(v).decode("latin-1") if isinstance(v, memoryview | bytes) else str(v) for v in row]
    return "\n".join(said)


class TestSecrets:
    def test_no_column_of_the_database_holds_one(self, as_, trader, paper_account):
        assert as_(trader).post(url(paper_account), SECRETS).status_code == 201

        text = everything_in_the_database()
        for secret in [*SECRETS.values(), "5000000101", "50000001"]:
            assert secret not in text

    def test_no_answer_log_or_repr_holds_one(self, as_, trader, paper_account, caplog):
        caplog.set_level(logging.DEBUG)
        client = as_(trader)
        answers = [client.post(url(paper_account), SECRETS), client.get(url(paper_account))]
        row = ApiCredential.objects.get()
        said = "".join(
            [*(a.content.decode() for a in answers), caplog.text, repr(row), str(row), repr(services.kis_config(row))]
        )

        for secret in [*SECRETS.values(), "5000000101"]:
            assert secret not in said
        assert answers[1].json()["app_key"] == "********abcd"
        assert answers[1].json()["has_hts_id"] is True

    def test_a_refusal_does_not_repeat_what_was_typed(self, as_, trader, paper_account):
        answer = as_(trader).post(url(paper_account), SECRETS | {"account_no": "5000-00", "app_key": "has a space"})
        assert answer.status_code == 400
        assert "5000-00" not in answer.content.decode()
        assert "has a space" not in answer.content.decode()

    def test_they_come_back_for_the_client_alone(self, paper_account, trader, settings):
        row = services.set_credentials(account=paper_account, by=trader, **SECRETS)
        config = services.kis_config(row)

        assert (config.app_key, config.app_secret) == (SECRETS["app_key"], SECRETS["app_secret"])
        assert (config.account_no, config.hts_id) == ("5000000101", "nightbird")
        assert config.environment is Environment.PAPER
        assert config.rest_url == settings.KIS_PAPER_REST_URL

    @pytest.mark.parametrize("column", ["app_key", "app_secret", "account_no"])
    def test_a_value_moved_to_another_row_does_not_open(self, credential, data_credential, column):
        ApiCredential.objects.filter(pk=credential.pk).update(**{column: getattr(data_credential, column)})
        credential.refresh_from_db()
        with pytest.raises(SealBroken):
            services.kis_config(credential)

    def test_a_value_moved_to_another_column_does_not_open(self, credential):
        ApiCredential.objects.filter(pk=credential.pk).update(app_secret=credential.app_key)
        credential.refresh_from_db()
        with pytest.raises(SealBroken):
            services.kis_config(credential)

    def test_the_audit_log_says_that_a_key_was_replaced_and_by_whom(self, as_, trader, paper_account):
        client = as_(trader)
        client.post(url(paper_account), SECRETS)
        client.post(url(paper_account), SECRETS | {"app_key": "PSkey0000000000000000000000000other"})

        entry = LogEntry.objects.get_for_object(ApiCredential.objects.get()).latest()
        assert entry.actor == trader
        assert "*" in entry.changes["key_fingerprint"][1]


class TestOneRowPerKeyAndAccount:
    def test_an_account_number_is_registered_once_however_it_is_written(
        self, credential, real_account, foreign_account
    ):
        with pytest.raises(ApiError, match="registered"):
            services.set_credentials(account=foreign_account, **SECRETS | {"account_no": "50000001"})
        # the same digits in the other environment are another account
        services.set_credentials(account=real_account, **SECRETS | {"account_no": "50000001"})

    def test_an_app_key_is_registered_once(self, paper_account, foreign_account):
        services.set_credentials(account=paper_account, **SECRETS)
        with pytest.raises(ApiError) as refusal:
            services.set_credentials(account=foreign_account, **SECRETS | {"account_no": "50000002"})
        assert list(refusal.value.fields) == ["app_key"]

    def test_also_after_the_ring_got_a_new_key(self, credential, foreign_account, settings):
        settings.CREDENTIAL_KEYS = NEW_RING + "," + settings.CREDENTIAL_KEYS
        with pytest.raises(ApiError, match="registered"):
            services.set_credentials(account=foreign_account, **SECRETS | {"account_no": "50000001"})

    def test_replacing_a_key_keeps_the_row_and_forgets_its_token(self, credential, paper_account):
        ApiCredential.objects.update(access_token=b"x", token_claimed_by="somebody")
        again = services.set_credentials(account=paper_account, **SECRETS)

        again.refresh_from_db()
        assert again.pk == credential.pk
        assert (again.access_token, again.token_claimed_by) == (None, "")

    def test_a_mistyped_number_may_be_put_right_until_a_bot_has_run(self, credential, paper_account, now):
        services.set_credentials(account=paper_account, **SECRETS | {"account_no": "50000009"})
        heartbeat(account=paper_account, now=now)
        with pytest.raises(ApiError) as refusal:
            services.set_credentials(account=paper_account, **SECRETS | {"account_no": "50000008"})
        assert refusal.value.code == "account_number_fixed"

    def test_a_key_of_one_environment_cannot_sit_on_an_account_of_the_other(self, credential):
        with pytest.raises(IntegrityError), transaction.atomic():
            ApiCredential.objects.filter(pk=credential.pk).update(environment="real", sandbox=False)
            connection.check_constraints()


class TestWhoseKeyReadsPrices:
    def test_paper_borrows_its_owners_real_key(self, credential, paper_account, data_credential):
        assert selectors.trade_credential(paper_account) == credential
        assert selectors.data_credential_for(paper_account) == data_credential

    def test_a_real_account_uses_its_own(self, real_account, data_credential):
        own = services.set_credentials(account=real_account, **SECRETS)
        assert selectors.data_credential_for(real_account) == own

    def test_a_strangers_key_is_not_borrowed_but_an_admins_is(self, foreign_account, data_credential, admin):
        assert selectors.data_credential_for(foreign_account) is None
        lent = services.set_data_credential(owner=admin, environment="real", **SECRETS)
        assert selectors.data_credential_for(foreign_account) == lent

    def test_a_paper_key_reads_no_prices_for_others(self, foreign_account, admin):
        services.set_data_credential(owner=admin, environment="paper", **SECRETS)
        assert selectors.data_credential_for(foreign_account) is None

    def test_giving_the_same_data_key_again_replaces_it(self, trader):
        rows = {services.set_data_credential(owner=trader, environment="real", **SECRETS).pk for _ in range(2)}
        assert len(rows) == 1
        assert selectors.credential_with_key("real", SECRETS["app_key"]).pk in rows
        assert selectors.credential_with_key("paper", SECRETS["app_key"]) is None


class TestLendingPrices:
    """A real account's own key may read prices for its owner's paper accounts, and can order nothing for them."""

    @pytest.fixture
    def own(self, real_account):
        return services.set_credentials(account=real_account, **SECRETS)

    def test_it_lends_nothing_unless_its_owner_says_so(self, own, paper_account, foreign_account):
        assert selectors.data_credential_for(paper_account) is None
        services.lend_prices(own, True)
        assert selectors.data_credential_for(paper_account) == own
        assert selectors.data_credential_for(foreign_account) is None
        services.lend_prices(own, False)
        assert selectors.data_credential_for(paper_account) is None

    def test_a_data_key_of_the_owner_is_preferred_and_an_admins_is_not(self, own, paper_account, admin, trader):
        services.lend_prices(own, True)
        keys = {"app_secret": "x" * 180, "account_no": "63000001-01"}
        services.set_data_credential(owner=admin, environment="real", app_key="PS" + "a" * 34, **keys)
        assert selectors.data_credential_for(paper_account) == own
        mine = services.set_data_credential(owner=trader, environment="real", app_key="PS" + "b" * 34, **keys)
        assert selectors.data_credential_for(paper_account) == mine

    def test_the_lent_key_knows_no_account_to_order_for(self, own):
        lent = services.data_config(own)
        assert (lent.account_no, lent.hts_id, lent.app_key) == ("", "", SECRETS["app_key"])
        with pytest.raises(CredentialProblem, match="no account number"):
            assert lent.cano

    def test_through_the_api_its_owner_alone_decides(self, as_, own, trader, other_trader, real_account):
        answer = as_(trader).patch(url(real_account), {"lends_prices": True})
        assert (answer.status_code, answer.json()["lends_prices"]) == (200, True)
        assert as_(other_trader).patch(url(real_account), {"lends_prices": False}).status_code == 404

    def test_a_paper_key_has_no_prices_to_lend(self, as_, credential, trader, paper_account):
        answer = as_(trader).patch(url(paper_account), {"lends_prices": True})
        assert (answer.status_code, answer.json()["code"]) == (400, "cannot_lend_prices")
        with pytest.raises(IntegrityError), transaction.atomic():
            ApiCredential.objects.filter(pk=credential.pk).update(lends_prices=True)

    def test_the_accounts_that_read_through_a_key_are_known_its_own_first(
        self, own, real_account, paper_account, foreign_account
    ):
        services.lend_prices(own, True)
        BrokerageAccount.objects.update(enabled=True)
        assert selectors.accounts_reading(own) == [real_account, paper_account]
        BrokerageAccount.objects.filter(pk=real_account.pk).update(enabled=False)
        assert selectors.accounts_reading(own) == [paper_account]


class TestTokenShown:
    """When the token was issued, when it ends, and whether it is dead; never the token."""

    def shown(self, as_, trader, account) -> dict:
        return as_(trader).get(url(account)).json()

    def test_none_was_issued_yet(self, as_, trader, paper_account, credential):
        shown = self.shown(as_, trader, paper_account)
        assert (shown["token_state"], shown["token_issued_at"], shown["token_problem"]) == ("none", None, None)

    @pytest.mark.parametrize(
        ("doubt", "hours", "state"),
        [("none", 20, "good"), ("reissued", 20, "good"), ("refused", 20, "refused"), ("none", -1, "expired")],
    )
    def test_how_it_stands(self, as_, trader, paper_account, credential, doubt, hours, state):
        ends = timezone.now() + timedelta(hours=hours)
        ApiCredential.objects.update(access_token=b"x", token_expire_at=ends, token_doubt=doubt)
        shown = self.shown(as_, trader, paper_account)
        assert (shown["token_state"], shown["token_dead_until"]) == (state, None)

    def test_a_dead_one_says_until_when(self, as_, trader, paper_account, credential):
        ends = timezone.now() + timedelta(hours=20)
        ApiCredential.objects.update(access_token=b"x", token_expire_at=ends, token_doubt="dead")
        shown = self.shown(as_, trader, paper_account)
        assert shown["token_state"] == "dead"
        assert datetime.fromisoformat(shown["token_dead_until"]) == ends - timedelta(hours=18)

    def test_why_none_could_be_issued_is_said_while_that_holds(self, as_, trader, paper_account, credential):
        problem = {"kind": "credential", "code": "EGW00105", "ko": "시크릿 오류", "en": "wrong", "retry_after": None}
        soon = timezone.now() + timedelta(minutes=5)
        ApiCredential.objects.update(token_problem=problem, token_quiet_until=soon)
        assert self.shown(as_, trader, paper_account)["token_problem"] == {"ko": "시크릿 오류", "en": "wrong"}
        ApiCredential.objects.update(token_quiet_until=timezone.now() - timedelta(minutes=5))
        assert self.shown(as_, trader, paper_account)["token_problem"] is None


def test_the_schedule_revokes_every_minute_and_an_admin_may_change_that():
    row = PeriodicTask.objects.get(name="revoke tokens")
    assert (row.task, row.interval.every, row.enabled) == ("credentials.revoke_tokens", 60, True)


class TestRotation:
    def test_everything_is_resealed_and_the_old_key_may_go(self, credential, data_credential, settings):
        before = services.kis_config(credential)
        settings.CREDENTIAL_KEYS = NEW_RING + "," + settings.CREDENTIAL_KEYS
        out = StringIO()
        call_command("rotate_keys", stdout=out)

        settings.CREDENTIAL_KEYS = NEW_RING
        credential.refresh_from_db()
        assert "7 values under k9" in out.getvalue()
        assert services.unsealable() == []
        assert services.kis_config(credential) == before
        assert services.reseal_all() == 0
        assert selectors.credential_with_key("paper", before.app_key) == credential

    def test_a_row_under_a_lost_key_is_found_and_named(self, credential, settings):
        settings.CREDENTIAL_KEYS = NEW_RING
        closed = services.unsealable()

        assert {found.column for found in closed} == {"app_key", "app_secret", "account_no", "hts_id"}
        assert all(isinstance(found.why, NoKeyOpens) for found in closed)
        assert services.masked(credential)["opens"] is False
        with pytest.raises(CommandError, match="see preflight"):
            call_command("rotate_keys")


class TestPreflight:
    def run(self) -> str:
        said = StringIO()
        with pytest.raises(SystemExit) as end:
            call_command("preflight", stderr=said)
        assert end.value.code == 1
        return said.getvalue()

    def test_all_is_well(self, credential):
        out = StringIO()
        call_command("preflight", stdout=out)
        assert "in order" in out.getvalue()

    def test_rows_that_no_key_opens_stop_the_start_with_the_keys_name(self, credential, settings):
        sealed_with = settings.CREDENTIAL_KEYS.partition(":")[0]
        settings.CREDENTIAL_KEYS = NEW_RING
        said = self.run()
        assert f"4 sealed values need the key {sealed_with}" in said
        assert len(said.strip().splitlines()) == 1

    def test_a_keyring_that_is_not_one(self, db, settings):
        settings.CREDENTIAL_KEYS = "k1:c2hvcnQ="
        assert "'k1' has 5 bytes; 32 are needed" in self.run()

    def test_a_changed_value_is_told_apart_from_a_lost_key(self, credential):
        ApiCredential.objects.filter(pk=credential.pk).update(hts_id=credential.app_key)
        assert "1 sealed values were changed" in self.run()

    def test_another_schema(self, db):
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL search_path = public")
        assert "schema is public, not bamsae" in self.run()

    def test_migrations_that_were_not_applied(self, db):
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM django_migrations WHERE app = 'bots' OR app = 'credentials'")
        assert "are not applied" in self.run()
