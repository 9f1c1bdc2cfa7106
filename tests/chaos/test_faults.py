"""The faults as a test; each prints its own table, so that a failure shows what was lost."""

import os
import subprocess
import sys

import pytest

from desk.local import places
from tests.chaos import counting

OWN = ("DATABASE_URL", "CELERY_BROKER_URL", "DESK_TESTING", "DESK_VAR", "SECRET_KEY")


def sound(**changed) -> bool:
    figures = {"due": 5, "lost": 0, "duplicates": 0, "early": 0, "latest": 1.0}
    mails = {"mails": 1, "mails_lost": 0, "mails_repeated": 0, "mails_latest": 1.0}
    return counting.Count(**{**figures, **mails, **changed}).sound


def test_a_count_is_sound_where_nothing_was_lost_doubled_or_early():
    assert sound()
    assert [sound(**{name: 1}) for name in ("lost", "duplicates", "early", "mails_lost")] == [False] * 4


@pytest.mark.full
@pytest.mark.parametrize("fault", ["F1", "F2", "F3", "F4", "F7", "F11", "F14", "F17"])
def test_the_desk_holds(fault):
    environment = {name: value for name, value in os.environ.items() if name not in OWN}
    command = [sys.executable, "-m", "tests.chaos", "--quick", "--only", fault]
    done = subprocess.run(command, cwd=places.ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
