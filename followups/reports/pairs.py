"""M1: of those who came back about another family alone, what they asked next: the next calls to prevent at this one."""

from dataclasses import replace

from followups.reports import cuts, kept, rows, windows

# No family has one: it is the root of a path.
APART = "/"
MOST = 100
HERS = """
    c.direction = 'inbound' AND c.answers_follow_up_id IS NULL AND c.purpose NOT IN ('automatic', 'thanks')
        AND c.at > ended.at AND c.at <= ended.at + make_interval(secs => %(seconds)s)
"""
# Look-ups all through, never a join: a join would be of sets, and read all contacts for the few ends that need theirs.
CONTACT = """
    SELECT c.at, (SELECT k.family FROM followups_category k WHERE k.id = (
        SELECT t.category_id FROM followups_ticket t WHERE t.id = c.ticket_id)) AS family
    FROM followups_contact c
"""
TICKETS = "ARRAY(SELECT t.id FROM followups_ticket t WHERE t.customer_id = ended.customer_id)"
# The first contact about another family; of two in one instant the first by name. One without a ticket is of no family.
OTHER = f"""
    SELECT coalesce(came.family, '') FROM (
        {CONTACT} WHERE c.customer_id = ended.customer_id AND {HERS}
        UNION ALL
        {CONTACT} WHERE c.customer_id IS NULL AND c.ticket_id = ANY({TICKETS}) AND {HERS}
    ) came
    WHERE came.family IS DISTINCT FROM category.family
    ORDER BY came.at, coalesce(came.family, '') COLLATE "C" LIMIT 1
"""


def paired(ends: str) -> str:
    """Of these ends those followed by something else alone. `pair` is null where only the same family came, and was
    charged to another end.
    """
    return f"""
        SELECT ended.*, category.family || '{APART}' || ({OTHER}) AS pair
        FROM ({ends}) ended JOIN followups_category category ON category.id = ended.category_id
        WHERE ended.mature AND ended.any_issue AND NOT ended.same_issue
    """


def source(happened: str, ends: str, keeps: kept.Kept) -> cuts.Source:
    """Of the ends that are counted from the rows, and from facts."""
    return cuts.Source(
        facts=f"{happened}, facts AS ({paired(ends)})",
        keeps=keeps._replace(shown=paired(keeps.shown)),
        parts={"elsewhere": "true"},
        by="pair",
    )


def found(question: windows.Question, of_ends: cuts.Source) -> list[rows.Pair]:
    """The largest first, at most `MOST`."""
    tally = cuts.tally(replace(question, by=of_ends.by, against=None), of_ends)
    of = tally.total["elsewhere"]
    counts = {key: each["elsewhere"] for key, each in tally.rows.items() if key is not None}
    largest = sorted(counts, key=lambda key: (-counts[key], key))[:MOST]
    families = {key: key.partition(APART) for key in largest}
    return [rows.Pair(ended, asked, counts[key], of) for key, (ended, _, asked) in families.items()]
