"""What an account holds, owns and earned in US stocks (sheet 4.7 to 4.9, 4.12 to 4.15)."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from functools import partial

from kis import codes, hours
from kis.client import KisClient, default_client
from kis.paging import Pages, complete, read_pages, read_statement, whole
from kis.transport import unreadable
from kis.wire import balance_answers, balance_calls, history_answers
from kis.wire.answers import Answer, Page
from kis.wire.calls import Call
from kis.wire.values import NEW_YORK, Unreadable
from market.errors import Text
from market.orders import BuyingPower, Holding, Listing, Statement
from market.statements import (
    AccountBalance,
    BalanceRow,
    CurrencyRow,
    Margin,
    RealizedRow,
    RealizedSums,
    TransactionRow,
    TransactionSums,
    WonSums,
)
from market.words import Environment, Exchange, Freshness, Lane, Side

Position = Holding
NONE, CENT = Decimal(0), Decimal("0.01")


async def get_positions(*, client: KisClient | None = None) -> list[Position]:
    """All US holdings (4.7). Raises when the list could not be read completely."""
    listing = await read_holdings(client=client or default_client(), lane=Lane.TRACKING)
    return complete(listing)


async def read_holdings(*, client: KisClient, lane: Lane) -> Listing[Holding]:
    """All US holdings, one row a symbol and exchange, typed by what it is worth. Raises CredentialProblem only."""
    found = Pages[balance_answers.KeyedHolding](client.clock())
    for call, exchange in balance_calls.balances(client.config):
        found.add(await read_pages(call, partial(balance_answers.holdings, asked=exchange), client=client, lane=lane))
    once = dict(reversed(found.rows))  # repeated rows were seen (4.7); the first stands
    found.spoiled |= any(once[key].quantity != row.quantity for key, row in found.rows)  # two rows, not one twice
    return found.listing(tuple(_by_symbol(once.values())))


def _by_symbol(holdings: Iterable[Holding]) -> list[Holding]:
    """Cash and loan rows of one symbol summed, the average price weighted by quantity."""
    merged: dict[tuple[Exchange, str], Holding] = {}
    for row in holdings:
        key = row.exchange, row.symbol
        merged[key] = _sum(merged[key], row) if key in merged else row
    return sorted(merged.values(), key=lambda h: (h.symbol, h.exchange))


def _sum(one: Holding, other: Holding) -> Holding:
    quantity = one.quantity + other.quantity
    cost = one.avg_price * one.quantity + other.avg_price * other.quantity
    known = one.unrealized_pnl is not None and other.unrealized_pnl is not None
    return replace(
        one,
        quantity=quantity,
        sellable_quantity=one.sellable_quantity + other.sellable_quantity,
        avg_price=cost / quantity,
        unrealized_pnl=(one.unrealized_pnl or NONE) + (other.unrealized_pnl or NONE) if known else None,
    )


async def get_buying_power(
    symbol: str, exchange: Exchange, price: Decimal, *, client: KisClient | None = None
) -> BuyingPower:
    """What can be bought of a symbol at a price (4.9). Raises as `read_buying_power`."""
    return await read_buying_power(symbol, exchange, price, client=client or default_client(), lane=Lane.TRACKING)


async def read_buying_power(
    symbol: str, exchange: Exchange, price: Decimal, *, client: KisClient, lane: Lane
) -> BuyingPower:
    """What can be bought (4.9). Raises Throttled, Unreachable, ReadFailed, CredentialProblem, Refused."""
    call = balance_calls.buying_power(client.config, symbol, exchange, price)
    return await _one(call, balance_answers.buying_power, client, lane)


async def get_margin(*, client: KisClient | None = None) -> Margin:
    """The dollars of the account and what can be ordered with them (4.15). Raises as `read_margin`."""
    return await read_margin(client=client or default_client(), lane=Lane.TRACKING)


async def read_margin(*, client: KisClient, lane: Lane) -> Margin:
    """The row of the US in dollars (4.15). Raises NotInPaper, Throttled, Unreachable, ReadFailed, CredentialProblem."""
    return await _one(balance_calls.margin(client.config), balance_answers.margin, client, lane)


async def _one[T](call: Call, read: Callable[[Answer], T], client: KisClient, lane: Lane) -> T:
    answer = await client.read(call, lane=lane)
    try:
        return read(answer)
    except Unreadable as field:
        raise unreadable(str(field)) from field


async def get_present_balance(*, extended: bool = False, client: KisClient | None = None) -> AccountBalance:
    """Holdings, cash and sums as executed (4.8); see `read_present_balance`. Raises when some could not be read.

    It may be STALE: it then says why, and moves no money.
    """
    client = client or default_client()
    return whole(await read_present_balance(extended=extended, client=client, lane=Lane.TRACKING))


async def read_present_balance(*, extended: bool = False, client: KisClient, lane: Lane) -> AccountBalance:
    """Holdings, cash and sums as executed (4.8), typed by what they are worth. Raises CredentialProblem only.

    STALE in the windows in which KIS does not keep it up to date; `extended`: the account has the after-market
    extension, whose windows are shorter. On paper only the sums mean anything: `holdings` and `currencies` are None.
    """
    paper = client.config.environment is Environment.PAPER
    call = balance_calls.present_balance(client.config)
    found = await _balance(call, "ccld_qty_smtl1", balance_answers.PRESENT_SUMS, client, lane, sums_only=paper)
    doubt = hours.present_balance_doubt(found.read_at, extended=extended)
    return _doubted(found, doubt) if doubt else found


def _doubted(found: AccountBalance, doubt: Text) -> AccountBalance:
    """STALE instead of FRESH or EMPTY; what is worse stays."""
    known = found.freshness in (Freshness.FRESH, Freshness.EMPTY)
    return replace(found, freshness=Freshness.STALE if known else found.freshness, doubt=doubt)


async def get_settled_balance(on: date | None = None, *, client: KisClient | None = None) -> AccountBalance:
    """Holdings and cash on a settlement basis, today's in New York by default (4.14). Raises when incomplete."""
    client = client or default_client()
    today = client.clock().astimezone(NEW_YORK).date()
    return whole(await read_settled_balance(on or today, client=client, lane=Lane.TRACKING))


async def read_settled_balance(on: date, *, client: KisClient, lane: Lane) -> AccountBalance:
    """Holdings and cash on a settlement basis (4.14). Raises CredentialProblem and NotInPaper only."""
    call = balance_calls.settled_balance(client.config, on)
    return await _balance(call, "cblc_qty13", balance_answers.SETTLED_SUMS, client, lane, sums_only=False)


async def _balance(
    call: Call, quantity: str, names: Mapping[str, str], client: KisClient, lane: Lane, *, sums_only: bool
) -> AccountBalance:
    """An answer of three parts; it is incomplete when a row or all of the sums cannot be read."""
    cash: list[CurrencyRow] = []
    sums: list[WonSums] = []

    def parse(answer: Answer) -> Page[BalanceRow]:
        held: Page[BalanceRow] = Page(()) if sums_only else balance_answers.balance_rows(answer, quantity)
        money: Page[CurrencyRow] = Page(()) if sums_only else balance_answers.currencies(answer)
        total = balance_answers.won_sums(answer, names)
        cash.extend(money.rows)
        sums.extend([total] if total else [])
        missing = total is None and answer.code not in codes.NOTHING_FOUND
        return replace(held, unreadable=held.unreadable + money.unreadable + missing)

    found = await read_pages(call, parse, client=client, lane=lane)
    answered = not sums_only and found.pages > 0
    return AccountBalance(
        holdings=tuple(found.rows) if answered else None,
        currencies=tuple(cash) if answered else None,
        sums=sums[0] if sums else None,
        freshness=found.freshness(bool(found.rows or cash or sums)),
        complete=found.complete,
        read_at=found.read_at,
    )


async def get_period_profit(
    first: date, last: date, *, symbol: str = "", client: KisClient | None = None
) -> Statement[RealizedRow, RealizedSums]:
    """What sells in [first, last] brought, in dollars (4.12). Raises when some are missing; NotInPaper."""
    client = client or default_client()
    return whole(await read_period_profit(first, last, symbol=symbol, client=client, lane=Lane.TRACKING))


async def read_period_profit(
    first: date, last: date, *, symbol: str = "", client: KisClient, lane: Lane
) -> Statement[RealizedRow, RealizedSums]:
    """What sells brought, from the day after the trade on (4.12). Raises CredentialProblem and NotInPaper only."""
    return await read_statement(
        balance_calls.period_profit(client.config, first, last, symbol),
        history_answers.profits,
        history_answers.profit_sums,
        agree=_profits_agree,
        client=client,
        lane=lane,
    )


async def get_transactions(
    first: date, last: date, *, side: Side | None = None, client: KisClient | None = None
) -> Statement[TransactionRow, TransactionSums]:
    """Trades of [first, last] with the fees really charged (4.13). Raises when some are missing; NotInPaper."""
    client = client or default_client()
    return whole(await read_transactions(first, last, side=side, client=client, lane=Lane.TRACKING))


async def read_transactions(
    first: date, last: date, *, side: Side | None = None, client: KisClient, lane: Lane
) -> Statement[TransactionRow, TransactionSums]:
    """Trades in dollars, every page (4.13). The sums are KIS's, of all currencies. Raises as `read_period_profit`."""
    return await read_statement(
        balance_calls.transactions(client.config, first, last, side),
        history_answers.transactions,
        history_answers.transaction_sums,
        agree=_trades_agree,
        client=client,
        lane=lane,
    )


def _trades_agree(rows: Sequence[TransactionRow], sums: TransactionSums) -> bool:
    totals = {side: sum((row.amount for row in rows if row.side is side), NONE) for side in Side}
    return _near(totals[Side.BUY], sums.bought, len(rows)) and _near(totals[Side.SELL], sums.sold, len(rows))


def _profits_agree(rows: Sequence[RealizedRow], sums: RealizedSums) -> bool:
    return _near(sum((row.profit for row in rows), NONE), sums.profit, len(rows))


def _near(total: Decimal, told: Decimal | None, rows: int) -> bool:
    """Equal but for the rounding of each row."""
    return told is not None and abs(total - told) <= CENT * rows
