"""A desk that never was: tickets, ends, reopenings, contacts, promises and moves drawn by a seed, on a coarse clock.

The clock ticks every six hours, so that instants coincide: ties, ends at the edge of a window, moves as it falls due.
The months hold the change of the clocks in two zones.
"""

import random
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection

from followups import timeline
from followups.models import (
    Actor,
    Closure,
    Confirmation,
    Contact,
    Customer,
    FollowUpState,
    LoggedResolution,
    Policy,
    Ticket,
    Waiver,
)
from tests import factories
from tests.followups.reports import histories
from tests.oracle import random_acts

START = datetime(2026, 1, 5, tzinfo=UTC)
TICK = timedelta(hours=6)
DAYS = 80
CHANNELS = ("phone", "email", "chat")
FAMILIES = ("Billing", "Billing/Refund", "Delivery", "Delivery/Late")
DAYS_OFF = [
    {"on": "2026-02-16", "name": "Holiday", "hours": []},
    {"on": "2026-03-06", "name": "Half a day", "hours": [["09:00", "12:30"]]},
]


class World:
    def __init__(self, seed: int, tickets: int) -> None:
        self.dice = random.Random(seed)
        north, south = factories.team("North"), factories.team("South", kind="outsourced")
        self.teams = [north, south, None]
        self.people = [factories.agent("ada", team=north), factories.agent("sam", "supervisor", team=south)]
        Policy.objects.create(team=north, zone="America/New_York", minutes_each=7, special_days=DAYS_OFF)
        hours = (("08:00", "12:00"), ("13:15", "15:00"))
        Policy.objects.create(team=south, zone="Asia/Kathmandu", week=factories.week(range(6), *hours))
        factories.away(self.people[0], self.instant(), since=START)
        self.customers: list[Customer | None] = [
            histories.person(
                f"customer{n}",
                now=START,
                shared_account=n == 0,
                do_not_contact=self.dice.choice(["none", "none", "all"]),
            )
            for n in range(max(4, tickets // 6))
        ]
        self.targets = random_acts.targets(START)
        self.tickets: list[Ticket] = []
        self.whose: dict[Any, list[tuple[datetime, int | None, int | None]]] = {}
        for number in range(tickets):
            self.tickets.append(self.ticket(number))
        for _ in range(tickets // 2):
            self.loose_contact()

    def instant(self, since: datetime = START, days: int = DAYS) -> datetime:
        return since + self.dice.randrange(1, days * 4) * TICK

    def ticket(self, number: int) -> Ticket:
        at = self.instant()
        row = histories.ticket(
            self.dice.choice([*self.customers, None]),
            at=at,
            family=self.dice.choice(FAMILIES),
            channel=self.dice.choice(CHANNELS),
            priority=self.dice.choice(["high", ""]),
            team=self.dice.choice(self.teams),
            agent=self.dice.choice([*self.people, None]),
            opened_agent=self.dice.choice([*self.people, None]),
            reference=f"R{number:05}" if self.dice.random() < 0.8 else None,
        )
        if self.dice.random() < 0.3:
            self.imported(row)
        else:
            self.lived(row)
        self.promises(row)
        self.contacts(row)
        if self.dice.random() < 0.3:
            random_acts.clocks(self, row)
        return row

    def imported(self, row: Ticket) -> None:
        """Ended in another system, resolved or not; now and then reopened here."""
        resolved = self.instant(row.opened_at, 20) if self.dice.random() < 0.7 else None
        closed = (resolved or row.opened_at) + self.dice.randrange(0, 20) * TICK
        row.imported, row.import_digest = True, "seen"
        row.imported_resolved_at, row.imported_closed_at = resolved, closed
        histories.end(row, at=closed, outcome="imported")
        if self.dice.random() < 0.2:
            self.back(row, self.instant(closed, 20))
        elif self.dice.random() < 0.2:
            reopened_in_the_log(row, at=self.instant(row.opened_at, 10))
        if self.dice.random() < 0.4:
            logged(row, [self.instant(row.opened_at, 15) for _ in range(3)])

    def lived(self, row: Ticket) -> None:
        if self.dice.random() < 0.8:
            self.ending(row, self.instant(row.opened_at, 15))

    def ending(self, row: Ticket, at: datetime) -> None:
        outcome = self.dice.choice(["resolved"] * 5 + ["withdrawn", "waived", "duplicate", "spam"])
        if outcome == "duplicate" and not self.tickets:
            outcome = "spam"
        if outcome == "waived":
            self.waived(row, at)
        else:
            other = self.dice.choice(self.tickets) if outcome == "duplicate" else None
            why = self.dice.choice(["gave_up", "solved_elsewhere"]) if outcome == "withdrawn" else ""
            evidence = self.dice.choice(["observed", "other_system"]) if outcome == "resolved" else ""
            histories.close(row, at=at, outcome=outcome, duplicate_of=other, why=why, evidence=evidence)
            self.said(row, at)
        if self.dice.random() < 0.35:
            self.back(row, self.instant(at, 20))

    def waived(self, row: Ticket, at: datetime) -> None:
        kind = self.dice.choice(["exhausted", "deceased", "legal"])
        told = histories.contact(row, at=at, direction="outbound", reached="written") if kind == "legal" else None
        histories.waive(row, at=at, by=self.people[1], kind=kind, told_contact=told)

    def said(self, row: Ticket, at: datetime) -> None:
        """Her own words of it, twice in one instant now and then."""
        for _ in range(self.dice.choice([0, 0, 1, 1, 2])):
            when = at + self.dice.randrange(0, 12) * TICK
            Confirmation.objects.create(
                ticket=row, confirmed=self.dice.random() < 0.6, at=when, by_name="She", by_customer=True
            )

    def back(self, row: Ticket, at: datetime) -> None:
        histories.reopen(row, at=at)
        if self.dice.random() < 0.5:
            histories.contact(row, at=at)
        if self.dice.random() < 0.6:
            self.ending(row, self.instant(at, 15))
        elif self.dice.random() < 0.3:
            self.undone(row, self.instant(at, 15))

    def undone(self, row: Ticket, at: datetime) -> None:
        closure = histories.close(row, at=at)
        closure.undone_at = at + timedelta(seconds=5)
        closure.save()
        row.state, row.closed_at, row.resolved_at, row.outcome = "open", None, None, ""
        row.save()

    def contacts(self, row: Ticket) -> None:
        for _ in range(self.dice.randrange(3)):
            purpose = self.dice.choice(["", "", "chase", "thanks", "automatic"])
            direction = self.dice.choice(["inbound", "inbound", "outbound"])
            histories.contact(
                row,
                at=self.instant(row.opened_at, 30),
                purpose=purpose,
                direction=direction,
                channel=self.dice.choice(CHANNELS),
                transfers=self.dice.choice([None, 0, 1, 3]),
                recorded_by=self.dice.choice([None, *self.people]),
            )

    def loose_contact(self) -> None:
        histories.contact(None, customer=self.dice.choice(self.customers), at=self.instant())

    def promises(self, row: Ticket) -> None:
        for _ in range(self.dice.randrange(3)):
            self.promise(row)

    def promise(self, row: Ticket) -> None:
        made = self.instant(row.opened_at, 10)
        due = self.instant(made, 10)
        told = made + self.dice.randrange(0, 8) * TICK if self.dice.random() < 0.8 else None
        window = due - 2 * TICK if self.dice.random() < 0.5 else None
        step = histories.promise(
            row,
            made=made,
            by=due,
            told=told,
            promised_from=window,
            channel=self.dice.choice(["phone", "phone", "email", "none"]),
            voicemail_ok=self.dice.random() < 0.3,
            owner=self.dice.choice([None, *self.people]),
            team=self.dice.choice(self.teams),
            state=FollowUpState.SCHEDULED,
            ended_at=None,
        )
        for _ in range(self.dice.choice([0, 0, 0, 1, 2])):
            self.move(step)
        random_acts.hand_overs(self, step)
        self.done(step)

    def move(self, step: Any) -> None:
        last = step.moves.order_by("at").last()
        at = self.instant(last.at if last else step.promised_at, 8)
        histories.move(
            step, at=at, to=self.instant(at, 8), agreed=self.dice.random() < 0.6, from_from=step.promised_from
        )

    def done(self, step: Any) -> None:
        for _ in range(self.dice.randrange(3)):
            reached = self.dice.choice(["reached", "written", "voicemail", "no_answer", "wrong_number"])
            touched = histories.tried(step, at=self.instant(step.promised_at, 14), reached=reached)
            if step.told_at and self.dice.random() < 0.1:
                step.told_contact = touched
        step.brought = self.dice.choice(["answer", "news", "no_news"])
        step.state, step.ended_at = FollowUpState.KEPT, self.instant(step.promised_at, 14)
        if self.dice.random() < 0.2:
            step.state, step.brought = FollowUpState.CALLED_OFF, ""
            step.called_off_by = self.dice.choice(["customer", "us"])
        step.save()
        self.answers(step)

    def answers(self, step: Any) -> None:
        if self.dice.random() < 0.3:
            histories.contact(step.ticket, at=self.instant(step.promised_at, 14), answers_follow_up=step)

    def dead_ends(self, count: int) -> None:
        """Closings that did not close, each replaced by a follow-up."""
        for row in self.dice.sample(self.tickets, count):
            at = self.instant(row.opened_at, 10)
            step = histories.promise(row, made=at, by=at + TICK, told=self.dice.choice([None, at]))
            closure = histories.replaced(row, at=at, by=step, outcome=self.dice.choice(["no_remedy", "unreachable"]))
            if self.dice.random() < 0.2:
                closure.undone_at = at + timedelta(seconds=5)
                closure.save()

    def entered_late(self) -> None:
        """Written down long after it happened."""
        for rows, entered in (
            (Contact.objects.all(), "entered_at"),
            (Ticket.objects.all(), "created_at"),
            (Closure.objects.all(), "entered_at"),
            (Waiver.objects.all(), "entered_at"),
        ):
            keys = sorted(rows.values_list("pk", flat=True), key=str)
            rows.filter(pk__in=keys[:: self.dice.randrange(5, 9)]).update(**{entered: self.instant()})

    def practice(self, count: int) -> None:
        """Demo tickets: they count only where there is no other."""
        for number in range(count):
            who = histories.person(f"practice{number}", now=START, is_demo=True)
            row = histories.ticket(who, at=self.instant(), is_demo=True, team=self.teams[0])
            histories.close(row, at=self.instant(row.opened_at, 10))
            histories.contact(row, at=self.instant(row.closed_at, 10))


def reopened_in_the_log(row: Ticket, *, at: datetime) -> None:
    """One that stands in the imported log alone."""
    row.reopenings.create(at=at, entered_at=at, by_name="import", reason="log", imported=True)


def logged(row: Ticket, instants: list[datetime]) -> None:
    """States of its imported history: resolved twice, then closed."""
    for seq, (at, state) in enumerate(zip(instants, ("Resolved", "Resolved", "Closed"), strict=True), 1):
        is_said = {"resolved": True} if state == "Resolved" else {}
        timeline.record(
            "imported.state", by=Actor("import"), now=at, ticket=row, seq=seq, state=state, ended=True, **is_said
        )
    LoggedResolution.objects.create(ticket=row, at=min(instants[:2]))


def make(seed: int, tickets: int = 90) -> World:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL followups.importing = 'on'")
    world = World(seed, tickets)
    world.dead_ends(tickets // 8)
    settle()
    random_acts.merges(world)
    world.practice(3)
    world.entered_late()
    return world


INSTANTS = {
    "ticket": "opened_at imported_resolved_at imported_closed_at imported_reopened_at created_at",
    "contact": "at entered_at",
    "closure": "at entered_at reopened_at undone_at",
    "waiver": "at entered_at reopened_at",
    "reopening": "at entered_at",
    "event": "at entered_at",
    "loggedresolution": "at",
    "followup": "promised_at promised_from promised_by told_at ended_at",
    "handover": "at",
    "move": "at from_from from_by to_by",
    "confirmation": "at",
    "targetclock": "started_at due_at stopped_at changed_at",
    "rest": "from_at until_at",
    "pause": "from_at until_at ended_at",
    "absence": "from_at until_at",
}


def shift(interval: str) -> None:
    """Move everything that happened; triggers that keep history as it was stand aside."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = 'replica'")
        for table, columns in INSTANTS.items():
            moved = ", ".join(f"{name} = {name} + {interval}" for name in columns.split())
            cursor.execute(f"UPDATE followups_{table} SET {moved}")


def settle() -> None:
    """Every open ticket that was ever promised something keeps an open step far away, as the gate wants it, made when all else
    is over.
    """
    far = START + timedelta(days=4000)
    for row in Ticket.objects.filter(state="open"):
        if row.follow_ups.exists() or row.closures.filter(closed=False).exists():
            histories.promise(row, made=START + 2 * timedelta(days=DAYS), by=far, state="scheduled", ended_at=None)
