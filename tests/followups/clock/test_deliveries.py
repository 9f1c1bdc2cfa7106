"""Mail goes out once per key, to people who may have it, and says honestly what became of it."""

from datetime import UTC, datetime, timedelta

import pytest
from django.core import mail
from django.core.mail.backends.base import BaseEmailBackend

from followups.actions import messages
from followups.clock import deliveries, outcomes
from followups.models import Delivery, Event, FollowUp, FollowUpState, Notice, Site
from tests import factories

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 19, 9, 0, tzinfo=UTC)
DUE = datetime(2026, 11, 20, 16, 0, tzinfo=UTC)
LATER = NOW + messages.UNDO_TIME


class Broken(BaseEmailBackend):
    """A mail host that refuses every message."""

    def send_messages(self, email_messages):
        raise ConnectionRefusedError("no route to the mail host")


@pytest.fixture
def reaches(settings):
    settings.MAIL_REACHES_PEOPLE = True
    return settings


@pytest.fixture
def broken(settings):
    settings.EMAIL_BACKEND = f"{__name__}.Broken"
    return settings


def promised(**fields) -> FollowUp:
    team = factories.team()
    given = {"customer": factories.customer(now=NOW), "promised_from": DUE - timedelta(hours=2), **fields}
    return factories.promise(promised_by=DUE, now=NOW, team=team, **given)


def queued(row: FollowUp) -> Delivery:
    return messages.queue(messages.told(row), ticket=row.ticket, follow_up=row, now=NOW)


def kinds() -> list[str]:
    """Of the events that follow the writing down."""
    return list(Event.objects.exclude(kind="message.queued").order_by("id").values_list("kind", flat=True))


def test_a_message_waits_for_the_undo_time(reaches):
    queued(promised())
    assert deliveries.sweep(now=LATER - timedelta(seconds=1)) == 0
    assert deliveries.sweep(now=LATER) == 1
    assert [message.to for message in mail.outbox] == [["ana@example.org"]]


def test_a_delivered_message_makes_a_promise_told(reaches):
    row = promised()
    delivery = queued(row)
    deliveries.sweep(now=LATER)
    row.refresh_from_db()
    delivery.refresh_from_db()
    assert (delivery.state, row.told_at == delivery.sent_at) == ("sent", True)
    assert (row.told_message, row.revision) == (delivery, 2)
    assert kinds() == ["follow_up.told", "message.sent"]


def test_without_a_mail_host_the_customer_is_not_told():
    row = promised()
    delivery = queued(row)
    deliveries.sweep(now=LATER)
    row.refresh_from_db()
    delivery.refresh_from_db()
    assert (delivery.state, len(mail.outbox), row.told_at) == ("sent", 1, None)
    assert list(Event.objects.filter(kind="message.failed").values_list("kind", "data__why")) == [
        ("message.failed", "no mail host is set")
    ]


def test_told_by_word_before_the_mail_stays_told_by_word(reaches):
    row = promised(told_at=NOW)
    queued(row)
    deliveries.sweep(now=LATER)
    row.refresh_from_db()
    assert (row.told_at, row.told_message, row.revision) == (NOW, None, 1)
    assert kinds() == ["message.sent"]


def test_the_letter_names_the_hour_and_the_signed_page(reaches):
    row = promised(zone="Europe/Berlin", will_bring="the refund decision")
    queued(row)
    deliveries.sweep(now=LATER)
    body = mail.outbox[0].body
    assert body.startswith("Hello Ana Lopez,\n\n")
    assert "When: on Friday 20 November between 15:00 and 17:00 (Europe/Berlin)." in body
    assert "What we bring: the refund decision" in body
    assert f"http://testserver/p/{messages.promise_token(row)}" in body
    assert mail.outbox[0].extra_headers["Auto-Submitted"] == "auto-generated"


def test_a_subject_with_a_line_break_is_no_header(reaches):
    row = promised()
    row.ticket.subject = "Refund\r\nBcc: olu@example.org"
    row.ticket.save()
    queued(row)
    deliveries.sweep(now=LATER)
    assert mail.outbox[0].subject == f"What happens next: Refund Bcc: olu@example.org [{row.ticket.number}]"
    assert mail.outbox[0].recipients() == ["ana@example.org"]


def test_the_same_message_is_queued_once():
    row = promised()
    assert queued(row) == queued(row)
    assert Delivery.objects.count() == 1


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"state": FollowUpState.CALLED_OFF, "ended_at": NOW}, "The follow-up has ended."),
        ({"version": 2}, "The date has moved since."),
    ],
    ids=["ended", "moved"],
)
def test_what_is_no_longer_true_is_dropped(reaches, change, reason):
    row = promised()
    factories.follow_up(row.ticket, promised_by=DUE, now=NOW)
    delivery = queued(row)
    FollowUp.objects.filter(pk=row.pk).update(**change)
    deliveries.sweep(now=LATER)
    delivery.refresh_from_db()
    assert (mail.outbox, delivery.state, delivery.error) == ([], "dropped", reason)


def test_a_date_moved_while_its_letter_was_on_the_way_is_not_told(reaches):
    row = promised()
    delivery = queued(row)
    leased = deliveries._lease(LATER)
    FollowUp.objects.filter(pk=row.pk).update(version=2)
    assert outcomes.sent(leased, now=LATER) is True
    row.refresh_from_db()
    delivery.refresh_from_db()
    assert (delivery.state, row.told_at, kinds()) == ("sent", None, ["message.sent"])


def test_the_demo_writes_to_nobody(reaches):
    row = promised(customer=factories.customer(now=NOW, is_demo=True))
    queued(row)
    deliveries.sweep(now=LATER)
    assert (mail.outbox, Delivery.objects.get().error) == ([], "The demo writes to nobody.")


def test_nothing_leaves_while_sending_is_held(reaches):
    queued(promised())
    Site.objects.update_or_create(id=1, defaults={"sending_held": True})
    assert (deliveries.sweep(now=LATER), mail.outbox) == (0, [])
    Site.objects.update(sending_held=False)
    assert (deliveries.sweep(now=LATER), len(mail.outbox)) == (1, 1)


def test_a_customer_without_an_address_gets_no_message():
    row = promised(customer=factories.customer(now=NOW, email=""))
    assert queued(row) is None


def test_a_refused_message_is_tried_eight_times_then_given_up_and_said(broken):
    ada = factories.agent("ada", team=factories.team())
    delivery = queued(promised(owner=ada))
    at, waits = LATER, []
    for _ in range(12):
        deliveries.sweep(now=at)
        delivery.refresh_from_db()
        if delivery.state != "waiting":
            break
        waits.append(round((delivery.due_at - at).total_seconds() / 60, 1))
        at = delivery.due_at + timedelta(seconds=1)
    assert waits == [0.5, 2, 8, 30, 60, 120, 240]
    assert (delivery.state, delivery.attempts) == ("dead", 8)
    assert delivery.error == "ConnectionRefusedError: no route to the mail host"
    assert Notice.objects.get().recipient == ada
    assert kinds() == ["message.failed"]


def test_a_message_given_up_can_be_sent_anew_under_its_key(reaches):
    row = promised()
    delivery = queued(row)
    Delivery.objects.update(state="dead", attempts=8, error="refused")
    assert queued(row) == delivery
    deliveries.sweep(now=LATER)
    delivery.refresh_from_db()
    assert (delivery.state, delivery.attempts, len(mail.outbox)) == ("sent", 1, 1)


def test_a_sender_killed_while_sending_is_followed_by_another_with_the_same_message_id(reaches):
    delivery = queued(promised())
    deliveries._lease(LATER)  # leased, then killed before it could write anything down
    assert deliveries.sweep(now=LATER + timedelta(seconds=59)) == 0
    assert deliveries.sweep(now=LATER + timedelta(seconds=60)) == 1
    assert mail.outbox[0].extra_headers["Message-ID"] == deliveries.message_id(delivery.key)
    assert deliveries.sweep(now=LATER + timedelta(seconds=200)) == 0


def test_a_lease_that_was_overtaken_writes_nothing(reaches):
    queued(promised())
    first = deliveries._lease(LATER)
    second = deliveries._lease(LATER + deliveries.LEASE)
    assert (first.pk, first.fence, second.fence) == (second.pk, 1, 2)
    assert outcomes.sent(first, now=LATER) is False
    assert (Delivery.objects.get().state, kinds()) == ("waiting", [])
    assert outcomes.sent(second, now=LATER) is True


def test_a_message_whose_senders_die_each_time_is_given_up(reaches):
    delivery = queued(promised())
    Delivery.objects.update(attempts=8, leased_until=LATER)
    deliveries.sweep(now=LATER + timedelta(seconds=1))
    delivery.refresh_from_db()
    assert (delivery.state, delivery.error, mail.outbox) == ("dead", "Its senders stopped.", [])


def test_one_bad_message_does_not_hold_up_the_others(reaches):
    bad, good = queued(promised()), queued(promised())
    Delivery.objects.filter(pk=bad.pk).update(subject="two\nlines")
    assert deliveries.sweep(now=LATER) == 2
    bad.refresh_from_db()
    good.refresh_from_db()
    assert (bad.state, bad.attempts, good.state) == ("waiting", 1, "sent")
