"""What the broker says of an account over currencies and over time. Frozen; a blank is None, never zero."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from market.errors import Text
from market.words import Exchange, Freshness, Side

Amount = Decimal | None  # dollars, unless its name or its class says otherwise


@dataclass(frozen=True, slots=True)
class BalanceRow:
    """One holding of a balance in all currencies. Quantities can be fractions: mini-stock holdings are among them."""

    symbol: str
    name: str
    exchange: Exchange | None
    quantity: Decimal  # executed shares (present balance) or settled ones (settled balance)
    settled_quantity: Amount
    sellable_quantity: Amount
    bought_today: Amount
    sold_today: Amount
    avg_price: Amount
    last_price: Amount
    cost: Amount
    value: Amount
    profit: Amount
    profit_rate: Amount  # percent
    fx_rate: Amount  # KRW for one dollar
    currency: str
    isin: str
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class CurrencyRow:
    """Cash in one currency. `deposit` is on a settlement basis: a trade does not move it on its day."""

    currency: str
    name: str
    deposit: Amount
    withdrawable: Amount
    withdrawable_next_day: Amount
    bought_today: Amount
    sold_today: Amount
    buy_margin: Amount
    other_margin: Amount
    value_krw: Amount
    first_fx_rate: Amount  # the first of the day
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class WonSums:
    """Sums of the whole account in KRW. Which of them are given depends on the balance."""

    assets: Amount = None
    cost: Amount = None
    value: Amount = None
    profit: Amount = None
    profit_rate: Amount = None  # percent
    deposit: Amount = None  # all currencies
    deposit_krw: Amount = None  # won only
    foreign_value: Amount = None
    foreign_usable: Amount = None
    withdrawable: Amount = None
    buy_margin: Amount = None
    margin: Amount = None
    unsettled_buys: Amount = None
    unsettled_sells: Amount = None
    loans: Amount = None
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class AccountBalance:
    """Holdings, cash by currency and sums.

    `holdings` and `currencies` are None where the broker does not tell them (paper). `doubt`: why it is STALE.
    """

    holdings: tuple[BalanceRow, ...] | None
    currencies: tuple[CurrencyRow, ...] | None
    sums: WonSums | None
    freshness: Freshness
    complete: bool
    read_at: datetime
    doubt: Text | None = None


@dataclass(frozen=True, slots=True)
class RealizedRow:
    """What selling a symbol on a day brought."""

    trade_date: date
    symbol: str
    name: str
    exchange: Exchange | None
    quantity: Decimal
    avg_buy_price: Amount
    cost: Amount
    avg_sell_price: Amount
    proceeds: Amount
    fees: Amount  # taxes included
    profit: Decimal
    profit_rate: Amount  # percent
    fx_rate: Amount
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class RealizedSums:
    sold: Amount
    bought: Amount
    fees: Amount
    settled: Amount
    profit: Amount
    profit_rate: Amount  # percent
    fx_rate: Amount
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class TransactionRow:
    """The trades of a day in one symbol, with the fees that were really charged."""

    trade_date: date
    settlement_date: date | None
    side: Side
    symbol: str
    name: str
    quantity: Decimal
    fraction: Amount  # shares of mini-stock
    price: Amount
    amount: Decimal
    settled_amount: Amount
    domestic_fee: Amount
    foreign_fee: Amount
    fx_rate: Amount
    isin: str
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class TransactionSums:
    bought: Amount
    sold: Amount
    domestic_fees: Amount
    foreign_fees: Amount
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Margin:
    """Dollars of the account, and what can be ordered with them in each margin mode."""

    deposit: Amount
    unsettled_buys: Amount
    unsettled_sells: Amount
    receivable: Amount
    margin: Amount  # in use
    orderable: Decimal  # with dollars alone
    orderable_from_won: Amount
    orderable_integrated: Decimal  # integrated margin (통합증거금)
    fx_rate: Amount
    read_at: datetime
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False)
