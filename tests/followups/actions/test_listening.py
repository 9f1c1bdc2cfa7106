"""Channels are proved by a code that only their reader knows; secrets are shown to nobody."""

from datetime import UTC, datetime, time, timedelta

import pytest
from django.core import mail

from followups.actions import listening
from followups.clock import deliveries
from followups.errors import Forbidden, Invalid, Refused
from followups.models import Actor, Agent, Channel, Delivery, Messaging, Site
from tests import factories

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 19, 9, 0, tzinfo=UTC)
SLACK = "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ"


@pytest.fixture
def ada():
    return Actor(door="web", agent=factories.agent("ada", team=factories.team()))


def add(by, *, kind="mail", name="", address="ada@example.net", now=NOW) -> Channel:
    return listening.add(kind=kind, name=name, address=address, by=by, now=now)


def pushes(by):
    return Agent.objects.get(pk=by.agent.pk).pushes


def verified(by, **fields):
    row = add(by, **fields)
    listening.verify(channel=row, code=listening.code_of(row), by=by, now=NOW)
    row.refresh_from_db()
    return row


def test_a_new_channel_is_tested_before_it_hears_anything(ada):
    row = add(ada)
    assert (row.verified_at, row.name, pushes(ada)) == (None, "Mail", False)
    assert deliveries.sweep(now=NOW) == 1
    code = listening.code_of(row)
    assert (mail.outbox[0].to, code in mail.outbox[0].body) == (["ada@example.net"], True)
    listening.verify(channel=row, code=f" {code[:3]} {code[3:]}", by=ada, now=NOW + timedelta(minutes=59))
    row.refresh_from_db()
    assert (row.verified_at, pushes(ada)) == (NOW + timedelta(minutes=59), True)


def test_a_wrong_code_proves_nothing_and_five_end_the_test(ada):
    row = add(ada)
    right = listening.code_of(row)
    wrong = f"{(int(right) + 1) % 1_000_000:06}"
    for _ in range(5):
        with pytest.raises(Invalid, match="not the code"):
            listening.verify(channel=row, code=wrong, by=ada, now=NOW)
    with pytest.raises(Refused) as refusal:
        listening.verify(channel=row, code=right, by=ada, now=NOW)
    assert (refusal.value.code, pushes(ada)) == ("code-gone", False)
    row = listening.test(channel=row, by=ada, now=NOW + timedelta(minutes=1))
    assert listening.code_of(row) != right
    listening.verify(channel=row, code=listening.code_of(row), by=ada, now=NOW + timedelta(minutes=2))
    assert pushes(ada)


@pytest.mark.parametrize("code", ["", "é", "0" * 100, "\x00", "١٢٣٤٥٦"])
def test_any_other_text_is_a_wrong_code(ada, code):
    row = add(ada)
    with pytest.raises(Invalid):
        listening.verify(channel=row, code=code, by=ada, now=NOW)


def test_a_code_runs_out_and_works_once(ada):
    row = add(ada)
    code = listening.code_of(row)
    with pytest.raises(Refused, match="not good any more"):
        listening.verify(channel=row, code=code, by=ada, now=NOW + timedelta(hours=1, seconds=1))
    listening.verify(channel=row, code=code, by=ada, now=NOW)
    with pytest.raises(Refused, match="not good any more"):
        listening.verify(channel=row, code=code, by=ada, now=NOW)


def test_one_test_a_minute(ada):
    row = add(ada)
    with pytest.raises(Refused, match="Wait a minute"):
        listening.test(channel=row, by=ada, now=NOW + timedelta(seconds=59))
    assert Delivery.objects.count() == 1


def test_pushes_is_true_exactly_while_something_is_heard(ada):
    one, other = verified(ada), verified(ada, address="ada@example.com")
    seen = [pushes(ada)]
    listening.choose(channel=one, hears=[], by=ada)
    seen.append(pushes(ada))
    listening.remove(channel=other, by=ada)
    seen.append(pushes(ada))
    listening.choose(channel=one, hears=["due", "ahead"], by=ada)
    seen.append(pushes(ada))
    listening.remove(channel=one, by=ada)
    assert [*seen, pushes(ada)] == [True, True, False, True, False]


def test_what_is_heard_is_kept_in_one_order(ada):
    row = listening.choose(channel=verified(ada), hears=["review", "due"], by=ada)
    assert row.hears == ["due", "review"]
    with pytest.raises(Invalid, match="One of ahead"):
        listening.choose(channel=row, hears=["gossip"], by=ada)


@pytest.mark.parametrize(
    ("kind", "address", "code"),
    [
        ("mail", "nobody", "unknown-address"),
        ("mail", "a@b.c\nBcc: x@example.org", "unknown-address"),
        ("mail", f"{'a' * 250}@example.org", "too-long"),
        ("chat", "json://127.0.0.1/", "unknown-scheme"),
        ("chat", "ada@example.org", "unknown-scheme"),
        ("chat", "slack://x", "unknown-address"),
        ("sms", "+12125550123", "no-sms"),
        ("pigeon", "x", "unknown-choice"),
        ("mail", "", "required"),
    ],
)
def test_what_cannot_be_a_channel_is_refused(ada, kind, address, code):
    with pytest.raises(Invalid) as refusal:
        add(ada, kind=kind, address=address)
    assert (refusal.value.code, Channel.objects.count()) == (code, 0)


def test_a_number_is_a_channel_where_the_site_sends_sms(ada, settings):
    settings.CUSTOMER_SMS_URL = (
        "twilio://AC00000000000000000000000000000000:0123456789abcdef0123456789abcdef@+12125550100/{phone}"
    )
    row = add(ada, kind="sms", address="+1 212 555 0123")
    assert (row.address, Delivery.objects.get().route) == ("+12125550123", "twilio")
    with pytest.raises(Invalid):
        add(ada, kind="sms", address="0212 555")


def test_the_same_channel_is_set_up_once_and_ten_are_enough(ada):
    add(ada)
    with pytest.raises(Invalid, match="already"):
        add(ada)
    for number in range(9):
        add(ada, address=f"ada{number}@example.net")
    with pytest.raises(Refused, match="At most 10"):
        add(ada, address="more@example.net")


def test_the_secret_stands_in_no_message(ada):
    add(ada, kind="chat", address=SLACK)
    row = Delivery.objects.get()
    assert "TIiajkdnlazkcOXrIdevi7FQ" not in f"{row.key} {row.address} {row.subject} {row.body} {row.route} {row.error}"


def test_nobody_touches_the_channels_of_others(ada):
    row = verified(ada)
    sam = Actor(door="web", agent=factories.agent("sam", "supervisor"))
    for act in (
        lambda: listening.remove(channel=row, by=sam),
        lambda: listening.choose(channel=row, hears=[], by=sam),
        lambda: listening.test(channel=row, by=sam, now=NOW),
    ):
        with pytest.raises(Channel.DoesNotExist):
            act()
    with pytest.raises(Forbidden):
        add(Actor(door="api"))


def test_only_administrators_decide_for_everybody(ada):
    root = Actor(door="web", agent=factories.agent("root", "admin"))
    for act in (
        lambda by: listening.switch(off=True, by=by),
        lambda by: listening.write_to_customers(team=None, language="de", writes=["kept"], by=by),
        lambda by: listening.follow_the_desk(team=factories.team(), by=by),
    ):
        with pytest.raises(Forbidden):
            act(ada)
        act(root)
    assert Site.objects.get(id=1).channels_off
    row = Messaging.objects.get()
    assert (row.told, row.moved, row.kept, row.closed, row.language) == (False, False, True, False, "de")
    with pytest.raises(Invalid):
        listening.write_to_customers(team=None, language="xx", writes=[], by=root)


def test_quiet_hours_are_ones_own(ada):
    given = {"quiet_from": time(18), "quiet_until": time(8), "quiet_days_off": False, "your_day": True}
    assert listening.rest(**given, by=ada) == listening.rest(**given, by=ada)
    assert ada.agent.listening.quiet_from == time(18)
