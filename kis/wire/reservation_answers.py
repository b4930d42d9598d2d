"""Answers about reserved orders (sheet 4.3 to 4.5), read into the house's words."""

from kis import codes
from kis.wire.answers import Answer, Page, must, table
from kis.wire.values import SEOUL, Row, Unreadable, day, moment, order_number, rows
from market.orders import Reservation, ReservationAccepted

YES_NO = {"Y": True, "N": False}


def reserved(answer: Answer) -> ReservationAccepted | None:
    """A reservation taken (4.3): its number comes as ODNO. None: without a readable number nothing is proved."""
    return _accepted(answer, "odno", "ovrs_rsvn_odno")


def cancelled(answer: Answer) -> ReservationAccepted | None:
    """A reservation's cancel taken (4.4): it answers with the reservation's number."""
    return _accepted(answer, "ovrs_rsvn_odno", "odno")


def _accepted(answer: Answer, *names: str) -> ReservationAccepted | None:
    row = next(rows(answer.body, "output"), None)
    number = order_number(row.text(*names)) if row else ""
    if row is None or not number or not answer.ok:
        return None
    # KIS names no day in the answer to a US reservation: it is Korea's, and the hours never cross midnight there.
    received_on = day(row.text("rsvn_ord_rcit_dt")) or answer.received_at.astimezone(SEOUL).date()
    return ReservationAccepted(number, received_on, answer.received_at, raw=dict(answer.body or {}))


def reservations(answer: Answer) -> Page[Reservation]:
    """Rows of the list of reservations (4.5)."""
    return table(answer, _reservation, "output", "output1")


def _reservation(row: Row) -> Reservation | None:
    number = order_number(row.text("ovrs_rsvn_odno"))
    if not number:
        if row.blank or not (row.text("pdno") or row.text("ovrs_rsvn_odno").strip("0")):
            return None
        raise Unreadable("ovrs_rsvn_odno")
    return Reservation(
        reservation_id=number,
        received_on=must(day(row.text("rsvn_ord_rcit_dt")), "rsvn_ord_rcit_dt"),
        received_at=moment(row.text("rsvn_ord_rcit_dt"), row.text("ord_rcit_tmd"), SEOUL),
        symbol=must(row.text("pdno"), "pdno"),
        exchange=codes.EXCHANGE_OF.get(row.text("ovrs_excg_cd")),
        side=must(codes.SIDE_OF.get(row.text("sll_buy_dvsn_cd")), "sll_buy_dvsn_cd"),
        quantity=row.must_integer("ft_ord_qty"),
        limit_price=row.decimal("ft_ord_unpr3") or None,  # a zero is no price
        cancelled=YES_NO.get(row.text("cncl_yn").upper()),
        status_code=row.text("ovrs_rsvn_ord_stat_cd"),
        status_text=row.text("ovrs_rsvn_ord_stat_cd_name"),
        order_date=day(row.text("ord_dt")),
        broker_order_id=order_number(row.text("odno")),
        branch=row.text("ord_gno_brno"),
        filled_quantity=row.shares("ft_ccld_qty"),
        avg_fill_price=row.decimal("ft_ccld_unpr3") or None,
        problem=row.text("nprc_rson_text"),
        slicing_text=row.text("splt_buy_attr_name"),
        raw=dict(row.raw),
    )
