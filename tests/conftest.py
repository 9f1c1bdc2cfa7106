"""What every test may ask for. People are named ada (agent), sam (supervisor) and olu (outsider)."""

import os
import shutil
import uuid

import psycopg
import pytest
from django.conf import settings

from tests import seed

CHROMIUM = os.environ.get("DESK_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
GIVEN_BACK = pytest.StashKey[tuple]()
EMPTIED = {"transactional_db", "live_server", "django_db_reset_sequences"}
BROWSER_FIXTURES = {"browser", "page", "context", "new_context"}


def pytest_addoption(parser):
    parser.addoption("--full", action="store_true", help="also run the heavy sizes (marked `full`)")


def pytest_collection_modifyitems(config, items):
    for item in items:
        if item.get_closest_marker("full") and not config.getoption("--full"):
            item.add_marker(pytest.mark.skip(reason="a heavy size: runs with --full"))
        if not CHROMIUM and BROWSER_FIXTURES & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.skip(reason="no Chromium found (chromium on PATH, or DESK_CHROMIUM)"))


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix):
    """Copy the test database from the migrated one, where the throwaway server holds it."""
    settings.DATABASES["default"].setdefault("TEST", {})["TEMPLATE"] = os.environ.get("DESK_TEST_TEMPLATE")


@pytest.fixture(scope="session")
def migrated_rows(django_db_setup, django_db_blocker):
    with django_db_blocker.unblock():
        return seed.rows()


@pytest.fixture(autouse=True)
def rows_of_migrations(request):
    """Asks for them where the test will empty every table."""
    marker = request.node.get_closest_marker("django_db")
    if (marker and marker.kwargs.get("transaction")) or EMPTIED & set(request.fixturenames):
        blocker = request.getfixturevalue("django_db_blocker")
        request.node.stash[GIVEN_BACK] = (request.getfixturevalue("migrated_rows"), blocker)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item):
    """After the fixtures: the last of them empties the tables."""
    result = yield
    if GIVEN_BACK in item.stash:
        kept, blocker = item.stash[GIVEN_BACK]
        with blocker.unblock():
            seed.give_back(kept)
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
