"""What else could do it: a Celery task with an ETA for each reminder, and procrastinate. Each in processes of its own."""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from desk.local import processes
from tests.chaos import ground

HERE = Path(__file__).parent
JOBS = 200


def celery_eta(on: ground.Ground, *, n: int) -> None:
    """A worker with prefetch unbounded by ETA, as Celery has it; each task marks one reminder and writes its notice."""
    result = run([sys.executable, str(HERE / "eta.py"), str(n)], on.environment, seconds=400)
    if "error" in result:
        print(f"one Celery ETA each: not measured ({result['error']})")
        return
    print(
        f"one Celery ETA each: {result['done']} of {n} due at one instant took {result['seconds']:.1f} s "
        f"({result['done'] / result['seconds']:.0f}/s); {result['kb_each']:.1f} kB of the worker's memory each",
        flush=True,
    )


def procrastinate(on: ground.Ground, *, quick: bool) -> None:
    """In an environment of its own, on a database of its own; a job that does nothing."""
    with tempfile.TemporaryDirectory() as folder:
        python = Path(folder) / "venv" / "bin" / "python"
        made = subprocess.run([sys.executable, "-m", "venv", f"{folder}/venv"], capture_output=True, check=False)
        command = [str(python), "-m", "pip", "install", "-q", "procrastinate", "psycopg[binary]"]
        if made.returncode or subprocess.run(command, capture_output=True, timeout=300, check=False).returncode:
            print("procrastinate: not measured (it could not be installed here)")
            return
        for scheduled in (20_000, 100_000) if quick else (100_000, 1_000_000):
            result = run([str(python), str(HERE / "jobs.py"), str(JOBS), str(scheduled)], on.environment, seconds=600)
            if "error" in result:
                print(f"procrastinate among {scheduled}: not measured ({result['error']})")
                return
            print(f"procrastinate: {result['rate']:.0f}/s with {JOBS} due among {scheduled} scheduled", flush=True)


def run(command: list[str], environment: dict[str, str], *, seconds: float) -> dict:
    """What it prints last, as JSON."""
    try:
        done = subprocess.run(
            command, env=environment, cwd=HERE.parents[1], capture_output=True, text=True, timeout=seconds, check=False
        )
    except subprocess.TimeoutExpired:
        return {"error": f"not done after {seconds:.0f} s"}
    if done.returncode:
        return {"error": (done.stderr.strip().splitlines() or ["no word"])[-1][:200]}
    return json.loads(done.stdout.strip().splitlines()[-1])


def loop(on: ground.Ground) -> None:
    """`manage.py sweep --loop`, given the time to start."""
    on.start(
        processes.Program(
            name="loop",
            argv=[sys.executable, "manage.py", "sweep", "--loop"],
            log=on.folder / "loop.log",
            env={**on.environment, "PYTHONPATH": os.getcwd()},
        )
    )
    time.sleep(6)
