"""Keys in the admin: that they exist, never what they are. They are entered through the API's form."""

from django.contrib import admin

from credentials.models import ApiCredential
from credentials.services import masked
from theme.admin import ReadOnlyAdmin


@admin.register(ApiCredential)
class ApiCredentialAdmin(ReadOnlyAdmin):
    list_display = ["__str__", "owner", "purpose", "environment", "key", "token_expire_at", "updated_at"]
    list_select_related = ["account", "owner"]
    list_filter = ["purpose", "environment"]
    search_fields = ["account__nickname", "owner__email"]
    fields = [
        "owner",
        "account",
        "purpose",
        "environment",
        "key",
        "opens",
        "token_issued_at",
        "token_expire_at",
        "token_claimed_until",
        "created_at",
        "updated_at",
    ]

    @admin.display(description="app key")
    def key(self, row: ApiCredential) -> str:
        return masked(row)["app_key"]

    @admin.display(boolean=True, description="opens")
    def opens(self, row: ApiCredential) -> bool:
        return masked(row)["opens"]
