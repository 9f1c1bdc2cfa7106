"""The migrated but empty database that every test database is copied from.

Migrating takes many times longer than loading its result, so the result is kept in pytest's cache under a digest of
everything that it follows from: our migrations, the locked packages and the PostgreSQL release.
"""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

from desk.local import dumping, places, postgres, upgrading

NAME = "desk_template"
CACHE = places.ROOT / ".pytest_cache" / "schema"


def make(cluster: postgres.Cluster) -> str:
    """Its name, on a server that is up."""
    at = {**upgrading.address(cluster), "PGDATABASE": NAME}
    dumping.call([dumping.tool("createdb"), NAME], at=at)
    kept = CACHE / f"{digest(cluster)}.dump"
    if kept.exists():
        dumping.load(kept, at=at)
    else:
        migrate(cluster)
        CACHE.mkdir(parents=True, exist_ok=True)
        dumping.dump(kept, at=at)
    return NAME


def digest(cluster: postgres.Cluster) -> str:
    found = hashlib.sha256(cluster.release.encode())
    lock = places.ROOT / "requirements" / "base.txt"
    for path in [lock, *sorted((places.ROOT / "followups" / "migrations").glob("*.py"))]:
        found.update(path.name.encode() + path.read_bytes())
    return found.hexdigest()[:24]


def migrate(cluster: postgres.Cluster) -> None:
    address = cluster.url.removesuffix(postgres.DATABASE) + NAME
    command = [sys.executable, str(Path(places.ROOT, "manage.py")), "migrate", "-v0"]
    subprocess.run(command, env={**os.environ, "DATABASE_URL": address, "DESK_VENV": "off"}, check=True)
