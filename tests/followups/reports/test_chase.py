from datetime import UTC, datetime, timedelta

import pytest

from followups.actions import scheduling
from followups.models import Actor
from followups.reports import chase, cuts, windows
from tests import factories
from tests.followups.reports import histories

pytestmark = pytest.mark.django_db

START = datetime(2026, 3, 1, tzinfo=UTC)
AS_OF = datetime(2026, 3, 31, tzinfo=UTC)
TOLD = datetime(2026, 3, 2, 10, tzinfo=UTC)
DUE = datetime(2026, 3, 4, 10, tzinfo=UTC)
HOUR = timedelta(hours=1)
SECOND = timedelta(seconds=1)


def promised(name, *, kept=None, told=TOLD, **fields):
    row = histories.ticket(histories.person(name, now=START), at=START)
    step = histories.promise(row, made=TOLD, by=DUE, told=told, **fields)
    if kept:
        histories.tried(step, at=kept)
    histories.close(row, at=AS_OF + HOUR)
    return row, step


def asked(**fields):
    return chase.report(histories.question(START, AS_OF, **fields)).total


def test_worked_example_counts_each_promise_once():
    """Of eight: four were asked after, one of them twice; contacts outside the wait, thanks and answers are none."""
    asked_after, _ = promised("ana")
    histories.contact(asked_after, at=TOLD + HOUR)
    twice, _ = promised("ben")
    histories.contact(twice, at=TOLD + HOUR)
    histories.contact(twice, at=TOLD + 2 * HOUR)
    of_the_family, _ = promised("cho", kept=DUE - HOUR)
    elsewhere = histories.ticket(of_the_family.customer, at=DUE - 2 * HOUR, family="Billing/Refund")
    last_second, _ = promised("dee")
    histories.contact(last_second, at=DUE - SECOND)
    too_late, _ = promised("eli")
    histories.contact(too_late, at=DUE)
    after_it_was_kept, _ = promised("fay", kept=DUE - 2 * HOUR)
    histories.contact(after_it_was_kept, at=DUE - HOUR)
    other_family, _ = promised("gus")
    histories.ticket(other_family.customer, at=TOLD + HOUR, family="Delivery")
    thanks, step = promised("hal")
    histories.contact(thanks, at=TOLD + HOUR, purpose="thanks")
    histories.contact(thanks, at=TOLD + HOUR, answers_follow_up=step)
    total = asked()
    assert elsewhere.pk
    assert (total.num, total.den, total.often, total.contacts) == (4, 8, 1, 5)
    assert (round(total.ci_low, 4), round(total.ci_high, 4)) == (0.2152, 0.7848)


def test_what_she_was_not_told_or_called_off_or_is_not_due_is_no_unit():
    promised("ana", told=None)
    promised("ben", state="called_off", called_off_by="customer", ended_at=DUE - HOUR)
    row, _ = promised("cho")
    histories.contact(row, at=TOLD + HOUR)
    total = asked()
    assert (total.num, total.den, total.excluded["called_off"]) == (1, 1, 1)
    before = chase.report(histories.question(START, DUE - SECOND, end=AS_OF)).total
    assert (before.num, before.den, before.immature) == (0, 0, 1)


def test_the_call_in_which_she_was_told_is_no_chase():
    row, _ = promised("ana")
    histories.contact(row, at=TOLD)
    assert (asked().num, asked().den) == (0, 1)


def test_a_shared_account_counts_on_the_same_ticket_alone():
    row, _ = promised("ana")
    row.customer.shared_account = True
    row.customer.save()
    histories.ticket(row.customer, at=TOLD + HOUR)
    assert asked().num == 0
    histories.contact(row, at=TOLD + HOUR)
    assert asked().num == 1


def test_every_figure_lists_its_promises():
    row, step = promised("ana")
    histories.contact(row, at=TOLD + HOUR)
    question = histories.question(START, AS_OF)
    found, listed = cuts.listed(question, chase.SOURCES, part="num", key=None, limit=5, offset=0)
    assert (found, [one.follow_up_id for one in listed]) == (1, [step.pk])


def test_nothing_to_divide_by_is_none():
    assert (asked().rate, asked().ci_low, asked().contacts) == (None, None, 0)


@pytest.mark.parametrize("late", [DUE + HOUR, AS_OF + HOUR])
def test_a_hand_over_after_the_date_leaves_the_chase_with_whose_promise_it_was(late):
    ada, ben, sam = factories.agent("ada"), factories.agent("ben"), factories.agent("sam", "admin")
    north, south = factories.team("North"), factories.team("South")
    row = histories.ticket(histories.person("ana", now=START), at=START)
    open_one = {"state": "scheduled", "ended_at": None}
    step = histories.promise(row, made=TOLD, by=DUE, told=TOLD, owner=ada, team=north, **open_one)
    histories.contact(row, at=TOLD + HOUR)
    scheduling.assign(follow_up=step, owner=ben, team=south, by=Actor("web", agent=sam), now=late)
    assert [asked(scope=windows.Scope(agent_id=one.pk)).num for one in (ada, ben)] == [1, 0]
    assert [asked(filters=windows.Filters(team=one.pk)).num for one in (north, south)] == [1, 0]
