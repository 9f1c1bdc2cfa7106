"""Targets, by walking the clock a quarter of an hour at a time."""

import json
from datetime import date, time
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from tests.oracle import raw
from tests.oracle.raw import grouped
from tests.oracle.recorded import Recorded
from tests.oracle.shares import Columns, Fact, counted, excluding, share, under

QUARTER = 15 * 60 * 1_000_000
OWN = ("first_response", "next_update", "resolution")
KINDS = (*OWN, "acknowledgement", "final_answer")
# The desk's own policy, where nobody has written another.
OFFICE = [[["09:00", "17:00"]]] * 5 + [[]] * 2
DESK = {"zone": "", "week": OFFICE, "special_days": [], "daily_minutes": 90, "minutes_each": 5}
REASONS = ("ended", "duplicate", "spam")


def targets(rows: Recorded, asked: Any) -> list[Fact]:
    given = {row["id"]: row for row in rows.rows["target"]}
    pauses, rests = grouped(rows.rows["pause"], "ticket_id"), grouped(rows.rows["rest"], "clock_id")
    policies = {row["team_id"]: row for row in rows.rows["policy"]}
    found = []
    for row in rows.rows["targetclock"]:
        ticket = rows.tickets.get(row["ticket_id"])
        if ticket is None or row["started_at"] > asked.as_of:
            continue
        policy = policies.get(ticket["team_id"], policies.get(None, DESK))
        stop, done = stopped(row, rests[row["id"]], asked.as_of)
        spans = resting(row, stop, pauses[row["ticket_id"]], rests[row["id"]], asked.as_of)
        due = due_at(row["started_at"], given[row["target_id"]], spans, policy)
        if asked.start <= due < asked.end:
            parts = met(rows, row, (due, stop, done), asked.as_of)
            found.append(rows.place(ticket, due, parts))
    return found


def stopped(row: dict, rests: list[dict], as_of: int) -> tuple[int | None, bool]:
    """The stop that stood at as_of: one that was taken back later, or the last."""
    for rest in rests:
        if rest["from_at"] <= as_of < rest["until_at"]:
            return rest["from_at"], rest["ended"] == "done"
    if row["stopped_at"] is not None and row["stopped_at"] <= as_of:
        return row["stopped_at"], row["ended"] == "done"
    return None, False


def resting(row: dict, stop: int | None, pauses: list[dict], rests: list[dict], as_of: int) -> list[tuple[int, int]]:
    """When it did not run, as was known at as_of: waiting for her own answer, and between a stop and its taking back."""
    spans = [(rest["from_at"], rest["until_at"]) for rest in rests if rest["until_at"] <= as_of]
    for pause in pauses if row["kind"] != "next_update" else ():
        ended = pause["ended_at"]
        until = pause["until_at"] if ended is None or ended > as_of else min(ended, pause["until_at"])
        if pause["from_at"] <= as_of and pause["reason"] == "customer":
            spans.append((pause["from_at"], until))
    return [span for span in spans if stop is None or span[0] < stop]


def due_at(start: int, target: dict, rests: list[tuple[int, int]], policy: dict) -> int:
    """Quarter after quarter, until the amount has run."""
    at, left = start, target["amount"] * 60 * 1_000_000
    while left > 0:
        runs = not any(low <= at < high for low, high in rests)
        if runs and (target["elapsing"] == "elapsed" or is_working(at, policy)):
            left -= QUARTER
        at += QUARTER
    return at


def is_working(at: int, policy: dict) -> bool:
    local = raw.instant(at).astimezone(ZoneInfo(policy["zone"] or "UTC"))
    hours = working_hours(local.date(), json.dumps(policy["week"]), json.dumps(policy["special_days"]))
    return any(low <= local.time() < high for low, high in hours)


@lru_cache(maxsize=10_000)
def working_hours(day: date, week: str, special_days: str) -> list[tuple[time, time]]:
    special = [each["hours"] for each in json.loads(special_days) if each["on"] == day.isoformat()]
    pairs = special[0] if special else json.loads(week)[day.weekday()]
    return [(time.fromisoformat(low), time.fromisoformat(high)) for low, high in pairs]


def met(rows: Recorded, row: dict, how: tuple[int, int | None, bool], as_of: int) -> set[str]:
    due, stop, done = how
    state = rows.state(row["ticket_id"], as_of)
    in_time = stop is not None and stop <= due
    out = (state and state["left_out"]) or ("ended" if in_time and not done else None)
    if out:
        parts = excluding(out)
    elif not in_time and due > as_of:
        parts = {"immature"}
    else:
        parts = {"den", "num" if in_time else "missed"}
    whole = parts if row["kind"] in OWN else set()
    return whole | {f"{row['kind']}.{part}" for part in parts}


def targets_columns(facts: list[Fact]) -> Columns:
    counts = counted(facts)
    columns = of_kind(counts, "") | {"missed": counts["missed"]}
    for kind in KINDS:
        columns |= under(f"kinds_{kind}", of_kind(counts, f"{kind}."))
    return columns


def of_kind(counts: Any, prefix: str) -> Columns:
    out = {reason: counts[f"{prefix}excluded.{reason}"] for reason in REASONS}
    return share(*(counts[f"{prefix}{part}"] for part in ("num", "den", "immature")), out)
