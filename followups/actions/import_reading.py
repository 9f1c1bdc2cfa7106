"""Files of rows, plain or gzip, read line by line: what cannot be read is named by line and column.

Nothing is held but the present row, so memory stays flat whatever the size. The size is that of the plain text, so
that a small file that unpacks without end is stopped.
"""

import csv
import gzip
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from followups import errors

LARGEST = 200 * 1024 * 1024
LONGEST_LINE = 4 * 1024 * 1024
_GZIP = b"\x1f\x8b"
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Bad:
    """Why a row is refused. Lines count from 1, the header's; `file` is "tickets" or "events"."""

    line: int
    column: str
    code: str
    message: str
    file: str = "tickets"

    def as_dict(self) -> dict:
        return {"line": self.line, "column": self.column, "code": self.code, "message": self.message, "file": self.file}


@dataclass(slots=True)
class Record:
    """One row of cells as many as the header's, or what is wrong with it."""

    line: int
    cells: list[str]
    problem: Bad | None = None


class Table:
    """The rows under a header. Refuses the whole file where the header, the packing or the size is wrong."""

    def __init__(self, file: BinaryIO, *, kind: str = "tickets", largest: int = LARGEST) -> None:
        self.kind = kind
        self.largest = largest
        self._raw = file
        self._suspicious: set[int] = set()
        self._lines = self._texts(_unpacked(file))
        first = next(self._lines, "")
        self.header = self._read_header(first)

    def share(self) -> float:
        """How much of the file is read, 0 to 1."""
        here = self._raw.tell()
        size = self._raw.seek(0, 2)
        self._raw.seek(here)
        return min(here / size, 1.0) if size else 1.0

    def records(self) -> Iterator[Record]:
        reader = csv.reader(self._lines, delimiter=self._delimiter, strict=True)
        while True:
            line = reader.line_num + 2
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                yield Record(line, [], self._bad(line, "", *_csv_reason(error)))
                continue
            if cells:
                yield Record(line, cells, self._problem(line, reader.line_num + 1, cells))

    def _problem(self, line: int, last_line: int, cells: list[str]) -> Bad | None:
        if len(cells) != len(self.header):
            return self._bad(line, "", "wrong-columns", f"{len(cells)} cells where the header has {len(self.header)}.")
        if self._suspicious and any(n in self._suspicious for n in range(line, last_line + 1)):
            self._suspicious.difference_update(range(line, last_line + 1))
            return self._unreadable(line, cells)
        return None

    def _unreadable(self, line: int, cells: list[str]) -> Bad | None:
        for column, cell in zip(self.header, cells, strict=True):
            if "\x00" in cell:
                return self._bad(line, column, "nul", "The cell holds a NUL byte.")
            if not cell.isascii() and any("\udc80" <= sign <= "\udcff" for sign in cell):
                return self._bad(line, column, "bad-encoding", "The cell is not UTF-8. Save the file as UTF-8.")
        return None

    def _bad(self, line: int, column: str, code: str, message: str) -> Bad:
        return Bad(line, column, code, message, self.kind)

    def _read_header(self, first: str) -> list[str]:
        if not first.strip() or 1 in self._suspicious:
            raise errors.Invalid(_field(self.kind), "The file has no readable header line in UTF-8.", "bad-header")
        self._delimiter = max(",;\t", key=first.count)
        try:
            header = [cell.strip() for cell in next(csv.reader([first], delimiter=self._delimiter, strict=True))]
        except csv.Error as error:
            raise errors.Invalid(_field(self.kind), f"The header cannot be read: {error}.", "bad-header") from error
        folded = [cell.casefold() for cell in header]
        twice = [cell for cell, low in zip(header, folded, strict=True) if folded.count(low) > 1]
        if twice:
            message = f'The column "{twice[0]}" stands twice in the header.'
            raise errors.Invalid(_field(self.kind), message, "duplicate-column")
        return header

    def _texts(self, file: BinaryIO | gzip.GzipFile) -> Iterator[str]:
        size, number = 0, 0
        while raw := _line(file, self.kind):
            size, number = size + len(raw), number + 1
            if size > self.largest:
                raise self._too_large("The file", self.largest)
            if len(raw) > LONGEST_LINE:
                raise self._too_large(f"Line {number}", LONGEST_LINE)
            if number == 1:
                raw = _without_mark(raw, self.kind)
            yield self._text(raw, number)

    def _too_large(self, what: str, largest: int) -> errors.Invalid:
        return errors.Invalid(_field(self.kind), f"{what} is over {largest // 1024**2} MB.", "too-large")

    def _text(self, raw: bytes, number: int) -> str:
        if b"\x00" in raw:
            self._suspicious.add(number)
        try:
            return raw.decode()
        except UnicodeDecodeError:
            self._suspicious.add(number)
            return raw.decode(errors="surrogateescape")


def _field(kind: str) -> str:
    return "events" if kind == "events" else "file"


def _unpacked(file: BinaryIO) -> BinaryIO | gzip.GzipFile:
    start = file.read(2)
    file.seek(0)
    return gzip.GzipFile(fileobj=file) if start == _GZIP else file


def _line(file: BinaryIO | gzip.GzipFile, kind: str) -> bytes:
    try:
        return file.readline(LONGEST_LINE + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise errors.Invalid(_field(kind), f"The gzip file is damaged: {error}.", "bad-gzip") from error


def _without_mark(raw: bytes, kind: str) -> bytes:
    if raw.startswith(_UTF16):
        raise errors.Invalid(_field(kind), "The file is UTF-16. Save it as UTF-8.", "bad-encoding")
    return raw.removeprefix(_BOM)


def _csv_reason(error: csv.Error) -> tuple[str, str]:
    if "field limit" in str(error):
        return "too-long", f"A cell is longer than {csv.field_size_limit():,} signs."
    return "bad-quotes", f"The quotes of this row do not close: {error}."
