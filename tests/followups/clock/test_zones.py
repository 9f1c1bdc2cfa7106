"""A country changes its clocks after a promise was made: the hour that was said stays, its instant moves."""

import struct
import zoneinfo
from datetime import UTC, datetime, timedelta

import pytest

from followups import tasks, worktime
from followups.actions import rezoning
from followups.clock import reminders, zones
from followups.models import Actor, Event, FollowUp, Notice, Policy, Reminder, Site
from followups.models.policies import follow_zone_data, forget_calendars
from tests import factories

pytestmark = pytest.mark.django_db

CITY = "Testland/City"
NOW = datetime(2026, 11, 24, 10, tzinfo=UTC)
CHANGE = datetime(2026, 12, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


def zone_file(*offsets):
    """Zone data with these offsets (hours), the second from the instant of the change on."""
    instants = [int(CHANGE.timestamp())] * (len(offsets) - 1)
    head = struct.pack(">4sc15x6l", b"TZif", b"\0", 0, 0, 0, len(instants), len(offsets), 4)
    types = b"".join(struct.pack(">lbb", int(hours * 3600), 0, 0) for hours in offsets)
    return head + struct.pack(f">{len(instants)}l", *instants) + bytes(range(1, len(offsets))) + types + b"TST\0"


@pytest.fixture
def law(tmp_path):
    """Write the rules of the city, as an update of the zone data would."""
    known = zoneinfo.TZPATH
    (tmp_path / "Testland").mkdir()
    zoneinfo.reset_tzpath([str(tmp_path), *known])
    yield lambda *offsets: (tmp_path / CITY).write_bytes(zone_file(*offsets))
    zoneinfo.reset_tzpath(known)
    worktime.forget_zones()
    forget_calendars()


def promise(wall, *, zone=CITY, wall_from=None, **fields):
    """Promised by a wall time of the city, as the rules stand."""
    given = {"wall_by": wall, "zone": zone, **fields}
    if wall_from:
        given |= {"wall_from": wall_from, "promised_from": worktime.to_instant(datetime.fromisoformat(wall_from), zone)}
    return factories.promise(promised_by=worktime.to_instant(datetime.fromisoformat(wall), zone), now=NOW, **given)


def again(row):
    row.refresh_from_db()
    return row


def test_the_hour_that_was_said_stays_and_the_instant_moves(law):
    law(0, 1)
    row = promise("2026-12-03T16:00:00", wall_from="2026-12-03T14:00:00")
    assert zones.sweep(now=NOW) == 0
    law(0)
    assert zones.sweep(now=NOW + HOUR) == 1
    moved = again(row)
    assert (moved.promised_from, moved.promised_by) == (
        datetime(2026, 12, 3, 14, tzinfo=UTC),
        datetime(2026, 12, 3, 16, tzinfo=UTC),
    )
    assert (moved.wall_from, moved.wall_by, moved.promise) == (row.wall_from, row.wall_by, row.promise)
    assert (moved.version, moved.revision, moved.broken_by, moved.moves.count()) == (2, 2, None, 0)
    waiting = moved.reminders.filter(state="waiting").order_by("due_at").values_list("stage", "version", "due_at")
    assert list(waiting)[:2] == [
        ("ahead", 2, datetime(2026, 12, 3, 13, 45, tzinfo=UTC)),
        ("due", 2, datetime(2026, 12, 3, 16, tzinfo=UTC)),
    ]
    assert set(moved.reminders.filter(version=1).values_list("state", flat=True)) == {"dropped"}
    event = Event.objects.get(kind="follow_up.rezoned")
    assert (event.by_name, event.at) == ("the desk", NOW + HOUR)
    assert event.data == {
        "zone": CITY,
        "wall_by": "2026-12-03T16:00:00",
        "before": "2026-12-03T15:00:00+00:00",
        "after": "2026-12-03T16:00:00+00:00",
    }
    assert zones.sweep(now=NOW + 2 * HOUR) == 0
    assert again(row).version == 2


def test_what_did_not_change_is_left_alone(law):
    law(0, 1)
    before, other = promise("2026-11-30T16:00:00"), promise("2026-12-03T16:00:00", zone="Europe/Madrid")
    ended = promise("2026-12-03T16:00:00")
    factories.follow_up(ended.ticket, promised_by=NOW + timedelta(days=9), now=NOW)
    FollowUp.objects.filter(pk=ended.pk).update(state="kept", ended_at=NOW)
    zones.sweep(now=NOW)
    law(0)
    assert zones.sweep(now=NOW) == 0
    assert [again(row).version for row in (before, other, ended)] == [1, 1, 1]
    assert not Event.objects.filter(kind="follow_up.rezoned").exists()


def test_what_was_heard_of_the_old_time_is_not_heard_twice_of_it(law):
    """Heard ahead at 14:00Z of 15:00Z; by the new rules it is 16:00Z, and each stage is heard once for that."""
    law(0, 1)
    ada = factories.agent("ada")
    row = promise("2026-12-03T16:00:00", owner=ada)
    zones.sweep(now=NOW)
    reminders.sweep(now=datetime(2026, 12, 3, 14, tzinfo=UTC))
    law(0)
    zones.sweep(now=datetime(2026, 12, 3, 14, 30, tzinfo=UTC))
    for minutes in range(0, 180, 10):
        reminders.sweep(now=datetime(2026, 12, 3, 14, 30, tzinfo=UTC) + timedelta(minutes=minutes))
    heard = Notice.objects.filter(recipient=ada).order_by("at").values_list("stage", "version", "at")
    assert [(stage, version, f"{at:%H:%M}") for stage, version, at in heard] == [
        ("ahead", 1, "14:00"),
        ("ahead", 2, "15:00"),
        ("due", 2, "16:00"),
        ("overdue", 2, "16:30"),
    ]
    assert again(row).stage == "overdue"


def test_a_time_that_has_passed_by_the_new_rules_is_due_at_once(law):
    law(0)
    row = promise("2026-12-03T16:00:00", owner=factories.agent("ada"))
    zones.sweep(now=NOW)
    law(0, 1)
    now = datetime(2026, 12, 3, 15, 20, tzinfo=UTC)
    zones.sweep(now=now)
    assert again(row).promised_by == datetime(2026, 12, 3, 15, tzinfo=UTC)
    reminders.sweep(now=now)
    assert list(Notice.objects.values_list("stage", "late_by_seconds")) == [("due", 1200)]


def test_a_calendar_whose_zone_changed_moves_what_waits(law):
    law(0, 1)
    team = factories.team("Billing")
    Policy.objects.create(team=team, zone=CITY)
    row = promise("2026-12-03T15:00:00", zone="UTC", team=team)
    overdue = Reminder.objects.get(follow_up=row, stage="escalated")
    assert overdue.due_at == datetime(2026, 12, 4, 9, tzinfo=UTC)
    zones.sweep(now=NOW)
    law(0)
    assert zones.sweep(now=NOW) == 0
    overdue.refresh_from_db()
    assert overdue.due_at == datetime(2026, 12, 3, 17, tzinfo=UTC)


def test_an_hour_that_comes_twice_keeps_the_one_that_was_meant(law):
    law(1, 0)
    second = datetime(2026, 12, 1, 1, 30, tzinfo=UTC)
    row = factories.promise(promised_by=second, now=NOW, zone=CITY, wall_by="2026-12-01T01:30:00")
    assert rezoning.derived(row) == (None, second)


def test_an_hour_that_is_skipped_now_means_the_first_instant_after_it(law):
    law(0)
    row = promise("2026-12-01T01:30:00", wall_from="2026-12-01T01:15:00")
    zones.sweep(now=NOW)
    law(0, 1)
    assert zones.sweep(now=NOW) == 1
    assert (again(row).promised_from, again(row).promised_by) == (CHANGE, CHANGE)
    assert zones.sweep(now=NOW + HOUR) == 0


def test_doing_it_again_moves_nothing(law):
    law(0)
    row = promise("2026-12-03T16:00:00")
    assert not rezoning.rederive(follow_up=row, by=Actor(door="clock"), now=NOW)
    assert again(row).version == 1


def test_rules_are_told_apart_to_the_second_and_kept_by_zone(law):
    law(0, 1)
    promise("2026-12-03T16:00:00")
    zones.sweep(now=NOW)
    assert set(Site.objects.get().zone_rules) == {"UTC", CITY}
    said = worktime.rules_of(CITY, 2026, 2029)
    law(0, 1.5)
    assert worktime.rules_of(CITY, 2026, 2029) != said
    assert len({worktime.rules_of(zone, 2026, 2029) for zone in ("UTC", "Europe/Madrid", "Europe/London")}) == 3
    assert worktime.rules_of("Europe/Madrid", 2026, 2029) == worktime.rules_of("Europe/Berlin", 2026, 2029)


def test_a_process_that_read_the_old_rules_notices_the_new_ones_at_its_next_request_or_sweep(law, tmp_path):
    law(0, 1)
    follow_zone_data()
    wall = datetime(2026, 12, 3, 16)
    assert worktime.to_instant(wall, CITY).hour == 15
    (tmp_path / "Testland").replace(tmp_path / "Oldland")
    (tmp_path / "Testland").mkdir()
    law(0)
    assert worktime.to_instant(wall, CITY).hour == 15
    follow_zone_data()
    assert worktime.to_instant(wall, CITY).hour == 16


def test_whoever_begins_something_looks_first(law, tmp_path, client):
    for begin in (lambda: client.get("/p/none"), lambda: tasks.sweep("zones", eager=True)):
        law(0, 1)
        wall = datetime(2026, 12, 3, 16)
        worktime.forget_zones()
        assert worktime.to_instant(wall, CITY).hour == 15
        law(0)
        (tmp_path / "tzdata.zi").unlink(missing_ok=True)
        (tmp_path / "new").touch()
        (tmp_path / "new").replace(tmp_path / "tzdata.zi")
        begin()
        assert worktime.to_instant(wall, CITY).hour == 16
