"""The periods that people ask for most, each as an address that can be passed on: whole days of the desk's zone."""

from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import HttpRequest

from followups.reports import windows

DATES = ("from", "to")
# A period asked for on a page starts its lists anew, and is no longer the one that the page chose by itself.
DROPPED = (*DATES, "page", "widened")
# Reaches the month after, whichever it is.
A_MONTH = timedelta(days=31)


def choices(request: HttpRequest, question: windows.Question | None) -> list[dict[str, Any]]:
    """Each with its address and whether it is the one that is shown. The days are counted from the day of as_of."""
    zone = ZoneInfo(settings.DESK_ZONE)
    at = question.as_of if question else request.now
    kept = {name: text for name, text in request.GET.dict().items() if text and name not in DROPPED}
    shown = shown_by(request, question)
    usual = {"label": "90 days to now", "url": f"?{urlencode(kept)}", "is_shown": shown == "usual"}
    return [usual] + [
        {
            "label": label,
            "url": f"?{urlencode(kept | {'from': start.isoformat(), 'to': end.isoformat()})}",
            "is_shown": shown == (windows.midnight(start, zone), windows.midnight(end, zone)),
        }
        for label, start, end in spans(at.astimezone(zone).date())
    ]


def shown_by(request: HttpRequest, question: windows.Question | None) -> str | tuple[datetime, datetime] | None:
    if question is None:
        return None
    return (question.start, question.end) if any(request.GET.get(name) for name in DATES) else "usual"


def spans(today: date) -> list[tuple[str, date, date]]:
    """`[first, end)` of each; what is not over yet goes to its own end, so that the address holds until then."""
    month, quarter, year = today.replace(day=1), quarter_of(today), today.replace(month=1, day=1)
    return [
        ("This month", month, (month + A_MONTH).replace(day=1)),
        ("Last month", (month - timedelta(days=1)).replace(day=1), month),
        ("Last 30 days", today - timedelta(days=30), today),
        ("Last 90 days", today - timedelta(days=90), today),
        ("Last quarter", quarter_of(quarter - timedelta(days=1)), quarter),
        ("This year", year, year.replace(year=year.year + 1)),
    ]


def quarter_of(day: date) -> date:
    """The first day of its quarter."""
    return date(day.year, (day.month - 1) // 3 * 3 + 1, 1)
