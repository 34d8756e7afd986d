"""The spectrum of one target as an exporter writes it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from specframe.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator

    import xarray as xr
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

__all__ = ["Spectrum", "spectra_of"]


@dataclass(frozen=True)
class Spectrum:
    """Channels with a depth, in ascending wavelength, all (n_channel,): wavelengths in um, errors positive."""

    target: str
    wavelength: Array
    lower: Array
    upper: Array
    depth: Array
    error: Array
    error_lower: Array
    error_upper: Array
    instrument: NDArray[np.str_]
    is_eclipse: bool

    @property
    def instruments(self) -> list[str]:
        """Names of the instruments, in the order of their first channel."""
        return list(dict.fromkeys(str(name) for name in self.instrument))

    def of(self, instruments: set[str]) -> Spectrum:
        """Return the channels of these instruments."""
        keep = np.array([str(name) in instruments for name in self.instrument], dtype=bool)
        arrays = {name: values[keep] for name, values in vars(self).items() if isinstance(values, np.ndarray)}
        return replace(self, **arrays)


def spectra_of(prediction: xr.Dataset, exporter: str) -> Iterator[Spectrum]:
    """Yield the spectrum of each target of a Prediction.

    Edges that the channels lack are half way between their centres; channels without a depth are left out.

    Raises
    ------
    DataError
        When the outputs are no channels, are not dimensionless, or have no errors.
    """
    if "wavelength" not in prediction.coords:
        raise DataError(f"{exporter}: the outputs have no wavelengths; this format is for spectra")
    if "std" not in prediction:
        raise DataError(f"{exporter}: the prediction has no errors (std); add an uncertainty step")
    units = str(prediction["mean"].attrs.get("units", ""))
    if units:
        raise DataError(f"{exporter}: depths must be dimensionless, the prediction is in {units!r}")
    wavelength = prediction["wavelength"].values.astype(float)
    lower, upper = _edges(prediction, wavelength)
    n_output = wavelength.size
    instrument = prediction["instrument"].values.astype(str) if "instrument" in prediction.coords else [""] * n_output
    names = np.asarray(instrument, dtype=str)
    eclipse = "eclipse" in str(prediction["mean"].attrs.get("long_name", ""))
    asymmetric = {side: prediction.get(f"error_{side}", prediction["std"]).values for side in ("lower", "upper")}
    for row, target in enumerate(prediction["target"].values.astype(str)):
        depth, error = prediction["mean"].values[row].astype(float), prediction["std"].values[row].astype(float)
        good = np.flatnonzero(np.isfinite(depth) & np.isfinite(error))
        if not good.size:
            raise DataError(f"{exporter}: target {target} has no channel with a depth and an error")
        order = good[np.argsort(wavelength[good], kind="stable")]
        yield Spectrum(
            str(target),
            wavelength[order],
            lower[order],
            upper[order],
            depth[order],
            error[order],
            asymmetric["lower"][row].astype(float)[order],
            asymmetric["upper"][row].astype(float)[order],
            names[order],
            eclipse,
        )


def _edges(prediction: xr.Dataset, wavelength: Array) -> tuple[Array, Array]:
    if {"wavelength_lower", "wavelength_upper"} <= set(prediction.coords):
        edges = [prediction[f"wavelength_{side}"].values.astype(float) for side in ("lower", "upper")]
        if all(np.isfinite(edge).all() for edge in edges):
            return edges[0], edges[1]
    order = np.argsort(wavelength, kind="stable")
    ascending = wavelength[order]
    if ascending.size < 2:
        raise DataError("the width of a single channel is not known; the data need wavelength_lower and _upper")
    middle = 0.5 * (ascending[1:] + ascending[:-1])
    lower, upper = np.empty_like(wavelength), np.empty_like(wavelength)
    lower[order] = np.concatenate([[2 * ascending[0] - middle[0]], middle])
    upper[order] = np.concatenate([middle, [2 * ascending[-1] - middle[-1]]])
    return lower, upper
