"""The desk's own processes, as `up` starts them: web, worker, beat, and the preparation before them."""

import http.client
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from desk.local import places, processes

CELERY = ("-m", "celery", "-A")


def preparation(environment: Mapping[str, str], *, demo: bool) -> processes.Program:
    """Migrations, then on a first start the demo or the first admin's link; talks to the terminal."""
    options = [] if demo else ["--no-demo"]
    return processes.Program(
        name="prepare",
        argv=[sys.executable, str(places.ROOT / "manage.py"), "prepare", *options],
        env=environment,
    )


def serving(environment: Mapping[str, str], *, host: str, port: int, folder: Path) -> list[processes.Program]:
    return [
        web(environment, host=host, port=port, folder=folder),
        worker(environment, folder=folder),
        beat(environment, folder=folder),
    ]


def web(environment: Mapping[str, str], *, host: str, port: int, folder: Path) -> processes.Program:
    size = ["--workers", environment.get("WEB_WORKERS", "1"), "--threads", environment.get("WEB_THREADS", "8")]
    life = ["--timeout", "60", "--graceful-timeout", "8", "--no-control-socket", "--bind", bound(host, port)]
    return processes.Program(
        name="web",
        argv=[sys.executable, "-m", "gunicorn", "desk.wsgi:application", "--worker-class", "gthread", *size, *life],
        log=folder / "log" / "web.log",
        env={**environment, "DESK_WEB": "1"},
        ready=lambda: answers(host, port, site=environment["SITE_URL"]),
    )


def worker(environment: Mapping[str, str], *, folder: Path) -> processes.Program:
    mark = folder / "worker.pid"
    quiet = ["--without-gossip", "--without-mingle", "--prefetch-multiplier", "1"]
    size = ["--concurrency", environment.get("CELERY_CONCURRENCY", "2")]
    return celery(
        ("desk.celery", "worker"), [*quiet, *size, "-n", "desk@%h", "--pidfile", str(mark)], environment, mark=mark
    )


def beat(environment: Mapping[str, str], *, folder: Path) -> processes.Program:
    mark = folder / "beat.pid"
    return celery(
        ("desk.celery:beat", "beat"),
        ["--schedule", str(folder / "beat-schedule"), "--pidfile", str(mark)],
        environment,
        mark=mark,
    )


def celery(
    which: tuple[str, str], options: list[str], environment: Mapping[str, str], *, mark: Path
) -> processes.Program:
    """Celery writes its process id once the application is loaded: that is the mark of readiness."""
    application, name = which
    return processes.Program(
        name=name,
        argv=[sys.executable, *CELERY, application, name, *options],
        log=mark.parent / "log" / f"{name}.log",
        env=environment,
        ready=mark.exists,
        marks=(mark,),
    )


def bound(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def answers(host: str, port: int, *, site: str) -> bool:
    """True once the site itself says that it is alive."""
    near = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 (asked for, not bound here)
    line = http.client.HTTPConnection(near, port, timeout=5)
    try:
        line.request("GET", "/healthz", headers={"Host": urlsplit(site).netloc})
        return line.getresponse().status < 500
    except (OSError, http.client.HTTPException):
        return False
    finally:
        line.close()


def environment_of(given: Mapping[str, str], *, site: str) -> dict[str, str]:
    """What every process of the desk gets; who sets SITE_URL knows better than the port does."""
    path = os.pathsep.join([str(Path(sys.executable).parent), given.get("PATH", os.defpath)])
    return {
        **given,
        "SITE_URL": given.get("SITE_URL") or site,
        "PATH": path,
        "PYTHONUNBUFFERED": "1",
        "DESK_VENV": "off",
        "MALLOC_ARENA_MAX": "2",  # threads otherwise keep tens of MB of free memory each
    }
