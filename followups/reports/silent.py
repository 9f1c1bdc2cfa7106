"""M7: whom we left without a remedy or without an update, and who has said nothing since. Silent, not gone."""

from typing import Any

from followups.reports import answers, cuts, outreach, rows, windows
from followups.reports.ends import COUNTED_TICKET, ENDS, STANDING

NAME = "silent"
REASONS = ("no_customer", "shared_account", "deceased")
KINDS = ("waived", "gave_up", "imported", "waiting")
DEFINITION = (
    "Tickets that ended without a remedy, or wait without an update from us, and whose 90 days of watching were over "
    "in the period: the share whose customer has said nothing for 90 days. Silent is not content, and not gone: nobody "
    "knows until somebody asks."
)
COUNTED = (
    "A ticket that stands ended without a remedy (waived, given up by her, or imported without a resolution) is watched "
    "from its end; one that is open, from the last time that we reached her about it, else from its opening. It counts "
    "in the period in which its 90 days are over. Silent: no contact of hers about anything in the 90 days before as of; "
    "automatic messages are none. Tickets without a customer, shared accounts and the deceased "
    f"are left out and counted. Held out: {outreach.HELD_OUT_PERCENT} of 100 customers, drawn by their key and always the "
    "same, are not contacted, so that what reaching out does can be seen beside them. What it does: each customer once, from the "
    "instant at which a ticket of hers was first left so for 90 days and she silent, for 30 days; all who were drawn count, "
    "contacted or not (intention to treat), once the 30 days are over. Intervals are Wilson's, 95 %; differences Newcombe's."
)

FACTS = f"""
    ends AS ({ENDS}),
    standing AS ({STANDING}),
    ended AS (
        SELECT e.ticket_id, e.start AS since,
            CASE WHEN w.id IS NOT NULL THEN 'waived' WHEN c.id IS NOT NULL THEN c.why ELSE 'imported' END AS ending,
            coalesce(w.kind = 'deceased', false) AS deceased
        FROM ends e
        LEFT JOIN followups_closure c ON c.id::text = e.end_id
        LEFT JOIN followups_waiver w ON w.id::text = e.end_id
        WHERE (e.until IS NULL OR e.until > %(as_of)s) AND NOT e.resolved AND e.left_out IS NULL
    ),
    reached AS (
        SELECT ticket_id, max(at) AS at FROM followups_contact
        WHERE direction = 'outbound' AND reached IN ('reached', 'written', 'voicemail') AND at <= %(as_of)s
        GROUP BY ticket_id
    ),
    again AS (SELECT ticket_id, max(at) AS at FROM followups_reopening WHERE at <= %(as_of)s GROUP BY ticket_id),
    waiting AS (
        SELECT t.id, greatest(t.opened_at, again.at, reached.at), 'waiting', false
        FROM followups_ticket t
        LEFT JOIN standing s ON s.ticket_id = t.id
        LEFT JOIN again ON again.ticket_id = t.id
        LEFT JOIN reached ON reached.ticket_id = t.id
        WHERE s.ticket_id IS NULL AND t.opened_at <= %(as_of)s
    ),
    watched AS MATERIALIZED (
        SELECT t.id AS ticket_id, u.since + {outreach.DAYS} AS at, t.team_id, t.agent_id, t.category_id, t.channel, t.priority,
            t.customer_id, u.ending, c.do_not_contact = 'all' AS not_to_contact,
            CASE WHEN t.customer_id IS NULL THEN 'no_customer' WHEN c.shared_account THEN 'shared_account'
                WHEN u.deceased THEN 'deceased' END AS left_out
        FROM (SELECT * FROM ended WHERE ending IN ('waived', 'gave_up', 'imported') UNION ALL SELECT * FROM waiting) u
        JOIN followups_ticket t ON t.id = u.ticket_id
        LEFT JOIN followups_customer c ON c.id = t.customer_id
        WHERE u.since + {outreach.DAYS} >= %(start)s AND u.since + {outreach.DAYS} < %(end)s AND {COUNTED_TICKET}
    ),
    hers AS (
        SELECT coalesce(c.customer_id, t.customer_id) AS customer_id, max(c.at) AS at
        FROM followups_contact c
        LEFT JOIN followups_ticket t ON t.id = c.ticket_id
        WHERE c.direction = 'inbound' AND c.purpose <> 'automatic' AND c.at <= %(as_of)s
        GROUP BY 1
    ),
    facts AS (
        SELECT watched.*, {outreach.HELD_OUT.format("watched.customer_id")} AS held_out, watched.at <= %(as_of)s AS mature,
            hers.at IS NULL OR hers.at <= %(as_of)s - {outreach.DAYS} AS silent
        FROM watched LEFT JOIN hers ON hers.customer_id = watched.customer_id
    )
"""
COUNTS = "left_out IS NULL AND mature"
SILENT = f"{COUNTS} AND silent"
SOURCE = cuts.Source(
    facts=FACTS,
    parts={
        "den": COUNTS,
        "num": SILENT,
        **{kind: f"{SILENT} AND ending = '{kind}'" for kind in KINDS},
        "to_contact": f"{SILENT} AND NOT held_out AND NOT not_to_contact",
        "held_out": f"{SILENT} AND held_out AND NOT not_to_contact",
        "not_to_contact": f"{SILENT} AND not_to_contact",
        "immature": "left_out IS NULL AND NOT mature",
        **cuts.excluding(REASONS),
    },
)
SOURCES = (SOURCE, outreach.SOURCE)


def report(question: windows.Question) -> rows.Report:
    return answers.tallied(question, ABOUT, SOURCE, row=row)


def row(key: str, figures: dict[str, Any]) -> rows.Silent:
    left_out = {"immature": figures["immature"], "excluded": cuts.excluded(figures, REASONS)}
    return rows.Silent(
        **rows.parts(key, figures["num"], figures["den"], **left_out),
        **{name: figures[name] for name in (*KINDS, "to_contact", "held_out", "not_to_contact")},
    )


def headline(total: rows.Silent, question: windows.Question) -> str:
    if not total.den:
        return "No ticket without a remedy or an update has its 90 days behind it in the period."
    return (
        f"{rows.percent(total.rate)} of {rows.number(total.den)} have said nothing for 90 days; "
        f"{rows.number(total.to_contact)} are to be contacted, {rows.number(total.held_out)} are held out."
    )


ABOUT = answers.About(NAME, DEFINITION, COUNTED, headline)
