"""What reaching out does: who is drawn, when, on which side, and what is counted of her."""

import random
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from django.db import connection

from followups.clock import facts
from followups.models import Contact, DoNotContact, DrawFact, Ticket, Touched
from followups.reports import catalogue, outreach, shares, silent
from tests.followups.reports import histories

pytestmark = pytest.mark.django_db

LEFT = datetime(2026, 3, 10, tzinfo=UTC)
DAY = timedelta(days=1)
DRAWN = LEFT + 90 * DAY
AS_OF = DRAWN + 31 * DAY


def left(name, *, held_out, at=LEFT, **fields):
    """Gave up, and is on one side of the draw."""
    turn = 0
    while True:
        who = UUID(int=random.Random(f"{name}{turn}").getrandbits(128), version=4)
        if outreach.is_held_out(who) == held_out:
            break
        turn += 1
    row = histories.ticket(histories.person(name, now=at - 5 * DAY, id=who, **fields), at=at - 5 * DAY)
    histories.close(row, at=at, outcome="withdrawn", why="gave_up")
    return row


def asked(as_of=AS_OF, **fields):
    """From the rows the first time, then from the facts and whoever was touched since; and so once all are made anew."""
    question = histories.question(fields.pop("start", LEFT), as_of, **fields)
    found = outreach.compared(question)
    facts.build(now=as_of)
    assert outreach.compared(question) == found
    return found


def sides(effect):
    return [(row.num, row.den, row.immature) for row in (effect.to_contact, effect.held_out)]


def test_what_became_of_each_side_within_thirty_days():
    wrote, solved, reached = (left(name, held_out=False) for name in ("ana", "ben", "cho"))
    held, late = left("dee", held_out=True), left("eli", held_out=True)
    histories.contact(wrote, at=DRAWN + 30 * DAY)
    histories.contact(late, at=DRAWN + 30 * DAY + timedelta(microseconds=1))
    histories.contact(reached, at=DRAWN + DAY, direction="outbound", reached="voicemail")
    histories.contact(held, at=DRAWN + DAY, direction="outbound", reached="no_answer")
    histories.reopen(solved, at=DRAWN + DAY)
    histories.close(solved, at=DRAWN + 2 * DAY)
    found = asked()
    assert sides(found.came_back) == [(1, 3, 0), (0, 2, 0)]
    assert sides(found.resolved) == [(1, 3, 0), (0, 2, 0)]
    assert sides(found.reached) == [(1, 3, 0), (0, 2, 0)]
    assert found.came_back.verdict == "too_few"
    assert sides(asked(DRAWN + 29 * DAY).came_back) == [(0, 0, 3), (0, 0, 2)]


def test_being_reached_or_opened_again_takes_nobody_out_of_the_count():
    """In the report of the silent she is gone once she was reached; what reaching out does must still count her."""
    row = left("ana", held_out=False)
    histories.reopen(row, at=DRAWN + DAY)
    histories.contact(row, at=DRAWN + 2 * DAY, direction="outbound")
    row.customer.do_not_contact = DoNotContact.ALL
    row.customer.save()
    assert silent.report(histories.question(LEFT, AS_OF)).total.den == 0
    assert sides(asked().reached) == [(1, 1, 0), (0, 0, 0)]


def test_a_customer_is_drawn_once_and_stays_where_she_was_drawn():
    first = left("ana", held_out=True)
    again = histories.ticket(first.customer, at=LEFT + 10 * DAY, family="Parcel")
    histories.contact(again, at=LEFT + 20 * DAY)
    histories.close(again, at=LEFT + 20 * DAY, outcome="withdrawn", why="gave_up")
    # Heard of on the twentieth day: the first draw is ninety days after that, of the later ticket alone.
    wanted = [(0, 0, 0), (0, 1, 0)]
    assert sides(asked(AS_OF + 60 * DAY).came_back) == wanted
    assert sides(asked(AS_OF + 60 * DAY, start=LEFT + 111 * DAY, end=AS_OF + 60 * DAY).came_back) == [(0, 0, 0)] * 2


def test_time_alone_makes_a_draw():
    left("ana", held_out=False)
    facts.build(now=LEFT + DAY)
    assert [*DrawFact.objects.values_list("at", flat=True)] == [DRAWN]
    assert not Touched.objects.exists()
    instant = timedelta(microseconds=1)
    assert sides(outreach.compared(histories.question(LEFT, DRAWN, end=AS_OF)).came_back)[0] == (0, 0, 1)
    assert sides(outreach.compared(histories.question(LEFT, DRAWN - instant, end=AS_OF)).came_back)[0] == (0, 0, 0)


@pytest.mark.parametrize(("reached", "days"), [("reached", 150), ("voicemail", 150), ("no_answer", 90)])
def test_only_reaching_her_puts_her_draw_off(reached, days):
    row = histories.ticket(histories.person("ana", now=LEFT), at=LEFT)
    facts.build(now=LEFT)
    histories.contact(row, at=LEFT + 60 * DAY, direction="outbound", reached=reached)
    assert Touched.objects.exists() == (days == 150)
    at = LEFT + days * DAY
    for _ in range(2):
        found = outreach.compared(histories.question(at, at + DAY)).came_back
        assert found.to_contact.immature + found.held_out.immature == 1
        while facts.follow():
            pass
    assert DrawFact.objects.get().at == at
    assert facts.differing()["draws"] == 0


def test_what_was_said_of_a_ticket_counts_for_whose_it_became():
    """A contact that names nobody is hers whose ticket it is about; one of ours about a ticket begins its watch anew."""
    ana, ben = (histories.person(name, now=LEFT) for name in ("ana", "ben"))
    row = histories.ticket(None, at=LEFT)
    facts.build(now=LEFT)
    Ticket.objects.filter(pk=row.pk).update(customer=ana)
    histories.contact(row, at=LEFT + 10 * DAY, customer=ben, direction="outbound")
    # The tenth day, on which we spoke with him about it; not the opening, which names nobody.
    assert sides_of(asked(start=LEFT + 100 * DAY, end=LEFT + 101 * DAY)) == (1, 0)
    assert DrawFact.objects.get().customer_id == ana.pk
    Contact.objects.create(
        ticket=row, direction="inbound", channel="phone", at=LEFT + 110 * DAY, entered_at=LEFT + 110 * DAY
    )
    later = asked(LEFT + 140 * DAY, start=LEFT + 100 * DAY, end=LEFT + 101 * DAY)
    assert (sides_of(later), later.came_back.to_contact.num + later.came_back.held_out.num) == ((0, 1), 1)


def sides_of(found):
    """Too young and counted, on both sides."""
    both = (found.came_back.to_contact, found.came_back.held_out)
    return sum(side.immature for side in both), sum(side.den for side in both)


def test_who_was_drawn_before_is_not_drawn_again_by_what_comes_in_late():
    """Written down late, it happened before: she is drawn anew, once."""
    row = left("ana", held_out=False)
    facts.build(now=DRAWN)
    assert DrawFact.objects.get().at == DRAWN
    again = histories.ticket(row.customer, at=DRAWN + 5 * DAY, family="Parcel")
    histories.close(again, at=DRAWN + 6 * DAY, outcome="withdrawn", why="gave_up")
    assert sides_of(asked(AS_OF + 120 * DAY, start=DRAWN + 6 * DAY)) == (0, 0)
    histories.contact(row, at=DRAWN - DAY, entered_at=AS_OF)
    # Heard of the day before: the first 90 days without a word end after the second ticket was opened.
    assert sides_of(asked(AS_OF + 120 * DAY, start=LEFT, end=DRAWN + 90 * DAY)) == (0, 0)
    assert sides_of(asked(AS_OF + 120 * DAY, start=DRAWN + 90 * DAY)) == (0, 1)
    assert DrawFact.objects.get().at == DRAWN + 96 * DAY


def test_an_imported_end_is_drawn_when_it_came_in():
    person = histories.person("ana", now=LEFT)
    entered = LEFT + 200 * DAY
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL followups.importing = 'on'")
    more = {"state": "closed", "closed_at": LEFT, "imported_closed_at": LEFT, "import_digest": "seen"}
    histories.ticket(person, at=LEFT, imported=True, created_at=entered, **more)
    for days, wanted in ((29, (0, 1)), (30, (1, 0))):
        found = asked(entered + days * DAY, start=entered).came_back
        sums = [found.to_contact.den + found.held_out.den, found.to_contact.immature + found.held_out.immature]
        assert tuple(sums) == wanted


def test_thirty_on_each_side_are_enough_to_say():
    for place in range(30):
        row = left(f"c{place}", held_out=False)
        if place < 20:
            histories.contact(row, at=DRAWN + DAY)
        left(f"h{place}", held_out=True)
    found = asked().came_back
    assert sides(found) == [(20, 30, 0), (0, 30, 0)]
    assert (found.verdict, found.difference) == ("more", pytest.approx(2 / 3))
    assert 0.4 < found.ci_low < found.difference < found.ci_high


def test_the_report_carries_it_whatever_it_is_cut_by():
    left("ana", held_out=True)
    question = histories.question(LEFT, AS_OF, by="team")
    assert shares.report(catalogue.named("silent"), question).outreach == asked()


@pytest.mark.parametrize("kind", ["random", "in order of time"])
def test_the_side_hangs_neither_on_time_nor_on_the_order_of_the_keys(kind):
    """A fifth in each tenth of 3,000 keys: no tenth further off than chance (chi-square of ten, p = 0.001: 29.6)."""
    dice = random.Random(7)
    keys = [
        UUID(int=dice.getrandbits(128) if kind == "random" else (1_760_000_000_000 + at << 80) + at)
        for at in range(3000)
    ]
    held = [outreach.is_held_out(key) for key in keys]
    tenths = [sum(held[at : at + 300]) for at in range(0, 3000, 300)]
    assert sum((count - 60) ** 2 / (300 * 0.2 * 0.8) for count in tenths) < 29.6
    assert [outreach.is_held_out(key) for key in keys[:20]] == held[:20]
