"""Closure, reopening, confirmation, waiver, merge: exact answers and codes of the contract."""

import pytest

from followups.models import Actor, Closure, Ticket, Waiver, WaiverRequest

from .conftest import soon

CUSTOMER_SAID = {
    "outcome": "resolved",
    "evidence": {"kind": "customer_said"},
    "note": "She has the refund on her account.",
}


@pytest.fixture
def path(log):
    return f"/tickets/{log().number}"


def contact(api, path, **fields):
    body = {"direction": "outbound", "channel": "phone", "summary": "Told her what she can do.", **fields}
    return api.post(f"{path}/contacts", body).json()


def test_resolved_with_evidence_closes(api, path):
    answer = api.post(f"{path}/closure", CUSTOMER_SAID)
    found = answer.json()
    assert answer.status_code == 200
    assert found.keys() == {"closed", "ticket", "hints"}
    assert found["closed"] is True
    assert found["hints"] == []
    ticket = found["ticket"]
    assert (ticket["state"], ticket["outcome"], ticket["confirmed"]) == ("closed", "resolved", "unknown")
    assert (ticket["next_follow_up"], ticket["resolved_at"]) == (None, ticket["closed_at"])
    assert Closure.objects.get().door == "api"


@pytest.mark.parametrize(
    "body",
    [
        {"outcome": "resolved"},
        {"outcome": "resolved", "evidence": {"kind": "observed"}},
        {"outcome": "resolved", "evidence": {"kind": "other_system", "text": " "}},
    ],
)
def test_resolved_without_evidence_is_declined(api, path, body):
    answer = api.post(f"{path}/closure", body)
    assert (answer.status_code, answer.json()["code"]) == (409, "needs-evidence")
    assert Ticket.objects.get().is_open


def test_unreachable_without_an_attempt_is_declined(api, path):
    answer = api.post(f"{path}/closure", {"outcome": "unreachable"})
    assert (answer.status_code, answer.json()["code"]) == (409, "needs-attempts")


def test_closing_twice_is_declined(api, path):
    api.post(f"{path}/closure", CUSTOMER_SAID)
    answer = api.post(f"{path}/closure", CUSTOMER_SAID)
    assert (answer.status_code, answer.json()["code"]) == (409, "already-closed")


def test_no_remedy_is_replaced_by_the_follow_up_given(api, path):
    step = {"promise": "We call with the refund decision.", "promised_by": soon(), "told": True}
    answer = api.post(
        f"{path}/closure", {"outcome": "no_remedy", "note": "Nothing more can be done", "follow_up": step}
    )
    found = answer.json()
    assert answer.status_code == 200
    assert found["closed"] is False
    assert found["ticket"]["state"] == "open"
    assert found["replaced_by"]["promise"] == "We call with the refund decision."
    assert found["replaced_by"]["ticket"] == found["ticket"]["number"]
    assert found["replaced_by"]["told"]["at"] is not None


def test_no_remedy_is_replaced_by_the_open_follow_up(api, path):
    standing = api.get(path).json()["next_follow_up"]["id"]
    found = api.post(f"{path}/closure", {"outcome": "no_remedy"}).json()
    assert (found["closed"], found["replaced_by"]["id"]) == (False, standing)


def test_withdrawn_needs_why(api, path):
    missing = api.post(f"{path}/closure", {"outcome": "withdrawn"})
    assert (missing.status_code, missing.json()["errors"][0]["field"]) == (400, "why")
    assert api.post(f"{path}/closure", {"outcome": "withdrawn", "why": "gave_up"}).json()["closed"] is True


def test_closure_names_the_agent_on_whose_behalf_it_is(api, desk, path):
    api.post(f"{path}/closure", {**CUSTOMER_SAID, "on_behalf_of": "ben"})
    assert Closure.objects.get().by == desk.ben


def test_nobody_but_an_active_agent_of_the_token_is_named(desk, token, api, path):
    desk.ben.is_active = False
    desk.ben.save()
    for client, name, status, code in [
        (api, "ben", 400, "unknown"),
        (api, "nobody", 400, "unknown"),
        (api, "aud", 400, "unknown"),
        (token("all", team=desk.billing), "olu", 400, "unknown"),
        (token("all", agent=desk.ada), "sam", 403, "not-on-behalf"),
    ]:
        answer = client.post(f"{path}/closure", {**CUSTOMER_SAID, "on_behalf_of": name})
        assert (answer.status_code, answer.json()["code"]) == (status, code)
        assert answer.json()["errors"][0]["field"] == "on_behalf_of"
    assert (
        token("all", agent=desk.ada).post(f"{path}/closure", {**CUSTOMER_SAID, "on_behalf_of": "ada"}).status_code
        == 200
    )


def test_reopening_brings_the_policys_step(api, path):
    api.post(f"{path}/closure", CUSTOMER_SAID)
    answer = api.post(f"{path}/reopening", {"reason": "She called again"})
    found = answer.json()
    assert (answer.status_code, found["state"], found["reopen_count"], found["closed_at"]) == (200, "open", 1, None)
    assert found["next_follow_up"] is not None
    assert api.post(f"{path}/reopening", {"reason": "x"}).json()["code"] == "already-open"


def test_confirmation_yes_stays_closed_and_no_reopens(api, path):
    assert api.post(f"{path}/confirmation", {"confirmed": "yes"}).json()["code"] == "not-closed"
    api.post(f"{path}/closure", CUSTOMER_SAID)
    yes = api.post(f"{path}/confirmation", {"confirmed": "yes"}).json()
    assert (yes["state"], yes["confirmed"]) == ("closed", "yes")
    no = api.post(f"{path}/confirmation", {"confirmed": "no"}).json()
    assert (no["state"], no["confirmed"], no["reopen_count"]) == ("open", "no", 1)


def waiver(kind="final_answer", **fields):
    return {"kind": kind, "reason": "The limit is three years.", **fields}


def test_supervisor_waives_with_how_she_was_told(desk, token, api, path):
    sam = token("all", agent=desk.sam)
    assert sam.post(f"{path}/waiver", waiver()).json()["code"] == "nothing-to-waive"
    api.post(f"{path}/closure", {"outcome": "no_remedy"})
    declined = sam.post(f"{path}/waiver", waiver())
    assert (declined.status_code, declined.json()["code"]) == (409, "not-told")
    told = contact(api, path)["id"]
    answer = sam.post(f"{path}/waiver", waiver(told={"contact": told}))
    found = answer.json()
    assert (answer.status_code, found["state"], found["waived"], found["outcome"]) == (200, "closed", True, "no_remedy")
    assert Waiver.objects.get().by == desk.sam


def test_supervisor_never_waives_a_ticket_they_tried_to_close(desk, token, path):
    sam = token("all", agent=desk.sam)
    sam.post(f"{path}/closure", {"outcome": "no_remedy"})
    answer = sam.post(f"{path}/waiver", waiver("exhausted"))
    assert (answer.status_code, answer.json()["code"]) == (403, "own-ticket")


def test_agent_asks_for_a_waiver(desk, token, api, path):
    api.post(f"{path}/closure", {"outcome": "no_remedy"})
    answer = token("all", agent=desk.ada).post(f"{path}/waiver", waiver("exhausted"))
    assert answer.status_code == 202
    assert answer.json() == {
        "asked": True,
        "request": str(WaiverRequest.objects.get().pk),
        "ticket": api.get(path).json(),
    }


def test_bare_token_never_waives(api, path):
    api.post(f"{path}/closure", {"outcome": "no_remedy"})
    answer = api.post(f"{path}/waiver", waiver("exhausted"))
    assert (answer.status_code, answer.json()["code"]) == (403, "needs-agent")


def test_merge_closes_as_a_duplicate(api, log, desk):
    given = {"customer": {"reference": "c1"}, "subject": "S", "category": "X", "channel": "web", "team": "Billing"}
    one, two = (api.post("/tickets", given).json()["number"] for _ in range(2))
    answer = api.post(f"/tickets/{two}/merge", {"into": one})
    assert (answer.status_code, answer.json()["outcome"], answer.json()["state"]) == (200, "duplicate", "closed")
    assert api.post(f"/tickets/{one}/merge", {"into": "13"}).json()["errors"][0]["code"] == "unknown"
    other = log(by=Actor(door="web", agent=desk.ada))
    assert api.post(f"/tickets/{one}/merge", {"into": other.number}).json()["code"] == "other-customer"
