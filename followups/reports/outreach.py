"""What reaching out to the silent does: customers drawn to be contacted beside those held out, thirty days after the draw.

A customer is drawn once, when a ticket of hers had first been left without a remedy or an update, and she silent, for 90
days. Who is held out hangs on her key alone: neither on time, nor on who asks, nor on what became of her. All who were
drawn are counted, contacted or not, and whatever they wished later: only so are both groups alike.
"""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from django.db import connection

from followups.reports import against, cuts, rows, statistics, windows
from followups.reports.ends import COUNTED_TICKET, ENDS

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
HEARD = "c.direction = 'inbound' AND c.purpose <> 'automatic' AND c.at <= %(as_of)s"
REACHED = "c.direction = 'outbound' AND c.reached IN ('reached', 'written', 'voicemail') AND c.at <= %(as_of)s"
HERS = """
        SELECT coalesce(c.customer_id, t.customer_id) AS customer_id, c.at
        FROM followups_contact c LEFT JOIN followups_ticket t ON t.id = c.ticket_id
        WHERE {}
"""
WITHIN = f"x.customer_id = drawn.customer_id AND x.at > drawn.at AND x.at <= drawn.at + {LATER}"

# A draw is at the 90th day, for a ticket that was entered later (an import) when it was entered.
FACTS = f"""
    ends AS MATERIALIZED ({ENDS}),
    heard AS MATERIALIZED ({HERS.format(HEARD)}),
    reached AS MATERIALIZED ({HERS.format(REACHED)}),
    began AS (
        SELECT ticket_id, at, lead(at) OVER (PARTITION BY ticket_id ORDER BY at) AS next_at
        FROM (
            SELECT id AS ticket_id, opened_at AS at FROM followups_ticket WHERE opened_at <= %(as_of)s
            UNION SELECT ticket_id, at FROM followups_reopening WHERE at <= %(as_of)s
            UNION SELECT c.ticket_id, c.at FROM followups_contact c WHERE {REACHED}
        ) every
    ),
    left_so AS (
        SELECT e.ticket_id, e.start AS since, e.until
        FROM ends e
        LEFT JOIN followups_closure c ON c.id::text = e.end_id
        LEFT JOIN followups_waiver w ON w.id::text = e.end_id
        WHERE NOT e.resolved AND e.left_out IS NULL AND (c.id IS NULL OR c.why = 'gave_up')
            AND w.kind IS DISTINCT FROM 'deceased'
        UNION ALL
        SELECT b.ticket_id, b.at, least(b.next_at, min(e.start) FILTER (WHERE e.start > b.at))
        FROM began b LEFT JOIN ends e ON e.ticket_id = b.ticket_id
        GROUP BY b.ticket_id, b.at, b.next_at
        HAVING count(*) FILTER (WHERE e.start <= b.at AND (e.until IS NULL OR e.until > b.at)) = 0
    ),
    drawn AS MATERIALIZED (
        SELECT DISTINCT ON (t.customer_id) t.id AS ticket_id, greatest(l.since + {DAYS}, t.created_at) AS at,
            t.team_id, t.agent_id, t.category_id, t.channel, t.priority, t.customer_id
        FROM left_so l
        JOIN followups_ticket t ON t.id = l.ticket_id
        JOIN followups_customer u ON u.id = t.customer_id AND NOT u.shared_account
        WHERE {COUNTED_TICKET} AND greatest(l.since + {DAYS}, t.created_at) <= %(as_of)s
            AND (l.until IS NULL OR l.until > greatest(l.since + {DAYS}, t.created_at))
            AND NOT EXISTS (
                SELECT FROM heard WHERE heard.customer_id = t.customer_id
                    AND heard.at <= greatest(l.since + {DAYS}, t.created_at)
                    AND heard.at > greatest(l.since + {DAYS}, t.created_at) - {DAYS})
        ORDER BY t.customer_id, 2, t.id
    ),
    facts AS (
        SELECT drawn.*, {HELD_OUT.format("drawn.customer_id")} AS held_out, drawn.at + {LATER} <= %(as_of)s AS mature,
            EXISTS (SELECT FROM heard x WHERE {WITHIN}) AS came_back,
            EXISTS (SELECT FROM reached x WHERE {WITHIN}) AS reached,
            EXISTS (
                SELECT FROM ends e WHERE e.ticket_id = drawn.ticket_id AND e.resolved AND e.start > drawn.at
                    AND e.start <= drawn.at + {LATER} AND (e.until IS NULL OR e.until > drawn.at + {LATER})) AS resolved
        FROM drawn WHERE drawn.at >= %(start)s AND drawn.at < %(end)s
    )
"""
PARTS = {"den": "mature", "immature": "NOT mature"} | {name: f"mature AND {name}" for name in BECAME}
SOURCE = cuts.Source(
    facts=FACTS,
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
