"""The demo's people, accounts and rules, made as often as one likes."""

import zlib

import pytest

from accounts.models import BrokerageAccount, User
from bots import demo
from credentials.models import ApiCredential
from rules.models import TradeRule

pytestmark = pytest.mark.django_db


def broker(name: str) -> dict:
    """What a simulator's ready line says of its accounts; another name is another broker."""
    paper = [("paper", n) for n in (1, 2, 3)]
    return {
        "accounts": [
            {
                "environment": environment,
                "app_key": f"PS{name}{environment}{n}".ljust(36, "x"),
                "app_secret": f"secret-{name}-{environment}-{n}".ljust(180, "s"),
                "account_no": f"{zlib.crc32(f'{name}{environment}{n}'.encode()) % 10**8:08d}01",
                "hts_id": f"{name}{n}"[:8],
            }
            for environment, n in [*paper, ("real", 1)]
        ]
    }


def test_three_running_accounts_with_a_rule_or_two_each_and_a_key_for_prices(now):
    people = demo.seed(broker("a"), now=now)

    assert [p["role"] for p in people] == ["admin", "trader", "viewer"]
    accounts = BrokerageAccount.objects.filter(enabled=True)
    assert [a.environment for a in accounts] == ["paper"] * 3
    assert {1, 2} >= {a.rules.filter(enabled=True).count() for a in accounts}
    assert ApiCredential.objects.filter(purpose="data", environment="real").count() == 1


def test_again_changes_nothing_but_the_tokens(now):
    first = demo.seed(broker("a"), now=now)
    counts = BrokerageAccount.objects.count(), TradeRule.objects.count(), ApiCredential.objects.count()

    again = demo.seed(broker("a"), now=now)

    assert (BrokerageAccount.objects.count(), TradeRule.objects.count(), ApiCredential.objects.count()) == counts
    assert [p["password"] for p in again] == [p["password"] for p in first]
    assert all(User.objects.get(email=p["email"]).check_password(p["password"]) for p in again)


def test_a_new_broker_gets_accounts_of_its_own_and_the_former_ones_are_switched_off(now):
    demo.seed(broker("a"), now=now)
    former = set(BrokerageAccount.objects.values_list("pk", flat=True))

    demo.seed(broker("b"), now=now)

    assert not BrokerageAccount.objects.filter(pk__in=former, enabled=True).exists()
    assert BrokerageAccount.objects.filter(enabled=True).count() == 3
    assert ApiCredential.objects.filter(purpose="data").count() == 1
