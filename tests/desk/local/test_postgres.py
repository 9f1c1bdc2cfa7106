"""The embedded PostgreSQL itself: started, asked, stopped, started again."""

import dataclasses
import stat

import psycopg
import pytest

from desk.local import dumping, places, postgres, processes, upgrading

PASSWORD = "pass word'"


def ask(cluster, sql):
    at = {"host": "127.0.0.1", "port": cluster.port, "user": "desk", "password": cluster.password, "dbname": "desk"}
    with psycopg.connect(**at, autocommit=True) as connection:
        cursor = connection.execute(sql)
        return cursor.fetchall() if cursor.description else None


def serving(cluster, guard, folder):
    return processes.started([postgres.program(cluster, log=folder / "postgres.log")], guard=guard)


@pytest.fixture
def cluster(place):
    """Prepared anew for each test, as at each start; the data of the test before are still there."""
    found = postgres.Cluster(place=place, port=places.free_port(), password=PASSWORD, durable=False)
    (place / "draft-cut-short").mkdir()
    postgres.prepare(found)
    return found


def test_data_stay_from_start_to_start(cluster, guard, tmp_path):
    with serving(cluster, guard, tmp_path):
        ask(cluster, "DROP TABLE IF EXISTS kept; CREATE TABLE kept AS SELECT 7 AS n")
        assert ask(cluster, "SHOW listen_addresses") == [("127.0.0.1",)]
        assert ask(cluster, "SELECT lower('ÄÉ')") == [("äé",)]
    moved = dataclasses.replace(cluster, port=places.free_port())
    postgres.prepare(moved)
    with serving(moved, guard, tmp_path):
        assert ask(moved, "SELECT n FROM kept") == [(7,)]


def test_a_start_that_was_cut_short_begins_again(cluster):
    assert not (cluster.place / "draft-cut-short").exists()
    assert (cluster.data / "PG_VERSION").read_text() == "18\n"
    assert stat.S_IMODE(cluster.data.stat().st_mode) == 0o700


def test_nobody_enters_without_the_password(cluster, guard, tmp_path):
    with serving(cluster, guard, tmp_path):
        for wrong in ("", "guess"):
            with pytest.raises(psycopg.OperationalError):
                ask(dataclasses.replace(cluster, password=wrong), "SELECT 1")


def test_a_dump_that_breaks_off_changes_nothing(cluster, guard, tmp_path):
    with serving(cluster, guard, tmp_path):
        ask(
            cluster,
            "DROP TABLE IF EXISTS kept; CREATE TABLE kept AS SELECT md5(n::text) FROM generate_series(1, 50000) n",
        )
        at = upgrading.address(cluster)
        dumping.dump(tmp_path / "whole.dump", at=at)
        whole = (tmp_path / "whole.dump").read_bytes()
        (tmp_path / "half.dump").write_bytes(whole[: len(whole) // 2])
        ask(cluster, "DELETE FROM kept WHERE md5 > '0'")
        left = ask(cluster, "SELECT count(*) FROM kept")
        with pytest.raises(places.CannotRun, match="nothing was changed"):
            dumping.load(tmp_path / "half.dump", at=at)
        assert ask(cluster, "SELECT count(*) FROM kept") == left
        with pytest.raises(places.CannotRun, match="syntax error"):
            dumping.load(tmp_path / "whole.dump", at=at, first=b"NO SUCH WORD;")
        dumping.load(tmp_path / "whole.dump", at=at)
        assert ask(cluster, "SELECT count(*) FROM kept") == [(50_000,)]
        assert stat.S_IMODE((tmp_path / "whole.dump").stat().st_mode) == 0o600
