"""What is asked of a report: the period, the instant it looks from, the cut, the filter, and whose figures they are."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Count, Q

from followups import errors
from followups.models import Actor, Agent, Customer, Disclosure, Role, Team

CUTS = ("channel", "category", "family", "team", "site", "priority", "agent", "week", "month")
TIMES = ("week", "month")
OF = ("resolved", "unresolved", "all")
FILTERS = ("team", "channel", "category", "family", "priority", "customer")
AGAINST = ("before", "year")
NAMES = ("from", "to", "as_of", "window_days", "of", "by", "against", *FILTERS)
DAYS = timedelta(days=90)
YEARS = range(1900, 2200)
# In a smaller team a figure of one says too much about the others.
LARGE_TEAM = 5


@dataclass(frozen=True)
class Scope:
    """Whose figures: of these teams (None: all; `pool`: also of no team), or an agent's own."""

    team_ids: frozenset[int] | None = None
    pool: bool = False
    agent_id: int | None = None


@dataclass(frozen=True)
class Filters:
    team: int | None = None
    channel: str | None = None
    category: str | None = None
    family: str | None = None
    priority: str | None = None
    customer: UUID | None = None


@dataclass(frozen=True)
class Question:
    """The period is `[start, end)`; `as_of` cuts by when things happened. Instants are aware.

    `named` are the agents with a row of their own in a cut by agent; all others are one row without a name. `against`: the
    earlier period to stand beside this one, of the same length before it or of the same dates a year before.
    """

    start: datetime
    end: datetime
    as_of: datetime
    window_days: int = 7
    of: str = "resolved"
    by: str | None = None
    against: str | None = None
    zone: str = "UTC"
    filters: Filters = field(default_factory=Filters)
    scope: Scope = field(default_factory=Scope)
    named: tuple[int, ...] = ()

    @property
    def parameters(self) -> dict[str, Any]:
        """The named parameters of the SQL of the reports."""
        return {
            "start": self.start,
            "end": self.end,
            "as_of": self.as_of,
            "seconds": self.window_days * 86_400,
            "of": self.of,
            "zone": self.zone,
            "scope_teams": None if self.scope.team_ids is None else sorted(self.scope.team_ids),
            "scope_pool": self.scope.pool,
            "scope_agent": self.scope.agent_id,
            "named": list(self.named),
            **{name: getattr(self.filters, name) for name in FILTERS},
        }


def scope_of(actor: Actor) -> Scope:
    """Agents see their own numbers, supervisors their teams', admins and auditors all; a token's team narrows each."""
    narrowed = frozenset([actor.token.team_id]) if actor.token and actor.token.team_id else None
    if actor.agent is None:
        if actor.token is None:
            raise errors.Forbidden("forbidden", "Reports are for people who sign in and for tokens.")
        return Scope(team_ids=narrowed)
    if actor.role == Role.AGENT:
        return Scope(team_ids=narrowed, agent_id=actor.agent.pk)
    if actor.role == Role.SUPERVISOR:
        mine = actor.team_ids if narrowed is None else actor.team_ids & narrowed
        return Scope(team_ids=mine, pool=narrowed is None)
    return Scope(team_ids=narrowed)


def question(given: Mapping[str, str], *, now: datetime, zone: str, scope: Scope) -> Question:
    """What the words of a query string ask; an empty value is as none. Raises `Invalid` naming the word at fault.

    A date stands for its midnight in `zone`; an instant needs its offset. Nobody knows what will have happened: an as_of that
    has not come is `now`.
    """
    unknown = sorted(set(given) - set(NAMES))
    if unknown:
        raise errors.Invalid(unknown[0], f"Unknown parameter: {unknown[0]}.", code="unknown-field")
    words = {name: text for name, text in given.items() if text}
    as_of = min(_instant("as_of", words, zone) or now, now)
    end = _instant("to", words, zone) or as_of
    start = _instant("from", words, zone) or end - DAYS
    if start >= end:
        raise errors.Invalid("to", "The period must end after it starts.")
    return Question(
        start=start,
        end=end,
        as_of=as_of,
        window_days=_days(words.get("window_days", "7")),
        of=_one_of("of", words.get("of", "resolved"), OF),
        by=_cut(words.get("by")),
        against=_one_of("against", words["against"], AGAINST) if "against" in words else None,
        named=nameable(scope) if words.get("by") == "agent" else (),
        zone=zone,
        filters=_filters(words),
        scope=scope,
    )


def _instant(name: str, words: Mapping[str, str], zone: str) -> datetime | None:
    text = words.get(name)
    if text is None:
        return None
    try:
        found = date.fromisoformat(text) if _is_date(text) else datetime.fromisoformat(text.replace(" ", "+"))
    except ValueError:
        raise errors.Invalid(
            name, "A date (2026-03-31) or an instant with its offset (2026-03-31T00:00:00Z)."
        ) from None
    if isinstance(found, datetime) and found.tzinfo is None:
        raise errors.Invalid(name, "An instant needs its offset, such as Z or +02:00.", code="naive-instant")
    if found.year not in YEARS:
        raise errors.Invalid(name, "The year must lie between 1900 and 2199.", code="out-of-range")
    return found.astimezone(UTC) if isinstance(found, datetime) else midnight(found, ZoneInfo(zone))


def _is_date(text: str) -> bool:
    return bool(re.fullmatch(r"\d{4}-\d{2}-\d{2}", text, re.ASCII))


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """The first instant of the local day, in UTC."""
    return datetime.combine(day, time(), zone).astimezone(UTC)


def _days(text: str) -> int:
    if not re.fullmatch(r"\d{1,2}", text, re.ASCII) or not 1 <= int(text) <= 90:
        raise errors.Invalid("window_days", "A whole number of days from 1 to 90.", code="out-of-range")
    return int(text)


def _one_of(name: str, word: str, words: tuple[str, ...]) -> str:
    if word not in words:
        raise errors.Invalid(name, f"One of {', '.join(words)}.", code="unknown-choice")
    return word


def _cut(word: str | None) -> str | None:
    if word == "agent" and Disclosure.objects.present() is None:
        raise errors.Invalid("by", "Figures per agent are switched off at this desk.", code="unknown-choice")
    return _one_of("by", word, CUTS) if word else None


def nameable(scope: Scope) -> tuple[int, ...]:
    """Those whose own figures may be shown while that is switched on: who reads them, and members of large teams."""
    if scope.agent_id is not None:
        return (scope.agent_id,)
    large = Team.objects.annotate(size=Count("agents", filter=Q(agents__is_active=True))).filter(size__gte=LARGE_TEAM)
    if scope.team_ids is not None:
        large = large.filter(pk__in=scope.team_ids)
    members = Agent.objects.filter(teams__in=large.values("pk"))
    return tuple(members.order_by("pk").values_list("pk", flat=True).distinct())


def _filters(words: Mapping[str, str]) -> Filters:
    plain = {name: words.get(name) for name in ("category", "family", "priority", "channel")}
    for name, word in plain.items():
        if "\x00" in (word or ""):
            raise errors.Invalid(name, "Not a word.", code="forbidden-character")
    return Filters(team=_team(words.get("team")), customer=_customer(words.get("customer")), **plain)


def _team(name: str | None) -> int | None:
    if name is None:
        return None
    found = None if "\x00" in name else Team.objects.filter(name=name).values_list("pk", flat=True).first()
    if found is None:
        raise errors.Invalid("team", "No team of this name.", code="unknown")
    return found


def _customer(text: str | None) -> UUID | None:
    """By id or by reference, as the list of tickets has it."""
    if text is None:
        return None
    try:
        return UUID(text)
    except ValueError:
        found = None if "\x00" in text else Customer.objects.filter(reference=text).values_list("pk", flat=True).first()
    if found is None:
        raise errors.Invalid("customer", "No customer of this id or reference.", code="unknown")
    return found
