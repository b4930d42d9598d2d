"""Rebalancing plans in the admin, changed through their services, so that version and journal follow."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest

from rules.models import RebalancePlan
from rules.plans import READERS, PlanInvalid, read_fields, update_plan
from theme.admin import HouseAdmin


class PlanForm(forms.ModelForm):
    """The same readers as the API's, so that nothing is saved here that the API would refuse."""

    class Meta:
        model = RebalancePlan
        fields = list(READERS)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        try:
            return cleaned | read_fields({name: cleaned[name] for name in READERS if name in cleaned})
        except PlanInvalid as invalid:
            for name, texts in (invalid.fields or {}).items():
                self.add_error(name if name in self.fields else None, [str(text) for text in texts])
        return cleaned


@admin.register(RebalancePlan)
class RebalancePlanAdmin(HouseAdmin):
    """Weights and times. Making one and switching it on ask for more than a form does: see the dashboard."""

    form = PlanForm
    list_display = ["name", "account", "schedule", "weights", "band_pct", "enabled", "version", "updated_at"]
    list_select_related = ["account"]
    list_filter = ["enabled", "schedule", "account"]
    search_fields = ["name", "account__nickname"]
    readonly_fields = ["account", "enabled", "enabled_at", "version", "created_at", "updated_at"]
    actions = None

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: RebalancePlan, form: PlanForm, change: bool) -> None:
        changed = {name: form.cleaned_data[name] for name in form.changed_data if name in READERS}
        update_plan(plan=obj, by=request.user, **changed)  # type: ignore[arg-type]
