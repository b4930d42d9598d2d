"""Everything sealed, under the newest key."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts import mfa
from accounts.keys import keyring
from credentials import services
from sealing import SealingError


class Command(BaseCommand):
    help = "Reseal every secret under the first key of CREDENTIAL_KEYS. Bots may run meanwhile."

    def handle(self, **_: Any) -> None:
        try:
            count = services.reseal_all() + mfa.reseal_all()
        except SealingError as error:
            raise CommandError(
                f"열 수 없는 값이 있습니다. manage.py preflight를 보세요. / Some do not open, see preflight: {error}"
            ) from None
        self.stdout.write(f"{count}개를 {keyring().names[0]}로 다시 봉인 / {count} values under {keyring().names[0]}")
