from datetime import UTC, datetime

import pytest

from followups.actions import intake
from followups.models import Contact, Ticket

from .conftest import error_fields, soon

WHOLE = {
    "reference": "CRM-7",
    "customer": {
        "reference": "c1",
        "name": "Ana Silva",
        "email": "Ana@Example.org",
        "phone": "(212) 555-0123",
        "zone": "Europe/Lisbon",
    },
    "subject": "Refund missing",
    "description": "Since Monday",
    "category": " Billing / Refund ",
    "channel": "Phone",
    "priority": "high",
    "team": "Billing",
    "agent": "ada",
    "extra": {"order": "77"},
}
TICKET_FIELDS = {
    "number", "reference", "state", "customer", "subject", "description", "category", "family", "channel", "priority",
    "team", "agent", "opened_at", "resolved_at", "closed_at", "outcome", "confirmed", "waived", "reopen_count",
    "recontact_of", "next_follow_up", "extra", "updated_at", "url",
}  # fmt: skip


def test_post_ticket_answers_the_whole_ticket(api):
    answer = api.post("/tickets", WHOLE)
    ticket = answer.json()
    assert answer.status_code == 201
    assert answer["Location"] == f"http://testserver/api/v1/tickets/{ticket['number']}"
    assert answer["ETag"] == '"1"'
    assert ticket.keys() == TICKET_FIELDS
    row = Ticket.objects.get()
    assert ticket | {"next_follow_up": None, "opened_at": None, "updated_at": None} == {
        "number": row.number,
        "reference": "CRM-7",
        "state": "open",
        "customer": {"id": str(row.customer.pk), "reference": "c1", "name": "Ana Silva"},
        "subject": "Refund missing",
        "description": "Since Monday",
        "category": "Billing/Refund",
        "family": "Billing",
        "channel": "phone",
        "priority": "high",
        "team": "Billing",
        "agent": "ada",
        "opened_at": None,
        "resolved_at": None,
        "closed_at": None,
        "outcome": None,
        "confirmed": "unknown",
        "waived": False,
        "reopen_count": 0,
        "recontact_of": None,
        "next_follow_up": None,
        "extra": {"order": "77"},
        "updated_at": None,
        "url": f"http://testserver/tickets/{row.number}",
    }
    assert row.customer.email == "ana@example.org"
    assert row.customer.phone == "+12125550123"


def test_post_ticket_is_born_with_the_policys_first_update_not_told(api):
    ticket = api.post("/tickets", {"subject": "S", "category": "X", "channel": "web"}).json()
    step = ticket["next_follow_up"]
    assert step.keys() == {"id", "owner", "promise", "told", "promised_from", "promised_by", "stage"}
    assert step["told"] is None
    assert step["promised_by"] > ticket["opened_at"]


def test_post_ticket_takes_the_given_follow_up(api):
    step = {"promise": "We call you.", "promised_by": soon(), "told": True, "owner": "team:Billing"}
    ticket = api.post(
        "/tickets", {"subject": "S", "category": "X", "channel": "phone", "team": "Billing", "follow_up": step}
    ).json()
    found = ticket["next_follow_up"]
    assert (found["promise"], found["owner"]) == ("We call you.", "team:Billing")
    assert found["promised_by"] == soon().replace("+00:00", "Z")
    assert found["told"]["contact"] == str(Contact.objects.get().pk)


def test_post_ticket_with_a_known_reference_answers_the_ticket_as_it_is(api):
    first = api.post("/tickets", WHOLE).json()
    again = api.post("/tickets", {**WHOLE, "subject": "Other words"})
    assert again.status_code == 200
    assert again.json() == first
    assert Ticket.objects.count() == 1


def test_reference_is_unique_per_source(api, token):
    first = api.post("/tickets", WHOLE).json()
    other = token("all", name="shop").post("/tickets", WHOLE)
    assert other.status_code == 201
    assert other.json()["number"] != first["number"]


def test_reference_of_another_teams_ticket_is_not_shown(desk, token):
    token("all", team=desk.billing).post("/tickets", {**WHOLE, "agent": "ada"})
    answer = token("all", team=desk.delivery).post("/tickets", {**WHOLE, "team": "Delivery", "agent": "olu"})
    assert (answer.status_code, answer.json()["code"]) == (403, "foreign-reference")


@pytest.mark.parametrize("field", ["number", "state", "url", "next_follow_up", "closed_at", "waived"])
def test_field_that_is_only_answered_is_refused_by_name(api, field):
    answer = api.post("/tickets", {"subject": "S", "category": "X", "channel": "web", field: None})
    assert answer.status_code == 400
    assert answer.json()["code"] == "read-only-field"
    assert error_fields(answer) == {field: "read-only-field"}


def test_unknown_fields_are_refused_by_name_at_every_depth(api):
    answer = api.post("/tickets", {"subject": "S", "category": "X", "channel": "web", "customer": {"mail": "a@b.org"}})
    assert (answer.status_code, answer.json()["code"]) == (400, "unknown-field")
    assert error_fields(answer) == {"customer.mail": "unknown-field"}


def test_null_in_an_optional_field_is_absence(api):
    body = {
        "subject": "S",
        "category": "X",
        "channel": "web",
        "priority": None,
        "customer": None,
        "opened_at": None,
        "follow_up": None,
    }
    answer = api.post("/tickets", body)
    assert answer.status_code == 201
    assert answer.json()["customer"] is None


def test_null_in_a_required_field_is_missing(api):
    answer = api.post("/tickets", {"subject": None, "category": "X", "channel": "web"})
    assert error_fields(answer) == {"subject": "required"}


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("opened_at", "2026-03-01T10:00:00", "naive-instant"),
        ("opened_at", "0001-01-01T00:00:00Z", "out-of-range"),
        ("opened_at", "9999-12-31T23:59:59-12:00", "out-of-range"),
        ("opened_at", "yesterday", "invalid"),
        ("opened_at", 1, "invalid"),
        ("opened_at", "2099-01-01T00:00:00Z", "in-the-future"),
        ("subject", 5, "invalid"),
        ("subject", "", "blank"),
        ("subject", "x" * 301, "too-long"),
        ("subject", "x" * 300 + " ", "too-long"),
        ("category", "/", "invalid"),
        ("team", "Nowhere", "unknown"),
        ("agent", "nobody", "unknown"),
        ("extra", {"a": 1}, "invalid"),
        ("extra", {str(n): "" for n in range(51)}, "too-many"),
    ],
)
def test_wrong_value_is_refused_by_field(api, field, value, code):
    answer = api.post("/tickets", {"subject": "S", "category": "X", "channel": "web", field: value})
    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert {path.split(".")[0] for path in error_fields(answer)} == {field}


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("email", "nobody", "not-an-email"),
        ("phone", "12", "not-a-phone"),
        ("zone", "Mars/Base", "unknown-zone"),
        ("annual_value", "12", "invalid"),
        ("annual_value", -1, "out-of-range"),
        ("annual_value", 1e300, "out-of-range"),
    ],
)
def test_wrong_customer_value_is_refused_by_path(api, field, value, code):
    answer = api.post("/tickets", {"subject": "S", "category": "X", "channel": "web", "customer": {field: value}})
    assert (answer.status_code, error_fields(answer)) == (400, {f"customer.{field}": code})


def test_get_ticket_is_the_same_as_posted(api):
    posted = api.post("/tickets", WHOLE)
    read = api.get(f"/tickets/{posted.json()['number']}")
    assert (read.status_code, read.json(), read["ETag"]) == (200, posted.json(), posted["ETag"])


@pytest.mark.parametrize("number", ["0", "10", "99999999999999999999999", "abc", "%00", "1-2"])
def test_number_that_is_none_is_not_found(api, number):
    answer = api.get(f"/tickets/{number}")
    assert (answer.status_code, answer["Content-Type"], answer.json()["code"]) == (
        404,
        "application/problem+json",
        "not-found",
    )


def test_patch_changes_the_named_fields_alone(api, log):
    ticket = log()
    answer = api.patch(f"/tickets/{ticket.number}", {"priority": "URGENT", "agent": "ben", "subject": None})
    assert answer.status_code == 200
    assert (answer.json()["priority"], answer.json()["agent"], answer.json()["subject"]) == (
        "urgent",
        "ben",
        "Refund missing",
    )
    assert api.patch(f"/tickets/{ticket.number}", {"agent": ""}).json()["agent"] is None


def test_patch_with_an_old_version_is_refused(api, log):
    path = f"/tickets/{log().number}"
    version = api.get(path)["ETag"]
    first = api.patch(path, {"priority": "high"}, If_Match=version)
    second = api.patch(path, {"priority": "low"}, If_Match=version)
    assert (first.status_code, second.status_code, second.json()["code"]) == (200, 412, "outdated")
    assert api.get(path).json()["priority"] == "high"
    assert api.patch(path, {"priority": "low"}, If_Match="*").status_code == 200


@pytest.mark.parametrize("rows", [1, 3])
def test_list_costs_the_same_for_any_number_of_rows(api, log, django_assert_num_queries, rows):
    for n in range(rows):
        log(customer=intake.CustomerGiven(reference=f"c{n}"), agent=None)
    with django_assert_num_queries(4):  # token, rate, tickets, next steps
        assert len(api.get("/tickets").json()["results"]) == rows


def test_list_pages_by_cursor_and_new_rows_shift_nothing(api, log):
    numbers = [log(f"S{n}", now=datetime(2026, 3, 2, 10, n, tzinfo=UTC)).number for n in range(5)]
    first = api.get("/tickets?page_size=2").json()
    log("Newer")
    second = api.get(first["next"]).json()
    third = api.get(second["next"]).json()
    seen = [row["number"] for page in (first, second, third) for row in page["results"]]
    assert seen == numbers[::-1]
    assert third["next"] is None


def test_updated_since_lists_changes_in_their_order(api, log):
    old, changed = (
        log("Old", now=datetime(2026, 3, 2, 10, tzinfo=UTC)),
        log("Changed", now=datetime(2026, 3, 2, 11, tzinfo=UTC)),
    )
    api.patch(f"/tickets/{old.number}", {"priority": "x"})
    found = api.get("/tickets?updated_since=2026-03-02T10:30:00Z&page_size=1").json()
    assert [row["number"] for row in found["results"]] == [changed.number]
    assert [row["number"] for row in api.get(found["next"]).json()["results"]] == [old.number]
    assert api.get("/tickets?updated_since=2026-03-02T10:30:00").json()["code"] == "naive-instant"


@pytest.mark.parametrize(
    "query", ["page_size=0", "page_size=201", "page_size=1000000000", "page_size=x", "page_size=%00", "page_size="]
)
def test_page_size_out_of_range_is_refused(api, query):
    answer = api.get(f"/tickets?{query}")
    assert (answer.status_code, error_fields(answer)) == (400, {"page_size": "out-of-range"})


def test_tampered_cursor_is_refused(api, log):
    log(), log()
    cursor = api.get("/tickets?page_size=1").json()["next"].split("cursor=")[1].split("&")[0]
    for wrong in (cursor[:-2], "A" + cursor, "x", "", "%00", "%F0%9F%98%80"):
        answer = api.get(f"/tickets?cursor={wrong}")
        assert (answer.status_code, answer.json()["code"]) == (400, "cursor")
    assert api.get(f"/follow-ups?cursor={cursor}").json()["code"] == "cursor"


def test_filters_narrow(api, desk, log):
    one = log("Refund missing", customer=intake.CustomerGiven(reference="c1", name="Ana"), agent=desk.ada)
    log("Parcel lost", category="Delivery", team=desk.delivery, channel="web", by=desk.olu)

    def numbers(query):
        return [row["number"] for row in api.get(f"/tickets?{query}").json()["results"]]

    queries = "q=refund team=Billing agent=ada customer=c1 channel=phone category=Billing category=Billing/Refund"
    for query in [*queries.split(), f"customer={one.customer.pk}", f"q={one.number}", "team=Billing&state=open"]:
        assert numbers(query) == [one.number], query
    assert numbers("state=closed") == []
    assert numbers("no_next_step=true") == []
    assert len(numbers("no_next_step=false")) == 2


@pytest.mark.parametrize(
    ("query", "field", "code"),
    [
        ("state=ajar", "state", "unknown-choice"),
        ("stat=open", "stat", "unknown-field"),
        ("q=%00", "q", "forbidden-character"),
    ],
)
def test_wrong_filter_is_refused_by_name(api, query, field, code):
    answer = api.get(f"/tickets?{query}")
    assert (answer.status_code, error_fields(answer)) == (400, {field: code})


def test_bulk_answers_each_in_order_and_a_refused_one_takes_nothing_along(api):
    good = {"subject": "S", "category": "X", "channel": "web"}
    answer = api.post(
        "/tickets/bulk", {"tickets": [good, {"subject": "S"}, {**good, "reference": "r"}, {**good, "reference": "r"}]}
    )
    rows = answer.json()["results"]
    assert answer.status_code == 200
    assert [row["status"] for row in rows] == [201, 400, 201, 200]
    assert rows[1]["problem"]["code"] == "required"
    assert rows[2]["ticket"]["number"] == rows[3]["ticket"]["number"]
    assert Ticket.objects.count() == 2


def test_bulk_takes_a_plain_array_too_and_at_most_a_thousand(api):
    good = {"subject": "S", "category": "X", "channel": "web"}
    assert [row["status"] for row in api.post("/tickets/bulk", [good]).json()["results"]] == [201]
    answer = api.post("/tickets/bulk", [good] * 1001)
    assert (answer.status_code, answer.json()["code"]) == (400, "too-long")


def test_timeline_and_notes(api, log):
    number = log().number
    note = api.post(f"/tickets/{number}/notes", {"text": "Card 4111 1111 1111 1111"})
    assert note.status_code == 201
    assert note.json()["text"] == "Card •••• •••• •••• 1111"
    events = api.get(f"/tickets/{number}/timeline").json()["results"]
    assert [event["kind"] for event in events] == ["ticket.opened", "follow_up.scheduled", "note.added"]
    assert events[-1]["by"] == "crm"
