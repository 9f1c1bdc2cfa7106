"""Ladders, rotas and spans of time in words."""

from collections.abc import Sequence
from typing import Any

from followups import ladders
from followups.models import Audience, Elapsing, Ladder

HEARERS = {
    Audience.OWNER: "the owner, or who promised it",
    Audience.TEAM: "everybody of the team at work",
    Audience.STAND_IN: "the owner's stand-in",
    Audience.SUPERVISORS: "the team's supervisors",
    Audience.LEAD: "the team's lead",
    Audience.MANAGER: "the team's manager",
}


def counted(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


def span(minutes: int, kind: str = Elapsing.ELAPSED) -> str:
    """90 working minutes are `1 working hour 30 minutes`."""
    hours, rest = divmod(minutes, 60)
    what = "working " if kind == Elapsing.WORKING else ""
    if not hours:
        return counted(rest, f"{what}minute")
    return counted(hours, f"{what}hour") + (f" {counted(rest, 'minute')}" if rest else "")


def short_span(minutes: int) -> str:
    """As it is typed: `2 h 30 min`."""
    hours, rest = divmod(minutes, 60)
    return " ".join([*([f"{hours} h"] if hours else []), *([f"{rest} min"] if rest or not hours else [])])


def hearer(step: Any) -> str:
    if step.audience == Audience.PERSON:
        return step.person.display_name if step.person else "a named person"
    if step.audience == Audience.ROTA:
        return f"who is on duty in {step.rota}" if step.rota else "who is on duty"
    if any(step is own for own in ladders.DEFAULT_STEPS) and step.audience == Audience.OWNER:
        return "the owner; of the team's own, everybody of the team at work"
    return HEARERS[step.audience]


def of_step(step: Any, *, first: bool) -> str:
    """`2 working hours after: the team's supervisors - app, mail; again every 4 working hours, 3 times, then each
    working day`.
    """
    begin = span(step.after_minutes, step.elapsing) if step.after_minutes else "at once"
    when = f"{begin} after the promised time" if first else f"{begin} after"
    if not step.after_minutes:
        when = "at the promised time"
    channels = ", ".join(["app", *step.channels]) if step.channels else "in the app"
    return f"{when}: {hearer(step)} \u2013 {channels}{_again(step)}"


def _again(step: Any) -> str:
    if not step.repeat_minutes:
        return ""
    times = "once" if step.repeats == 1 else f"{step.repeats} times"
    return f"; again every {span(step.repeat_minutes, step.elapsing)}, {times}, then each working day"


def of_steps(steps: Sequence[Any]) -> list[str]:
    return [of_step(step, first=place == 0) for place, step in enumerate(steps)]


def kind_of(ladder: Ladder) -> str:
    """Of which tickets: `priority high or urgent · family Billing`, or all the others."""
    parts = []
    if ladder.priorities:
        parts.append("priority " + " or ".join(ladder.priorities))
    if ladder.families:
        parts.append(("family " if len(ladder.families) == 1 else "families ") + " or ".join(ladder.families))
    return ", or ".join(parts) or "every other ticket"
