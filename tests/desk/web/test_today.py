"""Whose follow-ups stand on whose Today, in which order, and the way from one to the next."""

from datetime import timedelta

import pytest

from followups.actions import answering, promising, scheduling
from followups.models import FollowUp, Role
from tests import factories

HOUR = timedelta(hours=1)


def sections(answer):
    return {section.name: [row.title for row in section.rows] for section in answer.context["sections"]}


def test_overdue_comes_first_and_says_how_late(desk, at):
    desk.follow_up(due=-2 * HOUR, subject="Old", owner=desk.ada)
    desk.follow_up(due=timedelta(minutes=1), subject="Soon", owner=desk.ada)
    answer = at(desk.ada).get("/")
    assert sections(answer)["overdue"] == ["Old"]
    row = answer.context["sections"][0].rows[0]
    assert (row.state, row.state_word) == ("overdue", "overdue 2\u00a0h")


def test_promises_of_others_stay_free_until_ten_minutes_into_their_window(desk, at):
    start = {"promised_from": desk.now - timedelta(minutes=9)}
    free = desk.follow_up(due=timedelta(minutes=1), subject="Bea's", promiser=desk.bea, **start)
    answer = at(desk.ada).get("/")
    assert (sections(answer)["today"], sections(answer)["free"]) == ([], ["Bea's"])
    FollowUp.objects.filter(pk=free.pk).update(promised_from=desk.now - timedelta(minutes=11))
    answer = at(desk.ada).get("/")
    assert (sections(answer)["today"], sections(answer)["free"]) == (["Bea's"], [])


def test_own_promise_of_the_team_is_the_promisers(desk, at):
    desk.follow_up(due=timedelta(minutes=2), subject="Mine", promiser=desk.ada, promised_from=desk.now)
    assert sections(at(desk.ada).get("/"))["today"] == ["Mine"]
    assert sections(at(desk.bea).get("/"))["today"] == []
    assert sections(at(desk.olu).get("/")) == {"overdue": [], "today": [], "free": []}


def test_row_says_until_when_and_why(desk, at):
    customer = desk.customer(zone="Asia/Tokyo", phone="+12125550101")
    row = desk.follow_up(due=-HOUR, owner=desk.ada, customer=customer, will_bring="refund decision", zone="Asia/Tokyo")
    row.attempts.create(
        ticket=row.ticket, direction="outbound", channel="phone", at=desk.now, entered_at=desk.now, reached="no_answer"
    )
    shown = at(desk.ada).get("/").context["sections"][0].rows[0]
    assert shown.why.startswith("promised ")
    assert (shown.told, shown.tries, shown.who) == ("refund decision", "2nd try", "Ana Lopez")
    assert shown.her_time == "by\u00a018:00"


def test_untold_step_is_planned_not_promised(desk, at):
    desk.follow_up(due=timedelta(minutes=1), owner=desk.ada, told=False)
    shown = at(desk.ada).get("/").context["sections"][1].rows[0]
    assert (shown.state, shown.state_word, shown.why.split()[0]) == ("next", "not told yet", "planned")


@pytest.mark.parametrize("several", [1, 3])
def test_queries_do_not_grow_with_the_rows(desk, at, several, django_assert_num_queries):
    for number in range(several):
        desk.follow_up(due=-HOUR, subject=f"Late {number}", owner=desk.ada, customer=desk.customer())
        desk.follow_up(due=HOUR, subject=f"Soon {number}", owner=desk.ada, customer=desk.customer())
        desk.follow_up(due=5 * HOUR, subject=f"Free {number}", promiser=desk.bea, customer=desk.customer())
    client = at(desk.ada)
    client.get("/")
    with django_assert_num_queries(QUERIES):
        client.get("/")


QUERIES = 11


def test_start_takes_the_first_and_opens_it(desk, at):
    desk.follow_up(due=timedelta(minutes=1), owner=desk.ada)
    first = desk.follow_up(due=-HOUR, owner=desk.ada)
    answer = at(desk.ada).post("/today/turn")
    first.refresh_from_db()
    assert (answer.url, first.taken_by) == (f"/follow-ups/{first.pk}", desk.ada)


def test_later_opens_the_next_one_and_begins_again_at_the_end(desk, at):
    first = desk.follow_up(due=-2 * HOUR, owner=desk.ada)
    second = desk.follow_up(due=-HOUR, owner=desk.ada)
    client = at(desk.ada)
    assert client.post(f"/follow-ups/{first.pk}/turn").url == f"/follow-ups/{second.pk}"
    assert client.post(f"/follow-ups/{second.pk}/turn").url == f"/follow-ups/{first.pk}"


def test_what_somebody_else_is_on_is_passed_over(desk, at):
    held = desk.follow_up(due=-2 * HOUR)
    scheduling.take(follow_up=held, by=desk.by(desk.bea), now=desk.now)
    other = desk.follow_up(due=-HOUR)
    assert at(desk.ada).post("/today/turn").url == f"/follow-ups/{other.pk}"


def test_empty_day_proposes_what_is_useful(desk, at):
    assert b"Nobody waits for you" in at(desk.ada).get("/").content
    desk.follow_up(due=timedelta(days=3), owner=desk.ada)
    assert b"All done for today" in at(desk.ada).get("/").content


def test_done_shows_what_i_ended_today(desk, at):
    row = desk.follow_up(owner=desk.ada, subject="Done one")
    step = promising.Step(desk.now + timedelta(days=1), told=True)
    given = answering.Answer(reached="reached", brought="answer", next_step=step)
    answering.answer(follow_up=row, answer=given, by=desk.by(desk.ada), now=desk.now)
    assert sections(at(desk.ada).get("/?show=done")) == {"done": ["Done one"]}
    assert sections(at(desk.bea).get("/?show=done")) == {"done": []}


def test_auditor_reads_and_cannot_start(desk, at):
    client = at(factories.agent("ivy", Role.AUDITOR))
    assert (client.get("/").status_code, client.post("/today/turn").status_code) == (200, 403)
