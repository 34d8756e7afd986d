"""A node at level light-curves from the arrays of a file, whatever its format."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import xarray as xr

from specframe_io.clock import too_coarse
from specframe_io.names import listed
from specframe_io.scatter import neighbour_scatter

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from specframe.errors import InputFileError
    from specframe_io.clock import Clock

__all__ = ["EmptyChannels", "Regressor", "Series", "check_wavelengths", "light_curve_node"]

#: Wavelengths (um) of telescopes, between X rays and the far infrared: others are in other units.
_WAVELENGTHS = (0.05, 100.0)

EmptyChannels = Literal["error", "leave-out"]


@dataclass(frozen=True)
class Regressor:
    """A variable (time,) or (wavelength, time) that flux may depend on; ``place`` is where the file has it."""

    values: NDArray[np.float64]
    units: str
    place: str


@dataclass(frozen=True, kw_only=True)
class Series:
    """The light curves of one instrument as a file has them.

    ``time`` (time,) in d on ``clock``; ``wavelength`` (wavelength,) in um, in any order, as ``lower`` and ``upper``;
    ``flux`` and ``flux_error`` (wavelength, time) in ``units``, the error ``None`` where the file has none; ``bad``
    (wavelength, time) is true where a sample is not to be used. ``exposure_time`` in s. ``places`` are the names of
    ``time``, ``wavelength``, ``flux``, ``flux_error`` and ``mask`` in the file, for messages.
    """

    time: NDArray[np.float64]
    clock: Clock
    wavelength: NDArray[np.float64]
    flux: NDArray[np.float64]
    flux_error: NDArray[np.float64] | None
    bad: NDArray[np.bool_]
    units: str
    lower: NDArray[np.float64] | None = None
    upper: NDArray[np.float64] | None = None
    regressors: Mapping[str, Regressor] = field(default_factory=dict)
    exposure_time: float | None = None
    places: Mapping[str, str] = field(default_factory=dict)

    def place(self, name: str) -> str:
        """Return where the file has a variable."""
        return self.places.get(name, name)


def _all_masked(series: Series, flux: NDArray[np.float64], unsound: NDArray[np.bool_]) -> str:
    """Return why no sample is left."""
    lost = series.bad | ~np.isfinite(flux)
    if series.flux_error is None and not lost.all():
        return (
            "every sample is masked: the file has no errors, and the scatter that would take their place is zero, as "
            f"the flux does not vary ({np.unique(flux[~lost]).size} values); is it the right column?"
        )
    marked = f"{series.bad.mean():.0%} by {series.place('mask')}, " if series.bad.any() else ""
    return (
        f"every sample is masked: {marked}{(~np.isfinite(flux)).mean():.0%} without a finite flux, "
        f"{unsound.mean():.0%} without an error above 0 ({series.place('flux_error')})"
    )


def light_curve_node(
    series: Series, wrong: Callable[[str, str], InputFileError], empty_channels: EmptyChannels = "error"
) -> xr.Dataset:
    """Return the node, channels in ascending wavelength.

    Without errors in the file they are estimated from the scatter of neighbouring samples. What is not finite is
    masked, and so is an error that is not above 0.

    Parameters
    ----------
    series
        What the file says.
    wrong
        Makes the error that something, named as in the file, is wrong.
    empty_channels
        What to do with channels without any usable sample or without a wavelength.

    Raises
    ------
    InputFileError
        When times are not finite, do not ascend, stand twice or are too coarse, wavelengths are not finite or stand
        twice, edges do not enclose the channels, all is masked, or a channel is (unless they are left out).
    """
    _check_time(series, wrong)
    flux = np.asarray(series.flux, float)
    comment: dict[str, str] = {}
    if series.flux_error is None:
        scatter = neighbour_scatter(np.where(series.bad, np.nan, flux))
        error = np.broadcast_to(scatter[:, None], flux.shape).copy()
        comment = {"comment": "estimated from the scatter of neighbouring samples of each channel"}
    else:
        error = np.asarray(series.flux_error, float)
    unsound = ~np.isfinite(error) | ~(error > 0)
    bad = series.bad | ~np.isfinite(flux) | unsound
    if bad.all():
        raise wrong(series.place("flux"), _all_masked(series, flux, unsound))
    order = _order(series, wrong, empty_channels)
    empty = bad[order].all(axis=1)
    if empty.any() and empty_channels == "error":
        first = series.wavelength[order[empty][0]]
        raise wrong(
            series.place("flux"),
            f"{int(empty.sum())} of {len(order)} channels have no usable sample, the first at {first:.6g} um; write "
            "empty_channels: leave-out to do without them",
        )
    order = order[~empty]
    coords: dict[str, Any] = {
        "wavelength": ("wavelength", series.wavelength[order], {"units": "um"}),
        "time": ("time", series.time, series.clock.attrs()),
    }
    for side, edge in (("lower", series.lower), ("upper", series.upper)):
        if edge is not None:
            coords[f"wavelength_{side}"] = ("wavelength", edge[order], {"units": "um"})
    dims = ("wavelength", "time")
    variables: dict[str, Any] = {
        "flux": (dims, flux[order], {"units": series.units}),
        "flux_error": (dims, error[order], {"units": series.units, **comment}),
        "mask": (dims, bad[order]),
    }
    for name, regressor in series.regressors.items():
        values = np.asarray(regressor.values, float)
        attrs = {"units": regressor.units, "role": "regressor"}
        variables[name] = ("time", values, attrs) if values.ndim == 1 else (dims, values[order], attrs)
    node = xr.Dataset(variables, coords=coords)
    if series.exposure_time is not None:
        node.attrs["exposure_time"] = float(series.exposure_time)
    if len(order) < len(series.wavelength):
        node.attrs["empty_channels"] = len(series.wavelength) - len(order)
    return node


def check_wavelengths(
    wavelength: NDArray[np.float64], place: str, remedy: str, wrong: Callable[[str, str], InputFileError]
) -> None:
    """Raise :class:`InputFileError` where wavelengths (um) are hardly in um, and say what to do."""
    known = wavelength[np.isfinite(wavelength)]
    low, high = _WAVELENGTHS
    if len(known) and (known.max() > high or known.min() < low):
        raise wrong(
            place,
            f"expected wavelengths of {low:g} to {high:g} um, got {known.min():g} to {known.max():g} um; {remedy}",
        )


def _check_time(series: Series, wrong: Callable[[str, str], InputFileError]) -> None:
    time, place = series.time, series.place("time")
    if time.ndim != 1 or not len(time):
        raise wrong(place, f"expected times on one axis, got shape {time.shape}")
    lost = ~np.isfinite(time)
    if lost.any():
        raise wrong(
            place, f"{int(lost.sum())} of {len(time)} times are not finite, the first at index {np.argmax(lost)}"
        )
    back = np.flatnonzero(np.diff(time) <= 0)
    if len(back):
        at = int(back[0])
        what = "stands twice" if time[at] == time[at + 1] else "is followed by an earlier one"
        raise wrong(
            place,
            f"times must ascend, but {float(time[at])!r} at index {at} {what} ({float(time[at + 1])!r}); sort the file "
            "by time and take out what stands twice",
        )
    coarse = too_coarse(time)
    if coarse:
        raise wrong(place, coarse)


def _order(
    series: Series, wrong: Callable[[str, str], InputFileError], empty_channels: EmptyChannels
) -> NDArray[np.intp]:
    """Return the channels in ascending wavelength, without those that have none if these are left out."""
    wavelength, place = series.wavelength, series.place("wavelength")
    known = np.isfinite(wavelength) & (wavelength > 0)
    if not known.any() or (empty_channels == "error" and not known.all()):
        channels = listed([str(i) for i in np.flatnonzero(~known)])
        raise wrong(
            place,
            f"expected wavelengths above 0, but those of channels {channels} are not (the first is 0); write "
            "empty_channels: leave-out to do without them",
        )
    order = np.argsort(wavelength, kind="stable")
    order = order[known[order]]
    same = np.flatnonzero(np.diff(wavelength[order]) <= 0)
    if len(same):
        raise wrong(place, f"two channels are at {wavelength[order[same[0]]]:.6g} um, expected one each")
    if series.lower is not None and series.upper is not None:
        outside = np.flatnonzero(known & ~((series.lower <= wavelength) & (wavelength <= series.upper)))
        if len(outside):
            i = int(outside[0])
            raise wrong(
                place,
                f"channel {i} is at {wavelength[i]:.6g} um, which is not between its edges {series.lower[i]:.6g} and "
                f"{series.upper[i]:.6g} um",
            )
    return order
