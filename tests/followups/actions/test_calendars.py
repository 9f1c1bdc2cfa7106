"""A changed calendar: what it does to open work is counted before, and carried out in the same act."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.apps import apps

from followups.actions import calendars, people, scheduling
from followups.actions.calendars import Hours
from followups.clock import reminders
from followups.errors import Forbidden, Invalid
from followups.models import Actor, FollowUp, Ladder, LadderStep, Notice, Policy, Reminder, Target, TargetClock
from tests import factories

NOW = datetime(2026, 11, 24, 10, tzinfo=UTC)  # a Tuesday
DUE = datetime(2026, 11, 25, 16, tzinfo=UTC)
WEEK = factories.week()
NEXT_DAY = factories.off(date(2026, 11, 26))


def utc(day, hour, minute=0):
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC)


@pytest.fixture
def team(db):
    return factories.team("Billing")


@pytest.fixture
def root(db):
    return Actor("web", agent=factories.agent("root", "admin"))


def hours(zone="", week=WEEK, special_days=()):
    return Hours(zone=zone, week=week, special_days=special_days)


def waiting(row, **which):
    rows = Reminder.objects.filter(follow_up=row, state="waiting", **which)
    return dict(rows.filter(stage__in=["overdue", "escalated"]).values_list("stage", "due_at"))


def test_a_day_off_is_counted_before_and_moves_what_waits(team, root):
    row = factories.promise(promised_by=DUE, now=NOW, team=team)
    assert waiting(row) == {"overdue": utc(25, 16, 30), "escalated": utc(26, 10)}
    given = hours(special_days=NEXT_DAY)
    found = calendars.effect(team=team, hours=given, now=NOW)
    assert (found.earlier, found.later, found.follow_ups, found.climbing, found.off, found.cut) == (
        0,
        1,
        1,
        0,
        0,
        False,
    )
    assert [(one.waiting.stage, one.waiting.due_at, one.after) for one in found.shown] == [
        ("escalated", utc(26, 10), utc(27, 10))
    ]
    assert waiting(row)["escalated"] == utc(26, 10)
    assert calendars.save(team=team, hours=given, by=root, now=NOW) == 1
    assert waiting(row) == {"overdue": utc(25, 16, 30), "escalated": utc(27, 10)}
    row.refresh_from_db()
    assert (row.promised_by, row.version, row.revision) == (DUE, 1, 1)
    assert calendars.effect(team=team, hours=given, now=NOW).nothing


def test_several_periods_and_a_half_day_are_kept_in_one_row_with_one_entry_of_history(team, root):
    week = factories.week(range(5), ("13:00", "17:00"), ("09:00", "12:00"))
    half = [{"on": "2026-12-24", "name": "Christmas Eve", "hours": [["09:00", "12:00"]]}]
    PolicyEvent = apps.get_model("followups", "PolicyEvent")
    entries = PolicyEvent.objects.count()
    calendars.save(team=team, hours=hours("Europe/Madrid", week, half), by=root, now=NOW)
    row = Policy.objects.get(team=team)
    assert row.week == factories.week(range(5), ("09:00", "12:00"), ("13:00", "17:00"))
    assert (row.zone, row.special_days) == ("Europe/Madrid", half)
    assert PolicyEvent.objects.count() == entries + 1
    calendars.save(team=team, hours=hours("Europe/Madrid", WEEK, half), by=root, now=NOW)
    assert PolicyEvent.objects.count() == entries + 2


def test_promised_times_that_fall_on_a_day_off_are_named_and_stay(team, root):
    row = factories.promise(promised_by=utc(26, 12), now=NOW, team=team)
    found = calendars.effect(team=team, hours=hours(special_days=NEXT_DAY), now=NOW)
    assert [(one.number, one.promised_by) for one in found.shown_off] == [(row.ticket.number, utc(26, 12))]
    assert found.off == 1
    calendars.save(team=team, hours=hours(special_days=NEXT_DAY), by=root, now=NOW)
    row.refresh_from_db()
    assert row.promised_by == utc(26, 12)


def test_the_desks_calendar_moves_every_team_without_one_of_its_own(team, root):
    own = factories.team("Delivery")
    calendars.save(team=own, hours=hours(), by=root, now=NOW)
    rows = [factories.promise(promised_by=DUE, now=NOW, team=each) for each in (team, own, None)]
    assert calendars.effect(team=None, hours=hours(special_days=NEXT_DAY), now=NOW).follow_ups == 2
    assert calendars.save(team=None, hours=hours(special_days=NEXT_DAY), by=root, now=NOW) == 2
    assert [waiting(row)["escalated"].day for row in rows] == [27, 26, 27]


def test_a_team_that_follows_the_desk_again_takes_its_hours_too(team, root):
    calendars.save(team=team, hours=hours(special_days=NEXT_DAY), by=root, now=NOW)
    row = factories.promise(promised_by=DUE, now=NOW, team=team)
    assert calendars.drop(team=team, by=root, now=NOW) == 1
    assert waiting(row)["escalated"] == utc(26, 10)


def test_a_policy_of_ones_own_begins_as_a_copy_of_the_desks(team, root):
    people.save_policy(team=None, changes={"daily_minutes": 33}, by=root, now=NOW)
    calendars.save(team=None, hours=hours("Europe/Madrid", special_days=NEXT_DAY), by=root, now=NOW)
    people.save_policy(team=team, changes={"minutes_each": 7}, by=root, now=NOW)
    row = Policy.objects.get(team=team)
    assert (row.daily_minutes, row.minutes_each, row.zone, row.special_days) == (33, 7, "Europe/Madrid", NEXT_DAY)
    assert Policy.objects.get(team=None).minutes_each == 5


def test_hours_of_ones_own_leave_all_else_with_the_desk_and_the_other_way_round(team, root):
    other = factories.team("Delivery")
    calendars.save(team=team, hours=hours("Europe/Madrid"), by=root, now=NOW)
    people.save_policy(team=other, changes={"minutes_each": 7}, by=root, now=NOW)
    people.save_policy(team=None, changes={"daily_minutes": 33, "minutes_each": 6}, by=root, now=NOW)
    calendars.save(team=None, hours=hours("Asia/Tokyo"), by=root, now=NOW)
    held = {row.team: (row.zone, row.daily_minutes, row.minutes_each) for row in Policy.objects.all()}
    assert held == {
        None: ("Asia/Tokyo", 33, 6),
        team: ("Europe/Madrid", 33, 6),
        other: ("Asia/Tokyo", 90, 7),
    }


def test_what_was_ones_own_is_given_back_part_by_part(team, root):
    calendars.save(team=team, hours=hours("Europe/Madrid"), by=root, now=NOW)
    people.save_policy(team=team, changes={"minutes_each": 7}, by=root, now=NOW)
    people.drop_policy(team=team, by=root, now=NOW)
    row = Policy.objects.get(team=team)
    assert (row.own_hours, row.own_rules, row.zone, row.minutes_each) == (True, False, "Europe/Madrid", 5)
    people.save_policy(team=team, changes={"minutes_each": 7}, by=root, now=NOW)
    calendars.drop(team=team, by=root, now=NOW)
    row.refresh_from_db()
    assert (row.own_hours, row.own_rules, row.zone, row.minutes_each) == (False, True, "", 7)
    people.drop_policy(team=team, by=root, now=NOW)
    assert not Policy.objects.filter(team=team).exists()


def climbing(team):
    """Overdue was heard on Wednesday 16:30; the supervisors would hear on Thursday at 10."""
    row = factories.promise(promised_by=DUE, now=NOW, team=team, owner=factories.agent("ada", team=team))
    reminders.sweep(now=utc(25, 16, 30))
    return row


@pytest.mark.parametrize(("choice", "expected"), [(True, utc(27, 10)), (False, utc(26, 10))])
def test_what_climbs_moves_along_or_is_left_and_what_was_heard_is_not_heard_again(team, root, choice, expected):
    row = climbing(team)
    found = calendars.effect(team=team, hours=hours(special_days=NEXT_DAY), now=utc(25, 17))
    assert (found.follow_ups, found.climbing) == (1, 1)
    calendars.save(team=team, hours=hours(special_days=NEXT_DAY), by=root, now=utc(25, 17), climbing=choice)
    assert waiting(row) == {"escalated": expected}
    reminders.sweep(now=expected - timedelta(seconds=1))
    assert list(Notice.objects.values_list("stage", flat=True)) == ["overdue"]


def test_what_should_have_been_heard_by_now_is_heard_at_once_and_not_as_late(team, root):
    """Due in the evening: with evening hours it had to climb at 20:00, and it is 22:00 now."""
    row = factories.promise(promised_by=utc(24, 18), now=NOW, team=team)
    assert waiting(row)["escalated"] == utc(25, 11)
    now = utc(24, 22)
    evening = factories.week(range(7), ("09:00", "23:00"))
    calendars.save(team=team, hours=hours(week=evening), by=root, now=now)
    assert waiting(row) == {"overdue": now, "escalated": now}


def test_an_acknowledged_one_climbs_no_sooner_than_its_hold_ends(team, root):
    row = climbing(team)
    FollowUp.objects.filter(pk=row.pk).update(acknowledged_until=utc(30, 12))
    early = factories.week(range(7), ("00:00", "00:00"))
    calendars.save(team=team, hours=hours(week=early), by=root, now=utc(25, 17))
    assert waiting(row) == {"escalated": utc(30, 12)}


def test_steps_in_any_time_and_those_said_again_keep_their_instants(team, root):
    ladder = Ladder.objects.create(team=team, name="Own", made_at=NOW)
    for place, (minutes, elapsing) in enumerate([(30, "working"), (60 * 24, "elapsed"), (60 * 10, "working")]):
        given = {"audience": "owner", "after_minutes": minutes, "elapsing": elapsing}
        LadderStep.objects.create(ladder=ladder, position=place, **given)
    row = factories.promise(promised_by=DUE, now=NOW, team=team)
    assert calendars.save(team=team, hours=hours(special_days=NEXT_DAY), by=root, now=NOW) == 1
    rows = row.reminders.filter(stage="escalated").order_by("repeat").values_list("due_at", flat=True)
    assert list(rows) == [utc(26, 16), utc(30, 10)]


def test_ended_and_moved_ones_stay_as_they_were(team, root):
    by = Actor("web", agent=factories.agent("sam", "supervisor", team=team))
    row = factories.promise(promised_by=DUE, now=NOW, team=team)
    factories.follow_up(row.ticket, promised_by=DUE + timedelta(days=9), now=NOW)
    scheduling.call_off(follow_up=row, called_off_by="us", reason="Done", by=by, now=NOW)
    calendars.save(team=team, hours=hours(special_days=NEXT_DAY), by=root, now=NOW)
    assert set(row.reminders.values_list("state", flat=True)) == {"dropped"}
    assert row.reminders.get(stage="escalated").due_at == utc(26, 10)


def test_running_targets_fall_due_by_the_new_hours_and_what_was_missed_stays_missed(team, root):
    target = Target.objects.create(team=team, kind="resolution", amount=600, made_at=NOW)
    row, old = (factories.promise(promised_by=DUE, now=NOW, team=team) for _ in range(2))
    running = clock(row.ticket, target, started_at=utc(25, 9), due_at=utc(26, 11))
    missed = clock(old.ticket, target, started_at=utc(20, 9), due_at=utc(23, 11))
    found = calendars.effect(team=team, hours=hours(special_days=NEXT_DAY), now=NOW)
    assert (found.targets_earlier, found.targets_later) == (0, 1)
    calendars.save(team=team, hours=hours(special_days=NEXT_DAY), by=root, now=NOW)
    running.refresh_from_db()
    missed.refresh_from_db()
    assert (running.due_at, running.version) == (utc(27, 11), 2)
    assert (missed.due_at, missed.version) == (utc(23, 11), 1)


def clock(ticket, target, **instants):
    given = {"kind": "resolution", "changed_at": NOW, **instants}
    return TargetClock.objects.create(ticket=ticket, target=target, **given)


@pytest.mark.parametrize(
    ("given", "field", "code"),
    [
        (hours("Mars/Base"), "zone", "unknown-zone"),
        (hours(week=[[]] * 7), "week", "required"),
        (hours(week=[[]] * 6), "week", "out-of-range"),
        (hours(week=factories.week([2], ("25:00", "26:00"))), "week.2", "unknown-time"),
        (hours(week=factories.week([2], ("09:00:30", "10:00"))), "week.2", "unknown-time"),
        (hours(week=factories.week([2], ("09:00", "12:00"), ("11:00", "13:00"))), "week.2", "overlap"),
        (hours(week=factories.week([2], ("22:00", "06:00"), ("23:00", "23:30"))), "week.2", "overlap"),
        (hours(week=factories.week([2], *[("09:00", "10:00")] * 9)), "week.2", "too-many"),
        (hours(special_days=[{"on": "Christmas"}]), "special_days.0", "unknown-date"),
        (hours(special_days=[{"on": "1850-01-01"}]), "special_days.0", "out-of-range"),
        (hours(special_days=NEXT_DAY * 2), "special_days.1", "taken"),
        (hours(special_days=[{"on": "2026-12-24", "name": "x" * 121}]), "special_days.0", "too-long"),
        (hours(special_days=[{"on": "2026-12-24", "hours": [["9", "x"]]}]), "special_days.0", "unknown-time"),
        (hours(special_days=factories.off(*[date(2026, 1, 1)] * 401)), "special_days", "too-many"),
    ],
)
def test_a_calendar_that_nobody_can_work_by_names_its_field(team, root, given, field, code):
    for act in (
        lambda: calendars.effect(team=team, hours=given, now=NOW),
        lambda: calendars.save(team=team, hours=given, by=root, now=NOW),
    ):
        with pytest.raises(Invalid) as refusal:
            act()
        assert (refusal.value.field, refusal.value.code) == (field, code)
    assert not Policy.objects.filter(team=team).exists()


def test_periods_over_midnight_and_up_to_it_are_kept(team, root):
    week = factories.week([0], ("14:00", "18:00"), ("22:00", "06:00"))
    calendars.save(team=team, hours=hours(week=week), by=root, now=NOW)
    assert Policy.objects.get(team=team).week[0] == [["14:00", "18:00"], ["22:00", "06:00"]]


def test_calendars_are_the_administrators_to_change(team):
    for role in ("agent", "supervisor", "auditor"):
        by = Actor("web", agent=factories.agent(role, role, team=team))
        with pytest.raises(Forbidden):
            calendars.save(team=team, hours=hours(), by=by, now=NOW)
        with pytest.raises(Forbidden):
            calendars.drop(team=team, by=by, now=NOW)


@pytest.mark.parametrize("count", [1, 30])
def test_one_and_thirty_cost_the_same_queries(team, root, count, django_assert_num_queries):
    for _ in range(count):
        factories.promise(promised_by=DUE, now=NOW, team=team)
    with django_assert_num_queries(6):
        calendars.effect(team=team, hours=hours(special_days=NEXT_DAY), now=NOW)
    with django_assert_num_queries(19):
        calendars.save(team=team, hours=hours(special_days=NEXT_DAY), by=root, now=NOW)
