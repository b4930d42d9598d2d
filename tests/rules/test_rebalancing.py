"""Bringing an account back to its weights: near them, never over the cash, and nothing to do a second time."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from market.words import Side
from rules.rebalancing import Held, NoPrice, Plan, lines_of, rebalance

FEE_BPS = 25


def fee(trade) -> Decimal:
    return (trade.value * FEE_BPS / 10000).quantize(Decimal("0.0001"))


def after(holdings, cash, trades):
    """Holdings and cash when every trade was filled at its price."""
    held = dict(holdings)
    for t in trades:
        before = held.get(t.symbol, Held())
        change = t.quantity if t.side is Side.BUY else -t.quantity
        held[t.symbol] = Held(before.quantity + change, before.owned_by_rules)
        cash += (-t.value if t.side is Side.BUY else t.value) - fee(t)
    return held, cash


def run(weights, holdings, prices, cash, *, band="5", **more):
    plan = Plan({s: Decimal(p) for s, p in weights.items()}, Decimal(band), **more)
    held = {s: h if isinstance(h, Held) else Held(h) for s, h in holdings.items()}
    return rebalance(plan, held, {s: Decimal(p) for s, p in prices.items()}, Decimal(cash), FEE_BPS)


def said(trades) -> list[tuple]:
    return [(t.side.value, t.quantity, t.symbol) for t in trades]


class TestWhatIsDone:
    def test_cash_becomes_shares_by_the_weights_and_the_rest_stays_cash(self):
        trades = run({"SPY": "60", "KO": "30"}, {}, {"SPY": "500", "KO": "60"}, "100000")

        assert said(trades) == [("buy", 120, "SPY"), ("buy", 496, "KO")]

    def test_sells_come_first(self):
        trades = run({"SPY": "50", "KO": "50"}, {"SPY": 100}, {"SPY": "100", "KO": "50"}, "0")

        assert said(trades) == [("sell", 50, "SPY"), ("buy", 99, "KO")]

    def test_nothing_is_done_while_all_lie_within_the_band(self):
        assert run({"SPY": "50", "KO": "50"}, {"SPY": 54, "KO": 46}, {"SPY": "100", "KO": "100"}, "0") == ()

    def test_when_one_is_outside_all_are_brought_back(self):
        trades = run(
            {"SPY": "50", "KO": "25", "IBM": "25"}, {"SPY": 42, "KO": 29, "IBM": 29},
            {"SPY": "100", "KO": "100", "IBM": "100"}, "0",
        )  # fmt: skip

        assert {(t.side, t.symbol) for t in trades} == {(Side.SELL, "IBM"), (Side.SELL, "KO"), (Side.BUY, "SPY")}

    def test_shares_that_rules_own_are_not_touched(self):
        trades = run({"SPY": "0"}, {"SPY": Held(100, owned_by_rules=60)}, {"SPY": "100"}, "0")

        assert said(trades) == [("sell", 40, "SPY")]

    def test_unless_the_plan_says_so(self):
        held = {"SPY": Held(100, owned_by_rules=60)}
        trades = run({"SPY": "0"}, held, {"SPY": "100"}, "0", include_rule_positions=True)

        assert said(trades) == [("sell", 100, "SPY")]

    def test_what_the_plan_does_not_name_is_left_alone(self):
        assert said(run({"SPY": "0"}, {"SPY": 10, "KO": 500}, {"SPY": "100"}, "0")) == [("sell", 10, "SPY")]

    def test_without_a_price_nothing_is_reckoned(self):
        with pytest.raises(NoPrice, match="KO"):
            run({"SPY": "50", "KO": "50"}, {}, {"SPY": "100"}, "1000")

    def test_a_zero_is_no_price(self):
        with pytest.raises(NoPrice):
            run({"SPY": "50"}, {}, {"SPY": "0"}, "1000")

    def test_an_empty_account_wants_nothing(self):
        assert run({"SPY": "100"}, {}, {"SPY": "100"}, "0") == ()


cents = st.integers(min_value=50, max_value=200_000).map(lambda c: Decimal(c) / 100)
SYMBOLS = ("AAPL", "IBM", "KO", "SPY", "TSLA")


@st.composite
def accounts(draw):
    symbols = draw(st.lists(st.sampled_from(SYMBOLS), min_size=1, max_size=5, unique=True))
    left, weights = 100, {}
    for symbol in symbols:
        weights[symbol] = Decimal(draw(st.integers(0, left)))
        left -= int(weights[symbol])
    held = {}
    for symbol in symbols:
        quantity = draw(st.integers(0, 400))
        held[symbol] = Held(quantity, draw(st.integers(0, quantity)) if draw(st.booleans()) else 0)
    prices = {symbol: draw(cents) for symbol in symbols}
    cash = Decimal(draw(st.integers(0, 20_000_000))) / 100
    band = Decimal(draw(st.sampled_from(["0.5", "1", "2.5", "5", "20"])))
    return Plan(weights, band, draw(st.booleans())), held, prices, cash


@settings(max_examples=600, deadline=None)
@given(accounts())
def test_it_never_spends_more_than_there_is_nor_sells_more_than_it_may(drawn):
    plan, held, prices, cash = drawn
    trades = rebalance(plan, held, prices, cash, FEE_BPS)
    _, left = after(held, cash, trades)

    assert left >= 0
    for t in trades:
        mine = held[t.symbol].quantity - (0 if plan.include_rule_positions else held[t.symbol].owned_by_rules)
        assert t.quantity > 0
        assert t.side is Side.BUY or t.quantity <= mine
    assert [t.side for t in trades] == sorted((t.side for t in trades), key=lambda s: s is Side.BUY)
    assert len({t.symbol for t in trades}) == len(trades)


@settings(max_examples=600, deadline=None)
@given(accounts())
def test_the_cash_that_is_to_stay_is_not_spent(drawn):
    plan, held, prices, cash = drawn
    trades = rebalance(plan, held, prices, cash, FEE_BPS)
    if not any(t.side is Side.BUY for t in trades):
        return
    final, left = after(held, cash, trades)
    whole = left + sum(line.value for line in lines_of(plan, final, prices, left))
    rest = 100 - sum(plan.weights.values())

    assert left >= whole * rest / 100 - whole * Decimal("0.0001")  # what the fees of whole shares are off


@settings(max_examples=600, deadline=None)
@given(accounts())
def test_weights_are_within_the_band_or_as_near_as_whole_shares_and_cash_allow(drawn):
    plan, held, prices, cash = drawn
    trades = rebalance(plan, held, prices, cash, FEE_BPS)
    final, left = after(held, cash, trades)
    lines = lines_of(plan, final, prices, left)
    whole = left + sum(line.value for line in lines)
    spare = left - whole * (100 - sum(plan.weights.values())) / 100

    for line in lines:
        near = max(whole * plan.band_pct / 100, line.price) + whole * Decimal("0.006")
        no_money = line.off < 0 and spare < line.price * Decimal("1.003") + whole * Decimal("0.0001")
        assert abs(line.off) <= near or no_money, (line, spare, trades)


@settings(max_examples=600, deadline=None)
@given(accounts())
def test_run_again_on_what_came_of_it_there_is_nothing_left_to_do(drawn):
    plan, held, prices, cash = drawn
    trades = rebalance(plan, held, prices, cash, FEE_BPS)
    final, left = after(held, cash, trades)

    assert rebalance(plan, final, prices, left, FEE_BPS) == ()
