"""Small desks that Hypothesis makes up: a few customers, what they brought, how it ended, and when they came back.

Every row has a key of its own that does not hang on when it was written.
"""

import uuid
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from django.db import connection, transaction
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st

from followups.models import (
    Closure,
    Confirmation,
    Contact,
    Customer,
    FollowUp,
    Reopening,
    Target,
    TargetClock,
    Ticket,
)
from tests import factories

START = datetime(2026, 1, 5, tzinfo=UTC)
TICK = timedelta(hours=12)
DAY = timedelta(days=1)
PEOPLE, FAMILIES, CHANNELS = 3, ("Billing", "Delivery"), ("phone", "email")
MANY, FEW = 60, 4


def examples(count: int) -> settings:
    """The few are the same every time, and are not made smaller."""
    return settings(
        phases=[Phase.generate] if count == FEW else list(Phase),
        max_examples=count,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        database=None,
        derandomize=count == FEW,
    )


@dataclass(frozen=True)
class Life:
    """One ticket, in ticks: when it was opened, how long until it ended, until it came back, and ended again."""

    who: int
    family: str
    channel: str
    opened: int
    ended: int | None
    outcome: str
    back: int | None
    again: int | None
    yes: bool | None
    undone: bool
    promised: int | None
    kept: int | None


@dataclass(frozen=True)
class Call:
    """A contact of a customer about a ticket, or none, in ticks."""

    who: int
    about: int | None
    at: int
    purpose: str


@dataclass(frozen=True)
class Desk:
    lives: tuple[Life, ...]
    calls: tuple[Call, ...]


def maybe(strategy: st.SearchStrategy) -> st.SearchStrategy:
    return st.none() | strategy


lives = st.builds(
    Life,
    who=st.integers(0, PEOPLE - 1),
    family=st.sampled_from(FAMILIES),
    channel=st.sampled_from(CHANNELS),
    opened=st.integers(0, 40),
    ended=maybe(st.integers(1, 40)),
    outcome=st.sampled_from(["resolved", "resolved", "resolved", "withdrawn", "spam"]),
    back=maybe(st.integers(1, 40)),
    again=maybe(st.integers(1, 40)),
    yes=maybe(st.booleans()),
    undone=st.booleans(),
    promised=maybe(st.integers(1, 20)),
    kept=maybe(st.integers(0, 24)),
)
calls = st.builds(
    Call,
    who=st.integers(0, PEOPLE - 1),
    about=maybe(st.integers(0, 5)),
    at=st.integers(0, 100),
    purpose=st.sampled_from(["", "", "chase", "thanks"]),
)
desks = st.builds(Desk, st.lists(lives, min_size=1, max_size=5).map(tuple), st.lists(calls, max_size=6).map(tuple))


@contextmanager
def lived(desk: Desk, *, start: datetime = START, backwards: bool = False):
    """The rows of a desk, gone again afterwards; written first to last, or last to first."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL followups.importing = 'on'")
        write(desk, start, backwards)
        yield
        transaction.set_rollback(True)


def write(desk: Desk, start: datetime, backwards: bool) -> None:
    made: dict[type, list] = {
        kind: [] for kind in (Customer, Ticket, FollowUp, Contact, Closure, Reopening, Confirmation, TargetClock)
    }
    for number in range(PEOPLE):
        made[Customer].append(Customer(pk=key("who", number), name=f"P{number}", created_at=start, updated_at=start))
    target = Target.objects.create(kind="resolution", amount=14_400, elapsing="elapsed", made_at=start)
    for number, life in enumerate(desk.lives):
        write_life(made, number, life, start, target)
    for number, call in enumerate(desk.calls):
        write_call(made, number, call, desk, start)
    for kind, rows in made.items():
        kind.objects.bulk_create(rows[::-1] if backwards else rows)


def key(kind: str, number: int, turn: int = 0) -> uuid.UUID:
    return uuid.uuid5(uuid.NAMESPACE_OID, f"{kind} {number} {turn}")


def write_life(made: dict[type, list], number: int, life: Life, start: datetime, target: Target) -> None:
    category, opened = factories.category(life.family), start + life.opened * TICK
    row = Ticket(
        pk=9_000_000 + number,
        number=f"X{number:07}",
        reference=f"R{number}",
        customer_id=key("who", life.who),
        subject="It",
        category=category,
        channel=life.channel,
        opened_at=opened,
        created_at=opened,
        updated_at=opened,
    )
    made[Ticket].append(row)
    contact(made, ("opening", number), row, at=opened, is_opening=True)
    made[TargetClock].append(
        TargetClock(
            pk=9_000_000 + number,
            ticket=row,
            target=target,
            kind="resolution",
            started_at=opened,
            due_at=opened + 10 * DAY,
            changed_at=opened,
        )
    )
    end(made, number, life, row)
    promise(made, number, life, row)


def contact(made: dict[type, list], name: tuple[str, int], row: Ticket | None, *, at: datetime, **fields) -> None:
    given = {
        "direction": "inbound",
        "channel": "phone",
        "entered_at": at,
        "customer_id": row.customer_id if row else None,
    }
    made[Contact].append(Contact(pk=key(*name), ticket=row, at=at, **given | fields))


def end(made: dict[type, list], number: int, life: Life, row: Ticket) -> None:
    """Ended, come back, ended once more; undone at last, or said to be so or not."""
    if life.ended is None:
        return
    at = row.opened_at + life.ended * TICK
    first = closing(made, number, 0, life, row, at)
    row.state, row.closed_at, row.outcome = "closed", at, life.outcome
    made[Confirmation] += confirmations(number, life, row, at)
    if life.back is not None:
        first.reopened_at = back = at + life.back * TICK
        made[Reopening].append(
            Reopening(pk=9_000_000 + number, ticket=row, at=back, entered_at=back, by_name="Ada", reason="Back")
        )
        row.state, row.closed_at, row.outcome = "open", None, ""
        if life.again is not None:
            last = closing(made, number, 1, replace(life, outcome="resolved"), row, back + life.again * TICK)
            last.undone_at = last.at + timedelta(seconds=5) if life.undone else None
            if not life.undone:
                row.state, row.closed_at, row.outcome = "closed", last.at, "resolved"


def closing(made: dict[type, list], number: int, turn: int, life: Life, row: Ticket, at: datetime) -> Closure:
    made[Closure].append(
        Closure(
            pk=key("closing", number, turn),
            ticket=row,
            outcome=life.outcome,
            closed=True,
            at=at,
            entered_at=at,
            by_name="Ada",
            door="web",
            evidence="observed" if life.outcome == "resolved" else "",
            why="gave_up" if life.outcome == "withdrawn" else "",
            category=row.category,
            channel=row.channel,
        )
    )
    return made[Closure][-1]


def confirmations(number: int, life: Life, row: Ticket, at: datetime) -> list[Confirmation]:
    if life.yes is None:
        return []
    return [Confirmation(pk=9_000_000 + number, ticket=row, confirmed=life.yes, at=at + TICK, by_name="She")]


def promise(made: dict[type, list], number: int, life: Life, row: Ticket) -> None:
    """Told as it was made; kept or tried after so many ticks."""
    if life.promised is None:
        return
    due = row.opened_at + life.promised * TICK
    step = FollowUp(
        pk=key("step", number),
        ticket=row,
        promise="We call you.",
        promised_at=row.opened_at,
        promised_by=due,
        told_at=row.opened_at,
        zone="UTC",
        wall_by=f"{due:%Y-%m-%dT%H:%M:%S}",
        created_at=row.opened_at,
        updated_at=row.opened_at,
        state="kept",
        ended_at=due,
        brought="answer",
    )
    made[FollowUp].append(step)
    if life.kept is not None:
        at = row.opened_at + life.kept * TICK
        contact(made, ("try", number), row, at=at, direction="outbound", follow_up=step)


def write_call(made: dict[type, list], number: int, call: Call, desk: Desk, start: datetime) -> None:
    """About a ticket of hers that there was by then, else about nothing that is known."""
    at, tickets = start + call.at * TICK, made[Ticket]
    row = tickets[call.about] if call.about is not None and call.about < len(desk.lives) else None
    if row and (row.opened_at > at or row.customer_id != key("who", call.who)):
        row = None
    contact(made, ("call", number), row, at=at, customer_id=key("who", call.who), purpose=call.purpose)
