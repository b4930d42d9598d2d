"""The instrument master: archives of KIS's own making, and whatever else may lie at that address."""

import asyncio
import contextlib
import io
import socket
import zipfile
from collections.abc import AsyncIterator, Awaitable, Callable
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kis import master
from kis.errors import ReadFailed
from kis.master import MasterUnreadable
from market.errors import Unreachable
from market.instruments import TRADED_KINDS, EtpClass, InstrumentKind
from market.words import Exchange

APPLE = {
    "ncod": "US",
    "exid": "512",
    "excd": "NAS",
    "exnm": "나스닥",
    "symb": "AAPL",
    "rsym": "NASAAPL",
    "knam": "애플",
    "enam": "APPLE INC",
    "stis": "2",
    "curr": "USD",
    "zdiv": "4",
    "ztyp": "1",
    "base": "214.5000",
    "bnit": "1",
    "anit": "1",
    "mstm": "0930",
    "metm": "1600",
    "isdr": "N",
    "drcd": "",
    "icod": "0370",
    "sjong": "1",
    "ttyp": "0",
    "etyp": "",
    "ttyp_sb": "",
}


def line(**changes: str) -> bytes:
    return "\t".join((APPLE | changes).values()).encode("cp949")


def table(*lines: bytes) -> bytes:
    return b"\r\n".join(lines) + b"\r\n"


def archive(content: bytes, name: str = "nasmst.cod", **more: bytes) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr(name, content)
        for other, text in more.items():
            file.writestr(other, text)
    return made.getvalue()


class TestTable:
    def test_every_column_has_its_type_and_the_first_line_is_a_row_like_any_other(self):
        (found,) = master.parse(table(line())).rows
        assert (found.symbol, found.exchange, found.realtime_symbol) == ("AAPL", Exchange.NASDAQ, "NASAAPL")
        assert (found.name_ko, found.name_en, found.currency) == ("애플", "APPLE INC", "USD")
        assert (found.kind, found.decimals, found.base_price) == (InstrumentKind.STOCK, 4, Decimal("214.5"))
        assert (found.buy_unit, found.sell_unit, found.opens, found.closes) == (1, 1, "0930", "1600")
        assert (found.is_dr, found.tick_type, found.etp_class) == (False, "0", None)
        assert found.raw == APPLE

    @pytest.mark.parametrize(
        ("changes", "kind", "etp_class"),
        [
            ({"stis": "1"}, InstrumentKind.INDEX, None),
            ({"stis": "3", "etyp": "001"}, InstrumentKind.ETP, EtpClass.ETF),
            ({"stis": "3", "etyp": "006"}, InstrumentKind.ETP, EtpClass.VIX_ETN),
            ({"stis": "4"}, InstrumentKind.WARRANT, None),
            ({"stis": "8", "etyp": "099"}, InstrumentKind.OTHER, None),
        ],
    )
    def test_kinds(self, changes, kind, etp_class):
        (found,) = master.parse(table(line(**changes))).rows
        assert (found.kind, found.etp_class) == (kind, etp_class)

    @pytest.mark.parametrize(("code", "exchange"), [("NYS", Exchange.NYSE), ("AMS", Exchange.AMEX)])
    def test_exchanges(self, code, exchange):
        assert master.parse(table(line(excd=code))).rows[0].exchange is exchange

    def test_a_class_share_keeps_its_spelling(self):
        assert master.parse(table(line(symb="BRK/B"))).rows[0].symbol == "BRK/B"

    def test_short_and_long_rows_are_read_as_far_as_they_go(self):
        short, long = line().split(b"\t")[:9], [*line().split(b"\t"), b"new", b"newer"]
        found = master.parse(table(b"\t".join(short), b"\t".join(long)))
        assert [row.symbol for row in found.rows] == ["AAPL", "AAPL"]
        assert (found.rows[0].currency, found.rows[0].buy_unit, found.rows[0].decimals) == ("", None, None)

    @pytest.mark.parametrize(
        "changes", [{"excd": "TSE"}, {"symb": ""}, {"symb": "A" * 17}, {"symb": "애플"}, {"stis": ""}]
    )
    def test_a_row_without_exchange_symbol_or_kind_is_counted_not_guessed(self, changes):
        found = master.parse(table(line(), line(**changes), b"nonsense"))
        assert (len(found.rows), found.unreadable) == (1, 2)

    def test_blank_lines_are_counted_as_such(self):
        found = master.parse(table(line(), b"", b"  \t ", line(symb="MSFT")))
        assert (len(found.rows), found.blank, found.unreadable) == (2, 2, 0)

    def test_a_letter_that_cannot_be_read_spoils_itself_not_its_row(self):
        broken = line().replace("애플".encode("cp949"), b"\xbe\xd6\xc7")
        (found,) = master.parse(table(broken)).rows
        assert found.name_ko.startswith("애")
        assert found.name_en == "APPLE INC"

    def test_nothing_is_nothing(self):
        assert master.parse(b"") == master.Master((), 0, 0)


class TestArchive:
    def test_one_file_in_it_whatever_its_name(self):
        assert [row.symbol for row in master.read_archive(archive(table(line()), "NASMST.COD")).rows] == ["AAPL"]

    @pytest.mark.parametrize(
        "content",
        [
            b"",
            b"<html>not here</html>",
            archive(table(line()))[:-10],
            archive(table(line()), **{"other.cod": b"x"}),
            archive(b"", "folder/"),
        ],
        ids=["empty", "page", "cut short", "two files", "no file"],
    )
    def test_what_is_not_one_is_refused(self, content):
        with pytest.raises(MasterUnreadable):
            master.read_archive(content)

    def test_a_bomb_is_not_unpacked(self, monkeypatch):
        monkeypatch.setattr(master, "MOST_TEXT_BYTES", 1 << 16)
        with pytest.raises(MasterUnreadable, match="large"):
            master.read_archive(archive(b"\0" * (1 << 20)))

    def test_a_damaged_one_is_noticed_by_its_checksum(self):
        whole = bytearray(archive(table(*[line(symb=f"S{n}") for n in range(50)])))
        whole[60] ^= 0xFF
        with pytest.raises(MasterUnreadable):
            master.read_archive(bytes(whole))


cells = st.one_of(st.text(max_size=12).map(lambda t: t.encode("cp949", "ignore")), st.binary(max_size=8))


class TestWhateverArrives:
    @given(st.lists(st.lists(cells, max_size=27).map(b"\t".join), max_size=5).map(b"\n".join) | st.binary(max_size=200))
    def test_every_line_is_a_row_a_blank_or_counted(self, content):
        found = master.parse(content)
        lines = content.replace(b"\r", b"").removesuffix(b"\n").split(b"\n") if content else []
        assert len(found.rows) + found.blank + found.unreadable == len(lines)
        assert all(row.symbol and "\0" not in row.name_ko + row.name_en for row in found.rows)

    @given(
        st.dictionaries(st.sampled_from(list(APPLE)), st.text(st.characters(codec="cp949"), max_size=20), max_size=6)
    )
    def test_a_row_with_odd_cells_is_read_or_counted(self, changes):
        odd = {name: value.replace("\t", " ").replace("\n", " ").replace("\r", " ") for name, value in changes.items()}
        found = master.parse(table(line(**odd), line()))
        assert found.rows[-1].symbol == "AAPL"
        assert len(found.rows) + found.unreadable + found.blank == 2

    @given(st.binary(max_size=300))
    def test_archives(self, content):
        with contextlib.suppress(MasterUnreadable):
            master.read_archive(content)

    @given(st.integers(0, 10_000), st.integers(1, 255))
    def test_an_archive_with_one_byte_changed_is_whole_or_refused(self, at, by):
        made = bytearray(archive(table(line())))
        made[at % len(made)] ^= by
        with contextlib.suppress(MasterUnreadable):
            assert len(master.read_archive(bytes(made)).rows) <= 1


Serve = Callable[[bytes], Awaitable[str]]


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    """`await serve(answer)`: the address of a server that says just that to everyone, then hangs up."""
    servers: list[asyncio.Server] = []

    async def start(answer: bytes) -> str:
        async def say(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(answer)
            await writer.drain()
            writer.close()

        server = await asyncio.start_server(say, "127.0.0.1", 0)
        servers.append(server)
        return f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/common/master/"

    yield start
    for server in servers:
        server.close()


def http(body: bytes, status: str = "200 OK", length: int | None = None) -> bytes:
    size = len(body) if length is None else length
    return f"HTTP/1.1 {status}\r\nContent-Length: {size}\r\nConnection: close\r\n\r\n".encode() + body


class TestDownload:
    async def test_an_exchanges_archive_is_fetched_and_read(self, serve):
        url = await serve(http(archive(table(line(), line(symb="MSFT")))))
        found = await master.download(Exchange.NASDAQ, base_url=url)
        assert [row.symbol for row in found.rows] == ["AAPL", "MSFT"]

    @pytest.mark.parametrize("exchange", list(Exchange))
    def test_archives_are_called_by_the_quotation_code(self, exchange):
        assert master.archive_name(exchange) in {"nasmst.cod.zip", "nysmst.cod.zip", "amsmst.cod.zip"}

    async def test_a_file_cut_short_or_missing_or_endless_is_not_read(self, serve, monkeypatch):
        whole = archive(table(line()))
        for answer in (http(whole[:50], length=len(whole)), http(b"gone", "404 Not Found"), b"nonsense\r\n\r\n"):
            with pytest.raises(ReadFailed):
                await master.download(Exchange.NYSE, base_url=await serve(answer))
        monkeypatch.setattr(master, "MOST_ARCHIVE_BYTES", 1000)
        with pytest.raises(ReadFailed):
            await master.download(Exchange.NYSE, base_url=await serve(http(b"x" * 5000)))

    async def test_nobody_there_is_unreachable(self):
        with socket.socket() as nobody:
            nobody.bind(("127.0.0.1", 0))  # bound, not listening
            with pytest.raises(Unreachable):
                await master.download(Exchange.AMEX, base_url=f"http://127.0.0.1:{nobody.getsockname()[1]}/x")


class TestAtTheSimulator:
    @pytest.mark.parametrize("exchange", list(Exchange))
    @pytest.mark.parametrize("side", ["real", "paper"])
    async def test_every_exchange_has_an_archive_on_both_sides(self, running, side, exchange):
        found = await master.download(exchange, base_url=running.info[side]["rest"] + "/common/master")
        assert found.rows
        assert (found.blank, found.unreadable) == (0, 0)
        assert {row.exchange for row in found.rows} == {exchange}
        assert all(row.kind in TRADED_KINDS and row.name_ko and row.name_en for row in found.rows)
