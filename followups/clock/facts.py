"""The facts of the reports follow what happened: all of them once, then those of whoever was touched, batch by batch."""

from datetime import datetime
from time import monotonic
from typing import Any

from django.conf import settings
from django.db import connection, transaction

from followups.models import Keeping, Touched
from followups.reports import kept, writing

BATCH = 5_000
BACKLOG = 200_000
SECONDS = 20
# After a large import their last pages wait to be summed up, and every report would read those.
ENTERED = ("ticket_created", "contact_entered", "closure_entered")
TABLES = tuple(fact.table for fact in writing.FACTS)
# The planner cannot know how many rows come out of the windows: hashing is right whatever it takes them for.
IN_BULK = "SET LOCAL enable_nestloop = off; SET LOCAL enable_mergejoin = off; SET LOCAL work_mem = '256MB'"
# Two at once would both write the facts of whom both take.
ALONE = "SELECT pg_advisory_xact_lock(hashtext('desk facts'))"


def sweep(*, now: datetime) -> int:
    """Follow what was touched, for at most a while; the first time all of history. How many marks were taken."""
    if is_wanting():
        return build(now=now)
    handled, until = 0, monotonic() + SECONDS
    while monotonic() < until:
        taken = follow()
        handled += taken
        if taken < BATCH:
            break
    return handled


def is_wanting() -> bool:
    """Whether there are no facts yet, or not in the zone of the desk, or so much was touched that all are made sooner."""
    if not Keeping.objects.filter(built_at__isnull=False, zone=settings.DESK_ZONE).exists():
        return True
    of_everybody = Touched.objects.filter(customer_id__isnull=True, ticket_id__isnull=True)
    return of_everybody.exists() or Touched.objects.order_by()[BACKLOG : BACKLOG + 1].exists()


@transaction.atomic
def build(*, now: datetime) -> int:
    """Every fact anew. What is written meanwhile leaves marks that this does not see, and is followed next."""
    with connection.cursor() as cursor:
        cursor.execute(ALONE)
        cursor.execute(IN_BULK)
        cursor.execute("DELETE FROM followups_touched")
        taken = cursor.rowcount
        for table in (*TABLES, "followups_daycount"):
            cursor.execute(writing.DROP.format(table=table, whose="true"))
        for fact in writing.FACTS:
            cursor.execute(fact.write(writing.REAL), writing.EVER)
        Keeping.objects.update_or_create(pk=1, defaults={"built_at": now, "zone": settings.DESK_ZONE, "latest": None})
        for fact in writing.BY_DAY:
            cursor.execute(writing.adding(fact), {"zone": settings.DESK_ZONE})
        cursor.execute(writing.latest())
        for index in ENTERED:
            cursor.execute("SELECT brin_summarize_new_values(%s)", [index])
        cursor.execute(f"ANALYZE {', '.join(TABLES)}, followups_daycount")
    return taken


@transaction.atomic
def follow(batch: int = BATCH) -> int:
    """The facts of one batch of those touched, anew. A fact never outlives the mark of what changed it."""
    zone = Keeping.objects.values_list("zone", flat=True).get()
    with connection.cursor() as cursor:
        cursor.execute(ALONE)
        cursor.execute(writing.TAKE, {"batch": batch})
        taken = cursor.fetchall()
        if not taken:
            return 0
        cursor.execute("SET LOCAL enable_nestloop = off")
        whose = writing.EVER | resolved(cursor, taken) | {"zone": zone}
        for fact in writing.BY_DAY:
            cursor.execute(writing.adding(fact, sign="-", whose=writing.OF_WHOM), whose)
        for fact in writing.FACTS:
            cursor.execute(writing.DROP.format(table=fact.table, whose=writing.OF_WHOM), whose)
            cursor.execute(fact.write(kept.TOUCHED, writing.GIVEN), whose)
        for fact in writing.BY_DAY:
            cursor.execute(writing.adding(fact, whose=writing.OF_WHOM), whose)
        cursor.execute(writing.latest(writing.OF_WHOM), whose)
    return len(taken)


def resolved(cursor: Any, taken: list[tuple[Any, Any]]) -> dict[str, list[Any]]:
    """Whose facts these marks touch."""
    customers = list({customer for customer, _ in taken if customer})
    tickets = list({ticket for _, ticket in taken if ticket})
    cursor.execute(writing.WHO, {"customers": customers, "tickets": tickets})
    return dict(zip(("customers", "tickets", "named"), cursor.fetchone(), strict=True))


def differing() -> dict[str, int]:
    """How many facts, and counts of days, differ from what the rows say; none, once all marks are followed."""
    found = {}
    with connection.cursor() as cursor:
        for name, statement in writing.COMPARED.items():
            cursor.execute(statement, writing.EVER | {"zone": settings.DESK_ZONE})
            found[name] = cursor.fetchone()[0]
    return found
