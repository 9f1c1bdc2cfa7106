import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from followups.models import ImportRun

CSV = b"reference,opened_at,channel\nT1,2026-03-02T10:00:00Z,phone\n"


def upload(api, content=CSV, **fields):
    data = {"file": SimpleUploadedFile("tickets.csv", content), "source": "csv", **fields}
    return api.client.post("/api/v1/imports", data, headers=api.headers)


def test_import_is_accepted_and_watched(api):
    answer = upload(api, dry_run="true", zone="Europe/Paris", map=json.dumps({"priority": {"const": "low"}}))
    run = ImportRun.objects.get()
    assert answer.status_code == 202
    assert answer["Location"] == f"http://testserver/api/v1/imports/{run.pk}"
    found = answer.json()
    assert (found["id"], found["source"], found["state"], found["dry_run"]) == (str(run.pk), "csv", "waiting", True)
    assert (found["errors"], found["error_count"], found["finished_at"]) == ([], 0, None)
    assert (run.zone, run.map, bytes(run.file)) == ("Europe/Paris", {"priority": {"const": "low"}}, CSV)
    assert api.get(f"/imports/{run.pk}").json() == found


@pytest.mark.parametrize(
    ("fields", "field", "code"),
    [
        ({"source": "fax"}, "source", "unknown-source"),
        ({"map": "{"}, "map", "invalid-json"),
        ({"map": "nobody saved it"}, "map", "unknown-map"),
        ({"zone": "Mars"}, "zone", "unknown-zone"),
        ({"dry_run": "perhaps"}, "dry_run", "unknown-choice"),
        ({"speed": "high"}, "speed", "unknown-field"),
        ({"file": ""}, "file", "invalid"),
    ],
)
def test_wrong_import_is_refused_by_field(api, fields, field, code):
    answer = upload(api, **fields)
    assert answer.status_code == 400
    assert [(error["field"], error["code"]) for error in answer.json()["errors"]] == [(field, code)]
    assert ImportRun.objects.count() == 0


def test_import_replays_under_its_key(api):
    api.headers["Idempotency-Key"] = "one"
    first, again = upload(api), upload(api)
    assert (first.status_code, again.status_code, again.content) == (202, 202, first.content)
    assert upload(api, CSV + b"T2,2026-03-02T10:00:00Z,phone\n").status_code == 422
    assert ImportRun.objects.count() == 1


def test_import_needs_multipart_and_the_scope(api, token):
    assert api.post("/imports", {"source": "csv"}).status_code == 415
    broken = api.call("POST", "/imports", b"--x\r\nnonsense", content_type="multipart/form-data; boundary=")
    assert (broken.status_code, broken.json()["code"]) == (400, "invalid")
    assert upload(token("tickets:write")).json()["code"] == "scope"
