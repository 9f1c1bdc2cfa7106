"""Reminders: a lot due at one instant among many scheduled, handled by the desk and by what else could do it.

All of them run against the same tables on the same server, one after the other, round by round; each ratio is of two
neighbours. The raw statement claims and writes notices, and nothing of what makes them readable or safe.
"""

import os
import statistics
import time
from collections.abc import Callable
from datetime import timedelta

from django.db import connection, transaction

from followups import tasks
from followups.clock import reminders
from tests.bench import laying, peers
from tests.chaos import ground

ROUNDS = 5
BY_ROW = 500
AT_REST = 40

RAW = """
WITH claimed AS (
    SELECT r.id, r.follow_up_id, r.version, f.owner_id, f.ticket_id
    FROM followups_reminder r JOIN followups_followup f ON f.id = r.follow_up_id
    WHERE r.state = 'waiting' AND r.due_at <= %(now)s ORDER BY r.due_at, r.id LIMIT %(most)s
    FOR NO KEY UPDATE OF r SKIP LOCKED
), noticed AS (
    INSERT INTO followups_notice (id, recipient_id, kind, stage, repeat, version, follow_up_id, ticket_id, text, at,
        late_by_seconds)
    SELECT gen_random_uuid(), owner_id, 'reminder', 'due', 0, version, follow_up_id, ticket_id, 'Due now', %(now)s, 0
    FROM claimed
)
UPDATE followups_reminder r SET state = 'sent', handled_at = %(now)s FROM claimed WHERE r.id = claimed.id
"""
LATENESS = """
SELECT extract(epoch FROM pg_xact_commit_timestamp(n.xmin) - f.promised_by)
FROM followups_notice n JOIN followups_followup f ON f.id = n.follow_up_id
WHERE n.stage = 'due' AND n.version = f.version AND f.promised_by >= %s
"""


def run(on: ground.Ground, *, quick: bool) -> None:
    sizes = (20_000, 100_000) if quick else (100_000, 1_000_000, 5_000_000)
    lot = 2_000 if quick else 10_000
    laying.people()
    laying.tickets(lot * 2)
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; {lot} due among N scheduled, medians of {ROUNDS}")
    print(f"{'scheduled':>10} {'what':<34} {'rows/s':>9} {'min':>8} {'max':>8}  of the raw statement")
    there = 0
    for size in sizes:
        laying.scheduled(size - there)
        laying.settled()
        there = size
        compare(size, lot)
        ticks(size)
    at_one_instant(lot)
    peers.procrastinate(on, quick=quick)
    peers.celery_eta(on, n=lot)
    at_rest(on)


def compare(size: int, lot: int) -> None:
    ways: dict[str, tuple[int, Callable[[], int]]] = {
        "the desk's sweep": (lot, lambda: reminders.sweep(now=laying.now())),
        "raw SQL claim and notice": (lot, raw),
        "row by row": (BY_ROW, row_by_row),
    }
    rates: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(ROUNDS):
        for name, (n, act) in ways.items():
            laying.due(n)
            begun = time.perf_counter()
            done = act()
            rates[name].append(done / (time.perf_counter() - begun))
    for name, found in rates.items():
        show(size, name, found, rates["raw SQL claim and notice"])


def show(size: int, name: str, found: list[float], raw_rates: list[float]) -> None:
    ratio = statistics.median(mine / theirs for mine, theirs in zip(found, raw_rates, strict=True))
    figures = f"{statistics.median(found):>9.0f} {min(found):>8.0f} {max(found):>8.0f}"
    print(f"{size:>10} {name:<34} {figures}  {ratio:.2f}", flush=True)


def raw(most: int = 500) -> int:
    """The statement alone, a transaction for each batch."""
    done, now = 0, laying.now()
    with connection.cursor() as cursor:
        while cursor.execute(RAW, {"now": now, "most": most}) is not None and cursor.rowcount:
            done += cursor.rowcount
    return done


def row_by_row() -> int:
    """One transaction for each reminder, as a loop over objects would do it."""
    done, now = 0, laying.now()
    with connection.cursor() as cursor:
        while True:
            with transaction.atomic():
                cursor.execute(RAW, {"now": now, "most": 1})
            if not cursor.rowcount:
                return done
            done += 1


def ticks(size: int) -> None:
    """A tick with nothing to do, as a worker runs it."""
    took = []
    for _ in range(50):
        begun = time.perf_counter()
        tasks.sweep("reminders", eager=True)
        took.append((time.perf_counter() - begun) * 1000)
    print(
        f"{size:>10} {'an empty tick':<34} {statistics.median(took):>6.1f} ms {min(took):>5.1f} {max(took):>5.1f}",
        flush=True,
    )


def at_one_instant(lot: int) -> None:
    laying.due(lot)
    begun = time.perf_counter()
    sent = tasks.sweep("reminders", eager=True)
    print(f"{sent} due at one instant: all in the app after {time.perf_counter() - begun:.2f} s", flush=True)


def at_rest(on: ground.Ground) -> None:
    """Some reminders, one now and then, on a desk that has nothing else to do."""
    on.wait(on.worker("worker-1"), on.beat())
    print(f"lateness at rest, worker and beat: {lateness()}")
    on.stop("beat-1", "worker-1")
    peers.loop(on)
    print(f"lateness at rest, the loop: {lateness()}")
    on.stop("loop")


def lateness() -> str:
    """Seconds from the due instant to the commit of its notice."""
    begun = laying.due(AT_REST, at=laying.now() + timedelta(seconds=8), apart=timedelta(seconds=0.73))
    time.sleep(8 + AT_REST * 0.73 + 8)
    late = sorted(float(row[0]) for row in laying.rows(LATENESS, [begun]))
    if len(late) < AT_REST:
        return f"only {len(late)} of {AT_REST} came"
    p95 = late[int(len(late) * 0.95) - 1]
    return f"median {statistics.median(late):.3f} s, 95 % within {p95:.3f} s, latest {late[-1]:.3f} s"
