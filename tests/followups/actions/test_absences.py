"""Absences: entered, ended, never two at once; who stands in."""

from datetime import UTC, datetime, timedelta

import pytest

from followups.actions import absences
from followups.errors import Forbidden, Invalid, Missing
from followups.models import Absence, Actor, Agent
from tests import factories

NOW = datetime(2026, 11, 24, 10, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def people(db):
    team = factories.team("Billing")
    made = {name: factories.agent(name, team=team) for name in ("ada", "ben", "eve")}
    made["sam"] = factories.agent("sam", "supervisor", team=team)
    made["olu"] = factories.agent("olu", "supervisor", team=factories.team("Other"))
    made["root"] = factories.agent("root", "admin")
    return made


def by(people, name):
    return Actor("web", agent=Agent.objects.get(pk=people[name].pk))


def enter(people, name="ada", by_name=None, **fields):
    given = {"from_at": NOW + DAY, "until_at": NOW + 3 * DAY, **fields}
    return absences.save(agent=people[name], by=by(people, by_name or name), now=NOW, **given)


@pytest.mark.parametrize("who", ["ada", "sam", "root"])
def test_an_absence_is_entered_by_oneself_or_by_those_who_lead(people, who):
    row = enter(people, by_name=who, stand_in=people["ben"], reason=" Leave ")
    assert (row.agent, row.stand_in, row.reason) == (people["ada"], people["ben"], "Leave")
    assert [people["ada"].is_away(at) for at in (NOW, NOW + DAY, NOW + 3 * DAY - HOUR, NOW + 3 * DAY)] == [
        False,
        True,
        True,
        False,
    ]


@pytest.mark.parametrize("who", ["ben", "olu"])
def test_others_do_not_send_people_away(people, who):
    row = enter(people)
    with pytest.raises(Forbidden):
        enter(people, by_name=who, from_at=NOW + 9 * DAY, until_at=NOW + 10 * DAY)
    with pytest.raises(Forbidden):
        absences.drop(absence=row, by=by(people, who), now=NOW)
    with pytest.raises(Forbidden):
        absences.set_away(agent=people["ada"], until=None, by=by(people, who), now=NOW)
    assert Absence.objects.count() == 1


@pytest.mark.parametrize(
    ("fields", "field", "code"),
    [
        ({"until_at": NOW + DAY}, "until_at", "end-before-start"),
        ({"from_at": NOW - 2 * DAY, "until_at": NOW}, "until_at", "in-the-past"),
        ({"until_at": NOW + 800 * DAY}, "until_at", "out-of-range"),
        ({"until_at": datetime(9999, 1, 1, tzinfo=UTC)}, "until_at", "out-of-range"),
        ({"reason": "x" * 121}, "reason", "too-long"),
        ({"from_at": NOW + 5 * DAY, "until_at": NOW + 7 * DAY}, "from_at", "overlap"),
    ],
)
def test_a_wrong_absence_names_its_field(people, fields, field, code):
    enter(people, from_at=NOW + 6 * DAY, until_at=NOW + 8 * DAY)
    with pytest.raises(Invalid) as refusal:
        enter(people, **fields)
    assert (refusal.value.field, refusal.value.code) == (field, code)
    assert Absence.objects.count() == 1


def test_nobody_stands_in_for_themselves_nor_does_who_is_gone(people):
    gone = factories.agent("gone", is_active=False)
    for stand_in in (people["ada"], gone, factories.agent("aud", "auditor")):
        with pytest.raises(Invalid) as refusal:
            enter(people, stand_in=stand_in)
        assert refusal.value.field == "stand_in"


def test_taken_back_a_running_one_ends_and_one_to_come_goes(people):
    running = factories.away(people["ada"], NOW + DAY)
    later = enter(people, from_at=NOW + 5 * DAY, until_at=NOW + 6 * DAY)
    over = factories.away(people["ben"], NOW)
    for row in (running, later):
        absences.drop(absence=row, by=by(people, "ada"), now=NOW)
    running.refresh_from_db()
    assert running.until_at == NOW
    assert not Absence.objects.filter(pk=later.pk).exists()
    with pytest.raises(Missing):
        absences.drop(absence=over, by=by(people, "ben"), now=NOW)


def test_away_until_and_back_again(people):
    ada, own = people["ada"], by(people, "ada")
    absences.set_away(agent=ada, until=NOW + DAY, by=own, now=NOW)
    absences.set_away(agent=ada, until=NOW + 2 * DAY, by=own, now=NOW + HOUR)
    assert list(Absence.objects.values_list("from_at", "until_at")) == [(NOW, NOW + 2 * DAY)]
    assert ada.away_until(NOW + HOUR) == NOW + 2 * DAY
    absences.set_away(agent=ada, until=None, by=own, now=NOW + 2 * HOUR)
    absences.set_away(agent=ada, until=None, by=own, now=NOW + 3 * HOUR)
    assert list(Absence.objects.values_list("until_at", flat=True)) == [NOW + 2 * HOUR]
    assert ada.away_until(NOW + 2 * HOUR) is None
    for until in (NOW, datetime(9999, 1, 1, tzinfo=UTC)):
        with pytest.raises(Invalid):
            absences.set_away(agent=ada, until=until, by=own, now=NOW)
    enter(people, from_at=NOW + 5 * DAY, until_at=NOW + 6 * DAY)
    with pytest.raises(Invalid) as refusal:
        absences.set_away(agent=ada, until=NOW + 9 * DAY, by=own, now=NOW + 3 * HOUR)
    assert (refusal.value.field, refusal.value.code) == ("until", "overlap")


def test_shifts_are_set_by_those_who_lead_and_nothing_gives_the_teams_hours_back(people):
    week = factories.week([0, 1], ("13:00", "17:00"), ("08:00", "12:00"))
    row = absences.save_shifts(agent=people["ada"], week=week, by=by(people, "sam"))
    assert row.week == factories.week([0, 1], ("08:00", "12:00"), ("13:00", "17:00"))
    assert absences.save_shifts(agent=people["ada"], week=None, by=by(people, "root")).week is None
    for who in ("ada", "olu"):
        with pytest.raises(Forbidden):
            absences.save_shifts(agent=people["ada"], week=None, by=by(people, who))
    with pytest.raises(Invalid) as refusal:
        absences.save_shifts(agent=people["ada"], week=factories.week([]), by=by(people, "sam"))
    assert refusal.value.field == "week"
