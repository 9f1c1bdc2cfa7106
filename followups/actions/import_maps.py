"""Where each field of an import comes from: its map, checked once and bound to the header of a file.

A map is JSON: `{"reference": "call_ref", "closed_at": ["service_ended_at", "started_at"], "team": null,
"channel": {"const": "phone"}, "extra": {"queue": "queue_seconds"}, "events": {"at": "changed_at"},
"words": {"open": [], "resolved": [], "ended": []}, "skip": {"outcome": ["PHANTOM"]}, "zone": "America/New_York"}`.
A field is one column, the first filled of
several, a constant, or null for none; a field the map does not name is the column of its own name, where there is one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from followups import errors, worktime

TICKET_FIELDS = (
    "reference", "customer_ref", "channel", "category", "subcategory", "priority", "team", "agent", "opened_at",
    "resolved_at", "closed_at", "status", "closure_code", "closure_note", "reopen_count", "reassignment_count",
    "sla_met", "subject", "description",
)  # fmt: skip
EVENT_FIELDS = (
    "reference", "seq", "at", "state", "team", "agent", "actor", "priority", "reopen_count", "reassignment_count",
)  # fmt: skip
NEEDED = {TICKET_FIELDS: ("reference", "opened_at"), EVENT_FIELDS: ("reference", "seq", "at", "state")}
STANDINGS = ("open", "resolved", "ended")
OTHER_KEYS = frozenset(["words", "skip", "extra", "events", "zone", "fields"])
USUAL_WORDS = {
    **dict.fromkeys(["resolved", "solved", "completed", "fixed"], "resolved"),
    **dict.fromkeys(["closed", "ended", "cancelled", "canceled"], "ended"),
}


@dataclass(frozen=True)
class Origin:
    """The columns a field is read from, the first filled one counting, or a constant."""

    columns: tuple[str, ...] = ()
    constant: str = ""


@dataclass(frozen=True)
class Map:
    tickets: Mapping[str, Origin] = field(default_factory=dict)
    events: Mapping[str, Origin] = field(default_factory=dict)
    extra: Mapping[str, Origin] = field(default_factory=dict)
    words: Mapping[str, str] = field(default_factory=dict)
    skip: Mapping[str, frozenset[str]] = field(default_factory=dict)
    zone: str = ""

    def standing(self, word: str) -> str:
        """What the map says a word stands for (open, resolved, ended), or "" where it is silent."""
        return self.words.get(word.casefold(), "")

    def is_end(self, word: str) -> bool:
        """Whether a state of the history is an end, by the map's words or else by the usual ones."""
        return self._stands_for(word) != "open"

    def is_resolution(self, word: str) -> bool:
        """Whether a state of the history says that it was resolved."""
        return self._stands_for(word) == "resolved"

    def _stands_for(self, word: str) -> str:
        return self.standing(word) or USUAL_WORDS.get(word.casefold(), "open")


@dataclass(frozen=True)
class Binding:
    """A map bound to one header: for each field the places of its columns."""

    places: Mapping[str, tuple[int, ...]]
    constants: Mapping[str, str]
    names: Mapping[str, str]
    skip: tuple[tuple[int, frozenset[str]], ...] = ()
    extra: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()

    def values(self, cells: Sequence[str]) -> dict[str, str]:
        """The fields of a row, without blanks around them; an empty text where nothing stands."""
        found = dict(self.constants)
        for name, places in self.places.items():
            text = cells[places[0]].strip()
            for place in places[1:]:
                text = text or cells[place].strip()
            found[name] = text
        return found

    def skips(self, cells: Sequence[str]) -> bool:
        return any(cells[place].strip() in words for place, words in self.skip)

    def has(self, *fields: str) -> bool:
        return any(name in self.places or name in self.constants for name in fields)


def read(raw: Any) -> Map:
    """The map as it was written, checked; refuses by name what it does not know."""
    if not isinstance(raw, Mapping):
        raise _wrong("A map is a JSON object.")
    inner = raw.get("fields")
    fields = inner if inner is not None else {name: said for name, said in raw.items() if name not in OTHER_KEYS}
    unknown = sorted(set(raw) - OTHER_KEYS - set(TICKET_FIELDS)) if inner is not None else []
    if unknown:
        raise _wrong(f'The map has an unknown key "{unknown[0]}".')
    return Map(
        tickets=_origins(fields, TICKET_FIELDS),
        events=_origins(raw.get("events") or {}, EVENT_FIELDS),
        extra=_origins(raw.get("extra") or {}, None),
        words=_words(raw.get("words") or {}),
        skip=_skip(raw.get("skip") or {}),
        zone=_zone(raw.get("zone") or ""),
    )


def _wrong(message: str) -> errors.Invalid:
    return errors.Invalid("map", message, "bad-map")


def _origins(said: Any, known: Sequence[str] | None) -> dict[str, Origin]:
    if not isinstance(said, Mapping):
        raise _wrong("The fields of a map are a JSON object.")
    for name in said:
        if known is not None and name not in known:
            raise _wrong(f'The map names a field "{name}" that there is not. Fields: {", ".join(known)}.')
    return {name: _origin(name, value) for name, value in said.items()}


def _origin(name: str, said: Any) -> Origin:
    if said is None:
        return Origin()
    if isinstance(said, str) and said.strip():
        return Origin(columns=(said,))
    if isinstance(said, Mapping) and set(said) == {"const"} and isinstance(said["const"], str):
        return Origin(constant=said["const"].strip())
    if isinstance(said, list) and said and all(isinstance(column, str) and column.strip() for column in said):
        return Origin(columns=tuple(said))
    raise _wrong(f'"{name}" in the map is neither a column, nor a list of columns, nor {{"const": "text"}}, nor null.')


def _words(said: Any) -> dict[str, str]:
    if not isinstance(said, Mapping) or set(said) - set(STANDINGS):
        raise _wrong('The words of a map are lists under "open", "resolved" and "ended".')
    return {word.casefold(): standing for standing, words in said.items() for word in _texts(words)}


def _skip(said: Any) -> dict[str, frozenset[str]]:
    if not isinstance(said, Mapping):
        raise _wrong("The rows to skip are lists of words by column.")
    return {column: frozenset(_texts(words)) for column, words in said.items()}


def _texts(said: Any) -> list[str]:
    if not isinstance(said, list) or not all(isinstance(word, str) for word in said):
        raise _wrong("Words in a map are lists of texts.")
    return [word.strip() for word in said]


def _zone(said: Any) -> str:
    if said and not (isinstance(said, str) and worktime.is_zone(said)):
        raise _wrong(f'The map names a zone "{said}" that there is not.')
    return said


def bind_tickets(chosen: Map, header: Sequence[str]) -> Binding:
    return _bind(chosen, header, chosen.tickets, TICKET_FIELDS)


def bind_events(chosen: Map, header: Sequence[str]) -> Binding:
    return _bind(Map(), header, chosen.events, EVENT_FIELDS)


def _bind(chosen: Map, header: Sequence[str], said: Mapping[str, Origin], fields: tuple[str, ...]) -> Binding:
    where = {column.casefold(): place for place, column in enumerate(header)}
    own = {name: Origin(columns=(name,)) for name in fields if name in where}
    extra = {f"extra {name}": origin for name, origin in chosen.extra.items()}
    origins = {**own, **said, **extra}
    read = {name: origin.columns for name, origin in origins.items() if origin.columns}
    places = {name: tuple(_place(where, column) for column in columns) for name, columns in read.items()}
    constants = {name: origin.constant for name, origin in origins.items() if origin.constant}
    _has_needed(NEEDED[fields], places, constants)
    skip = tuple((_place(where, column), words) for column, words in chosen.skip.items())
    used = {place for spots in places.values() for place in spots} | {place for place, _ in skip}
    return Binding(
        places=places,
        constants=constants,
        names={name: " or ".join(header[place] for place in spots) for name, spots in places.items()},
        skip=skip,
        extra=tuple(chosen.extra),
        ignored=tuple(column for place, column in enumerate(header) if place not in used),
    )


def _place(where: Mapping[str, int], column: str) -> int:
    place = where.get(column.strip().casefold())
    if place is None:
        raise errors.Invalid("map", f'The map names a column "{column}" that is not in the file.', "unknown-column")
    return place


def _has_needed(needed: Sequence[str], places: Mapping, constants: Mapping) -> None:
    for name in needed:
        if name not in places and name not in constants:
            raise errors.Invalid(
                "file", f'The file has no column "{name}". Name the one to use in a map.', "missing-column"
            )
