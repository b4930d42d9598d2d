"""Writing the journal."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from accounts.models import BrokerageAccount
from logs.masking import masked_text, plain
from logs.models import ExecutionLog, Kind, Level
from logs.nudge import nudge
from market.errors import Text


def record(
    *,
    account: BrokerageAccount | None = None,
    rule_id: UUID | None = None,
    kind: Kind | str = Kind.LOG,
    level: Level | str = Level.INFO,
    message: Text | str,
    ctx: dict[str, Any] | None = None,
    at: datetime,
) -> ExecutionLog:
    """Write one event into the caller's transaction (or one of its own).

    It is there exactly if the transaction commits; its `seq` is given at that moment, so the row returned has none
    yet. `ctx` may hold money, times, ids and enums; secrets in it are masked. Without an account the event is the
    house's, for admins. Raises ValueError for a time without a zone or a word that is not known.
    """
    if at.tzinfo is None:
        raise ValueError("a time without a zone is not a time: give an aware datetime")
    text = message if isinstance(message, Text) else Text(message, message)
    row = ExecutionLog.objects.create(
        account=account,
        rule_id=rule_id,
        kind=Kind(kind),
        level=Level(level),
        message=masked_text(text.ko),
        message_en=masked_text(text.en),
        ctx=plain(ctx or {}),
        created_at=at,
    )
    transaction.on_commit(nudge, robust=True)
    return row
