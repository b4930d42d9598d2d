"""A file of JSON lines that only grows: what a line says is on disk before anyone is answered.

The first line has a fixed width and says how many bytes of the file count. A line is written behind
them, then the first line is. So a process that is killed between the two leaves a line that was never
answered for, and nobody reads it; and a file that is shorter than it says has lost something.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NoReturn

FORMAT, VERSION = "kis-simulator-book", 1
HEADER = '{{"format":"{}","version":{},"length":{:15d}}}\n'
# Where the file system may keep a file's times for later, it does: half the cost of fsync.
_sync = getattr(os, "fdatasync", os.fsync)

Entry = dict[str, list[dict[str, Any]]]


class BadBook(Exception):
    """The book cannot be used; the message is for people, in Korean and English, on one line."""

    def __init__(self, path: Path, korean: str, english: str) -> None:
        super().__init__(f"장부 {path}: {korean} / The book {path}: {english}")


class Journal:
    """One journal, held by this process alone (`FILE.lock`) until it ends.

    `entries` is what the file said when it was opened; None when there was no file. Raises BadBook, and then
    the file is as it was.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: int | None = None
        self._length = self._whole = 0
        try:
            self._lock = os.open(_beside(path, ".lock"), os.O_RDWR | os.O_CREAT, 0o600)
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self.entries = self._read()
        except BlockingIOError:
            raise BadBook(
                path,
                "다른 시뮬레이터가 쓰고 있습니다. 그것을 끝내거나 다른 파일을 주세요.",
                "another simulator is using it. Stop that one, or name another file.",
            ) from None
        except OSError as e:
            raise _unusable(path, e) from e

    def grown(self) -> int:
        """Bytes added since the file was last written as a whole, beyond as many as it then had."""
        return self._length - 2 * self._whole

    def append(self, entry: Entry) -> None:
        """Add a line; it is on disk when this returns. If the disk refuses, the process ends here and now:
        what it then knows must not be heard by anyone, because after a restart it would not know it."""
        assert self._file is not None
        line = _line(entry)
        try:
            _write(self._file, line, self._length)
            _write(self._file, _header(self._length + len(line)), 0)
            _sync(self._file)
        except OSError as e:
            _die(_unusable(self.path, e))
        self._length += len(line)

    def rewrite(self, entries: Iterable[Entry]) -> None:
        """Put these lines in the place of all others, in one step. Raises BadBook."""
        body = b"".join(_line(entry) for entry in entries)
        length = len(_header(0)) + len(body)
        new = _beside(self.path, ".new")
        try:
            file = _write_new(new, _header(length) + body)
            new.replace(self.path)
            old, self._file = self._file, file
            self._length = self._whole = length
            if old is not None:
                os.close(old)
            _sync_folder(self.path.parent)
        except OSError as e:
            raise _unusable(self.path, e) from e

    def close(self) -> None:
        """Let another have it."""
        for file in (self._file, self._lock):
            if file is not None:
                os.close(file)

    def _read(self) -> list[Entry] | None:
        try:
            raw = self.path.read_bytes()
        except FileNotFoundError:
            return None
        try:
            head, _, _ = raw.partition(b"\n")
            length = _check_header(self.path, json.loads(head))
            if len(raw) < length or raw[length - 1 : length] != b"\n":
                raise ValueError("shorter than it says")
            entries = [json.loads(line) for line in raw[len(head) + 1 : length].splitlines()]
        except (ValueError, KeyError, TypeError) as e:
            raise damaged(self.path) from e
        # Until the first rewrite, lines go behind those that count.
        self._file = os.open(self.path, os.O_RDWR)
        self._length = self._whole = length
        return entries


def damaged(path: Path) -> BadBook:
    """What is said of a file that is torn, or that is no book at all."""
    return BadBook(
        path,
        "찢어졌거나 장부가 아니라서 읽지 않았고 고치지도 않았습니다. "
        "복사본을 되돌리거나, 다른 곳으로 옮기면 새 계좌로 새 장부를 시작합니다.",
        "it is torn or no book, and was left as it is. "
        "Put a copy back, or move it away to begin a new book with new accounts.",
    )


def _check_header(path: Path, header: dict[str, Any]) -> int:
    if header["format"] != FORMAT:
        raise ValueError("another format")
    if header["version"] != VERSION:
        raise BadBook(
            path,
            f"판 {header['version']}의 장부인데 이 시뮬레이터는 판 {VERSION}만 읽습니다. 그대로 두었습니다.",
            f"it has version {header['version']} and this simulator reads version {VERSION}. It was left as it is.",
        )
    return int(header["length"])


def _unusable(path: Path, e: OSError) -> BadBook:
    return BadBook(
        path,
        f"읽거나 쓸 수 없습니다({e.strerror}). 경로와 권한과 남은 공간을 확인하세요.",
        f"it cannot be read or written ({e.strerror}). Check its folder, its permissions and the space left.",
    )


def _die(e: BadBook) -> NoReturn:
    with contextlib.suppress(OSError):
        print(f"simulator: {e}", file=sys.stderr, flush=True)
    os._exit(2)


def _beside(path: Path, ending: str) -> Path:
    return path.with_name(path.name + ending)


def _header(length: int) -> bytes:
    return HEADER.format(FORMAT, VERSION, length).encode()


def _line(entry: Entry) -> bytes:
    return json.dumps(entry, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def _write_new(path: Path, data: bytes) -> int:
    """A file that only its owner can read, with this in it on disk; it stays open."""
    path.unlink(missing_ok=True)
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        _write(file, data, 0)
        os.fsync(file)
    except OSError:
        os.close(file)
        raise
    return file


def _write(file: int, data: bytes, at: int) -> None:
    while data:
        written = os.pwrite(file, data, at)
        data, at = data[written:], at + written


def _sync_folder(folder: Path) -> None:
    """A rename is on disk when its folder is."""
    found = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(found)
    finally:
        os.close(found)
