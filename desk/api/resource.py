"""What every resource of the API does alike: size, scope, rate, one act per key, versions, rows by their name."""

from datetime import datetime
from typing import Any, ClassVar

from django.db import transaction
from django.db.models import Model, QuerySet
from django.utils import timezone
from django.utils.http import parse_etags
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from desk.api import errors, idempotency, parsing, rate
from desk.api.described import DeskSchema
from followups.errors import Missing, Outdated

SAFE = ("GET", "HEAD")


class Resource(APIView):
    """A view whose `scopes` name what each method needs. `self.now` is the one clock reading of the request."""

    scopes: ClassVar[dict[str, str]] = {}
    schema = DeskSchema()
    metadata_class = None
    http_method_names: ClassVar = ["get", "post", "patch", "head"]
    now: datetime
    rate_headers: dict[str, str]

    def dispatch(self, request, *args: Any, **kwargs: Any):
        self.args, self.kwargs, self.rate_headers = args, kwargs, {}
        self.now = timezone.now()
        self.headers = self.default_response_headers
        self.request = request = self.initialize_request(request, *args, **kwargs)
        try:
            self.initial(request, *args, **kwargs)
            response = self._answer(request)
        except Exception as exc:  # noqa: BLE001 - the one place where each exception becomes a problem
            response = self.handle_exception(exc)
        self.response = self.finalize_response(request, response, *args, **kwargs)
        self.response.headers["Cache-Control"] = "no-store"
        for name, value in self.rate_headers.items():
            self.response.headers[name] = value
        return self.response

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        length = request.META.get("CONTENT_LENGTH") or ""
        if not length and "HTTP_TRANSFER_ENCODING" in request.META:
            raise errors.Problem(411, "length-required", "Send the body whole, with its Content-Length.")
        if length.isdigit() and int(length) > parsing.LARGEST_BODY:
            raise errors.Problem(413, "too-large", "The body may hold 10 MB.")

    def check_throttles(self, request: Request) -> None:
        if request.actor.token:
            self.rate_headers = rate.spend(request.actor.token.pk).headers

    def _answer(self, request: Request):
        method = request.method.lower()
        handler = getattr(self, method, None) if method in self.http_method_names else None
        if handler is None:
            return self.http_method_not_allowed(request)
        if request.method in SAFE:
            return handler(request)
        return idempotency.once(request, lambda: self._act(handler, request), now=self.now)

    def _act(self, handler, request: Request) -> Response:
        """With If-Match the version is read under the row's lock, so that nobody slips in between."""
        if "If-Match" not in request.headers:
            return handler(request)
        with transaction.atomic():
            self.check_version(request)
            return handler(request)

    def check_version(self, request: Request) -> None:
        """Views of versioned rows say which row; elsewhere If-Match has nothing to compare with."""


def etag(row: Any) -> str:
    return f'"{row.revision}"'


def match(request: Request, row: Any) -> None:
    """Refuse with 412 where If-Match names another version of `row`."""
    wanted = parse_etags(request.headers["If-Match"])
    if wanted != ["*"] and etag(row) not in wanted:
        raise Outdated


def one(rows: QuerySet, **by: Any) -> Model:
    """The row that the address names, or 404: the same answer for "not there" and "not for your eyes"."""
    row = rows.filter(**by).first()
    if row is None:
        raise Missing
    return row


def answer(data: Any, *, row: Any = None, status: int = 200, location: str = "") -> Response:
    headers = {"Location": location} if location else {}
    if row is not None:
        headers["ETag"] = etag(row)
    return Response(data, status=status, headers=headers)
