"""Started by the bench: publish one Celery task with an ETA for each reminder, run them in a worker, count."""

import json
import os
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
from celery import Celery

app = Celery("eta", broker=os.environ["CELERY_BROKER_URL"])
app.conf.task_ignore_result = True
MARK = "INSERT INTO eta_done (n) VALUES (%s)"
LINES: list[psycopg.Connection] = []


@app.task(name="eta.remind")
def remind(n: int) -> None:
    """A row claimed and a notice written, at the least: here one row."""
    if not LINES:
        LINES.append(psycopg.connect(os.environ["DATABASE_URL"], autocommit=True))
    LINES[0].execute(MARK, [n])


def memory(pid: int) -> int:
    """kB of a process and its children."""
    found = [pid, *map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())]
    lines = [Path(f"/proc/{one}/status").read_text().splitlines() for one in found]
    return sum(int(line.split()[1]) for rows in lines for line in rows if line.startswith("VmRSS"))


def main(n: int) -> None:
    line = psycopg.connect(os.environ["DATABASE_URL"], autocommit=True)
    line.execute("CREATE TABLE IF NOT EXISTS eta_done (n int)")
    line.execute("TRUNCATE eta_done")
    command = [sys.executable, "-m", "celery", "-A", "eta", "worker", "--concurrency", "2", "--loglevel", "ERROR"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    worker = subprocess.Popen(command, cwd=Path(__file__).parent, **quiet)
    try:
        remind.delay(-1)
        count(line, 1, 60)
        before = memory(worker.pid)
        lead = 5 + n / 400
        due = datetime.now(UTC) + timedelta(seconds=lead)
        for place in range(n):
            remind.apply_async([place], eta=due)
        time.sleep(max(0.0, (due - datetime.now(UTC)).total_seconds() - 1))
        held = memory(worker.pid) - before
        done = count(line, n + 1, 180) - 1
        seconds = (datetime.now(UTC) - due).total_seconds()
    finally:
        worker.terminate()
        worker.wait(20)
    print(json.dumps({"done": done, "seconds": seconds, "kb_each": held / n}))


def count(line: psycopg.Connection, wanted: int, seconds: float) -> int:
    end = time.monotonic() + seconds
    while True:
        row = line.execute("SELECT count(*) FROM eta_done").fetchone()
        found = row[0] if row else 0
        if found >= wanted or time.monotonic() > end:
            return found
        time.sleep(0.05)


if __name__ == "__main__":
    main(int(sys.argv[1]))
