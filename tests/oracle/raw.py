"""The recorded rows as DuckDB tables, instants as microseconds of UTC; nothing of the product's reading of them."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import duckdb
import pandas as pd
from django.db import connection

TABLES = {
    "ticket": "id, number, reference, source, customer_id, category_id, channel, priority, opened_team_id, opened_at, "
    "team_id, agent_id, state, imported, import_digest, imported_resolved_at, imported_closed_at, imported_reopened_at",
    "category": "id, path, family",
    "customer": "id, shared_account",
    "team": "id, name, kind",
    "contact": "id, ticket_id, customer_id, direction, at, reached, purpose, follow_up_id, answers_follow_up_id",
    "closure": "id, ticket_id, outcome, closed, at, why, replaced_by_id, team_id, category_id, channel, priority, "
    "reopened_at, undone_at",
    "waiver": "id, ticket_id, kind, at, team_id, category_id, channel, priority, reopened_at",
    "reopening": "id, ticket_id, at",
    "followup": "id, ticket_id, channel, voicemail_ok, promised_at, promised_from, promised_by, told_at, "
    "told_contact_id, state, called_off_by, ended_at, brought",
    "move": "id, follow_up_id, at, from_from, from_by, to_by, agreed, agreed_contact_id",
}
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def micros(instant: datetime) -> int:
    return (instant - EPOCH) // timedelta(microseconds=1)


def plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return micros(value)
    return str(value) if isinstance(value, UUID | Decimal) else value


def load() -> duckdb.DuckDBPyConnection:
    """An in-memory database with a copy of every row."""
    duck = duckdb.connect()
    for name, columns in TABLES.items():
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {columns} FROM followups_{name}")
            found = [[plain(value) for value in row] for row in cursor.fetchall()]
        names = [column.strip() for column in columns.split(",")]
        frame = pd.DataFrame(found, columns=names, dtype=object)
        duck.register("frame", frame)
        kinds = ", ".join(f'TRY_CAST("{name}" AS {kind(name)}) AS "{name}"' for name in names)
        duck.execute(f'CREATE TABLE "{name}" AS SELECT {kinds} FROM frame')
        duck.unregister("frame")
    return duck


def kind(name: str) -> str:
    if name in ("closed", "agreed", "imported", "shared_account", "voicemail_ok"):
        return "BOOLEAN"
    if (
        name == "at"
        or name.endswith("_at")
        or name in ("promised_by", "promised_from", "from_by", "from_from", "to_by")
    ):
        return "BIGINT"
    return "VARCHAR"
