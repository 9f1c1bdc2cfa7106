"""A desk that does anything in any order, with a clock that ticks when it likes: what must hold, holds after each step.

The machine keeps a reckoning of its own: which stage of which date the clock has to tell at its next tick, and which it
passes over. Whatever people did in between, what was told is that, and each once.
"""

import contextlib
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from followups import worktime
from followups.actions import answering, closing, handling, intake, promising, scheduling, waiving
from followups.clock import reminders
from followups.errors import Refused
from followups.models import Actor, Closure, FollowUp, Notice, Policy, Reminder, Ticket
from tests import factories

MONDAY = datetime(2026, 11, 23, 8, 30, tzinfo=UTC)
QUARTER = timedelta(minutes=15)
RANKS = {"": 0, "ahead": 1, "due": 2, "overdue": 3, "escalated": 4}
some = st.integers(min_value=0, max_value=10**6)
ahead = st.integers(min_value=1, max_value=200)
yes_or_no = st.booleans()


class Desk(RuleBasedStateMachine):
    """Rows are drawn by a number modulo how many there are, so that every step finds something to do."""

    def __init__(self):
        super().__init__()
        self.taken_back = transaction.atomic()
        self.taken_back.__enter__()
        self.now = MONDAY
        self.since = {}
        self.reached = {}
        self.expected = []

    def teardown(self):
        transaction.set_rollback(True)
        self.taken_back.__exit__(None, None, None)

    @initialize()
    def people(self):
        self.teams = [factories.team("Billing"), factories.team("Service")]
        self.agents = [factories.agent("ada", team=self.teams[0]), factories.agent("ben", team=self.teams[1])]
        sam = factories.agent("sam", "supervisor")
        sam.teams.set(self.teams)
        self.sue = Actor("web", agent=factories.agent("sue", "supervisor", team=self.teams[0]))
        self.by = [Actor("web", agent=agent) for agent in (*self.agents, sam)]
        self.customers = [factories.customer(now=self.now, name=name, email="") for name in ("Ana", "Eva")]
        for turn in range(3):
            self.log(customer=turn % 2, agent=turn, quarters=4 * turn or None, told=True)

    # What is there

    def one(self, rows, number):
        """The newest is drawn most often: most of what is said is said of what is going on."""
        found = list(rows.order_by("-created_at", "pk"))
        return found[number % len(found)] if found else None

    def step(self, quarters, told=False):
        by = self.now + quarters * QUARTER
        return promising.Step(by, by - QUARTER if quarters % 3 else None, told=told or None, channel="email")

    def do(self, act, **fields):
        """What is refused is not done at all; anything else that goes wrong is a failure."""
        with contextlib.suppress(Refused):
            act(now=self.now, **fields)
        self.observe()

    def observe(self):
        """New dates are dates from now on."""
        for row in FollowUp.objects.all():
            self.since.setdefault((row.pk, row.version), self.now)

    # What people do

    @rule(customer=yes_or_no, agent=some, quarters=st.none() | ahead, told=yes_or_no)
    def log(self, customer, agent, quarters, told):
        who = self.agents[agent % 2]
        given = intake.Intake(
            "Refund missing",
            "Billing/Refund",
            "phone",
            customer_row=self.customers[customer],
            team=self.teams[agent % 2],
            agent=who,
            follow_up=self.step(quarters, told) if quarters else None,
        )
        self.do(intake.open_ticket, intake=given, by=Actor("web", agent=who))

    @rule(number=some, by=some, outcome=st.sampled_from(["resolved", "withdrawn", "spam"]))
    def close(self, number, by, outcome):
        given = closing.Closing(outcome, evidence="observed", evidence_text="Seen.", why="gave_up")
        self.end(number, by, given)

    @rule(number=some, by=some, outcome=st.sampled_from(["no_remedy", "unreachable"]), quarters=st.none() | ahead)
    def dead_end(self, number, by, outcome, quarters):
        self.end(number, by, closing.Closing(outcome, follow_up=self.step(quarters, True) if quarters else None))

    @rule(number=some, other=some)
    def merge(self, number, other):
        self.end(number, 2, closing.Closing("duplicate", duplicate_of=self.one(Ticket.objects, other)))

    def end(self, number, by, given):
        ticket = self.one(Ticket.objects, number)
        if ticket:
            self.do(closing.close, ticket=ticket, closing=given, by=self.by[by % 3])

    @rule(number=some, by=some, seconds=st.integers(min_value=0, max_value=12), ticks=yes_or_no)
    def close_and_undo(self, number, by, seconds, ticks):
        """Within ten seconds, with or without a tick between."""
        self.end(number, by, closing.Closing("spam"))
        closure = Closure.objects.order_by("-at", "-entered_at").first()
        self.now += timedelta(seconds=seconds)
        if ticks:
            self.tick()
        if closure:
            self.do(closing.undo, closure=closure, by=self.by[by % 3])

    @rule(number=some, quarters=st.none() | ahead)
    def reopen(self, number, quarters):
        ticket = self.one(Ticket.objects.filter(state="closed"), number)
        if ticket:
            step = self.step(quarters) if quarters else None
            self.do(closing.reopen, ticket=ticket, reason="Not so", follow_up=step, by=self.by[0])

    @rule(number=some, then=st.sampled_from(["", "nothing", "new_ticket"]))
    def call_in(self, number, then):
        ticket = self.one(Ticket.objects, number)
        if ticket:
            told = handling.Told("inbound", "phone", then=then)
            self.do(handling.record_contact, told=told, ticket=ticket, by=self.by[0])

    @rule(number=some)
    def waive(self, number):
        ticket = self.one(Ticket.objects.open(), number)
        if ticket:
            self.do(waiving.waive, ticket=ticket, kind="exhausted", reason="All tried.", by=self.sue)

    @rule(number=some, team=yes_or_no)
    def hand_to_team(self, number, team):
        ticket = self.one(Ticket.objects, number)
        if ticket:
            self.do(handling.change, ticket=ticket, changes={"team": self.teams[team]}, by=self.by[2])

    @rule(number=some, quarters=ahead, told=yes_or_no)
    def plan(self, number, quarters, told):
        ticket = self.one(Ticket.objects, number)
        if ticket:
            self.do(scheduling.schedule, ticket=ticket, step=self.step(quarters, told), by=self.by[2])

    @rule(number=some, quarters=ahead, agreed=yes_or_no)
    def move(self, number, quarters, agreed):
        row = self.one(FollowUp.objects, number)
        if row:
            contact = row.ticket.contacts.first() if agreed else None
            by = self.by[2]
            self.do(scheduling.move, follow_up=row, step=self.step(quarters), reason="x", agreed_contact=contact, by=by)

    @rule(number=some, act=st.sampled_from(["take", "acknowledge", "tell", "assign", "call_off"]), by=some, more=some)
    def handle(self, number, act, by, more):
        row = self.one(FollowUp.objects, number)
        if row is None:
            return
        fields = {
            "tell": {"contact": None},
            "assign": {"owner": [None, *self.agents][more % 3]},
            "call_off": {
                "called_off_by": "us",
                "reason": "x",
                "next_step": self.step(1 + more % 100) if more % 2 else None,
            },
        }
        self.do(getattr(scheduling, act), follow_up=row, by=self.by[by % 3], **fields.get(act, {}))

    @rule(
        number=some,
        by=some,
        reached=st.sampled_from(["reached", "written", "no_answer"]),
        brought=st.sampled_from(["answer", "news", "no_news"]),
        then=st.sampled_from(["step", "close", "dead end", "nothing"]),
    )
    def answer(self, number, by, reached, brought, then):
        row = self.one(FollowUp.objects, number)
        if row is None:
            return
        ends = {
            "close": closing.Closing("resolved", evidence="customer_said"),
            "dead end": closing.Closing("no_remedy"),
        }
        given = answering.Answer(
            reached,
            brought,
            from_party="the bank",
            expected_on=self.now.date(),
            closure=ends.get(then),
            next_step=self.step(30) if then == "step" else None,
        )
        self.do(answering.answer, follow_up=row, answer=given, by=self.by[by % 3])

    # What time does

    @rule(minutes=st.sampled_from([1, 14, 15, 60, 241, 24 * 60, 4 * 24 * 60]))
    def pass_time(self, minutes):
        self.now += timedelta(minutes=minutes)

    @rule(seconds=st.sampled_from([-1, 0, 1]))
    def pass_until_something_is_due(self, seconds):
        due = [at for row in FollowUp.objects.open() for at in self.instants(row).values() if at > self.now]
        if due:
            self.now = max(self.now, min(due) + timedelta(seconds=seconds))
            self.tick()

    @precondition(lambda self: self.since)
    @rule()
    def tick(self):
        told = [found for row in FollowUp.objects.open() if (found := self.next_of(row))]
        for pk, version, stage in told:
            self.reached[pk, version] = stage
        self.expected += told
        assert reminders.sweep(now=self.now) == len(told)
        assert reminders.sweep(now=self.now) == 0

    def next_of(self, row):
        """The latest stage that is past and was not told of this date; what lies before it is passed over."""
        version = row.version
        rank = RANKS[self.reached.get((row.pk, version), "")]
        past = [stage for stage, at in self.instants(row).items() if self.since[row.pk, version] <= at <= self.now]
        held = row.acknowledged_until and row.acknowledged_until > self.now
        past = [stage for stage in past if RANKS[stage] > rank and not (held and stage == "escalated")]
        return (row.pk, version, max(past, key=RANKS.get)) if past else None

    def instants(self, row):
        calendar, due = Policy.objects.of(None).calendar, row.promised_by
        return {
            "ahead": row.promised_from - timedelta(minutes=15) if row.promised_from else due - timedelta(hours=1),
            "due": due,
            "overdue": worktime.add_working(due, timedelta(minutes=30), calendar),
            "escalated": worktime.add_working(due, timedelta(hours=2), calendar),
        }

    # What always holds

    @invariant()
    def gate_holds(self):
        """The deferred triggers look now, and then once more at every row."""
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")
            cursor.execute("SELECT count(followups_gate_check(id)) FROM followups_ticket")

    @invariant()
    def no_orphan_exists(self):
        assert not Ticket.objects.without_next_step().exists()
        assert not FollowUp.objects.open().filter(ticket__state="closed").exists()

    @invariant()
    def each_stage_is_told_once(self):
        """Of each date, stage by stage, and to each person once."""
        rows = list(Notice.objects.filter(kind="reminder").values_list("follow_up", "version", "stage", "recipient"))
        assert len(rows) == len(set(rows))
        assert {row[:3] for row in rows} == set(self.expected)
        assert len(self.expected) == len(set(self.expected))

    @invariant()
    def stage_is_the_last_one_told(self):
        for row in FollowUp.objects.open():
            assert row.stage == self.reached.get((row.pk, row.version), "")

    @invariant()
    def ended_and_moved_ones_wait_for_nothing(self):
        waiting = Reminder.objects.filter(state="waiting").select_related("follow_up")
        assert [row for row in waiting if not row.follow_up.is_open or row.version != row.follow_up.version] == []


def walk(**bounds):
    slow = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
    run_state_machine_as_test(Desk, settings=settings(deadline=None, suppress_health_check=slow, **bounds))


@pytest.mark.django_db
def test_desk_that_does_anything_in_any_order():
    walk(max_examples=12, stateful_step_count=50, derandomize=True, database=None)


@pytest.mark.full
@pytest.mark.django_db
def test_desk_that_does_anything_for_long():
    walk(max_examples=150, stateful_step_count=60, print_blob=True)
