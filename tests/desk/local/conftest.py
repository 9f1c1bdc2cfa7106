import os
import shutil
import tempfile
from pathlib import Path

import pytest

from desk.local import places, postgres, processes
from tests import throwaway


@pytest.fixture(scope="module")
def place():
    """A folder that PostgreSQL's user can reach, with a blank in its path."""
    folder = Path(tempfile.mkdtemp(prefix="agent desk test ", dir=throwaway.reachable()))
    postgres.hand_over(folder)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def guard():
    watch = processes.Guard()
    yield watch
    watch.close()


@pytest.fixture
def checkout(tmp_path):
    """The environment of a checkout of its own: no servers named, an empty run-time folder with a blank."""
    left_out = ("DATABASE_URL", "CELERY_BROKER_URL", "DESK_TESTING", "DESK_TEST_TEMPLATE", "SITE_URL")
    folder = tmp_path / "run time"
    environment = {name: value for name, value in os.environ.items() if name not in left_out}
    yield {**environment, "DESK_VAR": str(folder), "DESK_VENV": "off", "PYTHONPATH": str(places.ROOT)}
    if (folder / "postgres").is_symlink():
        shutil.rmtree((folder / "postgres").resolve())
