"""One look at the desk: everything counted inside `whole()` sees the same rows, and is asked for once."""

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from typing import Any

from django.db import connection, transaction

# Before the first ANALYZE the planner takes the facts for a row or two and would join them one by one, squaring the
# work. What is sorted or hashed of a large desk would go by the disk in the few megabytes that a server grants by itself.
IN_SETS = "SET LOCAL enable_nestloop = off; SET LOCAL work_mem = '64MB'"
AT_ONE_INSTANT = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"

# Of more than so many marks the sweep is behind: then reading all rows costs less than looking up each.
MOST = 20_000
KEPT = "kept"
STATE = f"""
    SELECT built_at IS NOT NULL AND EXISTS (SELECT FROM followups_ticket WHERE NOT is_demo)
        AND NOT EXISTS (SELECT FROM followups_touched WHERE num_nonnulls(customer_id, ticket_id) = 0)
        AND (SELECT count(*) FROM (SELECT FROM followups_touched LIMIT {MOST + 1}) few) <= {MOST},
        coalesce(zone, ''), latest, EXISTS (SELECT FROM followups_touched), clock_timestamp()
    FROM (VALUES (true)) one (look) LEFT JOIN followups_keeping ON one.look
"""

_found: ContextVar[dict[Hashable, Any] | None] = ContextVar("found", default=None)


@contextmanager
def whole() -> Iterator[None]:
    """Inside another look, or a transaction that began before, it is part of that one."""
    if _found.get() is not None:
        yield
        return
    settings = IN_SETS if connection.in_atomic_block else f"{AT_ONE_INSTANT}; {IN_SETS}"
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"{settings}; {STATE}")
        while cursor.nextset():
            pass
        token = _found.set({KEPT: cursor.fetchone()})
        try:
            yield
        finally:
            _found.reset(token)


def once(what: Hashable, ask: Callable[[], Any]) -> Any:
    """What `ask` says, asked once in this look."""
    found = _found.get()
    if found is None:
        return ask()
    if what not in found:
        found[what] = ask()
    return found[what]


def state() -> tuple[Any, ...]:
    """What `STATE` asks, as it was when the look began."""
    return once(KEPT, _state)


def _state() -> tuple[Any, ...]:
    with connection.cursor() as cursor:
        cursor.execute(STATE)
        return cursor.fetchone()


def clock() -> datetime:
    """The database's own clock, by which a report looks where nobody names an instant."""
    return state()[-1]
