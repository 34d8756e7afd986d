"""Measured spectra with their errors, and the wavelengths that a process along wavelength knows them by."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np

from specframe.api import MAD_TO_STD, DepthSpectra
from specframe.errors import DataError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from specframe.api import Outputs

__all__ = ["Axis", "Channels", "Coordinate", "Spectra"]

Coordinate = Literal["log-wavelength", "wavelength"]

#: The range of the channels in units of a process along them, so that length scales of 1 to 50 are of use.
_LENGTH = 50.0
#: A channel so many times as wide as most is a band: its depth is the mean of so many points.
_WIDE, _POINTS = 3.0, 9


@dataclass(frozen=True)
class Spectra(DepthSpectra):
    """Measured depths of many targets, with what a process needs to know of their noise."""

    def typical_error(self) -> float:
        """Return the scatter of neighbouring channels, which stands in for errors where none are known."""
        step = np.abs(np.diff(self.depth, axis=1)).ravel()
        step = step[np.isfinite(step)]
        scatter = MAD_TO_STD * float(np.median(step)) / np.sqrt(2.0) if step.size else 0.0
        largest = float(np.max(np.abs(self.depth), initial=0.0, where=self.known))
        return max(scatter, 1e-6 * largest, float(np.sqrt(np.finfo(float).tiny)))

    def with_errors(self, default: float) -> Self:
        """Return them with ``default`` for the error of all channels where no errors are known."""
        if self.error is not None:
            return self
        return replace(self, error=np.where(self.known, default, np.nan))

    def noise(self, target: int) -> NDArray[np.float64]:
        """Return the covariance of the errors of one target in the channels that it has."""
        known = self.known[target]
        if self.covariance is not None:
            covariance = self.covariance[target][np.ix_(known, known)]
            covariance = np.where(np.isfinite(covariance), covariance, 0.0)
            return np.asarray(0.5 * (covariance + covariance.T))
        assert self.error is not None
        return np.diag(np.square(self.error[target][known]))


@dataclass(frozen=True)
class Axis:
    """Where channels lie for a process: ``points (p,)`` and ``average (n_channel, p)``, rows of which sum to 1.

    A band much wider than the other channels, as a photometer's, is the mean of the spectrum at several points.
    """

    points: NDArray[np.float64]
    average: NDArray[np.float64]

    @property
    def centre(self) -> NDArray[np.float64]:
        """Return the channels' mean positions (n_channel,)."""
        return np.asarray(self.average @ self.points)

    @classmethod
    def of(
        cls,
        wavelength: NDArray[np.float64],
        bounds: NDArray[np.float64] | None,
        coordinate: Coordinate,
        scale: tuple[float, float],
    ) -> Self:
        """Place channels at their wavelengths; ``scale`` is the origin and the unit of the coordinate."""
        n = len(wavelength)
        rows, points = [], []
        width = None if bounds is None else bounds[:, 1] - bounds[:, 0]
        for channel in range(n):
            at = wavelength[channel : channel + 1]
            if bounds is not None and width is not None and n > 2 and width[channel] > _WIDE * np.median(width):
                low, high = bounds[channel]
                at = low + (high - low) * (np.arange(_POINTS) + 0.5) / _POINTS
            rows += [channel] * len(at)
            points.append(at)
        average = np.zeros((n, len(rows)))
        average[rows, np.arange(len(rows))] = 1.0
        average /= average.sum(axis=1, keepdims=True)
        return cls((_coordinate(np.concatenate(points), coordinate) - scale[0]) / scale[1], average)


@dataclass(frozen=True)
class Channels:
    """Measured channels and outputs on one axis.

    ``same (n_output,)`` is the channel that an output is, -1 for an output between channels. A ``single`` output of a
    spectrum with several channels is its mean depth.
    """

    measured: Axis
    outputs: Axis
    same: NDArray[np.int64]
    single: bool
    #: What a unit of the axis is in ln(wavelength), 0 where it is not along that.
    unit: float = 0.0

    @classmethod
    def match(cls, spectra: Spectra, outputs: Outputs, coordinate: Coordinate, model: str) -> Self:
        """Place channels and outputs by wavelength, or by position where there are none.

        Raises
        ------
        DataError
            When there are no wavelengths and the numbers differ, or wavelengths are not above 0.
        """
        n_channel, n_output = spectra.depth.shape[1], len(outputs.names)
        single = n_output == 1
        wavelength, bounds = spectra.wavelength, spectra.bounds
        wanted = None if outputs.wavelength is None else np.asarray(outputs.wavelength, float)
        if wavelength is None or (wanted is None and not single):
            if n_channel != n_output and not single:
                raise DataError(
                    f"{model}: {n_channel} channels were measured and {n_output} outputs are to be learned; without "
                    "wavelengths of both it cannot be told which is which"
                )
            wavelength, bounds, coordinate = np.arange(n_channel, dtype=float), None, "wavelength"
            wanted = wavelength
        wanted = wavelength if single or wanted is None else wanted
        if coordinate == "log-wavelength" and min(wavelength.min(), wanted.min()) <= 0:
            raise DataError(f"{model}: wavelengths must be above 0 um, or set coordinate: wavelength")
        at = _coordinate(wavelength, coordinate)
        extent = float(np.ptp(at))  # of a single channel 0: any unit is then as good
        scale = (float(at.min()), (extent if extent > 0 else 1.0) / _LENGTH)
        unit = scale[1] if coordinate == "log-wavelength" else 0.0
        index = np.abs(wavelength[None, :] - wanted[:, None]).argmin(axis=1)
        reach = 0.5 * np.median(np.diff(np.sort(wanted))) if len(wanted) > 1 else np.inf
        near = np.abs(wavelength[index] - wanted) <= reach
        if bounds is not None:
            near |= (bounds[index, 0] <= wanted) & (wanted <= bounds[index, 1])
        same = _one_each(np.where(near, index, -1), wavelength, wanted)
        measured = Axis.of(wavelength, bounds, coordinate, scale)
        # an output that is a channel is the same band as the channel
        place = np.where(same >= 0, wavelength[np.maximum(same, 0)], wanted)
        if bounds is None:
            return cls(measured, Axis.of(place, None, coordinate, scale), same, single, unit)
        usual = np.median(bounds[:, 1] - bounds[:, 0])
        narrow = np.stack([place - 0.5 * usual, place + 0.5 * usual], axis=1)
        own = np.where((same >= 0)[:, None], bounds[np.maximum(same, 0)], narrow)
        return cls(measured, Axis.of(place, own, coordinate, scale), same, single, unit)

    def state(self) -> dict[str, NDArray[Any]]:
        """Return arrays to be saved; :meth:`from_state` is the inverse."""
        axes = {"measured": self.measured, "outputs": self.outputs}
        placed = {f"{name}.{key}": value for name, axis in axes.items() for key, value in vars(axis).items()}
        return {**placed, "same": self.same, "single": np.array(self.single), "unit": np.array(self.unit)}

    @classmethod
    def from_state(cls, arrays: dict[str, NDArray[Any]]) -> Self:
        """Take what :meth:`state` returned."""
        measured, outputs = (Axis(arrays[f"{n}.points"], arrays[f"{n}.average"]) for n in ("measured", "outputs"))
        return cls(measured, outputs, arrays["same"], bool(arrays["single"]), float(arrays["unit"]))


def _one_each(
    same: NDArray[np.int64], wavelength: NDArray[np.float64], wanted: NDArray[np.float64]
) -> NDArray[np.int64]:
    """Return the channels of outputs, -1 for all but the nearest of several outputs with the same channel."""
    kept = np.full_like(same, -1)
    for channel in np.unique(same[same >= 0]):
        of_channel = np.flatnonzero(same == channel)
        kept[of_channel[np.abs(wanted[of_channel] - wavelength[channel]).argmin()]] = channel
    return kept


def _coordinate(wavelength: NDArray[np.float64], coordinate: Coordinate) -> NDArray[np.float64]:
    return np.log(wavelength) if coordinate == "log-wavelength" else wavelength
