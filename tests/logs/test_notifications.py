"""Who is told of what, where and when: the channels of people, against a server that plays Telegram, Discord and a
webhook. Telegram's and Discord's own hosts are settings of ours (TELEGRAM_API_URL, DISCORD_API_URL)."""

import json
import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, time, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from auditlog.models import LogEntry
from django.db import connection, connections

from logs.models import Channel, Delivery, ExecutionLog
from logs.notifications import services
from logs.notifications.delivery import claim, deliver, is_quiet, look_through, record_outcome
from logs.services import record
from market.errors import Text

pytestmark = pytest.mark.django_db(transaction=True)

AT = datetime(2026, 11, 24, 17, 0, tzinfo=UTC)  # 02:00 of the 25th in Seoul
TOKEN = "123456789:AAFakeTokenOfABotThatNobodyRuns12345"
TELEGRAM = f"tgram://{TOKEN}/-100987654"
SECRET = "AbCdEfGh-IjKlMnOpQrStUvWxYz_0123456789"
DISCORD = f"https://discord.com/api/webhooks/112233445566/{SECRET}"


class Post:
    """One request that the server was sent."""

    def __init__(self, path: str, body: bytes, headers) -> None:
        self.path, self.body, self.headers = path, json.loads(body), headers

    @property
    def said(self) -> str:
        """What a person reads, whatever the service."""
        return self.body.get("text") or self.body.get("content") or f"{self.body['title']}\n{self.body['message']}"


@pytest.fixture
def server(settings):
    """Plays all three; `server.answers` is the status of what comes next, `server.posts` what came."""
    made: list[Post] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            made.append(Post(self.path, body, dict(self.headers)))
            http.gate.wait(10)
            status, extra = http.answers
            self.send_response(status)
            for name, value in extra.items():
                self.send_header(name, value)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_):
            pass

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    http.posts, http.answers, http.gate = made, (200, {}), threading.Event()
    http.gate.set()
    http.origin = f"http://127.0.0.1:{http.server_port}"
    settings.TELEGRAM_API_URL = settings.DISCORD_API_URL = http.origin
    settings.NOTIFY_PRIVATE_HOSTS = ["127.0.0.1", "localhost"]
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield http
    http.gate.set()
    http.shutdown()
    thread.join()
    http.server_close()


@pytest.fixture
def hook(server, trader):
    """A webhook of the trader, told of everything usual."""
    return services.create_channel(user=trader, kind="webhook", url=f"{server.origin}/in?key=s3cret")


@pytest.fixture
def happen(paper_account):
    """`happen("crash")`: a row of the journal with that event, on the paper account."""

    def make(event="crash", *, account=paper_account, level="warning", at=AT, en="something happened", **fields):
        ctx = {"event": event} if event else {}
        message = Text("무언가 일어났습니다", en)
        return record(account=account, level=level, message=message, ctx=ctx | fields.pop("ctx", {}), at=at, **fields)

    return make


def titles(server) -> list[str]:
    return [post.body["title"] for post in server.posts]


class TestServices:
    @pytest.mark.parametrize("language", ["ko", "en"])
    def test_telegram_is_told_in_the_persons_language(self, server, trader, happen, language):
        type(trader).objects.update(language=language)
        trader.refresh_from_db()
        services.create_channel(user=trader, kind="telegram", url=TELEGRAM)
        happen("halted", level="error", en="A person halted <trading>")
        assert deliver(AT) == 1
        (post,) = server.posts
        assert post.path == f"/bot{TOKEN}/sendMessage"
        assert post.body["chat_id"] in (-100987654, "-100987654")
        expected = {
            "ko": ["🔴 거래 중지 · 밤새 모의 (모의)", "무언가 일어났습니다", "👉", "11-25 02:00"],
            "en": ["🔴 Trading halted · 밤새 모의 (paper)", "A person halted &lt;trading&gt;", "👉", "11-25 02:00"],
        }[language]
        assert [part for part in expected if part not in post.said] == []

    def test_discord_is_told_and_pings_nobody(self, server, trader, happen):
        services.create_channel(user=trader, kind="discord", url=DISCORD)
        happen(en="@everyone look", level="error")
        type(trader).objects.update(language="en")
        assert deliver(AT) == 1
        (post,) = server.posts
        assert post.path == f"/api/webhooks/112233445566/{SECRET}"
        assert "The bot fell" in post.said
        assert "@everyone" not in post.said
        assert "everyone look" in post.said

    def test_a_webhook_is_given_the_events_themselves(self, server, hook, happen):
        row = happen("needs_person", level="error")
        assert deliver(AT) == 1
        (post,) = server.posts
        assert post.path == "/in?key=s3cret"
        assert post.body["events"] == [
            {
                "id": ExecutionLog.objects.get(pk=row.pk).seq,
                "event": "needs_person",
                "level": "error",
                "account": "밤새 모의",
                "environment": "paper",
                "message": {"ko": "무언가 일어났습니다", "en": "something happened"},
                "created_at": "2026-11-24T17:00:00Z",
            }
        ]

    def test_no_redirect_is_followed(self, server, hook, happen):
        server.answers = (307, {"Location": f"{server.origin}/elsewhere"})
        happen()
        assert deliver(AT) == 0
        assert [post.path for post in server.posts] == ["/in?key=s3cret"]


class TestWhatIsTold:
    def test_nothing_of_before(self, server, happen, trader):
        happen()
        services.create_channel(user=trader, kind="webhook", url=f"{server.origin}/in")
        assert deliver(AT) == 0

    def test_orders_and_fills_are_known_by_kind_and_status(self, server, hook, happen):
        happen(None, kind="fill", level="info")
        for status in ("working", "rejected", "unknown", "filled"):
            happen(None, kind="order", level="info", ctx={"status": status})
        happen(None, level="error")
        happen(None, level="warning")
        deliver(AT)
        assert list(Delivery.objects.order_by("seq").values_list("event", flat=True)) == [
            "fill", "rejected", "unknown_order", "error",
        ]  # fmt: skip

    def test_only_accounts_that_the_person_may_read(self, server, hook, happen, foreign_account):
        happen(account=foreign_account)
        happen(account=None)
        assert deliver(AT) == 0

    def test_the_house_tells_admins(self, server, admin, happen):
        services.create_channel(user=admin, kind="webhook", url=f"{server.origin}/in")
        happen("slots_short", account=None)
        assert deliver(AT) == 1
        assert "시스템" in titles(server)[0]

    def test_accounts_events_and_levels_narrow_it(self, server, trader, happen, paper_account, real_account):
        services.create_channel(
            user=trader, kind="webhook", url=f"{server.origin}/in", accounts=[real_account], events=["crash"],
            level="warning",
        )  # fmt: skip
        happen("crash")
        happen("halted", account=real_account)
        happen("crash", account=real_account, level="info")
        happen("crash", account=real_account)
        assert deliver(AT) == 1

    def test_a_person_who_was_switched_off_is_told_nothing(self, server, hook, happen, trader):
        type(trader).objects.filter(pk=trader.pk).update(is_active=False)
        happen()
        assert deliver(AT) == 0

    def test_an_account_that_is_no_longer_shared_is_silent(self, server, viewer, happen, paper_account):
        services.create_channel(user=viewer, kind="webhook", url=f"{server.origin}/in")
        paper_account.shares.all().delete()
        happen()
        assert deliver(AT) == 0


class TestOnce:
    def test_a_second_turn_sends_nothing_again(self, server, hook, happen):
        happen()
        assert [deliver(AT), deliver(AT)] == [1, 0]
        assert len(server.posts) == 1

    def test_two_turns_at_the_same_moment_send_each_event_once(self, server, hook, happen):
        for _ in range(3):
            happen()

        def turn(_):
            try:
                return deliver(AT)
            finally:
                connections.close_all()

        with ThreadPoolExecutor(4) as pool:
            assert sum(pool.map(turn, range(4))) == 3
        assert sorted(e["id"] for post in server.posts for e in post.body["events"]) == sorted(
            Delivery.objects.values_list("seq", flat=True)
        )

    def test_while_one_sends_nobody_else_does(self, server, hook, happen):
        happen()
        look_through(hook.pk, AT)
        job = claim(hook.pk, AT)
        assert (deliver(AT), server.posts) == (0, [])
        assert record_outcome(job, None, AT) == 1

    def test_what_a_process_took_with_it_when_it_died_is_sent_when_its_claim_runs_out(self, server, hook, happen):
        happen()
        look_through(hook.pk, AT)
        lost = claim(hook.pk, AT)
        Channel.objects.update(claimed_until=datetime.now(UTC) - timedelta(seconds=1))
        assert deliver(AT) == 1
        assert record_outcome(lost, None, AT) == 0  # it comes back from the dead, and has no say

    def test_events_that_commit_late_are_not_missed(self, server, hook, happen):
        """The journal's numbers are given at commit, so a number that was passed over does not come."""
        happen(en="first")
        deliver(AT)
        happen(en="second")
        deliver(AT)
        assert Delivery.objects.filter(status="sent").count() == 2


class TestBursts:
    def test_what_happens_together_is_one_message(self, server, hook, happen):
        for number in range(20):
            happen(en=f"number {number}", level="error" if number == 3 else "info")
        assert deliver(AT) == 20
        (post,) = server.posts
        assert post.body["title"] == "🔴 밤새 알림 20건"
        assert post.body["message"].startswith("그 전 5건은 기록에서 보세요.")
        assert len(post.body["events"]) == 20


class TestQuietHours:
    def test_they_are_hours_of_seoul_and_may_span_midnight(self):
        night = time(23, 0), time(7, 0)
        assert is_quiet(*night, datetime(2026, 11, 24, 17, 0, tzinfo=UTC))
        assert is_quiet(*night, datetime(2026, 11, 24, 14, 0, tzinfo=UTC))
        assert not is_quiet(*night, datetime(2026, 11, 24, 22, 0, tzinfo=UTC))
        assert not is_quiet(None, None, AT)

    def test_they_hold_back_all_but_errors_until_they_end(self, server, trader, happen):
        services.create_channel(
            user=trader, kind="webhook", url=f"{server.origin}/in", quiet_from=time(23), quiet_to=time(7)
        )
        happen("fill", level="info", en="held")
        happen("halted", level="error", en="passes")
        assert deliver(AT) == 1
        assert [e["message"]["en"] for e in server.posts[0].body["events"]] == ["passes"]
        assert deliver(AT + timedelta(hours=6)) == 1


class TestTrouble:
    def test_a_failure_is_shown_and_tried_again_later_and_later(self, server, hook, happen):
        server.answers = (500, {})
        happen()
        assert deliver(AT) == 0
        hook.refresh_from_db()
        assert (hook.failures, hook.retry_at) == (1, AT + timedelta(seconds=10))
        assert "보내지 못했습니다" in hook.trouble["ko"]
        deliver(AT + timedelta(seconds=9))
        assert len(server.posts) == 1
        server.answers = (200, {})
        assert deliver(AT + timedelta(seconds=10)) == 1
        hook.refresh_from_db()
        assert (hook.failures, hook.trouble, hook.retry_at) == (0, None, None)

    def test_it_is_given_up_after_some_attempts(self, server, hook, happen):
        server.answers = (404, {})
        happen()
        at = AT
        for _ in range(12):
            deliver(at)
            at += timedelta(hours=2)
        assert len(server.posts) == 8
        assert Delivery.objects.get().status == "failed"

    def test_a_dead_channel_harms_no_other(self, server, trader, admin, happen, settings):
        settings.NOTIFY_PRIVATE_HOSTS = [*settings.NOTIFY_PRIVATE_HOSTS]
        dead = services.create_channel(user=admin, kind="webhook", url="http://127.0.0.1:1/in")
        services.create_channel(user=trader, kind="webhook", url=f"{server.origin}/in")
        happen()
        assert deliver(AT) == 1
        dead.refresh_from_db()
        assert dead.failures == 1

    def test_an_address_that_does_not_open_is_told(self, server, hook, happen):
        Channel.objects.update(url=b"nonsense")
        happen()
        assert deliver(AT) == 0
        hook.refresh_from_db()
        assert "다시 입력" in hook.trouble["ko"]

    def test_no_database_connection_is_held_while_it_sends(self, server, hook, happen):
        """Nothing is sent inside a transaction: what others write meanwhile is not held up."""
        happen()
        server.gate.clear()
        found: list[int] = []

        def turn():
            try:
                found.append(deliver(AT))
            finally:
                connections.close_all()

        thread = threading.Thread(target=turn)
        thread.start()
        while not server.posts:
            thread.join(0.01)
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
                           "AND state = 'idle in transaction'")  # fmt: skip
            assert cursor.fetchone() == (0,)
        server.gate.set()
        thread.join()
        assert found == [1]


class TestSecrets:
    @pytest.mark.parametrize(("kind", "url"), [("telegram", TELEGRAM), ("discord", DISCORD)])
    def test_an_address_is_seen_nowhere(self, kind, url, server, as_, trader, happen, caplog, paper_account):
        """The canary: sealed in the row, masked in answers, absent from audit, journal and log lines."""
        caplog.set_level(logging.INFO)
        server.answers = (500, {})
        client = as_(trader)
        made = client.post("/api/notifications", {"kind": kind, "url": url}).json()
        happen(en=f"somebody pasted {url} here")
        deliver(AT)
        answers = [
            json.dumps(made),
            client.get("/api/notifications").content.decode(),
            client.post(f"/api/notifications/{made['id']}:test").content.decode(),
            str(list(LogEntry.objects.values())),
            str(list(ExecutionLog.objects.values())),
            str(list(Channel.objects.values("url", "shown", "trouble"))),
            caplog.text,
            repr(claim(Channel.objects.get().pk, AT + timedelta(days=1))),
        ]
        canary = TOKEN.partition(":")[2] if kind == "telegram" else SECRET
        assert [text for text in answers if canary in text] == []
        assert bytes(Channel.objects.get().url).find(canary.encode()) == -1

    def test_keys_rotate_with_everything_else(self, hook, settings):
        from accounts.sealed import opened
        from credentials.services import reseal_all, unsealable

        settings.CREDENTIAL_KEYS = "k9:OTg3NjU0MzIxMGZlZGNiYTk4NzY1NDMyMTBmZWRjYmE=," + settings.CREDENTIAL_KEYS
        assert (reseal_all(), unsealable()) == (1, [])
        hook.refresh_from_db()
        assert opened(hook, "url").endswith("/in?key=s3cret")


class TestOverTheApi:
    def test_channels_are_made_changed_and_deleted(self, as_, trader, server, paper_account):
        client = as_(trader)
        told = {
            "kind": "webhook", "url": f"{server.origin}/in", "name": "phone", "accounts": [str(paper_account.pk)],
            "events": ["fill", "halted"], "level": "warning", "quiet_from": "23:00", "quiet_to": "07:00",
        }  # fmt: skip
        made = client.post("/api/notifications", told)
        assert made.status_code == 201, made.json()
        body = made.json()
        assert body["url"] == "http://127.0.0.1/…"
        assert {name: body[name] for name in told if name != "url"} == {n: v for n, v in told.items() if n != "url"}
        url = f"/api/notifications/{body['id']}"
        changed = client.patch(url, {"enabled": False, "quiet_from": None, "quiet_to": None}).json()
        assert (changed["enabled"], changed["quiet_from"]) == (False, None)
        assert client.get("/api/notifications").json()["results"] == [changed]
        assert client.delete(url).status_code == 204

    def test_nobody_sees_anothers(self, as_, hook, other_trader, admin):
        for person in (other_trader, admin):
            assert as_(person).get("/api/notifications").json()["results"] == []
            assert as_(person).patch(f"/api/notifications/{hook.pk}", {"enabled": False}).status_code == 404

    def test_a_viewer_changes_nothing(self, as_, viewer):
        assert as_(viewer).post("/api/notifications", {"kind": "discord", "url": DISCORD}).status_code == 403

    @pytest.mark.parametrize(
        "change",
        [
            {"kind": "fax"}, {"url": "https://example.com/x"}, {"events": ["?"]}, {"quiet_from": "23:00"},
            {"level": "loud"}, {"colour": "red"},
        ],
    )  # fmt: skip
    def test_what_makes_no_sense_is_refused(self, as_, trader, change):
        assert as_(trader).post("/api/notifications", {"kind": "discord", "url": DISCORD} | change).status_code == 400

    def test_another_persons_account_is_not_there(self, as_, trader, foreign_account):
        told = {"kind": "discord", "url": DISCORD, "accounts": [str(foreign_account.pk)]}
        assert as_(trader).post("/api/notifications", told).status_code == 404

    def test_a_test_arrives_or_says_why_not(self, as_, trader, hook, server):
        url = f"/api/notifications/{hook.pk}:test"
        assert as_(trader).post(url).json()["last_sent_at"] is not None
        server.answers = (410, {})
        answer = as_(trader).post(url)
        assert (answer.status_code, answer.json()["code"]) == (424, "not_delivered")

    def test_switched_on_again_it_tells_nothing_old(self, as_, trader, hook, happen, server):
        as_(trader).patch(f"/api/notifications/{hook.pk}", {"enabled": False})
        happen()
        as_(trader).patch(f"/api/notifications/{hook.pk}", {"enabled": True})
        assert deliver(AT) == 0
