"""What a reminder says: what to do, for whom, by when and how late; at most 200 characters."""

import functools
from datetime import datetime, timedelta

from followups import numbers, worktime
from followups.clock import recipients
from followups.clock.due import Due
from followups.models import Stage

LONGEST = 200
SHORTEST_PROMISE = 24


def reminder(row: Due, *, reader: recipients.Person, people: recipients.People, late: timedelta | None) -> str:
    """The text for one reader, in the reader's zone; `late` only where it comes late."""
    head = _head(row, people, reader.zone)
    end = f" (reminder {length(late)} late)" if late else ""
    task = f"{head}: {_verb(row.channel)} {_whom(row)}"
    said = f" - {'promised' if row.told_at else 'planned'}: "
    room = LONGEST - len(task + said + end)
    if room < SHORTEST_PROMISE:
        return shortened(task, LONGEST - len(end)) + end
    return task + said + shortened(row.promise, room) + end


def _head(row: Due, people: recipients.People, zone: str) -> str:
    by = moment(row.promised_by, zone=zone, now=people.now)
    if row.stage == Stage.AHEAD:
        start = moment(row.promised_from, zone=zone, now=people.now) if row.promised_from else ""
        return f"Coming up {start} to {by}" if start else f"Coming up by {by}"
    if row.stage == Stage.ESCALATED:
        return f"Escalated, due since {by}, with {people.name(row.owner) or 'nobody in person'}"
    return f"Due now, {by}" if row.stage == Stage.DUE else f"Overdue since {by}"


def _verb(channel: str) -> str:
    return {"phone": "call", "none": "review for"}.get(channel, "write to")


def _whom(row: Due) -> str:
    name = shortened(row.customer or "the customer", 40)
    return f'{name}, {numbers.read_aloud(row.number)} "{shortened(row.subject, 50)}"'


@functools.lru_cache(maxsize=1024)
def moment(instant: datetime, *, zone: str, now: datetime) -> str:
    """`16:00` on the day itself, else `Thu 26 Nov 16:00`, as clocks in `zone` show it."""
    local = worktime.to_wall(instant, zone)
    if local.date() == worktime.to_wall(now, zone).date():
        return f"{local:%H:%M}"
    return f"{local:%a} {local.day} {local:%b %H:%M}"


def length(span: timedelta) -> str:
    """Whole minutes, hours or days, rounded down: `3 h`."""
    minutes = int(span.total_seconds()) // 60
    if minutes < 60:
        return f"{max(minutes, 1)} min"
    return f"{minutes // 60} h" if minutes < 48 * 60 else f"{minutes // 1440} days"


def shortened(text: str, limit: int) -> str:
    """One line of at most `limit` characters."""
    line = " ".join(text.split())
    return line if len(line) <= limit else line[: limit - 1].rstrip(" ,.;:") + "…"
