"""Rows that happened at or before as_of and were entered after it: late entries, imports; they changed the figures."""

from django.db import connection

from followups.reports import reading, windows

# What happened at or before as_of and was entered after it was entered more than a day late, which few rows are and an index
# knows, or within the day after as_of.
LATE = """
    (SELECT count(*) FROM followups_{table} it
        WHERE {entered} > %(as_of)s AND {entered} - {at} > interval '1 day' AND {happened} AND {counted})
    + (SELECT count(*) FROM followups_{table} it
        WHERE {entered} > %(as_of)s AND {entered} <= %(as_of)s + interval '24 hours'
            AND {entered} - {at} <= interval '1 day' AND {happened} AND {counted})
"""
IN_TIME = "at >= %(start)s AND at <= %(as_of)s"
# Demo rows count only while there is no real ticket. A look-up for each of the few rows found, not a join with all tickets.
ALONE = "NOT EXISTS (SELECT FROM followups_ticket WHERE NOT is_demo)"
REAL_TICKET = f"(NOT it.is_demo OR {ALONE})"
OF_TICKET = "(SELECT t.is_demo FROM followups_ticket t WHERE t.id = it.ticket_id)"
OF_CUSTOMER = "(SELECT c.is_demo FROM followups_customer c WHERE c.id = it.customer_id)"
REAL = f"(NOT {OF_TICKET} OR {ALONE})"
REAL_CONTACT = f"(NOT coalesce({OF_TICKET}, {OF_CUSTOMER}, false) OR {ALONE})"
OPENED = "opened_at >= %(start)s AND opened_at < %(end)s AND opened_at <= %(as_of)s"
ENTERED = " + ".join(
    (
        LATE.format(
            table="ticket",
            entered="created_at",
            at="opened_at",
            happened=OPENED,
            counted=REAL_TICKET,
        ),
        LATE.format(
            table="contact",
            entered="entered_at",
            at="at",
            happened=f"{IN_TIME} AND NOT is_opening",
            counted=REAL_CONTACT,
        ),
        LATE.format(
            table="closure", entered="entered_at", at="at", happened=f"{IN_TIME} AND undone_at IS NULL", counted=REAL
        ),
        f"(SELECT count(*) FROM followups_waiver it WHERE {IN_TIME} AND entered_at > %(as_of)s AND {REAL})",
    )
)


def entered_after_as_of(question: windows.Question) -> int:
    """Tickets, contacts beside their openings, closures and waivers from the start of the period on."""
    asked = (question.start, question.end, question.as_of)
    return reading.once(("entered", asked), lambda: _entered(question))


def _entered(question: windows.Question) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {ENTERED}", question.parameters)
        return cursor.fetchone()[0]
