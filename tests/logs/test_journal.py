"""The journal: a row per event, numbered in the order of commits, with nothing secret in it."""

import threading
from datetime import UTC, datetime
from decimal import Decimal
from uuid import uuid4

import pytest
import redis
from django.conf import settings
from django.db import connection, transaction

from logs import nudge, selectors, services
from logs.models import ExecutionLog
from market.errors import Text
from market.words import Side

AT = datetime(2026, 11, 24, 17, 0, tzinfo=UTC)

pytestmark = pytest.mark.django_db(transaction=True)


def seq_of(message: str) -> int:
    return ExecutionLog.objects.get(message=message).seq


class Elsewhere:
    """Another connection that records an event in a transaction and commits when told."""

    def __init__(self, message: str) -> None:
        self.inserted, self.may_commit = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, args=[message])
        self._thread.start()
        assert self.inserted.wait(10)

    def _run(self, message: str) -> None:
        try:
            with transaction.atomic():
                services.record(message=message, at=AT)
                self.inserted.set()
                assert self.may_commit.wait(10)
        finally:
            connection.close()

    def commit(self) -> None:
        self.may_commit.set()
        self._thread.join(10)


class TestOrder:
    def test_of_two_transactions_the_later_committed_gets_the_higher_number_though_it_inserted_first(self, write):
        early_bird = Elsewhere("inserted first, committed last")
        write("inserted last, committed first")
        early_bird.commit()

        assert seq_of("inserted last, committed first") < seq_of("inserted first, committed last")

    def test_an_event_has_no_place_and_is_read_by_nobody_before_its_commit(self, write):
        pending = Elsewhere("pending")
        write("committed")

        seen = selectors.after(0, account_ids=None, house=True)

        assert [row.message for row in seen] == ["committed"]
        pending.commit()

    def test_who_has_read_up_to_a_number_misses_nothing_below_it(self, write):
        slow, fast = Elsewhere("slow"), Elsewhere("fast")
        fast.commit()
        read_up_to = selectors.newest_seq()
        slow.commit()

        assert [row.message for row in selectors.after(read_up_to, account_ids=None, house=True)] == ["slow"]

    def test_a_rolled_back_event_never_happened(self, write):
        with pytest.raises(ZeroDivisionError), transaction.atomic():
            write("never")
            raise ZeroDivisionError

        assert not ExecutionLog.objects.exists()

    def test_events_of_one_transaction_keep_their_order(self, write):
        with transaction.atomic():
            for number in range(5):
                write(f"{number}")

        assert [row.message for row in selectors.after(0, account_ids=None, house=True)] == list("01234")


class TestRecord:
    def test_a_commit_taps_the_readers_and_a_rollback_does_not(self, write):
        with redis.Redis.from_url(settings.REDIS_URL) as client, client.pubsub() as taps:
            taps.subscribe(nudge.CHANNEL)
            assert taps.get_message(timeout=5)["type"] == "subscribe"
            with transaction.atomic():
                write("tap")
                assert taps.get_message(timeout=0.05) is None

            assert taps.get_message(timeout=5)["data"] == nudge.LOOK

    def test_money_times_ids_and_words_travel_as_json(self, write):
        rule = uuid4()
        write("x", ctx={"price": Decimal("1E+1"), "at": AT, "rule": rule, "side": Side.BUY, "qty": 3, "legs": (1,)})

        assert ExecutionLog.objects.get().ctx == {
            "price": "10",
            "at": "2026-11-24T17:00:00Z",
            "rule": str(rule),
            "side": Side.BUY.value,
            "qty": 3,
            "legs": [1],
        }

    def test_both_languages_are_kept(self, write):
        write(Text("샀습니다", "bought"))

        row = ExecutionLog.objects.get()
        assert (row.message, row.message_en) == ("샀습니다", "bought")

    def test_a_time_without_a_zone_is_refused(self):
        with pytest.raises(ValueError, match="zone"):
            services.record(message="x", at=AT.replace(tzinfo=None))

    def test_secrets_in_the_context_are_masked(self, write):
        write("x", ctx={"request": {"appkey": "PS" + "k" * 34, "CANO": "50000001", "PDNO": "AAPL"}})

        assert ExecutionLog.objects.get().ctx == {"request": {"appkey": "***", "CANO": "******01", "PDNO": "AAPL"}}


class TestSelectors:
    def test_a_level_means_it_and_the_graver_ones(self, write):
        for level in ("debug", "info", "warning", "error"):
            write(level, level=level)

        rows = selectors.after(0, account_ids=None, house=True, level="warning")

        assert [row.message for row in rows] == ["warning", "error"]

    def test_the_house_is_read_only_when_asked_for(self, write, paper_account):
        ExecutionLog.objects.all().delete()
        write("house")
        write("account", account=paper_account)
        mine = {paper_account.pk}

        assert [r.message for r in selectors.after(0, account_ids=mine)] == ["account"]
        assert [r.message for r in selectors.after(0, account_ids=mine, house=True)] == ["house", "account"]
        assert [r.message for r in selectors.latest(account_ids=mine, house=True)] == ["account", "house"]
