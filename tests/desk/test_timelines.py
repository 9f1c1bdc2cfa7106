"""The line of time: marks in their order and apart, days named where there is room, bands inside the picture."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from types import SimpleNamespace

from hypothesis import given
from hypothesis import strategies as st

from desk.templatetags import timelines

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
minutes = st.lists(st.integers(0, 20_000), min_size=1, max_size=25)


def row(after, **fields):
    given = {"what": "Due", "who": ("Ada",), "kind": "due"}
    return SimpleNamespace(at=NOON + timedelta(minutes=after), **{**given, **fields})


def line(*rows, bands=(), zone="UTC"):
    shown = SimpleNamespace(rows=rows, zone=zone, bands=bands)
    return timelines.time_line(shown, "Who hears")


@given(minutes)
def test_later_is_further_right_and_never_too_close(after):
    scale = timelines.scale_of(NOON + timedelta(minutes=each) for each in after)
    places = [scale.x(at) for at in scale.instants]
    assert places[0] == timelines.LEFT
    assert abs(places[-1] - (timelines.WIDTH - timelines.RIGHT)) < 0.001
    gaps = [right - left for left, right in pairwise(places)]
    assert min(gaps) >= min(timelines.APART, 912 / len(places)) - 0.001


def test_a_mark_says_what_and_who():
    found = line(row(0), row(30, what="Overdue", who=(), kind="overdue"))
    assert [(mark["number"], mark["look"], mark["words"]) for mark in found["marks"]] == [
        (1, "plain", "1. Tue 24 Nov 2026 12:00: Due, heard by Ada"),
        (2, "late", "2. Tue 24 Nov 2026 12:30: Overdue"),
    ]
    assert [mark["x"] for mark in found["marks"]] == ["24", "936"]


def test_days_are_those_of_the_zone():
    found = line(row(0), row(3 * 24 * 60), zone="Asia/Tokyo")
    assert [day["text"] for day in found["days"]] == ["Tue 24 Nov", "", "Thu 26 Nov", "Fri 27 Nov"]
    assert [day["line"] for day in found["days"]] == ["", "1", "1", "1"]


def test_bands_are_cut_at_the_ends_of_the_line():
    span = (NOON - timedelta(hours=5), NOON + timedelta(hours=1))
    outside = (NOON + timedelta(hours=3), NOON + timedelta(hours=4))
    found = line(row(0), row(120), bands=[SimpleNamespace(label="Working hours", spans=(span, outside))])
    assert [(band["label"], band["spans"]) for band in found["bands"]] == [
        ("Working hours", [{"x": "24", "width": "456"}])
    ]
