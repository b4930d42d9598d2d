"""Bringing the instrument master in: by command, by schedule, and what the journal says of it."""

import io
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django_celery_beat.models import PeriodicTask

from bots import demo, master_files, tasks
from instruments.models import Instrument
from kis.master import COLUMNS, MasterUnreadable
from kis.simulator import testing
from logs.models import ExecutionLog

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 12, 7, 20, tzinfo=UTC)


def row(symbol: str, exchange: str = "NAS") -> str:
    cells = dict.fromkeys(COLUMNS, "") | {"excd": exchange, "symb": symbol, "knam": "이름", "stis": "2", "curr": "USD"}
    return "\t".join(cells.values())


@pytest.fixture
def archive(tmp_path) -> Path:
    return tmp_path / "nasmst.cod.zip"


def write(path: Path, *lines: str) -> Path:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as file:
        file.writestr("nasmst.cod", "\r\n".join(lines).encode("cp949"))
    path.write_bytes(made.getvalue())
    return path


def test_a_downloaded_archive_is_imported_and_the_journal_counts(archive, capsys):
    write(archive, row("AAPL"), row("MSFT"), "?")
    call_command("import_instruments", "--file", str(archive))

    assert set(Instrument.objects.values_list("symbol", flat=True)) == {"AAPL", "MSFT"}
    assert "2 instruments: 2 new, 0 changed" in capsys.readouterr().out
    line = ExecutionLog.objects.get()
    assert (line.account, line.level) == (None, "info")
    assert line.ctx == {"told": 2, "added": 2, "changed": 0, "gone": 0, "unreadable": 1}
    assert "2 new" in line.message_en
    assert "새로 2" in line.message


def test_a_file_that_is_no_archive_or_not_there_is_said_in_a_sentence(archive):
    archive.write_bytes(b"<html>")
    with pytest.raises(CommandError, match="zip"):
        call_command("import_instruments", "--file", str(archive))
    with pytest.raises(CommandError, match="path"):
        call_command("import_instruments", "--file", str(archive.parent / "nothing.zip"))


def test_a_layout_that_is_not_ours_imports_nothing(archive):
    write(archive, row("AAPL"), *["x;y;z"] * 10)
    with pytest.raises(MasterUnreadable, match="layout"):
        master_files.import_files([archive], now=NOW)
    assert not Instrument.objects.exists()


def test_an_import_that_would_drop_many_needs_a_persons_word(archive):
    write(archive, *(row(f"S{n}") for n in range(100)))
    call_command("import_instruments", "--file", str(archive))
    write(archive, *(row(f"S{n}") for n in range(40)))

    with pytest.raises(CommandError, match="60 of 100"):
        call_command("import_instruments", "--file", str(archive))
    call_command("import_instruments", "--file", str(archive), "--most-gone", "0.6")

    assert Instrument.objects.filter(tradable=False).count() == 60


def test_the_schedule_brings_it_daily_and_an_admin_may_change_when():
    entry = PeriodicTask.objects.get(name="import instruments")
    assert (entry.task, entry.queue, entry.enabled) == ("bots.import_instruments", "tasks", True)
    assert tasks.import_instruments.name == entry.task


def test_a_server_that_does_not_answer_changes_nothing_and_is_journaled(settings):
    settings.KIS_MASTER_URL = "http://127.0.0.1:9/common/master"
    assert tasks.import_instruments() == 0
    assert ExecutionLog.objects.get().level == "warning"
    assert not Instrument.objects.exists()


@pytest.fixture
def published(settings):
    """A broker that publishes its master files."""
    with testing.start() as kis:
        settings.KIS_MASTER_URL = kis.info["real"]["rest"] + "/common/master"
        yield kis


def test_the_brokers_own_files_fill_the_table_and_again_change_nothing(published):
    call_command("import_instruments")
    rows = list(Instrument.objects.values())

    assert {row["exchange"] for row in rows} == {"nasdaq", "nyse", "amex"}
    assert {row["kind"] for row in rows} == {"stock", "etp"}
    apple = Instrument.objects.get(symbol="AAPL")
    assert (apple.name_ko, apple.realtime_symbol, apple.tradable) == ("애플", "NASAAPL", True)

    assert tasks.import_instruments() == len(rows)
    assert list(Instrument.objects.values()) == rows


def test_the_demo_knows_what_its_broker_lists(published):
    demo.seed(published.info, now=NOW)
    assert Instrument.objects.filter(in_master=True, tradable=True).count() > 8
