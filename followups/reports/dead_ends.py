"""M6: how often somebody wanted to end without a remedy, and what came of it."""

from typing import Any

from followups.models import WaiverKind
from followups.reports import answers, cuts, rows, windows
from followups.reports.ends import COUNTED_TICKET

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


def dead(of: str = "") -> str:
    """The condition, on the columns `of` a table where more than one has them."""
    return f"({of}outcome IN ('no_remedy', 'unreachable') OR {of}why = 'gave_up')"


DEAD = dead()

# Something in her hands: not news, not no news.
TANGIBLE = """
    SELECT ticket_id, ended_at
    FROM followups_followup
    WHERE ended_at <= %(as_of)s AND state <> 'called_off' AND brought NOT IN ('', 'news', 'no_news')
"""
CLOSURES = f"""
    said AS (
        SELECT c.ticket_id, c.at, c.team_id, coalesce(c.agent_id, c.by_id) AS agent_id, c.category_id, c.channel,
            c.priority, t.customer_id, c.outcome, c.why, c.closed, coalesce(f.told_at <= %(as_of)s, false) AS told,
            CASE WHEN c.outcome IN ('duplicate', 'spam') THEN c.outcome END AS left_out,
            row_number() OVER (PARTITION BY c.ticket_id, {dead("c.")} ORDER BY c.at, c.id) = 1 AS is_first
        FROM followups_closure c
        JOIN followups_ticket t ON t.id = c.ticket_id
        LEFT JOIN followups_followup f ON f.id = c.replaced_by_id
        WHERE c.undone_at IS NULL AND c.at >= %(start)s AND c.at < %(end)s AND c.at <= %(as_of)s AND {COUNTED_TICKET}
    ),
    brought AS (
        SELECT DISTINCT said.ticket_id
        FROM said JOIN ({TANGIBLE}) step ON step.ticket_id = said.ticket_id
        WHERE {DEAD} AND is_first AND step.ended_at > said.at
            AND step.ended_at <= said.at + make_interval(secs => %(seconds)s)
    ),
    facts AS (
        SELECT said.*, brought.ticket_id IS NOT NULL AS tangible,
            said.at + make_interval(secs => %(seconds)s) <= %(as_of)s AS mature
        FROM said LEFT JOIN brought ON brought.ticket_id = said.ticket_id
    )
"""
WAIVERS = f"""
    facts AS (
        SELECT w.ticket_id, w.at, w.team_id, w.agent_id, w.category_id, w.channel, w.priority, t.customer_id, w.kind
        FROM followups_waiver w
        JOIN followups_ticket t ON t.id = w.ticket_id
        WHERE w.at >= %(start)s AND w.at < %(end)s AND w.at <= %(as_of)s AND {COUNTED_TICKET}
    )
"""

# The gate's rule, asked of the rows: it must find none.
GATE = f"""
    facts AS (
        SELECT t.id AS ticket_id, t.opened_at AS at, t.team_id, t.agent_id, t.category_id, t.channel, t.priority,
            t.customer_id,
            t.state, t.imported, t.ever_followed, step.ticket_id IS NOT NULL AS has_step,
            EXISTS (SELECT FROM followups_closure c
                WHERE c.ticket_id = t.id AND c.closed AND c.reopened_at IS NULL AND c.undone_at IS NULL)
            OR EXISTS (SELECT FROM followups_waiver w WHERE w.ticket_id = t.id AND w.reopened_at IS NULL) AS has_word,
            EXISTS (SELECT FROM followups_closure c WHERE c.ticket_id = t.id AND NOT c.closed) AS was_replaced
        FROM followups_ticket t
        LEFT JOIN (SELECT DISTINCT ticket_id FROM followups_followup WHERE state = 'scheduled') step
            ON step.ticket_id = t.id
        WHERE (t.state = 'open' OR NOT t.imported OR step.ticket_id IS NOT NULL) AND {COUNTED_TICKET}
    )
"""

SAID = cuts.Source(
    facts=CLOSURES,
    parts={
        "den": "left_out IS NULL",
        "num": DEAD,
        "no_remedy": "outcome = 'no_remedy'",
        "unreachable": "outcome = 'unreachable'",
        "gave_up": "outcome = 'withdrawn' AND why = 'gave_up'",
        "replaced": "NOT closed",
        "told": "NOT closed AND told",
        "untold": f"{DEAD} AND (closed OR NOT told)",
        "tangible.den": f"{DEAD} AND is_first AND mature",
        "tangible.num": f"{DEAD} AND is_first AND mature AND tangible",
        "tangible.immature": f"{DEAD} AND is_first AND NOT mature",
        **cuts.excluding(REASONS),
    },
)
WAIVED = cuts.Source(facts=WAIVERS, parts={"waived": "true"} | {f"waived.{kind}": f"kind = '{kind}'" for kind in KINDS})
NOW = cuts.Source(
    facts=GATE,
    parts={
        "orphans": "CASE WHEN state = 'closed' THEN has_step OR NOT (imported OR has_word) "
        "ELSE NOT has_step AND (ever_followed OR was_replaced) END",
        "no_first_step": "state = 'open' AND NOT has_step",
    },
)
SOURCES = (SAID, WAIVED, NOW)


def report(question: windows.Question) -> rows.Report:
    tallies = [cuts.tally(question, source) for source in SOURCES]
    total = row(rows.TOTAL, {name: figure for tally in tallies for name, figure in tally.total.items()})
    return answers.answered(question, ABOUT, total, by_key(question, tallies))


def by_key(question: windows.Question, tallies: list[cuts.Tally]) -> list[rows.DeadEnds]:
    """One row for each key of any source; what is of this moment has no week or month."""
    timed = question.by in windows.TIMES
    said, waived, now = tallies
    keys = (
        said.rows.keys()
        | waived.rows.keys()
        | (set() if timed else {key for key, it in now.rows.items() if it["no_first_step"] or it["orphans"]})
    )
    found = []
    for key in keys:
        figures = said.rows.get(key, cuts.nothing(SAID)) | waived.rows.get(key, cuts.nothing(WAIVED))
        moment = dict.fromkeys(NOW.parts) if timed else now.rows.get(key, cuts.nothing(NOW))
        found.append(row(key, figures | moment))
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
