"""Every act that changes what figures mean says so, once, with who and when; one that changes nothing says nothing."""

from datetime import timedelta

import pytest

from followups.actions import aiming, cadencing, calendars, customers, disclosing, people, sorting
from followups.models import Actor, Category, Customer, Mark, Policy, Target
from tests import factories


@pytest.fixture
def root(db):
    return Actor("web", agent=factories.agent("root", "admin", first_name="Ruth", last_name="Okonjo"))


@pytest.fixture
def billing(team, root, now):
    """A team with a policy of its own."""
    people.save_policy(team=team, changes={"daily_minutes": 60}, by=root, now=now - timedelta(days=9))
    Mark.objects.all().delete()
    return team


def hours(**changes):
    return calendars.Hours(**{"zone": "", "week": Policy().week, "special_days": []} | changes)


def said():
    return [(row.kind, row.what) for row in Mark.objects.order_by("id")]


def test_mark_names_who_and_when(billing, root, now):
    people.save_policy(team=billing, changes={"longest_days": 8, "sentence": Policy().sentence}, by=root, now=now)
    (row,) = Mark.objects.all()
    assert (row.at, row.by_name, row.by, row.teams, row.spared) == (now, "Ruth Okonjo", root.agent, [billing.pk], [])
    assert (row.kind, row.what) == ("policy", "Billing: furthest without her agreement 8 instead of 5 working days")


def test_the_desks_own_spares_who_has_theirs(billing, root, now):
    """Billing has rules of its own and follows the desk's hours."""
    people.save_policy(team=None, changes={"longest_days": 8}, by=root, now=now)
    calendars.save(team=None, hours=hours(week=[[]] * 6 + [[["10:00", "12:00"]]]), by=root, now=now)
    rules, times = Mark.objects.order_by("id")
    assert (rules.kind, rules.teams, rules.spared) == ("policy", [], [billing.pk])
    assert (times.kind, times.what) == ("hours", "The desk: new working hours")
    assert (times.teams, times.spared) == ([], [])


def test_what_changes_nothing_leaves_no_mark(billing, root, log, now):
    people.save_policy(team=billing, changes={"daily_minutes": 60}, by=root, now=now)
    people.save_team(team=billing, changes={"name": "Bills", "kind": "in_house"}, by=root, now=now)
    calendars.save(team=billing, hours=hours(), by=root, now=now)
    category = log().category
    sorting.save_category(category=category, path=category.path, by=root, now=now)
    customer = factories.customer(now=now)
    customers.change(customer=customer, changes={"shared_account": True}, by=root, now=now)
    aiming.turn_off(template="uk-disp", team=None, by=root, now=now)
    assert said() == []


def test_settings_leave_their_marks(billing, root, now):
    people.save_team(team=billing, changes={"kind": "outsourced"}, by=root, now=now)
    calendars.save(team=billing, hours=hours(), by=root, now=now)
    calendars.drop(team=billing, by=root, now=now)
    people.drop_policy(team=billing, by=root, now=now)
    people.drop_policy(team=billing, by=root, now=now)
    disclosing.switch_on(reason="To see", by=root, now=now)
    disclosing.switch_off(by=root, now=now)
    assert said() == [
        ("team", "Billing counts as outsourced"),
        ("hours", "Billing follows the desk's hours again"),
        ("policy", "Billing follows the desk's rules again"),
        ("disclosure", "Figures per agent were switched on"),
        ("disclosure", "Figures per agent were switched off"),
    ]


def test_targets_rules_and_plans_leave_theirs(billing, root, now):
    changes = {"kind": "resolution", "amount": 480, "families": ["Billing"]}
    first = aiming.save(target=None, team=billing, changes=changes, by=root, now=now)
    second = aiming.save(target=first, team=billing, changes={"amount": 240}, by=root, now=now)
    aiming.remove(target=second, by=root, now=now)
    given = cadencing.Given(name="Slow", steps=(cadencing.Step(gap_days=2),))
    plan = cadencing.save_plan(team=None, plan=None, given=given, by=root, now=now)
    cadencing.drop_plan(plan=plan, by=root, now=now)
    assert [what for _, what in said()] == [
        "Billing: a target for the resolution",
        "Billing: another target for the resolution",
        "Billing: no longer the target for the resolution",
        "The desk: the plan Slow is new",
        "The desk: the plan Slow is dropped",
    ]
    assert {tuple(row.families) for row in Mark.objects.filter(kind="target")} == {("Billing",)}
    assert Target.objects.filter(replaced_at=None).count() == 0


def test_a_rule_turned_on_again_is_one_mark(root, now):
    template = "uk-disp"
    for families in (["Billing"], ["Billing", "Delivery"]):
        aiming.turn_on(template=template, team=None, families=families, by=root, now=now)
    aiming.turn_off(template=template, team=None, by=root, now=now)
    assert [kind for kind, _ in said()] == ["target"] * 3
    assert said()[-1][1].endswith("holds no longer")


def test_categories_say_from_where_to_where(log, root, now):
    category = log(category="Billing/Refnud").category
    sorting.save_category(category=category, path="Payments/Refund", by=root, now=now)
    log(category="Billing/Refund")
    other = Category.objects.get(path="Billing/Refund")
    sorting.save_category(category=other, path="Payments/Refund", by=root, now=now)
    assert said() == [
        ("category", "The category Billing/Refnud is now Payments/Refund"),
        ("category", "The category Billing/Refund was folded into Payments/Refund"),
    ]
    assert {tuple(row.families) for row in Mark.objects.all()} == {("Billing", "Payments")}


def test_a_shared_account_concerns_the_places_of_her_tickets_and_names_nobody(log, team, root, now):
    ticket = log(customer_row=factories.customer(now=now, name="Dee Secret"))
    customers.change(customer=ticket.customer, changes={"shared_account": True}, by=root, now=now)
    (row,) = Mark.objects.all()
    assert (row.kind, row.teams, row.families) == ("shared", [team.pk], ["Billing"])
    assert row.what == "The account of a customer is now shared by several people, and left out"


def test_a_merge_that_makes_an_account_shared_says_so(log, root, now):
    stays = log(customer_row=factories.customer(now=now, name="Dee")).customer
    gone = factories.customer(now=now, shared_account=True)
    customers.merge(customer=gone, into=stays, by=root, now=now)
    assert Customer.objects.get(pk=stays.pk).shared_account
    assert [kind for kind, _ in said()] == ["shared"]
