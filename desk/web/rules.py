"""The rules of a team, each in a sentence with the place where it is changed."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.urls import NoReverseMatch, reverse

from desk.web import sentences
from followups import ladders
from followups.models import Ladder, Policy, Team


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
    return [*_of_policy(team, policy), _ladders(team)]


def _of_policy(team: Team | None, policy: Policy) -> Iterator[Rule]:
    own = bool(policy.team_id) if team else bool(policy.pk)
    here = place("policy", team)
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
