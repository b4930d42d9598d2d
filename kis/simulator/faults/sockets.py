"""The WebSocket under faults: what becomes of a trade, of a notice, and how a text is framed."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from kis.simulator.faults.engine import Fault

Record = list[str]
# Positions in HDFSCNT0 (5.6): high, low, last, then everything that moves with volume.
LAST, TVOL = 11, 20
TIMES = range(3, 8)
RECORDS = 4  # in one frame of `several_records`
REPLAYED = 3
PIECE = 7  # bytes of `dripped_frames`
GARBAGE = "@|?|not a frame|\x01^^"
ANOTHER = "9999999901"
FIELDS = {"notice_21_fields": 21, "notice_23_fields": 23, "notice_26_fields": 26}


@dataclass(frozen=True, slots=True)
class Burst:
    """One data frame: its records, and the count it claims."""

    records: list[Record]
    count: int


class Trades:
    """One symbol's trades on their way to the sockets; remembers what some faults repeat or hold back."""

    def __init__(self) -> None:
        self._seen: deque[Record] = deque(maxlen=REPLAYED)
        self._held: list[Record] = []
        self._waiting: list[Record] = []

    def bursts(self, record: Record, faults: Mapping[str, Fault], per_frame: int) -> list[Burst]:
        """The frames that become of one trade: none, one or several."""
        if "ticks_stop" in faults:
            return []
        records = self._in_order(_changed(record, faults), held="ticks_out_of_order" in faults)
        if "ticks_replayed" in faults:
            records += list(self._seen)
        self._seen.append(record)
        self._waiting += records
        if len(self._waiting) < (RECORDS if "several_records" in faults else per_frame):
            return []
        sent, self._waiting = self._waiting, []
        return [Burst(sent, len(sent) + ("wrong_count" in faults))]

    def _in_order(self, record: Record, *, held: bool) -> list[Record]:
        """While held, each trade waits for its successor and comes after it."""
        if held and not self._held:
            self._held = [record]
            return []
        records, self._held = [record, *self._held], []
        return records


def _changed(record: Record, faults: Mapping[str, Fault]) -> Record:
    record = list(record)
    if stale := faults.get("stale_ticks"):
        frozen = stale.memory.setdefault(record[0], list(record))
        record = [record[i] if i in TIMES else field for i, field in enumerate(frozen)]
    if "tick_wrong_last" in faults:
        record[LAST] = f"{Decimal(record[LAST]) * 10:.4f}"
    if "tick_blank_last" in faults:
        record[LAST] = ""
    if "tick_25_fields" in faults:
        record = record[1:]
    if "tick_27_fields" in faults:
        record.append("0")
    return record


def notice_fields(fields: Record, wanted: int, faults: Mapping[str, Fault]) -> Record:
    """The fields of a notice: `wanted` of them, unless a fault says another number or another's account."""
    fields = list(fields)
    if "notice_of_another" in faults:
        fields[0], fields[1] = "someone", ANOTHER
    wanted = next((number for name, number in FIELDS.items() if name in faults), wanted)
    return (fields + [""] * wanted)[:wanted]


def pieces(text: str, struck: Mapping[str, Fault]) -> Iterator[bytes]:
    """The bytes of a text message as the network brings them, piece by piece."""
    data = text.encode()
    third = len(data) // 3 + 1
    parts = [data[i : i + third] for i in range(0, len(data), third)] if "fragmented_frames" in struck else [data]
    frames = [_frame(part, first=i == 0, last=i == len(parts) - 1) for i, part in enumerate(parts)]
    size = PIECE if "dripped_frames" in struck else None
    for frame in frames:
        yield from (frame[i : i + (size or len(frame))] for i in range(0, len(frame), size or len(frame)))


def _frame(payload: bytes, *, first: bool, last: bool) -> bytes:
    """A WebSocket frame of a server: a text, or the continuation of one (RFC 6455, 5.2)."""
    head = bytes([(0x80 if last else 0) | (0x1 if first else 0x0)])
    if len(payload) < 126:
        return head + bytes([len(payload)]) + payload
    return head + bytes([126]) + len(payload).to_bytes(2, "big") + payload
