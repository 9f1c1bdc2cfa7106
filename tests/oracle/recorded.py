"""The rows, laid out for questions: tickets that count, their ends, and what came after an end."""

from functools import cached_property
from typing import Any

import duckdb

from tests.oracle import raw
from tests.oracle.raw import grouped

DAY = 86_400_000_000
ENDED = {
    "id": "VARCHAR",
    "ticket_id": "BIGINT",
    "start": "BIGINT",
    "customer_id": "VARCHAR",
    "opened_at": "BIGINT",
    "reference": "VARCHAR",
    "family": "VARCHAR",
}
CALLED = {"id": "VARCHAR", "customer_id": "VARCHAR", "family": "VARCHAR", "at": "BIGINT"}
# Every contact is charged to the latest end before it, of the same customer and family.
CHARGED = """
    SELECT calls.id AS call_id, calls.at, (
        SELECT u.id FROM ends u
        WHERE u.customer_id = calls.customer_id AND u.family = calls.family AND u.start < calls.at
        ORDER BY u.start DESC, u.opened_at DESC, u.reference DESC, u.id DESC LIMIT 1) AS end_id
    FROM calls WHERE calls.at <= $as_of
"""
FOLLOWED = f"""
    WITH charged AS ({CHARGED})
    SELECT u.id,
        (SELECT min(calls.at) FROM calls
            WHERE calls.customer_id = u.customer_id AND calls.at > u.start AND calls.at <= $as_of) AS next_any,
        (SELECT min(charged.at) FROM charged WHERE charged.end_id = u.id) AS next_same
    FROM ends u
"""


def is_hers(contact: dict[str, Any]) -> bool:
    """She started it, and it is more than thanks."""
    return (
        contact["direction"] == "inbound"
        and contact["answers_follow_up_id"] is None
        and contact["purpose"] not in ("thanks", "automatic")
    )


class Recorded:
    def __init__(self, rows: raw.Rows) -> None:
        self.rows = rows
        self.known_followed: dict[int, dict[str, dict[str, Any]]] = {}
        self.categories = {row["id"]: row for row in rows["category"]}
        self.teams = {row["id"]: row for row in rows["team"]}
        self.agents = {row["id"]: row for row in rows["agent"]}
        self.customers = {row["id"]: row for row in rows["customer"]}
        real = [row for row in rows["ticket"] if not row["is_demo"]]
        self.all_tickets = {row["id"]: row for row in rows["ticket"]}
        self.tickets = {row["id"]: row for row in (real or rows["ticket"])}
        self.ends = grouped(self.every_end(), "ticket_id", order=lambda end: end["start"])
        self.contacts = grouped(rows["contact"], "ticket_id", order=lambda row: (row["at"], row["id"]))
        self.steps = grouped(rows["followup"], "ticket_id")
        self.reopenings = grouped(rows["reopening"], "ticket_id")
        said = (row for row in rows["event"] if row["kind"] == "imported.state" and row["resolved"] == "true")
        self.logged = grouped(list(said), "ticket_id")
        self.confirmations = grouped(
            rows["confirmation"], "ticket_id", order=lambda row: (row["at"], not row["confirmed"])
        )
        self.moves = grouped(rows["move"], "follow_up_id", order=lambda row: (row["at"], row["id"]))
        self.handovers = grouped(rows["handover"], "follow_up_id", order=lambda row: (row["at"], row["id"]))
        self.touched = grouped(rows["contact"], "follow_up_id", order=lambda row: row["at"])
        said = [row for row in rows["contact"] if row["direction"] == "inbound" and row["purpose"] != "automatic"]
        self.words = grouped([row | {"customer_id": self.who(row)} for row in said], "customer_id")

    def every_end(self) -> list[dict[str, Any]]:
        """Closings that closed, waivers, and ends that an import brought, of tickets that count."""
        found = [self.of_closure(row) for row in self.rows["closure"] if row["closed"] and row["undone_at"] is None]
        found += [self.of_waiver(row) for row in self.rows["waiver"]]
        found += [self.of_import(row) for row in self.rows["ticket"] if row["imported_closed_at"] is not None]
        return [end for end in found if end["ticket_id"] in self.tickets]

    @staticmethod
    def of_closure(row: dict[str, Any]) -> dict[str, Any]:
        left_out = row["outcome"] if row["outcome"] in ("duplicate", "spam") else None
        return row | {
            "kind": "closure",
            "start": row["at"],
            "until": row["reopened_at"],
            "resolved": row["outcome"] == "resolved",
            "left_out": left_out,
            "agent_id": row["agent_id"] or row["by_id"],
        }

    @staticmethod
    def of_waiver(row: dict[str, Any]) -> dict[str, Any]:
        more = {"start": row["at"], "until": row["reopened_at"], "resolved": False, "left_out": None}
        return row | more | {"waiver": row["kind"], "kind": "waiver"}

    @staticmethod
    def of_import(row: dict[str, Any]) -> dict[str, Any]:
        resolved = row["imported_resolved_at"]
        return row | {
            "id": str(row["id"]),
            "ticket_id": row["id"],
            "kind": "import",
            "start": row["imported_closed_at"] if resolved is None else resolved,
            "until": row["imported_reopened_at"],
            "resolved": resolved is not None,
            "left_out": None,
        }

    def state(self, ticket_id: int, at: int) -> dict[str, Any] | None:
        """The end that holds at an instant."""
        holding = [end for end in self.ends[ticket_id] if end["start"] <= at and (end["until"] or at + 1) > at]
        return holding[-1] if holding else None

    def customer_of(self, ticket_id: int) -> dict[str, Any]:
        return self.customers.get(self.all_tickets[ticket_id]["customer_id"], {})

    def family_of(self, category_id: int) -> str:
        return self.categories[category_id]["family"]

    def is_unknown(self, ticket_id: int) -> str | None:
        """Why nobody knows whose contacts these were."""
        customer = self.customer_of(ticket_id)
        return "no_customer" if not customer else ("shared_account" if customer["shared_account"] else None)

    @cached_property
    def calls(self) -> list[dict[str, Any]]:
        """Contacts that count as coming back, of whom and about which family."""
        found = []
        for row in filter(is_hers, self.rows["contact"]):
            ticket = self.all_tickets.get(row["ticket_id"])
            family = self.family_of(ticket["category_id"]) if ticket else None
            found.append({"id": row["id"], "at": row["at"], "customer_id": self.who(row), "family": family})
        return found

    def who(self, contact: dict[str, Any]) -> str | None:
        """Whose contact it was: hers, else her ticket's."""
        return contact["customer_id"] or self.all_tickets.get(contact["ticket_id"], {}).get("customer_id")

    def followed(self, as_of: int) -> dict[str, dict[str, Any]]:
        if as_of not in self.known_followed:
            self.known_followed[as_of] = self.found_followed(as_of)
        return self.known_followed[as_of]

    def found_followed(self, as_of: int) -> dict[str, dict[str, Any]]:
        """By end the next contact about anything and the first that is charged to it, up to as_of."""
        duck = duckdb.connect()
        ends = [end for some in self.ends.values() for end in some if end["start"] <= as_of and not end["left_out"]]
        raw.table(duck, "ends", [self.known(end) for end in ends if not self.is_unknown(end["ticket_id"])], ENDED)
        raw.table(duck, "calls", [row for row in self.calls if row["customer_id"]], CALLED)
        found = duck.execute(FOLLOWED, {"as_of": as_of}).fetchall()
        return {key: {"any": next_any, "same": next_same} for key, next_any, next_same in found}

    def known(self, end: dict[str, Any]) -> dict[str, Any]:
        ticket = self.all_tickets[end["ticket_id"]]
        return end | {
            "customer_id": ticket["customer_id"],
            "opened_at": ticket["opened_at"],
            "reference": ticket["number"] if ticket["reference"] is None else ticket["reference"],
            "family": self.family_of(end["category_id"]),
        }

    def place(self, row: dict[str, Any], at: int, parts: set[str], **more: Any) -> dict[str, Any]:
        """A fact that counts where this row lies."""
        names = ("team_id", "agent_id", "category_id", "channel", "priority")
        ticket_id = row.get("ticket_id", row["id"])
        fact = {name: row[name] for name in names} | {"ticket_id": ticket_id, "follow_up_id": None, "at": at}
        return fact | {"customer_id": self.all_tickets[ticket_id]["customer_id"], "parts": parts} | more

    def place_opening(self, ticket: dict[str, Any], parts: set[str], **more: Any) -> dict[str, Any]:
        """Where a ticket was opened."""
        agent = ticket["opened_agent_id"] or ticket["agent_id"]
        row = ticket | {"team_id": ticket["opened_team_id"], "agent_id": agent}
        return self.place(row, ticket["opened_at"], parts, **more)
