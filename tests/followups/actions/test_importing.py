"""Runs of imports: what they make, that a second time changes nothing, and that a run cut short goes on."""

import gzip
import io
import json
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import pytest
from django.db import connection
from django.db.models.functions import Now

from followups import errors
from followups.actions import handling, import_running, importing
from followups.models import (
    Actor,
    Agent,
    Category,
    Closure,
    Contact,
    Customer,
    Delivery,
    Event,
    ImportMap,
    ImportRun,
    LoggedResolution,
    Notice,
    Reminder,
    Reopening,
    Team,
    Ticket,
)
from tests import factories

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
SAMPLES = Path(__file__).parents[2] / "samples"
TICKETS = (SAMPLES / "tickets.csv").read_bytes()
EVENTS = (SAMPLES / "ticket_events.csv").read_bytes()
SHELL = Actor(door="shell")


def started(tickets=TICKETS, events=None, now=NOW, **options):
    file, log = io.BytesIO(tickets), io.BytesIO(events) if events else None
    return importing.start(file=file, file_name="t.csv", source="csv", events=log, by=SHELL, now=now, **options)


def load(tickets=TICKETS, events=None, now=NOW, **options) -> ImportRun:
    return importing.run(run=started(tickets, events, now, **options), now=now)


def counts(run: ImportRun, *names: str) -> tuple:
    return tuple(run.counts[name] for name in names)


def faults(run: ImportRun) -> list[tuple]:
    return [(bad["file"], bad["line"], bad["column"], bad["code"]) for bad in run.errors]


def everything() -> list:
    """All that an import may write, its own rows aside."""
    models = (Ticket, Contact, Event, Reopening, LoggedResolution, Customer, Team, Agent, Category)
    return [list(model.objects.order_by("pk").values()) for model in models]


def test_the_rows_of_a_file_become_tickets():
    run = load()
    assert run.state == "done"
    assert counts(run, "rows", "made", "refused", "teams", "agents", "categories", "customers") == (5, 5, 0, 2, 1, 4, 3)
    ticket = Ticket.objects.select_related("customer", "category", "team", "agent").get(reference="T-1")
    assert (ticket.source, ticket.customer.reference, ticket.channel, ticket.priority) == (
        "csv",
        "C-1",
        "phone",
        "3 - Moderate",
    )
    assert (ticket.category.path, ticket.category.family, ticket.category.is_sorted) == (
        "Billing/Refund",
        "Billing",
        False,
    )
    assert (ticket.team.name, ticket.agent.username, ticket.opened_team, ticket.opened_agent) == (
        "North",
        "Rita",
        ticket.team,
        ticket.agent,
    )
    assert (ticket.state, ticket.outcome, ticket.imported) == ("closed", "resolved", True)
    assert (ticket.opened_at, ticket.resolved_at, ticket.closed_at) == (
        datetime(2026, 3, 2, 9, tzinfo=UTC),
        datetime(2026, 3, 2, 15, tzinfo=UTC),
        datetime(2026, 3, 7, 15, tzinfo=UTC),
    )
    assert (ticket.imported_resolved_at, ticket.imported_closed_at) == (ticket.resolved_at, ticket.closed_at)
    assert ticket.extra["closure_note"] == "Refunded to card •••• •••• •••• 1111"
    assert (ticket.created_at - NOW) < timedelta(minutes=1)


def test_a_ticket_closed_without_a_resolution_ended_unresolved():
    load()
    ticket = Ticket.objects.get(reference="T-2")
    assert (ticket.state, ticket.outcome, ticket.imported, ticket.resolved_at) == ("closed", "", True, None)
    assert ticket.imported_resolved_at is None


def test_open_tickets_stand_on_the_list_without_a_next_step():
    load()
    rows = Ticket.objects.without_next_step().order_by("reference")
    assert [(row.reference, row.imported, row.channel, row.customer_id is None) for row in rows] == [
        ("T-4", False, "chat", True),
        ("T-5", False, "unknown", False),
    ]
    assert rows[1].extra == {
        "status": "awaiting vendor",
        "closure_note": 'She said "call me", twice',
        "reassignment_count": "0",
    }


def test_each_ticket_has_one_opening_contact():
    load()
    assert list(
        Contact.objects.values_list("ticket__reference", "direction", "is_opening", "channel").order_by("at")
    ) == [
        ("T-1", "inbound", True, "phone"),
        ("T-2", "inbound", True, "email"),
        ("T-3", "inbound", True, "phone"),
        ("T-4", "inbound", True, "chat"),
        ("T-5", "inbound", True, "unknown"),
    ]
    contact = Contact.objects.get(ticket__reference="T-3")
    assert (contact.at, contact.customer_id) == (contact.ticket.opened_at, contact.ticket.customer_id)


def test_an_import_makes_no_closure_reminder_notice_or_message():
    load(events=EVENTS)
    assert [model.objects.count() for model in (Closure, Reminder, Notice, Delivery)] == [0, 0, 0, 0]
    assert set(Event.objects.values_list("kind", "door")) == {("imported.state", "import")}


def test_the_log_says_when_a_ticket_was_first_resolved_and_in_pieces_too():
    def known():
        return dict(LoggedResolution.objects.values_list("ticket__reference", "at"))

    lines = EVENTS.splitlines(keepends=True)
    pieces = [[lines[0], *(line for line in lines[1:] if some in line)] for some in (b"T-3,4", b"T-3,2", b"T-1")]
    load(events=b"".join(pieces[0]))
    assert known() == {"T-3": datetime(2026, 3, 5, 9, tzinfo=UTC)}
    for piece in pieces[1:]:
        load(events=b"".join(piece))
    load(events=EVENTS)
    assert known() == {"T-3": datetime(2026, 3, 4, 9, tzinfo=UTC), "T-1": datetime(2026, 3, 2, 15, tzinfo=UTC)}


def test_the_words_of_a_map_say_what_is_resolved_in_the_log():
    load(events=EVENTS, map={"words": {"resolved": ["active"], "ended": ["resolved"]}})
    said = dict(LoggedResolution.objects.values_list("ticket__reference", "at"))
    assert said == {"T-3": datetime(2026, 3, 4, 12, tzinfo=UTC)}
    assert list(Event.objects.filter(data__resolved=True).values_list("data__state", flat=True)) == ["Active"]


def test_agents_made_by_an_import_cannot_sign_in():
    load()
    rita = Agent.objects.get(username="Rita")
    assert (rita.is_active, rita.has_usable_password(), rita.role) == (False, False, "agent")


def test_people_teams_and_customers_that_stand_are_used():
    team, rita = factories.team("North"), factories.agent("Rita")
    old = factories.customer(now=NOW, reference="C-1", shared_account=True)
    new = factories.customer(now=NOW, reference="C-9", email="other@example.org")
    Customer.objects.filter(pk=old.pk).update(merged_into=new)
    run = load()
    ticket = Ticket.objects.get(reference="T-1")
    assert (ticket.team, ticket.agent, ticket.customer) == (team, rita, new)
    assert Agent.objects.get(pk=rita.pk).is_active is True
    assert Customer.objects.filter(shared_account=True).count() == 1
    assert counts(run, "teams", "agents", "customers") == (1, 0, 2)


def test_the_log_becomes_history_and_reopenings_in_the_order_of_seq():
    run = load(events=EVENTS)
    assert counts(run, "events", "events_made", "reopenings") == (7, 7, 1)
    rows = Event.objects.filter(ticket__reference="T-3").order_by("at")
    assert [(row.data["seq"], row.data["state"], row.by_name) for row in rows] == [
        (1, "New", "Updated by 1"),
        (2, "Resolved", "Updated by 2"),
        (3, "Active", "Updated by 2"),
        (4, "Resolved", "Updated by 2"),
    ]
    reopening = Reopening.objects.get()
    assert (reopening.ticket.reference, reopening.at, reopening.imported) == (
        "T-3",
        datetime(2026, 3, 4, 12, tzinfo=UTC),
        True,
    )
    assert Ticket.objects.get(reference="T-3").reopen_count == 1


def test_the_log_never_makes_or_unmakes_a_resolution():
    events = EVENTS + b"T-1,4,2026-03-08T09:00:00Z,Active,North,Rita,Updated by 3,,0,0\n"
    events += b"T-4,1,2026-03-05T09:00:00Z,Resolved,,,Updated by 3,,0,0\n"
    load(events=events)
    assert Ticket.objects.get(reference="T-1").state == "closed"
    assert Ticket.objects.get(reference="T-4").state == "open"


def test_reopenings_are_counted_where_the_file_does_not_say():
    tickets = b"reference,opened_at,closed_at\nT-3,2026-03-03T09:00:00Z,2026-03-10T09:00:00Z\n"
    load(tickets, EVENTS)
    assert Ticket.objects.get().reopen_count == 1


def test_a_second_time_changes_nothing():
    load(events=EVENTS)
    before = everything()
    run = load(events=EVENTS, now=NOW + timedelta(days=1))
    assert counts(run, "made", "updated", "unchanged", "kept") == (0, 0, 5, 0)
    assert counts(run, "events_made", "events_unchanged", "reopenings", "customers", "teams") == (0, 7, 0, 0, 0)
    assert everything() == before


def test_a_log_loaded_in_pieces_reads_as_one():
    lines = EVENTS.splitlines(keepends=True)
    load(events=b"".join([lines[0], lines[2], lines[3]]))
    run = load(events=b"".join([lines[0], lines[1], lines[4]]))
    assert counts(run, "events_made", "reopenings") == (2, 1)
    assert Event.objects.filter(ticket__reference="T-3").count() == 4


def test_a_changed_row_updates_a_ticket_that_nobody_here_touched():
    load()
    before = Ticket.objects.get(reference="T-4")
    run = load(TICKETS.replace(b"T-4,,chat,Delivery,,4 - Low,,", b"T-4,C-8,phone,Returns,,1 - Critical,West,"))
    assert counts(run, "made", "updated", "unchanged", "kept") == (0, 1, 4, 0)
    ticket = Ticket.objects.get(reference="T-4")
    assert (ticket.pk, ticket.number, ticket.channel, ticket.priority) == (
        before.pk,
        before.number,
        "phone",
        "1 - Critical",
    )
    assert (ticket.customer.reference, ticket.category.path, ticket.team.name) == ("C-8", "Returns", "West")
    contact = ticket.contacts.get()
    assert (contact.channel, contact.customer) == ("phone", ticket.customer)
    assert Event.objects.filter(ticket=ticket, kind="ticket.changed", door="import").count() == 1
    assert counts(load(TICKETS), "updated") == (1,)


def test_a_ticket_closed_at_its_source_is_closed_here_and_opened_again_with_it():
    load()
    closed = TICKETS.replace(
        b"2026-03-04T09:00:00+01:00,,,open", b"2026-03-04T09:00:00+01:00,,2026-03-09T09:00:00Z,closed"
    )
    load(closed)
    connection.check_constraints()
    assert Ticket.objects.values_list("state", "imported").get(reference="T-4") == ("closed", True)
    load()
    connection.check_constraints()
    assert Ticket.objects.values_list("state", "imported", "imported_closed_at").get(reference="T-4") == (
        "open",
        False,
        None,
    )


def test_columns_that_a_later_file_lacks_are_left_alone():
    load()
    load(b"reference,opened_at,priority\nT-1,2026-03-02T08:00:00Z,9\n")
    ticket = Ticket.objects.get(reference="T-1")
    assert (ticket.priority, ticket.opened_at.hour, ticket.state, ticket.team.name) == ("9", 8, "closed", "North")
    assert ticket.extra["closure_code"] == "code 1"


def test_a_ticket_touched_here_is_kept_with_its_history():
    load()
    ada = factories.agent("ada", role="admin")
    handling.note(ticket=Ticket.objects.get(reference="T-4"), text="Mine", by=Actor("web", agent=ada), now=NOW)
    before = everything()
    log = b"reference,seq,at,state\nT-4,1,2026-03-05T09:00:00Z,New\n"
    run = load(TICKETS.replace(b"4 - Low", b"9 - None"), log)
    assert counts(run, "updated", "unchanged", "kept", "events_made", "events_kept") == (0, 4, 1, 0, 1)
    assert everything() == before


def test_a_dry_run_stores_nothing_of_the_file_and_tells_the_same():
    before = everything()
    dry = load(events=EVENTS, dry_run=True)
    assert everything() == before
    real = load(events=EVENTS)
    assert dry.counts == real.counts
    assert load(events=EVENTS, dry_run=True).counts == load(events=EVENTS).counts


def test_a_finished_dry_run_can_be_done_for_real_once():
    dry = load(events=EVENTS, dry_run=True, zone="Europe/Paris")
    run = importing.start_for_real(dry_run=dry, by=SHELL, now=NOW)
    assert (run.state, run.zone, run.dry_run) == ("waiting", "Europe/Paris", False)
    assert importing.run(run=run, now=NOW).counts["made"] == 5
    with pytest.raises(errors.Refused) as caught:
        importing.start_for_real(dry_run=dry, by=SHELL, now=NOW)
    assert caught.value.code == "file-gone"
    with pytest.raises(errors.Refused) as caught:
        importing.start_for_real(dry_run=run, by=SHELL, now=NOW)
    assert caught.value.code == "not-a-dry-run"


def test_bad_rows_are_named_and_the_others_load():
    tickets = b"reference,opened_at,channel\nT-1,2026-03-02,phone\nT-1,2026-03-03,phone\n,2026-03-02,x\nT-2,soon,\n"
    tickets += b"T-3\nT-4,2026-03-02,\x00\n"
    events = b"reference,seq,at,state\nT-1,1,2026-03-02,New\nT-1,1,2026-03-03,New\nT-9,1,2026-03-02,New\n"
    events += b"T-1,x,2026-03-02,New\n"
    run = load(tickets, events)
    assert run.state == "done"
    assert faults(run) == [
        ("tickets", 3, "reference", "duplicate"),
        ("tickets", 4, "reference", "missing"),
        ("tickets", 5, "opened_at", "bad-date"),
        ("tickets", 6, "", "wrong-columns"),
        ("tickets", 7, "channel", "nul"),
        ("events", 5, "seq", "bad-number"),
        ("events", 4, "reference", "unknown-ticket"),
        ("events", 3, "seq", "duplicate"),
    ]
    assert counts(run, "made", "refused", "events_made", "events_refused") == (1, 5, 1, 3)
    assert run.error_count == 8


def test_only_the_first_thousand_faults_are_kept():
    run = load(b"reference,opened_at\n" + b",2026-03-02\n" * 1500)
    assert (len(run.errors), run.error_count, run.counts["refused"]) == (1000, 1500, 1500)


@pytest.mark.parametrize(
    ("options", "field", "code"),
    [
        ({"zone": "Mars/Olympus"}, "zone", "unknown-zone"),
        ({"map": "nowhere"}, "map", "unknown-map"),
        ({"map": {"opend": "x"}}, "map", "bad-map"),
        ({"map": {"reference": "nr"}}, "map", "unknown-column"),
        ({"tickets": b"reference\nT-1\n"}, "file", "missing-column"),
        ({"events": b"reference\nT-1\n"}, "file", "missing-column"),
    ],
)
def test_what_can_be_seen_at_once_is_refused_at_once(options, field, code):
    with pytest.raises(errors.Invalid) as caught:
        started(**options)
    assert (caught.value.field, caught.value.code) == (field, code)
    assert ImportRun.objects.count() == 0


def test_an_unknown_source_is_refused_by_name():
    with pytest.raises(errors.Invalid, match=r'"jira".*csv'):
        importing.start(file=io.BytesIO(TICKETS), file_name="t.csv", source="jira", by=SHELL, now=NOW)


def test_a_damaged_file_fails_the_run_and_what_was_loaded_stays():
    rows = b"".join(b"T-%d,2026-03-02T09:00:00Z\n" % n for n in range(4_000))
    run = load(gzip.compress(b"reference,opened_at\n" + rows)[:-9])
    assert (run.state, faults(run), run.file) == ("failed", [("tickets", 1, "file", "bad-gzip")], None)
    assert Ticket.objects.count() == run.counts["made"] > 0


def test_a_saved_map_is_used_by_name_and_replaced():
    first = importing.save_map(name="calls", map={"reference": "x"}, by=SHELL, now=NOW)
    chosen = json.loads((SAMPLES / "maps" / "bank_calls.json").read_text(encoding="utf-8"))
    assert importing.save_map(name=" calls ", map=chosen, by=SHELL, now=NOW) == first
    assert ImportMap.objects.get().map == importing.saved_map(name="calls") == chosen
    run = load((SAMPLES / "calls.csv").read_bytes(), map="calls")
    assert counts(run, "made", "skipped", "refused", "customers") == (2, 1, 0, 1)
    assert list(Ticket.objects.order_by("reference").values_list("reference", "outcome", "state", "closed_at")) == [
        ("K-1", "resolved", "closed", datetime(2026, 2, 1, 8, 3, 16, tzinfo=UTC)),
        ("K-2", "", "closed", datetime(2026, 2, 1, 8, 1, tzinfo=UTC)),
    ]
    with pytest.raises(errors.Invalid):
        importing.save_map(name="bad", map={"words": 1}, by=SHELL, now=NOW)


def test_wall_times_are_read_in_the_zone_of_the_map():
    chosen = json.loads((SAMPLES / "maps" / "nyc311.json").read_text(encoding="utf-8"))
    run = load((SAMPLES / "requests.csv").read_bytes(), map=chosen)
    assert counts(run, "made", "refused", "customers") == (3, 0, 1)
    assert run.counts["ignored_columns"] == ["note_at", "source"]
    assert list(Ticket.objects.order_by("reference").values_list("opened_at", "state", "resolved_at")) == [
        (datetime(2019, 3, 10, 6, 30, tzinfo=UTC), "closed", None),
        (datetime(2019, 3, 10, 7, tzinfo=UTC), "open", None),
        (datetime(2019, 11, 3, 5, 30, tzinfo=UTC), "closed", None),
    ]
    assert Category.objects.get(path="HEAT/HOT WATER/ENTIRE BUILDING").family == "HEAT/HOT WATER"


ALL = ("rows", "made", "unchanged", "events", "events_made", "events_unchanged", "reopenings", "customers", "teams")


def test_a_run_handed_back_goes_on_where_it_was(monkeypatch):
    monkeypatch.setattr(import_running, "BATCH", 2)
    run, turns = started(events=EVENTS), 0
    while run.state == "waiting":
        run, turns = importing.run(run=run, now=NOW, seconds=0), turns + 1
    assert (run.state, turns) == ("done", 5)
    assert counts(run, *ALL) == (5, 5, 0, 7, 7, 0, 1, 3, 2)


class Killed(Exception):
    pass


@pytest.mark.parametrize("last", range(1, 7))
def test_a_run_killed_in_any_batch_goes_on_before_it(monkeypatch, last):
    monkeypatch.setattr(import_running, "BATCH", 2)
    calls = count(1)

    def progress(_):
        if next(calls) == last:
            raise Killed

    run = started(events=EVENTS)
    with pytest.raises(Killed):
        importing.run(run=run, now=NOW, progress=progress)
    ImportRun.objects.filter(pk=run.pk).update(beat_at=Now() - importing.LEASE)
    assert importing.run_waiting(now=NOW) == 1
    run.refresh_from_db()
    assert counts(run, *ALL) == (5, 5, 0, 7, 7, 0, 1, 3, 2)
    assert (Ticket.objects.count(), Event.objects.count(), Reopening.objects.count()) == (5, 7, 1)


def test_waiting_runs_are_worked_on_in_their_order():
    first, second = started(), started(TICKETS.replace(b"T-", b"U-"))
    assert importing.run_waiting(now=NOW) == 2
    assert importing.run_waiting(now=NOW) == 0
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.state, second.state, first.finished_at < second.finished_at) == ("done", "done", True)
    assert first.file is None


def test_a_run_whose_worker_fell_silent_is_taken_up():
    run = started()
    ImportRun.objects.filter(pk=run.pk).update(state="running", beat_at=Now(), progress={"tries": 1})
    assert importing.run_waiting(now=NOW) == 0
    ImportRun.objects.filter(pk=run.pk).update(beat_at=Now() - importing.LEASE)
    assert importing.run_waiting(now=NOW) == 1
    assert Ticket.objects.count() == 5


def test_a_run_that_broke_off_too_often_is_given_up():
    run = started()
    ImportRun.objects.filter(pk=run.pk).update(progress={"tries": importing.TRIES})
    importing.run_waiting(now=NOW)
    run.refresh_from_db()
    assert (run.state, run.errors[0]["code"], Ticket.objects.count()) == ("failed", "stopped", 0)


def test_a_worker_that_lost_its_run_writes_nothing_more():
    run = started()

    def another_takes_it(row):
        ImportRun.objects.filter(pk=row.pk).update(progress={"tries": 7})

    importing.run(run=run, now=NOW, progress=another_takes_it)
    run.refresh_from_db()
    assert (run.state, run.progress) == ("running", {"tries": 7})


def test_files_of_dry_runs_are_kept_for_a_day():
    dry = load(dry_run=True)
    assert dry.file is not None
    importing.run_waiting(now=NOW + timedelta(hours=23))
    assert ImportRun.objects.get().file is not None
    importing.run_waiting(now=NOW + timedelta(hours=25))
    assert ImportRun.objects.get().file is None


def test_real_incidents_load_twice_without_change(real_data):
    files = [(Path(real_data) / name).read_bytes() for name in ("itsm_tickets.csv.gz", "itsm_events.csv.gz")]
    run = load(*files)
    assert counts(run, "made", "refused", "events_made", "events_refused", "reopenings", "customers") == (
        12_379,
        0,
        70_261,
        0,
        169,
        2_601,
    )
    as_of = datetime(2016, 6, 1, tzinfo=UTC)
    opened = Ticket.objects.filter(opened_at__lt=as_of)
    assert (opened.filter(imported_resolved_at__lte=as_of).count(), opened.count()) == (10_921, 12_246)
    assert opened.filter(reopenings__at__lte=as_of).distinct().count() == 125
    again = load(*files)
    assert counts(again, "unchanged", "updated", "events_unchanged", "events_made") == (12_379, 0, 70_261, 0)


@pytest.mark.parametrize(
    ("name", "chosen", "made", "skipped", "resolved"),
    [("bank_calls", "bank_calls", 16_762, 128, 13_456), ("nyc311_2019", "nyc311", 1_000, 0, 0)],
)
def test_other_real_files_load_with_a_map(real_data, name, chosen, made, skipped, resolved):
    raw = json.loads((SAMPLES / "maps" / f"{chosen}.json").read_text(encoding="utf-8"))
    run = load((Path(real_data) / f"{name}.csv.gz").read_bytes(), map=raw)
    assert counts(run, "made", "skipped", "refused") == (made, skipped, 0)
    assert Ticket.objects.filter(outcome="resolved").count() == resolved
