"""What every test may ask for. People are named ada (agent), sam (supervisor) and olu (outsider)."""

import os
import shutil
import uuid

import psycopg
import pytest
from django.conf import settings
from django.test import TransactionTestCase

from tests import seed

CHROMIUM = os.environ.get("DESK_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
SOWN = pytest.StashKey[tuple]()
DATABASE_FIXTURES = {"db", "transactional_db", "live_server"}
LONG = {"real_data", "spare_database"}  # at the end one worker would wait for the other
BROWSER_FIXTURES = {"browser", "page", "context", "new_context"}


def pytest_addoption(parser):
    parser.addoption("--full", action="store_true", help="also run the heavy sizes (marked `full`)")


def pytest_collection_modifyitems(config, items):
    for item in items:
        if item.get_closest_marker("full") and not config.getoption("--full"):
            item.add_marker(pytest.mark.skip(reason="a heavy size: runs with --full"))
        if not CHROMIUM and BROWSER_FIXTURES & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.skip(reason="no Chromium found (chromium on PATH, or DESK_CHROMIUM)"))
    items.sort(key=lambda item: LONG.isdisjoint(getattr(item, "fixturenames", ())))


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix):
    """Copy the test database from the migrated one, where the throwaway server holds it."""
    settings.DATABASES["default"].setdefault("TEST", {})["TEMPLATE"] = os.environ.get("DESK_TEST_TEMPLATE")


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup, django_db_blocker):
    """Gives the rows of the migrations. A test that commits is cleaned up after by what it wrote, not table by table."""
    with django_db_blocker.unblock():
        sown = seed.sown()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", lambda _: seed.give_back(sown))
        yield sown


@pytest.fixture(autouse=True)
def undisturbed(request):
    """Keeps what it takes to leave the tables as they were, where the test will write."""
    if request.node.get_closest_marker("django_db") or DATABASE_FIXTURES & set(request.fixturenames):
        asked = ("django_db_setup", "django_db_blocker")
        request.node.stash[SOWN] = tuple(request.getfixturevalue(name) for name in asked)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item):
    """After the fixtures: the last of them takes back what the test wrote."""
    result = yield
    if SOWN in item.stash:
        sown, blocker = item.stash[SOWN]
        with blocker.unblock():
            seed.count_again(sown)
    return result


@pytest.fixture
def spare_database():
    """The address of an empty migrated database beside the test's own, for commands in processes of their own."""
    template = os.environ.get("DESK_TEST_TEMPLATE")
    if not template:
        pytest.skip("needs the throwaway PostgreSQL, and DATABASE_URL names another one")
    server, name = os.environ["DATABASE_URL"].rpartition("/")[0], f"spare_{uuid.uuid4().hex}"
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        yield f"{server}/{name}"
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args):
    """Debian's Chromium, which may talk to this machine alone."""
    arguments = ["--no-sandbox", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost"]
    return {**browser_type_launch_args, "executable_path": CHROMIUM, "args": arguments}


@pytest.fixture(scope="session")
def real_data():
    """The folder of real input, where `DESK_REAL_DATA` names one."""
    folder = os.environ.get("DESK_REAL_DATA")
    if not folder:
        pytest.skip("DESK_REAL_DATA is not set: the real files are not here")
    return folder
