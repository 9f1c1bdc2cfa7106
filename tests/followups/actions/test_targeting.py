"""Clocks of targets: which hold, when they start and stop, and that they run on."""

import io
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from followups import clocks
from followups.actions import answering, closing, handling, importing, parking, targeting, waiving
from followups.errors import Invalid, Refused
from followups.models import Actor, Event, FollowUp, Pause, Policy, Rest, Target, TargetClock, Ticket
from followups.targets import State
from tests import factories

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def desk(team):
    """New York hours, closed on Thanksgiving."""
    closed = [{"on": "2026-11-26", "name": "Thanksgiving", "hours": []}]
    return Policy.objects.create(team=team, zone="America/New_York", special_days=closed)


@pytest.fixture
def aim(team, now):
    def make(kind="resolution", minutes=480, **fields):
        return Target.objects.create(**{"team": team, "kind": kind, "amount": minutes, "made_at": now, **fields})

    return make


def clock(ticket, kind="resolution"):
    return TargetClock.objects.filter(ticket=ticket, kind=kind).latest("started_at", "id")


def state(ticket, at, kind="resolution"):
    return next(reading for row, reading in clocks.of_ticket(ticket, now=at) if row.kind == kind)


def write(ticket, by, at, *, entered=None, **fields):
    told = handling.Told(**{"direction": "outbound", "channel": "email", "reached": "written", "at": at, **fields})
    return handling.record_contact(told=told, ticket=ticket, by=by, now=entered or at)


def resolve(ticket, by, at, **fields):
    given = {"outcome": "resolved", "evidence": "observed", "evidence_text": "Paid", **fields}
    return closing.close(ticket=ticket, closing=closing.Closing(**given), by=by, now=at)


def test_a_desk_without_targets_has_no_clocks(ticket, by_ada, now):
    write(ticket, by_ada, now)
    resolve(ticket, by_ada, now + HOUR)
    assert not TargetClock.objects.exists()


@pytest.mark.parametrize("act", ["opening", "inbound", "outbound", "closing", "reopening", "change"])
def test_without_targets_each_act_costs_one_query(act, log, by_ada, now, django_assert_num_queries):
    ticket = log()
    contact = write(ticket, by_ada, now).contact
    acts = {
        "opening": lambda: targeting.on_opening(ticket, by=by_ada, now=now),
        "inbound": lambda: parking.on_contact(ticket, ticket.contacts.get(is_opening=True), by=by_ada, now=now),
        "outbound": lambda: parking.on_contact(ticket, contact, by=by_ada, now=now),
        "closing": lambda: parking.on_closing(ticket, outcome="resolved", by=by_ada, now=now),
        "reopening": lambda: targeting.on_reopening(ticket, by=by_ada, now=now),
        "change": lambda: targeting.on_change(ticket, by=by_ada, now=now),
    }
    with django_assert_num_queries(2 if act == "inbound" else 1):  # the contact itself is read by the test
        acts[act]()


# Which hold


@pytest.mark.parametrize(
    ("priority", "family", "channel", "amounts"),
    [
        ("", "Billing", "phone", [60]),
        ("high", "Billing", "phone", [30]),
        ("HIGH", "Billing", "email", [20]),
        ("", "Delivery", "phone", []),
        ("", "Loans", "email", [240]),
    ],
)
def test_the_teams_own_and_the_one_that_names_more_hold(aim, team, priority, family, channel, amounts):
    aim(minutes=240, team=None)
    aim(minutes=60, families=["Billing"])
    aim(minutes=30, priorities=["High"], families=["Billing"])
    aim(minutes=20, priorities=["high"], families=["billing"], channels=["email"])
    aim(minutes=10, families=["Delivery"], is_on=False)
    aim(minutes=5, team=factories.team("Other"))
    aim(minutes=1, replaced_at=datetime(2026, 1, 1, tzinfo=UTC))
    found = targeting.applying(team=team, priority=priority, family=family, channel=channel)
    assert [row.amount for row in found] == amounts


# E9, through the acts


def test_eight_hours_from_a_tuesday_afternoon(desk, aim, log):
    aim()
    ticket = log(now=datetime(2026, 11, 24, 20, tzinfo=UTC))
    row = clock(ticket)
    assert row.due_at == datetime(2026, 11, 25, 20, tzinfo=UTC)
    assert row.next_at == datetime(2026, 11, 25, 19, tzinfo=UTC)


def test_parked_over_the_holiday(desk, aim, log, by_ada):
    aim()
    ticket = log(now=datetime(2026, 11, 24, 20, tzinfo=UTC))
    parked_at, until = datetime(2026, 11, 24, 21, 30, tzinfo=UTC), datetime(2026, 11, 27, 16, tzinfo=UTC)
    parking.pause(ticket=ticket, question="Which account?", until_at=until, by=by_ada, now=parked_at)
    row = clock(ticket)
    assert (row.due_at, row.version) == (datetime(2026, 11, 30, 14, 30, tzinfo=UTC), 2)
    assert row.next_at == datetime(2026, 11, 27, 21, 30, tzinfo=UTC)  # an hour of working time before
    assert state(ticket, parked_at).state == State.PAUSED
    assert state(ticket, until).state == State.RUNNING


# Pauses


@pytest.fixture
def parked(desk, aim, log, by_ada, now):
    aim()
    aim("next_update", 240)
    ticket = log()
    pause = parking.pause(ticket=ticket, question="Which account?", until_at=now + 3 * DAY, by=by_ada, now=now + HOUR)
    return ticket, pause


def test_an_answer_ends_the_pause_when_it_came(parked, by_ada, now):
    ticket, pause = parked
    came = now + 2 * HOUR
    write(ticket, by_ada, came, direction="inbound", entered=now + 5 * HOUR)
    pause.refresh_from_db()
    assert (pause.ended_at, pause.why_ended) == (came, "answered")
    assert clock(ticket).due_at == datetime(2026, 11, 25, 16, tzinfo=UTC)


@pytest.mark.parametrize("purpose", ["thanks", "automatic"])
def test_thanks_and_automatic_messages_are_no_answer(parked, by_ada, now, purpose):
    ticket, pause = parked
    write(ticket, by_ada, now + 2 * HOUR, direction="inbound", purpose=purpose)
    pause.refresh_from_db()
    assert pause.ended_at is None


def test_a_pause_does_not_move_the_next_update(parked, now):
    assert clock(parked[0], "next_update").due_at == now + 4 * HOUR


def test_somebody_takes_it_up_again(parked, by_ada, now):
    ticket, pause = parked
    parking.end(pause=pause, by=by_ada, now=now + 3 * HOUR)
    assert clock(ticket).due_at == datetime(2026, 11, 25, 17, tzinfo=UTC)
    kinds = list(Event.objects.filter(ticket=ticket, kind__startswith="ticket.pa").values_list("kind", flat=True))
    assert kinds == ["ticket.paused", "ticket.pause_ended"]
    with pytest.raises(Refused, match="has ended"):
        parking.end(pause=pause, by=by_ada, now=now + 4 * HOUR)


def test_waiting_for_a_third_party_is_written_down_and_moves_nothing(desk, aim, log, by_ada, now):
    aim()
    ticket = log()
    due_at = clock(ticket).due_at
    parking.pause(
        ticket=ticket, question="The bank", until_at=now + DAY, by=by_ada, now=now + HOUR, reason="third_party"
    )
    assert (clock(ticket).due_at, clock(ticket).version) == (due_at, 1)


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"question": " "}, "required"),
        ({"until_at": timedelta()}, "in-the-past"),
        ({"until_at": 31 * DAY}, "too-far"),
        ({"reason": "lunch"}, "unknown-choice"),
    ],
)
def test_a_pause_needs_a_question_and_an_end(desk, aim, log, by_ada, now, given, code):
    aim()
    ticket = log()
    given = {"question": "Which account?", **given, "until_at": now + given.get("until_at", DAY)}
    with pytest.raises((Refused, Invalid)) as refused:
        parking.pause(ticket=ticket, by=by_ada, now=now, **given)
    assert refused.value.code == code
    assert not Pause.objects.exists()


def test_one_pause_at_a_time_and_a_new_one_after_it_ran_out(parked, by_ada, now):
    ticket, pause = parked
    with pytest.raises(Refused, match="parked already"):
        parking.pause(ticket=ticket, question="And?", until_at=now + 5 * DAY, by=by_ada, now=now + 4 * HOUR)
    parking.pause(ticket=ticket, question="And?", until_at=now + 5 * DAY, by=by_ada, now=now + 3 * DAY)
    pause.refresh_from_db()
    assert (pause.ended_at, pause.why_ended) == (now + 3 * DAY, "ran_out")


def test_without_a_target_there_is_nothing_to_pause(ticket, by_ada, now):
    with pytest.raises(Refused, match="nothing to pause"):
        parking.pause(ticket=ticket, question="Which account?", until_at=now + DAY, by=by_ada, now=now)


# First response


def test_the_first_connected_contact_is_the_response(desk, aim, log, by_ada, now):
    aim("first_response", 60)
    ticket = log()
    write(ticket, by_ada, now + 5 * timedelta(minutes=1), channel="phone", reached="no_answer")
    assert clock(ticket, "first_response").stopped_at is None
    write(ticket, by_ada, now + HOUR)
    row = clock(ticket, "first_response")
    assert (row.stopped_at, row.ended, row.next_at) == (now + HOUR, "done", None)
    assert state(ticket, now + DAY, "first_response").state == State.MET


def test_a_contact_written_down_late_counts_when_it_was(desk, aim, log, by_ada, now):
    aim("first_response", 60)
    ticket = log()
    write(ticket, by_ada, now + 3 * HOUR)
    write(ticket, by_ada, now + HOUR, entered=now + 4 * HOUR)
    assert clock(ticket, "first_response").stopped_at == now + HOUR


# Next update


def test_each_update_begins_the_next(desk, aim, log, by_ada, now):
    aim("next_update", 120)
    ticket = log()
    write(ticket, by_ada, now + HOUR)
    write(ticket, by_ada, now + 4 * HOUR)
    rows = list(ticket.target_clocks.order_by("started_at"))
    assert [(row.started_at, row.stopped_at) for row in rows] == [
        (now, now + HOUR),
        (now + HOUR, now + 4 * HOUR),
        (now + 4 * HOUR, None),
    ]


def test_at_the_end_of_a_ticket_no_update_is_owed(desk, aim, log, by_ada, now):
    aim("next_update", 120)
    ticket = log()
    resolve(ticket, by_ada, now + HOUR)
    assert state(ticket, now + DAY, "next_update").state == State.CALLED_OFF
    closing.reopen(ticket=ticket, reason="It is back", by=by_ada, now=now + DAY)
    assert [row.started_at for row in ticket.target_clocks.order_by("started_at")] == [now, now + DAY]


def test_answering_a_follow_up_is_an_update(desk, aim, log, by_ada, now):
    aim("next_update", 120)
    ticket = log()
    answer = answering.Answer(
        reached="reached", brought="answer", text="Paid", closure=closing.Closing("resolved", evidence="customer_said")
    )
    answering.answer(follow_up=ticket.follow_ups.get(), answer=answer, by=by_ada, now=now + HOUR)
    assert [row.ended for row in ticket.target_clocks.order_by("id")] == ["done", "called_off"]


# Resolution


def test_the_closing_that_resolved_stops_it(desk, aim, log, by_ada, now):
    aim()
    ticket = log()
    resolve(ticket, by_ada, now + HOUR)
    row = clock(ticket)
    assert (row.stopped_at, row.ended, row.by_closing) == (now + HOUR, "done", True)


def test_an_undone_closing_never_stopped_it(desk, aim, log, by_ada, now):
    aim()
    ticket = log()
    before = TargetClock.objects.values("due_at", "next_at", "version").get()
    closed = resolve(ticket, by_ada, now + HOUR)
    closing.undo(closure=closed.closure, by=by_ada, now=now + HOUR + timedelta(seconds=5))
    assert TargetClock.objects.values("due_at", "next_at", "version").get() == before
    assert state(ticket, now + 2 * HOUR).used == 2 * HOUR
    assert not Rest.objects.exists()


def test_reopened_it_runs_on_with_the_time_used(desk, aim, log, by_ada, now):
    aim()
    ticket = log()
    resolve(ticket, by_ada, now + 2 * HOUR)
    again = datetime(2026, 11, 30, 15, tzinfo=UTC)  # a Monday, 10:00
    closing.reopen(ticket=ticket, reason="It is back", by=by_ada, now=again)
    assert ticket.target_clocks.count() == 1
    reading = state(ticket, again)
    assert (reading.state, reading.used) == (State.RUNNING, 2 * HOUR)
    assert clock(ticket).due_at == again + 6 * HOUR
    assert state(ticket, now + 3 * HOUR).state == State.MET


@pytest.mark.parametrize(("why", "expected"), [("no_longer_needed", "called_off"), ("gave_up", "breached")])
def test_giving_up_is_no_way_to_stop_a_clock(desk, aim, log, by_ada, now, why, expected):
    aim()
    ticket = log()
    closing.close(ticket=ticket, closing=closing.Closing("withdrawn", why=why), by=by_ada, now=now + HOUR)
    assert state(ticket, now + 10 * DAY).state == expected
    assert clock(ticket).next_at is None


def test_a_waiver_is_no_way_to_stop_a_clock(desk, aim, log, by_ada, by_sam, now):
    aim()
    aim("first_response", 60)
    ticket = log()
    closing.close(ticket=ticket, closing=closing.Closing("no_remedy"), by=by_ada, now=now + HOUR)
    waiving.waive(ticket=ticket, kind="exhausted", reason="All tried", by=by_sam, now=now + 2 * HOUR)
    assert (clock(ticket).stopped_at, clock(ticket).next_at) == (None, None)
    closing.reopen(ticket=ticket, reason="She has news", by=by_sam, now=now + 3 * HOUR)
    assert clock(ticket).next_at is not None


def test_another_priority_takes_its_own_target(desk, aim, log, by_ada, now):
    aim()
    aim(minutes=120, priorities=["high"])
    ticket = log()
    handling.change(ticket=ticket, changes={"priority": "high"}, by=by_ada, now=now + HOUR)
    row = clock(ticket)
    assert (row.target.amount, row.due_at, row.version) == (120, now + 2 * HOUR, 2)


def test_an_edited_target_leaves_what_runs(desk, aim, log, now):
    old = aim()
    ticket = log()
    Target.objects.filter(pk=old.pk).update(replaced_at=now)
    aim(minutes=60)
    assert clock(ticket).due_at == datetime(2026, 11, 25, 15, tzinfo=UTC)


# Rules by name


def test_a_rule_by_family_starts_with_the_ticket_and_dates_its_letter(desk, aim, log, now):
    aim("acknowledgement", 3, unit="working_days", template="uk-disp", families=["Billing"])
    aim("final_answer", 56, unit="days", template="uk-disp", families=["Billing"])
    ticket = log()
    assert clock(ticket, "acknowledgement").due_at == datetime(2026, 12, 1, 5, tzinfo=UTC)
    row = clock(ticket, "final_answer")
    assert row.due_at == datetime(2027, 1, 20, 5, tzinfo=UTC)  # midnight in New York after 56 days
    letter = row.letter
    assert letter.promised_by == datetime(2027, 1, 15, 22, tzinfo=UTC)  # two working days before, at the end of work
    assert (letter.owner, letter.team, letter.channel, letter.by_policy) == (None, ticket.team, "letter", True)
    assert letter.promise == "We send you our final answer in writing."
    assert FollowUp.objects.filter(ticket=ticket).count() == 2


def test_a_rule_without_families_waits_to_be_applied_by_hand(desk, aim, log, by_ada, now):
    aim("final_answer", 1, unit="months", template="eu-gdpr")
    ticket = log(now=datetime(2026, 1, 31, 15, tzinfo=UTC))
    assert not TargetClock.objects.exists()
    targeting.apply_rule(ticket=ticket, template="eu-gdpr", by=by_ada, now=now)
    assert clock(ticket, "final_answer").due_at == datetime(2026, 3, 1, 5, tzinfo=UTC)


def test_the_letter_stops_the_final_answer_and_a_call_does_not(desk, aim, log, by_ada, now):
    aim("final_answer", 15, unit="working_days", template="eu-psd2", families=["Billing"])
    ticket = log()
    write(ticket, by_ada, now + HOUR, channel="phone", reached="reached")
    write(ticket, by_ada, now + HOUR)
    row = clock(ticket, "final_answer")
    assert row.stopped_at is None
    answer = answering.Answer(reached="written", brought="answer", text="Our final answer")
    answering.answer(follow_up=row.letter, answer=answer, by=by_ada, now=now + 2 * HOUR)
    assert clock(ticket, "final_answer").stopped_at == now + 2 * HOUR


def test_imports_start_no_clocks(aim, now):
    aim(team=None)
    aim("first_response", 60, team=None)
    file = io.BytesIO((Path(__file__).parents[2] / "samples" / "tickets.csv").read_bytes())
    started = importing.start(file=file, file_name="t.csv", source="csv", by=Actor(door="shell"), now=now)
    importing.run(run=started, now=now)
    assert Ticket.objects.filter(state="open").exists()
    assert not TargetClock.objects.exists()


def test_a_ticket_from_before_the_targets_that_is_reopened_has_its_resolution_from_then_on(desk, aim, log, by_ada, now):
    ticket = log()
    resolve(ticket, by_ada, now)
    aim()
    aim("first_response", 60)
    closing.reopen(ticket=ticket, reason="It is back", by=by_ada, now=now + HOUR)
    assert list(ticket.target_clocks.values_list("kind", "started_at")) == [("resolution", now + HOUR)]
