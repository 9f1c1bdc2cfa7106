"""An acknowledgement: somebody is on it, and the climb rests. `scheduling` and `answering` write what is said here."""

from datetime import datetime, timedelta

from followups import worktime
from followups.models import Actor, FollowUp, Ladder, Policy, ReminderState, Ticket

HELD = timedelta(hours=4)


def acknowledged(ticket: Ticket, row: FollowUp, *, by: Actor, now: datetime) -> None:
    """Rest for the working time that the ladder says, four hours where none does. The row is saved by the act."""
    _rest(ticket, row, _climbing(row), by=by, now=now)


def by_act(act: str, ticket: Ticket, row: FollowUp, *, by: Actor, now: datetime) -> None:
    """As acknowledged, where the ladder counts this act as one (`ladders.ACTS`) and it was made by a person."""
    ladder = _climbing(row) if by.agent else None
    if ladder and act in ladder.acknowledging:
        _rest(ticket, row, ladder, by=by, now=now)


def _climbing(row: FollowUp) -> Ladder | None:
    """The ladder that still waits to be climbed at the present date."""
    waiting = {"state": ReminderState.WAITING, "version": row.version, "ladder_step__isnull": False}
    reminder = row.reminders.filter(**waiting).select_related("ladder_step__ladder").first()
    return reminder.ladder_step.ladder if reminder and reminder.ladder_step else None


def _rest(ticket: Ticket, row: FollowUp, ladder: Ladder | None, *, by: Actor, now: datetime) -> None:
    held = timedelta(minutes=ladder.holds_minutes) if ladder else HELD
    row.acknowledged_by = by.agent
    row.acknowledged_until = worktime.add_working(now, held, Policy.objects.of(ticket.team_id).calendar)
