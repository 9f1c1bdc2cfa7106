"""Data of an older PostgreSQL major version: dumped with the old binaries kept beside it, loaded into new data."""

import dataclasses
import os
import re
import shutil
from pathlib import Path

from desk.local import dumping, places, postgres, processes

DRAFT = "draft-upgrade"


def carry_over(cluster: postgres.Cluster, *, guard: processes.Guard, folder: Path) -> None:
    """Do nothing where there is no older data or new data stands already. The old data stay where they are."""
    old = older(cluster)
    if old is None or cluster.data.exists():
        return
    print(f"Moving the data from PostgreSQL {old.release} to {cluster.release} (once) ...", flush=True)
    postgres.install(cluster)
    dump = folder / "upgrade.dump"
    with served(old, guard=guard, folder=folder):
        dumping.dump(dump, at=address(old))
    draft = dataclasses.replace(cluster, named=DRAFT)
    shutil.rmtree(draft.data, ignore_errors=True)
    postgres.initialise(draft)
    with served(draft, guard=guard, folder=folder):
        dumping.load(dump, at=address(draft))
    os.rename(draft.data, cluster.data)
    dump.unlink()


def older(cluster: postgres.Cluster) -> postgres.Cluster | None:
    """The newest data of another major version, with the software that reads them."""
    found = {int(path.name[5:]): path for path in cluster.place.glob("data-*") if path.name[5:].isdigit()}
    found.pop(cluster.major, None)
    if not found:
        return None
    major = max(found)
    if major > cluster.major:
        raise places.CannotRun(f"The data are of PostgreSQL {major}, newer than the installed {cluster.release}.")
    return dataclasses.replace(cluster, version=software_of(cluster.place, major), port=places.free_port())


def software_of(place: Path, major: int) -> str:
    releases = [path.name.removeprefix("software-") for path in place.glob(f"software-{major}.*")]
    if not releases:
        raise places.CannotRun(
            f"The data in {place} are of PostgreSQL {major}, whose programs are gone. Check out the release of Agent "
            "Desk that made them, call `manage.py backup`, move the folder away, and restore here."
        )
    return max(releases, key=lambda release: [int(part) for part in re.findall(r"\d+", release)])


def served(cluster: postgres.Cluster, *, guard: processes.Guard, folder: Path):
    return processes.started([postgres.program(cluster, log=folder / "log" / "upgrade.log")], guard=guard)


def address(cluster: postgres.Cluster) -> dict[str, str]:
    return {
        **postgres.environment(cluster),
        "PGHOST": "127.0.0.1",
        "PGPORT": str(cluster.port),
        "PGUSER": postgres.USER,
        "PGDATABASE": postgres.DATABASE,
    }
