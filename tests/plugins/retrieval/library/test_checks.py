"""Duplicates, holes and bad values that were put into a grid are found, and nothing else."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from specframe.api import make_labels
from specframe_retrieval.library import ModelGrid, duplicate_groups, grid_report, missing_nodes

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

RNG = np.random.default_rng(5)
SPECTRA = RNG.uniform(1.0, 10.0, (30, 40))


def test_spectra_that_differ_are_no_duplicates() -> None:
    np.testing.assert_array_equal(duplicate_groups(SPECTRA), np.arange(30))


def test_identical_and_rounded_and_scaled_spectra_are() -> None:
    spectra = SPECTRA.copy()
    spectra[7] = spectra[3]
    spectra[12] = spectra[3].astype(np.float32)
    spectra[20] = 1e-11 * spectra[4]
    spectra[25] = [float(f"{value:.6e}") for value in 3.7 * spectra[4]]
    expected = np.arange(30)
    expected[[7, 12]], expected[[20, 25]] = 3, 4
    np.testing.assert_array_equal(duplicate_groups(spectra), expected)


def test_a_factor_makes_another_transmission_spectrum() -> None:
    spectra = SPECTRA.copy()
    spectra[9], spectra[10] = 2 * spectra[8], spectra[8]
    expected = np.arange(30)
    expected[10] = 8
    np.testing.assert_array_equal(duplicate_groups(spectra, scale=False), expected)


def test_a_difference_of_a_thousandth_in_one_pixel_is_a_difference() -> None:
    spectra = np.tile(SPECTRA[0], (2, 1))
    spectra[1, 17] *= 1.001
    np.testing.assert_array_equal(duplicate_groups(spectra), [0, 1])


def test_pixels_that_are_not_finite_must_be_the_same_ones() -> None:
    spectra = np.tile(SPECTRA[0], (4, 1))
    spectra[1, 3] = spectra[2, 3] = np.nan
    spectra[3, 4] = np.nan
    np.testing.assert_array_equal(duplicate_groups(spectra), [0, 1, 1, 3])


def test_spectra_of_different_lengths_are_different() -> None:
    np.testing.assert_array_equal(duplicate_groups([SPECTRA[0], SPECTRA[0][:-1], SPECTRA[0]]), [0, 1, 0])


@given(st.permutations(range(12)))
def test_groups_do_not_depend_on_the_order(order: list[int]) -> None:
    spectra = SPECTRA[:12].copy()
    spectra[[5, 8]] = spectra[1]
    spectra[11] = 2 * spectra[0]
    groups = duplicate_groups(spectra[order])
    together = {frozenset(np.array(order)[groups == group].tolist()) for group in set(groups.tolist())}
    assert together == {frozenset({1, 5, 8}), frozenset({0, 11}), *(frozenset({i}) for i in (2, 3, 4, 6, 7, 9, 10))}
    assert all(groups[group] == group for group in groups)


def test_many_identical_spectra_take_no_quadratic_time() -> None:
    begin = time.process_time()
    assert set(duplicate_groups(np.ones((4000, 20))).tolist()) == {0}
    assert time.process_time() - begin < 3.0


def test_holes_of_a_regular_grid() -> None:
    nodes = np.array(np.meshgrid([900, 1000, 1100], [4.0, 5.0], [-0.5, 0.0])).reshape(3, -1).T
    regular, n_nodes, n_missing, missing = missing_nodes(np.delete(nodes, [2, 5], axis=0))
    assert (regular, n_nodes, n_missing) == (True, 12, 2)
    assert {tuple(one) for one in missing} == {tuple(nodes[2]), tuple(nodes[5])}


def test_a_scattered_grid_has_no_holes() -> None:
    regular, _, n_missing, _ = missing_nodes(RNG.uniform(size=(200, 5)))
    assert not regular
    assert n_missing == 0


def test_the_report_says_which_labels_duplicates_leave_open() -> None:
    targets = [f"s{i}" for i in range(30)]
    values = np.column_stack([np.arange(30) % 6 * 100.0 + 500, np.arange(30) // 6 * 0.5 + 3, np.full(30, 2.0)])
    spectra = SPECTRA.copy()
    spectra[6], spectra[2, 0], spectra[3, :2] = spectra[0], -1.0, [np.nan, 0.0]
    labels = make_labels(values, targets, ["teff", "logg", "fsed"], ["K", "", ""])
    report = grid_report(targets, spectra, labels)
    assert report.duplicates == (("s0", "s6"),)
    assert report.differing == (("logg",),)
    assert report.constant == ("fsed",)
    assert report.non_finite == {"s3": 1}
    assert report.not_positive == {"s2": 1, "s3": 1}
    assert (report.regular, report.n_nodes, report.n_missing) == (True, 30, 0)
    assert (report.labels["teff"].units, report.labels["teff"].n_distinct) == ("K", 6)
    text = " ".join(report.findings())
    assert "2 of 30 spectra are duplicates, in 1 groups (first: s0, s6); they differ in logg" in text
    assert "the same in all spectra: fsed" in text
    assert "holes" not in text


def test_nothing_is_said_of_a_grid_without_flaws() -> None:
    labels = make_labels(np.arange(30.0)[:, None], [str(i) for i in range(30)], ["teff"])
    report = grid_report([str(i) for i in range(30)], SPECTRA, labels)
    assert report.findings() == []
    assert report.notes() == []


def test_the_catalogue_groups_duplicates_under_different_labels(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    flux = SPECTRA.copy()
    flux[29] = 5 * flux[0]
    np.savez(tmp_path / "g.npz", wavelength=np.arange(1, 41) / 10, flux=flux, teff=500.0 + 10 * np.arange(30))
    catalogue = ModelGrid(path=str(tmp_path / "g.npz")).catalogue()
    assert catalogue["duplicate"].sel(target="teff790").item() == "teff500"
    assert len(set(catalogue["duplicate"].values)) == 29
    assert "2 of 30 spectra are duplicates" in caplog.text


def test_a_folder_of_depths_has_no_duplicates_by_a_factor(tmp_path: Path) -> None:
    for i, factor in enumerate((1.0, 2.0, 1.0)):
        rows = "".join(f"{1 + j / 10} {factor * (1 + j)}\n" for j in range(5))
        (tmp_path / f"T{700 + i}.txt").write_text("# wavelength depth\n" + rows)
    report = ModelGrid(path=str(tmp_path), pattern="T{T}.txt").report()
    assert report.duplicates == (("T700", "T702"),)
