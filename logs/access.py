"""Who is at the other end of a stream, and what they may read: the same answer as everywhere in the API."""

from collections.abc import Mapping

from django.http import HttpRequest
from rest_framework.exceptions import AuthenticationFailed, NotAuthenticated
from rest_framework.request import Request
from rest_framework.settings import api_settings

from accounts.models import User
from logs.selectors import Scope, scope_of
from logs.stream import AccessLost

HEADERS = ("X-Session-Token", "Authorization")


def identify(headers: Mapping[str, str]) -> User:
    """The person whose token this is, by the API's own authentication classes; cookies are never looked at.

    Raises NotAuthenticated or AuthenticationFailed.
    """
    bare = HttpRequest()
    bare.method = "GET"
    for name in HEADERS:
        if value := headers.get(name):
            bare.META[f"HTTP_{name.upper().replace('-', '_')}"] = value
    request = Request(bare, authenticators=[each() for each in api_settings.DEFAULT_AUTHENTICATION_CLASSES])
    if not isinstance(request.user, User) or not request.user.is_active:
        raise NotAuthenticated
    return request.user


def scope_for(headers: Mapping[str, str]) -> Scope:
    """What the bearer of these headers may read now. Raises AccessLost when the token is no good any more."""
    try:
        return scope_of(identify(headers))
    except (NotAuthenticated, AuthenticationFailed) as error:
        raise AccessLost from error
