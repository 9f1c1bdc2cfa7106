"""Every refusal of the API as problem JSON (RFC 9457), made here alone. The codes are a closed, documented set."""

import logging
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.core.signals import got_request_exception
from django.db import IntegrityError, InterfaceError, OperationalError
from django.http import Http404
from rest_framework import exceptions
from rest_framework.response import Response

from desk.api.codes import CODES
from followups.errors import Refused

MEDIA_TYPE = "application/problem+json"
_GATE = "gate_"
_log = logging.getLogger(__name__)

_FIELD_CODES = {
    "null": "required",
    "max_length": "too-long",
    "min_length": "blank",
    "empty": "blank",
    "max_value": "out-of-range",
    "min_value": "out-of-range",
    "max_digits": "out-of-range",
    "max_decimal_places": "out-of-range",
    "max_whole_digits": "out-of-range",
    "max_string_length": "out-of-range",
    "overflow": "out-of-range",
    "invalid_choice": "unknown-choice",
    "null_characters_not_allowed": "forbidden-character",
    "surrogate_characters_not_allowed": "forbidden-character",
    "not_a_dict": "not-an-object",
}
_STATUS_CODES = {
    401: "unauthenticated",
    403: "forbidden",
    404: "not-found",
    405: "method-not-allowed",
    406: "not-acceptable",
    413: "too-large",
    415: "unsupported-media-type",
    429: "rate-limit",
}


class Problem(Exception):
    """What the API itself declines, beside the refusals of the domain."""

    def __init__(
        self, status: int, code: str, message: str, *, field: str | None = None, headers: dict | None = None
    ) -> None:
        super().__init__(message)
        self.status, self.code, self.message, self.field = status, code, message, field
        self.headers = headers or {}
        self.extra: dict[str, Any] = {}


def body(status: int, code: str, detail: str, *, errors: list | tuple = (), **extra: Any) -> dict[str, Any]:
    """The problem JSON of one refusal."""
    return {
        "type": f"{settings.SITE_URL}/api/v1/docs#{code}",
        "title": CODES.get(code, HTTPStatus(status).phrase),
        "status": status,
        "detail": detail,
        "code": code,
        "errors": list(errors),
        **extra,
    }


def of(exc: Exception) -> tuple[dict[str, Any], dict[str, str]] | None:
    """The problem and the headers of an expected exception; None for a mistake of ours."""
    if isinstance(exc, (Refused, Problem)):
        return _of_refusal(exc)
    if isinstance(exc, exceptions.ValidationError):
        return _of_validation(exc), {}
    if isinstance(exc, (Http404, PermissionDenied, RequestDataTooBig)):
        return _of_django(exc), {}
    if isinstance(exc, exceptions.APIException):
        return _of_framework(exc)
    if isinstance(exc, (OperationalError, InterfaceError)):
        return body(503, "unavailable", "The database cannot be reached or is busy. Try again."), {"Retry-After": "2"}
    if isinstance(exc, IntegrityError):
        return _of_integrity(exc)
    return None


def handle(exc: Exception, context: dict[str, Any]) -> Response:
    """DRF's exception handler. A mistake of ours goes to the log with its trace, and to the caller without."""
    found = of(exc)
    if found is None:
        _log.error("unhandled in the API", exc_info=exc)
        got_request_exception.send(sender=None, request=getattr(context.get("request"), "_request", None))
        found = body(500, "server-error", "Something went wrong on our side. It is logged."), {}
    return respond(*found)


def respond(problem: dict[str, Any], headers: dict[str, str] | None = None) -> Response:
    return Response(problem, status=problem["status"], headers=headers, content_type=MEDIA_TYPE)


def _of_refusal(exc: Refused | Problem) -> tuple[dict[str, Any], dict[str, str]]:
    errors = [{"field": exc.field, "code": exc.code, "message": exc.message}] if exc.field else []
    return body(exc.status, exc.code, exc.message, errors=errors, **exc.extra), getattr(exc, "headers", {})


def _of_validation(exc: exceptions.ValidationError) -> dict[str, Any]:
    errors = flatten(exc.detail)
    codes = {error["code"] for error in errors}
    code = codes.pop() if len(codes) == 1 else "invalid"
    detail = "; ".join(
        f"{error['field']}: {error['message']}" if error["field"] else error["message"] for error in errors[:5]
    )
    return body(400, code, detail, errors=errors)


def _of_django(exc: Exception) -> dict[str, Any]:
    if isinstance(exc, Http404):
        return body(404, "not-found", "Not found.")
    if isinstance(exc, PermissionDenied):
        return body(403, "forbidden", "This is not yours to do.")
    return body(413, "too-large", "The body may hold 10 MB.")


def _of_framework(exc: exceptions.APIException) -> tuple[dict[str, Any], dict[str, str]]:
    status = exc.status_code
    headers = {"WWW-Authenticate": exc.auth_header} if getattr(exc, "auth_header", None) else {}
    code = getattr(exc.detail, "code", None)
    code = code if code in CODES else _STATUS_CODES.get(status, "invalid")
    return body(status, code, str(exc.detail)), headers


def _of_integrity(exc: IntegrityError) -> tuple[dict[str, Any], dict[str, str]] | None:
    diagnosis = getattr(exc.__cause__, "diag", None)
    if (getattr(diagnosis, "constraint_name", None) or "").startswith(_GATE):
        return body(409, "gate", "The ticket would be left without an end or a next step. Nothing was saved."), {}
    if getattr(exc.__cause__, "sqlstate", None) == "23505":
        return body(409, "conflict", "Somebody saved the same at this moment. Read it again."), {}
    return None


def flatten(detail: Any, path: str = "") -> list[dict[str, Any]]:
    """Nested messages as rows of `{field, code, message}`; `field` is a path such as `customer.email`."""
    if isinstance(detail, dict):
        return [row for key, value in detail.items() for row in flatten(value, _join(path, key))]
    if isinstance(detail, list):
        nested = any(isinstance(value, (dict, list)) for value in detail)
        return [
            row for at, value in enumerate(detail) for row in flatten(value, _join(path, str(at)) if nested else path)
        ]
    return [{"field": path or None, "code": _field_code(getattr(detail, "code", "invalid")), "message": str(detail)}]


def _join(path: str, key: str) -> str:
    if key == "non_field_errors":
        return path
    return f"{path}.{key}" if path else str(key)


def _field_code(code: str) -> str:
    code = _FIELD_CODES.get(code, code)
    return code if code in CODES else "invalid"
