"""What every page of the admin has in common."""

from typing import Any

from django.db.models import Model
from django.http import HttpRequest
from unfold.admin import ModelAdmin, TabularInline

from theme.paginator import EstimatedPaginator


class HouseAdmin(ModelAdmin):
    """An admin page that stays quick however big the table grows: it never counts all rows."""

    show_full_result_count = False
    paginator = EstimatedPaginator
    list_per_page = 50
    compressed_fields = True
    warn_unsaved_form = True


class ReadOnlyMixin:
    """Looked at, never edited: what machines wrote stays as they wrote it."""

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class ReadOnlyAdmin(ReadOnlyMixin, HouseAdmin):
    """A read-only page."""

    actions: Any = None


class ReadOnlyInline(ReadOnlyMixin, TabularInline):
    """Read-only rows inside another page."""

    extra = 0
    can_delete = False
    show_change_link = True
