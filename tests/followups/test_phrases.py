"""Hints on closing notes: sure of themselves, at most one, and quick whatever is pasted."""

import csv
import os
from pathlib import Path
from time import process_time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from followups import phrases

REAL_DATA = os.environ.get("DESK_REAL_DATA")
CONTRADICTS = "note-contradicts-outcome"
PROMISES = "promise-without-follow-up"


def codes(note, outcome="resolved", has_follow_up=False, off=frozenset()):
    hints = phrases.check(note, outcome=outcome, has_follow_up=has_follow_up, off=off)
    return [hint.code for hint in hints]


@pytest.mark.parametrize(
    ("note", "rule"),
    [
        ("Told her nothing more can be done.", "nothing-more"),
        ("There is nothing else we can do here", "nothing-more"),
        ("No workaround available.", "nothing-more"),
        ("Sorry, we can't change the date.", "not-able"),
        ("I\u2019m afraid that cannot be refunded", "not-able"),
        ("Unable to refund, customer informed.", "opens-with-no"),
        ("Spoke to her. Cannot reverse the fee.", "opens-with-no"),
        ("This feature is currently not available.", "not-possible"),
        ("Claim was denied, customer told.", "refused"),
        ("Device is out of warranty", "refused"),
        ("Engineer visited, no fault found.", "nothing-found"),
        ("The technician did not find the leak.", "nothing-found"),
        ("Crew was not able to gain access to the flat.", "no-access"),
        ("Closed: not enough information to go on.", "too-little-known"),
        ("That is not our department.", "not-ours"),
        ("Inspected, no action was taken.", "no-action"),
        ("Wir k\u00f6nnen da leider nichts mehr tun.", "german"),
        ("Leider nicht m\u00f6glich.", "german"),
        ("Nous ne pouvons rien faire de plus.", "french"),
        ("No se puede hacer nada m\u00e1s.", "spanish"),
        ("Lamentablemente no es posible.", "spanish"),
    ],
)
def test_a_refusal_contradicts_resolved(note, rule):
    assert phrases.dead_end(note) == rule
    assert codes(note) == [CONTRADICTS]
    assert codes(note, outcome="withdrawn") == []


@pytest.mark.parametrize(
    "note",
    [
        "Router replaced, she confirmed that it works now.",
        "We cannot change the date, so we refunded the ticket.",
        "No fault found at first, then replaced the cable.",
        "Could not reach the depot, parcel was resent today.",
        "Not available in blue, but we can send it in red.",
        "If you cannot sign in, use the code from the letter.",
        "Walked her through the steps, nothing else needed.",
        "Refund was not possible online, so credited by hand.",
        "Customer asked whether nothing can be done. Fee waived.",
        "Duplicate of 104277.",
        "Explained the bill, no further action required.",
        "Tested the line, no fault found, customer is happy.",
        "No problem, happy to help.",
        "Noch nicht da gewesen, heute geliefert und erledigt.",
        "Impossible hier, r\u00e9solu aujourd'hui.",
    ],
)
def test_a_remedy_beside_a_refusal_is_no_contradiction(note):
    assert phrases.dead_end(note) is None


@pytest.mark.parametrize(
    "note", ["Could not be fixed, nothing can be done.", "We are unable to refund: never delivered."]
)
def test_a_remedy_that_did_not_happen_redeems_nothing(note):
    assert codes(note) == [CONTRADICTS]


@pytest.mark.parametrize(
    ("note", "rule"),
    [
        ("Explained the bill. I will call her on Thursday.", "we-will"),
        ("We'll get back to you by Friday with the answer", "we-will"),
        ("Checked with the depot. Will call back tomorrow", "will-call"),
        ("Promised to email the contract.", "promised"),
        ("Callback on Monday after ten", "call-back-on"),
        ("Sie ist informiert, wir melden uns am Montag.", "german-promise"),
        ("Ich rufe die Kundin morgen zur\u00fcck.", "german-promise"),
        ("Nous vous rappellerons demain.", "french-promise"),
        ("Le llamaremos ma\u00f1ana.", "spanish-promise"),
    ],
)
@pytest.mark.parametrize("outcome", ["resolved", "withdrawn"])
def test_a_promise_in_the_note_wants_a_follow_up(note, rule, outcome):
    hints = phrases.check(note, outcome=outcome, has_follow_up=False)
    assert [(hint.code, hint.rule) for hint in hints] == [(PROMISES, rule)]
    assert codes(note, outcome, has_follow_up=True) == []


@pytest.mark.parametrize(
    "note",
    [
        "Customer will call back with her number.",
        "She promised to call back after her holiday.",
        "Asked her to call back on Monday if it returns.",
        "Called her back as promised, all good.",
        "He checks the fuse and will call back.",
        "If it fails again I will call the depot.",
    ],
)
def test_what_the_customer_will_do_is_no_promise_of_ours(note):
    assert codes(note) == []


@pytest.mark.parametrize(
    "note", ["Noted", "CLEAR", ".", "n/a", "Case noted", "ok", " -- ", "See notes.", "Resolved", "\u2705"]
)
def test_a_note_that_says_nothing_is_hinted_at(note):
    assert codes(note, has_follow_up=True) == ["blank-note"]


@pytest.mark.parametrize("note", ["", "  \n", "Fee waived", "Password reset", "Noted: crew on Tuesday"])
def test_no_note_and_a_short_good_one_are_left_alone(note):
    assert codes(note) == []


def test_the_weightiest_hint_comes_alone():
    assert codes("Nothing can be done. Colleague will call her.", off=frozenset({"blank"})) == [PROMISES]
    assert codes("No fault found. I will ring the customer.") == [PROMISES]
    assert codes("Sorry, we cannot help. Promised to call back.") == [CONTRADICTS]


def test_a_rule_that_is_off_is_silent_and_the_others_speak():
    note = "Unable to refund. Device is out of warranty."
    assert phrases.dead_end(note) == "opens-with-no"
    assert phrases.dead_end(note, off=frozenset({"opens-with-no"})) == "refused"
    assert codes(note, off=frozenset(phrases.rules())) == []
    assert codes("Noted", off=frozenset({"blank"})) == []


def test_rules_have_names_of_their_own():
    names = phrases.rules()
    assert len(set(names)) == len(names)
    assert {"nothing-more", "we-will", "blank"} <= set(names)


def test_a_hint_names_its_rule_and_speaks_in_a_sentence():
    (hint,) = phrases.check("Noted", outcome="resolved", has_follow_up=False)
    assert (hint.code, hint.rule) == ("blank-note", "blank")
    assert hint.message.endswith(".")


def test_the_beginning_and_the_end_of_a_long_note_are_read():
    log = "12:01 ping ok. " * 2000
    assert codes(f"Nothing more can be done. {log}") == [CONTRADICTS]
    assert codes(f"{log} Nothing more can be done.") == [CONTRADICTS]


@given(st.text(), st.booleans())
@example("\0\ud800\u202e", True)
@example("\ufdfa" * 3000, False)
def test_no_text_breaks_the_check(note, has_follow_up):
    assert len(phrases.check(note, outcome="resolved", has_follow_up=has_follow_up)) <= 1


@pytest.mark.parametrize(
    "piece",
    [
        "The caller asked about order 12345 and we saw it on its way. ",
        "we will not ",
        "no ",
        "if ",
        "leider ",
        "a",
        " ",
        "\u00fc",
        "sorry ",
    ],
)
@pytest.mark.parametrize("size", [10_000, 1_000_000])
def test_a_note_of_any_size_is_checked_in_a_millisecond(piece, size):
    note = piece * (size // len(piece))
    spent = []
    for _ in range(20):
        began = process_time()
        phrases.check(note, outcome="resolved", has_follow_up=False)
        spent.append(process_time() - began)
    assert min(spent) < 0.001


@pytest.mark.skipif(not REAL_DATA, reason="DESK_REAL_DATA is not set: phrases/dev.tsv is not there to judge the rules")
def test_nine_in_ten_contradictions_found_in_real_notes_are_right():
    with (Path(REAL_DATA) / "phrases" / "dev.tsv").open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file, delimiter="\t") if row["label"] != "unclear"]
    found = [row["label"] for row in rows if phrases.dead_end(row["text"])]
    assert len(found) >= 30
    assert found.count("dead_end") / len(found) >= 0.9
