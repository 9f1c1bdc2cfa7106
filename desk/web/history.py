"""The history of a ticket in words: each event one line, newest first, a page at a time."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from followups.models import Brought, Delivery, Event, Outcome, Purpose, Reached, TargetKind, Ticket, WaiverKind
from followups.timeline import KINDS

PAGE = 30
OUTCOMES, BROUGHT, REACHED = dict(Outcome.choices), dict(Brought.choices), dict(Reached.choices)
PURPOSES, WAIVERS = dict(Purpose.choices), dict(WaiverKind.choices)
TARGETS = dict(TargetKind.choices)
PAUSES = {
    "answered": "She answered.",
    "by_hand": "Before its promised end.",
    "closed": "The ticket was closed.",
    "ran_out": "Its time was over: no answer came.",
}
MESSAGES = {"told": "what was promised", "moved": "a new time", "kept": "what was brought", "closed": "closed, not so?"}
STATES = {"waiting": "waiting", "sent": "sent", "dropped": "not sent", "dead": "given up", "bounced": "came back"}
SIGNS = {
    "ticket.opened": ("circle-dashed", ""),
    "ticket.assigned": ("arrow-right-left", ""),
    "ticket.closed": ("check", "done"),
    "ticket.reopened": ("rotate-ccw", "warn"),
    "ticket.waived": ("flag", ""),
    "ticket.merged": ("copy", ""),
    "ticket.paused": ("circle-pause", ""),
    "ticket.pause_ended": ("circle-play", ""),
    "target.breached": ("timer-off", "overdue"),
    "dead_end.replaced": ("handshake", "promised"),
    "waiver.asked": ("flag", "warn"),
    "waiver.refused": ("flag-off", ""),
    "follow_up.scheduled": ("calendar-plus", "promised"),
    "follow_up.told": ("message-square", "promised"),
    "follow_up.moved": ("calendar-clock", "warn"),
    "plan.ended": ("flag", "warn"),
    "follow_up.turned": ("mail", "warn"),
    "follow_up.retried": ("phone-outgoing", ""),
    "follow_up.rezoned": ("globe", "warn"),
    "follow_up.assigned": ("arrow-right-left", ""),
    "follow_up.taken": ("hand", ""),
    "follow_up.acknowledged": ("eye", ""),
    "follow_up.due": ("bell", ""),
    "follow_up.overdue": ("alarm-clock", "overdue"),
    "follow_up.escalated": ("siren", "overdue"),
    "follow_up.attempted": ("phone-missed", ""),
    "follow_up.completed": ("check", "done"),
    "follow_up.called_off": ("calendar-x", ""),
    "contact.recorded": ("phone", ""),
    "contact.abandoned": ("phone-off", "warn"),
    "note.added": ("notebook-pen", ""),
    "confirmation.recorded": ("badge-check", "done"),
    "recontact.found": ("repeat", "warn"),
    "message.queued": ("mail", ""),
    "message.sent": ("send", ""),
    "message.bounced": ("mail-x", "overdue"),
    "message.failed": ("mail-x", "overdue"),
    "door.opened": ("door-open", ""),
    "imported.state": ("download", ""),
}


@dataclass(frozen=True)
class Line:
    """One event, ready to be shown. `said` are words said to the customer."""

    title: str
    sign: str
    state: str
    who: str
    at: datetime
    said: str = ""
    text: str = ""


def page(ticket: Ticket, *, before: str = "") -> tuple[list[Line], str]:
    """A page of lines, and the cursor of the older ones (empty at the end)."""
    found = ticket.events.order_by("-at", "-id")
    cursor = read_cursor(before)
    if cursor:
        found = found.filter(at__lte=cursor[0]).exclude(at=cursor[0], id__gte=cursor[1])
    events = with_states(list(found[: PAGE + 1]))
    older = f"{events[PAGE - 1].at.isoformat()}_{events[PAGE - 1].pk}" if len(events) > PAGE else ""
    return [line(event) for event in events[:PAGE]], older


def with_states(events: list[Event]) -> list[Event]:
    """Messages with what has become of them by now: one query, none where nothing was written."""
    written = [event for event in events if event.kind == "message.queued"]
    keys = [event.data["delivery"] for event in written]
    rows = {str(row.pk): row for row in Delivery.objects.filter(pk__in=keys)} if keys else {}
    for event in written:
        row = rows.get(event.data["delivery"])
        event.data = {**event.data, "state": row.state if row else "", "why": row.error if row else ""}
    return events


def read_cursor(text: str) -> tuple[datetime, int] | None:
    """What an older-link names; None for anything else."""
    at, _, key = text.replace(" ", "+").partition("_")
    try:
        instant = datetime.fromisoformat(at)
        return (instant, int(key)) if instant.utcoffset() is not None else None
    except ValueError:
        return None


def line(event: Event) -> Line:
    sign, state = SIGNS.get(event.kind, ("info", ""))
    title = KINDS.get(event.kind, event.kind)
    tell = TELL.get(event.kind)
    more = tell(event.data) if tell else {}
    who = event.by_name + ("" if event.door in ("web", "clock", "customer") else f" ({event.door})")
    return Line(
        **{"title": title[:1].upper() + title[1:], "sign": sign, "state": state, "who": who, "at": event.at, **more}
    )


def _changed(data: dict[str, Any]) -> dict[str, str]:
    if "undone" in data:
        return {"title": f"Took back “{OUTCOMES.get(data['undone'], data['undone'])}”"}
    pairs = [(name, pair) for name, pair in data.items() if isinstance(pair, list) and len(pair) == 2]
    return {"text": "\n".join(f"{name}: {old or '–'} → {new or '–'}" for name, (old, new) in pairs)}


def _closed(data: dict[str, Any]) -> dict[str, str]:
    return {"title": f"Closed: {OUTCOMES.get(data.get('outcome', ''), '')}", "text": data.get("note", "")}


def _replaced(data: dict[str, Any]) -> dict[str, str]:
    word = OUTCOMES.get(data.get("outcome", ""), "").lower()
    return {"title": f"Not closed as “{word}”: there is a next step instead", "text": data.get("note", "")}


def _contact(data: dict[str, Any]) -> dict[str, str]:
    inbound = data.get("direction") == "inbound"
    parts = [str(data.get("channel", "")), "" if inbound else REACHED.get(data.get("reached", ""), "").lower()]
    parts.append(PURPOSES.get(data.get("purpose", ""), "").lower())
    detail = ", ".join(part for part in parts if part)
    title = f"{'She contacted us' if inbound else 'We contacted her'} ({detail})"
    return {"title": title, "text": data.get("summary", ""), "sign": "phone-incoming" if inbound else "phone-outgoing"}


def _scheduled(data: dict[str, Any]) -> dict[str, str]:
    told = bool(data.get("told"))
    title = (
        "Promised"
        if told
        else "Planned by the policy, not told yet"
        if data.get("by_policy")
        else "Planned, not told yet"
    )
    return {"title": title, "said": data.get("promise", ""), "state": "promised" if told else ""}


def _rezoned(data: dict[str, Any]) -> dict[str, str]:
    wall, zone = str(data.get("wall_by", "")).replace("T", " ")[:16], data.get("zone", "")
    return {"text": f"The promise stays at {wall} on the clocks of {zone}."}


def _moved(data: dict[str, Any]) -> dict[str, str]:
    agreed = bool(data.get("agreed"))
    title = "Moved with her agreement" if agreed else "Moved without her agreement"
    return {"title": title, "text": data.get("reason", ""), "state": "" if agreed else "warn"}


def _completed(data: dict[str, Any]) -> dict[str, str]:
    return {"title": f"Brought her: {BROUGHT.get(data.get('brought', ''), '').lower()}", "text": data.get("text", "")}


def _attempted(data: dict[str, Any]) -> dict[str, str]:
    return {"title": f"Tried to reach her: {REACHED.get(data.get('reached', ''), '').lower()}"}


def _handed(data: dict[str, Any]) -> dict[str, str]:
    return {"title": f"Handed to {data.get('owner') or 'the team'}", "text": data.get("note", "")}


def _assigned(data: dict[str, Any]) -> dict[str, str]:
    return {"title": f"Owner: {data.get('agent') or 'the team'}, team: {data.get('team') or 'for all'}"}


def _waiver(data: dict[str, Any]) -> dict[str, str]:
    kind = WAIVERS.get(data.get("waiver_kind", ""), "").lower()
    return {"text": f"{kind}: {data.get('reason', '')}" if kind else str(data.get("reason", ""))}


def _confirmed(data: dict[str, Any]) -> dict[str, str]:
    yes = data.get("confirmed") == "yes"
    return {
        "title": "She says: it is solved" if yes else "She says: it is not solved",
        "state": "done" if yes else "warn",
    }


TURNED = {False: "To be written instead of called", True: "A supervisor looks instead of a call"}


def _queued(data: dict[str, Any]) -> dict[str, str]:
    """`sent` is as good as delivered until it comes back."""
    way = "an SMS" if data.get("route") == "sms" else "a mail"
    what = MESSAGES.get(data.get("message", ""), "")
    state, why = STATES.get(data.get("state", ""), ""), data.get("why", "")
    looks = {"dead": "overdue", "bounced": "overdue", "dropped": "warn"}.get(data.get("state", ""), "")
    return {
        "title": f"Wrote her {way}: {what}" if what else f"Wrote her {way}",
        "text": f"{state}: {why}" if why else state,
        "state": looks,
    }


def _came_back(data: dict[str, Any]) -> dict[str, str]:
    what = MESSAGES.get(data.get("message", ""), "a message")
    return {"title": f"Came back: {what}", "text": f"Tell her another way. {data.get('why', '')}".strip()}


TELL: dict[str, Callable[[dict[str, Any]], dict[str, str]]] = {
    "ticket.changed": _changed,
    "ticket.closed": _closed,
    "ticket.reopened": lambda data: {"text": data.get("reason", "")},
    "ticket.opened": lambda data: {"title": f"Ticket opened ({data.get('channel', '')})"},
    "ticket.assigned": _assigned,
    "ticket.merged": lambda data: {"text": f"Duplicate: {data.get('duplicate', '')}"},
    "ticket.paused": lambda data: {"text": data.get("question", "")},
    "ticket.pause_ended": lambda data: {"text": PAUSES.get(data.get("why", ""), "")},
    "target.breached": lambda data: {
        "title": f"Target missed: {TARGETS.get(data.get('target', ''), '')}".lower().capitalize()
    },
    "ticket.waived": _waiver,
    "waiver.asked": _waiver,
    "waiver.refused": _waiver,
    "dead_end.replaced": _replaced,
    "follow_up.scheduled": _scheduled,
    "follow_up.told": lambda data: {"title": "Told the customer", "said": data.get("promise", "")},
    "follow_up.moved": _moved,
    "follow_up.rezoned": _rezoned,
    "follow_up.completed": _completed,
    "follow_up.attempted": _attempted,
    "follow_up.assigned": _handed,
    "follow_up.turned": lambda data: {"title": TURNED[data.get("channel") == "none"], "text": data.get("reason", "")},
    "follow_up.called_off": lambda data: {"text": data.get("reason", "")},
    "contact.recorded": _contact,
    "contact.abandoned": _contact,
    "note.added": lambda data: {"title": "Note", "text": data.get("text", "")},
    "confirmation.recorded": _confirmed,
    "message.queued": _queued,
    "message.sent": lambda data: {"title": f"Sent: {MESSAGES.get(data.get('message', ''), 'a message')}"},
    "message.failed": lambda data: {
        "title": f"Not sent: {MESSAGES.get(data.get('message', ''), 'a message')}",
        "text": str(data.get("why", "")),
    },
    "message.bounced": _came_back,
    "recontact.found": lambda data: {"text": f"Ticket {data.get('of', '')} ended less than 30 days before"},
    "imported.state": lambda data: {"title": f"State: {data.get('state', '')}"},
}
