"""Cadence plans in sentences, and the form that makes and changes them."""

import pytest

from followups.actions import cadencing, planning
from followups.errors import Forbidden, Invalid, Outdated
from followups.models import Plan, Rota
from tests import factories


def sent(*steps, name="Cadence", **fields):
    """A form: each step is its days, or a dict of its fields."""
    rows = [step if isinstance(step, dict) else {"gap_days": step} for step in steps]
    given = {"name": name, "steps-TOTAL_FORMS": len(rows), "steps-INITIAL_FORMS": 0, **fields}
    for place, row in enumerate(rows):
        given |= {f"steps-{place}-{key}": value for key, value in {"who": "team", **row}.items()}
    return given


def test_desk_without_plans_shows_the_default_one(office, as_):
    page = as_(office.sam).get("/plans")
    assert page.context["usual"] == [
        "2 working days after the last contact: the team comes back with what there is",
        "3 working days after that: the team comes back with what there is",
        "5 working days after that: the team comes back with what there is",
    ]
    assert page.context["ending"] == (
        "Then, or after 3 follow-ups or 15 working days, a supervisor looks at the ticket. It is never closed by itself."
    )
    assert (page.context["form"], page.context["may_write"]) == (None, False)


def test_admin_makes_one_for_a_team(office, as_):
    rota = Rota.objects.create(name="Calls", starts_on="2026-11-23", hands_over_at="09:00")
    steps = [
        {"gap_days": 1, "will_bring": "dated news"},
        {"gap_days": 4, "who": "person", "person": office.ben.pk},
        {"gap_days": 2, "who": "rota", "rota": rota.pk},
        {"gap_days": ""},
    ]
    answer = as_(office.root).post(f"/plans/{office.billing.pk}", sent(*steps, families="Billing, Delivery"))
    plan = Plan.objects.get()
    assert (answer.url, plan.team, plan.families, plan.made_by) == (
        f"/plans/{office.billing.pk}", office.billing, ["Billing", "Delivery"], office.root,
    )  # fmt: skip
    page = as_(office.aud).get(answer.url)
    assert [(row["kind"], row["steps"]) for row in page.context["rows"]] == [
        (
            "Billing, Delivery",
            [
                "1 working day after the last contact: the team brings dated news",
                "4 working days after that: Ben comes back with what there is",
                "2 working days after that: who is on duty in Calls comes back with what there is",
            ],
        )
    ]


def test_change_makes_a_new_one_and_what_runs_goes_on(office, as_, now):
    old = Plan.objects.create(name="Cadence", made_at=now)
    ticket = factories.ticket(now=now, team=office.billing)
    ticket.follow_ups.update(plan=old, plan_position=1)
    client = as_(office.root)
    page = client.get(f"/plans?plan={old.pk}")
    assert (page.context["running"], page.context["opened"]) == (1, True)
    client.post(f"/plans?plan={old.pk}", sent(4))
    new = Plan.objects.get(replaced_at=None)
    assert [step.gap_days for step in planning.steps_of(new)] == [4]
    assert (ticket.follow_ups.get().plan, Plan.objects.get(pk=old.pk).replaced_at) == (old, now)
    client.post(f"/plans?plan={new.pk}", sent(6))
    ticket.follow_ups.update(plan=Plan.objects.get(replaced_at=None))
    client.post(f"/plans?plan={Plan.objects.get(replaced_at=None).pk}", sent(7, also_running="on"))
    assert [step.gap_days for step in planning.steps_of(ticket.follow_ups.get().plan)] == [7]


def test_taken_away_it_holds_no_longer(office, as_, now):
    plan = Plan.objects.create(name="Cadence", team=office.billing, made_at=now)
    answer = as_(office.root).post(f"/plans/{plan.pk}/removal")
    plan.refresh_from_db()
    assert (answer.url, plan.replaced_at) == (f"/plans/{office.billing.pk}", now)
    assert as_(office.root).post(f"/plans/{plan.pk}/removal").status_code == 404


@pytest.mark.parametrize(
    ("given", "field"),
    [
        (sent(2, name=""), "name"),
        (sent(21), "steps-0-gap_days"),
        (sent({"gap_days": "", "will_bring": "x"}), "steps-0-gap_days"),
        (sent({"gap_days": 1, "who": "person"}, families="X"), "steps-0-person"),
        (sent({"gap_days": 1, "who": "rota"}, families="X"), "steps-0-rota"),
        (sent(2), "priorities"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(office, as_, now, given, field):
    Plan.objects.create(name="For the rest", made_at=now)
    answer = as_(office.root).post("/plans", given)
    form, rows = answer.context["form"], answer.context["steps"]
    wrong = [*form.errors, *(f"{row.prefix}-{name}" for row in rows for name in row.errors)]
    assert (answer.status_code, wrong, Plan.objects.count()) == (400, [field], 1)


def test_plan_without_steps_or_with_too_many_is_refused(office, now):
    by = office.by(office.root)
    for steps, code in [((), "required"), ((cadencing.Step(1),) * 9, "too-many")]:
        with pytest.raises(Invalid) as refusal:
            cadencing.save_plan(team=None, plan=None, given=cadencing.Given("X", steps), by=by, now=now)
        assert (refusal.value.field, refusal.value.code) == ("steps", code)


def test_two_who_change_the_same_plan_do_not_both_win(office, now):
    by, given = office.by(office.root), cadencing.Given("X", (cadencing.Step(1),))
    plan = cadencing.save_plan(team=None, plan=None, given=given, by=by, now=now)
    cadencing.save_plan(team=None, plan=plan, given=given, by=by, now=now)
    with pytest.raises(Outdated):
        cadencing.save_plan(team=None, plan=plan, given=given, by=by, now=now)
    with pytest.raises(Forbidden):
        cadencing.drop_plan(plan=plan, by=office.by(office.sam), now=now)


@pytest.mark.parametrize("count", [1, 3])
def test_the_page_asks_as_often_for_one_plan_as_for_three(office, as_, now, count, django_assert_num_queries):
    for turn in range(count):
        given = cadencing.Given(f"P{turn}", (cadencing.Step(1), cadencing.Step(2)), families=(f"F{turn}",))
        cadencing.save_plan(team=None, plan=None, given=given, by=office.by(office.root), now=now)
    client = as_(office.sam)
    client.get("/plans")
    with django_assert_num_queries(7):
        client.get("/plans")
