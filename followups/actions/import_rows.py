"""Rows checked and turned into what a ticket or a state of its history needs. Every fault of a row is named."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from followups import masking, worktime
from followups.actions import import_maps, import_reading

UNKNOWN_CHANNEL = "unknown"
UNCATEGORISED = "Uncategorised"
KEPT_AS_TEXT = ("closure_code", "closure_note", "reassignment_count", "sla_met")
LARGEST_COUNT = 2**31 - 1
_INSTANT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?(?:Z|[+-][0-9]{2}:?[0-9]{2})?)?"
)
_YEARS = (1900, 2100)
_NEVER = datetime(1, 1, 1, tzinfo=UTC)


@dataclass(slots=True)
class TicketRow:
    """`ended` and the instants are what the row says; `digest`, over the repr, changes whenever any of it does."""

    line: int = field(repr=False)
    reference: str
    customer: str
    subject: str
    description: str
    family: str
    path: str
    channel: str
    priority: str
    team: str
    agent: str
    opened_at: datetime
    resolved_at: datetime | None
    closed_at: datetime | None
    ended: bool
    reopen_count: int | None
    extra: dict[str, str] = field(default_factory=dict)
    digest: str = field(default="", repr=False)


@dataclass(slots=True)
class EventRow:
    line: int
    reference: str
    seq: int
    at: datetime
    state: str
    ended: bool
    resolved: bool
    team: str
    agent: str
    actor: str
    priority: str
    reopen_count: int | None
    reassignment_count: int | None


class Cells:
    """The mapped values of one row, checked as they are taken; faults gather in `bad`."""

    def __init__(
        self, line: int, values: Mapping[str, str], names: Mapping[str, str], *, zone: str, kind: str = "tickets"
    ) -> None:
        self.line, self.values, self.names, self.zone, self.kind = line, values, names, zone, kind
        self.bad: list[import_reading.Bad] = []

    def refuse(self, name: str, code: str, message: str) -> None:
        self.bad.append(import_reading.Bad(self.line, self.names.get(name, name), code, message, self.kind))

    def text(self, name: str, longest: int) -> str:
        text = self.values.get(name, "")
        if len(text) > longest:
            self.refuse(name, "too-long", f"{len(text)} signs where {longest} fit.")
        return text

    def needed(self, name: str, longest: int) -> str:
        self._is_there(name)
        return self.text(name, longest)

    def instant(self, name: str) -> datetime | None:
        text = self.values.get(name, "")
        if not text:
            return None
        try:
            return read_instant(text, self.zone)
        except ValueError as error:
            self.refuse(name, "bad-date", str(error))
            return None

    def needed_instant(self, name: str) -> datetime:
        """The instant; where it is missing or wrong, the row is refused and anything stands for it."""
        at = self.instant(name)
        self._is_there(name)
        return at or _NEVER

    def needed_count(self, name: str) -> int:
        count = self.count(name)
        self._is_there(name)
        return count or 0

    def _is_there(self, name: str) -> None:
        if not self.values.get(name):
            self.refuse(name, "missing", f"The row has no {name}.")

    def count(self, name: str) -> int | None:
        text = self.values.get(name, "")
        if not text:
            return None
        if not (text.isascii() and text.isdigit() and len(text) <= 10 and int(text) <= LARGEST_COUNT):
            self.refuse(name, "bad-number", f'"{text[:40]}" is not a whole number from 0 to {LARGEST_COUNT}.')
            return None
        return int(text)


def read_instant(text: str, zone: str) -> datetime:
    """An ISO instant in UTC; without an offset it is a wall time in `zone`. ValueError says what is wrong with it."""
    if not _INSTANT.fullmatch(text):
        raise ValueError(f'"{text[:40]}" is not a date and time like 2026-03-02T10:00:00Z.')
    try:
        read = datetime.fromisoformat(text)
        instant = worktime.to_instant(read, zone) if read.tzinfo is None else read.astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError(f'"{text}" is a date or time that there is not.') from None
    if not _YEARS[0] <= instant.year <= _YEARS[1]:
        raise ValueError(f'"{text}" is not in the years {_YEARS[0]} to {_YEARS[1]}.')
    return instant


def ticket(cells: Cells, binding: import_maps.Binding, chosen: import_maps.Map) -> TicketRow:
    """The row of a ticket; to be used only where `cells.bad` stays empty."""
    family, path = _category(cells, is_split=binding.has("subcategory"))
    resolved_at, closed_at, ended = _end(cells, chosen)
    row = TicketRow(
        line=cells.line,
        reference=cells.needed("reference", 120),
        customer=cells.text("customer_ref", 120),
        subject=masking.mask_cards(cells.text("subject", 300)) or _subject(family, path),
        description=masking.mask_cards(cells.text("description", 100_000)),
        family=family,
        path=path,
        channel=cells.text("channel", 40).lower() or UNKNOWN_CHANNEL,
        priority=cells.text("priority", 60),
        team=cells.text("team", 120),
        agent=cells.text("agent", 150),
        opened_at=cells.needed_instant("opened_at"),
        resolved_at=resolved_at,
        closed_at=closed_at,
        ended=ended,
        reopen_count=cells.count("reopen_count"),
        extra=_extra(cells, binding, ended),
    )
    _in_order(cells, row)
    row.digest = hashlib.sha256(repr(row).encode("utf-8", "surrogatepass")).hexdigest()
    return row


def _category(cells: Cells, *, is_split: bool) -> tuple[str, str]:
    """Family and path. Without a column for the leaf the category is itself a path, root first."""
    root, leaf = cells.text("category", 250), cells.text("subcategory", 250)
    path = f"{root or UNCATEGORISED}/{leaf}" if leaf else root or UNCATEGORISED
    family = (root if is_split else root.split("/")[0].strip()) or UNCATEGORISED
    if len(path) > 250 or len(family) > 120:
        cells.refuse("category", "too-long", "The category fits 120 signs, with its subcategory 250.")
    return family, path


def _subject(family: str, path: str) -> str:
    leaf = path.removeprefix(family).removeprefix("/")
    return f"{family} / {leaf}" if leaf else family


def _end(cells: Cells, chosen: import_maps.Map) -> tuple[datetime | None, datetime | None, bool]:
    """Resolved at, closed at, whether it ended: by the map's word, else the instants, else the usual words."""
    resolved_at, closed_at = cells.instant("resolved_at"), cells.instant("closed_at")
    status = cells.text("status", 120)
    standing = chosen.standing(status)
    if standing == "open":
        return None, None, False
    if standing == "resolved":
        resolved_at = resolved_at or closed_at
    if resolved_at or closed_at:
        return resolved_at, closed_at or resolved_at, True
    if chosen.is_end(status) and not _has_bad_end(cells):
        cells.refuse("status", "no-end", f'It is "{status}", but neither resolved_at nor closed_at says since when.')
    return None, None, False


def _has_bad_end(cells: Cells) -> bool:
    return any(bad.code == "bad-date" for bad in cells.bad)


def _extra(cells: Cells, binding: import_maps.Binding, ended: bool) -> dict[str, str]:
    names = {name: name for name in KEPT_AS_TEXT} | {name: f"extra {name}" for name in binding.extra}
    if not ended:
        names["status"] = "status"
    extra = {name: cells.text(origin, 20_000) for name, origin in names.items()}
    return {name: masking.mask_cards(text) for name, text in extra.items() if text}


def _in_order(cells: Cells, row: TicketRow) -> None:
    for name, at in (("resolved_at", row.resolved_at), ("closed_at", row.closed_at)):
        if at and at < row.opened_at and cells.values.get(name):
            cells.refuse(name, "before-opening", f"{name} lies before opened_at.")


def event(cells: Cells, chosen: import_maps.Map) -> EventRow:
    """One state of a ticket's history; to be used only where `cells.bad` stays empty."""
    seq, at = cells.needed_count("seq"), cells.needed_instant("at")
    state = cells.needed("state", 120)
    return EventRow(
        line=cells.line,
        reference=cells.needed("reference", 120),
        seq=seq,
        at=at,
        state=state,
        ended=chosen.is_end(state),
        resolved=chosen.is_resolution(state),
        team=cells.text("team", 120),
        agent=cells.text("agent", 150),
        actor=masking.mask_cards(cells.text("actor", 200)),
        priority=cells.text("priority", 60),
        reopen_count=cells.count("reopen_count"),
        reassignment_count=cells.count("reassignment_count"),
    )
