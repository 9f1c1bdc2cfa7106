"""The embedded servers as one thing: start those that the environment does not name, and stop them in order."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from desk.local import keys, places, postgres, processes, valkey

DATABASE, BROKER = "DATABASE_URL", "CELERY_BROKER_URL"


def missing(environment: Mapping[str, str]) -> list[str]:
    """Which of the two addresses nobody has given; each stands for itself."""
    return [name for name in (DATABASE, BROKER) if not environment.get(name)]


def durable(name: str, *, folder: Path) -> tuple[processes.Program, str]:
    """The program of this checkout's own server, and its address."""
    secrets = keys.read()
    log = places.folder_within(folder / "log") / f"{'postgres' if name == DATABASE else 'valkey'}.log"
    if name == BROKER:
        broker = valkey.Broker(place=folder / "valkey", port=places.free_port(), password=secrets["valkey"])
        return valkey.program(broker, log=log), broker.url
    cluster = cluster_of(folder)
    postgres.prepare(cluster)
    return postgres.program(cluster, log=log), cluster.url


def cluster_of(folder: Path, *, port: int | None = None) -> postgres.Cluster:
    return postgres.Cluster(
        place=postgres.place_of(folder), port=port or places.free_port(), password=keys.read()["postgres"]
    )


@contextmanager
def started(programs: list[processes.Program], *, guard: processes.Guard) -> Iterator[list[processes.Child]]:
    """All of them, each ready before the next; stopped in the opposite order."""
    children: list[processes.Child] = []
    try:
        for program in programs:
            children.append(processes.Child(program, guard))
            children[-1].wait_ready(seconds=60)
        yield children
    finally:
        for child in reversed(children):
            child.end()
