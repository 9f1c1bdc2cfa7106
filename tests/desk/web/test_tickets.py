"""The list of tickets, and one ticket with its history."""

from datetime import timedelta

import pytest

from followups import numbers
from followups.actions import handling
from followups.models import FollowUp, Role, Ticket
from tests import factories

HOUR = timedelta(hours=1)


def titles(answer):
    return [row["title"] for row in answer.context["rows"]]


def test_list_shows_open_ones_of_own_teams_newest_first(desk, at):
    desk.ticket(subject="Refund missing")
    factories.ticket(now=desk.ago + HOUR, promised_by=desk.now + HOUR, team=desk.team, subject="Newer")
    factories.ticket(now=desk.ago, promised_by=desk.now + HOUR, team=factories.team("Delivery"), subject="Foreign")
    assert titles(at(desk.ada).get("/tickets")) == ["Newer", "Refund missing"]


def test_number_as_read_aloud_leads_to_its_ticket(desk, at):
    row = desk.ticket()
    answer = at(desk.ada).get("/tickets", {"q": numbers.read_aloud(row.number)})
    assert answer.url == f"/tickets/{row.number}"


def test_filters_narrow_and_combine(desk, at):
    desk.ticket(subject="Mine", agent=desk.ada)
    desk.ticket(subject="Bea's", agent=desk.bea)
    factories.bare_ticket(now=desk.ago, team=desk.team, subject="Forgotten")
    client = at(desk.ada)
    assert titles(client.get("/tickets", {"mine": 1})) == ["Mine"]
    assert titles(client.get("/tickets", {"state": "none"})) == ["Forgotten"]
    assert titles(client.get("/tickets", {"q": "bea's"})) == ["Bea's"]
    assert titles(client.get("/tickets", {"state": "closed"})) == []
    assert titles(client.get("/tickets", {"q": "agent:bea state:open"})) == ["Bea's"]


def test_pages_follow_each_other_without_gap(desk, at, monkeypatch):
    monkeypatch.setattr("desk.web.tickets.PAGE", 2)
    for number in range(5):
        desk.ticket(subject=f"No {number}")
    client, seen, query = at(desk.ada), [], {}
    for _ in range(3):
        answer = client.get("/tickets", query)
        seen += titles(answer)
        query = {"before": answer.context["older"]}
    assert seen == ["No 4", "No 3", "No 2", "No 1", "No 0"]
    assert answer.context["older"] == ""


def test_too_long_a_search_is_answered_calmly(desk, at):
    answer = at(desk.ada).get("/tickets", {"q": "x" * 201})
    assert (answer.status_code, answer.context["error"]) == (200, "At most 200 characters.")


@pytest.mark.parametrize("several", [1, 3])
def test_list_queries_do_not_grow(desk, at, several, django_assert_num_queries):
    for number in range(several):
        desk.ticket(subject=f"No {number}", customer=desk.customer())
    client = at(desk.ada)
    client.get("/tickets")
    with django_assert_num_queries(7):
        client.get("/tickets")


@pytest.mark.parametrize("several", [1, 3])
def test_ticket_queries_do_not_grow(desk, at, several, django_assert_num_queries):
    row = desk.ticket(customer=desk.customer())
    for number in range(several):
        handling.note(ticket=row, text=f"Note {number}", by=desk.by(desk.ada), now=desk.now)
        factories.follow_up(row, promised_by=desk.now + number * HOUR, now=desk.ago)
    client = at(desk.ada)
    client.get(f"/tickets/{row.number}")
    with django_assert_num_queries(12):
        client.get(f"/tickets/{row.number}")


def test_ticket_shows_what_she_heard_and_what_was_brought(desk, at):
    follow_up = desk.follow_up(customer=desk.customer(), will_bring="the decision")
    text = at(desk.ada).get(f"/tickets/{follow_up.ticket.number}").content.decode()
    assert follow_up.promise in text
    assert "we bring: the decision" in text
    assert "Nothing yet: she does not know" not in text


def test_untold_ticket_says_that_she_knows_nothing(desk, at):
    row = desk.ticket()
    assert b"she does not know when she hears from us" in at(desk.ada).get(f"/tickets/{row.number}").content


def test_foreign_ticket_is_not_there(desk, at):
    row = desk.ticket()
    client = at(desk.olu)
    assert client.get(f"/tickets/{row.number}").status_code == 404
    assert client.post(f"/tickets/{row.number}/notes", {"text": "hm"}).status_code == 404


def test_other_spelling_leads_to_the_one_address(desk, at):
    row = desk.ticket()
    spelling = numbers.read_aloud(row.number).replace(" ", "-")
    assert at(desk.ada).get(f"/tickets/{spelling}").url == f"/tickets/{row.number}"


def test_caller_on_the_line_opens_a_foreign_ticket_for_serving_alone(desk, at):
    customer = desk.customer()
    row = desk.ticket(customer=customer)
    told = handling.Told(direction="inbound", channel="phone")
    handling.record_contact(told=told, customer=customer, by=desk.by(desk.olu), now=desk.now)
    client = at(desk.olu)
    answer = client.get(f"/tickets/{row.number}")
    assert (answer.status_code, answer.context["may"]["close"], answer.context["may"]["change"]) == (200, True, False)
    assert client.post(f"/tickets/{row.number}/fields", {"subject": "x"}).status_code == 403


def test_auditor_reads_without_buttons_and_without_addresses(desk, at):
    row = desk.ticket(customer=desk.customer())
    answer = at(factories.agent("ivy", Role.AUDITOR)).get(f"/tickets/{row.number}")
    assert (answer.status_code, set(answer.context["may"].values())) == (200, {False})
    assert b"ana@example.org" not in answer.content
    assert b"Ana Lopez" not in answer.content


def test_note_is_kept_and_shown(desk, at):
    row, client = desk.ticket(), at(desk.ada)
    client.post(f"/tickets/{row.number}/notes", {"text": "Warehouse says Monday."})
    assert b"Warehouse says Monday." in client.get(f"/tickets/{row.number}").content
    assert client.post(f"/tickets/{row.number}/notes", {"text": " "}).status_code == 422


def test_contact_is_written_down(desk, at):
    row = desk.ticket(customer=desk.customer())
    given = {"direction": "inbound", "channel": "phone", "reached": "reached", "purpose": "chase", "summary": "Asks"}
    at(desk.ada).post(f"/tickets/{row.number}/contacts", given)
    made = row.contacts.get(is_opening=False)
    assert (made.purpose, made.summary, made.recorded_by) == ("chase", "Asks", desk.ada)


@pytest.mark.parametrize(
    ("then", "state", "tickets"), [("reopen", "open", 1), ("nothing", "closed", 1), ("new_ticket", "closed", 2)]
)
def test_contact_on_a_closed_ticket_asks_what_becomes_of_it(desk, at, then, state, tickets):
    row, client = desk.ticket(customer=desk.customer()), at(desk.ada)
    client.post(f"/tickets/{row.number}/closure", {"outcome": "resolved", "evidence": "customer_said"})
    given = {"direction": "inbound", "channel": "phone", "reached": "reached", "summary": "Again"}
    refused = client.post(f"/tickets/{row.number}/contacts", given)
    assert (refused.status_code, list(refused.context["contact_form"].errors)) == (422, ["then"])
    client.post(f"/tickets/{row.number}/contacts", {**given, "then": then})
    row.refresh_from_db()
    assert (row.state, Ticket.objects.count()) == (state, tickets)


def test_fields_change_and_the_history_says_so(desk, at):
    row, client = desk.ticket(), at(desk.ada)
    given = {
        "subject": "Refund late",
        "category": "Billing/Late",
        "priority": "high",
        "team": desk.team.pk,
        "agent": desk.bea.pk,
        "revision": row.revision,
    }
    client.post(f"/tickets/{row.number}/fields", given)
    row.refresh_from_db()
    assert (row.subject, row.category.path, row.priority, row.agent) == (
        "Refund late",
        "Billing/Late",
        "high",
        desk.bea,
    )
    assert "Refund missing → Refund late" in client.get(f"/tickets/{row.number}").content.decode()


def test_change_made_meanwhile_is_not_overwritten_unseen(desk, at):
    row, client = desk.ticket(), at(desk.ada)
    given = {"subject": row.subject, "category": "Billing/Late", "priority": "", "team": desk.team.pk}
    given |= {"agent": desk.ada.pk, "revision": row.revision}
    handling.change(ticket=row, changes={"subject": "Bea's words"}, by=desk.by(desk.bea), now=desk.now)
    refused = client.post(f"/tickets/{row.number}/fields", given)
    row.refresh_from_db()
    assert (refused.status_code, row.subject) == (422, "Bea's words")
    assert "Somebody changed this" in refused.content.decode()
    assert f'name="revision" value="{row.revision}"' in refused.content.decode()


def test_what_nobody_owns_can_be_made_ones_own_and_nothing_else(desk, at):
    free, beas = desk.ticket(agent=None), desk.ticket(agent=desk.bea)
    codes = [at(desk.ada).post(f"/tickets/{row.number}/owner").status_code for row in (free, beas)]
    free.refresh_from_db()
    beas.refresh_from_db()
    assert (codes, free.agent, beas.agent) == ([302, 403], desk.ada, desk.bea)


def test_history_is_paged(desk, at, monkeypatch):
    monkeypatch.setattr("desk.web.history.PAGE", 3)
    row, client = desk.ticket(), at(desk.ada)
    for number in range(4):
        handling.note(ticket=row, text=f"Note {number}", by=desk.by(desk.ada), now=desk.now)
    first = client.get(f"/tickets/{row.number}")
    rest = client.get(f"/tickets/{row.number}", {"before": first.context["older"]})
    assert [line.text for line in first.context["lines"]] == ["Note 3", "Note 2", "Note 1"]
    assert [line.text for line in rest.context["lines"]] == ["Note 0"]


def test_sentence_on_the_ticket_plans_a_told_promise(desk, at):
    row, client = desk.ticket(customer=desk.customer()), at(desk.ada)
    slot = client.get(f"/tickets/{row.number}").context["slots"][0]
    client.post(f"/tickets/{row.number}/follow-ups", {"slot": slot.value, "said": "yes"})
    made = FollowUp.objects.get(promised_by=slot.proposal.by_at)
    assert (made.is_told, made.promise, made.promiser) == (True, slot.proposal.sentence, desk.ada)
    refused = client.post(f"/tickets/{row.number}/follow-ups", {"slot": "", "said": "yes"})
    assert (refused.status_code, list(refused.context["promise_form"].errors)) == (422, ["slot"])
