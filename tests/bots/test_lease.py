"""One holder at a time, in database time, and nobody sends without it."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, connections

from bots import lease
from bots.models import BotLease

pytestmark = pytest.mark.django_db(transaction=True)


def run_out(account) -> None:
    """As if its time were over: the database's clock cannot be moved, the row can."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE bots_botlease SET expires_at = clock_timestamp() - interval '1 second' WHERE account_id = %s",
            [account.pk],
        )


def test_a_free_account_is_taken_once(paper_account):
    assert lease.acquire(paper_account.pk, "a:1") is not None
    assert lease.acquire(paper_account.pk, "b:2") is None


def test_of_many_who_ask_at_once_one_gets_it(paper_account):
    def ask(n: int) -> bool:
        try:
            return lease.acquire(paper_account.pk, f"host:{n}") is not None
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(ask, range(8))) == 1


def test_every_holder_has_a_higher_token_than_the_one_before(paper_account):
    first = lease.acquire(paper_account.pk, "a:1")
    run_out(paper_account)
    second = lease.acquire(paper_account.pk, "b:2")

    assert second.token > first.token


def test_a_beat_keeps_it(paper_account):
    mine = lease.acquire(paper_account.pk, "a:1")

    lease.renew(mine)

    assert lease.acquire(paper_account.pk, "b:2") is None


class TestLost:
    """A holder whose time ran out stops, even if nobody has taken over yet."""

    def test_it_cannot_beat_any_more(self, paper_account):
        mine = lease.acquire(paper_account.pk, "a:1")
        run_out(paper_account)

        with pytest.raises(lease.LostLease):
            lease.renew(mine)

    def test_it_cannot_send(self, paper_account):
        mine = lease.acquire(paper_account.pk, "a:1")
        mine.fence()
        run_out(paper_account)

        with pytest.raises(lease.LostLease):
            mine.fence()

    def test_it_cannot_send_when_the_write_might_outlast_the_lease(self, paper_account):
        mine = lease.acquire(paper_account.pk, "a:1")
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE bots_botlease SET expires_at = clock_timestamp() + make_interval(secs => %s)",
                [lease.SEND_MARGIN_SEC - 0.5],
            )

        with pytest.raises(lease.LostLease):
            mine.fence()

    def test_the_next_holders_lease_is_not_released_by_the_old_one(self, paper_account):
        old = lease.acquire(paper_account.pk, "a:1")
        run_out(paper_account)
        new = lease.acquire(paper_account.pk, "b:2")

        lease.release(old)

        lease.renew(new)


def test_a_released_lease_is_free_at_once_and_taken_from_nobody(paper_account):
    lease.release(lease.acquire(paper_account.pk, "a:1"))

    assert lease.acquire(paper_account.pk, "b:2").taken_from == ""


def test_who_takes_over_knows_whose_place_it_is(paper_account):
    lease.acquire(paper_account.pk, "a:1")
    run_out(paper_account)

    assert lease.acquire(paper_account.pk, "b:2").taken_from == "a:1"


class TestStarts:
    def test_one_start_is_pending_per_account(self, paper_account):
        assert lease.claim_start(paper_account.pk, 9)
        assert not lease.claim_start(paper_account.pk, 9)

    def test_nothing_is_started_while_a_bot_runs(self, paper_account):
        lease.acquire(paper_account.pk, "a:1")

        assert not lease.claim_start(paper_account.pk, 9)

    def test_a_crash_is_counted_until_the_bot_has_run_quietly(self, paper_account):
        mine = lease.acquire(paper_account.pk, "a:1")
        counted = [lease.note_crash(paper_account.pk, "x") for _ in range(2)]
        assert [(c.in_a_row, c.lately) for c in counted] == [(1, 1), (2, 2)]

        lease.note_quiet(mine)

        assert BotLease.objects.get(pk=paper_account.pk).crashes == 0


class TestSocket:
    def test_a_keys_socket_has_one_owner(self, data_credential):
        assert lease.take_feed(data_credential.pk, "a:1")
        assert not lease.take_feed(data_credential.pk, "b:2")
        assert lease.take_feed(data_credential.pk, "a:1")

    def test_it_passes_on_when_the_owner_gives_it_up(self, data_credential):
        lease.take_feed(data_credential.pk, "a:1")
        lease.give_up_feed(data_credential.pk, "a:1")

        assert lease.take_feed(data_credential.pk, "b:2")
