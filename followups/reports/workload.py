"""What lies before the people: open by age, overdue, what comes in and goes out, and ten days of promised work."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from followups import worktime
from followups.models import Absence, Agent, Policy, Role, Team
from followups.reports import answers, cuts, daily, kept, reading, resolution, rows, windows
from followups.reports.ends import ALL, COUNTED_TICKET, Tables, ends

NAME = "workload"
DAYS = 10
DEFINITION = (
    "What is open, and for how long; what is overdue; how many tickets came in and went out in the period; and for the "
    "next ten days how many minutes of follow-ups are promised, beside what the people who are there can carry."
)
COUNTED = (
    "Open, overdue and the days ahead are as it stood as of, each follow-up with the owner and the team that it had then; "
    "opened and ended are of the period, before as of. Ended is throughput, not success: of any outcome but duplicates and "
    "spam. A follow-up is taken for as many minutes as the team's policy says. "
    "A day's budget is the policy's minutes for each active agent and supervisor of the team who is not away in the middle "
    "of its working day, at least one; none on days off. In the total each person counts once, by the desk's own policy."
)
AGES = {"1": "under a day", "7": "1 to 7 days", "30": "7 to 30 days", "older": "over 30 days"}
PLACED = "t.category_id, t.channel, t.priority, t.customer_id"

# Follow-ups that stood at as_of, with the date, the owner and the team that they had then.
STEP = "f.id, f.ticket_id, f.owner_id, f.team_id, f.promiser_id, f.promised_by"
STEPS = f"""
    moved AS (
        SELECT DISTINCT ON (follow_up_id) follow_up_id, from_by
        FROM followups_move WHERE at > %(as_of)s ORDER BY follow_up_id, at, id
    ),
    handed AS (
        SELECT DISTINCT ON (follow_up_id) follow_up_id, from_owner_id, from_team_id
        FROM followups_handover WHERE at > %(as_of)s ORDER BY follow_up_id, at, id
    ),
    stood AS (
        SELECT {STEP} FROM followups_followup f WHERE f.state = 'scheduled' AND f.promised_at <= %(as_of)s
        UNION ALL
        SELECT {STEP} FROM followups_followup f WHERE f.ended_at > %(as_of)s AND f.promised_at <= %(as_of)s
    ),
    steps AS MATERIALIZED (
        SELECT f.id, f.ticket_id, coalesce(moved.from_by, f.promised_by) AS due_by,
            CASE WHEN handed.follow_up_id IS NULL THEN f.team_id ELSE handed.from_team_id END AS team_id,
            coalesce(CASE WHEN handed.follow_up_id IS NULL THEN f.owner_id ELSE handed.from_owner_id END, f.promiser_id)
                AS agent_id
        FROM stood f
        LEFT JOIN moved ON moved.follow_up_id = f.id
        LEFT JOIN handed ON handed.follow_up_id = f.id
    )
"""
# What lay there: the open tickets, which are `known`, where they lie now, and the steps.
LAY = f"""
    WITH {STEPS}
    SELECT 'open' AS kind, NULL::uuid AS follow_up_id, t.id AS ticket_id, t.opened_at AS at, t.team_id, t.agent_id,
        {PLACED}, t.id IN (SELECT ticket_id FROM steps) AS has_step, %(as_of)s - t.opened_at AS age, NULL::int AS day
    FROM followups_ticket t
    WHERE t.id = ANY(ARRAY(SELECT ticket_id FROM known)) AND {COUNTED_TICKET}
    UNION ALL
    SELECT 'step', steps.id, t.id, steps.due_by, coalesce(steps.team_id, t.team_id), steps.agent_id,
        {PLACED}, NULL, NULL, CASE WHEN steps.due_by > %(as_of)s THEN (steps.due_by AT TIME ZONE %(zone)s)::date
            - (%(as_of)s AT TIME ZONE %(zone)s)::date END
    FROM steps JOIN followups_ticket t ON t.id = steps.ticket_id
    WHERE t.id = ANY(ARRAY(SELECT ticket_id FROM steps)) AND {COUNTED_TICKET}
"""


def still_open(of: Tables) -> str:
    """Tickets that no end holds at as_of."""
    return f"""
        SELECT t.id AS ticket_id FROM {of.ticket} t
        LEFT JOIN (
            SELECT DISTINCT ticket_id FROM ({ends(of)}) e WHERE until IS NULL OR until > %(as_of)s
        ) ended ON ended.ticket_id = t.id
        WHERE t.opened_at <= %(as_of)s AND {of.counted} AND ended.ticket_id IS NULL
    """


# A ticket that turned after as_of stood otherwise then, and is looked up by its own ends.
OF_TURNED = "ANY(ARRAY(SELECT ticket_id FROM turned))"
TURNED = Tables(
    ticket=f"(SELECT * FROM followups_ticket WHERE id = {OF_TURNED})",
    closure=f"(SELECT * FROM followups_closure WHERE ticket_id = {OF_TURNED})",
    waiver=f"(SELECT * FROM followups_waiver WHERE ticket_id = {OF_TURNED})",
    counted="true",
)
SINCE = "FROM followups_ticketfact f WHERE f.at <= %(as_of)s AND {untouched}"
OPEN = "kind = 'open'"
LYING = cuts.Source(
    facts=f"known AS ({still_open(ALL)}), facts AS ({LAY})",
    keeps=kept.Kept(
        had=f"""
            WITH turned AS MATERIALIZED (SELECT f.ticket_id {SINCE} AND {kept.TURNED})
            SELECT f.ticket_id {SINCE} AND f.ended_at IS NULL AND ({kept.TURNED}) IS NOT TRUE
            UNION ALL
            SELECT f.ticket_id {SINCE} AND f.ended_at > %(as_of)s AND ({kept.TURNED}) IS NOT TRUE
            UNION ALL
            {still_open(TURNED)}
        """,
        fresh=f"fresh AS ({still_open(kept.TOUCHED)})",
        shown=LAY,
    ),
    follow_up="follow_up_id",
    parts={
        "open": OPEN,
        "no_first_step": f"{OPEN} AND NOT has_step",
        "age.1": f"{OPEN} AND age < interval '24 hours'",
        "age.7": f"{OPEN} AND age >= interval '24 hours' AND age < interval '168 hours'",
        "age.30": f"{OPEN} AND age >= interval '168 hours' AND age < interval '720 hours'",
        "age.older": f"{OPEN} AND age >= interval '720 hours'",
        "overdue": "kind = 'step' AND day IS NULL",
        **{f"day.{n}": f"kind = 'step' AND day = {n}" for n in range(DAYS)},
    },
)


def came(of: Tables) -> str:
    """Openings, with the team and the agent of their time."""
    return f"""
        SELECT t.id AS ticket_id, t.opened_at AS at, t.opened_team_id AS team_id,
            coalesce(t.opened_agent_id, t.agent_id) AS agent_id, {PLACED}
        FROM {of.ticket} t WHERE {of.counted}
    """


CAME = "at >= %(start)s AND at < %(end)s AND at < %(as_of)s"
CAME_FRESH = f"fresh AS ({came(kept.TOUCHED)})"
EACH = "sum(d.counts[1] + d.counts[5] + d.counts[6])"
# What came and what went do not hang on what happened to them later: no days are watched.
OPENED = cuts.Source(
    facts=f"came AS ({came(ALL)}), facts AS (SELECT * FROM came WHERE {CAME})",
    keeps=kept.Kept(
        had=f"SELECT {kept.PLACED} FROM followups_ticketfact f WHERE {{untouched}}",
        fresh=CAME_FRESH,
        shown=f"SELECT * FROM known WHERE {CAME}",
    ),
    by_day=daily.Daily(
        of="d.of = 'tickets'",
        table="followups_ticketfact",
        fresh=CAME_FRESH,
        columns=kept.of("f"),
        parts={"opened": EACH},
        present=EACH,
        where="f.at < %(as_of)s",
        days=(0,),
    ),
    parts={"opened": "true"},
)
THROUGHPUT = {"ended": "closed", "resolved": "closed_resolved"}
ENDED = replace(
    resolution.THROUGHPUT,
    parts={name: resolution.THROUGHPUT.parts[figure] for name, figure in THROUGHPUT.items()},
    by_day=replace(
        resolution.DAILY_CLOSED,
        parts={name: resolution.DAILY_CLOSED.parts[figure] for name, figure in THROUGHPUT.items()},
        days=(0,),
    ),
)
SOURCES = (LYING, OPENED, ENDED)


@dataclass(frozen=True)
class Crew:
    """Who carries the follow-ups of a key, under which policy."""

    policy: Policy
    people: frozenset[int]


def report(question: windows.Question) -> rows.Report:
    tallies = [cuts.tally(question, source) for source in SOURCES]
    crews, away = crews_of(question), reading.once(("absences", question.as_of), lambda: absences(question))
    total = row(rows.TOTAL, together([tally.total for tally in tallies]), question, (crews[None], away))
    by_key = []
    for key in set().union(*(tally.rows for tally in tallies)):
        pairs = zip(SOURCES, tallies, strict=True)
        figures = together(tally.rows.get(key) or cuts.nothing(source) for source, tally in pairs)
        by_key.append(row(key, figures, question, (crews.get(key or ""), away)))
    return answers.answered(question, ABOUT, total, by_key)


def together(each: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """The figures of all sources as one."""
    return {name: figure for figures in each for name, figure in figures.items()}


Away = dict[int, list[tuple[datetime, datetime]]]


def crews_of(question: windows.Question) -> dict[str | None, Crew]:
    """By the name of the team where the question is cut so ("" without a team), and under None of all that it asks of."""
    policies, members = reading.once("policies", policies_by_team), reading.once("members", members_by_team)
    desk = policies.get(None) or Policy()
    asked = {question.filters.team} if question.filters.team else question.scope.team_ids
    wanted = members if asked is None else {team: members[team] for team in asked}
    only = policies.get(question.filters.team, desk)
    found: dict[str | None, Crew] = {None: Crew(only, frozenset(set().union(*wanted.values())))}
    if question.by == "team":
        found[""] = Crew(desk, frozenset(set().union(*members.values())))
        found |= {
            team.name: Crew(policies.get(team.pk, desk), frozenset(members[team.pk])) for team in Team.objects.all()
        }
    return found


def policies_by_team() -> dict[int | None, Policy]:
    """The desk's own under None."""
    return {policy.team_id: policy for policy in Policy.objects.all()}


def members_by_team() -> dict[int | None, set[int]]:
    """Who works in each team; under None who is in none."""
    found: dict[int | None, set[int]] = defaultdict(set)
    active = Agent.objects.filter(is_active=True, role__in=[Role.AGENT, Role.SUPERVISOR])
    for agent, team in active.values_list("pk", "teams"):
        found[team].add(agent)
    return found


def absences(question: windows.Question) -> Away:
    found: Away = defaultdict(list)
    ahead = Absence.objects.between(question.as_of, question.as_of + timedelta(days=DAYS + 1))
    for agent, start, end in ahead.values_list("agent_id", "from_at", "until_at"):
        found[agent].append((start, end))
    return found


def row(
    key: str, figures: dict[str, Any], question: windows.Question, carried: tuple[Crew | None, Away]
) -> rows.Workload:
    counts = [figures[f"day.{n}"] for n in range(DAYS)]
    return rows.Workload(
        key=key,
        **{name: figures[name] for name in ("open", "overdue", "no_first_step", "opened", "ended", "resolved")},
        ages={age: figures[f"age.{age}"] for age in AGES},
        days=dict(ahead(counts, question, *carried)),
    )


def ahead(
    counts: Iterable[int], question: windows.Question, crew: Crew | None, away: Away
) -> Iterator[tuple[str, dict[str, int | None]]]:
    """Each of the ten days with what is promised on it and what can be carried."""
    first = question.as_of.astimezone(ZoneInfo(question.zone)).date()
    policy = crew.policy if crew else Policy()
    for n, promised in enumerate(counts):
        day = first + timedelta(days=n)
        people = present(crew, day, away) if crew else None
        yield (
            day.isoformat(),
            {
                "promised": promised,
                "minutes": promised * policy.minutes_each,
                "people": people,
                "per_person": policy.daily_minutes if crew else None,
                "budget": None if people is None else people * policy.daily_minutes,
            },
        )


def present(crew: Crew, day: date, away: Away) -> int:
    """How many are there in the middle of the working day: none on a day off, else at least one, as slots are given."""
    spans = worktime.spans_on(day, crew.policy.calendar)
    if not spans:
        return 0
    middle = spans[0][0] + (spans[-1][1] - spans[0][0]) / 2
    return max(1, sum(not any(start <= middle < end for start, end in away[person]) for person in crew.people))


def headline(total: rows.Workload, question: windows.Question) -> str:
    return (
        f"{rows.number(total.open)} tickets are open, {rows.number(total.overdue)} follow-ups overdue; in the period "
        f"{rows.number(total.opened)} came in and {rows.number(total.ended)} ended."
    )


ABOUT = answers.About(NAME, DEFINITION, COUNTED, headline, size=lambda it: it.open)
