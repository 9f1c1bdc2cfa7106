"""Follow-ups: planned, told, moved, taken, handed over, acknowledged, called off.

Public verbs take the ticket's row first, then the follow-up's; every other act does the same, so that no two wait for
each other.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q

from followups import inputs, ladders, notices, timeline
from followups.actions import contacting, escalating, messages, promising, resting, slots
from followups.errors import Forbidden, Invalid, Outdated, Refused
from followups.models import (
    Actor,
    Agent,
    Contact,
    FollowUp,
    FollowUpState,
    Handover,
    Move,
    NoticeKind,
    Policy,
    Reached,
    Reminder,
    ReminderState,
    Role,
    Team,
    Ticket,
)

LEASE = timedelta(minutes=2)
SUPERSEDED = "Another step takes its place."


def hold(ticket_id: int, *others: int) -> Ticket:
    """The ticket's row as it stands, held until the transaction ends. Its customer is read when asked for: joined, she
    would be as she was before the wait.

    `others` are held with it, all in the order of their keys, so that no two acts wait for each other.
    """
    rows = Ticket.objects.select_for_update(no_key=True)
    if not others:
        return rows.get(pk=ticket_id)
    return {row.pk: row for row in rows.filter(pk__in=[ticket_id, *others]).order_by("pk")}[ticket_id]


def lock(follow_up: FollowUp, *others: int) -> tuple[Ticket, FollowUp]:
    """The rows as they stand, held until the transaction ends: the ticket first.

    Outdated where a merge has just taken the follow-up to another ticket, which must not be locked after it.
    """
    ticket = hold(follow_up.ticket_id, *others)
    row = FollowUp.objects.select_for_update(no_key=True).get(pk=follow_up.pk)
    if row.ticket_id != ticket.pk:
        raise Outdated("The ticket was merged into another one in the meantime. Look at it again.")
    row.ticket = ticket
    return ticket, row


def lock_open(follow_up: FollowUp, *others: int) -> tuple[Ticket, FollowUp]:
    ticket, row = lock(follow_up, *others)
    if not row.is_open:
        raise Refused("already-ended", "This follow-up has ended.")
    return ticket, row


@transaction.atomic
def schedule(*, ticket: Ticket, step: promising.Step, by: Actor, now: datetime) -> FollowUp:
    """Plan one more follow-up on an open ticket."""
    ticket = hold(ticket.pk)
    if not ticket.is_open:
        raise Refused("already-closed", "The ticket is closed. Reopen it to plan a follow-up.")
    follow_up = plan(ticket, step, by=by, now=now)
    _touch_ticket(ticket, now)
    return follow_up


def plan_by_policy(ticket: Ticket, *, by: Actor, now: datetime, first_update: bool = False) -> FollowUp:
    """What the team's policy promises, where nobody named a date."""
    policy = Policy.objects.of(ticket.team_id)
    step = promising.policy_step(ticket=ticket, now=now, first_update=first_update, policy=policy)
    return plan(ticket, step, by=by, now=now, policy=policy)


def plan(ticket: Ticket, step: promising.Step, *, by: Actor, now: datetime, policy: Policy | None = None) -> FollowUp:
    """Write a checked step with its reminders, inside the transaction of the act that needs it; the ticket's row is
    held.
    """
    policy = policy or Policy.objects.of(ticket.team_id)
    step = promising.completed(ticket, step, policy)
    if not step.by_policy:
        promising.check(ticket, step, policy, by=by, now=now)
    follow_up = promising.unsaved(ticket, step, by=by, now=now)
    if step.told:
        follow_up.told_at = now
        follow_up.told_contact = step.told if isinstance(step.told, Contact) else _latest_reached(ticket)
    follow_up.save(force_insert=True)
    Reminder.objects.bulk_create(promising.reminders_for(follow_up, policy, since=now))
    timeline.record(
        "follow_up.scheduled",
        by=by,
        now=now,
        ticket=ticket,
        follow_up=follow_up,
        promise=follow_up.promise,
        promised_by=follow_up.promised_by.isoformat(),
        told=bool(step.told),
        by_policy=step.by_policy,
    )
    messages.after_planning(follow_up=follow_up, by=by, now=now)
    return follow_up


def _latest_reached(ticket: Ticket) -> Contact | None:
    return ticket.contacts.filter(reached__in=[Reached.REACHED, Reached.WRITTEN]).order_by("-at").first()


def drop_reminders(follow_up: FollowUp, *, now: datetime) -> None:
    follow_up.reminders.filter(state=ReminderState.WAITING).update(state=ReminderState.DROPPED, handled_at=now)


def restore_reminders(follow_up: FollowUp, *, dropped_at: datetime) -> None:
    """Those of the present date that an act of that instant dropped wait again, however late they are by now."""
    dropped = follow_up.reminders.filter(state=ReminderState.DROPPED, version=follow_up.version, handled_at=dropped_at)
    dropped.update(state=ReminderState.WAITING, handled_at=None)


def end(follow_up: FollowUp, state: FollowUpState, *, by: Actor, now: datetime, **fields: Any) -> None:
    """Write the end of a held follow-up and drop its waiting reminders. `fields` are further columns of the end."""
    follow_up.state, follow_up.ended_at, follow_up.ended_by = state, now, by.agent
    for name, value in fields.items():
        setattr(follow_up, name, value)
    follow_up.taken_by = follow_up.taken_until = None
    save(follow_up, now)
    drop_reminders(follow_up, now=now)


def save(follow_up: FollowUp, now: datetime) -> None:
    follow_up.revision += 1
    follow_up.updated_at = now
    follow_up.save()


def _touch_ticket(ticket: Ticket, now: datetime) -> None:
    Ticket.objects.filter(pk=ticket.pk).update(revision=ticket.revision + 1, updated_at=now)


@transaction.atomic
def tell(*, follow_up: FollowUp, contact: Contact | None, by: Actor, now: datetime) -> FollowUp:
    """The customer was told: from now on it is a promise. Told again, the first time stands."""
    ticket, row = lock_open(follow_up)
    promising.check_contacts(ticket, contact=contact)
    if row.told_at is None:
        row.told_at, row.told_contact = now, contact or _latest_reached(ticket)
        save(row, now)
        timeline.record("follow_up.told", by=by, now=now, ticket=ticket, follow_up=row, promise=row.promise)
    return row


@transaction.atomic
def move(
    *,
    follow_up: FollowUp,
    step: promising.Step,
    reason: str,
    by: Actor,
    now: datetime,
    agreed_contact: Contact | None = None,
) -> FollowUp:
    """Another date. Without `step.promised_from` the window keeps its length.

    With her agreement before the old date it stays one promise. Moved by us alone, or once the date has passed, the
    first
    promise is broken, whatever happens on the new date.
    """
    ticket, row = lock_open(follow_up)
    policy = Policy.objects.of(ticket.team_id)
    promising.check_window(step)
    from_at = step.promised_from or _same_length(row, step.promised_by)
    wished = replace(
        step,
        promised_from=from_at,
        channel=row.channel,
        asked_contact=step.asked_contact,
        told=agreed_contact,
    )
    promising.check_contacts(ticket, agreed_contact=agreed_contact, asked_contact=step.asked_contact)
    promising.check(ticket, wished, policy, by=by, now=now)
    reason = inputs.line("reason", reason, most=300)
    Move.objects.create(
        follow_up=row,
        at=now,
        by=by.agent,
        by_name=by.name,
        from_from=row.promised_from,
        from_by=row.promised_by,
        to_from=from_at,
        to_by=step.promised_by,
        reason=reason,
        agreed=bool(agreed_contact),
        agreed_contact=agreed_contact,
    )
    if row.told_at and row.broken_by is None and (agreed_contact is None or now >= row.promised_by):
        row.broken_by = row.promised_by
    redate(row, from_at, step, policy, now=now)
    timeline.record(
        "follow_up.moved",
        by=by,
        now=now,
        ticket=ticket,
        follow_up=row,
        to=row.promised_by.isoformat(),
        reason=reason,
        agreed=bool(agreed_contact),
    )
    if row.broken_by:
        escalating.broken(ticket, row, by=by, now=now)
    messages.after_moving(follow_up=row, by=by, now=now)
    _touch_ticket(ticket, now)
    return row


def _same_length(row: FollowUp, by_at: datetime) -> datetime | None:
    return by_at - (row.promised_by - row.promised_from) if row.promised_from else None


def redate(row: FollowUp, from_at: datetime | None, step: promising.Step, policy: Policy, *, now: datetime) -> None:
    """Write another date of a held row, with reminders anew."""
    drop_reminders(row, now=now)
    row.version += 1
    row.stage = ""
    row.acknowledged_by = row.acknowledged_until = None
    row.asked_contact, row.try_at = step.asked_contact, None
    row.promise = _redated_words(row, from_at, step, policy)
    promising.set_window(row, from_at, step.promised_by)
    save(row, now)
    Reminder.objects.bulk_create(promising.reminders_for(row, policy, since=now))


def _redated_words(row: FollowUp, from_at: datetime | None, step: promising.Step, policy: Policy) -> str:
    """Words made by the policy name the date and are made anew; an agent's own words stay."""
    same = {"zone": row.zone, "channel": row.channel}
    if row.promise != slots.sentence(policy, from_at=row.promised_from, by_at=row.promised_by, **same):
        return row.promise
    return slots.sentence(policy, from_at=from_at, by_at=step.promised_by, **same)


@transaction.atomic
def take(*, follow_up: FollowUp, by: Actor, now: datetime) -> FollowUp:
    """Hold a follow-up for two minutes, so that two people do not call at once. Taking again prolongs it.

    A call is refused that must not be made now: `do-not-contact`, `caps`, `outside-contact-window`, with `proposed`.
    """
    ticket, row = lock_open(follow_up)
    if by.agent is None:
        raise Forbidden("needs-agent", "Only a person takes a follow-up.")
    if row.taken_until and row.taken_until > now and row.taken_by_id != by.agent.pk:
        raise Refused("taken", f"{row.taken_by.display_name} is on it right now.")
    if row.taken_by_id != by.agent.pk or not row.taken_until or row.taken_until <= now:
        contacting.require(row, Policy.objects.of(ticket.team_id), now=now)
        timeline.record("follow_up.taken", by=by, now=now, ticket=ticket, follow_up=row)
    row.taken_by, row.taken_until = by.agent, now + LEASE
    resting.by_act(ladders.TAKEN, ticket, row, by=by, now=now)
    save(row, now)
    return row


@transaction.atomic
def assign(
    *,
    follow_up: FollowUp,
    owner: Agent | None,
    by: Actor,
    now: datetime,
    team: Team | None = None,
    note: str = "",
) -> bool:
    """Hand over to a person or, with `owner` None, to the team.

    True where done; False where the supervisors were asked.
    """
    ticket, row = lock_open(follow_up)
    note = inputs.line("note", note, most=300)
    if owner and not (owner.is_active and owner.role != Role.AUDITOR):
        raise Invalid("owner", "This person cannot take follow-ups.", "unknown-owner")
    if not _may_assign(row, by):
        asked = f"{by.name} asks: hand {ticket.number} to {owner.display_name if owner else 'the team'}. {note}".strip()
        people = notices.supervisors_of(row.team_id)
        notices.tell(people, kind=NoticeKind.ASKED, text=asked, now=now, ticket=ticket, follow_up=row)
        return False
    keep_whose([row], now=now)
    row.owner, row.team = owner, team or row.team
    row.acknowledged_by = row.acknowledged_until = None
    save(row, now)
    timeline.record(
        "follow_up.assigned",
        by=by,
        now=now,
        ticket=ticket,
        follow_up=row,
        owner=owner.username if owner else "",
        note=note,
    )
    if owner and owner != by.agent:
        text = f"{by.name} handed you a follow-up on {ticket.number} {ticket.subject}. {note}".strip()
        notices.tell([owner], kind=NoticeKind.ASSIGNED, text=text, now=now, ticket=ticket, follow_up=row)
    return True


def keep_whose(rows: Iterable[FollowUp], *, now: datetime) -> None:
    """Write down whose these were before they go to others: what fell due until now counts there."""
    Handover.objects.bulk_create(
        Handover(follow_up=row, at=now, from_owner_id=row.owner_id, from_team_id=row.team_id) for row in rows
    )


def _may_assign(row: FollowUp, by: Actor) -> bool:
    if by.agent is None or by.supervises:
        return True
    return row.owner_id in (None, by.agent.pk)


@transaction.atomic
def acknowledge(*, follow_up: FollowUp, by: Actor, now: datetime) -> FollowUp:
    """Somebody is on it: the climb rests for four working hours, or as long as the ladder says."""
    ticket, row = lock_open(follow_up)
    if by.agent is None:
        raise Forbidden("needs-agent", "Only a person acknowledges a follow-up.")
    resting.acknowledged(ticket, row, by=by, now=now)
    save(row, now)
    timeline.record("follow_up.acknowledged", by=by, now=now, ticket=ticket, follow_up=row)
    return row


def supersede(ticket: Ticket, promise: FollowUp, *, by: Actor, now: datetime) -> None:
    """End what only the policy planned and nobody knows of: the step just made stands in its place.

    What she was told of stays, and what somebody made, owns or is on at this moment. The ticket's row is held.
    """
    unheard = ticket.follow_ups.open().filter(by_policy=True, told_at=None, owner=None, plan_position=None)
    others = unheard.exclude(pk=promise.pk).exclude(Q(taken_until__gt=now) & ~Q(taken_by=by.agent))
    for row in others.select_for_update(no_key=True).order_by("pk"):
        end(row, FollowUpState.CALLED_OFF, by=by, now=now, called_off_by="us", called_off_reason=SUPERSEDED)
        called_off = {"called_off_by": "us", "reason": SUPERSEDED, "replaced_by": str(promise.pk)}
        timeline.record("follow_up.called_off", by=by, now=now, ticket=ticket, follow_up=row, **called_off)


@transaction.atomic
def call_off(
    *,
    follow_up: FollowUp,
    called_off_by: str,
    reason: str,
    by: Actor,
    now: datetime,
    contact: Contact | None = None,
    next_step: promising.Step | None = None,
) -> FollowUp:
    """End a follow-up without doing it. The ticket keeps a next step: another open one, or `next_step`."""
    ticket, row = lock_open(follow_up)
    if called_off_by not in ("customer", "us"):
        raise Invalid("by", "Called off by the customer or by us.", "unknown-choice")
    if contact and not promising.is_of(ticket, contact):
        raise Invalid("contact", "This contact belongs to another ticket.", "foreign-contact")
    reason = inputs.line("reason", reason, most=300)
    end(
        row,
        FollowUpState.CALLED_OFF,
        by=by,
        now=now,
        called_off_by=called_off_by,
        called_off_reason=reason,
        ended_contact=contact,
    )
    timeline.record(
        "follow_up.called_off",
        by=by,
        now=now,
        ticket=ticket,
        follow_up=row,
        called_off_by=called_off_by,
        reason=reason,
    )
    if next_step:
        plan(ticket, next_step, by=by, now=now)
    elif not ticket.follow_ups.open().exists():
        raise Refused("needs-next-step", "Nothing else is planned. Plan the next step, or close the ticket.")
    _touch_ticket(ticket, now)
    return row
