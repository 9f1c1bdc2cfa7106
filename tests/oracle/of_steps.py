"""Promises: whether they were kept, and who asked before."""

from typing import Any

from tests.oracle.recorded import Recorded, is_hers
from tests.oracle.shares import Columns, Fact, counted, excluding, left_out, middle_hours, of_parts, share

WRITTEN = {"email", "chat", "sms", "letter", "web", "social", "none"}
REASONS = ("called_off", "spam")


def promises(rows: Recorded, asked: Any) -> list[Fact]:
    found = []
    for row in rows.rows["followup"]:
        if row["promised_at"] <= asked.as_of and row["ticket_id"] in rows.tickets:
            due, since, alone = window(row, rows.moves[row["id"]], asked.as_of)
            if asked.start <= due < asked.end:
                step = row | {"due": due, "since": since, "alone": alone}
                found.append(of_step(rows, step, rows.moves[row["id"]], rows.touched[row["id"]], asked.as_of))
    return found


def window(row: dict, moves: list[dict], as_of: int) -> tuple[int, int | None, bool]:
    """The date that counts at as_of, the start of its window, and whether we moved it without her."""
    for move in moves:
        agreed = move["agreed"] and move["at"] < move["from_by"]
        if row["told_at"] is not None and row["told_at"] < move["at"] <= as_of and not agreed:
            return move["from_by"], move["from_from"], True
    for move in moves:
        if move["at"] > as_of:
            return move["from_by"], move["from_from"], False
    return row["promised_by"], row["promised_from"], False


def whose(row: dict, handovers: list[dict], at: int) -> tuple[int | None, int | None]:
    """Owner and team at an instant: from the first on, one hand-over after the other, as long as they lie behind it."""
    stints = [(one["from_owner_id"], one["from_team_id"]) for one in handovers] + [(row["owner_id"], row["team_id"])]
    return stints[sum(one["at"] <= at for one in handovers)]


def of_step(rows: Recorded, row: dict, moves: list[dict], touched: list[dict], as_of: int) -> Fact:
    told = row["told_at"] is not None and row["told_at"] <= as_of
    connected = reached(row, moves, touched, as_of)
    out, parts = why_left_out(rows, row, as_of), set()
    if out:
        parts = excluding(out) if told else set()
    elif row["due"] > as_of:
        parts = {"immature"} if told else set()
    else:
        parts = {"due"} | (became(row, connected, touched, moves, as_of) if told else set())
    ticket = rows.tickets[row["ticket_id"]]
    places = {name: ticket[name] for name in ("category_id", "channel", "priority")} | {"ticket_id": row["ticket_id"]}
    owner, team = whose(row, rows.handovers[row["id"]], min(row["due"], as_of))
    places |= {"team_id": team, "agent_id": owner or row["promiser_id"]}
    more = {"id": row["id"], "told_at": row["told_at"], "connected": connected}
    return rows.place(places | {"id": 0}, row["due"], parts, **more) | {"follow_up_id": row["id"]}


def why_left_out(rows: Recorded, row: dict, as_of: int) -> str | None:
    state = rows.state(row["ticket_id"], as_of)
    if state and state["left_out"] == "spam":
        return "spam"
    by_her = row["state"] == "called_off" and row["called_off_by"] == "customer"
    return "called_off" if by_her and row["ended_at"] < row["due"] and row["ended_at"] <= as_of else None


def ours(row: dict, moves: list[dict], touched: list[dict], as_of: int) -> list[dict]:
    """What we tried for it; the talk in which she was told, or agreed to another date, keeps nothing."""
    talks = {move["agreed_contact_id"] for move in moves} | {row["told_contact_id"]}
    return [c for c in touched if c["direction"] == "outbound" and c["at"] <= as_of and c["id"] not in talks]


def reached(row: dict, moves: list[dict], touched: list[dict], as_of: int) -> int | None:
    return min((c["at"] for c in ours(row, moves, touched, as_of) if is_connected(c, row)), default=None)


def is_connected(contact: dict, row: dict) -> bool:
    if contact["reached"] == "written":
        return row["channel"] in WRITTEN
    return contact["reached"] == "reached" or (contact["reached"] == "voicemail" and row["voicemail_ok"])


def became(row: dict, connected: int | None, touched: list[dict], moves: list[dict], as_of: int) -> set[str]:
    """What became of one that was told and fell due."""
    if not row["alone"] and connected is not None and connected <= row["due"]:
        empty = row["brought"] == "no_news" and row["ended_at"] is not None and row["ended_at"] <= as_of
        return {"den", "num"} | ({"empty_handed"} if empty else set())
    left = [c for c in ours(row, moves, touched, as_of) if c["reached"] in ("voicemail", "written")]
    tried = any((row["since"] or 0) <= c["at"] <= row["due"] for c in left)
    name = "moved_by_us" if row["alone"] else ("never_done" if connected is None else "kept_late")
    return {"den", "broken", name} | ({"tried_in_time"} if tried else set())


def promises_columns(facts: list[Fact]) -> Columns:
    counts = counted(facts)
    names = ("tried_in_time", "empty_handed", "kept_late", "never_done", "moved_by_us", "due")
    mine = [fact for fact in facts if "den" in fact["parts"]]
    late = [fact["connected"] - fact["at"] for fact in mine if "kept_late" in fact["parts"]]
    return (
        share(counts["num"], counts["den"], counts["immature"], left_out(counts, REASONS))
        | of_parts(counts, names)
        | {
            "told_share": counts["den"] / counts["due"] if counts["due"] else None,
            "median_wait_hours": middle_hours([fact["at"] - fact["told_at"] for fact in mine]),
            "median_late_hours": middle_hours(late),
        }
    )


def chase(rows: Recorded, asked: Any) -> list[Fact]:
    calls = [row for row in rows.rows["contact"] if is_hers(row) and row["ticket_id"]]
    found = []
    for fact in promises(rows, asked):
        parts = fact["parts"] & {"den", "immature", "excluded", "excluded.called_off", "excluded.spam"}
        times = sum(is_chase(rows, fact, call) for call in calls) if "den" in parts else 0
        parts |= {"num"} if times else set()
        parts |= {"often"} if times > 1 else set()
        found.append(fact | {"parts": parts, "times": times})
    return found


def is_chase(rows: Recorded, fact: Fact, call: dict) -> bool:
    """About it, between the telling and the date or, where it came earlier, our call."""
    until = fact["at"] if fact["connected"] is None else min(fact["at"], fact["connected"])
    if not fact["told_at"] < call["at"] < until:
        return False
    if call["ticket_id"] == fact["ticket_id"]:
        return True
    other = rows.all_tickets[call["ticket_id"]]
    alike = rows.family_of(other["category_id"]) == rows.family_of(fact["category_id"])
    return alike and other["customer_id"] == fact["customer_id"] and not rows.is_unknown(fact["ticket_id"])


def chase_columns(facts: list[Fact]) -> Columns:
    counts = counted(facts)
    return share(counts["num"], counts["den"], counts["immature"], left_out(counts, REASONS)) | {
        "often": counts["often"],
        "contacts": sum(fact["times"] for fact in facts),
    }
