"""Django's admin looks, and changes nothing that the acts and the gate rule."""

from datetime import timedelta

import pytest
from django.urls import reverse

from desk import admin
from followups import models
from followups.actions import closing, people, waiving
from tests import factories

SETTINGS = {models.ImportMap}
SIGNS_OF_CHANGE = {"add", "change", "delete"}


@pytest.fixture
def rows(office, now):
    """One row of everything that acts write."""
    ticket = factories.ticket(now=now, team=office.billing, agent=office.ada, customer=factories.customer(now=now))
    call = {"direction": "outbound", "channel": "phone", "at": now, "entered_at": now}
    contact = models.Contact.objects.create(ticket=ticket, **call)
    by, sam = office.by(office.ada), office.by(office.sam)
    closing.close(ticket=ticket, closing=closing.Closing(outcome="no_remedy"), by=by, now=now)
    waiving.ask(ticket=ticket, kind="legal", reason="Law", by=by, now=now, contact=contact)
    waiving.grant(requests=list(models.WaiverRequest.objects.all()), by=sam, now=now)
    closing.reopen(ticket=models.Ticket.objects.get(), reason="Not so", by=sam, now=now)
    ticket = models.Ticket.objects.get()
    row = ticket.follow_ups.open().get()
    models.Move.objects.create(follow_up=row, at=now, by_name="sam", from_by=now, to_by=now)
    models.Handover.objects.create(follow_up=row, at=now, from_team=office.billing)
    models.Note.objects.create(ticket=ticket, text="x", at=now, by_name="ada")
    models.Confirmation.objects.create(ticket=ticket, confirmed=True, at=now, by_name="ada")
    models.LoggedResolution.objects.create(ticket=ticket, at=now)
    models.Delivery.objects.create(key="k", kind="told", address="a@example.org", made_at=now, due_at=now)
    models.Finding.objects.create(kind="x", subject="y", found_at=now)
    models.ImportRun.objects.create(source="csv", file_name="x", made_at=now, by_name="x", file=b"x")
    models.ImportMap.objects.create(name="Calls", updated_at=now)
    people.make_token(name="Shop", scopes=["tickets:read"], now=now)
    rules_of_time(office, ticket, now)


def rules_of_time(office, ticket, now):
    later = now + timedelta(days=1)
    models.HoursChange.objects.create(team=office.billing, since=now)
    models.Absence.objects.create(agent=office.ada, from_at=now, until_at=later)
    models.Disclosure.objects.create(since=now, by=office.root, reason="Coaching")
    at = {"made_at": now, "settled_at": now, "look_at": now, "at": now.time(), "zone": "UTC"}
    models.Mailing.objects.create(agent=office.ada, report="promises", period="week", rhythm="week", **at)
    models.Export.objects.create(at=now, by=office.sam, by_name="Sam", way="file", report="promises", count=1)
    ladder = models.Ladder.objects.create(name="Ours", made_at=now)
    models.LadderStep.objects.create(ladder=ladder, position=0, audience="team", after_minutes=30)
    models.Mark.objects.create(kind="team", at=now, what="A team was added.", by_name="Root")
    models.Messaging.objects.create(team=office.billing)
    models.Pause.objects.create(
        ticket=ticket, reason="customer", question="y", from_at=now, until_at=later, by_name="ada"
    )
    plan = models.Plan.objects.create(name="Ours", made_at=now)
    models.PlanStep.objects.create(plan=plan, position=0, gap_days=2)
    models.Rota.objects.create(name="Ours", starts_on=now.date(), hands_over_at=now.time())
    target = models.Target.objects.create(kind="resolution", amount=60, made_at=now)
    clock = {"kind": "resolution", "started_at": now, "due_at": later, "changed_at": now}
    models.TargetClock.objects.create(ticket=ticket, target=target, **clock)
    models.Worker.objects.create(name="w", host="h", pid=1, started_at=now, seen_at=now, took_at=now)


def address(model, act, *args):
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{act}", args=args)


def test_all_that_we_remember_is_here_and_only_settings_can_be_changed(db):
    secret = {models.IdempotentAnswer, models.OneTimeLink, models.Channel, models.Listening}
    facts = {
        models.EndFact,
        models.TicketFact,
        models.ClosureFact,
        models.EpisodeFact,
        models.DrawFact,
        models.PromiseFact,
    }
    derived = facts | {models.DayCount, models.Keeping, models.Touched, models.Sleeper}
    hidden = secret | derived | {models.Rest, models.RotaMember}  # the last: parts of what is shown
    ours = set(models.Ticket._meta.apps.get_app_config("followups").get_models())
    tracked = {model for model in ours if model.__name__.endswith("Event")} - {models.Event}
    assert ours - tracked - set(admin.site._registry) == hidden
    writable = {model for model, look in admin.site._registry.items() if not isinstance(look, admin.ReadOnly)}
    assert writable == SETTINGS


@pytest.mark.parametrize("model", sorted(set(admin.site._registry) - SETTINGS, key=lambda one: one.__name__))
def test_nothing_that_a_gate_rules_is_changed_here(office, rows, as_, model):
    client, row = as_(office.root), model.objects.order_by("pk").first()
    before = list(model.objects.order_by("pk").values())
    assert client.get(address(model, "changelist")).status_code == 200
    assert client.get(address(model, "change", row.pk)).status_code == 200
    assert client.post(address(model, "change", row.pk), {"_save": "Save"}).status_code == 403
    assert client.post(address(model, "add"), {"_save": "Save"}).status_code == 403
    assert client.post(address(model, "delete", row.pk), {"post": "yes"}).status_code == 403
    many = {"action": "delete_selected", "_selected_action": [str(row.pk)], "post": "yes"}
    client.post(address(model, "changelist"), many)
    assert list(model.objects.order_by("pk").values()) == before


def test_no_secret_is_shown(office, rows, as_):
    client, token = as_(office.root), models.ApiToken.objects.get()
    office.ada.set_password("a calm desk at noon")
    office.ada.save()
    assert token.digest not in client.get(address(models.ApiToken, "change", token.pk)).content.decode()
    assert office.ada.password not in client.get(address(models.Agent, "change", office.ada.pk)).content.decode()


def test_saved_maps_are_renamed_and_dropped(office, rows, as_):
    client, row = as_(office.root), models.ImportMap.objects.get()
    client.post(address(models.ImportMap, "change", row.pk), {"name": "Old calls"})
    assert models.ImportMap.objects.get().name == "Old calls"
    client.post(address(models.ImportMap, "delete", row.pk), {"post": "yes"})
    assert models.ImportMap.objects.count() == 0


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize("model", [models.Ticket, models.FollowUp, models.Contact, models.Waiver, models.Reminder])
def test_lists_ask_as_often_for_one_as_for_three(office, as_, now, django_assert_num_queries, model, count):
    for _ in range(count):
        ticket = factories.ticket(now=now, team=office.billing, agent=office.ada, customer=factories.customer(now=now))
        call = {"direction": "outbound", "channel": "phone", "at": now, "entered_at": now}
        models.Contact.objects.create(ticket=ticket, recorded_by=office.ada, **call)
    client = as_(office.root)
    with django_assert_num_queries(5):
        client.get(address(model, "changelist"))


@pytest.mark.parametrize("person", ["ada", "sam", "olu", "aud"])
def test_only_administrators_come_in(office, rows, as_, person):
    client = as_(getattr(office, person))
    for path in ("/admin/", address(models.Ticket, "changelist"), address(models.Agent, "change", office.ada.pk)):
        assert client.get(path).url.startswith("/admin/login/")
    assert client.get("/admin/login/").status_code == 403


def test_an_administrator_who_was_sent_off_is_out(office, as_):
    client = as_(office.root)
    assert client.get("/admin/").status_code == 200
    models.Agent.objects.filter(pk=office.root.pk).update(role="agent")
    assert client.get("/admin/").status_code == 302


def test_strangers_sign_in_by_the_desks_own_door(db, client):
    assert client.get("/admin/login/?next=/admin/").url.partition("?")[0] in ("/login", "/accounts/login/")
