"""Bots in the admin: looked at, never edited."""

from django.contrib import admin

from bots import account_actions as _actions  # noqa: F401  (what stops an account)
from bots import cards as _cards  # noqa: F401  (fills the admin's first page)
from bots.hooks import admin as _hooks  # noqa: F401  (pages of hooks, rebalancings and closures)
from bots.models import BotCheckpoint, BotCrash, BotLease, FeedLease
from theme.admin import ReadOnlyAdmin


@admin.register(BotLease)
class BotLeaseAdmin(ReadOnlyAdmin):
    list_display = ["account", "holder", "beat_at", "expires_at", "token", "crashes"]


@admin.register(BotCrash)
class BotCrashAdmin(ReadOnlyAdmin):
    list_display = ["at", "account", "error", "holder", "token"]
    list_filter = ["account"]
    ordering = ["-at"]


@admin.register(FeedLease)
class FeedLeaseAdmin(ReadOnlyAdmin):
    list_display = ["credential", "holder", "expires_at", "token"]


@admin.register(BotCheckpoint)
class BotCheckpointAdmin(ReadOnlyAdmin):
    list_display = ["account", "updated_at"]
