"""Depths hold when ramps, steps, regressors and a common mode were put into the light curves and are fitted."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from specframe.api import make_observation, nodes
from specframe_transit import TransitFit

_CHANNELS, _TIMES = 40, 500
_WAVELENGTH = np.linspace(0.8, 2.8, _CHANNELS)
_DEPTH = 0.0144 + 0.0003 * np.sin(3.0 * _WAVELENGTH)
_ORBIT = {"period": 4.0, "mid_transit": 59800.02, "semi_major_axis": 11.0, "inclination": 88.5}
_NOISE = 4e-4
_TIME = 59799.9 + np.arange(_TIMES) * 0.0005


@pytest.fixture(scope="module")
def transit():
    """Relative flux of the transits, (n_channel, n_time), by batman."""
    batman = pytest.importorskip("batman")
    parameters = batman.TransitParams()
    parameters.t0, parameters.per, parameters.a, parameters.inc = 59800.02, 4.0, 11.0, 88.5
    parameters.ecc, parameters.w, parameters.limb_dark, parameters.u = 0.0, 90.0, "quadratic", [0.3, 0.2]
    flux = []
    for depth in _DEPTH:
        parameters.rp = depth**0.5
        model = batman.TransitModel(parameters, _TIME, supersample_factor=5, exp_time=0.0004)
        flux.append(model.light_curve(parameters))
    return np.array(flux)


def _fitted(flux, regressors, **written):
    rng = np.random.default_rng(42)
    data = xr.Dataset(
        {
            "flux": (("wavelength", "time"), flux + _NOISE * rng.normal(size=flux.shape), {"units": ""}),
            "flux_error": (("wavelength", "time"), np.full(flux.shape, _NOISE), {"units": ""}),
            "mask": (("wavelength", "time"), np.zeros(flux.shape, bool)),
            **{name: (("time",), values, {"role": "regressor", "units": ""}) for name, values in regressors.items()},
        },
        coords={
            "wavelength": ("wavelength", _WAVELENGTH, {"units": "um"}),
            "time": ("time", _TIME, {"units": "d", "time_system": "TDB", "time_reference": "JD 2400000.5"}),
        },
        attrs={"exposure_time": 34.56},
    )
    fit = TransitFit(
        orbit=_ORBIT,
        radius_ratio={"uniform": [0.05, 0.2]},
        limb_darkening={"coefficients": [0.3, 0.2], "white": "fixed", "channels": "fixed"},
        **written,
    )
    ((_, node),) = nodes(fit.apply(make_observation("injected", {"NIRSpec/0": data})))
    return node


def _pulls(node, truth=_DEPTH):
    return (node["depth"].values - truth) / node["depth_error"].values


def test_ramp_tilt_and_drift_of_the_pointing(transit):
    rng = np.random.default_rng(1)
    x = 0.01 * np.cumsum(rng.normal(size=_TIMES)) + 1024.0
    since = _TIME - _TIME[0]
    colour = np.linspace(0.5, 1.5, _CHANNELS)[:, None]
    systematics = 1.0 + colour * (
        3e-3 * np.exp(-since / 0.02) - 0.004 * since + 1e-3 * (_TIME > 59800.1) + 0.01 * (x - 1024.0)
    )
    terms = [
        {"term": "polynomial"},
        {"term": "exponential"},
        {"term": "step", "n": 1},
        {"term": "regressors", "names": ["x"]},
    ]
    node = _fitted(transit * systematics, {"x": x}, systematics=terms)
    pulls = _pulls(node)
    # 40 channels know the mean pull to 0.16 and its standard deviation to 0.11
    assert abs(pulls.mean()) < 0.5
    assert 0.75 < pulls.std() < 1.25
    assert node["chi2_reduced"].values == pytest.approx(np.ones(_CHANNELS), abs=0.3)
    assert float(node["white_depth"]) == pytest.approx(_DEPTH.mean(), abs=4 * float(node["white_depth_error"]))
    # the ramp falls to 1/e within 0.02 d and the level steps at 59800.1
    fitted = node["white_systematics"].values
    jump = np.diff(fitted) - 0.01 * np.diff(x)
    assert _TIME[int(np.argmax(jump)) + 1] == pytest.approx(59800.1, abs=0.0011)


def test_common_mode_takes_out_what_no_term_describes(transit):
    rng = np.random.default_rng(2)
    wander = 1.0 + 2e-3 * np.convolve(rng.normal(size=_TIMES + 40), np.hanning(41) / 4.0, mode="valid")
    flux = transit * wander * (1.0 + 1e-3 * np.linspace(-1, 1, _CHANNELS)[:, None] * np.linspace(-1, 1, _TIMES))
    white = {"white": {"systematics": [{"term": "polynomial"}]}}
    lost = _fitted(flux, {}, channels={"systematics": [{"term": "polynomial"}]}, **white)
    kept = _fitted(flux, {}, channels={"systematics": [{"term": "common-mode"}, {"term": "polynomial"}]}, **white)
    # the level is that of the white fit, its shape that of the channels
    offset = float(kept["white_depth"]) - _DEPTH.mean()
    pulls = _pulls(kept, _DEPTH + offset)
    assert abs(pulls.mean()) < 0.5
    assert 0.75 < pulls.std() < 1.25
    assert np.median(kept["chi2_reduced"].values) < 1.1 < 1.5 < np.median(lost["chi2_reduced"].values)
