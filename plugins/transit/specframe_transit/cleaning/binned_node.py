"""A node of an Observation on new bins, with all that hangs on its wavelengths and times."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import numpy as np

from specframe.errors import DataError
from specframe_transit.cleaning.depth_bins import bin_depths, shared_noise
from specframe_transit.cleaning.grid import channel_edges
from specframe_transit.cleaning.light_curve_bins import (
    Binned,
    bin_in_time,
    bin_in_wavelength,
    channel_weights,
    time_means,
)
from specframe_transit.cleaning.node import add_flags, direction_of
from specframe_transit.cleaning.scatter import error_flags, error_ratio, light_curve_scatter, median_ratio
from specframe_transit.cleaning.series import stretches
from specframe_transit.light_curves import as_days, usable_samples

if TYPE_CHECKING:
    from collections.abc import Hashable

    import xarray as xr
    from numpy.typing import NDArray

    from specframe_transit.cleaning.grid import Grid
    from specframe_transit.cleaning.light_curve_bins import How
    from specframe_transit.cleaning.params import BinParams

__all__ = ["bin_times", "bin_wavelengths", "is_counts"]

_CURVES = ("wavelength", "time")
#: Numbers per channel that mean nothing when averaged.
_OF_A_FIT = ("chi2_reduced", "beta")
#: Less of a bin covered carries a flag.
_COVERED = 0.5


def is_counts(units: str) -> bool:
    """Whether flux in ``units`` is counted per channel, so that channels add up."""
    from astropy import units as u

    unit = u.Unit(units)
    return any(unit.is_equivalent(counted / per) for counted in (u.electron, u.adu, u.ph) for per in (1.0, u.s))


def bin_wavelengths(path: str, data: xr.Dataset, grid: Grid, params: BinParams) -> xr.Dataset:
    """Return a node on the bins of ``grid``; see :class:`~specframe_transit.cleaning.bin.Bin`."""
    lower, upper = channel_edges(path, data)
    data = _without_coordinates(data)
    width = upper - lower
    live: NDArray[np.bool_] = np.ones(len(width), bool)
    share = grid.part * width
    matrix: NDArray[np.float64] | None = None
    lost = False
    made: dict[str, Any] = {}
    if "flux" in data and "time" in data["flux"].dims:
        use = usable_samples(data)
        live = np.asarray(use.any(axis=1))
        flux = np.where(use, np.asarray(data["flux"].values, float), 0.0)
        error = np.where(use, np.asarray(data["flux_error"].values, float), 1.0)
        how = _how(str(data["flux"].attrs.get("units", "")), params.average)
        weights = channel_weights(grid.part, width, flux, error, use, how)
        curves = bin_in_wavelength(flux, error, use, weights, params.max_masked)
        _check_light(path, use, curves)
        lost = bool(np.any(~curves.use.any(axis=1)))
        made |= _curves(data, curves)
        matrix, share = weights.matrix, weights.share
    if "depth" in data:
        made |= _depths(data, grid, width, params)
        live = np.asarray(live & np.isfinite(data["depth"].values))
    left_out: list[str] = []
    for name, array in data.data_vars.items():
        if name in made or "wavelength" not in array.dims or name == "wavelength_other":
            continue
        values = _over_wavelength(str(name), array, grid, matrix, share)
        if values is None:
            left_out.append(str(name))
        else:
            made[str(name)] = (array.dims, values, dict(array.attrs))
    coverage = np.clip(grid.part @ (width * live) / (grid.upper - grid.lower), 0.0, 1.0)
    made["coverage"] = ("wavelength", coverage, {"units": "", "long_name": "part of a bin that channels cover"})
    made["channels_left_out"] = ((), int(np.count_nonzero(~grid.part.any(axis=0))), {"units": ""})
    kept = data.drop_vars([n for n in data.variables if {"wavelength", "wavelength_other"} & {n, *data[n].dims}])
    binned = kept.assign(made).assign_coords(_coordinates(data, grid))
    binned = binned.assign_attrs(not_binned=" ".join(left_out)) if left_out else binned
    flags = ["bins-lost"] if lost else []
    flags += ["bins-partly-covered"] if np.any(coverage < _COVERED) else []
    flags += ["oversampled"] if len(grid.lower) > np.count_nonzero(grid.part.any(axis=0)) else []
    return _errors_anew(add_flags(binned, flags), "error_ratio" in data)


def bin_times(path: str, data: xr.Dataset, number: NDArray[np.intp], max_masked: float) -> xr.Dataset:
    """Return a node whose exposures with the same ``number`` (n_time,) are averaged."""
    data = _without_coordinates(data)
    time = np.asarray(data["time"].values, float)
    use = usable_samples(data)
    given = Binned(
        np.where(use, np.asarray(data["flux"].values, float), 0.0),
        np.where(use, np.asarray(data["flux_error"].values, float), 1.0),
        use,
    )
    binned, counts = bin_in_time(given, number, max_masked)
    _check_light(path, use, binned)
    made = _curves(data, binned)
    left_out: list[str] = []
    for name, array in data.data_vars.items():
        if name in made or "time" not in array.dims:
            continue
        if array.dims[-1] != "time" or array.dtype.kind not in "fiu":
            left_out.append(str(name))
            continue
        values = time_means(np.asarray(array.values, float), number, counts)
        made[str(name)] = (array.dims, values, dict(array.attrs))
    kept = data.drop_vars([n for n in data.variables if "time" in (n, *data[n].dims)])
    means = time_means(time, number, counts)
    result = kept.assign(made).assign_coords(time=("time", means, dict(data["time"].attrs)))
    starts = np.flatnonzero(np.diff(number, prepend=-1))
    ends = np.append(starts[1:], len(time)) - 1
    seconds = as_days(data) * 86400.0
    exposure = float(data.attrs.get("exposure_time", np.median(np.diff(time)) * seconds))
    length = float(np.median(time[ends] - time[starts])) * seconds + exposure
    names = " ".join([*str(data.attrs.get("not_binned", "")).split(), *left_out])
    result = result.assign_attrs(exposure_time=length, **({"not_binned": names} if names else {}))
    return _errors_anew(result, "error_ratio" in data)


def _check_light(path: str, use: NDArray[np.bool_], binned: Binned) -> None:
    if use.any() and not binned.use.any():
        raise DataError(
            f"node /{path}: every bin would be masked: what its channels hold is not positive, or too much of each "
            "bin is masked; check background and dark subtraction and max_masked"
        )


def _how(units: str, average: str) -> How:
    if is_counts(units):
        return "sum"
    if average != "auto":
        return cast("How", average)
    from astropy import units as u

    return "inverse-variance" if u.Unit(units).is_equivalent(u.dimensionless_unscaled) else "width"


def _curves(data: xr.Dataset, binned: Binned) -> dict[str, Any]:
    return {
        "flux": (_CURVES, binned.flux, dict(data["flux"].attrs)),
        "flux_error": (_CURVES, binned.flux_error, dict(data["flux_error"].attrs)),
        "mask": (_CURVES, ~binned.use, dict(data["mask"].attrs)),
    }


def _depths(data: xr.Dataset, grid: Grid, width: NDArray[np.float64], params: BinParams) -> dict[str, Any]:
    covariance = np.asarray(data["depth_covariance"].values, float) if "depth_covariance" in data else None
    depth, error = (np.asarray(data[name].values, float) for name in ("depth", "depth_error"))
    binned = bin_depths(depth, error, grid.part, width, covariance, params.max_masked)
    alone = covariance is not None or params.shared_noise == "ignore"
    noise = None if alone else _shared_noise(data, binned.weight)
    depth_error = binned.depth_error if noise is None else binned.depth_error * noise
    made: dict[str, Any] = {
        "depth": ("wavelength", binned.depth, dict(data["depth"].attrs)),
        "depth_error": ("wavelength", depth_error, dict(data["depth_error"].attrs)),
    }
    if noise is not None:
        made["shared_noise"] = ("wavelength", noise, {"units": "", "long_name": "factor in depth_error"})
    if covariance is not None:
        attrs = dict(data["depth_covariance"].attrs)
        made["depth_covariance"] = (("wavelength", "wavelength_other"), binned.covariance, attrs)
    for side in ("lower", "upper"):
        name = f"depth_error_{side}"
        if name in data:
            # as large beside depth_error as those of the channels are
            ratio = np.asarray(data[name].values, float) / error
            known = np.isfinite(ratio) & (binned.weight > 0)
            values = depth_error * np.sum(np.where(known, binned.weight * np.square(ratio), 0.0), axis=1) ** 0.5
            made[name] = ("wavelength", values, dict(data[name].attrs))
    return made


def _shared_noise(data: xr.Dataset, weight: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """Return the factors of noise that channels share, ``None`` where there are no residuals."""
    if "flux" not in data or "model" not in data or data["model"].dims != _CURVES:
        return None
    flux, model = np.asarray(data["flux"].values, float), np.asarray(data["model"].values, float)
    use = usable_samples(data) & np.isfinite(model) & (model > 0)
    if "clipped" in data:
        use &= ~data["clipped"].values
    return shared_noise(np.where(use, flux / np.where(use, model, 1.0) - 1.0, 0.0), use, weight)


def _over_wavelength(
    name: str,
    array: xr.DataArray,
    grid: Grid,
    matrix: NDArray[np.float64] | None,
    share: NDArray[np.float64],
) -> NDArray[Any] | None:
    """Return a variable on the bins, ``None`` where that means nothing."""
    if name in _OF_A_FIT or "wavelength_other" in array.dims:
        return None
    if name == "channel_flags" and array.dims == ("wavelength",):
        words = [[word for i in np.flatnonzero(row) for word in str(array.values[i]).split()] for row in grid.part]
        return np.array([" ".join(dict.fromkeys(row)) for row in words])
    if array.dtype.kind not in "fiu":
        return None
    axis = array.get_axis_num("wavelength")
    values = np.moveaxis(np.asarray(array.values, float), axis, 0)
    flat = values.reshape(len(values), -1)
    if name == "white_weight":
        result = grid.part @ np.nan_to_num(flat)
    elif name == "model" and matrix is not None and array.dims == _CURVES:
        result = matrix @ np.nan_to_num(flat)
    else:
        known = np.isfinite(flat)
        total = share @ known
        result = np.where(total > 0, share @ np.where(known, flat, 0.0) / np.where(total > 0, total, 1.0), np.nan)
    return np.asarray(np.moveaxis(result.reshape(len(result), *values.shape[1:]), 0, axis))


def _without_coordinates(data: xr.Dataset) -> xr.Dataset:
    """Return the node with all but its axes as variables, so that a regressor among its coordinates is not lost."""
    axes = {"wavelength_lower", "wavelength_upper", *data.dims}
    return data.reset_coords([name for name in data.coords if name not in axes])


def _coordinates(data: xr.Dataset, grid: Grid) -> dict[Hashable, Any]:
    made: dict[Hashable, Any] = {"wavelength": ("wavelength", grid.centre, dict(data["wavelength"].attrs))}
    if "wavelength_other" in data.coords:
        made["wavelength_other"] = ("wavelength_other", grid.centre, dict(data["wavelength_other"].attrs))
    for side, values in (("lower", grid.lower), ("upper", grid.upper)):
        made[f"wavelength_{side}"] = ("wavelength", values, {"units": "um"})
    return made


def _errors_anew(data: xr.Dataset, known: bool) -> xr.Dataset:
    """Compare errors with the scatter again where that was done before: noise that channels share does not average."""
    if not known or "flux" not in data:
        return data
    use = usable_samples(data)
    time = np.asarray(data["time"].values, float)
    scatter = light_curve_scatter(np.where(use, data["flux"].values, 0.0), use, stretches(time), direction_of(data))
    ratio = error_ratio(np.asarray(data["flux_error"].values, float), use, scatter)
    named = {"error_ratio": ("wavelength", ratio, {"units": "", "long_name": "flux_error / scatter of bins"})}
    return add_flags(data.assign({**named, **median_ratio(ratio)}), error_flags(ratio))
