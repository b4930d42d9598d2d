"""The house of one run: tables emptied, accounts of the simulator's customers, rules that trade a lot."""

import io
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from redis import Redis

from accounts.models import BrokerageAccount, HouseLimits, Role, User
from accounts.services import create_account, create_user, set_enabled, set_limits
from bots.chaos.plan import AccountPlan, RunPlan
from credentials.services import set_credentials, set_data_credential
from instruments.selectors import forget_sessions
from instruments.services import ensure_instruments
from kis.simulator.testing import Simulated
from market.words import Environment, EvaluateOn, MarginMode, Timeframe
from rules.services import create_rule, set_rule_enabled

EMPTIED = ("accounts", "bots", "credentials", "instruments", "logs", "orders", "positions", "rules")
SIDES = {f"KIS_{side}_{kind}_URL".upper(): (side, kind) for side in ("real", "paper") for kind in ("rest", "ws")}
# True whenever there is a price: a rule buys, is filled, sells, is filled, and buys again.
ENTRY, EXIT = "price > 0", "position.return_pct > -99"


@dataclass(frozen=True, slots=True)
class Tenant:
    """One account: ours and the broker's name of it."""

    id: UUID
    account_no: str
    environment: Environment


def empty() -> None:
    """Nothing of the run before is left, in the database and in Redis."""
    tables = [model._meta.db_table for name in EMPTIED for model in apps.get_app_config(name).get_models()]
    quoted = ", ".join(connection.ops.quote_name(table) for table in tables)
    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {quoted} RESTART IDENTITY CASCADE")
    Redis.from_url(settings.REDIS_URL).flushall()
    forget_sessions()


def keys(plan: RunPlan) -> list[dict[str, Any]]:
    """The simulator's customers: one for each account, and one whose key reads prices."""
    wanted = [account.environment for account in plan.accounts]
    return [{"environment": environment.value, "cash_usd": "100000"} for environment in (*wanted, Environment.REAL)]


def move_in(plan: RunPlan, kis: Simulated) -> list[Tenant]:
    """Make what the run needs."""
    for name, (side, kind) in SIDES.items():
        setattr(settings, name, kis.info[side][kind])
    ensure_instruments()
    call_command("import_trading_days", "--from", kis.control.url + "/calendar", stdout=io.StringIO())
    HouseLimits.objects.get_or_create(pk=1)
    owner = create_user(email="chaos@bamsae.local", password="no sleep tonight", role=Role.TRADER)  # noqa: S106
    *customers, data = kis.accounts()
    set_data_credential(owner=owner, environment=Environment.REAL, by=owner, **_secrets(data))
    return [
        _account(owner, n, account, key)
        for n, (account, key) in enumerate(zip(plan.accounts, customers, strict=True), start=1)
    ]


def _secrets(key: dict[str, str]) -> dict[str, str]:
    return {name: key[name] for name in ("app_key", "app_secret", "account_no", "hts_id")}


def _account(owner: User, number: int, plan: AccountPlan, key: dict[str, str]) -> Tenant:
    account = create_account(
        user=owner, nickname=f"chaos {number}", environment=plan.environment, margin_mode=MarginMode.USD, by=owner
    )
    set_credentials(account=account, by=owner, **_secrets(key))
    set_limits(account=account, by=owner, failure_cooldown_sec=5, **plan.limits)
    for rule in plan.rules:
        _rule(
            owner,
            account,
            rule.symbol,
            buy_amount_usd=rule.buy_amount_usd,
            max_position=rule.max_position,
            **rule.fields,
        )
    set_enabled(account=account, enabled=True, confirm=account.nickname, by=owner)
    return Tenant(account.pk, key["account_no"], plan.environment)


def _rule(owner: User, account: BrokerageAccount, symbol: str, **fields: Any) -> None:
    row = create_rule(
        account=account, by=owner, symbol=symbol, timeframe=Timeframe.M1, evaluate_on=EvaluateOn.TICK,
        entry_condition=ENTRY, exit_condition=EXIT, **fields,
    )  # fmt: skip
    set_rule_enabled(rule=row, enabled=True, confirm=account.nickname, by=owner)
