"""What changed that changes what figures mean: each act says it in words, in its own transaction."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from followups.models import Actor, Customer, Mark, MarkKind, Plan, Policy, Target, Team, TeamKind, Ticket

NAMED = 3
# The fields of a policy as they are called where they are set, and what the numbers among them count.
WORDS = {
    "sentence": ("the sentence", ""),
    "first_update_days": ("first news after", "working days"),
    "proposal_days": ("next promise after", "working days"),
    "high_proposal_days": ("next promise with high priority after", "working days"),
    "high_priorities": ("which priorities are high", ""),
    "window_minutes": ("length of a window", "minutes"),
    "daily_minutes": ("for follow-ups each day", "minutes"),
    "minutes_each": ("for each follow-up", "minutes"),
    "longest_days": ("furthest without her agreement", "working days"),
    "horizon_days": ("furthest for an agent", "days"),
    "contact_days": ("days on which a customer may be called", ""),
    "contact_from": ("from when a customer may be called", ""),
    "contact_until": ("until when a customer may be called", ""),
    "calls_a_day": ("in 24 hours at most", "calls"),
    "calls_a_week": ("in 7 days at most", "calls"),
    "review_no_news": ("a supervisor looks after", "calls without news"),
    "review_follow_ups": ("a supervisor looks after", "follow-ups"),
    "review_days": ("a supervisor looks after", "working days"),
}
HOURS = {"week": "working hours", "special_days": "days off", "zone": "time zone"}


def mark(
    what: str,
    *,
    kind: MarkKind,
    by: Actor,
    now: datetime,
    teams: Iterable[int] = (),
    spared: Iterable[int] = (),
    families: Iterable[str] = (),
) -> Mark:
    """Without teams or families it concerns all of them."""
    return Mark.objects.create(
        kind=kind,
        at=now,
        what=what[:1000],
        by=by.agent,
        by_name=by.name,
        teams=sorted(teams),
        spared=sorted(spared),
        families=sorted(set(families)),
    )


def whose(team: Team | None) -> str:
    return team.name if team else "The desk"


def _reach(team: Team | None) -> dict[str, Any]:
    return {"teams": [team.pk] if team else []}


def _reach_of_policy(team: Team | None, kind: MarkKind) -> dict[str, Any]:
    """The desk's own hours, and its rules, do not hold for a team that has some."""
    part = {"own_hours": True} if kind == MarkKind.HOURS else {"own_rules": True}
    own = [] if team else Policy.objects.filter(team__isnull=False, **part).values_list("team_id", flat=True)
    return _reach(team) | {"spared": own}


def category_moved(*, path: str, to: str, folded: bool, by: Actor, now: datetime) -> None:
    if path != to:
        what = f"The category {path} {'was folded into' if folded else 'is now'} {to}"
        families = [path.split("/", maxsplit=1)[0], to.split("/", maxsplit=1)[0]]
        mark(what, kind=MarkKind.CATEGORY, by=by, now=now, families=families)


def shared(*, customer: Customer, by: Actor, now: datetime) -> None:
    """Concerns the teams and families of her tickets. Who she is stands nowhere."""
    tickets = Ticket.objects.filter(customer=customer)
    places = [] if customer.is_demo else list(tickets.values_list("team_id", "category__family").distinct())
    if places:
        word = "now shared by several people, and left out" if customer.shared_account else "no longer shared"
        teams, families = {team for team, _ in places if team}, {family for _, family in places}
        what = f"The account of a customer is {word}"
        mark(what, kind=MarkKind.SHARED, by=by, now=now, teams=teams, families=families)


def team_kind(*, team: Team, by: Actor, now: datetime) -> None:
    word = TeamKind(team.kind).label.lower()
    mark(f"{team.name} counts as {word}", kind=MarkKind.TEAM, by=by, now=now, **_reach(team))


def policy(*, team: Team | None, before: Mapping[str, Any], after: Policy, by: Actor, now: datetime) -> None:
    """Says what differs from `before`: hours as such, numbers with both values."""
    changed = [name for name, value in before.items() if value != getattr(after, name)]
    if not changed:
        return
    told = [_change(name, before[name], getattr(after, name)) for name in changed]
    more = f" and {len(told) - NAMED} more" if len(told) > NAMED else ""
    kind = MarkKind.HOURS if changed[0] in HOURS else MarkKind.POLICY
    reach = _reach_of_policy(team, kind)
    mark(f"{whose(team)}: {'; '.join(told[:NAMED])}{more}", kind=kind, by=by, now=now, **reach)


def _change(name: str, old: Any, new: Any) -> str:
    if name in HOURS:
        return f"new {HOURS[name]}"
    word, unit = WORDS[name]
    return f"{word} {new} instead of {old} {unit}" if unit else f"{word} changed"


def policy_dropped(*, team: Team, word: str, by: Actor, now: datetime) -> None:
    """`word`: hours, rules."""
    kind = MarkKind.HOURS if word == "hours" else MarkKind.POLICY
    mark(f"{team.name} follows the desk's {word} again", kind=kind, by=by, now=now, **_reach(team))


def target(*, row: Target, old: Target | None, by: Actor, now: datetime) -> None:
    names = {*row.families, *(old.families if old else ())}
    families = names if row.families and (old is None or old.families) else ()
    word = "another target" if old else "a target"
    what = f"{whose(row.team)}: {word} for the {row.get_kind_display().lower()}"
    mark(what, kind=MarkKind.TARGET, by=by, now=now, families=families, **_reach(row.team))


def target_dropped(*, row: Target, by: Actor, now: datetime) -> None:
    what = f"{whose(row.team)}: no longer the target for the {row.get_kind_display().lower()}"
    mark(what, kind=MarkKind.TARGET, by=by, now=now, families=row.families, **_reach(row.team))


def rule(*, name: str, is_on: bool, team: Team | None, families: Iterable[str], by: Actor, now: datetime) -> None:
    what = f"{whose(team)}: the rule {name} {'holds' if is_on else 'holds no longer'}"
    mark(what, kind=MarkKind.TARGET, by=by, now=now, families=families, **_reach(team))


def plan(*, row: Plan, word: str, by: Actor, now: datetime) -> None:
    """`word`: new, changed, dropped."""
    what = f"{whose(row.team)}: the plan {row.name} is {word}"
    mark(what, kind=MarkKind.PLAN, by=by, now=now, families=row.families, **_reach(row.team))


def disclosure(*, is_on: bool, by: Actor, now: datetime) -> None:
    what = f"Figures per agent were switched {'on' if is_on else 'off'}"
    mark(what, kind=MarkKind.DISCLOSURE, by=by, now=now)
