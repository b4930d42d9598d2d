"""The catalogue: what can go wrong, by name. Data, nothing else; each kind names its section of the sheet.

A kind strikes at one point:

| point | when |
|---|---|
| before | a REST call comes in: nothing of it is done |
| token | a REST call's token is about to be checked |
| list | the call reads the account: it may see an older state of it |
| rows | the call was handled: rows and fields of its answer change |
| accepted | an order, amend or cancel was taken |
| after | any call was handled: how its answer travels |
| venue | an order is on its way to the venue |
| connect | once a second: whether the hosts can be reached |
| socket | once a second and WebSocket connection |
| reply | a registration on the WebSocket |
| frame | a frame of the WebSocket is about to be written |
| notice | an execution notice is due |
| tick | a trade is due on the WebSocket |
"""

from __future__ import annotations

from dataclasses import dataclass

from kis.simulator.codes import ORDER, REVISE, TRADING, words

POINTS = words("before token list rows accepted after venue connect socket reply frame notice tick")

DAYTIME = (TRADING + "daytime-order", TRADING + "daytime-order-rvsecncl")
RESERVED = (TRADING + "order-resv", TRADING + "order-resv-ccnl")
ORDERS = (ORDER, REVISE, *DAYTIME, *RESERVED)
LISTS = (TRADING + "inquire-ccnl", TRADING + "inquire-nccs")
BALANCES = (TRADING + "inquire-balance", TRADING + "inquire-present-balance", TRADING + "inquire-psamount")
TOKENS, APPROVAL = ("/oauth2/tokenP",), ("/oauth2/Approval",)
BUSINESS = ("/uapi/",)
PRICE = ("price", "price-detail", "inquire-asking-price", "multprice")


@dataclass(frozen=True, slots=True)
class Kind:
    """One sort of fault: where it strikes, which calls it is about unless told, and why it exists."""

    name: str
    point: str
    section: str
    what: str
    paths: tuple[str, ...] = ()  # empty: every call
    seconds: float = 0.0  # default of the parameter `seconds`
    count: int | None = None  # default of the parameter `count`
    answer: tuple[int, str] | None = None  # HTTP status and message code sent; code "": a page, no JSON
    act: str = ""  # instead of an answer: silence, reset or close
    needs: str = ""  # an attribute of what is struck that must be true


BEFORE = (
    Kind("rate_limited", "before", "3.5", "EGW00201 with HTTP 500", BUSINESS, answer=(500, "EGW00201")),
    Kind("rate_limited_200", "before", "3.5, E", "EGW00201 with HTTP 200", BUSINESS, answer=(200, "EGW00201")),
    Kind("rate_limited_429", "before", "3.5", "HTTP 429, Retry-After 1, no JSON", BUSINESS, answer=(429, "")),
    Kind("ledger_limited", "before", "3.5, 9 #11", "EGW00215 on account calls", (TRADING,), answer=(500, "EGW00215")),
    Kind("token_expired", "before", "8.1", "EGW00123 with HTTP 500", BUSINESS, answer=(500, "EGW00123")),
    Kind("token_expired_200", "before", "3.7", "EGW00123 with HTTP 200", BUSINESS, answer=(200, "EGW00123")),
    Kind(
        "token_too_often",
        "before",
        "2.1",
        "no token: EGW00133 with HTTP 403",
        ("/oauth2/tokenP",),
        answer=(403, "EGW00133"),
    ),
    Kind("key_revoked", "before", "2.1, 9 #45", "EGW00103: the app key is unknown now", answer=(403, "EGW00103")),
    Kind("secret_refused", "before", "8.1", "EGW00304: the secret is not valid", BUSINESS, answer=(500, "EGW00304")),
    Kind(
        "account_not_enabled",
        "before",
        "8.3, 9 #45",
        "orders answer 40910000",
        ORDERS,
        answer=(200, "40910000"),
    ),
    Kind("igw00009", "before", "8.3", "orders answer IGW00009", ORDERS, answer=(200, "IGW00009")),
    Kind("temporary_fault", "before", "8.1", "EGW00001, nothing is done", BUSINESS, answer=(500, "EGW00001")),
    Kind("routing_fault", "before", "8.1", "EGW00202, nothing is done", BUSINESS, answer=(500, "EGW00202")),
    Kind("backend_fault", "before", "8.2", "OPSQ1002, nothing is done", BUSINESS, answer=(500, "OPSQ1002")),
    Kind("paper_delayed", "before", "8.3", "90020000, nothing is done", BUSINESS, answer=(200, "90020000")),
    Kind("maintenance_503", "before", "3.7", "HTTP 503 with a page instead of JSON", answer=(503, "")),
    Kind("bad_gateway_502", "before", "3.7", "HTTP 502 with a page instead of JSON", answer=(502, "")),
    Kind("gateway_timeout_504", "before", "3.7", "HTTP 504 with a page instead of JSON", answer=(504, "")),
    Kind("hash_down", "before", "2.4", "the hash of a body answers HTTP 503", ("/uapi/hashkey",), answer=(503, "")),
    Kind(
        "approval_down",
        "before",
        "2.3",
        "approval keys answer HTTP 500",
        ("/oauth2/Approval",),
        answer=(500, "EGW00002"),
    ),
    Kind("timeout_before_acceptance", "before", "3.7, 6.3", "no answer, and nothing is done", ORDERS, act="silence"),
    Kind("reset_before_acceptance", "before", "3.7, 6.3", "a TCP reset, and nothing is done", ORDERS, act="reset"),
    Kind(
        "closed_on_reuse",
        "before",
        "1.1",
        "a kept connection closes at its next call",
        BUSINESS,
        act="close",
        needs="reused",
    ),
)

TOKEN = (
    Kind("token_killed", "token", "2.1", "another holder had a new token issued: this one is dead", BUSINESS, count=1),
    Kind("token_dead", "token", "2.1", "the token is dead, and is issued again within its 6 hours", BUSINESS, count=1),
)

ACCEPTED = (
    Kind("accept_then_timeout", "accepted", "6.3, 9 #25", "the order is taken, no answer comes", ORDERS, act="silence"),
    Kind("accept_then_reset", "accepted", "3.7, 6.3", "the order is taken, then a TCP reset", ORDERS, act="reset"),
    Kind(
        "egw00300_after_acceptance",
        "accepted",
        "6.3, 8.1",
        "the order is taken, answered EGW00300",
        ORDERS,
        answer=(500, "EGW00300"),
    ),
    Kind(
        "egw00301_after_acceptance",
        "accepted",
        "6.3, 8.1",
        "the order is taken, answered EGW00301",
        ORDERS,
        answer=(500, "EGW00301"),
    ),
    Kind(
        "egw00302_after_acceptance",
        "accepted",
        "6.3, 8.1",
        "the order is taken, answered EGW00302",
        ORDERS,
        answer=(500, "EGW00302"),
    ),
    Kind(
        "opsq_after_acceptance",
        "accepted",
        "8.2",
        "the order is taken, answered OPSQ0011",
        ORDERS,
        answer=(500, "OPSQ0011"),
    ),
    Kind(
        "delayed_after_acceptance",
        "accepted",
        "8.3",
        "the order is taken, answered 90020000",
        ORDERS,
        answer=(200, "90020000"),
    ),
    Kind(
        "bad_gateway_after_acceptance",
        "accepted",
        "3.7",
        "the order is taken, HTTP 502 answered",
        ORDERS,
        answer=(502, ""),
    ),
    Kind("accepted_without_number", "accepted", "4.1", "the order is taken, the answer names no number", ORDERS),
    Kind("refusal_with_number", "accepted", "8.4", "the order is taken, the answer refuses it and names it", ORDERS),
    Kind("notice_before_answer", "accepted", "5.8", "the answer comes `seconds` after the notice", ORDERS, 0.3),
)

VENUE = (
    Kind("late_reject", "venue", "4.1", "the order is accepted and rejected by the venue a moment later"),
    Kind("number_reused", "venue", "6.1", "the order gets the number of an order of the day before"),
)

LIST = (
    Kind("list_lags", "list", "4.11, 9 #26", "order lists hide orders younger than `seconds`", LISTS, 12.0),
    Kind("stale_balance", "list", "4.8, 9 #28", "holdings and cash are those of `seconds` ago", BALANCES, 60.0),
)

ROWS = (
    Kind("half_page", "rows", "3.3", "half of the rows; more are promised, the key to them is blank"),
    Kind("tr_cont_lost", "rows", "3.3", "a page with a key to the next one, but without the header tr_cont"),
    Kind("page_key_repeats", "rows", "3.3", "the key to the next page leads to the same page again"),
    Kind("row_repeated", "rows", "4.11", "every row of a page is the first one again (defect of 2025)", LISTS),
    Kind("rows_doubled", "rows", "4.7", "every row comes twice"),
    Kind("blank_rows", "rows", "4.7, 9 #15", "a row of blanks ends every list"),
    Kind("object_for_array", "rows", "9 #14", "a list of one row or none comes as an object"),
    Kind("array_for_object", "rows", "4.19", "an object comes as a list of one"),
    Kind("missing_field", "rows", "9 #34", "a field is missing from each row (match `field`, else one drawn)"),
    Kind("added_fields", "rows", "9 #34", "rows and answer carry fields that nobody documented"),
    Kind("padded_fields", "rows", "3.4", "values are padded with spaces on both sides"),
    Kind("bare_numbers", "rows", "0.2", "numbers come as JSON numbers instead of texts"),
    Kind("signed_numbers", "rows", "9 #1", "decimal numbers come with a sign and a leading space"),
    Kind("blank_last", "rows", "9 #31, E", "the last price is blank", PRICE),
    Kind("wrong_last", "rows", "4.17", "the last price is ten times too high", PRICE),
    Kind("stale_quote", "rows", "9 #31", "prices and volume stand still", PRICE),
)

AFTER = (
    Kind("slow_answer", "after", "3.7", "the answer comes `seconds` late", (), 3.0),
    Kind("dripped_answer", "after", "3.7", "the answer comes in small pieces over `seconds`", (), 1.0),
    Kind("garbage_json", "after", "3.7, 8.4", "the call is handled, its JSON is cut in half"),
    Kind("cut_answer", "after", "3.7", "half of the answer, then the connection ends"),
    Kind("empty_body", "after", "3.7", "the call is handled, HTTP 200 without a body"),
    Kind("keepalive_closed", "after", "1.1", "the connection is closed after the answer, unannounced"),
    Kind("clock_skew", "after", "6.4", "the Date header is `seconds` off", (), 90.0),
)

CONNECT = (
    Kind("connect_refused", "connect", "3.7", "for `seconds` nobody listens, open connections are cut", (), 5.0, 1),
    Kind("connect_blackhole", "connect", "3.7", "for `seconds` nothing is heard: no refusal, no answer", (), 5.0, 1),
)

SOCKETS = (
    Kind("silent_socket", "socket", "5.1, 9 #41", "the socket stays open and says nothing more"),
    Kind("drop_sockets", "socket", "5.1", "the socket is cut without a close frame"),
    Kind(
        "friday_cut",
        "socket",
        "5.1, 9 #40",
        "all sockets are cut, their keys' slots stay taken for `seconds`",
        (),
        1.0,
        1,
    ),
    Kind("slot_lingers", "socket", "5.1, 9 #39", "a socket that ends holds its key's slot for `seconds`", (), 30.0),
    Kind("key_in_use", "reply", "5.1, 5.3", "OPSP8996: another session is said to hold the key"),
    Kind(
        "approval_forgotten",
        "reply",
        "5.3",
        "the approval key is forgotten: OPSP0011 until a new one is asked for",
        (),
        0,
        1,
    ),
    Kind("subscriptions_full", "reply", "5.1, 9 #39", "OPSP0008, whatever the number of registrations"),
    Kind("subscribe_later", "reply", "5.3", "OPSP0007: an internal error, ask again"),
    Kind("reply_lost", "reply", "5.3", "the registration is made, its reply is lost"),
    Kind(
        "notices_cut",
        "reply",
        "5.2, 9 #42",
        "asking for notices cuts the socket, as a wrong HTS id does",
        needs="notice",
    ),
    Kind("fragmented_frames", "frame", "5.1", "each text comes in three WebSocket fragments"),
    Kind("dripped_frames", "frame", "5.1", "each frame comes in TCP pieces of seven bytes"),
    Kind("garbage_frames", "frame", "8.4", "before each text comes one that means nothing"),
)

NOTICES = (
    Kind("no_notices", "notice", "5.8", "execution notices are lost"),
    Kind("late_notices", "notice", "5.8, 6.6", "execution notices come `seconds` late", (), 1.0),
    Kind("duplicate_notices", "notice", "5.8", "each execution notice comes twice"),
    Kind("notice_21_fields", "notice", "5.8, 9 #34", "notices carry 21 fields"),
    Kind("notice_23_fields", "notice", "5.8, 9 #34", "notices carry 23 fields"),
    Kind("notice_26_fields", "notice", "5.8, 9 #34", "notices carry 26 fields"),
    Kind("notice_unencrypted", "notice", "5.5, 9 #50", "notices come in plain text"),
    Kind("notice_of_another", "notice", "5.8", "notices are about an account of another customer"),
    Kind("notice_garbled", "notice", "5.5", "notices are encrypted with another key"),
)

TICKS = (
    Kind("several_records", "tick", "5.5, 9 #37", "trades come four to a frame"),
    Kind("wrong_count", "tick", "5.5", "the frame says one record more than it carries"),
    Kind("ticks_replayed", "tick", "5.6", "after each trade the last three come again"),
    Kind("ticks_out_of_order", "tick", "5.6", "each trade comes after the one that followed it"),
    Kind("tick_25_fields", "tick", "5.6, 9 #33", "trades come without the realtime key"),
    Kind("tick_27_fields", "tick", "5.6", "trades carry a field that nobody documented"),
    Kind("tick_wrong_last", "tick", "5.6", "the last price is ten times too high"),
    Kind("tick_blank_last", "tick", "5.6", "the last price is blank"),
    Kind("stale_ticks", "tick", "9 #31", "price and volume stand still while frames keep coming"),
    Kind("ticks_stop", "tick", "5.1, 9 #41", "no trades come; PINGPONG and notices do"),
)

ALL = (*BEFORE, *TOKEN, *ACCEPTED, *VENUE, *LIST, *ROWS, *AFTER, *CONNECT, *SOCKETS, *NOTICES, *TICKS)
KINDS: dict[str, Kind] = {kind.name: kind for kind in ALL}
