from django.apps import AppConfig


class PositionsConfig(AppConfig):
    name = "positions"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from accounts import shapes
        from positions.selectors import pnl_of

        shapes.contribute("pnl", pnl_of)
