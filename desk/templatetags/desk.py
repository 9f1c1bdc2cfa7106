"""Tags and filters of every page. Arguments and examples: templates/_parts/README.md."""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Iterable, Mapping
from typing import Any
from zoneinfo import ZoneInfo

from django import template
from django.conf import settings
from django.template.context import Context
from django.urls import NoReverseMatch, reverse
from django.utils import dateformat, timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from lucide.templatetags import lucide as lucide_tags

from followups import numbers

register = template.Library()

Zone = str | dt.tzinfo | None
Place = tuple[str, str, str, frozenset[str]]

NOTHING = "\u2013"
THIN = "\u202f"
NO_BREAK = "\u00a0"

# kind: (icon, word). The word is always shown: colour alone says nothing.
STATES = {
    "promised": ("handshake", "promised"),
    "overdue": ("alarm-clock", "overdue"),
    "done": ("check", "done"),
    "next": ("clock", "next step"),
    "told": ("message-square", "told"),
    "warn": ("triangle-alert", "look here"),
    "open": ("circle-dashed", "open"),
    "closed": ("check", "closed"),
    "waived": ("flag", "waived"),
    "info": ("info", "note"),
}
LOOKS = {"told": "promised", "closed": "done"} | dict.fromkeys(("next", "open", "waived", "info"), "outline")

EVERYBODY = frozenset({"agent", "supervisor", "admin", "auditor"})
WATCHING = frozenset({"supervisor", "admin", "auditor"})
LEADING = frozenset({"supervisor", "admin"})
# Each with its route, label, icon, and the roles that see it.
PLACES: tuple[Place, ...] = (
    ("today", "Today", "calendar-check", EVERYBODY),
    ("tickets", "Tickets", "inbox", EVERYBODY),
    ("overdue", "Overdue", "alarm-clock", WATCHING),
    ("customers", "Customers", "contact-round", EVERYBODY),
    ("reports", "Reports", "chart-line", EVERYBODY),
)
SETUP: tuple[Place, ...] = (
    ("people", "People", "users-round", LEADING),
    ("teams", "Teams", "users", LEADING),
    ("absences", "Absences", "calendar-off", LEADING),
    ("categories", "Categories", "tags", LEADING),
    ("time-rules", "Time rules", "timer", WATCHING),
    ("policy", "Policy", "sliders-horizontal", LEADING),
    ("messaging", "Messages", "mail", LEADING),
    ("imports", "Imports", "upload", LEADING),
    ("findings", "Findings", "activity", LEADING),
    ("tokens", "API tokens", "key-round", frozenset({"admin"})),
    ("admin:index", "Administration", "shield-check", frozenset({"admin"})),
)


@register.simple_tag
@functools.lru_cache(maxsize=1024)
def icon(name: str, label: str = "", size: int = 16) -> SafeString:
    """A lucide icon as inline SVG; decoration unless it has a label."""
    spoken = {"role": "img", "aria_label": label} if label else {"aria_hidden": "true"}
    return SafeString(lucide_tags.lucide(name, size=size, **{"class": "icon"}, **spoken))


@register.simple_tag
def status(kind: str, word: str = "") -> SafeString:
    """A pill: icon and word, in the colour of its kind."""
    return pill(kind, word, icon(STATES[kind][0]))


def pill(kind: str, word: str, sign: SafeString) -> SafeString:
    return format_html('<span class="pill pill-{}">{}{}</span>', LOOKS.get(kind, kind), sign, word or STATES[kind][1])


@register.simple_tag
def key(keys: str) -> SafeString:
    """The hint on a button; what listens is the data-key attribute beside it."""
    return format_html('<kbd class="kbd" aria-hidden="true">{}</kbd>', keys)


def zone_of(zone: Zone) -> dt.tzinfo:
    if isinstance(zone, dt.tzinfo):
        return zone
    return ZoneInfo(zone or settings.DESK_ZONE)


def day_word(day: dt.date, today: dt.date) -> str:
    """One of "today", "tomorrow", "yesterday", "Thu 26 Nov", with the year where it is another one."""
    near = {0: "today", 1: "tomorrow", -1: "yesterday"}.get((day - today).days)
    return near or dateformat.format(day, "D j M" if day.year == today.year else "D j M Y")


def today_in(zone: dt.tzinfo) -> dt.date:
    return timezone.now().astimezone(zone).date()


def clock_word(moment: dt.datetime) -> str:
    return f"{moment:%H:%M}"


def short_clock(moment: dt.datetime) -> str:
    return f"{moment:%-H}" if moment.minute == 0 else f"{moment:%-H:%M}"


@register.filter
def when(instant: dt.datetime | None, zone: Zone = None) -> str:
    """Like "today 14:00", "tomorrow 09:30", "Thu 26 Nov 14:00"; the desk's zone unless one is given."""
    if instant is None:
        return NOTHING
    there = zone_of(zone)
    local = instant.astimezone(there)
    return f"{day_word(local.date(), today_in(there))} {clock_word(local)}"


@register.filter
def stamp(instant: dt.datetime | None, zone: Zone = None) -> str:
    """The full instant, never relative: "Thu 26 Nov 2026 14:00"."""
    if instant is None:
        return NOTHING
    return dateformat.format(instant.astimezone(zone_of(zone)), "D j M Y H:i")


@register.filter
def day(value: dt.date | dt.datetime | None, zone: Zone = None) -> str:
    """Only the day: "today", "Thu 26 Nov"."""
    if value is None:
        return NOTHING
    there = zone_of(zone)
    local = value.astimezone(there).date() if isinstance(value, dt.datetime) else value
    return day_word(local, today_in(there))


@register.filter
def last_day(end: dt.datetime, zone: Zone = None) -> str:
    """The last day of a period that does not include its end."""
    return day(end - dt.timedelta(microseconds=1), zone)


@register.simple_tag
def window(start: dt.datetime | None, end: dt.datetime | None, zone: Zone = None, days: bool = True) -> str:
    """Like "Thu 26 Nov 14-16", "today by 16:00" without a start; days=False leaves the day away: "14-16"."""
    if end is None:
        return NOTHING
    there = zone_of(zone)
    until = end.astimezone(there)
    since = start.astimezone(there) if start else None
    name = day_word((since or until).date(), today_in(there)) + NO_BREAK if days else ""
    return name + hours(since, until, today_in(there))


def hours(since: dt.datetime | None, until: dt.datetime, today: dt.date) -> str:
    if since is None:
        return f"by{NO_BREAK}{clock_word(until)}"
    if since.date() == until.date():
        return f"{short_clock(since)}\u2013{short_clock(until)}"
    return f"{clock_word(since)} \u2013 {day_word(until.date(), today)} {clock_word(until)}"


@register.filter
def duration(value: dt.timedelta | float | None) -> str:
    """A timedelta or seconds, in its two largest units: "2 h 5 min", "3 d 4 h", "40 s"."""
    if value is None:
        return NOTHING
    seconds = int(value.total_seconds() if isinstance(value, dt.timedelta) else value)
    if abs(seconds) < 60:
        return f"{seconds}{NO_BREAK}s"
    return " ".join(parts_of(abs(seconds)))


def parts_of(seconds: int) -> list[str]:
    minutes = seconds // 60
    counts = (("d", minutes // 1440), ("h", minutes // 60 % 24), ("min", minutes % 60))
    first = next(place for place, (_, count) in enumerate(counts) if count)
    return [f"{count}{NO_BREAK}{unit}" for unit, count in counts[first : first + 2] if count]


@register.filter
def late(due: dt.datetime | None) -> str:
    """Like "2 h 5 min late", "in 40 min", "now": how far an instant lies from this moment."""
    if due is None:
        return NOTHING
    gap = timezone.now() - due
    if abs(gap) < dt.timedelta(minutes=1):
        return "now"
    return f"{duration(gap)} late" if gap > dt.timedelta(0) else f"in {duration(-gap)}"


@register.simple_tag
def moment(instant: dt.datetime | None, zone: Zone = None, relative: bool = False) -> str:
    """A <time> element: its text is `when` or, kept fresh by the page, `late`; its title the full stamp."""
    if instant is None:
        return NOTHING
    text = late(instant) if relative else when(instant, zone)
    mark = SafeString(' data-relative=""') if relative else ""
    full = stamp(instant, zone)
    return format_html('<time datetime="{}" title="{}"{}>{}</time>', instant.isoformat(), full, mark, text)


@register.filter
def rate(share: float | None) -> str:
    """0.4638 -> "46.4 %"; nothing is never nought: None -> a dash."""
    return NOTHING if share is None else f"{share * 100:.1f}{NO_BREAK}%"


@register.filter
def interval(metric: Any) -> str:
    """The 95 % interval of a metric (anything with ci_low, ci_high) or of a pair: "41.2 - 51.7 %"."""
    pair = isinstance(metric, tuple | list)
    low, high = metric if pair else (read(metric, "ci_low"), read(metric, "ci_high"))
    if low is None or high is None:
        return NOTHING
    return f"{low * 100:.1f}{THIN}\u2013\u2060{THIN}{high * 100:.1f}{NO_BREAK}%"


@register.filter
def number(value: float | None, digits: int = 0) -> str:
    """12379 -> "12 379" with thin blanks; None -> a dash."""
    return NOTHING if value is None else f"{value:,.{digits}f}".replace(",", THIN)


def read(thing: Any, name: str, otherwise: Any = None) -> Any:
    """The same name out of a mapping or an object: reports hand out either."""
    if isinstance(thing, Mapping):
        return thing.get(name, otherwise)
    return getattr(thing, name, otherwise)


@register.simple_tag(takes_context=True)
def query(context: Context, **changes: Any) -> str:
    """The present query string with changes; None takes a name away, a list gives several values."""
    asked = context["request"].GET.copy()
    for name, value in changes.items():
        if value is None or value == "":
            asked.pop(name, None)
        else:
            several = value if isinstance(value, list | tuple) else [value]
            asked.setlist(name, [str(each) for each in several])
    return f"?{asked.urlencode()}"


@register.filter
def aloud(number: str) -> str:
    """A ticket's number in groups, fit to be read aloud."""
    return numbers.read_aloud(number)


@register.filter
def undo_url(message: Any) -> str:
    """The address of the Undo button of a message made with extra_tags="undo:/path"."""
    tags = (getattr(message, "extra_tags", "") or "").split()
    return next((tag.removeprefix("undo:") for tag in tags if tag.startswith("undo:")), "")


@register.filter
def initials(person: Any) -> str:
    """Two letters for a person: of Ada Lovelace AL, of ada alone ad."""
    if person is None:
        return "?"
    words = getattr(person, "get_full_name", str)().split() or str(person).split()
    if len(words) == 1:
        return words[0][:2]
    return "".join(word[0] for word in words[:2]) or "?"


def address(route: str) -> str:
    try:
        return reverse(route)
    except NoReverseMatch:
        return ""


def places(rows: Iterable[Place], role: str, path: str) -> list[dict[str, Any]]:
    """The places this role may see and that have an address."""
    open_to = [(name, label, sign, address(name)) for name, label, sign, roles in rows if role in roles]
    here = max((url for *_, url in open_to if url and is_under(path, url)), key=len, default="")
    return [
        {"name": name, "label": label, "icon": sign, "url": url, "current": url == here}
        for name, label, sign, url in open_to
        if url
    ]


def is_under(path: str, url: str) -> bool:
    """Whether the place holds this page; the first page, whose address ends in a slash, holds itself alone."""
    return path == url or (not url.endswith("/") and path.startswith(f"{url}/"))


def role_of(context: Context) -> str:
    user = getattr(context.get("request"), "user", None)
    return str(getattr(user, "role", "") or "")


@register.inclusion_tag("_parts/nav.html", takes_context=True)
def desk_nav(context: Context) -> dict[str, Any]:
    """The rail, on small screens the bottom bar: what this role may see and what has an address."""
    request = context.get("request")
    role, path = role_of(context), getattr(request, "path", "")
    setup = places(SETUP, role, path)
    return {
        "places": places(PLACES, role, path),
        "setup": setup,
        "setup_current": any(place["current"] for place in setup),
        "overdue": read(context.get("today_counts") or {}, "overdue", 0),
        "findings": context.get("findings_open", 0),
    }
