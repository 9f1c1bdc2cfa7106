"""What a team can carry on a day: shifts and absences decide who is there."""

from datetime import UTC, date, datetime, timedelta

from followups.actions import capacity, slots
from followups.models import Agent, Policy
from tests import factories

TUESDAY = datetime(2026, 11, 24, 15, tzinfo=UTC)
WEDNESDAY, THURSDAY, FRIDAY = date(2026, 11, 25), date(2026, 11, 26), date(2026, 11, 27)


def budgets(team, *days, now=TUESDAY, **fields):
    crew = capacity.crew(team, Policy(**fields), now=now)
    return [crew.budget(day) for day in days]


def test_people_away_carry_nothing_until_they_are_back(db):
    team = factories.team("Billing")
    factories.agent("ada", team=team)
    factories.agent("ben", team=team, away_until=datetime(2026, 11, 26, 17, tzinfo=UTC))
    factories.agent("aud", role="auditor", team=team)
    factories.agent("gone", team=team, is_active=False)
    assert budgets(team, WEDNESDAY, THURSDAY, FRIDAY) == [90, 90, 180]


def test_half_an_absence_leaves_half_a_day_and_the_person_counts(db):
    team = factories.team("Billing")
    factories.agent("ada", team=team, away_until=datetime(2026, 11, 26, 12, tzinfo=UTC))
    assert budgets(team, WEDNESDAY, THURSDAY) == [0, 90]


def test_a_shift_of_ones_own_decides_and_a_day_off_of_the_team_holds_for_it_too(db):
    team = factories.team("Billing")
    factories.agent("ada", team=team)
    factories.agent("eve", team=team, week=factories.week([3, 5]))
    assert budgets(team, WEDNESDAY, THURSDAY, date(2026, 11, 28)) == [90, 180, 90]
    assert budgets(team, THURSDAY, special_days=factories.off(THURSDAY)) == [0]


def test_a_team_without_people_or_with_nobody_back_for_long_counts_as_one(db):
    assert budgets(factories.team("Empty"), WEDNESDAY) == [90]
    team = factories.team("Billing")
    factories.agent("ada", team=team, away_until=TUESDAY + timedelta(days=400))
    Agent.objects.get(username="ada").absences.update(from_at=TUESDAY)
    assert budgets(team, WEDNESDAY) == [90]


def test_days_on_which_nobody_is_there_are_skipped_and_named(db):
    team = factories.team("Billing")
    factories.agent("ada", team=team, away_until=datetime(2026, 11, 26, 23, tzinfo=UTC))
    (slot,) = slots.propose(customer=None, team=team, policy=Policy(), now=TUESDAY)
    assert (slot.from_at.date(), slot.skipped_days) == (FRIDAY, (THURSDAY,))


def test_the_crew_costs_one_query_for_one_and_for_thirty(db, django_assert_num_queries):
    team = factories.team("Billing")
    for count in (1, 30):
        for number in range(count):
            factories.agent(f"p{count}-{number}", team=team, away_until=TUESDAY + timedelta(days=1))
        with django_assert_num_queries(1):
            capacity.crew(team, Policy(), now=TUESDAY)
