"""Reminders: every stage that fell due becomes notices, once, in the transaction that marks it.

A batch takes the rows of the follow-ups and skips those that somebody holds, so that a completion, a move or
a twin of this sweep never meets it half-way; what they leave waiting is taken by a later tick. It then reads
again, because what it saw while claiming may have ended since. Only what is due is looked at, through the
partial index: no lower bound, so that an outage delays and never loses.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby
from operator import attrgetter
from uuid import UUID

from django.db import connection, transaction
from django.db.models import OuterRef, Subquery

from followups import notices, timeline
from followups.clock import due, recipients, wording
from followups.clock.due import Due
from followups.models import (
    Actor,
    FollowUp,
    FollowUpState,
    Reminder,
    ReminderState,
    Stage,
)

BATCH = 500
LATE = timedelta(seconds=60)
CLOCK = Actor(door="clock")
STAGES = {stage: rank for rank, stage in enumerate(["", *Stage.values])}
TOLD_IN_HISTORY = (Stage.DUE, Stage.OVERDUE, Stage.ESCALATED)

CLAIM = """
SELECT reminder.follow_up_id
FROM followups_reminder reminder JOIN followups_followup follow_up ON follow_up.id = reminder.follow_up_id
WHERE reminder.state = 'waiting' AND reminder.due_at <= %s
ORDER BY reminder.due_at, reminder.id LIMIT %s
FOR NO KEY UPDATE OF follow_up SKIP LOCKED
"""


@dataclass
class Plan:
    """What becomes of the due reminders of a batch."""

    sent: list[Due] = field(default_factory=list)
    passed_over: list[int] = field(default_factory=list)
    dropped: list[int] = field(default_factory=list)
    held: list[int] = field(default_factory=list)


def sweep(*, now: datetime) -> int:
    """Handle all that is due at `now`; how many reminders were sent."""
    sent = 0
    while (batch := _batch(now)) is not None:
        sent += batch
    return sent


@transaction.atomic
def _batch(now: datetime) -> int | None:
    follow_ups = _claim(now)
    return remind(follow_ups, now=now) if follow_ups else None


def remind(follow_ups: list[UUID], *, now: datetime) -> int:
    """Handle what is due of these follow-ups, whose rows are held; how many were sent. A rehearsal plays it too."""
    plan = _plan(due.of(follow_ups, now=now), now)
    _write(plan, now)
    _mark(plan, now)
    return len(plan.sent)


def _claim(now: datetime) -> list[UUID]:
    with connection.cursor() as cursor:
        cursor.execute(CLAIM, [now, BATCH])
        return list({row[0] for row in cursor})


def _plan(rows: list[Due], now: datetime) -> Plan:
    plan = Plan()
    for _, group in groupby(rows, key=attrgetter("follow_up")):
        _plan_one(plan, list(group), now)
    return plan


def _plan_one(plan: Plan, rows: list[Due], now: datetime) -> None:
    """Of the stages of one follow-up: the latest is sent; those of an ended or moved one are dropped."""
    live = [row for row in rows if row.state == FollowUpState.SCHEDULED and row.version == row.present]
    plan.dropped += [row.id for row in rows if row not in live]
    held = [row for row in live if _is_held(row, now)]
    plan.held += [row.id for row in held]
    past = sorted((row for row in live if row not in held), key=lambda row: (STAGES[row.stage], row.repeat))
    if past and STAGES[past[-1].stage] >= STAGES[past[-1].reached]:
        plan.sent.append(past.pop())
    plan.passed_over += [row.id for row in past]


def _is_held(row: Due, now: datetime) -> bool:
    """Somebody acknowledged it: the climb to the supervisors rests until then."""
    until = row.acknowledged_until
    return row.stage == Stage.ESCALATED and until is not None and until > now


def _write(plan: Plan, now: datetime) -> None:
    """Oldest first."""
    plan.sent.sort(key=attrgetter("due_at"))
    people = recipients.people(plan.sent, now=now)
    notices.write_reminders([notice for row in plan.sent for notice in _notices(row, people, now)], now=now)
    history = [row for row in plan.sent if row.stage in TOLD_IN_HISTORY]
    timeline.record_by_key([_event(row, now) for row in history], by=CLOCK, now=now)


def _notices(row: Due, people: recipients.People, now: datetime) -> Iterator[dict]:
    late = _late_by(row, now)
    for person in people.of(row):
        yield {
            "recipient": person.id,
            "stage": row.stage,
            "repeat": row.repeat,
            "version": row.version,
            "follow_up": row.follow_up,
            "ticket": row.ticket,
            "text": wording.reminder(row, reader=person, people=people, late=late),
            "late_by_seconds": int(late.total_seconds()) if late else 0,
        }


def _late_by(row: Due, now: datetime) -> timedelta | None:
    late = now - row.due_at
    return late if late > LATE else None


def _event(row: Due, now: datetime) -> tuple[str, int, UUID, dict]:
    late = int((now - row.due_at).total_seconds())
    data = {"promised_by": row.promised_by.isoformat(), "late_by_seconds": late}
    return f"follow_up.{row.stage}", row.ticket, row.follow_up, data


def _mark(plan: Plan, now: datetime) -> None:
    """The stage is the clock's own mark: `revision` stays, so that nobody's edit is outdated by it."""
    _handled([row.id for row in plan.sent], ReminderState.SENT, now)
    _handled(plan.passed_over, ReminderState.PASSED_OVER, now)
    _handled(plan.dropped, ReminderState.DROPPED, now)
    if plan.held:
        until = FollowUp.objects.filter(pk=OuterRef("follow_up_id")).values("acknowledged_until")
        Reminder.objects.filter(pk__in=plan.held).update(due_at=Subquery(until))
    by_stage = defaultdict(list)
    for row in plan.sent:
        by_stage[row.stage].append(row.follow_up)
    for stage, follow_ups in by_stage.items():
        FollowUp.objects.filter(pk__in=follow_ups).update(stage=stage)


def _handled(reminders: list[int], state: ReminderState, now: datetime) -> None:
    if reminders:
        Reminder.objects.filter(pk__in=reminders).update(state=state, handled_at=now)
