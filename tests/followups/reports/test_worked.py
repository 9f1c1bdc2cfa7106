"""Working time counted in SQL, against `worktime` itself: any calendars, any instants."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from django.db import connection
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from followups import worktime
from followups.models import Policy
from followups.reports import worked
from tests import factories

pytestmark = pytest.mark.django_db

FROM, UNTIL = datetime(2026, 2, 25), datetime(2026, 11, 10)
ZONES = ("UTC", "America/New_York", "Asia/Kathmandu", "Europe/Berlin", "Australia/Lord_Howe", "Pacific/Apia")
WORKED = f"""
    WITH {worked.CALENDARS}
    SELECT ({worked.before("until")} - {worked.before("since")}) FROM unnest(
        %(team)s::bigint[], %(since)s::timestamptz[], %(until)s::timestamptz[]
    ) WITH ORDINALITY asked (team, since, until, place) {worked.OF_TEAM.format(team="team")} ORDER BY place
"""

periods = st.lists(st.tuples(st.times(), st.times()), max_size=3).map(tuple)
days = st.dates(FROM.date(), UNTIL.date())
calendars = st.builds(
    worktime.Calendar,
    zone=st.sampled_from(ZONES),
    periods=st.dictionaries(st.integers(0, 6), periods, max_size=7),
    closed=st.frozensets(days, max_size=3),
    half=st.dictionaries(days, periods, max_size=3),
)
instants = st.datetimes(FROM, UNTIL, timezones=st.just(UTC))
stretches = st.tuples(instants, instants).map(sorted)
asked = st.lists(st.tuples(st.sampled_from([None, 1, 2, 3]), stretches), min_size=1, max_size=20)


def in_sql(line, pairs):
    given_ = {
        "team": [team for team, _ in pairs],
        "since": [since for _, (since, _) in pairs],
        "until": [until for _, (_, until) in pairs],
    }
    with connection.cursor() as cursor:
        cursor.execute(WORKED, line.parameters | given_)
        return [timedelta(microseconds=micros) for (micros,) in cursor.fetchall()]


NIGHTS = worktime.Calendar("America/New_York", dict.fromkeys(range(7), ((time(0), time(8)), (time(22), time(6)))))
OFFICE = worktime.Calendar(
    "America/New_York", dict.fromkeys(range(5), ((time(9), time(17)),)), closed=frozenset([date(2026, 3, 9)])
)


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example(OFFICE, [NIGHTS, OFFICE], [(1, (datetime(2026, 3, 6, 21, tzinfo=UTC), datetime(2026, 3, 10, 14, tzinfo=UTC)))])
@given(calendars, st.lists(calendars, max_size=2), asked)
def test_sql_counts_what_worktime_counts(desk, others, pairs):
    of = {None: desk} | dict(enumerate(others, 1))
    start, end = min(since for _, (since, _) in pairs), max(until for _, (_, until) in pairs)
    expected = [worktime.working_between(since, until, of.get(team, desk)) for team, (since, until) in pairs]
    assert in_sql(worked.laid(of, start, end), pairs) == expected


def test_the_hours_of_each_team_hold_and_without_any_the_desks():
    start, end = datetime(2026, 3, 6, 0, tzinfo=UTC), datetime(2026, 3, 9, 0, tzinfo=UTC)
    early, plain = factories.team("Early"), factories.team("Plain")
    Policy.objects.create(team=early, zone="UTC", week=factories.week(range(7), ("06:00", "08:00"), ("09:00", "10:30")))
    Policy.objects.filter(team=None).update(zone="UTC", week=factories.week(range(5), ("09:00", "13:00")))
    factories.bare_ticket(now=start)
    line = worked.line(start - timedelta(days=900), end)
    assert line.origin == start
    found = in_sql(line, [(team, (start, end)) for team in (early.pk, plain.pk, None)])
    assert found == [timedelta(hours=10.5), timedelta(hours=4), timedelta(hours=4)]


def test_teams_with_equal_hours_share_them():
    teams = [factories.team(f"T{n}") for n in range(3)]
    for team, hours in zip(teams, ("08:00", "08:00", "07:00"), strict=True):
        Policy.objects.create(team=team, zone="UTC", week=factories.week(range(5), (hours, "12:00")))
    line = worked.line(datetime(2026, 3, 2, tzinfo=UTC), datetime(2026, 3, 9, tzinfo=UTC))
    assert [line.numbers[team.pk] for team in teams] == [1, 1, 2]
