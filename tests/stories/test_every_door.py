"""Every way by which a ticket could be ended, tried with "nothing more can be done": none closes it, and the promise stands."""

import io
import json
from collections.abc import Callable

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.utils import timezone

from followups.actions import closing, people
from followups.errors import Refused
from followups.models import Actor, Agent, Closure, Ticket
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def now():
    return timezone.now()


@pytest.fixture
def ada(db):
    return factories.agent("ada", team=factories.team())


@pytest.fixture
def ticket(ada, now):
    customer = factories.customer(now=now)
    return factories.ticket(now=now, team=ada.teams.get(), agent=ada, customer=customer, source="csv", reference="T-1")


def signed_in(agent: Agent) -> Client:
    client = Client()
    client.force_login(agent)
    return client


def token(now) -> dict[str, str]:
    _row, secret = people.make_token(name="crm", scopes=["all"], now=now)
    return {"Authorization": f"Bearer {secret}"}


def by_page(ticket, ada, now, tmp_path):
    answer = signed_in(ada).post(f"/tickets/{ticket.number}/closure", {"outcome": "no_remedy", "note": "Sorry."})
    assert answer.status_code in (302, 422)


def by_api(ticket, ada, now, tmp_path):
    path, body = f"/api/v1/tickets/{ticket.number}/closure", json.dumps({"outcome": "no_remedy"})
    answer = Client().post(path, body, content_type="application/json", headers=token(now))
    assert (answer.status_code, answer.json()["closed"]) == (200, False)


def by_api_change(ticket, ada, now, tmp_path):
    path = f"/api/v1/tickets/{ticket.number}"
    answer = Client().patch(path, json.dumps({"state": "closed"}), content_type="application/json", headers=token(now))
    assert answer.status_code == 400


def by_api_bulk(ticket, ada, now, tmp_path):
    body = [{"subject": "x", "category": "x", "channel": "phone", "reference": "T-1", "state": "closed"}]
    answer = Client().post(
        "/api/v1/tickets/bulk", json.dumps(body), content_type="application/json", headers=token(now)
    )
    assert answer.status_code in (200, 400)


def by_import(ticket, ada, now, tmp_path):
    """The file says that it ended; people here have a promise out, so the import keeps what stands."""
    file = tmp_path / "tickets.csv"
    file.write_text(
        f"reference,opened_at,closed_at,status\nT-1,{now:%Y-%m-%dT%H:%M:%SZ},{now:%Y-%m-%dT%H:%M:%SZ},closed\n"
    )
    call_command("import_tickets", str(file), source="csv", stdout=io.StringIO(), stderr=io.StringIO())


def by_admin(ticket, ada, now, tmp_path):
    root = factories.agent("root", "admin", is_staff=True, is_superuser=True)
    client = signed_in(root)
    path = f"/admin/followups/ticket/{ticket.pk}/"
    assert client.post(path + "change/", {"state": "closed"}).status_code == 403
    assert client.post(path + "delete/", {"post": "yes"}).status_code == 403


def by_merge(ticket, ada, now, tmp_path):
    """A duplicate of a ticket that is closed would take the promise with it."""
    other = factories.ticket(now=now, customer=ticket.customer, team=ticket.team)
    by = Actor("web", agent=ada)
    given = closing.Closing("resolved", evidence="observed", evidence_text="Seen.")
    closing.close(ticket=other, closing=given, by=by, now=now)
    ticket.follow_ups.update(told_at=now)
    with pytest.raises(Refused) as refusal:
        closing.merge(ticket=ticket, into=other, by=by, now=now)
    assert refusal.value.code == "open-promise"


def by_queryset(ticket, ada, now, tmp_path):
    with pytest.raises(IntegrityError):
        Ticket.objects.filter(pk=ticket.pk).update(state="closed", closed_at=now, outcome="no_remedy")


def by_instance(ticket, ada, now, tmp_path):
    ticket.state, ticket.closed_at, ticket.outcome = "closed", now, "no_remedy"
    with pytest.raises(IntegrityError):
        ticket.save()


def by_bulk_update(ticket, ada, now, tmp_path):
    ticket.state, ticket.closed_at = "closed", now
    with pytest.raises(IntegrityError):
        Ticket.objects.bulk_update([ticket], ["state", "closed_at"])


def by_sql(ticket, ada, now, tmp_path):
    with pytest.raises(IntegrityError), transaction.atomic():
        _end_by_sql(ticket.pk)


def _end_by_sql(key):
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE followups_followup SET state = 'called_off', ended_at = now() WHERE ticket_id = %s", [key]
        )
        cursor.execute("UPDATE followups_ticket SET state = 'closed', closed_at = now() WHERE id = %s", [key])


DOORS: list[Callable] = [
    by_page,
    by_api,
    by_api_change,
    by_api_bulk,
    by_import,
    by_admin,
    by_merge,
    by_queryset,
    by_instance,
    by_bulk_update,
    by_sql,
]


@pytest.mark.parametrize("door", DOORS, ids=lambda door: door.__name__)
def test_no_door_ends_a_ticket_without_a_word_for_it(door, ticket, ada, now, tmp_path):
    door(ticket, ada, now, tmp_path)
    row = Ticket.objects.get(pk=ticket.pk)
    assert (row.state, row.closed_at) == ("open", None)
    assert row.follow_ups.open().exists()
    assert not Closure.objects.filter(ticket=row, closed=True).exists()
