"""The radius that the scale between a model and an observation tells."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from specframe.errors import DataError, ParameterError
from specframe_retrieval.comparison.chi2 import agreement
from specframe_retrieval.lengths import PARSEC_IN_RJUP

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import ArrayLike, NDArray

__all__ = ["radius_of_scale", "radius_scan"]

#: The scan goes so many errors of the radius to each side, and at least this part of it.
_SIGMAS, _LEAST_WIDTH = 5.0, 0.02


def radius_of_scale(
    scale: ArrayLike, *, distance: float | None = None, radius: float | None = None
) -> NDArray[np.float64]:
    """Return the radius in RJup at which a model agrees with an observation.

    ``scale`` is what the model is multiplied with. Where the observation is the flux at the observer and the model that
    at the surface, ``distance`` in pc is given: R = d sqrt(scale). Where the observation was brought to the top of the
    atmosphere with an assumed radius, that ``radius`` in RJup is given: R = R0 sqrt(scale).
    """
    if (distance is None) == (radius is None):
        raise ParameterError("give the distance in pc, or the radius in RJup that the observation was scaled with")
    unit = radius if distance is None else distance * PARSEC_IN_RJUP
    assert unit is not None
    if not (np.isfinite(unit) and unit > 0):
        what = "radius" if distance is None else "distance"
        raise DataError(f"the {what} must be positive, got {radius if distance is None else distance}")
    return np.asarray(unit * np.sqrt(np.asarray(scale, float)))


def radius_scan(
    observed: ArrayLike,
    error: ArrayLike | None,
    model: ArrayLike,
    mask: ArrayLike | None = None,
    *,
    distance: float | None = None,
    radius: float | None = None,
    radii: ArrayLike | None = None,
) -> xr.Dataset:
    """Return chi2 of a model as a function of the radius, the best radius and its error.

    Dim ``radius`` in RJup (``radii``, else 201 around the best); ``chi2 (radius)``, and without dims ``best``,
    ``lower`` and ``upper``, the ends of the interval in which chi2 rises by 1, and ``scaled_lower`` and
    ``scaled_upper``, in which it rises by the reduced chi2 where that is above 1. The first is right if the model is;
    where it is not, which a reduced chi2 far above 1 tells, the second is less wrong. Neither holds what the labels
    and the distance are uncertain by. Since chi2 is a parabola in the scale R^2, the ends are exact.

    ``distance`` in pc or ``radius`` in RJup as in :func:`radius_of_scale`; the other arguments (wavelength,) as in
    :func:`~specframe_retrieval.comparison.agreement`.

    Raises
    ------
    DataError
        When the observation has no errors, so that there is no chi2, or no positive scale fits.
    """
    import xarray as xr

    found = agreement(observed, error, np.asarray(model)[None], mask, "scale")
    if not found.weighted:
        raise DataError("chi2 versus radius: the observation has no errors, so chi2 is not defined")
    scale, sigma, least = float(found.scale[0]), float(found.scale_error[0]), float(found.chi2[0])
    if not scale > 0:
        raise DataError("chi2 versus radius: no positive scale brings the model nearer to the observation")
    unit = float(radius_of_scale(1.0, distance=distance, radius=radius))
    widened = sigma * np.sqrt(np.nanmax([1.0, float(found.chi2_reduced[0])]))

    def at(scales: ArrayLike) -> NDArray[np.float64]:
        return radius_of_scale(np.maximum(scales, 0.0), distance=distance, radius=radius)

    if radii is None:
        reach = max(_SIGMAS * widened, 2.0 * _LEAST_WIDTH * scale)
        radii = np.linspace(at(scale - reach), at(scale + reach), 201)
    grid = np.asarray(radii, float)
    chi2 = least + np.square((np.square(grid / unit) - scale) / sigma)
    in_rjup = {"units": "R_jup"}
    numbers = {
        "best": at(scale),
        "lower": at(scale - sigma),
        "upper": at(scale + sigma),
        "scaled_lower": at(scale - widened),
        "scaled_upper": at(scale + widened),
    }
    return xr.Dataset(
        {"chi2": ("radius", chi2, {"units": ""}), **{name: ((), value, in_rjup) for name, value in numbers.items()}},
        coords={"radius": ("radius", grid, in_rjup)},
        attrs={"chi2_reduced": float(found.chi2_reduced[0])},
    )
