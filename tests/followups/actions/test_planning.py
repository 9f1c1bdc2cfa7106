"""Cadence plans: what comes next, when, with what and by whom; and the supervisors at the end, never a robot."""

from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from followups import worktime
from followups.actions import answering, closing, planning, promising
from followups.errors import Refused
from followups.models import Absence, Customer, Notice, Plan, PlanStep, Policy, Rota, RotaMember
from tests import factories

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def at(day, hour, minute=0, month=11):
    return datetime(2026, month, day, hour, minute, tzinfo=UTC)


def make(now, *gaps, team=None, **fields):
    """A plan of steps with these gaps; a step may be a dict of its fields."""
    plan = Plan.objects.create(team=team, made_at=now, **{"name": "Cadence", **fields})
    for place, step in enumerate(gaps, start=1):
        given = step if isinstance(step, dict) else {"gap_days": step}
        PlanStep.objects.create(plan=plan, position=place, **given)
    return plan


def take_up(ticket, by, now, brought="no_news", step=None):
    """Complete the earliest open one, and go on as the plan says."""
    row = ticket.follow_ups.open().order_by("promised_by").first()
    step = step or planning.next_step(ticket=ticket, now=now)
    answer = answering.Answer("written", brought, "Nothing yet", next_step=step)
    return answering.answer(follow_up=row, answer=answer, by=by, now=now).next_follow_up


def wall(row):
    return f"{worktime.to_wall(row.promised_from or row.promised_by, 'America/New_York'):%a %d %b %H:%M}"


# What comes next


def test_default_gaps_at_the_hour_of_her_call(ticket, by_ada, now):
    """She called at 10:00 in New York, 15:00 at the desk. Two, three and five working days, over two weekends."""
    steps, words = [], []
    for _ in range(3):
        words.append(planning.place(ticket=ticket, now=now).words)
        made = take_up(ticket, by_ada, now)
        steps.append((made.plan_position, wall(made)))
        now = made.promised_from
    assert steps == [(1, "Thu 26 Nov 10:00"), (2, "Tue 01 Dec 10:00"), (3, "Tue 08 Dec 10:00")]
    assert words == ["plan: 1 of 3", "plan: 2 of 3", "plan: 3 of 3"]


def test_plan_of_the_team_goes_before_that_of_the_desk(ticket, team, now):
    desk, own = make(now, 1), make(now, 2, team=team)
    assert planning.in_force(ticket) == own
    urgent = make(now, 1, team=team, priorities=["Urgent"], position=5)
    ticket.priority = "urgent"
    assert planning.in_force(ticket) == urgent
    family = make(now, 1, team=team, families=["BILLING"], position=1)
    assert planning.in_force(ticket) == family
    Plan.objects.filter(team=team).update(replaced_at=now)
    assert planning.in_force(ticket) == desk


def test_step_says_what_to_bring_and_whose_it_is(ticket, team, ada, sam, by_ada, now):
    bea, cem = factories.agent("bea", team=team), factories.agent("cem", team=team)
    rota = Rota.objects.create(team=team, name="Calls", starts_on=at(23, 0).date(), hands_over_at=time(9))
    RotaMember.objects.bulk_create([RotaMember(rota=rota, agent=one, position=n) for n, one in enumerate([bea, cem])])
    make(
        now,
        {"gap_days": 1, "will_bring": "the carrier's answer", "who": "promiser"},
        {"gap_days": 1, "who": "person", "person": sam},
        {"gap_days": 5, "who": "rota", "rota": rota},
    )
    Policy.objects.update_or_create(team=None, defaults={"review_follow_ups": 9})
    first = take_up(ticket, by_ada, now)
    assert (first.will_bring, first.owner, first.plan.name) == ("the carrier's answer", ada, "Cadence")
    Absence.objects.create(agent=sam, from_at=now, until_at=now + 3 * DAY, stand_in=cem)
    assert take_up(ticket, by_ada, now + HOUR).owner == cem
    assert take_up(ticket, by_ada, now + 2 * HOUR).owner == cem  # the second week


def test_date_of_ones_own_is_the_plans_next_step_too(ticket, ada, by_ada, now):
    make(now, {"gap_days": 2, "who": "person", "person": ada})
    made = take_up(ticket, by_ada, now, step=promising.Step(promised_by=now + 2 * HOUR))
    assert (made.plan_position, made.owner, made.promised_by) == (1, ada, now + 2 * HOUR)


def test_running_plan_is_not_disturbed_by_a_new_one(ticket, by_ada, now):
    old = make(now, 2, 2)
    take_up(ticket, by_ada, now)
    Plan.objects.update(replaced_at=now)
    new = make(now, 4)
    assert planning.in_force(ticket) == new
    second = take_up(ticket, by_ada, now + HOUR)
    assert (second.plan, second.plan_position) == (old, 2)


def test_default_plan_goes_on_where_a_plan_is_made_meanwhile(ticket, by_ada, now):
    take_up(ticket, by_ada, now)
    make(now, 9)
    assert planning.place(ticket=ticket, now=now).words == "plan: 2 of 3"


def test_without_a_call_the_step_is_in_writing(ticket, by_ada, now):
    Customer.objects.update(phone_wrong_at=now, email="ana@example.org")
    ticket.refresh_from_db()
    step = planning.next_step(ticket=ticket, now=now)
    assert (step.channel, step.promise[:20]) == ("email", "We will write to you")


def test_dead_end_begins_with_the_policys_proposal(ticket, by_ada, now):
    closing.close(ticket=ticket, closing=closing.Closing("no_remedy"), by=by_ada, now=now)
    ticket.refresh_from_db()
    assert {row.plan_position for row in ticket.follow_ups.all()} == {None}
    assert planning.place(ticket=ticket, now=now).words == "plan: 1 of 3"


def test_missing_next_step_is_refused_with_the_plans(ticket, by_ada, now):
    row = ticket.follow_ups.get()
    with pytest.raises(Refused) as refusal:
        answering.answer(follow_up=row, answer=answering.Answer("written", "no_news"), by=by_ada, now=now)
    proposed = planning.next_step(ticket=ticket, now=now).promised_by
    assert (refusal.value.code, refusal.value.extra["proposed"]) == ("needs-next-step", [proposed.isoformat()])


# The end


def run_out(ticket, by, now, turns=3):
    for turn in range(turns):
        take_up(ticket, by, now + turn * HOUR)
    return now + turns * HOUR


def test_after_the_last_step_a_supervisor_reviews_it(ticket, ada, sam, by_ada, now):
    later = run_out(ticket, by_ada, now)
    assert not sam.notices.filter(text__startswith="The plan has ended").exists()
    standing = planning.place(ticket=ticket, now=later)
    assert (standing.ended, standing.told) == (True, False)
    review = take_up(ticket, by_ada, later)
    assert (review.channel, review.owner, review.plan_position, review.is_told) == ("none", sam, 0, False)
    assert (review.promise, review.promised_by) == ("A supervisor looks at what can still be done.", later + DAY)
    told = f"The plan has ended without an end for her: look at {ticket.number} Refund missing."
    assert [one.recipient for one in Notice.objects.filter(kind="review", text=told)] == [sam]
    assert ticket.events.filter(kind="plan.ended").count() == 1
    ticket.refresh_from_db()
    assert ticket.is_open


def test_gate_holds_at_the_end_of_the_plan(ticket, by_ada, now):
    later = run_out(ticket, by_ada, now)
    row = ticket.follow_ups.open().get()
    answer = answering.Answer("written", "no_news", closure=closing.Closing("no_remedy"))
    ended = answering.answer(follow_up=row, answer=answer, by=by_ada, now=later)
    assert (ended.ticket.is_open, ended.next_follow_up.is_open) == (True, True)


def test_going_on_beyond_the_end_is_told_once(ticket, sam, by_ada, now):
    later = run_out(ticket, by_ada, now)
    for turn in range(3):
        take_up(
            ticket,
            by_ada,
            later + turn * HOUR,
            step=promising.Step(promised_by=later + (turn + 2) * HOUR, channel="email"),
        )
    assert sam.notices.filter(text__startswith="The plan has ended").count() == 1
    assert planning.next_step(ticket=ticket, now=later + 4 * HOUR).plan_position == 0


def test_after_the_review_the_plan_begins_anew(ticket, by_ada, by_sam, now):
    later = run_out(ticket, by_ada, now)
    take_up(ticket, by_ada, later)
    assert planning.place(ticket=ticket, now=later).words == "plan: 1 of 3"
    assert take_up(ticket, by_sam, later + HOUR).plan_position == 1


def test_fifteen_working_days_end_it_before_its_last_step(ticket, by_ada, now):
    make(now, 9, 9, 9)
    take_up(ticket, by_ada, now)
    last = worktime.add_working_days(now, 15, Policy().calendar)
    assert not planning.place(ticket=ticket, now=last - timedelta(seconds=1)).ended
    assert planning.place(ticket=ticket, now=last).ended
    assert planning.next_step(ticket=ticket, now=last).plan_position == 0


def test_review_goes_to_the_lead_and_to_who_is_there(ticket, team, sam, now):
    zoe = factories.agent("zoe", "supervisor", team=team)
    assert planning.review_step(ticket=ticket, now=now).owner == sam
    Absence.objects.create(agent=sam, from_at=now, until_at=now + 5 * DAY)
    assert planning.review_step(ticket=ticket, now=now).owner == zoe
    Absence.objects.all().delete()
    team.lead = zoe
    team.save()
    ticket.refresh_from_db()
    assert planning.review_step(ticket=ticket, now=now).owner == zoe


def test_reopened_ticket_begins_anew(ticket, by_ada, by_sam, now):
    later = run_out(ticket, by_ada, now)
    given = closing.Closing("resolved", evidence="observed", evidence_text="It came")
    closing.close(ticket=ticket, closing=given, by=by_ada, now=later)
    assert planning.next_step(ticket=ticket.__class__.objects.get(pk=ticket.pk), now=later) is None
    closing.reopen(ticket=ticket, reason="Not so", by=by_sam, now=later + HOUR)
    ticket.refresh_from_db()
    assert planning.place(ticket=ticket, now=later + HOUR).words == "plan: 1 of 3"


# Whatever the plan


@given(data=st.data())
@settings(
    max_examples=5, deadline=None, phases=[Phase.generate], suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_whatever_the_plan_and_the_night(db, team, by_ada, data):
    """Walked to its end: every date lies in the team's hours and hers, one step is open at a time, and it ends with the
    supervisors.
    """
    zone = data.draw(st.sampled_from(["America/New_York", "Europe/London", "UTC", "Asia/Tokyo", "Australia/Lord_Howe"]))
    now = at(
        data.draw(st.integers(1, 28)), data.draw(st.integers(0, 23)), month=data.draw(st.sampled_from([3, 4, 10, 11]))
    )
    gaps = data.draw(st.lists(st.integers(1, 12), min_size=1, max_size=6))
    plan = make(now, *gaps, team=team)
    policy = Policy.objects.of(None)
    policy.zone = data.draw(st.sampled_from(["America/New_York", "Europe/London", "Australia/Lord_Howe"]))
    policy.save()
    customer = factories.customer(now=now, zone=zone, email=f"{plan.pk}@example.org")
    ticket = factories.ticket(now=now, team=team, customer=customer)
    window, made = policy.window_of(customer), None
    for turn in range(len(gaps) + 1):
        made = take_up(ticket, by_ada, now)
        assert ticket.follow_ups.open().count() == 1
        if made.plan_position == 0:
            break
        assert made.plan_position == turn + 1
        if made.promised_from:
            assert worktime.inside(made.promised_from, window)
            assert worktime.inside(made.promised_by - timedelta(seconds=1), window)
            assert worktime.next_working_instant(made.promised_from, policy.calendar) == made.promised_from
        local = worktime.to_wall(made.promised_by, policy.local_zone).date()
        assert worktime.is_working_day(local, policy.calendar)
        assert local >= worktime.nth_working_day(
            worktime.to_wall(now, policy.local_zone).date(), gaps[turn], policy.calendar
        )
        now = made.promised_by
    assert (made.plan_position, made.channel, ticket.follow_ups.open().count()) == (0, "none", 1)
    Plan.objects.update(replaced_at=now)
