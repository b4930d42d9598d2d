"""Answers to REST requests, read into the house's words (sheet section 4)."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from kis import codes
from kis.wire.calls import Call
from kis.wire.values import (
    NEW_YORK,
    SEOUL,
    Row,
    Unreadable,
    day,
    moment,
    order_number,
    rows,
    text,
)
from market.data import Bar, Quote
from market.orders import BuyingPower, ExecutionRow, Holding, OrderAccepted
from market.words import Exchange, Freshness


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. `body` is None when it was not a JSON object; `tr_cont` is the paging header."""

    status: int
    body: Mapping[str, Any] | None = field(repr=False)
    tr_cont: str
    received_at: datetime
    retry_after: float | None = None

    @property
    def result(self) -> str:
        """rt_cd: "0" is success."""
        return text((self.body or {}).get("rt_cd"))

    @property
    def code(self) -> str:
        """msg_cd of the business APIs, error_code of the token endpoint (sheet 2.1, 2.5)."""
        body = self.body or {}
        return text(body.get("msg_cd")) or text(body.get("error_code"))

    @property
    def message(self) -> str:
        body = self.body or {}
        return text(body.get("msg1")) or text(body.get("error_description"))

    @property
    def ok(self) -> bool:
        return self.status == 200 and self.result == "0"

    def next_page(self, call: Call) -> Call | None:
        """The request for the page after this one; None on the last. Unreadable when its key is missing."""
        if self.tr_cont.strip().upper() not in codes.MORE_PAGES:
            return None
        fields = {str(k).lower(): v for k, v in (self.body or {}).items()}
        search, position = fields.get("ctx_area_fk200"), fields.get("ctx_area_nk200")
        if not isinstance(search, str) or not isinstance(position, str) or not position.strip():
            raise Unreadable("ctx_area_nk200")
        return call.next_page(search, position)


@dataclass(frozen=True, slots=True)
class Page[T]:
    """Rows of one page; `unreadable` counts rows that were there and could not be read."""

    rows: tuple[T, ...]
    unreadable: int = 0


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
    return _page(rows(answer.body, "output", "output1"), _execution)


def _execution(row: Row) -> ExecutionRow | None:
    number = order_number(row.text("odno"))
    if not number:
        if row.blank or not row.text("pdno"):
            return None
        raise Unreadable("odno")
    original = row.text("orgn_odno")
    kind = _request_kind(row, original)
    return ExecutionRow(
        order_date=_must(day(row.text("ord_dt")), "ord_dt"),
        broker_order_id=number,
        original_id=order_number(original),
        request_kind=kind,
        symbol=_must(row.text("pdno"), "pdno"),
        side=_must(codes.SIDE_OF.get(row.text("sll_buy_dvsn_cd")), "sll_buy_dvsn_cd"),
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
    return _must(codes.REQUEST_KIND.get(code.zfill(2)), "rvse_cncl_dvsn")


def _shares(row: Row, kind: str, name: str) -> int:
    """Whole shares. An amend or cancel may leave them blank: such a row is a request, not an order."""
    if kind != "new" and not row.text(name):
        return 0
    return row.must_integer(name)


def _placed_at(row: Row) -> datetime | None:
    """Korean clock time on the Korean order date, which can be the day after the US one (Appendix E)."""
    return moment(row.text("dmst_ord_dt"), row.text("thco_ord_tmd", "ord_tmd"), SEOUL)


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
            exchange=_must(exchange, "ovrs_excg_cd"),
            quantity=row.must_integer("ovrs_cblc_qty"),
            sellable_quantity=row.must_integer("ord_psbl_qty"),
            avg_price=row.must_decimal("pchs_avg_pric"),
            last_price=row.decimal("now_pric2") or None,
            unrealized_pnl=row.decimal("frcr_evlu_pfls_amt"),
            raw=dict(row.raw),
        )
        key = (holding.exchange.value, symbol, row.text("loan_type_cd"), row.text("loan_dt"))
        return key, holding

    return _page(rows(answer.body, "output1"), read)


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


def quote(answer: Answer, symbol: str, exchange: Exchange) -> Quote | None:
    """The last price (4.17), or None when it is blank: unknown symbol, or outside hours (Appendix E).

    The answer has no time: `at` is when it came and the freshness is STALE until its volume has moved.
    """
    row = next(rows(answer.body, "output"), Row({}))
    last = row.decimal("last")
    if last is None or last <= 0:
        return None
    return Quote(
        symbol=symbol,
        exchange=exchange,
        last=last,
        at=answer.received_at,
        received_at=answer.received_at,
        volume=row.integer("tvol"),
        freshness=Freshness.STALE,
        source="rest",
    )


def minute_bars(answer: Answer, minutes: int) -> Page[Bar]:
    """Minute bars (4.21), oldest first; a bar whose time has not passed yet is not closed."""

    def read(row: Row) -> Bar | None:
        if not row.text("last", "open"):
            return None
        start = _must(moment(row.text("xymd"), row.text("xhms"), NEW_YORK), "xymd")
        return Bar(
            start=start,
            open=row.must_decimal("open"),
            high=row.must_decimal("high"),
            low=row.must_decimal("low"),
            close=row.must_decimal("last"),
            volume=row.must_integer("evol"),
            closed=start + timedelta(minutes=minutes) <= answer.received_at,
        )

    page: Page[Bar] = _page(rows(answer.body, "output2"), read)
    return Page(tuple(sorted(page.rows, key=lambda bar: bar.start)), page.unreadable)


def access_token(answer: Answer) -> tuple[str, datetime] | None:
    """The token and its end in UTC (2.1); the end is Korean time without a zone. None when either is not there."""
    body = Row(answer.body or {})
    value = body.text("access_token")
    day_word, _, time_word = body.text("access_token_token_expired").partition(" ")
    ends = moment(day_word.replace("-", ""), time_word.strip().replace(":", ""), SEOUL)
    if answer.status != 200 or ends is None or not _header_safe(value):
        return None
    return value, ends


def approval_key(answer: Answer) -> str:
    """The WebSocket's key (2.3), "" when there is none."""
    return Row(answer.body or {}).text("approval_key") if answer.status == 200 else ""


def body_hash(answer: Answer) -> str:
    """The hash for the `hashkey` header (2.4), "" when there is none that could travel in one."""
    value = Row(answer.body or {}).text("hash")
    return value if answer.status == 200 and _header_safe(value) else ""


def _header_safe(value: str) -> bool:
    return 0 < len(value) <= 512 and value.isascii() and value.isprintable() and " " not in value


def _must[T](value: T | None, name: str) -> T:
    if not value:
        raise Unreadable(name)
    return value


def _page[T](found: Iterable[Row], read: Callable[[Row], T | None]) -> Page[T]:
    good: list[T] = []
    unreadable = 0
    for row in found:
        try:
            item = read(row)
        except Unreadable:
            unreadable += 1
        else:
            if item is not None:
                good.append(item)
    return Page(tuple(good), unreadable)
