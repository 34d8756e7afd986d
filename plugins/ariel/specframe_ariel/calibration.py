"""The calibration that comes with the frames: what a step needs is there, and can be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from specframe.errors import DataError

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

__all__ = ["converter", "lost_columns", "needed_flat", "needed_image", "needed_values", "refuse_pixels"]


def needed_image(data: xr.Dataset, name: str, switch: str = "") -> NDArray[Any]:
    """Return a calibration image (..., y, x); ``switch`` is the parameter that does without.

    Raises
    ------
    DataError
        When there is none.
    """
    if name not in data.variables:
        raise DataError(
            f"has no variable {name!r}, which the calibration needs; set {switch or f'{name}: false'} to do without"
        )
    values: NDArray[Any] = data[name].values
    return values


def needed_values(
    data: xr.Dataset, name: str, used: NDArray[np.intp], lowest: float | None = None
) -> NDArray[np.float64]:
    """Return a calibration image in the pixels that are ``used`` (n, 2), shape (..., n).

    Raises
    ------
    DataError
        When there is none, or it is not finite, or below ``lowest``, in one of them.
    """
    values = np.asarray(needed_image(data, name)[..., used[:, 0], used[:, 1]], float)
    finite = np.isfinite(values).reshape(-1, len(used))
    shown = values.reshape(-1, len(used))[np.argmin(finite, axis=0), np.arange(len(used))]
    refuse_pixels(~finite.all(axis=0), used, shown, f"{name} must be finite")
    if lowest is not None:
        refuse_pixels(values < lowest, used, values, f"{name} must be at least {lowest:g}")
    return values


def needed_flat(data: xr.Dataset, used: NDArray[np.intp]) -> NDArray[np.float64]:
    """Return the flat (y, x), which is finite and above 0 in the pixels that are ``used`` (n, 2).

    Raises
    ------
    DataError
        When there is none, or it is not.
    """
    flat: NDArray[np.float64] = needed_image(data, "flat")
    values = flat[used[:, 0], used[:, 1]]
    bad = ~(np.isfinite(values) & (values > 0.0))
    if bad.any():
        y, x = (int(i) for i in used[int(np.argmax(bad))])
        raise DataError(
            f"flat must be finite and above 0 in every pixel that is used, {int(bad.sum())} are not (the first has "
            f"{flat[y, x]:g} in row {y}, column {x} of the columns used): get the calibration again, call the "
            "pixels dead and leave dead_pixels: mask on, or set flat: false"
        )
    return flat


def refuse_pixels(bad: NDArray[np.bool_], used: NDArray[np.intp], values: NDArray[np.float64], rule: str) -> None:
    """Raise DataError when a pixel of those ``used`` (n, 2) is ``bad`` (n,); say which of ``values`` (n,) it has."""
    if not bad.any():
        return
    first = int(np.argmax(bad))
    y, x = (int(i) for i in used[first])
    raise DataError(
        f"{rule} in every pixel that is used, {int(bad.sum())} of {len(used)} are not (the first has {values[first]:g} "
        f"in row {y}, column {x} of the columns used): get the calibration again, or call the pixels dead"
    )


def lost_columns(data: xr.Dataset, names: list[str], star: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the columns (x,) in which a calibration image is finite in none of the pixels on the ``star`` (y, x).

    Nobody measured them; single pixels that are not finite are an error in the files.
    """
    lost = np.zeros(star.shape[1], bool)
    for name in names:
        if name in data.variables:
            finite = np.isfinite(np.asarray(data[name].values, float)).reshape(-1, *star.shape).all(axis=0)
            lost |= star.any(axis=0) & ~(finite & star).any(axis=0)
    return lost


def converter(data: xr.Dataset) -> tuple[float, float]:
    """Return gain (adu/electron) and offset (electron) of the frames; 1 and 0 where they are in electrons.

    Raises
    ------
    DataError
        When they are not known, or the gain is not above 0.
    """
    if data["frames"].attrs.get("units") == "electron":
        return 1.0, 0.0
    gain, offset = (float(data.attrs.get(name, np.nan)) for name in ("gain", "offset"))
    if not (np.isfinite(gain) and gain > 0 and np.isfinite(offset)):
        raise DataError(
            f"expected attributes gain above 0 (adu/electron) and offset (electron), got gain {gain:g} and offset "
            f"{offset:g}. Without them neither light nor noise is known in electrons: set them, or give frames in "
            "units of electron"
        )
    return gain, offset
