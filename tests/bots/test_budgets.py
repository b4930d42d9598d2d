"""The use of each key's rate, as people and collectors read it."""

from datetime import UTC, datetime

import pytest
import redis
from asgiref.sync import async_to_sync
from prometheus_client.parser import text_string_to_metric_families
from redis.asyncio import Redis

from accounts.keys import keyring
from bots.broker import shared_budget
from credentials import services
from market.words import Lane

pytestmark = pytest.mark.django_db

KEYS = {"app_key": "PSforeign000000000000000000000000077", "app_secret": "x" * 180, "account_no": "50000077-01"}
LANES = {"exit": 0, "entry": 0, "tracking": 0, "scan": 0}


@pytest.fixture(autouse=True)
def _unused_keys(settings):
    """Every run has the same keys, and Redis remembers them."""
    connection = redis.Redis.from_url(settings.REDIS_URL)
    for app_key in ("PSpaperkey00000000000000000000000001", "PSrealkey000000000000000000000000009"):
        for name in connection.scan_iter(f"bamsae:kis:rate:{keyring().keyed_hash(app_key)}*"):
            connection.delete(name)
    connection.close()


@pytest.fixture
def foreign_credential(foreign_account, other_trader):
    return services.set_credentials(account=foreign_account, by=other_trader, **KEYS)


@pytest.fixture
def use(settings):
    """`use(credential, Lane.SCAN, refused="EGW00201")`: a request of a bot, done."""

    async def ask(credential, lane, refused):
        async with Redis.from_url(settings.REDIS_URL) as connection:
            budget = shared_budget(credential, connection)
            (await budget.take(lane)).done(refused)
            await budget.settle()

    return lambda credential, lane, refused="": async_to_sync(ask)(credential, lane, refused)


class TestBudgets:
    def test_a_key_that_nobody_uses_has_all_of_its_rate(self, as_, trader, credential):
        (found,) = as_(trader).get("/api/budgets").json()
        assert found == {
            "credential_id": str(credential.pk),
            "account_id": str(credential.account_id),
            "nickname": "밤새 모의",
            "purpose": "trade",
            "environment": "paper",
            "app_key": "********0001",
            "allowed_per_second": 1.0,
            "usage": {
                "learned_per_second": 1.0,
                "last_second": LANES,
                "last_minute": LANES,
                "waiting": LANES,
                "under_way": 0,
                "throttled_at": None,
                "throttled_code": "",
                "throttled_reason": None,
                "ledger_paused_until": None,
            },
        }

    def test_requests_of_every_process_are_seen(self, as_, trader, data_credential, use):
        begun = datetime.now(UTC)
        use(data_credential, Lane.SCAN)
        use(data_credential, Lane.TRACKING, refused="EGW00201")
        (found,) = as_(trader).get("/api/budgets").json()
        assert (found["allowed_per_second"], found["purpose"], found["account_id"]) == (18.0, "data", None)
        used = found["usage"]
        assert used["under_way"] == 2
        assert used["learned_per_second"] == pytest.approx(18 * 0.7, rel=0.01)
        assert used["throttled_code"] == "EGW00201"
        assert "rate limit" in used["throttled_reason"]["en"]
        assert datetime.fromisoformat(used["throttled_at"]) >= begun

    def test_everybody_sees_their_own_keys_and_an_admin_all(
        self, as_, admin, trader, viewer, other_trader, credential, data_credential, foreign_credential
    ):
        def seen_by(person):
            return {found["credential_id"] for found in as_(person).get("/api/budgets").json()}

        mine = {str(credential.pk), str(data_credential.pk)}
        assert seen_by(trader) == mine
        assert seen_by(other_trader) == {str(foreign_credential.pk)}
        assert seen_by(viewer) == set()  # who may look at an account does not see its key
        assert seen_by(admin) == mine | {str(foreign_credential.pk)}

    def test_nobody_sees_nothing(self, as_, credential):
        assert as_(None).get("/api/budgets").status_code == 401

    def test_without_redis_the_use_is_unknown_and_the_rest_is_said(self, as_, trader, credential, settings):
        settings.REDIS_URL = "redis://127.0.0.1:1/0"
        (found,) = as_(trader).get("/api/budgets").json()
        assert (found["usage"], found["allowed_per_second"]) == (None, 1.0)


class TestCard:
    @pytest.mark.parametrize(("language", "title"), [("ko", "한국투자증권 호출 한도"), ("en", "Rate budgets at KIS")])
    def test_the_admins_first_page_shows_every_key(self, language, title, client, admin, data_credential, use):
        use(data_credential, Lane.SCAN, refused="EGW00201")
        client.force_login(admin)
        page = client.get("/admin/", headers={"Accept-Language": language}).content.decode()
        assert title in page
        assert 'data-card="budgets"' in page
        assert "**0009" in page
        assert "12.6 / 18" in page
        assert "EGW00201" in page

    def test_without_redis_it_says_so(self, client, admin, data_credential, settings):
        settings.REDIS_URL = "redis://127.0.0.1:1/0"
        client.force_login(admin)
        assert "unknown (Redis" in client.get("/admin/", headers={"Accept-Language": "en"}).content.decode()


class TestMetrics:
    @pytest.fixture(autouse=True)
    def _token(self, settings):
        settings.METRICS_TOKEN = "a token of the house"

    @pytest.fixture
    def scrape(self, client):
        def scrape():
            answer = client.get("/metrics", headers={"Authorization": "Bearer a token of the house"})
            assert answer.status_code == 200
            assert answer["Content-Type"].startswith("text/plain")
            return answer.content.decode()

        return scrape

    def test_without_the_setting_there_is_no_such_page(self, client, settings):
        settings.METRICS_TOKEN = ""
        for headers in ({}, {"Authorization": "Bearer "}, {"Authorization": "Bearer x"}):
            assert client.get("/metrics", headers=headers).status_code == 404

    @pytest.mark.parametrize("given", ["", "Bearer ", "Bearer wrong", "a token of the house", "Bearer 토큰"])
    def test_another_token_is_refused(self, given, client):
        answer = client.get("/metrics", headers={"Authorization": given} if given else {})
        assert (answer.status_code, answer["WWW-Authenticate"]) == (401, "Bearer")

    def test_the_use_of_every_key_is_told(self, scrape, data_credential, credential, use):
        use(data_credential, Lane.SCAN)
        use(data_credential, Lane.EXIT, refused="EGW00215")
        told = {
            (sample.name, sample.labels["environment"], sample.labels.get("lane", "")): sample.value
            for family in text_string_to_metric_families(scrape())
            for sample in family.samples
        }
        assert told["bamsae_kis_budget_allowed_per_second", "real", ""] == 18
        assert told["bamsae_kis_budget_allowed_per_second", "paper", ""] == 1
        assert told["bamsae_kis_budget_learned_per_second", "real", ""] == 18
        assert told["bamsae_kis_budget_under_way", "real", ""] == 2
        assert told["bamsae_kis_budget_throttled_timestamp_seconds", "paper", ""] == 0
        assert told["bamsae_kis_budget_throttled_timestamp_seconds", "real", ""] > 1.7e9
        assert told["bamsae_kis_budget_ledger_paused", "real", ""] == 1
        assert told["bamsae_kis_budget_waiting", "real", "exit"] == 0
        assert told["bamsae_kis_budget_readable", "real", ""] == 1

    def test_no_label_says_anything_of_a_key(self, scrape, data_credential, credential):
        text = scrape()
        for secret in ("0009", "0001", "밤새", "PSreal", "PSpaper"):
            assert secret not in text.replace(str(credential.pk), "").replace(str(data_credential.pk), "")

    def test_without_redis_only_what_is_known_is_told(self, scrape, credential, settings):
        settings.REDIS_URL = "redis://127.0.0.1:1/0"
        text = scrape()
        assert "readable" in text
        assert "} 0.0" in text
        assert "last_minute{" not in text
