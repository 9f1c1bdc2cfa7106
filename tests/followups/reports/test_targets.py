"""M11 by hand, and against the pure clocks that page and sweep read."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from followups import clocks, targets
from followups.actions import closing, handling, intake, parking
from followups.models import Actor, Category, Pause, Policy, Target, TargetClock
from followups.reports import cuts
from followups.reports import targets as report
from followups.targets import State
from tests import factories
from tests.followups.reports import histories
from tests.followups.reports.histories import question

MON = datetime(2026, 3, 2, 9, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def desk(db):
    team = factories.team("Billing")
    Policy.objects.create(team=team, zone="UTC")
    for kind, hours in (("first_response", 2), ("next_update", 4), ("resolution", 16)):
        Target.objects.create(team=team, kind=kind, amount=hours * 60, made_at=MON)
    return Actor("web", agent=factories.agent("ada", team=team))


def log(by, at, **fields):
    given = {"subject": "Refund missing", "category": "Billing", "channel": "phone", "team": by.agent.teams.get()}
    return intake.open_ticket(intake=intake.Intake(**{**given, **fields}), by=by, now=at)[0]


def write(ticket, by, at, direction="outbound"):
    told = handling.Told(direction=direction, channel="email", reached="written", at=at)
    handling.record_contact(told=told, ticket=ticket, by=by, now=at)


def resolve(ticket, by, at):
    given_ = closing.Closing("resolved", evidence="observed", evidence_text="Paid")
    return closing.close(ticket=ticket, closing=given_, by=by, now=at).closure


def found(as_of, **fields):
    return report.report(question(MON - DAY, as_of, **fields))


def shares(row):
    return {kind: (each.num, each.den) for kind, each in row.kinds.items() if each.den}


def test_met_missed_and_what_is_not_over_yet(desk):
    """Due on Monday at 11 (response), 4 working hours after each contact (update), on Tuesday at 17 (resolution)."""
    early, late, open_ = (log(desk, MON) for _ in range(3))
    write(early, desk, MON + HOUR)
    resolve(early, desk, MON + 2 * HOUR)
    write(late, desk, MON + 2 * HOUR + timedelta(seconds=1))
    resolve(late, desk, MON + DAY + 8 * HOUR + timedelta(seconds=1))
    total = found(MON + 7 * DAY).total
    assert shares(total) == {"first_response": (1, 3), "next_update": (2, 4), "resolution": (1, 3)}
    assert (total.num, total.den, total.missed, total.rate) == (4, 10, 6, 0.4)
    assert total.excluded == {"ended": 1, "duplicate": 0, "spam": 0}
    first_hour = found(MON + HOUR, end=MON + 7 * DAY).total
    assert (first_hour.num, first_hour.den, first_hour.immature) == (2, 2, 8)
    assert open_.is_open


def test_exactly_at_the_due_instant_is_met(desk):
    write(log(desk, MON), desk, MON + 2 * HOUR)
    assert shares(found(MON + 2 * HOUR + DAY).total)["first_response"] == (1, 1)


def test_what_comes_after_as_of_changes_nothing(desk):
    ticket = log(desk, MON)
    write(ticket, desk, MON + HOUR)
    as_of = MON + DAY + 4 * HOUR
    asked = {"end": MON + 30 * DAY}
    before = found(as_of, **asked)
    parking.pause(ticket=ticket, question="Which?", until_at=as_of + 3 * DAY, by=desk, now=as_of + HOUR)
    assert TargetClock.objects.get(kind="resolution").due_at > MON + DAY + 8 * HOUR
    assert found(as_of, **asked) == before
    write(ticket, desk, as_of + 2 * HOUR, "inbound")
    assert found(as_of, **asked) == before
    resolve(ticket, desk, as_of + 3 * HOUR)
    closing.reopen(ticket=ticket, reason="It is back", by=desk, now=as_of + 9 * DAY)
    assert found(as_of, **asked) == before


def test_a_pause_gives_the_time_back(desk):
    ticket = log(desk, MON)
    write(ticket, desk, MON + HOUR)
    parking.pause(ticket=ticket, question="Which?", until_at=MON + 2 * DAY, by=desk, now=MON + HOUR)
    resolve(ticket, desk, MON + 3 * DAY)
    assert shares(found(MON + 9 * DAY).total)["resolution"] == (1, 1)


def test_reopened_it_stands_as_it_stood(desk):
    ticket = log(desk, MON)
    resolve(ticket, desk, MON + HOUR)
    closing.reopen(ticket=ticket, reason="It is back", by=desk, now=MON + 14 * DAY)
    assert shares(found(MON + 7 * DAY).total)["resolution"] == (1, 1)
    assert shares(found(MON + 40 * DAY).total)["resolution"] == (0, 1)


def test_an_undone_closing_met_nothing(desk):
    ticket = log(desk, MON)
    closure = resolve(ticket, desk, MON + HOUR)
    closing.undo(closure=closure, by=desk, now=MON + HOUR + timedelta(seconds=3))
    assert shares(found(MON + 7 * DAY).total)["resolution"] == (0, 1)


def test_it_is_cut_as_every_report(desk):
    log(desk, MON)
    log(desk, MON, category="Delivery/Late", channel="email", priority="high")
    for by, keys in (
        ("channel", ["email", "phone"]),
        ("family", ["Billing", "Delivery"]),
        ("team", ["Billing"]),
        ("priority", ["", "high"]),
        ("week", ["2026-W10"]),
        ("month", ["2026-03"]),
    ):
        assert [row.key for row in found(MON + 7 * DAY, by=by).rows] == keys
    assert [row.den for row in found(MON + 7 * DAY, by="channel").rows] == [3, 3]


def test_every_figure_lists_exactly_its_rows(desk):
    for n in range(4):
        ticket = log(desk, MON + n * HOUR)
        write(ticket, desk, MON + (n + n // 2) * HOUR)
    asked = question(MON - DAY, MON + 7 * DAY)
    figures = cuts.tally(asked, report.SOURCE).total
    for part, count in ((part, figures[part]) for part in report.SOURCE.parts):
        assert cuts.listed(asked, report.SOURCES, part=part, key=None, limit=1, offset=0)[0] == count


# Any history, looked at from any instant, against the pure clocks

steps = st.lists(
    st.tuples(st.sampled_from(["write", "hear", "park", "resume", "resolve", "reopen", "undo"]), st.integers(0, 30)),
    max_size=7,
)


def walk(by, acts):
    at = MON
    ticket = log(by, at)
    for act, hours in acts:
        at += hours * HOUR
        ticket.refresh_from_db()
        pause = Pause.objects.filter(ticket=ticket, ended_at=None, until_at__gt=at).first()
        if act in ("write", "hear") and ticket.is_open:
            write(ticket, by, at, "outbound" if act == "write" else "inbound")
        elif (
            act == "park"
            and ticket.is_open
            and not pause
            and ticket.target_clocks.filter(stopped_at=None, kind="resolution")
        ):
            parking.pause(ticket=ticket, question="Which?", until_at=at + (hours + 1) * HOUR, by=by, now=at)
        elif act == "resume" and pause:
            parking.end(pause=pause, by=by, now=at)
        elif act in ("resolve", "undo") and ticket.is_open:
            closure = resolve(ticket, by, at)
            if act == "undo":
                at += timedelta(seconds=5)
                closing.undo(closure=closure, by=by, now=at)
        elif act == "reopen" and not ticket.is_open:
            closing.reopen(ticket=ticket, reason="It is back", by=by, now=at)


def says_what_the_clocks_say(by, histories, hours, more):
    TargetClock.objects.all().delete()
    for acts in histories:
        walk(by, acts)
    agrees(MON + hours * HOUR, MON + (hours + more + 1) * HOUR)


ANY = st.lists(steps, min_size=1, max_size=2), st.integers(0, 200), st.integers(0, 100)


@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(*ANY)
def test_it_says_what_the_clocks_say(desk, histories, hours, more):
    says_what_the_clocks_say(desk, histories, hours, more)


@pytest.mark.full
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(*ANY)
def test_it_says_what_the_clocks_say_many_times(desk, histories, hours, more):
    says_what_the_clocks_say(desk, histories, hours, more)


def agrees(as_of, end):
    rows = list(TargetClock.objects.filter(started_at__lte=as_of).select_related("target", "ticket"))
    known = [targets.read(clock, as_of) for clock in clocks.pure(rows).values()]
    mine = [each for each in known if MON - DAY <= each.due_at < end]
    total = found(as_of, end=end).total
    by_state = {state: sum(each.state == state for each in mine) for state in State}
    assert (total.num, total.missed) == (by_state[State.MET], by_state[State.BREACHED])
    assert total.immature == by_state[State.RUNNING] + by_state[State.PAUSED]
    assert total.excluded["ended"] == by_state[State.CALLED_OFF]


def test_duplicate_and_spam_are_what_stands_at_as_of(desk):
    """One that nobody took back, one taken back at as_of, one marked after it; all due on Tuesday at 17."""
    stands, back, later = (histories.ticket(histories.person(name, now=MON), at=MON) for name in ("ana", "ben", "cho"))
    for row, at in ((stands, MON + HOUR), (back, MON + HOUR), (later, MON + DAY + HOUR)):
        histories.clock(row, at=MON, due=MON + DAY)
        histories.close(row, at=at, outcome="spam")
    histories.reopen(back, at=MON + DAY)
    total = found(MON + DAY, end=MON + 2 * DAY).total
    assert (total.den, total.missed, total.excluded) == (2, 2, {"ended": 0, "duplicate": 0, "spam": 1})
    assert found(MON + DAY - HOUR, end=MON + 2 * DAY).total.excluded["spam"] == 2
    assert found(MON + 2 * DAY).total.excluded["spam"] == 2


def test_a_desk_without_targets_says_so(db):
    assert found(MON).headline == "No target fell due in the period."
    assert not Category.objects.exists()
