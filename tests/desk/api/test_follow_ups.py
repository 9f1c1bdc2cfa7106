from datetime import UTC, datetime, timedelta

import pytest

from followups.actions import scheduling
from followups.models import Actor, FollowUp, Policy
from tests import factories

from .conftest import error_fields, soon

FIELDS = {
    "id", "ticket", "owner", "open", "state", "promise", "told", "promised_from", "promised_by", "zone", "channel",
    "will_bring", "voicemail_ok", "moves", "attempts", "stage", "next_reminder_at", "acknowledged_by", "taken_by",
    "brought", "ended_at", "updated_at", "url",
}  # fmt: skip
NEWS = {"reached": "reached", "brought": {"kind": "answer", "text": "The refund is on its way."}}


@pytest.fixture
def number(log):
    return log().number


@pytest.fixture
def path(number):
    return f"/follow-ups/{FollowUp.objects.get(ticket__number=number).pk}"


def step(**fields):
    return {"promise": "We call you.", "promised_by": soon(), **fields}


def test_scheduled_follow_up_is_answered_whole(api, number):
    answer = api.post(
        f"/tickets/{number}/follow-ups", step(promised_from=soon(hour=14), zone="Europe/Paris", owner="ada")
    )
    found = answer.json()
    row = FollowUp.objects.get(pk=found["id"])
    assert answer.status_code == 201
    assert answer["Location"] == f"http://testserver/api/v1/follow-ups/{row.pk}"
    assert found.keys() == FIELDS
    assert found | {"updated_at": None} == {
        "id": str(row.pk),
        "ticket": number,
        "owner": "ada",
        "open": True,
        "state": "scheduled",
        "promise": "We call you.",
        "told": None,
        "promised_from": soon(hour=14).replace("+00:00", "Z"),
        "promised_by": soon().replace("+00:00", "Z"),
        "zone": "Europe/Paris",
        "channel": "phone",
        "will_bring": "",
        "voicemail_ok": False,
        "moves": [],
        "attempts": 0,
        "stage": None,
        "next_reminder_at": (row.promised_from - timedelta(minutes=15)).isoformat().replace("+00:00", "Z"),
        "acknowledged_by": None,
        "taken_by": None,
        "brought": None,
        "ended_at": None,
        "updated_at": None,
        "url": f"http://testserver/follow-ups/{row.pk}",
    }
    read = api.get(f"/follow-ups/{row.pk}")
    assert (read.json(), read["ETag"]) == (found, answer["ETag"])


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"promised_by": soon(hour=3)}, "outside-contact-window"),
        ({"promised_by": soon(days=60)}, "too-far"),
    ],
)
def test_date_that_cannot_be_promised_is_declined_with_proposals(api, number, fields, code):
    answer = api.post(f"/tickets/{number}/follow-ups", step(**fields))
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (409, code)
    assert problem["proposed"]
    assert all(datetime.fromisoformat(each).tzinfo for each in problem["proposed"])


def test_customer_who_wants_no_calls_is_promised_in_writing(api, desk, log):
    number = api.post(
        "/tickets", {"subject": "S", "category": "X", "channel": "web", "customer": {"reference": "c"}}
    ).json()
    api.patch(f"/customers/{number['customer']['id']}", {"do_not_contact": "all"})
    path = f"/tickets/{number['number']}/follow-ups"
    assert api.post(path, step()).json()["code"] == "do-not-contact"
    assert api.post(path, step(channel="email")).status_code == 201


def test_past_date_and_unknown_owner_are_refused_by_field(api, number):
    assert error_fields(api.post(f"/tickets/{number}/follow-ups", step(promised_by="2020-01-01T00:00:00Z"))) == {
        "promised_by": "in-the-past"
    }
    assert error_fields(api.post(f"/tickets/{number}/follow-ups", step(owner="team:Nowhere"))) == {"owner": "unknown"}
    assert error_fields(api.post(f"/tickets/{number}/follow-ups", step(told=False))) == {"told": "invalid"}


def test_reached_with_something_brought_and_a_next_step_ends_it(api, path):
    answer = api.post(f"{path}/outcome", {**NEWS, "then": {"follow_up": step()}})
    found = answer.json()
    assert answer.status_code == 200
    assert found.keys() == FIELDS | {"contact", "proposed", "next_follow_up"}
    assert (found["open"], found["state"], found["brought"], found["proposed"]) == (False, "kept", "answer", [])
    assert found["next_follow_up"]["promise"] == "We call you."


def test_reached_with_a_closure_closes_the_ticket(api, number, path):
    then = {"closure": {"outcome": "resolved", "evidence": {"kind": "customer_said"}}}
    assert api.post(f"{path}/outcome", {**NEWS, "then": then}).status_code == 200
    assert api.get(f"/tickets/{number}").json()["state"] == "closed"


def test_reached_without_anything_else_open_needs_a_next_step(api, path):
    answer = api.post(f"{path}/outcome", NEWS)
    assert (answer.status_code, answer.json()["code"]) == (409, "needs-next-step")
    assert api.get(path).json()["open"] is True


def test_reached_needs_something_brought(api, path):
    answer = api.post(f"{path}/outcome", {"reached": "reached"})
    assert (answer.status_code, error_fields(answer)) == (400, {"brought": "required"})
    news = {"reached": "reached", "brought": {"kind": "news"}}
    assert error_fields(api.post(f"{path}/outcome", news)) == {"brought.from_party": "required"}


def test_no_answer_adds_an_attempt_and_proposes(api, path):
    answer = api.post(f"{path}/outcome", {"reached": "no_answer", "on_behalf_of": "ada"})
    found = answer.json()
    assert (answer.status_code, found["open"], found["attempts"]) == (200, True, 1)
    assert found["proposed"]


def test_closure_inside_an_outcome_needs_its_own_scope(token, path):
    api = token("tickets:read", "follow-ups:write")
    answer = api.post(f"{path}/outcome", {**NEWS, "then": {"closure": {"outcome": "no_remedy"}}})
    assert (answer.status_code, answer.json()["code"]) == (403, "scope")


def test_told_makes_it_a_promise(api, number, path):
    contact = api.get(f"/tickets/{number}/contacts").json()["results"][0]["id"]
    answer = api.post(f"{path}/told", {"contact": contact})
    assert (answer.status_code, answer.json()["told"]["contact"]) == (200, contact)


def test_contact_of_another_ticket_tells_nothing(api, log, path):
    other = log("Other").contacts.get().pk
    answer = api.post(f"{path}/told", {"contact": str(other)})
    assert (answer.status_code, error_fields(answer)) == (400, {"contact": "foreign-contact"})


def test_move_keeps_the_length_of_the_window_and_is_recorded(api, path):
    before = api.get(path).json()
    answer = api.post(f"{path}/move", {"promised_by": soon(days=2), "reason": "Bank holiday"})
    after = answer.json()
    assert answer.status_code == 200
    length = datetime.fromisoformat(before["promised_by"]) - datetime.fromisoformat(before["promised_from"])
    assert datetime.fromisoformat(after["promised_by"]) - datetime.fromisoformat(after["promised_from"]) == length
    assert [{**move, "at": None} for move in after["moves"]] == [
        {
            "at": None,
            "from": before["promised_by"],
            "to": after["promised_by"],
            "by": "crm",
            "reason": "Bank holiday",
            "agreed_contact": None,
        }
    ]


def test_two_who_edit_one_follow_up_do_not_overwrite_each_other(api, path):
    version = api.get(path)["ETag"]
    first = api.post(f"{path}/move", {"promised_by": soon(days=2), "reason": "a"}, If_Match=version)
    second = api.post(f"{path}/assignment", {"owner": "ada", "note": "b"}, If_Match=version)
    assert (first.status_code, second.status_code) == (200, 412)
    assert api.get(path).json()["owner"] == "team:Billing"


def test_taking_is_a_lease_of_a_person(api, desk, token, path):
    factories.calls_at_any_hour()
    assert api.post(f"{path}/taking").json()["code"] == "needs-agent"
    assert token("all", agent=desk.ada).post(f"{path}/taking").json()["taken_by"] == "ada"
    assert token("all", agent=desk.ben).post(f"{path}/taking").json()["code"] == "taken"
    assert api.post(f"{path}/taking", {"on_behalf_of": "ada"}).status_code == 200


def test_assignment_and_acknowledgement(api, desk, token, path):
    assert api.post(f"{path}/assignment", {"owner": "ben", "note": "yours"}).json()["owner"] == "ben"
    asked = token("all", agent=desk.ada).post(f"{path}/assignment", {"owner": "ada", "note": "mine"})
    assert (asked.status_code, asked.json()["owner"]) == (202, "ben")
    assert api.post(f"{path}/assignment", {"owner": "team:Billing", "note": "all"}).json()["owner"] == "team:Billing"
    known = token("all", agent=desk.sam).post(f"{path}/acknowledgement")
    assert (known.status_code, known.json()["acknowledged_by"]) == (200, "sam")


def test_calling_off_leaves_a_next_step(api, number, path):
    declined = api.post(f"{path}/calling-off", {"by": "customer", "reason": "Solved itself"})
    assert (declined.status_code, declined.json()["code"]) == (409, "needs-next-step")
    api.post(f"/tickets/{number}/follow-ups", step())
    answer = api.post(f"{path}/calling-off", {"by": "customer", "reason": "Solved itself"})
    assert (answer.status_code, answer.json()["state"], answer.json()["open"]) == (200, "called_off", False)


@pytest.mark.parametrize("rows", [1, 3])
def test_list_costs_the_same_for_any_number_of_rows(api, log, django_assert_num_queries, rows):
    for _ in range(rows):
        log()
    with django_assert_num_queries(4):  # token, rate, follow-ups, moves
        assert len(api.get("/follow-ups").json()["results"]) == rows


def ids(api, query):
    return {row["id"] for row in api.get(f"/follow-ups?{query}").json()["results"]}


def test_filters_by_due_follow_the_teams_midnight(api, desk, log):
    now = datetime.now(UTC)
    Policy.objects.create(team=desk.delivery, zone="Pacific/Kiritimati")  # +14
    utc, far = log(), log(team=desk.delivery, by=desk.olu)
    tonight = now.replace(hour=23, minute=59, second=58, microsecond=0)
    FollowUp.objects.update(promised_by=tonight, promised_from=None)
    first, second = (str(ticket.follow_ups.get().pk) for ticket in (utc, far))
    assert first in ids(api, "due=today")
    its_midnight = (now + timedelta(hours=14)).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(hours=10)
    expected = "today" if tonight < its_midnight else "upcoming"
    assert second in ids(api, f"due={expected}")
    FollowUp.objects.filter(pk=first).update(promised_by=now - timedelta(hours=1))
    assert ids(api, "due=overdue") == {first}
    assert api.get(f"/follow-ups/{first}").json()["state"] == "scheduled"
    assert ids(api, "due=done") == set()


def test_filters_by_owner_team_ticket_stage_and_open(api, desk, token, log):
    ticket = log()
    row = ticket.follow_ups.get()
    assert ids(api, "owner=free") == {str(row.pk)}
    scheduling.assign(follow_up=row, owner=desk.ada, by=Actor(door="web", agent=desk.sam), now=datetime.now(UTC))
    assert ids(api, "owner=free") == ids(api, "owner=mine") == ids(api, "owner=ben") == set()
    assert ids(token("all", agent=desk.ada), "owner=mine") == ids(api, "owner=ada") == {str(row.pk)}
    assert ids(api, f"ticket={ticket.number}&team=Billing&open=true") == {str(row.pk)}
    assert ids(api, "open=false") == ids(api, "stage=due") == ids(api, "team=Delivery") == set()
    assert error_fields(api.get("/follow-ups?due=soon")) == {"due": "unknown-choice"}


def test_list_pages_by_cursor(api, log):
    for _ in range(3):
        log()
    first = api.get("/follow-ups?page_size=2").json()
    rest = api.get(first["next"]).json()
    assert len({row["id"] for row in first["results"] + rest["results"]}) == 3
    assert rest["next"] is None
