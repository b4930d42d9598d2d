"""safety.md 3.5, in the database: the account's own ledger, what the broker says beside it, and the limits' figures."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import BrokerageAccount, User
from logs.models import ExecutionLog
from market.orders import Holding, Listing
from market.words import Exchange, Freshness, Side
from positions.models import AccountBook, CashFlow, EquityPoint, FlowKind, Position
from positions.reconciliation import InFlight
from positions.selectors import book_of, house_realized, losses_of
from positions.services import (
    book_fill,
    mark_to_market,
    reconcile_holdings,
    record_cash_flow,
    record_equity,
)

pytestmark = pytest.mark.django_db
D = Decimal
SEOUL = ZoneInfo("Asia/Seoul")


def trade(account, side, quantity, price, now, *, fee="0", symbol="NVDA", day=None):
    return book_fill(
        account=account, rule_id=None, symbol=symbol, exchange=Exchange.NASDAQ, side=side, quantity=quantity,
        price=D(price), fee=D(fee), at=now, trading_day=day or now.date(),
    )  # fmt: skip


@pytest.fixture
def opened(account, now):
    """10,000 dollars of cash and nothing else."""
    record_equity(account=account, now=now, cash=D(10_000))
    return account


def drawdown(account, now):
    return losses_of(account.pk, now.date()).drawdown_pct


class TestOurOwnLedger:
    """3.5 "Equity is our own ledger of fills, fees and external cash flows"."""

    def test_it_moves_by_fills_and_fees_while_the_broker_is_silent(self, opened, now):
        trade(opened, Side.BUY, 10, "100", now, fee="2.50")
        mark_to_market(account=opened, prices={"NVDA": D("104")}, now=now)
        point = record_equity(account=opened, now=now)
        assert (point.cash, point.positions_value, point.equity) == (D("8997.50"), D("1040"), D("10037.50"))

    def test_the_brokers_figure_never_takes_its_place(self, opened, now):
        """A figure that lags behind our fill by a while moves nothing: neither equity nor losses."""
        trade(opened, Side.BUY, 10, "100", now)
        for seconds in (15, 30, 900):
            point = record_equity(account=opened, now=now + timedelta(seconds=seconds), cash=D(10_000))
        assert (point.cash, point.equity) == (D(9_000), D(10_000))
        assert not CashFlow.objects.exists()

    def test_the_peak_survives_restarts(self, opened, now):
        trade(opened, Side.BUY, 10, "100", now)
        for price in ("150", "50"):
            mark_to_market(account=opened, prices={"NVDA": D(price)}, now=now)
            record_equity(account=opened, now=now)
        kept = AccountBook.objects.get(account=opened)
        assert (kept.peak_equity, kept.peak_at) == (D(10_500), now)
        assert drawdown(opened, now) == D("9.5238")

    def test_nothing_is_known_of_an_account_that_was_never_reckoned(self, account, now):
        assert losses_of(account.pk, now.date()).drawdown_pct is None
        assert book_of(account.pk).reconciled_at is None


class TestDaysLoss:
    """3.5 "daily loss ... exclude external flows"; a trading day has its own."""

    def test_it_is_what_the_fills_of_that_trading_day_realised(self, opened, now):
        trade(opened, Side.BUY, 10, "100", now, fee="1")
        trade(opened, Side.SELL, 10, "90", now, fee="1")
        tomorrow = now.date() + timedelta(days=1)
        assert losses_of(opened.pk, now.date()).realized_today == D("-102")
        assert losses_of(opened.pk, tomorrow).realized_today == 0

    def test_the_evening_belongs_to_the_next_trading_day(self, opened, now):
        """Order and fill carry the trading day of their session: midnight in New York moves nothing by itself."""
        evening = datetime(2026, 11, 25, 2, 0, tzinfo=UTC)  # 21:00 in New York on the 24th, the day session of the 25th
        trade(opened, Side.BUY, 10, "100", evening, day=datetime(2026, 11, 25).date())
        trade(opened, Side.SELL, 10, "99", evening, day=datetime(2026, 11, 25).date())
        assert losses_of(opened.pk, datetime(2026, 11, 24).date()).realized_today == 0
        assert losses_of(opened.pk, datetime(2026, 11, 25).date()).realized_today == D(-10)

    def test_the_house_adds_its_accounts_up(self, opened, real_account, now):
        for account, price in ((opened, "90"), (real_account, "95")):
            trade(account, Side.BUY, 10, "100", now)
            trade(account, Side.SELL, 10, price, now)
        assert house_realized(now.date()) == D(-150)


class TestFlows:
    """3.5 "daily loss and drawdown exclude external flows"."""

    def test_a_person_tells_of_a_deposit(self, opened, trader, now):
        record_cash_flow(account=opened, amount=D(5_000), kind=FlowKind.DEPOSIT, by=trader, now=now)
        book = book_of(opened.pk)
        assert (book.external_net, book.peak_equity) == (D(5_000), D(10_000))
        assert EquityPoint.objects.latest("at").equity == D(15_000)
        assert drawdown(opened, now) == 0
        assert "5000" in ExecutionLog.objects.order_by("-id")[0].message_en

    def test_a_deposit_hides_no_loss_and_a_withdrawal_makes_none(self, opened, trader, now):
        trade(opened, Side.BUY, 10, "100", now)
        mark_to_market(account=opened, prices={"NVDA": D(50)}, now=now)
        record_equity(account=opened, now=now)
        for amount, kind in ((90_000, FlowKind.DEPOSIT), (-95_000, FlowKind.WITHDRAWAL)):
            record_cash_flow(account=opened, amount=D(amount), kind=kind, by=trader, now=now)
            assert drawdown(opened, now) == D(5)
            assert losses_of(opened.pk, now.date()).realized_today == 0

    def test_what_nothing_of_ours_explains_is_a_flow_after_some_minutes(self, opened, now):
        for minutes in (1, 6, 12):
            record_equity(account=opened, now=now + timedelta(minutes=minutes), cash=D(12_000))
        flow = CashFlow.objects.get()
        assert (flow.amount_usd, flow.kind, flow.source) == (D(2_000), "deposit", "broker")
        assert EquityPoint.objects.latest("at").equity == D(12_000)
        assert drawdown(opened, now) == 0
        assert ExecutionLog.objects.filter(ctx__event="cash_flow").count() == 1

    def test_what_a_trade_of_ours_may_explain_waits_for_settlement(self, opened, now):
        """3.5 "reconciled to the broker after settlement": the fee was another than ours, to be seen in the cash."""
        trade(opened, Side.BUY, 10, "100", now, fee="2.50")
        said = D("8998.10")  # 60 cents less fee
        for at in (now + timedelta(minutes=1), now + timedelta(hours=12)):
            assert record_equity(account=opened, now=at, cash=said).cash == D("8997.50")
        settled = datetime(2026, 11, 26, 10, 40, tzinfo=SEOUL)
        assert record_equity(account=opened, now=settled, cash=said).cash == said
        assert CashFlow.objects.get().kind == "correction"

    def test_the_same_money_is_not_booked_twice(self, opened, trader, as_, now):
        for minutes in (1, 12):
            record_equity(account=opened, now=now + timedelta(minutes=minutes), cash=D(12_000))
        CashFlow.objects.update(at=datetime.now(UTC))
        told = {"amount_usd": "2000", "kind": "deposit"}
        url = f"/api/accounts/{opened.pk}/cash_flows"
        answer = as_(trader).post(url, told)
        assert (answer.status_code, answer.json()["code"]) == (409, "already_booked")
        assert as_(trader).post(url, told | {"again": True}).status_code == 201

    def test_shares_that_were_brought_in_are_no_gain(self, opened, now):
        held = Holding("TSLA", Exchange.NASDAQ, 10, 10, D(300), D(300), None)
        reconcile_holdings(account=opened, listing=Listing((held,), Freshness.FRESH, True, now), now=now)
        assert record_equity(account=opened, now=now).equity == D(13_000)
        assert (book_of(opened.pk).peak_equity, drawdown(opened, now)) == (D(10_000), 0)

    def test_shares_bought_by_phone_cost_what_they_cost(self, opened, now):
        flight = {"TSLA": InFlight(foreign=10, foreign_price=D(300))}
        held = Holding("TSLA", Exchange.NASDAQ, 10, 10, D(300), D(290), None)
        listing = Listing((held,), Freshness.FRESH, True, now)
        reconcile_holdings(account=opened, listing=listing, now=now, in_flight=flight)
        point = record_equity(account=opened, now=now, cash=D(7_000))
        assert (point.cash, point.equity) == (D(7_000), D(9_900))
        assert drawdown(opened, now) == 0

    def test_a_complete_listing_that_was_judged_is_remembered(self, opened, now):
        empty = Listing((), Freshness.FAILED, False, now)
        reconcile_holdings(account=opened, listing=empty, now=now)
        assert book_of(opened.pk).reconciled_at is None
        reconcile_holdings(account=opened, listing=Listing((), Freshness.EMPTY, True, now), now=now)
        assert book_of(opened.pk).reconciled_at == now


class TestOverTheApi:
    def test_flows_are_listed_and_told(self, opened, as_, trader, viewer, admin, other_trader):
        url = f"/api/accounts/{opened.pk}/cash_flows"
        answer = as_(trader).post(url, {"amount_usd": "-250.50", "kind": "withdrawal", "note": "rent"})
        assert answer.status_code == 201
        assert as_(viewer).get(url).json()["results"] == [answer.json()]
        assert as_(viewer).post(url, {"amount_usd": "1", "kind": "deposit"}).status_code == 403
        assert as_(other_trader).get(url).status_code == 404
        assert as_(admin).post(url, {"amount_usd": "1", "kind": "dividend"}).status_code == 201

    @pytest.mark.parametrize(
        "told",
        [
            {"amount_usd": "-5", "kind": "deposit"},
            {"amount_usd": "5", "kind": "withdrawal"},
            {"amount_usd": "0", "kind": "correction"},
            {"amount_usd": "5", "kind": "gift"},
            {"amount_usd": "5", "kind": "deposit", "at": "2099-01-01T00:00:00Z"},
        ],
    )
    def test_what_makes_no_sense_is_refused(self, opened, as_, trader, told):
        assert as_(trader).post(f"/api/accounts/{opened.pk}/cash_flows", told).status_code == 400
        assert not CashFlow.objects.exists()

    def test_where_the_account_stands(self, opened, as_, viewer):
        stands = as_(viewer).get(f"/api/accounts/{opened.pk}/losses").json()
        assert stands == {"realized_today": "0.00", "drawdown_pct": "0.0000"}


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("buy"), st.integers(1, 50), st.decimals("1", "400", places=4)),
        st.tuples(st.just("sell"), st.integers(1, 50), st.decimals("1", "400", places=4)),
        st.tuples(st.just("mark"), st.just(0), st.decimals("1", "400", places=4)),
        st.tuples(st.just("pay"), st.just(0), st.decimals("-20000", "20000", places=2).filter(bool)),
    ),
    max_size=12,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_after_any_fills_fees_flows_and_marks_equity_is_cash_and_value_and_flows_moved_no_loss(steps, trader):
    """3.5 as a property: to the cent, the drawdown in [0, 100], and neither loss moved by a flow."""
    BrokerageAccount.objects.filter(nickname="property").delete()
    account = BrokerageAccount.objects.create(
        user=User.objects.get(pk=trader.pk), nickname="property", environment="paper"
    )
    now = datetime(2026, 11, 24, 17, 0, tzinfo=UTC)
    cash, shares, last = D(10_000), 0, None
    record_equity(account=account, now=now, cash=cash)
    for what, quantity, amount in steps:
        now += timedelta(seconds=1)
        before = losses_of(account.pk, now.date())
        fee = (quantity * amount * D("0.0025")).quantize(D("0.0001"))
        match what:
            case "buy":
                trade(account, Side.BUY, quantity, amount, now, fee=fee)
                cash, shares, last = cash - quantity * amount - fee, shares + quantity, last or amount
            case "sell" if shares:
                quantity = min(quantity, shares)
                fee = (quantity * amount * D("0.0025")).quantize(D("0.0001"))
                trade(account, Side.SELL, quantity, amount, now, fee=fee)
                cash, shares = cash + quantity * amount - fee, shares - quantity
            case "mark" if shares:
                mark_to_market(account=account, prices={"NVDA": amount}, now=now)
                last = amount
            case "pay":
                kind = FlowKind.DEPOSIT if amount > 0 else FlowKind.WITHDRAWAL
                record_equity(account=account, now=now)
                before = losses_of(account.pk, now.date())
                record_cash_flow(account=account, amount=amount, kind=kind, by=trader, now=now)
                cash += amount
        point = record_equity(account=account, now=now)
        losses = losses_of(account.pk, now.date())
        assert point.equity == point.cash + point.positions_value
        assert (point.cash, point.positions_value) == (cash, shares * (last or 0))
        assert 0 <= losses.drawdown_pct <= 100
        if what == "pay":
            assert losses.realized_today == before.realized_today
            if point.equity > 1:
                assert abs(losses.drawdown_pct - before.drawdown_pct) <= D("0.01")
    assert not Position.objects.filter(account=account, needs_person=True).exists()
