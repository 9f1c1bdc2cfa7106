"""Notices reach the channels that want them: each once, none in quiet hours, none that was read."""

from datetime import UTC, datetime, time, timedelta

import pytest
from django.core import mail

from followups import notices
from followups.actions import listening
from followups.clock import deliveries, digests, quiet, reminders, routes
from followups.models import (
    Absence,
    Actor,
    Agent,
    Channel,
    Delivery,
    FollowUp,
    Ladder,
    LadderStep,
    Listening,
    Notice,
    Policy,
    Site,
)
from tests import factories
from tests.followups.clock.sinks import ChatHost

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 19, 12, 30, tzinfo=UTC)  # a Thursday
NIGHT = datetime(2026, 11, 19, 22, 0, tzinfo=UTC)
MORNING = datetime(2026, 11, 20, 7, 0, tzinfo=UTC) + routes.SETTLING


@pytest.fixture
def ada():
    return factories.agent("ada", team=factories.team(), email="ada@example.org")


@pytest.fixture
def room(settings):
    settings.CHANNEL_SCHEMES = ["json"]
    with ChatHost() as sink:
        yield sink


def channel(agent, kind="mail", address="ada@example.net", hears=("assigned", "overdue"), **fields):
    given = {"name": kind, "made_at": NOW, "verified_at": NOW, **fields}
    row = Channel.objects.create(agent=agent, kind=kind, address=address, hears=list(hears), **given)
    Agent.objects.filter(pk=agent.pk).update(pushes=True)
    agent.refresh_from_db()
    return row


def tell(agent, text="Yours now", *, now=NOW, kind="assigned"):
    notices.tell([agent], kind=kind, text=text, now=now)


def overdue(agent):
    due = NOW - timedelta(minutes=30)
    row = factories.promise(promised_by=due, now=due - timedelta(hours=2), team=factories.team(), owner=agent)
    reminders.sweep(now=NOW)
    return row


def pass_on(now=NOW):
    return routes.sweep(now=now), deliveries.sweep(now=now)


def test_a_notice_goes_to_the_channel_that_wants_it_once(ada):
    channel(ada)
    tell(ada)
    assert (routes.sweep(now=NOW), routes.sweep(now=NOW)) == (1, 0)
    deliveries.sweep(now=NOW)
    assert [(m.to, m.subject, m.body) for m in mail.outbox] == [
        (["ada@example.net"], "Yours now", "Yours now\nhttp://testserver/notices\n")
    ]
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.subject, delivery.body) == ("sent", "", "")


def test_a_notice_that_was_routed_again_has_the_same_key(ada):
    own = channel(ada)
    tell(ada)
    routes.sweep(now=NOW)
    Notice.objects.update(to_route=True)
    routes.sweep(now=NOW)
    assert Delivery.objects.get().key == f"notice:{Notice.objects.get().pk}:{own.pk}"


@pytest.mark.parametrize("change", [{"hears": ["review"]}, {"verified_at": None}])
def test_not_to_a_channel_that_does_not_want_it_or_was_not_proved(ada, change):
    Channel.objects.filter(pk=channel(ada).pk).update(**change)
    tell(ada)
    assert pass_on() == (0, 0)
    assert not Notice.objects.filter(to_route=True).exists()


def test_people_without_a_channel_cost_nothing(ada):
    tell(ada)
    assert not Notice.objects.get().to_route


def test_the_stage_of_a_reminder_is_what_is_chosen(ada):
    channel(ada, hears=["escalated"])
    channel(ada, address="ada@example.com", hears=["overdue"])
    overdue(ada)
    pass_on()
    assert [m.to for m in mail.outbox] == [["ada@example.com"]]


def test_the_step_of_a_ladder_names_channels_of_its_own(ada):
    channel(ada, hears=["review"])
    step = {"position": 0, "audience": "owner", "after_minutes": 30, "channels": ["mail"]}
    LadderStep.objects.create(ladder=Ladder.objects.create(name="Loud", made_at=NOW), **step)
    overdue(ada)
    pass_on()
    assert len(mail.outbox) == 1


# Read in one place is read everywhere


def test_what_was_read_in_the_app_is_not_sent(ada):
    channel(ada)
    tell(ada)
    routes.sweep(now=NOW)
    notices.mark_read(ada, now=NOW)
    deliveries.sweep(now=NOW)
    assert (mail.outbox, Delivery.objects.get().error) == ([], "Read or done in the meantime.")


def test_what_was_read_before_it_was_routed_makes_no_message(ada):
    channel(ada)
    tell(ada)
    notices.mark_read(ada, now=NOW)
    assert routes.sweep(now=NOW) == 0


@pytest.mark.parametrize("change", [{"version": 2}, {"acknowledged_until": NOW + timedelta(hours=4)}])
def test_what_moved_or_was_acknowledged_is_not_said_any_more(ada, change):
    channel(ada)
    row = overdue(ada)
    routes.sweep(now=NOW)
    FollowUp.objects.filter(pk=row.pk).update(**change)
    deliveries.sweep(now=NOW)
    assert (mail.outbox, Delivery.objects.get().state) == ([], "dropped")


def test_nothing_to_who_left_or_is_away(ada):
    channel(ada)
    for act, why in [
        (lambda: Absence.objects.create(agent=ada, from_at=NOW, until_at=NOW + timedelta(days=1)), "Away."),
        (lambda: Agent.objects.filter(pk=ada.pk).update(is_active=False), "Not active any more."),
    ]:
        tell(ada)
        routes.sweep(now=NOW)
        act()
        deliveries.sweep(now=NOW)
        assert Delivery.objects.order_by("-made_at", "state").filter(error=why).count() == 1
    assert mail.outbox == []


def test_a_channel_that_was_removed_hears_nothing(ada):
    own = channel(ada)
    tell(ada)
    routes.sweep(now=NOW)
    listening.remove(channel=own, by=Actor(door="web", agent=ada))
    deliveries.sweep(now=NOW)
    assert (mail.outbox, Delivery.objects.get().error) == ([], "The channel is gone.")


@pytest.mark.parametrize("when", ["before", "after"])
def test_an_administrator_switches_channels_off_for_the_site(ada, when):
    channel(ada)
    tell(ada)
    if when == "after":
        routes.sweep(now=NOW)
    Site.objects.update_or_create(id=1, defaults={"channels_off": True})
    pass_on()
    assert (mail.outbox, list(Delivery.objects.values_list("error", flat=True))) == (
        [],
        ["Channels are switched off for the site."] if when == "after" else [],
    )


# Quiet hours


def test_what_comes_in_quiet_hours_goes_out_as_one_message_at_their_end(ada):
    channel(ada)
    for number, at in enumerate([NIGHT, NIGHT + timedelta(hours=3), NIGHT + timedelta(hours=6)]):
        tell(ada, f"Number {number}", now=at)
        pass_on(at)
    assert (Delivery.objects.count(), Delivery.objects.get().due_at, mail.outbox) == (1, MORNING, [])
    notices.mark_read(ada, now=MORNING, notice_id=Notice.objects.get(text="Number 1").pk)
    deliveries.sweep(now=MORNING)
    (message,) = mail.outbox
    assert message.subject == "2 notices while you were away from the desk"
    assert ["Number 0" in message.body, "Number 1" in message.body, "Number 2" in message.body] == [True, False, True]


def test_one_alone_is_said_as_ever_and_all_read_is_nothing(ada):
    channel(ada)
    tell(ada, now=NIGHT)
    routes.sweep(now=NIGHT)
    tell(ada, "Second", now=NIGHT)
    routes.sweep(now=NIGHT)
    notices.mark_read(ada, now=MORNING)
    deliveries.sweep(now=MORNING)
    assert (mail.outbox, Delivery.objects.get().state) == ([], "dropped")


def test_a_try_that_failed_before_the_quiet_waits_for_its_end(ada, room):
    channel(ada, kind="chat", address=room.address)
    room.status = 500
    tell(ada, now=NIGHT - timedelta(hours=2, seconds=10))
    routes.sweep(now=NIGHT - timedelta(hours=2, seconds=10))
    deliveries.push(now=NIGHT - timedelta(hours=2, seconds=10))
    room.status = 200
    room.posts.clear()
    deliveries.push(now=NIGHT)
    row = Delivery.objects.get()
    assert (room.posts, row.state, row.due_at, row.attempts) == ([], "waiting", MORNING - routes.SETTLING, 1)


@pytest.mark.parametrize(
    ("zone", "hours", "at", "until"),
    [
        ("UTC", ("20:00", "07:00"), "2026-11-19T19:59", None),
        ("UTC", ("20:00", "07:00"), "2026-11-19T20:00", "2026-11-20T07:00"),
        ("UTC", ("20:00", "07:00"), "2026-11-20T06:59", "2026-11-20T07:00"),
        ("UTC", ("20:00", "07:00"), "2026-11-20T07:00", None),
        ("UTC", ("20:00", "07:00"), "2026-11-20T21:00", "2026-11-23T07:00"),  # Friday night: the weekend is off
        ("UTC", ("12:00", "13:00"), "2026-11-19T12:30", "2026-11-19T13:00"),
        ("UTC", ("07:00", "07:00"), "2026-11-19T23:00", None),
        ("Europe/Berlin", ("20:00", "07:00"), "2026-03-29T12:00", "2026-03-30T05:00"),  # the Sunday of 23 hours
        ("Europe/Berlin", ("20:00", "07:00"), "2026-10-23T19:00", "2026-10-26T06:00"),  # over the one of 25
        ("America/New_York", ("02:30", "02:45"), "2026-11-02T07:30", "2026-11-02T07:45"),
        ("Asia/Tokyo", ("20:00", "07:00"), "2026-11-19T21:59", "2026-11-19T22:00"),
    ],
)
def test_the_end_of_the_quiet(zone, hours, at, until):
    person = factories.agent("ben", zone=zone)
    start, end = (time.fromisoformat(text) for text in hours)
    Listening.objects.create(agent=person, quiet_from=start, quiet_until=end)
    at, until = (datetime.fromisoformat(text).replace(tzinfo=UTC) if text else None for text in (at, until))
    assert quiet.until(person, at) == until


def test_days_off_are_those_of_ones_team_or_ones_own_week():
    ben, cem = factories.agent("ben", team=factories.team()), factories.agent("cem", team=factories.team())
    week = [[["09:00", "17:00"]], [], [], [], [], [["09:00", "17:00"]], []]  # Mondays and Saturdays
    Policy.objects.create(team=factories.team(), week=week)
    cem.week = [[], [], [], [["09:00", "17:00"]], [], [], []]
    cem.save()
    assert quiet.until(ben, NOW) == datetime(2026, 11, 21, 7, tzinfo=UTC)
    assert quiet.until(cem, NOW) is None
    Listening.objects.create(agent=ben, quiet_days_off=False)
    assert quiet.until(ben, NOW) is None


# Chats: one that hangs


def test_a_chat_hears_it_with_a_way_to_the_page(ada, room):
    channel(ada, kind="chat", address=room.address)
    row = overdue(ada)
    assert (routes.sweep(now=NOW), deliveries.sweep(now=NOW), deliveries.push(now=NOW)) == (1, 0, 1)
    ((title, body),) = room.posts
    assert title.startswith("Overdue since 12:00: call the customer")
    assert body.strip().endswith(f"http://testserver/follow-ups/{row.pk}")


def test_a_chat_host_that_failed_before_lets_the_others_go_first(ada, settings):
    settings.CHANNEL_SCHEMES = ["json"]
    with ChatHost() as bad, ChatHost() as good:
        bad.status = 500
        ben = factories.agent("ben", team=factories.team())
        channel(ada, kind="chat", address=bad.address)
        tell(ada)
        routes.sweep(now=NOW)
        deliveries.push(now=NOW)
        later = NOW + timedelta(minutes=1)
        bad.hangs = 0.2
        for agent, address in [(ada, bad.address), (ben, good.address)]:
            Channel.objects.get_or_create(
                agent=agent,
                kind="chat",
                address=address,
                defaults={"name": "x", "hears": ["assigned"], "made_at": NOW, "verified_at": NOW},
            )
        Agent.objects.update(pushes=True)
        tell(ada, "One", now=later)
        tell(Agent.objects.get(pk=ben.pk), "Two", now=later)
        routes.sweep(now=later)
        order = []
        host_of = {f"json:127.0.0.1:{h.server_address[1]}": name for h, name in ((bad, "bad"), (good, "good"))}
        sender = deliveries.Sender(later, tired={route for route, name in host_of.items() if name == "bad"})
        which = ~deliveries.Q(route="mail")
        while row := deliveries._lease_next(which, sender):
            order.append(host_of[row.route])
        assert order == ["good", "bad", "bad"]
        assert Channel.objects.get(agent=ada).trouble == ""


def test_a_channel_that_was_given_up_says_so_until_the_next_one_arrives(ada, room):
    own = channel(ada, kind="chat", address=room.address)
    room.status = 500
    tell(ada)
    routes.sweep(now=NOW)
    Delivery.objects.update(attempts=7)
    deliveries.push(now=NOW)
    own.refresh_from_db()
    assert own.trouble == "The host did not take it, or did not answer in time."
    room.status = 200
    tell(ada, "Second")
    pass_on()
    deliveries.push(now=NOW)
    own.refresh_from_db()
    assert own.trouble == ""


# Beside the digests


@pytest.mark.parametrize(("hears", "letters"), [(["overdue"], 0), (["assigned"], 1)])
def test_who_hears_it_through_a_mail_channel_gets_no_digest_of_it(ada, hears, letters):
    channel(ada, hears=hears)
    overdue(ada)
    assert digests.sweep(now=NOW) == letters


def test_digests_take_over_where_channels_are_off(ada):
    channel(ada, hears=["overdue"])
    overdue(ada)
    Site.objects.update_or_create(id=1, defaults={"channels_off": True})
    assert digests.sweep(now=NOW) == 1


def test_who_practises_may_try_channels_of_their_own(ada, room):
    Agent.objects.filter(pk=ada.pk).update(is_demo=True)
    channel(ada, kind="chat", address=room.address)
    tell(ada)
    routes.sweep(now=NOW)
    deliveries.push(now=NOW)
    assert len(room.posts) == 1
