"""Answers about prices and instruments (sheet 4.17 to 4.25), in the house's words."""

from datetime import timedelta

from kis.wire.answers import Answer, Page, must, page
from kis.wire.values import NEW_YORK, Row, moment, rows
from market.data import Bar, Quote
from market.words import Exchange, Freshness


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
        start = must(moment(row.text("xymd"), row.text("xhms"), NEW_YORK), "xymd")
        return Bar(
            start=start,
            open=row.must_decimal("open"),
            high=row.must_decimal("high"),
            low=row.must_decimal("low"),
            close=row.must_decimal("last"),
            volume=row.must_integer("evol"),
            closed=start + timedelta(minutes=minutes) <= answer.received_at,
        )

    found: Page[Bar] = page(rows(answer.body, "output2"), read)
    return Page(tuple(sorted(found.rows, key=lambda bar: bar.start)), found.unreadable)
