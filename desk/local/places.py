"""Where this checkout keeps what it needs at run time: one folder, closed to everybody else."""

import os
import socket
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv"


class CannotRun(Exception):
    """Something on this machine stands in the way; the message says what and what to do, in one breath."""


def python() -> str:
    """The interpreter of `.venv`; scripts beside it are not used, their first line breaks on a blank in the path."""
    return str(VENV / "bin" / "python")


def var() -> Path:
    """The run-time folder (`DESK_VAR`, else `var/` of the checkout), made on first use with mode 0700."""
    folder = Path(os.environ.get("DESK_VAR") or ROOT / "var").absolute()
    folder_within(folder)
    if folder.stat().st_mode & 0o077:
        folder.chmod(0o700)
    return folder


def folder_within(folder: Path) -> Path:
    """Make a private folder, or say whose it is where we may not use it."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise CannotRun(f"Cannot make the folder {folder}: {error.strerror}.") from error
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        raise CannotRun(f"The folder {folder} belongs to another user: run as that user, or set DESK_VAR.")
    return folder


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner reads (0600), whole or not at all."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    os.replace(name, path)


def free_port() -> int:
    """A port of the loopback address that nobody holds at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
