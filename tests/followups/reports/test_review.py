"""Which tickets want a second look."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import transaction

from followups.actions import closing
from followups.models import Actor, Closure, FollowUp, Policy, Role, Ticket
from followups.reports import review
from tests import factories

NOW = datetime(2026, 3, 24, 12, 0, tzinfo=UTC)  # a Tuesday
BEFORE = NOW - timedelta(days=2)
DESK = Actor(door="shell")


def found(name, actor=DESK):
    return {ticket.pk for ticket in review.listed(name, actor, now=NOW)}


def with_ended(*brought, team=None):
    """An open ticket whose follow-ups ended one after the other with these, and that has one open."""
    with transaction.atomic():
        ticket = factories.bare_ticket(now=BEFORE, team=team)
        for place, what in enumerate(brought):
            row = factories.follow_up(ticket, promised_by=BEFORE, now=BEFORE)
            at = BEFORE + timedelta(hours=place)
            FollowUp.objects.filter(pk=row.pk).update(state="kept", ended_at=at, brought=what)
        factories.follow_up(ticket, promised_by=NOW + timedelta(days=1), now=BEFORE)
    return ticket


def test_an_open_ticket_without_a_next_step_is_listed(db):
    bare = factories.bare_ticket(now=BEFORE)
    factories.ticket(now=BEFORE)
    assert found("no_next_step") == {bare.pk}


@pytest.mark.parametrize(
    ("brought", "listed"),
    [
        (("no_news", "no_news"), True),
        (("answer", "no_news", "no_news"), True),
        (("no_news", "no_news", "answer"), False),
        (("no_news", "answer", "no_news"), False),
        (("no_news",), False),
        ((), False),
    ],
)
def test_no_news_counts_in_a_row_up_to_now(db, brought, listed):
    ticket = with_ended(*brought)
    assert found("no_news") == ({ticket.pk} if listed else set())


def test_many_follow_ups_are_three_unless_the_team_says_otherwise(db):
    team = factories.team("Patient")
    Policy.objects.create(team=team, review_follow_ups=4)
    three, two = with_ended("answer", "answer"), with_ended("answer")
    with_ended("answer", "answer", team=team)
    four = with_ended("answer", "answer", "answer", team=team)
    assert found("many") == {three.pk, four.pk}
    assert two.pk not in found("many")


@pytest.mark.parametrize(("rested", "listed"), [(timedelta(days=29), True), (timedelta(days=30), False)])
def test_what_rested_for_a_month_is_left_to_the_list_of_the_old(db, rested, listed):
    ticket = with_ended("no_news", "no_news")
    ticket.follow_ups.update(updated_at=NOW - rested)
    assert found("no_news") == found("many") == ({ticket.pk} if listed else set())


def test_old_is_fifteen_working_days_by_the_desks_policy(db):
    # Fifteen working days before Tuesday 24 March begin on Tuesday 3 March.
    old = factories.ticket(now=datetime(2026, 3, 2, 23, 0, tzinfo=UTC), promised_by=NOW)
    factories.ticket(now=datetime(2026, 3, 3, 1, 0, tzinfo=UTC), promised_by=NOW)
    assert found("old") == {old.pk}


def test_working_days_ago_follow_the_calendar_and_its_zone():
    policy = Policy(zone="Europe/Madrid", special_days=factories.off(date(2026, 3, 23)))
    assert review.working_days_ago(NOW, 1, policy.calendar) == datetime(2026, 3, 19, 23, 0, tzinfo=UTC)
    assert review.working_days_ago(NOW, 0, policy.calendar) == datetime(2026, 3, 23, 23, 0, tzinfo=UTC)


def test_a_closing_against_its_own_note_is_listed_until_reopened(db):
    ada = Actor(door="web", agent=factories.agent("ada"))
    ticket = factories.ticket(now=BEFORE)
    said = closing.Closing(
        outcome="resolved",
        evidence="observed",
        evidence_text="Order 12",
        note="I told her that nothing more can be done.",
    )
    closing.close(ticket=ticket, closing=said, by=ada, now=NOW)
    assert Closure.objects.get().hint == review.CONTRADICTS
    assert found("note") == {ticket.pk}
    closing.reopen(ticket=Ticket.objects.get(), reason="Not so", by=ada, now=NOW)
    assert found("note") == set()


@pytest.mark.parametrize("name", review.LISTS)
def test_each_list_keeps_to_the_teams_of_the_reader(db, name):
    mine, other = factories.team("Billing"), factories.team("Delivery")
    actor = Actor(door="web", agent=factories.agent("sam", Role.SUPERVISOR, team=mine))
    for team in (mine, other):
        with_ended("no_news", "no_news", "no_news", team=team)
        factories.bare_ticket(now=NOW - timedelta(days=90), team=team)
        done = factories.ticket(now=BEFORE, team=team)
        closing.close(
            ticket=done,
            closing=closing.Closing(
                outcome="resolved", evidence="observed", evidence_text="x", note="Sorry, nothing more can be done."
            ),
            by=DESK,
            now=NOW,
        )
    tickets = review.listed(name, actor, now=NOW)
    assert {ticket.team_id for ticket in tickets} == {mine.pk}
    assert len(tickets) == 1
    assert len(review.listed(name, DESK, now=NOW)) == 2
