"""Answers about what an account holds and can buy (sheet 4.7 to 4.9, 4.14, 4.15), in the house's words."""

from collections.abc import Mapping
from decimal import Decimal

from kis import codes
from kis.wire.answers import Answer, Page, must, table
from kis.wire.values import Row, Unreadable, rows
from market.orders import BuyingPower, Holding
from market.statements import BalanceRow, CurrencyRow, Margin, WonSums
from market.words import Exchange

KeyedHolding = tuple[tuple[str, ...], Holding]


def holdings(answer: Answer, asked: Exchange | None) -> Page[KeyedHolding]:
    """Holdings (4.7), each with the key that tells repeated rows apart. `asked`: the only exchange asked for."""

    def read(row: Row) -> KeyedHolding | None:
        symbol = row.text("ovrs_pdno")
        if row.integer("ovrs_cblc_qty") == 0 or not (symbol or row.text("ovrs_cblc_qty")):
            return None
        exchange = codes.EXCHANGE_OF.get(row.text("ovrs_excg_cd"), asked)
        holding = Holding(
            symbol=must(symbol, "ovrs_pdno"),
            exchange=must(exchange, "ovrs_excg_cd"),
            quantity=row.must_integer("ovrs_cblc_qty"),
            sellable_quantity=row.must_integer("ord_psbl_qty"),
            avg_price=row.must_decimal("pchs_avg_pric"),
            last_price=row.decimal("now_pric2") or None,
            unrealized_pnl=row.decimal("frcr_evlu_pfls_amt"),
            raw=dict(row.raw),
        )
        key = (holding.exchange.value, symbol, row.text("loan_type_cd"), row.text("loan_dt"))
        return key, holding

    return table(answer, read, "output1")


def buying_power(answer: Answer) -> BuyingPower:
    """Dollars orderable (4.9). Raises Unreadable: a blank is not zero."""
    row = next(rows(answer.body, "output"), Row({}))
    return BuyingPower(
        usd=row.must_decimal("ovrs_ord_psbl_amt"),
        integrated=row.must_decimal("frcr_ord_psbl_amt1"),
        max_quantity_usd=_whole(row.must_decimal("max_ord_psbl_qty")),
        max_quantity_integrated=_whole(row.must_decimal("ovrs_max_ord_psbl_qty")),
        fx_rate=row.decimal("exrt") or None,
        read_at=answer.received_at,
        cash=row.decimal("ord_psbl_frcr_amt"),
        proceeds=row.decimal("sll_ruse_psbl_amt"),
        raw=dict(row.raw),
    )


def _whole(quantity: Decimal) -> int:
    """Rounded down to the trading unit of US shares, one."""
    return max(0, int(quantity))


def balance_rows(answer: Answer, quantity: str) -> Page[BalanceRow]:
    """US holdings of 4.8 and 4.14. `quantity`: the field that says how many, which differs between the two."""

    def read(row: Row) -> BalanceRow | None:
        symbol, currency = row.text("pdno"), row.text("buy_crcy_cd")
        if not symbol and row.blank:
            return None
        if currency not in ("", "USD"):
            return None
        shares = row.must_decimal(quantity)
        if shares < 0:
            raise Unreadable(quantity)
        return BalanceRow(
            symbol=must(symbol, "pdno"),
            name=row.text("prdt_name"),
            exchange=codes.EXCHANGE_OF.get(row.text("ovrs_excg_cd", "item_lnkg_excg_cd")),
            quantity=shares,
            settled_quantity=row.decimal("cblc_qty13"),
            sellable_quantity=row.decimal("ord_psbl_qty1"),
            bought_today=row.decimal("thdt_buy_ccld_qty1"),
            sold_today=row.decimal("thdt_sll_ccld_qty1"),
            avg_price=row.decimal("avg_unpr3"),
            last_price=row.decimal("ovrs_now_pric1") or None,
            cost=row.decimal("frcr_pchs_amt"),
            value=row.decimal("frcr_evlu_amt2"),
            profit=row.decimal("evlu_pfls_amt2"),
            profit_rate=row.decimal("evlu_pfls_rt1"),
            fx_rate=row.decimal("bass_exrt") or None,
            currency=currency,
            isin=row.text("std_pdno"),
            raw=dict(row.raw),
        )

    return table(answer, read, "output1")


def currencies(answer: Answer) -> Page[CurrencyRow]:
    """Cash by currency (4.8, 4.14); blank rows are none."""

    def read(row: Row) -> CurrencyRow | None:
        if row.blank:
            return None
        return CurrencyRow(
            currency=must(row.text("crcy_cd"), "crcy_cd"),
            name=row.text("crcy_cd_name"),
            deposit=row.must_decimal("frcr_dncl_amt_2"),
            withdrawable=row.decimal("frcr_drwg_psbl_amt_1"),
            withdrawable_next_day=row.decimal("nxdy_frcr_drwg_psbl_amt"),
            bought_today=row.decimal("frcr_buy_amt_smtl"),
            sold_today=row.decimal("frcr_sll_amt_smtl"),
            buy_margin=row.decimal("frcr_buy_mgn_amt"),
            other_margin=row.decimal("frcr_etc_mgna"),
            value_krw=row.decimal("frcr_evlu_amt2"),
            first_fx_rate=row.decimal("frst_bltn_exrt") or None,
            raw=dict(row.raw),
        )

    return table(answer, read, "output2")


# output3 of 4.8 and of 4.14: our name, KIS's name
PRESENT_SUMS: Mapping[str, str] = {
    "assets": "tot_asst_amt",
    "cost": "pchs_amt_smtl",
    "value": "evlu_amt_smtl",
    "profit": "evlu_pfls_amt_smtl",
    "profit_rate": "evlu_erng_rt1",
    "deposit": "tot_dncl_amt",
    "deposit_krw": "dncl_amt",
    "foreign_value": "frcr_evlu_tota",
    "foreign_usable": "frcr_use_psbl_amt",
    "withdrawable": "wdrw_psbl_tot_amt",
    "buy_margin": "buy_mgn_amt",
    "margin": "mgna_tota",
    "unsettled_buys": "ustl_buy_amt_smtl",
    "unsettled_sells": "ustl_sll_amt_smtl",
    "loans": "tot_loan_amt",
}
SETTLED_SUMS: Mapping[str, str] = {
    "assets": "tot_asst_amt2",
    "cost": "pchs_amt_smtl_amt",
    "value": "wcrc_evlu_amt_smtl",
    "profit": "tot_evlu_pfls_amt",
    "profit_rate": "evlu_erng_rt1",
    "deposit": "tot_dncl_amt",
    "foreign_value": "frcr_cblc_wcrc_evlu_amt_smtl",
    "loans": "tot_loan_amt",
}


def won_sums(answer: Answer, names: Mapping[str, str]) -> WonSums | None:
    """The account's sums in KRW (output3 of 4.8 and 4.14), None when not one of them can be read."""
    row = next(rows(answer.body, "output3"), None)
    found = {ours: row.decimal(theirs) for ours, theirs in names.items()} if row else {}
    if row is None or all(value is None for value in found.values()):
        return None
    return WonSums(**found, raw=dict(row.raw))


def margin(answer: Answer) -> Margin:
    """The dollars of the account (4.15): several countries have a row in dollars, that of the US counts.

    Raises Unreadable without it.
    """
    for row in rows(answer.body, "output", "output1"):
        if row.text("natn_name") == "미국" and row.text("crcy_cd") == "USD":
            return Margin(
                deposit=row.decimal("frcr_dncl_amt1"),
                unsettled_buys=row.decimal("ustl_buy_amt"),
                unsettled_sells=row.decimal("ustl_sll_amt"),
                receivable=row.decimal("frcr_rcvb_amt"),
                margin=row.decimal("frcr_mgn_amt"),
                orderable=row.must_decimal("frcr_gnrl_ord_psbl_amt"),
                orderable_from_won=row.decimal("frcr_ord_psbl_amt1"),
                orderable_integrated=row.must_decimal("itgr_ord_psbl_amt"),
                fx_rate=row.decimal("bass_exrt") or None,
                read_at=answer.received_at,
                raw=dict(row.raw),
            )
    raise Unreadable("natn_name")
