"""The watch finds what slipped through, repairs it once, and says what it could not repair."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from followups.actions import messages
from followups.clock import reminders, sweeps, watch
from followups.models import Delivery, Finding, FollowUp, Notice, Sweep, Ticket
from tests import factories

NOW = datetime(2026, 11, 19, 9, 0, tzinfo=UTC)
DUE = datetime(2026, 11, 19, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
pytestmark = pytest.mark.django_db


@pytest.fixture
def sam():
    return factories.agent("sam", role="supervisor", team=factories.team())


def promised() -> FollowUp:
    return factories.promise(promised_by=DUE, now=NOW, team=factories.team())


def findings() -> list[tuple]:
    return list(Finding.objects.order_by("id").values_list("kind", "subject", "repaired_at", "cleared_at"))


def test_a_desk_in_order_shows_nothing(sam):
    promised()
    reminders.sweep(now=DUE + MINUTE)
    assert watch.sweep(now=DUE + MINUTE) == 0
    assert findings() == []


def test_a_lost_reminder_is_made_again_and_sent_once(sam):
    row = promised()
    row.reminders.all().delete()
    late = DUE + 2 * MINUTE
    assert watch.sweep(now=late) == 1
    assert reminders.sweep(now=late) == 1
    assert watch.sweep(now=late + MINUTE) == 0
    assert findings() == [("reminder-missing", str(row.pk), late, late + MINUTE)]
    assert list(Notice.objects.values_list("recipient__username", "stage", "late_by_seconds")) == [("sam", "due", 120)]
    assert sorted(row.reminders.values_list("stage", "state")) == [
        ("due", "sent"),
        ("escalated", "waiting"),
        ("overdue", "waiting"),
    ]


def test_a_reminder_wrongly_passed_over_waits_again(sam):
    row = promised()
    row.reminders.update(state="passed_over")
    watch.sweep(now=DUE + 2 * MINUTE)
    assert dict(row.reminders.values_list("stage", "state"))["due"] == "waiting"


def test_reminders_that_nobody_sends_are_sent_by_the_watch(sam):
    factories.promise(promised_by=DUE, now=DUE - 30 * MINUTE, team=factories.team())
    assert (watch.sweep(now=DUE + MINUTE / 2), Notice.objects.count()) == (0, 0)
    assert (watch.sweep(now=DUE + MINUTE), Notice.objects.count()) == (1, 1)
    assert watch.sweep(now=DUE + 2 * MINUTE) == 0
    assert findings() == [("reminders-unsent", "reminders", DUE + MINUTE, DUE + 2 * MINUTE)]


def test_a_lease_that_ran_out_is_freed(sam):
    row = factories.promise(promised_by=DUE, now=NOW, customer=factories.customer(now=NOW))
    delivery = messages.queue(messages.told(row), ticket=row.ticket, follow_up=row, now=NOW)
    Delivery.objects.update(leased_until=NOW)
    assert watch.sweep(now=NOW + 3 * MINUTE) == 1
    assert findings() == [("lease-ran-out", str(delivery.pk), NOW + 3 * MINUTE, None)]
    delivery.refresh_from_db()
    assert delivery.leased_until is None


def test_a_silent_sweep_is_told_to_the_supervisors_once_and_cleared(sam):
    silent = Sweep.objects.create(name="deliveries", started_at=NOW, finished_at=NOW, error="OSError: no host")
    assert [watch.sweep(now=NOW + n * MINUTE) for n in (1, 2, 3, 4)] == [0, 0, 1, 1]
    Sweep.objects.filter(pk=silent.pk).update(finished_at=NOW + 5 * MINUTE)
    watch.sweep(now=NOW + 5 * MINUTE)
    assert findings() == [("sweep-silent", "deliveries", None, NOW + 5 * MINUTE)]
    notice = Notice.objects.get()
    assert (notice.recipient, notice.kind, "no host" in notice.text) == (sam, "desk", True)


def test_after_a_night_off_the_watch_waits_before_it_calls_a_sweep_silent(sam):
    for name in ("watch", "deliveries"):
        Sweep.objects.create(name=name, started_at=NOW, finished_at=NOW)
    morning = NOW + timedelta(hours=20)
    assert watch.sweep(now=morning) == 0
    Sweep.objects.filter(name="watch").update(finished_at=morning)
    assert watch.sweep(now=morning + MINUTE) == 1


@pytest.fixture
def without_gate():
    """The database refuses these rows; here we stand where it did not."""
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
    yield
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = origin")


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (lambda t: t.follow_ups.update(state="kept", ended_at=NOW), "open without a next step"),
        (
            lambda t: Ticket.objects.filter(pk=t.pk).update(state="closed", closed_at=NOW, outcome="resolved"),
            "closed with an open follow-up",
        ),
    ],
    ids=["open without step", "closed with step"],
)
def test_a_ticket_that_breaks_the_gate_is_found(sam, without_gate, wrong, words):
    ticket = factories.ticket(now=NOW, team=factories.team())
    Ticket.objects.filter(pk=ticket.pk).update(ever_followed=True)
    wrong(ticket)
    watch.sweep(now=NOW)
    assert (ticket.number, words) in Finding.objects.filter(kind="gate-broken").values_list("subject", "detail")
    assert Notice.objects.get().recipient == sam


def test_a_ticket_closed_without_a_reason_is_found(sam, without_gate):
    ticket = factories.bare_ticket(now=NOW, state="closed", closed_at=NOW, outcome="resolved")
    watch.sweep(now=NOW)
    assert list(Finding.objects.values_list("subject", "detail")) == [(ticket.number, "closed without a reason")]


def test_an_imported_ticket_without_a_step_is_no_finding(sam):
    factories.bare_ticket(now=NOW)
    assert watch.sweep(now=NOW) == 0


def test_the_watch_knows_every_sweep():
    assert set(sweeps.TICKS) == {
        "reminders", "targets", "routes", "deliveries", "pushes", "digests", "mornings", "watch", "imports", "retention",
        "zones", "facts", "mailings",
        "hours",
    }  # fmt: skip
