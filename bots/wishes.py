"""What the socket of a key is wanted for: its own account's notices first, then prices, the most needed first."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from accounts.models import BrokerageAccount
from credentials.models import ApiCredential
from credentials.selectors import accounts_reading
from instruments.selectors import exchanges_of, session_spans
from market.sessions import session_at
from market.words import Environment, Exchange, Session
from rules.models import TradeRule
from rules.selectors import other_symbols

Followed = tuple[str, Exchange]


@dataclass(frozen=True, slots=True)
class Wishes:
    """`trades` by need; `daytime`: of which of the two feeds (kis-protocol 5.2)."""

    notices: bool = False
    trades: tuple[Followed, ...] = ()
    daytime: bool = False


def of(key: ApiCredential, now: datetime) -> Wishes:
    """What the enabled rules of all enabled accounts that read through this key look at: held symbols first."""
    notices = key.hts_id is not None and BrokerageAccount.objects.filter(pk=key.account_id, enabled=True).exists()
    if key.environment != Environment.REAL:  # paper has no prices on its socket (kis-protocol 1.3)
        return Wishes(notices)
    readers = accounts_reading(key)
    rules = TradeRule.objects.filter(enabled=True, account__in=readers)
    rows = rules.values_list("symbol", "exchange", "account_id", "state__qty", "entry_condition", "exit_condition")
    nearness = {reader.pk: n for n, reader in enumerate(readers)}
    by_need = sorted(rows, key=lambda row: (not row[3], nearness[row[2]], row[0]))
    own = tuple(dict.fromkeys((symbol, Exchange(exchange)) for symbol, exchange, *_ in by_need))
    trades = tuple(dict.fromkeys((*own, *_compared(by_need))))
    daytime = session_at(now, session_spans(now)).session is Session.DAYTIME
    return Wishes(notices, trades, daytime)


def _compared(rows: Iterable[tuple]) -> list[Followed]:
    """Symbols that conditions only compare with, in the order of the rules; nothing of theirs is traded."""
    wanted = [symbol for row in rows for symbol in sorted(other_symbols(row[4], row[5]))]
    listed = exchanges_of(wanted)
    return [(symbol, listed[symbol]) for symbol in wanted if symbol in listed]


def fitting(wishes: Wishes, books: Iterable[Followed], room: int) -> tuple[list[Followed], list[Followed]]:
    """The trades, then the order books, that have room among the key's registrations; the rest goes by REST."""
    left = max(0, room - wishes.notices)
    trades = list(wishes.trades[:left])
    return trades, sorted(books)[: left - len(trades)]
