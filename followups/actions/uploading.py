"""Files that people upload: tried first, mapped where the header asks for it, tried again, then done for real."""

import io
from datetime import datetime
from typing import Any, BinaryIO

from django.db import transaction

from followups.actions import import_maps, importing
from followups.errors import Invalid, Refused
from followups.models import Actor, ImportRun, ImportState

UNMAPPED = ("missing-column", "unknown-column")


def upload(
    *, file: BinaryIO, source: str, by: Actor, now: datetime, events: BinaryIO | None = None, **options: Any
) -> ImportRun:
    """A dry run that waits for a worker. One whose header lacks a needed column has failed, its files kept for a map.

    Options: `file_name`, `events_name`, `map` (JSON or the name of a saved one), `zone`.
    """
    given = {"source": source, "by": by, "now": now, "dry_run": True, **options}
    try:
        return importing.start(file=file, events=events, **given)
    except Invalid as refusal:
        if refusal.code not in UNMAPPED:
            raise
        return _unmapped(importing.prepare(**given), file, events, refusal, now)


def _unmapped(run: ImportRun, file: BinaryIO, events: BinaryIO | None, refusal: Invalid, now: datetime) -> ImportRun:
    run.file, run.events = _bytes(file), _bytes(events) if events else None
    run.state, run.finished_at = ImportState.FAILED, now
    run.errors = [{"line": 1, "column": "", "code": refusal.code, "message": refusal.message, "file": "tickets"}]
    run.error_count = 1
    run.save(force_insert=True)
    return run


def _bytes(file: BinaryIO) -> bytes:
    file.seek(0)
    return file.read()


@transaction.atomic
def again(*, run: ImportRun, map: dict, zone: str, by: Actor, now: datetime) -> ImportRun:  # noqa: A002
    """Another dry run of the same files by another map. The files go along, so that they are kept once."""
    tried = ImportRun.objects.select_for_update(no_key=True).get(pk=run.pk)
    if not tried.dry_run or tried.state in (ImportState.WAITING, ImportState.RUNNING):
        raise Refused("still-running", "This run is still at work.")
    if tried.file is None:
        raise Refused("file-gone", "The file is not kept any more. Upload it again.")
    found = importing.start(
        file=io.BytesIO(tried.file),
        events=io.BytesIO(tried.events) if tried.events else None,
        file_name=tried.file_name,
        events_name=tried.events_name,
        source=tried.source,
        map=map,
        zone=zone,
        dry_run=True,
        by=by,
        now=now,
    )
    ImportRun.objects.filter(pk=tried.pk).update(file=None, events=None)
    return found


def headers(*, run: ImportRun) -> tuple[list[str], list[str]]:
    """The columns of the kept files: of the tickets, and of the events where there are any."""
    events = importing.columns(file=io.BytesIO(run.events)) if run.events else []
    return (importing.columns(file=io.BytesIO(run.file)) if run.file else []), events


def mapped(*, map: dict, tickets: dict[str, str], events: dict[str, str]) -> dict:  # noqa: A002
    """The map with single columns put in: what is empty here stays as the map had it, unless that was a column too."""
    inner = dict(map.get("fields") or {name: said for name, said in map.items() if name not in import_maps.OTHER_KEYS})
    others = {name: said for name, said in map.items() if name in import_maps.OTHER_KEYS - {"fields", "events"}}
    said = _put(inner, tickets)
    history = _put(dict(map.get("events") or {}), events)
    return {**others, **said, **({"events": history} if history else {})}


def _put(said: dict[str, Any], chosen: dict[str, str]) -> dict[str, Any]:
    for name, column in chosen.items():
        if column:
            said[name] = column
        elif isinstance(said.get(name), str):
            del said[name]
    return said
