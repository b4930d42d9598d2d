"""A small broker in memory that keeps its own book, and the few things every story about orders begins with.

`broker.next(…)` scripts the next write: accept, refuse, throttle, unreachable, lose_answer (it arrived), lose_request
(it did not), crash (it arrived, and something nobody thought of happened), no_number.
"""

from collections import deque
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from asgiref.sync import async_to_sync

from market.data import Quote
from market.errors import OutcomeUnknown, Refused, Throttled, Unreachable
from market.orders import (
    AmendTicket,
    BuyingPower,
    CancelTicket,
    ExecutionRow,
    Holding,
    Listing,
    OrderAccepted,
    OrderIntent,
    OrderTicket,
)
from market.sessions import NEW_YORK, SEOUL, SessionSpan
from market.words import Environment, Exchange, Freshness, Session, Side

DAY = date(2026, 11, 24)


@dataclass
class Written:
    """A request in the hand of the broker: prepared, then sent once or given back."""

    broker: "MemoryBroker"
    ticket: Any
    spent: bool = False

    async def send(self, *, within: float) -> OrderAccepted:
        assert not self.spent, "a request is sent at most once"
        self.spent = True
        if within <= 0:
            raise Unreachable("too late")
        return self.broker.take(self.ticket)

    async def discard(self) -> None:
        self.spent = True


@dataclass
class MemoryBroker:
    now: datetime
    environment: Environment = Environment.PAPER
    rows: dict[tuple[date, str], ExecutionRow] = field(default_factory=dict)
    script: deque[str] = field(default_factory=deque)
    before_send: Any = None
    freshness: Freshness = Freshness.FRESH
    complete: bool = True
    held: tuple[Holding, ...] = ()
    power: Decimal = Decimal("1000000")
    number: int = 40000
    asked_dates: list[tuple[date, date]] = field(default_factory=list)
    fail_prepare: Exception | None = None
    prices: dict[str, Decimal] = field(default_factory=dict)
    volume: int = 0

    def next(self, *what: str) -> None:
        self.script.extend(what)

    async def prepare_order(self, ticket: OrderTicket, *, lane: Any) -> Written:
        if self.fail_prepare:
            raise self.fail_prepare
        if self.before_send:
            await self.before_send()
        return Written(self, ticket)

    async def prepare_cancel(self, ticket: CancelTicket) -> Written:
        return Written(self, ticket)

    async def prepare_amend(self, ticket: AmendTicket, *, lane: Any = None) -> Written:
        return Written(self, ticket)

    async def quote(self, symbol: str, exchange: Exchange, *, lane: Any = None) -> Quote:
        if symbol not in self.prices:
            raise Unreachable("no price")
        self.volume += 1  # it trades all the time
        last = self.prices[symbol]
        return Quote(symbol, exchange, last, self.now, self.now, volume=self.volume, freshness=Freshness.STALE)

    def take(self, ticket: OrderTicket | CancelTicket | AmendTicket) -> OrderAccepted:
        match self.script.popleft() if self.script else "accept":
            case "refuse":
                raise Refused("no", code="APBK0952")
            case "throttle":
                raise Throttled("slow down", code="EGW00201", retry_after=0.01)
            case "unreachable":
                raise Unreachable("no connection")
            case "lose_request":
                raise OutcomeUnknown("timeout")
            case "lose_answer":
                self.enter(ticket)
                raise OutcomeUnknown("reset")
            case "crash":
                self.enter(ticket)
                raise RuntimeError("nobody thought of this")
            case "no_number":
                return replace(self.enter(ticket), broker_order_id="0000000000")
        return self.enter(ticket)

    def enter(self, ticket: OrderTicket | CancelTicket | AmendTicket) -> OrderAccepted:
        self.number += 1
        if isinstance(ticket, CancelTicket):
            self.cancel(ticket)
        elif isinstance(ticket, AmendTicket):
            self.amend(ticket)
        else:
            self.add(str(self.number), ticket.symbol, ticket.side, ticket.quantity, ticket.limit_price)
        local = self.now.astimezone(SEOUL)
        return OrderAccepted(f"{self.number:010d}", "00950", f"{local:%H%M%S}", self.now)

    def add(self, number: str, symbol: str, side: Side, quantity: int, price: Decimal, **more: Any) -> ExecutionRow:
        values = {
            "order_date": self.now.astimezone(NEW_YORK).date(), "broker_order_id": number, "original_id": "",
            "request_kind": "new", "symbol": symbol, "side": side, "exchange": Exchange.NASDAQ, "quantity": quantity,
            "limit_price": price, "filled_quantity": 0, "avg_fill_price": None, "open_quantity": quantity,
            "status_text": "전송", "reject_reason": "", "channel": "OpenAPI", "placed_at": self.now,
        }  # fmt: skip
        row = ExecutionRow(**(values | more))
        self.rows[row.order_date, number] = row
        return row

    def cancel(self, ticket: CancelTicket) -> None:
        key = next(k for k in self.rows if k[1] == ticket.broker_order_id)
        row = self.rows[key]
        if row.open_quantity == 0:
            raise Refused("nothing left", code="40330000")
        self.add(str(self.number), row.symbol, row.side, row.open_quantity, Decimal(0), original_id=row.broker_order_id,
                 request_kind="cancel", open_quantity=0, status_text="완료")  # fmt: skip
        self.rows[key] = replace(row, open_quantity=0, status_text="완료")

    def amend(self, ticket: AmendTicket) -> None:
        """The open rest goes on under a new number; the old row keeps what it filled."""
        key = next(k for k in self.rows if k[1] == ticket.broker_order_id)
        row = self.rows[key]
        if row.open_quantity == 0:
            raise Refused("nothing left", code="40330000")
        self.add(str(self.number), row.symbol, row.side, ticket.quantity, ticket.limit_price,
                 original_id=row.broker_order_id, request_kind="amend")  # fmt: skip
        self.rows[key] = replace(row, quantity=row.filled_quantity or row.quantity, open_quantity=0)

    def fill(self, number: str, quantity: int, price: str) -> None:
        """Fill shares of an order at a price; its row shows the average."""
        key = next(k for k in self.rows if k[1] == number)
        row = self.rows[key]
        done = row.filled_quantity + quantity
        amount = row.filled_quantity * (row.avg_fill_price or 0) + quantity * Decimal(price)
        average = (amount / done).quantize(Decimal("0.00000001"))
        self.rows[key] = replace(row, filled_quantity=done, avg_fill_price=average,
                                 open_quantity=max(0, row.open_quantity - quantity))  # fmt: skip

    def originals(self) -> list[ExecutionRow]:
        return [r for r in self.rows.values() if r.request_kind == "new"]

    async def executions(self, first: date, last: date, *, lane: Any = None) -> Listing[ExecutionRow]:
        self.asked_dates.append((first, last))
        rows = tuple(r for r in self.rows.values() if first <= r.order_date <= last)
        return Listing(rows, self.freshness, self.complete, self.now)

    async def holdings(self, *, lane: Any = None) -> Listing[Holding]:
        return Listing(self.held, self.freshness if self.held else Freshness.EMPTY, self.complete, self.now)

    async def buying_power(self, symbol: str, exchange: Exchange, price: Decimal, *, lane: Any = None) -> BuyingPower:
        shares = int(self.power / price)
        return BuyingPower(self.power, self.power, shares, shares, None, self.now)


@pytest.fixture
def broker(now) -> MemoryBroker:
    return MemoryBroker(now)


@pytest.fixture
def trading_days(db):
    """Two regular sessions around the day of the tests."""
    from instruments.selectors import forget_sessions
    from instruments.services import import_trading_days

    opens = datetime(2026, 11, 24, 14, 30, tzinfo=UTC)
    closes = datetime(2026, 11, 24, 21, 0, tzinfo=UTC)
    one = timedelta(days=1)
    import_trading_days(
        [SessionSpan(DAY + one * n, Session.REGULAR, opens + one * n, closes + one * n) for n in range(3)],
        source="test",
    )
    forget_sessions()
    yield
    forget_sessions()


def make_rule(account, **fields):
    from rules.models import RuleState, TradeRule

    values = {
        "symbol": "NVDA", "exchange": Exchange.NASDAQ, "buy_amount_usd": Decimal("5000"), "max_position": 100,
        "entry_condition": "price > 0", "exit_condition": "price < 0", "enabled": True, "cooldown_sec": 0,
    }  # fmt: skip
    rule = TradeRule.objects.create(account=account, **(values | fields))
    RuleState.objects.create(rule=rule)
    return rule


@pytest.fixture
def new_rule():
    return make_rule


@pytest.fixture
def rule(account, trading_days):
    return make_rule(account)


class Desk:
    """An account, its broker, and short ways to say what happens. `desk.at` is the time of every call."""

    def __init__(self, account, rule, broker, now):
        self.account, self.rule, self.broker, self.at = account, rule, broker, now
        self.keys = 0
        self.lost_lease: Exception | None = None
        self.heard: list[Quote] = []  # prices that the bot has heard
        self.compares = True  # as a running bot does: the holdings were compared a moment ago

    def fence(self) -> int:
        if self.lost_lease:
            raise self.lost_lease
        return 7

    def later(self, **more) -> None:
        self.at += timedelta(**more)
        self.broker.now = self.at

    def intent(self, side=Side.BUY, quantity=10, price="100.00", key=None, symbol="NVDA") -> OrderIntent:
        self.keys += 1
        return OrderIntent(key or f"key-{self.keys}", symbol, Exchange.NASDAQ, side, quantity, Decimal(price), "a test")

    def quote(self, price="100.00", symbol="NVDA") -> Quote:
        return Quote(symbol, Exchange.NASDAQ, Decimal(price), self.at, self.at)

    def submit(self, intent=None, rule=..., **more):
        from orders.services import submit

        intent = intent or self.intent()
        if self.compares:
            self.compared()
        more.setdefault("quote", self.quote(str(intent.limit_price), intent.symbol))
        return async_to_sync(submit)(
            account=self.account, rule=self.rule if rule is ... else rule, decision=None, intent=intent,
            broker=self.broker, fence=self.fence, now=self.at, **more,
        )  # fmt: skip

    def compared(self, at=None, account=None):
        """The account's holdings were compared with the broker's at this moment, and agreed."""
        from positions.models import AccountBook

        AccountBook.objects.update_or_create(account=account or self.account, defaults={"reconciled_at": at or self.at})

    def buy(self, **more):
        return self.submit(self.intent(**more))

    def sell(self, **more):
        return self.submit(self.intent(Side.SELL, **more))

    def track(self):
        from orders.services import track

        return async_to_sync(track)(account=self.account, broker=self.broker, now=self.at)

    def reconcile(self):
        from orders.services import reconcile

        return async_to_sync(reconcile)(account=self.account, broker=self.broker, now=self.at)

    def recover(self):
        from orders.services import recover

        return async_to_sync(recover)(account=self.account, broker=self.broker, fence=self.fence, now=self.at)

    def cancel(self, order):
        from orders.services import cancel

        return async_to_sync(cancel)(order=order, broker=self.broker, fence=self.fence, now=self.at)

    def carry_out(self):
        """What people asked, then what the rules want done with unfilled orders, as a bot does."""
        from orders.services import Prices, carry_out_instructions, tend_unfilled

        prices = Prices(self.broker, {q.symbol: q for q in self.heard})
        given = {"account": self.account, "broker": self.broker, "fence": self.fence, "now": self.at, "prices": prices}
        done = async_to_sync(carry_out_instructions)(**given)
        return done + async_to_sync(tend_unfilled)(**given)

    def held(self, quantity=10, price="100.00"):
        """Buy shares for the rule and see them filled."""
        order = self.buy(quantity=quantity, price=price)
        self.broker.fill(order.broker_order_id, quantity, price)
        self.track()
        order.refresh_from_db()
        return order


@pytest.fixture
def desk(account, rule, broker, now) -> Desk:
    return Desk(account, rule, broker, now)
