"""Promised times after the rules of a zone have changed: what was said is the time on her clock, so the instant moves."""

from datetime import datetime

from django.db import transaction

from followups import timeline, worktime
from followups.actions import promising, scheduling
from followups.models import Actor, FollowUp, Policy, Reminder


def derived(row: FollowUp) -> tuple[datetime | None, datetime]:
    """The window that the wall times mean by the rules as they are now. An instant that still shows its wall time
    stays: of an hour that comes twice, it keeps the one that was meant.
    """
    by_at = _instant(row.promised_by, row.wall_by, row.zone)
    if row.promised_from is None:
        return None, by_at
    return min(_instant(row.promised_from, row.wall_from, row.zone), by_at), by_at


def _instant(at: datetime, wall: str, zone: str) -> datetime:
    said = datetime.fromisoformat(wall)
    if worktime.to_wall(at, zone).replace(microsecond=0) == said:
        return at
    return worktime.to_instant(said, zone)


@transaction.atomic
def rederive(*, follow_up: FollowUp, by: Actor, now: datetime) -> bool:
    """Whether the instants moved. What waits is made anew for them; what was heard of the old ones is not repeated.

    It is no move: wall time, words and promise stay, and nothing is broken by it.
    """
    ticket, row = scheduling.lock(follow_up)
    before = row.promised_by
    from_at, by_at = derived(row)
    if not row.is_open or (from_at, by_at) == (row.promised_from, before):
        return False
    scheduling.drop_reminders(row, now=now)
    row.promised_from, row.promised_by = from_at, by_at
    row.version += 1
    row.stage = ""
    scheduling.save(row, now)
    policy = Policy.objects.of(ticket.team_id)
    Reminder.objects.bulk_create(promising.reminders_for(row, policy, since=min(now, by_at)))
    timeline.record(
        "follow_up.rezoned",
        by=by,
        now=now,
        ticket=ticket,
        follow_up=row,
        zone=row.zone,
        wall_by=row.wall_by,
        before=before.isoformat(),
        after=by_at.isoformat(),
    )
    return True
