"""The dead-man's ping: a watch outside hears from this desk as long as it is in order, and raises the alarm when not.

One GET after a look of the watch, at most; never while a finding stands that people have to look at, while reminders
are late or sending is held. A ping that fails is noted, and nothing waits for it for longer than five seconds.
"""

import http.client
import ssl
from datetime import datetime
from urllib.parse import urlsplit

from django.conf import settings

from followups.clock import drift, found, sweeps
from followups.models import Finding, Site, Sweep

NAME = "deadman"
PATIENCE = 5.0


def ping(*, now: datetime) -> bool:
    """Whether the watch outside heard of us."""
    if not settings.DEADMAN_URL or reason_against(now=now):
        return False
    error = _get(settings.DEADMAN_URL)
    row, _ = Sweep.objects.get_or_create(name=NAME, defaults={"started_at": now})
    row.started_at, row.error = now, error
    row.finished_at = row.finished_at if error else now
    row.save(update_fields=["started_at", "finished_at", "error"])
    return not error


def reason_against(*, now: datetime) -> str:
    """Why the desk cannot say that it is well; empty where it can."""
    open_findings = Finding.objects.filter(cleared_at__isnull=True, repaired_at__isnull=True)
    if open_findings.filter(kind__in=found.WITHHOLDING).exists():
        return "There are open findings."
    if Site.objects.filter(sending_held=True).exists():
        return "Sending is held."
    if drift.suspect():
        return "The database's clock leapt ahead."
    return "Reminders are late." if sweeps.late(now=now) else ""


def _get(address: str) -> str:
    """What went wrong; empty where the service said that it heard. Redirects are not followed."""
    parts = urlsplit(address)
    try:
        line = http.client.HTTPSConnection(
            parts.hostname or "", parts.port, timeout=PATIENCE, context=ssl.create_default_context()
        )
        try:
            line.request("GET", parts._replace(scheme="", netloc="", fragment="").geturl() or "/")
            status = line.getresponse().status
        finally:
            line.close()
    except (OSError, ValueError, http.client.HTTPException) as error:
        return f"{type(error).__name__}: {error}"[:300]
    return "" if 200 <= status < 300 else f"It answered {status}."


def wrong_with(address: str) -> str:
    """Why this is no address for the ping; empty where it is, or where none is set."""
    if not address:
        return ""
    try:
        parts = urlsplit(address)
        sound = parts.scheme == "https" and parts.hostname and not parts.username and (parts.port or 443)
    except ValueError:
        sound = False
    return "" if sound else "It is no https address, so the watch outside is never told that this desk is well."
