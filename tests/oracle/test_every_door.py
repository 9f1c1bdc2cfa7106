"""One rich history: page, rows, JSON and file say the same of every figure, and what the oracle says."""

import html
import random
import re
from collections import Counter
from datetime import timedelta

import pytest
from django.conf import settings

from followups.clock import facts
from followups.reports import catalogue, windows
from tests import factories
from tests.oracle import comparing, doors, of_ends, random_history
from tests.oracle.answers import Oracle

DAY = timedelta(days=1)
START = random_history.START
GIVEN = {
    "from": START.isoformat(),
    "to": (START + 75 * DAY).isoformat(),
    "as_of": (START + 80 * DAY).isoformat(),
    "window_days": "14",
    "of": "all",
}
NAMES = list(catalogue.REPORTS)


@pytest.fixture
def desk(db):
    """A desk whose facts are kept, and some were touched since."""
    world = random_history.make(11, 40)
    facts.build(now=START + 400 * DAY)
    world.loose_contact()
    root = factories.agent("root", "admin", is_staff=True)
    return doors.Doors(root, START), Oracle()


def asked(by):
    """The question in these words."""
    return windows.question(GIVEN | {"by": by}, now=START + 400 * DAY, zone=settings.DESK_ZONE, scope=windows.Scope())


def every_door_says_the_same(door, oracle, name, by):
    given, question = GIVEN | {"by": by}, asked(by)
    wanted = comparing.filled(oracle.answer(name, comparing.asked(question)))
    told = door.json(name, given)
    comparing.same(name, comparing.filled({key: comparing.known(row) for key, row in told.items()}), wanted)
    file = door.file(name, given)
    assert list(file) == list(told)
    for key, row in told.items():
        apart = {column: word for column, word in file[key].items() if word and not column.startswith("pairs_")}
        assert apart == texts(row)
    page = door.page(name, given)
    keys = [key for key in told if key != "total"]
    assert page.told(name) == [doors.said(name, told[key]) for key in [*keys, "total"] if keys]
    for label, prefix in doors.SHARES.get(name, {}).items():
        num, den = told["total"][f"{prefix}num"], told["total"][f"{prefix}den"]
        assert page.share(label) == f"{doors.number(num)} of {doors.number(den)}"
    return page


def texts(row):
    """As the file writes them: nothing where there is nothing."""
    return {column: str(value) for column, value in row.items() if value is not None}


def every_figure_leads_to_its_rows(door, oracle, name, by, keys):
    """Each part of a report, of the whole and of these keys: as many rows as the oracle counts."""
    question = asked(by)
    facts_ = oracle.facts(name, comparing.asked(question))
    some = {None: facts_} | {
        key: each for key, each in oracle.cut(facts_, comparing.asked(question)).items() if key in keys
    }
    sources = [source for source in catalogue.named(name).SOURCES if source.by is None]
    parts = {part for source in sources for part in source.parts} - {"closed", "closed_resolved"}
    for key, mine in some.items():
        for part in parts:
            given = GIVEN | {"by": by, "part": part} | ({} if key is None else {"key": key})
            count = sum(comparing.is_in(name, part, fact) for fact in mine)
            assert (name, part, key, door.rows(f"/reports/{name}/rows", given)) == (name, part, key, count)


@pytest.mark.django_db
def test_every_door_says_the_same(desk):
    door, oracle = desk
    for name, by in zip(
        NAMES, random.Random(1).choices(("team", "family", "channel", "week"), k=len(NAMES)), strict=True
    ):
        page = every_door_says_the_same(door, oracle, name, by)
        for count, url in page.links()[:4]:
            assert (url, door.rows(url)) == (url, int(count))


@pytest.mark.django_db
def test_every_door_says_what_they_asked_next(desk):
    door, oracle = desk
    asked_ = comparing.asked(asked("team"))
    some = [fact for fact in oracle.facts("recontact", asked_) if "elsewhere" in fact["parts"]]
    pairs = Counter(filter(None, (of_ends.asked_next(oracle.recorded, fact, 14) for fact in some)))
    assert pairs
    told = door.answer("recontact", GIVEN)["pairs"]
    assert {f"{pair['from']}/{pair['to']}": pair["n"] for pair in told} == pairs
    assert {pair["of"] for pair in told} == {len(some)}
    line = door.file("recontact", GIVEN)["total"]
    assert {name: int(n) for name, n in line.items() if name.startswith("pairs_")} == {
        f"pairs_{pair}": n for pair, n in pairs.items()
    }
    page = door.asked("/reports/recontact", GIVEN).partition('aria-labelledby="pairs"')[2].partition("</section>")[0]
    links = [(html.unescape(url), int(n)) for url, n in re.findall(r'<a href="(.*?)">(\d+)</a>', page)]
    assert [n for _, n in links] == [len(some), *sorted(pairs.values(), reverse=True)[:10]]
    for url, n in links[:3]:
        assert door.rows(url) == n


@pytest.mark.full
@pytest.mark.django_db
@pytest.mark.parametrize("by", [by for by in windows.CUTS if by != "agent"])
def test_every_door_says_the_same_in_every_cut(desk, by):
    door, oracle = desk
    for name in NAMES:
        page = every_door_says_the_same(door, oracle, name, by)
        for count, url in page.links():
            assert (url, door.rows(url)) == (url, int(count))


@pytest.mark.full
@pytest.mark.django_db
@pytest.mark.parametrize("name", NAMES)
def test_every_figure_leads_to_its_rows(desk, name):
    door, oracle = desk
    every_figure_leads_to_its_rows(door, oracle, name, "team", ("", "North"))
