"""F7, F8, F9, F19: clocks that are wrong, leap, change with the season, or stood still."""

import time
import zoneinfo
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import connection, transaction

from followups import worktime
from followups.clock import reminders, zones
from followups.models import Agent, FollowUp, Notice, Reminder, Site, Ticket
from tests import factories
from tests.chaos import counting
from tests.chaos.ground import Ground
from tests.chaos.trials import Trial, counted, eventually, rest, through

# Sessions made from now on read this clock where they read the database's own.
SHADOW = """
CREATE SCHEMA chaos;
CREATE TABLE chaos.ahead AS SELECT interval '0' AS by;
CREATE FUNCTION chaos.clock_timestamp() RETURNS timestamptz LANGUAGE sql VOLATILE
    AS 'SELECT pg_catalog.clock_timestamp() + by FROM chaos.ahead';
"""


def f7(on: Ground) -> Trial:
    """The workers' clocks are two hours off, one ahead and one behind: the database's clock decides."""
    for name in on.hands("worker"):
        on.kill(name)
    on.wait(on.worker("worker-1", shifted=7200), on.worker("worker-2", shifted=-7200))
    lot = counting.lay(int(on.scaled(2000, 300)), after=1, within=on.scaled(30, 4))
    trial = through("F7", "worker clocks 2 h ahead and behind", lot, latest=30, mails_repeated=0)
    if on.full:
        on.crew()
    return trial


def f8(on: Ground) -> Trial:
    """The database's clock goes back by an hour, is set right, leaps ahead by an hour, and is set right."""
    with shadowed() as name:
        on.crew()
        time.sleep(12)  # until both workers have seen it
        begun = time.monotonic()
        lot = counting.lay(400, after=1, within=80)
        early = counting.lay(200, after=600, within=2400, mailed=False)
        for until, ahead in ((20, "-1 hour"), (40, "0"), (60, "1 hour"), (80, "0")):
            with connection.cursor() as cursor:
                cursor.execute(f"UPDATE chaos.ahead SET by = interval '{ahead}'")
            rest(begun + until)
            if ahead == "1 hour":
                told = suspected()
        trial = through("F8", "database clock 1 h back, right, 1 h ahead, right", lot, latest=60 + 15)
        sent = Notice.objects.filter(follow_up__in=early.keys).count()
    with connection.cursor() as cursor:
        cursor.execute(f'ALTER DATABASE "{name}" RESET search_path')
        cursor.execute("DROP SCHEMA chaos CASCADE")
    connection.close()
    on.crew()
    trial.bound = "ahead: sending pauses, resumes"
    trial.wrong += [f"{sent} sent before their time"] if sent else []
    trial.wrong += [] if told else ["nothing was suspected"]
    trial.wrong += [] if not suspected() else ["still suspected"]
    return trial


def suspected() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_suspect_at IS NOT NULL FROM followups_site")
        return cursor.fetchone()[0]


@contextmanager
def shadowed():
    """The name of the database, whose new sessions find another clock before their own."""
    name = connection.settings_dict["NAME"]
    with connection.cursor() as cursor:
        cursor.execute(SHADOW)
        cursor.execute(f'ALTER DATABASE "{name}" SET search_path = chaos, pg_catalog, "$user", public')
    yield name


def f9(on: Ground) -> Trial:
    """In every zone whose clocks change in 2026, follow-ups from 00:00 to 04:00 of those nights, with a moved clock.

    Then the rules of ten zones change, and what was promised there for next year is derived from the wall anew.
    """
    names = [*on.hands("worker"), *on.hands("beat")]
    on.stop(*names)  # theirs is the present
    rows = {}
    for zone, day in changes(2026):
        for half in range(9):
            wall = datetime.combine(day, datetime.min.time()) + timedelta(minutes=30 * half)
            rows.setdefault(worktime.to_instant(wall, zone), []).append((zone, wall))
    wrong = [
        f"{zone} {wall} at {instant}"
        for instant, some in rows.items()
        for zone, wall in some
        if shown_otherwise(instant, zone, wall)
    ]
    keys = planned(rows, made=min(rows) - timedelta(days=2))
    early = reminders.sweep(now=min(rows) - timedelta(days=1))
    for instant in sorted(rows):
        early += reminders.sweep(now=instant - timedelta(microseconds=1))
        told = reminders.sweep(now=instant)
        wrong += [] if told == len(rows[instant]) else [f"{instant:%F %T}Z: {told} of {len(rows[instant])}"]
    notices = Notice.objects.filter(follow_up__in=keys, stage="due")
    heard, once = notices.count(), notices.values("follow_up").distinct().count()
    wrong += moved_rules()
    on.wait(*[on.beat(name) if name.startswith("beat") else on.worker(name) for name in names])
    zones_met = {zone for some in rows.values() for zone, _ in some}
    done = f"{len(zones_met)} zones of 2026, 00:00 to 04:00 at each change"
    trial = counted(
        "F9",
        done,
        tried=len(keys),
        lost=len(keys) - once,
        twice=heard - once,
        early=early,
        bound="at its wall time; derived anew",
    )
    trial.wrong += wrong[:3]
    return trial


def shown_otherwise(instant: datetime, zone: str, wall: datetime) -> bool:
    """Whether the clocks of the zone do not show this wall time then, though they do show it on that day."""
    shown = instant.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    exists = wall.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC).astimezone(ZoneInfo(zone)).replace(tzinfo=None) == wall
    return shown != wall if exists else not wall < shown <= wall + timedelta(hours=2)


def moved_rules() -> list[str]:
    """As if each zone had given up summer time when the promises were made, and took it up again since."""
    names = ["Europe/Berlin", "Europe/Paris", "America/New_York", "Australia/Sydney", "Africa/Cairo"]
    names += ["America/Santiago", "Asia/Beirut", "Europe/London", "Pacific/Auckland", "America/Havana"]
    now, wall = datetime(2026, 11, 20, tzinfo=UTC), datetime(2027, 7, 1, 10)
    right = {zone: worktime.to_instant(wall, zone) for zone in names}
    rows: dict[datetime, list] = {}
    for zone, instant in right.items():
        rows.setdefault(instant + timedelta(hours=1), []).append((zone, wall))
    keys = planned(rows, made=now)
    rules = dict.fromkeys(names, "as they were")
    Site.objects.filter(pk=1).update(zone_rules=rules)
    zones.sweep(now=now)
    derived = dict(FollowUp.objects.filter(pk__in=keys).values_list("zone", "promised_by"))
    waits = dict(
        Reminder.objects.filter(follow_up__in=keys, stage="due", state="waiting").values_list(
            "follow_up__zone", "due_at"
        )
    )
    return [
        f"{zone}: {derived[zone]}, due {waits.get(zone)}"
        for zone in names
        if not derived[zone] == waits.get(zone) == right[zone]
    ]


def changes(year: int) -> list[tuple[str, date]]:
    """Each zone with the days of `year` on which its clocks change."""
    days = [date(year, 1, 1) + timedelta(days=n) for n in range(365)]
    found = []
    for zone in sorted(zoneinfo.available_timezones()):
        offsets = [datetime(day.year, day.month, day.day, 12, tzinfo=ZoneInfo(zone)).utcoffset() for day in days]
        found += [
            (zone, day) for day, now, before in zip(days[1:], offsets[1:], offsets, strict=False) if now != before
        ]
    return found


@transaction.atomic
def planned(rows: dict, *, made: datetime) -> list:
    ada = Agent.objects.get(username="ada")
    flat = [(instant, zone, wall) for instant, some in rows.items() for zone, wall in some]
    tickets = Ticket.objects.bulk_create([counting.ticket(made) for _ in flat])
    common = {"owner": ada, "channel": "email", "promise": "We write.", "promised_at": made}
    follow_ups = FollowUp.objects.bulk_create(
        FollowUp(ticket=t, zone=z, wall_by=f"{w:%FT%T}", promised_by=i, created_at=made, updated_at=made, **common)
        for t, (i, z, w) in zip(tickets, flat, strict=True)
    )
    Reminder.objects.bulk_create(
        Reminder(follow_up=f, stage="due", version=1, due_at=f.promised_by) for f in follow_ups
    )
    return [row.pk for row in follow_ups]


def f19(on: Ground) -> Trial:
    """Nothing ran for three days: the rows lie as they would, then everything starts."""
    names = [*on.hands("worker"), *on.hands("beat")]
    on.stop(*names)
    n, now = 400, counting.now()
    ada = Agent.objects.get(username="ada")
    with transaction.atomic():
        rows = [
            factories.promise(
                promised_by=(due := now - timedelta(days=3) * (i / n)), now=due - timedelta(hours=1), owner=ada
            )
            for i in range(1, n + 1)
        ]
    keys = [row.pk for row in rows]
    latest = dict(
        Reminder.objects.filter(follow_up__in=keys, due_at__lte=now)
        .order_by("due_at", "repeat")
        .values_list("follow_up", "stage")
    )
    begun = time.monotonic()
    on.wait(*[on.beat(name) if name.startswith("beat") else on.worker(name) for name in names])
    waiting = Reminder.objects.filter(follow_up__in=keys, state="waiting", due_at__lte=now)
    eventually(lambda: not waiting.exists(), seconds=90, every=0.3)
    took = time.monotonic() - begun
    heard = list(
        Notice.objects.filter(follow_up__in=keys, kind="reminder").values_list(
            "follow_up", "stage", "late_by_seconds", "recipient"
        )
    )
    told = {key for key, *_ in heard}
    each = {(key, who) for key, _, _, who in heard}
    wrong = [f"{stage} instead of {latest[key]}" for key, stage, _, _ in heard if stage != latest[key]]
    wrong += ["not marked late" for _, _, late, _ in heard if not late]
    trial = counted(
        "F19",
        f"everything off for 3 days, then on: {n} overdue",
        tried=n,
        lost=n - len(told),
        twice=len(heard) - len(each),
        latest=took,
        bound="once, at its latest stage, marked late",
    )
    trial.wrong += sorted(set(wrong))
    trial.wrong += [] if took < 60 else ["over 60 s after the start"]
    return trial
