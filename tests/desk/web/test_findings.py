"""The page of the watch: what stands, what it means and what to do, for those who can do something about it."""

from datetime import timedelta

import pytest

from followups.clock import found, workers
from followups.models import Delivery, Finding, Notice, Site, Sweep
from tests import factories

MINUTE = timedelta(minutes=1)


def finding(now, **fields) -> Finding:
    return Finding.objects.create(
        **{"kind": "sweep-silent", "subject": "deliveries", "found_at": now - 9 * MINUTE, **fields}
    )


def page(client, path="/findings") -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def looked(at) -> None:
    Sweep.objects.create(name="watch", started_at=at, finished_at=at)


@pytest.mark.parametrize("minutes", [None, 4])
def test_nothing_is_called_in_order_where_nobody_has_looked(office, as_, now, minutes):
    if minutes:
        looked(now - minutes * MINUTE)
    said = page(as_(office.sam))
    assert "Nobody has looked" in said
    assert "Everything is in order" not in said


def test_a_desk_in_order_says_so(office, as_, now):
    looked(now - MINUTE)
    said = page(as_(office.sam))
    assert "Everything is in order" in said
    assert "DEADMAN_URL" in said


def test_what_stands_is_said_in_plain_words_with_what_to_do(office, as_, now):
    finding(now, detail="Last finished an hour ago")
    finding(now, kind="reminders-unsent", subject="reminders", repaired_at=now - MINUTE)
    said = page(as_(office.sam))
    assert "A part of the clock has not run" in said
    assert found.KINDS["sweep-silent"].todo in said
    assert "Last finished an hour ago" in said
    assert said.index("A part of the clock has not run") < said.index("Reminders waited for over a minute")
    assert "repaired, may come again" in said


def test_it_leads_to_the_ticket_and_to_the_follow_up(office, as_, now):
    ticket = factories.ticket(now=now)
    row = ticket.follow_ups.get()
    finding(now, kind="gate-broken", subject=ticket.number)
    finding(now, kind="reminder-poison", subject=str(row.pk), detail="ValueError: no such zone")
    said = page(as_(office.sam))
    assert f'href="/tickets/{ticket.number}"' in said
    assert f'href="/follow-ups/{row.pk}"' in said


def test_what_is_gone_stays_a_week(office, as_, now):
    finding(now, cleared_at=now - timedelta(days=6))
    finding(now, kind="gate-broken", subject="1", cleared_at=now - timedelta(days=8))
    said = page(as_(office.sam))
    assert "Gone in the last seven days" in said
    assert "A part of the clock has not run" in said
    assert "A ticket stands where none may" not in said


def test_the_banner_counts_what_people_have_to_look_at(office, as_, now):
    Sweep.objects.update_or_create(name="reminders", defaults={"started_at": now, "finished_at": now})
    banner = "The watch found 1 thing out of order."
    assert banner not in page(as_(office.sam), "/reports")
    finding(now)
    finding(now, kind="reminders-unsent", subject="reminders", repaired_at=now)
    finding(now, kind="delivery-dead", subject="deliveries")
    assert banner in page(as_(office.sam), "/reports")
    assert banner in page(as_(office.root), "/reports")
    assert banner not in page(as_(office.ada), "/reports")


def test_a_clock_in_doubt_is_believed_by_an_administrator_alone(office, as_, now):
    Site.objects.update_or_create(pk=1, defaults={"clock_suspect_at": now, "clock_ahead_seconds": 3600})
    finding(now, kind="clock-leapt", subject="database")
    assert "send again" not in page(as_(office.sam))
    assert "send again" in page(as_(office.root))
    assert as_(office.sam).post("/findings/clock").status_code == 403
    assert Site.objects.get().clock_suspect_at == now
    assert as_(office.root).post("/findings/clock").url == "/findings"
    assert Site.objects.get().clock_suspect_at is None


def test_it_shows_the_watch_outside_and_the_workers(office, as_, now):
    Sweep.objects.create(name="deadman", started_at=now, error="It answered 503.")
    workers.seen(name="desk@box", host="box", pid=7, silent=0)
    said = page(as_(office.root))
    assert "not reached: It answered 503." in said
    assert "Worker desk@box" in said


def test_every_kind_that_the_watch_knows_is_explained():
    assert found.kind("sweep-silent").withholds
    assert all(one.title and one.means and one.todo for one in found.KINDS.values())
    assert found.kind("something new") == found.UNKNOWN


@pytest.mark.parametrize("count", [1, 3])
def test_the_page_asks_as_often_for_one_as_for_three(office, as_, now, django_assert_num_queries, count):
    Sweep.objects.update_or_create(name="reminders", defaults={"started_at": now, "finished_at": now})
    for n in range(count):
        finding(now, subject=f"a{n}")
        finding(now, subject=f"b{n}", cleared_at=now)
        workers.seen(name=f"desk@box{n}", host="box", pid=7, silent=0)
    client = as_(office.sam)
    page(client)
    with django_assert_num_queries(8):
        page(client)
    assert (Notice.objects.count(), Delivery.objects.count()) == (0, 0)
