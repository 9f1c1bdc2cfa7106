"""Maps: what they may say, and how they are bound to a header."""

import json
from pathlib import Path

import pytest

from followups import errors
from followups.actions import import_maps

MAPS = Path(__file__).parents[2] / "samples" / "maps"
HEADER = ["call_ref", "Started at", "ended_at", "outcome", "team", "rest"]
CALLS = {
    "reference": "call_ref",
    "opened_at": "started AT",
    "closed_at": ["ended_at", "started at"],
    "channel": {"const": "phone"},
    "team": None,
    "extra": {"left": "rest"},
    "skip": {"outcome": ["PHANTOM"]},
}


def bound(raw, header=HEADER):
    return import_maps.bind_tickets(import_maps.read(raw), header)


def refusal(raw, header=HEADER) -> tuple[str, str]:
    with pytest.raises(errors.Invalid) as caught:
        bound(raw, header)
    return caught.value.code, caught.value.message


def test_a_field_comes_from_a_column_the_first_filled_of_several_or_a_constant():
    values = bound(CALLS).values([" K-1 ", "08:00", "", "AGENT", "North", "x"])
    assert values == {
        "reference": "K-1",
        "opened_at": "08:00",
        "closed_at": "08:00",
        "channel": "phone",
        "extra left": "x",
    }
    assert bound(CALLS).values(["K-1", "08:00", "09:00", "", "", ""])["closed_at"] == "09:00"


def test_the_fields_may_stand_under_a_key_of_their_own():
    fields = {name: said for name, said in CALLS.items() if name not in ("extra", "skip")}
    nested = {"fields": fields, "extra": CALLS["extra"], "skip": CALLS["skip"]}
    assert import_maps.read(nested) == import_maps.read(CALLS)


def test_rows_to_skip_are_known_by_a_word():
    binding = bound(CALLS)
    assert binding.skips(["K-1", "", "", "PHANTOM", "", ""]) is True
    assert binding.skips(["K-1", "", "", "AGENT", "", ""]) is False


def test_columns_that_nothing_uses_are_listed():
    assert bound(CALLS).ignored == ("team",)
    assert bound({}, ["reference", "opened_at", "mood"]).ignored == ("mood",)


def test_words_stand_for_open_resolved_and_ended():
    chosen = import_maps.read({"words": {"open": ["Waiting"], "resolved": ["Done"], "ended": ["Dropped"]}})
    assert [chosen.standing(word) for word in ("waiting", "DONE", "dropped", "else")] == [
        "open",
        "resolved",
        "ended",
        "",
    ]
    assert [chosen.is_end(word) for word in ("Waiting", "Done", "Resolved", "Active")] == [False, True, True, False]


@pytest.mark.parametrize(
    ("raw", "code", "part"),
    [
        ([], "bad-map", "JSON object"),
        ({"opend_at": "x"}, "bad-map", '"opend_at"'),
        ({"reference": 7}, "bad-map", '"reference"'),
        ({"reference": {"const": "x", "also": 1}}, "bad-map", '"reference"'),
        ({"closed_at": []}, "bad-map", '"closed_at"'),
        ({"words": {"shut": ["x"]}}, "bad-map", "words"),
        ({"words": {"open": "x"}}, "bad-map", "lists of texts"),
        ({"skip": ["x"]}, "bad-map", "skip"),
        ({"zone": "Mars/Olympus"}, "bad-map", "Mars/Olympus"),
        ({"events": {"when": "x"}}, "bad-map", '"when"'),
        ({"reference": "call ref", "opened_at": "started at"}, "unknown-column", '"call ref"'),
        ({"reference": "call_ref"}, "missing-column", '"opened_at"'),
        ({"opened_at": "started at"}, "missing-column", '"reference"'),
    ],
)
def test_what_a_map_says_wrongly_is_named(raw, code, part):
    found, message = refusal(raw)
    assert found == code
    assert part in message


@pytest.mark.parametrize("name", ["bank_calls", "nyc311"])
def test_the_sample_maps_can_be_read(name):
    import_maps.read(json.loads((MAPS / f"{name}.json").read_text(encoding="utf-8")))
