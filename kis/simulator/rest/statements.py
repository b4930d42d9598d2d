"""Sections 4.12 and 4.13: what was earned, and what was traded, out of the account's own fills (real only)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from kis.simulator import codes
from kis.simulator.book import ZERO, Fill, Order
from kis.simulator.clock import us_date, ymd
from kis.simulator.fees import CENT
from kis.simulator.rest import fields
from kis.simulator.rest.balance import isin, percent
from kis.simulator.rest.call import ACCOUNT, CTX, Answer, Call, Endpoint, num, ok, padded
from kis.simulator.rest.fields import BadField
from kis.simulator.rest.paging import CTX100, page, said
from kis.simulator.rest.refusing import guarded
from kis.simulator.settlement import settles_on
from kis.simulator.world import World

ROWS = 20  # the sheet does not say how many


@dataclass(slots=True)
class Sale:
    """What was sold of one symbol on one US date; USD."""

    day: date
    symbol: str
    fills: list[Fill] = field(default_factory=list)

    @property
    def key(self) -> str:
        return f"{ymd(self.day)}^{self.symbol}^"

    @property
    def quantity(self) -> int:
        return sum(f.quantity for f in self.fills)

    @property
    def amount(self) -> Decimal:
        return sum((f.price * f.quantity for f in self.fills), ZERO)

    @property
    def cost(self) -> Decimal:
        """Of the shares sold. Books of earlier versions do not know it: there nothing was earned."""
        known = (f.price * f.quantity if f.cost is None else f.cost for f in self.fills)
        return sum(known, ZERO)

    @property
    def charges(self) -> Decimal:
        return sum((f.fee + f.tax for f in self.fills), ZERO)

    @property
    def profit(self) -> Decimal:
        return self.amount - self.cost - self.charges


def _exchanges(call: Call) -> frozenset[str]:
    """Blank is everything, NASD is all of the US. Raises BadField."""
    code = call.params["OVRS_EXCG_CD"].strip()
    if code in ("", "NASD"):
        return codes.ORDER_EXCHANGES
    if code not in codes.ORDER_EXCHANGES | codes.OTHER_ORDER_EXCHANGES:
        raise BadField("OVRS_EXCG_CD")
    return frozenset({code})


def _traded(call: Call, first: date, last: date) -> Iterator[Order]:
    """Orders with fills that the query asks for, by the date of the trade."""
    exchanges, symbol = _exchanges(call), call.params["PDNO"].strip()
    for order in call.account.orders:
        asked = order.exchange in exchanges and symbol in ("", "%", order.symbol)
        if order.fills and asked and first <= order.date <= last:
            yield order


@guarded
def period_profit(world: World, call: Call) -> Answer:
    """Sales of finished days. 01 is foreign currency here and 02 won, unlike 4.8."""
    first, last = fields.day(call, "INQR_STRT_DT"), fields.day(call, "INQR_END_DT")
    in_won = fields.one_of(call, "WCRC_FRCR_DVSN_CD", ("01", "02")) == "02"
    currency, nation = call.params["CRCY_CD"].strip(), call.params["NATN_CD"].strip()
    sales: dict[tuple[date, str], Sale] = {}
    for order in _traded(call, first, last):
        if order.side == "sell" and order.date < us_date(call.now):
            sale = sales.setdefault((order.date, order.symbol), Sale(order.date, order.symbol))
            sale.fills += order.fills
    wanted = currency in ("", "USD") and nation in ("", "840")
    rows = sorted(sales.values(), key=lambda s: s.key) if wanted else []
    search = [call.params[f].strip() for f in (*ACCOUNT, "OVRS_EXCG_CD", "INQR_STRT_DT", "INQR_END_DT")]
    shown, context, tr_cont, more = page(call, rows, lambda s: s.key, ROWS, search)
    code, text = said(call, len(shown), more)
    money = _Money(Decimal(world.switches.exchange_rate), in_won)
    output1 = [_profit_row(world, sale, money) for sale in shown]
    body = {**context, "output1": output1, "output2": _profit_sums(rows, money, ymd(us_date(call.now)))}
    return ok(body, code, padded(text), tr_cont)


@dataclass(frozen=True, slots=True)
class _Money:
    """Dollars, or the same in won, as text."""

    rate: Decimal
    in_won: bool

    def text(self, amount: Decimal, places: int = 5) -> str:
        return num(amount * self.rate, 0) if self.in_won else num(amount, places)


def _profit_row(world: World, sale: Sale, money: _Money) -> dict[str, str]:
    listing = world.market.listings[sale.symbol]
    return {
        "trad_day": ymd(sale.day),
        "ovrs_pdno": sale.symbol,
        "ovrs_item_name": listing.name,
        "slcl_qty": str(sale.quantity),
        "pchs_avg_pric": money.text(sale.cost / sale.quantity, 4),
        "frcr_pchs_amt1": money.text(sale.cost),
        "avg_sll_unpr": money.text(sale.amount / sale.quantity, 4),
        "frcr_sll_amt_smtl1": money.text(sale.amount),
        "stck_sll_tlex": money.text(sale.charges),
        "ovrs_rlzt_pfls_amt": money.text(sale.profit),
        "pftrt": num(percent(sale.profit, sale.cost), 8),
        "exrt": num(money.rate, 4),
        "ovrs_excg_cd": listing.market.order,
        "frst_bltn_exrt": num(money.rate, 8),
    }


def _profit_sums(sales: list[Sale], money: _Money, today: str) -> dict[str, str]:
    cost = sum((s.cost for s in sales), ZERO)
    profit = sum((s.profit for s in sales), ZERO)
    amount = sum((s.amount for s in sales), ZERO)
    return {
        "stck_sll_amt_smtl": money.text(amount),
        "stck_buy_amt_smtl": money.text(cost),
        "smtl_fee1": money.text(sum((s.charges for s in sales), ZERO)),
        "excc_dfrm_amt": money.text(amount - cost),
        "ovrs_rlzt_pfls_tot_amt": money.text(profit),
        "tot_pftrt": num(percent(profit, cost), 8),
        "bass_dt": today,
        "exrt": num(money.rate, 4),
    }


@dataclass(frozen=True, slots=True)
class Charges:
    """What a trade cost: KIS's own commission, the exchanges' fees, the tax kept back; USD."""

    domestic: Decimal
    foreign: Decimal
    tax: Decimal

    @property
    def total(self) -> Decimal:
        return self.domestic + self.foreign + self.tax


def charges_of(world: World, order: Order) -> Charges:
    """The charges of an order's fills: together exactly what was taken from the account."""
    domestic = min(order.fees, (order.amount * world.exchange.fees.commission).quantize(CENT, ROUND_HALF_UP))
    return Charges(domestic, order.fees - domestic, sum((f.tax for f in order.fills), ZERO))


@guarded
def period_transactions(world: World, call: Call) -> Answer:
    """Trades by date, with their fees and the day on which they settle."""
    first, last = fields.day(call, "ERLM_STRT_DT"), fields.day(call, "ERLM_END_DT")
    side = fields.one_of(call, "SLL_BUY_DVSN_CD", ("", "00", "01", "02"))
    orders = [o for o in _traded(call, first, last) if side in ("", "00", codes.SIDE_CODES[o.side])]
    orders.sort(key=_order_key)
    search = [call.params[f].strip() for f in (*ACCOUNT, *TRANSACTIONS)]
    shown, context, tr_cont, more = page(call, orders, _order_key, ROWS, search, CTX100)
    code, text = said(call, len(shown), more)
    body = {**context, "output1": [_trade_row(world, o) for o in shown], "output2": _trade_sums(world, orders)}
    return ok(body, code, padded(text), tr_cont)


def _order_key(order: Order) -> str:
    return f"{ymd(order.date)}!^{order.number}!^"


def _trade_row(world: World, order: Order) -> dict[str, str]:
    listing, rate = world.market.listings[order.symbol], Decimal(world.switches.exchange_rate)
    charges = charges_of(world, order)
    settled = order.amount + charges.total if order.side == "buy" else order.amount - charges.total
    return {
        "trad_dt": ymd(order.date),
        "sttl_dt": ymd(settles_on(world, order.date)),
        "sll_buy_dvsn_cd": codes.SIDE_CODES[order.side],
        "sll_buy_dvsn_name": codes.SIDE_NAMES[order.side],
        "pdno": order.symbol,
        "ovrs_item_name": listing.name,
        "ccld_qty": str(order.filled),
        "amt_unit_ccld_qty": "0",
        "ft_ccld_unpr2": num(order.average, 8),
        "ovrs_stck_ccld_unpr": num(order.average * rate, 2),
        "tr_frcr_amt2": num(order.amount, 5),
        "tr_amt": num(order.amount * rate, 0),
        "frcr_excc_amt_1": num(settled, 5),
        "wcrc_excc_amt": num(settled * rate, 0),
        "dmst_frcr_fee1": num(charges.domestic, 5),
        "frcr_fee1": num(charges.foreign, 5),
        "dmst_wcrc_fee": num(charges.domestic * rate, 0),
        "ovrs_wcrc_fee": num(charges.foreign * rate, 0),
        "crcy_cd": "USD",
        "std_pdno": isin(listing),
        "erlm_exrt": num(rate, 8),
        "loan_dvsn_cd": "",
        "loan_dvsn_name": "",
    }


def _trade_sums(world: World, orders: list[Order]) -> dict[str, str]:
    charges = [charges_of(world, o) for o in orders]
    return {
        "frcr_buy_amt_smtl": num(sum((o.amount for o in orders if o.side == "buy"), ZERO), 5),
        "frcr_sll_amt_smtl": num(sum((o.amount for o in orders if o.side == "sell"), ZERO), 5),
        "dmst_fee_smtl": num(sum((c.domestic for c in charges), ZERO), 5),
        "ovrs_fee_smtl": num(sum((c.foreign for c in charges), ZERO), 5),
    }


PROFIT = codes.words("OVRS_EXCG_CD NATN_CD CRCY_CD PDNO INQR_STRT_DT INQR_END_DT WCRC_FRCR_DVSN_CD")
TRANSACTIONS = codes.words("ERLM_STRT_DT ERLM_END_DT OVRS_EXCG_CD PDNO SLL_BUY_DVSN_CD LOAN_DVSN_CD")
ENDPOINTS = (
    Endpoint("GET", codes.TRADING + "inquire-period-profit", period_profit, (*ACCOUNT, *PROFIT, *CTX)),
    Endpoint(
        "GET",
        codes.TRADING + "inquire-period-trans",
        period_transactions,
        (*ACCOUNT, *TRANSACTIONS, *CTX100.fields),
    ),
)
