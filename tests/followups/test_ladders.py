"""Which ladder holds, when its steps are heard, and who hears them."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from followups import ladders, worktime
from followups.models import Audience, Ladder, LadderStep, Rota, RotaMember
from tests import factories

pytestmark = pytest.mark.django_db

OFFICE = worktime.Calendar(zone="UTC", periods=dict.fromkeys(range(5), ((time(9), time(17)),)))
FRIDAY = datetime(2026, 11, 20, 16, 55, tzinfo=UTC)
NOON = datetime(2026, 11, 19, 12, 0, tzinfo=UTC)  # a Thursday
MINUTE = timedelta(minutes=1)


def ladder(*steps: dict, **fields) -> Ladder:
    row = Ladder.objects.create(**{"name": "Ours", "made_at": NOON, **fields})
    for place, step in enumerate(steps):
        LadderStep.objects.create(ladder=row, position=place, **{"audience": "owner", "after_minutes": 30, **step})
    return row


def rungs(row: Ladder | None, due: datetime = NOON) -> list[tuple]:
    return [(r.stage, r.repeat, r.at, r.audience) for r in ladders.climb(ladder=row, due=due, calendar=OFFICE)]


def test_the_default_ladder_is_that_of_the_definitions():
    assert rungs(None) == [
        ("overdue", 0, NOON + 30 * MINUTE, "owner"),
        ("escalated", 0, NOON + 120 * MINUTE, "supervisors"),
    ]
    monday = datetime(2026, 11, 23, 9, 25, tzinfo=UTC)
    assert [at for _, _, at, _ in rungs(None, FRIDAY)] == [monday, monday + 90 * MINUTE]
    assert [r.ladder_step for r in ladders.climb(ladder=None, due=NOON, calendar=OFFICE)] == [None, None]
    assert rungs(ladder()) == rungs(None), "one without a step is none"


def test_steps_wait_in_working_or_in_any_time_and_escalations_are_counted_through():
    row = ladder(
        {"after_minutes": 15},
        {"audience": "lead", "after_minutes": 60, "elapsing": "elapsed"},
        {"audience": "manager", "after_minutes": 90},
    )
    steps = list(row.steps.all())
    assert rungs(row, FRIDAY) == [
        ("overdue", 0, datetime(2026, 11, 23, 9, 10, tzinfo=UTC), "owner"),
        ("escalated", 0, datetime(2026, 11, 20, 17, 55, tzinfo=UTC), "lead"),
        ("escalated", 1, datetime(2026, 11, 23, 10, 25, tzinfo=UTC), "manager"),
    ]
    assert [r.ladder_step for r in ladders.climb(ladder=row, due=FRIDAY, calendar=OFFICE)] == steps


def test_a_repeat_comes_at_its_distance_then_every_working_day_at_the_opening():
    step = LadderStep(repeat_minutes=60, repeats=2)
    heard, course = FRIDAY, []
    for times in range(1, 6):
        heard = ladders.again(step, heard=heard, times=times, calendar=OFFICE)
        course.append(heard)
    assert course == [
        datetime(2026, 11, 23, 9, 55, tzinfo=UTC),
        datetime(2026, 11, 23, 10, 55, tzinfo=UTC),
        datetime(2026, 11, 24, 9, 0, tzinfo=UTC),
        datetime(2026, 11, 25, 9, 0, tzinfo=UTC),
        datetime(2026, 11, 26, 9, 0, tzinfo=UTC),
    ]
    assert ladders.again(LadderStep(), heard=heard, times=1, calendar=OFFICE) is None


def test_the_course_shows_repeats_until_the_next_step_takes_over():
    row = ladder(
        {"after_minutes": 30, "repeat_minutes": 30, "repeats": 9},
        {"audience": "lead", "after_minutes": 100, "repeat_minutes": 60, "repeats": 1},
    )
    until = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
    found = ladders.course(ladder=row, due=NOON, calendar=OFFICE, until=until)
    assert [(r.stage, r.repeat, f"{r.at:%a %H:%M}") for r in found] == [
        ("overdue", 0, "Thu 12:30"),
        ("overdue", 1, "Thu 13:00"),
        ("overdue", 2, "Thu 13:30"),
        ("escalated", 0, "Thu 13:40"),
        ("escalated", 1, "Thu 14:40"),
        ("escalated", 2, "Fri 09:00"),
        ("escalated", 3, "Mon 09:00"),
    ]


def test_the_team_s_ladder_holds_by_position_then_the_unnamed_one_then_the_desk_s():
    front = factories.team()
    desk = ladder(name="desk")
    urgent = ladder(name="urgent", team=front, position=2, priorities=["Urgent"])
    billing = ladder(name="billing", team=front, position=1, families=["Billing"])
    ladder(name="old", team=front, replaced_at=NOON)

    def holds(priority: str, family: str, team=front) -> str:
        found = ladders.in_force(team_id=team.pk if team else None, priority=priority, family=family)
        return found.name if found else ""

    assert holds("urgent", "billing") == "billing"
    assert holds("urgent", "delivery") == "urgent"
    assert holds("", "delivery") == "desk", "no ladder of the team names it"
    rest = ladder(name="rest", team=front, position=9)
    assert (holds("", "delivery"), holds("", "", None)) == ("rest", "desk")
    for row in (rest, desk, urgent, billing):
        row.replaced_at = NOON
        row.save()
    assert holds("urgent", "billing") == ""


def test_ladders_are_read_in_two_queries_however_many():
    front = factories.team()
    for n in range(3):
        ladder({}, {}, team=front, position=n, priorities=[str(n)])
    with CaptureQueriesContext(connection) as queries:
        found = ladders.in_force(team_id=front.pk, priority="2", family="")
        assert [step.position for step in ladders.steps_of(found)] == [0, 1]
    assert len(queries) == 2


@pytest.fixture
def desk():
    front = factories.team()
    people = {
        "ada": factories.agent("ada", team=front),
        "eve": factories.agent("eve", team=front),
        "sam": factories.agent("sam", role="supervisor", team=front),
        "kim": factories.agent("kim"),
        "ola": factories.agent("ola", role="supervisor"),
    }
    front.lead, front.manager = people["eve"], people["kim"]
    front.save()
    return front, people


def heard(desk, row: Ladder, place: int, owner: str = "ada") -> tuple[list[str], int, str]:
    front, people = desk
    whose = ladders.Whose(people[owner].pk if owner else None, None, front.pk)
    found = ladders.hearers(whose=whose, at=NOON, ladder=row, place=place)
    return [person.name for person in found.people], found.place, found.why


def away(agent, stand_in=None) -> None:
    factories.away(agent, NOON + timedelta(days=1), stand_in=stand_in)


@pytest.mark.parametrize(
    ("audience", "expected"),
    [
        (Audience.OWNER, ["Ada"]),
        (Audience.TEAM, ["Ada", "Eve", "Sam"]),
        (Audience.SUPERVISORS, ["Sam"]),
        (Audience.LEAD, ["Eve"]),
        (Audience.MANAGER, ["Kim"]),
    ],
)
def test_each_audience(desk, audience, expected):
    assert heard(desk, ladder({"audience": audience}), 0) == (expected, 0, "")


def test_a_named_person_and_who_is_on_duty(desk):
    _, people = desk
    rota = Rota.objects.create(name="Nights", starts_on=date(2026, 11, 18), hands_over_at=time(9), turn_days=1)
    for place, name in enumerate(("kim", "eve")):
        RotaMember.objects.create(rota=rota, agent=people[name], position=place)
    row = ladder({"audience": "person", "person": people["kim"]}, {"audience": "rota", "rota": rota})
    assert [heard(desk, row, place)[0] for place in (0, 1)] == [["Kim"], ["Eve"]]


def test_an_absent_step_goes_straight_on_and_a_stand_in_takes_it(desk):
    _, people = desk
    row = ladder({}, {"audience": "stand_in"}, {"audience": "lead"}, {"audience": "supervisors"})
    away(people["ada"])
    assert heard(desk, row, 0) == (["Eve"], 2, "nobody")
    away(people["eve"])
    assert heard(desk, row, 0) == (["Sam"], 3, "nobody")
    people["ada"].absences.update(stand_in=people["kim"])
    assert heard(desk, row, 0) == (["Kim"], 0, "")
    assert heard(desk, row, 1) == (["Kim"], 1, "")
    away(people["kim"])
    assert heard(desk, row, 0) == (["Sam"], 3, "nobody"), "a stand-in who is away stands in for nobody"


def test_in_the_end_it_is_never_silent(desk):
    _, people = desk
    row = ladder({"audience": "manager"})
    away(people["kim"])
    assert heard(desk, row, 0) == (["Ada", "Eve", "Sam"], 0, "")
    for name in ("ada", "eve", "sam"):
        away(people[name])
    assert heard(desk, row, 0)[0] == ["Sam"], "its supervisor, though away"
    people["sam"].is_active = False
    people["sam"].save()
    assert heard(desk, row, 0)[0] == ["Ola"]
    people["ola"].is_active = False
    people["ola"].save()
    factories.agent("root", role="admin")
    assert heard(desk, row, 0)[0] == ["Root"]


def test_of_the_supervisors_those_at_work_come_first(desk):
    _, people = desk
    away(people["sam"])
    assert heard(desk, None, 1)[0] == ["Ola"]
    away(people["ola"])
    assert heard(desk, None, 1)[0] == ["Sam"]


@pytest.mark.parametrize("size", [1, 3])
def test_a_crew_is_read_in_as_many_queries_for_one_as_for_three(desk, size):
    front, people = desk
    whose = [ladders.Whose(people[name].pk, None, front.pk) for name in ("ada", "eve", "sam")[:size]]
    with CaptureQueriesContext(connection) as queries:
        crew = ladders.Crew(whose, at=NOON, steps=ladder({"audience": "lead"}).steps.all())
        assert [crew.hears(one)[0].name for one in whose] == ["Ada", "Eve", "Sam"][:size]
    assert len(queries) == 7  # two of them make the ladder


NEW_YORK = ZoneInfo("America/New_York")


@pytest.mark.parametrize(
    ("zone", "hands_over", "starts", "at", "turn"),
    [
        ("UTC", time(9), date(2026, 11, 18), datetime(2026, 11, 18, 8, 59, tzinfo=UTC), None),
        ("UTC", time(9), date(2026, 11, 18), datetime(2026, 11, 18, 9, tzinfo=UTC), 0),
        ("UTC", time(9), date(2026, 11, 18), datetime(2026, 11, 25, 8, 59, tzinfo=UTC), 0),
        ("UTC", time(9), date(2026, 11, 18), datetime(2026, 11, 25, 9, tzinfo=UTC), 1),
        ("UTC", time(9), date(2026, 11, 18), datetime(2026, 12, 9, 9, tzinfo=UTC), 0),
        # 02:30 does not come on 8 March 2026: the turn changes at 03:00 EDT, which is 07:00Z.
        ("America/New_York", time(2, 30), date(2026, 3, 1), datetime(2026, 3, 8, 6, 59, tzinfo=UTC), 0),
        ("America/New_York", time(2, 30), date(2026, 3, 1), datetime(2026, 3, 8, 7, 0, tzinfo=UTC), 1),
        # 01:30 comes twice on 1 November 2026: the first of them, 05:30Z, changes the turn.
        ("America/New_York", time(1, 30), date(2026, 10, 25), datetime(2026, 11, 1, 5, 29, tzinfo=UTC), 0),
        ("America/New_York", time(1, 30), date(2026, 10, 25), datetime(2026, 11, 1, 5, 30, tzinfo=UTC), 1),
        ("America/New_York", time(1, 30), date(2026, 10, 25), datetime(2026, 11, 1, 6, 0, tzinfo=UTC), 1),
        # Sao Paulo set its clocks back at midnight: 17 February 2018 had its last hour twice.
        ("America/Sao_Paulo", time(0), date(2018, 2, 11), datetime(2018, 2, 18, 2, 30, tzinfo=UTC), 0),
        ("America/Sao_Paulo", time(0), date(2018, 2, 11), datetime(2018, 2, 18, 3, 0, tzinfo=UTC), 1),
    ],
)
def test_who_is_on_duty_on_every_night_of_the_year(zone, hands_over, starts, at, turn):
    rota = Rota(zone=zone, starts_on=starts, hands_over_at=hands_over, turn_days=7)
    members = [71, 72, 73]
    assert ladders.on_duty(rota, members, at) == (None if turn is None else members[turn])
    assert ladders.on_duty(rota, [], at) is None


def test_turns_have_no_gap_and_no_overlap_over_two_years():
    """Minute by minute around each handover, against the plain rule: the turn of the last handover that has passed."""
    rota = Rota(zone="America/New_York", starts_on=date(2026, 1, 1), hands_over_at=time(2, 30), turn_days=1)
    members = list(range(5))
    for day in range(730):
        over = worktime.to_instant(datetime(2026, 1, 1, 2, 30) + timedelta(days=day), rota.zone)
        before = (day - 1) % 5 if day else None
        assert [ladders.on_duty(rota, members, over + n * MINUTE) for n in (-1, 0, 1)] == [before, day % 5, day % 5]
