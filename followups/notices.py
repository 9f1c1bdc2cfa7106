"""The only writer of notices."""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Q

from followups.models import Agent, FollowUp, Notice, NoticeKind, Role, Ticket


def tell(
    recipients: Iterable[Agent],
    *,
    kind: NoticeKind,
    text: str,
    now: datetime,
    ticket: Ticket | None = None,
    follow_up: FollowUp | None = None,
) -> None:
    """One notice for each recipient, at `now`. Reminders have their own writer, which keeps them unique:

    `write_reminders`.
    """
    Notice.objects.bulk_create(
        Notice(recipient=agent, kind=kind, text=text[:600], at=now, ticket=ticket, follow_up=follow_up)
        for agent in {a.pk: a for a in recipients}.values()
    )


def write_reminders(rows: list[Notice]) -> None:
    """Reminder notices, each once for (follow-up, stage, repeat, version, recipient): a repeat is passed over by the
    key.
    """
    Notice.objects.bulk_create(rows, ignore_conflicts=True, batch_size=1000)


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
