"""A measured spectrum beside a published one: offset, difference in shape, and errors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from specframe.errors import DataError

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

__all__ = ["SpectrumComparison", "compare_spectra"]


@dataclass(frozen=True)
class SpectrumComparison:
    """What two spectra differ by, on the channels of the coarser one that both cover.

    ``wavelength`` in um; ``measured``, ``measured_error``, ``published`` and ``published_error`` as the spectra are,
    (n_channel,). ``offset`` is the mean of measured - published with weights 1 / (sum of the squared errors) and
    ``offset_error`` its standard error for independent spectra; ``shape_rms`` the root mean square of the difference
    after the offset is taken away.
    """

    wavelength: Array
    measured: Array
    measured_error: Array
    published: Array
    published_error: Array
    offset: float
    offset_error: float
    shape_rms: float

    @property
    def error_ratio(self) -> float:
        """Mean error over mean published error, of these channels."""
        return float(np.mean(self.measured_error) / np.mean(self.published_error))

    @property
    def chi2_reduced(self) -> float:
        """Chi-square of the difference in shape per degree of freedom; about 1 if the spectra are independent."""
        pull = (self.measured - self.published - self.offset) / np.hypot(self.measured_error, self.published_error)
        return float(np.sum(pull**2) / max(pull.size - 1, 1))


def compare_spectra(measured: xr.Dataset, published: xr.Dataset) -> SpectrumComparison:
    """Compare two spectra as :func:`~specframe.api.measured_spectrum` returns them.

    Channels of the finer spectrum whose centre lies in a channel of the coarser one are averaged with weights
    1 / error^2. Channels of the coarser one that hold none are left out. Where no edges are known they are half way
    between the channels.

    Raises
    ------
    DataError
        When fewer than two channels can be compared, which leaves nothing of the shape.
    """
    ours, theirs = _channels(measured), _channels(published)
    empty = not (ours.centre.size and theirs.centre.size)
    if not empty and np.median(ours.upper - ours.lower) > np.median(theirs.upper - theirs.lower):
        coarse, fine = ours, theirs
    else:
        coarse, fine = theirs, ours
    value, error = _averaged(fine, coarse)
    common = np.isfinite(value) & np.isfinite(error)
    if common.sum() < 2:
        raise DataError(
            f"only {int(common.sum())} channels can be compared: "
            f"measured are {_range(ours)}, published {_range(theirs)}"
        )
    pair = [(coarse.value[common], coarse.error[common]), (value[common], error[common])]
    (own, own_error), (other, other_error) = pair if coarse is ours else pair[::-1]
    difference = own - other
    weight = 1.0 / (own_error**2 + other_error**2)
    offset = float(np.average(difference, weights=weight))
    return SpectrumComparison(
        wavelength=coarse.centre[common],
        measured=own,
        measured_error=own_error,
        published=other,
        published_error=other_error,
        offset=offset,
        offset_error=float(weight.sum() ** -0.5),
        shape_rms=float(np.sqrt(np.mean((difference - offset) ** 2))),
    )


@dataclass(frozen=True)
class _Channels:
    centre: Array
    lower: Array
    upper: Array
    value: Array
    error: Array


def _channels(spectrum: xr.Dataset) -> _Channels:
    """Return the channels that have a value and an error."""
    spectrum = spectrum.isel(wavelength=np.argsort(spectrum["wavelength"].values, kind="stable"))
    centre = spectrum["wavelength"].values.astype(float)
    if "wavelength_lower" in spectrum:
        lower, upper = (spectrum[f"wavelength_{side}"].values.astype(float) for side in ("lower", "upper"))
    else:
        middle = 0.5 * (centre[1:] + centre[:-1]) if centre.size > 1 else np.array([])
        half = 0.5 * np.median(np.diff(centre)) if centre.size > 1 else 0.0
        lower, upper = np.append(centre[:1] - half, middle), np.append(middle, centre[-1:] + half)
    value, error = spectrum["depth"].values.astype(float), spectrum["depth_error"].values.astype(float)
    good = np.isfinite(value) & np.isfinite(error) & (error > 0)
    return _Channels(centre[good], lower[good], upper[good], value[good], error[good])


def _averaged(fine: _Channels, coarse: _Channels) -> tuple[Array, Array]:
    """Return the means of ``fine`` in the channels of ``coarse`` and their errors, NaN where there is none."""
    inside = (fine.centre[None, :] >= coarse.lower[:, None]) & (fine.centre[None, :] < coarse.upper[:, None])
    weight = inside / fine.error[None, :] ** 2
    total = weight.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return (weight @ fine.value) / total, total**-0.5


def _range(channels: _Channels) -> str:
    if not channels.centre.size:
        return "none with a value and an error"
    return f"{channels.centre.size} from {channels.centre[0]:.4g} to {channels.centre[-1]:.4g} um"
