"""Messages to customers leave in her language, inside her hours, by the way she can be reached; and come back."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.core import mail
from django.core.mail import get_connection

from followups import languages
from followups.actions import answering, closing, confirming, messages, promising, scheduling, slots
from followups.clock import bounces, deliveries
from followups.models import (
    Actor,
    Brought,
    Closure,
    Contact,
    Delivery,
    DeliveryKind,
    Event,
    FollowUp,
    Messaging,
    Notice,
    Policy,
)
from tests import factories
from tests.followups.clock.sinks import ChatHost, MailHost

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 19, 9, 0, tzinfo=UTC)
DUE = datetime(2026, 11, 20, 16, 0, tzinfo=UTC)
LATER = NOW + messages.UNDO_TIME


@pytest.fixture(autouse=True)
def reaches(settings):
    settings.MAIL_REACHES_PEOPLE = True
    return settings


@pytest.fixture
def host(settings):
    with MailHost() as sink:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", sink.port
        settings.EMAIL_TIMEOUT = 1
        yield sink


@pytest.fixture
def sms(settings):
    settings.CHANNEL_SCHEMES = ["json"]
    with ChatHost() as sink:
        settings.CUSTOMER_SMS_URL = f"{sink.address}/{{phone}}"
        yield sink


@pytest.fixture
def ada():
    return factories.agent("ada", team=factories.team())


def by(agent):
    return Actor(door="web", agent=agent)


def promised(customer=None, **fields) -> FollowUp:
    given = {"customer": customer or factories.customer(now=NOW), "promised_from": DUE - timedelta(hours=2), **fields}
    return factories.promise(promised_by=DUE, now=NOW, team=factories.team(), **given)


def ana(**fields):
    return factories.customer(now=NOW, **fields)


def kinds():
    return list(Delivery.objects.order_by("made_at", "id").values_list("kind", flat=True))


# What is written down, and when


def test_a_move_without_her_word_is_written_to_her(ada):
    row = promised(told_at=NOW)
    step = promising.Step(DUE + timedelta(hours=1))
    scheduling.move(follow_up=row, step=step, reason="later", by=by(ada), now=NOW)
    deliveries.sweep(now=LATER)
    assert [(m.to, m.subject) for m in mail.outbox] == [
        (["ana@example.org"], f"A new time: Refund missing [{row.ticket.number}]")
    ]
    assert "When: on Friday 20 November between 15:00 and 17:00 (UTC)." in mail.outbox[0].body


def test_a_move_of_what_nobody_told_her_is_not_written(ada):
    row = promised()
    scheduling.move(follow_up=row, step=promising.Step(DUE + timedelta(hours=1)), reason="", by=by(ada), now=NOW)
    assert kinds() == []


def test_a_move_while_the_first_letter_waits_tells_the_new_date_alone(ada):
    row = promised()
    messages.queue_told(follow_up=row, now=NOW)
    row = scheduling.move(follow_up=row, step=promising.Step(DUE + timedelta(hours=1)), reason="", by=by(ada), now=NOW)
    deliveries.sweep(now=LATER)
    assert [m.subject.partition(":")[0] for m in mail.outbox] == ["What happens next"]
    assert "15:00 and 17:00" in mail.outbox[0].body
    assert sorted(Delivery.objects.values_list("state", "error")) == [
        ("dropped", "The date has moved since."),
        ("sent", ""),
    ]
    row.refresh_from_db()
    assert row.is_told


def contact_of(row):
    given = {"direction": "outbound", "channel": "phone", "at": NOW, "entered_at": NOW, "reached": "reached"}
    return Contact.objects.create(ticket=row.ticket, customer=row.ticket.customer, **given)


def resolve(row, actor, now=NOW):
    given = closing.Closing(outcome="resolved", evidence="customer_said", evidence_contact=contact_of(row))
    return closing.close(ticket=row.ticket, closing=given, by=actor, now=now)


def test_a_ticket_closed_as_resolved_asks_not_so_by_a_link_that_reopens(ada):
    row = promised(promiser=ada, told_at=NOW)
    row.ticket.agent = ada
    row.ticket.save()
    resolve(row, by(ada))
    deliveries.sweep(now=LATER)
    link = messages.promise_link(row)
    assert f"Not so? Tell us here, and we take it up again:\n{link}" in mail.outbox[0].body
    row.refresh_from_db()
    hers = Actor(door="customer", customer=row.ticket.customer)
    confirming.not_solved(follow_up=row, by=hers, now=LATER)
    row.ticket.refresh_from_db()
    assert (row.ticket.state, row.ticket.reopen_count) == ("open", 1)
    assert Notice.objects.filter(recipient=ada, kind="customer").count() == 1


@pytest.mark.parametrize(("outcome", "why"), [("withdrawn", "no_longer_needed"), ("no_remedy", "")])
def test_other_endings_write_nothing(ada, outcome, why):
    given = closing.Closing(outcome=outcome, why=why)
    closing.close(ticket=promised().ticket, closing=given, by=by(ada), now=NOW)
    assert kinds() == []


def test_undone_within_ten_seconds_nothing_leaves(ada):
    row = promised()
    closed = resolve(row, by(ada))
    closing.undo(closure=closed.closure, by=by(ada), now=NOW + timedelta(seconds=9))
    assert deliveries.sweep(now=LATER) == 0
    assert (mail.outbox, Delivery.objects.get().error) == ([], "Undone.")


def test_closed_again_after_a_reopening_the_old_letter_is_dropped(ada):
    row = promised()
    resolve(row, by(ada))
    closing.reopen(ticket=row.ticket, reason="She called.", by=by(ada), now=NOW + timedelta(seconds=2))
    row.ticket.refresh_from_db()
    resolve(row, by(ada), now=NOW + timedelta(seconds=3))
    deliveries.sweep(now=LATER + timedelta(seconds=3))
    assert (len(mail.outbox), Closure.objects.count()) == (1, 2)
    assert list(Delivery.objects.order_by("made_at").values_list("state", "error")) == [
        ("dropped", "The ticket is open again."),
        ("sent", ""),
    ]


def keep(row, ada, **fields):
    given = {"reached": "reached", "brought": Brought.REFUND, "text": "12 EUR", **fields}
    step = promising.Step(DUE + timedelta(days=3), DUE + timedelta(days=3, hours=-1), told=True)
    return answering.answer(
        follow_up=row, answer=answering.Answer(next_step=step, **given), by=by(ada), now=NOW + timedelta(hours=1)
    )


def test_what_was_brought_is_written_where_the_team_writes_it(ada):
    Messaging.objects.create(team=factories.team(), kept=True, language="de")
    row = promised(told_at=NOW)
    keep(row, ada)
    deliveries.sweep(now=LATER + timedelta(hours=1))
    assert mail.outbox[0].subject == f"Wie zugesagt: Refund missing [{row.ticket.number}]"
    assert "Mitgebracht haben wir: eine Erstattung." in mail.outbox[0].body
    assert "12 EUR" not in mail.outbox[0].body
    assert "Wir melden uns am Montag, 23. November, zwischen 15:00 und 16:00 Uhr (UTC)." in mail.outbox[0].body


def test_what_comes_next_is_not_said_once_it_was_called_off(ada):
    Messaging.objects.create(team=factories.team(), kept=True, language="de")
    row = promised(told_at=NOW)
    keep(row, ada)
    following = row.ticket.follow_ups.open().get()
    given = {"called_off_by": "us", "reason": "nothing to wait for", "next_step": promising.Step(DUE)}
    scheduling.call_off(follow_up=following, by=by(ada), now=NOW + timedelta(hours=1), **given)
    deliveries.sweep(now=LATER + timedelta(hours=1))
    assert "Mitgebracht haben wir: eine Erstattung." in mail.outbox[0].body
    assert "Wir melden uns" not in mail.outbox[0].body


def test_kept_is_not_written_unless_it_is_switched_on(ada):
    keep(promised(told_at=NOW), ada)
    assert kinds() == []


def test_planned_and_not_told_is_written_where_the_team_writes_it(ada):
    Messaging.objects.create(team=None, told=True)
    row = promised()
    scheduling.schedule(ticket=row.ticket, step=promising.Step(DUE), by=by(ada), now=NOW)
    scheduling.schedule(ticket=row.ticket, step=promising.Step(DUE, told=True), by=by(ada), now=NOW)
    assert kinds() == ["told"]


@pytest.mark.parametrize("door", ["import", "demo"])
def test_imports_and_the_demo_write_nothing(ada, door):
    row = promised(told_at=NOW)
    step = promising.Step(DUE + timedelta(hours=1))
    scheduling.move(follow_up=row, step=step, reason="", by=Actor(door=door, agent=ada), now=NOW)
    assert kinds() == []


# Languages: every kind in every one


def message_of(kind, row):
    if kind == "closed":
        return messages.closed(Closure(ticket=row.ticket), row)
    row.brought = "news"
    return getattr(messages, kind)(row)


@pytest.mark.parametrize("language", sorted(languages.LANGUAGES))
@pytest.mark.parametrize("kind", ["told", "moved", "kept", "closed"])
def test_every_kind_is_written_in_every_language(kind, language):
    row = promised(ana(language=f"{language}-XX", name="Ana {Lopez}"), will_bring="the decision", zone="Asia/Tokyo")
    message = message_of(kind, row)
    own = languages.LANGUAGES[language]
    assert message.subject.startswith(own.said[f"{kind}_title"])
    assert messages.promise_link(row) in message.body
    assert messages.promise_link(row) in message.short
    for text in (message.subject, message.body.replace("Ana {Lopez}", ""), message.short):
        assert "{" not in text
    assert "\n" not in message.subject + message.short


def test_her_language_goes_before_the_teams_and_her_zone_before_that_of_the_promise():
    Messaging.objects.create(team=factories.team(), language="fr")
    row = promised(ana(language="de", zone="America/New_York"))
    assert "Wann: am Freitag, 20. November, zwischen 09:00 und 11:00 Uhr (America/New York)." in messages.told(row).body
    assert "Quand : le vendredi 20 novembre entre 14 h 00 et 16 h 00 (UTC)." in messages.told(promised()).body
    assert messages.language_of(promised(ana(language="pl")).ticket) == "fr"


def test_the_desks_own_sentence_is_said_in_her_language_and_an_agents_stays():
    row = promised(ana(language="es"))
    row.promise = slots.sentence(Policy(), from_at=row.promised_from, by_at=DUE, zone="UTC")
    assert (
        "Le llamaremos el viernes 20 de noviembre, de 14:00 a 16:00 h para decirle lo que sabemos"
        in messages.told(row).body
    )
    row.promise = "Ich rufe Sie an."
    assert "Ich rufe Sie an." in messages.told(row).body


# Her hours, at the sending


@pytest.mark.parametrize(
    ("zone", "asked", "leaves"),
    [
        # On 29 March 2026 clocks in Berlin go from 2 to 3: 09:00 is 07:00Z, on the day before it was 08:00Z.
        ("Europe/Berlin", "2026-03-28T19:30", "2026-03-30T07:00"),  # Saturday evening; Sunday is no day of hers
        ("Europe/Berlin", "2026-03-27T05:00", "2026-03-27T08:00"),
        ("America/New_York", "2026-11-01T04:00", "2026-11-02T14:00"),  # the night of 25 hours
        ("America/New_York", "2026-10-31T12:59", "2026-10-31T13:00"),
        ("Asia/Kathmandu", "2026-03-30T03:14", "2026-03-30T03:15"),
        ("Pacific/Auckland", "2026-04-03T21:00", "2026-04-03T21:00"),  # 10:00 on Saturday in summer time
    ],
)
def test_it_leaves_in_her_hours_across_the_change_of_clocks(zone, asked, leaves):
    asked, leaves = (datetime.fromisoformat(text).replace(tzinfo=UTC) for text in (asked, leaves))
    row = factories.promise(
        promised_by=asked + timedelta(days=9), now=asked, team=factories.team(), customer=ana(zone=zone)
    )
    messages.queue_told(follow_up=row, now=asked - messages.UNDO_TIME)
    deliveries.sweep(now=asked)
    delivery = Delivery.objects.get()
    if leaves > asked:
        assert (mail.outbox, delivery.state, delivery.due_at, delivery.attempts) == ([], "waiting", leaves, 0)
        assert deliveries.sweep(now=leaves - timedelta(seconds=1)) == 0
        assert leaves.astimezone(ZoneInfo(zone)).time().replace(minute=0) == time(9)
    deliveries.sweep(now=leaves)
    assert len(mail.outbox) == 1


def test_a_time_that_she_asked_for_is_confirmed_at_any_hour():
    night = datetime(2026, 11, 19, 23, 0, tzinfo=UTC)
    row = promised()
    FollowUp.objects.filter(pk=row.pk).update(asked_contact=contact_of(row))
    messages.queue_told(follow_up=row, now=night - messages.UNDO_TIME)
    deliveries.sweep(now=night)
    assert len(mail.outbox) == 1


def test_a_promise_whose_time_came_before_her_hours_is_said_to_its_people(ada):
    Policy.objects.update_or_create(team=None, defaults={"contact_from": time(17)})
    row = promised(owner=ada)
    messages.queue_told(follow_up=row, now=DUE - timedelta(minutes=1))
    deliveries.sweep(now=DUE)
    assert (mail.outbox, Delivery.objects.get().error) == ([], "The promised time has come.")
    assert "Tell her another way" in Notice.objects.get(recipient=ada).text


# Whom it may not reach, and by which way


@pytest.mark.parametrize(
    ("kept_from", "channel", "state"),
    [("marketing", "phone", "sent"), ("all", "phone", "dropped"), ("all", "email", "sent"), ("all", "none", "dropped")],
)
def test_never_against_her_no(ada, kept_from, channel, state):
    row = promised(ana(do_not_contact=kept_from), channel=channel, owner=ada)
    messages.queue_told(follow_up=row, now=NOW)
    deliveries.sweep(now=LATER)
    assert Delivery.objects.get().state == state
    assert Notice.objects.filter(recipient=ada).count() == (state == "dropped")


def test_an_sms_where_there_is_no_mail_address(sms):
    row = promised(ana(email="", phone="+12125550123"))
    assert messages.queue_told(follow_up=row, now=NOW).route.startswith("json:127.0.0.1")
    assert deliveries.sweep(now=LATER) == 0
    assert deliveries.push(now=LATER) == 1
    link = messages.promise_link(row)
    assert sms.posts == [("", f"Front desk: we get back to you on Friday 20 November between 14:00 and 16:00. {link}")]
    row.refresh_from_db()
    assert (row.is_told, row.told_message.state) == (True, "sent")


def test_an_sms_where_she_was_promised_one(sms):
    row = promised(ana(phone="+12125550123"), channel="sms")
    assert messages.queue_told(follow_up=row, now=NOW).address == "+12125550123"


def test_no_sms_against_her_no(sms):
    row = promised(ana(email="", phone="+12125550123", do_not_contact="all"), channel="sms")
    messages.queue_told(follow_up=row, now=NOW)
    deliveries.push(now=LATER)
    assert (sms.posts, Delivery.objects.get().state) == ([], "dropped")


@pytest.mark.parametrize(("email", "to"), [("new@example.org", [["new@example.org"]]), ("", [])])
def test_it_goes_to_the_address_that_she_has_when_it_leaves(email, to):
    row = promised()
    messages.queue_told(follow_up=row, now=NOW)
    row.ticket.customer.email = email
    row.ticket.customer.save()
    deliveries.sweep(now=LATER)
    assert [message.to for message in mail.outbox] == to


# At the mail host


def test_a_letter_with_all_that_is_odd_arrives_whole(host):
    row = promised(ana(name="Ana\tÅse\u202e López"), will_bring="x" * 300)
    row.ticket.subject = "Refund\r\nBcc: olu@example.org\u2028ü"
    row.ticket.save()
    messages.queue_told(follow_up=row, now=NOW)
    Delivery.objects.update(body="long " + "y" * 5000 + "\n.\nend")
    assert deliveries.sweep(now=LATER) == 1
    (letter,) = host.letters
    head, _, body = letter.partition(b"\r\n\r\n")
    assert b"\nBcc:" not in head
    assert max(map(len, letter.split(b"\r\n"))) <= 998
    assert f"Message-ID: {deliveries.message_id(f'told:{row.pk}:1')}".encode() in head
    assert body


@pytest.mark.parametrize(("word", "answer"), [("RCPT", "550 5.1.1 no such user"), ("END", "554 5.7.1 not this letter")])
def test_a_refusal_for_good_is_a_bounce_at_once(host, ada, word, answer):
    host.answers[word] = answer
    row = promised(owner=ada)
    messages.queue_told(follow_up=row, now=NOW)
    deliveries.sweep(now=LATER)
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.attempts, delivery.error) == ("bounced", 1, f"The mail host said: {answer}")
    row.refresh_from_db()
    assert (row.is_told, Notice.objects.filter(recipient=ada).count()) == (False, 1)
    assert list(Event.objects.order_by("id").values_list("kind", flat=True)) == ["message.queued", "message.bounced"]


@pytest.mark.parametrize(
    ("word", "answer"), [("RCPT", "450 4.2.0 greylisted"), ("END", "451 later"), ("MAIL", "550 not you")]
)
def test_a_refusal_for_now_is_tried_again(host, word, answer):
    host.answers[word] = answer
    messages.queue_told(follow_up=promised(), now=NOW)
    deliveries.sweep(now=LATER)
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.attempts) == ("waiting", 1)
    host.answers.clear()
    assert deliveries.sweep(now=delivery.due_at) == 1
    assert (host.letters[-1] != b"", Delivery.objects.get().state) == (True, "sent")


def test_a_mail_host_that_hangs_delays_no_sms(host, sms):
    host.hangs = 5
    messages.queue_told(follow_up=promised(), now=NOW)
    messages.queue_told(follow_up=promised(ana(email="", phone="+12125550123")), now=NOW)
    assert deliveries.sweep(now=LATER) == 1
    assert Delivery.objects.get(route="mail").error.startswith(("TimeoutError", "SMTPServerDisconnected"))
    assert (deliveries.push(now=LATER), len(sms.posts)) == (1, 1)


def test_the_connection_of_the_tests_is_the_sink(host):
    assert get_connection().port == host.port


# What comes back later


def report(message_id, *, action="failed", status="5.1.1", original="text/rfc822-headers"):
    return f"""From: mailer-daemon@example.org
To: desk@example.org
Subject: Undelivered
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

It did not work.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.org

Final-Recipient: rfc822; ana@example.org
Action: {action}
Status: {status}
Diagnostic-Code: smtp; 550 no such user

--b
Content-Type: {original}

Subject: What happens next
Message-ID: {message_id}

--b--
""".encode()


@pytest.fixture
def told(ada):
    row = promised(owner=ada)
    messages.queue_told(follow_up=row, now=NOW)
    deliveries.sweep(now=LATER)
    row.refresh_from_db()
    assert row.is_told
    return row


@pytest.mark.parametrize("original", ["text/rfc822-headers", "message/rfc822"])
def test_a_letter_that_came_back_makes_the_promise_not_told_once(told, ada, original):
    raw = report(deliveries.message_id(f"told:{told.pk}:1"), original=original)
    assert [bounces.take(raw, now=LATER + timedelta(hours=1)) for _ in range(2)] == [1, 0]
    told.refresh_from_db()
    delivery = Delivery.objects.get()
    assert (told.told_at, told.told_message, told.revision) == (None, None, 3)
    assert (delivery.state, delivery.error) == ("bounced", "5.1.1 550 no such user")
    notice = Notice.objects.get(recipient=ada)
    assert (notice.kind, notice.follow_up) == ("customer", told)
    assert "came back: tell her another way" in notice.text


def test_what_was_said_to_her_stays_said(told):
    FollowUp.objects.filter(pk=told.pk).update(told_message=None, told_contact=contact_of(told))
    bounces.take(report(deliveries.message_id(f"told:{told.pk}:1")), now=LATER)
    told.refresh_from_db()
    assert told.is_told


def test_a_letter_that_came_back_can_be_sent_anew_under_its_key(told):
    bounces.take(report(deliveries.message_id(f"told:{told.pk}:1")), now=LATER)
    messages.queue_told(follow_up=FollowUp.objects.get(), now=LATER)
    deliveries.sweep(now=LATER + messages.UNDO_TIME)
    assert [message.extra_headers["Message-ID"] for message in mail.outbox] == [
        deliveries.message_id(f"told:{told.pk}:1")
    ] * 2


HOSTILE = [
    b"",
    b"\x00\xff" * 500,
    b"Content-Type: multipart/report; boundary=\n\n--\n",
    b"Content-Type: message/delivery-status\n\nAction: failed\nStatus: 5.0.0\n",
    b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\nContent-Type: multipart/mixed; boundary=b\n\n" * 300,
    b"Subject: =?utf-8?b?////?=\nMessage-ID: <" + b"a" * 5000,
    "Ünïcödé\n\n".encode("utf-16"),
]


@pytest.mark.parametrize("raw", HOSTILE)
def test_nothing_that_a_stranger_sends_ends_the_reading(raw):
    assert bounces.take(raw, now=NOW) == 0


@pytest.mark.parametrize(
    "change",
    [
        {"action": "delayed"},
        {"status": "4.4.1"},
        {"message_id": "<foreign@example.org>"},
        {"message_id": f"<{'0' * 40}@testserver>"},
        {"original": "text/plain"},
    ],
)
def test_reports_of_something_else_change_nothing(told, change):
    given = {"message_id": deliveries.message_id(f"told:{told.pk}:1"), **change}
    assert bounces.take(report(**given), now=LATER) == 0
    told.refresh_from_db()
    assert told.is_told


def test_every_kind_to_customers_has_its_switch():
    switches = {field.name for field in Messaging._meta.fields}
    assert {"told", "moved", "kept", "closed"} <= switches & set(DeliveryKind.values)
