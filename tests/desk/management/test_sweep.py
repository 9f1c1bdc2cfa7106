"""`manage.py sweep` does what the workers do, once."""

import pytest
from django.core.management import call_command

from followups import tasks
from followups.models import Notice, Sweep
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)


def test_every_sweep_runs_once(capsys):
    now = tasks.database_now()
    ada = factories.agent("ada", team=factories.team())
    factories.promise(promised_by=now, now=now, owner=ada)
    call_command("sweep")
    words = capsys.readouterr().out.splitlines()
    found = {"reminders": 1, "facts": 2}  # of the ticket, and of what was promised on it
    assert words == [f"{name}: {found.get(name, 0)}" for name in tasks.SWEEPS]
    assert Notice.objects.get().recipient == ada
    assert Sweep.objects.filter(finished_at__isnull=False).count() == len(tasks.SWEEPS) == 14


def test_a_second_one_rests(capsys):
    call_command("sweep")
    capsys.readouterr()
    call_command("sweep")
    assert "watch: done a moment ago\n" in capsys.readouterr().out
