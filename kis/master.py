"""KIS's instrument master files: one archive an exchange, of one text table (sheet 7)."""

import io
import struct
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from kis import codes
from kis.transport import fetch_file
from kis.wire.values import decimal, integer
from market.errors import Next, Text, TradingError
from market.instruments import EtpClass, InstrumentKind, ListedInstrument
from market.words import Exchange

# The struct that KIS publishes beside the files: 24 columns, TAB between them, no header row.
# fmt: off
COLUMNS = (
    "ncod", "exid", "excd", "exnm", "symb", "rsym", "knam", "enam",
    "stis", "curr", "zdiv", "ztyp", "base", "bnit", "anit", "mstm",
    "metm", "isdr", "drcd", "icod", "sjong", "ttyp", "etyp", "ttyp_sb",
)
# fmt: on
COLUMNS_NEEDED = COLUMNS.index("stis") + 1  # a row that ends before says too little to be one
KIND = MappingProxyType(
    {"1": InstrumentKind.INDEX, "2": InstrumentKind.STOCK, "3": InstrumentKind.ETP, "4": InstrumentKind.WARRANT}
)
ETP_CLASS = MappingProxyType(
    {
        "001": EtpClass.ETF,
        "002": EtpClass.ETN,
        "003": EtpClass.ETC,
        "004": EtpClass.OTHER,
        "005": EtpClass.VIX_ETF,
        "006": EtpClass.VIX_ETN,
    }
)
# RuntimeError: it wants a password, or is of a kind that the library does not know
_DAMAGED = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError, RuntimeError, ValueError)
MOST_ARCHIVE_BYTES = 16 << 20  # the files are well below a tenth of these
MOST_TEXT_BYTES = 128 << 20
LONGEST_SYMBOL = 16


class MasterUnreadable(TradingError):
    """An archive that is none, or not one of KIS's. Nothing was taken from it."""

    next = Next.GIVE_UP


@dataclass(frozen=True, slots=True)
class Master:
    """What a file held. `blank`: empty lines; `unreadable`: lines that are no instrument of the three exchanges."""

    rows: tuple[ListedInstrument, ...]
    blank: int
    unreadable: int


def archive_name(exchange: Exchange) -> str:
    """Such as nasmst.cod.zip."""
    return f"{codes.QUOTE_EXCHANGE[exchange].lower()}mst.cod.zip"


async def download(exchange: Exchange, *, base_url: str = "") -> Master:
    """An exchange's master file of today. `base_url`: the folder of the archives, KIS's own when blank.

    Raises Unreachable, ReadFailed, MasterUnreadable.
    """
    url = f"{(base_url or codes.MASTER_URL).rstrip('/')}/{archive_name(exchange)}"
    return read_archive(await fetch_file(url, most_bytes=MOST_ARCHIVE_BYTES))


def read_archive(content: bytes) -> Master:
    """The instruments in an archive. Raises MasterUnreadable."""
    return parse(_unpacked(content))


def _unpacked(content: bytes) -> bytes:
    """The archive's one file, never more of it than its bound."""
    if len(content) > MOST_ARCHIVE_BYTES:
        raise _unreadable("파일이 너무 큽니다", "the file is too large")
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = [member for member in archive.infolist() if not member.is_dir()]
            if len(members) != 1:
                raise _unreadable("파일 하나만 들어 있어야 합니다", "it must hold exactly one file")
            if members[0].compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise _unreadable("모르는 압축 방식입니다", "it is packed in an unusual way")
            with archive.open(members[0]) as file:
                found = file.read(MOST_TEXT_BYTES + 1)
    except _DAMAGED as error:
        raise _unreadable("zip 파일이 아니거나 손상되었습니다", "it is no zip archive, or a damaged one") from error
    if len(found) > MOST_TEXT_BYTES:
        raise _unreadable("푼 파일이 너무 큽니다", "what it holds is too large")
    return found


def _unreadable(ko: str, en: str) -> MasterUnreadable:
    return MasterUnreadable(Text(f"종목 마스터를 읽을 수 없습니다: {ko}.", f"The master file cannot be read: {en}."))


def parse(content: bytes) -> Master:
    """The instruments in a table of 24 columns, cp949. A letter that cannot be read spoils itself, not its row.

    Rows may be short or long; one without exchange, symbol or kind is counted as unreadable.
    """
    lines = content.replace(b"\r", b"").removesuffix(b"\n").split(b"\n") if content else []
    blank = sum(1 for line in lines if not line.strip(b" \t\0\x1a"))
    found = tuple(row for row in map(_row, lines) if row is not None)
    return Master(found, blank, len(lines) - blank - len(found))


def _row(line: bytes) -> ListedInstrument | None:
    # TAB and newline are never part of a cp949 letter, so a broken one cannot swallow the next column.
    cells = [cell.decode("cp949", errors="replace").replace("\0", "").strip() for cell in line.split(b"\t")]
    if len(cells) < COLUMNS_NEEDED:
        return None
    cell = dict(zip(COLUMNS, cells, strict=False))
    exchange = codes.EXCHANGE_OF.get(cell["excd"])
    symbol = cell["symb"].upper()
    if exchange is None or not _is_symbol(symbol) or not cell["stis"]:
        return None
    return _listed(cell, exchange, symbol)


def _is_symbol(word: str) -> bool:
    return 0 < len(word) <= LONGEST_SYMBOL and word.isascii() and word.isprintable() and " " not in word


def _listed(cell: Mapping[str, str], exchange: Exchange, symbol: str) -> ListedInstrument:
    def text(name: str) -> str:
        return cell.get(name, "")

    raw: dict[str, Any] = dict(cell)
    return ListedInstrument(
        symbol=symbol,
        exchange=exchange,
        realtime_symbol=text("rsym"),
        name_ko=text("knam"),
        name_en=text("enam"),
        kind=KIND.get(text("stis"), InstrumentKind.OTHER),
        currency=text("curr"),
        decimals=integer(text("zdiv")),
        base_price=decimal(text("base")),
        buy_unit=_unit(text("bnit")),
        sell_unit=_unit(text("anit")),
        opens=text("mstm"),
        closes=text("metm"),
        is_dr=text("isdr").upper() == "Y",
        dr_country=text("drcd"),
        industry=text("icod"),
        index_member=text("sjong"),
        tick_type=text("ttyp"),
        tick_type_detail=text("ttyp_sb"),
        etp_class=ETP_CLASS.get(text("etyp")),
        raw=raw,
    )


def _unit(word: str) -> int | None:
    found = integer(word)
    return found if found is not None and found > 0 else None
