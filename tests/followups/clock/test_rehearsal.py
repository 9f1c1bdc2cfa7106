"""What is shown is what happens: a case is rehearsed, then played for real with a moved clock, notice for notice."""

from datetime import UTC, date, datetime, time, timedelta

import pytest

from followups.actions import closing
from followups.clock import digests, rehearsal, reminders, routes
from followups.models import (
    Absence,
    Actor,
    Agent,
    Category,
    Channel,
    Customer,
    Delivery,
    Event,
    FollowUp,
    Ladder,
    LadderStep,
    Notice,
    Reminder,
    Role,
    Rota,
    RotaMember,
    Ticket,
)
from tests import factories

pytestmark = pytest.mark.django_db

FRIDAY = datetime(2026, 12, 18, 17, 55, tzinfo=UTC)  # after hours, before a weekend


@pytest.fixture
def desk():
    """Billing: ada, ben and sam, led by sue; its manager max is nobody's supervisor."""
    team = factories.team("Billing")
    people = {name: factories.agent(name, team=team) for name in ("ada", "ben")}
    people |= {name: factories.agent(name, Role.SUPERVISOR, team=team) for name in ("sam", "sue")}
    people["max"] = factories.agent("max")
    team.lead, team.manager = people["sue"], people["max"]
    team.save()
    return team, people


def ladder(team, *steps, **fields):
    row = Ladder.objects.create(team=team, name="Billing", made_at=FRIDAY - timedelta(days=9), **fields)
    for place, step in enumerate(steps):
        LadderStep.objects.create(ladder=row, position=place, **step)
    return row


def shown(case):
    return heard_in(rehearsal.play(case))


def heard_in(played):
    return [(line.at, line.stage, line.repeat, person.username) for line in played.lines for person in line.people]


def left_the_app(played):
    return {(one.at, one.agent.username, one.how, one.digest) for line in played.lines for one in line.outside}


def happened(follow_up, *, until):
    """The real clock, tick by tick, and what it wrote."""
    for at in ticks(follow_up, until):
        reminders.sweep(now=at)
        routes.sweep(now=at)
        digests.sweep(now=at)
    rows = Notice.objects.filter(follow_up=follow_up, kind="reminder").select_related("recipient")
    return sorted((row.at, row.stage, row.repeat, row.recipient.username) for row in rows)


def ticks(follow_up, until):
    """Every half hour of the working days, at noon of the others, and when the first stages fall due."""
    early = [row.due_at for row in follow_up.reminders.all() if row.stage in ("ahead", "due")]
    first = follow_up.promised_at.replace(hour=0, minute=0)
    halves = [first + timedelta(minutes=30 * n) for n in range(int((until - first) / timedelta(minutes=30)))]
    works = [at for at in halves if (6 < at.hour < 17 if at.weekday() < 5 else at.hour == 12)]
    return sorted({at for at in [*works, *early] if at >= follow_up.promised_at})


def sent():
    rows = Delivery.objects.filter(kind__in=["digest", "notice"]).select_related("agent", "channel")
    return {
        (row.due_at, row.agent.username, row.channel.get_kind_display() if row.channel else "Mail", not row.channel)
        for row in rows
    }


def test_nothing_of_a_rehearsal_stays(desk):
    team, people = desk
    before = [model.objects.count() for model in (Ticket, FollowUp, Reminder, Notice, Event, Customer, Category)]
    assert shown(rehearsal.Case(at=FRIDAY, team=team, promiser=people["ada"]))
    after = [model.objects.count() for model in (Ticket, FollowUp, Reminder, Notice, Event, Customer, Category)]
    assert before == after


def test_the_desks_own_ladder_waits_for_working_time(desk):
    team, people = desk
    case = rehearsal.Case(at=FRIDAY, happening=rehearsal.DUE, team=team, promiser=people["ada"])
    monday = datetime(2026, 12, 21, 9, tzinfo=UTC)
    assert shown(case) == [
        (FRIDAY - timedelta(hours=2, minutes=15), "ahead", 0, "ada"),
        (FRIDAY, "due", 0, "ada"),
        *((monday + timedelta(minutes=30), "overdue", 0, name) for name in ("ada", "ben", "sam", "sue")),
        (monday + timedelta(hours=2), "escalated", 0, "sam"),
        (monday + timedelta(hours=2), "escalated", 0, "sue"),
    ]


def test_a_closing_is_rehearsed_by_the_gate(desk):
    team, people = desk
    tuesday = datetime(2026, 11, 24, 10, tzinfo=UTC)
    played = rehearsal.play(rehearsal.Case(at=tuesday, team=team, promiser=people["ada"]))
    assert (played.follow_up.promised_from, played.follow_up.promised_by) == (
        datetime(2026, 11, 26, 10, tzinfo=UTC),
        datetime(2026, 11, 26, 12, tzinfo=UTC),
    )
    assert [line.stage for line in played.lines] == ["ahead", "due", "overdue", "escalated"]


def test_steps_without_anybody_go_straight_on_and_say_so(desk):
    team, people = desk
    ladder(
        team,
        {"audience": "owner", "after_minutes": 30},
        {"audience": "lead", "after_minutes": 60},
        {"audience": "manager", "after_minutes": 120},
    )
    Absence.objects.create(agent=people["sue"], from_at=FRIDAY, until_at=FRIDAY + timedelta(days=7))
    Absence.objects.create(
        agent=people["ada"], from_at=FRIDAY, until_at=FRIDAY + timedelta(days=7), stand_in=people["ben"]
    )
    case = rehearsal.Case(at=FRIDAY, happening=rehearsal.DUE, team=team, promiser=people["ada"])
    lines = rehearsal.play(case).lines
    told = [(line.stage, [p.username for p in line.people], [s.audience for s in line.nobody]) for line in lines]
    assert told[2:] == [("overdue", ["ben", "sam"], []), ("escalated", ["max"], ["lead"])]
    assert [line.away for line in lines] == [False, True, True, True]


@pytest.mark.parametrize("happening", [rehearsal.CLOSED, pytest.param(rehearsal.DUE, marks=pytest.mark.full)])
def test_what_is_shown_is_what_happens(desk, happening):
    """A rota hands over over the weekend, the lead is away, the last step is said again and again."""
    team, people = desk
    rota = Rota.objects.create(team=team, name="Night", starts_on=date(2026, 12, 14), hands_over_at=time(9))
    for place, name in enumerate(["ben", "sam"]):
        RotaMember.objects.create(rota=rota, agent=people[name], position=place)
    ladder(
        team,
        {"audience": "owner", "after_minutes": 30},
        {"audience": "lead", "after_minutes": 60},
        {"audience": "rota", "rota": rota, "after_minutes": 120, "repeat_minutes": 90, "repeats": 2},
    )
    Absence.objects.create(agent=people["sue"], from_at=FRIDAY, until_at=FRIDAY + timedelta(days=4))
    for name in ("ada", "ben", "max"):
        Agent.objects.filter(pk=people[name].pk).update(email=f"{name}@example.org")
    channel(people["sam"], "chat", "overdue", "escalated")
    channel(people["ada"], "mail", "due", "overdue")
    case = rehearsal.Case(at=FRIDAY, happening=happening, team=team, promiser=people["ada"])
    played = rehearsal.play(case)
    promised, outside = heard_in(played), left_the_app(played)
    follow_up = real(case, team)
    until = follow_up.promised_by.replace(hour=16, minute=0) + timedelta(
        days=5 if case.happening == rehearsal.DUE else 2
    )
    assert len(promised) > 6
    assert happened(follow_up, until=until) == sorted(row for row in promised if row[0] <= until)
    assert len(outside) > 2
    assert sent() == {row for row in outside if row[0] <= until}


def channel(agent, kind, *hears):
    address = f"{agent}@example.org" if kind == "mail" else "slack://a/b/c"
    Channel.objects.create(
        agent=agent, kind=kind, name=kind, address=address, hears=hears, made_at=FRIDAY, verified_at=FRIDAY
    )
    Agent.objects.filter(pk=agent.pk).update(pushes=True)


def real(case, team):
    """The same case, for good."""
    by = Actor(door="web", agent=case.promiser)
    if case.happening == rehearsal.CLOSED:
        ticket = factories.bare_ticket(now=case.at, team=team, agent=case.promiser)
        return closing.close(
            ticket=ticket, closing=closing.Closing(outcome="no_remedy"), by=by, now=case.at
        ).replaced_by
    since = case.at - timedelta(hours=2)
    return factories.promise(
        promised_by=case.at, promised_from=since, now=since - timedelta(days=1), team=team, promiser=case.promiser
    )
