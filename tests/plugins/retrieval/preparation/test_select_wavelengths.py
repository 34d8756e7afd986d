"""Ranges of wavelengths that are kept, dropped or masked."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from specframe.api import collate, make_observation, validate_observation
from specframe.errors import DataError, ParameterError
from specframe_retrieval import Resample, SelectWavelengths

WAVELENGTH = np.round(np.arange(0.8, 2.5, 0.1), 1)


def observation(name="flux", units="Jy", mask=None):
    size = WAVELENGTH.size
    data = xr.Dataset(
        {
            name: ("wavelength", np.arange(size, dtype=float), {"units": units, "noise": "absent"}),
            f"{name}_error": ("wavelength", np.ones(size), {"units": units}),
            "mask": ("wavelength", np.zeros(size, bool) if mask is None else mask),
            "snr": ("wavelength", np.arange(size, dtype=float)),
        },
        coords={"wavelength": ("wavelength", WAVELENGTH, {"units": "um"})},
        attrs={"flags": "faint"},
    )
    if name == "depth":
        data["depth_covariance"] = ("wavelength", "wavelength_other"), np.eye(size), {"units": ""}
    return make_observation("a", {"spectrum/0": data})


def selected(observed, **params):
    result = SelectWavelengths(**params).apply(observed)
    validate_observation(result, "select", ("spectrum", "depths"))
    return result["spectrum/0"].to_dataset()


@pytest.mark.parametrize(
    ("params", "kept"),
    [
        ({"keep": [[0.9, 1.2], ["2000 nm", 2.2]]}, [0.9, 1.0, 1.1, 1.2, 2.0, 2.1, 2.2]),
        ({"keep": [[0.9, 1.4]], "drop": [[1.05, 1.25]]}, [0.9, 1.0, 1.3, 1.4]),
        ({"drop": [[0.5, 2.25]]}, [2.3, 2.4]),
    ],
)
def test_pixels_whose_centres_lie_in_a_range_are_kept(params, kept) -> None:
    found = selected(observation(), **params)
    np.testing.assert_array_equal(found["wavelength"], kept)
    np.testing.assert_array_equal(found["snr"], np.flatnonzero(np.isin(WAVELENGTH, kept)))
    np.testing.assert_array_equal(found["flux"], found["snr"])
    masked = selected(observation(), **params, dropped="mask")
    np.testing.assert_array_equal(masked["wavelength"].values[~masked["mask"]], kept)
    np.testing.assert_array_equal(masked["flux"], np.arange(WAVELENGTH.size))


def test_a_gap_is_not_filled_by_what_comes_after() -> None:
    """Pixels beside it keep their width, so resampling masks it."""
    cut = SelectWavelengths(drop=[[1.35, 1.85]]).apply(observation())
    found = Resample(range=[0.85, 2.35], step=0.25).apply(cut)["spectrum/0"].to_dataset()
    np.testing.assert_array_equal(found["mask"], [False, False, True, True, False, False])


def test_depths_that_are_left_out_are_not_learned_from_and_their_covariance_is_cut_both_ways() -> None:
    masked = SelectWavelengths(drop=[[1.3, 1.5]], dropped="mask").apply(observation("depth", ""))
    learned = collate([masked])["spectrum/depth"].values[0]
    np.testing.assert_array_equal(np.isnan(learned), (WAVELENGTH >= 1.3) & (WAVELENGTH <= 1.5))
    removed = selected(observation("depth", ""), drop=[[1.3, 1.5]])
    assert removed["depth_covariance"].shape == (14, 14)


@pytest.mark.parametrize("params", [{"keep": [[5.0, 6.0]]}, {"drop": [[0.1, 9.0]], "dropped": "mask"}])
def test_nothing_left_sets_the_target_aside(params) -> None:
    with pytest.raises(
        DataError, match=r"target a, node /spectrum/0: keep and drop leave no pixel .* of 0.8 to 2.4 um"
    ):
        SelectWavelengths(**params).apply(observation())


def test_what_is_left_must_be_good() -> None:
    with pytest.raises(DataError, match="leave no pixel that can be used"):
        SelectWavelengths(keep=[[0.8, 1.0]]).apply(observation(mask=WAVELENGTH < 1.5))


@pytest.mark.parametrize("params", [{}, {"keep": []}, {"keep": [[1.2, 0.9]]}, {"drop": [["1 Jy", 2.0]]}])
def test_ranges_that_are_none_are_an_error_of_the_pipeline(params) -> None:
    with pytest.raises(ParameterError):
        SelectWavelengths(**params)
