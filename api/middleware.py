"""Programs get UTC; people get Seoul."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils import timezone


class UtcForPrograms:
    """Under /api times are written in UTC with a Z, whatever zone the admin shows."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path.startswith("/api/"):
            return self.get_response(request)
        with timezone.override("UTC"):
            return self.get_response(request)
