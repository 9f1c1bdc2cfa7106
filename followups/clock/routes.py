"""Routes: notices of people who want to hear of them outside the app become messages to their channels.

Each once for notice and channel, by key. What falls into somebody's quiet hours is gathered: one message for each
channel at their end. The sender looks again, so that what was read meanwhile is not sent.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction

from followups import outward
from followups.clock import quiet
from followups.models import Agent, Channel, ChannelKind, Notice, NoticeKind, Site

BATCH = 500
SETTLING = timedelta(seconds=30)  # for what was still being gathered as the quiet ended

# A message that waits for the end of quiet hours takes up what comes later; one that has left is never opened again.
WRITE = """
INSERT INTO followups_delivery AS delivery
    (id, key, kind, agent_id, channel_id, gathered, route, message_id, address, subject, body, state, made_at, due_at,
     attempts, fence, error)
VALUES (gen_random_uuid(), %(key)s, 'notice', %(agent)s, %(channel)s, %(gathered)s::uuid[], %(route)s, '', %(address)s,
    '', '', 'waiting', %(now)s, %(due)s, 0, 0, '')
ON CONFLICT (key) DO UPDATE SET gathered = delivery.gathered || excluded.gathered WHERE delivery.state = 'waiting'
"""


@dataclass(frozen=True)
class Message:
    """`key` names the notice and the channel, or the channel and the end of its quiet."""

    key: str
    channel: Channel
    gathered: tuple
    due: datetime


def sweep(*, now: datetime) -> int:
    """Pass on all that waits; how many messages were written down."""
    written = 0
    while (batch := _batch(now)) is not None:
        written += batch
    return written


@transaction.atomic
def _batch(now: datetime) -> int | None:
    """A twin skips what this one holds, and finds it passed on."""
    rows = list(
        Notice.objects.filter(to_route=True)
        .select_for_update(skip_locked=True, no_key=True, of=["self"])
        .select_related("ladder_step")
        .order_by("at", "id")[:BATCH]
    )
    if not rows:
        return None
    off = Site.objects.filter(channels_off=True).exists()
    messages = [] if off else list(messages_of([row for row in rows if row.read_at is None], now))
    _write(messages, now)
    Notice.objects.filter(pk__in=[row.pk for row in rows]).update(to_route=False)
    return len(messages)


def messages_of(rows: list[Notice], now: datetime) -> Iterator[Message]:
    """What goes out of these notices, and when. A rehearsal asks it too."""
    channels = channels_of({row.recipient_id for row in rows})
    people = Agent.objects.filter(pk__in=channels.keys(), is_active=True)
    quiet_until = {key: rest.until(now) for key, rest in quiet.of(people).items()}
    gathered: dict[tuple[int, datetime], list[Notice]] = defaultdict(list)
    known = {channel.pk: channel for some in channels.values() for channel in some}
    for row in rows:
        if row.recipient_id not in quiet_until:
            continue
        end = quiet_until[row.recipient_id]
        for channel in (each for each in channels[row.recipient_id] if hears(each, row)):
            if end is None:
                yield Message(f"notice:{row.pk}:{channel.pk}", channel, (row.pk,), now)
            else:
                gathered[channel.pk, end].append(row)
    for (key, end), some in gathered.items():
        yield Message(f"quiet:{key}:{end:%Y%m%dT%H%M%SZ}", known[key], tuple(row.pk for row in some), end + SETTLING)


def channels_of(agents: Iterable[int]) -> dict[int, list[Channel]]:
    """Those that answered their test."""
    found: dict[int, list[Channel]] = defaultdict(list)
    for channel in Channel.objects.filter(agent__in=agents, verified_at__isnull=False):
        found[channel.agent_id].append(channel)
    return found


def hears(channel: Channel, row: Notice) -> bool:
    """What its owner chose, and what the step of a ladder asks for."""
    step = row.ladder_step
    event = row.stage if row.kind == NoticeKind.REMINDER else row.kind
    return event in channel.hears or bool(step and channel.kind in step.channels)


def route_of(channel: Channel) -> str:
    if channel.kind == ChannelKind.MAIL:
        return "mail"
    return outward.sms_route() if outward.PHONE.fullmatch(channel.address) else outward.route_of(channel.address)


def _write(messages: list[Message], now: datetime) -> None:
    with connection.cursor() as cursor:
        for message in messages:
            cursor.execute(WRITE, _columns(message, now))


def _columns(message: Message, now: datetime) -> dict[str, Any]:
    channel = message.channel
    return {
        "key": message.key,
        "agent": channel.agent_id,
        "channel": channel.pk,
        "gathered": list(message.gathered),
        "route": route_of(channel),
        "address": channel.address if channel.kind == ChannelKind.MAIL else "",
        "now": now,
        "due": message.due,
    }
