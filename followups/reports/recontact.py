"""M1: who had to contact us again after we said it was over."""

from typing import Any

from followups.reports import answers, cuts, daily, kept, pairs, rows, windows
from followups.reports.ends import ALL, Tables, ends

NAME = "recontact"
REASONS = ("duplicate", "spam", "no_customer", "shared_account")
DEFINITION = (
    "Of the tickets that ended in the period, the share whose customer contacted us again within {days} days: "
    "about anything (any issue), and about the same family of problems (same issue). A ticket counts once its "
    "{days} days are over."
)
COUNTED = (
    "Each end of a ticket is a unit, reopened or not; it starts when the ticket was resolved, else closed. A "
    "contact is same-issue when it is of the same family, and it is charged once, to the latest end before it. "
    "Contacts that we started, answers to our own follow-ups, automatic messages and bare thanks are no contacts "
    "here. Ends whose days are not over are left out as immature; duplicates, spam, tickets without a customer "
    "and shared accounts are left out and counted. What they asked next: of the ends followed within the days by any "
    "issue but not by the same, the first contact of another family, by pair of families; where only the same family came, "
    "and was charged to another end, there is no pair. Intervals are Wilson's, 95 %."
)


# A contact in the instant of an end does not come after it: contacts sort first, so only later ones are seen.
def happened(of: Tables = ALL) -> str:
    """Ends (`units`) and, for those that count, the next contact about anything and about the same (`followed`)."""
    return f"""
    ends AS MATERIALIZED ({ends(of)}),
    units AS (
        SELECT ends.*, t.customer_id, t.opened_at, coalesce(t.reference, t.number) COLLATE "C" AS reference, k.family,
            coalesce(left_out, CASE WHEN t.customer_id IS NULL THEN 'no_customer'
                WHEN c.shared_account THEN 'shared_account' END) AS out
        FROM ends
        JOIN {of.ticket} t ON t.id = ends.ticket_id
        JOIN followups_category k ON k.id = ends.category_id
        LEFT JOIN {of.customer} c ON c.id = t.customer_id
        WHERE ends.start >= %(start)s AND {of.counted}
    ),
    contacts AS (
        SELECT coalesce(c.customer_id, t.customer_id) AS customer_id, k.family, c.at
        FROM {of.contact} c
        LEFT JOIN {of.any_ticket} t ON t.id = c.ticket_id
        LEFT JOIN followups_category k ON k.id = t.category_id
        WHERE c.direction = 'inbound' AND c.answers_follow_up_id IS NULL AND c.purpose NOT IN ('automatic', 'thanks')
            AND c.at > %(start)s AND c.at <= %(as_of)s
    ),
    happened AS (
        SELECT customer_id, family, start AS at, true AS is_end, end_id, opened_at, reference
        FROM units WHERE out IS NULL
        UNION ALL
        SELECT customer_id, family, at, false, NULL, NULL, NULL FROM contacts WHERE customer_id IS NOT NULL
    ),
    followed AS (
        SELECT end_id, is_end,
            min(at) FILTER (WHERE NOT is_end) OVER (PARTITION BY customer_id ORDER BY at DESC, is_end DESC) AS next_any,
            CASE WHEN NOT lead(is_end) OVER same THEN lead(at) OVER same END AS next_same
        FROM happened
        WINDOW same AS (PARTITION BY customer_id, family ORDER BY at, is_end, opened_at, reference, end_id)
    )
"""


HAPPENED = happened()

# The ends that started in the period, each with what came after it.
COUNTED_ENDS = """
    SELECT units.ticket_id, units.start AS at, units.team_id, units.agent_id, units.category_id, units.channel,
        units.priority, units.customer_id, units.out AS left_out, units.end_id, units.resolved, units.claimed,
        units.out IS NULL AND units.start + make_interval(secs => %(seconds)s) <= %(as_of)s AS mature,
        coalesce(next_any <= units.start + make_interval(secs => %(seconds)s), false) AS any_issue,
        coalesce(next_same <= units.start + make_interval(secs => %(seconds)s), false) AS same_issue
    FROM units
    LEFT JOIN followed ON followed.is_end AND followed.end_id = units.end_id
    WHERE units.start < %(end)s
        AND (%(of)s = 'all' OR units.out IN ('duplicate', 'spam') OR units.resolved = (%(of)s = 'resolved'))
"""
FACTS = f"{HAPPENED}, facts AS ({COUNTED_ENDS})"

# What came after an end is the same at every as_of that its days are over: a contact counts for the latest end before it.
FRESH = """
    SELECT u.ticket_id, u.start AS at, u.team_id, u.agent_id, u.category_id, u.channel, u.priority, u.customer_id,
        u.resolved, u.out AS left_out, followed.next_any, followed.next_same
    FROM units u LEFT JOIN followed ON followed.is_end AND followed.end_id = u.end_id
"""
KEPT = kept.Kept(
    fresh=f"{happened(kept.TOUCHED)}, fresh AS ({FRESH})",
    had=f"""
        SELECT {kept.PLACED}, resolved, left_out, next_any, next_same FROM followups_endfact f WHERE {{untouched}}
    """,
    shown="""
        SELECT f.*, f.left_out IS NULL AND f.at <= %(as_of)s - %(seconds)s * interval '1 second' AS mature,
            coalesce(f.next_any <= f.at + %(seconds)s * interval '1 second', false) AS any_issue,
            coalesce(f.next_same <= f.at + %(seconds)s * interval '1 second', false) AS same_issue
        FROM known f
        WHERE f.at >= %(start)s AND f.at < %(end)s AND f.at <= %(as_of)s
            AND (%(of)s = 'all' OR f.left_out IN ('duplicate', 'spam') OR f.resolved = (%(of)s = 'resolved'))
    """,
)

# The columns of a day: how many count, those followed within 7, 14 and 30 days by anything and by the same, those left out.
MATCHES = "(%(of)s = 'all' OR (d.of = 'won') = (%(of)s = 'resolved'))"
WHICH = "array_position(ARRAY[7, 14, 30], (%(seconds)s / 86400)::int)"
WITHIN = f"2 * {WHICH}"


def _out(*places: int) -> str:
    """Duplicates and spam (8, 9) are left out of every kind of end; the others (10, 11) are ends of their own kind."""
    some = [f"coalesce(sum(d.counts[{at}]) {'' if at < 10 else f'FILTER (WHERE {MATCHES})'}, 0)" for at in places]
    return " + ".join(some)


DAILY = daily.Daily(
    of="d.of IN ('won', 'lost')",
    table="followups_endfact",
    fresh=f"{happened(kept.TOUCHED)}, fresh AS ({FRESH})",
    columns=f"""{kept.of("f")}, f.left_out, f.left_out IS NULL AND f.at + make_interval(secs => %(seconds)s) <= %(as_of)s
            AS mature, coalesce(f.next_any <= f.at + make_interval(secs => %(seconds)s), false) AS any_issue,
            coalesce(f.next_same <= f.at + make_interval(secs => %(seconds)s), false) AS same_issue""",
    where="(%(of)s = 'all' OR f.left_out IN ('duplicate', 'spam') OR f.resolved = (%(of)s = 'resolved'))",
    parts={
        "den": f"sum(d.counts[1]) FILTER (WHERE {MATCHES} AND d.day < %(over)s)",
        "any_issue": f"sum(d.counts[{WITHIN}]) FILTER (WHERE {MATCHES} AND d.day < %(over)s)",
        "same_issue": f"sum(d.counts[{WITHIN} + 1]) FILTER (WHERE {MATCHES} AND d.day < %(over)s)",
        "immature": f"sum(d.counts[1]) FILTER (WHERE {MATCHES} AND d.day > %(over)s)",
        "excluded": _out(8, 9, 10, 11),
        **{f"excluded.{reason}": _out(at) for at, reason in enumerate(REASONS, 8)},
    },
    present=f"coalesce(sum(d.counts[1]) FILTER (WHERE {MATCHES}), 0) + {_out(8, 9, 10, 11)}",
)
SOURCE = cuts.Source(
    facts=FACTS,
    keeps=KEPT,
    by_day=DAILY,
    parts={
        "den": "mature",
        "any_issue": "mature AND any_issue",
        "same_issue": "mature AND same_issue",
        "immature": "left_out IS NULL AND NOT mature",
        **cuts.excluding(REASONS),
    },
)
ELSEWHERE = pairs.source(HAPPENED, COUNTED_ENDS, KEPT)
SOURCES = (SOURCE, ELSEWHERE)


def report(question: windows.Question) -> rows.Report:
    return answers.tallied(question, ABOUT, SOURCE, row=row)


def row(key: str, figures: dict[str, Any]) -> rows.Recontact:
    left_out = {"immature": figures["immature"], "excluded": cuts.excluded(figures, REASONS)}
    return rows.Recontact(
        key=key,
        any_issue=rows.share(key, figures["any_issue"], figures["den"], **left_out),
        same_issue=rows.share(key, figures["same_issue"], figures["den"], **left_out),
    )


def headline(total: rows.Recontact, question: windows.Question) -> str:
    if not total.any_issue.den:
        return f"No ticket that ended in the period has its {question.window_days} days behind it yet."
    return (
        f"{rows.percent(total.any_issue.rate)} had to contact us again within {question.window_days} days, "
        f"{rows.percent(total.same_issue.rate)} about the same thing; "
        f"{rows.number(total.any_issue.immature)} are too recent to count."
    )


ABOUT = answers.About(NAME, DEFINITION, COUNTED, headline, size=lambda it: it.any_issue.den)
