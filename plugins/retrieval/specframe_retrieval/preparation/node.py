"""The node of a spectrum: what of it is used, and how a changed one is put together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from specframe.api import make_observation, nodes
from specframe.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from numpy.typing import NDArray

__all__ = ["bin_edges", "edges_of", "flagged", "good_pixels", "map_spectra", "rebuilt", "value_name"]

#: A step between centres this many times the larger one beside it is a gap; one missing row makes it 2.
_GAP = 1.9


def map_spectra(observation: xr.DataTree, change: Callable[[xr.Dataset], xr.Dataset]) -> xr.DataTree:
    """Return a new Observation with ``change`` applied to each node.

    A :class:`~specframe.errors.DataError` of ``change`` is raised with the target and node it is about.
    """
    target = str(observation.attrs["target"])
    changed: dict[str, xr.Dataset] = {}
    for path, data in nodes(observation):
        try:
            if "time" in data.dims:
                raise DataError("expected a spectrum (wavelength), got light curves (wavelength, time) too")
            changed[path] = change(data)
        except DataError as error:
            if type(error) is not DataError:
                raise
            raise DataError(f"target {target}, node /{path}: {error}") from None
    attrs = {str(name): value for name, value in observation.attrs.items() if name != "target"}
    return make_observation(target, changed, **attrs)


def value_name(data: xr.Dataset) -> str:
    """Return what the node's values are called: ``depth`` of spectra of depths, else ``flux``."""
    return "depth" if "depth" in data.variables else "flux"


def good_pixels(data: xr.Dataset) -> NDArray[np.bool_]:
    """Return where a spectrum can be used (wavelength,): not masked, finite, its error not infinite.

    Errors that nobody knows are NaN, and such spectra can be used.

    Raises :class:`~specframe.errors.DataError` when that is nowhere.
    """
    name = value_name(data)
    good = np.isfinite(data.variables[name].values) & ~np.isinf(data.variables[f"{name}_error"].values)
    if "mask" in data.variables:
        good = good & ~data.variables["mask"].values
    if not good.any():
        raise DataError(f"all {good.size} pixels of the {name} are masked or not finite, so nothing can be done")
    return np.asarray(good)


def bin_edges(wavelength: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the lower and upper edges of pixels (n,) whose centres are given, ascending: half way between them.

    The first and last pixel reach as far out as in. Where two centres are 1.9 times as far apart as those to both
    sides, there is a gap (rows that somebody took out of a table), and the pixels beside it reach as far into it as to
    their other side: what lies in it is not theirs.
    """
    if len(wavelength) < 2:
        raise DataError(f"expected two pixels at least, got {len(wavelength)}: their widths cannot be known")
    step = np.diff(wavelength)
    before, after = np.concatenate([step[:1], step]), np.concatenate([step, step[-1:]])  # shape: (n,)
    beside = np.maximum(np.concatenate([[0.0], step[:-1]]), np.concatenate([step[1:], [0.0]]))
    gap = (step > _GAP * beside) & (beside > 0.0)
    down = np.where(np.concatenate([[False], gap]), after, before)
    up = np.where(np.concatenate([gap, [False]]), before, after)
    lower, upper = wavelength - 0.5 * down, wavelength + 0.5 * up
    lower[1:] = np.where(gap, lower[1:], upper[:-1])  # the same edge to the last bit
    return lower, upper


def edges_of(data: xr.Dataset) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the edges of a node's pixels: ``wavelength_lower`` and ``wavelength_upper`` where it has them."""
    if "wavelength_lower" in data.variables and "wavelength_upper" in data.variables:
        lower = np.asarray(data.variables["wavelength_lower"].values, float)
        upper = np.asarray(data.variables["wavelength_upper"].values, float)
        if not np.all(upper > lower):
            at = int(np.argmin(upper > lower))
            raise DataError(
                f"wavelength_upper must be above wavelength_lower, pixel {at} has {lower[at]:g} and {upper[at]:g}"
            )
        if np.any(np.diff(lower) < 0.0) or np.any(np.diff(upper) < 0.0):
            raise DataError("wavelength_lower and wavelength_upper must ascend, as wavelength does")
        return lower, upper
    return bin_edges(np.asarray(data.variables["wavelength"].values, float))


def flagged(attrs: Mapping[Any, Any], words: Iterable[str]) -> dict[Any, Any]:
    """Return the attributes of a node with further flags, each once."""
    flags = dict.fromkeys([*str(attrs.get("flags", "")).split(), *words])
    return {**attrs, **({"flags": " ".join(flags)} if flags else {})}


def rebuilt(data: xr.Dataset, changed: Mapping[str, xr.Variable], attrs: Mapping[Any, Any] | None = None) -> xr.Dataset:
    """Return a node with some variables changed or added; the others are shared with the one given."""
    coords = {name: data.variables[name] for name in data.coords if name not in changed}
    variables = {name: data.variables[name] for name in data.data_vars if name not in changed}
    return xr.Dataset({**variables, **changed}, coords=coords, attrs=dict(data.attrs if attrs is None else attrs))
