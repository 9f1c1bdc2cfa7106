from datetime import UTC, datetime, timedelta

import pytest

from followups.actions import reviving
from followups.clock import facts
from followups.errors import Refused
from followups.models import Actor, DoNotContact
from followups.reports import cuts, outreach, silent
from tests import factories
from tests.followups.reports import histories

pytestmark = pytest.mark.django_db

START = datetime(2026, 3, 1, tzinfo=UTC)
LEFT = datetime(2026, 3, 10, tzinfo=UTC)
DAY = timedelta(days=1)
AS_OF = LEFT + 120 * DAY


def asked(as_of=AS_OF, **fields):
    """From the rows the first time, then from the facts and whoever was touched since; and so once all are made anew."""
    question = histories.question(START, as_of, **fields)
    found = silent.report(question)
    facts.build(now=as_of)
    assert silent.report(question) == found
    return found.total


def left(name, **fields):
    """Gave up on the tenth of March, and not heard of before that day."""
    row = histories.ticket(histories.person(name, now=START, **fields), at=LEFT - 5 * DAY)
    histories.close(row, at=LEFT, outcome="withdrawn", why="gave_up")
    return row


def drawn(*, held_out, count):
    """As many who gave up and are on one side of the draw."""
    found, turn = [], 0
    while len(found) < count:
        person = histories.person(f"p{held_out}{turn}", now=START)
        turn += 1
        if outreach.is_held_out(person.pk) == held_out:
            row = histories.ticket(person, at=LEFT - 5 * DAY)
            histories.close(row, at=LEFT, outcome="withdrawn", why="gave_up")
            found.append(row)
    return found


def test_worked_example_in_its_kinds():
    """Six were left: waived, given up, imported without a resolution, waiting; one wrote again, one is too young."""
    sam = factories.agent("sam", "supervisor")
    histories.waive(histories.ticket(histories.person("ana", now=START), at=LEFT - DAY), at=LEFT, by=sam)
    left("ben")
    histories.ticket(histories.person("cho", now=START), at=LEFT)
    wrote = left("dee")
    histories.contact(wrote, at=LEFT + 100 * DAY)
    young = histories.ticket(histories.person("eli", now=START), at=AS_OF - 40 * DAY)
    histories.close(young, at=AS_OF - 30 * DAY, outcome="withdrawn", why="gave_up")
    total = asked(end=AS_OF + 90 * DAY)
    assert (total.num, total.den, total.immature) == (3, 4, 1)
    assert (total.waived, total.gave_up, total.imported, total.waiting) == (1, 1, 0, 1)
    assert total.to_contact + total.held_out == 3


def test_ninety_days_are_whole():
    row = left("ana")
    assert (asked(LEFT + 90 * DAY, end=AS_OF).num, asked(LEFT + 90 * DAY - DAY / 24, end=AS_OF).den) == (1, 0)
    histories.contact(row, at=LEFT + DAY)
    assert (asked(LEFT + 91 * DAY - DAY / 24).num, asked(LEFT + 91 * DAY).num) == (0, 1)


def test_what_was_resolved_or_not_needed_or_reopened_is_no_silent_ending():
    for name, fields in (
        ("ana", {"outcome": "resolved"}),
        ("ben", {"outcome": "withdrawn"}),
        ("cho", {"outcome": "spam"}),
    ):
        histories.close(histories.ticket(histories.person(name, now=START), at=LEFT - DAY), at=LEFT, **fields)
    again = left("dee")
    histories.reopen(again, at=AS_OF - DAY)
    assert (asked().num, asked().den) == (0, 0)
    assert asked(AS_OF - 2 * DAY).num == 1


def test_who_turned_since_is_counted_as_it_stood():
    """Back, solved after all, found to be spam, given up only later: each stood otherwise as of a while ago."""
    facts.build(now=START)
    back, solved, spam, late = (
        histories.ticket(histories.person(name, now=START), at=LEFT - DAY) for name in ("ana", "ben", "cho", "dee")
    )
    histories.close(back, at=LEFT, outcome="withdrawn", why="gave_up")
    histories.reopen(back, at=AS_OF)
    histories.close(solved, at=AS_OF)
    histories.close(spam, at=AS_OF, outcome="spam")
    histories.close(late, at=AS_OF, outcome="withdrawn", why="gave_up")
    for _ in range(2):
        then = asked(AS_OF - DAY)
        assert (then.num, then.gave_up, then.waiting) == (4, 1, 3)
        now = asked(AS_OF + DAY, end=AS_OF + 100 * DAY)
        assert (now.den, now.immature) == (0, 2)


def test_an_update_of_ours_begins_the_watch_anew():
    row = histories.ticket(histories.person("ana", now=START), at=LEFT)
    histories.contact(row, at=LEFT + 60 * DAY, direction="outbound", reached="no_answer")
    assert asked().waiting == 1
    histories.contact(row, at=LEFT + 60 * DAY, direction="outbound")
    assert (asked().den, asked(AS_OF + 40 * DAY).waiting) == (0, 1)


def test_the_unknown_the_shared_and_the_dead_are_left_out():
    sam = factories.agent("sam", "supervisor")
    histories.ticket(None, at=LEFT)
    left("ana", shared_account=True)
    histories.waive(histories.ticket(histories.person("ben", now=START), at=LEFT), at=LEFT, by=sam, kind="deceased")
    total = asked()
    assert (total.den, total.excluded) == (0, {"no_customer": 1, "shared_account": 1, "deceased": 1})


def test_who_is_held_out_is_drawn_by_her_key_for_ever():
    contacted, held = drawn(held_out=False, count=2), drawn(held_out=True, count=2)
    total = asked()
    assert (total.to_contact, total.held_out, total.not_to_contact) == (2, 2, 0)
    question = histories.question(START, AS_OF)
    for part, rows in (("to_contact", contacted), ("held_out", held)):
        _, found = cuts.listed(question, silent.SOURCES, part=part, key=None, limit=9, offset=0)
        assert {one.ticket_id for one in found} == {row.pk for row in rows}


def test_about_a_fifth_is_held_out():
    from uuid import UUID

    held = sum(outreach.is_held_out(UUID(int=number * 7919)) for number in range(500))
    assert 75 <= held <= 125


def test_reaching_out_opens_it_again_with_a_step():
    row = drawn(held_out=False, count=1)[0]
    step = reviving.reach_out(ticket=row, by=Actor("web", agent=factories.agent("ada")), now=AS_OF)
    row.refresh_from_db()
    assert (row.state, step.ticket_id, step.told_at, step.promised_by > AS_OF) == ("open", row.pk, None, True)
    assert row.reopenings.get().reason == reviving.REASON
    assert asked(AS_OF + DAY).den == 0


@pytest.mark.parametrize("code", ["held-out", "do-not-contact", "no-customer", "already-planned", "not-silent"])
def test_reaching_out_is_refused(code):
    row = drawn(held_out=code == "held-out", count=1)[0]
    by = Actor("web", agent=factories.agent("ada"))
    if code == "do-not-contact":
        row.customer.do_not_contact = DoNotContact.ALL
        row.customer.save()
    if code == "no-customer":
        row.customer.shared_account = True
        row.customer.save()
    if code == "already-planned":
        reviving.reach_out(ticket=row, by=by, now=AS_OF)
    if code == "not-silent":
        row.outcome = "spam"
        row.save()
    with pytest.raises(Refused) as refused:
        reviving.reach_out(ticket=row, by=by, now=AS_OF)
    assert refused.value.code == code
