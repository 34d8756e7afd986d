"""The star's light on the detector: blended along the wavelengths, and moved by the pointing."""

import numpy as np
import pytest

from specframe_ariel.simulate.instrument import AIRS, FGS1
from specframe_ariel.simulate.light import light_of
from specframe_ariel.simulate.params import SimulatedParams
from specframe_ariel.simulate.planet import draw_planet


def test_blending_keeps_the_light_and_its_place():
    share, slope = AIRS.spectral_blend(1.0)
    inner = slice(12, -12)
    columns = np.arange(356)
    np.testing.assert_allclose(share.sum(axis=0)[inner], 1.0, rtol=1e-9)
    np.testing.assert_allclose((columns[:, None] * share).sum(axis=0)[inner], columns[inner], atol=1e-9)
    # as wide as the core across the columns, and a pixel
    variance = ((columns[:, None] - columns) ** 2 * share).sum(axis=0)[inner]
    core = 0.40 + 0.315 * AIRS.wavelength[inner]
    np.testing.assert_allclose(variance, core**2 + 1 / 12, rtol=1e-6)
    # a move by 0.1 columns moves the light of a column by 0.1 columns, and loses none
    np.testing.assert_allclose(slope.sum(axis=0)[inner], 0.0, atol=1e-9)
    np.testing.assert_allclose((columns[:, None] * slope).sum(axis=0)[inner], 1.0, rtol=1e-6)


def test_without_blur_every_column_keeps_its_own():
    share, slope = AIRS.spectral_blend(0.0)
    np.testing.assert_array_equal(share, np.eye(356))
    np.testing.assert_array_equal(slope, 0.0)
    params = SimulatedParams(seed=1, spectral_blur=0.0, airs_pairs=40)
    light = light_of(params, draw_planet(params, 0), AIRS, 0)
    np.testing.assert_array_equal(light.depth, light.depth_label)


@pytest.mark.parametrize("instrument", [AIRS, FGS1], ids=lambda instrument: instrument.name)
def test_pointing_moves_the_image(instrument):
    """By finite differences: the image of a star that is 0.02 pixels off, as the first order in the pointing has it."""
    share, slope_y, slope_x = instrument.point_spread()
    moved = type(instrument)(**{**vars(instrument), "centre": (instrument.centre[0] + 0.02, instrument.centre[1])})
    np.testing.assert_allclose(moved.point_spread()[0] - share, 0.02 * slope_y, atol=2e-4 * share.max())
    if instrument is FGS1:
        moved = type(instrument)(**{**vars(instrument), "centre": (instrument.centre[0], instrument.centre[1] + 0.02)})
        np.testing.assert_allclose(moved.point_spread()[0] - share, 0.02 * slope_x, atol=2e-4 * share.max())
    else:
        np.testing.assert_array_equal(slope_x, 0.0)


def test_pointing_along_the_wavelengths_shifts_the_spectrum():
    """To first order the light is that of a column beside: -p times the spectrum's slope, and none is lost."""
    params = SimulatedParams(seed=3, airs_pairs=60, drift=0.0, jitter=0.0, pointing_wave=0.1)
    planet = draw_planet(params, 0)
    light = light_of(params, planet, AIRS, 0)
    first = light.rate / light.transit
    slope = np.gradient(light.star)
    pointing = light.pointing[1]
    assert np.abs(pointing).max() > 0.09
    inner = slice(40, 300)
    expected = light.star[inner, None] - slope[inner, None] * pointing
    np.testing.assert_allclose(first[inner], expected, atol=5e-5 * light.star.max())
    assert np.ptp(first[inner], axis=1).max() > 1.5e-3 * light.star.max()


def test_blended_transit_is_that_of_the_blended_light():
    """A channel without light of its own shows its neighbours' transit."""
    params = SimulatedParams(seed=3, airs_pairs=60, drift=0.0, jitter=0.0)
    planet = draw_planet(params, 0)
    light = light_of(params, planet, AIRS, 0)
    plain = light_of(params.model_copy(update={"spectral_blur": 0.0}), planet, AIRS, 0)
    share, _ = AIRS.spectral_blend(1.0)
    np.testing.assert_allclose(light.rate, share @ plain.rate, rtol=1e-12)
