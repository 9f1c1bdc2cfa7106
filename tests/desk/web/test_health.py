"""What machines are told about the desk."""

from datetime import timedelta

import pytest
from django.db import connection
from django.db.utils import OperationalError

from desk.web import health
from followups import tasks
from followups.clock import reminders, sweeps
from followups.models import Sweep
from tests import factories

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.urls("desk.web.health")]


def test_alive_asks_no_database(client, django_assert_num_queries):
    with django_assert_num_queries(0):
        answer = client.get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


def test_ready_once_migrated(client):
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok", "database": "ok", "migrations_missing": 0})


def test_not_ready_while_a_migration_is_missing(client):
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'followups' RETURNING app, name, applied")
        rows = cursor.fetchall()
    try:
        answer = client.get("/readyz")
    finally:
        with connection.cursor() as cursor:
            cursor.executemany("INSERT INTO django_migrations (app, name, applied) VALUES (%s, %s, %s)", rows)
    assert (answer.status_code, answer.json()["migrations_missing"]) == (503, len(rows))


def test_a_database_that_does_not_answer_is_503_in_a_few_words(rf):
    def unreachable(request):
        raise OperationalError("connection refused")

    answer = health.watched(unreachable)(rf.get("/readyz"))
    assert (answer.status_code, answer.content) == (503, b'{"status": "unavailable", "database": "unreachable"}')


def test_reminders_are_late_until_a_sweep_finished_within_the_minute(client):
    answer = client.get("/healthz/reminders")
    assert (answer.status_code, answer.json()) == (
        503,
        {"status": "late", "last_finished_at": None, "age_seconds": None},
    )
    sweeps.run("reminders", reminders.sweep, now=tasks.database_now())
    answer = client.get("/healthz/reminders")
    assert (answer.status_code, answer.json()["status"]) == (200, "ok")
    Sweep.objects.update(finished_at=tasks.database_now() - timedelta(seconds=61))
    assert client.get("/healthz/reminders").status_code == 503


def test_nothing_but_reading(client):
    assert [client.post(f"/{name}").status_code for name in ("healthz", "readyz", "metrics")] == [405] * 3


def test_metrics_are_read_from_the_rows(client):
    now = tasks.database_now()
    factories.promise(promised_by=now - timedelta(hours=1), now=now - timedelta(days=1), team=factories.team())
    factories.bare_ticket(now=now)
    sweeps.run("watch", lambda *, now: 0, now=now)
    answer = client.get("/metrics")
    lines = answer.content.decode().splitlines()
    figures = dict(line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
    assert answer.headers["Content-Type"].startswith("text/plain")
    assert float(figures["desk_follow_ups_overdue"]) == 1
    assert float(figures["desk_reminders_due"]) >= 2
    assert float(figures["desk_tickets_open"]) == 2
    assert float(figures["desk_tickets_without_step"]) == 1
    assert float(figures['desk_deliveries{name="dead"}']) == 0
    assert 0 <= float(figures['desk_sweep_age_seconds{name="watch"}']) < 60


@pytest.mark.parametrize(
    ("token", "headers", "status"),
    [
        ("", {}, 200),
        ("", {"REMOTE_ADDR": "192.0.2.7"}, 403),
        ("", {"HTTP_X_FORWARDED_FOR": "127.0.0.1"}, 403),
        ("secret", {}, 403),
        ("secret", {"HTTP_AUTHORIZATION": "Bearer secret", "REMOTE_ADDR": "192.0.2.7"}, 200),
        ("secret", {"HTTP_AUTHORIZATION": "Bearer sécret"}, 403),
    ],
    ids=["this machine", "another", "behind a proxy", "token wanted", "token given", "token wrong"],
)
def test_metrics_are_for_this_machine_or_the_token(client, settings, token, headers, status):
    settings.METRICS_TOKEN = token
    assert client.get("/metrics", **headers).status_code == status
