"""Role first (which verbs), ownership second (which accounts: see `accounts.selectors`)."""

from typing import Any

from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from accounts.models import Role


def _role(request: Request) -> str | None:
    user = request.user
    return user.role if user is not None and user.is_active else None


class SignedIn(BasePermission):
    """Anybody with an active account of the house."""

    def has_permission(self, request: Request, view: Any) -> bool:
        return _role(request) is not None


class ByRole(SignedIn):
    """The default: everybody signed in reads, viewers change nothing."""

    def has_permission(self, request: Request, view: Any) -> bool:
        role = _role(request)
        return role in (Role.ADMIN, Role.TRADER) or (role is not None and request.method in SAFE_METHODS)


class IsAdmin(SignedIn):
    """Users, global limits and the house's own journal."""

    def has_permission(self, request: Request, view: Any) -> bool:
        return _role(request) == Role.ADMIN
