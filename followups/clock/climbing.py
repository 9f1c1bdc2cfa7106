"""The climb: a step where nobody is there gives way to the next at once, and a step that repeats is said again."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from followups import ladders, worktime
from followups.clock import due
from followups.clock.due import Due
from followups.clock.recipients import Audience
from followups.models import LadderStep, Policy, Reminder

# The later step's own row is told in the place of the one that nobody hears. Where that was told before, somebody has
# heard already.
INSTEAD = """
WITH instead AS (
    SELECT DISTINCT ON (later.id) skipped.id AS skipped, later.id AS later
    FROM unnest(%(skipped)s::bigint[], %(steps)s::bigint[]) AS row (reminder, step)
    JOIN followups_reminder skipped ON skipped.id = row.reminder
    JOIN followups_reminder later ON later.follow_up_id = skipped.follow_up_id AND later.version = skipped.version
        AND later.ladder_step_id = row.step AND later.state = 'waiting'
    ORDER BY later.id
), told AS (
    UPDATE followups_reminder r SET state = 'sent', handled_at = %(now)s FROM instead WHERE r.id = instead.later
), passed_over AS (
    UPDATE followups_reminder r SET state = 'passed_over' WHERE r.id = ANY(%(skipped)s)
)
SELECT skipped, later FROM instead
"""


COURSE = """
SELECT f.id, row.step, t.team_id, f.version, own.stage, own.times, own.due_at,
    (SELECT max(r.repeat) FROM followups_reminder r
        WHERE r.follow_up_id = f.id AND r.version = f.version AND r.stage = own.stage) AS last,
    (SELECT min(r.due_at) FROM followups_reminder r JOIN followups_ladderstep later ON later.id = r.ladder_step_id
        WHERE r.follow_up_id = f.id AND r.version = f.version AND r.state = 'waiting'
            AND later.position > step.position) AS taken_over_at
FROM unnest(%(follow_ups)s::uuid[], %(steps)s::bigint[]) AS row (follow_up, step)
JOIN followups_followup f ON f.id = row.follow_up
JOIN followups_ticket t ON t.id = f.ticket_id
JOIN followups_ladderstep step ON step.id = row.step
CROSS JOIN LATERAL (
    SELECT min(r.stage) AS stage, count(*) AS times, max(r.due_at) AS due_at FROM followups_reminder r
    WHERE r.follow_up_id = f.id AND r.version = f.version AND r.ladder_step_id = row.step
) own
WHERE own.times > 0
"""


class Course(NamedTuple):
    """How far a step has been heard: `times`, last due at `due_at`; `last` is the highest repeat of its stage."""

    follow_up: UUID
    step: int
    team: int | None
    version: int
    stage: str
    times: int
    due_at: datetime
    last: int
    taken_over_at: datetime | None


class Told(NamedTuple):
    """A reminder that is told to the people of a group; `why` where it is not simply its time."""

    reminder: int
    group: int
    why: str = ""


def told(rows: list[Due], audience: Audience, *, now: datetime) -> list[Told]:
    """What is told of these rows, in their order."""
    skipped = {row.id: step.pk for row in rows if (step := audience.of(row).step)}
    instead = _instead(skipped, {row.id for row in rows if row.held}, now) if skipped else {}
    lines = []
    for row in rows:
        group = audience.of_row[row.id]
        if row.id not in skipped:
            lines.append(Told(row.id, group))
        elif row.id in instead:
            lines.append(Told(instead[row.id], group, ladders.NOBODY))
    return lines


def _instead(skipped: dict[int, int], held: set[int], now: datetime) -> dict[int, int]:
    """Nothing climbs past somebody who is on it."""
    steps = [None if key in held else step for key, step in skipped.items()]
    values = {"skipped": list(skipped), "steps": steps, "now": now}
    return dict(due.rows(INSTEAD, values))


def again(rows: list[Due], audience: Audience, *, now: datetime) -> None:
    """Write the next repeat of each step told that repeats, unless the next step comes first and takes over."""
    repeating = [(row.follow_up, step) for row in rows if (step := _heard(row, audience)) and step.repeat_minutes]
    if repeating:
        Reminder.objects.bulk_create(_repeats(repeating, now), ignore_conflicts=True)


def _heard(row: Due, audience: Audience) -> LadderStep | None:
    return audience.of(row).step or (audience.climbs.by_id[row.step] if row.step else None)


def _repeats(repeating: list[tuple[UUID, LadderStep]], now: datetime) -> list[Reminder]:
    steps = {step.pk: step for _, step in repeating}
    found = [
        Course(*row)
        for row in due.rows(
            COURSE, {"follow_ups": [key for key, _ in repeating], "steps": [s.pk for _, s in repeating]}
        )
    ]
    policies = {team: Policy.objects.of(team) for team in {course.team for course in found}}
    rows = []
    for course in found:
        at = _following(course, steps[course.step], policies[course.team].calendar, now)
        if at and (course.taken_over_at is None or at < course.taken_over_at):
            rows.append(_reminder(course, at))
    return rows


def _following(course: Course, step: LadderStep, calendar: worktime.Calendar, now: datetime) -> datetime | None:
    """Counted from the instant at which it was to be heard, so that ticks do not add up; after an outage from now."""
    at = ladders.again(step, heard=min(course.due_at, now), times=course.times, calendar=calendar)
    if at and at <= now:
        return ladders.again(step, heard=now, times=course.times, calendar=calendar)
    return at


def _reminder(course: Course, at: datetime) -> Reminder:
    return Reminder(
        follow_up_id=course.follow_up,
        stage=course.stage,
        repeat=course.last + 1,
        version=course.version,
        ladder_step_id=course.step,
        due_at=at,
    )
