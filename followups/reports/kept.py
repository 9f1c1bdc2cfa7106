"""Facts that were worked out before, and what was touched since: together exactly what the rows say.

A fact is of one ticket, and follows from what happened to the tickets and contacts of one customer. Whoever was touched
since the facts last followed is counted from the rows, in the same statement; all others from the facts.
"""

from datetime import datetime
from typing import NamedTuple

from followups.reports import reading, windows
from followups.reports.ends import Tables


class State(NamedTuple):
    """`ready`: the facts are whole and near. `zone` is that of the days, `latest` the last instant that any fact names;
    `touched`: somebody was, since. `clock` is the database's own, as it was looked at.
    """

    ready: bool
    zone: str
    latest: datetime | None
    touched: bool
    clock: datetime


def state() -> State:
    return State(*reading.state())


def ready() -> bool:
    """Else every report reads the rows. Demo tickets have no facts."""
    return state().ready


def fits(question: windows.Question, *, final: bool) -> bool:
    """Whether nothing happened after as_of, where that matters: a ticket that turned since stood otherwise then."""
    latest = state().latest
    return not final or latest is None or question.as_of > latest


def of_whom(column: str) -> str:
    return f"(SELECT {column} FROM who)"


TICKETS, CUSTOMERS, NAMED = f"{of_whom('tickets')}::bigint[]", f"{of_whom('customers')}::uuid[]", of_whom("named")
TOUCHED = Tables(
    ticket=f"(SELECT * FROM followups_ticket WHERE id = ANY({TICKETS}))",
    any_ticket=f"(SELECT * FROM followups_ticket WHERE id = ANY({NAMED}::bigint[]))",
    customer=f"(SELECT * FROM followups_customer WHERE id = ANY({CUSTOMERS}))",
    contact=f"""(SELECT * FROM followups_contact
            WHERE customer_id = ANY({CUSTOMERS}) OR (customer_id IS NULL AND ticket_id = ANY({TICKETS})))""",
    closure=f"(SELECT * FROM followups_closure WHERE ticket_id = ANY({TICKETS}))",
    waiver=f"(SELECT * FROM followups_waiver WHERE ticket_id = ANY({TICKETS}))",
    reopening=f"(SELECT * FROM followups_reopening WHERE ticket_id = ANY({TICKETS}))",
    counted="NOT t.is_demo",
)


def who(marked: str) -> str:
    """The customers that `marked` (customer_id, ticket_id) names or whose tickets it names, and all of their tickets;
    `named` are also the tickets that their contacts name.
    """
    return f"""
    marked AS MATERIALIZED ({marked}),
    listed AS MATERIALIZED (
        SELECT ARRAY(SELECT DISTINCT ticket_id FROM marked WHERE ticket_id IS NOT NULL) AS tickets,
            ARRAY(SELECT DISTINCT customer_id FROM marked WHERE customer_id IS NOT NULL) AS customers
    ),
    hers AS MATERIALIZED (
        SELECT tickets, customers || ARRAY(SELECT customer_id FROM followups_ticket
            WHERE id = ANY(tickets) AND customer_id IS NOT NULL) AS customers FROM listed
    ),
    theirs AS MATERIALIZED (
        SELECT customers, tickets || ARRAY(SELECT id FROM followups_ticket WHERE customer_id = ANY(customers)) AS tickets
        FROM hers
    ),
    who AS MATERIALIZED (
        SELECT customers, tickets, tickets || ARRAY(SELECT ticket_id FROM followups_contact
            WHERE customer_id = ANY(customers) AND direction = 'inbound' AND ticket_id IS NOT NULL) AS named FROM theirs
    )
"""


MARKS = "SELECT customer_id, ticket_id FROM followups_touched"
UNTOUCHED = """
        (f.customer_id IS NULL OR f.customer_id NOT IN (SELECT unnest(customers) FROM who))
            AND f.ticket_id NOT IN (SELECT unnest(tickets) FROM who)
"""
PLACED = "ticket_id, at, team_id, agent_id, category_id, channel, priority, customer_id"


def of(table: str) -> str:
    return ", ".join(f"{table}.{name}" for name in PLACED.split(", "))
