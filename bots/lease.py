"""The right to send orders for an account: a row, in database time, with a fencing token (safety.md 5.4)."""

import os
import socket
from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction

from market.errors import Text, TradingError

# Whoever holds a lease may still write for this long after the check; nobody else may start before that.
SEND_MARGIN_SEC = settings.BOT_SEND_WITHIN_SEC + 1


FEED_LEASE_SEC = 5.0  # how long a dead owner of a socket is waited for
START_EXPIRES_SEC = 9  # a start message expires before the next is due
LONGEST_BACKOFF_SEC = 120


def backoff_sec(crashes: int) -> int:
    """Seconds that are waited after so many crashes in a row. After the first the bot comes back at once."""
    return 0 if crashes <= 1 else min(START_EXPIRES_SEC * 2 ** min(crashes - 1, 10), LONGEST_BACKOFF_SEC)


class LostLease(TradingError):
    """Somebody else may be running the account: stop sending at once."""


@dataclass(frozen=True, slots=True)
class Lease:
    account_id: UUID
    token: int
    holder: str
    taken_from: str = ""  # the holder that fell silent; empty when the one before had let go

    def fence(self) -> int:
        """The token, if the lease outlives a request written now; LostLease otherwise.

        Call it inside the transaction that commits to sending.
        """
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT 1 FROM bots_botlease WHERE account_id = %s AND token = %s AND holder = %s"
                " AND expires_at > clock_timestamp() + make_interval(secs => %s) FOR SHARE",
                [self.account_id, self.token, self.holder, SEND_MARGIN_SEC],
            )
            if cursor.fetchone() is None:
                raise lost(self)
        return self.token


@dataclass(frozen=True, slots=True)
class Crashes:
    """`in_a_row` since the last quiet minute; `lately`: within BOT_CRASH_WINDOW_SEC."""

    in_a_row: int
    lately: int


def lost(lease: Lease) -> LostLease:
    return LostLease(
        Text(
            f"계좌 {lease.account_id}의 실행 권한이 만료되어 주문을 보내지 않습니다.",
            f"The lease of account {lease.account_id} is lost, so nothing more is sent.",
        )
    )


def me() -> str:
    """This process, as people find it: host and pid."""
    return f"{socket.gethostname()}:{os.getpid()}"


def acquire(account_id: UUID, holder: str) -> Lease | None:
    """Take the lease when it is free or has run out; None when another process holds it."""
    _make_row(account_id)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT holder FROM bots_botlease WHERE account_id = %s"
            " AND (expires_at IS NULL OR expires_at < clock_timestamp()) FOR UPDATE",
            [account_id],
        )
        before = cursor.fetchone()
        if before is None:
            return None
        cursor.execute(
            "UPDATE bots_botlease SET token = token + 1, holder = %s, acquired_at = clock_timestamp(),"
            " beat_at = clock_timestamp(), expires_at = clock_timestamp() + %s,"
            " start_asked_until = NULL, starts_missed = 0 WHERE account_id = %s RETURNING token",
            [holder, settings.BOT_LEASE, account_id],
        )
        (token,) = cursor.fetchone()
    return Lease(account_id, token, holder, before[0])


def renew(lease: Lease) -> None:
    """Beat. Raises LostLease when the lease ran out meanwhile, even if nobody has taken it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE bots_botlease SET beat_at = clock_timestamp(), expires_at = clock_timestamp() + %s"
            " WHERE account_id = %s AND token = %s AND holder = %s AND expires_at > clock_timestamp()",
            [settings.BOT_LEASE, lease.account_id, lease.token, lease.holder],
        )
        if cursor.rowcount != 1:
            raise lost(lease)


def release(lease: Lease) -> None:
    """Give it back, so that the next process need not wait for it to run out."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE bots_botlease SET holder = '', expires_at = NULL WHERE account_id = %s AND token = %s",
            [lease.account_id, lease.token],
        )


def _make_row(account_id: UUID) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO bots_botlease (account_id, token, holder, starts_missed, crashes, last_error)"
            " VALUES (%s, 0, '', 0, 0, '') ON CONFLICT DO NOTHING",
            [account_id],
        )


def claim_start(account_id: UUID, seconds: float) -> bool:
    """The right to ask for one start of this account's bot; it lapses after `seconds`.

    Refused while the bot runs, while a start is pending, and while a crash is waited out. A claim that lapsed before
    any worker came counts as a missed start.
    """
    _make_row(account_id)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE bots_botlease SET start_asked_until = clock_timestamp() + make_interval(secs => %s),"
            " starts_missed = starts_missed + CASE WHEN start_asked_until IS NULL THEN 0 ELSE 1 END"
            " WHERE account_id = %s AND (expires_at IS NULL OR expires_at < clock_timestamp())"
            " AND (start_asked_until IS NULL OR start_asked_until < clock_timestamp())"
            " AND (start_after IS NULL OR start_after < clock_timestamp())",
            [seconds, account_id],
        )
        return cursor.rowcount == 1


def note_arrival(account_id: UUID) -> None:
    """A worker has taken the start message: there was a slot for it, whatever becomes of the bot."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE bots_botlease SET start_asked_until = NULL, starts_missed = 0"
            " WHERE account_id = %s AND (expires_at IS NULL OR expires_at < clock_timestamp())",
            [account_id],
        )


def note_crash(account_id: UUID, error: str, *, token: int | None = None, holder: str = "") -> Crashes | None:
    """Remember that the bot ended badly, and start it no sooner than `backoff_sec` says.

    `token`: that of a lease whose holder never let go; None when this end was counted before.
    """
    _make_row(account_id)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO bots_botcrash (account_id, at, token, holder, error)"
            " VALUES (%s, clock_timestamp(), %s, %s, %s) ON CONFLICT DO NOTHING",
            [account_id, token, holder, error[:2000]],
        )
        if cursor.rowcount != 1:
            return None
        cursor.execute("SELECT crashes FROM bots_botlease WHERE account_id = %s FOR UPDATE", [account_id])
        in_a_row = cursor.fetchone()[0] + 1
        cursor.execute(
            "UPDATE bots_botlease SET crashes = %s, last_error = %s,"
            " start_after = clock_timestamp() + make_interval(secs => %s) WHERE account_id = %s",
            [in_a_row, error[:2000], backoff_sec(in_a_row), account_id],
        )
        cursor.execute(
            "SELECT count(*) FROM bots_botcrash WHERE account_id = %s"
            " AND at > clock_timestamp() - make_interval(secs => %s)",
            [account_id, settings.BOT_CRASH_WINDOW_SEC],
        )
        return Crashes(in_a_row, cursor.fetchone()[0])


def forget_wait(account_id: UUID) -> None:
    """A person wants the bot now: what a crash made it wait for is over."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE bots_botlease SET start_after = NULL WHERE account_id = %s", [account_id])


def fell_silent(account_id: UUID) -> tuple[int, str] | None:
    """Token and holder of a lease that ran out without being let go of: its process is gone or stuck.

    Not so where the database itself was away meanwhile: then nobody could beat.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT token, holder FROM bots_botlease WHERE account_id = %s AND holder > ''"
            " AND expires_at < clock_timestamp() AND expires_at > pg_postmaster_start_time()",
            [account_id],
        )
        found: tuple[int, str] | None = cursor.fetchone()
        return found


def note_quiet(lease: Lease) -> None:
    """It has run well for a while: the next crash is the first again."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE bots_botlease SET crashes = 0, last_error = '', start_after = NULL"
            " WHERE account_id = %s AND token = %s AND crashes > 0",
            [lease.account_id, lease.token],
        )


def take_feed(credential_id: UUID, holder: str) -> bool:
    """Own, or go on owning, the market-data socket of this key."""
    with connection.cursor() as cursor:
        cursor.execute(  # the row is made once, and then only changed
            "INSERT INTO bots_feedlease AS held (credential_id, token, holder, expires_at)"
            " VALUES (%s, 1, %s, clock_timestamp() + make_interval(secs => %s))"
            " ON CONFLICT (credential_id) DO UPDATE SET holder = EXCLUDED.holder, expires_at = EXCLUDED.expires_at,"
            " token = held.token + CASE WHEN held.holder = EXCLUDED.holder THEN 0 ELSE 1 END"
            " WHERE held.holder = EXCLUDED.holder OR held.expires_at IS NULL OR held.expires_at < clock_timestamp()",
            [credential_id, holder, FEED_LEASE_SEC],
        )
        return cursor.rowcount == 1


def give_up_feed(credential_id: UUID, holder: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE bots_feedlease SET holder = '', expires_at = NULL WHERE credential_id = %s AND holder = %s",
            [credential_id, holder],
        )
