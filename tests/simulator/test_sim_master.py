"""Section 7: the instrument master archives."""

import io
import zipfile

import httpx
import pytest

from kis.simulator.testing import start


def fetched(kis, name, side="real"):
    return httpx.get(f"{kis.info[side]['rest']}/common/master/{name}")


def rows(answer, inside):
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.namelist() == [inside]
        lines = archive.read(inside).decode("cp949").splitlines()
    return [line.split("\t") for line in lines]


@pytest.mark.parametrize(("market", "some"), [("nas", "AAPL"), ("nys", "BRK/B"), ("ams", "SPY")])
def test_an_archive_holds_one_text_of_24_columns_and_no_header(kis, market, some):
    answer = fetched(kis, f"{market}mst.cod.zip")
    found = rows(answer, f"{market}mst.cod")
    assert answer.headers["content-type"] == "application/zip"
    assert {len(row) for row in found} == {24}
    by_symbol = {row[4]: row for row in found}
    assert by_symbol[some][2] == market.upper() and by_symbol[some][5] == market.upper() + some
    assert "symb" not in by_symbol


def test_neither_login_nor_side_matter(kis):
    assert fetched(kis, "nasmst.cod.zip", "paper").content == fetched(kis, "nasmst.cod.zip").content


def test_etfs_are_told_from_stocks_and_names_are_korean(kis):
    by_symbol = {row[4]: row for row in rows(fetched(kis, "nasmst.cod.zip"), "nasmst.cod")}
    assert (by_symbol["QQQ"][8], by_symbol["QQQ"][22]) == ("3", "001")
    assert (by_symbol["AAPL"][8], by_symbol["AAPL"][22], by_symbol["AAPL"][6]) == ("2", "", "애플")


def test_no_column_is_wider_than_the_sheet_says(kis):
    widths = [2, 3, 3, 16, 16, 16, 64, 64, 1, 4, 1, 1, 12, 8, 8, 4, 4, 1, 2, 4, 1, 1, 3, 3]
    for market in ("nas", "nys", "ams"):
        for row in rows(fetched(kis, f"{market}mst.cod.zip"), f"{market}mst.cod"):
            assert all(len(text.encode("cp949")) <= width for text, width in zip(row, widths, strict=True)), row


def test_a_market_of_its_own_symbols_has_a_master_of_its_own():
    with start(scenario={"symbols": [{"symbol": "ABC", "market": "NYS", "price": 42}]}) as kis:
        assert [row[4] for row in rows(fetched(kis, "nysmst.cod.zip"), "nysmst.cod")] == ["ABC"]
        assert rows(fetched(kis, "nasmst.cod.zip"), "nasmst.cod") == []


def test_there_is_no_other_file(kis):
    assert fetched(kis, "xyzmst.cod.zip").status_code == 404
