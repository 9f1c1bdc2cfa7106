"""DuckDB in a process and an environment of its own, with the same rows as the desk's, in memory."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from django.db import connection

from tests.bench import questions

HERE = Path(__file__).parent


@dataclass
class Duck:
    process: subprocess.Popen
    folder: Path

    def load(self) -> None:
        for name, columns in questions.COPIED.items():
            asked = f"COPY (SELECT {columns} FROM followups_{name}) TO STDOUT (FORMAT csv, HEADER)"
            file = self.folder / f"{name}.csv"
            with file.open("wb") as out, connection.cursor() as cursor, cursor.copy(asked) as rows:
                for block in rows:
                    out.write(block)
        self.say("load")

    def ask(self, sql: str) -> dict:
        """`ms` is what it took there, without the way there and back."""
        return self.say({"sql": sql})

    def say(self, what: object) -> dict:
        self.process.stdin.write(json.dumps(what) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())


@contextmanager
def pond() -> Iterator[Duck]:
    with tempfile.TemporaryDirectory() as folder:
        python = Path(folder) / "venv" / "bin" / "python"
        subprocess.run([sys.executable, "-m", "venv", f"{folder}/venv"], check=True)
        subprocess.run([str(python), "-m", "pip", "install", "-q", "duckdb"], check=True, timeout=300)
        command = [str(python), str(HERE / "duck.py"), folder]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
            yield Duck(process, Path(folder))
            process.stdin.close()
