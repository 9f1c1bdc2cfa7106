"""Of the time to resolution: how many were resolved within so many days, and which.

The share beside them is an estimate of all, those still waiting counted in, so that it has no rows of its own.
"""

from bisect import bisect_right
from dataclasses import replace
from typing import Any

from desk.web.figures import Link
from followups.reports import resolution, rows, time_to_resolution

SOURCE = replace(
    time_to_resolution.SOURCE,
    parts={
        f"within.{days}": f"left_out IS NULL AND resolved AND ended_at <= at + interval '{24 * int(days)} hours'"
        for days in resolution.HORIZONS
    },
)


def table(known: time_to_resolution.Ages, total: rows.TimeToResolution, link: Link) -> list[dict[str, Any]]:
    """A line for each number of days: resolved so far within them, and the share."""
    resolved = known.times["resolved"]
    counts = {days: bisect_right(resolved, int(days) * time_to_resolution.DAY) for days in resolution.HORIZONS}
    return [
        {"days": days, "n": n, "url": link(f"within.{days}") if n else "", "rate": total.resolved_by[days]}
        for days, n in counts.items()
    ]
