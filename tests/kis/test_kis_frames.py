"""Frames of the WebSocket, against the constructed examples of the protocol sheet. No socket anywhere."""

import contextlib
import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kis.wire import frames, values
from kis.wire.values import Unreadable
from market.prices import BookLevel, OrderBook
from market.words import Exchange, Freshness, Session, Side

NOW = datetime(2026, 3, 12, 14, 15, 9, tzinfo=UTC)
LISTED = {"NVDA": Exchange.NASDAQ}

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
BOOK = "DNASNVDA^NVDA^4^20260312^101509^20260312^231509^1450^1720^0^-20^" + "^".join(
    f"{184.23 - n / 100:.4f}^{184.25 + n / 100:.4f}^{120 + 10 * n}^{300 + 5 * n}^{n}^-{n}" for n in range(10)
)


def ticks(frame: str, listed: dict[str, Exchange] | None = None) -> list[frames.Tick]:
    data = frames.parse(frame)
    return [frames.tick(r, NOW, listed or {}) for r in frames.records(data, data.payload)]


def book(record: str, listed: dict[str, Exchange] | None = None) -> OrderBook:
    return frames.book(record.split("^"), NOW, listed or {})[1]


class TestFrame:
    @pytest.mark.parametrize("frame", ["", "hello", "0|HDFSCNT0|001", "0|HDFSCNT0|x|a", "{", "[1]", "2|a|1|b"])
    def test_what_is_no_frame_is_unreadable(self, frame):
        with pytest.raises(Unreadable):
            frames.parse(frame)

    def test_a_payload_may_hold_the_separator_of_the_frame(self):
        assert frames.parse("0|HDFSCNT0|001|a|b^c").payload == "a|b^c"

    def test_several_records_share_one_separator_with_their_fields(self):
        payload = "^".join(TICK.replace("NVDA", symbol) for symbol in ("NVDA", "AAPL", "MSFT"))
        assert [t.quote.symbol for t in ticks(f"0|HDFSCNT0|003|{payload}")] == ["NVDA", "AAPL", "MSFT"]

    def test_a_count_that_does_not_fit_is_unreadable(self):
        with pytest.raises(Unreadable):
            ticks(f"0|HDFSCNT0|003|{TICK}")

    def test_an_error_reply_names_nothing(self):
        reply = frames.parse(
            '{"header":{"tr_id":"(null)","tr_key":"","encrypt":"N"},'
            '"body":{"rt_cd":"9","msg_cd":"OPSP8996","msg1":"ALREADY IN USE appkey"}}'
        )
        assert (reply.code, reply.names_nothing) == ("OPSP8996", True)

    def test_a_success_brings_the_key_of_the_feed_which_is_not_shown(self):
        body = {"msg_cd": "OPSP0000", "msg1": "SUBSCRIBE SUCCESS", "output": {"iv": IV, "key": KEY}}
        reply = frames.parse(json.dumps({"header": {"tr_id": "H0GSCNI0", "tr_key": "me"}, "body": body}))
        assert (reply.key, reply.iv) == (KEY, IV)
        assert KEY not in repr(reply)

    def test_pingpong_has_a_header_only(self):
        assert frames.parse('{"header":{"tr_id":"PINGPONG","datetime":"20260312231500"}}').is_ping

    def test_a_registration_names_key_feed_and_symbol(self):
        message = json.loads(frames.registration("key", frames.REGISTER, "HDFSCNT0", "DNASNVDA"))
        assert message["header"] == {
            "approval_key": "key", "custtype": "P", "tr_type": "1", "content-type": "utf-8"
        }  # fmt: skip
        assert message["body"]["input"] == {"tr_id": "HDFSCNT0", "tr_key": "DNASNVDA"}

    @pytest.mark.parametrize(
        ("exchange", "night", "day"),
        [
            (Exchange.NASDAQ, "DNASIBM", "RBAQIBM"),
            (Exchange.NYSE, "DNYSIBM", "RBAYIBM"),
            (Exchange.AMEX, "DAMSIBM", "RBAAIBM"),
        ],
    )
    def test_the_daytime_is_a_feed_of_its_own(self, exchange, night, day):
        assert frames.quote_key("IBM", exchange) == night
        assert frames.quote_key("IBM", exchange, daytime=True) == day


class TestTrade:
    def test_a_trade(self):
        (tick,) = ticks(f"0|HDFSCNT0|001|{TICK}")
        quote = tick.quote
        assert (quote.symbol, quote.exchange, quote.last) == ("NVDA", Exchange.NASDAQ, Decimal("184.24"))
        assert (quote.bid, quote.ask, quote.volume) == (Decimal("184.23"), Decimal("184.25"), 9812345)
        assert (quote.at, quote.received_at) == (datetime(2026, 3, 12, 14, 15, 9, tzinfo=UTC), NOW)
        assert (quote.freshness, quote.session) == (Freshness.FRESH, None)
        assert (tick.key, tick.trading_day) == ("DNASNVDA", "20260312")

    def test_the_raw_answer_is_kept_by_name(self):
        (tick,) = ticks(f"0|HDFSCNT0|001|{TICK}")
        raw = tick.quote.raw
        assert (raw["SYMB"], raw["STRN"], raw["MTYP"]) == ("NVDA", "103.06", "1")
        assert len(raw) == len(dict(raw)) == 25
        assert "NONE" not in raw

    def test_without_its_realtime_key_it_is_known_by_its_subscription(self):
        (tick,) = ticks(f"0|HDFSCNT0|001|{TICK.removeprefix('DNASNVDA^')}", LISTED)
        assert (tick.quote.last, tick.key) == (Decimal("184.24"), "DNASNVDA")

    def test_without_either_nobody_knows_the_exchange(self):
        with pytest.raises(Unreadable, match="SYMB"):
            ticks(f"0|HDFSCNT0|001|{TICK.removeprefix('DNASNVDA^')}")

    def test_a_trade_of_the_daytime_belongs_to_the_next_trading_day(self):
        daytime = TICK.replace("DNASNVDA", "RBAQNVDA").replace(
            "^4^20260312^20260312^101509", "^4^20260313^20260312^210509"
        )
        (tick,) = ticks(f"0|HDFSCNT0|001|{daytime}")
        assert (tick.quote.session, tick.quote.exchange) == (Session.DAYTIME, Exchange.NASDAQ)
        assert (tick.trading_day, tick.quote.at) == ("20260313", datetime(2026, 3, 13, 1, 5, 9, tzinfo=UTC))

    @pytest.mark.parametrize("word", ["", "0", "0.0000", "-1", "x"])
    def test_a_price_that_is_none_is_unreadable_not_zero(self, word):
        with pytest.raises(Unreadable, match="LAST"):
            ticks(f"0|HDFSCNT0|001|{TICK.replace('184.2400', word)}")

    @pytest.mark.parametrize("word", ["", "  ", "0.0000"])
    def test_a_blank_bid_or_volume_is_none(self, word):
        (tick,) = ticks(f"0|HDFSCNT0|001|{TICK.replace('184.2300', word).replace('9812345', '')}")
        assert (tick.quote.bid, tick.quote.volume) == (None, None)

    def test_padding_and_further_fields_change_nothing(self):
        padded = "^".join(f" {field}  " for field in TICK.split("^")) + "^new^fields"
        (tick,) = ticks(f"0|HDFSCNT0|001|{padded}")
        assert (tick.quote.symbol, tick.quote.last, tick.trading_day) == ("NVDA", Decimal("184.24"), "20260312")


class TestOrderBook:
    def test_ten_levels_best_first_with_signed_changes(self):
        found = book(BOOK)
        assert (found.symbol, found.exchange, found.read_at) == ("NVDA", Exchange.NASDAQ, NOW)
        assert found.at == datetime(2026, 3, 12, 14, 15, 9, tzinfo=UTC)
        assert (len(found.bids), len(found.asks)) == (10, 10)
        assert found.bids[1] == BookLevel(Decimal("184.22"), 130, 1)
        assert found.asks[1] == BookLevel(Decimal("184.26"), 305, -1)
        assert [level.price for level in found.bids] == sorted((level.price for level in found.bids), reverse=True)
        assert (found.total_bid_size, found.total_ask_size) == (1450, 1720)
        assert (found.raw["ADVL"], found.raw["DASK10"]) == ("-20", "-9")

    def test_without_its_realtime_key_it_is_known_by_its_subscription(self):
        key, found = frames.book(BOOK.removeprefix("DNASNVDA^").split("^"), NOW, LISTED)
        assert (key, found.exchange, len(found.bids)) == ("DNASNVDA", Exchange.NASDAQ, 10)

    @pytest.mark.parametrize(("fields", "levels"), [(11, 0), (17, 1), (20, 1), (65, 9), (71, 10), (77, 10)])
    def test_fewer_and_more_levels_are_read_as_they_come(self, fields, levels):
        record = (BOOK.split("^") + ["1"] * 10)[:fields]
        assert len(frames.book(record, NOW, {})[1].bids) == levels

    def test_a_level_without_a_price_is_none(self):
        assert [level.price for level in book(BOOK.replace("184.2200", "0.0000")).bids][:2] == [
            Decimal("184.23"),
            Decimal("184.21"),
        ]


class TestNotice:
    def test_the_sheets_test_vector_is_decrypted(self):
        assert frames.decrypt(SEALED, KEY, IV) == NOTICE

    @pytest.mark.parametrize(
        ("payload", "key", "iv"),
        [("", KEY, IV), ("!!", KEY, IV), (SEALED[:-4], KEY, IV), (SEALED, KEY[1:], IV), (SEALED, KEY[::-1], IV)],
    )
    def test_what_cannot_be_decrypted_is_unreadable(self, payload, key, iv):
        with pytest.raises(Unreadable):
            frames.decrypt(payload, key, iv)

    def test_a_fill_has_a_price_with_four_implied_decimals(self):
        notice = frames.notice(NOTICE.split("^"), NOW)
        assert (notice.account_no, notice.broker_order_id, notice.side) == ("5012345601", "40901", Side.BUY)
        assert (notice.kind, notice.symbol, notice.quantity, notice.price) == ("fill", "NVDA", 4, Decimal("184.24"))

    @pytest.mark.parametrize("length", [21, 23, 24, 25, 26, 30])
    def test_any_length_is_read_by_its_leading_fields(self, length):
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
    def test_what_it_is_about(self, changes, kind):
        fields = NOTICE.split("^")
        for position, value in changes.items():
            fields[position] = value
        assert frames.notice(fields, NOW).kind == kind


# --- whatever arrives, it is read, or it is Unreadable: never another error ---------------------------------

odd = st.one_of(st.text(max_size=12), st.text("0123456789 .+-", max_size=14), st.sampled_from(["", " ", "DNAS", "NaN"]))


@st.composite
def bent(draw, record: str):
    """A record of the sheet with fields padded, blanked, replaced, added and cut."""
    fields = record.split("^")
    for position in draw(st.lists(st.integers(0, len(fields) - 1), max_size=6)):
        change = draw(st.sampled_from(["pad", "blank", "odd"]))
        fields[position] = {"pad": f" {fields[position]}  ", "blank": "", "odd": draw(odd)}[change]
    fields += draw(st.lists(odd, max_size=4))
    return fields[draw(st.integers(0, 2)) : draw(st.integers(0, len(fields)))]


class TestWhateverArrives:
    @given(bent(TICK), st.sampled_from([{}, LISTED]))
    def test_a_trade_is_a_price_or_unreadable(self, record, listed):
        with contextlib.suppress(Unreadable):
            tick = frames.tick(record or [""], NOW, listed)
            assert tick.quote.last > 0
            assert tick.quote.at.tzinfo is UTC
            assert dict(tick.quote.raw)

    @given(
        st.one_of(st.dates().map("{:%Y%m%d}".format), odd),
        st.one_of(st.times().map("{:%H%M%S}".format), st.text("0123456789", min_size=6, max_size=6), odd),
    )
    def test_a_time_means_the_same_as_everywhere_else(self, day, clock):
        """Daylight saving, impossible times and padding included."""
        record = TICK.split("^")
        record[4], record[5] = day, clock
        expected = values.moment(day, clock, values.NEW_YORK)
        if expected is None:
            with pytest.raises(Unreadable):
                frames.tick(record, NOW, {})
        else:
            assert frames.tick(record, NOW, {}).quote.at == expected

    @given(bent(BOOK), st.sampled_from([{}, LISTED]))
    def test_an_order_book_has_prices_or_is_unreadable(self, record, listed):
        with contextlib.suppress(Unreadable):
            found = frames.book(record or [""], NOW, listed)[1]
            assert all(level.price > 0 for level in (*found.bids, *found.asks))
            assert len(found.bids) <= 10 >= len(found.asks)

    @given(st.one_of(bent(NOTICE), st.lists(st.text(max_size=12), max_size=30)))
    def test_a_notice_names_an_order_or_is_unreadable(self, record):
        with contextlib.suppress(Unreadable):
            notice = frames.notice(record, NOW)
            assert notice.broker_order_id.isdigit()
            assert notice.price is None or notice.price.is_finite()

    @given(
        st.one_of(
            st.text(),
            st.lists(st.one_of(bent(TICK), bent(BOOK), bent(NOTICE)), min_size=1, max_size=3).flatmap(
                lambda found: st.builds(
                    "{}|{}|{:03d}|{}".format,
                    st.sampled_from("01"),
                    st.sampled_from(["HDFSCNT0", "HDFSASP0", "H0GSCNI9", "X"]),
                    st.integers(0, 4),
                    st.just("^".join(field for record in found for field in record)),
                )
            ),
            st.dictionaries(st.sampled_from(["header", "body"]), st.one_of(st.none(), st.dictionaries(odd, odd))).map(
                json.dumps
            ),
        )
    )
    def test_a_frame_is_parsed_record_by_record_or_unreadable(self, frame):
        with contextlib.suppress(Unreadable):
            data = frames.parse(frame)
            if isinstance(data, frames.Data):
                for record in frames.records(data, data.payload):
                    assert record
                    for read in (lambda r: frames.tick(r, NOW, LISTED), lambda r: frames.book(r, NOW, LISTED)):
                        with contextlib.suppress(Unreadable):
                            read(record)

    @given(st.text(max_size=200), st.text(max_size=40), st.text(max_size=20))
    def test_a_sealed_payload_that_is_none_is_unreadable(self, payload, key, iv):
        with pytest.raises(Unreadable):
            frames.decrypt(payload, key, iv)
