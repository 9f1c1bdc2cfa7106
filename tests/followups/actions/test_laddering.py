"""Ladders are written once: an edit makes a new one, and what climbs goes on as it began unless told to change."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from followups import ladders
from followups.actions import laddering, reclimbing
from followups.actions.laddering import Given, Step, Turns
from followups.clock import reminders
from followups.errors import Forbidden, Invalid, Outdated
from followups.models import Actor, Ladder, Notice, Reminder, Role, Team
from tests import factories

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)  # a Tuesday
DUE = NOW + timedelta(hours=1)
OWNER, LEADERS = Step("owner", 30), Step("supervisors", 120)


@pytest.fixture
def team():
    return factories.team("Billing")


@pytest.fixture
def root():
    return Actor(door="web", agent=factories.agent("root", Role.ADMIN))


def save(team, root, *steps, ladder=None, **fields):
    given = Given(name=fields.pop("name", "Billing"), steps=steps or (OWNER, LEADERS), **fields)
    return laddering.save_ladder(team=team, ladder=ladder, given=given, by=root, now=NOW)


def waiting(follow_up):
    rows = follow_up.reminders.filter(state="waiting", stage__in=["overdue", "escalated"]).order_by("due_at")
    return [(row.stage, row.repeat, int((row.due_at - follow_up.promised_by).total_seconds() // 60)) for row in rows]


def test_an_edit_makes_a_new_ladder_and_keeps_the_old_one(team, root):
    first = save(team, root)
    second = save(team, root, Step("owner", 15), ladder=first, name="Sooner")
    first.refresh_from_db()
    assert (first.replaced_at, second.replaced_at, second.position) == (NOW, None, first.position)
    assert ladders.in_force(team_id=team.pk, priority="", family="") == second
    assert [step.after_minutes for step in first.steps.all()] == [30, 120]


def test_what_climbs_already_goes_on_as_it_began(team, root):
    first = save(team, root)
    row = factories.promise(promised_by=DUE, now=NOW, team=team)
    save(team, root, Step("owner", 15), ladder=first)
    assert waiting(row) == [("overdue", 0, 30), ("escalated", 0, 120)]
    assert waiting(factories.promise(promised_by=DUE, now=NOW, team=team)) == [("overdue", 0, 15)]


def test_what_climbs_changes_where_it_was_asked_for(team, root):
    save(team, root, name="Urgent", priorities=("urgent",))
    first = save(team, root)
    row = factories.promise(promised_by=DUE, now=NOW, team=team)
    other = factories.promise(promised_by=DUE, now=NOW, team=factories.team("Delivery"))
    urgent = factories.follow_up(factories.bare_ticket(now=NOW, team=team, priority="Urgent"), promised_by=DUE, now=NOW)
    made = save(team, root, Step("owner", 15), Step("supervisors", 45), Step("team", 90), ladder=first)
    assert reclimbing.count(team=team, ladder=made) == 1
    assert reclimbing.count(team=team, ladder=None) == 2
    assert reclimbing.onto(ladder=made, by=root, now=NOW) == 1
    assert waiting(row) == [("overdue", 0, 15), ("escalated", 0, 45), ("escalated", 1, 90)]
    assert waiting(other) == waiting(urgent) == [("overdue", 0, 30), ("escalated", 0, 120)]


def test_what_was_sent_is_not_sent_again(team, root):
    factories.agent("ada", team=team)
    sam = factories.agent("sam", Role.SUPERVISOR, team=team)
    first = save(team, root, OWNER, Step("supervisors", 60), Step("supervisors", 240))
    row = factories.promise(promised_by=DUE, now=NOW, team=team)
    for minutes in (0, 30, 60):
        reminders.sweep(now=DUE + timedelta(minutes=minutes))
    made = save(team, root, Step("owner", 90), Step("supervisors", 120), ladder=first)
    reclimbing.onto(ladder=made, by=root, now=DUE + timedelta(minutes=70))
    reclimbing.onto(ladder=made, by=root, now=DUE + timedelta(minutes=70))
    assert waiting(row) == [("escalated", 1, 120)]
    reminders.sweep(now=DUE + timedelta(minutes=120))
    heard = Notice.objects.filter(recipient=sam, stage="escalated").order_by("at").values_list("repeat", "at")
    assert list(heard) == [(0, DUE + timedelta(minutes=60)), (1, DUE + timedelta(minutes=120))]


def test_where_all_steps_have_passed_the_repeats_go_on(team, root):
    first = save(team, root)
    row = factories.promise(promised_by=DUE, now=NOW, team=team)
    made = save(team, root, OWNER, Step("supervisors", 60, repeat_minutes=60, repeats=9), ladder=first)
    reclimbing.onto(ladder=made, by=root, now=DUE + timedelta(minutes=150))
    assert waiting(row) == [("escalated", 0, 180)]


def test_the_desks_ladder_leaves_teams_with_their_own_alone(team, root):
    save(team, root)
    other = factories.team("Delivery")
    for one in (team, other, other, None):
        factories.promise(promised_by=DUE, now=NOW, team=one)
    desks = save(None, root, Step("supervisors", 10), name="All")
    assert reclimbing.count(team=None, ladder=desks) == reclimbing.onto(ladder=desks, by=root, now=NOW) == 3


def test_dropping_follows_the_desk_again(team, root):
    save(team, root)
    save(team, root, name="Urgent", priorities=("urgent",))
    assert laddering.drop_ladders(team=team, by=root, now=NOW) == 2
    assert ladders.in_force(team_id=team.pk, priority="", family="") is None


def test_two_who_edit_the_same_ladder(team, root):
    first = save(team, root)
    save(team, root, ladder=first)
    with pytest.raises(Outdated):
        save(team, root, ladder=first)
    assert Ladder.objects.filter(team=team, replaced_at=None).count() == 1


@pytest.mark.parametrize(
    ("steps", "field"),
    [
        ((), "steps"),
        ((Step("boss", 30),), "steps.0.audience"),
        ((OWNER, Step("supervisors", 30)), "steps.1.after_minutes"),
        ((OWNER, Step("supervisors", 20)), "steps.1.after_minutes"),
        ((Step("owner", 90 * 24 * 60),), "steps.0.after_minutes"),
        ((Step("owner", 30, elapsing="lunar"),), "steps.0.elapsing"),
        ((Step("person", 30),), "steps.0.person"),
        ((Step("rota", 30),), "steps.0.rota"),
        ((Step("owner", 30, channels=("pigeon",)),), "steps.0.channels"),
        ((Step("owner", 30, repeat_minutes=5, repeats=1),), "steps.0.repeat_minutes"),
        ((Step("owner", 30, repeat_minutes=60),), "steps.0.repeats"),
        ((Step("owner", 30, repeats=3),), "steps.0.repeat_minutes"),
        (tuple(Step("owner", 10 * n) for n in range(13)), "steps"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_no_clock_could_climb_is_refused_by_field(team, root, steps, field):
    given = Given(name="Ours", steps=steps)
    with pytest.raises(Invalid) as refused:
        laddering.save_ladder(team=team, ladder=None, given=given, by=root, now=NOW)
    assert refused.value.field == field
    assert not Ladder.objects.exists()


def test_one_ladder_for_the_rest(team, root):
    save(team, root)
    with pytest.raises(Invalid) as refused:
        save(team, root, name="Another")
    assert refused.value.field == "priorities"
    save(team, root, name="Refunds", families=("Refund",))
    save(None, root)


def test_only_an_administrator_writes(team, root):
    sam = Actor(door="web", agent=factories.agent("sam", Role.SUPERVISOR, team=team))
    made = save(team, root)
    for act in (
        lambda: save(team, sam),
        lambda: laddering.drop_ladder(ladder=made, by=sam, now=NOW),
        lambda: laddering.drop_ladders(team=team, by=sam, now=NOW),
        lambda: laddering.save_leaders(team=team, lead=None, manager=None, by=sam),
        lambda: laddering.save_rota(team=team, rota=None, given=turns(), by=sam),
        lambda: reclimbing.onto(ladder=made, by=sam, now=NOW),
    ):
        with pytest.raises(Forbidden):
            act()


def turns(*members, **fields):
    return Turns(
        **{"name": "Nights", "members": members, "starts_on": date(2026, 11, 23), "hands_over_at": time(9), **fields}
    )


def test_a_rota_keeps_its_order(team, root):
    ada, ben = factories.agent("ada", team=team), factories.agent("ben", team=team)
    row = laddering.save_rota(team=team, rota=None, given=turns(ben, ada, turn_days=1), by=root)
    keys = [member.agent_id for member in row.members.all()]
    assert keys == [ben.pk, ada.pk]
    on_duty = [ladders.on_duty(row, keys, NOW + timedelta(days=day)) for day in (0, 1, 2)]
    assert on_duty == [ada.pk, ben.pk, ada.pk]
    assert laddering.save_rota(team=team, rota=row, given=turns(ada), by=root).members.count() == 1


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"name": " "}, "name"),
        ({"turn_days": 0}, "turn_days"),
        ({"zone": "Mars/Olympus"}, "zone"),
        ({"members": ()}, "members"),
        ({"starts_on": date(1800, 1, 1)}, "starts_on"),
    ],
)
def test_a_rota_that_cannot_turn_is_refused_by_field(team, root, fields, field):
    ada = factories.agent("ada", team=team)
    with pytest.raises(Invalid) as refused:
        laddering.save_rota(team=team, rota=None, given=turns(**{"members": (ada,), **fields}), by=root)
    assert refused.value.field == field


def test_a_rota_that_is_climbed_to_stays(team, root):
    ada = factories.agent("ada", team=team)
    row = laddering.save_rota(team=team, rota=None, given=turns(ada), by=root)
    save(team, root, Step("rota", 30, rota=row))
    with pytest.raises(Invalid):
        laddering.drop_rota(rota=row, by=root)
    spare = laddering.save_rota(team=team, rota=None, given=turns(ada, name="Days"), by=root)
    laddering.drop_rota(rota=spare, by=root)


def test_lead_and_manager(team, root):
    ada, aud = factories.agent("ada", team=team), factories.agent("aud", Role.AUDITOR)
    laddering.save_leaders(team=team, lead=ada, manager=None, by=root)
    assert (Team.objects.get(pk=team.pk).lead, Team.objects.get(pk=team.pk).manager) == (ada, None)
    with pytest.raises(Invalid) as refused:
        laddering.save_leaders(team=team, lead=None, manager=aud, by=root)
    assert refused.value.field == "manager"


def test_a_ladder_that_may_find_nobody_is_known():
    assert laddering.may_be_unheard([Step("lead", 30), Step("stand_in", 60)])
    assert not laddering.may_be_unheard([Step("lead", 30), LEADERS])


waits = st.lists(st.integers(0, 3000), min_size=1, max_size=5, unique=True).map(sorted)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(before=waits, after=waits, passed=st.integers(0, 3000))
def test_changing_what_climbs_never_repeats_never_loses_and_is_the_same_twice(team, root, before, after, passed):
    """Whatever was heard before: each (stage, repeat) once, nothing waiting in the past, doing it again changes nothing."""
    first = save(team, root, *(Step("supervisors", wait, "elapsed") for wait in before))
    row = factories.promise(promised_by=DUE, now=NOW, team=team)
    now = DUE + timedelta(minutes=passed)
    reminders.sweep(now=now)
    sent = set(row.reminders.exclude(state="waiting").values_list("stage", "repeat"))
    made = save(team, root, *(Step("supervisors", wait, "elapsed") for wait in after), ladder=first)
    reclimbing.onto(ladder=made, by=root, now=now)
    once = waiting(row)
    reclimbing.onto(ladder=made, by=root, now=now)
    assert waiting(row) == once
    assert all(minutes >= passed for *_, minutes in once)
    assert not sent & {(stage, repeat) for stage, repeat, _ in once}
    expected = [wait for wait in after if wait >= passed and not (wait == after[0] and ("overdue", 0) in sent)]
    assert [minutes for *_, minutes in once] == expected
    Reminder.objects.all().delete()
    laddering.drop_ladders(team=team, by=root, now=NOW)


def test_only_known_acts_count_as_acknowledging(team, root):
    assert save(team, root, acknowledging=("taken",)).acknowledging == ["taken"]
    with pytest.raises(Invalid) as refused:
        save(team, root, name="Urgent", priorities=("urgent",), acknowledging=("sneezed",))
    assert refused.value.field == "acknowledging"


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("Biling", "No family is called Biling. Is it Billing?"),
        ("Xyz", "No family is called Xyz. There are Billing, Delivery."),
    ],
)
def test_a_family_that_no_category_has_is_refused_with_the_nearest(team, root, word, said):
    factories.category("Billing/Refund")
    factories.category("Delivery")
    with pytest.raises(Invalid) as refusal:
        save(team, root, name="Refunds", families=("delivery", word))
    assert (refusal.value.field, refusal.value.code, refusal.value.message) == ("families", "unknown-family", said)
    assert save(team, root, name="Refunds", families=("delivery", "BILLING")).families == ["Delivery", "Billing"]
