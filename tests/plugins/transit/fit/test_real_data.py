"""Published results of real telescopes, from the files alone."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from specframe.api import make_observation
from specframe_transit.cleaning.clean import Clean
from specframe_transit.curves import curves_of
from specframe_transit.fit.channels import fit_channels
from specframe_transit.fit.transit_fit import TransitFit
from specframe_transit.fit.white import fit_white
from specframe_transit.scatter import point_to_point_scatter

if TYPE_CHECKING:
    from pathlib import Path


def _node(time, wavelength, flux, error, zero, **variables):
    dims = ("wavelength", "time")
    attrs = {"units": "d", "time_system": "TDB", "time_reference": f"JD {zero}"}
    return xr.Dataset(
        {
            "flux": (dims, flux, {"units": ""}),
            "flux_error": (dims, error, {"units": ""}),
            "mask": (dims, ~np.isfinite(flux)),
            **variables,
        },
        coords={"wavelength": ("wavelength", wavelength, {"units": "um"}), "time": ("time", time, attrs)},
    )


def _wasp107(folder: Path) -> xr.Dataset:
    tables = np.stack([np.loadtxt(file) for file in sorted((folder / "spec_lc_22bin").glob("*.txt"))])
    tables = tables[np.argsort(tables[:, 0, 3])]
    orbit = tables[0, :, 7]
    first = np.isin(np.arange(len(orbit)), np.unique(orbit, return_index=True)[1])
    tables = tables[:, (orbit != 0) & ~first]
    coefficients = np.loadtxt(folder / "LD_coefficients" / "W107_22bins.dat")[:22, 3:5]
    white = np.loadtxt(folder / "LD_coefficients" / "W107_full_bandpass.dat")[3:5]
    regressor = {"role": "regressor", "units": ""}
    return _node(
        tables[0, :, 5],
        tables[:, 0, 3],
        tables[:, :, 1],
        np.sqrt(tables[:, :, 2]),
        0,
        orbit=("time", tables[0, :, 7], regressor),
        scan_direction=("time", tables[0, :, 8], regressor),
        limb_darkening=(("coefficient", "wavelength"), coefficients.T, {"law": "quadratic"}),
        limb_darkening_white=("coefficient", white, {"law": "quadratic"}),
    )


def test_wasp107b_agrees_with_kreidberg_et_al(data_dir):
    """Kreidberg et al. (2018): shape within 10 ppm, offset within 100 ppm, errors within 15 % of 57 ppm."""
    folder = data_dir / "hst_wasp107b"
    published = np.genfromtxt(folder / "published_spectrum.csv", delimiter=",", names=True)
    line, scan = {"term": "polynomial", "order": 1}, {"term": "scan-direction"}
    fit = TransitFit(
        orbit={
            "period": 5.7214742,
            "mid_transit": {"uniform": [2457910.42, 2457910.49]},
            "semi_major_axis": 18.164,
            "inclination": 89.8,
        },
        limb_darkening={"white": "fixed", "channels": "fixed"},
        white={
            "channels": [0, 20],
            "exclude": [{"regressor": "orbit", "values": [3]}],
            "systematics": [line, scan, {"term": "orbit-ramp"}],
        },
        channels={"systematics": [line, scan, {"term": "common-mode"}]},
        errors={"red_noise": False},
    )
    data = fit.apply(make_observation("WASP-107b", {"WFC3/0": _wasp107(folder)}))["WFC3/0"].isel(
        wavelength=slice(0, 20)
    )
    difference = 1e6 * (data["depth"].values - published["transit_depth"])
    assert abs(difference.mean()) < 100
    assert difference.std() < 10
    assert abs(1e6 * data["depth_error"].values.mean() / 57.2 - 1) < 0.15
    assert 0.9 < np.median(data["chi2_reduced"]) < 1.2


def test_wasp39b_white_curve_of_niriss(data_dir):
    """The file has no errors. A fit of the same model with batman and scipy gives t0 = 59787.056756 (BMJD)."""
    time, flux = np.load(data_dir / "jwst_wasp39b" / "WASP-39b_WhiteLight.npy")
    node = _node(time, np.array([1.7]), flux[None], np.full((1, len(flux)), np.nan), 2400000.5)
    fit = TransitFit(
        orbit={
            "period": 4.0552941,
            "mid_transit": {"uniform": [2459787.5, 2459787.6]},
            "semi_major_axis": {"normal": [11.4, 0.2]},
            "inclination": {"normal": [87.7, 0.3]},
        }
    )
    data = fit.apply(make_observation("WASP-39b", {"NIRISS/0": node}))["NIRISS/0"]
    assert abs(float(data["mid_transit"]) - 59787.056756) < 5e-6
    assert abs(float(data["mid_transit"]) - 59787.0568) < 5e-5
    assert 1e-5 < float(data["mid_transit_error"]) < 2e-5
    assert abs(float(data["radius_ratio"]) - 0.146) < 3e-4
    assert float(data["residual_rms_white"]) < 135e-6
    assert data.attrs["flags"] == ""


def test_hatp18b_in_86_channels(data_dir):
    """Errors of the file are 24 times too large; they are rescaled here by the scatter from point to point."""
    from astropy.io import fits

    with fits.open(data_dir / "jwst_hatp18b" / "hat-p-18b-2022-06-niriss-o2.fits") as file:
        time, wavelength, (flux, error) = (np.asarray(file[i].data, float) for i in (1, 2, 3))
    curves = curves_of("NIRISS/0", _node(time, wavelength, flux, error, 2400000.5))
    scatter = point_to_point_scatter(curves.flux, curves.use)
    assert 20 < np.median(curves.flux_error / scatter[:, None]) < 30
    rescaled = curves.flux_error / np.median(curves.flux_error, axis=1, keepdims=True) * scatter[:, None]
    params = TransitFit(
        orbit={
            "period": 5.508023,
            "mid_transit": {"uniform": [59743.28, 59743.42]},
            "semi_major_axis": {"normal": [16.4, 0.5]},
            "inclination": {"normal": [88.6, 0.5]},
        }
    ).params
    curves = replace(curves, flux_error=rescaled)
    white = fit_white([curves], params)
    fit = fit_channels(curves, white, 0, params, params.systematics)
    assert 0.9 < np.median(fit.chi2) < 1.1
    assert abs(np.mean(fit.depth) - 0.0182) < 3e-4
    assert not fit.lost.any()


def test_wasp43b_eclipses_agree_with_the_published_model(data_dir):
    """Light curves of Stevenson et al. (2014) over orbital phase, with their best models of the eclipse."""
    with np.load(data_dir / "hst_wasp43b" / "W43b-Eclipse.npz") as file:
        order = np.argsort(file["phase"])
        phase, flux, error = file["phase"][order], file["flux"][:, order], file["fluxerr"][:, order]
        model, at, wavelength = file["modelfit"], file["modelphase"], file["wave"]
    published = model.max(axis=1) - model[:, np.argmin(np.abs(at - 0.5))]
    node = _node(0.81347436 * phase, wavelength, flux, error, 0)
    node["time"].attrs.update(time_system="phase", time_reference="phase 0")
    fit = TransitFit(
        signal="eclipse",
        orbit={"period": 0.81347436, "semi_major_axis": 4.872, "inclination": 82.1},
        radius_ratio=0.1595,
        errors={"red_noise": False},
    )
    near = Clean(
        drop=[{"time": [0.0, 0.34]}, {"time": [0.47, 0.82]}], clip_sigma_time=None, clip_sigma_wavelength=None
    ).apply(make_observation("WASP-43b", {"WFC3/0": node}))
    data = fit.apply(near)["WFC3/0"]
    difference = (data["depth"].values - published) / data["depth_error"].values
    assert np.abs(difference).max() < 2.0
    assert 40 < 1e6 * np.median(data["depth_error"]) < 60
    assert 0.8 < np.median(data["chi2_reduced"]) < 1.2
