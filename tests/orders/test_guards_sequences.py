"""No sequence of decisions, fills, midnights, restarts and unknown outcomes passes a limit, or holds a stop-loss back.

Two accounts of one house, real `submit`, real database. The judge of limits is the door of the broker in memory: each
order that arrives there is added to what the broker itself knows, whatever we believe.
"""

from collections import defaultdict
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from asgiref.sync import async_to_sync
from django.conf import settings as house
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from accounts.models import BrokerageAccount, HouseLimits, RiskLimits
from instruments.selectors import forget_sessions
from instruments.services import import_trading_days
from logs.models import ExecutionLog
from market.data import Quote
from market.orders import Holding, Listing, OrderIntent
from market.sessions import NEW_YORK, SessionSpan
from market.words import Exchange, Freshness, Session, Side, TradingState
from orders.domain import NAMELESS, OPEN, State
from orders.models import Execution, ForeignOrder, Order, OrderLook, Request
from orders.risk import Limits
from orders.services import NotSubmitted, Seen, cancel, preview, reconcile, recover, submit, track
from orders.submit import _record_intent, _to_submitting
from positions.models import AccountBook, DailyLedger, EquityPoint, Position
from rules.models import RuleState, TradeRule

pytestmark = pytest.mark.django_db(transaction=True)

D = Decimal
PRICES = {"NVDA": D("100.00"), "AAPL": D("50.00")}
A_DAY = timedelta(days=1)
FEE = D("1.0025")
A_MINUTE = timedelta(seconds=60)
OUTCOMES = ["accept"] * 8 + ["lose_answer"] * 2 + ["refuse", "unreachable", "lose_request", "crash", "no_number"]
TABLES = [
    OrderLook, Request, Execution, ForeignOrder, Order, DailyLedger, EquityPoint, Position, AccountBook, RuleState,
    TradeRule, ExecutionLog,
]  # fmt: skip

# Few limits at a time, and tight ones, so that each is reached and none hides another.
TIGHT = {
    "daily_buy_usd": st.integers(800, 2500).map(D),
    "max_order_usd": st.integers(100, 900).map(D),
    "max_position_usd": st.integers(300, 1500).map(D),
    "max_position_qty": st.integers(4, 15),
    "max_open_positions": st.just(1),
    "orders_per_minute": st.integers(1, 4),
    "daily_loss_usd": st.integers(1, 20).map(D),
}
limits = st.lists(st.sampled_from(sorted(TIGHT)), min_size=1, max_size=2, unique=True).flatmap(
    lambda names: st.builds(Limits, **{name: TIGHT[name] for name in names})
)
accounts = st.integers(0, 1)
rules = st.integers(0, 3)
offsets = st.integers(-30, 30)  # cents
quantities = st.sampled_from([1, 3, 8, 20])


class Door:
    """What the broker knows of an account, and whether an order that arrives passes one of its limits."""

    def __init__(self, broker, street):
        self.broker, self.street = broker, street
        self.own, self.account_id = Limits(), None
        enter = broker.enter

        def judged(ticket):
            answer = enter(ticket)
            try:
                if hasattr(ticket, "side"):
                    street.judge(self, ticket)
            except Exception as broken:
                street.wrong.append(repr(broken))
            return answer

        broker.enter = judged
        broker.holdings = self.holdings

    def rows(self, **wanted):
        return [r for r in self.broker.originals() if all(getattr(r, k) == v for k, v in wanted.items())]

    def held(self, symbol: str) -> int:
        signed = {Side.BUY: 1, Side.SELL: -1}
        return sum(signed[r.side] * r.filled_quantity for r in self.rows(symbol=symbol))

    def buying(self, symbol: str) -> int:
        return sum(r.open_quantity for r in self.rows(symbol=symbol, side=Side.BUY))

    def selling(self, symbol: str) -> int:
        return sum(r.open_quantity for r in self.rows(symbol=symbol, side=Side.SELL))

    def bought(self, day) -> Decimal:
        """What the buys of a day cost, and may yet cost."""
        done = ((r.filled_quantity, r.avg_fill_price or 0, r.open_quantity, r.limit_price)
                for r in self.rows(side=Side.BUY, order_date=day))  # fmt: skip
        return sum(((n * paid + m * limit) * FEE for n, paid, m, limit in done), D(0))

    async def holdings(self, *, lane=None):
        rows = tuple(
            Holding(s, Exchange.NASDAQ, n, n - self.selling(s), PRICES[s], PRICES[s], None)
            for s in PRICES if (n := self.held(s)) > 0
        )  # fmt: skip
        return Listing(rows, Freshness.FRESH if rows else Freshness.EMPTY, True, self.broker.now)


class Street:
    """Both doors, and the limits of the house over them."""

    def __init__(self, brokers):
        self.doors = [Door(broker, self) for broker in brokers]
        self.house = Limits()
        self.arrived: list[tuple[datetime, Door]] = []
        self.wrong: list[str] = []
        self.gained: dict = {}  # of the day, by account; None: of the house

    def judge(self, door: Door, ticket) -> None:
        """Keeps what is wrong: raised here it would be taken for a lost answer. No database: this is in its loop."""
        now, day = door.broker.now, door.broker.now.astimezone(NEW_YORK).date()
        self.arrived.append((now, door))
        for symbol in PRICES:
            self.must(door.selling(symbol) <= door.held(symbol), "more is being sold than is there")
        if ticket.side is Side.SELL:
            return
        lately = [d for at, d in self.arrived if at > now - A_MINUTE]
        self._of_a_day(door.own, door.bought(day), lately.count(door), self.gained[door.account_id])
        self._of_a_day(self.house, sum(d.bought(day) for d in self.doors), len(lately), self.gained[None])
        for limit in (door.own, self.house):
            self._of_one(limit, door, ticket)

    def must(self, holds: bool, what: str) -> None:
        if not holds:
            self.wrong.append(what)

    def _of_a_day(self, limit: Limits, bought: Decimal, lately: int, gained: Decimal) -> None:
        a_rounding = D("0.001")
        self.must(limit.daily_buy_usd is None or bought <= limit.daily_buy_usd + a_rounding, "daily limit")
        self.must(limit.orders_per_minute is None or lately <= limit.orders_per_minute, "orders in a minute")
        self.must(limit.daily_loss_usd is None or gained > -limit.daily_loss_usd, "bought after the loss")

    def _of_one(self, limit: Limits, door: Door, ticket) -> None:
        shares = door.held(ticket.symbol) + door.buying(ticket.symbol)
        symbols = sum(1 for s in PRICES if door.held(s) + door.buying(s))
        worth = ticket.quantity * ticket.limit_price
        self.must(limit.max_order_usd is None or worth <= limit.max_order_usd, "order value")
        self.must(limit.max_position_qty is None or shares <= limit.max_position_qty, "shares of a symbol")
        self.must(
            limit.max_position_usd is None or shares * ticket.limit_price <= limit.max_position_usd, "its dollars"
        )
        self.must(limit.max_open_positions is None or symbols <= limit.max_open_positions, "symbols")


def gained_by_account(day) -> dict:
    """What the fills of the day realised, by our ledger; None: of all accounts."""
    found = defaultdict(Decimal, DailyLedger.objects.filter(trading_day=day).values_list("account_id", "realized_pnl"))
    found[None] = sum(found.values(), D(0))
    return found


class Nights(RuleBasedStateMachine):
    """`make`: what the fixtures can; set by the test."""

    make: dict = {}

    def __init__(self):
        super().__init__()
        for table in TABLES:
            table.objects.all().delete()
        self.at = self.make["now"]
        self.accounts = self.make["accounts"]
        BrokerageAccount.objects.update(trading_state=TradingState.ACTIVE)
        self.street = Street([self.make["broker"](self.at) for _ in self.accounts])
        one, two = self.accounts
        self.rules = [
            self.make["rule"](one, max_position=20),
            self.make["rule"](one, symbol="AAPL", max_position=30, max_entries=3),
            self.make["rule"](one, max_position=10),
            self.make["rule"](two, max_position=20),
        ]
        self.keys = 0

    @initialize(house=limits, own=limits, other=limits)
    def set_limits(self, house, own, other):
        for row, limit in ((HouseLimits, house), (self.accounts[0], own), (self.accounts[1], other)):
            values = {name: getattr(limit, name) for name in Limits.__dataclass_fields__}
            if row is HouseLimits:
                HouseLimits.objects.update_or_create(pk=1, defaults=values)
            else:
                RiskLimits.objects.filter(account=row).update(**values, failure_streak=3, failure_cooldown_sec=60)
        self.street.house = house
        for door, account, limit in zip(self.street.doors, self.accounts, (own, other), strict=True):
            door.own, door.account_id = limit, account.pk
        self.look(0)
        self.look(1)

    # --- what may happen ---------------------------------------------------------------------------------

    @rule(which=rules, quantity=quantities, cents=offsets, outcome=st.sampled_from(OUTCOMES))
    def a_rule_buys(self, which, quantity, cents, outcome):
        self.send(which, Side.BUY, quantity, cents, outcome)

    @rule(quantity=quantities, cents=offsets, outcomes=st.lists(st.sampled_from(OUTCOMES), min_size=4, max_size=4))
    def all_rules_buy(self, quantity, cents, outcomes):
        for which, outcome in enumerate(outcomes):
            self.send(which, Side.BUY, quantity, cents, outcome)

    @rule(which=rules, quantity=quantities, cents=offsets, outcome=st.sampled_from(OUTCOMES))
    def a_rule_sells(self, which, quantity, cents, outcome):
        self.send(which, Side.SELL, quantity, cents, outcome)

    @rule(which=rules, quantity=quantities, cents=offsets, outcome=st.sampled_from(OUTCOMES))
    def a_person_sells(self, which, quantity, cents, outcome):
        """Of the symbol, whoever owns the shares."""
        self.send(which, Side.SELL, quantity, cents, outcome, person=True)

    @rule(which=rules, quantity=quantities, lost=st.integers(0, 300), whole=st.booleans())
    def a_rule_buys_and_sells_again(self, which, quantity, lost, whole):
        """Filled, seen, and sold for less, wholly or but for a share."""
        account = self.accounts.index(self.account_of(which))
        self.send(which, Side.BUY, quantity, 0, "accept")
        self.the_market_fills_and_the_bot_looks(account, 20, worse=True)
        self.send(which, Side.SELL, 20 if whole else 1, -lost, "accept")
        self.the_market_fills_and_the_bot_looks(account, 20, worse=True)

    @rule(which=rules, side=st.sampled_from(Side), quantity=quantities, cents=offsets,
          reached=st.sampled_from(["intent", "submitting", "written"]))  # fmt: skip
    def the_process_dies_on_the_way(self, which, side, quantity, cents, reached):
        """After the intent, after the commit to sending, or after the write; nobody records what came of it."""
        row, door = self.rules[which], self.door_of(which)
        account = self.account_of(which)
        intent, quote = self.wish(which, side, quantity, cents)
        seen = Seen(quote, async_to_sync(door.broker.buying_power)("", None, intent.limit_price))
        try:
            order = _record_intent(account, row, None, intent, seen, self.at)
            if reached != "intent":
                _to_submitting(order, account, row, intent, seen, lambda: 7, 1, self.at)
        except NotSubmitted:
            return
        if reached == "written":
            ticket = self.make["ticket"](order)
            door.broker.enter(ticket)
        self.restart(self.accounts.index(account))

    @rule(which=accounts, shares=quantities, worse=st.booleans())
    def the_market_fills_and_the_bot_looks(self, which, shares, worse):
        """Every open order gets something: a buy at its limit, and a sale either there or better."""
        for row in [r for r in self.street.doors[which].rows() if r.open_quantity]:
            price = row.limit_price if worse or row.side is Side.BUY else row.limit_price + 3
            self.street.doors[which].broker.fill(row.broker_order_id, min(shares, row.open_quantity), str(price))
        self.look(which)

    @rule(which=accounts, pick=st.integers(0, 9), shares=quantities, cents=st.integers(0, 300))
    def the_market_fills(self, which, pick, shares, cents):
        open_rows = [r for r in self.street.doors[which].rows() if r.open_quantity]
        if not open_rows:
            return
        row = open_rows[pick % len(open_rows)]
        better = D(cents) / 100
        price = row.limit_price - better if row.side is Side.BUY else row.limit_price + better
        self.street.doors[which].broker.fill(row.broker_order_id, min(shares, row.open_quantity), str(price))

    @rule(which=accounts, what=st.sampled_from(["look", "restart", "cancel", "resume"]), pick=st.integers(0, 9))
    def something_happens(self, which, what, pick):
        match what:
            case "look":
                self.look(which)
            case "restart":
                self.restart(which)
            case "cancel":
                self.cancel_one(which, pick)
            case "resume":
                rows = BrokerageAccount.objects.filter(pk=self.accounts[which].pk)
                rows.update(trading_state=TradingState.ACTIVE)

    @rule(seconds=st.sampled_from([1, 20, 61, 700]), bots_run=st.sampled_from([True, True, True, False]))
    def time_passes(self, seconds, bots_run):
        self.to(self.at + timedelta(seconds=seconds))
        if bots_run:
            self.look(0)
            self.look(1)

    @rule(bots_run=st.sampled_from([True, True, True, False]))
    def night_falls(self, bots_run):
        """The day's orders end at the broker, and the next session begins."""
        for door in self.street.doors:
            for key, row in door.broker.rows.items():
                if row.open_quantity:
                    door.broker.rows[key] = replace(row, open_quantity=0, status_text="완료")
        self.to((self.at + A_DAY).replace(hour=15, minute=0, second=0))
        if bots_run:
            self.restart(0)
            self.restart(1)

    # --- what must hold ----------------------------------------------------------------------------------

    @invariant()
    def no_order_that_arrived_passes_a_limit(self):
        assert self.street.wrong == []

    @invariant()
    def a_stop_loss_gets_out(self):
        """What a rule owns may be sold whole, unless a sale of the symbol is on its way or may be.

        Without a quote, whatever was lost, bought or refused before: none of that may hold an exit back.
        """
        in_the_air = defaultdict(int)
        for account, symbol, status, day_read in Order.objects.filter(side=Side.SELL).values_list(
            "account_id", "symbol", "status", "day_read_at"
        ):
            in_the_air[account, symbol] += status in OPEN or (status in NAMELESS and day_read is None)
        for state in RuleState.objects.filter(qty__gt=0).select_related("rule__account"):
            account, symbol = state.rule.account, state.rule.symbol
            if in_the_air[account.pk, symbol]:
                continue
            intent = OrderIntent("stop", symbol, Exchange.NASDAQ, Side.SELL, state.qty, PRICES[symbol], "stop")
            verdict = preview(account=account, rule=state.rule, intent=intent, seen=Seen(), now=self.at)
            assert verdict.quantity == min(state.qty, self.surely_there(account, symbol)), verdict.as_dict()

    @invariant()
    def nothing_is_owned_that_is_not_there(self):
        for door in self.street.doors:
            for symbol in PRICES:
                owned = sum(
                    RuleState.objects.filter(rule__account_id=door.account_id, rule__symbol=symbol).values_list(
                        "qty", flat=True
                    )
                )
                held = Position.objects.filter(account_id=door.account_id, symbol=symbol).values_list("qty", flat=True)
                assert owned <= (held[0] if held else 0)

    # --- how -----------------------------------------------------------------------------------------------

    def look(self, which):
        """The order list, then the holdings, as a bot reads them."""
        self.with_broker(which, track)
        self.with_broker(which, reconcile)

    def restart(self, which):
        """All that was in memory is gone."""
        self.with_broker(which, recover, fence=lambda: 7)

    def cancel_one(self, which, pick):
        orders = Order.objects.filter(account=self.accounts[which], status__in=[State.WORKING, State.PARTIALLY_FILLED])
        found = list(orders.select_related("account").order_by("created_at"))
        if found:
            order = found[pick % len(found)]
            async_to_sync(cancel)(order=order, broker=self.street.doors[which].broker, fence=lambda: 7, now=self.at)

    def surely_there(self, account, symbol) -> int:
        position = Position.objects.get(account=account, symbol=symbol)
        fresh = position.reconciled_at and self.at - position.reconciled_at <= timedelta(seconds=120)
        since = Execution.objects.filter(account=account, symbol=symbol, at__gte=position.reconciled_at or self.at)
        if not fresh or position.broker_sellable_qty is None or since.exists():
            return position.qty
        return min(position.qty, position.broker_sellable_qty)

    def account_of(self, which):
        return self.accounts[1 if which == 3 else 0]

    def door_of(self, which):
        return self.street.doors[1 if which == 3 else 0]

    def wish(self, which, side, quantity, cents):
        self.street.gained = gained_by_account(self.at.astimezone(NEW_YORK).date())
        self.keys += 1
        symbol = self.rules[which].symbol
        price = PRICES[symbol] + D(cents) / 100
        quote = Quote(symbol, Exchange.NASDAQ, PRICES[symbol], self.at, self.at)
        return OrderIntent(f"k{self.keys}", symbol, Exchange.NASDAQ, side, quantity, price, "a test"), quote

    def send(self, which, side, quantity, cents, outcome, *, person=False):
        broker = self.door_of(which).broker
        broker.script.clear()
        broker.next(outcome, *([outcome] * 2 if outcome == "unreachable" else []))
        intent, quote = self.wish(which, side, quantity, cents)
        with suppress(NotSubmitted):
            async_to_sync(submit)(
                account=self.account_of(which), rule=None if person else self.rules[which], decision=None,
                intent=replace(intent, by_person=person), broker=broker, fence=lambda: 7, now=self.at, quote=quote,
            )  # fmt: skip
        broker.script.clear()

    def with_broker(self, which, service, **more):
        async_to_sync(service)(
            account=self.accounts[which], broker=self.street.doors[which].broker, now=self.at, **more
        )

    def to(self, at: datetime) -> None:
        self.at = at
        for door in self.street.doors:
            door.broker.now = at


@pytest.fixture
def world(account, foreign_account, broker, new_rule, now, monkeypatch):
    from orders.submit import _ticket

    opens = now.replace(hour=14, minute=30)
    long, starts = timedelta(hours=6.5), [opens + A_DAY * n for n in range(60)]
    spans = [SessionSpan(start.date(), Session.REGULAR, start, start + long) for start in starts]
    import_trading_days(spans, source="test")
    forget_sessions()
    monkeypatch.setattr("orders.submit.RETRY_PAUSE_SEC", 0.0)
    assert house.KIS_COMMISSION_BPS == 25
    Nights.make = {
        "now": now, "accounts": [account, foreign_account], "broker": type(broker), "rule": new_rule, "ticket": _ticket,
    }  # fmt: skip
    return Nights


def run(world, examples, steps):
    tried = settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        print_blob=True,
        phases=[Phase.explicit, Phase.generate],  # to make a sequence smaller takes hours here
    )
    run_state_machine_as_test(world, settings=tried)


def test_no_sequence_passes_a_limit_or_holds_a_stop_loss_back(world):
    run(world, examples=12, steps=20)


@pytest.mark.long
@pytest.mark.timeout(1200)
def test_no_long_sequence_does_either(world):
    run(world, examples=150, steps=40)
