"""One person's own figures on too few: the page goes back as far as it takes to hold enough, and says so."""

from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.http import HttpRequest

from followups.reports import against, shares, windows


def context(request: HttpRequest, name: str, question: windows.Question, total: Any) -> dict[str, Any]:
    """`widen_to`: the first day of the shortest period that holds enough, where this one does not; `too_few` where none does;
    `was_widened` where the page has gone back by itself.
    """
    said = {"was_widened": "widened" in request.GET, "enough": against.ENOUGH}
    if question.scope.agent_id is None or name not in shares.SHARES or shares.counted(name, total) >= against.ENOUGH:
        return said
    start = shares.shortest(name, question)
    if start is None or start >= question.start:
        return said | {"too_few": True}
    return said | {"widen_to": start.astimezone(ZoneInfo(question.zone)).date()}


def address(request: HttpRequest, found: dict[str, Any]) -> str | None:
    """Where the page goes back by itself: nobody asked when it should begin."""
    if "widen_to" not in found or request.GET.get("from"):
        return None
    asked = {name: text for name, text in request.GET.dict().items() if text}
    return f"{request.path}?{urlencode(asked | {'from': found['widen_to'].isoformat(), 'widened': 1})}"
