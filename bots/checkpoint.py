"""What a bot would lose with its process: which rules want what, and which decision each acted on last.

Orders, positions and what rules own are rows of their own; this keeps a restart from telling the same news twice.
"""

import logging
from collections.abc import Iterable

from accounts.models import BrokerageAccount
from bots.models import BotCheckpoint
from bots.watch import Watch
from market import points

log = logging.getLogger("bots")


def save(account: BrokerageAccount, watches: Iterable[Watch]) -> None:
    """Write what is remembered of every rule; call it after a decision that changed something."""
    payload = {"rules": {str(watch.row.pk): watch.remembered for watch in watches}}
    points.at("before_checkpoint")
    BotCheckpoint.objects.update_or_create(account=account, defaults={"payload": payload})
    points.at("after_checkpoint")


def restore(account: BrokerageAccount, watches: Iterable[Watch]) -> None:
    """Take up what the bot before remembered; a rule whose text has changed since begins anew.

    So does one whose memory cannot be read: it may tell a piece of news twice, and its orders' keys repeat none.
    """
    row = BotCheckpoint.objects.filter(account=account).first()
    kept = row.payload.get("rules") if row and isinstance(row.payload, dict) else None
    rules = kept if isinstance(kept, dict) else {}
    for watch in watches:
        try:
            watch.recall(rules.get(str(watch.row.pk), {}))
        except (KeyError, ValueError, TypeError, AttributeError):
            log.exception("what rule %s remembered cannot be read", watch.row.pk)
