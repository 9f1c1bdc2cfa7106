"""The recorded rows as they are, instants as microseconds of UTC; nothing of the product's reading of them."""

import json
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import duckdb
import pandas as pd
from django.db import connection

TABLES = {
    "ticket": "id, number, reference, customer_id, category_id, channel, priority, opened_team_id, opened_agent_id, "
    "opened_at, created_at, team_id, agent_id, state, imported, import_digest, imported_resolved_at, imported_closed_at, "
    "imported_reopened_at, ever_followed, is_demo",
    "category": "id, path, family",
    "customer": "id, shared_account, do_not_contact",
    "team": "id, name, kind",
    "agent": "id, username, role, is_active",
    "agent_teams": "agent_id, team_id",
    "absence": "agent_id, from_at, until_at",
    "contact": "id, ticket_id, customer_id, direction, channel, at, entered_at, reached, purpose, is_opening, follow_up_id, "
    "answers_follow_up_id, transfers, recorded_by_id",
    "closure": "id, ticket_id, outcome, closed, at, entered_at, evidence, why, replaced_by_id, team_id, agent_id, by_id, "
    "category_id, channel, priority, reopened_at, undone_at",
    "waiver": "id, ticket_id, kind, at, entered_at, team_id, agent_id, category_id, channel, priority, reopened_at",
    "reopening": "id, ticket_id, at",
    "event": "ticket_id, kind, at, data->>'resolved' AS resolved",
    "confirmation": "id, ticket_id, at, confirmed",
    "followup": "id, ticket_id, owner_id, team_id, promiser_id, channel, voicemail_ok, promised_at, promised_from, "
    "promised_by, told_at, told_contact_id, state, called_off_by, ended_at, brought",
    "move": "id, follow_up_id, at, from_from, from_by, to_by, agreed, agreed_contact_id",
    "handover": "id, follow_up_id, at, from_owner_id, from_team_id",
    "policy": "team_id, zone, week, special_days, daily_minutes, minutes_each",
    "target": "id, kind, amount, unit, elapsing",
    "targetclock": "id, ticket_id, target_id, kind, started_at, stopped_at, ended",
    "rest": "clock_id, from_at, until_at, ended",
    "pause": "ticket_id, reason, from_at, until_at, ended_at",
}
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
Rows = dict[str, list[dict[str, Any]]]


def micros(instant: datetime) -> int:
    return (instant - EPOCH) // timedelta(microseconds=1)


def instant(at: int) -> datetime:
    return EPOCH + timedelta(microseconds=at)


def plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return micros(value)
    return str(value) if isinstance(value, UUID | Decimal) else value


def read() -> Rows:
    """A copy of every row."""
    found = {}
    for name, columns in TABLES.items():
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {columns} FROM followups_{name}")
            names = [column.name for column in cursor.description]
            found[name] = [dict(zip(names, map(plain, row), strict=True)) for row in cursor.fetchall()]
    for row in found["policy"]:
        row |= {name: json.loads(row[name]) for name in ("week", "special_days")}
    return found


def grouped(rows: list[dict[str, Any]], by: str, order: Callable[[dict], Any] | None = None) -> dict[Any, list[dict]]:
    found: dict[Any, list[dict]] = defaultdict(list)
    for row in sorted(rows, key=order) if order else rows:
        found[row[by]].append(row)
    return found


def table(duck: duckdb.DuckDBPyConnection, name: str, rows: list[dict[str, Any]], kinds: dict[str, str]) -> None:
    """A table of these columns, of the kinds given."""
    frame = pd.DataFrame([[row[column] for column in kinds] for row in rows], columns=list(kinds), dtype=object)
    duck.register("frame", frame)
    cast = ", ".join(f'TRY_CAST("{column}" AS {kind}) AS "{column}"' for column, kind in kinds.items())
    duck.execute(f'CREATE TABLE "{name}" AS SELECT {cast} FROM frame')
    duck.unregister("frame")
