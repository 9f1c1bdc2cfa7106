"""Ten days ahead, team by team: the minutes promised beside those that the people can carry, and with some fewer."""

import re
from datetime import date
from typing import Any

from followups.errors import Invalid
from followups.reports import rows

FEWER = 2
MOST = 99


def fewer(text: str) -> int:
    """How many agents fewer the page supposes, two where nobody says. Raises `Invalid`."""
    if not text:
        return FEWER
    if not re.fullmatch(r"\d{1,2}", text, re.ASCII):
        raise Invalid("fewer", f"How many agents fewer: a whole number from 0 to {MOST}.", "out-of-range")
    return int(text)


def table(report: rows.Report, missing: int) -> dict[str, Any]:
    """One row a team and one for all, one column a day."""
    by_team = [(row.key or "No team", row) for row in report.rows]
    lines = [*by_team, ("All, each person once", report.total)]
    return {
        "days": [f"{date.fromisoformat(day):%a} {date.fromisoformat(day).day}" for day in report.total.days],
        "teams": [{"label": label, "days": [cell(day, missing) for day in row.days.values()]} for label, row in lines],
    }


def cell(day: dict[str, int | None], missing: int) -> dict[str, Any]:
    """What is promised of what can be carried; `over` and `over_fewer` where it is more."""
    minutes, budget, each = day["minutes"] or 0, day["budget"] or 0, day["per_person"] or 0
    left = max(0, budget - missing * each)
    return {
        "minutes": minutes,
        "budget": budget,
        "left": left,
        "people": day["people"],
        "off": not budget,
        "over": minutes > budget,
        "over_fewer": minutes > left,
    }
