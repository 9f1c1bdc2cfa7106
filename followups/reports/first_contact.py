"""M2: whose problem was solved at the first contact, without a second one."""

from typing import Any

from followups.reports import answers, cuts, daily, kept, rows, windows
from followups.reports.ends import ALL, Tables
from followups.reports.resolution import EPISODES, tickets

NAME = "first-contact"
REASONS = ("duplicate", "spam")
# A day in microseconds.
DAY = 86_400_000_000
DEFINITION = (
    "Of the problems first brought in the period, the share that stood resolved {days} days later without the "
    "customer having to contact us a second time. What is not resolved counts against us."
)
COUNTED = (
    "One unit per episode, a customer's tickets of one family while one of them is open or within 30 days after the "
    "last closing (an imported ticket is an episode of its own); it counts once its {days} days are over. A second "
    "contact is one that she started about the same family, up to and including the last instant; answers to our "
    "own follow-ups, automatic messages and bare thanks are none. Duplicates and spam are left out and counted. "
    "Effort, per problem within the same days: the contacts that she started, the first included; transfers; changes of "
    "channel from one to the next; told again, to another person than the time before; days from the first to the last. "
    "Intervals are Wilson's, 95 %."
)

WATCHED = "interval '2160 hours'"


# When she contacted us, with what each contact brought the sums to. Sums so far never fall, so that each stands beside its
# instant in its own order; one contact alone needs none.
def effort_of(of: Tables) -> str:
    return f"""
    came AS (
        SELECT m.episode, m.episode_at, c.id, c.at, coalesce(c.transfers, 0) AS transfers,
            c.channel <> lag(c.channel) OVER episode AS other_channel,
            c.recorded_by_id <> lag(c.recorded_by_id) OVER episode AS other_ear,
            CASE WHEN c.at < m.at THEN m.at END AS joined_after, count(*) OVER (PARTITION BY m.episode) AS many
        FROM members m JOIN {of.about} c ON c.ticket_id = m.ticket_id
        WHERE c.direction = 'inbound' AND c.answers_follow_up_id IS NULL AND c.purpose NOT IN ('automatic', 'thanks')
            AND c.at >= m.episode_at AND c.at <= m.episode_at + {WATCHED}
            AND m.episode_at >= %(start)s AND m.episode_at < %(end)s
        WINDOW episode AS (PARTITION BY m.episode ORDER BY c.at, c.id)
    ),
    so_far AS (
        SELECT episode, at, joined_after, sum(transfers) OVER so_far AS transfers,
            count(*) FILTER (WHERE other_channel) OVER so_far AS switches,
            count(*) FILTER (WHERE other_ear) OVER so_far AS retold
        FROM came WHERE many > 1 WINDOW so_far AS (PARTITION BY episode ORDER BY at, id ROWS UNBOUNDED PRECEDING)
    ),
    effort AS (
        SELECT episode, array_agg(at ORDER BY at) AS heard,
            CASE WHEN max(transfers) > 0 THEN array_agg(transfers::int ORDER BY transfers) END AS transferred,
            CASE WHEN max(switches) > 0 THEN array_agg(switches::int ORDER BY switches) END AS switched,
            CASE WHEN max(retold) > 0 THEN array_agg(retold::int ORDER BY retold) END AS told_again,
            max(joined_after) AS joined_after, true AS any_heard
        FROM so_far GROUP BY episode
        UNION ALL
        SELECT episode, CASE WHEN at > episode_at THEN ARRAY[at] END,
            CASE WHEN transfers > 0 THEN ARRAY[transfers::int] END, NULL, NULL, joined_after, true
        FROM came WHERE many = 1
    )
"""


# When it came to stand resolved, and ceased to or came to again.
SOLVED = f"""
    lives AS (
        SELECT m.episode, m.episode_at, m.at, greatest(e.start, m.episode_at) AS start, e.until, e.resolved,
            count(*) OVER (PARTITION BY m.episode) AS many
        FROM members m LEFT JOIN ends e ON e.ticket_id = m.ticket_id
        WHERE m.episode_at >= %(start)s AND m.episode_at < %(end)s
    ),
    points AS (
        SELECT DISTINCT episode, episode_at, greatest(
            unnest(array_remove(ARRAY[nullif(at, episode_at), start, until], NULL)), episode_at) AS at
        FROM lives WHERE many > 1
    ),
    stood AS (
        SELECT p.episode, p.at,
            bool_and(e.ticket_id IS NOT NULL)
                AND coalesce(max(e.start) FILTER (WHERE e.resolved) >= max(e.start), false) AS resolved
        FROM points p
        JOIN members m ON m.episode = p.episode AND m.at <= p.at
        LEFT JOIN ends e ON e.ticket_id = m.ticket_id AND e.start <= p.at AND (e.until IS NULL OR e.until > p.at)
        WHERE p.at <= p.episode_at + {WATCHED}
        GROUP BY p.episode, p.at
    ),
    changes AS (
        SELECT episode, at, resolved <> lag(resolved, 1, false) OVER (PARTITION BY episode ORDER BY at) AS changed
        FROM stood
    ),
    solved AS (
        SELECT episode, array_agg(at ORDER BY at) AS changes FROM changes WHERE changed GROUP BY episode
        UNION ALL
        SELECT episode, array_remove(ARRAY[start, until], NULL) FROM lives
        WHERE many = 1 AND resolved AND (until IS NULL OR until > start)
    )
"""


# A problem with all that any question asks of it, and nothing later than the longest window that may be asked.
def facts(of: Tables = ALL, name: str = "known") -> str:
    return f"""
    {tickets(of)}, {EPISODES},
    {effort_of(of)},
    {SOLVED},
    {name} AS (
        SELECT {kept.of("t")}, t.left_out, m.episode IS NOT NULL AS is_first,
            CASE WHEN m.episode IS NOT NULL AND any_heard IS NULL THEN '{{}}' ELSE effort.heard END AS heard,
            effort.transferred, effort.switched, effort.told_again, solved.changes[1] AS solved_at,
            nullif(solved.changes[2:], '{{}}') AS changed_at, effort.joined_after
        FROM tickets t
        LEFT JOIN members m ON m.episode = t.ticket_id AND m.ticket_id = t.ticket_id
        LEFT JOIN effort ON effort.episode = t.ticket_id
        LEFT JOIN solved ON solved.episode = t.ticket_id
        WHERE t.at >= %(start)s AND t.at < %(end)s
    )
"""


COLUMNS = "left_out, is_first, heard, transferred, switched, told_again, solved_at, changed_at"
WITHIN = "%(seconds)s * interval '1 second'"


def contacts(within: str) -> str:
    """How many of her contacts a fact has up to so long after it began; a `heard` that is empty stands for the opening alone."""
    return f"CASE WHEN f.heard IS NULL THEN f.is_first::int ELSE width_bucket(f.at + {within}, f.heard) END"


def at_the_end(within: str) -> dict[str, str]:
    """What a fact says of the instant so long after it began."""
    n = contacts(within)
    return {
        "stood_resolved": f"""coalesce(f.solved_at <= f.at + {within}, false)
            AND (f.changed_at IS NULL OR mod(width_bucket(f.at + {within}, f.changed_at), 2) = 0)""",
        "came_again": f"coalesce(f.heard[{n}] > f.at, false)",
        "contacts": n,
        "transfers": f"coalesce(f.transferred[{n}], 0)",
        "channel_switches": f"coalesce(f.switched[{n}], 0)",
        "retold": f"coalesce(f.told_again[{n}], 0)",
        "micros": f"coalesce((extract(epoch FROM f.heard[{n}] - f.heard[1]) * 1000000)::bigint, 0)",
    }


EFFORT = ("contacts", "transfers", "channel_switches", "retold", "micros")
ASKED = f"""{kept.of("f")}, f.left_out, f.is_first, f.at + {WITHIN} <= %(as_of)s AS mature,
            {", ".join(f"{it} AS {name}" for name, it in at_the_end(WITHIN).items())}"""
SHOWN = f"SELECT {ASKED} FROM known f"
FRESH = f"{facts(kept.TOUCHED, 'made')}, fresh AS (SELECT {kept.PLACED}, {COLUMNS} FROM made)"

# What happened within the days does not hang on as_of once they are over; which tickets belong to the problem may, where one
# of its group turned later. A ticket opened in their very last instant is not there yet at an as_of of that instant.
KEPT = kept.Kept(
    fresh=FRESH,
    had=f"""
        SELECT {kept.PLACED}, {COLUMNS} FROM followups_episodefact f
        WHERE at >= %(start)s AND at < %(end)s AND at < %(as_of)s AND {{untouched}}
    """,
    shown=SHOWN,
    final=True,
    since=kept.Since("followups_episodefact", f"(f.turned_until >= %(as_of)s OR f.at = %(as_of)s - {WITHIN})", "true"),
)

# The columns of a day: all, first of an episode, duplicates, spam; then each figure for each of the windows.
FIGURES = ("num", "came_again", "not_resolved", *EFFORT)
WINDOW = f"array_position(ARRAY{list(daily.WINDOWS)}, (%(seconds)s / 86400)::int)"


def _day(at: int, condition: str = "true") -> str:
    return f"sum(d.counts[{at}]) FILTER (WHERE {condition})"


def _within(figure: str) -> str:
    at = 5 + len(daily.WINDOWS) * FIGURES.index(figure) - 1
    return f"sum(d.counts[{at} + {WINDOW}]) FILTER (WHERE d.day < %(over)s)"


DAILY = daily.Daily(
    of="d.of = 'episodes'",
    table="followups_episodefact",
    fresh=FRESH,
    columns=ASKED,
    parts={
        "den": _day(2, "d.day < %(over)s"),
        "immature": _day(2, "d.day > %(over)s"),
        "excluded": f"{_day(3)} + {_day(4)}",
        "excluded.duplicate": _day(3),
        "excluded.spam": _day(4),
        **{figure: _within(figure) for figure in FIGURES},
    },
    present=f"coalesce({_day(1)}, 0)",
    final=True,
)
SOURCE = cuts.Source(
    facts=f"{facts()}, facts AS ({SHOWN})",
    keeps=KEPT,
    by_day=DAILY,
    parts={
        "den": "is_first AND mature",
        "num": "is_first AND mature AND stood_resolved AND NOT came_again",
        "came_again": "is_first AND mature AND came_again",
        "not_resolved": "is_first AND mature AND NOT stood_resolved",
        "immature": "is_first AND NOT mature",
        **cuts.excluding(REASONS),
    },
    sums={name: f"CASE WHEN is_first AND mature THEN {name} END" for name in EFFORT},
)
SOURCES = (SOURCE,)


def report(question: windows.Question) -> rows.Report:
    return answers.tallied(question, ABOUT, SOURCE, row=row)


def row(key: str, figures: dict[str, Any]) -> rows.FirstContact:
    left_out = {"immature": figures["immature"], "excluded": cuts.excluded(figures, REASONS)}
    return rows.FirstContact(
        **rows.parts(key, figures["num"], figures["den"], **left_out),
        came_again=figures["came_again"],
        not_resolved=figures["not_resolved"],
        effort=effort(figures),
    )


def effort(figures: dict[str, Any]) -> rows.Effort:
    """Means of whole sums, to four places."""
    n, sums = figures["den"], [int(figures[name]) for name in EFFORT]
    if not n:
        return rows.Effort(None, None, None, None, None)
    contacts, transfers, channel_switches, retold = (round(each / n, 4) for each in sums[:-1])
    return rows.Effort(contacts, transfers, channel_switches, retold, days=round(sums[-1] / (n * DAY), 4))


def headline(total: rows.FirstContact, question: windows.Question) -> str:
    if not total.den:
        return f"No problem brought in the period has its {question.window_days} days behind it yet."
    return (
        f"{rows.percent(total.rate)} were solved at the first contact; in {rows.number(total.came_again)} of "
        f"{rows.number(total.den)} she had to contact us again, {rows.number(total.not_resolved)} stood unresolved."
    )


ABOUT = answers.About(NAME, DEFINITION, COUNTED, headline)
