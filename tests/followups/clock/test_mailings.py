"""Reports by mail leave once for each due instant, in the name of whoever receives them, with the file of the page."""

from datetime import UTC, datetime, time, timedelta
from email import message_from_bytes, policy

import pytest
from django.core import mail
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from followups.actions import mailing, messages
from followups.clock import deliveries, letters, mailings
from followups.errors import Missing, Refused
from followups.models import Actor, Delivery, Disclosure, Export, Mailing, Policy, Role, Site, Team
from tests import factories
from tests.followups.clock.sinks import MailHost
from tests.followups.clock.test_races import at_once
from tests.followups.reports import histories

pytestmark = pytest.mark.django_db

FRIDAY = datetime(2026, 11, 20, 7, 0, tzinfo=UTC)
EIGHT = FRIDAY + timedelta(hours=1)
DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)
MORNING = mailing.Schedule(period="days_7", rhythm="working_day", at=time(8), zone="UTC")


def by(agent):
    return Actor(door="web", agent=agent)


@pytest.fixture
def team():
    return factories.team("Billing")


@pytest.fixture
def sam(team):
    return factories.agent("sam", Role.SUPERVISOR, team=team, email="sam@example.org")


def solved(team, at=FRIDAY - 3 * DAY, **fields):
    row = histories.ticket(None, at=at, team=team, **fields)
    histories.close(row, at=at + DAY / 2)
    return row


def make(agent, *, report="resolution", now=FRIDAY, schedule=MORNING, **words):
    return mailing.make(report=report, words=words, schedule=schedule, by=by(agent), now=now)


def again(row):
    row.refresh_from_db()
    return row


def test_it_leaves_once_at_its_hour_on_working_days(sam):
    make(sam)
    found = [
        mailings.sweep(now=EIGHT + step) for step in (-MINUTE, 0 * DAY, MINUTE, DAY, 2 * DAY, 3 * DAY, 3 * DAY + MINUTE)
    ]
    assert found == [0, 2, 0, 0, 0, 2, 0]  # written down and sent; a Saturday and a Sunday
    assert [letter.to for letter in mail.outbox] == [["sam@example.org"]] * 2
    assert list(Delivery.objects.order_by("made_at").values_list("key", flat=True)) == [
        f"report:{Mailing.objects.get().pk}:{day}T080000Z" for day in ("20261120", "20261123")
    ]


def test_it_says_the_figures_the_page_and_how_to_end_it(sam, team, settings):
    settings.SITE_URL = "https://desk.example.org"
    solved(team)
    solved(team, at=FRIDAY - 20 * DAY)
    histories.ticket(None, at=FRIDAY - 2 * DAY, team=team)
    row = make(sam, by="team")
    mailings.sweep(now=EIGHT)
    (letter,) = mail.outbox
    text = letter.body.replace("\u00a0", " ")
    assert letter.subject == "Resolution by team: Fri 13 Nov 2026 to Thu 19 Nov 2026"
    for words in (
        "The last 7 days: Fri 13 Nov 2026 to Thu 19 Nov 2026, as it stood Fri 20 Nov 2026 08:00 (UTC).\n",
        "Resolved as it stood: 50.0 % (1 of 2)\n",
        "Resolved 7 days after the first contact: –; 2 too recent to count\n",
        "Still open: 1\n",
        "Resolved as it stood, by team:\nToo few to compare, under 30:\n- Billing: 50.0 % (1 of 2)\n",
        "https://desk.example.org/reports/resolution?by=team&from=2026-11-13T00:00:00Z&to=2026-11-20T00:00:00Z&as_of=2026",
        f"You get this each working day at 08:00 (UTC). Change, pause or delete it:\nhttps://desk.example.org/mailings/{row.pk}\n",
    ):
        assert words in text
    assert "late" not in text
    ((name, content, kind),) = letter.attachments
    assert (name, kind, content.partition("\r\n")[0][:22]) == (
        "resolution-2026-11-19.csv",
        "text/csv",
        "key,as_of_rate_num,as_",
    )


def test_several_missed_ones_are_one_and_it_says_that_it_is_late(sam):
    make(sam)
    mailings.sweep(now=EIGHT)
    mailings.sweep(now=EIGHT + 5 * DAY + timedelta(hours=3))
    assert len(mail.outbox) == 2
    assert (
        "This letter is late: it was due Wed 25 Nov 2026 08:00. Its figures are of when it left." in mail.outbox[1].body
    )
    assert "as it stood Wed 25 Nov 2026 11:00" in mail.outbox[1].body


def test_a_holiday_entered_since_and_one_taken_back_hold(sam):
    make(sam)
    mailings.sweep(now=EIGHT)
    Policy.objects.update(special_days=factories.off(EIGHT.date() + 3 * DAY))
    assert mailings.sweep(now=EIGHT + 3 * DAY) == 0
    Policy.objects.update(special_days=[])
    assert mailings.sweep(now=EIGHT + 3 * DAY + timedelta(hours=1)) == 2


def test_while_sending_is_held_nothing_is_lost(sam):
    make(sam)
    Site.objects.update(sending_held=True)
    assert mailings.sweep(now=EIGHT) == 0
    Site.objects.update(sending_held=False)
    assert mailings.sweep(now=EIGHT + timedelta(hours=2)) == 2


def test_a_team_that_was_lost_is_not_in_the_letter_any_more(sam, team):
    other = factories.team("Delivery")
    sam.teams.add(other)
    solved(team)
    solved(other)
    make(sam)
    mailings.sweep(now=EIGHT)
    sam.teams.remove(other)
    mailings.sweep(now=EIGHT + 3 * DAY)
    bodies = [letter.body.replace("\u00a0", " ") for letter in mail.outbox]
    assert [
        "Resolved as it stood: 100.0 % (2 of 2)" in bodies[0],
        "Resolved as it stood: 100.0 % (1 of 1)" in bodies[1],
    ] == [
        True,
        True,
    ]


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda sam: sam.teams.clear(), "Billing is not among your teams."),
        (lambda sam: Team.objects.update(name="Payments"), "No team of this name."),
        (lambda sam: type(sam).objects.update(role=Role.AUDITOR), "Reports by mail are for agents"),
    ],
)
def test_what_may_not_be_asked_any_more_ends_with_a_line_that_says_why(sam, change, why):
    row = make(sam, team="Billing")
    change(sam)
    mailings.sweep(now=EIGHT)
    (letter,) = mail.outbox
    assert letter.subject.startswith("Not sent any more: Resolution, only team Billing")
    assert why in letter.body
    assert letter.attachments == []
    assert again(row).why.startswith(why)
    assert mailings.sweep(now=EIGHT + 3 * DAY) == 0
    assert not Export.objects.exists()


def test_figures_per_agent_end_when_they_are_switched_off(sam, team):
    root = factories.agent("root", Role.ADMIN, email="root@example.org")
    with pytest.raises(Refused, match="switched off"):
        make(root, by="agent")
    present = Disclosure.objects.create(since=FRIDAY, by=root, reason="Coaching")
    row = make(root, by="agent")
    mailings.sweep(now=EIGHT)
    present.until = EIGHT
    present.save()
    mailings.sweep(now=EIGHT + 3 * DAY)
    last = mail.outbox[-1]
    assert "Figures per agent are switched off at this desk." in last.body
    assert last.attachments == []
    assert again(row).why == "Figures per agent are switched off at this desk."
    with pytest.raises(Refused, match="switched off"):
        mailing.resume(mailing=row, by=by(root), now=EIGHT + 3 * DAY)


def test_one_who_left_gets_nothing_more(sam):
    row = make(sam)
    type(sam).objects.update(is_active=False)
    assert mailings.sweep(now=EIGHT) == 0
    assert (mail.outbox, again(row).why) == ([], "Not active any more.")


@pytest.mark.parametrize(
    ("act", "error"),
    [
        (lambda row, sam: mailing.pause(mailing=row, by=by(sam), now=EIGHT), "It was paused."),
        (lambda row, sam: mailing.remove(mailing=row, by=by(sam)), "It was deleted."),
        (lambda row, sam: type(sam).objects.update(is_active=False), "Not active any more."),
        (lambda row, sam: type(sam).objects.update(email=""), "No address."),
    ],
)
def test_what_was_written_down_looks_again_before_it_leaves(sam, broken, act, error):
    row = make(sam)
    mailings.sweep(now=EIGHT)
    act(row, sam)
    mailings.sweep(now=EIGHT + MINUTE)
    assert list(Delivery.objects.values_list("state", "error")) == [("dropped", error)]


@pytest.fixture
def broken(settings):
    settings.EMAIL_BACKEND = "tests.followups.clock.test_deliveries.Broken"
    return settings


def test_it_is_given_up_after_eight_tries_and_sent_again_by_hand(sam, broken):
    row, at = make(sam), EIGHT
    mailings.sweep(now=at)
    for minutes in deliveries.BACK_OFF:
        at += minutes + MINUTE
        deliveries.reports(now=at)
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.attempts, Export.objects.count(), row.deliveries.count()) == ("dead", 8, 0, 1)
    broken.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    messages.replay(delivery=delivery, by=by(sam), now=at)
    deliveries.reports(now=at)
    assert len(mail.outbox) == 1
    assert "This letter is late" in mail.outbox[0].body


def test_after_a_sender_died_with_it_another_sends_it_under_the_same_key(sam):
    make(sam)
    with transaction.atomic():
        mailings._batch(EIGHT)
    assert deliveries._lease(EIGHT, deliveries.REPORTS).attempts == 1
    assert deliveries.reports(now=EIGHT + MINUTE / 2) == 0
    assert mailings.sweep(now=EIGHT + MINUTE) == 1
    row = Delivery.objects.get()
    assert (row.state, row.attempts, row.fence) == ("sent", 2, 2)
    assert mail.outbox[0].extra_headers["Message-ID"] == deliveries.message_id(row.key)
    assert Export.objects.count() == 1


def test_an_older_one_that_could_not_leave_gives_way_to_the_next(sam, broken):
    make(sam)
    mailings.sweep(now=EIGHT)
    Delivery.objects.update(due_at=EIGHT + 3 * DAY)
    broken.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    mailings.sweep(now=EIGHT + 3 * DAY)
    assert sorted(Delivery.objects.values_list("state", "error")) == [
        ("dropped", "A later one took its place."),
        ("sent", ""),
    ]
    assert len(mail.outbox) == 1


def test_a_word_of_the_question_makes_no_header(sam):
    make(sam, channel="phone\r\nBcc: eve@example.org")
    mailings.sweep(now=EIGHT)
    assert mail.outbox[0].subject.startswith("Resolution, only channel phone Bcc: eve@example.org: Fri 13 Nov")
    assert mail.outbox[0].recipients() == ["sam@example.org"]


def test_letters_to_customers_do_not_wait_for_reports(sam, broken):
    make(sam)
    mailings.sweep(now=EIGHT)
    assert deliveries.sweep(now=EIGHT + timedelta(hours=1)) == 0
    assert Delivery.objects.get().attempts == 1


def test_what_a_mail_host_gets_is_the_file_byte_by_byte(sam, team, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    team.name = "Bílling – Süd"
    team.save()
    solved(team)
    row = make(sam, by="team")
    with MailHost() as host:
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", host.port
        mailings.sweep(now=EIGHT)
        (raw,) = host.letters
    found = message_from_bytes(raw, policy=policy.default)
    (file,) = found.iter_attachments()
    assert file.get_filename() == "resolution-2026-11-19.csv"
    assert file.get_payload(decode=True).decode() == letters.of(row, now=EIGHT).file
    assert found["Message-ID"] == deliveries.message_id(Delivery.objects.get().key)


def test_who_got_it_is_written_down_without_a_figure(sam, team):
    solved(team)
    make(sam, by="team", channel="phone")
    mailings.sweep(now=EIGHT)
    (row,) = Export.objects.all()
    assert (row.by, row.by_name, row.way, row.report, row.count) == (sam, "Sam", "mail", "resolution", 2)
    asked = {key: row.asked[key] for key in ("by", "channel", "from", "to", "as_of")}
    assert asked == {
        "by": "team",
        "channel": "phone",
        "from": "2026-11-13T00:00:00+00:00",
        "to": "2026-11-20T00:00:00+00:00",
        "as_of": row.asked["as_of"],
    }


def test_one_at_once_goes_out_though_it_is_paused(sam):
    row = make(sam)
    mailing.pause(mailing=row, by=by(sam), now=FRIDAY)
    mailing.send_now(mailing=row, by=by(sam), now=FRIDAY)
    with pytest.raises(Refused, match="on its way"):
        mailing.send_now(mailing=row, by=by(sam), now=FRIDAY + MINUTE / 2)
    mailings.sweep(now=FRIDAY + MINUTE / 2)
    assert len(mail.outbox) == 1


def test_nobody_changes_anothers(sam, team):
    row, olu = make(sam), factories.agent("olu", Role.SUPERVISOR, team=team, email="olu@example.org")
    for act in (mailing.pause, mailing.resume, mailing.send_now):
        with pytest.raises(Missing):
            act(mailing=row, by=by(olu), now=FRIDAY)
    with pytest.raises(Missing):
        mailing.remove(mailing=row, by=by(olu))


def test_it_is_looked_at_within_the_hour_and_one_that_cannot_be_placed_holds_up_no_other(sam):
    row = make(sam, schedule=mailing.Schedule(period="month", rhythm="month", at=time(8), zone="Europe/Berlin"))
    make(sam)
    mailings.sweep(now=FRIDAY)
    assert again(row).look_at == FRIDAY + mailings.LOOK
    Mailing.objects.filter(pk=row.pk).update(zone="Atlantis/Port")
    assert mailings.sweep(now=EIGHT) == 2
    assert again(row).why == "No zone is called Atlantis/Port any more."


@pytest.mark.parametrize("rows", [1, 3])
def test_a_look_at_those_not_due_asks_as_often_for_one_as_for_three_but_for_their_rows(team, rows):
    for number in range(rows):
        make(factories.agent(f"sam{number}", Role.SUPERVISOR, team=team, email="sam@example.org"))
    with CaptureQueriesContext(connection) as caught:
        mailings.sweep(now=FRIDAY)
    updates = [one for one in caught if one["sql"].startswith("UPDATE")]
    assert (len(updates), len(caught) - len(updates)) == (rows, 15)


@pytest.mark.django_db(transaction=True)
def test_two_workers_write_and_send_each_once(team):
    with transaction.atomic():
        for number in range(8):
            make(factories.agent(f"sam{number}", Role.SUPERVISOR, team=team, email=f"sam{number}@example.org"))
    at_once(*[lambda: mailings.sweep(now=EIGHT)] * 3)
    keys = [message.extra_headers["Message-ID"] for message in mail.outbox]
    assert (len(keys), len(set(keys))) == (8, 8)
    assert Delivery.objects.filter(state="sent").count() == Export.objects.count() == 8
