"""Tokens are renewed between nine and ten in Seoul, when nothing trades."""

from datetime import UTC, datetime, timedelta

import pytest
from asgiref.sync import async_to_sync
from django.utils import timezone
from django_celery_beat.models import PeriodicTask

from accounts.models import BrokerageAccount
from bots import renewal
from credentials.models import ApiCredential
from credentials.sealed import seal
from credentials.services import set_credentials
from kis.simulator import testing
from logs.models import ExecutionLog
from market.sessions import SEOUL
from tests import processes


def seoul(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 3, day, hour, minute, tzinfo=SEOUL).astimezone(UTC)


def holds_a_token(credential, issued_at: datetime) -> None:
    """As if its token had been issued then, for a day."""
    ApiCredential.objects.filter(pk=credential.pk).update(
        access_token=seal(credential.pk, "access_token", "eyJ.old.token"),
        token_issued_at=issued_at,
        token_expire_at=issued_at + timedelta(hours=24),
        token_serial=1,
    )


@pytest.mark.django_db
class TestWhatIsDue:
    @pytest.fixture
    def key(self, credential, paper_account):
        BrokerageAccount.objects.filter(pk=paper_account.pk).update(enabled=True)
        return credential

    def is_due(self, key, now: datetime) -> bool:
        return key in renewal.due(now)

    @pytest.mark.parametrize(
        ("issued_at", "now", "wanted"),
        [
            (seoul(10, 9, 30), seoul(11, 9, 55), True),  # a token of yesterday's window
            (seoul(11, 9, 30), seoul(11, 9, 55), False),  # renewed this morning already
            (seoul(11, 9, 30), seoul(11, 15, 40), False),  # it lasts beyond tomorrow's opening
            (seoul(10, 20), seoul(11, 9, 55), True),  # issued in the evening, it would end tonight
            (seoul(11, 8, 50), seoul(11, 9, 55), False),  # ten minutes old at nine: KIS would only repeat it
            (seoul(11, 8, 50), seoul(11, 14, 48), False),
            (seoul(11, 8, 50), seoul(11, 14, 53), True),  # six hours later it can be renewed, long before the night
        ],
    )
    def test_what_would_end_before_the_next_window_once_it_can_be_renewed(self, key, issued_at, now, wanted):
        holds_a_token(key, issued_at)
        assert self.is_due(key, now) is wanted

    def test_keys_have_their_own_minutes_in_the_window(self, key):
        holds_a_token(key, seoul(10, 9, 5))
        turns = [minute for minute in range(60) if self.is_due(key, seoul(11, 9, minute))]
        assert turns == list(range(turns[0], 60))
        assert turns[0] <= 45

    def test_an_account_that_is_off_needs_no_token(self, key, paper_account):
        holds_a_token(key, seoul(10, 9, 30))
        BrokerageAccount.objects.filter(pk=paper_account.pk).update(enabled=False)
        assert renewal.due(seoul(11, 9, 55)) == []

    def test_a_data_key_that_is_in_use_is_renewed_too(self, data_credential):
        assert renewal.due(seoul(11, 9, 55)) == []
        holds_a_token(data_credential, seoul(10, 9, 30))
        assert renewal.due(seoul(11, 9, 55)) == [data_credential]

    def test_the_next_window_opens_at_nine_in_seoul(self):
        assert renewal.next_window(seoul(11, 8, 59)) == seoul(11, 9)
        assert renewal.next_window(seoul(11, 9)) == seoul(12, 9)

    def test_the_schedule_runs_in_the_window_and_an_admin_may_change_it(self):
        row = PeriodicTask.objects.get(name="renew tokens")
        assert (row.task, row.crontab.hour, str(row.crontab.timezone)) == ("bots.renew_tokens", "9-15", "Asia/Seoul")
        assert row.enabled


@pytest.mark.django_db(transaction=True)
class TestRenewing:
    @pytest.fixture
    def kis(self, settings):
        quick = {"rate_paper": 0, "rate_real": 0, "token_interval": 0.0, "token_same": 0.0}
        with testing.start(switches=quick) as simulated:
            for name, (side, kind) in processes.HOSTS.items():
                setattr(settings, name, simulated.info[side][kind])
            yield simulated

    @pytest.fixture
    def now(self, monkeypatch):
        """Any hour is the window's: the broker's clock is the real one."""
        moment = timezone.now()
        monkeypatch.setattr(renewal, "OPENS", (moment.astimezone(SEOUL) - timedelta(hours=1)).time())
        monkeypatch.setattr(renewal, "SPREAD", timedelta(0))
        return moment

    @pytest.fixture
    def key(self, kis, paper_account, trader, now):
        given = kis.accounts("paper")[0]
        names = ("app_key", "app_secret", "account_no", "hts_id")
        credential = set_credentials(account=paper_account, by=trader, **{name: given[name] for name in names})
        BrokerageAccount.objects.update(enabled=True)
        holds_a_token(credential, now - timedelta(hours=12))
        return credential

    def test_the_new_token_is_stored_tried_and_journaled(self, kis, key, now):
        assert async_to_sync(renewal.renew_all)(now) == 1
        key.refresh_from_db()
        assert key.token_expire_at > now + timedelta(hours=23)
        paths = {call["path"]: call["count"] for call in kis.control.calls()}
        assert paths["/oauth2/tokenP"] == 1
        assert paths["/uapi/overseas-price/v1/quotations/price"] == 1
        assert ExecutionLog.objects.get().message_en == "The access token was renewed ahead of time."
        assert async_to_sync(renewal.renew_all)(now) == 0

    def test_a_token_that_is_dead_on_arrival_is_known_before_the_market_opens(self, kis, key, now, settings):
        kis.control.fault("token_expired")
        assert async_to_sync(renewal.renew_all)(now) == 0
        assert ExecutionLog.objects.get().level == "warning"

    def test_trouble_with_the_broker_is_journaled_and_tried_again_five_minutes_later(self, kis, key, now, settings):
        there, settings.KIS_PAPER_REST_URL = settings.KIS_PAPER_REST_URL, "http://127.0.0.1:1"
        assert async_to_sync(renewal.renew_all)(now) == 0
        settings.KIS_PAPER_REST_URL = there
        assert async_to_sync(renewal.renew_all)(now) == 1
