"""Rows checked: every fault by column and reason, times in their zones, ends as the row or the map says."""

from datetime import UTC, datetime

import pytest

from followups.actions import import_maps, import_rows

OPENED = "2026-03-02T09:00:00Z"


def ticket(raw_map=None, zone="UTC", **values):
    values = {"reference": "T-1", "opened_at": OPENED, **values}
    chosen = import_maps.read(raw_map or {})
    binding = import_maps.bind_tickets(chosen, list(values))
    cells = import_rows.Cells(2, binding.values(list(values.values())), binding.names, zone=zone)
    return import_rows.ticket(cells, binding, chosen), [(bad.column, bad.code) for bad in cells.bad]


def event(**values):
    values = {"reference": "T-1", "seq": "1", "at": OPENED, "state": "New", **values}
    chosen = import_maps.Map()
    cells = import_rows.Cells(2, values, {}, zone="UTC", kind="events")
    return import_rows.event(cells, chosen), [(bad.column, bad.code) for bad in cells.bad]


@pytest.mark.parametrize(
    ("text", "zone", "instant"),
    [
        ("2026-03-02T09:00:00Z", "Europe/Paris", datetime(2026, 3, 2, 9, tzinfo=UTC)),
        ("2026-03-02 09:00:00+0530", "UTC", datetime(2026, 3, 2, 3, 30, tzinfo=UTC)),
        ("2026-03-02T09:00", "Europe/Paris", datetime(2026, 3, 2, 8, tzinfo=UTC)),
        ("2026-03-02", "America/New_York", datetime(2026, 3, 2, 5, tzinfo=UTC)),
        ("2026-03-08T02:30:00", "America/New_York", datetime(2026, 3, 8, 7, tzinfo=UTC)),
        ("2026-11-01T01:30:00", "America/New_York", datetime(2026, 11, 1, 5, 30, tzinfo=UTC)),
    ],
)
def test_an_instant_is_read_in_its_offset_or_zone(text, zone, instant):
    assert import_rows.read_instant(text, zone) == instant


@pytest.mark.parametrize(
    "text",
    [
        "yesterday",
        "02/03/2026",
        "2026-W10-1",
        "2026-02-30",
        "2026-03-02T25:00:00Z",
        "1899-12-31T23:59:59Z",
        "2101-01-01",
        "0001-01-01T00:00:00+14:00",
        "2026-03-02T09:00:00Zjunk",
        "٢٠٢٦-03-02",
    ],
)
def test_what_is_no_date_is_refused(text):
    assert ticket(opened_at=text)[1] == [("opened_at", "bad-date")]


def test_every_fault_of_a_row_is_named():
    _, bad = ticket(reference="", opened_at="", reopen_count="-1", channel="x" * 41, agent="a" * 151, closed_at="soon")
    assert bad == [
        ("closed_at", "bad-date"),
        ("reference", "missing"),
        ("channel", "too-long"),
        ("agent", "too-long"),
        ("opened_at", "missing"),
        ("reopen_count", "bad-number"),
    ]


@pytest.mark.parametrize("name", ["resolved_at", "closed_at"])
def test_an_end_before_the_opening_is_refused(name):
    assert ticket(**{name: "2026-03-02T08:59:59Z"})[1] == [(name, "before-opening")]
    assert ticket(**{name: OPENED})[1] == []


def test_without_instants_of_an_end_the_ticket_is_open():
    row, bad = ticket(status="awaiting vendor")
    assert (row.ended, row.resolved_at, row.closed_at, bad) == (False, None, None, [])
    assert row.extra == {"status": "awaiting vendor"}


def test_resolved_alone_closes_at_the_same_instant():
    row, _ = ticket(resolved_at="2026-03-03T09:00:00Z")
    assert row.ended
    assert row.closed_at == row.resolved_at == datetime(2026, 3, 3, 9, tzinfo=UTC)


def test_closed_alone_ended_without_a_resolution():
    row, _ = ticket(closed_at="2026-03-03T09:00:00Z", status="closed")
    assert (row.ended, row.resolved_at) == (True, None)


def test_a_word_for_an_end_needs_to_say_since_when():
    assert ticket(status="Closed")[1] == [("status", "no-end")]
    assert ticket({"words": {"ended": ["weg"]}}, status="weg")[1] == [("status", "no-end")]
    assert ticket(status="Closed", closed_at="soon")[1] == [("closed_at", "bad-date")]


def test_the_words_of_the_map_come_before_the_instants():
    words = {"words": {"open": ["again"], "resolved": ["done"], "ended": ["closed"]}}
    ends = {"closed_at": "2026-03-04T09:00:00Z"}
    assert ticket(words, status="Again", **ends)[0].ended is False
    assert ticket(words, status="done", **ends)[0].resolved_at == datetime(2026, 3, 4, 9, tzinfo=UTC)
    assert ticket(words, status="closed", **ends)[0].resolved_at is None


@pytest.mark.parametrize(
    ("values", "family", "path", "subject"),
    [
        ({"category": "Billing", "subcategory": "Refund"}, "Billing", "Billing/Refund", "Billing / Refund"),
        ({"category": "HEAT/HOT WATER", "subcategory": ""}, "HEAT/HOT WATER", "HEAT/HOT WATER", "HEAT/HOT WATER"),
        ({"category": "HEAT/HOT", "subcategory": "A"}, "HEAT/HOT", "HEAT/HOT/A", "HEAT/HOT / A"),
        ({"category": "Billing/Refund"}, "Billing", "Billing/Refund", "Billing / Refund"),
        ({"category": "", "subcategory": "Refund"}, "Uncategorised", "Uncategorised/Refund", "Uncategorised / Refund"),
        ({}, "Uncategorised", "Uncategorised", "Uncategorised"),
    ],
)
def test_category_and_subcategory_make_the_path(values, family, path, subject):
    row, _ = ticket(**values)
    assert (row.family, row.path, row.subject) == (family, path, subject)


def test_what_has_no_field_is_kept_as_text_with_card_numbers_masked():
    row, _ = ticket(
        {"extra": {"queue": "queue_seconds"}},
        closure_code="code 1",
        closure_note="Card 4111 1111 1111 1111",
        sla_met="",
        queue_seconds="90",
    )
    assert row.extra == {"closure_code": "code 1", "closure_note": "Card •••• •••• •••• 1111", "queue": "90"}


def test_the_digest_changes_with_the_row_and_not_with_its_line():
    row, _ = ticket(channel="phone")
    same, _ = ticket(channel=" Phone ")
    assert row.digest == same.digest
    assert ticket(channel="chat")[0].digest != row.digest


def test_signs_of_formulas_are_kept_as_they_are():
    row, bad = ticket(category="=1+1", agent="@ada", team="-x")
    assert (row.family, row.agent, row.team, bad) == ("=1+1", "@ada", "-x", [])


def test_a_state_of_the_history_needs_its_place_and_time():
    row, bad = event(state="Resolved", seq="3", actor="Updated by 2")
    assert (row.seq, row.ended, row.actor, bad) == (3, True, "Updated by 2", [])
    assert event(seq="", at="", state="", reference="")[1] == [
        ("seq", "missing"),
        ("at", "missing"),
        ("state", "missing"),
        ("reference", "missing"),
    ]
    assert event(seq="1.5", at="soon")[1] == [("seq", "bad-number"), ("at", "bad-date")]
