"""A grid of model spectra with its labels, to be compared with observations."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Literal, Self

import numpy as np

from specframe.api import output_units
from specframe.errors import DataError
from specframe_retrieval.comparison.interpolation import GridInterpolator
from specframe_retrieval.comparison.spectrum import PhysicalSpectrum, converted, physical_spectrum

if TYPE_CHECKING:
    from collections.abc import Iterable

    import xarray as xr
    from numpy.typing import ArrayLike, NDArray

    Array = NDArray[np.float64]

__all__ = ["SpectralGrid", "interpolate_grid"]

#: Wavelengths that differ by less than this part are the same.
_SAME = 1e-6


@dataclass(frozen=True)
class SpectralGrid:
    """Spectra ``flux`` (n, wavelength), NaN where masked, and ``labels`` (n, p), of the spectra called ``targets``.

    ``names`` and ``units`` are those of the labels, without which there are none; ``unit`` is that of the flux,
    ``quantity`` is ``flux`` or ``depth``, ``at`` says where a flux is, at the ``surface`` or at the ``observer``, and
    ``radius`` in RJup is that which the spectra were brought there with, where it is known and one.
    """

    targets: tuple[str, ...]
    wavelength: Array
    flux: NDArray[np.floating]
    labels: Array
    names: tuple[str, ...] = ()
    units: tuple[str, ...] = ()
    unit: str = ""
    quantity: str = "flux"
    at: str = "surface"
    radius: float | None = None
    space: Literal["log", "linear"] = "log"

    @classmethod
    def of(
        cls,
        observations: Iterable[xr.DataTree],
        labels: xr.DataArray | None = None,
        space: Literal["log", "linear"] = "log",
    ) -> Self:
        """Make it of Observations with a spectrum each, and ``labels`` (target, output) matched by name.

        Raises
        ------
        DataError
            When there are none, or not all have the same wavelengths and quantity.
        """
        first: PhysicalSpectrum | None = None
        targets, rows, radii = [], [], set()
        for observation in observations:
            spectrum = physical_spectrum(observation)
            first = first or spectrum
            if (spectrum.quantity, spectrum.at) != (first.quantity, first.at) or not _same(
                spectrum.wavelength, first.wavelength
            ):
                raise DataError(
                    f"spectra of the grid differ: {_words(first)}, but {_words(spectrum)}; bring them to the same "
                    "wavelengths and units first (calibrate: resample, flux-units)"
                )
            values = converted(spectrum.flux, spectrum.unit, first.unit, first.wavelength)
            targets.append(spectrum.target)
            radii.add(spectrum.radius)
            rows.append(np.where(spectrum.mask, np.nan, values))
        if first is None:
            raise DataError("a grid needs at least one spectrum, got none")
        matrix, names, units = _label_matrix(labels, targets)
        return cls(
            tuple(targets),
            first.wavelength,
            np.stack(rows),
            matrix,
            names,
            units,
            first.unit,
            first.quantity,
            first.at,
            radii.pop() if len(radii) == 1 else None,
            space,
        )

    def like(self, spectrum: PhysicalSpectrum) -> Self:
        """Return the grid at an observation's wavelengths and in its unit.

        Where wavelengths differ, spectra are interpolated linearly, and are NaN where the grid has none: fine for
        models that have the observation's resolution already.

        Raises :class:`~specframe.errors.DataError` when one has fluxes and the other depths, or units of another kind.
        """
        if spectrum.quantity != self.quantity:
            raise DataError(f"the grid has {self.quantity}s and target {spectrum.target} has {spectrum.quantity}s")
        if self.fits(spectrum) and spectrum.unit == self.unit:
            return self
        flux = np.asarray(self.flux, float)
        if not self.fits(spectrum):
            flux = np.stack([np.interp(spectrum.wavelength, self.wavelength, row, np.nan, np.nan) for row in flux])
        flux = converted(flux, self.unit, spectrum.unit, spectrum.wavelength)
        return replace(self, wavelength=spectrum.wavelength, flux=flux, unit=spectrum.unit)

    def fits(self, spectrum: PhysicalSpectrum) -> bool:
        """Whether an observation has the grid's wavelengths."""
        return _same(self.wavelength, spectrum.wavelength)

    @cached_property
    def interpolator(self) -> GridInterpolator | None:
        """Return what interpolates its spectra, ``None`` where it has no labels that vary."""
        known = np.isfinite(self.labels).all(axis=1)
        labels = self.labels[known]
        if not self.names or not len(labels) or not np.any(np.ptp(labels, axis=0) > 0):
            return None
        return GridInterpolator(labels, self.flux[known], self.names, self.space)


def interpolate_grid(
    observations: Iterable[xr.DataTree],
    labels: xr.DataArray,
    parameters: ArrayLike,
    outside: Literal["nan", "clamp"] = "nan",
) -> xr.Dataset:
    """Return spectra at ``parameters`` (m, p), interpolated between those of ``observations``.

    ``flux`` (or ``depth``) ``(spectrum, wavelength)`` in the grid's unit; ``parameters (spectrum, output)``, those that
    the spectra belong to, and ``inside (spectrum)``, whether those asked for lie inside of the grid: outside, spectra
    are NaN or, with ``clamp``, those of the nearest labels inside. See
    :class:`~specframe_retrieval.GridInterpolator` for the method.

    Parameters
    ----------
    observations, labels
        The grid, as a loader gives it; ``labels`` (target, output).
    parameters
        In the order of ``labels["output"]``.
    outside
        ``nan`` or ``clamp``.

    Raises
    ------
    DataError
        When no label varies, or the spectra do not have the same wavelengths.
    """
    import xarray as xr

    grid = SpectralGrid.of(observations, labels)
    if grid.interpolator is None:
        raise DataError("no label of the grid varies: nothing can be interpolated")
    found = grid.interpolator.interpolate(np.atleast_2d(np.asarray(parameters, float)), outside)
    return xr.Dataset(
        {
            grid.quantity: (("spectrum", "wavelength"), found.flux, {"units": grid.unit}),
            "parameters": (("spectrum", "output"), found.parameters),
            "inside": ("spectrum", found.inside),
        },
        coords={
            "wavelength": ("wavelength", grid.wavelength, {"units": "um"}),
            "output": list(grid.names),
            "unit": ("output", np.array(grid.units, dtype=str)),
        },
    )


def _words(spectrum: PhysicalSpectrum) -> str:
    where = f", at the {spectrum.at}" if spectrum.quantity == "flux" else ""
    return f"{spectrum.target} has {spectrum.quantity} at {spectrum.wavelength.size} wavelengths{where}"


def _same(first: Array, second: Array) -> bool:
    return first.shape == second.shape and bool(np.allclose(first, second, rtol=_SAME, atol=0.0))


def _label_matrix(labels: xr.DataArray | None, targets: list[str]) -> tuple[Array, tuple[str, ...], tuple[str, ...]]:
    """Return labels (n, p) in the order of ``targets``, NaN where unknown, their names and units."""
    if labels is None:
        return np.zeros((len(targets), 0)), (), ()
    names = tuple(str(name) for name in labels["output"].values)
    row_of = {str(name): row for row, name in enumerate(labels["target"].values)}
    matrix = np.full((len(targets), len(names)), np.nan)
    for row, target in enumerate(targets):
        if target in row_of:
            matrix[row] = labels.values[row_of[target]]
    return matrix, names, output_units(labels)
