from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from followups.models import Category, Contact, Customer
from followups.reports import cuts, recontact, shares, windows
from followups.reports.rows import TOTAL
from tests import factories
from tests.followups.reports import histories

pytestmark = pytest.mark.django_db

START = datetime(2026, 3, 1, tzinfo=UTC)
AS_OF = datetime(2026, 3, 31, tzinfo=UTC)
DAY = timedelta(days=1)


def march(day, hour=10):
    return datetime(2026, 3, day, hour, tzinfo=UTC)


def ended(name, at, agent=None, **fields):
    """A ticket of ten days that was resolved at `at`."""
    row = histories.ticket(histories.person(name, now=START), at=at - 10 * DAY, agent=agent, **fields)
    histories.close(row, at=at)
    return row


@pytest.fixture
def worked_example():
    """E2: closings by x and y, family billing."""
    x, y = factories.agent("x"), factories.agent("y")
    seven = 7 * DAY
    histories.contact(ended("ana", march(2), x), at=march(2) + seven)
    histories.contact(ended("ben", march(2), x), at=march(2) + seven + timedelta(seconds=1))
    cho = ended("cho", march(2), x)
    histories.ticket(cho.customer, at=march(4), family="Delivery")
    dee = ended("dee", march(2), y)
    step = histories.promise(dee, made=march(1), by=march(3))
    histories.contact(dee, at=march(3), direction="outbound")
    histories.contact(dee, at=march(4), answers_follow_up=step)
    eli = ended("eli", march(2), y)
    histories.contact(eli, at=march(3))
    histories.contact(eli, at=march(5))
    fay = ended("fay", march(3), x)
    chased = histories.contact(fay, at=march(5))
    again = histories.ticket(fay.customer, at=march(1), agent=y)
    histories.close(again, at=march(6))
    histories.contact(again, at=march(8))
    histories.contact(ended("gus", march(27), y), at=march(28))
    ended("hal", march(24, 0), y)
    return {"x": x, "y": y, "chased": chased}


def asked(**fields):
    return recontact.report(histories.question(START, AS_OF, **fields)).total


def counts(total):
    return total.same_issue.num, total.any_issue.num, total.same_issue.den, total.same_issue.immature


def test_worked_example_counts_each_contact_once_and_only_matured_ends(worked_example):
    assert counts(asked()) == (4, 5, 8, 1)


def test_worked_example_without_the_maturity_rule_says_five_of_nine(worked_example):
    """Looked at a week later, with nothing more having happened, the end that was too recent counts with its contact."""
    later = recontact.report(histories.question(START, AS_OF + 7 * DAY)).total
    assert counts(later) == (5, 6, 9, 0)


def pairs(question):
    return [(pair.ended, pair.asked, pair.n, pair.of) for pair in shares.report(recontact, question).pairs]


def test_worked_example_says_what_was_asked_next(worked_example):
    question = histories.question(START, AS_OF)
    assert pairs(question) == pairs(replace(question, by="family")) == [("Billing", "Delivery", 1, 1)]
    assert shares.report(recontact, replace(question, by="channel")).pairs is None
    found, (row,) = cuts.listed(
        question, recontact.SOURCES, part="elsewhere", key="Billing/Delivery", limit=5, offset=0
    )
    assert (found, row.at) == (1, march(2))
    assert cuts.listed(question, recontact.SOURCES, part="elsewhere", key="no pair", limit=5, offset=0) == (0, [])


def test_what_was_asked_next_is_the_first_of_another_family_within_the_days():
    ana = ended("ana", march(2))
    histories.ticket(ana.customer, at=march(9, 11), family="Roaming")
    ben = ended("ben", march(2))
    histories.ticket(ben.customer, at=march(5), family="Roaming")
    histories.ticket(ben.customer, at=march(4), family="Delivery/Late")
    cho = ended("cho", march(2))
    histories.contact(None, customer=cho.customer, at=march(3))
    dee = ended("dee", march(2))
    histories.ticket(dee.customer, at=march(3), family="Delivery")
    histories.contact(dee, at=march(5))
    eli = ended("eli", march(2))
    said = histories.contact(histories.ticket(eli.customer, at=START - 9 * DAY, family="Delivery"), at=march(9))
    Contact.objects.filter(pk=said.pk).update(customer=None)
    assert pairs(histories.question(START, AS_OF)) == [("Billing", "Delivery", 2, 3), ("Billing", "", 1, 3)]
    assert pairs(histories.question(START, AS_OF, window_days=14))[-1] == ("Billing", "Roaming", 1, 4)


def test_an_end_followed_by_the_same_family_for_another_end_has_no_pair():
    ana = histories.person("ana", now=START)
    for day in (2, 3):
        histories.close(histories.ticket(ana, at=march(1)), at=march(day))
    histories.ticket(ana, at=march(4))
    question = histories.question(START, AS_OF)
    assert pairs(question) == []
    assert cuts.listed(question, recontact.SOURCES, part="elsewhere", key=None, limit=5, offset=0)[0] == 1


def test_worked_example_per_agent(worked_example):
    x = asked(scope=windows.Scope(agent_id=worked_example["x"].pk))
    y = asked(scope=windows.Scope(agent_id=worked_example["y"].pk))
    assert counts(x) == (2, 3, 4, 0)
    assert counts(y) == (2, 2, 4, 1)


def test_worked_example_at_fourteen_days(worked_example):
    x = asked(window_days=14, scope=windows.Scope(agent_id=worked_example["x"].pk))
    y = asked(window_days=14, scope=windows.Scope(agent_id=worked_example["y"].pk))
    assert counts(asked(window_days=14)) == (5, 6, 7, 2)
    assert counts(x)[::2] == (3, 4)
    assert counts(y)[::2] == (2, 3)


def test_worked_example_at_thirty_days_has_nothing_to_divide_by(worked_example):
    total = asked(window_days=30)
    assert counts(total) == (0, 0, 0, 9)
    assert total.any_issue.rate is None
    assert total.any_issue.ci_low is None


def test_a_contact_is_charged_once_so_that_taking_it_away_lowers_the_count_by_one(worked_example):
    worked_example["chased"].purpose = "automatic"
    worked_example["chased"].save()
    assert counts(asked()) == (3, 5, 8, 1)


@pytest.mark.parametrize(
    "fields",
    [
        {"direction": "outbound"},
        {"purpose": "automatic"},
        {"purpose": "thanks"},
    ],
)
def test_what_is_no_contact_is_not_counted(fields):
    histories.contact(ended("ana", march(2)), at=march(3), **fields)
    assert counts(asked()) == (0, 0, 1, 0)


def test_a_contact_without_a_ticket_is_about_any_issue():
    histories.contact(None, customer=ended("ana", march(2)).customer, at=march(3))
    assert counts(asked()) == (0, 1, 1, 0)


def test_a_contact_in_the_instant_of_the_end_does_not_come_after_it():
    histories.contact(ended("ana", march(2)), at=march(2))
    assert counts(asked()) == (0, 0, 1, 0)


def test_reopening_by_the_customer_is_a_recontact_and_both_ends_count():
    row = ended("ana", march(2))
    histories.contact(row, at=march(4))
    histories.reopen(row, at=march(4), by_customer=True)
    histories.close(row, at=march(6))
    assert counts(asked()) == (1, 1, 2, 0)


def test_ends_in_one_instant_are_charged_to_the_ticket_opened_later_then_of_the_higher_reference():
    ana = histories.person("ana", now=START)
    opened = [(START - 3 * DAY, "a", "phone"), (START - 2 * DAY, "b", "email"), (START - 2 * DAY, "c", "chat")]
    for at, reference, channel in opened:
        histories.close(histories.ticket(ana, at=at, reference=reference, channel=channel), at=march(2))
    histories.contact(None, customer=ana, at=march(3))
    histories.ticket(ana, at=march(4))
    report = recontact.report(histories.question(START, AS_OF, by="channel"))
    assert [(row.key, row.same_issue.num, row.any_issue.num) for row in report.rows] == [
        ("chat", 1, 1),
        ("email", 0, 1),
        ("phone", 0, 1),
    ]


def test_a_later_end_outside_the_period_takes_the_charge():
    ana = histories.person("ana", now=START)
    histories.close(histories.ticket(ana, at=START - DAY), at=march(2))
    histories.close(histories.ticket(ana, at=START - DAY), at=march(3))
    histories.contact(None, customer=ana, at=march(2, 12))
    histories.ticket(ana, at=march(4))
    total = asked(end=march(3, 0))
    assert counts(total) == (0, 1, 1, 0)


def test_of_tells_resolved_from_unresolved_ends():
    sam = factories.agent("sam", "supervisor")
    ended("ana", march(2))
    gone = histories.ticket(histories.person("ben", now=START), at=march(1))
    histories.close(gone, at=march(2), outcome="withdrawn", why="gave_up")
    histories.contact(gone, at=march(3))
    waived = histories.ticket(histories.person("cho", now=START), at=march(1))
    histories.waive(waived, at=march(2), by=sam)
    assert counts(asked(of="resolved")) == (0, 0, 1, 0)
    assert counts(asked(of="unresolved")) == (1, 1, 2, 0)
    assert counts(asked(of="all")) == (1, 1, 3, 0)


def test_what_is_left_out_is_counted_by_reason():
    ana = histories.person("ana", now=START)
    one = histories.ticket(ana, at=march(1))
    histories.close(one, at=march(2))
    histories.close(histories.ticket(ana, at=march(1)), at=march(2), outcome="duplicate", duplicate_of=one)
    histories.close(histories.ticket(ana, at=march(1)), at=march(2), outcome="spam")
    histories.close(histories.ticket(None, at=march(1)), at=march(2))
    ended("bank", march(2))
    Customer.objects.filter(reference="bank").update(shared_account=True)
    total = asked()
    assert counts(total) == (0, 0, 1, 0)
    assert total.any_issue.excluded == {"duplicate": 1, "spam": 1, "no_customer": 1, "shared_account": 1}


def test_a_closing_that_was_undone_never_happened():
    row = ended("ana", march(2))
    row.closures.update(undone_at=march(2) + timedelta(seconds=8))
    row.state, row.closed_at, row.resolved_at, row.outcome = "open", None, None, ""
    row.save()
    assert counts(asked()) == (0, 0, 0, 0)


def test_an_end_after_as_of_does_not_exist_yet():
    ended("ana", march(20))
    total = recontact.report(histories.question(START, march(19), end=AS_OF)).total
    assert counts(total) == (0, 0, 0, 0)


def test_an_end_keeps_the_category_and_channel_of_its_time():
    row = ended("ana", march(2))
    row.category, row.channel = factories.category("Delivery/Late"), "web"
    row.save()
    report = recontact.report(histories.question(START, AS_OF, by="family"))
    assert [row.key for row in report.rows] == ["Billing"]


def test_weeks_are_those_of_the_desk():
    ended("ana", march(8, 23))
    utc = recontact.report(histories.question(START, AS_OF, by="week"))
    tokyo = recontact.report(histories.question(START, AS_OF, by="week", zone="Asia/Tokyo"))
    assert [row.key for row in utc.rows] == ["2026-W10"]
    assert [row.key for row in tokyo.rows] == ["2026-W11"]


def test_nothing_counted_is_no_share():
    report = recontact.report(histories.question(START, AS_OF, by="team"))
    assert report.rows == []
    assert report.total.key == TOTAL
    assert report.total.any_issue.rate is None


def test_demo_tickets_leave_with_the_first_real_one():
    ended("ana", march(2), is_demo=True)
    assert asked().any_issue.den == 1
    ended("ben", march(3))
    assert asked().any_issue.den == 1
    assert asked(filters=windows.Filters(customer=Customer.objects.get(reference="ana").pk)).any_issue.den == 0


def test_category_filter_takes_what_lies_below():
    ended("ana", march(2), family="Billing/Refund")
    ended("ben", march(2), family="Billing")
    ended("cho", march(2), family="Billings")
    assert Category.objects.count() == 3
    assert asked(filters=windows.Filters(category="Billing")).any_issue.den == 2
