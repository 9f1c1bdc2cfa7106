"""Imports: a run takes a file of tickets, and the log of their states, into the desk, or only says what it would do.

A run is a row. It goes on where it was when it was cut short, and its files load any number of times without change.
One run of a source works at a time.
"""

import io
import time
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, BinaryIO

from django.db import connection, transaction
from django.db.models import Q
from django.db.models.functions import Now

from followups import errors, worktime
from followups.actions import import_maps, import_reading, import_running, import_writing
from followups.models import Actor, ImportMap, ImportRun, ImportState, Policy

SOURCES = ("csv",)
LARGEST_UPLOAD = 100 * 1024 * 1024
LEASE = timedelta(seconds=60)
TRIES = 5
KEPT_FOR = timedelta(hours=24)
OPTIONS = frozenset(["events_name", "map", "zone", "dry_run"])
Progress = Callable[[ImportRun], Any]


def save_map(*, name: str, map: dict, by: Actor, now: datetime) -> ImportMap:  # noqa: A002
    """Keep a map under a name; saved again it is replaced. Refuses a map that cannot be read."""
    if not name.strip() or len(name) > 120:
        raise errors.Invalid("name", "A map needs a name of at most 120 signs.")
    import_maps.read(map)
    saved, _ = ImportMap.objects.update_or_create(name=name.strip(), defaults={"map": map, "updated_at": now})
    return saved


def saved_map(*, name: str) -> dict:
    saved = ImportMap.objects.filter(name=name.strip()).first()
    if saved is None:
        raise errors.Invalid("map", f'No map is saved under "{name}".', "unknown-map")
    return saved.map


def columns(*, file: BinaryIO) -> list[str]:
    """The header of a file, for whoever makes a map for it."""
    file.seek(0)
    return import_reading.Table(file).header


def prepare(*, file_name: str, source: str, by: Actor, now: datetime, **options: Any) -> ImportRun:
    """An unsaved run without files. Options: `events_name`, `map` (JSON or a saved one's name), `zone`, `dry_run`."""
    if unknown := set(options) - OPTIONS:
        raise TypeError(f"unknown options: {', '.join(sorted(unknown))}")
    if source not in SOURCES:
        message = f'There is no source "{source}". Sources: {", ".join(SOURCES)}.'
        raise errors.Invalid("source", message, "unknown-source")
    zone, chosen = options.get("zone") or "", options.get("map") or {}
    if zone and not worktime.is_zone(zone):
        raise errors.Invalid("zone", f'There is no zone "{zone}". Use a name like Europe/Paris.', "unknown-zone")
    chosen = saved_map(name=chosen) if isinstance(chosen, str) else chosen
    import_maps.read(chosen)
    return ImportRun(
        source=source,
        file_name=file_name[:200],
        events_name=(options.get("events_name") or "")[:200],
        map=chosen,
        zone=zone,
        dry_run=bool(options.get("dry_run")),
        made_at=now,
        by=by.agent,
        by_name=by.name[:200],
    )


def start(
    *,
    file: BinaryIO,
    file_name: str,
    source: str,
    by: Actor,
    now: datetime,
    events: BinaryIO | None = None,
    **options: Any,
) -> ImportRun:
    """A run that waits for a worker; options as for `prepare`.

    Refuses what can be seen at once: source, zone, map, headers.
    """
    run = prepare(file_name=file_name, source=source, by=by, now=now, **options)
    run.file = _read(file, "file")
    run.events = _read(events, "events") if events else None
    _look_at_headers(run)
    run.save(force_insert=True)
    return run


def _read(file: BinaryIO, name: str) -> bytes:
    file.seek(0)
    data = file.read(LARGEST_UPLOAD + 1)
    if len(data) > LARGEST_UPLOAD:
        message = f"The file is over {LARGEST_UPLOAD // 1024**2} MB. Pack it, or use the command."
        raise errors.Invalid(name, message, "too-large")
    return data


def _open(stored: bytes | memoryview | None) -> BinaryIO:
    return io.BytesIO(stored or b"")


def _look_at_headers(run: ImportRun) -> None:
    chosen = import_maps.read(run.map)
    import_maps.bind_tickets(chosen, import_reading.Table(_open(run.file)).header)
    if run.events:
        import_maps.bind_events(chosen, import_reading.Table(_open(run.events), kind="events").header)


def start_for_real(*, dry_run: ImportRun, by: Actor, now: datetime) -> ImportRun:
    """A run that does what a finished dry run showed, with the files kept from it."""
    with transaction.atomic():
        tried = ImportRun.objects.select_for_update(no_key=True).get(pk=dry_run.pk)
        if not tried.dry_run or tried.state != ImportState.DONE:
            raise errors.Refused("not-a-dry-run", "Only a finished dry run can be done for real.")
        if tried.file is None:
            raise errors.Refused("file-gone", "The file is not kept any more. Upload it again.")
        options = {"events_name": tried.events_name, "map": tried.map, "zone": tried.zone}
        run = prepare(file_name=tried.file_name, source=tried.source, by=by, now=now, **options)
        run.file, run.events = tried.file, tried.events
        run.save(force_insert=True)
        ImportRun.objects.filter(pk=tried.pk).update(file=None, events=None)
    return run


def run_waiting(*, now: datetime, seconds: float = 60) -> int:
    """Work on waiting runs, and on those whose worker fell silent, for about `seconds`; how many turns were taken."""
    begun, turns = time.monotonic(), 0
    _forget_files(now)
    while (left := seconds - (time.monotonic() - begun)) > 0 and (taken := _claim(now)):
        run(run=taken, now=now + timedelta(seconds=time.monotonic() - begun), seconds=left)
        turns += 1
    return turns


def _forget_files(now: datetime) -> None:
    old = ImportRun.objects.filter(file__isnull=False, finished_at__lt=now - KEPT_FOR)
    old.update(file=None, events=None)


def _claim(now: datetime) -> ImportRun | None:
    """The next run to work on, now ours. The database's clock judges the silence of its worker."""
    silent = Q(state=ImportState.RUNNING, beat_at__lt=Now() - LEASE)
    with transaction.atomic():
        waiting = ImportRun.objects.defer("file", "events").filter(Q(state=ImportState.WAITING) | silent)
        for run in waiting.order_by("made_at").select_for_update(skip_locked=True, of=("self",)):
            if _is_free(run.source):
                _take(run, now)
                return run
    return None


def _is_free(source: str) -> bool:
    """Whether no other run of the source is at work at this moment."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtext('import'), hashtext(%s))", [source])
        return cursor.fetchone()[0]


def _take(run: ImportRun, now: datetime) -> None:
    run.progress = {**run.progress, "tries": run.progress.get("tries", 0) + 1}
    run.state, run.started_at = ImportState.RUNNING, run.started_at or now
    ImportRun.objects.filter(pk=run.pk).update(
        state=run.state, started_at=run.started_at, progress=run.progress, beat_at=Now()
    )


def run_here(
    *, run: ImportRun, file: BinaryIO, events: BinaryIO | None, now: datetime, progress: Progress | None = None
) -> ImportRun:
    """Do a prepared run at once from open files, without storing them: the command's way."""
    run.state, run.started_at, run.progress = ImportState.RUNNING, now, {"tries": 1}
    run.save(force_insert=True)
    ImportRun.objects.filter(pk=run.pk).update(beat_at=Now())
    import_running.work(_turn(run, now=now, progress=progress), import_running.Files(file, events))
    run.refresh_from_db()
    return run


def run(*, run: ImportRun, now: datetime, progress: Progress | None = None, seconds: float | None = None) -> ImportRun:
    """Work on a run that was claimed until it is done, or for about `seconds`: then it waits again and goes on."""
    if run.state == ImportState.WAITING:
        _take(run, now)
    turn = _turn(run, now=now, progress=progress, seconds=seconds)
    if reason := _hopeless(run):
        turn.refuse([import_reading.Bad(1, "", *reason)], rows="refused_runs")
        import_running.end(turn, ImportState.FAILED)
    else:
        events = _open(run.events) if run.events else None
        import_running.work(turn, import_running.Files(_open(run.file), events))
    run.refresh_from_db()
    return run


def _hopeless(run: ImportRun) -> tuple[str, str] | None:
    if run.file is None:
        return "stopped", "The command that ran this was stopped. Run it again: it goes on from where it was."
    if run.progress.get("tries", 0) > TRIES:
        return "stopped", f"The work on this file broke off {TRIES} times. What it had loaded stays."
    return None


def _turn(
    run: ImportRun, *, now: datetime, progress: Progress | None, seconds: float | None = None
) -> import_running.Turn:
    chosen = import_maps.read(run.map)
    counts = Counter({name: run.counts.get(name, 0) for name in import_running.COUNTED})
    load = import_writing.Load(
        source=run.source,
        by=Actor(door="import", agent=run.by),
        run=str(run.pk),
        has=lambda *fields: False,
        dry_run=run.dry_run,
        counts=counts,
    )
    turn = import_running.Turn(
        run, now, chosen, run.zone or chosen.zone or Policy.objects.of(None).local_zone, load, progress, seconds
    )
    turn.bad, turn.bad_count = list(run.errors), run.error_count
    return turn
