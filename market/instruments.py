"""What can be traded, as a broker describes it. Frozen; None is what it left blank."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from market.words import Exchange


class InstrumentKind(StrEnum):
    INDEX = "index"
    STOCK = "stock"
    ETP = "etp"
    WARRANT = "warrant"
    OTHER = "other"


class EtpClass(StrEnum):
    """What an exchange-traded product is; `vix_*` follow the volatility index."""

    ETF = "etf"
    ETN = "etn"
    ETC = "etc"
    OTHER = "other"
    VIX_ETF = "vix_etf"
    VIX_ETN = "vix_etn"


TRADED_KINDS = frozenset({InstrumentKind.STOCK, InstrumentKind.ETP})


@dataclass(frozen=True, slots=True)
class ListedInstrument:
    """One row of a broker's instrument master: who is not in it is not known there."""

    symbol: str
    exchange: Exchange
    realtime_symbol: str
    name_ko: str
    name_en: str
    kind: InstrumentKind
    currency: str
    decimals: int | None
    base_price: Decimal | None
    buy_unit: int | None  # shares
    sell_unit: int | None
    opens: str  # HHMM on the exchange's clock
    closes: str
    is_dr: bool
    dr_country: str
    industry: str
    index_member: str
    tick_type: str
    tick_type_detail: str
    etp_class: EtpClass | None
    raw: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class InstrumentInfo:
    """One instrument in full. Codes whose meaning the broker does not document stay codes."""

    symbol: str
    exchange: Exchange
    read_at: datetime
    isin: str
    name_ko: str
    name_en: str
    currency: str
    kind: InstrumentKind | None
    country_code: str
    market_name: str
    sedol: str
    bloomberg_ticker: str
    lei: str
    former_symbol: str
    buy_unit: int | None  # shares
    sell_unit: int | None
    unit_amount: Decimal | None
    par_value: Decimal | None
    listed_shares: int | None
    listed: bool | None
    listed_on: date | None
    delisted: bool | None
    delisted_on: date | None
    trading_stop_code: str
    stop_reason_code: str
    taxed: bool | None
    etf_risk_code: str
    leverage: Decimal | None  # of an ETP, such as 2 or -1
    ptp: bool | None  # publicly traded partnership: 10 % of a sale's proceeds are withheld
    ptp_exempt: bool | None
    ptp_exempt_from: date | None
    ptp_exempt_until: date | None
    daytime_tradable: bool | None
    fractional_tradable: bool | None
    last_price: Decimal | None
    raw: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class SettlementDate:
    """When a trade made on `trade_date` settles, there and in Korea. `exchange` is None for markets not traded here."""

    trade_date: date
    exchange: Exchange | None
    market_code: str
    market_name: str
    settles_on: date | None
    settles_in_korea_on: date | None
    raw: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)
