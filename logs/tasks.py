"""What Celery runs for the journal."""

from celery import shared_task
from django.utils import timezone

from logs.notifications.delivery import deliver


@shared_task(name="logs.deliver_notifications")
def deliver_notifications(**_later: object) -> int:
    """Tell people of what is new in the journal; how many events were delivered. Harmless to run twice at once."""
    return deliver(timezone.now())
