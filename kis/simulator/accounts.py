"""The customers of the simulated broker: from a file, or made from the seed."""

from __future__ import annotations

import json
import random
import string
from collections.abc import Iterable
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from kis.simulator.book import Account, Holding
from kis.simulator.codes import PAPER, REAL, SIDES
from kis.simulator.listing import Listing
from kis.simulator.settings import BadScenario

DEFAULT_CASH = {PAPER: Decimal(100_000), REAL: Decimal(50_000)}
ALPHABET = string.ascii_letters + string.digits


def seeded(seed: int) -> list[Account]:
    """Three paper accounts and one real account, the same for the same seed."""
    return _four(random.Random(f"accounts:{seed}"))


def drawn() -> list[Account]:
    """The same four with keys and numbers that nobody ever had: for a new book."""
    return _four(random.SystemRandom())


def _four(rng: random.Random) -> list[Account]:
    accounts = [_made(rng, PAPER, f"5{i}", f"paper{i}") for i in (1, 2, 3)]
    return [*accounts, _made(rng, REAL, "61", "real1")]


def _made(rng: random.Random, environment: str, prefix: str, hts_id: str) -> Account:
    start = "PS" if environment == REAL else "PV"
    return _account(
        environment=environment,
        app_key=start + "".join(rng.choices(ALPHABET, k=34)),
        app_secret="".join(rng.choices(ALPHABET + "+/", k=179)) + "=",
        account_no=f"{prefix}{rng.randrange(10**6):06d}01",
        hts_id=hts_id,
    )


def _account(*, cash: Decimal | None = None, environment: str, **rest: Any) -> Account:
    money = DEFAULT_CASH[environment] if cash is None else cash
    return Account(environment=environment, cash=money, deposit=money, **rest)


def load(path: Path, listings: tuple[Listing, ...]) -> list[Account]:
    """Accounts of a JSON file: the list that the ready line prints, with `cash_usd` and `holdings` if wished."""
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))
    except OSError as e:
        raise BadScenario(f"{path} cannot be read: {e.strerror}") from e
    except ValueError as e:
        raise BadScenario(f"{path} is not JSON: {e}") from e
    if not isinstance(rows, list) or not rows:
        raise BadScenario(f"{path} must be a list of accounts, at least one")
    return _distinct([read_one(row, listings) for row in rows], str(path))


def _distinct(accounts: list[Account], where: str) -> list[Account]:
    for name in ("app_key", "account_no"):
        values = [getattr(a, name) for a in accounts]
        if len(set(values)) < len(values):
            raise BadScenario(f"two accounts of {where} have the same {name}")
    return accounts


def of(rows: Iterable[Any], listings: tuple[Listing, ...], seed: int) -> list[Account]:
    """Accounts of a scenario: rows as in the file, where keys and numbers left out are made from the seed."""
    rng, accounts = random.Random(f"scenario:{seed}"), []
    for i, row in enumerate(rows, start=1):
        environment = row.get("environment") if isinstance(row, dict) else None
        if environment not in SIDES:
            raise BadScenario("each of the scenario's accounts has an environment, real or paper")
        made = _made(rng, environment, f"{5 if environment == PAPER else 6}{i % 10}", f"{environment}{i}")
        accounts.append(read_one({**public(made), **row}, listings))
    return _distinct(accounts, "the scenario")


def read_one(row: Any, listings: tuple[Listing, ...]) -> Account:
    """One account of the file; raises BadScenario with what was expected."""
    wanted = ("environment", "app_key", "app_secret", "account_no", "hts_id")
    if not isinstance(row, dict) or any(not isinstance(row.get(k), str) for k in wanted):
        raise BadScenario(f"an account needs the texts {', '.join(wanted)}")
    if row["environment"] not in SIDES:
        raise BadScenario(f"environment is real or paper, not {row['environment']!r}")
    if not (row["account_no"].isdigit() and len(row["account_no"]) == 10):
        raise BadScenario("account_no is 10 digits: 8 of the account and 2 of the product")
    cash = _amount(row, "cash_usd")
    account = _account(cash=cash, **{k: row[k] for k in wanted})
    account.won = _amount(row, "cash_krw") or account.won
    account.integrated = bool(row.get("integrated_margin", False))
    account.extension = bool(row.get("after_market_extension", False))
    known = {item.symbol: item for item in listings}
    for symbol, value in (row.get("holdings") or {}).items():
        if symbol not in known:
            raise BadScenario(f"holding {symbol} is not a symbol of this market")
        account.holdings[symbol] = _holding(value, known[symbol])
    return account


def _amount(row: dict[str, Any], name: str) -> Decimal | None:
    try:
        return Decimal(str(row[name])) if name in row else None
    except InvalidOperation as e:
        raise BadScenario(f"{name} is an amount, not {row[name]!r}") from e


def _holding(value: Any, listing: Listing) -> Holding:
    """`10`, or `{"quantity": 10, "average": "180.5"}`."""
    row = value if isinstance(value, dict) else {"quantity": value}
    quantity = int(row["quantity"])
    average = Decimal(str(row.get("average", Decimal(listing.base_cents) / 100)))
    return Holding(quantity, average * quantity)


def public(account: Account) -> dict[str, str]:
    """The account as the ready line prints it."""
    return {
        "environment": account.environment,
        "app_key": account.app_key,
        "app_secret": account.app_secret,
        "account_no": account.account_no,
        "hts_id": account.hts_id,
    }
