"""Meters, unit lengths and multipliers."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hf_abc.notation.meter import (
    WHOLE,
    default_length,
    length_text,
    multiplier,
    parse_length,
    parse_meter,
)


@pytest.mark.parametrize(
    ("text", "numerator", "denominator"),
    [
        ("4/4", 4, 4), (" 6/8 ", 6, 8), ("C", 4, 4), ("C|", 2, 2), ("c|", 2, 2), ("12/8", 12, 8),
        ("2+3/8", 5, 8), ("(2+3+2)/8", 7, 8), ("3/4 % a comment", 3, 4),
    ],
)  # fmt: skip
def test_meters(text: str, numerator: int, denominator: int) -> None:
    meter = parse_meter(text)
    assert (meter.numerator, meter.denominator) == (numerator, denominator)
    assert meter.ticks == WHOLE * numerator // denominator


@pytest.mark.parametrize("text", ["none", "", "6/0", "0/4", "6/", "swing", "999/8", "C 4"])
def test_what_is_no_meter_is_free(text: str) -> None:
    assert parse_meter(text).ticks is None


@pytest.mark.parametrize(
    ("text", "beam"),
    [
        ("6/8", 3 / 8),
        ("9/8", 3 / 8),
        ("3/8", 3 / 8),
        ("4/4", 1 / 2),
        ("C|", 1 / 2),
        ("2/4", 1 / 4),
        ("3/4", 1 / 4),
    ],
)
def test_beams(text: str, beam: float) -> None:
    assert parse_meter(text).beam == WHOLE * beam


@pytest.mark.parametrize(
    ("meter", "length"), [("2/4", "1/16"), ("3/8", "1/16"), ("3/4", "1/8"), ("6/8", "1/8"), ("none", "1/8")]
)
def test_the_unit_length_that_a_meter_implies(meter: str, length: str) -> None:
    """Standard 2.1, §3.1.7: below 0.75 it is a sixteenth."""
    assert default_length(parse_meter(meter)) == Fraction(length)


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("1/8", "1/8"),
        (" 1/16 ", "1/16"),
        ("1", "1"),
        ("1/0", None),
        ("0/8", None),
        ("", None),
        ("-1/8", None),
    ],
)
def test_unit_lengths(text: str, length: str | None) -> None:
    assert parse_length(text) == (Fraction(length) if length else None)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", "1"), ("2", "2"), ("/", "1/2"), ("//", "1/4"), ("///", "1/8"), ("3/2", "3/2"), ("/4", "1/4"),
        ("3/", "3/2"), ("3//", "3/4"), ("0", "1"), ("2/0", "2"),
    ],
)  # fmt: skip
def test_multipliers(text: str, value: str) -> None:
    assert multiplier(text) == Fraction(value)


def test_absurd_multipliers_are_read_and_stay_small() -> None:
    assert multiplier("9" * 10_000) == 999_999
    assert multiplier("/" * 10_000) == Fraction(1, 2**17)
    assert multiplier("1/" + "9" * 10_000) == Fraction(1, 999_999)


@given(st.fractions(min_value=Fraction(1, 64), max_value=64, max_denominator=64))
def test_a_multiplier_is_written_as_it_is_read(value: Fraction) -> None:
    assert multiplier(length_text(value)) == value


@pytest.mark.parametrize(
    ("value", "text"), [("1", ""), ("2", "2"), ("1/2", "/"), ("1/4", "//"), ("3/2", "3/2")]
)
def test_the_shortest_spelling(value: str, text: str) -> None:
    assert length_text(Fraction(value)) == text
