"""What may be promised: the step as given or as the policy proposes it, checked against windows, caps and horizons."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from followups import inputs, ladders, worktime
from followups.actions import contacting, slots
from followups.errors import Invalid, Refused
from followups.models import (
    Actor,
    Agent,
    Audience,
    Contact,
    Customer,
    DoNotContact,
    FollowUp,
    Plan,
    Policy,
    Reached,
    Reminder,
    Role,
    Stage,
    Team,
    Ticket,
)

AHEAD_OF_WINDOW = timedelta(minutes=15)
AHEAD_OF_DUE = timedelta(minutes=60)
CALLS = contacting.CALLS


@dataclass(frozen=True)
class Step:
    """A next step as given: instants aware, `told` the contact in which it was said, True for the latest one, None
    for not yet. `reach_days`: the working days that its plan may reach without her agreement.
    """

    promised_by: datetime
    promised_from: datetime | None = None
    promise: str = ""
    zone: str = ""
    told: Contact | bool | None = None
    asked_contact: Contact | None = None
    owner: Agent | None = None
    team: Team | None = None
    channel: str = CALLS
    will_bring: str = ""
    voicemail_ok: bool = False
    by_policy: bool = False
    plan: Plan | None = None
    plan_position: int | None = None
    reach_days: int = 0


def proposals(
    *, ticket: Ticket, now: datetime, count: int = 6, first_update: bool = False, policy: Policy | None = None
) -> list[slots.Proposal]:
    """The next free slots for a ticket, by its team's policy."""
    return slots.propose(
        customer=ticket.customer,
        team=ticket.team,
        policy=policy or Policy.objects.of(ticket.team_id),
        now=now,
        priority=ticket.priority,
        first_update=first_update,
        count=count,
    )


def policy_step(*, ticket: Ticket, now: datetime, first_update: bool = False, policy: Policy | None = None) -> Step:
    """What the team's policy promises where nobody named a date; in writing, or for review, where she may not be
    called.
    """
    policy = policy or Policy.objects.of(ticket.team_id)
    channel = allowed_channel(ticket.customer)
    found = proposals(ticket=ticket, now=now, count=1, first_update=first_update, policy=policy)
    if not found:
        return in_writing(policy, now, "email" if channel == CALLS else channel, policy.proposal_days)
    slot = found[0]
    words = slots.sentence(policy, from_at=slot.from_at, by_at=slot.by_at, zone=slot.zone, channel=channel)
    return Step(
        promised_by=slot.by_at,
        promised_from=slot.from_at,
        promise=words,
        zone=slot.zone,
        channel=channel,
        by_policy=True,
    )


def in_writing(policy: Policy, now: datetime, channel: str, days: int) -> Step:
    """Where her hours and the team's never meet."""
    by_at = worktime.add_working_days(now, max(1, days), policy.calendar)
    zone = policy.local_zone
    words = slots.sentence(policy, from_at=None, by_at=by_at, zone=zone, channel=channel)
    return Step(promised_by=by_at, promise=words, zone=zone, channel=channel, by_policy=True)


def allowed_channel(customer: Customer | None) -> str:
    """A call, where she wants calls and no number of hers is known as wrong; else a mail, else a review."""
    if customer is None or (customer.do_not_contact != DoNotContact.ALL and not customer.phone_wrong_at):
        return CALLS
    return "email" if customer.email else "none"


def completed(ticket: Ticket, step: Step, policy: Policy) -> Step:
    """The step as it will be written: its words, its zone, its channel; what cannot be kept is refused by field."""
    check_window(step)
    check_contacts(ticket, told=step.told, asked_contact=step.asked_contact)
    zone = step.zone or (ticket.customer.zone if ticket.customer else "") or policy.local_zone
    if not worktime.is_zone(zone):
        raise Invalid("zone", "This is not a time zone. Write it like Europe/Berlin.", "unknown-zone")
    channel = inputs.word("channel", step.channel, most=40, required=True)
    return replace(
        step,
        zone=zone,
        channel=channel,
        promise=inputs.line("promise", step.promise, most=500)
        or slots.sentence(policy, from_at=step.promised_from, by_at=step.promised_by, zone=zone, channel=channel),
        will_bring=inputs.line("will_bring", step.will_bring, most=300),
    )


def check_window(step: Step) -> None:
    inputs.instant("promised_by", step.promised_by)
    if step.promised_from:
        inputs.instant("promised_from", step.promised_from)


def check_contacts(ticket: Ticket, **contacts: Contact | bool | None) -> None:
    """Each is of this ticket, or of hers and waits for its ticket; and nobody was told by a call that did not get
    through.
    """
    for field, contact in contacts.items():
        if not isinstance(contact, Contact):
            continue
        if not is_of(ticket, contact):
            raise Invalid(field, "This contact belongs to another ticket.", "foreign-contact")
        if contact.reached in (Reached.NO_ANSWER, Reached.WRONG_NUMBER):
            raise Invalid(field, "Nobody was reached in this contact.", "not-told")


def is_of(ticket: Ticket, contact: Contact) -> bool:
    if contact.ticket_id is None:
        return contact.customer_id is not None and contact.customer_id == ticket.customer_id
    return contact.ticket_id == ticket.pk


def check(ticket: Ticket, step: Step, policy: Policy, *, by: Actor, now: datetime) -> None:
    """Refuse a date that cannot be promised.

    A time that she asked for overrides window and caps, never a no to all calls.
    """
    if step.promised_by <= now:
        raise Invalid("promised_by", "This time has passed.", "in-the-past")
    if step.promised_from and step.promised_from > step.promised_by:
        raise Invalid("promised_from", "The window must start before it ends.", "from-after-by")
    if step.owner and not (step.owner.is_active and step.owner.role != Role.AUDITOR):
        raise Invalid("owner", "This person cannot take follow-ups.", "unknown-owner")
    _check_reach(ticket, step, policy, by=by, now=now)
    if step.channel == CALLS:
        _check_call(ticket, step, policy, by=by, now=now)


def _check_reach(ticket: Ticket, step: Step, policy: Policy, *, by: Actor, now: datetime) -> None:
    if step.promised_by > now + timedelta(days=policy.horizon_days) and not by.supervises:
        raise _not_then(ticket, now, "too-far", f"Further than {policy.horizon_days} days away: ask a supervisor.")
    agreed = bool(step.told or step.asked_contact)
    days = max(policy.longest_days, step.reach_days)
    if not agreed and not by.supervises and step.promised_by > _longest(policy, now, days):
        raise _not_then(ticket, now, "too-far", f"Without her agreement, at most {days} working days away.")


def _longest(policy: Policy, now: datetime, days: int) -> datetime:
    """The end of the last working day that may be promised without her agreement."""
    last = worktime.nth_working_day(worktime.to_wall(now, policy.local_zone).date(), days, policy.calendar)
    return worktime.to_instant(datetime.combine(last + timedelta(days=1), datetime.min.time()), policy.local_zone)


def _check_call(ticket: Ticket, step: Step, policy: Policy, *, by: Actor, now: datetime) -> None:
    customer = ticket.customer
    if customer and customer.do_not_contact == DoNotContact.ALL:
        raise _not_then(ticket, now, "do-not-contact", "She asked not to be called. Promise it in writing.")
    if step.asked_contact:
        return
    window = policy.window_of(customer)
    just_before = step.promised_by - timedelta(seconds=1)
    if not worktime.inside(just_before, window) or (
        step.promised_from and not worktime.inside(step.promised_from, window)
    ):
        said = f"Outside the hours in which she may be called: {contacting.hours(window, customer)}."
        raise _not_then(ticket, now, "outside-contact-window", said)
    calls = contacting.calls_of(customer, now=now)
    if contacting.free_of_caps(step.promised_by, calls, policy) != step.promised_by:
        free = [slot for slot in proposals(ticket=ticket, now=now, count=30) if _is_free(slot, calls, policy)]
        said = "She was called too often already. Another day, or in writing."
        raise Refused("caps", said, field="promised_by", proposed=[slot.by_at.isoformat() for slot in free[:3]])


def _is_free(slot: slots.Proposal, calls: Sequence[datetime], policy: Policy) -> bool:
    return contacting.free_of_caps(slot.by_at, calls, policy) == slot.by_at


def _not_then(ticket: Ticket, now: datetime, code: str, message: str) -> Refused:
    found = proposals(ticket=ticket, now=now, count=3)
    return Refused(code, message, field="promised_by", proposed=[slot.by_at.isoformat() for slot in found])


def unsaved(ticket: Ticket, step: Step, *, by: Actor, now: datetime) -> FollowUp:
    """The row of a completed step."""
    follow_up = FollowUp(
        ticket=ticket,
        owner=step.owner,
        team_id=step.team.pk if step.team else ticket.team_id,
        promiser=by.agent,
        promise=step.promise,
        will_bring=step.will_bring,
        promised_at=now,
        channel=step.channel,
        voicemail_ok=step.voicemail_ok,
        asked_contact=step.asked_contact,
        by_policy=step.by_policy,
        plan=step.plan,
        plan_position=step.plan_position,
        zone=step.zone,
        created_at=now,
        updated_at=now,
    )
    set_window(follow_up, step.promised_from, step.promised_by)
    return follow_up


def set_window(follow_up: FollowUp, from_at: datetime | None, by_at: datetime) -> None:
    """The instants, and the wall times as they were said."""
    follow_up.promised_from, follow_up.promised_by = from_at, by_at
    follow_up.wall_from = _wall(from_at, follow_up.zone) if from_at else ""
    follow_up.wall_by = _wall(by_at, follow_up.zone)


def _wall(instant: datetime, zone: str) -> str:
    return worktime.to_wall(instant, zone).isoformat(timespec="seconds")


def reminders_for(
    follow_up: FollowUp, policy: Policy, *, since: datetime, in_force: ladders.InForce | None = None
) -> list[Reminder]:
    """Unsaved reminders of the present date, on the ladder in force for the ticket.

    Stages that lie before `since` (made or moved) are never sent. `in_force`: read before, for many.
    """
    due = follow_up.promised_by
    ladder = ladders.for_ticket(follow_up.ticket, in_force) if policy.has_ladders else None
    ahead = follow_up.promised_from - AHEAD_OF_WINDOW if follow_up.promised_from else due - AHEAD_OF_DUE
    rungs = [
        ladders.Rung(Stage.AHEAD, 0, ahead, None, Audience.OWNER),
        ladders.Rung(Stage.DUE, 0, due, None, Audience.OWNER),
        *ladders.climb(ladder=ladder, due=due, calendar=policy.calendar),
    ]
    return [
        Reminder(
            follow_up=follow_up,
            stage=rung.stage,
            repeat=rung.repeat,
            version=follow_up.version,
            due_at=rung.at,
            ladder_step=rung.ladder_step,
        )
        for rung in rungs
        if rung.at >= since
    ]
