"""Servers for one command: those of this checkout's running `up`, else its own for as long as the command runs."""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from desk.local import embedded, places, processes, running, settings

WITHOUT_SERVERS = frozenset(
    {
        "help",
        "version",
        "--help",
        "-h",
        "--version",
        "chaos",
        "check",
        "collectstatic",
        "compilemessages",
        "diffsettings",
    }
    | {"findstatic", "makemessages", "spectacular", "startapp", "startproject", "test", "up"}
)


@contextmanager
def lent(*, command: str) -> Iterator[None]:
    """Give the command the settings of this checkout and, where it may touch data, a database and a broker."""
    settings.apply(os.environ)
    if command in WITHOUT_SERVERS or not embedded.missing(os.environ):
        yield
        return
    with ExitStack() as stack:
        os.environ.update(stack.enter_context(found_or_started(command=command)))
        yield


@contextmanager
def found_or_started(*, command: str) -> Iterator[dict[str, str]]:
    """The addresses that the environment does not name."""
    folder = places.var()
    with ExitStack() as stack:
        found = running.retry(
            lambda: joined(folder, stack) or own(folder, stack, command=command),
            seconds=90,
            refusal=lambda: "Another command of this checkout holds its servers and does not become ready.",
        )
        yield {name: address for name, address in found.items() if name in embedded.missing(os.environ)}


def joined(folder: Path, stack: ExitStack) -> dict[str, str] | None:
    """Use what somebody else started, if it is all that we lack, and tell by a shared lock that we do."""
    attempt = stack.enter_context(ExitStack())
    attempt.enter_context(running.lock(folder, "users.lock", fcntl.LOCK_SH))
    state = running.state(folder)
    if state is None or not set(embedded.missing(os.environ)) <= set(state["addresses"]):
        attempt.close()
        return None
    return state["addresses"]


def own(folder: Path, stack: ExitStack, *, command: str) -> dict[str, str] | None:
    """Start them, unless somebody else is just doing so."""
    try:
        lock = stack.enter_context(running.taken(folder))
    except BlockingIOError:
        return None
    guard = processes.Guard(lock=lock)
    stack.callback(guard.close)
    named = embedded.missing(os.environ)
    made = {name: embedded.durable(name, folder=folder, guard=guard) for name in named}
    stack.enter_context(processes.started([program for program, _ in made.values()], guard=guard))
    addresses = {name: address for name, (_, address) in made.items()}
    running.publish(folder, command=command, addresses=addresses)
    stack.callback(leave, folder)
    return addresses


def leave(folder: Path) -> None:
    """Nobody else joins from now on; those who did may finish."""
    running.withdraw(folder)
    with contextlib.suppress(KeyboardInterrupt), running.lock(folder, "users.lock", fcntl.LOCK_EX):
        pass
