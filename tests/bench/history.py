"""Two years of a large desk, made by the database: tickets, 1.3 contacts each that the customer started, ends, some reopened.

One ticket in six is a dead end that was replaced by a follow-up, most of them told, kept or late, and waived or resolved in
the end; of what was resolved, some customers said yes or no.
"""

from django.db import connection

from tests import factories
from tests.bench import laying

TABLES = ("ticket", "contact", "closure", "customer", "followup", "waiver", "confirmation")
INDEXES = """
SELECT c.relname, pg_get_indexdef(i.indexrelid)
FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_class t ON t.oid = i.indrelid
WHERE t.relname = ANY(%s) AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = i.indexrelid)
"""
PLACES = (
    """INSERT INTO followups_team (name, kind, separate, is_demo)
    SELECT 'Bench ' || g, CASE WHEN g %% 3 = 0 THEN 'outsourced' ELSE 'in_house' END, false, false
    FROM generate_series(1, 12) g ON CONFLICT DO NOTHING""",
    """INSERT INTO followups_category (path, family, is_sorted, is_demo)
    SELECT 'Bench' || g / 5 || '/' || g, 'Bench' || g / 5, true, false FROM generate_series(0, 39) g
    ON CONFLICT DO NOTHING""",
)
DRAWN = """
CREATE TEMP TABLE drawn AS
WITH her AS (SELECT gen_random_uuid() AS customer_id, n FROM generate_series(1, %(customers)s) n),
dice AS (
    SELECT g AS id, now() - interval '730 days' * (1 - g::float8 / %(n)s) - interval '1 hour' * random() AS opened_at,
        (1 + floor(random() * %(customers)s))::bigint AS her, random() AS r1, random() AS r2, random() AS r3,
        random() AS r4, random() AS r5, random() AS r6
    FROM generate_series(1, %(n)s) g
)
SELECT dice.*, CASE WHEN r5 <= 0.99 THEN her.customer_id END AS customer_id,
    opened_at + interval '1 hour' * (0.2 + 200 * r2 * r2 * r2) AS ended_at,
    (ARRAY['phone', 'email', 'chat', 'web', 'social'])[1 + floor(r3 * r3 * 5)::int] AS channel,
    CASE WHEN r1 < 0.72 THEN 'resolved' WHEN r1 < 0.80 THEN 'withdrawn' WHEN r1 < 0.83 THEN 'spam' WHEN r1 < 0.92
        THEN 'waived' ELSE 'late' END AS outcome,
    (SELECT min(id) FROM followups_category WHERE path = 'Bench0/0') + floor(r4 * 40)::int AS category_id,
    (SELECT min(id) FROM followups_team WHERE name = 'Bench 1') + floor(r6 * 12)::int AS team_id,
    CASE WHEN r5 < 0.1 THEN 'high' ELSE '' END AS priority, gen_random_uuid() AS follow_up_id
FROM dice JOIN her ON her.n = dice.her
"""
DEAD = "outcome IN ('waived', 'late') AND ended_at < now()"
# A dead end is followed two days later, and ends for good after ten more.
DUE = "ended_at + interval '2 days'"
OVER = "ended_at + interval '12 days'"
WORD = f"""(SELECT *, outcome AS word, ended_at AS said_at FROM drawn
        WHERE outcome IN ('resolved', 'withdrawn', 'spam') AND ended_at < now()
    UNION ALL SELECT *, 'resolved', {OVER} FROM drawn WHERE outcome = 'late' AND {OVER} < now())"""
ENDED = f"CASE WHEN outcome IN ('waived', 'late') THEN {OVER} ELSE ended_at END"
BACK = "outcome = 'resolved' AND r4 < 0.03 AND ended_at + interval '3 days' < now()"
MEANS = "CASE outcome WHEN 'late' THEN 'resolved' WHEN 'waived' THEN '' ELSE outcome END"
ROWS = (
    """INSERT INTO followups_customer (id, name, email, phone, zone, language, organisation, do_not_contact,
        shared_account, take_care, revision, created_at, updated_at, is_demo)
    SELECT DISTINCT ON (customer_id) customer_id, 'C', '', '', '', '', '', 'none', false, '', 1, opened_at, now(),
        false
    FROM drawn WHERE customer_id IS NOT NULL""",
    f"""INSERT INTO followups_ticket (id, number, source, customer_id, subject, description, category_id, channel,
        priority, team_id, opened_team_id, state, opened_at, resolved_at, closed_at, outcome, confirmed, waived,
        reopen_count, extra, imported, import_digest, ever_followed, revision, created_at, updated_at, is_demo)
    SELECT id, (50000000 + id)::text, 'desk', customer_id, 'Subject', '', category_id, channel, priority, team_id,
        team_id, CASE WHEN closed THEN 'closed' ELSE 'open' END, opened_at,
        CASE WHEN closed AND {MEANS} = 'resolved' THEN over_at END, CASE WHEN closed THEN over_at END,
        CASE WHEN closed THEN {MEANS} ELSE '' END, 'unknown', closed AND outcome = 'waived', 0, '{{}}', false, '',
        {DEAD}, 1, opened_at, opened_at, false
    FROM (SELECT *, {ENDED} AS over_at, {ENDED} < now() AND NOT ({BACK}) AS closed FROM drawn) d ORDER BY id""",
    f"""INSERT INTO followups_contact (id, source, ticket_id, customer_id, direction, channel, at, entered_at, reached,
        purpose, summary, is_opening, abandoned, mood, disliked, follow_up_id)
    SELECT gen_random_uuid(), 'desk', id, customer_id, direction, channel, at, at, 'reached', '', '', is_opening, false,
        '', '', follow_up_id
    FROM (SELECT id, customer_id, 'inbound' AS direction, channel, opened_at AS at, true AS is_opening,
            NULL::uuid AS follow_up_id FROM drawn
        UNION ALL
        SELECT id, customer_id, 'inbound', channel, least(now(), opened_at + interval '20 days' * random()), false, NULL
        FROM drawn WHERE random() < 0.3
        UNION ALL
        SELECT id, customer_id, 'outbound', 'phone', {DUE} + interval '1 hour' * (4 * r5 - 3), false, follow_up_id
        FROM drawn WHERE {DEAD} AND r6 < 0.9 AND {DUE} + interval '1 hour' < now()) d ORDER BY at""",
    f"""INSERT INTO followups_followup (id, ticket_id, team_id, promise, will_bring, promised_at, promised_by, wall_from,
        wall_by, zone, channel, voicemail_ok, by_policy, told_at, state, ended_at, called_off_by, called_off_reason,
        brought, brought_text, from_party, stage, version, revision, created_at, updated_at)
    SELECT follow_up_id, id, team_id, 'We call you.', '', ended_at, {DUE}, '', '', 'UTC', 'phone', false, true,
        CASE WHEN r3 < 0.9 THEN ended_at END,
        CASE WHEN {OVER} >= now() THEN 'scheduled' WHEN r6 >= 0.9 THEN 'broken' WHEN r5 <= 0.75 THEN 'kept'
            ELSE 'kept_late' END,
        CASE WHEN {OVER} < now() THEN {DUE} + interval '1 hour' END, '', '',
        CASE WHEN {OVER} < now() AND r6 < 0.9 THEN (ARRAY['answer', 'news', 'credit', 'no_news'])[1 + floor(r2 * 4)::int]
            ELSE '' END, '', '', '', 1, 1, ended_at, ended_at
    FROM drawn WHERE {DEAD} ORDER BY ended_at""",
    f"""INSERT INTO followups_closure (id, ticket_id, outcome, note, closed, at, entered_at, by_name, door, evidence,
        evidence_text, why, team_id, category_id, channel, priority, hint, reopened_at, replaced_by_id)
    SELECT gen_random_uuid(), id, word, '', closed, said_at, said_at, 'x', 'web',
        CASE WHEN word = 'resolved' THEN 'observed' ELSE '' END, '',
        CASE WHEN word <> 'withdrawn' THEN '' WHEN r2 < 0.3 THEN 'gave_up' ELSE 'no_longer_needed' END, team_id,
        category_id, channel, priority, '', CASE WHEN {BACK} THEN ended_at + interval '3 days' END, step
    FROM (SELECT *, true AS closed, NULL::uuid AS step FROM {WORD} w
        UNION ALL SELECT *, 'no_remedy', ended_at, false, follow_up_id FROM drawn WHERE {DEAD}) d ORDER BY said_at""",
    f"""INSERT INTO followups_waiver (id, ticket_id, kind, reason, at, entered_at, single_hand, channel, priority, by_id,
        category_id, team_id)
    SELECT gen_random_uuid(), id, 'exhausted', 'Nobody has it.', {OVER}, {OVER}, false, channel, priority,
        (SELECT min(id) FROM followups_agent), category_id, team_id
    FROM drawn WHERE outcome = 'waived' AND {OVER} < now() ORDER BY ended_at""",
    f"""INSERT INTO followups_confirmation (id, ticket_id, confirmed, at, by_name, by_customer)
    SELECT gen_random_uuid(), id, r6 < 0.85, said_at + interval '1 day', 'x', true
    FROM {WORD} w WHERE word = 'resolved' AND r3 < 0.2 AND said_at + interval '1 day' < now()""",
    """INSERT INTO followups_reopening (id, ticket_id, at, entered_at, by_name, by_customer, reason, imported)
    SELECT gen_random_uuid(), ticket_id, reopened_at, reopened_at, 'x', false, 'back', false
    FROM followups_closure WHERE reopened_at IS NOT NULL""",
)


def lay(n: int) -> None:
    """`n` tickets on a desk that had none; triggers are off, as in a restore, and indexes are made afterwards."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SET session_replication_role = replica; SET maintenance_work_mem = '1GB'; SET work_mem = '256MB'"
        )
        cursor.execute("SELECT setseed(0.42)")
        named = [f"followups_{name}" for name in TABLES]
        cursor.execute(f"TRUNCATE {', '.join(named)}, followups_touched CASCADE")
        cursor.execute(INDEXES, [named])
        indexes = cursor.fetchall()
        for name, _ in indexes:
            cursor.execute(f"DROP INDEX {name}")
        if not factories.Agent.objects.exists():
            factories.agent("bench-lead", role="supervisor")
        for statement in (*PLACES, "DROP TABLE IF EXISTS drawn", DRAWN, *ROWS):
            cursor.execute(statement, {"n": n, "customers": max(1, int(n * 0.35))})
        for _, definition in indexes:
            cursor.execute(definition)
        cursor.execute("SELECT setval(pg_get_serial_sequence('followups_ticket', 'id'), %s)", [n + 1])
        cursor.execute("RESET session_replication_role; RESET work_mem")
    laying.rows("ANALYZE")
