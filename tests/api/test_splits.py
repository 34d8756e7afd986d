"""Cross-validation folds: every target tested once, no group ever split."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from specframe.api import grouped_folds
from specframe.errors import DataError, UsageError

some_groups = st.lists(st.integers(0, 12), min_size=3, max_size=60).filter(lambda groups: len(set(groups)) >= 3)


@given(groups=some_groups, seed=st.integers(0, 2**32 - 1))
def test_every_target_is_tested_once_and_trained_on_otherwise(groups, seed):
    splits = grouped_folds(groups, 3, seed)

    tested = np.concatenate([test for _, test in splits])
    assert sorted(tested) == list(range(len(groups)))
    for train, test in splits:
        assert sorted([*train, *test]) == list(range(len(groups)))


@given(groups=some_groups, seed=st.integers(0, 2**32 - 1))
def test_a_group_is_never_on_both_sides(groups, seed):
    groups = np.array(groups)
    for train, test in grouped_folds(groups, 3, seed):
        assert not set(groups[train]) & set(groups[test])
        assert test.size > 0


@given(groups=some_groups, seed=st.integers(0, 100), shuffle=st.integers(0, 100))
def test_which_groups_meet_does_not_depend_on_the_order_of_targets(groups, seed, shuffle):
    groups = np.array(groups)
    order = np.random.default_rng(shuffle).permutation(groups.size)

    expected = {frozenset(groups[test]) for _, test in grouped_folds(groups, 3, seed)}
    assert {frozenset(groups[order][test]) for _, test in grouped_folds(groups[order], 3, seed)} == expected


def test_unique_groups_give_folds_of_equal_size():
    sizes = [test.size for _, test in grouped_folds([f"planet {i}" for i in range(538)], 5, seed=0)]
    assert sorted(sizes) == [107, 107, 108, 108, 108]


def test_groups_of_different_size_are_balanced():
    """LPT is at most 4/3 - 1/(3m) from the best possible largest fold (Graham 1969)."""
    groups = np.repeat(np.arange(40), np.random.default_rng(1).integers(1, 30, 40))
    sizes = [test.size for _, test in grouped_folds(groups, 5, seed=0)]
    assert max(sizes) - min(sizes) <= 2
    assert sum(sizes) == groups.size


def test_seed_decides_and_is_reproducible():
    names = np.arange(100)
    first, again, other = ([test.tolist() for _, test in grouped_folds(names, 5, seed)] for seed in (3, 3, 4))
    assert first == again
    assert first != other


def test_numbers_and_their_names_are_the_same_groups():
    as_numbers = [test.tolist() for _, test in grouped_folds([10, 9, 8, 7, 10], 2, seed=0)]
    as_names = [test.tolist() for _, test in grouped_folds(["10", "9", "8", "7", "10"], 2, seed=0)]
    assert as_numbers == as_names


def test_too_few_groups_says_what_to_do():
    with pytest.raises(UsageError, match=r"5 folds need at least 5 groups, but 6 targets are in 2 \(A, B\); ask for"):
        grouped_folds(list("AAABBB"), 5, seed=0)


def test_one_fold_is_refused():
    with pytest.raises(UsageError, match=r"folds \(=1\) must be at least 2"):
        grouped_folds(list("ABC"), 1, seed=0)


@pytest.mark.parametrize("groups", [[1.0, np.nan, 2.0], ["a", "", "b"], np.array(["a", None, "b"], dtype=object)])
def test_a_target_without_a_group_is_an_error(groups):
    with pytest.raises(DataError, match="1 of 3 targets have no group, the first at index 1"):
        grouped_folds(groups, 2, seed=0)
