"""Spectra of several files joined in time on one grid of wavelengths."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from specframe.errors import InputFileError
from specframe_io.clock import too_coarse

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from specframe_io.params import TimeSystem
    from specframe_io.x1dints.spectra import Spectra

__all__ = ["light_curves"]

#: Barycentric times of the pipeline are BJD - 2400000.5; below this a time is one of those, from here on a whole BJD.
_WHOLE_JD = 2_000_000.0


def light_curves(parts: Sequence[Spectra], system: TimeSystem, tolerance: float, dq_bits: int) -> xr.Dataset:
    """Return a node at level light-curves of the spectra of one order and detector.

    Channels without a wavelength are left out; so are integrations without a time, which ``attrs["flags"]`` and
    ``attrs["dropped_integrations"]`` tell.

    Raises
    ------
    InputFileError
        When wavelengths differ by more than ``tolerance`` (um), times are unknown or stand twice, units differ, or
        nothing is left unmasked.
    """
    first = parts[0]
    for part in parts:
        if part.units != first.units:
            raise InputFileError(
                part.path, f"{part.node}: flux in {part.units!r}, but in {first.units!r} in {first.path}"
            )
    width = max(part.flux.shape[1] for part in parts)
    wave = np.concatenate([_padded(part.wavelength, width, np.nan) for part in parts])
    flux = np.concatenate([_padded(part.flux, width, np.nan) for part in parts])
    error = np.concatenate([_padded(part.flux_error, width, np.nan) for part in parts])
    dq = np.concatenate([_padded(part.dq, width, 1) for part in parts])
    time = np.concatenate([part.time for part in parts])
    source = np.concatenate([np.full(len(part.time), i) for i, part in enumerate(parts)])

    known = np.isfinite(time)
    if not known.any():
        raise InputFileError(
            first.path, f"{first.node}: no integration has a time in {system}; see the parameter time_system"
        )
    order = np.flatnonzero(known)[np.argsort(time[known], kind="stable")]
    wave, flux, error, dq, time, source = (a[order] for a in (wave, flux, error, dq, time, source))
    twice = np.flatnonzero(np.diff(time) <= 0)
    if twice.size:
        i = int(twice[0])
        one, other = parts[source[i]].path, parts[source[i + 1]].path
        raise InputFileError(
            other, f"{first.node}: two integrations are at {time[i]:.8f} d, the other in {one}; is a file there twice?"
        )
    if (time[0] < _WHOLE_JD) != (time[-1] < _WHOLE_JD):
        raise InputFileError(first.path, f"{first.node}: some times are Julian dates and some modified Julian dates")
    if coarse := too_coarse(time):
        raise InputFileError(first.path, f"{first.node}: {coarse}")

    wave[~(wave > 0)] = np.nan
    at = np.flatnonzero(np.isfinite(wave).any(axis=0))
    if not at.size:
        raise InputFileError(first.path, f"{first.node}: no channel has a wavelength")
    grid = np.nanmedian(wave[:, at], axis=0)
    off = np.nan_to_num(np.abs(wave[:, at] - grid))
    if off.max() > tolerance:
        row, channel = (int(i) for i in np.unravel_index(int(off.argmax()), off.shape))
        raise InputFileError(
            parts[source[row]].path,
            f"{first.node}: wavelengths differ between integrations: channel {int(at[channel])} is at "
            f"{wave[row, at[channel]]:.6f} um at time {time[row]:.6f}, elsewhere at {grid[channel]:.6f} um, more than "
            f"the wavelength_tolerance of {tolerance:g} um",
        )
    at, grid = at[np.argsort(grid)], np.sort(grid)
    if np.any(np.diff(grid) <= 0):
        same = float(grid[int(np.argmax(np.diff(grid) <= 0))])
        raise InputFileError(first.path, f"{first.node}: two channels have the wavelength {same:.6f} um")

    flux, error = flux[:, at], error[:, at]
    by_flag = (dq[:, at] & dq_bits) != 0
    mask = by_flag | ~np.isfinite(wave[:, at]) | ~np.isfinite(flux) | ~(np.isfinite(error) & (error > 0))
    if mask.all():
        raise InputFileError(
            first.path,
            f"{first.node}: every sample is masked: {by_flag.mean():.0%} by DQ bits {dq_bits}, "
            f"{(~np.isfinite(flux)).mean():.0%} for no flux, {(~(error > 0)).mean():.0%} for no error above 0",
        )
    dims, units = ("wavelength", "time"), {"units": first.units}
    node = xr.Dataset(
        {"flux": (dims, flux.T, units), "flux_error": (dims, error.T, units), "mask": (dims, mask.T)},
        coords={
            "wavelength": ("wavelength", grid, {"units": "um"}),
            "time": (
                "time",
                time,
                {
                    "units": "d",
                    "time_system": "UTC" if system == "MJD_UTC" else "TDB",
                    "time_reference": "JD 2400000.5" if time[0] < _WHOLE_JD else "JD 0",
                },
            ),
        },
    )
    if not known.all():
        node.attrs |= {"flags": "dropped-integrations", "dropped_integrations": int((~known).sum())}
    return node


def _padded(array: NDArray[Any], width: int, value: float) -> NDArray[Any]:
    return np.pad(array, ((0, 0), (0, width - array.shape[1])), constant_values=value)
