from datetime import UTC, datetime
from decimal import Decimal

import pytest

from followups import inputs
from followups.errors import Invalid

KEEPERS = (inputs.plain, inputs.line, inputs.block, inputs.word)


@pytest.mark.parametrize("keeper", KEEPERS)
@pytest.mark.parametrize("sign", ["\x00", "\ud800", "\udfff"])  # noqa: PT014 (no twins: the first and the last half)
def test_what_no_database_keeps_is_refused_by_field(keeper, sign):
    with pytest.raises(Invalid) as refusal:
        keeper("subject", f"a{sign}b", most=10)
    assert (refusal.value.field, refusal.value.code) == ("subject", "forbidden-character")


@pytest.mark.parametrize("keeper", KEEPERS)
def test_longest_is_kept_and_one_more_is_refused(keeper):
    assert keeper("subject", "x" * 10, most=10) == "x" * 10
    with pytest.raises(Invalid) as refusal:
        keeper("subject", "x" * 11, most=10)
    assert (refusal.value.field, refusal.value.code) == ("subject", "too-long")


def test_length_is_that_after_masking():
    """A mask with its blanks is three signs longer than the sixteen digits."""
    assert inputs.line("subject", "4111111111111111", most=19) == "•••• •••• •••• 1111"
    with pytest.raises(Invalid, match="At most 18"):
        inputs.line("subject", "4111111111111111", most=18)


def test_references_keep_their_digits():
    assert inputs.plain("reference", " 4111111111111111 ", most=120) == "4111111111111111"


def test_right_to_left_and_zero_width_text_is_kept():
    assert inputs.line("subject", "שלום\u200bעולם", most=300) == "שלום\u200bעולם"


@pytest.mark.parametrize("keeper", KEEPERS)
def test_blank_is_refused_only_where_needed(keeper):
    assert keeper("subject", "", most=10) == ""
    with pytest.raises(Invalid) as refusal:
        keeper("subject", "  ", most=10, required=True)
    assert refusal.value.code == "required"


def test_word_is_lower_case():
    assert inputs.word("channel", " Phone ", most=40) == "phone"


def test_block_keeps_its_shape():
    assert inputs.block("note", " a\n\n b ") == " a\n\n b "


@pytest.mark.parametrize("value", [-1, 32_768, 2**63])
def test_count_beyond_its_column_is_refused(value):
    with pytest.raises(Invalid) as refusal:
        inputs.count("transfers", value, most=inputs.SMALL)
    assert (refusal.value.field, refusal.value.code) == ("transfers", "out-of-range")
    assert (inputs.count("transfers", 0), inputs.count("transfers", None)) == (0, None)


@pytest.mark.parametrize(
    ("value", "code"),
    [("-0.01", "too-small"), ("1e12", "out-of-range"), ("NaN", "out-of-range"), ("Infinity", "out-of-range")],
)
def test_amount_that_is_none_is_refused(value, code):
    with pytest.raises(Invalid) as refusal:
        inputs.amount("annual_value", Decimal(value))
    assert refusal.value.code == code
    assert inputs.amount("annual_value", Decimal("999999999999.99")) == Decimal("999999999999.99")


@pytest.mark.parametrize("year", [1, 1899, 2101, 9999])
def test_instant_that_no_clock_shows_is_refused(year):
    with pytest.raises(Invalid) as refusal:
        inputs.instant("at", datetime(year, 12, 31, 23, 59, tzinfo=UTC))
    assert refusal.value.code == "out-of-range"


def test_pairs_are_bounded_and_named():
    assert inputs.pairs("extra", {"card": "4111 1111 1111 1111"}) == {"card": "•••• •••• •••• 1111"}
    with pytest.raises(Invalid) as refusal:
        inputs.pairs("extra", {"note": "\x00"})
    assert refusal.value.field == "extra.note"
    with pytest.raises(Invalid) as refusal:
        inputs.pairs("extra", {str(turn): "" for turn in range(51)})
    assert refusal.value.code == "too-many"
