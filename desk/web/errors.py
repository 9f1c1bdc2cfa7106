"""What a page answers when the domain declines outside a form, or the database is away."""

from collections.abc import Callable

from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from followups.errors import Refused


class Refusals:
    """Middleware: `Refused` becomes a page with its status, a database that is away a 503; never a stack trace."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if isinstance(exception, Refused):
            return render(
                request,
                _TEMPLATES.get(exception.status, "refused.html"),
                {"refused": exception},
                status=exception.status,
            )
        if isinstance(exception, OperationalError):
            return HttpResponse(
                "The database cannot be reached. Try again in a moment.", status=503, content_type="text/plain"
            )
        return None


_TEMPLATES = {403: "403.html", 404: "404.html"}
