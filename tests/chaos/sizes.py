"""F15, F16: very many at one instant, and a desk that was put back from a backup."""

import subprocess
import sys
from datetime import timedelta

from django.db import connection

from desk.local import places
from followups.clock import deliveries
from followups.models import Agent, Category, Delivery, FollowUp, Reminder, Ticket
from tests.chaos import counting
from tests.chaos.ground import Ground
from tests.chaos.trials import Trial, eventually, through

TICKETS, OPEN = 1_000_000, 200_000
# Written past the triggers: what they guard is the same for each of them.
MANY = """
SET session_replication_role = replica;
INSERT INTO followups_ticket (number, subject, category_id, channel, state, opened_at, closed_at, created_at, updated_at)
SELECT 'm' || n, 'Refund', %(category)s, 'phone', CASE WHEN n <= %(open)s THEN 'open' ELSE 'closed' END,
    now() - interval '90 days', CASE WHEN n > %(open)s THEN now() - interval '9 days' END, now(), now()
FROM generate_series(1, %(tickets)s) n;
INSERT INTO followups_followup (id, ticket_id, owner_id, promise, promised_at, promised_by, wall_by, zone, channel,
    state, version, revision, created_at, updated_at)
SELECT gen_random_uuid(), id, %(owner)s, 'We call.', now(), now() + interval '1 day' + random() * interval '60 days',
    '', 'UTC', 'phone', 'scheduled', 1, 1, now(), now()
FROM followups_ticket WHERE number LIKE 'm%%' AND state = 'open';
INSERT INTO followups_reminder (follow_up_id, stage, repeat, version, due_at, state)
SELECT id, 'due', 0, 1, promised_by, 'waiting' FROM followups_followup WHERE promise = 'We call.';
SET session_replication_role = DEFAULT;
ANALYZE followups_ticket; ANALYZE followups_followup; ANALYZE followups_reminder;
"""


def f15(on: Ground) -> Trial:
    """5,000 due at one instant, among 200,000 open follow-ups and a million tickets."""
    many()
    lot = counting.lay(5000, after=10, within=0)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE followups_reminder")
    plan = explained()
    trial = through("F15", f"5,000 at one instant, {OPEN // 1000} k open, 1 M tickets", lot, settled=120, latest=60)
    trial.bound = "through the partial index"
    trial.wrong += [] if "reminder_waiting" in plan and "Seq Scan on followups_reminder" not in plan else [plan[:300]]
    return trial


def many() -> None:
    """Columns without a default of the database get what their model says."""
    values = {"tickets": TICKETS, "open": OPEN, "category": Category.objects.first().pk}
    values["owner"] = Agent.objects.get(username="ada").pk
    with connection.cursor() as cursor:
        defaults(cursor)
        cursor.execute(MANY, values)


def defaults(cursor) -> None:
    """So that the statements above name only what matters to them; taken back by nobody, as the ground is thrown away."""
    for model in (Reminder, FollowUp, Ticket):
        for field in model._meta.concrete_fields:
            value = None if field.null or field.primary_key or field.is_relation else field.get_default()
            if value is None or field.has_db_default():
                continue
            text = "{}" if field.get_internal_type() in ("ArrayField", "JSONField") else str(value)
            cursor.execute(f"ALTER TABLE {model._meta.db_table} ALTER COLUMN {field.column} SET DEFAULT '{text}'")


def explained() -> str:
    """The plan of the question that every sweep asks, as the planner would take it now."""
    rows = Reminder.objects.filter(state="waiting", due_at__lte=counting.now() + timedelta(seconds=20))
    return rows.order_by("due_at", "id")[:500].explain()


def f16(on: Ground) -> Trial:
    """A backup is put back after more was sent: a dry run lists it, nothing goes out unseen, keys stay."""
    lot = counting.lay(100, after=6, within=1)
    file = on.folder / "var" / "two-hours-old.dump"
    manage(on, "backup", str(file))
    counting.settled(lot, seconds=40)
    waited = set(Delivery.objects.filter(follow_up__in=lot.keys).values_list("key", flat=True))
    workers, beats = on.hands("worker"), on.hands("beat")
    on.stop(*workers, *beats)
    connection.close()
    manage(on, "restore", str(file))
    listed = manage(on, "release_sending", "--dry-run")
    on.wait(*[on.worker(name) for name in workers], *[on.beat(name) for name in beats])
    eventually(lambda: not Reminder.objects.filter(follow_up__in=lot.keys, state="waiting").exists(), seconds=30)
    unseen = Delivery.objects.filter(follow_up__in=lot.keys, state="sent").count()
    manage(on, "release_sending")
    trial = through("F16", "backup of before the sending put back", lot, mails_repeated=len(waited))
    missing = [key for key in waited if key not in listed]
    trial.bound = "dry run lists; same keys"
    trial.wrong += [f"{len(missing)} not listed"] if missing else []
    trial.wrong += [f"{unseen} sent before the release"] if unseen else []
    same = {deliveries.message_id(key) for key in waited} == set(lot.mails)
    trial.wrong += [] if same else ["keys changed"]
    return trial


def manage(on: Ground, *words: str) -> str:
    command = [sys.executable, "manage.py", *words]
    done = subprocess.run(command, cwd=places.ROOT, env=on.environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(words)}: {done.stderr[-500:]}")
    return done.stdout
