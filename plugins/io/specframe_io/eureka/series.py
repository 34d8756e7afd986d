"""The time series in a file of Eureka!: channels of stage 4 or spectra of stage 3."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from specframe.api import flux_unit, read_unit
from specframe.errors import InputFileError
from specframe_io.clock import clock_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from specframe_io.branch import Branch

__all__ = ["series_node"]

#: Datasets that become regressors, by the names of an Observation; older versions of Eureka! call centroids
#: drifts. The widths are standard deviations of a Gaussian.
_REGRESSORS = {
    "x": ("centroid_x", "driftxpos"),
    "y": ("centroid_y", "driftypos"),
    "width_x": ("centroid_sx", "driftxwidth"),
    "width_y": ("centroid_sy", "driftywidth"),
    "background": ("skylev",),
    "scan_direction": ("scandir",),
}


def series_node(root: Branch, units: str | None, time_units: str | None) -> xr.Dataset:
    """Return the light curves of a file.

    Parameters
    ----------
    root
        The file.
    units, time_units
        Units of the flux and the time system, where the file states none.

    Raises
    ------
    InputFileError
        When a dataset is missing, damaged, or of the wrong shape or units.
    """
    time, clock = _time(root, time_units)
    if root.find("data") is not None:
        names, turn = ("data", "err", "mask"), False
        key = "wavelength" if root.find("wavelength") is not None else "wave_mid"
    elif root.find("optspec") is not None:
        names, turn, key = ("optspec", "opterr", "optmask"), True, "wave_1d"
    else:
        there = ", ".join(root.names()) or "nothing"
        raise InputFileError(
            root.path, f"expected data (stage 4) or optspec (stage 3), as Eureka! writes them; there: {there}"
        )
    wavelength = _wavelength(root, key)
    shape = (len(wavelength), len(time))
    flux, error = (_matrix(root, name, shape, turn).astype(float) for name in names[:2])
    bad = ~np.isfinite(flux) | ~(error > 0) | ~np.isfinite(error)
    if root.find(names[2]) is not None:
        bad |= _flagged(root, names[2], shape, turn)
    order = np.argsort(wavelength, kind="stable")
    order = order[np.isfinite(wavelength[order])]
    if len(order) == 0 or not (turn or len(order) == len(wavelength)):
        raise root.wrong(key, "expected finite wavelengths")
    same = np.flatnonzero(np.diff(wavelength[order]) <= 0)
    if len(same):
        raise root.wrong(key, f"two channels are at {wavelength[order[same[0]]]:g} um, expected one each")
    unit = _flux_unit(root, names[0], units)
    dims = ("wavelength", "time")
    coords: dict[str, Any] = {
        "wavelength": ("wavelength", wavelength[order], {"units": "um"}),
        "time": ("time", time, clock),
    }
    for side, values in _edges(root, wavelength, key).items():
        coords[f"wavelength_{side}"] = ("wavelength", values[order], {"units": "um"})
    variables: dict[str, Any] = {
        "flux": (dims, flux[order], {"units": unit}),
        "flux_error": (dims, error[order], {"units": unit}),
        "mask": (dims, bad[order]),
    }
    for called, (values, unit) in _regressors(root, shape, turn).items():
        attrs = {"units": unit, "role": "regressor"}
        variables[called] = ("time", values, attrs) if values.ndim == 1 else (dims, values[order], attrs)
    return xr.Dataset(variables, coords=coords)


def _regressors(root: Branch, shape: tuple[int, int], turn: bool) -> dict[str, tuple[NDArray[np.float64], str]]:
    """Return what the flux may depend on, (time,) or (wavelength, time), and its units; not what has no numbers."""
    found = {}
    for called, names in _REGRESSORS.items():
        name = next((name for name in names if root.find(name) is not None), None)
        if name is None:
            continue
        values = root.array(name)
        if values.ndim == 2:
            values = _matrix(root, name, shape, turn)
        elif values.shape != shape[1:] or values.dtype.kind == "V":
            raise root.wrong(name, f"expected {shape[1]} numbers, one per time, got {values.dtype} {values.shape}")
        values = values.astype(float)
        if np.isfinite(values).any():
            # drifts in x of Eureka! state no units; they are in pixels like those in y
            default = {"background": "electron", "scan_direction": ""}.get(called, "pix")
            found[called] = (values, _plain_unit(root.attribute(name, "flux_units", "units") or default))
    return found


def _plain_unit(written: str) -> str:
    try:
        return str(read_unit(written).to_string())
    except ValueError:
        return written


def _time(root: Branch, stated: str | None) -> tuple[NDArray[np.float64], dict[str, str]]:
    """Return times in d, unchanged: float64 resolves an MJD to 1e-6 s."""
    time = root.array("time")
    if time.ndim != 1 or time.dtype.kind not in "fiu" or time.dtype.itemsize < 8:
        raise root.wrong("time", f"expected times (time,) in float64, got {time.dtype} of shape {time.shape}")
    time = time.astype(np.float64)
    if not np.isfinite(time).all():
        raise root.wrong("time", f"{int((~np.isfinite(time)).sum())} of {len(time)} times are not finite")
    back = np.flatnonzero(np.diff(time) <= 0)
    if len(back):
        at = int(back[0])
        raise root.wrong("time", f"must ascend, but index {at} has {time[at]!r} and index {at + 1} {time[at + 1]!r}")
    written = root.attribute("time", "time_units", "units") or stated
    if written is None:
        raise root.wrong("time", "has no time_units, such as BMJD_TDB; give the parameter time_units")
    try:
        clock = clock_of(written)
    except ValueError:
        clock = None
    if clock is None or not clock.system or not clock.reference:
        raise root.wrong("time", f"expected time_units such as BMJD_TDB, BJD_TDB or MJD_UTC, got {written!r}")
    return time, clock.attrs()


def _wavelength(root: Branch, name: str) -> NDArray[np.float64]:
    """Return one of the axes of wavelength, in um."""
    values = root.array(name)
    if values.ndim != 1 or values.dtype.kind not in "fiu":
        raise root.wrong(name, f"expected wavelengths on one axis, got {values.dtype} of shape {values.shape}")
    written = root.attribute(name, "wave_units", "units") or "um"
    try:
        factor = read_unit(written).to("um")
    except ValueError:
        raise root.wrong(name, f"expected wave_units convertible to um, got {written!r}") from None
    return values.astype(float) * float(factor)


def _edges(root: Branch, wavelength: NDArray[np.float64], key: str) -> dict[str, NDArray[np.float64]]:
    """Return the channels' edges: as the file has them, or from half their widths; none for columns."""
    if key == "wave_1d":
        return {}
    if root.find("wave_low") is not None and root.find("wave_hi") is not None:
        names, edges = ("wave_low", "wave_hi"), (_wavelength(root, "wave_low"), _wavelength(root, "wave_hi"))
    elif root.find("wave_err") is not None:
        half = _wavelength(root, "wave_err")
        names, edges = ("wave_err", "wave_err"), (half, half)
    else:
        return {}
    for name, values in zip(names, edges, strict=True):
        if values.shape != wavelength.shape:
            raise root.wrong(name, f"expected {len(wavelength)} channels, as {key} has, got {len(values)}")
    if names[0] == "wave_err":
        edges = (wavelength - edges[0], wavelength + edges[1])
    if not (edges[0] < edges[1]).all():
        raise root.wrong(names[1], "expected each channel to end above where it begins")
    return {"lower": edges[0], "upper": edges[1]}


def _matrix(root: Branch, name: str, shape: tuple[int, int], turn: bool) -> NDArray[Any]:
    """Return an array (wavelength, time); ``turn`` where the file has (time, wavelength)."""
    values = root.array(name)
    wanted = shape[::-1] if turn else shape
    if values.shape != wanted or values.dtype.kind == "V":
        axes = "(time, x)" if turn else "(wavelength, time)"
        hint = "; load the light curves of stage 4 instead" if values.ndim == 3 else ""
        raise root.wrong(name, f"expected numbers of shape {wanted} {axes}, got {values.dtype} {values.shape}{hint}")
    return values.T if turn else values


def _flagged(root: Branch, name: str, shape: tuple[int, int], turn: bool) -> NDArray[np.bool_]:
    values = _matrix(root, name, shape, turn)
    if not np.isin(values, (0, 1)).all():
        raise root.wrong(name, "expected 0 (good) and 1 (masked) alone")
    return values.astype(bool)


def _flux_unit(root: Branch, name: str, stated: str | None) -> str:
    written = root.attribute(name, "flux_units", "units")
    written = stated if written in (None, "", "None") else written
    if written is None:
        raise root.wrong(name, "has no flux_units; give the parameter units, '' for a normalised flux")
    try:
        return flux_unit(written)
    except ValueError as error:
        raise root.wrong(name, f"flux_units: {error}") from None
