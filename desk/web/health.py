"""For machines that watch the desk: alive, ready, reminders on time, figures for Prometheus. Nothing personal."""

import hmac
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, HttpResponseForbidden, JsonResponse
from django.urls import path
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily

from followups import tasks
from followups.clock import figures, sweeps

LOOPBACK = ("127.0.0.1", "::1")
FORWARDED = ("HTTP_X_FORWARDED_FOR", "HTTP_FORWARDED", "HTTP_X_REAL_IP")
View = Callable[[HttpRequest], HttpResponse]


def watched(view: View) -> View:
    """GET or HEAD, never cached; 503 without a stack trace where the database does not answer."""

    @wraps(view)
    def answered(request: HttpRequest) -> HttpResponse:
        try:
            return view(request)
        except DatabaseError:
            return JsonResponse({"status": "unavailable", "database": "unreachable"}, status=503)

    return login_not_required(never_cache(require_safe(answered)))


@watched
def healthz(request: HttpRequest) -> HttpResponse:
    """The web process answers. Asks nobody else."""
    return JsonResponse({"status": "ok"})


@watched
def readyz(request: HttpRequest) -> HttpResponse:
    """The database is reachable and holds what this code expects."""
    missing = pending_migrations()
    state = {"status": "unavailable" if missing else "ok", "database": "ok", "migrations_missing": missing}
    return JsonResponse(state, status=503 if missing else 200)


def pending_migrations() -> int:
    executor = MigrationExecutor(connection)
    return len(executor.migration_plan(executor.loader.graph.leaf_nodes()))


@watched
def reminders(request: HttpRequest) -> HttpResponse:
    """Whether a sweep of the reminders finished within the last minute, by the database's clock."""
    now = tasks.database_now()
    finished_at = sweeps.last_finished()
    late = sweeps.late(now=now)
    state = {
        "status": "late" if late else "ok",
        "last_finished_at": finished_at.isoformat() if finished_at else None,
        "age_seconds": age(finished_at, now),
    }
    return JsonResponse(state, status=503 if late else 200)


def age(instant: datetime | None, now: datetime) -> float | None:
    return round((now - instant).total_seconds(), 3) if instant else None


@watched
def metrics(request: HttpRequest) -> HttpResponse:
    """Gauges read from the database: the same from every process and every host."""
    if not may_read_metrics(request):
        return HttpResponseForbidden("From this machine, or with METRICS_TOKEN as bearer token.\n", "text/plain")
    registry = CollectorRegistry(auto_describe=False)
    registry.register(Gauges())
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


def may_read_metrics(request: HttpRequest) -> bool:
    """A proxy on this machine forwards strangers: what was forwarded is not local."""
    if settings.METRICS_TOKEN:
        given = request.headers.get("Authorization", "").encode()
        return hmac.compare_digest(given, f"Bearer {settings.METRICS_TOKEN}".encode())
    return request.META["REMOTE_ADDR"] in LOOPBACK and not any(name in request.META for name in FORWARDED)


class Gauges:
    """A collector in the way prometheus-client asks for it."""

    def collect(self) -> Iterator[Any]:
        for name, (words, value) in figures.gauges(now=tasks.database_now()).items():
            if isinstance(value, dict):
                yield labelled(name, words, value)
            else:
                yield GaugeMetricFamily(f"desk_{name}", words, value=value)


def labelled(name: str, words: str, values: dict[str, float]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(f"desk_{name}", words, labels=["name"])
    for label, value in values.items():
        family.add_metric([label], value)
    return family


urlpatterns = [
    path("healthz", healthz, name="healthz"),
    path("healthz/reminders", reminders, name="healthz-reminders"),
    path("readyz", readyz, name="readyz"),
    path("metrics", metrics, name="metrics"),
]
