"""What should have gone and did not is found, and what was looked after is not."""

from datetime import UTC, datetime, timedelta

import pytest

from followups.clock import reminders, watch, workers
from followups.models import Delivery, Finding, FollowUp, Notice, Reminder, Site, Worker
from tests import factories

NOW = datetime(2026, 11, 19, 9, 0, tzinfo=UTC)
DUE = datetime(2026, 11, 19, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
pytestmark = pytest.mark.django_db


@pytest.fixture
def sam():
    return factories.agent("sam", role="supervisor", team=factories.team())


def found() -> list[tuple]:
    return list(Finding.objects.filter(cleared_at=None).order_by("id").values_list("kind", "subject", "detail"))


def heard(person) -> list[str]:
    return list(Notice.objects.filter(recipient=person, kind="desk").order_by("at").values_list("text", flat=True))


def dead(**fields) -> Delivery:
    given = {"kind": "told", "address": "a@example.org", "subject": "S", "body": "B", "state": "dead"}
    return Delivery.objects.create(
        **{"key": f"k{Delivery.objects.count()}", "made_at": NOW, "due_at": NOW, **given, **fields}
    )


def test_a_reminder_that_failed_is_shown_until_it_went_out(sam):
    row = factories.promise(promised_by=DUE, now=DUE - 30 * MINUTE, team=factories.team())
    Reminder.objects.filter(follow_up=row, stage="due").update(attempts=3, due_at=DUE + 15 * MINUTE)
    watch.sweep(now=DUE)
    assert found() == [("reminder-poison", str(row.pk), f"Ticket {row.ticket.number}, failed 3 times.")]
    assert len(heard(sam)) == 1
    assert reminders.sweep(now=DUE + 15 * MINUTE) == 1
    watch.sweep(now=DUE + 16 * MINUTE)
    assert found() == []


def test_one_that_was_given_up_is_shown_until_the_promise_ends_or_moves(sam):
    row = factories.promise(promised_by=DUE, now=DUE - 30 * MINUTE, team=factories.team())
    Reminder.objects.filter(follow_up=row, stage="due").update(attempts=8, state="dead", handled_at=DUE)
    Finding.objects.create(kind="reminder-poison", subject=str(row.pk), found_at=DUE, detail="ValueError: no such zone")
    watch.sweep(now=DUE)
    assert found() == [("reminder-poison", str(row.pk), "ValueError: no such zone")]
    watch.sweep(now=DUE + 5 * MINUTE)  # it is not forgotten, and not begun again
    assert (Reminder.objects.get(follow_up=row, stage="due").state, len(found())) == ("dead", 1)
    FollowUp.objects.filter(pk=row.pk).update(version=2)
    Reminder.objects.filter(follow_up=row).exclude(stage="due").update(version=2)
    watch.sweep(now=DUE)
    assert found() == []


def test_messages_given_up_are_one_line_that_nobody_is_told_of_twice(sam):
    dead()
    dead()
    dead(due_at=NOW - timedelta(days=8))
    watch.sweep(now=NOW)
    assert (found(), heard(sam)) == ([("delivery-dead", "deliveries", "2 since 2026-11-19")], [])


def test_notices_that_nobody_passes_on(sam):
    row = Notice.objects.create(recipient=sam, kind="asked", text="A", at=NOW, to_route=True)
    watch.sweep(now=NOW + 2 * MINUTE)
    assert found() == []
    watch.sweep(now=NOW + 2 * MINUTE + timedelta(seconds=1))
    assert found() == [("notices-unrouted", "notices", "1 since 2026-11-19 09:00:00Z")]
    Notice.objects.filter(pk=row.pk).update(to_route=False)
    watch.sweep(now=NOW + 3 * MINUTE)
    assert found() == []


def test_a_worker_that_takes_nothing_is_found_and_one_taken_away_is_forgotten(sam):
    one = Worker.objects.create(name="one@a", host="a", pid=7, started_at=NOW, seen_at=NOW + 9 * MINUTE, took_at=NOW)
    Worker.objects.create(name="two@a", host="a", pid=8, started_at=NOW, seen_at=NOW, took_at=NOW)
    watch.sweep(now=NOW + 3 * MINUTE)
    assert found() == []
    watch.sweep(now=NOW + 9 * MINUTE)
    assert [(kind, subject) for kind, subject, _ in found()] == [("worker-silent", "one@a"), ("worker-silent", "two@a")]
    watch.sweep(now=NOW + 16 * MINUTE)
    assert list(Worker.objects.all()) == [one]


def test_a_worker_started_again_under_its_name_takes_its_row_over(sam):
    workers.seen(name="one@a", host="a", pid=7, silent=0)
    before = Worker.objects.get()
    workers.seen(name="one@a", host="a", pid=7, silent=40)
    same = Worker.objects.get()
    assert (same.started_at, 39 < (same.seen_at - same.took_at).total_seconds() < 41) == (before.started_at, True)
    workers.seen(name="one@a", host="a", pid=9, silent=0)
    assert Worker.objects.get().started_at > before.started_at
    workers.ended(name="one@a", pid=7)
    assert Worker.objects.get().pid == 9
    workers.ended(name="one@a", pid=9)
    assert not Worker.objects.exists()


def test_a_clock_that_leapt_is_told_and_the_watch_sends_nothing_meanwhile(sam):
    Site.objects.update_or_create(pk=1, defaults={"clock_suspect_at": DUE, "clock_ahead_seconds": 3600})
    factories.promise(promised_by=DUE, now=NOW, team=factories.team())
    watch.sweep(now=DUE + 5 * MINUTE)
    assert found() == [("clock-leapt", "database", "By 1:00:00, at 2026-11-19 12:00:00Z by its own reckoning.")]
    assert len(heard(sam)) == 1
    assert not Notice.objects.filter(kind="reminder").exists()


def test_what_lasts_is_told_though_it_is_repaired_each_time_and_again_every_day(sam):
    def late(n):
        factories.promise(
            promised_by=NOW + n * MINUTE - 2 * MINUTE, now=NOW - timedelta(hours=1), team=factories.team()
        )
        watch.sweep(now=NOW + n * MINUTE)
        return len(heard(sam))

    assert [late(n) for n in (0, 5, 9, 10, 11, 600, 1449, 1450)] == [0, 0, 0, 1, 1, 1, 1, 2]
    assert heard(sam)[0].startswith("Reminders waited for over a minute (1): reminders, ")
