"""Section 4.8: the balance on the basis of executions, with the money."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from kis.simulator import codes
from kis.simulator.book import ZERO, Account, Holding
from kis.simulator.listing import Listing
from kis.simulator.rest import fields
from kis.simulator.rest.balance import held_by, isin, last_price, percent
from kis.simulator.rest.call import ACCOUNT, Answer, Call, Endpoint, num, ok, padded
from kis.simulator.rest.refusing import guarded
from kis.simulator.world import World


@guarded
def present_balance(world: World, call: Call) -> Answer:
    """Execution based. The deposit is on a settlement basis and stands still during the day (Appendix E)."""
    won = fields.one_of(call, "WCRC_FRCR_DVSN_CD", ("01", "02")) == "01"  # 01 KRW here, unlike 4.12 (9 #17)
    fields.one_of(call, "NATN_CD", ("000", "840"))
    market = fields.one_of(call, "TR_MKET_CD", ("00", "01", "02", "03", "04", "05"))
    fields.one_of(call, "INQR_DVSN_CD", ("00", "01", "02"))
    rate = Decimal(world.switches.exchange_rate)
    held = [pair for pair in held_by(world, call.account) if market in ("00", pair[0].market.number)]
    if call.params["INQR_DVSN_CD"].strip() == "02":  # fractions of shares: nobody has any
        held = []
    output1 = [_present_row(world, call, rate, won, *pair) for pair in held]
    output2 = [_currency_row(world, call.account, rate)]
    output3 = _present_sums(world, call, rate)
    if call.side == codes.PAPER:
        output1, output2 = [], []
        return _present(output1, output2, output3, "20310000", "모의투자 조회가 완료되었습니다.")
    return _present(output1, output2, output3, "KIOK0510", "조회가 완료되었습니다")


def _present(one: list[Any], two: list[Any], three: dict[str, str], code: str, text: str) -> Answer:
    return ok({"output1": one, "output2": two, "output3": three}, code, padded(text))


def _today(account: Account, symbol: str, side: str) -> tuple[int, Decimal]:
    fills = [
        f for o in account.orders if o.symbol == symbol and o.side == side and o.date == account.day for f in o.fills
    ]
    return sum(f.quantity for f in fills), sum((f.price * f.quantity for f in fills), ZERO)


def _present_row(
    world: World, call: Call, rate: Decimal, won: bool, listing: Listing, holding: Holding
) -> dict[str, str]:
    unit = rate if won else Decimal(1)
    last = last_price(world, listing.symbol, call)
    value = last * holding.quantity
    profit = value - holding.cost
    bought, bought_usd = _today(call.account, listing.symbol, "buy")
    sold, sold_usd = _today(call.account, listing.symbol, "sell")
    return {
        "prdt_name": listing.name,
        "cblc_qty13": num(holding.quantity - bought + sold, 8),
        "thdt_buy_ccld_qty1": num(bought, 8),
        "thdt_sll_ccld_qty1": num(sold, 8),
        "ccld_qty_smtl1": num(holding.quantity, 8),
        "ord_psbl_qty1": num(call.account.sellable(listing.symbol), 8),
        "frcr_pchs_amt": num(holding.cost * unit, 5),
        "frcr_evlu_amt2": num(value * unit, 5),
        "evlu_pfls_amt2": num(profit * unit, 5),
        "evlu_pfls_rt1": num(percent(profit, holding.cost), 8),
        "pdno": listing.symbol,
        "bass_exrt": num(rate, 8),
        "buy_crcy_cd": "USD",
        "ovrs_now_pric1": num(last, 5),
        "avg_unpr3": num(holding.average, 4),
        "tr_mket_name": listing.market.name,
        "natn_kor_name": "미국",
        "pchs_rmnd_wcrc_amt": num(holding.cost * rate, 0),
        "thdt_buy_ccld_frcr_amt": num(bought_usd * unit, 5),
        "thdt_sll_ccld_frcr_amt": num(sold_usd * unit, 5),
        "unit_amt": "1",
        "std_pdno": isin(listing),
        "prdt_type_cd": listing.market.product_type,
        "scts_dvsn_name": "ETF" if listing.etf else "주식",
        "loan_rmnd": "0",
        "loan_dt": "",
        "loan_expd_dt": "",
        "ovrs_excg_cd": listing.market.order,
        "item_lnkg_excg_cd": listing.market.quote,
    }


def _currency_row(world: World, account: Account, rate: Decimal) -> dict[str, str]:
    margin = account.reserved(world.exchange.fees.buffer(account.environment))
    free = max(ZERO, min(account.deposit, account.cash - margin))
    return {
        "crcy_cd": "USD",
        "crcy_cd_name": "미국 달러",
        "frcr_buy_amt_smtl": num(account.bought_today, 6),
        "frcr_sll_amt_smtl": num(account.sold_today, 6),
        "frcr_dncl_amt_2": num(account.deposit, 6),
        "frst_bltn_exrt": num(rate, 8),
        "frcr_buy_mgn_amt": num(margin, 6),
        "frcr_etc_mgna": num(0, 6),
        "frcr_drwg_psbl_amt_1": num(free, 6),
        "frcr_evlu_amt2": num(free * rate, 6),
        "acpl_cstd_crcy_yn": "Y",
        "nxdy_frcr_drwg_psbl_amt": num(max(ZERO, account.cash - margin), 6),
    }


def _present_sums(world: World, call: Call, rate: Decimal) -> dict[str, str]:
    account = call.account
    held = held_by(world, account)
    cost = sum((h.cost for _, h in held), ZERO)
    value = sum((last_price(world, item.symbol, call) * h.quantity for item, h in held), ZERO)
    foreign, margin = account.cash * rate, account.reserved(world.exchange.fees.buffer(account.environment)) * rate
    sums = {
        "pchs_amt_smtl": cost * rate,
        "evlu_amt_smtl": value * rate,
        "evlu_pfls_amt_smtl": (value - cost) * rate,
        "dncl_amt": account.won,
        "cma_evlu_amt": ZERO,
        "tot_dncl_amt": account.won + foreign,
        "etc_mgna": ZERO,
        "wdrw_psbl_tot_amt": account.won + min(account.cash, account.deposit) * rate,
        "frcr_evlu_tota": foreign,
        "pchs_amt_smtl_amt": cost * rate,
        "evlu_amt_smtl_amt": value * rate,
        "tot_evlu_pfls_amt": (value - cost) * rate,
        "tot_asst_amt": account.won + foreign + value * rate,
        "buy_mgn_amt": margin,
        "mgna_tota": margin,
        "frcr_use_psbl_amt": foreign - margin,
        "ustl_sll_amt_smtl": account.unsettled_amount("sell") * rate,
        "ustl_buy_amt_smtl": account.unsettled_amount("buy") * rate,
        "tot_frcr_cblc_smtl": foreign,
        "tot_loan_amt": ZERO,
    }
    return {
        **{name: num(amount, 0) for name, amount in sums.items()},
        "evlu_erng_rt1": num(percent(value - cost, cost), 8),
    }


QUERY = ("WCRC_FRCR_DVSN_CD", "NATN_CD", "TR_MKET_CD", "INQR_DVSN_CD")
ENDPOINTS = (Endpoint("GET", codes.TRADING + "inquire-present-balance", present_balance, (*ACCOUNT, *QUERY)),)
