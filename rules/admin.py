"""Rules in the admin. A rule is changed through its services, so that its version and the journal follow."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from rules import plans_admin as _plans  # noqa: F401  (the page of rebalancing plans)
from rules.fields import READERS, STOPS, read_fields
from rules.models import RuleState, RuleVersion, StrategySignal, TradeRule
from rules.problems import errors_of, warnings_of
from rules.services import RuleHolds, update_rule
from rules.whole import judge
from theme.admin import HouseAdmin, ReadOnlyAdmin, ReadOnlyInline


class RuleForm(forms.ModelForm):
    """The same readers and the same judge as the API's, so that nothing is saved here that the API would refuse."""

    class Meta:
        model = TradeRule
        fields = [name for name in READERS if name not in ("symbol", "exchange")]
        widgets = {
            "entry_condition": forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
            "exit_condition": forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
            "params": forms.Textarea(attrs={"rows": 4, "spellcheck": "false"}),
            "code": forms.Textarea(attrs={"rows": 18, "spellcheck": "false", "wrap": "off"}),
        }

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for name in ("entry_condition", "exit_condition", "params", "code"):
            self.fields[name].widget.attrs["style"] = "font-family: ui-monospace, monospace; width: 100%"
        for name in STOPS:
            self.fields[name].help_text = _("percent; 3 means 3 %")
        self.fields["code"].help_text = _("mode python: def decide(market, position, params)")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        fields, problems = read_fields({name: cleaned[name] for name in READERS if name in cleaned})
        cleaned |= fields
        wrong = {problem.field for problem in problems} | set(self.errors)
        whole = {name: getattr(self.instance, name) for name in READERS} | fields
        judged = judge(whole, environment=self.instance.account.environment)
        problems += [problem for problem in judged.problems if problem.field not in wrong]
        for problem in errors_of(problems):
            self.add_error(problem.field if problem.field in self.fields else None, str(problem.text))
        self.warnings = warnings_of(problems)
        return cleaned


class StateInline(ReadOnlyInline):
    model = RuleState
    fields = [
        "qty", "entries", "avg_price", "opened_at", "failure_streak", "last_bar_at", "last_evaluated_at",
        "stopped_because",
    ]  # fmt: skip
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
    fieldsets = [
        (None, {"fields": ["account", "name", "symbol", "exchange", "enabled", "version"]}),
        (_("What it wants"), {"fields": ["mode", "entry_condition", "exit_condition", "params", *STOPS, "code"]}),
        (_("When it looks"), {"fields": ["timeframe", "evaluate_on", "sessions", "cooldown_sec"]}),
        (
            _("How it orders"),
            {
                "fields": [
                    "buy_amount_usd",
                    "max_position",
                    "time_in_force",
                    "order_price",
                    "price_offset_bps",
                    "price_offset_ticks",
                    "max_entries",
                ]
            },
        ),
        (
            _("What becomes of unfilled orders"),
            {
                "fields": [
                    "cancel_after_sec",
                    "reprice_times",
                    "reprice_after_sec",
                    "max_slippage_bps",
                    "at_close",
                    "close_margin_sec",
                ]
            },
        ),
        (_("Times"), {"fields": ["created_at", "updated_at"]}),
    ]
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
        for warning in form.warnings:
            self.message_user(request, f"{warning.field}: {warning.text}", "warning")


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
