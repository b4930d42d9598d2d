"""Brings the broker's instrument master files into the table of instruments, and says so in the journal."""

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from asgiref.sync import async_to_sync
from django.conf import settings
from django.db import transaction

from instruments.services import MOST_GONE, Imported, ImportRefused, import_instruments
from kis import master
from kis.master import Master, MasterUnreadable
from logs.services import record
from market.errors import Text, TradingError
from market.words import Exchange

MOST_UNREADABLE = 0.05  # of a file's lines: above it is laid out in a way that we do not know
FEW_UNREADABLE = 5


def import_published(*, now: datetime, base_url: str = "") -> Imported:
    """The files of all three exchanges, from `KIS_MASTER_URL` unless `base_url` names another folder.

    All or nothing; what keeps it from being done is journaled and raised: TradingError or ImportRefused.
    """
    try:
        masters = async_to_sync(_download)(base_url or settings.KIS_MASTER_URL)
        return _take(masters, now=now, most_gone=MOST_GONE)
    except (TradingError, ImportRefused) as problem:
        _journal_failure(problem.message, now)
        raise


def import_files(paths: Iterable[Path], *, now: datetime, most_gone: float = MOST_GONE) -> Imported:
    """Archives that a person has downloaded. Raises MasterUnreadable, ImportRefused, OSError."""
    return _take([master.read_archive(path.read_bytes()) for path in paths], now=now, most_gone=most_gone)


async def _download(base_url: str) -> list[Master]:
    return [await master.download(exchange, base_url=base_url) for exchange in Exchange]


def _take(masters: list[Master], *, now: datetime, most_gone: float) -> Imported:
    for found in masters:
        _must_be_sound(found)
    with transaction.atomic():
        done = import_instruments((row for found in masters for row in found.rows), most_gone=most_gone)
        unreadable = sum(found.unreadable for found in masters)
        _journal(done, unreadable, now)
    return done


def _must_be_sound(found: Master) -> None:
    lines = len(found.rows) + found.unreadable
    if found.unreadable > max(FEW_UNREADABLE, lines * MOST_UNREADABLE):
        raise MasterUnreadable(
            Text(
                f"종목 마스터 {lines}줄 중 {found.unreadable}줄을 읽을 수 없습니다. 형식이 바뀌었는지 확인하세요.",
                f"{found.unreadable} of {lines} lines of the master file cannot be read: has its layout changed?",
            )
        )


def _journal(done: Imported, unreadable: int, now: datetime) -> None:
    text = Text(
        f"종목 마스터를 가져왔습니다: {done.told:,}종목, 새로 {done.added:,}, 바뀜 {done.changed:,}, "
        f"거래 불가로 {done.gone:,}.",
        f"Instrument master imported: {done.told:,} instruments, {done.added:,} new, {done.changed:,} changed, "
        f"{done.gone:,} no longer tradable.",
    )
    ctx = {"told": done.told, "added": done.added, "changed": done.changed, "gone": done.gone}
    record(kind="log", message=text, ctx={**ctx, "unreadable": unreadable}, at=now)


def _journal_failure(why: Text, now: datetime) -> None:
    text = Text(f"종목 마스터를 가져오지 못했습니다. {why.ko}", f"The instrument master was not imported. {why.en}")
    record(kind="log", level="warning", message=text, at=now)
