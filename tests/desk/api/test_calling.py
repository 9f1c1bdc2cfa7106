"""Calls by API: refused when they must not be made, with the instants at which they may; and what comes next."""

from datetime import UTC, datetime, timedelta

import pytest

from followups.actions import intake
from followups.models import Contact, Customer, FollowUp

NOW = datetime(2026, 11, 24, 15, tzinfo=UTC)  # a Tuesday, 10:00 in New York
HER = {"name": "Ana", "phone": "+12125550123", "email": "ana@example.org", "zone": "America/New_York"}


@pytest.fixture
def row(log, time_machine):
    """Planned for today, not told."""
    time_machine.move_to(NOW, tick=False)
    ticket = log(now=NOW - timedelta(hours=1), customer=intake.CustomerGiven(**HER))
    FollowUp.objects.update(promised_from=None, promised_by=NOW + timedelta(hours=1))
    return ticket.follow_ups.get()


def take(api, row):
    answer = api.post(f"/follow-ups/{row.pk}/taking", {"on_behalf_of": "ada"})
    body = answer.json()
    return answer.status_code, body.get("code"), body.get("proposed")


def test_taking_a_call_outside_her_hours(api, row, time_machine):
    assert take(api, row)[0] == 200
    time_machine.move_to(datetime(2026, 11, 22, 1, tzinfo=UTC), tick=False)  # Saturday 20:00 in New York
    FollowUp.objects.update(promised_at=NOW - timedelta(days=9), taken_until=None)
    assert take(api, row) == (409, "outside-contact-window", ["2026-11-23T14:00:00+00:00"])


def test_taking_a_call_over_the_caps(api, row):
    for hours in (5, 4, 3):
        Contact.objects.create(
            customer=row.ticket.customer, direction="outbound", channel="phone", reached="no_answer",
            at=NOW - timedelta(hours=hours), entered_at=NOW,
        )  # fmt: skip
    assert take(api, row) == (409, "caps", ["2026-11-25T14:00:00+00:00"])


def test_no_to_calls_turns_them_and_taking_is_about_writing(api, row):
    assert api.patch(f"/customers/{row.ticket.customer_id}", {"do_not_contact": "all"}).status_code == 200
    assert api.get(f"/follow-ups/{row.pk}").json()["channel"] == "email"
    assert take(api, row)[0] == 200
    FollowUp.objects.update(channel="phone", taken_until=None)
    assert take(api, row) == (409, "do-not-contact", [])


def test_missing_next_step_proposes_the_plans(api, row):
    answer = api.post(f"/follow-ups/{row.pk}/outcome", {"reached": "reached", "brought": {"kind": "no_news"}})
    body = answer.json()
    assert (answer.status_code, body["code"], body["proposed"]) == (
        409, "needs-next-step", ["2026-11-26T16:00:00+00:00"],
    )  # fmt: skip


@pytest.mark.parametrize(
    ("reached", "proposed"),
    [
        ("no_answer", ["2026-11-25T16:00:00Z", "2026-11-24T17:00:00Z"]),
        ("wrong_number", ["2026-11-24T17:00:00Z"]),
    ],
)
def test_calls_in_vain_propose_what_follows(api, row, reached, proposed):
    """The desk closes at 17:00: the next call is tomorrow, and a mail can still be written today."""
    answer = api.post(f"/follow-ups/{row.pk}/outcome", {"reached": reached}).json()
    assert ([one.replace("+00:00", "Z") for one in answer["proposed"]], answer["open"]) == (proposed, True)
    customer = api.get(f"/customers/{row.ticket.customer_id}").json()
    assert bool(customer["phone_wrong_at"]) == (reached == "wrong_number")


def test_her_days_are_written_and_what_the_clock_writes_is_not(api, row):
    path = f"/customers/{row.ticket.customer_id}"
    assert api.patch(path, {"contact_days": [5, 6]}).json()["contact_days"] == [5, 6]
    assert api.patch(path, {"contact_days": [7]}).status_code == 400
    assert api.patch(path, {"phone_wrong_at": NOW.isoformat()}).json()["code"] == "read-only-field"
    Customer.objects.update(phone_wrong_at=NOW)
    assert api.patch(path, {"phone": "+12125550199"}).json()["phone_wrong_at"] is None
