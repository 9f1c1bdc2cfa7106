"""The embedded servers as one thing: start those that the environment does not name, and stop them in order."""

from collections.abc import Mapping
from pathlib import Path

from desk.local import keys, places, postgres, processes, upgrading, valkey

ADDRESSES = DATABASE, BROKER = "DATABASE_URL", "CELERY_BROKER_URL"


def missing(environment: Mapping[str, str]) -> list[str]:
    """Which of the two addresses nobody has given; each stands for itself."""
    return [name for name in ADDRESSES if not environment.get(name)]


def durable(name: str, *, folder: Path, guard: processes.Guard) -> tuple[processes.Program, str]:
    """The program of this checkout's own server, made fit to start, and its address."""
    places.folder_within(folder / "log")
    if name == BROKER:
        broker = valkey.Broker(place=folder / "valkey", port=places.free_port(), password=keys.read()["valkey"])
        return valkey.program(broker, log=folder / "log" / "valkey.log"), broker.url
    cluster = cluster_of(folder)
    upgrading.carry_over(cluster, guard=guard, folder=folder)
    postgres.prepare(cluster)
    return postgres.program(cluster, log=folder / "log" / "postgres.log"), cluster.url


def cluster_of(folder: Path) -> postgres.Cluster:
    place = postgres.place_of(folder)
    return postgres.Cluster(place=place, port=places.free_port(), password=keys.read()["postgres"])
