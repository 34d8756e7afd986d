"""One variable of a target from all its visits and instruments."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from specframe.errors import ContainerError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import xarray as xr
    from numpy.typing import NDArray

__all__ = ["MERGED", "combine_visits", "measured_visits", "merged_covariance", "merged_depths"]

#: Variables that are merged over instruments into one spectrum.
MERGED = ("depth", "depth_error", "depth_covariance")
#: The "instrument" whose node holds a fit of all instruments and visits together.
_JOINT = "spectrum"


def _usable(data: xr.Dataset, variable: str) -> xr.DataArray:
    """Return a variable with NaN where it is masked."""
    array = data[variable]
    if "mask" in data and array.dims == data["mask"].dims and array.dtype.kind == "f" and variable != "mask":
        return array.where(~data["mask"])
    return array


def _weights(data: xr.Dataset, variable: str, like: xr.DataArray) -> NDArray[np.float64]:
    error = data.get(f"{variable}_error")
    if error is None or error.dims != like.dims:
        return np.where(np.isnan(like.values), 0.0, 1.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        # in single precision the square of 1e-19 W m-2 um-1 is 0
        weight = 1.0 / np.square(np.asarray(error.values, float))
    return np.where(np.isfinite(weight) & np.isfinite(like.values), weight, 0.0)


def combine_visits(visits: Sequence[xr.Dataset], variable: str) -> xr.DataArray:
    """Average a variable over visits, weighted by 1 / error^2 where there are errors, in double precision.

    Raises :class:`~specframe.errors.ContainerError` where the visits have it in different shapes.
    """
    import xarray as xr

    visits = [data for data in visits if variable in data]
    arrays = [_usable(data, variable) for data in visits]
    if len(arrays) == 1 or arrays[0].dtype.kind != "f":
        return arrays[0]
    if len({array.shape for array in arrays}) > 1:
        raise ContainerError(
            f"{variable} of {len(arrays)} visits has shapes {', '.join(str(a.shape) for a in arrays)}: "
            "bring the visits to one grid (bin them alike) or learn from the depths"
        )
    weights = [_weights(data, variable, array) for data, array in zip(visits, arrays, strict=True)]
    total = np.sum(weights, axis=0)
    given = [np.asarray(array.values, float) for array in arrays]
    if variable.endswith("_error"):
        with np.errstate(divide="ignore"):
            values = 1.0 / np.sqrt(np.nansum([1.0 / np.square(values) for values in given], axis=0))
    else:
        weighted = np.sum([np.nan_to_num(v) * w for v, w in zip(given, weights, strict=True)], axis=0)
        values = np.where(total > 0, weighted / np.where(total > 0, total, 1.0), np.nan)
    return xr.DataArray(
        values.astype(arrays[0].dtype, copy=False), dims=arrays[0].dims, coords=arrays[0].coords, attrs=arrays[0].attrs
    )


def measured_visits(found: Iterable[tuple[str, xr.Dataset]]) -> dict[str, list[xr.Dataset]]:
    """Return the visits that hold depths by instrument, of :func:`~specframe.api.nodes`.

    Where all were fitted together, that is the node of the joint fit alone.
    """
    by_instrument: dict[str, list[xr.Dataset]] = {}
    for path, data in found:
        by_instrument.setdefault(path.partition("/")[0], []).append(data)
    return _with_depths(by_instrument)


def _with_depths(by_instrument: Mapping[str, Sequence[xr.Dataset]]) -> dict[str, list[xr.Dataset]]:
    measured = {key: [data for data in visits if "depth" in data] for key, visits in by_instrument.items()}
    measured = {key: visits for key, visits in measured.items() if visits}
    return {_JOINT: measured[_JOINT]} if _JOINT in measured else measured


def merged_covariance(measured: Sequence[Sequence[xr.Dataset]]) -> NDArray[np.float64]:
    """Return the covariance of the depths of several instruments, in their order: fits apart share nothing."""
    blocks = [_covariance_of(visits) for visits in measured]
    size = sum(map(len, blocks))
    covariance, first = np.zeros((size, size)), 0
    for block in blocks:
        here = slice(first, first := first + len(block))
        covariance[here, here] = block
    return covariance


def merged_depths(by_instrument: Mapping[str, Sequence[xr.Dataset]], name: str) -> xr.DataArray:
    """Return ``depth``, ``depth_error`` or ``depth_covariance`` of all instruments, in ascending wavelength.

    Visits of an instrument are averaged with weights 1 / depth_error^2. Where all were fitted together, it is the
    result of that fit. Depths of different instruments that were fitted apart have no covariance, and of those whose
    fit left none only the variance is known.

    Raises :class:`ContainerError` when there are no depths, or no covariance of any.
    """
    import xarray as xr

    measured = _with_depths(by_instrument)
    if not measured:
        raise ContainerError("no depths to learn from; add a detrend step")
    if name != "depth_covariance":
        parts = [combine_visits([_depths_alone(data) for data in visits], name) for visits in measured.values()]
        merged = parts[0]
        if len(parts) > 1:
            merged = xr.concat(parts, dim="wavelength", coords="minimal", compat="override")
        ascending = bool(np.all(np.diff(merged["wavelength"].values) > 0))
        return merged if ascending else merged.sortby("wavelength")
    if not any("depth_covariance" in data for visits in measured.values() for data in visits):
        raise ContainerError("no depth_covariance to learn from; the detrend step gives errors only")
    wavelength = np.concatenate([visits[0]["wavelength"].values for visits in measured.values()])
    covariance = merged_covariance(list(measured.values()))
    order = np.argsort(wavelength, kind="stable")
    if np.any(np.diff(order) != 1):
        covariance = covariance[np.ix_(order, order)]
    return xr.DataArray(
        covariance,
        dims=("wavelength", "wavelength_other"),
        coords={"wavelength": ("wavelength", wavelength[order], {"units": "um"})},
        attrs={"units": ""},
    )


def _depths_alone(data: xr.Dataset) -> xr.Dataset:
    """Return depths, errors and the mask of a spectrum of depths; that of light curves beside them is another one."""
    masked = "mask" in data and data["mask"].dims == data["depth"].dims
    return data[["depth", "depth_error", *(["mask"] if masked else [])]]


def _covariance_of(visits: Sequence[xr.Dataset]) -> NDArray[np.float64]:
    """Return the covariance of the visits' weighted mean depths, ``sum_v W_v C_v W_v``; NaN where no depth is."""
    weights = [_weights(data, "depth", data["depth"]) for data in visits]
    total = np.sum(weights, axis=0)
    combined = np.zeros((total.size, total.size))
    for data, weight in zip(visits, weights, strict=True):
        if "depth_covariance" in data:
            covariance = np.asarray(data["depth_covariance"].values, float)
        else:
            covariance = np.diag(np.square(np.asarray(data["depth_error"].values, float)))
        share = np.divide(weight, total, out=np.zeros_like(total), where=total > 0)
        used = share > 0
        combined += np.where(used[:, None] & used, np.outer(share, share) * covariance, 0.0)
    combined[total == 0, :] = np.nan
    combined[:, total == 0] = np.nan
    return combined
