"""The desk's own gauges: what waits, what is late, what was given up, what the watch found."""

from datetime import datetime
from typing import Any

from django.db.models import Count

from followups.clock import due
from followups.models import Delivery, DeliveryState, Finding, FollowUp, Sweep, Ticket


def gauges(*, now: datetime) -> dict[str, tuple[str, Any]]:
    """Name: (words, number or numbers by label). Each is one query through an index on what is open."""
    return {
        "reminders_due": ("Reminders that are due and not yet sent.", due.waiting(now=now).count()),
        "follow_ups_open": ("Open follow-ups.", FollowUp.objects.open().count()),
        "follow_ups_overdue": ("Open follow-ups past their time.", FollowUp.objects.overdue(now).count()),
        "tickets_open": ("Open tickets.", Ticket.objects.open().count()),
        "tickets_without_step": ("Open tickets with no next step.", Ticket.objects.without_next_step().count()),
        "deliveries": ("Messages that wait, and those given up.", _deliveries()),
        "findings": ("What the watch found and is not gone, by kind.", _findings()),
        "sweep_age_seconds": ("Seconds since each sweep last finished.", _ages(now)),
        "sweep_took_seconds": ("How long each sweep last took.", _lengths()),
    }


def _deliveries() -> dict[str, int]:
    rows = Delivery.objects.filter(state__in=[DeliveryState.WAITING, DeliveryState.DEAD])
    found = dict(rows.values_list("state").annotate(n=Count("pk")))
    return {state.value: found.get(state, 0) for state in (DeliveryState.WAITING, DeliveryState.DEAD)}


def _findings() -> dict[str, int]:
    return dict(Finding.objects.filter(cleared_at__isnull=True).values_list("kind").annotate(n=Count("pk")))


def _ages(now: datetime) -> dict[str, float]:
    rows = Sweep.objects.filter(finished_at__isnull=False).values_list("name", "finished_at")
    return {name: (now - finished_at).total_seconds() for name, finished_at in rows if finished_at}


def _lengths() -> dict[str, float]:
    return {name: took / 1000 for name, took in Sweep.objects.values_list("name", "took_ms")}
