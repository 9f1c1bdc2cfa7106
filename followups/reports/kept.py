"""Facts that were worked out before, and what was touched since: together exactly what the rows say.

A fact is of one ticket, and follows from what happened to the tickets and contacts of one customer. Whoever was touched
since the facts last followed is counted from the rows, in the same statement; all others from the facts.
"""

from datetime import datetime
from typing import NamedTuple, Protocol

from followups.reports import reading, windows
from followups.reports.ends import Tables, of_tickets


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
FOLLOW_UPS = f"ARRAY(SELECT id FROM followups_followup WHERE ticket_id = ANY({TICKETS}))"
TOUCHED = Tables(
    ticket=f"(SELECT * FROM followups_ticket WHERE id = ANY({TICKETS}))",
    any_ticket="(SELECT * FROM followups_ticket WHERE id = ANY((SELECT tickets FROM named)::bigint[]))",
    customer=f"(SELECT * FROM followups_customer WHERE id = ANY({CUSTOMERS}))",
    contact=f"""(SELECT * FROM followups_contact
            WHERE customer_id = ANY({CUSTOMERS}) OR (customer_id IS NULL AND ticket_id = ANY({TICKETS})))""",
    about=f"(SELECT * FROM followups_contact WHERE ticket_id = ANY({TICKETS}))",
    closure=f"(SELECT * FROM followups_closure WHERE ticket_id = ANY({TICKETS}))",
    waiver=f"(SELECT * FROM followups_waiver WHERE ticket_id = ANY({TICKETS}))",
    reopening=f"(SELECT * FROM followups_reopening WHERE ticket_id = ANY({TICKETS}))",
    replacing=f"""(SELECT * FROM followups_followup WHERE id = ANY(ARRAY(
            SELECT replaced_by_id FROM followups_closure WHERE ticket_id = ANY({TICKETS}) AND replaced_by_id IS NOT NULL)))""",
    confirmation=f"(SELECT * FROM followups_confirmation WHERE ticket_id = ANY({TICKETS}))",
    follow_up=f"(SELECT * FROM followups_followup WHERE ticket_id = ANY({TICKETS}))",
    move=f"(SELECT * FROM followups_move WHERE follow_up_id = ANY({FOLLOW_UPS}))",
    handover=f"(SELECT * FROM followups_handover WHERE follow_up_id = ANY({FOLLOW_UPS}))",
    attempt=f"(SELECT * FROM followups_contact WHERE follow_up_id = ANY({FOLLOW_UPS}))",
    counted="NOT t.is_demo",
)


# Nobody beside those touched; or also the tickets of the period that turned after as_of, with their customers' others of
# the family, which turned with them.
NOBODY = "who AS (SELECT * FROM touched),"


class Since(NamedTuple):
    """Which facts of a table stood otherwise at as_of (`otherwise`), and which others of their customers turned with them."""

    table: str
    otherwise: str
    along: str

    @property
    def who(self) -> str:
        return f"""turned AS MATERIALIZED (
        SELECT f.ticket_id, f.customer_id FROM {self.table} f
        WHERE {self.otherwise} AND f.at >= %(start)s AND f.at < %(end)s
    ),
    who AS MATERIALIZED (
        SELECT customers || ARRAY(SELECT customer_id FROM turned WHERE customer_id IS NOT NULL) AS customers,
            tickets || ARRAY(
                SELECT ticket_id FROM turned
                UNION
                SELECT f.ticket_id FROM {self.table} f
                WHERE {self.along} AND f.customer_id = ANY(ARRAY(SELECT customer_id FROM turned))
            ) AS tickets
        FROM touched
    ),"""


TURNED = "f.turned_until > %(as_of)s"
GROUPS = Since("followups_ticketfact", TURNED, TURNED)


def who(marked: str, beside: str = NOBODY) -> str:
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
    touched AS MATERIALIZED (
        SELECT customers, tickets || ARRAY(SELECT id FROM followups_ticket WHERE customer_id = ANY(customers)) AS tickets
        FROM hers
    ),
    {beside}
    named AS MATERIALIZED (
        SELECT tickets || ARRAY(SELECT ticket_id FROM followups_contact
            WHERE customer_id = ANY(customers) AND direction = 'inbound' AND ticket_id IS NOT NULL) AS tickets FROM who
    )
"""


MARKS = "SELECT customer_id, ticket_id FROM followups_touched"
UNTOUCHED = """
        (f.customer_id IS NULL OR f.customer_id NOT IN (SELECT unnest(customers) FROM touched))
            AND f.ticket_id NOT IN (SELECT unnest(tickets) FROM touched)
"""
PLACED = "ticket_id, at, team_id, agent_id, category_id, channel, priority, customer_id"


def of(table: str) -> str:
    return ", ".join(f"{table}.{name}" for name in PLACED.split(", "))


class Keeps(Protocol):
    """How a source counts while there are facts: SQL that ends in a table expression `facts`."""

    def facts(self, question: windows.Question) -> str: ...


class Kept(NamedTuple):
    """How a source counts from facts: `had` are those kept, where `{untouched}` stands for whoever needs no second look;
    `fresh` makes the others anew, in the same columns; `shown` says what of both (`known`) is counted. `final`: they stand
    as they do after all that happened, so that whoever turned since as_of is made anew, too. `beside`: what `shown` reads
    beside the known.
    """

    had: str
    fresh: str
    shown: str = "SELECT * FROM known"
    final: bool = False
    beside: str = ""
    since: Since = GROUPS

    def facts(self, question: windows.Question) -> str:
        turned, beside = self.final and looks_back(question), f"{self.beside}," if self.beside else ""
        if not turned and not state().touched:
            return f"{beside} known AS ({self.had.format(untouched='true')}), facts AS ({self.shown})"
        stood = f"{UNTOUCHED} AND ({self.since.otherwise}) IS NOT TRUE" if turned else UNTOUCHED
        others = f"f.ticket_id IN (SELECT ticket_id FROM turned) OR NOT ({UNTOUCHED})" if turned else "true"
        known = f"{self.had.format(untouched=stood)} UNION ALL SELECT * FROM fresh f WHERE {others}"
        whose = who(MARKS, self.since.who if turned else NOBODY)
        return f"{whose}, {self.fresh}, {beside} known AS ({known}), facts AS ({self.shown})"


# The tickets of `Found`, read once.
THOSE = "(SELECT tickets FROM those)::bigint[]"
READ = f"""those_read AS MATERIALIZED (
        SELECT id, customer_id, team_id, agent_id, category_id, channel, priority, opened_at, is_demo, imported_resolved_at,
            imported_closed_at, imported_reopened_at
        FROM followups_ticket WHERE id = ANY({THOSE})
    ),"""
THEIRS = of_tickets(THOSE)._replace(ticket="those_read")


class Found(NamedTuple):
    """How a source counts from the rows of few tickets: `named` selects those of which the facts say that they may count,
    `then` also those that may have counted at as_of, where something happened after it; whoever was touched may, too.
    `rows` reads `THEIRS`, and leaves out who does not count.
    """

    named: str
    then: str
    rows: str

    def facts(self, question: windows.Question) -> str:
        some = [self.named]
        some += [self.then] if looks_back(question) else []
        some += ["SELECT ticket_id FROM followups_touched WHERE ticket_id IS NOT NULL"] if state().touched else []
        return f"those AS MATERIALIZED (SELECT ARRAY({' UNION '.join(some)}) AS tickets), {READ} {self.rows}"
