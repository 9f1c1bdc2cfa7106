import pytest

from followups.models import Contact, Ticket

from .test_endings import CUSTOMER_SAID


@pytest.fixture
def path(log):
    return f"/tickets/{log().number}"


def test_contact_of_a_ticket_answers_what_was_given(api, desk, path):
    body = {
        "direction": "inbound",
        "channel": "Phone",
        "at": "2026-03-03T10:00:00+01:00",
        "reached": "reached",
        "purpose": "chase",
        "summary": "Where is it?",
        "waited_seconds": 90,
        "transfers": 2,
        "mood": "angry",
        "disliked": "the music",
        "on_behalf_of": "ada",
    }
    answer = api.post(f"{path}/contacts", body)
    row = Contact.objects.get(is_opening=False)
    assert answer.status_code == 201
    assert answer.json() == {
        "id": str(row.pk),
        "reference": None,
        "ticket": path.rpartition("/")[2],
        "customer": None,
        "direction": "inbound",
        "channel": "phone",
        "at": "2026-03-03T09:00:00Z",
        "reached": "reached",
        "purpose": "chase",
        "summary": "Where is it?",
        "follow_up": None,
        "answers_follow_up": None,
        "waited_seconds": 90,
        "duration_seconds": None,
        "transfers": 2,
        "mood": "angry",
        "disliked": "the music",
        "abandoned": False,
        "by": "ada",
        "led_to": None,
    }


def test_contacts_are_listed_oldest_first(api, path, django_assert_num_queries):
    api.post(f"{path}/contacts", {"direction": "outbound", "channel": "email", "reached": "written"})
    with django_assert_num_queries(4):  # token, rate, ticket, contacts
        rows = api.get(f"{path}/contacts").json()["results"]
    assert [row["direction"] for row in rows] == ["inbound", "outbound"]
    assert "led_to" not in rows[0]


@pytest.mark.parametrize(
    ("body", "state", "tickets"),
    [
        ({}, "open", 1),
        ({"then": "nothing"}, "closed", 1),
        ({"then": "new_ticket"}, "closed", 2),
        ({"purpose": "thanks"}, "closed", 1),
        ({"purpose": "automatic"}, "closed", 1),
        ({"purpose": "thanks", "then": "reopen"}, "open", 1),
    ],
)
def test_inbound_contact_on_a_closed_ticket_is_decided_in_the_same_act(api, path, body, state, tickets):
    api.post(f"{path}/closure", CUSTOMER_SAID)
    answer = api.post(f"{path}/contacts", {"direction": "inbound", "channel": "phone", **body})
    assert answer.status_code == 201
    assert api.get(path).json()["state"] == state
    assert Ticket.objects.count() == tickets
    led_to = answer.json()["led_to"]
    assert led_to == {1: path.rpartition("/")[2] if state == "open" else None}.get(tickets, led_to)
    assert (led_to is None) == (state == "closed" and tickets == 1)


def test_free_contact_with_a_known_reference_is_the_same_contact(api):
    body = {"direction": "inbound", "channel": "phone", "reference": "call-1", "abandoned": True, "duration_seconds": 7}
    first, again = api.post("/contacts", body), api.post("/contacts", body)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    assert (first.json()["abandoned"], first.json()["duration_seconds"], first.json()["ticket"]) == (True, 7, None)


def test_free_contact_finds_or_makes_its_customer(api, path):
    made = api.post(
        "/contacts", {"direction": "inbound", "channel": "phone", "customer": {"phone": "+12125550123"}}
    ).json()
    again = api.post("/contacts", {"direction": "inbound", "channel": "phone", "customer": made["customer"]}).json()
    assert again["customer"] == made["customer"]
    number = path.rpartition("/")[2]
    placed = api.post("/contacts", {"direction": "inbound", "channel": "phone", "ticket": f"#{number}"})
    assert placed.json()["ticket"] == number


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("direction", "sideways", "unknown-choice"),
        ("reached", "maybe", "unknown-choice"),
        ("purpose", "fun", "unknown-choice"),
        ("then", "explode", "unknown-choice"),
        ("waited_seconds", -1, "out-of-range"),
        ("waited_seconds", True, "invalid"),
        ("waited_seconds", 1.5, "invalid"),
        ("waited_seconds", 2**40, "out-of-range"),
        ("at", "2126-01-01T00:00:00Z", "out-of-range"),
        ("at", "2090-01-01T00:00:00Z", "in-the-future"),
        ("answers_follow_up", "no-uuid", "invalid"),
        ("answers_follow_up", "7f4b3f6e-9b1b-4c54-8f7e-3d3f0f6d2a11", "unknown"),
        ("customer", "7f4b3f6e-9b1b-4c54-8f7e-3d3f0f6d2a11", "unknown"),
        ("customer", 5, "not-an-object"),
        ("ticket", "11", "unknown"),
    ],
)
def test_wrong_contact_is_refused_by_field(api, field, value, code):
    answer = api.post("/contacts", {"direction": "inbound", "channel": "phone", field: value})
    assert answer.status_code == 400
    assert [(error["field"], error["code"]) for error in answer.json()["errors"]] == [(field, code)]
