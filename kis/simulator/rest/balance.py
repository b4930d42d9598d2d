"""Section 4.7: what is held, and what it is worth."""

from __future__ import annotations

import hashlib
from decimal import Decimal

from kis.simulator import codes
from kis.simulator.book import ZERO, Account, Holding
from kis.simulator.listing import Listing
from kis.simulator.rest.call import ACCOUNT, CTX, Answer, Call, Endpoint, bad_field, num, ok, padded
from kis.simulator.rest.paging import page, said
from kis.simulator.world import World

ROWS = 100
# Clients ask for every country in its currency; only the US ones hold anything here.
CURRENCIES = frozenset({"", "USD", "HKD", "CNY", "JPY", "VND"})


def held_by(world: World, account: Account) -> list[tuple[Listing, Holding]]:
    listings = world.market.listings
    return [(listings[s], h) for s, h in sorted(account.holdings.items()) if h.quantity]


def last_price(world: World, symbol: str, call: Call) -> Decimal:
    k = world.market.last_tick(call.now)
    return Decimal(world.market.prices.tick(symbol, k).last) / 100


def percent(part: Decimal, whole: Decimal) -> Decimal:
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
    held = [pair for pair in held_by(world, call.account) if pair[0].market.order in exchanges]
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
    last = last_price(world, listing.symbol, call)
    value = last * holding.quantity
    profit = value - holding.cost
    return {
        "cano": call.account.account_no[:8],
        "acnt_prdt_cd": call.account.account_no[8:],
        "prdt_type_cd": listing.market.product_type,
        "ovrs_pdno": listing.symbol,
        "ovrs_item_name": listing.name,
        "frcr_evlu_pfls_amt": num(profit, 6),
        "evlu_pfls_rt": num(percent(profit, holding.cost), 2),
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
        "rlzt_erng_rt": num(percent(account.realised, cost), 8),
        "tot_evlu_pfls_amt": num(open_profit, 8),
        "tot_pftrt": num(percent(total, cost), 8),
        "frcr_buy_amt_smtl1": num(cost, 6),
        "ovrs_rlzt_pfls_amt2": num(account.realised, 5),
        "frcr_buy_amt_smtl2": num(cost, 6),
    }


def isin(listing: Listing) -> str:
    """An identifier of the right shape and with a right last digit; ZZ is given to no real security."""
    digest = int.from_bytes(hashlib.sha256(listing.symbol.encode()).digest()[:6])
    body = f"USZZ{digest % 10**7:07d}"
    figures = "".join(str(int(letter, 36)) for letter in body)
    doubled = [int(f) * (2 if n % 2 == 0 else 1) for n, f in enumerate(reversed(figures))]
    return body + str(-sum(d // 10 + d % 10 for d in doubled) % 10)


ENDPOINTS = (
    Endpoint("GET", codes.TRADING + "inquire-balance", balance, (*ACCOUNT, "OVRS_EXCG_CD", "TR_CRCY_CD", *CTX)),
)
