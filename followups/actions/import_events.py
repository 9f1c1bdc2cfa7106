"""The event log of an import: staged by COPY, then written to the history of its tickets in sets.

Events are known again by ticket and `seq`; they only ever feed the timeline, the reopenings and when it was first said to be
resolved, never whether it is.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.db import connection

from followups import timeline
from followups.actions import import_reading, import_rows, import_writing

STAGE = """
CREATE TEMP TABLE import_event (
    line bigint, reference text, seq integer, at timestamptz, state text, ended boolean, resolved boolean, team text,
    agent text, actor text, priority text, reopen_count integer, reassignment_count integer)"""
DOUBLES = """
DELETE FROM import_event WHERE line IN (
    SELECT line FROM (
        SELECT line, row_number() OVER (PARTITION BY reference, seq ORDER BY line) AS n FROM import_event) x
    WHERE n > 1) RETURNING line"""
STAGE_HISTORY = f"""
CREATE TEMP TABLE import_history AS
WITH of AS MATERIALIZED (
    SELECT t.id, t.reference, {import_writing.TOUCHED} AS is_kept FROM followups_ticket t
    WHERE t.source = %s AND t.reference IN (SELECT reference FROM import_event)
), stored AS MATERIALIZED (
    SELECT DISTINCT h.ticket_id, (h.data->>'seq')::bigint AS seq FROM followups_event h
    WHERE h.kind = 'imported.state' AND h.ticket_id IN (SELECT id FROM of)
)
SELECT e.*, of.id AS ticket_id, stored.seq IS NOT NULL AS is_known, coalesce(of.is_kept, false) AS is_kept
FROM import_event e
LEFT JOIN of USING (reference)
LEFT JOIN stored ON stored.ticket_id = of.id AND stored.seq = e.seq"""  # noqa: S608
# States stored by an earlier run stand between those of this file, so that a log loaded in pieces reads as one.
STAGE_STORED = """
INSERT INTO import_history (ticket_id, seq, at, state, ended, is_known, is_kept)
SELECT h.ticket_id, (h.data->>'seq')::bigint, h.at, h.data->>'state', coalesce((h.data->>'ended')::boolean, false),
    true, false
FROM followups_event h
WHERE h.kind = 'imported.state'
    AND h.ticket_id IN (SELECT ticket_id FROM import_history WHERE NOT is_known AND NOT is_kept)
    AND NOT EXISTS (
        SELECT 1 FROM import_history x WHERE x.ticket_id = h.ticket_id AND x.seq = (h.data->>'seq')::bigint)"""
COUNTS = """
SELECT count(*) FILTER (WHERE NOT is_known AND NOT is_kept), count(*) FILTER (WHERE is_known),
    count(*) FILTER (WHERE NOT is_known AND is_kept)
FROM import_history"""
COUNT_TO_REOPEN = """
SELECT count(*) FROM (
    SELECT h.*, lag(ended) OVER (PARTITION BY coalesce(ticket_id::text, reference) ORDER BY seq) AS was_ended
    FROM import_history h
) x WHERE was_ended AND NOT ended AND NOT is_known AND NOT is_kept"""
NEXT = """
SELECT max(ticket_id) FROM (
    SELECT DISTINCT ticket_id FROM import_history WHERE ticket_id > %s AND NOT is_known AND NOT is_kept
    ORDER BY ticket_id LIMIT %s) x"""
REOPENINGS = """
INSERT INTO followups_reopening (id, ticket_id, at, entered_at, by_name, by_customer, reason, imported)
SELECT md5('imported ' || ticket_id || ' ' || seq)::uuid, ticket_id, at, %(now)s, coalesce(nullif(actor, ''), 'import'),
    false, left('Reopened in the imported history: ' || state, 300), true
FROM (
    SELECT h.*, lag(ended) OVER (PARTITION BY ticket_id ORDER BY seq) AS was_ended FROM import_history h
    WHERE ticket_id > %(after)s AND ticket_id <= %(until)s
) x
WHERE was_ended AND NOT ended AND NOT is_kept
ON CONFLICT (id) DO NOTHING"""
FIRST_RESOLVED = """
INSERT INTO followups_loggedresolution AS known (ticket_id, at)
SELECT ticket_id, min(at) FROM import_history
WHERE ticket_id > %(after)s AND ticket_id <= %(until)s AND resolved AND NOT is_kept GROUP BY ticket_id
ON CONFLICT (ticket_id) DO UPDATE SET at = excluded.at WHERE excluded.at < known.at"""
COUNT_REOPENINGS = """
UPDATE followups_ticket t SET reopen_count = n FROM (
    SELECT r.ticket_id, count(*) AS n FROM followups_reopening r WHERE r.imported AND r.ticket_id > %(after)s
        AND r.ticket_id <= %(until)s GROUP BY 1
) x WHERE t.id = x.ticket_id AND t.source = %(source)s AND t.reopen_count <> n"""
COLUMNS = (
    "line, reference, seq, at, state, ended, resolved, team, agent, actor, priority, reopen_count, reassignment_count"
)


def begin() -> None:
    """An empty stage for this connection."""
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS import_event, import_history")
        cursor.execute(STAGE)


def stage(rows: Iterable[import_rows.EventRow]) -> None:
    with connection.cursor() as cursor, cursor.copy(f"COPY import_event ({COLUMNS}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(
                (row.line, row.reference, row.seq, row.at, row.state, row.ended, row.resolved, row.team, row.agent,
                 row.actor, row.priority, row.reopen_count, row.reassignment_count)
            )  # fmt: skip


def without_ticket(rows: Sequence[import_rows.EventRow], *, known: Any, source: str) -> list[import_reading.Bad]:
    """What is wrong with rows whose ticket is neither in the file nor among those imported before."""
    unknown = {row.reference for row in rows if row.reference not in known}
    found = (
        {reference for reference, _, _ in _rows(import_writing.STORED, [list(unknown), source])} if unknown else set()
    )
    return [
        import_reading.Bad(
            row.line, "reference", "unknown-ticket", f'No ticket "{row.reference}" was loaded.', "events"
        )
        for row in rows
        if row.reference in unknown and row.reference not in found
    ]


def doubles() -> list[import_reading.Bad]:
    """Take rows that repeat a ticket's `seq` off the stage; the first of each stays."""
    message = "This seq of the ticket stands in the file before."
    return [import_reading.Bad(line, "seq", "duplicate", message, "events") for (line,) in sorted(_rows(DOUBLES))]


def match(*, source: str) -> dict[str, int]:
    """Set the stage against what is stored: how many events are new, known, and of tickets touched here."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE import_event")
        cursor.execute(STAGE_HISTORY, [source])
        cursor.execute("CREATE INDEX ON import_history (ticket_id, seq)")
        cursor.execute("ANALYZE import_history")
    made, unchanged, kept = _rows(COUNTS)[0]
    with connection.cursor() as cursor:
        cursor.execute(STAGE_STORED)
    return {"events_made": made, "events_unchanged": unchanged, "events_kept": kept}


def would_reopen() -> int:
    """How many reopenings the new events of the stage tell of."""
    return _rows(COUNT_TO_REOPEN)[0][0]


def next_batch(*, after: int, size: int) -> int | None:
    """The last ticket of the next batch that has something new, or None."""
    return _rows(NEXT, [after, size])[0][0]


def write_batch(*, after: int, until: int, load: import_writing.Load, now: datetime) -> int:
    """Write the new events and reopenings of the tickets in `(after, until]`; how many events."""
    written = timeline.record_staged(table="import_history", after=after, until=until, now=now)
    bounds: dict[str, Any] = {"after": after, "until": until, "now": now, "source": load.source}
    with connection.cursor() as cursor:
        cursor.execute(REOPENINGS, bounds)
        load.counts["reopenings"] += cursor.rowcount
        cursor.execute(FIRST_RESOLVED, bounds)
        if not load.has("reopen_count"):
            cursor.execute(COUNT_REOPENINGS, bounds)
    return written


def end() -> None:
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS import_event, import_history")


def _rows(statement: str, given: Sequence[Any] = ()) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(statement, given)
        return cursor.fetchall()
