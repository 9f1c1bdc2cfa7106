"""Targets: a warning while there is time, word of one that was missed, and of a pause that ran out; each once.

As with reminders, a batch takes the tickets of what is due, skips those that somebody holds, and reads again what it
then writes: `next_at` says what is left to tell of a clock, so a twin finds nothing. Of a warning and a breach that
are both past only the breach is told.
"""

from collections.abc import Iterator
from datetime import datetime

from django.db import connection, transaction

from followups import ladders, notices, numbers, timeline, worktime
from followups.actions import rehearing
from followups.models import Actor, Audience, Event, Notice, NoticeKind, Pause, TargetClock, Ticket, Waiting

BATCH, LONGEST = 500, 200
CLOCK = Actor(door="clock")

CLAIM = """
SELECT ticket.id
FROM followups_targetclock due JOIN followups_ticket ticket ON ticket.id = due.ticket_id
WHERE due.next_at <= %s
ORDER BY due.next_at, due.id LIMIT %s
FOR NO KEY UPDATE OF ticket SKIP LOCKED
"""
CLAIM_PAUSES = """
SELECT ticket.id
FROM followups_pause due JOIN followups_ticket ticket ON ticket.id = due.ticket_id
WHERE due.ended_at IS NULL AND due.until_at <= %s
ORDER BY due.until_at LIMIT %s
FOR NO KEY UPDATE OF ticket SKIP LOCKED
"""
SHOWN = ("ticket__customer", "ticket__team")


def sweep(*, now: datetime) -> int:
    """Tell all that is due at `now`; how many clocks and pauses were told of."""
    told = 0
    for act in (_clocks, _pauses):
        while (batch := act(now)) is not None:
            told += batch
    return told


@transaction.atomic
def _clocks(now: datetime) -> int | None:
    tickets = _claim(CLAIM, now)
    return tell(tickets, now=now) if tickets else None


def tell(tickets: set[int], *, now: datetime) -> int:
    """What is due of the clocks of these tickets, whose rows are held; how many. A rehearsal plays it too."""
    rehearing.look_again_at_targets(tickets, now=now)
    due = TargetClock.objects.filter(ticket__in=tickets, next_at__lte=now)
    rows = list(due.select_related(*SHOWN).order_by("next_at", "pk"))
    live = [row for row in rows if row.stopped_at is None and row.ticket.is_open]
    crew = ladders.Crew({_whose(row.ticket) for row in live}, at=now)
    notices.tell_each([notice for row in live for notice in _notices(row, crew, now)])
    timeline.record_all([_missed(row, now) for row in live if row.due_at <= now])
    for row in rows:
        _mark(row, live=row in live, now=now)
    fields = ["next_at", "warned_at", "breached_at"]
    TargetClock.objects.bulk_update(rows, fields)
    return len(live)


def _claim(statement: str, now: datetime) -> set[int]:
    with connection.cursor() as cursor:
        cursor.execute(statement, [now, BATCH])
        return {row[0] for row in cursor}


def _whose(ticket: Ticket) -> ladders.Whose:
    return ladders.Whose(ticket.agent_id, None, ticket.team_id)


def _mark(row: TargetClock, *, live: bool, now: datetime) -> None:
    row.next_at = None
    if live and row.due_at <= now:
        row.breached_at = now
    elif live:
        row.warned_at, row.next_at = now, row.due_at


def _notices(row: TargetClock, crew: ladders.Crew, now: datetime) -> Iterator[Notice]:
    """The owner hears, else the team; of a target that was missed the supervisors too."""
    is_missed = row.due_at <= now
    whose = _whose(row.ticket)
    people = dict.fromkeys(crew.hears(whose))
    if is_missed:
        people |= dict.fromkeys(crew.last_resort(whose, Audience.SUPERVISORS))
    for person in people:
        by = _moment(row.due_at, zone=person.zone, now=now)
        head = f"Missed, due {by}" if is_missed else f"Due by {by}"
        yield _notice(row.ticket, person, f"{head}: {row.get_kind_display().lower()}, {_of(row.ticket)}", now)


def _notice(ticket: Ticket, person: ladders.Person, text: str, now: datetime) -> Notice:
    return Notice(
        recipient_id=person.id,
        kind=NoticeKind.TARGET,
        ticket=ticket,
        text=_shortened(text, LONGEST),
        at=now,
        to_route=person.pushes,
    )


def _of(ticket: Ticket) -> str:
    name = _shortened(ticket.customer.name, 40) if ticket.customer and ticket.customer.name else "the customer"
    return f'{name}, {numbers.read_aloud(ticket.number)} "{_shortened(ticket.subject, 50)}"'


def _moment(instant: datetime, *, zone: str, now: datetime) -> str:
    """`16:00` on the day itself, else `Thu 26 Nov 16:00`, as clocks in `zone` show it."""
    local = worktime.to_wall(instant, zone)
    if local.date() == worktime.to_wall(now, zone).date():
        return f"{local:%H:%M}"
    return f"{local:%a} {local.day} {local:%b %H:%M}"


def _shortened(text: str, limit: int) -> str:
    """One line of at most `limit` characters."""
    line = " ".join(text.split())
    return line if len(line) <= limit else line[: limit - 1].rstrip(" ,.;:") + "…"


def _missed(row: TargetClock, now: datetime) -> Event:
    due_at = row.due_at.isoformat()
    return timeline.event("target.breached", by=CLOCK, now=now, ticket=row.ticket, target=row.kind, due_at=due_at)


@transaction.atomic
def _pauses(now: datetime) -> int | None:
    """They end at their promised end whether this runs or not; here it is said."""
    tickets = _claim(CLAIM_PAUSES, now)
    if not tickets:
        return None
    due = Pause.objects.filter(ticket__in=tickets, ended_at__isnull=True, until_at__lte=now)
    rows = list(due.select_related(*SHOWN).order_by("until_at"))
    crew = ladders.Crew({_whose(row.ticket) for row in rows}, at=now)
    notices.tell_each([notice for row in rows for notice in _ran_out(row, crew, now)])
    timeline.record_all(
        [timeline.event("ticket.pause_ended", by=CLOCK, now=now, ticket=row.ticket, why="ran_out") for row in rows]
    )
    for row in rows:
        row.ended_at, row.why_ended = row.until_at, "ran_out"
    Pause.objects.bulk_update(rows, ["ended_at", "why_ended"])
    return len(rows)


def _ran_out(row: Pause, crew: ladders.Crew, now: datetime) -> Iterator[Notice]:
    waited = "No answer" if row.reason == Waiting.CUSTOMER else "No longer waiting"
    for person in crew.hears(_whose(row.ticket)):
        yield _notice(row.ticket, person, f"{waited}, the clock runs on: {_of(row.ticket)}, asked: {row.question}", now)
