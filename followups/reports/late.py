"""Rows that happened at or before as_of and were entered after it: late entries, imports; they changed the figures."""

from django.db import connection

from followups.reports import reading, windows

# What was entered after as_of first: of now that is next to nothing, however long the period.
ENTERED = """
    WITH tickets AS MATERIALIZED (
        SELECT opened_at FROM followups_ticket WHERE created_at > %(as_of)s
    ), contacts AS MATERIALIZED (
        SELECT at FROM followups_contact WHERE entered_at > %(as_of)s AND NOT is_opening
    ), closures AS MATERIALIZED (
        SELECT at FROM followups_closure WHERE entered_at > %(as_of)s AND undone_at IS NULL
    )
    SELECT
        (SELECT count(*) FROM tickets
            WHERE opened_at >= %(start)s AND opened_at < %(end)s AND opened_at <= %(as_of)s)
        + (SELECT count(*) FROM contacts WHERE at >= %(start)s AND at <= %(as_of)s)
        + (SELECT count(*) FROM closures WHERE at >= %(start)s AND at <= %(as_of)s)
        + (SELECT count(*) FROM followups_waiver WHERE at >= %(start)s AND at <= %(as_of)s AND entered_at > %(as_of)s)
"""


def entered_after_as_of(question: windows.Question) -> int:
    """Tickets, contacts beside their openings, closures and waivers from the start of the period on."""
    asked = (question.start, question.end, question.as_of)
    return reading.once(("entered", asked), lambda: _entered(question))


def _entered(question: windows.Question) -> int:
    with connection.cursor() as cursor:
        cursor.execute(ENTERED, question.parameters)
        return cursor.fetchone()[0]
