"""The facts that are kept against the rows, on desks that a seed made up: whatever happened to either in between."""

import random
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest
from django.db import OperationalError, connection, transaction
from django.test.utils import CaptureQueriesContext

from followups.clock import facts
from followups.models import (
    Category,
    Closure,
    Confirmation,
    Contact,
    Customer,
    FollowUp,
    Handover,
    Keeping,
    Team,
    Ticket,
    Touched,
)
from followups.reports import (
    catalogue,
    change,
    confirmed,
    cuts,
    dead_ends,
    first_contact,
    kept,
    promises,
    reading,
    recontact,
    resolution,
    windows,
    writing,
)
from tests import factories
from tests.followups.reports import histories
from tests.followups.reports.histories import question
from tests.oracle import random_acts, random_history

DAY = timedelta(days=1)
HOURS = timedelta(hours=6)
START = random_history.START
NOW = START + timedelta(days=300)
NONE = dict.fromkeys(writing.COMPARED, 0)
SOURCES = [source for module in catalogue.REPORTS.values() for source in module.SOURCES if source.keeps]
SOURCES.append(promises.COUNTED_ALONE)


def questions():
    for by in (None, "team", "week", "category", "site"):
        yield question(START, START + 70 * DAY, by=by)
    for by in ("family", "month", "priority"):
        yield question(START + HOURS, START + 110 * DAY + HOURS, end=START + 90 * DAY, by=by, of="all", window_days=30)
    yield question(START, NOW, end=START + 70 * DAY, by="channel", of="unresolved")
    yield question(START + 10 * DAY, START + 40 * DAY, by="channel", window_days=14, of="all")
    yield question(START + 10 * DAY, START + 40 * DAY + HOURS, end=START + 35 * DAY, of="unresolved", window_days=30)
    yield question(START, START + 200 * DAY, end=START + 80 * DAY, filters=windows.Filters(channel="phone"))
    yield question(START + 20 * DAY, START + 45 * DAY + HOURS, by="week")
    yield question(START, START + 60 * DAY, by="channel", window_days=10)
    yield question(START, START + 170 * DAY, end=START + 80 * DAY, window_days=90)
    # What is counted 90 days later.
    yield question(START + 90 * DAY, NOW, by="channel")
    yield question(START + 90 * DAY, START + 130 * DAY + HOURS, by="week")
    yield question(START + 40 * DAY, START + 100 * DAY, end=START + 190 * DAY, by="family")
    yield question(NOW - 20 * DAY, NOW + HOURS, end=NOW + 30 * DAY + HOURS)
    yield question(START, NOW, end=NOW + 30 * DAY, by="channel")
    yield from filtered()


def filtered():
    """By one cut, which the days have, and by two, which they have not; to now and to an instant of the past."""
    team, path = Team.objects.order_by("name").first(), Category.objects.order_by("path").first().path
    for as_of in (NOW, START + 60 * DAY):
        asked = partial(question, START, as_of, end=START + 80 * DAY)
        yield asked(by="week", filters=windows.Filters(channel="phone"))
        yield asked(by="category", filters=windows.Filters(family=path.partition("/")[0]))
        yield asked(by="channel", filters=windows.Filters(category=path), of="all")
        yield asked(by="site", scope=windows.Scope(team_ids=frozenset([team.pk]), pool=True))
        yield asked(filters=windows.Filters(team=team.pk, priority="high"))


@contextmanager
def from_the_rows():
    """As it is before the facts are built."""
    Keeping.objects.update(built_at=None)
    yield
    Keeping.objects.update(built_at=NOW)


def tallies():
    return [cuts.tally(asked, source) for asked in questions() for source in SOURCES]


def agree():
    assert kept.ready()
    assert all(any(cuts.counted_by_days(asked, source) for asked in questions()) for source in SOURCES if source.by_day)
    found = tallies()
    with from_the_rows():
        wanted = tallies()
    assert found == wanted


def anything(world, dice):
    """One of the ways in which history changes."""
    row = dice.choice(world.tickets)
    row.refresh_from_db()
    at = world.instant(row.opened_at, 40)
    acts = {
        "contact": lambda: histories.contact(row, at=at),
        "loose contact": world.loose_contact,
        "reached": lambda: histories.contact(
            row, at=at, direction="outbound", reached=dice.choice(["reached", "voicemail", "no_answer"])
        ),
        "thanks": lambda: row.contacts.update(purpose="thanks"),
        "handed on": lambda: row.contacts.update(transfers=dice.choice([None, 0, 2])),
        "other channel": lambda: one_of(row, dice).update(channel=dice.choice(random_history.CHANNELS)),
        "other ear": lambda: one_of(row, dice).update(recorded_by=dice.choice([None, *world.people])),
        "answer": lambda: one_of(row, dice).update(answers_follow_up=row.follow_ups.first()),
        "ours": lambda: one_of(row, dice).update(direction=dice.choice(["inbound", "outbound"])),
        "of before": lambda: one_of(row, dice).update(at=row.opened_at - dice.randrange(0, 40) * random_history.TICK),
        "about another": lambda: one_of(row, dice).update(ticket=dice.choice(world.tickets)),
        "end": lambda: row.state == "open" and not row.imported and world.ending(row, at),
        "back": lambda: row.state == "closed" and histories.reopen(row, at=at),
        "late ticket": lambda: world.tickets.append(world.ticket(1000 + len(world.tickets))),
        "other customer": lambda: Ticket.objects.filter(pk=row.pk).update(customer=dice.choice(world.customers)),
        "all to another": lambda: Contact.objects.filter(customer=row.customer).update(
            customer=dice.choice(world.customers)
        ),
        "shared": lambda: Customer.objects.filter(pk=row.customer_id).update(shared_account=dice.random() < 0.5),
        "recategorised": lambda: Ticket.objects.filter(pk=row.pk).update(
            category=dice.choice(list(Category.objects.all())), channel="web"
        ),
        "undone": lambda: Closure.objects.filter(ticket=row, undone_at=None, closed=True).update(undone_at=at),
        "replaced": lambda: replaced(world, row, at),
        "told": lambda: a_step(dice, row).update(told_at=dice.choice([None, at, world.instant(at, 150)])),
        "another step": lambda: Closure.objects.filter(ticket=row, closed=False).update(
            replaced_by=dice.choice(FollowUp.objects.order_by("promised_at", "pk"))
        ),
        "said": lambda: world.said(row, at),
        "said again": lambda: Confirmation.objects.filter(ticket=row).update(confirmed=dice.random() < 0.5),
        "said elsewhere": lambda: Confirmation.objects.filter(ticket=row).update(ticket=dice.choice(world.tickets)),
        "never said": lambda: Confirmation.objects.filter(ticket=row).delete(),
        "claimed": lambda: Closure.objects.filter(ticket=row, outcome="resolved").update(evidence="other_system"),
        "merged": lambda: len(world.customers) > 4 and random_acts.merges(world),
        "old import": lambda: Ticket.objects.filter(pk=row.pk, imported_closed_at__isnull=False).update(
            imported_resolved_at=row.opened_at
        ),
    }
    acts |= of_promises(world, dice, row, at)
    acts[dice.choice(list(acts))]()


def of_promises(world, dice, row, at):
    """What happens to a promise, whose date may lie ahead of all looks."""
    step = row.follow_ups.order_by("promised_at", "pk").last()
    made = {
        "promised": lambda: world.promise(row),
        "promised ahead": lambda: histories.promise(
            row,
            made=at,
            by=NOW + dice.randrange(-9, 130) * random_history.TICK,
            told=dice.choice([None, at, at]),
            state="scheduled",
            ended_at=None,
        ),
        "spam": lambda: row.state == "open" and histories.close(row, at=at, outcome="spam"),
    }
    if step is None:
        return made
    steps, later = FollowUp.objects.filter(pk=step.pk), world.instant(step.promised_at, 60)
    return made | {
        "moved": lambda: world.move(step),
        "tried": lambda: histories.tried(
            step, at=later, reached=dice.choice(["reached", "written", "voicemail", "no_answer"])
        ),
        "other try": lambda: step.attempts.update(reached=dice.choice(["reached", "voicemail"])),
        "try of another": lambda: step.attempts.update(follow_up=dice.choice(list(FollowUp.objects.order_by("pk")))),
        "called off": lambda: steps.update(state="called_off", called_off_by=dice.choice(["customer", "us"])),
        "ended": lambda: steps.update(state="kept", ended_at=later, brought=dice.choice(["answer", "no_news"])),
        "handed over": lambda: handed_over(steps, step, owner=dice.choice([None, *world.people]), at=later),
        "told in": lambda: steps.update(told_contact=step.attempts.order_by("at", "pk").first()),
        "voicemail": lambda: steps.update(voicemail_ok=not step.voicemail_ok),
        "of another": lambda: steps.update(ticket=dice.choice(world.tickets)),
    }


def handed_over(steps, step, *, owner, at):
    Handover.objects.create(follow_up=step, at=at, from_owner=step.owner, from_team=step.team)
    steps.update(owner=owner)


def replaced(world, row, at):
    """A dead end; she is told of the follow-up at once, later, or never."""
    told = world.dice.choice([None, at, world.instant(at, 150)])
    step = histories.promise(row, made=at, by=at + DAY, told=told)
    histories.replaced(row, at=at, by=step, outcome=world.dice.choice(["no_remedy", "unreachable"]))


def a_step(dice, row):
    """One of a ticket; first of those that stand in a closing's place."""
    replacing = list(Closure.objects.filter(ticket=row, closed=False).values_list("replaced_by", flat=True))
    return FollowUp.objects.filter(pk__in=[dice.choice(replacing)]) if replacing else row.follow_ups.all()


def one_of(row, dice):
    """One of the ticket's contacts, where it has any."""
    keys = sorted(row.contacts.values_list("pk", flat=True), key=str)
    return Contact.objects.filter(pk=dice.choice(keys) if keys else None)


def walk(seed, steps, looks):
    """Changes that pay the gate no heed are taken back in the end."""
    with transaction.atomic():
        walked(seed, steps, looks)
        transaction.set_rollback(True)


def walked(seed, steps, looks):
    dice = random.Random(seed)
    world = random_history.make(seed, tickets=40)
    facts.build(now=NOW)
    assert facts.differing() == NONE
    agree()
    for turn in range(steps):
        for _ in range(dice.randrange(1, 5)):
            anything(world, dice)
        if turn % looks == 0:
            agree()
        facts.follow(batch=dice.choice([1, 3, 5000]))
    while facts.follow():
        pass
    assert facts.differing() == NONE
    agree()


@pytest.mark.django_db
def test_facts_say_what_the_rows_say():
    walk(3, steps=6, looks=5)


@pytest.mark.full
@pytest.mark.django_db
@pytest.mark.parametrize("seed", range(100, 160))
def test_facts_say_what_the_rows_say_on_many_desks(seed):
    walk(seed, steps=20, looks=5)


@pytest.mark.django_db
def test_another_family_makes_them_anew():
    random_history.make(5, tickets=20)
    facts.build(now=NOW)
    Category.objects.filter(path="Billing").update(family="Money")
    assert not kept.ready()
    facts.sweep(now=NOW)
    agree()


@pytest.mark.django_db
def test_another_category_reaches_whoever_contacted_us_about_the_ticket():
    ana, ben = (histories.person(name, now=START) for name in ("ana", "ben"))
    hers, his = histories.ticket(ana, at=START), histories.ticket(ben, at=START, family="Delivery")
    histories.close(hers, at=START + DAY)
    histories.contact(his, at=START + 2 * DAY, customer=ana)
    facts.build(now=NOW)
    assert same_issue() == 0
    Ticket.objects.filter(pk=his.pk).update(category=hers.category)
    assert same_issue() == 1
    facts.follow()
    assert facts.differing() == NONE
    assert same_issue() == 1


@pytest.mark.django_db
def test_only_what_she_was_told_in_place_of_a_closing_marks_it():
    row, other = (histories.ticket(None, at=START) for _ in range(2))
    step = histories.promise(row, made=START, by=START + DAY)
    loose = histories.promise(row, made=START, by=START + DAY)
    histories.replaced(row, at=START, by=step)
    for each in (row, other):
        histories.close(each, at=START + DAY)
    facts.build(now=NOW)
    assert closings() == {"told": 0, "untold": 1}
    FollowUp.objects.filter(pk=step.pk).update(ticket=other)
    FollowUp.objects.filter(pk=loose.pk).update(ticket=other)
    facts.follow()
    FollowUp.objects.filter(pk=step.pk).update(state="broken", stage="due", promised_by=NOW, ended_at=NOW, revision=2)
    FollowUp.objects.filter(pk=loose.pk).update(told_at=START + DAY)
    assert {*Touched.objects.values_list("ticket_id", flat=True)} == {other.pk}
    FollowUp.objects.filter(pk=step.pk).update(told_at=START + 2 * DAY)
    assert {*Touched.objects.values_list("ticket_id", flat=True)} == {row.pk, other.pk}
    assert closings() == {"told": 1, "untold": 0}
    facts.follow()
    assert closings() == {"told": 1, "untold": 0}
    assert closings(START + DAY) == {"told": 0, "untold": 1}
    FollowUp.objects.filter(pk=step.pk).update(told_at=None)
    assert closings() == {"told": 0, "untold": 1}
    facts.follow()
    assert facts.differing() == NONE


BEARS = {
    "told_at": START,
    "promised_at": START - DAY,
    "promised_from": START,
    "promised_by": START + 2 * DAY,
    "channel": "email",
    "voicemail_ok": True,
    "state": "called_off",
    "called_off_by": "customer",
    "ended_at": START + 2 * DAY,
    "brought": "no_news",
}
BEARS_NOT = {"stage": "due", "taken_until": NOW, "acknowledged_until": NOW, "revision": 2, "version": 2, "try_at": NOW}


@pytest.mark.django_db
def test_a_follow_up_marks_its_ticket_when_what_bears_on_a_promise_changes():
    one, other = (histories.ticket(None, at=START) for _ in range(2))
    step = histories.promise(one, made=START, by=START + DAY)
    steps = FollowUp.objects.filter(pk=step.pk)
    for each in (one, other):
        histories.close(each, at=START)
    Touched.objects.all().delete()
    steps.update(**BEARS_NOT)
    assert marked() == []
    for name, changed in (BEARS | {"owner": factories.agent("ada"), "team": factories.team("North")}).items():
        steps.update(**{name: changed})
        assert marked() == [one.pk], name
    steps.update(ticket=other)
    assert marked() == [one.pk, other.pk]
    histories.promise(one, made=START, by=START + DAY)
    assert marked() == [one.pk]
    step.refresh_from_db()
    histories.tried(step, at=START)
    assert marked() == [other.pk]
    histories.move(step, at=START, to=START + 3 * DAY)
    assert set(marked()) == {other.pk}
    Handover.objects.create(follow_up=step, at=START)
    assert marked() == [other.pk]


def marked():
    """The tickets that were marked since the last look."""
    found = sorted(Touched.objects.values_list("ticket_id", flat=True))
    Touched.objects.all().delete()
    return found


@pytest.mark.django_db
def test_promises_ahead_are_not_due_by_day_either():
    row = histories.ticket(None, at=START)
    histories.close(row, at=START)
    for days, fields in ((1, {}), (9, {}), (10, {}), (10, {"told": None}), (11, {}), (40, {})):
        histories.promise(
            row, by=START + days * DAY + HOURS, **{"made": START, "told": START, "ended_at": START} | fields
        )
    facts.build(now=NOW)
    asked = question(START, START + 10 * DAY + HOURS, end=START + 30 * DAY)
    assert cuts.counted_by_days(asked, promises.COUNTED_ALONE)
    assert promised(asked) == {"den": 3, "due": 4, "immature": 1, "never_done": 3}
    assert promised(replace(asked, as_of=START + 10 * DAY)) == {"den": 2, "due": 2, "immature": 2, "never_done": 2}
    histories.promise(row, made=START, by=START + 29 * DAY, told=START, ended_at=START)
    assert promised(asked) == {"den": 3, "due": 4, "immature": 2, "never_done": 3}
    step = row.follow_ups.get(promised_by=START + 9 * DAY + HOURS)
    histories.tried(step, at=START + 8 * DAY)
    assert promised(asked) == {"den": 3, "due": 4, "immature": 2, "never_done": 2}
    facts.follow()
    assert facts.differing() == NONE
    assert promised(asked) == {"den": 3, "due": 4, "immature": 2, "never_done": 2}
    assert not cuts.counted_by_days(replace(asked, as_of=START + 8 * DAY), promises.COUNTED_ALONE)
    assert promised(replace(asked, as_of=START + 8 * DAY - HOURS))["immature"] == 4


def promised(asked):
    total = cuts.tally(asked, promises.COUNTED_ALONE).total
    return {name: total[name] for name in ("den", "due", "immature", "never_done")}


@pytest.mark.django_db
def test_the_overview_asks_no_rows_of_promises_closings_and_contacts():
    random_history.make(5, tickets=40)
    facts.build(now=NOW)
    asked = question(START, NOW)
    for as_of in (NOW, NOW - 200 * DAY):
        with CaptureQueriesContext(connection) as asked_of:
            found = change.look(replace(asked, as_of=as_of))
        said = " ".join(each["sql"] for each in asked_of)
        rows = {name for name in ("followup", "move", "closure", "contact") if f"FROM followups_{name} " in said}
        assert ("followup" in rows) if as_of != NOW else rows == set()
        with from_the_rows():
            assert change.look(replace(asked, as_of=as_of)) == found


def closings(as_of=NOW):
    total = cuts.tally(question(START, as_of), dead_ends.SAID).total
    return {name: total[name] for name in ("told", "untold")}


@pytest.mark.django_db
def test_what_she_says_of_a_resolution_is_known_from_then_on():
    row = histories.ticket(histories.person("ana", now=START), at=START)
    histories.close(row, at=START + DAY, evidence="other_system")
    facts.build(now=NOW)
    assert words(NOW) == {"num": 0, "refuted": 0, "claimed": 1}
    for yes, days in ((True, 2), (False, 10)):
        Confirmation.objects.create(ticket=row, confirmed=yes, at=START + days * DAY, by_name="She")
    assert [*Touched.objects.values_list("ticket_id", flat=True)] == [row.pk, row.pk]
    for turn in range(2):
        assert bool(turn) == (not Touched.objects.exists())
        assert words(NOW) == {"num": 0, "refuted": 1, "claimed": 1}
        assert words(START + 9 * DAY) == {"num": 1, "refuted": 0, "claimed": 1}
        facts.follow()
    assert facts.differing() == NONE
    Confirmation.objects.filter(confirmed=False).delete()
    assert words(NOW)["num"] == 1
    facts.follow()
    assert words(NOW)["num"] == 1


def words(as_of):
    total = cuts.tally(question(START, as_of), confirmed.SOURCE).total
    return {name: total[name] for name in ("num", "refuted", "claimed")}


def same_issue():
    return cuts.tally(question(START, NOW), recontact.SOURCE).total["same_issue"]


@pytest.mark.django_db
def test_what_turned_since_is_counted_as_it_stood():
    ana = histories.person("ana", now=START)
    back, spam = histories.ticket(ana, at=START), histories.ticket(None, at=START)
    histories.close(back, at=START + DAY)
    histories.reopen(back, at=START + 9 * DAY)
    histories.close(spam, at=START + 9 * DAY, outcome="spam")
    facts.build(now=NOW)
    then = cuts.tally(question(START, START + 5 * DAY), resolution.SOURCE).total
    assert (then["den"], then["num"], then["open"], then["reopened"]) == (2, 1, 1, 0)
    today = cuts.tally(question(START, NOW), resolution.SOURCE).total
    assert (today["den"], today["num"], today["excluded.spam"], today["reopened"]) == (1, 0, 1, 1)


def first_contacts(as_of, **fields):
    return cuts.tally(question(START, as_of, **fields), first_contact.SOURCE).total


@pytest.mark.django_db
def test_a_ticket_of_the_last_instant_is_not_there_yet_at_an_as_of_of_that_instant():
    ana = histories.person("ana", now=START)
    histories.close(histories.ticket(ana, at=START), at=START + DAY)
    histories.ticket(ana, at=START + 7 * DAY)
    facts.build(now=NOW)
    then, after = first_contacts(START + 7 * DAY), first_contacts(START + 7 * DAY + HOURS)
    assert (then["den"], then["num"], then["came_again"]) == (1, 1, 0)
    assert (after["den"], after["num"], after["came_again"], after["not_resolved"]) == (1, 0, 1, 1)


@pytest.mark.django_db
def test_a_contact_counts_from_when_its_ticket_is_there():
    ana = histories.person("ana", now=START)
    histories.close(histories.ticket(ana, at=START), at=START + DAY)
    histories.contact(histories.ticket(ana, at=START + 20 * DAY), at=START + 2 * DAY)
    facts.build(now=NOW)
    then, after = first_contacts(START + 20 * DAY), first_contacts(START + 20 * DAY + HOURS)
    assert (then["den"], then["num"], int(then["contacts"])) == (1, 1, 1)
    assert (after["den"], after["num"], int(after["contacts"])) == (1, 0, 2)


@pytest.mark.django_db
def test_effort_is_summed_whole_for_any_days_and_followed():
    ada, sam = (factories.agent(name) for name in ("ada", "sam"))
    row = histories.ticket(histories.person("ana", now=START), at=START)
    row.contacts.update(recorded_by=ada, transfers=1)
    for days, channel, who, transfers in ((2, "email", ada, 0), (6, "email", sam, 2), (9, "phone", None, 4)):
        histories.contact(row, at=START + days * DAY, channel=channel, recorded_by=who, transfers=transfers)
    facts.build(now=NOW)
    assert effort(7) == (3, 3, 1, 1, 6 * DAY)
    assert effort(10) == (4, 7, 2, 1, 9 * DAY)
    assert effort(14) == (4, 7, 2, 1, 9 * DAY)
    row.contacts.filter(channel="email", recorded_by=sam).update(transfers=5, channel="chat", recorded_by=ada)
    for _ in range(2):
        assert effort(7) == (3, 6, 2, 0, 6 * DAY)
        facts.follow()
    row.contacts.filter(channel="chat").update(purpose="thanks")
    assert effort(7) == (2, 1, 1, 0, 2 * DAY)


def effort(days):
    asked = question(START, NOW, window_days=days)
    found = cuts.tally(asked, first_contact.SOURCE).total
    *counts, micros = (int(found[name]) for name in first_contact.EFFORT)
    return (*counts, timedelta(microseconds=micros))


@pytest.mark.django_db(transaction=True)
def test_a_sweep_that_died_leaves_its_marks():
    facts.build(now=NOW)
    few(1)
    left = Touched.objects.count()
    with pytest.raises(OperationalError):
        killed()
    connection.close()
    assert Touched.objects.count() == left > 0
    assert cuts.tally(question(START, NOW), resolution.SOURCE).total["den"] == 1
    assert facts.follow() == left
    assert facts.differing() == NONE


def few(n):
    """Tickets that ended and whose customers came again, committed."""
    for serial in range(n):
        row = histories.ticket(histories.person(f"ana-{serial}", now=START), at=START + serial * HOURS)
        histories.close(row, at=START + DAY + serial * HOURS)
        histories.contact(row, at=START + 2 * DAY + serial * HOURS)


@transaction.atomic
def killed():
    """A worker that dies before its facts are committed."""
    assert facts.follow()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")


@pytest.mark.django_db(transaction=True)
def test_two_sweeps_at_once_make_each_fact_once():
    facts.build(now=NOW)
    few(6)
    marks = Touched.objects.count()
    with ThreadPoolExecutor(2) as crew:
        taken = sum(crew.map(lambda _: swept(), range(2)))
    assert taken == marks > 0
    assert facts.differing() == NONE


def swept():
    taken = 0
    while more := facts.follow(batch=2):
        taken += more
    connection.close()
    return taken


@pytest.mark.django_db
def test_a_desk_that_moves_to_another_zone_counts_its_days_anew(settings):
    random_history.make(5, tickets=20)
    facts.build(now=NOW)
    settings.DESK_ZONE = "Pacific/Auckland"
    here = question(START, START + 110 * DAY, by="week", zone="Pacific/Auckland")
    assert not cuts.counted_by_days(here, recontact.SOURCE)
    facts.sweep(now=NOW)
    assert cuts.counted_by_days(here, recontact.SOURCE)
    assert facts.differing() == NONE
    found = cuts.tally(here, recontact.SOURCE)
    with from_the_rows():
        assert cuts.tally(here, recontact.SOURCE) == found


@pytest.mark.django_db
def test_other_names_are_those_of_today():
    random_history.make(5, tickets=20)
    facts.build(now=NOW)
    Team.objects.filter(name="North").update(name="Arctic")
    Category.objects.filter(path="Billing").update(path="Bills")
    assert not facts.is_wanting()
    agree()


@pytest.mark.django_db
def test_of_too_many_marks_the_rows_are_read(monkeypatch):
    random_history.make(5, tickets=10)
    facts.build(now=NOW)
    Touched.objects.bulk_create(Touched(ticket_id=-n) for n in range(reading.MOST))
    assert kept.ready()
    Touched.objects.create(ticket_id=-1)
    assert not kept.ready()


@pytest.mark.django_db
def test_demo_tickets_have_no_facts():
    random_history.make(5, tickets=10)
    Ticket.objects.update(is_demo=True)
    facts.build(now=NOW)
    assert not kept.ready()
