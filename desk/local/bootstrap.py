"""Make `.venv` from the hashed lock files with plain pip, and go on inside it. Standard library only."""

import fcntl
import hashlib
import os
import subprocess
import sys
from pathlib import Path

from desk.local import places

PRODUCT = ("base", "local")
TESTED = (*PRODUCT, "test")
LOCKS = {"test": TESTED, "bench": TESTED, "chaos": TESTED, "lint": (*TESTED, "dev")}


def enter(*, command: str, argv: list[str]) -> None:
    """Return only inside an environment that holds what the command needs; outside it, execute again in `.venv`.

    `DESK_VENV=off` stays in the interpreter that runs (a container image that installed the locks itself).
    """
    if os.environ.get("DESK_VENV") == "off":
        return
    install(LOCKS.get(command, PRODUCT))
    if Path(sys.prefix).resolve() != places.VENV.resolve():
        os.execv(places.python(), [places.python(), *argv])


def install(locks: tuple[str, ...]) -> None:
    """Bring `.venv` to these locks; asks no registry when they are in already."""
    missing = [name for name in locks if not installed(name)]
    if not missing:
        return
    with open(places.var() / "venv.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not os.path.exists(places.python()):
            make_venv()
        fill_venv([name for name in locks if not installed(name)])


def installed(name: str) -> bool:
    stamp = places.VENV / f"lock-{name}"
    return os.path.exists(places.python()) and stamp.exists() and stamp.read_text() == digest(name)


def digest(name: str) -> str:
    return hashlib.sha256(lock_file(name).read_bytes()).hexdigest()


def lock_file(name: str) -> Path:
    return places.ROOT / "requirements" / f"{name}.txt"


def make_venv() -> None:
    say("Making the environment in .venv (once) ...")
    made = subprocess.run(
        [sys.executable, "-m", "venv", "--clear", str(places.VENV)], capture_output=True, text=True, check=False
    )
    if made.returncode:
        raise places.CannotRun(
            "Python could not make a virtual environment. On Debian and Ubuntu: apt install python3-venv.\n"
            + (made.stderr or made.stdout)
        )


def fill_venv(names: list[str]) -> None:
    """Install the locks in one call, so that pip sees every pin; the stamps say that it came to its end."""
    if not names:
        return
    say(f"Installing the locked packages ({', '.join(names)}) ...")
    files = [part for name in names for part in ("-r", str(lock_file(name)))]
    options = ["--require-hashes", "--disable-pip-version-check", "--no-input", "-q", "--progress-bar", "off"]
    done = subprocess.run(
        [places.python(), "-m", "pip", "install", *options, *files], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise places.CannotRun(
            f"pip could not install the locked packages:\n{done.stderr}\n"
            "Without a network, fetch the wheels elsewhere (pip download -r requirements/base.txt "
            "-r requirements/local.txt -d wheels) and set PIP_NO_INDEX=1 PIP_FIND_LINKS=wheels."
        )
    for name in names:
        (places.VENV / f"lock-{name}").write_text(digest(name))


def say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    install(LOCKS["lint"])
