"""Whether a customer may be called at an instant: her hours, how often she was called, and whether she wants calls.

For calls only. Looked at when a call is planned, and again when its moment comes.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q

from followups import worktime
from followups.errors import Refused
from followups.models import Contact, Customer, Direction, DoNotContact, FollowUp, Policy

CALLS = "phone"
DAY, WEEK = timedelta(hours=24), timedelta(days=7)
AHEAD = timedelta(minutes=15)
AFTER = timedelta(hours=1)
ROUNDS = 40


@dataclass(frozen=True)
class Barrier:
    """What stands against a call. `code` is do-not-contact, caps or outside-contact-window; `next_at` (UTC) the first
    instant at which she may be called again, None where calls are over for good.
    """

    code: str
    message: str
    next_at: datetime | None
    zone: str


def calls_to(customers: Iterable[Any], *, now: datetime) -> dict[Any, list[datetime]]:
    """When each customer was called in the seven days to `now`, oldest first, by her key: one query."""
    keys = {key for key in customers if key}
    found: dict[Any, list[datetime]] = defaultdict(list)
    if keys:
        calls = Contact.objects.filter(customer__in=keys, direction=Direction.OUTBOUND, channel=CALLS)
        recent = calls.filter(at__gt=now - WEEK, at__lte=now).order_by("at")
        for key, at in recent.values_list("customer_id", "at"):
            found[key].append(at)
    return found


def calls_of(customer: Customer | None, *, now: datetime) -> list[datetime]:
    """When one customer was called in the seven days to `now`, oldest first."""
    return calls_to([customer.pk], now=now)[customer.pk] if customer else []


def free_of_caps(at: datetime, calls: Sequence[datetime], policy: Policy) -> datetime | None:
    """The first instant from `at` on at which one more call stays within both caps; None where calls are never allowed.

    Elapsed hours, so that a night of 25 of them frees nothing early.
    """
    if not (policy.calls_a_day and policy.calls_a_week):
        return None
    for span, most in ((DAY, policy.calls_a_day), (WEEK, policy.calls_a_week)):
        recent = [call for call in calls if call > at - span]
        if len(recent) >= most:
            at = recent[len(recent) - most] + span
    return at


def next_call(
    at: datetime, *, window: worktime.ContactWindow, policy: Policy, calls: Sequence[datetime]
) -> datetime | None:
    """The first instant from `at` on that lies in her hours and within the caps; None where there is none."""
    try:
        for _ in range(ROUNDS):
            free = free_of_caps(at, calls, policy)
            found = worktime.next_contactable(free, window) if free else None
            if found is None or found == at:
                return found
            at = found
    except worktime.NoWorkingTime:
        pass
    return None


def barrier(
    *, customer: Customer | None, policy: Policy, at: datetime, calls: Sequence[datetime], asked: bool = False
) -> Barrier | None:
    """What stands against a call at `at`. A time that she asked for (`asked`) overrides hours and caps, never a no to
    all calls.
    """
    window = policy.window_of(customer)
    if customer and customer.do_not_contact == DoNotContact.ALL:
        return Barrier("do-not-contact", "She asked not to be called. Promise it in writing.", None, window.zone)
    if asked:
        return None
    inside = worktime.inside(at, window)
    if inside and free_of_caps(at, calls, policy) == at:
        return None
    next_at = next_call(at, window=window, policy=policy, calls=calls)
    if not inside:
        said = f"Outside the hours in which she may be called: {hours(window, customer)}."
        return Barrier("outside-contact-window", _until(said, next_at, window, customer), next_at, window.zone)
    said = "She was called too often already."
    return Barrier("caps", _until(said, next_at, window, customer), next_at, window.zone)


def hours(window: worktime.ContactWindow, customer: Customer | None) -> str:
    """`09:00 to 20:00 in Europe/Paris`; says so where her zone is not known and the team's stands for it."""
    assumed = "" if customer and customer.zone else ", the team's zone, as hers is not known"
    return f"{window.start:%H:%M} to {window.end:%H:%M} in {window.zone}{assumed}"


def _until(said: str, next_at: datetime | None, window: worktime.ContactWindow, customer: Customer | None) -> str:
    if next_at is None:
        return f"{said} Write to her instead."
    local = worktime.to_wall(next_at, window.zone)
    whose = "her time" if customer and customer.zone else "the team's time"
    return f"{said} Again from {local:%a} {local.day} {local:%b %H:%M} {whose}."


def is_asked(follow_up: FollowUp, policy: Policy, at: datetime) -> bool:
    """Whether `at` belongs to a time that she asked for: from a quarter of an hour before it to an hour after. Then the
    ordinary rules hold again.
    """
    if follow_up.asked_contact_id is None:
        return False
    starts = follow_up.promised_from or follow_up.promised_by - timedelta(minutes=policy.window_minutes)
    return starts - AHEAD <= at <= follow_up.promised_by + AFTER


def moment_of(follow_up: FollowUp, now: datetime) -> datetime:
    """When the call is meant: now, or at the start of its window where that is still to come."""
    start = follow_up.promised_from or follow_up.promised_by - timedelta(seconds=1)
    return max(now, start)


def policies_of(teams: Iterable[int | None]) -> Callable[[int | None], Policy]:
    """The policy of each of these teams, by its key: one query."""
    found = Policy.objects.filter(Q(team_id__in=[key for key in teams if key]) | Q(team_id__isnull=True))
    rows = {row.team_id: row for row in found}
    desk = rows.get(None) or Policy()
    return lambda key: rows.get(key, desk)


def held_back(follow_ups: Sequence[FollowUp], *, now: datetime) -> dict[Any, Barrier]:
    """What stands against the open calls among these, by the key of the follow-up, at their moments: two queries.

    They carry their tickets with the customers.
    """
    calls = [row for row in follow_ups if row.is_open and row.channel == CALLS]
    if not calls:
        return {}
    made = calls_to((row.ticket.customer_id for row in calls), now=now)
    of_team = policies_of({row.ticket.team_id for row in calls})
    found = {
        row.pk: ahead(row, of_team(row.ticket.team_id), made.get(row.ticket.customer_id, ()), now=now) for row in calls
    }
    return {key: barrier for key, barrier in found.items() if barrier}


def ahead(follow_up: FollowUp, policy: Policy, calls: Sequence[datetime], *, now: datetime) -> Barrier | None:
    """What stands against an open call at its moment, by the calls made to her; nothing where it is none."""
    if not follow_up.is_open or follow_up.channel != CALLS:
        return None
    at, customer = moment_of(follow_up, now), follow_up.ticket.customer
    return barrier(customer=customer, policy=policy, at=at, calls=calls, asked=is_asked(follow_up, policy, at))


def against(follow_up: FollowUp, policy: Policy, *, now: datetime) -> Barrier | None:
    """What stands against making this call at `now`; nothing where it is no call. The follow-up carries its ticket."""
    if follow_up.channel != CALLS:
        return None
    customer = follow_up.ticket.customer
    calls, asked = calls_of(customer, now=now), is_asked(follow_up, policy, now)
    return barrier(customer=customer, policy=policy, at=now, calls=calls, asked=asked)


def require(follow_up: FollowUp, policy: Policy, *, now: datetime) -> None:
    """Refuse to begin a call that must not be made at `now`, with the instant from which it may."""
    found = against(follow_up, policy, now=now)
    if found:
        proposed = [found.next_at.isoformat()] if found.next_at else []
        raise Refused(found.code, found.message, proposed=proposed)
