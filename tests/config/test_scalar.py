"""Unquoted values mean what the core schema of YAML 1.2 says, and nothing else does."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from specframe.config.scalar import read_scalar, scalar_advice


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-3", 0.001),
        ("1E+3", 1000.0),
        ("-1e3", -1000.0),
        ("1.", 1.0),
        (".5", 0.5),
        ("-.5e1", -5.0),
        ("+7", 7),
        ("-0", 0),
        ("0x1F", 31),
        ("0o17", 15),
        ("~", None),
        ("", None),
        ("null", None),
        ("NULL", None),
        ("True", True),
        ("false", False),
    ],
)
def test_numbers_truth_values_and_null_are_read(text: str, value: object) -> None:
    read = read_scalar(text)
    assert read == value
    assert type(read) is type(value)


@pytest.mark.parametrize(
    "text",
    [
        *("yes", "no", "on", "off", "y", "tRUE", "nUll", "None"),
        *("2024-01-01", "2024-01-01T12:00:00", "12:30:45", "190:20:30.15"),
        *(
            "5.3 um",
            "1_000",
            "1,000",
            "007",
            "-012",
            "00.5",
            "0b1",
            "0o8",
            "-0x1",
            "1e",
            "e3",
            ".",
            "-",
            "+.e3",
            "1.5.2",
        ),
        *("٣", "１２", "1 000", "${vars.x}", "inf", "nan"),
    ],
)
def test_everything_else_is_text(text: str) -> None:
    assert read_scalar(text) == text


@pytest.mark.parametrize("text", [".inf", "-.Inf", ".NAN", "1e999", "9" * 301, "0x" + "f" * 400])
def test_what_no_double_can_hold_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"finite|too large"):
        read_scalar(text)


@settings(deadline=None)
@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_float_reads_back_from_its_repr(value: float) -> None:
    assert read_scalar(repr(value)) == value


@settings(deadline=None)
@given(st.integers(-(10**290), 10**290))
def test_an_integer_reads_back_from_its_digits(value: int) -> None:
    assert read_scalar(str(value)) == value


@pytest.mark.parametrize(
    ("text", "quoted", "number", "truth", "advice"),
    [
        ("yes", False, False, True, "write true"),
        ("Off", False, False, True, "write false"),
        ("no", False, True, False, ""),
        ("3", True, True, False, "take the quotes away"),
        ("true", True, False, True, "take the quotes away"),
        ("true", True, True, False, ""),
        ("1_000", False, True, False, "write 1000"),
        ("1,000.5", True, True, False, "write 1000.5"),
        ("-007", False, True, False, "write -7"),
        ("three", False, True, False, ""),
    ],
)
def test_a_text_that_was_meant_as_a_number_or_truth_value_is_explained(
    text: str, quoted: bool, number: bool, truth: bool, advice: str
) -> None:
    assert scalar_advice(text, quoted, number, truth) == advice
