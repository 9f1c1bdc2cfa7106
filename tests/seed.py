"""Rows that the migrations write (the desk's own policy, the one row of the site), given back after each test that
empties every table: pytest-xdist runs such tests before others, and those count on the rows."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

ROWS = "SELECT coalesce(json_agg(row_to_json(t)), '[]')::text FROM {table} t"
BACK = "INSERT INTO {table} SELECT * FROM json_populate_recordset(null::{table}, %s)"


def rows() -> dict[str, str]:
    """The followups tables that are not empty, as JSON."""
    with connection.cursor() as cursor:
        found = {}
        for table in connection.introspection.table_names(cursor):
            if table.startswith("followups_"):
                cursor.execute(ROWS.format(table=table))
                found[table] = cursor.fetchone()[0]
    return {table: text for table, text in found.items() if text != "[]"}


def give_back(kept: dict[str, str]) -> None:
    if not kept:
        return
    with connection.cursor() as cursor, without_triggers(cursor):
        cursor.execute(f"TRUNCATE {', '.join(kept)} CASCADE")
        for table, text in kept.items():
            cursor.execute(BACK.format(table=table), [text])


@contextmanager
def without_triggers(cursor) -> Iterator[None]:
    """History would note the rows a second time."""
    cursor.execute("SET session_replication_role = replica")
    yield
    cursor.execute("SET session_replication_role = DEFAULT")
