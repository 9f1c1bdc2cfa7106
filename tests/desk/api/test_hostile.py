"""Input that nobody sends by accident: always a problem that names the place, never a 5xx."""

import json

import pytest

from desk.api import parsing
from followups.models import Note, Ticket

from .conftest import error_fields

GOOD = {"subject": "S", "category": "X", "channel": "web"}


def raw(api, text, **headers):
    return api.call("POST", "/tickets", text if isinstance(text, bytes) else text.encode(), **headers)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (b"", "required"),
        (b"{", "invalid-json"),
        (b"[]", "not-an-object"),
        (b'"x"', "not-an-object"),
        (b"null", "not-an-object"),
        (b'{"subject": NaN}', "not-a-number"),
        (b'{"subject": -Infinity}', "not-a-number"),
        (b'{"subject": 1e999}', "out-of-range"),
        (b'{"subject": 9223372036854775808}', "out-of-range"),
        (b'{"subject": ' + b"9" * 5000 + b"}", "out-of-range"),
        (b'{"subject": "a", "subject": "b"}', "duplicate-key"),
        (b'{"customer": {"name": "a", "name": "b"}}', "duplicate-key"),
        (b'{"subject": "\\u0000"}', "forbidden-character"),
        (b'{"subject": "\\ud800"}', "forbidden-character"),
        (b'{"\\udfff": 1}', "forbidden-character"),
        (b'{"subject": "\x00"}', "invalid-json"),
        (b'\xff\xfe{"subject": "x"}', "not-utf-8"),
        (b'\xef\xbb\xbf{"subject": "x"}', "invalid-json"),
        (b'{"a":' * 10_000 + b"1" + b"}" * 10_000, "too-deep"),
        (b'{"extra": ' + b"[" * 10_000 + b"]" * 10_000 + b"}", "too-deep"),
        (b'{"extra": ' + b"[" * 40 + b"]" * 40 + b"}", "too-deep"),
    ],
)
def test_broken_json_is_refused(api, text, code):
    answer = raw(api, text)
    assert (answer.status_code, answer["Content-Type"], answer.json()["code"]) == (
        400,
        "application/problem+json",
        code,
    )
    assert Ticket.objects.count() == 0


def test_unkeepable_text_is_named_by_its_path(api):
    answer = raw(api, '{"customer": {"name": "a\\u0000b"}}')
    assert error_fields(answer) == {"customer.name": "forbidden-character"}


def test_escapes_that_can_be_kept_are_kept(api):
    answer = raw(api, '{"subject": "\\ud83d\\ude00 \\u202etxt\\u200b", "category": "X", "channel": "web"}')
    assert answer.status_code == 201
    assert answer.json()["subject"] == "😀 \u202etxt\u200b"


def test_body_over_ten_megabytes_is_too_large(api, log):
    assert raw(api, b" " * (parsing.LARGEST_BODY + 1)).status_code == 413
    answer = raw(api, json.dumps({**GOOD, "description": "x" * (parsing.LARGEST_BODY - 1000)}).encode())
    assert (answer.status_code, answer.json()["code"]) == (400, "too-long")
    note = api.post(f"/tickets/{log().number}/notes", {"text": "x" * 1_000_000})
    assert (note.status_code, Note.objects.count()) == (400, 0)


def test_body_in_chunks_needs_its_length(api):
    answer = api.post("/tickets", Transfer_Encoding="chunked")
    assert (answer.status_code, answer.json()["code"]) == (411, "length-required")


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""])
def test_other_types_are_unsupported(api, content_type):
    answer = raw(api, json.dumps(GOOD), content_type=content_type)
    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported-media-type")


def test_other_charsets_are_unsupported(api):
    assert raw(api, json.dumps(GOOD), content_type="application/json; charset=utf-16").status_code == 415
    assert raw(api, json.dumps(GOOD), content_type='application/json; charset="UTF-8"').status_code == 201


@pytest.mark.parametrize("method", ["PUT", "DELETE", "OPTIONS", "TRACE", "PATCH"])
def test_other_methods_are_not_there(api, method):
    answer = api.call(method, "/tickets")
    assert (answer.status_code, answer.json()["code"], answer["Allow"]) == (
        405,
        "method-not-allowed",
        "GET, POST, HEAD",
    )


def test_other_formats_are_not_acceptable(api):
    answer = api.get("/tickets", Accept="text/html")
    assert (answer.status_code, answer.json()["code"]) == (406, "not-acceptable")
    assert answer["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize(
    "path",
    [
        "/", "/nothing", "/tickets/", "/problems", "/events", "/exports/tickets", "/webhook-endpoints", "/follow-ups/7",
        "/customers/7/erasure", "/customers/1f6e3f6e-9b1b-4c54-8f7e-3d3f0f6d2a11/export", "/tickets/%ff", "/%00",
        "/tickets/%ED%A0%BD", "/tickets/%0A", "/%0D%0Ax",
    ],
)  # fmt: skip
def test_address_that_is_not_there_is_a_problem(api, path):
    answer = api.get(path)
    assert (answer.status_code, answer["Content-Type"]) == (404, "application/problem+json")
    assert answer.json()["errors"] == []


def test_problem_has_the_fields_of_the_contract(api):
    problem = api.get("/tickets/13").json()
    assert problem == {
        "type": "http://testserver/api/v1/docs#not-found",
        "title": "Not there, or not for your eyes",
        "status": 404,
        "detail": "No such ticket.",
        "code": "not-found",
        "errors": [],
    }


@pytest.mark.parametrize("key", ["", "x" * 201, "\u00e9"])
def test_idempotency_key_that_is_none_is_refused(api, key):
    answer = api.post("/tickets", GOOD, Idempotency_Key=key)
    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency-key")


def test_database_out_of_reach_is_unavailable_without_a_trace(api, monkeypatch):
    from django.db import OperationalError

    from desk.api import rate

    def refuse(token_id):
        raise OperationalError("connection to server at 10.0.0.7 failed")

    monkeypatch.setattr(rate, "spend", refuse)
    answer = api.get("/tickets")
    assert (answer.status_code, answer.json()["code"], answer["Retry-After"]) == (503, "unavailable", "2")
    assert "10.0.0.7" not in answer.content.decode()


def test_mistake_of_ours_is_logged_and_not_told(api, monkeypatch, caplog):
    from desk.api import rate

    def fail(token_id):
        raise RuntimeError("secret 4711")

    monkeypatch.setattr(rate, "spend", fail)
    api.client.raise_request_exception = False
    answer = api.get("/tickets")
    assert (answer.status_code, answer.json()["code"]) == (500, "server-error")
    assert "4711" not in answer.content.decode()
    assert "4711" in caplog.text
