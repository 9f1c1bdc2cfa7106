"""What the bench of the reports asks: of the desk, and in SQL of PostgreSQL and DuckDB alike, with the same answer.

Opened, of those resolved at as_of; resolved ends with their seven days behind them, of those the customers who came again;
by channel and week. The SQL knows no reopened episodes, families, shared accounts or intervals: it does less.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from tests.bench import laying

SQL = """
WITH standing AS (
    SELECT ticket_id, outcome FROM {closure}
    WHERE closed AND "at" >= {start} AND "at" <= {as_of} AND (reopened_at IS NULL OR reopened_at > {as_of})
), opened AS (
    SELECT e.channel, CAST(date_trunc('week', e.opened_at) AS date) AS week, count(*) AS opened,
        count(CASE WHEN s.outcome = 'resolved' THEN 1 END) AS resolved
    FROM {ticket} e LEFT JOIN standing s ON s.ticket_id = e.id
    WHERE e.opened_at >= {start} AND e.opened_at < {as_of} AND coalesce(s.outcome, '') <> 'spam' AND {where}
    GROUP BY 1, 2
), ended AS (
    SELECT e.id, e.channel, e."at", t.customer_id FROM {closure} e JOIN {ticket} t ON t.id = e.ticket_id
    WHERE e."at" >= {start} AND e."at" <= {as_of} - INTERVAL '7 days' AND e.outcome = 'resolved'
        AND t.customer_id IS NOT NULL AND {where_ended}
), closed AS (
    SELECT channel, CAST(date_trunc('week', "at") AS date) AS week, count(*) AS closed FROM ended GROUP BY 1, 2
), again AS (
    SELECT ended.channel, CAST(date_trunc('week', ended."at") AS date) AS week, count(DISTINCT ended.id) AS again
    FROM ended JOIN {contact} c ON c.customer_id = ended.customer_id AND c."at" > ended."at"
        AND c."at" <= ended."at" + INTERVAL '7 days'
    WHERE c.direction = 'inbound' AND c."at" > {start} AND c."at" <= {as_of} GROUP BY 1, 2
)
SELECT channel, week, coalesce(opened, 0), coalesce(resolved, 0), coalesce(closed, 0), coalesce(again, 0)
FROM opened FULL JOIN closed USING (channel, week) FULL JOIN again USING (channel, week)
"""
COPIED = {
    "ticket": "id, channel, opened_at, customer_id, team_id, category_id, priority",
    "closure": 'id, ticket_id, channel, "at", outcome, closed, reopened_at, team_id, category_id, priority',
    "contact": 'customer_id, "at", direction',
    "category": "id, family",
}
DAYS = timedelta(days=90)
Counts = dict[str, tuple[int, int, int, int]]


@dataclass(frozen=True)
class Asked:
    """90 days before `as_of`, narrowed by `more` in an address and by `where` in SQL."""

    what: str
    as_of: datetime
    more: str = ""
    where: str = "true"
    where_ended: str = ""

    def address(self, name: str, by: str) -> str:
        return f"/api/v1/reports/{name}?by={by}&as_of={self.as_of:%Y-%m-%dT%H:%M:%S.%fZ}{self.more}"

    def sql(self, prefix: str = "") -> str:
        return SQL.format(
            **{name: prefix + name for name in COPIED},
            as_of=f"TIMESTAMPTZ '{self.as_of.isoformat()}'",
            start=f"TIMESTAMPTZ '{(self.as_of - DAYS).isoformat()}'",
            where=self.where.replace("{category}", prefix + "category"),
            where_ended=(self.where_ended or self.where).replace("{category}", prefix + "category"),
        )


def asked(now: datetime) -> list[Asked]:
    """To now, past instants, and a filter each by one cut and by two."""
    team, team_name = laying.rows("SELECT id, name FROM followups_team WHERE name = 'Bench 3'")[0]
    her = laying.rows(
        "SELECT customer_id FROM followups_ticket WHERE customer_id IS NOT NULL ORDER BY id DESC LIMIT 1"
    )[0][0]
    family = "e.category_id IN (SELECT id FROM {category} WHERE family = 'Bench1')"
    return [
        Asked("to now", now),
        Asked("as of yesterday", now - timedelta(days=1)),
        Asked("as of 100 days ago", now - timedelta(days=100)),
        Asked("as of 400 days ago", now - timedelta(days=400)),
        Asked("one channel", now, "&channel=email", "e.channel = 'email'"),
        Asked("one family", now, "&family=Bench1", family),
        Asked("one team", now, f"&team={team_name.replace(' ', '%20')}", f"e.team_id = {team}"),
        Asked("one priority", now, "&priority=high", "e.priority = 'high'"),
        Asked("one customer", now, f"&customer={her}", f"e.customer_id = '{her}'", f"t.customer_id = '{her}'"),
    ]


def by_key(rows: list, by: str) -> Counts:
    """The counts of the SQL by channel or by week."""
    found: Counts = {}
    for channel, week, *counts in rows:
        key = channel if by == "channel" else datetime.fromisoformat(str(week)).strftime("%G-W%V")
        had = found.get(key, (0, 0, 0, 0))
        found[key] = tuple(a + b for a, b in zip(had, counts, strict=True))
    return found


def of_answers(resolution: dict, recontact: dict) -> Counts:
    """The same counts as the desk says them."""
    opened = {row["key"]: (row["as_of_rate"]["den"], row["as_of_rate"]["num"]) for row in resolution["rows"]}
    again = {row["key"]: (row["any_issue"]["den"], row["any_issue"]["num"]) for row in recontact["rows"]}
    every = {key: opened.get(key, (0, 0)) + again.get(key, (0, 0)) for key in {*opened, *again}}
    return {key: counts for key, counts in every.items() if any(counts)}
