"""What is kept for a while only: answers to repeated requests, links that work once, sessions that ran out."""

from datetime import datetime, timedelta

from django.contrib.sessions.models import Session
from django.db.models import Q, QuerySet

from followups.models import IdempotentAnswer, OneTimeLink

ANSWERS_KEPT = timedelta(hours=72)
BATCH = 5_000


def sweep(*, now: datetime) -> int:
    """Delete what ran out; how many rows."""
    return (
        _delete(IdempotentAnswer.objects.filter(at__lt=now - ANSWERS_KEPT))
        + _delete(OneTimeLink.objects.filter(Q(expires_at__lte=now) | Q(used_at__isnull=False)))
        + _delete(Session.objects.filter(expire_date__lt=now))
    )


def _delete(rows: QuerySet) -> int:
    """Batch by batch, so that no delete holds its locks for long."""
    deleted = 0
    while keys := list(rows.values_list("pk", flat=True)[:BATCH]):
        deleted += rows.model.objects.filter(pk__in=keys).delete()[0]
    return deleted
