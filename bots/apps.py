from django.apps import AppConfig


class BotsConfig(AppConfig):
    name = "bots"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from accounts.shapes import contribute
        from bots.selectors import bot_states

        contribute("bot", bot_states)
