from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from scipy.interpolate import LinearNDInterpolator, RegularGridInterpolator
from scipy.spatial import Delaunay

from specframe.errors import DataError, ParameterError
from specframe_retrieval import GridInterpolator

TEFF, LOGG, Z = np.array([900.0, 1000.0, 1200.0]), np.array([3.49, 4.0, 5.0]), np.array([-0.5, 0.0])
LABELS = np.array(list(product(TEFF, LOGG, Z)))
#: Some 40 pixels whose logarithm is multilinear in the labels, cross terms included.
TERMS = np.random.default_rng(3).normal(size=(8, 40))


def multilinear(labels: np.ndarray) -> np.ndarray:
    """log flux = sum of coefficients times all products of the standardised labels."""
    t, g, z = (np.atleast_2d(labels) - [1000.0, 4.0, 0.0]).T / np.array([[100.0], [1.0], [1.0]])
    products = np.stack([np.ones_like(t), t, g, z, t * g, t * z, g * z, t * g * z], axis=1)
    return np.exp(0.3 * products @ TERMS)


@pytest.fixture
def grid() -> GridInterpolator:
    return GridInterpolator(LABELS, multilinear(LABELS), ["teff", "logg", "z"])


def within(n: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).uniform(LABELS.min(axis=0), LABELS.max(axis=0), (n, 3))


def test_what_is_multilinear_in_log_flux_is_exact(grid):
    asked = within(200)
    assert grid.inside(asked).all()
    np.testing.assert_allclose(grid.spectrum(asked), multilinear(asked), rtol=1e-12)


def test_at_the_nodes_the_grid_itself_comes_back(grid):
    np.testing.assert_allclose(grid.spectrum(LABELS), grid.flux, rtol=1e-12)


def test_linear_space_agrees_with_scipy():
    flux = np.random.default_rng(0).normal(size=(len(LABELS), 11))
    scipy = RegularGridInterpolator((TEFF, LOGG, Z), flux.reshape(3, 3, 2, 11))
    asked = within(50)
    np.testing.assert_allclose(GridInterpolator(LABELS, flux, space="linear").spectrum(asked), scipy(asked), atol=1e-12)


def test_the_order_of_spectra_does_not_matter(grid):
    order = np.random.default_rng(1).permutation(len(LABELS))
    shuffled = GridInterpolator(LABELS[order], multilinear(LABELS[order]))
    np.testing.assert_allclose(shuffled.spectrum(within(20)), grid.spectrum(within(20)), rtol=1e-12)


def test_one_vector_gives_one_spectrum(grid):
    assert grid.spectrum([950.0, 4.5, -0.1]).shape == (40,)
    assert grid.inside([950.0, 4.5, -0.1]) is True


def test_outside_is_nan_and_is_told(grid):
    found = grid.interpolate([[818.0, 4.0, 0.0], [950.0, 4.0, 0.0], [np.nan, 4.0, 0.0]])
    assert found.inside.tolist() == [False, True, False]
    assert np.isnan(found.flux).all(axis=1).tolist() == [True, False, True]


def test_clamped_spectra_say_which_labels_they_have(grid):
    found = grid.interpolate([[818.0, 5.7, -0.2], [950.0, 4.0, 0.0]], outside="clamp")
    assert found.inside.tolist() == [False, True]
    np.testing.assert_array_equal(found.parameters, [[900.0, 5.0, -0.2], [950.0, 4.0, 0.0]])
    np.testing.assert_allclose(found.flux, multilinear(found.parameters), rtol=1e-12)


def test_some_of_many_are_clamped_and_the_others_stay():
    """Of a triangle of nodes: one inside, one moved to the end of a label, one put to the nearest node, one unknown."""
    labels = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    grid = GridInterpolator(labels, np.exp(labels))
    asked = [[0.9, 0.8], [0.25, 0.5], [-3.0, 0.5], [np.nan, 0.2]]
    found = grid.interpolate(asked, outside="clamp")
    np.testing.assert_allclose(found.parameters, [[1.0, 0.0], [0.25, 0.5], [0.0, 0.5], [np.nan, 0.2]])
    assert found.inside.tolist() == [False, True, False, False]
    np.testing.assert_allclose(found.flux[:3], np.exp(found.parameters[:3]))
    assert np.isnan(found.flux[3]).all()


def test_labels_at_the_edge_are_inside_despite_rounding(grid):
    assert grid.inside([1200.0 * (1 + 1e-13), 3.49 - 1e-13, 0.0])


def test_a_hole_does_not_touch_complete_cells(grid):
    kept = ~((LABELS[:, 0] == 1200.0) & (LABELS[:, 1] == 5.0))
    holed = GridInterpolator(LABELS[kept], multilinear(LABELS[kept]))
    asked = within(200, 1)
    away = (asked[:, 0] < 1000.0) | (asked[:, 1] < 4.0)
    np.testing.assert_allclose(holed.spectrum(asked[away]), multilinear(asked[away]), rtol=1e-12)


def test_a_hole_is_bridged_by_a_simplex_or_refused():
    """A plane is exact in any simplex, wherever the hole is."""
    hole = (LABELS[:, 0] == 1000.0) & (LABELS[:, 1] == 4.0)
    plane = np.exp(LABELS @ np.array([[1e-3, -2e-3], [0.2, 0.1], [0.5, -0.4]]))
    asked = np.array([[980.0, 4.1, -0.2], [1000.0, 4.0, 0.0], [1010.0, 3.9, -0.25]])
    exact = np.exp(asked @ np.array([[1e-3, -2e-3], [0.2, 0.1], [0.5, -0.4]]))
    bridged = GridInterpolator(LABELS[~hole], plane[~hole])
    assert bridged.inside(asked).all()
    np.testing.assert_allclose(bridged.spectrum(asked), exact, rtol=1e-9)
    refusing = GridInterpolator(LABELS[~hole], plane[~hole], holes="refuse")
    assert not refusing.inside(asked).any()
    assert np.isnan(refusing.spectrum(asked)).all()


def test_a_missing_corner_of_the_grid_is_outside_of_it():
    corner = (LABELS[:, 0] == 1200.0) & (LABELS[:, 1] == 5.0)
    grid = GridInterpolator(LABELS[~corner], multilinear(LABELS[~corner]), ["teff", "logg", "z"])
    found = grid.interpolate([[1190.0, 4.95, 0.0]], outside="clamp")
    assert not found.inside[0]
    assert found.parameters[0].tolist() in LABELS[~corner].tolist()


@pytest.mark.parametrize("p", [2, 3])
def test_scattered_labels_agree_with_a_delaunay_triangulation(p):
    rng = np.random.default_rng(p)
    labels, flux = rng.normal(size=(700, p)), rng.uniform(1.0, 2.0, size=(700, 5))
    asked = 1.3 * rng.normal(size=(60, p))
    scipy = LinearNDInterpolator(Delaunay(labels / labels.std(axis=0)), np.log(flux))(asked / labels.std(axis=0))
    grid = GridInterpolator(labels, flux)
    assert grid.inside(asked).tolist() == np.isfinite(scipy[:, 0]).tolist()
    np.testing.assert_allclose(grid.spectrum(asked), np.exp(scipy), rtol=1e-8)


def test_many_scattered_labels_in_five_dimensions_take_no_triangulation():
    rng = np.random.default_rng(0)
    labels, slope = rng.uniform(size=(20_000, 5)), rng.normal(size=(5, 13))
    grid = GridInterpolator(labels, np.exp(labels @ slope))
    asked = rng.uniform(0.2, 0.8, size=(10, 5))
    np.testing.assert_allclose(grid.spectrum(asked), np.exp(asked @ slope), rtol=1e-7)


def test_pixels_that_are_not_positive_are_linear_in_flux():
    flux = np.array([[1.0, -1.0, 1.0, 0.0], [4.0, 1.0, np.nan, 4.0]])
    grid = GridInterpolator([[0.0], [1.0]], flux)
    np.testing.assert_allclose(grid.spectrum([0.5]), [2.0, 0.0, np.nan, 2.0])
    np.testing.assert_allclose(grid.spectrum([0.0])[:2], flux[0, :2])
    assert grid.spectrum([0.0])[2] == 1.0, "a spectrum that is not concerned makes nothing NaN"


def test_a_label_with_one_value_is_named_and_not_looked_at():
    labels = np.c_[[1.0, 2.0, 3.0], [0.5, 0.5, 0.5]]
    grid = GridInterpolator(labels, np.exp(labels), ["a", "b"])
    assert grid.fixed == ("b",)
    np.testing.assert_allclose(grid.spectrum([2.5, 0.7])[0], np.exp(2.5))


def test_spectra_with_the_same_labels_are_averaged():
    grid = GridInterpolator([[0.0], [0.0], [1.0]], [[1.0], [4.0], [8.0]])
    assert grid.multiplicity == 2
    np.testing.assert_allclose(grid.spectrum([[0.0], [0.5]]), [[2.0], [4.0]])


def test_labels_written_with_rounding_are_one_value():
    labels = np.array([[0.0, 1.0], [0.0, 2.0], [1.0, 1.0], [1.0, 2.0]])
    labels[:, 0] += [0.0, 3e-8, 0.0, -3e-8]
    grid = GridInterpolator(labels, np.exp(labels))
    assert grid.inside(np.array([[0.5, 1.5], [1.0, 1.2]])).all()


@pytest.mark.parametrize(
    ("labels", "flux", "message"),
    [
        ([[1.0], [1.0]], [[1.0], [2.0]], "no label varies over the 2 spectra"),
        ([[1.0], [np.nan]], [[1.0], [2.0]], "labels of 1 spectra are not finite .first: row 1"),
        ([1.0, 2.0], [[1.0], [2.0]], r"expected labels of shape \(n, p\)"),
        ([[1.0], [2.0]], [[1.0]], r"got \(2, 1\) and \(1, 1\)"),
    ],
)
def test_wrong_grids_are_refused(labels, flux, message):
    with pytest.raises(DataError, match=message):
        GridInterpolator(labels, flux)


def test_wrong_questions_are_refused(grid):
    with pytest.raises(DataError, match=r"expected 3 parameters \(teff, logg, z\), got shape \(2,\)"):
        grid.spectrum([900.0, 4.0])
    with pytest.raises(ParameterError, match="'nan' or 'clamp', got 'edge'"):
        grid.spectrum([900.0, 4.0, 0.0], outside="edge")
    with pytest.raises(DataError, match="2 names for 3 labels"):
        GridInterpolator(LABELS, multilinear(LABELS), ["a", "b"])


def test_diamondback_spectra_left_out_are_found_again(data_dir):
    """1.4 % in the median over 150 spectra and all pixels; a typical pixel of an average of neighbours has 15 %."""
    with np.load(data_dir / "browndwarf" / "dback24.npz") as archive:
        fsed = [float(text[1:]) for text in archive["extra"]]
        labels = np.c_[archive["teff"], archive["logg"], archive["z"], fsed]
        flux = archive["flux"]
    errors = []
    for i in np.random.default_rng(0).permutation(len(labels))[:40]:
        others = np.arange(len(labels)) != i
        found = GridInterpolator(labels[others], flux[others]).interpolate(labels[[i]])
        if found.inside[0]:
            errors.append(np.abs(found.flux[0] / flux[i] - 1.0))
    assert len(errors) >= 38, "only a corner of the grid is outside of all others"
    assert np.median(errors) < 0.02
