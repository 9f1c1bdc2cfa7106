"""The statements that write the facts, of everybody or of the touched, and that compare them with the rows."""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from followups.reports import (
    confirmed,
    daily,
    dead_ends,
    first_contact,
    kept,
    outreach,
    promises,
    recontact,
    resolution,
)
from followups.reports.ends import Tables

# All of history, whenever it happened.
EVER = {"start": "-infinity", "end": "infinity", "as_of": "infinity"}
REAL = Tables(counted="NOT t.is_demo")


class Fact(NamedTuple):
    """How the facts of one table are made, and how the counts of their days.

    `columns` stand beside where each is placed, in the order in which `made` (the WITH list and the SELECT) says them,
    written in the order of `at`. `of` is the kind of a day by a fact's columns, one of `kinds`; `counts` are conditions,
    none where no days are counted, `sums` the whole numbers added up behind them; `latest` names the instants that a later
    as_of must not lie before.
    """

    table: str
    columns: str
    made: Callable[[Tables], str]
    at: str
    of: str = ""
    kinds: tuple[str, ...] = ()
    counts: tuple[str, ...] = ()
    latest: str = "NULL::timestamptz"
    sums: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return self.table.removeprefix("followups_").removesuffix("fact") + "s"

    @property
    def all_columns(self) -> str:
        return f"{kept.PLACED}, {self.columns}" if self.columns else kept.PLACED

    def day(self, sign: str = "") -> str:
        """The counts and sums of the facts of a day, or what they take away."""
        counts = [f"{sign}count(*) FILTER (WHERE {condition})" for condition in self.counts]
        return ", ".join([*counts, *(f"{sign}coalesce(sum({each}), 0)::bigint" for each in self.sums)])

    def select(self, of: Tables, who: str = "") -> str:
        return f"WITH {who} {self.made(of)}"

    def write(self, of: Tables, who: str = "") -> str:
        """Writes the facts of these tables."""
        return f"INSERT INTO {self.table} ({self.all_columns}) {self.select(of, who)} ORDER BY {self.at}"


def ends(of: Tables) -> str:
    return f"{recontact.happened(of)}, {confirmed.said(of)} {confirmed.FRESH}"


# A group turned where one of its tickets ended twice, was reopened, or ended as a duplicate or spam: until its last turn
# it stood otherwise than it does now.
def tickets(of: Tables) -> str:
    return f"""
    {resolution.tickets(of)}, {resolution.EPISODES},
    turns AS (
        SELECT ticket_id, count(*) > 1 OR bool_or(until IS NOT NULL OR left_out IS NOT NULL) AS turned,
            max(greatest(start, until)) AS last
        FROM ends GROUP BY ticket_id
    ),
    back AS (SELECT ticket_id, min(at) AS at FROM {of.reopening} r GROUP BY ticket_id),
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
    """


# A ticket that was opened after one of its contacts was not there yet at an as_of between the two. Which groups turned, the
# facts of tickets say, which are written before.
def episodes(of: Tables) -> str:
    return f"""
    {first_contact.facts(of)}
    SELECT {kept.of("k")}, {", ".join(f"k.{name}" for name in first_contact.COLUMNS.split(", "))},
        greatest(t.turned_until, k.joined_after)
    FROM known k JOIN followups_ticketfact t ON t.ticket_id = k.ticket_id
    """


def of_window(days: int) -> dict[str, str]:
    """The figures of first contact, of the facts whose days are over."""
    found = first_contact.at_the_end(f"interval '{24 * days} hours'")
    stood, again = found["stood_resolved"], found["came_again"]
    counts = {"num": f"({stood}) AND NOT ({again})", "came_again": again, "not_resolved": f"NOT ({stood})"}
    return {name: f"f.is_first AND {condition}" for name, condition in counts.items()} | {
        name: f"CASE WHEN f.is_first THEN {found[name]} END" for name in first_contact.EFFORT
    }


WITHIN = [of_window(days) for days in daily.WINDOWS]
ENDS = Fact(
    table="followups_endfact",
    columns=confirmed.COLUMNS,
    made=ends,
    at="u.start",
    of="CASE WHEN f.resolved THEN 'won' ELSE 'lost' END",
    kinds=("won", "lost"),
    counts=(
        "f.left_out IS NULL",
        *(
            f"f.left_out IS NULL AND f.{which} <= f.at + interval '{24 * days} hours'"
            for days in daily.WINDOWS
            for which in ("next_any", "next_same")
        ),
        *(f"f.left_out = '{reason}'" for reason in recontact.REASONS),
        "f.left_out IS NULL AND f.confirmed",
        *(
            f"f.left_out IS NULL AND coalesce(NOT f.confirmed, f.next_same <= f.at + interval '{24 * days} hours')"
            for days in daily.WINDOWS
        ),
        "f.left_out IS NULL AND f.claimed",
    ),
    latest="f.at, f.said_at",
)
TICKETS = Fact(
    table="followups_ticketfact",
    columns="ended_at, resolved, left_out, is_first, by_1, by_3, by_7, by_30, reopened_at, turned_until",
    made=tickets,
    at="t.at",
    of="'tickets'",
    kinds=("tickets",),
    counts=(
        "f.left_out IS NULL",
        "f.left_out IS NULL AND f.resolved",
        "f.ended_at IS NULL",
        "f.left_out IS NULL AND NOT f.resolved",
        *(f"f.left_out = '{reason}'" for reason in resolution.REASONS),
        "f.left_out IS NULL AND f.reopened_at IS NOT NULL",
        "f.is_first",
        *(f"f.is_first AND f.by_{days}" for days in daily.HORIZONS),
    ),
    latest="f.at, f.ended_at, f.reopened_at, f.turned_until",
)
CLOSURES = Fact(
    table="followups_closurefact",
    columns="outcome, dead, closed, told_at",
    made=lambda of: f"said AS ({dead_ends.said(of)}) SELECT * FROM said",
    at="at",
    of="'closures'",
    kinds=("closures",),
    counts=(
        "f.outcome NOT IN ('duplicate', 'spam')",
        "f.dead",
        "f.outcome = 'no_remedy'",
        "f.outcome = 'unreachable'",
        "f.outcome = 'withdrawn' AND f.dead",
        "NOT f.closed",
        "NOT f.closed AND f.told_at IS NOT NULL",
        "f.dead AND (f.closed OR f.told_at IS NULL)",
        *(f"f.outcome = '{reason}'" for reason in dead_ends.REASONS),
    ),
    latest="f.at, f.told_at",
)
EPISODES = Fact(
    table="followups_episodefact",
    columns=f"{first_contact.COLUMNS}, turned_until",
    made=episodes,
    at="k.at",
    of="'episodes'",
    kinds=("episodes",),
    counts=(
        "true",
        "f.is_first",
        *(f"f.left_out = '{reason}'" for reason in first_contact.REASONS),
        *(each[name] for name in ("num", "came_again", "not_resolved") for each in WITHIN),
    ),
    sums=tuple(each[name] for name in first_contact.EFFORT for each in WITHIN),
    latest="f.at, f.turned_until",
)
# A draw may lie ahead, and hangs on nothing after it: no as_of lies before it in vain.
DRAWS = Fact(
    table="followups_drawfact",
    columns="",
    made=lambda of: f"{outreach.draws(of)} SELECT * FROM drawn",
    at="at",
)


# A promise stood otherwise before the last that happened to it; its date, which may lie ahead, is none of that.
def promised(of: Tables) -> str:
    return f"""
    {promises.happened(of)},
    promised AS ({promises.promised(of)}),
    changed AS (
        SELECT follow_up_id, max(at) AS at
        FROM (SELECT follow_up_id, at FROM moves UNION ALL SELECT follow_up_id, at FROM {of.handover} h) each
        GROUP BY follow_up_id
    )
    SELECT {kept.of("p")}, p.follow_up_id, p.told_at, p.left_out, p.moved_alone, p.message, p.connected_at,
        p.empty_handed, greatest(p.last_at, changed.at) AS last_at
    FROM promised p LEFT JOIN changed ON changed.follow_up_id = p.follow_up_id
    """


TOLD = "f.told_at IS NOT NULL AND f.left_out IS NULL"
IN_TIME = "coalesce(f.connected_at <= f.at, false) AND NOT f.moved_alone"
PROMISES = Fact(
    table="followups_promisefact",
    columns="follow_up_id, told_at, left_out, moved_alone, message, connected_at, empty_handed, last_at",
    made=promised,
    at="at",
    of="'promises'",
    kinds=("promises",),
    counts=(
        TOLD,
        f"{TOLD} AND {IN_TIME}",
        f"{TOLD} AND NOT ({IN_TIME}) AND f.message",
        f"{TOLD} AND {IN_TIME} AND f.empty_handed",
        f"{TOLD} AND NOT ({IN_TIME}) AND NOT f.moved_alone AND f.connected_at IS NOT NULL",
        f"{TOLD} AND NOT f.moved_alone AND f.connected_at IS NULL",
        f"{TOLD} AND f.moved_alone",
        "f.left_out IS NULL",
        *(f"f.told_at IS NOT NULL AND f.left_out = '{reason}'" for reason in promises.REASONS),
        "true",
    ),
    latest="f.last_at",
)
FACTS = (ENDS, TICKETS, CLOSURES, EPISODES, DRAWS, PROMISES)
BY_DAY = tuple(fact for fact in FACTS if fact.counts)

GIVEN = """who AS MATERIALIZED (SELECT %(customers)s::uuid[] AS customers, %(tickets)s::bigint[] AS tickets),
        named AS MATERIALIZED (SELECT %(named)s::bigint[] AS tickets),"""
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
    ORDER BY 1, 2, 4
    ON CONFLICT (of, cut, day, key) DO UPDATE
    SET counts = ARRAY(SELECT a + b FROM unnest(had.counts, excluded.counts) WITH ORDINALITY u (a, b, n) ORDER BY n)
"""


def adding(fact: Fact, *, sign: str = "", whose: str = "true") -> str:
    return ADD.format(of=fact.of, counts=fact.day(sign), table=fact.table, whose=whose)


OF_WHOM = "f.ticket_id = ANY(%(tickets)s::bigint[]) OR f.customer_id = ANY(%(customers)s::uuid[])"


def latest(whose: str = "true") -> str:
    """The latest instant that any fact names."""
    found = ", ".join(f"(SELECT max(greatest({fact.latest})) FROM {fact.table} f WHERE {whose})" for fact in FACTS)
    return f"UPDATE followups_keeping SET latest = greatest(latest, {found})"


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
        SELECT of, cut, key, day, counts FROM followups_daycount WHERE of IN ({{kinds}}) AND 0 <> ANY(counts)
    ), odd AS ((SELECT * FROM anew EXCEPT ALL SELECT * FROM had) UNION ALL (SELECT * FROM had EXCEPT ALL SELECT * FROM anew))
    SELECT count(*) FROM odd
"""


def differing(fact: Fact) -> str:
    """How many facts of a table differ from what the rows say."""
    return DIFFERING.format(columns=fact.all_columns, select=fact.select(REAL), table=fact.table)


def differing_days(fact: Fact) -> str:
    """How many counts of days differ from what the facts say."""
    kinds = ", ".join(f"'{kind}'" for kind in fact.kinds)
    return ADDED.format(of=fact.of, counts=fact.day(), table=fact.table, whose="true", kinds=kinds)


COMPARED = {fact.name: differing(fact) for fact in FACTS} | {
    f"days of {fact.name}": differing_days(fact) for fact in BY_DAY
}
