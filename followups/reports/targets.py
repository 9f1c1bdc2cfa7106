"""M11: which targets were met: first response, next update, resolution; beside them the rules by name.

`due_at` of a clock is what `followups.targets` derives from all that is known by now. Where it moved after as_of, the
same function derives it again from what was known then; the rest is a comparison of columns.
"""

import json
from datetime import datetime
from typing import Any

from django.db.models import Q

from followups import clocks, targets
from followups.models import OWN_KINDS, TargetClock, TargetKind
from followups.reports import answers, cuts, reading, rows, windows
from followups.reports.ends import COUNTED_TICKET

NAME = "targets"
REASONS = ("ended", "duplicate", "spam")
DEFINITION = (
    "Of the targets that were met or missed, the share met in time: our first response, each next update, the "
    "resolution. A target belongs to the period in which it falls due."
)
COUNTED = (
    "Unit: one running of one target. First response: until our first connected or written contact. Next update: from "
    "each such contact to the following one. Resolution: until the closing that resolved; reopened, it runs on with the "
    "time used. Due is the target less the time used; it rests while we wait for the customer's own answer, never for "
    "somebody else's, and the next update never rests. Met exactly at the due instant counts as met. A pause, stop or "
    "reopening after as_of changes nothing. Left out and counted: what was no longer owed when the ticket ended "
    "(withdrawn, no further update), duplicates, spam. A customer who gave up and a waiver are no such end. Rules by "
    "name (acknowledgement, final answer) stand beside the total, not in it. Intervals are Wilson's, 95 %."
)

KINDS = tuple(TargetKind.values)
# All else is asked of the clocks of the period alone, and of their tickets.
FACTS = f"""
    redated AS MATERIALIZED (
        SELECT * FROM json_to_recordset(%(redated)s) AS row (clock_id bigint, due_at timestamptz)
    ),
    units AS MATERIALIZED (
        SELECT k.id, k.ticket_id, k.kind, k.due_at, k.stopped_at, k.ended
        FROM followups_targetclock k
        WHERE k.due_at >= %(start)s AND k.due_at < %(end)s AND k.started_at <= %(as_of)s
            AND k.id NOT IN (SELECT clock_id FROM redated)
        UNION ALL
        SELECT k.id, k.ticket_id, k.kind, redated.due_at, k.stopped_at, k.ended
        FROM redated JOIN followups_targetclock k ON k.id = redated.clock_id
        WHERE redated.due_at >= %(start)s AND redated.due_at < %(end)s
            AND k.id = ANY(ARRAY(SELECT clock_id FROM redated))
    ),
    known AS MATERIALIZED (SELECT array_agg(id) AS ids, array_agg(ticket_id) AS tickets FROM units),
    resting AS (
        SELECT clock_id, from_at, ended FROM followups_rest
        WHERE clock_id = ANY((SELECT ids FROM known)::bigint[]) AND from_at <= %(as_of)s AND until_at > %(as_of)s
    ),
    stood AS (
        SELECT u.id, u.ticket_id, u.kind, u.due_at,
            CASE WHEN r.clock_id IS NOT NULL THEN r.from_at WHEN u.stopped_at <= %(as_of)s THEN u.stopped_at END
                AS stopped_at,
            CASE WHEN r.clock_id IS NOT NULL THEN r.ended WHEN u.stopped_at <= %(as_of)s THEN u.ended END AS ended
        FROM units u LEFT JOIN resting r ON r.clock_id = u.id
    ),
    gone AS (
        SELECT ticket_id, max(outcome) AS left_out FROM followups_closure
        WHERE ticket_id = ANY((SELECT tickets FROM known)::bigint[]) AND outcome IN ('duplicate', 'spam')
            AND undone_at IS NULL AND at <= %(as_of)s AND (reopened_at IS NULL OR reopened_at > %(as_of)s)
        GROUP BY ticket_id
    ),
    facts AS (
        SELECT u.ticket_id, u.due_at AS at, u.kind, t.team_id, t.agent_id, t.category_id, t.channel, t.priority,
            t.customer_id, coalesce(u.stopped_at <= u.due_at AND u.ended = 'done', false) AS met,
            coalesce(u.stopped_at <= u.due_at, false) OR u.due_at <= %(as_of)s AS is_over,
            CASE WHEN gone.ticket_id IS NOT NULL THEN gone.left_out
                WHEN u.stopped_at <= u.due_at AND u.ended = 'called_off' THEN 'ended' END AS left_out
        FROM stood u
        JOIN followups_ticket t ON t.id = u.ticket_id
        LEFT JOIN gone ON gone.ticket_id = t.id
        WHERE t.id = ANY((SELECT tickets FROM known)::bigint[]) AND {COUNTED_TICKET}
    )
"""
OWN = f"kind IN ({', '.join(repr(str(kind)) for kind in OWN_KINDS)})"


def counted(which: str, prefix: str = "") -> dict[str, str]:
    counts = f"{which} AND is_over AND left_out IS NULL"
    return {
        f"{prefix}den": counts,
        f"{prefix}num": f"{counts} AND met",
        f"{prefix}missed": f"{counts} AND NOT met",
        f"{prefix}immature": f"{which} AND NOT is_over AND left_out IS NULL",
    } | {f"{prefix}{name}": f"{which} AND {part}" for name, part in cuts.excluding(REASONS).items()}


def redated(question: windows.Question) -> dict[str, str]:
    """The clocks whose due instant moved after as_of, with the one that was known then."""
    return reading.once(("redated", question.as_of), lambda: _redated(question.as_of))


def _redated(as_of: datetime) -> dict[str, str]:
    moved = TargetClock.objects.filter(Q(version__gt=1, changed_at__gt=as_of), started_at__lte=as_of)
    found = clocks.pure(moved.select_related("target").prefetch_related("ticket"))
    known = [{"clock_id": key, "due_at": targets.read(clock, as_of).due_at} for key, clock in found.items()]
    return {"redated": json.dumps(known, default=str)}


SOURCE = cuts.Source(
    facts=FACTS,
    given=redated,
    parts=counted(OWN)
    | {name: part for kind in KINDS for name, part in counted(f"kind = '{kind}'", f"{kind}.").items()},
)
SOURCES = (SOURCE,)


def report(question: windows.Question) -> rows.Report:
    return answers.tallied(question, ABOUT, SOURCE, row=row)


def row(key: str, figures: dict[str, Any]) -> rows.Targets:
    return rows.Targets(
        **share(key, figures, ""),
        missed=figures["missed"],
        kinds={kind: rows.Row(**share(key, figures, f"{kind}.")) for kind in KINDS},
    )


def share(key: str, figures: dict[str, Any], prefix: str) -> dict[str, Any]:
    left_out = {reason: figures[f"{prefix}excluded.{reason}"] for reason in REASONS}
    num, den = figures[f"{prefix}num"], figures[f"{prefix}den"]
    return rows.parts(key, num, den, immature=figures[f"{prefix}immature"], excluded=left_out)


def headline(total: rows.Targets, question: windows.Question) -> str:
    if not total.den:
        return "No target fell due in the period."
    return f"{rows.percent(total.rate)} of {rows.number(total.den)} targets were met in time."


ABOUT = answers.About(NAME, DEFINITION, COUNTED, headline)
