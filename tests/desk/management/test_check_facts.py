from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command

from followups import tasks
from followups.models import EndFact
from tests.followups.reports import histories

pytestmark = pytest.mark.django_db


def test_facts_are_counted_anew_and_compared(capsys):
    now = tasks.database_now()
    row = histories.ticket(histories.person("ana", now=now), at=now - timedelta(days=2))
    histories.close(row, at=now - timedelta(days=1))
    call_command("check_facts", "--anew")
    assert "tickets: all as the rows say" in capsys.readouterr().out
    EndFact.objects.update(channel="chat")
    with pytest.raises(CommandError):
        call_command("check_facts")
    assert "ends: 2 differ" in capsys.readouterr().out
