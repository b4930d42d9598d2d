from django.apps import AppConfig


class LogsConfig(AppConfig):
    name = "logs"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from auditlog.registry import auditlog

        from logs import signals
        from logs.models import Channel

        signals.connect()
        # who is told where and of what; of the address only what may be read
        told = ["user", "name", "kind", "shown", "events", "level", "quiet_from", "quiet_to", "enabled"]
        auditlog.register(Channel, include_fields=told, m2m_fields={"accounts"})
