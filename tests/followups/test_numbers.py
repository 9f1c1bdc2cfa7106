"""Ticket numbers catch slips; phones and addresses have one spelling."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from followups import numbers

serials = st.integers(1, 10**12)


@pytest.mark.parametrize(("serial", "number"), [(572, "5724"), (1, "13"), (10427, "104277")])
def test_with_check_appends_the_check_digit(serial, number):
    assert numbers.with_check(serial) == number
    assert numbers.is_valid(number)


@pytest.mark.parametrize("serial", [0, -7])
def test_with_check_needs_a_serial_from_one_on(serial):
    with pytest.raises(ValueError, match="start at 1"):
        numbers.with_check(serial)


@given(serials)
def test_a_number_is_the_serial_and_one_digit(serial):
    number = numbers.with_check(serial)
    assert number[:-1] == str(serial)
    assert numbers.is_valid(number)
    assert numbers.normalise(number) == number


@given(serials)
def test_every_single_wrong_digit_is_caught(serial):
    number = numbers.with_check(serial)
    for place, right in enumerate(number):
        for wrong in set("0123456789") - {right}:
            assert not numbers.is_valid(number[:place] + wrong + number[place + 1 :])


@given(serials)
def test_every_swap_of_neighbours_is_caught(serial):
    number = numbers.with_check(serial)
    for place in range(len(number) - 1):
        one, two = number[place : place + 2]
        if one != two:
            assert not numbers.is_valid(number[:place] + two + one + number[place + 2 :])


@pytest.mark.parametrize(
    "text", ["", "4", "05724", "5724 ", "\u096b\u096d\u0968\u096a", "²3", "57a4", "5724\n", "1" * 40]
)
def test_is_valid_knows_one_spelling_only(text):
    assert not numbers.is_valid(text)


@pytest.mark.parametrize(
    ("number", "spoken"),
    [
        ("13", "13"),
        ("104", "104"),
        ("5724", "57 24"),
        ("10427", "104 27"),
        ("104277", "104 277"),
        ("1042731", "104 27 31"),
        ("10427715", "104 277 15"),
        ("104277159", "104 277 159"),
    ],
)
def test_read_aloud_groups_by_three_and_leaves_no_digit_alone(number, spoken):
    assert numbers.read_aloud(number) == spoken


@given(serials)
def test_what_is_read_aloud_is_found_again(serial):
    number = numbers.with_check(serial)
    spoken = numbers.read_aloud(number)
    assert numbers.normalise(spoken) == number
    assert all(len(group) in (2, 3) for group in spoken.split())


@pytest.mark.parametrize(
    "text",
    [
        "104277",
        "#104277",
        " # 104 277 ",
        "104-277",
        "10 42 77",
        "104\u2013277",
        "104\u00a0277",
        "104.277",
    ],
)
def test_normalise_accepts_what_people_type(text):
    assert numbers.normalise(text) == "104277"


@pytest.mark.parametrize(
    "text",
    [
        "104274",
        "",
        "#",
        "ticket 104277",
        "0104277",
        "104--277",
        "ada",
        "1" * 500,
        "104277;",
        "\u0967\u0966\u096a\u0968\u096d7",
    ],
)
def test_normalise_of_anything_else_is_none(text):
    assert numbers.normalise(text) is None


@given(st.text())
@example("\0")
@example("\ud800")
def test_no_text_breaks_the_readers(text):
    for read in (numbers.normalise, numbers.email, lambda t: numbers.phone(t, region="US")):
        found = read(text)
        assert found is None or found == read(found)


@pytest.mark.parametrize(
    ("text", "region", "expected"),
    [
        ("(202) 555-0123", "US", "+12025550123"),
        ("+44 20 7946 0958", "US", "+442079460958"),
        ("020 7946 0958", "GB", "+442079460958"),
        ("030 901820", "DE", "+4930901820"),
        ("0049 30 901820", "DE", "+4930901820"),
        ("202 555 0123 ext. 7", "US", "+12025550123"),
        ("tel:+1-202-555-0123", "US", "+12025550123"),
    ],
)
def test_phone_becomes_e164(text, region, expected):
    assert numbers.phone(text, region=region) == expected


@pytest.mark.parametrize("text", ["", "ada", "555-0123", "12345", "+", "1" * 30, "+1" + "2" * 80, "ada@example.org"])
def test_phone_of_anything_else_is_none(text):
    assert numbers.phone(text, region="US") is None


def test_email_is_trimmed_and_lower_case():
    assert numbers.email("  Ada.Lovelace@Example.ORG\n") == "ada.lovelace@example.org"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ada",
        "ada@",
        "@example.org",
        "ada@example",
        "a b@example.org",
        "a@b@example.org",
        "a@x." + "o" * 300,
    ],
)
def test_email_of_anything_else_is_none(text):
    assert numbers.email(text) is None


def test_phone_words_are_grouped_for_people():
    assert numbers.phone_words("+12125550101") == "+1 212-555-0101"
    assert numbers.phone_words("+442079460100") == "+44 20 7946 0100"
    assert numbers.phone_words("nothing") == "nothing"
