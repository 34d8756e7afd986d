"""Which targets are learned from, and an order of theirs that does not hang on how they were given."""

from __future__ import annotations

import logging

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from specframe.api import target_order, training_weights
from specframe.errors import DataError

NAMES = ["a", "b", "c", "d", "e"]


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_targets_given_in_another_order_end_in_the_same(seed: int) -> None:
    rng = np.random.default_rng(seed)
    matrix, images = rng.normal(size=(9, 4)), rng.normal(size=(9, 2, 3)).astype("f4")
    matrix[3, 1] = np.nan
    shuffled = rng.permutation(9)
    first = target_order(matrix, images)
    second = target_order(np.asfortranarray(matrix[shuffled]), images[shuffled])
    assert sorted(first) == list(range(9))
    assert np.array_equal(first, shuffled[second])


def test_every_array_has_a_say() -> None:
    """Of targets with equal inputs the labels tell which is which."""
    equal, labels = np.zeros((40, 2)), np.arange(40.0)
    backwards = target_order(equal, labels[::-1])
    assert np.array_equal(39 - backwards, target_order(equal, labels))
    assert np.array_equal(target_order(equal), np.arange(40))


def test_targets_with_inputs_and_weight_count(caplog: pytest.LogCaptureFixture) -> None:
    """The weights of those that count, 1, 3 and 2, have a mean of 2."""
    with caplog.at_level(logging.WARNING):
        weight = training_weights("ridge", NAMES, [True, False, True, True, True], [1.0, 9.0, 0.0, 3.0, 2.0])
    assert weight.tolist() == [0.5, 0.0, 0.0, 1.5, 1.0]
    assert [record.getMessage() for record in caplog.records] == [
        "ridge: targets without any input are left out of the fit: b"
    ]


def test_without_weights_all_count_the_same(caplog: pytest.LogCaptureFixture) -> None:
    assert training_weights("ridge", NAMES, np.ones(5, bool), None).tolist() == [1.0] * 5
    assert not caplog.records


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_weights_do_not_hang_on_the_order(seed: int) -> None:
    given_weight = np.random.default_rng(seed).lognormal(0.0, 2.0, 5)
    weight = training_weights("ridge", NAMES, np.ones(5, bool), given_weight)
    assert training_weights("ridge", NAMES, np.ones(5, bool), given_weight[::-1]).tolist() == weight[::-1].tolist()


def test_too_few_are_refused() -> None:
    known = [True, True, False, False, False]
    with pytest.raises(DataError, match="flat: 2 targets with depths to learn from, expected at least 3"):
        training_weights("flat", NAMES, known, None, needs="depths")
    assert np.count_nonzero(training_weights("flat", NAMES, known, None, at_least=2)) == 2


def test_what_are_no_weights_is_refused() -> None:
    with pytest.raises(DataError, match="sample_weight must be 5 finite numbers"):
        training_weights("flat", NAMES, np.ones(5, bool), [1.0, -1.0, 1.0, 1.0, 1.0])
