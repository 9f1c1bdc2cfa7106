"""What was due, what became of it, and how late: counted in the database and in the mail folder, not by the desk."""

import re
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from django.db import OperationalError, connection, transaction
from django.db.models import Q

from followups import numbers
from followups.clock import deliveries
from followups.models import Agent, Category, Delivery, FollowUp, Reminder, Sweep, Ticket
from tests import factories

EVERY_MAIL = 5
COUNT = """
SELECT count(*) FILTER (WHERE notices = 0) AS lost,
    count(*) FILTER (WHERE notices > 1 OR events > 1) AS duplicates,
    count(*) FILTER (WHERE written < promised_by) AS early,
    coalesce(max(extract(epoch FROM written - promised_by)), 0) AS latest
FROM (
    SELECT f.promised_by, count(n.id) AS notices, max(pg_xact_commit_timestamp(n.xmin)) AS written,
        (SELECT count(*) FROM followups_event e WHERE e.follow_up_id = f.id AND e.kind = 'follow_up.due') AS events
    FROM followups_followup f
    LEFT JOIN followups_notice n ON n.follow_up_id = f.id AND n.stage = 'due' AND n.kind = 'reminder'
    WHERE f.id = ANY(%s) GROUP BY f.id
) each
"""
MAILED = """
SELECT count(*) FILTER (WHERE state <> 'sent'), coalesce(max(extract(epoch FROM sent_at - due_at)), 0)
FROM followups_delivery WHERE follow_up_id = ANY(%s)
"""


EARLIER = (
    "UPDATE followups_followup SET promised_by = promised_by + %s WHERE id = ANY(%s)",
    "UPDATE followups_delivery SET due_at = due_at + %s WHERE follow_up_id = ANY(%s)",
    "UPDATE followups_reminder SET due_at = due_at + %s WHERE follow_up_id = ANY(%s)",
)
# In the quick round the lease of a sender that was killed runs out as the other times do: scaled.
SHORT_LEASES = """
CREATE FUNCTION chaos_lease() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN NEW.leased_until = least(NEW.leased_until, clock_timestamp() + interval '15 seconds'); RETURN NEW; END $$;
CREATE TRIGGER chaos_lease BEFORE UPDATE OF leased_until ON followups_delivery
    FOR EACH ROW WHEN (NEW.leased_until IS NOT NULL) EXECUTE FUNCTION chaos_lease();
"""


@dataclass
class Lot:
    """Follow-ups of one trial, due one after the other from `first` to `last`; every fifth with a message to send."""

    first: datetime
    last: datetime
    keys: list = field(default_factory=list)
    mails: list[str] = field(default_factory=list)


def lay_of(lot: Lot, keys: list) -> Lot:
    """Some of a lot, without its mails."""
    return Lot(lot.first, lot.last, keys=keys)


@dataclass
class Count:
    due: int
    lost: int
    duplicates: int
    early: int
    latest: float
    mails: int
    mails_lost: int
    mails_repeated: int
    mails_latest: float

    @property
    def sound(self) -> bool:
        return not (self.lost or self.duplicates or self.early or self.mails_lost)


def now() -> datetime:
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        return cursor.fetchone()[0]


def lay(n: int, *, after: float, within: float, mailed: bool = True) -> Lot:
    """`n` follow-ups due within `within` seconds, the first `after` seconds from now, whatever the laying took."""
    far = now() + timedelta(days=1)
    lot = laid(n, far, within, mailed)
    with transaction.atomic(), connection.cursor() as cursor:
        start = now() + timedelta(seconds=after + n / 2500)
        cursor.execute("SET LOCAL session_replication_role = replica")  # as laid, only earlier: nothing to guard
        for statement in EARLIER:
            cursor.execute(statement, [start - far, lot.keys])
    lot.first, lot.last = start, start + timedelta(seconds=within)
    return lot


@transaction.atomic
def laid(n: int, first: datetime, within: float, mailed: bool) -> Lot:
    made = now()
    lot = Lot(first=first, last=first + timedelta(seconds=within))
    tickets = Ticket.objects.bulk_create([ticket(made) for _ in range(n)])
    step = (lot.last - lot.first) / max(1, n - 1)
    rows = [follow_up(one, lot.first + step * place, made) for place, one in enumerate(tickets)]
    FollowUp.objects.bulk_create(rows)
    Reminder.objects.bulk_create([Reminder(follow_up=r, stage="due", version=1, due_at=r.promised_by) for r in rows])
    mails = Delivery.objects.bulk_create([message(row, made) for row in rows[::EVERY_MAIL] if mailed])
    lot.keys, lot.mails = [row.pk for row in rows], [deliveries.message_id(mail.key) for mail in mails]
    return lot


def ticket(made: datetime) -> Ticket:
    instants = {"opened_at": made, "created_at": made, "updated_at": made}
    number, category = numbers.with_check(next(factories.SERIALS)), Category.objects.first()
    return Ticket(number=number, subject="Refund missing", category=category, channel="phone", **instants)


def follow_up(of: Ticket, due: datetime, made: datetime) -> FollowUp:
    instants = {"promised_at": made, "created_at": made, "updated_at": made, "promised_by": due}
    return FollowUp(ticket=of, owner=Agent.objects.get(username="ada"), promise="We call you.", zone="UTC", **instants)


def message(row: FollowUp, made: datetime) -> Delivery:
    """A mail to one of our own people: it never goes stale, and waits for nobody's hours."""
    words = {"address": "ada@example.org", "subject": "2 overdue at the desk", "body": "Two."}
    own = {"agent": row.owner, "follow_up": row, "ticket": None, "made_at": made, "due_at": row.promised_by}
    return Delivery(key=f"your_day:chaos:{row.pk}", kind="your_day", **own, **words)


def shorten_leases() -> None:
    with connection.cursor() as cursor:
        cursor.execute(SHORT_LEASES)


def warmed(*, seconds: float) -> None:
    """Return once the workers have swept for the first time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end and not Sweep.objects.filter(finished_at__isnull=False).exists():
        time.sleep(0.1)


def settled(lot: Lot, *, seconds: float, leased: bool = False) -> None:
    """Return once nothing of the lot waits, or when the time is over: the count says which.

    A sender that was killed leaves a lease of a minute; those are waited for with `leased` alone.
    """
    end = time.monotonic() + seconds
    while time.monotonic() < end and waiting(lot, leased=leased):
        time.sleep(0.3)


def waiting(lot: Lot, *, leased: bool) -> bool:
    due = Q(due_at__lte=lot.last)
    try:
        mails = Delivery.objects.filter(follow_up__in=lot.keys, state="waiting")
        mails = mails if leased else mails.filter(leased_until__isnull=True)
        return mails.exists() or Reminder.objects.filter(due, follow_up__in=lot.keys, state="waiting").exists()
    except OperationalError:
        connection.close()
        return True


def count(lot: Lot, *, mail: Path, elsewhere: Counter | None = None) -> Count:
    """`elsewhere`: what a mail host of the trial's own kept, by Message-ID."""
    with connection.cursor() as cursor:
        cursor.execute(COUNT, [lot.keys])
        lost, duplicates, early, latest = cursor.fetchone()
        cursor.execute(MAILED, [lot.keys])
        unsent, mails_latest = cursor.fetchone()
    seen = elsewhere or Counter(
        re.findall(r"(?mi)^Message-ID: (<.+>)$", "".join(file.read_text() for file in mail.glob("*")))
    )
    sent = [seen[one] for one in lot.mails]
    missing = max(unsent, sent.count(0))
    repeated = sum(n - 1 for n in sent if n)
    return Count(
        len(lot.keys), lost, duplicates, early, float(latest), len(sent), missing, repeated, float(mails_latest)
    )
