"""The zones offered by name in forms, any other of the database may still be typed; and new rules of them, noticed."""

from collections.abc import Callable
from functools import cache
from zoneinfo import available_timezones

from django.http import HttpRequest, HttpResponse

from followups.models.policies import follow_zone_data

REGIONS = ("Africa/", "America/", "Asia/", "Atlantic/", "Australia/", "Europe/", "Indian/", "Pacific/")


@cache
def names() -> list[str]:
    return ["UTC", *sorted(name for name in available_timezones() if name.startswith(REGIONS))]


def followed(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware: each request reads wall times by the zone data as they are on this machine now."""

    def answer(request: HttpRequest) -> HttpResponse:
        follow_zone_data()
        return get_response(request)

    return answer
