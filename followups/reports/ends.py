"""The ends of tickets as rows: closures that closed one, waivers, and ends that an import brought.

An end holds from `start` until `until` (reopened), so a state at any instant is a comparison of two columns. Closures
and waivers carry the team, agent, category and channel of their time; an imported ticket has its own alone. What was
undone never happened.
"""

from typing import NamedTuple

# Demo tickets count only while there is no other.
COUNTED_TICKET = "(NOT t.is_demo OR NOT EXISTS (SELECT FROM followups_ticket WHERE NOT is_demo))"


SAID = ("closure", "waiver", "reopening")


class Tables(NamedTuple):
    """What a question reads: whole tables, or the rows of some tickets alone. `any_ticket` are those that contacts name,
    `replacing` the follow-ups that stand in the place of closures, `about` the contacts that name a ticket,
    whoever's they are, `attempt` those made for a follow-up.
    """

    ticket: str = "followups_ticket"
    any_ticket: str = "followups_ticket"
    customer: str = "followups_customer"
    contact: str = "followups_contact"
    about: str = "followups_contact"
    closure: str = "followups_closure"
    waiver: str = "followups_waiver"
    reopening: str = "followups_reopening"
    replacing: str = "followups_followup"
    confirmation: str = "followups_confirmation"
    follow_up: str = "followups_followup"
    move: str = "followups_move"
    handover: str = "followups_handover"
    attempt: str = "followups_contact"
    counted: str = COUNTED_TICKET


ALL = Tables()


def of_tickets(ids: str) -> Tables:
    """The tickets of these ids (an array), and what was said of their ends."""
    named = {name: f"(SELECT * FROM followups_{name} WHERE ticket_id = ANY({ids}))" for name in SAID}
    return Tables(ticket=f"(SELECT * FROM followups_ticket WHERE id = ANY({ids}))", **named)


def ends(of: Tables = ALL) -> str:
    return f"""
    SELECT c.id::text AS end_id, c.ticket_id, c.at AS start, c.reopened_at AS until,
        c.outcome = 'resolved' AS resolved,
        CASE WHEN c.outcome IN ('duplicate', 'spam') THEN c.outcome END AS left_out,
        c.team_id, coalesce(c.agent_id, c.by_id) AS agent_id, c.category_id, c.channel, c.priority,
        c.evidence = 'other_system' AS claimed
    FROM {of.closure} c
    WHERE c.closed AND c.undone_at IS NULL AND c.at <= %(as_of)s
    UNION ALL
    SELECT w.id::text, w.ticket_id, w.at, w.reopened_at, false, NULL,
        w.team_id, w.agent_id, w.category_id, w.channel, w.priority, false
    FROM {of.waiver} w
    WHERE w.at <= %(as_of)s
    UNION ALL
    SELECT t.id::text, t.id, coalesce(t.imported_resolved_at, t.imported_closed_at), t.imported_reopened_at,
        t.imported_resolved_at IS NOT NULL, NULL,
        t.team_id, t.agent_id, t.category_id, t.channel, t.priority, false
    FROM {of.ticket} t
    WHERE coalesce(t.imported_resolved_at, t.imported_closed_at) <= %(as_of)s
"""


ENDS = ends()

# The end that stands at as_of. There is one of a ticket; should two overlap, the later counts and either one's word.
STANDING = """
    SELECT ticket_id, max(start) AS start, bool_or(resolved) AS resolved, max(left_out) AS left_out
    FROM ends
    WHERE until IS NULL OR until > %(as_of)s
    GROUP BY ticket_id
"""
