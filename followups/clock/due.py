"""A reminder that fell due, with what is needed to tell of it: one row of one query."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.db.models import QuerySet
from django.db.models.functions import Coalesce

from followups.models import Reminder, ReminderState


class Due(NamedTuple):
    """`version` is the reminder's, `present` the follow-up's; `reached` is the stage last noticed."""

    id: int
    follow_up: UUID
    stage: str
    repeat: int
    version: int
    due_at: datetime
    present: int
    state: str
    reached: str
    acknowledged_until: datetime | None
    owner: int | None
    team: int | None
    promiser: int | None
    promise: str
    promised_from: datetime | None
    promised_by: datetime
    told_at: datetime | None
    channel: str
    ticket: int
    number: str
    subject: str
    customer: str | None


COLUMNS = (
    "pk",
    "follow_up_id",
    "stage",
    "repeat",
    "version",
    "due_at",
    "follow_up__version",
    "follow_up__state",
    "follow_up__stage",
    "follow_up__acknowledged_until",
    "follow_up__owner_id",
    Coalesce("follow_up__team_id", "follow_up__ticket__team_id"),
    "follow_up__promiser_id",
    "follow_up__promise",
    "follow_up__promised_from",
    "follow_up__promised_by",
    "follow_up__told_at",
    "follow_up__channel",
    "follow_up__ticket_id",
    "follow_up__ticket__number",
    "follow_up__ticket__subject",
    "follow_up__ticket__customer__name",
)


def waiting(*, now: datetime) -> QuerySet[Reminder]:
    return Reminder.objects.filter(state=ReminderState.WAITING, due_at__lte=now)


def of(follow_ups: list[UUID], *, now: datetime) -> list[Due]:
    """All that is due of these follow-ups, as the rows stand now, one follow-up after the other."""
    rows = waiting(now=now).filter(follow_up_id__in=follow_ups).order_by("follow_up_id", "due_at")
    return [Due(*row) for row in rows.values_list(*COLUMNS)]
