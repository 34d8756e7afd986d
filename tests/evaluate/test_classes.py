"""Targets sorted into classes."""

from __future__ import annotations

import numpy as np
import pytest

from specframe.errors import DataError
from specframe.evaluate import target_classes


def listed(classes):
    return {name: rows.tolist() for name, rows in classes.items()}


def test_few_values_are_classes_in_order():
    assert listed(target_classes(["M", "G", "", "M"])) == {"G": [1], "M": [0, 3]}
    assert listed(target_classes([10.0, 2.0, np.nan, 10.0], "K")) == {"2 K": [1], "10 K": [0, 3]}
    assert listed(target_classes([True, False])) == {"False": [1], "True": [0]}


def test_many_numbers_are_cut_into_quarters():
    values = np.random.default_rng(0).permutation(100) + 0.5
    classes = target_classes(values)
    assert list(classes) == ["0.5 to 24.5", "25.5 to 49.5", "50.5 to 74.5", "75.5 to 99.5"]
    assert all(rows.size == 25 for rows in classes.values())
    assert sorted(values[classes["0.5 to 24.5"]]) == list(np.arange(25) + 0.5)


def test_equal_numbers_are_not_parted():
    values = np.r_[np.zeros(60), np.arange(1, 41)]
    assert list(target_classes(values)) == ["0 to 0", "1 to 15", "16 to 40"]


def test_too_many_names_or_none_are_errors():
    with pytest.raises(DataError, match="13 different values are too many classes"):
        target_classes([f"star {i}" for i in range(13)])
    with pytest.raises(DataError, match="none of the targets has a value"):
        target_classes([np.nan, np.nan])
