"""A row that cannot be sent never stops a batch: it is found by halving, set aside and shown, and tried again later."""

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

from django.db import InterfaceError, OperationalError, ProgrammingError, transaction

from followups.models import Finding, Reminder, ReminderState

KIND = "reminder-poison"
ATTEMPTS = 8
BACK_OFF = [timedelta(minutes=m) for m in (1, 5, 15, 60, 120, 240, 480)]
# Nothing of these lies in a row: the database is away, or of another release.
NOT_A_ROW = (OperationalError, InterfaceError, ProgrammingError)
SUSPICIOUS = 10

RAISED = "P0001"  # a trigger of the database refused: that lies in the row, though the driver files it under mistakes

Handle = Callable[..., int]


def _lies_in_a_row(error: Exception) -> bool:
    return not isinstance(error, NOT_A_ROW) or getattr(error.__cause__, "sqlstate", "") == RAISED


def without(follow_ups: list[UUID], error: Exception, *, handle: Handle, now: datetime) -> int:
    """Send the others of a batch that failed, and set aside what spoils it; how many were sent.

    Where more than a few fail and none goes out, nothing is wrong with the rows: they wait a minute, uncounted, so that
    others get their turn, and the error is raised.
    """
    if not follow_ups or not _lies_in_a_row(error):
        raise error
    spoilt: dict[UUID, Exception] = {}
    sent = _halves(follow_ups, handle, now, spoilt) if len(follow_ups) > 1 else _alone(follow_ups, error, spoilt)
    if not sent and len(spoilt) > SUSPICIOUS:
        _due(list(spoilt), now).update(due_at=now + BACK_OFF[0])
        raise error
    for follow_up, why in spoilt.items():
        _set_aside(follow_up, why, now)
    return sent


def _halves(follow_ups: list[UUID], handle: Handle, now: datetime, spoilt: dict[UUID, Exception]) -> int:
    middle = len(follow_ups) // 2
    return sum(_part(part, handle, now, spoilt) for part in (follow_ups[:middle], follow_ups[middle:]))


def _part(follow_ups: list[UUID], handle: Handle, now: datetime, spoilt: dict[UUID, Exception]) -> int:
    try:
        return handle(follow_ups, now=now)
    except Exception as error:
        if not _lies_in_a_row(error):
            raise
        if len(follow_ups) == 1:
            return _alone(follow_ups, error, spoilt)
        return _halves(follow_ups, handle, now, spoilt)


def _alone(follow_ups: list[UUID], error: Exception, spoilt: dict[UUID, Exception]) -> int:
    spoilt[follow_ups[0]] = error
    return 0


def _due(follow_ups: list[UUID], now: datetime):
    return Reminder.objects.filter(follow_up__in=follow_ups, state=ReminderState.WAITING, due_at__lte=now)


@transaction.atomic
def _set_aside(follow_up: UUID, error: Exception, now: datetime) -> None:
    """Each time for longer; given up at the end, which the watch keeps showing."""
    for row in _due([follow_up], now).select_for_update(no_key=True, skip_locked=True):
        row.attempts += 1
        if row.attempts >= ATTEMPTS:
            row.state, row.handled_at = ReminderState.DEAD, now
        else:
            row.due_at = now + BACK_OFF[row.attempts - 1]
        row.save(update_fields=["attempts", "state", "handled_at", "due_at"])
    detail = f"{type(error).__name__}: {error}"[:300]
    found = {"kind": KIND, "subject": str(follow_up), "cleared_at": None}
    if not Finding.objects.filter(**found).update(detail=detail):
        Finding.objects.bulk_create([Finding(**found, found_at=now, detail=detail)], ignore_conflicts=True)
