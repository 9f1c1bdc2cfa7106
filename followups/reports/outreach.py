"""What reaching out to the silent does: customers drawn to be contacted beside those held out, thirty days after the draw.

A customer is drawn once, when a ticket of hers had first been left without a remedy or an update, and she silent, for 90
days. Who is held out hangs on her key alone: neither on time, nor on who asks, nor on what became of her. The key is random
and ours, nobody brings one along, and everybody sees the side (a call is refused): a secret of the site would hide nothing.
All who were drawn are counted, contacted or not, and whatever they wished later: only so are both groups alike.
"""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from django.db import connection

from followups.reports import against, cuts, kept, rows, statistics, windows
from followups.reports.ends import ALL, Tables, ends, of_tickets

WATCHED = timedelta(days=90)
FOLLOWED = timedelta(days=30)
HELD_OUT_PERCENT = 20
SIDES = {"drawn": "NOT held_out", "held": "held_out"}
BECAME = ("came_back", "resolved", "reached")
WHY = (
    f"{HELD_OUT_PERCENT} of 100 customers are held out: nobody reaches out to them, though they may contact us as ever. "
    "Some come back by themselves; only beside them can be seen what reaching out does. They are drawn by their key, and "
    "stay where they were drawn."
)

DAYS = f"interval '{WATCHED.days * 24} hours'"
LATER = f"interval '{FOLLOWED.days * 24} hours'"
# Drawn by her key: the same customer falls on the same side for ever, whoever asks.
HELD_OUT = f"(('x' || substr(md5('outreach:' || {{}}::text), 1, 8))::bit(32)::bigint %% 100 < {HELD_OUT_PERCENT})"
HEARD = "direction = 'inbound' AND purpose <> 'automatic'"
REACHED = "c.direction = 'outbound' AND c.reached IN ('reached', 'written', 'voicemail') AND c.at <= %(as_of)s"


def hers(whom: str, after: str, until: str) -> str:
    """The contacts of these customers in `(after, until]`: they name her, or are about a ticket of hers and name nobody."""
    span = f"c.at > {after} AND c.at <= {until}"
    return f"""
        SELECT c.customer_id, c.at, c.direction, c.purpose, c.reached FROM followups_contact c
        WHERE c.customer_id = ANY(ARRAY(SELECT customer_id FROM {whom})) AND {span}
        UNION ALL
        SELECT (SELECT t.customer_id FROM followups_ticket t WHERE t.id = c.ticket_id), c.at, c.direction, c.purpose,
            c.reached
        FROM followups_contact c WHERE c.customer_id IS NULL AND c.ticket_id IS NOT NULL AND {span}
"""


# A draw is at the 90th day, for a ticket that was entered later (an import) when it was entered. It hangs on nothing that
# comes after it: what is drawn by now is the same whenever it is asked.
def draws(of: Tables = ALL) -> str:
    """The first draw of each customer (`drawn`) by as_of."""
    return f"""
    ends AS MATERIALIZED ({ends(of)}),
    heard AS MATERIALIZED (
        SELECT coalesce(c.customer_id, t.customer_id) AS customer_id, c.at
        FROM {of.contact} c LEFT JOIN {of.any_ticket} t ON t.id = c.ticket_id
        WHERE {HEARD} AND c.at <= %(as_of)s
    ),
    began AS (
        SELECT ticket_id, at, lead(at) OVER (PARTITION BY ticket_id ORDER BY at) AS next_at
        FROM (
            SELECT id AS ticket_id, opened_at AS at FROM {of.ticket} t WHERE opened_at <= %(as_of)s
            UNION SELECT ticket_id, at FROM {of.reopening} r WHERE at <= %(as_of)s
            UNION SELECT c.ticket_id, c.at FROM {of.about} c WHERE {REACHED} AND c.ticket_id IS NOT NULL
        ) every
    ),
    left_so AS (
        SELECT e.ticket_id, e.start AS since, e.until
        FROM ends e
        LEFT JOIN {of.closure} c ON c.id::text = e.end_id
        LEFT JOIN {of.waiver} w ON w.id::text = e.end_id
        WHERE NOT e.resolved AND e.left_out IS NULL AND (c.id IS NULL OR c.why = 'gave_up')
            AND w.kind IS DISTINCT FROM 'deceased'
        UNION ALL
        SELECT b.ticket_id, b.at, least(b.next_at, min(e.start) FILTER (WHERE e.start > b.at))
        FROM began b LEFT JOIN ends e ON e.ticket_id = b.ticket_id
        WHERE b.next_at IS NULL OR b.next_at > b.at + {DAYS}
        GROUP BY b.ticket_id, b.at, b.next_at
        HAVING count(*) FILTER (WHERE e.start <= b.at AND (e.until IS NULL OR e.until > b.at)) = 0
    ),
    long AS (
        SELECT t.id AS ticket_id, greatest(l.since + {DAYS}, t.created_at) AS at,
            t.team_id, t.agent_id, t.category_id, t.channel, t.priority, t.customer_id
        FROM left_so l
        JOIN {of.ticket} t ON t.id = l.ticket_id
        JOIN {of.customer} u ON u.id = t.customer_id AND NOT u.shared_account
        WHERE {of.counted} AND greatest(l.since + {DAYS}, t.created_at) <= %(as_of)s
            AND (l.until IS NULL OR l.until > greatest(l.since + {DAYS}, t.created_at))
    ),
    drawn AS MATERIALIZED (
        SELECT DISTINCT ON (customer_id) *
        FROM long
        WHERE NOT EXISTS (
            SELECT FROM heard
            WHERE heard.customer_id = long.customer_id AND heard.at <= long.at AND heard.at > long.at - {DAYS})
        ORDER BY customer_id, at, ticket_id
    )
"""


# What became of those known to be drawn.
BECOME = f"""
    SELECT k.*, {HELD_OUT.format("k.customer_id")} AS held_out, k.at + {LATER} <= %(as_of)s AS mature,
        coalesce(since.came_back, false) AS came_back, coalesce(since.reached, false) AS reached,
        solved.ticket_id IS NOT NULL AS resolved
    FROM known k
    LEFT JOIN (
        SELECT k.customer_id, bool_or({HEARD}) AS came_back, bool_or({REACHED}) AS reached
        FROM known k
        JOIN ({hers("known", "%(start)s", f"%(end)s + {LATER}")}) c ON c.customer_id = k.customer_id
        WHERE c.at > k.at AND c.at <= k.at + {LATER} AND c.at <= %(as_of)s
        GROUP BY k.customer_id
    ) since ON since.customer_id = k.customer_id
    LEFT JOIN (
        SELECT DISTINCT k.ticket_id
        FROM known k
        JOIN ({ends(of_tickets("ARRAY(SELECT ticket_id FROM known)"))}) e ON e.ticket_id = k.ticket_id
        WHERE e.resolved AND e.start > k.at AND e.start <= k.at + {LATER} AND (e.until IS NULL OR e.until > k.at + {LATER})
    ) solved ON solved.ticket_id = k.ticket_id
"""
IN_PERIOD = "at >= %(start)s AND at < %(end)s"
FRESH = f"fresh AS (SELECT {kept.PLACED} FROM drawn WHERE {IN_PERIOD})"
KEPT = kept.Kept(
    fresh=f"{draws(kept.TOUCHED)}, {FRESH}",
    had=f"SELECT {kept.PLACED} FROM followups_drawfact f WHERE {IN_PERIOD} AND at <= %(as_of)s AND {{untouched}}",
    shown=BECOME,
)
PARTS = {"den": "mature", "immature": "NOT mature"} | {name: f"mature AND {name}" for name in BECAME}
SOURCE = cuts.Source(
    facts=f"{draws()}, {FRESH}, known AS (SELECT * FROM fresh), facts AS ({BECOME})",
    keeps=KEPT,
    parts={f"{side}.{name}": f"{which} AND {part}" for side, which in SIDES.items() for name, part in PARTS.items()},
)


def is_held_out(customer_id: UUID) -> bool:
    """Whether she is one of those who are not contacted."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {HELD_OUT.format('%s')}", [customer_id])
        return cursor.fetchone()[0]


def compared(question: windows.Question) -> rows.Outreach:
    """Customers drawn in the period; the question's cut does not matter."""
    found = cuts.tally(replace(question, by=None), SOURCE).total
    return rows.Outreach(**{name: _effect(name, found) for name in BECAME}, why=WHY)


def _effect(name: str, figures: dict[str, int]) -> rows.Effect:
    drawn, held = (
        rows.share(side, figures[f"{side}.{name}"], figures[f"{side}.den"], immature=figures[f"{side}.immature"])
        for side in SIDES
    )
    difference = statistics.newcombe(drawn.num, drawn.den, held.num, held.den)
    return rows.Effect(
        to_contact=drawn,
        held_out=held,
        difference=difference.value if difference else None,
        ci_low=difference.low if difference else None,
        ci_high=difference.high if difference else None,
        verdict=against.verdict((drawn.num, drawn.den), (held.num, held.den)),
    )
