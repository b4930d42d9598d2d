"""Orders of the daytime session: their own functions, real side only; first as calls, then against the simulator."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from kis import daytime, overseas_orders
from kis.client import KisClient
from kis.simulator import testing
from kis.throttle import LocalBudget
from kis.transport import utc_now
from kis.wire import order_calls
from market.errors import InvalidOrder, NotInPaper, OutcomeUnknown, Refused
from market.orders import AmendTicket, CancelTicket, OrderTicket, Slicing
from market.words import Exchange, Side, SliceBy, TimeInForce
from tests.kis.samples import ACCOUNT, PAPER, REAL, ticket

NASDAQ = Exchange.NASDAQ
EVENING = datetime(2026, 3, 12, 2, 0, tzinfo=UTC)  # Thursday 11:00 in Korea: the daytime session
MORNING = datetime(2026, 3, 12, 14, 0, tzinfo=UTC)  # Thursday 10:00 in New York: the regular session
CALLS = "/uapi/overseas-stock/v1/trading/daytime-order"


class TestCalls:
    @pytest.mark.parametrize(("side", "tr_id"), [(Side.BUY, "TTTS6036U"), (Side.SELL, "TTTS6037U")])
    def test_an_order_has_no_selling_type_and_is_a_limit(self, side, tr_id):
        call = order_calls.daytime_order(REAL, ticket(side=side))
        assert (call.method, call.path, call.tr_id) == ("POST", CALLS, tr_id)
        assert call.fields == {
            **ACCOUNT,
            "OVRS_EXCG_CD": "NASD",
            "PDNO": "NVDA",
            "ORD_QTY": "10",
            "OVRS_ORD_UNPR": "184.25",
            "CTAC_TLNO": "",
            "MGCO_APTM_ODNO": "",
            "ORD_SVR_DVSN_CD": "0",
            "ORD_DVSN": "00",
        }

    def test_an_amend_and_a_cancel_carry_all_the_fields_that_are_required_here(self):
        change = order_calls.daytime_amend(REAL, AmendTicket("NVDA", NASDAQ, "40901", 7, Decimal(185)))
        assert (change.path, change.tr_id) == (f"{CALLS}-rvsecncl", "TTTS6038U")
        assert change.fields == {
            **ACCOUNT,
            "OVRS_EXCG_CD": "NASD",
            "PDNO": "NVDA",
            "ORGN_ODNO": "0000040901",
            "RVSE_CNCL_DVSN_CD": "01",
            "ORD_QTY": "7",
            "OVRS_ORD_UNPR": "185.00",
            "CTAC_TLNO": "",
            "MGCO_APTM_ODNO": "",
            "ORD_SVR_DVSN_CD": "0",
        }
        end = order_calls.daytime_cancel(REAL, CancelTicket("NVDA", NASDAQ, "40901", quantity=7)).fields
        assert end == {**change.fields, "RVSE_CNCL_DVSN_CD": "02", "OVRS_ORD_UNPR": "0"}

    @pytest.mark.parametrize(
        "changes",
        [
            {"limit_price": None},
            {"time_in_force": TimeInForce.AT_OPEN},
            {"time_in_force": TimeInForce.AT_CLOSE, "limit_price": None, "side": Side.SELL},
            {"slicing": Slicing(SliceBy.VWAP)},
        ],
    )
    def test_anything_but_a_day_limit_is_refused_before_it_is_sent(self, changes):
        with pytest.raises(InvalidOrder):
            order_calls.daytime_order(REAL, ticket(**changes))

    def test_paper_has_none_of_it_and_names_what_it_has(self):
        for build, wanted in (
            (order_calls.daytime_order, ticket()),
            (order_calls.daytime_amend, AmendTicket("NVDA", NASDAQ, "1", 7, Decimal(185))),
            (order_calls.daytime_cancel, CancelTicket("NVDA", NASDAQ, "1")),
        ):
            with pytest.raises(NotInPaper, match="regular session"):
                build(PAPER, wanted)


@pytest.fixture
def opened(config_of):
    """`opened(moment)`: a simulator whose market begins at that moment, and a client with its clock."""

    def at(simulated, moment):
        begun = utc_now()
        return KisClient(
            config_of(simulated, "real"), budget=LocalBudget(500), clock=lambda: moment + (utc_now() - begun)
        )

    return at


def market(moment):
    scenario = {"start": moment.isoformat(), "calendar": "nyse-hours"}
    return testing.start(scenario=scenario, switches={"rate_real": 0, "token_interval": 0.0})


def buy(quantity=5, price="20.00"):
    return OrderTicket("NVDA", NASDAQ, Side.BUY, quantity, Decimal(price))


async def test_a_daytime_order_is_placed_amended_and_cancelled_by_its_own_functions(opened):
    with market(EVENING) as kis:
        async with opened(kis, EVENING) as client:
            first = (await daytime.place_daytime_order(buy(), client=client)).broker_order_id
            with pytest.raises(Refused) as refused:  # the usual cancel does not know it, and is not sent again
                await overseas_orders.cancel_order(CancelTicket("NVDA", NASDAQ, first), client=client)
            assert refused.value.code == daytime.WRONG_SESSION

            change = AmendTicket("NVDA", NASDAQ, first, 4, Decimal("21.00"))
            second = (await daytime.amend_daytime_order(change, client=client)).broker_order_id
            third = (
                await daytime.cancel_daytime_order(CancelTicket("NVDA", NASDAQ, second, quantity=4), client=client)
            ).broker_order_id

        rows = {o["order_number"].lstrip("0"): o for o in kis.control.orders(client.config.account_no)}
        assert [rows[n]["kind"] for n in (first, second, third)] == ["new", "amend", "cancel"]
        assert (rows[first]["open"], rows[second]["open"]) == (0, 0)


async def test_without_an_answer_it_is_unknown_and_was_written_once(opened):
    with market(EVENING) as kis:
        async with opened(kis, EVENING) as client:
            prepared = await daytime.prepare_daytime_order(buy(), client=client)
            kis.control.fault("accept_then_reset", count=1, match={"path": CALLS})
            with pytest.raises(OutcomeUnknown):
                await prepared.send(within=5)
        assert len(kis.control.orders(client.config.account_no)) == 1


async def test_in_another_session_it_is_refused(opened):
    with market(MORNING) as kis:
        async with opened(kis, MORNING) as client:
            with pytest.raises(Refused) as refused:
                await daytime.place_daytime_order(buy(), client=client)
        assert refused.value.code == daytime.WRONG_SESSION
        assert kis.control.orders(client.config.account_no) == []
