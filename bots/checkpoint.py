"""What a bot would lose with its process: which rules want what, and which decision each acted on last.

Orders, positions and what rules own are rows of their own; this keeps a restart from telling the same news twice.
"""

from collections.abc import Iterable

from accounts.models import BrokerageAccount
from bots.models import BotCheckpoint
from bots.watch import Watch
from market import points


def save(account: BrokerageAccount, watches: Iterable[Watch]) -> None:
    """Write what is remembered of every rule; call it after a decision that changed something."""
    payload = {"rules": {str(watch.row.pk): watch.remembered for watch in watches}}
    points.at("before_checkpoint")
    BotCheckpoint.objects.update_or_create(account=account, defaults={"payload": payload})
    points.at("after_checkpoint")


def restore(account: BrokerageAccount, watches: Iterable[Watch]) -> None:
    """Take up what the bot before remembered; a rule whose text has changed since begins anew."""
    row = BotCheckpoint.objects.filter(account=account).first()
    rules = row.payload.get("rules", {}) if row else {}
    for watch in watches:
        watch.recall(rules.get(str(watch.row.pk), {}))
