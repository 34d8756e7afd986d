"""Common mode: what the white light curve has beside its transit, which all channels share."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from specframe.errors import DataError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from specframe_transit.curves import Curves

    Array = NDArray[np.float64]

__all__ = ["CommonMode", "channels_within", "common_mode", "divide"]


@dataclass(frozen=True)
class CommonMode:
    """White flux over white transit model, all (n_time,).

    ``values`` have the median 1, and are 1 where ``use`` is False; ``error`` is their white noise.
    """

    values: Array
    error: Array
    use: NDArray[np.bool_]


def channels_within(curves: Curves, wavelength: tuple[float, float] | None) -> NDArray[np.intp]:
    """Return the indices of the channels whose wavelengths (um) are in a range; all for None.

    Raises
    ------
    DataError
        When there is none.
    """
    if wavelength is None:
        return np.arange(curves.n_channel)
    low, high = wavelength
    inside = np.flatnonzero((curves.wavelength >= low) & (curves.wavelength <= high))
    if not len(inside):
        raise DataError(
            f"node /{curves.path}: common-mode has no channel between {low:g} and {high:g} um; its channels are at "
            f"{curves.wavelength[0]:.4g} to {curves.wavelength[-1]:.4g} um"
        )
    return inside


def common_mode(flux: Array, flux_error: Array, transit: Array, use: NDArray[np.bool_]) -> CommonMode:
    """Return the common mode of a white light curve, all arguments (n_time,) in any one unit of flux.

    ``transit`` is the white transit model alone, without systematics.
    """
    used = use & (transit > 0)
    if not used.any():
        raise DataError("common-mode: the white light curve has no sample that is used")
    safe = np.where(used, transit, 1.0)
    values = flux / safe
    level = float(np.median(values[used]))
    return CommonMode(
        np.where(used, values / level, 1.0), np.where(used, flux_error / safe / abs(level), np.inf), np.asarray(used)
    )


def divide(curves: Curves, mode: CommonMode, share: Array | None = None) -> Curves:
    """Return the channels divided by the common mode; a time that the white curve does not use is not used.

    The white curve's noise is divided into every channel. Where a channel is the part ``share`` of the white curve, the
    two are correlated, and with errors ``e`` of channel and ``w`` of common mode the variance becomes
    ``e^2 (1 - 2 share) + w^2``: for a white curve of all channels that is hardly more than ``e^2``, and less for a
    channel that is most of it, whose noise has been divided out of itself. Noise that all channels share goes with the
    common mode, and with it what it does to all depths alike: the spectrum's shape is measured by the channels, its
    level by the white fit. The level's error, that of the white depth, is common to all depths.

    Parameters
    ----------
    share
        Part of the white curve's light that each channel is, (n_channel,), 0 for channels outside it; by default that
        of ``curves.level`` over all channels.
    """
    if share is None:
        share = curves.level / curves.level.sum()
    use = curves.use & mode.use
    variance = np.square(np.where(use, curves.flux_error / mode.values, 1.0))
    kept = np.maximum(1.0 - 2.0 * share, 0.0)[:, None]
    noise = np.square(np.where(mode.use, mode.error, 0.0))
    error = np.sqrt(variance * kept + noise)
    return replace(
        curves,
        flux=np.where(use, curves.flux / mode.values, 0.0),
        flux_error=np.where(use, error, np.inf),
        use=use,
    )
