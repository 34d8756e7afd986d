"""A whole, and its parts put together again: visits, bins, blocks of a file."""

from __future__ import annotations

from importlib import import_module

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from specframe.api import LazyFrames, collate, make_observation, measured_spectrum, nodes
from specframe.registry import Registry
from specframe.testing.problems import light_curve_observation
from specframe_transit import Bin, TransitFit, TransitJoint, TransitPolynomial

NUMERICS = settings.get_profile("numerics")
ORBIT = {"period": 3.5, "mid_transit": {"normal": [2459000.5, 0.01]}, "semi_major_axis": 9.0, "inclination": 88.0}
FITS = {
    "transit-polynomial": TransitPolynomial(order=2),
    "transit-joint": TransitJoint(),
    "transit-fit": TransitFit(
        orbit=ORBIT,
        limb_darkening={"coefficients": [0.3, 0.1], "channels": "fixed"},
        systematics=[{"term": "polynomial", "order": 2}],
    ),
}


def visit(seed, noise, n_wavelength=6, n_time=360, span=0.24):
    """Return a visit with transits by batman and a quadratic drift, and the true depths."""
    batman = pytest.importorskip("batman")
    rng = np.random.default_rng([seed, 77])
    time = np.linspace(-span / 2, span / 2, n_time)
    planet = batman.TransitParams()
    planet.t0, planet.per, planet.a, planet.inc, planet.ecc, planet.w = 0.0, 3.5, 9.0, 88.0, 0.0, 90.0
    planet.limb_dark, planet.u = "quadratic", [0.3, 0.1]
    depth = 0.01 + rng.normal(0.0, 2e-4, n_wavelength)
    light = []
    for own in depth:
        planet.rp = np.sqrt(own)
        light.append(batman.TransitModel(planet, time).light_curve(planet))
    level = np.linspace(8e4, 2e5, n_wavelength)[:, None]
    drift = 1.0 + 2e-3 * time / span - 3e-3 * (time / span) ** 2
    error = max(noise, 1e-9) * level * np.ones(n_time)
    flux = level * drift * np.array(light) + noise * level * rng.normal(size=(n_wavelength, n_time))
    grid, units = ("wavelength", "time"), {"units": "electron"}
    clock = {"units": "d", "time_system": "TDB", "time_reference": "JD 0"}
    data = xr.Dataset(
        {"flux": (grid, flux, units), "flux_error": (grid, error, units), "mask": (grid, np.zeros(flux.shape, bool))},
        coords={
            "wavelength": ("wavelength", np.linspace(1.0, 2.0, n_wavelength), {"units": "um"}),
            "time": ("time", time + 2459000.5, clock),
        },
        attrs={"exposure_time": span / n_time * 86400.0},
    )
    return make_observation("planet", {"NIR/0": data}), depth


def halves(observation):
    """Return every other exposure as one visit, and those between as another."""
    ((_, data),) = nodes(observation)
    parts = {f"NIR/{i}": data.isel(time=slice(i, None, 2)) for i in (0, 1)}
    return make_observation(str(observation.attrs["target"]), parts)


@pytest.mark.parametrize("name", FITS)
@settings(NUMERICS, max_examples=4)
@given(seed=st.integers(0, 10_000))
def test_a_visit_in_two_halves_gives_the_same_depths_within_a_part_of_their_errors(name, seed):
    """Two halves fit two drifts where the whole fits one, which is worth a quarter of an error at most."""
    observation, _ = visit(seed, 4e-4)
    whole, parts = (measured_spectrum(FITS[name].apply(o)) for o in (observation, halves(observation)))
    moved = ((parts["depth"] - whole["depth"]) / whole["depth_error"]).values
    ratio = (parts["depth_error"] / whole["depth_error"]).values
    assert np.sqrt(np.mean(moved**2)) < 0.35
    assert abs(np.mean(moved)) < 0.25
    assert np.median(ratio) == pytest.approx(1.0, abs=0.1)
    assert np.all(np.abs(ratio - 1.0) < 0.35)  # beta of a channel counts where it is significant, else it is 1


@pytest.mark.parametrize("name", ["transit-joint", "transit-fit"])
def test_without_noise_the_depths_are_the_true_ones(name):
    """Models with a star of known or fitted limb darkening; a straight dip is another quantity."""
    observation, depth = visit(3, 0.0)
    data = dict(nodes(observation))["NIR/0"]
    law = np.repeat([[0.3], [0.1]], len(depth), axis=1)
    observation["NIR/0"].dataset = data.assign(limb_darkening=(("coefficient", "wavelength"), law))
    found = measured_spectrum(FITS[name].apply(observation))
    # a straight path across the star, which transit-joint takes where no period is known, is 0.05 % off
    np.testing.assert_allclose(found["depth"], depth, atol=1e-5 if name == "transit-joint" else 2e-6)


def test_without_noise_a_flat_dip_has_its_depth():
    observation = light_curve_observation(n_wavelength=5)
    data = dict(nodes(observation))["SPEC/0"]
    depth = np.linspace(0.001, 0.02, 5)
    time = data["time"].values
    covered = np.interp(time, data["contact_time"].values, [0.0, 1.0, 1.0, 0.0])
    rng = np.random.default_rng(2)  # rounding: without any scatter there is no error
    flux = (
        1e5 * (1.0 + 0.01 * time) * (1.0 - depth[:, None] * covered) * (1.0 + 1e-10 * rng.normal(size=(5, len(time))))
    )
    observation["SPEC/0"].dataset = data.assign(
        flux=(data["flux"].dims, flux, data["flux"].attrs), mask=xr.zeros_like(data["mask"])
    )
    found = measured_spectrum(TransitPolynomial(order=1, contacts="given").apply(observation))
    np.testing.assert_allclose(found["depth"], depth, atol=1e-9)


@settings(NUMERICS, max_examples=8)
@given(
    channels=st.sampled_from([(2, 2), (4, 2), (3, 4)]),
    samples=st.sampled_from([(2, 3), (5, 2), (4, 4)]),
    average=st.sampled_from(["auto", "width"]),
)
def test_binning_in_two_steps_is_binning_at_once(channels, samples, average):
    """Where nothing is masked: bins fill in what is masked from the rest of the bin, which depends on the bin."""
    observation = light_curve_observation(n_time=240)
    data = dict(nodes(observation))["SPEC/0"]
    flux = data["flux"].where(~data["mask"], data["flux"] / 7.0).assign_attrs(data["flux"].attrs)
    observation["SPEC/0"].dataset = data.assign(flux=flux, mask=xr.zeros_like(data["mask"]))
    once = Bin(channels=int(np.prod(channels)), time_samples=int(np.prod(samples)), average=average).apply(observation)
    twice = observation
    for n_channel, n_sample in zip(channels, samples, strict=True):
        twice = Bin(channels=n_channel, time_samples=n_sample, average=average).apply(twice)
    one, two = (dict(nodes(o))["SPEC/0"] for o in (once, twice))
    for name in ("flux", "flux_error", "time", "wavelength", "wavelength_lower", "wavelength_upper"):
        np.testing.assert_allclose(one[name], two[name], rtol=1e-12)


@settings(NUMERICS, max_examples=6)
@given(seed=st.integers(0, 1000), n_visit=st.integers(2, 5))
def test_visits_combined_one_by_one_are_visits_combined_at_once(seed, n_visit):
    """Weights are 1 / error^2, so that the mean of means is the mean."""
    rng = np.random.default_rng(seed)

    def node(depth, error):
        return xr.Dataset(
            {"depth": ("wavelength", depth), "depth_error": ("wavelength", error)},
            coords={"wavelength": [1.0, 2.0, 3.0]},
        )

    visits = [node(rng.normal(0.01, 1e-4, 3), rng.uniform(1e-5, 1e-3, 3)) for _ in range(n_visit)]
    at_once = collate([make_observation("a", {f"A/{i}": v for i, v in enumerate(visits)})], ["depth", "depth_error"])
    so_far = visits[0]
    for other in visits[1:]:
        pair = collate([make_observation("a", {"A/0": so_far, "A/1": other})], ["depth", "depth_error"])["spectrum"]
        so_far = node(pair["depth"].values[0], pair["depth_error"].values[0])
    np.testing.assert_allclose(so_far["depth"], at_once["spectrum/depth"].values[0], rtol=1e-12)
    np.testing.assert_allclose(so_far["depth_error"], at_once["spectrum/depth_error"].values[0], rtol=1e-12)


def _frames():
    return [
        c.component.name
        for c in Registry.discover().components("loader")
        if c.component.name in ("ariel-challenge", "ariel-simulated", "exosim-ndr")
    ]


@pytest.mark.parametrize("name", _frames())
def test_frames_read_in_parts_are_the_frames_read_whole(name, tmp_path, monkeypatch):
    """Pixel by pixel, in any order, or in blocks of a few frames."""
    offered = next(c for c in Registry.discover().components("loader") if c.component.name == name)
    module, _, example = offered.component.example.partition(":")
    loader = offered.load()(**getattr(import_module(module), example)(tmp_path)["params"])
    observation = loader.load(loader.targets()[0])
    rng = np.random.default_rng(1)
    read = 0
    for _, data in nodes(observation):
        frames = data["frames"].variable._data if hasattr(data["frames"].variable, "_data") else data["frames"].data
        if not isinstance(frames, LazyFrames):
            continue
        whole = frames.read()
        if name == "exosim-ndr":
            monkeypatch.setattr("specframe_io.exosim.frames._BLOCK", 1)
            np.testing.assert_array_equal(frames.read(), whole)
        flat = whole.reshape(len(whole), -1)
        pixels = rng.permutation(flat.shape[1])[:50]
        for pixel, series in zip(pixels, frames.pixel_series(pixels), strict=True):
            np.testing.assert_array_equal(series, flat[:, pixel])
        np.testing.assert_array_equal(np.stack(list(frames.time_series()), axis=1), flat)
        read += 1
    assert read
