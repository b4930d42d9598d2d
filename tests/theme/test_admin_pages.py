"""The admin: every page opens in both languages, shows nothing secret, and never counts a big table."""

import pytest
from django.contrib import admin
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from unfold.admin import ModelAdmin

from accounts import services as accounts
from logs import services
from logs.models import ExecutionLog
from market.errors import Text
from theme import cards, paginator
from theme.paginator import EstimatedPaginator

pytestmark = pytest.mark.django_db(transaction=True)

PASSWORD = "a long night over Seoul"
MODELS = sorted(admin.site._registry, key=lambda model: model._meta.label)


@pytest.fixture
def signed_in(client: Client, request) -> Client:
    client.force_login(request.getfixturevalue("admin"))
    return client


@pytest.fixture
def line(now) -> ExecutionLog:
    row = services.record(message=Text("밤이 시작됐습니다", "The night begins"), level="warning", at=now)
    row.refresh_from_db()
    return row


def address(model, page: str, *args: object) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_every_list_opens_and_wears_the_houses_dress(model, signed_in):
    assert signed_in.get(address(model, "changelist")).status_code == 200
    assert isinstance(admin.site._registry[model], ModelAdmin)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_every_form_to_add_opens_or_is_closed(model, signed_in):
    assert signed_in.get(address(model, "add")).status_code in (200, 403)


class TestSignIn:
    def test_by_email_and_password(self, client, request):
        request.getfixturevalue("admin")
        answer = client.post("/admin/login/?next=/admin/", {"username": "admin@bamsae.test", "password": PASSWORD})

        assert (answer.status_code, answer["Location"]) == (302, "/admin/")
        assert client.get("/admin/").status_code == 200

    def test_a_trader_does_not_get_in(self, client, trader):
        answer = client.post("/admin/login/?next=/admin/", {"username": trader.email, "password": PASSWORD})

        assert answer.status_code == 200  # the form again, with the reason
        assert client.get("/admin/").status_code == 302


class TestFirstPage:
    @pytest.mark.parametrize(
        ("language", "title", "sentence"),
        [("ko", "최근 기록", "밤이 시작됐습니다"), ("en", "Latest journal lines", "The night begins")],
    )
    def test_it_shows_the_journal_in_the_readers_language(self, language, title, sentence, signed_in, line):
        page = signed_in.get("/admin/", headers={"Accept-Language": language}).content.decode()

        assert title in page
        assert sentence in page

    @pytest.mark.parametrize("name", ["accounts", "orders", "journal"])
    def test_each_part_of_the_house_has_its_card(self, name, signed_in):
        assert f'data-card="{name}"' in signed_in.get("/admin/").content.decode()

    @pytest.mark.parametrize(("language", "words"), [("ko", ["매매", "보유 종목"]), ("en", ["Trading", "Positions"])])
    def test_the_way_around_is_in_the_readers_language(self, language, words, signed_in):
        page = signed_in.get("/admin/", headers={"Accept-Language": language}).content.decode()

        assert [word for word in words if word not in page] == []

    def test_it_has_the_built_stylesheet(self, signed_in):
        page = signed_in.get("/admin/").content.decode()

        assert "/static/css/dist/styles.css" in page
        assert signed_in.get("/static/css/dist/styles.css").status_code == 200

    def test_the_accounts_card_tells_health_and_the_last_beat(self, signed_in, paper_account, now):
        accounts.mark_health(account=paper_account, status="unhealthy", reason=Text("조용함", "silent"), now=now)
        accounts.heartbeat(account=paper_account, now=now)
        page = signed_in.get("/admin/", headers={"Accept-Language": "en"}).content.decode()

        assert "unhealthy: silent" in page
        assert "11-25 02:00:00" in page  # noon in New York, read in Seoul

    def test_a_card_without_rows_says_so(self, signed_in):
        ExecutionLog.objects.all().delete()

        assert "Nothing yet." in signed_in.get("/admin/", headers={"Accept-Language": "en"}).content.decode()

    def test_registering_a_card_twice_shows_it_once(self, rf, request):
        asked = rf.get("/admin/")
        asked.user = request.getfixturevalue("admin")
        before = len(list(cards.cards(asked)))
        make = next(make for _order, make in cards._registry.makers.values())
        cards.register(make)

        assert len(list(cards.cards(asked))) == before


class TestJournal:
    def test_a_line_opens_with_what_belongs_to_it_and_cannot_be_changed(self, signed_in, line):
        page = signed_in.get(address(ExecutionLog, "change", line.pk))

        assert page.status_code == 200
        assert "The night begins" in page.content.decode()
        assert signed_in.post(address(ExecutionLog, "change", line.pk), {"message": "x"}).status_code == 403
        assert signed_in.post(address(ExecutionLog, "delete", line.pk)).status_code == 403

    def test_a_search_finds_it(self, signed_in, line):
        page = signed_in.get(address(ExecutionLog, "changelist"), {"q": "night"})

        assert f">{line.seq}<" in page.content.decode()


class TestBigTables:
    def test_the_list_counts_no_further_than_it_must(self, signed_in, line):
        with CaptureQueriesContext(
            connection,
        ) as queries:
            signed_in.get(address(ExecutionLog, "changelist"))

        counting = [q["sql"] for q in queries if "COUNT(" in q["sql"] and "logs_executionlog" in q["sql"]]
        assert counting
        assert all("LIMIT" in sql for sql in counting)

    def test_a_small_table_is_counted_exactly(self, line):
        assert EstimatedPaginator(ExecutionLog.objects.order_by("-seq"), 50).count == 1

    def test_a_big_one_is_estimated_by_the_database_itself(self, now, monkeypatch):
        monkeypatch.setattr(paginator, "EXACT_UP_TO", 3)
        for _ in range(8):
            services.record(message="one of many", at=now)
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE logs_executionlog")

        assert EstimatedPaginator(ExecutionLog.objects.order_by("-seq"), 50).count == 8


def test_the_key_of_a_session_is_never_shown(signed_in):
    key = signed_in.session.session_key

    page = signed_in.get(address(Session, "changelist")).content.decode()

    assert f"…{key[-4:]}" in page
    assert key not in page
