"""The light curves in a FITS file of cubes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from specframe.api import flux_unit, read_unit
from specframe_io.clock import clock_of
from specframe_io.light_curve import Regressor, Series, check_wavelengths, light_curve_node

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

    from specframe_io.clock import Clock
    from specframe_io.fits_cube.extensions import Extensions
    from specframe_io.fits_cube.params import Axis, FitsCubeParams

__all__ = ["cube_node"]

#: A mask that takes more than this is more likely to be read the wrong way round.
_MOST_MASKED = 0.5


def cube_node(extensions: Extensions, suffix: str, params: FitsCubeParams) -> xr.Dataset:
    """Return the node of the extensions whose names have ``suffix`` for the ``*``.

    Raises
    ------
    InputFileError
        When an extension is missing, has other axes or units, or its times or wavelengths do not ascend.
    """
    time_name = extensions.name(params.time, suffix, "time")
    time, clock = _time(extensions, time_name, params)
    wave_name, wavelength, lower, upper = _wavelength(extensions, suffix, params, len(time))
    check_wavelengths(wavelength, wave_name, "write wavelength_units: nm or whichever they are in", extensions.wrong)
    shape = (len(wavelength), len(time))
    if params.flux is None:
        flux_name = error_name = extensions.name(str(params.data), suffix, "data")
        cube = _arranged(extensions, flux_name, shape, params.axes, planes=True)
        if max(params.planes) >= len(cube) or min(params.planes) < 0:
            raise extensions.wrong(
                flux_name, f"has {len(cube)} planes, which does not fit planes {list(params.planes)}"
            )
        flux, error = cube[params.planes[0]], cube[params.planes[1]]
    else:
        flux_name, error_name = extensions.name(params.flux, suffix, "flux"), "the scatter"
        flux, error = _arranged(extensions, flux_name, shape, params.axes), None
        if params.flux_error is not None:
            error_name = extensions.name(params.flux_error, suffix, "flux_error")
            error = _arranged(extensions, error_name, shape, params.axes)
    units = _units(extensions, flux_name, params.units)
    if error is not None and error_name != flux_name:
        error = error * _factor(extensions, error_name, units)
    mask_name = extensions.find(params.mask, suffix)
    bad = np.zeros(shape, bool)
    if mask_name is not None:
        marked = _arranged(extensions, mask_name, shape, params.axes) != 0
        bad = marked if params.good == "zero" else ~marked
        if bad.all() or (params.good is None and bad.mean() > _MOST_MASKED):
            other = "nonzero" if params.good == "zero" else "zero"
            raise extensions.wrong(
                mask_name,
                f"masks {bad.mean():.0%} of the samples; if it marks them the other way write good: {other}, otherwise "
                "good: nonzero"
                if params.good is None
                else f"masks every sample; did you mean good: {other}?",
            )
    series = Series(
        time=time,
        clock=clock,
        wavelength=wavelength,
        lower=lower,
        upper=upper,
        flux=flux,
        flux_error=error,
        bad=bad,
        units=units,
        regressors=_regressors(extensions, suffix, params, shape),
        exposure_time=params.exposure_time,
        places={
            "time": time_name,
            "wavelength": wave_name,
            "flux": flux_name,
            "flux_error": error_name,
            "mask": mask_name or "no extension",
        },
    )
    node = light_curve_node(series, extensions.wrong, params.empty_channels)
    out_name = extensions.find(params.out_of_transit, suffix)
    if out_name is not None:
        out = extensions.array(out_name)
        if out.shape != time.shape:
            raise extensions.wrong(out_name, f"expected {len(time)} values, one per time, got shape {out.shape}")
        node["out_of_transit"] = ("time", out != 0)
    return node


def _wavelength(
    extensions: Extensions, suffix: str, params: FitsCubeParams, n_time: int
) -> tuple[str, NDArray[np.float64], NDArray[np.float64] | None, NDArray[np.float64] | None]:
    """Return the extension's name, wavelengths in um and edges."""

    def read(pattern: str, parameter: str) -> tuple[str, NDArray[np.float64]]:
        name = extensions.name(pattern, suffix, parameter)
        values = extensions.axis(name, "um", params.wavelength_units)
        if values.ndim == 2 and n_time in values.shape:
            values = np.median(values, axis=values.shape.index(n_time))
        if values.ndim != 1:
            raise extensions.wrong(name, f"expected wavelengths on one axis or (time, wavelength), got {values.shape}")
        return name, values

    lower = upper = None
    name = ""
    if params.wavelength_lower is not None and params.wavelength_upper is not None:
        name, lower = read(params.wavelength_lower, "wavelength_lower")
        other, upper = read(params.wavelength_upper, "wavelength_upper")
        if lower.shape != upper.shape:
            raise extensions.wrong(other, f"has {len(upper)} edges, but {name} has {len(lower)}")
        lower, upper = np.minimum(lower, upper), np.maximum(lower, upper)
    if params.wavelength is not None:
        name, wavelength = read(params.wavelength, "wavelength")
        if lower is not None and lower.shape != wavelength.shape:
            raise extensions.wrong(name, f"has {len(wavelength)} channels, but its edges are {len(lower)}")
        return name, wavelength, lower, upper
    assert lower is not None
    assert upper is not None
    return name, 0.5 * (lower + upper), lower, upper


def _arranged(
    extensions: Extensions, name: str, shape: tuple[int, int], axes: tuple[Axis, ...] | None, planes: bool = False
) -> NDArray[np.float64]:
    """Return an array as (wavelength, time), or (plane, wavelength, time)."""
    values = extensions.array(name)
    wanted = ("plane", "wavelength", "time") if planes else ("wavelength", "time")
    expected = f"({'planes, ' if planes else ''}{shape[0]} wavelengths, {shape[1]} times), in any order"
    if values.ndim != len(wanted):
        raise extensions.wrong(name, f"expected {expected}, got shape {values.shape}; see data, flux and axes")
    if axes is not None:
        order: list[str] = [axis for axis in axes if axis in wanted]
    else:
        order = _told_axes(extensions, name, values.shape, shape, planes)
    values = values.transpose([order.index(axis) for axis in wanted])
    if values.shape[-2:] != shape:
        raise extensions.wrong(name, f"expected {expected}, got {extensions.shape(name)} with axes {order}")
    return values


def _told_axes(
    extensions: Extensions, name: str, there: tuple[int, ...], shape: tuple[int, int], planes: bool
) -> list[str]:
    """Return the axes of an array, told by their lengths."""
    free = list(range(len(there)))
    order = [""] * len(there)
    if shape[0] == shape[1]:
        raise extensions.wrong(
            name, f"has as many wavelengths as times ({shape[0]}); write axes, e.g. [time, wavelength]"
        )
    for axis, length in (("wavelength", shape[0]), ("time", shape[1])):
        fits = [i for i in free if there[i] == length]
        if len(fits) != 1:
            what = "no axis" if not fits else "more than one axis"
            raise extensions.wrong(
                name, f"{what} of {there} is as long as {axis} ({length}); write axes, or correct {axis}"
            )
        order[fits[0]] = axis
        free.remove(fits[0])
    if planes:
        order[free[0]] = "plane"
    return order


def _units(extensions: Extensions, name: str, stated: str | None) -> str:
    try:
        return flux_unit(extensions.units(name) or stated or "")
    except ValueError as error:
        raise extensions.wrong(name, str(error)) from None


def _factor(extensions: Extensions, name: str, units: str) -> float:
    stated = extensions.units(name) or units
    try:
        return float(read_unit(stated).to(units))
    except ValueError:
        raise extensions.wrong(name, f"has units {stated!r}, but the flux is in {units!r}") from None


def _time(extensions: Extensions, name: str, params: FitsCubeParams) -> tuple[NDArray[np.float64], Clock]:
    """Return times in d and their clock, which the units may be the name of: BJD."""
    written = extensions.units(name)
    dates = "JD" in written.upper()
    time = extensions.array(name) if dates else extensions.axis(name, "d", params.time_units)
    if time.ndim != 1:
        raise extensions.wrong(name, f"expected times on one axis, got shape {time.shape}")
    system = extensions.text(name, "TIMESYS")
    word = f"{written}_{system}".strip("_") if dates else system
    try:
        return time, clock_of(word if params.time_system is None else params.time_system, time)
    except ValueError as error:
        raise extensions.wrong(name, f"{error}; see the parameter time_system") from None


def _regressors(
    extensions: Extensions, suffix: str, params: FitsCubeParams, shape: tuple[int, int]
) -> dict[str, Regressor]:
    found = {}
    for key, pattern in params.regressors.items():
        name = extensions.name(pattern, suffix, f"regressors: {key}")
        values = extensions.array(name)
        if values.ndim == 1 and len(values) != shape[1]:
            raise extensions.wrong(name, f"expected {shape[1]} values, one per time, got {len(values)}")
        if values.ndim != 1:
            values = _arranged(extensions, name, shape, params.axes)
        found[key] = Regressor(values, extensions.units(name), name)
    return found
