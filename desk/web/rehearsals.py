"""Who would hear what, when: a case as a form, and what the clock makes of it as lines and as a picture."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from operator import attrgetter
from typing import Any

from django import forms
from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse

from desk.web import rules, sentences
from desk.web.forms.ladders import named
from desk.web.forms.steps import DateInput, TimeInput
from followups import ladders, worktime
from followups.clock import rehearsal
from followups.errors import Refused
from followups.models import Agent, Category, Policy, Rota, Stage, Team

HAPPENINGS = [
    (rehearsal.CLOSED, "A ticket is closed as a dead end"),
    (rehearsal.DUE, "A promise falls due"),
]
CHANNELS = [("phone", "Phone"), ("email", "E-mail"), ("chat", "Chat"), ("letter", "Letter")]
TURNS_SHOWN = 6
WORDS = {
    Stage.AHEAD: "Coming up",
    Stage.DUE: "Due",
    Stage.OVERDUE: "Overdue",
    Stage.ESCALATED: "Escalated",
}


class CaseForm(forms.Form):
    """A moment of the team's own clock, and what happens then."""

    happening = forms.ChoiceField(
        label="What happens", choices=HAPPENINGS, widget=forms.RadioSelect(attrs={"class": "segmented"})
    )
    on = forms.DateField(label="Day", widget=DateInput(format="%Y-%m-%d"))
    at = forms.TimeField(label="Hour", widget=TimeInput(format="%H:%M"))
    promiser = forms.ChoiceField(label="Who promised it", required=False)
    priority = forms.CharField(label="Priority", required=False, max_length=60)
    family = forms.CharField(
        label="Family", required=False, max_length=120, widget=forms.TextInput(attrs={"list": "families"})
    )
    channel = forms.ChoiceField(label="Channel", choices=CHANNELS)
    zone = forms.CharField(
        label="Her zone",
        required=False,
        max_length=64,
        widget=forms.TextInput(attrs={"list": "zones", "autocomplete": "off"}),
    )

    def __init__(self, *args: Any, team: Team | None, policy: Policy, people: list[Agent], **kwargs: Any) -> None:
        super().__init__(*args, prefix="case", **kwargs)
        self.team, self.policy = team, policy
        self.people = {str(agent.pk): agent for agent in people}
        self.fields["promiser"].choices = [("", "Nobody in person"), *named(people)]
        self.fields["at"].help_text = f"In {policy.local_zone}."

    def clean_zone(self) -> str:
        zone = self.cleaned_data["zone"].strip()
        if zone and not worktime.is_zone(zone):
            raise forms.ValidationError("This is not a time zone. Write it like Europe/Berlin.")
        return zone

    def clean_on(self) -> Any:
        day = self.cleaned_data["on"]
        if not 2000 <= day.year <= 2090:
            raise forms.ValidationError("A year from 2000 to 2090.")
        return day

    @property
    def case(self) -> rehearsal.Case:
        given = self.cleaned_data
        wall = datetime.combine(given["on"], given["at"])
        return rehearsal.Case(
            at=worktime.to_instant(wall, self.policy.local_zone),
            happening=given["happening"],
            team=self.team,
            promiser=self.people.get(given["promiser"]),
            priority=given["priority"].strip(),
            family=given["family"].strip(),
            channel=given["channel"],
            zone=given["zone"],
        )


def form(request: HttpRequest, team: Team | None, *, data: Any, people: list[Agent] | None = None) -> CaseForm:
    """Unbound it shows this moment; bound without a moment of its own it means this moment."""
    policy = Policy.objects.of(team.pk if team else None)
    here = worktime.to_wall(request.now, policy.local_zone)
    usual = {
        "happening": rehearsal.CLOSED,
        "on": here.date(),
        "at": here.time().replace(second=0, microsecond=0),
        "channel": "phone",
    }
    people = members(team) if people is None else people
    return CaseForm(data, initial=usual, team=team, policy=policy, people=people)


def members(team: Team | None) -> list[Agent]:
    rows = Agent.objects.filter(is_active=True, role__in=["agent", "supervisor"])
    rows = rows.filter(teams=team) if team else rows
    return sorted(rows, key=lambda agent: agent.display_name.casefold())


def families() -> list[str]:
    return list(Category.objects.order_by("family").values_list("family", flat=True).distinct()[:50])


@dataclass(frozen=True)
class Row:
    """A mark on the line of time: when, what, who hears it and by which rule. `kind` is its look in the picture."""

    at: datetime
    what: str
    rule: str
    url: str = ""
    who: tuple[str, ...] = ()
    note: str = ""
    channels: tuple[str, ...] = ()
    kind: str = "mark"


@dataclass(frozen=True)
class Band:
    """Hours that rule what happens, as spans of instants."""

    label: str
    spans: tuple[worktime.Span, ...]


@dataclass(frozen=True)
class Shown:
    """What a case comes to, in the zone of the team."""

    rows: tuple[Row, ...]
    bands: tuple[Band, ...]
    zone: str
    promise: str
    goes_on: bool


def usual(team: Team | None, *, now: datetime) -> rehearsal.Case:
    """A ticket closed now as a dead end, by nobody in person."""
    return rehearsal.Case(at=now, team=team)


TROUBLE = (Refused, worktime.NoWorkingTime)


def of(case: rehearsal.Case, policy: Policy) -> Shown:
    """The case, played; raises one of `TROUBLE` where these rules lead to no promise."""
    played = rehearsal.play(case)
    rows = [
        *_beginning(case, played, policy),
        *(_row(line, nth, played, case.team, policy.local_zone) for line, nth in _counted(played.lines)),
        *(_aim(aim) for aim in played.aims),
        *(_plan(one, case.team) for one in played.coming),
    ]
    rows.sort(key=lambda row: row.at)
    return Shown(
        rows=tuple(rows),
        bands=tuple(_bands(rows, played, policy)),
        zone=policy.local_zone,
        promise=played.follow_up.promise,
        goes_on=played.goes_on,
    )


def _bands(rows: list[Row], played: rehearsal.Played, policy: Policy) -> Iterable[Band]:
    first, last = rows[0].at, rows[-1].at
    window = policy.window_of(played.follow_up.ticket.customer)
    hours = dict.fromkeys(window.days, ((window.start, window.end),))
    yield Band("Working hours", spans(first, last, policy.calendar))
    yield Band("She may be called", spans(first, last, worktime.Calendar(zone=window.zone, periods=hours)))


def spans(first: datetime, last: datetime, calendar: worktime.Calendar) -> tuple[worktime.Span, ...]:
    """The working spans of the days from `first` to `last`, the night before them included."""
    start = worktime.to_wall(first, calendar.zone).date() - timedelta(days=1)
    days = (worktime.to_wall(last, calendar.zone).date() - start).days + 1
    return tuple(span for day in range(days) for span in worktime.spans_on(start + timedelta(days=day), calendar))


def _beginning(case: rehearsal.Case, played: rehearsal.Played, policy: Policy) -> Iterable[Row]:
    rule, url = whose_policy(policy)
    if case.happening == rehearsal.CLOSED:
        yield Row(case.at, "Closed as a dead end: a promise instead", "The gate", kind="start")
    if played.follow_up.promised_from:
        yield Row(played.follow_up.promised_from, "Her window begins", rule, url, kind="window")


def whose_policy(policy: Policy) -> tuple[str, str]:
    if policy.team_id and policy.own_rules:
        return f"Policy of {policy.team}", reverse("policy-team", args=[policy.team_id])
    return "The desk's policy", reverse("policy")


def _counted(lines: Iterable[rehearsal.Line]) -> Iterable[tuple[rehearsal.Line, int]]:
    """In the order of their instants, whatever place of the ladder they are: each with how often it has escalated."""
    times = 0
    for line in sorted(lines, key=attrgetter("at")):
        times += line.stage == Stage.ESCALATED
        yield line, times


def _row(line: rehearsal.Line, nth: int, played: rehearsal.Played, team: Team | None, zone: str) -> Row:
    rule, url = _rule(line, played, team)
    return Row(
        at=line.at,
        what=_what(line, nth),
        rule=rule,
        url=url,
        who=tuple(agent.display_name for agent in line.people),
        note=_note(line, played),
        channels=("in the app", *_outside(line, zone)),
        kind=line.stage,
    )


def _aim(aim: rehearsal.Aim) -> Row:
    owner = aim.target.team
    return Row(
        at=aim.at,
        what=f"{aim.target}: {'missed' if aim.missed else 'warning'}",
        rule=f"Target of {owner}" if owner else "The desk's target",
        url=rules.place("targets", owner),
        who=tuple(agent.display_name for agent in aim.people),
        note="While nobody has reached her.",
        channels=("in the app",),
        kind="overdue" if aim.missed else "target",
    )


def _plan(one: rehearsal.Coming, team: Team | None) -> Row:
    step, place = one.step, one.place
    plan = step.plan
    return Row(
        at=step.promised_by,
        what=f"Next by the plan, {place.position} of {len(place.steps)}" if place else "A supervisor looks",
        rule=f"Plan {plan}" if plan else "The desk's own plan",
        url=rules.place("plans", plan.team if plan else team),
        who=(step.owner.display_name if step.owner else "the team",),
        note="Where the step before was kept and brought no remedy."
        + (f" {step.will_bring}" if step.will_bring else ""),
        kind="plan",
    )


def _outside(line: rehearsal.Line, zone: str) -> Iterable[str]:
    """`Mail at 09:30: Sam Whitaker`, by way and moment; another day is named."""
    ways: dict[tuple[datetime, str], list[str]] = {}
    for one in line.outside:
        ways.setdefault((one.at, f"{one.how}{', gathered,' if one.digest else ''}"), []).append(one.agent.display_name)
    for (at, how), names in sorted(ways.items()):
        here, there = worktime.to_wall(line.at, zone), worktime.to_wall(at, zone)
        day = "" if here.date() == there.date() else f"{there:%a} {there.day} {there:%b} "
        yield f"{how} {day}{there:%H:%M}: {', '.join(names)}"


def _what(line: rehearsal.Line, nth: int) -> str:
    again = line.stage == Stage.ESCALATED and nth > 1
    return WORDS[Stage(line.stage)] + (f", {rules.ordinal(nth)} time" if again else "")


def _rule(line: rehearsal.Line, played: rehearsal.Played, team: Team | None) -> tuple[str, str]:
    if line.step is None:
        return "The desk's own rule", ""
    if played.ladder is None:
        return "The desk's own ladder", reverse("ladders-team", args=[team.pk]) if team else reverse("ladders")
    owner = played.ladder.team_id
    return f"Ladder {played.ladder}", reverse("ladders-team", args=[owner]) if owner else reverse("ladders")


def _note(line: rehearsal.Line, played: rehearsal.Played) -> str:
    parts = []
    if line.away and played.follow_up.promiser:
        parts.append(f"{played.follow_up.promiser.display_name} is away.")
    if line.nobody:
        then = "It falls to the team." if line.at_last else "Straight on."
        parts.append(f"Nobody there: {', '.join(sentences.hearer(step) for step in line.nobody)}. {then}")
    return " ".join(parts)


def duty(rota: Rota, *, now: datetime) -> dict[str, Any]:
    """Who is on duty in the next turns, and the rota in words."""
    zone = rota.zone or settings.DESK_ZONE
    members = [row.agent for row in rota.members.all()]
    names = " – ".join(agent.display_name for agent in members)
    days = sentences.counted(rota.turn_days, "day")
    return {
        "zone": zone,
        "words": f"{names}; {days} each, handing over at {rota.hands_over_at:%H:%M} in {zone}.",
        "turns": _turns(rota, members, zone, now),
    }


def _turns(rota: Rota, members: list[Agent], zone: str, now: datetime) -> list[dict[str, Any]]:
    keys, names = [agent.pk for agent in members], {agent.pk: agent.display_name for agent in members}
    begun = max(0, (worktime.to_wall(now, zone).date() - rota.starts_on).days // rota.turn_days - 1)
    starts = [
        worktime.to_instant(
            datetime.combine(rota.starts_on + timedelta(days=turn * rota.turn_days), rota.hands_over_at), zone
        )
        for turn in range(begun, begun + TURNS_SHOWN + 3)
    ]
    turns = [
        {
            "from_at": start,
            "until_at": end,
            "now": start <= now < end,
            "who": names.get(ladders.on_duty(rota, keys, start) or 0, "nobody"),
        }
        for start, end in pairwise(starts)
        if end > now
    ]
    return turns[:TURNS_SHOWN]
