"""Reserved orders: first as calls and answers, then against the simulator."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kis import reservations
from kis.client import KisClient
from kis.simulator import testing
from kis.throttle import LocalBudget
from kis.transport import utc_now
from kis.wire import reservation_answers, reservation_calls
from kis.wire.values import SEOUL
from market.errors import InvalidOrder, NotInPaper, OutcomeUnknown, Refused
from market.orders import Slicing
from market.words import Exchange, Freshness, Lane, Side, SliceBy, TimeInForce
from tests.kis.samples import ACCOUNT, NOW, PAPER, REAL, answer, bent, containers, ticket

DAY = date(2026, 3, 12)
RESERVE = "/uapi/overseas-stock/v1/trading/order-resv"
ROW = {
    "cncl_yn": "N",
    "rsvn_ord_rcit_dt": "20260312",
    "ovrs_rsvn_odno": "0030138295",
    "ord_dt": "",
    "ord_gno_brno": "",
    "odno": "",
    "sll_buy_dvsn_cd": "02",
    "ovrs_rsvn_ord_stat_cd": "01",
    "ovrs_rsvn_ord_stat_cd_name": "접수",
    "pdno": "NVDA",
    "ord_rcit_tmd": "101502",
    "ovrs_excg_cd": "NASD",
    "ft_ord_qty": "10",
    "ft_ord_unpr3": "184.25000000",
    "ft_ccld_qty": "0",
    "ft_ccld_unpr3": "0.00000000",
    "nprc_rson_text": "",
    "splt_buy_attr_name": "",
}
TAKEN = {"rt_cd": "0", "msg_cd": "APBK0013", "msg1": "", "output": {"ODNO": "0030138295"}}
CANCELLED = {"rt_cd": "0", "msg_cd": "APBK1711", "msg1": "", "output": {"OVRS_RSVN_ODNO": "0030138295"}}
AT_OPEN = {"time_in_force": TimeInForce.AT_OPEN, "limit_price": None, "side": Side.SELL}


class TestCalls:
    @pytest.mark.parametrize(
        ("config", "side", "tr_id"),
        [
            (REAL, Side.BUY, "TTTT3014U"),
            (REAL, Side.SELL, "TTTT3016U"),
            (PAPER, Side.BUY, "VTTT3014U"),
            (PAPER, Side.SELL, "VTTT3016U"),
        ],
    )
    def test_a_reservation_has_the_function_id_of_its_side_and_environment(self, config, side, tr_id):
        assert reservation_calls.reserve(config, ticket(side=side)).tr_id == tr_id

    def test_a_reserved_limit(self):
        assert reservation_calls.reserve(REAL, ticket()).fields == {
            **ACCOUNT,
            "PDNO": "NVDA",
            "OVRS_EXCG_CD": "NASD",
            "FT_ORD_QTY": "10",
            "FT_ORD_UNPR3": "184.25",
            "ORD_SVR_DVSN_CD": "0",
            "ORD_DVSN": "00",
        }

    def test_a_sell_at_the_market_of_the_open(self):
        fields = reservation_calls.reserve(REAL, ticket(**AT_OPEN)).fields
        assert (fields["ORD_DVSN"], fields["FT_ORD_UNPR3"]) == ("31", "0")

    @pytest.mark.parametrize(("by", "code"), [(SliceBy.TWAP, "35"), (SliceBy.VWAP, "36")])
    def test_sliced_until_the_close(self, by, code):
        fields = reservation_calls.reserve(REAL, ticket(slicing=Slicing(by))).fields
        assert (fields["ORD_DVSN"], fields["ALGO_ORD_TMD_DVSN_CD"], fields["FT_ORD_UNPR3"]) == (code, "02", "184.25")

    @pytest.mark.parametrize(
        "changes",
        [
            {"limit_price": None},
            {"quantity": 0},
            {"time_in_force": TimeInForce.AT_OPEN},  # a limit at the open is no reservation's kind
            {**AT_OPEN, "side": Side.BUY},
            {"time_in_force": TimeInForce.AT_CLOSE},
            {"time_in_force": TimeInForce.AT_CLOSE, "limit_price": None, "side": Side.SELL},
            {"slicing": Slicing(SliceBy.TWAP, NOW, NOW + timedelta(hours=1))},
            {"slicing": Slicing(SliceBy.TWAP), "limit_price": None},
        ],
    )
    def test_what_cannot_be_reserved_is_refused_before_it_is_sent(self, changes):
        with pytest.raises(InvalidOrder):
            reservation_calls.reserve(REAL, ticket(**changes))

    @pytest.mark.parametrize("changes", [AT_OPEN, {"slicing": Slicing(SliceBy.TWAP)}])
    def test_paper_reserves_limits_only(self, changes):
        with pytest.raises(NotInPaper, match="limit orders only"):
            reservation_calls.reserve(PAPER, ticket(**changes))

    @pytest.mark.parametrize(("config", "tr_id"), [(REAL, "TTTT3017U"), (PAPER, "VTTT3017U")])
    def test_a_cancel_names_the_day_and_the_number(self, config, tr_id):
        call = reservation_calls.cancel(config, "30138295", DAY)
        assert (call.path, call.tr_id) == (f"{RESERVE}-ccnl", tr_id)
        assert call.fields == {**ACCOUNT, "RSVN_ORD_RCIT_DT": "20260312", "OVRS_RSVN_ODNO": "0030138295"}

    def test_the_list_is_of_all_us_exchanges_and_paper_has_none(self):
        call = reservation_calls.reservations(REAL, DAY, DAY)
        assert call.fields == {
            **ACCOUNT,
            "INQR_STRT_DT": "20260312",
            "INQR_END_DT": "20260312",
            "INQR_DVSN_CD": "00",
            "PRDT_TYPE_CD": "",
            "OVRS_EXCG_CD": "",
            "CTX_AREA_FK200": "",
            "CTX_AREA_NK200": "",
        }
        with pytest.raises(NotInPaper, match="order list"):
            reservation_calls.reservations(PAPER, DAY, DAY)


class TestAnswers:
    def test_the_number_comes_as_an_order_number_and_the_day_is_koreas(self):
        taken = reservation_answers.reserved(answer(TAKEN))
        assert (taken.reservation_id, taken.received_on, taken.received_at) == ("30138295", DAY, NOW)

    def test_a_cancel_answers_with_the_reservations_number(self):
        assert reservation_answers.cancelled(answer(CANCELLED)).reservation_id == "30138295"

    @pytest.mark.parametrize("read", [reservation_answers.reserved, reservation_answers.cancelled])
    @pytest.mark.parametrize("output", [None, {}, {"ODNO": ""}, {"OVRS_RSVN_ODNO": "0000000000"}, "x"])
    def test_success_without_a_readable_number_proves_nothing(self, read, output):
        assert read(answer({**TAKEN, "output": output})) is None

    def test_a_row_that_waits(self):
        (row,) = reservation_answers.reservations(answer({"output": [ROW]})).rows
        assert (row.reservation_id, row.received_on) == ("30138295", DAY)
        assert row.received_at == datetime(2026, 3, 12, 1, 15, 2, tzinfo=UTC)
        assert (row.symbol, row.exchange, row.side, row.quantity) == ("NVDA", Exchange.NASDAQ, Side.BUY, 10)
        assert (row.limit_price, row.cancelled, row.status_code) == (Decimal("184.25"), False, "01")
        assert (row.broker_order_id, row.order_date, row.filled_quantity, row.avg_fill_price) == ("", None, 0, None)

    def test_a_row_that_was_sent_names_its_order(self):
        sent = {**ROW, "ord_dt": "20260312", "odno": "0000040901", "ft_ccld_qty": "10", "ft_ccld_unpr3": "184.2000"}
        (row,) = reservation_answers.reservations(answer({"output": [sent]})).rows
        assert (row.broker_order_id, row.order_date) == ("40901", DAY)
        assert (row.filled_quantity, row.avg_fill_price) == (10, Decimal("184.2"))

    @pytest.mark.parametrize("name", ["ovrs_rsvn_odno", "rsvn_ord_rcit_dt", "pdno", "sll_buy_dvsn_cd", "ft_ord_qty"])
    def test_a_row_without_what_it_must_have_is_counted_not_guessed(self, name):
        page = reservation_answers.reservations(answer({"output": [ROW, {**ROW, name: ""}]}))
        assert (len(page.rows), page.unreadable) == (1, 1)

    def test_whether_it_was_cancelled_is_unknown_when_it_is_not_said(self):
        (row,) = reservation_answers.reservations(answer({"output": [{**ROW, "cncl_yn": " "}]})).rows
        assert row.cancelled is None

    @given(containers(ROW))
    def test_whatever_arrives_is_read_or_counted(self, output):
        for row in reservation_answers.reservations(answer({"output": output})).rows:
            assert row.quantity >= 0
            assert row.reservation_id.isdigit()

    @given(st.one_of(bent(TAKEN), bent(CANCELLED)), st.sampled_from([200, 500]))
    def test_whatever_is_answered_proves_a_number_or_nothing(self, body, status):
        for read in (reservation_answers.reserved, reservation_answers.cancelled):
            taken = read(answer(body, status))
            assert taken is None or (status == 200 and taken.reservation_id.isdigit())


def sell_or_buy(**changes):
    return ticket(**{"quantity": 2, "limit_price": Decimal("20.00"), **changes})


class TestEndToEnd:
    @pytest.mark.parametrize("environment", ["real", "paper"])
    async def test_a_reservation_is_taken_and_cancelled(self, make_client, environment):
        client = make_client(environment)
        taken = await reservations.reserve_order(sell_or_buy(), client=client)
        assert taken.received_on == client.clock().astimezone(SEOUL).date()
        cancelled = await reservations.cancel_reservation(taken.reservation_id, taken.received_on, client=client)
        assert cancelled.reservation_id == taken.reservation_id
        with pytest.raises(Refused):
            await reservations.cancel_reservation(taken.reservation_id, taken.received_on, client=client)

    async def test_the_list_shows_what_waits_and_what_was_cancelled(self, client):
        waiting = await reservations.reserve_order(sell_or_buy(), client=client)
        dropped = await reservations.reserve_order(sell_or_buy(symbol="KO", exchange=Exchange.NYSE), client=client)
        await reservations.cancel_reservation(dropped.reservation_id, dropped.received_on, client=client)

        rows = {row.reservation_id: row for row in await reservations.get_reservations(client=client)}

        assert (rows[waiting.reservation_id].cancelled, rows[dropped.reservation_id].cancelled) == (False, True)
        assert (rows[waiting.reservation_id].symbol, rows[waiting.reservation_id].quantity) == ("NVDA", 2)
        assert (rows[dropped.reservation_id].exchange, rows[dropped.reservation_id].side) == (Exchange.NYSE, Side.BUY)

    async def test_the_list_is_read_to_its_last_page(self, client):
        numbers = {(await reservations.reserve_order(sell_or_buy(), client=client)).reservation_id for _ in range(23)}
        assert numbers <= {row.reservation_id for row in await reservations.get_reservations(client=client)}

    async def test_without_an_answer_it_is_unknown(self, kis, client):
        prepared = await reservations.prepare_reservation(sell_or_buy(), client=client)
        kis.control.fault("garbage_json", count=1, match={"path": RESERVE})
        with pytest.raises(OutcomeUnknown):
            await prepared.send(within=5)

    async def test_paper_has_no_list_and_says_so_before_anything_is_sent(self, make_client):
        events = []
        client = make_client("paper", on_event=events.append)
        with pytest.raises(NotInPaper):
            await reservations.read_reservations(DAY, DAY, client=client, lane=Lane.TRACKING)
        assert events == []

    async def test_a_day_without_any_is_empty(self, client):
        listing = await reservations.read_reservations(DAY, DAY, client=client, lane=Lane.TRACKING)
        assert (listing.rows, listing.freshness, listing.complete) == ((), Freshness.EMPTY, True)

    async def test_outside_of_its_hours_kis_refuses_and_we_only_know_it(self, config_of):
        night = datetime(2026, 3, 11, 20, 0, tzinfo=UTC)  # 05:00 in Korea
        begun = utc_now()
        switches = {"rate_real": 0, "token_interval": 0.0, "reservation_window": True}
        with testing.start(scenario={"start": night.isoformat()}, switches=switches) as kis:
            config = config_of(kis, "real")
            async with KisClient(config, budget=LocalBudget(500), clock=lambda: night + (utc_now() - begun)) as client:
                assert not reservations.reservations_accepted(client.clock())
                with pytest.raises(Refused):
                    await reservations.reserve_order(sell_or_buy(), client=client)
