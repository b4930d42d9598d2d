"""Answers about what an account earned and traded (sheet 4.12, 4.13), read into the house's words."""

from kis import codes
from kis.wire.answers import Answer, Page, must, table
from kis.wire.values import Row, day, rows
from market.statements import RealizedRow, RealizedSums, TransactionRow, TransactionSums


def profits(answer: Answer) -> Page[RealizedRow]:
    """What sells brought, by symbol and day (4.12)."""
    return table(answer, _profit, "output1")


def _profit(row: Row) -> RealizedRow | None:
    symbol = row.text("ovrs_pdno")
    if not symbol and row.blank:
        return None
    return RealizedRow(
        trade_date=must(day(row.text("trad_day")), "trad_day"),
        symbol=must(symbol, "ovrs_pdno"),
        name=row.text("ovrs_item_name"),
        exchange=codes.EXCHANGE_OF.get(row.text("ovrs_excg_cd")),
        quantity=row.must_decimal("slcl_qty"),
        avg_buy_price=row.decimal("pchs_avg_pric"),
        cost=row.decimal("frcr_pchs_amt1"),
        avg_sell_price=row.decimal("avg_sll_unpr"),
        proceeds=row.decimal("frcr_sll_amt_smtl1"),
        fees=row.decimal("stck_sll_tlex"),
        profit=row.must_decimal("ovrs_rlzt_pfls_amt"),
        profit_rate=row.decimal("pftrt"),
        fx_rate=row.decimal("exrt", "frst_bltn_exrt") or None,
        raw=dict(row.raw),
    )


def profit_sums(answer: Answer) -> RealizedSums | None:
    """The sums of the period (4.12), None when they are blank."""
    row = next(rows(answer.body, "output2"), None)
    if row is None or row.decimal("ovrs_rlzt_pfls_tot_amt") is None:
        return None
    return RealizedSums(
        sold=row.decimal("stck_sll_amt_smtl"),
        bought=row.decimal("stck_buy_amt_smtl"),
        fees=row.decimal("smtl_fee1"),
        settled=row.decimal("excc_dfrm_amt"),
        profit=row.decimal("ovrs_rlzt_pfls_tot_amt"),
        profit_rate=row.decimal("tot_pftrt"),
        fx_rate=row.decimal("exrt") or None,
        raw=dict(row.raw),
    )


def transactions(answer: Answer) -> Page[TransactionRow]:
    """Trades in dollars, by symbol and day (4.13); those in other currencies are passed over."""
    return table(answer, _transaction, "output1")


def _transaction(row: Row) -> TransactionRow | None:
    symbol, currency = row.text("pdno"), row.text("crcy_cd")
    if not symbol and row.blank:
        return None
    if must(currency, "crcy_cd") != "USD":
        return None
    return TransactionRow(
        trade_date=must(day(row.text("trad_dt")), "trad_dt"),
        settlement_date=day(row.text("sttl_dt")),
        side=must(codes.SIDE_OF.get(row.text("sll_buy_dvsn_cd")), "sll_buy_dvsn_cd"),
        symbol=must(symbol, "pdno"),
        name=row.text("ovrs_item_name"),
        quantity=row.must_decimal("ccld_qty"),
        fraction=row.decimal("amt_unit_ccld_qty"),
        price=row.decimal("ft_ccld_unpr2") or None,
        amount=row.must_decimal("tr_frcr_amt2"),
        settled_amount=row.decimal("frcr_excc_amt_1"),
        domestic_fee=row.decimal("dmst_frcr_fee1"),
        foreign_fee=row.decimal("frcr_fee1"),
        fx_rate=row.decimal("erlm_exrt") or None,
        isin=row.text("std_pdno"),
        raw=dict(row.raw),
    )


def transaction_sums(answer: Answer) -> TransactionSums | None:
    """The sums of the period (4.13), None when they are blank."""
    row = next(rows(answer.body, "output2"), None)
    if row is None or row.decimal("frcr_buy_amt_smtl") is None or row.decimal("frcr_sll_amt_smtl") is None:
        return None
    return TransactionSums(
        bought=row.decimal("frcr_buy_amt_smtl"),
        sold=row.decimal("frcr_sll_amt_smtl"),
        domestic_fees=row.decimal("dmst_fee_smtl"),
        foreign_fees=row.decimal("ovrs_fee_smtl"),
        raw=dict(row.raw),
    )
