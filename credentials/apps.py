from django.apps import AppConfig


class CredentialsConfig(AppConfig):
    name = "credentials"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from auditlog.registry import auditlog

        import credentials.revocations  # noqa: F401  it listens for deleted keys
        from credentials.models import ApiCredential

        # That a key was entered or replaced, and by whom; of the key itself not even the hash.
        auditlog.register(
            ApiCredential,
            include_fields=[
                "owner",
                "account",
                "purpose",
                "environment",
                "lends_prices",
                "key_fingerprint",
                "account_fingerprint",
            ],
            mask_fields=["key_fingerprint", "account_fingerprint"],
        )
