"""Sections 4.14 and 4.15: the balance on the basis of settlement, and the margin by currency (real only)."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from kis.simulator import codes
from kis.simulator.book import ZERO, Account, Order
from kis.simulator.clock import seoul_hms, seoul_ymd
from kis.simulator.rest import fields
from kis.simulator.rest.balance import isin, last_price, percent
from kis.simulator.rest.call import ACCOUNT, Answer, Call, Endpoint, num, ok, padded
from kis.simulator.rest.power import cents
from kis.simulator.rest.refusing import guarded
from kis.simulator.settlement import settles_on
from kis.simulator.world import World


def _later(world: World, account: Account, day: date) -> list[Order]:
    """Orders whose fills settle after this day."""
    return [o for o in account.orders if o.fills and settles_on(world, o.date) > day]


def _shares(orders: list[Order], symbol: str) -> int:
    """Shares that these orders brought, less those that they took."""
    return sum(o.filled if o.side == "buy" else -o.filled for o in orders if o.symbol == symbol)


def _cash(orders: list[Order]) -> Decimal:
    """USD that these orders brought, less what they cost."""
    total = ZERO
    for order in orders:
        charges = sum((f.fee + f.tax for f in order.fills), ZERO)
        total += order.amount - charges if order.side == "sell" else -order.amount - charges
    return total


def _average(account: Account, symbol: str) -> Decimal:
    """Cost of a share: of those held, else of those that were sold last."""
    if (holding := account.holdings.get(symbol)) and holding.quantity:
        return holding.average
    sold = [f for o in account.orders if o.symbol == symbol and o.side == "sell" for f in o.fills if f.cost is not None]
    return sold[-1].cost / sold[-1].quantity if sold and sold[-1].cost is not None else ZERO


@guarded
def settled_balance(world: World, call: Call) -> Answer:
    """What is settled by a day. 01 is won here and 02 foreign currency, as in 4.8."""
    day = fields.day(call, "BASS_DT")
    in_won = fields.one_of(call, "WCRC_FRCR_DVSN_CD", ("01", "02")) == "01"
    whole = fields.one_of(call, "INQR_DVSN_CD", ("00", "01", "02")) != "02"
    account, rate = call.account, Decimal(world.switches.exchange_rate)
    later = _later(world, account, day)
    symbols = sorted({*account.holdings, *(o.symbol for o in later)}) if whole else []
    held = {s: _held(account, s) - _shares(later, s) for s in symbols}
    rows = [_row(world, call, s, n, day, rate if in_won else Decimal(1)) for s, n in held.items() if n > 0]
    cash = account.cash - _cash(later)
    output2 = {
        "crcy_cd": "USD",
        "crcy_cd_name": "미국 달러",
        "frcr_dncl_amt_2": num(cash, 6),
        "frst_bltn_exrt": num(rate, 8),
        "frcr_evlu_amt2": num(cash * rate, 6),
    }
    cost = sum((_average(account, s) * n for s, n in held.items() if n > 0), ZERO) * rate
    value = sum((last_price(world, s, call) * n for s, n in held.items() if n > 0), ZERO) * rate
    body = {"output1": rows, "output2": [output2], "output3": _sums(account, cost, value, cash * rate)}
    return ok(body, "KIOK0510", padded("조회가 완료되었습니다"))


def _held(account: Account, symbol: str) -> int:
    return account.holdings[symbol].quantity if symbol in account.holdings else 0


def _row(world: World, call: Call, symbol: str, quantity: int, day: date, unit: Decimal) -> dict[str, str]:
    listing, account = world.market.listings[symbol], call.account
    average, last = _average(account, symbol), last_price(world, symbol, call)
    cost, value = average * quantity, last * quantity
    traded = {side: sum(o.filled for o in account.orders if (o.symbol, o.side, o.date) == (symbol, side, day))
              for side in ("buy", "sell")}  # fmt: skip
    return {
        "pdno": symbol,
        "prdt_name": listing.name,
        "cblc_qty13": num(quantity, 8),
        "ord_psbl_qty1": num(max(0, min(quantity, account.sellable(symbol))), 8),
        "avg_unpr3": num(average, 4),
        "ovrs_now_pric1": num(last, 5),
        "frcr_pchs_amt": num(cost * unit, 5),
        "frcr_evlu_amt2": num(value * unit, 5),
        "evlu_pfls_amt2": num((value - cost) * unit, 5),
        "bass_exrt": num(Decimal(world.switches.exchange_rate), 8),
        "oprt_dtl_dtime": seoul_ymd(call.now) + seoul_hms(call.now) + f"{call.now.microsecond // 1000:03d}",
        "buy_crcy_cd": "USD",
        "thdt_sll_ccld_qty1": num(traded["sell"], 8),
        "thdt_buy_ccld_qty1": num(traded["buy"], 8),
        "evlu_pfls_rt1": num(percent(value - cost, cost), 8),
        "tr_mket_name": listing.market.name,
        "natn_kor_name": "미국",
        "std_pdno": isin(listing),
        "mgge_qty": "0",
        "loan_rmnd": "0",
        "prdt_type_cd": listing.market.product_type,
        "ovrs_excg_cd": listing.market.order,
        "scts_dvsn_name": "ETF" if listing.etf else "주식",
        "ldng_cblc_qty": "0",
    }


def _sums(account: Account, cost: Decimal, value: Decimal, cash: Decimal) -> dict[str, str]:
    """KRW."""
    return {
        "pchs_amt_smtl_amt": num(cost, 0),
        "tot_evlu_pfls_amt": num(value - cost, 0),
        "evlu_erng_rt1": num(percent(value - cost, cost), 8),
        "tot_dncl_amt": num(account.won, 0),
        "wcrc_evlu_amt_smtl": num(value, 0),
        "tot_asst_amt2": num(account.won + cash + value, 0),
        "frcr_cblc_wcrc_evlu_amt_smtl": num(cash, 0),
        "tot_loan_amt": "0",
        "tot_ldng_evlu_amt": "0",
    }


# Section 4.15: dollars stand under several countries, and most of the rows are blank.
COUNTRIES = (
    ("네덜란드", "USD"), ("미국", "USD"), ("프랑스", "USD"), ("독일", "USD"), ("홍콩", "HKD"), ("중국", "CNY"),
    ("일본", "JPY"), ("베트남", "VND"),
)  # fmt: skip
MARGIN_ROWS = 50
MARGIN_FIELDS = codes.words(
    "natn_name crcy_cd frcr_dncl_amt1 ustl_buy_amt ustl_sll_amt frcr_rcvb_amt frcr_mgn_amt frcr_gnrl_ord_psbl_amt "
    "frcr_ord_psbl_amt1 itgr_ord_psbl_amt bass_exrt"
)


def foreign_margin(world: World, call: Call) -> Answer:
    """Money by country and currency; the one row that counts is that of 미국."""
    rows = [_margin_row(world, call.account, *pair) for pair in COUNTRIES]
    blank = dict.fromkeys(MARGIN_FIELDS, "")
    rows += [dict(blank) for _ in range(MARGIN_ROWS - len(rows))]
    return ok({"output": rows}, "KIOK0510", padded("조회가 완료되었습니다"))


def _margin_row(world: World, account: Account, nation: str, currency: str) -> dict[str, str]:
    rate = Decimal(world.switches.exchange_rate) if currency == "USD" else Decimal(0)
    part = 1 + world.exchange.fees.buffer(account.environment)
    money = dict.fromkeys(MARGIN_FIELDS[2:-1], ZERO)
    if nation == "미국":
        won = account.won / rate / part
        both = max(ZERO, world.exchange.buying_power(account, integrated=True)) / part
        money |= {
            "frcr_dncl_amt1": account.deposit,
            "ustl_buy_amt": account.unsettled_amount("buy"),
            "ustl_sll_amt": account.unsettled_amount("sell"),
            "frcr_rcvb_amt": max(ZERO, -account.deposit),
            "frcr_mgn_amt": account.reserved(world.exchange.fees.buffer(account.environment)),
            "frcr_gnrl_ord_psbl_amt": max(ZERO, world.exchange.buying_power(account, integrated=False)) / part,
            "frcr_ord_psbl_amt1": won,
            "itgr_ord_psbl_amt": both,
        }
    texts = {name: num(amount, 6) if name == "frcr_dncl_amt1" else cents(amount) for name, amount in money.items()}
    return {"natn_name": nation, "crcy_cd": currency, **texts, "bass_exrt": num(rate, 8)}


QUERY = ("BASS_DT", "WCRC_FRCR_DVSN_CD", "INQR_DVSN_CD")
ENDPOINTS = (
    Endpoint("GET", codes.TRADING + "inquire-paymt-stdr-balance", settled_balance, (*ACCOUNT, *QUERY)),
    Endpoint("GET", codes.TRADING + "foreign-margin", foreign_margin, ACCOUNT),
)
