"""Files read line by line: what cannot be read is named, and nothing but the present row is held."""

import csv
import gzip
import io

import pytest

from followups import errors
from followups.actions import import_reading


def table(data: bytes, **options) -> import_reading.Table:
    return import_reading.Table(io.BytesIO(data), **options)


def read(data: bytes) -> list[tuple]:
    records = table(data).records()
    return [(row.line, row.cells if row.problem is None else (row.problem.column, row.problem.code)) for row in records]


def refusal(data: bytes, **options) -> str:
    with pytest.raises(errors.Invalid) as caught:
        list(table(data, **options).records())
    return caught.value.code


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_plain_and_packed_files_read_the_same(pack, mark, end):
    data = pack(mark + end.join([b"reference,note", b"T-1,caf\xc3\xa9", b"", b"T-2,x"]))
    assert table(data).header == ["reference", "note"]
    assert read(data) == [(2, ["T-1", "café"]), (4, ["T-2", "x"])]


@pytest.mark.parametrize("sign", [",", ";", "\t"])
def test_the_header_tells_what_parts_the_cells(sign):
    assert read(f"a{sign}b\n1{sign}2\n".encode()) == [(2, ["1", "2"])]


def test_a_row_over_several_lines_is_named_by_its_first():
    assert read(b'a,b\n1,"two\nlines"\n3\n') == [(2, ["1", "two\nlines"]), (4, ("", "wrong-columns"))]


def test_every_bad_row_is_named_and_the_others_are_read():
    data = b'a,b\n1\n1,2,3\n1,\x00\n1,\xe9\n"1"x,2\nok,ok\n'
    assert read(data) == [
        (2, ("", "wrong-columns")),
        (3, ("", "wrong-columns")),
        (4, ("b", "nul")),
        (5, ("b", "bad-encoding")),
        (6, ("", "bad-quotes")),
        (7, ["ok", "ok"]),
    ]


def test_a_cell_over_the_limit_is_refused_by_its_line():
    data = b"a,b\n1," + b"x" * (csv.field_size_limit() + 1) + b"\n2,ok\n"
    assert read(data) == [(2, ("", "too-long")), (3, ["2", "ok"])]


def test_a_quote_left_open_at_the_end_is_named():
    assert read(b'a,b\n1,"open\n2,x\n') == [(2, ("", "bad-quotes"))]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "bad-header"),
        (b"\n1,2\n", "bad-header"),
        (b"a,\xe9\n", "bad-header"),
        (b"a,b,A\n", "duplicate-column"),
        ("a,b\n".encode("utf-16"), "bad-encoding"),
        (gzip.compress(b"a,b\n" * 9, mtime=0)[:-12], "bad-gzip"),
        (b"\x1f\x8bnot gzip at all", "bad-gzip"),
    ],
)
def test_a_file_without_a_readable_header_is_refused_as_a_whole(data, code):
    assert refusal(data) == code


def test_a_small_file_that_unpacks_without_end_is_stopped():
    bomb = gzip.compress(b"a,b\n" + b"1,2\n" * 50_000)
    assert len(bomb) < 10_000
    assert refusal(bomb, largest=100_000) == "too-large"


def test_a_line_without_end_is_stopped():
    assert refusal(gzip.compress(b"a,b\n" + b"x" * (import_reading.LONGEST_LINE + 2))) == "too-large"


def test_the_share_read_runs_from_nothing_to_all():
    data = b"a,b\n" + b"1,2\n" * 50_000
    whole = table(data)
    assert whole.share() < 0.1
    assert len(list(whole.records())) == 50_000
    assert whole.share() == 1.0
