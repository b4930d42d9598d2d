"""Tokens, approval keys and call rates, per app key (sections 2 and 3.5)."""

from __future__ import annotations

import base64
import json
import random
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from kis.simulator.book import Account
from kis.simulator.clock import Clock
from kis.simulator.records import Row
from kis.simulator.settings import Switches


class Denied(Exception):
    """A refusal of the gateway; `code` is a key of `codes.GATEWAY_TEXTS`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(slots=True)
class Token:
    text: str
    account: Account
    issued_at: datetime
    expires_at: datetime
    revoked: bool = False

    def row(self) -> Row:
        """As the book's file keeps it."""
        return {
            "text": self.text,
            "account_no": self.account.account_no,
            "issued_at": self.issued_at.isoformat(),
            "expires_at": self.expires_at.isoformat(),
            "revoked": self.revoked,
        }


class KeyDesk:
    """Issues and checks what a customer logs in with."""

    """`seed` None: keys are drawn that no other desk draws, nor this one after a restart."""

    def __init__(self, accounts: list[Account], switches: Switches, seed: int | None) -> None:
        self._by_key = {a.app_key: a for a in accounts}
        self._switches = switches
        self._rng = random.SystemRandom() if seed is None else random.Random(f"keys:{seed}")
        self._current: dict[str, Token] = {}  # by app key
        self._tokens: dict[str, Token] = {}
        self._asked: dict[str, datetime] = {}
        self._approvals: dict[str, tuple[Account, datetime]] = {}
        self._changes: dict[str, list[Row]] = {}

    def restore(self, rows: Callable[[str], Iterable[Row]]) -> None:
        """Know again what `take_changes` told, table by table. Raises KeyError, TypeError, ValueError."""
        accounts = {a.account_no: a for a in self._by_key.values()}
        for row in rows("tokens"):
            issued, expires = (datetime.fromisoformat(row[name]) for name in ("issued_at", "expires_at"))
            token = Token(row["text"], accounts[row["account_no"]], issued, expires, bool(row["revoked"]))
            self._tokens[token.text] = token
        for row in rows("logins"):
            app_key = accounts[row["account_no"]].app_key
            self._asked[app_key] = datetime.fromisoformat(row["asked"])
            if row["current"] in self._tokens:
                self._current[app_key] = self._tokens[row["current"]]
        for row in rows("approvals"):
            self._approvals[row["key"]] = accounts[row["account_no"]], datetime.fromisoformat(row["at"])

    def take_changes(self) -> dict[str, list[Row]]:
        """Rows of the tables tokens, logins and approvals that changed since the last call."""
        changes, self._changes = self._changes, {}
        return changes

    def _changed(self, table: str, row: Row) -> None:
        self._changes.setdefault(table, []).append(row)

    def _changed_login(self, account: Account) -> None:
        current = self._current.get(account.app_key)
        asked = self._asked[account.app_key].isoformat()
        row = {"account_no": account.account_no, "asked": asked, "current": current.text if current else None}
        self._changed("logins", row)

    def login(self, side: str | None, app_key: str | None, secret: str | None) -> Account:
        """The account of a key pair; `side` None accepts any host's keys (section 2.3)."""
        if not app_key:
            raise Denied("EGW00102")
        if not secret:
            raise Denied("EGW00104")
        account = self._by_key.get(app_key)
        if account is None or side not in (None, account.environment):
            raise Denied("EGW00103")
        if secret != account.app_secret:
            raise Denied("EGW00105")
        return account

    def by_app_key(self, app_key: str) -> Account | None:
        return self._by_key.get(app_key)

    def issue(self, account: Account, now: datetime) -> Token:
        """A token: the same one within six hours, and never twice within one minute (section 2.1)."""
        asked = self._asked.get(account.app_key)
        if asked is not None and now - asked < timedelta(seconds=self._switches.token_interval):
            raise Denied("EGW00133")
        self._asked[account.app_key] = now
        token = self._current.get(account.app_key)
        same = timedelta(seconds=self._switches.token_same)
        if token is None or now - token.issued_at >= same:
            token = self._new_token(account, now)
        self._changed_login(account)
        return token

    def _new_token(self, account: Account, now: datetime) -> Token:
        expires = now + timedelta(seconds=self._switches.token_life)
        token = Token(self._jwt(account, now, expires), account, now, expires)
        self._current[account.app_key] = self._tokens[token.text] = token
        self._changed("tokens", token.row())
        return token

    def _jwt(self, account: Account, now: datetime, expires: datetime) -> str:
        def part(value: dict[str, object]) -> str:
            return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()

        claims: dict[str, object] = {
            "sub": "token",
            "iss": "unogw",
            "iat": int(now.timestamp()),
            "exp": int(expires.timestamp()),
            "jti": account.app_key,
        }
        signature = base64.urlsafe_b64encode(self._rng.randbytes(64)).rstrip(b"=").decode()
        return f"{part({'typ': 'JWT', 'alg': 'HS512'})}.{part(claims)}.{signature}"

    def revoke(self, account: Account, text: str) -> None:
        token = self._tokens.get(text)
        if token is None or token.account is not account:
            raise Denied("EGW00121")
        token.revoked = True
        self._current.pop(account.app_key, None)
        self._changed("tokens", token.row())
        self._changed_login(account)

    def lose(self, account: Account, now: datetime, *, replaced: bool) -> None:
        """The current token dies. `replaced`: by one that another holder of the key had issued just now;
        otherwise the dead one is issued again for the rest of its six hours (section 2.1)."""
        token = self._current.get(account.app_key)
        if token is None:
            return
        token.revoked = True
        self._changed("tokens", token.row())
        if replaced:
            self._asked[account.app_key] = now
            self._new_token(account, now)
            self._changed_login(account)

    def check(self, side: str, authorization: str | None, now: datetime) -> Token:
        """The token of an Authorization header. A token of the other host is not valid here (1.2)."""
        if not authorization:
            raise Denied("EGW00122")
        scheme, _, text = authorization.partition(" ")
        if scheme.lower() != "bearer" or not text.strip():
            raise Denied("EGW00205")
        token = self._tokens.get(text.strip())
        if token is None or token.revoked or token.account.environment != side:
            raise Denied("EGW00121")
        if now >= token.expires_at:
            raise Denied("EGW00123")
        return token

    def approve(self, account: Account, now: datetime) -> str:
        """A WebSocket approval key; older ones stay valid (section 2.3)."""
        key = str(uuid.UUID(int=self._rng.getrandbits(128), version=4))
        self._approvals[key] = account, now
        self._changed("approvals", {"key": key, "account_no": account.account_no, "at": now.isoformat()})
        return key

    def forget_approvals(self, account: Account) -> None:
        """The approval keys of this account are not known any more (OPSP0011)."""
        self._approvals = {key: found for key, found in self._approvals.items() if found[0] is not account}

    def approved(self, approval_key: str, now: datetime) -> Account | None:
        """Whose key it is; None when it is unknown, or older than keys live."""
        account, issued = self._approvals.get(approval_key, (None, now))
        life = self._switches.approval_life
        return account if not life or now - issued < timedelta(seconds=life) else None


class Rates:
    """Calls per server second and key; a second's count starts anew with the next second (3.5).

    The server's seconds are the market's, so that a fast market lets more through; when it stands still, ours.
    """

    def __init__(self, clock: Clock | None = None) -> None:
        self._clock = clock
        self._counts: dict[str, tuple[int, int]] = {}

    def allow(self, name: str, limit: int, now: datetime) -> bool:
        """Count one call; False when it is one too many. A limit of 0 means none."""
        if limit <= 0:
            return True
        standing = self._clock is not None and not self._clock.pace
        second = int((self._clock.wall() if standing and self._clock else now).timestamp())
        at, count = self._counts.get(name, (second, 0))
        count = count + 1 if at == second else 1
        self._counts[name] = (second, count)
        return count <= limit
