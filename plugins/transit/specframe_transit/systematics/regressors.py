"""Measured quantities that the flux may depend on: found by name, checked, and scaled to order 1."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from specframe.api import MAD_TO_STD, masked_median
from specframe.errors import DataError
from specframe_transit.cleaning.node import find_regressor

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from specframe_transit.curves import Curves

    Array = NDArray[np.float64]

__all__ = ["ScaledRegressor", "scale_angle", "scale_regressor"]

#: A regressor that varies by less than this part of its size does not vary: that is rounding.
_ROUNDING = 1e-12


@dataclass(frozen=True)
class ScaledRegressor:
    """``values = (regressor - centre) / scale``, (n_time,) or (n_channel, n_time), 0 where it is not known.

    ``centre`` is the median of what is used, ``scale`` its robust standard deviation (the plain one where more than
    half of the values are the same); both are (1,) or (n_channel,), in the regressor's units.
    """

    name: str
    values: Array
    centre: Array
    scale: Array


def scale_regressor(name: str, curves: Curves) -> ScaledRegressor:
    """Return a regressor of the light curves, centred and scaled over the samples that are used.

    Raises
    ------
    DataError
        When it is missing, not finite where the flux is used, or constant.
    """
    return _scaled(name, find_regressor(name, curves.regressors, curves.path), curves)


def scale_angle(name: str, curves: Curves) -> tuple[ScaledRegressor, ScaledRegressor]:
    """Return cosine and sine of a regressor in degrees, as :func:`scale_regressor` does.

    A quantity that turns with the rotator, such as vignetting, is a function of these; a full turn tears them nowhere.
    """
    radians = np.deg2rad(find_regressor(name, curves.regressors, curves.path))
    return _scaled(f"cos({name})", np.cos(radians), curves), _scaled(f"sin({name})", np.sin(radians), curves)


def _scaled(name: str, given: Array, curves: Curves) -> ScaledRegressor:
    used = curves.use if given.ndim == 2 else np.any(curves.use, axis=0, keepdims=True)
    values = np.atleast_2d(given)
    unknown = used & ~np.isfinite(values)
    if unknown.any():
        times = curves.time[unknown.any(axis=0)] + curves.reference
        raise DataError(
            f"node /{curves.path}: the regressor {name!r} is not finite at {len(times)} of {len(curves.time)} times "
            f"where the flux is used, the first at {times[0]:.6f} d; mask those times or leave the regressor out"
        )
    values = np.where(np.isfinite(values), values, 0.0)
    centre = masked_median(values, used)
    deviation = np.where(used, values - centre[:, None], 0.0)
    scale = MAD_TO_STD * masked_median(np.abs(deviation), used)
    count = np.maximum(used.sum(axis=1), 1)
    plain = np.sqrt(np.square(deviation).sum(axis=1) / count)
    size = np.abs(np.where(used, values, 0.0)).max(axis=1)
    constant = (plain <= _ROUNDING * size) & used.any(axis=1)
    if constant.any():
        where = "" if given.ndim == 1 else f" in {int(constant.sum())} of {len(values)} channels"
        raise DataError(
            f"node /{curves.path}: the regressor {name!r} is constant ({centre[constant.argmax()]:g}){where}: it "
            "cannot be told from the level of the flux; leave it out of names"
        )
    # more than half of the values the same, or nearly so: a robust scale would blow the rest up
    scale = np.where(scale > 0.1 * plain, scale, np.where(plain > 0, plain, 1.0))
    known = np.isfinite(np.atleast_2d(given))
    scaled = np.where(known, (values - centre[:, None]) / scale[:, None], 0.0)
    return ScaledRegressor(name, scaled[0] if given.ndim == 1 else scaled, centre, scale)
