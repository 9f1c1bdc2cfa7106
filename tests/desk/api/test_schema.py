"""The OpenAPI file says what is answered: its codes are all there are, its calls all that exist."""

import ast
import json
from pathlib import Path

import pytest
from django.core.management import call_command
from django.test import Client
from jsonschema import Draft202012Validator

from desk.api.codes import CODES
from followups.actions import intake

from .conftest import Api
from .test_matrix import ROWS

ROOT = Path(__file__).resolve().parents[3]
CODE_AT = {"Refused": 0, "Forbidden": 0, "Invalid": 2, "Problem": 1, "_not_then": 2, "not_then": 2, "_invalid": 2}
BEHIND = [
    *(ROOT / "desk" / "api").glob("*.py"),
    ROOT / "desk" / "access.py",
    *(ROOT / "followups" / "reports").glob("*.py"),
]
ACTIONS = (
    "answering closing customers handling importing import_maps import_reading intake promising scheduling waiving"
)
BEHIND += [ROOT / "followups" / "actions" / f"{name}.py" for name in ACTIONS.split()]
NOT_BY_API = {"too-late", "already-answered", "not-a-dry-run", "file-gone", "used"}


def codes_in(path):
    """The words that the module may give as `code`, as far as they stand in its text."""
    for call in ast.walk(ast.parse(path.read_text())):
        if not isinstance(call, ast.Call):
            continue
        name = getattr(call.func, "id", getattr(call.func, "attr", ""))
        given = [word.value for word in call.keywords if word.arg == "code"]
        if name in CODE_AT:
            given += call.args[CODE_AT[name] : CODE_AT[name] + 1]
        for word in given:
            for leaf in (word.body, word.orelse) if isinstance(word, ast.IfExp) else (word,):
                if isinstance(leaf, ast.Constant) and isinstance(leaf.value, str):
                    yield leaf.value


@pytest.mark.parametrize("path", BEHIND, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_every_code_stands_in_the_closed_set(path):
    assert set(codes_in(path)) - CODES.keys() - NOT_BY_API == set()


def test_codes_are_found_where_they_are():
    found = set(codes_in(ROOT / "followups" / "actions" / "closing.py"))
    assert {"needs-evidence", "already-closed", "needs-attempts"} <= found


def test_file_is_made_without_a_warning(tmp_path):
    call_command("spectacular", "--validate", "--fail-on-warn", "--file", str(tmp_path / "schema.yml"))


@pytest.fixture(scope="module")
def schema():
    return json.loads(Client().get("/api/v1/schema").content)


def test_file_is_open_and_of_version_3_1(schema):
    assert schema["openapi"] == "3.1.0"
    assert schema["components"]["schemas"]["Problem"]["properties"]["code"]["enum"] == sorted(CODES)


def test_file_names_every_call_and_no_other(schema):
    calls = {
        (path.removeprefix("/api/v1/"), method.upper()) for path, item in schema["paths"].items() for method in item
    }
    assert calls == set(ROWS)
    operations = [call["operationId"] for item in schema["paths"].values() for call in item.values()]
    assert len(operations) == len(set(operations))


def test_bodies_are_closed_and_name_what_is_needed(schema):
    body = schema["components"]["schemas"]["TicketBody"]
    assert body["additionalProperties"] is False
    assert body["required"] == ["category", "channel", "subject"]


def test_every_post_takes_a_key_and_documents_its_refusals(schema):
    for path, item in schema["paths"].items():
        if "post" in item:
            assert "Idempotency-Key" in [each["name"] for each in item["post"]["parameters"]], path
            statuses = {"400", "401", "403", "406", "409", "412", "413", "415", "422", "429", "503"}
            assert statuses <= item["post"]["responses"].keys(), path


def test_answers_are_as_described(api, schema, log):
    ticket = log(customer=intake.CustomerGiven(reference="c1"))
    follow_up = ticket.follow_ups.get().pk
    for path, name in [
        (f"/tickets/{ticket.number}", "TicketAnswer"),
        ("/tickets", "TicketList"),
        (f"/tickets/{ticket.number}/contacts", "ContactList"),
        (f"/tickets/{ticket.number}/timeline", "EventList"),
        (f"/follow-ups/{follow_up}", "FollowUpAnswer"),
        ("/follow-ups", "FollowUpList"),
        (f"/customers/{ticket.customer.pk}", "CustomerAnswer"),
        ("/teams", "TeamList"),
        ("/agents", "AgentList"),
        ("/categories", "CategoryList"),
        ("/notices", "NoticeList"),
        ("/tickets/13", "Problem"),
    ]:
        described = {"$ref": f"#/components/schemas/{name}", "components": schema["components"]}
        found = api.get(path).json()
        assert list(Draft202012Validator(described).iter_errors(found)) == [], path
        assert found.keys() <= schema["components"]["schemas"][name]["properties"].keys() | {"results", "next"}, path


def test_page_reads_the_file_within_the_csp(db):
    page = Client().get("/api/v1/docs")
    assert page.status_code == 200
    assert "default-src 'self'" in page["Content-Security-Policy"]
    text = page.content.decode()
    assert "<script>" not in text
    assert "<style>" not in text
    script = Client().get("/api/v1/docs?script=")
    assert script["Content-Type"].startswith("application/javascript")
    assert "/api/v1/schema" in script.content.decode()


def test_description_needs_no_sign_in(db):
    assert Api().get("/schema").status_code == 200
