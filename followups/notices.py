"""The only writer of notices."""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Q

from followups.models import Agent, FollowUp, LadderStep, Notice, NoticeKind, Role, Ticket

# Each once for (follow-up, stage, repeat, version, recipient): the key passes a repeat over. The rows come from a
# relation of the statement around it, in the order of its `place`.
REMINDERS = """
INSERT INTO followups_notice (id, recipient_id, kind, stage, repeat, version, follow_up_id, ticket_id, text, at,
    late_by_seconds, ladder_step_id, to_route)
SELECT gen_random_uuid(), recipient, 'reminder', stage, repeat, version, follow_up_id, ticket_id, text, %(now)s,
    late, ladder_step_id, to_route
FROM {relation} ORDER BY place
ON CONFLICT DO NOTHING
"""


def reminders_from(relation: str) -> str:
    """The insert of reminder notices from a relation with their columns, as a part of a statement that knows `now`."""
    return REMINDERS.format(relation=relation)


def tell(
    recipients: Iterable[Agent],
    *,
    kind: NoticeKind,
    text: str,
    now: datetime,
    ticket: Ticket | None = None,
    follow_up: FollowUp | None = None,
    step: LadderStep | None = None,
) -> None:
    """One notice for each recipient, at `now`; `step` is that of a ladder. Reminders: `reminders_from`."""
    Notice.objects.bulk_create(
        Notice(
            recipient=agent,
            kind=kind,
            text=text[:600],
            at=now,
            ticket=ticket,
            follow_up=follow_up,
            ladder_step=step,
            to_route=agent.pushes or bool(step and step.channels),
        )
        for agent in {a.pk: a for a in recipients}.values()
    )


def tell_each(rows: list[Notice]) -> None:
    """Unsaved notices, each with words of its own, in one statement."""
    Notice.objects.bulk_create(rows)


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
