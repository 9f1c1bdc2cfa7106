"""Marks of a report: what changed meanwhile that changes what its figures mean, as far as the reader may see it."""

from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from followups.reports import windows

MOST = 200

# `reader` are the teams of who reads, NULL where all may be seen; who made a change stands there for those of the same
# team, and where an administrator did.
FOUND = """
    WITH reader AS MATERIALIZED (
        SELECT CASE WHEN %(scope_agent)s::bigint IS NULL THEN %(scope_teams)s::bigint[]
            ELSE coalesce(%(scope_teams)s::bigint[],
                ARRAY(SELECT team_id FROM followups_agent_teams WHERE agent_id = %(scope_agent)s)) END AS teams
    )
    SELECT m.at, m.what, CASE WHEN reader.teams IS NULL OR a.role = 'admin' OR EXISTS (
            SELECT FROM followups_agent_teams mine WHERE mine.agent_id = a.id AND mine.team_id = ANY(reader.teams)
        ) THEN m.by_name ELSE '' END AS by_name
    FROM followups_mark m
    CROSS JOIN reader
    LEFT JOIN followups_agent a ON a.id = m.by_id
    WHERE m.at >= %(start)s AND m.at < %(end)s AND m.at <= %(as_of)s
        AND (m.teams = '{}' OR reader.teams IS NULL OR m.teams && reader.teams)
        AND (m.teams = '{}' OR %(team)s::bigint IS NULL OR %(team)s = ANY(m.teams))
        AND (reader.teams IS NULL OR reader.teams = '{}' OR NOT reader.teams <@ m.spared)
        AND coalesce(%(team)s::bigint <> ALL(m.spared), true)
        AND (m.families = '{}' OR %(asked_family)s::text IS NULL
            OR EXISTS (SELECT FROM unnest(m.families) family WHERE lower(family) = lower(%(asked_family)s)))
    ORDER BY m.at DESC, m.id DESC
    LIMIT %(most)s
"""


@dataclass(frozen=True)
class Mark:
    """`what` is a sentence, with the person where the reader may know who it was."""

    at: datetime
    what: str


def found(question: windows.Question) -> list[Mark]:
    """Those in the period and before as_of, the earliest first; of very many the latest `MOST`. One statement."""
    family = question.filters.family or (question.filters.category or "").partition("/")[0] or None
    given = question.parameters | {"asked_family": family, "most": MOST}
    with connection.cursor() as cursor:
        cursor.execute(FOUND, given)
        return [Mark(at, f"{what}, by {who}" if who else what) for at, what, who in reversed(cursor.fetchall())]
