"""Who may see what has changed: tell the streams, in every process, to ask again."""

from typing import Any

from django.db import transaction
from django.db.models import Model
from django.db.models.signals import post_delete, post_save

from accounts.models import AccountShare, ApiToken, BrokerageAccount, User
from logs.nudge import SCOPE, nudge

# Columns that decide who may read; a heartbeat changes none of them.
DECISIVE: dict[type[Model], frozenset[str]] = {
    BrokerageAccount: frozenset({"user"}),
    AccountShare: frozenset({"account", "user", "level"}),
    User: frozenset({"role", "is_active"}),
    ApiToken: frozenset({"revoked_at", "expires_at"}),
}


def _saved(sender: type[Model], created: bool, update_fields: frozenset[str] | None, **_: Any) -> None:
    if created or update_fields is None or DECISIVE[sender] & set(update_fields):
        _tell()


def _deleted(**_: Any) -> None:
    _tell()


def _tell() -> None:
    transaction.on_commit(lambda: nudge(SCOPE), robust=True)


def connect() -> None:
    for model in DECISIVE:
        post_save.connect(_saved, sender=model, dispatch_uid="logs.scope")
        post_delete.connect(_deleted, sender=model, dispatch_uid="logs.scope")
