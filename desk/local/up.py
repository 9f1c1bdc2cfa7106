"""`manage.py up`: everything of Agent Desk on one machine, under one parent. Django is never imported here."""

import argparse
import os
import signal
import socket
import sys
import zoneinfo
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from desk.local import embedded, keys, places, processes, programs, running, settings, supervising

LOOPBACK = {"127.0.0.1", "localhost", "::1"}
EVERYWHERE = {"0.0.0.0", "::"}  # noqa: S104 (chosen by --host alone)
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stopped(BaseException):
    """Ctrl-C, SIGTERM or a closed terminal: whatever runs, what was started is stopped in order."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--port", type=int, default=8000, help="port of the pages and the API (8000)")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (127.0.0.1: this machine alone)")
    parser.add_argument("--no-demo", action="store_true", help="start empty; prints a link for the first admin")
    parser.add_argument("--zone", help="the desk's time zone, such as Europe/Berlin; remembered")


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="manage.py up", description=(__doc__ or "").partition(":")[2])
    add_arguments(parser)
    options = parser.parse_args(arguments)
    os.chdir(places.ROOT)
    os.umask(0o077)
    listen_for_signals()
    try:
        serve(options)
    except Stopped:
        say("Stopped.")
    return 0


def listen_for_signals() -> None:
    """The first signal stops; later ones find that it is stopping already."""

    def stop(_number: int, _frame: object) -> None:
        for number in SIGNALS:
            signal.signal(number, signal.SIG_IGN)
        raise Stopped

    for number in SIGNALS:
        signal.signal(number, stop)


def serve(options: argparse.Namespace) -> None:
    folder = places.var()
    check(options)
    with holding(folder, port=options.port) as lock:
        require_free(options.host, options.port)
        with supervised(lock) as supervisor:
            start(supervisor, options=options, folder=folder)
            supervisor.run(say)


def check(options: argparse.Namespace) -> None:
    """Refuse before anything starts, and remember the choices."""
    if options.zone:
        if options.zone not in zoneinfo.available_timezones():
            raise places.CannotRun(f"{options.zone!r} is no time zone; it is written like Europe/Berlin.")
        settings.remember(zone=options.zone)
    if not 0 < options.port < 65536:
        raise places.CannotRun(f"{options.port} is no port; choose one from 1 to 65535.")
    if options.host not in LOOPBACK and keys.demo_is_in():
        raise places.CannotRun(
            "The demo's people sign in with passwords that are printed here, so the demo stays on 127.0.0.1.\n"
            "Take it out first: python3 manage.py demo --remove"
        )


@contextmanager
def holding(folder: Path, *, port: int) -> Iterator[int]:
    """The right to run here. Waits for a command that borrows the servers, and for the guard of a killed parent."""
    with ExitStack() as stack:
        yield running.retry(
            lambda: attempt(folder, stack),
            seconds=30,
            refusal=lambda: "Another command of this checkout still uses its servers; try again when it has ended.",
        )


def attempt(folder: Path, stack: ExitStack) -> int | None:
    try:
        return stack.enter_context(running.taken(folder))
    except BlockingIOError:
        found = running.state(folder)
        if found and found.get("command") == "up":
            raise places.CannotRun(
                f"Agent Desk runs from this checkout already: {found['site']} (process {found['pid']})."
            ) from None
        return None


def require_free(host: str, port: int) -> None:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        raise places.CannotRun(
            f"Port {port} of {host} cannot be used ({error}). Another program, or another checkout, may hold it.\n"
            f"Choose another one: python3 manage.py up --port {port + 1}"
        ) from error


@contextmanager
def supervised(lock: int) -> Iterator[supervising.Supervisor]:
    supervisor = supervising.Supervisor(processes.Guard(lock=lock))
    try:
        yield supervisor
    finally:
        running.withdraw(places.var())
        supervisor.stop()
        supervisor.guard.close()


def start(supervisor: supervising.Supervisor, *, options: argparse.Namespace, folder: Path) -> None:
    """Servers, preparation, then the desk itself; each ready before what needs it."""
    environment = dict(os.environ)
    addresses = {}
    for name in embedded.missing(environment):
        say(f"Starting {'PostgreSQL' if name == embedded.DATABASE else 'Valkey'} ...")
        program, addresses[name] = embedded.durable(name, folder=folder, guard=supervisor.guard)
        supervisor.start(program)
    settings.apply(environment)
    environment = programs.environment_of({**environment, **addresses}, site=site_of(options.host, options.port))
    demo = wants_demo(options)
    prepare(supervisor, programs.preparation(environment, demo=demo))
    say("Starting web, worker and beat ...")
    places.folder_within(folder / "log")
    supervisor.start_together(programs.serving(environment, host=options.host, port=options.port, folder=folder))
    served = {name: environment[name] for name in embedded.ADDRESSES}
    running.publish(folder, command="up", addresses=served, site=environment["SITE_URL"])
    greet(environment, folder=folder)


def wants_demo(options: argparse.Namespace) -> bool:
    """A desk once started empty stays so, and nobody but this machine gets one with printed passwords."""
    if options.host not in LOOPBACK and not options.no_demo:
        say("Starting empty: the demo's passwords are printed, so it stays on 127.0.0.1.")
    if options.no_demo or options.host not in LOOPBACK:
        settings.remember(demo=False)
    return bool(settings.remembered().get("demo", True))


def prepare(supervisor: supervising.Supervisor, program: processes.Program) -> None:
    child = processes.Child(program, supervisor.guard)
    try:
        code = child.process.wait()
    finally:
        child.end()
    if code:
        raise places.CannotRun("The preparation failed; nothing was started.")


def site_of(host: str, port: int) -> str:
    """Where people find it, unless SITE_URL says so."""
    name = socket.gethostname() if host in EVERYWHERE else host
    return f"http://{programs.bound(name, port)}"


def greet(environment: Mapping[str, str], *, folder: Path) -> None:
    lines = ["", f"Agent Desk: {environment['SITE_URL']}"]
    if keys.demo_is_in():
        lines.append("Sign in as (demo, this machine only):")
        roles = {"ada": "agent", "sam": "supervisor", "root": "admin"}
        lines += [f"  {name:5} {password:32} {roles[name]}" for name, password in keys.demo_passwords().items()]
    lines += [f"Logs: {folder / 'log'}", "Stop with Ctrl-C.", ""]
    say("\n".join(lines))


def say(words: str) -> None:
    print(words, file=sys.stdout, flush=True)
