"""Started by the bench in DuckDB's own environment: reads tables from files, then answers questions, a line each as JSON."""

import json
import os
import sys
import time
from pathlib import Path

import duckdb


def main(folder: Path) -> None:
    """A line asks as `{"sql": ...}` and is answered `{"ms": ..., "rows": ...}`; a line "load" takes what lies in the folder."""
    duck = duckdb.connect()
    duck.execute(f"SET threads = {os.cpu_count()}; SET TimeZone = 'UTC'")
    for line in sys.stdin:
        asked = json.loads(line)
        begun = time.perf_counter()
        if asked == "load":
            rows = [load(duck, file) for file in sorted(folder.glob("*.csv"))]
        else:
            rows = duck.execute(asked["sql"]).fetchall()
        took = (time.perf_counter() - begun) * 1000
        print(json.dumps({"ms": took, "rows": rows}, default=str), flush=True)


def load(duck: duckdb.DuckDBPyConnection, file: Path) -> str:
    duck.execute(f"CREATE OR REPLACE TABLE {file.stem} AS SELECT * FROM read_csv('{file}')")
    file.unlink()
    return file.stem


if __name__ == "__main__":
    main(Path(sys.argv[1]))
