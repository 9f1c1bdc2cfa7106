"""Targets on pages: set by administrators, shown with what they would give, and calm on the ticket."""

from datetime import UTC, datetime, timedelta

import pytest

from followups import complaints
from followups.actions import aiming, intake, parking
from followups.models import Pause, Policy, Target, TargetClock
from followups.reports import catalogue

HOUR = timedelta(hours=1)
SENT = {
    "kind": "resolution",
    "amount": "8",
    "measure": "hours",
    "elapsing": "working",
    "warn_before": "60",
    "is_on": "on",
}


@pytest.fixture
def hours(office):
    closed = [{"on": "2026-11-26", "name": "Holiday", "hours": []}]
    return Policy.objects.update_or_create(team=office.billing, defaults={"zone": "UTC", "special_days": closed})[0]


@pytest.fixture
def aim(office, now):
    def make(kind="resolution", minutes=480, **fields):
        return Target.objects.create(
            **{"team": office.billing, "kind": kind, "amount": minutes, "made_at": now, **fields}
        )

    return make


@pytest.fixture
def log(office, now):
    def make(**fields):
        given = {"subject": "Refund missing", "category": "Billing", "channel": "phone", "team": office.billing}
        logged = intake.Intake(**{**given, "agent": office.ada, **fields})
        return intake.open_ticket(intake=logged, by=office.by(office.ada), now=now)[0]

    return make


def words(answer):
    return " ".join(answer.content.decode().split())


def test_a_desk_without_targets_says_that_it_needs_none(as_, office):
    found = words(as_(office.root).get("/targets"))
    assert "No targets" in found
    assert complaints.NOT_ADVICE in found
    assert all(template.source in found for template in complaints.TEMPLATES)
    assert found.count(">off</span>") == len(complaints.TEMPLATES)


def test_an_administrator_adds_one_and_sees_what_it_gives(as_, office, hours):
    client = as_(office.root)
    answer = client.post(f"/targets/{office.billing.pk}", SENT)
    assert (answer.status_code, answer.url) == (302, f"/targets/{office.billing.pk}")
    row = Target.objects.get()
    assert (row.team, row.kind, row.amount, row.unit, row.warn_before) == (
        office.billing,
        "resolution",
        480,
        "minutes",
        60,
    )
    found = words(client.get(answer.url))
    assert "Resolution within 8 h of working time" in found
    assert "opened now: due tomorrow 10:00" in found  # now is Tuesday 10:00, the desk is open 9 to 17


def test_trying_one_saves_nothing(as_, office, hours):
    answer = as_(office.root).post(f"/targets/{office.billing.pk}", {**SENT, "amount": "16", "preview": "1"})
    assert answer.status_code == 200
    assert "A ticket opened now: <strong>due Fri 27 Nov 10:00</strong>" in words(answer)
    assert not Target.objects.exists()


@pytest.mark.parametrize(
    ("field", "value"),
    [("amount", "0"), ("amount", "9000"), ("kind", "final_answer"), ("warn_before", "50000"), ("measure", "years")],
)
def test_what_cannot_be_kept_is_said_at_its_field(as_, office, field, value):
    answer = as_(office.root).post("/targets", {**SENT, field: value})
    assert answer.status_code == 422
    assert field in answer.context["form"].errors
    assert not Target.objects.exists()


def test_an_edit_leaves_what_runs_unless_told_to(as_, office, hours, aim, log, now):
    old = aim()
    ticket = log()
    client = as_(office.root)
    assert "Also for what runs already: 1 ticket<" in words(client.get(f"/targets/rows/{old.pk}"))
    client.post(f"/targets/rows/{old.pk}", {**SENT, "amount": "2"})
    clock = TargetClock.objects.get()
    assert (clock.target, clock.due_at) == (old, now + 24 * HOUR)
    new = Target.objects.get(replaced_at=None)
    clock.target = new
    clock.save()
    client.post(f"/targets/rows/{new.pk}", {**SENT, "amount": "4", "running": "1"})
    clock.refresh_from_db()
    assert (clock.due_at, clock.version, clock.ticket) == (now + 4 * HOUR, 2, ticket)
    assert client.get(f"/targets/rows/{old.pk}").status_code == 404


def test_taken_away_it_holds_for_new_tickets_no_more(as_, office, aim, log):
    row = aim()
    log()
    as_(office.root).post(f"/targets/rows/{row.pk}/removal")
    log()
    assert TargetClock.objects.count() == 1


def test_a_team_reads_the_desks_own_beside_its_own(as_, office, aim):
    aim(team=None)
    aim("first_response", 60, is_on=False)
    found = words(as_(office.sam).get(f"/targets/{office.billing.pk}"))
    assert "the desk's</span>" in found
    assert "Change" not in found.partition('id="held-head"')[2].partition("</section>")[0]


# Rules by name


def test_a_rule_is_turned_on_by_family_and_off_again(as_, office, hours, log, now):
    client = as_(office.root)
    client.post(f"/targets/{office.billing.pk}/rules/eu-gdpr", {"families": "Privacy"})
    ticket = log(category="Privacy/Copy of my data")
    clock = TargetClock.objects.get(ticket=ticket)
    assert clock.due_at == datetime(2026, 12, 25, tzinfo=UTC)  # the end of 24 December
    assert clock.letter.promise == "We send you in writing what was done about your request."
    log()
    assert TargetClock.objects.count() == 1
    client.post(f"/targets/{office.billing.pk}/rules/eu-gdpr", {"off": "1"})
    log(category="Privacy/Copy of my data")
    assert TargetClock.objects.count() == 1


def test_a_rule_is_applied_by_hand(as_, office, hours, log, now):
    aiming.turn_on(template="uk-disp", team=None, families=[], by=office.by(office.root), now=now)
    ticket = log()
    client = as_(office.ada)
    assert f'href="/tickets/{ticket.number}/rules"' in words(client.get(f"/tickets/{ticket.number}"))
    assert "Apply it from the opening" in words(client.get(f"/tickets/{ticket.number}/rules"))
    client.post(f"/tickets/{ticket.number}/rules", {"template": "uk-disp"})
    assert set(TargetClock.objects.values_list("kind", flat=True)) == {"acknowledgement", "final_answer"}
    again = client.post(f"/tickets/{ticket.number}/rules", {"template": "uk-disp"})
    assert (again.status_code, TargetClock.objects.count()) == (422, 2)
    assert client.post(f"/tickets/{ticket.number}/rules", {"template": "eu-gdpr"}).status_code == 422
    assert "Financial complaint: final answer</strong> due by the end of Tue 19 Jan 2027" in words(
        client.get(f"/tickets/{ticket.number}")
    )


# On the ticket


def test_the_ticket_says_what_is_left(as_, office, hours, aim, log):
    aim()
    aim("first_response", 60)
    ticket = log()
    found = words(as_(office.ada).get(f"/tickets/{ticket.number}"))
    assert "<strong>First response</strong> due today 11:00, 1 h left" in found
    assert "due tomorrow 10:00, 8 h left" in found


def test_it_is_parked_and_taken_up_again(as_, office, hours, aim, log, now):
    aim()
    ticket = log()
    client = as_(office.ada)
    sent = {"reason": "customer", "question": "Which account?", "until_at": "2026-11-25T12:00"}
    answer = client.post(f"/tickets/{ticket.number}/pauses", sent)
    assert (answer.status_code, answer.url) == (302, f"/tickets/{ticket.number}")
    pause = Pause.objects.get()
    assert pause.until_at == datetime(2026, 11, 25, 12, tzinfo=UTC)
    found = words(client.get(answer.url))
    assert "Parked until tomorrow 12:00" in found
    assert "“Which account?”" in found
    assert "rests, then due Fri 27 Nov 12:00" in found
    client.post(f"/pauses/{pause.pk}/ending")
    assert "8 h left" in words(client.get(answer.url))
    history = words(client.get(answer.url))
    assert "Parked the ticket" in history
    assert "Before its promised end." in history


@pytest.mark.parametrize(
    ("field", "value"), [("question", ""), ("until_at", ""), ("until_at", "2026-11-24T09:59"), ("until_at", "soon")]
)
def test_a_pause_needs_its_question_and_its_end(as_, office, aim, log, field, value):
    aim()
    ticket = log()
    sent = {"reason": "customer", "question": "Which account?", "until_at": "2026-11-25T12:00", field: value}
    answer = as_(office.ada).post(f"/tickets/{ticket.number}/pauses", sent)
    assert answer.status_code == 422
    assert field in answer.context["pause_form"].errors
    assert not Pause.objects.exists()


def test_a_missed_target_is_said_calmly(as_, office, hours, aim, log, now, time_machine):
    aim(minutes=60)
    ticket = log()
    time_machine.move_to(now + 3 * HOUR)
    assert "Resolution</span> missed, was due today 11:00" in words(as_(office.ada).get(f"/tickets/{ticket.number}"))


def test_a_ticket_costs_the_same_number_of_queries_with_one_pause_and_three(
    as_, office, hours, aim, log, now, django_assert_num_queries
):
    aim()
    aim("next_update", 240)
    ticket = log()
    client = as_(office.ada)
    client.get(f"/tickets/{ticket.number}")
    seen = []
    for n in range(3):
        at = now - (3 - n) * timedelta(minutes=10)
        row = parking.pause(ticket=ticket, question="Which?", until_at=now + HOUR, by=office.by(office.ada), now=at)
        with django_assert_num_queries(COST) as captured:
            client.get(f"/tickets/{ticket.number}")
        seen.append(len(captured))
        parking.end(pause=row, by=office.by(office.ada), now=at + timedelta(minutes=5))
    assert len(set(seen)) == 1


def test_the_lists_of_targets_cost_the_same_with_one_row_and_three(as_, office, aim, django_assert_num_queries):
    client = as_(office.root)
    client.get("/targets")
    for n in (1, 2):
        for each in range(n):
            aim(team=None, minutes=60 + each, families=[f"F{n}{each}"])
        with django_assert_num_queries(LISTED):
            client.get("/targets")


def test_the_report_is_among_the_reports():
    assert "targets" in catalogue.REPORTS


COST, LISTED = 14, 6
