from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import pytest

from followups.actions import handling, scheduling
from followups.models import Actor, Agent, Team, Ticket
from followups.reports import cuts, promises, windows
from tests import factories
from tests.followups.reports import histories

pytestmark = pytest.mark.django_db

START = datetime(2026, 3, 1, tzinfo=UTC)
AS_OF = datetime(2026, 3, 11, tzinfo=UTC)
DUE = datetime(2026, 3, 5, 12, tzinfo=UTC)
MADE = datetime(2026, 3, 2, 12, tzinfo=UTC)
MINUTE, SECOND, HOUR, DAY = timedelta(minutes=1), timedelta(seconds=1), timedelta(hours=1), timedelta(days=1)


def ticket(**fields):
    return histories.ticket(histories.person(f"p{next(factories.SERIALS)}", now=START), at=MADE, **fields)


def promised(*, by=DUE, told=MADE, **fields):
    row = histories.promise(ticket(), made=MADE, by=by, told=told, **fields)
    if row.state != "scheduled":
        histories.close(row.ticket, at=AS_OF)
    return row


def asked(**fields):
    return promises.report(histories.question(START, AS_OF, **fields)).total


def test_worked_example():
    histories.tried(promised(), at=DUE - MINUTE)
    histories.tried(promised(), at=DUE)
    histories.tried(promised(state="kept_late"), at=DUE + SECOND)
    agreed = promised()
    histories.move(agreed, at=DUE - DAY, to=DUE + DAY, agreed=True)
    histories.tried(agreed, at=DUE + DAY - HOUR)
    alone = promised()
    histories.move(alone, at=DUE - DAY, to=DUE + DAY)
    histories.tried(alone, at=DUE + DAY - HOUR)
    promised(state="called_off", called_off_by="customer", ended_at=DUE - HOUR)
    histories.tried(promised(), at=DUE - HOUR, reached="voicemail")
    promised(by=AS_OF + DAY, state="scheduled", ended_at=None)
    total = asked()
    assert (total.num, total.den) == (3, 6)
    assert (round(total.ci_low, 4), round(total.ci_high, 4)) == (0.1876, 0.8124)
    assert (total.tried_in_time, total.kept_late, total.never_done, total.moved_by_us) == (1, 1, 1, 1)
    assert total.excluded == {"called_off": 1, "spam": 0}


@pytest.mark.parametrize(
    ("reached", "fields", "kept"),
    [
        ("reached", {}, 1),
        ("no_answer", {}, 0),
        ("wrong_number", {}, 0),
        ("voicemail", {}, 0),
        ("voicemail", {"voicemail_ok": True}, 1),
        ("written", {}, 0),
        ("written", {"channel": "email"}, 1),
    ],
)
def test_kept_needs_a_connected_contact(reached, fields, kept):
    histories.tried(promised(**fields), at=DUE - HOUR, reached=reached)
    total = asked()
    assert (total.num, total.den) == (kept, 1)


def test_a_contact_of_hers_keeps_nothing():
    step = promised()
    histories.tried(step, at=DUE - HOUR, direction="inbound")
    assert asked().num == 0


def test_the_contact_in_which_she_was_told_does_not_keep_the_promise():
    step = promised()
    step.told_contact = histories.tried(step, at=MADE)
    step.save()
    assert asked().num == 0


def test_the_contact_in_which_she_agreed_to_a_later_date_does_not_keep_it():
    step = promised()
    call = histories.tried(step, at=DUE - DAY)
    histories.move(step, at=DUE - DAY, to=DUE + DAY, agreed=True, agreed_contact=call)
    total = asked()
    assert (total.num, total.den, total.never_done) == (0, 1, 1)


def test_a_move_agreed_once_the_date_has_passed_leaves_the_first_not_kept():
    step = promised()
    histories.move(step, at=DUE, to=DUE + DAY, agreed=True)
    histories.tried(step, at=DUE + HOUR)
    assert (asked().moved_by_us, asked().num) == (1, 0)


def test_a_move_before_she_was_told_is_free():
    step = promised(told=MADE + 2 * HOUR)
    histories.move(step, at=MADE + HOUR, to=DUE + DAY)
    histories.tried(step, at=DUE + HOUR)
    assert (asked().num, asked().moved_by_us) == (1, 0)


def test_a_moved_promise_counts_in_the_period_of_its_last_agreed_date():
    step = promised()
    histories.move(step, at=DUE - DAY, to=DUE + 2 * DAY, agreed=True)
    histories.move(step, at=DUE, to=DUE + 4 * DAY)
    total = asked(end=DUE + 3 * DAY)
    assert (total.den, total.moved_by_us) == (1, 1)
    assert asked(end=DUE + DAY).den == 0


def test_a_move_after_as_of_changes_nothing():
    step = promised()
    histories.move(step, at=AS_OF + HOUR, to=AS_OF + DAY)
    total = asked()
    assert (total.den, total.never_done) == (1, 1)


def test_as_of_cuts_what_came_later():
    histories.tried(promised(), at=DUE + DAY)
    early = promises.report(histories.question(START, DUE + HOUR)).total
    assert (early.never_done, early.kept_late) == (1, 0)
    assert (asked().never_done, asked().kept_late) == (0, 1)
    assert asked().median_late_hours == 24


def test_tried_in_time_needs_the_promised_window():
    early = promised(promised_from=DUE - 2 * HOUR)
    histories.tried(early, at=DUE - 3 * HOUR, reached="voicemail")
    late = promised(promised_from=DUE - 2 * HOUR)
    histories.tried(late, at=DUE - HOUR, reached="voicemail")
    assert asked().tried_in_time == 1


def test_empty_handed_is_kept_with_no_news():
    histories.tried(promised(brought="no_news", ended_at=DUE - HOUR), at=DUE - HOUR)
    histories.tried(promised(brought="answer", ended_at=DUE - HOUR), at=DUE - HOUR)
    assert (asked().num, asked().empty_handed) == (2, 1)


def test_what_she_was_never_told_is_no_promise_but_lowers_the_share_told():
    promised(told=None)
    promised(told=AS_OF + HOUR)
    promised()
    total = asked()
    assert (total.den, total.due, total.told_share) == (1, 3, 1 / 3)


def test_called_off_by_us_counts():
    promised(state="called_off", called_off_by="us", ended_at=DUE - HOUR)
    assert (asked().den, asked().never_done) == (1, 1)


def test_spam_is_what_stands_as_spam_at_as_of():
    """One that nobody took back, one taken back at as_of, one marked after it."""
    stands, back, later = (histories.promise(ticket(), made=MADE, by=DUE, told=MADE) for _ in range(3))
    for row, at in ((stands, AS_OF), (back, DUE), (later, AS_OF + SECOND)):
        histories.close(row.ticket, at=at, outcome="spam")
    histories.reopen(back.ticket, at=AS_OF)
    histories.close(back.ticket, at=AS_OF + DAY)
    assert (asked().den, asked().excluded["spam"]) == (2, 1)
    before = promises.report(histories.question(START, AS_OF - SECOND)).total
    assert (before.den, before.excluded["spam"]) == (2, 1)
    _, listed = cuts.listed(
        histories.question(START, AS_OF), promises.SOURCES, part="excluded.spam", key=None, limit=5, offset=0
    )
    assert [row.follow_up_id for row in listed] == [stands.pk]


def test_called_off_by_her_at_the_date_comes_too_late():
    promised(state="called_off", called_off_by="customer", ended_at=DUE)
    assert asked().den == 1


def test_median_wait_is_from_telling_her_to_the_date():
    promised(told=DUE - 10 * HOUR)
    promised(told=DUE - 20 * HOUR)
    assert asked().median_wait_hours == 15


def test_team_and_owner_are_those_of_the_promise():
    north, ada, olu = factories.team("North"), factories.agent("ada"), factories.agent("olu")
    promised(team=north, owner=ada)
    promised(promiser=ada)
    promised(owner=olu, promiser=ada)
    assert asked(filters=windows.Filters(team=north.pk)).den == 1
    assert asked(scope=windows.Scope(agent_id=ada.pk)).den == 2
    assert asked(scope=windows.Scope(team_ids=frozenset([north.pk]))).den == 1
    assert asked(scope=windows.Scope(team_ids=frozenset([north.pk]), pool=True)).den == 3


@pytest.fixture
def crew():
    """Ada of North, Ben of South, and Sam who hands over."""
    north, south = factories.team("North"), factories.team("South")
    return Crew(
        north,
        south,
        factories.agent("ada", team=north),
        factories.agent("ben", team=south),
        factories.agent("sam", "admin"),
    )


class Crew(NamedTuple):
    north: Team
    south: Team
    ada: Agent
    ben: Agent
    sam: Agent

    def open_promise(self, **fields):
        given = {"owner": self.ada, "team": self.north, "state": "scheduled", "ended_at": None} | fields
        return histories.promise(ticket(team=given["team"]), made=MADE, by=DUE, told=MADE, **given)

    def hands(self, step, *, at, owner=None, team=None):
        assert scheduling.assign(follow_up=step, owner=owner, team=team, by=Actor("web", agent=self.sam), now=at)

    def moves_ticket(self, step, *, at, team):
        handling.change(ticket=step.ticket, changes={"team": team}, by=Actor("web", agent=self.sam), now=at)

    def counted(self, as_of=AS_OF, part="den"):
        """How many promises are Ada's, Ben's, North's and South's, by the filter and by the cut alike."""
        whole = {"as_of": as_of, "start": START, "end": AS_OF}
        found = []
        for by, rows, narrowed in (
            ("agent", (self.ada, self.ben), lambda row: {"scope": windows.Scope(agent_id=row.pk)}),
            ("team", (self.north, self.south), lambda row: {"filters": windows.Filters(team=row.pk)}),
        ):
            cut = promises.report(histories.question(by=by, named=tuple(row.pk for row in rows), **whole)).rows
            keyed = {one.key: getattr(one, part) for one in cut}
            alone = [promises.report(histories.question(**whole, **narrowed(row))).total for row in rows]
            assert [keyed.get(str(row), 0) for row in rows] == [getattr(total, part) for total in alone]
            found += [getattr(total, part) for total in alone]
        return tuple(found)


ADA_NORTH, BEN_SOUTH, ADA_SOUTH = (1, 0, 1, 0), (0, 1, 0, 1), (1, 0, 0, 1)


@pytest.mark.parametrize("late", [DUE + SECOND, AS_OF, AS_OF + HOUR])
def test_a_hand_over_after_the_date_moves_no_promise(crew, late):
    crew.hands(crew.open_promise(), at=late, owner=crew.ben, team=crew.south)
    assert crew.counted() == ADA_NORTH


@pytest.mark.parametrize("early", [DUE - DAY, DUE])
def test_a_hand_over_up_to_the_date_moves_the_promise(crew, early):
    crew.hands(crew.open_promise(), at=early, owner=crew.ben, team=crew.south)
    assert crew.counted() == BEN_SOUTH


def test_of_several_hand_overs_the_last_before_the_date_counts(crew):
    step = crew.open_promise(owner=crew.ben, team=crew.south)
    crew.hands(step, at=DUE - DAY, owner=crew.ada, team=crew.north)
    crew.hands(step, at=DUE + HOUR, owner=crew.ben)
    crew.hands(step, at=DUE + DAY, owner=None, team=crew.south)
    assert crew.counted() == ADA_NORTH


def test_before_the_date_the_owner_is_the_one_at_as_of(crew):
    crew.hands(crew.open_promise(), at=DUE - HOUR, owner=crew.ben, team=crew.south)
    assert crew.counted(as_of=DUE - 2 * HOUR, part="immature") == ADA_NORTH
    assert crew.counted(as_of=DUE - HOUR, part="immature") == BEN_SOUTH


def test_what_nobody_owned_at_the_date_stays_with_who_promised_it(crew):
    crew.hands(crew.open_promise(owner=None, promiser=crew.ada), at=DUE + HOUR, owner=crew.ben)
    assert crew.counted() == ADA_NORTH


def test_a_call_made_by_another_after_the_date_moves_no_promise(crew):
    step = crew.open_promise()
    scheduling.take(follow_up=step, by=Actor("web", agent=crew.ben), now=DUE + 2 * HOUR)
    assert crew.counted() == ADA_NORTH


@pytest.mark.parametrize(("at", "whose"), [(DUE, ADA_SOUTH), (DUE + SECOND, ADA_NORTH), (AS_OF + HOUR, ADA_NORTH)])
def test_a_ticket_of_another_team_takes_along_what_is_not_yet_due(crew, at, whose):
    crew.moves_ticket(crew.open_promise(), at=at, team=crew.south)
    assert crew.counted() == whose


@pytest.mark.parametrize("state", ["scheduled", "kept"])
def test_of_no_team_at_the_date_is_of_no_team(crew, state):
    step = crew.open_promise(team=None, state=state, ended_at=None if state == "scheduled" else DUE)
    crew.moves_ticket(step, at=DUE + HOUR, team=crew.south)
    if state == "kept":
        histories.close(Ticket.objects.get(), at=AS_OF)
    assert crew.counted() == (1, 0, 0, 0)


@pytest.mark.parametrize(
    ("agreed", "at", "whose"),
    [
        (True, DUE, BEN_SOUTH),
        (True, DUE + DAY + SECOND, ADA_NORTH),
        (False, DUE, BEN_SOUTH),
        (False, DUE + SECOND, ADA_NORTH),
    ],
)
def test_the_owner_is_the_one_at_the_date_that_counts(crew, agreed, at, whose):
    step = crew.open_promise()
    histories.move(step, at=DUE - DAY, to=DUE + DAY, agreed=agreed)
    crew.hands(step, at=at, owner=crew.ben, team=crew.south)
    assert crew.counted() == whose


def test_a_hand_over_with_a_move_after_as_of_moves_no_promise(crew):
    step = crew.open_promise()
    histories.move(step, at=AS_OF + HOUR, to=AS_OF + DAY)
    crew.hands(step, at=AS_OF + 2 * HOUR, owner=crew.ben, team=crew.south)
    assert crew.counted() == ADA_NORTH
