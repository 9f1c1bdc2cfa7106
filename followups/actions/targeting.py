"""Targets run: their clocks start with a ticket, stop with what was aimed at, and run on where an end is taken back.

Each hook is called inside the transaction of its act, which holds the ticket's row. Where the desk has no target a hook
costs one query, and writes nothing.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, time, timedelta

from django.db import connection
from django.db.models import Q

from followups import clocks, complaints, targets, worktime
from followups.actions import promising, scheduling
from followups.models import (
    Actor,
    ClockEnd,
    Closure,
    Contact,
    Direction,
    FollowUp,
    Outcome,
    Policy,
    Reached,
    Rest,
    Target,
    TargetClock,
    TargetKind,
    Team,
    Ticket,
    Why,
)

CONNECTED = (Reached.REACHED, Reached.WRITTEN)
LETTER_WORKING_DAYS = 2
WAIVED = "waived"
# What stays owed where the ticket ends without a remedy: it counts as missed, and nobody is reminded of it.
STAYS_OWED = (TargetKind.RESOLUTION, TargetKind.ACKNOWLEDGEMENT, TargetKind.FINAL_ANSWER)

REDATED = ("id", "due_at", "next_at", "version", "changed_at", "warned_at", "breached_at")
REDATE = """
UPDATE followups_targetclock AS clock
SET due_at = new.due_at, next_at = new.next_at, version = new.version, changed_at = new.changed_at,
    warned_at = new.warned_at, breached_at = new.breached_at
FROM unnest(%s::bigint[], %s::timestamptz[], %s::timestamptz[], %s::int[], %s::timestamptz[], %s::timestamptz[],
    %s::timestamptz[]) AS new (id, due_at, next_at, version, changed_at, warned_at, breached_at)
WHERE clock.id = new.id
"""


def applying(*, team: Team | None, priority: str, family: str, channel: str | None = None) -> list[Target]:
    """The targets that hold for a ticket opened now, one of each kind, and the rules that hold by its family."""
    rows = in_force(team.pk if team else None)
    return chosen(rows, priority=priority, family=family, channel=channel)


def in_force(team_id: int | None) -> list[Target]:
    """Those of the team and the desk's own, as they stand: one query."""
    return list(Target.objects.filter(Q(team_id=team_id) | Q(team_id=None), replaced_at=None).order_by("id"))


def chosen(rows: Iterable[Target], *, priority: str, family: str, channel: str | None) -> list[Target]:
    """Of each kind the first that fits: the team's before the desk's, those that name more before those that name
    less.
    """
    found: dict[tuple[str, str], Target] = {}
    for row in sorted(rows, key=_rank):
        by_itself = not row.template or row.families
        if by_itself and row.fits(priority=priority, family=family, channel=channel):
            found.setdefault((row.kind, row.template), row)
    return [row for row in found.values() if row.is_on]


def _rank(row: Target) -> tuple[bool, int, int]:
    return row.team_id is None, -sum(map(bool, (row.families, row.priorities, row.channels))), row.pk


def on_opening(ticket: Ticket, *, by: Actor, now: datetime) -> list[TargetClock]:
    """A ticket was born here: what holds for it starts with it."""
    rows = in_force(ticket.team_id)
    return _start_all(ticket, _of(ticket, rows), at=ticket.opened_at, by=by, now=now) if rows else []


def _of(ticket: Ticket, rows: Iterable[Target]) -> list[Target]:
    return chosen(rows, priority=ticket.priority, family=ticket.category.family, channel=ticket.channel)


def _start_all(ticket: Ticket, rows: Iterable[Target], *, at: datetime, by: Actor, now: datetime) -> list[TargetClock]:
    rows = list(rows)
    if not rows:
        return []
    calendar = Policy.objects.of(ticket.team_id).calendar
    return [_start(ticket, row, calendar, at=at, by=by, now=now) for row in rows]


def _start(
    ticket: Ticket, target: Target, calendar: worktime.Calendar, *, at: datetime, by: Actor, now: datetime
) -> TargetClock:
    """One that begins in the past tells nothing of what has passed already."""
    found = clocks.start(target, at, calendar)
    row = TargetClock(ticket=ticket, target=target, kind=target.kind, started_at=at, changed_at=now)
    row.due_at = targets.due(found)
    row.next_at = _next_at(row, found, since=now)
    if target.kind == TargetKind.FINAL_ANSWER:
        row.letter = _plan_letter(ticket, row, calendar, by=by, now=now)
    row.save(force_insert=True)
    return row


def _next_at(row: TargetClock, found: targets.Clock, *, since: datetime) -> datetime | None:
    """What the sweep has to tell next of this due instant, or None."""
    if row.stopped_at or row.breached_at:
        return None
    marks = [row.due_at] if row.warned_at else [clocks.warn_at(found, row.target), row.due_at]
    return next((at for at in marks if at >= since), None)


def _plan_letter(
    ticket: Ticket, row: TargetClock, calendar: worktime.Calendar, *, by: Actor, now: datetime
) -> FollowUp:
    """The written answer as a next step of the team, two working days before the end where there is room."""
    template = complaints.BY_KEY[row.target.template]
    step = promising.Step(
        promised_by=_letter_by(row.due_at, calendar, now=now),
        promise=template.letter,
        zone=calendar.zone,
        channel="email" if ticket.customer and ticket.customer.email else "letter",
        will_bring=f"{template.name}: {template.source}"[:300],
        by_policy=True,
    )
    return scheduling.plan(ticket, step, by=by, now=now)


def _letter_by(due_at: datetime, calendar: worktime.Calendar, *, now: datetime) -> datetime:
    """The end of work some working days before the last day; at the latest when it is due, and never in the past."""
    day = worktime.to_wall(due_at - timedelta(seconds=1), calendar.zone).date()
    left = LETTER_WORKING_DAYS
    for _ in range(60):
        day -= timedelta(days=1)
        left -= worktime.is_working_day(day, calendar)
        if not left:
            break
    closes = max((end for _, end in worktime.periods_on(day, calendar)), default=time(12))
    wished = worktime.to_instant(datetime.combine(day, closes), calendar.zone)
    soonest = worktime.add_working(now, timedelta(hours=1), calendar)
    return max(min(max(wished, soonest), due_at), now + timedelta(hours=1))


def on_contact(ticket: Ticket, contact: Contact, *, by: Actor, now: datetime) -> None:
    """We reached her or wrote to her: the first response is given, and the time to the next update begins anew."""
    if contact.direction != Direction.OUTBOUND or contact.reached not in CONNECTED or not Target.objects.exists():
        return
    running = _held(ticket)
    for row in running:
        if contact.at >= row.started_at and _answers(row, contact):
            _stop(row, contact.at, ClockEnd.DONE)
    _correct_first(ticket, contact)
    updates = [row for row in running if row.kind == TargetKind.NEXT_UPDATE]
    if ticket.is_open and (not updates or updates[0].stopped_at):
        rows = [row for row in _of(ticket, in_force(ticket.team_id)) if row.kind == TargetKind.NEXT_UPDATE]
        _start_all(ticket, rows, at=contact.at, by=by, now=now)


def _answers(row: TargetClock, contact: Contact) -> bool:
    if row.kind in (TargetKind.FIRST_RESPONSE, TargetKind.NEXT_UPDATE):
        return True
    if contact.reached != Reached.WRITTEN:
        return False
    if row.kind == TargetKind.ACKNOWLEDGEMENT:
        return True
    return row.kind == TargetKind.FINAL_ANSWER and row.letter_id == contact.follow_up_id is not None


def _correct_first(ticket: Ticket, contact: Contact) -> None:
    """A contact written down late may be the earlier one."""
    first = TargetClock.objects.filter(
        ticket=ticket, kind=TargetKind.FIRST_RESPONSE, by_closing=False, stopped_at__gt=contact.at
    )
    first.filter(started_at__lte=contact.at).update(stopped_at=contact.at)


def _held(ticket: Ticket) -> list[TargetClock]:
    rows = TargetClock.objects.filter(ticket=ticket, stopped_at__isnull=True)
    found = list(rows.select_for_update(no_key=True, of=["self"]).select_related("target").order_by("pk"))
    for row in found:
        row.ticket = ticket
    return found


def _stop(row: TargetClock, at: datetime, ended: ClockEnd, *, by_closing: bool = False) -> None:
    row.stopped_at, row.ended, row.by_closing, row.next_at = at, ended, by_closing, None
    row.save()


def on_closing(ticket: Ticket, *, outcome: str, why: str = "", now: datetime) -> None:
    """A resolution is what all of them wait for but the next update, which is owed no longer. A customer who gave up,
    or a waiver, stops none that stays owed; another end calls them off.
    """
    without_remedy = outcome == WAIVED or why == Why.GAVE_UP
    for row in _held(ticket):
        if without_remedy and row.kind in STAYS_OWED:
            row.next_at = None
            row.save(update_fields=["next_at"])
            continue
        done = outcome == Outcome.RESOLVED and row.kind != TargetKind.NEXT_UPDATE
        _stop(row, now, ClockEnd.DONE if done else ClockEnd.CALLED_OFF, by_closing=True)


def on_undone(ticket: Ticket, closure: Closure, *, now: datetime) -> None:
    """The closing never happened: what it stopped runs as before."""
    stopped = Q(by_closing=True, stopped_at=closure.at) | Q(stopped_at__isnull=True)
    rows = list(TargetClock.objects.filter(stopped, ticket=ticket).select_related("target").order_by("pk"))
    for row in rows:
        row.ticket, row.stopped_at, row.ended, row.by_closing = ticket, None, "", False
    redate(rows, now=now)


def on_reopening(ticket: Ticket, *, by: Actor, now: datetime) -> None:
    """What the end stopped runs on, with the time used; the next update begins anew, and so does what never ran."""
    if not Target.objects.exists():
        return
    ended = Q(by_closing=True) & ~Q(kind=TargetKind.NEXT_UPDATE)
    mine = TargetClock.objects.filter(ended | Q(stopped_at__isnull=True), ticket=ticket)
    rows = list(mine.select_related("target", "letter").order_by("pk"))
    calendar = Policy.objects.of(ticket.team_id).calendar
    for row in rows:
        row.ticket = ticket
        if row.stopped_at:
            Rest.objects.create(clock=row, from_at=row.stopped_at, until_at=now, ended=row.ended)
            row.stopped_at, row.ended, row.by_closing = None, "", False
        if row.letter and not row.letter.is_open:
            row.letter = _plan_letter(ticket, row, calendar, by=by, now=now)
    redate(rows, now=now)
    known = set(ticket.target_clocks.exclude(kind=TargetKind.NEXT_UPDATE).values_list("kind", flat=True))
    wanted = [row for row in _of(ticket, in_force(ticket.team_id)) if row.kind in _begun_again(known)]
    _start_all(ticket, wanted, at=now, by=by, now=now)


def _begun_again(known: set[str]) -> set[str]:
    """The first response is to the opening alone, never to a reopening."""
    return {TargetKind.NEXT_UPDATE, *({TargetKind.RESOLUTION} - known)}


def on_change(ticket: Ticket, *, by: Actor, now: datetime) -> None:
    """Another priority, family or team: what runs takes the target that holds now, and keeps the time used."""
    if not Target.objects.exists():
        return
    rows = _held(ticket)
    holding = {(row.kind, row.template): row for row in _of(ticket, in_force(ticket.team_id))}
    for row in rows:
        row.target = holding.get((row.kind, row.target.template), row.target)
    redate(rows, now=now)
    if ticket.is_open and not ticket.import_digest:
        begun = set(ticket.target_clocks.values_list("target__template", flat=True))
        rules = [row for row in holding.values() if row.template and row.template not in begun]
        _start_all(ticket, rules, at=ticket.opened_at, by=by, now=now)


def apply_rule(*, ticket: Ticket, template: str, by: Actor, now: datetime) -> list[TargetClock]:
    """Start the clocks of a rule by hand, from the opening of the ticket, inside the transaction that holds it."""
    rows = [row for row in in_force(ticket.team_id) if row.template == template and row.is_on]
    own = [row for row in rows if row.team_id is not None]
    return _start_all(ticket, own or rows, at=ticket.opened_at, by=by, now=now)


def redate(rows: Iterable[TargetClock], *, now: datetime) -> int:
    """Derive the due instants again; how many moved. A due instant that moved is told of anew. `ticket` and `target`
    come with the rows.
    """
    rows = list(rows)
    moved = _derive(rows, clocks.pure(rows), now)
    for row in rows:
        row.save()
    return moved


def redate_all(rows: Iterable[TargetClock], *, calendar: worktime.Calendar, now: datetime) -> int:
    """As `redate`, for many tickets that all go by `calendar`, where nothing but their dates has changed: one statement
    writes those that differ.
    """
    rows = list(rows)
    before = {row.pk: (row.due_at, row.next_at) for row in rows}
    moved = _derive(rows, clocks.pure(rows, calendar=calendar), now)
    changed = [row for row in rows if (row.due_at, row.next_at) != before[row.pk]]
    if changed:
        with connection.cursor() as cursor:
            cursor.execute(REDATE, [[getattr(row, name) for row in changed] for name in REDATED])
    return moved


def _derive(rows: list[TargetClock], found: Mapping[int, targets.Clock], now: datetime) -> int:
    moved = 0
    for row in rows:
        due_at = targets.due(found[row.pk])
        if due_at != row.due_at:
            row.due_at, row.version, row.changed_at = due_at, row.version + 1, now
            row.warned_at = row.breached_at = None
            moved += 1
        row.next_at = _next_at(row, found[row.pk], since=now) if row.ticket.is_open else None
    return moved
