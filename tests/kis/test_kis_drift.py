"""An answer or a frame that differs from what KIS documents is read all the same, and said once, by its shape."""

import json
import logging
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kis import drift, functions, journal
from kis.broker import KisBroker
from kis.journal import Journal, Masker
from kis.wire import fields
from kis.wire.values import json_object
from market.words import Exchange

EXECUTIONS, PRICE, ORDER = "TTTS3035R", "HHDFS00000300", "TTTT1002U"


@pytest.fixture(autouse=True)
def _nothing_told_yet():
    journal.forget_drifts()
    drift.forget()


def documented(tr_id, rows=1):
    """An answer just as the sheet has it."""
    _, layout = fields.BY_TR_ID[tr_id]
    body = {"rt_cd": "0", "msg_cd": "KIOK0510", "msg1": "조회가 완료되었습니다"}
    for name, container in layout.items():
        row = dict.fromkeys(container.fields, "1")
        body[name] = [dict(row) for _ in range(rows)] if container.form == fields.LIST else row
    return body


def changed(tr_id, change):
    body = documented(tr_id)
    change(body)
    return drift.answer(tr_id, json_object(json.dumps(body).encode()))


class TestAnswers:
    @pytest.mark.parametrize("tr_id", sorted(fields.BY_TR_ID))
    @pytest.mark.parametrize("rows", [0, 1, 3])
    def test_what_the_sheet_documents_is_no_drift(self, tr_id, rows):
        assert drift.answer(tr_id, documented(tr_id, rows)) == []

    def test_every_function_has_its_fields_but_for_the_screener(self):
        assert set(functions.FUNCTIONS.values()) - set(fields.LAYOUTS) == {functions.SCREENER}

    def test_a_field_that_was_added(self):
        found = changed(EXECUTIONS, lambda body: body["output"][0].update(ord_mkt="2", NEW_DT="20260312"))
        assert found == [("inquire-ccnl.output", {"ord_mkt": "number", "new_dt": "date"})]

    def test_a_field_that_is_missing(self):
        found = changed(EXECUTIONS, lambda body: body["output"][0].pop("nccs_qty"))
        assert found == [("inquire-ccnl.output", {"nccs_qty": "missing"})]

    def test_a_row_that_differs_from_the_rows_before_it(self):
        body = documented(EXECUTIONS, rows=3)
        body["output"][2].pop("odno")
        assert drift.answer(EXECUTIONS, body) == [("inquire-ccnl.output", {"odno": "missing"})]

    def test_a_field_that_holds_an_object(self):
        assert changed(PRICE, lambda body: body["output"].update(last={"usd": "1"})) == [
            ("price.output", {"last": "object"})
        ]

    @pytest.mark.parametrize(
        ("value", "kind"),
        [({"odno": "1"}, "object"), ("text", "text"), (None, "blank"), ("", "blank"), ("20260312", "date")],
    )
    def test_something_else_where_a_list_is_documented(self, value, kind):
        found = changed(EXECUTIONS, lambda body: body.update(output=value))
        assert found == [("inquire-ccnl.output", {"output": kind})]

    def test_a_list_where_an_object_is_documented(self):
        found = changed(PRICE, lambda body: body.update(output=[body["output"]]))
        assert found == [("price.output", {"output": "list"})]

    def test_a_part_that_is_missing_and_one_nobody_documented(self):
        found = changed(PRICE, lambda body: body.update(output9=body.pop("output")))
        assert found == [("price.output", {"output": "missing"}), ("price", {"output9": "object"})]

    @pytest.mark.parametrize("blank", ["", "   ", "0", "0.00000000"])
    def test_one_object_of_blanks_in_place_of_an_empty_list_is_a_known_form(self, blank):
        row = dict.fromkeys(fields.BY_TR_ID[EXECUTIONS][1]["output"].fields, blank)
        assert changed(EXECUTIONS, lambda body: body.update(output=row)) == []

    def test_but_not_once_it_holds_something(self):
        row = dict.fromkeys(fields.BY_TR_ID[EXECUTIONS][1]["output"].fields, "0")
        assert changed(EXECUTIONS, lambda body: body.update(output=row)) == []
        assert changed(EXECUTIONS, lambda body: body.update(output=row | {"odno": "12"})) != []

    def test_names_may_come_in_any_case(self):
        assert (
            drift.answer(ORDER, {"rt_cd": "0", "OUTPUT": {"ODNO": "1", "krx_fwdg_ord_orgno": "", "ORD_TMD": ""}}) == []
        )

    def test_on_paper_the_present_balance_may_lack_what_has_no_meaning_there(self):
        def without(body):
            del body["output1"], body["output2"]

        assert changed("VTRP6504R", without) == []

    def test_a_shape_that_was_looked_at_is_not_looked_at_again(self):
        assert changed(EXECUTIONS, lambda body: body["output"][0].pop("nccs_qty"))
        assert not changed(EXECUTIONS, lambda body: body["output"][0].pop("nccs_qty"))

    @settings(max_examples=200, deadline=None)
    @given(
        st.sampled_from(sorted(fields.BY_TR_ID)),
        st.dictionaries(
            st.sampled_from(["output", "output1", "output2", "output3", "rt_cd", "x"]),
            st.recursive(
                st.none() | st.booleans() | st.text(max_size=8),
                lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
                max_leaves=8,
            ),
        ),
    )
    def test_no_answer_whatever_stops_it(self, tr_id, body):
        for layout, shape in drift.answer(tr_id, body):
            assert layout
            assert shape


class TestRecords:
    @pytest.mark.parametrize(
        ("tr_id", "known"),
        [("HDFSCNT0", {25, 26}), ("HDFSASP0", {70, 71}), ("H0GSCNI0", {21, 23, 24, 25}), ("H0GSCNI9", {21, 25})],
    )
    def test_a_record_of_another_length(self, tr_id, known):
        for count in range(1, 90):
            expected = None if count in known or count in fields.FRAME_FIELDS[tr_id] else [f"{count} fields"]
            assert drift.record(tr_id, count) == expected

    def test_of_a_feed_that_is_not_ours_nothing_is_known(self):
        assert drift.record("H0STCNT0", 46) is None

    def test_names_beside_names(self):
        assert drift.unknown("x", ["a", "b"], ["b", "c"]) == {"a": "added", "c": "missing"}
        assert drift.unknown("x", ["a"], ["a"]) is None


class TestSaying:
    def test_it_is_said_once_for_all_clients_of_a_process(self, caplog):
        events = []
        for _ in range(3):
            Journal(Masker(["secret"]), "****0001-01", events.append).drift("price.output", {"new": "text"})
        Journal(Masker([]), "", events.append).drift("price.output", {"new": "number"})
        assert [event["shape"] for event in events] == [{"new": "text"}, {"new": "number"}]
        assert {event["event"] for event in events} == {"kis.drift"}
        assert [r.levelno for r in caplog.records if r.name == "kis"] == [logging.WARNING] * 2

    def test_names_are_masked_and_cut(self):
        events = []
        shape = {f"field of 5012345601 {n}" + "x" * 90: "text" for n in range(200)}
        Journal(Masker(["5012345601"]), "", events.append).drift("price.output", shape)
        (said,) = (event["shape"] for event in events)
        assert len(said) <= journal.MOST_NAMES
        assert all("5012345601" not in name and len(name) <= journal.LONGEST_NAME for name in said)

    def test_a_server_that_changes_all_the_time_is_not_told_of_for_ever(self):
        events = []
        mine = Journal(Masker([]), "", events.append)
        for n in range(2 * journal.MOST_DRIFTS):
            mine.drift("price.output", [f"{n} fields"])
        assert len(events) == journal.MOST_DRIFTS


class TestClient:
    """The transport compares every answer; parsing goes on."""

    async def test_the_simulator_answers_as_the_sheet_says(self, make_client):
        events = []
        client = make_client("real", on_event=events.append)
        broker = KisBroker(client)
        await broker.quote("NVDA", Exchange.NASDAQ)
        await broker.holdings()
        await broker.buying_power("NVDA", Exchange.NASDAQ, Decimal("180.00"))
        assert [e for e in events if e["event"] == "kis.drift"] == []

    async def test_an_answer_that_differs_is_read_and_said_without_values(self, kis, make_client):
        events = []
        broker = KisBroker(make_client("real", on_event=events.append))
        for fault, more in (("added_fields", {}), ("missing_field", {"field": "ordy"})):
            kis.control.fault(fault, match={"path": functions.PRICE.path} | more)
            for _ in range(3):
                assert (await broker.quote("NVDA", Exchange.NASDAQ)).last
            kis.control.clear_faults()
        added, missing = (e for e in events if e["event"] == "kis.drift" and e["layout"] == "price.output")
        assert added["shape"]
        assert set(added["shape"].values()) <= {"blank", "number", "text", "date", "object", "list"}
        assert missing["shape"] == {"ordy": "missing"}
