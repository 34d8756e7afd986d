"""Sizes in bytes are read strictly."""

from __future__ import annotations

import pytest

from specframe.config.size import read_size, size_text
from specframe.errors import UsageError


@pytest.mark.parametrize(
    ("text", "size"),
    [("20GB", 20_000_000_000), ("500 MiB", 524_288_000), ("1.5kB", 1500), ("0", 0), ("7 B", 7), (123, 123)],
)
def test_a_number_and_a_unit_are_bytes(text: str | int, size: int) -> None:
    assert read_size(text) == size


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("20", "the unit is missing, write 20GB"),
        ("20gb", "write 20GB"),
        ("20G", "write 20GB"),
        ("20KB", "write 20kB"),
        ("-1GB", "units are"),
        ("1e9B", "units are"),
        ("nanGB", "units are"),
        ("", "units are"),
        ("20GB ", "write 20GB"),
        ("1.2.3GB", "units are"),
        ("9" * 400 + "GB", ""),
    ],
)
def test_anything_else_is_refused_with_how_to_write_it(text: str, advice: str) -> None:
    with pytest.raises(UsageError, match="a size is a number and a unit") as caught:
        read_size(text)
    assert advice in str(caught.value)


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0 B"), (999, "999 B"), (1500, "1.5 kB"), (123_456, "123 kB"), (20e9, "20 GB"), (99_960_000, "100 MB")],
)
def test_a_size_is_shown_with_three_digits(size: float, text: str) -> None:
    assert size_text(size) == text
