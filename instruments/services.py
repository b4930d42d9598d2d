"""What changes the tables of instruments and trading days."""

from collections.abc import Iterable

from django.db import transaction
from django.utils import timezone

from instruments.models import Instrument, TradingDay
from instruments.selectors import forget_sessions
from market.sessions import SessionSpan
from market.words import Exchange

# Enough to begin with; the master import knows all. Symbol, exchange, Korean and English name.
FIRST = (
    ("AAPL", Exchange.NASDAQ, "애플", "Apple"),
    ("MSFT", Exchange.NASDAQ, "마이크로소프트", "Microsoft"),
    ("NVDA", Exchange.NASDAQ, "엔비디아", "NVIDIA"),
    ("TSLA", Exchange.NASDAQ, "테슬라", "Tesla"),
    ("AMZN", Exchange.NASDAQ, "아마존닷컴", "Amazon.com"),
    ("KO", Exchange.NYSE, "코카콜라", "Coca-Cola"),
    ("IBM", Exchange.NYSE, "IBM", "IBM"),
    ("SPY", Exchange.AMEX, "SPDR S&P 500", "SPDR S&P 500 ETF"),
)


def ensure_instruments() -> int:
    """Put in the first few instruments where they are missing; how many were."""
    before = Instrument.objects.count()
    Instrument.objects.bulk_create(
        [Instrument(symbol=s, exchange=e, name_ko=ko, name_en=en) for s, e, ko, en in FIRST],
        ignore_conflicts=True,
    )
    return Instrument.objects.count() - before


@transaction.atomic
def import_trading_days(rows: Iterable[SessionSpan], *, source: str, market: str = "US") -> int:
    """Make the table say what `rows` say; how many sessions that are.

    From their first trading day to their last the rows are the whole truth: a session that they do not have
    (a closure, an early close without an after session) is removed.
    """
    spans = sorted(rows, key=lambda span: span.start)
    if not spans:
        return 0
    days = [span.trading_day for span in spans]
    told = {(span.trading_day, span.session.value) for span in spans}
    covered = TradingDay.objects.filter(market=market, trading_day__range=(min(days), max(days)))
    stale = [pk for pk, *key in covered.values_list("pk", "trading_day", "session") if tuple(key) not in told]
    TradingDay.objects.filter(pk__in=stale).delete()
    now = timezone.now()
    TradingDay.objects.bulk_create(
        [
            TradingDay(
                market=market,
                trading_day=span.trading_day,
                session=span.session,
                start=span.start,
                end=span.end,
                source=source[:32],
                updated_at=now,
            )
            for span in spans
        ],
        update_conflicts=True,
        unique_fields=["market", "trading_day", "session"],
        update_fields=["start", "end", "source", "updated_at"],
    )
    forget_sessions()
    return len(spans)
