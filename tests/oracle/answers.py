"""Every figure of every report once more, by another route: DuckDB with correlated queries, loops, lifelines.

Nothing of the product's counting is imported here. Definitions are re-read from the words, not from the code. A metric is
a list of facts, each with the place it counts in and the names of the figures that it is part of; cutting and filtering
is done once, here.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any
from zoneinfo import ZoneInfo

from tests.oracle import of_ends, of_steps, of_targets, of_tickets, raw, shares
from tests.oracle.recorded import Recorded
from tests.oracle.shares import Columns, Fact


@dataclass(frozen=True)
class Asked:
    """Instants in microseconds. `filters` by name; `teams` None: of all, `pool`: also of none."""

    start: int
    end: int
    as_of: int
    days: int = 7
    of: str = "resolved"
    by: str | None = None
    zone: str = "UTC"
    filters: dict[str, Any] = field(default_factory=dict)
    teams: frozenset[int] | None = None
    pool: bool = False
    agent: int | None = None
    named: frozenset[int] = frozenset()


Facts = Callable[[Recorded, Asked], list[Fact]]
# Of each report what its facts are, and what its columns say of them.
REPORTS: dict[str, tuple[Facts, Callable[[list[Fact]], Columns]]] = {
    "resolution": (of_tickets.resolution, of_tickets.resolution_columns),
    "recontact": (of_ends.recontact, of_ends.recontact_columns),
    "first-contact": (of_tickets.first_contact, of_tickets.first_contact_columns),
    "time-to-resolution": (of_tickets.times, of_tickets.times_columns),
    "promises": (of_steps.promises, of_steps.promises_columns),
    "chase": (of_steps.chase, of_steps.chase_columns),
    "dead-ends": (of_ends.dead_ends, of_ends.dead_ends_columns),
    "silent": (of_tickets.silent, of_tickets.silent_columns),
    "confirmed": (of_ends.confirmed, of_ends.confirmed_columns),
    "targets": (of_targets.targets, of_targets.targets_columns),
    "workload": (of_tickets.workload, of_tickets.workload_columns),
}
NOW = "now"  # what is of this moment has no week or month


class Oracle:
    def __init__(self) -> None:
        self.recorded = Recorded(raw.read())

    def answer(self, name: str, asked: Asked) -> dict[str, Columns]:
        """The columns of the whole (`total`), and of each key of the cut."""
        facts, columns = self.facts(name, asked), REPORTS[name][1]
        found = {"total": columns(facts)}
        if name == "time-to-resolution":
            found["total"] |= shares.fitted([fact for fact in facts if "den" in fact["parts"]])
        for key, some in self.cut(facts, asked).items():
            timed = asked.by in ("week", "month") and name == "dead-ends"
            found[key] = columns(some) | (dict.fromkeys(("orphans", "no_first_step")) if timed else {})
        if name == "workload":
            return {key: row | of_tickets.days_ahead(self.recorded, asked, key, row) for key, row in found.items()}
        return found

    def facts(self, name: str, asked: Asked) -> list[Fact]:
        return [fact for fact in REPORTS[name][0](self.recorded, asked) if self.keeps(asked, fact)]

    def cut(self, facts: Iterable[Fact], asked: Asked) -> dict[str, list[Fact]]:
        found: dict[str, list[Fact]] = {}
        for fact in facts if asked.by else ():
            if not (NOW in fact and asked.by in ("week", "month")):
                found.setdefault(self.key(asked, fact), []).append(fact)
        return found

    def key(self, asked: Asked, fact: Fact) -> str:
        rows = self.recorded
        category, team = rows.categories[fact["category_id"]], rows.teams.get(fact["team_id"], {})
        if asked.by in ("week", "month"):
            local = raw.instant(fact["at"]).astimezone(ZoneInfo(asked.zone))
            year, week, _ = local.isocalendar()
            return f"{year}-W{week:02}" if asked.by == "week" else f"{local:%Y-%m}"
        if asked.by == "agent":
            return rows.agents[fact["agent_id"]]["username"] if fact["agent_id"] in asked.named else ""
        places = {"category": category["path"], "family": category["family"]}
        places |= {"team": team.get("name", ""), "site": team.get("kind", "")}
        places |= {"channel": fact["channel"], "priority": fact["priority"]}
        return places[asked.by]

    def keeps(self, asked: Asked, fact: Fact) -> bool:
        if asked.teams is not None and fact["team_id"] not in asked.teams | ({None} if asked.pool else set()):
            return False
        if asked.agent is not None and fact["agent_id"] != asked.agent:
            return False
        return all(self.fits(name, wanted, fact) for name, wanted in asked.filters.items())

    def fits(self, name: str, wanted: Any, fact: Fact) -> bool:
        category = self.recorded.categories[fact["category_id"]]
        if name == "category":
            return category["path"] == wanted or category["path"].startswith(f"{wanted}/")
        if name == "family":
            return category["family"] == wanted
        return fact[{"team": "team_id", "customer": "customer_id"}.get(name, name)] == wanted

    def familiar(self, asked: Asked) -> tuple[int, int]:
        """Closed as resolved, and closed."""
        some = [fact for fact in of_ends.throughput(self.recorded, replace(asked, by=None)) if self.keeps(asked, fact)]
        return sum("closed_resolved" in fact["parts"] for fact in some), len(some)

    def is_real(self, row: dict[str, Any]) -> bool:
        """Of a ticket that counts; without one, not of a demo customer beside real tickets."""
        ticket_id = row["ticket_id"] if "ticket_id" in row else row["id"]
        if ticket_id is not None:
            return ticket_id in self.recorded.tickets
        everything = len(self.recorded.tickets) == len(self.recorded.all_tickets)
        practice = everything and all(each["is_demo"] for each in self.recorded.tickets.values())
        return practice or not self.recorded.customers.get(row["customer_id"], {}).get("is_demo")

    def entered_later(self, asked: Asked) -> int:
        """What happened from the start of the period up to as_of, and was entered after it."""
        rows = self.recorded.rows

        def late(table: str, at: str, entered: str, end: int) -> list[dict]:
            some = [row for row in rows[table] if asked.start <= row[at] <= asked.as_of < row[entered]]
            return [row for row in some if row[at] < end and self.is_real(row)]

        ever = asked.as_of + 1
        return (
            len(late("ticket", "opened_at", "created_at", asked.end))
            + sum(not row["is_opening"] for row in late("contact", "at", "entered_at", ever))
            + sum(row["undone_at"] is None for row in late("closure", "at", "entered_at", ever))
            + len(late("waiver", "at", "entered_at", ever))
        )
