from typing import TYPE_CHECKING

from django.apps import AppConfig
from django.db import transaction
from django.db.models.signals import post_save

if TYPE_CHECKING:
    from orders.models import Instruction


class BotsConfig(AppConfig):
    name = "bots"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from accounts.shapes import contribute
        from bots.selectors import bot_states
        from orders.models import Instruction

        contribute("bot", bot_states)
        post_save.connect(_start_errand, sender=Instruction, dispatch_uid="bots.errand")


def _start_errand(instance: "Instruction", created: bool, **_: object) -> None:
    """Somebody asks something of a broker: it is done at once, also where no bot runs."""
    from bots import errand

    if created:
        transaction.on_commit(lambda: errand.ask(instance.account_id), robust=True)
