"""Data of another major version. The older release is played by the present one under an older name."""

import dataclasses

import pytest

from desk.local import places, postgres, upgrading
from tests.desk.local.test_postgres import PASSWORD, ask, serving


@pytest.fixture
def old(place):
    """Data and software as release 17 would have left them."""
    present = postgres.Cluster(place=place, port=places.free_port(), password=PASSWORD, durable=False)
    aged = dataclasses.replace(present, version="17.4.1")
    if not aged.data.exists():
        postgres.prepare(present)
        present.data.rename(aged.data)
        present.software.rename(aged.software)
    return aged


def present(old):
    return dataclasses.replace(old, version="")


def test_data_whose_software_is_gone_are_refused_and_left_alone(old, guard, tmp_path):
    hidden = old.place / "elsewhere"
    old.software.rename(hidden)
    with pytest.raises(places.CannotRun, match="are of PostgreSQL 17, whose programs are gone"):
        upgrading.carry_over(present(old), guard=guard, folder=tmp_path)
    hidden.rename(old.software)
    assert (old.data / "PG_VERSION").exists()


def test_data_of_a_newer_major_version_are_refused(old, guard, tmp_path):
    newer = old.data.rename(old.place / "data-99")
    with pytest.raises(places.CannotRun, match="PostgreSQL 99, newer than the installed"):
        upgrading.carry_over(present(old), guard=guard, folder=tmp_path)
    newer.rename(old.data)


def test_data_of_an_older_major_version_are_carried_over(old, guard, tmp_path):
    (tmp_path / "log").mkdir()
    with serving(old, guard, tmp_path):
        ask(old, "CREATE TABLE kept AS SELECT generate_series(1, 1000) AS n")
    new = present(old)
    upgrading.carry_over(new, guard=guard, folder=tmp_path)
    postgres.prepare(new)
    with serving(new, guard, tmp_path):
        assert ask(new, "SELECT count(*), max(n) FROM kept") == [(1000, 1000)]
    assert (old.data / "PG_VERSION").exists()
    assert not (tmp_path / "upgrade.dump").exists()
