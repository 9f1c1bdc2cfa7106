"""Reports: 90 days by channel and by week, as the desk answers them, as plain SQL does, and as DuckDB does on the same rows.

The desk's is the whole answer of the API: token, scope, intervals, immature counts, what was entered later. The others
give counts alone, and the same ones: that is checked before anything is timed. All of them one after the other, round by
round; each ratio is of two neighbours.
"""

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable

from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.test import Client

from followups.actions import people
from followups.clock import facts
from tests import factories
from tests.bench import ducks, history, laying, questions
from tests.chaos import ground

ROUNDS = 5
WRITERS = 8
NAMES = ("resolution", "recontact")
BYS = ("channel", "week")


def run(on: ground.Ground, *, quick: bool) -> None:
    settings.ALLOWED_HOSTS = ["*"]
    call_command("collectstatic", verbosity=0, interactive=False)
    sizes = (20_000, 50_000, 100_000) if quick else (200_000, 1_000_000, 5_000_000)
    with ducks.pond() as duck:
        for size in sizes:
            begun = time.perf_counter()
            history.lay(size)
            say(f"{size:>9} tickets laid in {time.perf_counter() - begun:.0f} s")
            build(size)
            restart(on)
            measure(size, duck)
            overview(size)
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
    secret = people.make_token(name=f"Bench {size}", scopes=["reports:read"], now=laying.now())[1]
    client = Client(headers={"Authorization": f"Bearer {secret}"})
    duck.load()
    print(f"{size:>9} {'90 days':<42} {'ms':>8} {'min':>8} {'max':>8}   times as fast as DuckDB")
    for asked in questions.asked(laying.now()):
        compare(size, asked, client, duck)


def compare(size: int, asked: questions.Asked, client: Client, duck: ducks.Duck) -> None:
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


def overview(size: int) -> None:
    """The page that shows every report at once, as an admin sees it."""
    client = Client()
    client.force_login(factories.agent(f"boss-{size}", role="admin"))
    took = [timed(lambda: looked(client)) for _ in range(3)]
    say(f"{size:>9} the overview page: {statistics.median(took):.0f} ms, {min(took):.0f} to {max(took):.0f}")


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
