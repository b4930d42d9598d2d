"""The base classes of every admin page, and the pages of the libraries in the same dress."""

from allauth.account import admin as account_admin
from allauth.account.models import EmailAddress
from allauth.mfa import admin as mfa_admin
from allauth.mfa.models import Authenticator
from allauth.usersessions import admin as usersessions_admin
from allauth.usersessions.models import UserSession
from auditlog import admin as audit_admin
from auditlog.models import LogEntry
from django.contrib import admin
from django.contrib.admin.models import LogEntry as AdminEntry
from django.contrib.auth import admin as auth_admin
from django.contrib.auth.models import Group
from django.contrib.sessions.models import Session
from django_celery_beat import admin as beat_admin
from django_celery_beat.models import (
    ClockedSchedule,
    CrontabSchedule,
    IntervalSchedule,
    PeriodicTask,
    SolarSchedule,
)
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from theme.base import HouseAdmin, ReadOnlyAdmin, ReadOnlyInline, ReadOnlyMixin
from theme.language import both

__all__ = ["HouseAdmin", "ReadOnlyAdmin", "ReadOnlyInline", "ReadOnlyMixin"]

# Importing their admin modules above registered these pages; from here on they are ours.
for _model in (
    ClockedSchedule,
    CrontabSchedule,
    IntervalSchedule,
    PeriodicTask,
    SolarSchedule,
    LogEntry,
    EmailAddress,
    Authenticator,
    UserSession,
    Group,
):
    if admin.site.is_registered(_model):
        admin.site.unregister(_model)


class TaskSelect(UnfoldAdminSelectWidget, beat_admin.TaskSelectWidget):
    """The list of registered tasks."""


class PeriodicTaskForm(beat_admin.PeriodicTaskForm):
    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self.fields["task"].widget = UnfoldAdminTextInputWidget()
        self.fields["regtask"].widget = TaskSelect()


@admin.register(PeriodicTask)
class PeriodicTaskAdmin(HouseAdmin, beat_admin.PeriodicTaskAdmin):
    form = PeriodicTaskForm


@admin.register(ClockedSchedule)
class ClockedAdmin(HouseAdmin, beat_admin.ClockedScheduleAdmin):
    pass


@admin.register(CrontabSchedule)
class CrontabAdmin(HouseAdmin, beat_admin.CrontabScheduleAdmin):
    pass


@admin.register(IntervalSchedule)
class IntervalAdmin(HouseAdmin, beat_admin.IntervalScheduleAdmin):
    pass


@admin.register(SolarSchedule)
class SolarAdmin(HouseAdmin, beat_admin.SolarScheduleAdmin):
    pass


@admin.register(LogEntry)
class AuditAdmin(HouseAdmin, audit_admin.LogEntryAdmin):
    date_hierarchy = None  # it reads the whole table to know its years


@admin.register(EmailAddress)
class EmailAddressAdmin(HouseAdmin, account_admin.EmailAddressAdmin):
    pass


@admin.register(Authenticator)
class AuthenticatorAdmin(ReadOnlyAdmin):
    """Second factors: that they exist, never what they are."""

    list_display = ["user", "type", "created_at", "last_used_at"]
    fields = ["user", "type", "created_at", "last_used_at"]
    search_fields = ["user__email"]


@admin.register(UserSession)
class UserSessionAdmin(ReadOnlyAdmin):
    """Where people are signed in; without the session's key, which is as good as a password."""

    list_display = ["user", "ip", "user_agent", "created_at", "last_seen_at"]
    fields = ["user", "ip", "user_agent", "created_at", "last_seen_at"]
    search_fields = ["user__email", "ip"]


@admin.register(Session)
class SessionAdmin(ReadOnlyAdmin):
    """That there are sessions, and until when. The key is as good as a password: no link and no box carries it."""

    list_display = ["ending", "expire_date"]
    list_display_links = None
    fields = ["expire_date"]

    @admin.display(description=both("세션", "session"))
    def ending(self, session: Session) -> str:
        return f"…{session.session_key[-4:]}"


@admin.register(Group)
class GroupAdmin(HouseAdmin, auth_admin.GroupAdmin):
    pass


@admin.register(AdminEntry)
class AdminEntryAdmin(ReadOnlyAdmin):
    """What was done through these pages."""

    list_display = ["action_time", "user", "content_type", "object_repr", "action_flag"]
    list_select_related = ["user", "content_type"]


_ = (mfa_admin, usersessions_admin)  # imported for their registration, which the loop above undoes
