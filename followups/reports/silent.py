"""M7: whom we left without a remedy or without an update, and who has said nothing since. Silent, not gone."""

from typing import Any

from followups.reports import answers, cuts, kept, outreach, rows, windows
from followups.reports.ends import ALL, COUNTED_TICKET, STANDING, Tables, ends

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

# How one was left, and since when, is looked up for those alone that it is asked of.
OF_END = "it WHERE it.ticket_id = e.ticket_id AND it.id::text = e.end_id"


def facts(of: Tables = ALL) -> str:
    return f"""
    ends AS ({ends(of)}),
    standing AS ({STANDING}),
    ended AS MATERIALIZED (
        SELECT e.ticket_id, e.start AS since, (SELECT it.kind FROM followups_waiver {OF_END}) AS waived,
            (SELECT it.why FROM followups_closure {OF_END}) AS why
        FROM ends e
        WHERE (e.until IS NULL OR e.until > %(as_of)s) AND NOT e.resolved AND e.left_out IS NULL
            AND e.start + {outreach.DAYS} >= %(start)s AND e.start + {outreach.DAYS} < %(end)s
    ),
    waiting AS MATERIALIZED (
        SELECT t.id AS ticket_id, greatest(t.opened_at,
            (SELECT max(it.at) FROM followups_reopening it WHERE it.ticket_id = t.id AND it.at <= %(as_of)s),
            (SELECT max(c.at) FROM followups_contact c WHERE c.ticket_id = t.id AND {outreach.REACHED})
        ) AS since
        FROM {of.ticket} t
        LEFT JOIN standing s ON s.ticket_id = t.id
        WHERE s.ticket_id IS NULL AND t.opened_at <= %(as_of)s
    ),
    left_so AS MATERIALIZED (
        SELECT ticket_id, since,
            CASE WHEN waived IS NOT NULL THEN 'waived' WHEN why IS NOT NULL THEN why ELSE 'imported' END AS ending,
            coalesce(waived = 'deceased', false) AS deceased
        FROM ended
        UNION ALL
        SELECT ticket_id, since, 'waiting', false FROM waiting
    ),
    watched AS MATERIALIZED (
        SELECT t.id AS ticket_id, l.since + {outreach.DAYS} AS at, t.team_id, t.agent_id, t.category_id, t.channel, t.priority,
            t.customer_id, l.ending, l.deceased
        FROM left_so l
        JOIN {of.ticket} t ON t.id = l.ticket_id
        WHERE l.ending IN ('waived', 'gave_up', 'imported', 'waiting') AND l.since + {outreach.DAYS} >= %(start)s
            AND l.since + {outreach.DAYS} < %(end)s AND {COUNTED_TICKET}
    ),
    hers AS ({outreach.hers("watched", f"%(as_of)s - {outreach.DAYS}", "%(as_of)s")}),
    facts AS (
        SELECT watched.*, {outreach.HELD_OUT.format("watched.customer_id")} AS held_out, watched.at <= %(as_of)s AS mature,
            spoke.customer_id IS NULL AS silent, c.do_not_contact = 'all' AS not_to_contact,
            CASE WHEN watched.customer_id IS NULL THEN 'no_customer' WHEN c.shared_account THEN 'shared_account'
                WHEN deceased THEN 'deceased' END AS left_out
        FROM watched
        LEFT JOIN (
            SELECT * FROM followups_customer WHERE id = ANY(ARRAY(SELECT customer_id FROM watched))
        ) c ON c.id = watched.customer_id
        LEFT JOIN (
            SELECT DISTINCT customer_id FROM hers WHERE {outreach.HEARD}
        ) spoke ON spoke.customer_id = watched.customer_id
    )
"""


# Those that stand ended otherwise since 90 days before the period, and those open since before its last day's 90; at a past
# as_of also those that ended later, and whose ends turned later.
NAMED = f"""
    SELECT ticket_id FROM followups_ticketfact
    WHERE NOT resolved AND left_out IS NULL AND ended_at >= %(start)s - {outreach.DAYS}
        AND ended_at < %(end)s - {outreach.DAYS} AND ended_at <= %(as_of)s
    UNION
    SELECT ticket_id FROM followups_ticketfact
    WHERE ended_at IS NULL AND at < %(end)s - {outreach.DAYS} AND at <= %(as_of)s
"""
THEN = f"""
    SELECT ticket_id FROM followups_ticketfact
    WHERE ended_at > %(as_of)s AND at < %(end)s - {outreach.DAYS} AND at <= %(as_of)s
    UNION
    SELECT ticket_id FROM followups_ticketfact WHERE turned_until > %(as_of)s
"""
COUNTS = "left_out IS NULL AND mature"
SILENT = f"{COUNTS} AND silent"
SOURCE = cuts.Source(
    facts=facts(),
    keeps=kept.Found(NAMED, THEN, facts(kept.THEIRS)),
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
