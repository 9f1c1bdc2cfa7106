"""M5: whether we did what we had told the customer we would, by when we had said.

A promise counts for the owner and the team that it had at its date, or at as_of where that comes first; where nobody
owned it, for who promised it. Hand-overs of before they were written down are not known: there it counts for the next
owner and team that are.
"""

from typing import Any

from followups.reports import answers, cuts, daily, kept, rows, windows
from followups.reports.ends import Tables

NAME = "promises"
REASONS = ("called_off", "spam")
DEFINITION = (
    "Of the promises that fell due in the period, the share kept: we reached the customer by the time we had told"
    " her. A step counts as a promise once she was told of it. A date that we moved without her agreement was not"
    " kept."
)
COUNTED = (
    "Due: the last date she agreed to before it passed; where we moved it alone, the date before that move. It counts "
    "for the owner and the team of that date, whoever took it over later. Kept: a connected contact that we started, or "
    "our reply in the promised written channel, at or before it; "
    "voicemail only where she accepted that. Promises that she called off before they were due are left out and "
    "counted. Tried in time: not kept, but a message was left or sent in the promised window. Never done: no "
    "connected contact up to as_of. Intervals are Wilson's, 95 %."
)

CONNECTED = """c.reached = 'reached' OR (c.reached = 'voicemail' AND u.voicemail_ok) OR (c.reached = 'written'
                AND u.channel <> 'phone')"""

STEP = """f.id, f.ticket_id, f.owner_id, f.promiser_id, f.team_id, f.channel, f.voicemail_ok, f.told_contact_id, f.brought,
            f.state, f.called_off_by, f.ended_at, f.promised_at, f.promised_from, f.promised_by, f.told_at"""
DATED = "f.promised_by >= %(start)s AND f.promised_by < %(end)s"

# First what may be due in the period by any date that it ever had: all else is asked of these alone.
STEPS = f"""
    steps AS MATERIALIZED (
        SELECT {STEP} FROM followups_followup f WHERE {DATED} AND f.promised_at <= %(as_of)s
        UNION ALL
        SELECT {STEP} FROM followups_followup f
        WHERE f.id = ANY(ARRAY(
                SELECT follow_up_id FROM followups_move WHERE from_by >= %(start)s AND from_by < %(end)s
            )) AND NOT ({DATED}) AND f.promised_at <= %(as_of)s
    )
"""
IDS, TICKETS = "(SELECT ids FROM which)::uuid[]", "(SELECT tickets FROM which)::bigint[]"
PERIOD = Tables(
    follow_up="steps",
    move="(SELECT * FROM followups_move WHERE follow_up_id = ANY(ARRAY(SELECT id FROM steps)))",
    handover=f"(SELECT * FROM followups_handover WHERE follow_up_id = ANY({IDS}))",
    attempt=f"(SELECT * FROM followups_contact WHERE follow_up_id = ANY({IDS}))",
    closure=f"(SELECT * FROM followups_closure WHERE ticket_id = ANY({TICKETS}))",
    ticket=f"(SELECT * FROM followups_ticket WHERE id = ANY({TICKETS}))",
)


# Contacts in which she was told or agreed to another date do not keep the promise that was made in them.
def happened(of: Tables) -> str:
    """The follow-ups that fall due in the period (`units`), and what was done for them."""
    return f"""
    moves AS MATERIALIZED (
        SELECT m.id, m.follow_up_id, m.at, m.from_by, m.from_from, m.agreed, m.agreed_contact_id FROM {of.move} m
    ),
    alone AS (
        SELECT DISTINCT ON (m.follow_up_id) m.follow_up_id, m.from_by, m.from_from
        FROM moves m JOIN {of.follow_up} f ON f.id = m.follow_up_id
        WHERE m.at <= %(as_of)s AND m.at > f.told_at AND NOT (m.agreed AND m.at < m.from_by)
        ORDER BY m.follow_up_id, m.at, m.id
    ),
    later AS (
        SELECT DISTINCT ON (follow_up_id) follow_up_id, from_by, from_from
        FROM moves WHERE at > %(as_of)s ORDER BY follow_up_id, at, id
    ),
    due AS (
        SELECT {STEP}, coalesce(alone.from_by, later.from_by, f.promised_by) AS due_by,
            CASE WHEN alone.from_by IS NOT NULL THEN alone.from_from WHEN later.from_by IS NOT NULL THEN later.from_from
                ELSE f.promised_from END AS due_from,
            alone.from_by IS NOT NULL AS moved_alone,
            coalesce(f.told_at <= %(as_of)s, false) AS told
        FROM {of.follow_up} f
        LEFT JOIN alone ON alone.follow_up_id = f.id
        LEFT JOIN later ON later.follow_up_id = f.id
        WHERE f.promised_at <= %(as_of)s
    ),
    units AS MATERIALIZED (SELECT * FROM due WHERE due_by >= %(start)s AND due_by < %(end)s),
    which AS MATERIALIZED (SELECT array_agg(id) AS ids, array_agg(ticket_id) AS tickets FROM units),
    handed AS (
        SELECT DISTINCT ON (h.follow_up_id) h.follow_up_id, h.from_owner_id, h.from_team_id
        FROM units u JOIN {of.handover} h ON h.follow_up_id = u.id
        WHERE h.at > least(u.due_by, %(as_of)s)
        ORDER BY h.follow_up_id, h.at, h.id
    ),
    spam AS (
        SELECT c.ticket_id FROM {of.closure} c
        WHERE c.outcome = 'spam' AND c.undone_at IS NULL
            AND c.at <= %(as_of)s AND (c.reopened_at IS NULL OR c.reopened_at > %(as_of)s)
    ),
    touches AS (
        SELECT u.id, max(c.at) AS last_at,
            min(c.at) FILTER (WHERE {CONNECTED}) AS connected_at,
            bool_or(c.reached IN ('voicemail', 'written')
                AND c.at <= u.due_by AND (u.due_from IS NULL OR c.at >= u.due_from)) AS message
        FROM units u
        JOIN {of.attempt} c ON c.follow_up_id = u.id
        WHERE c.direction = 'outbound' AND c.at <= %(as_of)s AND c.id IS DISTINCT FROM u.told_contact_id
            AND NOT EXISTS (SELECT FROM moves m WHERE m.follow_up_id = u.id AND m.agreed_contact_id = c.id)
        GROUP BY u.id
    )
"""


def promised(of: Tables) -> str:
    return f"""
        SELECT u.ticket_id, u.due_by AS at,
            CASE WHEN handed.follow_up_id IS NULL THEN u.team_id ELSE handed.from_team_id END AS team_id,
            coalesce(CASE WHEN handed.follow_up_id IS NULL THEN u.owner_id ELSE handed.from_owner_id END, u.promiser_id)
                AS agent_id, t.category_id, t.channel, t.priority, t.customer_id, u.id AS follow_up_id,
            CASE WHEN u.told THEN u.told_at END AS told_at,
            CASE WHEN t.id IN (SELECT ticket_id FROM spam) THEN 'spam'
                WHEN u.state = 'called_off' AND u.called_off_by = 'customer'
                    AND u.ended_at < u.due_by AND u.ended_at <= %(as_of)s THEN 'called_off' END AS left_out,
            u.moved_alone, coalesce(touches.message, false) AS message, touches.connected_at,
            coalesce(u.brought = 'no_news' AND u.ended_at <= %(as_of)s, false) AS empty_handed,
            greatest(u.promised_at, u.told_at, u.ended_at, touches.last_at) AS last_at
        FROM units u
        JOIN {of.ticket} t ON t.id = u.ticket_id
        LEFT JOIN touches ON touches.id = u.id
        LEFT JOIN handed ON handed.follow_up_id = u.id
        WHERE {of.counted}
"""


# What the parts ask of a promise `f`.
STANDS = """f.told_at IS NOT NULL AS told, f.at <= %(as_of)s AS is_due, f.told_at, f.left_out, f.moved_alone, f.message,
            f.connected_at, coalesce(f.connected_at <= f.at, false) AND NOT f.moved_alone AS kept, f.empty_handed"""
HAPPENED = f"{STEPS}, {happened(PERIOD)}"
PROMISED = f"SELECT {kept.of('f')}, f.follow_up_id, {STANDS} FROM ({promised(PERIOD)}) f"
FACTS = f"{HAPPENED}, facts AS ({PROMISED})"
COUNTS = "told AND is_due AND left_out IS NULL"
PARTS = {
    "den": COUNTS,
    "num": f"{COUNTS} AND kept",
    "broken": f"{COUNTS} AND NOT kept",
    "tried_in_time": f"{COUNTS} AND NOT kept AND message",
    "empty_handed": f"{COUNTS} AND kept AND empty_handed",
    "kept_late": f"{COUNTS} AND NOT kept AND NOT moved_alone AND connected_at IS NOT NULL",
    "never_done": f"{COUNTS} AND NOT moved_alone AND connected_at IS NULL",
    "moved_by_us": f"{COUNTS} AND moved_alone",
    "due": "is_due AND left_out IS NULL",
    "immature": "told AND NOT is_due AND left_out IS NULL",
    "excluded": "told AND left_out IS NOT NULL",
    "excluded.called_off": "told AND left_out = 'called_off'",
    "excluded.spam": "told AND left_out = 'spam'",
}
SOURCE = cuts.Source(
    facts=FACTS,
    follow_up="follow_up_id",
    parts=PARTS,
    measures={
        "median_wait": "percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM at - told_at)::float8) "
        f"FILTER (WHERE {COUNTS})",
        "median_late": "percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM connected_at - at)::float8) "
        f"FILTER (WHERE {COUNTS} AND NOT kept AND NOT moved_alone AND connected_at IS NOT NULL)",
    },
)


# The columns of a day: told and not left out, of these kept, broken and tried, kept without news, late, never, moved; all
# that are not left out; those told and left out, by reason; and all there are.
def _day(at: int, condition: str = "d.day < %(over_0)s") -> str:
    return f"coalesce(sum(d.counts[{at}]) FILTER (WHERE {condition}), 0)"


DAILY = daily.Daily(
    of="d.of = 'promises'",
    table="followups_promisefact",
    fresh=f"{happened(kept.TOUCHED)}, fresh AS ({promised(kept.TOUCHED)})",
    columns=f"{kept.of('f')}, {STANDS}",
    parts={
        "den": _day(1),
        "num": _day(2),
        "broken": f"{_day(1)} - {_day(2)}",
        **{name: _day(at) for at, name in enumerate(list(PARTS)[3:8], 3)},
        "due": _day(8),
        "immature": _day(1, "d.day > %(over_0)s"),
        "excluded": f"{_day(9, 'true')} + {_day(10, 'true')}",
        **{f"excluded.{reason}": _day(at, "true") for at, reason in enumerate(REASONS, 9)},
    },
    present=_day(11, "true"),
    days=(0,),
    final=True,
    ahead=True,
)
# The counts alone, which need no row of a promise.
COUNTED_ALONE = cuts.Source(facts=FACTS, by_day=DAILY, parts=PARTS, follow_up="follow_up_id")
SOURCES = (SOURCE,)


def report(question: windows.Question) -> rows.Report:
    return answers.tallied(question, ABOUT, SOURCE, row=row)


def row(key: str, figures: dict[str, Any]) -> rows.Promises:
    told, due = figures["den"], figures["due"]
    counts = ("tried_in_time", "empty_handed", "kept_late", "never_done", "moved_by_us", "due")
    return rows.Promises(
        **rows.parts(key, figures["num"], told, immature=figures["immature"], excluded=cuts.excluded(figures, REASONS)),
        **{name: figures[name] for name in counts},
        told_share=told / due if due else None,
        median_wait_hours=hours(figures["median_wait"]),
        median_late_hours=hours(figures["median_late"]),
    )


def hours(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds / 3600, 4)


def headline(total: rows.Promises, question: windows.Question) -> str:
    if not total.den:
        return "No promise fell due in the period."
    tried = f"; of the others {rows.number(total.tried_in_time)} were tried in time" if total.num < total.den else ""
    return f"{rows.percent(total.rate)} of {rows.number(total.den)} promises were kept by the time we had said{tried}."


ABOUT = answers.About(NAME, DEFINITION, COUNTED, headline)
