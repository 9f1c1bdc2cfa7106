"""Rows for the benches, made by the database: what is scheduled for later, and lots that are due."""

from datetime import datetime, timedelta

from django.db import connection

from followups import numbers
from tests import factories

PER_FOLLOW_UP = 4
TEAMS, PEOPLE = 20, 200

FOLLOW_UPS = """
INSERT INTO followups_followup (id, ticket_id, owner_id, team_id, promiser_id, promise, will_bring, promised_at,
    promised_by, wall_from, wall_by, zone, channel, voicemail_ok, by_policy, told_at, state, called_off_by,
    called_off_reason, brought, brought_text, from_party, stage, version, revision, created_at, updated_at)
SELECT gen_random_uuid(), tickets[1 + n %% cardinality(tickets)], owners[1 + n %% cardinality(owners)], team_id,
    owners[1 + n %% cardinality(owners)], 'We call you with what we know, even if we are still waiting.', '',
    %(made)s, %(due)s + n * %(apart)s, '', '2026-11-24T12:00:00', 'UTC', 'phone', false, false, %(made)s, 'scheduled',
    '', '', '', '', '', '', 1, 1, %(made)s, %(made)s
FROM generate_series(0, %(n)s - 1) n,
    (SELECT array_agg(id ORDER BY id) AS tickets FROM followups_ticket) t,
    (SELECT array_agg(id ORDER BY id) AS owners FROM followups_agent) a,
    (SELECT min(id) AS team_id FROM followups_team) team
RETURNING id, promised_by
"""
STAGES = "(VALUES ('ahead', -60), ('due', 0), ('overdue', 30), ('escalated', 120)) stage (name, minutes)"
REMINDERS = f"""
INSERT INTO followups_reminder (follow_up_id, stage, repeat, version, due_at, state)
SELECT made.id, stage.name, 0, 1, made.promised_by + make_interval(mins => stage.minutes), 'waiting'
FROM made, {STAGES}
"""
MOVED = """
WITH chosen AS (
    SELECT id, row_number() OVER () - 1 AS place
    FROM (SELECT id FROM followups_followup WHERE state = 'scheduled' ORDER BY random() LIMIT %(n)s) few
), moved AS (
    UPDATE followups_followup f SET promised_by = %(due)s + place * %(apart)s, version = version + 1, stage = ''
    FROM chosen WHERE f.id = chosen.id RETURNING f.id, f.promised_by, f.version
)
UPDATE followups_reminder r SET state = 'waiting', handled_at = NULL, version = moved.version,
    due_at = CASE WHEN stage = 'due' THEN moved.promised_by ELSE moved.promised_by + interval '30 days' END
FROM moved WHERE r.follow_up_id = moved.id
"""


def now() -> datetime:
    return rows("SELECT clock_timestamp()")[0][0]


def rows(statement: str, values=None) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall() if cursor.description else []


def people() -> None:
    """Teams with agents and a supervisor each."""
    teams = [factories.team(f"Team {n}") for n in range(TEAMS)]
    for n in range(PEOPLE):
        factories.agent(f"agent-{n}", team=teams[n % TEAMS], last_name="Stone")
    for n, team in enumerate(teams):
        factories.agent(f"lead-{n}", role="supervisor", team=team)


def tickets(n: int) -> None:
    """Each with a customer of its own."""
    made, category = now(), factories.category()
    customers = [
        factories.Customer(name=f"Ana Lopez {serial}", created_at=made, updated_at=made) for serial in range(n)
    ]
    factories.Customer.objects.bulk_create(customers, batch_size=5000)
    factories.Ticket.objects.bulk_create(
        [
            factories.Ticket(
                number=numbers.with_check(next(factories.SERIALS)),
                subject="Refund missing",
                customer=customer,
                category=category,
                channel="phone",
                opened_at=made,
                created_at=made,
                updated_at=made,
            )
            for customer in customers
        ],
        batch_size=5000,
    )


def scheduled(n: int) -> None:
    """Reminders that wait for the next weeks, four to a follow-up; triggers are off, as in a restore."""
    apart = timedelta(days=28) / max(1, n // PER_FOLLOW_UP)
    at = now() + timedelta(days=2)
    values = {"n": n // PER_FOLLOW_UP, "due": at, "apart": apart, "made": at - timedelta(days=3)}
    rows("SET session_replication_role = replica")
    rows(f"WITH made AS ({FOLLOW_UPS}) {REMINDERS}", values)
    rows("RESET session_replication_role")


def due(n: int, *, at: datetime | None = None, apart: timedelta = timedelta(0)) -> datetime:
    """Some of the scheduled, here and there in the tables as in life, become due at one instant or one after the other."""
    at = at or now() - timedelta(seconds=1)
    rows("SET session_replication_role = replica")
    rows(MOVED, {"n": n, "due": at, "apart": apart})
    rows("RESET session_replication_role")
    return at


def settled() -> None:
    rows("VACUUM ANALYZE followups_reminder")
    rows("VACUUM ANALYZE followups_followup")
    rows("VACUUM ANALYZE followups_notice")
