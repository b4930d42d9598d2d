"""Answers about orders (sheet 4.1 to 4.6, 4.10, 4.11, 4.16), read into the house's words."""

from datetime import datetime
from decimal import Decimal

from kis import codes
from kis.wire.answers import Answer, Page, must, page
from kis.wire.values import SEOUL, Row, Unreadable, day, moment, order_number, rows
from market.orders import ExecutionRow, OrderAccepted


def accepted(answer: Answer) -> OrderAccepted | None:
    """The order's number and time (4.1, 4.2), or None: without a readable number nothing is proved."""
    row = next(rows(answer.body, "output"), None)
    number = order_number(row.text("odno")) if row else ""
    if row is None or not number or not answer.ok:
        return None
    return OrderAccepted(
        broker_order_id=number,
        branch=row.text("krx_fwdg_ord_orgno"),
        broker_time=row.text("ord_tmd"),
        received_at=answer.received_at,
        raw=dict(answer.body or {}),
    )


def carries_order_number(answer: Answer) -> bool:
    """Whether any part of the answer names an order: a "refusal" that does is none."""
    return any(order_number(row.text("odno")) for row in rows(answer.body, "output", "output1"))


def executions(answer: Answer) -> Page[ExecutionRow]:
    """Rows of the order list (4.11); an object of blanks in place of the array is no row."""
    return page(rows(answer.body, "output", "output1"), _execution)


def _execution(row: Row) -> ExecutionRow | None:
    number = order_number(row.text("odno"))
    if not number:
        if row.blank or not row.text("pdno"):
            return None
        raise Unreadable("odno")
    original = row.text("orgn_odno")
    kind = _request_kind(row, original)
    return ExecutionRow(
        order_date=must(day(row.text("ord_dt")), "ord_dt"),
        broker_order_id=number,
        original_id=order_number(original),
        request_kind=kind,
        symbol=must(row.text("pdno"), "pdno"),
        side=must(codes.SIDE_OF.get(row.text("sll_buy_dvsn_cd")), "sll_buy_dvsn_cd"),
        exchange=codes.EXCHANGE_OF.get(row.text("ovrs_excg_cd")),
        quantity=_shares(row, kind, "ft_ord_qty"),
        limit_price=row.decimal("ft_ord_unpr3") or Decimal(0),  # 0: an auction order, or a cancel
        filled_quantity=_shares(row, kind, "ft_ccld_qty"),
        avg_fill_price=row.decimal("ft_ccld_unpr3") or None,  # a zero is no price
        open_quantity=_shares(row, kind, "nccs_qty"),
        status_text=row.text("prcs_stat_name"),
        reject_reason=row.text("rjct_rson_name", "rjct_rson"),
        channel=row.text("mdia_dvsn_name"),
        placed_at=_placed_at(row),
        raw=dict(row.raw),
    )


def _request_kind(row: Row, original: str) -> str:
    code = row.text("rvse_cncl_dvsn", "rvse_cncl_dvsn_cd")
    if not code and not order_number(original):
        return "new"
    return must(codes.REQUEST_KIND.get(code.zfill(2)), "rvse_cncl_dvsn")


def _shares(row: Row, kind: str, name: str) -> int:
    """Whole shares. An amend or cancel may leave them blank: such a row is a request, not an order."""
    if kind != "new" and not row.text(name):
        return 0
    return row.must_integer(name)


def _placed_at(row: Row) -> datetime | None:
    """Korean clock time on the Korean order date, which can be the day after the US one (Appendix E)."""
    return moment(row.text("dmst_ord_dt"), row.text("thco_ord_tmd", "ord_tmd"), SEOUL)
