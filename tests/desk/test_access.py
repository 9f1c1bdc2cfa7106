"""Who may do what, asked of the one file that answers: the matrix row by row, and what lies between the rows."""

from datetime import timedelta

import pytest
from django.utils import timezone

from desk import access
from followups.actions import handling
from followups.errors import Forbidden, Missing
from followups.models import Actor, ApiToken, Event, FollowUp, Ticket
from tests import factories

ACTS = ("log", "answer", "close", "change", "assign", "merge")
SERVED = ("log", "answer", "close")


@pytest.fixture
def now(db):
    return timezone.now()


@pytest.fixture
def billing(db):
    return factories.team("Billing")


@pytest.fixture
def people(billing):
    """Actors by name: ada and ben of Billing, sam who leads it, olu of another team, root, aud, and what reads by token."""
    delivery = factories.team("Delivery")
    found = {
        "ada": factories.agent("ada", team=billing),
        "ben": factories.agent("ben", team=billing),
        "sam": factories.agent("sam", "supervisor", team=billing),
        "olu": factories.agent("olu", team=delivery),
        "root": factories.agent("root", "admin"),
        "aud": factories.agent("aud", "auditor"),
    }
    actors = {name: Actor("web", agent=agent) for name, agent in found.items()}
    return actors | {
        "bare": Actor("api", token=token()),
        "bare of billing": Actor("api", token=token(billing)),
        "bare of delivery": Actor("api", token=token(delivery)),
        "ada's": Actor("api", agent=found["ada"], token=token()),
        "ada's of delivery": Actor("api", agent=found["ada"], token=token(delivery)),
        "root's of billing": Actor("api", agent=found["root"], token=token(billing)),
        "root's of delivery": Actor("api", agent=found["root"], token=token(delivery)),
    }


def token(team=None, scopes=("tickets:read",)):
    return ApiToken(name="crm", team=team, scopes=list(scopes))


@pytest.fixture
def ana(now):
    return factories.customer(now=now)


@pytest.fixture
def ticket(now, billing, people, ana):
    """Of Billing, owned by ada."""
    return factories.ticket(now=now, team=billing, agent=people["ada"].agent, customer=ana)


def acts(actor, ticket, now):
    return tuple(act for act in ACTS if access.may(actor, ticket, act, now=now))


def sees(actor, ticket, now):
    return Ticket.objects.visible_to(actor, now=now).filter(pk=ticket.pk).exists()


EXPECTED = {
    "ada": (True, ACTS),
    "ben": (True, SERVED),
    "sam": (True, ACTS),
    "olu": (False, ()),
    "root": (True, ACTS),
    "aud": (True, ()),
    "bare": (True, ACTS),
    "bare of billing": (True, ACTS),
    "bare of delivery": (False, ()),
    "ada's": (True, ACTS),
    "ada's of delivery": (False, ()),
    "root's of billing": (True, ACTS),
    "root's of delivery": (False, ()),
}


@pytest.mark.parametrize(("name", "expected"), EXPECTED.items())
def test_who_sees_and_may_do_what_on_adas_ticket(people, ticket, now, name, expected):
    actor = people[name]
    assert (sees(actor, ticket, now), acts(actor, ticket, now)) == expected
    follow_up = FollowUp.objects.visible_to(actor, now=now)
    assert follow_up.exists() is expected[0]
    assert Ticket.objects.workable_by(actor).exists() is bool(expected[1])


@pytest.mark.parametrize("name", EXPECTED)
def test_require_and_may_agree(people, ticket, now, name):
    for act in ACTS:
        if access.may(people[name], ticket, act, now=now):
            access.require(people[name], ticket, act, now=now)
        else:
            with pytest.raises(Forbidden):
                access.require(people[name], ticket, act, now=now)
    assert not Event.objects.filter(kind="door.opened").exists()


def test_tickets_that_nobody_owns_are_the_teams_to_change(people, now, billing):
    ticket = factories.ticket(now=now, team=billing)
    assert (acts(people["ben"], ticket, now), acts(people["olu"], ticket, now)) == (ACTS, ())


def test_tickets_of_no_team_are_everybodys(people, now):
    ticket = factories.ticket(now=now)
    assert [sees(people[name], ticket, now) for name in ("ben", "olu", "bare of billing")] == [True, True, False]
    assert acts(people["olu"], ticket, now) == ACTS


def test_own_ticket_stays_ones_own_in_another_team(people, now, billing):
    ticket = factories.ticket(now=now, team=billing, agent=people["olu"].agent)
    assert (sees(people["olu"], ticket, now), acts(people["olu"], ticket, now)) == (True, ACTS)


def test_claimed_by_an_open_follow_up(people, ticket, now):
    """Until it ends; of what has ended the follow-up itself stays readable."""
    row = ticket.follow_ups.get()
    ticket.follow_ups.update(owner=people["olu"].agent)
    assert (sees(people["olu"], ticket, now), acts(people["olu"], ticket, now)) == (True, ACTS)
    factories.follow_up(ticket, promised_by=now + timedelta(hours=3), now=now)
    ticket.follow_ups.filter(pk=row.pk).update(state="kept", ended_at=now)
    assert (sees(people["olu"], ticket, now), acts(people["olu"], ticket, now)) == (False, ())
    assert list(FollowUp.objects.visible_to(people["olu"], now=now)) == [row]


# The caller on the line


def on_the_line(actor, customer, now):
    told = handling.Told("inbound", "phone")
    return handling.record_contact(told=told, customer=customer, by=actor, now=now).contact


def test_caller_on_the_line_opens_the_door_for_half_an_hour(people, ticket, ana, now):
    olu = people["olu"]
    on_the_line(olu, ana, now)
    almost, after = now + timedelta(minutes=29), now + timedelta(minutes=30)
    assert (sees(olu, ticket, almost), acts(olu, ticket, almost)) == (True, SERVED)
    assert (sees(olu, ticket, after), acts(olu, ticket, after)) == (False, ())


def test_first_act_through_the_door_is_written_down_once(people, ticket, ana, now):
    on_the_line(people["olu"], ana, now)
    for _turn in range(2):
        access.require(people["olu"], ticket, "answer", now=now)
    assert [event.by.username for event in ticket.events.filter(kind="door.opened")] == ["olu"]
    with pytest.raises(Forbidden):
        access.require(people["olu"], ticket, "change", now=now)


def test_another_customers_call_opens_nothing(people, ticket, now):
    on_the_line(people["olu"], factories.customer(now=now, name="Ben"), now)
    assert not sees(people["olu"], ticket, now)


def test_our_own_call_opens_nothing(people, ticket, ana, now):
    told = handling.Told("outbound", "phone")
    handling.record_contact(told=told, customer=ana, by=people["olu"], now=now)
    assert not sees(people["olu"], ticket, now)


@pytest.mark.parametrize("separate", ["theirs", "the ticket's"])
def test_separate_teams_neither_look_in_nor_are_looked_into(people, ticket, ana, now, billing, separate):
    team = billing if separate == "the ticket's" else people["olu"].agent.teams.get()
    team.separate = True
    team.save()
    on_the_line(people["olu"], ana, now)
    assert not sees(people["olu"], ticket, now)


# One row


def test_what_is_not_there_and_what_is_not_theirs_answer_alike(people, ticket, now):
    assert access.ticket(people["ada"], ticket.number, now=now) == ticket
    for actor, number in (
        (people["olu"], ticket.number),
        (people["ada"], "1"),
        (people["ada"], "\x00"),
        (people["ada"], "1٠"),
    ):
        with pytest.raises(Missing) as refusal:
            access.ticket(actor, number, now=now)
        assert refusal.value.message == "No such ticket."


def test_follow_up_of_any_text_is_missing(people, ticket, now):
    row = ticket.follow_ups.get()
    assert access.follow_up(people["ada"], str(row.pk), now=now) == row
    for actor, key in ((people["olu"], row.pk), (people["ada"], "no-uuid"), (people["ada"], "\x00")):
        with pytest.raises(Missing):
            access.follow_up(actor, key, now=now)


# Her data


@pytest.mark.parametrize(
    ("name", "full"),
    [("ada", True), ("sam", True), ("olu", False), ("root", True), ("aud", False), ("bare", False), ("ada's", False)],
)
def test_personal_data_in_full_for_those_who_serve_her(people, ticket, ana, now, name, full):
    assert access.sees_personal(people[name], ana, now=now) is full


@pytest.mark.parametrize("name", ["bare", "ada's", "ada's of delivery"])
def test_token_reads_personal_data_with_the_scope(people, ticket, ana, now, name):
    people[name].token.scopes = ["customers:pii"]
    assert access.sees_personal(people[name], ana, now=now) is (name != "ada's of delivery")
