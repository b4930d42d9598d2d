"""Section 5: frames and encryption, held against the sheet's own test vector."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from kis.simulator import frames
from kis.simulator.book import Account, Order
from kis.simulator.calendar import Calendar
from kis.simulator.exchange import Event
from kis.simulator.listing import DEFAULT
from kis.simulator.market import Market
from kis.simulator.market_path import Prices

KEY, IV = "abcdefghijklmnopqrstuvwxyz012345", "0123456789abcdef"
PLAIN = (
    "htsuser1^5012345601^0000040901^^02^0^2^NVDA^0000000004^001842400^231509^0^2^2^01790^000000010"
    "^HONGGILDONG^NVIDIA^6^10^^^^^"
)
SEALED = (
    "aYqJCDudtEQHGSGqSNogUxSwnCstzxN/iRdIORYQx4cacQLKigXXfgXBnqQ+eaE5oXlptX0oHVtE7Eqy0vpTJBHOW7T5WPcvv1l"
    "+VjiXflljsUzCdiM6lbnrj5bb0WXwjVzrqz177eoKA47WmBjx4DsGMEDP7KNQovqmNnyzO64="
)
NOW = datetime(2026, 3, 12, 14, 15, 9, tzinfo=UTC)
NVDA = next(item for item in DEFAULT if item.symbol == "NVDA")


def test_the_sheets_test_vector_of_5_5():
    assert frames.encrypt(PLAIN, KEY, IV) == SEALED


def test_a_notice_frame_is_marked_encrypted():
    assert frames.notice("H0GSCNI9", PLAIN.split("^"), KEY, IV) == f"1|H0GSCNI9|001|{SEALED}"


def test_a_fill_notice_has_25_fields_of_the_sheets_widths():
    fields = frames.notice_fields(_account(), NVDA, _event("filled", 4, "184.24"))
    assert len(fields) == 25
    assert fields[:12] == (
        ["htsuser1", "5012345601", "0000040901", "", "02", "0", "2", "NVDA", "0000000004", "001842400", "231509", "0"]
    )
    assert fields[12:16] == ["2", "2", "01791", "000000010"]
    assert fields[18:20] == ["6", "10"]


def test_an_order_notice_has_the_ordered_quantity_and_a_blank_order_quantity():
    fields = frames.notice_fields(_account(), NVDA, _event("accepted", 10, "184.25"))
    assert (fields[8], fields[12], fields[13], fields[15]) == ("0000000010", "1", "1", "")


@pytest.mark.parametrize(
    ("division", "letter"), [("00", "2"), ("31", "A"), ("32", "B"), ("33", "C"), ("34", "D"), ("35", "2")]
)
def test_a_notice_names_the_type_of_its_order(division, letter):
    event = _event("accepted", 10, "184.25")
    event.order.division = division
    assert frames.notice_fields(_account(), NVDA, event)[6] == letter


def test_the_notice_of_a_sliced_order_tells_its_window_in_korean_time():
    event = _event("accepted", 10, "184.25")
    event.order.division = "35"
    assert frames.notice_fields(_account(), NVDA, event)[21:24] == ["", "", "02"]
    event.order.starts_at, event.order.ends_at = NOW, NOW.replace(hour=15)
    assert frames.notice_fields(_account(), NVDA, event)[21:24] == ["231509", "001509", "00"]


def test_a_trade_has_26_fields_an_unsigned_diff_and_a_signed_rate():
    record = frames.trade(NVDA, _view())
    assert len(record) == 26
    assert record[:8] == ["DNASNVDA", "NVDA", "4", "20260312", "20260312", "101509", "20260312", "231509"]
    assert not record[13].startswith(("+", "-"))
    assert record[14][0] in "+-0"
    assert record[25] == "1"


def test_an_order_book_has_71_fields_and_ten_levels():
    record = frames.book(NVDA, _view())
    assert len(record) == 71
    bids, asks = record[11::6], record[12::6]
    assert len(bids) == len(asks) == 10
    assert bids == sorted(bids, reverse=True) and asks == sorted(asks) and bids[0] < asks[0]


def test_records_of_one_frame_are_joined_by_the_same_separator():
    assert frames.data("HDFSCNT0", [["a", "b"], ["c", "d"]]) == "0|HDFSCNT0|002|a^b^c^d"


def test_a_ping_fits_into_a_pong_frame():
    assert frames.ping(NOW) == '{"header": {"tr_id": "PINGPONG", "datetime": "20260312231509"}}'
    assert len(frames.ping(NOW)) <= 125


def _account():
    return Account("paper", "k", "s", "5012345601", "htsuser1")


def _event(what, quantity, price):
    order = Order(
        "0000040901", NOW.date(), "5012345601", "NVDA", "NASD", "buy", "new", 10, Decimal("184.25"), NOW, NOW, "OpenAPI"
    )
    return Event(what, order, quantity, Decimal(price), NOW)


def _view():
    return Market(Prices(7, DEFAULT), Calendar("nyse-hours"), DEFAULT).view("NVDA", NOW)
