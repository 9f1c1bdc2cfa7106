"""A call that is not to be made becomes writing, or a supervisor's review where she has no address."""

from datetime import datetime

from django.db import transaction

from followups import notices, timeline, worktime
from followups.actions import contacting, messages, promising, scheduling, slots
from followups.errors import Refused
from followups.models import Actor, Agent, Customer, FollowUp, Move, NoticeKind, Policy, Ticket

REVIEW = "none"
NO_CALLS = "She asked not to be called"


@transaction.atomic
def turn(*, follow_up: FollowUp, reason: str, by: Actor, now: datetime, review: bool = False) -> FollowUp:
    """Write instead of calling: by mail where she has an address; else, or with `review`, a supervisor looks at it.

    The date stands where it is still to come, else it is the next working day. Turned by us alone, a promise of a call
    is broken as by a move.
    """
    ticket, row = scheduling.lock_open(follow_up)
    if row.channel != contacting.CALLS:
        raise Refused("already-written", "This is no call any more.")
    channel = REVIEW if review else written_channel(ticket.customer)
    _turn(ticket, row, channel, reason=reason, agreed=False, by=by, now=now)
    messages.after_moving(follow_up=row, by=by, now=now)
    return row


def written_channel(customer: Customer | None) -> str:
    return "email" if customer and customer.email else REVIEW


def hold_tickets(*keys: object) -> None:
    """The open tickets of customers, held before her own row is: every act takes the ticket first."""
    rows = Ticket.objects.open().filter(customer__in=keys).select_for_update(no_key=True)
    list(rows.order_by("pk").values_list("pk", flat=True))


def turn_all(*, customer: Customer, by: Actor, now: datetime) -> list[FollowUp]:
    """She wants no calls: each open one becomes writing or a review, and its owner hears of it. Her tickets are held."""
    calls = FollowUp.objects.open().filter(ticket__customer=customer, channel=contacting.CALLS)
    rows = list(calls.select_for_update(no_key=True, of=["self"]).select_related("ticket__category").order_by("pk"))
    for row in rows:
        row.ticket.customer = customer
        _turn(row.ticket, row, written_channel(customer), reason=NO_CALLS, agreed=True, by=by, now=now)
        _tell_owner(row, by=by, now=now)
    return rows


def _turn(ticket: Ticket, row: FollowUp, channel: str, *, reason: str, agreed: bool, by: Actor, now: datetime) -> None:
    policy = Policy.objects.of(ticket.team_id)
    before = {"from_from": row.promised_from, "from_by": row.promised_by}
    if row.told_at and row.broken_by is None and not (agreed and now < row.promised_by):
        row.broken_by = row.promised_by
    ours = row.promise == slots.sentence(
        policy, from_at=row.promised_from, by_at=row.promised_by, zone=row.zone, channel=row.channel
    )
    row.channel = channel
    row.taken_by = row.taken_until = None
    from_at, by_at = _date(row, policy, now)
    if ours:
        row.promise = slots.sentence(policy, from_at=from_at, by_at=by_at, zone=row.zone, channel=channel)
    scheduling.redate(row, from_at, promising.Step(promised_by=by_at, channel=channel), policy, now=now)
    Move.objects.create(
        follow_up=row, at=now, by=by.agent, by_name=by.name, **before, to_from=from_at, to_by=by_at,
        reason=reason, agreed=agreed,
    )  # fmt: skip
    timeline.record(
        "follow_up.turned", by=by, now=now, ticket=ticket, follow_up=row, channel=channel, reason=reason, agreed=agreed
    )


def _date(row: FollowUp, policy: Policy, now: datetime) -> tuple[datetime | None, datetime]:
    if row.promised_by > now:
        return row.promised_from, row.promised_by
    return None, worktime.add_working_days(now, 1, policy.calendar)


def _tell_owner(row: FollowUp, *, by: Actor, now: datetime) -> None:
    """The owner, else who promised it, else the supervisors; never who has just said so."""
    whose = row.owner or row.promiser
    if whose and whose == by.agent:
        return
    people: list[Agent] = [whose] if whose and whose.is_active else notices.supervisors_of(row.ticket.team_id)
    what = "Write to her instead" if row.channel != REVIEW else "She has no address: decide what happens"
    text = f"{NO_CALLS}. {what}: {row.ticket.number} {row.ticket.subject}."
    notices.tell(people, kind=NoticeKind.CUSTOMER, text=text, now=now, ticket=row.ticket, follow_up=row)
