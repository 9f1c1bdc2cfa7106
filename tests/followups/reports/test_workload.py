from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from followups.actions import scheduling
from followups.clock import facts
from followups.models import Absence, Actor, Policy
from followups.reports import cuts, kept, windows, workload
from followups.reports.ends import ALL
from tests import factories
from tests.followups.reports import histories

pytestmark = pytest.mark.django_db

START = datetime(2026, 3, 1, tzinfo=UTC)
AS_OF = datetime(2026, 3, 31, 12, tzinfo=UTC)  # a Tuesday
DAY = timedelta(days=1)


def asked(as_of=AS_OF, **fields):
    return workload.report(histories.question(START, as_of, **fields))


def opened(name, days, **fields):
    return histories.ticket(histories.person(name, now=START), at=AS_OF - days * DAY, **fields)


def test_open_tickets_by_age_and_what_came_and_went():
    for name, days in (("ana", 0.5), ("ben", 1), ("cho", 6.9), ("dee", 7), ("eli", 30), ("fay", 200)):
        opened(name, days)
    histories.close(opened("gus", 10), at=AS_OF - 2 * DAY)
    histories.close(opened("hal", 10), at=AS_OF - 2 * DAY, outcome="withdrawn")
    histories.close(opened("ida", 10), at=AS_OF - 2 * DAY, outcome="spam")
    total = asked().total
    assert (total.open, total.ages) == (6, {"1": 1, "7": 2, "30": 1, "older": 2})
    assert (total.opened, total.ended, total.resolved, total.no_first_step) == (8, 2, 1, 6)


def test_a_past_as_of_sees_what_was_open_and_due_then():
    row = opened("ana", 10)
    step = histories.promise(row, made=AS_OF - 9 * DAY, by=AS_OF - 5 * DAY, ended_at=AS_OF - 2 * DAY)
    histories.move(step, at=AS_OF - 4 * DAY, to=AS_OF + DAY)
    step.ended_at = AS_OF - 2 * DAY
    step.save()
    histories.close(row, at=AS_OF - 2 * DAY)
    assert (asked().total.open, asked().total.overdue) == (0, 0)
    assert (asked(AS_OF - 3 * DAY).total.open, asked(AS_OF - 3 * DAY).total.overdue) == (1, 0)
    assert asked(AS_OF - 4.5 * DAY).total.overdue == 1
    assert asked(AS_OF - 9.5 * DAY).total.no_first_step == 1


def test_ten_days_hold_the_minutes_promised_beside_the_budget():
    north = factories.team("North")
    ada, ben = factories.agent("ada", team=north), factories.agent("ben", team=north)
    factories.agent("out", team=north, is_active=False)
    Absence.objects.create(agent=ben, from_at=AS_OF, until_at=AS_OF + 2 * DAY)
    row = opened("ana", 1, team=north, agent=ada)
    for _ in range(3):
        histories.promise(
            row, made=AS_OF - DAY, by=AS_OF + DAY, team=north, state="scheduled", ended_at=None, owner=ada
        )
    line = asked(by="team").rows[0]
    assert list(line.days) == [f"{(AS_OF + n * DAY):%Y-%m-%d}" for n in range(10)]
    tomorrow, saturday = line.days["2026-04-01"], line.days["2026-04-04"]
    assert tomorrow == {"promised": 3, "minutes": 15, "people": 1, "per_person": 90, "budget": 90}
    assert (line.days["2026-03-31"]["people"], line.days["2026-04-02"]["budget"]) == (1, 180)
    assert (saturday["people"], saturday["budget"]) == (0, 0)


def test_the_total_counts_each_person_once():
    north, south = factories.team("North"), factories.team("South")
    ada = factories.agent("ada", team=north)
    ada.teams.add(south)
    factories.agent("ben", team=south)
    assert asked().total.days["2026-03-31"]["people"] == 2
    assert asked(filters=histories.windows.Filters(team=north.pk)).total.days["2026-03-31"]["people"] == 1


def test_a_teams_own_policy_says_its_days_and_minutes():
    north = factories.team("North")
    factories.agent("ada", team=north)
    Policy.objects.create(team=north, daily_minutes=60, minutes_each=20, week=[[["10:00", "12:00"]]] + [[]] * 6)
    row = opened("ana", 1, team=north)
    histories.promise(row, made=AS_OF - DAY, by=AS_OF + 6 * DAY, team=north, state="scheduled", ended_at=None)
    days = asked(by="team").rows[0].days
    assert (days["2026-04-06"]["minutes"], days["2026-04-06"]["budget"], days["2026-03-31"]["budget"]) == (20, 60, 0)


@pytest.fixture(params=["rows", "facts", "touched"])
def stood(request):
    """A look at a past instant: from the rows, from the facts, or from facts that were built before anything happened."""

    def look(as_of=AS_OF, **fields):
        if request.param == "facts":
            facts.build(now=AS_OF + 9 * DAY)
        found = asked(as_of, **fields)
        assert kept.ready() is (request.param != "rows")
        return found

    if request.param == "touched":
        opened("zoe", 90)
        facts.build(now=START)
    return look, 1 if request.param == "touched" else 0


def test_what_turned_since_lay_there_as_it_was(stood):
    look, more = stood
    back, spam, twice = opened("ana", 10), opened("ben", 10), opened("cho", 10)
    histories.close(back, at=AS_OF - 6 * DAY)
    histories.reopen(back, at=AS_OF - 2 * DAY)
    histories.close(spam, at=AS_OF - 2 * DAY, outcome="spam")
    for ended, again in ((8, 7), (5, 4), (3, None)):
        histories.close(twice, at=AS_OF - ended * DAY, outcome="withdrawn")
        if again:
            histories.reopen(twice, at=AS_OF - again * DAY)
    at = {days: look(AS_OF - days * DAY).total.open - more for days in (10.5, 10, 7.5, 7, 6, 4.5, 3.5, 3, 2, 0)}
    assert at == {10.5: 0, 10: 3, 7.5: 2, 7: 3, 6: 2, 4.5: 1, 3.5: 2, 3: 1, 2: 1, 0: 1}


def test_what_came_at_as_of_came_after_the_period(stood):
    """As in M3: before as_of. It is open from its first instant on, and ended from its last."""
    look, more = stood
    first, second = opened("ana", 2), opened("ben", 1)
    histories.close(first, at=AS_OF - DAY)
    total = look(AS_OF - DAY, end=AS_OF).total
    assert (total.opened, total.open - more, total.ended) == (1, 1, 1)
    total = look(AS_OF - DAY + timedelta(microseconds=1), end=AS_OF).total
    assert (total.opened, total.open - more, total.ended) == (2, 1, 1)
    assert second.is_open


def test_keys_of_any_figure_have_a_row(stood):
    look, more = stood
    north, south, east = (factories.team(name) for name in ("North", "South", "East"))
    row = opened("ana", 40, team=north)
    opened("ben", 20, team=south)
    histories.promise(row, made=AS_OF - DAY, by=AS_OF + DAY, state="scheduled", ended_at=None, team=east)
    ended = opened("cho", 50, team=east)
    histories.close(ended, at=AS_OF - DAY)
    found = {
        row.key: (row.open, row.days["2026-04-01"]["promised"], row.opened, row.ended) for row in look(by="team").rows
    }
    assert found == {"North": (1, 0, 0, 0), "South": (1, 0, 1, 0), "East": (0, 1, 0, 1)} | (
        {"": (1, 0, 0, 0)} if more else {}
    )
    weeks = {row.key: (row.opened, row.ended) for row in look(by="week").rows if row.opened or row.ended}
    assert weeks == {"2026-W11": (1, 0), "2026-W14": (0, 1)}


@pytest.mark.parametrize(
    ("at", "whose"),
    [(AS_OF - DAY, "South"), (AS_OF, "South"), (AS_OF + timedelta(microseconds=1), "North"), (AS_OF + DAY, "North")],
)
def test_a_follow_up_is_of_who_had_it_then(at, whose):
    north, south = factories.team("North"), factories.team("South")
    ada, ben = factories.agent("ada", team=north), factories.agent("ben", team=south)
    sam = Actor("web", agent=factories.agent("sam", "admin"))
    row = opened("ana", 5, team=north)
    given = {"state": "scheduled", "ended_at": None, "team": north, "owner": ada}
    step = histories.promise(row, made=AS_OF - 2 * DAY, by=AS_OF + 3 * DAY, **given)
    for now, owner, team in ((at, ben, south), (AS_OF + 2 * DAY, None, north)):
        assert scheduling.assign(follow_up=step, owner=owner, team=team, by=sam, now=now)
    promised = {line.key: line.days["2026-04-03"]["promised"] for line in asked(by="team").rows}
    assert promised == {"North": 0} | {whose: 1}
    mine = ada if whose == "North" else ben
    scoped = [
        asked(scope=windows.Scope(agent_id=person.pk)).total.days["2026-04-03"]["promised"] for person in (ada, ben)
    ]
    assert scoped == [int(person == mine) for person in (ada, ben)]
    asked_by_team = histories.question(START, AS_OF, by="team")
    n, listed = cuts.listed(asked_by_team, workload.SOURCES, part="day.3", key=whose, limit=5, offset=0)
    assert (n, [each.follow_up_id for each in listed]) == (1, [step.pk])


def test_every_figure_lists_its_rows():
    row = opened("ana", 3)
    step = histories.promise(row, made=AS_OF - DAY, by=AS_OF - DAY / 2, state="scheduled", ended_at=None)
    for part, follow_up in (("open", None), ("age.7", None), ("overdue", step.pk), ("opened", None)):
        found, listed = cuts.listed(asked_question(), workload.SOURCES, part=part, key=None, limit=5, offset=0)
        assert (part, found, listed[0].follow_up_id) == (part, 1, follow_up)


def asked_question():
    return histories.question(START, AS_OF)


def test_before_there_are_facts_no_ticket_is_held_against_all_ends():
    """A list of ends that memory does not hold would be gone through for each ticket."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL work_mem = '64kB'")
        cursor.execute(f"EXPLAIN {workload.still_open(ALL)}", {"as_of": AS_OF})
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "SubPlan" not in plan
    assert "Anti Join" in plan
