"""Targets are set: by administrators alone, each edit a new row, so that what runs keeps what it began with."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from followups import complaints, inputs
from followups.actions import categories, marking, scheduling, targeting
from followups.errors import Forbidden, Invalid, Refused
from followups.models import (
    OWN_KINDS,
    Actor,
    Elapsing,
    Role,
    Target,
    TargetClock,
    TargetKind,
    Team,
    Term,
    Ticket,
)

FIELDS = (
    "kind",
    "amount",
    "unit",
    "elapsing",
    "warn_before",
    "families",
    "priorities",
    "channels",
    "is_on",
    "template",
)
LISTS = {"families": 120, "priorities": 60, "channels": 40}
LONGEST = {Term.MINUTES: 525_600, Term.DAYS: 730, Term.WORKING_DAYS: 520, Term.MONTHS: 24}
LONGEST_WARNING = 40_320
WORDS = 30
DAY = 1440
RULE_WARNS = 3 * DAY
AT_ONCE = 500


def require_admin(by: Actor) -> None:
    if by.role != Role.ADMIN:
        raise Forbidden("not-an-admin", "Only an administrator may do this.")


@transaction.atomic
def save(
    *,
    target: Target | None,
    team: Team | None,
    changes: Mapping[str, Any],
    by: Actor,
    now: datetime,
    running: bool = False,
) -> Target:
    """A new target, or one in the place of `target`. `running`: the clocks of the old one take the new one too.

    Refuses by field what cannot be kept, and `replaced` where somebody changed it in the meantime.
    """
    require_admin(by)
    old = _held(target) if target else None
    begun = {name: getattr(old, name) for name in FIELDS} if old else {}
    row = Target(team=team, made_at=now, made_by=by.agent, **{**begun, **changes})
    check(row)
    row.save()
    marking.target(row=row, old=old, by=by, now=now)
    if old:
        _replace(old, now)
        if running:
            _hand_over(old, row, now=now)
    return row


def _held(target: Target) -> Target:
    row = Target.objects.select_for_update(no_key=True, of=["self"]).get(pk=target.pk)
    if row.replaced_at:
        raise Refused("replaced", "Somebody changed this target in the meantime. Look at it again.")
    return row


def _replace(row: Target, now: datetime) -> None:
    row.replaced_at = now
    row.save(update_fields=["replaced_at"])


def check(row: Target) -> None:
    """Refuse, by field, what no clock could run by; words are kept as they will be compared."""
    if row.kind not in TargetKind.values or (row.kind in OWN_KINDS) == bool(row.template):
        raise Invalid("kind", "Pick what is aimed at.", "unknown-choice")
    if row.unit not in Term.values or row.elapsing not in Elapsing.values:
        raise Invalid("unit", "Pick a measure of time.", "unknown-choice")
    if not 1 <= row.amount <= LONGEST[Term(row.unit)]:
        raise Invalid("amount", "At least 1, and at most two years.", "out-of-range")
    if not 0 <= row.warn_before <= LONGEST_WARNING:
        raise Invalid("warn_before", "At most four weeks before.", "out-of-range")
    for name, most in LISTS.items():
        setattr(row, name, _words(name, getattr(row, name), most))
    row.families = list(categories.families("families", row.families))


def _words(name: str, words: list[str], most: int) -> list[str]:
    found = [inputs.line(name, word, most=most) for word in words]
    if len(found) > WORDS:
        raise Invalid(name, f"At most {WORDS} words.", "too-many")
    return list(dict.fromkeys(word for word in found if word))


def _hand_over(old: Target, new: Target, *, now: datetime) -> int:
    """Batch by batch, the tickets first, as every act takes them; how many due instants moved."""
    moved, last = 0, 0
    running = TargetClock.objects.filter(target=old, stopped_at__isnull=True).order_by("ticket_id")
    while keys := list(running.filter(ticket_id__gt=last).values_list("ticket_id", flat=True).distinct()[:AT_ONCE]):
        last = keys[-1]
        scheduling.hold(*keys)
        rows = list(running.filter(ticket__in=keys).select_related("ticket"))
        for row in rows:
            row.target = new
        moved += targeting.redate(rows, now=now)
    return moved


@transaction.atomic
def remove(*, target: Target, by: Actor, now: datetime) -> None:
    """It holds for no ticket opened from now on; the clocks that run go on."""
    require_admin(by)
    row = _held(target)
    _replace(row, now)
    marking.target_dropped(row=row, by=by, now=now)


@transaction.atomic
def turn_on(*, template: str, team: Team | None, families: list[str], by: Actor, now: datetime) -> list[Target]:
    """Let a rule by name hold for tickets of these families; without families, where somebody applies it."""
    require_admin(by)
    if template not in complaints.BY_KEY:
        raise Invalid("template", "No rule of this name.", "unknown-choice")
    _off(template, team, now)
    found = complaints.BY_KEY[template]
    rows = [
        Target(team=team, made_at=now, made_by=by.agent, **of_step(template, step, families)) for step in found.steps
    ]
    for row in rows:
        check(row)
    marking.rule(name=found.name, is_on=True, team=team, families=families, by=by, now=now)
    return Target.objects.bulk_create(rows)


def of_step(template: str, step: complaints.Step, families: list[str]) -> dict[str, Any]:
    days = step.amount if step.unit != complaints.MONTHS else 30 * step.amount
    return {
        "kind": step.kind,
        "amount": step.amount,
        "unit": step.unit,
        "elapsing": Elapsing.ELAPSED,
        "warn_before": min(RULE_WARNS, days * DAY // 2),
        "families": families,
        "template": template,
    }


@transaction.atomic
def turn_off(*, template: str, team: Team | None, by: Actor, now: datetime) -> int:
    require_admin(by)
    if count := _off(template, team, now):
        name = complaints.BY_KEY[template].name
        marking.rule(name=name, is_on=False, team=team, families=(), by=by, now=now)
    return count


def _off(template: str, team: Team | None, now: datetime) -> int:
    return Target.objects.filter(team=team, template=template, replaced_at=None).update(replaced_at=now)


@transaction.atomic
def apply(*, ticket: Ticket, template: str, by: Actor, now: datetime) -> list[TargetClock]:
    """Let a rule that is on hold for this ticket, from its opening, with the letter as a follow-up.

    Refuses `already-closed`, `already-applied`, `not-on`.
    """
    ticket = scheduling.hold(ticket.pk)
    if not ticket.is_open:
        raise Refused("already-closed", "The ticket is closed.")
    if ticket.target_clocks.filter(target__template=template).exists():
        raise Refused("already-applied", "This rule runs on the ticket already.", field="template")
    started = targeting.apply_rule(ticket=ticket, template=template, by=by, now=now)
    if not started:
        raise Refused("not-on", "This rule is not on for the team.", field="template")
    return started
