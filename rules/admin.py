"""Rules in the admin. A rule is changed through its services, so that its version and the journal follow."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest

from rules.fields import READERS, FieldProblem
from rules.language import ConditionError
from rules.models import RuleState, RuleVersion, StrategySignal, TradeRule
from rules.services import RuleHolds, update_rule
from theme.admin import HouseAdmin, ReadOnlyAdmin, ReadOnlyInline


class RuleForm(forms.ModelForm):
    """The same readers as the API's, so that nothing is saved here that the API would refuse."""

    class Meta:
        model = TradeRule
        fields = [name for name in READERS if name not in ("symbol", "exchange")]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        for name in ("entry_condition", "exit_condition", "mode", "sessions"):
            if name in cleaned:
                try:
                    cleaned[name] = READERS[name](cleaned[name])
                except (FieldProblem, ConditionError) as problem:
                    self.add_error(name, str(problem.text))
        return cleaned


class StateInline(ReadOnlyInline):
    model = RuleState
    fields = ["qty", "avg_price", "opened_at", "failure_streak", "last_bar_at", "last_evaluated_at"]
    show_change_link = False


class VersionInline(ReadOnlyInline):
    model = RuleVersion
    fields = ["version", "fields", "changed_by", "created_at"]
    readonly_fields = ["created_at"]
    ordering = ["-version"]
    show_change_link = False


@admin.register(TradeRule)
class TradeRuleAdmin(HouseAdmin):
    """Texts and amounts. Making, deleting and switching on ask for more than a form does: see the dashboard."""

    form = RuleForm
    list_display = ["__str__", "account", "symbol", "timeframe", "evaluate_on", "enabled", "version", "updated_at"]
    list_select_related = ["account"]
    list_filter = ["enabled", "timeframe", "evaluate_on", "account"]
    search_fields = ["name", "symbol", "account__nickname"]
    readonly_fields = ["account", "symbol", "exchange", "enabled", "version", "created_at", "updated_at"]
    inlines = [StateInline, VersionInline]
    actions = None

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: TradeRule | None = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: TradeRule, form: RuleForm, change: bool) -> None:
        changed = {name: form.cleaned_data[name] for name in form.changed_data if name in READERS}
        try:
            update_rule(rule=obj, by=request.user, **changed)  # type: ignore[arg-type]
        except RuleHolds as held:
            self.message_user(request, str(held.message), "error")


@admin.register(StrategySignal)
class StrategySignalAdmin(ReadOnlyAdmin):
    list_display = ["created_at", "rule", "type", "score", "rule_version"]
    list_select_related = ["rule"]
    list_filter = ["type"]
    search_fields = ["rule__name", "rule__symbol"]
    ordering = ["-created_at"]


@admin.register(RuleState)
class RuleStateAdmin(ReadOnlyAdmin):
    list_display = ["rule", "qty", "avg_price", "realized_pnl", "failure_streak", "last_evaluated_at"]
    list_select_related = ["rule"]
    search_fields = ["rule__name", "rule__symbol"]


@admin.register(RuleVersion)
class RuleVersionAdmin(ReadOnlyAdmin):
    list_display = ["rule", "version", "changed_by", "created_at"]
    list_select_related = ["rule", "changed_by"]
    search_fields = ["rule__name", "rule__symbol"]
    ordering = ["-created_at"]
