"""What changes the tables of instruments and trading days."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils import timezone

from instruments.models import Instrument, TradingDay
from instruments.selectors import forget_sessions
from market.errors import Text
from market.instruments import TRADED_KINDS, InstrumentKind, ListedInstrument
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


MOST_GONE = 0.1  # of an exchange's instruments at once: more is a broken file, not a bad day
FEW_GONE = 5  # of a short table may go whatever their share
FILLED = (
    "exchange", "name_ko", "name_en", "currency", "kind", "etp_class", "realtime_symbol", "decimals", "buy_unit",
    "sell_unit", "tick_type", "tick_type_detail", "industry", "is_dr", "in_master", "tradable",
)  # fmt: skip


class ImportRefused(Exception):
    """The import would do more harm than good; nothing was changed. `message` says why, in both languages."""

    def __init__(self, message: Text) -> None:
        super().__init__(str(message))
        self.message = message


@dataclass(frozen=True, slots=True)
class Imported:
    """How many instruments were told of, and what became of them. `gone`: no longer tradable."""

    told: int
    added: int
    changed: int
    gone: int


@transaction.atomic
def import_instruments(rows: Iterable[ListedInstrument], *, most_gone: float = MOST_GONE) -> Imported:
    """Make the table say what the broker's master files say. The same rows again change nothing.

    The rows are the whole truth about the exchanges they are of: what is not among them becomes not tradable, and
    is never deleted. A person's `tradable` stands until an instrument goes, comes back or changes its kind.
    Raises ImportRefused for no rows, and when more than the share `most_gone` of an exchange would go.
    """
    told = _once_each(rows)
    if not told:
        raise ImportRefused(Text("종목이 하나도 없는 파일입니다.", "The file holds no instrument at all."))
    known = {row["symbol"]: row for row in Instrument.objects.select_for_update().values("symbol", "id", *FILLED)}
    gone = _gone(told, known.values(), most_gone)
    fresh = {symbol: _columns(row, known.get(symbol)) for symbol, row in told.items()}
    added = [symbol for symbol in fresh if symbol not in known]
    changed = [
        symbol
        for symbol, columns in fresh.items()
        if symbol in known and any(known[symbol][name] != value for name, value in columns.items())
    ]
    Instrument.objects.bulk_create(
        [Instrument(symbol=symbol, **fresh[symbol]) for symbol in (*added, *changed)],
        batch_size=1000,
        update_conflicts=True,
        unique_fields=["symbol"],
        update_fields=[*FILLED, "updated_at"],
    )
    Instrument.objects.filter(symbol__in=gone).update(tradable=False, in_master=False, updated_at=timezone.now())
    return Imported(len(told), len(added), len(changed), len(gone))


def _once_each(rows: Iterable[ListedInstrument]) -> dict[str, ListedInstrument]:
    """One row a symbol: what can be traded goes before an index of the same name, then the first stands."""
    once: dict[str, ListedInstrument] = {}
    for row in rows:
        known = once.get(row.symbol)
        if known is None or (known.kind is InstrumentKind.INDEX and row.kind is not InstrumentKind.INDEX):
            once[row.symbol] = row
    return once


def _gone(told: dict[str, ListedInstrument], known: Iterable[dict[str, Any]], most_gone: float) -> list[str]:
    """Tradable instruments of the exchanges told of that are not among them. Raises ImportRefused."""
    gone: list[str] = []
    tradable = [row for row in known if row["tradable"]]
    for exchange in sorted({row.exchange for row in told.values()}):
        here = [row["symbol"] for row in tradable if row["exchange"] == exchange]
        missing = [symbol for symbol in here if symbol not in told]
        if len(missing) > max(FEW_GONE, len(here) * most_gone):
            raise ImportRefused(
                Text(
                    f"{exchange} 종목 {len(here)}개 중 {len(missing)}개가 파일에 없습니다. "
                    "파일이 온전한지 확인하세요. 아무것도 바꾸지 않았습니다.",
                    f"{len(missing)} of {len(here)} instruments of {exchange} are not in the file. "
                    "See that it is whole. Nothing was changed.",
                )
            )
        gone += missing
    return gone


def _columns(row: ListedInstrument, known: dict[str, Any] | None) -> dict[str, Any]:
    tradable = row.kind in TRADED_KINDS
    if known is not None and known["in_master"] and known["kind"] == row.kind:
        tradable = known["tradable"]
    return {
        "exchange": row.exchange.value,
        "name_ko": row.name_ko[:128],
        "name_en": row.name_en[:128],
        "currency": row.currency[:4] or "USD",
        "kind": row.kind.value,
        "etp_class": row.etp_class.value if row.etp_class else "",
        "realtime_symbol": row.realtime_symbol[:16],
        "decimals": row.decimals if row.decimals is not None and 0 <= row.decimals <= 9 else None,
        "buy_unit": _unit(row.buy_unit),
        "sell_unit": _unit(row.sell_unit),
        "tick_type": row.tick_type[:4],
        "tick_type_detail": row.tick_type_detail[:4],
        "industry": row.industry[:8],
        "is_dr": row.is_dr,
        "in_master": True,
        "tradable": tradable,
    }


def _unit(shares: int | None) -> int:
    """US shares trade one by one; a figure beyond reason is none."""
    return shares if shares is not None and 0 < shares < 1_000_000 else 1


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
