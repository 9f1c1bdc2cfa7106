"""The command: counts at the end, bad rows in words, and when it fails."""

import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from followups.models import ImportRun, Ticket

pytestmark = pytest.mark.django_db

SAMPLES = Path(__file__).parents[2] / "samples"
TICKETS = SAMPLES / "tickets.csv"


def run(*arguments) -> tuple[str, str]:
    out, err = StringIO(), StringIO()
    call_command("import_tickets", *map(str, arguments), "--source", "csv", stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


def test_the_command_prints_counts_and_shows_progress():
    out, err = run(TICKETS, "--events", SAMPLES / "ticket_events.csv")
    assert out.splitlines() == [
        "Tickets: 5 made, 0 updated, 0 unchanged, 0 kept, 0 skipped, 0 refused",
        "Events: 7 made, 0 unchanged, 0 kept, 0 refused, 1 reopenings",
        "New: 2 teams, 1 agents, 4 categories, 3 customers",
    ]
    assert "tickets 100%" in err
    row = ImportRun.objects.get()
    assert (row.state, row.file_name, row.events_name, row.file) == ("done", "tickets.csv", "ticket_events.csv", None)


def test_a_dry_run_says_so():
    out, _ = run(TICKETS, "--dry-run")
    assert out.endswith("A dry run: nothing of the file was stored.\n")
    assert Ticket.objects.count() == 0


def test_bad_rows_are_printed_and_fail_only_where_asked(tmp_path):
    file = tmp_path / "bad.csv"
    file.write_text("reference,opened_at,mood\nT-1,soon,x\nT-2,2026-03-02T09:00:00Z,x\n", encoding="utf-8")
    out, _ = run(file)
    assert out.splitlines()[:3] == [
        'tickets line 2, opened_at: "soon" is not a date and time like 2026-03-02T10:00:00Z. (bad-date)',
        "Columns not used: mood",
        "Tickets: 1 made, 0 updated, 0 unchanged, 0 kept, 0 skipped, 1 refused",
    ]
    with pytest.raises(CommandError, match="1 faults"):
        run(file, "--strict")


def test_a_map_is_a_file_or_the_name_of_a_saved_one(tmp_path):
    out, _ = run(SAMPLES / "calls.csv", "--map", SAMPLES / "maps" / "bank_calls.json")
    assert "Tickets: 2 made, 0 updated, 0 unchanged, 0 kept, 1 skipped, 0 refused" in out
    with pytest.raises(CommandError, match='No map is saved under "nowhere"'):
        run(TICKETS, "--map", "nowhere")
    broken = tmp_path / "broken.json"
    broken.write_text("{", encoding="utf-8")
    with pytest.raises(CommandError, match="is not JSON"):
        run(TICKETS, "--map", broken)
    broken.write_text(json.dumps({"opend": "x"}), encoding="utf-8")
    with pytest.raises(CommandError, match='"opend"'):
        run(TICKETS, "--map", broken)


def test_what_cannot_be_read_fails(tmp_path):
    with pytest.raises(CommandError, match="No such file"):
        run(tmp_path / "none.csv")
    with pytest.raises(CommandError, match='no zone "Mars"'):
        run(TICKETS, "--zone", "Mars")
    empty = tmp_path / "empty.csv"
    empty.write_text("", encoding="utf-8")
    with pytest.raises(CommandError, match="no readable header"):
        run(empty)
    with pytest.raises(CommandError, match='no source "jira"'):
        call_command("import_tickets", str(TICKETS), "--source", "jira", stdout=StringIO(), stderr=StringIO())
