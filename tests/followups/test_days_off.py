"""Holidays are proposed by country and part; what is unknown proposes nothing."""

from datetime import date

import pytest

from followups import days_off


def test_countries_and_their_parts_have_names():
    assert days_off.countries()["US"] == "United States"
    assert list(days_off.countries().values()) == sorted(days_off.countries().values())
    assert days_off.parts("DE")["BY"] == "Bayern (BY)"
    assert days_off.parts("XX") == {}


def test_the_days_of_a_part_in_english():
    found = days_off.proposed("DE", "BY", [2026])
    assert found[date(2026, 1, 6)] == "Epiphany"
    assert date(2026, 1, 6) not in days_off.proposed("DE", "HH", [2026])
    assert list(found) == sorted(found)
    assert {on.year for on in days_off.proposed("US", "", [2026, 2027])} == {2026, 2027}
    assert days_off.proposed("US", "", [2026])[date(2026, 11, 26)] == "Thanksgiving Day"


@pytest.mark.parametrize(("country", "part"), [("XX", ""), ("", ""), ("DE", "XX"), ("us", "")])
def test_what_is_unknown_proposes_nothing(country, part):
    assert days_off.proposed(country, part, [2026]) == {}
