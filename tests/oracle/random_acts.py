"""What else happens on a desk that never was: targets with their pauses, and merges by the product's own acts."""

from datetime import datetime, timedelta
from typing import Any

from followups import clocks as running
from followups import targets as pure
from followups.actions import closing, customers, handling, scheduling
from followups.errors import Refused
from followups.models import Actor, Customer, FollowUp, Pause, Rest, Target, TargetClock, Ticket

TICK = timedelta(hours=6)
GIVEN = {
    "first_response": (240, "working", ""),
    "next_update": (1440, "elapsed", ""),
    "resolution": (1440, "working", ""),
    "acknowledgement": (2880, "elapsed", "complaints"),
}


def targets(now: datetime) -> dict[str, Target]:
    return {
        kind: Target.objects.create(kind=kind, amount=amount, elapsing=elapsing, template=template, made_at=now)
        for kind, (amount, elapsing, template) in GIVEN.items()
    }


def clocks(world: Any, row: Ticket) -> None:
    """One or two that run for a ticket: it was parked, stopped, taken up again, or ended otherwise."""
    for kind in world.dice.sample(list(world.targets), world.dice.choice([1, 2])):
        at = row.opened_at + world.dice.randrange(4) * TICK
        clock = TargetClock.objects.create(
            ticket=row, target=world.targets[kind], kind=kind, started_at=at, due_at=at, changed_at=at
        )
        for _ in range(world.dice.choice([0, 0, 1, 2])):
            at = rested(world, clock, at)
        if world.dice.random() < 0.6:
            clock.stopped_at = at = world.instant(at, 6)
            clock.ended = world.dice.choice(["done", "done", "called_off"])
        clock.version, clock.changed_at = 2, at
        clock.save()
    for clock in TargetClock.objects.filter(ticket=row).select_related("target", "ticket"):
        clock.due_at = pure.due(running.pure([clock])[clock.pk])
        clock.save()


def rested(world: Any, clock: TargetClock, at: datetime) -> datetime:
    """Stopped and taken up again, or parked until she answered, it ended by itself, or somebody else was waited for."""
    start = world.instant(at, 3)
    end = world.instant(start, 3)
    if world.dice.random() < 0.4:
        Rest.objects.create(clock=clock, from_at=start, until_at=end, ended=world.dice.choice(["done", "called_off"]))
    else:
        reason = world.dice.choice(["customer", "customer", "third_party"])
        until = end + world.dice.choice([-1, 0, 2]) * TICK
        Pause.objects.create(
            ticket=clock.ticket,
            reason=reason,
            question="Which?",
            from_at=start,
            until_at=max(until, start + TICK),
            ended_at=end,
            by_name="Ada",
        )
    return end


def hand_overs(world: Any, step: FollowUp) -> None:
    """To a person, to the team, with the ticket to another team: before and after its dates. The world keeps its own
    record of whose it was from when on, and a later act at the same instant counts.
    """
    known = world.whose[step.pk] = [(step.promised_at, step.owner_id, step.team_id)]
    by = Actor("web", agent=world.people[1])
    for at in sorted(world.instant(step.promised_at, 16) for _ in range(world.dice.choice([0, 0, 1, 2, 3]))):
        team = world.dice.choice(world.teams)
        if world.dice.random() < 0.4:
            before = Ticket.objects.get(pk=step.ticket_id).team
            handling.change(ticket=step.ticket, changes={"team": team}, by=by, now=at)
            now_of = (known[-1][1], team.pk if team else None) if team != before else known[-1][1:]
        else:
            owner = world.dice.choice([None, *world.people])
            assert scheduling.assign(follow_up=step, owner=owner, team=team, by=by, now=at)
            now_of = (owner.pk if owner else None, team.pk if team else known[-1][2])
        known.append((at, *now_of))
    step.ticket.refresh_from_db()
    step.refresh_from_db()


def merges(world: Any) -> None:
    """Tickets found to be one, and customers."""
    by = Actor("web", agent=world.people[1])
    still_open = list(Ticket.objects.filter(state="open").order_by("pk"))
    for one in world.dice.sample(still_open, min(3, len(still_open))):
        other = world.dice.choice(world.tickets)
        back = one.reopenings.order_by("at").last()
        try:
            at = world.instant(max(one.opened_at, back.at) if back else one.opened_at, 60)
            closing.merge(ticket=one, into=Ticket.objects.get(pk=other.pk), by=by, now=at)
        except Refused:
            continue
    for _ in range(2):
        one, other = world.dice.sample(world.customers, 2)
        try:
            customers.merge(customer=one, into=other, by=by, now=world.instant())
        except Refused:
            continue
    world.customers = list(Customer.objects.filter(merged_into=None, is_demo=False).order_by("reference"))
