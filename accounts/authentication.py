"""Who is asking: a signed-in person (X-Session-Token) or a program with a personal token (Bearer)."""

from datetime import timedelta

from allauth.headless.contrib.rest_framework.authentication import XSessionTokenAuthentication
from auditlog.context import auditlog_value
from django.utils import timezone
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request

from accounts.models import ApiToken, TokenScope, User
from accounts.selectors import usable_token

USED_EVERY = timedelta(minutes=1)  # "last used" is for people: once a minute is exact enough


def _name_the_actor(user: User) -> None:
    """The audit log's middleware looked before anybody was known; tell it now."""
    if (audit := auditlog_value.get(None)) is not None:
        audit["actor"] = user


class SessionTokenAuthentication(XSessionTokenAuthentication):
    """The opaque token of /api/_allauth/, which an admin can end at any moment."""

    def authenticate(self, request: Request) -> tuple[User, object] | None:
        if not self.get_session_token(request):
            return None
        found = super().authenticate(request)
        if found is None:
            raise AuthenticationFailed
        _name_the_actor(found[0])
        return found

    def authenticate_header(self, request: Request) -> str:
        return "X-Session-Token"  # with it an unknown caller is 401, not 403


class ApiTokenAuthentication(BaseAuthentication):
    """`Authorization: Bearer …`. A token of scope `read` changes nothing, whatever its person may."""

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        keyword, _, text = get_authorization_header(request).decode("latin-1").partition(" ")
        if keyword.lower() != "bearer":
            return None
        now = timezone.now()
        token = usable_token(text.strip(), now=now)
        if token is None:
            raise AuthenticationFailed
        if token.scope == TokenScope.READ and request.method not in SAFE_METHODS:
            raise PermissionDenied
        if token.last_used_at is None or now - token.last_used_at > USED_EVERY:
            ApiToken.objects.filter(pk=token.pk).update(last_used_at=now)
        _name_the_actor(token.user)
        return token.user, token

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"
