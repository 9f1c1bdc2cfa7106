"""Backup and restore as whole commands, since psql and not Django writes the rows."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from desk.local import places


@pytest.fixture
def manage(spare_database, tmp_path):
    """A command of a checkout whose database is `spare_database`."""
    environment = {**os.environ, "DATABASE_URL": spare_database, "DESK_VAR": str(tmp_path / "var"), "DESK_VENV": "off"}

    def run(*arguments):
        command = [sys.executable, str(places.ROOT / "manage.py"), *arguments]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=120)

    return run


def ask(database, sql):
    with psycopg.connect(database) as connection:
        return connection.execute(sql).fetchone()[0]


def test_a_restore_brings_back_the_rows_and_holds_sending(manage, spare_database, tmp_path):
    with psycopg.connect(spare_database) as connection:
        connection.execute(
            "INSERT INTO followups_category (path, family, is_sorted, is_demo)"
            " VALUES ('Billing', 'Billing', true, false)"
        )
        connection.execute("INSERT INTO django_session VALUES ('key', 'signed in', now() + interval '1 hour')")
    file = tmp_path / "a b.dump"
    assert str(file) in manage("backup", str(file)).stdout
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    with psycopg.connect(spare_database) as connection:
        connection.execute("DELETE FROM followups_category")

    done = manage("restore", str(file))

    assert done.returncode == 0, done.stderr
    assert ask(spare_database, "SELECT path FROM followups_category") == "Billing"
    assert ask(spare_database, "SELECT sending_held FROM followups_site")
    assert ask(spare_database, "SELECT count(*) FROM django_session") == 0
    assert len(list((tmp_path / "var" / "backups").glob("before-restore-*.dump"))) == 1
    assert manage("release_sending").stdout == "Sending goes on.\n"
    assert not ask(spare_database, "SELECT sending_held FROM followups_site")
    assert manage("release_sending").stdout == "Sending was not held.\n"


def test_what_is_no_backup_is_refused_and_nothing_changes(manage, spare_database, tmp_path):
    tables = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"
    before = ask(spare_database, tables)
    stranger = tmp_path / "stranger.dump"
    stranger.write_text("no dump at all")
    for file, words in ((tmp_path / "none", "There is no file"), (stranger, "pg_restore failed")):
        done = manage("restore", str(file))
        assert done.returncode == 1
        assert words in done.stderr
        assert "Traceback" not in done.stderr
    assert ask(spare_database, tables) == before
    assert not Path(tmp_path / "var" / "backups").exists()
