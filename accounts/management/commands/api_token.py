"""Make a personal API token and print it once."""

from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from accounts.models import TokenScope, User
from accounts.services import create_api_token


class Command(BaseCommand):
    help = "Make a personal API token and print it. It is not kept in readable form: copy it now."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")
        parser.add_argument("--scope", choices=[s.value for s in TokenScope], default=TokenScope.READ.value)
        parser.add_argument("--days", type=int, default=90, help="until it expires (default 90)")
        parser.add_argument("--name", default="command line")

    def handle(self, *, email: str, scope: str, days: int, name: str, **_: Any) -> None:
        user = User.objects.filter(email__iexact=email, is_active=True).first()
        if user is None:
            raise CommandError(f"{email}: 등록된 사람이 없습니다. / There is no such person in the house.")
        if not 1 <= days <= 3650:
            raise CommandError("--days는 1에서 3650 사이입니다. / --days is from 1 to 3650.")
        expires_at = timezone.now() + timedelta(days=days)
        _row, text = create_api_token(user=user, name=name, scope=scope, expires_at=expires_at)
        self.stdout.write(text)
