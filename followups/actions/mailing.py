"""Having a report sent by mail: set up, changed, paused, deleted, and sent once more now.

Whoever has it gets, each time, what they may see at that moment: the same question is asked anew in their name.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, time, timedelta

from django.conf import settings
from django.db import IntegrityError, transaction

from followups import worktime
from followups.actions import rhythms
from followups.errors import Forbidden, Invalid, Missing, Refused
from followups.models import Actor, Agent, Delivery, DeliveryKind, Mailing, Period, Rhythm, Role
from followups.reports import catalogue, windows

ASKED = ("by", "against", "window_days", "of", *windows.FILTERS)
READERS = (Role.AGENT, Role.SUPERVISOR, Role.ADMIN)
MOST = 20
PAUSE = timedelta(minutes=1)  # between two that are sent at once
LONGEST = 200  # of a word of the question
DUE, AT_ONCE = "report", "report-now"
STAMP = "%Y%m%dT%H%M%SZ"


@dataclass(frozen=True)
class Schedule:
    """When it is sent, and over which period it looks; `weekday` counts from Monday, 0."""

    period: str
    rhythm: str
    at: time
    zone: str
    weekday: int = 0
    day: int = 1

    def check(self) -> None:
        if self.period not in Period.values:
            raise Invalid("period", f"One of {', '.join(Period.values)}.", "unknown-choice")
        if self.rhythm not in Rhythm.values:
            raise Invalid("rhythm", f"One of {', '.join(Rhythm.values)}.", "unknown-choice")
        if not 0 <= self.weekday <= 6:
            raise Invalid("weekday", "A day of the week, from 0 (Monday) to 6.", "out-of-range")
        if not 1 <= self.day <= 31:
            raise Invalid("day", "A day of the month, from 1 to 31.", "out-of-range")
        if not worktime.is_zone(self.zone):
            raise Invalid("zone", "No such zone.", "unknown-zone")


def draft(*, report: str, words: Mapping[str, str], schedule: Schedule, by: Actor, now: datetime) -> Mailing:
    """An unsaved one, checked: it can be asked, and who asks may read it. Dates among the words are left out."""
    schedule.check()
    unknown = sorted(set(words) - set(windows.NAMES))
    if unknown:
        raise Invalid(unknown[0], f"Unknown parameter: {unknown[0]}.", "unknown-field")
    asked = {name: words[name] for name in ASKED if words.get(name)}
    for name, text in asked.items():
        if len(text) > LONGEST:
            raise Invalid(name, f"At most {LONGEST} characters.", "too-long")
    given = {"report": report, "asked": asked, "made_at": now, "settled_at": now, "look_at": now}
    mailing = Mailing(agent=_reader(by), **given, **asdict(schedule))
    question(mailing, now=now)
    return mailing


@transaction.atomic
def make(*, report: str, words: Mapping[str, str], schedule: Schedule, by: Actor, now: datetime) -> Mailing:
    """From its next due instant on it is sent to whoever made it."""
    mailing = draft(report=report, words=words, schedule=schedule, by=by, now=now)
    if not mailing.agent.email:
        raise Refused("no-address", "Enter your mail address under Your account first.")
    if Mailing.objects.filter(agent=mailing.agent).count() >= MOST:
        raise Refused("too-many", f"At most {MOST} reports by mail. Delete one first.")
    return _saved(mailing)


def _reader(by: Actor) -> Agent:
    if by.agent is None or by.role not in READERS:
        raise Forbidden("not-a-reader", "Reports by mail are for agents, supervisors and administrators.")
    return by.agent


def _saved(mailing: Mailing) -> Mailing:
    try:
        with transaction.atomic():
            mailing.save()
    except IntegrityError:
        raise Refused("already-there", "You have this very report by mail already.") from None
    return mailing


def question(mailing: Mailing, *, now: datetime) -> windows.Question:
    """What it asks at `now`, in the name and the bounds of whoever receives it.

    Raises `Refused` where that person may not, or cannot, ask it any more.
    """
    actor = Actor(door="clock", agent=mailing.agent)
    _reader(actor)
    catalogue.named(mailing.report)
    scope = windows.scope_of(actor)
    found = windows.question(words(mailing, now=now), now=now, zone=settings.DESK_ZONE, scope=scope)
    theirs = actor.team_ids if scope.agent_id is None else None
    if scope.team_ids is not None and theirs is not None and found.filters.team not in (None, *theirs):
        raise Invalid("team", f"{mailing.asked['team']} is not among your teams.", "not-yours")
    return found


def words(mailing: Mailing, *, now: datetime) -> dict[str, str]:
    """The words of the address of the very page that shows what is sent at `now`."""
    start, end = rhythms.span(mailing.period, now=now)
    dates = {"from": start, "to": end, "as_of": now}
    return mailing.asked | {
        name: f"{at.astimezone(UTC).replace(tzinfo=None).isoformat()}Z" for name, at in dates.items()
    }


@transaction.atomic
def change(*, mailing: Mailing, schedule: Schedule, by: Actor, now: datetime) -> Mailing:
    """Another hour, rhythm or period, from now on."""
    row = _own(mailing, by)
    schedule.check()
    for name, value in asdict(schedule).items():
        setattr(row, name, value)
    row.settled_at = row.look_at = now
    return _saved(row)


def _own(mailing: Mailing, by: Actor) -> Mailing:
    return _held(mailing, agent=by.agent)


def _managed(mailing: Mailing, by: Actor) -> Mailing:
    return _held(mailing) if by.role == Role.ADMIN else _own(mailing, by)


def _held(mailing: Mailing, **of: Agent | None) -> Mailing:
    row = Mailing.objects.select_for_update(no_key=True).filter(pk=mailing.pk, **of).first()
    if row is None:
        raise Missing("No such report by mail.")
    return row


@transaction.atomic
def pause(*, mailing: Mailing, by: Actor, now: datetime) -> Mailing:
    row = _managed(mailing, by)
    if row.paused_at is None:
        row.paused_at, row.why = now, ("" if row.agent_id == by.agent.pk else f"Paused by {by.name}.")
        row.save(update_fields=["paused_at", "why"])
    return row


@transaction.atomic
def resume(*, mailing: Mailing, by: Actor, now: datetime) -> Mailing:
    """Sent again from now on; what fell due meanwhile is not. Refused where it cannot be asked any more."""
    row = _own(mailing, by)
    question(row, now=now)
    row.paused_at, row.why, row.settled_at, row.look_at = None, "", now, now
    row.save(update_fields=["paused_at", "why", "settled_at", "look_at"])
    return row


@transaction.atomic
def remove(*, mailing: Mailing, by: Actor) -> None:
    _managed(mailing, by).delete()


def stop(*, mailing: Mailing, why: str, now: datetime) -> None:
    """The desk sends it no more, and says why."""
    Mailing.objects.filter(pk=mailing.pk, paused_at__isnull=True).update(paused_at=now, why=why[:300])


@transaction.atomic
def send_now(*, mailing: Mailing, by: Actor, now: datetime) -> Delivery:
    """One beside its rhythm, once a minute at most; one that is paused may be sent so too."""
    row = _own(mailing, by)
    question(row, now=now)
    if row.deliveries.filter(made_at__gt=now - PAUSE).exists():
        raise Refused("too-soon", "One is on its way. Wait a minute before the next one.")
    return Delivery.objects.create(key=_key(AT_ONCE, row, now), **letter(row, now=now))


def key_of(mailing: Mailing, at: datetime) -> str:
    """One letter for each instant at which it falls due."""
    return _key(DUE, mailing, at)


def _key(kind: str, mailing: Mailing, at: datetime) -> str:
    return f"{kind}:{mailing.pk}:{at.astimezone(UTC):{STAMP}}"


def due_of(delivery: Delivery) -> datetime | None:
    """The instant for which a letter was written; None for one that was asked for at once."""
    kind, _, rest = delivery.key.partition(":")
    return datetime.strptime(rest.rpartition(":")[2], STAMP).replace(tzinfo=UTC) if kind == DUE else None


def letter(mailing: Mailing, *, now: datetime) -> dict:
    """The fields of its delivery; what it says is asked just before it leaves."""
    return {
        "kind": DeliveryKind.REPORT,
        "agent": mailing.agent,
        "mailing": mailing,
        "address": mailing.agent.email,
        "made_at": now,
        "due_at": now,
    }
