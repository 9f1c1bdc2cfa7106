"""Charts as server-rendered SVG, each with its table behind it. Shapes: templates/_parts/README.md.

Values are shares between 0 and 1 unless said; a point, bar or part is a dict or any object with its names.
Coordinates are strings made here, so that no locale can turn 12.5 into 12,5.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django import template

from desk.templatetags.desk import interval, number, rate, read

register = template.Library()

WIDTH, HEIGHT = 640, 230
LEFT, RIGHT, TOP, BOTTOM = 46, 14, 10, 32
CEILINGS = (0.02, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1.0)
SMALL_WIDTH, SMALL_HEIGHT, SMALL_LEFT = 300, 132, 40
X_LABELS = 6
KINDS = 5


def spot(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


@dataclass(frozen=True)
class Plane:
    """The drawing area: `x` takes 0..1 from left to right, `y` a value of 0..ceiling from the bottom up."""

    ceiling: float
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT

    def x(self, share: float) -> float:
        return self.left + share * (self.width - self.left - RIGHT)

    def y(self, value: float) -> float:
        return self.height - BOTTOM - value / self.ceiling * (self.height - TOP - BOTTOM)

    def ticks(self) -> list[dict[str, str]]:
        halves = (0, self.ceiling / 2, self.ceiling)
        return [self.tick(value) for value in halves]

    def tick(self, value: float) -> dict[str, str]:
        level = self.y(value)
        return {"y": spot(level), "text_y": spot(level + 4), "text": percent(value)}


def percent(value: float) -> str:
    return f"{value * 100:.1f}".removesuffix(".0") + "\u00a0%"


def ceiling_of(values: Iterable[float | None]) -> float:
    top = max((value for value in values if value is not None), default=1.0)
    return next((step for step in CEILINGS if step >= top), top)


def runs(items: Iterable[Any]) -> list[list[Any]]:
    """Neighbours without the gaps (None) between them."""
    found: list[list[Any]] = [[]]
    for item in items:
        if item is None:
            found.append([])
        else:
            found[-1].append(item)
    return [run for run in found if run]


def joined(spots: Iterable[tuple[float, float]]) -> str:
    return " ".join(f"{spot(x)},{spot(y)}" for x, y in spots)


def metric_row(thing: Any) -> dict[str, Any]:
    names = ("label", "rate", "ci_low", "ci_high", "num", "den", "immature", "url", "tick", "up_to")
    return {name: read(thing, name) for name in names} | {"range": interval(thing)}


def words_of(row: dict[str, Any]) -> str:
    young = ", still young" if row["immature"] else ""
    counts = f"{number(row['num'])} of {number(row['den'])}"
    up_to = f", at most {rate(row['up_to'])}" if row["up_to"] is not None else ""
    return f"{named(row)}: {rate(row['rate'])} ({row['range']}), {counts}{up_to}{young}"


def named(row: dict[str, Any]) -> str:
    """A week by its name and its Monday; anything else by its label."""
    return f"{row['label']}, from {row['tick']}" if row["tick"] and "W" in row["label"] else str(row["label"])


def x_labels(labels: Sequence[Any], plane: Plane) -> list[dict[str, str]]:
    """At most six, the first and every n-th; every other one steps aside on a narrow screen."""
    stride = max(1, -(-len(labels) * WIDTH // (plane.width * X_LABELS)))
    places = range(0, len(labels), stride)
    span = max(1, len(labels) - 1)
    return [
        {"x": spot(plane.x(at / span)), "text": str(labels[at]), "look": "mid thin" if order % 2 else "mid"}
        for order, at in enumerate(places)
    ]


@register.inclusion_tag("_parts/charts/line.html")
def line_chart(
    points: Sequence[Any],
    title: str,
    note: str = "",
    first_column: str = "Week",
    table_open: bool = False,
    says: str = "",
    marks: Sequence[Any] = (),
) -> dict[str, Any]:
    """A rate over time with its 95 % band. A point without a rate is a gap; an immature one is hollow. `says` is what the
    chart shows and what it does not; marks = [{key, n, words}] by week or month, told in the list below the charts.
    """
    rows = [metric_row(point) for point in points]
    words = {"title": title, "note": note, "first_column": first_column, "table_open": table_open, "says": says}
    young = {"has_young": any(row["immature"] for row in rows if row["rate"] is not None)}
    plane = Plane(ceiling_of(highest(rows)))
    return words | young | {"rows": rows, "flags": flags(marks, rows, plane)} | line_drawing(rows, plane)


def flags(marks: Sequence[Any], rows: Sequence[dict[str, Any]], plane: Plane) -> list[dict[str, Any]]:
    """Each mark at its week; one before or behind all weeks drawn has no place."""
    places = {row["label"]: at / max(1, len(rows) - 1) for at, row in enumerate(rows)}
    return [
        {"x": spot(plane.x(places[mark["key"]])), "top": TOP, "base": HEIGHT - BOTTOM}
        | {name: mark[name] for name in ("key", "words", "n")}
        for mark in marks
        if mark["key"] in places
    ]


def line_drawing(rows: Sequence[dict[str, Any]], plane: Plane) -> dict[str, Any]:
    for at, row in enumerate(rows):
        row["at"] = plane.x(at / max(1, len(rows) - 1))
    seen = [row if row["rate"] is not None else None for row in rows]
    long_runs = [run for run in runs(seen) if len(run) > 1]
    return {
        "ticks": plane.ticks(),
        "labels": x_labels([row["tick"] or row["label"] for row in rows], plane),
        "lines": [joined((row["at"], plane.y(row["rate"])) for row in run) for run in long_runs],
        "bands": [band(run, plane) for run in long_runs],
        "spans": [span_of(run, plane) for run in long_runs if run[0]["up_to"] is not None],
        "dots": [dot(row, plane) for row in rows if row["rate"] is not None],
    }


def highest(rows: Iterable[dict[str, Any]]) -> list[float | None]:
    return [
        max((row[name] for name in ("rate", "ci_high", "up_to") if row[name] is not None), default=None) for row in rows
    ]


def band(run: Sequence[dict[str, Any]], plane: Plane) -> str:
    known = [row for row in run if row["ci_low"] is not None]
    upper = [(row["at"], plane.y(row["ci_high"])) for row in known]
    lower = [(row["at"], plane.y(row["ci_low"])) for row in reversed(known)]
    return joined(upper + lower)


def span_of(run: Sequence[dict[str, Any]], plane: Plane) -> str:
    """Between the line and the share that is known no nearer."""
    upper = [(row["at"], plane.y(row["up_to"])) for row in run]
    return joined(upper + [(row["at"], plane.y(row["rate"])) for row in reversed(run)])


def dot(row: dict[str, Any], plane: Plane) -> dict[str, Any]:
    place = {"x": spot(row["at"]), "y": spot(plane.y(row["rate"]))}
    return place | {"hollow": bool(row["immature"]), "words": words_of(row), "url": row["url"]}


@register.inclusion_tag("_parts/charts/multiples.html")
def small_multiples(
    charts: Sequence[Any], title: str, note: str = "", first_column: str = "Week", says: str = ""
) -> dict[str, Any]:
    """A rate over time for each of several: charts = [{label, metric, points}], all of the same weeks, on one scale."""
    series = [[metric_row(point) for point in chart["points"]] for chart in charts]
    ceiling = ceiling_of([value for rows in series for value in highest(rows)])
    plane = Plane(ceiling, SMALL_WIDTH, SMALL_HEIGHT, SMALL_LEFT)
    drawn = [
        {"label": chart["label"], "metric": chart["metric"]} | line_drawing(rows, plane)
        for chart, rows in zip(charts, series, strict=True)
    ]
    weeks = [{"label": some[0]["label"], "cells": some} for some in zip(*series, strict=True)]
    words = {"title": title, "note": note, "first_column": first_column, "says": says}
    return words | {
        "charts": drawn,
        "weeks": weeks,
        "young": any(dot["hollow"] for chart in drawn for dot in chart["dots"]),
    }


@register.inclusion_tag("_parts/charts/step.html")
def step_chart(
    series: Sequence[Any],
    title: str,
    x_max: float,
    unit: str = "d",
    marks: Sequence[Any] = (),
    table_open: bool = False,
    says: str = "",
) -> dict[str, Any]:
    """Survival or cumulative incidence: series = [{label, steps: [(t, share), ...], start}] over 0..x_max."""
    plane = Plane(1.0)
    known = [mark for mark in marks if read(mark, "at") is not None and read(mark, "at") <= x_max]
    return {
        "title": title,
        "unit": unit,
        "table_open": table_open,
        "says": says,
        "ticks": plane.ticks(),
        "series": [curve(one, order, x_max, unit, plane) for order, one in enumerate(series)],
        "labels": [{"x": spot(plane.x(part / 4)), "text": f"{x_max * part / 4:g} {unit}"} for part in range(5)],
        "marks": [{"x": spot(plane.x(read(mark, "at") / x_max)), "text": read(mark, "label")} for mark in known],
        "base": {"y1": TOP, "y2": HEIGHT - BOTTOM},
        "rows": readings(series, x_max),
    }


def curve(one: Any, order: int, x_max: float, unit: str, plane: Plane) -> dict[str, Any]:
    shape = {"path": staircase(one, x_max, plane), "dots": stops(one, x_max, unit, plane)}
    return {"label": read(one, "label"), "look": f"s{order}"} | shape


def stops(one: Any, x_max: float, unit: str, plane: Plane) -> list[dict[str, str]]:
    """What the curve says at each instant that the axis names."""
    levels = [(part / 4, level_at(one, x_max * part / 4)) for part in range(1, 5)]
    return [
        {"x": spot(plane.x(at)), "y": spot(plane.y(level))}
        | {"words": f"{read(one, 'label')} after {x_max * at:g} {unit}: {rate(level)}"}
        for at, level in levels
    ]


def staircase(one: Any, x_max: float, plane: Plane) -> str:
    level = read(one, "start", 1.0)
    path = [f"M{spot(plane.x(0))} {spot(plane.y(level))}"]
    for at, value in read(one, "steps"):
        if at > x_max:
            break
        path.append(f"H{spot(plane.x(at / x_max))}V{spot(plane.y(value))}")
    return thinned(path) + f"H{spot(plane.x(1))}"


def thinned(path: list[str]) -> str:
    """Steps that fall on the same tenth of a pixel as the one before them cannot be seen."""
    kept = [path[0]]
    for piece in path[1:]:
        if piece.split("V")[0] == kept[-1].split("V")[0]:
            kept[-1] = piece
        else:
            kept.append(piece)
    return "".join(kept)


def readings(series: Sequence[Any], x_max: float) -> list[dict[str, Any]]:
    """The table: what each curve says at ten even instants."""
    return [
        {"at": f"{x_max * part / 10:g}", "values": [rate(level_at(one, x_max * part / 10)) for one in series]}
        for part in range(11)
    ]


def level_at(one: Any, instant: float) -> float:
    passed = [value for at, value in read(one, "steps") if at <= instant]
    return passed[-1] if passed else read(one, "start", 1.0)


@register.inclusion_tag("_parts/charts/bars.html")
def bar_chart(
    rows: Sequence[Any], title: str, note: str = "", first_column: str = "", look: str = "bar", says: str = ""
) -> dict[str, Any]:
    """A table whose rows carry a bar (look="dot": a dot) with its 95 % whisker, on one scale for all."""
    bars = [metric_row(row) for row in rows]
    top = ceiling_of(highest(bars))
    for bar in bars:
        bar.update(scaled(bar, top))
    words = {"title": title, "note": note, "first_column": first_column, "look": look, "says": says}
    return words | {"bars": bars, "top": percent(top)}


def scaled(metric: Any, top: float = 1.0) -> dict[str, str]:
    values = {"at": read(metric, "rate"), "low": read(metric, "ci_low"), "high": read(metric, "ci_high")}
    return {name: "" if value is None else spot(min(1.0, value / top) * 200) for name, value in values.items()}


@register.inclusion_tag("_parts/charts/range.html")
def range_bar(metric: Any) -> dict[str, str]:
    """A rate and its interval on a line from 0 to 100 %: the small picture in a figure."""
    return scaled(metric or {})


@register.inclusion_tag("_parts/charts/stacked.html")
def stacked_bar(
    parts: Sequence[Any], title: str, note: str = "", first_column: str = "", says: str = ""
) -> dict[str, Any]:
    """Shares of a whole: parts = [{label, value, url}], value a count; the numbers stand in the table."""
    counts = [read(part, "value") for part in parts]
    whole = sum(counts)
    starts = [sum(counts[:order]) for order in range(len(counts))]
    drawn = [
        {name: read(part, name) for name in ("label", "value", "url")}
        | {"look": order % KINDS}
        | slice_of(starts[order], counts[order], whole)
        for order, part in enumerate(parts)
    ]
    words = {"title": title, "note": note, "first_column": first_column, "says": says}
    return words | {"parts": drawn, "whole": whole}


def slice_of(start: float, count: float, whole: float) -> dict[str, Any]:
    if not whole:
        return {"x": "0", "width": "0", "share": None}
    return {"x": spot(start / whole * WIDTH), "width": spot(count / whole * WIDTH), "share": count / whole}
