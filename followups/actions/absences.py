"""Absences: who is away from when until when, and who stands in; own shifts."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction

from followups import inputs
from followups.errors import Forbidden, Invalid, Missing
from followups.models import Absence, Actor, Agent, Role

LONGEST = timedelta(days=731)


def may_set(by: Actor, agent: Agent) -> bool:
    """People for themselves, supervisors for their teams, administrators for all."""
    own = by.agent is not None and by.agent.pk == agent.pk
    return own or by.role == Role.ADMIN or (by.supervises and bool(by.team_ids & agent.team_ids))


def _require(by: Actor, agent: Agent) -> None:
    if not may_set(by, agent):
        raise Forbidden("not-yours", "You can set this for yourself, and supervisors for their teams.")


@transaction.atomic
def save(
    *,
    agent: Agent,
    from_at: datetime,
    until_at: datetime,
    by: Actor,
    now: datetime,
    stand_in: Agent | None = None,
    reason: str = "",
) -> Absence:
    """One more absence in `[from_at, until_at)`. Two of one person never overlap."""
    _require(by, agent)
    inputs.instant("from_at", from_at)
    if inputs.instant("until_at", until_at) <= now:
        raise Invalid("until_at", "This time has passed.", "in-the-past")
    if from_at >= until_at:
        raise Invalid("until_at", "Must be later than the beginning.", "end-before-start")
    if until_at - from_at > LONGEST:
        raise Invalid("until_at", "At most two years.", "out-of-range")
    _check_stand_in(agent, stand_in)
    Agent.objects.select_for_update(no_key=True).get(pk=agent.pk)
    if agent.absences.between(from_at, until_at).exists():
        raise Invalid("from_at", "An absence in this time is entered already. Take it out first.", "overlap")
    return Absence.objects.create(
        agent=agent,
        from_at=from_at,
        until_at=until_at,
        stand_in=stand_in,
        reason=inputs.line("reason", reason, most=120),
    )


def _check_stand_in(agent: Agent, stand_in: Agent | None) -> None:
    if stand_in is None:
        return
    if stand_in.pk == agent.pk:
        raise Invalid("stand_in", "Somebody else.", "unknown-choice")
    if not stand_in.is_active or stand_in.role not in (Role.AGENT, Role.SUPERVISOR, Role.ADMIN):
        raise Invalid("stand_in", "This person cannot take follow-ups.", "unknown-owner")


@transaction.atomic
def drop(*, absence: Absence, by: Actor, now: datetime) -> None:
    """Back again: a running absence ends now, one to come is taken out. What is over stays as it was."""
    _require(by, absence.agent)
    row = Absence.objects.select_for_update().filter(pk=absence.pk, until_at__gt=now).first()
    if row is None:
        raise Missing("This absence is over.")
    _end(row, now)


def _end(row: Absence, now: datetime) -> None:
    if row.from_at >= now:
        row.delete()
    else:
        row.until_at = now
        row.save(update_fields=["until_at"])


@transaction.atomic
def set_away(*, agent: Agent, until: datetime | None, by: Actor, now: datetime) -> None:
    """Away from now until an instant, by whoever stands in already; None: back again."""
    _require(by, agent)
    if until and inputs.instant("until", until) <= now:
        raise Invalid("until", "This time has passed.", "in-the-past")
    Agent.objects.select_for_update(no_key=True).get(pk=agent.pk)
    running = agent.absences.select_for_update().at(now).first()
    if until is None:
        if running:
            _end(running, now)
        return
    later = agent.absences.between(now, until).exclude(pk=running.pk if running else None)
    if later.exists():
        raise Invalid("until", "Another absence begins before that. See the absences.", "overlap")
    if running:
        running.until_at = until
        running.save(update_fields=["until_at"])
    else:
        Absence.objects.create(agent=agent, from_at=now, until_at=until)


@transaction.atomic
def save_shifts(*, agent: Agent, week: Sequence | None, by: Actor) -> Agent:
    """The person's own weekly shifts; None: the team's hours hold. Nobody sets them for themselves but those who
    lead.
    """
    if not (by.role == Role.ADMIN or (by.supervises and bool(by.team_ids & agent.team_ids))):
        raise Forbidden("not-yours", "A supervisor of the team sets shifts.")
    row = Agent.objects.select_for_update(no_key=True).get(pk=agent.pk)
    row.week = None if week is None else inputs.week("week", week)
    row.save(update_fields=["week"])
    return row
