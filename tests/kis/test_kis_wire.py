"""The wire format, against the constructed examples of the protocol sheet. No socket anywhere."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given

from kis.wire import (
    answers,
    balance_calls,
    calls,
    order_calls,
    values,
)
from kis.wire.values import Unreadable
from tests.kis.samples import REAL, answer, bent


class TestValues:
    @pytest.mark.parametrize(
        ("word", "number"),
        [
            (" 0.00", Decimal("0.00")),
            ("+5.61", Decimal("5.61")),
            ("-4.17", Decimal("-4.17")),
            ("200.00000000", Decimal(200)),
            ("1,234.5", Decimal("1234.5")),
            ("", None),
            ("   ", None),
            ("N/A", None),
            ("1e3", None),
            ("NaN", None),
            ("Infinity", None),
            (None, None),
            (True, None),
            ({"a": "1"}, None),
        ],
    )
    def test_a_number_is_exact_and_a_blank_is_none(self, word, number):
        assert values.decimal(word) == number

    @pytest.mark.parametrize(
        ("word", "number"), [("0000000004", 4), ("4.0000", 4), ("4.5", None), ("", None), ("-3", -3)]
    )
    def test_shares_are_whole(self, word, number):
        assert values.integer(word) == number

    @pytest.mark.parametrize(
        ("word", "number"),
        [("0000040901", "40901"), (" 40901 ", "40901"), ("0000000000", ""), ("", ""), ("A1", ""), ("４０", "")],
    )
    def test_an_order_number_has_no_leading_zeros(self, word, number):
        assert values.order_number(word) == number

    def test_korean_and_new_york_clocks_become_utc_with_daylight_saving(self):
        assert values.moment("20260312", "231502", values.SEOUL) == datetime(2026, 3, 12, 14, 15, 2, tzinfo=UTC)
        assert values.moment("20260312", "101509", values.NEW_YORK) == datetime(2026, 3, 12, 14, 15, 9, tzinfo=UTC)
        assert values.moment("20260112", "101509", values.NEW_YORK) == datetime(2026, 1, 12, 15, 15, 9, tzinfo=UTC)

    @pytest.mark.parametrize("word", ["20261301", "2026-03-1", "", "00000000"])
    def test_what_is_no_date_is_none(self, word):
        assert values.day(word) is None

    @pytest.mark.parametrize("content", [b"", b"<html>", b"[1]", b'"x"', b"{", b"\xff\xfe", b"[" * 100_000])
    def test_what_is_no_json_object_is_none(self, content):
        assert values.json_object(content) is None

    def test_json_numbers_keep_their_digits(self):
        assert values.json_object(b'{"a": 0.1, "b": 86400}') == {"a": "0.1", "b": "86400"}


class TestCalls:
    def test_the_approval_calls_the_secret_by_another_name(self):
        assert set(calls.approval(REAL).fields) == {"grant_type", "appkey", "secretkey"}

    def test_secrets_do_not_show_in_a_calls_text(self):
        assert REAL.app_secret not in repr(calls.token(REAL)) + repr(REAL)


class TestAnswers:
    def test_the_tokens_end_is_korean_time(self):
        body = {"access_token": "eyJ.x", "access_token_token_expired": "2026-03-13 22:05:11", "expires_in": 86400}
        assert answers.access_token(answer(body)) == ("eyJ.x", datetime(2026, 3, 13, 13, 5, 11, tzinfo=UTC))

    @pytest.mark.parametrize("value", ["", "a b", "a\nb", "토큰", "x" * 600])
    def test_a_token_that_cannot_travel_in_a_header_is_none(self, value):
        body = {"access_token": value, "access_token_token_expired": "2026-03-13 22:05:11"}
        assert answers.access_token(answer(body)) is None

    def test_a_further_page_echoes_the_keys_as_received(self):
        call = order_calls.executions(REAL, date(2026, 3, 12), date(2026, 3, 12))
        page = answer({"ctx_area_fk200": "5012^ ", "ctx_area_nk200": "7  "}, tr_cont="M")
        following = page.next_page(call)
        assert following is not None
        assert following.tr_cont == "N"
        assert (following.fields["CTX_AREA_FK200"], following.fields["CTX_AREA_NK200"]) == ("5012^ ", "7  ")

    @pytest.mark.parametrize("tr_cont", ["D", "E", "", " "])
    def test_the_last_page_has_none_after_it(self, tr_cont):
        assert answer({}, tr_cont=tr_cont).next_page(balance_calls.balances(REAL)[0][0]) is None

    @pytest.mark.parametrize("tr_cont", ["", "X", "N"])
    def test_a_word_that_is_not_the_last_page_is_no_end_while_a_position_leads_on(self, tr_cont):
        with pytest.raises(Unreadable):
            answer({"ctx_area_nk200": "7"}, tr_cont=tr_cont).next_page(balance_calls.balances(REAL)[0][0])

    def test_more_without_a_position_is_unreadable_not_the_end(self):
        with pytest.raises(Unreadable):
            answer({"ctx_area_nk200": "   "}, tr_cont="F").next_page(balance_calls.balances(REAL)[0][0])


# --- whatever arrives, it is read, or it is Unreadable: never another error ---------------------------------


class TestWhateverArrives:
    @given(bent({"access_token": "x", "access_token_token_expired": "2026-03-13 22:05:11"}))
    def test_tokens(self, body):
        found = answers.access_token(answer(body))
        assert found is None or found[1].tzinfo is UTC
