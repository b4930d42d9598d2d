"""List the bots."""

from django.core.management.base import BaseCommand

from accounts.models import BrokerageAccount
from bots.selectors import bot_states


class Command(BaseCommand):
    help = "List every account with its bot: wanted, running, where, since when, health."

    def handle(self, *args, **options) -> None:
        accounts = list(BrokerageAccount.objects.all())
        states = bot_states(accounts)
        for account in accounts:
            state = states.get(account.pk)
            running = bool(state and state["running"])
            wanted = "on" if account.enabled else "off"
            where = f"{state['holder']} since {state['since']:%F %T}Z" if running else "-"
            self.stdout.write(
                f"{account.pk}  {account.nickname:<24} {account.environment:<6} wanted={wanted:<3} "
                f"{'running' if running else 'stopped':<8} {account.health_status:<10} {where}"
            )
