"""Answers about orders (sheet 4.1, 4.2, 4.6, 4.10, 4.11, 4.16), read into the house's words."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal

from kis import codes
from kis.wire.answers import Answer, Page, must, page, table
from kis.wire.values import SEOUL, Row, Unreadable, day, moment, order_number, rows
from market.orders import ExecutionRow, OrderAccepted, SlicedOrder, SliceFill, SliceSums


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
    """Whether any part of the answer names an order or reservation: a "refusal" that does is none."""
    found = (*rows(answer.body, "output"), *rows(answer.body, "output1"))
    return any(order_number(row.text(name)) for row in found for name in ("odno", "ovrs_rsvn_odno"))


def executions(answer: Answer) -> Page[ExecutionRow]:
    """Rows of the order list (4.11) or of the open orders (4.10); an object of blanks for the array is no row."""
    return table(answer, _execution, "output", "output1")


def _execution(row: Row) -> ExecutionRow | None:
    number = order_number(row.text("odno"))
    if not number:
        if row.blank or not (row.text("pdno") or row.text("odno").strip("0")):
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
        limit_price=_price(row, kind),
        filled_quantity=_shares(row, kind, "ft_ccld_qty"),
        avg_fill_price=row.decimal("ft_ccld_unpr3") or None,  # a zero is no price
        open_quantity=_shares(row, kind, "nccs_qty"),
        status_text=row.text("prcs_stat_name"),
        reject_reason=row.text("rjct_rson_name", "rjct_rson"),
        channel=row.text("mdia_dvsn_name"),
        placed_at=_placed_at(row),
        branch=row.text("ord_gno_brno"),
        filled_amount=row.decimal("ft_ccld_amt3"),
        slicing_text=row.text("splt_buy_attr_name"),
        raw=dict(row.raw),
    )


def _request_kind(row: Row, original: str) -> str:
    code = row.text("rvse_cncl_dvsn", "rvse_cncl_dvsn_cd")
    if not code and not order_number(original):
        return "new"
    return must(codes.REQUEST_KIND.get(code.zfill(2)), "rvse_cncl_dvsn")


def _shares(row: Row, kind: str, name: str) -> int:
    """Whole shares. A cancel may leave them blank: such a row is a request. An amend's is the order that lives on."""
    if kind == "cancel" and not row.text(name):
        return 0
    return row.must_integer(name)


def _price(row: Row, kind: str) -> Decimal:
    """0 for an auction order or a cancel. A blank is no 0: an order could be taken for another, or for nobody's."""
    if kind != "new" and not row.text("ft_ord_unpr3"):
        return Decimal(0)
    return row.must_decimal("ft_ord_unpr3")


def _placed_at(row: Row) -> datetime | None:
    """Korean clock time on the Korean order date, which can be the day after the US one (Appendix E).

    The list of open orders does not tell that date: None.
    """
    return moment(row.text("dmst_ord_dt"), row.text("thco_ord_tmd", "ord_tmd"), SEOUL)


def sliced_orders(answer: Answer, on: date) -> Page[SlicedOrder]:
    """TWAP and VWAP orders of the day asked for (4.16)."""

    def read(row: Row) -> SlicedOrder | None:
        number = order_number(row.text("odno"))
        if not number:
            if row.blank or not row.text("pdno"):
                return None
            raise Unreadable("odno")
        return SlicedOrder(
            order_date=on,
            broker_order_id=number,
            branch=row.text("ord_gno_brno"),
            symbol=must(row.text("pdno"), "pdno"),
            name=row.text("item_name"),
            kind_text=row.text("trad_dvsn_name"),
            slicing_text=row.text("splt_buy_attr_name"),
            quantity=row.must_integer("ft_ord_qty"),
            limit_price=row.decimal("ft_ord_unpr3") or None,
            filled_quantity=row.shares("ft_ccld_qty"),
            raw=dict(row.raw),
        )

    return table(answer, read, "output", "output1")


def slice_fills(answer: Answer) -> Page[SliceFill]:
    """Executions of a sliced order (4.16). The sources name the containers differently: told apart by content."""
    return page((row for row in _everything(answer) if not _is_sum(row)), _slice_fill)


def slice_sums(answer: Answer) -> SliceSums | None:
    """The order and the sum of its executions (4.16), None when they are not in this answer."""
    row = next((row for row in _everything(answer) if _is_sum(row)), None)
    if row is None:
        return None
    return SliceSums(
        broker_order_id=order_number(row.text("odno")),
        symbol=row.text("pdno"),
        quantity=row.shares("ft_ord_qty"),
        filled_quantity=row.shares("ft_ccld_qty"),
        avg_fill_price=row.decimal("ft_ccld_unpr3") or None,
        filled_amount=row.decimal("ft_ccld_amt3"),
        fills=row.shares("ccld_cnt"),
        raw=dict(row.raw),
    )


def _everything(answer: Answer) -> Iterator[Row]:
    body: Mapping[str, object] = answer.body or {}
    for name in sorted({str(key).lower() for key in body if str(key).lower().startswith("output")}):
        yield from rows(body, name)


def _is_sum(row: Row) -> bool:
    return not row.text("ccld_seq") and bool(order_number(row.text("odno")) or row.text("ccld_cnt"))


def _slice_fill(row: Row) -> SliceFill | None:
    if row.blank or not row.text("pdno"):
        return None
    return SliceFill(
        sequence=row.must_integer("ccld_seq"),
        time_text=row.text("ccld_btwn"),
        symbol=row.text("pdno"),
        quantity=row.must_integer("ft_ccld_qty"),
        price=row.must_decimal("ft_ccld_unpr3"),
        amount=row.decimal("ft_ccld_amt3"),
        raw=dict(row.raw),
    )
