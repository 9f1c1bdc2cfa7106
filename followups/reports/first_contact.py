"""M2: whose problem was solved at the first contact, without a second one."""

from dataclasses import fields
from typing import Any

from followups.reports import answers, cuts, rows, windows
from followups.reports.resolution import EPISODES, TICKETS

NAME = "first-contact"
REASONS = ("duplicate", "spam")
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

EFFORT = tuple(field.name for field in fields(rows.Effort))
OVER = "make_interval(secs => %(seconds)s)"
FACTS = f"""
    {TICKETS}, {EPISODES},
    stood AS (
        SELECT m.episode,
            bool_and(e.ticket_id IS NOT NULL)
                AND coalesce(max(e.start) FILTER (WHERE e.resolved) >= max(e.start), false) AS resolved
        FROM members m
        LEFT JOIN ends e ON e.ticket_id = m.ticket_id AND e.start <= m.episode_at + {OVER}
            AND (e.until IS NULL OR e.until > m.episode_at + {OVER})
        WHERE m.at <= m.episode_at + {OVER}
        GROUP BY m.episode
    ),
    hers AS (
        SELECT m.episode, m.episode_at, c.at, c.transfers,
            c.channel <> lag(c.channel) OVER episode AS other_channel,
            c.recorded_by_id <> lag(c.recorded_by_id) OVER episode AS other_ear
        FROM members m JOIN followups_contact c ON c.ticket_id = m.ticket_id
        WHERE c.direction = 'inbound' AND c.answers_follow_up_id IS NULL AND c.purpose NOT IN ('automatic', 'thanks')
            AND c.at >= m.episode_at AND c.at <= m.episode_at + {OVER}
        WINDOW episode AS (PARTITION BY m.episode ORDER BY c.at, c.id)
    ),
    effort AS (
        SELECT episode, bool_or(at > episode_at) AS came_again, count(*) AS contacts, sum(transfers) AS transfers,
            count(*) FILTER (WHERE other_channel) AS channel_switches, count(*) FILTER (WHERE other_ear) AS retold,
            extract(epoch FROM max(at) - min(at)) / 86400 AS days
        FROM hers GROUP BY episode
    ),
    facts AS (
        SELECT t.*, m.episode IS NOT NULL AS is_first, t.at + {OVER} <= %(as_of)s AS mature,
            coalesce(stood.resolved, false) AS stood_resolved, coalesce(effort.came_again, false) AS came_again,
            {", ".join(f"coalesce(effort.{name}, 0) AS {name}" for name in EFFORT)}
        FROM tickets t
        LEFT JOIN members m ON m.episode = t.ticket_id AND m.ticket_id = t.ticket_id
        LEFT JOIN stood ON stood.episode = t.ticket_id
        LEFT JOIN effort ON effort.episode = t.ticket_id
        WHERE t.at >= %(start)s AND t.at < %(end)s
    )
"""

SOURCE = cuts.Source(
    facts=FACTS,
    parts={
        "den": "is_first AND mature",
        "num": "is_first AND mature AND stood_resolved AND NOT came_again",
        "came_again": "is_first AND mature AND came_again",
        "not_resolved": "is_first AND mature AND NOT stood_resolved",
        "immature": "is_first AND NOT mature",
        **cuts.excluding(REASONS),
    },
    measures={name: f"avg({name}) FILTER (WHERE is_first AND mature)::float8" for name in EFFORT},
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
        effort=rows.Effort(**{name: mean(figures[name]) for name in EFFORT}),
    )


def mean(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


def headline(total: rows.FirstContact, question: windows.Question) -> str:
    if not total.den:
        return f"No problem brought in the period has its {question.window_days} days behind it yet."
    return (
        f"{rows.percent(total.rate)} were solved at the first contact; in {rows.number(total.came_again)} of "
        f"{rows.number(total.den)} she had to contact us again, {rows.number(total.not_resolved)} stood unresolved."
    )


ABOUT = answers.About(NAME, DEFINITION, COUNTED, headline)
