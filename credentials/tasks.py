"""What Celery runs for the keys."""

import logging

from asgiref.sync import async_to_sync
from celery import shared_task
from django.utils import timezone

from credentials import revocations
from credentials.sealed import opened
from credentials.selectors import credential_with_key
from credentials.services import bare_config
from sealing import SealingError

log = logging.getLogger("credentials")


@shared_task(name="credentials.revoke_tokens")
def revoke_tokens(**_later: object) -> int:
    """Tell KIS of every token whose key is gone; how many are settled. Run twice at once it does no harm."""
    return sum(_revoke(revocation_id) for revocation_id in revocations.due())


def _revoke(revocation_id: object) -> bool:
    revocation = revocations.take(revocation_id)  # type: ignore[arg-type]
    if revocation is None:
        return False
    try:
        app_key, app_secret, value = (opened(revocation, name) for name in revocation.SEALED)
    except SealingError as why:  # a key of the house is missing: it may come back
        log.warning("%s waits: %s", revocation, type(why).__name__)
        return False
    if credential_with_key(revocation.environment, app_key) is not None:
        return revocations.keep(revocation, timezone.now())
    config = bare_config(revocation.environment, app_key, app_secret)
    problem = async_to_sync(revocations.carry_out)(config, value)
    return revocations.settle(revocation, problem, timezone.now())
