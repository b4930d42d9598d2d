"""A house of its own for a benchmark: Django on a database that is made for it and thrown away afterwards."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any


@contextmanager
def house() -> Iterator[None]:
    """Django, with an empty migrated database of its own for as long as the block lasts."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    import django
    from django.test.utils import setup_databases, teardown_databases

    django.setup()
    databases = setup_databases(verbosity=0, interactive=False, serialized_aliases=[])
    try:
        yield
    finally:
        from django.db import connections

        _end_other_sessions()
        connections.close_all()
        teardown_databases(databases, verbosity=0)


def _end_other_sessions() -> None:
    """Threads of the event loop keep connections of their own."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


def point_at(kis: Any) -> None:
    """Let the house speak to this simulator (`kis.simulator.testing.Simulated`)."""
    from django.conf import settings

    for side in ("real", "paper"):
        for kind in ("rest", "ws"):
            setattr(settings, f"KIS_{side}_{kind}_URL".upper(), kis.info[side][kind])


def settle_in(kis: Any, *, accounts: int = 1) -> list[Any]:
    """A trader with so many paper accounts of the simulator, the trading days and instruments it knows."""
    from django.core.management import call_command

    from accounts.services import create_account, create_user
    from credentials.services import set_credentials
    from instruments.services import ensure_instruments

    trader = create_user(email="bench@bamsae.test", password="a long night over Seoul", role="trader")  # noqa: S106
    ensure_instruments()
    call_command("import_trading_days", "--from", kis.info["control"] + "/calendar", verbosity=0)
    made = []
    for n, given in enumerate(kis.accounts("paper")[:accounts]):
        account = create_account(user=trader, nickname=f"bench {n}", environment="paper", by=trader)
        names = ("app_key", "app_secret", "account_no", "hts_id")
        set_credentials(account=account, by=trader, **{name: given[name] for name in names})
        made.append(account)
    return made


def rule_on(account: Any, symbol: str = "AAPL", **fields: Any) -> Any:
    """An enabled rule that looks at every tick."""
    from rules.services import create_rule, set_rule_enabled

    given = {"symbol": symbol, "timeframe": "1m", "evaluate_on": "tick", "buy_amount_usd": Decimal(1000)}
    given |= {"max_position": 1000, "cooldown_sec": 0, "entry_condition": "price > 0", "exit_condition": "false"}
    rule = create_rule(account=account, by=account.user, **given | fields)
    set_rule_enabled(rule=rule, enabled=True, confirm=account.nickname, by=account.user)
    return rule
