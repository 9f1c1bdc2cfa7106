"""Pytest plugin: one throwaway PostgreSQL and one Valkey for the whole run, shared by all its workers.

`DATABASE_URL` and `CELERY_BROKER_URL` come first; what they name is used and nothing is started. Loaded by name in
pyproject.toml, because it must set the environment before pytest-django reads the settings.
"""

import os
import shutil
import tempfile
from contextlib import ExitStack
from pathlib import Path

import pytest

from desk.local import embedded, places, postgres, processes, valkey
from tests import template

STACK = pytest.StashKey[ExitStack]()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests(early_config):
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "desk.settings")
    os.environ["DESK_TESTING"] = "1"
    os.environ.setdefault("SITE_URL", "http://testserver")
    early_config.stash[STACK] = ExitStack()
    if "PYTEST_XDIST_WORKER" not in os.environ:
        provide(early_config.stash[STACK])
    return (yield)


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config):
    """The test databases go with their server; dropping them one by one only waits for forgotten connections."""
    if os.environ.get("DESK_TEST_TEMPLATE"):
        config.option.reuse_db = True


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config):
    config.stash[STACK].close()


def provide(stack: ExitStack) -> None:
    """Workers inherit the environment, and so the servers."""
    folder = Path(tempfile.mkdtemp(prefix="agent-desk-test-", dir=reachable()))
    stack.callback(shutil.rmtree, folder, ignore_errors=True)
    postgres.hand_over(folder)
    os.environ["DESK_VAR"] = str(folder / "var")
    (folder / "var" / "static").mkdir(mode=0o700, parents=True)  # whitenoise warns where it is missing
    for name in embedded.missing(os.environ):
        start(name, folder=folder, stack=stack)


def reachable() -> str | None:
    """A folder for temporary files that the user of PostgreSQL can reach, where root drops to another one."""
    chosen = Path(tempfile.gettempdir())
    if os.geteuid() == 0 and not all(part.stat().st_mode & 1 for part in (chosen, *chosen.parents)):
        return "/tmp"
    return None


def start(name: str, *, folder: Path, stack: ExitStack) -> None:
    guard = processes.Guard()
    stack.callback(guard.close)
    port = places.free_port()
    if name == embedded.BROKER:
        broker = valkey.Broker(place=folder / "var" / "valkey", port=port, password="throwaway", durable=False)
        stack.enter_context(processes.started([valkey.program(broker, log=folder / "valkey.log")], guard=guard))
        os.environ[name] = broker.url
        return
    cluster = postgres.Cluster(place=folder, port=port, password="throwaway", durable=False)
    postgres.prepare(cluster)
    stack.enter_context(processes.started([postgres.program(cluster, log=folder / "postgres.log")], guard=guard))
    os.environ["DESK_TEST_TEMPLATE"] = template.make(cluster)
    os.environ[name] = cluster.url
