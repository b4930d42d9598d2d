"""Accounts and orders as rows of JSON, and back. Money is text, times are UTC texts, dates are ISO."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from kis.simulator.book import Account, Fill, Holding, Order, Unsettled

Row = dict[str, Any]

IDENTITY = ("environment", "app_key", "app_secret", "account_no", "hts_id")
MONEY = ("cash", "deposit", "realised", "bought_today", "sold_today")
AS_THEY_ARE = ("number", "account_no", "symbol", "exchange", "side", "kind", "quantity", "channel", "original",
               "open", "status", "reason", "doomed", "resting")  # fmt: skip
# Columns that books of earlier versions lack, with what stands for them there.
ADDED = {"division": "00", "daytime": False}
# Order numbers begin anew every day; those of days long past are needed by nobody.
NUMBER_DAYS = 5


def identity_row(account: Account) -> Row:
    """Who the customer is: this never changes."""
    return {name: getattr(account, name) for name in IDENTITY}


def money_row(account: Account) -> Row:
    """What the customer has: everything but the orders."""
    return {
        "account_no": account.account_no,
        **{name: str(getattr(account, name)) for name in MONEY},
        "day": account.day.isoformat() if account.day else None,
        "numbers": {d.isoformat(): n for d, n in sorted(account.numbers.items())[-NUMBER_DAYS:]},
        "holdings": {s: [h.quantity, str(h.cost)] for s, h in account.holdings.items() if h.quantity},
        "won": str(account.won),
        "integrated": account.integrated,
        "extension": account.extension,
        "unsettled": [
            [u.settles.isoformat(), u.traded.isoformat(), u.symbol, u.side, u.quantity, str(u.amount)]
            for u in account.unsettled
        ],
    }


def account_of(row: Row) -> Account:
    """The account of both rows together, without its orders. Raises KeyError, TypeError, ValueError."""
    return Account(
        **{name: row[name] for name in IDENTITY},
        cash=_money(row["cash"]),
        deposit=_money(row["deposit"]),
        realised=_money(row["realised"]),
        bought_today=_money(row["bought_today"]),
        sold_today=_money(row["sold_today"]),
        day=date.fromisoformat(row["day"]) if row["day"] else None,
        numbers={date.fromisoformat(d): int(n) for d, n in row["numbers"].items()},
        holdings={s: Holding(int(quantity), _money(cost)) for s, (quantity, cost) in row["holdings"].items()},
        won=_money(row.get("won", "0")),
        integrated=bool(row.get("integrated", False)),
        extension=bool(row.get("extension", False)),
        unsettled=_unsettled(row),
    )


def _unsettled(row: Row) -> list[Unsettled]:
    """Trades under way. Books of earlier versions moved the deposit overnight, and name no trades."""
    if "unsettled" in row:
        return [
            Unsettled(date.fromisoformat(settles), date.fromisoformat(traded), symbol, side, int(n), _money(amount))
            for settles, traded, symbol, side, n, amount in row["unsettled"]
        ]
    moved = _money(row["cash"]) - _money(row["deposit"])
    if not moved:
        return []
    day = date.fromisoformat(row["day"])
    return [Unsettled(day + timedelta(days=1), day, "", "sell" if moved > 0 else "buy", 0, abs(moved))]


def order_row(order: Order) -> Row:
    return {
        **{name: getattr(order, name) for name in (*AS_THEY_ARE, *ADDED)},
        "date": order.date.isoformat(),
        "price": str(order.price),
        "received_at": order.received_at.isoformat(),
        "expires_at": order.expires_at.isoformat(),
        "starts_at": order.starts_at.isoformat() if order.starts_at else None,
        "ends_at": order.ends_at.isoformat() if order.ends_at else None,
        "fills": [_fill_row(f) for f in order.fills],
    }


def order_of(row: Row) -> Order:
    """Raises KeyError, TypeError, ValueError."""
    return Order(
        **{name: row[name] for name in AS_THEY_ARE},
        **{name: row.get(name, default) for name, default in ADDED.items()},
        date=date.fromisoformat(row["date"]),
        price=_money(row["price"]),
        received_at=datetime.fromisoformat(row["received_at"]),
        expires_at=datetime.fromisoformat(row["expires_at"]),
        starts_at=_moment(row.get("starts_at")),
        ends_at=_moment(row.get("ends_at")),
        fills=[_fill(*fill) for fill in row["fills"]],
    )


def _fill_row(fill: Fill) -> list[Any]:
    cost = None if fill.cost is None else str(fill.cost)
    return [fill.at.isoformat(), fill.quantity, str(fill.price), str(fill.fee), str(fill.tax), cost]


def _fill(at: str, quantity: int, price: str, fee: str, tax: str = "0", cost: str | None = None) -> Fill:
    known = None if cost is None else _money(cost)
    return Fill(datetime.fromisoformat(at), int(quantity), _money(price), _money(fee), _money(tax), known)


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _money(text: str) -> Decimal:
    try:
        return Decimal(text)
    except ArithmeticError as e:
        raise ValueError(f"{text!r} is not an amount") from e
