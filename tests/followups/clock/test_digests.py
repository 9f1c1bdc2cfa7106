"""Overdue work is mailed as one letter per person, seldom, and never at night."""

from datetime import UTC, datetime, timedelta

import pytest
from django.core import mail

from followups.clock import deliveries, digests, reminders
from followups.clock import quiet as quiet_hours
from followups.models import Delivery, FollowUp, FollowUpState, Notice, Policy, Site
from tests import factories

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 19, 9, 0, tzinfo=UTC)  # a Thursday
DUE = datetime(2026, 11, 19, 12, 0, tzinfo=UTC)
OVERDUE = DUE + timedelta(minutes=30)


@pytest.fixture
def ada():
    return factories.agent("ada", team=factories.team(), email="ada@example.org")


def overdue(agent, n: int = 1, *, at: datetime = OVERDUE) -> list[FollowUp]:
    """`n` follow-ups of a person whose overdue reminder falls at `at`."""
    due = at - timedelta(minutes=30)
    team = factories.team()
    rows = [factories.promise(promised_by=due, now=due - timedelta(hours=2), team=team, owner=agent) for _ in range(n)]
    reminders.sweep(now=at)
    return rows


def test_several_overdue_make_one_letter(ada):
    rows = overdue(ada, 3)
    assert digests.sweep(now=OVERDUE) == 1
    assert digests.sweep(now=OVERDUE) == 0
    deliveries.sweep(now=OVERDUE)
    assert [(m.to, m.subject) for m in mail.outbox] == [(["ada@example.org"], "3 overdue at the desk")]
    assert [f"http://testserver/tickets/{row.ticket.number}\n" in mail.outbox[0].body for row in rows] == [True] * 3
    assert Delivery.objects.get().notices.count() == 3


def test_ahead_and_due_are_never_mailed(ada):
    factories.promise(promised_by=DUE, now=NOW, team=factories.team(), owner=ada)
    reminders.sweep(now=DUE)
    assert (Notice.objects.count(), digests.sweep(now=DUE)) == (1, 0)


def test_an_agent_hears_every_half_hour_at_most(ada):
    overdue(ada)
    digests.sweep(now=OVERDUE)
    overdue(ada, at=OVERDUE + timedelta(minutes=5))
    made = [digests.sweep(now=OVERDUE + timedelta(minutes=n)) for n in (5, 29, 30, 31)]
    assert made == [0, 0, 1, 0]


def test_a_supervisor_hears_of_the_escalated_every_hour_at_most(ada):
    sam = factories.agent("sam", role="supervisor", team=factories.team(), email="sam@example.org")
    overdue(ada)
    escalated = DUE + timedelta(minutes=120)
    reminders.sweep(now=escalated)
    assert digests.sweep(now=escalated) == 2
    overdue(sam, at=escalated + timedelta(minutes=10))
    made = [digests.sweep(now=escalated + timedelta(minutes=n)) for n in (10, 59, 60)]
    assert made == [0, 0, 1]
    assert Delivery.objects.filter(agent=sam).count() == 2


def test_what_was_read_or_done_is_left_out(ada):
    read, done, left = overdue(ada, 3)
    Notice.objects.filter(follow_up=read).update(read_at=OVERDUE)
    FollowUp.objects.filter(pk=done.pk).update(stage="")
    factories.follow_up(done.ticket, promised_by=DUE + timedelta(days=1), now=NOW)
    FollowUp.objects.filter(pk=done.pk).update(state=FollowUpState.KEPT, ended_at=OVERDUE)
    digests.sweep(now=OVERDUE)
    assert list(Delivery.objects.get().notices.values_list("follow_up", flat=True)) == [left.pk]


@pytest.mark.parametrize("change", [{"email": ""}, {"is_active": False}, {"away_until": OVERDUE + timedelta(days=9)}])
def test_who_has_no_address_or_is_not_here_gets_none(ada, change):
    overdue(ada)
    if until := change.pop("away_until", None):
        factories.away(ada, until)
    for name, value in change.items():
        setattr(ada, name, value)
    ada.save()
    assert digests.sweep(now=OVERDUE) == 0


@pytest.mark.parametrize(
    ("instant", "quiet"),
    [
        ("2026-11-19T05:59:59", True),  # 06:59:59 in Berlin
        ("2026-11-19T06:00:00", False),
        ("2026-11-19T18:59:59", False),
        ("2026-11-19T19:00:00", True),
        ("2026-11-21T11:00:00", True),  # a Saturday
    ],
)
def test_mail_rests_at_night_and_on_days_off(instant, quiet):
    Policy.objects.update_or_create(team=None, defaults={"zone": "Europe/Berlin"})
    ben = factories.agent("ben")
    rest = quiet_hours.of([ben])[ben.pk]
    assert (rest.until(datetime.fromisoformat(instant).replace(tzinfo=UTC)) is not None) is quiet


def test_none_is_written_while_sending_is_held(ada):
    overdue(ada)
    Site.objects.update_or_create(id=1, defaults={"sending_held": True})
    assert digests.sweep(now=OVERDUE) == 0


def test_what_came_at_night_waits_for_the_morning(ada):
    night = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)  # Friday
    overdue(ada)
    assert digests.sweep(now=night) == 0
    assert digests.sweep(now=night.replace(hour=7)) == 1


def test_a_digest_for_somebody_who_left_is_dropped(ada):
    overdue(ada)
    digests.sweep(now=OVERDUE)
    ada.is_active = False
    ada.save()
    deliveries.sweep(now=OVERDUE)
    assert (Delivery.objects.get().state, mail.outbox) == ("dropped", [])
