"""Card numbers never survive; what only looks like one mostly does."""

from datetime import UTC, datetime
from time import process_time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from followups import masking

# The schemes' published test numbers
CARDS = [
    "4111111111111111",
    "4012888888881881",
    "4222222222222",
    "4000000000000000006",
    "5555555555554444",
    "2223003122003222",
    "2720990000000007",
    "378282246310005",
    "371449635398431",
    "30569309025904",
    "38520000023237",
    "36227206271667",
    "6011111111111117",
    "6011000990139424",
    "3530111333300000",
    "6200000000000005",
    "6205500000000000004",
    "6759649826438453",
    "2200770239097761",
]


def luhn(digits):
    return sum(sum(divmod(int(d) * (1 + n % 2), 10)) for n, d in enumerate(reversed(digits))) % 10


def complete(digits):
    return digits + next(d for d in "0123456789" if luhn(digits + d) == 0)


@pytest.mark.parametrize("card", CARDS)
@pytest.mark.parametrize("before_after", [("", ""), ("Card: ", ", exp 12/27"), ("visa", "."), ("(", ")")])
def test_a_card_keeps_its_last_four_digits_alone(card, before_after):
    before, after = before_after
    assert masking.mask_cards(before + card + after) == f"{before}•••• •••• •••• {card[-4:]}{after}"


@pytest.mark.parametrize(
    "text",
    [
        "4111 1111 1111 1111",
        "4111-1111-1111-1111",
        "4111  1111  1111  1111",
        "4111 - 1111 - 1111 - 1111",
        "4111\u00a01111\u00a01111\u00a01111",
        "4111\u20131111\u20131111\u20131111",
        "411111 1111111111",
        "4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1",
    ],
)
def test_blanks_and_dashes_hide_no_card(text):
    assert masking.mask_cards(f"paid with {text} today") == "paid with •••• •••• •••• 1111 today"


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("order 12345 4111 1111 1111 1111", "order 12345 •••• •••• •••• 1111"),
        ("4111111111111111 378282246310005", "•••• •••• •••• 1111 •••• •••• •••• 0005"),
        ("4111 1111 1111 1111 5555 5555 5555 4444", "•••• •••• •••• 1111 •••• •••• •••• 4444"),
        ("2026-11-21 4111111111111111", "2026-11-21 •••• •••• •••• 1111"),
        ("4111111111111111 2026-11-21", "•••• •••• •••• 1111 2026-11-21"),
        ("+44 7911 123456 4111 1111 1111 1111", "+44 7911 123456 •••• •••• •••• 1111"),
        ("card 4111111111111111\n+1 202 555 0123", "card •••• •••• •••• 1111\n+1 202 555 0123"),
    ],
)
def test_a_card_beside_other_digits_is_found(text, masked):
    assert masking.mask_cards(text) == masked


@pytest.mark.parametrize(
    "text",
    [
        "",
        "4111111111111112",
        "1111111111111117",
        "0000000000000000",
        "411111111111",
        "41111111111111111111",
        "INC0010023",
        "#104-277",
        "+12025550123 or +49 30 901820",
        "+371449635398431",
        "+36 2272 0627 1667",
        "2026-11-21T20:15:00.123456+00:00",
        "20261121201500",
        "1763755000000",
        "2026-11-21 2026-11-22 2026-11-23 2026-11-24",
        "21-11-2026 22-11-2026 23-11-2026 24-11-2026",
        "order no. 4/11/2026, 1111 1111 1111",
        "41111111-1111-1111-1111-111111111111",
        "٤١١١١١١١١١١١١١١١",
    ],
)
def test_what_is_no_card_stays(text):
    assert masking.mask_cards(text) == text


beginnings = st.sampled_from(["4", "51", "55", "2221", "2720", "6011", "65", "3528", "62", "2200", "50"])
years_of_use = st.datetimes(datetime(1900, 1, 1), datetime(2099, 12, 31))
separators = st.sampled_from(["", " ", "-"])


@st.composite
def cards(draw):
    start = draw(st.one_of(beginnings, st.sampled_from(["34", "37"])))
    length = 15 if start in ("34", "37") else 16
    body = draw(st.text("0123456789", min_size=length - 1 - len(start), max_size=length - 1 - len(start)))
    return complete(start + body)


@given(cards(), separators, st.lists(st.integers(2, 6), min_size=9, max_size=9))
def test_no_card_survives_whatever_its_grouping(card, separator, sizes):
    groups, rest = [], card
    for size in sizes:
        groups, rest = [*groups, rest[:size]], rest[size:]
    written = separator.join(group for group in groups if group)
    assert masking.mask_cards(f"took {written}.") == f"took •••• •••• •••• {card[-4:]}."


@given(
    st.text("0123456789", min_size=1, max_size=14),
    st.integers(1, 9),
    st.lists(st.integers(1, 14), max_size=4),
)
@example("71449635398431", 3, [])
def test_no_phone_number_in_e164_changes(rest, first, cuts):
    digits = f"{first}{rest}"
    for cut in sorted({cut for cut in cuts if cut < len(digits)}, reverse=True):
        digits = f"{digits[:cut]} {digits[cut:]}"
    assert masking.mask_cards(f"+{digits}") == f"+{digits}"


@given(years_of_use, st.sampled_from(["T", " "]), st.uuids())
def test_no_instant_and_no_uuid_changes(at, between, key):
    instant = at.replace(tzinfo=UTC).isoformat(between)
    text = f"{instant} {key} {at.date()} {at.date()} {key}"
    assert masking.mask_cards(text) == text


@given(st.text(st.sampled_from("0123456789 -+.•x")), cards())
def test_masking_twice_changes_nothing_more(text, card):
    once = masking.mask_cards(f"{text} {card} {text}")
    assert masking.mask_cards(once) == once


@given(st.text())
@example("\ud800\0")
def test_text_without_digits_stays(text):
    plain = "".join(sign for sign in text if not "0" <= sign <= "9")
    assert masking.mask_cards(plain) == plain


@pytest.mark.parametrize(
    "piece",
    [
        "The customer called again about order 12345 and card 4111 1111 1111 1111. ",
        "4111111111111112 ",
        "1",
        "4 ",
        "4  -",
        "+1",
        "2026-11-2",
        "00000000-0000-",
        "-",
    ],
)
def test_a_megabyte_of_anything_takes_a_few_seconds_at_most(piece):
    text = piece * (1_000_000 // len(piece))
    began = process_time()
    masking.mask_cards(text)
    assert process_time() - began < 4


def test_mask_email_shows_how_it_begins():
    assert masking.mask_email("ada@example.org") == "a•••@e•••.org"


@pytest.mark.parametrize(
    ("address", "masked"),
    [("", ""), ("ada", "•••"), ("@example.org", "•••"), ("a@localhost", "a•••@l•••")],
)
def test_mask_email_of_odd_addresses_shows_less(address, masked):
    assert masking.mask_email(address) == masked


@pytest.mark.parametrize(
    ("number", "masked"),
    [("+12025550123", "••• 123"), ("+1 202-555-0123", "••• 123"), ("112", "•••"), ("", "")],
)
def test_mask_phone_shows_the_last_three_digits(number, masked):
    assert masking.mask_phone(number) == masked
