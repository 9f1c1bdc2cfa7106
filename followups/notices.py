"""The only writer of notices."""

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Q

from followups.models import Agent, FollowUp, Notice, NoticeKind, Role, Ticket

# One statement for any number of rows: the set goes over as one text.
REMINDERS = """
INSERT INTO followups_notice
    (id, recipient_id, kind, stage, repeat, version, follow_up_id, ticket_id, text, at, late_by_seconds)
SELECT gen_random_uuid(), recipient, 'reminder', stage, repeat, version, follow_up, ticket, text, %s, late_by_seconds
FROM json_to_recordset(%s) AS row (recipient bigint, stage text, repeat int, version int, follow_up uuid, ticket bigint,
    text text, late_by_seconds int)
ON CONFLICT DO NOTHING
"""


def tell(
    recipients: Iterable[Agent],
    *,
    kind: NoticeKind,
    text: str,
    now: datetime,
    ticket: Ticket | None = None,
    follow_up: FollowUp | None = None,
) -> None:
    """One notice for each recipient, at `now`. Reminders have their own writer: `write_reminders`."""
    Notice.objects.bulk_create(
        Notice(
            recipient=agent,
            kind=kind,
            text=text[:600],
            at=now,
            ticket=ticket,
            follow_up=follow_up,
            to_route=agent.pushes,
        )
        for agent in {a.pk: a for a in recipients}.values()
    )


def write_reminders(rows: list[dict[str, Any]], *, now: datetime) -> None:
    """Reminder notices, each once for (follow-up, stage, repeat, version, recipient): the key passes a repeat over.

    A row has `recipient`, `stage`, `repeat`, `version`, `follow_up`, `ticket`, `text` and `late_by_seconds`.
    """
    with connection.cursor() as cursor:
        cursor.execute(REMINDERS, [now, json.dumps(rows, default=str)])


def supervisors_of(team_id: int | None) -> list[Agent]:
    """The active supervisors of the team, else all active supervisors, else the active admins."""
    people = Agent.objects.filter(is_active=True)
    if team_id:
        of_team = list(people.filter(role=Role.SUPERVISOR, teams=team_id))
        if of_team:
            return of_team
    return (
        list(people.filter(role=Role.SUPERVISOR, is_demo=False))
        or list(people.filter(role=Role.SUPERVISOR))
        or list(people.filter(Q(role=Role.ADMIN)))
    )


def mark_read(agent: Agent, *, now: datetime, notice_id=None) -> int:
    """Mark one notice, or all, as read; how many changed."""
    rows = Notice.objects.filter(recipient=agent, read_at__isnull=True)
    if notice_id is not None:
        rows = rows.filter(pk=notice_id)
    return rows.update(read_at=now)
