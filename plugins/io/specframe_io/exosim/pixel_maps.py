"""Maps of a detector's pixels: which are dead, and how sensitive each is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import h5py
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from specframe_io.branch import Branch

__all__ = ["dead_pixels", "flat_field"]

_DEAD = "dead_pixel_map"
#: The columns of ExoSim's table of dead pixels: x, then y.
_COORDINATES = ("spectral_coords", "spatial_coords")


def dead_pixels(simulation: Branch, detector: tuple[int, int]) -> NDArray[np.bool_]:
    """Return which pixels (y, x) are dead; none where the simulation has no map of them.

    The map is an image, true or 1 where a pixel is dead, or a table of the dead pixels' coordinates: a dataset with
    the columns ``spectral_coords`` (x) and ``spatial_coords`` (y), two columns without names in this order, or a group
    that holds the two.

    Raises
    ------
    InputFileError
        When it is neither, or a coordinate is not on the detector.
    """
    place, name, found = simulation, _DEAD, simulation.find(_DEAD)
    if found is None:
        return np.zeros(detector, bool)
    if isinstance(found, h5py.Group) and _DEAD in found:
        place = simulation.branch(_DEAD)
        found = place.find(_DEAD)
    if isinstance(found, h5py.Group):
        inner = place.branch(name)
        x, y = (inner.quantity(column, "", bare="") for column in _COORDINATES)
    else:
        values = place.array(name)
        if values.shape == detector:
            return _image(place, values)
        if values.dtype.names is not None and set(_COORDINATES) <= set(values.dtype.names):
            x, y = (np.asarray(values[column], float).ravel() for column in _COORDINATES)
        elif values.dtype.names is None and values.ndim == 2 and values.shape[1] == 2:
            x, y = values.astype(float).T
        else:
            columns = f" with columns {', '.join(values.dtype.names)}" if values.dtype.names else ""
            raise place.wrong(
                name,
                f"expected an image of {detector[0]} x {detector[1]} pixels, or a table with columns "
                f"{' and '.join(_COORDINATES)}; got shape {values.shape}{columns}",
            )
    dead = np.zeros(detector, bool)
    if x.shape != y.shape:
        raise place.wrong(name, f"has {x.size} columns, but {y.size} rows of dead pixels")
    off = (x != np.round(x)) | (y != np.round(y)) | (x < 0) | (x >= detector[1]) | (y < 0) | (y >= detector[0])
    if off.any():
        first = int(np.argmax(off))
        raise place.wrong(
            name,
            f"{int(off.sum())} dead pixels are not on the detector of {detector[0]} rows and {detector[1]} columns, "
            f"the first at x {x.flat[first]:g}, y {y.flat[first]:g}",
        )
    dead[y.astype(int), x.astype(int)] = True
    return dead


def flat_field(simulation: Branch, detector: tuple[int, int]) -> NDArray[np.float64]:
    """Return the relative quantum efficiency of each pixel (y, x), 1 where it was not simulated.

    Of a map that changes with time the mean.

    Raises
    ------
    InputFileError
        When the map has another shape.
    """
    if simulation.find("qe_variation_map") is None:
        return np.ones(detector)
    variation = simulation.branch("qe_variation_map")
    values: NDArray[Any] = variation.array("data")
    if values.ndim not in (2, 3) or values.shape[-2:] != detector or not values.size:
        raise variation.wrong("data", f"expected (time, y, x) for {detector} pixels, got shape {values.shape}")
    flat: NDArray[np.float64] = values.reshape(-1, *detector).astype(float).mean(axis=0)
    return flat


def _image(place: Branch, values: NDArray[Any]) -> NDArray[np.bool_]:
    if values.dtype.kind == "V" or not np.isin(values, (0, 1)).all():
        raise place.wrong(_DEAD, "expected an image of true and false, or 1 and 0")
    return values.astype(bool)
