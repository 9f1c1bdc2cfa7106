"""Every table as the migrations left it, after a test that committed: the desk's own policy, the one row of the site,
content types and permissions are rows that later tests count on.

Django would truncate every table and make its permissions anew; here a table costs only where a test wrote to it.
"""

from dataclasses import dataclass

from django.db import connection, transaction

ROWS = "SELECT coalesce(json_agg(row_to_json(t)), '[]')::text FROM {table} t"
BACK = "INSERT INTO {table} SELECT * FROM json_populate_recordset(null::{table}, %s)"
NO_ROWS = "[]"
# History would note these rows too, and a foreign key would mind their order.
WITHOUT_TRIGGERS = "SET LOCAL session_replication_role = replica"
# What ANALYZE counted outlives the rows, even rolled back: the planner would take a table that grows for an empty one
# and join it row by row, and read the dead rows of a big one each time.
MISCOUNTED = """
    SELECT oid::regclass::text FROM pg_class
    WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
        AND (relpages > 0 AND relname <> ALL(%s) OR pg_relation_size(oid) > 1000000)
"""


@dataclass(frozen=True)
class Seed:
    """The rows that migrations wrote, as JSON by their table, and the one question that names the tables which differ."""

    rows: dict[str, str]
    question: str


def sown() -> Seed:
    """What the tables hold before the first test."""
    with connection.cursor() as cursor:
        rows = {}
        for table in sorted(connection.introspection.table_names(cursor)):
            cursor.execute(ROWS.format(table=table))
            rows[table] = cursor.fetchone()[0]
    written = {table: text for table, text in rows.items() if text != NO_ROWS}
    changed = [f"({ROWS.format(table=table)}) <> %s, '{table}'" for table in written]
    changed += [f"EXISTS (SELECT FROM {table}), '{table}'" for table in rows if table not in written]
    return Seed(written, " UNION ALL ".join(f"SELECT {one}" for one in changed))


def give_back(seed: Seed) -> None:
    """Empty what was written to, but for the rows of the migrations."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(seed.question, list(seed.rows.values()))
        changed = [table for differs, table in cursor.fetchall() if differs]
        cursor.execute(WITHOUT_TRIGGERS)
        for table in changed:
            cursor.execute(f"DELETE FROM {table}")
            if table in seed.rows:
                cursor.execute(BACK.format(table=table), [seed.rows[table]])


def count_again(seed: Seed) -> None:
    """Forget what was counted in tables that are empty again, and the dead rows of big ones; on a new session, where that of
    the test was ended.
    """
    if not connection.is_usable():
        connection.close()
    with connection.cursor() as cursor:
        cursor.execute(MISCOUNTED, [list(seed.rows)])
        if tables := ", ".join(table for (table,) in cursor.fetchall()):
            cursor.execute(f"VACUUM {tables}")
