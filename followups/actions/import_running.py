"""A worker's turn at an import: batch by batch, each written down with how far it came in one transaction."""

import contextlib
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from typing import Any, BinaryIO

from django.db import connection, transaction
from django.db.models.functions import Now

from followups import errors
from followups.actions import import_events, import_maps, import_reading, import_rows, import_writing
from followups.models import ImportRun, ImportState

ERRORS_KEPT = 1000
BATCH = 1000
EVENTS_BATCH = 5000
COUNTED = (
    "rows", "made", "updated", "unchanged", "kept", "skipped", "refused", "events", "events_made", "events_unchanged",
    "events_kept", "events_refused", "reopenings", "teams", "agents", "categories", "customers",
)  # fmt: skip


class HandedBack(Exception):
    """The worker's time is up: the run waits, and another turn goes on from here."""


class Lost(Exception):
    """Another worker has taken the run."""


@dataclass(frozen=True)
class Files:
    tickets: BinaryIO
    events: BinaryIO | None = None


@dataclass
class Turn:
    """Where the run stands and what it has counted, its earlier turns included."""

    run: ImportRun
    now: datetime
    chosen: import_maps.Map
    zone: str
    load: import_writing.Load
    progress: Callable[[ImportRun], Any] | None = None
    seconds: float | None = None
    begun: float = field(default_factory=time.monotonic)
    seen: dict[str, int] = field(default_factory=dict)
    skipped: set[str] = field(default_factory=set)
    bad: list[dict] = field(default_factory=list)
    bad_count: int = 0
    ignored: list[str] = field(default_factory=list)

    @property
    def counts(self) -> Counter:
        return self.load.counts

    @property
    def instant(self) -> datetime:
        """`now` as it has moved on since the turn began."""
        return self.now + timedelta(seconds=time.monotonic() - self.begun)

    def refuse(self, bad: Iterable[import_reading.Bad], *, rows: str) -> None:
        bad = list(bad)
        self.counts[rows] += len({each.line for each in bad})
        self.bad_count += len(bad)
        self.bad += [each.as_dict() for each in bad[: max(ERRORS_KEPT - len(self.bad), 0)]]

    def write_down(self, **reached: Any) -> None:
        """How far it came, with counts and errors: a later turn begins after it."""
        self.run.progress = {**self.run.progress, **reached}
        self.run.counts = {**{name: self.counts[name] for name in COUNTED}, "ignored_columns": self.ignored}
        self.run.errors, self.run.error_count = self.bad, self.bad_count
        self._save("progress", "counts", "errors", "error_count")

    def beat(self, **reached: Any) -> None:
        """A sign of life between two places to go on from."""
        self.run.progress = {**self.run.progress, **reached}
        self._save("progress")

    def _save(self, *names: str) -> None:
        ours = ImportRun.objects.filter(
            pk=self.run.pk, state=ImportState.RUNNING, progress__tries=self.run.progress.get("tries")
        )
        if not ours.update(beat_at=Now(), **{name: getattr(self.run, name) for name in names}):
            raise Lost
        if self.progress:
            self.progress(self.run)

    def rest(self) -> None:
        """Hand the run back where the worker's time is up."""
        if self.seconds is not None and time.monotonic() - self.begun > self.seconds:
            raise HandedBack


def work(turn: Turn, files: Files) -> None:
    """Go on with the run until it is done, refused as a whole, handed back, or lost."""
    with contextlib.suppress(Lost):
        try:
            _load(turn, files)
        except errors.Refused as refusal:
            bad = import_reading.Bad(1, refusal.field or "", refusal.code, refusal.message)
            turn.bad, turn.bad_count = [bad.as_dict(), *turn.bad][:ERRORS_KEPT], turn.bad_count + 1
            end(turn, ImportState.FAILED)
        except HandedBack:
            turn.run.progress["tries"] = 0
            ImportRun.objects.filter(pk=turn.run.pk).update(state=ImportState.WAITING, progress=turn.run.progress)
        else:
            end(turn, ImportState.DONE)


def _load(turn: Turn, files: Files) -> None:
    with _alone(turn.run.source):
        _tickets(turn, files.tickets)
        if files.events:
            _events(turn, files.events)
    if not turn.run.dry_run:
        _count_anew()


def _count_anew() -> None:
    """Let the planner know what came in: a report asked right after an import must not guess from empty tables."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE followups_ticket, followups_contact, followups_event, followups_reopening")


def end(turn: Turn, state: ImportState) -> None:
    """The run is over. The files of a dry run stay for a day, so that it can be done for real."""
    turn.run.state, turn.run.finished_at = state, turn.instant
    turn.write_down(share=1.0, stage="over")
    kept = {} if turn.run.dry_run and state == ImportState.DONE else {"file": None, "events": None}
    ImportRun.objects.filter(pk=turn.run.pk).update(state=state, finished_at=turn.run.finished_at, **kept)


@contextlib.contextmanager
def _alone(source: str) -> Iterator[None]:
    """Hold the source for this connection: a worker that dies lets go of it with its connection."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(hashtext('import'), hashtext(%s))", [source])
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(hashtext('import'), hashtext(%s))", [source])


def _batches(rows: Iterator, size: int) -> Iterator[list]:
    while batch := list(islice(rows, size)):
        yield batch


def _tickets(turn: Turn, file: BinaryIO) -> None:
    table = import_reading.Table(file)
    binding = import_maps.bind_tickets(turn.chosen, table.header)
    turn.load.has, turn.ignored = binding.has, list(binding.ignored)
    done = turn.run.progress.get("line", 0)
    for records in _batches(table.records(), BATCH):
        rows, bad = _checked(turn, records, binding)
        line = records[-1].line
        if line <= done:
            continue
        with transaction.atomic():
            import_writing.load_batch(rows, load=turn.load, now=turn.instant)
            turn.counts.update(rows=len(records))
            turn.counts["skipped"] = len(turn.skipped)
            turn.refuse(bad, rows="refused")
            turn.write_down(stage="tickets", line=line, share=round(table.share(), 3))
        turn.rest()


def _checked(turn: Turn, records: list[import_reading.Record], binding: import_maps.Binding) -> tuple[list, list]:
    """The good rows of a batch, and what is wrong with the others. Rows to skip are neither."""
    rows, bad = [], []
    for record in records:
        if record.problem:
            bad.append(record.problem)
            continue
        values = binding.values(record.cells)
        if binding.skips(record.cells):
            turn.skipped.add(values["reference"] or f"line {record.line}")
            continue
        cells = import_rows.Cells(record.line, values, binding.names, zone=turn.zone)
        row = import_rows.ticket(cells, binding, turn.chosen)
        first = turn.seen.setdefault(row.reference, row.line) if not cells.bad else row.line
        if first != row.line:
            cells.refuse("reference", "duplicate", f'"{row.reference}" stands in line {first} too.')
        if cells.bad:
            bad += cells.bad
        else:
            rows.append(row)
    return rows, bad


def _events(turn: Turn, file: BinaryIO) -> None:
    import_events.begin()
    try:
        is_first = turn.run.progress.get("stage") != "events"
        bad = _staged(turn, file)
        counts = import_events.match(source=turn.load.source)
        if is_first:
            turn.refuse(bad, rows="events_refused")
            turn.counts.update(counts)
            turn.write_down(stage="events", after=0)
        if turn.load.dry_run:
            turn.counts["reopenings"] = import_events.would_reopen()
        else:
            _write_events(turn)
    finally:
        import_events.end()


def _staged(turn: Turn, file: BinaryIO) -> list[import_reading.Bad]:
    table = import_reading.Table(file, kind="events")
    binding = import_maps.bind_events(turn.chosen, table.header)
    found: list[import_reading.Bad] = []
    for records in _batches(table.records(), EVENTS_BATCH):
        rows, bad = _checked_events(turn, records, binding)
        homeless = import_events.without_ticket(rows, known=turn.seen, source=turn.load.source)
        lost = {each.line for each in homeless}
        import_events.stage(row for row in rows if row.line not in lost)
        found += bad + homeless
        turn.counts["events"] += len(records) if turn.run.progress.get("stage") != "events" else 0
        turn.beat(event_line=records[-1].line, share=round(table.share(), 3))
    return found + import_events.doubles()


def _checked_events(
    turn: Turn, records: list[import_reading.Record], binding: import_maps.Binding
) -> tuple[list, list]:
    rows, bad = [], []
    for record in records:
        if record.problem:
            bad.append(record.problem)
            continue
        values = binding.values(record.cells)
        cells = import_rows.Cells(record.line, values, binding.names, zone=turn.zone, kind="events")
        row = import_rows.event(cells, turn.chosen)
        if cells.bad:
            bad += cells.bad
        elif row.reference not in turn.skipped:
            rows.append(row)
    return rows, bad


def _write_events(turn: Turn) -> None:
    after = turn.run.progress.get("after", 0)
    written = turn.run.progress.get("events_written", 0)
    while until := import_events.next_batch(after=after, size=BATCH):
        with transaction.atomic():
            written += import_events.write_batch(after=after, until=until, load=turn.load, now=turn.instant)
            share = round(min(written / max(turn.counts["events_made"], 1), 1.0), 3)
            turn.write_down(stage="events", after=until, events_written=written, share=share)
        after = until
        turn.rest()
