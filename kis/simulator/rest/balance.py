"""Sections 4.7, 4.8 and 4.9: what is held, what it is worth, what can be bought."""

from __future__ import annotations

from decimal import ROUND_DOWN, Decimal, InvalidOperation
from typing import Any

from kis.simulator import codes
from kis.simulator.book import ZERO, Account, Holding
from kis.simulator.listing import Listing
from kis.simulator.rest.call import ACCOUNT, CTX, Answer, Call, Endpoint, bad_field, num, ok, padded, refusal
from kis.simulator.rest.paging import page, said
from kis.simulator.world import World

ROWS = 100
# Clients ask for every country in its currency; only the US ones hold anything here.
CURRENCIES = frozenset({"", "USD", "HKD", "CNY", "JPY", "VND"})


def _held(world: World, account: Account) -> list[tuple[Listing, Holding]]:
    listings = world.market.listings
    return [(listings[s], h) for s, h in sorted(account.holdings.items()) if h.quantity]


def _last(world: World, symbol: str, call: Call) -> Decimal:
    k = world.market.last_tick(call.now)
    return Decimal(world.market.prices.tick(symbol, k).last) / 100


def _percent(part: Decimal, whole: Decimal) -> Decimal:
    return part * 100 / whole if whole else ZERO


def _exchanges(side: str, code: str) -> frozenset[str] | None:
    """On real NASD is all US and NAS is Nasdaq alone; on paper NASD is Nasdaq (4.0)."""
    if code == "" or (side == codes.REAL and code == "NASD"):
        return codes.ORDER_EXCHANGES
    if side == codes.REAL and code == "NAS":
        return frozenset({"NASD"})
    if code in codes.ORDER_EXCHANGES:
        return frozenset({code})
    return frozenset() if code in codes.OTHER_ORDER_EXCHANGES else None


def balance(world: World, call: Call) -> Answer:
    """Holdings, the day's fills included. No cash figure in this answer (Appendix E)."""
    exchanges = _exchanges(call.side, call.params["OVRS_EXCG_CD"].strip())
    if exchanges is None:
        return bad_field("OVRS_EXCG_CD")
    currency = call.params["TR_CRCY_CD"].strip()
    if currency not in CURRENCIES:
        return bad_field("TR_CRCY_CD")
    held = [pair for pair in _held(world, call.account) if pair[0].market.order in exchanges]
    held = held if currency in ("", "USD") else []
    rows = [(_balance_row(world, call, *pair)) for pair in held]
    search = [call.params[f].strip() for f in (*ACCOUNT, "OVRS_EXCG_CD", "TR_CRCY_CD")]
    shown, context, tr_cont, more = page(call, rows, lambda row: row["ovrs_pdno"], ROWS, search)
    output1 = list(shown)
    if world.switches.blank_rows and output1:
        output1.append(dict.fromkeys(output1[0], ""))
    code, text = said(call, len(rows), more)
    if call.side == codes.PAPER:
        code, text = "20310000", "모의투자 조회가 완료되었습니다."
    body = {**context, "output1": output1, "output2": _balance_sums(call.account, held, rows)}
    return ok(body, code, padded(text), tr_cont)


def _balance_row(world: World, call: Call, listing: Listing, holding: Holding) -> dict[str, str]:
    last = _last(world, listing.symbol, call)
    value = last * holding.quantity
    profit = value - holding.cost
    return {
        "cano": call.account.account_no[:8],
        "acnt_prdt_cd": call.account.account_no[8:],
        "prdt_type_cd": listing.market.product_type,
        "ovrs_pdno": listing.symbol,
        "ovrs_item_name": listing.name,
        "frcr_evlu_pfls_amt": num(profit, 6),
        "evlu_pfls_rt": num(_percent(profit, holding.cost), 2),
        "pchs_avg_pric": num(holding.average, 4),
        "ovrs_cblc_qty": str(holding.quantity),
        "ord_psbl_qty": str(call.account.sellable(listing.symbol)),
        "frcr_pchs_amt1": num(holding.cost, 5),
        "ovrs_stck_evlu_amt": num(value, 8),
        "now_pric2": num(last, 6),
        "tr_crcy_cd": "USD",
        "ovrs_excg_cd": listing.market.order,
        "loan_type_cd": "10",
        "loan_dt": "",
        "expd_dt": "",
    }


def _balance_sums(account: Account, held: list[tuple[Listing, Holding]], rows: list[dict[str, str]]) -> dict[str, str]:
    cost = sum((h.cost for _, h in held), ZERO)
    open_profit = sum((Decimal(r["frcr_evlu_pfls_amt"]) for r in rows), ZERO)
    total = open_profit + account.realised
    return {
        "frcr_pchs_amt1": num(cost, 5),
        "ovrs_rlzt_pfls_amt": num(account.realised, 5),
        "ovrs_tot_pfls": num(total, 5),
        "rlzt_erng_rt": num(_percent(account.realised, cost), 8),
        "tot_evlu_pfls_amt": num(open_profit, 8),
        "tot_pftrt": num(_percent(total, cost), 8),
        "frcr_buy_amt_smtl1": num(cost, 6),
        "ovrs_rlzt_pfls_amt2": num(account.realised, 5),
        "frcr_buy_amt_smtl2": num(cost, 6),
    }


def present_balance(world: World, call: Call) -> Answer:
    """Execution based. The deposit is on a settlement basis and stands still during the day (Appendix E)."""
    if call.params["WCRC_FRCR_DVSN_CD"] not in ("01", "02"):
        return bad_field("WCRC_FRCR_DVSN_CD")
    if call.params["NATN_CD"] not in ("000", "840"):
        return bad_field("NATN_CD")
    rate = Decimal(world.switches.exchange_rate)
    output1 = [_present_row(world, call, rate, *pair) for pair in _held(world, call.account)]
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


def _present_row(world: World, call: Call, rate: Decimal, listing: Listing, holding: Holding) -> dict[str, str]:
    last = _last(world, listing.symbol, call)
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
        "frcr_pchs_amt": num(holding.cost, 5),
        "frcr_evlu_amt2": num(value, 5),
        "evlu_pfls_amt2": num(profit, 5),
        "evlu_pfls_rt1": num(_percent(profit, holding.cost), 8),
        "pdno": listing.symbol,
        "bass_exrt": num(rate, 8),
        "buy_crcy_cd": "USD",
        "ovrs_now_pric1": num(last, 5),
        "avg_unpr3": num(holding.average, 4),
        "tr_mket_name": listing.market.name,
        "natn_kor_name": "미국",
        "pchs_rmnd_wcrc_amt": num(holding.cost * rate, 0),
        "thdt_buy_ccld_frcr_amt": num(bought_usd, 5),
        "thdt_sll_ccld_frcr_amt": num(sold_usd, 5),
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


def isin(listing: Listing) -> str:
    """An identifier of the right shape; it belongs to no real security."""
    digits = f"{listing.base_cents:09d}"
    return f"US{digits}0"


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
    held = _held(world, account)
    cost = sum((h.cost for _, h in held), ZERO)
    value = sum((_last(world, item.symbol, call) * h.quantity for item, h in held), ZERO)
    cash = account.cash
    won = {
        "pchs_amt_smtl": cost,
        "evlu_amt_smtl": value,
        "evlu_pfls_amt_smtl": value - cost,
        "dncl_amt": ZERO,
        "cma_evlu_amt": ZERO,
        "tot_dncl_amt": cash,
        "etc_mgna": ZERO,
        "wdrw_psbl_tot_amt": min(cash, account.deposit),
        "frcr_evlu_tota": cash,
        "pchs_amt_smtl_amt": cost,
        "evlu_amt_smtl_amt": value,
        "tot_evlu_pfls_amt": value - cost,
        "tot_asst_amt": cash + value,
        "buy_mgn_amt": account.reserved(world.exchange.fees.buffer(account.environment)),
        "mgna_tota": ZERO,
        "frcr_use_psbl_amt": cash,
        "ustl_sll_amt_smtl": account.sold_today,
        "ustl_buy_amt_smtl": account.bought_today,
        "tot_frcr_cblc_smtl": cash,
        "tot_loan_amt": ZERO,
    }
    sums = {name: num(amount * rate, 0) for name, amount in won.items()}
    sums["evlu_erng_rt1"] = num(_percent(value - cost, cost), 8)
    return sums


def psamount(world: World, call: Call) -> Answer:
    """What can be bought at a price. The day's sale proceeds count, less fees (Appendix E)."""
    listing = world.market.listings.get(call.params["ITEM_CD"].strip())
    if listing is None or listing.market.order != call.params["OVRS_EXCG_CD"].strip():
        return refusal("7", "APBK0656", "해당종목정보가 없습니다.")
    try:
        price = Decimal(call.params["OVRS_ORD_UNPR"].strip())
    except InvalidOperation:
        return bad_field("OVRS_ORD_UNPR")
    if not price.is_finite() or price <= 0:
        return bad_field("OVRS_ORD_UNPR")
    account = call.account
    buffer = world.exchange.fees.buffer(account.environment)
    available = max(ZERO, account.available(buffer))
    reuse = min(account.sold_today, available)
    orderable = (available / (1 + buffer)).quantize(Decimal("0.01"), ROUND_DOWN)
    quantity = str(int(available / (1 + buffer) / price))
    output = {
        "tr_crcy_cd": "USD",
        "ord_psbl_frcr_amt": num((available - reuse).quantize(Decimal("0.01"), ROUND_DOWN), 2),
        "sll_ruse_psbl_amt": num(reuse.quantize(Decimal("0.01"), ROUND_DOWN), 2),
        "ovrs_ord_psbl_amt": num(orderable, 2),
        "max_ord_psbl_qty": quantity,
        "echm_af_ord_psbl_amt": "0.00",
        "echm_af_ord_psbl_qty": "0",
        "ord_psbl_qty": quantity,
        "exrt": num(Decimal(world.switches.exchange_rate), 10),
        "frcr_ord_psbl_amt1": num(orderable, 2),
        "ovrs_max_ord_psbl_qty": quantity,
    }
    if call.side == codes.PAPER:
        return ok({"output": output}, "20310000", padded("모의투자 조회가 완료되었습니다."))
    return ok({"output": output}, "KIOK0510", padded("조회가 완료되었습니다"))


PRESENT = ("WCRC_FRCR_DVSN_CD", "NATN_CD", "TR_MKET_CD", "INQR_DVSN_CD")
ENDPOINTS = (
    Endpoint("GET", codes.TRADING + "inquire-balance", balance, (*ACCOUNT, "OVRS_EXCG_CD", "TR_CRCY_CD", *CTX)),
    Endpoint("GET", codes.TRADING + "inquire-present-balance", present_balance, (*ACCOUNT, *PRESENT)),
    Endpoint(
        "GET",
        codes.TRADING + "inquire-psamount",
        psamount,
        (*ACCOUNT, "OVRS_EXCG_CD", "OVRS_ORD_UNPR", "ITEM_CD"),
    ),
)
