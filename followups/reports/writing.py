"""The statements that write the facts, of everybody or of the touched, and that compare them with the rows."""

from collections.abc import Iterable

from followups.reports import daily, kept, recontact, resolution
from followups.reports.ends import Tables

# All of history, whenever it happened.
EVER = {"start": "-infinity", "end": "infinity", "as_of": "infinity"}
REAL = Tables(counted="NOT t.is_demo")
ENDS, TICKETS = "followups_endfact", "followups_ticketfact"

END_FACTS = """
    INSERT INTO followups_endfact (ticket_id, at, team_id, agent_id, category_id, channel, priority, customer_id,
        resolved, left_out, next_any, next_same)
    WITH {who} {happened}
    {fresh} ORDER BY u.start
"""

# A group turned where one of its tickets ended twice, was reopened, or ended as a duplicate or spam: until its last turn
# it stood otherwise than it does now.
TICKET_FACTS = """
    INSERT INTO followups_ticketfact (ticket_id, at, team_id, agent_id, category_id, channel, priority, customer_id,
        ended_at, resolved, left_out, is_first, by_1, by_3, by_7, by_30, reopened_at, turned_until)
    WITH {who} {tickets}, {episodes},
    turns AS (
        SELECT ticket_id, count(*) > 1 OR bool_or(until IS NOT NULL OR left_out IS NOT NULL) AS turned,
            max(greatest(start, until)) AS last
        FROM ends GROUP BY ticket_id
    ),
    back AS (SELECT ticket_id, min(at) AS at FROM {reopening} r GROUP BY ticket_id),
    together AS (
        SELECT t.ticket_id, bool_or(turns.turned) OVER which AS turned, max(turns.last) OVER which AS last
        FROM tickets t LEFT JOIN turns ON turns.ticket_id = t.ticket_id
        WINDOW which AS (PARTITION BY CASE WHEN t.alone THEN t.ticket_id END,
            CASE WHEN NOT t.alone THEN t.customer_id END, CASE WHEN NOT t.alone THEN t.family END)
    )
    SELECT t.ticket_id, t.at, t.team_id, t.agent_id, t.category_id, t.channel, t.priority, t.customer_id, t.ended_at,
        t.resolved, t.left_out, m.episode IS NOT NULL, h.by_1, h.by_3, h.by_7, h.by_30, back.at,
        CASE WHEN together.turned THEN together.last END
    FROM tickets t
    JOIN together ON together.ticket_id = t.ticket_id
    LEFT JOIN members m ON m.episode = t.ticket_id AND m.ticket_id = t.ticket_id
    LEFT JOIN horizons h ON h.episode = t.ticket_id
    LEFT JOIN back ON back.ticket_id = t.ticket_id
    ORDER BY t.at
"""


def statements(of: Tables, who: str = "") -> tuple[str, str]:
    """The two statements that write the facts of these tables."""
    return (
        END_FACTS.format(who=who, happened=recontact.happened(of), fresh=recontact.FRESH),
        TICKET_FACTS.format(
            who=who, tickets=resolution.tickets(of), episodes=resolution.EPISODES, reopening=of.reopening
        ),
    )


ALL = statements(REAL)
GIVEN = """who AS MATERIALIZED (SELECT %(customers)s::uuid[] AS customers, %(tickets)s::bigint[] AS tickets),
        named AS MATERIALIZED (SELECT %(named)s::bigint[] AS tickets),"""
SOME = statements(kept.TOUCHED, GIVEN)
# What the columns of a day count, of ends (won and lost) and of tickets.
END_DAYS = (
    "CASE WHEN f.resolved THEN 'won' ELSE 'lost' END",
    (
        "f.left_out IS NULL",
        *(
            f"f.left_out IS NULL AND f.{which} <= f.at + interval '{24 * days} hours'"
            for days in daily.WINDOWS
            for which in ("next_any", "next_same")
        ),
        *(f"f.left_out = '{reason}'" for reason in recontact.REASONS),
    ),
)
TICKET_DAYS = (
    "'tickets'",
    (
        "f.left_out IS NULL",
        "f.left_out IS NULL AND f.resolved",
        "f.ended_at IS NULL",
        "f.left_out IS NULL AND NOT f.resolved",
        *(f"f.left_out = '{reason}'" for reason in resolution.REASONS),
        "f.left_out IS NULL AND f.reopened_at IS NOT NULL",
        "f.is_first",
        *(f"f.is_first AND f.by_{days}" for days in daily.HORIZONS),
    ),
)
# All cuts in one pass: `grouping` has a bit for each column that a row is not grouped by, the last one's the lowest.
COLUMNS = [column for column, _ in daily.CUTS.values()]


def by_level(values: Iterable[str], whole: str) -> str:
    """These values, each where a row is of its cut."""
    cases = (f"WHEN {15 - (8 >> place)} THEN {value}" for place, value in enumerate(values))
    return f"CASE grouping({', '.join(COLUMNS)}) {' '.join(cases)} ELSE {whole} END"


CUT = by_level((f"'{cut}'" for cut in daily.CUTS), "'total'")
KEY = by_level((key for _, key in daily.CUTS.values()), "''")
SETS = ", ".join(["(of, day)", *(f"(of, day, {column})" for column in COLUMNS)])
COUNTED = f"""
    SELECT of, {CUT}, {KEY}, day, ARRAY[{{counts}}]
    FROM (SELECT *, {{of}} AS of, (at AT TIME ZONE %(zone)s)::date AS day FROM {{table}} f WHERE {{whose}}) f
    GROUP BY GROUPING SETS ({SETS})
"""
ADD = f"""
    INSERT INTO followups_daycount AS had (of, cut, key, day, counts)
    {COUNTED}
    ON CONFLICT (of, cut, day, key) DO UPDATE
    SET counts = ARRAY(SELECT a + b FROM unnest(had.counts, excluded.counts) WITH ORDINALITY u (a, b, n) ORDER BY n)
"""


def adding(table: str, days: tuple[str, tuple[str, ...]], *, sign: str = "", whose: str = "true") -> str:
    counts = ", ".join(f"{sign}count(*) FILTER (WHERE {condition})" for condition in days[1])
    return ADD.format(of=days[0], counts=counts, table=table, whose=whose)


DAYS = {ENDS: END_DAYS, TICKETS: TICKET_DAYS}
OF_WHOM = "f.ticket_id = ANY(%(tickets)s::bigint[]) OR f.customer_id = ANY(%(customers)s::uuid[])"
LATEST = """
    UPDATE followups_keeping SET latest = greatest(latest,
        (SELECT max(f.at) FROM followups_endfact f WHERE {whose}),
        (SELECT max(greatest(f.at, f.ended_at, f.reopened_at, f.turned_until)) FROM followups_ticketfact f WHERE {whose}))
"""
TAKE = """
    DELETE FROM followups_touched WHERE id IN (SELECT id FROM followups_touched ORDER BY id LIMIT %(batch)s)
    RETURNING customer_id, ticket_id
"""
TAKEN = """
    SELECT unnest(%(customers)s::uuid[]) AS customer_id, NULL::bigint AS ticket_id
    UNION ALL SELECT NULL, unnest(%(tickets)s::bigint[])
"""
WHO = f"WITH {kept.who(TAKEN)} SELECT who.customers, who.tickets, named.tickets FROM who, named"
DROP = "DELETE FROM {table} f WHERE {whose}"

DIFFERING = """
    WITH anew ({columns}) AS ({select}), had AS (SELECT {columns} FROM {table}),
    odd AS ((SELECT * FROM anew EXCEPT ALL SELECT * FROM had) UNION ALL (SELECT * FROM had EXCEPT ALL SELECT * FROM anew))
    SELECT count(*) FROM odd
"""
ADDED = f"""
    WITH anew AS ({COUNTED}), had AS (
        SELECT of, cut, key, day, counts FROM followups_daycount
        WHERE (of = 'tickets') = ('{{table}}' = 'followups_ticketfact') AND 0 <> ANY(counts)
    ), odd AS ((SELECT * FROM anew EXCEPT ALL SELECT * FROM had) UNION ALL (SELECT * FROM had EXCEPT ALL SELECT * FROM anew))
    SELECT count(*) FROM odd
"""


def differing(table: str) -> str:
    """How many facts of a table differ from what the rows say."""
    statement = dict(zip((ENDS, TICKETS), ALL, strict=True))[table]
    columns = statement.partition("(")[2].partition(")")[0]
    select = "WITH " + statement.partition("WITH ")[2].rpartition("ORDER BY")[0]
    return DIFFERING.format(columns=columns, select=select, table=table)


def differing_days(table: str) -> str:
    """How many counts of days differ from what the facts say."""
    of, conditions = DAYS[table]
    counts = ", ".join(f"count(*) FILTER (WHERE {condition})" for condition in conditions)
    return ADDED.format(of=of, counts=counts, table=table, whose="true")
