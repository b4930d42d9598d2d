"""Answers about what an account holds, owns and earned (sheet 4.7 to 4.9, 4.12 to 4.15), in the house's words."""

from decimal import Decimal

from kis import codes
from kis.wire.answers import Answer, Page, must, page
from kis.wire.values import Row, rows
from market.orders import BuyingPower, Holding
from market.words import Exchange

KeyedHolding = tuple[tuple[str, ...], Holding]


def holdings(answer: Answer, asked: Exchange | None) -> Page[KeyedHolding]:
    """Holdings (4.7), each with the key that tells repeated rows apart. `asked`: the only exchange asked for."""

    def read(row: Row) -> KeyedHolding | None:
        symbol = row.text("ovrs_pdno")
        if not symbol or row.integer("ovrs_cblc_qty") == 0:
            return None
        exchange = codes.EXCHANGE_OF.get(row.text("ovrs_excg_cd"), asked)
        holding = Holding(
            symbol=symbol,
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

    return page(rows(answer.body, "output1"), read)


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
    )


def _whole(quantity: Decimal) -> int:
    """Rounded down to the trading unit of US shares, one."""
    return max(0, int(quantity))
