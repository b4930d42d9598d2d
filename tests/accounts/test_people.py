"""How people and programs come in."""

from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth as totp
from django.core.management import CommandError, call_command

from accounts import mfa, services
from accounts.models import ApiToken, User
from accounts.selectors import usable_token
from api.problems import ApiError

pytestmark = pytest.mark.django_db
LOGIN = "/api/_allauth/app/v1/auth/login"
PASSWORD = "a long night over Seoul"


def sign_in(client, email: str, password: str = PASSWORD):
    return client.post(LOGIN, {"email": email, "password": password}, content_type="application/json")


class TestSignIn:
    def test_the_session_token_opens_the_api_and_the_role_comes_from_the_server(self, client, trader):
        token = sign_in(client, trader.email).json()["meta"]["session_token"]
        me = client.get("/api/me", headers={"X-Session-Token": token}).json()

        assert (me["email"], me["role"], me["language"]) == (trader.email, "trader", "ko")

    def test_a_session_may_change_things(self, client, trader):
        token = sign_in(client, trader.email).json()["meta"]["session_token"]
        answer = client.patch(
            "/api/me", {"language": "en"}, content_type="application/json", headers={"X-Session-Token": token}
        )
        assert answer.json()["language"] == "en"

    def test_a_wrong_password_gives_no_token(self, client, trader):
        answer = sign_in(client, trader.email, "wrong password here")
        assert answer.status_code == 400
        assert "session_token" not in answer.content.decode()

    def test_after_signing_out_the_token_is_dead(self, client, trader):
        token = sign_in(client, trader.email).json()["meta"]["session_token"]
        client.delete("/api/_allauth/app/v1/auth/session", headers={"X-Session-Token": token})

        answer = client.get("/api/me", headers={"X-Session-Token": token})
        assert (answer.status_code, answer.json()["code"]) == (401, "authentication_failed")

    def test_a_person_switched_off_is_out_at_once(self, client, trader):
        token = sign_in(client, trader.email).json()["meta"]["session_token"]
        User.objects.filter(pk=trader.pk).update(is_active=False)

        assert client.get("/api/me", headers={"X-Session-Token": token}).status_code == 401

    def test_nobody_signs_up_by_themselves(self, client):
        body = {"email": "new@bamsae.test", "password": PASSWORD}
        answer = client.post("/api/_allauth/app/v1/auth/signup", body, content_type="application/json")

        assert answer.status_code == 403
        assert not User.objects.filter(email="new@bamsae.test").exists()

    def test_an_admin_cookie_opens_no_api(self, client, admin):
        client.force_login(admin)
        assert client.get("/api/me").status_code == 401


class TestSecondFactor:
    @pytest.fixture
    def secret(self, trader):
        secret = totp.generate_totp_secret()
        totp.TOTP.activate(trader, secret)
        return secret

    def test_the_secret_is_sealed_in_the_table(self, trader, secret):
        row = Authenticator.objects.get(user=trader)
        assert secret not in str(row.data)
        assert mfa.unsealable() == []

    def test_the_password_alone_is_not_enough(self, client, trader, secret):
        first = sign_in(client, trader.email)
        token = first.json()["meta"]["session_token"]
        assert first.status_code == 401
        assert client.get("/api/me", headers={"X-Session-Token": token}).status_code == 401

        code = totp.format_hotp_value(totp.hotp_value(secret, next(iter(totp.yield_hotp_counters_from_time()))))
        second = client.post(
            "/api/_allauth/app/v1/auth/2fa/authenticate",
            {"code": code},
            content_type="application/json",
            headers={"X-Session-Token": token},
        )
        token = second.json()["meta"].get("session_token", token)
        assert second.status_code == 200
        assert client.get("/api/me", headers={"X-Session-Token": token}).status_code == 200

    def test_rotation_reseals_it(self, trader, secret, settings):
        old = settings.CREDENTIAL_KEYS
        settings.CREDENTIAL_KEYS = "new:" + "A" * 43 + "=," + old
        assert mfa.reseal_all() == 1
        settings.CREDENTIAL_KEYS = "new:" + "A" * 43 + "="
        assert mfa.unsealable() == []
        settings.CREDENTIAL_KEYS = old
        assert len(mfa.unsealable()) == 1


class TestTokens:
    NOW = datetime(2026, 11, 24, 17, tzinfo=UTC)

    def token(self, user, scope: str = "read", lives: timedelta = timedelta(days=1)):
        return services.create_api_token(user=user, name="t", scope=scope, expires_at=self.NOW + lives)

    def test_the_text_is_kept_nowhere(self, trader):
        row, text = self.token(trader)
        kept = {str(value) for value in ApiToken.objects.values().get(pk=row.pk).values()}
        assert not any(text in value for value in kept)
        assert text not in repr(row)

    def test_it_opens_until_it_expires(self, trader):
        row, text = self.token(trader)
        assert usable_token(text, now=self.NOW) == row
        assert usable_token(text, now=row.expires_at) is None
        assert usable_token(text + "x", now=self.NOW) is None

    def test_revoked_it_opens_nothing(self, trader):
        row, text = self.token(trader)
        services.revoke_api_token(token=row, now=self.NOW)
        assert usable_token(text, now=self.NOW) is None

    def test_its_person_switched_off_it_opens_nothing(self, trader):
        _, text = self.token(trader)
        User.objects.filter(pk=trader.pk).update(is_active=False)
        assert usable_token(text, now=self.NOW) is None

    def test_it_outlives_a_rotation_while_the_old_key_is_in_the_ring(self, trader, settings):
        row, text = self.token(trader)
        settings.CREDENTIAL_KEYS = "new:" + "A" * 43 + "=," + settings.CREDENTIAL_KEYS
        assert usable_token(text, now=self.NOW) == row

    def test_a_read_token_changes_nothing_even_for_an_admin(self, as_, admin, paper_account):
        reader, url = as_(admin, scope="read"), f"/api/accounts/{paper_account.pk}"

        assert reader.get(url).status_code == 200
        for answer in (
            reader.patch(url, {"nickname": "new"}),
            reader.post("/api/accounts", {"nickname": "x", "environment": "paper"}),
            reader.patch("/api/me", {"language": "en"}),
        ):
            assert (answer.status_code, answer.json()["code"]) == (403, "permission_denied")

    @pytest.mark.parametrize("header", ["Bearer nonsense", "Bearer ", "bearer bamsae_x"])
    def test_a_bad_token_is_401_with_a_challenge(self, client, header):
        answer = client.get("/api/me", headers={"Authorization": header})
        assert answer.status_code == 401
        assert answer["WWW-Authenticate"]

    def test_when_it_was_last_used_is_known(self, as_, trader):
        as_(trader).get("/api/me")
        assert ApiToken.objects.get().last_used_at is not None

    def test_the_command_prints_it_once(self, trader):
        out = StringIO()
        call_command("api_token", trader.email.upper(), "--scope", "trade", "--days", "7", stdout=out)

        row = usable_token(out.getvalue().strip(), now=datetime.now(UTC))
        assert (row.user, row.scope) == (trader, "trade")
        assert timedelta(days=6) < row.expires_at - datetime.now(UTC) <= timedelta(days=7)

    def test_the_command_knows_nobody_else(self, db):
        with pytest.raises(CommandError, match="no such person"):
            call_command("api_token", "ghost@bamsae.test")


class TestPeople:
    def test_a_viewer_may_choose_their_language(self, as_, viewer):
        assert as_(viewer).patch("/api/me", {"language": "en"}).json()["language"] == "en"
        assert as_(viewer).patch("/api/me", {"role": "admin"}).status_code == 400

    @pytest.mark.parametrize("password", ["short", "password1234", "eve@bamsae.test"])
    def test_a_weak_password_is_refused(self, db, password):
        with pytest.raises(ApiError) as refusal:
            services.create_user(email="eve@bamsae.test", password=password, role="trader")
        assert refusal.value.code == "weak_password"

    def test_an_email_is_registered_once_in_either_case(self, trader):
        with pytest.raises(ApiError, match="registered"):
            services.create_user(email=trader.email.upper(), password=PASSWORD, role="viewer")

    def test_only_admins_come_in_at_the_admin(self, admin, trader, viewer):
        assert [user.is_staff for user in (admin, trader, viewer)] == [True, False, False]
