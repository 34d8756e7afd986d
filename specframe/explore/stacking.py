"""Spectra of many targets as one array, on common wavelengths."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from specframe.api.observation import level_of, nodes
from specframe.api.visits import combine_visits, measured_visits, merged_depths
from specframe.errors import ContainerError, DataError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import xarray as xr
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

__all__ = ["SpectrumRow", "spectrum_rows", "stack_rows", "stack_spectra"]

#: Wavelengths that agree this well are the same.
_SAME = 1e-6


@dataclass(frozen=True)
class SpectrumRow:
    """The spectrum of one target, arrays (n_wavelength,), NaN where it is masked."""

    target: str
    wavelength: Array
    value: Array
    error: Array | None
    attrs: dict[str, str] = field(default_factory=dict)


def stack_spectra(observations: Iterable[xr.DataTree]) -> dict[str, xr.Dataset]:
    """Stack the spectra and depths of Observations.

    Parameters
    ----------
    observations
        Read one by one; only their spectra are kept. Visits of an instrument are averaged; depths of all instruments
        are merged.

    Returns
    -------
    dict
        By name (``depth``, else the instrument), as :func:`stack_rows` returns it.

    Raises
    ------
    DataError
        When none holds a spectrum or depths.
    """
    found: dict[str, list[SpectrumRow]] = {}
    for observation in observations:
        for name, row in spectrum_rows(observation).items():
            found.setdefault(name, []).append(row)
    if not found:
        raise DataError("spectra: no target has a spectrum or depths")
    return {name: stack_rows(rows) for name, rows in found.items()}


def spectrum_rows(observation: xr.DataTree) -> dict[str, SpectrumRow]:
    """Return the spectra of one Observation by name: ``depth``, or the instrument."""
    target, rows = str(observation.attrs["target"]), {}
    by_instrument: dict[str, list[xr.Dataset]] = {}
    for path, data in nodes(observation):
        if level_of(data) == "spectrum":
            by_instrument.setdefault(path.partition("/")[0], []).append(data)
    for instrument, visits in by_instrument.items():
        flux = combine_visits(visits, "flux")
        error = combine_visits(visits, "flux_error") if all("flux_error" in data for data in visits) else None
        rows[instrument] = _row(target, flux, error, "flux")
    measured = measured_visits(nodes(observation))
    if measured:
        try:
            depth, error = (merged_depths(measured, name) for name in ("depth", "depth_error"))
        except ContainerError:
            return rows
        quantity = next(
            (str(d.attrs["quantity"]) for visits in measured.values() for d in visits if "quantity" in d.attrs), ""
        )
        rows["depth"] = _row(target, depth, error, quantity or "depth")
    return rows


def stack_rows(rows: Sequence[SpectrumRow]) -> xr.Dataset:
    """Return spectra on common wavelengths.

    Spectra on wavelengths of their own are interpolated linearly onto a grid of the median range and number of
    pixels; that is for looking at them together, and conserves no flux. It is NaN where a spectrum has no data.

    Returns
    -------
    xarray.Dataset
        ``value`` and, where there are errors above 0, ``error``, dims ``(target, wavelength)``, NaN where masked.
        ``attrs["grids"]`` is the number of different wavelength grids that there were.
    """
    import xarray as xr

    grids = {np.round(row.wavelength, 9).tobytes() for row in rows}
    first = rows[0].wavelength
    same = all(
        row.wavelength.shape == first.shape and np.allclose(row.wavelength, first, rtol=_SAME, atol=0) for row in rows
    )
    wavelength = first if same else _common(rows)
    with_errors = any(row.error is not None and np.any(row.error > 0) for row in rows)
    value = np.full((len(rows), wavelength.size), np.nan)
    error = np.full_like(value, np.nan) if with_errors else None
    for i, row in enumerate(rows):
        value[i] = row.value if same else _interpolated(wavelength, row.wavelength, row.value)
        if error is not None and row.error is not None:
            error[i] = row.error if same else _interpolated(wavelength, row.wavelength, row.error)
    coords = {
        "target": [row.target for row in rows],
        "wavelength": ("wavelength", wavelength, {"units": "um", "comment": rows[0].attrs.get("comment", "")}),
    }
    attrs = {name: rows[0].attrs[name] for name in ("units", "long_name", "noise") if name in rows[0].attrs}
    data = {"value": (("target", "wavelength"), value, attrs)}
    if error is not None:
        data["error"] = (("target", "wavelength"), error, {"units": attrs.get("units", "")})
    return xr.Dataset(data, coords=coords, attrs={"grids": 1 if same else len(grids)})


def _row(target: str, value: xr.DataArray, error: xr.DataArray | None, name: str) -> SpectrumRow:
    attrs = {"long_name": name, "units": str(value.attrs.get("units", ""))}
    if "noise" in value.attrs:
        attrs["noise"] = str(value.attrs["noise"])
    if "wavelength" not in value.coords:
        raise DataError(f"target {target}: its spectrum has no wavelengths")
    if "comment" in value["wavelength"].attrs:
        attrs["comment"] = str(value["wavelength"].attrs["comment"])
    return SpectrumRow(
        target,
        value["wavelength"].values.astype(float),
        value.values.astype(float),
        None if error is None else error.values.astype(float),
        attrs,
    )


def _common(rows: Sequence[SpectrumRow]) -> Array:
    """Return a grid of the median range and number of pixels, evenly spaced in the logarithm where that is possible."""
    low = float(np.median([row.wavelength[0] for row in rows]))
    high = float(np.median([row.wavelength[-1] for row in rows]))
    count = max(int(np.median([row.wavelength.size for row in rows])), 2)
    if not high > low:
        low, high = min(row.wavelength[0] for row in rows), max(row.wavelength[-1] for row in rows)
    return np.geomspace(low, high, count) if low > 0 else np.linspace(low, high, count)


def _interpolated(wavelength: Array, own: Array, values: Array) -> Array:
    """Interpolate linearly between finite pixels; NaN outside, and where a pixel beside it is missing."""
    known = np.isfinite(values)
    if not known.any():
        return np.full(wavelength.size, np.nan)
    found = np.interp(wavelength, own[known], values[known], left=np.nan, right=np.nan)
    if not known.all():
        gap = np.interp(wavelength, own, (~known).astype(float))
        found[gap > 0] = np.nan
    return np.asarray(found)
