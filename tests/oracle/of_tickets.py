"""Tickets and episodes: resolution, first contact and effort, times, silence, workload."""

import hashlib
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from tests.oracle import of_steps, of_targets, of_work, raw, shares
from tests.oracle.of_ends import GONE, started
from tests.oracle.recorded import DAY, Recorded, is_hers
from tests.oracle.shares import Columns, Fact, counted, excluding, left_out, of_parts, share, under

HORIZONS = (1, 3, 7, 30)
EFFORT = ("contacts", "transfers", "channel_switches", "retold", "days")
AGES = {"1": (0, 1), "7": (1, 7), "30": (7, 30), "older": (30, 10**6)}
SILENT_AFTER = 90 * DAY
UNKNOWN = ("no_customer", "shared_account", "deceased")


def standing(rows: Recorded, asked: Any) -> dict[int, dict | None]:
    """Tickets opened before as_of, with the end that holds at as_of."""
    return {key: rows.state(key, asked.as_of) for key, row in rows.tickets.items() if row["opened_at"] < asked.as_of}


def episodes(rows: Recorded, ended: dict[int, dict | None]) -> dict[int, list[dict]]:
    """By its first ticket: a customer's native tickets of one family, joined while one is open or up to 30 days after the
    last end.
    """
    found: dict[int, list[dict]] = {}
    running: dict[tuple, list[dict]] = {}
    for row in sorted((rows.tickets[key] for key in ended), key=lambda row: (row["opened_at"], row["id"])):
        if ended[row["id"]] and ended[row["id"]]["left_out"]:
            continue
        came = row["import_digest"] or row["imported_closed_at"] is not None
        if came or rows.is_unknown(row["id"]):
            found[row["id"]] = [row]
            continue
        which = (row["customer_id"], rows.family_of(row["category_id"]))
        if which in running and all(lasts(ended[each["id"]], row["opened_at"]) is False for each in running[which]):
            del running[which]
        if which in running:
            running[which].append(row)
        else:
            found[row["id"]] = running[which] = [row]
    return found


def lasts(end: dict | None, at: int) -> bool:
    return end is None or end["start"] + 30 * DAY >= at


def is_resolved(rows: Recorded, episode: list[dict], at: int) -> bool:
    """None of its tickets is open at the instant, and the last end was a resolution."""
    states = [rows.state(row["id"], at) for row in episode if row["opened_at"] <= at]
    if None in states:
        return False
    last = max(state["start"] for state in states)
    return any(state["resolved"] for state in states if state["start"] == last)


def opened(rows: Recorded, asked: Any, ended: dict[int, dict | None]) -> list[dict]:
    return [rows.tickets[key] for key in ended if asked.start <= rows.tickets[key]["opened_at"] < asked.end]


def resolution(rows: Recorded, asked: Any) -> list[Fact]:
    ended = standing(rows, asked)
    of, found = episodes(rows, ended), []
    again = {row["ticket_id"] for row in rows.rows["reopening"] if row["at"] <= asked.as_of}
    for row in opened(rows, asked, ended):
        end = ended[row["id"]]
        parts = stands(end)
        parts |= {"reopened"} if row["id"] in again and "den" in parts else set()
        for days in HORIZONS if row["id"] in of else ():
            at = row["opened_at"] + days * DAY
            if at > asked.as_of:
                parts.add(f"{days}.immature")
            else:
                name = "num" if is_resolved(rows, of[row["id"]], at) else "unsolved"
                parts |= {f"{days}.den", f"{days}.{name}"}
        found.append(rows.place_opening(row, parts))
    return found


def times(rows: Recorded, asked: Any) -> list[Fact]:
    """As `resolution`, with how long it took, in working time too, and until somebody first said that it was."""
    ended, found = standing(rows, asked), []
    for row in opened(rows, asked, ended):
        end = ended[row["id"]]
        until, first = end["start"] if end else asked.as_of, first_said(rows, row["id"], asked.as_of)
        parts = stands(end)
        if first is not None and "den" in parts:
            parts |= {"first"} if held(rows, row["id"], end, first, asked.as_of) else {"first", "not_held"}
        more = {
            "waited": until - row["opened_at"],
            "worked": of_work.worked(rows, row, until, asked),
            "said": (until if first is None else first) - row["opened_at"],
        }
        more |= {"resolved": "num" in parts, "ended": end is not None, "was_said": first is not None}
        found.append(rows.place_opening(row, parts, **more))
    return found


def first_said(rows: Recorded, ticket_id: int, as_of: int) -> int | None:
    """The first time that anybody said it was resolved, whatever became of that."""
    said = [end["start"] for end in rows.ends[ticket_id] if end["resolved"] and end["start"] <= as_of]
    said += [row["at"] for row in rows.logged[ticket_id] if row["at"] <= as_of]
    return min(said, default=None)


def held(rows: Recorded, ticket_id: int, end: dict | None, first: int, as_of: int) -> bool:
    """It stands resolved, and nobody came back in between."""
    again = any(first <= row["at"] <= as_of for row in rows.reopenings[ticket_id])
    return end is not None and end["resolved"] and not again


def stands(end: dict | None) -> set[str]:
    if end is None:
        return {"den", "open"}
    if end["left_out"]:
        return excluding(end["left_out"])
    return {"den", "num"} if end["resolved"] else {"den", "ended_unresolved"}


def resolution_columns(facts: list[Fact]) -> Columns:
    counts = counted(facts)
    out = left_out(counts, GONE)
    columns = under("as_of_rate", share(counts["num"], counts["den"], 0, out))
    for days in HORIZONS:
        three = (counts[f"{days}.{part}"] for part in ("num", "den", "immature"))
        columns |= under(f"horizons_{days}", share(*three, out))
    return columns | of_parts(counts, ("reopened", "open", "ended_unresolved"))


def times_columns(facts: list[Fact]) -> Columns:
    counts = counted(facts)
    out = {f"excluded_{reason}": n for reason, n in left_out(counts, GONE).items()}
    some = {"n": counts["den"], "events": counts["num"]} | of_parts(counts, ("open", "ended_unresolved"))
    some |= {"first_n": counts["first"], "first_not_held": counts["not_held"]}
    return some | shares.times([fact for fact in facts if "den" in fact["parts"]]) | out


def first_contact(rows: Recorded, asked: Any) -> list[Fact]:
    ended = standing(rows, asked)
    of, found = episodes(rows, ended), []
    for row in opened(rows, asked, ended):
        end, over = ended[row["id"]], row["opened_at"] + asked.days * DAY
        parts, spent = excluding(end["left_out"]) if end and end["left_out"] else set(), {}
        if row["id"] in of and over > asked.as_of:
            parts.add("immature")
        elif row["id"] in of:
            hers = [c for each in of[row["id"]] for c in rows.contacts[each["id"]] if is_hers(c)]
            hers = sorted((c for c in hers if row["opened_at"] <= c["at"] <= over), key=lambda c: (c["at"], c["id"]))
            came = any(c["at"] > row["opened_at"] for c in hers)
            solved = is_resolved(rows, of[row["id"]], over)
            parts |= {"den"} | ({"came_again"} if came else set()) | (set() if solved else {"not_resolved"})
            parts |= {"num"} if solved and not came else set()
            spent = effort(hers)
        found.append(rows.place_opening(row, parts, spent=spent))
    return found


def effort(hers: list[dict]) -> dict[str, float]:
    pairs = list(pairwise(hers))
    ears = [(a["recorded_by_id"], b["recorded_by_id"]) for a, b in pairs]
    return {
        "contacts": len(hers),
        "transfers": sum(c["transfers"] or 0 for c in hers),
        "channel_switches": sum(a["channel"] != b["channel"] for a, b in pairs),
        "retold": sum(None not in both and both[0] != both[1] for both in ears),
        "days": (hers[-1]["at"] - hers[0]["at"]) / DAY if hers else 0,
    }


def first_contact_columns(facts: list[Fact]) -> Columns:
    counts = counted(facts)
    spent = [fact["spent"] for fact in facts if "den" in fact["parts"]]
    columns = share(counts["num"], counts["den"], counts["immature"], left_out(counts, GONE))
    columns |= of_parts(counts, ("came_again", "not_resolved"))
    return columns | {f"effort_{name}": shares.mean([each[name] for each in spent]) for name in EFFORT}


def silent(rows: Recorded, asked: Any) -> list[Fact]:
    found = []
    for key, row in rows.tickets.items():
        kind, since = left(rows, row, asked.as_of)
        if kind and asked.start <= since + SILENT_AFTER < asked.end:
            parts = heard(rows, row, kind, since + SILENT_AFTER, asked.as_of)
            found.append(rows.place(row | {"ticket_id": key}, since + SILENT_AFTER, parts))
    return found + drawn(rows, asked)


def drawn(rows: Recorded, asked: Any) -> list[Fact]:
    """Each customer at her first draw, where it lies in the period, with what became of her."""
    first: dict[str, tuple[int, int]] = {}
    for key, row in rows.tickets.items():
        for at in draws(rows, row, asked.as_of):
            who = row["customer_id"]
            first[who] = min(first.get(who, (at, key)), (at, key))
    return [
        rows.place(rows.tickets[key] | {"ticket_id": key}, at, became(rows, who, key, at, asked.as_of))
        for who, (at, key) in first.items()
        if asked.start <= at < asked.end
    ]


def draws(rows: Recorded, row: dict, as_of: int) -> list[int]:
    """The instants at which this ticket had been left for 90 days, as it stood then, and she said nothing in them."""
    key = row["id"]
    began = {row["opened_at"]} | {end["start"] for end in rows.ends[key]} | {c["at"] for c in rows.contacts[key]}
    began |= {each["at"] for each in rows.reopenings[key]}
    found = []
    for at in sorted({max(each + SILENT_AFTER, row["created_at"]) for each in began}):
        kind, since = left(rows, row, at)
        end = rows.state(key, at)
        dead = end is not None and end.get("waiver") == "deceased"
        fits = kind and max(since + SILENT_AFTER, row["created_at"]) == at <= as_of
        if fits and not dead and not rows.is_unknown(key) and not said(rows, row, at - SILENT_AFTER, at):
            found.append(at)
    return found


def said(rows: Recorded, row: dict, after: int, until: int) -> bool:
    return any(after < c["at"] <= until for c in rows.words[row["customer_id"]])


def became(rows: Recorded, who: str, key: int, at: int, as_of: int) -> set[str]:
    held = int(hashlib.md5(f"outreach:{who}".encode()).hexdigest()[:8], 16) % 100 < 20  # noqa: S324
    side, over = "held" if held else "drawn", at + 30 * DAY
    if over > as_of:
        return {f"{side}.immature"}
    hers = [c for c in rows.rows["contact"] if rows.who(c) == who and at < c["at"] <= over]
    end = rows.state(key, over)
    so = {
        "came_back": any(c["direction"] == "inbound" and c["purpose"] != "automatic" for c in hers),
        "reached": any(
            c["direction"] == "outbound" and c["reached"] in ("reached", "written", "voicemail") for c in hers
        ),
        "resolved": end is not None and end["resolved"] and end["start"] > at,
    }
    return {f"{side}.den"} | {f"{side}.{name}" for name, it in so.items() if it}


def left(rows: Recorded, row: dict, as_of: int) -> tuple[str, int]:
    """How she was left, and since when; nothing where it was solved or called off."""
    end = rows.state(row["id"], as_of)
    if end is None and row["opened_at"] <= as_of:
        again = [
            each["at"] for each in rows.rows["reopening"] if each["ticket_id"] == row["id"] and each["at"] <= as_of
        ]
        told = [c["at"] for c in rows.contacts[row["id"]] if c["direction"] == "outbound" and c["at"] <= as_of]
        reached = [
            c["at"]
            for c in rows.contacts[row["id"]]
            if c["at"] in told and c["direction"] == "outbound" and c["reached"] in ("reached", "written", "voicemail")
        ]
        return "waiting", max([row["opened_at"], *again, *reached])
    if end is None or end["resolved"] or end["left_out"]:
        return "", 0
    kinds = {"waiver": "waived", "import": "imported", "closure": "gave_up" if end.get("why") == "gave_up" else ""}
    return kinds[end["kind"]], end["start"]


def heard(rows: Recorded, row: dict, kind: str, at: int, as_of: int) -> set[str]:
    end = rows.state(row["id"], as_of)
    out = rows.is_unknown(row["id"]) or ("deceased" if end and end.get("waiver") == "deceased" else None)
    if out:
        return excluding(out)
    if at > as_of:
        return {"immature"}
    last = [c["at"] for c in rows.words[row["customer_id"]] if c["at"] <= as_of]
    if last and max(last) > as_of - SILENT_AFTER:
        return {"den"}
    draw = int(hashlib.md5(f"outreach:{row['customer_id']}".encode()).hexdigest()[:8], 16) % 100  # noqa: S324
    side = "held_out" if draw < 20 else "to_contact"
    if rows.customers[row["customer_id"]]["do_not_contact"] == "all":
        side = "not_to_contact"
    return {"den", "num", kind, side}


def silent_columns(facts: list[Fact]) -> Columns:
    counts = counted(facts)
    kinds = ("waived", "gave_up", "imported", "waiting", "to_contact", "held_out", "not_to_contact")
    return share(counts["num"], counts["den"], counts["immature"], left_out(counts, UNKNOWN)) | of_parts(counts, kinds)


def workload(rows: Recorded, asked: Any) -> list[Fact]:
    return still_open(rows, asked) + steps(rows, asked) + came_and_went(rows, asked)


def steps_at(rows: Recorded, as_of: int) -> dict[str, tuple[dict, int]]:
    """Follow-ups that stood at as_of, with the date they had then."""
    found = {}
    for row in rows.rows["followup"]:
        if row["promised_at"] <= as_of and (row["ended_at"] is None or row["ended_at"] > as_of):
            first = next((move for move in rows.moves[row["id"]] if move["at"] > as_of), None)
            found[row["id"]] = (row, first["from_by"] if first else row["promised_by"])
    return found


def still_open(rows: Recorded, asked: Any) -> list[Fact]:
    stepped = {row["ticket_id"] for row, _ in steps_at(rows, asked.as_of).values()}
    found = []
    for key, row in rows.tickets.items():
        if row["opened_at"] <= asked.as_of and rows.state(key, asked.as_of) is None:
            age = (asked.as_of - row["opened_at"]) / DAY
            parts = {"open"} | {f"age.{name}" for name, (low, high) in AGES.items() if low <= age < high}
            found.append(rows.place(row, row["opened_at"], parts | (set() if key in stepped else {"no_first_step"})))
    return found


def steps(rows: Recorded, asked: Any) -> list[Fact]:
    today = local_day(asked.as_of, asked.zone)
    found = []
    for key, (row, due) in steps_at(rows, asked.as_of).items():
        ticket = rows.tickets.get(row["ticket_id"])
        if ticket:
            ahead = (local_day(due, asked.zone) - today).days
            parts = {"overdue"} if due <= asked.as_of else ({f"day.{ahead}"} if ahead < 10 else set())
            owner, team = of_steps.whose(row, rows.handovers[key], asked.as_of)
            where = ticket | {"team_id": team or ticket["team_id"], "agent_id": owner or row["promiser_id"]}
            found.append(rows.place(where, due, parts) | {"follow_up_id": key})
    return found


def local_day(at: int, zone: str) -> date:
    return raw.instant(at).astimezone(ZoneInfo(zone)).date()


def came_and_went(rows: Recorded, asked: Any) -> list[Fact]:
    came = [row for row in rows.tickets.values() if asked.start <= row["opened_at"] < asked.end]
    found = [rows.place_opening(row, {"opened"}) for row in came if row["opened_at"] < asked.as_of]
    went = [end for end in started(rows, asked) if not end["left_out"]]
    return found + [
        rows.place(end, end["start"], {"ended", "resolved"} if end["resolved"] else {"ended"}) for end in went
    ]


def workload_columns(facts: list[Fact]) -> Columns:
    counts = counted(facts)
    columns = of_parts(counts, ("open", "overdue", "no_first_step", "opened", "ended", "resolved"))
    columns |= {f"ages_{name}": counts[f"age.{name}"] for name in AGES}
    return columns | {f"day.{n}": counts[f"day.{n}"] for n in range(10)}


def days_ahead(rows: Recorded, asked: Any, key: str, row: Columns) -> Columns:
    """Each of ten days: what is promised, and what the people who are there can carry."""
    policy, people = crew(rows, asked, key)
    first, columns = local_day(asked.as_of, asked.zone), {}
    for n in range(10):
        day, promised = first + timedelta(days=n), row.pop(f"day.{n}")
        there = None if people is None else present(rows, policy, people, day)
        columns |= under(
            f"days_{day.isoformat()}",
            {
                "promised": promised,
                "minutes": promised * policy["minutes_each"],
                "people": there,
                "per_person": None if people is None else policy["daily_minutes"],
                "budget": None if people is None else there * policy["daily_minutes"],
            },
        )
    return columns


def crew(rows: Recorded, asked: Any, key: str) -> tuple[dict, set[int] | None]:
    """Whose work it is, and by which policy."""
    policies = {row["team_id"]: row for row in rows.rows["policy"]}
    desk = policies.get(None, of_targets.DESK)
    works = {row["id"] for row in rows.rows["agent"] if row["is_active"] and row["role"] in ("agent", "supervisor")}
    of: dict[int, set[int]] = {team: set() for team in rows.teams}
    for row in rows.rows["agent_teams"]:
        of[row["team_id"]] |= {row["agent_id"]} & works
    if key != "total":
        named = [team["id"] for team in rows.teams.values() if team["name"] == key]
        if asked.by != "team":
            return desk, None
        return (policies.get(named[0], desk), of[named[0]]) if named else (desk, works)
    team = asked.filters.get("team")
    if team:
        return policies.get(team, desk), of[team]
    return desk, works if asked.teams is None else set().union(*(of[each] for each in asked.teams))


def present(rows: Recorded, policy: dict, people: set[int], day: date) -> int:
    """Who is not away in the middle of the working day: at least one, none on a day off."""
    special = [each["hours"] for each in policy["special_days"] if each["on"] == day.isoformat()]
    hours = special[0] if special else policy["week"][day.weekday()]
    if not hours:
        return 0
    zone = ZoneInfo(policy["zone"] or "UTC")
    ends = [
        datetime.combine(day, time.fromisoformat(each), zone).astimezone(UTC) for each in (hours[0][0], hours[-1][1])
    ]
    middle = (raw.micros(ends[0]) + raw.micros(ends[1])) // 2
    away = {row["agent_id"] for row in rows.rows["absence"] if row["from_at"] <= middle < row["until_at"]}
    return max(1, len(people - away))
