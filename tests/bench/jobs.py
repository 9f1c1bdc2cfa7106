"""Started by the bench in procrastinate's own environment: some jobs due among many scheduled for later."""

import asyncio
import json
import os
import sys
import time

import procrastinate
import psycopg

LATER = """
INSERT INTO procrastinate_jobs (queue_name, task_name, args, scheduled_at)
SELECT 'later', 'jobs.nothing', '{}', now() + interval '2 days' + n * interval '1 second' FROM generate_series(1, %s) n
"""


async def main(jobs: int, scheduled: int) -> None:
    url = os.environ["DATABASE_URL"]
    server, _, _ = url.rpartition("/")
    with psycopg.connect(url, autocommit=True) as line:
        line.execute("DROP DATABASE IF EXISTS procrastinate_bench")
        line.execute("CREATE DATABASE procrastinate_bench TEMPLATE template0")
    app = procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=f"{server}/procrastinate_bench"))

    @app.task(name="jobs.nothing")
    async def nothing() -> None:
        return None

    async with app.open_async():
        await app.schema_manager.apply_schema_async()
        with psycopg.connect(f"{server}/procrastinate_bench", autocommit=True) as line:
            line.execute(LATER, [scheduled])
            line.execute("ANALYZE")
        for _ in range(jobs):
            await nothing.defer_async()
        begun = time.perf_counter()
        await app.run_worker_async(wait=False, concurrency=2, install_signal_handlers=False, listen_notify=False)
        print(json.dumps({"rate": jobs / (time.perf_counter() - begun)}))


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), int(sys.argv[2])))
