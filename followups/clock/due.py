"""Reminders that fell due: claimed, and marked with what becomes of each, in one statement each for a whole batch."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection
from django.db.models import QuerySet

from followups.models import Reminder, ReminderState

CLAIM = """
SELECT reminder.follow_up_id
FROM followups_reminder reminder JOIN followups_followup follow_up ON follow_up.id = reminder.follow_up_id
WHERE reminder.state = 'waiting' AND reminder.due_at <= %s
ORDER BY reminder.due_at, reminder.id LIMIT %s
FOR NO KEY UPDATE OF follow_up SKIP LOCKED
"""
HOLD = "SELECT id FROM followups_followup WHERE id = ANY(%s::uuid[]) FOR NO KEY UPDATE SKIP LOCKED"

# A batch is small and the tables are not: their rows are looked up by key, however few the planner believes there are.
# What is told is joined to those who hear it by their groups, which have no key.
BY_KEY = "SET LOCAL enable_seqscan = off; SET LOCAL enable_mergejoin = off; SET LOCAL enable_hashjoin = off"
BY_GROUP = "SET LOCAL enable_hashjoin = on"


def each(lookup: str, name: str) -> str:
    """A join that looks up every row by its key: by the fence, and since it is lateral."""
    return f"CROSS JOIN LATERAL (SELECT * FROM {lookup} OFFSET 0) {name}"  # noqa: S608 (made of constants)


RANK = "array_position(ARRAY['ahead', 'due', 'overdue', 'escalated'], {}::text)"
# Ended or moved: dropped. Acknowledged: the climb rests until then. Of several the latest is sent; a stage before the
# one already noticed is passed over, where a later step of a ladder may well be heard before an earlier one.
MARK = f"""
WITH due AS (
    SELECT r.id, r.follow_up_id, r.stage, r.repeat, r.due_at, r.ladder_step_id, f.owner_id, f.promiser_id,
        coalesce(f.team_id, t.team_id) AS team_id, f.acknowledged_until,
        CASE WHEN f.state <> 'scheduled' OR f.version <> r.version THEN 'dropped'
            WHEN f.acknowledged_until > %(now)s AND (r.stage = 'escalated' OR r.repeat > 0) THEN 'waiting'
            WHEN f.stage <> '' AND {RANK.format("r.stage")} < least({RANK.format("f.stage")}, 3) THEN 'passed_over'
            ELSE 'sent' END AS becomes
    FROM unnest(%(follow_ups)s::uuid[]) AS claimed (follow_up)
    {each("followups_reminder r WHERE r.follow_up_id = follow_up", "r")}
    {each("followups_followup f WHERE f.id = follow_up", "f")}
    {each("followups_ticket t WHERE t.id = f.ticket_id", "t")}
    WHERE r.state = 'waiting' AND r.due_at <= %(now)s
), ranked AS (
    SELECT *, row_number() OVER (
        PARTITION BY follow_up_id, becomes ORDER BY due_at DESC, {RANK.format("stage")} DESC, repeat DESC) AS latest
    FROM due
), marked AS (
    UPDATE followups_reminder r
    SET state = CASE WHEN becomes = 'sent' AND latest > 1 THEN 'passed_over' ELSE becomes END,
        handled_at = CASE WHEN becomes = 'waiting' THEN NULL ELSE %(now)s END,
        due_at = CASE WHEN becomes = 'waiting' THEN acknowledged_until ELSE r.due_at END
    FROM ranked WHERE r.id = ranked.id
    RETURNING r.id, r.follow_up_id, r.stage, r.ladder_step_id, ranked.owner_id, ranked.promiser_id, ranked.team_id,
        coalesce(ranked.acknowledged_until > %(now)s, false) AS held, r.due_at, r.state
)
SELECT id, follow_up_id, stage, ladder_step_id, owner_id, promiser_id, team_id, held FROM marked
WHERE state = 'sent' ORDER BY due_at, id
"""  # noqa: S608 (made of constants)


class Due(NamedTuple):
    """A reminder that is sent now. `held`: somebody acknowledged the follow-up, and the climb rests."""

    id: int
    follow_up: UUID
    stage: str
    step: int | None
    owner: int | None
    promiser: int | None
    team: int | None
    held: bool


def waiting(*, now: datetime) -> QuerySet[Reminder]:
    return Reminder.objects.filter(state=ReminderState.WAITING, due_at__lte=now)


def claim(*, now: datetime, most: int) -> list[UUID]:
    """Follow-ups of which something is due, held until the transaction ends; none that somebody else holds."""
    return list(dict.fromkeys(row[0] for row in rows(CLAIM, [now, most])))


def hold(follow_ups: list[UUID]) -> list[UUID]:
    """Those of them that nobody else holds."""
    return [row[0] for row in rows(HOLD, [array(follow_ups)])]


def mark(follow_ups: list[UUID], *, now: datetime) -> list[Due]:
    """Mark all that is due of held follow-ups, as the rows stand now; what is to be sent, oldest first.

    From here on the transaction looks rows up by key.
    """
    with connection.cursor() as cursor:
        cursor.execute(BY_KEY)
    return [Due(*row) for row in rows(MARK, {"now": now, "follow_ups": array(follow_ups)})]


def array(values: Iterable[Any]) -> str:
    """Keys or numbers as PostgreSQL reads an array of them: written at once instead of value by value."""
    return "{" + ",".join(map(str, values)) + "}"


def rows(statement: str, values) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall()
