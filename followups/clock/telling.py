"""What a message to one of our own people says: composed just before it leaves, of what is still worth saying.

What was read in the app is read everywhere; what ended, moved or was acknowledged is not said any more.
"""

from datetime import datetime
from typing import NamedTuple

from django.conf import settings

from followups.actions import contacting
from followups.models import ChannelKind, Delivery, Notice, NoticeKind

LINES = 50
TITLE = 100
SMS = 300


class Words(NamedTuple):
    subject: str
    body: str


def words(row: Delivery, *, now: datetime) -> Words | None:
    """None where nothing of what was gathered is left to say."""
    found = Notice.objects.filter(pk__in=row.gathered, recipient_id=row.agent_id, read_at__isnull=True)
    known = found.select_related("follow_up__ticket__customer", "ticket").order_by("at", "id")
    rows = [each for each in known if still_true(each, now)]
    if not rows:
        return None
    say_from_when(rows, now)
    if row.channel is not None and row.channel.kind == ChannelKind.SMS:
        return Words("", _short(rows))
    return _one(rows[0]) if len(rows) == 1 else _many(rows)


def still_true(row: Notice, now: datetime) -> bool:
    if row.kind != NoticeKind.REMINDER or row.follow_up is None:
        return True
    held = row.follow_up.acknowledged_until
    return row.follow_up.is_open and row.follow_up.version == row.version and not (held and held > now)


def say_from_when(rows: list[Notice], now: datetime) -> None:
    """Reminders of calls that must not be made at this moment say so."""
    calls = [row.follow_up for row in rows if row.kind == NoticeKind.REMINDER and row.follow_up]
    against = contacting.held_back(calls, now=now)
    for row in rows:
        if row.kind == NoticeKind.REMINDER and row.follow_up_id in against:
            row.text = f"{row.text} Do not call now. {against[row.follow_up_id].message}"


def link(row: Notice) -> str:
    if row.follow_up_id:
        return f"{settings.SITE_URL}/follow-ups/{row.follow_up_id}"
    return f"{settings.SITE_URL}/tickets/{row.ticket.number}" if row.ticket_id else f"{settings.SITE_URL}/notices"


def _one(row: Notice) -> Words:
    return Words(_cut(row.text, TITLE), f"{row.text}\n{link(row)}\n")


def _many(rows: list[Notice]) -> Words:
    """Those that came while it was quiet, as one message."""
    title = f"{len(rows)} notices while you were away from the desk"
    lines = [f"- {row.text}\n  {link(row)}" for row in rows[:LINES]]
    more = [f"And {len(rows) - LINES} more."] if len(rows) > LINES else []
    return Words(title, "\n".join([*lines, *more, "", f"All of them: {settings.SITE_URL}/notices", ""]))


def _short(rows: list[Notice]) -> str:
    more = f" And {len(rows) - 1} more: {settings.SITE_URL}/notices" if len(rows) > 1 else f" {link(rows[0])}"
    return _cut(rows[0].text, SMS - len(more)) + more


def _cut(text: str, most: int) -> str:
    line = " ".join(text.split())
    return line if len(line) <= most else line[: most - 1].rstrip() + "…"
