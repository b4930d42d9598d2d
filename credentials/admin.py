"""Keys in the admin: that they exist, never what they are. They are entered through the API's form."""

from datetime import datetime

from django.contrib import admin
from django.utils import timezone

from credentials.models import ApiCredential, TokenRevocation
from credentials.services import masked, token_state
from theme.admin import ReadOnlyAdmin
from theme.language import both


@admin.register(ApiCredential)
class ApiCredentialAdmin(ReadOnlyAdmin):
    list_display = ["__str__", "owner", "purpose", "environment", "key", "token", "token_expire_at", "updated_at"]
    list_select_related = ["account", "owner"]
    list_filter = ["purpose", "environment", "token_doubt"]
    search_fields = ["account__nickname", "owner__email"]
    fields = [
        "owner",
        "account",
        "purpose",
        "environment",
        "key",
        "opens",
        "lends_prices",
        "token",
        "token_issued_at",
        "token_expire_at",
        "token_dead_until",
        "token_why",
        "token_claimed_until",
        "approval_issued_at",
        "created_at",
        "updated_at",
    ]

    @admin.display(description="app key")
    def key(self, row: ApiCredential) -> str:
        return masked(row)["app_key"]

    @admin.display(boolean=True, description="opens")
    def opens(self, row: ApiCredential) -> bool:
        return masked(row)["opens"]

    @admin.display(description=both("토큰", "token"))
    def token(self, row: ApiCredential) -> str:
        return token_state(row, timezone.now())["token_state"]

    @admin.display(description=both("주문 불가 종료", "no orders before"))
    def token_dead_until(self, row: ApiCredential) -> datetime | None:
        return token_state(row, timezone.now())["token_dead_until"]

    @admin.display(description=both("토큰이 없는 이유", "why there is no token"))
    def token_why(self, row: ApiCredential) -> str:
        problem = token_state(row, timezone.now())["token_problem"]
        return f"{problem['ko']} / {problem['en']}" if problem else ""


@admin.register(TokenRevocation)
class TokenRevocationAdmin(ReadOnlyAdmin):
    """Tokens of keys that are gone and that KIS is still to be told of."""

    list_display = ["__str__", "environment", "attempts", "next_try_at", "token_expire_at", "created_at"]
    list_filter = ["environment"]
    search_fields = ["label"]
    fields = ["label", "environment", "attempts", "next_try_at", "token_expire_at", "created_at"]
