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


def looks_back(question: windows.Question) -> bool:
    """Whether something happened after as_of: a ticket that turned since stood otherwise then."""
    latest = state().latest
    return latest is not None and question.as_of <= latest


def of_whom(column: str) -> str:
    return f"(SELECT {column} FROM who)"


TICKETS, CUSTOMERS = f"{of_whom('tickets')}::bigint[]", f"{of_whom('customers')}::uuid[]"
TOUCHED = Tables(
    ticket=f"(SELECT * FROM followups_ticket WHERE id = ANY({TICKETS}))",
    any_ticket="(SELECT * FROM followups_ticket WHERE id = ANY((SELECT tickets FROM named)::bigint[]))",
    customer=f"(SELECT * FROM followups_customer WHERE id = ANY({CUSTOMERS}))",
    contact=f"""(SELECT * FROM followups_contact
            WHERE customer_id = ANY({CUSTOMERS}) OR (customer_id IS NULL AND ticket_id = ANY({TICKETS})))""",
    closure=f"(SELECT * FROM followups_closure WHERE ticket_id = ANY({TICKETS}))",
    waiver=f"(SELECT * FROM followups_waiver WHERE ticket_id = ANY({TICKETS}))",
    reopening=f"(SELECT * FROM followups_reopening WHERE ticket_id = ANY({TICKETS}))",
    counted="NOT t.is_demo",
)


def who(marked: str) -> str:
    """The customers that `marked` (customer_id, ticket_id) names, whose tickets it names or who contacted us about those,
    and all of their tickets; `named` has also the tickets that their contacts name.
    """
    return f"""
    marked AS MATERIALIZED ({marked}),
    listed AS MATERIALIZED (
        SELECT ARRAY(SELECT DISTINCT ticket_id FROM marked WHERE ticket_id IS NOT NULL) AS tickets,
            ARRAY(SELECT DISTINCT customer_id FROM marked WHERE customer_id IS NOT NULL) AS customers
    ),
    hers AS MATERIALIZED (
        SELECT tickets, customers || ARRAY(
            SELECT customer_id FROM followups_ticket WHERE id = ANY(tickets) AND customer_id IS NOT NULL
            UNION
            SELECT customer_id FROM followups_contact WHERE ticket_id = ANY(tickets) AND customer_id IS NOT NULL
        ) AS customers FROM listed
    ),
    who AS MATERIALIZED (
        SELECT customers, tickets || ARRAY(SELECT id FROM followups_ticket WHERE customer_id = ANY(customers)) AS tickets
        FROM hers
    ),
    named AS MATERIALIZED (
        SELECT tickets || ARRAY(SELECT ticket_id FROM followups_contact
            WHERE customer_id = ANY(customers) AND direction = 'inbound' AND ticket_id IS NOT NULL) AS tickets FROM who
    )
"""


MARKS = "SELECT customer_id, ticket_id FROM followups_touched"
# Those of the period that turned after as_of.
TURNED = """SELECT customer_id, ticket_id FROM followups_ticketfact
        WHERE turned_until > %(as_of)s AND at >= %(start)s AND at < %(end)s"""
UNTOUCHED = """
        (f.customer_id IS NULL OR f.customer_id NOT IN (SELECT unnest(customers) FROM who))
            AND f.ticket_id NOT IN (SELECT unnest(tickets) FROM who)
"""
PLACED = "ticket_id, at, team_id, agent_id, category_id, channel, priority, customer_id"


def of(table: str) -> str:
    return ", ".join(f"{table}.{name}" for name in PLACED.split(", "))


class Kept(NamedTuple):
    """How a source counts from facts: `had` are those kept, where `{untouched}` stands for whoever needs no second look;
    `fresh` makes the others anew, in the same columns; `shown` says what of both (`known`) is counted. `final`: they stand
    as they do after all that happened, so that whoever turned after as_of is made anew, too.
    """

    had: str
    fresh: str
    shown: str = "SELECT * FROM known"
    final: bool = False

    def facts(self, question: windows.Question) -> str:
        marks = self.marks(question)
        if not marks:
            return f"known AS ({self.had.format(untouched='true')}), facts AS ({self.shown})"
        known = f"known AS ({self.had.format(untouched=UNTOUCHED)} UNION ALL SELECT * FROM fresh)"
        return f"{who(' UNION ALL '.join(marks))}, {self.fresh}, {known}, facts AS ({self.shown})"

    def marks(self, question: windows.Question) -> list[str]:
        touched = [MARKS] if state().touched else []
        return touched + ([TURNED] if self.final and looks_back(question) else [])
