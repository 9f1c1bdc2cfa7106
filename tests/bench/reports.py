"""Reports: 90 days by channel and by week, as the desk answers them, as plain SQL does, and as DuckDB does on the same rows.

The desk's is the whole answer of the API: token, scope, intervals, immature counts, what was entered later. The others
give counts alone, and the same ones: that is checked before anything is timed. All of them one after the other, round by
round; each ratio is of two neighbours. Then every report, beside itself on the smallest desk.
"""

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import timedelta

from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.test import Client

from followups.actions import people
from followups.clock import facts
from followups.reports import catalogue
from tests import factories
from tests.bench import ducks, history, laying, questions
from tests.chaos import ground

ROUNDS = 5
LOOKS = 3
WRITERS = 8
NAMES = ("resolution", "recontact")
BYS = ("channel", "week")
Grown = dict[str, float]


def run(on: ground.Ground, *, quick: bool) -> None:
    settings.ALLOWED_HOSTS = ["*"]
    call_command("collectstatic", verbosity=0, interactive=False)
    sizes = (20_000, 100_000) if quick else (200_000, 1_000_000, 5_000_000)
    grown: Grown = {}
    with ducks.pond() as duck:
        for size in sizes:
            begun = time.perf_counter()
            history.lay(size)
            say(f"{size:>9} tickets laid in {time.perf_counter() - begun:.0f} s")
            build(size)
            restart(on)
            measure(size, duck)
            every(size, grown)
    writing(seconds=6 if quick else 20)


def say(line: str) -> None:
    print(f"{line}   (load {os.getloadavg()[0]:.1f})", flush=True)


def build(size: int) -> None:
    begun = time.perf_counter()
    facts.build(now=laying.now())
    say(f"{size:>9} facts made in {time.perf_counter() - begun:.0f} s")
    for table in (*facts.TABLES, "followups_daycount"):
        laying.rows(f"VACUUM ANALYZE {table}")


def restart(on: ground.Ground) -> None:
    """So that what is asked first is asked of a server that has read nothing yet."""
    connection.close()
    on.stop("postgres")
    on.start_server(on.database)


def measure(size: int, duck: ducks.Duck) -> None:
    duck.load()
    print(f"{size:>9} {'90 days':<42} {'ms':>8} {'min':>8} {'max':>8}   times as fast as DuckDB")
    for asked in questions.asked(laying.now()):
        compare(size, asked, duck)


def reader(name: str) -> Client:
    """With a token of its own: each may ask 60 times at once."""
    secret = people.make_token(name=name, scopes=["reports:read"], now=laying.now())[1]
    return Client(headers={"Authorization": f"Bearer {secret}"})


def compare(size: int, asked: questions.Asked, duck: ducks.Duck) -> None:
    client = reader(f"{asked.what} at {size}")
    ways: dict[str, Callable[[], float]] = {
        f"{name} by {by}": lambda name=name, by=by: timed(lambda: answered(client, asked.address(name, by)))
        for name in NAMES
        for by in BYS
    } | {"DuckDB": lambda: duck.ask(asked.sql())["ms"]}
    if asked.what == "to now":
        ways["plain SQL"] = lambda: timed(lambda: laying.rows(asked.sql("followups_")))
    first = {name: act() for name, act in ways.items()}
    check(asked, client, duck)
    took: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(ROUNDS):
        for name, act in ways.items():
            took[name].append(act())
    for name, found in took.items():
        show(f"{size:>9} {asked.what + ': ' + name:<42}", found, took["DuckDB"], first[name])


def show(line: str, found: list[float], theirs: list[float], first: float) -> None:
    ratios = [their / mine for mine, their in zip(found, theirs, strict=True)]
    figures = f"{statistics.median(found):>8.1f} {min(found):>8.1f} {max(found):>8.1f}"
    spread = f"{statistics.median(ratios):>6.2f} ({min(ratios):.2f} to {max(ratios):.2f})"
    say(f"{line} {figures}  {spread}  first {first:.0f} ms")


def check(asked: questions.Asked, client: Client, duck: ducks.Duck) -> None:
    """The desk, PostgreSQL and DuckDB count the same."""
    rows, plain = duck.ask(asked.sql())["rows"], laying.rows(asked.sql("followups_"))
    for by in BYS:
        wanted = questions.by_key(rows, by)
        assert questions.by_key(plain, by) == wanted, (asked, by)
        found = questions.of_answers(*(answered(client, asked.address(name, by)) for name in NAMES))
        assert found == wanted, (asked, by, found, wanted)


def timed(act: Callable[[], object]) -> float:
    begun = time.perf_counter()
    act()
    return (time.perf_counter() - begun) * 1000


def answered(client: Client, address: str) -> dict:
    answer = client.get(address)
    assert answer.status_code == 200, answer.content
    return answer.json()


def every(size: int, grown: Grown) -> None:
    """Each report's whole answer, and the overview's page, beside what the smallest desk took."""
    boss = Client()
    boss.force_login(factories.agent(f"boss-{size}", role="admin"))
    past = f"{laying.now() - timedelta(days=100):%Y-%m-%dT%H:%M:%SZ}"
    ways: dict[str, Callable[[], object]] = {"the overview's answer": lambda: looked(boss)}
    for name in catalogue.REPORTS:
        client = reader(f"{name} at {size}")
        for what in ("by=channel", "by=week", "by=channel&family=Bench1", f"by=channel&as_of={past}"):
            ways[f"{name} {what[:24]}"] = lambda client=client, at=f"/api/v1/reports/{name}?{what}": answered(
                client, at
            )
    print(f"{size:>9} {'90 days':<42} {'ms':>8} {'min':>8} {'max':>8}   of the smallest desk")
    for name, act in ways.items():
        first = timed(act)
        took = [timed(act) for _ in range(LOOKS)]
        middle = statistics.median(took)
        least = grown.setdefault(name, middle)
        figures = f"{middle:>8.1f} {min(took):>8.1f} {max(took):>8.1f}   {middle / least:>6.2f}"
        say(f"{size:>9} {name:<42} {figures}  first {first:.0f} ms")


def looked(client: Client) -> None:
    assert client.get("/reports").status_code == 200


MARKED = ("ticket", "contact", "closure", "waiver", "reopening", "customer", "category")
MARKS = """
SELECT format('ALTER TABLE %%s {how} TRIGGER %%I', c.relname, t.tgname)
FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid WHERE t.tgname LIKE 'touch\\_%%' AND c.relname = ANY(%s)
"""


def writing(*, seconds: int) -> None:
    """Whole acts of intake by eight processes at once, with the facts following every five seconds as they do in the
    product, and without any mark of them.
    """
    rates: dict[str, list[float]] = {"with facts": [], "without": []}
    for turn in range(ROUNDS * 2):
        name = "with facts" if turn % 2 == 0 else "without"
        marks(on=name == "with facts")
        rates[name].append(written(seconds, follow=name == "with facts"))
    marks(on=True)
    for name, found in rates.items():
        say(f"{WRITERS} writers, {name:<12} {statistics.median(found):>7.0f}/s {min(found):>7.0f} {max(found):>7.0f}")
    ratios = [kept / bare for kept, bare in zip(*rates.values(), strict=True)]
    say(f"with facts of without: {statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})")


def marks(*, on: bool) -> None:
    tables = [f"followups_{name}" for name in MARKED]
    for (statement,) in laying.rows(MARKS.format(how="ENABLE" if on else "DISABLE"), [tables]):
        laying.rows(statement)


def written(seconds: int, *, follow: bool) -> float:
    command = [sys.executable, "-m", "tests.bench.writer", str(seconds)]
    writers = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(WRITERS)]
    while follow and any(writer.poll() is None for writer in writers):
        facts.sweep(now=laying.now())
        time.sleep(min(5, seconds / 4))
    return sum(float(writer.communicate()[0]) for writer in writers)
