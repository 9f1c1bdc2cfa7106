"""Ladders, rotas and leaders on their pages: in sentences, by field, tried without saving."""

from datetime import date, time

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from followups.models import Ladder, LadderStep, Notice, Role, Rota, RotaMember, Team, Ticket
from tests import factories


@pytest.fixture
def root(desk):
    return factories.agent("root", Role.ADMIN)


def ladder(desk, name="Ours", **fields):
    row = Ladder.objects.create(team=desk.team, name=name, made_at=desk.now, **fields)
    LadderStep.objects.create(ladder=row, position=0, audience="owner", after_minutes=30)
    LadderStep.objects.create(
        ladder=row,
        position=1,
        audience="supervisors",
        after_minutes=120,
        channels=["mail"],
        repeat_minutes=240,
        repeats=3,
    )
    return row


def form(*steps, do="save", **fields):
    """What a browser sends: the head, the rows of steps, and the case."""
    given = {"name": "Billing", "priorities": "", "families": "", "position": "", "holds": "4 h", "do": do, **fields}
    given |= {"steps-TOTAL_FORMS": len(steps), "steps-INITIAL_FORMS": 0}
    for place, step in enumerate(steps):
        row = {"audience": "", "person": "", "rota": "", "after": "", "elapsing": "working", "every": "", "times": ""}
        given |= {f"steps-{place}-{name}": value for name, value in (row | step).items()}
    case = {"happening": "due", "on": "2026-11-27", "at": "17:55", "promiser": "", "priority": "", "family": ""}
    return given | {f"case-{name}": value for name, value in (case | {"channel": "phone", "zone": ""}).items()}


OWNER = {"audience": "owner", "after": "30 min"}
LEADERS = {"audience": "supervisors", "after": "2 h", "channels": ["mail"], "every": "4 h", "times": "3"}


def words(answer):
    return " ".join(answer.content.decode().replace("&#x27;", "'").split())


def test_a_new_desk_needs_to_set_nothing(desk, at):
    text = words(at(desk.sam).get("/ladders"))
    assert "This is the desk's own rule; nothing needs to be set." in text
    whom = "the owner; of the team's own, everybody of the team at work"
    assert f"<li>30 working minutes after the promised time: {whom} – in the app</li>" in text
    assert "<li>2 working hours after: the team's supervisors – in the app</li>" in text
    assert "/ladders/new" not in text


def test_ladders_stand_in_their_order_in_sentences(desk, at):
    ladder(desk, "The rest", position=1)
    ladder(desk, "Urgent", position=2, priorities=["urgent", "high"])
    text = words(at(desk.sam).get(f"/ladders/{desk.team.pk}"))
    assert text.index("Urgent</h2>") < text.index("The rest</h2>")
    assert "For priority urgent or high." in text
    assert "For every other ticket." in text
    assert (
        "2 working hours after: the team's supervisors – app, mail; again every 4 working hours, 3 times, "
        "then each working day" in text
    )


def test_a_ladder_is_made_from_its_form(desk, at, root):
    answer = at(root).post(f"/ladders/{desk.team.pk}/new", form(OWNER, LEADERS, {}, priorities="urgent, high"))
    assert (answer.status_code, answer.url) == (302, f"/ladders/{desk.team.pk}")
    row = Ladder.objects.get(team=desk.team)
    assert (row.name, row.priorities, row.holds_minutes, row.made_by) == ("Billing", ["urgent", "high"], 240, root)
    steps = list(
        row.steps.values_list("audience", "after_minutes", "elapsing", "channels", "repeat_minutes", "repeats")
    )
    assert steps == [("owner", 30, "working", [], 0, 0), ("supervisors", 120, "working", ["mail"], 240, 3)]


def test_a_new_form_begins_with_what_holds(desk, at, root):
    text = words(at(root).get(f"/ladders/{desk.team.pk}/new"))
    assert 'name="steps-0-after" value="30 min"' in text
    assert 'name="steps-1-after" value="2 h"' in text
    assert '<option value="supervisors" selected>' in text


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        ([{"audience": "owner"}], "Say how long after, like 30 min."),
        ([{"after": "30 min"}], "Say who hears it."),
        ([{"audience": "owner", "after": "soon"}], "Write it like 30 min or 2 h."),
        ([OWNER, {"audience": "person", "after": "2 h"}], "Name the person."),
        ([OWNER, {}, {"audience": "team", "after": "10 min"}], "Longer than in the step before."),
        ([{}], "A ladder needs at least one step."),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_nothing_is_lost(desk, at, root, steps, said):
    answer = at(root).post(f"/ladders/{desk.team.pk}/new", form(*steps, name="Kept"))
    assert answer.status_code == 400
    assert said in words(answer)
    assert 'value="Kept"' in words(answer)
    assert not Ladder.objects.exists()


def test_one_more_step_keeps_what_was_typed(desk, at, root):
    answer = at(root).post(f"/ladders/{desk.team.pk}/new", form(OWNER, {"after": "nonsense"}, do="more", name="Kept"))
    text = words(answer)
    assert answer.status_code == 200
    assert 'name="steps-TOTAL_FORMS" value="3"' in text
    assert 'name="steps-1-after" value="nonsense"' in text
    assert 'value="Kept"' in text
    assert "errorlist" not in text


def test_an_edit_replaces_and_says_what_of_that_which_climbs(desk, at, root):
    row = ladder(desk)
    desk.follow_up()
    assert "Also for what climbs already: 1 open promise<" in words(at(root).get(f"/ladder/{row.pk}"))
    at(root).post(f"/ladder/{row.pk}", form(OWNER, climbing="1"))
    row.refresh_from_db()
    assert row.replaced_at == desk.now
    follow_up = desk.team.follow_ups.get()
    climbed = follow_up.reminders.filter(stage__in=["overdue", "escalated"])
    assert [(r.stage, r.ladder_step.ladder.name) for r in climbed] == [("overdue", "Billing")]
    assert at(root).get(f"/ladder/{row.pk}").status_code == 404


def test_what_climbs_is_left_alone_unless_asked(desk, at, root):
    row = ladder(desk)
    follow_up = desk.follow_up()
    before = list(follow_up.reminders.order_by("pk").values_list("pk", "ladder_step", "due_at"))
    at(root).post(f"/ladder/{row.pk}", form(OWNER))
    assert list(follow_up.reminders.order_by("pk").values_list("pk", "ladder_step", "due_at")) == before


def test_trying_shows_who_would_hear_and_saves_nothing(desk, at, root):
    lead = {"audience": "lead", "after": "1 h"}
    answer = at(root).post(f"/ladders/{desk.team.pk}/new", form(OWNER, lead, do="try"))
    text = words(answer)
    assert answer.status_code == 200
    assert "What would be heard, with nothing saved" in text
    assert "Nobody there: the team's lead. It falls to the team." in text
    assert "Mon 30 Nov 2026 10:00" in text
    assert (Ladder.objects.count(), Ticket.objects.count(), Notice.objects.count()) == (0, 0, 0)


def test_trying_warns_where_every_step_may_find_nobody(desk, at, root):
    answer = at(root).post(f"/ladders/{desk.team.pk}/new", form({"audience": "lead", "after": "1 h"}, do="try"))
    assert "Every step may find nobody. Then the supervisors hear it." in words(answer)


def test_a_case_that_cannot_be_read_is_said_at_its_field(desk, at, root):
    answer = at(root).post("/ladders/new", form(OWNER, do="try") | {"case-zone": "Mars/Olympus", "case-on": ""})
    assert answer.status_code == 400
    assert "This is not a time zone." in words(answer)


def test_taking_away_and_following_the_desk_again(desk, at, root):
    row, _other = ladder(desk), ladder(desk, "Urgent", priorities=["urgent"])
    at(root).post(f"/ladder/{row.pk}/removal")
    assert list(Ladder.objects.filter(replaced_at=None).values_list("name", flat=True)) == ["Urgent"]
    at(root).post(f"/ladders/{desk.team.pk}/dropping")
    assert not Ladder.objects.filter(replaced_at=None).exists()


def test_lead_and_manager(desk, at, root):
    at(root).post(f"/ladders/{desk.team.pk}/leaders", {"lead": desk.sam.pk, "manager": ""})
    assert Team.objects.get(pk=desk.team.pk).lead == desk.sam
    text = words(at(desk.sam).get(f"/ladders/{desk.team.pk}"))
    assert "<dt>Lead</dt><dd>Sam</dd><dt>Manager</dt><dd>nobody</dd>" in text
    answer = at(root).post(f"/ladders/{desk.team.pk}/leaders", {"lead": 999_999, "manager": ""})
    assert answer.status_code == 400


def test_a_rota_is_made_and_shows_who_is_on_duty(desk, at, root):
    given = {"name": "Nights", "starts_on": "2026-11-23", "hands_over_at": "09:00", "turn_days": "1", "zone": ""}
    given |= {"member_0": desk.bea.pk, "member_1": desk.ada.pk, "member_2": desk.ada.pk}
    assert at(root).post(f"/rotas/{desk.team.pk}/new", given).status_code == 302
    rota = Rota.objects.get()
    assert [member.agent for member in rota.members.all()] == [desk.bea, desk.ada, desk.ada]
    text = words(at(desk.sam).get(f"/ladders/{desk.team.pk}"))
    assert "Bea – Ada – Ada; 1 day each, handing over at 09:00 in UTC." in text
    turns = text[text.index("Who is on duty in Nights") :]
    assert turns.index('Ada <span class="tag">now</span>') < turns.index(">Bea</th>")
    assert "Wed 25 Nov 2026 09:00" in turns


def test_a_rota_without_anybody_is_refused_by_field(desk, at, root):
    given = {"name": "Nights", "starts_on": "2026-11-23", "hands_over_at": "09:00", "turn_days": "1", "zone": "Mars"}
    answer = at(root).post("/rotas/new", given)
    assert (answer.status_code, Rota.objects.count()) == (400, 0)
    assert "This is not a time zone." in words(answer)


def test_a_rota_that_is_climbed_to_is_not_taken_away(desk, at, root):
    rota = Rota.objects.create(team=desk.team, name="Nights", starts_on=date(2026, 11, 23), hands_over_at=time(9))
    RotaMember.objects.create(rota=rota, agent=desk.ada, position=0)
    LadderStep.objects.create(ladder=ladder(desk), position=5, audience="rota", rota=rota, after_minutes=600)
    at(root).post(f"/rota/{rota.pk}/removal")
    assert Rota.objects.exists()
    assert "who is on duty in Nights" in words(at(root).get(f"/ladders/{desk.team.pk}"))


@pytest.mark.parametrize("many", [1, 3])
def test_a_page_asks_constantly_many_questions(desk, at, many):
    for number in range(many):
        ladder(desk, f"No. {number}", priorities=[f"p{number}"])
        rota = Rota.objects.create(
            team=desk.team, name=f"R{number}", starts_on=date(2026, 11, 23), hands_over_at=time(9)
        )
        RotaMember.objects.create(rota=rota, agent=desk.ada, position=0)
    client = at(desk.sam)
    client.get("/ladders")
    with CaptureQueriesContext(connection) as asked:
        client.get(f"/ladders/{desk.team.pk}")
    assert len(asked) == 10
