"""The noise limit: what photons, sky, dark current and reads leave in an aperture when all else is known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from specframe_ariel.simulate.instrument import SCIENCE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from specframe_ariel.simulate.calibration import CalibrationSet
    from specframe_ariel.simulate.light import Light

__all__ = ["APERTURE", "aperture_flux", "flux_error"]

#: Detector rows that the calibration sums by default (``ariel-detector``), and columns where nothing disperses.
APERTURE = slice(8, 24)


@dataclass(frozen=True)
class _Aperture:
    """The pixels of the aperture, and the channel of each."""

    weight: NDArray[np.float64]
    channel: NDArray[np.intp]
    n_channel: int

    def total(self, image: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the sum of ``image`` over each channel's pixels, shape (n_channel,)."""
        inside = (self.weight * image).sum(axis=0)
        return np.asarray(np.bincount(self.channel, inside, self.n_channel), float)


def _aperture(light: Light, calibration: CalibrationSet, rows: slice) -> _Aperture:
    inside = np.zeros(calibration.dead.shape)
    inside[rows, SCIENCE if light.instrument.disperses else rows] = 1.0
    inside[calibration.dead] = 0.0
    return _Aperture(inside, light.channel, len(light.star))


def aperture_flux(light: Light, calibration: CalibrationSet, rows: slice = APERTURE) -> NDArray[np.float64]:
    """Return the star's light in the live pixels of the aperture, in e- per pair, shape (n_channel, n_pair).

    Without noise, sky and dark current; drift and pointing are in it. Channels outside the science columns have 0.
    """
    aperture = _aperture(light, calibration, rows)
    share, slope_y, slope_x = (aperture.total(image)[:, None] for image in light.instrument.point_spread())
    inside = share + slope_y * light.pointing[0] + slope_x * light.pointing[1]
    return np.asarray(light.rate * inside * light.readout.long)


def flux_error(
    light: Light, calibration: CalibrationSet, rows: slice = APERTURE, *, optimal: bool = False
) -> NDArray[np.float64]:
    """Return the standard deviation of :func:`aperture_flux` in e- per pair, shape (n_channel, n_pair).

    ``optimal`` weighs the pixels as is best instead of summing them.

    Notes
    -----
    Per live pixel the variance V of a pair's difference is what was collected in between (Poisson: star, sky and dark
    current) plus that of two reads, divided by the squared flat. The sum has the variance sum(V), the best weights
    (Horne 1986, PASP 98, 609) that of sum(P)^2 / sum(P^2 / V), where P is the pixel's share of the light. Nothing is
    added for the estimate of the sky, of the pointing or of the calibration: these are known here, so that this is the
    limit.
    """
    aperture = _aperture(light, calibration, rows)
    flat = np.where(aperture.weight > 0, calibration.flat, 1.0)
    share = light.instrument.point_spread()[0]
    long = light.readout.long
    # variance of each pixel: photons of the star's share, and all else
    photons = share / flat * long
    constant = (long * (light.sky * flat + calibration.dark) + 2 * calibration.read**2) / flat**2
    error = np.sqrt(light.rate * aperture.total(photons)[:, None] + aperture.total(constant)[:, None])
    if not optimal:
        return np.asarray(error)
    # the weights' gain hardly depends on the light that a transit takes: it is that of the mean light
    variance = light.rate.mean(axis=1)[light.channel] * photons + constant
    best, plain = aperture.total(share**2 / variance), aperture.total(variance)
    inside = (best > 0) & (plain > 0)
    gain = np.divide(aperture.total(share) ** 2, best * plain, out=np.ones_like(best), where=inside)
    return np.asarray(error * np.sqrt(gain)[:, None])
