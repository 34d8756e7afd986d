"""Spectra: levels, correlations, components, duplicates and outliers that were put in are found."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from sklearn.decomposition import PCA

from specframe.api import make_labels, make_observation
from specframe.errors import DataError
from specframe.explore import (
    accuracy_ceiling,
    find_duplicates,
    find_outliers,
    label_correlations,
    pixel_statistics,
    plot_bad_pixels,
    plot_components,
    plot_flux_boxes,
    plot_neighbours,
    plot_outliers,
    plot_scores,
    plot_signal_to_noise,
    plot_spectra,
    plot_spectrum_range,
    plot_wavelength_correlations,
    principal_components,
    scale_of,
    stack_spectra,
)
from specframe.explore.spectra import shapes
from specframe.explore.spectrum_section import spectrum_section
from specframe.report import png_bytes

WAVELENGTH = np.linspace(1.0, 2.5, 60)


def spectra(values, wavelength=WAVELENGTH):
    return xr.DataArray(
        values,
        dims=("target", "wavelength"),
        coords={"target": [f"t{i}" for i in range(len(values))], "wavelength": wavelength},
        attrs={"units": "W m-2 um-1", "long_name": "flux"},
    )


def labelled(*columns):
    rows = np.column_stack(columns)
    return make_labels(rows, [f"t{i}" for i in range(len(rows))], ["a", "b", "c"][: len(columns)])


@pytest.fixture
def grid():
    """Eighty spectra with a slope from label a and a bump of label b at 1.7 um, and their labels."""
    rng = np.random.default_rng(0)
    a, b = rng.uniform(-1, 1, 80), rng.uniform(0, 1, 80)
    bump = np.exp(-0.5 * ((WAVELENGTH - 1.7) / 0.05) ** 2)
    values = 10 + a[:, None] * (WAVELENGTH - 1.7) + b[:, None] * bump
    return spectra(values + 0.01 * rng.normal(size=values.shape)), labelled(a, b)


def test_the_wavelength_of_a_feature_correlates_with_its_label(grid):
    found = label_correlations(*grid)
    best = found["wavelength"].values[np.abs(found["pearson"].values).argmax(axis=1)]
    assert best[1] == pytest.approx(1.7, abs=0.03)
    assert found["pearson"].sel(output="a").values[0] < -0.99
    assert found["spearman"].sel(output="a").values[-1] > 0.98


def test_components_are_those_of_scikit_learn(grid):
    found = principal_components(grid[0])
    middle = np.median(grid[0].values, axis=0)
    scale = 1.482602218505602 * np.median(np.abs(grid[0].values - middle), axis=0)
    reference = PCA(5).fit((grid[0].values - middle) / scale)
    np.testing.assert_allclose(found.explained[:5], reference.explained_variance_ratio_, rtol=1e-8)
    overlap = np.abs(np.sum(found.vectors[:2] * reference.components_[:2], axis=1))
    np.testing.assert_allclose(overlap, 1.0, atol=1e-8)


def test_an_outlier_in_shape_and_one_in_level_are_the_farthest(grid):
    values = grid[0].values.copy()
    values[7, 20:24] += 3.0  # a feature that nobody else has
    values[30] += 20 * (WAVELENGTH - 1.7)  # of the known shape, but far out
    found = find_outliers(principal_components(spectra(values)))
    assert set(np.argsort(found.distance)[-2:]) == {7, 30}
    assert found.within[30] > 1
    assert (found.distance > 1).sum() < 10


def test_identical_spectra_are_found_and_set_the_ceiling():
    rng = np.random.default_rng(3)
    values = rng.normal(10, 1, size=(50, 60))
    values[20] = values[4]
    values[33] = values[4] * (1 + 1e-8)  # rounding
    values[41] = 3.0 * values[9]  # the same shape
    found = find_duplicates(spectra(values))
    assert found.groups == [[4, 20, 33]]
    assert found.scaled == [[4, 20, 33], [9, 41]]
    assert found.nearest[20] < 1e-7
    assert int(found.neighbour[20]) in (4, 33)
    assert found.within(0.01) == 3
    a = rng.uniform(size=50)
    own = a[[4, 20, 33]]
    expected = 1 - np.sum((own - own.mean()) ** 2) / np.sum((a - a.mean()) ** 2)
    ceiling = accuracy_ceiling(labelled(a, np.ones(50)), found.groups)
    assert ceiling == {"a": pytest.approx(expected, rel=1e-12)}  # what does not vary has none


def test_a_model_cannot_beat_the_ceiling():
    """The best prediction from the spectra alone, the mean of each group, has the R2 that is stated."""
    rng = np.random.default_rng(4)
    values = np.repeat(rng.normal(10, 1, size=(20, 60)), 3, axis=0)
    a = rng.uniform(size=60)
    best = np.repeat(a.reshape(20, 3).mean(axis=1), 3)
    found = find_duplicates(spectra(values))
    assert len(found.groups) == 20
    reached = 1 - np.sum((a - best) ** 2) / np.sum((a - a.mean()) ** 2)
    assert accuracy_ceiling(labelled(a), found.groups)["a"] == pytest.approx(reached)
    section = spectrum_section("s", "S", spectra(values), labels=labelled(a))
    assert f"R2 at most {reached:.4f} for a" in " ".join(section.findings)


def test_nearest_neighbours_are_those_of_a_full_search(grid):
    values = grid[0].values
    difference = np.sqrt(np.mean((values[:, None] - values[None]) ** 2, axis=2))
    np.fill_diagonal(difference, np.inf)
    exact = difference.min(axis=1) / np.sqrt(np.mean(values**2, axis=1))
    found = find_duplicates(grid[0]).nearest
    assert np.all(found >= exact - 1e-12)
    assert np.median(found / exact) < 1.05  # a search among a few neighbours may miss the very nearest


def test_fluxes_over_magnitudes_are_analysed_as_logarithms():
    values = 10 ** np.random.default_rng(5).uniform(-15, -12, size=(10, 60))
    assert scale_of(spectra(values)) == "log"
    assert scale_of(spectra(1 + 0.1 * np.random.default_rng(5).uniform(size=(10, 60)))) == "linear"
    values[:, 0] = -values[:, 0]
    assert scale_of(spectra(values)) == "linear"


def test_spectra_in_different_units_compare_in_shape():
    rng = np.random.default_rng(6)
    values = np.sin(3 * WAVELENGTH) + 0.05 * rng.normal(size=(40, 60))
    values[20:] *= 1e-15
    scaled, size = shapes(spectra(values))
    np.testing.assert_allclose(np.sqrt(np.mean(scaled.values**2, axis=1)), 1.0)
    assert size[0] / size[30] == pytest.approx(1e15, rel=0.2)
    assert shapes(spectra(values[:20])) is None
    assert any("normalised differently" in text for text in spectrum_section("s", "S", spectra(values)).findings)


def test_bad_pixels_are_counted():
    values = np.ones((5, 60))
    values[0, :3] = np.nan
    values[1, 3] = -1.0
    table = pixel_statistics(spectra(values), xr.full_like(spectra(values), 0.1))
    assert table.columns["not_finite"][:4] == [1, 1, 1, 0]
    assert table.columns["not_positive"][3] == 1
    assert table.columns["median_snr"][10] == pytest.approx(10.0)
    text = " ".join(spectrum_section("s", "S", spectra(values)).findings)
    assert "3 pixels (1 %) are masked or not finite, in 1 spectrum; most in t0" in text
    assert "1 pixels (0.333 %) are zero or negative, in 1 spectrum" in text


def observation(target, wavelength, flux, mask=None):
    mask = np.zeros(len(wavelength), bool) if mask is None else mask
    node = xr.Dataset(
        {
            "flux": ("wavelength", flux, {"units": "Jy"}),
            "flux_error": ("wavelength", 0.1 * np.abs(flux), {"units": "Jy"}),
            "mask": ("wavelength", mask),
        },
        coords={"wavelength": ("wavelength", wavelength, {"units": "um"})},
    )
    return make_observation(target, {"spectrum/0": node})


def test_spectra_on_grids_of_their_own_are_brought_together():
    own = [np.linspace(1.0 + 0.01 * i, 2.0 + 0.01 * i, 50 + i) for i in range(5)]
    masked = np.zeros(50, bool)
    masked[20] = True
    observations = [observation(f"t{i}", w, 3 * w + 1, masked if i == 0 else None) for i, w in enumerate(own)]
    stacked = stack_spectra(observations)["spectrum"]
    assert stacked.attrs["grids"] == 5
    value = stacked["value"]
    assert value.sizes == {"target": 5, "wavelength": 52}
    # a straight line stays one; outside of a spectrum and beside its masked pixel it has no value
    line = 3 * value["wavelength"].values + 1
    known = np.isfinite(value.values)
    np.testing.assert_allclose(value.values[known], np.broadcast_to(line, value.shape)[known])
    gap = np.abs(value["wavelength"].values - own[0][20]) < 0.02
    assert not known[0, gap].any()
    assert not known[4, value["wavelength"].values < own[4][0]].any()


def test_depths_of_several_instruments_are_one_spectrum():
    def node(wavelength):
        return xr.Dataset(
            {
                "depth": ("wavelength", 0.01 + 0 * wavelength, {"units": ""}),
                "depth_error": ("wavelength", 1e-4 + 0 * wavelength, {"units": ""}),
            },
            coords={"wavelength": ("wavelength", wavelength, {"units": "um"})},
            attrs={"quantity": "transit depth"},
        )

    tree = make_observation("p", {"B/0": node(np.array([3.0, 4.0])), "A/0": node(np.array([1.0, 2.0]))})
    stacked = stack_spectra([tree])["depth"]
    assert stacked["wavelength"].values.tolist() == [1.0, 2.0, 3.0, 4.0]
    assert stacked["value"].attrs["long_name"] == "transit depth"


def test_nothing_to_stack_is_an_error():
    with pytest.raises(DataError, match="no target has a spectrum"):
        stack_spectra([])


def test_every_figure_is_drawn(grid):
    flux, labels = grid
    for figure in (
        plot_spectra(flux, labels, "b"),
        plot_spectra(flux),
        plot_spectrum_range(flux),
        plot_flux_boxes(flux),
        plot_wavelength_correlations(flux, labels),
        plot_components(flux),
        plot_scores(flux, labels),
        plot_outliers(flux),
        plot_neighbours(flux),
        plot_bad_pixels(flux),
        plot_signal_to_noise(flux, xr.full_like(flux, 0.01)),
    ):
        assert len(png_bytes(figure)) > 5000


def test_lines_have_the_colours_of_the_label(grid):
    flux, labels = grid
    (drawn,) = [c for c in plot_spectra(flux, labels, "b").axes[0].collections if len(c.get_segments()) == 80]
    levels = np.array([segment[np.abs(segment[:, 0] - 1.7).argmin(), 1] for segment in drawn.get_segments()])
    assert np.corrcoef(levels, drawn.get_array())[0, 1] > 0.99


def test_an_unknown_label_is_told(grid):
    with pytest.raises(DataError, match=r"no label 'teff' to colour by \(there: a, b\)"):
        plot_spectra(*grid, color="teff")


@pytest.mark.parametrize(
    "values",
    [
        np.ones((1, 60)),
        np.ones((3, 60)),
        np.full((4, 60), np.nan),
        np.arange(12.0).reshape(12, 1),
        np.full((4, 60), -1.0),
        np.r_[np.zeros((3, 60)), np.full((1, 60), np.inf)],
    ],
    ids=["one spectrum", "all alike", "all masked", "one wavelength", "negative", "zero and infinite"],
)
def test_poor_data_make_a_page_all_the_same(values):
    wavelength = WAVELENGTH[: values.shape[1]]
    errors = xr.zeros_like(spectra(values, wavelength))
    for labels in (None, labelled(np.arange(float(len(values)))), labelled(np.ones(len(values)))):
        section = spectrum_section("s", "S", spectra(values, wavelength), errors, labels)
        for drawing in section.drawings:
            figure = drawing.draw()
            if labels is None:
                png_bytes(figure)  # lays it out
        assert section.findings or section.missing
