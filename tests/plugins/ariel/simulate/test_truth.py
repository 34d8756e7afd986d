"""The truth of a simulated planet against its own frames, reduced, and against independent formulas."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter1d

from specframe_ariel.calibrator import ArielDetector
from specframe_ariel.simulate.detector import true_detector
from specframe_ariel.simulate.instrument import AIRS, FGS1
from specframe_ariel.simulate.light import light_of
from specframe_ariel.simulate.loader import ArielSimulated
from specframe_ariel.simulate.noise import aperture_flux, flux_error
from specframe_ariel.simulate.params import SimulatedParams
from specframe_ariel.simulate.planet import draw_planet
from specframe_ariel.simulate.truth import planet_truth

#: The sum over the aperture alone: no estimate of the sky, no weights, no repairs, and every pair a sample.
APERTURE = {"extraction": "box", "background_rows": [], "cosmic_ray_sigma": None, "pairs_per_bin": 1}
NODES = ["AIRS-CH0/0", "FGS1/0"]


def _reduced_and_true(calibrator=None, **params):
    """Reduced frames and truth of a simulated planet."""
    loader = ArielSimulated(n_targets=1, **params)
    observation = loader.load(loader.targets()[0])
    curves = ArielDetector(**(calibrator or APERTURE)).apply(observation)
    return curves, planet_truth(loader.params, draw_planet(loader.params, 0))


@pytest.fixture(scope="module")
def quiet():
    """A planet before a steady telescope."""
    return _reduced_and_true(seed=3, airs_pairs=400, fgs1_pairs=3_000, jitter=0.0, drift=0.0)


@pytest.fixture(scope="module")
def shaken():
    """A planet before a telescope that drifts and shakes, 30 times as much as the real one."""
    return _reduced_and_true(seed=4, airs_pairs=187, fgs1_pairs=187, drift=5e-3, jitter=20.0, pointing_wave=0.1)


def test_nodes_axes_and_units(quiet):
    curves, truth = quiet
    for path, channels in zip(NODES, (282, 1), strict=True):
        node, reduced = truth[path], curves[path]
        assert node.sizes["wavelength"] == channels
        assert node["flux"].attrs["units"] == "electron"
        np.testing.assert_array_equal(node["wavelength"], reduced["wavelength"])
        # a pair's reads and the light they collect: half a read apart at most
        np.testing.assert_allclose(node["time"], reduced["time"], rtol=0, atol=1e-9)


def test_depths_are_the_labels_and_what_the_blended_light_shows():
    loader = ArielSimulated(n_targets=1, seed=8)
    truth = planet_truth(loader.params, draw_planet(loader.params, 0))
    label = np.concatenate([truth[path]["depth_label"] for path in ("FGS1/0", "AIRS-CH0/0")])
    np.testing.assert_array_equal(loader.labels().values[0], label)
    # a Gaussian of the mean width does to the labels what the point spread does, but for the spectrum's slope: 10 %
    # of the change, away from the last columns, where the labels do not know what comes in from beyond
    node = truth["AIRS-CH0/0"]
    width = 0.40 + 0.315 * float(node["wavelength"].mean())
    blurred = gaussian_filter1d(node["depth_label"].values, np.hypot(width, 12**-0.5))[8:-8]
    shown, labelled = node["depth"].values[8:-8], node["depth_label"].values[8:-8]
    change = blurred - labelled
    assert np.abs(change).max() > 1e-7
    assert np.corrcoef(shown - labelled, change)[0, 1] > 0.9
    assert np.abs(shown - blurred).max() < 0.3 * np.abs(change).max()
    np.testing.assert_array_equal(truth["FGS1/0"]["depth"], truth["FGS1/0"]["depth_label"])


def test_depth_is_that_of_the_light_curve():
    """Mid-transit loss over depth is smooth, as limb darkening is: features are in both alike, or neither."""
    loader = ArielSimulated(n_targets=1, seed=8, airs_pairs=60, spectral_blur=2.0)
    node = planet_truth(loader.params, draw_planet(loader.params, 0))["AIRS-CH0/0"]
    lost = 1 - node["transit"].values.min(axis=1)
    inner, w = slice(8, -8), np.linspace(-1, 1, 266)

    def roughness(depth):
        ratio = (lost / depth)[inner]
        return np.std(ratio / np.polynomial.polynomial.polyval(w, np.polynomial.polynomial.polyfit(w, ratio, 4)))

    shown, label = roughness(node["depth"].values), roughness(node["depth_label"].values)
    assert shown < 2e-5
    assert label > 10 * shown


@pytest.mark.parametrize("path", NODES)
def test_flux_is_what_the_reduction_finds(quiet, path):
    curves, truth = quiet
    flux, true = curves[path]["flux"].mean("time"), truth[path]["flux"].mean("time")
    params = SimulatedParams()
    sky, pixels, long = (
        (params.airs_sky, 16, 4.5 * 5_625 / 400) if "AIRS" in path else (10.0, 256, 0.1 * 67_500 / 3_000)
    )
    # linearity is inverted to 1e-4 (means of a curved response), dead pixels have no sky
    np.testing.assert_allclose(flux - sky * pixels * long, true, rtol=3e-3)


@pytest.mark.parametrize("path", NODES)
def test_flux_error_is_the_scatter_of_the_reduced_frames(quiet, path):
    """In every channel, and in white light: the noise limit."""
    curves, truth = quiet
    residual = curves[path]["flux"].values - truth[path]["flux"].values
    residual -= residual.mean(axis=1, keepdims=True)
    error = truth[path]["flux_error"].values
    n = residual.size
    # 1 % for the slope of the linearity's correction, which stretches the noise of bright pixels
    assert (residual / error).std() == pytest.approx(1.0, abs=0.01 + 4 / np.sqrt(2 * n))
    each = (residual / error).std(axis=1)
    assert np.all(np.abs(each - 1) < 0.02 + 5 / np.sqrt(2 * residual.shape[1]))
    white = residual.sum(axis=0).std() / np.sqrt((error**2).sum(axis=0).mean())
    assert white == pytest.approx(1.0, abs=0.01 + 4 / np.sqrt(2 * residual.shape[1]))


@pytest.mark.parametrize("path", NODES)
def test_optimal_error_is_the_scatter_of_optimal_extraction(path):
    """ariel-detector's weights are Horne's: most is gained where the read noise of 16 rows is, in faint channels."""
    optimal = {**APERTURE, "extraction": "optimal"}
    curves, truth = _reduced_and_true(optimal, seed=3, airs_pairs=400, fgs1_pairs=3_000, jitter=0.0, drift=0.0)
    node = truth[path]
    flux, true = curves[path]["flux"].values, node["flux"].values
    # a weighted sum may be scaled and have another share of the sky: compare relative to its mean
    residual = flux / flux.mean(axis=1, keepdims=True) - true / true.mean(axis=1, keepdims=True)
    error = (node["flux_error_optimal"] / node["flux"]).values
    assert (residual / error).std() == pytest.approx(1.0, abs=0.03 + 4 / np.sqrt(2 * residual.size))
    gain = (node["flux_error_optimal"] / node["flux_error"]).mean("time").values
    assert np.all(gain < 1)
    assert gain.min() < (0.9 if "AIRS" in path else 0.95)


def test_the_reductions_own_error_is_the_noise_limit(quiet):
    """ariel-detector knows light and noise from the frames, the truth from what they were made of."""
    curves, truth = quiet
    for path in NODES:
        ratio = curves[path]["flux_error"].mean("time") / truth[path]["flux_error"].mean("time")
        np.testing.assert_allclose(ratio, 1.0, atol=0.02)


@pytest.mark.parametrize("path", NODES)
def test_drift_pointing_and_transit_are_all_that_changes_the_light(shaken, path):
    """What is left of the reduced light after the truth is noise, though the pointing moved by 0.1 pixels and more."""
    curves, truth = shaken
    residual = curves[path]["flux"].values - truth[path]["flux"].values
    residual -= residual.mean(axis=1, keepdims=True)
    error = truth[path]["flux_error"].values
    # what would be left if the truth had no pointing in it
    node = truth[path]
    moved = (node["flux"] / (node["transit"] * node["drift"])).values
    moved = moved / moved.mean(axis=1, keepdims=True) - 1
    assert (moved * node["flux"].values / error).std() > 0.3
    assert (residual / error).std() == pytest.approx(1.0, abs=0.02 + 4 / np.sqrt(2 * residual.size))


def test_flux_is_transit_times_drift_times_pointing():
    """The factors of the truth are all the truth: nothing else varies, and pointing along rows hardly does."""
    loader = ArielSimulated(n_targets=1, seed=4, jitter=0.0)
    truth = planet_truth(loader.params, draw_planet(loader.params, 0))
    for path in NODES:
        node = truth[path]
        steady = node["flux"] / (node["transit"] * node["drift"])
        np.testing.assert_allclose(steady / steady.mean("time"), 1.0, rtol=1e-12)


def test_every_visit_has_its_truth():
    loader = ArielSimulated(n_targets=1, seed=1, year=2025, second_visit=1.0, airs_pairs=40, fgs1_pairs=40)
    planet = draw_planet(loader.params, 0)
    truth = planet_truth(loader.params, planet)
    assert set(truth["FGS1"].children) == {"0", "1"}
    for visit in ("0", "1"):
        node = truth["FGS1"][visit]
        assert node.attrs["mid_transit"] * 86_400 == pytest.approx(planet.mid_transit[int(visit)])
        middle = float(node["time"][int(node["transit"].values[0].argmin())])
        # 40 pairs of 675 s, and a flat bottom
        assert middle == pytest.approx(node.attrs["mid_transit"], abs=0.03)
    assert truth.attrs["period"] == planet.orbit.period
    assert truth.attrs["target"] == planet.name


@pytest.mark.parametrize("instrument", [AIRS, FGS1], ids=lambda instrument: instrument.name)
def test_default_jitter_adds_little_to_white_light(instrument):
    """It is below a quarter of the noise, so that it adds less than 3 %; the aperture holds the light that moves."""
    params = SimulatedParams(seed=2, airs_pairs=1_125, fgs1_pairs=1_350, drift=0.0)
    planet = draw_planet(params, 0)
    steady = params.model_copy(update={"jitter": 0.0})
    calibration, _ = true_detector(params, planet, instrument, 0)
    light, still = (light_of(one, planet, instrument, 0) for one in (params, steady))
    science = slice(39, 321) if instrument is AIRS else slice(None)
    moved = (aperture_flux(light, calibration) - aperture_flux(still, calibration))[science].sum(axis=0)
    noise = np.sqrt((flux_error(still, calibration)[science] ** 2).sum(axis=0).mean())
    assert 0.01 * noise < moved.std() < 0.25 * noise
