"""Tickets of an import, written in sets: looked up, compared and copied a batch at a time.

A ticket that somebody here has touched is never changed. Whoever calls holds the transaction of the batch.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import uuid4

from django.contrib.auth.hashers import make_password
from django.db import connection, models
from psycopg.types.json import Jsonb

from followups import numbers, timeline
from followups.actions import import_rows
from followups.models import Actor, Agent, Category, Contact, Customer, Team, Ticket

TOUCHED = """(t.revision <> 1
    OR EXISTS (SELECT 1 FROM followups_event x WHERE x.ticket_id = t.id AND x.door <> 'import')
    OR EXISTS (SELECT 1 FROM followups_followup x WHERE x.ticket_id = t.id)
    OR EXISTS (SELECT 1 FROM followups_closure x WHERE x.ticket_id = t.id)
    OR EXISTS (SELECT 1 FROM followups_waiver x WHERE x.ticket_id = t.id)
    OR EXISTS (SELECT 1 FROM followups_note x WHERE x.ticket_id = t.id)
    OR EXISTS (SELECT 1 FROM followups_contact x WHERE x.ticket_id = t.id AND NOT x.is_opening))"""
# Row by row through the unique index: on a table not yet analysed the planner would read all of a source's tickets.
STORED = """
SELECT t.reference, t.id, t.import_digest FROM unnest(%s::text[]) AS wanted (reference) CROSS JOIN LATERAL (
    SELECT reference, id, import_digest FROM followups_ticket
    WHERE source = %s AND reference = wanted.reference LIMIT 1) t"""
TOUCHED_AMONG = f"SELECT t.id FROM followups_ticket t WHERE t.id = ANY(%s) AND {TOUCHED}"  # noqa: S608
CUSTOMERS = """
SELECT c.reference, c.id, c.merged_into_id FROM unnest(%s::text[]) AS wanted (reference) CROSS JOIN LATERAL (
    SELECT reference, id, merged_into_id FROM followups_customer WHERE reference = wanted.reference LIMIT 1) c"""
SURVIVORS = """
WITH RECURSIVE chain AS (
    SELECT id AS start, id, merged_into_id FROM followups_customer WHERE id = ANY(%s)
    UNION
    SELECT chain.start, c.id, c.merged_into_id FROM chain JOIN followups_customer c ON c.id = chain.merged_into_id
) SELECT start, id FROM chain WHERE merged_into_id IS NULL"""
SERIALS = """
SELECT nextval('followups_ticket_serial'), nextval(pg_get_serial_sequence('followups_ticket', 'id'))
FROM generate_series(1, %s)"""
CHANGED = "CREATE TEMP TABLE IF NOT EXISTS import_changed (LIKE followups_ticket) ON COMMIT DROP"
UPDATE = """
UPDATE followups_ticket t SET {settings}, extra = t.extra || s.extra FROM import_changed s WHERE t.id = s.id"""
CHANGED_OPENINGS = """
UPDATE followups_contact c SET at = t.opened_at, channel = t.channel, customer_id = t.customer_id, team_id = t.team_id
FROM followups_ticket t WHERE t.id = ANY(%s) AND c.ticket_id = t.id AND c.is_opening"""

# What a column of the file may change in a ticket that stands.
CHANGES = {
    "customer_ref": ("customer_id",),
    "subject": ("subject",),
    "description": ("description",),
    "category": ("category_id",),
    "subcategory": ("category_id",),
    "channel": ("channel",),
    "priority": ("priority",),
    "team": ("team_id", "opened_team_id"),
    "agent": ("agent_id", "opened_agent_id"),
    "reopen_count": ("reopen_count",),
    **dict.fromkeys(
        ["status", "resolved_at", "closed_at"],
        ("state", "resolved_at", "closed_at", "outcome", "imported", "imported_resolved_at", "imported_closed_at"),
    ),
}
ALWAYS_CHANGED = ("opened_at", "import_digest", "updated_at")


@dataclass
class Load:
    """One run at work: where its tickets come from, its counts, and the names it has met so far."""

    source: str
    by: Actor
    run: str
    has: Callable[..., bool]
    dry_run: bool = False
    counts: Counter = field(default_factory=Counter)
    known: dict[str, dict[str, Any]] = field(default_factory=lambda: {"team": {}, "agent": {}, "path": {}})
    dry_customers: set[str] = field(default_factory=set)


@dataclass
class Plan:
    new: list[import_rows.TicketRow]
    changed: list[tuple[int, import_rows.TicketRow]]
    unchanged: int = 0
    kept: int = 0


def load_batch(rows: Sequence[import_rows.TicketRow], *, load: Load, now: datetime) -> None:
    """Write a batch, or in a dry run only count what would be written."""
    plan = _plan(rows, load.source)
    wanted = [*plan.new, *(row for _, row in plan.changed)]
    customers = _customers(wanted, load=load, now=now)
    _names(wanted, load=load)
    if not load.dry_run and wanted:
        _write(plan, customers, load=load, now=now)
    load.counts.update(made=len(plan.new), updated=len(plan.changed), unchanged=plan.unchanged, kept=plan.kept)


def _write(plan: Plan, customers: dict, *, load: Load, now: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL followups.importing = 'on'")
    _insert([_ticket(row, customers, load=load, now=now) for row in plan.new], source=load.source, now=now)
    changed = [{"id": pk, **_ticket(row, customers, load=load, now=now)} for pk, row in plan.changed]
    _update(changed, load=load, now=now)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL followups.importing = 'off'")


def _rows(statement: str, *given: Any) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(statement, given)
        return cursor.fetchall()


def _plan(rows: Sequence[import_rows.TicketRow], source: str) -> Plan:
    found = _rows(STORED, [row.reference for row in rows], source)
    stored = {reference: (pk, digest) for reference, pk, digest in found}
    new = [row for row in rows if row.reference not in stored]
    differing = [
        (stored[row.reference][0], row)
        for row in rows
        if row.reference in stored and stored[row.reference][1] != row.digest
    ]
    touched = {pk for (pk,) in _rows(TOUCHED_AMONG, [pk for pk, _ in differing])} if differing else set()
    changed = [(pk, row) for pk, row in differing if pk not in touched]
    return Plan(new, changed, unchanged=len(stored) - len(differing), kept=len(touched))


def _customers(rows: Sequence[import_rows.TicketRow], *, load: Load, now: datetime) -> dict:
    """The customers of the rows by reference, made where new; those merged stand for the one they went into."""
    references = {row.customer for row in rows if row.customer}
    found = _stored_customers(list(references))
    missing = sorted(references - set(found) - load.dry_customers)
    load.counts["customers"] += len(missing)
    if load.dry_run:
        load.dry_customers.update(missing)
    elif missing:
        made = [Customer(reference=reference, created_at=now, updated_at=now) for reference in missing]
        Customer.objects.bulk_create(made, batch_size=1000, ignore_conflicts=True)
        found.update(_stored_customers(missing))
    return found


def _stored_customers(references: list[str]) -> dict:
    rows = _rows(CUSTOMERS, references) if references else []
    merged = [pk for _, pk, into in rows if into]
    survivors = dict(_rows(SURVIVORS, merged)) if merged else {}
    return {reference: survivors.get(pk, pk) for reference, pk, _ in rows}


def _names(rows: Sequence[import_rows.TicketRow], *, load: Load) -> None:
    """Teams, agents and categories of the rows, made where unknown. Agents made here cannot sign in."""
    families = {row.path: row.family for row in rows}
    closed = make_password(None)
    _met("team", Team, "name", {row.team for row in rows}, lambda name: Team(name=name), load)
    _met("agent", Agent, "username", {row.agent for row in rows}, lambda name: _agent(name, closed), load)
    _met("path", Category, "path", set(families), lambda path: Category(path=path, family=families[path]), load)


def _agent(name: str, password: str) -> Agent:
    return Agent(username=name, password=password, is_active=False)


def _met(kind: str, model: type[models.Model], key: str, names: Collection[str], make: Callable, load: Load) -> None:
    known = load.known[kind]
    unmet = [name for name in names if name and name not in known]
    rows = model._default_manager.filter(**{f"{key}__in": unmet}).values_list(key, "pk") if unmet else []
    known.update(rows)
    missing = sorted(name for name in unmet if name not in known)
    load.counts[{"team": "teams", "agent": "agents", "path": "categories"}[kind]] += len(missing)
    if load.dry_run:
        known.update(dict.fromkeys(missing))
    elif missing:
        model._default_manager.bulk_create([make(name) for name in missing], ignore_conflicts=True)
        known.update(model._default_manager.filter(**{f"{key}__in": missing}).values_list(key, "pk"))


def _ticket(row: import_rows.TicketRow, customers: dict, *, load: Load, now: datetime) -> dict[str, Any]:
    """The columns of a ticket by name."""
    team, agent = load.known["team"].get(row.team), load.known["agent"].get(row.agent)
    return {
        "reference": row.reference,
        "source": load.source,
        "customer_id": customers.get(row.customer),
        "subject": row.subject,
        "description": row.description,
        "category_id": load.known["path"][row.path],
        "channel": row.channel,
        "priority": row.priority,
        "team_id": team,
        "agent_id": agent,
        "opened_team_id": team,
        "opened_agent_id": agent,
        "opened_at": row.opened_at,
        "reopen_count": row.reopen_count or 0,
        "extra": Jsonb(row.extra),
        "import_digest": row.digest,
        "created_at": now,
        "updated_at": now,
        **_standing(row),
    }


def _standing(row: import_rows.TicketRow) -> dict[str, Any]:
    """How the ticket stands. Without `resolved_at` it ended unresolved, and no outcome is made up for it."""
    return {
        "state": "closed" if row.ended else "open",
        "resolved_at": row.resolved_at,
        "closed_at": row.closed_at,
        "outcome": "resolved" if row.resolved_at else "",
        "imported": row.ended,
        "imported_resolved_at": row.resolved_at,
        "imported_closed_at": row.closed_at,
    }


def _insert(tickets: list[dict], *, source: str, now: datetime) -> None:
    if not tickets:
        return
    for ticket, (serial, pk) in zip(tickets, _rows(SERIALS, len(tickets)), strict=True):
        ticket |= {"id": pk, "number": numbers.with_check(serial)}
    pour(Ticket, tickets)
    pour(Contact, [_opening(ticket, source, now) for ticket in tickets])


def _opening(ticket: dict, source: str, now: datetime) -> dict[str, Any]:
    return {
        "id": uuid4(),
        "source": source,
        "ticket_id": ticket["id"],
        "customer_id": ticket["customer_id"],
        "direction": "inbound",
        "channel": ticket["channel"],
        "at": ticket["opened_at"],
        "entered_at": now,
        "is_opening": True,
        "team_id": ticket["team_id"],
    }


def _update(tickets: list[dict], *, load: Load, now: datetime) -> None:
    if not tickets:
        return
    columns = {column for name, changed in CHANGES.items() if load.has(name) for column in changed}
    settings = ", ".join(f"{column} = s.{column}" for column in sorted(columns.union(ALWAYS_CHANGED)))
    with connection.cursor() as cursor:
        cursor.execute(CHANGED)
        pour(Ticket, [{"number": "", **ticket} for ticket in tickets], table="import_changed")
        cursor.execute(UPDATE.format(settings=settings))
        cursor.execute("DROP TABLE import_changed")
        cursor.execute(CHANGED_OPENINGS, [[ticket["id"] for ticket in tickets]])
    changed = Ticket.objects.in_bulk([ticket["id"] for ticket in tickets])
    timeline.record_all(
        [timeline.event("ticket.changed", by=load.by, now=now, ticket=row, run=load.run) for row in changed.values()]
    )


def pour(model: type[models.Model], rows: Iterable[dict], *, table: str = "") -> None:
    """Copy rows of columns by name into the model's table; the model's defaults fill the other columns."""
    rows = list(rows)
    given = list(rows[0])
    others = [field for field in model._meta.concrete_fields if field.column not in given and not field.primary_key]
    constants = tuple(_stored(field) for field in others)
    columns = ", ".join([*given, *(str(field.column) for field in others)])
    statement = f"COPY {table or model._meta.db_table} ({columns}) FROM STDIN"
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row((*row.values(), *constants))


def _stored(field: models.Field) -> Any:
    value = field.get_default()
    return Jsonb(value) if isinstance(field, models.JSONField) else value
