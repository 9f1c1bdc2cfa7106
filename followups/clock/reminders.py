"""Reminders: every stage that fell due becomes notices, once, in the transaction that marks it.

A batch takes the rows of the follow-ups and skips those that somebody holds, so that a completion, a move or
a twin of this sweep never meets it half-way; what they leave waiting is taken by a later tick. It then reads
again, because what it saw while claiming may have ended since. Only what is due is looked at, through the
partial index: no lower bound, so that an outage delays and never loses. One statement marks the whole batch and
one tells of it; between them stands who hears.
"""

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from followups import notices, timeline
from followups.actions import rehearing
from followups.clock import climbing, due, poison, recipients, wording
from followups.models import Actor

BATCH = 2000
LATE = 60  # seconds
CLOCK = Actor(door="clock")

TELL = f"""
{due.BY_GROUP};
WITH line AS MATERIALIZED (
    SELECT *, {wording.TASK} AS told_whom, {wording.SAID} AS said, {wording.END} AS ending
    FROM (
        SELECT sent.grp, sent.place, nullif(sent.why, '') AS why, r.follow_up_id, r.stage, r.repeat, r.version,
            r.ladder_step_id, f.ticket_id, f.promised_from, f.promised_by, f.told_at, f.channel, f.stage AS reached,
            t.number, {wording.one_line("f.promise")} AS promise, {wording.one_line("t.subject")} AS subject,
            {wording.one_line("coalesce(nullif(c.name, ''), 'the customer')")} AS customer,
            late.behind, CASE WHEN late.behind > {LATE} THEN late.behind ELSE 0 END AS late
        FROM unnest(%(reminders)s::bigint[], %(groups)s::int[], %(why)s::text[])
            WITH ORDINALITY AS sent (reminder, grp, why, place)
        {due.each("followups_reminder r WHERE r.id = sent.reminder", "r")}
        {due.each("followups_followup f WHERE f.id = r.follow_up_id", "f")}
        {due.each("followups_ticket t WHERE t.id = f.ticket_id", "t")}
        LEFT JOIN LATERAL (SELECT name FROM followups_customer c WHERE c.id = t.customer_id OFFSET 0) c ON true
        CROSS JOIN LATERAL (SELECT greatest(trunc(extract(epoch FROM %(now)s - r.due_at))::int, 0) AS behind) late
        OFFSET 0
    ) row
), worded AS (
    SELECT *, {wording.TEXT} AS text FROM (
        SELECT line.*, hearer.recipient, hearer.to_route, {wording.HEAD} || line.told_whom AS task
        FROM line JOIN json_to_recordset(%(hearers)s) AS hearer
            (grp int, recipient bigint, zone text, owner text, to_route boolean) USING (grp)
        OFFSET 0
    ) read
), noticed AS (
    {notices.reminders_from("worded")}
), history AS (
    {timeline.stages_from("line")}
)
UPDATE followups_followup f SET stage = line.stage
FROM line WHERE f.id = line.follow_up_id
    AND coalesce({due.RANK.format("line.stage")} > {due.RANK.format("line.reached")}, true)
"""  # noqa: S608 (made of constants)


def sweep(*, now: datetime) -> int:
    """Handle all that is due at `now`; how many reminders were sent."""
    sent = 0
    while (batch := _batch(now)) is not None:
        sent += batch
    return sent


def _batch(now: datetime) -> int | None:
    """One batch; where it cannot be sent, the rows that spoil it are set aside and the others go out."""
    claimed: list[UUID] = []
    try:
        with transaction.atomic():
            claimed += due.claim(now=now, most=BATCH)
            return _handle(claimed, now) if claimed else None
    except Exception as error:  # noqa: BLE001 (whatever is wrong with one row, the others go out)
        return poison.without(claimed, error, handle=remind, now=now)


@transaction.atomic
def remind(follow_ups: list[UUID], *, now: datetime) -> int:
    """What is due of these follow-ups, but for those that somebody holds; how many reminders were sent."""
    return _handle(due.hold(follow_ups), now)


def _handle(follow_ups: list[UUID], now: datetime) -> int:
    """The stage is the clock's own mark: `revision` stays, so that nobody's edit is outdated by it."""
    rehearing.look_again(follow_ups, now=now)
    rows = due.mark(follow_ups, now=now)
    if rows:
        audience = recipients.Audience(rows, now=now)
        if lines := climbing.told(rows, audience, now=now):
            _tell(lines, audience, now)
        climbing.again(rows, audience, now=now)
    return len(rows)


def _tell(lines: Iterable[climbing.Told], audience: recipients.Audience, now: datetime) -> None:
    """Oldest first."""
    reminders, groups, why = zip(*lines, strict=True)
    values: dict[str, Any] = {
        "now": now,
        "reminders": due.array(reminders),
        "groups": due.array(groups),
        "why": list(why) if any(why) else [],
        "hearers": json.dumps(audience.hearers()),
        "by_name": CLOCK.name,
        "door": CLOCK.door,
    }
    with connection.cursor() as cursor:
        cursor.execute(TELL, values)
