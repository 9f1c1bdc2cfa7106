"""When to try again after a call that did not get through: later, another day at another hour, then in writing.

The proposals follow from the attempts alone, so that whoever looks sees the same ones.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from django.db import transaction

from followups import timeline, worktime
from followups.actions import contacting, promising, scheduling, slots, turning
from followups.models import Actor, Contact, DoNotContact, FollowUp, Policy, Reached

LATER = timedelta(hours=2)
SHORTEST = timedelta(minutes=30)
CALLED_OFTEN = 3
FAILED = (Reached.VOICEMAIL, Reached.NO_ANSWER, Reached.WRONG_NUMBER)
STEP = timedelta(minutes=30)

Spans = list[tuple[datetime, datetime]]
Free = Callable[[datetime], datetime | None]


def proposals(
    *, follow_up: FollowUp, now: datetime, policy: Policy | None = None, calls: Sequence[datetime] | None = None
) -> list[slots.Proposal]:
    """What to do next, the best first; never empty. After the third call in vain the message goes first; where she has
    no working number, or wants no calls, there are no calls among them. The follow-up carries its ticket.
    """
    ticket = follow_up.ticket
    policy, customer = policy or Policy.objects.of(ticket.team_id), ticket.customer
    written = in_writing(follow_up, policy, now)
    tried = list(follow_up.attempts.filter(reached__in=FAILED).order_by("at").values_list("at", flat=True))
    silent = customer and (customer.phone_wrong_at or customer.do_not_contact == DoNotContact.ALL)
    if follow_up.channel != contacting.CALLS or silent:
        return [written]
    calls = contacting.calls_of(customer, now=now) if calls is None else calls
    again = _again(tried or [now], policy, policy.window_of(customer), _free(calls, policy), now)
    found = [replace(each, her_zone_known=bool(customer and customer.zone)) for each in again]
    if len(tried) >= CALLED_OFTEN:
        return [written, *found[-1:]]
    return [*(found if len(tried) < 2 else found[-1:]), written]


def in_writing(follow_up: FollowUp, policy: Policy, now: datetime) -> slots.Proposal:
    """A message within the next hours of work, or a review where she has no address."""
    length = timedelta(minutes=policy.window_minutes)
    from_at = worktime.next_working_instant(now, policy.calendar)
    by_at = worktime.add_working(from_at, length, policy.calendar)
    channel = turning.written_channel(follow_up.ticket.customer)
    words = slots.sentence(policy, from_at=from_at, by_at=by_at, zone=policy.local_zone, channel=channel)
    return slots.Proposal(from_at, by_at, policy.local_zone, words, 0, 0, channel=channel)


def _free(calls: Sequence[datetime], policy: Policy) -> Free:
    return lambda at: contacting.free_of_caps(at, calls, policy)


def _again(
    tried: list[datetime], policy: Policy, window: worktime.ContactWindow, free: Free, now: datetime
) -> list[slots.Proposal]:
    """Two hours after the last call, and the next working day at the hour furthest from all that were tried."""
    last = worktime.to_wall(tried[-1], policy.local_zone).date()
    next_day = worktime.nth_working_day(last, 1, policy.calendar)
    pairs = [
        _first(max(tried[-1] + LATER, now), policy, window, free),
        _elsewhen(next_day, tried, policy, window, lambda at: free(at) if at > now else None),
    ]
    found = {pair[0]: pair for pair in pairs if pair}
    return [_call(from_at, by_at, policy, window) for from_at, by_at in found.values()]


def _call(from_at: datetime, by_at: datetime, policy: Policy, window: worktime.ContactWindow) -> slots.Proposal:
    words = slots.sentence(policy, from_at=from_at, by_at=by_at, zone=window.zone)
    return slots.Proposal(from_at, by_at, window.zone, words, 0, 0)


def _days(first: date, policy: Policy, window: worktime.ContactWindow) -> Iterator[tuple[date, Spans]]:
    for offset in range(slots.SEARCHED_DAYS):
        day = first + timedelta(days=offset)
        spans = slots.meeting(day, policy, window)
        if spans:
            yield day, spans


def _first(
    wished: datetime, policy: Policy, window: worktime.ContactWindow, free: Free
) -> tuple[datetime, datetime] | None:
    """The first window from `wished` on in her hours, the team's and the caps; at least half an hour of it is left."""
    length = timedelta(minutes=policy.window_minutes)
    day = worktime.to_wall(wished, policy.local_zone).date() - timedelta(days=1)
    for _, spans in _days(day, policy, window):
        for start, end in spans:
            allowed = free(max(wished, start))
            from_at = _quarter(max(allowed, start)) if allowed else end
            if min(end, from_at + length) - from_at >= min(SHORTEST, end - start):
                return from_at.astimezone(UTC), min(end, from_at + length).astimezone(UTC)
    return None


def _quarter(at: datetime) -> datetime:
    past = timedelta(minutes=at.minute % slots.QUARTER, seconds=at.second, microseconds=at.microsecond)
    return at + (timedelta(minutes=slots.QUARTER) - past) if past else at


def _elsewhen(
    first: date, tried: list[datetime], policy: Policy, window: worktime.ContactWindow, free: Free
) -> tuple[datetime, datetime] | None:
    """The window of the first such day whose hour lies furthest from those tried; the earlier of two alike."""
    length = timedelta(minutes=policy.window_minutes)
    hours = [_minutes(at, window.zone) for at in tried]
    for _, spans in _days(first, policy, window):
        starts = [(at, min(at + length, end)) for start, end in spans for at in _starts(start, end, length)]
        allowed = [(at, by_at) for at, by_at in starts if free(at) == at]
        if allowed:
            from_at, by_at = max(allowed, key=lambda pair: _distance(pair[0], hours, window.zone))
            return from_at.astimezone(UTC), by_at.astimezone(UTC)
    return None


def _distance(at: datetime, hours: list[int], zone: str) -> tuple[int, float]:
    """Minutes on her clock to the nearest hour tried; of two alike, the earlier is the greater."""
    return min(abs(_minutes(at, zone) - hour) for hour in hours), -at.timestamp()


def _starts(start: datetime, end: datetime, length: timedelta) -> Iterator[datetime]:
    at, last = start, max(start, end - length)
    while at <= last:
        yield at
        at += STEP


def _minutes(at: datetime, zone: str) -> int:
    wall = worktime.to_wall(at, zone)
    return wall.hour * 60 + wall.minute


@transaction.atomic
def choose(
    *, follow_up: FollowUp, proposal: slots.Proposal, by: Actor, now: datetime, last: Contact | None = None
) -> FollowUp:
    """Take one of the proposals. A call inside the promised time leaves the promise as it is and is only noted; a later
    one is a move by us alone; in writing, the call is turned.
    """
    why = f"{last.get_reached_display()}: trying again" if last else "Trying again"
    if proposal.channel != contacting.CALLS:
        return turning.turn(follow_up=follow_up, reason=why, by=by, now=now, review=proposal.channel == turning.REVIEW)
    if proposal.by_at > follow_up.promised_by:
        step = promising.Step(promised_by=proposal.by_at, promised_from=proposal.from_at)
        return scheduling.move(follow_up=follow_up, step=step, reason=why, by=by, now=now)
    ticket, row = scheduling.lock_open(follow_up)
    contacting.require(row, Policy.objects.of(ticket.team_id), now=max(proposal.from_at, now))
    row.try_at = proposal.from_at
    row.taken_by = row.taken_until = None
    scheduling.save(row, now)
    timeline.record("follow_up.retried", by=by, now=now, ticket=ticket, follow_up=row, try_at=row.try_at.isoformat())
    return row
