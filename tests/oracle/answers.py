"""Every figure of the five reports once more, by another route: DuckDB with correlated queries, loops, lifelines.

Nothing of `followups.reports` is imported here. Definitions are re-read from the words, not from the code.
"""

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import Any

import duckdb
import pandas as pd
from lifelines import KaplanMeierFitter

DAY = 86_400_000_000
HOUR = 3_600_000_000
WRITTEN = {"email", "chat", "sms", "letter", "web", "social", "none"}

ENDS = """
    CREATE OR REPLACE TABLE ends AS
    SELECT e.*, t.customer_id, t.opened_at, coalesce(t.reference, t.number) AS reference, k.family,
        c.shared_account AS shared
    FROM (
        SELECT id, ticket_id, closure.at AS start, reopened_at AS until, outcome = 'resolved' AS resolved,
            outcome IN ('duplicate', 'spam') AS left_out, channel, category_id
        FROM closure WHERE closed AND undone_at IS NULL
        UNION ALL
        SELECT id, ticket_id, waiver.at, reopened_at, false, false, channel, category_id FROM waiver
        UNION ALL
        SELECT id, id, coalesce(imported_resolved_at, imported_closed_at), imported_reopened_at,
            imported_resolved_at IS NOT NULL, false, channel, category_id
        FROM ticket WHERE imported_closed_at IS NOT NULL
    ) e
    JOIN ticket t ON t.id = e.ticket_id
    JOIN category k ON k.id = e.category_id
    LEFT JOIN customer c ON c.id = t.customer_id
"""
CALLS = """
    CREATE OR REPLACE TABLE calls AS
    SELECT c.id, coalesce(c.customer_id, t.customer_id) AS customer_id, k.family, c.at
    FROM contact c
    LEFT JOIN ticket t ON t.id = c.ticket_id
    LEFT JOIN category k ON k.id = t.category_id
    WHERE c.direction = 'inbound' AND c.answers_follow_up_id IS NULL AND c.purpose NOT IN ('thanks', 'automatic')
"""
CHARGED = """
    SELECT calls.id AS call_id, calls.at, (
        SELECT u.id FROM ends u
        WHERE u.customer_id = calls.customer_id AND u.family = calls.family AND u.start < calls.at
            AND NOT u.left_out AND NOT coalesce(u.shared, false) AND u.start <= $as_of
        ORDER BY u.start DESC, u.opened_at DESC, u.reference DESC, u.id DESC LIMIT 1) AS end_id
    FROM calls WHERE calls.at <= $as_of
"""
RECONTACT = f"""
    WITH charged AS ({CHARGED}),
    units AS (SELECT *, start + $window <= $as_of AS mature FROM ends
        WHERE start >= $start AND start < $end AND start <= $as_of AND NOT left_out AND customer_id IS NOT NULL
            AND NOT shared AND ($of = 'all' OR resolved = ($of = 'resolved')))
    SELECT channel, count(*) FILTER (WHERE mature) AS den,
        count(*) FILTER (WHERE mature AND EXISTS (SELECT 1 FROM calls WHERE calls.customer_id = units.customer_id
            AND calls.at > units.start AND calls.at <= units.start + $window)) AS any_issue,
        count(*) FILTER (WHERE mature AND EXISTS (SELECT 1 FROM charged WHERE charged.end_id = units.id
            AND charged.at <= units.start + $window)) AS same_issue,
        count(*) FILTER (WHERE NOT mature) AS immature
    FROM units GROUP BY channel
"""


@dataclass(frozen=True)
class Asked:
    """Instants in microseconds."""

    start: int
    end: int
    as_of: int
    days: int = 7
    of: str = "resolved"


class Oracle:
    def __init__(self, duck: duckdb.DuckDBPyConnection) -> None:
        self.duck = duck
        duck.execute(ENDS)
        duck.execute(CALLS)
        self.ends: dict[str, list[dict]] = defaultdict(list)
        for row in self.rows("SELECT * FROM ends ORDER BY start"):
            self.ends[row["ticket_id"]].append(row)

    def rows(self, query: str, parameters: dict | None = None) -> list[dict[str, Any]]:
        found = self.duck.execute(query, parameters or {})
        names = [column[0] for column in found.description]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]

    def recontact(self, asked: Asked) -> dict[str, dict[str, int]]:
        given = {
            "start": asked.start,
            "end": asked.end,
            "as_of": asked.as_of,
            "window": asked.days * DAY,
            "of": asked.of,
        }
        by_channel = {row.pop("channel"): row for row in self.rows(RECONTACT, given)}
        total = Counter({"den": 0, "any_issue": 0, "same_issue": 0, "immature": 0})
        for row in by_channel.values():
            total.update(row)
        return {"total": dict(total)} | by_channel

    def state(self, ticket_id: str, at: int) -> dict | None:
        """The end that holds at an instant."""
        holding = [e for e in self.ends[ticket_id] if e["start"] <= at and (e["until"] is None or e["until"] > at)]
        return holding[-1] if holding else None

    def opened(self, asked: Asked) -> list[dict]:
        """Tickets of the period with the end that holds at as_of; duplicates and spam are gone."""
        query = "SELECT * FROM ticket WHERE opened_at >= $start AND opened_at < least($end, $as_of)"
        found = self.rows(query, {"start": asked.start, "end": asked.end, "as_of": asked.as_of})
        for row in found:
            row["ended"] = self.state(row["id"], asked.as_of)
        return [row for row in found if not (row["ended"] and row["ended"]["left_out"])]

    def resolution(self, asked: Asked) -> dict[str, int]:
        tickets = self.opened(asked)
        again = {
            row["ticket_id"] for row in self.rows("SELECT * FROM reopening r WHERE r.at <= $t", {"t": asked.as_of})
        }
        return {
            "den": len(tickets),
            "num": sum(bool(row["ended"] and row["ended"]["resolved"]) for row in tickets),
            "open": sum(row["ended"] is None for row in tickets),
            "reopened": sum(row["id"] in again for row in tickets),
        }

    def episodes(self, asked: Asked) -> list[list[dict]]:
        """A customer's native tickets of one family, joined while one is open or up to 30 days after the last end."""
        query = """SELECT t.*, k.family, c.shared_account AS shared FROM ticket t
            JOIN category k ON k.id = t.category_id LEFT JOIN customer c ON c.id = t.customer_id
            WHERE t.opened_at < $as_of ORDER BY t.opened_at, CAST(t.id AS BIGINT)"""
        found: list[list[dict]] = []
        running: dict[tuple, list[dict]] = {}
        for row in self.rows(query, {"as_of": asked.as_of}):
            row["ended"] = self.state(row["id"], asked.as_of)
            if row["ended"] and row["ended"]["left_out"]:
                continue
            which = (row["customer_id"], row["family"])
            alone = (
                row["import_digest"] or row["imported_closed_at"] is not None or not row["customer_id"] or row["shared"]
            )
            if not alone and which in running and self.lasts(running[which]) >= row["opened_at"]:
                running[which].append(row)
                continue
            found.append([row])
            if not alone:
                running[which] = found[-1]
        return [episode for episode in found if asked.start <= episode[0]["opened_at"] < asked.end]

    @staticmethod
    def lasts(episode: list[dict]) -> float:
        return max(row["ended"]["start"] + 30 * DAY if row["ended"] else float("inf") for row in episode)

    def horizon(self, asked: Asked, days: int) -> dict[str, int]:
        counts = {"num": 0, "den": 0, "immature": 0}
        for episode in self.episodes(asked):
            at = episode[0]["opened_at"] + days * DAY
            if at > asked.as_of:
                counts["immature"] += 1
                continue
            counts["den"] += 1
            states = [self.state(row["id"], at) for row in episode if row["opened_at"] <= at]
            ended = [state for state in states if state]
            if len(ended) == len(states):
                last = max(state["start"] for state in ended)
                counts["num"] += any(state["resolved"] for state in ended if state["start"] == last)
        return counts

    def times(self, asked: Asked) -> dict[str, Any]:
        """Median and 90th percentile by lifelines; shares resolved from its survival of any end and raw counts."""
        tickets = self.opened(asked)
        if not tickets:
            return {"n": 0, "events": 0}
        until = [(row["ended"]["start"] if row["ended"] else asked.as_of) - row["opened_at"] for row in tickets]
        frame = pd.DataFrame({"t": [value / HOUR for value in until]})
        frame["resolved"] = [bool(row["ended"] and row["ended"]["resolved"]) for row in tickets]
        frame["ended"] = [row["ended"] is not None for row in tickets]
        km = KaplanMeierFitter().fit(frame["t"], frame["resolved"])
        return {
            "n": len(frame),
            "events": int(frame["resolved"].sum()),
            "median_hours": first_below(km, 0.5),
            "p90_hours": first_below(km, 0.1),
            "resolved_by": {str(days): incidence(frame, days * 24) for days in (1, 3, 7, 30)},
        }

    def promises(self, asked: Asked) -> dict[str, int]:
        moves, touched = defaultdict(list), defaultdict(list)
        for row in self.rows("SELECT * FROM move m ORDER BY m.at, CAST(id AS BIGINT)"):
            moves[row["follow_up_id"]].append(row)
        for row in self.rows("SELECT * FROM contact WHERE follow_up_id IS NOT NULL AND direction = 'outbound'"):
            touched[row["follow_up_id"]].append(row)
        spam = {row["id"] for row in self.rows("SELECT id FROM ticket") if self.is_spam(row["id"], asked.as_of)}
        counts: Counter = Counter()
        for row in self.rows("SELECT * FROM followup"):
            if row["promised_at"] <= asked.as_of and row["ticket_id"] not in spam:
                counts.update(promise(row, moves[row["id"]], touched[row["id"]], asked))
        return dict(counts)

    def is_spam(self, ticket_id: str, at: int) -> bool:
        state = self.state(ticket_id, at)
        if not state or not state["left_out"]:
            return False
        found = self.rows("SELECT outcome FROM closure WHERE id = $id", {"id": state["id"]})
        return found[0]["outcome"] == "spam"

    def dead_ends(self, asked: Asked) -> dict[str, int]:
        query = """SELECT count(*) FILTER (WHERE NOT (outcome IN ('duplicate', 'spam'))) AS den,
                count(*) FILTER (WHERE outcome = 'no_remedy') + count(*) FILTER (WHERE outcome = 'unreachable')
                    + count(*) FILTER (WHERE outcome = 'withdrawn' AND why = 'gave_up') AS num,
                count(*) FILTER (WHERE replaced_by_id IS NOT NULL) AS replaced,
                count(*) FILTER (WHERE replaced_by_id IN (SELECT id FROM followup WHERE told_at <= $as_of)) AS told,
                (SELECT count(*) FROM waiver w WHERE w.at >= $start AND w.at < $end AND w.at <= $as_of) AS waived
            FROM closure c WHERE undone_at IS NULL AND c.at >= $start AND c.at < $end AND c.at <= $as_of"""
        return self.rows(query, {"start": asked.start, "end": asked.end, "as_of": asked.as_of})[0]


def promise(row: dict, moves: list[dict], touched: list[dict], asked: Asked) -> Counter:
    """What one follow-up adds: nothing outside the period."""
    told = row["told_at"] is not None and row["told_at"] <= asked.as_of
    due, since, alone = row["promised_by"], row["promised_from"], False
    later = [move for move in moves if move["at"] > asked.as_of]
    if later:
        due, since = later[0]["from_by"], later[0]["from_from"]
    for move in moves:
        agreed = move["agreed"] and move["at"] < move["from_by"]
        if move["at"] <= asked.as_of and told and move["at"] > row["told_at"] and not agreed:
            due, since, alone = move["from_by"], move["from_from"], True
            break
    off = row["called_off_by"] == "customer" and row["ended_at"] < due and row["ended_at"] <= asked.as_of
    if not asked.start <= due < asked.end:
        return Counter()
    if off:
        return Counter(excluded=int(told))
    if due > asked.as_of:
        return Counter(immature=int(told))
    if not told:
        return Counter(due=1)
    return Counter(due=1, den=1) + of_told(row, moves, touched, asked.as_of, (since, due, alone))


def of_told(
    row: dict, moves: list[dict], touched: list[dict], as_of: int, window: tuple[int | None, int, bool]
) -> Counter:
    since, due, alone = window
    agreements = {move["agreed_contact_id"] for move in moves}
    ours = [c for c in touched if c["at"] <= as_of and c["id"] != row["told_contact_id"] and c["id"] not in agreements]
    connected = [c["at"] for c in ours if is_connected(c, row)]
    if not alone and connected and min(connected) <= due:
        empty = row["brought"] == "no_news" and row["ended_at"] is not None and row["ended_at"] <= as_of
        return Counter(num=1, empty_handed=int(empty))
    left = [c for c in ours if c["reached"] in ("voicemail", "written") and c["at"] <= due]
    tried = any(since is None or c["at"] >= since for c in left)
    name = "moved_by_us" if alone else ("kept_late" if connected else "never_done")
    return Counter({name: 1, "tried_in_time": int(tried)})


def is_connected(contact: dict, promised: dict) -> bool:
    if contact["reached"] == "written":
        return promised["channel"] in WRITTEN
    return contact["reached"] == "reached" or (contact["reached"] == "voicemail" and promised["voicemail_ok"])


def first_below(km: KaplanMeierFitter, level: float) -> float | None:
    survival = km.survival_function_["KM_estimate"]
    below = survival[survival <= level + 1e-9]
    return round(float(below.index[0]), 4) if len(below) else None


def incidence(frame: pd.DataFrame, hours: float) -> float | None:
    """The share resolved by `hours` other ends as competing events; None where nobody was watched that long."""
    watched = frame["t"].max()
    if watched < hours and not frame.loc[frame["t"] == watched, "ended"].all():
        return None
    km = KaplanMeierFitter().fit(frame["t"], frame["ended"])
    table = km.event_table.iloc[1:] if km.event_table["observed"].iloc[0] == 0 else km.event_table
    resolved = frame[frame["resolved"]].groupby("t").size()
    before = km.survival_function_["KM_estimate"].shift(1, fill_value=1.0)
    hits = [at for at in resolved.index if at <= hours]
    return float(sum(before[at] * resolved[at] / table["at_risk"][at] for at in hits))
