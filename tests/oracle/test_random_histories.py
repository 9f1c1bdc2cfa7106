"""Every report against the oracle, on desks that a seed made up: every column, of the whole and of each key of a cut."""

import random
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import transaction

from followups.actions import customers
from followups.clock import facts
from followups.models import Actor, Agent, Customer, Keeping, Ticket
from followups.reports import catalogue, kept, windows
from tests.followups.reports import histories
from tests.followups.reports.histories import question
from tests.oracle import beside, comparing, of_steps, random_history, raw
from tests.oracle.answers import Oracle

SEEDS = (1, 2)
MANY = range(1000, 1200)
DAY = timedelta(days=1)
START = random_history.START
ZONES = ("UTC", "America/New_York", "Asia/Kathmandu", "Europe/Berlin", "Pacific/Auckland")
FILTERED = ("team", "channel", "category", "family", "priority", "customer")
NOW = START + timedelta(days=400)


def questions(world, dice, bys):
    """Each of these cuts once, from different instants; here and there filtered, or narrowed to whose figures they are."""
    people, teams = Agent.objects.order_by("pk"), [team.pk for team in world.teams if team]
    scopes = (
        windows.Scope(),
        windows.Scope(),
        windows.Scope(team_ids=frozenset(teams[:1]), pool=True),
        windows.Scope(team_ids=frozenset(teams[1:])),
        windows.Scope(agent_id=people[0].pk),
    )
    for by in bys:
        start = START + dice.choice([0, 0, 20, 33]) * random_history.TICK * 4
        end = start + dice.choice([30, 70, 100]) * DAY + dice.choice([0, 2]) * random_history.TICK
        yield question(
            start,
            end + dice.choice([-20, 0, 0, 3, 90]) * DAY,
            end=end,
            by=by,
            window_days=dice.choice([1, 7, 7, 14, 30]),
            of=dice.choice(windows.OF),
            zone=dice.choice(ZONES),
            filters=filters(world, dice) if dice.random() < 0.4 else windows.Filters(),
            scope=dice.choice(scopes),
            named=tuple(person.pk for person in people[: dice.randrange(3)]),
        )


def filters(world, dice):
    """Those of a ticket that there is, one or two at once."""
    row = Ticket.objects.select_related("category").get(pk=dice.choice(world.tickets).pk)
    given = {
        "team": row.team_id,
        "channel": row.channel,
        "category": row.category.family,
        "family": row.category.family,
        "priority": row.priority or None,
        "customer": row.customer_id,
    }
    return windows.Filters(**{name: given[name] for name in dice.sample(FILTERED, dice.choice([1, 1, 2]))})


def every_report_agrees(world, dice, oracle, bys):
    """How many figures were compared."""
    asked = list(questions(world, dice, bys))
    return sum(comparing.agree(oracle, name, each) for name in catalogue.REPORTS for each in asked)


def hand_overs_agree(world, recorded):
    """Whose each follow-up was at each of its dates, by the world's record of its own acts; how many were handed over."""
    for key, known in world.whose.items():
        (row,) = (row for row in recorded.rows["followup"] if row["id"] == str(key))
        for at in {row["promised_by"], *(raw.micros(at) for at, _, _ in known)}:
            last = [tuple(whose) for since, *whose in known if raw.micros(since) <= at][-1]
            assert of_steps.whose(row, recorded.handovers[str(key)], at) == last
    return len(recorded.rows["handover"])


def every_figure_lists_its_rows(world, dice, oracle):
    """Of three reports, in one cut each."""
    for name in dice.sample(list(catalogue.REPORTS), 3):
        (each,) = questions(world, dice, [dice.choice(windows.CUTS)])
        keys = sorted(oracle.cut(oracle.facts(name, comparing.asked(each)), comparing.asked(each)))
        for key in (None, *dice.sample(keys, min(1, len(keys)))):
            comparing.parts_agree(oracle, name, each, key)


def what_stands_beside_agrees(dice, oracle):
    """Three reports, at the common mix and against the period before."""
    for name in dice.sample(list(beside.SHARES), 3):
        start = START + 35 * DAY
        asked = question(start, start + dice.choice([30, 50, 90]) * DAY, end=start + 30 * DAY, window_days=7)
        beside.agrees(oracle, name, replace(asked, by=dice.choice(["team", "site"]), against="before"))


def changed(world, dice):
    """What comes once the facts are built, and leaves its marks: a late ticket, a reopening, a merge, another category."""
    world.tickets.append(world.ticket(900))
    row = Ticket.objects.filter(state="closed").exclude(outcome="duplicate").first()
    histories.reopen(row, at=world.instant(row.closed_at, 30))
    histories.contact(row, at=world.instant(row.opened_at, 30), entered_at=NOW)
    world.loose_contact()
    one, other = dice.sample([each for each in world.customers if not each.shared_account], 2)
    customers.merge(customer=one, into=other, by=Actor("web", agent=world.people[1]), now=NOW)
    world.customers = list(Customer.objects.filter(merged_into=None, is_demo=False).order_by("reference"))
    other_one = dice.choice(world.tickets)
    Ticket.objects.filter(pk=other_one.pk).update(category=dice.choice(world.tickets).category, channel="web")
    random_history.settle()


def played(seed, tickets, bys):
    """How many figures were compared. Every third desk is read from its rows, the next from its facts, the last from its
    facts and what was touched since; one in ten is for practice alone.
    """
    dice = random.Random(seed)
    world = random_history.make(seed, tickets)
    if seed % 10 == 9:
        Ticket.objects.update(is_demo=True)
    if seed % 3:
        facts.build(now=NOW)
    if seed % 3 == 2:
        changed(world, dice)
    assert kept.ready() is (bool(seed % 3) and Ticket.objects.filter(is_demo=False).exists())
    oracle = Oracle()
    assert hand_overs_agree(world, oracle.recorded)
    compared = every_report_agrees(world, dice, oracle, bys)
    every_figure_lists_its_rows(world, dice, oracle)
    what_stands_beside_agrees(dice, oracle)
    return compared


@pytest.mark.django_db
@pytest.mark.parametrize("seed", SEEDS)
def test_reports_agree_with_the_oracle(seed):
    bys = (None, *random.Random(seed).sample(windows.CUTS, 3))
    assert played(seed, tickets=30, bys=bys) > 1000


@pytest.mark.full
@pytest.mark.django_db
@pytest.mark.parametrize("seed", MANY)
def test_reports_agree_with_the_oracle_on_many_desks(seed):
    bys = (None, *random.Random(seed).sample(windows.CUTS, 5))
    assert played(seed, tickets=40, bys=bys) > 1000


@pytest.mark.django_db
def test_shifting_all_times_by_weeks_changes_nothing():
    """But months, and working time, where the clocks change on other days: budgets and working targets are left out."""
    random_history.make(7, 30)
    Keeping.objects.update(built_at=None)
    asked = question(START, START + 70 * DAY, window_days=14)
    later = replace(asked, **{name: getattr(asked, name) + 364 * DAY for name in ("start", "end", "as_of")})
    before = [unlabelled(module.report(asked).total) for module in catalogue.REPORTS.values()]
    with transaction.atomic():
        random_history.shift("interval '364 days'")
        after = [unlabelled(module.report(later).total) for module in catalogue.REPORTS.values()]
        transaction.set_rollback(True)
    assert after == before


def unlabelled(total):
    """Days are labels; what is promised on each of them is not."""
    if hasattr(total, "working"):
        return replace(total, working=None)
    if hasattr(total, "days"):
        return replace(total, days=[(day["promised"], day["minutes"]) for day in total.days.values()])
    return [total.kinds[kind] for kind in ("next_update", "acknowledgement")] if hasattr(total, "kinds") else total
