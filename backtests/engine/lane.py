"""One rule on its own bars: what it wants becomes an order, the order meets the next bars, the book keeps the fills."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, Protocol

from backtests.engine.book import Book
from backtests.engine.orders import Working, exact, limit_of, marketable_price, met_at, share_of_volume
from backtests.engine.plan import Plan
from market.columns import DAY
from market.data import Quote, SessionView
from market.errors import Text
from market.orders import OrderIntent
from market.sessions import SessionSpan
from market.words import Session, Side, Timeframe, TimeInForce
from orders.risk import GUARDS, RiskFacts, Verdict, assess
from rules.domain import Decision, may_add, quantity_for

NOON = DAY // 2
_ALWAYS = SessionView(Session.REGULAR)  # no table of sessions was given: every bar is tradable
WORKING = Text("앞선 주문이 아직 열려 있습니다.", "The earlier order is still open.")
LAST_BAR = Text(
    "마지막 봉에서 낸 주문이라 체결될 봉이 없습니다.", "Decided on the last bar: no bar is left to fill it."
)
NO_CASH = Text("현금이 모자랍니다.", "There is not enough cash.")
LESS_CASH = Text("현금에 맞게 수량을 줄였습니다.", "Reduced to what the cash affords.")
EXPIRED = Text("그날 체결되지 않아 만료되었습니다.", "It expired: the day was over.")
CANCELLED = Text("cancel_after_sec가 지나 취소되었습니다.", "Cancelled after cancel_after_sec.")
OUT = Text("청산하려고 남은 매수를 취소했습니다.", "The rest of the buy was cancelled in order to get out.")
TOO_SMALL = Text(
    "buy_amount_usd로 한 주도 살 수 없습니다.", "The amount buys not even one share."
)  # the guard of the same meaning would look at the limit
# A quote's age, a broker to compare with, the equity's peak, and how many orders the other rules sent in this minute.
NOT_REPLAYED = frozenset({"fresh_quote", "position_reconciled", "drawdown", "order_rate"})
NO_SESSION = Text("규칙이 쓰는 장 시간이 아닙니다.", "Not in a session in which the rule acts.")


class Judge(Protocol):
    """What a rule thinks of a bar that has just closed. A true answer acts; a Decision says more than that."""

    @property
    def watches_high(self) -> bool:
        """Whether the exit depends on the highest price since entry."""
        ...

    @property
    def entry(self) -> Callable[[int, "Held"], Any]: ...

    @property
    def exit(self) -> Callable[[int, "Held"], Any]: ...

    def attach(self, lane: "Lane") -> None:
        """Before the first bar."""

    def because(self, side: Side, bar: int, position: Any) -> Text:
        """Why it acted on the close of this bar."""
        ...


class Held:
    """What a rule holds and what its account has, as a condition reads them. One for each rule; it changes."""

    __slots__ = ("avg_price", "entries", "high_since_entry", "lane", "opened_at", "qty")

    def __init__(self, lane: "Lane | None" = None) -> None:
        self.lane = lane
        self.qty = 0
        self.clear()

    def clear(self) -> None:
        self.qty = 0
        self.entries = 0
        self.avg_price: Decimal | None = None
        self.opened_at: float | None = None
        self.high_since_entry: float | Decimal | None = None

    @property
    def cash_usd(self) -> Decimal | None:
        return self.lane.book.cash if self.lane else None

    @property
    def buying_power_usd(self) -> Decimal | None:
        return self.lane.spendable() if self.lane else None

    @property
    def equity_usd(self) -> Decimal | None:
        """Cash and every rule's shares at the newest close that its lane has seen."""
        if self.lane is None:
            return None
        held = (each.quantity * exact(each.columns.close[each.seen]) for each in self.lane.lanes if each.quantity)
        return sum(held, self.lane.book.cash)


class Lane:
    """The state of one rule in a replay."""

    __slots__ = (
        "_acted_at",
        "_auction",
        "_cancel_after",
        "_closes",
        "_cooldown",
        "_dates",
        "_first",
        "_guarded",
        "_length",
        "_opens",
        "_options",
        "_plain",
        "_symbol_lanes",
        "adds",
        "book",
        "columns",
        "entry",
        "exit",
        "lanes",
        "number",
        "order",
        "position",
        "quantity",
        "rule",
        "seen",
        "watches_high",
    )

    def __init__(self, number: int, plan: Plan, book: Book, judge: Judge) -> None:
        rule = plan.rules[number]
        self.number, self.rule, self.book = number, rule, book
        self.columns = plan.series[number]
        self._length = self.columns.timeframe.seconds
        self._opens, self._closes = memoryview(self.columns.open), memoryview(self.columns.close)
        self.entry, self.exit, self.watches_high = judge.entry, judge.exit, judge.watches_high
        self.order: Working | None = None
        self.adds = rule.max_entries > 1
        self.quantity = 0
        self.position = Held(self)
        self.seen = 0  # the newest bar whose close was looked at, where somebody needs it
        self.lanes: list[Lane] = [self]
        self._options = plan.options
        self._first = 0 if plan.trade_from is None else int(self.columns.start.searchsorted(plan.trade_from))
        self._auction = rule.time_in_force is not TimeInForce.DAY
        self._plain = plan.options.plain and not self._auction
        self._guarded = plan.options.guards
        self._cooldown, self._cancel_after = rule.cooldown_sec, rule.cancel_after_sec
        self._acted_at: int | None = None
        self._dates = None if self._plain and rule.program is None else self.columns.dates
        self._symbol_lanes = [k for k, other in enumerate(plan.rules) if other.symbol == rule.symbol]

    # --- time --------------------------------------------------------------------------------------------

    def closes(self, i: int) -> int:
        """When bar `i` is over, in seconds since 1970. A daily bar is over when its date is."""
        return self.columns.start.item(i) + self._length

    def _day(self, i: int) -> int:
        return self._dates.item(i) if self._dates is not None else self.columns.start.item(i) // DAY

    def _session_of(self, i: int) -> SessionSpan | None:
        """The session that bar `i` lies in; a daily bar lies in the day's regular one."""
        daily = self.columns.timeframe is Timeframe.D1
        return self._options.sessions.at(int(self.columns.start[i]) + (NOON if daily else 0))  # type: ignore[union-attr]

    def _acts(self, span: SessionSpan | None) -> bool:
        return span is not None and span.session in self.rule.sessions

    # --- decisions ---------------------------------------------------------------------------------------

    def on_close(self, i: int) -> None:
        """The rule looks at bar `i`, which has just closed."""
        self.seen = i
        if self.quantity:
            if self.watches_high:
                self.raise_high(i)
            if self.order is not None and self.order.side is Side.SELL:
                return
            wish = self.exit(i, self.position)
            if wish:
                if self.order is not None:
                    self._drop(OUT)
                self.decide(Side.SELL, i, wish)
            elif self.adds and self.order is None and (wish is False or self.rule.program is not None):
                self._look_to_add(i)
        elif self.order is None:
            wish = self.entry(i, self.position)
            if wish:
                self.decide(Side.BUY, i, wish)

    def _look_to_add(self, i: int) -> None:
        """Its exit is not true: a rule that may add looks at its entry, as live."""
        if may_add(self.rule, self.quantity, self.position.entries):
            wish = self.entry(i, self.position)
            if wish:
                self.decide(Side.BUY, i, wish)

    def raise_high(self, i: int) -> None:
        """The highest price since entry includes bar `i`."""
        high = self.columns.high.item(i)
        if high > float(self.position.high_since_entry or 0):
            self.position.high_since_entry = high

    def decide(self, side: Side, i: int, wish: Any) -> None:
        """The rule acts on the close of bar `i`: an order, unless something forbids it."""
        if side is Side.BUY and i < self._first:
            return
        close = exact(self._closes[i])
        said = wish if isinstance(wish, Decision) else None
        limit = said.limit_price if said else None
        if limit is None and self._options.limit_orders and not self._auction:
            limit = limit_of(self.rule, side, close, self._options)
        quantity = self.quantity
        if side is Side.BUY:
            quantity = quantity_for(self.rule, close, self.quantity)
        if said and said.quantity is not None:
            most = self.rule.max_position - self.quantity if side is Side.BUY else self.quantity
            quantity = min(said.quantity, most)
        now, self.seen = self.closes(i), i
        quantity = self._allowed(side, i, quantity, close, limit, now)
        if not quantity:
            return
        self.order = Working(side, quantity, i, now, limit)
        self._acted_at = now
        if said and said.said:
            self.book.ledger.reasons[self.number, i] = said.said

    def _allowed(self, side: Side, i: int, quantity: int, close: Decimal, limit: Decimal | None, now: int) -> int:
        """What may be ordered; 0 when it is forbidden, and the book then knows why."""
        if quantity < 1:
            self.book.veto(self.number, i, side, "whole_quantity", TOO_SMALL)
            return 0
        if self._guarded is not None:
            return self._asked(side, i, quantity, limit or limit_of(self.rule, side, close, self._options), now)
        if side is Side.BUY and self._acted_at is not None and now - self._acted_at < self._cooldown:
            left = self._cooldown - (now - self._acted_at)
            text = Text(f"{left}초 더 기다립니다.", f"The rule cools down for another {left} s.")
            self.book.veto(self.number, i, side, "cooldown", text)
            return 0
        if self._options.sessions is not None and not self._open_for_orders(i, now):
            self.book.veto(self.number, i, side, "market_session", NO_SESSION)
            return 0
        return quantity

    def _open_for_orders(self, i: int, now: int) -> bool:
        if self.columns.timeframe is Timeframe.D1:
            return self._acts(self._session_of(i))
        return self._acts(self._options.sessions.at(now))  # type: ignore[union-attr]

    # --- the same guards as live ---------------------------------------------------------------------------

    def _asked(self, side: Side, i: int, quantity: int, limit: Decimal, now: int) -> int:
        verdict = assess(self._intent(side, quantity, limit), self._facts(i, now), self._guards())
        for vote in verdict.vetoes[:1]:
            self.book.veto(self.number, i, side, vote.guard, vote.reason)
        if verdict.passed:
            self._say_reductions(side, i, verdict)
        return verdict.quantity

    def _say_reductions(self, side: Side, i: int, verdict: Verdict) -> None:
        for vote in verdict.reductions[:1]:
            self.book.not_filled(self.number, i, side, verdict.asked - verdict.quantity, vote.reason)

    def _guards(self) -> frozenset[str]:
        """All but those about what a replay has not, or that mean nothing on these bars."""
        without = NOT_REPLAYED
        if self._options.sessions is None:
            without |= {"market_session", "before_close"}
        elif self.columns.timeframe is Timeframe.D1:  # judged when the day is over
            without |= {"before_close"}
        return frozenset(GUARDS) - without

    def _intent(self, side: Side, quantity: int, limit: Decimal) -> OrderIntent:
        rule = self.rule
        return OrderIntent(
            decision_key="",
            symbol=rule.symbol,
            exchange=rule.exchange,
            side=side,
            quantity=quantity,
            limit_price=limit,
            reason="",
            time_in_force=rule.time_in_force,
        )

    def _facts(self, i: int, now: int) -> RiskFacts:
        guards, rule, book, day = self._guarded, self.rule, self.book, self._day(i)
        assert guards is not None
        moment = datetime.fromtimestamp(now, UTC)
        close = exact(self.columns.close[i])
        sessions = self._options.sessions
        at = now if self.columns.timeframe is not Timeframe.D1 else int(self.columns.start[i]) + NOON
        bought = book.bought.get(day, Decimal(0)) + self._reserved()
        mine = [self.lanes[k] for k in self._symbol_lanes]
        flying = {side: sum(lane.flying(side) for lane in mine) for side in Side}
        return RiskFacts(
            now=moment,
            environment=guards.environment,
            session=sessions.view(at) if sessions else _ALWAYS,
            allowed_sessions=frozenset(rule.sessions),
            quote=Quote(rule.symbol, rule.exchange, close, moment, moment),
            fee_bps=book.costs.commission_pct * 100,  # type: ignore[arg-type]
            house=guards.house,
            account=guards.account,
            house_committed=bought,
            account_committed=bought,
            house_realized=book.realized.get(day, Decimal(0)),
            account_realized=book.realized.get(day, Decimal(0)),
            book_quantity=sum(lane.quantity for lane in mine),
            buys_in_flight=flying[Side.BUY],
            sells_in_flight=flying[Side.SELL],
            open_positions=self._others(),
            rule_max_position=rule.max_position,
            rule_max_entries=rule.max_entries,
            rule_entries=self.position.entries,
            rule_quantity=self.quantity,
            rule_buys_in_flight=self.flying(Side.BUY),
            rule_sells_in_flight=self.flying(Side.SELL),
            rule_open_sides=frozenset({self.order.side}) if self.order else frozenset(),
            last_acted_at=None if self._acted_at is None else datetime.fromtimestamp(self._acted_at, UTC),
            cooldown=timedelta(seconds=self._cooldown),
            buying_power=self.spendable(),
            trading_day=date(1970, 1, 1) + timedelta(days=day),
        )

    def spendable(self) -> Decimal:
        """Cash that may be spent when the newest bar seen has closed."""
        return max(self.book.spendable(self._day(self.seen)) - self._reserved(), Decimal(0))

    def flying(self, side: Side) -> int:
        """Shares that the working order may still bring or take."""
        return self.order.leaves if self.order is not None and self.order.side is side else 0

    def _reserved(self) -> Decimal:
        """What the buys at work may still cost, by their limits or the close on which they were decided."""
        total = Decimal(0)
        for lane in self.lanes:
            order = lane.order
            if order is not None and order.side is Side.BUY:
                total += order.leaves * (order.limit or exact(lane.columns.close[order.decided]))
        return total

    def _others(self) -> int:
        symbols = {lane.rule.symbol for lane in self.lanes if lane.quantity or lane.flying(Side.BUY)}
        return len(symbols - {self.rule.symbol})

    def meet(self, lanes: "list[Lane]") -> None:
        """All rules of the account, this one among them."""
        self.lanes = lanes

    # --- the order and the bars ------------------------------------------------------------------------------

    def on_bar(self, i: int) -> None:
        """The working order meets bar `i`."""
        order = self.order
        assert order is not None
        if self._plain and order.limit is None:
            self._take(order, i, order.leaves, marketable_price(order.side, exact(self._opens[i]), self._options))
            return
        if self._over(order, i):
            return
        price = self._price_in(order, i)
        if price is None:
            return
        share = share_of_volume(float(self.columns.volume[i]), self._options.volume_limit_pct, order.leaves)
        if share:
            self._take(order, i, share, price)
        if self._auction and self.order is not None:
            self._drop(EXPIRED)  # an auction is one moment

    def _over(self, order: Working, i: int) -> bool:
        """A day order ends with its day, an order with a patience after it."""
        opened = int(self.columns.start[i])
        if self._cancel_after is not None and opened - order.placed_at >= self._cancel_after and not self._new(order):
            self._drop(CANCELLED)
            return True
        if self._options.sessions is not None and not self._acts(self._session_of(i)):
            return True  # the bar is not for this rule; the order waits
        if self.rule.time_in_force is TimeInForce.AT_OPEN:
            return False  # it is for the next opening, whatever day that is
        if order.day is None:
            order.day = self._day(i)
        elif order.day != self._day(i):
            self._drop(EXPIRED)
            return True
        return False

    def _new(self, order: Working) -> bool:
        """The first bar after the decision begins at once, however late the next price came."""
        first, order.first_bar = order.first_bar, False
        return first

    def _price_in(self, order: Working, i: int) -> Decimal | None:
        columns, options = self.columns, self._options
        if self._auction:
            return self._auction_price(order, i)
        opened, low, high = exact(columns.open[i]), exact(columns.low[i]), exact(columns.high[i])
        return met_at(order, opened, low, high, options)

    def _auction_price(self, order: Working, i: int) -> Decimal | None:
        """The first price of the regular session, or its last."""
        at_open = self.rule.time_in_force is TimeInForce.AT_OPEN
        other = i - 1 if at_open else i + 1
        inside = 0 <= other < len(self.columns) and self._same_session(i, other)
        if inside:
            return None
        price = exact((self.columns.open if at_open else self.columns.close)[i])
        return marketable_price(order.side, price, self._options)

    def _same_session(self, i: int, other: int) -> bool:
        if self.columns.timeframe is Timeframe.D1:
            return False
        if self._options.sessions is None:
            return self._day(i) == self._day(other)
        here, there = self._session_of(i), self._session_of(other)
        return here is not None and there is not None and here.start == there.start

    def _take(self, order: Working, i: int, quantity: int, price: Decimal) -> None:
        """Books what fills, as far as the cash goes."""
        day, left = self._day(i), order.leaves
        if order.side is Side.BUY:
            affordable = self.book.costs.affordable(self.book.spendable(day), price)
            if affordable < quantity:
                text = NO_CASH if not affordable else LESS_CASH
                self.book.not_filled(self.number, order.decided, order.side, left - affordable, text)
                quantity = left = affordable  # the rest is not wanted later either
        if quantity:
            self.book.fill(self.number, order.side, quantity, price, bar=i, decided=order.decided, day=day)
            self._hold(i, price)
            if order.side is Side.BUY and not order.entered:
                order.entered, self.position.entries = True, self.position.entries + 1
        order.leaves = left - quantity
        if not order.leaves:
            self.order = None

    def _hold(self, i: int, price: Decimal) -> None:
        """What the rule now holds. The bar in which it bought counts for the highest price."""
        holding, before, held = self.book.holdings[self.number], self.quantity, self.position
        self.quantity = held.qty = holding.quantity
        if not self.quantity:
            held.clear()
            return
        held.avg_price = holding.average
        if not before:
            held.opened_at = float(self.columns.start[i])
            held.high_since_entry = float(price)
        elif self.adds and self.quantity > before:  # what is paid is a price, too
            held.high_since_entry = max(float(held.high_since_entry or 0), float(price))

    def _drop(self, why: Text) -> None:
        order, self.order = self.order, None
        assert order is not None
        self.book.not_filled(self.number, order.decided, order.side, order.leaves, why)

    def finish(self) -> None:
        """No bar is left."""
        if self.order is not None:
            last = self.order.decided == len(self.columns) - 1
            self._drop(LAST_BAR if last else EXPIRED)
