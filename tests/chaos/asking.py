"""A caller of the desk's own web process: plain HTTP with a token, from outside of it."""

import http.client
import json
import time
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from itertools import count
from typing import Any

from followups.actions import people
from tests.chaos import counting, ground

CALLS = count()
TICKET = {"subject": "Refund missing", "category": "Billing/Refund", "channel": "phone"}


@dataclass(frozen=True)
class Answer:
    """`status` 0: no answer at all."""

    status: int
    body: bytes
    headers: dict[str, str]
    seconds: float

    @property
    def said(self) -> Any:
        return json.loads(self.body)

    @property
    def shows_a_trace(self) -> bool:
        return b"Traceback" in self.body


@cache
def secret(caller: str) -> str:
    """One token for each caller: a token may ask sixty times at once."""
    _, made = people.make_token(name=caller, scopes=["all"], now=counting.now())
    return made


def ask(
    on: ground.Ground, method: str, path: str, body: Any = None, *, caller: str = "chaos", **headers: str
) -> Answer:
    """`headers` with underscores for dashes."""
    line = http.client.HTTPConnection("127.0.0.1", on.port, timeout=30)
    begun = time.monotonic()
    given = {"Authorization": f"Bearer {secret(caller)}", "Content-Type": "application/json", "Connection": "close"}
    given |= {name.replace("_", "-"): value for name, value in headers.items()}
    try:
        with suppress(BrokenPipeError, ConnectionResetError):  # what is too large is refused before all of it came
            line.request(method, path, None if body is None else json.dumps(body).encode(), given)
        found = line.getresponse()
        return Answer(found.status, found.read(), dict(found.getheaders()), time.monotonic() - begun)
    except (OSError, http.client.HTTPException):
        return Answer(0, b"", {}, time.monotonic() - begun)
    finally:
        line.close()


def api(on: ground.Ground, method: str, path: str, body: Any = None, **headers: Any) -> Answer:
    return ask(on, method, f"/api/v1{path}", body, **headers)


def works(on: ground.Ground) -> list[str]:
    """What of an answer, a new ticket and a closing does not work."""
    asked = {
        "/readyz": ask(on, "GET", "/readyz"),
        "the health page": ask(on, "GET", "/healthz"),
        "the list of follow-ups": api(on, "GET", "/follow-ups"),
        "a new ticket": (made := api(on, "POST", "/tickets", TICKET)),
    }
    if made.status == 201:
        asked["closing it"] = closed(on, made)
    return [f"{what} answered {answer.status}" for what, answer in asked.items() if answer.status not in (200, 201)]


def closed(on: ground.Ground, made: Answer) -> Answer:
    word = {"outcome": "withdrawn", "why": "gave_up"}
    return api(on, "POST", f"/tickets/{made.said['number']}/closure", word, If_Match=made.headers["ETag"])


def p95(on: ground.Ground, n: int) -> float:
    """Seconds of the 95th of a hundred requests: lists read, tickets made."""
    calls = [("GET", "/follow-ups", None), ("POST", "/tickets", TICKET)]
    taken = sorted(api(on, *calls[i % 2], caller=f"caller {next(CALLS) // 50}").seconds for i in range(n))
    return taken[int(0.95 * n)]
