"""M6: how often somebody wanted to end without a remedy, and what came of it."""

from typing import Any

from followups.models import WaiverKind
from followups.reports import answers, cuts, daily, kept, rows, windows
from followups.reports.ends import ALL, COUNTED_TICKET, Tables

NAME = "dead-ends"
REASONS = ("duplicate", "spam")
KINDS = tuple(WaiverKind.values)
DEFINITION = (
    "Of everything that was said to be finished in the period, the share that was a dead end: nothing more can be"
    " done, the customer cannot be reached, or she gave up. The first two never close a ticket: each was replaced"
    " by a dated follow-up."
)
COUNTED = (
    "Units are closures, those that closed a ticket and those that were replaced; what was undone within seconds "
    "is none. Duplicates and spam are left out and counted, imported ends are no closures. Told: the follow-up "
    "put in its place was told to the customer. Something in her hands: of the tickets with a dead end, counted at the "
    "first one of the period once its days are over, those whose follow-up brought an answer, a workaround, a credit, a "
    "refund, a replacement, an appointment or a document within the days; news and no news are none. "
    "Waived: ended for good without remedy, by a supervisor's word. "
    "Without a first step: open tickets without a dated follow-up, at this moment. Intervals are Wilson's, 95 %."
)


DEAD = "(c.outcome IN ('no_remedy', 'unreachable') OR c.why = 'gave_up')"

# Something in her hands: not news, not no news.
TANGIBLE = """
    SELECT ticket_id, ended_at
    FROM followups_followup
    WHERE ended_at <= %(as_of)s AND state <> 'called_off' AND brought NOT IN ('', 'news', 'no_news')
"""


def said(of: Tables = ALL) -> str:
    """Everything that was said to be finished, and was not undone. When she was told of the follow-up put in its place is a
    comparison with as_of.
    """
    return f"""
    SELECT c.ticket_id, c.at, c.team_id, coalesce(c.agent_id, c.by_id) AS agent_id, c.category_id, c.channel, c.priority,
        t.customer_id, c.outcome, {DEAD} AS dead, c.closed, f.told_at
    FROM {of.closure} c
    JOIN {of.ticket} t ON t.id = c.ticket_id
    LEFT JOIN {of.replacing} f ON f.id = c.replaced_by_id
    WHERE c.undone_at IS NULL AND {of.counted}
    """


LEFT_OUT = "CASE WHEN f.outcome IN ('duplicate', 'spam') THEN f.outcome END AS left_out"
SHOWN = f"""
    SELECT f.*, coalesce(f.told_at <= %(as_of)s, false) AS told, {LEFT_OUT}
    FROM known f WHERE f.at >= %(start)s AND f.at < %(end)s AND f.at <= %(as_of)s
"""
FRESH = f"fresh AS ({said(kept.TOUCHED)})"
KEPT = kept.Kept(
    had=f"SELECT {kept.PLACED}, outcome, dead, closed, told_at FROM followups_closurefact f WHERE {{untouched}}",
    fresh=FRESH,
    shown=SHOWN,
)

# The first dead end of each ticket in the period, and whether she then got something in her hands. Rows are looked up by
# arrays of keys: a join would be of sets, and read all tickets and all follow-ups for the few that came of these.
FIRST_DEAD = f"""
    dead AS MATERIALIZED (
        SELECT DISTINCT ON (c.ticket_id) c.ticket_id, c.at, c.team_id, coalesce(c.agent_id, c.by_id) AS agent_id,
            c.category_id, c.channel, c.priority
        FROM followups_closure c
        WHERE c.undone_at IS NULL AND {DEAD} AND c.at >= %(start)s AND c.at < %(end)s AND c.at <= %(as_of)s
        ORDER BY c.ticket_id, c.at, c.id
    ),
    brought AS (
        SELECT DISTINCT dead.ticket_id
        FROM dead JOIN ({TANGIBLE} AND ticket_id = ANY(ARRAY(SELECT ticket_id FROM dead))) step
            ON step.ticket_id = dead.ticket_id
        WHERE step.ended_at > dead.at AND step.ended_at <= dead.at + make_interval(secs => %(seconds)s)
    ),
    facts AS (
        SELECT dead.*, t.customer_id, brought.ticket_id IS NOT NULL AS tangible,
            dead.at + make_interval(secs => %(seconds)s) <= %(as_of)s AS mature
        FROM dead
        JOIN (SELECT * FROM followups_ticket WHERE id = ANY(ARRAY(SELECT ticket_id FROM dead))) t ON t.id = dead.ticket_id
        LEFT JOIN brought ON brought.ticket_id = dead.ticket_id
        WHERE {COUNTED_TICKET}
    )
"""
WAIVERS = f"""
    waived AS MATERIALIZED (
        SELECT ticket_id, at, team_id, agent_id, category_id, channel, priority, kind
        FROM followups_waiver WHERE at >= %(start)s AND at < %(end)s AND at <= %(as_of)s
    ),
    facts AS (
        SELECT waived.*, t.customer_id
        FROM waived
        JOIN (SELECT * FROM followups_ticket WHERE id = ANY(ARRAY(SELECT ticket_id FROM waived))) t
            ON t.id = waived.ticket_id
        WHERE {COUNTED_TICKET}
    )
"""

# The gate's rule, asked of the rows: it must find none. `OFFSET 0` keeps what was found out of a ticket from being asked again.
BROKEN = f"""
    SELECT * FROM (
        SELECT t.*, t.state = 'open' AND NOT has_step AS no_first_step, CASE WHEN t.state = 'closed'
            THEN has_step OR NOT (t.imported
                OR EXISTS (SELECT FROM followups_closure c
                    WHERE c.ticket_id = t.ticket_id AND c.closed AND c.reopened_at IS NULL AND c.undone_at IS NULL)
                OR EXISTS (SELECT FROM followups_waiver w WHERE w.ticket_id = t.ticket_id AND w.reopened_at IS NULL))
            ELSE NOT has_step AND (t.ever_followed
                OR EXISTS (SELECT FROM followups_closure c WHERE c.ticket_id = t.ticket_id AND NOT c.closed))
            END AS orphan
        FROM (
            SELECT t.id AS ticket_id, t.opened_at AS at, t.team_id, t.agent_id, t.category_id, t.channel, t.priority,
                t.customer_id, t.state, t.imported, t.ever_followed,
                EXISTS (SELECT FROM followups_followup f WHERE f.ticket_id = t.id AND f.state = 'scheduled') AS has_step
            FROM {{tickets}} t WHERE {COUNTED_TICKET} OFFSET 0
        ) t OFFSET 0
    ) judged WHERE orphan OR no_first_step
"""
GATE = f"facts AS ({BROKEN.format(tickets='followups_ticket')})"

# Everything else is closed, by a word that stands or by an import, and without a step.
OPEN = "SELECT id FROM followups_ticket WHERE state = 'open'"
STEP = "SELECT ticket_id FROM followups_followup WHERE state = 'scheduled'"
SUSPECT = f"""
    SELECT f.ticket_id FROM (
        SELECT ticket_id, NULL::uuid AS customer_id FROM (
            (({OPEN}) EXCEPT ({STEP}))
            UNION ALL (({STEP}) EXCEPT ({OPEN}))
            UNION ALL (SELECT ticket_id FROM followups_ticketfact WHERE ended_at IS NULL EXCEPT ({OPEN}))
            UNION ALL SELECT id FROM followups_ticket
                WHERE state = 'closed' AND NOT imported AND imported_reopened_at IS NULL
                    AND (imported_resolved_at IS NOT NULL OR imported_closed_at IS NOT NULL)
        ) each (ticket_id)
    ) f WHERE {{untouched}}
"""
KEPT_GATE = kept.Kept(
    had=SUSPECT,
    fresh="fresh AS (SELECT unnest(tickets) AS ticket_id FROM touched)",
    shown=BROKEN.format(tickets="(SELECT * FROM followups_ticket WHERE id = ANY(ARRAY(SELECT ticket_id FROM known)))"),
)

SAID_PARTS = {
    "den": "left_out IS NULL",
    "num": "dead",
    "no_remedy": "outcome = 'no_remedy'",
    "unreachable": "outcome = 'unreachable'",
    "gave_up": "outcome = 'withdrawn' AND dead",
    "replaced": "NOT closed",
    "told": "NOT closed AND told",
    "untold": "dead AND (closed OR NOT told)",
    **cuts.excluding(REASONS),
}
# The columns of a day are these parts in their order, but for the sum of the reasons. Nothing is watched after a closure.
BY_DAY = {
    name: f"sum(d.counts[{at}])" for at, name in enumerate((name for name in SAID_PARTS if name != "excluded"), 1)
}
EXCLUDED = " + ".join(BY_DAY[f"excluded.{reason}"] for reason in REASONS)
DAILY = daily.Daily(
    of="d.of = 'closures'",
    table="followups_closurefact",
    fresh=FRESH,
    columns=f"{kept.of('f')}, f.outcome, f.dead, f.closed, f.told_at IS NOT NULL AS told, {LEFT_OUT}",
    parts=BY_DAY | {"excluded": EXCLUDED},
    present=f"{BY_DAY['den']} + {EXCLUDED}",
    days=(0,),
    final=True,
)
SAID = cuts.Source(facts=f"known AS ({said()}), facts AS ({SHOWN})", keeps=KEPT, by_day=DAILY, parts=SAID_PARTS)
FIRST = cuts.Source(
    facts=FIRST_DEAD,
    parts={"tangible.den": "mature", "tangible.num": "mature AND tangible", "tangible.immature": "NOT mature"},
)
WAIVED = cuts.Source(facts=WAIVERS, parts={"waived": "true"} | {f"waived.{kind}": f"kind = '{kind}'" for kind in KINDS})
NOW = cuts.Source(facts=GATE, keeps=KEPT_GATE, parts={"orphans": "orphan", "no_first_step": "no_first_step"})
SOURCES = (SAID, FIRST, WAIVED, NOW)


def report(question: windows.Question) -> rows.Report:
    tallies = [cuts.tally(question, source) for source in SOURCES]
    total = row(rows.TOTAL, {name: figure for tally in tallies for name, figure in tally.total.items()})
    return answers.answered(question, ABOUT, total, by_key(question, tallies))


def by_key(question: windows.Question, tallies: list[cuts.Tally]) -> list[rows.DeadEnds]:
    """One row for each key of any source; what is of this moment has no week or month."""
    timed = question.by in windows.TIMES
    *dated, now = tallies
    keys = {key for tally in dated for key in tally.rows}
    if not timed:
        keys |= {key for key, it in now.rows.items() if it["no_first_step"] or it["orphans"]}
    found = []
    for key in keys:
        figures: dict[str, Any] = {}
        for tally, source in zip(tallies, SOURCES, strict=True):
            figures |= tally.rows.get(key, cuts.nothing(source))
        found.append(row(key, figures | (dict.fromkeys(NOW.parts) if timed else {})))
    return found


def row(key: str, figures: dict[str, Any]) -> rows.DeadEnds:
    same = ("no_remedy", "unreachable", "gave_up", "replaced", "told", "waived", "orphans", "no_first_step")
    return rows.DeadEnds(
        **rows.parts(key, figures["num"], figures["den"], excluded=cuts.excluded(figures, REASONS)),
        **{name: figures[name] for name in same},
        attempted=figures["num"],
        tangible=rows.share(
            key, figures["tangible.num"], figures["tangible.den"], immature=figures["tangible.immature"]
        ),
        waived_by_kind={kind: figures[f"waived.{kind}"] for kind in KINDS},
    )


def headline(total: rows.DeadEnds, question: windows.Question) -> str:
    steps = (
        f"{rows.number(total.no_first_step)} open tickets have no first step at this moment."
        if total.no_first_step
        else "At this moment every open ticket has a next step."
    )
    if not total.den:
        return f"Nothing was said to be finished in the period. {steps}"
    said = f"{rows.percent(total.rate)} of {rows.number(total.den)} closings were dead ends"
    return f"{said}; {rows.number(total.replaced)} were replaced by a follow-up. {steps}"


ABOUT = answers.About(NAME, DEFINITION, COUNTED, headline)
