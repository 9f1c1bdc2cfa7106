"""A line of time as server-rendered SVG: numbered marks, and bands of the hours that rule them. Its table is the page's.

Instants that lie minutes apart are drawn apart: between two marks the line is straight, and each has its least distance.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django import template

from desk.templatetags.charts import spot
from desk.templatetags.desk import stamp
from followups import worktime

register = template.Library()

WIDTH, LEFT, RIGHT = 960, 24, 24
APART = 30.0
LABELS_APART = 84.0
BANDS_FROM, BAND = 104, 38
LOOKS = {"overdue": "late", "escalated": "late", "start": "quiet", "window": "quiet", "plan": "quiet", "target": "soon"}


@register.filter
def clock(instant: datetime, zone: str) -> str:
    """The time of day alone: "17:55"."""
    return f"{worktime.to_wall(instant, zone):%H:%M}"


@dataclass(frozen=True)
class Scale:
    """Instants to places: straight between the knots, which never lie closer than `APART`."""

    instants: Sequence[datetime]
    places: Sequence[float]

    def x(self, at: datetime) -> float:
        after = min(max(bisect_right(self.instants, at), 1), len(self.instants) - 1)
        start, end = self.instants[after - 1], self.instants[after]
        share = (at - start) / (end - start)
        return self.places[after - 1] + share * (self.places[after] - self.places[after - 1])


def scale_of(instants: Iterable[datetime]) -> Scale:
    knots = sorted(set(instants))
    knots = [*knots, knots[-1] + timedelta(hours=1)] if len(knots) == 1 else knots
    whole = (knots[-1] - knots[0]).total_seconds()
    apart = min(APART, (WIDTH - LEFT - RIGHT) / len(knots))
    free = WIDTH - LEFT - RIGHT - apart * (len(knots) - 1)
    places = [
        LEFT + apart * order + free * (knot - knots[0]).total_seconds() / whole for order, knot in enumerate(knots)
    ]
    return Scale(knots, places)


@register.inclusion_tag("rules/_parts/time_line.html")
def time_line(shown: Any, title: str) -> dict[str, Any]:
    """`shown` has `rows` (at, what, who, kind), `zone`, `bands` of (label, spans)."""
    scale = scale_of(row.at for row in shown.rows)
    first, last = scale.instants[0], scale.instants[-1]
    return {
        "title": title,
        "marks": [mark(order, row, scale, shown.zone) for order, row in enumerate(shown.rows, 1)],
        "days": list(days(first, last, scale, shown.zone)),
        "bands": [strip(order, band, scale) for order, band in enumerate(shown.bands)],
        "height": BANDS_FROM + BAND * len(shown.bands) + 6,
    }


def strip(order: int, band: Any, scale: Scale) -> dict[str, Any]:
    top = BANDS_FROM + BAND * order
    first, last = scale.instants[0], scale.instants[-1]
    spans = list(stretches(band.spans, first, last, scale))
    return {"label": band.label, "look": f"b{order}", "y": top, "text_y": top - 5, "spans": spans}


def mark(order: int, row: Any, scale: Scale, zone: str) -> dict[str, Any]:
    who = ", ".join(row.who)
    words = f"{order}. {stamp(row.at, zone)}: {row.what}" + (f", heard by {who}" if who else "")
    return {"number": order, "x": spot(scale.x(row.at)), "look": LOOKS.get(row.kind, "plain"), "words": words}


def days(first: datetime, last: datetime, scale: Scale, zone: str) -> Iterator[dict[str, str]]:
    """Midnights, with the name of the day that begins where there is room for it."""
    day, labelled = worktime.to_wall(first, zone).date(), -LABELS_APART
    yield {"x": spot(scale.x(first)), "text": day_words(day), "line": ""}
    labelled = scale.x(first)
    while (midnight := worktime.to_instant(datetime.combine(day := day + timedelta(days=1), time()), zone)) < last:
        x = scale.x(midnight)
        roomy = x - labelled >= LABELS_APART and x <= WIDTH - LABELS_APART
        labelled = x if roomy else labelled
        yield {"x": spot(x), "text": day_words(day) if roomy else "", "line": "1"}


def day_words(day: date) -> str:
    return f"{day:%a} {day.day} {day:%b}"


def stretches(
    spans: Iterable[tuple[datetime, datetime]], first: datetime, last: datetime, scale: Scale
) -> Iterator[dict[str, str]]:
    for start, end in spans:
        begin, stop = max(start, first), min(end, last)
        if begin < stop:
            left, right = scale.x(begin), scale.x(stop)
            yield {"x": spot(left), "width": spot(right - left)}
