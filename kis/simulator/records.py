"""Accounts and orders as rows of JSON, and back. Money is text, times are UTC texts, dates are ISO."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from kis.simulator.book import Account, Fill, Holding, Order

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
    )


def order_row(order: Order) -> Row:
    return {
        **{name: getattr(order, name) for name in (*AS_THEY_ARE, *ADDED)},
        "date": order.date.isoformat(),
        "price": str(order.price),
        "received_at": order.received_at.isoformat(),
        "expires_at": order.expires_at.isoformat(),
        "starts_at": order.starts_at.isoformat() if order.starts_at else None,
        "ends_at": order.ends_at.isoformat() if order.ends_at else None,
        "fills": [[f.at.isoformat(), f.quantity, str(f.price), str(f.fee)] for f in order.fills],
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
        fills=[Fill(datetime.fromisoformat(at), int(n), _money(p), _money(fee)) for at, n, p, fee in row["fills"]],
    )


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _money(text: str) -> Decimal:
    try:
        return Decimal(text)
    except ArithmeticError as e:
        raise ValueError(f"{text!r} is not an amount") from e
