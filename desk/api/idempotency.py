"""Idempotency-Key: the same POST twice is one act. The answer is a row of the act's own transaction.

The row is inserted before the act. A twin's insert waits on it in the database: once the first commits, the twin reads
the answer; if the first rolls back, the twin does the act; after five seconds it is told that the first is at work.
"""

import hashlib
from collections.abc import Callable
from datetime import datetime

from django.db import OperationalError, connection, transaction
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from rest_framework.exceptions import APIException
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from desk.api import errors
from followups.errors import Refused
from followups.models import Actor, IdempotentAnswer

LONGEST_WAIT = "5s"
KEPT_HEADERS = ("ETag", "Location")
_LOCK_NOT_AVAILABLE = "55P03"
# Three statements in one round trip: the patience is for this insert alone.
_CLAIM = """
SET LOCAL lock_timeout = %s;
INSERT INTO followups_idempotentanswer (token_id, agent_id, path, key, body_digest, headers, body, at)
VALUES (%s, %s, %s, %s, %s, '{}', '', %s)
ON CONFLICT DO NOTHING RETURNING id;
SET LOCAL lock_timeout = DEFAULT
"""


def once(request: Request, act: Callable[[], Response], *, now: datetime) -> HttpResponseBase:
    """The answer of `act`, or the one it gave before under the same key."""
    key = _key(request)
    if key is None:
        return act()
    with transaction.atomic():
        row, known = _claim(request, key, now)
        return _replay(row, request) if known else _kept(row, _answered(act))


def _key(request: Request) -> str | None:
    key = request.headers.get("Idempotency-Key")
    if key is None or request.method != "POST":
        return None
    if not (1 <= len(key) <= 200 and key.isascii() and key.isprintable()):
        raise errors.Problem(400, "idempotency-key", "A key has 1 to 200 printable ASCII characters.")
    return key


def _claim(request: Request, key: str, now: datetime) -> tuple[IdempotentAnswer, bool]:
    """The row of the key, and whether it was there before."""
    actor: Actor = request.actor
    row = IdempotentAnswer(
        token=actor.token,
        agent=None if actor.token else actor.agent,
        path=request.path,
        key=key,
        body_digest=body_digest(request),
        at=now,
    )
    row.pk = _insert(row)
    if row.pk is not None:
        return row, False
    return IdempotentAnswer.objects.get(token=row.token, agent=row.agent, path=row.path, key=key), True


def _insert(row: IdempotentAnswer) -> int | None:
    """The id of the new row; None where the key is known. A first still at work is waited for."""
    values = [row.token_id, row.agent_id, row.path, row.key, row.body_digest, row.at]
    try:
        with connection.cursor() as cursor:
            cursor.execute(_CLAIM, [LONGEST_WAIT, *values])
            cursor.nextset()
            found = cursor.fetchone()
    except OperationalError as exc:
        if getattr(exc.__cause__, "sqlstate", None) != _LOCK_NOT_AVAILABLE:
            raise
        raise errors.Problem(409, "idempotency-busy", "The first request under this key is still at work.") from exc
    return found[0] if found else None


def body_digest(request: Request) -> str:
    """What must be the same for a replay: the bytes of JSON, the fields and files of a multipart body."""
    if not (request.content_type or "").startswith("multipart/"):
        return hashlib.sha256(request.body).hexdigest()
    summary = hashlib.sha256()
    for name, value in sorted((name, value) for name, value in request.data.items() if name not in request.FILES):
        summary.update(f"{name}={value}\n".encode())
    for name, file in sorted(request.FILES.items()):
        content = hashlib.sha256(b"".join(file.chunks())).hexdigest()
        summary.update(f"{name}:{file.name}:{content}\n".encode())
        file.seek(0)
    return summary.hexdigest()


def _answered(act: Callable[[], Response]) -> Response:
    """A refusal is an answer too: it is kept, and all that its act wrote is taken back. A 5xx takes the key along."""
    try:
        with transaction.atomic():
            return act()
    except (Refused, errors.Problem, APIException) as exc:
        problem, headers = errors.of(exc)
        if problem["status"] >= 500:
            raise
        return errors.respond(problem, headers)


def _kept(row: IdempotentAnswer, response: Response) -> HttpResponse:
    row.status = response.status_code
    row.headers = {name: response.headers[name] for name in KEPT_HEADERS if name in response.headers}
    row.body = JSONRenderer().render(response.data).decode()
    row.save(update_fields=["status", "headers", "body"])
    return _rendered(row, {})


def _replay(row: IdempotentAnswer, request: Request) -> HttpResponse:
    if row.body_digest != body_digest(request):
        raise errors.Problem(422, "idempotency-mismatch", "This key was used with another body.")
    return _rendered(row, {"Idempotency-Replayed": "true"})


def _rendered(row: IdempotentAnswer, headers: dict[str, str]) -> HttpResponse:
    media_type = errors.MEDIA_TYPE if row.status >= 400 else "application/json"
    return HttpResponse(row.body, status=row.status, headers={**row.headers, **headers}, content_type=media_type)
