"""The step after transit-fit, on transits with white and red noise and on real residuals."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr

from specframe.api import make_observation, nodes
from specframe.config import read_pipeline
from specframe.errors import DataError, ParameterError
from specframe.registry import Registry
from specframe_transit.fit.transit_fit import TransitFit
from specframe_transit.injection.injection_recovery import InjectionRecovery
from specframe_transit.planet.orbit import Orbit
from specframe_transit.planet.transit import transit_flux

CONFIG = Path(__file__).resolve().parents[4] / "configs" / "wasp-107b-hst.yaml"
N_CHANNEL, N_TIME, NOISE, ZERO = 40, 250, 5e-4, 2459000.5
TIME = np.linspace(-0.12, 0.12, N_TIME)
STAR = np.stack([np.linspace(0.3, 0.15, N_CHANNEL), np.linspace(0.1, 0.2, N_CHANNEL)])
ORBIT = {"period": 3.5, "mid_transit": {"normal": [ZERO, 0.01]}, "semi_major_axis": 9.0, "inclination": 87.5}


def observation(red: float = 0.0, stated: float = 1.0, seed: int = 0) -> xr.DataTree:
    """Return a transit with slopes, noise of which the part ``red`` is correlated over 0.01 d, and stated errors."""
    rng = np.random.default_rng(seed)
    transit = transit_flux(Orbit(3.5, 0.0, 9.0, 87.5), TIME, np.full(N_CHANNEL, 0.1), STAR)
    slope = 1 + 0.002 * TIME / 0.12 * rng.standard_normal((N_CHANNEL, 1))
    kernel = np.exp(-0.5 * (np.subtract.outer(TIME, TIME) / 0.006) ** 2)
    root = np.linalg.cholesky(kernel + 1e-8 * np.eye(N_TIME))
    white, correlated = rng.standard_normal((2, N_CHANNEL, N_TIME))
    noise = NOISE * (np.sqrt(1 - red) * white + np.sqrt(red) * correlated @ root.T)
    flux = 1e4 * slope * transit * (1 + noise)
    grid, units = ("wavelength", "time"), {"units": "electron"}
    clock = {"units": "d", "time_system": "TDB", "time_reference": "JD 0"}
    data = xr.Dataset(
        {
            "flux": (grid, flux, units),
            "flux_error": (grid, np.full_like(flux, 1e4 * NOISE * stated), units),
            "mask": (grid, np.zeros(flux.shape, bool)),
            "limb_darkening": (("coefficient", "wavelength"), STAR, {"units": "", "law": "quadratic"}),
        },
        coords={
            "wavelength": ("wavelength", np.linspace(1.0, 2.0, N_CHANNEL), {"units": "um"}),
            "time": ("time", TIME + ZERO, clock),
        },
    )
    return make_observation("planet", {"NIR/0": data})


def results(given: xr.DataTree, number: int = 200, **params: Any) -> xr.Dataset:
    fit = TransitFit(orbit=ORBIT, systematics=[{"term": "polynomial", "order": 1}], **params)
    return dict(nodes(InjectionRecovery(number=number).apply(fit.apply(given))))["NIR/0"]


def test_errors_hold_in_white_noise() -> None:
    node = results(observation())
    for level, nominal in ((68, 0.6827), (95, 0.95)):
        assert node[f"injection_coverage_{level}"] == pytest.approx(
            nominal, abs=2.5 * float(node[f"injection_coverage_{level}_error"])
        )
    assert node["injection_pull_std"] == pytest.approx(1.0, abs=0.15)
    assert abs(node["injection_bias"]) < 4 * node["injection_bias_error"]
    assert "errors-too" not in node.attrs["flags"]
    depth = node["injection_depth_true"].values
    assert (depth.min(), depth.max()) == pytest.approx((0.005, 0.015), rel=0.05)
    # measured depths follow the injected ones
    assert np.corrcoef(depth, node["injection_depth"].values)[0, 1] > 0.99


def test_red_noise_breaks_errors_that_neglect_it_and_not_those_times_beta() -> None:
    neglected = results(observation(red=0.2), errors={"red_noise": False})
    assert "errors-too-small" in neglected.attrs["flags"].split()
    assert neglected["injection_pull_std"] > 1.5
    counted = results(observation(red=0.2))
    # beta of one channel has an error of its own, so that pulls have longer tails than a Gaussian
    assert counted["injection_pull_std"] == pytest.approx(1.0, abs=0.3)
    assert counted["injection_coverage_68"] == pytest.approx(0.68, abs=0.12)


def test_stated_errors_that_are_too_small_are_found() -> None:
    node = results(observation(stated=0.5), errors={"scale": "file", "red_noise": False})
    assert "errors-too-small" in node.attrs["flags"].split()
    assert node["injection_pull_std"] == pytest.approx(2.0, rel=0.15)


def test_priors_are_those_of_the_fit() -> None:
    """The fitted limb darkening, which the node has now, is not taken for that which the fit was given."""
    fit = TransitFit(orbit=ORBIT, systematics=[{"term": "polynomial", "order": 1}])
    fitted = fit.apply(observation())
    node = dict(nodes(fitted))["NIR/0"]
    assert not np.allclose(node["limb_darkening"], STAR, atol=1e-3)
    np.testing.assert_array_equal(node["limb_darkening_given"], STAR)
    assert json.loads(node.attrs["fit"])["limb_darkening"]["coefficients"] == "data"
    result = dict(nodes(InjectionRecovery(number=30).apply(fitted)))["NIR/0"]
    # errors of the injections are those of the fit: the same priors, the same noise
    ratio = result["injection_depth_error"].values / float(node["depth_error"].mean())
    assert ratio.mean() == pytest.approx(1.0, abs=0.1)


def test_models_that_were_averaged_are_averaged_again() -> None:
    models = {"line": [{"term": "polynomial", "order": 1}], "parabola": [{"term": "polynomial", "order": 2}]}
    node = results(observation(), number=60, average={"models": models})
    assert node["injection_pull_std"] == pytest.approx(1.0, abs=0.3)


def test_seed_decides() -> None:
    fitted = TransitFit(orbit=ORBIT).apply(observation())
    first, again, other = (
        dict(nodes(InjectionRecovery(number=20, seed=seed).apply(fitted)))["NIR/0"] for seed in (1, 1, 2)
    )
    xr.testing.assert_identical(first, again)
    assert not np.array_equal(first["injection_depth_true"], other["injection_depth_true"])


def test_it_needs_transit_fit_before_it() -> None:
    with pytest.raises(DataError, match="put 'detrend: transit-fit' before this step"):
        InjectionRecovery().apply(observation())


def test_depth_range_must_ascend() -> None:
    with pytest.raises(ParameterError, match=r"expected \[least, largest\] with 0 < least < largest"):
        InjectionRecovery(depth_range=[1.5, 0.5])


def reduced(config: Path) -> tuple[xr.DataTree, TransitFit]:
    """Run a pipeline up to its transit-fit; return what that is given, and it."""
    spec = read_pipeline(str(config), lambda *_args, **_options: Registry.discover())
    observed: Any = None
    for step in spec.steps:
        component = step.component.load().from_params(step.params)
        if isinstance(component, TransitFit):
            return observed, component
        if step.component.component.kind == "loader":
            observed = component.load(next(iter(component.targets())))
        else:
            observed = component.apply(observed)
    raise AssertionError("no transit-fit")


def coverage_holds(node: xr.Dataset) -> None:
    for level, nominal in ((68, 0.6827), (95, 0.95)):
        error = float(node[f"injection_coverage_{level}_error"])
        assert node[f"injection_coverage_{level}"] == pytest.approx(nominal, abs=2 * error)


def test_residuals_of_wasp_107b(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """HST after divide-white, noise correlated: errors of white noise are a fifth too small, those times beta hold."""
    monkeypatch.setenv("SPECFRAME_DATA", str(data_dir))
    observed, fit = reduced(CONFIG)
    ((_, white),) = nodes(InjectionRecovery(number=600).apply(fit.apply(observed)))
    assert white["injection_pull_std"] == pytest.approx(1.2, abs=0.15)
    red = TransitFit(**{**fit.params.canonical(), "errors": {"red_noise": True}})
    ((_, node),) = nodes(InjectionRecovery(number=600).apply(red.apply(observed)))
    coverage_holds(node)


HAT_P_18B = """\
specframe: 1
steps:
  - load: fits-cube
    with: {path: DATA/jwst_hatp18b/hat-p-18b-2022-06-niriss-o2.fits, time_system: BMJD_TDB}
  - detrend: clean
  - detrend: transit-fit
    with:
      orbit:
        period: 5.5080291
        mid_transit: {uniform: [59743.25, 59743.45]}
        semi_major_axis: {normal: [16.6, 0.3]}
        impact_parameter: {uniform: [0, 0.8]}
      radius_ratio: {uniform: [0.05, 0.25]}
      systematics: [{term: polynomial, order: 1}]
"""


def test_residuals_of_hat_p_18b(data_dir: Path, tmp_path: Path) -> None:
    """JWST NIRISS, 86 channels: 68 % and 95 % intervals hold."""
    config = tmp_path / "p.yaml"
    config.write_text(HAT_P_18B.replace("DATA", str(data_dir)))
    observed, fit = reduced(config)
    ((_, node),) = nodes(InjectionRecovery().apply(fit.apply(observed)))
    coverage_holds(node)
    assert "errors-too" not in node.attrs["flags"]
