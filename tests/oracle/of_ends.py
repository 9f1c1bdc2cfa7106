"""Ends of tickets, and what was said of them: re-contact, confirmed, throughput, dead ends."""

from typing import Any

from tests.oracle.recorded import DAY, Recorded
from tests.oracle.shares import Columns, Fact, counted, excluding, left_out, of_parts, share, under

UNKNOWN = ("duplicate", "spam", "no_customer", "shared_account")
GONE = ("duplicate", "spam")
WAIVED = ("final_answer", "exhausted", "legal", "deceased", "other")
DEAD = ("no_remedy", "unreachable", "gave_up")


def started(rows: Recorded, asked: Any) -> list[dict[str, Any]]:
    """Every end of the period that exists at as_of."""
    every = [end for some in rows.ends.values() for end in some]
    return [end for end in every if asked.start <= end["start"] < asked.end and end["start"] <= asked.as_of]


def recontact(rows: Recorded, asked: Any) -> list[Fact]:
    followed = rows.followed(asked.as_of)
    found = []
    for end in started(rows, asked):
        why = end["left_out"] or rows.is_unknown(end["ticket_id"])
        if why not in GONE and asked.of != "all" and end["resolved"] != (asked.of == "resolved"):
            continue
        parts = after(end, why, followed, asked)
        if "any_issue" in parts and "same_issue" not in parts:
            parts |= {"elsewhere"}
        found.append(rows.place(end, end["start"], parts, end=end))
    return found


def asked_next(rows: Recorded, fact: Fact, days: int) -> str | None:
    """The families of an end followed by something else alone, and of the first contact after it of another."""
    family = rows.family_of(fact["category_id"])
    others = [
        (call["at"], call["family"] or "")
        for call in rows.calls
        if call["customer_id"] == fact["customer_id"] and 0 < call["at"] - fact["at"] <= days * DAY
        if call["family"] != family
    ]
    return f"{family}/{min(others)[1]}" if others else None


def after(end: dict[str, Any], why: str | None, followed: dict[str, dict], asked: Any) -> set[str]:
    """What came after an end within the days."""
    if why:
        return excluding(why)
    over = end["start"] + asked.days * DAY
    if over > asked.as_of:
        return {"immature"}
    next_ = followed[end["id"]]
    came = {f"{which}_issue" for which in ("any", "same") if next_[which] is not None and next_[which] <= over}
    return {"den"} | came


def recontact_columns(facts: list[Fact]) -> Columns:
    counts = counted(facts)
    out = left_out(counts, UNKNOWN)
    return {
        name: value
        for which in ("any_issue", "same_issue")
        for name, value in under(which, share(counts[which], counts["den"], counts["immature"], out)).items()
    }


def confirmed(rows: Recorded, asked: Any) -> list[Fact]:
    """Resolutions, with the last thing she said of each until it was reopened."""
    found = []
    for fact in recontact(rows, Of(asked, "resolved")):
        end, parts = fact["end"], fact["parts"] - {"any_issue", "same_issue"}
        if "den" in parts:
            last = min(asked.as_of, asked.as_of if end["until"] is None else end["until"])
            words = [row for row in rows.confirmations[fact["ticket_id"]] if end["start"] <= row["at"] <= last]
            yes = words[-1]["confirmed"] if words else None
            parts |= {"num"} if yes else set()
            parts |= {"refuted"} if yes is False or (yes is None and "same_issue" in fact["parts"]) else set()
            parts |= {"claimed"} if end.get("evidence") == "other_system" else set()
        found.append(fact | {"parts": parts})
    return found


class Of:
    """The same question of other ends."""

    def __init__(self, asked: Any, of: str) -> None:
        self.asked, self.of = asked, of

    def __getattr__(self, name: str) -> Any:
        return getattr(self.asked, name)


def confirmed_columns(facts: list[Fact]) -> Columns:
    counts = counted(facts)
    den = counts["den"]
    return share(counts["num"], den, counts["immature"], left_out(counts, UNKNOWN)) | {
        "low": counts["num"] / den if den else None,
        "high": 1 - counts["refuted"] / den if den else None,
        "refuted": counts["refuted"],
        "claimed": counts["claimed"],
    }


def throughput(rows: Recorded, asked: Any) -> list[Fact]:
    some = [end for end in started(rows, asked) if not end["left_out"]]
    words = {True: {"closed", "closed_resolved"}, False: {"closed"}}
    return [rows.place(end, end["start"], words[end["resolved"]]) for end in some]


def dead_ends(rows: Recorded, asked: Any) -> list[Fact]:
    return said(rows, asked) + waived(rows, asked) + gate(rows)


def in_period(row: dict[str, Any], rows: Recorded, asked: Any) -> bool:
    return asked.start <= row["at"] < asked.end and row["at"] <= asked.as_of and row["ticket_id"] in rows.tickets


def said(rows: Recorded, asked: Any) -> list[Fact]:
    """Whatever was said to be finished. `first` dead end of a ticket in the period: what she got in her hands after it."""
    every = [row for row in rows.rows["closure"] if row["undone_at"] is None and in_period(row, rows, asked)]
    steps = {row["id"]: row for row in rows.rows["followup"]}
    found, seen = [], set()
    for row in sorted(every, key=lambda each: (each["at"], each["id"])):
        parts = excluding(row["outcome"]) if row["outcome"] in GONE else {"den"}
        kind = "gave_up" if row["why"] == "gave_up" else row["outcome"]
        if kind in DEAD:
            parts |= {"num", kind}
            if row["ticket_id"] not in seen:
                parts |= in_her_hands(rows, row, asked)
            seen.add(row["ticket_id"])
        if kind in DEAD and (row["closed"] or not is_told(steps[row["replaced_by_id"]], asked)):
            parts |= {"untold"}
        if not row["closed"]:
            parts |= {"replaced"} | ({"told"} if is_told(steps[row["replaced_by_id"]], asked) else set())
        found.append(rows.place(row | {"agent_id": row["agent_id"] or row["by_id"]}, row["at"], parts))
    return found


def is_told(step: dict[str, Any], asked: Any) -> bool:
    return step["told_at"] is not None and step["told_at"] <= asked.as_of


def in_her_hands(rows: Recorded, row: dict[str, Any], asked: Any) -> set[str]:
    over = row["at"] + asked.days * DAY
    if over > asked.as_of:
        return {"tangible.immature"}
    for step in rows.steps[row["ticket_id"]]:
        brought = step["brought"] not in ("", "news", "no_news") and step["state"] != "called_off"
        if brought and step["ended_at"] is not None and row["at"] < step["ended_at"] <= over:
            return {"tangible.den", "tangible.num"}
    return {"tangible.den"}


def waived(rows: Recorded, asked: Any) -> list[Fact]:
    some = [row for row in rows.rows["waiver"] if in_period(row, rows, asked)]
    return [rows.place(row, row["at"], {"waived", f"waived.{row['kind']}"}) for row in some]


def gate(rows: Recorded) -> list[Fact]:
    """Of this moment: tickets without a first step, and those that the gate must never let be."""
    never_closed = {row["ticket_id"] for row in rows.rows["closure"] if not row["closed"]}
    found = []
    for key, row in rows.tickets.items():
        has_step = any(step["state"] == "scheduled" for step in rows.steps[key])
        if row["state"] == "closed":
            word = any(end["until"] is None for end in rows.ends[key] if end["kind"] != "import")
            broken = has_step or not (row["imported"] or word)
        else:
            broken = not has_step and (row["ever_followed"] or key in never_closed)
        none = row["state"] == "open" and not has_step
        parts = {name for name, is_so in (("orphans", broken), ("no_first_step", none)) if is_so}
        found.append(rows.place(row, row["opened_at"], parts, now=True))
    return found


def dead_ends_columns(facts: list[Fact]) -> Columns:
    counts = counted(facts)
    tangible = share(counts["tangible.num"], counts["tangible.den"], counts["tangible.immature"])
    names = (*DEAD, "replaced", "told", "waived", "orphans", "no_first_step")
    return (
        share(counts["num"], counts["den"], 0, left_out(counts, GONE))
        | of_parts(counts, names)
        | {"attempted": counts["num"]}
        | {f"waived_by_kind_{kind}": counts[f"waived.{kind}"] for kind in WAIVED}
        | under("tangible", tangible)
    )
