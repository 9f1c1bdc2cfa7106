"""Secrets of this checkout: made once, kept in the run-time folder with mode 0600, never on a command line."""

import contextlib
import json
import os
import secrets
from collections.abc import Callable
from pathlib import Path

from desk.local import places

DEMO_PEOPLE = ("ada", "sam", "root")
WORDS = ("amber", "birch", "cedar", "delta", "ember", "fjord", "grove", "heath", "inlet", "jetty", "knoll", "maple")


def read() -> dict[str, str]:
    """SECRET_KEY and the passwords of the embedded servers."""
    return kept("keys.json", lambda: {name: secrets.token_urlsafe(48) for name in ("site", "postgres", "valkey")})


def demo_passwords() -> dict[str, str]:
    """Username -> password of the demo's people, made when first asked for."""
    return kept("demo.json", lambda: {name: passphrase() for name in DEMO_PEOPLE})


def demo_is_in() -> bool:
    return (places.var() / "demo.json").exists()


def forget_demo() -> None:
    """Called once the demo's people are gone."""
    (places.var() / "demo.json").unlink(missing_ok=True)


def passphrase() -> str:
    """Short enough to type from a terminal; loopback only, and sign-in attempts are counted."""
    return "-".join(secrets.choice(WORDS) for _ in range(3)) + f"-{secrets.randbelow(9000) + 1000}"


def kept(name: str, make: Callable[[], dict[str, str]]) -> dict[str, str]:
    """The file's content; where two commands make it at once, both go on with the first one's."""
    path = places.var() / name
    if not path.exists():
        draft = path.with_name(f".{name}-{os.getpid()}")
        places.write_private(draft, json.dumps(make(), indent=1))
        link_once(draft, path)
    return json.loads(path.read_text(encoding="utf-8"))


def link_once(draft: Path, path: Path) -> None:
    with contextlib.suppress(FileExistsError):
        os.link(draft, path)
    draft.unlink()
