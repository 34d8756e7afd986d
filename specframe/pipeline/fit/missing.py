"""Inputs that a target lacks and others have: what a model fills in from its training set, a user must know of."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    import xarray as xr
    from numpy.typing import NDArray

__all__ = ["missing_inputs", "most_complete"]

#: Of these no model makes a prediction by itself.
_BESIDE = ("_error", "_covariance")


def missing_inputs(X: xr.DataTree, like: xr.DataTree) -> NDArray[np.float64]:
    """Return which part of the inputs each target lacks (masked, NaN), of those that ``like`` has; shape (n_target,).

    ``like`` has the inputs of the :func:`most_complete` target of a training set, so that a channel that nobody has
    is not missed.
    """
    lacking, total = np.zeros(X.coords["target"].size), 0
    there = dict(_values(like))
    for path, values in _values(X):
        if path in there and there[path].shape[1:] == values.shape[1:]:
            known = np.isfinite(there[path][0])
            lacking += (~np.isfinite(values[:, known])).sum(axis=1)
            total += int(known.sum())
    return lacking / max(total, 1)


def most_complete(X: xr.DataTree) -> int:
    """Return the index of the target with the fewest missing inputs, the first of several."""
    lacking = np.zeros(X.coords["target"].size)
    for _, values in _values(X):
        lacking += (~np.isfinite(values)).sum(axis=1)
    return int(np.argmin(lacking))


def _values(X: xr.DataTree) -> Iterator[tuple[str, NDArray[np.floating]]]:
    """Yield path and values (n_target, n_value) of the numbers that models read."""
    for node in X.subtree:
        for name, array in node.to_dataset(inherit=False).data_vars.items():
            if array.dtype.kind == "f" and not str(name).endswith(_BESIDE):
                yield f"{node.path}/{name}", array.values.reshape(array.shape[0], -1)
