"""The one page of a team's time rules: what holds, and who would hear what, when, at any moment."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from followups.models import (
    Absence,
    Agent,
    Event,
    FollowUp,
    Ladder,
    LadderStep,
    Notice,
    Plan,
    PlanStep,
    Policy,
    Role,
    Target,
    Ticket,
)
from tests import factories

FRIDAY = {
    "case-happening": "due",
    "case-on": "2026-11-27",
    "case-at": "17:55",
    "case-channel": "phone",
    "case-promiser": "",
    "case-priority": "",
    "case-family": "",
    "case-zone": "",
}


def words(answer):
    return " ".join(answer.content.decode().replace("&#x27;", "'").split())


def test_a_new_desk_needs_to_set_nothing(desk, at):
    text = words(at(desk.sam).get("/time-rules"))
    assert text.count("This is the desk's own rule; nothing needs to be set.") == 5
    assert "Mon–Fri 09:00–17:00, in UTC." in text
    whom = "the owner; of the team's own, everybody of the team at work"
    assert f"30 working minutes after the promised time: {whom} – in the app" in text
    assert "Again 2, 3, 5 working days after the last contact; then a supervisor looks." in text


def test_a_ticket_closed_now_as_one_line_of_time(desk, at):
    """Tuesday 10:00: Thursday 10 to 12, at the hour of the call."""
    answer = at(desk.sam).get(f"/time-rules/{desk.team.pk}")
    text = words(answer)
    assert "We will call you on Thursday 26 November between 10:00 and 12:00" in text
    for said in (
        "Tue 24 Nov 2026 10:00: Closed as a dead end: a promise instead",
        "Thu 26 Nov 2026 12:00: Due, heard by Ada, Bea, Sam",
        "Thu 26 Nov 2026 12:30: Overdue, heard by Ada, Bea, Sam",
        "Thu 26 Nov 2026 14:00: Escalated, heard by Sam",
    ):
        assert f"{said}<" in text or f'{said}"' in text
    assert f'<a href="/policy/{desk.team.pk}">' in text or '<a href="/policy">The desk' in text
    assert f'<a href="/ladders/{desk.team.pk}">The desk\'s own ladder</a>' in text


def test_any_moment_is_tried_and_nothing_is_saved(desk, at):
    """A Friday evening before a Monday off, with who promised it away."""
    Policy.objects.create(team=desk.team, special_days=[{"on": "2026-11-30", "name": "Off", "hours": []}])
    Absence.objects.create(agent=desk.ada, from_at=desk.now, until_at=desk.now.replace(year=2027))
    before = [model.objects.count() for model in (Ticket, FollowUp, Notice, Event)]
    answer = at(desk.sam).get(f"/time-rules/{desk.team.pk}", FRIDAY | {"case-promiser": desk.ada.pk})
    text = words(answer)
    assert "Fri 27 Nov 2026 17:55: Due, heard by Bea, Sam" in text
    assert "Tue 1 Dec 2026 09:30: Overdue, heard by Bea, Sam" in text
    assert "Tue 1 Dec 2026 11:00: Escalated, heard by Sam" in text
    assert "Ada is away." in text
    assert [model.objects.count() for model in (Ticket, FollowUp, Notice, Event)] == before


def test_each_mark_names_the_ladder_that_made_it(desk, at):
    row = Ladder.objects.create(team=desk.team, name="Quick", families=["Billing"], made_at=desk.now)
    LadderStep.objects.create(ladder=row, position=0, audience="manager", after_minutes=5)
    LadderStep.objects.create(ladder=row, position=1, audience="supervisors", after_minutes=10)
    client = at(desk.sam)
    named = words(client.get(f"/time-rules/{desk.team.pk}", FRIDAY | {"case-family": "billing"}))
    other = words(client.get(f"/time-rules/{desk.team.pk}", FRIDAY | {"case-family": "Delivery"}))
    assert f'<a href="/ladders/{desk.team.pk}">Ladder Quick</a>' in named
    assert "Nobody there: the team's manager. Straight on." in named
    assert "Ladder Quick" not in other


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"case-on": "soon"}, "Enter a valid date."),
        ({"case-on": "1900-01-01"}, "A year from 2000 to 2090."),
        ({"case-zone": "Mars/Olympus"}, "This is not a time zone."),
        ({"case-promiser": "9999"}, "Select a valid choice."),
        ({"case-family": "a\x00b"}, "Null characters are not allowed."),
    ],
)
def test_a_case_that_cannot_be_read_is_said_at_its_field(desk, at, wrong, said):
    answer = at(desk.sam).get(f"/time-rules/{desk.team.pk}", FRIDAY | wrong)
    assert answer.status_code == 400
    assert said in words(answer)


def test_a_gap_in_the_clock_is_no_trouble(desk, at):
    Policy.objects.create(team=desk.team, zone="America/New_York")
    answer = at(desk.sam).get(f"/time-rules/{desk.team.pk}", FRIDAY | {"case-on": "2027-03-14", "case-at": "02:30"})
    assert "Sun 14 Mar 2027 03:00: Due" in words(answer)


def test_a_team_whose_hours_never_come_is_no_trouble(desk, at):
    Policy.objects.create(team=desk.team, week=[[] for _ in range(7)])
    answer = at(desk.sam).get(f"/time-rules/{desk.team.pk}")
    assert answer.status_code == 200
    assert "By these rules nothing can be promised." in words(answer)


def test_a_page_asks_constantly_many_questions(desk, at):
    """However many teams and ladders there are; a rehearsal asks some for each stage that it plays."""
    client = at(desk.sam)
    client.get("/ladders")
    asked = []
    for number in range(3):
        team = factories.team(f"T{number}")
        factories.agent(f"s{number}", Role.SUPERVISOR, team=team)
        row = Ladder.objects.create(team=desk.team, name=f"L{number}", priorities=[f"p{number}"], made_at=desk.now)
        LadderStep.objects.create(ladder=row, position=0, audience="owner", after_minutes=5)
        with CaptureQueriesContext(connection) as questions:
            client.get(f"/time-rules/{desk.team.pk}", FRIDAY)
        asked.append(len(questions))
    assert asked[0] == asked[2] <= 110


def test_targets_and_plans_stand_on_the_line_with_their_places(desk, at):
    Target.objects.create(team=desk.team, kind="first_response", amount=120, warn_before=60, made_at=desk.now)
    plan = Plan.objects.create(team=desk.team, name="Weekly", made_at=desk.now)
    PlanStep.objects.create(plan=plan, position=1, gap_days=5, will_bring="Word from the carrier")
    text = words(at(desk.sam).get(f"/time-rules/{desk.team.pk}"))
    assert "Tue 24 Nov 2026 11:00: First response: warning" in text
    assert "Tue 24 Nov 2026 12:00: First response: missed" in text
    assert "First response: 2 working hours." in text
    assert "Next by the plan, 1 of 1" in text
    assert "Word from the carrier" in text
    assert f'<a href="/plans/{desk.team.pk}">Plan Weekly</a>' in text
    assert f'<a href="/targets/{desk.team.pk}">Target of Billing</a>' in text


def test_targets_of_certain_tickets_are_not_called_none(desk, at):
    Target.objects.create(team=desk.team, kind="resolution", amount=120, families=["Complaint"], made_at=desk.now)
    text = words(at(desk.sam).get(f"/time-rules/{desk.team.pk}"))
    assert "1 target for certain tickets alone." in text
    assert "None is set." not in text


def test_what_leaves_the_app_waits_for_the_end_of_the_quiet(desk, at):
    """Overdue on Monday morning by a ladder that does not wait for working time: at night."""
    Agent.objects.filter(pk=desk.sam.pk).update(email="sam@example.org")
    row = Ladder.objects.create(team=desk.team, name="Nights", made_at=desk.now)
    LadderStep.objects.create(ladder=row, position=0, audience="supervisors", after_minutes=300, elapsing="elapsed")
    text = words(at(desk.sam).get(f"/time-rules/{desk.team.pk}", FRIDAY))
    assert "Fri 27 Nov 2026 22:55: Overdue, heard by Sam" in text
    assert "Mail, gathered, Mon 30 Nov 07:00: Sam" in text


def test_the_second_time_is_never_said_before_the_first(desk, at):
    """The third step, in any time, comes before the second, in working time: said on Saturday, and on Monday."""
    row = Ladder.objects.create(team=desk.team, name="Mixed", made_at=desk.now)
    for place, (minutes, elapsing) in enumerate([(30, "working"), (600, "working"), (1440, "elapsed")]):
        given = {"audience": "supervisors", "after_minutes": minutes, "elapsing": elapsing}
        LadderStep.objects.create(ladder=row, position=place, **given)
    text = words(at(desk.sam).get(f"/time-rules/{desk.team.pk}", FRIDAY))
    assert "Sat 28 Nov 2026 17:55: Escalated, heard by Sam" in text
    assert "Tue 1 Dec 2026 11:00: Escalated, 2nd time, heard by Sam" in text
