"""The zones offered by name in forms; any other zone of the database may still be typed."""

from functools import cache
from zoneinfo import available_timezones

REGIONS = ("Africa/", "America/", "Asia/", "Atlantic/", "Australia/", "Europe/", "Indian/", "Pacific/")


@cache
def names() -> list[str]:
    return ["UTC", *sorted(name for name in available_timezones() if name.startswith(REGIONS))]
