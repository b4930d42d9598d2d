"""The wire format, against the constructed examples of the protocol sheet. No socket anywhere."""

import contextlib
import json
import string
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kis.config import KisConfig
from kis.wire import (
    answers,
    balance_calls,
    calls,
    frames,
    order_calls,
    values,
)
from kis.wire.answers import Answer
from kis.wire.values import Unreadable
from market.orders import OrderTicket
from market.words import Environment, Exchange, Freshness, Side

NOW = datetime(2026, 3, 12, 14, 15, 9, tzinfo=UTC)
REAL = KisConfig(Environment.REAL, "k" * 36, "s" * 180, "5012345601")
PAPER = KisConfig(Environment.PAPER, "k" * 36, "s" * 180, "50123456-01")


def answer(body: object, status: int = 200, tr_cont: str = "") -> Answer:
    return Answer(status, values.json_object(json.dumps(body).encode()), tr_cont, NOW)


def ticket(**changes: object) -> OrderTicket:
    fields = {"symbol": "NVDA", "exchange": Exchange.NASDAQ, "side": Side.BUY, "quantity": 10}
    return OrderTicket(**{**fields, "limit_price": Decimal("184.25"), **changes})


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

    def test_more_without_a_position_is_unreadable_not_the_end(self):
        with pytest.raises(Unreadable):
            answer({"ctx_area_nk200": "   "}, tr_cont="F").next_page(balance_calls.balances(REAL)[0][0])


KEY, IV = "abcdefghijklmnopqrstuvwxyz012345", "0123456789abcdef"
NOTICE = (
    "htsuser1^5012345601^0000040901^^02^0^2^NVDA^0000000004^001842400^231509^0^2^2^01790^000000010^HONGGILDONG"
    "^NVIDIA^6^10^^^^^"
)
SEALED = (
    "aYqJCDudtEQHGSGqSNogUxSwnCstzxN/iRdIORYQx4cacQLKigXXfgXBnqQ+eaE5oXlptX0oHVtE7Eqy0vpTJBHOW7T5WPcvv1l+VjiXfllj"
    "sUzCdiM6lbnrj5bb0WXwjVzrqz177eoKA47WmBjx4DsGMEDP7KNQovqmNnyzO64="
)
TICK = (
    "DNASNVDA^NVDA^4^20260312^20260312^101509^20260312^231509^183.1000^185.0200^182.4400^184.2400^2^1.1800^+0.64"
    "^184.2300^184.2500^120^300^4^9812345^1803456789^3998012^4120455^103.06^1"
)


def ticks(frame: str, listed: dict[str, Exchange] | None = None) -> list[frames.Tick]:
    data = frames.parse(frame)
    return [frames.tick(r, NOW, listed or {}) for r in frames.records(data, data.payload)]


class TestFrames:
    def test_the_sheets_test_vector_is_decrypted(self):
        assert frames.decrypt(SEALED, KEY, IV) == NOTICE

    @pytest.mark.parametrize(
        ("payload", "key", "iv"),
        [("", KEY, IV), ("!!", KEY, IV), (SEALED[:-4], KEY, IV), (SEALED, KEY[1:], IV), (SEALED, KEY[::-1], IV)],
    )
    def test_what_cannot_be_decrypted_is_unreadable(self, payload, key, iv):
        with pytest.raises(Unreadable):
            frames.decrypt(payload, key, iv)

    def test_a_trade(self):
        (tick,) = ticks(f"0|HDFSCNT0|001|{TICK}")
        quote = tick.quote
        assert (quote.symbol, quote.exchange, quote.last) == ("NVDA", Exchange.NASDAQ, Decimal("184.24"))
        assert (quote.bid, quote.ask, quote.volume) == (Decimal("184.23"), Decimal("184.25"), 9812345)
        assert (quote.at, quote.received_at) == (datetime(2026, 3, 12, 14, 15, 9, tzinfo=UTC), NOW)
        assert quote.freshness is Freshness.FRESH

    def test_several_trades_in_one_frame(self):
        assert [t.quote.symbol for t in ticks(f"0|HDFSCNT0|002|{TICK}^{TICK.replace('NVDA', 'AAPL')}")] == [
            "NVDA",
            "AAPL",
        ]

    def test_a_trade_without_its_realtime_key_is_known_by_its_subscription(self):
        short = TICK.removeprefix("DNASNVDA^")
        assert ticks(f"0|HDFSCNT0|001|{short}", {"NVDA": Exchange.NASDAQ})[0].quote.last == Decimal("184.24")

    @pytest.mark.parametrize("frame", ["", "hello", "0|HDFSCNT0|001", "0|HDFSCNT0|x|a", "{", "[1]", "2|a|1|b"])
    def test_what_is_no_frame_is_unreadable(self, frame):
        with pytest.raises(Unreadable):
            frames.parse(frame)

    def test_a_count_that_does_not_fit_is_unreadable(self):
        with pytest.raises(Unreadable):
            ticks(f"0|HDFSCNT0|003|{TICK}")

    def test_a_fill_notice_has_a_price_with_four_implied_decimals(self):
        notice = frames.notice(NOTICE.split("^"), NOW)
        assert (notice.account_no, notice.broker_order_id, notice.side) == ("5012345601", "40901", Side.BUY)
        assert (notice.kind, notice.symbol, notice.quantity, notice.price) == ("fill", "NVDA", 4, Decimal("184.24"))

    @pytest.mark.parametrize("length", [21, 23, 24, 25, 26, 30])
    def test_a_notice_of_any_length_is_read_by_its_leading_fields(self, length):
        fields = (NOTICE.split("^") + [""] * 10)[:length]
        assert frames.notice(fields, NOW).broker_order_id == "40901"

    @pytest.mark.parametrize(
        ("changes", "kind"),
        [
            ({12: "1"}, "accepted"),
            ({12: "1", 5: "1"}, "amended"),
            ({12: "1", 5: "2"}, "cancelled"),
            ({12: "1", 13: "3"}, "cancelled"),
            ({12: "1", 11: "1"}, "rejected"),
            ({}, "fill"),
        ],
    )
    def test_what_a_notice_is_about(self, changes, kind):
        fields = NOTICE.split("^")
        for position, value in changes.items():
            fields[position] = value
        assert frames.notice(fields, NOW).kind == kind

    def test_an_error_reply_names_nothing(self):
        reply = frames.parse(
            '{"header":{"tr_id":"(null)","tr_key":"","encrypt":"N"},'
            '"body":{"rt_cd":"9","msg_cd":"OPSP8996","msg1":"ALREADY IN USE appkey"}}'
        )
        assert (reply.code, reply.names_nothing) == ("OPSP8996", True)

    def test_pingpong_has_a_header_only(self):
        assert frames.parse('{"header":{"tr_id":"PINGPONG","datetime":"20260312231500"}}').is_ping

    def test_a_registration_names_key_feed_and_symbol(self):
        message = json.loads(frames.registration("key", frames.REGISTER, "HDFSCNT0", "DNASNVDA"))
        assert message["header"]["tr_type"] == "1"
        assert message["body"]["input"] == {"tr_id": "HDFSCNT0", "tr_key": "DNASNVDA"}


# --- whatever arrives, it is read, or it is Unreadable: never another error ---------------------------------

words = st.one_of(
    st.text(max_size=12),
    st.text(string.digits + " .+-", max_size=14),
    st.none(),
    st.integers(),
    st.booleans(),
    st.floats(),
    st.lists(st.text(max_size=3), max_size=2),
    st.dictionaries(st.text(max_size=3), st.text(max_size=3), max_size=2),
)


@st.composite
def bent(draw, row):
    """The row with fields dropped, blanked, padded, replaced and added."""
    made = {}
    for name, value in row.items():
        match draw(st.integers(0, 9)):
            case 0:
                continue
            case 1:
                made[name] = ""
            case 2:
                made[name] = f"  {value}   "
            case 3:
                made[name] = draw(words)
            case 4:
                made[name.upper()] = value
            case _:
                made[name] = value
    return made | draw(st.dictionaries(st.text(max_size=5), words, max_size=2))


class TestWhateverArrives:
    @given(bent({"access_token": "x", "access_token_token_expired": "2026-03-13 22:05:11"}))
    def test_tokens(self, body):
        found = answers.access_token(answer(body))
        assert found is None or found[1].tzinfo is UTC

    @given(
        st.one_of(
            st.text(),
            st.lists(st.sampled_from([*TICK.split("^"), *NOTICE.split("^"), "", "DNAS", " "]), max_size=60).map(
                lambda fields: "0|HDFSCNT0|002|" + "^".join(fields)
            ),
            st.builds(json.dumps, bent({"header": {"tr_id": "x"}, "body": {"output": {"key": "k", "iv": "i"}}})),
        )
    )
    def test_frames(self, frame):
        try:
            data = frames.parse(frame)
            if isinstance(data, frames.Data):
                for record in frames.records(data, data.payload):
                    frames.tick(record, NOW, {})
        except Unreadable:
            pass

    @given(st.lists(st.text(max_size=12), max_size=30))
    def test_notices(self, record):
        with contextlib.suppress(Unreadable):
            assert frames.notice(record, NOW).broker_order_id

    @given(st.text(max_size=200), st.text(max_size=40), st.text(max_size=20))
    def test_sealed_payloads(self, payload, key, iv):
        with pytest.raises(Unreadable):
            frames.decrypt(payload, key, iv)
