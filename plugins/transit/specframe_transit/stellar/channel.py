"""The profile of a stellar disc from limb to centre, as a channel's photons see it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from specframe.api.sizes import unpacked
from specframe.errors import DataError, InputFileError

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from specframe_transit.stellar.grid import Intensities

__all__ = ["Throughput", "channel_profiles", "read_throughput"]


@dataclass(frozen=True)
class Throughput:
    """``throughput`` (n,) at ``wavelength`` (n,) in um, linear between and 0 beyond."""

    wavelength: NDArray[np.float64]
    throughput: NDArray[np.float64]


def read_throughput(path: Path) -> Throughput:
    """Read a text table of wavelength in um and throughput, columns by blanks or commas, ``#`` before comments.

    Raises
    ------
    InputFileError
        When a line is not two numbers, wavelengths do not ascend, or throughputs are negative.
    """
    rows: list[list[float]] = []
    try:
        text = unpacked(path).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputFileError(path, f"cannot read a text table of wavelength and throughput: {error}") from None
    for number, line in enumerate(text.splitlines(), start=1):
        words = line.partition("#")[0].replace(",", " ").split()
        if not words:
            continue
        try:
            row = [float(word) for word in words]
        except ValueError:
            row = []
        if len(row) != 2:
            raise InputFileError(path, f"line {number}: expected wavelength (um) and throughput, got {line.strip()!r}")
        rows.append(row)
    table = np.array(rows, dtype=float).reshape(-1, 2)
    sound = len(table) > 1 and bool(np.isfinite(table).all())
    if not (sound and np.all(np.diff(table[:, 0]) > 0) and np.all(table[:, 1] >= 0)):
        raise InputFileError(path, "expected at least two lines, ascending wavelengths and throughputs of at least 0")
    return Throughput(table[:, 0], table[:, 1])


def channel_profiles(
    star: Intensities,
    lower: NDArray[np.float64],
    upper: NDArray[np.float64],
    throughput: Throughput | None = None,
) -> NDArray[np.float64]:
    """Return the photons from the disc at each mu in each channel, (n_channel, n_mu), in any unit.

    They are the integral of intensity x wavelength x throughput, the integrand linear between all wavelengths at which
    one of its factors is given. ``lower`` and ``upper`` are the channels' edges in um (n_channel,).

    Raises
    ------
    DataError
        When a channel is not within the wavelengths of the model star or lets no light through.
    """
    profiles = np.empty((len(lower), len(star.mu)))
    for channel, (low, high) in enumerate(zip(lower, upper, strict=True)):
        if not star.wavelength[0] <= low < high <= star.wavelength[-1]:
            raise DataError(
                f"channel {channel} from {low:g} to {high:g} um must be within {star.wavelength[0]:g} to "
                f"{star.wavelength[-1]:g} um, the wavelengths of the model star, and have a width"
            )
        nodes = [star.wavelength] if throughput is None else [star.wavelength, throughput.wavelength]
        at = np.unique(np.concatenate([[low, high], *(x[(x > low) & (x < high)] for x in nodes)]))
        weight = at.copy()
        if throughput is not None:
            weight *= np.interp(at, throughput.wavelength, throughput.throughput, left=0.0, right=0.0)
        if not weight.any():
            raise DataError(
                f"channel {channel} from {low:g} to {high:g} um: the throughput table lets no light through"
            )
        first = max(int(np.searchsorted(star.wavelength, low)) - 1, 0)
        last = int(np.searchsorted(star.wavelength, high)) + 1
        light = np.array([np.interp(at, star.wavelength[first:last], row[first:last]) for row in star.intensity])
        profiles[channel] = np.trapezoid(light * weight, at, axis=1)
    return profiles
