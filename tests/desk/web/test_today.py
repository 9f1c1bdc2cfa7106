"""Whose follow-ups stand on whose Today, in which order, and the way from one to the next."""

import re
from datetime import timedelta

import pytest

from followups.actions import answering, promising, scheduling
from followups.models import FollowUp, Role, Target, TargetClock
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


QUERIES = 12


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


MANY = 26
KILOBYTE = 1024


@pytest.fixture
def full(desk):
    """Each list longer than a page, in words as long as people write them."""
    given = {
        "customer": desk.customer(name="Anastasia Bartholomew-Fitzgerald", phone="+12125550101", zone="Asia/Tokyo")
    }
    for number in range(MANY):
        given["subject"] = f"{number:02} the refund of the order that was sent back in March is missing"
        desk.follow_up(due=-HOUR - timedelta(minutes=number), owner=desk.sam, will_bring="the bank's decision", **given)
        desk.follow_up(due=timedelta(minutes=number + 1), owner=desk.sam, will_bring="the bank's decision", **given)
        desk.follow_up(due=5 * HOUR + timedelta(minutes=number), promiser=desk.bea, **given)
        desk.follow_up(due=30 * HOUR + timedelta(minutes=number), owner=desk.sam, **given)


@pytest.mark.usefixtures("full")
def test_full_lists_stay_a_small_page_and_lead_to_all_of_it(desk, at, django_assert_max_num_queries):
    client = at(desk.sam)
    for address in ("/", "/?list=overdue", "/?list=today", "/?list=free", "/?show=upcoming"):
        with django_assert_max_num_queries(QUERIES):
            answer = client.get(address)
        assert len(answer.content) <= 60 * KILOBYTE
        drawn = set(re.findall(r'id="(icon-[a-z-]+)"', answer.text))
        assert set(re.findall(r'<use href="#(icon-[a-z-]+)"', answer.text)) <= drawn

    for name in ("overdue", "today", "free"):
        is_complete(client, name)
    (first,) = client.get("/?show=upcoming").context["sections"]
    (second,) = client.get(f"/{first.more}").context["sections"]
    assert (len(first.rows), len(second.rows), second.more) == (25, MANY - 25, "")


def is_complete(client, name):
    """Without gap or double."""
    first = next(each for each in client.get("/").context["sections"] if each.name == name)
    assert (len(first.rows), first.total, first.more) == (8, MANY, f"?list={name}")
    seen, address = [], first.more
    while address:
        (section,) = client.get(f"/{address}").context["sections"]
        seen += [row.pk for row in section.rows]
        address = section.more
    assert (len(seen), len(set(seen))) == (MANY, MANY)
    assert seen[:8] == [row.pk for row in first.rows]


def test_an_unknown_list_is_all_of_today(desk, at):
    assert set(sections(at(desk.ada).get("/?list=nothing&after=~"))) == {"overdue", "today", "free"}


@pytest.mark.parametrize(
    ("clock", "mark", "words"),
    [
        ({"due": HOUR}, "", "Resolution due today 11:00"),
        ({"due": HOUR, "warned_at": True}, "warn", "Resolution soon: due today 11:00"),
        ({"due": -HOUR}, "overdue", "Resolution missed, was due today 09:00"),
        ({"due": HOUR, "paused": True}, "", "Resolution rests, then due today 11:00"),
        ({"due": HOUR, "stopped": True}, None, None),
    ],
)
def test_the_nearest_target_is_said_in_words_on_every_list(desk, at, clock, mark, words):
    row = desk.follow_up(due=-HOUR, owner=desk.sam)
    target = Target.objects.create(kind="resolution", amount=60, made_at=desk.ago)
    given = {"ticket": row.ticket, "target": target, "started_at": desk.ago, "changed_at": desk.ago}
    stopped = {"stopped_at": desk.now, "ended": "done"} if clock.get("stopped") else {}
    warned_at = desk.now if clock.get("warned_at") else None
    TargetClock.objects.create(
        kind="resolution", due_at=desk.now + clock["due"], warned_at=warned_at, **stopped, **given
    )
    TargetClock.objects.create(kind="next_update", due_at=desk.now + 50 * HOUR, **stopped, **given)
    if clock.get("paused"):
        until = desk.now + HOUR
        row.ticket.pauses.create(reason="customer", question="Which?", from_at=desk.ago, until_at=until)
    client = at(desk.sam)
    today = client.get("/").context["sections"][0].rows[0].target
    listed = client.get("/tickets").context["rows"][0]["target"]
    board = client.get("/overdue").context["lines"][0]["row"].target
    assert today == listed == board
    assert (today and today.mark, today and today.words) == (mark, words)
    if words:
        assert all(words in client.get(address).text for address in ("/", "/tickets", "/overdue"))
