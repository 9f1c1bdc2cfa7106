"""Put what climbs already onto a ladder that was changed, where an administrator asks for it."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from django.db import transaction
from django.db.models import Count

from followups import ladders, worktime
from followups.actions.laddering import require_admin
from followups.models import Actor, FollowUp, Ladder, Policy, Reminder, ReminderState, Stage, Team, Ticket

BATCH = 500
CLIMBED = (Stage.OVERDUE, Stage.ESCALATED)
LOOKED_AHEAD = timedelta(days=60)


class Sent(NamedTuple):
    """What was heard already of the present date: whether overdue, and how many escalations."""

    overdue: bool
    escalations: int


def count(*, team: Team | None, ladder: Ladder | None) -> int:
    """Open follow-ups that would climb `ladder` if they were made now; without a ladder, all of the team's.

    Of the desk: those of every team that has no ladder of its own. One query over what is open.
    """
    kinds = (
        _open_of(team)
        .values_list("ticket__team_id", "ticket__priority", "ticket__category__family")
        .annotate(n=Count("*"))
        .order_by()
    )
    rows = list(kinds)
    if ladder is None:
        return sum(n for *_, n in rows)
    found = ladders.InForce([team_id for team_id, *_ in rows])
    return sum(n for team_id, priority, family, n in rows if _climbs(found, ladder, team_id, priority, family))


def _open_of(team: Team | None):
    rows = FollowUp.objects.open()
    if team is not None:
        return rows.filter(ticket__team=team)
    return rows.exclude(ticket__team__in=Ladder.objects.filter(team__isnull=False, replaced_at=None).values("team"))


def _climbs(found: ladders.InForce, ladder: Ladder, team_id: int | None, priority: str, family: str) -> bool:
    held = found.of(team_id=team_id, priority=priority, family=family)
    return held is not None and held.pk == ladder.pk


def onto(*, ladder: Ladder, by: Actor, now: datetime) -> int:
    """Make the waiting reminders of what is open anew from `ladder`; how many follow-ups.

    Batch by batch, each in a transaction of its own: doing it again changes nothing more. What was sent stays sent and
    is not sent again; steps whose instant has passed are not made up for.
    """
    require_admin(by)
    keys = list(_open_of(ladder.team).order_by("pk").values_list("pk", flat=True))
    return sum(_batch(ladder, keys[start : start + BATCH], now) for start in range(0, len(keys), BATCH))


@transaction.atomic
def _batch(ladder: Ladder, keys: list[UUID], now: datetime) -> int:
    rows = _held(ladder, keys)
    sent = _sent(rows)
    Reminder.objects.filter(follow_up__in=rows, stage__in=CLIMBED, state=ReminderState.WAITING).delete()
    policies = {team_id: Policy.objects.of(team_id) for team_id in {row.ticket.team_id for row in rows}}
    calendars = {team_id: policy.calendar for team_id, policy in policies.items()}
    made = [each for row in rows for each in _reminders(row, ladder, calendars[row.ticket.team_id], sent[row.pk], now)]
    Reminder.objects.bulk_create(made)
    return len(rows)


def _held(ladder: Ladder, keys: list[UUID]) -> list[FollowUp]:
    """Those that climb it, as they stand and held until the transaction ends: the tickets first."""
    tickets = Ticket.objects.filter(follow_ups__in=keys).values("pk")
    list(Ticket.objects.select_for_update(no_key=True).filter(pk__in=tickets).order_by("pk").values_list("pk"))
    held = FollowUp.objects.open().select_for_update(no_key=True, of=["self"]).filter(pk__in=keys).order_by("pk")
    rows = list(held.select_related("ticket__category"))
    found = ladders.InForce({row.ticket.team_id for row in rows})
    return [
        row
        for row in rows
        if _climbs(found, ladder, row.ticket.team_id, row.ticket.priority, row.ticket.category.family)
    ]


def _sent(rows: Iterable[FollowUp]) -> dict[UUID, Sent]:
    versions = {row.pk: row.version for row in rows}
    sent = dict.fromkeys(versions, Sent(overdue=False, escalations=0))
    done = Reminder.objects.filter(follow_up__in=versions, stage__in=CLIMBED).exclude(state=ReminderState.WAITING)
    for key, stage, repeat, version in done.values_list("follow_up_id", "stage", "repeat", "version"):
        if version != versions[key]:
            continue
        was = sent[key]
        if stage == Stage.OVERDUE:
            sent[key] = was._replace(overdue=True)
        else:
            sent[key] = was._replace(escalations=max(was.escalations, repeat + 1))
    return sent


def _reminders(
    row: FollowUp, ladder: Ladder, calendar: worktime.Calendar, sent: Sent, now: datetime
) -> Iterable[Reminder]:
    """The steps that are still to come; where all have passed, the next time that the last one is said again."""
    rungs = [rung for rung in ladders.climb(ladder=ladder, due=row.promised_by, calendar=calendar) if rung.at >= now]
    if not rungs:
        later = ladders.course(ladder=ladder, due=row.promised_by, calendar=calendar, until=now + LOOKED_AHEAD)
        rungs = [rung for rung in later if rung.at >= now][:1]
    number = sent.escalations
    for rung in rungs:
        if rung.stage == Stage.OVERDUE and sent.overdue:
            continue
        repeat = 0 if rung.stage == Stage.OVERDUE else number
        number += rung.stage == Stage.ESCALATED
        yield Reminder(
            follow_up=row,
            stage=rung.stage,
            repeat=repeat,
            version=row.version,
            due_at=rung.at,
            ladder_step=rung.ladder_step,
        )
