"""Pages by key: all rows once, in order, whatever the size of a page and whatever arrives meanwhile."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import User
from api.pagination import page
from api.problems import ApiError

pytestmark = pytest.mark.django_db
START = datetime(2026, 1, 1, tzinfo=UTC)


def asked(**query: object) -> SimpleNamespace:
    return SimpleNamespace(query_params={name: str(value) for name, value in query.items()})


def people(joined: list[int]) -> list[User]:
    """One person per minute given; several may share a minute."""
    return User.objects.bulk_create(
        [User(email=f"p{i}@bamsae.test", date_joined=START + timedelta(minutes=m)) for i, m in enumerate(joined)]
    )


def walk(ordering: tuple[str, ...], limit: int, between=lambda: None) -> list[str]:
    seen, cursor = [], None
    while True:
        query = {"limit": limit} | ({"cursor": cursor} if cursor else {})
        answer = page(asked(**query), User.objects.all(), ordering=ordering)
        seen += [row.email for row in answer["results"]]
        if (cursor := answer["next"]) is None:
            return seen
        between()


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    joined=st.lists(st.integers(0, 3), max_size=12),
    limit=st.integers(1, 5),
    ordering=st.sampled_from([("-date_joined", "-id"), ("date_joined", "id"), ("-date_joined", "id"), ("email",)]),
)
def test_every_row_once_and_in_order(joined, limit, ordering):
    User.objects.all().delete()
    people(joined)

    expected = list(User.objects.order_by(*ordering).values_list("email", flat=True))
    assert walk(ordering, limit) == expected


def test_rows_that_arrive_meanwhile_move_nothing():
    people([1, 2, 3, 4])
    newest = iter(range(100))

    def somebody_joins() -> None:
        User.objects.create(email=f"new{next(newest)}@bamsae.test", date_joined=START + timedelta(hours=1))

    assert walk(("-date_joined", "-id"), 1, somebody_joins) == [f"p{i}@bamsae.test" for i in (3, 2, 1, 0)]


def test_rows_may_be_plain_values():
    people([1, 2])
    answer = page(asked(limit=1), User.objects.values("id", "email", "date_joined"), ordering=("-date_joined", "-id"))

    assert [row["email"] for row in answer["results"]] == ["p1@bamsae.test"]
    assert answer["next"]


@pytest.mark.parametrize(
    "query",
    [
        {"cursor": "nonsense"},
        {"cursor": "WzFd"},
        {"cursor": "bnVsbA"},
        {"cursor": "한글"},
        {"limit": 0},
        {"limit": 201},
        {"limit": "ten"},
        {"limit": "²"},
    ],
)
def test_a_cursor_that_is_not_ours_or_a_silly_limit_is_a_problem(query):
    with pytest.raises(ApiError) as refusal:
        page(asked(**query), User.objects.all())
    assert (refusal.value.status, list(refusal.value.fields)) == (400, list(query))
