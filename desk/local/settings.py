"""What this checkout remembers of itself (zone, first start), and the environment that Django's settings read."""

import json
from collections.abc import MutableMapping

from desk.local import keys, places, running

FILE = "settings.json"


def remembered() -> dict:
    path = places.var() / FILE
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def remember(**values: object) -> None:
    places.write_private(places.var() / FILE, json.dumps({**remembered(), **values}, indent=1))


def apply(environment: MutableMapping[str, str]) -> None:
    """Fill in what is not given: the environment always comes first."""
    folder = places.var()
    environment.setdefault("DESK_VAR", str(folder))
    environment.setdefault("SECRET_KEY", keys.read()["site"])
    kept = remembered()
    if kept.get("zone"):
        environment.setdefault("DESK_ZONE", kept["zone"])
    state = running.state(folder) or {}
    if state.get("site"):
        environment.setdefault("SITE_URL", state["site"])
