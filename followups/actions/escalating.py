"""What is told at once to the step of the ladder that follows the owner, without waiting for any clock: reopened twice,
no news twice, a promise broken.
"""

from collections.abc import Sequence
from datetime import datetime

from followups import ladders, notices, timeline
from followups.models import Actor, Agent, Audience, Event, FollowUp, LadderStep, NoticeKind, Ticket

REOPENED, NO_NEWS, BROKEN = "reopened", "no_news", "promise_broken"
REOPENINGS = 2
OWNERS = (Audience.OWNER, Audience.STAND_IN)


def at_once(ticket: Ticket, follow_up: FollowUp, *, why: str, text: str, by: Actor, now: datetime) -> None:
    """Tell and record it, once for each cause: a follow-up has each of them once. Never the one who did it."""
    told = Event.objects.filter(ticket=ticket, follow_up=follow_up, kind="follow_up.escalated", data__why=why)
    if told.exists():
        return
    people, step = _hearers(ticket, follow_up, now)
    others = [person for person in people if person != by.agent]
    notices.tell(
        others,
        kind=NoticeKind.REVIEW,
        text=text,
        now=now,
        ticket=ticket,
        follow_up=follow_up,
        step=step,
    )
    timeline.record("follow_up.escalated", by=by, now=now, ticket=ticket, follow_up=follow_up, why=why)


def broken(ticket: Ticket, follow_up: FollowUp, *, by: Actor, now: datetime) -> None:
    """A promise that she was told was broken: moved by us alone, or not kept."""
    text = f"A promise to the customer was broken on {ticket.number} {ticket.subject}: {follow_up.promise}"
    at_once(ticket, follow_up, why=BROKEN, text=text, by=by, now=now)


def reopened(ticket: Ticket, *, by: Actor, now: datetime) -> None:
    """A ticket opened again for the second time and each time after it; of its next step."""
    following = ticket.follow_ups.open().order_by("-created_at").first()
    if ticket.reopen_count >= REOPENINGS and following:
        text = f"Reopened {ticket.reopen_count} times: {ticket.number} {ticket.subject}."
        at_once(ticket, following, why=REOPENED, text=text, by=by, now=now)


def _hearers(ticket: Ticket, follow_up: FollowUp, now: datetime) -> tuple[list[Agent], LadderStep | None]:
    ladder = ladders.for_ticket(ticket)
    whose = ladders.Whose(follow_up.owner_id, follow_up.promiser_id, follow_up.team_id or ticket.team_id)
    steps = ladders.steps_of(ladder)
    crew = ladders.Crew([whose], at=now, steps=steps)
    place = _after_owner(steps)
    heard = crew.climbs(whose, steps, place) if place is not None else None
    people = heard.people if heard else crew.last_resort(whose, Audience.SUPERVISORS)
    step = steps[heard.place] if heard and ladder else None
    return list(Agent.objects.filter(pk__in=[person.id for person in people]).order_by("pk")), step


def _after_owner(steps: Sequence[LadderStep]) -> int | None:
    return next((place for place, step in enumerate(steps) if step.audience not in OWNERS), None)
