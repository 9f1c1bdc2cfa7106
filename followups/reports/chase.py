"""M12: who had to ask again before we came back to her."""

from typing import Any

from followups.reports import answers, cuts, promises, rows, windows

NAME = "chase"
REASONS = promises.REASONS
DEFINITION = (
    "Of the promises that fell due in the period, the share whose customer contacted us about the same family of "
    "problems after she was told, and before it was kept or fell due: she did not trust the date, or could not wait."
)
COUNTED = (
    "Promises as in the report of promises: told, fallen due, not called off by her before. A chase is a contact that "
    "she started after she was told and before we reached her, or before the date where we had not: on the same "
    "ticket, or of the same customer about the same family. Answers to our own follow-ups, automatic messages and bare "
    "thanks are none; a shared account counts on the same ticket alone. A promise counts once however often she asked. "
    "Intervals are Wilson's, 95 %."
)

FACTS = f"""
    {promises.HAPPENED}, promised AS MATERIALIZED ({promises.PROMISED}),
    told AS MATERIALIZED (
        SELECT p.follow_up_id, p.ticket_id, p.told_at, least(p.connected_at, p.at) AS until, k.family, p.customer_id
        FROM promised p
        JOIN followups_category k ON k.id = p.category_id
        WHERE p.told AND p.is_due AND p.left_out IS NULL
    ),
    hers AS (
        SELECT p.follow_up_id, p.told_at, p.until, other.id AS ticket_id
        FROM told p
        JOIN followups_customer u ON u.id = p.customer_id AND NOT u.shared_account
        JOIN followups_ticket other ON other.customer_id = p.customer_id
        JOIN followups_category k ON k.id = other.category_id AND k.family = p.family
        WHERE u.id = ANY(ARRAY(SELECT customer_id FROM told)) AND other.customer_id = ANY(ARRAY(SELECT customer_id FROM told))
    ),
    asked AS MATERIALIZED (
        SELECT follow_up_id, told_at, until, ticket_id FROM told UNION SELECT follow_up_id, told_at, until, ticket_id FROM hers
    ),
    chases AS (
        SELECT asked.follow_up_id
        FROM asked JOIN followups_contact c ON c.ticket_id = asked.ticket_id
        WHERE c.ticket_id = ANY(ARRAY(SELECT ticket_id FROM asked)) AND c.direction = 'inbound'
            AND c.answers_follow_up_id IS NULL AND c.purpose NOT IN ('automatic', 'thanks')
            AND c.at > asked.told_at AND c.at < asked.until
    ),
    chased AS (SELECT follow_up_id, count(*) AS times FROM chases GROUP BY follow_up_id),
    facts AS (
        SELECT promised.*, coalesce(chased.times, 0) AS times
        FROM promised LEFT JOIN chased USING (follow_up_id)
    )
"""
SOURCE = cuts.Source(
    facts=FACTS,
    follow_up="follow_up_id",
    parts={
        "den": promises.COUNTS,
        "num": f"{promises.COUNTS} AND times > 0",
        "often": f"{promises.COUNTS} AND times > 1",
        "immature": "told AND NOT is_due AND left_out IS NULL",
        "excluded": "told AND left_out IS NOT NULL",
        **{f"excluded.{reason}": f"told AND left_out = '{reason}'" for reason in REASONS},
    },
    measures={"contacts": f"coalesce(sum(times) FILTER (WHERE {promises.COUNTS}), 0)::bigint"},
)
SOURCES = (SOURCE,)


def report(question: windows.Question) -> rows.Report:
    return answers.tallied(question, ABOUT, SOURCE, row=row)


def row(key: str, figures: dict[str, Any]) -> rows.Chase:
    left_out = {"immature": figures["immature"], "excluded": cuts.excluded(figures, REASONS)}
    return rows.Chase(
        **rows.parts(key, figures["num"], figures["den"], **left_out),
        often=figures["often"],
        contacts=figures["contacts"],
    )


def headline(total: rows.Chase, question: windows.Question) -> str:
    if not total.den:
        return "No promise fell due in the period."
    return (
        f"{rows.percent(total.rate)} of {rows.number(total.den)} promises were asked after before we came back; "
        f"{rows.number(total.often)} of them more than once."
    )


ABOUT = answers.About(NAME, DEFINITION, COUNTED, headline)
