"""Who hears a batch of reminders: those of one stage, ladder and people together hear as one group."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from django.conf import settings
from django.db import DataError, connection, transaction

from followups import ladders
from followups.clock.due import Due
from followups.models import LadderStep, Stage

KNOWN_ZONES = {"UTC"}


class Group(NamedTuple):
    """Reminders that the same people hear: `step` is that of a ladder; without one `stage` says which."""

    stage: str
    step: int | None
    whose: ladders.Whose


@dataclass
class Climbs:
    """The steps that a batch has reached, with those of the same ladders: one query where there is any."""

    keys: set[int]
    by_id: dict[int, LadderStep] = field(init=False, default_factory=dict)
    of_ladder: dict[int, list[LadderStep]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        if self.keys:
            found = LadderStep.objects.filter(ladder__steps__in=self.keys).distinct()
            for step in found.order_by("position"):
                self.by_id[step.pk] = step
                self.of_ladder.setdefault(step.ladder_id, []).append(step)

    def reached(self, group: Group) -> tuple[Any, int]:
        """The steps of the group's ladder, and its place on it."""
        if group.step is None:
            return ladders.DEFAULT_STEPS, 0 if group.stage == Stage.OVERDUE else 1
        step = self.by_id[group.step]
        steps = self.of_ladder[step.ladder_id]
        return steps, steps.index(step)


class Hearing(NamedTuple):
    """Who hears a group. `step` is the one told in the place of the group's own, where nobody of that is there."""

    people: tuple[ladders.Person, ...]
    loud: bool
    step: LadderStep | None = None


class Audience:
    """All groups of a batch, read in a constant number of queries."""

    def __init__(self, rows: Iterable[Due], *, now: datetime) -> None:
        self.places: dict[Group, int] = {}
        self.of_row = {row.id: self.places.setdefault(_group(row), len(self.places)) for row in rows}
        self.climbs = Climbs({group.step for group in self.places if group.step})
        whose = {group.whose for group in self.places}
        self.crew = ladders.Crew(whose, at=now, steps=self.climbs.by_id.values())
        self.hearings = [self._hearing(group) for group in self.places]

    def _hearing(self, group: Group) -> Hearing:
        if group.stage in (Stage.AHEAD, Stage.DUE):
            return Hearing(self.crew.hears(group.whose), loud=False)
        steps, place = self.climbs.reached(group)
        heard = self.crew.climbs(group.whose, steps, place)
        step = steps[heard.place]
        return Hearing(heard.people, bool(step.channels), step if heard.why else None)

    def of(self, row: Due) -> Hearing:
        return self.hearings[self.of_row[row.id]]

    def hearers(self) -> list[dict]:
        """One line for each who hears a group, in order."""
        rows = zip(self.places, self.hearings, strict=True)
        return [
            {
                "grp": place,
                "recipient": person.id,
                "zone": readable(person.zone),
                "owner": self.crew.name(group.whose.owner) or "nobody in person",
                "to_route": person.pushes or hearing.loud,
            }
            for place, (group, hearing) in enumerate(rows)
            for person in hearing.people
        ]


def _group(row: Due) -> Group:
    """Whoever promised it is of no matter where there is an owner."""
    whose = ladders.Whose(row.owner, None if row.owner else row.promiser, row.team)
    return Group(row.stage, row.step, whose)


def readable(zone: str) -> str:
    """The zone, where the database knows it too: its list may be older than ours."""
    if zone not in KNOWN_ZONES:
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute("SELECT now() AT TIME ZONE %s", [zone])
        except DataError:
            return "UTC" if zone == settings.DESK_ZONE else readable(settings.DESK_ZONE)
        KNOWN_ZONES.add(zone)
    return zone
