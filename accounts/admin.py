"""People, accounts and limits in the admin. What a service guards is shown here and changed there."""

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.db.models import Model
from django.http import HttpRequest
from unfold.admin import StackedInline, TabularInline
from unfold.forms import AdminPasswordChangeForm, UserChangeForm

from accounts import cards as _cards  # noqa: F401  (fills the admin's first page)
from accounts import services
from accounts.models import AccountShare, ApiToken, BrokerageAccount, HouseLimits, RiskLimits, Role, User
from api.problems import ApiError
from theme.admin import HouseAdmin


class NewPersonForm(forms.ModelForm):
    """Made through the same service as everywhere, so that passwords are judged and admins can come in here."""

    password = forms.CharField(widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}))

    class Meta:
        model = User
        fields = ["email", "password", "role", "language"]

    def save(self, commit: bool = True) -> User:
        data = self.cleaned_data
        user = services.create_user(email=data["email"], password=data["password"], role=data["role"])
        services.set_language(user=user, language=data["language"])
        return user

    def save_m2m(self) -> None:
        """Nothing of the kind."""

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if not self.errors:
            try:
                services.check_password(password=data["password"], email=data["email"])
            except ApiError as weak:
                raise forms.ValidationError({"password": str(weak.message)}) from None
        return data


@admin.register(User)
class UserAdmin(HouseAdmin, DjangoUserAdmin):
    form = UserChangeForm
    add_form = NewPersonForm
    change_password_form = AdminPasswordChangeForm
    list_display = ["email", "role", "is_active", "last_login"]
    list_filter = ["role", "is_active"]
    search_fields = ["email"]
    ordering = ["email"]
    readonly_fields = ["last_login", "date_joined"]
    filter_horizontal = ()
    fieldsets = [
        (None, {"fields": ["email", "password", "role", "language", "is_active"]}),
        ("언제 / when", {"fields": ["last_login", "date_joined"]}),
    ]
    add_fieldsets = [(None, {"fields": ["email", "password", "role", "language"]})]

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        # The role alone decides who may come in here.
        obj.is_staff = obj.is_superuser = obj.role == Role.ADMIN
        super().save_model(request, obj, form, change)


LIMITS = [
    ("금액 / money", {"fields": ["daily_buy_usd", "max_order_usd", "daily_loss_usd", "max_drawdown_pct"]}),
    ("보유 / positions", {"fields": ["max_position_usd", "max_position_qty", "max_open_positions"]}),
    ("가격 / prices", {"fields": ["max_spread_bps", "max_slippage_bps"]}),
    ("때와 횟수 / when and how often", {"fields": ["orders_per_minute", "no_entry_before_close_sec"]}),
]
PAUSE = ("거절 뒤 쉼 / pause after refusals", {"fields": ["failure_streak", "failure_cooldown_sec"]})


class LimitsInline(StackedInline):
    model = RiskLimits
    can_delete = False
    fieldsets = [*LIMITS, PAUSE]


class ShareInline(TabularInline):
    model = AccountShare
    extra = 0
    autocomplete_fields = ["user"]


class SavesWhatChanged:
    """A row that machines write too: a halt that came while the page was open is not undone by saving a name."""

    def save_model(self, request: HttpRequest, obj: Model, form: Any, change: bool) -> None:
        obj.save(update_fields=[*form.changed_data, "updated_at"] if change else None)


@admin.register(BrokerageAccount)
class BrokerageAccountAdmin(SavesWhatChanged, HouseAdmin):
    list_display = ["nickname", "user", "environment", "enabled", "trading_state", "health_status", "last_heartbeat"]
    list_filter = ["environment", "enabled", "health_status", "trading_state"]
    list_select_related = ["user"]
    search_fields = ["nickname", "user__email"]
    autocomplete_fields = ["user"]
    inlines = [LimitsInline, ShareInline]
    # Enabling wants the name typed, states want a reason, health is the bot's to say: services guard them.
    guarded = ["enabled", "trading_state", "trading_state_reason", "health_status", "health_reason", "last_heartbeat"]

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> list[str]:
        fixed = ["user", "environment", "broker", "market"] if obj else ["broker", "market"]
        return [*self.guarded, *fixed, "created_at"]

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False  # its orders and its journal are evidence


@admin.register(AccountShare)
class AccountShareAdmin(HouseAdmin):
    list_display = ["account", "user", "level", "created_at"]
    list_select_related = ["account", "user"]
    list_filter = ["level"]
    search_fields = ["account__nickname", "user__email"]
    autocomplete_fields = ["account", "user"]


@admin.register(RiskLimits)
class RiskLimitsAdmin(HouseAdmin):
    list_display = [
        "account", "daily_buy_usd", "max_order_usd", "max_position_usd", "daily_loss_usd", "max_drawdown_pct",
        "orders_per_minute", "updated_at",
    ]  # fmt: skip
    list_select_related = ["account"]
    search_fields = ["account__nickname"]
    autocomplete_fields = ["account"]
    fieldsets = [(None, {"fields": ["account"]}), *LIMITS, PAUSE]


@admin.register(HouseLimits)
class HouseLimitsAdmin(SavesWhatChanged, HouseAdmin):
    list_display = [
        "__str__", "trading_state", "daily_buy_usd", "daily_loss_usd", "orders_per_minute", "max_order_usd",
        "updated_at",
    ]  # fmt: skip
    readonly_fields = ["trading_state", "trading_state_reason"]
    fieldsets = [(None, {"fields": ["trading_state", "trading_state_reason"]}), *LIMITS]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return not HouseLimits.objects.exists()

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


@admin.register(ApiToken)
class ApiTokenAdmin(HouseAdmin):
    """Tokens are made by their person and may be revoked here; the hash is nobody's business."""

    list_display = ["name", "user", "scope", "created_at", "expires_at", "last_used_at", "revoked_at"]
    list_filter = ["scope"]
    list_select_related = ["user"]
    search_fields = ["name", "user__email"]
    fields = ["name", "user", "scope", "created_at", "expires_at", "last_used_at", "revoked_at"]
    readonly_fields = ["name", "user", "scope", "created_at", "expires_at", "last_used_at"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False
