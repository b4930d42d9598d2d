"""The cast: people with known rights, an account of each kind, and programs that speak for them.

`admin` may all; `trader` owns `paper_account` and `real_account`; `other_trader` owns `foreign_account`;
`viewer` sees `paper_account`, which was shared with them. `as_(person)` is an HTTP client with their token.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from django.conf import settings

NOON = datetime(2026, 11, 24, 17, 0, tzinfo=UTC)  # a Tuesday, noon in New York: the regular session
PASSWORD = "a long night over Seoul"

# Runs share a Redis: each has its own corner, so that no run meets another's rate limits.
settings.CACHES["default"]["KEY_PREFIX"] = f"test-{uuid4().hex[:12]}"
# Hashing passwords slowly on purpose is for production.
settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(autouse=True)
def _fresh_sessions():
    """What a process remembers of trading days must not outlive a test's tables."""
    from instruments.selectors import forget_sessions

    forget_sessions()


@pytest.fixture
def now() -> datetime:
    return NOON


@pytest.fixture
def person(db) -> Callable:
    from accounts import services

    def make(email: str, role: str):
        return services.create_user(email=email, password=PASSWORD, role=role)

    return make


@pytest.fixture
def admin(person):
    return person("admin@bamsae.test", "admin")


@pytest.fixture
def trader(person):
    return person("trader@bamsae.test", "trader")


@pytest.fixture
def other_trader(person):
    return person("other@bamsae.test", "trader")


@pytest.fixture
def viewer(person):
    return person("viewer@bamsae.test", "viewer")


@pytest.fixture
def paper_account(trader, viewer):
    from accounts import services

    account = services.create_account(user=trader, nickname="밤새 모의", environment="paper", by=trader)
    services.share_account(account=account, user=viewer, by=trader)
    return account


@pytest.fixture
def account(paper_account):
    """The account a test means when it needs just one."""
    return paper_account


@pytest.fixture
def real_account(trader):
    from accounts import services

    return services.create_account(user=trader, nickname="실전", environment="real", by=trader)


@pytest.fixture
def foreign_account(other_trader):
    from accounts import services

    return services.create_account(user=other_trader, nickname="남의 계좌", environment="paper", by=other_trader)


@pytest.fixture
def credential(paper_account, trader):
    """A trade key of `paper_account`. The secrets below must never appear anywhere in clear."""
    from credentials import services

    return services.set_credentials(
        account=paper_account,
        app_key="PSpaperkey00000000000000000000000001",
        app_secret="paper-secret-" + "s" * 167,
        account_no="50000001-01",
        hts_id="bamsae01",
        by=trader,
    )


@pytest.fixture
def data_credential(trader):
    """A real-side key that only reads prices."""
    from credentials import services

    return services.set_data_credential(
        owner=trader,
        environment="real",
        app_key="PSrealkey000000000000000000000000009",
        app_secret="real-secret-" + "r" * 168,
        account_no="63000009-01",
        by=trader,
    )


@pytest.fixture
def token_of(db) -> Callable:
    """The text of a personal token: `token_of(trader)`, `token_of(trader, scope="read")`."""
    from accounts import services

    def make(user, scope: str = "trade", lives: timedelta = timedelta(days=1)) -> str:
        expires = datetime.now(UTC) + lives
        return services.create_api_token(user=user, name="test", scope=scope, expires_at=expires)[1]

    return make


@pytest.fixture
def as_(token_of) -> Callable:
    """`as_(person)`: an API client that speaks JSON with their token; `as_(None)`: nobody."""
    from rest_framework.test import APIClient

    def make(user=None, scope: str = "trade") -> APIClient:
        headers = {"Authorization": f"Bearer {token_of(user, scope)}"} if user else {}
        client = APIClient(headers=headers)
        client.default_format = "json"
        return client

    return make
