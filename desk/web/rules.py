"""The rules of a team, each in a sentence with the place where it is changed."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import time
from itertools import groupby
from operator import itemgetter

from django.db.models import Q
from django.urls import NoReverseMatch, reverse

from desk.web import sentences
from followups import ladders
from followups.actions import planning, targeting
from followups.models import Category, Ladder, Listening, Policy, Target, Team, Term, Ticket


@dataclass(frozen=True)
class Rule:
    """`own`: set for this team; else what the desk says holds."""

    name: str
    says: tuple[str, ...]
    own: bool
    url: str


def place(name: str, team: Team | None) -> str:
    """Where it is changed for the team; nothing where the desk has no such page."""
    try:
        return reverse(f"{name}-team", args=[team.pk]) if team else reverse(name)
    except NoReverseMatch:
        return ""


def of(team: Team | None) -> list[Rule]:
    policy = Policy.objects.of(team.pk if team else None)
    return [*_of_policy(team, policy), _plan(team), _ladders(team), _targets(team), *_people()]


def _of_policy(team: Team | None, policy: Policy) -> Iterator[Rule]:
    is_set = bool(policy.team_id) if team else bool(policy.pk)
    own, here = is_set and policy.own_rules, place("policy", team)
    yield _hours(team, policy, is_set and policy.own_hours)
    yield Rule("What is promised", (promised(policy),), own, here)
    yield Rule("When a customer may be called", (calling(policy),), own, here)


def promised(policy: Policy) -> str:
    days = f"{ordinal(policy.proposal_days)} working day, with high priority the {ordinal(policy.high_proposal_days)}"
    return f"The {days}: a window of {sentences.span(policy.window_minutes)} at the hour of her call."


def calling(policy: Policy) -> str:
    names = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
    days = ", ".join(names[day] for day in sorted(policy.contact_days))
    hours = f"{policy.contact_from:%H:%M} to {policy.contact_until:%H:%M}"
    most = f"At most {policy.calls_a_day} in 24 hours, {policy.calls_a_week} in 7 days."
    return f"{days}, {hours} of her zone. {most}"


def ordinal(number: int) -> str:
    ending = "th" if 10 <= number % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}" if number else "same"


def _ladders(team: Team | None) -> Rule:
    rows = list(Ladder.objects.filter(team=team, replaced_at=None).prefetch_related("steps__person", "steps__rota"))
    usual = ladders.in_force(team_id=team.pk if team else None, priority="", family="")
    says = [sentence[0].upper() + sentence[1:] for sentence in sentences.of_steps(ladders.steps_of(usual))]
    if len(rows) > 1:
        says.append(f"{len(rows)} ladders, by kind of ticket.")
    return Rule("Who hears of what is overdue", tuple(says), bool(rows), place("ladders", team))


DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def _hours(team: Team | None, policy: Policy, own: bool) -> Rule:
    return Rule("Working hours", (working(policy), *special(policy)), own, place("calendar", team))


def working(policy: Policy) -> str:
    """`Mon-Fri 09:00-17:00, in Europe/Paris`: days of the same hours together."""
    periods = policy.calendar.periods
    groups = [(hours, [day for day, _ in days]) for hours, days in groupby(sorted(periods.items()), key=itemgetter(1))]
    parts = [f"{_span_of(days)} {' and '.join(_hour(*one) for one in hours)}" for hours, days in groups if hours]
    return f"{'; '.join(parts) or 'Never'}, in {policy.local_zone}."


def _span_of(days: list[int]) -> str:
    return DAYS[days[0]] if len(days) == 1 else f"{DAYS[days[0]]}\u2013{DAYS[days[-1]]}"


def _hour(start: time, end: time) -> str:
    return f"{start:%H:%M}\u2013{end:%H:%M}"


def special(policy: Policy) -> tuple[str, ...]:
    closed, other = len(policy.calendar.closed), len(policy.calendar.half)
    words = [f"closed on {sentences.counted(closed, 'day')}"] if closed else []
    words += [f"hours of their own on {sentences.counted(other, 'day')}"] if other else []
    return (f"{', '.join(words).capitalize()}.",) if words else ()


def _plan(team: Team | None) -> Rule:
    found = planning.in_force(Ticket(team=team, category=Category()))
    steps = planning.steps_of(found)
    gaps = ", ".join(str(step.gap_days) for step in steps)
    brings = [f"{step.position}: {step.will_bring}" for step in steps if step.will_bring]
    says = f"Again {gaps} working days after the last contact; then a supervisor looks."
    own = found is not None and (found.team_id is not None or team is None)
    return Rule("How often we come back", (says, *brings), own, place("plans", team))


def _targets(team: Team | None) -> Rule:
    rows = targeting.applying(team=team, priority="", family="")
    live = list(Target.objects.filter(Q(team=team) | Q(team=None), is_on=True, replaced_at=None))
    narrow = [row for row in live if row not in rows and (row.families or row.priorities or row.channels)]
    says = tuple(f"{row}: {amount(row)}." for row in rows)
    says += (f"{sentences.counted(len(narrow), 'target')} for certain tickets alone.",) if narrow else ()
    says = says or ("None is set.",)
    own = any(row.team_id is not None or team is None for row in (*rows, *narrow))
    return Rule("Targets", says, own, place("targets", team))


def amount(target: Target) -> str:
    if target.unit == Term.MINUTES:
        return sentences.span(target.amount, target.elapsing)
    word = {Term.DAYS: "day", Term.WORKING_DAYS: "working day", Term.MONTHS: "month"}[Term(target.unit)]
    return sentences.counted(target.amount, word)


def _people() -> Iterator[Rule]:
    quiet = Listening()
    hours = f"{quiet.quiet_from:%H:%M} to {quiet.quiet_until:%H:%M} and days off, unless somebody says otherwise."
    yield Rule("When people are left alone", (f"Outside the app: {hours}",), own=False, url=place("channels", None))
    yield Rule("Who is away", ("Their stand-in hears, else the team.",), own=False, url=place("absences", None))
