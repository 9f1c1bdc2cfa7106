"""Reports: 90 days by channel and by week, as the desk answers them, as plain SQL does, and as DuckDB does on the same rows.

The desk's is the whole answer of the API: token, scope, intervals, immature counts, what was entered later. The others
give counts alone. All of them one after the other, round by round; each ratio is of two neighbours.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
from django.conf import settings
from django.db import connection
from django.test import Client

from followups.actions import people
from followups.clock import facts
from tests.bench import history, laying
from tests.chaos import ground

ROUNDS = 5
WRITERS = 8
SECONDS = 6

# Plain, and the same text for both: no intervals, no episodes, no families.
QUESTION = """
WITH opened AS (
    SELECT channel, date_trunc('week', opened_at) AS week, count(*) AS opened, count(resolved_at) AS resolved
    FROM {ticket} WHERE opened_at >= {start} AND opened_at < {end} AND {where} GROUP BY 1, 2
), ended AS (
    SELECT e.id, e.channel, e."at", t.customer_id, e.outcome FROM {closure} e JOIN {ticket} t ON t.id = e.ticket_id
    WHERE e."at" >= {start} AND e."at" < {end} AND {where_e}
), closed AS (SELECT channel, date_trunc('week', ended."at") AS week, count(*) AS closed FROM ended GROUP BY 1, 2),
again AS (
    SELECT ended.channel, date_trunc('week', ended."at") AS week, count(DISTINCT ended.id) AS again
    FROM ended JOIN {contact} c ON c.customer_id = ended.customer_id AND c."at" > ended."at"
        AND c."at" <= ended."at" + INTERVAL '7 days'
    WHERE ended.outcome = 'resolved' AND c.direction = 'inbound' GROUP BY 1, 2
)
SELECT * FROM opened FULL JOIN closed USING (channel, week) FULL JOIN again USING (channel, week) ORDER BY 1, 2
"""
COPIED = {
    "ticket": "id, channel, opened_at, resolved_at, customer_id",
    "closure": 'id, ticket_id, channel, "at", outcome',
    "contact": 'customer_id, "at", direction',
}


def run(_on: ground.Ground, *, quick: bool) -> None:
    settings.ALLOWED_HOSTS = ["*"]
    for size in (100_000,) if quick else (1_000_000, 5_000_000):
        begun = time.perf_counter()
        history.lay(size)
        print(f"{size} tickets laid in {time.perf_counter() - begun:.0f} s", flush=True)
        measure(size)
    writing()


def measure(size: int) -> None:
    begun = time.perf_counter()
    facts.build(now=laying.now())
    print(f"{size} tickets: facts made in {time.perf_counter() - begun:.0f} s", flush=True)
    laying.rows("VACUUM ANALYZE followups_endfact")
    laying.rows("VACUUM ANALYZE followups_ticketfact")
    secret = people.make_token(name="Bench", scopes=["reports:read"], now=laying.now())[1]
    client = Client(headers={"Authorization": f"Bearer {secret}"})
    with tempfile.TemporaryDirectory() as folder:
        duck = copied(Path(folder))
        print(f"{size:>9} {'90 days':<30} {'ms':>8} {'min':>7} {'max':>7}  times as fast as DuckDB")
        now = laying.now()
        compare(size, "to now", client, duck, now, "", "true")
        compare(size, "of one channel", client, duck, now, "&channel=email", "channel = 'email'")
        past = now - timedelta(days=100)
        compare(size, "as of 100 days ago", client, duck, past, f"&as_of={past:%Y-%m-%dT%H:%M:%SZ}", "true")


def copied(folder: Path) -> duckdb.DuckDBPyConnection:
    """The same rows in DuckDB, in memory."""
    duck = duckdb.connect()
    duck.execute(f"SET threads = {os.cpu_count()}; SET TimeZone = 'UTC'")
    for name, columns in COPIED.items():
        file = folder / f"{name}.csv"
        asked = f"COPY (SELECT {columns} FROM followups_{name}) TO STDOUT (FORMAT csv, HEADER)"
        with file.open("wb") as out, connection.cursor() as cursor, cursor.copy(asked) as rows:
            for block in rows:
                out.write(block)
        duck.execute(f"CREATE TABLE {name} AS SELECT * FROM read_csv('{file}')")
        file.unlink()
    return duck


def compare(
    size: int, what: str, client: Client, duck: duckdb.DuckDBPyConnection, end: datetime, more: str, where: str
) -> None:
    start = end - timedelta(days=90)
    spans = {
        "start": f"TIMESTAMPTZ '{start.isoformat()}'",
        "end": f"TIMESTAMPTZ '{end.isoformat()}'",
        "where": where,
        "where_e": where.replace("channel", "e.channel"),
    }
    plain = QUESTION.format(**{name: f"followups_{name}" for name in COPIED}, **spans)
    same = QUESTION.format(**{name: name for name in COPIED}, **spans)
    ways: dict[str, Callable[[], object]] = {
        f"{name} by {by}": lambda name=name, by=by: answered(client, f"/api/v1/reports/{name}?by={by}{more}")
        for name in ("resolution", "recontact")
        for by in ("channel", "week")
    } | {"DuckDB": lambda: duck.execute(same).fetchall(), "plain SQL": lambda: laying.rows(plain)}
    connection.close()
    cold = {name: timed(act) for name, act in ways.items()}
    took: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(ROUNDS):
        for name, act in ways.items():
            took[name].append(timed(act))
    for name, found in took.items():
        ratio = statistics.median(theirs / mine for mine, theirs in zip(found, took["DuckDB"], strict=True))
        figures = f"{statistics.median(found):>8.1f} {min(found):>7.1f} {max(found):>7.1f}"
        print(f"{size:>9} {what + ': ' + name:<42} {figures}  {ratio:.2f}  (first {cold[name]:.0f})", flush=True)


def timed(act: Callable[[], object]) -> float:
    begun = time.perf_counter()
    act()
    return (time.perf_counter() - begun) * 1000


def answered(client: Client, address: str) -> None:
    answer = client.get(address)
    assert answer.status_code == 200, answer.content


MARKED = ("ticket", "contact", "closure", "waiver", "reopening", "customer", "category")
MARKS = """
SELECT format('ALTER TABLE %%s {how} TRIGGER %%I', c.relname, t.tgname)
FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid WHERE t.tgname LIKE 'touch\\_%%' AND c.relname = ANY(%s)
"""


def writing() -> None:
    """Whole acts of intake by eight processes at once, with the facts following meanwhile, and without any mark of them."""
    rates: dict[str, list[float]] = {"with facts": [], "without": []}
    for turn in range(ROUNDS * 2):
        name = "with facts" if turn % 2 == 0 else "without"
        marks(on=name == "with facts")
        rates[name].append(written(follow=name == "with facts"))
    marks(on=True)
    for name, found in rates.items():
        print(f"{WRITERS} writers, {name:<12} {statistics.median(found):>7.0f}/s {min(found):>7.0f} {max(found):>7.0f}")
    ratio = statistics.median(a / b for a, b in zip(*rates.values(), strict=True))
    print(f"with facts of without: {ratio:.2f}", flush=True)


def marks(*, on: bool) -> None:
    tables = [f"followups_{name}" for name in MARKED]
    for (statement,) in laying.rows(MARKS.format(how="ENABLE" if on else "DISABLE"), [tables]):
        laying.rows(statement)


def written(*, follow: bool) -> float:
    command = [sys.executable, "-m", "tests.bench.writer", str(SECONDS)]
    writers = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(WRITERS)]
    until = time.perf_counter() + SECONDS + 4
    while follow and time.perf_counter() < until:
        facts.follow()
        time.sleep(1)
    return sum(float(writer.communicate()[0]) for writer in writers)
